/* SPDX-License-Identifier: BSD-2-Clause
 * One protected exchange of the device (RFC 8613 sections 8.1 and 8.4, RFC 9175): request in,
 * authentic answer out, with blocks inside, Echo rounds inside and outside, and a bounded
 * number of new attempts after unprotected errors, which are hints and nothing more. Pure:
 * bytes and time in, bytes and wishes out.
 *
 *            start                      numbers durable
 *   IDLE -----------> RESERVE? ------------------------> WAITING --- authentic answer ----> DONE
 *                        ^                                 |  ^
 *                        |    hint: back off, new PIV      v  |
 *                        +----------------------------- PAUSED         4th hint, time over: DONE */
#ifndef SESSION_H
#define SESSION_H

#include "inner.h"
#include "outer.h"

#include <sl/oscore.h>

#define SESSION_SEED_LEN         16
#define SESSION_RESERVE_DEFAULT  32   /* sequence numbers made durable at a time, RFC 8613 B.1.1 */
#define SESSION_UNFRAGMENTED_MAX 4096 /* MAX_UNFRAGMENTED_SIZE, RFC 8613 section 4.1.3.4.2 */
#define SESSION_HINTS_MAX        3    /* new attempts per message after unprotected errors */
#define SESSION_ECHO_ROUNDS_MAX  3    /* per message and layer */
#define SESSION_HINT_WAIT_MAX_S  60   /* how far an unprotected Max-Age is followed */

struct session_config {
	struct outer_route route;
	uint8_t inner_szx;       /* 0..6; default 6 */
	uint8_t outer_szx;       /* 0..6; default 6 */
	uint32_t backoff_ms;     /* first pause after a hint; doubles; default 2000 */
	uint64_t timeout_ms;     /* for one exchange in all; default 600000 */
	uint64_t reserve;        /* numbers per reservation; default SESSION_RESERVE_DEFAULT */
	uint32_t ack_timeout_ms; /* RFC 7252 section 4.8; default 2000 */
	/* An unprotected 4.01 ends the exchange at once: the context can be made anew. */
	bool is_renewable;
	uint8_t seed[SESSION_SEED_LEN]; /* random: tokens, message IDs, jitter */
};

void session_config_init(struct session_config *config);

struct session;

/* Borrows ctx for its life; every number that it uses comes out of ctx. SL_ENOMEM, SL_EIO. */
enum sl_err session_new(struct session **out, struct sl_oscore_ctx *ctx,
        const struct session_config *config) SL_MUST_USE;
void session_free(struct session *s);

enum session_want {
	SESSION_NOTHING,  /* idle */
	SESSION_RESERVE,  /* make session_reserve_limit() durable, then session_on_reserved() */
	SESSION_WAIT,     /* send session_next(); datagrams and session_wakeup() drive it on */
	SESSION_FINISHED, /* session_result() */
};

/* Begins; a request that runs is given up. Errors as of inner_start. */
enum sl_err session_start(
        struct session *s, const struct inner_request *request, uint64_t now_ms) SL_MUST_USE;
/* The exchange that begins next carries message_3 of EDHOC (RFC 9668) until the first authentic
 * answer. Borrowed until it ends. When it does not get through it ends as SESSION_UNCOMBINED: send
 * message_3 alone, and start the same request again. */
void session_combine(struct session *s, struct sl_span message_3);
/* The exchange that runs ends by then, if not before. */
void session_end_by(struct session *s, uint64_t when_ms);
enum session_want session_wants(const struct session *s);
uint64_t session_reserve_limit(const struct session *s);
/* The limit is durable. */
void session_on_reserved(struct session *s, uint64_t limit, uint64_t now_ms);
/* The outside failed (disk, socket): the exchange ends with SESSION_FAILED. */
void session_on_failure(struct session *s);
void session_on_datagram(struct session *s, struct sl_span datagram, uint64_t now_ms);
void session_on_time(struct session *s, uint64_t now_ms);
uint64_t session_wakeup(const struct session *s); /* UINT64_MAX: nothing waits */
/* The next datagram to send; false when none waits. Borrowed until the next call. */
bool session_next(struct session *s, struct sl_span *datagram);

enum session_outcome {
	SESSION_ANSWERED,   /* authentic: answer is set */
	SESSION_HINTED,     /* only unprotected or unverifiable replies; the last is in hint_code */
	SESSION_SILENT,     /* nobody answered, or the time was over */
	SESSION_BROKEN,     /* authentic, but against RFC 7959, or Echo without end */
	SESSION_EXHAUSTED,  /* 2^40 sequence numbers are used: a new context is needed */
	SESSION_FAILED,     /* the machine failed */
	SESSION_UNCOMBINED, /* an unprotected reply, or none, to a combined request; or too long */
	SESSION_EDHOC_ERROR, /* the same with an EDHOC error message: edhoc_error */
};

const char *session_outcome_text(enum session_outcome outcome);

struct session_result {
	enum session_outcome outcome;
	struct inner_answer answer; /* body borrowed until the next start */
	uint8_t hint_code;          /* 0: a reset, silence, or a reply that did not verify */
	char hint_text[80];         /* escaped diagnostic payload of the last hint */
	struct sl_span edhoc_error; /* borrowed until the next start */
};

const struct session_result *session_result(const struct session *s);

struct session_counts {
	uint32_t protected_requests, hints, unverified, echo_inner, echo_outer;
};

struct session_counts session_counts(const struct session *s);

/* For --trace: the last message inside the protection that was sent or received and not yet
 * seen here; NULL when there is none. Borrowed until the next call. */
const struct sl_coap_msg *session_seen_request(struct session *s);
const struct sl_coap_msg *session_seen_response(struct session *s);

#endif
