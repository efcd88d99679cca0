/* SPDX-License-Identifier: BSD-2-Clause
 * Authentication credentials of EDHOC (RFC 9528 section 3.5): ID_CRED_x and CRED_x, raw public keys
 * in CWT Claims Sets (RFC 8392), certificates (RFC 9360, C509). What a peer sends is untrusted
 * input: it never becomes an anchor, and a URI is a name to look up, never fetched. */
#ifndef SL_CREDENTIALS_H
#define SL_CREDENTIALS_H

#include <sl/pkey.h>
#include <sl/writer.h>

#define SL_CHAIN_MAX      6 /* certificates by value */
#define SL_CANDIDATES_MAX 8 /* credentials that one kid may mean */

/* --- ID_CRED_x: a COSE header map --- */

enum sl_id_cred_label {
	SL_LABEL_KID = 4,
	SL_LABEL_KCWT = 13,
	SL_LABEL_KCCS = 14,
	SL_LABEL_C5T = 22,
	SL_LABEL_C5U = 23,
	SL_LABEL_C5B = 24,
	SL_LABEL_C5C = 25,
	SL_LABEL_X5BAG = 32,
	SL_LABEL_X5CHAIN = 33,
	SL_LABEL_X5T = 34,
	SL_LABEL_X5U = 35,
};

struct sl_cert_hash {
	int64_t alg; /* -15 SHA-256/64, -16, -43, -44; others match nothing */
	struct sl_span hash;
};

/* Spans borrow from the map. */
struct sl_id_cred {
	bool has_kid, has_x5t, has_c5t;
	struct sl_span kid;
	struct sl_cert_hash x5t, c5t;
	struct sl_span x5u, c5u;              /* texts; empty: absent */
	struct sl_span kccs;                  /* the CCS map */
	struct sl_span x5chain[SL_CHAIN_MAX]; /* bstr items around DER, leaf first */
	size_t x5chain_count;
	struct sl_span c5c[SL_CHAIN_MAX]; /* C509Certificate arrays, leaf first */
	size_t c5c_count;
};

/* SL_EMALFORMED (also a label twice), SL_EUNSUPPORTED: nothing in it that we understand, or kcwt,
 * x5bag, c5b; SL_ELIMIT: a longer chain. Parameters that we do not know are passed over. */
enum sl_err sl_id_cred_decode(struct sl_id_cred *id, struct sl_span map) SL_MUST_USE;

/* Maps of one parameter, as own credentials need them. */
void sl_id_cred_write_kid(struct sl_writer *w, struct sl_span kid);
void sl_id_cred_write_kccs(struct sl_writer *w, struct sl_span ccs);
/* label: x5t over DER, or c5t over the C509 array. alg: -15, -16, -43 or -44. SL_EUNSUPPORTED. */
enum sl_err sl_id_cred_write_hash(struct sl_writer *w, enum sl_id_cred_label label, int64_t alg,
        struct sl_span cert) SL_MUST_USE;
/* label: x5chain of DER, or c5c of C509 arrays; leaf first, at least one. */
void sl_id_cred_write_chain(struct sl_writer *w, enum sl_id_cred_label label,
        const struct sl_span *certs, size_t count);
void sl_id_cred_write_x5u(struct sl_writer *w, struct sl_span uri);

/* --- CRED_x --- */

enum sl_credential_kind {
	SL_CREDENTIAL_CCS,  /* the claims set itself */
	SL_CREDENTIAL_X509, /* bstr around the DER certificate */
	SL_CREDENTIAL_C509, /* the C509Certificate array */
};

/* CRED_x of a DER certificate. */
void sl_credential_write_x509(struct sl_writer *w, struct sl_span der);

/* Spans borrow from the item. key is owned: sl_credential_clear. */
struct sl_credential {
	enum sl_credential_kind kind;
	struct sl_span cred;    /* the whole item, exactly as it came */
	struct sl_span content; /* CCS map, DER, C509 array */
	struct sl_span subject; /* CCS: sub, a text; else the Name, DER or CBOR */
	bool has_kid;
	struct sl_span kid; /* CCS: of the COSE_Key inside */
	struct sl_pkey *key;
};

/* One item, to its end. SL_EMALFORMED, SL_EUNSUPPORTED (a key that is not ours, confirmation other
 * than COSE_Key). Says nothing about trust. */
enum sl_err sl_credential_decode(struct sl_credential *credential, struct sl_span cred) SL_MUST_USE;
void sl_credential_clear(struct sl_credential *credential);
/* The subject of a certificate, X.509 or C509, as a DER Name. SL_ENOTFOUND (a CCS has none),
 * SL_EMALFORMED (no DER says it), SL_ESPACE. */
enum sl_err sl_credential_name(
        const struct sl_credential *credential, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
/* Both included; INT64_MIN and INT64_MAX: without a beginning, without an end. SL_EMALFORMED. */
enum sl_err sl_credential_times(const struct sl_credential *credential, int64_t *not_before,
        int64_t *not_after) SL_MUST_USE;
/* COSE_Key (RFC 9052 section 7): P-256, P-384, Ed25519, Ed448, X25519, X448; y of a point may be
 * its sign, or absent. A private part is refused. SL_EMALFORMED, SL_EUNSUPPORTED. */
enum sl_err sl_cose_key_decode(struct sl_pkey **key, struct sl_span item) SL_MUST_USE;

/* A CWT Claims Set around a public key, deterministic, as in RFC 9529 section 3:
 * { 2: subject, 8: { 1: { 1: kty, 2: kid, -1: crv, -2: x, -3: y } } }. kid empty: none.
 * SL_EMALFORMED (the subject is no plain text), SL_EUNSUPPORTED, SL_ESPACE. */
enum sl_err sl_ccs_write(struct sl_writer *w, struct sl_span subject, struct sl_span kid,
        const struct sl_pkey *key) SL_MUST_USE;

/* --- trust --- */

/* What is provisioned about one peer. Borrowed. */
struct sl_known_credential {
	struct sl_span cred; /* CRED_x, the exact bytes */
	bool has_kid;
	struct sl_span kid; /* what ID_CRED { kid } refers to */
	struct sl_span uri; /* what x5u or c5u refers to; empty: none */
	/* The certificate is believed by itself, its time and key usage apart: no path to an anchor.
	 * A CCS always is. */
	bool is_trusted;
};

/* What the peer's key will be used for (methods 0 to 3). */
enum sl_key_purpose {
	SL_FOR_SIGNATURE, /* keyUsage digitalSignature */
	SL_FOR_STATIC_DH, /* keyUsage keyAgreement */
};

struct sl_trust {
	const struct sl_known_credential *known;
	size_t known_count;
	const struct sl_span *x509_anchors; /* DER; also for C509 type 3 */
	size_t x509_anchor_count;
	const struct sl_span *c509_anchors; /* arrays, for C509 type 2 */
	size_t c509_anchor_count;
	int64_t now;          /* POSIX seconds; negative: no clock, validity is left out */
	bool requires_cmc_ra; /* an EST server's certificate has id-kp-cmcRA (RFC 7030 3.6.1) */
};

/* Credentials that an ID_CRED may mean, each of them valid. Clear it. */
struct sl_candidates {
	struct sl_credential list[SL_CANDIDATES_MAX];
	size_t count;
};

/* Looks up what ID_CRED refers to, or takes what it carries, and validates it: a CCS equals a known
 * one and is in its time; a certificate has a path to an anchor, a time, and the key usage. All
 * parameters that are understood agree. The result borrows from id_cred and from what is known.
 * SL_ENOTFOUND: the reference is to nothing that we have (EDHOC error 3). SL_EMALFORMED,
 * SL_EUNSUPPORTED, SL_ELIMIT, SL_EAUTH (EDHOC error 1). */
enum sl_err sl_credential_resolve(struct sl_candidates *candidates, const struct sl_trust *trust,
        struct sl_span id_cred, enum sl_key_purpose purpose) SL_MUST_USE;
void sl_candidates_clear(struct sl_candidates *candidates);

#endif
