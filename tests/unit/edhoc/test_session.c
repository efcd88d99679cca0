/* SPDX-License-Identifier: BSD-2-Clause
 * The states of a run: each step in each state, duplicates, errors, suite negotiation, forgeries,
 * message_4, key confirmation. On RFC 9529 trace 2. */
#include "run.h"

#include <sl/cbor.h>

#include <string.h>

static struct run run, other;
static struct session v;

static void
setup(void)
{
	v = trace_load("rfc9529_trace2.json");
	run.v = &v;
}

static void
teardown(void)
{
	run_end(&run);
}

/* Brings a fresh run of either role into the state. */
static void
bring(enum sl_edhoc_role role, enum sl_edhoc_state state)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;
	bool is_i = role == SL_EDHOC_INITIATOR;

	run_start(&run, &v, role);
	while (run.s.state != state) {
		switch (run.s.state) {
		case SL_EDHOC_START:
			ck_assert_ok(state == SL_EDHOC_ABORTED ? (sl_edhoc_abort(&run.s), SL_OK)
			             : is_i                    ? run_write_1(&run, &out)
			                    : run_read(&run, 1, v.message[1], &seen));
			break;
		case SL_EDHOC_VRFD_M1:
			ck_assert_ok(run_write_2(&run, &out));
			break;
		case SL_EDHOC_WAIT_M2:
			ck_assert_ok(run_read(&run, 2, v.message[2], &seen));
			break;
		case SL_EDHOC_WAIT_M3:
			ck_assert_ok(run_read(&run, 3, v.message[3], &seen));
			break;
		case SL_EDHOC_READ_M2:
		case SL_EDHOC_READ_M3:
			ck_assert_ok(run_verify(&run));
			break;
		case SL_EDHOC_VRFD_M2:
			ck_assert_ok(sl_edhoc_write_message_3(&run.s, v.ead[3], &out));
			break;
		case SL_EDHOC_COMPLETED:
			ck_assert_ok(is_i ? run_read(&run, 4, v.message[4], &seen)
			                  : sl_edhoc_write_message_4(&run.s, v.ead[4], &out));
			break;
		default:
			ck_abort_msg("no way on from state %d", run.s.state);
		}
	}
}

enum step {
	WRITE_1,
	READ_1,
	WRITE_2,
	READ_2,
	WRITE_3,
	READ_3,
	WRITE_4,
	READ_4,
	VERIFY,
	CONFIRM,
	ERROR,
	EXPORT,
	OSCORE,
	UPDATE,
	STEPS,
};

static enum sl_err
take(enum step step)
{
	static const uint8_t error[] = {0x01, 0x60};
	struct sl_edhoc_error seen_error;
	struct sl_edhoc_oscore oscore;
	struct sl_edhoc_seen seen;
	struct sl_span out;
	uint8_t key[16];

	switch (step) {
	case WRITE_1:
		return run_write_1(&run, &out);
	case WRITE_2: {
		struct sl_edhoc_message_2 in = {
		        private_key(SL_PKEY_P256, v.y), v.c_r, &run.own, {NULL, 0}};

		return sl_edhoc_write_message_2(&run.s, &in, &out);
	}
	case WRITE_3:
		return sl_edhoc_write_message_3(&run.s, v.ead[3], &out);
	case WRITE_4:
		return sl_edhoc_write_message_4(&run.s, v.ead[4], &out);
	case READ_1:
	case READ_2:
	case READ_3:
	case READ_4:
		return run_read(
		        &run, 1 + (step - READ_1) / 2, v.message[1 + (step - READ_1) / 2], &seen);
	case VERIFY:
		return run_verify(&run);
	case CONFIRM:
		return sl_edhoc_confirm(&run.s);
	case ERROR:
		return sl_edhoc_read_error(&run.s, sl_span(error, sizeof error), &seen_error);
	case EXPORT:
		return sl_edhoc_export(&run.s, 32768, sl_span(NULL, 0), key, sizeof key);
	case OSCORE:
		return sl_edhoc_oscore(&run.s, &oscore);
	default:
		return sl_edhoc_key_update(&run.s, sl_span("x", 1));
	}
}

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

static void
ck_error(const char *want)
{
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, hex(want).len - 1);

	ck_assert_err(sl_edhoc_write_error(&run.s, &w), SL_ESPACE); /* still owed */
	w = sl_writer_over(bytes, sizeof bytes);
	ck_assert_ok(sl_edhoc_write_error(&run.s, &w));
	ck_assert_bytes(sl_writer_span(&w), hex(want));
	ck_assert_err(sl_edhoc_write_error(&run.s, &w), SL_ENOTFOUND);
}

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
