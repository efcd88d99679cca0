/* SPDX-License-Identifier: BSD-2-Clause
 * Outer blocks at a server (RFC 7959 sections 2.4 to 2.9): uploads in order, keys, limits, kept
 * answers. */
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
	config.bodies_max = 8;
	config.answers_max = 8;
	config.bytes_max = 4096;
	config.body_bytes_max = 1024;
	memset(config.hash_key, 0x33, sizeof config.hash_key);
	ck_assert_ok(sl_blocks_new(&b, &config));
}

static void
teardown(void)
{
	sl_blocks_free(b);
}

/* One POST with a block option; name stands for the other options. */
struct block_of {
	const char *name;
	uint32_t num;
	bool more;
	uint8_t szx;
	struct sl_span payload;
};

static struct sl_coap_msg
request_of(struct block_of of)
{
	struct sl_coap_msg msg;
	struct sl_coap_block block = {of.num, of.more, of.szx};

	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_REQUEST_TAG, sl_span_text(of.name)));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, block));
	msg.payload = of.payload;
	return msg;
}

static enum sl_block_verdict
put_block(unsigned peer, struct block_of of, uint64_t now_ms, struct sl_block_got *got)
{
	struct sl_coap_msg msg = request_of(of);
	struct sl_peer from = peer_of(peer);

	return sl_blocks_put(b, &from, &msg, now_ms, got);
}

/* A block of 16 bytes out of the pattern. */
static enum sl_block_verdict
put16(unsigned peer, const char *name, uint32_t num, bool more)
{
	struct sl_block_got got;

	return put_block(peer,
	        (struct block_of){
	                name, num, more, 0, sl_span(pattern + 16 * num % sizeof pattern, 16)},
	        0, &got);
}

START_TEST(a_request_without_block_is_whole)
{
	struct sl_coap_msg msg;
	struct sl_peer peer = peer_of(1);
	struct sl_block_got got;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	msg.payload = sl_span(pattern, 100);
	ck_assert_int_eq(sl_blocks_put(b, &peer, &msg, 0, &got), SL_BLOCK_WHOLE);
	ck_assert_bytes(got.body, msg.payload);
	ck_assert(!got.has_block);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies, 0);
}
END_TEST

/* Each size; the last block of 0 to size bytes. */
START_TEST(collects_in_order)
{
	uint8_t szx = (uint8_t)(_i % 7);
	uint32_t size = 16U << szx;
	uint32_t whole = 1024 / size - 1; /* blocks before the last */
	size_t tail = _i < 7 ? 1 : _i < 14 ? size : 0;
	struct sl_block_got got;

	for (uint32_t num = 0; num < whole; num++) {
		struct block_of of = {"t", num, true, szx, sl_span(pattern + size * num, size)};

		ck_assert_int_eq(put_block(1, of, num, &got), SL_BLOCK_CONTINUE);
		ck_assert(got.has_block && got.block.more);
		ck_assert_uint_eq(got.block.num, num);
		ck_assert_uint_eq(got.block.szx, szx);
		ck_assert_uint_eq(sl_blocks_counts(b).bytes, size * (num + 1));
	}
	ck_assert_int_eq(put_block(1,
	                         (struct block_of){"t", whole, false, szx,
	                                 sl_span(pattern + size * whole, tail)},
	                         0, &got),
	        SL_BLOCK_WHOLE);
	ck_assert_bytes(got.body, sl_span(pattern, size * whole + tail));
	ck_assert(got.has_block && !got.block.more);
	ck_assert_uint_eq(got.block.num, whole);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 0);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies, 0);
	ck_assert_uint_eq(sl_blocks_counts(b).completed, 1);
}
END_TEST

/* RFC 7959 section 2.5, figure 8: 1:0/1/128, answered with 32, goes on as 1:4/1/32. */
START_TEST(a_client_may_go_on_with_smaller_blocks)
{
	struct sl_block_got got;

	ck_assert_int_eq(
	        put_block(1, (struct block_of){"t", 0, true, 3, sl_span(pattern, 128)}, 0, &got),
	        SL_BLOCK_CONTINUE);
	ck_assert_int_eq(
	        put_block(
	                1, (struct block_of){"t", 4, true, 1, sl_span(pattern + 128, 32)}, 0, &got),
	        SL_BLOCK_CONTINUE);
	ck_assert_int_eq(
	        put_block(
	                1, (struct block_of){"t", 5, false, 1, sl_span(pattern + 160, 7)}, 0, &got),
	        SL_BLOCK_WHOLE);
	ck_assert_bytes(got.body, sl_span(pattern, 167));
}
END_TEST

START_TEST(a_gap_is_incomplete)
{
	ck_assert_int_eq(put16(1, "t", 1, true), SL_BLOCK_INCOMPLETE); /* never begun */
	ck_assert_int_eq(put16(1, "t", 0, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put16(1, "t", 2, true), SL_BLOCK_INCOMPLETE);
	ck_assert_int_eq(
	        put16(1, "t", 1, true), SL_BLOCK_INCOMPLETE); /* and the transfer is over */
	ck_assert_int_eq(put16(1, "t", 0, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put16(1, "t", 1, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put16(1, "t", 1, false), SL_BLOCK_INCOMPLETE); /* a block twice */
	ck_assert_int_eq(put16(1, "t", 0xfffff, false), SL_BLOCK_INCOMPLETE);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 0);
	ck_assert_uint_eq(sl_blocks_counts(b).refused, 5);
}
END_TEST

/* When the answer was lost and nobody remembers the request. */
START_TEST(the_last_block_may_come_again)
{
	struct sl_block_got got;

	for (uint32_t num = 0; num < 2; num++)
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(put16(1, "up", num, true), SL_BLOCK_CONTINUE);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 32);
	ck_assert_int_eq(
	        put_block(
	                1, (struct block_of){"up", 2, false, 0, sl_span(pattern + 32, 5)}, 0, &got),
	        SL_BLOCK_WHOLE);
	ck_assert_bytes(got.body, sl_span(pattern, 37));
}
END_TEST

/* The same number with other bytes, or one before the last: no repetition. */
START_TEST(another_block_does_not_come_again)
{
	struct sl_block_got got;

	for (uint32_t num = 0; num < 3; num++)
		put16(1, "up", num, true);
	ck_assert_int_eq(
	        put_block(
	                1, (struct block_of){"up", 2, true, 0, sl_span(pattern + 33, 16)}, 0, &got),
	        SL_BLOCK_INCOMPLETE);
	for (uint32_t num = 0; num < 3; num++)
		put16(1, "up", num, true);
	ck_assert_int_eq(put16(1, "up", 1, true), SL_BLOCK_INCOMPLETE);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies, 0);
}
END_TEST

START_TEST(number_zero_begins_anew)
{
	struct sl_block_got got;

	ck_assert_int_eq(put16(1, "t", 0, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put16(1, "t", 1, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(
	        put_block(
	                1, (struct block_of){"t", 0, true, 0, sl_span(pattern + 500, 16)}, 0, &got),
	        SL_BLOCK_CONTINUE);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies, 1);
	ck_assert_int_eq(
	        put_block(
	                1, (struct block_of){"t", 1, false, 0, sl_span(pattern + 516, 1)}, 0, &got),
	        SL_BLOCK_WHOLE);
	ck_assert_bytes(got.body, sl_span(pattern + 500, 17));
}
END_TEST

static const struct {
	const char *because;
	uint8_t szx;
	bool more;
	size_t len;
} bad[] = {
        {"a block that is not the last is short", 0, true, 15},
        {"a block that is not the last is long", 0, true, 17},
        {"a block that is not the last is empty", 6, true, 0},
        {"the last block is longer than its size", 0, false, 17},
        {"a block of 1024 is one byte short", 6, true, 1023},
};

START_TEST(refuses_blocks_of_a_wrong_size)
{
	struct sl_block_got got;
	struct block_of of = {"t", 0, bad[_i].more, bad[_i].szx, sl_span(pattern, bad[_i].len)};

	ck_assert_msg(put_block(1, of, 0, &got) == SL_BLOCK_BAD, "%s", bad[_i].because);
	ck_assert_int_eq(put16(1, "t", 0, true), SL_BLOCK_CONTINUE);
	of.num = 1;
	of.szx = 0;
	of.payload.len = bad[_i].len == 1023 ? 15 : of.payload.len;
	ck_assert_msg(put_block(1, of, 0, &got) == SL_BLOCK_BAD, "%s", bad[_i].because);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies, 0);
}
END_TEST

START_TEST(refuses_a_broken_block_option)
{
	static const char *const values[] = {"07", "1f", "00000000"};
	struct sl_peer peer = peer_of(1);
	struct sl_block_got got;

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct sl_coap_msg msg;

		sl_coap_msg_init(&msg, SL_COAP_POST);
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_BLOCK1, hex(values[i])));
		ck_assert_int_eq(sl_blocks_put(b, &peer, &msg, 0, &got), SL_BLOCK_BAD);
		ck_assert(!got.has_block);
	}
}
END_TEST

/* --- limits ----------------------------------------------------------------------------------- */

START_TEST(a_body_has_a_limit)
{
	struct sl_block_got got;

	for (uint32_t num = 0; num < 64; num++)
		ck_assert_int_eq(put16(1, "t", num, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(
	        put_block(1, (struct block_of){"t", 64, false, 0, sl_span(pattern, 0)}, 0, &got),
	        SL_BLOCK_WHOLE);
	ck_assert_uint_eq(got.body.len, 1024);
	for (uint32_t num = 0; num < 64; num++)
		ck_assert_int_eq(put16(1, "t", num, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(
	        put_block(1, (struct block_of){"t", 64, false, 0, sl_span(pattern, 1)}, 0, &got),
	        SL_BLOCK_TOO_LARGE);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 0);
}
END_TEST

/* Size1 takes no memory, and a size that cannot be ends the matter at once. */
static const struct {
	uint32_t size;
	enum sl_block_verdict verdict;
} sizes[] = {
        {0, SL_BLOCK_CONTINUE},
        {1, SL_BLOCK_CONTINUE},
        {1024, SL_BLOCK_CONTINUE},
        {1025, SL_BLOCK_TOO_LARGE},
        {UINT32_MAX, SL_BLOCK_TOO_LARGE},
};

START_TEST(size1_is_a_hint_only)
{
	struct sl_coap_msg msg =
	        request_of((struct block_of){"t", 0, true, 0, sl_span(pattern, 16)});
	struct sl_peer peer = peer_of(1);
	struct sl_block_got got;

	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_SIZE1, sizes[_i].size));
	ck_assert_int_eq(sl_blocks_put(b, &peer, &msg, 0, &got), sizes[_i].verdict);
	ck_assert_uint_eq(
	        sl_blocks_counts(b).bytes, sizes[_i].verdict == SL_BLOCK_CONTINUE ? 16 : 0);
	if (sizes[_i].verdict == SL_BLOCK_CONTINUE)
		ck_assert_int_eq(put16(1, "t", 1, false), SL_BLOCK_WHOLE);
}
END_TEST

START_TEST(a_peer_has_four_open_uploads)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(put16(1, names[i], 0, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put16(1, "e", 0, true), SL_BLOCK_BUSY);
	ck_assert_int_eq(
	        put16(1, "a", 0, true), SL_BLOCK_CONTINUE); /* its own restart is none more */
	ck_assert_int_eq(put16(1, "a", 1, false), SL_BLOCK_WHOLE);
	ck_assert_int_eq(put16(1, "e", 0, true), SL_BLOCK_CONTINUE);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(put16(2, names[i], 0, true), SL_BLOCK_CONTINUE);
	ck_assert_int_eq(put16(3, "a", 0, true), SL_BLOCK_BUSY); /* eight in all */
	ck_assert_int_eq(put16(3, "a", 0, false), SL_BLOCK_BUSY);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies, 8);
}
END_TEST

START_TEST(all_bytes_have_a_budget)
{
	struct block_of kib = {"t", 0, true, 6, sl_span(pattern, 1024)};
	struct sl_block_got got;

	for (unsigned peer = 0; peer < 4; peer++)
		ck_assert_int_eq(put_block(peer, kib, 0, &got), SL_BLOCK_CONTINUE);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 4096);
	ck_assert_int_eq(put16(9, "t", 0, true), SL_BLOCK_BUSY);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies, 4);
}
END_TEST

START_TEST(ten_thousand_half_open_bodies_stay_in_their_budget)
{
	struct sl_blocks_config big;
	struct sl_blocks *many;
	struct sl_block_got got;

	sl_blocks_config_init(&big);
	ck_assert_ok(sl_blocks_new(&many, &big));
	for (unsigned i = 0; i < 10000; i++) {
		struct sl_coap_msg msg =
		        request_of((struct block_of){"t", 0, true, 6, sl_span(pattern, 1024)});
		struct sl_peer peer = peer_of(i / 2);
		enum sl_block_verdict want = i < 1024 ? SL_BLOCK_CONTINUE : SL_BLOCK_BUSY;

		ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_URI_PORT, i));
		ck_assert_int_eq(sl_blocks_put(many, &peer, &msg, 0, &got), want);
	}
	ck_assert_uint_eq(sl_blocks_counts(many).bytes, 1024 * 1024);
	ck_assert_uint_eq(sl_blocks_on_time(many, 60000), UINT64_MAX);
	ck_assert_uint_eq(sl_blocks_counts(many).bytes, 0);
	ck_assert_uint_eq(sl_blocks_counts(many).expired, 1024);
	sl_blocks_free(many);
}
END_TEST

START_TEST(silence_ends_an_upload)
{
	struct block_of of = {"t", 0, true, 0, sl_span(pattern, 16)};
	struct sl_block_got got;

	ck_assert_uint_eq(sl_blocks_on_time(b, 5), UINT64_MAX);
	ck_assert_int_eq(put_block(1, of, 1000, &got), SL_BLOCK_CONTINUE);
	of.num = 1;
	ck_assert_int_eq(put_block(1, of, 50000, &got), SL_BLOCK_CONTINUE);
	ck_assert_uint_eq(sl_blocks_on_time(b, 61000), 110000);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies, 1);
	of.num = 2;
	ck_assert_int_eq(put_block(1, of, 110000, &got), SL_BLOCK_INCOMPLETE);
	ck_assert_uint_eq(sl_blocks_counts(b).expired, 1);
}
END_TEST

/* --- keys ------------------------------------------------------------------------------------- */

static struct sl_block_key
key_of(unsigned peer, const struct sl_coap_msg *msg)
{
	struct sl_peer from = peer_of(peer);
	struct sl_block_key key;

	sl_block_key(&key, config.hash_key, &from, msg);
	return key;
}

/* RFC 7959 sections 2.4, 2.5; RFC 9175 section 3: what belongs to the key and what does not. */
static const struct {
	const char *because;
	uint16_t number;
	const char *value;
	bool is_same;
} keyed[] = {
        {"another Uri-Path", SL_COAP_URI_PATH, "62", false},
        {"a Request-Tag", SL_COAP_REQUEST_TAG, "01", false},
        {"an empty Request-Tag", SL_COAP_REQUEST_TAG, "", false},
        {"an OSCORE option", SL_COAP_OSCORE, "0914", false},
        {"a Proxy-Uri", SL_COAP_PROXY_URI, "68", false},
        {"a Proxy-Scheme", SL_COAP_PROXY_SCHEME, "68", false},
        {"a Uri-Host", SL_COAP_URI_HOST, "68", false},
        {"a Content-Format", SL_COAP_CONTENT_FORMAT, "01", false},
        {"an unknown cache-key option", 65000, "01", false},
        {"Block1 is the place in the transfer", SL_COAP_BLOCK1, "18", true},
        {"Block2 is the place in the transfer", SL_COAP_BLOCK2, "10", true},
        {"Size1 is no cache key", SL_COAP_SIZE1, "10", true},
        {"Size2 is no cache key", SL_COAP_SIZE2, "10", true},
        {"Echo is no cache key", SL_COAP_ECHO, "0102", true},
};

START_TEST(a_key_is_made_of_the_cache_key)
{
	struct sl_coap_msg plain, other;
	struct sl_block_key a, c;

	sl_coap_msg_init(&plain, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_path(&plain, "/a"));
	other = plain;
	ck_assert_ok(sl_coap_add(&other, keyed[_i].number, hex(keyed[_i].value)));
	other.message_id = 99;
	other.token_len = 3;
	other.payload = sl_span(pattern, 5);
	a = key_of(1, &plain);
	c = key_of(1, &other);
	ck_assert_msg(
	        (memcmp(&a, &c, sizeof a) == 0) == keyed[_i].is_same, "%s", keyed[_i].because);
}
END_TEST

START_TEST(a_key_is_made_of_end_point_and_method)
{
	struct sl_coap_msg post, put, moved;
	struct sl_block_key a, c;

	sl_coap_msg_init(&post, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_path(&post, "/ab/c"));
	put = post;
	put.code = SL_COAP_PUT;
	sl_coap_msg_init(&moved, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_path(&moved, "/a/bc"));
	a = key_of(1, &post);
	c = key_of(2, &post);
	ck_assert_mem_ne(&a, &c, sizeof a);
	c = key_of(1, &put);
	ck_assert_mem_ne(&a, &c, sizeof a);
	c = key_of(1, &moved);
	ck_assert_mem_ne(&a, &c, sizeof a);
	c = key_of(1, &post);
	ck_assert_mem_eq(&a, &c, sizeof a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/blocks");
	TCase *tc = tcase_create("uploads");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_request_without_block_is_whole);
	tcase_add_loop_test(tc, collects_in_order, 0, 21);
	tcase_add_test(tc, a_client_may_go_on_with_smaller_blocks);
	tcase_add_test(tc, a_gap_is_incomplete);
	tcase_add_test(tc, the_last_block_may_come_again);
	tcase_add_test(tc, another_block_does_not_come_again);
	tcase_add_test(tc, number_zero_begins_anew);
	tcase_add_loop_test(tc, refuses_blocks_of_a_wrong_size, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(tc, refuses_a_broken_block_option);
	tcase_add_test(tc, a_body_has_a_limit);
	tcase_add_loop_test(tc, size1_is_a_hint_only, 0, (int)ARRAY_LEN(sizes));
	tcase_add_test(tc, a_peer_has_four_open_uploads);
	tcase_add_test(tc, all_bytes_have_a_budget);
	tcase_add_test(tc, ten_thousand_half_open_bodies_stay_in_their_budget);
	tcase_add_test(tc, silence_ends_an_upload);
	tcase_add_loop_test(tc, a_key_is_made_of_the_cache_key, 0, (int)ARRAY_LEN(keyed));
	tcase_add_test(tc, a_key_is_made_of_end_point_and_method);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
