/* SPDX-License-Identifier: BSD-2-Clause
 * One function per question; the first that has an answer ends the evaluation. */
#include "evaluate.h"

#include <stdlib.h>

#include "request.h"

#define VERIFIED_FACTOR 10

/* Returned by a step: the request has its answer, go no further. */
enum step {
	STEP_GO_ON,
	STEP_ANSWERED,
};

static enum step
refuse(struct turn *t, uint8_t code, enum core_refusal kind, const char *reason)
{
	const struct refusal why = {.code = code, .kind = kind, .reason = reason};

	answer_refuse(t->core, &t->asker, &why, t->now_ms);
	return STEP_ANSWERED;
}

static enum step
refuse_for_now(struct turn *t, uint32_t max_age, enum core_refusal kind, const char *reason)
{
	const struct refusal why = {.code = SL_COAP_SERVICE_UNAVAILABLE,
	        .has_max_age = true,
	        .max_age = max_age,
	        .kind = kind,
	        .reason = reason};

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

/* RFC 8516: 4.29 for the one that is too fast; OSCORE clients know 5.03 better. What has no OSCORE option may be
 * the first message of a handshake, which is dear to the origin: it has buckets of its own. */
static enum step
ask_admission(struct turn *t)
{
	static const struct refusal too_many = {.code = SL_COAP_SERVICE_UNAVAILABLE,
	        .has_max_age = true,
	        .max_age = 5,
	        .kind = CORE_REFUSED_RATE,
	        .reason = "too many requests"};
	static const struct refusal too_many_plain = {.code = SL_COAP_TOO_MANY_REQUESTS,
	        .has_max_age = true,
	        .max_age = 5,
	        .kind = CORE_REFUSED_PLAIN_RATE,
	        .reason = "too many plain requests"};
	struct admission *buckets = t->asker.is_oscore ? &t->core->admission : &t->core->plain;
	struct address remote = peer_remote(&t->asker.peer);

	if (is_inner_block(t->msg) || t->asker.is_trusted ||
	        admission_take(buckets, &remote, t->now_ms))
		return STEP_GO_ON;
	answer_refuse(
	        t->core, &t->asker, t->asker.is_oscore ? &too_many : &too_many_plain, t->now_ms);
	return STEP_ANSWERED;
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
	struct refusal why = {.kind = CORE_REFUSED_OPTION, .reason = "options"};

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
		        .kind = CORE_REFUSED_HOP_LIMIT,
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
		return refuse(t, code, CORE_REFUSED_ORIGIN, "origin not allowed");
	if (code != 0)
		return code == SL_COAP_NOT_FOUND
		               ? refuse(t, code, CORE_REFUSED_ROUTE, "no route")
		               : refuse(t, code, CORE_REFUSED_TARGET, "bad target");
	t->asker.is_discovery = d->is_discovery && !t->asker.is_oscore;
	t->asker.origin = d->origin;
	t->asker.route_path = d->route_path;
	if (d->origin != NULL)
		t->asker.route = d->origin->name;
	else if (!t->asker.is_discovery)
		return refuse(t, SL_COAP_NOT_FOUND, CORE_REFUSED_ROUTE, "no route");
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
		return refuse(t, SL_COAP_METHOD_NOT_ALLOWED, CORE_REFUSED_METHOD,
		        "discovery is read only");
	if (sl_coap_get_uint(t->msg, SL_COAP_ACCEPT, &accept) == SL_OK && accept != 40)
		return refuse(
		        t, SL_COAP_NOT_ACCEPTABLE, CORE_REFUSED_ACCEPT, "discovery is link format");
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
	sl_block_key(&t->asker.key, t->core->hash_key, &t->asker.peer, t->msg);
	answer_slice(t->core, &t->asker, wish, t->now_ms);
	return STEP_ANSWERED;
}

static enum step
ask_whether_open(struct turn *t)
{
	if (t->core->is_draining)
		return refuse_for_now(t, 10, CORE_REFUSED_DRAINING, "shutting down");
	if (!t->asker.is_oscore && !routes_allow_plain(&t->destination))
		return refuse(
		        t, SL_COAP_UNAUTHORIZED, CORE_REFUSED_PLAIN, "plain path not allowed");
	return STEP_GO_ON;
}

/* Steps one and two of the memory ladder. Slices and uploads that have begun go on. */
static enum step
ask_memory(struct turn *t)
{
	enum memory_level level =
	        memory_level(core_memory_used(t->core), t->core->config->limits.memory_budget);
	struct sl_coap_block block;
	bool has_block = sl_coap_get_block(t->msg, SL_COAP_BLOCK1, &block) == SL_OK;
	bool begins = has_block && block.num == 0 && block.more;

	if (level == MEMORY_FREE || (level == MEMORY_NO_BODIES && !begins) ||
	        (has_block && block.num > 0))
		return STEP_GO_ON;
	return refuse_for_now(t, 10, CORE_REFUSED_MEMORY, "memory is short");
}

static bool
is_half_taken(uint64_t taken, uint64_t limit)
{
	return taken > 0 && taken >= limit / 2;
}

/* The second half of every table is for peers whose address is not forged. The request in hand has a record
 * already. */
static bool
is_crowded(struct proxy_core *core, uint64_t now_ms)
{
	const struct limits *l = &core->config->limits;
	struct sl_messages_counts m = sl_messages_counts(core->messages);
	struct sl_blocks_counts b = sl_blocks_counts(core->blocks);

	return !bucket_has_one(&core->forwards, now_ms) ||
	       is_half_taken(core->exchanges.queued, l->queue_length) ||
	       is_half_taken(m.running - 1 + m.remembered - m.yielding, l->exchanges) ||
	       is_half_taken(b.bodies, l->uploads) || is_half_taken(b.answers, l->answers) ||
	       is_half_taken(b.bytes, l->body_bytes);
}

/* Before the body is complete, so that a challenge leaves the upload where it was, and before the origin is
 * asked: an answer that could not be brought to this peer would be lost. */
static enum step
ask_budget(struct turn *t)
{
	struct sl_coap_block block;
	bool is_on_its_way =
	        sl_coap_get_block(t->msg, SL_COAP_BLOCK1, &block) == SL_OK && block.more;

	if (is_on_its_way ? block.num > 0 || !is_crowded(t->core, t->now_ms)
	                  : answer_may_fit(&t->asker) && !is_crowded(t->core, t->now_ms))
		return STEP_GO_ON;
	if (answer_is_verified(t->core, &t->asker, t->now_ms))
		return STEP_GO_ON;
	answer_challenge(t->core, &t->asker, t->now_ms);
	return STEP_ANSWERED;
}

static enum step
collect_body(struct turn *t, struct sl_block_got *got)
{
	struct refusal too_large = {.code = SL_COAP_REQUEST_ENTITY_TOO_LARGE,
	        .has_size1 = true,
	        .size1 = (uint32_t)t->core->config->limits.request_body,
	        .kind = CORE_REFUSED_TOO_LARGE,
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
		return refuse(t, SL_COAP_REQUEST_ENTITY_INCOMPLETE, CORE_REFUSED_BLOCK,
		        "block out of order");
	case SL_BLOCK_TOO_LARGE:
		answer_refuse(t->core, &t->asker, &too_large, t->now_ms);
		return STEP_ANSWERED;
	case SL_BLOCK_BUSY:
		return refuse_for_now(t, 5, CORE_REFUSED_UPLOADS, "too many uploads");
	case SL_BLOCK_BAD:
		break;
	}
	return refuse(t, SL_COAP_BAD_REQUEST, CORE_REFUSED_BLOCK, "bad block");
}

/* Per network and origin; ten times as many for a peer whose address is not forged. */
static uint64_t
prefix_max(const struct turn *t, bool is_verified)
{
	uint64_t max = t->core->config->limits.in_flight_per_prefix;

	if (t->asker.is_trusted)
		return UINT64_MAX;
	return is_verified ? VERIFIED_FACTOR * max : max;
}

/* A full queue makes room for a network that has less in it than another one. */
static enum exchange_verdict
add(struct turn *t, const struct exchange_wish *wish)
{
	struct exchanges *all = &t->core->exchanges;
	enum exchange_verdict verdict = exchanges_add(all, wish);
	struct exchange *rival = NULL;

	if (verdict == EXCHANGE_NO_ROOM)
		rival = exchanges_rival(all, wish);
	if (rival == NULL)
		return verdict;
	core_end_exchange(t->core, rival, SL_MAP_EXHAUSTED, t->now_ms);
	return exchanges_add(all, wish);
}

static enum step
enqueue(struct turn *t, struct sl_span body)
{
	bool is_verified = answer_is_verified(t->core, &t->asker, t->now_ms);
	struct exchange_wish wish = {.draft = {.asker = t->asker,
	                                     .origin = t->destination.origin,
	                                     .lane = (uint32_t)t->destination.lane,
	                                     .is_local = !t->destination.is_forward},
	        .prefix_max = prefix_max(t, is_verified)};
	uint8_t code = request_build(&wish.text, t->msg, &t->destination, body);
	enum exchange_verdict verdict;

	if (code == SL_COAP_SERVICE_UNAVAILABLE)
		return refuse_for_now(t, 5, CORE_REFUSED_MEMORY, "no memory");
	if (code != 0)
		return refuse(t, code,
		        code == SL_COAP_METHOD_NOT_ALLOWED ? CORE_REFUSED_METHOD
		                                           : CORE_REFUSED_TARGET,
		        "no HTTP request for it");
	wish.draft.has_etag = sl_coap_find(t->msg, SL_COAP_ETAG) != NULL;
	verdict = add(t, &wish);
	if (verdict == EXCHANGE_ADDED) {
		if (!is_verified)
			bucket_take(&t->core->forwards);
		return STEP_GO_ON;
	}
	free(wish.text);
	if (verdict == EXCHANGE_PEER_FULL)
		return refuse_for_now(t, 5, CORE_REFUSED_PEER, "too many at once");
	if (verdict == EXCHANGE_PREFIX_FULL)
		return refuse_for_now(
		        t, 5, CORE_REFUSED_PREFIX, "too many at once of this network");
	return refuse_for_now(t, 5, CORE_REFUSED_QUEUE, "queue is full");
}

static enum step
run_steps(struct turn *t)
{
	static enum step (*const steps[])(struct turn *) = {
	        ask_admission,
	        check_options,
	        find_destination,
	        ask_echo,
	        serve_discovery,
	        serve_follow_up,
	        ask_memory,
	        ask_whether_open,
	        ask_budget,
	};
	struct sl_block_got got;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (steps[i](t) == STEP_ANSWERED)
			return STEP_ANSWERED;
	if (collect_body(t, &got) == STEP_ANSWERED)
		return STEP_ANSWERED;
	sl_block_key(&t->asker.key, t->core->hash_key, &t->asker.peer, t->msg);
	return enqueue(t, got.body);
}

/* What was answered here may be asked again without harm, so nobody can fill the table of exchanges with
 * requests that lead nowhere. */
void
evaluate(struct turn *t)
{
	note_echo(t);
	if (run_steps(t) == STEP_ANSWERED)
		sl_messages_may_yield(t->core->messages, t->asker.ref);
}
