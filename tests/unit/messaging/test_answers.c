/* SPDX-License-Identifier: BSD-2-Clause
 * Answers kept for Block2 follow-ups (RFC 7959 section 2.4): slices, limits, and what makes
 * room. */
#include "wire.h"

#include <sl/blocks.h>

#include <string.h>

static struct sl_blocks_config config;
static struct sl_blocks *b;
static uint8_t pattern[65536];

static void
setup(void)
{
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (uint8_t)(i * 7 + i / 256);
	sl_blocks_config_init(&config);
	config.answers_max = 8;
	config.bytes_max = 8192;
	memset(config.hash_key, 0x33, sizeof config.hash_key);
	ck_assert_ok(sl_blocks_new(&b, &config));
}

static void
teardown(void)
{
	sl_blocks_free(b);
}

static struct sl_block_key
key(unsigned number)
{
	struct sl_block_key k = {{0}};

	memcpy(k.bytes, &number, sizeof number);
	return k;
}

static enum sl_err
keep(unsigned peer, unsigned number, size_t len, uint64_t now_ms)
{
	struct sl_block_answer a = {SL_COAP_CHANGED, hex("90"), sl_span(pattern, len)};
	struct sl_peer to = peer_of(peer);
	struct sl_block_key k = key(number);

	return sl_blocks_keep(b, &to, &k, &a, now_ms);
}

static enum sl_err
slice(unsigned number, uint32_t num, uint8_t szx, struct sl_block_slice *s)
{
	struct sl_block_key k = key(number);

	return sl_blocks_slice(b, &k, (struct sl_coap_block){num, false, szx}, 0, s);
}

START_TEST(cuts_an_answer)
{
	uint8_t szx = (uint8_t)_i;
	uint32_t size = 16U << szx, last = 2500 / size;
	struct sl_block_slice s;

	ck_assert_ok(keep(1, 1, 2500, 0)); /* no multiple of any size */
	for (uint32_t num = 0; num <= last; num++) {
		size_t len = num < last ? size : 2500 - last * size;

		ck_assert_ok(slice(1, num, szx, &s));
		ck_assert_bytes(s.part.body, sl_span(pattern + num * size, len));
		ck_assert_bytes(s.part.options, hex("90"));
		ck_assert_uint_eq(s.part.code, SL_COAP_CHANGED);
		ck_assert_uint_eq(s.block.num, num);
		ck_assert_uint_eq(s.block.szx, szx);
		ck_assert_int_eq(s.block.more, num < last);
		ck_assert_uint_eq(s.size, 2500);
	}
	ck_assert_ok(slice(1, last, szx, &s)); /* it may be asked for again */
	ck_assert_err(slice(1, last + 1, szx, &s), SL_EMALFORMED);
	ck_assert_err(slice(1, 0xfffff, szx, &s), SL_EMALFORMED);
	ck_assert_err(slice(2, 0, szx, &s), SL_ENOTFOUND);
}
END_TEST

START_TEST(a_body_of_whole_slices_ends_with_the_last)
{
	struct sl_block_slice s;

	ck_assert_ok(keep(1, 1, 2048, 0));
	ck_assert_ok(slice(1, 1, 6, &s));
	ck_assert(!s.block.more);
	ck_assert_uint_eq(s.part.body.len, 1024);
	ck_assert_err(slice(1, 2, 6, &s), SL_EMALFORMED);
	ck_assert_ok(keep(1, 2, 0, 0));
	ck_assert_err(slice(2, 0, 6, &s), SL_EMALFORMED);
}
END_TEST

START_TEST(a_newer_answer_replaces_the_one_of_its_key)
{
	struct sl_block_slice s;

	ck_assert_ok(keep(1, 1, 2048, 0));
	ck_assert_ok(keep(1, 1, 100, 0));
	ck_assert_ok(slice(1, 0, 6, &s));
	ck_assert_uint_eq(s.size, 100);
	ck_assert_uint_eq(sl_blocks_counts(b).answers, 1);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 101);
}
END_TEST

START_TEST(the_fifth_answer_of_a_peer_replaces_its_oldest)
{
	struct sl_block_slice s;

	for (unsigned i = 1; i <= 5; i++)
		ck_assert_ok(keep(1, i, 100, i));
	ck_assert_uint_eq(sl_blocks_counts(b).answers, 4);
	ck_assert_err(slice(1, 0, 0, &s), SL_ENOTFOUND);
	ck_assert_ok(slice(2, 0, 0, &s));
	ck_assert_ok(slice(5, 0, 0, &s));
}
END_TEST

START_TEST(only_served_answers_make_room_for_others)
{
	struct sl_block_slice s;

	for (unsigned i = 1; i <= 8; i++)
		ck_assert_ok(keep(i, i, 100, 0));
	ck_assert_err(keep(9, 9, 100, 0), SL_ELIMIT);
	ck_assert_ok(slice(1, 0, 0, &s));
	ck_assert_err(keep(9, 9, 100, 0), SL_ELIMIT);
	for (unsigned i = 2; i <= 8; i++)
		ck_assert_ok(slice(i, 0, 0, &s));
	ck_assert_ok(slice(1, 6, 0, &s)); /* bytes 96 to 99: the end */
	for (unsigned i = 2; i <= 8; i++)
		ck_assert_ok(slice(i, 0, 0, &s));
	ck_assert_ok(keep(9, 9, 100, 0));
	ck_assert_err(slice(1, 0, 0, &s), SL_ENOTFOUND);
	ck_assert_uint_eq(sl_blocks_counts(b).refused, 2);
}
END_TEST

/* Each is 1 byte of options and its body; the budget is 8192. */
START_TEST(answers_share_the_budget)
{
	struct sl_block_slice s;

	ck_assert_err(keep(1, 1, 8192, 0), SL_ELIMIT);
	ck_assert_ok(keep(1, 1, 8191, 0));
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 8192);
	ck_assert_err(keep(2, 2, 1, 0), SL_ELIMIT);
	ck_assert_ok(slice(1, 7, 6, &s));
	ck_assert(!s.block.more);
	ck_assert_ok(keep(2, 2, 1, 0));
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 2);
}
END_TEST

static enum sl_block_verdict
upload(unsigned peer, uint32_t num)
{
	struct sl_block_got got;
	struct sl_peer from = peer_of(peer);
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){num, true, 6}));
	msg.payload = sl_span(pattern, 1024);
	return sl_blocks_put(b, &from, &msg, 0, &got);
}

START_TEST(an_upload_takes_the_bytes_of_served_answers)
{
	struct sl_block_slice s;

	for (unsigned i = 1; i <= 4; i++) /* one byte of options each: 4 * 2048 = bytes_max */
		ck_assert_ok(keep(i, i, 2047, 0));
	ck_assert_int_eq(upload(9, 0), SL_BLOCK_BUSY); /* none of them was served to its end */
	ck_assert_ok(slice(1, 0, 6, &s));
	ck_assert_int_eq(upload(9, 0), SL_BLOCK_BUSY);
	ck_assert_ok(slice(2, 1, 6, &s));
	ck_assert_int_eq(upload(9, 0), SL_BLOCK_CONTINUE);
	ck_assert_err(slice(2, 0, 6, &s), SL_ENOTFOUND);
	ck_assert_int_eq(upload(9, 1), SL_BLOCK_CONTINUE);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 8192);
	ck_assert_int_eq(upload(9, 2), SL_BLOCK_BUSY);
	ck_assert_ok(slice(1, 0, 6, &s));
	ck_assert_ok(slice(3, 0, 6, &s));
}
END_TEST

START_TEST(silence_ends_an_answer)
{
	struct sl_block_key k = key(1);
	struct sl_block_slice s;

	ck_assert_ok(keep(1, 1, 100, 0));
	ck_assert_ok(sl_blocks_slice(b, &k, (struct sl_coap_block){0, false, 0}, 59999, &s));
	ck_assert_uint_eq(sl_blocks_on_time(b, 60000), 119999);
	ck_assert_err(sl_blocks_slice(b, &k, (struct sl_coap_block){0, false, 0}, 119999, &s),
	        SL_ENOTFOUND);
	ck_assert_uint_eq(sl_blocks_counts(b).expired, 1);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/answers");
	TCase *tc = tcase_create("answers");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, cuts_an_answer, 0, 7);
	tcase_add_test(tc, a_body_of_whole_slices_ends_with_the_last);
	tcase_add_test(tc, a_newer_answer_replaces_the_one_of_its_key);
	tcase_add_test(tc, the_fifth_answer_of_a_peer_replaces_its_oldest);
	tcase_add_test(tc, only_served_answers_make_room_for_others);
	tcase_add_test(tc, answers_share_the_budget);
	tcase_add_test(tc, an_upload_takes_the_bytes_of_served_answers);
	tcase_add_test(tc, silence_ends_an_answer);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
