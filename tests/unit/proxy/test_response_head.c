/* SPDX-License-Identifier: BSD-2-Clause
 * Response heads: what is understood, what is not trusted, where the limits are. */
#include <string.h>

#include <support.h>

#include "response_head.h"

static struct response_head head;

/* Feeds text line by line, as it comes off a connection. */
static bool
feed(const char *text)
{
	response_head_init(&head);
	while (*text != '\0') {
		const char *end = strchr(text, '\n');
		size_t len = end == NULL ? strlen(text) : (size_t)(end - text) + 1;

		if (!response_head_line(&head, heap_copy(sl_span(text, len))))
			return false;
		text += len;
	}
	return true;
}

START_TEST(reads_what_the_mapping_needs)
{
	struct sl_map_http_result r = {0};

	ck_assert(feed("HTTP/1.1 200 OK\r\nServer: x\r\noscore:  AQE\t\r\nContent-Type: "
	               "application/oscore\r\n"
	               "Content-Length: 5\r\nRetry-After: 120\r\nCache-Control: public, "
	               "Max-Age=60\r\nAge: 15\r\n"
	               "Location: /here\r\n\r\n"));
	ck_assert(head.is_done);
	response_head_result(&head, &r);
	ck_assert_int_eq(r.status, 200);
	ck_assert_uint_eq(r.oscore_header_count, 1);
	ck_assert(sl_span_equal_text(r.oscore_header, "AQE"));
	ck_assert(sl_span_equal_text(r.content_type, "application/oscore"));
	ck_assert_uint_eq(r.content_type_count, 1);
	ck_assert(!r.has_content_encoding);
	ck_assert(r.has_retry_after);
	ck_assert_uint_eq(r.retry_after_s, 120);
	ck_assert(r.has_max_age);
	ck_assert_uint_eq(r.max_age_s, 45);
	ck_assert(sl_span_equal_text(r.location, "/here"));
}
END_TEST

static const struct {
	const char *because, *text;
} good[] = {
        {"HTTP/1.0 will do", "HTTP/1.0 200 OK\r\n\r\n"},
        {"no reason phrase, no space", "HTTP/1.1 204\r\n\r\n"},
        {"an empty reason phrase", "HTTP/1.1 204 \r\n\r\n"},
        {"bare line feeds, which RFC 9112 section 2.2 lets pass", "HTTP/1.1 200 OK\nA: b\n\n"},
        {"an interim head before the real one",
                "HTTP/1.1 100 C\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"},
        {"eight interim heads", "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 "
                                "E\r\n\r\nHTTP/1.1 103 E\r\n\r\n"
                                "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 "
                                "E\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 O\r\n\r\n"},
        {"an empty value", "HTTP/1.1 200 OK\r\nX:\r\n\r\n"},
        {"eight-bit text in a value", "HTTP/1.1 200 OK\r\nX: \xc3\xa4\r\n\r\n"},
        {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"},
};

static const struct {
	const char *because, *text;
} bad[] = {
        {"another protocol", "ICY 200 OK\r\n\r\n"},
        {"another major version", "HTTP/2.0 200 OK\r\n\r\n"},
        {"another minor version", "HTTP/1.2 200 OK\r\n\r\n"},
        {"a lower-case name", "http/1.1 200 OK\r\n\r\n"},
        {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"},
        {"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"},
        {"a status below 100", "HTTP/1.1 099 OK\r\n\r\n"},
        {"a status above 599", "HTTP/1.1 600 OK\r\n\r\n"},
        {"a status with a sign", "HTTP/1.1 +20 OK\r\n\r\n"},
        {"a field before the status", "X: y\r\n\r\n"},
        {"an empty line before the status", "\r\nHTTP/1.1 200 OK\r\n\r\n"},
        {"a second status line", "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n\r\n"},
        {"a folded line", "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n"},
        {"a folded first line", "HTTP/1.1 200 OK\r\n X: y\r\n\r\n"},
        {"a space before the colon", "HTTP/1.1 200 OK\r\nX : y\r\n\r\n"},
        {"no colon", "HTTP/1.1 200 OK\r\nX y\r\n\r\n"},
        {"no name", "HTTP/1.1 200 OK\r\n: y\r\n\r\n"},
        {"a name with a bracket", "HTTP/1.1 200 OK\r\nX(: y\r\n\r\n"},
        {"a name with eight bits", "HTTP/1.1 200 OK\r\n\xc3\xa4: y\r\n\r\n"},
        {"a carriage return inside", "HTTP/1.1 200 OK\r\nX: y\rz\r\n\r\n"},
        {"a control character", "HTTP/1.1 200 OK\r\nX: y\x01\r\n\r\n"},
        {"a DEL", "HTTP/1.1 200 OK\r\nX: y\x7f\r\n\r\n"},
        {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"},
        {"two lengths in one", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n"},
        {"a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n"},
        {"a length in hex", "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n"},
        {"an empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"},
        {"a length beyond 64 bits",
                "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"},
        {"a length beside chunks",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"chunks beside a length",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"},
        {"another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
        {"two codings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n"},
        {"nine interim heads", "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 "
                               "E\r\n\r\nHTTP/1.1 103 E\r\n\r\n"
                               "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 "
                               "E\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 E\r\n\r\n"},
};

START_TEST(takes_good_heads)
{
	ck_assert_msg(feed(good[_i].text) && head.is_done, "refused although %s", good[_i].because);
}
END_TEST

START_TEST(refuses_bad_heads)
{
	ck_assert_msg(!feed(bad[_i].text), "taken although %s", bad[_i].because);
}
END_TEST

START_TEST(lines_cut_anywhere_do_no_harm)
{
	static const char *const lines[] = {"HTTP/1.1 200 OK\r\n", "OSCORE: AQE\r\n",
	        "Content-Length: 12\r\n", "Cache-Control: max-age=5, no-store\r\n",
	        "Content-Type: application/oscore\r\n"};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		for (size_t len = 0; len <= strlen(lines[i]); len++) {
			bool is_taken;

			response_head_init(&head);
			if (i > 0)
				ck_assert(response_head_line(
				        &head, sl_span_text("HTTP/1.1 200 OK\r\n")));
			is_taken = response_head_line(&head, heap_copy(sl_span(lines[i], len)));
			if (i == 0)
				ck_assert_int_eq(is_taken, len >= strlen("HTTP/1.1 200"));
			else if (memchr(lines[i], ':', len) == NULL)
				ck_assert_int_eq(is_taken, len == 0);
		}
	}
}
END_TEST

START_TEST(trailers_do_not_count)
{
	struct sl_map_http_result r = {0};

	ck_assert(feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nOSCORE: "
	               "AA\r\nContent-Length: 3\r\n\r\n"));
	response_head_result(&head, &r);
	ck_assert_uint_eq(r.oscore_header_count, 0);
}
END_TEST

START_TEST(fields_of_interim_heads_do_not_count)
{
	struct sl_map_http_result r = {0};

	ck_assert(feed("HTTP/1.1 103 E\r\nOSCORE: AA\r\nContent-Type: a/b\r\n\r\nHTTP/1.1 200 "
	               "OK\r\nOSCORE: AQE\r\n\r\n"));
	response_head_result(&head, &r);
	ck_assert_uint_eq(r.oscore_header_count, 1);
	ck_assert_uint_eq(r.content_type_count, 0);
	ck_assert(sl_span_equal_text(r.oscore_header, "AQE"));
}
END_TEST

START_TEST(repeated_fields_are_counted_and_the_first_stays)
{
	struct sl_map_http_result r = {0};

	ck_assert(feed("HTTP/1.1 200 OK\r\nOSCORE: AA\r\nOscore: AQE\r\nContent-Type: "
	               "a/b\r\ncontent-type: c/d\r\n\r\n"));
	response_head_result(&head, &r);
	ck_assert_uint_eq(r.oscore_header_count, 2);
	ck_assert(sl_span_equal_text(r.oscore_header, "AA"));
	ck_assert_uint_eq(r.content_type_count, 2);
	ck_assert(sl_span_equal_text(r.content_type, "a/b"));
}
END_TEST

static const struct {
	const char *fields;
	bool has;
	uint32_t seconds;
} ages[] = {
        {"", false, 0},
        {"Cache-Control: max-age=100\r\n", true, 100},
        {"Cache-Control: max-age=100\r\nAge: 40\r\n", true, 60},
        {"Cache-Control: max-age=100\r\nAge: 400\r\n", true, 0},
        {"Cache-Control: no-store\r\n", true, 0},
        {"Cache-Control: max-age=100, no-cache\r\n", true, 0},
        {"Cache-Control: private\r\nCache-Control: max-age=9\r\n", true, 0},
        {"Cache-Control: max-age=\r\n", false, 0},
        {"Cache-Control: max-age=-1\r\n", false, 0},
        {"Cache-Control: ,,,\r\n", false, 0},
        {"Cache-Control: max-age=99999999999\r\n", false, 0},
        {"Content-Encoding: identity\r\n", false, 0},
};

START_TEST(freshness_is_max_age_less_age)
{
	struct sl_map_http_result r = {0};
	char text[256];

	snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s\r\n", ages[_i].fields);
	ck_assert(feed(text));
	response_head_result(&head, &r);
	ck_assert_int_eq(r.has_max_age, ages[_i].has);
	ck_assert_uint_eq(r.max_age_s, ages[_i].seconds);
	ck_assert(!r.has_content_encoding);
}
END_TEST

START_TEST(encodings_and_dates)
{
	ck_assert(feed("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: identity\r\n"
	               "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nAge: x\r\n\r\n"));
	ck_assert(head.has_content_encoding);
	ck_assert(!head.has_retry_after);
}
END_TEST

START_TEST(lines_and_bytes_are_limited)
{
	static char line[RESPONSE_HEAD_BYTES_MAX + 2];
	size_t rest = RESPONSE_HEAD_BYTES_MAX - strlen("HTTP/1.1 200 OK\r\n");

	ck_assert(feed("HTTP/1.1 200 OK\r\n"));
	for (unsigned i = 1; i < RESPONSE_HEAD_LINES_MAX; i++)
		ck_assert(response_head_line(&head, sl_span_text("X: y\r\n")));
	ck_assert(!response_head_line(&head, sl_span_text("\r\n")));
	memset(line, 'y', sizeof line);
	memcpy(line, "X:", 2);
	ck_assert(feed("HTTP/1.1 200 OK\r\n"));
	ck_assert(response_head_line(&head, sl_span(line, rest)));
	ck_assert(feed("HTTP/1.1 200 OK\r\n"));
	ck_assert(!response_head_line(&head, sl_span(line, rest + 1)));
}
END_TEST

START_TEST(long_values_are_cut_and_never_valid)
{
	struct sl_map_http_result r = {0};
	char text[2048] = "HTTP/1.1 200 OK\r\nOSCORE: ";

	memset(text + strlen(text), 'A', 1000);
	memcpy(text + 1025, "\r\n\r\n", 5);
	ck_assert(feed(text));
	response_head_result(&head, &r);
	ck_assert_uint_gt(r.oscore_header.len, SL_MAP_OSCORE_HEADER_MAX);
}
END_TEST

static Suite *
head_suite(void)
{
	Suite *s = suite_create("proxy response head");
	TCase *t = tcase_create("head");

	tcase_add_test(t, reads_what_the_mapping_needs);
	tcase_add_loop_test(t, takes_good_heads, 0, (int)ARRAY_LEN(good));
	tcase_add_loop_test(t, refuses_bad_heads, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(t, lines_cut_anywhere_do_no_harm);
	tcase_add_test(t, trailers_do_not_count);
	tcase_add_test(t, fields_of_interim_heads_do_not_count);
	tcase_add_test(t, repeated_fields_are_counted_and_the_first_stays);
	tcase_add_loop_test(t, freshness_is_max_age_less_age, 0, (int)ARRAY_LEN(ages));
	tcase_add_test(t, encodings_and_dates);
	tcase_add_test(t, lines_and_bytes_are_limited);
	tcase_add_test(t, long_values_are_cut_and_never_valid);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(head_suite());
}
