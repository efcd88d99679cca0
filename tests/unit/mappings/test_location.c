/* SPDX-License-Identifier: BSD-2-Clause
 * Location to Location-Path and Location-Query, RFC 7252 sections 5.10.7 and 10.1.4. */
#include "support.h"

#include <sl/mappings.h>

#include <string.h>

static const struct sl_map_target origin = {
        .is_https = true, .host = "server.url", .port = 8443, .path_query = "/"};

static const struct {
	const char *because, *location, *paths, *queries;
} accepted[] = {
        {"a path", "/a/b", "a|b|", ""},
        {"a path and a query", "/a?b=c&d", "a|", "b=c|d|"},
        {"the root", "/", "", ""},
        {"the same origin", "https://server.url:8443/a", "a|", ""},
        {"the same origin in other letters", "HTTPS://SERVER.url:8443/a?q", "a|", "q|"},
        {"percent-encoding ends here", "/%C3%A4%20b?%26", "\xc3\xa4 b|", "&|"},
};

/* The values of an option, each with "|" behind. */
static void
join(const struct sl_coap_msg *msg, uint16_t number, char out[static 200])
{
	size_t n = 0;

	for (size_t i = 0; i < msg->option_count; i++) {
		struct sl_span value = sl_coap_option_value(&msg->options[i]);

		if (msg->options[i].number != number)
			continue;
		ck_assert_uint_lt(n + value.len + 2, 200);
		memcpy(out + n, value.ptr, value.len);
		n += value.len;
		out[n++] = '|';
	}
	out[n] = '\0';
}

START_TEST(becomes_options)
{
	struct sl_coap_msg msg;
	uint8_t room[100];
	char text[200];
	struct sl_writer w = sl_writer_over(room, sizeof room);

	sl_coap_msg_init(&msg, SL_COAP_CREATED);
	ck_assert_ok(sl_map_add_location(
	        &msg, &origin, heap_copy(sl_span_text(accepted[_i].location)), &w));
	join(&msg, SL_COAP_LOCATION_PATH, text);
	ck_assert_msg(strcmp(text, accepted[_i].paths) == 0, "%s: %s", accepted[_i].because, text);
	join(&msg, SL_COAP_LOCATION_QUERY, text);
	ck_assert_msg(
	        strcmp(text, accepted[_i].queries) == 0, "%s: %s", accepted[_i].because, text);
}
END_TEST

static const struct {
	const char *because, *location;
	enum sl_err want;
} refused[] = {
        {"empty", "", SL_EMALFORMED},
        {"relative to the request", "a/b", SL_EMALFORMED},
        {"an authority without scheme", "//server.url:8443/a", SL_EMALFORMED},
        {"another scheme", "http://server.url:8443/a", SL_EAUTH},
        {"another host", "https://other.url:8443/a", SL_EAUTH},
        {"another port", "https://server.url/a", SL_EAUTH},
        {"no http at all", "coap://server.url/a", SL_EMALFORMED},
        {"dot segments", "/a/../b", SL_EMALFORMED},
        {"a fragment", "/a#b", SL_EMALFORMED},
        {"a space", "/a b", SL_EMALFORMED},
        {"a slash inside a segment", "/a%2Fb", SL_EMALFORMED},
        {"percent cut short", "/a%2", SL_EMALFORMED},
};

START_TEST(refuses_locations)
{
	struct sl_coap_msg msg;
	uint8_t room[100];
	struct sl_writer w = sl_writer_over(room, sizeof room);

	sl_coap_msg_init(&msg, SL_COAP_CREATED);
	ck_assert_msg(
	        sl_map_add_location(&msg, &origin, heap_copy(sl_span_text(refused[_i].location)),
	                &w) == refused[_i].want,
	        "not so although %s", refused[_i].because);
	ck_assert_uint_eq(msg.option_count, 0);
}
END_TEST

START_TEST(keeps_to_its_limits)
{
	struct sl_coap_msg msg;
	uint8_t room[600];
	char text[300] = "/";
	struct sl_writer w = sl_writer_over(room, 3);

	sl_coap_msg_init(&msg, SL_COAP_CREATED);
	ck_assert_err(sl_map_add_location(&msg, &origin, sl_span_text("/ab/cd"), &w), SL_ESPACE);
	ck_assert_uint_eq(msg.option_count, 0);
	w = sl_writer_over(room, 4);
	ck_assert_ok(sl_map_add_location(&msg, &origin, sl_span_text("/ab/cd"), &w));
	sl_coap_msg_init(&msg, SL_COAP_CREATED);
	memset(text + 1, 'a', 256);
	w = sl_writer_over(room, sizeof room);
	ck_assert_err(sl_map_add_location(&msg, &origin, sl_span(text, 257), &w), SL_ELIMIT);
	ck_assert_uint_eq(msg.option_count, 0);
	w = sl_writer_over(room, sizeof room);
	ck_assert_ok(sl_map_add_location(&msg, &origin, sl_span(text, 256), &w));
	ck_assert_uint_eq(msg.option_count, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/location");
	TCase *tc = tcase_create("location");

	tcase_add_loop_test(tc, becomes_options, 0, (int)ARRAY_LEN(accepted));
	tcase_add_loop_test(tc, refuses_locations, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(tc, keeps_to_its_limits);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
