/* SPDX-License-Identifier: BSD-2-Clause
 * The end point against a device made with lib/oscore: enrolment, every refusal of RFC 8613 section 8.2, exact
 * repeats, inner blocks. */
#include "support.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

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

START_TEST(enrols)
{
	struct endpoint_reply reply;
	struct sl_cert cert;

	seal_enrolment(&d, 1);
	device_post(&d, &f, &reply);
	device_open(&d, &reply);
	ck_assert_uint_eq(d.answer.code, SL_COAP_CHANGED);
	ck_assert_ok(sl_cert_decode(&cert, d.answer.payload));
	ck_assert_str_eq(cert.subject_text, "CN=device-1");
	ck_assert_uint_eq(reply.option_len, 0); /* the request's nonce: "AA" */
	ck_assert_str_eq(reply.note.function, "sen");
	ck_assert_uint_eq(count_certificates(f.store), 1);
}
END_TEST

START_TEST(an_exact_repeat_gets_identical_bytes_and_one_effect)
{
	struct endpoint_reply first, second;

	seal_enrolment(&d, 1);
	device_post(&d, &f, &first);
	f.now_ms += 299999;
	device_post(&d, &f, &second);
	ck_assert(second.is_repeat);
	ck_assert_bytes(sl_span(second.body, second.body_len), sl_span(first.body, first.body_len));
	ck_assert_uint_eq(second.option_len, first.option_len);
	ck_assert_uint_eq(count_certificates(f.store), 1);
}
END_TEST

START_TEST(a_repeat_after_the_cache_forgot_is_a_replay)
{
	struct endpoint_reply reply;

	seal_enrolment(&d, 1);
	device_post(&d, &f, &reply);
	f.now_ms += 300000;
	device_post(&d, &f, &reply);
	ck_assert_refused(&reply, 403, "Replay detected");
	ck_assert_uint_eq(count_certificates(f.store), 1);
}
END_TEST

/* Same Partial IV under another text: the window must not care that the cache does not know it. */
START_TEST(the_same_partial_iv_with_other_bytes_is_a_replay)
{
	struct endpoint_reply reply;
	struct sl_coap_msg msg;

	make_get(&msg, "/est/crts");
	device_seal(&d, &msg);
	device_post(&d, &f, &reply);
	d.ctx.ssn--;
	make_get(&msg, "/est/att");
	device_seal(&d, &msg);
	device_post(&d, &f, &reply);
	ck_assert_refused(&reply, 403, "Replay detected");
}
END_TEST

START_TEST(a_message_left_of_the_window_is_a_replay)
{
	struct device old = d;
	struct endpoint_reply reply;
	struct sl_coap_msg msg;

	make_get(&msg, "/est/crts");
	device_seal(&old, &msg); /* Partial IV 0, sent late */
	d.ctx.ssn = 32;
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	device_post(&old, &f, &reply);
	ck_assert_refused(&reply, 403, "Replay detected");
}
END_TEST

START_TEST(every_flipped_bit_fails_and_leaves_the_window_alone)
{
	struct endpoint_reply reply;
	struct sl_coap_msg msg;
	size_t bit;

	make_get(&msg, "/est/att");
	device_seal(&d, &msg);
	for (bit = 0; bit < d.body_len * 8; bit++) {
		d.body[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		device_post(&d, &f, &reply);
		ck_assert_refused(&reply, 400, "Decryption failed");
		d.body[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	device_post(&d, &f, &reply);
	ck_assert_int_eq(reply.status, 200);
}
END_TEST

START_TEST(an_unknown_kid_has_no_context)
{
	struct device stranger;
	struct endpoint_reply reply;

	device_make(&stranger, 2);
	seal_enrolment(&stranger, 2);
	device_post(&stranger, &f, &reply);
	ck_assert_refused(&reply, 403, "Security context not found");
	device_clear(&stranger);
}
END_TEST

/* The kid of device 1 with the keys of another. */
START_TEST(the_wrong_context_does_not_decrypt)
{
	struct device stranger;
	struct endpoint_reply reply;

	device_make(&stranger, 2);
	seal_enrolment(&stranger, 2);
	stranger.option[stranger.option_len - 1] = 1;
	device_post(&stranger, &f, &reply);
	ck_assert_refused(&reply, 400, "Decryption failed");
	ck_assert_uint_eq(count_certificates(f.store), 0);
	device_clear(&stranger);
}
END_TEST

static const struct {
	const char *because, *option;
} bad_options[] = {
        {"a request needs kid and Partial IV", ""},
        {"a zero flag byte must be an empty option", "00"},
        {"the reserved bits must be clear", "290101"},
        {"a Partial IV has at most five bytes", "0e141414141414"},
        {"the Partial IV is cut short", "0a01"},
        {"the kid is missing", "0100"},
        {"the Partial IV is missing", "0801"},
        {"the kid context overruns the option", "190008aa"},
};

START_TEST(a_bad_option_does_not_decode)
{
	struct endpoint_reply reply;
	struct sl_span option = hex(bad_options[_i].option);

	seal_enrolment(&d, 1);
	if (option.len > 0)
		memcpy(d.option, option.ptr, option.len);
	d.option_len = option.len;
	device_post(&d, &f, &reply);
	ck_assert_msg(reply.status == 400, "%d although %s", reply.status, bad_options[_i].because);
	ck_assert_str_eq(reply.text, "Failed to decode COSE");
}
END_TEST

START_TEST(quiet_mode_says_nothing)
{
	struct device stranger;
	struct endpoint_reply reply;
	struct sl_coap_msg msg;

	fixture_stop(&f);
	f.config.quiet_errors = true;
	fixture_start(&f);
	device_make(&stranger, 2);
	seal_enrolment(&stranger, 2);
	device_post(&stranger, &f, &reply);
	ck_assert_refused(&reply, 400, "");
	stranger.option[stranger.option_len - 1] = 1;
	device_post(&stranger, &f, &reply);
	ck_assert_refused(&reply, 400, "");
	stranger.option[0] = 0xff;
	device_post(&stranger, &f, &reply);
	ck_assert_refused(&reply, 400, "");
	make_get(&msg, "/est/att");
	device_seal(&d, &msg);
	device_post(&d, &f, &reply);
	f.now_ms += 300000;
	device_post(&d, &f, &reply);
	ck_assert_refused(&reply, 400, "");
	device_clear(&stranger);
}
END_TEST

/* A failed request is not kept: when its context appears, the same bytes are served. */
START_TEST(refusals_are_not_cached)
{
	struct device late;
	struct endpoint_reply reply;
	struct store *other = NULL;

	device_make(&late, 3);
	seal_enrolment(&late, 3);
	device_post(&late, &f, &reply);
	ck_assert_refused(&reply, 403, "Security context not found");
	ck_assert_ok(store_open(&other, f.config.store, STORE_USE));
	fixture_add_context(other, 3);
	store_close(other);
	f.now_ms += 1000;
	device_post(&late, &f, &reply);
	device_open(&late, &reply);
	ck_assert_uint_eq(late.answer.code, SL_COAP_CHANGED);
	device_clear(&late);
}
END_TEST

START_TEST(a_disabled_context_is_refused)
{
	struct endpoint_reply reply;
	struct sl_coap_msg msg;
	struct store *other = NULL;
	size_t count = 0;

	make_get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	ck_assert_ok(store_open(&other, f.config.store, STORE_USE));
	ck_assert_ok(store_contexts_disable(other, "device-1", &count));
	ck_assert_uint_eq(count, 1);
	store_close(other);
	f.now_ms += 1000;
	device_seal(&d, &msg);
	device_post(&d, &f, &reply);
	ck_assert_refused(&reply, 403, "Security context not found");
}
END_TEST

/* Mark before effect: what fails in the service is still marked. */
START_TEST(a_refused_request_is_marked_too)
{
	struct endpoint_reply reply;
	struct sl_coap_msg msg;

	make_get(&msg, "/nothing/here");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_NOT_FOUND);
	f.now_ms += 300000;
	device_post(&d, &f, &reply);
	ck_assert_refused(&reply, 403, "Replay detected");
}
END_TEST

/* --- inner blocks --------------------------------------------------------------------------------------- */

/* docs/ca.md: a full disk issues nothing, and the device is to come back. */
START_TEST(a_full_disk_is_asked_to_wait_for)
{
	struct endpoint_reply reply;
	struct rlimit before, tight;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = 4096; /* no file may grow beyond one page */
	seal_enrolment(&d, 1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	device_post(&d, &f, &reply);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_refused(&reply, 503, "");
	ck_assert_uint_eq(reply.retry_after_s, 1);
	ck_assert_str_eq(reply.note.outcome, "the store is not available");
	ck_assert_uint_eq(count_certificates(f.store), 0);
	seal_enrolment(&d, 1);
	device_post(&d, &f, &reply);
	device_open(&d, &reply);
	ck_assert_uint_eq(d.answer.code, SL_COAP_CHANGED);
}
END_TEST

START_TEST(a_context_that_somebody_else_uses_says_so)
{
	struct endpoint_reply reply;
	struct context *ctx = fixture_find(&f, 1);

	ck_assert_ok(store_context_reserve(f.store, ctx->id, 5000)); /* as another process does */
	seal_enrolment(&d, 1);
	device_post(&d, &f, &reply);
	ck_assert_refused(&reply, 500, "");
	ck_assert_str_eq(reply.note.outcome, "somebody else uses the context: disabled");
	ck_assert_uint_eq(count_certificates(f.store), 0);
}
END_TEST

START_TEST(enrols_in_blocks)
{
	struct sl_span csr = make_csr(1), payload;
	struct sl_coap_msg msg;
	uint8_t whole[2048];
	size_t len = 0;
	struct sl_coap_block b = {0, true, 2}, got;
	struct sl_cert cert;

	for (b.num = 0; b.more; b.num++) {
		b.more = ((size_t)b.num + 1) * 64 < csr.len;
		payload = sl_span(csr.ptr + b.num * 64, b.more ? 64 : csr.len - b.num * 64);
		make_post(&msg, "/est/sen", SL_EST_PKIX_CERT, payload);
		ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, b));
		if (!b.more)
			ck_assert_ok(sl_coap_add_block(
			        &msg, SL_COAP_BLOCK2, (struct sl_coap_block){0, false, 2}));
		ck_assert_uint_eq(
		        device_ask(&d, &f, &msg), b.more ? SL_COAP_CONTINUE : SL_COAP_CHANGED);
		ck_assert_ok(sl_coap_get_block(&d.answer, SL_COAP_BLOCK1, &got));
		ck_assert_uint_eq(got.num, b.num);
	}
	for (b = (struct sl_coap_block){0, true, 2};;) {
		ck_assert_ok(sl_coap_get_block(&d.answer, SL_COAP_BLOCK2, &got));
		ck_assert_uint_eq(got.num, b.num);
		memcpy(whole + len, d.answer.payload.ptr, d.answer.payload.len);
		len += d.answer.payload.len;
		if (!got.more)
			break;
		b.num++;
		sl_coap_msg_init(&msg, SL_COAP_POST);
		ck_assert_ok(sl_coap_add_path(&msg, "/est/sen"));
		ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, SL_EST_PKIX_CERT));
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK2, (struct sl_coap_block){b.num, false, 2}));
		ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CHANGED);
	}
	ck_assert_uint_gt(b.num, 3);
	ck_assert_ok(sl_cert_decode(&cert, sl_span(whole, len)));
	ck_assert_str_eq(cert.subject_text, "CN=device-1");
	ck_assert_uint_eq(count_certificates(f.store), 1);
}
END_TEST

/* Blocks of two contexts never meet. */
START_TEST(blocks_belong_to_their_context)
{
	struct sl_coap_msg msg;
	struct device other;
	uint8_t block[16] = {0};

	fixture_add_context(f.store, 2);
	fixture_restart(&f);
	device_make(&other, 2);
	make_post(&msg, "/est/sen", 0, sl_span(block, 16));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){0, true, 0}));
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTINUE);
	make_post(&msg, "/est/sen", 0, sl_span(block, 16));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){1, false, 0}));
	ck_assert_uint_eq(device_ask(&other, &f, &msg), SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	device_clear(&other);
}
END_TEST

/* An inner Observe is answered without one: HTTP carries one response (RFC 7641 allows to decline). */
START_TEST(observe_and_no_response_are_ignored)
{
	struct sl_coap_msg msg;

	make_get(&msg, "/est/att");
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_OBSERVE, 0));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_NO_RESPONSE, 26));
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	ck_assert_ptr_null(sl_coap_find(&d.answer, SL_COAP_OBSERVE));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/endpoint");
	TCase *t = tcase_create("endpoint");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, enrols);
	tcase_add_test(t, an_exact_repeat_gets_identical_bytes_and_one_effect);
	tcase_add_test(t, a_repeat_after_the_cache_forgot_is_a_replay);
	tcase_add_test(t, the_same_partial_iv_with_other_bytes_is_a_replay);
	tcase_add_test(t, a_message_left_of_the_window_is_a_replay);
	tcase_add_test(t, every_flipped_bit_fails_and_leaves_the_window_alone);
	tcase_add_test(t, an_unknown_kid_has_no_context);
	tcase_add_test(t, the_wrong_context_does_not_decrypt);
	tcase_add_loop_test(t, a_bad_option_does_not_decode, 0, ARRAY_LEN(bad_options));
	tcase_add_test(t, quiet_mode_says_nothing);
	tcase_add_test(t, refusals_are_not_cached);
	tcase_add_test(t, a_disabled_context_is_refused);
	tcase_add_test(t, a_refused_request_is_marked_too);
	tcase_add_test(t, a_full_disk_is_asked_to_wait_for);
	tcase_add_test(t, a_context_that_somebody_else_uses_says_so);
	tcase_add_test(t, enrols_in_blocks);
	tcase_add_test(t, blocks_belong_to_their_context);
	tcase_add_test(t, observe_and_no_response_are_ignored);
	suite_add_tcase(s, t);
	return run_suite(s);
}
