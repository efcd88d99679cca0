/* SPDX-License-Identifier: BSD-2-Clause
 * What a running proxy takes over out of its file, and what it keeps and names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <support.h>

#include "config_reload.h"

#define ROUTE "routes: [{origin: \"http://127.0.0.1:8080/\", plain-http: [\"127.0.0.0/8\"]}]\n"
#define BASE  "listen: [\"127.0.0.1:5683\"]\n" ROUTE

static char dir[32], path[64], complaint[CONFIG_COMPLAINT_MAX], kept[CONFIG_KEPT_MAX];
static struct config *now, *next;

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void
start(void)
{
	snprintf(dir, sizeof dir, "/tmp/sl-reload-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/proxy.yaml", dir);
	write_file(BASE);
	now = next = NULL;
	ck_assert_ok(config_load(&now, path, complaint));
}

static void
end(void)
{
	config_free(now);
	config_free(next);
	remove(path);
	rmdir(dir);
}

static void
reload(const char *text)
{
	write_file(text);
	ck_assert_ok(config_reload(&next, now, path, complaint, kept));
}

START_TEST(the_same_file_keeps_nothing)
{
	reload(BASE);
	ck_assert_str_eq(kept, "");
	ck_assert_ptr_ne(next, now);
	ck_assert_uint_eq(next->route_count, 1);
}
END_TEST

/* docs/configuration-proxy.md, "Changes while it runs". */
static const struct {
	const char *key, *limits; /* what stands in kept; a mapping of limits */
} fixed[] = {
        {"ack-delay", "ack-delay: 300ms"},
        {"block-idle", "block-idle: 30s"},
        {"queue-length", "queue-length: 7"},
        {"transfers", "transfers: 7"},
        {"request-body", "request-body: 7KiB"},
        {"response-body", "response-body: 7KiB"},
        {"exchanges", "exchanges: 77"},
        {"exchanges-per-prefix", "exchanges-per-prefix: 77"},
        {"reply-bytes", "reply-bytes: 7MiB"},
        {"body-bytes", "body-bytes: 7MiB"},
        {"uploads", "uploads: 7"},
        {"uploads-per-peer", "uploads-per-peer: 7"},
        {"uploads-per-prefix", "uploads-per-prefix: 7"},
        {"unverified-per-second", "unverified-per-second: 7"},
        {"unverified-requests", "unverified-requests: 7"},
        {"answers", "answers: 7"},
        {"verified-peers", "verified-peers: 77"},
        {"receive-buffer", "receive-buffer: 7MiB"},
        {"memory-budget", "memory-budget: 777MiB"},
};

START_TEST(sizes_stay_and_are_named)
{
	char text[512];

	snprintf(text, sizeof text, BASE "limits: {%s}\n", fixed[_i].limits);
	reload(text);
	ck_assert_str_eq(kept, fixed[_i].key);
	ck_assert_mem_eq(&next->limits, &now->limits, sizeof now->limits);
}
END_TEST

static const struct {
	const char *limits;
	size_t offset;
	uint64_t value;
} live[] = {
        {"connect-timeout: 7s", offsetof(struct limits, connect_timeout), 7000},
        {"first-byte-timeout: 7s", offsetof(struct limits, first_byte_timeout), 7000},
        {"low-speed-time: 7s", offsetof(struct limits, low_speed_time), 7000},
        {"total-timeout: 70s", offsetof(struct limits, total_timeout), 70000},
        {"drain-timeout: 7s", offsetof(struct limits, drain_timeout), 7000},
        {"queue-age: 7s", offsetof(struct limits, queue_age), 7000},
        {"in-flight-per-peer: 7", offsetof(struct limits, in_flight_per_peer), 7},
        {"in-flight-per-prefix: 7", offsetof(struct limits, in_flight_per_prefix), 7},
        {"requests-per-second: 7", offsetof(struct limits, requests_per_second), 7},
        {"request-burst: 7", offsetof(struct limits, request_burst), 7},
        {"plain-per-second: 7", offsetof(struct limits, plain_per_second), 7},
        {"plain-burst: 7", offsetof(struct limits, plain_burst), 7},
};

START_TEST(rates_and_times_change)
{
	char text[512];
	const uint64_t *value;

	snprintf(text, sizeof text, BASE "limits: {%s}\n", live[_i].limits);
	reload(text);
	value = (const uint64_t *)(const void *)((const uint8_t *)&next->limits + live[_i].offset);
	ck_assert_uint_eq(*value, live[_i].value);
	ck_assert_str_eq(kept, "");
}
END_TEST

/* Each row of the table is in one of the two lists above. */
START_TEST(every_limit_is_one_or_the_other)
{
	for (size_t i = 0; i < limit_def_count; i++) {
		size_t len = strlen(limit_defs[i].key), found = 0;

		for (size_t k = 0; k < ARRAY_LEN(fixed); k++)
			found += strcmp(fixed[k].key, limit_defs[i].key) == 0;
		for (size_t k = 0; k < ARRAY_LEN(live); k++)
			found += strncmp(live[k].limits, limit_defs[i].key, len) == 0 &&
			         live[k].limits[len] == ':';
		ck_assert_msg(found == 1, "%s is in %zu lists", limit_defs[i].key, found);
	}
}
END_TEST

static const struct {
	const char *text, *kept;
} places[] = {
        {"listen: [\"127.0.0.1:5684\"]\n" ROUTE, "listen"},
        {"listen: [\"127.0.0.2:5683\"]\n" ROUTE, "listen"},
        {"listen: [\"127.0.0.1:5683\", \"[::1]:5683\"]\n" ROUTE, "listen"},
        {BASE "workers: 3\n", "workers"},
        {BASE "admin: {port: 9999}\n", "admin"},
        {BASE "sandbox: off\n", "sandbox"},
        {"listen: [\"127.0.0.1:5684\"]\n" ROUTE "workers: 3\nlimits: {transfers: 7, uploads: 7}\n",
                "listen, workers, transfers, uploads"},
};

START_TEST(places_stay_and_are_named)
{
	reload(places[_i].text);
	ck_assert_str_eq(kept, places[_i].kept);
	ck_assert_uint_eq(next->listen_count, 1);
	ck_assert(address_same_host(&next->listen[0], &now->listen[0]));
	ck_assert_uint_eq(next->listen[0].port, 5683);
	ck_assert_uint_eq(next->workers, now->workers);
	ck_assert(!next->has_admin);
}
END_TEST

START_TEST(an_admin_that_is_there_stays)
{
	config_free(now);
	now = NULL;
	write_file(BASE "admin: {port: 9999}\n");
	ck_assert_ok(config_load(&now, path, complaint));
	reload(BASE);
	ck_assert_str_eq(kept, "admin");
	ck_assert(next->has_admin);
	ck_assert_uint_eq(next->admin.port, 9999);
}
END_TEST

START_TEST(everything_else_is_the_files)
{
	reload("listen: [\"127.0.0.1:5683\"]\n"
	       "echo: always\n"
	       "names: [proxy.example]\n"
	       "trusted-prefixes: [\"192.0.2.0/24\"]\n"
	       "discovery: \"</est>\"\n"
	       "routes:\n"
	       "  - {path: /a, origin: \"https://a.example/\"}\n"
	       "  - {path: /b, origin: \"https://b.example/\"}\n"
	       "forward: {allow: [{origin: \"https://c.example\"}]}\n");
	ck_assert_str_eq(kept, "");
	ck_assert_int_eq(next->echo, ECHO_ALWAYS);
	ck_assert_uint_eq(next->names_count, 1);
	ck_assert_uint_eq(next->trusted.count, 1);
	ck_assert_str_eq(next->discovery, "</est>");
	ck_assert_uint_eq(next->route_count, 2);
	ck_assert_uint_eq(next->forward_count, 1);
}
END_TEST

START_TEST(a_bad_file_makes_nothing)
{
	char want[128];

	write_file(BASE "limits: {transfers: none}\n");
	ck_assert_err(config_reload(&next, now, path, complaint, kept), SL_EMALFORMED);
	ck_assert_ptr_null(next);
	snprintf(want, sizeof want, "%s:3: transfers", path);
	ck_assert_msg(strncmp(complaint, want, strlen(want)) == 0, "%s", complaint);
	ck_assert_str_eq(kept, "");
	remove(path);
	ck_assert_err(config_reload(&next, now, path, complaint, kept), SL_EIO);
	ck_assert_ptr_null(next);
}
END_TEST

START_TEST(an_origin_is_known_by_its_place)
{
	struct origin copy = now->routes[0].origin;

	reload("listen: [\"127.0.0.1:5683\"]\nforward: {allow: [{origin: "
	       "\"https://c.example\"}]}\n");
	ck_assert(config_has_origin(now, &now->routes[0].origin));
	ck_assert(!config_has_origin(next, &now->routes[0].origin));
	ck_assert(config_has_origin(next, &next->forward[0]));
	ck_assert(!config_has_origin(now, &next->forward[0]));
	ck_assert(!config_has_origin(now, &copy));
	ck_assert(!config_has_origin(now, NULL));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proxy/config_reload");
	TCase *t = tcase_create("config_reload");

	tcase_add_checked_fixture(t, start, end);
	tcase_add_test(t, the_same_file_keeps_nothing);
	tcase_add_loop_test(t, sizes_stay_and_are_named, 0, ARRAY_LEN(fixed));
	tcase_add_loop_test(t, rates_and_times_change, 0, ARRAY_LEN(live));
	tcase_add_test(t, every_limit_is_one_or_the_other);
	tcase_add_loop_test(t, places_stay_and_are_named, 0, ARRAY_LEN(places));
	tcase_add_test(t, an_admin_that_is_there_stays);
	tcase_add_test(t, everything_else_is_the_files);
	tcase_add_test(t, a_bad_file_makes_nothing);
	tcase_add_test(t, an_origin_is_known_by_its_place);
	suite_add_tcase(s, t);
	return run_suite(s);
}
