/* SPDX-License-Identifier: BSD-2-Clause
 * HTTP response -> CoAP reply for requests without OSCORE: RFC 7252 sections 10.1.1 to 10.1.4,
 * the inverse of RFC 8075 table 2, RFC 9148 section 4.7. */
#include "support.h"

#include <sl/mappings.h>

#include <stdio.h>
#include <string.h>

#define CODE(c, dd) ((c)*32 + (dd))

/* Code by method; the body is application/cbor. */
static const struct {
	int status;
	unsigned get, post, put, patch, delete_;
} successes[] = {
        {200, CODE(2, 5), CODE(2, 4), CODE(2, 4), CODE(2, 4), CODE(2, 2)},
        {201, CODE(5, 2), CODE(2, 1), CODE(2, 1), CODE(2, 1), CODE(5, 2)}, /* 7252 5.9.1.1 */
        {202, CODE(5, 2), CODE(2, 4), CODE(2, 4), CODE(2, 4), CODE(2, 2)},
        {203, CODE(5, 2), CODE(5, 2), CODE(5, 2), CODE(5, 2), CODE(5, 2)},
        {204, CODE(2, 5), CODE(2, 4), CODE(2, 4), CODE(2, 4), CODE(2, 2)},
        {205, CODE(5, 2), CODE(5, 2), CODE(5, 2), CODE(5, 2), CODE(5, 2)},
        {206, CODE(5, 2), CODE(5, 2), CODE(5, 2), CODE(5, 2), CODE(5, 2)},
        {207, CODE(5, 2), CODE(5, 2), CODE(5, 2), CODE(5, 2), CODE(5, 2)},
        {404, CODE(4, 4), CODE(4, 4), CODE(4, 4), CODE(4, 4), CODE(2, 2)}, /* 7252 10.1.3 */
        {410, CODE(4, 4), CODE(4, 4), CODE(4, 4), CODE(4, 4), CODE(2, 2)}, /* 7252 10.1.3 */
};

START_TEST(maps_success_by_method)
{
	const uint8_t methods[] = {SL_COAP_GET, SL_COAP_POST, SL_COAP_PUT, SL_COAP_PATCH,
	        SL_COAP_IPATCH, SL_COAP_DELETE};
	const unsigned want[] = {successes[_i].get, successes[_i].post, successes[_i].put,
	        successes[_i].patch, successes[_i].patch, successes[_i].delete_};
	struct sl_map_http_result result = {.status = successes[_i].status,
	        .content_type = sl_span_text("application/cbor"),
	        .content_type_count = 1,
	        .body = sl_span_text("x")};
	struct sl_map_reply reply;

	for (size_t m = 0; m < ARRAY_LEN(methods); m++) {
		struct sl_map_exchange exchange = {.request_code = methods[m]};

		sl_map_reply(&exchange, &result, &reply);
		ck_assert_msg(reply.code == want[m], "method %u: got %u.%02u", methods[m],
		        reply.code >> 5, reply.code & 31);
		ck_assert_int_eq(reply.is_error, want[m] >= 128);
		ck_assert(!reply.has_oscore);
		ck_assert_str_ne(reply.reason, "");
		if (want[m] < 128) { /* 204 has no body, and what a 404 explains is no result */
			bool has_body = successes[_i].status < 203;

			ck_assert(sl_span_equal_text(reply.payload, has_body ? "x" : ""));
			ck_assert_int_eq(reply.has_content_format, has_body);
		}
	}
}
END_TEST

static const struct {
	const char *because;
	int status;
	const char *type, *body;
	unsigned code;
	int format; /* -1: none */
	const char *payload;
} bodies[] = {
        {"a typed body", 200, "application/link-format", "</a>", CODE(2, 5), 40, "</a>"},
        {"text", 200, "text/plain", "hello", CODE(2, 5), 0, "hello"},
        {"an empty typed body", 200, "text/plain", "", CODE(2, 5), 0, ""},
        {"an empty body without type", 200, "", "", CODE(2, 5), -1, ""},
        {"an empty body of a foreign type", 200, "text/html", "", CODE(2, 5), -1, ""},
        {"a body of a foreign type", 200, "text/html", "<html>", CODE(5, 2), -1, ""},
        {"a body without type", 200, "", "x", CODE(5, 2), -1, ""},
        {"a body of type oscore", 200, "application/oscore", "x", CODE(5, 2), -1, ""},
        {"a number as type", 200, "application/coap-payload;cf=65003", "x", CODE(2, 5), 65003, "x"},
        {"204 has no body", 204, "text/plain", "x", CODE(2, 5), -1, ""},
        {"a typed error body stays", 400, "application/edhoc+cbor-seq", "\x01", CODE(4, 0), 64,
                "\x01"},
        {"at 5xx too", 500, "application/edhoc+cbor-seq", "\x01", CODE(5, 0), 64, "\x01"},
        {"short text is a diagnostic", 404, "text/plain", "no such path", CODE(4, 4), -1,
                "no such path"},
        {"so it is without type", 404, "", "no such path", CODE(4, 4), -1, "no such path"},
        {"HTML is dropped", 404, "text/html", "<html>", CODE(4, 4), -1, ""},
        {"a redirect's body is dropped", 301, "application/cbor", "x", CODE(5, 2), -1, ""},
};

START_TEST(carries_the_body)
{
	struct sl_map_exchange exchange = {.request_code = SL_COAP_GET};
	struct sl_map_http_result result = {.status = bodies[_i].status,
	        .content_type = sl_span_text(bodies[_i].type),
	        .content_type_count = bodies[_i].type[0] != '\0',
	        .body = sl_span_text(bodies[_i].body)};
	struct sl_map_reply reply;

	sl_map_reply(&exchange, &result, &reply);
	ck_assert_msg(reply.code == bodies[_i].code, "%s: got %u.%02u", bodies[_i].because,
	        reply.code >> 5, reply.code & 31);
	ck_assert_int_eq(reply.has_content_format ? reply.content_format : -1, bodies[_i].format);
	ck_assert(sl_span_equal_text(reply.payload, bodies[_i].payload));
}
END_TEST

START_TEST(long_error_text_is_dropped)
{
	struct sl_map_exchange exchange = {.request_code = SL_COAP_GET};
	char text[66] = "";
	struct sl_map_http_result result = {.status = 400, .body = sl_span(text, 64)};
	struct sl_map_reply reply;

	memset(text, 'a', sizeof text);
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.payload.len, 64);
	result.body.len = 65;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.payload.len, 0);
}
END_TEST

START_TEST(encoded_or_doubly_typed_bodies_do_not_pass)
{
	struct sl_map_exchange exchange = {.request_code = SL_COAP_GET};
	struct sl_map_http_result result = {.status = 200,
	        .content_type = sl_span_text("application/cbor"),
	        .content_type_count = 1,
	        .body = sl_span_text("x")};
	struct sl_map_reply reply;

	result.has_content_encoding = true;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(5, 2));
	result.status = 400;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(4, 0));
	ck_assert(reply.payload.len == 0 && !reply.has_content_format);
	result.has_content_encoding = false;
	result.content_type_count = 2;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert(reply.payload.len == 0 && !reply.has_content_format);
	result.status = 200;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(5, 2));
}
END_TEST

static const struct {
	int status;
	unsigned code;
} statuses[] = {
        {400, CODE(4, 0)},
        {401, CODE(4, 1)},
        {403, CODE(4, 3)},
        {404, CODE(4, 4)},
        {405, CODE(4, 5)},
        {406, CODE(4, 6)},
        {408, CODE(5, 4)}, /* never sent twice */
        {409, CODE(4, 9)},
        {410, CODE(4, 4)},
        {412, CODE(4, 12)},
        {413, CODE(4, 13)},
        {415, CODE(4, 15)},
        {422, CODE(4, 22)},
        {425, CODE(5, 3)},
        {500, CODE(5, 0)},
        {501, CODE(5, 1)},
        {502, CODE(5, 2)},
        {504, CODE(5, 4)},
        {508, CODE(5, 8)},
};

/* All others fall to their class; the reason tells them apart in the log. */
static const struct {
	int first, last;
	unsigned code;
	const char *reason;
} ranges[] = {
        {-1, 99, CODE(5, 2), "no HTTP status"},
        {100, 199, CODE(5, 2), "1xx as an answer"},
        {205, 299, CODE(5, 2), "2xx without a mapping"},
        {300, 399, CODE(5, 2), "redirect"}, /* 304 too: nothing was asked by entity-tag */
        {400, 499, CODE(4, 0), "other 4xx"},
        {500, 599, CODE(5, 0), "other 5xx"},
        {600, 1000, CODE(5, 2), "no HTTP status"},
};

static struct sl_map_reply
reply_to_status(int status)
{
	struct sl_map_exchange exchange = {.request_code = SL_COAP_POST};
	struct sl_map_http_result result = {.status = status};
	struct sl_map_reply reply;

	sl_map_reply(&exchange, &result, &reply);
	ck_assert(reply.has_max_age && reply.max_age == 0);
	ck_assert(reply.is_error);
	return reply;
}

START_TEST(maps_each_other_status)
{
	struct sl_map_reply reply = reply_to_status(statuses[_i].status);
	char reason[20];

	ck_assert_msg(reply.code == statuses[_i].code, "%d: got %u.%02u", statuses[_i].status,
	        reply.code >> 5, reply.code & 31);
	snprintf(reason, sizeof reason, "status %d", statuses[_i].status);
	ck_assert_str_eq(reply.reason, reason);
}
END_TEST

static bool
stands_alone(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return true;
	return status == 429 || status == 503;
}

START_TEST(every_other_status_falls_to_its_class)
{
	for (int status = ranges[_i].first; status <= ranges[_i].last; status++) {
		struct sl_map_reply reply;

		if (stands_alone(status))
			continue;
		reply = reply_to_status(status);
		ck_assert_msg(reply.code == ranges[_i].code, "%d: got %u.%02u", status,
		        reply.code >> 5, reply.code & 31);
		ck_assert_str_eq(reply.reason, ranges[_i].reason);
	}
}
END_TEST

START_TEST(says_when_to_come_back)
{
	static const struct {
		int status;
		unsigned code;
	} rows[] = {{202, CODE(5, 3)}, {429, CODE(4, 29)}, {503, CODE(5, 3)}};
	struct sl_map_exchange exchange = {.request_code = SL_COAP_POST};
	struct sl_map_reply reply;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sl_map_http_result result = {
		        .status = rows[i].status, .has_retry_after = true, .retry_after_s = 120};

		sl_map_reply(&exchange, &result, &reply);
		ck_assert_uint_eq(reply.code, rows[i].code);
		ck_assert(reply.has_max_age);
		ck_assert_uint_eq(reply.max_age, 120);
		result.has_retry_after = false;
		sl_map_reply(&exchange, &result, &reply);
		ck_assert(!reply.has_max_age);
	}
}
END_TEST

START_TEST(an_entity_tag_that_still_holds_is_2_03)
{
	struct sl_map_exchange exchange = {.request_code = SL_COAP_GET, .has_etag = true};
	struct sl_map_http_result result = {.status = 304, .has_max_age = true, .max_age_s = 7};
	struct sl_map_reply reply;

	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(2, 3));
	ck_assert(reply.has_max_age && reply.max_age == 7);
	ck_assert(!reply.is_error);
	ck_assert_str_eq(reply.reason, "not modified");
}
END_TEST

START_TEST(freshness_becomes_max_age_of_2_05_only)
{
	struct sl_map_exchange exchange = {.request_code = SL_COAP_GET};
	struct sl_map_http_result result = {.status = 200, .has_max_age = true};
	struct sl_map_reply reply;

	sl_map_reply(&exchange, &result, &reply);
	ck_assert(reply.has_max_age && reply.max_age == 0);
	result.max_age_s = 60; /* the default of RFC 7252 section 5.10.5 */
	sl_map_reply(&exchange, &result, &reply);
	ck_assert(!reply.has_max_age);
	result.max_age_s = 86400;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert(reply.has_max_age && reply.max_age == 86400);
	exchange.request_code = SL_COAP_POST;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert(!reply.has_max_age);
}
END_TEST

START_TEST(an_oscore_header_that_nobody_asked_for_is_5_02)
{
	struct sl_map_exchange exchange = {.request_code = SL_COAP_GET};
	struct sl_map_http_result result = {.status = 200,
	        .oscore_header_count = 1,
	        .oscore_header = sl_span_text("AA"),
	        .content_type = sl_span_text("application/cbor"),
	        .content_type_count = 1,
	        .body = sl_span_text("x")};
	struct sl_map_reply reply;

	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(5, 2));
	ck_assert(!reply.has_oscore && reply.payload.len == 0);
	result.status = 404;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(5, 2));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/reply_plain");
	TCase *tc = tcase_create("plain exchanges");

	tcase_add_loop_test(tc, maps_success_by_method, 0, (int)ARRAY_LEN(successes));
	tcase_add_loop_test(tc, carries_the_body, 0, (int)ARRAY_LEN(bodies));
	tcase_add_test(tc, long_error_text_is_dropped);
	tcase_add_test(tc, encoded_or_doubly_typed_bodies_do_not_pass);
	tcase_add_loop_test(tc, maps_each_other_status, 0, (int)ARRAY_LEN(statuses));
	tcase_add_loop_test(tc, every_other_status_falls_to_its_class, 0, (int)ARRAY_LEN(ranges));
	tcase_add_test(tc, says_when_to_come_back);
	tcase_add_test(tc, an_entity_tag_that_still_holds_is_2_03);
	tcase_add_test(tc, freshness_becomes_max_age_of_2_05_only);
	tcase_add_test(tc, an_oscore_header_that_nobody_asked_for_is_5_02);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
