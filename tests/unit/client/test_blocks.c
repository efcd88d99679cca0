/* SPDX-License-Identifier: BSD-2-Clause
 * A client's blocks: RFC 7959 sections 2.4 to 2.9, with the examples of section 3. */
#include "hand.h"

#include <string.h>

static struct sl_coap_block
block_in(const struct sl_coap_msg *msg, uint16_t number)
{
	struct sl_coap_block b = {0};

	ck_assert_ok(sl_coap_get_block(msg, number, &b));
	return b;
}

/* The next datagram carries these bytes of the pattern as block num/more/szx. */
static struct sl_coap_msg
expect_block1(uint32_t num, bool more, uint8_t szx, size_t len)
{
	struct sl_coap_msg msg = sent();
	struct sl_coap_block b = block_in(&msg, SL_COAP_BLOCK1);
	size_t from = (size_t)num << (szx + 4);

	ck_assert_uint_eq(b.num, num);
	ck_assert_int_eq(b.more, more);
	ck_assert_uint_eq(b.szx, szx);
	ck_assert_bytes(msg.payload, sl_span(pattern + from, len));
	ck_assert_uint_eq(sl_coap_count(&msg, SL_COAP_URI_PATH), 1);
	return msg;
}

static void
answer_block1(const struct sl_coap_msg *request, uint8_t code, struct sl_coap_block b)
{
	struct sl_coap_msg msg = response_to(request, SL_COAP_ACK, code);

	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, b));
	give(&msg, 10);
}

static void
begin(size_t len, uint8_t szx)
{
	struct sl_coap_msg msg = post(len);

	config.block_szx = szx;
	hand_restart();
	start(&msg, 0);
}

START_TEST(a_payload_of_one_block_goes_whole)
{
	struct sl_coap_msg msg;

	begin(1024, 6);
	msg = sent();
	ck_assert_uint_eq(sl_coap_count(&msg, SL_COAP_BLOCK1), 0);
	ck_assert_uint_eq(msg.payload.len, 1024);
}
END_TEST

/* Section 3.2, figure 7 in its shape: three blocks, 2.31 twice, then the answer. */
START_TEST(uploads_block_by_block)
{
	struct sl_coap_msg first, msg, last;

	begin(2 * 128 + 5, 3);
	first = msg = expect_block1(0, true, 3, 128);
	answer_block1(&msg, SL_COAP_CONTINUE, (struct sl_coap_block){0, true, 3});
	msg = expect_block1(1, true, 3, 128);
	ck_assert_mem_ne(msg.token, first.token, 8);
	ck_assert_uint_ne(msg.message_id, first.message_id);
	answer_block1(
	        &first, SL_COAP_CONTINUE, (struct sl_coap_block){0, true, 3}); /* a late copy */
	sent_nothing();
	answer_block1(&msg, SL_COAP_CONTINUE, (struct sl_coap_block){1, true, 3});
	last = expect_block1(2, false, 3, 5);
	answer_block1(&last, SL_COAP_CHANGED, (struct sl_coap_block){2, false, 3});
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_uint_eq(sl_client_response(c)->code, SL_COAP_CHANGED);
	ck_assert_uint_eq(sl_client_response(c)->option_count, 0);
	sent_nothing();
}
END_TEST

/* Section 3.2, figure 8: the server asks for 32, the client goes on at 1:4/1/32. */
START_TEST(follows_the_server_to_smaller_blocks)
{
	struct sl_coap_msg msg;

	begin(170, 3);
	msg = expect_block1(0, true, 3, 128);
	answer_block1(&msg, SL_COAP_CONTINUE, (struct sl_coap_block){0, true, 1});
	msg = expect_block1(4, true, 1, 32);
	answer_block1(&msg, SL_COAP_CONTINUE, (struct sl_coap_block){4, true, 1});
	msg = expect_block1(5, false, 1, 10);
	answer_block1(&msg, SL_COAP_CHANGED, (struct sl_coap_block){5, false, 1});
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
}
END_TEST

START_TEST(does_not_follow_to_larger_blocks)
{
	struct sl_coap_msg msg;

	begin(40, 0);
	msg = expect_block1(0, true, 0, 16);
	answer_block1(&msg, SL_COAP_CONTINUE, (struct sl_coap_block){0, true, 6});
	expect_block1(1, true, 0, 16);
}
END_TEST

START_TEST(takes_2_04_with_more_as_go_on)
{
	struct sl_coap_msg msg;

	begin(20, 0);
	msg = expect_block1(0, true, 0, 16);
	answer_block1(&msg, SL_COAP_CHANGED, (struct sl_coap_block){0, true, 0});
	msg = expect_block1(1, false, 0, 4);
	answer_block1(&msg, SL_COAP_CHANGED, (struct sl_coap_block){1, false, 0});
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
}
END_TEST

/* Section 2.9.3: 4.13 with a smaller size is an invitation, once. */
START_TEST(tries_smaller_blocks_once_after_4_13)
{
	struct sl_coap_msg msg;

	begin(1000, 6); /* sent whole, without Block1 */
	msg = sent();
	answer_block1(&msg, SL_COAP_REQUEST_ENTITY_TOO_LARGE, (struct sl_coap_block){0, true, 3});
	msg = expect_block1(0, true, 3, 128);
	answer_block1(&msg, SL_COAP_CONTINUE, (struct sl_coap_block){0, true, 3});
	msg = expect_block1(1, true, 3, 128);
	answer_block1(&msg, SL_COAP_REQUEST_ENTITY_TOO_LARGE, (struct sl_coap_block){1, true, 1});
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_uint_eq(sl_client_response(c)->code, SL_COAP_REQUEST_ENTITY_TOO_LARGE);
}
END_TEST

START_TEST(a_plain_4_13_is_the_answer)
{
	struct sl_coap_msg msg, answer;

	begin(40, 0);
	msg = expect_block1(0, true, 0, 16);
	answer = response_to(&msg, SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_TOO_LARGE);
	ck_assert_ok(sl_coap_add_uint(&answer, SL_COAP_SIZE1, 30));
	give(&answer, 10);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_uint_eq(sl_coap_count(sl_client_response(c), SL_COAP_SIZE1), 1);
}
END_TEST

static const struct {
	const char *because;
	uint8_t code;
	bool has_block;
	struct sl_coap_block block;
	size_t len; /* of the request, in blocks of 16 */
} broken_uploads[] = {
        {"2.31 without Block1", SL_COAP_CONTINUE, false, {0, false, 0}, 40},
        {"2.31 for another block", SL_COAP_CONTINUE, true, {1, true, 0}, 40},
        {"2.31 for the last block", SL_COAP_CONTINUE, true, {0, false, 0}, 16},
        {"2.31 to a request that went whole", SL_COAP_CONTINUE, false, {0, false, 0}, 8},
        {"2.04 before the last block", SL_COAP_CHANGED, true, {0, false, 0}, 40},
        {"2.04 without Block1 before the last block", SL_COAP_CHANGED, false, {0, false, 0}, 40},
};

START_TEST(notices_a_server_that_lost_the_thread)
{
	struct sl_coap_msg msg, answer;

	begin(broken_uploads[_i].len, 0);
	msg = sent();
	answer = response_to(&msg, SL_COAP_ACK, broken_uploads[_i].code);
	if (broken_uploads[_i].has_block)
		ck_assert_ok(sl_coap_add_block(&answer, SL_COAP_BLOCK1, broken_uploads[_i].block));
	give(&answer, 10);
	ck_assert_msg(sl_client_state(c) == SL_CLIENT_BROKEN, "%s", broken_uploads[_i].because);
	ck_assert_ptr_null(sl_client_response(c));
	sent_nothing();
}
END_TEST

START_TEST(an_error_ends_the_upload)
{
	struct sl_coap_msg msg, answer;

	begin(40, 0);
	msg = expect_block1(0, true, 0, 16);
	answer = response_to(&msg, SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	give(&answer, 10);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_uint_eq(sl_client_response(c)->code, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
}
END_TEST

/* --- Block2 ----------------------------------------------------------------------------------- */

struct slice {
	uint32_t num;
	bool more;
	uint8_t szx;
	size_t len;
};

static struct sl_coap_msg
slice_of(const struct sl_coap_msg *request, struct slice s)
{
	struct sl_coap_msg msg = response_to(request, SL_COAP_ACK, SL_COAP_CHANGED);

	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, hex("01")));
	ck_assert_ok(sl_coap_add_block(
	        &msg, SL_COAP_BLOCK2, (struct sl_coap_block){s.num, s.more, s.szx}));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_SIZE2, 300));
	msg.payload = sl_span(pattern + ((size_t)s.num << (s.szx + 4)), s.len);
	return msg;
}

static struct sl_coap_msg
expect_wish(uint32_t num, uint8_t szx)
{
	struct sl_coap_msg msg = sent();
	struct sl_coap_block b = block_in(&msg, SL_COAP_BLOCK2);

	ck_assert_uint_eq(b.num, num);
	ck_assert(!b.more);
	ck_assert_uint_eq(b.szx, szx);
	ck_assert_uint_eq(msg.payload.len, 0);
	ck_assert_uint_eq(msg.code, SL_COAP_POST);
	ck_assert_uint_eq(sl_coap_count(&msg, SL_COAP_BLOCK1), 0);
	ck_assert_uint_eq(sl_coap_count(&msg, SL_COAP_URI_PATH), 1);
	return msg;
}

/* Section 2.7: the options again, no payload, no Block1; the answer without the traces of
 * blocks. */
START_TEST(collects_slices)
{
	struct sl_coap_msg msg, answer;

	begin(20, 0);
	msg = expect_block1(0, true, 0, 16);
	answer_block1(&msg, SL_COAP_CONTINUE, (struct sl_coap_block){0, true, 0});
	msg = expect_block1(1, false, 0, 4);
	answer = slice_of(&msg, (struct slice){0, true, 2, 64});
	ck_assert_ok(
	        sl_coap_add_block(&answer, SL_COAP_BLOCK1, (struct sl_coap_block){1, false, 0}));
	give(&answer, 10);
	msg = expect_wish(1, 2);
	answer = slice_of(&msg, (struct slice){1, true, 2, 64});
	give(&answer, 20);
	msg = expect_wish(2, 2);
	answer = slice_of(&msg, (struct slice){4, true, 1, 32}); /* it may cut smaller */
	give(&answer, 30);
	msg = expect_wish(5, 1);
	answer = slice_of(&msg, (struct slice){5, false, 1, 7});
	give(&answer, 40);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_bytes(sl_client_response(c)->payload, sl_span(pattern, 167));
	ck_assert_uint_eq(sl_client_response(c)->option_count, 1);
	ck_assert_uint_eq(sl_coap_count(sl_client_response(c), SL_COAP_OSCORE), 1);
}
END_TEST

/* RFC 9175 section 2.3: the value that came last is shown with the next question, in place of an own one. */
START_TEST(shows_the_echo_of_a_slice)
{
	static const char *const given[] = {"a1", "", "a2a2", NULL}, *const shown[] = {
	                                                                     "a1", "a1", "a2a2"};
	struct sl_coap_msg msg = post(0), answer;
	const char *forty =
	        "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728";

	hand_restart();
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, hex("ff")));
	start(&msg, 0);
	msg = sent();
	for (uint32_t i = 0; given[i] != NULL; i++) {
		answer = slice_of(&msg, (struct slice){i, true, 0, 16});
		if (given[i][0] != '\0')
			ck_assert_ok(sl_coap_add(&answer, SL_COAP_ECHO, hex(given[i])));
		give(&answer, 10);
		msg = expect_wish(i + 1, 0);
		ck_assert_uint_eq(sl_coap_count(&msg, SL_COAP_ECHO), 1);
		ck_assert_bytes(
		        sl_coap_option_value(sl_coap_find(&msg, SL_COAP_ECHO)), hex(shown[i]));
	}
	answer = slice_of(&msg, (struct slice){3, true, 0, 16});
	ck_assert_ok(sl_coap_add(&answer, SL_COAP_ECHO, hex(forty)));
	give(&answer, 10);
	msg = expect_wish(4, 0);
	ck_assert_bytes(sl_coap_option_value(sl_coap_find(&msg, SL_COAP_ECHO)), hex(forty));
	answer = slice_of(&msg, (struct slice){4, false, 0, 3});
	give(&answer, 10);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	msg = post(0); /* of another request it is not */
	start(&msg, 20);
	msg = sent();
	answer = slice_of(&msg, (struct slice){0, true, 0, 16});
	give(&answer, 30);
	msg = expect_wish(1, 0);
	ck_assert_uint_eq(sl_coap_count(&msg, SL_COAP_ECHO), 0);
}
END_TEST

START_TEST(a_single_slice_is_an_answer)
{
	struct sl_coap_msg msg, answer;

	begin(1, 6);
	msg = sent();
	answer = slice_of(&msg, (struct slice){0, false, 6, 10});
	give(&answer, 10);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_uint_eq(sl_client_response(c)->payload.len, 10);
}
END_TEST

START_TEST(the_callers_wish_is_kept_and_followed)
{
	struct sl_coap_msg msg = post(1), answer;

	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){0, false, 2}));
	start(&msg, 0);
	msg = sent();
	ck_assert_uint_eq(block_in(&msg, SL_COAP_BLOCK2).szx, 2);
	answer = slice_of(&msg, (struct slice){0, true, 2, 64});
	give(&answer, 10);
	expect_wish(1, 2);
}
END_TEST

static const struct {
	const char *because;
	struct slice first, second; /* second.len 9999: the first is broken already */
} broken_slices[] = {
        {"does not begin with 0", {1, false, 0, 5}, {0, false, 0, 9999}},
        {"a first slice is short", {0, true, 0, 15}, {0, false, 0, 9999}},
        {"a first slice is long", {0, true, 0, 17}, {0, false, 0, 9999}},
        {"a single slice is long", {0, false, 0, 17}, {0, false, 0, 9999}},
        {"a slice comes twice", {0, true, 0, 16}, {0, true, 0, 16}},
        {"a slice is left out", {0, true, 0, 16}, {2, true, 0, 16}},
        {"a later slice is larger", {0, true, 0, 16}, {1, true, 1, 32}},
        {"a later slice is short", {0, true, 0, 16}, {1, true, 0, 15}},
        {"the last slice is long", {0, true, 0, 16}, {1, false, 0, 17}},
};

START_TEST(refuses_broken_slices)
{
	struct sl_coap_msg msg, answer;

	begin(1, 6);
	msg = sent();
	answer = slice_of(&msg, broken_slices[_i].first);
	give(&answer, 10);
	if (broken_slices[_i].second.len != 9999) {
		msg = expect_wish(1, 0);
		answer = slice_of(&msg, broken_slices[_i].second);
		give(&answer, 20);
	}
	ck_assert_msg(sl_client_state(c) == SL_CLIENT_BROKEN, "%s", broken_slices[_i].because);
	sent_nothing();
}
END_TEST

/* Section 2.4: slices of one representation only. */
static const struct {
	const char *because;
	uint16_t changed; /* option, or 0 */
	uint8_t code;
	const char *block;
} blends[] = {
        {"another OSCORE value", SL_COAP_OSCORE, SL_COAP_CHANGED, "18"},
        {"an ETag that was not there", SL_COAP_ETAG, SL_COAP_CHANGED, "18"},
        {"another code", 0, SL_COAP_CONTENT, "18"},
        {"no Block2 any more", 0, SL_COAP_CHANGED, NULL},
        {"a reserved block size", 0, SL_COAP_CHANGED, "1f"},
};

START_TEST(refuses_slices_of_another_answer)
{
	struct sl_coap_msg msg, answer;

	begin(1, 6);
	msg = sent();
	answer = slice_of(&msg, (struct slice){0, true, 0, 16});
	give(&answer, 10);
	msg = expect_wish(1, 0);
	answer = slice_of(&msg, (struct slice){1, true, 0, 16});
	answer.code = blends[_i].code;
	sl_coap_remove(&answer, SL_COAP_BLOCK2);
	sl_coap_remove(&answer, blends[_i].changed);
	if (blends[_i].changed != 0)
		ck_assert_ok(sl_coap_add(&answer, blends[_i].changed, hex("02")));
	if (blends[_i].block != NULL)
		ck_assert_ok(sl_coap_add(&answer, SL_COAP_BLOCK2, hex(blends[_i].block)));
	give(&answer, 20);
	ck_assert_msg(sl_client_state(c) == SL_CLIENT_BROKEN, "%s", blends[_i].because);
}
END_TEST

START_TEST(an_error_ends_the_collection_and_is_the_answer)
{
	struct sl_coap_msg msg, answer;

	begin(1, 6);
	msg = sent();
	answer = slice_of(&msg, (struct slice){0, true, 0, 16});
	give(&answer, 10);
	msg = expect_wish(1, 0);
	answer = response_to(&msg, SL_COAP_ACK, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	answer.payload = sl_span_text("gone");
	give(&answer, 20);
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_DONE);
	ck_assert_uint_eq(sl_client_response(c)->code, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert(sl_span_equal_text(sl_client_response(c)->payload, "gone"));
}
END_TEST

START_TEST(a_body_has_a_limit)
{
	for (size_t beyond = 0; beyond <= 1; beyond++) {
		struct sl_coap_msg msg, answer;

		config.body_bytes_max = 40;
		begin(1, 6);
		msg = sent();
		answer = slice_of(&msg, (struct slice){0, true, 1, 32});
		give(&answer, 10);
		msg = expect_wish(1, 1);
		answer = slice_of(&msg, (struct slice){1, false, 1, 8 + beyond});
		give(&answer, 20);
		ck_assert_int_eq(
		        sl_client_state(c), beyond == 0 ? SL_CLIENT_DONE : SL_CLIENT_BROKEN);
		begin(1, 6);
		msg = sent();
		answer = response_to(&msg, SL_COAP_ACK, SL_COAP_CONTENT);
		answer.payload = sl_span(pattern, 40 + beyond);
		give(&answer, 10);
		ck_assert_int_eq(
		        sl_client_state(c), beyond == 0 ? SL_CLIENT_DONE : SL_CLIENT_BROKEN);
	}
}
END_TEST

/* Each block is a message of its own: lost ones are sent again, late ones time out. */
START_TEST(each_block_is_retransmitted)
{
	struct sl_coap_msg msg;
	struct sl_span bytes;

	begin(40, 0);
	msg = expect_block1(0, true, 0, 16);
	answer_block1(&msg, SL_COAP_CONTINUE, (struct sl_coap_block){0, true, 0});
	bytes = sent_bytes();
	ck_assert(sl_client_wakeup(c) >= 2010 && sl_client_wakeup(c) <= 3010);
	sl_client_on_time(c, sl_client_wakeup(c));
	ck_assert_bytes(sent_bytes(), bytes);
	for (int i = 0; i < 4; i++)
		sl_client_on_time(c, sl_client_wakeup(c));
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_TIMEOUT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("client/blocks");
	TCase *tc = tcase_create("blocks");

	tcase_add_checked_fixture(tc, hand_setup, hand_teardown);
	tcase_add_test(tc, a_payload_of_one_block_goes_whole);
	tcase_add_test(tc, uploads_block_by_block);
	tcase_add_test(tc, follows_the_server_to_smaller_blocks);
	tcase_add_test(tc, does_not_follow_to_larger_blocks);
	tcase_add_test(tc, takes_2_04_with_more_as_go_on);
	tcase_add_test(tc, tries_smaller_blocks_once_after_4_13);
	tcase_add_test(tc, a_plain_4_13_is_the_answer);
	tcase_add_loop_test(
	        tc, notices_a_server_that_lost_the_thread, 0, (int)ARRAY_LEN(broken_uploads));
	tcase_add_test(tc, an_error_ends_the_upload);
	tcase_add_test(tc, collects_slices);
	tcase_add_test(tc, shows_the_echo_of_a_slice);
	tcase_add_test(tc, a_single_slice_is_an_answer);
	tcase_add_test(tc, the_callers_wish_is_kept_and_followed);
	tcase_add_loop_test(tc, refuses_broken_slices, 0, (int)ARRAY_LEN(broken_slices));
	tcase_add_loop_test(tc, refuses_slices_of_another_answer, 0, (int)ARRAY_LEN(blends));
	tcase_add_test(tc, an_error_ends_the_collection_and_is_the_answer);
	tcase_add_test(tc, a_body_has_a_limit);
	tcase_add_test(tc, each_block_is_retransmitted);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
