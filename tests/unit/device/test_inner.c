/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 7959 from the client's end. Whole transfers run in tests/scenario/device; here stand the
 * odd answers. */
#include "inner.h"

#include "support.h"

#include <string.h>

static struct inner in;
static uint8_t bytes[4096];

static void
set_up(void)
{
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	inner_init(&in);
}

static void
tear_down(void)
{
	inner_clear(&in);
}

static struct sl_coap_msg
start(size_t body_len, uint8_t szx)
{
	struct inner_request request = {.code = SL_COAP_POST,
	        .path = "/est/sen?x=1",
	        .has_format = true,
	        .format = 286,
	        .has_accept = true,
	        .accept = 281,
	        .body = sl_span(bytes, body_len)};
	struct sl_coap_msg msg;

	ck_assert_ok(inner_start(&in, &request, szx, 5));
	ck_assert_ok(inner_build(&in, &msg));
	return msg;
}

static struct sl_coap_msg
response(uint8_t code, size_t len)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, code);
	msg.payload = sl_span(bytes, len);
	return msg;
}

static struct sl_coap_msg
with_block(struct sl_coap_msg msg, uint16_t number, uint32_t num, bool more, uint8_t szx)
{
	struct sl_coap_block b = {num, more, szx};

	ck_assert_ok(sl_coap_add_block(&msg, number, b));
	return msg;
}

static struct sl_coap_block
block_of(const struct sl_coap_msg *msg, uint16_t number)
{
	struct sl_coap_block b = {0};

	ck_assert_ok(sl_coap_get_block(msg, number, &b));
	return b;
}

START_TEST(builds_the_request)
{
	struct sl_coap_msg msg = start(100, 6);
	char path[64];
	uint32_t n;

	ck_assert_uint_eq(msg.code, SL_COAP_POST);
	ck_assert_ok(sl_coap_get_path(&msg, path, sizeof path));
	ck_assert_str_eq(path, "/est/sen");
	ck_assert(sl_span_equal_text(
	        sl_coap_option_value(sl_coap_find(&msg, SL_COAP_URI_QUERY)), "x=1"));
	ck_assert_ok(sl_coap_get_uint(&msg, SL_COAP_CONTENT_FORMAT, &n));
	ck_assert_uint_eq(n, 286);
	ck_assert_ok(sl_coap_get_uint(&msg, SL_COAP_ACCEPT, &n));
	ck_assert_uint_eq(n, 281);
	ck_assert_bytes(msg.payload, sl_span(bytes, 100));
	ck_assert_ptr_null(sl_coap_find(&msg, SL_COAP_BLOCK1));
	ck_assert_ptr_null(sl_coap_find(&msg, SL_COAP_BLOCK2));
	ck_assert_ptr_null(sl_coap_find(&msg, SL_COAP_REQUEST_TAG));
}
END_TEST

/* RFC 7959 section 3.3, figure 11: Block1 first, then Block2 in the same operation. */
START_TEST(uploads_then_collects)
{
	struct sl_coap_msg msg = start(150, 2), got;
	uint32_t num = 0;

	for (; num < 2; num++) {
		struct sl_coap_block b = block_of(&msg, SL_COAP_BLOCK1);

		ck_assert_uint_eq(b.num, num);
		ck_assert(b.more);
		ck_assert_uint_eq(msg.payload.len, 64);
		ck_assert_ptr_null(sl_coap_find(&msg, SL_COAP_BLOCK2));
		got = with_block(response(SL_COAP_CONTINUE, 0), SL_COAP_BLOCK1, num, true, 2);
		ck_assert_int_eq(inner_on_response(&in, &got), INNER_NEXT);
		ck_assert_ok(inner_build(&in, &msg));
	}
	ck_assert(!block_of(&msg, SL_COAP_BLOCK1).more);
	ck_assert_uint_eq(msg.payload.len, 150 - 128);
	ck_assert_uint_eq(block_of(&msg, SL_COAP_BLOCK2).szx, 2); /* early negotiation */

	got = with_block(response(SL_COAP_CHANGED, 64), SL_COAP_BLOCK2, 0, true, 2);
	got = with_block(got, SL_COAP_BLOCK1, 2, false, 2);
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_NEXT);
	ck_assert_ok(inner_build(&in, &msg));
	ck_assert_uint_eq(block_of(&msg, SL_COAP_BLOCK2).num, 1);
	ck_assert_uint_eq(msg.payload.len, 0);
	ck_assert_ptr_null(sl_coap_find(&msg, SL_COAP_BLOCK1));
	ck_assert_ptr_nonnull(sl_coap_find(&msg, SL_COAP_REQUEST_TAG));

	got = with_block(response(SL_COAP_CHANGED, 10), SL_COAP_BLOCK2, 1, false, 2);
	ck_assert_ok(sl_coap_add_uint(&got, SL_COAP_CONTENT_FORMAT, 281));
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_DONE);
	ck_assert_uint_eq(inner_answer(&in)->body.len, 74);
	ck_assert_uint_eq(inner_answer(&in)->format, 281);
	ck_assert_uint_eq(inner_answer(&in)->max_age_s, 60);
}
END_TEST

START_TEST(takes_the_smaller_size_of_the_server)
{
	struct sl_coap_msg msg = start(200, 3), got; /* 128, the server wants 32 */

	got = with_block(response(SL_COAP_CONTINUE, 0), SL_COAP_BLOCK1, 0, true, 1);
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_NEXT);
	ck_assert_ok(inner_build(&in, &msg));
	ck_assert_uint_eq(block_of(&msg, SL_COAP_BLOCK1).num, 4); /* RFC 7959 figure 8 */
	ck_assert_uint_eq(block_of(&msg, SL_COAP_BLOCK1).szx, 1);
	ck_assert_uint_eq(msg.payload.len, 32);
}
END_TEST

START_TEST(cuts_smaller_after_4_13)
{
	struct sl_coap_msg msg = start(200, 6), got;

	got = with_block(
	        response(SL_COAP_REQUEST_ENTITY_TOO_LARGE, 0), SL_COAP_BLOCK1, 0, false, 2);
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_NEXT);
	ck_assert_ok(inner_build(&in, &msg));
	ck_assert_uint_eq(block_of(&msg, SL_COAP_BLOCK1).szx, 2);
	ck_assert_uint_eq(block_of(&msg, SL_COAP_BLOCK1).num, 0);
	/* the same size again is an answer, not a hint */
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_DONE);
	ck_assert_uint_eq(inner_answer(&in)->code, SL_COAP_REQUEST_ENTITY_TOO_LARGE);
}
END_TEST

static const struct {
	const char *because;
	size_t body;
	struct {
		uint8_t code;
		uint16_t block; /* 0: none */
		uint32_t num;
		bool more;
		uint8_t szx;
		size_t len;
	} steps[2];
} broken[] = {
        {"2.31 answers no whole request", 10, {{SL_COAP_CONTINUE, 0, 0, 0, 0, 0}}},
        {"2.31 needs Block1", 200, {{SL_COAP_CONTINUE, 0, 0, 0, 0, 0}}},
        {"2.31 is about another block", 200, {{SL_COAP_CONTINUE, SL_COAP_BLOCK1, 1, 1, 2, 0}}},
        {"2.31 wants a larger block", 200, {{SL_COAP_CONTINUE, SL_COAP_BLOCK1, 0, 1, 3, 0}}},
        {"a success came before the body was there", 200, {{SL_COAP_CHANGED, 0, 0, 0, 0, 5}}},
        {"the first block is not number 0", 10, {{SL_COAP_CHANGED, SL_COAP_BLOCK2, 1, 0, 2, 5}}},
        {"a block with more is short", 10, {{SL_COAP_CHANGED, SL_COAP_BLOCK2, 0, 1, 2, 63}}},
        {"a block is longer than it says", 10, {{SL_COAP_CHANGED, SL_COAP_BLOCK2, 0, 0, 2, 65}}},
        {"a block is missing", 10,
                {{SL_COAP_CHANGED, SL_COAP_BLOCK2, 0, 1, 2, 64},
                        {SL_COAP_CHANGED, SL_COAP_BLOCK2, 2, 0, 2, 5}}},
        {"a block came twice", 10,
                {{SL_COAP_CHANGED, SL_COAP_BLOCK2, 0, 1, 2, 64},
                        {SL_COAP_CHANGED, SL_COAP_BLOCK2, 0, 1, 2, 64}}},
        {"the second block has another grid", 10,
                {{SL_COAP_CHANGED, SL_COAP_BLOCK2, 0, 1, 2, 64},
                        {SL_COAP_CHANGED, SL_COAP_BLOCK2, 1, 0, 3, 5}}},
        {"the rest has no Block2", 10,
                {{SL_COAP_CHANGED, SL_COAP_BLOCK2, 0, 1, 2, 64}, {SL_COAP_CHANGED, 0, 0, 0, 0, 5}}},
        {"2.31 in the middle of an answer", 10,
                {{SL_COAP_CHANGED, SL_COAP_BLOCK2, 0, 1, 2, 64},
                        {SL_COAP_CONTINUE, SL_COAP_BLOCK1, 0, 1, 2, 0}}},
};

START_TEST(gives_up_what_breaks_rfc_7959)
{
	enum inner_verdict verdict = INNER_NEXT;
	struct sl_coap_msg got;

	start(broken[_i].body, 2);
	for (int i = 0; i < 2 && verdict == INNER_NEXT; i++) {
		got = response(broken[_i].steps[i].code, broken[_i].steps[i].len);
		if (broken[_i].steps[i].block != 0)
			got = with_block(got, broken[_i].steps[i].block, broken[_i].steps[i].num,
			        broken[_i].steps[i].more, broken[_i].steps[i].szx);
		verdict = inner_on_response(&in, &got);
	}
	ck_assert_msg(verdict == INNER_BROKEN, "went on although %s", broken[_i].because);
}
END_TEST

START_TEST(refuses_size_7)
{
	struct sl_coap_msg got = response(SL_COAP_CHANGED, 5);

	start(10, 2);
	ck_assert_ok(sl_coap_add_uint(&got, SL_COAP_BLOCK2, 7));
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_BROKEN);
}
END_TEST

START_TEST(wants_one_etag_for_all_blocks)
{
	struct sl_coap_msg first =
	        with_block(response(SL_COAP_CONTENT, 64), SL_COAP_BLOCK2, 0, true, 2);
	struct sl_coap_msg same =
	        with_block(response(SL_COAP_CONTENT, 5), SL_COAP_BLOCK2, 1, false, 2);
	struct sl_coap_msg other = same, none = same;

	ck_assert_ok(sl_coap_add(&first, SL_COAP_ETAG, sl_span_text("a")));
	ck_assert_ok(sl_coap_add(&same, SL_COAP_ETAG, sl_span_text("a")));
	ck_assert_ok(sl_coap_add(&other, SL_COAP_ETAG, sl_span_text("b")));
	start(0, 2);
	ck_assert_int_eq(inner_on_response(&in, &first), INNER_NEXT);
	ck_assert_int_eq(inner_on_response(&in, &same), INNER_DONE);
	start(0, 2);
	ck_assert_int_eq(inner_on_response(&in, &first), INNER_NEXT);
	ck_assert_int_eq(inner_on_response(&in, &other), INNER_BROKEN);
	start(0, 2);
	ck_assert_int_eq(inner_on_response(&in, &first), INNER_NEXT);
	ck_assert_int_eq(inner_on_response(&in, &none), INNER_BROKEN);
}
END_TEST

START_TEST(limits_the_answer)
{
	struct sl_coap_msg got;
	uint32_t num;

	start(0, 6);
	for (num = 0; num < INNER_ANSWER_MAX / 1024 - 1; num++) {
		got = with_block(response(SL_COAP_CONTENT, 1024), SL_COAP_BLOCK2, num, true, 6);
		ck_assert_int_eq(inner_on_response(&in, &got), INNER_NEXT);
	}
	got = with_block(response(SL_COAP_CONTENT, 1024), SL_COAP_BLOCK2, num, true, 6);
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_NEXT);
	got = with_block(response(SL_COAP_CONTENT, 1), SL_COAP_BLOCK2, num + 1, false, 6);
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_BROKEN);
}
END_TEST

START_TEST(hands_out_errors_with_their_text)
{
	struct sl_coap_msg got = response(SL_COAP_SERVICE_UNAVAILABLE, 3);

	ck_assert_ok(sl_coap_add_uint(&got, SL_COAP_MAX_AGE, 3600));
	start(200, 2);
	ck_assert_int_eq(inner_on_response(&in, &got), INNER_DONE);
	ck_assert_uint_eq(inner_answer(&in)->code, SL_COAP_SERVICE_UNAVAILABLE);
	ck_assert_uint_eq(inner_answer(&in)->max_age_s, 3600);
	ck_assert_uint_eq(inner_answer(&in)->body.len, 3);
	ck_assert(!inner_answer(&in)->has_format);
}
END_TEST

START_TEST(names_every_transfer_differently)
{
	struct sl_coap_msg lost = response(SL_COAP_REQUEST_ENTITY_INCOMPLETE, 0);
	struct sl_coap_msg msg = start(200, 2);
	struct sl_span tag = sl_coap_option_value(sl_coap_find(&msg, SL_COAP_REQUEST_TAG));

	ck_assert_bytes(tag, hex("14")); /* 5 << 2 */
	for (int i = 1; i <= INNER_RESTARTS_MAX; i++) {
		uint8_t want = (uint8_t)(0x14 + i);

		ck_assert_int_eq(inner_on_response(&in, &lost), INNER_NEXT);
		ck_assert_ok(inner_build(&in, &msg));
		tag = sl_coap_option_value(sl_coap_find(&msg, SL_COAP_REQUEST_TAG));
		ck_assert_bytes(tag, sl_span(&want, 1));
		ck_assert_uint_eq(block_of(&msg, SL_COAP_BLOCK1).num, 0);
	}
	ck_assert_int_eq(inner_on_response(&in, &lost), INNER_BROKEN);
}
END_TEST

START_TEST(refuses_requests_beyond_its_limits)
{
	static char path[INNER_PATH_MAX + 2];
	struct inner_request request = {.code = SL_COAP_GET, .path = path};

	memset(path, 'a', sizeof path - 1);
	ck_assert_err(inner_start(&in, &request, 6, 0), SL_ELIMIT);
	path[INNER_PATH_MAX] = '\0';
	ck_assert_ok(inner_start(&in, &request, 6, 0));
	ck_assert_err(inner_start(&in, &request, 7, 0), SL_EMALFORMED);
	request.path = "/a//b";
	ck_assert_err(inner_start(&in, &request, 6, 0), SL_EMALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_inner");
	TCase *t = tcase_create("inner");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, builds_the_request);
	tcase_add_test(t, uploads_then_collects);
	tcase_add_test(t, takes_the_smaller_size_of_the_server);
	tcase_add_test(t, cuts_smaller_after_4_13);
	tcase_add_loop_test(t, gives_up_what_breaks_rfc_7959, 0, ARRAY_LEN(broken));
	tcase_add_test(t, refuses_size_7);
	tcase_add_test(t, wants_one_etag_for_all_blocks);
	tcase_add_test(t, limits_the_answer);
	tcase_add_test(t, hands_out_errors_with_their_text);
	tcase_add_test(t, names_every_transfer_differently);
	tcase_add_test(t, refuses_requests_beyond_its_limits);
	suite_add_tcase(s, t);
	return run_suite(s);
}
