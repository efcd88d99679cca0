/* SPDX-License-Identifier: BSD-2-Clause
 * Hashes, HMAC, HKDF (RFC 5869), KMAC256 (SP 800-185 section 4), by COSE hash number: -16 SHA-256, -43 SHA-384, -44 SHA-512,
 * -45 SHAKE256 (64 bytes). And the machine's random bytes. */
#ifndef SL_HASH_H
#define SL_HASH_H

#include <sl/err.h>
#include <sl/span.h>

#define SL_SHA256_LEN 32
#define SL_HASH_MAX   64

enum sl_hash_alg {
	SL_SHA256 = -16,
	SL_SHA384 = -43,
	SL_SHA512 = -44,
	SL_SHAKE256 = -45, /* 64 bytes of output */
};

/* 0 when unknown. */
size_t sl_hash_len(int alg);
/* SL_EUNSUPPORTED, SL_EIO. out must hold sl_hash_len(alg). */
enum sl_err sl_hash(int alg, struct sl_span bytes, uint8_t *out) SL_MUST_USE;
enum sl_err sl_sha256(struct sl_span bytes, uint8_t out[static SL_SHA256_LEN]) SL_MUST_USE;
enum sl_err sl_hmac(int alg, struct sl_span key, struct sl_span bytes, uint8_t *out) SL_MUST_USE;
/* Extract: out holds sl_hash_len(alg). An empty salt is hash-length zero bytes. */
enum sl_err sl_hkdf_extract(
        int alg, struct sl_span salt, struct sl_span ikm, uint8_t *out) SL_MUST_USE;
/* Expand into exactly len bytes (at most 255 hashes, else SL_ELIMIT). */
enum sl_err sl_hkdf_expand(
        int alg, struct sl_span prk, struct sl_span info, uint8_t *out, size_t len) SL_MUST_USE;

/* KMAC256 with an empty customization string, exactly len bytes. The key has at least 4 bytes, at
 * most 512 (SL_EMALFORMED). SL_EIO. */
enum sl_err sl_kmac256(
        struct sl_span key, struct sl_span bytes, uint8_t *out, size_t len) SL_MUST_USE;

/* Whether the installed library has the hash and what is built on it: HMAC, or KMAC256 for
 * SL_SHAKE256. */
bool sl_hash_is_available(int alg);

/* From the operating system's generator through the library. SL_EIO: stop, do not go on without. */
enum sl_err sl_random(void *out, size_t len) SL_MUST_USE;

#endif
