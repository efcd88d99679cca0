/* SPDX-License-Identifier: BSD-2-Clause
 * One request at a time: piggybacked, slow, dead, repeated, stale, refused in time of need. */
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

START_TEST(piggybacks_an_answer_in_time)
{
	struct sl_span body = lab_bytes(100, 9);
	struct sl_map_http_result ok = lab_ok(body);

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 0x1234);
	lab_sent_is(&lab, 0);
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert_str_eq(lab.fetches[0].fetch.method, "POST");
	ck_assert_str_eq(lab.fetches[0].fetch.url, "http://127.0.0.1:8080/");
	ck_assert_str_eq(lab.fetches[0].fetch.oscore, "CQEU"); /* 000010 010000 000100 010100 */
	ck_assert_bytes(lab.fetches[0].fetch.body, lab_bytes(60, 0x34));
	lab_advance(&lab, 400);
	lab_result(&lab, 0, &ok);
	lab_sent_is(&lab, 1);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	ck_assert_uint_eq(lab_last(&lab)->msg.message_id, 0x1234);
	ck_assert_bytes(
	        sl_span(lab_last(&lab)->msg.token, lab_last(&lab)->msg.token_len), hex("1234"));
	ck_assert_bytes(lab_last(&lab)->msg.payload, body);
	ck_assert_uint_eq(sl_coap_count(&lab_last(&lab)->msg, SL_COAP_OSCORE), 1);
	ck_assert_uint_eq(lab_last(&lab)->msg.option_count, 1);
	ck_assert_str_eq(lab.last.route, "http://127.0.0.1:8080");
	ck_assert_int_eq(lab.last.status, 200);
	ck_assert_uint_eq(lab.last.elapsed_ms, 400);
	ck_assert(proxy_core_is_idle(lab.core));
	lab_close(&lab);
}
END_TEST

START_TEST(slow_origin_gets_an_ack_and_a_separate_con)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(100, 9));
	struct sl_coap_msg ack;

	lab_open(&lab, LAB_TRUSTED);
	send_oscore(1, 7);
	lab_advance(&lab, 499);
	lab_sent_is(&lab, 0);
	lab_advance(&lab, 1);
	lab_sent_is(&lab, 1);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_EMPTY);
	lab_advance(&lab, 2500);
	lab_result(&lab, 0, &ok);
	lab_sent_is(&lab, 2);
	lab_assert_code(lab_last(&lab), SL_COAP_CON, SL_COAP_CHANGED);
	lab_advance(&lab, 3000); /* RFC 7252 section 4.2: 2 s to 3 s */
	lab_sent_is(&lab, 3);
	ck_assert_uint_eq(lab.sent[2].len, lab.sent[1].len);
	ck_assert(memcmp(lab.sent[2].bytes, lab.sent[1].bytes, lab.sent[1].len) == 0);
	sl_coap_msg_init(&ack, SL_COAP_EMPTY);
	ack.type = SL_COAP_ACK;
	ack.message_id = lab.sent[1].msg.message_id;
	lab_send_msg(&lab, 1, &ack);
	lab_advance(&lab, 100000);
	lab_sent_is(&lab, 3);
	ck_assert_uint_eq(proxy_core_counts(lab.core).verified_peers, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(slow_origin_sends_an_unverified_peer_one_non)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(100, 9));

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 7);
	lab_advance(&lab, 3000);
	lab_result(&lab, 0, &ok);
	lab_sent_is(&lab, 2);
	lab_assert_code(lab_last(&lab), SL_COAP_NON, SL_COAP_CHANGED);
	lab_advance(&lab, 100000);
	lab_sent_is(&lab, 2);
	lab_close(&lab);
}
END_TEST

START_TEST(dead_origin_is_said_in_time)
{
	struct sl_map_http_result dead = {.transport = SL_MAP_UNREACHABLE};

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 7);
	lab_result(&lab, 0, &dead);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_BAD_GATEWAY);
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_MAX_AGE), 0);
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(duplicates_never_make_a_second_fetch)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(50, 9));

	lab_open(&lab, LAB_TRUSTED);
	send_oscore(1, 7);
	send_oscore(1, 7);
	lab_sent_is(&lab, 0);
	lab_advance(&lab, 600);
	send_oscore(1, 7);
	lab_sent_is(&lab, 2);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_EMPTY);
	lab_result(&lab, 0, &ok);
	send_oscore(1, 7);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_EMPTY);
	send_oscore(1, 8);
	lab_result(&lab, 1, &ok);
	lab_sent_is(&lab, 5);
	send_oscore(1, 8);
	lab_sent_is(&lab, 6);
	ck_assert_uint_eq(lab.sent[5].len, lab.sent[4].len);
	ck_assert(memcmp(lab.sent[5].bytes, lab.sent[4].bytes, lab.sent[4].len) == 0);
	ck_assert_uint_eq(lab.fetch_count, 2);
	lab_close(&lab);
}
END_TEST

START_TEST(late_result_is_dropped_and_counted)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(50, 9));

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 7);
	lab_advance(&lab, 59999);
	ck_assert_uint_eq(lab.abort_count, 0);
	lab_advance(&lab, 1);
	lab_assert_code(lab_last(&lab), SL_COAP_NON, SL_COAP_GATEWAY_TIMEOUT);
	ck_assert_uint_eq(lab.abort_count, 1);
	ck_assert(lab.fetches[0].is_aborted);
	lab_result(&lab, 0, &ok);
	lab_sent_is(&lab, 2);
	ck_assert_uint_eq(proxy_core_counts(lab.core).late_results, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(late_result_does_not_answer_the_next_tenant_of_its_slot)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(50, 9));

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 7);
	lab_advance(&lab, 60000);
	send_oscore(2, 8);
	ck_assert_uint_eq(lab.fetches[0].fetch.ref.slot, lab.fetches[1].fetch.ref.slot);
	lab_sent_is(&lab, 2);
	lab_result(&lab, 0, &ok);
	lab_sent_is(&lab, 2);
	lab_result(&lab, 1, &ok);
	lab_sent_is(&lab, 3);
	ck_assert_uint_eq(lab_last(&lab)->msg.message_id, 8);
	lab_result(&lab, 1, &ok);
	lab_sent_is(&lab, 3);
	ck_assert_uint_eq(proxy_core_counts(lab.core).late_results, 2);
	lab_close(&lab);
}
END_TEST

/* A device that rebooted: same message ID, other bytes. The old exchange must not be answered any more. */
START_TEST(reused_message_id_is_a_new_exchange)
{
	struct sl_map_http_result old = lab_ok(lab_bytes(40, 1)), new = lab_ok(lab_bytes(41, 2));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 7);
	lab_oscore(&msg, 7, lab_bytes(61, 77));
	lab_send_msg(&lab, 1, &msg);
	ck_assert_uint_eq(lab.fetch_count, 2);
	lab_result(&lab, 0, &old);
	lab_sent_is(&lab, 0);
	lab_result(&lab, 1, &new);
	lab_sent_is(&lab, 1);
	ck_assert_bytes(lab_last(&lab)->msg.payload, lab_bytes(41, 2));
	lab_close(&lab);
}
END_TEST

START_TEST(answers_out_of_order_reach_their_askers)
{
	lab_open(&lab, LAB_ROUTE "limits: {requests-per-second: 0}\n");
	for (uint16_t i = 0; i < 40; i++)
		send_oscore(i, (uint16_t)(100 + i));
	ck_assert_uint_eq(lab.fetch_count, 40);
	for (size_t i = 40; i-- > 0;) {
		struct sl_map_http_result ok = lab_ok(lab_bytes(30, (uint8_t)i));
		struct sl_peer peer = lab_peer((unsigned)i);

		lab_result(&lab, i, &ok);
		ck_assert_uint_eq(lab_last(&lab)->msg.message_id, 100 + i);
		ck_assert(memcmp(&lab_last(&lab)->peer, &peer, sizeof peer) == 0);
		ck_assert_bytes(lab_last(&lab)->msg.payload, lab_bytes(30, (uint8_t)i));
	}
	lab_close(&lab);
}
END_TEST

START_TEST(non_request_gets_a_non_answer)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(50, 9));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_TRUSTED);
	lab_oscore(&msg, 7, lab_bytes(60, 1));
	msg.type = SL_COAP_NON;
	lab_send_msg(&lab, 1, &msg);
	lab_advance(&lab, 3000);
	lab_sent_is(&lab, 0);
	lab_result(&lab, 0, &ok);
	lab_assert_code(lab_last(&lab), SL_COAP_NON, SL_COAP_CHANGED);
	lab_send_msg(&lab, 1, &msg);
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_close(&lab);
}
END_TEST

/* RFC 7967 section 2.1: 2 is class 2. */
START_TEST(no_response_leaves_only_the_ack)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(50, 9));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE);
	lab_oscore(&msg, 7, lab_bytes(60, 1));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_NO_RESPONSE, 2));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 0, &ok);
	lab_sent_is(&lab, 1);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_EMPTY);
	ck_assert(lab.last.is_suppressed);
	lab_close(&lab);
}
END_TEST

START_TEST(drain_refuses_the_new_and_finishes_the_old)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(50, 9));

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 7);
	proxy_core_drain(lab.core);
	ck_assert(!proxy_core_is_idle(lab.core));
	send_oscore(2, 8);
	lab_sent_is(&lab, 1);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_SERVICE_UNAVAILABLE);
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_MAX_AGE), 10);
	lab_result(&lab, 0, &ok);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	ck_assert(proxy_core_is_idle(lab.core));
	lab_close(&lab);
}
END_TEST

START_TEST(giving_up_answers_everybody)
{
	lab_open(&lab, LAB_ROUTE "limits: {transfers: 2}\n");
	for (uint16_t i = 0; i < 4; i++)
		send_oscore(i, i);
	ck_assert_uint_eq(lab.fetch_count, 2);
	proxy_core_give_up(lab.core, lab.now_ms);
	lab_advance(&lab, 0);
	lab_sent_is(&lab, 4);
	for (size_t i = 0; i < 4; i++) {
		lab_assert_code(&lab.sent[i], SL_COAP_ACK, SL_COAP_SERVICE_UNAVAILABLE);
		ck_assert_uint_eq(lab_uint(&lab.sent[i], SL_COAP_MAX_AGE), 10);
	}
	ck_assert_uint_eq(lab.abort_count, 2);
	ck_assert(proxy_core_is_idle(lab.core));
	lab_close(&lab);
}
END_TEST

static Suite *
exchange_suite(void)
{
	Suite *s = suite_create("proxy exchange");
	TCase *t = tcase_create("one request at a time");

	tcase_add_test(t, piggybacks_an_answer_in_time);
	tcase_add_test(t, slow_origin_gets_an_ack_and_a_separate_con);
	tcase_add_test(t, slow_origin_sends_an_unverified_peer_one_non);
	tcase_add_test(t, dead_origin_is_said_in_time);
	tcase_add_test(t, duplicates_never_make_a_second_fetch);
	tcase_add_test(t, late_result_is_dropped_and_counted);
	tcase_add_test(t, late_result_does_not_answer_the_next_tenant_of_its_slot);
	tcase_add_test(t, reused_message_id_is_a_new_exchange);
	tcase_add_test(t, answers_out_of_order_reach_their_askers);
	tcase_add_test(t, non_request_gets_a_non_answer);
	tcase_add_test(t, no_response_leaves_only_the_ack);
	tcase_add_test(t, drain_refuses_the_new_and_finishes_the_old);
	tcase_add_test(t, giving_up_answers_everybody);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(exchange_suite());
}
