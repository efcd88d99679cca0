/* SPDX-License-Identifier: BSD-2-Clause
 * The Initiator over CoAP: what is sent, in which order, and when it is enough. Faults of messages:
 * test_edhoc_steps.c. */
#include "edhoc_lab.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

static struct lab l;

static void
set_up(void)
{
	lab_init(&l);
	l.last_mid = -1;
}

static void
tear_down(void)
{
	lab_clear(&l);
}

static void
ends(enum edhoc_run_outcome want)
{
	ck_assert(edhoc_run_is_finished(l.run));
	ck_assert_msg(edhoc_run_outcome(l.run) == want, "outcome %d (%s), not %d",
	        edhoc_run_outcome(l.run), edhoc_run_text(l.run), want);
	ck_assert_uint_eq(edhoc_run_wakeup(l.run), UINT64_MAX);
	if (want == EDHOC_RUN_DONE || want == EDHOC_RUN_HALFWAY)
		ck_assert_str_eq(edhoc_run_text(l.run), "");
	else
		ck_assert_str_ne(edhoc_run_text(l.run), "");
}

static void
says(const char *part)
{
	ck_assert_msg(strstr(edhoc_run_text(l.run), part) != NULL, "%s", edhoc_run_text(l.run));
}

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

/* --- hints ----------------------------------------------------------------------------------- */

START_TEST(waits_as_told_and_begins_anew)
{
	l.far.busy = 1;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	ck_assert_uint_ge(l.slept_ms, 7000);
	ck_assert_uint_le(l.slept_ms, 10500); /* and half of it jitter */
	ck_assert_uint_eq(l.requests, 3);
	ck_assert(!sl_span_equal(lab_sent(&l, 0), lab_sent(&l, 1)));
	lab_check_context(&l);
}
END_TEST

static const struct {
	const char *because;
	uint8_t code;
	uint32_t max_age_s; /* 0: none */
	uint64_t least_ms, most_ms;
} pauses[] = {
        {"the first pause is two seconds", SL_COAP_GATEWAY_TIMEOUT, 0, 2000, 3000},
        {"4.29 says how long", SL_COAP_TOO_MANY_REQUESTS, 9, 9000, 13500},
        {"a liar may not say forever", SL_COAP_SERVICE_UNAVAILABLE, 4294967295U, 60000, 90000},
        {"Max-Age of another error is not for us", SL_COAP_BAD_GATEWAY, 30, 2000, 3000},
        {"success without content is no message_2", SL_COAP_CHANGED, 0, 2000, 3000},
        {"an unprotected 2.05 is no message_2", SL_COAP_CONTENT, 0, 2000, 3000},
        {"an error without EDHOC in it is the proxy's", SL_COAP_NOT_FOUND, 0, 2000, 3000},
};

START_TEST(pauses_after_a_hint)
{
	sl_coap_msg_init(&l.proxy, pauses[_i].code);
	if (pauses[_i].max_age_s > 0)
		ck_assert_ok(sl_coap_add_uint(&l.proxy, SL_COAP_MAX_AGE, pauses[_i].max_age_s));
	l.fates[0] = LAB_PROXY;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	ck_assert_msg(l.slept_ms >= pauses[_i].least_ms && l.slept_ms <= pauses[_i].most_ms,
	        "%llu ms although %s", (unsigned long long)l.slept_ms, pauses[_i].because);
	ck_assert_uint_eq(edhoc_run_counts(l.run).hints, 1);
}
END_TEST

START_TEST(gives_up_after_a_few_hints)
{
	sl_coap_msg_init(&l.proxy, SL_COAP_FORBIDDEN);
	l.proxy.payload = sl_span_text("OSCORE \x1b only");
	for (unsigned i = 0; i < LAB_SENT_MAX; i++)
		l.fates[i] = LAB_PROXY;
	lab_run(&l);
	ends(EDHOC_RUN_SILENT);
	says("4.03 OSCORE \\x1b only");
	ck_assert_uint_eq(l.requests, 1 + EDHOC_RUN_HINTS_MAX);
}
END_TEST

START_TEST(ends_in_time)
{
	for (unsigned i = 0; i < LAB_SENT_MAX; i++)
		l.fates[i] = LAB_DROP;
	l.config.timeout_ms = 30000;
	lab_run(&l);
	ends(EDHOC_RUN_SILENT);
	says("no answer");
	ck_assert_uint_eq(l.now_ms, 30000);
	lab_drop(&l);
	ck_assert_ok(edhoc_run_new(&l.run, &l.config));
	edhoc_run_start(l.run, l.now_ms);
	edhoc_run_end_by(l.run, l.now_ms + 40000); /* later is not earlier */
	edhoc_run_end_by(l.run, l.now_ms + 500);
	l.fates[0] = LAB_DROP;
	lab_go(&l);
	ends(EDHOC_RUN_SILENT);
	ck_assert_uint_eq(l.now_ms, 30500);
}
END_TEST

START_TEST(survives_a_reset)
{
	l.fates[0] = LAB_RESET;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	ck_assert_uint_ge(l.slept_ms, 2000);
}
END_TEST

/* --- message_3 ------------------------------------------------------------------------------- */

/* RFC 9528 section 7: never made twice. The server took the first, its answer was lost. */
START_TEST(sends_the_same_message_3_again)
{
	l.fates[1] = LAB_LOSE;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	ck_assert_uint_eq(l.far.completed, 1);
	ck_assert_uint_ge(l.far.messages_3, 2);
	ck_assert_uint_ge(l.requests, 3);
	for (unsigned i = 2; i < l.requests; i++)
		ck_assert_bytes(lab_sent(&l, i), lab_sent(&l, 1));
	lab_check_context(&l);
}
END_TEST

START_TEST(sends_the_same_message_3_after_a_hint)
{
	sl_coap_msg_init(&l.proxy, SL_COAP_GATEWAY_TIMEOUT);
	l.fates[1] = l.fates[2] = LAB_PROXY;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	ck_assert_uint_eq(l.requests, 4);
	ck_assert_bytes(lab_sent(&l, 3), lab_sent(&l, 1));
	ck_assert_uint_ge(l.slept_ms, 6000); /* 2 s, then 4 s */
	lab_check_context(&l);
}
END_TEST

START_TEST(ends_when_the_server_forgot_the_run)
{
	l.far.forgets_runs = true;
	lab_run(&l);
	ends(EDHOC_RUN_UNWANTED);
	says("4.00");
	ck_assert_uint_eq(l.requests, 2);
}
END_TEST

START_TEST(ignores_what_comes_twice_or_late)
{
	struct sl_coap_msg late;
	uint8_t bytes[512];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	l.fates[0] = l.fates[1] = LAB_TWICE;
	lab_run(&l);
	ends(EDHOC_RUN_DONE);
	ck_assert_str_eq(l.heard, ">message_1 <message_2 >message_3");
	/* an error for the exchange that is over */
	sl_coap_msg_init(&late, SL_COAP_BAD_REQUEST);
	late.type = SL_COAP_ACK;
	late.message_id = l.last.message_id;
	late.token_len = l.last.token_len;
	memcpy(late.token, l.last.token, sizeof late.token);
	ck_assert_ok(sl_coap_add_uint(&late, SL_COAP_CONTENT_FORMAT, 64));
	late.payload = hex("03 f5");
	ck_assert_ok(sl_coap_encode(&w, &late));
	edhoc_run_on_datagram(l.run, sl_writer_span(&w), l.now_ms);
	edhoc_run_on_time(l.run, l.now_ms + 1000);
	edhoc_run_start(l.run, l.now_ms);
	edhoc_run_go_on(l.run, l.now_ms);
	ends(EDHOC_RUN_DONE);
	lab_check_context(&l);
}
END_TEST

/* --- combined (RFC 9668) --------------------------------------------------------------------- */

START_TEST(halts_before_message_3)
{
	struct sl_oscore_ctx ctx;

	l.config.is_combined = true;
	lab_run(&l);
	ends(EDHOC_RUN_HALFWAY);
	ck_assert_uint_eq(l.requests, 1);
	ck_assert_uint_eq(edhoc_run_message_3(l.run).len, 21);
	ck_assert_uint_eq(edhoc_run_message_3(l.run).ptr[0], 0x54); /* a bstr of 20 */
	ck_assert_ok(edhoc_run_context(l.run, &ctx));
	sl_oscore_ctx_clear(&ctx);
}
END_TEST

START_TEST(goes_on_with_the_same_message_3)
{
	static uint8_t before[64];
	size_t len;

	l.config.is_combined = true;
	lab_run(&l);
	len = edhoc_run_message_3(l.run).len;
	memcpy(before, edhoc_run_message_3(l.run).ptr, len);
	l.now_ms += 1000000; /* long after; and the first answer is lost */
	l.fates[1] = LAB_LOSE;
	edhoc_run_go_on(l.run, l.now_ms);
	ck_assert(!edhoc_run_is_finished(l.run));
	lab_go(&l);
	ends(EDHOC_RUN_DONE);
	ck_assert_bytes(lab_sent(&l, 1), sl_span(before, len));
	lab_check_context(&l);
}
END_TEST

/* RFC 9528 section 5.5.1: an error before the first protected answer ends the run, a later one is
 * nobody's. */
START_TEST(believes_an_error_until_the_first_answer)
{
	uint8_t out[16];

	l.config.is_combined = true;
	lab_run(&l);
	ck_assert_err(edhoc_run_on_error(l.run, hex("00")), SL_EMALFORMED);
	ck_assert_err(edhoc_run_on_error(l.run, hex("")), SL_EMALFORMED);
	ck_assert_err(edhoc_run_on_error(l.run, hex("02 02")), SL_EMALFORMED); /* not now */
	ends(EDHOC_RUN_HALFWAY);
	ck_assert_ok(edhoc_run_on_error(l.run, hex("03 f5")));
	ends(EDHOC_RUN_UNWANTED);
	says("does not know our credential");
	ck_assert_err(edhoc_run_on_error(l.run, hex("03 f5")), SL_EREPLAY);
	ck_assert_err(edhoc_run_export(l.run, 0, hex(""), out, sizeof out), SL_EREPLAY);
	lab_drop(&l);
	lab_run(&l);
	edhoc_run_confirm(l.run);
	ck_assert_err(edhoc_run_on_error(l.run, hex("03 f5")), SL_EREPLAY);
	ends(EDHOC_RUN_HALFWAY);
	ck_assert_ok(edhoc_run_export(l.run, 0, hex(""), out, sizeof out));
}
END_TEST

/* --- odd calls ------------------------------------------------------------------------------- */

START_TEST(ends_when_the_machine_fails)
{
	ck_assert_ok(edhoc_run_new(&l.run, &l.config));
	ck_assert(!edhoc_run_is_finished(l.run));
	ck_assert_uint_eq(edhoc_run_wakeup(l.run), UINT64_MAX);
	edhoc_run_start(l.run, 0);
	edhoc_run_on_failure(l.run);
	ends(EDHOC_RUN_FAILED);
	lab_drop(&l);
	l.suites[0] = 77; /* nobody has it */
	l.profile.suite_count = 1;
	lab_run(&l);
	ends(EDHOC_RUN_FAILED);
	ck_assert_uint_eq(l.requests, 0);
}
END_TEST

START_TEST(refuses_an_odd_block_size)
{
	l.config.outer_szx = 7;
	ck_assert_err(edhoc_run_new(&l.run, &l.config), SL_ELIMIT);
	edhoc_run_free(NULL);
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
	tcase_add_test(t, waits_as_told_and_begins_anew);
	tcase_add_loop_test(t, pauses_after_a_hint, 0, ARRAY_LEN(pauses));
	tcase_add_test(t, gives_up_after_a_few_hints);
	tcase_add_test(t, ends_in_time);
	tcase_add_test(t, survives_a_reset);
	tcase_add_test(t, sends_the_same_message_3_again);
	tcase_add_test(t, sends_the_same_message_3_after_a_hint);
	tcase_add_test(t, ends_when_the_server_forgot_the_run);
	tcase_add_test(t, ignores_what_comes_twice_or_late);
	tcase_add_test(t, halts_before_message_3);
	tcase_add_test(t, goes_on_with_the_same_message_3);
	tcase_add_test(t, believes_an_error_until_the_first_answer);
	tcase_add_test(t, ends_when_the_machine_fails);
	tcase_add_test(t, refuses_an_odd_block_size);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
