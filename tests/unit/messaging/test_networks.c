/* SPDX-License-Identifier: BSD-2-Clause
 * Quotas per network: at the limit and one beyond it, who gives way to whom, and that nothing of one network is
 * ever given up for another one. */
#include "wire.h"

#include <sl/draw.h>
#include <stdio.h>

static struct sl_messages *m;

static void
open_with(uint32_t exchanges, uint32_t per_network, uint64_t replies, uint64_t replies_per_network)
{
	struct sl_messages_config config = wire_config();

	config.exchanges_max = exchanges;
	config.exchanges_per_network = per_network;
	config.reply_bytes_max = replies;
	config.reply_bytes_per_network = replies_per_network;
	m = wire_new(&config);
}

static struct sl_messages_in
ask_from(uint64_t network, unsigned peer, uint16_t message_id, uint64_t now_ms)
{
	struct sl_peer from = peer_of(peer);
	struct sl_messages_in in;
	char bytes[16];

	from.network = network;
	snprintf(bytes, sizeof bytes, "4001%04x", message_id);
	sl_messages_on_datagram(m, &from, hex(bytes), now_ms, &in);
	return in;
}

static struct sl_ref
request_from(uint64_t network, unsigned peer, uint64_t now_ms)
{
	struct sl_messages_in in = ask_from(network, peer, 1, now_ms);

	ck_assert_int_eq(in.event, SL_MESSAGES_REQUEST);
	return in.ref;
}

START_TEST(the_quota_ends_at_its_number)
{
	open_with(16, 3, 10000, 0);
	for (unsigned i = 0; i < 3; i++)
		request_from(7, i, 0);
	ck_assert_int_eq(ask_from(7, 3, 1, 0).event, SL_MESSAGES_FULL);
	ck_assert(ask_from(7, 3, 1, 0).is_over_quota);
	ck_assert_uint_eq(sl_messages_counts(m).over_quota, 2);
	ck_assert_uint_eq(sl_messages_counts(m).full, 0);
	request_from(8, 4, 0); /* another network */
	for (unsigned i = 5; i < 13; i++)
		request_from(0, i, 0); /* no quota */
	ck_assert_uint_eq(sl_messages_counts(m).networks, 2);
	ck_assert_int_eq(
	        ask_from(7, 0, 1, 0).event, SL_MESSAGES_NOTHING); /* a duplicate is known */
	sl_messages_free(m);
}
END_TEST

START_TEST(a_full_table_is_not_over_quota)
{
	open_with(2, 2, 10000, 0);
	request_from(7, 0, 0);
	request_from(8, 1, 0);
	ck_assert_int_eq(ask_from(7, 3, 1, 0).event, SL_MESSAGES_FULL);
	ck_assert(!ask_from(7, 3, 1, 0).is_over_quota);
	ck_assert_uint_eq(sl_messages_counts(m).full, 2);
	sl_messages_free(m);
}
END_TEST

/* Beyond the quota the network's own harmless record gives way, although an older one of others exists. */
START_TEST(a_network_gives_way_to_itself)
{
	struct sl_ref ref;

	open_with(16, 2, 10000, 0);
	for (unsigned i = 0; i < 4; i++) {
		ref = request_from(i < 2 ? 8 : 7, i, i);
		ck_assert_ok(reply(m, ref, "x", i));
		sl_messages_may_yield(m, ref);
		take(m);
	}
	request_from(7, 4, 5);
	ck_assert_int_eq(ask_from(8, 0, 1, 6).event, SL_MESSAGES_NOTHING); /* remembered */
	ck_assert_int_eq(ask_from(8, 1, 1, 6).event, SL_MESSAGES_NOTHING);
	ck_assert_int_eq(ask_from(7, 3, 1, 6).event, SL_MESSAGES_NOTHING);
	for (unsigned i = 0; i < 3; i++)
		take(m); /* the copies */
	/* the oldest of its own gave way, and what is left waits for its answer */
	ck_assert_int_eq(ask_from(7, 2, 1, 6).event, SL_MESSAGES_REQUEST);
	ck_assert_int_eq(ask_from(7, 5, 1, 7).event, SL_MESSAGES_FULL);
	sl_messages_free(m);
}
END_TEST

START_TEST(what_waits_to_leave_does_not_give_way)
{
	struct sl_ref ref;

	open_with(16, 1, 10000, 0);
	ref = request_from(7, 0, 0);
	ck_assert_ok(reply(m, ref, "x", 0));
	sl_messages_may_yield(m, ref);
	ck_assert_int_eq(ask_from(7, 1, 1, 0).event, SL_MESSAGES_FULL);
	take(m);
	request_from(7, 1, 0);
	sl_messages_free(m);
}
END_TEST

START_TEST(time_gives_the_quota_back)
{
	struct sl_messages_in in;

	open_with(16, 2, 10000, 0);
	request_from(7, 0, 0);
	request_from(7, 1, 1000);
	ck_assert_int_eq(ask_from(7, 2, 1, 246999).event, SL_MESSAGES_FULL);
	request_from(7, 2, 247000);
	in = ask_from(7, 3, 1, 247000);
	ck_assert_int_eq(in.event, SL_MESSAGES_FULL);
	sl_messages_on_time(m, 247000 + 247000);
	ck_assert_uint_eq(sl_messages_counts(m).networks, 0);
	ck_assert_uint_eq(sl_messages_counts(m).remembered, 0);
	sl_messages_free(m);
}
END_TEST

/* A reply "x" of 2.05 is 6 bytes: header, payload marker, payload. */
static void
answer_from(uint64_t network, unsigned peer, uint64_t now_ms)
{
	ck_assert_ok(reply(m, request_from(network, peer, now_ms), "x", now_ms));
	take(m);
}

/* The stored answer, or the empty ACK when it was forgotten. */
static size_t
length_of_copy(uint64_t network, unsigned peer, uint64_t now_ms)
{
	ck_assert_int_eq(ask_from(network, peer, 1, now_ms).event, SL_MESSAGES_NOTHING);
	return take(m).bytes.len;
}

START_TEST(replies_have_a_quota_of_bytes)
{
	open_with(64, 0, 600, 12);
	answer_from(8, 0, 0);
	answer_from(7, 1, 1);
	answer_from(7, 2, 2);
	ck_assert_uint_eq(sl_messages_counts(m).replies_forgotten, 0);
	answer_from(7, 3, 3);
	ck_assert_uint_eq(sl_messages_counts(m).replies_forgotten, 1);
	ck_assert_uint_eq(length_of_copy(8, 0, 4), 6);
	ck_assert_uint_eq(length_of_copy(7, 1, 4), 4);
	ck_assert_uint_eq(length_of_copy(7, 2, 4), 6);
	ck_assert_uint_eq(length_of_copy(7, 3, 4), 6);
	ck_assert_err(reply(m, request_from(7, 9, 4), "twelve bytes", 4), SL_ELIMIT);
	sl_messages_free(m);
}
END_TEST

/* T26: one network floods; of the others every record and every reply is there at the end. */
START_TEST(a_flood_takes_nothing_from_others)
{
	unsigned rounds = test_rounds(30000, 1000000), lost = 0, replies_lost = 0;
	struct sl_draw draw = sl_draw_from((const uint8_t[16]){26});

	open_with(4096, 512, 64 * 1024, 8 * 1024);
	for (unsigned i = 0; i < 1000; i++)
		answer_from(100 + i % 250, i, 0);
	for (unsigned i = 0; i < rounds; i++) {
		unsigned peer = 5000 + sl_draw_between(&draw, 0, 60000);
		struct sl_messages_in in =
		        ask_from(7, peer, (uint16_t)sl_draw_next(&draw), 1 + i / 1000);

		if (in.event == SL_MESSAGES_REQUEST && i % 3 != 0)
			ck_assert_ok(reply(m, in.ref, "flood", 1 + i / 1000));
		if (in.event == SL_MESSAGES_REQUEST && i % 2 == 0)
			sl_messages_may_yield(m, in.ref);
		for (struct sl_datagram_out out; sl_messages_next(m, &out);)
			;
	}
	for (unsigned i = 0; i < 1000; i++) {
		lost += ask_from(100 + i % 250, i, 1, 1000).event != SL_MESSAGES_NOTHING;
		replies_lost += take(m).bytes.len != 6;
	}
	printf("T26.entries-lost-to-a-flood %u 0 %s 26\n", lost + replies_lost,
	        lost + replies_lost == 0 ? "PASS" : "FAIL");
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_eq(replies_lost, 0);
	sl_messages_free(m);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("networks");
	TCase *tc = tcase_create("networks");

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, the_quota_ends_at_its_number);
	tcase_add_test(tc, a_full_table_is_not_over_quota);
	tcase_add_test(tc, a_network_gives_way_to_itself);
	tcase_add_test(tc, what_waits_to_leave_does_not_give_way);
	tcase_add_test(tc, time_gives_the_quota_back);
	tcase_add_test(tc, replies_have_a_quota_of_bytes);
	tcase_add_test(tc, a_flood_takes_nothing_from_others);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
