/* SPDX-License-Identifier: BSD-2-Clause
 * Which sections of a configuration need a restart. */
#include <stdlib.h>
#include <string.h>

#include "serve_reload.h"
#include "support.h"

static const char base[] = "listen: {address: 127.0.0.1, port: 8080}\n"
                           "store: est.db\n"
                           "ca: {key: ca.key, certificate: ca.pem}\n"
                           "profiles: [{name: default, validity: 90d, key-types: [p256], "
                           "common-name: \"{identity}\", key-usage: [digital-signature], "
                           "extended-key-usage: [client-auth]}]\n";
static const char edhoc[] = "edhoc:\n  methods: [3]\n  suites: [2]\n  credentials:\n"
                            "    - {key: a.key, credential: a.ccs, use: static-dh, send: kid}\n";

static char kept[SERVE_KEPT_MAX];

static struct config *
parse(const char *text, const char *more)
{
	struct config *config = calloc(1, sizeof *config);
	char message[CONFIG_MESSAGE_MAX], all[4096];

	ck_assert_ptr_nonnull(config);
	ck_assert_int_lt(snprintf(all, sizeof all, "%s%s%s", text, edhoc, more), (int)sizeof all);
	ck_assert_msg(config_parse(config, "/etc/est.yaml", sl_span_text(all), message) == SL_OK,
	        "%s", message);
	return config;
}

static void
ck_assert_kept(struct config *now, struct config *next, const char *want)
{
	serve_reload_kept(now, next, kept);
	ck_assert_str_eq(kept, want);
	free(now);
	free(next);
}

START_TEST(the_same_text_needs_nothing)
{
	ck_assert_kept(parse(base, ""), parse(base, ""), "");
}
END_TEST

/* Who may enrol. */
static const char *const live[] = {
        "  accept-issued: no\npeers: [{credential: b.ccs, identity: b, profile: default}]\n",
        "  directory: certs\n",
        "peers: [{credential: b.ccs, identity: b, profile: default}]\n",
        "peers: [{anchor: b.pem, identity: \"{common-name}\", profile: default}]\n",
};

START_TEST(peers_need_nothing)
{
	ck_assert_kept(parse(base, ""), parse(base, live[_i]), "");
}
END_TEST

static const struct {
	const char *from, *to, *kept;
} fixed[] = {
        {"8080", "8081", "listen"},
        {"est.db", "other.db", "store"},
        {"ca.key", "other.key", "ca"},
        {"90d", "91d", "profiles"},
        {"store:", "limits: {threads: 3}\nstore:", "limits"},
};

START_TEST(other_sections_need_a_restart)
{
	char text[2048];
	const char *at = strstr(base, fixed[_i].from);

	ck_assert_ptr_nonnull(at);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - base), base, fixed[_i].to,
	        at + strlen(fixed[_i].from));
	ck_assert_kept(parse(base, ""), parse(text, ""), fixed[_i].kept);
}
END_TEST

START_TEST(several_are_named_in_turn)
{
	ck_assert_kept(parse(base, ""),
	        parse("listen: {address: 127.0.0.1, port: 8081}\n"
	              "store: est.db\n"
	              "ca: {key: ca.key, certificate: other.pem}\n"
	              "profiles: [{name: other, validity: 90d, key-types: [p256], common-name: "
	              "\"{identity}\", key-usage: [digital-signature], extended-key-usage: "
	              "[client-auth]}]\n",
	                "  sessions: 7\n"),
	        "listen, ca, profiles, edhoc");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/serve_reload");
	TCase *t = tcase_create("serve_reload");

	tcase_add_test(t, the_same_text_needs_nothing);
	tcase_add_loop_test(t, peers_need_nothing, 0, ARRAY_LEN(live));
	tcase_add_loop_test(t, other_sections_need_a_restart, 0, ARRAY_LEN(fixed));
	tcase_add_test(t, several_are_named_in_turn);
	suite_add_tcase(s, t);
	return run_suite(s);
}
