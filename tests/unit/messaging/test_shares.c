/* SPDX-License-Identifier: BSD-2-Clause
 * Shares of networks in open uploads, kept answers and their bytes: what one network has, another one
 * cannot lose. */
#include "wire.h"

#include <sl/blocks.h>

#include <string.h>

static struct sl_blocks_config config;
static struct sl_blocks *b;
static uint8_t pattern[4096];

/* Sixteen of each in all, two of each and 2048 bytes for one network. */
static void
setup(void)
{
	sl_blocks_config_init(&config);
	config.bodies_max = 16;
	config.answers_max = 16;
	config.bytes_max = 16384;
	config.body_bytes_max = 2048;
	config.bodies_per_network_max = 2;
	config.answers_per_network_max = 2;
	config.bytes_per_network_max = 2048;
	ck_assert_ok(sl_blocks_new(&b, &config));
}

static void
teardown(void)
{
	sl_blocks_free(b);
}

/* Of a network; 0: without a quota. */
static struct sl_peer
peer_in(uint64_t network, unsigned number)
{
	struct sl_peer peer = peer_of(number);

	peer.network = network;
	return peer;
}

static enum sl_block_verdict
put_of(const struct sl_peer *peer, uint32_t num, bool more, uint8_t szx)
{
	struct sl_coap_msg msg;
	struct sl_block_got got;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(
	        sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){num, more, szx}));
	msg.payload = sl_span(pattern, sl_coap_block_size(szx));
	return sl_blocks_put(b, peer, &msg, 0, &got);
}

static enum sl_block_verdict
begin(uint64_t network, unsigned number)
{
	struct sl_peer peer = peer_in(network, number);

	return put_of(&peer, 0, true, 0);
}

static struct sl_block_key
key_of(const struct sl_peer *peer)
{
	struct sl_block_key key;
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	sl_block_key(&key, config.hash_key, peer, &msg);
	return key;
}

static enum sl_err
keep(uint64_t network, unsigned number, size_t len)
{
	struct sl_peer peer = peer_in(network, number);
	struct sl_block_key key = key_of(&peer);
	struct sl_block_answer answer = {.code = SL_COAP_CHANGED, .body = sl_span(pattern, len)};

	return sl_blocks_keep(b, &peer, &key, &answer, 0);
}

/* Asks for the last slice of an answer of 32 bytes. */
static enum sl_err
serve(uint64_t network, unsigned number)
{
	struct sl_peer peer = peer_in(network, number);
	struct sl_block_key key = key_of(&peer);
	struct sl_block_slice slice;

	return sl_blocks_slice(b, &key, (struct sl_coap_block){1, false, 0}, 0, &slice);
}

START_TEST(a_network_has_its_share_of_uploads)
{
	ck_assert_int_eq(begin(7, 1), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(begin(7, 2), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(begin(7, 3), SL_BLOCK_BUSY);
	ck_assert_uint_eq(sl_blocks_counts(b).over_quota, 1);
	ck_assert_uint_eq(sl_blocks_counts(b).refused, 1);
	ck_assert_int_eq(begin(8, 4), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(begin(7, 1), SL_BLOCK_CONTINUE); /* anew is none more */
	ck_assert_int_eq(begin(7, 3), SL_BLOCK_BUSY);
}
END_TEST

START_TEST(what_ends_makes_room_in_the_share)
{
	struct sl_peer peer = peer_in(7, 1);

	ck_assert_int_eq(begin(7, 1), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(begin(7, 2), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put_of(&peer, 1, false, 0), SL_BLOCK_WHOLE);
	ck_assert_int_eq(begin(7, 3), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(begin(7, 1), SL_BLOCK_BUSY);
	ck_assert_uint_eq(sl_blocks_on_time(b, config.idle_ms), UINT64_MAX);
	ck_assert_int_eq(begin(7, 1), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(begin(7, 2), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(begin(7, 3), SL_BLOCK_BUSY);
}
END_TEST

/* 2048 bytes: two uploads of one block of 1024, and not one byte more in any way. */
START_TEST(a_network_has_its_share_of_bytes)
{
	struct sl_peer first = peer_in(7, 1), second = peer_in(7, 2), other = peer_in(8, 3);

	ck_assert_int_eq(put_of(&first, 0, true, 6), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put_of(&second, 0, true, 6), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put_of(&second, 64, true, 0), SL_BLOCK_BUSY);
	ck_assert_uint_eq(sl_blocks_counts(b).over_quota, 1);
	ck_assert_int_eq(put_of(&other, 0, true, 6), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put_of(&other, 1, true, 6), SL_BLOCK_CONTINUE);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 1024 + 2048);
}
END_TEST

START_TEST(uploads_and_answers_share_the_bytes)
{
	struct sl_peer peer = peer_in(7, 1);

	ck_assert_int_eq(put_of(&peer, 0, true, 6), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(keep(7, 2, 1024), SL_OK);
	ck_assert_int_eq(keep(7, 3, 1), SL_ELIMIT);
	ck_assert_int_eq(put_of(&peer, 1, true, 6), SL_BLOCK_BUSY);
	ck_assert_uint_eq(sl_blocks_counts(b).over_quota, 2);
	ck_assert_int_eq(keep(8, 4, 1024), SL_OK);
}
END_TEST

START_TEST(served_answers_of_the_network_give_way)
{
	ck_assert_int_eq(keep(7, 1, 32), SL_OK);
	ck_assert_int_eq(keep(7, 2, 32), SL_OK);
	ck_assert_int_eq(keep(8, 3, 32), SL_OK);
	ck_assert_int_eq(keep(7, 4, 32), SL_ELIMIT);
	ck_assert_uint_eq(sl_blocks_counts(b).over_quota, 1);
	ck_assert_int_eq(serve(8, 3), SL_OK);
	ck_assert_int_eq(keep(7, 4, 32), SL_ELIMIT); /* another network's is no help */
	ck_assert_int_eq(serve(7, 2), SL_OK);
	ck_assert_int_eq(serve(7, 2), SL_OK); /* twice is once */
	ck_assert_int_eq(keep(7, 4, 32), SL_OK);
	ck_assert_int_eq(serve(7, 2), SL_ENOTFOUND);
	ck_assert_int_eq(serve(7, 1), SL_OK);
	ck_assert_int_eq(serve(7, 4), SL_OK);
	ck_assert_int_eq(serve(8, 3), SL_OK);
}
END_TEST

/* The last one of a network leaves and comes back: its record is made anew. */
START_TEST(an_answer_in_place_of_the_only_one)
{
	config.answers_per_network_max = 1;
	sl_blocks_free(b);
	ck_assert_ok(sl_blocks_new(&b, &config));
	for (unsigned i = 1; i < 20; i++) {
		ck_assert_int_eq(keep(7, i, 32), SL_OK);
		ck_assert_int_eq(serve(7, i), SL_OK);
	}
	ck_assert_int_eq(keep(7, 30, 2049), SL_ELIMIT);
	ck_assert_uint_eq(sl_blocks_counts(b).answers, 0); /* it made room, in vain */
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 0);
}
END_TEST

START_TEST(without_a_network_there_is_no_share)
{
	for (unsigned i = 0; i < 16; i++) {
		ck_assert_int_eq(begin(0, i), SL_BLOCK_CONTINUE);
		ck_assert_int_eq(keep(0, i, 512), SL_OK);
	}
	ck_assert_int_eq(begin(0, 16), SL_BLOCK_BUSY);
	ck_assert_uint_eq(sl_blocks_counts(b).over_quota, 0);
	for (unsigned i = 0; i < 2; i++) /* their bytes are nobody's share */
		ck_assert_int_eq(keep(0, i, 32), SL_OK);
	ck_assert_int_eq(serve(0, 0), SL_OK);
	ck_assert_int_eq(serve(0, 1), SL_OK);
	ck_assert_int_eq(keep(7, 99, 2048), SL_OK); /* in place of one that was served */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/shares");
	TCase *tc = tcase_create("shares");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_network_has_its_share_of_uploads);
	tcase_add_test(tc, what_ends_makes_room_in_the_share);
	tcase_add_test(tc, a_network_has_its_share_of_bytes);
	tcase_add_test(tc, uploads_and_answers_share_the_bytes);
	tcase_add_test(tc, served_answers_of_the_network_give_way);
	tcase_add_test(tc, an_answer_in_place_of_the_only_one);
	tcase_add_test(tc, without_a_network_there_is_no_share);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
