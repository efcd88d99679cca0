/* SPDX-License-Identifier: BSD-2-Clause
 * Times. Seconds by arithmetic: 86400 a day, 365 or 366 days a year. */
#include "der_text.h"
#include "parts.h"

#include <string.h>

static const struct {
	int64_t when;
	uint8_t tag;
	const char *text;
} times[] = {
        {0, SL_DER_UTC_TIME, "700101000000Z"},
        {-1, SL_DER_UTC_TIME, "691231235959Z"},
        {86400 + 3600 + 60 + 1, SL_DER_UTC_TIME, "700102010101Z"},
        {59 * 86400LL - 1, SL_DER_UTC_TIME, "700228235959Z"}, /* 31 + 28 days */
        {59 * 86400LL, SL_DER_UTC_TIME, "700301000000Z"},
        {951782400, SL_DER_UTC_TIME, "000229000000Z"},  /* 10957 days to 2000, 31 + 28 */
        {1704067199, SL_DER_UTC_TIME, "231231235959Z"}, /* 2024-01-01 is day 19723 */
        /* 1950: 20 years of 365 days and 5 leap days (52, 56, 60, 64, 68) earlier */
        {-7305 * 86400LL, SL_DER_UTC_TIME, "500101000000Z"},
        /* 2050: 80 years of 365 days and 20 leap days later */
        {29220 * 86400LL - 1, SL_DER_UTC_TIME, "491231235959Z"},
        {29220 * 86400LL, SL_DER_GENERALIZED_TIME, "20500101000000Z"},
        /* 2100 is no leap year: 130 years and 32 leap days, 31 + 28 days */
        {(47482 + 59) * 86400LL, SL_DER_GENERALIZED_TIME, "21000301000000Z"},
        /* RFC 5280 section 4.1.2.5: no well-defined end; 253402300800 is 10000-01-01 */
        {253402300799, SL_DER_GENERALIZED_TIME, "99991231235959Z"},
};

START_TEST(reads_and_writes_a_time)
{
	uint8_t out[32], want[32];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_span text = sl_span_text(times[_i].text);
	struct sl_reader r;

	want[0] = times[_i].tag;
	want[1] = (uint8_t)text.len;
	memcpy(want + 2, text.ptr, text.len);
	sl_x509_write_time(&w, times[_i].when);
	ck_assert_bytes(sl_writer_span(&w), sl_span(want, text.len + 2));
	r = sl_reader_over(heap_copy(sl_span(want, text.len + 2)));
	ck_assert_int_eq(sl_x509_read_time(&r), times[_i].when);
	ck_assert_ok(sl_reader_finish(&r));
	ck_assert(sl_x509_is_time(times[_i].when));
}
END_TEST

START_TEST(every_day_of_two_centuries_returns)
{
	for (int64_t day = -7305; day < 65535; day++) {
		uint8_t out[32];
		struct sl_writer w = sl_writer_over(out, sizeof out);
		struct sl_reader r;

		sl_x509_write_time(&w, day * 86400 + 86399);
		r = sl_reader_over(sl_writer_span(&w));
		ck_assert_int_eq(sl_x509_read_time(&r), day * 86400 + 86399);
		ck_assert_ok(sl_reader_finish(&r));
	}
}
END_TEST

START_TEST(knows_what_a_certificate_can_say)
{
	ck_assert(!sl_x509_is_time(-7305 * 86400LL - 1));
	ck_assert(sl_x509_is_time(-7305 * 86400LL));
	ck_assert(sl_x509_is_time(253402300799));
	ck_assert(!sl_x509_is_time(253402300800));
	ck_assert(!sl_x509_is_time(INT64_MAX));
	ck_assert(!sl_x509_is_time(INT64_MIN));
}
END_TEST

/* An early GeneralizedTime passes on reading. */
START_TEST(reads_an_early_generalized_time)
{
	struct sl_reader r = sl_reader_over(heap_copy(sl_span("\x18\x0f"
	                                                      "19700101000001Z",
	        17)));

	ck_assert_int_eq(sl_x509_read_time(&r), 1);
	ck_assert_ok(sl_reader_finish(&r));
}
END_TEST

static const struct {
	const char *because;
	uint8_t tag;
	const char *text;
} malformed[] = {
        {"seconds are missing", SL_DER_UTC_TIME, "7001010000Z"},
        {"the zone is not Zulu", SL_DER_UTC_TIME, "700101000000+0000"},
        {"the zone is missing", SL_DER_UTC_TIME, "700101000000"},
        {"another letter", SL_DER_UTC_TIME, "700101000000z"},
        {"a fraction", SL_DER_GENERALIZED_TIME, "20500101000000.5Z"},
        {"month 0", SL_DER_UTC_TIME, "700001000000Z"},
        {"month 13", SL_DER_UTC_TIME, "701301000000Z"},
        {"day 0", SL_DER_UTC_TIME, "700100000000Z"},
        {"31 April", SL_DER_UTC_TIME, "700431000000Z"},
        {"29 February 1970", SL_DER_UTC_TIME, "700229000000Z"},
        {"29 February 2100", SL_DER_GENERALIZED_TIME, "21000229000000Z"},
        {"hour 24", SL_DER_UTC_TIME, "700101240000Z"},
        {"minute 60", SL_DER_UTC_TIME, "700101006000Z"},
        {"second 60", SL_DER_UTC_TIME, "700101000060Z"},
        {"no digit", SL_DER_UTC_TIME, "70010100000 Z"},
        {"before 1950", SL_DER_GENERALIZED_TIME, "19491231235959Z"},
        {"neither kind of time", SL_DER_PRINTABLE_STRING, "700101000000Z"},
        {"nothing", SL_DER_UTC_TIME, ""},
};

START_TEST(refuses_a_malformed_time)
{
	struct sl_span text = sl_span_text(malformed[_i].text);
	uint8_t bytes[32] = {malformed[_i].tag, (uint8_t)text.len};
	struct sl_reader r;

	memcpy(bytes + 2, text.ptr, text.len);
	r = sl_reader_over(heap_copy(sl_span(bytes, text.len + 2)));
	ck_assert_int_eq(sl_x509_read_time(&r), 0);
	ck_assert_msg(r.failed, "accepted although %s", malformed[_i].because);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 time");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, reads_and_writes_a_time, 0, ARRAY_LEN(times));
	tcase_add_test(tc, every_day_of_two_centuries_returns);
	tcase_add_test(tc, knows_what_a_certificate_can_say);
	tcase_add_test(tc, reads_an_early_generalized_time);
	tcase_add_loop_test(tc, refuses_a_malformed_time, 0, ARRAY_LEN(malformed));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
