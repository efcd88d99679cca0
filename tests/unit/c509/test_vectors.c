/* SPDX-License-Identifier: BSD-2-Clause
 * c509_examples.json: the examples of draft-ietf-cose-cbor-encoded-cert, the certificates, requests
 * and templates of draft-ietf-cose-c509-test-vectors, more re-encodings; type 3 bit for bit both ways,
 * type 2 by its signature, and what must be refused. */
#include "support.h"

#include <sl/c509.h>
#include <sl/cbor.h>
#include <sl/hash.h>
#include <sl/x509.h>

#include <stdio.h>
#include <string.h>

static json_t *root;

static void
setup(void)
{
	root = vectors_load("c509_examples.json");
}

static void
teardown(void)
{
	json_decref(root);
}

typedef enum sl_err (*encode_fn)(
        struct sl_span der, enum sl_c509_points points, uint8_t *out, size_t cap, size_t *len);
typedef enum sl_err (*decode_fn)(struct sl_span c509, uint8_t *out, size_t cap, size_t *len);

/* One of the two valid forms is the published one; both come back to the same DER. */
static void
ck_reencoding(const char *name, struct sl_span der, struct sl_span want, encode_fn encode,
        decode_fn decode)
{
	static uint8_t out[2][8192], again[8192];
	size_t len[2] = {0}, again_len = 0;

	for (int points = SL_C509_COMPRESSED; points <= SL_C509_UNCOMPRESSED; points++) {
		enum sl_err err = encode(heap_copy(der), (enum sl_c509_points)points, out[points],
		        der.len, &len[points]);

		ck_assert_msg(err == SL_OK, "%s: %s", name, sl_err_text(err));
		ck_assert_ok(decode(heap_copy(sl_span(out[points], len[points])), again,
		        sizeof again, &again_len));
		ck_assert_msg(sl_span_equal(sl_span(again, again_len), der), "%s", name);
	}
	ck_assert_msg(sl_span_equal(sl_span(out[0], len[0]), want) ||
	                      sl_span_equal(sl_span(out[1], len[1]), want),
	        "%s: want %s, got %s", name, to_hex(want), to_hex(sl_span(out[0], len[0])));
	ck_assert_ok(decode(heap_copy(want), again, der.len, &again_len));
	ck_assert_bytes(sl_span(again, again_len), der);
	ck_assert_err(decode(want, again, der.len - 1, &again_len), SL_ESPACE);
	ck_assert_err(encode(der, SL_C509_UNCOMPRESSED, again, len[1] - 1, &again_len), SL_ESPACE);
}

static void
ck_certificate(const json_t *row)
{
	struct sl_span c509 = vectors_hex(row, "c509_type3"), der = vectors_hex(row, "x509_der");
	struct sl_c509_cert cert;
	struct sl_cert x509;

	ck_reencoding(vectors_text(row, "name"), der, c509, sl_c509_from_x509, sl_c509_to_x509);
	if (json_object_get(row, "c509_type3_uncompressed_point") != NULL)
		ck_reencoding(vectors_text(row, "name"), der,
		        vectors_hex(row, "c509_type3_uncompressed_point"), sl_c509_from_x509,
		        sl_c509_to_x509);
	ck_assert_ok(sl_c509_decode(&cert, c509, false));
	ck_assert_int_eq(cert.type, SL_C509_REENCODED);
	if (sl_cert_decode(&x509, der) != SL_OK)
		return;
	/* both readings of the one certificate agree */
	ck_assert_bytes(cert.serial, x509.serial);
	ck_assert_int_eq(cert.not_before, x509.not_before);
	if (cert.not_after != SL_C509_NO_END)
		ck_assert_int_eq(cert.not_after, x509.not_after);
	ck_assert_int_eq(cert.is_ca, x509.is_ca);
	ck_assert_int_eq(cert.has_key_usage, x509.has_key_usage);
	ck_assert_uint_eq(cert.key_usage, x509.key_usage);
	ck_assert_int_eq(cert.is_cmc_ra, x509.is_cmc_ra);
	ck_assert_int_eq(
	        sl_span_equal(cert.issuer, cert.subject), sl_span_equal(x509.issuer, x509.subject));
}

START_TEST(certificates_re_encoded_both_ways)
{
	json_t *published =
	        vectors_list(json_object_get(root, "test_vectors_draft"), "certificates");
	json_t *row;
	size_t i, count = 0;

	json_array_foreach(vectors_list(root, "draft_examples"), i, row) ck_certificate(row);
	count += i;
	json_array_foreach(published, i, row) ck_certificate(row);
	count += i;
	json_array_foreach(vectors_list(root, "generated"), i, row) ck_certificate(row);
	vectors_ran("C509 type 3 certificates, both ways", count + i);
}
END_TEST

/* The key that is said to have signed: of a self-signed certificate its own; of the others the CA's. */
static struct sl_pkey *
issuer_key(const json_t *list, const char *name)
{
	const char *issuer = strncmp(name, "ee_", 3) == 0 ? "ca_ed25519_unsigned" : name;
	struct sl_pkey *key = NULL;
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row) if (strcmp(vectors_text(row, "name"), issuer) == 0)
	        ck_assert_ok(sl_pkey_from_pkcs8(&key, vectors_hex(row, "private_key_pkcs8")));
	ck_assert_ptr_nonnull(key);
	return key;
}

static void
ck_native(const char *name, struct sl_span bytes, const struct sl_pkey *key)
{
	bool odd_prefix = strcmp(name, "selfsign_secp256r1_compressed") == 0;
	struct sl_c509_cert cert;
	struct sl_span copy = heap_copy(bytes);
	uint8_t again[2048];
	size_t len = 0;

	/* section 3.2.1 of the format draft has no prefix fd in native certificates */
	ck_assert_err(sl_c509_decode(&cert, copy, false), odd_prefix ? SL_EMALFORMED : SL_OK);
	ck_assert_ok(sl_c509_decode(&cert, copy, true));
	ck_assert_int_eq(cert.type, SL_C509_NATIVE);
	ck_assert_err(sl_c509_to_x509(copy, again, sizeof again, &len), SL_EUNSUPPORTED);
	if (cert.signature_algorithm == 5) {
		ck_assert_err(sl_c509_verify_native(&cert, key), SL_EUNSUPPORTED);
		return;
	}
	ck_assert_msg(sl_c509_verify_native(&cert, key) == SL_OK, "%s", name);
	for (size_t bit = 0; bit < 8 * cert.signature.len - 16; bit += 37) {
		struct sl_c509_cert bad = cert;
		struct sl_span flipped = heap_copy(cert.signature);

		((uint8_t *)flipped.ptr)[2 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		bad.signature = flipped;
		ck_assert_err(sl_c509_verify_native(&bad, key), SL_EAUTH);
	}
	if (odd_prefix)
		return;
	/* signing the same elements again: Ed25519 gives the published bytes */
	ck_assert_ok(sl_c509_sign_native(cert.tbs, key, again, sizeof again, &len));
	if (sl_pkey_type(key) == SL_PKEY_ED25519)
		ck_assert_bytes(sl_span(again, len), bytes);
	ck_assert_ok(sl_c509_decode(&cert, sl_span(again, len), false));
	ck_assert_ok(sl_c509_verify_native(&cert, key));
	ck_assert_err(sl_c509_sign_native(cert.tbs, key, again + 1024, len - 1, &len), SL_ESPACE);
}

START_TEST(native_certificates_verify)
{
	json_t *list = vectors_list(json_object_get(root, "test_vectors_draft"), "certificates");
	json_t *first = json_array_get(vectors_list(root, "draft_examples"), 0), *row;
	struct sl_pkey *key = NULL;
	size_t i, count = 1;

	json_array_foreach(list, i, row)
	{
		const char *name = vectors_text(row, "name");

		if (json_object_get(row, "c509_type2") == NULL)
			continue;
		key = issuer_key(list, name);
		ck_native(name, vectors_hex(row, "c509_type2"), key);
		sl_pkey_free(key);
		count++;
	}
	ck_assert_ok(sl_pkey_from_raw_private(
	        &key, SL_PKEY_P256, vectors_hex(first, "issuer_private_key")));
	ck_native("rfc7925_profile", vectors_hex(first, "c509_type2"), key);
	sl_pkey_free(key);
	vectors_ran("C509 type 2 certificates", count);
}
END_TEST

/* Signatures of type 3 are those of the DER. */
START_TEST(re_encoded_certificates_verify)
{
	json_t *list = vectors_list(json_object_get(root, "test_vectors_draft"), "certificates");
	json_t *first = json_array_get(vectors_list(root, "draft_examples"), 0);
	uint8_t der[1024];
	struct sl_span tbs, whole;
	struct sl_pkey *key = NULL;
	size_t len = 0;

	ck_assert_ok(sl_c509_to_x509(vectors_hex(first, "c509_type3"), der, sizeof der, &len));
	whole = sl_span(der, len);
	ck_assert_ok(sl_cert_get_tbs(whole, &tbs));
	ck_assert_ok(sl_pkey_from_raw_public(
	        &key, SL_PKEY_P256, vectors_hex(first, "issuer_public_key_compressed")));
	/* SEQUENCE { INTEGER r, INTEGER s } ends the certificate: 72 bytes in this one */
	ck_assert_ok(sl_verify(key, tbs, sl_span(der + len - 72, 72)));
	sl_pkey_free(key);
	ck_assert_uint_gt(json_array_size(list), 0);
}
END_TEST

/* --- requests --- */

/* Names of the recipient: type 3 DER, type 2 encoded; the issuer in full. */
static void
ck_pop(const json_t *row, const json_t *certs, bool is_native)
{
	struct sl_span bytes = vectors_hex(row, is_native ? "c509_csr_type2" : "c509_csr_type3");
	struct sl_pkey *recipient, *own = NULL;
	struct sl_c509_request request;
	struct sl_c509_cert native;
	struct sl_cert x509;
	struct sl_c509_pop pop = {.data = {NULL, 0}};
	const json_t *cert;
	uint8_t mac[SL_HASH_MAX];
	size_t i, len = 0;

	recipient = issuer_key(certs, vectors_text(row, "pop_recipient_certificate"));
	ck_assert_ok(sl_pkey_from_pkcs8(&own, vectors_hex(row, "private_key_pkcs8")));
	ck_assert_ok(sl_c509_request_decode(&request, bytes));
	json_array_foreach(certs, i, cert)
	{
		if (strcmp(vectors_text(cert, "name"),
		            vectors_text(row, "pop_recipient_certificate")) != 0)
			continue;
		ck_assert_ok(sl_cert_decode(&x509, vectors_hex(cert, "x509_der")));
		ck_assert_ok(sl_c509_decode(&native, vectors_hex(cert, "c509_type2"), false));
	}
	pop = (struct sl_c509_pop){request.signature_algorithm, own, recipient,
	        is_native ? native.subject : x509.subject, is_native ? native.issuer : x509.issuer,
	        request.tbs};
	if (!is_native) {
		struct sl_csr csr;

		/* the info of the PKCS#10 object; sl_csr_decode does not look at the signature */
		ck_assert_ok(sl_csr_decode(&csr, vectors_hex(row, "pkcs10_der")));
		pop.data = csr.info;
	}
	ck_assert_ok(sl_c509_pop(&pop, mac, &len));
	ck_assert_bytes(sl_span(mac, len),
	        sl_span(request.signature.ptr + request.signature.len - len, len));
	pop.own = recipient; /* the verifier's side */
	pop.peer = own;
	ck_assert_ok(sl_c509_pop(&pop, mac, &len));
	ck_assert_bytes(sl_span(mac, len),
	        sl_span(request.signature.ptr + request.signature.len - len, len));
	sl_pkey_free(recipient);
	sl_pkey_free(own);
}

START_TEST(requests_both_ways)
{
	json_t *draft = json_object_get(root, "test_vectors_draft"), *row;
	size_t i, natives = 0, pops = 0;

	json_array_foreach(vectors_list(draft, "requests"), i, row)
	{
		const char *name = vectors_text(row, "name");
		struct sl_c509_request request;
		bool is_pop = json_object_get(row, "pop_recipient_certificate") != NULL;

		ck_reencoding(name, vectors_hex(row, "pkcs10_der"),
		        vectors_hex(row, "c509_csr_type3"), sl_c509_from_pkcs10, sl_c509_to_pkcs10);
		if (is_pop) {
			ck_pop(row, vectors_list(draft, "certificates"), false);
			ck_pop(row, vectors_list(draft, "certificates"), true);
			pops += 2;
		}
		if (json_object_get(row, "c509_csr_type2") == NULL)
			continue;
		ck_assert_ok(sl_c509_request_decode(
		        &request, heap_copy(vectors_hex(row, "c509_csr_type2"))));
		ck_assert_int_eq(request.type, SL_C509_NATIVE);
		natives++;
		if (is_pop || request.signature_algorithm == 5)
			ck_assert_err(sl_c509_request_verify_native(&request), SL_EUNSUPPORTED);
		else
			ck_assert_ok(sl_c509_request_verify_native(&request));
	}
	vectors_ran("C509 type 3 requests", i);
	vectors_ran("C509 type 2 requests", natives);
	vectors_ran("C509 static DH proofs", pops);
}
END_TEST

START_TEST(attributes_of_requests)
{
	json_t *list = vectors_list(json_object_get(root, "test_vectors_draft"), "requests");
	struct sl_c509_request request;
	struct sl_pkey *key = NULL;

	ck_assert_ok(sl_c509_request_decode(
	        &request, vectors_hex(json_array_get(list, 0), "c509_csr_type2")));
	ck_assert(!request.has_challenge);
	ck_assert_bytes(request.extensions, hex("82036b6578616d706c652e636f6d"));
	ck_assert_ok(sl_c509_request_key(&request, &key));
	ck_assert_int_eq(sl_pkey_type(key), SL_PKEY_P256);
	sl_pkey_free(key);
	ck_assert_ok(sl_c509_request_decode(
	        &request, vectors_hex(json_array_get(list, 1), "c509_csr_type3")));
	ck_assert(request.has_challenge);
	ck_assert(sl_span_equal_text(request.challenge, "my password"));
	ck_assert_uint_eq(request.extensions.len, 0);
	ck_assert_err(sl_c509_request_verify_native(&request), SL_EUNSUPPORTED); /* type 3 */
}
END_TEST

START_TEST(templates)
{
	json_t *list = vectors_list(json_object_get(root, "test_vectors_draft"), "templates"), *row;
	struct sl_c509_template template;
	size_t i;

	json_array_foreach(list, i, row)
	{
		struct sl_span bytes = vectors_hex(row, "c509_crtemplate");

		ck_assert_msg(sl_c509_template_decode(&template, heap_copy(bytes)) == SL_OK, "%s",
		        vectors_text(row, "name"));
		for (size_t len = 0; len < bytes.len; len++)
			ck_assert_err(sl_c509_template_decode(
			                      &template, heap_copy(sl_span(bytes.ptr, len))),
			        SL_EMALFORMED);
	}
	vectors_ran("C509 templates", i);
}
END_TEST

/* What is refused: when read, or at the latest when the signature is verified. */
START_TEST(malformed_certificates)
{
	json_t *first = json_array_get(vectors_list(root, "draft_examples"), 0), *row;
	struct sl_pkey *key = NULL;
	size_t i, lax = 0;

	ck_assert_ok(sl_pkey_from_raw_public(
	        &key, SL_PKEY_P256, vectors_hex(first, "issuer_public_key_compressed")));
	json_array_foreach(vectors_list(root, "negative"), i, row)
	{
		struct sl_c509_cert cert;
		enum sl_err err = sl_c509_decode(&cert, vectors_hex(row, "hex"), true);

		if (err == SL_OK && cert.type == SL_C509_NATIVE)
			err = sl_c509_verify_native(&cert, key);
		if (strcmp(vectors_text(row, "expect"), "may_reject") == 0)
			lax += err == SL_OK;
		else
			ck_assert_msg(
			        err != SL_OK, "accepted although %s", vectors_text(row, "why"));
	}
	ck_assert_uint_eq(lax, 0); /* we are strict */
	sl_pkey_free(key);
	vectors_ran("malformed C509 certificates", i);
}
END_TEST

START_TEST(every_prefix_and_every_byte)
{
	json_t *first = json_array_get(vectors_list(root, "draft_examples"), (size_t)_i);
	struct sl_span bytes = vectors_hex(first, "c509_type3");
	struct sl_c509_cert cert;
	uint8_t der[4096], copy[2048];
	size_t len = 0;

	for (size_t cut = 0; cut < bytes.len; cut++) {
		struct sl_span prefix = heap_copy(sl_span(bytes.ptr, cut));

		ck_assert_err(sl_c509_decode(&cert, prefix, true), SL_EMALFORMED);
		ck_assert_err(sl_c509_to_x509(prefix, der, sizeof der, &len), SL_EMALFORMED);
	}
	/* a changed byte is refused, or changes the certificate */
	memcpy(copy, bytes.ptr, bytes.len);
	for (size_t at = 0; at < bytes.len; at++) {
		struct sl_span got;

		copy[at] ^= 0x01;
		if (sl_c509_to_x509(sl_span(copy, bytes.len), der, sizeof der, &len) == SL_OK) {
			got = sl_span(der, len);
			ck_assert_msg(!sl_span_equal(got, vectors_hex(first, "x509_der")),
			        "byte %zu says nothing", at);
		}
		copy[at] ^= 0x01;
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("c509 vectors");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, certificates_re_encoded_both_ways);
	tcase_add_test(tc, native_certificates_verify);
	tcase_add_test(tc, re_encoded_certificates_verify);
	tcase_add_test(tc, requests_both_ways);
	tcase_add_test(tc, attributes_of_requests);
	tcase_add_test(tc, templates);
	tcase_add_test(tc, malformed_certificates);
	tcase_add_loop_test(tc, every_prefix_and_every_byte, 0, 4);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
