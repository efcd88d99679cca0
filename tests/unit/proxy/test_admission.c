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

START_TEST(one_bucket_for_all)
{
	struct bucket b;

	bucket_init(&b, 4, 1000);
	ck_assert(bucket_is_half_full(&b, 5000));
	for (int i = 0; i < 4; i++) {
		ck_assert(bucket_has_one(&b, 5000));
		ck_assert_int_eq(bucket_is_half_full(&b, 5000), i <= 2);
		bucket_take(&b);
	}
	ck_assert(!bucket_has_one(&b, 5000) && !bucket_has_one(&b, 5249));
	ck_assert(bucket_has_one(&b, 5250)); /* a quarter of the period brings one of four */
	bucket_take(&b);
	ck_assert(!bucket_is_half_full(&b, 5749) && bucket_is_half_full(&b, 5750));
	for (int i = 0; i < 2; i++)
		bucket_take(&b);
	ck_assert(!bucket_has_one(&b, 5750) && bucket_is_half_full(&b, UINT64_MAX));
	for (int i = 0; i < 4; i++, bucket_take(&b))
		ck_assert(bucket_has_one(&b, UINT64_MAX)); /* never more than its capacity */
	ck_assert(!bucket_has_one(&b, UINT64_MAX));
}
END_TEST

START_TEST(a_bucket_of_nothing_is_never_empty)
{
	struct bucket b;

	bucket_init(&b, 0, 1000);
	for (int i = 0; i < 100; i++, bucket_take(&b))
		ck_assert(bucket_has_one(&b, 1) && bucket_is_half_full(&b, 1));
}
END_TEST

/* One address of a prefix after the other takes all it gets; together they get what the prefix has. */
static const struct ladder_row {
	const char *because, *first;
	size_t byte;            /* of the address, counted up from source to source */
	unsigned sources, want; /* in bursts of one address */
} ladder[] = {
        {"one IPv4 address has one burst", "198.51.100.1", 3, 1, 1},
        {"two IPv4 addresses have two", "198.51.100.1", 3, 2, 2},
        {"an IPv4 /24 has 32", "198.51.100.1", 3, 32, 32},
        {"an IPv4 /24 has 32, not 33", "198.51.100.1", 3, 33, 32},
        {"another IPv4 /24 has its own 32", "198.51.1.1", 2, 33, 33},
        {"an IPv6 /64 has 2", "2001:db8:1:2::1", 15, 9, 2},
        {"an IPv6 /56 has 8", "2001:db8:1:2::1", 7, 4, 8},
        {"an IPv6 /56 has 8, not 10", "2001:db8:1:2::1", 7, 5, 8},
        {"an IPv6 /48 has 32", "2001:db8:1:2::1", 6, 16, 32},
        {"an IPv6 /48 has 32, not 34", "2001:db8:1:2::1", 6, 17, 32},
        {"another IPv6 /48 has its own 32", "2001:db8:1:2::1", 5, 17, 34},
};

START_TEST(prefixes_share_what_they_have)
{
	const struct ladder_row *row = &ladder[_i];
	struct address a = source(row->first);
	unsigned got = 0;

	admission_init(&admission, 1, 5, key);
	for (unsigned i = 0; i < row->sources; i++, a.bytes[row->byte]++)
		while (admission_take(&admission, &a, 0))
			got++;
	printf("T8.ladder-%d %u %u %s -\n", _i, got, row->want * 5,
	        got == row->want * 5 ? "PASS" : "FAIL");
	ck_assert_msg(got == row->want * 5, "%u, although %s", got, row->because);
}
END_TEST

/* 32 tokens of the /24 are the last step but one: the 256 of the /16 need eight /24s. */
START_TEST(an_ipv4_16_has_256)
{
	unsigned got = 0;

	admission_init(&admission, 1, 5, key);
	for (unsigned i = 0; i < 300; i++) {
		uint8_t bytes[4] = {198, 51, (uint8_t)(i / 30), (uint8_t)(i % 30)};
		struct address a = address_from_bytes(bytes, false, 0);

		while (admission_take(&admission, &a, 0))
			got++;
	}
	ck_assert_uint_eq(got, 256 * 5);
}
END_TEST

/* The rate of a prefix, by the clock: a /24 of 64 sources at 1 a second gets 32 a second. */
START_TEST(a_prefix_has_its_rate)
{
	unsigned got = 0;

	admission_init(&admission, 1, 1, key);
	for (uint64_t now = 0; now <= 100000; now += 10)
		for (uint8_t i = 0; i < 64; i++) {
			const uint8_t bytes[4] = {198, 51, 100, i};
			struct address a = address_from_bytes(bytes, false, 0);

			got += admission_take(&admission, &a, now);
		}
	ck_assert_uint_ge(got, 32 + 3200 - 32);
	ck_assert_uint_le(got, 32 + 3200);
}
END_TEST

/* A source that has used up its own tokens takes none of its network's. */
START_TEST(who_is_refused_costs_the_others_nothing)
{
	struct address greedy = source("198.51.100.1"), other = source("198.51.100.2");
	unsigned got = 0;

	admission_init(&admission, 1, 5, key);
	for (unsigned i = 0; i < 10000; i++)
		admission_take(&admission, &greedy, 0);
	for (unsigned i = 0; i < 40; i++, other.bytes[3]++)
		while (admission_take(&admission, &other, 0))
			got++;
	ck_assert_uint_eq(got, 31 * 5);
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
		uint8_t bytes[4] = {(uint8_t)(1 + i % 180), (uint8_t)(i / 180), 1, 1};
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

	tcase_add_test(t, one_bucket_for_all);
	tcase_add_test(t, a_bucket_of_nothing_is_never_empty);
	tcase_add_test(t, burst_then_rate);
	tcase_add_test(t, parts_of_a_token_add_up);
	tcase_add_loop_test(t, prefixes_share_what_they_have, 0, ARRAY_LEN(ladder));
	tcase_add_test(t, an_ipv4_16_has_256);
	tcase_add_test(t, a_prefix_has_its_rate);
	tcase_add_test(t, who_is_refused_costs_the_others_nothing);
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
