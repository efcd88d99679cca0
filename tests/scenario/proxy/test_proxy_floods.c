/* SPDX-License-Identifier: BSD-2-Clause
 * One source that sends without end takes nothing away from the others: every table has a half that an
 * unverified peer does not get, and what led nowhere is not remembered at the cost of what did. */
#include "lab.h"

static struct lab lab;

static void
send_kind(unsigned peer, uint16_t mid, int kind)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, mid, lab_bytes(64, (uint8_t)mid));
	if (kind == 1) /* unknown critical option */
		ck_assert_ok(sl_coap_add(&msg, 65001, sl_span(NULL, 0)));
	if (kind == 2) /* an upload that begins again and again */
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK1, (struct sl_coap_block){0, true, 2}));
	if (kind == 3) /* a follow-up to nothing */
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK2, (struct sl_coap_block){1, false, 2}));
	lab_send_msg(&lab, peer, &msg);
}

static struct sl_span
echo_of(const struct lab_sent *sent)
{
	const struct sl_coap_option *echo = sl_coap_find(&sent->msg, SL_COAP_ECHO);

	ck_assert_ptr_nonnull(echo);
	return sl_coap_option_value(echo);
}

/* 0: over the rate; 1 to 3: see above. */
START_TEST(requests_that_lead_nowhere_fill_no_table)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));

	lab_open(&lab,
	        LAB_ROUTE "limits: {exchanges: 64, requests-per-second: 1, request-burst: 4}\n");
	send_kind(1, 1, 0);
	for (uint16_t i = 100; i < 400; i++)
		send_kind(2, i, _i);
	ck_assert_uint_eq(proxy_core_counts(lab.core).messages.full, 0);
	lab_advance(&lab, 1000);
	send_kind(3, 2, 0);
	lab_result(&lab, 0, &ok);
	lab_result(&lab, lab.fetch_count - 1, &ok);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	ck_assert_uint_eq(lab_last(&lab)->msg.message_id, 2);
	lab_close(&lab);
}
END_TEST

/* What did reach the origin is remembered for its whole time, whatever comes. */
START_TEST(what_was_forwarded_is_never_forwarded_again)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));

	lab_open(&lab, LAB_ROUTE "limits: {exchanges: 64}\n");
	send_kind(1, 1, 0);
	lab_result(&lab, 0, &ok);
	for (uint16_t i = 100; i < 400; i++)
		send_kind(2, i, 1);
	send_kind(1, 1, 0);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_close(&lab);
}
END_TEST

/* 64 records: the 33rd unverified request is challenged, and with the Echo goes through. */
START_TEST(half_the_exchanges_are_for_verified_peers)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE "limits: {exchanges: 64, requests-per-second: 0}\n");
	for (uint16_t i = 0; i < 32; i++) {
		send_kind(i, i, 0);
		lab_result(&lab, i, &ok);
	}
	for (uint16_t i = 32; i < 150; i++) {
		send_kind(i, i, 0);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	}
	ck_assert_uint_eq(lab.fetch_count, 32);
	lab_oscore(&msg, 999, lab_bytes(64, 1));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	lab_send_msg(&lab, 149, &msg);
	ck_assert_uint_eq(lab.fetch_count, 33);
	lab_close(&lab);
}
END_TEST

static void
upload(unsigned peer, uint16_t mid, uint32_t num, bool more, struct sl_span echo)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, 7, lab_bytes(64, (uint8_t)num));
	msg.message_id = mid;
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){num, more, 2}));
	if (echo.len > 0)
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo));
	lab_send_msg(&lab, peer, &msg);
}

START_TEST(half_the_uploads_are_for_verified_peers)
{
	struct sl_span none = sl_span(NULL, 0);

	lab_open(&lab, LAB_ROUTE "limits: {uploads: 8}\n");
	for (uint16_t i = 0; i < 4; i++) {
		upload(i, 1, 0, true, none);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTINUE);
	}
	upload(9, 1, 0, true, none);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	upload(9, 2, 0, true, echo_of(lab_last(&lab)));
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTINUE);
	upload(0, 2, 1, true, none); /* what has begun goes on */
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTINUE);
	lab_close(&lab);
}
END_TEST

/* The challenge comes before the last block is taken, so that only this block is sent again. */
START_TEST(a_challenge_does_not_lose_an_upload)
{
	struct sl_span none = sl_span(NULL, 0);

	lab_open(&lab, LAB_ROUTE "limits: {uploads: 2}\n");
	upload(1, 1, 0, true, none);
	upload(1, 2, 1, true, none);
	upload(1, 3, 2, false, none);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	ck_assert_uint_eq(lab.fetch_count, 0);
	upload(1, 4, 2, false, echo_of(lab_last(&lab)));
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert_uint_eq(lab.fetches[0].fetch.body.len, 192);
	lab_close(&lab);
}
END_TEST

/* Four of eight are kept, nobody fetched the rest of any. */
START_TEST(half_the_kept_answers_are_for_verified_peers)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(2000, 1));

	lab_open(&lab, LAB_ROUTE "limits: {answers: 8, uploads-per-prefix: 1024}\n");
	for (uint16_t i = 0; i < 4; i++) {
		send_kind(i, i, 0);
		lab_result(&lab, i, &ok);
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	}
	send_kind(4, 4, 0);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	ck_assert_uint_eq(lab.fetch_count, 4);
	lab_close(&lab);
}
END_TEST

/* Ten datagrams a second of who is not verified: the eleventh is not read, and a verified peer does not notice. */
START_TEST(a_flood_is_not_read_and_verified_peers_are)
{
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE "echo: always\n"
	                         "limits: {unverified-per-second: 10, requests-per-second: 0}\n");
	send_kind(1, 1, 0);
	lab_oscore(&msg, 2, lab_bytes(64, 1));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	lab_send_msg(&lab, 1, &msg);
	ck_assert_uint_eq(lab.fetch_count, 1);
	for (uint16_t i = 100; i < 200; i++)
		send_kind(i, i, 0);
	ck_assert_uint_eq(proxy_core_counts(lab.core).unread, 92);
	ck_assert_uint_eq(proxy_core_counts(lab.core).requests, 10);
	send_kind(1, 3, 0);
	ck_assert_uint_eq(lab.fetch_count, 2);
	lab_sent_is(&lab, 9);
	lab_advance(&lab, 100);
	send_kind(201, 201, 0);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	lab_close(&lab);
}
END_TEST

/* Nobody is held up who needs not be verified. */
START_TEST(trusted_peers_are_no_flood)
{
	static const char *const texts[] = {
	        "echo: off\n", "trusted-prefixes: [\"192.0.2.0/24\"]\n"};
	char text[1024];

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		snprintf(text, sizeof text, LAB_ROUTE "%slimits: {unverified-per-second: 10}\n",
		        texts[i]);
		lab_open(&lab, text);
		for (uint16_t n = 0; n < 100; n++)
			send_kind(n, n, 3);
		ck_assert_uint_eq(proxy_core_counts(lab.core).requests, 100);
		ck_assert_uint_eq(proxy_core_counts(lab.core).unread, 0);
		lab_close(&lab);
	}
}
END_TEST

/* Four requests of forged addresses reach an origin; from then on one in a quarter of 247 s, for who is verified. */
START_TEST(so_many_unverified_requests_reach_an_origin)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE "limits: {unverified-requests: 4, requests-per-second: 0, "
	                         "total-timeout: 100s, queue-age: 60s}\n");
	for (uint16_t i = 0; i < 50; i++)
		send_kind(i, i, 0);
	ck_assert_uint_eq(lab.fetch_count, 4);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_UNAUTHORIZED);
	lab_oscore(&msg, 999, lab_bytes(64, 1));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, echo_of(lab_last(&lab))));
	lab_send_msg(&lab, 49, &msg);
	ck_assert_uint_eq(lab.fetch_count, 5);
	for (size_t i = 0; i < 5; i++)
		lab_result(&lab, i, &ok);
	lab_advance(&lab, 247000 / 4);
	send_kind(60, 60, 0);
	send_kind(61, 61, 0);
	ck_assert_uint_eq(lab.fetch_count, 6);
	lab_close(&lab);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proxy floods");
	TCase *t = tcase_create("floods");

	tcase_add_loop_test(t, requests_that_lead_nowhere_fill_no_table, 0, 4);
	tcase_add_test(t, a_flood_is_not_read_and_verified_peers_are);
	tcase_add_test(t, trusted_peers_are_no_flood);
	tcase_add_test(t, so_many_unverified_requests_reach_an_origin);
	tcase_add_test(t, what_was_forwarded_is_never_forwarded_again);
	tcase_add_test(t, half_the_exchanges_are_for_verified_peers);
	tcase_add_test(t, half_the_uploads_are_for_verified_peers);
	tcase_add_test(t, a_challenge_does_not_lose_an_upload);
	tcase_add_test(t, half_the_kept_answers_are_for_verified_peers);
	suite_add_tcase(s, t);
	return run_suite(s);
}
