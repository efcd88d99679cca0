/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char printed[4096];

static bool
print(struct report *r)
{
	FILE *f = tmpfile();
	bool is_whole;
	size_t len;

	ck_assert_ptr_nonnull(f);
	is_whole = report_print(r, f);
	rewind(f);
	len = fread(printed, 1, sizeof printed - 1, f);
	printed[len] = '\0';
	fclose(f);
	return is_whole;
}

static void
fill(struct report *r)
{
	report_text(r, "a", "b\"c\\");
	report_number(r, "n", 9007199254740991ULL);
	report_flag(r, "yes", true);
	report_flag(r, "no", false);
	report_time(r, "t", 0);
	report_bytes(r, "plain", sl_span_text("text"));
	report_bytes(r, "raw", hex("00ff"));
	report_bytes(r, "empty", sl_span(NULL, 0));
	report_list_open(r, "list");
	for (int i = 0; i < 2; i++) {
		report_item_open(r);
		report_text(r, "x", "1");
		report_text(r, "y", "\x01");
		report_item_close(r);
	}
	report_list_close(r);
	report_text(r, "end", "");
}

START_TEST(writes_one_json_object)
{
	struct report r;
	json_error_t why;
	json_t *root;

	report_init(&r, true, false);
	fill(&r);
	ck_assert(print(&r));
	root = json_loads(printed, JSON_REJECT_DUPLICATES, &why);
	ck_assert_msg(root != NULL, "%s in %s", why.text, printed);
	ck_assert_str_eq(json_string_value(json_object_get(root, "a")), "b\"c\\");
	ck_assert(json_is_true(json_object_get(root, "yes")));
	ck_assert(json_is_false(json_object_get(root, "no")));
	ck_assert_str_eq(json_string_value(json_object_get(root, "t")), "1970-01-01T00:00:00Z");
	ck_assert_str_eq(json_string_value(json_object_get(root, "plain")), "text");
	ck_assert_str_eq(json_string_value(json_object_get(root, "raw-hex")), "00ff");
	ck_assert_uint_eq(json_array_size(json_object_get(root, "list")), 2);
	ck_assert_str_eq(json_string_value(json_object_get(
	                         json_array_get(json_object_get(root, "list"), 1), "y")),
	        "\\x01");
	json_decref(root);
}
END_TEST

START_TEST(writes_lines)
{
	struct report r;

	report_init(&r, false, false);
	fill(&r);
	ck_assert(print(&r));
	ck_assert_str_eq(printed, "a: b\"c\\\nn: 9007199254740991\nyes: yes\nno: no\n"
	                          "t: 1970-01-01T00:00:00Z\nplain: text\nraw-hex: 00ff\nempty: \n"
	                          "list:\n- x: 1\n  y: \\x01\n- x: 1\n  y: \\x01\nend: \n");
}
END_TEST

START_TEST(prints_an_empty_object)
{
	struct report r;

	report_init(&r, true, false);
	ck_assert(print(&r));
	ck_assert_str_eq(printed, "{}\n");
}
END_TEST

START_TEST(writes_long_bytes_whole)
{
	uint8_t bytes[200] = {0};
	struct report r;

	bytes[0] = 1;
	bytes[63] = 2;
	bytes[64] = 3;
	bytes[199] = 4;
	report_init(&r, true, false);
	report_bytes(&r, "raw", sl_span(bytes, sizeof bytes));
	ck_assert(print(&r));
	ck_assert_uint_eq(strlen(printed), strlen("{\"raw-hex\": \"\"}\n") + 400);
	ck_assert_bytes(hex((printed[413] = '\0', printed + 13)), sl_span(bytes, sizeof bytes));
}
END_TEST

START_TEST(says_when_it_is_too_much)
{
	struct report r;

	report_init(&r, true, false);
	for (int i = 0; i < 600; i++)
		report_text(&r, "k",
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "0123456789012345678901234567890123456789012345678901234567890123456789"
		        "012345678901234567890123456789");
	ck_assert(!print(&r));
	ck_assert_str_eq(printed, "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_report");
	TCase *t = tcase_create("report");

	tcase_add_test(t, writes_one_json_object);
	tcase_add_test(t, writes_lines);
	tcase_add_test(t, prints_an_empty_object);
	tcase_add_test(t, writes_long_bytes_whole);
	tcase_add_test(t, says_when_it_is_too_much);
	suite_add_tcase(s, t);
	return run_suite(s);
}
