/* SPDX-License-Identifier: BSD-2-Clause
 * The Initiator over CoAP: what is sent, in which order, and when it is enough. Faults of messages:
 * test_edhoc_steps.c. */
#include "edhoc_run_shared.h"

/* --- good runs ------------------------------------------------------------------------------- */

START_TEST(makes_a_context)
{
	struct edhoc_run_counts counts;

	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	lab_check_context(&l);
	ck_assert_uint_eq(l.requests, 2);
	ck_assert_str_eq(l.heard, ">message_1 <message_2 >message_3");
	counts = edhoc_run_counts(l.run);
	ck_assert_int_eq(counts.suite, 2);
	ck_assert_uint_eq(counts.suites_tried, 1);
	ck_assert_uint_eq(counts.hints, 0);
	/* RFC 9528 table 1 (static DH, kid): 37, 45 and 19 bytes. Identifiers of one byte take two
	 * where that byte is no CBOR int, and our kid of two bytes takes three. */
	ck_assert(counts.messages[0] == 37 || counts.messages[0] == 38);
	ck_assert(counts.messages[1] == 47 || counts.messages[1] == 48);
	ck_assert_uint_eq(counts.messages[2], 21);
	ck_assert_uint_eq(counts.messages[3], 0);
}
END_TEST

/* Methods 0 to 3 (the Initiator's in the higher bit: signature 0, static DH 1), suites, keys. */
static const struct {
	int method;
	int64_t suite;
	enum sl_pkey_type device, server;
	enum sl_id_cred_label label;
} rows[] = {
        {0, 2, SL_PKEY_P256, SL_PKEY_P256, SL_LABEL_KID},
        {1, 2, SL_PKEY_P256, SL_PKEY_P256, SL_LABEL_KID},
        {2, 2, SL_PKEY_P256, SL_PKEY_P256, SL_LABEL_KID},
        {3, 2, SL_PKEY_P256, SL_PKEY_P256, SL_LABEL_KCCS},
        {0, 3, SL_PKEY_P256, SL_PKEY_P256, SL_LABEL_KCCS},
        {1, 3, SL_PKEY_P256, SL_PKEY_P256, SL_LABEL_KID},
        {2, 3, SL_PKEY_P256, SL_PKEY_P256, SL_LABEL_KID},
        {3, 3, SL_PKEY_P256, SL_PKEY_P256, SL_LABEL_KID},
        {0, 0, SL_PKEY_ED25519, SL_PKEY_ED25519, SL_LABEL_KID},
        {1, 0, SL_PKEY_ED25519, SL_PKEY_X25519, SL_LABEL_KID},
        {2, 0, SL_PKEY_X25519, SL_PKEY_ED25519, SL_LABEL_KCCS},
        {3, 0, SL_PKEY_X25519, SL_PKEY_X25519, SL_LABEL_KID},
        {0, 24, SL_PKEY_P384, SL_PKEY_P384, SL_LABEL_KID},
        {3, 24, SL_PKEY_P384, SL_PKEY_P384, SL_LABEL_KID},
};

START_TEST(does_every_method)
{
	lab_clear(&l);
	memset(&l, 0, sizeof l);
	fake_party_ccs(&l.device, rows[_i].device, "device", rows[_i].label);
	fake_party_ccs(&l.server, rows[_i].server, "server", rows[_i].label);
	lab_agree(&l, rows[_i].method);
	l.suites[0] = l.far.suites[0] = rows[_i].suite;
	l.profile.suite_count = l.far.profile.suite_count = 1;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	lab_check_context(&l);
	ck_assert_int_eq(edhoc_run_counts(l.run).suite, (int)rows[_i].suite);
}
END_TEST

START_TEST(takes_message_4_where_it_comes)
{
	l.far.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	l.profile.message_4 = _i == 0 ? SL_EDHOC_M4_OPTIONAL : SL_EDHOC_M4_REQUIRED;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	lab_check_context(&l);
	ck_assert_str_eq(l.heard, ">message_1 <message_2 >message_3 <message_4");
	ck_assert_uint_eq(edhoc_run_counts(l.run).messages[3], 9); /* a tag of 8 in a bstr */
}
END_TEST

START_TEST(needs_no_content_format)
{
	l.far.wraps_nothing = true;
	l.far.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
}
END_TEST

/* --- where messages go ----------------------------------------------------------------------- */

static void
first_datagram(struct sl_coap_msg *msg)
{
	static uint8_t bytes[2048];
	struct sl_span datagram;

	lab_drop(&l);
	ck_assert_ok(edhoc_run_new(&l.run, &l.config));
	edhoc_run_start(l.run, 0);
	ck_assert(edhoc_run_next(l.run, &datagram));
	memcpy(bytes, datagram.ptr, datagram.len);
	ck_assert_ok(sl_coap_decode(msg, sl_span(bytes, datagram.len)));
}

/* RFC 9528 appendix A.2.1: POST, Content-Format 65, true before message_1. */
START_TEST(posts_to_the_well_known_resource)
{
	struct sl_coap_msg msg;
	char path[64];
	uint32_t number;

	first_datagram(&msg);
	ck_assert_uint_eq(msg.code, SL_COAP_POST);
	ck_assert_uint_eq(msg.type, SL_COAP_CON);
	ck_assert_ok(sl_coap_get_path(&msg, path, sizeof path));
	ck_assert_str_eq(path, "/.well-known/edhoc");
	ck_assert_ok(sl_coap_get_uint(&msg, SL_COAP_CONTENT_FORMAT, &number));
	ck_assert_uint_eq(number, 65);
	ck_assert_uint_eq(msg.option_count, 3);
	ck_assert_uint_eq(msg.payload.ptr[0], 0xf5);

	memcpy(l.config.route.path, "/a", 3); /* reverse mode: the route's path goes first */
	first_datagram(&msg);
	ck_assert_ok(sl_coap_get_path(&msg, path, sizeof path));
	ck_assert_str_eq(path, "/a/.well-known/edhoc");

	l.config.route.is_forward = true;
	l.config.outer_szx = 2;
	ck_assert_ok(endpoint_parse(&l.config.route.target, "http://est.example:8080"));
	first_datagram(&msg);
	ck_assert_ok(sl_coap_get_path(&msg, path, sizeof path));
	ck_assert_str_eq(path, "/.well-known/edhoc");
	ck_assert(sl_span_equal_text(
	        sl_coap_option_value(sl_coap_find(&msg, SL_COAP_URI_HOST)), "est.example"));
	ck_assert(sl_span_equal_text(
	        sl_coap_option_value(sl_coap_find(&msg, SL_COAP_PROXY_SCHEME)), "http"));
	ck_assert_ok(sl_coap_get_uint(&msg, SL_COAP_URI_PORT, &number));
	ck_assert_uint_eq(number, 8080);
	ck_assert_ptr_nonnull(sl_coap_find(&msg, SL_COAP_BLOCK2)); /* the wish for small blocks */
}
END_TEST

/* RFC 9175: the challenged message again, byte for byte, with the Echo. */
START_TEST(returns_an_echo)
{
	sl_coap_msg_init(&l.proxy, SL_COAP_UNAUTHORIZED);
	ck_assert_ok(sl_coap_add(&l.proxy, SL_COAP_ECHO, sl_span_text("alive?")));
	l.fates[0] = l.fates[2] = LAB_PROXY;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	ck_assert_uint_eq(l.requests, 4);
	ck_assert(!l.had_echo[0] && l.had_echo[1] && !l.had_echo[2] && l.had_echo[3]);
	ck_assert_bytes(lab_sent(&l, 1), lab_sent(&l, 0));
	ck_assert_bytes(lab_sent(&l, 3), lab_sent(&l, 2));
	ck_assert_uint_eq(edhoc_run_counts(l.run).echo_rounds, 2);
	ck_assert_uint_eq(l.slept_ms, 0);
	lab_check_context(&l);
}
END_TEST

START_TEST(tires_of_a_challenger)
{
	sl_coap_msg_init(&l.proxy, SL_COAP_UNAUTHORIZED);
	ck_assert_ok(sl_coap_add(&l.proxy, SL_COAP_ECHO, sl_span_text("again")));
	for (unsigned i = 0; i < LAB_SENT_MAX; i++)
		l.fates[i] = LAB_PROXY;
	lab_run(&l);
	ends(EDHOC_RUN_SILENT);
	says("4.01");
	ck_assert_uint_eq(l.requests, (1 + EDHOC_RUN_HINTS_MAX) * (1 + EDHOC_RUN_ECHO_ROUNDS_MAX));
}
END_TEST

/* --- suites ---------------------------------------------------------------------------------- */

/* RFC 9528 section 6.3.2: the next suite, what is preferred over it before it, and a new key. */
START_TEST(goes_to_the_suite_that_the_server_has)
{
	struct sl_span first, second;

	l.suites[0] = 3;
	l.suites[1] = 2;
	l.far.profile.suite_count = 1; /* suite 2 */
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	lab_check_context(&l);
	ck_assert_str_eq(l.heard, ">message_1 <error >message_1 <message_2 >message_3");
	ck_assert_uint_eq(edhoc_run_counts(l.run).suites_tried, 2);
	ck_assert_int_eq(edhoc_run_counts(l.run).suite, 2);
	first = lab_sent(&l, 0);
	second = lab_sent(&l, 1);
	ck_assert_bytes(sl_span(first.ptr, 2), hex("03 03"));        /* method 3, suite 3 */
	ck_assert_bytes(sl_span(second.ptr, 4), hex("03 82 03 02")); /* [3, 2] */
	ck_assert(!sl_span_equal(sl_span(first.ptr + 4, 32), sl_span(second.ptr + 6, 32)));
	ck_assert_uint_eq(l.slept_ms, 0);
}
END_TEST

START_TEST(ends_when_no_suite_fits)
{
	l.profile.suite_count = 1;
	l.far.suites[0] = 3;
	l.far.suites[1] = 5;
	lab_run(&l);
	ends(EDHOC_RUN_REFUSED);
	says("it has 3 5");
	ck_assert_uint_eq(l.requests, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_edhoc_run");
	TCase *t = tcase_create("run");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, makes_a_context);
	tcase_add_loop_test(t, does_every_method, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(t, takes_message_4_where_it_comes, 0, 2);
	tcase_add_test(t, needs_no_content_format);
	tcase_add_test(t, posts_to_the_well_known_resource);
	tcase_add_test(t, returns_an_echo);
	tcase_add_test(t, tires_of_a_challenger);
	tcase_add_test(t, goes_to_the_suite_that_the_server_has);
	tcase_add_test(t, ends_when_no_suite_fits);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
