/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"

#include "support.h"

#include <string.h>

static const struct {
	const char *text, *scheme, *host;
	uint16_t port;
	bool is_ipv6;
	const char *again;
} good[] = {
        {"coap://localhost", "coap", "localhost", 5683, false, "coap://localhost"},
        {"coap://localhost/", "coap", "localhost", 5683, false, "coap://localhost"},
        {"COAP://Proxy.Example:5684", "coap", "proxy.example", 5684, false,
                "coap://proxy.example:5684"},
        {"http://est.example", "http", "est.example", 80, false, "http://est.example"},
        {"http://est.example:80", "http", "est.example", 80, false, "http://est.example"},
        {"https://est.example", "https", "est.example", 443, false, "https://est.example"},
        {"https://192.0.2.7:8443", "https", "192.0.2.7", 8443, false, "https://192.0.2.7:8443"},
        {"coap://[2001:DB8::1]", "coap", "2001:db8::1", 5683, true, "coap://[2001:db8::1]"},
        {"coap://[fe80::1%eth0]:65535", "coap", "fe80::1%eth0", 65535, true,
                "coap://[fe80::1%eth0]:65535"},
        {"coap://a_b-c~d.e:1", "coap", "a_b-c~d.e", 1, false, "coap://a_b-c~d.e:1"},
};

START_TEST(reads_and_writes_the_same)
{
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint e;

	ck_assert_ok(endpoint_parse(&e, good[_i].text));
	ck_assert_str_eq(e.scheme, good[_i].scheme);
	ck_assert_str_eq(e.host, good[_i].host);
	ck_assert_uint_eq(e.port, good[_i].port);
	ck_assert_int_eq(e.is_ipv6, good[_i].is_ipv6);
	endpoint_text(&e, text);
	ck_assert_str_eq(text, good[_i].again);
}
END_TEST

START_TEST(puts_brackets_into_uri_host)
{
	char host[ENDPOINT_HOST_MAX + 3];
	struct endpoint e;

	ck_assert_ok(endpoint_parse(&e, "http://[::1]:8080"));
	endpoint_uri_host(&e, host);
	ck_assert_str_eq(host, "[::1]");
	ck_assert(!endpoint_has_default_port(&e));
	ck_assert_ok(endpoint_parse(&e, "http://[::1]"));
	ck_assert(endpoint_has_default_port(&e));
}
END_TEST

static const struct {
	const char *because, *text;
	enum sl_err err;
} bad[] = {
        {"it is empty", "", SL_EMALFORMED},
        {"there is no scheme", "localhost:5683", SL_EMALFORMED},
        {"the scheme is empty", "://localhost", SL_EUNSUPPORTED},
        {"the scheme is not known", "coaps://localhost", SL_EUNSUPPORTED},
        {"the scheme is not known", "ftp://localhost", SL_EUNSUPPORTED},
        {"the scheme is too long", "coapcoapcoap://localhost", SL_EMALFORMED},
        {"there is no host", "coap://", SL_EMALFORMED},
        {"there is no host", "coap:///", SL_EMALFORMED},
        {"there is no host before the port", "coap://:5683", SL_EMALFORMED},
        {"a path belongs inside", "coap://localhost/est", SL_EMALFORMED},
        {"a query belongs inside", "coap://localhost?a", SL_EMALFORMED},
        {"a fragment is no address", "coap://localhost#a", SL_EMALFORMED},
        {"a user is no address", "coap://user@localhost", SL_EMALFORMED},
        {"port 0 is no port", "coap://localhost:0", SL_EMALFORMED},
        {"the port is empty", "coap://localhost:", SL_EMALFORMED},
        {"the port is too large", "coap://localhost:65536", SL_EMALFORMED},
        {"the port is no number", "coap://localhost:x", SL_EMALFORMED},
        {"the port has a sign", "coap://localhost:+1", SL_EMALFORMED},
        {"the bracket is open", "coap://[::1", SL_EMALFORMED},
        {"the brackets are empty", "coap://[]", SL_EMALFORMED},
        {"something follows the bracket", "coap://[::1]x", SL_EMALFORMED},
        {"there are too many colons", "coap://::1", SL_EMALFORMED},
        {"there is a space", "coap://local host", SL_EMALFORMED},
        {"percent-encoding is for others", "coap://local%68ost", SL_EMALFORMED},
        {"a quote would end our JSON", "coap://a\"b", SL_EMALFORMED},
};

START_TEST(refuses_what_is_no_endpoint)
{
	struct endpoint e = {.port = 7};
	enum sl_err err = endpoint_parse(&e, bad[_i].text);

	ck_assert_msg(err == bad[_i].err, "%s: %s although %s", bad[_i].text, sl_err_text(err),
	        bad[_i].because);
	ck_assert_uint_eq(e.port, 7);
}
END_TEST

START_TEST(limits_the_host)
{
	char text[ENDPOINT_HOST_MAX + 20] = "coap://";
	struct endpoint e;

	memset(text + 7, 'a', ENDPOINT_HOST_MAX);
	ck_assert_ok(endpoint_parse(&e, text));
	ck_assert_uint_eq(strlen(e.host), ENDPOINT_HOST_MAX);
	text[7 + ENDPOINT_HOST_MAX] = 'a';
	ck_assert_err(endpoint_parse(&e, text), SL_EMALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_endpoint");
	TCase *t = tcase_create("endpoint");

	tcase_add_loop_test(t, reads_and_writes_the_same, 0, ARRAY_LEN(good));
	tcase_add_test(t, puts_brackets_into_uri_host);
	tcase_add_loop_test(t, refuses_what_is_no_endpoint, 0, ARRAY_LEN(bad));
	tcase_add_test(t, limits_the_host);
	suite_add_tcase(s, t);
	return run_suite(s);
}
