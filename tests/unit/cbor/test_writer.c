/* SPDX-License-Identifier: BSD-2-Clause
 * The writer against RFC 8949 appendix A, at each width, and into buffers that are too small. */
#include "support.h"

#include <sl/cbor.h>

enum what { UINT, NINT, BYTES_HEAD, ARRAY, MAP, TAG };

static const struct {
	enum what what;
	uint64_t value;
	const char *encoded;
} heads[] = {
        {UINT, 0, "00"},
        {UINT, 23, "17"},
        {UINT, 24, "1818"},
        {UINT, 255, "18ff"},
        {UINT, 256, "190100"},
        {UINT, 65535, "19ffff"},
        {UINT, 65536, "1a00010000"},
        {UINT, 4294967295, "1affffffff"},
        {UINT, 4294967296, "1b0000000100000000"},
        {UINT, UINT64_MAX, "1bffffffffffffffff"},
        {NINT, 1, "20"},
        {NINT, 24, "37"},
        {NINT, 25, "3818"},
        {NINT, 256, "38ff"},
        {NINT, 257, "390100"},
        {NINT, 65536, "39ffff"},
        {NINT, 65537, "3a00010000"},
        {NINT, 4294967296, "3affffffff"},
        {NINT, 4294967297, "3b0000000100000000"},
        {BYTES_HEAD, 23, "57"},
        {BYTES_HEAD, 24, "5818"},
        {BYTES_HEAD, 65536, "5a00010000"},
        {ARRAY, 0, "80"},
        {ARRAY, 25, "9819"},
        {MAP, 2, "a2"},
        {MAP, 256, "b90100"},
        {TAG, 1, "c1"},
        {TAG, 24, "d818"},
};

static void
write_head(struct sl_writer *w, enum what what, uint64_t value)
{
	switch (what) {
	case UINT:
		sl_cbor_write_uint(w, value);
		break;
	case NINT:
		sl_cbor_write_int(w, -(int64_t)value);
		break;
	case BYTES_HEAD:
		sl_cbor_write_bytes_head(w, value);
		break;
	case ARRAY:
		sl_cbor_write_array(w, value);
		break;
	case MAP:
		sl_cbor_write_map(w, value);
		break;
	default:
		sl_cbor_write_tag(w, value);
		break;
	}
}

START_TEST(writes_shortest_heads)
{
	uint8_t out[16];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	write_head(&w, heads[_i].what, heads[_i].value);
	ck_assert_ok(sl_writer_finish(&w));
	ck_assert_bytes(sl_writer_span(&w), hex(heads[_i].encoded));
}
END_TEST

START_TEST(says_when_a_head_does_not_fit)
{
	struct sl_span want = hex(heads[_i].encoded);

	for (size_t cap = 0; cap < want.len; cap++) {
		struct sl_span room = heap_copy(sl_span(want.ptr, cap));
		struct sl_writer w = sl_writer_over((void *)room.ptr, cap);

		write_head(&w, heads[_i].what, heads[_i].value);
		ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
		ck_assert_uint_eq(w.len, want.len);
	}
}
END_TEST

START_TEST(writes_the_ends_of_int64)
{
	uint8_t out[32];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_cbor_write_int(&w, INT64_MAX);
	sl_cbor_write_int(&w, INT64_MIN);
	sl_cbor_write_int(&w, 0);
	ck_assert_bytes(sl_writer_span(&w), hex("1b7fffffffffffffff 3b7fffffffffffffff 00"));
}
END_TEST

/* Every kind in a row, from RFC 8949 appendix A. */
static void
write_everything(struct sl_writer *w)
{
	sl_cbor_write_array(w, 8);
	sl_cbor_write_bytes(w, hex("01020304"));
	sl_cbor_write_bytes(w, sl_span(NULL, 0));
	sl_cbor_write_text(w, "IETF");
	sl_cbor_write_text_span(w, sl_span_text("a"));
	sl_cbor_write_bool(w, false);
	sl_cbor_write_bool(w, true);
	sl_cbor_write_null(w);
	sl_cbor_write_undefined(w);
}

START_TEST(writes_every_kind)
{
	uint8_t out[32];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	write_everything(&w);
	ck_assert_ok(sl_writer_finish(&w));
	ck_assert_bytes(sl_writer_span(&w), hex("88 4401020304 40 6449455446 6161 f4 f5 f6 f7"));
}
END_TEST

START_TEST(counts_without_writing)
{
	struct sl_writer w = sl_writer_counting();

	write_everything(&w);
	ck_assert_uint_eq(w.len, 18);
	for (size_t cap = 0; cap < 18; cap++) {
		uint8_t out[18] = {0};

		w = sl_writer_over((void *)heap_copy(sl_span(out, cap)).ptr, cap);
		write_everything(&w);
		ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
	}
}
END_TEST

/* Round trip over every width boundary, both signs. */
START_TEST(the_reader_takes_what_the_writer_wrote)
{
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t near = (uint64_t)1 << bit;

		for (int off = -2; off <= 2; off++) {
			uint64_t v = near + (uint64_t)off;
			int64_t n = (int64_t)(v & INT64_MAX);
			uint8_t out[40];
			struct sl_writer w = sl_writer_over(out, sizeof out);
			struct sl_reader r;

			sl_cbor_write_uint(&w, v);
			sl_cbor_write_int(&w, n);
			sl_cbor_write_int(&w, -1 - n);
			r = sl_reader_over(sl_writer_span(&w));
			ck_assert_uint_eq(sl_cbor_read_uint(&r), v);
			ck_assert_int_eq(sl_cbor_read_int(&r), n);
			ck_assert_int_eq(sl_cbor_read_int(&r), -1 - n);
			ck_assert_ok(sl_reader_finish(&r));
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cbor/writer");
	TCase *tc = tcase_create("writer");

	tcase_add_loop_test(tc, writes_shortest_heads, 0, (int)ARRAY_LEN(heads));
	tcase_add_loop_test(tc, says_when_a_head_does_not_fit, 0, (int)ARRAY_LEN(heads));
	tcase_add_test(tc, writes_the_ends_of_int64);
	tcase_add_test(tc, writes_every_kind);
	tcase_add_test(tc, counts_without_writing);
	tcase_add_test(tc, the_reader_takes_what_the_writer_wrote);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
