/* SPDX-License-Identifier: BSD-2-Clause
 * Names that lead elsewhere when the connection is made: the resolver and connect(2) that libcurl calls are
 * this file's, so every address it would have gone to is seen, and no packet leaves (threat T12). */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <support.h>

#include "origin_side.h"

#define PUBLIC_IPV4 "93.184.216.34"
#define PUBLIC_IPV6 "2a00::1"
#define ANSWERS_MAX 4

/* What the resolver says next, and whom connect was asked for. */
static const char *answers[ANSWERS_MAX];
static atomic_size_t resolved, connected_allowed, connected_forbidden;
static const struct origin *current;

struct found {
	struct addrinfo info;
	struct sockaddr_storage name;
};

static struct addrinfo *
found_new(const char *text, uint16_t port)
{
	struct found *f = calloc(1, sizeof *f);
	struct address a;

	if (f == NULL || address_parse_host(&a, text) != SL_OK)
		abort();
	a.port = port;
	f->info.ai_addrlen = address_to_socket(&f->name, &a);
	if (strncmp(text, "::ffff:", 7) ==
	        0) { /* as a resolver may hand it out: IPv4 in an IPv6 name */
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

		memset(in6.sin6_addr.s6_addr + 10, 0xff, 2);
		memcpy(in6.sin6_addr.s6_addr + 12, a.bytes, 4);
		memcpy(&f->name, &in6, sizeof in6);
		f->info.ai_addrlen = sizeof in6;
	}
	f->info.ai_family = f->name.ss_family;
	f->info.ai_socktype = SOCK_STREAM;
	f->info.ai_addr = (struct sockaddr *)&f->name;
	return &f->info;
}

/* libcurl has to find these before those of the C library. */
#pragma GCC visibility push(default)

int
getaddrinfo(
        const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	uint16_t port = service == NULL ? 0 : (uint16_t)strtoul(service, NULL, 10);
	struct addrinfo **at = out;

	(void)node;
	(void)hints;
	*out = NULL;
	resolved++;
	for (size_t i = 0; i < ANSWERS_MAX && answers[i] != NULL; i++, at = &(*at)->ai_next)
		*at = found_new(answers[i], port);
	return *out == NULL ? EAI_NONAME : 0;
}

void
freeaddrinfo(struct addrinfo *list)
{
	while (list != NULL) {
		struct addrinfo *next = list->ai_next;

		free(list); /* the first member of its struct found */
		list = next;
	}
}

int
connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	struct address a;

	(void)fd;
	if (address_from_socket(&a, to.__sockaddr__, len) && origin_allows_address(current, &a))
		connected_allowed++;
	else
		connected_forbidden++;
	errno = ECONNREFUSED;
	return -1;
}

#pragma GCC visibility pop

/* --- one request ------------------------------------------------------------------------------------ */

struct asked {
	struct loop *loop;
	enum sl_map_transport transport;
	char detail[64];
};

static void
on_result(void *ctx, struct sl_ref ref, const struct sl_map_http_result *result)
{
	struct asked *asked = ctx;

	(void)ref;
	asked->transport = result->transport;
	snprintf(asked->detail, sizeof asked->detail, "%s",
	        result->detail == NULL ? "" : result->detail);
	loop_stop(asked->loop);
}

static void
no_turn(void *ctx)
{
	(void)ctx;
}

/* A side of its own each time: libcurl remembers what a name led to for a minute. Returns the addresses that
 * were refused. */
static uint64_t
ask(struct asked *asked, const struct origin *origin, const char *url)
{
	static struct limits limits;
	struct origin_side_config config = {
	        .limits = &limits, .on_result = on_result, .ctx = asked};
	struct core_fetch fetch = {.origin = origin,
	        .method = "POST",
	        .url = url,
	        .oscore = "AA",
	        .body = sl_span_text("sealed")};
	struct origin_side *side;
	uint64_t refused;

	limits_init(&limits);
	current = origin;
	*asked = (struct asked){.loop = loop_new()};
	config.loop = asked->loop;
	ck_assert_ok(origin_side_new(&side, &config));
	origin_side_start(side, &fetch);
	loop_run(asked->loop, no_turn, NULL);
	refused = origin_side_counts(side).refused_addresses;
	origin_side_free(side);
	loop_free(asked->loop);
	return refused;
}

static void
answer_with(const char *first, const char *second)
{
	answers[0] = first;
	answers[1] = second;
	answers[2] = NULL;
	connected_allowed = connected_forbidden = resolved = 0;
}

static struct config *config;

static void
open_config(void)
{
	static const char text[] = "listen: ['127.0.0.1:5683']\n"
	                           "forward: {allow: [{origin: 'https://est.example'},\n"
	                           " {origin: 'https://in.example', addresses: [10.1.2.0/24]},\n"
	                           " {origin: 'http://plain.example', plain-http: [10.1.2.3]}]}\n";
	char complaint[CONFIG_COMPLAINT_MAX];

	ck_assert_msg(config_parse(&config, sl_span_text(text), "t", complaint) == SL_OK, "%s",
	        complaint);
}

static void
close_config(void)
{
	config_free(config);
}

static const char *const urls[] = {
        "https://est.example:443/", "https://in.example:443/", "http://plain.example:80/"};

/* clang-format off */
static const struct {
	const char *because;
	size_t origin;
	const char *address;
} forbidden[] = {
	{"this network", 0, "0.0.0.0"}, {"private", 0, "10.1.2.3"}, {"shared", 0, "100.64.0.1"},
	{"loopback", 0, "127.0.0.1"}, {"the end of loopback", 0, "127.255.255.255"},
	{"link local", 0, "169.254.0.1"}, {"metadata", 0, "169.254.169.254"},
	{"private", 0, "172.31.255.255"}, {"protocols", 0, "192.0.0.1"},
	{"private", 0, "192.168.0.1"}, {"benchmarks", 0, "198.19.0.1"},
	{"multicast", 0, "224.0.0.1"}, {"broadcast", 0, "255.255.255.255"},
	{"IPv6 unspecified", 0, "::"}, {"IPv6 loopback", 0, "::1"},
	{"compatible", 0, "::127.0.0.1"}, {"mapped loopback", 0, "::ffff:127.0.0.1"},
	{"mapped metadata", 0, "::ffff:169.254.169.254"}, {"mapped private", 0, "::ffff:10.0.0.1"},
	{"translated", 0, "::ffff:0:7f00:1"}, {"NAT64 to loopback", 0, "64:ff9b::7f00:1"},
	{"NAT64 to metadata", 0, "64:ff9b::a9fe:a9fe"}, {"local NAT64", 0, "64:ff9b:1::1"},
	{"6to4", 0, "2002:7f00:1::"}, {"Teredo", 0, "2001::1"}, {"unique local", 0, "fd00:ec2::254"},
	{"link local with a zone", 0, "fe80::1%1"}, {"site local", 0, "fec0::1"},
	{"IPv6 multicast", 0, "ff02::1"}, {"dummy", 0, "100:0:0:1::1"},
	{"beside the named addresses", 1, "10.1.3.1"}, {"public, not named", 1, PUBLIC_IPV4},
	{"loopback, not named", 1, "127.0.0.1"}, {"IPv6, not named", 1, PUBLIC_IPV6},
	{"the neighbour of the one address", 2, "10.1.2.4"}, {"loopback, plain", 2, "127.0.0.1"},
	{"public, plain", 2, PUBLIC_IPV4}, {"mapped neighbour", 2, "::ffff:10.1.2.4"},
};
/* clang-format on */

static void
conclude(const char *id, size_t value, size_t limit, bool is_good)
{
	printf("%s %zu %zu %s -\n", id, value, limit, is_good ? "PASS" : "FAIL");
	fflush(stdout);
}

START_TEST(no_connection_to_a_forbidden_address)
{
	size_t wrong = 0, connects = 0;

	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		struct asked asked;
		uint64_t refused;

		answer_with(forbidden[i].address, NULL);
		refused = ask(
		        &asked, &config->forward[forbidden[i].origin], urls[forbidden[i].origin]);
		connects += connected_forbidden + connected_allowed;
		if (resolved == 1 && refused == 1 && asked.transport == SL_MAP_UNREACHABLE &&
		        strcmp(asked.detail, "address not allowed") == 0)
			continue;
		printf("%s (%s): %zu asked, %zu refused, %s\n", forbidden[i].address,
		        forbidden[i].because, (size_t)resolved, (size_t)refused, asked.detail);
		wrong++;
	}
	conclude("T12-forbidden-wrong", wrong, 0, wrong == 0);
	conclude("T12-forbidden-connects", connects, 0, connects == 0);
	ck_assert(wrong == 0 && connects == 0);
}
END_TEST

/* The resolver and connect are really ours: what is allowed gets there. */
START_TEST(connections_to_allowed_addresses_are_tried)
{
	static const char *const allowed[] = {PUBLIC_IPV4, "10.1.2.3", "::ffff:10.1.2.3"};
	struct asked asked;

	for (size_t i = 0; i < 3; i++) {
		answer_with(allowed[i], NULL);
		ck_assert_uint_eq(ask(&asked, &config->forward[i], urls[i]), 0);
		ck_assert_uint_eq(connected_allowed, 1);
		ck_assert_uint_eq(connected_forbidden, 0);
		ck_assert_uint_eq(asked.transport, SL_MAP_UNREACHABLE);
	}
}
END_TEST

START_TEST(of_several_addresses_only_the_allowed_are_tried)
{
	static const char *const pairs[][2] = {{"127.0.0.1", PUBLIC_IPV4},
	        {PUBLIC_IPV4, "127.0.0.1"}, {"::1", PUBLIC_IPV4}, {PUBLIC_IPV4, "::1"},
	        {PUBLIC_IPV6, "169.254.169.254"}, {"fd00::1", PUBLIC_IPV6}};
	struct asked asked;
	size_t connects = 0;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		answer_with(pairs[i][0], pairs[i][1]);
		ck_assert_uint_eq(ask(&asked, &config->forward[0], urls[0]), 1);
		ck_assert_uint_eq(connected_allowed, 1);
		connects += connected_forbidden;
	}
	conclude("T12-mixed-connects", connects, 0, connects == 0);
	ck_assert_uint_eq(connects, 0);
}
END_TEST

START_TEST(rebinding_never_connects)
{
	static const char *const turns[] = {
	        PUBLIC_IPV4, "127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"};
	unsigned rounds = test_rounds(500, 10000);
	size_t connects = 0, allowed = 0;
	struct asked asked;

	for (unsigned i = 0; i < rounds; i++) {
		answer_with(turns[i % 5], NULL);
		ask(&asked, &config->forward[0], urls[0]);
		connects += connected_forbidden;
		allowed += connected_allowed;
	}
	conclude("T12-rebinding-rounds", rounds, 500, allowed == rounds / 5);
	conclude("T12-rebinding-connects", connects, 0, connects == 0);
	ck_assert_uint_eq(connects, 0);
	ck_assert_uint_eq(allowed, rounds / 5);
}
END_TEST

static Suite *
transfer_suite(void)
{
	Suite *s = suite_create("proxy transfer");
	TCase *t = tcase_create("addresses");

	tcase_set_timeout(t, 600);
	tcase_add_checked_fixture(t, open_config, close_config);
	tcase_add_test(t, no_connection_to_a_forbidden_address);
	tcase_add_test(t, connections_to_allowed_addresses_are_tried);
	tcase_add_test(t, of_several_addresses_only_the_allowed_are_tried);
	tcase_add_test(t, rebinding_never_connects);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(transfer_suite());
}
