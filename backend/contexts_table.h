/* SPDX-License-Identifier: BSD-2-Clause
 * What the files of the table of contexts share. Everything here is called with the table's lock held. */
#ifndef CONTEXTS_TABLE_H
#define CONTEXTS_TABLE_H

#include "contexts.h"

/* Contexts out of EDHOC, each in one of three. */
struct context_queue {
	struct context *oldest, *newest;
	size_t count;
};

struct contexts {
	struct contexts_config config;
	pthread_mutex_t lock;   /* around the table, not the contexts */
	size_t count, unusable; /* count: those that are not gone */
	size_t bucket_count;    /* a power of two */
	struct context **buckets;
	struct context **owners; /* by credential, those out of EDHOC that are not gone */
	struct context_queue never_used, used, gone; /* by age, by last use, by end */
	int64_t last_id;                             /* of one out of EDHOC */
	uint64_t store_version;
	uint64_t checked_ms;
};

struct context **contexts_bucket(struct contexts *c, struct sl_span kid);
struct sl_span contexts_kid(const struct context *ctx);
/* A context with its lock. NULL: no memory. Keys and kid are the caller's to set. */
struct context *contexts_make(void);
void contexts_destroy(struct context *ctx);
void contexts_insert(struct contexts *c, struct context *ctx);

/* Ends contexts out of EDHOC that are over, and forgets those whose quarantine is. */
void contexts_sweep(struct contexts *c, uint64_t now_ms);
/* Whether the time of one out of EDHOC is over. */
bool contexts_is_over(const struct contexts *c, const struct context *ctx, uint64_t now_ms);
/* Ends one out of EDHOC; its keys are wiped when nobody holds it. */
void contexts_end(struct contexts *c, struct context *ctx, uint64_t now_ms);
/* SL_ELIMIT: the table is full of contexts in use. */
enum sl_err contexts_make_room(struct contexts *c, uint64_t now_ms) SL_MUST_USE;
/* Ends the one out of EDHOC with this kid, if there is one. */
void contexts_end_kid(struct contexts *c, struct sl_span kid, uint64_t now_ms);

#endif
