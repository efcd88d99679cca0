/* SPDX-License-Identifier: BSD-2-Clause
 * Entries live in one array. A hash table of chains finds them by key, a second one by context; finished
 * ones also stand in a queue in the order of their time, and leave it at its head. */
#include "reply_cache.h"

#include <stdlib.h>
#include <string.h>

#include <sl/buf.h>
#include <sl/hash.h>
#include <sl/writer.h>

#define NONE UINT32_MAX

enum entry_state {
	FREE = 0,
	PENDING,
	READY,
};

struct entry {
	struct reply_key key;
	enum entry_state state;
	unsigned joiners;
	int64_t context_id;
	uint64_t stored_ms;
	size_t option_len;
	struct sl_buf bytes;      /* option, then body */
	uint32_t next_by_key;     /* also the list of free entries */
	uint32_t next_by_context; /* only READY */
	uint32_t older, newer;    /* only READY */
};

struct reply_cache {
	struct reply_cache_config config;
	struct reply_cache_counts counts;
	uint32_t bucket_count; /* a power of two */
	uint32_t *by_key, *by_context;
	uint32_t oldest, newest, free;
	struct entry *entries;
};

enum sl_err
reply_key(struct reply_key *key, struct sl_span option, struct sl_span body)
{
	uint8_t head[SL_SHA256_LEN + 2 + REPLY_OPTION_MAX];
	struct sl_writer w = sl_writer_over(head, sizeof(head));
	uint8_t digest[SL_SHA256_LEN];
	enum sl_err err;

	if (option.len > REPLY_OPTION_MAX)
		return SL_EMALFORMED;
	err = sl_sha256(body, digest);
	if (err)
		return err;
	sl_write_span(&w, sl_span(digest, sizeof(digest)));
	sl_write_u16(&w, (uint16_t)option.len);
	sl_write_span(&w, option);
	return sl_sha256(sl_writer_span(&w), key->bytes);
}

void
reply_cache_config_init(struct reply_cache_config *config)
{
	memset(config, 0, sizeof(*config));
	config->entries_max = 4096;
	config->bytes_max = (size_t)4 << 20;
	config->per_context_max = 4;
	config->joiners_max = 2;
	config->keep_ms = 300000;
}

static void
clear_tables(struct reply_cache *c)
{
	uint32_t i;

	for (i = 0; i < c->bucket_count; i++) {
		c->by_key[i] = NONE;
		c->by_context[i] = NONE;
	}
	c->oldest = NONE;
	c->newest = NONE;
	c->free = 0;
	for (i = 0; i < c->config.entries_max; i++) {
		sl_buf_init(&c->entries[i].bytes, REPLY_OPTION_MAX + REPLY_BODY_MAX);
		c->entries[i].next_by_key = i + 1 < c->config.entries_max ? i + 1 : NONE;
	}
}

enum sl_err
reply_cache_new(struct reply_cache **out, const struct reply_cache_config *config)
{
	struct reply_cache *c;

	if (config->entries_max == 0 || config->entries_max > 1U << 24 || config->bytes_max == 0 ||
	        config->per_context_max == 0)
		return SL_EMALFORMED;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return SL_ENOMEM;
	c->config = *config;
	for (c->bucket_count = 16; c->bucket_count < config->entries_max; c->bucket_count *= 2)
		;
	c->by_key = calloc(c->bucket_count, sizeof(*c->by_key));
	c->by_context = calloc(c->bucket_count, sizeof(*c->by_context));
	c->entries = calloc(config->entries_max, sizeof(*c->entries));
	if (c->by_key == NULL || c->by_context == NULL || c->entries == NULL) {
		reply_cache_free(c);
		return SL_ENOMEM;
	}
	clear_tables(c);
	*out = c;
	return SL_OK;
}

void
reply_cache_free(struct reply_cache *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; c->entries != NULL && i < c->config.entries_max; i++)
		sl_buf_clear(&c->entries[i].bytes);
	free(c->entries);
	free(c->by_key);
	free(c->by_context);
	free(c);
}

static uint32_t *
key_bucket(struct reply_cache *c, const struct reply_key *key)
{
	uint64_t h = sl_siphash(c->config.hash_key, sl_span(key->bytes, sizeof(key->bytes)));

	return &c->by_key[h & (c->bucket_count - 1)];
}

static uint32_t *
context_bucket(struct reply_cache *c, int64_t context_id)
{
	uint64_t h = sl_siphash(c->config.hash_key, sl_span(&context_id, sizeof(context_id)));

	return &c->by_context[h & (c->bucket_count - 1)];
}

static struct entry *
find(struct reply_cache *c, const struct reply_key *key)
{
	uint32_t i = *key_bucket(c, key);

	while (i != NONE && memcmp(&c->entries[i].key, key, sizeof(*key)) != 0)
		i = c->entries[i].next_by_key;
	return i == NONE ? NULL : &c->entries[i];
}

static void
unlink_ready(struct reply_cache *c, struct entry *e, uint32_t index)
{
	uint32_t *at = context_bucket(c, e->context_id);

	while (*at != index)
		at = &c->entries[*at].next_by_context;
	*at = e->next_by_context;
	*(e->older == NONE ? &c->oldest : &c->entries[e->older].newer) = e->newer;
	*(e->newer == NONE ? &c->newest : &c->entries[e->newer].older) = e->older;
	c->counts.bytes -= e->bytes.len;
}

static void
drop(struct reply_cache *c, struct entry *e)
{
	uint32_t index = (uint32_t)(e - c->entries);
	uint32_t *at = key_bucket(c, &e->key);

	while (*at != index)
		at = &c->entries[*at].next_by_key;
	*at = e->next_by_key;
	if (e->state == READY)
		unlink_ready(c, e, index);
	else
		c->counts.pending--;
	sl_buf_clear(&e->bytes);
	e->state = FREE;
	e->next_by_key = c->free;
	c->free = index;
	c->counts.entries--;
}

static void
expire(struct reply_cache *c, uint64_t now_ms)
{
	while (c->oldest != NONE && now_ms >= c->entries[c->oldest].stored_ms + c->config.keep_ms)
		drop(c, &c->entries[c->oldest]);
}

/* The reply of a READY entry, NULL-safe for an empty body. */
static void
view(const struct entry *e, struct reply *out)
{
	struct sl_span all = sl_buf_view(&e->bytes);

	out->option = sl_span(all.ptr, e->option_len);
	out->body = sl_span(
	        e->option_len < all.len ? all.ptr + e->option_len : NULL, all.len - e->option_len);
}

static enum reply_state
make(struct reply_cache *c, const struct reply_key *key)
{
	uint32_t *bucket = key_bucket(c, key);
	struct entry *e;

	if (c->free == NONE && c->oldest != NONE) {
		drop(c, &c->entries[c->oldest]);
		c->counts.evicted++;
	}
	if (c->free == NONE)
		return REPLY_BUSY;
	e = &c->entries[c->free];
	c->free = e->next_by_key;
	e->key = *key;
	e->state = PENDING;
	e->joiners = 0;
	e->next_by_key = *bucket;
	*bucket = (uint32_t)(e - c->entries);
	c->counts.entries++;
	c->counts.pending++;
	return REPLY_MINE;
}

enum reply_state
reply_cache_begin(
        struct reply_cache *c, const struct reply_key *key, uint64_t now_ms, struct reply *out)
{
	struct entry *e;

	expire(c, now_ms);
	e = find(c, key);
	if (e == NULL)
		return make(c, key);
	if (e->state == READY) {
		view(e, out);
		c->counts.hits++;
		return REPLY_READY;
	}
	if (e->joiners >= c->config.joiners_max)
		return REPLY_BUSY;
	e->joiners++;
	return REPLY_PENDING;
}

/* What the worker dropped is gone: the first joiner to look makes it anew. */
enum reply_state
reply_cache_join(
        struct reply_cache *c, const struct reply_key *key, uint64_t now_ms, struct reply *out)
{
	struct entry *e = find(c, key);

	if (e != NULL && e->state == PENDING)
		return REPLY_PENDING;
	return reply_cache_begin(c, key, now_ms, out);
}

void
reply_cache_leave(struct reply_cache *c, const struct reply_key *key)
{
	struct entry *e = find(c, key);

	if (e != NULL && e->joiners > 0)
		e->joiners--;
}

void
reply_cache_drop(struct reply_cache *c, const struct reply_key *key)
{
	struct entry *e = find(c, key);

	if (e != NULL)
		drop(c, e);
}

/* The oldest entries of a context leave until there is room for one more. */
static void
trim_context(struct reply_cache *c, int64_t context_id)
{
	struct entry *oldest = NULL;
	unsigned count = 0;
	uint32_t i;

	for (i = *context_bucket(c, context_id); i != NONE; i = c->entries[i].next_by_context) {
		if (c->entries[i].context_id != context_id)
			continue;
		oldest = &c->entries[i]; /* chains are newest first */
		count++;
	}
	if (count >= c->config.per_context_max)
		drop(c, oldest);
}

static void
link_ready(struct reply_cache *c, struct entry *e)
{
	uint32_t index = (uint32_t)(e - c->entries);
	uint32_t *bucket = context_bucket(c, e->context_id);

	e->next_by_context = *bucket;
	*bucket = index;
	e->newer = NONE;
	e->older = c->newest;
	*(c->newest == NONE ? &c->oldest : &c->entries[c->newest].newer) = index;
	c->newest = index;
	c->counts.bytes += e->bytes.len;
	c->counts.pending--;
	e->state = READY;
}

void
reply_cache_finish(struct reply_cache *c, const struct reply_key *key, int64_t context_id,
        const struct reply *reply, uint64_t now_ms)
{
	struct entry *e = find(c, key);
	size_t len = reply->option.len + reply->body.len;

	if (e == NULL || e->state != PENDING)
		return;
	expire(c, now_ms);
	if (len > c->config.bytes_max || sl_buf_add(&e->bytes, reply->option) != SL_OK ||
	        sl_buf_add(&e->bytes, reply->body) != SL_OK) {
		sl_buf_clear(&e->bytes);
		reply_cache_drop(c, key);
		return;
	}
	trim_context(c, context_id);
	while (c->oldest != NONE && c->counts.bytes + len > c->config.bytes_max) {
		drop(c, &c->entries[c->oldest]);
		c->counts.evicted++;
	}
	e->context_id = context_id;
	e->option_len = reply->option.len;
	e->stored_ms = now_ms;
	link_ready(c, e);
}

struct reply_cache_counts
reply_cache_counts(const struct reply_cache *c)
{
	return c->counts;
}
