/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of the sessions share. */
#ifndef TESTS_EDHOC_SESSIONS_SHARED_H
#define TESTS_EDHOC_SESSIONS_SHARED_H

#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "edhoc_sessions.h"

static struct edhoc_sessions *t;
static struct edhoc_sessions_config config;
static uint8_t seed[SL_SIPHASH_KEY_LEN];

static void
start(void)
{
	edhoc_sessions_config_init(&config);
	config.join_ms = 50;
	t = NULL;
}

static void
end(void)
{
	edhoc_sessions_free(t);
}

static void
make(size_t sessions_max)
{
	config.sessions_max = sessions_max;
	ck_assert_ok(edhoc_sessions_new(&t, &config));
}

static bool
nothing_else(void *owner, struct sl_span id)
{
	(void)owner;
	(void)id;
	return false;
}

static const uint8_t *
hash_of(unsigned n)
{
	static uint8_t hashes[4][SL_SHA256_LEN];
	static unsigned turn;
	uint8_t *hash = hashes[turn++ % 4];

	memset(hash, 0, SL_SHA256_LEN);
	memcpy(hash, &n, sizeof n);
	return hash;
}

static uint8_t stored_bytes[EDHOC_REPLY_MAX];
static struct sl_writer stored;

static enum edhoc_turn
begin(unsigned n, uint64_t now_ms, struct edhoc_session **session)
{
	struct edhoc_claim claim = {.hash = hash_of(n), .may_work = true, .now_ms = now_ms};

	stored = sl_writer_over(stored_bytes, sizeof stored_bytes);
	return edhoc_sessions_begin(t, &claim, session, &stored);
}

static enum edhoc_turn
claim(struct sl_span c_r, unsigned n, uint64_t now_ms, struct edhoc_session **session)
{
	struct edhoc_claim ask = {c_r, hash_of(n), true, now_ms};

	stored = sl_writer_over(stored_bytes, sizeof stored_bytes);
	return edhoc_sessions_claim(t, &ask, session, &stored);
}

static void
name(struct edhoc_session *s)
{
	struct sl_edhoc_id_choice choice = {
	        .seed = seed, .len_max = EDHOC_C_R_MAX, .is_taken = nothing_else};

	seed[0]++;
	if (seed[0] == 0)
		seed[1]++;
	ck_assert_ok(edhoc_sessions_name(t, s, &choice));
}

/* A session that waits for message_3; returns its C_R. */
static struct sl_span
open_session(unsigned n, uint64_t now_ms)
{
	struct edhoc_session *s = NULL;
	char message_2[32];

	ck_assert_int_eq(begin(n, now_ms, &s), EDHOC_MINE);
	name(s);
	snprintf(message_2, sizeof message_2, "two %u", n);
	ck_assert_ok(edhoc_sessions_open(t, s, sl_span_text(message_2), now_ms));
	return heap_copy(sl_span(s->c_r, s->c_r_len));
}

#endif
