/* SPDX-License-Identifier: BSD-2-Clause
 * What an asymmetric key is inside this room. */
#ifndef SL_CRYPTO_KEY_H
#define SL_CRYPTO_KEY_H

#include <sl/pkey.h>

#include <openssl/evp.h>

/* The longest private key (PKCS#8) and public key (SubjectPublicKeyInfo) of the types that we use.
 * */
#define PKCS8_MAX 256
#define SPKI_MAX  128
#define RAW_MAX   96 /* a P-384 point without its first byte */

enum {
	SL_PKEY_SIGNS = 1 << 0,
	SL_PKEY_AGREES = 1 << 1,
};

/* One row per type that we use. */
struct sl_pkey_kind {
	enum sl_pkey_type type;
	const char *name;
	const char *library_type, *group; /* the library's names; group only for EC */
	const char *hash;                 /* for signatures; NULL: the algorithm has its own */
	unsigned uses;                    /* SL_PKEY_SIGNS, SL_PKEY_AGREES */
	size_t field_len;                 /* bytes of a coordinate, a scalar, or a raw key */
	const char *algorithm;            /* AlgorithmIdentifier DER, bytes */
	size_t algorithm_len;
	const char *private_prefix; /* PKCS#8 DER in front of the scalar, hex */
};

struct sl_pkey {
	EVP_PKEY *evp; /* owned */
	enum sl_pkey_type type;
	bool has_private;
	uint8_t raw[RAW_MAX]; /* public: x || y, or as RFC 8410 has it; not with SL_PKEY_OTHER */
	size_t raw_len;
};

/* NULL for SL_PKEY_OTHER and unknown numbers. */
const struct sl_pkey_kind *sl_pkey_kind(enum sl_pkey_type type);

/* Of EC a SEC1 point in any form but hybrid. SL_EMALFORMED: not a key of this type. SL_ENOMEM, SL_EIO. */
enum sl_err sl_pkey_from_bytes(
        struct sl_pkey **key, const struct sl_pkey_kind *kind, struct sl_span bytes) SL_MUST_USE;
/* A fresh pair; NULL when the library fails, which the caller clears. */
EVP_PKEY *sl_pkey_make(const struct sl_pkey_kind *kind) SL_MUST_USE;
/* An EC point that sl_pkey_from_bytes takes, by the same checks and without a key. */
bool sl_pkey_is_point(const struct sl_pkey_kind *kind, struct sl_span bytes) SL_MUST_USE;
/* A key around evp, which it takes, also on failure. public: its raw bytes when they are at hand, else empty. SL_ENOMEM,
 * SL_EIO. */
enum sl_err sl_pkey_wrap(struct sl_pkey **key, EVP_PKEY *evp, enum sl_pkey_type type,
        bool has_private, struct sl_span public) SL_MUST_USE;

#endif
