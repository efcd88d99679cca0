/* SPDX-License-Identifier: BSD-2-Clause
 * A full table: which records give way to a new request, and which never do (RFC 7252 section 4.5). */
#include "wire.h"

#include <stdio.h>

static struct sl_messages *m;

static void
setup(void)
{
	struct sl_messages_config config = wire_config();

	config.exchanges_max = 4;
	m = wire_new(&config);
}

static void
teardown(void)
{
	sl_messages_free(m);
}

static struct sl_ref
request(unsigned peer, uint64_t now_ms)
{
	char bytes[16];

	snprintf(bytes, sizeof bytes, "4001%04x", peer);
	return put_request(m, peer, bytes, now_ms);
}

/* Asks, gets an answer that may be given anew, and takes it. */
static void
harmless(unsigned peer, uint64_t now_ms)
{
	struct sl_ref ref = request(peer, now_ms);

	ck_assert_ok(reply(m, ref, "x", now_ms));
	sl_messages_may_yield(m, ref);
	take(m);
}

START_TEST(the_oldest_harmless_record_gives_way)
{
	struct sl_ref waits = request(1, 0), done = request(2, 0);

	ck_assert_ok(reply(m, done, "done", 0));
	take(m);
	harmless(3, 1);
	harmless(4, 2);
	ck_assert_uint_eq(sl_messages_counts(m).yielding, 2);
	harmless(5, 3);
	ck_assert_uint_eq(sl_messages_counts(m).yielding, 2);
	ck_assert_int_eq(put(m, 3, "40010003", 4).event, SL_MESSAGES_REQUEST); /* forgotten */
	ck_assert_int_eq(put(m, 5, "40010005", 4).event, SL_MESSAGES_NOTHING); /* a duplicate */
	expect(m, 5, "6045 0005 ff 78");
	ck_assert_int_eq(put(m, 2, "40010002", 4).event, SL_MESSAGES_NOTHING);
	expect(m, 2, "6045 0002 ff 646f6e65");
	ck_assert_ok(reply(m, waits, "late", 4));
	expect(m, 1, "6045 0001 ff 6c617465");
	ck_assert_uint_eq(sl_messages_counts(m).full, 0);
}
END_TEST

/* While there is room everything is remembered. */
START_TEST(nobody_gives_way_before_the_table_is_full)
{
	for (unsigned i = 1; i <= 4; i++)
		harmless(i, 0);
	for (unsigned i = 1; i <= 4; i++) {
		char bytes[16];

		snprintf(bytes, sizeof bytes, "4001%04x", i);
		ck_assert_int_eq(put(m, i, bytes, 1).event, SL_MESSAGES_NOTHING);
		take(m);
	}
	expect_nothing(m);
}
END_TEST

/* A flood of what may be asked again takes no more records than that, though the table is not full. */
START_TEST(so_many_give_way_and_no_more)
{
	struct sl_messages_config config;

	sl_messages_free(m);
	sl_messages_config_init(&config);
	ck_assert_uint_eq(config.yielding_max, 8192);
	config.exchanges_max = 64;
	config.yielding_max = 3;
	ck_assert_ok(sl_messages_new(&m, &config));
	request(100, 0);
	for (unsigned i = 1; i <= 20; i++) {
		harmless(i, 0);
		ck_assert_uint_eq(sl_messages_counts(m).yielding, i < 3 ? i : 3);
	}
	ck_assert_uint_eq(sl_messages_counts(m).running, 1);
	ck_assert_int_eq(
	        put(m, 17, "40010011", 1).event, SL_MESSAGES_REQUEST); /* forgotten: asked anew */
	ck_assert_int_eq(put(m, 20, "40010014", 1).event, SL_MESSAGES_NOTHING); /* a duplicate */
}
END_TEST

/* What waits, what is under way as a message of its own, and what was not sent yet stays. */
START_TEST(some_records_never_give_way)
{
	struct sl_ref waits = request(1, 0), separate = request(2, 0), unsent = request(3, 0);

	sl_messages_may_yield(m, waits);
	sl_messages_ack_now(m, separate, 0);
	take(m);
	ck_assert_ok(reply(m, separate, "x", 0));
	take(m);
	sl_messages_may_yield(m, separate);
	ck_assert_uint_eq(sl_messages_counts(m).yielding, 0);
	ck_assert_ok(reply(m, unsent, "x", 0));
	sl_messages_may_yield(m, unsent);
	sl_messages_may_yield(m, unsent);
	ck_assert_uint_eq(sl_messages_counts(m).yielding, 1);
	request(4, 0);
	ck_assert_int_eq(put(m, 5, "40010005", 0).event, SL_MESSAGES_FULL);
	expect(m, 3, "6045 0003 ff 78");
	ck_assert_int_eq(put(m, 5, "40010005", 0).event, SL_MESSAGES_REQUEST);
	ck_assert_uint_eq(sl_messages_counts(m).yielding, 0);
}
END_TEST

START_TEST(a_harmless_record_ends_with_its_time)
{
	harmless(1, 0);
	sl_messages_on_time(m, 247000);
	ck_assert_uint_eq(sl_messages_counts(m).yielding, 0);
	ck_assert_uint_eq(sl_messages_counts(m).remembered, 0);
	for (unsigned i = 1; i <= 9; i++)
		harmless(i, 247000 + i);
	ck_assert_uint_eq(sl_messages_counts(m).remembered, 4);
}
END_TEST

/* An answer that was not acknowledged yet is under way. */
START_TEST(tells_how_many_owe_an_ack)
{
	struct sl_ref ref = request(1, 0);
	struct sent sent;
	char bytes[16];

	sl_messages_ack_now(m, ref, 0);
	take(m);
	ck_assert_uint_eq(sl_messages_counts(m).unconfirmed, 0);
	ck_assert_ok(reply(m, ref, "x", 0));
	ck_assert_uint_eq(sl_messages_counts(m).unconfirmed, 1);
	sent = take(m);
	snprintf(bytes, sizeof bytes, "6000%04x", sent.msg.message_id);
	ck_assert_int_eq(put(m, 1, bytes, 1).event, SL_MESSAGES_DELIVERED);
	ck_assert_uint_eq(sl_messages_counts(m).unconfirmed, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/yield");
	TCase *tc = tcase_create("yield");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_oldest_harmless_record_gives_way);
	tcase_add_test(tc, nobody_gives_way_before_the_table_is_full);
	tcase_add_test(tc, so_many_give_way_and_no_more);
	tcase_add_test(tc, some_records_never_give_way);
	tcase_add_test(tc, a_harmless_record_ends_with_its_time);
	tcase_add_test(tc, tells_how_many_owe_an_ack);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
