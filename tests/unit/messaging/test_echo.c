/* SPDX-License-Identifier: BSD-2-Clause
 * Echo values (RFC 9175 section 2) and the table of peers that proved to hear us. */
#include "wire.h"

#include <sl/echo.h>

#include <string.h>

static struct sl_echo_config config;
static struct sl_echo *e;

static void
setup(void)
{
	sl_echo_config_init(&config);
	config.verified_max = 4;
	memset(config.key, 0x44, sizeof config.key);
	ck_assert_ok(sl_echo_new(&e, &config));
}

static void
teardown(void)
{
	sl_echo_free(e);
}

static bool
check(unsigned peer, struct sl_span value, uint64_t now_ms)
{
	struct sl_peer from = peer_of(peer);

	return sl_echo_check(e, &from, value, now_ms);
}

static bool
is_verified(unsigned peer, uint64_t now_ms)
{
	struct sl_peer of = peer_of(peer);

	return sl_echo_is_verified(e, &of, now_ms);
}

static void
verify(unsigned peer, uint64_t now_ms)
{
	struct sl_peer of = peer_of(peer);

	sl_echo_verify(e, &of, now_ms);
}

static struct sl_span
value(unsigned peer, uint64_t now_ms)
{
	struct sl_peer of = peer_of(peer);
	uint8_t out[SL_ECHO_LEN];

	sl_echo_value(e, &of, now_ms, out);
	return heap_copy(sl_span(out, sizeof out));
}

/* Fresh in its epoch of 60 s and in the next one. */
START_TEST(a_value_is_fresh_for_two_epochs)
{
	struct sl_span v = value(1, 60000);

	ck_assert(check(1, v, 60000));
	ck_assert(check(1, v, 119999));
	ck_assert(check(1, v, 179999));
	ck_assert(!check(1, v, 180000));
	ck_assert(!check(1, v, 59999)); /* not before it was made */
	ck_assert_uint_eq(v.ptr[0], 1);
	ck_assert_bytes(value(1, 119999), v);
	ck_assert(check(1, value(1, 0), 0));
}
END_TEST

START_TEST(an_epoch_number_comes_again_but_not_its_value)
{
	struct sl_span v = value(1, 0);

	ck_assert_uint_eq(value(1, 60000ULL * 256).ptr[0], v.ptr[0]);
	ck_assert(!check(1, v, 60000ULL * 256));
}
END_TEST

START_TEST(a_value_is_for_one_peer)
{
	ck_assert(!check(2, value(1, 0), 0));
	ck_assert(!is_verified(2, 0));
	ck_assert(check(1, value(1, 0), 0));
	ck_assert(is_verified(1, 0));
	ck_assert_uint_eq(sl_echo_verified_count(e), 1);
}
END_TEST

START_TEST(each_bit_counts)
{
	struct sl_span v = value(1, 60000);

	for (size_t bit = 0; bit < 8 * SL_ECHO_LEN; bit++) {
		uint8_t bytes[SL_ECHO_LEN];

		memcpy(bytes, v.ptr, sizeof bytes);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(!check(1, sl_span(bytes, sizeof bytes), 60000), "bit %zu", bit);
	}
	for (size_t len = 0; len < SL_ECHO_LEN; len++)
		ck_assert(!check(1, heap_copy(sl_span(v.ptr, len)), 60000));
	ck_assert(!check(1, hex("010203040506070809 0a"), 60000));
	ck_assert_uint_eq(sl_echo_verified_count(e), 0);
}
END_TEST

START_TEST(another_key_makes_other_values)
{
	struct sl_echo *other;
	struct sl_peer peer = peer_of(1);
	uint8_t out[SL_ECHO_LEN];

	config.key[15] ^= 1;
	ck_assert_ok(sl_echo_new(&other, &config));
	sl_echo_value(other, &peer, 0, out);
	ck_assert_mem_ne(out, value(1, 0).ptr, sizeof out);
	sl_echo_free(other);
}
END_TEST

START_TEST(a_proof_lasts_ten_minutes)
{
	verify(1, 1000);
	ck_assert(is_verified(1, 600999));
	ck_assert(!is_verified(1, 601000));
	verify(1, 500000);
	ck_assert(is_verified(1, 1099999));
	ck_assert_uint_eq(sl_echo_verified_count(e), 1);
	verify(2, 1100000); /* takes the expired one away */
	ck_assert_uint_eq(sl_echo_verified_count(e), 1);
	ck_assert(!is_verified(3, 1100000));
}
END_TEST

START_TEST(the_longest_silent_one_leaves_first)
{
	for (unsigned peer = 1; peer <= 4; peer++)
		verify(peer, peer);
	verify(1, 10);
	verify(5, 11);
	ck_assert_uint_eq(sl_echo_verified_count(e), 4);
	ck_assert(is_verified(1, 12));
	ck_assert(!is_verified(2, 12));
	ck_assert(is_verified(3, 12) && is_verified(4, 12) && is_verified(5, 12));
}
END_TEST

START_TEST(refuses_a_table_without_room)
{
	struct sl_echo *none = NULL;

	config.verified_max = 0;
	ck_assert_err(sl_echo_new(&none, &config), SL_ELIMIT);
	config.verified_max = 1;
	config.epoch_ms = 0;
	ck_assert_err(sl_echo_new(&none, &config), SL_ELIMIT);
	ck_assert_ptr_null(none);
	sl_echo_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/echo");
	TCase *tc = tcase_create("echo");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_value_is_fresh_for_two_epochs);
	tcase_add_test(tc, an_epoch_number_comes_again_but_not_its_value);
	tcase_add_test(tc, a_value_is_for_one_peer);
	tcase_add_test(tc, each_bit_counts);
	tcase_add_test(tc, another_key_makes_other_values);
	tcase_add_test(tc, a_proof_lasts_ten_minutes);
	tcase_add_test(tc, the_longest_silent_one_leaves_first);
	tcase_add_test(tc, refuses_a_table_without_room);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
