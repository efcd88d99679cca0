/* SPDX-License-Identifier: BSD-2-Clause
 * Keys in and out. The fixtures were written by the openssl command line tool. */
#include "support.h"

#include <sl/pkey.h>

#include <openssl/evp.h>

#include <string.h>

#define POINT                                                                                      \
	"004367affdec3f00c5f4c3f627be9fa6180a4a94d438b43b15a0aa8a1779a124"                         \
	"23684ccf9bb6d8d3746295287bed6aa0c60095812007d84e4e5df9964aa94a9d"
#define X           "004367affdec3f00c5f4c3f627be9fa6180a4a94d438b43b15a0aa8a1779a124"
#define SCALAR      "4216522fed81e156ea3f18cccb4adaa16446c5e95357746e34090fe596f0a3ec"
#define EC_P256     "301306072a8648ce3d020106082a8648ce3d030107"
#define SPKI        "3059" EC_P256 "03420004" POINT
#define SEC1        "30770201010420" SCALAR "a00a06082a8648ce3d030107a14403420004" POINT
#define PKCS8       "308187020100" EC_P256 "046d306b0201010420" SCALAR "a14403420004" POINT
#define PKCS8_SHORT "3041020100" EC_P256 "042730250201010420"
/* secp256k1 */
#define OTHER_SPKI                                                                                 \
	"3056301006072a8648ce3d020106052b8104000a03420004"                                         \
	"f5a5fe9ea9c80eb9b5a5d5877a881f85754eabd092daed45f0c62d828bdfbce9"                         \
	"7b73d1a6dabea03e3c2e3219c84bf11f84d16f3bfbdbb69387ba5e80b91379fa"
#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

static const char parameters_and_sec1[] =
        "-----BEGIN EC PARAMETERS-----\n"
        "BggqhkjOPQMBBw==\n"
        "-----END EC PARAMETERS-----\n"
        "-----BEGIN EC PRIVATE KEY-----\n"
        "MHcCAQEEIEIWUi/tgeFW6j8YzMtK2qFkRsXpU1d0bjQJD+WW8KPsoAoGCCqGSM49\n"
        "AwEHoUQDQgAEAENnr/3sPwDF9MP2J76fphgKSpTUOLQ7FaCqihd5oSQjaEzPm7bY\n"
        "03RilSh77WqgxgCVgSAH2E5OXfmWSqlKnQ==\n"
        "-----END EC PRIVATE KEY-----\n";

static const char encrypted[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhNVOoqjwUnFQICCAAw\n"
                                "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJmzqLjrSyLWA9bf2gsTBr4EgZDH\n"
                                "f3O1uo57sVf1FGP1KtArb+tLRnvoPaaZMWweiFHmpKPrrGI92aXwfEwF0/jUx/Da\n"
                                "cISKkjx+KBSqWX+qj9IOpesH1FJ0IRKQ4Wmm2GSdNBbdsPFanzTvwc1ZXtuVghde\n"
                                "CLZCBesF2cu8Qv8Iq7it6wpIPfH8HHFhDt5vROEMZSMd78PLzFiUGWEgu97npGc=\n"
                                "-----END ENCRYPTED PRIVATE KEY-----\n";

static const enum sl_pkey_type types[] = {
        SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519, SL_PKEY_X25519, SL_PKEY_ED448, SL_PKEY_X448};

START_TEST(types_have_names)
{
	ck_assert_str_eq(sl_pkey_type_name(SL_PKEY_OTHER), "other");
	ck_assert_int_eq(sl_pkey_type_by_name("P256"), 0);
	ck_assert_int_eq(sl_pkey_type_by_name(NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		ck_assert_int_eq(sl_pkey_type_by_name(sl_pkey_type_name(types[i])), types[i]);
}
END_TEST

START_TEST(a_generated_key_survives_every_form)
{
	struct sl_pkey *key = NULL, *again = NULL;
	uint8_t der[256];
	char pem[512];
	size_t len = 0, spki_len = 0;

	ck_assert_ok(sl_pkey_generate(&key, types[_i]));
	ck_assert_int_eq(sl_pkey_type(key), types[_i]);
	ck_assert(sl_pkey_has_private(key));

	ck_assert_ok(sl_pkey_to_pkcs8(key, der, sizeof der, &len));
	ck_assert_ok(sl_pkey_from_pkcs8(&again, heap_copy(sl_span(der, len))));
	ck_assert(sl_pkey_equal_public(key, again) && sl_pkey_has_private(again));
	sl_pkey_free(again);
	ck_assert_ok(sl_pkey_from_text(&again, heap_copy(sl_span(der, len))));
	sl_pkey_free(again);
	ck_assert_err(sl_pkey_to_pkcs8(key, der, len - 1, &len), SL_ESPACE);

	ck_assert_ok(sl_pkey_to_pem(key, pem, sizeof pem));
	ck_assert_int_eq(strncmp(pem, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
	ck_assert_str_eq(pem + strlen(pem) - 26, "-----END PRIVATE KEY-----\n");
	ck_assert_ok(sl_pkey_from_text(&again, heap_copy(sl_span_text(pem))));
	ck_assert(sl_pkey_equal_public(key, again) && sl_pkey_has_private(again));
	sl_pkey_free(again);
	len = strlen(pem);
	ck_assert_err(sl_pkey_to_pem(key, pem, len), SL_ESPACE);
	ck_assert_ok(sl_pkey_to_pem(key, pem, len + 1));

	ck_assert_ok(sl_pkey_to_spki(key, der, sizeof der, &spki_len));
	ck_assert_ok(sl_pkey_from_spki(&again, heap_copy(sl_span(der, spki_len))));
	ck_assert_int_eq(sl_pkey_type(again), types[_i]);
	ck_assert(sl_pkey_equal_public(key, again) && !sl_pkey_has_private(again));
	ck_assert_err(sl_pkey_to_pkcs8(again, der, sizeof der, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_pkey_to_pem(again, pem, sizeof pem), SL_EUNSUPPORTED);
	ck_assert_err(sl_pkey_to_spki(key, der, spki_len - 1, &spki_len), SL_ESPACE);
	sl_pkey_free(again);
	sl_pkey_free(key);
	sl_pkey_free(NULL);
}
END_TEST

START_TEST(the_library_has_every_type)
{
	ck_assert(sl_pkey_is_available(types[_i]));
	ck_assert(!sl_pkey_is_available(SL_PKEY_OTHER));
	ck_assert_int_eq(EVP_set_default_properties(NULL, "sealift=absent"), 1);
	ck_assert(!sl_pkey_is_available(types[_i]));
	ck_assert_int_eq(EVP_set_default_properties(NULL, ""), 1);
}
END_TEST

START_TEST(types_that_we_do_not_make)
{
	struct sl_pkey *key = NULL;

	ck_assert_err(sl_pkey_generate(&key, SL_PKEY_OTHER), SL_EUNSUPPORTED);
	ck_assert_err(sl_pkey_generate(&key, (enum sl_pkey_type)0), SL_EUNSUPPORTED);
	ck_assert_ptr_null(key);
}
END_TEST

START_TEST(reads_what_others_write)
{
	struct sl_pkey *public = NULL, *key = NULL;
	const struct sl_span forms[] = {
	        hex(PKCS8),
	        hex(PKCS8_SHORT SCALAR), /* without the public key */
	        hex(SEC1),
	        heap_copy(sl_span_text(parameters_and_sec1)),
	};

	ck_assert_ok(sl_pkey_from_spki(&public, hex(SPKI)));
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		ck_assert_ok(sl_pkey_from_text(&key, forms[i]));
		ck_assert_msg(sl_pkey_equal_public(public, key), "form %zu", i);
		ck_assert_int_eq(sl_pkey_type(key), SL_PKEY_P256);
		sl_pkey_free(key);
	}
	sl_pkey_free(public);
}
END_TEST

static const struct {
	const char *because, *der;
	enum sl_err want;
} bad_spki[] = {
        {"nothing is no key", "", SL_EMALFORMED},
        {"a byte follows", SPKI "00", SL_EMALFORMED},
        {"the length is not minimal", "308159" EC_P256 "03420004" POINT, SL_EMALFORMED},
        {"the point is not on the curve",
                "3059" EC_P256 "03420004" X
                "23684ccf9bb6d8d3746295287bed6aa0c60095812007d84e4e5df9964aa94a9e",
                SL_EMALFORMED},
        {"no point has this x (the field has no root for it)",
                "3039" EC_P256 "03220002"
                "0000000000000000000000000000000000000000000000000000000000000002",
                SL_EMALFORMED},
        {"the point is at infinity", "3019" EC_P256 "03020000", SL_EMALFORMED},
        {"RFC 5480 section 2.2: no hybrid point", "3059" EC_P256 "03420007" POINT, SL_EMALFORMED},
        {"the point is cut short",
                "3058" EC_P256 "03410004" X
                "23684ccf9bb6d8d3746295287bed6aa0c60095812007d84e4e5df9964aa94a",
                SL_EMALFORMED},
        {"the bit string has unused bits",
                "3059" EC_P256 "03420104" X
                "23684ccf9bb6d8d3746295287bed6aa0c60095812007d84e4e5df9964aa94a9c",
                SL_EMALFORMED},
        {"EC without a curve", "304f300906072a8648ce3d020103420004" POINT, SL_EMALFORMED},
        {"Ed25519 takes no parameters",
                "302c300706032b65700500032100"
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                SL_EMALFORMED},
        {"an Ed25519 key has 32 bytes",
                "3029300506032b6570032000"
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751",
                SL_EMALFORMED},
        {"an algorithm that the library does not know", "300d300506032a0304030400abcdef",
                SL_EUNSUPPORTED},
        {"a curve that the library does not know",
                "3017300e06072a8648ce3d020106032a0304030500040102"
                "03",
                SL_EUNSUPPORTED},
};

START_TEST(refuses_a_bad_public_key)
{
	struct sl_pkey *key = NULL;
	enum sl_pkey_type type = 0;
	enum sl_err got = sl_pkey_from_spki(&key, hex(bad_spki[_i].der));

	ck_assert_msg(got == bad_spki[_i].want, "%s: %s", bad_spki[_i].because, sl_err_text(got));
	ck_assert_ptr_null(key);
	got = sl_pkey_spki_type(hex(bad_spki[_i].der), &type);
	ck_assert_msg(
	        got == bad_spki[_i].want, "type, %s: %s", bad_spki[_i].because, sl_err_text(got));
	ck_assert_int_eq(type, 0);
}
END_TEST

/* Each type as written by this library, half a point, and what is no type of ours. */
START_TEST(says_the_type_without_a_key)
{
	enum sl_pkey_type type = 0;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct sl_pkey *key = NULL;
		uint8_t der[128];
		size_t len = 0;

		ck_assert_ok(sl_pkey_generate(&key, types[i]));
		ck_assert_ok(sl_pkey_to_spki(key, der, sizeof der, &len));
		ck_assert_ok(sl_pkey_spki_type(heap_copy(sl_span(der, len)), &type));
		ck_assert_int_eq(type, types[i]);
		sl_pkey_free(key);
		for (size_t cut = 0; cut < len; cut++)
			ck_assert_err(sl_pkey_spki_type(heap_copy(sl_span(der, cut)), &type),
			        SL_EMALFORMED);
	}
	ck_assert_ok(sl_pkey_spki_type(hex("3039" EC_P256 "03220003" X), &type));
	ck_assert_int_eq(type, SL_PKEY_P256);
	ck_assert_ok(sl_pkey_spki_type(hex(OTHER_SPKI), &type));
	ck_assert_int_eq(type, SL_PKEY_OTHER);
}
END_TEST

static const struct {
	const char *because, *der;
	enum sl_err want;
} bad_private[] = {
        {"nothing is no key", "", SL_EMALFORMED},
        {"a byte follows", PKCS8 "00", SL_EMALFORMED},
        {"a byte follows SEC1", SEC1 "00", SL_EMALFORMED},
        {"the scalar is zero",
                PKCS8_SHORT "0000000000000000000000000000000000000000000000000000000000000000",
                SL_EMALFORMED},
        {"the scalar is the order", PKCS8_SHORT ORDER, SL_EMALFORMED},
        {"the public key belongs to another scalar",
                "308187020100" EC_P256 "046d306b0201010420"
                "0000000000000000000000000000000000000000000000000000000000000001"
                "a14403420004" POINT,
                SL_EMALFORMED},
        {"a public key is no private key", SPKI, SL_EMALFORMED},
        {"a curve that we do not use (secp256k1)",
                "303e020100301006072a8648ce3d020106052b8104000a042730250201010420" SCALAR,
                SL_EUNSUPPORTED},
};

START_TEST(refuses_a_bad_private_key)
{
	struct sl_pkey *key = NULL;
	enum sl_err got = sl_pkey_from_text(&key, hex(bad_private[_i].der));

	ck_assert_msg(
	        got == bad_private[_i].want, "%s: %s", bad_private[_i].because, sl_err_text(got));
	ck_assert_ptr_null(key);
}
END_TEST

START_TEST(refuses_every_proper_prefix)
{
	static const char *const forms[] = {SPKI, PKCS8, SEC1};

	for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
		struct sl_span whole = hex(forms[f]);

		for (size_t len = 0; len < whole.len; len++) {
			struct sl_span cut = heap_copy(sl_span(whole.ptr, len));
			struct sl_pkey *key = NULL;

			ck_assert_err(f == 0 ? sl_pkey_from_spki(&key, cut)
			                     : sl_pkey_from_text(&key, cut),
			        SL_EMALFORMED);
		}
	}
}
END_TEST

START_TEST(asks_nobody_for_a_password)
{
	struct sl_pkey *key = NULL;

	ck_assert_err(sl_pkey_from_text(&key, sl_span_text(encrypted)), SL_EMALFORMED);
	ck_assert_err(sl_pkey_from_text(&key, sl_span_text("-----BEGIN PRIVATE KEY-----\n")),
	        SL_EMALFORMED);
}
END_TEST

/* RFC 5480 section 2.1.1: implicit and specified curves are not for PKIX. */
START_TEST(refuses_a_curve_spelled_out)
{
	struct sl_pkey *key = NULL;

	ck_assert_err(
	        sl_pkey_from_spki(&key,
	                hex("3082014b3082010306072a8648ce3d02013081f7020101302c06072a8648ce3d010102"
	                    "2100ffffffff00000001000000000000000000000000ffffffffffffffffffffffff30"
	                    "5b0420ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"
	                    "04205ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b03"
	                    "1500c49d360886e704936a6678e1139d26b7819f7e900441046b17d1f2e12c4247f8bc"
	                    "e6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c"
	                    "0f9e162bce33576b315ececbb6406837bf51f5022100ffffffff00000000ffffffffff"
	                    "ffffffbce6faada7179e84f3b9cac2fc63255102010103420004" POINT)),
	        SL_EMALFORMED);
}
END_TEST

START_TEST(other_public_keys_are_known_but_do_nothing)
{
	struct sl_pkey *key = NULL;
	uint8_t out[SL_SIGNATURE_MAX];
	size_t len = 0;

	ck_assert_ok(sl_pkey_from_spki(&key, hex(OTHER_SPKI)));
	ck_assert_int_eq(sl_pkey_type(key), SL_PKEY_OTHER);
	ck_assert_err(sl_pkey_to_raw_public(key, out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_sign(key, sl_span("m", 1), out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_verify(key, sl_span("m", 1), sl_span("s", 1)), SL_EUNSUPPORTED);
	ck_assert_err(sl_verify_raw(key, sl_span("m", 1), sl_span("s", 1)), SL_EUNSUPPORTED);
	ck_assert_err(sl_ecdh(key, key, out, sizeof out, &len), SL_EUNSUPPORTED);
	sl_pkey_free(key);
}
END_TEST

/* A compressed point is read (RFC 5480 section 2.2) and written whole. */
START_TEST(a_point_is_written_uncompressed)
{
	struct sl_pkey *key = NULL;
	uint8_t der[128];
	size_t len = 0;

	/* y ends in 9d: odd, so 03 */
	ck_assert_ok(sl_pkey_from_spki(&key, hex("3039" EC_P256 "03220003" X)));
	ck_assert_ok(sl_pkey_to_spki(key, der, sizeof der, &len));
	ck_assert_bytes(sl_span(der, len), hex(SPKI));
	sl_pkey_free(key);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypto pkey");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, types_have_names);
	tcase_add_loop_test(tc, a_generated_key_survives_every_form, 0, ARRAY_LEN(types));
	tcase_add_loop_test(tc, the_library_has_every_type, 0, ARRAY_LEN(types));
	tcase_add_test(tc, types_that_we_do_not_make);
	tcase_add_test(tc, reads_what_others_write);
	tcase_add_loop_test(tc, refuses_a_bad_public_key, 0, ARRAY_LEN(bad_spki));
	tcase_add_test(tc, says_the_type_without_a_key);
	tcase_add_loop_test(tc, refuses_a_bad_private_key, 0, ARRAY_LEN(bad_private));
	tcase_add_test(tc, refuses_every_proper_prefix);
	tcase_add_test(tc, asks_nobody_for_a_password);
	tcase_add_test(tc, refuses_a_curve_spelled_out);
	tcase_add_test(tc, other_public_keys_are_known_but_do_nothing);
	tcase_add_test(tc, a_point_is_written_uncompressed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
