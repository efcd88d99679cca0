/* SPDX-License-Identifier: BSD-2-Clause
 * The replay window against an obvious model, at its edges, and after it was lost. */
#include "support.h"
#include "window.h"

#include <string.h>

#define DRAWS   1000000
#define NUMBERS (1 << 24)

/* The model: every number that was taken, one byte each, and the largest of them. */
static uint8_t taken[NUMBERS];

/* xorshift64 (Marsaglia 2003): the same orders in every run. */
static uint64_t
draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

START_TEST(agrees_with_the_model)
{
	static const unsigned sizes[] = {1, 2, 31, 32, 33, 63, 64};
	uint64_t state = 0x9e3779b97f4a7c15 + (uint64_t)_i, highest = 0;
	unsigned size = sizes[_i];
	struct sl_oscore_window w;
	bool any = false;

	memset(taken, 0, sizeof taken);
	sl_oscore_window_init(&w, size);
	for (int i = 0; i < DRAWS; i++) {
		/* Mostly near the front, now and then a leap of up to two windows. */
		uint64_t reach = draw(&state) % 16 == 0 ? 128 : 8;
		uint64_t back = draw(&state) % (2 * size + 8);
		uint64_t number = highest + draw(&state) % reach;
		bool expected;

		number = number > back ? number - back : 0;
		if (number >= NUMBERS)
			ck_abort_msg("the model is too small");
		expected =
		        taken[number] == 0 && (!any || number > highest || highest - number < size);
		if (sl_oscore_window_may_accept(&w, number) != expected)
			ck_abort_msg("size %u, number %llu, highest %llu", size,
			        (unsigned long long)number, (unsigned long long)highest);
		if (!expected || draw(&state) % 4 == 0) /* a forged message marks nothing */
			continue;
		sl_oscore_window_mark(&w, number);
		taken[number] = 1;
		if (!any || number > highest)
			highest = number;
		any = true;
	}
}
END_TEST

/* Each row: what was taken, in this order, and what then is or is not acceptable. */
static const struct {
	const char *because;
	unsigned size;
	uint64_t first, second, asked;
	bool is_accepted;
} edges[] = {
        {"0 was taken", 32, 0, 0, 0, false},
        {"1 follows 0", 32, 0, 0, 1, true},
        {"0 is one behind 1", 32, 1, 1, 0, true},
        {"0 was taken before 1", 32, 0, 1, 0, false},
        {"31 behind is the last in a window of 32", 32, 31, 31, 0, true},
        {"32 behind is outside a window of 32", 32, 32, 32, 0, false},
        {"33 behind is outside a window of 32", 32, 33, 33, 0, false},
        {"1 is 31 behind 32", 32, 32, 32, 1, true},
        {"the bit at the left edge is kept", 32, 0, 31, 0, false},
        {"63 behind is the last in a window of 64", 64, 63, 63, 0, true},
        {"63 behind and taken", 64, 0, 63, 0, false},
        {"64 behind is outside a window of 64", 64, 64, 64, 0, false},
        {"65 behind is outside a window of 64", 64, 65, 65, 0, false},
        {"a leap of 63 keeps the others open", 64, 0, 63, 1, true},
        {"a leap of 64 keeps the others open", 64, 0, 64, 1, true},
        {"a leap of 65 keeps the others open", 64, 0, 65, 2, true},
        {"a leap of 64 leaves nothing to the left", 64, 0, 64, 0, false},
        {"a window of one takes only larger numbers", 1, 5, 5, 4, false},
        {"a window of one takes the next", 1, 5, 5, 6, true},
        {"the last number may come", 32, 0, 0, SL_OSCORE_SSN_END - 1, true},
        {"the last number was taken", 32, SL_OSCORE_SSN_END - 1, SL_OSCORE_SSN_END - 1,
                SL_OSCORE_SSN_END - 1, false},
        {"the one before the last is inside", 32, SL_OSCORE_SSN_END - 1, SL_OSCORE_SSN_END - 1,
                SL_OSCORE_SSN_END - 2, true},
        {"the left edge at the end", 32, SL_OSCORE_SSN_END - 1, SL_OSCORE_SSN_END - 1,
                SL_OSCORE_SSN_END - 32, true},
        {"left of the window at the end", 32, SL_OSCORE_SSN_END - 1, SL_OSCORE_SSN_END - 1,
                SL_OSCORE_SSN_END - 33, false},
        {"a leap over everything forgets 0", 32, 0, SL_OSCORE_SSN_END - 1, 0, false},
};

START_TEST(keeps_its_edges)
{
	struct sl_oscore_window w;

	sl_oscore_window_init(&w, edges[_i].size);
	sl_oscore_window_mark(&w, edges[_i].first);
	sl_oscore_window_mark(&w, edges[_i].second);
	ck_assert_msg(sl_oscore_window_may_accept(&w, edges[_i].asked) == edges[_i].is_accepted,
	        "%s", edges[_i].because);
}
END_TEST

START_TEST(takes_anything_first)
{
	static const uint64_t firsts[] = {0, 1, 31, 32, 33, 63, 64, 65, SL_OSCORE_SSN_END - 1};
	struct sl_oscore_window w;

	sl_oscore_window_init(&w, 32);
	ck_assert(sl_oscore_window_may_accept(&w, firsts[_i]));
	sl_oscore_window_mark(&w, firsts[_i]);
	ck_assert(!sl_oscore_window_may_accept(&w, firsts[_i]));
}
END_TEST

START_TEST(a_lost_window_takes_nothing)
{
	struct sl_oscore_window w;

	sl_oscore_window_init(&w, 32);
	w.is_lost = true;
	ck_assert(!sl_oscore_window_may_accept(&w, 0));
	ck_assert(!sl_oscore_window_may_accept(&w, SL_OSCORE_SSN_END - 1));
}
END_TEST

START_TEST(a_restart_closes_everything_up_to_its_number)
{
	struct sl_oscore_window w;

	sl_oscore_window_init(&w, 64);
	w.is_lost = true;
	sl_oscore_window_restart(&w, 100);
	for (uint64_t number = 0; number <= 100; number++)
		ck_assert(!sl_oscore_window_may_accept(&w, number));
	ck_assert(sl_oscore_window_may_accept(&w, 101));
	sl_oscore_window_mark(&w, 103);
	ck_assert(sl_oscore_window_may_accept(&w, 102));
	ck_assert(!sl_oscore_window_may_accept(&w, 100));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oscore/window");
	TCase *tc = tcase_create("window");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, agrees_with_the_model, 0, 7);
	tcase_add_loop_test(tc, keeps_its_edges, 0, (int)ARRAY_LEN(edges));
	tcase_add_loop_test(tc, takes_anything_first, 0, 9);
	tcase_add_test(tc, a_lost_window_takes_nothing);
	tcase_add_test(tc, a_restart_closes_everything_up_to_its_number);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
