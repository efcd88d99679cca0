/* SPDX-License-Identifier: BSD-2-Clause
 * Files of credentials: the CCS of RFC 9529 trace 2, the certificates of trace 1, the C509 references of
 * c509_examples.json; chains, and files that are none. */
#include "support.h"

#include <sl/cbor.h>
#include <sl/credential_file.h>
#include <sl/x509.h>

#include <stdio.h>
#include <string.h>

#define FILE_MAX (40 * 1024)

/* RFC 9529 section 3.2: the Responder's key. */
#define X    "bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046dd44f0"
#define Y    "4519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c224c51eabf6072"
#define KEY  "a401022001215820" X "225820" Y
#define BARE "a2026161 08a101" KEY /* without kid */

/* A certificate as a PEM text, behind what is in the buffer. */
static void
add_pem(struct sl_buf *out, struct sl_span der)
{
	char pem[2 * SL_X509_MAX];

	ck_assert_ok(sl_cert_to_pem(der, pem, sizeof pem));
	ck_assert_ok(sl_buf_add_text(out, pem));
}

static void
ck_id(const struct sl_credential_file *f, enum sl_id_cred_label label, struct sl_span want)
{
	uint8_t out[4096];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_credential_file_id(f, label, &w));
	ck_assert_bytes(sl_writer_span(&w), want);
	for (size_t cap = 0; cap < want.len; cap++) {
		w = sl_writer_over(out, cap);
		ck_assert_err(sl_credential_file_id(f, label, &w), SL_ESPACE);
	}
}

static const enum sl_id_cred_label all_labels[] = {SL_LABEL_KID, SL_LABEL_KCCS, SL_LABEL_X5T,
        SL_LABEL_X5CHAIN, SL_LABEL_C5T, SL_LABEL_C5C, SL_LABEL_X5U, SL_LABEL_C5U, SL_LABEL_KCWT};

/* Labels that fit no such credential. */
static void
ck_no_id_but(const struct sl_credential_file *f, enum sl_id_cred_label a, enum sl_id_cred_label b)
{
	uint8_t out[4096];

	for (size_t i = 0; i < ARRAY_LEN(all_labels); i++) {
		struct sl_writer w = sl_writer_over(out, sizeof out);

		if (all_labels[i] == a || all_labels[i] == b)
			continue;
		ck_assert_err(sl_credential_file_id(f, all_labels[i], &w), SL_EUNSUPPORTED);
		ck_assert_uint_eq(w.len, 0);
	}
}

/* --- claims sets ----------------------------------------------------------------------------- */

static const struct {
	const char *subject, *kid, *key, *cred, *id_cred;
} ccs_rows[] = {
        {"42-50-31-FF-EF-37-32-39", "2b", "sk_i", "cred_i", "id_cred_i"},
        {"example.edu", "32", "sk_r", "cred_r", "id_cred_r"},
};

START_TEST(writes_the_claims_sets_of_trace_2)
{
	json_t *root = vectors_load("rfc9529_trace2.json");
	json_t *session = json_object_get(root, "session");
	struct sl_span want = vectors_hex(session, ccs_rows[_i].cred);
	struct sl_span subject = sl_span_text(ccs_rows[_i].subject), kid = hex(ccs_rows[_i].kid);
	struct sl_pkey *key;
	uint8_t out[512];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_pkey_from_raw_private(
	        &key, SL_PKEY_P256, vectors_hex(session, ccs_rows[_i].key)));
	ck_assert_ok(sl_ccs_write(&w, subject, kid, key));
	ck_assert_bytes(sl_writer_span(&w), want);
	for (size_t cap = 0; cap < want.len; cap++) {
		w = sl_writer_over(out, cap);
		ck_assert_err(sl_ccs_write(&w, subject, kid, key), SL_ESPACE);
	}
	sl_pkey_free(key);
	json_decref(root);
}
END_TEST

START_TEST(reads_the_claims_sets_of_trace_2)
{
	json_t *root = vectors_load("rfc9529_trace2.json");
	json_t *session = json_object_get(root, "session");
	struct sl_span cred = vectors_hex(session, ccs_rows[_i].cred);
	struct sl_credential_file f;
	uint8_t kccs[512];
	struct sl_writer w = sl_writer_over(kccs, sizeof kccs);

	ck_assert_ok(sl_credential_file_read(&f, cred));
	ck_assert_int_eq(f.kind, SL_CREDENTIAL_CCS);
	ck_assert_uint_eq(f.count, 1);
	ck_assert_bytes(f.cred, cred);
	ck_assert_bytes(f.items[0], cred);
	ck_assert_ptr_ne(f.cred.ptr, cred.ptr); /* its own bytes */
	ck_id(&f, SL_LABEL_KID, vectors_hex(session, ccs_rows[_i].id_cred));
	sl_write_span(&w, hex("a10e")); /* RFC 9528 section 3.5.3.1: { 14: CCS } */
	sl_write_span(&w, cred);
	ck_id(&f, SL_LABEL_KCCS, sl_writer_span(&w));
	ck_no_id_but(&f, SL_LABEL_KID, SL_LABEL_KCCS);
	sl_credential_file_clear(&f);
	ck_assert_uint_eq(f.count, 0);
	ck_assert_ptr_null(f.bytes.bytes);
	for (size_t len = 0; len < cred.len; len++)
		ck_assert_err(sl_credential_file_read(&f, heap_copy(sl_span(cred.ptr, len))),
		        SL_EMALFORMED);
	json_decref(root);
}
END_TEST

static const enum sl_pkey_type types[] = {
        SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519, SL_PKEY_X25519, SL_PKEY_ED448, SL_PKEY_X448};

/* What is written is read again: subject, kid, key. */
START_TEST(claims_sets_around_every_type_of_key)
{
	struct sl_pkey *key;
	struct sl_credential c;
	uint8_t out[512];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_pkey_generate(&key, types[_i]));
	ck_assert_ok(sl_ccs_write(&w, sl_span_text("sensor-7"), hex("c0de"), key));
	ck_assert_ok(sl_credential_decode(&c, sl_writer_span(&w)));
	ck_assert(sl_span_equal_text(c.subject, "sensor-7"));
	ck_assert(c.has_kid);
	ck_assert_bytes(c.kid, hex("c0de"));
	ck_assert(sl_pkey_equal_public(c.key, key));
	sl_credential_clear(&c);
	w = sl_writer_over(out, sizeof out);
	ck_assert_ok(sl_ccs_write(&w, sl_span_text("sensor-7"), hex(""), key));
	ck_assert_ok(sl_credential_decode(&c, sl_writer_span(&w)));
	ck_assert(!c.has_kid);
	ck_assert(sl_pkey_equal_public(c.key, key));
	sl_credential_clear(&c);
	sl_pkey_free(key);
}
END_TEST

/* RFC 3279 section 2.3.1: rsaEncryption, modulus 3 * 11, exponent 3. */
#define SPKI_RSA "301a300d06092a864886f70d010101050003090030060201210201 03"

START_TEST(a_claims_set_needs_a_plain_subject_and_a_key_of_ours)
{
	struct sl_pkey *key;
	uint8_t out[512];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_X25519));
	ck_assert_err(sl_ccs_write(&w, hex("610a"), hex("01"), key), SL_EMALFORMED);
	ck_assert_err(sl_ccs_write(&w, hex("c0"), hex("01"), key), SL_EMALFORMED);
	sl_pkey_free(key);
	ck_assert_ok(sl_pkey_from_spki(&key, hex(SPKI_RSA)));
	ck_assert_int_eq(sl_pkey_type(key), SL_PKEY_OTHER);
	ck_assert_err(sl_ccs_write(&w, sl_span_text("a"), hex("01"), key), SL_EUNSUPPORTED);
	sl_pkey_free(key);
}
END_TEST

/* --- certificates ---------------------------------------------------------------------------- */

static const struct {
	const char *cred, *der, *id_cred;
} x509_rows[] = {
        {"cred_i", "cred_i_der", "id_cred_i"},
        {"cred_r", "cred_r_der", "id_cred_r"},
};

/* A PEM file alone, and with what openssl x509 -text puts around it. */
START_TEST(reads_the_certificates_of_trace_1)
{
	json_t *root = vectors_load("rfc9529_trace1.json");
	json_t *session = json_object_get(root, "session");
	struct sl_span der = vectors_hex(session, x509_rows[_i].der);
	uint8_t chain[512];
	struct sl_writer w = sl_writer_over(chain, sizeof chain);
	struct sl_buf text;

	sl_write_span(&w, hex("a1182158f1")); /* RFC 9360 section 2: { 33: bstr of 241 bytes } */
	ck_assert_uint_eq(der.len, 0xf1);
	sl_write_span(&w, der);
	sl_buf_init(&text, FILE_MAX);
	for (int round = 0; round < 2; round++) {
		struct sl_credential_file f;

		if (round > 0)
			ck_assert_ok(sl_buf_add_text(&text, "Certificate:\n    Data:\n"));
		add_pem(&text, der);
		if (round > 0)
			ck_assert_ok(sl_buf_add_text(&text, "subject=CN = x\n"));
		ck_assert_ok(sl_credential_file_read(&f, heap_copy(sl_buf_view(&text))));
		sl_buf_clear(&text);
		ck_assert_int_eq(f.kind, SL_CREDENTIAL_X509);
		ck_assert_uint_eq(f.count, 1);
		ck_assert_bytes(f.items[0], der);
		ck_assert_bytes(f.cred, vectors_hex(session, x509_rows[_i].cred));
		ck_id(&f, SL_LABEL_X5T, vectors_hex(session, x509_rows[_i].id_cred));
		ck_id(&f, SL_LABEL_X5CHAIN, sl_writer_span(&w));
		ck_no_id_but(&f, SL_LABEL_X5T, SL_LABEL_X5CHAIN);
		sl_credential_file_clear(&f);
	}
	json_decref(root);
}
END_TEST

/* Every proper prefix but the one that lacks the last newline. */
START_TEST(a_cut_pem_file_is_malformed)
{
	json_t *root = vectors_load("rfc9529_trace1.json");
	struct sl_span der = vectors_hex(json_object_get(root, "session"), "cred_i_der");
	struct sl_credential_file f = {.count = 99};
	struct sl_buf text;

	sl_buf_init(&text, FILE_MAX);
	add_pem(&text, der);
	for (size_t len = 0; len + 1 < text.len; len++)
		ck_assert_err(sl_credential_file_read(&f, heap_copy(sl_span(text.bytes, len))),
		        SL_EMALFORMED);
	ck_assert_uint_eq(f.count, 99);
	ck_assert_ok(sl_credential_file_read(&f, heap_copy(sl_span(text.bytes, text.len - 1))));
	sl_credential_file_clear(&f);
	sl_buf_clear(&text);
	json_decref(root);
}
END_TEST

START_TEST(a_chain_of_pem_has_six_at_most)
{
	json_t *root = vectors_load("rfc9529_trace1.json");
	json_t *session = json_object_get(root, "session");
	struct sl_span first = vectors_hex(session, "cred_i_der");
	struct sl_span other = vectors_hex(session, "cred_r_der");
	struct sl_credential_file f;
	struct sl_buf text;
	uint8_t want[2048];
	struct sl_writer w = sl_writer_over(want, sizeof want);

	sl_buf_init(&text, FILE_MAX);
	add_pem(&text, first);
	for (size_t i = 1; i < SL_CHAIN_MAX; i++)
		add_pem(&text, other);
	ck_assert_ok(sl_credential_file_read(&f, sl_buf_view(&text)));
	ck_assert_uint_eq(f.count, SL_CHAIN_MAX);
	ck_assert_bytes(f.items[0], first);
	ck_assert_bytes(f.cred, vectors_hex(session, "cred_i"));
	sl_write_span(&w, hex("a1182186")); /* { 33: array of 6 } */
	sl_write_span(&w, vectors_hex(session, "cred_i"));
	for (size_t i = 1; i < SL_CHAIN_MAX; i++) {
		ck_assert_bytes(f.items[i], other);
		sl_write_span(&w, vectors_hex(session, "cred_r"));
	}
	ck_id(&f, SL_LABEL_X5CHAIN, sl_writer_span(&w));
	sl_credential_file_clear(&f);
	add_pem(&text, other);
	ck_assert_err(sl_credential_file_read(&f, sl_buf_view(&text)), SL_ELIMIT);
	sl_buf_clear(&text);
	json_decref(root);
}
END_TEST

START_TEST(reads_the_c509_examples)
{
	json_t *root = vectors_load("c509_examples.json");
	json_t *examples = json_object_get(root, "id_cred_examples");
	struct sl_span cred = vectors_hex(examples, "cred");
	struct sl_credential_file f;

	ck_assert_ok(sl_credential_file_read(&f, cred));
	ck_assert_int_eq(f.kind, SL_CREDENTIAL_C509);
	ck_assert_uint_eq(f.count, 1);
	ck_assert_bytes(f.cred, cred);
	ck_id(&f, SL_LABEL_C5T, vectors_hex(examples, "c5t_sha256_64"));
	ck_id(&f, SL_LABEL_C5C, vectors_hex(examples, "c5c_single"));
	ck_no_id_but(&f, SL_LABEL_C5T, SL_LABEL_C5C);
	sl_credential_file_clear(&f);
	for (size_t len = 0; len < cred.len; len++)
		ck_assert_err(sl_credential_file_read(&f, heap_copy(sl_span(cred.ptr, len))),
		        SL_EMALFORMED);
	json_decref(root);
}
END_TEST

START_TEST(a_chain_of_c509_has_six_at_most)
{
	json_t *root = vectors_load("c509_examples.json");
	struct sl_span cred = vectors_hex(json_object_get(root, "id_cred_examples"), "cred");
	struct sl_credential_file f;
	uint8_t content[2048], want[2048];
	struct sl_writer w = sl_writer_over(content, sizeof content);
	struct sl_writer id = sl_writer_over(want, sizeof want);

	sl_write_span(&id, hex("a1181986")); /* { 25: array of 6 } */
	for (size_t i = 0; i < SL_CHAIN_MAX; i++) {
		sl_write_span(&w, cred);
		sl_cbor_write_bytes(&id, cred);
	}
	ck_assert_ok(sl_credential_file_read(&f, heap_copy(sl_writer_span(&w))));
	ck_assert_uint_eq(f.count, SL_CHAIN_MAX);
	ck_assert_bytes(f.cred, cred);
	ck_assert_bytes(f.items[SL_CHAIN_MAX - 1], cred);
	ck_id(&f, SL_LABEL_C5C, sl_writer_span(&id));
	sl_credential_file_clear(&f);
	sl_write_span(&w, cred);
	ck_assert_err(sl_credential_file_read(&f, sl_writer_span(&w)), SL_ELIMIT);
	json_decref(root);
}
END_TEST

/* --- what is none ---------------------------------------------------------------------------- */

static const struct {
	const char *because, *content;
	enum sl_err want;
} hex_rows[] = {
        {"a claims set without kid", BARE, SL_OK},
        {"the file is empty", "", SL_EMALFORMED},
        {"a byte stands behind the claims set", BARE "00", SL_EMALFORMED},
        {"a newline stands behind the claims set", BARE "0a", SL_EMALFORMED},
        {"two claims sets", BARE BARE, SL_EMALFORMED},
        {"the key is symmetric", "a2026161 08a101 a2010420420102", SL_EMALFORMED},
        {"the curve is not ours", "a2026161 08a101 a401022008215820" X "225820" Y, SL_EUNSUPPORTED},
        {"the key is not confirmed as COSE_Key", "a108a103 4131", SL_EUNSUPPORTED},
        {"a private key is inside", "a108a101 a501022001215820" X "225820" Y "235820" X,
                SL_EMALFORMED},
        {"the point is off the curve", "a108a101 a401022001215820" X "225820" X, SL_EMALFORMED},
        {"DER alone is no file", "3003020101", SL_EMALFORMED},
        {"a byte string is no file", "43010203", SL_EMALFORMED},
        {"an array is no C509", "83010203", SL_EMALFORMED},
        {"an empty array is no C509", "80", SL_EMALFORMED},
        {"indefinite lengths are refused", "bf026161ff", SL_EMALFORMED},
};

START_TEST(binary_files_from_outside)
{
	struct sl_credential_file f = {.count = 99};
	enum sl_err err = sl_credential_file_read(&f, hex(hex_rows[_i].content));

	ck_assert_msg(err == hex_rows[_i].want, "%s: %s", hex_rows[_i].because, sl_err_text(err));
	ck_assert_uint_eq(f.count, err == SL_OK ? 1 : 99);
	if (err == SL_OK)
		sl_credential_file_clear(&f);
}
END_TEST

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

static const struct {
	const char *because, *before, *after;
} pem_rows[] = {
        {"a private key is in the file", "",
                "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"},
        {"a private key stands first",
                "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n", ""},
        {"a second certificate has no end", "", BEGIN "MAA=\n"},
        {"a second certificate is none", "", BEGIN "MAA=\n" END},
        {"a second certificate is empty", "", BEGIN END},
        {"an end stands alone", "", END},
        {"the first certificate is none", BEGIN "MAA=\n" END, ""},
        {"an end stands in front", END, ""},
        {"base64 is broken", BEGIN "M!A=\n" END, ""},
        {"it is enciphered", BEGIN "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n" END,
                ""},
        {"a certificate begins in another", BEGIN, ""},
};

START_TEST(pem_files_from_outside)
{
	json_t *root = vectors_load("rfc9529_trace1.json");
	struct sl_credential_file f = {.count = 99};
	struct sl_buf text;

	sl_buf_init(&text, FILE_MAX);
	ck_assert_ok(sl_buf_add_text(&text, pem_rows[_i].before));
	add_pem(&text, vectors_hex(json_object_get(root, "session"), "cred_i_der"));
	ck_assert_ok(sl_buf_add_text(&text, pem_rows[_i].after));
	ck_assert_msg(sl_credential_file_read(&f, sl_buf_view(&text)) == SL_EMALFORMED,
	        "accepted although %s", pem_rows[_i].because);
	ck_assert_uint_eq(f.count, 99);
	sl_buf_clear(&text);
	json_decref(root);
}
END_TEST

START_TEST(a_file_has_32_kib_at_most)
{
	json_t *root = vectors_load("rfc9529_trace1.json");
	struct sl_span der = vectors_hex(json_object_get(root, "session"), "cred_i_der");
	struct sl_credential_file f;
	struct sl_buf text;

	sl_buf_init(&text, FILE_MAX);
	add_pem(&text, der);
	while (text.len < SL_CREDENTIAL_FILE_MAX)
		ck_assert_ok(sl_buf_add_text(&text, "\n"));
	ck_assert_ok(sl_credential_file_read(&f, sl_buf_view(&text)));
	sl_credential_file_clear(&f);
	ck_assert_ok(sl_buf_add_text(&text, "\n"));
	ck_assert_err(sl_credential_file_read(&f, sl_buf_view(&text)), SL_ELIMIT);
	sl_buf_clear(&text);
	json_decref(root);
}
END_TEST

START_TEST(a_kid_needs_one_in_the_claims_set)
{
	struct sl_credential_file f;

	ck_assert_ok(sl_credential_file_read(&f, hex(BARE)));
	ck_no_id_but(&f, SL_LABEL_KCCS, SL_LABEL_KCCS);
	sl_credential_file_clear(&f);
}
END_TEST

START_TEST(labels_have_names)
{
	static const char *const names[] = {"kid", "kccs", "x5t", "x5chain", "c5t", "c5c"};
	enum sl_id_cred_label label;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ck_assert_ok(sl_credential_label(&label, names[i]));
		ck_assert_int_eq(label, all_labels[i]);
		ck_assert_str_eq(sl_credential_label_name(label), names[i]);
	}
	ck_assert_err(sl_credential_label(&label, "x5u"), SL_ENOTFOUND);
	ck_assert_err(sl_credential_label(&label, ""), SL_ENOTFOUND);
	ck_assert_int_eq(label, SL_LABEL_C5C);
	ck_assert_str_eq(sl_credential_label_name(SL_LABEL_X5U), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("credentials credential_file");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, writes_the_claims_sets_of_trace_2, 0, ARRAY_LEN(ccs_rows));
	tcase_add_loop_test(tc, reads_the_claims_sets_of_trace_2, 0, ARRAY_LEN(ccs_rows));
	tcase_add_loop_test(tc, claims_sets_around_every_type_of_key, 0, ARRAY_LEN(types));
	tcase_add_test(tc, a_claims_set_needs_a_plain_subject_and_a_key_of_ours);
	tcase_add_loop_test(tc, reads_the_certificates_of_trace_1, 0, ARRAY_LEN(x509_rows));
	tcase_add_test(tc, a_cut_pem_file_is_malformed);
	tcase_add_test(tc, a_chain_of_pem_has_six_at_most);
	tcase_add_test(tc, reads_the_c509_examples);
	tcase_add_test(tc, a_chain_of_c509_has_six_at_most);
	tcase_add_loop_test(tc, binary_files_from_outside, 0, ARRAY_LEN(hex_rows));
	tcase_add_loop_test(tc, pem_files_from_outside, 0, ARRAY_LEN(pem_rows));
	tcase_add_test(tc, a_file_has_32_kib_at_most);
	tcase_add_test(tc, a_kid_needs_one_in_the_claims_set);
	tcase_add_test(tc, labels_have_names);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
