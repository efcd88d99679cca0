/* SPDX-License-Identifier: BSD-2-Clause
 * The states of a run: each step in each state, duplicates, errors, suite negotiation, forgeries,
 * message_4, key confirmation. On RFC 9529 trace 2. */
#include "session_shared.h"

#define BIT(step) (1u << (step))
#define KEYS      (BIT(EXPORT) | BIT(OSCORE) | BIT(UPDATE))

/* RFC 9528 appendix I, with message_4 optional: the steps that each state allows. */
static const struct {
	enum sl_edhoc_role role;
	enum sl_edhoc_state state;
	unsigned due;
} states[] = {
        {SL_EDHOC_INITIATOR, SL_EDHOC_START, BIT(WRITE_1)},
        {SL_EDHOC_INITIATOR, SL_EDHOC_WAIT_M2, BIT(READ_2) | BIT(ERROR)},
        {SL_EDHOC_INITIATOR, SL_EDHOC_READ_M2, BIT(VERIFY)},
        {SL_EDHOC_INITIATOR, SL_EDHOC_VRFD_M2, BIT(WRITE_3)},
        {SL_EDHOC_INITIATOR, SL_EDHOC_COMPLETED, BIT(READ_4) | BIT(CONFIRM) | BIT(ERROR) | KEYS},
        {SL_EDHOC_INITIATOR, SL_EDHOC_PERSISTED, KEYS},
        {SL_EDHOC_INITIATOR, SL_EDHOC_ABORTED, 0},
        {SL_EDHOC_RESPONDER, SL_EDHOC_START, BIT(READ_1)},
        {SL_EDHOC_RESPONDER, SL_EDHOC_VRFD_M1, BIT(WRITE_2)},
        {SL_EDHOC_RESPONDER, SL_EDHOC_WAIT_M3, BIT(READ_3) | BIT(ERROR)},
        {SL_EDHOC_RESPONDER, SL_EDHOC_READ_M3, BIT(VERIFY)},
        {SL_EDHOC_RESPONDER, SL_EDHOC_COMPLETED, BIT(WRITE_4) | KEYS},
        {SL_EDHOC_RESPONDER, SL_EDHOC_PERSISTED, KEYS},
        {SL_EDHOC_RESPONDER, SL_EDHOC_ABORTED, 0},
};

START_TEST(only_the_due_steps_do_anything)
{
	for (enum step step = 0; step < STEPS; step++) {
		struct sl_edhoc before;
		enum sl_err err;

		bring(states[_i].role, states[_i].state);
		run.profile.message_4 = SL_EDHOC_M4_OPTIONAL;
		before = run.s;
		err = take(step);
		if (states[_i].due & BIT(step)) {
			ck_assert_msg(err == SL_OK, "step %d: %s", step, sl_err_text(err));
		} else {
			ck_assert_msg(err == SL_EREPLAY, "step %d: %s", step, sl_err_text(err));
			ck_assert_int_eq(memcmp(&before, &run.s, sizeof before), 0);
		}
		run_end(&run);
	}
}
END_TEST

START_TEST(a_duplicate_gets_the_stored_answer)
{
	bring(SL_EDHOC_RESPONDER, SL_EDHOC_START);
	ck_assert(!sl_edhoc_is_duplicate(&run.s, v.message[1]));
	run_end(&run);

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_WAIT_M3);
	ck_assert(sl_edhoc_is_duplicate(&run.s, v.message[1]));
	ck_assert(!sl_edhoc_is_duplicate(&run.s, v.message[3]));
	ck_assert_bytes(sl_edhoc_message(&run.s), v.message[2]);
	run_end(&run);

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_PERSISTED);
	ck_assert(sl_edhoc_is_duplicate(&run.s, v.message[3]));
	ck_assert(!sl_edhoc_is_duplicate(&run.s, v.message[1]));
	ck_assert_bytes(sl_edhoc_message(&run.s), v.message[4]);
	sl_edhoc_forget_message(&run.s);
	ck_assert_uint_eq(sl_edhoc_message(&run.s).len, 0);
	for (size_t i = 0; i < v.message[4].len; i++)
		ck_assert_uint_eq(run.message[i], 0);
	run_end(&run);

	bring(SL_EDHOC_INITIATOR, SL_EDHOC_COMPLETED);
	ck_assert(sl_edhoc_is_duplicate(&run.s, v.message[2]));
	ck_assert_bytes(sl_edhoc_message(&run.s), v.message[3]);
	run_end(&run);

	bring(SL_EDHOC_INITIATOR, SL_EDHOC_PERSISTED);
	ck_assert(sl_edhoc_is_duplicate(&run.s, v.message[4]));
	ck_assert(!sl_edhoc_is_duplicate(&run.s, v.message[2]));
}
END_TEST

/* RFC 9529 section 3.1: the first message_1 selects suite 6; the error is 02 02. */
START_TEST(the_published_negotiation)
{
	json_t *root = vectors_load("rfc9529_trace2.json");
	json_t *first = json_object_get(root, "first_message_1");
	struct sl_edhoc_error error;
	struct sl_edhoc_seen seen;
	int64_t next = 0;

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_START);
	ck_assert_err(run_read(&run, 1, vectors_hex(first, "message_1"), &seen), SL_EUNSUPPORTED);
	ck_nothing_left(&run);
	ck_error("0202");
	run_end(&run);
	ck_assert_ok(sl_edhoc_error_read(&error, vectors_hex(first, "error")));
	run_start(&run, &v, SL_EDHOC_INITIATOR);
	ck_assert_ok(sl_edhoc_next_suite(&run.profile, &error, 6, &next));
	ck_assert_int_eq(next, 2);
	json_decref(root);
}
END_TEST

/* RFC 9528 section 6.3.2 figure 8 with numbers of the table: I prefers 5, 6, 0, 2; R has 3, 2. */
START_TEST(the_most_preferred_common_suite_is_next)
{
	static const int64_t suites[] = {5, 6, 0, 2};
	struct sl_edhoc_profile profile = {.suites = suites, .suite_count = 4};
	struct sl_edhoc_error error;
	int64_t next = 99;

	ck_assert_ok(sl_edhoc_error_read(&error, hex("02820302")));
	ck_assert_ok(sl_edhoc_next_suite(&profile, &error, 6, &next));
	ck_assert_int_eq(next, 2);
	next = 99;
	ck_assert_err(sl_edhoc_next_suite(&profile, &error, 2, &next), SL_ENOTFOUND);
	ck_assert_ok(sl_edhoc_error_read(&error, hex("02820304")));
	ck_assert_err(sl_edhoc_next_suite(&profile, &error, 6, &next), SL_ENOTFOUND);
	ck_assert_int_eq(next, 99);
}
END_TEST

static const struct {
	const char *because, *suites_i;
	const int64_t suites_r[3];
	size_t suites_r_count;
	const char *error; /* NULL: accepted */
} selections[] = {
        {"the only one is supported", "02", {2, 3}, 2, NULL},
        {"an earlier one is supported too", "820302", {2, 3}, 2, "02820203"},
        {"it stands twice", "820202", {2, 3}, 2, "02820203"},
        {"unknown ones before it do not count", "8418a039a0a01702", {2, 3}, 2, NULL},
        {"the last one counts, and it is unknown", "820218a0", {2, 3}, 2, "02820203"},
        {"one suite is an int", "03", {2}, 1, "0202"},
        {"a suite that we lack is not in the answer", "03", {2, 4711}, 2, "0202"},
        {"24 has a head of its own", "03", {2, 24}, 2, "0282021818"},
        {"a private one is not an index", "3b7fffffffffffffff", {2}, 1, "0202"},
};

START_TEST(the_last_suite_is_the_first_supported_one)
{
	uint8_t bytes[128];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_edhoc_seen seen;

	sl_cbor_write_int(&w, 3);
	sl_write_span(&w, hex(selections[_i].suites_i));
	sl_cbor_write_bytes(&w, value(&v, "g_x"));
	sl_edhoc_id_write(&w, v.c_i);
	run_start(&run, &v, SL_EDHOC_RESPONDER);
	run.profile.suites = selections[_i].suites_r;
	run.profile.suite_count = selections[_i].suites_r_count;
	if (selections[_i].error == NULL) {
		ck_assert_ok(run_read(&run, 1, sl_writer_span(&w), &seen));
		return;
	}
	ck_assert_msg(run_read(&run, 1, sl_writer_span(&w), &seen) == SL_EUNSUPPORTED,
	        "accepted although %s", selections[_i].because);
	ck_error(selections[_i].error);
}
END_TEST

START_TEST(an_error_message_ends_the_run)
{
	struct sl_edhoc_error error = {.code = 77};
	struct sl_writer w = sl_writer_over(NULL, 0);

	bring(SL_EDHOC_INITIATOR, SL_EDHOC_WAIT_M2);
	ck_assert_ok(sl_edhoc_read_error(&run.s, hex("03f5"), &error));
	ck_assert_int_eq(error.code, 3);
	ck_nothing_left(&run);
	ck_assert_err(sl_edhoc_write_error(&run.s, &w), SL_ENOTFOUND);
	run_end(&run);

	bring(SL_EDHOC_RESPONDER, SL_EDHOC_WAIT_M3);
	ck_assert_err(sl_edhoc_read_error(&run.s, hex("02820203"), &error), SL_EAUTH);
	ck_assert_int_eq(run.s.state, SL_EDHOC_WAIT_M3);
	error.code = 77;
	ck_assert_err(sl_edhoc_read_error(&run.s, hex("00"), &error), SL_EMALFORMED);
	ck_assert_int_eq(error.code, 77);
	ck_nothing_left(&run);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc session");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, only_the_due_steps_do_anything, 0, ARRAY_LEN(states));
	tcase_add_test(tc, a_duplicate_gets_the_stored_answer);
	tcase_add_test(tc, the_published_negotiation);
	tcase_add_test(tc, the_most_preferred_common_suite_is_next);
	tcase_add_loop_test(
	        tc, the_last_suite_is_the_first_supported_one, 0, ARRAY_LEN(selections));
	tcase_add_test(tc, an_error_message_ends_the_run);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
