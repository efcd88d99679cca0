/* SPDX-License-Identifier: BSD-2-Clause
 * The registry against the tables of the RFCs, transcribed here a second time in their own
 * notation. */
#include "support.h"

#include <sl/coap.h>

#include <string.h>

/* RFC 7252 table 4 (with 7641, 7959, 7967, 8768, 9175, 9177, 9668): C U N R, format, lengths; then
 * the classes of RFC 8613 figure 5 and of the later registrations. */
static const struct {
	uint16_t number;
	const char *bits, *name, *format;
	uint16_t min, max;
	const char *classes;
} rows[] = {
        {1, "C--R", "If-Match", "opaque", 0, 8, "E"},
        {3, "CU--", "Uri-Host", "string", 1, 255, "U"},
        {4, "---R", "ETag", "opaque", 1, 8, "E"},
        {5, "C---", "If-None-Match", "empty", 0, 0, "E"},
        {6, "-U--", "Observe", "uint", 0, 3, "EU"},
        {7, "CU--", "Uri-Port", "uint", 0, 2, "U"},
        {8, "---R", "Location-Path", "string", 0, 255, "E"},
        {9, "C---", "OSCORE", "opaque", 0, 255, "U"},
        {11, "CU-R", "Uri-Path", "string", 0, 255, "E"},
        {12, "----", "Content-Format", "uint", 0, 2, "E"},
        {14, "-U--", "Max-Age", "uint", 0, 4, "EU"},
        {15, "CU-R", "Uri-Query", "string", 0, 255, "E"},
        {16, "----", "Hop-Limit", "uint", 1, 1, "E"},
        {17, "C---", "Accept", "uint", 0, 2, "E"},
        {19, "CU--", "Q-Block1", "uint", 0, 3, "EU"},
        {20, "---R", "Location-Query", "string", 0, 255, "E"},
        {21, "C---", "EDHOC", "empty", 0, 0, "U"},
        {23, "CU--", "Block2", "uint", 0, 3, "EU"},
        {27, "CU--", "Block1", "uint", 0, 3, "EU"},
        {28, "--N-", "Size2", "uint", 0, 4, "EU"},
        {31, "CU-R", "Q-Block2", "uint", 0, 3, "EU"},
        {35, "CU--", "Proxy-Uri", "string", 1, 1034, "U"},
        {39, "CU--", "Proxy-Scheme", "string", 1, 255, "U"},
        {60, "--N-", "Size1", "uint", 0, 4, "EU"},
        {252, "--N-", "Echo", "opaque", 1, 40, "EU"},
        {258, "-U--", "No-Response", "uint", 0, 1, "EU"},
        {292, "---R", "Request-Tag", "opaque", 0, 8, "EU"},
};

START_TEST(knows_the_option)
{
	const struct sl_coap_option_def *def = sl_coap_option_def(rows[_i].number);
	const char *bits = rows[_i].bits;
	uint16_t n = rows[_i].number;

	ck_assert_ptr_nonnull(def);
	ck_assert_uint_eq(def->number, n);
	ck_assert_str_eq(def->name, rows[_i].name);
	ck_assert_uint_eq(def->min_len, rows[_i].min);
	ck_assert_uint_eq(def->max_len, rows[_i].max);
	ck_assert_msg(def->is_repeatable == (bits[3] == 'R'), "%s: R", def->name);
	ck_assert_msg(def->is_uint == (strcmp(rows[_i].format, "uint") == 0), "%s", def->name);
	ck_assert_msg(def->class_e == (strchr(rows[_i].classes, 'E') != NULL), "%s: E", def->name);
	ck_assert_msg(def->class_u == (strchr(rows[_i].classes, 'U') != NULL), "%s: U", def->name);
	ck_assert_msg(sl_coap_is_critical(n) == (bits[0] == 'C'), "%s: C", def->name);
	ck_assert_msg(sl_coap_is_unsafe(n) == (bits[1] == 'U'), "%s: U bit", def->name);
	if (bits[1] != 'U') /* the bits say NoCacheKey only where an option is safe to forward */
		ck_assert_msg(sl_coap_is_no_cache_key(n) == (bits[2] == 'N'), "%s: N", def->name);
}
END_TEST

START_TEST(knows_no_other_option)
{
	size_t known = 0;

	for (uint32_t n = 0; n <= UINT16_MAX; n++)
		known += sl_coap_option_def((uint16_t)n) != NULL;
	ck_assert_uint_eq(known, ARRAY_LEN(rows));
}
END_TEST

static const struct {
	uint8_t code;
	const char *text, *phrase;
} codes[] = {
        {0, "0.00", ""},
        {1, "0.01", "GET"},
        {2, "0.02", "POST"},
        {3, "0.03", "PUT"},
        {4, "0.04", "DELETE"},
        {5, "0.05", "FETCH"},
        {6, "0.06", "PATCH"},
        {7, "0.07", "iPATCH"},
        {8, "0.08", ""},
        {0x41, "2.01", "Created"},
        {0x42, "2.02", "Deleted"},
        {0x43, "2.03", "Valid"},
        {0x44, "2.04", "Changed"},
        {0x45, "2.05", "Content"},
        {0x5f, "2.31", "Continue"},
        {0x80, "4.00", "Bad Request"},
        {0x81, "4.01", "Unauthorized"},
        {0x82, "4.02", "Bad Option"},
        {0x83, "4.03", "Forbidden"},
        {0x84, "4.04", "Not Found"},
        {0x85, "4.05", "Method Not Allowed"},
        {0x86, "4.06", "Not Acceptable"},
        {0x88, "4.08", "Request Entity Incomplete"},
        {0x89, "4.09", "Conflict"},
        {0x8c, "4.12", "Precondition Failed"},
        {0x8d, "4.13", "Request Entity Too Large"},
        {0x8f, "4.15", "Unsupported Content-Format"},
        {0x96, "4.22", "Unprocessable Entity"},
        {0x9d, "4.29", "Too Many Requests"},
        {0xa0, "5.00", "Internal Server Error"},
        {0xa1, "5.01", "Not Implemented"},
        {0xa2, "5.02", "Bad Gateway"},
        {0xa3, "5.03", "Service Unavailable"},
        {0xa4, "5.04", "Gateway Timeout"},
        {0xa5, "5.05", "Proxying Not Supported"},
        {0xa8, "5.08", "Hop Limit Reached"},
        {0xff, "7.31", ""},
};

START_TEST(names_the_code)
{
	char text[5];

	sl_coap_code_text(text, codes[_i].code);
	ck_assert_str_eq(text, codes[_i].text);
	ck_assert_str_eq(sl_coap_code_phrase(codes[_i].code), codes[_i].phrase);
	ck_assert_uint_eq(
	        SL_COAP_CODE(text[0] - '0', (text[2] - '0') * 10 + text[3] - '0'), codes[_i].code);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("coap/registry");
	TCase *tc = tcase_create("registry");

	tcase_add_loop_test(tc, knows_the_option, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(tc, knows_no_other_option);
	tcase_add_loop_test(tc, names_the_code, 0, (int)ARRAY_LEN(codes));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
