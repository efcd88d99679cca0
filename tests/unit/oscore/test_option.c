/* SPDX-License-Identifier: BSD-2-Clause
 * The OSCORE option's value, RFC 8613 sections 2 and 6.1. */
#include "support.h"

#include <sl/oscore.h>

#include <string.h>

static const struct {
	const char *because, *value;
} malformed[] = {
        {"a zero flag byte must be an empty option", "00"},
        {"a zero flag byte must be an empty option, whatever follows", "0000"},
        {"bit 0x80 is reserved", "8914"},
        {"bit 0x40 is reserved", "4914"},
        {"bit 0x20 is reserved", "2914"},
        {"a Partial IV has at most five bytes, not six", "0e010203040506"},
        {"a Partial IV has at most five bytes, not seven", "0f01020304050607"},
        {"the Partial IV is missing", "09"},
        {"the Partial IV is cut short", "0b0102"},
        {"the Partial IV has a superfluous zero", "0a0014"},
        {"the Partial IV has superfluous zeros", "0d0000000000"},
        {"the length of the kid context is missing", "10"},
        {"the length of the kid context is missing after the Partial IV", "1914"},
        {"the kid context is cut short", "1902aa"},
        {"the kid context overruns the option", "190508aabb"},
        {"bytes are left over and no kid claims them", "011400"},
        {"bytes are left over after the kid context", "1001aa00"},
};

static const struct {
	const char *value, *partial_iv, *kid_context, *kid; /* NULL: absent */
} valid[] = {
        {"", NULL, NULL, NULL},
        {"08", NULL, NULL, ""},
        {"0801", NULL, NULL, "01"},
        {"0100", "00", NULL, NULL},
        {"0114", "14", NULL, NULL},
        {"0900", "00", NULL, ""},
        {"091400", "14", NULL, "00"},
        {"0d ffffffffff 01020304050607", "ffffffffff", NULL, "01020304050607"},
        {"0a 0100 00", "0100", NULL, "00"},
        {"1000", NULL, "", NULL},
        {"1800", NULL, "", ""},
        {"19 14 08 37cbf3210017a2d3", "14", "37cbf3210017a2d3", ""},
        {"19 05 05 44616c656b 0102", "05", "44616c656b", "0102"},
};

static struct sl_oscore_option
option_of(int i)
{
	struct sl_oscore_option opt = {
	        .has_kid_context = valid[i].kid_context != NULL,
	        .has_kid = valid[i].kid != NULL,
	};

	if (valid[i].partial_iv != NULL)
		opt.partial_iv = hex(valid[i].partial_iv);
	if (valid[i].kid_context != NULL)
		opt.kid_context = hex(valid[i].kid_context);
	if (valid[i].kid != NULL)
		opt.kid = hex(valid[i].kid);
	return opt;
}

START_TEST(decodes_what_is_there)
{
	struct sl_oscore_option got, want = option_of(_i);

	ck_assert_ok(sl_oscore_option_decode(&got, hex(valid[_i].value)));
	ck_assert_bytes(got.partial_iv, want.partial_iv);
	ck_assert(got.has_kid_context == want.has_kid_context);
	ck_assert_bytes(got.kid_context, want.kid_context);
	ck_assert(got.has_kid == want.has_kid);
	ck_assert_bytes(got.kid, want.kid);
}
END_TEST

START_TEST(encodes_what_is_there)
{
	struct sl_oscore_option opt = option_of(_i);
	struct sl_span want = hex(valid[_i].value);

	for (size_t cap = 0; cap <= want.len; cap++) {
		uint8_t out[32] = {0};
		struct sl_span room = heap_copy(sl_span(out, cap));
		struct sl_writer w = sl_writer_over((void *)room.ptr, cap);

		if (cap < want.len) {
			ck_assert_err(sl_oscore_option_encode(&w, &opt), SL_ESPACE);
			continue;
		}
		ck_assert_ok(sl_oscore_option_encode(&w, &opt));
		ck_assert_bytes(sl_writer_span(&w), want);
	}
}
END_TEST

START_TEST(refuses_malformed_values)
{
	struct sl_oscore_option got, before;

	memset(&got, 0x5a, sizeof got);
	before = got;
	ck_assert_msg(sl_oscore_option_decode(&got, hex(malformed[_i].value)) == SL_EMALFORMED,
	        "accepted although %s", malformed[_i].because);
	ck_assert_msg(memcmp(&got, &before, sizeof got) == 0, "the output was written");
}
END_TEST

/* A prefix is valid when all but the kid is there (the kid is "the rest"), or nothing is. */
START_TEST(judges_every_proper_prefix)
{
	struct sl_span value = hex("19 14 08 37cbf3210017a2d3 0102030405");

	for (size_t n = 0; n < value.len; n++) {
		struct sl_oscore_option got;
		bool is_whole = n == 0 || n >= 11; /* flags 1, Partial IV 1, s 1, kid context 8 */

		ck_assert_int_eq(sl_oscore_option_decode(&got, heap_copy(sl_span(value.ptr, n))),
		        is_whole ? SL_OK : SL_EMALFORMED);
	}
}
END_TEST

START_TEST(holds_255_bytes_and_no_more)
{
	uint8_t bytes[256] = {0x09, 0x14};
	uint8_t out[300];
	struct sl_oscore_option opt;
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_oscore_option_decode(&opt, heap_copy(sl_span(bytes, 255))));
	ck_assert_uint_eq(opt.kid.len, 253);
	ck_assert_ok(sl_oscore_option_encode(&w, &opt));
	ck_assert_bytes(sl_writer_span(&w), sl_span(bytes, 255));
	ck_assert_err(sl_oscore_option_decode(&opt, heap_copy(sl_span(bytes, 256))), SL_EMALFORMED);
	opt.kid = sl_span(bytes, 254);
	ck_assert_err(sl_oscore_option_encode(&w, &opt), SL_EMALFORMED);
	opt = (struct sl_oscore_option){
	        .has_kid_context = true, .kid_context = sl_span(bytes, 254)};
	ck_assert_err(sl_oscore_option_encode(&w, &opt), SL_EMALFORMED);
}
END_TEST

START_TEST(refuses_to_write_a_bad_partial_iv)
{
	static const char *const pivs[] = {"010203040506", "0014", "0000000000"};
	struct sl_oscore_option opt = {.partial_iv = hex(pivs[_i])};
	uint8_t out[16];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_err(sl_oscore_option_encode(&w, &opt), SL_EMALFORMED);
	ck_assert_uint_eq(w.len, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oscore/option");
	TCase *tc = tcase_create("option");

	tcase_add_loop_test(tc, decodes_what_is_there, 0, (int)ARRAY_LEN(valid));
	tcase_add_loop_test(tc, encodes_what_is_there, 0, (int)ARRAY_LEN(valid));
	tcase_add_loop_test(tc, refuses_malformed_values, 0, (int)ARRAY_LEN(malformed));
	tcase_add_test(tc, judges_every_proper_prefix);
	tcase_add_test(tc, holds_255_bytes_and_no_more);
	tcase_add_loop_test(tc, refuses_to_write_a_bad_partial_iv, 0, 3);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
