/* SPDX-License-Identifier: BSD-2-Clause
 * Inner Block2 (RFC 7959 sections 2.4, 3.3): when an answer is cut, what is kept for follow-ups, and for whom. */
#include "support.h"

#include "inner_fixture.h"

/* The service's answer of len bytes to msg. */
static void
respond(const struct sl_coap_msg *msg, size_t len)
{
	struct inner_ask ask = inner_ask_of(CONTEXT, msg);

	t.answer = (struct inner_answer){
	        .code = msg->code == SL_COAP_GET ? SL_COAP_CONTENT : SL_COAP_CHANGED,
	        .payload = sl_span(t.text, len),
	        .has_content_format = true,
	        .content_format = 281,
	};
	inner_blocks_answer(t.blocks, &ask, &t.answer);
}

static void
ck_assert_slice(uint32_t num, bool more, uint8_t szx, size_t len)
{
	ck_assert(t.answer.has_block2);
	ck_assert_uint_eq(t.answer.block2.num, num);
	ck_assert_int_eq(t.answer.block2.more, more);
	ck_assert_uint_eq(t.answer.block2.szx, szx);
	ck_assert_bytes(t.answer.payload, sl_span(t.text + num * (16U << szx), len));
}

START_TEST(a_small_answer_is_not_cut)
{
	struct sl_coap_msg msg;

	inner_make(&msg, SL_COAP_POST);
	respond(&msg, 1024);
	ck_assert(!t.answer.has_block2 && !t.answer.has_block1 && !t.answer.has_size2);
	ck_assert_uint_eq(t.answer.payload.len, 1024);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 0);
}
END_TEST

static uint8_t
follow_up(uint8_t code, uint32_t num, uint8_t szx)
{
	struct sl_coap_msg msg;

	inner_make(&msg, code);
	ck_assert_ok(
	        sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){num, false, szx}));
	return inner_request(CONTEXT, &msg);
}

START_TEST(a_large_answer_is_cut_and_kept)
{
	struct sl_coap_msg msg;

	inner_make(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, 286));
	respond(&msg, 1025);
	ck_assert_slice(0, true, 6, 1024);
	ck_assert_uint_eq(follow_up(SL_COAP_POST, 1, 6), SL_COAP_CHANGED);
	ck_assert_slice(1, false, 6, 1);
	ck_assert(t.answer.has_content_format && t.answer.content_format == 281);
	ck_assert_uint_eq(follow_up(SL_COAP_POST, 1, 6), SL_COAP_CHANGED); /* asked again */
	ck_assert_uint_eq(follow_up(SL_COAP_POST, 2, 6), SL_COAP_BAD_REQUEST);
	ck_assert_uint_eq(follow_up(SL_COAP_POST, 64, 0), SL_COAP_CHANGED);
	ck_assert_slice(64, false, 0, 1);
	t.now_ms += t.config.idle_ms;
	ck_assert_uint_eq(follow_up(SL_COAP_POST, 1, 6), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
}
END_TEST

START_TEST(the_clients_wish_is_kept)
{
	struct sl_coap_msg msg;

	inner_make(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){0, false, 2}));
	respond(&msg, 64);
	ck_assert_slice(0, false, 2, 64);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 0);
	respond(&msg, 65);
	ck_assert_slice(0, true, 2, 64);
	ck_assert_uint_eq(follow_up(SL_COAP_POST, 1, 2), SL_COAP_CHANGED);
	ck_assert_slice(1, false, 2, 1);
}
END_TEST

/* RFC 7959 section 3.3: the last Block1 and the first Block2 in one message. */
START_TEST(block1_and_block2_meet_in_the_last_exchange)
{
	struct sl_coap_msg msg;

	inner_make(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){3, false, 4}));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_REQUEST_TAG, sl_span_text("t")));
	respond(&msg, 2000);
	ck_assert(t.answer.has_block1);
	ck_assert_uint_eq(t.answer.block1.num, 3);
	ck_assert(!t.answer.block1.more);
	ck_assert_uint_eq(t.answer.block1.szx, 4);
	ck_assert_slice(0, true, 6, 1024);
	ck_assert_uint_eq(follow_up(SL_COAP_POST, 1, 6), SL_COAP_CHANGED);
	ck_assert_slice(1, false, 6, 976);
	ck_assert(!t.answer.has_block1);
}
END_TEST

START_TEST(a_get_is_answered_anew_for_each_slice)
{
	struct sl_coap_msg msg;

	ck_assert_uint_eq(follow_up(SL_COAP_GET, 2, 6), 0);
	inner_make(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){2, false, 6}));
	respond(&msg, 3000);
	ck_assert_slice(2, false, 6, 952);
	respond(&msg, 2049);
	ck_assert_slice(2, false, 6, 1);
	respond(&msg, 2048);
	ck_assert_uint_eq(t.answer.code, SL_COAP_BAD_REQUEST);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 0);
}
END_TEST

START_TEST(size2_is_said_when_asked)
{
	struct sl_coap_msg msg;

	inner_make(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_SIZE2, 0));
	respond(&msg, 3000);
	ck_assert(t.answer.has_size2 && t.answer.size2 == 3000);
	respond(&msg, 30);
	ck_assert(t.answer.has_size2 && t.answer.size2 == 30);
}
END_TEST

START_TEST(an_error_is_not_cut)
{
	struct sl_coap_msg msg;
	struct inner_ask ask;

	inner_make(&msg, SL_COAP_POST);
	ask = inner_ask_of(CONTEXT, &msg);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){0, false, 0}));
	t.answer = (struct inner_answer){
	        .code = SL_COAP_FORBIDDEN, .payload = sl_span(t.text, 40), .has_max_age = true};
	inner_blocks_answer(t.blocks, &ask, &t.answer);
	ck_assert(!t.answer.has_block2);
	ck_assert_uint_eq(t.answer.payload.len, 40);
	ck_assert(t.answer.has_max_age);
}
END_TEST

START_TEST(answers_of_two_contexts_do_not_meet)
{
	struct sl_coap_msg msg;

	inner_make(&msg, SL_COAP_POST);
	respond(&msg, 2000);
	inner_make(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){1, false, 6}));
	ck_assert_uint_eq(inner_request(CONTEXT + 1, &msg), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
}
END_TEST

START_TEST(an_answer_that_cannot_be_kept_is_busy)
{
	struct sl_coap_msg msg;

	t.config.bytes_max = 1999;
	inner_restart();
	inner_make(&msg, SL_COAP_POST);
	respond(&msg, 2000);
	ck_assert_uint_eq(t.answer.code, SL_COAP_SERVICE_UNAVAILABLE);
	ck_assert_uint_eq(t.answer.payload.len, 0);
	ck_assert_uint_eq(inner_blocks_counts(t.blocks).transfers, 0);
	t.config.bytes_max = 2000;
	inner_restart();
	respond(&msg, 2000);
	ck_assert_slice(0, true, 6, 1024);
	respond(&msg, 16385); /* over the ceiling of a kept answer */
	ck_assert_uint_eq(t.answer.code, SL_COAP_SERVICE_UNAVAILABLE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/inner_blocks, answers");
	TCase *c = tcase_create("all");

	tcase_add_checked_fixture(c, inner_start, inner_end);
	tcase_add_test(c, a_small_answer_is_not_cut);
	tcase_add_test(c, a_large_answer_is_cut_and_kept);
	tcase_add_test(c, the_clients_wish_is_kept);
	tcase_add_test(c, block1_and_block2_meet_in_the_last_exchange);
	tcase_add_test(c, a_get_is_answered_anew_for_each_slice);
	tcase_add_test(c, size2_is_said_when_asked);
	tcase_add_test(c, an_error_is_not_cut);
	tcase_add_test(c, answers_of_two_contexts_do_not_meet);
	tcase_add_test(c, an_answer_that_cannot_be_kept_is_busy);
	suite_add_tcase(s, c);
	return run_suite(s);
}
