/* SPDX-License-Identifier: BSD-2-Clause
 * The credentials of the generated EDHOC sessions and of RFC 9529, and the C509 references of
 * c509_examples.json: decoded, looked up, validated against their PKI. */
#include "support.h"

#include <sl/c509.h>
#include <sl/cbor.h>
#include <sl/credentials.h>
#include <sl/hash.h>

#include <stdio.h>
#include <string.h>

#define YEAR_2025 1735689600 /* the certificates are of 2024-01-01 to 2049-12-31 */
#define YEAR_2055 2682288000
#define YEAR_2020 1577836800

/* One side of a session. */
struct side {
	const char *kind; /* how the vector file calls its ID_CRED; NULL in the traces */
	struct sl_span id_cred, cred, anchor;
	struct sl_span key; /* x, or the whole raw key */
	enum sl_key_purpose purpose;
};

static struct side
side_of(const json_t *row, int64_t method, char who)
{
	char id_cred[] = "id_cred_?", cred[] = "cred_?", kind[] = "id_cred_?_kind";
	char anchor[] = "trust_anchor_?_der", pk[] = "pk_?", pk_x[] = "pk_?_x";
	static const bool signs[4][2] = {
	        {true, true}, {true, false}, {false, true}, {false, false}};
	struct side s;

	id_cred[8] = cred[5] = kind[8] = anchor[13] = pk[3] = pk_x[3] = who;
	s.kind = json_string_value(json_object_get(row, kind));
	s.id_cred = vectors_hex(row, id_cred);
	s.cred = vectors_hex(row, cred);
	s.anchor = vectors_hex(row, anchor);
	s.key = vectors_hex(row, json_object_get(row, pk) != NULL ? pk : pk_x);
	s.purpose = signs[method][who == 'r'] ? SL_FOR_SIGNATURE : SL_FOR_STATIC_DH;
	return s;
}

static void
ck_key(const struct sl_pkey *key, struct sl_span want)
{
	uint8_t raw[96];
	size_t len = 0;

	ck_assert_ok(sl_pkey_to_raw_public(key, raw, sizeof raw, &len));
	ck_assert_uint_ge(len, want.len);
	ck_assert_bytes(sl_span(raw, want.len), want); /* x begins a point */
}

static void
ck_decodes(const struct side *s)
{
	struct sl_credential c;

	ck_assert_ok(sl_credential_decode(&c, heap_copy(s->cred)));
	ck_assert_bytes(c.cred, s->cred);
	ck_key(c.key, s->key);
	sl_credential_clear(&c);
	for (size_t len = 0; len < s->cred.len; len++) {
		struct sl_span cut = heap_copy(sl_span(s->cred.ptr, len));

		ck_assert_err(sl_credential_decode(&c, cut), SL_EMALFORMED);
	}
}

/* The peer is known under the references of the vectors. */
static struct sl_known_credential
known_of(const struct side *s)
{
	struct sl_known_credential known = {.cred = s->cred};
	struct sl_id_cred id;

	ck_assert_ok(sl_id_cred_decode(&id, s->id_cred));
	known.has_kid = id.has_kid;
	known.kid = id.kid;
	known.uri = id.x5u;
	return known;
}

static enum sl_err
resolve(const struct side *s, struct sl_trust trust, enum sl_key_purpose purpose)
{
	struct sl_candidates candidates = {.count = 99};
	enum sl_err err =
	        sl_credential_resolve(&candidates, &trust, heap_copy(s->id_cred), purpose);

	if (err != SL_OK) {
		ck_assert_uint_eq(candidates.count, 99);
		return err;
	}
	ck_assert_uint_eq(candidates.count, 1);
	ck_assert_bytes(candidates.list[0].cred, s->cred);
	ck_key(candidates.list[0].key, s->key);
	sl_candidates_clear(&candidates);
	return SL_OK;
}

static void
ck_resolves(const struct side *s)
{
	struct sl_known_credential known = known_of(s);
	bool is_raw = s->anchor.len == 0;
	bool is_carried = s->kind != NULL && strncmp(s->kind, "x5chain", 7) == 0;
	bool is_kccs = s->kind != NULL && strcmp(s->kind, "kccs") == 0;
	struct sl_trust trust = {.known = &known,
	        .known_count = is_carried ? 0 : 1,
	        .x509_anchors = &s->anchor,
	        .x509_anchor_count = is_raw ? 0 : 1,
	        .now = YEAR_2025};
	enum sl_key_purpose other =
	        s->purpose == SL_FOR_SIGNATURE ? SL_FOR_STATIC_DH : SL_FOR_SIGNATURE;

	ck_assert_ok(resolve(s, trust, s->purpose));
	trust.now = -1;
	ck_assert_ok(resolve(s, trust, s->purpose));
	if (!is_raw) {
		ck_assert_err(resolve(s, trust, other), SL_EAUTH); /* keyUsage */
		trust.now = YEAR_2020;
		ck_assert_err(resolve(s, trust, s->purpose), SL_EAUTH);
		trust.now = YEAR_2055;
		ck_assert_err(resolve(s, trust, s->purpose), SL_EAUTH);
		trust.now = YEAR_2025;
		trust.requires_cmc_ra = true;
		ck_assert_err(resolve(s, trust, s->purpose), SL_EAUTH);
		trust.requires_cmc_ra = false;
		trust.x509_anchor_count = 0;
		ck_assert_err(resolve(s, trust, s->purpose), SL_EAUTH);
		trust.x509_anchor_count = 1;
	}
	trust.known_count = 0;
	if (is_carried)
		ck_assert_ok(resolve(s, trust, s->purpose));
	else
		ck_assert_err(resolve(s, trust, s->purpose), is_kccs ? SL_EAUTH : SL_ENOTFOUND);
}

START_TEST(credentials_of_the_generated_sessions)
{
	json_t *root = vectors_load("edhoc_suites_vectors_generated.json"), *row;
	size_t i, count = 0;

	json_array_foreach(vectors_list(root, "vectors"), i, row)
	{
		int64_t method = json_integer_value(json_object_get(row, "method"));

		for (int side = 0; side < 2; side++, count++) {
			struct side s = side_of(row, method, "ir"[side]);

			ck_decodes(&s);
			ck_resolves(&s);
		}
	}
	vectors_ran("credentials of generated sessions", count);
	json_decref(root);
}
END_TEST

/* The root of trace 1 is no CA (it has no basicConstraints), so its certificates are pinned. */
START_TEST(credentials_of_rfc_9529)
{
	static const char *const files[] = {"rfc9529_trace1.json", "rfc9529_trace2.json"};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		json_t *root = vectors_load(files[i]), *session = json_object_get(root, "session");
		int64_t method = json_integer_value(json_object_get(root, "method"));

		for (int which = 0; which < 2; which++, count++) {
			struct side s = side_of(session, method, "ir"[which]);
			struct sl_credential c;

			ck_decodes(&s);
			ck_assert_ok(sl_credential_decode(&c, s.cred));
			if (c.kind == SL_CREDENTIAL_X509)
				s.anchor = c.content;
			{
				struct sl_known_credential known = known_of(&s);
				struct sl_trust trust = {.known = &known,
				        .known_count = 1,
				        .x509_anchors = &s.anchor,
				        .x509_anchor_count = s.anchor.len > 0,
				        .now = YEAR_2025};

				ck_assert_ok(resolve(&s, trust, s.purpose));
				trust.x509_anchor_count = 0;
				ck_assert_err(resolve(&s, trust, s.purpose),
				        s.anchor.len > 0 ? SL_EAUTH : SL_OK);
			}
			sl_credential_clear(&c);
		}
		json_decref(root);
	}
	vectors_ran("credentials of RFC 9529", count);
}
END_TEST

/* What we write as our own ID_CRED is what the vectors have. */
START_TEST(writes_the_published_references)
{
	json_t *root = vectors_load("rfc9529_trace1.json");
	json_t *session = json_object_get(root, "session");
	struct sl_span der = vectors_hex(session, "cred_i_der");
	uint8_t out[256];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_id_cred_write_hash(&w, SL_LABEL_X5T, -15, der));
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(session, "id_cred_i"));
	w = sl_writer_over(out, sizeof out);
	sl_credential_write_x509(&w, vectors_hex(session, "cred_r_der"));
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(session, "cred_r"));
	w = sl_writer_over(out, 13);
	ck_assert_err(sl_id_cred_write_hash(&w, SL_LABEL_X5T, -15, der), SL_ESPACE);
	w = sl_writer_over(out, sizeof out);
	ck_assert_err(sl_id_cred_write_hash(&w, SL_LABEL_X5T, -14, der), SL_EUNSUPPORTED);
	json_decref(root);
	root = vectors_load("rfc9529_trace2.json");
	session = json_object_get(root, "session");
	w = sl_writer_over(out, sizeof out);
	sl_id_cred_write_kid(&w, hex("32"));
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(session, "id_cred_r"));
	json_decref(root);
}
END_TEST

/* RFC 9360 section 2 with the hashes of RFC 9054; and what finds the certificate finds no other. */
START_TEST(a_thumbprint_may_have_any_hash)
{
	static const struct {
		int64_t alg;
		int hash;
		size_t len;
	} rows[] = {{-15, SL_SHA256, 8}, {-16, SL_SHA256, 32}, {-43, SL_SHA384, 48},
	        {-44, SL_SHA512, 64}};
	json_t *root = vectors_load("rfc9529_trace1.json");
	json_t *session = json_object_get(root, "session");
	struct sl_span der = vectors_hex(session, "cred_i_der");
	struct sl_known_credential known[2] = {
	        {.cred = vectors_hex(session, "cred_r"), .is_trusted = true},
	        {.cred = vectors_hex(session, "cred_i"), .is_trusted = true}};
	struct sl_trust trust = {.known = known, .known_count = 2, .now = YEAR_2025};
	struct sl_candidates candidates;
	uint8_t out[128], hash[SL_HASH_MAX];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_id_cred id;

	ck_assert_ok(sl_id_cred_write_hash(&w, SL_LABEL_X5T, rows[_i].alg, der));
	ck_assert_ok(sl_id_cred_decode(&id, sl_writer_span(&w)));
	ck_assert_int_eq(id.x5t.alg, rows[_i].alg);
	ck_assert_ok(sl_hash(rows[_i].hash, der, hash));
	ck_assert_bytes(id.x5t.hash, sl_span(hash, rows[_i].len));
	ck_assert_ok(
	        sl_credential_resolve(&candidates, &trust, sl_writer_span(&w), SL_FOR_SIGNATURE));
	ck_assert_uint_eq(candidates.count, 1);
	ck_assert_bytes(candidates.list[0].content, der);
	sl_candidates_clear(&candidates);
	out[w.len - 1] ^= 1;
	ck_assert_err(
	        sl_credential_resolve(&candidates, &trust, sl_writer_span(&w), SL_FOR_SIGNATURE),
	        SL_ENOTFOUND);
	json_decref(root);
}
END_TEST

/* A known certificate that is trusted needs no path; its dates hold all the same. */
START_TEST(a_certificate_may_be_believed_as_it_stands)
{
	json_t *root = vectors_load("rfc9529_trace1.json");
	json_t *session = json_object_get(root, "session");
	struct sl_span der = vectors_hex(session, "cred_i_der");
	struct sl_known_credential known = {
	        .cred = vectors_hex(session, "cred_i"), .is_trusted = true};
	struct sl_trust trust = {.known = &known, .known_count = 1, .now = YEAR_2025};
	struct sl_candidates candidates;
	uint8_t out[1024];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_span map;

	if (_i == 0)
		sl_id_cred_write_chain(&w, SL_LABEL_X5CHAIN, &der, 1);
	else
		ck_assert_ok(sl_id_cred_write_hash(&w, SL_LABEL_X5T, -16, der));
	map = sl_writer_span(&w);
	ck_assert_ok(sl_credential_resolve(&candidates, &trust, map, SL_FOR_SIGNATURE));
	ck_assert_uint_eq(candidates.count, 1);
	sl_candidates_clear(&candidates);
	trust.now = YEAR_2020;
	ck_assert_err(sl_credential_resolve(&candidates, &trust, map, SL_FOR_SIGNATURE), SL_EAUTH);
	trust.now = YEAR_2055;
	ck_assert_err(sl_credential_resolve(&candidates, &trust, map, SL_FOR_SIGNATURE), SL_EAUTH);
	trust.now = YEAR_2025;
	known.is_trusted = false;
	ck_assert_err(sl_credential_resolve(&candidates, &trust, map, SL_FOR_SIGNATURE), SL_EAUTH);
	json_decref(root);
}
END_TEST

/* The certificate of trace 1 says 2022-03-16 08:24 to 2029-12-31 23:00; that of the C509 draft, section
 * A.1, 2023-01-01 to 2026-01-01 in either type; the claims set of trace 2 says nothing. */
START_TEST(times_of_every_kind)
{
	static const struct {
		const char *file, *where, *member;
		int64_t not_before, not_after;
	} rows[] = {{"rfc9529_trace1.json", "session", "cred_i", 1647419040, 1893452400},
	        {"rfc9529_trace2.json", "session", "cred_i", INT64_MIN, INT64_MAX},
	        {"c509_examples.json", "draft_examples", "c509_type2", 0x63b0cd00, 0x6955b900},
	        {"c509_examples.json", "draft_examples", "c509_type3", 0x63b0cd00, 0x6955b900}};
	json_t *root = vectors_load(rows[_i].file);
	const json_t *row = json_object_get(root, rows[_i].where);
	struct sl_credential c;
	int64_t not_before = 1, not_after = 1;

	if (json_is_array(row))
		row = json_array_get(row, 0);
	ck_assert_ok(sl_credential_decode(&c, vectors_hex(row, rows[_i].member)));
	ck_assert_ok(sl_credential_times(&c, &not_before, &not_after));
	ck_assert_int_eq(not_before, rows[_i].not_before);
	ck_assert_int_eq(not_after, rows[_i].not_after);
	sl_credential_clear(&c);
	json_decref(root);
}
END_TEST

/* A URI is tagged, RFC 9360 section 2. */
START_TEST(a_uri_as_it_is_written)
{
	uint8_t out[32];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_id_cred_write_x5u(&w, sl_span_text("coap://a"));
	ck_assert_bytes(sl_writer_span(&w), hex("a1 1823 d820 68 636f61703a2f2f61"));
}
END_TEST

/* By value and by x5u, as the generated sessions have them: read, and written again. */
START_TEST(written_again_as_read)
{
	json_t *root = vectors_load("edhoc_suites_vectors_generated.json"), *row;
	size_t i, count = 0;

	json_array_foreach(vectors_list(root, "vectors"), i, row)
	{
		struct sl_span map = vectors_hex(row, "id_cred_i"), content[SL_CHAIN_MAX];
		uint8_t out[2048];
		struct sl_writer w = sl_writer_over(out, sizeof out);
		struct sl_id_cred id;

		ck_assert_ok(sl_id_cred_decode(&id, map));
		for (size_t j = 0; j < id.x5chain_count; j++) {
			struct sl_reader r = sl_reader_over(id.x5chain[j]);

			content[j] = sl_cbor_read_bytes(&r);
		}
		if (id.x5chain_count > 0)
			sl_id_cred_write_chain(&w, SL_LABEL_X5CHAIN, content, id.x5chain_count);
		else if (id.kccs.len > 0)
			sl_id_cred_write_kccs(&w, id.kccs);
		else
			continue;
		ck_assert_bytes(sl_writer_span(&w), map);
		count++;
	}
	vectors_ran("ID_CRED by value", count);
	json_decref(root);
}
END_TEST

/* c5t and c5c of the RFC 7925 profile certificate, type 2. */
START_TEST(references_to_c509)
{
	json_t *root = vectors_load("c509_examples.json");
	json_t *examples = json_object_get(root, "id_cred_examples");
	struct sl_span cred = vectors_hex(examples, "cred");
	struct sl_known_credential known = {.cred = cred};
	struct sl_trust trust = {.known = &known, .known_count = 1, .now = 1700000000};
	struct sl_candidates candidates;
	uint8_t out[256];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_id_cred id;

	ck_assert_ok(sl_id_cred_write_hash(&w, SL_LABEL_C5T, -15, cred));
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(examples, "c5t_sha256_64"));
	w = sl_writer_over(out, sizeof out);
	ck_assert_ok(sl_id_cred_write_hash(&w, SL_LABEL_C5T, -16, cred));
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(examples, "c5t_sha256"));
	w = sl_writer_over(out, sizeof out);
	sl_id_cred_write_chain(&w, SL_LABEL_C5C, &cred, 1);
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(examples, "c5c_single"));
	ck_assert_ok(sl_id_cred_decode(&id, vectors_hex(examples, "c5c_single")));
	ck_assert_uint_eq(id.c5c_count, 1);
	ck_assert_bytes(id.c5c[0], cred);
	/* found by its hash, but without an anchor not believed; not found by the hash of old drafts */
	ck_assert_err(sl_credential_resolve(&candidates, &trust,
	                      vectors_hex(examples, "c5t_sha256"), SL_FOR_SIGNATURE),
	        SL_EAUTH);
	ck_assert_err(
	        sl_credential_resolve(&candidates, &trust,
	                vectors_hex(examples, "c5t_sha256_64_up_to_draft_18"), SL_FOR_SIGNATURE),
	        SL_ENOTFOUND);
	json_decref(root);
}
END_TEST

/* The chain of m3_s3_x5chain_dh, each certificate re-encoded: type 3 is validated as X.509. */
START_TEST(a_chain_of_re_encoded_certificates)
{
	json_t *root = vectors_load("edhoc_suites_vectors_generated.json"), *row;
	uint8_t bytes[2][1024], map[2048];
	struct sl_span chain[2], anchor = {NULL, 0};
	struct sl_writer w = sl_writer_over(map, sizeof map);
	struct sl_trust trust = {.x509_anchors = &anchor, .x509_anchor_count = 1, .now = YEAR_2025};
	struct sl_candidates candidates;
	struct sl_id_cred id;
	size_t i, len = 0;

	json_array_foreach(vectors_list(root, "vectors"), i, row)
	{
		if (strcmp(vectors_text(row, "name"), "m3_s3_x5chain_dh") != 0)
			continue;
		anchor = vectors_hex(row, "trust_anchor_i_der");
		ck_assert_ok(sl_id_cred_decode(&id, vectors_hex(row, "id_cred_i")));
		for (size_t j = 0; j < 2; j++) {
			struct sl_reader r = sl_reader_over(id.x5chain[j]);

			ck_assert_ok(sl_c509_from_x509(sl_cbor_read_bytes(&r), SL_C509_COMPRESSED,
			        bytes[j], sizeof bytes[j], &len));
			chain[j] = sl_span(bytes[j], len);
		}
	}
	ck_assert_ptr_nonnull(anchor.ptr);
	sl_id_cred_write_chain(&w, SL_LABEL_C5C, chain, 2);
	ck_assert_ok(
	        sl_credential_resolve(&candidates, &trust, sl_writer_span(&w), SL_FOR_STATIC_DH));
	ck_assert_bytes(candidates.list[0].cred, chain[0]);
	ck_assert_int_eq(candidates.list[0].kind, SL_CREDENTIAL_C509);
	sl_candidates_clear(&candidates);
	ck_assert_err(
	        sl_credential_resolve(&candidates, &trust, sl_writer_span(&w), SL_FOR_SIGNATURE),
	        SL_EAUTH);
	w = sl_writer_over(map, sizeof map);
	sl_id_cred_write_chain(&w, SL_LABEL_C5C, chain, 1); /* the middle is missing */
	ck_assert_err(
	        sl_credential_resolve(&candidates, &trust, sl_writer_span(&w), SL_FOR_STATIC_DH),
	        SL_EAUTH);
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("credential vectors");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, credentials_of_the_generated_sessions);
	tcase_add_test(tc, credentials_of_rfc_9529);
	tcase_add_test(tc, writes_the_published_references);
	tcase_add_loop_test(tc, a_thumbprint_may_have_any_hash, 0, 4);
	tcase_add_loop_test(tc, a_certificate_may_be_believed_as_it_stands, 0, 2);
	tcase_add_loop_test(tc, times_of_every_kind, 0, 4);
	tcase_add_test(tc, a_uri_as_it_is_written);
	tcase_add_test(tc, written_again_as_read);
	tcase_add_test(tc, references_to_c509);
	tcase_add_test(tc, a_chain_of_re_encoded_certificates);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
