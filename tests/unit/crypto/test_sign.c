/* SPDX-License-Identifier: BSD-2-Clause
 * Signatures and key agreement: what must not verify, and who must not take part. */
#include "support.h"

#include <sl/pkey.h>

#include <string.h>

static const enum sl_pkey_type signers[] = {
        SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519, SL_PKEY_ED448};
static const size_t raw_lens[] = {64, 96, 64, 114};

static struct sl_pkey *
generate(enum sl_pkey_type type)
{
	struct sl_pkey *key = NULL;

	ck_assert_ok(sl_pkey_generate(&key, type));
	return key;
}

START_TEST(a_signature_verifies_with_its_key_and_message_only)
{
	struct sl_pkey *key = generate(signers[_i]), *other = generate(signers[_i]);
	struct sl_span message = sl_span_text("to be signed");
	uint8_t signature[SL_SIGNATURE_MAX];
	size_t len = 0, unused = 77;

	ck_assert_ok(sl_sign(key, message, signature, sizeof signature, &len));
	ck_assert_ok(sl_verify(key, message, heap_copy(sl_span(signature, len))));
	ck_assert_err(sl_verify(other, message, sl_span(signature, len)), SL_EAUTH);
	ck_assert_err(
	        sl_verify(key, sl_span_text("to be signeD"), sl_span(signature, len)), SL_EAUTH);
	ck_assert_err(sl_verify(key, sl_span(NULL, 0), sl_span(signature, len)), SL_EAUTH);
	ck_assert_err(sl_verify(key, message, sl_span(NULL, 0)), SL_EAUTH);
	ck_assert_err(sl_verify(key, message, sl_span(signature, len - 1)), SL_EAUTH);
	ck_assert_err(sl_sign(key, message, signature, 8, &unused), SL_ESPACE);
	ck_assert_uint_eq(unused, 77);
	ck_assert_ok(sl_sign(key, sl_span(NULL, 0), signature, sizeof signature, &len));
	ck_assert_ok(sl_verify(key, sl_span(NULL, 0), sl_span(signature, len)));
	sl_pkey_free(key);
	sl_pkey_free(other);
}
END_TEST

START_TEST(a_flipped_bit_breaks_the_raw_signature)
{
	struct sl_pkey *key = generate(signers[_i]);
	uint8_t message[] = "message", signature[SL_SIGNATURE_MAX];
	struct sl_span text = sl_span(message, sizeof message);
	size_t len = 0;

	ck_assert_err(sl_sign_raw(key, text, signature, raw_lens[_i] - 1, &len), SL_ESPACE);
	ck_assert_ok(sl_sign_raw(key, text, signature, raw_lens[_i], &len));
	ck_assert_uint_eq(len, raw_lens[_i]);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_err(sl_verify_raw(key, text, sl_span(signature, len)), SL_EAUTH);
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
		message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_err(sl_verify_raw(key, text, sl_span(signature, len)), SL_EAUTH);
		message[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_ok(sl_verify_raw(key, text, sl_span(signature, len)));
	ck_assert_err(sl_verify_raw(key, text, sl_span(signature, len - 1)), SL_EAUTH);
	ck_assert_err(sl_verify_raw(key, text, sl_span(NULL, 0)), SL_EAUTH);
	sl_pkey_free(key);
}
END_TEST

START_TEST(zero_halves_do_not_verify)
{
	struct sl_pkey *key = generate(SL_PKEY_P256);
	uint8_t zeros[64] = {0};

	ck_assert_err(sl_verify_raw(key, sl_span("m", 1), sl_span(zeros, 64)), SL_EAUTH);
	sl_pkey_free(key);
}
END_TEST

/* Small halves are padded: over many signatures r or s begins with a zero byte in one of 128. */
START_TEST(halves_are_padded)
{
	struct sl_pkey *key = generate(SL_PKEY_P256);
	uint8_t signature[64];
	size_t len = 0, short_halves = 0;

	for (uint32_t i = 0; short_halves == 0 && i < 5000; i++) {
		struct sl_span message = sl_span(&i, sizeof i);

		ck_assert_ok(sl_sign_raw(key, message, signature, sizeof signature, &len));
		ck_assert_uint_eq(len, 64);
		if (signature[0] != 0 && signature[32] != 0)
			continue;
		short_halves++;
		ck_assert_ok(sl_verify_raw(key, message, sl_span(signature, len)));
	}
	ck_assert_uint_gt(short_halves, 0);
	sl_pkey_free(key);
}
END_TEST

/* RFC 9053 section 2.1: each half has the length of the order, not one zero byte more. */
START_TEST(halves_have_one_length)
{
	struct sl_pkey *key = generate(SL_PKEY_P256);
	uint8_t signature[64], longer[66] = {0};
	size_t len = 0;

	ck_assert_ok(sl_sign_raw(key, sl_span("m", 1), signature, sizeof signature, &len));
	memcpy(longer + 1, signature, 32);
	memcpy(longer + 34, signature + 32, 32);
	ck_assert_err(
	        sl_verify_raw(key, sl_span("m", 1), sl_span(longer, sizeof longer)), SL_EAUTH);
	sl_pkey_free(key);
}
END_TEST

START_TEST(who_cannot_sign)
{
	struct sl_pkey *agreement = generate(SL_PKEY_X25519), *public = NULL;
	struct sl_pkey *key = generate(SL_PKEY_P256);
	uint8_t spki[128], out[SL_SIGNATURE_MAX];
	size_t len = 0;

	ck_assert_ok(sl_pkey_to_spki(key, spki, sizeof spki, &len));
	ck_assert_ok(sl_pkey_from_spki(&public, sl_span(spki, len)));
	ck_assert_err(sl_sign(public, sl_span("m", 1), out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_sign_raw(public, sl_span("m", 1), out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_sign(agreement, sl_span("m", 1), out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(
	        sl_sign_raw(agreement, sl_span("m", 1), out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_verify(agreement, sl_span("m", 1), sl_span(out, 64)), SL_EUNSUPPORTED);
	ck_assert_err(sl_ecdh(public, key, out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_ok(sl_ecdh(key, public, out, sizeof out, &len));
	ck_assert_err(sl_ecdh(key, agreement, out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_ecdh(key, public, out, 31, &len), SL_ESPACE);
	sl_pkey_free(key);
	sl_pkey_free(public);
	sl_pkey_free(agreement);
}
END_TEST

/* RFC 7748 section 6.1 and section 7: points of small order give zero, whatever the scalar. */
static const char *const small_order[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        /* p - 1 */
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

START_TEST(refuses_an_all_zero_secret)
{
	struct sl_pkey *key = generate(SL_PKEY_X25519), *peer = NULL;
	uint8_t out[32];
	size_t len = 99;

	ck_assert_ok(sl_pkey_from_raw_public(&peer, SL_PKEY_X25519, hex(small_order[_i])));
	ck_assert_err(sl_ecdh(key, peer, out, sizeof out, &len), SL_EAUTH);
	ck_assert_uint_eq(len, 99);
	sl_pkey_free(key);
	sl_pkey_free(peer);
}
END_TEST

/* RFC 7748 section 6.2: 0, 1 and p - 1 have small order on curve448. */
static const char *const small_order_448[] = {
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000",
        "fefffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffff",
};

START_TEST(refuses_an_all_zero_secret_of_448_bits)
{
	struct sl_pkey *key = generate(SL_PKEY_X448), *peer = NULL;
	uint8_t out[56];
	size_t len = 99;

	ck_assert_ok(sl_pkey_from_raw_public(&peer, SL_PKEY_X448, hex(small_order_448[_i])));
	ck_assert_err(sl_ecdh(key, peer, out, sizeof out, &len), SL_EAUTH);
	ck_assert_uint_eq(len, 99);
	sl_pkey_free(key);
	sl_pkey_free(peer);
}
END_TEST

START_TEST(an_edwards_key_does_not_agree_nor_a_montgomery_key_sign)
{
	struct sl_pkey *signer = generate(SL_PKEY_ED448), *agreement = generate(SL_PKEY_X448);
	uint8_t out[SL_SIGNATURE_MAX];
	size_t len = 0;

	ck_assert_err(sl_ecdh(signer, signer, out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(
	        sl_sign_raw(agreement, sl_span("m", 1), out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(
	        sl_verify_raw(agreement, sl_span("m", 1), sl_span(out, 114)), SL_EUNSUPPORTED);
	sl_pkey_free(signer);
	sl_pkey_free(agreement);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypto sign");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(
	        tc, a_signature_verifies_with_its_key_and_message_only, 0, ARRAY_LEN(signers));
	tcase_add_loop_test(tc, a_flipped_bit_breaks_the_raw_signature, 0, ARRAY_LEN(signers));
	tcase_add_test(tc, zero_halves_do_not_verify);
	tcase_add_test(tc, halves_are_padded);
	tcase_add_test(tc, halves_have_one_length);
	tcase_add_test(tc, who_cannot_sign);
	tcase_add_loop_test(tc, refuses_an_all_zero_secret, 0, ARRAY_LEN(small_order));
	tcase_add_loop_test(
	        tc, refuses_an_all_zero_secret_of_448_bits, 0, ARRAY_LEN(small_order_448));
	tcase_add_test(tc, an_edwards_key_does_not_agree_nor_a_montgomery_key_sign);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
