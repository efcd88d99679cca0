/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 8613 appendix B.1 at the end point: what a restart may forget and what it may not. */
#include "support.h"

#include <string.h>

#include "fixture.h"

static struct fixture f;
static struct device d;

static void
start(void)
{
	fixture_make(&f);
	fixture_start(&f);
	fixture_add_context(f.store, 1);
	fixture_restart(&f);
	device_make(&d, 1);
}

static void
end(void)
{
	device_clear(&d);
	fixture_stop(&f);
	fixture_remove(&f);
}

/* RFC 8613 appendix B.1.2 */
START_TEST(after_a_restart_an_echo_comes_first)
{
	struct endpoint_reply reply;
	struct sl_coap_msg msg, again;
	const struct sl_coap_option *echo;

	make_get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	fixture_restart(&f);

	device_seal(&d, &msg);
	device_post(&d, &f, &reply);
	device_open(&d, &reply);
	ck_assert_uint_eq(d.answer.code, SL_COAP_UNAUTHORIZED);
	ck_assert_uint_eq(d.answer.option_count, 1);
	ck_assert_uint_eq(d.answer.payload.len, 0);
	echo = sl_coap_find(&d.answer, SL_COAP_ECHO);
	ck_assert_ptr_nonnull(echo);
	ck_assert_msg(reply.option_len > 0, "the challenge must carry a Partial IV of the server");

	make_get(&again, "/est/att");
	ck_assert_ok(sl_coap_add(&again, SL_COAP_ECHO, heap_copy(sl_coap_option_value(echo))));
	ck_assert_uint_eq(device_ask(&d, &f, &again), SL_COAP_CONTENT);
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
}
END_TEST

/* No sequence number of the server is used twice, however often it restarts. */
START_TEST(restarts_never_reuse_a_sequence_number)
{
	struct endpoint_reply reply;
	struct sl_coap_msg msg;
	struct sl_oscore_option opt;
	uint8_t last[SL_OSCORE_PIV_MAX] = {0};
	size_t last_len = 0;
	int i;

	make_get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	for (i = 0; i < 20; i++) {
		if (i % 3 == 0)
			fixture_restart(&f);
		device_seal(&d, &msg);
		device_post(&d, &f, &reply);
		device_open(&d, &reply);
		ck_assert_uint_eq(d.answer.code, SL_COAP_UNAUTHORIZED);
		ck_assert_ok(
		        sl_oscore_option_decode(&opt, sl_span(reply.option, reply.option_len)));
		ck_assert(opt.partial_iv.len > last_len ||
		          (opt.partial_iv.len == last_len &&
		                  memcmp(opt.partial_iv.ptr, last, last_len) > 0));
		last_len = opt.partial_iv.len;
		memcpy(last, opt.partial_iv.ptr, last_len);
	}
}
END_TEST

START_TEST(a_captured_request_stays_refused_after_a_restart)
{
	struct device captured;
	struct endpoint_reply reply;
	struct sl_coap_msg msg, again;

	seal_enrolment(&d, 1);
	captured = d;
	device_post(&d, &f, &reply);
	ck_assert_uint_eq(count_certificates(f.store), 1);
	fixture_restart(&f);
	device_post(&captured, &f, &reply);
	device_open(&captured, &reply);
	ck_assert_uint_eq(captured.answer.code, SL_COAP_UNAUTHORIZED);

	/* the device finds the window; the captured one is now left of it */
	make_get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_UNAUTHORIZED);
	make_get(&again, "/est/att");
	ck_assert_ok(sl_coap_add(&again, SL_COAP_ECHO,
	        heap_copy(sl_coap_option_value(sl_coap_find(&d.answer, SL_COAP_ECHO)))));
	ck_assert_uint_eq(device_ask(&d, &f, &again), SL_COAP_CONTENT);
	f.now_ms += 300000;
	device_post(&captured, &f, &reply);
	ck_assert_refused(&reply, 403, "Replay detected");
	ck_assert_uint_eq(count_certificates(f.store), 1);
}
END_TEST

START_TEST(an_echo_that_is_old_or_of_another_is_asked_again)
{
	struct sl_coap_msg msg, again;
	struct device other;
	struct sl_span echo;

	fixture_add_context(f.store, 2);
	fixture_restart(&f);
	device_make(&other, 2);
	make_get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	ck_assert_uint_eq(device_ask(&other, &f, &msg), SL_COAP_CONTENT);
	fixture_restart(&f);
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_UNAUTHORIZED);
	echo = heap_copy(sl_coap_option_value(sl_coap_find(&d.answer, SL_COAP_ECHO)));

	make_get(&again, "/est/att");
	ck_assert_ok(sl_coap_add(&again, SL_COAP_ECHO, echo));
	ck_assert_uint_eq(device_ask(&other, &f, &again), SL_COAP_UNAUTHORIZED);
	f.now_ms += 121000;
	ck_assert_uint_eq(device_ask(&d, &f, &again), SL_COAP_UNAUTHORIZED);
	device_clear(&other);
}
END_TEST

/* A context that never accepted a request has no window to lose: no round trip more. */
START_TEST(a_new_context_needs_no_echo_after_a_restart)
{
	struct sl_coap_msg msg;

	fixture_restart(&f);
	make_get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
}
END_TEST

/* The store knows that a context is in use before anything is done for it. */
START_TEST(use_is_durable_before_the_effect)
{
	struct store_context stored;
	struct sl_coap_msg msg;
	int64_t id = fixture_find(&f, 1)->id;

	ck_assert_ok(store_context_get(f.store, id, &stored));
	ck_assert_uint_eq(stored.ssn_limit, 0);
	store_context_clear(&stored);
	make_get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	ck_assert_ok(store_context_get(f.store, id, &stored));
	ck_assert_uint_eq(stored.ssn_limit, 1024);
	store_context_clear(&stored);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/endpoint_restart");
	TCase *t = tcase_create("endpoint_restart");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, after_a_restart_an_echo_comes_first);
	tcase_add_test(t, restarts_never_reuse_a_sequence_number);
	tcase_add_test(t, a_captured_request_stays_refused_after_a_restart);
	tcase_add_test(t, an_echo_that_is_old_or_of_another_is_asked_again);
	tcase_add_test(t, a_new_context_needs_no_echo_after_a_restart);
	tcase_add_test(t, use_is_durable_before_the_effect);
	suite_add_tcase(s, t);
	return run_suite(s);
}
