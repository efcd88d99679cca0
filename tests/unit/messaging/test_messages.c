/* SPDX-License-Identifier: BSD-2-Clause
 * What each datagram does (RFC 7252 sections 4.2, 4.3, 4.5, 5.2), read off the wire. The
 * datagrams: type, code, message ID as in section 3; 44 is CON with a four byte token, 54 NON, 64
 * ACK. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

#define GET1 "4401 0001 aaaaaaaa b161"
#define NON1 "5401 0001 aaaaaaaa b161"

static struct sl_messages *m;

static void
setup(void)
{
	struct sl_messages_config config = wire_config();

	m = wire_new(&config);
}

static void
teardown(void)
{
	sl_messages_free(m);
}

/* Table 1 of section 4.3, and sections 3, 4.2 for what is broken. */
static const struct {
	const char *because, *datagram, *answer; /* NULL: silence */
} strays[] = {
        {"an Empty CON is a ping", "4000 1234", "7000 1234"},
        {"an Empty NON means nothing", "5000 1234", NULL},
        {"an ACK that matches nothing", "6000 1234", NULL},
        {"an ACK with a response that matches nothing", "6045 1234", NULL},
        {"a RST that matches nothing", "7000 1234", NULL},
        {"a response in a CON was not asked for", "4445 1234 aaaaaaaa ff 61", "7000 1234"},
        {"a response in a NON was not asked for", "5445 1234 aaaaaaaa ff 61", NULL},
        {"a request in an ACK is no request", "6401 1234 aaaaaaaa b161", NULL},
        {"a request in a RST is no request", "7401 1234 aaaaaaaa b161", NULL},
        {"a format error in a CON", "4401 1234 aaaaaaaa b3", "7000 1234"},
        {"a format error in a NON", "5401 1234 aaaaaaaa b3", NULL},
        {"a format error in an ACK", "6401 1234 aaaaaaaa b3", NULL},
        {"a format error in a RST", "7000 1234 00", NULL},
        {"token length 9 in a CON", "4901 1234 000102030405060708", "7000 1234"},
        {"a reserved code class in a CON", "40c1 1234", "7000 1234"},
        {"a reserved code class in a NON", "50c1 1234", NULL},
        {"another version", "8001 1234", NULL},
        {"too short for a header", "4001 12", NULL},
        {"no byte at all", "", NULL},
};

START_TEST(rejects_what_is_no_request)
{
	struct sl_messages_in in = put(m, 1, strays[_i].datagram, 0);

	ck_assert_msg(
	        in.event == SL_MESSAGES_NOTHING, "%s: event %d", strays[_i].because, (int)in.event);
	if (strays[_i].answer != NULL)
		expect(m, 1, strays[_i].answer);
	expect_nothing(m);
	ck_assert_uint_eq(sl_messages_counts(m).running, 0);
	ck_assert(sl_messages_wakeup(m) == UINT64_MAX);
}
END_TEST

START_TEST(counts_what_came)
{
	struct sl_messages_counts counts;

	put(m, 1, "4000 1234", 0);
	put(m, 1, "4401 1234 aaaaaaaa b3", 0);
	put_request(m, 1, GET1, 0);
	put(m, 1, GET1, 1);
	counts = sl_messages_counts(m);
	ck_assert_uint_eq(counts.received, 4);
	ck_assert_uint_eq(counts.pings, 1);
	ck_assert_uint_eq(counts.malformed, 1);
	ck_assert_uint_eq(counts.requests, 1);
	ck_assert_uint_eq(counts.duplicates, 1);
	ck_assert_uint_eq(counts.running, 1);
	ck_assert_uint_eq(counts.remembered, 0);
}
END_TEST

START_TEST(hands_out_the_request)
{
	struct sl_messages_in in = put(m, 7, GET1, 0);
	struct sl_peer from = peer_of(7);

	ck_assert_int_eq(in.event, SL_MESSAGES_REQUEST);
	ck_assert_uint_eq(in.request.code, SL_COAP_GET);
	ck_assert_uint_eq(in.request.option_count, 1);
	ck_assert_mem_eq(sl_messages_peer(m, in.ref)->bytes, from.bytes, from.len);
	expect_nothing(m);
}
END_TEST

START_TEST(a_reply_in_time_rides_on_the_ack)
{
	struct sl_ref ref = put_request(m, 1, GET1, 0);

	ck_assert_ok(reply(m, ref, "x", 499));
	expect(m, 1, "6445 0001 aaaaaaaa ff 78");
	expect_nothing(m);
	sl_messages_on_time(m, 500);
	expect_nothing(m);
	ck_assert_uint_eq(sl_messages_counts(m).running, 0);
	ck_assert_uint_eq(sl_messages_counts(m).remembered, 1);
}
END_TEST

/* Section 5.2.2: after the empty ACK the response is a message of its own, same token, new ID. */
START_TEST(after_an_empty_ack_never_on_the_ack)
{
	struct sl_ref ref = put_request(m, 1, GET1, 1000);
	struct sent sent;

	ck_assert(sl_messages_wakeup(m) == 1500);
	sl_messages_on_time(m, 1499);
	expect_nothing(m);
	sl_messages_on_time(m, 1500);
	expect(m, 1, "6000 0001");
	expect_nothing(m);
	ck_assert_ok(reply(m, ref, "x", 1600));
	sent = take(m);
	ck_assert_uint_eq(sent.msg.type, SL_COAP_CON);
	ck_assert_uint_eq(sent.msg.code, SL_COAP_CONTENT);
	ck_assert_uint_eq(sent.msg.token_len, 4);
	ck_assert_mem_eq(sent.msg.token, "\xaa\xaa\xaa\xaa", 4);
	ck_assert(sl_span_equal_text(sent.msg.payload, "x"));
	expect_nothing(m);
}
END_TEST

START_TEST(ack_now_is_as_good_as_the_timer)
{
	struct sl_ref ref = put_request(m, 1, GET1, 0);

	sl_messages_ack_now(m, ref, 10);
	expect(m, 1, "6000 0001");
	sl_messages_ack_now(m, ref, 11);
	sl_messages_on_time(m, 500);
	expect_nothing(m);
	ck_assert_ok(reply(m, ref, "x", 600));
	ck_assert_uint_eq(take(m).msg.type, SL_COAP_CON);
	sl_messages_ack_now(m, put_request(m, 1, "5401 0009 aaaaaaaa", 700), 700);
	expect_nothing(m); /* no ACK for a NON */
}
END_TEST

/* Section 5.2.3: NON for NON. */
START_TEST(a_non_is_answered_with_a_non)
{
	struct sl_ref ref = put_request(m, 1, NON1, 0);
	struct sent sent;

	sl_messages_on_time(m, 10000);
	expect_nothing(m);
	ck_assert_ok(reply(m, ref, "x", 10000));
	sent = take(m);
	ck_assert_uint_eq(sent.msg.type, SL_COAP_NON);
	ck_assert_mem_eq(sent.msg.token, "\xaa\xaa\xaa\xaa", 4);
	expect_nothing(m);
	ck_assert_uint_eq(sl_messages_counts(m).reply_bytes, 0);
	ck_assert(sl_messages_wakeup(m) == 145000);
}
END_TEST

START_TEST(an_unverified_peer_gets_no_confirmable)
{
	struct sl_coap_msg msg = answer("x");
	struct sl_ref ref = put_request(m, 1, GET1, 0);

	sl_messages_on_time(m, 500);
	expect(m, 1, "6000 0001");
	ck_assert_ok(sl_messages_reply(m, ref, &msg, SL_REPLY_NEVER_CONFIRMABLE, 600));
	ck_assert_uint_eq(take(m).msg.type, SL_COAP_NON);
	sl_messages_on_time(m, 100000);
	expect_nothing(m);
	put(m, 1, GET1, 100001);
	expect(m, 1, "6000 0001");
	ref = put_request(m, 1, "4401 0002 aaaaaaaa", 100002);
	ck_assert_ok(sl_messages_reply(m, ref, &msg, SL_REPLY_NEVER_CONFIRMABLE, 100003));
	expect(m, 1, "6445 0002 aaaaaaaa ff 78");
}
END_TEST

START_TEST(takes_one_answer_only)
{
	struct sl_ref ref = put_request(m, 1, GET1, 0);
	struct sl_ref other = {ref.slot, ref.generation + 1}, beyond = {65, 1}, none = {0, 0};

	ck_assert_err(reply(m, other, "x", 1), SL_ENOTFOUND);
	ck_assert_err(reply(m, beyond, "x", 1), SL_ENOTFOUND);
	ck_assert_err(reply(m, none, "x", 1), SL_ENOTFOUND);
	ck_assert_ok(reply(m, ref, "x", 1));
	ck_assert_err(reply(m, ref, "y", 2), SL_ENOTFOUND);
	ck_assert_err(sl_messages_no_reply(m, ref, 2), SL_ENOTFOUND);
	expect(m, 1, "6445 0001 aaaaaaaa ff 78");
	expect_nothing(m);
	ck_assert_ptr_null(sl_messages_peer(m, other));
}
END_TEST

START_TEST(silence_still_acknowledges_a_con)
{
	struct sl_ref con = put_request(m, 1, GET1, 0), non = put_request(m, 2, NON1, 0);

	ck_assert_ok(sl_messages_no_reply(m, con, 5));
	ck_assert_ok(sl_messages_no_reply(m, non, 5));
	expect(m, 1, "6000 0001");
	expect_nothing(m);
	ck_assert_uint_eq(sl_messages_counts(m).running, 0);
	ck_assert_err(reply(m, con, "x", 6), SL_ENOTFOUND);
	put(m, 1, GET1, 7);
	put(m, 2, NON1, 7);
	expect(m, 1, "6000 0001");
	expect_nothing(m);
	con = put_request(m, 1, "4001 0002", 8);
	sl_messages_ack_now(m, con, 8);
	expect(m, 1, "6000 0002");
	ck_assert_ok(sl_messages_no_reply(m, con, 9));
	expect_nothing(m); /* it left already */
}
END_TEST

/* Section 4.5, and the states of the head of sl/messages.h. */
START_TEST(duplicates_get_the_same_again)
{
	struct sl_ref ref = put_request(m, 1, GET1, 0);

	ck_assert_int_eq(put(m, 1, GET1, 100).event, SL_MESSAGES_NOTHING);
	expect_nothing(m);
	ck_assert_ok(reply(m, ref, "x", 200));
	expect(m, 1, "6445 0001 aaaaaaaa ff 78");
	for (uint64_t now = 1000; now < 247000; now += 41000) {
		ck_assert_int_eq(put(m, 1, GET1, now).event, SL_MESSAGES_NOTHING);
		expect(m, 1, "6445 0001 aaaaaaaa ff 78");
		expect_nothing(m);
	}
}
END_TEST

START_TEST(duplicates_of_an_acknowledged_request_get_the_empty_ack)
{
	struct sl_ref ref = put_request(m, 1, GET1, 0);
	uint16_t own_id;

	sl_messages_on_time(m, 500);
	expect(m, 1, "6000 0001");
	put(m, 1, GET1, 600);
	expect(m, 1, "6000 0001");
	ck_assert_ok(reply(m, ref, "x", 700));
	own_id = take(m).msg.message_id;
	put(m, 1, GET1, 800); /* also with the response under way */
	expect(m, 1, "6000 0001");
	expect_nothing(m);
	{
		char ack[16];

		snprintf(ack, sizeof ack, "6000%04x", own_id);
		ck_assert_int_eq(put(m, 1, ack, 900).event, SL_MESSAGES_DELIVERED);
	}
	put(m, 1, GET1, 246999); /* and after it arrived: section 4.2 */
	expect(m, 1, "6000 0001");
	expect_nothing(m);
}
END_TEST

START_TEST(copies_of_a_non_are_dropped)
{
	struct sl_ref ref = put_request(m, 1, NON1, 0);

	put(m, 1, NON1, 10);
	expect_nothing(m);
	ck_assert_ok(reply(m, ref, "x", 20));
	take(m);
	ck_assert_int_eq(put(m, 1, NON1, 144999).event, SL_MESSAGES_NOTHING);
	expect_nothing(m);
	put_request(m, 1, NON1, 145000); /* NON_LIFETIME is over */
}
END_TEST

START_TEST(remembers_a_con_for_247_seconds)
{
	struct sl_ref ref = put_request(m, 1, GET1, 5);

	ck_assert_ok(reply(m, ref, "x", 5));
	expect(m, 1, "6445 0001 aaaaaaaa ff 78");
	ck_assert(sl_messages_wakeup(m) == 247005);
	put(m, 1, GET1, 247004);
	expect(m, 1, "6445 0001 aaaaaaaa ff 78");
	put_request(m, 1, GET1, 247005);
	expect_nothing(m);
	ck_assert_ptr_null(sl_messages_peer(m, ref));
}
END_TEST

/* End point, message ID and all bytes make a duplicate. */
static const struct {
	const char *because, *datagram;
	unsigned peer;
} others[] = {
        {"another message ID", "4401 0002 aaaaaaaa b161", 1},
        {"another end point", GET1, 2},
        {"another token", "4401 0001 aaaaaaab b161", 1},
        {"another path", "4401 0001 aaaaaaaa b162", 1},
        {"another type", "5401 0001 aaaaaaaa b161", 1},
        {"one byte more", "4401 0001 aaaaaaaa b161 00", 1},
};

START_TEST(other_bytes_are_a_new_exchange)
{
	struct sl_ref first = put_request(m, 1, GET1, 0), second;

	sl_messages_on_time(m, 500);
	expect(m, 1, "6000 0001");
	second = put_request(m, others[_i].peer, others[_i].datagram, 600);
	expect_nothing(m);
	if (_i < 2) {
		ck_assert_ok(reply(m, first, "one", 700));
	} else { /* the same end point and ID: the old one is over, its answer finds nothing */
		ck_assert_err(reply(m, first, "one", 700), SL_ENOTFOUND);
		ck_assert_uint_eq(sl_messages_counts(m).running, 1);
	}
	ck_assert_ok(reply(m, second, "two", 800));
}
END_TEST

START_TEST(answers_without_a_record)
{
	struct sl_peer peer = peer_of(3);
	struct sl_coap_msg response = answer("x"), request = {.message_id = 0x77, .token_len = 1};
	static char big[SL_DATAGRAM_MAX];
	struct sent sent;

	request.token[0] = 0xbb;
	ck_assert_ok(sl_messages_answer_stateless(m, &peer, &request, &response));
	expect(m, 3, "6145 0077 bb ff 78");
	request.type = SL_COAP_NON;
	ck_assert_ok(sl_messages_answer_stateless(m, &peer, &request, &response));
	sent = take(m);
	ck_assert_uint_eq(sent.msg.type, SL_COAP_NON);
	ck_assert_uint_eq(sent.msg.token[0], 0xbb);
	response.payload = sl_span(big, SL_DATAGRAM_MAX - 4 - 1 - 1);
	ck_assert_ok(sl_messages_answer_stateless(m, &peer, &request, &response));
	ck_assert_uint_eq(take(m).bytes.len, SL_DATAGRAM_MAX);
	response.payload.len++;
	ck_assert_err(sl_messages_answer_stateless(m, &peer, &request, &response), SL_ESPACE);
	expect_nothing(m);
}
END_TEST

/* What nobody fetches is bounded; what does not fit is dropped as if the network had. */
START_TEST(strays_are_bounded)
{
	struct sl_peer peer = peer_of(3);
	struct sl_coap_msg response = answer("x"), request = {.message_id = 1};

	for (unsigned i = 0; i < 300; i++)
		put(m, i, "4000 1234", 0);
	ck_assert_err(sl_messages_answer_stateless(m, &peer, &request, &response), SL_ELIMIT);
	for (unsigned i = 0; i < 256; i++)
		expect(m, i, "7000 1234");
	expect_nothing(m);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/messages");
	TCase *tc = tcase_create("messages");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, rejects_what_is_no_request, 0, (int)ARRAY_LEN(strays));
	tcase_add_test(tc, counts_what_came);
	tcase_add_test(tc, hands_out_the_request);
	tcase_add_test(tc, a_reply_in_time_rides_on_the_ack);
	tcase_add_test(tc, after_an_empty_ack_never_on_the_ack);
	tcase_add_test(tc, ack_now_is_as_good_as_the_timer);
	tcase_add_test(tc, a_non_is_answered_with_a_non);
	tcase_add_test(tc, an_unverified_peer_gets_no_confirmable);
	tcase_add_test(tc, takes_one_answer_only);
	tcase_add_test(tc, silence_still_acknowledges_a_con);
	tcase_add_test(tc, duplicates_get_the_same_again);
	tcase_add_test(tc, duplicates_of_an_acknowledged_request_get_the_empty_ack);
	tcase_add_test(tc, copies_of_a_non_are_dropped);
	tcase_add_test(tc, remembers_a_con_for_247_seconds);
	tcase_add_loop_test(tc, other_bytes_are_a_new_exchange, 0, (int)ARRAY_LEN(others));
	tcase_add_test(tc, answers_without_a_record);
	tcase_add_test(tc, strays_are_bounded);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
