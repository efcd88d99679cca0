/* SPDX-License-Identifier: BSD-2-Clause
 * The CoAP Content-Formats registry and RFC 8075 section 6. */
#include "support.h"

#include <sl/mappings.h>

#include <string.h>

static const struct {
	uint16_t number;
	const char *text;
} pairs[] = {
        {0, "text/plain;charset=utf-8"},
        {19, "application/ace+cbor"},
        {40, "application/link-format"},
        {42, "application/octet-stream"},
        {50, "application/json"},
        {60, "application/cbor"},
        {61, "application/cwt"},
        {62, "application/multipart-core"},
        {64, "application/edhoc+cbor-seq"},
        {65, "application/cid-edhoc+cbor-seq"},
        {101, "application/cose-key"},
        {102, "application/cose-key-set"},
        {257, "application/concise-problem-details+cbor"},
        {280, "application/pkcs7-mime;smime-type=server-generated-key"},
        {281, "application/pkcs7-mime;smime-type=certs-only"},
        {284, "application/pkcs8"},
        {285, "application/csrattrs"},
        {286, "application/pkcs10"},
        {287, "application/pkix-cert"},
        {1, "application/coap-payload;cf=1"},
        {65003, "application/coap-payload;cf=65003"},
        {10, "application/coap-payload;cf=10"},
        {9, "application/coap-payload;cf=9"},
        {65535, "application/coap-payload;cf=65535"},
};

START_TEST(maps_both_ways)
{
	char text[80];
	uint16_t number = 9;
	size_t len = strlen(pairs[_i].text);

	ck_assert_ok(sl_map_media_type(pairs[_i].number, text, sizeof text));
	ck_assert_str_eq(text, pairs[_i].text);
	ck_assert_ok(sl_map_content_format(heap_copy(sl_span_text(text)), &number));
	ck_assert_uint_eq(number, pairs[_i].number);
	memset(text, 'x', sizeof text);
	ck_assert_err(sl_map_media_type(pairs[_i].number, text, len), SL_ESPACE);
	ck_assert_ok(sl_map_media_type(pairs[_i].number, text, len + 1));
	ck_assert_int_eq(text[len + 1], 'x');
}
END_TEST

START_TEST(application_oscore_goes_one_way)
{
	char text[80];
	uint16_t number = 9;

	ck_assert_ok(sl_map_media_type(10001, text, sizeof text));
	ck_assert_str_eq(text, "application/oscore");
	ck_assert_err(sl_map_content_format(sl_span_text(text), &number), SL_ENOTFOUND);
	ck_assert_err(
	        sl_map_content_format(sl_span_text("application/coap-payload;cf=10001"), &number),
	        SL_ENOTFOUND);
	ck_assert_uint_eq(number, 9);
}
END_TEST

static const struct {
	const char *text;
	uint16_t number;
} spellings[] = {
        {"text/plain", 0},
        {"TEXT/Plain; Charset=UTF-8", 0},
        {"text/plain ;\tcharset=\"utf-8\" ", 0},
        {"text/plain; format=flowed", 0},
        {" application/CBOR\t", 60},
        {"application/json; charset=utf-8", 50},
        {"application/pkcs7-mime; smime-type=certs-only", 281},
        {"application/pkcs7-mime; name=\"smime.p7c\"; SMIME-Type=Certs-Only", 281},
        {"application/coap-payload; x=y; cf=\"286\"", 286},
        {"application/coap-payload;cf=0", 0},
        {"APPLICATION/JSON;zZ=Zz", 50},
};

START_TEST(accepts_other_spellings)
{
	uint16_t number = 9;

	ck_assert_ok(sl_map_content_format(heap_copy(sl_span_text(spellings[_i].text)), &number));
	ck_assert_uint_eq(number, spellings[_i].number);
}
END_TEST

static const struct {
	const char *because, *text;
	enum sl_err err;
} refused[] = {
        {"no such type", "text/html", SL_ENOTFOUND},
        {"another charset is another format", "text/plain; charset=iso-8859-1", SL_ENOTFOUND},
        {"the parameter is demanded", "application/pkcs7-mime", SL_ENOTFOUND},
        {"the parameter has another value", "application/pkcs7-mime; smime-type=signed-data",
                SL_ENOTFOUND},
        {"a suffix is another type", "application/cbor-seq", SL_ENOTFOUND},
        {"a prefix is another type", "application/cbo", SL_ENOTFOUND},
        {"cf is mandatory", "application/coap-payload", SL_ENOTFOUND},
        {"cf is a number", "application/coap-payload;cf=x", SL_ENOTFOUND},
        {"cf has no sign", "application/coap-payload;cf=-1", SL_ENOTFOUND},
        {"cf ends at 65535", "application/coap-payload;cf=65536", SL_ENOTFOUND},
        {"nothing is no type", "", SL_EMALFORMED},
        {"no subtype", "text", SL_EMALFORMED},
        {"an empty subtype", "text/", SL_EMALFORMED},
        {"an empty type", "/plain", SL_EMALFORMED},
        {"a space inside", "text /plain", SL_EMALFORMED},
        {"two types", "text/plain, text/plain", SL_EMALFORMED},
        {"a parameter without value", "text/plain; charset", SL_EMALFORMED},
        {"a parameter with an empty value", "text/plain; charset=", SL_EMALFORMED},
        {"a parameter without name", "text/plain; =utf-8", SL_EMALFORMED},
        {"a semicolon at the end", "text/plain;", SL_EMALFORMED},
        {"an open quote", "text/plain; charset=\"utf-8", SL_EMALFORMED},
        {"an escape in quotes", "text/plain; charset=\"utf\\-8\"", SL_EMALFORMED},
        {"text after the quotes", "text/plain; charset=\"utf-8\"x", SL_EMALFORMED},
        {"an 8-bit byte", "text/pl\xe4in", SL_EMALFORMED},
        {"a bad parameter after the one that counts",
                "application/pkcs7-mime; smime-type=certs-only; =", SL_EMALFORMED},
};

START_TEST(refuses_other_texts)
{
	uint16_t number = 9;

	ck_assert_msg(sl_map_content_format(heap_copy(sl_span_text(refused[_i].text)), &number) ==
	                      refused[_i].err,
	        "not so although %s", refused[_i].because);
	ck_assert_uint_eq(number, 9);
}
END_TEST

START_TEST(every_prefix_is_another_type_or_none)
{
	struct sl_span whole = sl_span_text("application/pkcs7-mime; smime-type=\"certs-only\"");

	for (size_t n = 0; n < whole.len; n++) {
		uint16_t number = 9;

		ck_assert_int_ne(
		        sl_map_content_format(heap_copy(sl_span(whole.ptr, n)), &number), SL_OK);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/media_type");
	TCase *tc = tcase_create("media types");

	tcase_add_loop_test(tc, maps_both_ways, 0, (int)ARRAY_LEN(pairs));
	tcase_add_test(tc, application_oscore_goes_one_way);
	tcase_add_loop_test(tc, accepts_other_spellings, 0, (int)ARRAY_LEN(spellings));
	tcase_add_loop_test(tc, refuses_other_texts, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(tc, every_prefix_is_another_type_or_none);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
