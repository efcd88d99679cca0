/* SPDX-License-Identifier: BSD-2-Clause
 * Rules and shapes of the configuration, the files that it names, the lines that complaints name. */
#include "config_shared.h"

/* --- rules and shapes ------------------------------------------------------------------------ */

static const struct {
	const char *text, *says, *because;
} refusals[] = {
        {"", ":1: ", "an empty file"},
        {"# only a comment\n", ":1: ", "nothing but a comment"},
        {"- a\n", ":1: ", "a list is no configuration"},
        {"store s.db\n", ":1: ", "a sentence is no configuration"},
        {"\tstore: s.db\n", ":", "a tab is no indentation"},
        {"ca:\n  key: k\n  certificate: c\nprofiles:\n  - name: a\n",
                "store: the key must be there", "no store"},
        {"store: s\nca:\n  key: k\nprofiles:\n  - name: a\n",
                ":2: ca.certificate: the key must be there", "no certificate"},
        {"store: s\nca:\n  certificate: k\nprofiles:\n  - name: a\n",
                ":2: ca.key: the key must be there", "no key"},
        {"store: s\nprofiles:\n  - name: a\n", "ca.key: the key must be there", "no authority"},
        {"store: s\nca:\n  key: k\n  certificate: c\n", "profiles: at least one profile",
                "no profile"},
        {"store: s\nca:\n  key: k\n  certificate: c\nprofiles: []\n", ":5: profiles",
                "an empty list of profiles"},
        {"store: s\nca:\n  key: k\n  certificate: c\nprofiles:\n  - validity: 1d\n",
                ":6: profiles[0].name: the key must be there", "a profile without a name"},
        {"store: s\nca:\n  key: k\n  certificate: c\nprofiles:\n  - name: a\n  - name: a\n",
                ":7: profiles[1].name: \"a\"", "two profiles of one name"},
        {"store: s\nca:\n  key: k\n  certificate: c\nprofiles:\n  - name: a\n"
         "    key-types: [ed25519]\n    key-usage: [key-agreement]\n",
                ":7: profiles[0].key-types", "Ed25519 does not agree on keys"},
        {"store: s\nlisten:\n  tls-key: t\nca:\n  key: k\n  certificate: c\nprofiles:\n  - name: "
         "a\n",
                ":3: listen.tls-key", "a TLS key without its certificate"},
        {"store: s\nlisten:\n  tls-certificate: t\nca:\n  key: k\n  certificate: c\nprofiles:\n"
         "  - name: a\n",
                ":2: listen.tls-key", "a TLS certificate without its key"},
        {"store: s\nlisten:\n  address: 192.0.2.1\nca:\n  key: k\n  certificate: c\nprofiles:\n"
         "  - name: a\n",
                ":3: listen.address: \"192.0.2.1\"", "plain HTTP beyond loopback"},
        {"store: &x s\nca:\n  key: *x\n  certificate: c\nprofiles:\n  - name: a\n", ":",
                "aliases hide what is meant"},
        {"store: s\nca:\n  key: k\n  certificate: c\nprofiles:\n  - name: a\n---\nstore: t\n", ":",
                "a second document would be ignored"},
        {"store: [s]\nca:\n  key: k\n  certificate: c\nprofiles:\n  - name: a\n",
                ":1: ", "a list where a text belongs"},
        {"store: s\nca: k\nprofiles:\n  - name: a\n", ":2: ", "a text where a section belongs"},
        {"store: s\nca:\n  key: k\n  certificate: c\nca:\n  key: k\n  certificate: c\nprofiles:\n"
         "  - name: a\n",
                ":5: ca: the key is there twice", "a section that is there twice"},
        {"store: s\nca:\n  key: k\n  certificate: c\nlimits:\n  thread: 4\nprofiles:\n  - name: "
         "a\n",
                ":6: thread: unknown key", "a key that does not exist"},
};

START_TEST(refuses_what_is_unsafe_or_unclear)
{
	struct config c;

	ck_assert_msg(parse(&c, refusals[_i].text) == SL_EMALFORMED, "accepted although %s",
	        refusals[_i].because);
	ck_assert_msg(strstr(message, refusals[_i].says), "%s: %s", refusals[_i].because, message);
}
END_TEST

START_TEST(takes_flow_style_and_quotes)
{
	struct config c;

	ck_assert_msg(parse(&c, "{store: 's', ca: {key: \"k\", certificate: c}, profiles: [{name: "
	                        "a}]}\n") == SL_OK,
	        "%s", message);
	ck_assert_str_eq(c.profiles[0].name, "a");
}
END_TEST

START_TEST(too_much_is_refused)
{
	static char long_name[400], text[8192];
	struct config c;
	size_t len;

	memset(long_name, 'f', 300);
	snprintf(text, sizeof text,
	        "store: %s\nca:\n  key: k\n  certificate: c\nprofiles:\n  - name: a\n", long_name);
	ck_assert_err(parse(&c, text), SL_EMALFORMED);
	ck_assert_err(config_parse(&c, long_name, sl_span_text(smallest), message), SL_EMALFORMED);
	len = (size_t)snprintf(
	        text, sizeof text, "store: s\nca:\n  key: k\n  certificate: c\nprofiles:\n");
	for (int i = 0; i < CONFIG_PROFILES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "  - name: p%d\n", i);
	ck_assert_ok(parse(&c, text));
	ck_assert_uint_eq(c.profile_count, CONFIG_PROFILES_MAX);
	snprintf(text + len, sizeof text - len, "  - name: more\n");
	ck_assert_err(parse(&c, text), SL_EMALFORMED);
	ck_assert_err(config_parse(&c, "x", hex("73746f72653a00730a"), message), SL_EMALFORMED);
}
END_TEST

/* Any cut of a good text is a good text or a complaint. */
START_TEST(every_prefix_has_a_verdict)
{
	struct config c;
	size_t good = 0;

	for (size_t len = 0; len < strlen(fullest); len++)
		if (config_parse(&c, "x", heap_copy(sl_span(fullest, len)), message) == SL_OK)
			good++;
		else
			ck_assert_msg(strncmp(message, "x:", 2) == 0, "%zu: %s", len, message);
	/* With the first profile named, most cuts behind it are whole configurations. */
	ck_assert_uint_gt(good, 20);
}
END_TEST

/* --- files ----------------------------------------------------------------------------------- */

static void
expect(const char *name, unsigned mode, const char *says)
{
	char path[128];
	struct config c;
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	if (says) {
		ck_assert_err(config_load(&c, lab.yaml, message), SL_EMALFORMED);
		ck_assert_msg(strstr(message, says), "%s", message);
	} else {
		ck_assert_msg(config_load(&c, lab.yaml, message) == SL_OK, "%s", message);
	}
	ck_assert_int_eq(chmod(path, st.st_mode & 0777), 0);
}

START_TEST(looks_at_the_modes_of_its_files)
{
	expect("ca.key", 0400, NULL);
	expect("ca.key", 0440, ":3: ca.key: ");
	expect("ca.key", 0404, "chmod 0400");
	expect("ca.key", 0620, "chmod 0400");
	expect("sealift-est.yaml", 0444, NULL);
	expect("sealift-est.yaml", 0664, "chmod go-w");
	expect("sealift-est.yaml", 0646, "chmod go-w");
}
END_TEST

START_TEST(files_must_be_there)
{
	char path[128];
	struct config c;

	snprintf(path, sizeof path, "%s/ca.pem", lab.dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_err(config_load(&c, lab.yaml, message), SL_EMALFORMED);
	ck_assert_msg(strstr(message, ":4: ca.certificate: "), "%s", message);
	ck_assert_err(config_load(&c, path, message), SL_ENOTFOUND);
	ck_assert_err(config_load(&c, lab.dir, message), SL_EMALFORMED); /* a folder */
}
END_TEST

/* --- lines ----------------------------------------------------------------------------------- */

static const struct {
	const char *path;
	unsigned line;
} places[] = {
        {"a", 1}, {"b", 2}, {"b.c", 3}, {"b.d", 4}, {"b.d[0]", 5}, {"b.d[1]", 6},
        {"b.d[7]", 4}, /* not there: the list */
        {"b.nothing", 2}, {"e[0].f", 9}, {"e[0].g", 10}, {"e[1]", 11}, {"e[1].f", 11},
        {"e[1].h.i", 13}, {"nothing", 1}, {"quoted", 14}, {"ab", 1}, /* "a" is no part of it */
};

START_TEST(finds_the_line_of_a_key)
{
	static const char text[] = "a: 1\n"
	                           "b:\n"
	                           "  c: \"x: y\"\n"
	                           "  d:\n"
	                           "  - one # d: two\n"
	                           "  - two\n"
	                           "# e: no\n"
	                           "e:\n"
	                           "- f: 1\n"
	                           "  g: 2\n"
	                           "-   f: 3\n"
	                           "    h:\n"
	                           "      i: 4\n"
	                           "\"quoted\": 5\n";

	ck_assert_uint_eq(config_line_of(sl_span_text(text), places[_i].path), places[_i].line);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config_rules");
	TCase *t = tcase_create("texts"), *f = tcase_create("files");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, refuses_what_is_unsafe_or_unclear, 0, (int)ARRAY_LEN(refusals));
	tcase_add_test(t, takes_flow_style_and_quotes);
	tcase_add_test(t, too_much_is_refused);
	tcase_add_test(t, every_prefix_has_a_verdict);
	tcase_add_loop_test(t, finds_the_line_of_a_key, 0, (int)ARRAY_LEN(places));
	suite_add_tcase(s, f);
	tcase_add_checked_fixture(f, setup, teardown);
	tcase_add_test(f, looks_at_the_modes_of_its_files);
	tcase_add_test(f, files_must_be_there);
	return run_suite(s);
}
