/* SPDX-License-Identifier: BSD-2-Clause
 * What the scenarios do not reach: the order of wishes, odd calls, failures of the machine. */
#include "session.h"

#include "fake_est.h"
#include "support.h"

#include <string.h>

static struct sl_oscore_ctx device, server;
static struct session_config config;
static struct session *s;
static const struct inner_request request = {.code = SL_COAP_GET, .path = "/a"};

static void
set_up(void)
{
	fake_contexts(&device, &server);
	session_config_init(&config);
	ck_assert_ok(session_new(&s, &device, &config));
}

static void
tear_down(void)
{
	session_free(s);
	s = NULL;
	sl_oscore_ctx_clear(&device);
	sl_oscore_ctx_clear(&server);
}

/* RFC 8613 B.1.1: nothing leaves before its number is durable. */
START_TEST(sends_nothing_before_numbers_are_durable)
{
	struct sl_span datagram;

	ck_assert_int_eq(session_wants(s), SESSION_NOTHING);
	ck_assert_uint_eq(session_wakeup(s), UINT64_MAX);
	ck_assert_ok(session_start(s, &request, 0));
	ck_assert_int_eq(session_wants(s), SESSION_RESERVE);
	ck_assert(!session_next(s, &datagram));
	session_on_time(s, 100000);
	ck_assert(!session_next(s, &datagram));
	ck_assert_uint_eq(session_reserve_limit(s), SESSION_RESERVE_DEFAULT);
	session_on_reserved(s, SESSION_RESERVE_DEFAULT, 0);
	ck_assert_int_eq(session_wants(s), SESSION_WAIT);
	ck_assert(session_next(s, &datagram));
	ck_assert_uint_eq(device.ssn, 1);
}
END_TEST

START_TEST(reserves_no_further_than_the_end)
{
	device.ssn = device.ssn_limit = SL_OSCORE_SSN_END - 5;
	ck_assert_ok(session_start(s, &request, 0));
	ck_assert_uint_eq(session_reserve_limit(s), SL_OSCORE_SSN_END);
}
END_TEST

START_TEST(never_asks_in_a_circle)
{
	ck_assert_ok(session_start(s, &request, 0));
	session_on_reserved(s, 0, 0);
	ck_assert_int_eq(session_wants(s), SESSION_FINISHED);
	ck_assert_int_eq(session_result(s)->outcome, SESSION_FAILED);
}
END_TEST

START_TEST(ends_when_the_machine_fails)
{
	ck_assert_ok(session_start(s, &request, 0));
	session_on_failure(s);
	ck_assert_int_eq(session_wants(s), SESSION_FINISHED);
	ck_assert_int_eq(session_result(s)->outcome, SESSION_FAILED);
	session_on_reserved(s, 32, 0); /* too late: nothing happens */
	ck_assert_int_eq(session_wants(s), SESSION_FINISHED);
	ck_assert_uint_eq(device.ssn_limit, 0);
}
END_TEST

START_TEST(refuses_a_bad_request_and_stays_idle)
{
	static const struct inner_request bad = {.code = SL_COAP_GET, .path = "/a//b"};

	ck_assert_err(session_start(s, &bad, 0), SL_EMALFORMED);
	ck_assert_int_eq(session_wants(s), SESSION_NOTHING);
}
END_TEST

START_TEST(ends_when_told)
{
	sl_oscore_reserve(&device, 10);
	ck_assert_ok(session_start(s, &request, 0));
	session_end_by(s, 500);
	session_end_by(s, 900); /* later is not earlier */
	ck_assert_uint_eq(session_wakeup(s), 500);
	session_on_time(s, 499);
	ck_assert_int_eq(session_wants(s), SESSION_WAIT);
	session_on_time(s, 500);
	ck_assert_int_eq(session_result(s)->outcome, SESSION_SILENT);
}
END_TEST

/* One unprotected answer: the session must pause, and how long depends on the hint. */
static const struct {
	const char *because;
	uint8_t code;
	bool has_max_age;
	uint32_t max_age_s;
	uint64_t least_ms, most_ms; /* jitter adds at most a half */
} hints[] = {
        {"the first pause is two seconds", SL_COAP_GATEWAY_TIMEOUT, false, 0, 2000, 3000},
        {"5.03 says how long", SL_COAP_SERVICE_UNAVAILABLE, true, 10, 10000, 15000},
        {"5.03 says less than we would wait", SL_COAP_SERVICE_UNAVAILABLE, true, 1, 2000, 3000},
        {"a liar may not say forever", SL_COAP_SERVICE_UNAVAILABLE, true, 4294967295U, 60000,
                90000},
        {"Max-Age of another error is not for us", SL_COAP_BAD_GATEWAY, true, 30, 2000, 3000},
};

START_TEST(pauses_after_a_hint)
{
	struct sl_coap_msg sent, hint;
	struct sl_span datagram;
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	sl_oscore_reserve(&device, 10);
	ck_assert_ok(session_start(s, &request, 0));
	ck_assert(session_next(s, &datagram));
	ck_assert_ok(sl_coap_decode(&sent, datagram));
	sl_coap_msg_init(&hint, hints[_i].code);
	hint.type = SL_COAP_ACK;
	hint.message_id = sent.message_id;
	hint.token_len = sent.token_len;
	memcpy(hint.token, sent.token, sizeof hint.token);
	if (hints[_i].has_max_age)
		ck_assert_ok(sl_coap_add_uint(&hint, SL_COAP_MAX_AGE, hints[_i].max_age_s));
	ck_assert_ok(sl_coap_encode(&w, &hint));
	session_on_datagram(s, sl_writer_span(&w), 0);
	ck_assert_int_eq(session_wants(s), SESSION_WAIT);
	ck_assert(!session_next(s, &datagram));
	ck_assert_msg(
	        session_wakeup(s) >= hints[_i].least_ms && session_wakeup(s) <= hints[_i].most_ms,
	        "%llu ms although %s", (unsigned long long)session_wakeup(s), hints[_i].because);
	session_on_time(s, session_wakeup(s));
	ck_assert(session_next(s, &datagram));
	ck_assert_uint_eq(device.ssn, 2); /* protected again, RFC 8613 section 7.2.1 */
}
END_TEST

/* A challenger without end costs three rounds, then counts as an error like any other. */
START_TEST(returns_an_outer_echo_a_few_times)
{
	unsigned requests = 0;
	uint64_t now_ms = 0;

	sl_oscore_reserve(&device, 100);
	ck_assert_ok(session_start(s, &request, 0));
	while (session_wants(s) == SESSION_WAIT && requests < 100) {
		struct sl_coap_msg sent, challenge;
		struct sl_span datagram;
		uint8_t bytes[64];
		struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

		if (!session_next(s, &datagram)) {
			now_ms = session_wakeup(s);
			session_on_time(s, now_ms);
			continue;
		}
		requests++;
		ck_assert_ok(sl_coap_decode(&sent, datagram));
		sl_coap_msg_init(&challenge, SL_COAP_UNAUTHORIZED);
		challenge.type = SL_COAP_ACK;
		challenge.message_id = sent.message_id;
		challenge.token_len = sent.token_len;
		memcpy(challenge.token, sent.token, sizeof challenge.token);
		ck_assert_ok(sl_coap_add(&challenge, SL_COAP_ECHO, sl_span_text("again")));
		ck_assert_ok(sl_coap_encode(&w, &challenge));
		session_on_datagram(s, sl_writer_span(&w), now_ms);
	}
	ck_assert_uint_eq(requests, 1 + SESSION_ECHO_ROUNDS_MAX + SESSION_HINTS_MAX);
	ck_assert_int_eq(session_result(s)->outcome, SESSION_HINTED);
	ck_assert_uint_eq(session_counts(s).echo_outer, SESSION_ECHO_ROUNDS_MAX);
}
END_TEST

/* No unprotected 2.xx is data (RFC 8613 section 8.4 step 1). */
START_TEST(takes_no_data_from_an_unprotected_success)
{
	static const uint8_t codes[] = {
	        SL_COAP_CONTENT, SL_COAP_CHANGED, SL_COAP_CREATED, SL_COAP_VALID};
	struct sl_coap_msg sent, lie;
	struct sl_span datagram;
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	sl_oscore_reserve(&device, 10);
	ck_assert_ok(session_start(s, &request, 0));
	ck_assert(session_next(s, &datagram));
	ck_assert_ok(sl_coap_decode(&sent, datagram));
	sl_coap_msg_init(&lie, codes[_i]);
	lie.type = SL_COAP_ACK;
	lie.message_id = sent.message_id;
	lie.token_len = sent.token_len;
	memcpy(lie.token, sent.token, sizeof lie.token);
	lie.payload = sl_span_text("all is well");
	ck_assert_ok(sl_coap_encode(&w, &lie));
	session_on_datagram(s, sl_writer_span(&w), 0);
	ck_assert_int_ne(session_wants(s), SESSION_FINISHED);
	ck_assert_uint_eq(session_counts(s).hints, 1);
}
END_TEST

/* --- EDHOC ------------------------------------------------------------------------------------ */

static const uint8_t message_3[] = {0x43, 1, 2, 3};

static void
reply(const struct sl_coap_msg *to, struct sl_coap_msg *msg)
{
	uint8_t bytes[256];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	msg->type = SL_COAP_ACK;
	msg->message_id = to->message_id;
	msg->token_len = to->token_len;
	memcpy(msg->token, to->token, sizeof msg->token);
	ck_assert_ok(sl_coap_encode(&w, msg));
	session_on_datagram(s, sl_writer_span(&w), 0);
}

static struct sl_coap_msg
next_request(void)
{
	static uint8_t bytes[2048];
	struct sl_span datagram;
	struct sl_coap_msg msg;

	ck_assert(session_next(s, &datagram));
	memcpy(bytes, datagram.ptr, datagram.len);
	ck_assert_ok(sl_coap_decode(&msg, sl_span(bytes, datagram.len)));
	return msg;
}

static bool
is_combined(const struct sl_coap_msg *msg)
{
	bool has_option = sl_coap_find(msg, SL_COAP_EDHOC) != NULL;

	ck_assert_int_eq(
	        has_option, msg->payload.len > 4 && memcmp(msg->payload.ptr, message_3, 4) == 0);
	return has_option;
}

static const struct {
	const char *because;
	uint8_t code;
	int format; /* -1: none */
	const char *payload;
	enum session_outcome outcome;
} combined_replies[] = {
        {"the proxy knows no EDHOC option", SL_COAP_BAD_OPTION, -1, "", SESSION_UNCOMBINED},
        {"the server is busy", SL_COAP_SERVICE_UNAVAILABLE, -1, "", SESSION_UNCOMBINED},
        {"the server has no such run", SL_COAP_BAD_REQUEST, -1, "", SESSION_UNCOMBINED},
        {"4.01 says nothing about a context that is not there yet", SL_COAP_UNAUTHORIZED, -1, "",
                SESSION_UNCOMBINED},
        {"an EDHOC error is one", SL_COAP_BAD_REQUEST, 64, "03f5", SESSION_EDHOC_ERROR},
        {"also with 5.00", SL_COAP_INTERNAL_SERVER_ERROR, 64, "0160", SESSION_EDHOC_ERROR},
        {"no error comes with success", SL_COAP_CHANGED, 64, "03f5", SESSION_UNCOMBINED},
};

START_TEST(ends_when_a_combined_request_does_not_do)
{
	struct sl_coap_msg sent, msg;

	sl_oscore_reserve(&device, 10);
	session_combine(s, sl_span(message_3, sizeof message_3));
	ck_assert_ok(session_start(s, &request, 0));
	sent = next_request();
	ck_assert(is_combined(&sent));
	sl_coap_msg_init(&msg, combined_replies[_i].code);
	if (combined_replies[_i].format >= 0)
		ck_assert_ok(sl_coap_add_uint(
		        &msg, SL_COAP_CONTENT_FORMAT, (uint32_t)combined_replies[_i].format));
	msg.payload = hex(combined_replies[_i].payload);
	reply(&sent, &msg);
	ck_assert_int_eq(session_wants(s), SESSION_FINISHED);
	ck_assert_msg(session_result(s)->outcome == combined_replies[_i].outcome, "%s",
	        combined_replies[_i].because);
	if (combined_replies[_i].outcome == SESSION_EDHOC_ERROR)
		ck_assert_bytes(session_result(s)->edhoc_error, hex(combined_replies[_i].payload));
	/* then the request alone, with another number */
	ck_assert_ok(session_start(s, &request, 0));
	sent = next_request();
	ck_assert(!is_combined(&sent));
	ck_assert_uint_eq(device.ssn, 2);
}
END_TEST

/* The same message_3 with a new number (RFC 8613 section 7.2.1). */
START_TEST(combines_again_after_an_outer_echo)
{
	struct sl_coap_msg sent, msg;

	sl_oscore_reserve(&device, 10);
	session_combine(s, sl_span(message_3, sizeof message_3));
	ck_assert_ok(session_start(s, &request, 0));
	sent = next_request();
	sl_coap_msg_init(&msg, SL_COAP_UNAUTHORIZED);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, sl_span_text("alive?")));
	reply(&sent, &msg);
	sent = next_request();
	ck_assert(is_combined(&sent));
	ck_assert_ptr_nonnull(sl_coap_find(&sent, SL_COAP_ECHO));
	ck_assert_uint_eq(device.ssn, 2);
}
END_TEST

START_TEST(combines_no_message_that_is_too_long)
{
	static const uint8_t bytes[OUTER_COMBINED_MAX];
	struct sl_span datagram;

	sl_oscore_reserve(&device, 10);
	session_combine(s, sl_span(bytes, sizeof bytes));
	ck_assert_ok(session_start(s, &request, 0));
	ck_assert_int_eq(session_wants(s), SESSION_FINISHED);
	ck_assert_int_eq(session_result(s)->outcome, SESSION_UNCOMBINED);
	ck_assert(!session_next(s, &datagram));
}
END_TEST

START_TEST(ends_at_4_01_when_the_context_can_be_made_anew)
{
	struct sl_coap_msg sent, msg;

	session_free(s);
	config.is_renewable = true;
	ck_assert_ok(session_new(&s, &device, &config));
	sl_oscore_reserve(&device, 10);
	ck_assert_ok(session_start(s, &request, 0));
	sent = next_request();
	sl_coap_msg_init(&msg, SL_COAP_SERVICE_UNAVAILABLE);
	reply(&sent, &msg);
	ck_assert_int_eq(session_wants(s), SESSION_WAIT); /* any other hint is waited out */
	session_on_time(s, session_wakeup(s));
	sent = next_request();
	sl_coap_msg_init(&msg, SL_COAP_UNAUTHORIZED);
	reply(&sent, &msg);
	ck_assert_int_eq(session_wants(s), SESSION_FINISHED);
	ck_assert_int_eq(session_result(s)->outcome, SESSION_HINTED);
	ck_assert_uint_eq(session_result(s)->hint_code, SL_COAP_UNAUTHORIZED);
}
END_TEST

START_TEST(shows_what_is_inside_once)
{
	const struct sl_coap_msg *msg;

	sl_oscore_reserve(&device, 10);
	ck_assert_ptr_null(session_seen_request(s));
	ck_assert_ok(session_start(s, &request, 0));
	msg = session_seen_request(s);
	ck_assert_ptr_nonnull(msg);
	ck_assert_uint_eq(msg->code, SL_COAP_GET);
	ck_assert_ptr_null(session_seen_request(s));
	ck_assert_ptr_null(session_seen_response(s));
}
END_TEST

START_TEST(has_a_text_for_every_outcome)
{
	for (int o = SESSION_ANSWERED; o <= SESSION_EDHOC_ERROR; o++)
		ck_assert_ptr_nonnull(session_outcome_text((enum session_outcome)o));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_session");
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, sends_nothing_before_numbers_are_durable);
	tcase_add_test(t, reserves_no_further_than_the_end);
	tcase_add_test(t, never_asks_in_a_circle);
	tcase_add_test(t, ends_when_the_machine_fails);
	tcase_add_test(t, refuses_a_bad_request_and_stays_idle);
	tcase_add_test(t, ends_when_told);
	tcase_add_loop_test(t, pauses_after_a_hint, 0, ARRAY_LEN(hints));
	tcase_add_test(t, returns_an_outer_echo_a_few_times);
	tcase_add_loop_test(t, takes_no_data_from_an_unprotected_success, 0, 4);
	tcase_add_loop_test(
	        t, ends_when_a_combined_request_does_not_do, 0, ARRAY_LEN(combined_replies));
	tcase_add_test(t, combines_again_after_an_outer_echo);
	tcase_add_test(t, combines_no_message_that_is_too_long);
	tcase_add_test(t, ends_at_4_01_when_the_context_can_be_made_anew);
	tcase_add_test(t, shows_what_is_inside_once);
	tcase_add_test(t, has_a_text_for_every_outcome);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
