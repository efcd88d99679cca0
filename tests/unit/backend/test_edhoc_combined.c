/* SPDX-License-Identifier: BSD-2-Clause
 * message_3 and the first OSCORE request in one (RFC 9668 section 3), as the server takes them: EDHOC first, then what
 * is left goes to the OSCORE end point. */
#include "edhoc_fixture.h"

#include <string.h>

static struct edhoc_fixture f;
static struct initiator me;
static struct device d;
static struct edhoc_reply reply;
static struct endpoint_reply answer;

static void
start(void)
{
	edhoc_fixture_make(&f);
}

static void
end(void)
{
	initiator_clear(&me);
	device_clear(&d);
	edhoc_fixture_remove(&f);
}

/* The request as it crosses HTTP: both halves of the body, and the option. */
static struct sl_span message_3, body;

static void
seal(const char *path)
{
	struct sl_coap_msg msg;
	uint8_t bytes[4096];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	make_get(&msg, path);
	device_seal(&d, &msg);
	sl_write_span(&w, message_3);
	sl_write_span(&w, sl_span(d.body, d.body_len));
	body = heap_copy(sl_writer_span(&w));
}

/* A device with message_3 and a sealed GET of the authority's certificates. */
static void
prepare(void)
{
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	initiator_open(&me, &f);
	ck_assert_ok(sl_edhoc_write_message_3(&me.run, sl_span(NULL, 0), &message_3));
	message_3 = heap_copy(message_3);
	initiator_context(&me, &d);
	seal("/est/crts");
}

/* As the HTTP side does: true when the OSCORE end point was asked, then answer is set. */
static bool
post(struct sl_span option, struct sl_span bytes)
{
	struct edhoc_request request = {bytes, f.base.now_ms, T0 + (int64_t)(f.base.now_ms / 1000)};
	struct endpoint_request rest = {
	        .option = option, .now_ms = request.now_ms, .boot_ms = 1, .now = request.now};

	if (!edhoc_endpoint_combined(f.edhoc, &request, option, &reply, &rest.body))
		return false;
	endpoint_handle(f.base.endpoint, &rest, &answer);
	return true;
}

static struct sl_span
option(void)
{
	return sl_span(d.option, d.option_len);
}

static void
ck_assert_served(void)
{
	device_open(&d, &answer);
	ck_assert_uint_eq(d.answer.code, SL_COAP_CONTENT);
}

static void
ck_assert_session_waits(void)
{
	ck_assert_uint_eq(edhoc_endpoint_counts(f.edhoc, f.base.now_ms).half_open, 1);
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, 0);
	ck_assert(post(option(), body));
	ck_assert_served();
}

START_TEST(one_request_is_both)
{
	prepare();
	ck_assert(post(option(), body));
	ck_assert_int_eq(reply.context_id, -1);
	ck_assert_int_eq(answer.context_id, -1);
	ck_assert_served();
	ck_assert_uint_eq(contexts_counts(f.base.contexts).never_used, 0);
}
END_TEST

/* A transport copy: the very answer, not another one. */
START_TEST(a_copy_gets_the_same_bytes)
{
	struct endpoint_reply first;

	prepare();
	ck_assert(post(option(), body));
	first = answer;
	f.base.now_ms += 1000;
	ck_assert(post(option(), body));
	ck_assert(reply.is_repeat);
	ck_assert(answer.is_repeat);
	ck_assert_bytes(sl_span(answer.body, answer.body_len), sl_span(first.body, first.body_len));
	ck_assert_served();
}
END_TEST

/* The session is completed: message_3 with another request, or alone, is not taken. */
START_TEST(after_completion_nothing_else_is_combined)
{
	struct sl_coap_msg msg;
	uint8_t bytes[256];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	prepare();
	ck_assert(post(option(), body));
	((uint8_t *)(uintptr_t)body.ptr)[body.len - 1] ^= 1; /* under the same option */
	ck_assert(!post(option(), body));
	ck_assert_error_1(&reply, 400);
	seal("/est/crts");
	ck_assert(!post(option(), body));
	ck_assert_error_1(&reply, 400);
	sl_edhoc_id_write(&w, initiator_c_r(&me));
	sl_write_span(&w, message_3);
	edhoc_post(&f, sl_writer_span(&w), &reply);
	ck_assert_error_1(&reply, 400);
	make_get(&msg, "/est/crts"); /* the context is as it was */
	ck_assert_uint_eq(device_ask(&d, &f.base, &msg), SL_COAP_CONTENT);
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, 1);
}
END_TEST

START_TEST(after_a_plain_message_3_nothing_is_combined)
{
	uint8_t bytes[256];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	prepare();
	sl_edhoc_id_write(&w, initiator_c_r(&me));
	sl_write_span(&w, message_3);
	edhoc_post(&f, sl_writer_span(&w), &reply);
	ck_assert_int_eq(reply.status, 204);
	ck_assert(!post(option(), body));
	ck_assert_error_1(&reply, 400);
}
END_TEST

START_TEST(a_bad_message_3_makes_no_context)
{
	prepare();
	((uint8_t *)(uintptr_t)body.ptr)[message_3.len - 1] ^= 1;
	ck_assert(!post(option(), body));
	ck_assert_error_1(&reply, 400);
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, 0);
	ck_assert_uint_eq(edhoc_endpoint_counts(f.edhoc, f.base.now_ms).half_open, 0);
}
END_TEST

/* RFC 9668 section 3.3.1: EDHOC is done then, and OSCORE says its own error. */
START_TEST(a_bad_ciphertext_is_the_business_of_oscore)
{
	struct sl_coap_msg msg;

	prepare();
	((uint8_t *)(uintptr_t)body.ptr)[body.len - 1] ^= 1;
	ck_assert(post(option(), body));
	ck_assert_refused(&answer, 400, "Decryption failed");
	make_get(&msg, "/est/crts");
	ck_assert_uint_eq(device_ask(&d, &f.base, &msg), SL_COAP_CONTENT);
}
END_TEST

enum oddity {
	NO_KID,
	KID_CONTEXT,
	NO_PIV,
	NO_OPTION,
	OTHER_KID,
	NO_MESSAGE_3,
	NO_CIPHERTEXT,
	TAG_ONLY,
	NO_BYTE_STRING,
	EMPTY,
	ODDITIES,
};

/* Nothing of it touches the session. */
START_TEST(odd_requests_change_nothing)
{
	struct sl_span opt, bytes;
	uint8_t value[64];
	struct sl_writer w = sl_writer_over(value, sizeof value);
	struct sl_oscore_option parts;

	prepare();
	opt = option();
	bytes = body;
	ck_assert_ok(sl_oscore_option_decode(&parts, opt));
	switch ((enum oddity)_i) {
	case NO_KID:
		parts.has_kid = false;
		break;
	case KID_CONTEXT:
		parts.has_kid_context = true;
		parts.kid_context = hex("01");
		break;
	case NO_PIV:
		parts.partial_iv = sl_span(NULL, 0);
		break;
	case OTHER_KID:
		parts.kid = hex("0102030405");
		break;
	case NO_MESSAGE_3:
		bytes = sl_span(body.ptr + message_3.len, body.len - message_3.len);
		break;
	case NO_CIPHERTEXT:
		bytes = message_3;
		break;
	case TAG_ONLY:
		bytes = sl_span(body.ptr, message_3.len + 8);
		break;
	case NO_BYTE_STRING:
		bytes = hex("01 00112233445566778899");
		break;
	case EMPTY:
		bytes = sl_span(NULL, 0);
		break;
	case NO_OPTION:
	case ODDITIES:
		break;
	}
	ck_assert_ok(sl_oscore_option_encode(&w, &parts));
	opt = _i == NO_OPTION ? sl_span(NULL, 0) : sl_writer_span(&w);
	ck_assert(!post(opt, heap_copy(bytes)));
	ck_assert_error_1(&reply, 400);
	ck_assert_session_waits();
}
END_TEST

START_TEST(no_prefix_of_a_request_is_one)
{
	size_t len;

	prepare();
	/* message_3 is whole in longer ones: then OSCORE decides */
	for (len = 0; len <= message_3.len + 8; len++) {
		ck_assert(!post(option(), heap_copy(sl_span(body.ptr, len))));
		ck_assert_error_1(&reply, 400);
	}
	ck_assert_session_waits();
}
END_TEST

/* RFC 9668 section 3.3.1 step 3: where message_4 is due, a combined request is the client's error, and the run has
 * failed. */
START_TEST(message_4_and_combined_exclude_each_other)
{
	f.base.config.edhoc.sends_message_4 = true;
	prepare();
	ck_assert(!post(option(), body));
	ck_assert_error_1(&reply, 400);
	ck_assert_uint_eq(edhoc_endpoint_counts(f.edhoc, f.base.now_ms).half_open, 0);
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/edhoc_combined");
	TCase *t = tcase_create("edhoc_combined");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_request_is_both);
	tcase_add_test(t, a_copy_gets_the_same_bytes);
	tcase_add_test(t, after_completion_nothing_else_is_combined);
	tcase_add_test(t, after_a_plain_message_3_nothing_is_combined);
	tcase_add_test(t, a_bad_message_3_makes_no_context);
	tcase_add_test(t, a_bad_ciphertext_is_the_business_of_oscore);
	tcase_add_loop_test(t, odd_requests_change_nothing, 0, ODDITIES);
	tcase_add_test(t, no_prefix_of_a_request_is_one);
	tcase_add_test(t, message_4_and_combined_exclude_each_other);
	suite_add_tcase(s, t);
	return run_suite(s);
}
