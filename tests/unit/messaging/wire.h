/* SPDX-License-Identifier: BSD-2-Clause
 * A message layer in a test's hand: peers by number, datagrams as hex, one expectation per line. */
#ifndef SL_TEST_WIRE_H
#define SL_TEST_WIRE_H

#include "support.h"

#include <sl/messages.h>

struct sl_peer peer_of(unsigned number);

/* Defaults with fixed keys, adjusted by the test before wire_new. */
struct sl_messages_config wire_config(void);
struct sl_messages *wire_new(const struct sl_messages_config *config);

/* One datagram in from a peer. */
struct sl_messages_in put(struct sl_messages *m, unsigned peer, const char *bytes, uint64_t now_ms);
/* The same, which must be a new request. */
struct sl_ref put_request(struct sl_messages *m, unsigned peer, const char *bytes, uint64_t now_ms);

/* A response 2.05 with a text payload. */
struct sl_coap_msg answer(const char *text);
enum sl_err reply(struct sl_messages *m, struct sl_ref ref, const char *text, uint64_t now_ms);

/* The next datagram out, as a message and as hex; fails the test when there is none. */
struct sent {
	struct sl_peer peer;
	struct sl_span bytes; /* a copy that lives as long as the test */
	struct sl_coap_msg msg;
};

struct sent take(struct sl_messages *m);
/* The next datagram goes to the peer and has these bytes. */
void expect(struct sl_messages *m, unsigned peer, const char *bytes);
void expect_nothing(struct sl_messages *m);

#endif
