/* SPDX-License-Identifier: BSD-2-Clause
 * Enrolment as a state machine (RFC 9148 sections 4 and 5, RFC 7030 section 4.2): which request
 * comes next, what must be durable before it, whether an answer is believed. Pure: it holds no
 * key, no file, no clock.
 *
 *   [ASK crts -> KEEP_ANCHORS ->] PREPARE -> ASK sen or sren -> KEEP_CERT -> FINISHED
 *                                               ^        |
 *                                               +- PAUSE + 5.03, 5.00, silence: the identical one
 *
 * Anchors are taken from authentic answers only, because ASK is answered by session.h only. A
 * certificate is kept only when its key is ours and a path leads from it to the anchors. */
#ifndef ENROL_H
#define ENROL_H

#include "certs.h"
#include "session.h"

#define ENROL_CSR_MAX      (4 * 1024)
#define ENROL_SPKI_MAX     256
#define ENROL_ROOT_MAX     63
#define ENROL_WAIT_MIN_S   1     /* an inner Max-Age is clamped to this, */
#define ENROL_WAIT_MAX_S   86400 /* and to that */
#define ENROL_PAUSE_MS     15000 /* first pause after a failed exchange; doubles */
#define ENROL_PAUSE_MAX_MS 300000

enum enrol_operation {
	ENROL_CRTS, /* the anchors alone */
	ENROL_SEN,  /* a first certificate, POST /sen */
	ENROL_SREN, /* renewal or rekey, POST /sren */
};

struct enrol_config {
	enum enrol_operation operation;
	const char *root;               /* "/est" or "/.well-known/est"; copied */
	uint32_t accept;                /* 281 or 287; 0: say nothing */
	uint64_t give_up_ms;            /* for all of it; default is the caller's */
	uint8_t seed[SESSION_SEED_LEN]; /* random: jitter of pauses */
};

/* Both clocks at one time. */
struct moment {
	uint64_t ms;     /* monotonic */
	int64_t posix_s; /* of the day, for validity */
};

enum enrol_want {
	ENROL_ASK,     /* run enrol_request() through a session, then enrol_on_result() */
	ENROL_PREPARE, /* make a key and a CSR durable (or find those of an interrupted run), then
	                     * enrol_on_prepared() */
	ENROL_KEEP_ANCHORS, /* make enrol_anchors() durable, then enrol_on_kept() */
	ENROL_KEEP_CERT, /* make enrol_issued() durable in place of the old, then enrol_on_kept() */
	ENROL_PAUSE,     /* call enrol_on_time() at enrol_wakeup() */
	ENROL_FINISHED,  /* enrol_outcome() */
};

enum enrol_outcome {
	ENROL_DONE,
	ENROL_REFUSED,    /* an authentic refusal: enrol_code(), enrol_text() */
	ENROL_LATER,      /* not now, says the server, and our time is over; the CSR is kept */
	ENROL_NO_ANSWER,  /* no authentic answer in time */
	ENROL_BAD_ANSWER, /* authentic, but no certificate for our key with a path to an anchor */
	ENROL_FAILED,     /* the machine failed */
};

struct enrol;

/* anchors: those that are kept already, may be empty or NULL; copied. SL_ENOMEM, SL_EMALFORMED
 * (root). */
enum sl_err enrol_new(struct enrol **out, const struct enrol_config *config,
        const struct certs *anchors, struct moment now) SL_MUST_USE;
void enrol_free(struct enrol *e);

enum enrol_want enrol_wants(const struct enrol *e);
/* Valid while ENROL_ASK is wanted; borrows from *e. */
const struct inner_request *enrol_request(const struct enrol *e);
/* When all of it must have ended, and with it the request. */
uint64_t enrol_deadline(const struct enrol *e);
void enrol_on_result(struct enrol *e, const struct session_result *result, struct moment now);
/* Both copied; the CSR's key must be spki. */
void enrol_on_prepared(struct enrol *e, struct sl_span csr, struct sl_span spki);
/* In place of a result, also while ENROL_PREPARE is wanted: nobody answered so far that a request
 * could be asked. */
void enrol_on_no_answer(struct enrol *e, const char *because, struct moment now);
/* The request that is to be asked belongs to a session that is over: ENROL_PREPARE again. */
void enrol_on_new_session(struct enrol *e);
void enrol_on_kept(struct enrol *e);
void enrol_on_time(struct enrol *e, uint64_t now_ms);
uint64_t enrol_wakeup(const struct enrol *e);
/* The outside failed: ENROL_FAILED. */
void enrol_on_failure(struct enrol *e);

const struct certs *enrol_anchors(const struct enrol *e);
/* Our certificate first, then what the server sent with it. */
const struct certs *enrol_issued(const struct enrol *e);
enum enrol_outcome enrol_outcome(const struct enrol *e);
const char *enrol_outcome_text(enum enrol_outcome outcome);
uint8_t enrol_code(const struct enrol *e); /* of the last authentic answer; 0: none */
const char *enrol_text(
        const struct enrol *e);               /* its escaped diagnostic text, or why we refuse it */
uint32_t enrol_wait_s(const struct enrol *e); /* what the server asked for at last */

#endif
