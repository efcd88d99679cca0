/* SPDX-License-Identifier: BSD-2-Clause
 * Proxy-Uri: an absolute-URI (RFC 3986 section 4.3) of scheme http or https, read in one way
 * only. */
#include "support.h"

#include <sl/mappings.h>

#include <string.h>

#define C400 128
#define C505 165

static const struct {
	const char *url;
	bool is_https;
	const char *host;
	uint16_t port;
	const char *path_query, *written;
} accepted[] = {
        {"http://server.url/", false, "server.url", 80, "/", "http://server.url:80/"},
        {"http://server.url", false, "server.url", 80, "/", "http://server.url:80/"},
        {"https://server.url", true, "server.url", 443, "/", "https://server.url:443/"},
        {"HTTPS://Server.URL:8443/A", true, "server.url", 8443, "/A", "https://server.url:8443/A"},
        {"http://h:1/", false, "h", 1, "/", "http://h:1/"},
        {"http://h:65535/", false, "h", 65535, "/", "http://h:65535/"},
        {"http://h?q", false, "h", 80, "/?q", "http://h:80/?q"},
        {"http://h/?", false, "h", 80, "/?", "http://h:80/?"},
        {"http://h/a/b?c=d&e=/?f", false, "h", 80, "/a/b?c=d&e=/?f", "http://h:80/a/b?c=d&e=/?f"},
        {"http://h/%C3%A4%20x", false, "h", 80, "/%C3%A4%20x", "http://h:80/%C3%A4%20x"},
        {"http://h/-._~!$&'()*+,;=:@", false, "h", 80, "/-._~!$&'()*+,;=:@",
                "http://h:80/-._~!$&'()*+,;=:@"},
        {"http://h/AZaz09", false, "h", 80, "/AZaz09", "http://h:80/AZaz09"},
        {"http://h/...", false, "h", 80, "/...", "http://h:80/..."},
        {"http://h/?a=%00../..", false, "h", 80, "/?a=%00../..", "http://h:80/?a=%00../.."},
        {"https://[2001:db8::1]/x", true, "2001:db8::1", 443, "/x", "https://[2001:db8::1]:443/x"},
        {"https://[::1]:8443", true, "::1", 8443, "/", "https://[::1]:8443/"},
};

START_TEST(reads_and_writes_urls)
{
	struct sl_map_target t;
	char text[100];
	size_t len = strlen(accepted[_i].written);

	ck_assert_uint_eq(sl_map_url(heap_copy(sl_span_text(accepted[_i].url)), &t), 0);
	ck_assert_int_eq(t.form, SL_MAP_TARGET_PROXY_URI);
	ck_assert_int_eq(t.is_https, accepted[_i].is_https);
	ck_assert_str_eq(t.host, accepted[_i].host);
	ck_assert_uint_eq(t.port, accepted[_i].port);
	ck_assert_str_eq(t.path_query, accepted[_i].path_query);
	ck_assert_ok(sl_map_target_url(&t, text, sizeof text));
	ck_assert_str_eq(text, accepted[_i].written);
	memset(text, 'x', sizeof text);
	ck_assert_err(sl_map_target_url(&t, text, len), SL_ESPACE);
	ck_assert_int_eq(text[0], 'x');
	ck_assert_ok(sl_map_target_url(&t, text, len + 1));
}
END_TEST

static const struct {
	const char *because, *url;
	uint8_t want;
} refused[] = {
        {"empty", "", C400},
        {"no scheme", "server.url/", C400},
        {"a reference without scheme", "//server.url/", C400},
        {"an empty scheme", "://server.url/", C400},
        {"a scheme begins with a letter", "1http://server.url/", C400},
        {"a scheme has no underscore", "ht_tp://server.url/", C400},
        {"no authority", "http:server.url", C400},
        {"one slash", "http:/server.url", C400},
        {"only the scheme", "http:", C400},
        {"only slashes", "http://", C400},
        {"no host", "http:///path", C400},
        {"no host but a query", "http://?q", C400},
        {"coap is another proxy's", "coap://server.url/", C505},
        {"ftp", "ftp://server.url/", C505},
        {"file", "file:///etc/passwd", C505},
        {"a scheme of every kind of character", "aZz09+-.A://server.url/", C505},
        {"a scheme that begins alike", "httpx://server.url/", C505},
        {"a scheme cut short", "htt://server.url/", C505},
        {"userinfo", "http://user@server.url/", C505},
        {"userinfo with a password", "http://user:word@server.url/", C505},
        {"empty userinfo", "http://@server.url/", C505},
        {"userinfo that looks like a host", "http://allowed.example@server.url/", C505},
        {"a fragment", "http://server.url/#a", C400},
        {"a fragment in the authority", "http://server.url#@other/", C400},
        {"a space", "http://server.url/a b", C400},
        {"a tab", "http://server.url/\t", C400},
        {"a carriage return", "http://server.url/a\rb", C400},
        {"a line feed", "http://server.url/a\nHost: b", C400},
        {"DEL", "http://server.url/\x7f", C400},
        {"an 8-bit byte", "http://server.url/\xc3\xa4", C400},
        {"an 8-bit byte in the host",
                "http://b\xc3\xbc"
                "cher.example/",
                C400},
        {"an empty port", "http://server.url:/", C400},
        {"port 0", "http://server.url:0/", C400},
        {"port 65536", "http://server.url:65536/", C400},
        {"a port beyond 64 bits", "http://server.url:18446744073709551696/", C400},
        {"a port with a leading zero", "http://server.url:080/", C400},
        {"a port that is no number", "http://server.url:8a/", C400},
        {"a port with a sign", "http://server.url:+80/", C400},
        {"two ports", "http://server.url:80:80/", C400},
        {"a dot segment", "http://server.url/./a", C400},
        {"two dots", "http://server.url/a/../b", C400},
        {"two dots at the end", "http://server.url/a/..", C400},
        {"two dots, encoded", "http://server.url/a/%2e%2E/b", C400},
        {"two dots, half encoded", "http://server.url/a/.%2e", C400},
        {"one dot, encoded", "http://server.url/%2e", C400},
        {"an empty segment", "http://server.url//a", C400},
        {"an empty segment inside", "http://server.url/a//b", C400},
        {"an empty segment at the end", "http://server.url/a/", C400},
        {"two slashes alone", "http://server.url//", C400},
        {"a slash inside a segment", "http://server.url/a%2fb", C400},
        {"a NUL inside a segment", "http://server.url/a%00b", C400},
        {"percent without digits", "http://server.url/%", C400},
        {"percent with one digit", "http://server.url/%4", C400},
        {"percent with letters", "http://server.url/%zz", C400},
        {"percent cut short by the next segment", "http://server.url/%4/a", C400},
        {"percent in the query", "http://server.url/?%4", C400},
        {"a backslash", "http://server.url/a\\b", C400},
        {"quotes", "http://server.url/\"", C400},
        {"angle brackets", "http://server.url/<a>", C400},
        {"brackets in the path", "http://server.url/[a]", C400},
        {"a pipe in the query", "http://server.url/?a|b", C400},
};

START_TEST(refuses_other_texts)
{
	struct sl_map_target t = {.port = 77};
	uint8_t code = sl_map_url(heap_copy(sl_span_text(refused[_i].url)), &t);

	ck_assert_msg(code == refused[_i].want, "%s: got %u.%02u", refused[_i].because, code >> 5,
	        code & 31);
	ck_assert_uint_eq(t.port, 77);
}
END_TEST

START_TEST(refuses_a_nul_inside)
{
	struct sl_map_target t;
	static const char text[] = "http://server.url/a\0b";

	ck_assert_uint_eq(sl_map_url(heap_copy(sl_span(text, sizeof text - 1)), &t), C400);
}
END_TEST

/* Prefixes of a valid URL: what stands before the authority ends is none, the others are
 * shorter URLs. */
START_TEST(prefixes_are_shorter_or_none)
{
	static const char text[] = "https://ab.example:8443/x/y?z=%41";
	static const size_t none_after[] = {
	        11, /* "ab." */
	        19, /* "ab.example:" */
	        26, /* "/x/" */
	        31, /* "%" */
	        32, /* "%4" */
	};
	struct sl_map_target t;

	for (size_t n = 0; n < sizeof text - 1; n++) {
		bool want = n > 8; /* "https://" and a letter */

		for (size_t i = 0; i < ARRAY_LEN(none_after); i++)
			want = want && n != none_after[i];
		ck_assert_msg((sl_map_url(heap_copy(sl_span(text, n)), &t) == 0) == want,
		        "the first %zu bytes", n);
	}
}
END_TEST

START_TEST(path_ends_at_1024)
{
	struct sl_map_target t;
	char text[1100] = "http://h/";

	memset(text + 9, 'a', 1023);
	ck_assert_uint_eq(sl_map_url(sl_span(text, 9 + 1023), &t), 0);
	ck_assert_uint_eq(strlen(t.path_query), 1024);
	text[9 + 1023] = 'a';
	ck_assert_uint_eq(sl_map_url(sl_span(text, 9 + 1024), &t), C400);
}
END_TEST

START_TEST(writes_no_url_without_host_or_port)
{
	struct sl_map_target t = {.host = "h", .path_query = "/"};
	char text[100];

	ck_assert_err(sl_map_target_url(&t, text, sizeof text), SL_EMALFORMED);
	t.port = 80;
	ck_assert_ok(sl_map_target_url(&t, text, sizeof text));
	t.host[0] = '\0';
	ck_assert_err(sl_map_target_url(&t, text, sizeof text), SL_EMALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/url");
	TCase *tc = tcase_create("url");

	tcase_add_loop_test(tc, reads_and_writes_urls, 0, (int)ARRAY_LEN(accepted));
	tcase_add_loop_test(tc, refuses_other_texts, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(tc, refuses_a_nul_inside);
	tcase_add_test(tc, prefixes_are_shorter_or_none);
	tcase_add_test(tc, path_ends_at_1024);
	tcase_add_test(tc, writes_no_url_without_host_or_port);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
