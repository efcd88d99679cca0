/* SPDX-License-Identifier: BSD-2-Clause
 * Sessions of EDHOC that several threads want, and what is left of them. */
#include "edhoc_sessions_shared.h"

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
	Suite *s = suite_create("backend/edhoc_sessions_threads");
	TCase *tc = tcase_create("edhoc_sessions");

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 600);
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
