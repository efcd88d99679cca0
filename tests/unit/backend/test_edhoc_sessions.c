/* SPDX-License-Identifier: BSD-2-Clause
 * The table of EDHOC sessions without any cryptography: whose turn it is, who leaves, what is wiped. */
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

static struct sl_span
finish_session(unsigned n, uint64_t now_ms, const char *reply)
{
	struct sl_span c_r = open_session(n, now_ms);
	struct edhoc_session *s = NULL;

	ck_assert_int_eq(claim(c_r, n, now_ms, &s), EDHOC_MINE);
	edhoc_sessions_finish(t, s, sl_span_text(reply), now_ms);
	return c_r;
}

static void
ck_counts(size_t half_open, size_t done, uint64_t now_ms)
{
	struct edhoc_sessions_counts counts = edhoc_sessions_counts(t, now_ms);

	ck_assert_uint_eq(counts.half_open, half_open);
	ck_assert_uint_eq(counts.done, done);
}

START_TEST(each_message_has_one_turn)
{
	struct edhoc_session *s = NULL;
	struct sl_span c_r;

	make(8);
	c_r = open_session(1, 1000);
	ck_assert_int_eq(begin(1, 1000, &s), EDHOC_STORED);
	ck_assert(sl_span_equal_text(sl_writer_span(&stored), "two 1"));
	ck_assert_int_eq(claim(hex("deadbeef"), 3, 1000, &s), EDHOC_NONE);
	ck_assert_int_eq(claim(c_r, 3, 1000, &s), EDHOC_MINE);
	ck_assert_int_eq(begin(1, 1000, &s), EDHOC_STORED); /* message_2 is still there */
	ck_counts(1, 0, 1000);
	edhoc_sessions_finish(t, s, sl_span_text("four"), 1000);
	ck_assert_int_eq(claim(c_r, 3, 1000, &s), EDHOC_STORED);
	ck_assert(sl_span_equal_text(sl_writer_span(&stored), "four"));
	ck_assert_int_eq(claim(c_r, 4, 1000, &s), EDHOC_NONE);
	ck_counts(0, 1, 1000);
	ck_assert_int_eq(begin(1, 1000, &s), EDHOC_MINE); /* a run of its own */
	edhoc_sessions_drop(t, s);
	ck_counts(0, 1, 1000);
}
END_TEST

START_TEST(an_empty_answer_is_stored_too)
{
	struct edhoc_session *s = NULL;
	struct sl_span c_r;

	make(8);
	c_r = finish_session(1, 0, "");
	ck_assert_int_eq(claim(c_r, 1, 0, &s), EDHOC_STORED);
	ck_assert_uint_eq(stored.len, 0);
}
END_TEST

START_TEST(a_dropped_session_is_nobody)
{
	struct edhoc_session *s = NULL;
	struct sl_span c_r;

	make(8);
	c_r = open_session(1, 0);
	ck_assert_int_eq(claim(c_r, 2, 0, &s), EDHOC_MINE);
	edhoc_sessions_drop(t, s);
	ck_assert_int_eq(claim(c_r, 2, 0, &s), EDHOC_NONE);
	ck_counts(0, 0, 0);
	ck_assert_int_eq(begin(7, 0, &s), EDHOC_MINE); /* without a name yet */
	edhoc_sessions_drop(t, s);
	ck_counts(0, 0, 0);
}
END_TEST

START_TEST(only_who_waits_can_be_cancelled)
{
	struct edhoc_session *s = NULL;
	struct sl_span waits, works, done;

	make(8);
	waits = open_session(1, 0);
	works = open_session(2, 0);
	done = finish_session(3, 0, "x");
	ck_assert_int_eq(claim(works, 2, 0, &s), EDHOC_MINE);
	edhoc_sessions_cancel(t, waits, 0);
	edhoc_sessions_cancel(t, works, 0);
	edhoc_sessions_cancel(t, done, 0);
	edhoc_sessions_cancel(t, hex("01020304"), 0);
	ck_counts(1, 1, 0);
	edhoc_sessions_drop(t, s);
	ck_assert_int_eq(claim(waits, 1, 0, &s), EDHOC_NONE);
	ck_assert_int_eq(claim(done, 3, 0, &s), EDHOC_STORED);
}
END_TEST

START_TEST(half_open_and_done_have_their_time)
{
	struct edhoc_session *s = NULL, *busy = NULL;
	struct sl_span waits, works, done;

	make(8);
	waits = open_session(1, 1000);
	works = open_session(2, 1000);
	done = finish_session(3, 1000, "x");
	ck_assert_int_eq(claim(works, 2, 1000, &busy), EDHOC_MINE);
	ck_counts(2, 1, 120999);
	ck_counts(1, 1, 121000); /* 120 s; who works has no end */
	ck_assert_int_eq(claim(waits, 1, 121000, &s), EDHOC_NONE);
	ck_assert_int_eq(claim(done, 3, 247999, &s), EDHOC_STORED);
	ck_assert_int_eq(claim(done, 3, 248000, &s), EDHOC_NONE); /* 247 s */
	ck_counts(1, 0, UINT64_C(1) << 40);
	edhoc_sessions_drop(t, busy);
}
END_TEST

/* Neither kind can starve the other. */
START_TEST(the_oldest_of_the_more_numerous_leaves)
{
	struct edhoc_session *s = NULL;
	struct sl_span first, second, done;

	make(4);
	done = finish_session(1, 0, "x");
	first = open_session(2, 0);
	second = open_session(3, 0);
	open_session(4, 0);
	open_session(5, 0); /* the first one goes */
	ck_assert_int_eq(claim(first, 9, 0, &s), EDHOC_NONE);
	ck_assert_int_eq(claim(done, 1, 0, &s), EDHOC_STORED);
	finish_session(6, 0, "x"); /* the second one goes */
	ck_assert_int_eq(claim(second, 9, 0, &s), EDHOC_NONE);
	finish_session(7, 0, "x");
	ck_counts(1, 3, 0);
	open_session(8, 0);
	ck_assert_int_eq(claim(done, 1, 0, &s), EDHOC_NONE);
	ck_counts(2, 2, 0);
}
END_TEST

START_TEST(who_works_does_not_leave)
{
	struct edhoc_session *s[3] = {NULL};

	make(2);
	ck_assert_int_eq(begin(1, 0, &s[0]), EDHOC_MINE);
	ck_assert_int_eq(begin(2, 0, &s[1]), EDHOC_MINE);
	ck_assert_int_eq(begin(3, 0, &s[2]), EDHOC_BUSY);
	edhoc_sessions_drop(t, s[0]);
	ck_assert_int_eq(begin(3, 0, &s[2]), EDHOC_MINE);
	edhoc_sessions_drop(t, s[1]);
	edhoc_sessions_drop(t, s[2]);
}
END_TEST

/* Over budget: nothing new, and nothing is lost. */
START_TEST(without_leave_to_work_only_copies_are_answered)
{
	struct edhoc_session *s = NULL;
	struct edhoc_claim ask = {.may_work = false};
	struct sl_span c_r, done;

	make(8);
	c_r = open_session(1, 0);
	done = finish_session(2, 0, "x");
	stored = sl_writer_over(stored_bytes, sizeof stored_bytes);
	ask.hash = hash_of(3);
	ck_assert_int_eq(edhoc_sessions_begin(t, &ask, &s, &stored), EDHOC_BUSY);
	ask.hash = hash_of(1);
	ck_assert_int_eq(edhoc_sessions_begin(t, &ask, &s, &stored), EDHOC_STORED);
	ask.c_r = c_r;
	ck_assert_int_eq(edhoc_sessions_claim(t, &ask, &s, &stored), EDHOC_BUSY);
	ask.c_r = done;
	ask.hash = hash_of(2);
	ck_assert_int_eq(edhoc_sessions_claim(t, &ask, &s, &stored), EDHOC_STORED);
	ck_counts(1, 1, 0);
	ck_assert_int_eq(claim(c_r, 1, 0, &s), EDHOC_MINE);
	edhoc_sessions_drop(t, s);
}
END_TEST

/* --- copies that wait ----------------------------------------------------------------------------------- */

struct waiter {
	pthread_t thread;
	unsigned message;
	struct sl_span c_r; /* empty: message_1 */
	enum edhoc_turn turn;
	struct edhoc_session *session;
	uint8_t bytes[64];
	size_t len;
};

static void *
wait_for_turn(void *arg)
{
	struct waiter *w = arg;
	uint8_t hash[SL_SHA256_LEN] = {0};
	struct edhoc_claim ask = {w->c_r, hash, true, 0};
	struct sl_writer out = sl_writer_over(w->bytes, sizeof w->bytes);

	memcpy(hash, &w->message, sizeof w->message);
	w->turn = w->c_r.len > 0 ? edhoc_sessions_claim(t, &ask, &w->session, &out)
	                         : edhoc_sessions_begin(t, &ask, &w->session, &out);
	w->len = out.len;
	return NULL;
}

static void
nap(void)
{
	struct timespec step = {0, 20000000};

	nanosleep(&step, NULL);
}

START_TEST(a_copy_waits_for_the_result)
{
	struct edhoc_session *s = NULL;
	struct waiter w = {.message = 1};
	struct sl_span c_r;

	config.join_ms = 10000;
	make(8);
	ck_assert_int_eq(begin(1, 0, &s), EDHOC_MINE);
	name(s);
	ck_assert_int_eq(pthread_create(&w.thread, NULL, wait_for_turn, &w), 0);
	nap();
	ck_assert_ok(edhoc_sessions_open(t, s, sl_span_text("two"), 0));
	pthread_join(w.thread, NULL);
	ck_assert_int_eq(w.turn, EDHOC_STORED);
	ck_assert(sl_span_equal_text(sl_span(w.bytes, w.len), "two"));

	c_r = heap_copy(sl_span(s->c_r, s->c_r_len));
	w = (struct waiter){.message = 3, .c_r = c_r};
	ck_assert_int_eq(claim(c_r, 3, 0, &s), EDHOC_MINE);
	ck_assert_int_eq(pthread_create(&w.thread, NULL, wait_for_turn, &w), 0);
	nap();
	edhoc_sessions_finish(t, s, sl_span_text("four"), 0);
	pthread_join(w.thread, NULL);
	ck_assert_int_eq(w.turn, EDHOC_STORED);
	ck_assert(sl_span_equal_text(sl_span(w.bytes, w.len), "four"));
}
END_TEST

START_TEST(a_copy_takes_over_what_came_to_nothing)
{
	struct edhoc_session *s = NULL;
	struct waiter w = {.message = 1};

	config.join_ms = 10000;
	make(8);
	ck_assert_int_eq(begin(1, 0, &s), EDHOC_MINE);
	ck_assert_int_eq(pthread_create(&w.thread, NULL, wait_for_turn, &w), 0);
	nap();
	edhoc_sessions_drop(t, s);
	pthread_join(w.thread, NULL);
	ck_assert_int_eq(w.turn, EDHOC_MINE);
	edhoc_sessions_drop(t, w.session);
}
END_TEST

START_TEST(nobody_waits_for_ever_nor_too_many)
{
	struct edhoc_session *s = NULL, *none = NULL;
	struct waiter w = {.message = 1};

	config.joiners_max = 1;
	config.join_ms = 100;
	make(8);
	ck_assert_int_eq(begin(1, 0, &s), EDHOC_MINE);
	ck_assert_int_eq(pthread_create(&w.thread, NULL, wait_for_turn, &w), 0);
	nap();
	ck_assert_int_eq(begin(1, 0, &none), EDHOC_BUSY); /* at once: one waits already */
	pthread_join(w.thread, NULL);
	ck_assert_int_eq(w.turn, EDHOC_BUSY);
	edhoc_sessions_drop(t, s);
}
END_TEST

/* --- secrets -------------------------------------------------------------------------------------------- */

static bool
is_zero(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	size_t i;

	for (i = 0; i < len && at[i] == 0; i++)
		;
	return i == len;
}

START_TEST(a_done_session_has_no_secrets)
{
	struct edhoc_session *s = NULL;
	struct sl_span c_r;
	struct sl_edhoc clean;

	make(8);
	c_r = open_session(1, 0);
	ck_assert_int_eq(claim(c_r, 1, 0, &s), EDHOC_MINE);
	memset(&s->run.prk, 0x5a, sizeof s->run.prk);
	memset(&s->run.prk_out, 0x5a, sizeof s->run.prk_out);
	memset(&s->run.prk_exporter, 0x5a, sizeof s->run.prk_exporter);
	memset(s->key, 0x5a, sizeof s->key);
	s->key_len = sizeof s->key;
	edhoc_sessions_finish(t, s, sl_span_text("four"), 0);
	clean = s->run;
	clean.state = 0; /* aborted */
	ck_assert(is_zero(&clean, sizeof clean));
	ck_assert(is_zero(s->key, sizeof s->key));
	ck_assert_uint_eq(s->key_len, 0);
}
END_TEST

START_TEST(a_dropped_session_has_nothing)
{
	struct edhoc_session *s = NULL;

	make(1);
	open_session(1, 0);
	ck_assert_int_eq(begin(2, 0, &s), EDHOC_MINE); /* the only one, taken from the first */
	memset(&s->run.th, 0x5a, sizeof s->run.th);
	memset(s->key, 0x5a, sizeof s->key);
	edhoc_sessions_drop(t, s);
	s->next_by_message_1 = NULL; /* of the free ones: there is no other */
	ck_assert(is_zero(s, sizeof *s));
}
END_TEST

/* T36: what a stranger can make us keep. */
START_TEST(a_session_is_small)
{
	ck_assert_uint_le(sizeof(struct edhoc_session), 1024);
}
END_TEST

#define LIVE 4096

/* Names of up to three bytes as numbers without collision. */
static size_t
number_of(const uint8_t *id, size_t len)
{
	return len == 1   ? id[0]
	       : len == 2 ? 0x100 + ((size_t)id[0] << 8 | id[1])
	                  : 0x10100 + ((size_t)id[0] << 16 | (size_t)id[1] << 8 | id[2]);
}

/* T33: C_R are random, the shortest first, and never twice among those that are in use. */
START_TEST(names_are_unique)
{
	static uint8_t is_live[0x10100 + (1 << 24)];
	static size_t ring[LIVE];
	unsigned rounds = test_rounds(20000, 1000000), i;
	size_t collisions = 0, short_ones = 0, n;

	make(LIVE);
	for (i = 0; i < rounds; i++) {
		struct edhoc_session *s = NULL;

		ck_assert_int_eq(begin(i, i, &s), EDHOC_MINE);
		if (i >= LIVE) /* the oldest has left */
			is_live[ring[i % LIVE]] = 0;
		name(s);
		ck_assert(s->c_r_len >= 1 && s->c_r_len <= 3);
		n = number_of(s->c_r, s->c_r_len);
		collisions += is_live[n];
		is_live[n] = 1;
		ring[i % LIVE] = n;
		ck_assert_ok(edhoc_sessions_open(t, s, sl_span_text("2"), i));
	}
	for (i = 0; i < 256; i++)
		short_ones += is_live[i];
	ck_assert_uint_eq(collisions, 0);
	ck_assert_uint_ge(short_ones, 200);
	printf("T33 %u draws, %zu collisions, limit 0 PASS\n", rounds, collisions);
}
END_TEST

START_TEST(what_makes_no_table_is_refused)
{
	config.sessions_max = 0;
	ck_assert_err(edhoc_sessions_new(&t, &config), SL_EMALFORMED);
	config.sessions_max = 1;
	config.life_ms = 0;
	ck_assert_err(edhoc_sessions_new(&t, &config), SL_EMALFORMED);
	ck_assert_ptr_null(t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/edhoc_sessions");
	TCase *tc = tcase_create("edhoc_sessions");

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, each_message_has_one_turn);
	tcase_add_test(tc, an_empty_answer_is_stored_too);
	tcase_add_test(tc, a_dropped_session_is_nobody);
	tcase_add_test(tc, only_who_waits_can_be_cancelled);
	tcase_add_test(tc, half_open_and_done_have_their_time);
	tcase_add_test(tc, the_oldest_of_the_more_numerous_leaves);
	tcase_add_test(tc, who_works_does_not_leave);
	tcase_add_test(tc, without_leave_to_work_only_copies_are_answered);
	tcase_add_test(tc, a_copy_waits_for_the_result);
	tcase_add_test(tc, a_copy_takes_over_what_came_to_nothing);
	tcase_add_test(tc, nobody_waits_for_ever_nor_too_many);
	tcase_add_test(tc, a_done_session_has_no_secrets);
	tcase_add_test(tc, a_dropped_session_has_nothing);
	tcase_add_test(tc, a_session_is_small);
	tcase_add_test(tc, names_are_unique);
	tcase_add_test(tc, what_makes_no_table_is_refused);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
