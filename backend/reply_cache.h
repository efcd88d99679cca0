/* SPDX-License-Identifier: BSD-2-Clause
 * The exact-reply cache: a repeated HTTP request (a transport copy of one OSCORE message) gets the stored
 * bytes again, without decryption, effect or sealing (RFC 8613 section 8.2 refuses it otherwise, and the
 * answer would be lost). Holds ciphertext only. Pure and not locked: the owner has the lock. */
#ifndef REPLY_CACHE_H
#define REPLY_CACHE_H

#include <sl/err.h>
#include <sl/siphash.h>
#include <sl/span.h>

#define REPLY_KEY_LEN    32
#define REPLY_OPTION_MAX 255
#define REPLY_BODY_MAX   4096

/* Digest over the whole OSCORE option value (so over kid, kid context and Partial IV) and the body. */
struct reply_key {
	uint8_t bytes[REPLY_KEY_LEN];
};

enum sl_err reply_key(
        struct reply_key *key, struct sl_span option, struct sl_span body) SL_MUST_USE;

struct reply_cache_config {
	size_t entries_max;
	size_t bytes_max;         /* options and bodies together */
	unsigned per_context_max; /* replies kept of one context; the oldest leaves */
	unsigned joiners_max;     /* copies that may wait for one request in progress */
	uint64_t keep_ms;
	uint8_t hash_key[SL_SIPHASH_KEY_LEN];
};

/* 4096 entries, 4 MiB, 4 per context, 2 joiners, 300 s (CoAP's 247 s exchange lifetime and a margin). */
void reply_cache_config_init(struct reply_cache_config *config);

struct reply_cache;

/* SL_ENOMEM, SL_EMALFORMED (a maximum of 0). */
enum sl_err reply_cache_new(
        struct reply_cache **out, const struct reply_cache_config *config) SL_MUST_USE;
void reply_cache_free(struct reply_cache *c); /* NULL is fine */

enum reply_state {
	REPLY_MINE,    /* new: the caller works on it and must call _finish or _drop */
	REPLY_READY,   /* *out is the stored reply */
	REPLY_PENDING, /* somebody works on it; the caller is counted as a joiner */
	REPLY_BUSY,    /* no room, or too many joiners */
};

struct reply {
	struct sl_span option, body;
};

/* The spans of *out are valid until the next call into the cache. */
enum reply_state reply_cache_begin(
        struct reply_cache *c, const struct reply_key *key, uint64_t now_ms, struct reply *out);
/* A joiner asks again. READY and MINE (the worker dropped it, the joiner is the worker now) end its
 * waiting. */
enum reply_state reply_cache_join(
        struct reply_cache *c, const struct reply_key *key, uint64_t now_ms, struct reply *out);
/* A joiner goes away without an answer. */
void reply_cache_leave(struct reply_cache *c, const struct reply_key *key);
/* The worker's answer. What is too large is not kept (the entry is dropped). */
void reply_cache_finish(struct reply_cache *c, const struct reply_key *key, int64_t context_id,
        const struct reply *reply, uint64_t now_ms);
void reply_cache_drop(struct reply_cache *c, const struct reply_key *key);

struct reply_cache_counts {
	size_t entries, bytes, pending;
	uint64_t hits, evicted;
};

struct reply_cache_counts reply_cache_counts(const struct reply_cache *c);

#endif
