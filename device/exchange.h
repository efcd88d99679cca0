/* SPDX-License-Identifier: BSD-2-Clause
 * One protected request of a call, and EDHOC before it where there is no context: at the first
 * request of a handle, and again when the server forgot the context (an unprotected 4.01), at most
 * EXCHANGE_RUNS_MAX times for one request. With the enrolled certificate if there is a valid one,
 * otherwise, and when the server does not take it, with the credential of the provisioning. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "coap_side.h"
#include "device.h"

#define EXCHANGE_RUNS_MAX    2
#define EXCHANGE_CLOCK_FLOOR 1704067200 /* POSIX seconds, 2024: a clock before it was never set */

enum exchange_outcome {
	EXCHANGE_ENDED,    /* session_result() says how */
	EXCHANGE_RENEWED,  /* is_bound: the request belonged to a context that the server forgot */
	EXCHANGE_SILENT,   /* EDHOC: no answer in time */
	EXCHANGE_BAD_PEER, /* EDHOC: the server is not who it should be */
	EXCHANGE_UNWANTED, /* EDHOC: the server does not want us */
	EXCHANGE_FAILED,   /* the machine failed, or the request cannot be */
};

/* The caller sets the first part, and has the session's config.is_renewable right. */
struct exchange {
	struct device *device;
	struct coap_side *side;
	struct session *session;
	uint8_t outer_szx;
	bool is_bound; /* requests name the EDHOC session: they do not survive it */

	struct edhoc_run *run; /* whose context is not confirmed yet */
	bool showed_enrolled;
	unsigned runs_left;
	bool is_continued; /* the next request is still the same work */
	uint32_t runs;
	uint32_t messages[4];             /* bytes of message_1 to message_4 of the last run */
	struct sl_device_traffic traffic; /* of EDHOC alone */
};

/* Frees what is left over; the context stays with the device. */
void exchange_clear(struct exchange *x);
/* Makes a context when there is none. EXCHANGE_ENDED: there is one. end_by_ms: monotonic. */
enum exchange_outcome exchange_prepare(
        struct exchange *x, uint64_t end_by_ms, struct complaint *why) SL_MUST_USE;
enum exchange_outcome exchange_run(struct exchange *x, const struct inner_request *request,
        uint64_t end_by_ms, struct complaint *why) SL_MUST_USE;

#endif
