/* SPDX-License-Identifier: BSD-2-Clause
 * Addresses, prefixes, special-purpose blocks, end points. */
#include <netinet/in.h>
#include <string.h>

#include <support.h>

#include "address.h"

static const struct {
	const char *text, *again; /* NULL: refused */
} addresses[] = {
        {"127.0.0.1:5683", "127.0.0.1:5683"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"[::1]:5683", "[::1]:5683"},
        {"[2001:DB8:0::1]:65535", "[2001:db8::1]:65535"},
        {"[fe80::1%7]:1", "[fe80::1%7]:1"},
        {"[fe80::1%lo]:1", "[fe80::1%1]:1"},
        {"[::ffff:192.0.2.1]:1", "192.0.2.1:1"},
        {"127.0.0.1", NULL},
        {"127.0.0.1:", NULL},
        {"127.0.0.1:-1", NULL},
        {"127.0.0.1:65536", NULL},
        {"127.1:80", NULL},
        {"0x7f000001:80", NULL},
        {"2130706433:80", NULL},
        {"127.0.0.01:80", NULL},
        {" 127.0.0.1:80", NULL},
        {"localhost:80", NULL},
        {"::1:80", NULL},
        {"[::1:80", NULL},
        {"::1]:80", NULL},
        {"[]:80", NULL},
        {"[::1]80", NULL},
        {"[fe80::1%]:1", NULL},
        {"[fe80::1%nosuchcard]:1", NULL},
        {"[fe80::1%0]:1", NULL},
        {"", NULL},
        {"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1", NULL},
};

START_TEST(reads_and_writes_addresses)
{
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	if (addresses[_i].again == NULL) {
		ck_assert_msg(address_parse(&a, addresses[_i].text) == SL_EMALFORMED,
		        "accepted \"%s\"", addresses[_i].text);
		return;
	}
	ck_assert_ok(address_parse(&a, addresses[_i].text));
	address_text(text, &a);
	ck_assert_str_eq(text, addresses[_i].again);
}
END_TEST

static const struct {
	const char *text;
	bool is_good;
	const char *inside, *outside;
} prefixes[] = {
        {"127.0.0.0/8", true, "127.255.255.255", "128.0.0.0"},
        {"192.0.2.128/25", true, "192.0.2.128", "192.0.2.127"},
        {"192.0.2.1", true, "192.0.2.1", "192.0.2.2"},
        {"0.0.0.0/0", true, "255.255.255.255", "::"},
        {"fc00::/7", true, "fdff::1", "fe00::"},
        {"2001:db8::/33", true, "2001:db8:7fff::1", "2001:db8:8000::"},
        {"::1", true, "::1", "::2"},
        {"::/0", true, "ffff::", "1.2.3.4"},
        {"127.0.0.1/8", false, NULL, NULL},
        {"2001:db8::1/64", false, NULL, NULL},
        {"127.0.0.0/33", false, NULL, NULL},
        {"::/129", false, NULL, NULL},
        {"127.0.0.0/", false, NULL, NULL},
        {"127.0.0.0/8/8", false, NULL, NULL},
        {"/8", false, NULL, NULL},
        {"127/8", false, NULL, NULL},
        {"fe80::%1/64", false, NULL, NULL},
        {"::ffff:10.0.0.0/104", false, NULL, NULL},
        {"", false, NULL, NULL},
};

START_TEST(prefixes_hold_what_they_say)
{
	struct cidr c;
	struct address a;

	ck_assert_msg((cidr_parse(&c, prefixes[_i].text) == SL_OK) == prefixes[_i].is_good, "%s",
	        prefixes[_i].text);
	if (!prefixes[_i].is_good)
		return;
	ck_assert_ok(address_parse_host(&a, prefixes[_i].inside));
	ck_assert(cidr_contains(&c, &a));
	ck_assert_ok(address_parse_host(&a, prefixes[_i].outside));
	ck_assert(!cidr_contains(&c, &a));
}
END_TEST

/* RFC 6890 tables 1 to 20 and what was registered later; the neighbours just outside. */
static const struct {
	const char *first, *last, *before, *after;
} blocks[] = {
        {"0.0.0.0", "0.255.255.255", NULL, "1.0.0.0"},
        {"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
        {"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
        {"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
        {"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
        {"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
        {"192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
        {"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
        {"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
        {"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
        {"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
        {"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
        {"224.0.0.0", "255.255.255.255", "223.255.255.255", NULL},
        {"::", "::1", NULL, "0:0:0:1::"},
        {"64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9a::", "64:ff9c::"},
        {"64:ff9b:1::", "64:ff9b:1:ffff::", NULL, "64:ff9b:2::"},
        {"100::", "100::ffff:ffff:ffff:ffff", "ff:ffff::", "100:0:0:2::"},
        {"100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", NULL, "100:0:0:2::"},
        {"2001::", "2001:1ff::", "2000:ffff::", "2001:200::"},
        {"2001:db8::", "2001:db8:ffff::", "2001:db7::", "2001:db9::"},
        {"2002::", "2002:ffff::", "2001:ffff::", "2003::"},
        {"fc00::", "fdff::", "fbff::", NULL},
        {"fe80::", "febf::", NULL, NULL},
        {"ff00::", "ffff::", NULL, NULL},
        {"::ffff:10.0.0.1", "::ffff:127.0.0.1", NULL, "::ffff:1.1.1.1"},
};

static bool
is_special(const char *text)
{
	struct address a;

	ck_assert_ok(address_parse_host(&a, text));
	return address_is_special(&a);
}

START_TEST(special_purpose_blocks_end_where_they_end)
{
	ck_assert_msg(is_special(blocks[_i].first), "%s", blocks[_i].first);
	ck_assert_msg(is_special(blocks[_i].last), "%s", blocks[_i].last);
	if (blocks[_i].before != NULL)
		ck_assert_msg(!is_special(blocks[_i].before), "%s", blocks[_i].before);
	if (blocks[_i].after != NULL)
		ck_assert_msg(!is_special(blocks[_i].after), "%s", blocks[_i].after);
}
END_TEST

START_TEST(groups_are_known)
{
	static const char *const groups[] = {
	        "224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::fd"};
	static const char *const others[] = {
	        "223.255.255.255", "240.0.0.1", "fe80::1", "192.0.2.255"};
	struct address a;

	for (size_t i = 0; i < 4; i++) {
		ck_assert_ok(address_parse_host(&a, groups[i]));
		ck_assert(address_is_multicast(&a));
		ck_assert_ok(address_parse_host(&a, others[i]));
		ck_assert(!address_is_multicast(&a));
	}
	ck_assert_ok(address_parse_host(&a, "::"));
	ck_assert(address_is_wildcard(&a));
	ck_assert_ok(address_parse_host(&a, "0.0.0.1"));
	ck_assert(!address_is_wildcard(&a));
}
END_TEST

START_TEST(end_points_keep_all_of_both_addresses)
{
	static const char *const texts[] = {
	        "127.0.0.1:5683", "[2001:db8::1]:1", "[fe80::1%9]:65535", "0.0.0.0:0"};
	struct sl_peer peers[16];

	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < 4; j++) {
			struct address remote, local, got;
			char text[ADDRESS_TEXT_MAX];

			ck_assert_ok(address_parse(&remote, texts[i]));
			ck_assert_ok(address_parse(&local, texts[j]));
			local.scope = 0;
			peer_encode(&peers[i * 4 + j], &remote, &local);
			got = peer_remote(&peers[i * 4 + j]);
			address_text(text, &got);
			ck_assert_str_eq(text, texts[i]);
			got = peer_local(&peers[i * 4 + j]);
			ck_assert(address_same_host(&got, &local) && got.port == local.port);
		}
	}
	for (size_t i = 0; i < 16; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert(memcmp(&peers[i], &peers[j], sizeof peers[i]) != 0);
}
END_TEST

START_TEST(socket_form_round_trips)
{
	static const char *const texts[] = {
	        "127.0.0.1:5683", "[2001:db8::1]:1", "[fe80::1%9]:65535"};
	struct sockaddr_storage name;

	for (size_t i = 0; i < 3; i++) {
		struct address a, b;
		char text[ADDRESS_TEXT_MAX];
		socklen_t len;

		ck_assert_ok(address_parse(&a, texts[i]));
		len = address_to_socket(&name, &a);
		ck_assert(address_from_socket(&b, (const struct sockaddr *)&name, len));
		address_text(text, &b);
		ck_assert_str_eq(text, texts[i]);
		ck_assert(!address_from_socket(&b, (const struct sockaddr *)&name, len - 1));
	}
	name.ss_family = AF_UNIX;
	ck_assert(!address_from_socket(
	        &(struct address){0}, (const struct sockaddr *)&name, sizeof name));
}
END_TEST

static Suite *
address_suite(void)
{
	Suite *s = suite_create("proxy address");
	TCase *t = tcase_create("address");

	tcase_add_loop_test(t, reads_and_writes_addresses, 0, (int)ARRAY_LEN(addresses));
	tcase_add_loop_test(t, prefixes_hold_what_they_say, 0, (int)ARRAY_LEN(prefixes));
	tcase_add_loop_test(
	        t, special_purpose_blocks_end_where_they_end, 0, (int)ARRAY_LEN(blocks));
	tcase_add_test(t, groups_are_known);
	tcase_add_test(t, end_points_keep_all_of_both_addresses);
	tcase_add_test(t, socket_form_round_trips);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(address_suite());
}
