/* SPDX-License-Identifier: BSD-2-Clause
 * Every limit at its value and beyond it: queue, share of a peer, lanes, rate, records, datagram size. */
#include <string.h>

#include "lab.h"

static struct lab lab;

static void
send_oscore(unsigned peer, uint16_t mid)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, mid, lab_bytes(60, (uint8_t)mid));
	lab_send_msg(&lab, peer, &msg);
}

static void
assert_busy(uint32_t max_age)
{
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_SERVICE_UNAVAILABLE);
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_MAX_AGE), max_age);
}

START_TEST(queue_takes_its_length_and_no_more)
{
	lab_open(&lab, LAB_TRUSTED "limits: {transfers: 2, queue-length: 3}\n");
	for (uint16_t i = 0; i < 5; i++)
		send_oscore(i, i);
	ck_assert_uint_eq(lab.fetch_count, 2);
	ck_assert_uint_eq(proxy_core_counts(lab.core).queued, 3);
	lab_sent_is(&lab, 0);
	send_oscore(5, 5);
	lab_sent_is(&lab, 1);
	assert_busy(5);
	ck_assert_str_eq(lab.last.reason, "queue is full");
	lab_close(&lab);
}
END_TEST

START_TEST(queue_moves_up_when_a_transfer_ends)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));

	lab_open(&lab, LAB_TRUSTED "limits: {transfers: 1}\n");
	send_oscore(1, 1);
	send_oscore(2, 2);
	send_oscore(3, 3);
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_result(&lab, 0, &ok);
	ck_assert_uint_eq(lab.fetch_count, 2);
	ck_assert_bytes(lab.fetches[1].fetch.body, lab_bytes(60, 2));
	lab_result(&lab, 1, &ok);
	ck_assert_bytes(lab.fetches[2].fetch.body, lab_bytes(60, 3));
	lab_close(&lab);
}
END_TEST

START_TEST(queue_age_ends_the_waiting)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));

	lab_open(&lab, LAB_TRUSTED "limits: {transfers: 1, queue-age: 2s, ack-delay: 1s}\n");
	send_oscore(1, 1);
	send_oscore(2, 2);
	lab_advance(&lab, 1999);
	lab_sent_is(&lab, 2); /* two empty ACKs */
	lab_advance(&lab, 1);
	lab_sent_is(&lab, 3);
	ck_assert_uint_eq(lab_last(&lab)->msg.code, SL_COAP_SERVICE_UNAVAILABLE);
	lab_result(&lab, 0, &ok);
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert(proxy_core_is_idle(lab.core));
	lab_close(&lab);
}
END_TEST

START_TEST(one_peer_has_its_share_only)
{
	lab_open(&lab, LAB_TRUSTED);
	for (uint16_t i = 0; i < 4; i++)
		send_oscore(1, i);
	ck_assert_uint_eq(lab.fetch_count, 4);
	send_oscore(1, 4);
	assert_busy(5);
	send_oscore(2, 5);
	ck_assert_uint_eq(lab.fetch_count, 5);
	lab_close(&lab);
}
END_TEST

#define TWO_ORIGINS                                                                                \
	"listen: [\"127.0.0.1:5683\"]\nroutes:\n"                                                  \
	"- {path: /slow, origin: \"http://127.0.0.1:1/\", plain-http: [\"127.0.0.0/8\"]}\n"        \
	"- {path: /fast, origin: \"http://127.0.0.1:2/\", plain-http: [\"127.0.0.0/8\"]}\n"        \
	"trusted-prefixes: [\"192.0.2.0/24\"]\nlimits: {transfers: 8"

static void
send_to(const char *path, unsigned peer, uint16_t mid)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, mid, lab_bytes(60, (uint8_t)mid));
	ck_assert_ok(sl_coap_add_path(&msg, path));
	lab_send_msg(&lab, peer, &msg);
}

START_TEST(a_hanging_origin_leaves_room_for_the_other)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));

	lab_open(&lab, TWO_ORIGINS "}\n");
	for (uint16_t i = 0; i < 50; i++)
		send_to("/slow", i, i);
	ck_assert_uint_eq(lab.fetch_count, 6); /* 8 less a quarter */
	for (uint16_t i = 50; i < 60; i++) {
		size_t at = lab.fetch_count;

		send_to("/fast", i, i);
		ck_assert_uint_eq(lab.fetch_count, at + 1);
		ck_assert_str_eq(lab.fetches[at].fetch.url, "http://127.0.0.1:2/");
		lab_result(&lab, at, &ok);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	}
	lab_close(&lab);
}
END_TEST

/* 64 transfers: 48 for the first that hangs, then 12 of 16, 3 of 4, and the last one is for who has none. */
START_TEST(several_hanging_origins_leave_room_for_the_other)
{
	static const char *const slow[] = {"/a", "/b", "/c"};
	static const size_t most[] = {48, 48 + 12, 48 + 12 + 3};
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));

	lab_open(&lab, "listen: [\"127.0.0.1:5683\"]\nroutes:\n"
	               "- {path: /a, origin: \"http://127.0.0.1:1/\", plain-http: [127.0.0.1]}\n"
	               "- {path: /b, origin: \"http://127.0.0.1:2/\", plain-http: [127.0.0.1]}\n"
	               "- {path: /c, origin: \"http://127.0.0.1:3/\", plain-http: [127.0.0.1]}\n"
	               "- {path: /good, origin: \"http://127.0.0.1:4/\", plain-http: [127.0.0.1]}\n"
	               "trusted-prefixes: [\"192.0.2.0/24\"]\n");
	for (unsigned o = 0; o < 3; o++) {
		for (unsigned i = 0; i < 60; i++)
			send_to(slow[o], 60 * o + i, (uint16_t)(60 * o + i));
		ck_assert_uint_eq(lab.fetch_count, most[o]);
	}
	for (unsigned i = 200; i < 210; i++) {
		size_t at = lab.fetch_count;

		send_to("/good", i, (uint16_t)i);
		ck_assert_uint_eq(lab.fetch_count, at + 1);
		ck_assert_str_eq(lab.fetches[at].fetch.url, "http://127.0.0.1:4/");
		lab_result(&lab, at, &ok);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	}
	lab_close(&lab);
}
END_TEST

/* The slots of idle transfers are no places to wait in. */
START_TEST(queue_length_holds_while_transfers_are_free)
{
	lab_open(&lab, TWO_ORIGINS ", queue-length: 3}\n");
	for (uint16_t i = 0; i < 6 + 3; i++)
		send_to("/slow", i, i);
	lab_sent_is(&lab, 0);
	send_to("/slow", 9, 9);
	lab_sent_is(&lab, 1);
	assert_busy(5);
	lab_close(&lab);
}
END_TEST

START_TEST(rate_is_limited_by_source)
{
	lab_open(&lab, LAB_ROUTE
	        "limits: {requests-per-second: 10, request-burst: 20, in-flight-per-peer: 99}\n");
	for (uint16_t i = 0; i < 20; i++)
		send_oscore(i, i);
	lab_sent_is(&lab, 0);
	send_oscore(1, 100);
	lab_sent_is(&lab, 1);
	assert_busy(5);
	send_oscore(1, 3); /* of peer 1: a new one, refused too */
	lab_sent_is(&lab, 2);
	send_oscore(1, 1); /* a retransmission of one that was let in */
	lab_sent_is(&lab, 2);
	lab_advance(&lab, 99);
	lab_sent_is(&lab, 2);
	send_oscore(1, 101);
	lab_sent_is(&lab, 3);
	lab_advance(&lab, 1);
	send_oscore(1, 102);
	lab_sent_is(&lab, 3);
	ck_assert_uint_eq(lab.fetch_count, 21);
	lab_close(&lab);
}
END_TEST

/* One request may be a hundred blocks: only the one that reaches the origin counts. */
START_TEST(blocks_on_their_way_do_not_count)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(3000, 1));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE "limits: {requests-per-second: 1, request-burst: 1}\n");
	for (uint16_t i = 0; i < 20; i++) {
		lab_oscore(&msg, i, lab_bytes(64, (uint8_t)i));
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK1, (struct sl_coap_block){i, i < 19, 2}));
		lab_send_msg(&lab, 1, &msg);
	}
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_result(&lab, 0, &ok);
	for (uint16_t i = 1; i < 20; i++) {
		lab_oscore(&msg, 20 + i, sl_span(NULL, 0));
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK2, (struct sl_coap_block){i, false, 0}));
		lab_send_msg(&lab, 1, &msg);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	}
	send_oscore(1, 99);
	assert_busy(5);
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(plain_request_over_the_rate_gets_4_29)
{
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE "limits: {requests-per-second: 1, request-burst: 1, "
	                         "plain-per-second: 2, plain-burst: 2}\n");
	send_oscore(1, 1);
	sl_coap_msg_init(&msg, SL_COAP_GET);
	for (uint16_t i = 0; i < 3; i++) {
		msg.message_id = (uint16_t)(2 + i);
		lab_send_msg(&lab, 1, &msg);
		ck_assert_int_eq(lab_last(&lab)->msg.code == SL_COAP_TOO_MANY_REQUESTS, i == 2);
	}
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_TOO_MANY_REQUESTS);
	ck_assert_uint_eq(proxy_core_counts(lab.core).refusals[CORE_REFUSED_PLAIN_RATE], 1);
	ck_assert_uint_eq(proxy_core_counts(lab.core).refusals[CORE_REFUSED_RATE], 0);
	lab_close(&lab);
}
END_TEST

START_TEST(full_table_of_exchanges_answers_without_a_record)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));

	lab_open(&lab, LAB_TRUSTED "limits: {exchanges: 64}\n");
	for (uint16_t i = 0; i < 64; i++)
		send_oscore(i, i);
	lab_sent_is(&lab, 0);
	send_oscore(64, 64);
	lab_sent_is(&lab, 1);
	assert_busy(10);
	ck_assert_uint_eq(lab_last(&lab)->msg.message_id, 64);
	lab_result(&lab, 0, &ok);
	ck_assert_uint_eq(proxy_core_counts(lab.core).stateless, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(longest_datagram_passes_and_a_longer_one_gets_4_13)
{
	struct sl_coap_msg msg;
	uint8_t long_one[SL_DATAGRAM_MAX + 1];
	struct sl_writer w = sl_writer_over(long_one, sizeof long_one);

	lab_open(&lab, LAB_ROUTE);
	lab_oscore(&msg, 9, lab_bytes(SL_DATAGRAM_MAX - 4 - 2 - 4 - 1, 1));
	ck_assert_uint_eq(lab_send_msg(&lab, 1, &msg), SL_DATAGRAM_MAX);
	ck_assert_uint_eq(lab.fetch_count, 1);
	msg.payload.len++;
	msg.message_id = 10;
	ck_assert_ok(sl_coap_encode(&w, &msg));
	ck_assert_uint_eq(w.len, SL_DATAGRAM_MAX + 1);
	lab_send(&lab, 1, sl_writer_span(&w));
	lab_sent_is(&lab, 1);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_TOO_LARGE);
	ck_assert_uint_eq(lab_last(&lab)->msg.message_id, 10);
	ck_assert_uint_eq(lab_last(&lab)->msg.token_len, 2);
	long_one[0] = 0x40 | 0x0f; /* no token is that long */
	lab_send(&lab, 1, sl_writer_span(&w));
	long_one[0] = 0x60; /* an ACK */
	lab_send(&lab, 1, sl_writer_span(&w));
	lab_sent_is(&lab, 1);
	lab_close(&lab);
}
END_TEST

/* RFC 7252 section 8.1. */
START_TEST(nothing_answers_a_group)
{
	struct address remote = address_from_bytes((const uint8_t[]){192, 0, 2, 1}, false, 1000);
	struct address group = address_from_bytes((const uint8_t[]){224, 0, 1, 187}, false, 5683);
	struct sl_peer peer;

	lab_open(&lab, LAB_ROUTE);
	peer_encode(&peer, &remote, &group);
	proxy_core_on_datagram(lab.core, &peer, hex("40010001"), lab.now_ms);
	proxy_core_on_datagram(lab.core, &peer, hex("40000001"), lab.now_ms);
	lab_advance(&lab, 10000);
	lab_sent_is(&lab, 0);
	ck_assert_uint_eq(proxy_core_counts(lab.core).multicast, 2);
	lab_close(&lab);
}
END_TEST

START_TEST(records_that_nobody_takes_are_overwritten)
{
	struct core_record record;
	struct sl_peer peer = lab_peer(1);
	size_t count = 0;

	lab_open(&lab, LAB_ROUTE "limits: {requests-per-second: 0}\n");
	for (unsigned i = 0; i < 600; i++) {
		uint8_t get[4] = {0x40, 0x01, (uint8_t)(i >> 8), (uint8_t)i};

		proxy_core_on_datagram(lab.core, &peer, heap_copy(sl_span(get, 4)), lab.now_ms);
	}
	while (proxy_core_next_record(lab.core, &record))
		if (count++ == 0)
			ck_assert_uint_eq(record.id, 600 - 512);
	ck_assert_uint_eq(count, 512);
	ck_assert_uint_eq(proxy_core_counts(lab.core).records_lost, 600 - 512);
	lab_close(&lab);
}
END_TEST

static Suite *
limits_suite(void)
{
	Suite *s = suite_create("proxy limits");
	TCase *t = tcase_create("at the limit and beyond");

	tcase_add_test(t, queue_takes_its_length_and_no_more);
	tcase_add_test(t, queue_moves_up_when_a_transfer_ends);
	tcase_add_test(t, queue_age_ends_the_waiting);
	tcase_add_test(t, one_peer_has_its_share_only);
	tcase_add_test(t, a_hanging_origin_leaves_room_for_the_other);
	tcase_add_test(t, several_hanging_origins_leave_room_for_the_other);
	tcase_add_test(t, queue_length_holds_while_transfers_are_free);
	tcase_add_test(t, rate_is_limited_by_source);
	tcase_add_test(t, blocks_on_their_way_do_not_count);
	tcase_add_test(t, plain_request_over_the_rate_gets_4_29);
	tcase_add_test(t, full_table_of_exchanges_answers_without_a_record);
	tcase_add_test(t, longest_datagram_passes_and_a_longer_one_gets_4_13);
	tcase_add_test(t, nothing_answers_a_group);
	tcase_add_test(t, records_that_nobody_takes_are_overwritten);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(limits_suite());
}
