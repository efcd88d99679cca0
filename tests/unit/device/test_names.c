/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include "support.h"

#include <sl/x509.h>

#include <string.h>

static struct sl_span
name_of(const char *text)
{
	static uint8_t bytes[256];
	size_t len;

	ck_assert_ok(sl_name_from_cn(text, bytes, sizeof bytes, &len));
	return heap_copy(sl_span(bytes, len));
}

START_TEST(finds_the_common_name)
{
	struct sl_span text;

	ck_assert_ok(names_common_name(name_of("est.example"), &text));
	ck_assert(sl_span_equal_text(text, "est.example"));
	/* C=SE, then O=Acme with CN=a (PrintableString) in one RDN */
	ck_assert_ok(names_common_name(hex("3026310b30090603550406130253453117300b060355040a0c04416"
	                                   "36d6530080603550403130161"),
	        &text));
	ck_assert(sl_span_equal_text(text, "a"));
}
END_TEST

static const struct {
	const char *because, *der;
} nameless[] = {
        {"it is empty", ""},
        {"there is no RDN", "3000"},
        {"there is no CommonName", "300d 310b 3009 0603550406 13025345"},
        {"a BMPString has two bytes per character", "300e 310c 300a 0603550403 1e030061 00"},
        {"the value is cut", "300d 310b 3009 0603550403 0c0361"},
        {"it is no SEQUENCE", "310b 3009 0603550403 0c0261 62"},
};

START_TEST(finds_no_name_where_there_is_none)
{
	struct sl_span text = {NULL, 7};

	ck_assert_msg(names_common_name(hex(nameless[_i].der), &text) == SL_ENOTFOUND, "%s",
	        nameless[_i].because);
	ck_assert(!names_has_common_name(hex(nameless[_i].der), "a"));
}
END_TEST

START_TEST(survives_every_prefix)
{
	struct sl_span whole = name_of("est.example"), text;

	for (size_t len = 0; len < whole.len; len++)
		ck_assert_err(
		        names_common_name(heap_copy(sl_span(whole.ptr, len)), &text), SL_ENOTFOUND);
}
END_TEST

START_TEST(compares_as_dns_does)
{
	struct sl_span name = name_of("EST.example");

	ck_assert(names_has_common_name(name, "est.EXAMPLE"));
	ck_assert(!names_has_common_name(name, "est.exampl"));
	ck_assert(!names_has_common_name(name, "est-example"));
	ck_assert(!names_has_common_name(name, "est.example."));
	ck_assert(!names_has_common_name(name, ""));
}
END_TEST

/* GeneralNames: rfc822Name a@b, dNSName est.example, dNSName x, an empty iPAddress. */
START_TEST(finds_dns_names)
{
	struct sl_span whole = hex("3017 8103614062 820b6573742e6578616d706c65 820178 8700");

	ck_assert(names_has_dns_name(whole, "est.example"));
	ck_assert(names_has_dns_name(whole, "X"));
	ck_assert(!names_has_dns_name(whole, "y"));
	ck_assert(!names_has_dns_name(whole, "a@b")); /* a name of another kind */
	ck_assert(!names_has_dns_name(whole, ""));
	ck_assert(!names_has_dns_name(hex(""), "x"));
	for (size_t len = 0; len < whole.len; len++)
		ck_assert(!names_has_dns_name(heap_copy(sl_span(whole.ptr, len)), "x"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_names");
	TCase *t = tcase_create("names");

	tcase_add_test(t, finds_the_common_name);
	tcase_add_loop_test(t, finds_no_name_where_there_is_none, 0, ARRAY_LEN(nameless));
	tcase_add_test(t, survives_every_prefix);
	tcase_add_test(t, compares_as_dns_does);
	tcase_add_test(t, finds_dns_names);
	suite_add_tcase(s, t);
	return run_suite(s);
}
