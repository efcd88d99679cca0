/* SPDX-License-Identifier: BSD-2-Clause
 * The table of EDHOC sessions without any cryptography: whose turn it is, who leaves, what is wiped. */
#include "edhoc_sessions_shared.h"

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
	suite_add_tcase(s, tc);
	return run_suite(s);
}
