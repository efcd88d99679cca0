/* SPDX-License-Identifier: BSD-2-Clause
 * Two locks, never both held: one around reply cache and inner blocks, one per security context. The second
 * is held while a message is verified (check and mark of the window are one step, RFC 8613 section 7.4) and
 * while one is protected, not while the service works. */
#include "endpoint.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sl/mappings.h>

#include "deadline.h"

/* What one request needs while it is worked on; wiped at its end. */
struct work {
	struct endpoint *e;
	const struct endpoint_request *request;
	struct endpoint_reply *reply;
	struct context *ctx;
	struct sl_oscore_exchange exchange;
	bool own_piv;
	enum sl_err reserve_err; /* why no Sender Sequence Number could be had */
	struct sl_coap_msg inner, response;
	struct inner_answer answer;
	uint8_t echo[CONTEXTS_ECHO_LEN];
	uint8_t slice[INNER_SLICE_MAX];
	uint8_t payload[SERVICE_PAYLOAD_MAX];
	size_t plain_cap;
	uint8_t plain[];
};

struct endpoint {
	struct endpoint_config config;
	pthread_mutex_t lock;
	pthread_cond_t finished;
};

enum sl_err
endpoint_new(struct endpoint **out, const struct endpoint_config *config)
{
	struct endpoint *e = calloc(1, sizeof(*e));
	pthread_condattr_t attr;

	if (e == NULL)
		return SL_ENOMEM;
	e->config = *config;
	if (e->config.join_ms == 0)
		e->config.join_ms = 10000;
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->finished, &attr);
	pthread_condattr_destroy(&attr);
	*out = e;
	return SL_OK;
}

void
endpoint_free(struct endpoint *e)
{
	if (e == NULL)
		return;
	pthread_cond_destroy(&e->finished);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static void
fail(struct endpoint_reply *reply, int status, const char *text)
{
	reply->status = status;
	reply->text = text;
	reply->note.outcome = text[0] != '\0' ? text : "failed";
}

/* RFC 8613 section 8.2, mapped by RFC 8075: 4.01 is 403. */
static void
fail_outcome(struct work *w, enum sl_oscore_outcome outcome)
{
	const char *text = sl_oscore_outcome_text(outcome);
	int status = sl_map_status(sl_oscore_outcome_code(outcome));

	fail(w->reply, status, text != NULL ? text : "");
	if (w->e->config.is_quiet && status < 500) {
		w->reply->status = 400;
		w->reply->text = "";
	}
}

/* The request is not acted on. A disk that is full now may not be later. */
static void
fail_reserve(struct work *w)
{
	fail(w->reply, w->reserve_err == SL_EIO ? 503 : 500, "");
	switch (w->reserve_err) {
	case SL_EIO:
		w->reply->retry_after_s = w->e->config.retry_after_s;
		w->reply->note.outcome = "the store is not available";
		break;
	case SL_ELIMIT:
		w->reply->note.outcome = "the sequence numbers of the context are used up";
		break;
	default:
		w->reply->note.outcome = "somebody else uses the context: disabled";
	}
}

/* With the context's lock held: a number of ours may be used. */
static enum sl_err
reserve(struct work *w)
{
	w->reserve_err = contexts_reserve(w->e->config.contexts, w->ctx);
	return w->reserve_err;
}

/* With the context's lock held. OK: act on the request; NEEDS_ECHO: challenge it. */
static enum sl_oscore_outcome
verify(struct work *w, const struct sl_oscore_option *opt)
{
	struct contexts *contexts = w->e->config.contexts;
	struct sl_oscore_open open = {w->plain, w->plain_cap, &w->inner};
	const struct sl_coap_option *echo;
	enum sl_oscore_outcome outcome;

	if (atomic_load(&w->ctx->is_disabled))
		return SL_OSCORE_NO_CONTEXT;
	outcome = sl_oscore_unprotect_request(
	        &w->ctx->oscore, opt, w->request->body, &open, &w->exchange);
	if (outcome != SL_OSCORE_OK && outcome != SL_OSCORE_NEEDS_ECHO)
		return outcome;
	/* Mark before effect: the window has the Partial IV now, and the store learns that the context
	 * is in use before anything is done for it. A crash after this line loses an answer, never
	 * makes a second effect. */
	if (reserve(w) != SL_OK)
		return SL_OSCORE_FAILED;
	if (outcome == SL_OSCORE_OK)
		return outcome;
	echo = sl_coap_find(&w->inner, SL_COAP_ECHO);
	if (echo == NULL || !contexts_echo_is_fresh(contexts, w->ctx, sl_coap_option_value(echo),
	                            w->request->now_ms))
		return SL_OSCORE_NEEDS_ECHO;
	w->own_piv = true;
	return sl_oscore_window_found(&w->ctx->oscore, &w->exchange);
}

/* The request is authentic and new: blocks, then the service, then blocks. */
static void
serve(struct work *w)
{
	struct endpoint *e = w->e;
	struct inner_ask blocks = {
	        .context_id = w->ctx->id,
	        .request = &w->inner,
	        .now_ms = w->request->now_ms,
	        .slice = w->slice,
	};
	struct service_ask ask = {
	        .identity = w->ctx->identity,
	        .profile = w->ctx->profile,
	        .functions = w->ctx->functions,
	        .binding = contexts_binding(w->ctx),
	        .serial = contexts_serial(w->ctx),
	        .request = &w->inner,
	        .now = w->request->now,
	        .boot_ms = w->request->boot_ms,
	};
	enum inner_verdict verdict;
	struct sl_buf body;

	w->reply->note = (struct service_note){.function = "-", .outcome = "block"};
	pthread_mutex_lock(&e->lock);
	verdict = inner_blocks_request(e->config.blocks, &blocks, &body, &w->answer);
	pthread_mutex_unlock(&e->lock);
	if (verdict == INNER_ANSWER)
		return;
	ask.body = body.len > 0 ? sl_buf_view(&body) : w->inner.payload;
	service_handle(&e->config.service, &ask, w->payload, &w->answer, &w->reply->note);
	sl_buf_clear(&body);
	pthread_mutex_lock(&e->lock);
	inner_blocks_answer(e->config.blocks, &blocks, &w->answer);
	pthread_mutex_unlock(&e->lock);
}

static enum sl_err
add_options(struct sl_coap_msg *msg, const struct inner_answer *a)
{
	enum sl_err err = SL_OK;

	if (a->has_content_format)
		err = sl_coap_add_uint(msg, SL_COAP_CONTENT_FORMAT, a->content_format);
	if (err == SL_OK && a->has_max_age)
		err = sl_coap_add_uint(msg, SL_COAP_MAX_AGE, a->max_age);
	if (err == SL_OK && a->has_block1)
		err = sl_coap_add_block(msg, SL_COAP_BLOCK1, a->block1);
	if (err == SL_OK && a->has_block2)
		err = sl_coap_add_block(msg, SL_COAP_BLOCK2, a->block2);
	if (err == SL_OK && a->has_size1)
		err = sl_coap_add_uint(msg, SL_COAP_SIZE1, a->size1);
	if (err == SL_OK && a->has_size2)
		err = sl_coap_add_uint(msg, SL_COAP_SIZE2, a->size2);
	return err;
}

static enum sl_err
protect(struct work *w)
{
	struct sl_oscore_sealed sealed = {.buf = w->reply->body, .cap = sizeof(w->reply->body)};
	enum sl_err err = SL_OK;

	pthread_mutex_lock(&w->ctx->lock);
	if (w->own_piv)
		err = reserve(w);
	if (err == SL_OK)
		err = sl_oscore_protect_response(
		        &w->ctx->oscore, &w->exchange, &w->response, w->own_piv, &sealed);
	pthread_mutex_unlock(&w->ctx->lock);
	if (err)
		return err;
	w->reply->status = 200;
	w->reply->code = w->response.code;
	memcpy(w->reply->option, sealed.option, sealed.option_len);
	w->reply->option_len = sealed.option_len;
	memmove(w->reply->body, sealed.ciphertext.ptr, sealed.ciphertext.len);
	w->reply->body_len = sealed.ciphertext.len;
	return SL_OK;
}

/* RFC 8613 appendix B.1.2: a protected 4.01 with nothing but Echo, under a Partial IV of ours. */
static enum sl_err
challenge(struct work *w)
{
	w->own_piv = true;
	w->reply->note = (struct service_note){.function = "-", .outcome = "echo"};
	contexts_echo(w->e->config.contexts, w->ctx, w->request->now_ms, w->echo);
	sl_coap_msg_init(&w->response, SL_COAP_UNAUTHORIZED);
	return sl_coap_add(&w->response, SL_COAP_ECHO, sl_span(w->echo, sizeof(w->echo)));
}

static void
work_on(struct work *w)
{
	struct sl_oscore_option opt;
	enum sl_oscore_outcome outcome;
	enum sl_err err;

	if (sl_oscore_option_decode(&opt, w->request->option) != SL_OK || !opt.has_kid ||
	        opt.partial_iv.len == 0) {
		fail_outcome(w, SL_OSCORE_BAD_OPTION);
		return;
	}
	w->ctx = contexts_find(w->e->config.contexts, &opt, w->request->now_ms, w->request->now);
	if (w->ctx == NULL) {
		fail_outcome(w, SL_OSCORE_NO_CONTEXT);
		return;
	}
	w->reply->context_id = w->ctx->id;
	pthread_mutex_lock(&w->ctx->lock);
	outcome = verify(w, &opt);
	pthread_mutex_unlock(&w->ctx->lock);
	if (w->reserve_err) {
		fail_reserve(w);
		return;
	}
	if (outcome != SL_OSCORE_OK && outcome != SL_OSCORE_NEEDS_ECHO) {
		fail_outcome(w, outcome);
		return;
	}
	contexts_used(w->e->config.contexts, w->ctx, w->request->now_ms);
	if (outcome == SL_OSCORE_NEEDS_ECHO) {
		err = challenge(w);
	} else {
		serve(w);
		sl_coap_msg_init(&w->response, w->answer.code);
		w->response.payload = w->answer.payload;
		err = add_options(&w->response, &w->answer);
	}
	if (err == SL_OK)
		err = protect(w);
	if (w->reserve_err)
		fail_reserve(w);
	else if (err)
		fail(w->reply, 500, "");
}

static void
work(struct endpoint *e, const struct endpoint_request *request, struct endpoint_reply *reply)
{
	size_t len = sizeof(struct work) + request->body.len;
	struct work *w = malloc(len);

	if (w == NULL) {
		fail(reply, 503, "");
		reply->retry_after_s = e->config.retry_after_s;
		return;
	}
	memset(w, 0, offsetof(struct work, payload)); /* the rest is only written to */
	w->e = e;
	w->request = request;
	w->reply = reply;
	w->plain_cap = request->body.len;
	work_on(w);
	if (w->ctx != NULL)
		contexts_release(e->config.contexts, w->ctx);
	sl_wipe(w, len);
	free(w);
}

static void
copy_reply(struct endpoint_reply *reply, const struct reply *stored)
{
	reply->status = 200;
	reply->is_repeat = true;
	reply->note.outcome = "repeat";
	memcpy(reply->option, stored->option.ptr, stored->option.len);
	reply->option_len = stored->option.len;
	memcpy(reply->body, stored->body.ptr, stored->body.len);
	reply->body_len = stored->body.len;
}

/* With e->lock held: waits until the request in progress has an answer, or became the caller's. */
static enum reply_state
join(struct endpoint *e, const struct reply_key *key, uint64_t now_ms, struct reply *stored)
{
	struct timespec deadline = deadline_in(e->config.join_ms);
	enum reply_state state;

	do {
		if (pthread_cond_timedwait(&e->finished, &e->lock, &deadline) != 0) {
			reply_cache_leave(e->config.replies, key);
			return REPLY_BUSY;
		}
		state = reply_cache_join(e->config.replies, key, now_ms, stored);
	} while (state == REPLY_PENDING);
	return state;
}

/* The stored reply, if there is one; REPLY_MINE: the caller has to work. */
static enum reply_state
look_for_reply(struct endpoint *e, const struct reply_key *key,
        const struct endpoint_request *request, struct endpoint_reply *reply)
{
	struct reply stored;
	enum reply_state state;

	pthread_mutex_lock(&e->lock);
	state = reply_cache_begin(e->config.replies, key, request->now_ms, &stored);
	if (state == REPLY_PENDING)
		state = join(e, key, request->now_ms, &stored);
	if (state == REPLY_READY)
		copy_reply(reply, &stored);
	pthread_mutex_unlock(&e->lock);
	return state;
}

static void
store_reply(struct endpoint *e, const struct reply_key *key, const struct endpoint_request *request,
        const struct endpoint_reply *reply)
{
	struct reply made = {
	        sl_span(reply->option, reply->option_len),
	        sl_span(reply->body, reply->body_len),
	};

	pthread_mutex_lock(&e->lock);
	if (reply->status == 200)
		reply_cache_finish(
		        e->config.replies, key, reply->context_id, &made, request->now_ms);
	else
		reply_cache_drop(e->config.replies, key);
	pthread_cond_broadcast(&e->finished);
	pthread_mutex_unlock(&e->lock);
}

void
endpoint_handle(
        struct endpoint *e, const struct endpoint_request *request, struct endpoint_reply *reply)
{
	struct reply_key key;
	enum reply_state state;

	memset(reply, 0, sizeof(*reply));
	reply->text = "";
	reply->note = (struct service_note){.function = "-", .outcome = "-"};
	if (reply_key(&key, request->option, request->body) != SL_OK) {
		fail(reply, 500, "");
		return;
	}
	state = look_for_reply(e, &key, request, reply);
	if (state == REPLY_READY)
		return;
	if (state != REPLY_MINE) {
		fail(reply, 503, "busy");
		reply->retry_after_s = e->config.retry_after_s;
		return;
	}
	work(e, request, reply);
	store_reply(e, &key, request, reply);
}
