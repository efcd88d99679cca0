/* SPDX-License-Identifier: BSD-2-Clause
 * What the two roles take and refuse: arguments, identifiers, EAD, credentials, reflection, storage
 * that is too small. */
#include "run.h"

#include <sl/cbor.h>

#include <stdlib.h>
#include <string.h>

static struct run run, other;
static struct session v;

static void
setup(void)
{
	v = trace_load("rfc9529_trace2.json");
	run.v = other.v = &v;
}

static void
teardown(void)
{
	run_end(&run);
	run_end(&other);
}

/* --- arguments --------------------------------------------------------------------------------- */

static const struct {
	const char *because;
	int64_t method, suite;
	const char *c_i, *ead;
	enum sl_pkey_type ephemeral; /* 0: none */
	enum sl_err want;
} messages_1[] = {
        {"all is well", 3, 2, "37", "", SL_PKEY_P256, SL_OK},
        {"the method is not in the profile", 1, 2, "37", "", SL_PKEY_P256, SL_EUNSUPPORTED},
        {"there is no method 4", 4, 2, "37", "", SL_PKEY_P256, SL_EUNSUPPORTED},
        {"there is no method -1", -1, 2, "37", "", SL_PKEY_P256, SL_EUNSUPPORTED},
        {"the suite is not in the profile", 3, 3, "37", "", SL_PKEY_P256, SL_EUNSUPPORTED},
        {"there is no suite 99", 3, 99, "37", "", SL_PKEY_P256, SL_EUNSUPPORTED},
        {"the ephemeral key has another type", 3, 2, "37", "", SL_PKEY_X25519, SL_EMALFORMED},
        {"there is no ephemeral key", 3, 2, "37", "", (enum sl_pkey_type)0, SL_EMALFORMED},
        {"seven bytes are an OSCORE ID", 3, 2, "01020304050607", "", SL_PKEY_P256, SL_OK},
        {"eight are not", 3, 2, "0102030405060708", "", SL_PKEY_P256, SL_EMALFORMED},
        {"EAD begins with a value", 3, 2, "37", "4161", SL_PKEY_P256, SL_EMALFORMED},
        {"EAD holds a text", 3, 2, "37", "016161", SL_PKEY_P256, SL_EMALFORMED},
        {"nobody understands a critical item", 3, 2, "37", "20", SL_PKEY_P256, SL_EUNSUPPORTED},
};

START_TEST(message_1_of_these_arguments)
{
	struct sl_edhoc_message_1 in = {.method = messages_1[_i].method,
	        .suite = messages_1[_i].suite,
	        .c_i = hex(messages_1[_i].c_i),
	        .own = &run.own,
	        .ead = hex(messages_1[_i].ead)};
	struct sl_span out;
	enum sl_err err;

	if (messages_1[_i].ephemeral != 0)
		ck_assert_ok(sl_pkey_generate(&in.ephemeral, messages_1[_i].ephemeral));
	run_start(&run, &v, SL_EDHOC_INITIATOR);
	run.profile.methods |= ~0xfu; /* bits of no method */
	err = sl_edhoc_write_message_1(&run.s, &in, &out);
	ck_assert_msg(
	        err == messages_1[_i].want, "%s: %s", messages_1[_i].because, sl_err_text(err));
	if (err != SL_OK)
		ck_nothing_left(&run);
}
END_TEST

static const struct {
	const char *because, *c_r, *ead;
	enum sl_pkey_type ephemeral;
	enum sl_err want;
} messages_2[] = {
        {"all is well", "27", "", SL_PKEY_P256, SL_OK},
        {"OSCORE IDs differ", "37", "", SL_PKEY_P256, SL_EMALFORMED},
        {"eight bytes are no OSCORE ID", "0102030405060708", "", SL_PKEY_P256, SL_EMALFORMED},
        {"the ephemeral key has another type", "27", "", SL_PKEY_P384, SL_EMALFORMED},
        {"there is no ephemeral key", "27", "", (enum sl_pkey_type)0, SL_EMALFORMED},
        {"EAD is cut short", "27", "0142aa", SL_PKEY_P256, SL_EMALFORMED},
};

START_TEST(message_2_of_these_arguments)
{
	struct sl_edhoc_message_2 in = {
	        .c_r = hex(messages_2[_i].c_r), .own = &run.own, .ead = hex(messages_2[_i].ead)};
	struct sl_edhoc_seen seen;
	struct sl_span out;
	enum sl_err err;

	if (messages_2[_i].ephemeral != 0)
		ck_assert_ok(sl_pkey_generate(&in.ephemeral, messages_2[_i].ephemeral));
	run_start(&run, &v, SL_EDHOC_RESPONDER);
	ck_assert_ok(run_read(&run, 1, v.message[1], &seen));
	err = sl_edhoc_write_message_2(&run.s, &in, &out);
	ck_assert_msg(
	        err == messages_2[_i].want, "%s: %s", messages_2[_i].because, sl_err_text(err));
	if (err != SL_OK)
		ck_nothing_left(&run);
}
END_TEST

START_TEST(bad_ead_is_not_sent)
{
	struct sl_span out;

	run_until(&run, 2);
	ck_assert_int_eq(run.s.state, SL_EDHOC_WAIT_M2);
	{
		struct sl_edhoc_seen seen;

		ck_assert_ok(run_read(&run, 2, v.message[2], &seen));
	}
	ck_assert_ok(run_verify(&run));
	ck_assert_err(sl_edhoc_write_message_3(&run.s, hex("41ff"), &out), SL_EMALFORMED);
	ck_nothing_left(&run);
}
END_TEST

START_TEST(a_key_of_another_type_is_not_used)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;
	struct sl_pkey *key = NULL;

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_ED25519));
	run_start(&run, &v, SL_EDHOC_INITIATOR);
	run.own.key = key;
	ck_assert_err(run_write_1(&run, &out), SL_EMALFORMED);
	run_end(&run);
	run_start(&run, &v, SL_EDHOC_RESPONDER);
	run.own.key = key;
	ck_assert_ok(run_read(&run, 1, v.message[1], &seen));
	ck_assert_err(run_write_2(&run, &out), SL_EMALFORMED);
	run_end(&run);
	run_until(&run, 2);
	run.peer.key = key;
	ck_assert_ok(run_read(&run, 2, v.message[2], &seen));
	ck_assert_err(run_verify(&run), SL_EAUTH);
	ck_nothing_left(&run);
	sl_pkey_free(key);
}
END_TEST

/* --- what message_1 says ----------------------------------------------------------------------- */

static const struct {
	const char *because, *method, *c_i, *ead;
	bool for_oscore;
	enum sl_err want;
} heard_1[] = {
        {"methods are 0 to 3", "04", "37", "", true, SL_EUNSUPPORTED},
        {"the method is negative", "20", "37", "", true, SL_EUNSUPPORTED},
        {"the method is 2^32 + 3", "1b0000000100000003", "37", "", true, SL_EUNSUPPORTED},
        {"the method is beyond int64", "1bffffffffffffffff", "37", "", true, SL_EMALFORMED},
        {"the method is not in the profile", "00", "37", "", true, SL_EUNSUPPORTED},
        {"C_I has seven bytes", "03", "4701020304050607", "", true, SL_OK},
        {"C_I has eight", "03", "480102030405060708", "", true, SL_EAUTH},
        {"eight are fine without OSCORE", "03", "480102030405060708", "", false, SL_OK},
        {"C_I has 33 bytes", "03",
                "5821000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", "", false,
                SL_EAUTH},
        {"C_I is empty", "03", "40", "", true, SL_OK},
        {"a critical item is understood", "03", "37", "39a09f4101", true, SL_OK},
        {"the same one is not critical", "03", "37", "19a0a04101", true, SL_OK},
        {"it is both", "03", "37", "19a0a039a09f", true, SL_EMALFORMED},
        {"a label is the least int64", "03", "37", "3b7fffffffffffffff", true, SL_EUNSUPPORTED},
        {"a label is beyond int64", "03", "37", "3b8000000000000000", true, SL_EMALFORMED},
};

START_TEST(a_message_1_like_this)
{
	static const int64_t labels[] = {41120};
	uint8_t bytes[256];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_edhoc_seen seen;
	enum sl_err err;

	sl_write_span(&w, hex(heard_1[_i].method));
	sl_cbor_write_int(&w, 2);
	sl_cbor_write_bytes(&w, value(&v, "g_x"));
	sl_write_span(&w, hex(heard_1[_i].c_i));
	sl_write_span(&w, hex(heard_1[_i].ead));
	run_start(&run, &v, SL_EDHOC_RESPONDER);
	run.profile.for_oscore = heard_1[_i].for_oscore;
	run.profile.methods |= ~0xfu; /* bits of no method */
	run.profile.ead_labels = labels;
	run.profile.ead_label_count = 1;
	err = run_read(&run, 1, sl_writer_span(&w), &seen);
	ck_assert_msg(err == heard_1[_i].want, "%s: %s", heard_1[_i].because, sl_err_text(err));
	if (err == SL_OK)
		ck_assert_bytes(seen.ead, hex(heard_1[_i].ead));
	else
		ck_nothing_left(&run);
}
END_TEST

/* RFC 8613 has no HKDF with SHAKE256. */
START_TEST(suite_25_is_not_for_oscore)
{
	struct session v25 = generated_named("m0_s25");
	struct sl_edhoc_seen seen;
	struct sl_span out;

	run_start(&run, &v25, SL_EDHOC_INITIATOR);
	run.profile.for_oscore = true;
	ck_assert_err(run_write_1(&run, &out), SL_EUNSUPPORTED);
	run_start(&other, &v25, SL_EDHOC_RESPONDER);
	other.profile.for_oscore = true;
	ck_assert_err(run_read(&other, 1, v25.message[1], &seen), SL_EUNSUPPORTED);
	ck_assert_int_eq(other.s.error, SL_EDHOC_ERROR_WRONG_SUITE);
}
END_TEST

/* --- two sides of ours --------------------------------------------------------------------------- */

/* Runs both until the Initiator is to verify. */
static void
until_verify(void)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;

	ck_assert_ok(run_write_1(&run, &out));
	ck_assert_ok(run_read(&other, 1, out, &seen));
	ck_assert_ok(run_write_2(&other, &out));
	ck_assert_ok(run_read(&run, 2, out, &seen));
}

START_TEST(equal_identifiers_give_no_oscore_context)
{
	struct session same = v;
	struct sl_edhoc_oscore oscore;
	struct sl_edhoc_seen seen;
	struct sl_span out;

	same.c_r = same.c_i;
	same.for_oscore = false;
	run_start(&run, &same, SL_EDHOC_INITIATOR);
	run_start(&other, &same, SL_EDHOC_RESPONDER);
	until_verify();
	ck_assert_ok(run_verify(&run));
	ck_assert_ok(sl_edhoc_write_message_3(&run.s, sl_span(NULL, 0), &out));
	ck_assert_ok(run_read(&other, 3, out, &seen));
	ck_assert_ok(run_verify(&other));
	ck_assert_err(sl_edhoc_oscore(&run.s, &oscore), SL_EAUTH);
	ck_assert_err(sl_edhoc_oscore(&other.s, &oscore), SL_EAUTH);
	run_end(&run);
	run_end(&other);
	run_start(&run, &same, SL_EDHOC_INITIATOR);
	run_start(&other, &same, SL_EDHOC_RESPONDER);
	run.profile.for_oscore = true;
	ck_assert_ok(run_write_1(&run, &out));
	ck_assert_ok(run_read(&other, 1, out, &seen));
	ck_assert_ok(run_write_2(&other, &out));
	ck_assert_err(run_read(&run, 2, out, &seen), SL_EAUTH);
}
END_TEST

/* RFC 9528 section 9.1: a mirror that holds the Initiator's own credential and key. */
START_TEST(our_own_credential_is_no_peer)
{
	static const char stranger[] = "\xa1\x02\x61x";
	struct session mirror = v;
	const struct sl_edhoc_credential *own = &run.own;
	struct sl_edhoc_credential candidates[2];
	size_t which = 0;

	mirror.sk[SL_EDHOC_RESPONDER] = v.sk[SL_EDHOC_INITIATOR];
	mirror.cred[SL_EDHOC_RESPONDER] = v.cred[SL_EDHOC_INITIATOR];
	mirror.id_cred[SL_EDHOC_RESPONDER] = v.id_cred[SL_EDHOC_INITIATOR];
	run_start(&run, &v, SL_EDHOC_INITIATOR);
	run_start(&other, &mirror, SL_EDHOC_RESPONDER);
	until_verify();
	ck_assert_err(sl_edhoc_verify(&run.s, own, 1, &which), SL_EAUTH);
	ck_nothing_left(&run);
	run_end(&run);
	run_end(&other);

	/* our key in another credential */
	mirror.cred[SL_EDHOC_RESPONDER] = sl_span(stranger, sizeof stranger - 1);
	run_start(&run, &v, SL_EDHOC_INITIATOR);
	run_start(&other, &mirror, SL_EDHOC_RESPONDER);
	until_verify();
	candidates[0] = *own;
	candidates[1] = (struct sl_edhoc_credential){
	        .id_cred = own->id_cred, .cred = mirror.cred[SL_EDHOC_RESPONDER], .key = own->key};
	ck_assert_err(sl_edhoc_verify(&run.s, candidates, 2, &which), SL_EAUTH);
	ck_nothing_left(&run);
}
END_TEST

/* A static DH key is known by its x: with the other y it is still ours (the loop is over both). */
START_TEST(our_own_key_with_another_y_is_no_peer)
{
	struct session mirror = v;
	struct sl_span x = v.pk[SL_EDHOC_INITIATOR];
	uint8_t point[33] = {(uint8_t)_i};
	struct sl_pkey *key;
	struct sl_edhoc_credential other_y;
	size_t which = 0;

	memcpy(point + 1, x.ptr, 32);
	key = public_key(SL_PKEY_P256, sl_span(point, sizeof point));
	mirror.sk[SL_EDHOC_RESPONDER] = v.sk[SL_EDHOC_INITIATOR];
	mirror.id_cred[SL_EDHOC_RESPONDER] = v.id_cred[SL_EDHOC_INITIATOR];
	mirror.cred[SL_EDHOC_RESPONDER] = hex("a1026178");
	run_start(&run, &v, SL_EDHOC_INITIATOR);
	run_start(&other, &mirror, SL_EDHOC_RESPONDER);
	until_verify();
	other_y = (struct sl_edhoc_credential){.id_cred = mirror.id_cred[SL_EDHOC_RESPONDER],
	        .cred = mirror.cred[SL_EDHOC_RESPONDER],
	        .key = key};
	ck_assert_err(sl_edhoc_verify(&run.s, &other_y, 1, &which), SL_EAUTH);
	ck_nothing_left(&run);
	sl_pkey_free(key);
}
END_TEST

START_TEST(one_of_several_candidates_is_found)
{
	struct sl_edhoc_credential candidates[SL_EDHOC_CANDIDATES_MAX + 1];
	struct sl_edhoc_seen seen;
	struct sl_pkey *key = NULL;
	size_t which = 99;

	run_until(&run, 2);
	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	for (size_t i = 0; i < ARRAY_LEN(candidates); i++)
		candidates[i] = (struct sl_edhoc_credential){
		        .id_cred = run.peer.id_cred, .cred = run.peer.cred, .key = key};
	candidates[SL_EDHOC_CANDIDATES_MAX - 1] = run.peer;
	ck_assert_ok(run_read(&run, 2, v.message[2], &seen));
	ck_assert_ok(sl_edhoc_verify(&run.s, candidates, SL_EDHOC_CANDIDATES_MAX, &which));
	ck_assert_uint_eq(which, SL_EDHOC_CANDIDATES_MAX - 1);
	run_end(&run);

	run_until(&run, 2);
	ck_assert_ok(run_read(&run, 2, v.message[2], &seen));
	ck_assert_err(
	        sl_edhoc_verify(&run.s, candidates, ARRAY_LEN(candidates), &which), SL_ELIMIT);
	ck_nothing_left(&run);
	run_end(&run);

	run_until(&run, 2);
	ck_assert_ok(run_read(&run, 2, v.message[2], &seen));
	ck_assert_err(sl_edhoc_verify(&run.s, candidates, 0, &which), SL_EAUTH);
	ck_nothing_left(&run);
	sl_pkey_free(key);
}
END_TEST

static enum sl_err
broken_element(void *owner, struct sl_span message, uint8_t *out, size_t len)
{
	(void)message, (void)out, (void)len;
	*(bool *)owner = true;
	return SL_EIO;
}

START_TEST(a_signature_that_fails_aborts)
{
	struct session signing = generated_named("m0_s2");
	struct sl_edhoc_seen seen;
	struct sl_span out;
	bool was_asked = false;

	run_start(&run, &signing, SL_EDHOC_RESPONDER);
	run.own.sign = broken_element;
	run.own.sign_owner = &was_asked;
	ck_assert_ok(run_read(&run, 1, signing.message[1], &seen));
	ck_assert_err(run_write_2(&run, &out), SL_EIO);
	ck_assert(was_asked);
	ck_nothing_left(&run);
}
END_TEST

/* --- storage --------------------------------------------------------------------------------------- */

/* Runs one side of the vector to its end in three blocks of exactly these sizes. */
static enum sl_err
run_in(enum sl_edhoc_role role, const size_t sizes[3])
{
	static const int first[2] = {2, 1};
	struct sl_edhoc_seen seen;
	struct sl_span out;
	uint8_t *blocks[3];
	enum sl_err err;

	for (size_t i = 0; i < 3; i++)
		blocks[i] = malloc(sizes[i] == 0 ? 1 : sizes[i]);
	run_start(&run, run.v, role);
	run_dictate(&run);
	run.s.memory = (struct sl_edhoc_memory){
	        {blocks[0], sizes[0]}, {blocks[1], sizes[1]}, {blocks[2], sizes[2]}};
	err = role == SL_EDHOC_INITIATOR ? run_write_1(&run, &out) : SL_OK;
	if (err == SL_OK)
		err = run_read(&run, first[role], run.v->message[first[role]], &seen);
	if (err == SL_OK && role == SL_EDHOC_RESPONDER)
		err = run_write_2(&run, &out);
	if (err == SL_OK && role == SL_EDHOC_RESPONDER)
		err = run_read(&run, 3, run.v->message[3], &seen);
	if (err == SL_OK)
		err = run_verify(&run);
	if (err == SL_OK && role == SL_EDHOC_INITIATOR)
		err = sl_edhoc_write_message_3(&run.s, run.v->ead[3], &out);
	if (err == SL_OK)
		err = role == SL_EDHOC_INITIATOR
		              ? run_read(&run, 4, run.v->message[4], &seen)
		              : sl_edhoc_write_message_4(&run.s, run.v->ead[4], &out);
	if (err != SL_OK)
		ck_nothing_left(&run);
	run_end(&run);
	for (size_t i = 0; i < 3; i++)
		free(blocks[i]);
	return err;
}

/* Any smaller block is SL_ESPACE, whichever step meets it; from some size on all is well. */
START_TEST(storage_that_is_too_small_is_said)
{
	static const char *const names[] = {"m3_s2_ead", "m0_s3"};
	struct session small = generated_named(names[_i / 6]);
	enum sl_edhoc_role role = _i / 3 % 2 == 0 ? SL_EDHOC_INITIATOR : SL_EDHOC_RESPONDER;
	size_t sizes[3] = {2048, 2048, 2048}, *size = &sizes[_i % 3];
	size_t too_small = 0, enough = *size;

	run.v = &small;
	ck_assert_ok(run_in(role, sizes));
	*size = 0;
	ck_assert_err(run_in(role, sizes), SL_ESPACE);
	while (enough - too_small > 1) {
		enum sl_err err;

		*size = too_small + (enough - too_small) / 2;
		err = run_in(role, sizes);
		ck_assert_msg(err == SL_OK || err == SL_ESPACE, "%zu: %s", *size, sl_err_text(err));
		*(err == SL_OK ? &enough : &too_small) = *size;
	}
	for (size_t less = 1; less < 8; less++) {
		*size = enough - less;
		ck_assert_err(run_in(role, sizes), SL_ESPACE);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc roles");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, message_1_of_these_arguments, 0, ARRAY_LEN(messages_1));
	tcase_add_loop_test(tc, message_2_of_these_arguments, 0, ARRAY_LEN(messages_2));
	tcase_add_test(tc, bad_ead_is_not_sent);
	tcase_add_test(tc, a_key_of_another_type_is_not_used);
	tcase_add_loop_test(tc, a_message_1_like_this, 0, ARRAY_LEN(heard_1));
	tcase_add_test(tc, suite_25_is_not_for_oscore);
	tcase_add_test(tc, equal_identifiers_give_no_oscore_context);
	tcase_add_test(tc, our_own_credential_is_no_peer);
	tcase_add_loop_test(tc, our_own_key_with_another_y_is_no_peer, 2, 4);
	tcase_add_test(tc, one_of_several_candidates_is_found);
	tcase_add_test(tc, a_signature_that_fails_aborts);
	tcase_add_loop_test(tc, storage_that_is_too_small_is_said, 0, 12);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
