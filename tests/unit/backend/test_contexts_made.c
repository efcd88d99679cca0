/* SPDX-License-Identifier: BSD-2-Clause
 * Contexts out of EDHOC: they live in memory, for their time, as many as there is room for, and their kids rest before
 * they are given again. */
#include "contexts_made_shared.h"

#define DAY_MS  UINT64_C(86400000)
#define HOUR_MS UINT64_C(3600000)

static void
use(unsigned kid, uint64_t now_ms)
{
	struct context *ctx = hold(kid, now_ms);

	ck_assert_ptr_nonnull(ctx);
	contexts_used(c, ctx, now_ms);
	contexts_release(c, ctx);
}

START_TEST(a_new_one_is_found_and_ready)
{
	struct context *ctx;

	load(10);
	ck_assert_int_eq(add(1, 1, 1000), -1);
	ck_assert_int_eq(add(2, 2, 1000), -2);
	ctx = hold(1, 1000);
	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(ctx->id, -1);
	ck_assert_str_eq(ctx->identity, "device-1");
	ck_assert_str_eq(ctx->profile, "default");
	ck_assert_uint_eq(ctx->functions, 5);
	ck_assert(sl_span_equal_text(contexts_binding(ctx), "binds"));
	ck_assert(!ctx->oscore.window.is_lost);
	ck_assert_uint_eq(ctx->oscore.ssn, 0);
	ck_assert_uint_eq(ctx->oscore.ssn_limit, SL_OSCORE_SSN_END);
	ck_assert_ok(contexts_reserve(c, ctx));
	ctx->oscore.ssn = SL_OSCORE_SSN_END;
	ck_assert_err(contexts_reserve(c, ctx), SL_ELIMIT);
	contexts_release(c, ctx);
	ck_counts(2, 2, 0);
}
END_TEST

/* A restart forgets them: that is how a nonce is never used twice. */
START_TEST(the_store_never_hears_of_them)
{
	load(10);
	add(1, 1, 1000);
	use(1, 1000);
	contexts_free(c);
	load(10);
	ck_assert_int_eq(find(1, 1000), 0);
	ck_assert(!has_kid(1, 1000));
}
END_TEST

START_TEST(they_have_a_life_and_an_idle_time)
{
	uint64_t now_ms;

	load(10);
	add(1, 1, 0);
	add(2, 2, 0);
	ck_assert_int_eq(find(1, 7 * DAY_MS - 1), -1);
	ck_assert_int_eq(find(1, 7 * DAY_MS), 0); /* to be found is not to be used */
	for (now_ms = 0; now_ms < 30 * DAY_MS; now_ms += DAY_MS)
		use(2, now_ms);
	ck_assert_int_eq(find(2, 30 * DAY_MS - 1), -2);
	ck_assert_int_eq(find(2, 30 * DAY_MS), 0);
	ck_counts(0, 0, 2);
}
END_TEST

START_TEST(a_kid_rests_before_it_comes_again)
{
	int64_t id;

	load(10);
	add(1, 1, 0);
	ck_assert(has_kid(1, 1000));
	ck_assert_err(try_add(1, 2, 1000, &id), SL_EREPLAY);
	ck_assert_int_eq(find(1, 7 * DAY_MS), 0);
	ck_assert(has_kid(1, 7 * DAY_MS + 299999));
	ck_assert_err(try_add(1, 2, 7 * DAY_MS + 299999, &id), SL_EREPLAY);
	ck_assert_int_eq(find(1, 7 * DAY_MS + 299999), 0);
	ck_assert(!has_kid(1, 7 * DAY_MS + 300000)); /* 300 s */
	ck_assert_int_eq(add(1, 2, 7 * DAY_MS + 300000), -2);
	ck_assert(!has_kid(3, 0));
}
END_TEST

/* A device that lost the answer to its message_3 still has its old context. */
START_TEST(older_ones_stay_until_the_new_one_is_used)
{
	load(10);
	add(1, 1, 0);
	use(1, 10);
	add(2, 2, 0); /* another device */
	add(3, 1, 20);
	ck_assert_int_eq(find(1, 30), -1);
	ck_assert_int_eq(find(3, 30), -3);
	use(1, 40);
	ck_assert_int_eq(find(3, 40), -3); /* the older one ends nothing */
	use(3, 50);
	ck_assert_int_eq(find(1, 50), 0);
	ck_assert_int_eq(find(2, 50), -2);
	ck_assert_int_eq(find(3, 50), -3);
	ck_counts(2, 1, 1);
}
END_TEST

/* Late requests in the old one do not take the new one away. */
START_TEST(the_first_use_of_an_older_one_ends_no_newer)
{
	load(10);
	add(1, 1, 0);
	add(2, 1, 0);
	add(3, 1, 0);
	use(2, 10);
	ck_assert_int_eq(find(1, 10), 0);
	ck_assert_int_eq(find(2, 10), -2);
	ck_assert_int_eq(find(3, 10), -3);
}
END_TEST

START_TEST(a_credential_has_four_at_most)
{
	unsigned n;

	load(100);
	add(1, 1, 0);
	use(1, 0);
	for (n = 2; n < 20; n++)
		add(n, 1, n);
	ck_assert_int_eq(find(1, 20), -1); /* the one that is used stays */
	ck_assert_int_eq(find(16, 20), 0);
	for (n = 17; n < 20; n++)
		ck_assert_int_eq(find(n, 20), -(int64_t)n);
	ck_counts(4, 3, 15);
}
END_TEST

/* T33 */
START_TEST(a_full_table_gives_up_those_never_used)
{
	unsigned max = 200, n, served = 0;

	load(max);
	for (n = 0; n < max; n++) {
		add(n, (uint8_t)n, n);
		if (n % 2 == 0)
			use(n, n);
	}
	for (n = max; n < max + max / 10; n++) /* 10 % more */
		add(n, (uint8_t)n, n);
	for (n = 0; n < max; n += 2)
		served += find(n, 500) != 0;
	ck_assert_uint_eq(served, max / 2); /* the active ones work */
	ck_assert_int_eq(find(1, 500), 0);  /* the oldest went first */
	ck_assert_int_ne(find(max - 1, 500), 0);
	ck_counts(max, max / 2, max / 10);
	printf("T33 %u of %u active contexts work in a table filled to 110 %% PASS\n", served,
	        max / 2);
}
END_TEST

START_TEST(who_was_silent_for_an_hour_makes_room)
{
	int64_t id;

	load(2);
	add(1, 1, 0);
	add(2, 2, 0);
	use(1, 1000);
	use(2, 2000);
	ck_assert_err(try_add(3, 3, HOUR_MS + 999, &id), SL_ELIMIT);
	ck_assert_int_eq(add(3, 3, HOUR_MS + 1000), -3);
	ck_assert_int_eq(find(1, HOUR_MS + 1000), 0);
	ck_assert_int_eq(find(2, HOUR_MS + 1000), -2);
}
END_TEST

/* Memory of what is gone is bounded too. */
START_TEST(quarantine_is_no_larger_than_the_table)
{
	unsigned n;

	load(10);
	for (n = 0; n < 100; n++)
		add(n, (uint8_t)n, 1000);
	ck_assert(!has_kid(0, 1000));
	ck_assert_uint_le(contexts_counts(c).quarantined, 11);
	ck_counts(10, 10, contexts_counts(c).quarantined);
}
END_TEST

START_TEST(who_is_held_stays_whole)
{
	struct context *ctx;
	unsigned n;

	load(2);
	add(1, 1, 0);
	ctx = hold(1, 0);
	for (n = 2; n < 20; n++)
		add(n, (uint8_t)n, 1000000 * n);
	ck_assert_int_eq(find(1, 20000000), 0);
	ck_assert(atomic_load(&ctx->is_disabled));
	ck_assert_uint_gt(ctx->oscore.recipient_key.len, 0);
	ck_assert(sl_span_equal_text(contexts_binding(ctx), "binds"));
	contexts_used(c, ctx, 20000000); /* too late to matter */
	ck_assert_int_eq(find(1, 20000000), 0);
	contexts_release(c, ctx);
}
END_TEST

START_TEST(the_end_wipes)
{
	struct context *ctx;
	static const struct sl_key none;

	load(1);
	add(1, 1, 0);
	ctx = hold(1, 0);
	contexts_release(c, ctx);
	add(2, 2, 0); /* the first one rests now, and its memory is ours to look at */
	ck_assert(ctx->is_gone);
	ck_assert_int_eq(memcmp(&ctx->oscore.sender_key, &none, sizeof none), 0);
	ck_assert_int_eq(memcmp(&ctx->oscore.recipient_key, &none, sizeof none), 0);
	ck_assert_uint_eq(contexts_binding(ctx).len, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/contexts_made");
	TCase *t = tcase_create("contexts_made");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_new_one_is_found_and_ready);
	tcase_add_test(t, the_store_never_hears_of_them);
	tcase_add_test(t, they_have_a_life_and_an_idle_time);
	tcase_add_test(t, a_kid_rests_before_it_comes_again);
	tcase_add_test(t, older_ones_stay_until_the_new_one_is_used);
	tcase_add_test(t, the_first_use_of_an_older_one_ends_no_newer);
	tcase_add_test(t, a_credential_has_four_at_most);
	tcase_add_test(t, a_full_table_gives_up_those_never_used);
	tcase_add_test(t, who_was_silent_for_an_hour_makes_room);
	tcase_add_test(t, quarantine_is_no_larger_than_the_table);
	tcase_add_test(t, who_is_held_stays_whole);
	tcase_add_test(t, the_end_wipes);
	suite_add_tcase(s, t);
	return run_suite(s);
}
