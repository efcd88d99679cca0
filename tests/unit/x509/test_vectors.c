/* SPDX-License-Identifier: BSD-2-Clause
 * Published requests and certificates: tests/vectors/est_examples.json. */
#include "support.h"

#include <sl/hash.h>
#include <sl/x509.h>

#include <string.h>

/* The x coordinate follows the 27 bytes in front of an uncompressed P-256 point. */
static struct sl_span
key_x(struct sl_span spki)
{
	ck_assert_uint_eq(spki.len, 91);
	return sl_span(spki.ptr + 27, 32);
}

START_TEST(published_requests_verify)
{
	json_t *root = vectors_load("est_examples.json"), *row;
	size_t i;

	json_array_foreach(vectors_list(root, "requests"), i, row)
	{
		struct sl_span bytes = vectors_hex(row, "der"), digest = vectors_hex(row, "sha256");
		uint8_t hash[SL_SHA256_LEN];
		struct sl_csr csr;

		ck_assert_ok(sl_sha256(bytes, hash));
		if (digest.len > 0)
			ck_assert_bytes(sl_span(hash, sizeof hash), digest);
		ck_assert_ok(sl_csr_decode(&csr, bytes));
		ck_assert_ok(sl_csr_verify(&csr));
		ck_assert_str_eq(csr.subject_text, vectors_text(row, "subject"));
		ck_assert_bytes(key_x(csr.spki), vectors_hex(row, "key_x"));
		ck_assert_int_eq(csr.key_type, SL_PKEY_P256);
		ck_assert(!csr.has_challenge && csr.extensions.len == 0);
		for (size_t len = 0; len < bytes.len; len++)
			ck_assert_err(sl_csr_decode(&csr, heap_copy(sl_span(bytes.ptr, len))),
			        SL_EMALFORMED);
	}
	vectors_ran("requests", i);
	json_decref(root);
}
END_TEST

START_TEST(a_flipped_bit_of_a_request_never_verifies)
{
	json_t *root = vectors_load("est_examples.json"), *row;
	size_t i, verified = 0, decoded = 0;

	json_array_foreach(vectors_list(root, "requests"), i, row)
	{
		struct sl_span bytes = heap_copy(vectors_hex(row, "der"));
		uint8_t *at = (uint8_t *)(uintptr_t)bytes.ptr;
		struct sl_csr csr;

		for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
			at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (sl_csr_decode(&csr, bytes) == SL_OK) {
				decoded++;
				verified += sl_csr_verify(&csr) == SL_OK;
			}
			at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		ck_assert_ok(sl_csr_decode(&csr, bytes));
		ck_assert_ok(sl_csr_verify(&csr));
	}
	ck_assert_uint_gt(decoded, 0);
	ck_assert_uint_eq(verified, 0);
	json_decref(root);
}
END_TEST

/* The issuer's certificate is not published, only its key: one is made for it here. */
static struct sl_span
certificate_of_issuer(const json_t *row, struct sl_span name)
{
	struct sl_pkey *key = NULL;
	struct sl_cert_params params = {.serial = hex("01"),
	        .subject = name,
	        .not_before = json_integer_value(json_object_get(row, "not_before")),
	        .not_after = json_integer_value(json_object_get(row, "not_after")),
	        .key_usage = SL_KU_KEY_CERT_SIGN,
	        .is_ca = true};
	uint8_t tbs[1024], out[1200];
	size_t len = 0;

	ck_assert_ok(
	        sl_pkey_from_raw_private(&key, SL_PKEY_P256, vectors_hex(row, "issuer_private")));
	params.issuer_key = key;
	ck_assert_ok(sl_cert_tbs(&params, tbs, sizeof tbs, &len));
	ck_assert_ok(sl_cert_sign(sl_span(tbs, len), key, out, sizeof out, &len));
	sl_pkey_free(key);
	return heap_copy(sl_span(out, len));
}

START_TEST(published_certificates_verify)
{
	json_t *root = vectors_load("est_examples.json"), *row;
	size_t i;

	json_array_foreach(vectors_list(root, "certificates"), i, row)
	{
		struct sl_span bytes = vectors_hex(row, "der"), issuer_der, tbs, signature;
		struct sl_pkey *issuer_key = NULL;
		struct sl_cert cert, issuer;
		struct sl_cert_path path = {&issuer_der, 1, NULL, 0, 0};

		ck_assert_ok(sl_cert_decode(&cert, bytes));
		ck_assert_bytes(cert.serial, vectors_hex(row, "serial"));
		ck_assert_str_eq(cert.issuer_text, vectors_text(row, "issuer"));
		ck_assert_str_eq(cert.subject_text, vectors_text(row, "subject"));
		ck_assert_int_eq(
		        cert.not_before, json_integer_value(json_object_get(row, "not_before")));
		ck_assert_int_eq(
		        cert.not_after, json_integer_value(json_object_get(row, "not_after")));
		ck_assert_uint_eq(
		        cert.key_usage, json_integer_value(json_object_get(row, "key_usage")));
		ck_assert_bytes(key_x(cert.spki), vectors_hex(row, "key_x"));

		/* the published issuer key alone */
		ck_assert_ok(sl_cert_get_tbs(bytes, &tbs));
		signature = sl_span(bytes.ptr + bytes.len - 72, 72); /* 30 46 and 70 bytes */
		ck_assert_ok(sl_pkey_from_raw_public(
		        &issuer_key, SL_PKEY_P256, vectors_hex(row, "issuer_key")));
		ck_assert_ok(sl_verify(issuer_key, tbs, signature));
		sl_pkey_free(issuer_key);

		issuer_der = certificate_of_issuer(row, cert.issuer);
		ck_assert_ok(sl_cert_decode(&issuer, issuer_der));
		ck_assert_ok(sl_cert_verify_issued_by(&cert, &issuer, cert.not_before));
		path.now = cert.not_before;
		ck_assert_ok(sl_cert_verify_path(bytes, &path));
		for (size_t len = 0; len < bytes.len; len++)
			ck_assert_err(sl_cert_decode(&cert, heap_copy(sl_span(bytes.ptr, len))),
			        SL_EMALFORMED);
	}
	vectors_ran("certificates", i);
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 vectors");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, published_requests_verify);
	tcase_add_test(tc, a_flipped_bit_of_a_request_never_verifies);
	tcase_add_test(tc, published_certificates_verify);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
