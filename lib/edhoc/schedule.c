/* SPDX-License-Identifier: BSD-2-Clause
 * The key schedule of RFC 9528 section 4.1 and the ciphers of sections 5.3 to 5.5. */
#include "inside.h"

#include <sl/cose.h>

#define LABEL_KEYSTREAM_2 0
#define HKDF_HASHES_MAX   255
#define KEY_MAX           32
#define NONCE_MAX         13
#define ECDH_MAX          56
#define AAD_MAX           (16 + SL_HASH_MAX)

/* info = (label, context, length) */
static void
write_info(struct sl_writer *w, const struct sl_edhoc_kdf *kdf, size_t len)
{
	size_t context_len = 0;

	for (size_t i = 0; i < KDF_PARTS; i++)
		context_len += kdf->context[i].len;
	sl_cbor_write_int(w, kdf->label);
	sl_cbor_write_bytes_head(w, context_len);
	for (size_t i = 0; i < KDF_PARTS; i++)
		sl_write_span(w, kdf->context[i]);
	sl_cbor_write_uint(w, len);
}

enum sl_err
sl_edhoc_expand(
        const struct sl_edhoc_kdf *kdf, struct sl_edhoc_bytes scratch, uint8_t *out, size_t len)
{
	struct sl_writer w = sl_writer_over(scratch.bytes, scratch.cap);
	enum sl_err err;

	write_info(&w, kdf, len);
	err = sl_writer_finish(&w);
	if (err == SL_OK && kdf->suite->hash == SL_SHAKE256)
		err = sl_kmac256(kdf->prk, sl_writer_span(&w), out, len);
	else if (err == SL_OK)
		err = sl_hkdf_expand(kdf->suite->hash, kdf->prk, sl_writer_span(&w), out, len);
	sl_wipe(scratch.bytes, w.len < scratch.cap ? w.len : scratch.cap);
	return err;
}

enum sl_err
sl_edhoc_extract(const struct sl_edhoc_suite *suite, struct sl_span salt, struct sl_span ikm,
        struct sl_key *prk)
{
	prk->len = sl_hash_len(suite->hash);
	return suite->hash == SL_SHAKE256 ? sl_kmac256(salt, ikm, prk->bytes, prk->len)
	                                  : sl_hkdf_extract(suite->hash, salt, ikm, prk->bytes);
}

enum sl_err
sl_edhoc_hash(const struct sl_edhoc_suite *suite, struct sl_span bytes, struct sl_key *hash)
{
	hash->len = sl_hash_len(suite->hash);
	return sl_hash(suite->hash, bytes, hash->bytes);
}

enum sl_err
sl_edhoc_next_th(
        const struct sl_edhoc *s, struct sl_span plaintext, struct sl_span cred, struct sl_key *th)
{
	struct sl_edhoc_bytes scratch = s->memory.scratch;
	struct sl_writer w = sl_writer_over(scratch.bytes, scratch.cap);
	enum sl_err err;

	sl_cbor_write_bytes(&w, sl_key_view(&s->th));
	sl_write_span(&w, plaintext);
	sl_write_span(&w, cred);
	err = sl_writer_finish(&w);
	if (err == SL_OK)
		err = sl_edhoc_hash(s->suite, sl_writer_span(&w), th);
	sl_wipe(scratch.bytes, w.len < scratch.cap ? w.len : scratch.cap);
	return err;
}

enum sl_err
sl_edhoc_begin_keys(const struct sl_edhoc *s, const struct sl_edhoc_start *in, struct sl_key *th_2,
        struct sl_key *prk_2e)
{
	uint8_t g_xy[ECDH_MAX];
	size_t g_xy_len = 0;
	struct sl_writer w = sl_writer_over(s->memory.scratch.bytes, s->memory.scratch.cap);
	enum sl_err err;

	sl_cbor_write_bytes(&w, in->g_y);
	sl_cbor_write_bytes(&w, in->h_message_1);
	err = sl_writer_finish(&w);
	if (err == SL_OK)
		err = sl_edhoc_hash(s->suite, sl_writer_span(&w), th_2);
	if (err == SL_OK)
		err = sl_ecdh(in->own, in->peer, g_xy, sizeof g_xy, &g_xy_len);
	if (err == SL_OK)
		err = sl_edhoc_extract(
		        s->suite, sl_key_view(th_2), sl_span(g_xy, g_xy_len), prk_2e);
	sl_wipe(g_xy, sizeof g_xy);
	return err;
}

enum sl_err
sl_edhoc_stream(const struct sl_edhoc_kdf *kdf, struct sl_edhoc_bytes scratch, struct sl_span in,
        uint8_t *out)
{
	bool is_kmac = kdf->suite->hash == SL_SHAKE256; /* has no limit */
	size_t part_max = is_kmac ? in.len : HKDF_HASHES_MAX * sl_hash_len(kdf->suite->hash);
	struct sl_edhoc_kdf part = *kdf;
	enum sl_err err = SL_OK;

	part.label = LABEL_KEYSTREAM_2;
	for (size_t done = 0; done < in.len && err == SL_OK; part.label--) {
		size_t len = in.len - done < part_max ? in.len - done : part_max;

		err = sl_edhoc_expand(&part, scratch, out + done, len);
		done += len;
	}
	for (size_t i = 0; err == SL_OK && i < in.len; i++)
		out[i] ^= in.ptr[i];
	return err;
}

/* K, IV and AAD of an envelope. */
struct keys {
	const struct sl_aead *aead;
	uint8_t key[KEY_MAX], nonce[NONCE_MAX], aad[AAD_MAX];
	struct sl_aead_in in;
};

static enum sl_err
make_keys(struct keys *keys, const struct sl_edhoc_envelope *envelope)
{
	const struct sl_edhoc *s = envelope->session;
	struct sl_edhoc_kdf kdf = {s->suite, envelope->prk, envelope->label, {envelope->th}};
	struct sl_writer w = sl_writer_over(keys->aad, sizeof keys->aad);
	enum sl_err err;

	keys->aead = sl_aead_by_cose(s->suite->aead);
	err = sl_edhoc_expand(&kdf, s->memory.scratch, keys->key, keys->aead->key_len);
	kdf.label++;
	if (err == SL_OK)
		err = sl_edhoc_expand(&kdf, s->memory.scratch, keys->nonce, keys->aead->nonce_len);
	sl_cose_encrypt0_aad(&w, sl_span(NULL, 0), envelope->th);
	if (err == SL_OK)
		err = sl_writer_finish(&w);
	keys->in.key = sl_span(keys->key, keys->aead->key_len);
	keys->in.nonce = sl_span(keys->nonce, keys->aead->nonce_len);
	keys->in.aad = sl_writer_span(&w);
	return err;
}

enum sl_err
sl_edhoc_seal(
        const struct sl_edhoc_envelope *envelope, struct sl_span plaintext, struct sl_writer *w)
{
	struct keys keys;
	enum sl_err err = make_keys(&keys, envelope);
	size_t len = plaintext.len + keys.aead->tag_len;
	uint8_t *out;

	sl_cbor_write_bytes_head(w, len);
	out = sl_write_reserve(w, len);
	if (err == SL_OK)
		err = sl_writer_finish(w);
	keys.in.text = plaintext;
	if (err == SL_OK)
		err = sl_aead_seal(keys.aead, &keys.in, out, len, &len);
	sl_wipe(&keys, sizeof keys);
	return err;
}

enum sl_err
sl_edhoc_open(
        const struct sl_edhoc_envelope *envelope, struct sl_span message, struct sl_span *plaintext)
{
	struct sl_edhoc_bytes out = envelope->session->memory.plaintext;
	struct sl_reader r = sl_reader_over(message);
	struct sl_span ciphertext = sl_cbor_read_bytes(&r);
	struct keys keys;
	size_t len = 0;
	enum sl_err err = sl_reader_finish(&r);

	if (err != SL_OK)
		return err;
	err = make_keys(&keys, envelope);
	if (err == SL_OK && ciphertext.len < keys.aead->tag_len)
		err = SL_EMALFORMED;
	keys.in.text = ciphertext;
	if (err == SL_OK)
		err = sl_aead_open(keys.aead, &keys.in, out.bytes, out.cap, &len);
	sl_wipe(&keys, sizeof keys);
	if (err == SL_OK)
		*plaintext = sl_span(out.bytes, len);
	return err;
}
