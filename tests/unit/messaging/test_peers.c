/* SPDX-License-Identifier: BSD-2-Clause
 * End points as keys, and the table of their networks. */
#include "support.h"

#include "networks.h"

START_TEST(peers_differ_by_each_byte)
{
	static const uint8_t key[SL_SIPHASH_KEY_LEN] = {1};
	struct sl_peer a = {.len = 18}, c = a;

	ck_assert(sl_peer_equal(&a, &c));
	ck_assert_uint_eq(sl_peer_hash(key, &a, 5), sl_peer_hash(key, &c, 5));
	ck_assert_uint_ne(sl_peer_hash(key, &a, 5), sl_peer_hash(key, &a, 6));
	for (size_t i = 0; i < 18; i++) {
		c = a;
		c.bytes[i] ^= 0x80;
		ck_assert(!sl_peer_equal(&a, &c));
		ck_assert_uint_ne(sl_peer_hash(key, &a, 5), sl_peer_hash(key, &c, 5));
	}
	c = a;
	c.len = 17;
	ck_assert(!sl_peer_equal(&a, &c));
	c.len = SL_PEER_MAX;
	ck_assert_uint_ne(sl_peer_hash(key, &a, 5), sl_peer_hash(key, &c, 5));
}
END_TEST

/* As many networks as entries; a network that leaves is forgotten, its place is taken again. */
START_TEST(networks_come_and_go)
{
	static const uint8_t key[SL_SIPHASH_KEY_LEN] = {2};
	struct sl_networks n = {0};
	struct sl_peer peer = {.len = 1};

	ck_assert_ok(sl_networks_init(&n, 4, 2, key));
	for (unsigned round = 0; round < 3; round++) {
		for (peer.network = 1; peer.network <= 4; peer.network++)
			ck_assert_uint_ne(sl_network_enter(&n, &peer), 0);
		ck_assert_uint_eq(sl_slab_used(&n.slab), 4);
		for (peer.network = 1; peer.network <= 4; peer.network++) {
			ck_assert(sl_network_has_room(&n, sl_network_find(&n, &peer)));
			sl_network_leave(&n, sl_network_find(&n, &peer));
			ck_assert_uint_eq(sl_network_find(&n, &peer), 0);
		}
		ck_assert_uint_eq(sl_slab_used(&n.slab), 0);
	}
	peer.network = 9;
	ck_assert_uint_eq(sl_network_enter(&n, &peer), sl_network_enter(&n, &peer));
	ck_assert(!sl_network_has_room(&n, sl_network_find(&n, &peer)));
	sl_network_leave(&n, sl_network_find(&n, &peer));
	ck_assert(sl_network_has_room(&n, sl_network_find(&n, &peer)));
	peer.network = 0;
	ck_assert_uint_eq(sl_network_enter(&n, &peer), 0);
	sl_networks_clear(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/peers");
	TCase *tc = tcase_create("peers");

	tcase_add_test(tc, peers_differ_by_each_byte);
	tcase_add_test(tc, networks_come_and_go);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
