/* SPDX-License-Identifier: BSD-2-Clause
 * ID_CRED, COSE_Key and claims sets from outside: what is refused, and why. */
#include "support.h"

#include <sl/cbor.h>
#include <sl/credentials.h>

#include <string.h>

/* RFC 9529 section 3.2: the Responder's key. */
#define X "bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046dd44f0"
#define Y "4519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c224c51eabf6072"
/* RFC 7748 section 6.1: Alice's public key. */
#define U   "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
#define KEY "a501020241322001215820" X "225820" Y

static const struct {
	const char *because, *map;
	enum sl_err want;
} id_creds[] = {
        {"a kid", "a1044132", SL_OK},
        {"a kid may be empty", "a10440", SL_OK},
        {"several parameters", "a2044132182282 2e 480102030405060708", SL_OK},
        {"what we do not know is passed over", "a2044132 0a 4101", SL_OK},
        {"a text label is passed over", "a2044132 6161 80", SL_OK},
        {"labels need no order", "a2182282 2e 480102030405060708 044132", SL_OK},
        {"a URI has tag 32", "a11823d8206161", SL_OK},
        {"c5u may be a plain text", "a1176161", SL_OK},
        {"c5u may be tagged", "a117d8206161", SL_OK},
        {"nothing is there", "", SL_EMALFORMED},
        {"it is no map", "044132", SL_EMALFORMED},
        {"the map is empty", "a0", SL_EMALFORMED},
        {"bytes are left", "a104413200", SL_EMALFORMED},
        {"a label stands twice", "a20441320441 32", SL_EMALFORMED},
        {"a label is a bstr", "a241 04 4132 044132", SL_EMALFORMED},
        {"a label is beyond int64", "a2 1bffffffffffffffff 00 044132", SL_EMALFORMED},
        {"a kid is no text", "a1046132", SL_EMALFORMED},
        {"a kid is no int", "a10405", SL_EMALFORMED},
        {"x5t is an array of two", "a118228183", SL_EMALFORMED},
        {"x5t has an int first", "a1182282616148 0102030405060708", SL_EMALFORMED},
        {"x5t has a hash", "a11822822e40", SL_EMALFORMED},
        {"x5u is no plain text", "a118236161", SL_EMALFORMED},
        {"x5u has no other tag", "a11823c16161", SL_EMALFORMED},
        {"x5u is not empty", "a11823d82060", SL_EMALFORMED},
        {"x5chain of one is a bstr", "a118218143010203", SL_EMALFORMED},
        {"x5chain is not empty", "a1182180", SL_EMALFORMED},
        {"x5chain holds bstr", "a11821824101 6101", SL_EMALFORMED},
        {"kccs is a map", "a10e43a10102", SL_EMALFORMED},
        {"the length is indefinite", "bf044132ff", SL_EMALFORMED},
        {"a map says nothing that we know", "a10a4101", SL_EUNSUPPORTED},
        {"bags are refused", "a118204101", SL_EUNSUPPORTED},
        {"bags of C509 are refused", "a118184101", SL_EUNSUPPORTED},
        {"tokens are refused", "a10d8101", SL_EUNSUPPORTED},
        {"bags are refused beside a kid", "a2044132 18204101", SL_EUNSUPPORTED},
        {"a chain of six", "a1182186 4101410141014101 4101 4101", SL_OK},
        {"a chain of seven", "a1182187 41014101410141014101 4101 4101", SL_ELIMIT},
};

START_TEST(id_creds_from_outside)
{
	struct sl_id_cred id;
	struct sl_span map = hex(id_creds[_i].map);
	enum sl_err err = sl_id_cred_decode(&id, map);

	ck_assert_msg(err == id_creds[_i].want, "%s: %s", id_creds[_i].because, sl_err_text(err));
	for (size_t len = 0; err == SL_OK && len < map.len; len++)
		ck_assert_err(
		        sl_id_cred_decode(&id, heap_copy(sl_span(map.ptr, len))), SL_EMALFORMED);
}
END_TEST

/* Seventeen labels, of which the last is a kid. */
START_TEST(a_map_has_sixteen_labels_at_most)
{
	uint8_t bytes[64];

	for (uint8_t count = 16; count <= 17; count++) {
		struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
		struct sl_id_cred id;

		sl_cbor_write_map(&w, count);
		for (int i = 1; i < count; i++) {
			sl_cbor_write_int(&w, -i);
			sl_cbor_write_int(&w, 0);
		}
		sl_cbor_write_int(&w, 4);
		sl_cbor_write_bytes(&w, sl_span("2", 1));
		ck_assert_err(sl_id_cred_decode(&id, sl_writer_span(&w)),
		        count == 16 ? SL_OK : SL_ELIMIT);
	}
}
END_TEST

static const struct {
	const char *because, *key;
	enum sl_err want;
} keys[] = {
        {"a point", KEY, SL_OK},
        {"a point without kid", "a401022001215820" X "225820" Y, SL_OK},
        {"y may be its sign", "a401022001215820" X "22f4", SL_OK},
        {"y may be absent", "a301022001215820" X, SL_OK},
        {"an OKP has no y", "a301012004215820" U, SL_OK},
        {"other labels are passed over", "a401012004215820" U "0327", SL_OK},
        {"the order does not matter", "a3215820" U "20040101", SL_OK},
        {"kty is missing", "a22004215820" U, SL_EUNSUPPORTED},
        {"crv is missing", "a20101215820" U, SL_EUNSUPPORTED},
        {"x is missing", "a201012004", SL_EMALFORMED},
        {"kty does not fit crv", "a301022004215820" U, SL_EUNSUPPORTED},
        {"secp256k1 is not ours", "a401022008215820" X "225820" Y, SL_EUNSUPPORTED},
        {"symmetric keys are none", "a2010420420102", SL_EMALFORMED},
        {"an OKP with y", "a401012004215820" U "22f5", SL_EMALFORMED},
        {"x is short",
                "a301012004 21581f"
                "20f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
                SL_EMALFORMED},
        {"y is short", "a401022001215820" X "224101", SL_EMALFORMED},
        {"y is empty", "a401022001215820" X "2240", SL_EMALFORMED},
        {"y is null", "a401022001215820" X "22f6", SL_EMALFORMED},
        {"the point is off the curve", "a401022001215820" X "225820" X, SL_EMALFORMED},
        {"x is on no point of the curve",
                "a301022001215820a04e73601df544a70ba7ea1e57030f7d4b4eb7f673924e58d54ca77a5e7d4d4a",
                SL_EMALFORMED},
        {"a private key is not shown around", "a401012004215820" U "235820" U, SL_EMALFORMED},
        {"a label stands twice", "a401012004215820" U "0101", SL_EMALFORMED},
        {"a label is a bstr", "a401012004215820" U "4103 27", SL_EMALFORMED},
        {"a label is beyond int64", "a401012004215820" U "1bffffffffffffffff 27", SL_EMALFORMED},
        {"a text label is passed over", "a401012004215820" U "6161 27", SL_OK},
        {"kty is a text", "a301634f4b502004215820" U, SL_EMALFORMED},
        {"it is no map", "83010203", SL_EMALFORMED},
        {"bytes are left", "a301012004215820" U "00", SL_EMALFORMED},
};

START_TEST(cose_keys_from_outside)
{
	struct sl_pkey *key = NULL;
	struct sl_span item = hex(keys[_i].key);
	enum sl_err err = sl_cose_key_decode(&key, item);

	ck_assert_msg(err == keys[_i].want, "%s: %s", keys[_i].because, sl_err_text(err));
	ck_assert_int_eq(key != NULL, err == SL_OK);
	sl_pkey_free(key);
	for (size_t len = 0; err == SL_OK && len < item.len; len++)
		ck_assert_err(
		        sl_cose_key_decode(&key, heap_copy(sl_span(item.ptr, len))), SL_EMALFORMED);
}
END_TEST

static const struct {
	const char *because, *cred;
	enum sl_err want;
} creds[] = {
        {"a claims set", "a2026161 08a101" KEY, SL_OK},
        {"sub is not needed", "a108a101" KEY, SL_OK},
        {"other claims pass", "a3026161 041a65920080 08a101" KEY, SL_OK},
        {"other confirmations pass beside the key", "a108a20341 31 01" KEY, SL_OK},
        {"cnf is missing", "a1026161", SL_EMALFORMED},
        {"cnf is no map", "a10801", SL_EMALFORMED},
        {"the key is no map", "a108a10101", SL_EMALFORMED},
        {"cnf holds no key", "a108a103 4131", SL_EUNSUPPORTED},
        {"sub is no bstr", "a2024161 08a101" KEY, SL_EMALFORMED},
        {"a claim stands twice", "a3026161 026161 08a101" KEY, SL_EMALFORMED},
        {"bytes are left", "a108a101" KEY "00", SL_EMALFORMED},
        {"a key alone has no cnf", KEY, SL_EMALFORMED},
        {"a text is none", "6161", SL_EMALFORMED},
        {"a tag is none (a CWT is untagged)", "d83d a108a101" KEY, SL_EMALFORMED},
        {"no certificate is in the bstr", "43010203", SL_EMALFORMED},
        {"no certificate is in the array", "83010203", SL_EMALFORMED},
        {"nothing is there", "", SL_EMALFORMED},
};

START_TEST(credentials_from_outside)
{
	struct sl_credential c = {.key = NULL};
	enum sl_err err = sl_credential_decode(&c, hex(creds[_i].cred));

	ck_assert_msg(err == creds[_i].want, "%s: %s", creds[_i].because, sl_err_text(err));
	ck_assert_int_eq(c.key != NULL, err == SL_OK);
	sl_credential_clear(&c);
	ck_assert_ptr_null(c.key);
}
END_TEST

START_TEST(a_claims_set_is_read)
{
	struct sl_credential c;

	ck_assert_ok(sl_credential_decode(&c, hex("a20263616263 08a101" KEY)));
	ck_assert_int_eq(c.kind, SL_CREDENTIAL_CCS);
	ck_assert(sl_span_equal_text(c.subject, "abc"));
	ck_assert(c.has_kid);
	ck_assert_bytes(c.kid, hex("32"));
	sl_credential_clear(&c);
}
END_TEST

/* --- looking up --- */

#define CCS_A "a2026161 08a101" KEY
#define CCS_B "a2026162 08a101" KEY

START_TEST(one_kid_may_mean_several)
{
	struct sl_known_credential known[SL_CANDIDATES_MAX + 1];
	struct sl_trust trust = {.known = known, .known_count = 2, .now = 1000};
	struct sl_candidates candidates;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		known[i] = (struct sl_known_credential){
		        .cred = hex(i == 0 ? CCS_A : CCS_B), .has_kid = true, .kid = hex("32")};
	ck_assert_ok(sl_credential_resolve(&candidates, &trust, hex("a1044132"), SL_FOR_STATIC_DH));
	ck_assert_uint_eq(candidates.count, 2);
	ck_assert_bytes(candidates.list[1].cred, hex(CCS_B));
	sl_candidates_clear(&candidates);
	ck_assert_uint_eq(candidates.count, 0);
	trust.known_count = SL_CANDIDATES_MAX;
	ck_assert_ok(sl_credential_resolve(&candidates, &trust, hex("a1044132"), SL_FOR_STATIC_DH));
	ck_assert_uint_eq(candidates.count, SL_CANDIDATES_MAX);
	sl_candidates_clear(&candidates);
	trust.known_count = SL_CANDIDATES_MAX + 1;
	ck_assert_err(sl_credential_resolve(&candidates, &trust, hex("a1044132"), SL_FOR_STATIC_DH),
	        SL_ELIMIT);
	known[0].has_kid = false; /* a kid inside the CCS is not a name that we gave it */
	trust.known_count = 1;
	ck_assert_err(sl_credential_resolve(&candidates, &trust, hex("a1044132"), SL_FOR_STATIC_DH),
	        SL_ENOTFOUND);
	known[0].has_kid = true;
	known[0].kid = hex("");
	ck_assert_ok(sl_credential_resolve(&candidates, &trust, hex("a10440"), SL_FOR_STATIC_DH));
	sl_candidates_clear(&candidates);
}
END_TEST

START_TEST(a_claims_set_equals_a_known_one)
{
	struct sl_known_credential known = {.cred = hex(CCS_A)};
	struct sl_trust trust = {.known = &known, .known_count = 1, .now = 1000};
	struct sl_candidates candidates;

	ck_assert_ok(
	        sl_credential_resolve(&candidates, &trust, hex("a10e" CCS_A), SL_FOR_STATIC_DH));
	sl_candidates_clear(&candidates);
	/* the same key under another subject is another credential */
	ck_assert_err(
	        sl_credential_resolve(&candidates, &trust, hex("a10e" CCS_B), SL_FOR_STATIC_DH),
	        SL_EAUTH);
}
END_TEST

/* exp 1000000000, nbf 900000000 (RFC 8392 sections 3.1.4 and 3.1.5). */
START_TEST(a_claims_set_has_its_time)
{
	struct sl_span ccs = hex("a3041a3b9aca00 051a35a4e900 08a101" KEY);
	struct sl_known_credential known = {.cred = ccs, .has_kid = true, .kid = hex("32")};
	struct sl_trust trust = {.known = &known, .known_count = 1};
	static const struct {
		int64_t now;
		enum sl_err want;
	} rows[] = {{899999999, SL_EAUTH}, {900000000, SL_OK}, {1000000000, SL_OK},
	        {1000000001, SL_EAUTH}, {-1, SL_OK}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sl_candidates candidates = {.count = 0};

		trust.now = rows[i].now;
		ck_assert_err(sl_credential_resolve(
		                      &candidates, &trust, hex("a1044132"), SL_FOR_STATIC_DH),
		        rows[i].want);
		sl_candidates_clear(&candidates);
	}
}
END_TEST

START_TEST(all_parameters_agree)
{
	struct sl_known_credential known = {
	        .cred = hex(CCS_A), .has_kid = true, .kid = hex("32"), .uri = sl_span("u", 1)};
	struct sl_trust trust = {.known = &known, .known_count = 1, .now = 1000};
	struct sl_candidates candidates;
	static const char *const maps[] = {
	        "a2044132 182282 2e 480102030405060708", /* it is no certificate */
	        "a2044132 1682 2e 480102030405060708",
	        "a2044132 1823d8206175",
	        "a2044132 176175",
	        "a2044133 0e" CCS_A,
	        "a2044132 0e" CCS_B,
	        "a2044132 18214101",
	        "a2044132 18194101",
	};

	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		enum sl_err err =
		        sl_credential_resolve(&candidates, &trust, hex(maps[i]), SL_FOR_STATIC_DH);

		ck_assert_msg(err == SL_ENOTFOUND || err == SL_EAUTH, "%s", maps[i]);
	}
	ck_assert_ok(sl_credential_resolve(
	        &candidates, &trust, hex("a2044132 0e" CCS_A), SL_FOR_STATIC_DH));
	sl_candidates_clear(&candidates);
}
END_TEST

/* What is provisioned may be broken: it is passed over. */
START_TEST(a_broken_record_is_no_obstacle)
{
	struct sl_known_credential known[2] = {
	        {.cred = hex("43010203"), .has_kid = true, .kid = hex("32")},
	        {.cred = hex(CCS_A), .has_kid = true, .kid = hex("32")}};
	struct sl_trust trust = {.known = known, .known_count = 2, .now = 1000};
	struct sl_candidates candidates;

	ck_assert_ok(sl_credential_resolve(&candidates, &trust, hex("a1044132"), SL_FOR_STATIC_DH));
	ck_assert_uint_eq(candidates.count, 1);
	sl_candidates_clear(&candidates);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("credentials decode");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, id_creds_from_outside, 0, ARRAY_LEN(id_creds));
	tcase_add_test(tc, a_map_has_sixteen_labels_at_most);
	tcase_add_loop_test(tc, cose_keys_from_outside, 0, ARRAY_LEN(keys));
	tcase_add_loop_test(tc, credentials_from_outside, 0, ARRAY_LEN(creds));
	tcase_add_test(tc, a_claims_set_is_read);
	tcase_add_test(tc, one_kid_may_mean_several);
	tcase_add_test(tc, a_claims_set_equals_a_known_one);
	tcase_add_test(tc, a_claims_set_has_its_time);
	tcase_add_test(tc, all_parameters_agree);
	tcase_add_test(tc, a_broken_record_is_no_obstacle);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
