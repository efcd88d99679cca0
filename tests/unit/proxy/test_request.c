/* SPDX-License-Identifier: BSD-2-Clause
 * The HTTP request: which fields, which bodies, and nothing of a device's in a head as it is. */
#include <stdlib.h>
#include <string.h>

#include <support.h>

#include "request.h"

static struct origin origin;
static struct destination destination;

static void
open_origin(void)
{
	memset(&origin, 0, sizeof origin);
	ck_assert_uint_eq(sl_map_url(sl_span_text("https://est.example/base"), &origin.target), 0);
	destination = (struct destination){.origin = &origin, .target = origin.target};
}

static const char *
line_of(const struct request_fields *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strncmp(f->lines[i], name, strlen(name)) == 0)
			return f->lines[i];
	return NULL;
}

static void
build(const struct sl_coap_msg *msg, struct request_fields *fields, struct exchange *x)
{
	struct core_fetch fetch;

	memset(x, 0, sizeof *x);
	x->origin = &origin;
	ck_assert_uint_eq(request_build(&x->text, msg, &destination, sl_span_text("body")), 0);
	request_view(x, &fetch);
	ck_assert(sl_span_equal_text(fetch.body, "body"));
	request_fields(fields, &fetch);
}

/* RFC 8613 section 11.2. */
START_TEST(oscore_request_has_its_fields_and_no_others)
{
	static const char *const want[] = {"Expect:", "Accept:", "Accept-Encoding: identity",
	        "Content-Type: application/oscore", "OSCORE: CQEU", "Cache-Control: no-store"};
	struct request_fields f;
	struct sl_coap_msg msg;
	struct exchange x;

	sl_coap_msg_init(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, hex("090114")));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, 60));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, 60));
	build(&msg, &f, &x);
	ck_assert_uint_eq(f.count, ARRAY_LEN(want));
	for (size_t i = 0; i < f.count; i++)
		ck_assert_str_eq(f.lines[i], want[i]);
	ck_assert_str_eq(x.text->method, "POST");
	ck_assert_str_eq(x.text->url, "https://est.example:443/base");
	free(x.text);
}
END_TEST

START_TEST(empty_oscore_option_is_aa)
{
	struct request_fields f;
	struct sl_coap_msg msg;
	struct exchange x;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(NULL, 0)));
	build(&msg, &f, &x);
	ck_assert_str_eq(line_of(&f, "OSCORE:"), "OSCORE: AA");
	free(x.text);
}
END_TEST

/* 65586 is 65536 + 50: cut to two bytes it would be application/json. */
START_TEST(content_format_of_three_bytes_counts_as_unknown)
{
	struct request_fields f;
	struct sl_coap_msg msg;
	struct exchange x;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, 65586));
	build(&msg, &f, &x);
	ck_assert_str_eq(line_of(&f, "Content-Type:"), "Content-Type:");
	free(x.text);
}
END_TEST

START_TEST(plain_request_has_its_media_types)
{
	struct request_fields f;
	struct sl_coap_msg msg;
	struct exchange x;

	sl_coap_msg_init(&msg, SL_COAP_PUT);
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, 60));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, 65000));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_HOP_LIMIT, 9));
	build(&msg, &f, &x);
	ck_assert_str_eq(x.text->method, "PUT");
	ck_assert_str_eq(line_of(&f, "Content-Type"), "Content-Type: application/cbor");
	ck_assert_str_eq(line_of(&f, "Accept:"), "Accept: application/coap-payload;cf=65000");
	ck_assert_str_eq(line_of(&f, "Via"), "Via: coap/1 sealift");
	ck_assert_ptr_null(line_of(&f, "OSCORE"));
	ck_assert_ptr_null(line_of(&f, "CoAP-EDHOC"));
	free(x.text);
}
END_TEST

START_TEST(edhoc_flag_is_a_header)
{
	struct request_fields f;
	struct sl_coap_msg msg;
	struct exchange x;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, hex("0900")));
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_EDHOC, hex("0d0a")));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_HOP_LIMIT, 9));
	build(&msg, &f, &x);
	ck_assert_uint_eq(f.count, REQUEST_FIELDS_MAX);
	ck_assert_str_eq(line_of(&f, "CoAP-EDHOC"), "CoAP-EDHOC: ?1");
	free(x.text);
}
END_TEST

/* Every byte in every option that reaches the head: one line stays one line. */
START_TEST(no_option_value_breaks_a_head)
{
	static const uint16_t numbers[] = {
	        SL_COAP_OSCORE, SL_COAP_CONTENT_FORMAT, SL_COAP_ACCEPT, SL_COAP_HOP_LIMIT};

	for (unsigned byte = 0; byte < 256; byte++) {
		for (size_t n = 0; n < ARRAY_LEN(numbers); n++) {
			uint8_t value[2] = {(uint8_t)byte, (uint8_t)byte};
			struct request_fields f;
			struct sl_coap_msg msg;
			struct exchange x;

			sl_coap_msg_init(&msg, SL_COAP_POST);
			ck_assert_ok(sl_coap_add(&msg, numbers[n], sl_span(value, 2)));
			build(&msg, &f, &x);
			for (size_t i = 0; i < f.count; i++)
				for (const char *p = f.lines[i]; *p != '\0'; p++)
					ck_assert_msg(*p >= ' ' && *p < 0x7f, "byte %u, option %u",
					        byte, numbers[n]);
			free(x.text);
		}
	}
}
END_TEST

START_TEST(longest_oscore_option_fits_its_line)
{
	uint8_t value[SL_MAP_OSCORE_OPTION_MAX];
	struct request_fields f;
	struct sl_coap_msg msg;
	struct exchange x;

	memset(value, 0xff, sizeof value);
	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(value, sizeof value)));
	build(&msg, &f, &x);
	ck_assert_uint_eq(
	        strlen(line_of(&f, "OSCORE")), strlen("OSCORE: ") + 340); /* 255 / 3 * 4 */
	free(x.text);
}
END_TEST

START_TEST(no_method_no_request)
{
	struct fetch_text *text = NULL;
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_FETCH);
	ck_assert_uint_eq(request_build(&text, &msg, &destination, sl_span(NULL, 0)),
	        SL_COAP_METHOD_NOT_ALLOWED);
	ck_assert_ptr_null(text);
}
END_TEST

static const char *
head_of(const struct core_fetch *fetch)
{
	static char text[REQUEST_HEAD_MAX + 1];
	struct sl_writer w = sl_writer_over(text, sizeof text - 1);

	ck_assert_ok(request_head(&w, fetch));
	text[w.len] = '\0';
	return text;
}

/* RFC 9112 sections 2 and 3: what goes over a connection, to the byte. */
START_TEST(head_as_it_is_sent)
{
	struct core_fetch f = {.origin = &origin,
	        .method = "POST",
	        .url = "http://est.example:443/base?q",
	        .oscore = "CQEU",
	        .has_via = true,
	        .has_edhoc = true,
	        .body = sl_span_text("1234567890")};

	ck_assert_str_eq(head_of(&f), "POST /base?q HTTP/1.1\r\nHost: est.example\r\n"
	                              "Accept-Encoding: identity\r\n"
	                              "Content-Type: application/oscore\r\nOSCORE: CQEU\r\n"
	                              "Cache-Control: no-store\r\nVia: coap/1 sealift\r\n"
	                              "CoAP-EDHOC: ?1\r\nContent-Length: 10\r\n\r\n");
	ck_assert_uint_eq(
	        sl_map_url(sl_span_text("http://[2001:db8::1]:8080/"), &origin.target), 0);
	f = (struct core_fetch){
	        .origin = &origin, .method = "GET", .url = "http://[2001:db8::1]:8080/"};
	ck_assert_str_eq(head_of(&f), "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n"
	                              "Accept-Encoding: identity\r\n\r\n");
	f.method = "PUT";
	f.accept = "application/cbor";
	ck_assert_str_eq(head_of(&f), "PUT / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n"
	                              "Accept: application/cbor\r\nAccept-Encoding: identity\r\n"
	                              "Content-Length: 0\r\n\r\n");
}
END_TEST

/* Encoders never make them; if one did, no request would leave. */
START_TEST(no_head_of_unclean_texts)
{
	static const char *const urls[] = {"http://a/\r\nX: y", "http://a/ b", "http://a/\x7f",
	        "http://a/\xc3\xa4", "http://a", "/a", ""};
	static const char *const values[] = {"AA\r\nX: y", "AA\n", "A\tA", "\x80"};
	char text[REQUEST_HEAD_MAX];
	struct core_fetch f = {.origin = &origin, .method = "POST", .oscore = "AA"};
	struct sl_writer w;

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		f.url = urls[i];
		w = sl_writer_over(text, sizeof text);
		ck_assert_int_ne(request_head(&w, &f), SL_OK);
	}
	f.url = "http://a/";
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		f.oscore = values[i];
		w = sl_writer_over(text, sizeof text);
		ck_assert_int_ne(request_head(&w, &f), SL_OK);
	}
	f.oscore = "AA";
	w = sl_writer_over(text, strlen(head_of(&f)) - 1);
	ck_assert_err(request_head(&w, &f), SL_ESPACE);
}
END_TEST

static Suite *
request_suite(void)
{
	Suite *s = suite_create("proxy request");
	TCase *t = tcase_create("request");

	tcase_add_checked_fixture(t, open_origin, NULL);
	tcase_add_test(t, oscore_request_has_its_fields_and_no_others);
	tcase_add_test(t, empty_oscore_option_is_aa);
	tcase_add_test(t, content_format_of_three_bytes_counts_as_unknown);
	tcase_add_test(t, plain_request_has_its_media_types);
	tcase_add_test(t, edhoc_flag_is_a_header);
	tcase_add_test(t, no_option_value_breaks_a_head);
	tcase_add_test(t, longest_oscore_option_fits_its_line);
	tcase_add_test(t, no_method_no_request);
	tcase_add_test(t, head_as_it_is_sent);
	tcase_add_test(t, no_head_of_unclean_texts);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(request_suite());
}
