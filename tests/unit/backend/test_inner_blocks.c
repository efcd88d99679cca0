/* SPDX-License-Identifier: BSD-2-Clause
 * Inner Block1 (RFC 7959 section 2.5): order, sizes, limits at them and beyond them, and who may meet whom. */
#include "support.h"

#include <string.h>

#include "inner_fixture.h"

struct put {
	struct sl_coap_block block;
	size_t len; /* of the payload; 0: what the block should have */
	const char *tag;
	int64_t context_id;
};

static uint8_t
put_as(const struct put *p)
{
	struct sl_coap_msg msg;
	size_t size = sl_coap_block_size(p->block.szx);

	inner_make(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, p->block));
	if (p->tag != NULL)
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_REQUEST_TAG, sl_span_text(p->tag)));
	msg.payload = sl_span(t.text + p->block.num * size, p->len > 0 ? p->len : size);
	return inner_request(p->context_id, &msg);
}

static uint8_t
put(uint32_t num, bool more, uint8_t szx)
{
	struct put p = {.block = {num, more, szx}, .context_id = CONTEXT};

	return put_as(&p);
}

static uint8_t
put_len(uint32_t num, bool more, uint8_t szx, size_t len)
{
	struct put p = {.block = {num, more, szx}, .len = len, .context_id = CONTEXT};

	return put_as(&p);
}

static uint8_t
put_tag(uint32_t num, bool more, const char *tag)
{
	struct put p = {.block = {num, more, 0}, .tag = tag, .context_id = CONTEXT};

	return put_as(&p);
}

static void
ck_assert_body(size_t len)
{
	ck_assert_uint_eq(t.body.len, len);
	ck_assert_bytes(sl_buf_view(&t.body), sl_span(t.text, len));
	sl_buf_clear(&t.body);
}

START_TEST(a_request_without_blocks_is_whole)
{
	struct sl_coap_msg msg;

	inner_make(&msg, SL_COAP_POST);
	msg.payload = sl_span(t.text, t.config.body_max);
	ck_assert_uint_eq(inner_request(CONTEXT, &msg), 0);
	ck_assert_uint_eq(t.body.len, 0);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 0);
	msg.payload = sl_span(t.text, t.config.body_max + 1);
	ck_assert_uint_eq(inner_request(CONTEXT, &msg), SL_COAP_REQUEST_ENTITY_TOO_LARGE);
	ck_assert(t.answer.has_size1);
	ck_assert_uint_eq(t.answer.size1, t.config.body_max);
}
END_TEST

START_TEST(one_last_block_is_whole)
{
	ck_assert_uint_eq(put_len(0, false, 6, 10), 0);
	ck_assert_uint_eq(t.body.len, 0); /* the payload is the body */
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 0);
}
END_TEST

START_TEST(collects_every_size)
{
	uint32_t num;

	for (num = 0; num < 4; num++) {
		ck_assert_uint_eq(put(num, true, (uint8_t)_i), SL_COAP_CONTINUE);
		ck_assert(
		        t.answer.has_block1 && t.answer.block1.more && t.answer.block1.num == num);
		ck_assert_uint_eq(t.answer.block1.szx, (unsigned)_i);
		ck_assert(!t.answer.has_block2);
	}
	ck_assert_uint_eq(put_len(4, false, (uint8_t)_i, 1), 0);
	ck_assert_body(4 * (16U << _i) + 1);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 0);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).bytes, 0);
}
END_TEST

START_TEST(block_size_may_shrink_on_the_way)
{
	ck_assert_uint_eq(put(0, true, 2), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(4, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(5, false, 0), 0);
	ck_assert_body(96);
}
END_TEST

START_TEST(a_block_out_of_order_is_incomplete)
{
	ck_assert_uint_eq(put(1, true, 0), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(2, true, 0), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(put(1, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(2, false, 0), 0);
	ck_assert_body(48);
	ck_assert_uint_eq(put(2, false, 0), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
}
END_TEST

START_TEST(a_repeated_block_is_acknowledged_and_not_appended)
{
	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(1, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(1, true, 0), SL_COAP_CONTINUE);
	t.text[16] ^= 1;
	ck_assert_uint_eq(put(1, true, 0), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	t.text[16] ^= 1;
	ck_assert_uint_eq(put(2, false, 0), 0);
	ck_assert_body(48);
}
END_TEST

START_TEST(block_0_starts_again)
{
	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(1, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 1);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).bytes, 16);
	ck_assert_uint_eq(put(1, false, 0), 0);
	ck_assert_body(32);
}
END_TEST

START_TEST(a_block_of_another_length_is_bad)
{
	ck_assert_uint_eq(put_len(0, true, 0, 15), SL_COAP_BAD_REQUEST);
	ck_assert_uint_eq(put_len(0, true, 0, 17), SL_COAP_BAD_REQUEST);
	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put_len(1, false, 0, 17), SL_COAP_BAD_REQUEST);
	ck_assert_uint_eq(put_len(1, false, 0, 1), 0);
	ck_assert_body(17);
}
END_TEST

static const struct {
	const char *because;
	uint16_t option;
	const char *value;
	uint8_t code;
} bad_blocks[] = {
        {"block size 7 is reserved", SL_COAP_BLOCK1, "0f", SL_COAP_POST},
        {"Block2 with size 7", SL_COAP_BLOCK2, "07", SL_COAP_POST},
        {"a block value has at most three bytes", SL_COAP_BLOCK1, "00000000", SL_COAP_POST},
        {"a GET has nothing to send in blocks", SL_COAP_BLOCK1, "08", SL_COAP_GET},
};

START_TEST(refuses_bad_block_options)
{
	struct sl_coap_msg msg;

	inner_make(&msg, bad_blocks[_i].code);
	ck_assert_ok(sl_coap_add(&msg, bad_blocks[_i].option, hex(bad_blocks[_i].value)));
	msg.payload = sl_span(t.text, 16);
	ck_assert_msg(
	        inner_request(CONTEXT, &msg) == SL_COAP_BAD_REQUEST, "%s", bad_blocks[_i].because);
}
END_TEST

START_TEST(a_later_block2_does_not_go_with_block1)
{
	struct sl_coap_msg msg;

	inner_make(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){0, true, 0}));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){1, false, 0}));
	msg.payload = sl_span(t.text, 16);
	ck_assert_uint_eq(inner_request(CONTEXT, &msg), SL_COAP_BAD_REQUEST);
}
END_TEST

START_TEST(a_body_may_have_its_maximum_and_no_more)
{
	uint32_t num, last = (uint32_t)(t.config.body_max / 1024) - 1;

	for (num = 0; num < last; num++)
		ck_assert_uint_eq(put(num, true, 6), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put(last, false, 6), 0);
	ck_assert_body(t.config.body_max);

	for (num = 0; num <= last; num++)
		ck_assert_uint_eq(put(num, true, 6), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put_len(num, false, 6, 1), SL_COAP_REQUEST_ENTITY_TOO_LARGE);
	ck_assert(t.answer.has_size1 && t.answer.size1 == t.config.body_max);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 0);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).bytes, 0);
}
END_TEST

START_TEST(size1_over_the_limit_is_refused_at_once)
{
	struct sl_coap_msg msg;
	uint32_t size;

	for (size = (uint32_t)t.config.body_max; size <= t.config.body_max + 1; size++) {
		inner_make(&msg, SL_COAP_POST);
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK1, (struct sl_coap_block){0, true, 0}));
		ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_SIZE1, size));
		msg.payload = sl_span(t.text, 16);
		ck_assert_uint_eq(inner_request(CONTEXT, &msg),
		        size == t.config.body_max ? SL_COAP_CONTINUE
		                                  : SL_COAP_REQUEST_ENTITY_TOO_LARGE);
	}
}
END_TEST

START_TEST(transfers_of_two_contexts_do_not_meet)
{
	struct put other = {.block = {1, false, 0}, .context_id = CONTEXT + 1};

	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put_as(&other), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(put(1, false, 0), 0);
	ck_assert_body(32);
}
END_TEST

/* RFC 9175 section 3 */
START_TEST(request_tags_keep_transfers_apart)
{
	ck_assert_uint_eq(put_tag(0, true, "a"), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put_tag(0, true, "b"), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put_tag(1, true, "a"), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put_tag(1, false, "b"), 0);
	ck_assert_body(32);
	ck_assert_uint_eq(put_tag(2, false, "b"), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(put_tag(2, false, ""), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(put_tag(2, false, "a"), 0);
	ck_assert_body(48);
}
END_TEST

/* Options that do not matter to the transfer may come and go. */
START_TEST(no_cache_key_options_are_not_in_the_key)
{
	struct sl_coap_msg msg;

	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	inner_make(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){1, false, 0}));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){0, false, 0}));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_SIZE1, 32));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, sl_span(t.text, 8)));
	msg.payload = sl_span(t.text + 16, 16);
	ck_assert_uint_eq(inner_request(CONTEXT, &msg), 0);
	ck_assert_body(32);
}
END_TEST

START_TEST(another_path_is_another_transfer)
{
	struct sl_coap_msg msg;

	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_path(&msg, "/est/sren"));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){1, false, 0}));
	msg.payload = sl_span(t.text + 16, 16);
	ck_assert_uint_eq(inner_request(CONTEXT, &msg), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
}
END_TEST

START_TEST(a_context_has_so_many_transfers)
{
	char tag[2] = "a";
	unsigned i;

	for (i = 0; i <= t.config.per_context_max; i++, tag[0]++, t.now_ms++)
		ck_assert_uint_eq(put_tag(0, true, tag), SL_COAP_CONTINUE);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, t.config.per_context_max);
	ck_assert_uint_eq(put_tag(1, true, "a"), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(put_tag(1, true, "b"), SL_COAP_CONTINUE);
}
END_TEST

START_TEST(all_contexts_have_so_many_transfers)
{
	struct put p = {.block = {0, true, 0}};

	t.config.transfers_max = 3;
	inner_restart();
	for (p.context_id = 1; p.context_id <= 3; p.context_id++)
		ck_assert_uint_eq(put_as(&p), SL_COAP_CONTINUE);
	ck_assert_uint_eq(put_as(&p), SL_COAP_SERVICE_UNAVAILABLE);
	p.context_id = 2; /* its own may start again */
	ck_assert_uint_eq(put_as(&p), SL_COAP_CONTINUE);
}
END_TEST

START_TEST(all_contexts_have_so_many_bytes)
{
	struct put p = {.block = {0, true, 0}, .context_id = 1};

	t.config.bytes_max = 32;
	inner_restart();
	ck_assert_uint_eq(put_as(&p), SL_COAP_CONTINUE);
	p.context_id = 2;
	ck_assert_uint_eq(put_as(&p), SL_COAP_CONTINUE);
	p.context_id = 3;
	ck_assert_uint_eq(put_as(&p), SL_COAP_SERVICE_UNAVAILABLE);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 2);
}
END_TEST

START_TEST(silence_ends_a_transfer)
{
	ck_assert_uint_eq(put(0, true, 0), SL_COAP_CONTINUE);
	t.now_ms += t.config.idle_ms - 1;
	ck_assert_uint_eq(put(1, true, 0), SL_COAP_CONTINUE);
	t.now_ms += t.config.idle_ms;
	ck_assert_uint_eq(put(2, true, 0), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).bytes, 0);
}
END_TEST

START_TEST(refuses_maxima_of_zero)
{
	struct inner_blocks *b = NULL;
	struct inner_blocks_config bad = t.config;

	bad.transfers_max = 0;
	ck_assert_err(inner_blocks_new(&b, &bad), SL_EMALFORMED);
	bad = t.config;
	bad.per_context_max = 0;
	ck_assert_err(inner_blocks_new(&b, &bad), SL_EMALFORMED);
	bad = t.config;
	bad.body_max = 0;
	ck_assert_err(inner_blocks_new(&b, &bad), SL_EMALFORMED);
	inner_blocks_free(NULL);
}
END_TEST

/* 20000 random steps: every body that comes out is one that went in, memory stays inside its bounds. */
START_TEST(random_blocks_never_blend)
{
	uint32_t r = 12345;
	size_t whole = 0;
	int i;

	for (i = 0; i < 20000; i++) {
		static const char *const tags[] = {"a", "b", "c", NULL};
		struct put p = {.context_id = 1};

		r = r * 1664525u + 1013904223u;
		p.context_id = (r >> 8) % 3;
		p.tag = tags[(r >> 12) % 4];
		p.block = (struct sl_coap_block){(r >> 16) % 4, (r >> 20) % 4 != 0, (r >> 24) % 2};
		if (put_as(&p) == 0 && t.body.len > 0) {
			whole++;
			ck_assert_body(t.body.len);
		}
		ck_assert_uint_le(inner_blocks_counts(t.blocks).transfers, 12);
		t.now_ms += 10;
	}
	ck_assert_uint_gt(whole, 100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/inner_blocks, requests");
	TCase *c = tcase_create("all");

	tcase_add_checked_fixture(c, inner_start, inner_end);
	tcase_add_test(c, a_request_without_blocks_is_whole);
	tcase_add_test(c, one_last_block_is_whole);
	tcase_add_loop_test(c, collects_every_size, 0, 7);
	tcase_add_test(c, block_size_may_shrink_on_the_way);
	tcase_add_test(c, a_block_out_of_order_is_incomplete);
	tcase_add_test(c, a_repeated_block_is_acknowledged_and_not_appended);
	tcase_add_test(c, block_0_starts_again);
	tcase_add_test(c, a_block_of_another_length_is_bad);
	tcase_add_loop_test(c, refuses_bad_block_options, 0, ARRAY_LEN(bad_blocks));
	tcase_add_test(c, a_later_block2_does_not_go_with_block1);
	tcase_add_test(c, a_body_may_have_its_maximum_and_no_more);
	tcase_add_test(c, size1_over_the_limit_is_refused_at_once);
	tcase_add_test(c, transfers_of_two_contexts_do_not_meet);
	tcase_add_test(c, request_tags_keep_transfers_apart);
	tcase_add_test(c, no_cache_key_options_are_not_in_the_key);
	tcase_add_test(c, another_path_is_another_transfer);
	tcase_add_test(c, a_context_has_so_many_transfers);
	tcase_add_test(c, all_contexts_have_so_many_transfers);
	tcase_add_test(c, all_contexts_have_so_many_bytes);
	tcase_add_test(c, silence_ends_a_transfer);
	tcase_add_test(c, random_blocks_never_blend);
	tcase_add_test(c, refuses_maxima_of_zero);
	suite_add_tcase(s, c);
	return run_suite(s);
}
