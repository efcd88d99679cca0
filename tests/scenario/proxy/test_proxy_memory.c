/* SPDX-License-Identifier: BSD-2-Clause
 * T54: the memory ladder, rung by rung: what is refused there, and what goes on. Fetches fill it here: each
 * counts with the largest answer it may bring. */
#include <stdlib.h>

#include "lab.h"
#include "memory.h"

#define LIMITS                                                                                     \
	"limits: {requests-per-second: 0, exchanges: 1024, verified-peers: 16, transfers: 32, "    \
	"queue-length: 64, uploads: 64, answers: 64, uploads-per-peer: 64, in-flight-per-peer: "   \
	"64, response-body: 1MiB, memory-budget: 24MiB, total-timeout: 200s, block-idle: 200s, "   \
	"queue-age: 60s}\n"
#define UPLOADS 28 /* that begin while there is room, one for each end point */

static struct lab lab;
static uint16_t next_mid;

static uint64_t
percent(void)
{
	struct core_counts c = proxy_core_counts(lab.core);

	return c.memory_used / (c.memory_budget / 100);
}

static void
block(unsigned peer, uint32_t num, bool more)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, 7, lab_bytes(64, (uint8_t)num));
	msg.message_id = next_mid++;
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){num, more, 2}));
	lab_send_msg(&lab, peer, &msg);
}

static void
request(unsigned peer)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, next_mid, lab_bytes(60, 1));
	next_mid++;
	lab_send_msg(&lab, peer, &msg);
}

static void
assert_refused(size_t sent_before)
{
	lab_sent_is(&lab, sent_before + 1);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_SERVICE_UNAVAILABLE);
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_MAX_AGE), 10);
	ck_assert_str_eq(lab.last.reason, "memory is short");
}

/* Begins the uploads, then finishes them one by one until the rung is reached. */
static unsigned finished;

static void
climb_to(uint64_t rung)
{
	while (percent() < rung) {
		ck_assert_uint_lt(finished, UPLOADS);
		block(100 + finished++, 1, false);
	}
}

static void
open_lab(void)
{
	lab_open(&lab, LAB_ROUTE LIMITS);
	finished = 0;
	next_mid = 1000;
	for (unsigned i = 0; i < UPLOADS; i++)
		block(100 + i, 0, true);
	ck_assert_uint_lt(percent(), 80);
}

/* It shows that it hears us. */
static void
verify_peer_1(void)
{
	struct sl_coap_msg msg;
	const struct sl_coap_option *echo;

	lab_oscore(&msg, next_mid++, sl_span("x", 1)); /* too short for any answer: challenged */
	lab_send_msg(&lab, 1, &msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	echo = sl_coap_find(&lab_last(&lab)->msg, SL_COAP_ECHO);
	ck_assert_ptr_nonnull(echo);
	msg.message_id = next_mid++;
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, sl_coap_option_value(echo)));
	lab_send_msg(&lab, 1, &msg);
	ck_assert_uint_eq(proxy_core_counts(lab.core).verified_peers, 1);
}

START_TEST(at_80_percent_no_body_begins)
{
	size_t before;

	open_lab();
	climb_to(80);
	ck_assert_uint_eq(proxy_core_counts(lab.core).memory_level, MEMORY_NO_BODIES);
	before = lab.sent_count;
	block(1, 0, true);
	assert_refused(before);
	before = lab.fetch_count;
	request(2);
	ck_assert_uint_eq(lab.fetch_count, before + 1);
	block(100 + finished, 1, true); /* what has begun goes on */
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTINUE);
	lab_close(&lab);
}
END_TEST

START_TEST(at_90_percent_no_request_begins)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));
	size_t before, fetches;

	open_lab();
	climb_to(90);
	before = lab.sent_count;
	request(2);
	assert_refused(before);
	fetches = lab.fetch_count;
	block(100 + finished, 1, false); /* an upload is brought to its end, ... */
	ck_assert_uint_eq(lab.fetch_count, fetches + 1);
	for (size_t i = 0; i < lab.fetch_count; i++) { /* ... and what is at the origin, too */
		lab_result(&lab, i, &ok);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	}
	ck_assert_uint_lt(percent(), 80);
	request(2);
	ck_assert_uint_eq(lab.fetch_count, fetches + 2);
	lab_close(&lab);
}
END_TEST

START_TEST(at_95_percent_strangers_get_nothing)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));
	struct sl_coap_msg msg;
	size_t before, counted;

	open_lab();
	verify_peer_1();
	climb_to(95);
	before = lab.sent_count;
	counted = proxy_core_counts(lab.core).messages.received;
	request(2);
	lab_sent_is(&lab, before);
	ck_assert_uint_eq(proxy_core_counts(lab.core).silent, 1);
	ck_assert_uint_eq(proxy_core_counts(lab.core).messages.received, counted);
	request(1); /* verified: it is told */
	assert_refused(before);
	sl_coap_msg_init(&msg, SL_COAP_EMPTY); /* a reset of a stranger is taken in */
	msg.type = SL_COAP_RST;
	lab_send_msg(&lab, 2, &msg);
	ck_assert_uint_eq(proxy_core_counts(lab.core).messages.received, counted + 2);
	for (size_t i = 0; i < lab.fetch_count; i++) {
		lab_result(&lab, i, &ok);
		ck_assert_uint_eq(lab_last(&lab)->msg.code, SL_COAP_CHANGED);
	}
	before = lab.sent_count;
	request(2);
	ck_assert_uint_gt(lab.fetch_count, 0);
	ck_assert_uint_eq(proxy_core_counts(lab.core).silent, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(rungs_are_where_they_are_said_to_be)
{
	static const struct {
		uint64_t used;
		enum memory_level want;
	} rows[] = {{0, MEMORY_FREE}, {79, MEMORY_FREE}, {80, MEMORY_NO_BODIES},
	        {89, MEMORY_NO_BODIES}, {90, MEMORY_NO_REQUESTS}, {94, MEMORY_NO_REQUESTS},
	        {95, MEMORY_SILENCE}, {1000, MEMORY_SILENCE}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum memory_level got = memory_level(rows[i].used * 10, 1000);

		printf("T54.rung-at-%llu %d %d %s -\n", (unsigned long long)rows[i].used, got,
		        rows[i].want, got == rows[i].want ? "PASS" : "FAIL");
		ck_assert_int_eq(got, rows[i].want);
	}
}
END_TEST

/* Everything that grows is in the account, and leaves it again. */
START_TEST(the_account_is_even_at_the_end)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));
	uint64_t empty;

	lab_open(&lab, LAB_ROUTE LIMITS);
	empty = proxy_core_counts(lab.core).memory_used;
	ck_assert_uint_eq(empty, memory_of_tables(&lab.config->limits));
	request(1);
	ck_assert_uint_gt(proxy_core_counts(lab.core).memory_used, empty + (1 << 20));
	block(2, 0, true);
	lab_result(&lab, 0, &ok);
	ck_assert_uint_gt(proxy_core_counts(lab.core).memory_used, empty);
	ck_assert_uint_lt(proxy_core_counts(lab.core).memory_used, empty + 4096);
	lab_advance(&lab, 300000);
	ck_assert_uint_eq(proxy_core_counts(lab.core).memory_used, empty);
	lab_close(&lab);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("memory");
	TCase *tc = tcase_create("ladder");

	tcase_add_test(tc, rungs_are_where_they_are_said_to_be);
	tcase_add_test(tc, at_80_percent_no_body_begins);
	tcase_add_test(tc, at_90_percent_no_request_begins);
	tcase_add_test(tc, at_95_percent_strangers_get_nothing);
	tcase_add_test(tc, the_account_is_even_at_the_end);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
