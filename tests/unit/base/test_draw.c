/* SPDX-License-Identifier: BSD-2-Clause
 * Draws: the same from one seed, other ones from another, and only within their bounds. */
#include "support.h"

#include <sl/draw.h>

static const uint8_t seeds[2][SL_SIPHASH_KEY_LEN] = {{1}, {2}};

START_TEST(one_seed_one_sequence)
{
	struct sl_draw a = sl_draw_from(seeds[0]), b = sl_draw_from(seeds[0]);
	struct sl_draw c = sl_draw_from(seeds[1]);
	uint64_t last = 0;

	for (int i = 0; i < 100; i++) {
		uint64_t v = sl_draw_next(&a);

		ck_assert_uint_eq(v, sl_draw_next(&b));
		ck_assert_uint_ne(v, sl_draw_next(&c));
		ck_assert_uint_ne(v, last);
		last = v;
	}
}
END_TEST

/* The first draw is SipHash-2-4 of eight zero bytes. */
START_TEST(a_draw_is_a_siphash_of_its_number)
{
	struct sl_draw d = sl_draw_from(seeds[0]);
	static const uint8_t zero[8], one[8] = {0, 0, 0, 0, 0, 0, 0, 1};

	ck_assert_uint_eq(sl_draw_next(&d), sl_siphash(seeds[0], sl_span(zero, 8)));
	ck_assert_uint_eq(sl_draw_next(&d), sl_siphash(seeds[0], sl_span(one, 8)));
}
END_TEST

START_TEST(stays_between_its_bounds)
{
	struct sl_draw d = sl_draw_from(seeds[0]);
	unsigned seen[4] = {0};

	for (int i = 0; i < 1000; i++) {
		uint32_t v = sl_draw_between(&d, 10, 13);

		ck_assert(v >= 10 && v <= 13);
		seen[v - 10]++;
	}
	for (int i = 0; i < 4; i++)
		ck_assert_uint_gt(seen[i], 150); /* 250 expected; 150 is seven deviations off */
	ck_assert_uint_eq(sl_draw_between(&d, 7, 7), 7);
	ck_assert_uint_eq(sl_draw_between(&d, 7, 3), 7);
	(void)sl_draw_between(&d, 0, UINT32_MAX);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base/draw");
	TCase *tc = tcase_create("draw");

	tcase_add_test(tc, one_seed_one_sequence);
	tcase_add_test(tc, a_draw_is_a_siphash_of_its_number);
	tcase_add_test(tc, stays_between_its_bounds);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
