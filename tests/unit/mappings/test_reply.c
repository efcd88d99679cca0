/* SPDX-License-Identifier: BSD-2-Clause
 * HTTP result -> CoAP reply for OSCORE exchanges: RFC 8613 section 11.3, RFC 7252 sections 5.7.1
 * and 10.1. Max-Age 60 is the default and left out. */
#include "support.h"

#include <sl/mappings.h>

#include <stdio.h>
#include <string.h>

#define CODE(c, dd) ((c)*32 + (dd))
#define NO_MAX_AGE  (-1)

static const struct sl_map_exchange sealed = {.request_code = SL_COAP_POST, .is_oscore = true};

/* A response that carries an OSCORE message. */
static struct sl_map_http_result
good_result(void)
{
	return (struct sl_map_http_result){
	        .transport = SL_MAP_RESPONSE,
	        .status = 200,
	        .oscore_header_count = 1,
	        .oscore_header = sl_span_text("AA"),
	        .content_type = sl_span_text("application/oscore"),
	        .content_type_count = 1,
	        .body = sl_span_text("sealed"),
	};
}

START_TEST(a_200_with_an_oscore_message_is_2_04)
{
	struct sl_map_http_result result = good_result();
	struct sl_map_reply reply;

	sl_map_reply(&sealed, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(2, 4));
	ck_assert(reply.has_oscore);
	ck_assert_uint_eq(reply.oscore_len, 0);
	ck_assert(!reply.has_max_age && !reply.has_content_format && !reply.has_size1);
	ck_assert_ptr_eq(reply.payload.ptr, result.body.ptr);
	ck_assert_uint_eq(reply.payload.len, 6);
	ck_assert(!reply.is_error);
	ck_assert_str_eq(reply.reason, "ok");
}
END_TEST

START_TEST(outer_fetch_is_answered_2_05_not_to_be_kept)
{
	struct sl_map_exchange exchange = sealed;
	struct sl_map_http_result result = good_result();
	struct sl_map_reply reply;

	exchange.is_fetch_observe = true;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(2, 5));
	ck_assert(reply.has_oscore && reply.has_max_age);
	ck_assert_uint_eq(reply.max_age, 0);
}
END_TEST

START_TEST(the_option_is_decoded)
{
	struct sl_map_http_result result = good_result();
	struct sl_map_reply reply;

	result.oscore_header = sl_span_text(" AQA\t"); /* RFC 8613 C.8's option, 0100 */
	result.content_type = sl_span_text(" Application/OSCORE ");
	sl_map_reply(&sealed, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(2, 4));
	ck_assert_bytes(sl_span(reply.oscore, reply.oscore_len), hex("0100"));
}
END_TEST

enum fault {
	NO_HEADER,
	TWO_HEADERS,
	BAD_HEADER,
	PADDED_HEADER,
	EMPTY_HEADER,
	NO_TYPE,
	TWO_TYPES,
	WRONG_TYPE,
	TYPE_WITH_PARAMETER,
	ENCODED,
	NO_BODY,
	FAULTS,
};

static void
plant(struct sl_map_http_result *r, enum fault fault)
{
	static const char *const headers[FAULTS] = {
	        [BAD_HEADER] = "CSUAA", [PADDED_HEADER] = "AA==", [EMPTY_HEADER] = ""};
	static const char *const types[FAULTS] = {[WRONG_TYPE] = "application/octet-stream",
	        [TYPE_WITH_PARAMETER] = "application/oscore;v=1"};

	if (headers[fault] != NULL)
		r->oscore_header = sl_span_text(headers[fault]);
	if (types[fault] != NULL)
		r->content_type = sl_span_text(types[fault]);
	if (fault == NO_HEADER || fault == TWO_HEADERS)
		r->oscore_header_count = fault == NO_HEADER ? 0 : 2;
	if (fault == NO_TYPE || fault == TWO_TYPES)
		r->content_type_count = fault == NO_TYPE ? 0 : 2;
	if (fault == NO_TYPE)
		r->content_type = sl_span(NULL, 0);
	r->has_content_encoding = fault == ENCODED;
	if (fault == NO_BODY)
		r->body = sl_span(NULL, 0);
}

START_TEST(a_200_without_a_whole_oscore_message_is_5_02)
{
	struct sl_map_http_result result = good_result();
	struct sl_map_reply reply;

	plant(&result, (enum fault)_i);
	sl_map_reply(&sealed, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(5, 2));
	ck_assert(!reply.has_oscore);
	ck_assert(reply.has_max_age && reply.max_age == 0);
	ck_assert(reply.is_error && reply.reason[0] != '\0');
	if (_i == BAD_HEADER || _i == PADDED_HEADER || _i == EMPTY_HEADER)
		ck_assert(sl_span_equal_text(reply.payload, "bad OSCORE header"));
	else
		ck_assert_uint_eq(reply.payload.len, 0);
}
END_TEST

/* The statuses that stand alone; RETRY is tested below. */
static const struct {
	int status;
	unsigned code;
	bool has_text; /* the origin's text/plain body is kept */
} statuses[] = {
        {400, CODE(4, 0), true},
        {401, CODE(4, 1), true},
        {403, CODE(4, 1), true}, /* 8075 note 5; 4.03 would be dropped */
        {404, CODE(4, 4), false},
        {408, CODE(5, 4), false}, /* never sent twice */
        {410, CODE(4, 4), false},
        {413, CODE(4, 13), false},
        {425, CODE(5, 3), false},
        {504, CODE(5, 4), false},
};

/* All others are 5.02; the reason tells them apart in the log. */
static const struct {
	int first, last;
	const char *reason;
} ranges[] = {
        {-1, 99, "no HTTP status"},
        {100, 199, "1xx as an answer"},
        {201, 299, "2xx other than 200"}, /* 8613 11.1: only 200 */
        {300, 399, "redirect"},
        {400, 499, "other 4xx"},
        {500, 599, "other 5xx"}, /* 508 too: the request had no Hop-Limit */
        {600, 1000, "no HTTP status"},
};

static struct sl_map_reply
reply_to_status(int status)
{
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE,
	        .status = status,
	        .content_type = sl_span_text("text/plain; charset=utf-8"),
	        .content_type_count = 1,
	        .body = sl_span_text("Security context not found")};
	struct sl_map_reply reply;

	sl_map_reply(&sealed, &result, &reply);
	ck_assert(!reply.has_oscore && !reply.has_content_format && !reply.has_size1);
	ck_assert(reply.is_error);
	return reply;
}

START_TEST(maps_each_status)
{
	struct sl_map_reply reply = reply_to_status(statuses[_i].status);
	char reason[20];

	ck_assert_msg(reply.code == statuses[_i].code, "%d: got %u.%02u", statuses[_i].status,
	        reply.code >> 5, reply.code & 31);
	ck_assert(reply.has_max_age && reply.max_age == 0);
	ck_assert(sl_span_equal_text(
	        reply.payload, statuses[_i].has_text ? "Security context not found" : ""));
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

START_TEST(every_other_status_is_5_02)
{
	for (int status = ranges[_i].first; status <= ranges[_i].last; status++) {
		struct sl_map_reply reply;

		if (stands_alone(status))
			continue;
		reply = reply_to_status(status);
		ck_assert_msg(reply.code == CODE(5, 2), "%d: got %u.%02u", status, reply.code >> 5,
		        reply.code & 31);
		ck_assert(reply.has_max_age && reply.max_age == 0);
		ck_assert_uint_eq(reply.payload.len, 0);
		ck_assert_str_eq(reply.reason, ranges[_i].reason);
	}
}
END_TEST

START_TEST(an_oscore_header_beside_another_status_counts_nothing)
{
	struct sl_map_http_result result = good_result();
	struct sl_map_reply reply;

	result.status = statuses[_i].status;
	sl_map_reply(&sealed, &result, &reply);
	ck_assert_uint_eq(reply.code, statuses[_i].code);
	ck_assert(!reply.has_oscore);
	ck_assert_uint_eq(reply.payload.len, 0); /* application/oscore is no diagnostic */
}
END_TEST

static const struct {
	int status;
	bool has_retry_after;
	uint32_t retry_after_s;
	int64_t max_age;
} retries[] = {
        {429, false, 0, NO_MAX_AGE},
        {503, false, 0, NO_MAX_AGE},
        {429, true, 0, 1},
        {503, true, 0, 1},
        {503, true, 1, 1},
        {503, true, 59, 59},
        {503, true, 60, NO_MAX_AGE},
        {429, true, 61, 61},
        {503, true, 3600, 3600},
        {503, true, 3601, 3600},
        {503, true, UINT32_MAX, 3600},
        {425, true, 30, 0},
        {504, true, 30, 0},
};

START_TEST(retry_after_becomes_max_age)
{
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE,
	        .status = retries[_i].status,
	        .has_retry_after = retries[_i].has_retry_after,
	        .retry_after_s = retries[_i].retry_after_s,
	        .content_type = sl_span_text("text/plain"),
	        .body = sl_span_text("later")};
	struct sl_map_reply reply;

	sl_map_reply(&sealed, &result, &reply);
	ck_assert_uint_eq(reply.code, retries[_i].status == 504 ? CODE(5, 4) : CODE(5, 3));
	ck_assert_int_eq(
	        reply.has_max_age ? (int64_t)reply.max_age : NO_MAX_AGE, retries[_i].max_age);
	ck_assert_uint_eq(reply.payload.len, 0);
}
END_TEST

START_TEST(a_loop_is_5_08_when_the_request_counted_hops)
{
	struct sl_map_exchange exchange = sealed;
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE, .status = 508};
	struct sl_map_reply reply;

	exchange.has_hop_limit = true;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(5, 8));
	ck_assert(reply.has_max_age && reply.max_age == 0);
}
END_TEST

START_TEST(a_413_says_what_would_fit)
{
	struct sl_map_exchange exchange = sealed;
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE, .status = 413};
	struct sl_map_reply reply;

	exchange.body_limit = 16384;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, CODE(4, 13));
	ck_assert(reply.has_size1);
	ck_assert_uint_eq(reply.size1, 16384);
}
END_TEST

#define EDHOC_TYPE "application/edhoc+cbor-seq"

/* RFC 9668 section 3.3.1: content format 64 beside 4.00, or 5.00 for a fault of the server's own (RFC 9528 A.2.3). */
static const struct {
	const char *because;
	bool is_combined;
	int status;
	const char *type, *body;
	unsigned headers, encodings, code;
	bool is_kept; /* the body, with its format */
} edhoc_errors[] = {
        {"the client's fault", true, 400, EDHOC_TYPE, "error", 0, 0, CODE(4, 0), true},
        {"the server's fault", true, 500, EDHOC_TYPE, "error", 0, 0, CODE(5, 0), true},
        {"parameters do not count", true, 400, EDHOC_TYPE ";x=y", "error", 0, 0, CODE(4, 0), true},
        {"nobody asked for EDHOC", false, 400, EDHOC_TYPE, "error", 0, 0, CODE(4, 0), false},
        {"nor here", false, 500, EDHOC_TYPE, "error", 0, 0, CODE(5, 2), false},
        {"another status", true, 404, EDHOC_TYPE, "error", 0, 0, CODE(4, 4), false},
        {"no error", true, 200, EDHOC_TYPE, "error", 0, 0, CODE(5, 2), false},
        {"no body", true, 400, EDHOC_TYPE, "", 0, 0, CODE(4, 0), false},
        {"another type", true, 400, "application/cid-edhoc+cbor-seq", "error", 0, 0, CODE(4, 0),
                false},
        {"an OSCORE header beside it", true, 400, EDHOC_TYPE, "error", 1, 0, CODE(4, 0), false},
        {"an encoded body", true, 400, EDHOC_TYPE, "error", 0, 1, CODE(4, 0), false},
};

START_TEST(an_edhoc_error_comes_through_where_it_may_come)
{
	struct sl_map_exchange exchange = sealed;
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE,
	        .status = edhoc_errors[_i].status,
	        .oscore_header_count = edhoc_errors[_i].headers,
	        .oscore_header = sl_span_text("AA"),
	        .content_type = sl_span_text(edhoc_errors[_i].type),
	        .content_type_count = 1,
	        .has_content_encoding = edhoc_errors[_i].encodings > 0,
	        .body = sl_span_text(edhoc_errors[_i].body)};
	struct sl_map_reply reply;

	exchange.is_combined = edhoc_errors[_i].is_combined;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_msg(reply.code == edhoc_errors[_i].code, "%s: %u.%02u", edhoc_errors[_i].because,
	        reply.code >> 5, reply.code & 31);
	ck_assert(reply.is_error && !reply.has_oscore);
	ck_assert(reply.has_max_age && reply.max_age == 0);
	ck_assert_msg(reply.has_content_format == edhoc_errors[_i].is_kept, "%s",
	        edhoc_errors[_i].because);
	ck_assert(sl_span_equal_text(reply.payload, edhoc_errors[_i].is_kept ? "error" : ""));
	if (edhoc_errors[_i].is_kept)
		ck_assert_uint_eq(reply.content_format, 64);
}
END_TEST

static const struct {
	enum sl_map_transport transport;
	unsigned code;
	uint32_t max_age;
	const char *text;
} failures[] = {
        {SL_MAP_UNREACHABLE, CODE(5, 2), 0, ""},
        {SL_MAP_CONNECT_TIMEOUT, CODE(5, 4), 0, ""},
        {SL_MAP_NO_ANSWER, CODE(5, 4), 0, ""},
        {SL_MAP_CLOSED, CODE(5, 4), 0, ""},
        {SL_MAP_BAD_HTTP, CODE(5, 2), 0, ""},
        {SL_MAP_TOO_LARGE, CODE(5, 2), 0, "response too large"},
        {SL_MAP_EXHAUSTED, CODE(5, 3), 5, ""},
        {SL_MAP_SHUTTING_DOWN, CODE(5, 3), 10, ""},
        {(enum sl_map_transport)99, CODE(5, 2), 0, ""},
};

/* What a transport failure leaves in the other members says nothing. */
START_TEST(maps_each_transport_failure)
{
	struct sl_map_http_result result = good_result();
	struct sl_map_exchange exchange = sealed;
	struct sl_map_reply reply;

	result.transport = failures[_i].transport;
	for (int plain = 0; plain < 2; plain++) {
		exchange.is_oscore = !plain;
		sl_map_reply(&exchange, &result, &reply);
		ck_assert_uint_eq(reply.code, failures[_i].code);
		ck_assert(reply.has_max_age);
		ck_assert_uint_eq(reply.max_age, failures[_i].max_age);
		ck_assert(sl_span_equal_text(reply.payload, failures[_i].text));
		ck_assert(reply.is_error && !reply.has_oscore && reply.reason[0] != '\0');
	}
}
END_TEST

/* 5.02 and 5.04, and nothing else, become 5.03. */
static const struct {
	enum sl_map_transport transport;
	int status;
	unsigned code;
} switched[] = {
        {SL_MAP_UNREACHABLE, 0, CODE(5, 3)},
        {SL_MAP_NO_ANSWER, 0, CODE(5, 3)},
        {SL_MAP_RESPONSE, 502, CODE(5, 3)},
        {SL_MAP_RESPONSE, 504, CODE(5, 3)},
        {SL_MAP_RESPONSE, 200, CODE(5, 3)}, /* without a header */
        {SL_MAP_RESPONSE, 400, CODE(4, 0)},
        {SL_MAP_RESPONSE, 403, CODE(4, 1)},
        {SL_MAP_RESPONSE, 404, CODE(4, 4)},
};

START_TEST(gateway_errors_may_be_5_03)
{
	struct sl_map_exchange exchange = sealed;
	struct sl_map_http_result result = {
	        .transport = switched[_i].transport, .status = switched[_i].status};
	struct sl_map_reply reply;

	exchange.gateway_errors_503 = true;
	sl_map_reply(&exchange, &result, &reply);
	ck_assert_uint_eq(reply.code, switched[_i].code);
	ck_assert(reply.has_max_age && reply.max_age == 0);
}
END_TEST

#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *because, *type, *body;
	unsigned types;
	bool is_encoded, kept;
} diagnostics[] = {
        {"short text", "text/plain", "Replay detected", 1, false, true},
        {"no type", "", "Replay detected", 0, false, true},
        {"64 bytes", "text/plain", SIXTY_FOUR, 1, false, true},
        {"65 bytes", "text/plain", SIXTY_FOUR "x", 1, false, false},
        {"UTF-8", "text/plain;charset=utf-8",
                "gr\xc3\xbc\xc3\x9f"
                "e",
                1, false, true},
        {"Latin-1 bytes", "text/plain",
                "gr\xfc\xdf"
                "e",
                1, false, false},
        {"another charset", "text/plain;charset=latin1", "abc", 1, false, false},
        {"HTML", "text/html", "abc", 1, false, false},
        {"JSON", "application/json", "{}", 1, false, false},
        {"two types", "text/plain", "abc", 2, false, false},
        {"no type at all", "plain", "abc", 1, false, false},
        {"a line feed", "text/plain", "a\nb", 1, false, false},
        {"an escape", "text/plain", "a\x1b[2J", 1, false, false},
        {"encoded", "text/plain", "abc", 1, true, false},
};

START_TEST(keeps_only_what_is_fit_as_a_diagnostic)
{
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE,
	        .status = 403,
	        .content_type = sl_span_text(diagnostics[_i].type),
	        .content_type_count = diagnostics[_i].types,
	        .has_content_encoding = diagnostics[_i].is_encoded,
	        .body = sl_span_text(diagnostics[_i].body)};
	struct sl_map_reply reply;

	sl_map_reply(&sealed, &result, &reply);
	ck_assert_msg(
	        (reply.payload.len > 0) == diagnostics[_i].kept, "%s", diagnostics[_i].because);
	ck_assert(!reply.has_content_format);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/reply");
	TCase *tc = tcase_create("OSCORE exchanges");

	tcase_add_test(tc, a_200_with_an_oscore_message_is_2_04);
	tcase_add_test(tc, outer_fetch_is_answered_2_05_not_to_be_kept);
	tcase_add_test(tc, the_option_is_decoded);
	tcase_add_loop_test(tc, a_200_without_a_whole_oscore_message_is_5_02, 0, FAULTS);
	tcase_add_loop_test(tc, maps_each_status, 0, (int)ARRAY_LEN(statuses));
	tcase_add_loop_test(tc, every_other_status_is_5_02, 0, (int)ARRAY_LEN(ranges));
	tcase_add_loop_test(tc, an_oscore_header_beside_another_status_counts_nothing, 0,
	        (int)ARRAY_LEN(statuses));
	tcase_add_loop_test(tc, retry_after_becomes_max_age, 0, (int)ARRAY_LEN(retries));
	tcase_add_test(tc, a_loop_is_5_08_when_the_request_counted_hops);
	tcase_add_test(tc, a_413_says_what_would_fit);
	tcase_add_loop_test(tc, an_edhoc_error_comes_through_where_it_may_come, 0,
	        (int)ARRAY_LEN(edhoc_errors));
	tcase_add_loop_test(tc, maps_each_transport_failure, 0, (int)ARRAY_LEN(failures));
	tcase_add_loop_test(tc, gateway_errors_may_be_5_03, 0, (int)ARRAY_LEN(switched));
	tcase_add_loop_test(
	        tc, keeps_only_what_is_fit_as_a_diagnostic, 0, (int)ARRAY_LEN(diagnostics));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
