/* SPDX-License-Identifier: BSD-2-Clause
 * Whole HTTP/1.1 responses (RFC 9112): where the message ends, and that nothing unclear is taken. */
#include <string.h>

#include <support.h>

#include "response.h"

#define BODY_MAX 16

static struct response r;

static void
open_response(void)
{
	response_init(&r, BODY_MAX);
}

static void
close_response(void)
{
	response_reset(&r);
}

/* Feeds text in pieces of so many bytes. *taken: bytes that belong to the response. */
static enum response_verdict
feed(struct sl_span text, size_t piece, size_t *taken)
{
	enum response_verdict verdict = RESPONSE_MORE;

	*taken = 0;
	response_reset(&r);
	while (text.len > 0 && verdict == RESPONSE_MORE) {
		size_t len = text.len < piece ? text.len : piece, some;

		verdict = response_take(&r, heap_copy(sl_span(text.ptr, len)), &some);
		*taken += some;
		text = sl_span(text.ptr + len, text.len - len);
	}
	return verdict;
}

#define OK  "HTTP/1.1 200 OK\r\n"
#define TE  OK "Transfer-Encoding: chunked\r\n\r\n"
#define ALL SIZE_MAX

/* What is behind "|" is no part of the response any more. */
static const struct {
	const char *because, *text, *body;
	bool may_keep;
} good[] = {
        {"a length", OK "Content-Length: 4\r\n\r\nbody", "body", true},
        {"a length of nothing", OK "Content-Length: 0\r\n\r\n", "", true},
        {"as much as may be", OK "Content-Length: 16\r\n\r\n0123456789abcdef", "0123456789abcdef",
                true},
        {"more behind it", OK "Content-Length: 4\r\n\r\nbody|HTTP/1.1 200 OK", "body", true},
        {"one chunk", TE "4\r\nbody\r\n0\r\n\r\n", "body", true},
        {"two chunks", TE "2\r\nbo\r\n02\r\ndy\r\n0\r\n\r\n", "body", true},
        {"a size in small hex", TE "a\r\n0123456789\r\n0\r\n\r\n", "0123456789", true},
        {"a size in large hex", TE "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", true},
        {"no chunk but the last", TE "0\r\n\r\n", "", true},
        {"a last chunk of many zeros", TE "0000\r\n\r\n", "", true},
        {"an extension", TE "4;a=\"b\"\r\nbody\r\n0 ; c\r\n\r\n", "body", true},
        {"trailers, which do not count", TE "4\r\nbody\r\n0\r\nOSCORE: AA\r\nX: y\r\n\r\n", "body",
                true},
        {"more behind the chunks", TE "0\r\n\r\n|more", "", true},
        {"204 has no body", "HTTP/1.1 204 N\r\n\r\n|HTTP", "", true},
        {"204 with a length of nothing", "HTTP/1.1 204 N\r\nContent-Length: 0\r\n\r\n|", "", true},
        {"204 has no body, whatever it says; it may come all the same",
                "HTTP/1.1 204 N\r\nContent-Length: 4\r\n\r\n|body", "", false},
        {"204 speaks of chunks", "HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n|", "",
                false},
        {"304 has no body", "HTTP/1.1 304 N\r\n\r\n|", "", true},
        {"304 tells the length of another body", "HTTP/1.1 304 N\r\nContent-Length: 4\r\n\r\n|", "",
                false},
        {"interim responses first",
                "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nContent-Length: 9\r\n\r\n" OK
                "Content-Length: 1\r\n\r\nb",
                "b", true},
        {"the connection ends behind it", OK "Content-Length: 1\r\nConnection: close\r\n\r\nb", "b",
                false},
        {"in a list", OK "Content-Length: 1\r\nConnection: x, CLOSE ,y\r\n\r\nb", "b", false},
        {"in a second line", OK "Content-Length: 1\r\nConnection: x\r\nConnection: close\r\n\r\nb",
                "b", false},
        {"another option", OK "Content-Length: 1\r\nConnection: closed\r\n\r\nb", "b", true},
        {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nb", "b", false},
        {"HTTP/1.0 that would go on",
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nb", "b",
                false},
};

START_TEST(ends_where_the_message_ends)
{
	const char *text = good[_i].text, *bar = strchr(text, '|');
	size_t len = bar == NULL ? strlen(text) : (size_t)(bar - text), taken;
	char whole[256];

	snprintf(whole, sizeof whole, "%.*s%s", (int)len, text, bar == NULL ? "" : bar + 1);
	for (size_t piece = 1; piece <= strlen(whole); piece++) {
		ck_assert_msg(feed(sl_span_text(whole), piece, &taken) == RESPONSE_WHOLE,
		        "%s: not taken in pieces of %zu", good[_i].because, piece);
		ck_assert_uint_eq(taken, len);
		ck_assert(sl_span_equal_text(r.body, good[_i].body));
		ck_assert_int_eq(response_may_keep(&r), good[_i].may_keep);
	}
}
END_TEST

/* Cut anywhere it asks for more, and the end of the connection there is no end of the message. */
START_TEST(no_prefix_is_whole)
{
	const char *text = good[_i].text, *bar = strchr(text, '|');
	size_t len = bar == NULL ? strlen(text) : (size_t)(bar - text), taken;

	for (size_t cut = 0; cut < len; cut++) {
		ck_assert_msg(feed(sl_span(text, cut), ALL, &taken) == RESPONSE_MORE,
		        "%s: %zu bytes will do", good[_i].because, cut);
		ck_assert_int_eq(response_end(&r), cut == 0 ? RESPONSE_NOTHING : RESPONSE_BAD);
	}
}
END_TEST

START_TEST(goes_to_the_end_of_the_connection)
{
	static const char *const texts[] = {OK "\r\nbody", "HTTP/1.0 200 OK\r\n\r\nbody"};
	size_t taken;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (size_t piece = 1; piece <= strlen(texts[i]); piece++) {
			ck_assert_int_eq(
			        feed(sl_span_text(texts[i]), piece, &taken), RESPONSE_MORE);
			ck_assert_int_eq(response_end(&r), RESPONSE_WHOLE);
			ck_assert(sl_span_equal_text(r.body, "body"));
			ck_assert(!response_may_keep(&r));
		}
	}
}
END_TEST

static const struct {
	const char *because, *text;
	enum response_verdict verdict;
} bad[] = {
        {"no HTTP", "hello\r\n", RESPONSE_BAD},
        {"another protocol", "SSH-2.0-OpenSSH_9\r\n", RESPONSE_BAD},
        {"switching protocols", "HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n", RESPONSE_BAD},
        {"a control character in a value", OK "X: a\001b\r\n", RESPONSE_BAD},
        {"a control character in the reason", "HTTP/1.1 200 O\001K\r\n", RESPONSE_BAD},
        {"a carriage return in the reason", "HTTP/1.1 200 O\rK\r\n", RESPONSE_BAD},
        {"a folded line", OK "X: a\r\n b\r\n", RESPONSE_BAD},
        {"two lengths", OK "Content-Length: 1\r\nContent-Length: 1\r\n", RESPONSE_BAD},
        {"a list of lengths", OK "Content-Length: 1, 1\r\n", RESPONSE_BAD},
        {"a length with a sign", OK "Content-Length: +1\r\n", RESPONSE_BAD},
        {"length and chunks", OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                RESPONSE_BAD},
        {"chunks and length", OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                RESPONSE_BAD},
        {"another coding", OK "Transfer-Encoding: gzip\r\n", RESPONSE_BAD},
        {"two codings", OK "Transfer-Encoding: gzip, chunked\r\n", RESPONSE_BAD},
        {"chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                RESPONSE_BAD},
        {"a chunk size that is no number", TE "x\r\n", RESPONSE_BAD},
        {"no chunk size", TE "\r\n", RESPONSE_BAD},
        {"an extension without a size", TE ";a\r\n", RESPONSE_BAD},
        {"a negative chunk", TE "-1\r\n", RESPONSE_BAD},
        {"a chunk with a plus sign", TE "+1\r\n", RESPONSE_BAD},
        {"a chunk in C's hex", TE "0x1\r\n", RESPONSE_BAD},
        {"a space before the size", TE " 1\r\n", RESPONSE_BAD},
        {"a space behind the size", TE "1 \r\n", RESPONSE_BAD},
        {"text behind the size", TE "1 a\r\n", RESPONSE_BAD},
        {"a size of 17 digits", TE "00000000000000001\r\n", RESPONSE_BAD},
        {"a bare line feed behind the size", TE "1\nb\r\n", RESPONSE_BAD},
        {"a bare line feed behind an extension", TE "1;a\nb\r\n", RESPONSE_BAD},
        {"a control character in an extension", TE "1;a\001\r\n", RESPONSE_BAD},
        {"a carriage return in an extension", TE "1;a\rb\r\n", RESPONSE_BAD},
        {"a chunk that ends late", TE "1\r\nbc\r\n", RESPONSE_BAD},
        {"a bare line feed behind the chunk", TE "1\r\nb\n0\r\n", RESPONSE_BAD},
        {"an empty line too many", TE "1\r\nb\r\n\r\n", RESPONSE_BAD},
        {"a trailer with a bare line feed", TE "0\r\nX: y\n", RESPONSE_BAD},
        {"an end with a bare line feed", TE "0\r\n\n", RESPONSE_BAD},
        {"a length over the limit", OK "Content-Length: 17\r\n\r\n", RESPONSE_TOO_LARGE},
        {"a length far over the limit", OK "Content-Length: 18446744073709551615\r\n\r\n",
                RESPONSE_TOO_LARGE},
        {"a chunk over the limit", TE "11\r\n", RESPONSE_TOO_LARGE},
        {"chunks over the limit", TE "9\r\n123456789\r\n8\r\n", RESPONSE_TOO_LARGE},
        {"a chunk far over the limit", TE "FFFFFFFFFFFFFFFF\r\n", RESPONSE_TOO_LARGE},
        {"no length, over the limit", OK "\r\n0123456789abcdefg", RESPONSE_TOO_LARGE},
};

START_TEST(refuses_what_is_not_clear)
{
	size_t len = strlen(bad[_i].text), taken;

	for (size_t piece = 1; piece <= len; piece++)
		ck_assert_msg(feed(sl_span_text(bad[_i].text), piece, &taken) == bad[_i].verdict,
		        "%s, in pieces of %zu", bad[_i].because, piece);
}
END_TEST

START_TEST(nul_is_refused)
{
	static const char text[] = OK "X: a\0b\r\n";
	size_t taken;

	ck_assert_int_eq(feed(sl_span(text, sizeof text - 1), 5, &taken), RESPONSE_BAD);
}
END_TEST

/* head, then a unit over and over: the number of units that are taken before it is too much. */
static size_t
units_taken(const char *head, const char *unit, enum response_verdict *verdict)
{
	size_t taken, count = 0;

	*verdict = feed(sl_span_text(head), ALL, &taken);
	while (*verdict == RESPONSE_MORE && count < 100000) {
		*verdict = response_take(&r, sl_span_text(unit), &taken);
		count += *verdict == RESPONSE_MORE;
	}
	return count;
}

START_TEST(every_part_has_its_limit)
{
	static char line[RESPONSE_CHUNK_LINE_MAX + 1];
	enum response_verdict verdict;
	size_t taken;

	/* a line that never ends: 16 KiB of head at most, 17 bytes of them the status line */
	ck_assert_uint_eq(units_taken(OK, "x", &verdict), RESPONSE_HEAD_BYTES_MAX);
	ck_assert_int_eq(verdict, RESPONSE_BAD);
	ck_assert_uint_eq(units_taken(OK, "X: y\r\n", &verdict), RESPONSE_HEAD_LINES_MAX - 1);
	ck_assert_int_eq(verdict, RESPONSE_BAD);
	ck_assert_uint_eq(
	        units_taken("", "HTTP/1.1 103 E\r\n\r\n", &verdict), RESPONSE_HEAD_INTERIM_MAX);
	ck_assert_int_eq(verdict, RESPONSE_BAD);
	ck_assert_uint_eq(units_taken(TE "0\r\n", "X: y\r\n", &verdict),
	        RESPONSE_HEAD_LINES_MAX - 3); /* status line, field, blank line */
	ck_assert_int_eq(verdict, RESPONSE_BAD);
	ck_assert_uint_eq(units_taken(TE "1;", "x", &verdict), RESPONSE_CHUNK_LINE_MAX - 2);
	ck_assert_int_eq(verdict, RESPONSE_BAD);
	/* size, extensions and CRLF fill the line, and one byte more */
	for (size_t over = 0; over < 2; over++) {
		size_t len = RESPONSE_CHUNK_LINE_MAX + over;

		memset(line, 'x', sizeof line);
		memcpy(line, "1;", 2);
		memcpy(line + len - 2, "\r\n", 2);
		ck_assert_int_eq(feed(sl_span_text(TE), ALL, &taken), RESPONSE_MORE);
		ck_assert_int_eq(response_take(&r, heap_copy(sl_span(line, len)), &taken),
		        over ? RESPONSE_BAD : RESPONSE_MORE);
	}
}
END_TEST

/* Many small chunks with long extensions: 200 bytes each, so 82 would pass 16 KiB. */
START_TEST(extensions_have_a_limit_together)
{
	enum response_verdict verdict = RESPONSE_MORE;
	size_t taken, count = 0;
	char line[256];

	response_init(&r, 1024);
	snprintf(line, sizeof line, "1;%0199d\r\nb\r\n", 7);
	ck_assert_int_eq(response_take(&r, sl_span_text(TE), &taken), RESPONSE_MORE);
	for (; verdict == RESPONSE_MORE; count += verdict == RESPONSE_MORE)
		verdict = response_take(&r, sl_span_text(line), &taken);
	ck_assert_int_eq(verdict, RESPONSE_BAD);
	ck_assert_uint_eq(count, RESPONSE_CHUNK_EXTRA / 200);
}
END_TEST

START_TEST(what_came_at_once_is_not_copied)
{
	static const char text[] = OK "Content-Length: 4\r\n\r\nbody";
	size_t taken;

	response_reset(&r);
	ck_assert_int_eq(response_take(&r, sl_span_text(text), &taken), RESPONSE_WHOLE);
	ck_assert_ptr_eq(r.body.ptr, text + sizeof text - 5);
	ck_assert_uint_eq(r.bytes.cap, 0);
	ck_assert_uint_eq(r.line.cap, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy response");
	TCase *tc = tcase_create("response");

	tcase_add_checked_fixture(tc, open_response, close_response);
	tcase_add_loop_test(tc, ends_where_the_message_ends, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tc, no_prefix_is_whole, 0, ARRAY_LEN(good));
	tcase_add_test(tc, goes_to_the_end_of_the_connection);
	tcase_add_loop_test(tc, refuses_what_is_not_clear, 0, ARRAY_LEN(bad));
	tcase_add_test(tc, nul_is_refused);
	tcase_add_test(tc, every_part_has_its_limit);
	tcase_add_test(tc, extensions_have_a_limit_together);
	tcase_add_test(tc, what_came_at_once_is_not_copied);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
