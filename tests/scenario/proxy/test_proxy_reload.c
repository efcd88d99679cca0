/* SPDX-License-Identifier: BSD-2-Clause
 * A configuration that changes while the core works: what runs goes on, repeated requests are still known, new
 * requests follow the new one. */
#include "lab.h"

#include <stdio.h>

#define ORIGIN "origin: \"http://127.0.0.1:8080/\", plain-http: [\"127.0.0.0/8\"]"
#define SECOND "origin: \"http://127.0.0.2:8080/\", plain-http: [\"127.0.0.0/8\"]"
#define HEAD   "listen: [\"127.0.0.1:5683\"]\ntrusted-prefixes: [\"192.0.2.0/24\"]\n"
#define AT_A   HEAD "routes: [{path: /a, " ORIGIN "}]\n"
#define AT_B   HEAD "routes: [{path: /b, " ORIGIN "}]\n"

static struct lab lab;
static struct config *other; /* the one before */
static struct config *olds[4];
static size_t old_count;

static void
reload(const char *text)
{
	char complaint[CONFIG_COMPLAINT_MAX];
	struct config *before = lab.config;

	ck_assert_msg(config_parse(&other, sl_span_text(text), "lab", complaint) == SL_OK, "%s",
	        complaint);
	proxy_core_reload(lab.core, other);
	lab.config = other;
	other = olds[old_count++] = before;
}

static void
end(void)
{
	lab_close(&lab);
	while (old_count > 0)
		config_free(olds[--old_count]);
}

static void
ask(unsigned peer, uint16_t mid, const char *path)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, mid, lab_bytes(20, 1));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text(path)));
	lab_send_msg(&lab, peer, &msg);
}

static void
answer(size_t fetch, uint8_t code)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(50, 9));

	lab_result(&lab, fetch, &ok);
	ck_assert_uint_eq(lab_last(&lab)->msg.code, code);
}

START_TEST(a_new_route_works_and_an_old_one_is_gone)
{
	lab_open(&lab, AT_A);
	ask(1, 7, "a");
	answer(0, SL_COAP_CHANGED);
	ask(1, 8, "b");
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_NOT_FOUND);
	reload(AT_B);
	ask(1, 9, "b");
	ck_assert_uint_eq(lab.fetch_count, 2);
	ck_assert_ptr_eq(lab.fetches[1].fetch.origin, &lab.config->routes[0].origin);
	answer(1, SL_COAP_CHANGED);
	ask(1, 10, "a");
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_NOT_FOUND);
	ck_assert_uint_eq(lab.fetch_count, 2);
	end();
}
END_TEST

START_TEST(what_is_fetched_is_answered)
{
	lab_open(&lab, AT_A);
	ask(1, 7, "a");
	reload(AT_B);
	ck_assert(proxy_core_needs(lab.core, other));
	ck_assert(!proxy_core_needs(lab.core, lab.config));
	ck_assert_ptr_eq(lab.fetches[0].fetch.origin, &other->routes[0].origin);
	answer(0, SL_COAP_CHANGED);
	ck_assert(!proxy_core_needs(lab.core, other));
	end();
}
END_TEST

/* Of five, two wait: transfers is 3 for the only origin. */
START_TEST(what_waits_is_fetched_where_it_was_meant_to_go)
{
	lab_open(&lab, AT_A "limits: {transfers: 3}\n");
	for (unsigned i = 0; i < 5; i++)
		ask(i, 7, "a");
	ck_assert_uint_eq(lab.fetch_count, 3);
	reload(AT_B "limits: {transfers: 3}\n");
	for (unsigned i = 0; i < 5; i++) {
		ck_assert(proxy_core_needs(lab.core, other));
		answer(i, SL_COAP_CHANGED);
	}
	ck_assert_uint_eq(lab.fetch_count, 5);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_ptr_eq(lab.fetches[i].fetch.origin, &other->routes[0].origin);
	ck_assert(!proxy_core_needs(lab.core, other));
	end();
}
END_TEST

/* RFC 7252 section 4.2: within EXCHANGE_LIFETIME the same answer, and the origin is not asked again. */
START_TEST(repeated_requests_are_still_known)
{
	size_t sent;

	lab_open(&lab, AT_A);
	ask(1, 7, "a");
	answer(0, SL_COAP_CHANGED);
	sent = lab.sent_count;
	reload(AT_B);
	lab_advance(&lab, 100000);
	ask(1, 7, "a");
	lab_sent_is(&lab, sent + 1);
	ck_assert_uint_eq(lab.sent[sent].len, lab.sent[sent - 1].len);
	ck_assert_mem_eq(lab.sent[sent].bytes, lab.sent[sent - 1].bytes, lab.sent[sent].len);
	ck_assert_uint_eq(lab.fetch_count, 1);
	ask(2, 7, "b");
	reload(AT_A);
	ask(2, 7, "b");
	ck_assert_uint_eq(lab.fetch_count, 2);
	answer(1, SL_COAP_CHANGED);
	end();
}
END_TEST

START_TEST(an_abort_is_the_last_use)
{
	lab_open(&lab, AT_A);
	ask(1, 7, "a");
	reload(AT_B);
	lab_advance(&lab, 59999);
	ck_assert(proxy_core_needs(lab.core, other));
	lab_advance(&lab, 1);
	ck_assert_uint_eq(lab.abort_count, 1);
	ck_assert(!proxy_core_needs(lab.core, other));
	end();
}
END_TEST

START_TEST(more_origins_have_lanes_of_their_own)
{
	lab_open(&lab, AT_A "limits: {transfers: 4}\n");
	reload(HEAD "routes: [{path: /a, " ORIGIN "}, {path: /b, " SECOND "}]\n"
	            "limits: {transfers: 4}\n");
	for (unsigned i = 0; i < 4; i++)
		ask(i, 7, "a"); /* which hangs: a quarter of 4 is kept for the other */
	ck_assert_uint_eq(lab.fetch_count, 3);
	ask(5, 7, "b");
	ck_assert_uint_eq(lab.fetch_count, 4);
	ck_assert_ptr_eq(lab.fetches[3].fetch.origin, &lab.config->routes[1].origin);
	end();
}
END_TEST

/* What waits in the lane of an origin that the new configuration does not number any more. */
START_TEST(fewer_origins_leave_no_lane_behind)
{
	lab_open(&lab, HEAD "routes: [{path: /a, " ORIGIN "}, {path: /b, " SECOND "}]\n"
	                    "limits: {transfers: 2}\n");
	ask(1, 7, "b");
	ask(2, 7, "b");
	ck_assert_uint_eq(lab.fetch_count, 1);
	reload(AT_A "limits: {transfers: 2}\n");
	answer(0, SL_COAP_CHANGED);
	ck_assert_uint_eq(lab.fetch_count, 2);
	ck_assert_ptr_eq(lab.fetches[1].fetch.origin, &other->routes[1].origin);
	answer(1, SL_COAP_CHANGED);
	ck_assert(!proxy_core_needs(lab.core, other));
	end();
}
END_TEST

static size_t
fetched_of(unsigned requests, uint16_t mid)
{
	size_t before = lab.fetch_count;

	for (unsigned i = 0; i < requests; i++)
		ask(1, (uint16_t)(mid + i), "a");
	return lab.fetch_count - before;
}

/* From 192.0.2.1 in one instant; the burst is all that an address has. */
START_TEST(rates_change_at_once)
{
	static const char rate[] = "listen: [\"127.0.0.1:5683\"]\nroutes: [{path: /a, " ORIGIN
	                           "}]\nlimits: {in-flight-per-peer: 1024, in-flight-per-prefix: "
	                           "1024, requests-per-second: ";
	char text[512];

	snprintf(text, sizeof text, "%s5, request-burst: 5}\n", rate);
	lab_open(&lab, text);
	ck_assert_uint_eq(fetched_of(10, 100), 5);
	snprintf(text, sizeof text, "%s0, request-burst: 5}\n", rate);
	reload(text);
	ck_assert_uint_eq(fetched_of(10, 200), 10);
	snprintf(text, sizeof text, "%s2, request-burst: 2}\n", rate);
	reload(text);
	lab_advance(&lab, 10000); /* 2 a second fill the bucket of 2 */
	ck_assert_uint_eq(fetched_of(10, 300), 2);
	end();
}
END_TEST

START_TEST(shares_and_echo_change_at_once)
{
	lab_open(&lab, AT_A "limits: {in-flight-per-peer: 1}\n");
	ck_assert_uint_eq(fetched_of(3, 100), 1);
	reload(AT_A "limits: {in-flight-per-peer: 3}\n");
	ck_assert_uint_eq(fetched_of(3, 200), 2);
	reload("listen: [\"127.0.0.1:5683\"]\necho: always\nroutes: [{path: /a, " ORIGIN "}]\n");
	ask(9, 300, "a");
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proxy/reload");
	TCase *t = tcase_create("reload");

	tcase_add_test(t, a_new_route_works_and_an_old_one_is_gone);
	tcase_add_test(t, what_is_fetched_is_answered);
	tcase_add_test(t, what_waits_is_fetched_where_it_was_meant_to_go);
	tcase_add_test(t, repeated_requests_are_still_known);
	tcase_add_test(t, an_abort_is_the_last_use);
	tcase_add_test(t, more_origins_have_lanes_of_their_own);
	tcase_add_test(t, fewer_origins_leave_no_lane_behind);
	tcase_add_test(t, rates_change_at_once);
	tcase_add_test(t, shares_and_echo_change_at_once);
	suite_add_tcase(s, t);
	return run_suite(s);
}
