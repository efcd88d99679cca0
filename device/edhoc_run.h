/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC with the server over CoAP (RFC 9528 appendix A.2.1): the device is client and Initiator.
 * Pure: bytes and time in, bytes out; the only randomness is that of lib/crypto.
 *
 *   start -> message_1 ------ message_2 -----> message_3 ---- 2.04, message_4 ---> FINISHED
 *             |  ^  ^ error 2: next suite        |  ^ |
 *             v  |  +--                          v  | +- is_combined: FINISHED, HALFWAY
 *           back off, new ephemeral key        back off, the same bytes
 *
 * Errors are not authenticated. Error 2 leads to the next suite, once each; other EDHOC errors end
 * the run; what is no EDHOC message is a hint: wait and try again, a few times; but a 4.xx to
 * message_3 ends it, too. A message_2 that is not good ends the run, and the server is told once.
 * message_3 is made once. */
#ifndef EDHOC_RUN_H
#define EDHOC_RUN_H

#include "edhoc_server.h"
#include "outer.h"

#include <sl/edhoc.h>

#define EDHOC_RUN_MESSAGE_MAX     (12 * 1024) /* bytes of a message, chain by value and all */
#define EDHOC_RUN_HINTS_MAX       3           /* new attempts in all */
#define EDHOC_RUN_ECHO_ROUNDS_MAX 3           /* per message */
#define EDHOC_RUN_SEED_LEN        16

struct edhoc_run_seen {
	const char *name; /* "message_1", ..., "error" */
	bool is_ours;
	struct sl_span bytes; /* borrowed for the call */
};

/* Pointers are borrowed for the life of the run. */
struct edhoc_run_config {
	const struct sl_edhoc_profile *profile; /* for_oscore; its message_4 is ours */
	int method;
	const struct sl_edhoc_credential *own;
	const struct edhoc_server *server;
	struct outer_route route;
	bool is_combined;        /* halt before message_3: it goes with the first request */
	uint8_t outer_szx;       /* 0..6; default 6 */
	uint32_t backoff_ms;     /* first pause after a hint; doubles; default 2000 */
	uint32_t ack_timeout_ms; /* default 2000 */
	uint64_t timeout_ms;     /* for all of it; default 120000 */
	int64_t now; /* POSIX seconds; negative: no clock, validity is left out; default */
	uint8_t seed[EDHOC_RUN_SEED_LEN]; /* random: tokens, message IDs, jitter, C_I */
	/* Hears of each EDHOC message, once; NULL: nobody does. */
	void (*on_message)(void *arg, const struct edhoc_run_seen *seen);
	void *arg;
};

void edhoc_run_config_init(struct edhoc_run_config *config);

struct edhoc_run;

/* SL_ENOMEM, SL_ELIMIT (outer_szx). */
enum sl_err edhoc_run_new(
        struct edhoc_run **out, const struct edhoc_run_config *config) SL_MUST_USE;
void edhoc_run_free(struct edhoc_run *run); /* wipes; NULL is fine */

/* Once. */
void edhoc_run_start(struct edhoc_run *run, uint64_t now_ms);
/* After EDHOC_RUN_HALFWAY, when the combined request did not do: sends the same message_3 alone. */
void edhoc_run_go_on(struct edhoc_run *run, uint64_t now_ms);
/* Ends by then, if not before. */
void edhoc_run_end_by(struct edhoc_run *run, uint64_t when_ms);
/* The outside failed. */
void edhoc_run_on_failure(struct edhoc_run *run);
void edhoc_run_on_datagram(struct edhoc_run *run, struct sl_span datagram, uint64_t now_ms);
void edhoc_run_on_time(struct edhoc_run *run, uint64_t now_ms);
uint64_t edhoc_run_wakeup(const struct edhoc_run *run); /* UINT64_MAX: nothing waits */
/* The next datagram to send; false when none waits, also after the end: an ACK, a last error.
 * Borrowed until the next call. */
bool edhoc_run_next(struct edhoc_run *run, struct sl_span *datagram);

enum edhoc_run_outcome {
	EDHOC_RUN_DONE,    /* keys on both sides */
	EDHOC_RUN_HALFWAY, /* keys here; message_3 waits for the first request */
	EDHOC_RUN_REFUSED, /* the server sent an EDHOC error: after message_1, */
	EDHOC_RUN_UNWANTED, /* or it did not take message_3: it knows who we are, or forgot the run */
	EDHOC_RUN_BAD_PEER, /* we refused the server: message_2 or message_4 is not good */
	EDHOC_RUN_SILENT,   /* no EDHOC message came in time, or only hints */
	EDHOC_RUN_FAILED,   /* the machine failed */
};

bool edhoc_run_is_finished(const struct edhoc_run *run);
/* When finished. */
enum edhoc_run_outcome edhoc_run_outcome(const struct edhoc_run *run);
/* Why, for people; what the server said in it is escaped. "" when DONE or HALFWAY. */
const char *edhoc_run_text(const struct edhoc_run *run);

/* --- when DONE or HALFWAY --- */

/* The context, all its numbers free to use: it lives in memory only. Once, so that no number is
 * free twice: SL_EREPLAY. Other errors as of sl_oscore_ctx_init. */
enum sl_err edhoc_run_context(struct edhoc_run *run, struct sl_oscore_ctx *ctx) SL_MUST_USE;
/* EDHOC_Exporter. */
enum sl_err edhoc_run_export(const struct edhoc_run *run, uint64_t label, struct sl_span context,
        uint8_t *out, size_t len) SL_MUST_USE;
/* message_3 as it goes into a combined request (RFC 9668 section 3.2.1). Borrowed. */
struct sl_span edhoc_run_message_3(const struct edhoc_run *run);
/* The first protected answer verified: the server has the keys. What comes later is ignored. */
void edhoc_run_confirm(struct edhoc_run *run);
/* An EDHOC error instead of that answer: the run ends as UNWANTED, its keys are gone. SL_EREPLAY:
 * too late. SL_EMALFORMED: no error message; nothing changes. */
enum sl_err edhoc_run_on_error(struct edhoc_run *run, struct sl_span message) SL_MUST_USE;

/* --- for reports --- */

struct edhoc_run_counts {
	unsigned hints, suites_tried, echo_rounds;
	size_t messages[4]; /* bytes of the last message_1 to message_4; 0: none */
	int suite;          /* selected; meaningful from message_2 on */
};

struct edhoc_run_counts edhoc_run_counts(const struct edhoc_run *run);

#endif
