/* SPDX-License-Identifier: BSD-2-Clause
 * Messages as structs: order of options, uint values, paths, block values. */
#include "support.h"

#include <sl/coap.h>

#include <string.h>

static struct sl_coap_msg
empty_message(void)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_GET);
	return msg;
}

static struct sl_span
encoded(const struct sl_coap_msg *msg)
{
	uint8_t out[2048];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_coap_options_encode(&w, msg));
	return heap_copy(sl_writer_span(&w));
}

START_TEST(keeps_options_in_order)
{
	struct sl_coap_msg msg = empty_message();

	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text("a")));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_HOST, sl_span_text("h")));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text("b")));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, 0));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text("c")));
	/* 3 "h", +8 "a", +0 "b", +0 "c", +6 of length 0 */
	ck_assert_bytes(encoded(&msg), hex("31 68 81 61 01 62 01 63 60"));
	ck_assert_uint_eq(sl_coap_count(&msg, SL_COAP_URI_PATH), 3);
	sl_coap_remove(&msg, SL_COAP_URI_PATH);
	ck_assert_uint_eq(sl_coap_count(&msg, SL_COAP_URI_PATH), 0);
	ck_assert_bytes(encoded(&msg), hex("31 68 d0 01"));
	ck_assert_ptr_null(sl_coap_find(&msg, SL_COAP_URI_PATH));
	sl_coap_remove(&msg, SL_COAP_URI_PATH);
	ck_assert_uint_eq(msg.option_count, 2);
}
END_TEST

START_TEST(holds_64_options)
{
	struct sl_coap_msg msg = empty_message();

	for (int i = 0; i < SL_COAP_OPTIONS_MAX; i++)
		ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_SIZE1, 1));
	ck_assert_err(sl_coap_add_uint(&msg, SL_COAP_SIZE1, 1), SL_ELIMIT);
	ck_assert_err(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text("a")), SL_ELIMIT);
	ck_assert_err(sl_coap_add_path(&msg, "/a"), SL_ELIMIT);
	ck_assert_uint_eq(msg.option_count, SL_COAP_OPTIONS_MAX);
}
END_TEST

/* RFC 7252 section 3.2: as few bytes as possible. */
static const struct {
	uint32_t value;
	const char *bytes;
} uints[] = {
        {0, ""},
        {1, "01"},
        {255, "ff"},
        {256, "0100"},
        {65535, "ffff"},
        {65536, "010000"},
        {0xffffff, "ffffff"},
        {0x1000000, "01000000"},
        {UINT32_MAX, "ffffffff"},
};

START_TEST(writes_uints_in_their_shortest_form)
{
	struct sl_coap_msg msg = empty_message(), copy;
	uint32_t back = 7;

	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_SIZE1, uints[_i].value));
	copy = msg; /* an inline value moves with its option */
	memset(&msg, 0xff, sizeof msg);
	ck_assert_bytes(sl_coap_option_value(&copy.options[0]), hex(uints[_i].bytes));
	ck_assert_ok(sl_coap_get_uint(&copy, SL_COAP_SIZE1, &back));
	ck_assert_uint_eq(back, uints[_i].value);
}
END_TEST

START_TEST(reads_uints_of_at_most_four_bytes)
{
	struct sl_coap_msg msg = empty_message();
	uint32_t v = 7;

	ck_assert_err(sl_coap_get_uint(&msg, SL_COAP_MAX_AGE, &v), SL_ENOTFOUND);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_MAX_AGE, hex("00000010")));
	ck_assert_ok(sl_coap_get_uint(&msg, SL_COAP_MAX_AGE, &v));
	ck_assert_uint_eq(v, 16);
	sl_coap_remove(&msg, SL_COAP_MAX_AGE);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_MAX_AGE, hex("0000000010")));
	ck_assert_err(sl_coap_get_uint(&msg, SL_COAP_MAX_AGE, &v), SL_EMALFORMED);
	ck_assert_uint_eq(v, 16);
}
END_TEST

static const struct {
	const char *path, *options; /* NULL: refused */
} paths[] = {
        {"", ""},
        {"/", ""},
        {"a", "b1 61"},
        {"/a", "b1 61"},
        {"/est/sen", "b3 657374 03 73656e"},
        {"/a?x=1", "b1 61 43 783d31"},
        {"/a?x=1&y", "b1 61 43 783d31 01 79"},
        {"?x", "d1 02 78"},
        {"/?x", "d1 02 78"},
        {"/a?b/c?d", "b1 61 45 622f633f64"},
        {"//", NULL},
        {"/a/", NULL},
        {"/a//b", NULL},
        {"/a?", NULL},
        {"/a?x&", NULL},
        {"/a?&x", NULL},
        {"/a?x&&y", NULL},
};

START_TEST(splits_paths)
{
	struct sl_coap_msg msg = empty_message();

	if (paths[_i].options == NULL) {
		ck_assert_msg(sl_coap_add_path(&msg, paths[_i].path) == SL_EMALFORMED, "took %s",
		        paths[_i].path);
		ck_assert_uint_eq(msg.option_count, 0);
		return;
	}
	ck_assert_ok(sl_coap_add_path(&msg, paths[_i].path));
	ck_assert_bytes(encoded(&msg), hex(paths[_i].options));
}
END_TEST

START_TEST(segments_have_at_most_255_bytes)
{
	char path[1 + 256 + 1] = "/";
	struct sl_coap_msg msg = empty_message();

	memset(path + 1, 'a', 255);
	ck_assert_ok(sl_coap_add_path(&msg, path));
	ck_assert_uint_eq(sl_coap_option_value(&msg.options[0]).len, 255);
	path[256] = 'a';
	ck_assert_err(sl_coap_add_path(&msg, path), SL_EMALFORMED);
	ck_assert_uint_eq(msg.option_count, 1);
}
END_TEST

START_TEST(joins_paths)
{
	struct sl_coap_msg msg = empty_message();
	char out[16];

	ck_assert_ok(sl_coap_get_path(&msg, out, sizeof out));
	ck_assert_str_eq(out, "/");
	ck_assert_err(sl_coap_get_path(&msg, out, 1), SL_ESPACE);
	ck_assert_ok(sl_coap_get_path(&msg, out, 2));
	ck_assert_ok(sl_coap_add_path(&msg, "/est/sen?x=1"));
	ck_assert_ok(sl_coap_get_path(&msg, out, 9)); /* "/est/sen" and its NUL */
	ck_assert_str_eq(out, "/est/sen");
	memset(out, 'z', sizeof out);
	ck_assert_err(sl_coap_get_path(&msg, out, 8), SL_ESPACE);
	ck_assert_int_eq(out[0], 'z');
}
END_TEST

static const struct {
	const char *because, *segment;
	bool is_refused;
} segments[] = {
        {"a dot climbs", "2e", true},
        {"two dots climb", "2e2e", true},
        {"a slash would make two segments", "612f62", true},
        {"a NUL would end the text", "610062", true},
        {"three dots are a name", "2e2e2e", false},
        {"a dot may be inside", "612e62", false},
};

START_TEST(refuses_unsafe_segments)
{
	struct sl_coap_msg msg = empty_message();
	char out[16] = "before";
	enum sl_err err;

	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text("a")));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, hex(segments[_i].segment)));
	err = sl_coap_get_path(&msg, out, sizeof out);
	ck_assert_msg(err == (segments[_i].is_refused ? SL_EMALFORMED : SL_OK), "%s",
	        segments[_i].because);
	ck_assert(!segments[_i].is_refused || strcmp(out, "before") == 0);
}
END_TEST

/* RFC 7959 section 2.2: NUM << 4 | M << 3 | SZX; figure 2 and following write 1:0/1/128. */
static const struct {
	struct sl_coap_block block;
	const char *bytes;
} blocks[] = {
        {{0, false, 0}, ""},
        {{0, true, 3}, "0b"},
        {{1, true, 3}, "1b"},
        {{3, false, 3}, "33"},
        {{15, true, 6}, "fe"},
        {{16, false, 2}, "0102"},
        {{0xfffff, true, 6}, "fffffe"},
};

START_TEST(codes_blocks)
{
	struct sl_coap_msg msg = empty_message();
	struct sl_coap_block b;

	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, blocks[_i].block));
	ck_assert_bytes(sl_coap_option_value(&msg.options[0]), hex(blocks[_i].bytes));
	ck_assert_ok(sl_coap_get_block(&msg, SL_COAP_BLOCK1, &b));
	ck_assert_uint_eq(b.num, blocks[_i].block.num);
	ck_assert_int_eq(b.more, blocks[_i].block.more);
	ck_assert_uint_eq(b.szx, blocks[_i].block.szx);
}
END_TEST

START_TEST(refuses_impossible_blocks)
{
	struct sl_coap_msg msg = empty_message();
	struct sl_coap_block b = {1, true, 1};

	ck_assert_err(sl_coap_get_block(&msg, SL_COAP_BLOCK2, &b), SL_ENOTFOUND);
	ck_assert_err(sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){0, false, 7}),
	        SL_ELIMIT);
	ck_assert_err(
	        sl_coap_add_block(&msg, SL_COAP_BLOCK2, (struct sl_coap_block){0x100000, false, 0}),
	        SL_ELIMIT);
	ck_assert_uint_eq(msg.option_count, 0);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_BLOCK2, hex("07")));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_BLOCK1, hex("00000006")));
	ck_assert_err(sl_coap_get_block(&msg, SL_COAP_BLOCK2, &b), SL_EMALFORMED);
	ck_assert_err(sl_coap_get_block(&msg, SL_COAP_BLOCK1, &b), SL_EMALFORMED);
	ck_assert_uint_eq(b.num, 1);
	ck_assert_uint_eq(sl_coap_block_size(0), 16);
	ck_assert_uint_eq(sl_coap_block_size(6), 1024);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("coap/message");
	TCase *tc = tcase_create("message");

	tcase_add_test(tc, keeps_options_in_order);
	tcase_add_test(tc, holds_64_options);
	tcase_add_loop_test(tc, writes_uints_in_their_shortest_form, 0, (int)ARRAY_LEN(uints));
	tcase_add_test(tc, reads_uints_of_at_most_four_bytes);
	tcase_add_loop_test(tc, splits_paths, 0, (int)ARRAY_LEN(paths));
	tcase_add_test(tc, segments_have_at_most_255_bytes);
	tcase_add_test(tc, joins_paths);
	tcase_add_loop_test(tc, refuses_unsafe_segments, 0, (int)ARRAY_LEN(segments));
	tcase_add_loop_test(tc, codes_blocks, 0, (int)ARRAY_LEN(blocks));
	tcase_add_test(tc, refuses_impossible_blocks);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
