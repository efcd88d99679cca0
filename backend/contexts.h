/* SPDX-License-Identifier: BSD-2-Clause
 * The OSCORE security contexts of the server, loaded from the store, found by kid and kid context. What RFC
 * 8613 appendix B.1 asks is done here: sequence numbers are reserved durably before they are used, and a
 * context that was used before the start accepts nothing until its Echo came back. Thread-safe. */
#ifndef CONTEXTS_H
#define CONTEXTS_H

#include <pthread.h>
#include <stdatomic.h>

#include <sl/oscore.h>
#include <sl/siphash.h>

#include "store.h"

#define CONTEXTS_ECHO_LEN 12

/* Made by the table, lives as long as it. */
struct context {
	int64_t id;
	char identity[POLICY_IDENTITY_MAX + 1];
	char profile[POLICY_NAME_MAX + 1];
	unsigned functions; /* allowed: bit (1 << enum sl_est_function) */
	atomic_bool is_disabled;
	bool is_gone;         /* the store disabled it: not counted any more; under the table's lock */
	pthread_mutex_t lock; /* around everything below */
	struct sl_oscore_ctx oscore;
	bool is_marked;       /* the store knows that the context is in use */
	struct context *next; /* of the table */
};

struct contexts_config {
	struct store *store; /* borrowed */
	size_t contexts_max;
	uint64_t ssn_step;       /* numbers reserved at once; default 1024 */
	uint64_t echo_fresh_ms;  /* default 120 s */
	uint64_t store_check_ms; /* how often a changed store is noticed; default 500 ms */
	uint8_t hash_key[SL_SIPHASH_KEY_LEN];
	uint8_t echo_key[SL_SIPHASH_KEY_LEN]; /* both random per start */
};

struct contexts;

/* Defaults, without store and keys. */
void contexts_config_init(struct contexts_config *config);
/* Loads every enabled context. One that makes no keys (lengths, algorithm) is left out and counted as
 * unusable. SL_ELIMIT (more than contexts_max), SL_ENOMEM, SL_EIO. */
enum sl_err contexts_new(struct contexts **out, const struct contexts_config *config) SL_MUST_USE;
void contexts_free(struct contexts *c); /* wipes; NULL is fine */
size_t contexts_count(struct contexts *c, size_t *unusable);

/* The context that a request names; NULL: none, or disabled. A kid context must equal the ID Context; without
 * one the kid alone must be unambiguous. When the store was changed by another process (add-context, disabled
 * or removed contexts), it is read again: looked at every store_check_ms and after a miss, then at most every
 * tenth of that. */
struct context *contexts_find(
        struct contexts *c, const struct sl_oscore_option *opt, uint64_t now_ms);

/* --- with the context's lock held ----------------------------------------------------------------------- */

/* Before the first effect of a request and before a response with its own Partial IV: there is a durable
 * reservation with at least one number left. SL_ELIMIT: 2^40 is reached. SL_EREPLAY: another process uses the
 * context, which is disabled here. SL_EIO. */
enum sl_err contexts_reserve(struct contexts *c, struct context *ctx) SL_MUST_USE;

/* --- Echo of appendix B.1.2 ------------------------------------------------------------------------------ */

/* Says when and for which context it was made; nothing is stored. */
void contexts_echo(const struct contexts *c, const struct context *ctx, uint64_t now_ms,
        uint8_t out[static CONTEXTS_ECHO_LEN]);
/* Ours, for this context, and fresh. */
bool contexts_echo_is_fresh(
        const struct contexts *c, const struct context *ctx, struct sl_span value, uint64_t now_ms);

#endif
