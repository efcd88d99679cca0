/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC with a server that refuses, or with somebody who touches its messages. */
#include "edhoc_steps_shared.h"

/* --- the server, or somebody in its place, refuses -------------------------------------------- */

static struct sl_span error_message;
static unsigned error_at; /* which answer it takes the place of: 2 or 4 */
static uint8_t error_code;

static void
put_error(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	(void)arg;
	if (n != error_at)
		return;
	sl_coap_msg_init(answer, error_code);
	ck_assert_ok(sl_coap_add_uint(answer, SL_COAP_CONTENT_FORMAT, 64));
	answer->payload = error_message;
}

START_TEST(ends_at_an_error_for_message_1)
{
	error_message = hex(errors[_i].message);
	error_at = 2;
	error_code = SL_COAP_BAD_REQUEST;
	l.far.spoil = put_error;
	lab_run(&l);
	ends(EDHOC_RUN_REFUSED);
	ck_assert_str_eq(edhoc_run_text(l.run), errors[_i].text);
	ck_assert_uint_eq(l.requests, 1); /* never an error in answer to an error */
	ck_assert_uint_eq(l.far.errors, 0);
}
END_TEST

/* Here the Responder has its context already, but the error says that it has not. */
START_TEST(ends_at_an_error_for_message_3)
{
	error_message = hex(errors[_i].message);
	error_at = 4;
	error_code = SL_COAP_INTERNAL_SERVER_ERROR;
	l.far.spoil = put_error;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_UNWANTED);
	ck_assert_str_eq(edhoc_run_text(l.run), errors[_i].text);
	ck_assert_uint_eq(l.requests, 2);
}
END_TEST

START_TEST(is_not_wanted_when_the_server_does_not_know_it)
{
	fake_party_ccs(&other, SL_PKEY_P256, "another", SL_LABEL_KID);
	fake_known(&l.far.known[0], &other);
	lab_run(&l);
	ends(EDHOC_RUN_UNWANTED);
	says("does not know our credential");
}
END_TEST

static const char *const no_errors[] = {
        "",
        "00",
        "00 60",
        "01",
        "01 02",
        "02",
        "02 80",
        "02 81 02",
        "03",
        "03 f4",
        "03 f5 00",
        "01 61",
        "f5",
        "60",
        "18 01 60",
};

/* What is no error message is a hint, as anything of the proxy's. */
START_TEST(takes_no_error_out_of_rubbish)
{
	error_message = hex(no_errors[_i]);
	error_at = 2;
	error_code = SL_COAP_BAD_REQUEST;
	l.far.spoil = put_error;
	lab_run(&l);
	ends(EDHOC_RUN_SILENT);
	ck_assert_uint_eq(l.requests, 1 + EDHOC_RUN_HINTS_MAX);
	ck_assert_ptr_null(strstr(l.heard, "error"));
}
END_TEST

/* RFC 9528 section 6.3: error 2 answers message_1 only. */
START_TEST(ignores_error_2_for_message_3)
{
	error_message = hex("02 03");
	error_at = 4;
	error_code = SL_COAP_GATEWAY_TIMEOUT; /* so that it is asked again */
	l.far.spoil = put_error;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_SILENT);
	ck_assert_uint_eq(edhoc_run_counts(l.run).suites_tried, 1);
	ck_assert_uint_eq(l.requests, 2 + EDHOC_RUN_HINTS_MAX);
}
END_TEST

/* One that names the suite that was tried would be a loop. */
START_TEST(never_goes_in_a_circle_of_suites)
{
	error_message = hex("02 82 02 03");
	error_at = 2;
	error_code = SL_COAP_BAD_REQUEST;
	l.far.spoil = put_error;
	lab_run(&l);
	ends(EDHOC_RUN_REFUSED);
	says("it has 2 3");
	ck_assert_uint_eq(l.requests, 1);
}
END_TEST

static void
put_other_suite(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	static const uint8_t two[] = {2, 2}, three[] = {2, 3};
	const struct sl_span all[] = {{three, 2}, {two, 2}};

	(void)arg;
	error_message = all[(l.requests + 1) % 2]; /* the other one than just tried */
	error_at = n;                              /* in place of message_2 and of the true error */
	error_code = SL_COAP_BAD_REQUEST;
	put_error(NULL, n, answer);
}

START_TEST(tries_each_suite_once)
{
	l.far.spoil = put_other_suite;
	lab_run(&l);
	ends(EDHOC_RUN_REFUSED);
	ck_assert_uint_eq(l.requests, 2);
	ck_assert_uint_eq(edhoc_run_counts(l.run).suites_tried, 2);
}
END_TEST

/* --- message_4 ------------------------------------------------------------------------------- */

START_TEST(insists_on_message_4)
{
	l.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_BAD_PEER);
	says("no message_4");
}
END_TEST

START_TEST(refuses_a_message_4_that_nobody_agreed_on)
{
	l.profile.message_4 = SL_EDHOC_M4_NEVER;
	l.far.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_BAD_PEER);
}
END_TEST

/* --- somebody touches the messages ------------------------------------------------------------ */

static unsigned touched; /* which message */
static size_t touched_bit, touched_len;
static enum { FLIP, CUT, GROW } touch;
static bool was_touched;

static void
touch_it(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	static uint8_t bytes[2048];
	size_t len = answer->payload.len;

	(void)arg;
	if (n != touched)
		return;
	memcpy(bytes, answer->payload.ptr, len);
	if (touch == FLIP) {
		was_touched = touched_bit / 8 < len;
		if (was_touched)
			bytes[touched_bit / 8] ^= (uint8_t)(1U << touched_bit % 8);
	} else if (touch == CUT) {
		was_touched = touched_len < len;
		len = was_touched ? touched_len : len;
	} else {
		was_touched = true;
		bytes[len++] = 0;
	}
	answer->payload = heap_copy(sl_span(bytes, len));
}

static void
never_completes(void)
{
	was_touched = false;
	lab_drop(&l);
	lab_run(&l);
	if (was_touched)
		ck_assert_msg(edhoc_run_outcome(l.run) != EDHOC_RUN_DONE, "message_%u: %zu, %zu",
		        touched, touched_bit, touched_len);
	hex_release();
}

static void
touch_everything(unsigned n)
{
	touched = n;
	l.far.spoil = touch_it;
	l.config.backoff_ms = 10;
	touch = FLIP;
	for (touched_bit = 0; touched_bit == 0 || was_touched; touched_bit++)
		never_completes();
	ck_assert_uint_ge(touched_bit, 9 * 8);
	touch = CUT;
	for (touched_len = 1; touched_len == 1 || was_touched; touched_len++)
		never_completes();
	touch = GROW;
	never_completes();
	ck_assert(was_touched);
}

START_TEST(refuses_every_touched_message_2)
{
	touch_everything(2);
}
END_TEST

START_TEST(refuses_every_touched_message_4)
{
	l.far.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	l.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	touch_everything(4);
}
END_TEST

static uint8_t recorded[256];
static size_t recorded_len;

static void
replay(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	(void)arg;
	if (n != 2)
		return;
	if (recorded_len == 0) {
		memcpy(recorded, answer->payload.ptr, answer->payload.len);
		recorded_len = answer->payload.len;
	} else {
		answer->payload = sl_span(recorded, recorded_len);
	}
}

START_TEST(refuses_message_2_of_another_run)
{
	recorded_len = 0;
	l.far.spoil = replay;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_DONE);
	fake_edhoc_forget(&l.far);
	lab_drop(&l);
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
}
END_TEST

static void
put_long_message(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	static uint8_t bytes[2048];

	(void)arg;
	if (n != 2)
		return;
	memset(bytes, 0x5a, sizeof bytes);
	memcpy(bytes, "\x59\x07\xfd", 3); /* a bstr of 2045 */
	answer->payload = sl_span(bytes, sizeof bytes);
}

START_TEST(survives_a_long_message_2)
{
	l.far.spoil = put_long_message;
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc_refusals");
	TCase *t = tcase_create("steps");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, ends_at_an_error_for_message_1, 0, ARRAY_LEN(errors));
	tcase_add_loop_test(t, ends_at_an_error_for_message_3, 0, ARRAY_LEN(errors));
	tcase_add_test(t, is_not_wanted_when_the_server_does_not_know_it);
	tcase_add_loop_test(t, takes_no_error_out_of_rubbish, 0, ARRAY_LEN(no_errors));
	tcase_add_test(t, ignores_error_2_for_message_3);
	tcase_add_test(t, never_goes_in_a_circle_of_suites);
	tcase_add_test(t, tries_each_suite_once);
	tcase_add_test(t, insists_on_message_4);
	tcase_add_test(t, refuses_a_message_4_that_nobody_agreed_on);
	tcase_add_test(t, refuses_every_touched_message_2);
	tcase_add_test(t, refuses_every_touched_message_4);
	tcase_add_test(t, refuses_message_2_of_another_run);
	tcase_add_test(t, survives_a_long_message_2);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
