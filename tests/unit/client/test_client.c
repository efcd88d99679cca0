/* SPDX-License-Identifier: BSD-2-Clause
 * One request and its answer: RFC 7252 sections 4.2, 4.3, 4.8, 5.2, 5.3. */
#include "hand.h"

#include <stdio.h>
#include <string.h>

static void
begin(struct sl_coap_msg *request)
{
	struct sl_coap_msg msg = post(5);

	start(&msg, 0);
	*request = sent();
	sent_nothing();
}

static void
empty(enum sl_coap_type type, uint16_t message_id, uint64_t now_ms)
{
	struct sl_coap_msg msg = {.type = (uint8_t)type, .message_id = message_id};

	give(&msg, now_ms);
}

START_TEST(sends_a_con_with_an_eight_byte_token)
{
	struct sl_coap_msg request;

	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_IDLE);
	ck_assert(sl_client_wakeup(c) == UINT64_MAX);
	begin(&request);
	ck_assert_uint_eq(request.type, SL_COAP_CON);
	ck_assert_uint_eq(request.code, SL_COAP_POST);
	ck_assert_uint_eq(request.token_len, 8);
	ck_assert_uint_eq(request.option_count, 1);
	ck_assert_bytes(request.payload, sl_span(pattern, 5));
	ck_assert_ptr_null(sl_client_response(c));
}
END_TEST

START_TEST(takes_a_piggybacked_answer)
{
	struct sl_coap_msg request, answer;

	begin(&request);
	answer = response_to(&request, SL_COAP_ACK, SL_COAP_CHANGED);
	ck_assert_ok(sl_coap_add_uint(&answer, SL_COAP_CONTENT_FORMAT, 60));
	answer.payload = sl_span_text("yes");
	give(&answer, 100);
	sent_nothing();
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_uint_eq(sl_client_response(c)->code, SL_COAP_CHANGED);
	ck_assert_uint_eq(sl_client_response(c)->option_count, 1);
	ck_assert(sl_span_equal_text(sl_client_response(c)->payload, "yes"));
	ck_assert(sl_client_wakeup(c) == UINT64_MAX);
	sl_client_on_time(c, 100000);
	sent_nothing();
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
}
END_TEST

/* Section 5.2.2: empty ACK, later a CON that is acknowledged. */
START_TEST(takes_a_separate_answer)
{
	struct sl_coap_msg request, answer;

	begin(&request);
	empty(SL_COAP_ACK, request.message_id, 100);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
	ck_assert_uint_eq(sl_client_wakeup(c), 120100);
	sl_client_on_time(c, 120099);
	sent_nothing();
	answer = response_to(&request, SL_COAP_CON, SL_COAP_CONTENT);
	give(&answer, 110000);
	sent_empty(SL_COAP_ACK, answer.message_id);
	sent_nothing();
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	give(&answer, 110100); /* its ACK was lost */
	sent_empty(SL_COAP_ACK, answer.message_id);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_uint_eq(sl_client_counts(c).ignored, 1);
}
END_TEST

START_TEST(takes_a_separate_answer_before_its_ack)
{
	struct sl_coap_msg request, answer;

	begin(&request);
	answer = response_to(&request, SL_COAP_CON, SL_COAP_CONTENT);
	give(&answer, 100);
	sent_empty(SL_COAP_ACK, answer.message_id);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	empty(SL_COAP_ACK, request.message_id, 200);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	sent_nothing();
}
END_TEST

START_TEST(takes_a_non_without_acknowledging_it)
{
	struct sl_coap_msg request, answer;

	begin(&request);
	answer = response_to(&request, SL_COAP_NON, SL_COAP_CONTENT);
	give(&answer, 100);
	sent_nothing();
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
}
END_TEST

/* A copy of an earlier exchange's answer is acknowledged again, also while the next one runs. */
START_TEST(remembers_what_it_acknowledged)
{
	struct sl_coap_msg first, second, answer;

	begin(&first);
	answer = response_to(&first, SL_COAP_CON, SL_COAP_CONTENT);
	give(&answer, 100);
	sent_empty(SL_COAP_ACK, answer.message_id);
	begin(&second);
	ck_assert_uint_eq(second.message_id, (uint16_t)(first.message_id + 1));
	ck_assert_mem_ne(first.token, second.token, 8);
	give(&answer, 200);
	sent_empty(SL_COAP_ACK, answer.message_id);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
	answer.message_id++; /* a message of its own, and nobody asked */
	give(&answer, 300);
	sent_empty(SL_COAP_RST, answer.message_id);
}
END_TEST

/* Section 4.8: 2 to 3 s, doubled four times, over after 93 s at most. */
START_TEST(retransmits_as_section_4_8_says)
{
	struct sl_coap_msg msg = post(5);
	struct sl_span first;
	uint64_t now = 1000, timeout;

	start(&msg, now);
	first = sent_bytes();
	timeout = sl_client_wakeup(c) - now;
	ck_assert(timeout >= 2000 && timeout <= 3000);
	for (int i = 0; i < 4; i++) {
		sl_client_on_time(c, now + timeout - 1);
		sent_nothing();
		now += timeout;
		sl_client_on_time(c, now);
		ck_assert_bytes(sent_bytes(), first);
		sent_nothing();
		timeout *= 2;
		ck_assert_uint_eq(sl_client_wakeup(c), now + timeout);
	}
	sl_client_on_time(c, now + timeout);
	sent_nothing();
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_TIMEOUT);
	ck_assert(now + timeout - 1000 >= 62000 && now + timeout - 1000 <= 93000);
	ck_assert_uint_eq(sl_client_counts(c).retransmitted, 4);
	ck_assert_uint_eq(sl_client_counts(c).sent, 1);
	ck_assert(sl_client_wakeup(c) == UINT64_MAX);
}
END_TEST

START_TEST(jitter_fills_the_whole_range)
{
	struct sl_coap_msg msg = post(0);
	uint64_t low = UINT64_MAX, high = 0;

	for (int i = 0; i < 500; i++) {
		start(&msg, 0);
		low = sl_client_wakeup(c) < low ? sl_client_wakeup(c) : low;
		high = sl_client_wakeup(c) > high ? sl_client_wakeup(c) : high;
	}
	/* as for the server: 500 draws over 1001 values */
	ck_assert(low >= 2000 && low < 2020 && high > 2980 && high <= 3000);
}
END_TEST

START_TEST(gives_up_on_a_server_that_only_acknowledged)
{
	struct sl_coap_msg request;

	begin(&request);
	empty(SL_COAP_ACK, request.message_id, 500);
	empty(SL_COAP_ACK, request.message_id, 90000); /* a copy prolongs nothing */
	sl_client_on_time(c, 120499);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
	sl_client_on_time(c, 120500);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_TIMEOUT);
	sent_nothing();
}
END_TEST

START_TEST(an_ack_takes_a_waiting_copy_back)
{
	struct sl_coap_msg request;

	begin(&request);
	sl_client_on_time(c, 3000);
	empty(SL_COAP_ACK, request.message_id, 3001);
	sent_nothing();
}
END_TEST

START_TEST(a_reset_ends_the_request)
{
	struct sl_coap_msg request;

	begin(&request);
	empty(SL_COAP_RST, (uint16_t)(request.message_id + 1), 100);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
	empty(SL_COAP_RST, request.message_id, 100);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_RESET);
	ck_assert_ptr_null(sl_client_response(c));
	sent_nothing();
}
END_TEST

/* Datagrams that are no answer: what goes back, if anything. */
static const struct {
	const char *because, *bytes, *answer;
} foreign[] = {
        {"a ping", "4000 1234", "7000 1234"},
        {"an Empty NON", "5000 1234", NULL},
        {"an ACK for nothing", "6000 1234", NULL},
        {"a RST for nothing", "7000 1234", NULL},
        {"a request", "4001 1234 b161", "7000 1234"},
        {"a request that needs no answer", "5001 1234 b161", NULL},
        {"a format error", "4045 1234 ff", "7000 1234"},
        {"a format error in a NON", "5045 1234 ff", NULL},
        {"another version", "8045 1234", NULL},
        {"nearly nothing", "40", NULL},
        {"nothing", "", NULL},
        {"an answer to somebody else", "4845 1234 0102030405060708 ff 61", "7000 1234"},
        {"an answer to somebody else in a NON", "5845 1234 0102030405060708 ff 61", NULL},
        {"an answer to somebody else in an ACK", "6845 1234 0102030405060708 ff 61", NULL},
        {"an answer without a token", "4045 1234 ff 61", "7000 1234"},
        {"an answer in a RST", "7845 1234 0102030405060708 ff 61", NULL},
};

START_TEST(refuses_what_it_did_not_ask_for)
{
	struct sl_coap_msg request;

	begin(&request);
	give_hex(foreign[_i].bytes, 10);
	if (foreign[_i].answer != NULL)
		ck_assert_bytes(sent_bytes(), hex(foreign[_i].answer));
	sent_nothing();
	ck_assert_msg(sl_client_state(c) == SL_CLIENT_WAITING, "%s", foreign[_i].because);
	ck_assert_uint_eq(sl_client_counts(c).ignored, 1);
	ck_assert_uint_eq(sl_client_counts(c).received, 1);
}
END_TEST

START_TEST(needs_message_id_and_token_in_an_ack)
{
	struct sl_coap_msg request, answer;

	begin(&request);
	answer = response_to(&request, SL_COAP_ACK, SL_COAP_CONTENT);
	answer.message_id++;
	give(&answer, 1);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
	answer.message_id--;
	for (size_t i = 0; i < 64; i++) {
		answer.token[i / 8] ^= (uint8_t)(1 << i % 8);
		give(&answer, 1);
		ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
		answer.token[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	answer.token_len = 7;
	give(&answer, 1);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
	answer.token_len = 8;
	answer.type = SL_COAP_RST;
	give(&answer, 1);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
	answer.type = SL_COAP_ACK;
	give(&answer, 1);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	sent_nothing();
}
END_TEST

START_TEST(an_answer_too_late_is_reset)
{
	struct sl_coap_msg request, answer;

	begin(&request);
	empty(SL_COAP_ACK, request.message_id, 0);
	sl_client_on_time(c, 120000);
	answer = response_to(&request, SL_COAP_CON, SL_COAP_CONTENT);
	give(&answer, 120001);
	sent_empty(SL_COAP_RST, answer.message_id);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_TIMEOUT);
}
END_TEST

START_TEST(controls_are_bounded)
{
	for (unsigned i = 0; i < 20; i++)
		give_hex("4000 1234", 0);
	for (unsigned i = 0; i < 8; i++)
		sent_empty(SL_COAP_RST, 0x1234);
	sent_nothing();
}
END_TEST

/* --- starting --------------------------------------------------------------------------------- */

START_TEST(the_request_is_copied)
{
	struct sl_coap_msg msg;
	char path[] = "/est", body[] = "body";
	struct sl_coap_msg got;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_path(&msg, path));
	msg.payload = sl_span(body, 4);
	start(&msg, 0);
	memset(path, 'x', 4);
	memset(body, 'x', 4);
	sl_client_on_time(c, 3000);
	got = sent();
	ck_assert(sl_span_equal_text(sl_coap_option_value(&got.options[0]), "est"));
	ck_assert(sl_span_equal_text(got.payload, "body"));
}
END_TEST

START_TEST(a_request_fits_a_datagram)
{
	struct sl_coap_msg msg = post(10);

	/* 4 header, 8 token, 2 Uri-Path, 1 marker, 10 payload; Proxy-Uri takes 3 and its value */
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_PROXY_URI, sl_span(pattern, 1500 - 25 - 4)));
	ck_assert_ok(sl_client_start(c, &msg, 0));
	ck_assert_uint_eq(sent_bytes().len, 1500);
	sl_coap_remove(&msg, SL_COAP_PROXY_URI);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_PROXY_URI, sl_span(pattern, 1500 - 25 - 4 + 1)));
	ck_assert_err(sl_client_start(c, &msg, 0), SL_ELIMIT);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_IDLE);
	sent_nothing();
}
END_TEST

START_TEST(a_new_request_gives_the_old_one_up)
{
	struct sl_coap_msg first, second, answer, msg = post(1);

	begin(&first);
	start(&msg, 10);
	second = sent();
	answer = response_to(&first, SL_COAP_ACK, SL_COAP_CONTENT);
	give(&answer, 20);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
	answer = response_to(&second, SL_COAP_ACK, SL_COAP_CONTENT);
	give(&answer, 30);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
}
END_TEST

START_TEST(seeds_make_ids_and_tokens)
{
	struct sl_coap_msg a, same, other;

	begin(&a);
	hand_restart();
	begin(&same);
	config.seed[7] ^= 1;
	hand_restart();
	begin(&other);
	ck_assert_uint_eq(a.message_id, same.message_id);
	ck_assert_mem_eq(a.token, same.token, 8);
	ck_assert_uint_ne(a.message_id, other.message_id);
	ck_assert_mem_ne(a.token, other.token, 8);
}
END_TEST

START_TEST(starts_with_the_numbers_of_section_4_8)
{
	ck_assert_uint_eq(config.ack_timeout_ms, 2000);
	ck_assert_uint_eq(config.ack_random_permille, 1500);
	ck_assert_uint_eq(config.max_retransmit, 4);
	ck_assert_uint_eq(config.response_timeout_ms, 120000);
	ck_assert_uint_eq(config.body_bytes_max, 65536);
	ck_assert_uint_eq(config.block_szx, 6);
	config.block_szx = 7;
	{
		struct sl_client *none = NULL;

		ck_assert_err(sl_client_new(&none, &config), SL_ELIMIT);
		ck_assert_ptr_null(none);
	}
	sl_client_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("client/client");
	TCase *tc = tcase_create("client");

	tcase_add_checked_fixture(tc, hand_setup, hand_teardown);
	tcase_add_test(tc, sends_a_con_with_an_eight_byte_token);
	tcase_add_test(tc, takes_a_piggybacked_answer);
	tcase_add_test(tc, takes_a_separate_answer);
	tcase_add_test(tc, takes_a_separate_answer_before_its_ack);
	tcase_add_test(tc, takes_a_non_without_acknowledging_it);
	tcase_add_test(tc, remembers_what_it_acknowledged);
	tcase_add_test(tc, retransmits_as_section_4_8_says);
	tcase_add_test(tc, jitter_fills_the_whole_range);
	tcase_add_test(tc, gives_up_on_a_server_that_only_acknowledged);
	tcase_add_test(tc, an_ack_takes_a_waiting_copy_back);
	tcase_add_test(tc, a_reset_ends_the_request);
	tcase_add_loop_test(tc, refuses_what_it_did_not_ask_for, 0, (int)ARRAY_LEN(foreign));
	tcase_add_test(tc, needs_message_id_and_token_in_an_ack);
	tcase_add_test(tc, an_answer_too_late_is_reset);
	tcase_add_test(tc, controls_are_bounded);
	tcase_add_test(tc, the_request_is_copied);
	tcase_add_test(tc, a_request_fits_a_datagram);
	tcase_add_test(tc, a_new_request_gives_the_old_one_up);
	tcase_add_test(tc, seeds_make_ids_and_tokens);
	tcase_add_test(tc, starts_with_the_numbers_of_section_4_8);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
