/* SPDX-License-Identifier: BSD-2-Clause
 * The configuration: what is good, and for each safety question what happens when its key is missing,
 * misspelt, doubled or turned round. Every refusal names file, line, key and mend. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <support.h>

#include <sl/text.h>

#include "config.h"

static const char good[] = "listen: [\"127.0.0.1:5683\", \"[::1]:5683\"]\n"    /* 1 */
                           "workers: 2\n"                                      /* 2 */
                           "names: [proxy.example]\n"                          /* 3 */
                           "echo: auto\n"                                      /* 4 */
                           "trusted-prefixes: [\"192.0.2.0/24\"]\n"            /* 5 */
                           "discovery: \"</est>;rt=ace.est;osc\"\n"            /* 6 */
                           "routes:\n"                                         /* 7 */
                           "  - path: /est   # with a comment: path: /other\n" /* 8 */
                           "    origin: \"http://127.0.0.1:8080/base\"\n"      /* 9 */
                           "    plain-http: [\"127.0.0.0/8\"]\n"               /* 10 */
                           "    allow-plain: [\"/.well-known/edhoc\"]\n"       /* 11 */
                           "    gateway-errors-503: true\n"                    /* 12 */
                           "  - port: 5683\n"                                  /* 13 */
                           "    origin: https://10.1.2.3:8443/\n"              /* 14 */
                           "    addresses: [\"10.0.0.0/8\"]\n"                 /* 15 */
                           "forward:\n"                                        /* 16 */
                           "  allow:\n"                                        /* 17 */
                           "    - origin: https://est.example\n"               /* 18 */
                           "limits:\n"                                         /* 19 */
                           "  ack-delay: 200ms\n"                              /* 20 */
                           "  request-body: 1MiB\n"                            /* 21 */
                           "  total-timeout: 30s\n";                           /* 22 */

static char complaint[CONFIG_COMPLAINT_MAX];

static enum sl_err
parse(struct config **out, const char *text)
{
	struct sl_span copy = heap_copy(sl_span_text(text));

	*out = NULL;
	return config_parse(out, copy, "test.yaml", complaint);
}

/* The good text with one replacement. Static. */
static const char *
with(const char *from, const char *to)
{
	static char text[8192];
	const char *at = strstr(good, from);

	ck_assert_msg(at != NULL, "no \"%s\" in the good text", from);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	return text;
}

START_TEST(reads_a_good_text)
{
	struct config *c;

	ck_assert_msg(parse(&c, good) == SL_OK, "%s", complaint);
	ck_assert_uint_eq(c->listen_count, 2);
	ck_assert_uint_eq(c->listen[1].port, 5683);
	ck_assert(c->listen[1].is_ipv6);
	ck_assert_uint_eq(c->workers, 2);
	ck_assert_uint_eq(c->route_count, 2);
	ck_assert_str_eq(c->routes[0].path, "/est");
	ck_assert_str_eq(c->routes[0].origin.name, "http://127.0.0.1:8080");
	ck_assert_str_eq(c->routes[0].origin.target.path_query, "/base");
	ck_assert_str_eq(c->routes[0].origin.allow_plain[0], "/.well-known/edhoc");
	ck_assert(c->routes[0].origin.gateway_errors_503);
	ck_assert_str_eq(c->routes[1].path, "/");
	ck_assert_uint_eq(c->routes[1].port, 5683);
	ck_assert(!c->routes[1].origin.gateway_errors_503);
	ck_assert_uint_eq(c->forward_count, 1);
	ck_assert_uint_eq(c->forward[0].target.port, 443);
	ck_assert_uint_eq(c->limits.ack_delay, 200);
	ck_assert_uint_eq(c->limits.request_body, 1048576);
	ck_assert_uint_eq(c->limits.total_timeout, 30000);
	ck_assert_uint_eq(c->limits.transfers, 64);
	ck_assert_str_eq(c->discovery, "</est>;rt=ace.est;osc");
	config_free(c);
}
END_TEST

START_TEST(safe_when_nothing_is_said)
{
	struct config *c;

	ck_assert_ok(parse(&c,
	        "listen: ['127.0.0.1:1']\nforward: {allow: [{origin: 'https://a.example'}]}\n"));
	ck_assert_int_eq(c->echo, ECHO_AUTO);
	ck_assert_uint_eq(c->trusted.count, 0);
	ck_assert_uint_eq(c->workers, 1);
	ck_assert_uint_eq(c->forward[0].allow_plain_count, 0);
	ck_assert(!c->forward[0].edhoc_header);
	ck_assert(!c->forward[0].gateway_errors_503);
	ck_assert_ptr_null(c->discovery);
	config_free(c);
}
END_TEST

START_TEST(the_transport_can_be_chosen)
{
	static const char *const rows[] = {"+'http://127.0.0.1:1', plain-http: [127.0.0.1]",
	        "+'http://[::1]:1', plain-http: ['::1'], transport: auto",
	        "+'http://127.0.0.1:1', plain-http: [127.0.0.1], transport: lean",
	        "-'http://127.0.0.1:1', plain-http: [127.0.0.1], transport: curl",
	        "-'http://localhost:1', plain-http: [127.0.0.1]",
	        "-'https://192.0.2.1', addresses: [192.0.2.1], transport: auto"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *c;
		char text[256];

		snprintf(text, sizeof text,
		        "listen: ['[::1]:1']\nforward: {allow: [{origin: %s}]}\n", rows[i] + 1);
		ck_assert_msg(parse(&c, text) == SL_OK, "%s", complaint);
		ck_assert_int_eq(c->forward[0].is_lean, rows[i][0] == '+');
		config_free(c);
	}
}
END_TEST

/* clang-format off */
static const struct {
	const char *because, *from, *to;
	const char *says; /* the beginning of the complaint, behind "test.yaml" */
} refused[] = {
	{"a misspelt key is unknown", "listen:", "listens:", ":1: listens: unknown key"},
	{"a misspelt key of a route is unknown", "plain-http:", "plain_http:", ":10: plain_http: unknown key"},
	{"a misspelt limit is unknown", "ack-delay:", "ack-dealy:", ":20: ack-dealy: unknown key"},
	{"a key of a route has no place in an allow-list", "    - origin: https://est.example\n", "    - path: /\n      origin: https://est.example\n", ":18: path: unknown key"},
	{"a misspelt trusted-prefixes is unknown", "trusted-prefixes:", "trusted-prefix:", ":5: trusted-prefix: unknown key"},
	{"a key that stands twice", "echo: auto\n", "echo: off\necho: auto\n", ":5: echo: stands twice"},
	{"a key that stands twice in a route", "    addresses: [\"10.0.0.0/8\"]\n", "    addresses: [\"10.0.0.0/8\"]\n    addresses: [\"11.0.0.0/8\"]\n", ":16: addresses: stands twice"},
	{"a list where a text belongs", "echo: auto", "echo: [auto]", ":4: echo: "},
	{"a text where a list belongs", "listen: [\"127.0.0.1:5683\", \"[::1]:5683\"]", "listen: \"127.0.0.1:5683\"", ":1: listen: "},
	{"broken YAML", "workers: 2", "workers: [2", ":"},
	{"no listener", "listen: [\"127.0.0.1:5683\", \"[::1]:5683\"]\n", "", ": listen: is missing"},
	{"no listeners in the list", "[\"127.0.0.1:5683\", \"[::1]:5683\"]", "[]", ":1: listen: is missing"},
	{"a listener without a port", "127.0.0.1:5683", "127.0.0.1", ":1: listen: \"127.0.0.1\": is no"},
	{"a listener by name", "127.0.0.1:5683", "localhost:5683", ":1: listen: \"localhost:5683\": is no"},
	{"a listener without brackets", "[::1]:5683", "::1:5683", ":1: listen: \"::1:5683\": is no"},
	{"a port out of range", "127.0.0.1:5683", "127.0.0.1:65536", ":1: listen: \"127.0.0.1:65536\": is no"},
	{"a group to listen on", "127.0.0.1:5683", "224.0.1.187:5683", ":1: listen: \"224.0.1.187:5683\": is a multicast"},
	{"a listener that stands twice", "[::1]:5683", "127.0.0.1:5683", ":1: listen: \"127.0.0.1:5683\": stands twice"},
	{"no workers", "workers: 2", "workers: 0", ":2: workers: \"0\": must be"},
	{"too many workers", "workers: 2", "workers: 65", ":2: workers: \"65\": must be"},
	{"a number with a sign", "workers: 2", "workers: +2", ":2: workers: \"+2\": must be"},
	{"a name in capitals", "proxy.example", "Proxy.example", ":3: names: \"Proxy.example\": is no"},
	{"a mode that does not exist", "echo: auto", "echo: no", ":4: echo: \"no\": must be"},
	{"an empty mode", "echo: auto", "echo:", ":4: echo: \"\": must be"},
	{"everybody trusted", "192.0.2.0/24", "0.0.0.0/0", ":5: trusted-prefixes: \"0.0.0.0/0\": means every"},
	{"every IPv6 peer trusted", "192.0.2.0/24", "::/0", ":5: trusted-prefixes: \"::/0\": means every"},
	{"bits behind the prefix", "192.0.2.0/24", "192.0.2.1/24", ":5: trusted-prefixes: \"192.0.2.1/24\": is no prefix"},
	{"a prefix that is too long", "192.0.2.0/24", "192.0.2.0/33", ":5: trusted-prefixes: \"192.0.2.0/33\": is no prefix"},
	{"discovery that is no link format", "</est>;rt=ace.est;osc", "est", ":6: discovery: is no link format"},
	{"discovery twice", "discovery:", "discovery-file: /x\ndiscovery:", ":6: discovery-file: \"/x\": stands beside"},
	{"a discovery file that is not there", "discovery: \"</est>;rt=ace.est;osc\"", "discovery-file: /nonexistent", ":6: discovery-file: \"/nonexistent\": cannot be read"},
	{"a path without a slash", "path: /est ", "path: est ", ":8: path: \"est\": is no path"},
	{"a path with a slash at the end", "path: /est ", "path: /est/ ", ":8: path: \"/est/\": is no path"},
	{"a path that climbs", "path: /est ", "path: /a/../b ", ":8: path: \"/a/../b\": is no path"},
	{"a route twice", "path: /est ", "port: 5683\n    path: / ", ":"},
	{"a route without an origin", "    origin: \"http://127.0.0.1:8080/base\"\n", "", ":8: path: \"/est\": has no origin"},
	{"an allow-list entry without an origin", "    - origin: https://est.example\n", "    - allow-plain: [/x]\n", ":17: allow: has no origin"},
	{"plain http without addresses", "    plain-http: [\"127.0.0.0/8\"]\n", "", ":9: origin: \"http://127.0.0.1:8080/base\": is plain http"},
	{"plain http with an empty list", "plain-http: [\"127.0.0.0/8\"]", "plain-http: []", ":9: origin: \"http://127.0.0.1:8080/base\": is plain http"},
	{"plain http to everywhere", "127.0.0.0/8", "0.0.0.0/0", ":10: plain-http: \"0.0.0.0/0\": means every"},
	{"plain http to an address not named", "127.0.0.0/8", "127.0.0.2/32", ":9: origin: \"http://127.0.0.1:8080/base\": has an address that plain-http"},
	{"plain-http beside https", "addresses: [", "plain-http: [", ":15: plain-http: \"10.0.0.0/8\": stands beside an https"},
	{"addresses beside http", "plain-http: [\"127.0.0.0/8\"]", "plain-http: [\"127.0.0.0/8\"]\n    addresses: [\"127.0.0.0/8\"]", ":11: addresses: \"127.0.0.0/8\": stands beside a plain"},
	{"a private address without leave", "    addresses: [\"10.0.0.0/8\"]\n", "", ":14: origin: \"https://10.1.2.3:8443/\": has a special-purpose address"},
	{"a private address outside its list", "10.0.0.0/8", "10.2.0.0/16", ":14: origin: \"https://10.1.2.3:8443/\": has a special-purpose address"},
	{"a user name in the origin", "https://10.1.2.3", "https://u:p@10.1.2.3", ":14: origin: \"https://u:p@10.1.2.3:8443/\": is no origin"},
	{"another scheme", "https://est.example", "ftp://est.example", ":18: origin: \"ftp://est.example\": is no origin"},
	{"a short form of an address", "https://10.1.2.3", "https://10.515", ":14: origin: \"https://10.515:8443/\": is no origin"},
	{"no scheme", "https://est.example", "est.example", ":18: origin: \"est.example\": is no clean URL"},
	{"a query in the origin", "8080/base", "8080/base?q", ":9: origin: \"http://127.0.0.1:8080/base?q\": is no clean URL"},
	{"a path in the allow-list", "https://est.example", "https://est.example/x", ":18: origin: \"https://est.example/x\": has a path"},
	{"an allowed origin twice", "    - origin: https://est.example\n", "    - origin: https://est.example\n    - origin: https://est.example:443/\n", ":19: origin: \"https://est.example:443/\": is allowed twice"},
	{"one origin with two lists", "    - origin: https://est.example\n", "    - origin: https://10.1.2.3:8443\n      addresses: [\"10.1.0.0/16\"]\n", ":14: origin: \"10.1.2.3\": is named twice"},
	{"a plain path with a pattern", "/.well-known/edhoc", "/.well-known/*", ":11: allow-plain: \"/.well-known/*\": is no path"},
	{"a switch that is neither", "gateway-errors-503: true", "gateway-errors-503: yes", ":12: gateway-errors-503: \"yes\": must be"},
	{"the EDHOC switch that is neither", "gateway-errors-503: true", "edhoc-header: 1", ":12: edhoc-header: \"1\": must be"},
	{"a transport that does not exist", "gateway-errors-503: true", "transport: quick", ":12: transport: \"quick\": must be auto"},
	{"the lean transport with TLS", "    addresses:", "    transport: lean\n    addresses:", ":15: transport: \"lean\": is for plain http"},
	{"the lean transport to a name", "127.0.0.1:8080/base\"", "a.example/base\"\n    transport: lean", ":10: transport: \"lean\": is for plain http"},
	{"a port nobody listens on", "port: 5683", "port: 5684", ":13: port: \"5684\": is no port"},
	{"TLS keys beside plain http", "gateway-errors-503: true", "ca-file: /etc/hostname", ":12: ca-file: \"/etc/hostname\": stands beside"},
	{"a file that is not there", "    addresses:", "    ca-file: /nonexistent\n    addresses:", ":15: ca-file: \"/nonexistent\": cannot be read"},
	{"a relative file", "    addresses:", "    ca-file: ca.pem\n    addresses:", ":15: ca-file: \"ca.pem\": must be an absolute"},
	{"a certificate without its key", "    addresses:", "    client-cert: /etc/hostname\n    addresses:", ":15: client-cert: \"/etc/hostname\": stands without"},
	{"a key that others may read", "    addresses:", "    client-cert: /etc/hostname\n    client-key: /etc/hostname\n    addresses:", ":16: client-key: \"/etc/hostname\": is open to others"},
	{"anchors that are none", "    addresses:", "    ca-file: /etc/hostname\n    addresses:", ":15: ca-file: \"/etc/hostname\": holds no certificate"},
	{"anchors that are a folder", "    addresses:", "    ca-file: /etc\n    addresses:", ":15: ca-file: \"/etc\": holds no certificate"},
	{"tables beyond the memory", "total-timeout: 30s", "exchanges: 1048576\n  memory-budget: 400MiB", ":23: memory-budget: leaves no room beside the tables, which take 4"},
	{"an admin section without a port", "workers: 2", "workers: 2\nadmin: {address: 127.0.0.1}", ":3: admin: has no port"},
	{"an admin port that is none", "workers: 2", "admin: {port: 65536}", ":2: port: \"65536\": must be"},
	{"an admin address that is none", "workers: 2", "admin: {port: 1, address: localhost}", ":2: address: \"localhost\": is no address"},
	{"an admin group", "workers: 2", "admin: {port: 1, address: 224.0.0.1}", ":2: address: \"224.0.0.1\": is no address"},
	{"an admin server for everybody", "workers: 2", "admin: {port: 1, address: 8.8.8.8}", ":2: address: \"8.8.8.8\": can be reached"},
	{"an IPv6 admin server for everybody", "workers: 2", "admin: {port: 1, address: \"2600::1\"}", ":2: address: \"2600::1\": can be reached"},
	{"a misspelt admin key", "workers: 2", "admin: {ports: 1}", ":2: ports: unknown key"},
	{"a second document", "limits:", "---\nlimits:", ":19: a second document"},
	{"an end before the end", "limits:", "...\nlimits:", ":19: a second document"},
	{"a text where a list belongs", "names: [proxy.example]", "names: proxy.example", ":3: names: must be a list"},
	{"a list where a text belongs", "workers: 2", "workers: [2]", ":2: workers: must be one value"},
	{"a list where a mapping belongs", "limits:\n  ack-delay: 200ms\n  request-body: 1MiB\n  total-timeout: 30s", "limits: [1]", ":19: limits: must be a mapping"},
	{"an alias", "names: [proxy.example]", "names: *a", ":3: names: "},
	{"a time without a unit", "ack-delay: 200ms", "ack-delay: 200", ":20: ack-delay: \"200\": must be from 100ms to 1s"},
	{"a size with the unit of a time", "request-body: 1MiB", "request-body: 1s", ":21: request-body: \"1s\": must be from 1KiB to 1MiB"},
	{"a connect time beyond the total", "total-timeout: 30s", "total-timeout: 30s\n  connect-timeout: 31s", ":23: connect-timeout: is longer"},
	{"a queue age beyond the total", "total-timeout: 30s", "total-timeout: 3s\n  connect-timeout: 2s\n  queue-age: 4s", ":24: queue-age: is longer"},
	{"bodies beyond their budget", "total-timeout: 30s", "body-bytes: 512KiB", ":22: body-bytes: is less"},
};
/* clang-format on */

START_TEST(refuses_and_says_where)
{
	struct config *c;
	enum sl_err err = parse(&c, with(refused[_i].from, refused[_i].to));
	char want[256];

	if (err == SL_OK)
		config_free(c);
	ck_assert_msg(err == SL_EMALFORMED, "accepted although %s", refused[_i].because);
	snprintf(want, sizeof want, "test.yaml%s", refused[_i].says);
	ck_assert_msg(strncmp(complaint, want, strlen(want)) == 0, "%s: said \"%s\", not \"%s\"",
	        refused[_i].because, complaint, want);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(refuses_to_be_nothing)
{
	static const char *const texts[] = {"", "# nothing\n", "{}", "listen: ['127.0.0.1:1']\n",
	        "listen: ['127.0.0.1:1']\nroutes: []\nforward: {allow: []}\n", "- a\n", "a", "\t",
	        "\xff\xfe", "\x01", "listen: &a ['127.0.0.1:1']\nnames: *a\n"};
	struct config *c;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		ck_assert_msg(parse(&c, texts[i]) == SL_EMALFORMED, "accepted \"%s\"", texts[i]);
		ck_assert_msg(strncmp(complaint, "test.yaml:", 10) == 0, "said \"%s\"", complaint);
	}
}
END_TEST

START_TEST(every_prefix_is_refused_or_read)
{
	struct config *c;

	for (size_t len = 0; len < sizeof good - 1; len++) {
		struct sl_span part = heap_copy(sl_span(good, len));

		c = NULL;
		if (config_parse(&c, part, "test.yaml", complaint) == SL_OK)
			config_free(c);
		hex_release();
	}
}
END_TEST

/* What else has to be said so that a limit may be at its end. */
static const char *
beside(const char *key, bool is_least)
{
	static const struct {
		const char *key, *at_least, *at_most;
	} rows[] = {
	        {"total-timeout", ", connect-timeout: 1s, queue-age: 1s", ""},
	        {"connect-timeout", ", total-timeout: 200s", ", total-timeout: 200s"},
	        {"queue-age", ", total-timeout: 200s", ", total-timeout: 200s"},
	        {"body-bytes", ", response-body: 64KiB", ""},
	        {"memory-budget",
	                ", exchanges: 64, verified-peers: 16, transfers: 1, queue-length: 1, "
	                "uploads: 1, "
	                "answers: 1",
	                ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].key, key) == 0)
			return is_least ? rows[i].at_least : rows[i].at_most;
	return ", memory-budget: 64GiB";
}

/* Each limit at least, at most, and one unit beyond both. */
START_TEST(limits_hold_at_their_ends)
{
	const struct limit_def *def = &limit_defs[_i];
	static const char *const units[] = {"ms", "B", ""};
	uint64_t least, most, normal;
	struct {
		uint64_t value;
		bool is_good;
	} cases[4];
	struct config *c;

	ck_assert_ok(limit_parse(&least, def->kind, def->least));
	ck_assert_ok(limit_parse(&most, def->kind, def->most));
	ck_assert_ok(limit_parse(&normal, def->kind, def->normal));
	ck_assert_msg(least <= normal && normal <= most, "%s: the default is outside", def->key);
	cases[0].value = least;
	cases[1].value = most;
	cases[2].value = most + 1;
	cases[3].value = least - 1;
	for (size_t i = 0; i < 4; i++) {
		char text[512];
		bool is_good = i < 2;

		if (i == 3 && least == 0)
			continue;
		snprintf(text, sizeof text,
		        "listen: ['127.0.0.1:1']\nforward: {allow: [{origin: "
		        "'https://a.example'}]}\n"
		        "limits: {%s: %llu%s%s}\n",
		        def->key, (unsigned long long)cases[i].value, units[def->kind],
		        beside(def->key, i == 0));
		ck_assert_msg((parse(&c, text) == SL_OK) == is_good, "%s = %llu: %s", def->key,
		        (unsigned long long)cases[i].value, complaint);
		if (is_good) {
			ck_assert_uint_eq(
			        *(uint64_t *)(void *)((uint8_t *)&c->limits + def->offset),
			        cases[i].value);
			config_free(c);
		}
	}
}
END_TEST

START_TEST(lists_hold_at_their_ends)
{
	static const struct {
		const char *key, *item;
		unsigned most;
	} lists[] = {{"listen", "'127.0.0.1:0'", CONFIG_LISTEN_MAX},
	        {"names", "a.example", CONFIG_NAMES_MAX},
	        {"trusted-prefixes", "192.0.2.0/24", CONFIG_PREFIXES_MAX}};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (unsigned more = 0; more < 2; more++) {
			struct config *c;
			char text[4096];
			int len = snprintf(text, sizeof text,
			        "%sforward: {allow: [{origin: 'https://a.example'}]}\n%s: [",
			        i == 0 ? "" : "listen: ['127.0.0.1:1']\n", lists[i].key);

			for (unsigned n = 0; n < lists[i].most + more; n++)
				len += snprintf(text + len, sizeof text - (size_t)len, "%s%s",
				        n > 0 ? "," : "", lists[i].item);
			snprintf(text + len, sizeof text - (size_t)len, "]\n");
			ck_assert_msg((parse(&c, text) == SL_OK) == (more == 0), "%s with %u: %s",
			        lists[i].key, lists[i].most + more, complaint);
			config_free(c);
		}
	}
}
END_TEST

START_TEST(loads_files_and_says_when_it_cannot)
{
	char path[] = "/tmp/sealift-config-XXXXXX";
	struct config *c = NULL;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, good, sizeof good - 1), (int)sizeof good - 1);
	ck_assert_ok(config_load(&c, path, complaint));
	config_free(c);
	ck_assert_int_eq(ftruncate(fd, 300 * 1024), 0);
	ck_assert_err(config_load(&c, path, complaint), SL_ELIMIT);
	ck_assert_ptr_nonnull(strstr(complaint, path));
	close(fd);
	unlink(path);
	ck_assert_err(config_load(&c, path, complaint), SL_EIO);
	ck_assert_ptr_nonnull(strstr(complaint, "No such file"));
	ck_assert_err(config_load(&c, "/tmp", complaint), SL_EIO);
}
END_TEST

/* One document may be marked as such. */
START_TEST(reads_the_marks_of_one_document)
{
	char text[4096];
	struct config *c;

	snprintf(text, sizeof text, "\n# first\n---\n%s", good);
	ck_assert_msg(parse(&c, text) == SL_OK, "%s", complaint);
	config_free(c);
}
END_TEST

/* libyaml would end the program. */
START_TEST(refuses_an_empty_file)
{
	struct config *c = NULL;

	ck_assert_err(config_load(&c, "/dev/null", complaint), SL_EMALFORMED);
	ck_assert_str_eq(
	        complaint, "/dev/null: is empty; write at least listen and routes or forward");
}
END_TEST

START_TEST(reads_discovery_and_keys_from_files)
{
	char pem[] = "/tmp/sealift-pem-XXXXXX";
	static const char both[] = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
	int pem_fd = mkstemp(pem);
	char path[] = "/tmp/sealift-file-XXXXXX", text[1024];
	static const char links[] = "</est>;rt=ace.est;osc\n";
	struct config *c;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, links, sizeof links - 1), (int)sizeof links - 1);
	ck_assert_int_eq(write(pem_fd, both, sizeof both - 1), (int)sizeof both - 1);
	ck_assert_int_eq(fchmod(pem_fd, 0400), 0);
	snprintf(text, sizeof text,
	        "listen: ['127.0.0.1:1']\ndiscovery-file: %s\n"
	        "routes: [{origin: 'https://a.example', client-cert: %s, client-key: %s, ca-file: "
	        "%s}]\n",
	        path, pem, pem, pem);
	ck_assert_msg(parse(&c, text) == SL_OK, "%s", complaint);
	ck_assert_str_eq(c->discovery, "</est>;rt=ace.est;osc");
	ck_assert_str_eq(c->routes[0].origin.client_key, pem);
	config_free(c);
	ck_assert_int_eq(fchmod(pem_fd, 0440), 0);
	ck_assert_err(parse(&c, text), SL_EMALFORMED);
	ck_assert_ptr_nonnull(strstr(complaint, "client-key"));
	ck_assert_int_eq(fchmod(pem_fd, 0400), 0);
	ck_assert_int_eq(pwrite(pem_fd, "ENCRYPTED PRIVATE KEY-----\n", 27, 39), 27);
	ck_assert_err(parse(&c, text), SL_EMALFORMED);
	ck_assert_ptr_nonnull(strstr(complaint, "without a password"));
	ck_assert_int_eq(pwrite(pem_fd, "PRIVATE KEY-----\n\n\n\n\n\n\n\n\n\n\n\n", 27, 39), 27);
	ck_assert_msg(parse(&c, text) == SL_OK, "%s", complaint);
	config_free(c);
	close(pem_fd);
	unlink(pem);
	ck_assert_int_eq(ftruncate(fd, CONFIG_DISCOVERY_MAX + 1), 0);
	ck_assert_err(parse(&c, text), SL_EMALFORMED);
	close(fd);
	unlink(path);
}
END_TEST

/* docs/configuration-proxy.md repeats the table; it must not say anything else. */
START_TEST(manual_says_the_same_limits)
{
	char row[256], *text = calloc(1, 200000);
	FILE *f = fopen(SL_SOURCE_DIR "/docs/configuration-proxy.md", "r");

	ck_assert(f != NULL && text != NULL);
	ck_assert_uint_gt(fread(text, 1, 199999, f), 0);
	fclose(f);
	for (size_t i = 0; i < limit_def_count; i++) {
		const struct limit_def *d = &limit_defs[i];

		snprintf(row, sizeof row, "| `%s` | %s | %s | %s |", d->key, d->normal, d->least,
		        d->most);
		ck_assert_msg(strstr(text, row) != NULL, "the manual lacks the row %s", row);
	}
	free(text);
}
END_TEST

static Suite *
config_suite(void)
{
	Suite *s = suite_create("proxy config");
	TCase *t = tcase_create("good"), *r = tcase_create("refused");

	tcase_add_test(t, reads_a_good_text);
	tcase_add_test(t, safe_when_nothing_is_said);
	tcase_add_test(t, the_transport_can_be_chosen);
	tcase_add_test(t, loads_files_and_says_when_it_cannot);
	tcase_add_test(t, reads_discovery_and_keys_from_files);
	tcase_add_test(t, reads_the_marks_of_one_document);
	tcase_add_test(t, refuses_an_empty_file);
	tcase_add_test(t, manual_says_the_same_limits);
	suite_add_tcase(s, t);
	tcase_add_loop_test(r, refuses_and_says_where, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(r, refuses_to_be_nothing);
	tcase_add_test(r, every_prefix_is_refused_or_read);
	tcase_add_loop_test(r, limits_hold_at_their_ends, 0, (int)limit_def_count);
	tcase_add_test(r, lists_hold_at_their_ends);
	suite_add_tcase(s, r);
	return s;
}

int
main(void)
{
	return run_suite(config_suite());
}
