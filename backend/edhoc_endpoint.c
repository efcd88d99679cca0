/* SPDX-License-Identifier: BSD-2-Clause
 * Which message it is, whose turn it is, what it may cost. Every refusal that depends on the peer has one
 * shape: 400 with error 1 and one text, whatever was wrong with it. */
#include "edhoc_work.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sl/cbor.h>

#include "edhoc_budget.h"

#define TAG_MIN 8 /* shortest tag of OSCORE's algorithms */

struct edhoc_endpoint {
	struct edhoc_config config;
	struct edhoc_sessions *sessions;
	pthread_mutex_t lock; /* around the budget */
	bool has_budget;
	struct edhoc_budget budget;
};

static uint64_t
thread_cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void
edhoc_config_init(struct edhoc_config *config)
{
	memset(config, 0, sizeof(*config));
	edhoc_sessions_config_init(&config->sessions);
	config->c_r_length = 1;
	config->budget_percent = 25;
	config->retry_after_s = 1;
	config->cpu_us = thread_cpu_us;
}

enum sl_err
edhoc_endpoint_new(struct edhoc_endpoint **out, const struct edhoc_config *config)
{
	struct edhoc_endpoint *e;
	enum sl_err err;

	if (config->budget_percent == 0)
		return SL_EMALFORMED;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return SL_ENOMEM;
	e->config = *config;
	err = edhoc_sessions_new(&e->sessions, &config->sessions);
	if (err) {
		free(e);
		return err;
	}
	pthread_mutex_init(&e->lock, NULL);
	*out = e;
	return SL_OK;
}

void
edhoc_endpoint_free(struct edhoc_endpoint *e)
{
	if (e == NULL)
		return;
	edhoc_sessions_free(e->sessions);
	pthread_mutex_destroy(&e->lock);
	sl_wipe(e, sizeof(*e));
	free(e);
}

/* --- budget --------------------------------------------------------------------------------------------- */

static bool
may_work(struct edhoc_endpoint *e, bool is_open, uint64_t now_ms)
{
	bool may;

	pthread_mutex_lock(&e->lock);
	if (!e->has_budget)
		edhoc_budget_init(&e->budget, e->config.budget_percent, now_ms);
	e->has_budget = true;
	may = edhoc_budget_allows(&e->budget, is_open, now_ms);
	pthread_mutex_unlock(&e->lock);
	return may;
}

static void
charge(struct edhoc_endpoint *e, uint64_t since_us)
{
	uint64_t now_us = e->config.cpu_us();

	pthread_mutex_lock(&e->lock);
	edhoc_budget_charge(&e->budget, now_us > since_us ? now_us - since_us : 0);
	pthread_mutex_unlock(&e->lock);
}

/* --- replies -------------------------------------------------------------------------------------------- */

static void
fail(struct edhoc_reply *reply, int status, const char *reason)
{
	struct sl_writer w = sl_writer_over(reply->body, sizeof(reply->body));

	sl_cbor_write_int(&w, SL_EDHOC_ERROR_UNSPECIFIED);
	sl_cbor_write_text(&w, "processing failed");
	reply->status = status;
	reply->body_len = w.len;
	reply->outcome = status < 500 ? "refused" : "failed";
	reply->reason = reason;
}

static void
fail_busy(const struct edhoc_config *config, struct edhoc_reply *reply, const char *reason)
{
	reply->status = 503;
	reply->body_len = 0;
	reply->retry_after_s = config->retry_after_s;
	reply->outcome = "busy";
	reply->reason = reason;
}

/* Ours or the peer's fault. */
static void
fail_err(const struct edhoc_config *config, struct edhoc_reply *reply, enum sl_err err,
        const char *reason)
{
	if (err == SL_EIO || err == SL_ESPACE || err == SL_ENOMEM)
		fail(reply, 500, reason);
	else if (err == SL_ELIMIT)
		fail_busy(config, reply, reason);
	else
		fail(reply, 400, reason);
}

/* What lies in the body is the answer. */
static void
succeed(struct edhoc_reply *reply, const char *outcome)
{
	reply->status = reply->body_len > 0 ? 200 : 204;
	reply->outcome = outcome;
}

static void
repeat(struct edhoc_reply *reply, const struct sl_writer *stored)
{
	reply->body_len = stored->len;
	succeed(reply, "repeat");
	reply->is_repeat = true;
}

/* --- messages ------------------------------------------------------------------------------------------- */

/* Error 2 tells which suites we have; every other reason looks alike. */
static void
refuse_1(struct edhoc_work *w, enum sl_err err)
{
	struct edhoc_reply *reply = w->reply;
	struct sl_edhoc *run = &w->session->run;
	bool is_suite = run->error == SL_EDHOC_ERROR_WRONG_SUITE;
	struct sl_writer out = sl_writer_over(reply->body, sizeof(reply->body));

	fail_err(w->config, reply, err, is_suite ? "wrong suite" : reply->reason);
	if (is_suite && sl_edhoc_write_error(run, &out) == SL_OK)
		reply->body_len = out.len;
	edhoc_sessions_drop(w->sessions, w->session);
}

/* The session is the caller's: only now memory is worth its wiping. NULL: there is none, and the session is
 * dropped. */
static struct edhoc_work *
begin_work(struct edhoc_endpoint *e, struct edhoc_session *session,
        const struct edhoc_request *request, struct edhoc_reply *reply)
{
	struct edhoc_work *w = edhoc_work_new(&e->config, e->sessions, request, reply);

	if (w == NULL) {
		edhoc_sessions_drop(e->sessions, session);
		fail_busy(&e->config, reply, "no memory");
		return NULL;
	}
	w->session = session;
	return w;
}

static void
work_on_1(struct edhoc_endpoint *e, struct edhoc_work *w, struct sl_span message_1)
{
	uint64_t since_us;
	enum sl_err err;

	if (w == NULL)
		return;
	since_us = e->config.cpu_us();
	err = edhoc_work_on_1(w, message_1);
	if (err)
		refuse_1(w, err);
	else
		succeed(w->reply, "message_2");
	charge(e, since_us);
	edhoc_work_free(w);
}

static void
handle_1(struct edhoc_endpoint *e, const struct edhoc_request *request, struct edhoc_reply *reply,
        struct sl_span message_1)
{
	uint8_t hash[SL_SHA256_LEN];
	struct edhoc_claim claim = {
	        .hash = hash,
	        .may_work = may_work(e, false, request->now_ms),
	        .now_ms = request->now_ms,
	};
	struct sl_writer stored = sl_writer_over(reply->body, sizeof(reply->body));
	struct edhoc_session *session = NULL;
	enum edhoc_turn turn = EDHOC_BUSY;

	reply->message = 1;
	if (sl_sha256(message_1, hash) == SL_OK)
		turn = edhoc_sessions_begin(e->sessions, &claim, &session, &stored);
	if (turn == EDHOC_MINE)
		work_on_1(e, begin_work(e, session, request, reply), message_1);
	else if (turn == EDHOC_STORED)
		repeat(reply, &stored);
	else
		fail_busy(
		        &e->config, reply, claim.may_work ? "no session is free" : "crypto budget");
}

/* One attempt: a session whose message_3 was wrong is over, since a guess may be right once in 2^64. */
static void
work_on_3(struct edhoc_endpoint *e, struct edhoc_work *w, struct sl_span message_3)
{
	uint64_t since_us;
	enum sl_err err;

	if (w == NULL)
		return;
	since_us = e->config.cpu_us();
	err = edhoc_work_on_3(w, message_3);
	if (err) {
		edhoc_sessions_drop(e->sessions, w->session);
		fail_err(&e->config, w->reply, err, w->reply->reason);
	} else {
		succeed(w->reply, "authenticated");
	}
	charge(e, since_us);
	edhoc_work_free(w);
}

struct third {
	struct sl_span c_r, message_3;
	uint8_t hash[SL_SHA256_LEN];
};

/* True: the session is completed, by this request or by one that it is a copy of. */
static bool
handle_3(struct edhoc_endpoint *e, const struct edhoc_request *request, struct edhoc_reply *reply,
        const struct third *third)
{
	struct edhoc_claim claim = {
	        .c_r = third->c_r,
	        .hash = third->hash,
	        .may_work = may_work(e, true, request->now_ms),
	        .now_ms = request->now_ms,
	};
	struct sl_writer stored = sl_writer_over(reply->body, sizeof(reply->body));
	struct edhoc_session *session = NULL;
	enum edhoc_turn turn;

	edhoc_name_c_r(&e->config, third->c_r, reply->c_r);
	turn = edhoc_sessions_claim(e->sessions, &claim, &session, &stored);
	if (turn == EDHOC_MINE)
		work_on_3(e, begin_work(e, session, request, reply), third->message_3);
	else if (turn == EDHOC_STORED)
		repeat(reply, &stored);
	else if (turn == EDHOC_NONE)
		fail(reply, 400, "no session waits for it");
	else
		fail_busy(&e->config, reply, "crypto budget, or too many copies");
	return reply->status < 300;
}

/* --- the end point -------------------------------------------------------------------------------------- */

/* The client gave up. Error 2 answers message_1 only (RFC 9528 section 6.3), so here it means nothing. */
static void
handle_error(struct edhoc_endpoint *e, const struct edhoc_request *request,
        struct edhoc_reply *reply, const struct sl_edhoc_payload *payload)
{
	struct sl_edhoc_error error;

	edhoc_name_c_r(&e->config, payload->c_r, reply->c_r);
	if (sl_edhoc_error_read(&error, payload->message) != SL_OK) {
		fail(reply, 400, "malformed");
		return;
	}
	if (error.code != SL_EDHOC_ERROR_WRONG_SUITE)
		edhoc_sessions_cancel(e->sessions, payload->c_r, request->now_ms);
	succeed(reply, "error of the peer");
}

static void
reply_init(struct edhoc_reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->method = reply->suite = -1;
	reply->outcome = "-";
}

void
edhoc_endpoint_handle(
        struct edhoc_endpoint *e, const struct edhoc_request *request, struct edhoc_reply *reply)
{
	struct sl_edhoc_payload payload;
	struct third third;

	reply_init(reply);
	if (sl_edhoc_payload_read(&payload, request->body) != SL_OK) {
		fail(reply, 400, "malformed");
	} else if (payload.kind == SL_EDHOC_PAYLOAD_MESSAGE_1) {
		handle_1(e, request, reply, payload.message);
	} else if (payload.kind == SL_EDHOC_PAYLOAD_ERROR) {
		handle_error(e, request, reply, &payload);
	} else {
		reply->message = 3;
		third.c_r = payload.c_r;
		third.message_3 = payload.message;
		if (sl_sha256(request->body, third.hash) != SL_OK)
			fail(reply, 500, "hash");
		else
			(void)handle_3(e, request, reply, &third);
	}
}

static enum sl_err
hash_combined(struct sl_span option, struct sl_span body, uint8_t out[static SL_SHA256_LEN])
{
	uint8_t both[2 * SL_SHA256_LEN];
	enum sl_err err = sl_sha256(option, both);

	if (err == SL_OK)
		err = sl_sha256(body, both + SL_SHA256_LEN);
	return err ? err : sl_sha256(sl_span(both, sizeof(both)), out);
}

/* RFC 9668 section 3.3.1. message_4 has no place in the answer, so a profile that wants it takes no
 * combined request: the session has failed, step 3 says. */
bool
edhoc_endpoint_combined(struct edhoc_endpoint *e, const struct edhoc_request *request,
        struct sl_span option, struct edhoc_reply *reply, struct sl_span *ciphertext)
{
	struct sl_oscore_option opt;
	struct third third;

	reply_init(reply);
	reply->message = 3;
	if (sl_oscore_option_decode(&opt, option) != SL_OK || !opt.has_kid || opt.has_kid_context ||
	        opt.partial_iv.len == 0 ||
	        sl_edhoc_combined_read(request->body, TAG_MIN, &third.message_3, ciphertext) !=
	                SL_OK) {
		fail(reply, 400, "malformed");
		return false;
	}
	if (trust_profile(e->config.trust)->message_4 == SL_EDHOC_M4_REQUIRED) {
		edhoc_sessions_cancel(e->sessions, opt.kid, request->now_ms);
		fail(reply, 400, "message_4 is required");
		return false;
	}
	third.c_r = opt.kid;
	if (hash_combined(option, request->body, third.hash) != SL_OK) {
		fail(reply, 500, "hash");
		return false;
	}
	return handle_3(e, request, reply, &third);
}

struct edhoc_counts
edhoc_endpoint_counts(struct edhoc_endpoint *e, uint64_t now_ms)
{
	struct edhoc_sessions_counts sessions = edhoc_sessions_counts(e->sessions, now_ms);
	struct edhoc_counts counts = {sessions.half_open, sessions.done, 0};

	(void)may_work(e, true, now_ms);
	pthread_mutex_lock(&e->lock);
	counts.budget_us = e->budget.level_us;
	pthread_mutex_unlock(&e->lock);
	return counts;
}
