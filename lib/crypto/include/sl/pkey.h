/* SPDX-License-Identifier: BSD-2-Clause
 * Asymmetric keys: generate, load, store, sign, verify, agree. Types: P-256, P-384, Ed25519,
 * X25519, Ed448, X448. */
#ifndef SL_PKEY_H
#define SL_PKEY_H

#include <sl/err.h>
#include <sl/span.h>

enum sl_pkey_type {
	SL_PKEY_P256 = 1,
	SL_PKEY_P384 = 2,
	SL_PKEY_ED25519 = 3,
	SL_PKEY_X25519 = 4,
	SL_PKEY_OTHER = 5, /* a key that the library knows and we do not use: RSA, P-521, ... */
	SL_PKEY_ED448 = 6,
	SL_PKEY_X448 = 7,
};

struct sl_pkey; /* owned; free with sl_pkey_free, which wipes */

/* "p256", "p384", "ed25519", "x25519", "ed448", "x448", "other". */
const char *sl_pkey_type_name(enum sl_pkey_type type);
/* 0 when the name is unknown. */
enum sl_pkey_type sl_pkey_type_by_name(const char *name);

/* Whether the installed library can make such keys at all. */
bool sl_pkey_is_available(enum sl_pkey_type type);

enum sl_err sl_pkey_generate(struct sl_pkey **key, enum sl_pkey_type type) SL_MUST_USE;
/* PKCS#8 PrivateKeyInfo DER (RFC 5958), unencrypted. SL_EMALFORMED, SL_EUNSUPPORTED, SL_ENOMEM. */
enum sl_err sl_pkey_from_pkcs8(struct sl_pkey **key, struct sl_span der) SL_MUST_USE;
/* PEM or DER private key text (PKCS#8 or SEC1, never with a password). Errors as above. */
enum sl_err sl_pkey_from_text(struct sl_pkey **key, struct sl_span pem_or_der) SL_MUST_USE;
enum sl_err sl_pkey_to_pkcs8(
        const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
/* PEM "PRIVATE KEY" with a final newline and NUL. SL_ESPACE. */
enum sl_err sl_pkey_to_pem(const struct sl_pkey *key, char *out, size_t cap) SL_MUST_USE;
/* A pair of ours, to be taken up again by the same process: at most SL_PKEY_PACKED_MAX bytes, of no standard
 * form. Unpacking does not ask again whether the halves belong together, so the bytes must be what packing
 * wrote. SL_EUNSUPPORTED, SL_ESPACE, SL_EMALFORMED, SL_ENOMEM, SL_EIO. */
#define SL_PKEY_PACKED_MAX 145
enum sl_err sl_pkey_pack(
        const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
enum sl_err sl_pkey_unpack(struct sl_pkey **key, struct sl_span packed) SL_MUST_USE;
/* SubjectPublicKeyInfo DER, both ways. A public key can verify and agree only. Reading may give
 * SL_PKEY_OTHER; SL_EMALFORMED, SL_EUNSUPPORTED. Writing: points uncompressed. */
enum sl_err sl_pkey_from_spki(struct sl_pkey **key, struct sl_span der) SL_MUST_USE;
/* The type of the key that sl_pkey_from_spki would give, by all its checks; errors as there. */
enum sl_err sl_pkey_spki_type(struct sl_span der, enum sl_pkey_type *type) SL_MUST_USE;
enum sl_err sl_pkey_to_spki(
        const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
/* Raw private scalar (EC: field length, big-endian; Ed/X: 32, 57 or 56 bytes) and raw public key
 * (EC: x, or x||y, or a SEC1 point with its first byte; Ed/X: as the private one). An x alone takes
 * the even y. The point is checked to be on the curve. SL_EMALFORMED. */
enum sl_err sl_pkey_from_raw_private(
        struct sl_pkey **key, enum sl_pkey_type type, struct sl_span raw) SL_MUST_USE;
enum sl_err sl_pkey_from_raw_public(
        struct sl_pkey **key, enum sl_pkey_type type, struct sl_span raw) SL_MUST_USE;
/* EC: x || y; Ed/X: 32, 57 or 56 bytes. */
enum sl_err sl_pkey_to_raw_public(
        const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
void sl_pkey_free(struct sl_pkey *key);

enum sl_pkey_type sl_pkey_type(const struct sl_pkey *key);
bool sl_pkey_has_private(const struct sl_pkey *key);
bool sl_pkey_equal_public(const struct sl_pkey *a, const struct sl_pkey *b);
/* The same, or of a point the other one with this x: whoever holds the private key of one holds that of the
 * other, and an x alone does not tell them apart. True also when one cannot be looked at. */
bool sl_pkey_same_holder(const struct sl_pkey *a, const struct sl_pkey *b);

#define SL_SIGNATURE_MAX 144 /* bytes; a P-384 signature in DER is at most 104 */

/* ECDSA with the hash of the curve (P-256: SHA-256, P-384: SHA-384) as DER (X.509), Ed25519 as 64
 * and Ed448 as 114 bytes. SL_EUNSUPPORTED (X25519, X448, no private part), SL_ESPACE, SL_EIO. */
enum sl_err sl_sign(const struct sl_pkey *key, struct sl_span message, uint8_t *out, size_t cap,
        size_t *len) SL_MUST_USE;
/* SL_EAUTH when it does not verify. */
enum sl_err sl_verify(
        const struct sl_pkey *key, struct sl_span message, struct sl_span signature) SL_MUST_USE;
/* The same with ECDSA signatures as r || s, each padded to the order length (COSE, RFC 9053
 * section 2.1). */
enum sl_err sl_sign_raw(const struct sl_pkey *key, struct sl_span message, uint8_t *out, size_t cap,
        size_t *len) SL_MUST_USE;
enum sl_err sl_verify_raw(
        const struct sl_pkey *key, struct sl_span message, struct sl_span signature) SL_MUST_USE;
/* The x-coordinate of the shared point, or the X25519 or X448 output; an all-zero output is SL_EAUTH. */
enum sl_err sl_ecdh(const struct sl_pkey *own, const struct sl_pkey *peer, uint8_t *out, size_t cap,
        size_t *len) SL_MUST_USE;

#endif
