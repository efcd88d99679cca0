/* SPDX-License-Identifier: BSD-2-Clause
 * Outer block-wise transfer through the core, both ways (RFC 7959, RFC 8613 section 4.1.3.4). */
#include <string.h>

#include "lab.h"

static struct lab lab;
static uint16_t next_mid;

/* One block of an upload whose OSCORE value ends in name: another value, another message. */
static void
put(unsigned peer, uint8_t name, struct sl_span body, struct sl_coap_block block)
{
	uint8_t option[] = {0x09, name, 0x14};
	size_t size = sl_coap_block_size(block.szx), at = block.num * size;
	size_t len = at + size < body.len ? size : body.len - at;
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	msg.message_id = next_mid++;
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(option, sizeof option)));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, block));
	msg.payload = sl_span(body.ptr + at, len);
	lab_send_msg(&lab, peer, &msg);
}

static void
get_slice(unsigned peer, struct sl_coap_block block)
{
	struct sl_coap_msg msg;

	lab_oscore(&msg, next_mid++, sl_span(NULL, 0));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, block));
	lab_send_msg(&lab, peer, &msg);
}

static void
assert_block(uint16_t number, uint32_t num, bool more, uint8_t szx)
{
	struct sl_coap_block block;

	ck_assert_ok(sl_coap_get_block(&lab_last(&lab)->msg, number, &block));
	ck_assert_uint_eq(block.num, num);
	ck_assert_uint_eq(block.more, more);
	ck_assert_uint_eq(block.szx, szx);
}

static void
put_all(unsigned peer, uint8_t name, struct sl_span body)
{
	for (uint32_t num = 0; num * 1024 < body.len; num++) {
		bool more = (num + 1) * 1024 < body.len;

		put(peer, name, body, (struct sl_coap_block){num, more, 6});
		if (!more)
			return;
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTINUE);
		assert_block(SL_COAP_BLOCK1, num, true, 6);
	}
}

START_TEST(upload_becomes_one_fetch)
{
	struct sl_span body = lab_bytes(5000, 1);
	struct sl_map_http_result ok = lab_ok(lab_bytes(20, 2));

	lab_open(&lab, LAB_TRUSTED);
	put_all(1, 1, body);
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert_bytes(lab.fetches[0].fetch.body, body);
	lab_result(&lab, 0, &ok);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	assert_block(SL_COAP_BLOCK1, 4, false, 6);
	lab_close(&lab);
}
END_TEST

START_TEST(largest_body_passes_and_one_byte_more_does_not)
{
	lab_open(&lab, LAB_TRUSTED);
	put_all(1, 1, lab_bytes(16384, 1));
	ck_assert_uint_eq(lab.fetch_count, 1);
	put_all(1, 2, lab_bytes(16385, 1));
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_TOO_LARGE);
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_SIZE1), 16384);
	lab_close(&lab);
}
END_TEST

START_TEST(gap_is_4_08_and_a_new_start_heals)
{
	struct sl_span body = lab_bytes(3000, 1);

	lab_open(&lab, LAB_TRUSTED);
	put(1, 1, body, (struct sl_coap_block){0, true, 6});
	put(1, 1, body, (struct sl_coap_block){2, false, 6});
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	put(1, 1, body, (struct sl_coap_block){1, true, 6});
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(lab.fetch_count, 0);
	put_all(1, 1, body);
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert_bytes(lab.fetches[0].fetch.body, body);
	lab_close(&lab);
}
END_TEST

/* RFC 8613 section 4.1.3.4.2: messages of one peer must not blend, nor those of two. */
START_TEST(interleaved_uploads_do_not_blend)
{
	enum { UPLOADS = 4, BLOCKS = 5 };
	uint32_t seed = 99;

	lab_open(&lab, LAB_TRUSTED "limits: {requests-per-second: 0, transfers: 256}\n");
	for (unsigned turn = 0; turn < 400; turn++) {
		struct sl_map_http_result ok = lab_ok(lab_bytes(5, 5));
		struct sl_span bodies[UPLOADS];
		uint32_t at[UPLOADS] = {0}, left = UPLOADS * BLOCKS;

		for (uint8_t i = 0; i < UPLOADS; i++)
			bodies[i] = heap_copy(
			        lab_bytes(BLOCKS * 32 - turn % 31, (uint8_t)(turn + i * 50)));
		lab.sent_count = lab.fetch_count = 0;
		while (left > 0) {
			unsigned i = (seed = seed * 1664525U + 1013904223U) >> 16 & 3;

			if (at[i] == BLOCKS)
				continue;
			put(i / 2, (uint8_t)(i % 2), bodies[i],
			        (struct sl_coap_block){at[i], at[i] + 1 < BLOCKS, 1});
			at[i]++;
			left--;
		}
		ck_assert_uint_eq(lab.fetch_count, UPLOADS);
		for (size_t f = 0; f < UPLOADS; f++) {
			bool is_one = false;

			for (size_t i = 0; i < UPLOADS; i++)
				is_one = is_one ||
				         sl_span_equal(bodies[i], lab.fetches[f].fetch.body);
			ck_assert_msg(is_one, "turn %u: a blend of two uploads", turn);
			lab_result(&lab, f, &ok);
		}
		hex_release();
	}
	lab_close(&lab);
}
END_TEST

START_TEST(large_answer_is_served_in_slices_without_a_fetch)
{
	struct sl_span body = heap_copy(lab_bytes(5000, 1));
	struct sl_map_http_result ok = lab_ok(body);
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_TRUSTED);
	lab_oscore(&msg, next_mid++, lab_bytes(60, 1));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_SIZE2, 0));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 0, &ok);
	for (uint32_t num = 0; num < 5; num++) {
		size_t len = num < 4 ? 1024 : 5000 - 4 * 1024;

		if (num > 0)
			get_slice(1, (struct sl_coap_block){num, false, 6});
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
		assert_block(SL_COAP_BLOCK2, num, num < 4, 6);
		ck_assert_bytes(lab_last(&lab)->msg.payload, sl_span(body.ptr + num * 1024, len));
		ck_assert_uint_eq(sl_coap_count(&lab_last(&lab)->msg, SL_COAP_OSCORE), 1);
		if (num == 0)
			ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_SIZE2), 5000);
	}
	get_slice(1, (struct sl_coap_block){5, false, 6});
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_BAD_REQUEST);
	get_slice(1, (struct sl_coap_block){8, false, 4});
	ck_assert_bytes(lab_last(&lab)->msg.payload, sl_span(body.ptr + 8 * 256, 256));
	get_slice(2, (struct sl_coap_block){1, false, 6});
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(lab.fetch_count, 1);
	lab_close(&lab);
}
END_TEST

START_TEST(kept_answer_is_forgotten_after_silence)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(3000, 1));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_TRUSTED "limits: {block-idle: 2s}\n");
	lab_oscore(&msg, next_mid++, lab_bytes(60, 1));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 0, &ok);
	lab_advance(&lab, 1999);
	get_slice(1, (struct sl_coap_block){1, false, 6});
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CHANGED);
	ck_assert_uint_eq(proxy_core_counts(lab.core).blocks.answers, 1);
	lab_advance(&lab, 2000);
	ck_assert_uint_eq(proxy_core_counts(lab.core).blocks.answers, 0);
	get_slice(1, (struct sl_coap_block){2, false, 6});
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	lab_close(&lab);
}
END_TEST

START_TEST(client_wish_for_small_blocks_is_kept)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(100, 1));
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_TRUSTED);
	lab_oscore(&msg, next_mid++, lab_bytes(60, 1));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){0, false, 1}));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 0, &ok);
	assert_block(SL_COAP_BLOCK2, 0, true, 1);
	ck_assert_uint_eq(lab_last(&lab)->msg.payload.len, 32);
	lab_close(&lab);
}
END_TEST

START_TEST(upload_with_a_large_answer_carries_both_blocks)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(3000, 1));

	lab_open(&lab, LAB_TRUSTED);
	put_all(1, 1, lab_bytes(2000, 1));
	lab_result(&lab, 0, &ok);
	assert_block(SL_COAP_BLOCK1, 1, false, 6);
	assert_block(SL_COAP_BLOCK2, 0, true, 6);
	lab_close(&lab);
}
END_TEST

START_TEST(uploads_of_one_peer_are_limited)
{
	struct sl_span body = lab_bytes(2000, 1);

	lab_open(&lab, LAB_TRUSTED);
	for (uint8_t i = 0; i < 4; i++) {
		put(1, i, body, (struct sl_coap_block){0, true, 6});
		lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTINUE);
	}
	put(1, 4, body, (struct sl_coap_block){0, true, 6});
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_SERVICE_UNAVAILABLE);
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_MAX_AGE), 5);
	lab_close(&lab);
}
END_TEST

#define LINKS "</est/crts>;rt=\"ace.est.crts\";osc,</est/sen>;rt=\"ace.est.sen\";osc"

static void
discover(struct sl_coap_msg *msg)
{
	sl_coap_msg_init(msg, SL_COAP_GET);
	msg->message_id = next_mid++;
	ck_assert_ok(sl_coap_add_path(msg, "/.well-known/core"));
}

START_TEST(discovery_is_served_whole_and_in_slices)
{
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_TRUSTED "discovery: '" LINKS "'\n");
	discover(&msg);
	lab_send_msg(&lab, 1, &msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTENT);
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_CONTENT_FORMAT), 40);
	ck_assert_bytes(lab_last(&lab)->msg.payload, sl_span_text(LINKS));
	for (uint32_t num = 0; num < 3; num++) {
		discover(&msg);
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK2, (struct sl_coap_block){num, false, 1}));
		lab_send_msg(&lab, 1, &msg);
		assert_block(SL_COAP_BLOCK2, num, num * 32 + 32 < sizeof LINKS - 1, 1);
		ck_assert(memcmp(lab_last(&lab)->msg.payload.ptr, &LINKS[num * 32],
		                  lab_last(&lab)->msg.payload.len) == 0);
	}
	ck_assert_uint_eq(lab.fetch_count, 0);
	ck_assert_uint_eq(proxy_core_counts(lab.core).blocks.answers, 0);
	lab_close(&lab);
}
END_TEST

START_TEST(discovery_is_read_only_link_format)
{
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_TRUSTED "discovery: '" LINKS "'\n");
	discover(&msg);
	msg.code = SL_COAP_POST;
	lab_send_msg(&lab, 1, &msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_METHOD_NOT_ALLOWED);
	discover(&msg);
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, 50));
	lab_send_msg(&lab, 1, &msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_NOT_ACCEPTABLE);
	discover(&msg);
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, 40));
	lab_send_msg(&lab, 1, &msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, SL_COAP_CONTENT);
	lab_close(&lab);
}
END_TEST

/* A request without OSCORE; what is asked for has no name of its own in it. */
static void
post_plain(uint8_t first, struct sl_coap_block block)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	msg.message_id = next_mid++;
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text("open")));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, block));
	if (block.num == 0)
		msg.payload = lab_bytes(40, first);
	lab_send_msg(&lab, 1, &msg);
}

static struct sl_span
last_etag(void)
{
	const struct sl_coap_option *opt = sl_coap_find(&lab_last(&lab)->msg, SL_COAP_ETAG);

	ck_assert_ptr_nonnull(opt);
	return sl_coap_option_value(opt);
}

static void
answer_plain(size_t fetch, uint8_t first)
{
	struct sl_map_http_result ok = {.transport = SL_MAP_RESPONSE,
	        .status = 200,
	        .content_type = sl_span_text("application/octet-stream"),
	        .content_type_count = 1,
	        .body = lab_bytes(150, first)};

	lab_result(&lab, fetch, &ok);
}

/* A device that lost its memory asks anew, and the answer to what it asked before comes late: same end
 * points, same resource. RFC 7959 section 2.4: the ETag tells the slices apart. */
START_TEST(slices_of_two_plain_answers_can_be_told_apart)
{
	struct sl_coap_block first = {0, false, 2}, second = {1, false, 2};
	struct sl_span etag;

	lab_open(&lab, LAB_TRUSTED);
	post_plain(1, first);
	post_plain(2, first);
	answer_plain(1, 20);
	assert_block(SL_COAP_BLOCK2, 0, true, 2);
	etag = heap_copy(last_etag());
	post_plain(2, second);
	assert_block(SL_COAP_BLOCK2, 1, true, 2);
	ck_assert_bytes(last_etag(), etag);

	answer_plain(0, 10);
	post_plain(2, second);
	assert_block(SL_COAP_BLOCK2, 1, true, 2);
	ck_assert(!sl_span_equal(last_etag(), etag));
	lab_close(&lab);
}
END_TEST

/* There the OSCORE option names the request, and an outer ETag would be nobody's business. */
START_TEST(slices_of_oscore_carry_no_etag)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(3000, 1));

	lab_open(&lab, LAB_TRUSTED);
	put_all(1, 1, lab_bytes(100, 9));
	lab_result(&lab, 0, &ok);
	assert_block(SL_COAP_BLOCK2, 0, true, 6);
	ck_assert_ptr_null(sl_coap_find(&lab_last(&lab)->msg, SL_COAP_ETAG));
	lab_close(&lab);
}
END_TEST

static Suite *
blocks_suite(void)
{
	Suite *s = suite_create("proxy blocks");
	TCase *up = tcase_create("up"), *down = tcase_create("down");

	tcase_add_test(up, upload_becomes_one_fetch);
	tcase_add_test(up, largest_body_passes_and_one_byte_more_does_not);
	tcase_add_test(up, gap_is_4_08_and_a_new_start_heals);
	tcase_add_test(up, interleaved_uploads_do_not_blend);
	tcase_add_test(up, uploads_of_one_peer_are_limited);
	suite_add_tcase(s, up);
	tcase_add_test(down, large_answer_is_served_in_slices_without_a_fetch);
	tcase_add_test(down, kept_answer_is_forgotten_after_silence);
	tcase_add_test(down, client_wish_for_small_blocks_is_kept);
	tcase_add_test(down, upload_with_a_large_answer_carries_both_blocks);
	tcase_add_test(down, slices_of_two_plain_answers_can_be_told_apart);
	tcase_add_test(down, slices_of_oscore_carry_no_etag);
	tcase_add_test(down, discovery_is_served_whole_and_in_slices);
	tcase_add_test(down, discovery_is_read_only_link_format);
	suite_add_tcase(s, down);
	return s;
}

int
main(void)
{
	return run_suite(blocks_suite());
}
