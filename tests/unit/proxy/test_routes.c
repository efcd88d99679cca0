/* SPDX-License-Identifier: BSD-2-Clause
 * Which origin, which URL, and which addresses an origin may have. */
#include <string.h>

#include <support.h>

#include "routes.h"

static const char text[] =
        "listen: ['127.0.0.1:5683', '127.0.0.1:5783', '0.0.0.0:6000']\n"
        "names: [proxy.example, 'alias.example:5683', '[2001:db8::1]:5683']\n"
        "routes:\n"
        "- {path: /, origin: 'https://root.example/'}\n"
        "- {path: /a, origin: 'https://a.example/base', allow-plain: [/x]}\n"
        "- {path: /a/b, origin: 'https://ab.example/base2', allow-plain: [/]}\n"
        "- {path: /a, port: 5783, origin: 'https://port.example'}\n"
        "- {path: /in, origin: 'https://10.0.0.1', addresses: [10.0.0.0/8, 'fc00::/7']}\n"
        "- {path: /plain, origin: 'http://127.0.0.1:1', plain-http: [127.0.0.0/8]}\n"
        "forward: {allow: [{origin: 'https://est.example'}, {origin: 'https://[2a00::1]:444'}]}\n";

static struct config *config;

static void
open_config(void)
{
	char complaint[CONFIG_COMPLAINT_MAX];

	ck_assert_msg(config_parse(&config, sl_span_text(text), "t", complaint) == SL_OK, "%s",
	        complaint);
}

static void
close_config(void)
{
	config_free(config);
}

static uint8_t
find(struct destination *d, const char *path, const char *uri, uint16_t port)
{
	struct address local = address_from_bytes((const uint8_t[]){192, 0, 2, 7}, false, port);
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	if (path != NULL)
		ck_assert_ok(sl_coap_add_path(&msg, path));
	if (uri != NULL)
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_PROXY_URI, sl_span_text(uri)));
	return routes_find(config, &msg, &local, d);
}

/* clang-format off */
static const struct {
	const char *path;
	uint16_t port;
	const char *sealed, *plain; /* URLs */
} local_rows[] = {
	{NULL, 5683, "https://root.example:443/", "https://root.example:443/"},
	{"/x", 5683, "https://root.example:443/", "https://root.example:443/x"},
	{"/a", 5683, "https://a.example:443/base", "https://a.example:443/base/"},
	{"/a/x", 5683, "https://a.example:443/base", "https://a.example:443/base/x"},
	{"/a?q=1", 5683, "https://a.example:443/base", "https://a.example:443/base/?q=1"},
	{"/ab", 5683, "https://root.example:443/", "https://root.example:443/ab"},
	{"/a/b/c", 5683, "https://ab.example:443/base2", "https://ab.example:443/base2/c"},
	{"/a/bc", 5683, "https://a.example:443/base", "https://a.example:443/base/bc"},
	{"/a/x", 5783, "https://port.example:443/", "https://port.example:443/x"},
	{"/a/b/x", 5783, "https://ab.example:443/base2", "https://ab.example:443/base2/x"},
};

static const struct {
	const char *uri;
	uint8_t code;
	const char *url; /* for OSCORE */
} forward_rows[] = {
	{"https://est.example/p", 0, "https://est.example:443/p"},
	{"https://EST.example:443/p?q", 0, "https://est.example:443/p?q"},
	{"https://[2a00:0::1]:444/", 0, "https://[2a00::1]:444/"},
	{"https://[2a00::2]:444/", SL_COAP_PROXYING_NOT_SUPPORTED, NULL},
	{"https://est.example.evil.example/", SL_COAP_PROXYING_NOT_SUPPORTED, NULL},
	{"https://est.example:80/", SL_COAP_PROXYING_NOT_SUPPORTED, NULL},
	{"https://root.example/", SL_COAP_PROXYING_NOT_SUPPORTED, NULL},
	{"https://proxy.example:1/", 0, "https://root.example:443/"},
	{"https://alias.example:5683/a", 0, "https://a.example:443/base"},
	{"https://alias.example:5684/", SL_COAP_PROXYING_NOT_SUPPORTED, NULL},
	{"https://[2001:db8::1]:5683/", 0, "https://root.example:443/"},
	{"http://127.0.0.1:5683/", 0, "https://root.example:443/"},
	{"http://192.0.2.7:5683/", 0, "https://root.example:443/"},
	{"http://192.0.2.7:5684/", SL_COAP_PROXYING_NOT_SUPPORTED, NULL},
	{"ftp://est.example/", SL_COAP_PROXYING_NOT_SUPPORTED, NULL},
	{"https://est.example/a b", SL_COAP_BAD_REQUEST, NULL},
};
/* clang-format on */

START_TEST(local_requests_take_the_longest_route)
{
	struct destination d;
	char url[ROUTES_URL_MAX];

	ck_assert_uint_eq(find(&d, local_rows[_i].path, NULL, local_rows[_i].port), 0);
	ck_assert(!d.is_forward);
	ck_assert_ok(routes_url(&d, true, url, sizeof url));
	ck_assert_str_eq(url, local_rows[_i].sealed);
	ck_assert_ok(routes_url(&d, false, url, sizeof url));
	ck_assert_str_eq(url, local_rows[_i].plain);
	ck_assert_err(routes_url(&d, false, url, strlen(local_rows[_i].plain)), SL_ESPACE);
}
END_TEST

START_TEST(forward_requests_need_an_entry)
{
	struct destination d;
	char url[ROUTES_URL_MAX];

	ck_assert_msg(find(&d, NULL, forward_rows[_i].uri, 5683) == forward_rows[_i].code, "%s",
	        forward_rows[_i].uri);
	if (forward_rows[_i].url == NULL)
		return;
	ck_assert_ok(routes_url(&d, true, url, sizeof url));
	ck_assert_str_eq(url, forward_rows[_i].url);
}
END_TEST

START_TEST(lanes_number_the_origins)
{
	struct destination d;

	ck_assert_uint_eq(find(&d, "/a/b", NULL, 5683), 0);
	ck_assert_uint_eq(d.lane, 2);
	ck_assert_uint_eq(find(&d, NULL, "https://[2a00::1]:444/", 5683), 0);
	ck_assert_uint_eq(d.lane, config->route_count + 1);
}
END_TEST

START_TEST(plain_paths_are_whole_and_below_the_base)
{
	static const struct {
		const char *path;
		bool is_open;
	} rows[] = {{"/a/x", true}, {"/a/x?q", true}, {"/a/xy", false}, {"/a/x/y", false},
	        {"/a", false}, {"/x", false}, {"/a/b", true}, {"/a/b?q", true}, {"/a/b/x", false}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct destination d;

		ck_assert_uint_eq(find(&d, rows[i].path, NULL, 5683), 0);
		ck_assert_msg(routes_allow_plain(&d) == rows[i].is_open, "%s", rows[i].path);
	}
}
END_TEST

START_TEST(a_path_that_does_not_fit_is_refused)
{
	static char path[SL_MAP_PATH_MAX];
	struct destination d;

	/* 1023 characters fit the request, but not with the origin's base in place of "/a" */
	for (size_t i = 0; i < sizeof path - 1; i++)
		path[i] = i == 0 || i == 2 || (i > 2 && i % 200 == 0) ? '/' : 'a';
	ck_assert_uint_eq(find(&d, path, NULL, 5683), SL_COAP_BAD_REQUEST);
}
END_TEST

/* The question that is asked again with the true address of each connection. */
START_TEST(origins_connect_to_allowed_addresses_only)
{
	static const struct {
		size_t route;
		const char *address;
		bool may;
	} rows[] = {{0, "93.184.216.34", true}, {0, "127.0.0.1", false}, {0, "10.0.0.1", false},
	        {0, "169.254.169.254", false}, {0, "::1", false}, {0, "::ffff:127.0.0.1", false},
	        {0, "64:ff9b::7f00:1", false}, {0, "2a00::1", true}, {0, "0.0.0.0", false},
	        {4, "10.9.9.9", true}, {4, "fd00::1", true}, {4, "93.184.216.34", false},
	        {4, "127.0.0.1", false}, {5, "127.0.0.1", true}, {5, "::ffff:127.0.0.1", true},
	        {5, "10.0.0.1", false}, {5, "93.184.216.34", false}, {5, "::1", false}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address a;

		ck_assert_ok(address_parse_host(&a, rows[i].address));
		ck_assert_msg(origin_allows_address(&config->routes[rows[i].route].origin, &a) ==
		                      rows[i].may,
		        "route %zu, %s", rows[i].route, rows[i].address);
	}
}
END_TEST

static Suite *
routes_suite(void)
{
	Suite *s = suite_create("proxy routes");
	TCase *t = tcase_create("routes");

	tcase_add_checked_fixture(t, open_config, close_config);
	tcase_add_loop_test(
	        t, local_requests_take_the_longest_route, 0, (int)ARRAY_LEN(local_rows));
	tcase_add_loop_test(t, forward_requests_need_an_entry, 0, (int)ARRAY_LEN(forward_rows));
	tcase_add_test(t, lanes_number_the_origins);
	tcase_add_test(t, plain_paths_are_whole_and_below_the_base);
	tcase_add_test(t, a_path_that_does_not_fit_is_refused);
	tcase_add_test(t, origins_connect_to_allowed_addresses_only);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(routes_suite());
}
