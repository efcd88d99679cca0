/* SPDX-License-Identifier: BSD-2-Clause
 * Cipher suites against the registry (RFC 9528 section 10.2), and what an installed library may
 * lack. */
#include "support.h"

#include <sl/edhoc_suite.h>

#include <openssl/evp.h>

/* Value, then the array of the registry: AEAD, hash, MAC length, curve, signature, application AEAD,
 * application hash, as COSE numbers. */
static const struct {
	int number, aead, hash;
	size_t mac_len;
	int curve, signature, app_aead, app_hash;
} registry[] = {
        {0, 10, -16, 8, 4, -8, 10, -16},
        {1, 30, -16, 16, 4, -8, 10, -16},
        {2, 10, -16, 8, 1, -7, 10, -16},
        {3, 30, -16, 16, 1, -7, 10, -16},
        {4, 24, -16, 16, 4, -8, 24, -16},
        {5, 24, -16, 16, 1, -7, 24, -16},
        {6, 1, -16, 16, 4, -7, 1, -16},
        {24, 3, -43, 16, 2, -35, 3, -43},
        {25, 24, -45, 16, 5, -8, 24, -45},
};

static int
curve_of(const struct sl_edhoc_suite *s)
{
	return s->ecdh == SL_PKEY_P256     ? 1
	       : s->ecdh == SL_PKEY_P384   ? 2
	       : s->ecdh == SL_PKEY_X25519 ? 4
	       : s->ecdh == SL_PKEY_X448   ? 5
	                                   : 0;
}

static int
signature_of(const struct sl_edhoc_suite *s)
{
	return s->signature == SL_PKEY_P256 ? -7 : s->signature == SL_PKEY_P384 ? -35 : -8;
}

START_TEST(the_table_is_the_registry)
{
	for (size_t i = 0; i < ARRAY_LEN(registry); i++) {
		const struct sl_edhoc_suite *s = sl_edhoc_suite(registry[i].number);

		ck_assert_ptr_eq(s, sl_edhoc_suite_at(i));
		ck_assert_int_eq(s->aead, registry[i].aead);
		ck_assert_int_eq(s->hash, registry[i].hash);
		ck_assert_uint_eq(s->mac_len, registry[i].mac_len);
		ck_assert_int_eq(curve_of(s), registry[i].curve);
		ck_assert_int_eq(signature_of(s), registry[i].signature);
		ck_assert_int_eq(s->app_aead, registry[i].app_aead);
		ck_assert_int_eq(s->app_hash, registry[i].app_hash);
		ck_assert_int_eq(sl_edhoc_suite_has_oscore(s), registry[i].number != 25);
	}
	ck_assert_ptr_null(sl_edhoc_suite_at(ARRAY_LEN(registry)));
	ck_assert_int_eq(sl_edhoc_default_suites[0], 2);
	ck_assert_int_eq(sl_edhoc_default_suites[1], 3);
}
END_TEST

/* The lengths follow from the key types. */
START_TEST(lengths_are_those_of_the_keys)
{
	const struct sl_edhoc_suite *s = sl_edhoc_suite_at((size_t)_i);
	bool has_two = s->ecdh == SL_PKEY_P256 || s->ecdh == SL_PKEY_P384;
	struct sl_pkey *key = NULL;
	uint8_t bytes[SL_SIGNATURE_MAX];
	size_t len = 0;

	ck_assert_ok(sl_pkey_generate(&key, s->ecdh));
	ck_assert_ok(sl_pkey_to_raw_public(key, bytes, sizeof bytes, &len));
	ck_assert_uint_eq(len, s->point_len * (has_two ? 2 : 1));
	sl_pkey_free(key);
	ck_assert_ok(sl_pkey_generate(&key, s->signature));
	ck_assert_ok(sl_sign_raw(key, sl_span("m", 1), bytes, sizeof bytes, &len));
	ck_assert_uint_eq(len, s->signature_len);
	sl_pkey_free(key);
}
END_TEST

START_TEST(numbers_outside_the_table_are_unknown)
{
	static const int64_t numbers[] = {
	        7, 23, 26, -1, -21, -24, 160, 43690, INT64_MAX, INT64_MIN, ((int64_t)1 << 32) + 2};
	const char *missing = NULL;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		ck_assert_ptr_null(sl_edhoc_suite(numbers[i]));
		ck_assert_err(sl_edhoc_suite_check(numbers[i], &missing), SL_ENOTFOUND);
	}
	ck_assert_ptr_null(missing);
}
END_TEST

/* No provider has such a property: then the first algorithm of a suite is what is missing. */
START_TEST(what_the_library_lacks_is_named)
{
	static const struct {
		const char *query, *missing;
		int number;
	} rows[] = {
	        {"sealift=absent", "AES-CCM-16-64-128", 2},
	        {"sealift=absent", "A256GCM", 24},
	        {"sealift=absent", "ChaCha20/Poly1305", 25},
	};
	const char *missing = NULL;

	for (size_t i = 0; i < ARRAY_LEN(registry); i++)
		ck_assert_ok(sl_edhoc_suite_check(registry[i].number, &missing));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ck_assert_int_eq(EVP_set_default_properties(NULL, rows[i].query), 1);
		ck_assert_err(sl_edhoc_suite_check(rows[i].number, &missing), SL_EUNSUPPORTED);
		ck_assert_int_eq(EVP_set_default_properties(NULL, ""), 1);
		ck_assert_str_eq(missing, rows[i].missing);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc suites");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, the_table_is_the_registry);
	tcase_add_loop_test(tc, lengths_are_those_of_the_keys, 0, ARRAY_LEN(registry));
	tcase_add_test(tc, numbers_outside_the_table_are_unknown);
	tcase_add_test(tc, what_the_library_lacks_is_named);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
