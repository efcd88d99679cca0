/* SPDX-License-Identifier: BSD-2-Clause
 * Whose turn it is: each message is worked on by one thread, copies wait for its result. */
#include "edhoc_table.h"

#include <stdlib.h>
#include <string.h>

#include "deadline.h"

/* --- waiting for whoever works -------------------------------------------------------------------------- */

/* The session may be another one afterwards. False: no more waiting. */
static bool
wait_for_change(struct edhoc_sessions *t, const struct timespec *deadline)
{
	int late;

	if (t->joiners >= t->config.joiners_max)
		return false;
	t->joiners++;
	late = pthread_cond_timedwait(&t->changed, &t->lock, deadline);
	t->joiners--;
	return late == 0;
}

/* --- message_1 and message_2 ---------------------------------------------------------------------------- */

static enum edhoc_turn
start(struct edhoc_sessions *t, const struct edhoc_claim *claim, struct edhoc_session **session)
{
	struct edhoc_session *s = claim->may_work ? edhoc_table_take_free(t) : NULL;

	if (s == NULL)
		return EDHOC_BUSY;
	memcpy(s->message_1, claim->hash, sizeof(s->message_1));
	edhoc_table_add_message_1(t, s);
	s->state = EDHOC_MAKES_2;
	t->busy++;
	*session = s;
	return EDHOC_MINE;
}

static enum edhoc_turn
begin(struct edhoc_sessions *t, const struct edhoc_claim *claim, struct edhoc_session **session,
        struct sl_writer *stored)
{
	struct timespec deadline = deadline_in(t->config.join_ms);
	struct edhoc_session *s;

	do {
		edhoc_table_sweep(t, claim->now_ms);
		s = edhoc_table_find_message_1(t, sl_span(claim->hash, SL_SHA256_LEN));
		if (s == NULL)
			return start(t, claim, session);
		if (s->state != EDHOC_MAKES_2) {
			sl_write_span(stored, sl_span(s->reply, s->reply_len));
			return EDHOC_STORED;
		}
	} while (wait_for_change(t, &deadline));
	return EDHOC_BUSY;
}

enum edhoc_turn
edhoc_sessions_begin(struct edhoc_sessions *t, const struct edhoc_claim *claim,
        struct edhoc_session **session, struct sl_writer *stored)
{
	enum edhoc_turn turn;

	pthread_mutex_lock(&t->lock);
	turn = begin(t, claim, session, stored);
	pthread_mutex_unlock(&t->lock);
	return turn;
}

struct taken {
	struct edhoc_sessions *table;
	const struct sl_edhoc_id_choice *choice;
};

static bool
is_taken(void *owner, struct sl_span id)
{
	struct taken *taken = owner;

	return edhoc_table_find_c_r(taken->table, id) != NULL ||
	       taken->choice->is_taken(taken->choice->owner, id);
}

enum sl_err
edhoc_sessions_name(struct edhoc_sessions *t, struct edhoc_session *session,
        const struct sl_edhoc_id_choice *choice)
{
	struct taken taken = {t, choice};
	struct sl_edhoc_id_choice own = *choice;
	struct sl_edhoc_id id;
	enum sl_err err;

	own.is_taken = is_taken;
	own.owner = &taken;
	if (own.len_max > EDHOC_C_R_MAX)
		own.len_max = EDHOC_C_R_MAX;
	pthread_mutex_lock(&t->lock);
	err = sl_edhoc_id_choose(&id, &own);
	if (err == SL_OK) {
		memcpy(session->c_r, id.bytes, id.len);
		session->c_r_len = (uint8_t)id.len;
		edhoc_table_add_c_r(t, session);
	}
	pthread_mutex_unlock(&t->lock);
	return err;
}

static enum sl_err
store(struct edhoc_session *s, struct sl_span reply)
{
	uint8_t *copy = NULL;

	if (reply.len > 0) {
		copy = malloc(reply.len);
		if (copy == NULL)
			return SL_ENOMEM;
		memcpy(copy, reply.ptr, reply.len);
	}
	edhoc_table_forget_reply(s);
	s->reply = copy;
	s->reply_len = reply.len;
	return SL_OK;
}

enum sl_err
edhoc_sessions_open(struct edhoc_sessions *t, struct edhoc_session *session,
        struct sl_span message_2, uint64_t now_ms)
{
	enum sl_err err;

	pthread_mutex_lock(&t->lock);
	err = store(session, message_2);
	if (err == SL_OK) {
		session->state = EDHOC_WAITS_3;
		session->since_ms = now_ms;
		t->busy--;
		edhoc_table_put_in(&t->waiting, session);
		pthread_cond_broadcast(&t->changed);
	}
	pthread_mutex_unlock(&t->lock);
	return err;
}

/* --- message_3 and its answer --------------------------------------------------------------------------- */

static enum edhoc_turn
take(struct edhoc_sessions *t, const struct edhoc_claim *claim, struct edhoc_session *s,
        struct edhoc_session **session)
{
	if (!claim->may_work)
		return EDHOC_BUSY;
	edhoc_table_take_out(&t->waiting, s);
	t->busy++;
	s->state = EDHOC_READS_3;
	memcpy(s->message_3, claim->hash, sizeof(s->message_3));
	*session = s;
	return EDHOC_MINE;
}

static enum edhoc_turn
look(struct edhoc_sessions *t, const struct edhoc_claim *claim, struct edhoc_session **session,
        struct sl_writer *stored)
{
	struct timespec deadline = deadline_in(t->config.join_ms);
	struct edhoc_session *s;

	do {
		edhoc_table_sweep(t, claim->now_ms);
		s = edhoc_table_find_c_r(t, claim->c_r);
		if (s == NULL || s->state == EDHOC_MAKES_2)
			return EDHOC_NONE;
		if (s->state == EDHOC_WAITS_3)
			return take(t, claim, s, session);
		if (memcmp(s->message_3, claim->hash, sizeof(s->message_3)) != 0)
			return EDHOC_NONE;
		if (s->state == EDHOC_DONE) {
			sl_write_span(stored, sl_span(s->reply, s->reply_len));
			return EDHOC_STORED;
		}
	} while (wait_for_change(t, &deadline));
	return EDHOC_BUSY;
}

enum edhoc_turn
edhoc_sessions_claim(struct edhoc_sessions *t, const struct edhoc_claim *claim,
        struct edhoc_session **session, struct sl_writer *stored)
{
	enum edhoc_turn turn;

	pthread_mutex_lock(&t->lock);
	turn = look(t, claim, session, stored);
	pthread_mutex_unlock(&t->lock);
	return turn;
}

void
edhoc_sessions_finish(struct edhoc_sessions *t, struct edhoc_session *session, struct sl_span reply,
        uint64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	if (store(session, reply) != SL_OK) {
		edhoc_table_discard(t, session);
	} else {
		edhoc_table_leave_message_1(t, session);
		edhoc_table_forget_secrets(session);
		session->state = EDHOC_DONE;
		session->since_ms = now_ms;
		t->busy--;
		edhoc_table_put_in(&t->done, session);
	}
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void
edhoc_sessions_drop(struct edhoc_sessions *t, struct edhoc_session *session)
{
	pthread_mutex_lock(&t->lock);
	edhoc_table_discard(t, session);
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void
edhoc_sessions_cancel(struct edhoc_sessions *t, struct sl_span c_r, uint64_t now_ms)
{
	struct edhoc_session *s;

	pthread_mutex_lock(&t->lock);
	edhoc_table_sweep(t, now_ms);
	s = edhoc_table_find_c_r(t, c_r);
	if (s != NULL && s->state == EDHOC_WAITS_3)
		edhoc_table_discard(t, s);
	pthread_mutex_unlock(&t->lock);
}

struct edhoc_sessions_counts
edhoc_sessions_counts(struct edhoc_sessions *t, uint64_t now_ms)
{
	struct edhoc_sessions_counts counts;

	pthread_mutex_lock(&t->lock);
	edhoc_table_sweep(t, now_ms);
	counts.half_open = t->waiting.count + t->busy;
	counts.done = t->done.count;
	pthread_mutex_unlock(&t->lock);
	return counts;
}
