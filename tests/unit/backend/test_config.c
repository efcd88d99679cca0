/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-est.yaml: defaults, bounds, and that every slip is refused with its line, key, value
 * and mend. */
#include "config_shared.h"

#define FULL_LINES 79

#define DAY INT64_C(86400)

START_TEST(has_a_default_for_all_but_the_files)
{
	struct config c;
	const struct profile *p = &c.profiles[0];

	ck_assert_msg(parse(&c, smallest) == SL_OK, "%s", message);
	ck_assert_str_eq(c.file, "/etc/sealift/est.yaml");
	ck_assert_str_eq(c.store, "/etc/sealift/s.db");
	ck_assert_str_eq(c.listen.address, "127.0.0.1");
	ck_assert_uint_eq(c.listen.port, 8080);
	ck_assert_str_eq(c.listen.tls_key, "");
	ck_assert_uint_eq(c.path_count, 1);
	ck_assert_str_eq(c.paths[0], "/");
	ck_assert_str_eq(c.est_root, "/est");
	ck_assert_str_eq(c.ca.key, "/etc/sealift/k.pem");
	ck_assert_str_eq(c.ca.certificate, "/etc/sealift/c.pem");
	ck_assert_uint_eq(c.ca.chain_count, 0);
	ck_assert_uint_eq(c.ca.instance, 1);
	ck_assert_uint_eq(c.retry_after_s, 60);
	ck_assert(!c.quiet_errors);
	ck_assert_uint_eq(c.limits.max_body, 16384);
	ck_assert_uint_eq(c.limits.threads, 8);
	ck_assert_uint_eq(c.limits.connections, 256);
	ck_assert_uint_eq(c.limits.connections_per_ip, 0);
	ck_assert_uint_eq(c.limits.connection_timeout_s, 15);
	ck_assert_uint_eq(c.limits.contexts, 10000);
	ck_assert_uint_eq(c.limits.reply_cache, 16777216);
	ck_assert_uint_eq(c.limits.reply_cache_s, 300);
	ck_assert_uint_eq(c.limits.block_state_s, 120);
	ck_assert_uint_eq(c.limits.inner_body, 16384);
	ck_assert_uint_eq(c.limits.ssn_step, 1024);
	ck_assert_uint_eq(c.limits.echo_fresh_s, 60);
	ck_assert_uint_eq(c.profile_count, 1);
	ck_assert_int_eq(p->validity_s, 90 * DAY);
	ck_assert_uint_eq(p->key_types, 1U << SL_PKEY_P256);
	ck_assert_uint_eq(p->key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert(p->client_auth && !p->server_auth);
	ck_assert(!p->requires_challenge && !p->ignore_requested_subject);
	ck_assert(!p->allow_change_subject_name);
	ck_assert_int_eq(p->repeat_s, DAY);
	ck_assert_int_eq(p->renew_repeat_s, 900);
}
END_TEST

START_TEST(takes_every_key)
{
	struct config c;
	const struct profile *p = &c.profiles[0];

	ck_assert_msg(parse(&c, fullest) == SL_OK, "%s", message);
	ck_assert_str_eq(c.store, "/var/lib/s.db");
	ck_assert_str_eq(c.listen.address, "::");
	ck_assert_uint_eq(c.listen.port, 8443);
	ck_assert_str_eq(c.listen.tls_certificate, "/etc/sealift/t.pem");
	ck_assert_str_eq(c.listen.tls_key, "/etc/sealift/t.key");
	ck_assert_uint_eq(c.path_count, 2);
	ck_assert_str_eq(c.paths[0], "/");
	ck_assert_str_eq(c.paths[1], "/oscore");
	ck_assert_str_eq(c.est_root, "/e");
	ck_assert_uint_eq(c.ca.instance, 127);
	ck_assert_uint_eq(c.ca.chain_count, 1);
	ck_assert_str_eq(c.ca.chain[0], "/etc/sealift/root.pem");
	ck_assert_uint_eq(c.retry_after_s, 120);
	ck_assert(c.quiet_errors);
	ck_assert_uint_eq(c.limits.max_body, 1048576);
	ck_assert_uint_eq(c.limits.threads, 64);
	ck_assert_uint_eq(c.limits.connections, 10000);
	ck_assert_uint_eq(c.limits.connections_per_ip, 10);
	ck_assert_uint_eq(c.limits.connection_timeout_s, 300);
	ck_assert_uint_eq(c.limits.contexts, 1000000);
	ck_assert_uint_eq(c.limits.reply_cache, 1073741824);
	ck_assert_uint_eq(c.limits.reply_cache_s, 3600);
	ck_assert_uint_eq(c.limits.block_state_s, 600);
	ck_assert_uint_eq(c.limits.inner_body, 65536);
	ck_assert_uint_eq(c.limits.ssn_step, 1048576);
	ck_assert_uint_eq(c.limits.echo_fresh_s, 600);
	ck_assert_uint_eq(c.profile_count, 2);
	ck_assert_str_eq(p->name, "sensors");
	ck_assert_int_eq(p->validity_s, 3650 * DAY);
	ck_assert_str_eq(p->common_name, "x-{identity}");
	ck_assert_str_eq(p->subject_alt_name, "dns:{identity}.x");
	ck_assert(!p->requires_challenge && p->ignore_requested_subject);
	ck_assert(p->allow_change_subject_name);
	ck_assert_int_eq(p->repeat_s, 7 * DAY);
	ck_assert_int_eq(p->renew_repeat_s, DAY);
	ck_assert_uint_eq(p->key_types, 1U << SL_PKEY_P384);
	ck_assert_uint_eq(p->key_usage, SL_KU_KEY_AGREEMENT);
	ck_assert(p->server_auth && !p->client_auth);
	ck_assert(c.profiles[1].requires_challenge);
	ck_assert_ptr_eq(config_profile(&c, "others"), &c.profiles[1]);
	ck_assert_ptr_null(config_profile(&c, "nobody"));
}
END_TEST

/* --- every line of the full text, spoilt in each way ----------------------------------------- */

enum { MISSPELT, TWICE, EMPTY, NONSENSE, WAYS };

/* Line number of from 1; its length without the end. */
static const char *
line_at(const char *text, unsigned number, size_t *len)
{
	for (; number > 1; number--)
		text = strchr(text, '\n') + 1;
	*len = strcspn(text, "\n");
	return text;
}

/* Writes fullest with the line spoilt; returns the line that must be named, 0 when it has no
 * such fault. */
static unsigned
spoil(char *out, size_t cap, unsigned number, int way)
{
	size_t len, key;
	const char *line = line_at(fullest, number, &len);
	const char *colon = memchr(line, ':', len);
	int before = (int)(line - fullest);
	bool has_value = colon && colon + 1 < line + len;

	if (!colon || (way == EMPTY && !has_value) || (way == NONSENSE && !has_value) ||
	        (way == TWICE && (!has_value || memchr(line, '-', strspn(line, " -")))))
		return 0;
	key = (size_t)(colon - line);
	switch (way) {
	case MISSPELT:
		snprintf(out, cap, "%.*s%.*sx%s", before, fullest, (int)key, line, line + key);
		return number;
	case TWICE:
		snprintf(out, cap, "%.*s%.*s\n%s", before, fullest, (int)len, line, line);
		return number + 1;
	case EMPTY:
		snprintf(out, cap, "%.*s%.*s:%s", before, fullest, (int)key, line, line + len);
		return number;
	default:
		snprintf(out, cap, "%.*s%.*s: \"{oops\"%s", before, fullest, (int)key, line,
		        line + len);
		return number;
	}
}

/* Texts that may be anything cannot be nonsense. */
static bool
takes_anything(unsigned number)
{
	size_t len;
	const char *line = line_at(fullest, number, &len);
	static const char *const keys[] = {"store:", "tls-certificate:", "tls-key:", "  key:",
	        "- key:", "certificate:", "credential:", "anchor:", "revoked:"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (memmem(line, len, keys[i], strlen(keys[i])))
			return true;
	return false;
}

START_TEST(every_slip_is_refused_with_its_line)
{
	char text[8192], where[64];
	struct config c, untouched;
	size_t tried = 0;

	memset(&c, 0x5a, sizeof c);
	untouched = c;
	for (unsigned number = 1; number <= FULL_LINES; number++)
		for (int way = 0; way < WAYS; way++) {
			unsigned named = spoil(text, sizeof text, number, way);

			if (named == 0 || (way == NONSENSE && takes_anything(number)))
				continue;
			ck_assert_msg(parse(&c, text) == SL_EMALFORMED,
			        "line %u passed, spoilt in way %d:\n%s", number, way, text);
			snprintf(where, sizeof where, "/etc/sealift/est.yaml:%u: ", named);
			ck_assert_msg(strncmp(message, where, strlen(where)) == 0,
			        "line %u, way %d: %s", named, way, message);
			ck_assert_mem_eq(&c, &untouched, sizeof c);
			tried++;
		}
	printf("config: %zu slips\n", tried);
	ck_assert_uint_ge(tried, 200);
}
END_TEST

/* --- values ---------------------------------------------------------------------------------- */

static const struct {
	const char *section, *key, *good[3], *bad[5];
} bounds[] = {
        {"", "retry-after", {"1s", "1d", "90s"}, {"0s", "25h", "60", "1500ms", "-1s"}},
        {"", "est-root", {"none", "/a/b", "/E_1"}, {"est", "/", "/est/", "//e", "/e?q"}},
        {"", "errors", {"full", "quiet"}, {"Full", "true", "none"}},
        {"listen", "port", {"0", "65535"}, {"65536", "0x50", "8080/tcp", "-1"}},
        {"listen", "address", {"127.0.0.2", "\"::1\""},
                {"localhost", "\"[::1]\"", "127.0.0.1:80", "0.0.0.0", "\"::\""}},
        {"listen", "plain-http", {"loopback", "anywhere"}, {"true", "yes", "any"}},
        {"ca", "instance", {"1", "127"}, {"0", "128"}},
        {"limits", "max-body", {"1KiB", "1MiB"}, {"1023B", "1048577B", "16384", "1kB"}},
        {"limits", "threads", {"1", "64"}, {"0", "65", "four"}},
        {"limits", "connections", {"8", "10000"}, {"7", "10001"}},
        {"limits", "connections-per-ip", {"0", "10000"}, {"10001", "none"}},
        {"limits", "connection-timeout", {"1s", "300s"}, {"0s", "301s", "999ms"}},
        {"limits", "contexts", {"1", "1000000"}, {"0", "1000001"}},
        {"limits", "reply-cache", {"64KiB", "1GiB"}, {"65535B", "1025MiB"}},
        {"limits", "reply-cache-time", {"247s", "1h"}, {"246s", "3601s"}},
        {"limits", "block-state-time", {"10s", "10min"}, {"9s", "601s"}},
        {"limits", "inner-body", {"1KiB", "64KiB"}, {"1023B", "65537B"}},
        {"limits", "ssn-step", {"1", "1048576"}, {"0", "1048577"}},
        {"limits", "echo-fresh", {"1s", "10min"}, {"0s", "601s"}},
        {"profiles", "name", {"a", "a-b_9", "01234567890123456789012345678901"},
                {"sen", "crts", "A", "a/b", "012345678901234567890123456789012"}},
        {"profiles", "validity", {"5min", "3650d"}, {"299s", "3651d", "forever"}},
        {"profiles", "common-name", {"\"{identity}\"", "\"d {identity}\""},
                {"\"{name}\"", "\"{identity\"", "\"a\\nb\""}},
        {"profiles", "subject-alt-name", {"\"dns:{identity}\"", "\"uri:urn:{identity}\""},
                {"\"{identity}\"", "\"ip:1.2.3.4\"", "\"dns:*\""}},
        /* "require" needs a session that has a value: a pre-shared context has none */
        {"profiles", "challenge", {"ignore"}, {"yes", "Require", "require"}},
        {"profiles", "requested-subject", {"match", "ignore"}, {"copy"}},
        {"profiles", "change-subject-name", {"refuse", "allow"}, {"yes"}},
        {"profiles", "repeat-window", {"0", "7d"}, {"169h", "1"}},
        {"profiles", "renew-repeat-window", {"0", "1d"}, {"25h"}},
        {"profiles", "key-types", {"[p256]", "[p384, ed25519]"},
                {"[]", "p256", "[rsa]", "[p256, p256]", "[P-256]"}},
        {"profiles", "key-usage", {"[digital-signature]", "[digital-signature, key-agreement]"},
                {"[]", "[key-cert-sign]", "[key-agreement, key-agreement]"}},
        {"profiles", "extended-key-usage",
                {"[client-auth]", "[none]", "[server-auth, client-auth]"},
                {"[cmc-ra]", "[none, client-auth]", "[]"}},
        {"", "paths", {"[]", "[/, /a]", "[/a, /b]"},
                {"[a]", "[/a, /a]", "[/a?b]", "[/.hidden]", "[/a/]"}},
        {"ca", "chain", {"[]", "[a.pem]", "[a, b, c, d]"}, {"[a, b, c, d, e]", "a.pem", "[\"\"]"}},
};

/* "key: value" on a line of its own when the row is of that section. */
static const char *
line_for(char out[static 256], size_t row, const char *section, const char *value)
{
	out[0] = '\0';
	if (strcmp(bounds[row].section, section) == 0 && strcmp(bounds[row].key, "name") != 0)
		snprintf(out, 256, "%s%s: %s\n",
		        strcmp(section, "profiles") == 0 ? "    "
		        : section[0]                     ? "  "
		                                         : "",
		        bounds[row].key, value);
	return out;
}

/* The smallest configuration with that key in its section. */
static void
with_key(char *out, size_t cap, size_t row, const char *value)
{
	char lines[5][256];
	const char *listen = line_for(lines[0], row, "listen", value);
	const char *limits = line_for(lines[1], row, "limits", value);

	snprintf(out, cap,
	        "store: s.db\n%s%s%s%s%sca:\n  key: k.pem\n  certificate: c.pem\n%sprofiles:\n"
	        "  - name: %s\n%s",
	        line_for(lines[2], row, "", value), listen[0] ? "listen:\n" : "", listen,
	        limits[0] ? "limits:\n" : "", limits, line_for(lines[3], row, "ca", value),
	        strcmp(bounds[row].key, "name") == 0 ? value : "default",
	        line_for(lines[4], row, "profiles", value));
}

START_TEST(keeps_to_its_bounds)
{
	struct config c;
	char text[1024];

	for (size_t i = 0; i < ARRAY_LEN(bounds[_i].good) && bounds[_i].good[i]; i++) {
		with_key(text, sizeof text, (size_t)_i, bounds[_i].good[i]);
		ck_assert_msg(parse(&c, text) == SL_OK, "%s: %s", bounds[_i].good[i], message);
	}
	for (size_t i = 0; i < ARRAY_LEN(bounds[_i].bad) && bounds[_i].bad[i]; i++) {
		with_key(text, sizeof text, (size_t)_i, bounds[_i].bad[i]);
		ck_assert_msg(parse(&c, text) == SL_EMALFORMED, "%s: %s was accepted",
		        bounds[_i].key, bounds[_i].bad[i]);
		ck_assert_msg(strstr(message, bounds[_i].key) || strstr(message, "profiles[0]"),
		        "%s is not named: %s", bounds[_i].key, message);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("texts"), *f = tcase_create("files");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, has_a_default_for_all_but_the_files);
	tcase_add_test(t, takes_every_key);
	tcase_add_test(t, every_slip_is_refused_with_its_line);
	tcase_add_loop_test(t, keeps_to_its_bounds, 0, (int)ARRAY_LEN(bounds));
	suite_add_tcase(s, f);
	tcase_add_checked_fixture(f, setup, teardown);
	return run_suite(s);
}
