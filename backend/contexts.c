/* SPDX-License-Identifier: BSD-2-Clause
 * A hash table of contexts by kid, under one lock; the contexts have locks of their own. A context whose
 * durable limit is 0 never accepted a request, so its window cannot have been lost. */
#include "contexts_table.h"

#include <stdlib.h>
#include <string.h>

#include <sl/reader.h>

#define BUCKETS_MAX 65536

void
contexts_config_init(struct contexts_config *config)
{
	memset(config, 0, sizeof(*config));
	config->contexts_max = 100000;
	config->ssn_step = 1024;
	config->echo_fresh_ms = 120000;
	config->store_check_ms = 500;
	config->life_ms = UINT64_C(30) * 86400 * 1000;
	config->idle_ms = UINT64_C(7) * 86400 * 1000;
	config->quarantine_ms = 300000;
}

struct context **
contexts_bucket(struct contexts *c, struct sl_span kid)
{
	return &c->buckets[sl_siphash(c->config.hash_key, kid) & (c->bucket_count - 1)];
}

struct sl_span
contexts_kid(const struct context *ctx)
{
	return sl_span(ctx->kid.bytes, ctx->kid.len);
}

static struct sl_span
id_context_of(const struct context *ctx)
{
	return sl_span(ctx->oscore.id_context, ctx->oscore.id_context_len);
}

static enum sl_err
derive(struct context *ctx, const struct store_context *stored)
{
	struct sl_oscore_params params = {
	        .master_secret = sl_key_view(&stored->master_secret),
	        .master_salt = sl_key_view(&stored->master_salt),
	        .sender_id = sl_span(stored->sender_id.bytes, stored->sender_id.len),
	        .recipient_id = sl_span(stored->recipient_id.bytes, stored->recipient_id.len),
	        .has_id_context = stored->has_id_context,
	        .id_context = sl_span(stored->id_context, stored->id_context_len),
	        .aead_alg = stored->aead_alg,
	        .hkdf_hash = stored->hkdf_hash,
	        .window = stored->window,
	};
	enum sl_err err = sl_oscore_ctx_init(&ctx->oscore, &params);

	if (err == SL_OK && stored->ssn_limit > 0) {
		sl_oscore_resume(&ctx->oscore, stored->ssn_limit);
		sl_oscore_window_lose(&ctx->oscore);
	}
	return err;
}

struct context *
contexts_make(void)
{
	struct context *ctx = calloc(1, sizeof(*ctx));

	if (ctx == NULL)
		return NULL;
	if (pthread_mutex_init(&ctx->lock, NULL) != 0) {
		free(ctx);
		return NULL;
	}
	atomic_init(&ctx->is_disabled, false);
	return ctx;
}

void
contexts_destroy(struct context *ctx)
{
	sl_oscore_ctx_clear(&ctx->oscore);
	pthread_mutex_destroy(&ctx->lock);
	if (ctx->made != NULL)
		sl_wipe(ctx->made, sizeof(*ctx->made));
	free(ctx->made);
	free(ctx);
}

void
contexts_insert(struct contexts *c, struct context *ctx)
{
	struct context **bucket = contexts_bucket(c, contexts_kid(ctx));

	ctx->next = *bucket;
	*bucket = ctx;
	c->count++;
}

/* A stored context has its kid before one out of EDHOC, whose peer runs EDHOC again. */
static enum sl_err
add(struct contexts *c, const struct store_context *stored)
{
	struct context *ctx;
	enum sl_err err = contexts_make_room(c, c->checked_ms);

	if (err)
		return err;
	ctx = contexts_make();
	if (ctx == NULL)
		return SL_ENOMEM;
	err = derive(ctx, stored);
	if (err) {
		contexts_destroy(ctx);
		c->unusable += err == SL_EMALFORMED || err == SL_EUNSUPPORTED;
		return err == SL_EMALFORMED || err == SL_EUNSUPPORTED ? SL_OK : err;
	}
	ctx->id = stored->id;
	ctx->kid = stored->recipient_id;
	memcpy(ctx->identity, stored->identity, sizeof(ctx->identity));
	memcpy(ctx->profile, stored->profile, sizeof(ctx->profile));
	ctx->functions = stored->functions;
	if (!stored->has_id_context)
		contexts_end_kid(c, contexts_kid(ctx), c->checked_ms);
	contexts_insert(c, ctx);
	return SL_OK;
}

static struct context *
find_id(struct contexts *c, const struct store_context *stored)
{
	struct sl_span kid = sl_span(stored->recipient_id.bytes, stored->recipient_id.len);
	struct context *ctx = *contexts_bucket(c, kid);

	while (ctx != NULL && ctx->id != stored->id)
		ctx = ctx->next;
	return ctx;
}

static enum sl_err
take_stored(void *arg, const struct store_context *stored)
{
	struct contexts *c = arg;
	struct context *ctx = find_id(c, stored);

	if (ctx != NULL) {
		if (stored->is_disabled && !ctx->is_gone) {
			atomic_store(&ctx->is_disabled, true);
			ctx->is_gone = true;
			c->count--;
		}
		return SL_OK;
	}
	return stored->is_disabled ? SL_OK : add(c, stored);
}

enum sl_err
contexts_new(struct contexts **out, const struct contexts_config *config)
{
	struct contexts *c = calloc(1, sizeof(*c));
	enum sl_err err;

	if (c == NULL)
		return SL_ENOMEM;
	c->config = *config;
	for (c->bucket_count = 16;
	        c->bucket_count < config->contexts_max && c->bucket_count < BUCKETS_MAX;
	        c->bucket_count *= 2)
		;
	c->buckets = calloc(c->bucket_count, sizeof(struct context *));
	c->owners = calloc(c->bucket_count, sizeof(struct context *));
	if (c->buckets == NULL || c->owners == NULL || pthread_mutex_init(&c->lock, NULL) != 0) {
		free(c->owners);
		free(c->buckets);
		free(c);
		return SL_ENOMEM;
	}
	err = store_version(config->store, &c->store_version);
	if (err == SL_OK)
		err = store_contexts_each(config->store, 0, take_stored, c);
	if (err) {
		contexts_free(c);
		return err;
	}
	*out = c;
	return SL_OK;
}

void
contexts_free(struct contexts *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->bucket_count; i++) {
		while (c->buckets[i] != NULL) {
			struct context *next = c->buckets[i]->next;

			contexts_destroy(c->buckets[i]);
			c->buckets[i] = next;
		}
	}
	pthread_mutex_destroy(&c->lock);
	free(c->owners);
	free(c->buckets);
	sl_wipe(c, sizeof(*c));
	free(c);
}

size_t
contexts_count(struct contexts *c, size_t *unusable)
{
	size_t count;

	pthread_mutex_lock(&c->lock);
	count = c->count;
	*unusable = c->unusable;
	pthread_mutex_unlock(&c->lock);
	return count;
}

/* Takes over what another process changed. A failure leaves the table as it is and is tried again. */
static void
look_at_store(struct contexts *c, uint64_t now_ms, uint64_t every_ms)
{
	uint64_t version;
	enum sl_err err;

	if (now_ms < c->checked_ms + every_ms)
		return;
	c->checked_ms = now_ms;
	if (store_version(c->config.store, &version) != SL_OK || version == c->store_version)
		return;
	err = store_contexts_each(c->config.store, 0, take_stored, c);
	if (err == SL_OK || err == SL_ELIMIT) /* the table is full: the rest stays unknown */
		c->store_version = version;
}

static struct context *
look_up(struct contexts *c, const struct sl_oscore_option *opt)
{
	struct context *ctx, *found = NULL;
	size_t candidates = 0;

	for (ctx = *contexts_bucket(c, opt->kid); ctx != NULL; ctx = ctx->next) {
		if (!sl_span_equal(contexts_kid(ctx), opt->kid) || atomic_load(&ctx->is_disabled))
			continue;
		if (opt->has_kid_context
		                ? ctx->oscore.has_id_context &&
		                          sl_span_equal(id_context_of(ctx), opt->kid_context)
		                : !ctx->oscore.has_id_context)
			return ctx;
		found = ctx;
		candidates++;
	}
	return !opt->has_kid_context && candidates == 1 ? found : NULL;
}

static struct context *
hold(struct contexts *c, const struct sl_oscore_option *opt, uint64_t now_ms)
{
	struct context *ctx;

	look_at_store(c, now_ms, c->config.store_check_ms);
	ctx = look_up(c, opt);
	if (ctx == NULL) {
		look_at_store(c, now_ms, c->config.store_check_ms / 10);
		ctx = look_up(c, opt);
	}
	if (ctx == NULL || ctx->made == NULL)
		return ctx;
	if (contexts_is_over(c, ctx, now_ms)) {
		contexts_end(c, ctx, now_ms);
		return NULL;
	}
	ctx->holders++;
	return ctx;
}

struct context *
contexts_find(struct contexts *c, const struct sl_oscore_option *opt, uint64_t now_ms, int64_t now)
{
	const struct contexts_config *config = &c->config;
	struct context *ctx;

	pthread_mutex_lock(&c->lock);
	ctx = hold(c, opt, now_ms);
	pthread_mutex_unlock(&c->lock);
	if (ctx == NULL || ctx->made == NULL || config->holds == NULL ||
	        config->holds(config->holds_arg, &ctx->made->peer, now, now_ms))
		return ctx;
	pthread_mutex_lock(&c->lock);
	if (!ctx->is_gone)
		contexts_end(c, ctx, now_ms);
	pthread_mutex_unlock(&c->lock);
	contexts_release(c, ctx);
	return NULL;
}

enum sl_err
contexts_reserve(struct contexts *c, struct context *ctx)
{
	uint64_t limit = ctx->oscore.ssn_limit;
	enum sl_err err;

	if (ctx->made != NULL)
		return ctx->oscore.ssn < limit ? SL_OK : SL_ELIMIT;
	if (ctx->is_marked && ctx->oscore.ssn < limit)
		return SL_OK;
	if (limit < ctx->oscore.ssn)
		limit = ctx->oscore.ssn;
	if (limit >= SL_OSCORE_SSN_END)
		return SL_ELIMIT;
	limit = SL_OSCORE_SSN_END - limit < c->config.ssn_step ? SL_OSCORE_SSN_END
	                                                       : limit + c->config.ssn_step;
	err = store_context_reserve(c->config.store, ctx->id, limit);
	if (err == SL_EREPLAY || err == SL_ENOTFOUND)
		atomic_store(&ctx->is_disabled, true);
	if (err)
		return err;
	sl_oscore_reserve(&ctx->oscore, limit);
	ctx->is_marked = true;
	return SL_OK;
}

/* seconds since the clock's start, then SipHash over context and seconds */
static void
echo_at(const struct contexts *c, const struct context *ctx, uint32_t seconds,
        uint8_t out[static CONTEXTS_ECHO_LEN])
{
	uint8_t text[12];
	struct sl_writer w = sl_writer_over(text, sizeof(text));
	struct sl_writer value = sl_writer_over(out, CONTEXTS_ECHO_LEN);

	sl_write_u64(&w, (uint64_t)ctx->id);
	sl_write_u32(&w, seconds);
	sl_write_u32(&value, seconds);
	sl_write_u64(&value, sl_siphash(c->config.echo_key, sl_writer_span(&w)));
}

void
contexts_echo(const struct contexts *c, const struct context *ctx, uint64_t now_ms,
        uint8_t out[static CONTEXTS_ECHO_LEN])
{
	echo_at(c, ctx, (uint32_t)(now_ms / 1000), out);
}

bool
contexts_echo_is_fresh(
        const struct contexts *c, const struct context *ctx, struct sl_span value, uint64_t now_ms)
{
	struct sl_reader in = sl_reader_over(value);
	uint32_t seconds = sl_read_u32(&in);
	uint32_t age = (uint32_t)(now_ms / 1000) - seconds;
	uint8_t expected[CONTEXTS_ECHO_LEN];

	echo_at(c, ctx, seconds, expected);
	return age <= c->config.echo_fresh_ms / 1000 &&
	       sl_equal_secret(value, sl_span(expected, sizeof(expected)));
}
