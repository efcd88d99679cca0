/* SPDX-License-Identifier: BSD-2-Clause
 * The token bucket: one more and one less, sources that share and that do not, time that passes. */
#include <support.h>

#include "admission.h"

static const uint8_t key[SL_SIPHASH_KEY_LEN] = {7};
static struct admission admission;

static struct address
source(const char *text)
{
	struct address a;

	ck_assert_ok(address_parse_host(&a, text));
	return a;
}

static unsigned
take_all(const char *text, uint64_t now_ms)
{
	struct address a = source(text);
	unsigned count = 0;

	while (admission_take(&admission, &a, now_ms))
		ck_assert_uint_lt(++count, 100000);
	return count;
}

START_TEST(burst_then_rate)
{
	admission_init(&admission, 10, 20, key);
	ck_assert_uint_eq(take_all("192.0.2.1", 5000), 20);
	ck_assert_uint_eq(take_all("192.0.2.1", 5099), 0);
	ck_assert_uint_eq(take_all("192.0.2.1", 5100), 1);
	ck_assert_uint_eq(take_all("192.0.2.1", 6100), 10);
	ck_assert_uint_eq(take_all("192.0.2.1", 60000), 20);
	ck_assert_uint_eq(take_all("192.0.2.1", UINT64_MAX - 1), 20);
}
END_TEST

START_TEST(parts_of_a_token_add_up)
{
	struct address a = source("192.0.2.1");
	unsigned count = 0;

	admission_init(&admission, 3, 1, key);
	ck_assert(admission_take(&admission, &a, 0));
	ck_assert(!admission_take(&admission, &a, 100));
	ck_assert(!admission_take(&admission, &a, 333)); /* 999 thousandths */
	ck_assert(admission_take(&admission, &a, 334));
	for (uint64_t now = 335; now <= 10000; now++)
		count += admission_take(&admission, &a, now);
	ck_assert_uint_eq(count, 9666 / 334); /* each begins anew: the bucket holds one */
}
END_TEST

START_TEST(sources_are_ipv4_addresses_and_ipv6_networks)
{
	admission_init(&admission, 1, 5, key);
	ck_assert_uint_eq(take_all("192.0.2.1", 0), 5);
	ck_assert_uint_eq(take_all("192.0.2.2", 0), 5);
	ck_assert_uint_eq(take_all("2001:db8:0:1::1", 0), 5);
	ck_assert_uint_eq(take_all("2001:db8:0:1:ffff::2", 0), 0);
	ck_assert_uint_eq(take_all("2001:db8:0:2::1", 0), 5);
}
END_TEST

START_TEST(zero_is_no_limit)
{
	struct address a = source("192.0.2.1");

	admission_init(&admission, 0, 1, key);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert(admission_take(&admission, &a, 0));
}
END_TEST

START_TEST(many_sources_push_out_the_silent_one)
{
	admission_init(&admission, 1, 5, key);
	ck_assert_uint_eq(take_all("192.0.2.1", 0), 5);
	for (unsigned i = 0; i < 10 * ADMISSION_SLOTS; i++) {
		uint8_t bytes[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		struct address a = address_from_bytes(bytes, false, 0);

		ck_assert(admission_take(&admission, &a, 1 + i / 100));
	}
	ck_assert_uint_eq(take_all("192.0.2.1", 500), 5);
}
END_TEST

static Suite *
admission_suite(void)
{
	Suite *s = suite_create("proxy admission");
	TCase *t = tcase_create("bucket");

	tcase_add_test(t, burst_then_rate);
	tcase_add_test(t, parts_of_a_token_add_up);
	tcase_add_test(t, sources_are_ipv4_addresses_and_ipv6_networks);
	tcase_add_test(t, zero_is_no_limit);
	tcase_add_test(t, many_sources_push_out_the_silent_one);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(admission_suite());
}
