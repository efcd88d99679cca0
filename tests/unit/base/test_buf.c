/* SPDX-License-Identifier: BSD-2-Clause
 * The bounded buffer: grows to its maximum and not one byte further. */
#include "support.h"

#include <sl/buf.h>

#include <string.h>

START_TEST(grows_and_keeps_its_bytes)
{
	struct sl_buf b;

	sl_buf_init(&b, 1000);
	for (int i = 0; i < 1000; i++) {
		uint8_t byte = (uint8_t)i;

		ck_assert_ok(sl_buf_add(&b, sl_span(&byte, 1)));
	}
	ck_assert_uint_eq(sl_buf_view(&b).len, 1000);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(sl_buf_view(&b).ptr[i], (uint8_t)i);
	ck_assert_err(sl_buf_add(&b, hex("00")), SL_ELIMIT);
	ck_assert_uint_eq(b.len, 1000);
	ck_assert_uint_le(b.cap, 1000);
	sl_buf_clear(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_eq(b.max, 1000);
}
END_TEST

START_TEST(refuses_what_is_over_the_maximum_and_keeps_the_rest)
{
	struct sl_buf b;

	sl_buf_init(&b, 4);
	ck_assert_ok(sl_buf_add_text(&b, "abc"));
	ck_assert_err(sl_buf_add_text(&b, "de"), SL_ELIMIT);
	ck_assert(sl_span_equal_text(sl_buf_view(&b), "abc"));
	ck_assert_ok(sl_buf_add(&b, sl_span(NULL, 0)));
	ck_assert_ok(sl_buf_add_text(&b, "d"));
	sl_buf_clear(&b);
	sl_buf_init(&b, 0);
	ck_assert_err(sl_buf_add_text(&b, "a"), SL_ELIMIT);
	sl_buf_clear(&b);
}
END_TEST

START_TEST(capacity_is_enough_and_a_quarter_more_at_most)
{
	size_t before = 0, steps = 0;

	for (size_t len = 0; len <= 65536; len++) {
		size_t got = sl_buf_capacity(len);

		ck_assert_msg(got >= len && got <= len + len / 4 && got >= before, "%zu for %zu",
		        got, len);
		steps += got != before;
		before = got;
	}
	ck_assert_uint_lt(steps, 80); /* of 65536: at most 8 for each of 13 doublings, less at first */
}
END_TEST

START_TEST(formats)
{
	struct sl_buf b;
	char wide[1100];

	sl_buf_init(&b, 4096);
	ck_assert_ok(sl_buf_addf(&b, "%s=%d", "a", 7));
	ck_assert(sl_span_equal_text(sl_buf_view(&b), "a=7"));
	memset(wide, 'x', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	ck_assert_err(sl_buf_addf(&b, "%s", wide), SL_ELIMIT);
	ck_assert_uint_eq(b.len, 3);
	sl_buf_clear(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base/buf");
	TCase *t = tcase_create("buf");

	tcase_add_test(t, grows_and_keeps_its_bytes);
	tcase_add_test(t, refuses_what_is_over_the_maximum_and_keeps_the_rest);
	tcase_add_test(t, formats);
	tcase_add_test(t, capacity_is_enough_and_a_quarter_more_at_most);
	suite_add_tcase(s, t);
	return run_suite(s);
}
