/* SPDX-License-Identifier: BSD-2-Clause
 * The end point against a device made with lib/oscore: enrolment, every refusal of RFC 8613 section 8.2, exact
 * repeats, restarts (appendix B.1), and copies that arrive at once. */
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

static void
seal_enrolment(struct device *device, uint8_t n)
{
	struct sl_coap_msg msg;

	make_post(&msg, "/est/sen", SL_EST_PKIX_CERT, make_csr(n));
	device_seal(device, &msg);
}

static void
get(struct sl_coap_msg *msg, const char *path)
{
	sl_coap_msg_init(msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_path(msg, path));
}

static void
ck_assert_refused(const struct endpoint_reply *reply, int status, const char *text)
{
	ck_assert_int_eq(reply->status, status);
	ck_assert_str_eq(reply->text, text);
	ck_assert_uint_eq(reply->option_len, 0);
	ck_assert_uint_eq(reply->body_len, 0);
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

	get(&msg, "/est/crts");
	device_seal(&d, &msg);
	device_post(&d, &f, &reply);
	d.ctx.ssn--;
	get(&msg, "/est/att");
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

	get(&msg, "/est/crts");
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

	get(&msg, "/est/att");
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
	get(&msg, "/est/att");
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

	get(&msg, "/est/att");
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

/* RFC 8613 appendix B.1.2 */
START_TEST(after_a_restart_an_echo_comes_first)
{
	struct endpoint_reply reply;
	struct sl_coap_msg msg, again;
	const struct sl_coap_option *echo;

	get(&msg, "/est/att");
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

	get(&again, "/est/att");
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

	get(&msg, "/est/att");
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
	get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_UNAUTHORIZED);
	get(&again, "/est/att");
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
	get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	ck_assert_uint_eq(device_ask(&other, &f, &msg), SL_COAP_CONTENT);
	fixture_restart(&f);
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_UNAUTHORIZED);
	echo = heap_copy(sl_coap_option_value(sl_coap_find(&d.answer, SL_COAP_ECHO)));

	get(&again, "/est/att");
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
	get(&msg, "/est/att");
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
	get(&msg, "/est/att");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	ck_assert_ok(store_context_get(f.store, id, &stored));
	ck_assert_uint_eq(stored.ssn_limit, 1024);
	store_context_clear(&stored);
}
END_TEST

/* Mark before effect: what fails in the service is still marked. */
START_TEST(a_refused_request_is_marked_too)
{
	struct endpoint_reply reply;
	struct sl_coap_msg msg;

	get(&msg, "/nothing/here");
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_NOT_FOUND);
	f.now_ms += 300000;
	device_post(&d, &f, &reply);
	ck_assert_refused(&reply, 403, "Replay detected");
}
END_TEST

/* --- inner blocks --------------------------------------------------------------------------------------- */

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

	get(&msg, "/est/att");
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_OBSERVE, 0));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_NO_RESPONSE, 26));
	ck_assert_uint_eq(device_ask(&d, &f, &msg), SL_COAP_CONTENT);
	ck_assert_ptr_null(sl_coap_find(&d.answer, SL_COAP_OBSERVE));
}
END_TEST

/* --- threads -------------------------------------------------------------------------------------------- */

#define THREADS 8

struct copy {
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct endpoint_reply reply;
};

static void *
post_copy(void *arg)
{
	struct copy *c = arg;

	pthread_barrier_wait(c->barrier);
	device_post(&d, &f, &c->reply);
	return NULL;
}

START_TEST(copies_at_once_have_one_effect)
{
	static struct copy copies[THREADS];
	pthread_barrier_t barrier;
	int round, i, good;

	for (round = 0; round < 10; round++) {
		const struct endpoint_reply *first = NULL;

		seal_enrolment(&d, 1);
		pthread_barrier_init(&barrier, NULL, THREADS);
		for (i = 0; i < THREADS; i++) {
			copies[i].barrier = &barrier;
			ck_assert_int_eq(
			        pthread_create(&copies[i].thread, NULL, post_copy, &copies[i]), 0);
		}
		for (i = 0, good = 0; i < THREADS; i++) {
			pthread_join(copies[i].thread, NULL);
			if (copies[i].reply.status != 200) {
				ck_assert_int_eq(copies[i].reply.status, 503);
				continue;
			}
			good++;
			if (first == NULL)
				first = &copies[i].reply;
			ck_assert_bytes(sl_span(copies[i].reply.body, copies[i].reply.body_len),
			        sl_span(first->body, first->body_len));
		}
		pthread_barrier_destroy(&barrier);
		ck_assert_int_ge(good, 1);
		ck_assert_uint_eq(count_certificates(f.store), (size_t)round + 1);
	}
}
END_TEST

struct worker {
	pthread_t thread;
	struct device device;
	int good;
};

/* No assertions here: libcheck counts on one thread only. */
static void *
ask_often(void *arg)
{
	struct worker *w = arg;
	struct endpoint_reply reply;
	struct sl_coap_msg msg;
	int i;

	sl_coap_msg_init(&msg, SL_COAP_GET);
	if (sl_coap_add_path(&msg, "/est/crts") != SL_OK)
		return NULL;
	for (i = 0; i < 50; i++) {
		struct sl_oscore_sealed sealed = {
		        .buf = w->device.body, .cap = sizeof w->device.body};
		struct sl_oscore_open open = {
		        w->device.plain, sizeof w->device.plain, &w->device.answer};

		if (sl_oscore_protect_request(
		            &w->device.ctx, &msg, false, &sealed, &w->device.exchange) != SL_OK)
			break;
		memcpy(w->device.option, sealed.option, sealed.option_len);
		w->device.option_len = sealed.option_len;
		w->device.body_len = sealed.ciphertext.len;
		device_post(&w->device, &f, &reply);
		if (reply.status != 200 ||
		        sl_oscore_unprotect_response(&w->device.ctx, &w->device.exchange,
		                sl_span(reply.option, reply.option_len),
		                sl_span(reply.body, reply.body_len), &open) != SL_OSCORE_OK ||
		        w->device.answer.code != SL_COAP_CONTENT)
			break;
		w->good++;
	}
	return NULL;
}

START_TEST(contexts_work_side_by_side)
{
	static struct worker workers[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		fixture_add_context(f.store, (uint8_t)(10 + i));
	fixture_restart(&f);
	for (i = 0; i < THREADS; i++) {
		workers[i].good = 0;
		device_make(&workers[i].device, (uint8_t)(10 + i));
		ck_assert_int_eq(
		        pthread_create(&workers[i].thread, NULL, ask_often, &workers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		ck_assert_int_eq(workers[i].good, 50);
		device_clear(&workers[i].device);
	}
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
	tcase_add_test(t, after_a_restart_an_echo_comes_first);
	tcase_add_test(t, restarts_never_reuse_a_sequence_number);
	tcase_add_test(t, a_captured_request_stays_refused_after_a_restart);
	tcase_add_test(t, an_echo_that_is_old_or_of_another_is_asked_again);
	tcase_add_test(t, a_new_context_needs_no_echo_after_a_restart);
	tcase_add_test(t, use_is_durable_before_the_effect);
	tcase_add_test(t, a_refused_request_is_marked_too);
	tcase_add_test(t, enrols_in_blocks);
	tcase_add_test(t, blocks_belong_to_their_context);
	tcase_add_test(t, observe_and_no_response_are_ignored);
	tcase_add_test(t, copies_at_once_have_one_effect);
	tcase_add_test(t, contexts_work_side_by_side);
	suite_add_tcase(s, t);
	return run_suite(s);
}
