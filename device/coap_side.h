/* SPDX-License-Identifier: BSD-2-Clause
 * The device's socket and its clocks: moves datagrams between UDP and a session or an EDHOC run,
 * makes the session's number reservations durable, sleeps, counts. Decides nothing. */
#ifndef COAP_SIDE_H
#define COAP_SIDE_H

#include "complaint.h"
#include "edhoc_run.h"
#include "endpoint.h"
#include "enrol.h"
#include "keystore.h"
#include "session.h"

#include <sl/device.h>

#define COAP_SIDE_ADDRESSES_MAX 4

struct coap_side {
	/* One socket per address of the server. When the network says that one is unreachable, the
	 * next datagram tries the next: at worst a liar costs a retransmission. */
	int fds[COAP_SIDE_ADDRESSES_MAX];
	size_t fd_count, current;
	struct sl_device_hooks hooks; /* of the caller; all may be NULL */
	int store_errno;     /* why sequence numbers could not be made durable; 0: they could */
	bool is_unreachable; /* the network said so at least once: worth telling, never believed */
	bool is_cancelled;   /* the caller said so */
	struct sl_device_traffic traffic;
};

/* Resolves and connects. SL_ENOTFOUND (no such host), SL_EIO. */
enum sl_err coap_side_open(
        struct coap_side *side, const struct endpoint *server, struct complaint *why) SL_MUST_USE;
void coap_side_close(struct coap_side *side);

/* Drives the session until it is finished; fails it when the call is cancelled. */
void coap_side_run(struct coap_side *side, struct session *session, struct keystore *ks);
/* The same with a run that was started. */
void coap_side_run_edhoc(struct coap_side *side, struct edhoc_run *run);
/* CoAP ping (RFC 7252 section 4.3): an Empty CON, answered by RST. SL_ETIMEOUT, SL_EIO. */
enum sl_err coap_side_ping(
        struct coap_side *side, uint64_t timeout_ms, uint64_t *round_trip_ms) SL_MUST_USE;

struct moment coap_side_now(void);
/* False when the call was cancelled instead. */
bool coap_side_sleep_until(struct coap_side *side, uint64_t when_ms) SL_MUST_USE;

#endif
