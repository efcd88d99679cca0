/* SPDX-License-Identifier: BSD-2-Clause
 * AEAD by COSE algorithm number (RFC 9053 section 4). One table row per algorithm. */
#ifndef SL_AEAD_H
#define SL_AEAD_H

#include <sl/err.h>
#include <sl/span.h>

#define SL_AEAD_TAG_MAX 16

struct sl_aead {
	int cose_alg; /* 1 to 3 AES-GCM, 10 to 13 and 30 to 33 AES-CCM, 24 ChaCha20/Poly1305 */
	const char *name;
	size_t key_len, nonce_len, tag_len; /* bytes */
};

/* NULL when we do not have it. */
const struct sl_aead *sl_aead_by_cose(int cose_alg);
/* Whether the installed library has it. */
bool sl_aead_is_available(const struct sl_aead *alg);
/* By registry name, "AES-CCM-16-64-128"; NULL when unknown. */
const struct sl_aead *sl_aead_by_name(const char *name);
/* Row i of the table, NULL after the last. */
const struct sl_aead *sl_aead_at(size_t i);

struct sl_aead_in {
	struct sl_span key, nonce, aad;
	struct sl_span text; /* plaintext to seal; ciphertext with the tag at its end to open */
};

/* Ciphertext and tag into out: text.len + tag_len bytes. out may be where the text lies (in place),
 * or apart from it. SL_EMALFORMED (key or nonce length), SL_ELIMIT (more text than the algorithm
 * takes: 65535 bytes with AES-CCM-16), SL_ESPACE, SL_EIO (then out is wiped). */
enum sl_err sl_aead_seal(const struct sl_aead *alg, const struct sl_aead_in *in, uint8_t *out,
        size_t cap, size_t *len) SL_MUST_USE;
/* Plaintext into out: text.len - tag_len bytes; in place or apart. SL_EAUTH when it does not verify
 * (out is wiped), SL_EMALFORMED, SL_ELIMIT, SL_ESPACE, SL_EIO. */
enum sl_err sl_aead_open(const struct sl_aead *alg, const struct sl_aead_in *in, uint8_t *out,
        size_t cap, size_t *len) SL_MUST_USE;

#endif
