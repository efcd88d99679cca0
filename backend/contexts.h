/* SPDX-License-Identifier: BSD-2-Clause
 * The OSCORE security contexts of the server, loaded from the store or made by EDHOC, found by kid and kid
 * context. What RFC 8613 appendix B.1 asks of stored ones is done here: sequence numbers are reserved durably
 * before they are used, and a context that was used before the start accepts nothing until its Echo came back.
 * Those of EDHOC live and die in memory. Thread-safe. */
#ifndef CONTEXTS_H
#define CONTEXTS_H

#include <pthread.h>
#include <stdatomic.h>

#include <sl/oscore.h>
#include <sl/siphash.h>

#include "store.h"
#include "trust.h"

#define CONTEXTS_ECHO_LEN       12
#define CONTEXTS_BINDING_MAX    63
#define CONTEXTS_PER_CREDENTIAL 4 /* made by EDHOC; the oldest leaves */

/* What only contexts out of EDHOC have. The links are the table's. */
struct context_made {
	struct trust_peer peer;
	char binding[CONTEXTS_BINDING_MAX + 1]; /* what challengePassword must equal */
	uint64_t made_ms, used_ms, gone_ms;
	struct context_queue *queue;
	struct context *older, *newer; /* in the queue */
	struct context *next_of_owner;
};

/* Made by the table. A stored one lives as long as it; one out of EDHOC while it is held. */
struct context {
	int64_t id; /* negative: out of EDHOC */
	char identity[POLICY_IDENTITY_MAX + 1];
	char profile[POLICY_NAME_MAX + 1];
	unsigned functions; /* allowed: bit (1 << enum sl_est_function) */
	atomic_bool is_disabled;
	bool is_gone;         /* not counted any more; under the table's lock, as the next three */
	unsigned holders;     /* of one out of EDHOC */
	struct context *next; /* of the table */
	struct context_made *made; /* NULL: out of the store */
	struct sl_oscore_id kid;
	pthread_mutex_t lock; /* around everything below */
	struct sl_oscore_ctx oscore;
	bool is_marked; /* the store knows that the context is in use */
};

struct contexts_config {
	struct store *store; /* borrowed */
	size_t contexts_max;
	uint64_t ssn_step;       /* numbers reserved at once; default 1024 */
	uint64_t echo_fresh_ms;  /* default 120 s */
	uint64_t store_check_ms; /* how often a changed store is noticed; default 500 ms */
	uint64_t life_ms;        /* of a context out of EDHOC; default 30 days */
	uint64_t idle_ms;        /* without a request; default 7 days */
	uint64_t quarantine_ms;  /* before the kid of a removed one is given again; default 300 s */
	/* Whether what was made for the peer may be used on (trust_holds); NULL: always. */
	bool (*holds)(void *arg, const struct trust_peer *peer, int64_t now, uint64_t now_ms);
	void *holds_arg;
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

/* The context that a request names, held until contexts_release; NULL: none, disabled, or over. A kid context
 * must equal the ID Context; without one the kid alone must be unambiguous. When the store was changed by
 * another process (add-context, disabled or removed contexts), it is read again: looked at every
 * store_check_ms and after a miss, then at most every tenth of that. now: POSIX seconds. */
struct context *contexts_find(
        struct contexts *c, const struct sl_oscore_option *opt, uint64_t now_ms, int64_t now);
void contexts_release(struct contexts *c, struct context *ctx);
/* What a challengePassword in its requests must equal; empty: none known. */
struct sl_span contexts_binding(const struct context *ctx);
/* Of the certificate of ours that its peer showed in EDHOC; empty: it did not. */
struct sl_span contexts_serial(const struct context *ctx);

/* --- out of EDHOC ---------------------------------------------------------------------------------------- */

struct contexts_grant {
	const struct sl_edhoc_oscore *keys;
	const struct trust_peer *peer;
	struct sl_span binding; /* text; empty: none */
	uint64_t now_ms;
};

/* A fresh context in memory. Older ones of the same credential stay until this one was used. In a full table one
 * that was never used leaves, the oldest first, then one without a request for an hour.
 * SL_ELIMIT: all are in use. SL_EREPLAY: the kid is taken. SL_EMALFORMED, SL_EUNSUPPORTED, SL_ENOMEM, SL_EIO. */
enum sl_err contexts_add(
        struct contexts *c, const struct contexts_grant *grant, int64_t *id) SL_MUST_USE;
/* A request of the context was verified. For stored ones nothing happens. */
void contexts_used(struct contexts *c, struct context *ctx, uint64_t now_ms);
/* Whether some context has this kid, or had it quarantine_ms ago. */
bool contexts_has_kid(struct contexts *c, struct sl_span kid, uint64_t now_ms);

struct contexts_counts {
	size_t made, never_used, quarantined;
};
struct contexts_counts contexts_counts(struct contexts *c);

/* --- with the context's lock held ----------------------------------------------------------------------- */

/* Before the first effect of a request and before a response with its own Partial IV: there is a durable
 * reservation with at least one number left. Out of EDHOC all numbers are reserved from the start. SL_ELIMIT: 2^40 is reached. SL_EREPLAY: another process uses the
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
