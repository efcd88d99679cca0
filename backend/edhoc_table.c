/* SPDX-License-Identifier: BSD-2-Clause
 * Sessions lie in one array that never moves; what is variable is a stored message each. */
#include "edhoc_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUCKETS_MAX 65536

void
edhoc_sessions_config_init(struct edhoc_sessions_config *config)
{
	memset(config, 0, sizeof(*config));
	config->sessions_max = 4096;
	config->life_ms = 120000;
	config->remember_ms = 247000;
	config->joiners_max = 16;
	config->join_ms = 10000;
}

static enum sl_err
allocate(struct edhoc_sessions *t)
{
	size_t i;

	for (t->bucket_count = 16;
	        t->bucket_count < t->config.sessions_max && t->bucket_count < BUCKETS_MAX;
	        t->bucket_count *= 2)
		;
	t->sessions = calloc(t->config.sessions_max, sizeof(*t->sessions));
	t->by_c_r = calloc(t->bucket_count, sizeof(struct edhoc_session *));
	t->by_message_1 = calloc(t->bucket_count, sizeof(struct edhoc_session *));
	if (t->sessions == NULL || t->by_c_r == NULL || t->by_message_1 == NULL)
		return SL_ENOMEM;
	for (i = t->config.sessions_max; i > 0; i--) {
		t->sessions[i - 1].next_by_message_1 = t->free;
		t->free = &t->sessions[i - 1];
	}
	return SL_OK;
}

enum sl_err
edhoc_sessions_new(struct edhoc_sessions **out, const struct edhoc_sessions_config *config)
{
	struct edhoc_sessions *t;
	pthread_condattr_t attr;

	if (config->sessions_max == 0 || config->life_ms == 0)
		return SL_EMALFORMED;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return SL_ENOMEM;
	t->config = *config;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (allocate(t) != SL_OK) {
		edhoc_sessions_free(t);
		return SL_ENOMEM;
	}
	*out = t;
	return SL_OK;
}

void
edhoc_table_forget_reply(struct edhoc_session *s)
{
	if (s->reply != NULL)
		sl_wipe(s->reply, s->reply_len);
	free(s->reply);
	s->reply = NULL;
	s->reply_len = 0;
}

void
edhoc_table_forget_secrets(struct edhoc_session *s)
{
	sl_edhoc_clear(&s->run);
	sl_wipe(s->key, sizeof(s->key));
	s->key_len = 0;
}

void
edhoc_sessions_free(struct edhoc_sessions *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; t->sessions != NULL && i < t->config.sessions_max; i++) {
		if (t->sessions[i].state == EDHOC_FREE)
			continue;
		edhoc_table_forget_secrets(&t->sessions[i]);
		edhoc_table_forget_reply(&t->sessions[i]);
	}
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t->sessions);
	free(t->by_c_r);
	free(t->by_message_1);
	sl_wipe(t, sizeof(*t));
	free(t);
}

void
edhoc_table_put_in(struct edhoc_queue *q, struct edhoc_session *s)
{
	s->newer = NULL;
	s->older = q->newest;
	if (q->newest != NULL)
		q->newest->newer = s;
	else
		q->oldest = s;
	q->newest = s;
	q->count++;
}

void
edhoc_table_take_out(struct edhoc_queue *q, struct edhoc_session *s)
{
	if (s->older != NULL)
		s->older->newer = s->newer;
	else
		q->oldest = s->newer;
	if (s->newer != NULL)
		s->newer->older = s->older;
	else
		q->newest = s->older;
	s->older = s->newer = NULL;
	q->count--;
}

static struct edhoc_session **
bucket_of(struct edhoc_sessions *t, struct edhoc_session **buckets, struct sl_span key)
{
	return &buckets[sl_siphash(t->config.hash_key, key) & (t->bucket_count - 1)];
}

static struct sl_span
c_r_of(const struct edhoc_session *s)
{
	return sl_span(s->c_r, s->c_r_len);
}

static struct sl_span
message_1_of(const struct edhoc_session *s)
{
	return sl_span(s->message_1, sizeof(s->message_1));
}

struct edhoc_session *
edhoc_table_find_c_r(struct edhoc_sessions *t, struct sl_span c_r)
{
	struct edhoc_session *s = *bucket_of(t, t->by_c_r, c_r);

	while (s != NULL && !sl_span_equal(c_r_of(s), c_r))
		s = s->next_by_c_r;
	return s;
}

struct edhoc_session *
edhoc_table_find_message_1(struct edhoc_sessions *t, struct sl_span hash)
{
	struct edhoc_session *s = *bucket_of(t, t->by_message_1, hash);

	while (s != NULL && !sl_span_equal(message_1_of(s), hash))
		s = s->next_by_message_1;
	return s;
}

void
edhoc_table_add_c_r(struct edhoc_sessions *t, struct edhoc_session *s)
{
	struct edhoc_session **bucket = bucket_of(t, t->by_c_r, c_r_of(s));

	s->next_by_c_r = *bucket;
	*bucket = s;
}

static void
leave_c_r(struct edhoc_sessions *t, struct edhoc_session *s)
{
	struct edhoc_session **at = bucket_of(t, t->by_c_r, c_r_of(s));

	if (s->c_r_len == 0)
		return;
	while (*at != s)
		at = &(*at)->next_by_c_r;
	*at = s->next_by_c_r;
}

void
edhoc_table_add_message_1(struct edhoc_sessions *t, struct edhoc_session *s)
{
	struct edhoc_session **bucket = bucket_of(t, t->by_message_1, message_1_of(s));

	s->next_by_message_1 = *bucket;
	*bucket = s;
}

void
edhoc_table_leave_message_1(struct edhoc_sessions *t, struct edhoc_session *s)
{
	struct edhoc_session **at = bucket_of(t, t->by_message_1, message_1_of(s));

	while (*at != s)
		at = &(*at)->next_by_message_1;
	*at = s->next_by_message_1;
}

void
edhoc_table_discard(struct edhoc_sessions *t, struct edhoc_session *s)
{
	if (s->state == EDHOC_DONE)
		edhoc_table_take_out(&t->done, s);
	else
		edhoc_table_leave_message_1(t, s);
	if (s->state == EDHOC_WAITS_3)
		edhoc_table_take_out(&t->waiting, s);
	if (s->state == EDHOC_MAKES_2 || s->state == EDHOC_READS_3)
		t->busy--;
	leave_c_r(t, s);
	edhoc_table_forget_secrets(s);
	edhoc_table_forget_reply(s);
	sl_wipe(s, sizeof(*s));
	s->next_by_message_1 = t->free;
	t->free = s;
}

void
edhoc_table_sweep(struct edhoc_sessions *t, uint64_t now_ms)
{
	struct edhoc_session *s;

	while ((s = t->waiting.oldest) != NULL && now_ms >= s->since_ms + t->config.life_ms)
		edhoc_table_discard(t, s);
	while ((s = t->done.oldest) != NULL && now_ms >= s->since_ms + t->config.remember_ms)
		edhoc_table_discard(t, s);
}

struct edhoc_session *
edhoc_table_take_free(struct edhoc_sessions *t)
{
	struct edhoc_queue *q = t->waiting.count >= t->done.count ? &t->waiting : &t->done;
	struct edhoc_session *s;

	if (t->free == NULL && q->oldest != NULL)
		edhoc_table_discard(t, q->oldest);
	s = t->free;
	if (s != NULL) {
		t->free = s->next_by_message_1;
		s->next_by_message_1 = NULL;
	}
	return s;
}
