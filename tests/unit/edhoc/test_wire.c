/* SPDX-License-Identifier: BSD-2-Clause
 * Identifiers (RFC 9528 section 3.3.2), EAD (3.8), suite lists (3.6), and the choice of an identifier
 * of one's own. */
#include "support.h"

#include <sl/edhoc_wire.h>

#include <string.h>

/* Bytes of the identifier and how they go. */
static const struct {
	const char *id, *wire;
} ids[] = {
        {"00", "00"},
        {"0e", "0e"},
        {"17", "17"},
        {"18", "4118"},
        {"1f", "411f"},
        {"20", "20"},
        {"2d", "2d"},
        {"37", "37"},
        {"38", "4138"},
        {"3f", "413f"},
        {"40", "4140"},
        {"80", "4180"},
        {"ff", "41ff"},
        {"", "40"},
        {"abcd", "42abcd"},
        {"0000", "420000"},
};

START_TEST(identifiers_both_ways)
{
	struct sl_reader r = sl_reader_over(hex(ids[_i].wire));
	uint8_t out[8];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_span wire = hex(ids[_i].wire);

	ck_assert_bytes(sl_edhoc_id_read(&r), hex(ids[_i].id));
	ck_assert_ok(sl_reader_finish(&r));
	sl_edhoc_id_write(&w, hex(ids[_i].id));
	ck_assert_bytes(sl_writer_span(&w), wire);
	w = sl_writer_over((void *)heap_copy(sl_span(out, wire.len - 1)).ptr, wire.len - 1);
	sl_edhoc_id_write(&w, hex(ids[_i].id));
	ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
}
END_TEST

/* All 256 strings of one byte: exactly 48 of them are short (section 3.3.2). */
START_TEST(one_byte_strings)
{
	size_t shorts = 0;

	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t id = (uint8_t)byte, out[4];
		struct sl_writer w = sl_writer_over(out, sizeof out);
		struct sl_reader r;

		sl_edhoc_id_write(&w, sl_span(&id, 1));
		shorts += w.len == 1;
		r = sl_reader_over(sl_writer_span(&w));
		ck_assert_bytes(sl_edhoc_id_read(&r), sl_span(&id, 1));
		ck_assert_ok(sl_reader_finish(&r));
	}
	ck_assert_uint_eq(shorts, 48);
}
END_TEST

static const struct {
	const char *because, *wire;
} bad_ids[] = {
        {"a short identifier is not a bstr", "4100"},
        {"nor is this one", "4137"},
        {"an int has one byte", "1818"},
        {"a negative int has one byte", "3818"},
        {"an int has its shortest form", "1800"},
        {"a text is no identifier", "6137"},
        {"an array is none", "8137"},
        {"true is none", "f5"},
        {"null is none", "f6"},
        {"a tag is none", "c037"},
        {"nothing is there", ""},
        {"the bstr is cut short", "42ab"},
        {"the length is not the shortest", "5801ff"},
        {"the length is indefinite", "5f41ffff"},
};

START_TEST(refuses_other_spellings)
{
	struct sl_reader r = sl_reader_over(hex(bad_ids[_i].wire));

	ck_assert_uint_eq(sl_edhoc_id_read(&r).len, 0);
	ck_assert_msg(r.failed, "accepted although %s", bad_ids[_i].because);
}
END_TEST

START_TEST(ead_items_in_order)
{
	static const struct sl_edhoc_ead_item want[] = {
	        {0, false, {NULL, 0}},
	        {0, true, {NULL, 0}},
	        {41120, true, {(const uint8_t *)"abc", 3}},
	        {-1, false, {NULL, 0}},
	        {-41121, true, {(const uint8_t *)"x", 1}},
	};
	struct sl_span bytes = hex("00 0040 19a0a043616263 20 39a0a04178");
	struct sl_reader r = sl_reader_over(bytes);
	uint8_t out[32];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_edhoc_ead_item item;

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		ck_assert(sl_edhoc_ead_next(&r, &item));
		ck_assert_int_eq(item.label, want[i].label);
		ck_assert_int_eq(item.has_value, want[i].has_value);
		ck_assert_bytes(item.value, want[i].value);
		sl_edhoc_ead_write(&w, &item);
	}
	ck_assert(!sl_edhoc_ead_next(&r, &item));
	ck_assert_ok(sl_reader_finish(&r));
	ck_assert_bytes(sl_writer_span(&w), bytes);
}
END_TEST

static const struct {
	const char *because, *bytes;
} bad_eads[] = {
        {"a value has a label", "4161"},
        {"one value follows a label", "0041614162"},
        {"a text is no value", "006161"},
        {"an array is none", "0080"},
        {"a label is an int", "f5"},
        {"the value is cut short", "0042aa"},
        {"a label is an int64", "1b8000000000000000"},
        {"a label has its shortest form", "1801"},
};

START_TEST(refuses_malformed_ead)
{
	struct sl_reader r = sl_reader_over(hex(bad_eads[_i].bytes));
	struct sl_edhoc_ead_item item;

	while (sl_edhoc_ead_next(&r, &item))
		;
	ck_assert_msg(sl_reader_finish(&r) == SL_EMALFORMED, "accepted although %s",
	        bad_eads[_i].because);
}
END_TEST

/* RFC 9528 section 3.8.1: 00 is one byte, 00 40 two, 00 41 xx three. */
START_TEST(padding_has_any_length)
{
	static uint8_t out[66000];

	for (size_t len = 1; len < sizeof out; len += len < 300 || len > 65500 ? 1 : 997) {
		struct sl_writer w = sl_writer_over(out, sizeof out);
		struct sl_edhoc_ead_item item;
		struct sl_reader r;
		struct sl_writer counting = sl_writer_counting();
		size_t count = 0;
		uint8_t ones = 0;

		memset(out, 0xff, len);
		sl_edhoc_ead_pad(&counting, len);
		ck_assert_uint_eq(counting.len, len);
		sl_edhoc_ead_pad(&w, len);
		ck_assert_uint_eq(w.len, len);
		r = sl_reader_over(sl_writer_span(&w));
		while (sl_edhoc_ead_next(&r, &item)) {
			ck_assert_int_eq(item.label, 0);
			for (size_t i = 0; i < item.value.len; i++)
				ones |= item.value.ptr[i];
			count++;
		}
		ck_assert_ok(sl_reader_finish(&r));
		ck_assert_uint_le(count, 3);
		ck_assert_uint_eq(ones, 0);
	}
}
END_TEST

static const struct {
	const char *because, *bytes;
	bool good;
	int64_t numbers[4];
	size_t count;
} lists[] = {
        {"one int", "02", true, {2}, 1},
        {"one negative int", "39a0a0", true, {-41121}, 1},
        {"two", "820602", true, {6, 2}, 2},
        {"four", "8418a019a0a039a0a002", true, {160, 41120, -41121, 2}, 4},
        {"an array of one is malformed", "8102", false, {0}, 0},
        {"an empty array is malformed", "80", false, {0}, 0},
        {"arrays do not nest", "8282060202", false, {0}, 0},
        {"a text is no suite", "6132", false, {0}, 0},
        {"the array is cut short", "8206", false, {0}, 0},
        {"the array is indefinite", "9f0602ff", false, {0}, 0},
        {"a suite is an int64", "8202 1b8000000000000000", false, {0}, 0},
};

START_TEST(suite_lists)
{
	struct sl_span bytes = hex(lists[_i].bytes);
	struct sl_reader r = sl_reader_over(bytes);
	struct sl_edhoc_suites suites = sl_edhoc_suites_read(&r);
	uint8_t out[32];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	int64_t number;
	size_t count = 0;

	ck_assert_msg((sl_reader_finish(&r) == SL_OK) == lists[_i].good, "%s", lists[_i].because);
	while (sl_edhoc_suites_next(&suites, &number))
		ck_assert_int_eq(number, lists[_i].numbers[count++]);
	ck_assert_uint_eq(count, lists[_i].count);
	if (!lists[_i].good)
		return;
	sl_edhoc_suites_write(&w, lists[_i].numbers, lists[_i].count);
	ck_assert_bytes(sl_writer_span(&w), bytes);
}
END_TEST

/* --- choosing ------------------------------------------------------------------------------------- */

struct taken {
	size_t len; /* everything up to this length is taken */
	size_t asked;
};

static bool
is_taken(void *owner, struct sl_span id)
{
	struct taken *taken = owner;

	taken->asked++;
	return id.len <= taken->len;
}

START_TEST(the_shortest_free_length_is_chosen)
{
	static const uint8_t seed[16] = "0123456789abcde";
	struct taken taken = {.len = (size_t)_i};
	struct sl_edhoc_id_choice choice = {
	        .seed = seed, .len_max = 3, .is_taken = is_taken, .owner = &taken};
	struct sl_edhoc_id id = {.len = 99};

	if (_i == 3) {
		ck_assert_err(sl_edhoc_id_choose(&id, &choice), SL_ELIMIT);
		ck_assert_uint_eq(id.len, 99);
		ck_assert_uint_eq(taken.asked, 24);
	} else {
		ck_assert_ok(sl_edhoc_id_choose(&id, &choice));
		ck_assert_uint_eq(id.len, (size_t)_i + 1);
	}
}
END_TEST

START_TEST(no_shorter_identifier_than_wanted)
{
	static const uint8_t seed[16] = "0123456789abcde";
	struct taken taken = {.len = 0};
	struct sl_edhoc_id_choice choice = {.seed = seed,
	        .len_min = (size_t)_i,
	        .len_max = 3,
	        .is_taken = is_taken,
	        .owner = &taken};
	struct sl_edhoc_id id = {.len = 99};

	if (_i == 4) {
		ck_assert_err(sl_edhoc_id_choose(&id, &choice), SL_ELIMIT);
	} else {
		ck_assert_ok(sl_edhoc_id_choose(&id, &choice));
		ck_assert_uint_eq(id.len, _i == 0 ? 1 : (size_t)_i);
	}
}
END_TEST

START_TEST(the_choice_differs_from_the_peers_and_by_seed)
{
	struct taken taken = {.len = 0};
	uint8_t seed[16] = {0};
	struct sl_edhoc_id_choice choice = {
	        .seed = seed, .len_max = 1, .is_taken = is_taken, .owner = &taken};
	struct sl_edhoc_id first, second;
	size_t differ = 0;

	ck_assert_ok(sl_edhoc_id_choose(&first, &choice));
	choice.peer = sl_edhoc_id_view(&first);
	ck_assert_ok(sl_edhoc_id_choose(&second, &choice));
	ck_assert(!sl_span_equal(sl_edhoc_id_view(&first), sl_edhoc_id_view(&second)));
	choice.peer = sl_span(NULL, 0);
	for (seed[0] = 1; seed[0] < 33; seed[0]++) {
		ck_assert_ok(sl_edhoc_id_choose(&second, &choice));
		differ += !sl_span_equal(sl_edhoc_id_view(&first), sl_edhoc_id_view(&second));
	}
	ck_assert_uint_gt(differ, 24); /* by chance each is equal once in 256 */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc wire");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, identifiers_both_ways, 0, ARRAY_LEN(ids));
	tcase_add_test(tc, one_byte_strings);
	tcase_add_loop_test(tc, refuses_other_spellings, 0, ARRAY_LEN(bad_ids));
	tcase_add_test(tc, ead_items_in_order);
	tcase_add_loop_test(tc, refuses_malformed_ead, 0, ARRAY_LEN(bad_eads));
	tcase_add_test(tc, padding_has_any_length);
	tcase_add_loop_test(tc, suite_lists, 0, ARRAY_LEN(lists));
	tcase_add_loop_test(tc, the_shortest_free_length_is_chosen, 0, 4);
	tcase_add_loop_test(tc, no_shorter_identifier_than_wanted, 0, 5);
	tcase_add_test(tc, the_choice_differs_from_the_peers_and_by_seed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
