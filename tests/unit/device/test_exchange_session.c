/* SPDX-License-Identifier: BSD-2-Clause
 * Exchanges of the device that begin with a credential of its choice, combine messages, or name their session. */
#include "exchange_shared.h"

/* --- together with the first request (RFC 9668) ----------------------------------------------- */

START_TEST(combines_two_round_trips)
{
	words.is_combined = true;
	init();
	gets();
	ck_assert_uint_eq(far.edhoc.combined, 1);
	ck_assert_uint_eq(far.edhoc.completed, 1);
	ck_assert_uint_eq(r->traffic.datagrams_sent, 2);
	ck_assert_uint_eq(r->edhoc.datagrams_sent, 1); /* message_1 alone */
	ck_assert_uint_eq(r->edhoc_messages[2] > 0, 1);
	gets();
	ck_assert_uint_eq(far.edhoc.combined, 1);
	fake_edhoc_forget(&far.edhoc);
	ck_assert_msg(enroll(false, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_eq(far.edhoc.combined, 2);
}
END_TEST

/* RFC 9668 section 3.2.2: the first block only. */
START_TEST(combines_the_first_block_only)
{
	const struct sl_device_options options = {.state = state, .block_size = 64};
	struct sl_device_why why;

	words.is_combined = true;
	init();
	sl_device_close(d);
	ck_assert_ok(sl_device_open(&d, &options, &why));
	r = sl_device_result(d);
	far.est.szx = 2;
	ck_assert_msg(enroll(false, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_ge(far.est.slices, 10);
	ck_assert_uint_ge(far.est.uploads_in_blocks, 1);
	ck_assert_uint_eq(far.edhoc.combined, 1);
	ck_assert_uint_eq(far.edhoc.completed, 1);
}
END_TEST

START_TEST(goes_apart_when_the_proxy_refuses)
{
	words.is_combined = true;
	far.edhoc.refuses_combined = true;
	init();
	gets();
	ck_assert_uint_eq(far.edhoc.combined, 1);
	ck_assert_uint_eq(far.edhoc.messages_3, 1);
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert_uint_eq(r->traffic.datagrams_sent, 4); /* 1, combined, 3, the request */
	ck_assert_uint_eq(r->protected_requests, 2);     /* with two numbers */
	gets();
	ck_assert_uint_eq(r->traffic.datagrams_sent, 1);
}
END_TEST

START_TEST(begins_anew_when_the_server_forgot_the_run)
{
	words.is_combined = _i == 1;
	far.edhoc.forgets_runs = true;
	init();
	ck_assert_int_eq(get(), SL_DEVICE_UNWANTED);
	ck_assert_uint_eq(r->edhoc_runs, 2);
	far.edhoc.forgets_runs = false;
	gets();
}
END_TEST

/* --- requests for certificates name their session -------------------------------------------- */

static struct sl_csr csr;

static void
challenge_is_of_the_session(struct sl_span request)
{
	uint8_t binding[64];
	char text[64];
	size_t len;

	ck_assert_ok(sl_csr_decode(&csr, request));
	ck_assert(csr.has_challenge);
	ck_assert_uint_eq(strlen(csr.challenge), 44);
	ck_assert_int_eq(csr.challenge[43], '=');
	snprintf(text, sizeof text, "%.43s", csr.challenge);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c; /* to base64url */
	ck_assert_ok(sl_base64url_decode(binding, sizeof binding, &len, sl_span_text(text)));
	ck_assert_bytes(sl_span(binding, len), sl_span(far.edhoc.binding, 32));
}

START_TEST(names_the_session)
{
	words.is_bound = _i == 0;    /* of the directory, */
	words.is_combined = _i == 2; /* of the call, of a call that combines */
	init();
	ck_assert_msg(enroll(_i > 0, false) == SL_DEVICE_DONE, "%s", r->text);
	challenge_is_of_the_session(sl_buf_view(&far.est.first_csr));
	ck_assert_uint_eq(far.edhoc.completed, 1);
}
END_TEST

START_TEST(names_no_session_when_not_told)
{
	init();
	ck_assert_msg(enroll(false, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_ok(sl_csr_decode(&csr, sl_buf_view(&far.est.first_csr)));
	ck_assert(!csr.has_challenge);
}
END_TEST

/* The context is lost between the anchors and the request: the same key in another request. */
START_TEST(names_the_new_session)
{
	init();
	far.forgets_after = 1;
	far.forgets = 1;
	ck_assert_msg(enroll(true, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_eq(far.edhoc.completed, 2);
	ck_assert_uint_eq(r->edhoc_runs, 2);
	ck_assert_uint_eq(far.est.enrolments, 1); /* the first one never came in */
	challenge_is_of_the_session(sl_buf_view(&far.est.first_csr));
	ck_assert_int_eq(steps[step_count - 1], SL_DEVICE_CERTIFICATE_KEPT);
}
END_TEST

/* It is lost while the anchors are asked for once more: the request is made anew, too. */
START_TEST(names_the_new_session_after_new_anchors)
{
	init();
	far.est.gives_anchor_of_another = true;
	ck_assert_msg(sl_device_crts(d, 20000) == SL_DEVICE_DONE, "%s", r->text);
	far.est.gives_anchor_of_another = false;
	far.forgets_after = 1;
	far.forgets = 1;
	ck_assert_msg(enroll(true, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_eq(far.edhoc.completed, 2);
	ck_assert(far.est.csr_changed);
	ck_assert_uint_eq(far.est.issued_count, 1); /* the key is the same */
}
END_TEST

START_TEST(names_no_session_for_ever)
{
	const struct sl_device_enrolment wish = {.timeout_ms = 3000, .is_bound = true};

	init();
	far.forgets_after = 1;
	far.forgets = 1000;
	ck_assert_int_eq(sl_device_enroll(d, &wish), SL_DEVICE_NO_ANSWER);
	ck_assert_uint_le(r->edhoc_runs, 1 + EXCHANGE_RUNS_MAX); /* then it pauses */
	ck_assert(sl_device_show(d)->has_pending_request);
}
END_TEST

/* --- a directory ----------------------------------------------------------------------------- */

START_TEST(makes_a_directory_from_a_file)
{
	static const char text[] =
	        "{\"identity\": \"other-name\", \"edhoc\": {\"key\": \"key\","
	        "\"credential\": \"credential\", \"peers\": [\"peer\"], \"method\": 3}}";
	const char *file = put("provisioning", sl_span_text(text), 0400);
	char at[64], path[160];
	const struct sl_device_where where = {.server = at, .root = "/est"};
	struct sl_device_why why;
	struct stat st;

	snprintf(at, sizeof at, "coap://127.0.0.1:%u", (unsigned)far.port);
	ck_assert_msg(sl_device_init(state, file, &where, &why) == SL_OK, "%s", why.text);
	snprintf(path, sizeof path, "%s/edhoc-key.pem", state);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0400);
	open_it();
	ck_assert_str_eq(sl_device_show(d)->identity, "other-name");
	gets();
	ck_assert_err(sl_device_init(state, file, &where, &why), SL_EIO); /* it is open */
	sl_device_close(d);
	d = NULL;
	ck_assert_err(sl_device_init(state, file, &where, &why), SL_EREPLAY);
}
END_TEST

START_TEST(makes_no_directory_of_what_does_not_fit)
{
	const struct sl_device_where where = {.server = "coap://a"};
	struct sl_device_why why;
	char pem[1024];

	words.suites = "0";
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EUNSUPPORTED);
	ck_assert_msg(strstr(why.text, "suites: 0") != NULL, "%s", why.text);
	words.suites = NULL;
	words.identity = "a\nb";
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EMALFORMED);
	words.identity = NULL;
	ck_assert_ok(sl_pkey_to_pem(server.key, pem, sizeof pem));
	words.key = put("key", sl_span_text(pem), 0400);
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EAUTH);
	words.key = put("key", sl_span_text(pem), 0644); /* others may read it */
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EAUTH);
	words.key = "/nowhere/key";
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, NULL), SL_ENOTFOUND);
	words.key = NULL;
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EMALFORMED);
	ck_assert_int_ne(access(state, F_OK), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("exchange_session");
	TCase *t = tcase_create("exchange");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, combines_two_round_trips);
	tcase_add_test(t, combines_the_first_block_only);
	tcase_add_test(t, goes_apart_when_the_proxy_refuses);
	tcase_add_loop_test(t, begins_anew_when_the_server_forgot_the_run, 0, 2);
	tcase_add_loop_test(t, names_the_session, 0, 3);
	tcase_add_test(t, names_no_session_when_not_told);
	tcase_add_test(t, names_the_new_session);
	tcase_add_test(t, names_the_new_session_after_new_anchors);
	tcase_add_test(t, names_no_session_for_ever);
	tcase_add_test(t, makes_a_directory_from_a_file);
	tcase_add_test(t, makes_no_directory_of_what_does_not_fit);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
