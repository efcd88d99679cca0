/* SPDX-License-Identifier: BSD-2-Clause
 * PKCS#10 requests (RFC 2986), X.509 certificates (RFC 5280) and certs-only CMS (RFC 5652), as DER.
 * Decoding is strict: definite minimal lengths, nothing behind, at most 16 levels deep. */
#ifndef SL_X509_H
#define SL_X509_H

#include <sl/err.h>
#include <sl/pkey.h>
#include <sl/span.h>

#define SL_NAME_TEXT_MAX 512
#define SL_SERIAL_MAX    20
#define SL_X509_MAX      8192  /* bytes of a request or certificate; longer ones are malformed */
#define SL_CMS_MAX       65536 /* bytes of a certs-only CMS; longer ones are malformed */

/* Key usage bits as in RFC 5280 section 4.2.1.3, bit 0 = digitalSignature. Decoding yields bits 7
 * and 8 too. */
enum sl_key_usage {
	SL_KU_DIGITAL_SIGNATURE = 1 << 0,
	SL_KU_NON_REPUDIATION = 1 << 1,
	SL_KU_KEY_ENCIPHERMENT = 1 << 2,
	SL_KU_DATA_ENCIPHERMENT = 1 << 3,
	SL_KU_KEY_AGREEMENT = 1 << 4,
	SL_KU_KEY_CERT_SIGN = 1 << 5,
	SL_KU_CRL_SIGN = 1 << 6,
};

/* --- certification requests -------------------------------------------------------------- */

/* What a request says. Spans borrow from the DER. */
struct sl_csr {
	struct sl_span der;        /* the whole request */
	struct sl_span info;       /* CertificationRequestInfo: what is signed */
	struct sl_span subject;    /* DER Name */
	struct sl_span spki;       /* DER SubjectPublicKeyInfo */
	struct sl_span extensions; /* DER Extensions of the extensionRequest; empty when absent */
	struct sl_span subject_alt_name; /* DER GeneralNames, requested; empty when absent */
	enum sl_pkey_type key_type;
	char subject_text[SL_NAME_TEXT_MAX]; /* RFC 2253 form, cut with "..." when longer */
	bool has_challenge;
	char challenge[256];         /* challengePassword, at most 255 characters */
	bool has_smime_capabilities; /* EST-oscore forbids it for /skg and /skc */
	bool has_change_subject_name;
	bool has_key_usage;
	unsigned key_usage; /* requested, enum sl_key_usage */
	bool wants_ca;      /* basicConstraints CA:TRUE requested */
};

/* Strict: one DER object, no trailing bytes, version 0, key well formed and on its curve. Does not
 * check the signature. Unknown attributes are passed over. SL_EMALFORMED, SL_EUNSUPPORTED (a key
 * type that we do not know at all; a challengePassword that is no UTF-8, ASCII or IA5 text). */
enum sl_err sl_csr_decode(struct sl_csr *csr, struct sl_span der) SL_MUST_USE;
/* Proof of possession: the signature over info with the key inside. SL_EAUTH. */
enum sl_err sl_csr_verify(const struct sl_csr *csr) SL_MUST_USE;

struct sl_csr_params {
	const struct sl_pkey *key;       /* with its private part */
	const char *common_name;         /* used when subject is empty */
	struct sl_span subject;          /* DER Name, for a renewal that keeps it */
	struct sl_span subject_alt_name; /* DER GeneralNames; may be empty */
	const char *challenge;           /* NULL: none */
};

/* SL_EMALFORMED (a parameter), SL_EUNSUPPORTED (the key cannot sign), SL_ESPACE. */
enum sl_err sl_csr_make(
        const struct sl_csr_params *params, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;

/* --- certificates ------------------------------------------------------------------------ */

struct sl_cert {
	struct sl_span der;
	struct sl_span serial;  /* magnitude, big-endian, no leading zero byte */
	struct sl_span issuer;  /* DER Name */
	struct sl_span subject; /* DER Name */
	struct sl_span spki;
	struct sl_span subject_alt_name; /* DER GeneralNames or empty */
	enum sl_pkey_type key_type;
	int64_t not_before, not_after; /* POSIX seconds */
	char subject_text[SL_NAME_TEXT_MAX];
	char issuer_text[SL_NAME_TEXT_MAX];
	bool is_ca;
	bool has_key_usage;
	unsigned key_usage;
	bool is_cmc_ra; /* id-kp-cmcRA among the extended key usages */
};

/* Versions 1 to 3. Spans borrow from the DER. SL_EMALFORMED, SL_EUNSUPPORTED (the key). */
enum sl_err sl_cert_decode(struct sl_cert *cert, struct sl_span der) SL_MUST_USE;
/* The first certificate of a PEM text, or DER as it is, into out. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_cert_from_text(
        struct sl_span pem_or_der, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
enum sl_err sl_cert_to_pem(struct sl_span der, char *out, size_t cap) SL_MUST_USE;
/* Signature of cert verifies with issuer's key, issuer name equals, issuer is a CA, validity at now
 * (POSIX seconds; pass now < 0 to leave the validity out). SL_EAUTH. */
enum sl_err sl_cert_verify_issued_by(
        const struct sl_cert *cert, const struct sl_cert *issuer, int64_t now) SL_MUST_USE;
/* DER certificates to build a path from. now in POSIX seconds; negative leaves the validity out. */
struct sl_cert_path {
	const struct sl_span *anchors; /* trusted */
	size_t anchor_count;
	const struct sl_span *helpers; /* not trusted: may stand in between */
	size_t helper_count;
	int64_t now;
};

/* Full path validation (the library's) of leaf to one of the anchors. SL_EAUTH, SL_EMALFORMED. */
enum sl_err sl_cert_verify_path(struct sl_span leaf, const struct sl_cert_path *path) SL_MUST_USE;
/* A Name's DER for one CN (UTF8String). SL_ESPACE, SL_EMALFORMED (empty, over 64 characters, not
 * UTF-8). */
enum sl_err sl_name_from_cn(
        const char *common_name, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
/* RFC 2253-like text of a DER Name. SL_EMALFORMED. */
enum sl_err sl_name_text(struct sl_span name, char *out, size_t cap) SL_MUST_USE;

/* What to issue. The two steps (to-be-signed bytes, then signature) exist so that the bytes can be
 * made durable in between. */
struct sl_cert_params {
	struct sl_span serial;  /* 1..20 bytes, first bit clear, not zero */
	struct sl_span subject; /* DER Name */
	struct sl_span spki;
	struct sl_span subject_alt_name; /* DER GeneralNames or empty */
	struct sl_span issuer_cert; /* DER; empty: self-signed, then issuer_key's spki is used */
	const struct sl_pkey *issuer_key;
	int64_t not_before, not_after;
	unsigned key_usage; /* enum sl_key_usage; critical */
	bool is_ca;         /* CA:TRUE (pathlen absent) or CA:FALSE; critical */
	bool ext_client_auth, ext_server_auth,
	        ext_cmc_ra; /* extended key usage; none: no extension */
};

/* TBSCertificate DER with SKI and AKI. SL_EMALFORMED, SL_ESPACE, SL_EIO. */
enum sl_err sl_cert_tbs(
        const struct sl_cert_params *params, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
/* Signs tbs with key and wraps both into a Certificate. The algorithm inside tbs must be the
 * key's. */
enum sl_err sl_cert_sign(struct sl_span tbs, const struct sl_pkey *key, uint8_t *out, size_t cap,
        size_t *len) SL_MUST_USE;
/* The TBSCertificate inside a certificate (borrowed). SL_EMALFORMED. */
enum sl_err sl_cert_get_tbs(struct sl_span der, struct sl_span *tbs) SL_MUST_USE;

/* --- certs-only CMS, content format 281 --------------------------------------------------- */

/* Degenerate SignedData: version 1, no digest algorithms, id-data without content, no signers. */
enum sl_err sl_cms_certs_only(const struct sl_span *certs, size_t count, uint8_t *out, size_t cap,
        size_t *len) SL_MUST_USE;
/* The certificates inside, in their order; spans borrow from der. *count is the capacity going in,
 * the number coming out. Signed or otherwise filled CMS is refused. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_cms_certs_decode(
        struct sl_span der, struct sl_span *certs, size_t *count) SL_MUST_USE;

#endif
