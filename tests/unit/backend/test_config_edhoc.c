/* SPDX-License-Identifier: BSD-2-Clause
 * The sections edhoc and peers: defaults, bounds, and the rules between them. */
#include <stdio.h>
#include <string.h>

#include <sl/credentials.h>
#include <sl/est.h>

#include "config.h"
#include "support.h"

#define DAY  INT64_C(86400)
#define HEAD "store: s\nca: {key: k, certificate: c}\nprofiles:\n  - name: a\n"
#define OWN                                                                                        \
	"  credentials:\n"                                                                         \
	"    - {key: d, credential: e, use: static-dh, send: kid}\n"                               \
	"    - {key: f, credential: g, use: signature, send: x5t}\n"

static char message[CONFIG_MESSAGE_MAX];
static struct config c;

static enum sl_err
parse(const char *text)
{
	return config_parse(&c, "/etc/est.yaml", heap_copy(sl_span_text(text)), message);
}

START_TEST(off_when_it_is_not_there)
{
	ck_assert_ok(parse(HEAD));
	ck_assert(!c.edhoc.is_on);
	ck_assert_uint_eq(c.edhoc.own_count, 0);
	ck_assert_uint_eq(c.peer_count, 0);
}
END_TEST

START_TEST(has_defaults)
{
	ck_assert_msg(parse(HEAD "edhoc:\n" OWN) == SL_OK, "%s", message);
	ck_assert(c.edhoc.is_on && !c.edhoc.sends_message_4 && !c.edhoc.accepts_combined);
	ck_assert(c.edhoc.accepts_issued);
	ck_assert_uint_eq(c.edhoc.methods, 1U << 0 | 1U << 3);
	ck_assert_uint_eq(c.edhoc.suite_count, 2);
	ck_assert_int_eq(c.edhoc.suites[0], 2);
	ck_assert_int_eq(c.edhoc.suites[1], 3);
	ck_assert_uint_eq(c.edhoc.sessions, 4096);
	ck_assert_uint_eq(c.edhoc.session_life_s, 120);
	ck_assert_int_eq(c.edhoc.context_life_s, 30 * DAY);
	ck_assert_int_eq(c.edhoc.context_idle_s, 7 * DAY);
	ck_assert_uint_eq(c.edhoc.c_r_length, 1);
	ck_assert_uint_eq(c.edhoc.crypto_budget, 25);
	ck_assert_str_eq(c.edhoc.revoked, "");
	ck_assert_uint_eq(c.edhoc.own_count, 2);
	ck_assert_str_eq(c.edhoc.own[0].key, "/etc/d");
	ck_assert_str_eq(c.edhoc.own[0].credential, "/etc/e");
	ck_assert(c.edhoc.own[0].is_static_dh && !c.edhoc.own[1].is_static_dh);
	ck_assert_int_eq(c.edhoc.own[0].send, SL_LABEL_KID);
	ck_assert_int_eq(c.edhoc.own[1].send, SL_LABEL_X5T);
}
END_TEST

START_TEST(takes_peers_in_their_order)
{
	static const char text[] = HEAD
	        "edhoc:\n" OWN "peers:\n"
	        "  - {credential: x.ccs, identity: sensor-7, profile: a, uri: \"https://x/7\"}\n"
	        "  - {anchor: m.pem, identity: \"m/{common-name}-{serial-number}\", profile: a,\n"
	        "     functions: [att, crts]}\n";

	ck_assert_msg(parse(text) == SL_OK, "%s", message);
	ck_assert_uint_eq(c.peer_count, 2);
	ck_assert(!c.peers[0].is_anchor && c.peers[1].is_anchor);
	ck_assert_str_eq(c.peers[0].file, "/etc/x.ccs");
	ck_assert_str_eq(c.peers[0].identity, "sensor-7");
	ck_assert_str_eq(c.peers[0].profile, "a");
	ck_assert_str_eq(c.peers[0].uri, "https://x/7");
	ck_assert_uint_eq(c.peers[0].functions,
	        1U << SL_EST_CRTS | 1U << SL_EST_ATT | 1U << SL_EST_SEN | 1U << SL_EST_SREN);
	ck_assert_str_eq(c.peers[1].file, "/etc/m.pem");
	ck_assert_str_eq(c.peers[1].identity, "m/{common-name}-{serial-number}");
	ck_assert_uint_eq(c.peers[1].functions, 1U << SL_EST_CRTS | 1U << SL_EST_ATT);
}
END_TEST

/* --- bounds ----------------------------------------------------------------------------------- */

static const struct {
	const char *key, *good[4], *bad[7];
} bounds[] = {
        {"methods", {"[0]", "[3]", "[0, 1, 2, 3]"}, {"[]", "[4]", "[0, 0]", "3", "[-1]", "[a]"}},
        {"suites", {"[2]", "[3, 2]", "[0, 1, 2, 3, 4, 5, 6, 24]"},
                {"[]", "[25]", "[7]", "[2, 2]", "2", "[-1]", "[two]"}},
        {"message-4", {"never", "always"}, {"optional", "yes", "required"}},
        {"combined", {"refuse", "accept"}, {"yes", "reject"}},
        {"sessions", {"1", "1000000"}, {"0", "1000001", "many"}},
        {"session-life", {"10s", "10min"}, {"9s", "601s", "120", "10500ms"}},
        {"context-life", {"7d", "3650d"}, {"59s", "3651d", "30", "6d"}},
        {"context-idle", {"60s", "30d"}, {"59s", "31d", "7"}},
        {"c-r-length", {"1", "6"}, {"0", "7", "x"}},
        {"crypto-budget", {"1", "100"}, {"0", "101", "25%"}},
        {"accept-issued", {"yes", "\"yes\""}, {"true", "maybe", "no"}}, /* no peers are left */
        {"directory", {"certs", "/c"}, {"\"\"", "\"a\\nb\""}},
        {"revoked", {"r.txt", "/r"}, {"\"\"", "\"a\\nb\""}},
};

START_TEST(keeps_to_its_bounds)
{
	char text[1024];

	for (size_t i = 0; i < ARRAY_LEN(bounds[_i].good) && bounds[_i].good[i]; i++) {
		snprintf(text, sizeof text, HEAD "edhoc:\n" OWN "  %s: %s\n", bounds[_i].key,
		        bounds[_i].good[i]);
		ck_assert_msg(parse(text) == SL_OK, "%s: %s", bounds[_i].good[i], message);
	}
	for (size_t i = 0; i < ARRAY_LEN(bounds[_i].bad) && bounds[_i].bad[i]; i++) {
		snprintf(text, sizeof text, HEAD "edhoc:\n" OWN "  %s: %s\n", bounds[_i].key,
		        bounds[_i].bad[i]);
		ck_assert_msg(parse(text) == SL_EMALFORMED, "%s: %s passed", bounds[_i].key,
		        bounds[_i].bad[i]);
		ck_assert_msg(strstr(message, bounds[_i].key) || strstr(message, "edhoc.context-"),
		        "%s is not named: %s", bounds[_i].key, message);
	}
}
END_TEST

/* --- rules ------------------------------------------------------------------------------------ */

#define PEER(text) HEAD "edhoc:\n" OWN "peers:\n  - {" text "}\n"
#define ONE(text)  HEAD "edhoc:\n  methods: [3]\n  credentials:\n    - {" text "}\n"

static const struct {
	const char *text, *says, *because;
} refusals[] = {
        {HEAD "peers:\n  - {credential: x, identity: i, profile: a}\n", ":5: peers: they are",
                "peers without edhoc"},
        {HEAD "edhoc:\n  methods: [0]\n", ":5: edhoc.credentials: at least one",
                "no credential of ours"},
        {HEAD "edhoc:\n  credentials: []\n", ":6: edhoc.credentials: at least one",
                "an empty list of credentials"},
        {HEAD "edhoc:\n", ":", "nothing below edhoc"},
        {HEAD "edhoc: on\n", ":", "a word where a section belongs"},
        {HEAD "edhoc:\n  credentials:\n    - {key: d, credential: e, use: static-dh, send: kid}\n",
                "edhoc.methods: methods 0 and 2 need", "method 0 without a signature key"},
        {HEAD "edhoc:\n  credentials:\n    - {key: d, credential: e, use: signature, send: x5t}\n",
                "edhoc.methods: methods 1 and 3 need", "method 3 without a static DH key"},
        {ONE("credential: e, use: static-dh, send: kid"),
                ":8: edhoc.credentials[0].key: the key must be there", "no key"},
        {ONE("key: d, use: static-dh, send: kid"),
                ":8: edhoc.credentials[0].credential: the key must be there", "no credential"},
        {ONE("key: d, credential: e, send: kid"),
                ":8: edhoc.credentials[0].use: the key must be there", "no use"},
        {ONE("key: d, credential: e, use: static-dh"),
                ":8: edhoc.credentials[0].send: the key must be there", "nothing to send"},
        {ONE("key: d, credential: e, use: dh, send: kid"), "use: \"dh\": signature or static-dh",
                "an unknown use"},
        {ONE("key: d, credential: e, use: static-dh, send: x5u"), "send: \"x5u\": kid, kccs, x5t",
                "what is never fetched is not sent"},
        {ONE("key: d, credential: e, use: static-dh, send: kid, kid: 07"), "kid: unknown key",
                "an unknown key"},
        {HEAD "edhoc:\n" OWN "  suites: [25]\n", "\"25\": no OSCORE context can follow",
                "no OSCORE after suite 25"},
        {HEAD "edhoc:\n" OWN "  context-life: 1d\n  context-idle: 2d\n",
                "edhoc.context-idle: not longer", "idle for longer than it lives"},
        {PEER("identity: i, profile: a"), ":10: peers[0]: one of credential and anchor",
                "a peer that is nobody"},
        {PEER("credential: x, anchor: y, identity: i, profile: a"),
                "peers[0]: one of credential and anchor", "both"},
        {PEER("credential: x, profile: a"), "peers[0].identity: the key must be there",
                "no identity"},
        {PEER("credential: x, identity: i"), "peers[0].profile: the key must be there",
                "no profile"},
        {PEER("credential: x, identity: i, profile: b"), "peers[0].profile: \"b\": no profile",
                "a profile that is not there"},
        {PEER("credential: x, identity: \"{common-name}\", profile: a"),
                "peers[0].identity: \"{common-name}\": the name of this one",
                "a template for one peer"},
        {PEER("anchor: x, identity: fleet, profile: a"),
                "peers[0].identity: \"fleet\": below an anchor", "one name for a whole fleet"},
        {PEER("anchor: x, identity: \"{cn}\", profile: a"), "peers[0].identity: \"{cn}\"",
                "an unknown field"},
        {PEER("anchor: x, identity: \"{common-name\", profile: a"), "peers[0].identity",
                "an open brace"},
        {PEER("anchor: x, identity: \"}{common-name}\", profile: a"), "peers[0].identity",
                "a brace too many"},
        {PEER("credential: x, identity: "
              "12345678901234567890123456789012345678901234567890123456789012345, profile: a"),
                "peers[0].identity", "an identity of 65 bytes"},
        {PEER("credential: x, identity: i, profile: a, functions: [skg]"),
                "peers[0].functions: \"skg\": crts, att, sen or sren", "keys are not made here"},
        {PEER("credential: x, identity: i, profile: a, functions: []"), "functions",
                "no function at all"},
        {PEER("credential: x, identity: i, profile: a, functions: [sen, sen]"),
                "peers[0].functions", "a function twice"},
        {PEER("anchor: x, identity: \"{common-name}\", profile: a, uri: \"urn:x\""),
                "peers[0].uri: \"urn:x\"", "an anchor is not referred to"},
        {PEER("credential: x, identity: i, profile: a, uri: \"a b:c\""), "peers[0].uri",
                "a space in a URI"},
        {PEER("credential: x, identity: i, profile: a, uri: name"), "peers[0].uri",
                "no scheme in a URI"},
        {HEAD "edhoc:\n" OWN "  accept-issued: no\n", "edhoc.accept-issued: \"no\": then nobody",
                "nobody could enrol"},
        {HEAD "    challenge: require\n", ":5: profiles[0].challenge: \"require\": without edhoc",
                "without EDHOC no request could pass"},
};

START_TEST(refuses_what_is_unsafe_or_unclear)
{
	ck_assert_msg(parse(refusals[_i].text) == SL_EMALFORMED, "accepted although %s",
	        refusals[_i].because);
	ck_assert_msg(strstr(message, refusals[_i].says), "%s: %s", refusals[_i].because, message);
}
END_TEST

START_TEST(challenge_is_possible_with_edhoc)
{
	ck_assert_msg(parse(HEAD "    challenge: require\nedhoc:\n" OWN) == SL_OK, "%s", message);
	ck_assert(c.profiles[0].requires_challenge);
}
END_TEST

/* As many as there is room for, and one more. */
START_TEST(lists_have_an_end)
{
	static char text[32768];
	size_t len = (size_t)snprintf(text, sizeof text, HEAD "edhoc:\n" OWN "peers:\n");

	for (int i = 0; i < CONFIG_PEERS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof text - len,
		        "  - {credential: c%d, identity: i%d, profile: a}\n", i, i);
	ck_assert_msg(parse(text) == SL_OK, "%s", message);
	ck_assert_uint_eq(c.peer_count, CONFIG_PEERS_MAX);
	snprintf(text + len, sizeof text - len, "  - {credential: x, identity: i, profile: a}\n");
	ck_assert_err(parse(text), SL_EMALFORMED);

	len = (size_t)snprintf(text, sizeof text, HEAD "edhoc:\n" OWN);
	for (int i = 2; i < CONFIG_OWN_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof text - len,
		        "    - {key: d, credential: e, use: static-dh, send: kid}\n");
	ck_assert_msg(parse(text) == SL_OK, "%s", message);
	ck_assert_uint_eq(c.edhoc.own_count, CONFIG_OWN_MAX);
	snprintf(text + len, sizeof text - len,
	        "    - {key: d, credential: e, use: static-dh, send: kid}\n");
	ck_assert_err(parse(text), SL_EMALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config_edhoc");
	TCase *t = tcase_create("texts");

	suite_add_tcase(s, t);
	tcase_add_test(t, off_when_it_is_not_there);
	tcase_add_test(t, has_defaults);
	tcase_add_test(t, takes_peers_in_their_order);
	tcase_add_loop_test(t, keeps_to_its_bounds, 0, (int)ARRAY_LEN(bounds));
	tcase_add_loop_test(t, refuses_what_is_unsafe_or_unclear, 0, (int)ARRAY_LEN(refusals));
	tcase_add_test(t, challenge_is_possible_with_edhoc);
	tcase_add_test(t, lists_have_an_end);
	return run_suite(s);
}
