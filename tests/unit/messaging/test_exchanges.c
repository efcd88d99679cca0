/* SPDX-License-Identifier: BSD-2-Clause
 * Separate responses (RFC 7252 sections 4.2, 4.7, 4.8), the budgets, and references that went
 * stale. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A request with this message ID, acknowledged at once. */
static struct sl_ref
acked_request(unsigned peer, unsigned message_id, uint64_t now_ms)
{
	char bytes[32];
	struct sl_ref ref;

	snprintf(bytes, sizeof bytes, "4101%04x%02x", message_id, message_id & 0xff);
	ref = put_request(m, peer, bytes, now_ms);
	sl_messages_ack_now(m, ref, now_ms);
	ck_assert_uint_eq(take(m).msg.type, SL_COAP_ACK);
	return ref;
}

static struct sl_messages_in
put_empty(unsigned peer, const char *type, uint16_t message_id, uint64_t now_ms)
{
	char bytes[32];

	snprintf(bytes, sizeof bytes, "%s00%04x", type, message_id);
	return put(m, peer, bytes, now_ms);
}

#define ACK "60"
#define RST "70"

/* Section 4.8: ACK_TIMEOUT 2 s, ACK_RANDOM_FACTOR 1.5, MAX_RETRANSMIT 4; MAX_TRANSMIT_WAIT =
 * 2 s * (2^5 - 1) * 1.5 = 93 s. */
START_TEST(retransmits_as_section_4_8_says)
{
	struct sl_ref ref = acked_request(1, 1, 1000);
	struct sl_span first;
	uint64_t timeout, now = 1000;

	ck_assert_ok(reply(m, ref, "x", now));
	first = take(m).bytes;
	timeout = sl_messages_wakeup(m) - now;
	ck_assert_uint_ge(timeout, 2000);
	ck_assert_uint_le(timeout, 3000);
	for (int i = 0; i < 4; i++) {
		sl_messages_on_time(m, now + timeout - 1);
		expect_nothing(m);
		now += timeout;
		sl_messages_on_time(m, now);
		ck_assert_bytes(take(m).bytes, first);
		expect_nothing(m);
		timeout *= 2;
		ck_assert_uint_eq(sl_messages_wakeup(m), now + timeout);
	}
	ck_assert_uint_eq(sl_messages_counts(m).timed_out, 0);
	now += timeout;
	sl_messages_on_time(m, now);
	expect_nothing(m);
	ck_assert_uint_le(now - 1000, 93000);
	ck_assert_uint_ge(now - 1000, 62000);
	ck_assert_uint_eq(sl_messages_counts(m).timed_out, 1);
	ck_assert_uint_eq(sl_messages_counts(m).retransmissions, 4);
	ck_assert_uint_eq(sl_messages_counts(m).reply_bytes, 0);
	ck_assert_uint_eq(sl_messages_wakeup(m), 1000 + 247000);
}
END_TEST

START_TEST(jitter_fills_the_whole_range)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (unsigned i = 0; i < 500; i++) {
		struct sl_ref ref = acked_request(i, 1, 1000000ULL * i);
		uint64_t now = 1000000ULL * i, timeout;

		ck_assert_ok(reply(m, ref, "x", now));
		take(m);
		timeout = sl_messages_wakeup(m) - now;
		low = timeout < low ? timeout : low;
		high = timeout > high ? timeout : high;
	}
	/* 500 draws over 1001 values leave the outer 20 ms empty with probability below 10^-4 */
	ck_assert_uint_ge(low, 2000);
	ck_assert_uint_lt(low, 2020);
	ck_assert_uint_gt(high, 2980);
	ck_assert_uint_le(high, 3000);
}
END_TEST

START_TEST(an_ack_ends_the_retransmission)
{
	struct sl_ref ref = acked_request(1, 1, 0);
	struct sl_messages_in in;
	uint16_t id;

	ck_assert_ok(reply(m, ref, "x", 0));
	id = take(m).msg.message_id;
	in = put_empty(2, ACK, id, 10); /* somebody else's */
	ck_assert_int_eq(in.event, SL_MESSAGES_NOTHING);
	in = put_empty(1, ACK, (uint16_t)(id + 1), 10);
	ck_assert_int_eq(in.event, SL_MESSAGES_NOTHING);
	in = put_empty(1, ACK, id, 20);
	ck_assert_int_eq(in.event, SL_MESSAGES_DELIVERED);
	ck_assert_uint_eq(in.ref.slot, ref.slot);
	ck_assert_uint_eq(in.ref.generation, ref.generation);
	ck_assert_ptr_nonnull(sl_messages_peer(m, in.ref));
	ck_assert_int_eq(put_empty(1, ACK, id, 30).event, SL_MESSAGES_NOTHING);
	ck_assert_int_eq(put_empty(1, RST, id, 30).event, SL_MESSAGES_NOTHING);
	sl_messages_on_time(m, 100000);
	expect_nothing(m);
	ck_assert_uint_eq(sl_messages_counts(m).delivered, 1);
	ck_assert_uint_eq(sl_messages_counts(m).reply_bytes, 0);
}
END_TEST

START_TEST(an_ack_before_the_datagram_left_takes_it_back)
{
	struct sl_ref ref = acked_request(1, 1, 0);
	uint16_t id;

	ck_assert_ok(reply(m, ref, "x", 0));
	id = take(m).msg.message_id;
	sl_messages_on_time(m, 3000); /* a copy waits to be sent */
	ck_assert_int_eq(put_empty(1, ACK, id, 3001).event, SL_MESSAGES_DELIVERED);
	expect_nothing(m);
}
END_TEST

START_TEST(a_reset_ends_it_too)
{
	struct sl_ref con = acked_request(1, 1, 0), non = put_request(m, 2, "5001 0001", 0);
	struct sl_messages_in in;
	uint16_t id;
	char bytes[32];

	ck_assert_ok(reply(m, con, "x", 0));
	id = take(m).msg.message_id;
	snprintf(bytes, sizeof bytes, "7045%04x", id);
	ck_assert_int_eq(put(m, 1, bytes, 5).event, SL_MESSAGES_NOTHING); /* a RST is Empty */
	in = put_empty(1, RST, id, 10);
	ck_assert_int_eq(in.event, SL_MESSAGES_REFUSED);
	ck_assert_uint_eq(in.ref.slot, con.slot);
	ck_assert_ok(reply(m, non, "y", 20));
	id = take(m).msg.message_id;
	ck_assert_int_eq(put_empty(2, ACK, id, 30).event, SL_MESSAGES_NOTHING);
	in = put_empty(2, RST, id, 30);
	ck_assert_int_eq(in.event, SL_MESSAGES_REFUSED);
	ck_assert_uint_eq(in.ref.slot, non.slot);
	ck_assert_int_eq(put_empty(2, RST, id, 40).event, SL_MESSAGES_NOTHING);
	ck_assert_uint_eq(sl_messages_counts(m).reset, 2);
	sl_messages_on_time(m, 100000);
	expect_nothing(m);
}
END_TEST

/* Section 4.7: NSTART is 1. */
START_TEST(one_response_under_way_to_each_peer)
{
	struct sl_ref refs[4];
	struct sent sent[4];

	for (unsigned i = 0; i < 3; i++)
		refs[i] = acked_request(1, i, 0);
	refs[3] = acked_request(2, 9, 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_ok(reply(m, refs[i], "x", 100));
	sent[0] = take(m);
	sent[3] = take(m);
	expect_nothing(m);
	ck_assert_uint_eq(sent[0].msg.token[0], 0);
	ck_assert_uint_eq(sent[3].msg.token[0], 9);
	ck_assert_int_eq(
	        put_empty(1, ACK, sent[0].msg.message_id, 200).event, SL_MESSAGES_DELIVERED);
	sent[1] = take(m);
	expect_nothing(m);
	ck_assert_uint_eq(sent[1].msg.token[0], 1);
	ck_assert_int_eq(put_empty(1, RST, sent[1].msg.message_id, 300).event, SL_MESSAGES_REFUSED);
	sent[2] = take(m);
	ck_assert_uint_eq(sent[2].msg.token[0], 2);
	ck_assert_uint_ge(sl_messages_wakeup(m), 2100);
	ck_assert_int_eq(
	        put_empty(1, ACK, sent[2].msg.message_id, 400).event, SL_MESSAGES_DELIVERED);
	expect_nothing(m);
}
END_TEST

START_TEST(a_queue_is_bounded_and_dies_with_its_first)
{
	struct sl_ref refs[17], ref;

	for (unsigned i = 0; i < 17; i++)
		refs[i] = acked_request(1, i, 0);
	ref = acked_request(1, 17, 0);
	for (unsigned i = 0; i < 17; i++)
		ck_assert_ok(reply(m, refs[i], "x", 0));
	take(m);
	ck_assert_err(reply(m, ref, "x", 0), SL_ELIMIT);
	ck_assert_uint_eq(sl_messages_counts(m).running, 1);
	put_request(m, 1, "4101 0005 05 b161", 0); /* ends the one with this ID: room for another */
	ck_assert_ok(reply(m, ref, "x", 0));
	ref = acked_request(1, 18, 0);
	ck_assert_err(reply(m, ref, "x", 0), SL_ELIMIT);
	ck_assert_ok(sl_messages_no_reply(m, ref, 0));
	for (uint64_t now = 0; now <= 93000; now += 500)
		sl_messages_on_time(m, now);
	ck_assert_uint_eq(sl_messages_counts(m).timed_out, 17);
	ck_assert_uint_eq(sl_messages_counts(m).retransmissions, 4);
	ck_assert_uint_eq(sl_messages_counts(m).reply_bytes, 0);
	sl_messages_on_time(m, 247000);
	ck_assert_uint_eq(sl_messages_counts(m).running, 0);
	ref = acked_request(1, 19, 247001);
	ck_assert_ok(reply(m, ref, "x", 247001)); /* and the peer is served again */
	ck_assert_uint_eq(take(m).msg.token[0], 19);
}
END_TEST

/* The same message ID with other bytes ends an exchange wherever it stands in a queue. */
START_TEST(a_queue_survives_the_end_of_any_of_its_members)
{
	struct sl_ref refs[3];
	struct sent sent;
	char bytes[32];

	for (unsigned i = 0; i < 3; i++)
		refs[i] = acked_request(1, i, 0);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ok(reply(m, refs[i], "x", 0));
	sent = take(m);
	ck_assert_uint_eq(sent.msg.token[0], 0);
	snprintf(bytes, sizeof bytes, "4101%04x%02x b161", _i, _i);
	put_request(m, 1, bytes, 1);
	for (int i = 0; i < 3; i++) {
		if (i == _i)
			continue;
		if (i > 0)
			sent = take(m);
		ck_assert_uint_eq(sent.msg.token[0], i);
		ck_assert_int_eq(
		        put_empty(1, ACK, sent.msg.message_id, 2).event, SL_MESSAGES_DELIVERED);
	}
	expect_nothing(m);
	ck_assert_uint_eq(sl_messages_counts(m).reply_bytes, 0);
}
END_TEST

/* T25: slot and generation name an exchange. */
START_TEST(a_late_answer_finds_nothing)
{
	struct sl_messages_config config = wire_config();
	struct sl_messages *small;
	struct sl_ref old, new;

	config.exchanges_max = 1;
	small = wire_new(&config);
	old = put_request(small, 1, "4001 0001", 0);
	new = put_request(small, 2, "4001 0001", 247000);
	ck_assert_uint_eq(old.slot, new.slot);
	ck_assert_uint_ne(old.generation, new.generation);
	ck_assert_err(reply(small, old, "for 1", 247001), SL_ENOTFOUND);
	ck_assert_ptr_null(sl_messages_peer(small, old));
	sl_messages_ack_now(small, old, 247001);
	expect_nothing(small);
	ck_assert_ok(reply(small, new, "x", 247001));
	expect(small, 2, "6045 0001 ff 78");
	sl_messages_free(small);
}
END_TEST

START_TEST(says_when_it_is_full)
{
	struct sl_messages_in in;
	char bytes[16];

	for (unsigned i = 0; i < 64; i++) {
		snprintf(bytes, sizeof bytes, "4001%04x", i);
		put_request(m, 1, bytes, 0);
	}
	in = put(m, 1, "4101 0040 cc b161", 0);
	ck_assert_int_eq(in.event, SL_MESSAGES_FULL);
	ck_assert_uint_eq(in.ref.slot, 0);
	ck_assert_uint_eq(in.request.message_id, 0x40);
	ck_assert_uint_eq(in.request.token[0], 0xcc);
	ck_assert_uint_eq(sl_messages_counts(m).full, 1);
	ck_assert_int_eq(put(m, 1, "4001 0000", 1).event, SL_MESSAGES_NOTHING); /* known still */
	put_request(m, 1, "4101 0000 dd", 2); /* replaces the exchange of its message ID */
	put_request(m, 1, "4101 0040 cc b161", 247000);
	ck_assert_uint_eq(sl_messages_counts(m).running, 2);
}
END_TEST

/* A reply here is 4 + 1 + 1 bytes, or as long as its text asks. */
START_TEST(forgets_the_oldest_reply_beyond_the_budget)
{
	struct sl_messages_config config = wire_config();
	struct sl_messages *small;
	struct sl_ref ref;

	config.reply_bytes_max = 12;
	small = wire_new(&config);
	ck_assert_ok(reply(small, put_request(small, 1, "4001 0001", 0), "1", 0));
	expect(small, 1, "6045 0001 ff 31");
	ck_assert_ok(reply(small, put_request(small, 1, "4001 0002", 0), "2", 0));
	expect(small, 1, "6045 0002 ff 32");
	ck_assert_uint_eq(sl_messages_counts(small).reply_bytes, 12);
	ck_assert_ok(reply(small, put_request(small, 1, "4001 0003", 0), "3", 0));
	expect(small, 1, "6045 0003 ff 33");
	ck_assert_uint_eq(sl_messages_counts(small).reply_bytes, 12);
	ck_assert_uint_eq(sl_messages_counts(small).replies_forgotten, 1);
	put(small, 1, "4001 0001", 1);
	expect(small, 1, "6000 0001");
	put(small, 1, "4001 0002", 1);
	expect(small, 1, "6045 0002 ff 32");
	ref = put_request(small, 1, "4001 0004", 1);
	ck_assert_err(reply(small, ref, "1234567890", 1), SL_ELIMIT);
	ck_assert_uint_eq(sl_messages_counts(small).replies_forgotten, 1);
	ck_assert_ok(reply(small, ref, "1234567", 1)); /* 12: both others leave */
	ck_assert_uint_eq(sl_messages_counts(small).replies_forgotten, 3);
	sl_messages_free(small);
}
END_TEST

START_TEST(never_forgets_what_is_under_way)
{
	struct sl_messages_config config = wire_config();
	struct sl_messages *small;
	struct sl_ref ref, other;

	config.reply_bytes_max = 6;
	small = wire_new(&config);
	ref = put_request(small, 1, "4001 0001", 0);
	sl_messages_ack_now(small, ref, 0);
	ck_assert_ok(reply(small, ref, "x", 0));
	other = put_request(small, 2, "4001 0002", 0);
	ck_assert_err(reply(small, other, "y", 0), SL_ELIMIT);
	sl_messages_on_time(small, 93000);
	sl_messages_free(small); /* with a reply stored */
}
END_TEST

START_TEST(a_reply_fits_a_datagram)
{
	static char big[SL_DATAGRAM_MAX];
	struct sl_coap_msg msg = answer("");
	struct sl_ref ref = put_request(m, 1, "4401 0001 aaaaaaaa", 0);

	msg.payload = sl_span(big, SL_DATAGRAM_MAX - 4 - 4 - 1 + 1);
	ck_assert_err(sl_messages_reply(m, ref, &msg, 0, 1), SL_ESPACE);
	ck_assert_uint_eq(sl_messages_counts(m).running, 1);
	msg.payload.len--;
	ck_assert_ok(sl_messages_reply(m, ref, &msg, 0, 1));
	ck_assert_uint_eq(take(m).bytes.len, SL_DATAGRAM_MAX);
}
END_TEST

/* Also when the exchange that used it has ended before its time. */
START_TEST(a_message_id_is_not_used_again_at_once)
{
	static const char *const requests[] = {"5001 0001", "5101 0001 aa"};
	uint16_t ids[2];

	for (int i = 0; i < 2; i++) {
		ck_assert_ok(reply(m, put_request(m, 1, requests[i], 0), "x", 0));
		ids[i] = take(m).msg.message_id;
	}
	ck_assert_uint_ne(ids[0], ids[1]);
}
END_TEST

/* Section 4.4: no message ID twice within EXCHANGE_LIFETIME; the first one is not foreseeable. */
START_TEST(message_ids_differ)
{
	static uint8_t used[65536];
	struct sl_messages_config config = wire_config();
	struct sl_messages *other;
	uint16_t first, second;
	struct sl_ref ref;

	for (unsigned i = 0; i < 64; i++) {
		char bytes[16];
		struct sent sent;

		snprintf(bytes, sizeof bytes, "5001%04x", i);
		ck_assert_ok(reply(m, put_request(m, 1, bytes, 0), "x", 0));
		sent = take(m);
		ck_assert_msg(!used[sent.msg.message_id], "%04x again", sent.msg.message_id);
		used[sent.msg.message_id] = 1;
	}
	first = 0;
	for (unsigned i = 0; i < 65536; i++)
		first = used[i] ? (uint16_t)i : first;
	config.seed[0] ^= 1;
	other = wire_new(&config);
	ref = put_request(other, 1, "5001 0000", 0);
	ck_assert_ok(reply(other, ref, "x", 0));
	second = take(other).msg.message_id;
	ck_assert_msg(!used[second], "two seeds, one sequence: %04x %04x", first, second);
	sl_messages_free(other);
}
END_TEST

START_TEST(refuses_a_table_without_records)
{
	struct sl_messages_config config = wire_config();
	struct sl_messages *none = NULL;

	config.exchanges_max = 0;
	ck_assert_err(sl_messages_new(&none, &config), SL_ELIMIT);
	config.exchanges_max = UINT32_MAX;
	ck_assert_err(sl_messages_new(&none, &config), SL_ELIMIT);
	ck_assert_ptr_null(none);
	sl_messages_free(NULL);
}
END_TEST

START_TEST(starts_with_the_numbers_of_section_4_8)
{
	struct sl_messages_config config;

	sl_messages_config_init(&config);
	ck_assert_uint_eq(config.ack_timeout_ms, 2000);
	ck_assert_uint_eq(config.ack_random_permille, 1500);
	ck_assert_uint_eq(config.max_retransmit, 4);
	ck_assert_uint_eq(config.exchange_lifetime_ms, 247000);
	ck_assert_uint_eq(config.non_lifetime_ms, 145000);
	ck_assert_uint_eq(config.ack_delay_ms, 500);
	ck_assert_uint_eq(config.exchanges_max, 262144);
	ck_assert_uint_eq(config.reply_bytes_max, 33554432);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/exchanges");
	TCase *tc = tcase_create("exchanges");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, retransmits_as_section_4_8_says);
	tcase_add_test(tc, jitter_fills_the_whole_range);
	tcase_add_test(tc, an_ack_ends_the_retransmission);
	tcase_add_test(tc, an_ack_before_the_datagram_left_takes_it_back);
	tcase_add_test(tc, a_reset_ends_it_too);
	tcase_add_test(tc, one_response_under_way_to_each_peer);
	tcase_add_test(tc, a_queue_is_bounded_and_dies_with_its_first);
	tcase_add_loop_test(tc, a_queue_survives_the_end_of_any_of_its_members, 0, 3);
	tcase_add_test(tc, a_late_answer_finds_nothing);
	tcase_add_test(tc, says_when_it_is_full);
	tcase_add_test(tc, forgets_the_oldest_reply_beyond_the_budget);
	tcase_add_test(tc, never_forgets_what_is_under_way);
	tcase_add_test(tc, a_reply_fits_a_datagram);
	tcase_add_test(tc, message_ids_differ);
	tcase_add_test(tc, a_message_id_is_not_used_again_at_once);
	tcase_add_test(tc, refuses_a_table_without_records);
	tcase_add_test(tc, starts_with_the_numbers_of_section_4_8);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
