/* SPDX-License-Identifier: BSD-2-Clause
 * C509 from hostile bytes: what DER can say comes back identical, what is read as C509 becomes DER
 * that becomes the same C509 or another spelling of it; requests, templates, ID_CRED, CRED. */
#include <sl/c509.h>
#include <sl/credentials.h>
#include <sl/x509.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint8_t c509[2 * SL_X509_MAX], der[4 * SL_X509_MAX];

static void
must(bool holds)
{
	if (!holds)
		abort();
}

typedef enum sl_err (*encode_fn)(
        struct sl_span in, enum sl_c509_points points, uint8_t *out, size_t cap, size_t *len);
typedef enum sl_err (*decode_fn)(struct sl_span in, uint8_t *out, size_t cap, size_t *len);

/* DER that was said comes back, and fits where the DER was. */
static void
try_der(struct sl_span input, encode_fn encode, decode_fn decode)
{
	size_t c509_len = 0, der_len = 0;

	for (int points = 0; points < 2; points++) {
		enum sl_err err =
		        encode(input, (enum sl_c509_points)points, c509, input.len, &c509_len);

		must(err != SL_ESPACE);
		if (err != SL_OK)
			continue;
		must(decode(sl_span(c509, c509_len), der, sizeof der, &der_len) == SL_OK);
		must(sl_span_equal(sl_span(der, der_len), input));
	}
}

/* C509 that was read is DER which can be said; both texts mean the same DER. */
static void
try_c509(struct sl_span input, encode_fn encode, decode_fn decode)
{
	static uint8_t again[4 * SL_X509_MAX];
	size_t der_len = 0, c509_len = 0, again_len = 0;
	enum sl_err err = decode(input, der, sizeof der, &der_len);

	must(err == SL_OK || err == SL_EMALFORMED || err == SL_EUNSUPPORTED || err == SL_ESPACE);
	if (err != SL_OK || der_len > SL_X509_MAX)
		return;
	must(der_len > 0);
	if (encode(sl_span(der, der_len), SL_C509_COMPRESSED, c509, sizeof c509, &c509_len) !=
	        SL_OK)
		return; /* DER that is not strict inside an opaque value */
	must(decode(sl_span(c509, c509_len), again, sizeof again, &again_len) == SL_OK);
	must(sl_span_equal(sl_span(der, der_len), sl_span(again, again_len)));
}

/* One certificate, read as DER and as C509: what decides about trust is the same. */
static void
must_agree(struct sl_span input)
{
	struct sl_c509_cert a;
	struct sl_cert b;
	size_t len = 0;

	if (sl_c509_from_x509(input, SL_C509_COMPRESSED, c509, sizeof c509, &len) != SL_OK ||
	        sl_cert_decode(&b, input) != SL_OK)
		return;
	must(sl_c509_decode(&a, sl_span(c509, len), false) == SL_OK);
	must(sl_span_equal(a.serial, b.serial));
	must(a.not_before == b.not_before);
	must(a.not_after == b.not_after || a.not_after == SL_C509_NO_END);
	/* DER that has no number in C509 goes under its OID, where only X.509 looks */
	must((!a.is_ca || b.is_ca) && (!a.is_cmc_ra || b.is_cmc_ra));
	must(!a.has_key_usage || (b.has_key_usage && a.key_usage == b.key_usage));
	must(sl_span_equal(a.issuer, a.subject) == sl_span_equal(b.issuer, b.subject));
}

static void
must_lie_in(struct sl_span part, struct sl_span whole)
{
	must(part.len == 0 ||
	        (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void
try_reading(struct sl_span input)
{
	struct sl_c509_request request;
	struct sl_c509_template template;
	struct sl_c509_cert cert;
	struct sl_pkey *key = NULL;

	if (sl_c509_decode(&cert, input, true) == SL_OK) {
		must_lie_in(cert.tbs, input);
		must_lie_in(cert.subject, cert.tbs);
		must_lie_in(cert.issuer, cert.tbs);
		must_lie_in(cert.key, cert.tbs);
		must(cert.serial.len > 0 && cert.signature.len > 0);
		if (sl_c509_public_key(&cert, &key) == SL_OK && cert.type == SL_C509_NATIVE) {
			enum sl_err err = sl_c509_verify_native(&cert, key);

			must(err == SL_OK || err == SL_EAUTH || err == SL_EUNSUPPORTED);
		}
		sl_pkey_free(key);
	}
	if (sl_c509_request_decode(&request, input) == SL_OK) {
		must_lie_in(request.challenge, request.tbs);
		must_lie_in(request.extensions, request.tbs);
		must(sl_c509_request_verify_native(&request) != SL_ESPACE);
	}
	if (sl_c509_template_decode(&template, input) == SL_OK)
		must_lie_in(template.extensions, input);
}

static void
try_credentials(struct sl_span input)
{
	struct sl_known_credential known = {.cred = input, .has_kid = true};
	struct sl_trust trust = {.known = &known,
	        .known_count = 1,
	        .c509_anchors = &input,
	        .c509_anchor_count = 1,
	        .x509_anchors = &input,
	        .x509_anchor_count = 1,
	        .now = 1750000000};
	struct sl_candidates candidates = {.count = 0};
	struct sl_credential credential = {.key = NULL};
	struct sl_id_cred id;

	if (sl_credential_decode(&credential, input) == SL_OK) {
		must_lie_in(credential.content, input);
		must_lie_in(credential.subject, input);
		must(credential.key != NULL);
	}
	sl_credential_clear(&credential);
	if (sl_id_cred_decode(&id, input) == SL_OK) {
		must_lie_in(id.kid, input);
		for (size_t i = 0; i < id.c5c_count; i++)
			must_lie_in(id.c5c[i], input);
		for (size_t i = 0; i < id.x5chain_count; i++)
			must_lie_in(id.x5chain[i], input);
	}
	must(sl_credential_resolve(&candidates, &trust, input, SL_FOR_SIGNATURE) != SL_ESPACE);
	sl_candidates_clear(&candidates);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_span input = sl_span(bytes, len);

	try_der(input, sl_c509_from_x509, sl_c509_to_x509);
	try_der(input, sl_c509_from_pkcs10, sl_c509_to_pkcs10);
	try_c509(input, sl_c509_from_x509, sl_c509_to_x509);
	try_c509(input, sl_c509_from_pkcs10, sl_c509_to_pkcs10);
	must_agree(input);
	try_reading(input);
	try_credentials(input);
	return 0;
}
