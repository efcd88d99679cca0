/* SPDX-License-Identifier: BSD-2-Clause
 * The strict reader against RFC 8949 appendix A and against what is not deterministic. */
#include "support.h"

#include <sl/cbor.h>

#include <string.h>

/* RFC 8949 appendix A; the boundaries by section 3: 24, 2^8, 2^16 and 2^32 begin a wider head. */
static const struct {
	const char *encoded;
	uint64_t value;
} uints[] = {
        {"00", 0},
        {"01", 1},
        {"0a", 10},
        {"17", 23},
        {"1818", 24},
        {"1819", 25},
        {"1864", 100},
        {"18ff", 255},
        {"190100", 256},
        {"1903e8", 1000},
        {"19ffff", 65535},
        {"1a00010000", 65536},
        {"1a000f4240", 1000000},
        {"1affffffff", 4294967295},
        {"1b0000000100000000", 4294967296},
        {"1b000000e8d4a51000", 1000000000000},
        {"1bffffffffffffffff", UINT64_MAX},
};

static const struct {
	const char *encoded;
	int64_t value;
} ints[] = {
        {"00", 0},
        {"17", 23},
        {"20", -1},
        {"29", -10},
        {"37", -24},
        {"3818", -25},
        {"3863", -100},
        {"38ff", -256},
        {"390100", -257},
        {"3903e7", -1000},
        {"39ffff", -65536},
        {"3a00010000", -65537},
        {"3affffffff", -4294967296},
        {"3b0000000100000000", -4294967297},
        {"1b7fffffffffffffff", INT64_MAX},
        {"3b7fffffffffffffff", INT64_MIN},
};

/* Whole items of every kind that we take, RFC 8949 appendix A and our own at the depth limit. */
static const char *const items[] = {
        "00",
        "3bffffffffffffffff",
        "40",
        "4401020304",
        "60",
        "6449455446",
        "62225c",
        "62c3bc",
        "63e6b0b4",
        "64f0908591",
        "6100",
        "80",
        "83010203",
        "8301820203820405",
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        "a0",
        "a201020304",
        "a26161016162820203",
        "826161a161626163",
        "c074323031332d30332d32315432303a30343a30305a",
        "c11a514b67b0",
        "d74401020304",
        "d818456449455446",
        "f4",
        "f5",
        "f6",
        "f7",
        "8181818181818181f6",
        "c1c1c1c1c1c1c1c100",
        "a100a100a100a100a100a100a100a10000",
};

static const struct {
	const char *because, *encoded;
} malformed[] = {
        {"there is no item", ""},
        {"23 fits into the initial byte", "1817"},
        {"0 fits into the initial byte", "1800"},
        {"255 needs no two bytes", "1900ff"},
        {"65535 needs no four bytes", "1a0000ffff"},
        {"2^32 - 1 needs no eight bytes", "1b00000000ffffffff"},
        {"-24 fits into the initial byte", "3817"},
        {"a length of 1 fits into the initial byte", "580100"},
        {"a length of 1 fits into the initial byte of a text", "780161"},
        {"a count of 1 fits into the initial byte", "980100"},
        {"a count of 1 pair fits into the initial byte", "b8010000"},
        {"tag 1 fits into the initial byte", "d80100"},
        {"additional information 28 is reserved", "1c"},
        {"additional information 29 is reserved", "3d"},
        {"additional information 30 is reserved", "fe"},
        {"a uint has no indefinite length", "1f"},
        {"indefinite byte strings are refused", "5f4100ff"},
        {"indefinite texts are refused", "7f6161ff"},
        {"indefinite arrays are refused", "9f00ff"},
        {"indefinite maps are refused", "bf0000ff"},
        {"a tag has no indefinite length", "df00"},
        {"a break stands for nothing", "ff"},
        {"half floats are refused", "f93c00"},
        {"single floats are refused", "fa47c35000"},
        {"double floats are refused", "fb3ff199999999999a"},
        {"unassigned simple values are refused", "f0"},
        {"simple value 19 is unassigned", "f3"},
        {"simple values with a second byte are refused", "f8ff"},
        {"false has no second byte", "f814"},
        {"the byte string is cut short", "4201"},
        {"the text is cut short", "6261"},
        {"the head is cut short", "19ff"},
        {"the array has too few items", "830102"},
        {"the map has too few values", "a20102 03"},
        {"the tag has no content", "c1"},
        {"a count beyond what is left", "9bffffffffffffffff00"},
        {"a count of pairs beyond what is left", "bb7fffffffffffffff0000"},
        {"a length beyond what is left", "5bffffffffffffffff00"},
        {"a length of 2^64 - 1 in a text", "7bffffffffffffffff00"},
        {"arrays nine deep", "818181818181818181f6"},
        {"tags nine deep", "c1c1c1c1c1c1c1c1c100"},
        {"maps nine deep", "a100a100a100a100a100a100a100a100a10000"},
        {"arrays and tags nine deep", "81c181c181c181c18100"},
        {"an inner item is not shortest", "821800f6"},
        {"an inner text is no UTF-8", "8161ff"},
        {"UTF-8 does not begin with a continuation", "6180"},
        {"UTF-8 has no overlong form of two bytes", "62c080"},
        {"UTF-8 has no overlong form of two bytes at its end", "62c1bf"},
        {"UTF-8 has no overlong form of three bytes", "63e09fbf"},
        {"UTF-8 has no overlong form of four bytes", "64f08fbfbf"},
        {"UTF-8 has no surrogates", "63eda080"},
        {"UTF-8 ends at U+10FFFF", "64f4908080"},
        {"UTF-8 has no byte f5", "64f5808080"},
        {"a UTF-8 sequence of two is cut short", "61c3"},
        {"a UTF-8 sequence of three is cut short", "62e6b0"},
        {"a UTF-8 sequence of four is cut short", "63f09085"},
        {"the second byte of two is no continuation", "62c341"},
        {"the third byte is no continuation", "63e6b041"},
        {"the fourth byte is no continuation", "64f0908541"},
};

START_TEST(reads_uints)
{
	struct sl_reader r = sl_reader_over(hex(uints[_i].encoded));

	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_UINT);
	ck_assert_uint_eq(sl_cbor_read_uint(&r), uints[_i].value);
	ck_assert_ok(sl_reader_finish(&r));
	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_END);
}
END_TEST

START_TEST(reads_ints)
{
	struct sl_reader r = sl_reader_over(hex(ints[_i].encoded));

	ck_assert_int_eq(sl_cbor_read_int(&r), ints[_i].value);
	ck_assert_ok(sl_reader_finish(&r));
}
END_TEST

START_TEST(ints_end_at_63_bits)
{
	static const char *const beyond[] = {"1b8000000000000000", "3b8000000000000000"};
	struct sl_reader r = sl_reader_over(hex(beyond[_i]));

	ck_assert_int_eq(sl_cbor_read_int(&r), 0);
	ck_assert_err(sl_reader_finish(&r), SL_EMALFORMED);
}
END_TEST

START_TEST(reads_strings)
{
	struct sl_reader r = sl_reader_over(hex("40 4401020304 60 63e6b0b4"));

	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_BYTES);
	ck_assert_uint_eq(sl_cbor_read_bytes(&r).len, 0);
	ck_assert_bytes(sl_cbor_read_bytes(&r), hex("01020304"));
	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_TEXT);
	ck_assert_uint_eq(sl_cbor_read_text(&r).len, 0);
	ck_assert_bytes(sl_cbor_read_text(&r), hex("e6b0b4"));
	ck_assert_ok(sl_reader_finish(&r));
}
END_TEST

START_TEST(reads_strings_at_each_width)
{
	static const struct {
		const char *head;
		size_t len;
	} rows[] = {{"57", 23}, {"5818", 24}, {"58ff", 255}, {"590100", 256}, {"59ffff", 65535},
	        {"5a00010000", 65536}};
	static uint8_t bytes[65536 + 5];
	struct sl_span head = hex(rows[_i].head);
	struct sl_reader r;

	memcpy(bytes, head.ptr, head.len);
	r = sl_reader_over(heap_copy(sl_span(bytes, head.len + rows[_i].len)));
	ck_assert_uint_eq(sl_cbor_read_bytes(&r).len, rows[_i].len);
	ck_assert_ok(sl_reader_finish(&r));
	r = sl_reader_over(heap_copy(sl_span(bytes, head.len + rows[_i].len - 1)));
	ck_assert_uint_eq(sl_cbor_read_bytes(&r).len, 0);
	ck_assert_err(sl_reader_finish(&r), SL_EMALFORMED);
}
END_TEST

START_TEST(reads_containers_and_tags)
{
	struct sl_reader r = sl_reader_over(hex("82 01 a1 20 d82a f6"));

	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_ARRAY);
	ck_assert_uint_eq(sl_cbor_read_array(&r), 2);
	ck_assert_uint_eq(sl_cbor_read_uint(&r), 1);
	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_MAP);
	ck_assert_uint_eq(sl_cbor_read_map(&r), 1);
	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_NINT);
	ck_assert_int_eq(sl_cbor_read_int(&r), -1);
	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_TAG);
	ck_assert_uint_eq(sl_cbor_read_tag(&r), 42);
	ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_SIMPLE);
	sl_cbor_read_null(&r);
	ck_assert_ok(sl_reader_finish(&r));
}
END_TEST

/* Whoever trusts a count may reserve room for it: it is refused before its items are read. */
START_TEST(counts_beyond_what_is_left_fail_at_once)
{
	struct sl_reader r = sl_reader_over(hex("8201"));

	ck_assert_uint_eq(sl_cbor_read_array(&r), 0);
	ck_assert(r.failed);
	r = sl_reader_over(hex("a2010203"));
	ck_assert_uint_eq(sl_cbor_read_map(&r), 0);
	ck_assert(r.failed);
	r = sl_reader_over(hex("820102"));
	ck_assert_uint_eq(sl_cbor_read_array(&r), 2);
	r = sl_reader_over(hex("a201020304"));
	ck_assert_uint_eq(sl_cbor_read_map(&r), 2);
}
END_TEST

START_TEST(reads_simple_values)
{
	struct sl_reader r = sl_reader_over(hex("f4f5f6f7"));

	ck_assert(!sl_cbor_read_bool(&r));
	ck_assert(sl_cbor_read_bool(&r));
	sl_cbor_read_null(&r);
	sl_cbor_read_undefined(&r);
	ck_assert_ok(sl_reader_finish(&r));
}
END_TEST

enum which { UINT, INT, BYTES, TEXT, ARRAY, MAP, TAG, BOOL, NULLS, UNDEFINED, WHICH_COUNT };

/* Reads one item with the reader of one type; the result must be empty when that fails. */
static void
read_as(struct sl_reader *r, enum which which)
{
	uint64_t got = 0;

	switch (which) {
	case UINT:
		got = sl_cbor_read_uint(r);
		break;
	case INT:
		got = (uint64_t)sl_cbor_read_int(r);
		break;
	case BYTES:
		got = sl_cbor_read_bytes(r).len;
		break;
	case TEXT:
		got = sl_cbor_read_text(r).len;
		break;
	case ARRAY:
		got = sl_cbor_read_array(r);
		break;
	case MAP:
		got = sl_cbor_read_map(r);
		break;
	case TAG:
		got = sl_cbor_read_tag(r);
		break;
	case BOOL:
		got = sl_cbor_read_bool(r);
		break;
	case NULLS:
		sl_cbor_read_null(r);
		break;
	default:
		sl_cbor_read_undefined(r);
		break;
	}
	if (r->failed)
		ck_assert_uint_eq(got, 0);
}

/* One item per type; only its own reader (and INT for UINT) takes it. */
START_TEST(the_wrong_type_fails)
{
	static const char *const samples[WHICH_COUNT] = {
	        "05", "24", "4105", "6141", "8105", "a10505", "c505", "f5", "f6", "f7"};

	for (int as = 0; as < WHICH_COUNT; as++) {
		struct sl_reader r = sl_reader_over(hex(samples[_i]));
		bool takes = as == _i || (as == INT && _i == UINT);

		read_as(&r, (enum which)as);
		ck_assert_msg(r.failed == !takes, "sample %s read as type %d", samples[_i], as);
	}
}
END_TEST

START_TEST(a_failed_reader_yields_nothing)
{
	for (int as = 0; as < WHICH_COUNT; as++) {
		struct sl_reader r = sl_reader_over(hex("f505050505"));

		sl_reader_fail(&r);
		ck_assert_int_eq(sl_cbor_peek(&r), SL_CBOR_END);
		read_as(&r, (enum which)as);
		ck_assert(r.failed);
		ck_assert_uint_eq(sl_cbor_read_item(&r).len, 0);
	}
}
END_TEST

START_TEST(takes_whole_items)
{
	struct sl_span item = hex(items[_i]);
	uint8_t bytes[80];
	struct sl_reader r;

	memcpy(bytes, item.ptr, item.len);
	bytes[item.len] = 0xf6; /* the next item stays */
	r = sl_reader_over(heap_copy(sl_span(bytes, item.len + 1)));
	ck_assert_bytes(sl_cbor_read_item(&r), item);
	sl_cbor_read_null(&r);
	ck_assert_ok(sl_reader_finish(&r));
}
END_TEST

START_TEST(refuses_malformed_items)
{
	struct sl_reader r = sl_reader_over(hex(malformed[_i].encoded));

	ck_assert_msg(sl_cbor_read_item(&r).len == 0 && r.failed, "accepted although %s",
	        malformed[_i].because);
}
END_TEST

START_TEST(refuses_every_proper_prefix)
{
	struct sl_span item = hex(items[_i]);

	for (size_t n = 0; n < item.len; n++) {
		struct sl_reader r = sl_reader_over(heap_copy(sl_span(item.ptr, n)));

		ck_assert_uint_eq(sl_cbor_read_item(&r).len, 0);
		ck_assert_err(sl_reader_finish(&r), SL_EMALFORMED);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cbor/reader");
	TCase *tc = tcase_create("reader");

	tcase_add_loop_test(tc, reads_uints, 0, (int)ARRAY_LEN(uints));
	tcase_add_loop_test(tc, reads_ints, 0, (int)ARRAY_LEN(ints));
	tcase_add_loop_test(tc, ints_end_at_63_bits, 0, 2);
	tcase_add_test(tc, reads_strings);
	tcase_add_loop_test(tc, reads_strings_at_each_width, 0, 6);
	tcase_add_test(tc, reads_containers_and_tags);
	tcase_add_test(tc, counts_beyond_what_is_left_fail_at_once);
	tcase_add_test(tc, reads_simple_values);
	tcase_add_loop_test(tc, the_wrong_type_fails, 0, WHICH_COUNT);
	tcase_add_test(tc, a_failed_reader_yields_nothing);
	tcase_add_loop_test(tc, takes_whole_items, 0, (int)ARRAY_LEN(items));
	tcase_add_loop_test(tc, refuses_malformed_items, 0, (int)ARRAY_LEN(malformed));
	tcase_add_loop_test(tc, refuses_every_proper_prefix, 0, (int)ARRAY_LEN(items));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
