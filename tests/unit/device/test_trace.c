/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include "support.h"

#include <string.h>

static char text[8192];

static void
read_back(FILE *f)
{
	size_t len;

	rewind(f);
	len = fread(text, 1, sizeof text - 1, f);
	text[len] = '\0';
	fclose(f);
}

/* RFC 8613 C.4: a whole protected request. */
START_TEST(shows_a_protected_request)
{
	FILE *f = tmpfile();

	trace_datagram(f, TRACE_SENT,
	        hex("44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e"));
	read_back(f);
	ck_assert_str_eq(text,
	        "-> coap 35 bytes CON 0.02 POST mid=23839 token=00003974\n"
	        "     Uri-Host: \"localhost\"\n"
	        "     OSCORE: 0914\n"
	        "     payload, 13 bytes: 612f1092f1776f1c1668b3825e\n"
	        "     | 44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668\n"
	        "     | b3825e\n");
}
END_TEST

START_TEST(shows_an_edhoc_message)
{
	FILE *f = tmpfile();

	trace_edhoc(f, TRACE_RECEIVED, "message_2", hex("4201 02"));
	trace_edhoc(f, TRACE_SENT, "error", hex("03f5"));
	read_back(f);
	ck_assert_str_eq(text, "<- edhoc message_2, 3 bytes\n     | 420102\n"
	                       "-> edhoc error, 2 bytes\n     | 03f5\n");
}
END_TEST

START_TEST(shows_what_is_inside)
{
	struct sl_coap_block b = {3, true, 2};
	struct sl_coap_msg msg;
	uint8_t body[100] = {0};
	FILE *f = tmpfile();

	sl_coap_msg_init(&msg, SL_COAP_CHANGED);
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, 281));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, b));
	ck_assert_ok(sl_coap_add(&msg, 65000, hex("aabb")));
	msg.payload = sl_span(body, sizeof body);
	trace_inner(f, TRACE_RECEIVED, &msg);
	read_back(f);
	ck_assert_ptr_nonnull(strstr(text, "<- protected 2.04 Changed\n"));
	ck_assert_ptr_nonnull(strstr(text, "Content-Format: 281\n"));
	ck_assert_ptr_nonnull(strstr(text, "Block2: 3/1/64\n"));
	ck_assert_ptr_nonnull(strstr(text, "option 65000: aabb\n"));
	ck_assert_ptr_nonnull(strstr(text, "payload, 100 bytes: 0000"));
	ck_assert_ptr_nonnull(strstr(text, "..."));
}
END_TEST

START_TEST(shows_what_is_no_message)
{
	FILE *f = tmpfile();

	trace_datagram(f, TRACE_RECEIVED, hex("ff00"));
	read_back(f);
	ck_assert_str_eq(text, "<- coap 2 bytes that are no CoAP message\n     | ff00\n");
}
END_TEST

/* Bytes of a stranger do not steer the terminal. */
START_TEST(escapes_text_of_strangers)
{
	struct sl_coap_msg msg;
	FILE *f = tmpfile();

	sl_coap_msg_init(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text("\x1b[2J")));
	trace_inner(f, TRACE_SENT, &msg);
	read_back(f);
	ck_assert_ptr_nonnull(strstr(text, "Uri-Path: \"\\x1b[2J\""));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_trace");
	TCase *t = tcase_create("trace");

	tcase_add_test(t, shows_a_protected_request);
	tcase_add_test(t, shows_an_edhoc_message);
	tcase_add_test(t, shows_what_is_inside);
	tcase_add_test(t, shows_what_is_no_message);
	tcase_add_test(t, escapes_text_of_strangers);
	suite_add_tcase(s, t);
	return run_suite(s);
}
