/* SPDX-License-Identifier: BSD-2-Clause
 * One function per question; the first that has an answer ends the evaluation. */
#include "evaluate.h"

#include <stdlib.h>

#include "request.h"

/* Returned by a step: the request has its answer, go no further. */
enum step {
	STEP_GO_ON,
	STEP_ANSWERED,
};

static enum step
refuse(struct turn *t, uint8_t code, const char *reason)
{
	const struct refusal why = {.code = code, .reason = reason};

	answer_refuse(t->core, &t->asker, &why, t->now_ms);
	return STEP_ANSWERED;
}

static enum step
refuse_for_now(struct turn *t, uint8_t code, uint32_t max_age, const char *reason)
{
	const struct refusal why = {
	        .code = code, .has_max_age = true, .max_age = max_age, .reason = reason};

	answer_refuse(t->core, &t->asker, &why, t->now_ms);
	return STEP_ANSWERED;
}

/* An own Echo is used up here; another one has no way across HTTP (RFC 9175 section 2.3). */
static void
note_echo(struct turn *t)
{
	const struct sl_coap_option *echo = sl_coap_find(t->msg, SL_COAP_ECHO);

	if (echo != NULL)
		(void)sl_echo_check(
		        t->core->echo, &t->asker.peer, sl_coap_option_value(echo), t->now_ms);
}

/* A block that goes no further than us: a follow-up, or one before the last of an upload. Their tables have
 * limits of their own, and small blocks come fast. */
static bool
is_inner_block(const struct sl_coap_msg *msg)
{
	struct sl_coap_block block;

	return (sl_coap_get_block(msg, SL_COAP_BLOCK2, &block) == SL_OK && block.num > 0) ||
	       (sl_coap_get_block(msg, SL_COAP_BLOCK1, &block) == SL_OK && block.more);
}

/* RFC 8516: 4.29 for the one that is too fast; OSCORE clients know 5.03 better. */
static enum step
ask_admission(struct turn *t)
{
	const struct cidr_list *trusted = &t->core->config->trusted;
	struct address remote = peer_remote(&t->asker.peer);

	if (is_inner_block(t->msg) || cidr_list_contains(trusted->items, trusted->count, &remote) ||
	        admission_take(&t->core->admission, &remote, t->now_ms))
		return STEP_GO_ON;
	return refuse_for_now(t,
	        t->asker.is_oscore ? SL_COAP_SERVICE_UNAVAILABLE : SL_COAP_TOO_MANY_REQUESTS, 5,
	        "too many requests");
}

/* Option 21 may pass only where the origin speaks the extension, so the origin is looked up first. */
static bool
allows_edhoc(const struct turn *t)
{
	struct destination d;
	struct address local = peer_local(&t->asker.peer);

	return sl_coap_find(t->msg, SL_COAP_EDHOC) != NULL &&
	       routes_find(t->core->config, t->msg, &local, &d) == 0 && d.origin != NULL &&
	       d.origin->edhoc_header;
}

static enum step
check_options(struct turn *t)
{
	struct refusal why = {.reason = "options"};

	why.code = sl_map_check_request(t->msg, allows_edhoc(t), &t->asker.facts, &why.text);
	if (why.code != 0) {
		if (why.text != NULL)
			why.reason = why.text;
		answer_refuse(t->core, &t->asker, &why, t->now_ms);
		return STEP_ANSWERED;
	}
	if (t->asker.facts.has_hop_limit &&
	        t->asker.facts.hop_limit <= 1) { /* RFC 8768 section 3 */
		why = (struct refusal){.code = SL_COAP_HOP_LIMIT_REACHED,
		        .text = "sealift-proxy",
		        .reason = "hop limit"};
		answer_refuse(t->core, &t->asker, &why, t->now_ms);
		return STEP_ANSWERED;
	}
	return STEP_GO_ON;
}

static enum step
find_destination(struct turn *t)
{
	struct destination *d = &t->destination;
	struct address local = peer_local(&t->asker.peer);
	uint8_t code = routes_find(t->core->config, t->msg, &local, d);

	if (code == SL_COAP_PROXYING_NOT_SUPPORTED)
		return refuse(t, code, "origin not allowed");
	if (code != 0)
		return refuse(t, code, code == SL_COAP_NOT_FOUND ? "no route" : "bad target");
	t->asker.is_discovery = d->is_discovery && !t->asker.is_oscore;
	if (d->origin != NULL)
		t->asker.route = d->origin->name;
	else if (!t->asker.is_discovery)
		return refuse(t, SL_COAP_NOT_FOUND, "no route");
	return STEP_GO_ON;
}

static enum step
ask_echo(struct turn *t)
{
	if (t->core->config->echo != ECHO_ALWAYS ||
	        answer_is_verified(t->core, &t->asker, t->now_ms))
		return STEP_GO_ON;
	answer_challenge(t->core, &t->asker, t->now_ms);
	return STEP_ANSWERED;
}

static enum step
serve_discovery(struct turn *t)
{
	uint32_t accept;

	if (!t->asker.is_discovery)
		return STEP_GO_ON;
	t->asker.route = "discovery";
	if (t->msg->code != SL_COAP_GET)
		return refuse(t, SL_COAP_METHOD_NOT_ALLOWED, "discovery is read only");
	if (sl_coap_get_uint(t->msg, SL_COAP_ACCEPT, &accept) == SL_OK && accept != 40)
		return refuse(t, SL_COAP_NOT_ACCEPTABLE, "discovery is link format");
	if (t->asker.facts.kind == SL_MAP_BLOCK_NEXT)
		return STEP_GO_ON;
	answer_discovery(t->core, &t->asker, t->now_ms);
	return STEP_ANSWERED;
}

static enum step
serve_follow_up(struct turn *t)
{
	struct sl_coap_block wish;

	if (t->asker.facts.kind != SL_MAP_BLOCK_NEXT ||
	        sl_coap_get_block(t->msg, SL_COAP_BLOCK2, &wish) != SL_OK)
		return STEP_GO_ON;
	answer_slice(t->core, &t->asker, wish, t->now_ms);
	return STEP_ANSWERED;
}

static enum step
ask_whether_open(struct turn *t)
{
	if (t->core->is_draining)
		return refuse_for_now(t, SL_COAP_SERVICE_UNAVAILABLE, 10, "shutting down");
	if (!t->asker.is_oscore && !routes_allow_plain(&t->destination))
		return refuse(t, SL_COAP_UNAUTHORIZED, "plain path not allowed");
	return STEP_GO_ON;
}

static enum step
collect_body(struct turn *t, struct sl_block_got *got)
{
	struct refusal too_large = {.code = SL_COAP_REQUEST_ENTITY_TOO_LARGE,
	        .has_size1 = true,
	        .size1 = (uint32_t)t->core->config->limits.request_body,
	        .reason = "request body too large"};
	uint64_t wakeup = t->now_ms + t->core->config->limits.block_idle;
	enum sl_block_verdict verdict =
	        sl_blocks_put(t->core->blocks, &t->asker.peer, t->msg, t->now_ms, got);

	t->asker.has_block1 = got->has_block;
	t->asker.block1 = got->block;
	switch (verdict) {
	case SL_BLOCK_WHOLE:
		return STEP_GO_ON;
	case SL_BLOCK_CONTINUE:
		if (wakeup < t->core->blocks_wakeup)
			t->core->blocks_wakeup = wakeup;
		answer_continue(t->core, &t->asker, t->now_ms);
		return STEP_ANSWERED;
	case SL_BLOCK_INCOMPLETE:
		return refuse(t, SL_COAP_REQUEST_ENTITY_INCOMPLETE, "block out of order");
	case SL_BLOCK_TOO_LARGE:
		answer_refuse(t->core, &t->asker, &too_large, t->now_ms);
		return STEP_ANSWERED;
	case SL_BLOCK_BUSY:
		return refuse_for_now(t, SL_COAP_SERVICE_UNAVAILABLE, 5, "too many uploads");
	case SL_BLOCK_BAD:
		break;
	}
	return refuse(t, SL_COAP_BAD_REQUEST, "bad block");
}

/* Before the origin is asked: an answer that could not be brought to this peer would be lost, and a source
 * that may be forged must not take the second half of the queue. */
static enum step
ask_budget(struct turn *t)
{
	bool is_busy = t->core->exchanges.queued >= t->core->config->limits.queue_length / 2 &&
	               t->core->exchanges.queued > 0;

	if (answer_is_verified(t->core, &t->asker, t->now_ms) ||
	        (!is_busy && answer_may_fit(&t->asker)))
		return STEP_GO_ON;
	answer_challenge(t->core, &t->asker, t->now_ms);
	return STEP_ANSWERED;
}

static void
enqueue(struct turn *t, struct sl_span body)
{
	struct exchange draft = {.asker = t->asker,
	        .origin = t->destination.origin,
	        .lane = (uint32_t)t->destination.lane,
	        .is_local = !t->destination.is_forward,
	        .has_etag = sl_coap_find(t->msg, SL_COAP_ETAG) != NULL};
	struct fetch_text *text;
	uint8_t code = request_build(&text, t->msg, &t->destination, body);

	if (code == SL_COAP_SERVICE_UNAVAILABLE) {
		refuse_for_now(t, code, 5, "no memory");
	} else if (code != 0) {
		refuse(t, code, "no HTTP request for it");
	} else if (exchanges_add(&t->core->exchanges, &draft, text) != SL_OK) {
		free(text);
		refuse_for_now(t, SL_COAP_SERVICE_UNAVAILABLE, 5, "queue is full");
	}
}

void
evaluate(struct turn *t)
{
	static enum step (*const steps[])(struct turn *) = {
	        ask_admission,
	        check_options,
	        find_destination,
	        ask_echo,
	        serve_discovery,
	        serve_follow_up,
	        ask_whether_open,
	};
	struct sl_block_got got;

	note_echo(t);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (steps[i](t) == STEP_ANSWERED)
			return;
	if (collect_body(t, &got) == STEP_GO_ON && ask_budget(t) == STEP_GO_ON)
		enqueue(t, got.body);
}
