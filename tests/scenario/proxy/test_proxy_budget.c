/* SPDX-License-Identifier: BSD-2-Clause
 * What unverified peers get: never more than three times their bytes, never a confirmable message, and the
 * way out of it by Echo (RFC 9175 section 2.4). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

static struct lab lab;
static size_t bytes_in;

static void
send_msg(const struct sl_coap_msg *msg)
{
	bytes_in = lab_send_msg(&lab, 1, msg);
}

static void
send_oscore(uint16_t mid, size_t payload_len)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, mid, lab_bytes(payload_len, (uint8_t)mid));
	send_msg(&msg);
}

static struct sl_span
echo_of(const struct lab_sent *sent)
{
	const struct sl_coap_option *echo = sl_coap_find(&sent->msg, SL_COAP_ECHO);

	ck_assert_ptr_nonnull(echo);
	return heap_copy(sl_coap_option_value(echo));
}

START_TEST(small_answer_goes_out_whole)
{
	/* 4 + 2 + 4 + 1 + 30 = 41 in; 4 + 2 + 1 + 1 + 115 = 123 = 3 * 41 out */
	struct sl_map_http_result ok = lab_ok(lab_bytes(115, 1));

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 30);
	ck_assert_uint_eq(bytes_in, 41);
	lab_result(&lab, 0, &ok);
	ck_assert_uint_eq(lab_last(&lab)->len, 123);
	ck_assert_ptr_null(sl_coap_find(&lab_last(&lab)->msg, SL_COAP_BLOCK2));
	lab_close(&lab);
}
END_TEST

START_TEST(larger_answer_is_cut_to_fit)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(116, 1));
	struct sl_coap_block block;

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 30);
	lab_result(&lab, 0, &ok);
	ck_assert_uint_le(lab_last(&lab)->len, 123);
	ck_assert_ok(sl_coap_get_block(&lab_last(&lab)->msg, SL_COAP_BLOCK2, &block));
	ck_assert_uint_eq(block.szx, 2);
	ck_assert(block.more);
	ck_assert_bytes(lab_last(&lab)->msg.payload, sl_span(lab_bytes(116, 1).ptr, 64));
	ck_assert_uint_eq(echo_of(lab_last(&lab)).len, SL_ECHO_LEN);
	lab_close(&lab);
}
END_TEST

/* A slice of 64 bytes is 4 + 2 + 1 + 3 + 1 + 64 = 75 bytes, with Echo 2 + 9 more: 86. For 28 bytes 3 * 28 = 84
 * may go out, for 29 bytes 87. */
START_TEST(echo_goes_with_the_first_slice_where_it_fits)
{
	for (size_t len = 17; len <= 18; len++) {
		struct sl_map_http_result ok = lab_ok(lab_bytes(1000, 1));

		lab_open(&lab, LAB_ROUTE);
		send_oscore(1, len);
		ck_assert_uint_eq(bytes_in, len + 11);
		lab_result(&lab, 0, &ok);
		ck_assert_uint_eq(lab_last(&lab)->msg.payload.len, 64);
		ck_assert_uint_eq(lab_last(&lab)->len, len == 17 ? 75 : 86);
		ck_assert_int_eq(
		        sl_coap_find(&lab_last(&lab)->msg, SL_COAP_ECHO) != NULL, len == 18);
		lab_close(&lab);
	}
}
END_TEST

/* 41 in, 4 for the empty ACK: 3 * 41 - 4 = 119 = 4 + 2 + 1 + 1 + 111 */
START_TEST(empty_ack_counts)
{
	for (size_t more = 0; more < 2; more++) {
		struct sl_map_http_result ok = lab_ok(lab_bytes(111 + more, 1));

		lab_open(&lab, LAB_ROUTE);
		send_oscore(1, 30);
		lab_advance(&lab, 500);
		lab_sent_is(&lab, 1);
		lab_result(&lab, 0, &ok);
		ck_assert_int_eq(
		        sl_coap_find(&lab_last(&lab)->msg, SL_COAP_BLOCK2) != NULL, more == 1);
		ck_assert_uint_le(lab_last(&lab)->len, 119);
		lab_close(&lab);
	}
}
END_TEST

/* 4 + 2 + 4 + 1 + 14 = 25 in, 75 out at most; a slice needs 4 + 2 + 1 + 4 + 1 + 64 = 76. */
START_TEST(too_short_a_request_is_challenged_before_the_origin_is_asked)
{
	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 14);
	ck_assert_uint_eq(bytes_in, 25);
	ck_assert_uint_eq(lab.fetch_count, 0);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	ck_assert_uint_eq(echo_of(lab_last(&lab)).len, SL_ECHO_LEN);
	send_oscore(2, 15);
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(echo_opens_the_way_for_large_answers)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(1000, 1));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 10);
	lab_oscore(&msg, 2, lab_bytes(10, 2));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	send_msg(&msg);
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_advance(&lab, 700);
	lab_result(&lab, 0, &ok);
	lab_assert_code(lab_last(&lab), SL_COAP_CON, SL_COAP_CHANGED);
	ck_assert_uint_eq(lab_last(&lab)->msg.payload.len, 1000);
	lab_close(&lab);
}
END_TEST

START_TEST(echo_of_another_peer_opens_nothing)
{
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 10);
	lab_oscore(&msg, 2, lab_bytes(1, 2));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	lab_send_msg(&lab, 2, &msg);
	ck_assert_uint_eq(lab.fetch_count, 0);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	lab_close(&lab);
}
END_TEST

/* A request of 111 bytes gets a first slice of 256, 256 + 23 bytes with Echo. *msg becomes the question for the
 * next one. */
static void
begin_large_answer(struct sl_coap_msg *msg)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(1000, 1));
	struct sl_coap_block block;

	lab_open(&lab, LAB_ROUTE);
	send_oscore(1, 100);
	lab_result(&lab, 0, &ok);
	ck_assert_ok(sl_coap_get_block(&lab_last(&lab)->msg, SL_COAP_BLOCK2, &block));
	ck_assert_uint_eq(block.szx, 4);
	block.num = 1;
	block.more = false;
	lab_oscore(msg, 2, sl_span(NULL, 0));
	ck_assert_ok(sl_coap_add_block(msg, SL_COAP_BLOCK2, block));
}

START_TEST(follow_up_with_echo_gets_full_slices)
{
	struct sl_coap_msg msg;

	begin_large_answer(&msg);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	send_msg(&msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	ck_assert_bytes(lab_last(&lab)->msg.payload, sl_span(lab_bytes(1000, 1).ptr + 256, 256));
	ck_assert_ptr_null(sl_coap_find(&lab_last(&lab)->msg, SL_COAP_ECHO));
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert_uint_eq(proxy_core_counts(lab.core).verified_peers, 1);
	lab_close(&lab);
}
END_TEST

/* A client that does not know Echo: 4 + 2 + 4 + 3 = 13 in, at most 39 out, so 16 bytes in 4 + 2 + 1 + 3 + 1 + 16. */
START_TEST(follow_ups_without_echo_get_small_slices_to_the_end)
{
	struct sl_coap_block block = {0};
	struct sl_coap_msg msg;
	size_t got = 256;

	begin_large_answer(&msg);
	while (got < 1000) {
		msg.message_id++;
		send_msg(&msg);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
		ck_assert_uint_le(lab_last(&lab)->len, 3 * bytes_in);
		ck_assert_ok(sl_coap_get_block(&lab_last(&lab)->msg, SL_COAP_BLOCK2, &block));
		ck_assert_uint_eq((size_t)block.num << (block.szx + 4), got);
		ck_assert_bytes(lab_last(&lab)->msg.payload,
		        sl_span(lab_bytes(1000, 1).ptr + got, lab_last(&lab)->msg.payload.len));
		got += lab_last(&lab)->msg.payload.len;
		block = (struct sl_coap_block){block.num + 1, false, block.szx};
		sl_coap_remove(&msg, SL_COAP_BLOCK2);
		ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, block));
	}
	ck_assert_uint_eq(got, 1000);
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert_uint_eq(proxy_core_counts(lab.core).verified_peers, 0);
	lab_close(&lab);
}
END_TEST

/* Where not even 16 bytes fit, the follow-up is challenged, and goes on with Echo at the same block: 4 + 1 + 3
 * bytes in, 24 out at most. */
START_TEST(follow_up_that_is_too_short_is_challenged_and_goes_on)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(1000, 1));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE);
	for (uint16_t mid = 1; mid <= 2; mid++) {
		lab_oscore(&msg, mid, mid == 1 ? lab_bytes(100, 1) : sl_span(NULL, 0));
		sl_coap_remove(&msg, SL_COAP_OSCORE);
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(NULL, 0)));
		msg.token_len = 0;
		if (mid == 2)
			ck_assert_ok(sl_coap_add_block(
			        &msg, SL_COAP_BLOCK2, (struct sl_coap_block){.num = 1, .szx = 4}));
		send_msg(&msg);
		if (mid == 1)
			lab_result(&lab, 0, &ok);
	}
	ck_assert_uint_eq(bytes_in, 8);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	ck_assert_uint_le(lab_last(&lab)->len, 3 * bytes_in);
	msg.message_id = 3;
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	send_msg(&msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	ck_assert_bytes(lab_last(&lab)->msg.payload, sl_span(lab_bytes(1000, 1).ptr + 256, 256));
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_close(&lab);
}
END_TEST

/* A long token or more options make the follow-up longer: then a smaller slice at the same offset fits. */
START_TEST(follow_up_is_cut_again_at_the_same_offset)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(1000, 1));
	struct sl_coap_msg msg;
	struct sl_coap_block block = {.num = 1, .szx = 4};

	lab_open(&lab, LAB_ROUTE);
	for (uint16_t mid = 1; mid <= 2; mid++) {
		lab_oscore(&msg, mid, mid == 1 ? lab_bytes(100, 1) : sl_span(NULL, 0));
		ck_assert_ok(
		        sl_coap_add(&msg, SL_COAP_URI_HOST, sl_span_text("proxy.example.org")));
		if (mid == 2)
			ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, block));
		send_msg(&msg);
		if (mid == 1)
			lab_result(&lab, 0, &ok);
	}
	ck_assert_ok(sl_coap_get_block(&lab_last(&lab)->msg, SL_COAP_BLOCK2, &block));
	ck_assert_uint_eq(block.szx, 2);
	ck_assert_uint_eq(block.num, 4);
	ck_assert_bytes(lab_last(&lab)->msg.payload, sl_span(lab_bytes(1000, 1).ptr + 256, 64));
	ck_assert_uint_le(lab_last(&lab)->len, 3 * bytes_in);
	lab_close(&lab);
}
END_TEST

/* 4 + 12 + 5 = 21 in, 63 out at most; 4 + 2 + 2 + 1 + 32 = 41. Clients without Echo live on small slices. */
START_TEST(short_plain_request_gets_small_slices)
{
	struct sl_coap_msg msg;
	struct sl_coap_block block = {0};
	bool has_more;
	size_t got = 0;

	lab_open(&lab, LAB_ROUTE
	        "discovery: '</est/crts>;rt=\"ace.est.crts\";osc,</est/sen>;rt=\"ace.est.sen\"'\n");
	do {
		sl_coap_msg_init(&msg, SL_COAP_GET);
		msg.message_id = (uint16_t)block.num;
		ck_assert_ok(sl_coap_add_path(&msg, "/.well-known/core"));
		if (block.num > 0)
			ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, block));
		send_msg(&msg);
		ck_assert_uint_eq(bytes_in, block.num > 0 ? 23 : 21);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTENT);
		ck_assert_uint_le(lab_last(&lab)->len, 3 * bytes_in);
		ck_assert_ok(sl_coap_get_block(&lab_last(&lab)->msg, SL_COAP_BLOCK2, &block));
		ck_assert_uint_eq(block.szx, 1);
		got += lab_last(&lab)->msg.payload.len;
		has_more = block.more;
		block.more = false;
		block.num++;
	} while (has_more);
	ck_assert_uint_eq(got, strlen(lab.config->discovery));
	lab_close(&lab);
}
END_TEST

START_TEST(acknowledging_a_message_of_ours_verifies)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(1000, 1));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_TRUSTED);
	send_oscore(1, 30);
	lab_advance(&lab, 600);
	lab_result(&lab, 0, &ok);
	sl_coap_msg_init(&msg, SL_COAP_EMPTY);
	msg.type = SL_COAP_ACK;
	msg.message_id = lab_last(&lab)->msg.message_id;
	send_msg(&msg);
	ck_assert_uint_eq(proxy_core_counts(lab.core).verified_peers, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(always_challenges_before_anything)
{
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE "echo: always\ndiscovery: \"</est>;osc\"\n");
	send_oscore(1, 500);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	ck_assert_uint_eq(lab.fetch_count, 0);
	lab_oscore(&msg, 2, lab_bytes(500, 2));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	send_msg(&msg);
	ck_assert_uint_eq(lab.fetch_count, 1);
	sl_coap_msg_init(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_path(&msg, "/.well-known/core"));
	lab_send_msg(&lab, 2, &msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	lab_close(&lab);
}
END_TEST

START_TEST(off_and_trusted_prefixes_lift_the_budget)
{
	static const char *const configs[] = {LAB_TRUSTED, LAB_ROUTE "echo: off\n"};

	for (size_t i = 0; i < ARRAY_LEN(configs); i++) {
		struct sl_map_http_result ok = lab_ok(lab_bytes(1000, 1));

		lab_open(&lab, configs[i]);
		send_oscore(1, 5);
		lab_result(&lab, 0, &ok);
		ck_assert_uint_eq(lab_last(&lab)->msg.payload.len, 1000);
		lab_close(&lab);
	}
}
END_TEST

START_TEST(half_a_queue_is_for_verified_peers)
{
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE "limits: {transfers: 1, queue-length: 10}\n");
	for (uint16_t i = 0; i < 6; i++) {
		lab_oscore(&msg, i, lab_bytes(60, 1));
		lab_send_msg(&lab, i, &msg);
	}
	ck_assert_uint_eq(proxy_core_counts(lab.core).queued, 5);
	lab_sent_is(&lab, 0);
	lab_oscore(&msg, 6, lab_bytes(60, 1));
	lab_send_msg(&lab, 6, &msg);
	lab_sent_is(&lab, 1);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	msg.message_id = 7;
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	lab_send_msg(&lab, 6, &msg);
	ck_assert_uint_eq(proxy_core_counts(lab.core).queued, 6);
	lab_close(&lab);
}
END_TEST

static Suite *
budget_suite(void)
{
	Suite *s = suite_create("proxy budget");
	TCase *t = tcase_create("unverified peers");

	tcase_add_test(t, small_answer_goes_out_whole);
	tcase_add_test(t, larger_answer_is_cut_to_fit);
	tcase_add_test(t, empty_ack_counts);
	tcase_add_test(t, too_short_a_request_is_challenged_before_the_origin_is_asked);
	tcase_add_test(t, echo_opens_the_way_for_large_answers);
	tcase_add_test(t, echo_of_another_peer_opens_nothing);
	tcase_add_test(t, echo_goes_with_the_first_slice_where_it_fits);
	tcase_add_test(t, follow_up_with_echo_gets_full_slices);
	tcase_add_test(t, follow_ups_without_echo_get_small_slices_to_the_end);
	tcase_add_test(t, follow_up_that_is_too_short_is_challenged_and_goes_on);
	tcase_add_test(t, follow_up_is_cut_again_at_the_same_offset);
	tcase_add_test(t, short_plain_request_gets_small_slices);
	tcase_add_test(t, acknowledging_a_message_of_ours_verifies);
	tcase_add_test(t, always_challenges_before_anything);
	tcase_add_test(t, off_and_trusted_prefixes_lift_the_budget);
	tcase_add_test(t, half_a_queue_is_for_verified_peers);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(budget_suite());
}
