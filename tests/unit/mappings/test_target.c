/* SPDX-License-Identifier: BSD-2-Clause
 * The target of a request: RFC 7252 sections 5.10.1, 5.10.2 and 6.5, RFC 8613 section 4.1.3.3. */
#include "build.h"
#include "support.h"

#include <sl/mappings.h>

#include <stdio.h>
#include <string.h>

#define C400 128
#define C505 165

#define LOCAL  SL_MAP_TARGET_LOCAL
#define URI    SL_MAP_TARGET_PROXY_URI
#define SCHEME SL_MAP_TARGET_PROXY_SCHEME

static const struct {
	const char *because, *options;
	enum sl_map_target_form form;
	bool is_https;
	const char *host;
	uint16_t port;
	const char *path_query;
} accepted[] = {
        {"nothing named", "", LOCAL, false, "", 0, "/"},
        {"our own path", "11=est 11=sen", LOCAL, false, "", 0, "/est/sen"},
        {"Uri-Host selects the route", "3=Localhost", LOCAL, false, "localhost", 0, "/"},
        {"Proxy-Uri", "35=http://server.url/", URI, false, "server.url", 80, "/"},
        {"Proxy-Uri wins over Uri-* (7252 5.10.2)",
                "3=other 7=abc 11=.. 35=https://server.url/x 39=coap", URI, true, "server.url", 443,
                "/x"},
        {"Proxy-Scheme and Uri-Host: the default port", "3=server.url 39=http", SCHEME, false,
                "server.url", 80, "/"},
        {"https too", "3=server.url 39=https", SCHEME, true, "server.url", 443, "/"},
        {"a scheme has no case (3986 3.1)", "3=server.url 39=HTTP", SCHEME, false, "server.url", 80,
                "/"},
        {"no Uri-Host: the destination is meant", "39=http", SCHEME, false, "", 80, "/"},
        {"path and query", "3=h 11=a 11=b 15=c=d 15=e 39=http", SCHEME, false, "h", 80,
                "/a/b?c=d&e"},
        {"a query without path", "3=h 15=q 39=http", SCHEME, false, "h", 80, "/?q"},
        {"an empty query", "3=h 15= 39=http", SCHEME, false, "h", 80, "/?"},
        {"two queries, one empty", "3=h 15=a 15= 39=http", SCHEME, false, "h", 80, "/?a&"},
        {"sub-delims stay in a path", "3=h 11=!$&'()*+,;=:@ 39=http", SCHEME, false, "h", 80,
                "/!$&'()*+,;=:@"},
        {"others are encoded in upper-case hex", "3=h 11=a%?#\"\xc3\xa4 39=http", SCHEME, false,
                "h", 80, "/a%25%3F%23%22%C3%A4"},
        {"& is encoded inside a query, / and ? are not", "3=h 15=a&b/?# 39=http", SCHEME, false,
                "h", 80, "/?a%26b/?%23"},
        {"dots are only dots in a query", "3=h 15=../.. 39=http", SCHEME, false, "h", 80,
                "/?../.."},
        {"an IPv6 literal in brackets", "3=[2001:DB8::1] 39=https", SCHEME, true, "2001:db8::1",
                443, "/"},
        {"and without, as some clients write it", "3=2001:db8::1 39=https", SCHEME, true,
                "2001:db8::1", 443, "/"},
};

START_TEST(finds_the_target)
{
	struct sl_coap_msg msg;
	struct sl_map_target t;

	build_request_text(&msg, SL_COAP_POST, accepted[_i].options);
	ck_assert_msg(sl_map_target(&msg, &t) == 0, "%s: refused", accepted[_i].because);
	ck_assert_int_eq(t.form, accepted[_i].form);
	ck_assert_int_eq(t.is_https, accepted[_i].is_https);
	ck_assert_str_eq(t.host, accepted[_i].host);
	ck_assert_uint_eq(t.port, accepted[_i].port);
	ck_assert_str_eq(t.path_query, accepted[_i].path_query);
}
END_TEST

START_TEST(uri_port_is_always_used)
{
	struct sl_coap_msg msg;
	struct sl_map_target t;

	build_request(&msg, SL_COAP_POST, "3:68 7:1633 39:68747470", NULL); /* 5683 stays 5683 */
	ck_assert_uint_eq(sl_map_target(&msg, &t), 0);
	ck_assert_uint_eq(t.port, 5683);
	build_request(&msg, SL_COAP_POST, "7:1633", NULL);
	ck_assert_uint_eq(sl_map_target(&msg, &t), 0);
	ck_assert_uint_eq(t.port, 5683);
	ck_assert_int_eq(t.form, SL_MAP_TARGET_LOCAL);
	build_request(&msg, SL_COAP_POST, "7:ffff", NULL);
	ck_assert_uint_eq(sl_map_target(&msg, &t), 0);
	ck_assert_uint_eq(t.port, 65535);
}
END_TEST

static const struct {
	const char *because, *options;
	uint8_t want;
} refused[] = {
        {"Uri-Port 0", "3:68 7: 39:68747470", C400},
        {"Uri-Port beyond 16 bits", "3:68 7:010000 39:68747470", C400},
        {"Uri-Port beyond 32 bits", "3:68 7:0100000000 39:68747470", C400},
        {"Uri-Port 0 of our own", "7:00", C400},
        {"scheme coap", "3:68 39:636f6170", C505},
        {"a scheme with a NUL", "3:68 39:6874747000", C505},
        {"a host with a NUL", "3:6800 39:68747470", C505},
        {"a host with a slash", "3:682f78 39:68747470", C505},
        {"userinfo in the host", "3:754068 39:68747470", C505},
        {"a short address", "3:3132372e31 39:68747470", C505},
        {"a host with a line feed", "3:680a 39:68747470", C505},
        {"no IPv6 address", "3:3a3a3a 39:68747470", C400},
        {"an odd host of our own is a bad request", "3:680a", C400},
        {"a short address of our own", "3:3132372e31", C400},
        {"a segment of one dot (7252 5.10.1)", "11:2e", C400},
        {"a segment of two dots", "3:68 11:2e2e 39:68747470", C400},
        {"an empty segment", "11: 11:61", C400},
        {"a segment with a slash", "11:612f62", C400},
        {"a segment with a NUL", "11:610062", C400},
        {"Proxy-Uri without scheme", "35:2f2f68", C400},
        {"Proxy-Uri with scheme coap", "35:636f61703a2f2f68", C505},
};

START_TEST(refuses_targets)
{
	struct sl_coap_msg msg;
	struct sl_map_target t = {.port = 77};
	uint8_t code;

	build_request(&msg, SL_COAP_POST, refused[_i].options, NULL);
	code = sl_map_target(&msg, &t);
	ck_assert_msg(code == refused[_i].want, "%s: got %u.%02u", refused[_i].because, code >> 5,
	        code & 31);
	ck_assert_uint_eq(t.port, 77);
}
END_TEST

/* "/" + 1023 bytes fit; each encoded byte takes three. */
START_TEST(composed_path_ends_at_1024)
{
	char options[1200] = "";
	struct sl_coap_msg msg;
	struct sl_map_target t;

	/* four segments of 255 bytes are 4 * 256 characters */
	for (int i = 0; i < 4; i++) {
		size_t at = strlen(options);

		at += (size_t)snprintf(options + at, sizeof options - at, i == 0 ? "11=" : " 11=");
		memset(options + at, 'a', 255);
		options[at + 255] = '\0';
	}
	build_request_text(&msg, SL_COAP_GET, options);
	ck_assert_uint_eq(sl_map_target(&msg, &t), 0);
	ck_assert_uint_eq(strlen(t.path_query), 1024);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, hex("62")));
	ck_assert_uint_eq(sl_map_target(&msg, &t), C400);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/target");
	TCase *tc = tcase_create("target");

	tcase_add_loop_test(tc, finds_the_target, 0, (int)ARRAY_LEN(accepted));
	tcase_add_test(tc, uri_port_is_always_used);
	tcase_add_loop_test(tc, refuses_targets, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(tc, composed_path_ends_at_1024);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
