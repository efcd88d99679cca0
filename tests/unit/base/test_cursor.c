/* SPDX-License-Identifier: BSD-2-Clause
 * Spans, the sticky reader and writer, wiping, error texts. */
#include "support.h"

#include <sl/reader.h>
#include <sl/wipe.h>
#include <sl/writer.h>

#include <string.h>

START_TEST(reads_in_network_order)
{
	struct sl_reader r = sl_reader_over(hex("01 0203 04050607 08090a0b0c0d0e0f aabb"));

	ck_assert_uint_eq(sl_reader_peek(&r), 1);
	ck_assert_uint_eq(sl_read_u8(&r), 1);
	ck_assert_uint_eq(sl_read_u16(&r), 0x0203);
	ck_assert_uint_eq(sl_read_u32(&r), 0x04050607);
	ck_assert_uint_eq(sl_read_u64(&r), 0x08090a0b0c0d0e0f);
	ck_assert_bytes(sl_read_rest(&r), hex("aabb"));
	ck_assert_ok(sl_reader_finish(&r));
}
END_TEST

START_TEST(a_failed_reader_stays_failed)
{
	struct sl_reader r = sl_reader_over(hex("0102"));

	ck_assert_uint_eq(sl_read_u32(&r), 0);
	ck_assert_uint_eq(sl_read_u8(&r), 0);
	ck_assert_uint_eq(sl_reader_peek(&r), 0);
	ck_assert_uint_eq(sl_read_span(&r, 0).len, 0);
	ck_assert_err(sl_reader_finish(&r), SL_EMALFORMED);
}
END_TEST

START_TEST(leftover_bytes_are_malformed)
{
	struct sl_reader r = sl_reader_over(hex("0102"));

	ck_assert_uint_eq(sl_read_u8(&r), 1);
	ck_assert_err(sl_reader_finish(&r), SL_EMALFORMED);
}
END_TEST

START_TEST(reads_uints_of_any_length_to_eight)
{
	struct sl_reader r = sl_reader_over(hex("0000000001"));

	ck_assert_uint_eq(sl_read_uint(&r, 0), 0);
	ck_assert_uint_eq(sl_read_uint(&r, 5), 1);
	ck_assert_ok(sl_reader_finish(&r));
	r = sl_reader_over(hex("000000000000000001"));
	ck_assert_uint_eq(sl_read_uint(&r, 9), 0);
	ck_assert_err(sl_reader_finish(&r), SL_EMALFORMED);
}
END_TEST

START_TEST(an_empty_span_may_be_null)
{
	struct sl_reader r = sl_reader_over(sl_span(NULL, 0));

	ck_assert_uint_eq(sl_read_rest(&r).len, 0);
	ck_assert_ok(sl_reader_finish(&r));
	ck_assert(sl_span_equal(sl_span(NULL, 0), hex("")));
	ck_assert(sl_span_equal_text(sl_span(NULL, 0), ""));
	ck_assert_uint_eq(sl_span_text(NULL).len, 0);
	ck_assert(!sl_span_equal(hex("01"), hex("02")));
	ck_assert(!sl_span_equal(hex("01"), hex("0101")));
}
END_TEST

START_TEST(writes_in_network_order)
{
	uint8_t out[18];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_write_u8(&w, 1);
	sl_write_u16(&w, 0x0203);
	sl_write_u32(&w, 0x04050607);
	sl_write_u64(&w, 0x08090a0b0c0d0e0f);
	sl_write_text(&w, "abc");
	ck_assert_ok(sl_writer_finish(&w));
	ck_assert_bytes(sl_writer_span(&w), hex("0102030405060708090a0b0c0d0e0f616263"));
}
END_TEST

START_TEST(one_byte_too_short_writes_nothing_more_and_keeps_counting)
{
	uint8_t out[4] = {0xee, 0xee, 0xee, 0xee};
	struct sl_writer w = sl_writer_over(out, 3);

	sl_write_u32(&w, 0x01020304);
	sl_write_u8(&w, 5);
	ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
	ck_assert_uint_eq(w.len, 5);
	ck_assert_uint_eq(sl_writer_span(&w).len, 0);
	ck_assert_bytes(sl_span(out, 4), hex("eeeeeeee"));
	ck_assert_ptr_null(sl_write_reserve(&w, 0));
}
END_TEST

START_TEST(a_counting_writer_only_counts)
{
	struct sl_writer w = sl_writer_counting();

	sl_write_u64(&w, 1);
	sl_write_span(&w, hex("0102"));
	ck_assert_ok(sl_writer_finish(&w));
	ck_assert_uint_eq(w.len, 10);
	ck_assert_uint_eq(sl_writer_span(&w).len, 0);
	ck_assert_ptr_null(sl_write_reserve(&w, SIZE_MAX));
	ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
	ck_assert_uint_eq(w.len, SIZE_MAX);
}
END_TEST

START_TEST(reserved_bytes_can_be_patched)
{
	uint8_t out[4];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	uint8_t *len = sl_write_reserve(&w, 1);

	sl_write_text(&w, "xyz");
	ck_assert_ptr_nonnull(len);
	*len = (uint8_t)(w.len - 1);
	ck_assert_bytes(sl_writer_span(&w), hex("0378797a"));
}
END_TEST

START_TEST(secrets_are_compared_and_wiped)
{
	struct sl_key key = {{1, 2, 3}, 3};

	ck_assert(sl_equal_secret(sl_key_view(&key), hex("010203")));
	ck_assert(!sl_equal_secret(sl_key_view(&key), hex("010204")));
	ck_assert(!sl_equal_secret(sl_key_view(&key), hex("0102")));
	ck_assert(sl_equal_secret(sl_span(NULL, 0), sl_span(NULL, 0)));
	sl_key_clear(&key);
	ck_assert_uint_eq(key.len, 0);
	ck_assert_bytes(sl_span(key.bytes, 3), hex("000000"));
}
END_TEST

START_TEST(every_error_has_its_own_text)
{
	for (int a = SL_OK; a <= SL_ETIMEOUT; a++) {
		ck_assert_str_ne(sl_err_text((enum sl_err)a), "unknown error");
		for (int b = SL_OK; b < a; b++)
			ck_assert_str_ne(sl_err_text((enum sl_err)a), sl_err_text((enum sl_err)b));
	}
	ck_assert_str_eq(sl_err_text((enum sl_err)99), "unknown error");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base/cursor");
	TCase *t = tcase_create("cursor");

	tcase_add_test(t, reads_in_network_order);
	tcase_add_test(t, a_failed_reader_stays_failed);
	tcase_add_test(t, leftover_bytes_are_malformed);
	tcase_add_test(t, reads_uints_of_any_length_to_eight);
	tcase_add_test(t, an_empty_span_may_be_null);
	tcase_add_test(t, writes_in_network_order);
	tcase_add_test(t, one_byte_too_short_writes_nothing_more_and_keeps_counting);
	tcase_add_test(t, a_counting_writer_only_counts);
	tcase_add_test(t, reserved_bytes_can_be_patched);
	tcase_add_test(t, secrets_are_compared_and_wiped);
	tcase_add_test(t, every_error_has_its_own_text);
	suite_add_tcase(s, t);
	return run_suite(s);
}
