/* SPDX-License-Identifier: BSD-2-Clause
 * What requests, certificates and CMS share inside this room: the signed frame, extensions, times,
 * and what only the library can do. */
#ifndef SL_X509_PARTS_H
#define SL_X509_PARTS_H

#include <sl/der.h>
#include <sl/x509.h>

#define KEY_ID_LEN 20
/* A Name of one CN: 64 characters of at most four bytes, and 17 bytes around them. */
#define NAME_CN_MAX 280
/* The longest SubjectPublicKeyInfo of a key that signs: P-384. */
#define SPKI_MAX 128

/* SEQUENCE { body, signatureAlgorithm, signature }; spans borrow. */
struct sl_x509_frame {
	struct sl_span body;      /* with its header */
	struct sl_span algorithm; /* AlgorithmIdentifier, with its header */
	struct sl_span signature;
};

/* One strict object of at most SL_X509_MAX bytes in that shape. */
enum sl_err sl_x509_open_frame(struct sl_x509_frame *frame, struct sl_span der) SL_MUST_USE;
/* Signs body and writes the frame. SL_EUNSUPPORTED (the key cannot sign), SL_ESPACE, SL_EIO. */
enum sl_err sl_x509_seal_frame(struct sl_span body, const struct sl_pkey *key, uint8_t *out,
        size_t cap, size_t *len) SL_MUST_USE;
/* AlgorithmIdentifier that our key signs with; empty when it does not sign. */
struct sl_span sl_x509_algorithm(enum sl_pkey_type type);
/* SEQUENCE { OID, optional parameters } and nothing else. */
bool sl_x509_is_algorithm(struct sl_span der);
/* Name (RFC 5280 section 4.1.2.4), with its header, possibly empty. */
bool sl_x509_is_name(struct sl_span der);
/* GeneralNames (RFC 5280 section 4.2.1.6), with its header, at least one. */
bool sl_x509_is_general_names(struct sl_span der);

/* What we understand of an Extensions value; spans borrow. */
struct sl_x509_extensions {
	struct sl_span subject_alt_name;
	struct sl_span subject_key_id;
	bool is_ca;
	bool has_key_usage;
	unsigned key_usage;
	bool is_cmc_ra;
	bool has_smime_capabilities;
};

/* Extensions with its header (RFC 5280 section 4.1.2.9): none twice, at most 32, the known ones
 * strict. */
enum sl_err sl_x509_read_extensions(struct sl_x509_extensions *got, struct sl_span der) SL_MUST_USE;

/* sl_cert_decode, and the extensions. */
enum sl_err sl_x509_read_cert(struct sl_cert *cert, struct sl_x509_extensions *extensions,
        struct sl_span der) SL_MUST_USE;

/* --- library.c ---------------------------------------------------------------------------- */

/* RFC 5280 section 4.2.1.2 method 1: SHA-1 of the key bits. */
enum sl_err sl_x509_key_id(struct sl_span spki, uint8_t out[static KEY_ID_LEN]) SL_MUST_USE;
/* ECDSA and RSA PKCS#1 with SHA-256, -384, -512, Ed25519 and Ed448; keys of 112 bits of security and
 * more. SL_EAUTH. */
enum sl_err sl_x509_verify_frame(
        const struct sl_x509_frame *frame, struct sl_span spki) SL_MUST_USE;

#endif
