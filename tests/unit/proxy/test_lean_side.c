/* SPDX-License-Identifier: BSD-2-Clause
 * The lean HTTP client against an origin that this file plays, round by round of one loop: connections are kept, ended
 * and not shared, and a request is sent once. */
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <support.h>

#include "lean_side.h"

#define ANSWER  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define SOCKETS 8

/* The origin: every connection in order, and how many requests came over it. */
static struct {
	int listener, fds[SOCKETS];
	size_t count, requests[SOCKETS];
	size_t bytes;         /* of requests, all together */
	const char *greeting; /* before anything is asked; NULL: none */
	const char *answer;
	bool closes; /* instead of answering */
} played;

static struct {
	size_t count;
	enum sl_map_transport transport;
	int status;
	char body[64], detail[64];
} got;

static struct origin origin, other;
static struct limits limits;
static struct loop *loop;
static struct loop_timer *tick;
static struct lean_side *side;
static size_t rounds;

static void
on_result(void *ctx, struct sl_ref ref, const struct sl_map_http_result *result)
{
	(void)ctx;
	(void)ref;
	got.count++;
	got.transport = result->transport;
	got.status = result->status;
	snprintf(got.body, sizeof got.body, "%.*s", (int)result->body.len,
	        result->body.len == 0 ? "" : (const char *)result->body.ptr);
	snprintf(got.detail, sizeof got.detail, "%s", result->detail == NULL ? "" : result->detail);
}

static void
answer(size_t i)
{
	if (played.closes) {
		shutdown(played.fds[i], SHUT_RDWR);
		return;
	}
	if (played.answer != NULL)
		ck_assert_int_ge(send(played.fds[i], played.answer, strlen(played.answer), 0), 0);
}

/* Returns when the other end has it. */
static void
greet(int fd)
{
	int left = 1;

	ck_assert_int_gt(send(fd, played.greeting, strlen(played.greeting), 0), 0);
	for (int i = 0; i < 5000 && left > 0; i++) {
		usleep(1000);
		ck_assert_int_eq(ioctl(fd, SIOCOUTQ, &left), 0);
	}
	ck_assert_int_eq(left, 0);
}

static void
play(void)
{
	static char bytes[65536];
	int fd = accept4(played.listener, NULL, NULL, SOCK_NONBLOCK);

	if (fd >= 0)
		played.fds[played.count++] = fd;
	if (fd >= 0 && played.greeting != NULL)
		greet(fd);
	for (size_t i = 0; i < played.count; i++) {
		ssize_t n = recv(played.fds[i], bytes, sizeof bytes, 0);

		if (n <= 0)
			continue;
		played.bytes += (size_t)n;
		if (strncmp(bytes, "POST ", 5) == 0) {
			played.requests[i]++;
			answer(i);
		}
	}
}

static void
on_tick(void *ctx)
{
	(void)ctx;
	loop_timer_set(tick, loop_now_ms() + 1);
}

static void
turn(void *ctx)
{
	(void)ctx;
	play();
	if (rounds-- == 0)
		loop_stop(loop);
}

static void
run(size_t count)
{
	rounds = count;
	loop_timer_set(tick, loop_now_ms() + 1);
	loop_run(loop, turn, NULL);
}

/* However slow the machine is. */
#define UNTIL(value, wanted)                                                                       \
	do {                                                                                       \
		for (int n = 0; n < 5000 && (value) != (wanted); n++)                              \
			run(1);                                                                    \
		ck_assert_uint_eq(value, wanted);                                                  \
	} while (0)

static void
init_origin(struct origin *o, const struct sockaddr_in *name)
{
	memset(o, 0, sizeof *o);
	snprintf(o->target.host, sizeof o->target.host, "127.0.0.1");
	o->target.port = ntohs(name->sin_port);
	ck_assert_ok(cidr_parse(&o->plain_http.items[0], "127.0.0.0/8"));
	o->plain_http.count = 1;
	o->is_lean = true;
}

static void
new_side(uint64_t transfers)
{
	struct origin_side_config config = {
	        .limits = &limits, .loop = loop, .on_result = on_result};

	limits.transfers = transfers;
	ck_assert_ok(lean_side_new(&side, &config));
}

static void
open_all(void)
{
	struct sockaddr_in name = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof name;

	memset(&played, 0, sizeof played);
	memset(&got, 0, sizeof got);
	played.answer = ANSWER;
	played.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(played.listener, (struct sockaddr *)&name, len), 0);
	ck_assert_int_eq(listen(played.listener, SOCKETS), 0);
	ck_assert_int_eq(getsockname(played.listener, (struct sockaddr *)&name, &len), 0);
	init_origin(&origin, &name);
	init_origin(&other, &name);
	limits_init(&limits);
	loop = loop_new();
	tick = loop_timer_new(loop, on_tick, NULL);
}

static void
close_all(void)
{
	lean_side_free(side);
	loop_timer_free(tick);
	loop_free(loop);
	for (size_t i = 0; i < played.count; i++)
		close(played.fds[i]);
	close(played.listener);
}

static void
start(const struct origin *to, struct sl_span body)
{
	static uint32_t slot;
	struct core_fetch fetch = {.ref = {++slot, 1},
	        .origin = to,
	        .method = "POST",
	        .url = "http://127.0.0.1:1/path",
	        .oscore = "AA",
	        .body = body};

	lean_side_start(side, &fetch);
}

/* One request to its result. */
static void
ask(const struct origin *to)
{
	size_t before = got.count;

	start(to, sl_span_text("sealed"));
	UNTIL(got.count, before + 1);
}

static void
assert_good(void)
{
	ck_assert_int_eq(got.transport, SL_MAP_RESPONSE);
	ck_assert_int_eq(got.status, 200);
	ck_assert_str_eq(got.body, "ok");
}

START_TEST(connections_are_kept)
{
	new_side(4);
	for (size_t i = 0; i < 5; i++) {
		ask(&origin);
		assert_good();
	}
	ck_assert_uint_eq(played.count, 1);
	ck_assert_uint_eq(played.requests[0], 5);
	ask(&other); /* what was checked for one origin holds for that one */
	assert_good();
	ck_assert_uint_eq(played.count, 2);
	ck_assert_uint_eq(lean_side_counts(side).ended_kept, 0);
}
END_TEST

START_TEST(what_the_origin_ends_is_not_kept)
{
	static const char *const answers[] = {
	        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
	        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ANSWER "more"};

	new_side(4);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		played.answer = answers[i];
		ask(&origin);
		assert_good();
		ck_assert_uint_eq(played.count, i + 1);
	}
	ck_assert_uint_eq(lean_side_counts(side).ended_kept, 1); /* "more" */
	played.answer = ANSWER;
	ask(&origin);
	ck_assert_uint_eq(played.count, ARRAY_LEN(answers) + 1);
}
END_TEST

/* A body where none may be, that comes when the next request is already sent and looks like its answer. */
START_TEST(a_body_behind_204_answers_nobody)
{
	static const char forged[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

	new_side(4);
	played.answer = "HTTP/1.1 204 No Content\r\nContent-Length: 44\r\n\r\n";
	ask(&origin);
	ck_assert_int_eq(got.status, 204);
	played.answer = NULL;
	start(&origin, sl_span_text("sealed"));
	send(played.fds[0], forged, strlen(forged), MSG_NOSIGNAL);
	UNTIL(played.count, 2);
	run(3);
	ck_assert_uint_eq(got.count, 1);
}
END_TEST

START_TEST(an_idle_connection_that_speaks_is_ended)
{
	new_side(4);
	ask(&origin);
	ck_assert_int_eq(send(played.fds[0], ANSWER, strlen(ANSWER), 0), (int)strlen(ANSWER));
	UNTIL(lean_side_counts(side).ended_kept, 1); /* the loop sees it */
	ask(&origin);
	ck_assert_uint_eq(played.count, 2);
	/* and when the next request comes before the loop looks */
	ck_assert_int_eq(send(played.fds[1], ANSWER, strlen(ANSWER), 0), (int)strlen(ANSWER));
	ask(&origin);
	assert_good();
	ck_assert_uint_eq(played.count, 3);
	ck_assert_uint_eq(lean_side_counts(side).ended_kept, 2);
	/* the same for its end */
	close(played.fds[2]);
	played.fds[2] = dup(played.listener);
	ask(&origin);
	assert_good();
	ck_assert_uint_eq(lean_side_counts(side).ended_kept, 3);
	ck_assert_uint_eq(
	        played.requests[0] + played.requests[1] + played.requests[2] + played.requests[3],
	        4);
}
END_TEST

/* What came before the request is taken for its answer; the true one must not be taken for that of the next. */
START_TEST(who_speaks_first_is_asked_once)
{
	static const char *const greetings[] = {ANSWER, "HTTP/1.1 200 OK\r\nContent-"};
	static const char rest[] = "Length: 2\r\n\r\nok";

	new_side(4);
	played.answer = NULL;
	for (size_t i = 0; i < ARRAY_LEN(greetings); i++) {
		played.greeting = greetings[i];
		start(&origin, sl_span_text("sealed"));
		UNTIL(played.requests[i], 1);
		if (i == 1)
			ck_assert_int_gt(send(played.fds[i], rest, strlen(rest), 0), 0);
		UNTIL(got.count, i + 1);
		assert_good();
	}
	played.greeting = NULL;
	played.answer = ANSWER;
	ask(&origin);
	ck_assert_uint_eq(played.count, 3);
}
END_TEST

START_TEST(nothing_is_sent_twice)
{
	new_side(4);
	ask(&origin);
	played.closes = true;
	ask(&origin);
	ck_assert_int_eq(got.transport, SL_MAP_CLOSED);
	run(3);
	ck_assert_uint_eq(played.count, 1);
	ck_assert_uint_eq(played.requests[0], 2);
	ask(&origin); /* a new connection: the same end */
	ck_assert_int_eq(got.transport, SL_MAP_CLOSED);
	ck_assert_uint_eq(played.count, 2);
	ck_assert_uint_eq(played.requests[1], 1);
}
END_TEST

/* Without a length only an end in order is an end: a reset may have cut the body. */
START_TEST(a_reset_is_no_end_of_a_body)
{
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	new_side(4);
	played.answer = "HTTP/1.1 200 OK\r\n\r\nok";
	for (int is_reset = 0; is_reset < 2; is_reset++) {
		size_t i = played.count;

		got.count = 0;
		start(&origin, sl_span_text("sealed"));
		UNTIL(played.requests[i], 1);
		run(3);
		ck_assert_uint_eq(got.count, 0);
		if (is_reset)
			setsockopt(played.fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(played.fds[i]);
		played.fds[i] = dup(played.listener);
		UNTIL(got.count, 1);
		ck_assert_int_eq(got.transport, is_reset ? SL_MAP_BAD_HTTP : SL_MAP_RESPONSE);
	}
}
END_TEST

START_TEST(an_aborted_request_has_no_result)
{
	new_side(4);
	played.answer = NULL;
	start(&origin, sl_span_text("sealed"));
	UNTIL(played.requests[0], 1);
	for (uint32_t slot = 0; slot < 100; slot++)
		lean_side_abort(side, (struct sl_ref){slot, 1});
	ck_assert_int_ge(send(played.fds[0], ANSWER, strlen(ANSWER), MSG_NOSIGNAL), 0);
	run(3);
	ck_assert_uint_eq(got.count, 0);
	played.answer = ANSWER;
	ask(&origin);
	assert_good();
	ck_assert_uint_eq(played.count, 2);
}
END_TEST

START_TEST(places_are_bounded)
{
	new_side(1);
	ask(&origin);
	ask(&other); /* takes the place of the idle one */
	ck_assert_uint_eq(played.count, 2);
	played.answer = NULL;
	start(&origin, sl_span_text("sealed"));
	run(2);
	start(&origin, sl_span_text("sealed"));
	ck_assert_uint_eq(got.count, 3);
	ck_assert_int_eq(got.transport, SL_MAP_EXHAUSTED);
}
END_TEST

START_TEST(no_connection_where_none_may_be)
{
	new_side(4);
	ck_assert_ok(cidr_parse(&origin.plain_http.items[0], "10.0.0.0/8"));
	start(&origin, sl_span_text("sealed"));
	ck_assert_uint_eq(got.count, 1);
	ck_assert_int_eq(got.transport, SL_MAP_UNREACHABLE);
	ck_assert_str_eq(got.detail, "address not allowed");
	ck_assert_uint_eq(lean_side_counts(side).refused_addresses, 1);
	run(3);
	ck_assert_uint_eq(played.count, 0);
	close(played.listener);
	played.listener = -1;
	ask(&other);
	ck_assert_int_eq(got.transport, SL_MAP_UNREACHABLE);
	ck_assert_str_eq(got.detail, "Connection refused");
}
END_TEST

/* More than the socket takes at once: the rest follows, once. */
START_TEST(a_long_body_leaves_in_parts)
{
	static uint8_t body[8 << 20];
	size_t head;

	new_side(4);
	ask(&origin);
	head = played.bytes - strlen("sealed");
	played.bytes = 0;
	played.answer = NULL;
	start(&origin, sl_span(body, sizeof body));
	UNTIL(played.bytes, sizeof body + head + strlen("8388608") - strlen("6"));
	run(3);
	ck_assert_uint_eq(played.bytes, sizeof body + head + strlen("8388608") - strlen("6"));
	answer(0);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_int_ge(send(played.fds[0], ANSWER, strlen(ANSWER), 0), 0);
	UNTIL(got.count, 2);
	assert_good();
}
END_TEST

START_TEST(connecting_has_its_deadline)
{
	struct sockaddr_in name;
	socklen_t len = sizeof name;
	int fillers[SOCKETS + 8];
	uint64_t begun;

	getsockname(played.listener, (struct sockaddr *)&name, &len);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) { /* until the listener's queue is full */
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i], (struct sockaddr *)&name, len);
	}
	limits.connect_timeout = 100;
	new_side(4);
	begun = loop_now_ms();
	start(&origin, sl_span_text("sealed"));
	while (got.count == 0 && loop_now_ms() < begun + 5000) {
		int listener = played.listener;

		played.listener = -1; /* nobody accepts */
		run(1);
		played.listener = listener;
	}
	ck_assert_int_eq(got.transport, SL_MAP_CONNECT_TIMEOUT);
	ck_assert_uint_ge(loop_now_ms() - begun, 99);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++)
		close(fillers[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy lean side");
	TCase *tc = tcase_create("lean side");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, open_all, close_all);
	tcase_add_test(tc, connections_are_kept);
	tcase_add_test(tc, what_the_origin_ends_is_not_kept);
	tcase_add_test(tc, a_body_behind_204_answers_nobody);
	tcase_add_test(tc, an_idle_connection_that_speaks_is_ended);
	tcase_add_test(tc, who_speaks_first_is_asked_once);
	tcase_add_test(tc, nothing_is_sent_twice);
	tcase_add_test(tc, a_reset_is_no_end_of_a_body);
	tcase_add_test(tc, an_aborted_request_has_no_result);
	tcase_add_test(tc, places_are_bounded);
	tcase_add_test(tc, no_connection_where_none_may_be);
	tcase_add_test(tc, a_long_body_leaves_in_parts);
	tcase_add_test(tc, connecting_has_its_deadline);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
