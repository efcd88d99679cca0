/* SPDX-License-Identifier: BSD-2-Clause
 * DER: X.690's rules one by one. */
#include "der_text.h"
#include <sl/der.h>

#include <string.h>

#define BYTES_16  "000102030405060708090a0b0c0d0e0f"
#define BYTES_128 BYTES_16 BYTES_16 BYTES_16 BYTES_16 BYTES_16 BYTES_16 BYTES_16 BYTES_16

static const struct {
	const char *because, *text;
} malformed[] = {
        {"nothing is no object", ""},
        {"a tag alone", "30"},
        {"the content is cut short", "300205"},
        {"a byte follows", "3000 00"},
        {"two objects", "0500 0500"},
        {"indefinite length (10.1)", "3080 0500 0000"},
        {"a long length below 128", "048105 0102030405"},
        {"a long length with a leading zero byte", "04820080" BYTES_128},
        {"the reserved length byte", "04ff 00"},
        {"a length of four bytes", "0484 00000001 00"},
        {"a tag number above 30", "1f0100"},
        {"a tag number above 30, inside", "30{ bf00 }"},
        {"an end of contents", "30{ 0000 }"},
        {"a boolean of no bytes (8.2)", "0100"},
        {"a boolean of two bytes", "0102ffff"},
        {"a boolean that is neither 00 nor ff (11.1)", "010101"},
        {"an integer of no bytes (8.3)", "0200"},
        {"a positive integer with a zero byte too many", "0202007f"},
        {"a negative integer with an ff byte too many", "0202ff80"},
        {"an enumerated with a zero byte too many", "0a020001"},
        {"a null with content (8.8)", "050100"},
        {"an object identifier of no bytes (8.19)", "0600"},
        {"an object identifier that does not end", "06022a86"},
        {"an object identifier part that begins with 80", "06032a8001"},
        {"a bit string of no bytes (8.6)", "0300"},
        {"a bit string with eight unused bits", "03020800"},
        {"an empty bit string with unused bits", "030101"},
        {"a bit string with an unused bit set (11.2)", "03020101"},
        {"a constructed octet string (10.2)", "24{ 040100 }"},
        {"a constructed bit string", "23{ 03020001 }"},
        {"a primitive sequence (8.9)", "1000"},
        {"a primitive set", "1100"},
        {"broken inside", "30{ 30{ 0202007f }}"},
        {"broken inside a context tag", "30{ a0{ 0202007f }}"},
        {"deeper than 16", "30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{"
                           "0500}}}}}}}}}}}}}}}}}"},
};

START_TEST(refuses_what_is_not_der)
{
	ck_assert_msg(!sl_der_is_strict(der(malformed[_i].text)), "accepted although %s",
	        malformed[_i].because);
}
END_TEST

static const char *const strict[] = {
        "0500",
        "010100",
        "0101ff",
        "020100",
        "02020080",
        "0201ff",
        "02027fff",
        "0202ff7f",
        "030100",
        "03020780",
        "0400",
        "06032b6570",
        "30{}",
        "30{ 020101 31{} a0{ 80{} } }",
        "8000",
        "8201ff", /* a context tag: the content is not looked at */
        "30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{}}}}}}}}}}}}}}}}",
};

START_TEST(accepts_der)
{
	ck_assert_msg(sl_der_is_strict(der(strict[_i])), "%s", strict[_i]);
}
END_TEST

START_TEST(a_failed_reader_stays_failed)
{
	struct sl_reader r = sl_reader_over(der("020101 0500")), inside;

	ck_assert_uint_eq(sl_der_read(&r, SL_DER_OID).len, 0);
	ck_assert(r.failed);
	ck_assert_uint_eq(sl_der_take_any(&r).len, 0);
	inside = sl_der_enter(&r, SL_DER_SEQUENCE);
	ck_assert(inside.failed);
	ck_assert_uint_eq(sl_der_read_bits(&r).len, 0);
	r = sl_reader_over(der("03020780"));
	ck_assert_uint_eq(sl_der_read_bits(&r).len, 0);
	ck_assert(r.failed); /* not whole bytes */
}
END_TEST

START_TEST(takes_objects_in_a_row)
{
	struct sl_span bytes = der("020105 30{ 0500 } 03{ 00 aabb }");
	struct sl_reader r = sl_reader_over(bytes);

	ck_assert_bytes(sl_der_read(&r, SL_DER_INTEGER), hex("05"));
	ck_assert_bytes(sl_der_take(&r, SL_DER_SEQUENCE), hex("30020500"));
	ck_assert_bytes(sl_der_read_bits(&r), hex("aabb"));
	ck_assert_ok(sl_reader_finish(&r));
}
END_TEST

/* X.690 section 8.1.3: 127 is the last short length, 255 the last of one byte, 65535 of two. */
static const struct {
	size_t len;
	const char *header;
} widths[] = {
        {0, "0400"},
        {127, "047f"},
        {128, "048180"},
        {255, "0481ff"},
        {256, "04820100"},
        {65535, "0482ffff"},
        {65536, "0483010000"},
};

START_TEST(writes_the_shortest_length)
{
	static uint8_t content[65536], out[65536 + 8];
	struct sl_span header = hex(widths[_i].header), body = sl_span(content, widths[_i].len);
	struct sl_writer w = sl_writer_over(out, header.len + body.len);
	struct sl_writer tight = sl_writer_over(out, header.len + body.len - 1);
	struct sl_writer count = sl_writer_counting();

	memset(content, 0x5a, sizeof content);
	sl_der_write(&tight, SL_DER_OCTET_STRING, body);
	ck_assert_err(sl_writer_finish(&tight), SL_ESPACE);
	sl_der_write(&count, SL_DER_OCTET_STRING, body);
	ck_assert_uint_eq(count.len, header.len + body.len);
	sl_der_write(&w, SL_DER_OCTET_STRING, body);
	ck_assert_ok(sl_writer_finish(&w));
	ck_assert_bytes(sl_span(out, header.len), header);
	ck_assert_bytes(sl_span(out + header.len, body.len), body);
	ck_assert(sl_der_is_strict(sl_writer_span(&w)));
}
END_TEST

static const struct {
	const char *magnitude, *der;
} integers[] = {
        {"", "020100"},
        {"00", "020100"},
        {"7f", "02017f"},
        {"80", "02020080"},
        {"0000ff", "020200ff"},
        {"0100", "02020100"},
};

START_TEST(writes_the_shortest_integer)
{
	uint8_t out[16];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_der_write_integer(&w, hex(integers[_i].magnitude));
	ck_assert_bytes(sl_writer_span(&w), hex(integers[_i].der));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 der");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, refuses_what_is_not_der, 0, ARRAY_LEN(malformed));
	tcase_add_loop_test(tc, accepts_der, 0, ARRAY_LEN(strict));
	tcase_add_test(tc, a_failed_reader_stays_failed);
	tcase_add_test(tc, takes_objects_in_a_row);
	tcase_add_loop_test(tc, writes_the_shortest_length, 0, ARRAY_LEN(widths));
	tcase_add_loop_test(tc, writes_the_shortest_integer, 0, ARRAY_LEN(integers));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
