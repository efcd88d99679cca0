/* SPDX-License-Identifier: BSD-2-Clause
 * Contexts out of EDHOC: how they come, how long they stay, who leaves when there is no room. A removed one
 * keeps its place for the time of its quarantine, so that a late message cannot meet another context under its
 * kid (RFC 9528 section 3.3.2). */
#include "contexts_table.h"

#include <stdlib.h>
#include <string.h>

#define SPARE_AFTER_MS (UINT64_C(3600) * 1000) /* without a request */

/* --- queues --------------------------------------------------------------------------------------------- */

static void
take_out(struct context *ctx)
{
	struct context_made *m = ctx->made;
	struct context_queue *q = m->queue;

	if (q == NULL)
		return;
	if (m->older != NULL)
		m->older->made->newer = m->newer;
	else
		q->oldest = m->newer;
	if (m->newer != NULL)
		m->newer->made->older = m->older;
	else
		q->newest = m->older;
	q->count--;
	m->queue = NULL;
}

static void
put_in(struct context_queue *q, struct context *ctx)
{
	take_out(ctx);
	ctx->made->queue = q;
	ctx->made->newer = NULL;
	ctx->made->older = q->newest;
	if (q->newest != NULL)
		q->newest->made->newer = ctx;
	else
		q->oldest = ctx;
	q->newest = ctx;
	q->count++;
}

/* --- owners --------------------------------------------------------------------------------------------- */

static struct context **
owner_bucket(struct contexts *c, const uint8_t cred_hash[static SL_SHA256_LEN])
{
	uint64_t hash = sl_siphash(c->config.hash_key, sl_span(cred_hash, SL_SHA256_LEN));

	return &c->owners[hash & (c->bucket_count - 1)];
}

static bool
is_of(const struct context *ctx, const uint8_t cred_hash[static SL_SHA256_LEN])
{
	return memcmp(ctx->made->peer.cred_hash, cred_hash, SL_SHA256_LEN) == 0;
}

static void
leave_owner(struct contexts *c, struct context *ctx)
{
	struct context **at = owner_bucket(c, ctx->made->peer.cred_hash);

	while (*at != ctx)
		at = &(*at)->made->next_of_owner;
	*at = ctx->made->next_of_owner;
}

/* Of two of a credential's contexts the one that leaves: never used before used, then the older. */
static bool
leaves_before(const struct contexts *c, const struct context *a, const struct context *b)
{
	bool a_is_used = a->made->queue == &c->used, b_is_used = b->made->queue == &c->used;

	return a_is_used != b_is_used ? !a_is_used : a->id > b->id;
}

/* There is one more to come. */
static void
trim_owner(struct contexts *c, const struct trust_peer *peer, uint64_t now_ms)
{
	struct context *ctx, *worst = NULL;
	size_t count = 0;

	for (ctx = *owner_bucket(c, peer->cred_hash); ctx != NULL; ctx = ctx->made->next_of_owner) {
		if (!is_of(ctx, peer->cred_hash))
			continue;
		count++;
		if (worst == NULL || leaves_before(c, ctx, worst))
			worst = ctx;
	}
	if (count >= CONTEXTS_PER_CREDENTIAL)
		contexts_end(c, worst, now_ms);
}

/* The peer has this one, so it does not need the others any more. */
static void
end_older(struct contexts *c, const struct context *newest, uint64_t now_ms)
{
	const uint8_t *owner = newest->made->peer.cred_hash;
	struct context *ctx = *owner_bucket(c, owner);

	while (ctx != NULL) {
		struct context *next = ctx->made->next_of_owner;

		if (ctx->id > newest->id && is_of(ctx, owner))
			contexts_end(c, ctx, now_ms);
		ctx = next;
	}
}

/* --- the end of a context --------------------------------------------------------------------------------- */

/* Nobody holds it: what is left is its kid. */
static void
wipe(struct context *ctx)
{
	sl_oscore_ctx_clear(&ctx->oscore);
	sl_wipe(ctx->made->binding, sizeof(ctx->made->binding));
}

void
contexts_end(struct contexts *c, struct context *ctx, uint64_t now_ms)
{
	atomic_store(&ctx->is_disabled, true);
	ctx->is_gone = true;
	c->count--;
	leave_owner(c, ctx);
	put_in(&c->gone, ctx);
	ctx->made->gone_ms = now_ms;
	if (ctx->holders == 0)
		wipe(ctx);
}

void
contexts_release(struct contexts *c, struct context *ctx)
{
	if (ctx->made == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	if (--ctx->holders == 0 && ctx->is_gone)
		wipe(ctx);
	pthread_mutex_unlock(&c->lock);
}

static void
forget(struct contexts *c, struct context *ctx)
{
	struct context **at = contexts_bucket(c, contexts_kid(ctx));

	while (*at != ctx)
		at = &(*at)->next;
	*at = ctx->next;
	take_out(ctx);
	contexts_destroy(ctx);
}

bool
contexts_is_over(const struct contexts *c, const struct context *ctx, uint64_t now_ms)
{
	const struct context_made *m = ctx->made;

	return now_ms >= m->made_ms + c->config.life_ms || now_ms >= m->used_ms + c->config.idle_ms;
}

static void
end_idle(struct contexts *c, const struct context_queue *q, uint64_t now_ms)
{
	while (q->oldest != NULL && contexts_is_over(c, q->oldest, now_ms))
		contexts_end(c, q->oldest, now_ms);
}

void
contexts_sweep(struct contexts *c, uint64_t now_ms)
{
	struct context *ctx;

	end_idle(c, &c->never_used, now_ms);
	end_idle(c, &c->used, now_ms);
	while ((ctx = c->gone.oldest) != NULL && ctx->holders == 0 &&
	        (now_ms >= ctx->made->gone_ms + c->config.quarantine_ms ||
	                c->gone.count > c->config.contexts_max))
		forget(c, ctx);
}

enum sl_err
contexts_make_room(struct contexts *c, uint64_t now_ms)
{
	struct context *ctx;

	if (c->count < c->config.contexts_max)
		return SL_OK;
	contexts_sweep(c, now_ms);
	if (c->count < c->config.contexts_max)
		return SL_OK;
	ctx = c->never_used.oldest;
	if (ctx == NULL)
		ctx = c->used.oldest;
	if (ctx == NULL ||
	        (ctx->made->queue == &c->used && now_ms < ctx->made->used_ms + SPARE_AFTER_MS))
		return SL_ELIMIT;
	contexts_end(c, ctx, now_ms);
	return SL_OK;
}

/* --- kids ----------------------------------------------------------------------------------------------- */

static struct context *
first_with(struct contexts *c, struct sl_span kid)
{
	struct context *ctx = *contexts_bucket(c, kid);

	while (ctx != NULL && !sl_span_equal(contexts_kid(ctx), kid))
		ctx = ctx->next;
	return ctx;
}

void
contexts_end_kid(struct contexts *c, struct sl_span kid, uint64_t now_ms)
{
	struct context *ctx;

	for (ctx = *contexts_bucket(c, kid); ctx != NULL; ctx = ctx->next) {
		if (ctx->made != NULL && !ctx->is_gone && sl_span_equal(contexts_kid(ctx), kid))
			contexts_end(c, ctx, now_ms);
	}
}

bool
contexts_has_kid(struct contexts *c, struct sl_span kid, uint64_t now_ms)
{
	bool has;

	pthread_mutex_lock(&c->lock);
	contexts_sweep(c, now_ms);
	has = first_with(c, kid) != NULL;
	pthread_mutex_unlock(&c->lock);
	return has;
}

/* --- their coming and use ------------------------------------------------------------------------------- */

static enum sl_err
fill(struct context *ctx, const struct contexts_grant *grant)
{
	struct sl_oscore_params params = {
	        .master_secret = sl_key_view(&grant->keys->master_secret),
	        .master_salt = sl_key_view(&grant->keys->master_salt),
	        .sender_id = grant->keys->sender_id,
	        .recipient_id = grant->keys->recipient_id,
	        .aead_alg = grant->keys->aead_alg,
	        .hkdf_hash = grant->keys->hkdf_hash,
	};
	enum sl_err err;

	if (grant->binding.len > CONTEXTS_BINDING_MAX)
		return SL_EMALFORMED;
	ctx->made = calloc(1, sizeof(*ctx->made));
	if (ctx->made == NULL)
		return SL_ENOMEM;
	err = sl_oscore_ctx_init(&ctx->oscore, &params);
	if (err)
		return err;
	sl_oscore_reserve(&ctx->oscore, SL_OSCORE_SSN_END);
	ctx->kid = ctx->oscore.recipient_id;
	ctx->made->peer = *grant->peer;
	if (grant->binding.len > 0)
		memcpy(ctx->made->binding, grant->binding.ptr, grant->binding.len);
	ctx->made->made_ms = ctx->made->used_ms = grant->now_ms;
	memcpy(ctx->identity, grant->peer->identity, sizeof(ctx->identity));
	memcpy(ctx->profile, grant->peer->profile, sizeof(ctx->profile));
	ctx->functions = grant->peer->functions;
	return SL_OK;
}

/* With the table's lock held. */
static enum sl_err
take_in(struct contexts *c, struct context *ctx, uint64_t now_ms)
{
	struct context **owner = owner_bucket(c, ctx->made->peer.cred_hash);
	enum sl_err err;

	contexts_sweep(c, now_ms);
	if (first_with(c, contexts_kid(ctx)) != NULL)
		return SL_EREPLAY;
	trim_owner(c, &ctx->made->peer, now_ms);
	err = contexts_make_room(c, now_ms);
	if (err)
		return err;
	ctx->id = --c->last_id;
	contexts_insert(c, ctx);
	ctx->made->next_of_owner = *owner;
	*owner = ctx;
	put_in(&c->never_used, ctx);
	return SL_OK;
}

enum sl_err
contexts_add(struct contexts *c, const struct contexts_grant *grant, int64_t *id)
{
	struct context *ctx = contexts_make();
	enum sl_err err;

	if (ctx == NULL)
		return SL_ENOMEM;
	err = fill(ctx, grant);
	if (err == SL_OK) {
		pthread_mutex_lock(&c->lock);
		err = take_in(c, ctx, grant->now_ms);
		*id = ctx->id;
		pthread_mutex_unlock(&c->lock);
	}
	if (err)
		contexts_destroy(ctx);
	return err;
}

void
contexts_used(struct contexts *c, struct context *ctx, uint64_t now_ms)
{
	bool is_first;

	if (ctx->made == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	if (!ctx->is_gone) {
		is_first = ctx->made->queue == &c->never_used;
		ctx->made->used_ms = now_ms;
		put_in(&c->used, ctx);
		if (is_first)
			end_older(c, ctx, now_ms);
	}
	pthread_mutex_unlock(&c->lock);
}

struct sl_span
contexts_binding(const struct context *ctx)
{
	return ctx->made != NULL ? sl_span_text(ctx->made->binding) : sl_span(NULL, 0);
}

struct sl_span
contexts_serial(const struct context *ctx)
{
	return ctx->made != NULL ? sl_span(ctx->made->peer.serial, ctx->made->peer.serial_len)
	                         : sl_span(NULL, 0);
}

struct contexts_counts
contexts_counts(struct contexts *c)
{
	struct contexts_counts counts;

	pthread_mutex_lock(&c->lock);
	counts.made = c->never_used.count + c->used.count;
	counts.never_used = c->never_used.count;
	counts.quarantined = c->gone.count;
	pthread_mutex_unlock(&c->lock);
	return counts;
}
