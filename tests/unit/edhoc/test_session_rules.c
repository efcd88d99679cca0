/* SPDX-License-Identifier: BSD-2-Clause
 * A session of EDHOC from message_3 on, its end, and what it is asked for then. */
#include "session_shared.h"

static struct run other;

START_TEST(as_many_forgeries_are_ignored_as_allowed)
{
	static const uint8_t garbage[] = {
	        0x52, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
	struct sl_span bad = sl_span(garbage, sizeof garbage);
	struct sl_writer w = sl_writer_over(NULL, 0);
	struct sl_edhoc_seen seen;

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_WAIT_M3);
	run.profile.forgeries_max = 2;
	for (int i = 0; i < 2; i++) {
		ck_assert_err(run_read(&run, 3, bad, &seen), SL_EAUTH);
		ck_assert_int_eq(run.s.state, SL_EDHOC_WAIT_M3);
		ck_assert_err(sl_edhoc_write_error(&run.s, &w), SL_ENOTFOUND);
	}
	ck_assert_err(run_read(&run, 3, bad, &seen), SL_EAUTH);
	ck_nothing_left(&run);
	ck_error("01"
	         "71"
	         "70726f63657373696e67206661696c6564"); /* "processing failed" */
	run_end(&run);

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_WAIT_M3);
	run.profile.forgeries_max = 2;
	ck_assert_err(run_read(&run, 3, bad, &seen), SL_EAUTH);
	ck_assert_ok(run_read(&run, 3, v.message[3], &seen));
	ck_assert_ok(run_verify(&run));
}
END_TEST

START_TEST(the_application_refuses)
{
	bring(SL_EDHOC_RESPONDER, SL_EDHOC_READ_M3);
	sl_edhoc_refuse(&run.s, SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL);
	ck_nothing_left(&run);
	ck_error("03f5");
	run_end(&run);
	bring(SL_EDHOC_RESPONDER, SL_EDHOC_VRFD_M1); /* EAD_1 */
	sl_edhoc_refuse(&run.s, SL_EDHOC_ERROR_UNSPECIFIED);
	ck_nothing_left(&run);
	run_end(&run);
	bring(SL_EDHOC_INITIATOR, SL_EDHOC_VRFD_M2);
	sl_edhoc_refuse(&run.s, SL_EDHOC_ERROR_UNSPECIFIED);
	ck_nothing_left(&run);
	run_end(&run);
	bring(SL_EDHOC_INITIATOR, SL_EDHOC_COMPLETED); /* too late */
	sl_edhoc_refuse(&run.s, SL_EDHOC_ERROR_UNSPECIFIED);
	ck_assert_int_eq(run.s.state, SL_EDHOC_COMPLETED);
}
END_TEST

START_TEST(message_4_is_as_agreed)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;

	run_start(&run, &v, SL_EDHOC_RESPONDER);
	run.profile.message_4 = SL_EDHOC_M4_NEVER;
	ck_assert_ok(run_read(&run, 1, v.message[1], &seen));
	ck_assert_ok(run_write_2(&run, &out));
	ck_assert_ok(run_read(&run, 3, v.message[3], &seen));
	ck_assert_ok(run_verify(&run));
	ck_assert_int_eq(run.s.state, SL_EDHOC_PERSISTED);
	ck_assert_uint_eq(sl_edhoc_message(&run.s).len, 0);
	ck_assert_err(sl_edhoc_write_message_4(&run.s, v.ead[4], &out), SL_EREPLAY);
	run_end(&run);

	bring(SL_EDHOC_INITIATOR, SL_EDHOC_COMPLETED);
	ck_assert_err(sl_edhoc_confirm(&run.s), SL_EREPLAY); /* required */
	ck_assert_err(run_read(&run, 4, sl_span(NULL, 0), &seen), SL_EMALFORMED);
	ck_nothing_left(&run);
	run_end(&run);

	bring(SL_EDHOC_INITIATOR, SL_EDHOC_COMPLETED);
	run.profile.message_4 = SL_EDHOC_M4_NEVER;
	ck_assert_err(run_read(&run, 4, v.message[4], &seen), SL_EREPLAY);
	ck_assert_ok(sl_edhoc_confirm(&run.s));
	ck_assert_int_eq(run.s.state, SL_EDHOC_PERSISTED);
}
END_TEST

/* Secrets that the next step does not need are gone. */
START_TEST(what_is_done_is_wiped)
{
	static const struct sl_key none;

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_COMPLETED);
	ck_assert_ptr_null(run.s.ephemeral);
	ck_assert_ptr_null(run.s.peer_ephemeral);
	for (size_t i = 0; i < sizeof run.plaintext; i++)
		ck_assert_uint_eq(run.plaintext[i], 0);
	for (size_t i = 0; i < sizeof run.scratch; i++)
		ck_assert_uint_eq(run.scratch[i], 0);
	run_end(&run);
	bring(SL_EDHOC_RESPONDER, SL_EDHOC_PERSISTED);
	ck_assert_int_eq(memcmp(&run.s.prk, &none, sizeof none), 0);
	run_end(&run);
	bring(SL_EDHOC_INITIATOR, SL_EDHOC_PERSISTED);
	ck_assert_int_eq(memcmp(&run.s.prk, &none, sizeof none), 0);
	ck_assert_ptr_null(run.s.ephemeral);
	sl_edhoc_clear(&run.s);
	ck_nothing_left(&run);
}
END_TEST

START_TEST(ephemeral_keys_may_outlive_completion)
{
	run_start(&run, &v, SL_EDHOC_RESPONDER);
	run.profile.keeps_ephemeral = true;
	ck_assert_ok(take(READ_1));
	ck_assert_ok(take(WRITE_2));
	ck_assert_ok(take(READ_3));
	ck_assert_ok(take(VERIFY));
	ck_assert_ptr_nonnull(run.s.ephemeral);
	ck_assert_ptr_nonnull(run.s.peer_ephemeral);
	sl_edhoc_forget_ephemeral(&run.s);
	ck_assert_ptr_null(run.s.ephemeral);
	ck_assert_ptr_null(run.s.peer_ephemeral);
}
END_TEST

/* Between message_2 and message_3 the run fits into the struct and a key of the caller's. */
START_TEST(a_waiting_responder_moves)
{
	static const struct sl_edhoc_memory none;
	struct sl_edhoc_memory memory;
	struct sl_pkey *key = NULL;

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_WAIT_M3);
	memory = run.s.memory;
	sl_edhoc_move(&run.s, &none, &key);
	ck_assert_ptr_nonnull(key);
	ck_assert_ptr_null(run.s.ephemeral);
	ck_assert_ptr_null(run.s.peer_ephemeral);
	ck_assert_uint_eq(sl_edhoc_message(&run.s).len, 0);
	for (size_t i = 0; i < v.message[2].len; i++)
		ck_assert_uint_eq(run.message[i], 0);
	ck_assert(sl_edhoc_is_duplicate(&run.s, v.message[1]));

	sl_edhoc_move(&run.s, &memory, &key);
	ck_assert_ptr_null(key);
	ck_assert_ok(take(READ_3));
	ck_assert_ok(take(VERIFY));
	ck_assert_int_eq(run.s.state, SL_EDHOC_COMPLETED);
	run_end(&run);

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_WAIT_M3);
	sl_edhoc_move(&run.s, &none, &key);
	sl_edhoc_clear(&run.s);
	sl_pkey_free(key);
}
END_TEST

/* Appendix A.1, with AES-CCM: nonces of 13 bytes, so identifiers of at most 7. */
START_TEST(an_oscore_id_fits_the_nonce)
{
	struct session longer = v;
	struct sl_edhoc_oscore oscore;
	struct sl_edhoc_seen seen;
	struct sl_span out;
	static const struct {
		const char *c_i, *c_r;
		enum sl_err want;
	} rows[] = {{"01020304050607", "11121314151617", SL_OK},
	        {"0102030405060708", "11121314151617", SL_EUNSUPPORTED},
	        {"01020304050607", "1112131415161718", SL_EUNSUPPORTED}};

	longer.c_i = hex(rows[_i].c_i);
	longer.c_r = hex(rows[_i].c_r);
	longer.for_oscore = false;
	run_start(&run, &longer, SL_EDHOC_INITIATOR);
	run_start(&other, &longer, SL_EDHOC_RESPONDER);
	ck_assert_ok(run_write_1(&run, &out));
	ck_assert_ok(run_read(&other, 1, out, &seen));
	ck_assert_ok(run_write_2(&other, &out));
	ck_assert_ok(run_read(&run, 2, out, &seen));
	ck_assert_ok(run_verify(&run));
	ck_assert_ok(sl_edhoc_write_message_3(&run.s, sl_span(NULL, 0), &out));
	ck_assert_ok(run_read(&other, 3, out, &seen));
	ck_assert_ok(run_verify(&other));
	ck_assert_err(sl_edhoc_oscore(&run.s, &oscore), rows[_i].want);
	ck_assert_err(sl_edhoc_oscore(&other.s, &oscore), rows[_i].want);
	run_end(&other);
}
END_TEST

/* Storage that held every message before is too small for this EAD_4, or this context. */
START_TEST(what_comes_late_may_be_too_much)
{
	static uint8_t value[MESSAGE_MAX];
	struct sl_writer w;
	struct sl_key prk_out;
	struct sl_span out;

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_COMPLETED);
	w = sl_writer_over(value, sizeof value);
	sl_edhoc_ead_pad(&w, sizeof value - 8 - 3); /* of tag and head one byte too much */
	ck_assert_ok(sl_edhoc_write_message_4(&run.s, sl_writer_span(&w), &out));
	ck_assert_uint_eq(out.len, sizeof value);
	run_end(&run);
	bring(SL_EDHOC_RESPONDER, SL_EDHOC_COMPLETED);
	w = sl_writer_over(value, sizeof value);
	sl_edhoc_ead_pad(&w, sizeof value - 8 - 2);
	ck_assert_err(sl_edhoc_write_message_4(&run.s, sl_writer_span(&w), &out), SL_ESPACE);
	ck_nothing_left(&run);
	run_end(&run);

	bring(SL_EDHOC_INITIATOR, SL_EDHOC_PERSISTED);
	prk_out = run.s.prk_out;
	run.s.memory.scratch.cap = 64;
	ck_assert_err(sl_edhoc_key_update(&run.s, sl_span(value, 64)), SL_ESPACE);
	ck_assert_err(sl_edhoc_export(&run.s, 32768, sl_span(value, 64), value, 16), SL_ESPACE);
	ck_assert_bytes(sl_key_view(&run.s.prk_out), sl_key_view(&prk_out));
	ck_assert_ok(sl_edhoc_key_update(&run.s, sl_span(value, 16)));
}
END_TEST

START_TEST(an_exporter_label_fits_cbor)
{
	uint8_t a[32], b[32];

	bring(SL_EDHOC_INITIATOR, SL_EDHOC_PERSISTED);
	ck_assert_err(sl_edhoc_export(&run.s, (uint64_t)INT64_MAX + 1, sl_span(NULL, 0), a, 16),
	        SL_EMALFORMED);
	ck_assert_ok(sl_edhoc_export(&run.s, 32768, sl_span("a", 1), a, sizeof a));
	ck_assert_ok(sl_edhoc_export(&run.s, 32768, sl_span("b", 1), b, sizeof b));
	ck_assert(!sl_span_equal(sl_span(a, 32), sl_span(b, 32)));
	ck_assert_ok(sl_edhoc_export(&run.s, 32769, sl_span("a", 1), b, sizeof b));
	ck_assert(!sl_span_equal(sl_span(a, 32), sl_span(b, 32)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("session_rules");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, as_many_forgeries_are_ignored_as_allowed);
	tcase_add_test(tc, the_application_refuses);
	tcase_add_test(tc, message_4_is_as_agreed);
	tcase_add_test(tc, what_is_done_is_wiped);
	tcase_add_test(tc, ephemeral_keys_may_outlive_completion);
	tcase_add_test(tc, a_waiting_responder_moves);
	tcase_add_loop_test(tc, an_oscore_id_fits_the_nonce, 0, 3);
	tcase_add_test(tc, what_comes_late_may_be_too_much);
	tcase_add_test(tc, an_exporter_label_fits_cbor);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
