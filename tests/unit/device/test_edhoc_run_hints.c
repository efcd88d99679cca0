/* SPDX-License-Identifier: BSD-2-Clause
 * Runs of EDHOC that are told to wait, that repeat message_3, or that meet odd calls. */
#include "edhoc_run_shared.h"

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
	Suite *suite = suite_create("edhoc_run_hints");
	TCase *t = tcase_create("run");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
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
