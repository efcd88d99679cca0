/* SPDX-License-Identifier: BSD-2-Clause
 * The examples of RFC 8613 section 11 and what follows from its rules:
 * tests/vectors/section11_examples.json. Header codec both ways, and whole exchanges from
 * datagram to datagram. */
#include "support.h"

#include <sl/mappings.h>

#include <string.h>

static json_t *root;

static void
load(void)
{
	root = vectors_load("section11_examples.json");
}

static void
unload(void)
{
	json_decref(root);
}

static void
check_to_header(const json_t *row)
{
	char text[SL_MAP_OSCORE_HEADER_MAX + 1];

	ck_assert_ok(
	        sl_map_oscore_to_header(text, sizeof text, vectors_hex(row, "coap_oscore_option")));
	ck_assert_str_eq(text, vectors_text(row, "http_oscore_header"));
}

static void
check_from_header(const json_t *row, const char *option_key)
{
	uint8_t option[SL_MAP_OSCORE_OPTION_MAX];
	size_t len;
	struct sl_span text = heap_copy(sl_span_text(vectors_text(row, "http_oscore_header")));

	ck_assert_ok(sl_map_oscore_from_header(option, sizeof option, &len, text));
	ck_assert_bytes(sl_span(option, len), vectors_hex(row, option_key));
}

START_TEST(valid_pairs_go_both_ways)
{
	json_t *list = vectors_list(root, "valid_pairs"), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		check_to_header(row);
		check_from_header(row, "coap_oscore_option");
	}
	vectors_ran("section 11 valid pairs", i);
}
END_TEST

START_TEST(one_way_pairs_come_back_mended)
{
	json_t *list = vectors_list(root, "one_way_pairs"), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		check_to_header(row);
		check_from_header(row, "back_to_coap");
	}
	vectors_ran("section 11 one-way pairs", i);
}
END_TEST

START_TEST(lookalikes_are_not_taken_for_the_empty_option)
{
	json_t *list = vectors_list(root, "lookalikes"), *row;
	size_t i;

	json_array_foreach(list, i, row) check_from_header(row, "coap_oscore_option");
	vectors_ran("section 11 lookalikes", i);
}
END_TEST

START_TEST(invalid_header_values_are_refused)
{
	json_t *list = vectors_list(root, "invalid_header_values"), *row;
	uint8_t option[SL_MAP_OSCORE_OPTION_MAX];
	size_t i, len;

	json_array_foreach(list, i, row)
	{
		const json_t *value = json_object_get(row, "http_oscore_header");
		struct sl_span text =
		        heap_copy(sl_span(json_string_value(value), json_string_length(value)));

		ck_assert(json_is_true(json_object_get(row, "must_reject")));
		ck_assert_msg(sl_map_oscore_from_header(option, sizeof option, &len, text) ==
		                      SL_EMALFORMED,
		        "accepted: %s", vectors_text(row, "reason"));
	}
	vectors_ran("section 11 invalid header values", i);
}
END_TEST

/* What an HTTP parser hands over: lines named OSCORE, the value between colon and line end. */
static void
split_lines(const char *lines, struct sl_map_http_result *result)
{
	for (const char *line = lines; line != NULL; line = strstr(line, "\r\n")) {
		const char *colon, *end;

		line += *line == '\r' ? 2 : 0;
		colon = strchr(line, ':');
		end = strstr(line, "\r\n");
		ck_assert_ptr_nonnull(colon);
		if (colon - line != 6 || strncasecmp(line, "OSCORE", 6) != 0)
			continue; /* "OSCORE :" is another name, and no valid one */
		if (result->oscore_header_count++ == 0)
			result->oscore_header = sl_span(colon + 1,
			        end == NULL ? strlen(colon + 1) : (size_t)(end - colon - 1));
	}
}

START_TEST(field_lines_count_once)
{
	json_t *list = vectors_list(root, "field_line_handling"), *row;
	const struct sl_map_exchange exchange = {.request_code = SL_COAP_POST, .is_oscore = true};
	struct sl_map_reply reply;
	size_t i;

	json_array_foreach(list, i, row)
	{
		bool accept = json_is_true(json_object_get(row, "accept"));
		struct sl_map_http_result result = {.status = 200,
		        .content_type = sl_span_text("application/oscore"),
		        .content_type_count = 1,
		        .body = sl_span_text("x")};

		split_lines(vectors_text(row, "field_line"), &result);
		sl_map_reply(&exchange, &result, &reply);
		ck_assert_msg(reply.code == (accept ? SL_COAP_CHANGED : SL_COAP_BAD_GATEWAY), "%s",
		        vectors_text(row, "field_line"));
		if (accept)
			ck_assert_bytes(sl_span(reply.oscore, reply.oscore_len), hex("0925"));
	}
	vectors_ran("section 11 field lines", i);
}
END_TEST

START_TEST(bad_options_are_the_end_points_to_refuse)
{
	json_t *list = vectors_list(root, "valid_header_but_bad_oscore_option"), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		check_to_header(row);
		check_from_header(row, "coap_oscore_option");
	}
	vectors_ran("section 11 options carried unread", i);
}
END_TEST

/* The target, in our spelling of URLs; a row without an absolute one means a route of ours. */
static void
check_target(const json_t *row, const struct sl_coap_msg *request)
{
	const char *want = vectors_text(json_object_get(row, "http_request"), "target");
	struct sl_map_target got, parsed;
	char got_text[100], want_text[100];

	ck_assert_uint_eq(sl_map_target(request, &got), 0);
	if (json_object_get(row, "uri_host_outer") != NULL) {
		ck_assert_int_eq(got.form, SL_MAP_TARGET_LOCAL);
		ck_assert_str_eq(got.host, vectors_text(row, "uri_host_outer"));
		ck_assert_str_eq(got.path_query, "/");
		return;
	}
	ck_assert_uint_eq(sl_map_url(sl_span_text(want), &parsed), 0);
	ck_assert_ok(sl_map_target_url(&got, got_text, sizeof got_text));
	ck_assert_ok(sl_map_target_url(&parsed, want_text, sizeof want_text));
	ck_assert_str_eq(got_text, want_text);
}

static void
check_request(const json_t *row, const struct sl_coap_msg *request, struct sl_map_request *checked)
{
	const json_t *want = json_object_get(row, "http_request");
	const json_t *headers = json_object_get(want, "headers");
	const struct sl_coap_option *option = sl_coap_find(request, SL_COAP_OSCORE);
	char text[SL_MAP_OSCORE_HEADER_MAX + 1];
	const char *why;

	ck_assert_uint_eq(sl_map_check_request(request, false, checked, &why), 0);
	ck_assert_int_eq(checked->kind, SL_MAP_OSCORE);
	check_target(row, request);
	ck_assert_str_eq(sl_map_method(request->code, true), vectors_text(want, "method"));
	ck_assert_str_eq(vectors_text(headers, "Content-Type"), "application/oscore");
	ck_assert_ok(sl_map_oscore_to_header(text, sizeof text, sl_coap_option_value(option)));
	ck_assert_str_eq(text, vectors_text(headers, "OSCORE"));
	ck_assert_bytes(request->payload, vectors_hex(want, "body"));
}

static void
check_reply(
        const json_t *row, const struct sl_coap_msg *request, const struct sl_map_request *checked)
{
	const json_t *response = json_object_get(row, "http_response");
	const json_t *headers = json_object_get(response, "headers");
	struct sl_map_exchange exchange = {.request_code = request->code,
	        .is_oscore = true,
	        .is_fetch_observe = checked->is_fetch_observe};
	struct sl_map_http_result result = {
	        .status = (int)json_integer_value(json_object_get(response, "status")),
	        .oscore_header_count = 1,
	        .oscore_header = sl_span_text(vectors_text(headers, "OSCORE")),
	        .content_type = sl_span_text(vectors_text(headers, "Content-Type")),
	        .content_type_count = 1,
	        .body = vectors_hex(response, "body")};
	struct sl_map_reply reply;
	struct sl_coap_msg answer;
	uint8_t datagram[200];
	struct sl_writer w = sl_writer_over(datagram, sizeof datagram);

	sl_map_reply(&exchange, &result, &reply);
	ck_assert(!reply.has_max_age && !reply.has_content_format && !reply.has_size1);
	sl_coap_msg_init(&answer, reply.code);
	answer.type = SL_COAP_ACK;
	answer.message_id = request->message_id;
	answer.token_len = request->token_len;
	memcpy(answer.token, request->token, sizeof answer.token);
	ck_assert_ok(sl_coap_add(&answer, SL_COAP_OSCORE, sl_span(reply.oscore, reply.oscore_len)));
	answer.payload = reply.payload;
	ck_assert_ok(sl_coap_encode(&w, &answer));
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(row, "coap_response_datagram_piggybacked"));
}

START_TEST(exchanges_go_from_datagram_to_datagram)
{
	json_t *list = vectors_list(root, "exchange_chains"), *row;
	struct sl_map_request checked;
	struct sl_coap_msg request;
	size_t i;

	json_array_foreach(list, i, row)
	{
		ck_assert_ok(sl_coap_decode(&request, vectors_hex(row, "coap_request_datagram")));
		check_request(row, &request, &checked);
		check_reply(row, &request, &checked);
	}
	vectors_ran("section 11 exchanges", i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/section 11");
	TCase *tc = tcase_create("vectors");

	tcase_add_checked_fixture(tc, load, unload);
	tcase_add_test(tc, valid_pairs_go_both_ways);
	tcase_add_test(tc, one_way_pairs_come_back_mended);
	tcase_add_test(tc, lookalikes_are_not_taken_for_the_empty_option);
	tcase_add_test(tc, invalid_header_values_are_refused);
	tcase_add_test(tc, field_lines_count_once);
	tcase_add_test(tc, bad_options_are_the_end_points_to_refuse);
	tcase_add_test(tc, exchanges_go_from_datagram_to_datagram);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
