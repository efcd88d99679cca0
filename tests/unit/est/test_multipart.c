/* SPDX-License-Identifier: BSD-2-Clause
 * application/multipart-core, RFC 8710 section 2. The published example is in test_payloads.c. */
#include "support.h"

#include <sl/est.h>

#include <string.h>

static const struct {
	const char *because, *body;
} malformed[] = {
        {"no bytes", ""},
        {"no array", "00"},
        {"an odd number of items", "8100"},
        {"three items", "83004000"},
        {"an array cut short", "8200"},
        {"bytes behind", "820040 00"},
        {"an empty array and bytes behind", "8000"},
        {"a format over 65535", "821a0001000040"},
        {"a negative format", "822040"},
        {"a format as text", "82613040"},
        {"a format that is not in its shortest form", "82180140"},
        {"a part as text", "820060"},
        {"a part as an array", "820080"},
        {"a part that is true", "8200f5"},
        {"a part that is undefined", "8200f7"},
        {"a part cut short", "82004201"},
        {"a part's length that is not in its shortest form", "8200580101"},
        {"a part of indefinite length", "82005f4101ff"},
        {"an array of indefinite length", "9f0040ff"},
        {"an array that claims more than there is", "9a7ffffffe0040"},
        {"a tag before the array", "c1820040"},
        {"a map", "a10040"},
};

START_TEST(refuses_malformed_bodies)
{
	struct sl_est_part parts[4] = {{.format = 77}};
	size_t count = 4;

	ck_assert_msg(
	        sl_est_multipart_decode(hex(malformed[_i].body), parts, &count) == SL_EMALFORMED,
	        "accepted although %s", malformed[_i].because);
	ck_assert_uint_eq(count, 4);
	ck_assert_uint_eq(parts[0].format, 77);
}
END_TEST

START_TEST(null_is_an_absent_part)
{
	struct sl_span body =
	        hex("84 00 f6 19ffff 40"); /* 65535: the largest format, an empty part */
	struct sl_est_part parts[2];
	size_t count = 2;
	uint8_t out[20];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_est_multipart_decode(body, parts, &count));
	ck_assert_uint_eq(count, 2);
	ck_assert(parts[0].is_absent && parts[0].format == 0 && parts[0].bytes.len == 0);
	ck_assert(!parts[1].is_absent && parts[1].format == 65535 && parts[1].bytes.len == 0);
	ck_assert_ok(sl_est_multipart_encode(&w, parts, count));
	ck_assert_bytes(sl_writer_span(&w), body);
}
END_TEST

START_TEST(the_capacity_counts)
{
	struct sl_est_part parts[2] = {{.format = 77}};
	size_t count = 1;

	ck_assert_err(sl_est_multipart_decode(hex("8400400140"), parts, &count), SL_ESPACE);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(parts[0].format, 77);
	count = 2;
	ck_assert_ok(sl_est_multipart_decode(hex("8400400140"), parts, &count));
	ck_assert_uint_eq(count, 2);
	count = 0;
	ck_assert_ok(sl_est_multipart_decode(hex("80"), NULL, &count));
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(refuses_every_proper_prefix)
{
	struct sl_span whole = hex("84 1864 43 010203 19 0119 f6");
	struct sl_est_part parts[2];
	size_t count;

	for (size_t n = 0; n < whole.len; n++) {
		count = 2;
		ck_assert_err(
		        sl_est_multipart_decode(heap_copy(sl_span(whole.ptr, n)), parts, &count),
		        SL_EMALFORMED);
	}
}
END_TEST

START_TEST(a_short_buffer_is_noticed)
{
	struct sl_est_part parts[] = {
	        {.format = 284, .bytes = sl_span_text("key")}, {.format = 281, .is_absent = true}};
	uint8_t out[20];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	size_t len;

	ck_assert_ok(sl_est_multipart_encode(&w, parts, 2));
	len = w.len;
	ck_assert_uint_eq(len, 1 + 3 + 4 + 3 + 1);
	for (size_t cap = 0; cap < len; cap++) {
		w = sl_writer_over(out, cap);
		ck_assert_err(sl_est_multipart_encode(&w, parts, 2), SL_ESPACE);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est/multipart");
	TCase *tc = tcase_create("multipart-core");

	tcase_add_loop_test(tc, refuses_malformed_bodies, 0, (int)ARRAY_LEN(malformed));
	tcase_add_test(tc, null_is_an_absent_part);
	tcase_add_test(tc, the_capacity_counts);
	tcase_add_test(tc, refuses_every_proper_prefix);
	tcase_add_test(tc, a_short_buffer_is_noticed);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
