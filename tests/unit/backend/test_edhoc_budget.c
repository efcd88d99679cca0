/* SPDX-License-Identifier: BSD-2-Clause
 * The crypto budget: so many microseconds a millisecond, one second's worth at most, a quarter for message_3. */
#include "support.h"

#include "edhoc_budget.h"

static struct edhoc_budget b;

/* 25 % of a core: 250 ms of work in a second; 62.5 ms of them are kept. */
START_TEST(it_begins_full)
{
	edhoc_budget_init(&b, 25, 1000);
	ck_assert_int_eq(b.level_us, 250000);
	ck_assert(edhoc_budget_allows(&b, false, 1000));
	edhoc_budget_charge(&b, 187499);
	ck_assert(edhoc_budget_allows(&b, false, 1000));
	edhoc_budget_charge(&b, 1);
	ck_assert(!edhoc_budget_allows(&b, false, 1000));
	ck_assert(edhoc_budget_allows(&b, true, 1000));
	edhoc_budget_charge(&b, 62500);
	ck_assert(!edhoc_budget_allows(&b, true, 1000));
}
END_TEST

START_TEST(it_fills_with_time)
{
	edhoc_budget_init(&b, 25, 0);
	edhoc_budget_charge(&b, 250000);
	ck_assert(!edhoc_budget_allows(&b, true, 0));
	ck_assert(edhoc_budget_allows(&b, true, 1)); /* 250 us */
	ck_assert(!edhoc_budget_allows(&b, false, 250));
	ck_assert(edhoc_budget_allows(&b, false, 251));
	ck_assert(edhoc_budget_allows(&b, false, 1000));
	ck_assert_int_eq(b.level_us, 250000);
	ck_assert(edhoc_budget_allows(&b, false, UINT64_MAX));
	ck_assert_int_eq(b.level_us, 250000);
}
END_TEST

START_TEST(debt_is_paid_first)
{
	edhoc_budget_init(&b, 1, 0); /* 10 us a ms, 10 ms at most */
	edhoc_budget_charge(&b, 5000);
	edhoc_budget_charge(&b, UINT64_MAX); /* counts as 10 ms */
	ck_assert_int_eq(b.level_us, -5000);
	ck_assert(!edhoc_budget_allows(&b, true, 500));
	ck_assert(edhoc_budget_allows(&b, true, 501));
}
END_TEST

START_TEST(a_clock_that_stands_fills_nothing)
{
	edhoc_budget_init(&b, 100, 5000);
	edhoc_budget_charge(&b, 1000000);
	ck_assert(!edhoc_budget_allows(&b, true, 5000));
	ck_assert(!edhoc_budget_allows(&b, true, 4000));
	ck_assert(edhoc_budget_allows(&b, true, 5001));
	ck_assert_int_eq(b.level_us, 1000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/edhoc_budget");
	TCase *t = tcase_create("edhoc_budget");

	tcase_add_test(t, it_begins_full);
	tcase_add_test(t, it_fills_with_time);
	tcase_add_test(t, debt_is_paid_first);
	tcase_add_test(t, a_clock_that_stands_fills_nothing);
	suite_add_tcase(s, t);
	return run_suite(s);
}
