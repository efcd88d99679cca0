/* SPDX-License-Identifier: BSD-2-Clause
 * The EDHOC end point with every input in every state, and one face for every failure. */
#include "edhoc_endpoint_shared.h"

/* --- every input in every state ------------------------------------------------------------------------- */

enum state { NONE, WAITS, DONE, DONE_4, FORGOTTEN };
enum input {
	NEW_1,
	SAME_1,
	GOOD_3,
	OTHER_3,
	SHORT_3,
	ERROR_1,
	ERROR_2,
	ERROR_3,
	BAD_ERROR,
	ONLY_C_R,
	GARBAGE,
	OSCORE,
};
enum after { IS_GONE, STILL_WAITS, HAS_CONTEXT };

/* From RFC 9528 sections 5 to 7 and appendix I; 4.01 of OSCORE is 403 over HTTP. */
static const struct {
	enum state state;
	enum input input;
	int status;
	enum after after;
} matrix[] = {
        {NONE, NEW_1, 200, IS_GONE},
        {NONE, SAME_1, 200, IS_GONE},
        {NONE, GOOD_3, 400, IS_GONE},
        {NONE, OTHER_3, 400, IS_GONE},
        {NONE, SHORT_3, 400, IS_GONE},
        {NONE, ERROR_1, 204, IS_GONE},
        {NONE, ERROR_2, 204, IS_GONE},
        {NONE, ERROR_3, 204, IS_GONE},
        {NONE, BAD_ERROR, 400, IS_GONE},
        {NONE, ONLY_C_R, 400, IS_GONE},
        {NONE, GARBAGE, 400, IS_GONE},
        {NONE, OSCORE, 403, IS_GONE},
        {WAITS, NEW_1, 200, STILL_WAITS},
        {WAITS, SAME_1, 200, STILL_WAITS},
        {WAITS, GOOD_3, 204, HAS_CONTEXT},
        {WAITS, OTHER_3, 400, IS_GONE},
        {WAITS, SHORT_3, 400, IS_GONE},
        {WAITS, ERROR_1, 204, IS_GONE},
        {WAITS, ERROR_2, 204, STILL_WAITS}, /* it answers message_1 only */
        {WAITS, ERROR_3, 204, IS_GONE},
        {WAITS, BAD_ERROR, 400, STILL_WAITS},
        {WAITS, ONLY_C_R, 400, STILL_WAITS},
        {WAITS, GARBAGE, 400, STILL_WAITS},
        {WAITS, OSCORE, 403, STILL_WAITS},
        {DONE, NEW_1, 200, HAS_CONTEXT},
        {DONE, SAME_1, 200, HAS_CONTEXT},
        {DONE, GOOD_3, 204, HAS_CONTEXT},
        {DONE, OTHER_3, 400, HAS_CONTEXT},
        {DONE, SHORT_3, 400, HAS_CONTEXT},
        {DONE, ERROR_1, 204, HAS_CONTEXT},
        {DONE, ERROR_2, 204, HAS_CONTEXT},
        {DONE, ERROR_3, 204, HAS_CONTEXT},
        {DONE, BAD_ERROR, 400, HAS_CONTEXT},
        {DONE, ONLY_C_R, 400, HAS_CONTEXT},
        {DONE, GARBAGE, 400, HAS_CONTEXT},
        {DONE, OSCORE, 200, HAS_CONTEXT},
        {DONE_4, NEW_1, 200, HAS_CONTEXT},
        {DONE_4, SAME_1, 200, HAS_CONTEXT},
        {DONE_4, GOOD_3, 200, HAS_CONTEXT},
        {DONE_4, OTHER_3, 400, HAS_CONTEXT},
        {DONE_4, SHORT_3, 400, HAS_CONTEXT},
        {DONE_4, ERROR_1, 204, HAS_CONTEXT},
        {DONE_4, ERROR_2, 204, HAS_CONTEXT},
        {DONE_4, ERROR_3, 204, HAS_CONTEXT},
        {DONE_4, BAD_ERROR, 400, HAS_CONTEXT},
        {DONE_4, ONLY_C_R, 400, HAS_CONTEXT},
        {DONE_4, GARBAGE, 400, HAS_CONTEXT},
        {DONE_4, OSCORE, 200, HAS_CONTEXT},
        {FORGOTTEN, NEW_1, 200, HAS_CONTEXT},
        {FORGOTTEN, SAME_1, 200, HAS_CONTEXT},
        {FORGOTTEN, GOOD_3, 400, HAS_CONTEXT},
        {FORGOTTEN, OTHER_3, 400, HAS_CONTEXT},
        {FORGOTTEN, SHORT_3, 400, HAS_CONTEXT},
        {FORGOTTEN, ERROR_1, 204, HAS_CONTEXT},
        {FORGOTTEN, ERROR_2, 204, HAS_CONTEXT},
        {FORGOTTEN, ERROR_3, 204, HAS_CONTEXT},
        {FORGOTTEN, BAD_ERROR, 400, HAS_CONTEXT},
        {FORGOTTEN, ONLY_C_R, 400, HAS_CONTEXT},
        {FORGOTTEN, GARBAGE, 400, HAS_CONTEXT},
        {FORGOTTEN, OSCORE, 200, HAS_CONTEXT},
};

static struct sl_span first, third, answer_2, answer_3;

/* Up to the state; first and third are what the device sends for it. */
static void
bring(enum state state)
{
	f.base.config.edhoc.sends_message_4 = state == DONE_4;
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	first = initiator_first(&me);
	edhoc_post(&f, first, &reply);
	answer_2 = heap_copy(sl_span(reply.body, reply.body_len));
	third = initiator_third(&me, &reply);
	initiator_context(&me, &d);
	if (state == NONE)
		f.base.now_ms += f.config.sessions.life_ms;
	if (state == NONE || state == WAITS)
		return;
	edhoc_post(&f, third, &reply);
	answer_3 = heap_copy(sl_span(reply.body, reply.body_len));
	if (state == FORGOTTEN)
		f.base.now_ms += f.config.sessions.remember_ms;
}

static struct sl_span
with_c_r(const char *rest)
{
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	sl_edhoc_id_write(&w, initiator_c_r(&me));
	sl_write_span(&w, hex(rest));
	return heap_copy(sl_writer_span(&w));
}

static struct sl_span
changed(struct sl_span bytes)
{
	struct sl_span copy = heap_copy(bytes);

	((uint8_t *)(uintptr_t)copy.ptr)[copy.len - 1] ^= 1;
	return copy;
}

static struct sl_span
body_of(enum input input)
{
	switch (input) {
	case NEW_1:
		initiator_make(&other, 2, 3, 2);
		return initiator_first(&other);
	case SAME_1:
		return first;
	case GOOD_3:
		return third;
	case OTHER_3:
		return changed(third);
	case SHORT_3:
		return with_c_r("40");
	case ERROR_1:
		return with_c_r("01 63 626164");
	case ERROR_2:
		return with_c_r("02 02");
	case ERROR_3:
		return with_c_r("03 f5");
	case BAD_ERROR:
		return with_c_r("01 01");
	case ONLY_C_R:
		return with_c_r("");
	case GARBAGE:
	case OSCORE:
		break;
	}
	return hex("a1 01 02");
}

static void
ck_assert_after(enum after after)
{
	struct edhoc_reply last;

	switch (after) {
	case IS_GONE:
		edhoc_post(&f, third, &last);
		ck_assert_error_1(&last, 400);
		break;
	case STILL_WAITS:
		edhoc_post(&f, third, &last);
		ck_assert_int_eq(last.status, 204);
		ck_assert_int_eq(last.context_id, -1);
		break;
	case HAS_CONTEXT:
		ck_assert_uint_eq(ask_for_certificates(), SL_COAP_CONTENT);
		ck_assert_uint_eq(contexts_counts(f.base.contexts).made, 1);
		break;
	}
}

START_TEST(every_input_in_every_state)
{
	struct endpoint_reply sealed;
	struct sl_coap_msg msg;

	bring(matrix[_i].state);
	if (matrix[_i].input == OSCORE) {
		make_get(&msg, "/est/crts");
		device_seal(&d, &msg);
		device_post(&d, &f.base, &sealed);
		ck_assert_int_eq(sealed.status, matrix[_i].status);
	} else {
		edhoc_post(&f, body_of(matrix[_i].input), &reply);
		ck_assert_msg(reply.status == matrix[_i].status, "row %d: status %d, not %d", _i,
		        reply.status, matrix[_i].status);
		if (reply.status == 400)
			ck_assert_error_1(&reply, 400);
		if (reply.status == 204)
			ck_assert_uint_eq(reply.body_len, 0);
	}
	ck_assert_after(matrix[_i].after);
}
END_TEST

/* Section 7: the same bytes, not the same message made again. */
START_TEST(copies_get_the_same_bytes)
{
	struct edhoc_reply copy;
	int i;

	bring(_i == 0 ? WAITS : DONE_4);
	for (i = 0; i < 20; i++) {
		edhoc_post(&f, _i == 0 ? first : third, &copy);
		ck_assert_int_eq(copy.status, 200);
		ck_assert(copy.is_repeat);
		ck_assert_bytes(sl_span(copy.body, copy.body_len), _i == 0 ? answer_2 : answer_3);
		f.base.now_ms += 1000;
	}
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, _i == 0 ? 0 : 1);
}
END_TEST

/* --- one face for every failure (T38) ------------------------------------------------------------------- */

enum failure {
	WRONG_MAC,
	WRONG_CRED,
	UNKNOWN_KID,
	UNKNOWN_CCS,
	UNKNOWN_X5T,
	UNKNOWN_X5U,
	BAD_CHAIN,
	BAG,
	WRONG_KEY_TYPE,
	CRITICAL_EAD,
	REVOKED,
	FLIPPED,
	CUT,
	NO_SESSION,
	LATE,
	FAILURES,
};

static void
spoil(enum failure failure)
{
	const struct sl_pkey *key;

	switch (failure) {
	case WRONG_MAC:
		initiator_make(&other, 2, 3, 2);
		key = me.own.key;
		me.own.key = other.own.key;
		other.own.key = key;
		break;
	case WRONG_CRED:
		me.own_bytes[5] ^= 1;
		break;
	case UNKNOWN_KID:
		me.own.id_cred = id_cred(4, hex("42 7777"));
		break;
	case UNKNOWN_CCS:
		me.own_bytes[5] ^= 1;
		me.own.id_cred = id_cred(14, me.own.cred);
		break;
	case UNKNOWN_X5T:
		me.own.id_cred = id_cred(34, hex("82 2e 48 0102030405060708"));
		break;
	case UNKNOWN_X5U:
		me.own.id_cred = id_cred(35, hex("69 687474703a2f2f612f"));
		break;
	case BAD_CHAIN:
		me.own.id_cred = id_cred(33, hex("43 300101"));
		break;
	case BAG:
		me.own.id_cred = id_cred(32, hex("43 300101"));
		break;
	case WRONG_KEY_TYPE:
		me.own.id_cred = id_cred(4, hex("42 0103")); /* Ed25519 of device 1 */
		break;
	default:
		break;
	}
}

static struct sl_span
third_with(enum failure failure)
{
	static const struct sl_edhoc_ead_item critical = {.label = -1};
	static const int64_t label = 1;
	uint8_t bytes[8], wrapped[600];
	struct sl_writer ead = sl_writer_over(bytes, sizeof bytes);
	struct sl_writer w = sl_writer_over(wrapped, sizeof wrapped);
	struct sl_span message;

	if (failure != CRITICAL_EAD)
		return initiator_third(&me, NULL);
	me.profile.ead_labels = &label; /* the device knows it, we do not */
	me.profile.ead_label_count = 1;
	sl_edhoc_ead_write(&ead, &critical);
	ck_assert_ok(sl_edhoc_write_message_3(&me.run, sl_writer_span(&ead), &message));
	sl_edhoc_id_write(&w, initiator_c_r(&me));
	sl_write_span(&w, message);
	return heap_copy(sl_writer_span(&w));
}

static void
revoke_device_1(void)
{
	char text[80];
	uint8_t hash[SL_SHA256_LEN];

	initiator_make(&other, 1, 3, 2);
	ck_assert_ok(sl_sha256(other.own.cred, hash));
	ck_assert_ok(sl_hex_encode(text, sizeof text, sl_span(hash, sizeof hash)));
	edhoc_write_file(&f, "revoked.txt", sl_span_text(text));
	snprintf(f.base.config.edhoc.revoked, sizeof f.base.config.edhoc.revoked, "%s/revoked.txt",
	        f.dir);
}

START_TEST(every_failure_looks_alike)
{
	enum failure failure = (enum failure)_i;
	struct sl_span body;

	if (failure == REVOKED)
		revoke_device_1();
	if (failure == WRONG_KEY_TYPE)
		edhoc_fixture_add_25519(&f);
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	initiator_open(&me, &f);
	spoil(failure);
	body = third_with(failure);
	if (failure == FLIPPED)
		body = changed(body);
	if (failure == CUT)
		body = heap_copy(sl_span(body.ptr, body.len - 1));
	if (failure == NO_SESSION)
		f.base.now_ms += f.config.sessions.life_ms;
	if (failure == LATE) {
		edhoc_post(&f, body, &reply);
		ck_assert_int_eq(reply.status, 204);
		body = changed(body);
	}
	edhoc_post(&f, body, &reply);
	ck_assert_error_1(&reply, 400);
	ck_assert_ptr_nonnull(reply.reason);
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, failure == LATE ? 1 : 0);
	if (failure != LATE)
		ck_assert_uint_eq(edhoc_endpoint_counts(f.edhoc, f.base.now_ms).half_open, 0);
}
END_TEST

/* Every byte of message_3 counts, and a guess is made once. */
START_TEST(one_attempt_a_session)
{
	struct sl_span good, bad;
	size_t at;

	edhoc_fixture_start(&f);
	for (at = 0; at < 18; at++) { /* from behind: tag, MAC, kid */
		initiator_make(&me, 1, 3, 2);
		initiator_open(&me, &f);
		good = initiator_third(&me, NULL);
		bad = heap_copy(good);
		((uint8_t *)(uintptr_t)bad.ptr)[bad.len - 1 - at] ^= (uint8_t)(1 << at % 8);
		edhoc_post(&f, bad, &reply);
		ck_assert_error_1(&reply, 400);
		edhoc_post(&f, good, &reply);
		ck_assert_error_1(&reply, 400);
		initiator_clear(&me);
		f.base.now_ms += 1000;
	}
}
END_TEST

/* --- faults of ours ------------------------------------------------------------------------------------- */

START_TEST(a_full_table_of_contexts_is_busy)
{
	f.contexts_max = 1;
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	initiator_run(&me, &f, &d);
	ck_assert_uint_eq(ask_for_certificates(), SL_COAP_CONTENT);
	initiator_make(&other, 2, 3, 2);
	initiator_open(&other, &f);
	edhoc_post(&f, initiator_third(&other, NULL), &reply);
	ck_assert_int_eq(reply.status, 503);
	ck_assert_uint_eq(reply.retry_after_s, 1);
	ck_assert_uint_eq(reply.body_len, 0);
	ck_assert_uint_eq(ask_for_certificates(), SL_COAP_CONTENT);
}
END_TEST

START_TEST(an_unreadable_revocation_file_is_our_fault)
{
	char path[CONFIG_PATH_MAX + 1];

	revoke_device_1();
	edhoc_fixture_start(&f);
	initiator_make(&me, 2, 3, 2);
	initiator_open(&me, &f);
	snprintf(path, sizeof path, "%s", f.base.config.edhoc.revoked);
	ck_assert_int_eq(remove(path), 0);
	edhoc_post(&f, initiator_third(&me, NULL), &reply);
	ck_assert_error_1(&reply, 500);
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, 0);
}
END_TEST

START_TEST(a_method_that_is_off_is_refused)
{
	f.base.config.edhoc.methods = 1u << 0 | 1u << 3;
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 1, 2);
	edhoc_post(&f, initiator_first(&me), &reply);
	ck_assert_error_1(&reply, 400);
}
END_TEST

START_TEST(what_cannot_be_made_is_refused)
{
	struct edhoc_endpoint *e = NULL;
	struct edhoc_config config;

	edhoc_fixture_start(&f);
	config = f.config;
	config.budget_percent = 0;
	ck_assert_err(edhoc_endpoint_new(&e, &config), SL_EMALFORMED);
	config = f.config;
	config.sessions.sessions_max = 0;
	ck_assert_err(edhoc_endpoint_new(&e, &config), SL_EMALFORMED);
	ck_assert_ptr_null(e);
	edhoc_endpoint_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/edhoc_states");
	TCase *t = tcase_create("edhoc_endpoint");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, every_input_in_every_state, 0, ARRAY_LEN(matrix));
	tcase_add_loop_test(t, copies_get_the_same_bytes, 0, 2);
	tcase_add_loop_test(t, every_failure_looks_alike, 0, FAILURES);
	tcase_add_test(t, one_attempt_a_session);
	tcase_add_test(t, a_full_table_of_contexts_is_busy);
	tcase_add_test(t, an_unreadable_revocation_file_is_our_fault);
	tcase_add_test(t, a_method_that_is_off_is_refused);
	tcase_add_test(t, what_cannot_be_made_is_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
