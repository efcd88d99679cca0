/* SPDX-License-Identifier: BSD-2-Clause
 * C509 (draft-ietf-cose-cbor-encoded-cert-20): certificates, certification requests and their
 * templates in CBOR. Type 3 is X.509 or PKCS#10 re-encoded, bit for bit both ways; type 2 is signed
 * as it stands. Deterministic CBOR throughout. */
#ifndef SL_C509_H
#define SL_C509_H

#include <sl/err.h>
#include <sl/pkey.h>
#include <sl/span.h>

enum sl_c509_type {
	SL_C509_NATIVE = 2,
	SL_C509_REENCODED = 3,
};

/* One X.509 certificate has two valid type 3 forms, and they are different credentials. */
enum sl_c509_points {
	SL_C509_COMPRESSED,   /* points of P-256 and P-384 as their x: what this project writes */
	SL_C509_UNCOMPRESSED, /* points as they are in DER */
};

/* --- type 3, both ways --- */

/* SL_EMALFORMED: no strict DER. SL_EUNSUPPORTED: cannot be said in C509 so that it comes back
 * identical (versions 1 and 2, several attributes in one RDN, unique identifiers, ...). SL_ESPACE:
 * as many bytes as the DER has are always enough. */
enum sl_err sl_c509_from_x509(struct sl_span der, enum sl_c509_points points, uint8_t *out,
        size_t cap, size_t *len) SL_MUST_USE;
/* SL_EMALFORMED; SL_EUNSUPPORTED: another type. SL_ESPACE. */
enum sl_err sl_c509_to_x509(struct sl_span c509, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
enum sl_err sl_c509_from_pkcs10(struct sl_span der, enum sl_c509_points points, uint8_t *out,
        size_t cap, size_t *len) SL_MUST_USE;
enum sl_err sl_c509_to_pkcs10(
        struct sl_span c509, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;

/* --- what a certificate says, types 2 and 3 --- */

#define SL_C509_NO_END   INT64_MAX /* notAfter is null */
#define SL_C509_NO_LIMIT (-1)      /* no pathLenConstraint */

/* Spans borrow from the bytes. */
struct sl_c509_cert {
	struct sl_span bytes; /* the whole array: CRED_x, and what c5t hashes */
	struct sl_span tbs;   /* the sequence of all elements but the last: what type 2 signs */
	enum sl_c509_type type;
	struct sl_span serial;
	int64_t signature_algorithm;    /* registry number; INT64_MIN for an OID */
	struct sl_span issuer, subject; /* encoded Names; the same when issuer is null */
	int64_t not_before, not_after;  /* POSIX seconds */
	struct sl_span key;             /* two items: algorithm and key */
	struct sl_span signature;
	bool is_ca;
	int64_t path_len;
	bool has_key_usage;
	unsigned key_usage; /* enum sl_key_usage of sl/x509.h */
	bool is_cmc_ra;
	bool has_unknown_critical; /* an extension that we do not process: no path may hold it */
};

/* lenient: a native key may have the point prefixes fd and fe, as one published vector has. Checks
 * every field, the key included (on its curve), not the signature. SL_EMALFORMED. */
enum sl_err sl_c509_decode(
        struct sl_c509_cert *cert, struct sl_span bytes, bool lenient) SL_MUST_USE;
/* An encoded Name as DER. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_c509_name_to_der(
        struct sl_span name, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
/* The subject's key. SL_EUNSUPPORTED: no type of ours. */
enum sl_err sl_c509_public_key(const struct sl_c509_cert *cert, struct sl_pkey **key) SL_MUST_USE;
/* Type 2 alone: the signature, with this key. SL_EAUTH, SL_EUNSUPPORTED (type, algorithm). */
enum sl_err sl_c509_verify_native(
        const struct sl_c509_cert *cert, const struct sl_pkey *issuer) SL_MUST_USE;

/* Makes C509 out of the first ten elements (a sequence, type 2) and a signature over them.
 * SL_EMALFORMED: the elements, or their algorithm is not the key's. SL_EUNSUPPORTED: the key cannot
 * sign. SL_ESPACE. */
enum sl_err sl_c509_sign_native(struct sl_span tbs, const struct sl_pkey *key, uint8_t *out,
        size_t cap, size_t *len) SL_MUST_USE;

/* COSE_C509: one bstr or an array of two and more, each around one certificate (borrowed). *count
 * is the capacity going in. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_c509_list_read(
        struct sl_span item, struct sl_span *certs, size_t *count) SL_MUST_USE;

/* --- certification requests --- */

struct sl_c509_request {
	struct sl_span bytes, tbs; /* as above */
	enum sl_c509_type type;
	int64_t signature_algorithm; /* 14 to 16: static DH proof, RFC 6955 */
	struct sl_span subject;      /* encoded Name */
	struct sl_span key;          /* two items */
	struct sl_span extensions;   /* encoded Extensions of attribute 0; empty when absent */
	bool has_challenge;
	struct sl_span challenge; /* text of attribute 1 */
	struct sl_span signature; /* the item */
};

enum sl_err sl_c509_request_decode(
        struct sl_c509_request *request, struct sl_span bytes) SL_MUST_USE;
enum sl_err sl_c509_request_key(
        const struct sl_c509_request *request, struct sl_pkey **key) SL_MUST_USE;
/* Type 2 alone: the signature over tbs with the key inside. SL_EAUTH, SL_EUNSUPPORTED. For type 3
 * see sl_c509_to_pkcs10 and sl/x509.h. */
enum sl_err sl_c509_request_verify_native(const struct sl_c509_request *request) SL_MUST_USE;

/* Static DH proof of possession (RFC 6955 section 4), algorithms 14, 15 and 16: HMAC over data
 * under SHA-x(leading | ZZ | trailing). Type 3: DER subject and issuer Name of the recipient's
 * certificate, data is the CertificationRequestInfo. Type 2: the encoded Names and tbs. */
struct sl_c509_pop {
	int64_t algorithm;
	const struct sl_pkey *own, *peer; /* own is private */
	struct sl_span leading, trailing, data;
};

/* out holds SL_HASH_MAX bytes. SL_EUNSUPPORTED (algorithm, keys), SL_ELIMIT (names beyond 1024
 * bytes). */
enum sl_err sl_c509_pop(const struct sl_c509_pop *in, uint8_t *out, size_t *len) SL_MUST_USE;

/* --- templates of certification requests --- */

/* Items as they are; empty: undefined, the client chooses. */
struct sl_c509_template {
	struct sl_span request_types;        /* array of int */
	struct sl_span signature_algorithms; /* array of AlgorithmIdentifier */
	struct sl_span subject;              /* array: (attribute, least, most, value)* */
	struct sl_span key_algorithms;
	struct sl_span extensions; /* array: (extension, optional, value)* */
};

enum sl_err sl_c509_template_decode(
        struct sl_c509_template *template, struct sl_span bytes) SL_MUST_USE;

#endif
