/* SPDX-License-Identifier: BSD-2-Clause
 * Lines of fixed form, and the valve before them. */
#include <string.h>

#include <support.h>

#include "log.h"

static char lines[64][LOG_LINE_MAX];
static enum log_level levels[64];
static size_t count;

static void
keep(enum log_level level, const char *line)
{
	levels[count % 64] = level;
	snprintf(lines[count++ % 64], LOG_LINE_MAX, "%s", line);
}

static struct core_record
a_record(void)
{
	struct address remote, local;
	struct core_record r = {.id = 0x7f3a,
	        .is_oscore = true,
	        .method = SL_COAP_POST,
	        .is_verified = true,
	        .route = "https://est.example:443",
	        .status = 200,
	        .code = SL_COAP_CHANGED,
	        .elapsed_ms = 41,
	        .bytes_in = 80,
	        .bytes_out = 812,
	        .reason = "ok"};

	ck_assert_ok(address_parse(&remote, "[2001:db8::1]:5683"));
	ck_assert_ok(address_parse(&local, "[::1]:5683"));
	peer_encode(&r.peer, &remote, &local);
	return r;
}

START_TEST(finished_exchange_is_one_line_in_fixed_order)
{
	struct core_record r = a_record();
	char line[LOG_LINE_MAX];

	log_format_record(line, sizeof line, &r);
	ck_assert_str_eq(line, "exchange=7f3a peer=[2001:db8::1]:5683 verified=yes "
	                       "method=0.02 oscore=yes "
	                       "route=https://est.example:443 origin=200 "
	                       "code=2.04 ms=41 in=80 out=812 reason=\"ok\"");
	r.is_oscore = false;
	r.status = 0;
	r.is_suppressed = true;
	r.route = "bad \"name\"\n";
	log_format_record(line, sizeof line, &r);
	ck_assert_ptr_nonnull(strstr(
	        line, "oscore=no route=bad \\x22name\\x22\\x0a origin=- code=2.04 suppressed=yes"));
	r.detail = "Couldn't resolve host name";
	log_format_record(line, sizeof line, &r);
	ck_assert_ptr_nonnull(strstr(line, "reason=\"ok\" detail=\"Couldn't resolve host name\""));
	log_format_record(line, 20, &r);
	ck_assert_uint_eq(strlen(line), 19);
}
END_TEST

START_TEST(refusals_are_counted_when_there_are_too_many)
{
	struct log_valve valve = {.per_second = 3};
	struct core_record r = a_record();

	log_set_sink(keep);
	count = 0;
	r.is_refusal = true;
	for (unsigned i = 0; i < 10; i++)
		log_record(&valve, &r, 5000 + i);
	ck_assert_uint_eq(count, 3);
	ck_assert_int_eq(levels[0], LOG_WARN);
	ck_assert(strncmp(lines[0], "level=warn exchange=7f3a ", 25) == 0);
	r.is_refusal = false;
	log_record(&valve, &r, 5500);
	ck_assert_uint_eq(count, 4);
	ck_assert_int_eq(levels[3], LOG_INFO);
	r.is_refusal = true;
	log_record(&valve, &r, 6000);
	ck_assert_uint_eq(count, 6);
	ck_assert_str_eq(lines[4], "level=warn event=log-held lines=7");
	log_set_sink(NULL);
}
END_TEST

START_TEST(long_lines_are_cut)
{
	static char text[3 * LOG_LINE_MAX];

	memset(text, 'x', sizeof text - 1);
	log_set_sink(keep);
	count = 0;
	log_line(LOG_ERROR, "%s", text);
	ck_assert_uint_eq(strlen(lines[0]), LOG_LINE_MAX - 1);
	ck_assert(strncmp(lines[0], "level=error xxx", 15) == 0);
	log_set_sink(NULL);
}
END_TEST

static Suite *
log_suite(void)
{
	Suite *s = suite_create("proxy log");
	TCase *t = tcase_create("lines");

	tcase_add_test(t, finished_exchange_is_one_line_in_fixed_order);
	tcase_add_test(t, refusals_are_counted_when_there_are_too_many);
	tcase_add_test(t, long_lines_are_cut);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(log_suite());
}
