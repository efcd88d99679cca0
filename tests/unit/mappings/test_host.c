/* SPDX-License-Identifier: BSD-2-Clause
 * Hosts of Proxy-Uri: names, addresses, and the forms that address parsers read as addresses
 * without looking like one. IPv6 text by RFC 5952 sections 4 and 5. */
#include "support.h"

#include <sl/mappings.h>

#include <stdio.h>
#include <string.h>

#define C400 128
#define C505 165

static uint8_t
read_url(struct sl_map_target *t, const char *host)
{
	char text[1100];

	ck_assert_int_lt(snprintf(text, sizeof text, "http://%s/", host), (int)sizeof text);
	return sl_map_url(heap_copy(sl_span_text(text)), t);
}

static const struct {
	const char *host, *want;
} accepted[] = {
        {"server.url", "server.url"},
        {"EST.Example.COM", "est.example.com"},
        {"a", "a"},
        {"a_b~c-d", "a_b~c-d"},
        {"AZaz09", "azaz09"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"1.2.3.4.example", "1.2.3.4.example"},
        {"1e3", "1e3"},
        {"0xg", "0xg"},
        {"127.0.0.1", "127.0.0.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"[::1]", "::1"},
        {"[::]", "::"},
        {"[0:0:0:0:0:0:0:1]", "::1"},
        {"[2001:DB8:0:0:0:0:0:1]", "2001:db8::1"},
        {"[2001:db8::0001]", "2001:db8::1"},
        {"[2001:db8:0:1:1:1:1:1]", "2001:db8:0:1:1:1:1:1"}, /* 5952 4.2.2 */
        {"[2001:0:0:1:0:0:0:1]", "2001:0:0:1::1"},          /* 5952 4.2.3 */
        {"[2001:db8:0:0:1:0:0:1]", "2001:db8::1:0:0:1"},    /* 5952 4.2.3 */
        {"[fe80:0:0:0:0:0:0:0]", "fe80::"},
        {"[1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8"},
        {"[1::8]", "1::8"},
        {"[1:2:3:4:5:6:7::]", "1:2:3:4:5:6:7:0"},
        {"[::2:3:4:5:6:7:8]", "0:2:3:4:5:6:7:8"},
        {"[abcd:ef01:2345:6789:abcd:ef01:2345:6789]", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
        {"[64:ff9b::7f00:1]", "64:ff9b::7f00:1"},
};

START_TEST(has_one_spelling)
{
	struct sl_map_target t;

	ck_assert_uint_eq(read_url(&t, accepted[_i].host), 0);
	ck_assert_str_eq(t.host, accepted[_i].want);
	ck_assert_int_eq(t.host_is_ipv6, accepted[_i].host[0] == '[');
}
END_TEST

static const struct {
	const char *because, *host;
	uint8_t want;
} refused[] = {
        {"a short address is 127.0.0.1 to some", "127.1", C505},
        {"three parts too", "127.0.1", C505},
        {"one number is an address to some", "2130706433", C505},
        {"hex is an address to some", "0x7f000001", C505},
        {"hex in a part", "127.0.0.0x1", C505},
        {"hex letters", "0xAf", C505},
        {"hex without digits", "127.0.0.0x", C505},
        {"upper-case hex", "0X7F000001", C505},
        {"octal is another address to some", "0177.0.0.1", C505},
        {"a leading zero", "127.0.0.01", C505},
        {"five parts", "1.2.3.4.5", C505},
        {"a part over 255", "1.2.3.256", C505},
        {"a part over 32 bits", "1.2.3.99999999999", C505},
        {"a number at the end of a name", "example.1", C505},
        {"a dot at the end is a second spelling", "example.com.", C505},
        {"after an address too", "127.0.0.1.", C505},
        {"a dot at the begin", ".example.com", C505},
        {"an empty label", "a..b", C505},
        {"only a dot", ".", C505},
        {"percent-encoding hides the name", "%6cocalhost", C505},
        {"sub-delims are no host name", "a!b", C505},
        {"a comma", "a,b", C505},
        {"a backslash is a slash to some", "a\\b", C505},
        {"an IPv4-mapped address", "[::ffff:127.0.0.1]", C505},
        {"an IPv4-mapped address in hex", "[::ffff:7f00:1]", C505},
        {"an IPv4-compatible address", "[::7f00:1]", C505},
        {"IPv4 inside", "[64:ff9b::127.0.0.1]", C505},
        {"a zone", "[fe80::1%25eth0]", C505},
        {"IPvFuture", "[v1.a]", C505},
        {"IPv6 without brackets: the first colon begins the port", "2001:db8::1", C505},
        {"no host", "", C400},
        {"no host but a port", ":80", C400},
        {"empty brackets", "[]", C505},
        {"an open bracket", "[::1", C505},
        {"text after the bracket", "[::1]x", C400},
        {"nine groups", "[1:2:3:4:5:6:7:8:9]", C400},
        {"seven groups", "[1:2:3:4:5:6:7]", C400},
        {"eight groups and a gap", "[1:2:3:4::5:6:7:8]", C400},
        {"two gaps", "[1::2::3]", C400},
        {"three colons", "[:::1]", C400},
        {"a colon at the begin", "[:1:2:3:4:5:6:7]", C400},
        {"a colon at the end", "[1:2:3:4:5:6:7:]", C400},
        {"five digits", "[1:2:3:4:5:6:7:00008]", C400},
        {"no hex", "[g::]", C400},
        {"one group", "[1]", C400},
};

START_TEST(refuses_second_spellings)
{
	struct sl_map_target t;
	uint8_t code = read_url(&t, refused[_i].host);

	ck_assert_msg(code == refused[_i].want, "%s: got %u.%02u", refused[_i].because, code >> 5,
	        code & 31);
}
END_TEST

START_TEST(length_ends_at_255)
{
	struct sl_map_target t;
	char host[300];

	memset(host, 'a', sizeof host);
	host[255] = '\0';
	ck_assert_uint_eq(read_url(&t, host), 0);
	ck_assert_uint_eq(strlen(t.host), 255);
	host[255] = 'a';
	host[256] = '\0';
	ck_assert_uint_eq(read_url(&t, host), C400);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/host");
	TCase *tc = tcase_create("host");

	tcase_add_loop_test(tc, has_one_spelling, 0, (int)ARRAY_LEN(accepted));
	tcase_add_loop_test(tc, refuses_second_spellings, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(tc, length_ends_at_255);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
