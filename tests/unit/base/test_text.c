/* SPDX-License-Identifier: BSD-2-Clause
 * Hex, base64url (vectors of RFC 4648 section 10, in the url alphabet and without padding), numbers. */
#include "support.h"

#include <sl/text.h>

#include <string.h>

START_TEST(hex_round_trip_and_refusals)
{
	char text[7];
	uint8_t bytes[3];
	size_t len = 99;

	ck_assert_ok(sl_hex_encode(text, sizeof text, hex("00a9ff")));
	ck_assert_str_eq(text, "00a9ff");
	ck_assert_err(sl_hex_encode(text, 6, hex("00a9ff")), SL_ESPACE);
	ck_assert_err(sl_hex_encode(text, 0, hex("")), SL_ESPACE);
	ck_assert_ok(sl_hex_decode(bytes, 3, &len, sl_span_text("00A9fF")));
	ck_assert_bytes(sl_span(bytes, len), hex("00a9ff"));
	ck_assert_err(sl_hex_decode(bytes, 2, &len, sl_span_text("00a9ff")), SL_ESPACE);
	ck_assert_err(sl_hex_decode(bytes, 3, &len, sl_span_text("0")), SL_EMALFORMED);
	ck_assert_err(sl_hex_decode(bytes, 3, &len, sl_span_text("0g")), SL_EMALFORMED);
	ck_assert_err(sl_hex_decode(bytes, 3, &len, sl_span_text("0x")), SL_EMALFORMED);
	ck_assert_uint_eq(len, 3);
}
END_TEST

static const struct {
	const char *plain, *text;
} rfc4648[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"},
	{"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};

START_TEST(base64url_vectors)
{
	char text[16];
	uint8_t bytes[16];
	size_t len = 0, want = strlen(rfc4648[_i].plain);

	ck_assert_ok(sl_base64url_encode(text, sizeof text, sl_span_text(rfc4648[_i].plain)));
	ck_assert_str_eq(text, rfc4648[_i].text);
	ck_assert_uint_eq(SL_BASE64URL_LEN(want), strlen(rfc4648[_i].text));
	ck_assert_ok(sl_base64url_decode(bytes, want, &len, sl_span_text(rfc4648[_i].text)));
	ck_assert(sl_span_equal_text(sl_span(bytes, len), rfc4648[_i].plain));
	ck_assert_err(sl_base64url_encode(text, strlen(rfc4648[_i].text), sl_span_text(rfc4648[_i].plain)),
		SL_ESPACE);
	if (want > 0)
		ck_assert_err(sl_base64url_decode(bytes, want - 1, &len, sl_span_text(rfc4648[_i].text)),
			SL_ESPACE);
}
END_TEST

/* RFC 4648 section 10; the last two by hand: 62 63 62 63 and 59 63 0. */
static const struct {
	const char *plain, *text;
} padded[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"}, {"\xef\xf0", "7/A="}};

START_TEST(base64_vectors)
{
	char text[16];
	size_t len = strlen(padded[_i].text);

	ck_assert_ok(sl_base64_encode(text, len + 1, sl_span_text(padded[_i].plain)));
	ck_assert_str_eq(text, padded[_i].text);
	ck_assert_uint_eq(SL_BASE64_LEN(strlen(padded[_i].plain)), len);
	ck_assert_err(sl_base64_encode(text, len, sl_span_text(padded[_i].plain)), SL_ESPACE);
}
END_TEST

static const struct {
	const char *because, *text;
} not_base64url[] = {
	{"one character is no byte", "A"},
	{"five characters are no bytes", "AAAAA"},
	{"padding", "Zg=="},
	{"the other alphabet's plus", "Zm+v"},
	{"the other alphabet's slash", "Zm/v"},
	{"a space", "Zm 9"},
	{"unused bits are set", "Zh"},
	{"unused bits are set in three", "Zm9"},
	{"a byte beyond ASCII", "Zm\xc3\xa4"},
};

START_TEST(base64url_refusals)
{
	uint8_t bytes[16];
	size_t len = 0;

	ck_assert_msg(sl_base64url_decode(bytes, sizeof bytes, &len,
			      sl_span_text(not_base64url[_i].text)) == SL_EMALFORMED,
		"accepted although %s", not_base64url[_i].because);
}
END_TEST

START_TEST(base64url_refuses_a_nul)
{
	uint8_t bytes[4];
	size_t len = 0;

	ck_assert_err(sl_base64url_decode(bytes, 4, &len, sl_span("A\0", 2)), SL_EMALFORMED);
}
END_TEST

static const struct {
	const char *text;
	uint64_t max;
	enum sl_err err;
	uint64_t value;
} numbers[] = {
	{"0", 0, SL_OK, 0},
	{"007", 10, SL_OK, 7},
	{"65535", 65535, SL_OK, 65535},
	{"65536", 65535, SL_ELIMIT, 0},
	{"9", 8, SL_ELIMIT, 0},
	{"18446744073709551615", UINT64_MAX, SL_OK, UINT64_MAX},
	{"18446744073709551616", UINT64_MAX, SL_ELIMIT, 0},
	{"99999999999999999999999", UINT64_MAX, SL_ELIMIT, 0},
	{"", 10, SL_EMALFORMED, 0},
	{"-1", 10, SL_EMALFORMED, 0},
	{"+1", 10, SL_EMALFORMED, 0},
	{" 1", 10, SL_EMALFORMED, 0},
	{"1 ", 10, SL_EMALFORMED, 0},
	{"0x1", 10, SL_EMALFORMED, 0},
};

START_TEST(parses_numbers)
{
	uint64_t v = 12345;

	ck_assert_err(sl_parse_uint(&v, sl_span_text(numbers[_i].text), numbers[_i].max), numbers[_i].err);
	ck_assert_uint_eq(v, numbers[_i].err == SL_OK ? numbers[_i].value : 12345);
}
END_TEST

static const struct {
	const char *text;
	bool is_time;
	enum sl_err err;
	uint64_t value;
} units[] = {
	{"0", false, SL_OK, 0},
	{"17B", false, SL_OK, 17},
	{"64KiB", false, SL_OK, 65536},
	{"1MiB", false, SL_OK, 1048576},
	{"2GiB", false, SL_OK, 2147483648},
	{"64", false, SL_EMALFORMED, 0},
	{"64KB", false, SL_EMALFORMED, 0},
	{"64 KiB", false, SL_EMALFORMED, 0},
	{"KiB", false, SL_EMALFORMED, 0},
	{"18446744073709551615KiB", false, SL_ELIMIT, 0},
	{"500ms", true, SL_OK, 500},
	{"30s", true, SL_OK, 30000},
	{"5min", true, SL_OK, 300000},
	{"2h", true, SL_OK, 7200000},
	{"90d", true, SL_OK, 7776000000},
	{"5m", true, SL_EMALFORMED, 0},
	{"-5s", true, SL_EMALFORMED, 0},
	{"1.5s", true, SL_EMALFORMED, 0},
	{"30", true, SL_EMALFORMED, 0},
};

START_TEST(parses_sizes_and_times)
{
	uint64_t v = 12345;
	enum sl_err err = units[_i].is_time ? sl_parse_time(&v, sl_span_text(units[_i].text))
					    : sl_parse_size(&v, sl_span_text(units[_i].text));

	ck_assert_err(err, units[_i].err);
	ck_assert_uint_eq(v, units[_i].err == SL_OK ? units[_i].value : 12345);
}
END_TEST

START_TEST(escapes_what_could_break_a_log_line)
{
	char out[64];

	sl_escape(out, sizeof out, sl_span("a b\n\"\\\x7f\xff", 8));
	ck_assert_str_eq(out, "a b\\x0a\\x22\\x5c\\x7f\\xff");
	sl_escape(out, 6, sl_span("ab\n", 3));
	ck_assert_str_eq(out, "ab");
	sl_escape(out, 1, sl_span("ab", 2));
	ck_assert_str_eq(out, "");
	out[0] = 'z';
	sl_escape(out, 0, sl_span("ab", 2));
	ck_assert_int_eq(out[0], 'z');
}
END_TEST

static const struct {
	const char *because, *bytes;
	bool good;
} utf8[] = {
	{"ASCII", "20 7e", true},
	{"two, three and four bytes", "c3a4 e282ac f09f9880", true},
	{"the last character before the surrogates", "ed9fbf", true},
	{"the last code point", "f48fbfbf", true},
	{"a line feed is a control", "610a", false},
	{"DEL is a control", "7f", false},
	{"C1 is a control", "c285", false},
	{"the first character after C1", "c2a0", true},
	{"a lone continuation byte", "80", false},
	{"an over-long slash", "c0af", false},
	{"an over-long in three bytes", "e09fbf", false},
	{"an over-long in four bytes", "f08fbfbf", false},
	{"a surrogate", "eda080", false},
	{"beyond the last code point", "f4908080", false},
	{"cut short", "e282", false},
	{"a bad third byte", "e28220", false},
};

START_TEST(knows_plain_utf8)
{
	ck_assert_msg(sl_is_plain_utf8(hex(utf8[_i].bytes)) == utf8[_i].good, "wrong: %s",
		utf8[_i].because);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base/text");
	TCase *t = tcase_create("text");

	tcase_add_test(t, hex_round_trip_and_refusals);
	tcase_add_loop_test(t, base64_vectors, 0, ARRAY_LEN(padded));
	tcase_add_loop_test(t, base64url_vectors, 0, ARRAY_LEN(rfc4648));
	tcase_add_loop_test(t, base64url_refusals, 0, ARRAY_LEN(not_base64url));
	tcase_add_test(t, base64url_refuses_a_nul);
	tcase_add_loop_test(t, parses_numbers, 0, ARRAY_LEN(numbers));
	tcase_add_loop_test(t, parses_sizes_and_times, 0, ARRAY_LEN(units));
	tcase_add_test(t, escapes_what_could_break_a_log_line);
	tcase_add_loop_test(t, knows_plain_utf8, 0, ARRAY_LEN(utf8));
	suite_add_tcase(s, t);
	return run_suite(s);
}
