/* SPDX-License-Identifier: BSD-2-Clause
 * Each call of the run into lib/crypto fails once, in both roles: the step that meets it fails with
 * it and the run ends with nothing left. The linker puts the functions of this file in between. */
#include "run.h"

#include <sl/aead.h>
#include <sl/hash.h>

#include <stdio.h>

static size_t left; /* calls until one fails; 0: none does */

static bool
is_failing(void)
{
	return left > 0 && --left == 0;
}

/* What the linker makes of a function f: calls of f come here, and __real_f is f. */
#define BETWEEN(f, parameters, arguments)                                                          \
	enum sl_err __real_##f parameters;                                                         \
	enum sl_err __wrap_##f parameters;                                                         \
	enum sl_err __wrap_##f parameters                                                          \
	{                                                                                          \
		return is_failing() ? SL_EIO : __real_##f arguments;                               \
	}

BETWEEN(sl_hash, (int alg, struct sl_span bytes, uint8_t *out), (alg, bytes, out))
BETWEEN(sl_hkdf_extract, (int alg, struct sl_span salt, struct sl_span ikm, uint8_t *out),
        (alg, salt, ikm, out))
BETWEEN(sl_hkdf_expand,
        (int alg, struct sl_span prk, struct sl_span info, uint8_t *out, size_t len),
        (alg, prk, info, out, len))
BETWEEN(sl_kmac256, (struct sl_span key, struct sl_span bytes, uint8_t *out, size_t len),
        (key, bytes, out, len))
BETWEEN(sl_aead_seal,
        (const struct sl_aead *aead, const struct sl_aead_in *in, uint8_t *out, size_t cap,
                size_t *len),
        (aead, in, out, cap, len))
BETWEEN(sl_aead_open,
        (const struct sl_aead *aead, const struct sl_aead_in *in, uint8_t *out, size_t cap,
                size_t *len),
        (aead, in, out, cap, len))
BETWEEN(sl_ecdh,
        (const struct sl_pkey *own, const struct sl_pkey *peer, uint8_t *out, size_t cap,
                size_t *len),
        (own, peer, out, cap, len))
BETWEEN(sl_sign_raw,
        (const struct sl_pkey *key, struct sl_span message, uint8_t *out, size_t cap, size_t *len),
        (key, message, out, cap, len))
BETWEEN(sl_verify_raw,
        (const struct sl_pkey *key, struct sl_span message, struct sl_span signature),
        (key, message, signature))
BETWEEN(sl_pkey_from_raw_public,
        (struct sl_pkey * *key, enum sl_pkey_type type, struct sl_span raw), (key, type, raw))
BETWEEN(sl_pkey_to_raw_public, (const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len),
        (key, out, cap, len))

static struct run run;
static struct session v;
static struct sl_pkey *ephemeral;

static enum sl_err
step_of_initiator(int step)
{
	struct sl_edhoc_message_1 in = {v.method, v.suite, ephemeral, v.c_i, &run.own, v.ead[1]};
	struct sl_edhoc_seen seen;
	struct sl_span out;
	size_t which;

	switch (step) {
	case 0:
		return sl_edhoc_write_message_1(&run.s, &in, &out);
	case 1:
		return run_read(&run, 2, v.message[2], &seen);
	case 2:
		return sl_edhoc_verify(&run.s, &run.peer, 1, &which);
	case 3:
		return sl_edhoc_write_message_3(&run.s, v.ead[3], &out);
	default:
		return run_read(&run, 4, v.message[4], &seen);
	}
}

static enum sl_err
step_of_responder(int step)
{
	struct sl_edhoc_message_2 in = {ephemeral, v.c_r, &run.own, v.ead[2]};
	struct sl_edhoc_seen seen;
	struct sl_span out;
	size_t which;

	switch (step) {
	case 0:
		return run_read(&run, 1, v.message[1], &seen);
	case 1:
		return sl_edhoc_write_message_2(&run.s, &in, &out);
	case 2:
		return run_read(&run, 3, v.message[3], &seen);
	case 3:
		return sl_edhoc_verify(&run.s, &run.peer, 1, &which);
	default:
		return sl_edhoc_write_message_4(&run.s, v.ead[4], &out);
	}
}

/* A call at a time fails in what gives keys away: nothing is given, and the run stands as it was. */
static void
ck_exports(void)
{
	struct sl_edhoc_oscore oscore = {.aead_alg = 77};
	struct sl_span prk_out = heap_copy(value(&v, "prk_out"));
	enum sl_err err = SL_EIO;

	for (size_t n = 1; v.for_oscore && err != SL_OK; n++) {
		left = n;
		err = sl_edhoc_oscore(&run.s, &oscore);
		left = 0;
		ck_assert_int_eq(oscore.aead_alg == 77, err != SL_OK);
	}
	err = SL_EIO;
	for (size_t n = 1; err != SL_OK; n++) {
		ck_assert_bytes(sl_key_view(&run.s.prk_out), prk_out);
		ck_assert_bytes(sl_key_view(&run.s.prk_exporter), value(&v, "prk_exporter"));
		left = n;
		err = sl_edhoc_key_update(&run.s, value(&v, "key_update_context"));
		left = 0;
	}
	ck_assert_bytes(sl_key_view(&run.s.prk_exporter), value(&v, "key_update_prk_exporter"));
}

/* False when the run has fewer calls. A peer that cannot be told from ourselves is none. */
static bool
attempt(enum sl_edhoc_role role, size_t failing)
{
	bool is_i = role == SL_EDHOC_INITIATOR, was_met;
	enum sl_err err = SL_OK;
	int step = 0;

	ephemeral = private_key(sl_edhoc_suite(v.suite)->ecdh, is_i ? v.x : v.y);
	run_start(&run, &v, role);
	run_dictate(&run);
	left = failing;
	for (; step < 5 && err == SL_OK; step++)
		err = is_i ? step_of_initiator(step) : step_of_responder(step);
	was_met = left == 0;
	left = 0;
	if (was_met) {
		ck_assert_msg(err == SL_EIO || (err == SL_EAUTH && step == (is_i ? 3 : 4)),
		        "%s, role %d, call %zu, step %d: %s", v.name, role, failing, step,
		        sl_err_text(err));
		ck_nothing_left(&run);
		if (!is_i && step == 1)
			sl_pkey_free(ephemeral); /* it was not given away */
	} else {
		ck_assert_ok(err);
		ck_exports();
	}
	run_end(&run);
	return was_met;
}

static const char *const sessions[] = {"m3_s3", "m0_s2", "m1_s6", "m3_s24", "m3_s25"};

START_TEST(every_call_may_fail)
{
	v = generated_named(sessions[_i]);
	for (int role = SL_EDHOC_INITIATOR; role <= SL_EDHOC_RESPONDER; role++) {
		size_t n = 1;

		while (attempt((enum sl_edhoc_role)role, n))
			n++;
		ck_assert_uint_gt(n, 20); /* they do come by here */
		printf("%s, role %d: %zu calls\n", v.name, role, n - 1);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc faults");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_call_may_fail, 0, ARRAY_LEN(sessions));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
