/* SPDX-License-Identifier: BSD-2-Clause
 * The enrolment machine with answers written by hand; whole enrolments run in
 * tests/scenario/device. */
#include "enrol.h"

#include "fake_est.h"
#include "support.h"

#include <string.h>

static struct fake_est est;
static struct enrol *e;
static const struct moment zero = {0, FAKE_EST_EPOCH};
static uint8_t cms[2048];
static size_t cms_len;

static struct enrol_config
config_for(enum enrol_operation operation)
{
	struct enrol_config config = {
	        .operation = operation, .root = "/est", .accept = 281, .give_up_ms = 600000};

	return config;
}

static void
set_up(void)
{
	struct sl_span ca;

	fake_est_init(&est);
	ca = sl_span(est.ca, est.ca_len);
	ck_assert_ok(sl_cms_certs_only(&ca, 1, cms, sizeof cms, &cms_len));
}

static void
tear_down(void)
{
	enrol_free(e);
	e = NULL;
	fake_est_clear(&est);
}

static void
start(enum enrol_operation operation)
{
	struct enrol_config config = config_for(operation);

	ck_assert_ok(enrol_new(&e, &config, NULL, zero));
}

static struct session_result
answer(uint8_t code, struct sl_span body)
{
	struct session_result r = {.outcome = SESSION_ANSWERED};

	r.answer.code = code;
	r.answer.has_format = SL_COAP_CODE_CLASS(code) == 2;
	r.answer.format = 281;
	r.answer.max_age_s = 60;
	r.answer.body = body;
	return r;
}

static void
give(uint8_t code, struct sl_span body)
{
	struct session_result r = answer(code, body);

	enrol_on_result(e, &r, zero);
}

START_TEST(asks_for_anchors_first)
{
	start(ENROL_SEN);
	ck_assert_int_eq(enrol_wants(e), ENROL_ASK);
	ck_assert_uint_eq(enrol_request(e)->code, SL_COAP_GET);
	ck_assert_str_eq(enrol_request(e)->path, "/est/crts");
	ck_assert_uint_eq(enrol_request(e)->accept, 281);
	give(SL_COAP_CONTENT, sl_span(cms, cms_len));
	ck_assert_int_eq(enrol_wants(e), ENROL_KEEP_ANCHORS);
	ck_assert_uint_eq(enrol_anchors(e)->count, 1);
	enrol_on_kept(e);
	ck_assert_int_eq(enrol_wants(e), ENROL_PREPARE);
	enrol_on_prepared(e, sl_span_text("csr"), sl_span_text("spki"));
	ck_assert_int_eq(enrol_wants(e), ENROL_ASK);
	ck_assert_uint_eq(enrol_request(e)->code, SL_COAP_POST);
	ck_assert_str_eq(enrol_request(e)->path, "/est/sen");
	ck_assert_uint_eq(enrol_request(e)->format, 286);
	ck_assert(sl_span_equal_text(enrol_request(e)->body, "csr"));
}
END_TEST

START_TEST(does_not_ask_for_anchors_that_it_has)
{
	struct enrol_config config = config_for(ENROL_SREN);
	struct certs anchors;

	certs_init(&anchors);
	ck_assert_ok(certs_add(&anchors, sl_span(est.ca, est.ca_len)));
	ck_assert_ok(enrol_new(&e, &config, &anchors, zero));
	certs_clear(&anchors);
	ck_assert_int_eq(enrol_wants(e), ENROL_PREPARE);
	enrol_on_prepared(e, sl_span_text("csr"), sl_span_text("spki"));
	ck_assert_str_eq(enrol_request(e)->path, "/est/sren");
	ck_assert_uint_eq(enrol_anchors(e)->count, 1);
}
END_TEST

START_TEST(is_done_with_anchors_when_that_was_all)
{
	start(ENROL_CRTS);
	give(SL_COAP_CONTENT, sl_span(cms, cms_len));
	enrol_on_kept(e);
	ck_assert_int_eq(enrol_wants(e), ENROL_FINISHED);
	ck_assert_int_eq(enrol_outcome(e), ENROL_DONE);
}
END_TEST

static const struct {
	const char *because;
	uint8_t code;
	enum enrol_outcome outcome;
} codes[] = {
        {"a GET is answered 2.05", SL_COAP_CHANGED, ENROL_BAD_ANSWER},
        {"nothing was created", SL_COAP_CREATED, ENROL_BAD_ANSWER},
        {"4.00 is a refusal", SL_COAP_BAD_REQUEST, ENROL_REFUSED},
        {"4.01 without Echo is a refusal", SL_COAP_UNAUTHORIZED, ENROL_REFUSED},
        {"4.03 is a refusal", SL_COAP_FORBIDDEN, ENROL_REFUSED},
        {"4.04 is a refusal", SL_COAP_NOT_FOUND, ENROL_REFUSED},
        {"4.06 is a refusal", SL_COAP_NOT_ACCEPTABLE, ENROL_REFUSED},
};

START_TEST(ends_at_an_authentic_refusal)
{
	start(ENROL_CRTS);
	give(codes[_i].code, sl_span(NULL, 0));
	ck_assert_int_eq(enrol_wants(e), ENROL_FINISHED);
	ck_assert_msg(enrol_outcome(e) == codes[_i].outcome, "%s", codes[_i].because);
	ck_assert_uint_eq(enrol_code(e), codes[_i].code);
}
END_TEST

static const struct {
	const char *because;
	bool has_format;
	uint32_t format;
	const char *body;
} bodies[] = {
        {"it is empty", true, 281, ""},
        {"it is no CMS", true, 281, "3000"},
        {"the format is another", true, 285, "3000"},
        {"a certificate is no CMS, nor the other way", true, 287, "3000"},
        {"the default format is CMS", false, 0, "3000"},
};

START_TEST(keeps_nothing_that_is_no_certificate)
{
	struct session_result r = answer(SL_COAP_CONTENT, hex(bodies[_i].body));

	start(ENROL_CRTS);
	r.answer.has_format = bodies[_i].has_format;
	r.answer.format = bodies[_i].format;
	enrol_on_result(e, &r, zero);
	ck_assert_msg(enrol_wants(e) == ENROL_FINISHED && enrol_outcome(e) == ENROL_BAD_ANSWER,
	        "went on although %s", bodies[_i].because);
	ck_assert_uint_eq(enrol_anchors(e)->count, 0);
	ck_assert_str_ne(enrol_text(e), "");
}
END_TEST

/* Pauses double from 15 s to 300 s, each with at most a half more. */
START_TEST(pauses_longer_each_time)
{
	struct session_result silent = {.outcome = SESSION_SILENT};
	struct enrol_config config = config_for(ENROL_CRTS);
	struct moment now = zero;
	uint64_t want_ms = 15000;

	config.give_up_ms = 7200000;
	ck_assert_ok(enrol_new(&e, &config, NULL, zero));
	for (int i = 0; i < 8; i++) {
		enrol_on_result(e, &silent, now);
		ck_assert_int_eq(enrol_wants(e), ENROL_PAUSE);
		ck_assert_uint_ge(enrol_wakeup(e) - now.ms, want_ms);
		ck_assert_uint_le(enrol_wakeup(e) - now.ms, want_ms + want_ms / 2);
		enrol_on_time(e, enrol_wakeup(e) - 1);
		ck_assert_int_eq(enrol_wants(e), ENROL_PAUSE);
		now.ms = enrol_wakeup(e);
		enrol_on_time(e, now.ms);
		ck_assert_int_eq(enrol_wants(e), ENROL_ASK);
		ck_assert_uint_eq(enrol_wakeup(e), UINT64_MAX);
		want_ms = want_ms * 2 > 300000 ? 300000 : want_ms * 2;
	}
}
END_TEST

START_TEST(does_not_pause_beyond_its_time)
{
	struct session_result hinted = {
	        .outcome = SESSION_HINTED, .hint_code = SL_COAP_BAD_GATEWAY};
	struct moment late = {590000, FAKE_EST_EPOCH};

	start(ENROL_CRTS);
	enrol_on_result(e, &hinted, late);
	ck_assert_int_eq(enrol_wants(e), ENROL_FINISHED);
	ck_assert_int_eq(enrol_outcome(e), ENROL_NO_ANSWER);
	ck_assert_ptr_nonnull(strstr(enrol_text(e), "5.02"));
	ck_assert_uint_eq(enrol_code(e), 0); /* nothing authentic came */
	ck_assert_uint_eq(enrol_deadline(e), 600000);
}
END_TEST

START_TEST(ends_when_numbers_or_the_machine_end)
{
	struct session_result r = {.outcome = _i == 0 ? SESSION_EXHAUSTED : SESSION_FAILED};

	start(ENROL_CRTS);
	enrol_on_result(e, &r, zero);
	ck_assert_int_eq(enrol_wants(e), ENROL_FINISHED);
	ck_assert_int_eq(enrol_outcome(e), ENROL_FAILED);
}
END_TEST

START_TEST(takes_calls_out_of_turn_for_nothing)
{
	start(ENROL_SEN);
	enrol_on_prepared(e, sl_span_text("csr"), sl_span_text("spki"));
	enrol_on_kept(e);
	enrol_on_time(e, 1);
	ck_assert_int_eq(enrol_wants(e), ENROL_ASK);
	ck_assert_str_eq(enrol_request(e)->path, "/est/crts");
	enrol_on_failure(e);
	give(SL_COAP_CONTENT, sl_span(cms, cms_len));
	ck_assert_int_eq(enrol_outcome(e), ENROL_FAILED);
}
END_TEST

START_TEST(limits_what_is_prepared)
{
	static uint8_t big[ENROL_CSR_MAX + 1];

	start(ENROL_SEN);
	give(SL_COAP_CONTENT, sl_span(cms, cms_len));
	enrol_on_kept(e);
	enrol_on_prepared(e, sl_span(big, sizeof big), sl_span_text("spki"));
	ck_assert_int_eq(enrol_outcome(e), ENROL_FAILED);
}
END_TEST

START_TEST(refuses_a_root_that_is_no_path)
{
	struct enrol_config config = config_for(ENROL_CRTS);

	config.root = "est";
	ck_assert_err(enrol_new(&e, &config, NULL, zero), SL_EMALFORMED);
	config.root = "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	ck_assert_err(enrol_new(&e, &config, NULL, zero), SL_EMALFORMED);
	for (int o = ENROL_DONE; o <= ENROL_FAILED; o++)
		ck_assert_ptr_nonnull(enrol_outcome_text((enum enrol_outcome)o));
}
END_TEST

/* EDHOC could not be run: the same pauses as after a request without answer. */
START_TEST(pauses_when_there_is_no_context)
{
	uint64_t pause_ms;

	start(ENROL_SEN);
	enrol_on_no_answer(e, "no answer to EDHOC", zero);
	ck_assert_int_eq(enrol_wants(e), ENROL_PAUSE);
	pause_ms = enrol_wakeup(e);
	ck_assert_uint_ge(pause_ms, ENROL_PAUSE_MS);
	ck_assert_uint_le(pause_ms, ENROL_PAUSE_MS * 3 / 2);
	ck_assert_str_eq(enrol_text(e), "no answer to EDHOC");
	enrol_on_no_answer(e, "while it pauses nothing is asked", zero);
	ck_assert_uint_eq(enrol_wakeup(e), pause_ms);
	enrol_on_time(e, pause_ms);
	ck_assert_int_eq(enrol_wants(e), ENROL_ASK);
	give(SL_COAP_CONTENT, sl_span(cms, cms_len));
	enrol_on_kept(e);
	ck_assert_int_eq(enrol_wants(e), ENROL_PREPARE);
	enrol_on_no_answer(e, "again", zero);
	ck_assert_int_eq(enrol_wants(e), ENROL_PAUSE);
	enrol_on_time(e, enrol_wakeup(e));
	ck_assert_int_eq(enrol_wants(e), ENROL_PREPARE);
}
END_TEST

START_TEST(prepares_again_for_a_new_session)
{
	start(ENROL_SEN);
	enrol_on_new_session(e); /* not about the anchors */
	ck_assert_int_eq(enrol_wants(e), ENROL_ASK);
	give(SL_COAP_CONTENT, sl_span(cms, cms_len));
	enrol_on_kept(e);
	enrol_on_prepared(e, sl_span_text("csr"), sl_span_text("spki"));
	enrol_on_new_session(e);
	ck_assert_int_eq(enrol_wants(e), ENROL_PREPARE);
	enrol_on_prepared(e, sl_span_text("csr of the other"), sl_span_text("spki"));
	ck_assert_int_eq(enrol_wants(e), ENROL_ASK);
	ck_assert(sl_span_equal_text(enrol_request(e)->body, "csr of the other"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_enrol_machine");
	TCase *t = tcase_create("enrol");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, asks_for_anchors_first);
	tcase_add_test(t, does_not_ask_for_anchors_that_it_has);
	tcase_add_test(t, is_done_with_anchors_when_that_was_all);
	tcase_add_loop_test(t, ends_at_an_authentic_refusal, 0, ARRAY_LEN(codes));
	tcase_add_loop_test(t, keeps_nothing_that_is_no_certificate, 0, ARRAY_LEN(bodies));
	tcase_add_test(t, pauses_longer_each_time);
	tcase_add_test(t, does_not_pause_beyond_its_time);
	tcase_add_loop_test(t, ends_when_numbers_or_the_machine_end, 0, 2);
	tcase_add_test(t, takes_calls_out_of_turn_for_nothing);
	tcase_add_test(t, limits_what_is_prepared);
	tcase_add_test(t, pauses_when_there_is_no_context);
	tcase_add_test(t, prepares_again_for_a_new_session);
	tcase_add_test(t, refuses_a_root_that_is_no_path);
	suite_add_tcase(s, t);
	return run_suite(s);
}
