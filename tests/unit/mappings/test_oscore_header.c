/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 8613 section 11.1: option value <-> header text. The published pairs are in
 * test_section11.c. */
#include "support.h"

#include <sl/mappings.h>

#include <string.h>

START_TEST(every_length_comes_back)
{
	uint8_t value[SL_MAP_OSCORE_OPTION_MAX], got[SL_MAP_OSCORE_OPTION_MAX];
	char text[SL_MAP_OSCORE_HEADER_MAX + 1];
	size_t len;

	for (size_t i = 0; i < sizeof value; i++)
		value[i] = (uint8_t)(i * 37 + 9);
	ck_assert_ok(sl_map_oscore_to_header(text, sizeof text, sl_span(value, (size_t)_i)));
	/* four characters carry three bytes; nothing is AA, two characters */
	ck_assert_uint_eq(strlen(text), _i == 0 ? 2 : ((size_t)_i * 8 + 5) / 6);
	ck_assert_ok(
	        sl_map_oscore_from_header(got, sizeof got, &len, heap_copy(sl_span_text(text))));
	ck_assert_bytes(sl_span(got, len), sl_span(value, (size_t)_i));
}
END_TEST

START_TEST(a_short_buffer_is_noticed_at_every_length)
{
	uint8_t value[SL_MAP_OSCORE_OPTION_MAX] = {1};
	char text[SL_MAP_OSCORE_HEADER_MAX + 1];
	size_t len = 77, text_len;

	ck_assert_ok(sl_map_oscore_to_header(text, sizeof text, sl_span(value, (size_t)_i)));
	text_len = strlen(text);
	ck_assert_err(
	        sl_map_oscore_from_header(value, (size_t)_i - 1, &len, sl_span(text, text_len)),
	        SL_ESPACE);
	ck_assert_uint_eq(len, 77);
	ck_assert_err(
	        sl_map_oscore_to_header(text, text_len, sl_span(value, (size_t)_i)), SL_ESPACE);
}
END_TEST

START_TEST(refuses_an_option_of_256_bytes)
{
	uint8_t value[SL_MAP_OSCORE_OPTION_MAX + 1] = {9};
	char text[400];

	ck_assert_err(sl_map_oscore_to_header(text, sizeof text, sl_span(value, sizeof value)),
	        SL_EMALFORMED);
}
END_TEST

static const struct {
	const char *because, *text;
} refused[] = {
        {"an empty value is no option", ""},
        {"white space alone is no option", " \t"},
        {"one character is no byte", "C"},
        {"length 1 mod 4 leaves six bits", "CSUAA"},
        {"a list is two values", "CSU, CSU"},
        {"a list without spaces too", "CSU,CSU"},
        {"white space inside", "CS U"},
        {"padding", "CSU="},
        {"'+' is plain base64", "C+UA"},
        {"'/' is plain base64", "C/UA"},
        {"a colon", "CSU:"},
        {"a vertical tab is no optional white space", "\vCSU"},
        {"a carriage return at the end", "CSU\r"},
        {"an 8-bit byte", "CS\xdc"},
        {"unused bits: a second spelling of AA", "AB"},
        {"unused bits in three characters", "CSV"},
};

START_TEST(refuses_what_is_not_one_value)
{
	uint8_t got[SL_MAP_OSCORE_OPTION_MAX];
	size_t len = 77;

	ck_assert_msg(sl_map_oscore_from_header(got, sizeof got, &len,
	                      heap_copy(sl_span_text(refused[_i].text))) == SL_EMALFORMED,
	        "accepted although %s", refused[_i].because);
	ck_assert_uint_eq(len, 77);
}
END_TEST

START_TEST(length_ends_at_340_characters)
{
	char text[SL_MAP_OSCORE_HEADER_MAX + 5];
	uint8_t got[SL_MAP_OSCORE_OPTION_MAX + 8];
	size_t len;

	memset(text, 'A', sizeof text);
	ck_assert_ok(sl_map_oscore_from_header(got, sizeof got, &len, sl_span(text, 340)));
	ck_assert_uint_eq(len, 255);
	for (size_t n = 341; n <= 344; n++)
		ck_assert_err(sl_map_oscore_from_header(got, sizeof got, &len, sl_span(text, n)),
		        SL_EMALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/oscore_header");
	TCase *tc = tcase_create("header");

	tcase_add_loop_test(tc, every_length_comes_back, 0, SL_MAP_OSCORE_OPTION_MAX + 1);
	tcase_add_loop_test(
	        tc, a_short_buffer_is_noticed_at_every_length, 1, SL_MAP_OSCORE_OPTION_MAX + 1);
	tcase_add_test(tc, refuses_an_option_of_256_bytes);
	tcase_add_loop_test(tc, refuses_what_is_not_one_value, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(tc, length_ends_at_340_characters);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
