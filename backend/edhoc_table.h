/* SPDX-License-Identifier: BSD-2-Clause
 * The table below the EDHOC sessions: two hash indexes and two queues. All but making and freeing is called with
 * its lock held. A session on which somebody works is in no queue, so it is neither too old nor in the way. */
#ifndef EDHOC_TABLE_H
#define EDHOC_TABLE_H

#include <pthread.h>

#include "edhoc_sessions.h"

struct edhoc_queue {
	struct edhoc_session *oldest, *newest;
	size_t count;
};

struct edhoc_sessions {
	struct edhoc_sessions_config config;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct edhoc_session *sessions, *free;
	struct edhoc_session **by_c_r, **by_message_1;
	size_t bucket_count; /* a power of two */
	struct edhoc_queue waiting, done;
	size_t busy; /* sessions on which somebody works */
	unsigned joiners;
};

void edhoc_table_put_in(struct edhoc_queue *q, struct edhoc_session *s);
void edhoc_table_take_out(struct edhoc_queue *q, struct edhoc_session *s);

/* NULL: none. */
struct edhoc_session *edhoc_table_find_c_r(struct edhoc_sessions *t, struct sl_span c_r);
struct edhoc_session *edhoc_table_find_message_1(struct edhoc_sessions *t, struct sl_span hash);
void edhoc_table_add_c_r(struct edhoc_sessions *t, struct edhoc_session *s);
void edhoc_table_add_message_1(struct edhoc_sessions *t, struct edhoc_session *s);
void edhoc_table_leave_message_1(struct edhoc_sessions *t, struct edhoc_session *s);

void edhoc_table_forget_reply(struct edhoc_session *s);
void edhoc_table_forget_secrets(struct edhoc_session *s);
/* Out of every index and queue, wiped, free. */
void edhoc_table_discard(struct edhoc_sessions *t, struct edhoc_session *s);
/* Discards what is too old. */
void edhoc_table_sweep(struct edhoc_sessions *t, uint64_t now_ms);
/* Of a full table the oldest of the more numerous kind leaves. NULL: somebody works on every session. */
struct edhoc_session *edhoc_table_take_free(struct edhoc_sessions *t);

#endif
