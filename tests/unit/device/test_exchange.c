/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC in the calls of <sl/device.h>, over a real socket: when it is run, with which credential,
 * together with the first request, and what a request has of it. */
#include "exchange_shared.h"

/* --- the near end ---------------------------------------------------------------------------- */

static bool
is_known_as(struct sl_span cred)
{
	return sl_span_equal(sl_span(far.edhoc.identity, far.edhoc.identity_len), cred);
}

/* --- when ------------------------------------------------------------------------------------ */

START_TEST(runs_before_the_first_request)
{
	static const enum sl_device_step want[] = {
	        SL_DEVICE_ASKING, SL_DEVICE_EDHOC_BEGUN, SL_DEVICE_EDHOC_DONE};
	struct sl_device_traffic all, edhoc;

	init();
	ck_assert(sl_device_show(d)->is_edhoc);
	ck_assert_str_eq(sl_device_show(d)->identity, "sensor-7");
	gets();
	ck_assert_uint_eq(step_count, ARRAY_LEN(want));
	ck_assert_int_eq(memcmp(steps, want, sizeof want), 0);
	all = r->traffic;
	edhoc = r->edhoc;
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert_uint_eq(all.datagrams_sent, 3);
	ck_assert_uint_eq(all.datagrams_received, 3);
	ck_assert_uint_eq(edhoc.datagrams_sent, 2);
	ck_assert_uint_eq(edhoc.datagrams_received, 2);
	/* Method 0: message_2 has a signature of 64 where method 3 has 8, message_3 the same; each
	 * in a bstr whose head is one byte longer. C_I and C_R are one byte or two. */
	ck_assert(r->edhoc_messages[0] == 37 || r->edhoc_messages[0] == 38);
	ck_assert(r->edhoc_messages[1] >= 45 && r->edhoc_messages[1] <= 106);
	ck_assert_uint_gt(edhoc.bytes_sent, r->edhoc_messages[0] + r->edhoc_messages[2]);
	ck_assert_uint_gt(edhoc.bytes_received, r->edhoc_messages[1]);
	ck_assert_uint_gt(all.bytes_sent, edhoc.bytes_sent);
	ck_assert_uint_eq(r->edhoc_messages[3], 0);

	gets(); /* the context is there */
	ck_assert_uint_eq(r->edhoc_runs, 0);
	ck_assert_uint_eq(r->edhoc.datagrams_sent, 0);
	ck_assert_uint_eq(r->traffic.datagrams_sent, 1);
	ck_assert_uint_eq(far.edhoc.completed, 1);
	open_it(); /* contexts live in a handle */
	gets();
	ck_assert_uint_eq(far.edhoc.completed, 2);
}
END_TEST

START_TEST(runs_again_when_the_server_forgot)
{
	init();
	gets();
	fake_edhoc_forget(&far.edhoc);
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert_uint_eq(far.edhoc.completed, 2);
	far.forgets = 1;
	gets();
	ck_assert_uint_eq(far.edhoc.completed, 3);
}
END_TEST

START_TEST(runs_twice_at_most)
{
	init();
	far.forgets = 1000;
	ck_assert_int_eq(get(), SL_DEVICE_NO_ANSWER);
	ck_assert_msg(strstr(r->text, "4.01 Security context not found") != NULL, "%s", r->text);
	ck_assert_uint_eq(r->edhoc_runs, EXCHANGE_RUNS_MAX);
	far.forgets = 0;
	gets(); /* nothing sticks */
	ck_assert_uint_eq(r->edhoc_runs, 1);
}
END_TEST

START_TEST(asks_nobody_about_a_bad_path)
{
	const struct sl_device_request request = {.path = "/a//b", .timeout_ms = 5000};

	init();
	ck_assert_int_eq(sl_device_get(d, &request), SL_DEVICE_MISUSED);
	ck_assert_uint_eq(far.edhoc.messages_1, 0);
}
END_TEST

START_TEST(traces_messages)
{
	static char text[32768];
	size_t len;

	trace = tmpfile();
	init();
	gets();
	rewind(trace);
	len = fread(text, 1, sizeof text - 1, trace);
	text[len] = '\0';
	fclose(trace);
	ck_assert_ptr_nonnull(strstr(text, "-> edhoc message_1, 3"));
	ck_assert_ptr_nonnull(strstr(text, "<- edhoc message_2, "));
	ck_assert_ptr_nonnull(strstr(text, "-> edhoc message_3, "));
	ck_assert_ptr_nonnull(strstr(text, "<- protected 2.04"));
}
END_TEST

/* --- how it ends otherwise -------------------------------------------------------------------- */

START_TEST(says_that_the_server_is_another)
{
	struct fake_party other;

	fake_party_ccs(&other, SL_PKEY_P256, "another", SL_LABEL_KID);
	far.edhoc.own = &other;
	init();
	ck_assert_int_eq(get(), SL_DEVICE_BAD_PEER);
	ck_assert_msg(strstr(r->text, "known ones") != NULL, "%s", r->text);
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert_int_eq(enroll(false, false), SL_DEVICE_BAD_PEER);
	ck_assert(!sl_device_show(d)->has_pending_request); /* no key was made for nobody */
	far.edhoc.own = &server;
	fake_party_clear(&other);
	gets();
}
END_TEST

START_TEST(says_that_it_is_not_wanted)
{
	far.edhoc.known_count = 0;
	words.is_combined = _i == 1;
	init();
	ck_assert_int_eq(get(), SL_DEVICE_UNWANTED);
	ck_assert_msg(strstr(r->text, "does not know our credential") != NULL, "%s", r->text);
	ck_assert_uint_eq(r->edhoc_runs, EXCHANGE_RUNS_MAX);
	ck_assert_int_eq(enroll(false, false), SL_DEVICE_UNWANTED);
	ck_assert_uint_eq(far.est.issued_count, 0);
}
END_TEST

START_TEST(ends_at_the_timeout)
{
	const struct sl_device_request request = {.path = "/echo", .timeout_ms = 300};

	init();
	far.is_silent = true;
	ck_assert_int_eq(sl_device_get(d, &request), SL_DEVICE_NO_ANSWER);
	ck_assert_msg(strstr(r->text, "no answer to EDHOC") != NULL, "%s", r->text);
	ck_assert_uint_eq(r->edhoc_runs, 1);
}
END_TEST

START_TEST(ends_when_cancelled)
{
	init();
	far.is_silent = cancels = true;
	ck_assert_int_eq(get(), SL_DEVICE_CANCELLED);
	ck_assert_str_eq(r->text, "cancelled");
	far.is_silent = cancels = false;
	gets();
}
END_TEST

/* --- with which credential -------------------------------------------------------------------- */

static void
enrols_first(void)
{
	init();
	ck_assert_msg(enroll(false, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert(is_known_as(fake_party_cred(&device)));
	far.edhoc.anchor = sl_span(far.est.ca, far.est.ca_len);
	far.edhoc.now = -1; /* the real clock is the device's */
	open_it();
}

START_TEST(shows_the_enrolled_certificate)
{
	struct sl_credential c;

	enrols_first();
	gets();
	ck_assert_ok(sl_credential_decode(&c, sl_span(far.edhoc.identity, far.edhoc.identity_len)));
	ck_assert_int_eq(c.kind, SL_CREDENTIAL_X509);
	ck_assert_bytes(c.content, sl_span(far.est.issued[0].der, far.est.issued[0].len));
	sl_credential_clear(&c);
	ck_assert_uint_eq(r->edhoc_runs, 1);
}
END_TEST

static void
go_back(void)
{
	enrols_first();
	far.edhoc.anchor = sl_span(NULL, 0); /* the certificate is not taken any more */
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 2);
	ck_assert(is_known_as(fake_party_cred(&device)));
	fake_edhoc_forget(&far.edhoc);
	gets(); /* and is not tried again */
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(is_known_as(fake_party_cred(&device)));
	ck_assert_msg(enroll(false, true) == SL_DEVICE_DONE, "%s", r->text);
	far.edhoc.anchor = sl_span(far.est.ca, far.est.ca_len);
	fake_edhoc_forget(&far.edhoc);
	gets(); /* but a new one is */
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(!is_known_as(fake_party_cred(&device)));
}

START_TEST(goes_back_to_the_first_credential)
{
	words.is_combined = _i == 1;
	go_back();
}
END_TEST

/* Who refuses message_1 has not seen a credential. */
START_TEST(shows_it_again_where_nobody_saw_it)
{
	enrols_first();
	far.edhoc.profile.methods = 1U << 3;
	ck_assert_int_eq(get(), SL_DEVICE_UNWANTED);
	ck_assert_uint_eq(r->edhoc_runs, EXCHANGE_RUNS_MAX);
	far.edhoc.profile.methods = 15;
	gets();
	ck_assert(!is_known_as(fake_party_cred(&device)));
}
END_TEST

/* A restart between message_2 and message_3 looks like a refusal. The first credential may be one
 * that nobody takes any more. */
START_TEST(shows_it_again_when_neither_was_taken)
{
	enrols_first();
	far.edhoc.forgets_runs = true;
	ck_assert_int_eq(get(), SL_DEVICE_UNWANTED);
	far.edhoc.forgets_runs = false;
	far.edhoc.known_count = 0;
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
}
END_TEST

START_TEST(keeps_to_its_credential_when_told)
{
	words.keeps_to_this = true;
	enrols_first();
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(is_known_as(fake_party_cred(&device)));
}
END_TEST

/* The enrolled key may sign; the method needs one that agrees. */
START_TEST(shows_no_certificate_that_does_not_fit)
{
	words.method = "3";
	enrols_first();
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(is_known_as(fake_party_cred(&device)));
}
END_TEST

/* Suites 2 and 3 have no place for a signature of P-384. */
START_TEST(shows_no_certificate_of_another_kind)
{
	const struct sl_device_enrolment wish = {
	        .timeout_ms = 20000, .is_forced = true, .key = SL_DEVICE_KEY_P384};

	enrols_first();
	ck_assert_msg(sl_device_enroll(d, &wish) == SL_DEVICE_DONE, "%s", r->text);
	fake_edhoc_forget(&far.edhoc);
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(is_known_as(fake_party_cred(&device)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_exchange");
	TCase *t = tcase_create("exchange");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, runs_before_the_first_request);
	tcase_add_test(t, runs_again_when_the_server_forgot);
	tcase_add_test(t, runs_twice_at_most);
	tcase_add_test(t, asks_nobody_about_a_bad_path);
	tcase_add_test(t, traces_messages);
	tcase_add_test(t, says_that_the_server_is_another);
	tcase_add_loop_test(t, says_that_it_is_not_wanted, 0, 2);
	tcase_add_test(t, ends_at_the_timeout);
	tcase_add_test(t, ends_when_cancelled);
	tcase_add_test(t, shows_the_enrolled_certificate);
	tcase_add_loop_test(t, goes_back_to_the_first_credential, 0, 2);
	tcase_add_test(t, shows_it_again_where_nobody_saw_it);
	tcase_add_test(t, shows_it_again_when_neither_was_taken);
	tcase_add_test(t, keeps_to_its_credential_when_told);
	tcase_add_test(t, shows_no_certificate_that_does_not_fit);
	tcase_add_test(t, shows_no_certificate_of_another_kind);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
