/* SPDX-License-Identifier: BSD-2-Clause
 * T52: one slip of the hand in a configuration that has every key. A key that is misspelt or there twice ends the
 * start; one that is gone, or has another value, ends it too or leaves the proxy as closed as it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <support.h>

#include "config.h"

static const char *const lines[] = {
        "listen: [\"127.0.0.1:5683\"]", "workers: 2", "names: [proxy.example]", "echo: auto",
        "trusted-prefixes: [\"192.0.2.0/24\"]", "discovery: \"</est>;rt=ace.est;osc\"",
        "sandbox: on", "admin:", "  port: 9464", "  address: 127.0.0.1",
        "routes:", "  - path: /est", "    origin: \"http://127.0.0.1:8080/base\"",
        "    plain-http: [\"127.0.0.0/8\"]", "    allow-plain: [\"/.well-known/edhoc\"]",
        "    gateway-errors-503: false", "    edhoc-header: false", "    transport: auto",
        "  - port: 5683", "    origin: https://10.1.2.3:8443/", "    addresses: [\"10.0.0.0/8\"]",
        "forward:", "  allow:", "    - origin: https://est.example",
        "      allow-plain: [\"/open\"]", "limits:", /* and each of them, with its default */
};

/* What hands put where something else belongs. */
static const char *const values[] = {"", " off", " true", " 0", " -1", " \"*\"", " \"/\"",
        " [\"0.0.0.0/0\"]", " [\"::/0\", \"0.0.0.0/0\"]", " [\"*\"]", " []", " {}",
        " http://169.254.169.254/", " 0.0.0.0"};

#define LINE_LEN 128

static char text[16384], complaint[CONFIG_COMPLAINT_MAX];
static unsigned variants, accepted, wrong;

static size_t
line_count(void)
{
	return ARRAY_LEN(lines) + limit_def_count;
}

static void
get_line(char out[static LINE_LEN], size_t i)
{
	size_t limit = i - ARRAY_LEN(lines);

	if (i < ARRAY_LEN(lines))
		snprintf(out, LINE_LEN, "%s\n", lines[i]);
	else
		snprintf(out, LINE_LEN, "  %s: %s\n", limit_defs[limit].key,
		        limit_defs[limit].normal);
}

/* Everything, with this instead of one line. */
static void
build(size_t changed, const char *instead)
{
	size_t len = 0;

	for (size_t i = 0; i < line_count(); i++) {
		char line[LINE_LEN];

		get_line(line, i);
		len += (size_t)snprintf(
		        text + len, sizeof text - len, "%s", i == changed ? instead : line);
		ck_assert_uint_lt(len, sizeof text);
	}
}

/* The lists of the lines above are all that may lead to an address inside. */
static bool
is_closed_origin(const struct origin *o)
{
	static const char *const inner[] = {"127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254",
	        "192.168.1.1", "172.16.0.1", "100.64.0.1", "224.0.0.1", "::1", "fe80::1",
	        "fc00::1"};
	const char *host = o->target.host;
	const char *named = strcmp(host, "127.0.0.1") == 0  ? "127."
	                    : strcmp(host, "10.1.2.3") == 0 ? "10."
	                                                    : "none";

	if (strcmp(host, "est.example") == 0 && !o->target.is_https)
		return false;
	if (named[0] == 'n' && strcmp(host, "est.example") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
		struct address a;

		ck_assert_ok(address_parse_host(&a, inner[i]));
		if (origin_allows_address(o, &a) && strncmp(inner[i], named, strlen(named)) != 0)
			return false;
	}
	return true;
}

static bool
is_closed(const struct config *c)
{
	bool closed = c->route_count + c->forward_count > 0;

	for (size_t i = 0; i < c->route_count; i++)
		closed = closed && is_closed_origin(&c->routes[i].origin);
	for (size_t i = 0; i < c->forward_count; i++)
		closed = closed && is_closed_origin(&c->forward[i]);
	for (size_t i = 0; i < c->trusted.count; i++)
		closed = closed && c->trusted.items[i].bits > 0;
	return closed && (!c->has_admin || address_is_special(&c->admin));
}

/* Refused with the place where, or, where that may be, as closed as before. */
static void
judge(size_t changed, const char *instead, bool may_pass)
{
	struct config *c = NULL;
	enum sl_err err;
	bool good;

	build(changed, instead);
	err = config_parse(&c, heap_copy(sl_span_text(text)), "slip.yaml", complaint);
	good = err == SL_OK ? may_pass && is_closed(c)
	                    : err == SL_EMALFORMED && strncmp(complaint, "slip.yaml:", 10) == 0;
	if (!good)
		printf("# \"%s\": %s\n", instead, err == SL_OK ? "accepted" : complaint);
	variants++;
	accepted += err == SL_OK;
	wrong += !good;
	config_free(c);
	hex_release();
}

static void
slips_of(size_t i)
{
	char line[LINE_LEN], changed[2 * LINE_LEN];
	size_t key_len;

	get_line(line, i);
	key_len = strcspn(line, ":");
	judge(i, "", true);
	snprintf(changed, sizeof changed, "%.*sx%s", (int)key_len, line, line + key_len);
	judge(i, changed, false);
	snprintf(changed, sizeof changed, "%s%s", line, line);
	judge(i, changed, false);
	for (size_t k = 0; k < ARRAY_LEN(values); k++) {
		snprintf(changed, sizeof changed, "%.*s:%s\n", (int)key_len, line, values[k]);
		judge(i, changed, true);
	}
}

START_TEST(no_slip_opens_the_proxy)
{
	struct config *c = NULL;

	build(SIZE_MAX, "");
	ck_assert_msg(config_parse(&c, sl_span_text(text), "slip.yaml", complaint) == SL_OK, "%s",
	        complaint);
	ck_assert(is_closed(c));
	config_free(c);
	for (size_t i = 0; i < line_count(); i++)
		slips_of(i);
	printf("T52.slips-of-%u %u 0 %s -\n", variants, wrong, wrong == 0 ? "PASS" : "FAIL");
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_ge(variants, 200);
	ck_assert_uint_ge(
	        accepted, line_count() / 2); /* keys that may be left out: it is not all refusal */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proxy config, slips");
	TCase *t = tcase_create("slips");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, no_slip_opens_the_proxy);
	suite_add_tcase(s, t);
	return run_suite(s);
}
