/* SPDX-License-Identifier: BSD-2-Clause */
#include "outer.h"

#include "fake_est.h"
#include "support.h"

#include <string.h>

static struct sl_oscore_ctx device, server;
static struct outer o;

static void
set_up(void)
{
	fake_contexts(&device, &server);
	sl_oscore_reserve(&device, 100);
}

static void
tear_down(void)
{
	sl_oscore_ctx_clear(&device);
	sl_oscore_ctx_clear(&server);
}

static struct sl_coap_msg
inner_get(void)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_path(&msg, "/orders?q=1"));
	return msg;
}

static bool
option_is(uint16_t number, const char *text)
{
	const struct sl_coap_option *opt = sl_coap_find(&o.msg, number);

	return opt != NULL && sl_span_equal_text(sl_coap_option_value(opt), text);
}

/* RFC 8613 section 4.1.3.3: http://server.url/orders?q=1 leaves as scheme and host outside, the
 * rest inside. */
START_TEST(splits_the_target_of_forward_mode)
{
	struct outer_route route = {.is_forward = true};
	struct sl_coap_msg inner = inner_get();
	uint32_t port;

	ck_assert_ok(endpoint_parse(&route.target, "http://server.url"));
	ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	ck_assert_uint_eq(o.msg.code, SL_COAP_POST);
	ck_assert(option_is(SL_COAP_URI_HOST, "server.url"));
	ck_assert(option_is(SL_COAP_PROXY_SCHEME, "http"));
	ck_assert_ptr_null(sl_coap_find(&o.msg, SL_COAP_URI_PORT)); /* the default */
	ck_assert_ptr_null(sl_coap_find(&o.msg, SL_COAP_URI_PATH));
	ck_assert_ptr_null(sl_coap_find(&o.msg, SL_COAP_URI_QUERY));
	ck_assert_ptr_nonnull(sl_coap_find(&o.msg, SL_COAP_OSCORE));
	ck_assert_uint_eq(o.msg.option_count, 3);

	ck_assert_ok(endpoint_parse(&route.target, "https://[2001:db8::1]:8443"));
	ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	ck_assert(option_is(SL_COAP_URI_HOST, "[2001:db8::1]"));
	ck_assert(option_is(SL_COAP_PROXY_SCHEME, "https"));
	ck_assert_ok(sl_coap_get_uint(&o.msg, SL_COAP_URI_PORT, &port));
	ck_assert_uint_eq(port, 8443);
}
END_TEST

START_TEST(says_little_in_reverse_mode)
{
	struct outer_route route = {0};
	struct sl_coap_msg inner = inner_get();
	char path[32];

	ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	ck_assert_uint_eq(o.msg.option_count, 1);
	ck_assert_ptr_nonnull(sl_coap_find(&o.msg, SL_COAP_OSCORE));
	memcpy(route.path, "/a/b", 5);
	ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	ck_assert_ok(sl_coap_get_path(&o.msg, path, sizeof path));
	ck_assert_str_eq(path, "/a/b");
}
END_TEST

START_TEST(returns_an_echo_outside)
{
	struct outer_echo echo = {{1, 2, 3}, 3};
	struct outer_route route = {0};
	struct sl_coap_msg inner = inner_get();

	ck_assert_ok(outer_build(&o, &device, &inner, &route, &echo));
	ck_assert_bytes(sl_coap_option_value(sl_coap_find(&o.msg, SL_COAP_ECHO)), hex("010203"));
	ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	ck_assert_ptr_null(sl_coap_find(&o.msg, SL_COAP_ECHO));
}
END_TEST

START_TEST(takes_a_new_number_every_time)
{
	struct outer_route route = {0};
	struct sl_coap_msg inner = inner_get();

	for (uint64_t n = 0; n < 100; n++) {
		ck_assert_uint_eq(device.ssn, n);
		ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	}
	ck_assert_err(outer_build(&o, &device, &inner, &route, NULL), SL_ELIMIT);
}
END_TEST

/* The session of RFC 9529 trace 2 as CoAP: edhoc_coap_vectors.json. */
START_TEST(takes_message_3_along)
{
	json_t *root = vectors_load("edhoc_coap_vectors.json");
	const json_t *flow = json_object_get(root, "combined_flow");
	const json_t *keys = json_object_get(flow, "oscore");
	struct sl_span sender = vectors_hex(keys, "client_sender_key");
	struct sl_span iv = vectors_hex(keys, "common_iv");
	struct outer_route route = {0};
	struct sl_coap_msg inner;
	uint8_t bytes[256];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	memcpy(device.sender_key.bytes, sender.ptr, sender.len);
	memcpy(device.common_iv.bytes, iv.ptr, iv.len);
	device.sender_id = (struct sl_oscore_id){{0x27}, 1};
	device.has_id_context = false;
	sl_coap_msg_init(&inner, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_path(&inner, "/.well-known/est/crts"));
	o.message_3 = vectors_hex(flow, "edhoc_message_3");
	ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	o.msg.type = SL_COAP_CON;
	o.msg.message_id = 0x5d1f;
	o.msg.token_len = 4;
	memcpy(o.msg.token, hex("00003974").ptr, 4);
	ck_assert_ok(sl_coap_encode(&w, &o.msg));
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(flow, "edhoc_oscore_request"));
	o.message_3 = sl_span(NULL, 0);
	ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	ck_assert_ptr_null(sl_coap_find(&o.msg, SL_COAP_EDHOC));
	vectors_ran("combined request", 1);
	json_decref(root);
}
END_TEST

/* GET /orders?q=1 is 1 + 7 + 4 bytes inside, and a tag of 8. */
START_TEST(takes_only_so_much_along)
{
	static const uint8_t bytes[OUTER_COMBINED_MAX + 1];
	struct sl_coap_msg inner = inner_get();
	struct outer_route route = {0};

	o.message_3 = sl_span(bytes, OUTER_COMBINED_MAX - 20);
	ck_assert_ok(outer_build(&o, &device, &inner, &route, NULL));
	ck_assert_uint_eq(o.msg.payload.len, OUTER_COMBINED_MAX);
	o.message_3.len++;
	ck_assert_err(outer_build(&o, &device, &inner, &route, NULL), SL_ESPACE);
	o.message_3.len = OUTER_COMBINED_MAX + 1;
	ck_assert_err(outer_build(&o, &device, &inner, &route, NULL), SL_ESPACE);
	o.message_3 = sl_span(NULL, 0);
}
END_TEST

static const struct {
	const char *value;
	enum sl_err err;
} echoes[] = {
        {"", SL_EMALFORMED},
        {"aa", SL_OK},
        {"00010203040506070809101112131415161718192021222324252627282930313233343536373839", SL_OK},
        {"0001020304050607080910111213141516171819202122232425262728293031323334353637383940",
                SL_EMALFORMED},
};

START_TEST(knows_an_echo_that_may_be_returned)
{
	struct outer_echo echo = {.len = 99};
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_UNAUTHORIZED);
	ck_assert_err(outer_echo_of(&msg, &echo), SL_ENOTFOUND);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, hex(echoes[_i].value)));
	ck_assert_err(outer_echo_of(&msg, &echo), echoes[_i].err);
	ck_assert_uint_eq(echo.len, echoes[_i].err == SL_OK ? strlen(echoes[_i].value) / 2 : 99);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_outer");
	TCase *t = tcase_create("outer");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, splits_the_target_of_forward_mode);
	tcase_add_test(t, says_little_in_reverse_mode);
	tcase_add_test(t, returns_an_echo_outside);
	tcase_add_test(t, takes_a_new_number_every_time);
	tcase_add_test(t, takes_message_3_along);
	tcase_add_test(t, takes_only_so_much_along);
	tcase_add_loop_test(t, knows_an_echo_that_may_be_returned, 0, ARRAY_LEN(echoes));
	suite_add_tcase(s, t);
	return run_suite(s);
}
