/* SPDX-License-Identifier: BSD-2-Clause
 * AEAD by COSE number: AES-GCM (RFC 9053 section 4.1), AES-CCM (4.2), ChaCha20/Poly1305 (4.3). */
#include <sl/aead.h>
#include <sl/wipe.h>

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>

struct row {
	struct sl_aead shown;
	const EVP_CIPHER *(*cipher)(void);
	bool is_ccm;
	size_t text_max; /* CCM: 2^(8L) - 1 with L = 15 - nonce length */
};

#define CCM_L2 65535
#define FREE   ((size_t)INT_MAX - SL_AEAD_TAG_MAX)

static const struct row rows[] = {
        {{1, "A128GCM", 16, 12, 16}, EVP_aes_128_gcm, false, FREE},
        {{2, "A192GCM", 24, 12, 16}, EVP_aes_192_gcm, false, FREE},
        {{3, "A256GCM", 32, 12, 16}, EVP_aes_256_gcm, false, FREE},
        {{10, "AES-CCM-16-64-128", 16, 13, 8}, EVP_aes_128_ccm, true, CCM_L2},
        {{11, "AES-CCM-16-64-256", 32, 13, 8}, EVP_aes_256_ccm, true, CCM_L2},
        {{12, "AES-CCM-64-64-128", 16, 7, 8}, EVP_aes_128_ccm, true, FREE},
        {{13, "AES-CCM-64-64-256", 32, 7, 8}, EVP_aes_256_ccm, true, FREE},
        {{24, "ChaCha20/Poly1305", 32, 12, 16}, EVP_chacha20_poly1305, false, FREE},
        {{30, "AES-CCM-16-128-128", 16, 13, 16}, EVP_aes_128_ccm, true, CCM_L2},
        {{31, "AES-CCM-16-128-256", 32, 13, 16}, EVP_aes_256_ccm, true, CCM_L2},
        {{32, "AES-CCM-64-128-128", 16, 7, 16}, EVP_aes_128_ccm, true, FREE},
        {{33, "AES-CCM-64-128-256", 32, 7, 16}, EVP_aes_256_ccm, true, FREE},
};

#define ROWS (sizeof rows / sizeof rows[0])

static const struct row *
find_row(int cose_alg)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].shown.cose_alg == cose_alg)
			return &rows[i];
	return NULL;
}

const struct sl_aead *
sl_aead_by_cose(int cose_alg)
{
	const struct row *row = find_row(cose_alg);

	return row == NULL ? NULL : &row->shown;
}

const struct sl_aead *
sl_aead_by_name(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (sl_span_equal_text(sl_span_text(name), rows[i].shown.name))
			return &rows[i].shown;
	return NULL;
}

const struct sl_aead *
sl_aead_at(size_t i)
{
	return i < ROWS ? &rows[i].shown : NULL;
}

/* One run of the cipher; text is without the tag, tag is read or written. */
struct run {
	const struct row *row;
	const struct sl_aead_in *in;
	struct sl_span text;
	uint8_t *tag;
	bool is_seal;
};

static enum sl_err
check(const struct row *row, const struct sl_aead_in *in, size_t text_len, size_t out_len,
        size_t cap)
{
	if (row == NULL)
		return SL_EUNSUPPORTED;
	if (in->key.len != row->shown.key_len || in->nonce.len != row->shown.nonce_len)
		return SL_EMALFORMED;
	if (text_len > row->text_max || in->aad.len > FREE)
		return SL_ELIMIT;
	return out_len > cap ? SL_ESPACE : SL_OK;
}

/* Key, nonce, lengths and AAD. CCM must know the lengths before everything else. */
static bool
begin(EVP_CIPHER_CTX *ctx, const struct run *run)
{
	const struct sl_aead *alg = &run->row->shown;
	uint8_t *known_tag = run->is_seal ? NULL : run->tag;
	int n = 0;

	if (!EVP_CipherInit_ex(ctx, run->row->cipher(), NULL, NULL, NULL, run->is_seal) ||
	        !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)alg->nonce_len, NULL))
		return false;
	if ((run->row->is_ccm || !run->is_seal) &&
	        !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)alg->tag_len, known_tag))
		return false;
	if (!EVP_CipherInit_ex(ctx, NULL, NULL, run->in->key.ptr, run->in->nonce.ptr, run->is_seal))
		return false;
	if (run->row->is_ccm && !EVP_CipherUpdate(ctx, NULL, &n, NULL, (int)run->text.len))
		return false;
	return run->in->aad.len == 0 ||
	       EVP_CipherUpdate(ctx, NULL, &n, run->in->aad.ptr, (int)run->in->aad.len);
}

/* The text. To open, false means that it does not verify. */
static bool
finish(EVP_CIPHER_CTX *ctx, const struct run *run, uint8_t *out)
{
	uint8_t nothing[SL_AEAD_TAG_MAX] = {0};
	uint8_t *to = run->text.len > 0 ? out : nothing;
	const uint8_t *from = run->text.len > 0 ? run->text.ptr : nothing;
	int n = 0;

	/* CCM: this call also makes or checks the tag, so it is due for an empty text too. */
	if (EVP_CipherUpdate(ctx, to, &n, from, (int)run->text.len) <= 0)
		return false;
	if (!run->row->is_ccm && EVP_CipherFinal_ex(ctx, nothing, &n) <= 0)
		return false;
	return !run->is_seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
	                                (int)run->row->shown.tag_len, run->tag) > 0;
}

static enum sl_err
perform(const struct run *run, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	enum sl_err err = SL_OK;

	if (ctx == NULL || !begin(ctx, run))
		err = SL_EIO;
	else if (!finish(ctx, run, out))
		err = run->is_seal ? SL_EIO : SL_EAUTH;
	if (err != SL_OK)
		ERR_clear_error();
	EVP_CIPHER_CTX_free(ctx);
	return err;
}

enum sl_err
sl_aead_seal(const struct sl_aead *alg, const struct sl_aead_in *in, uint8_t *out, size_t cap,
        size_t *len)
{
	struct run run = {find_row(alg->cose_alg), in, in->text, NULL, true};
	size_t out_len = in->text.len + alg->tag_len;
	enum sl_err err = check(run.row, in, in->text.len, out_len, cap);

	if (err != SL_OK)
		return err;
	run.tag = out + in->text.len;
	err = perform(&run, out);
	if (err != SL_OK) {
		sl_wipe(out, out_len);
		return err;
	}
	*len = out_len;
	return SL_OK;
}

enum sl_err
sl_aead_open(const struct sl_aead *alg, const struct sl_aead_in *in, uint8_t *out, size_t cap,
        size_t *len)
{
	uint8_t tag[SL_AEAD_TAG_MAX];
	struct run run = {find_row(alg->cose_alg), in, {0}, tag, false};
	struct sl_span end;
	enum sl_err err;

	if (in->text.len < alg->tag_len)
		return SL_EAUTH;
	run.text = sl_span(in->text.ptr, in->text.len - alg->tag_len);
	err = check(run.row, in, run.text.len, run.text.len, cap);
	if (err != SL_OK)
		return err;
	end = sl_span(in->text.ptr + run.text.len, alg->tag_len);
	for (size_t i = 0; i < end.len; i++)
		tag[i] = end.ptr[i];
	err = perform(&run, out);
	if (err != SL_OK) {
		sl_wipe(out, run.text.len);
		return err;
	}
	*len = run.text.len;
	return SL_OK;
}

bool
sl_aead_is_available(const struct sl_aead *alg)
{
	static const uint8_t zeros[32];
	struct sl_aead_in in = {
	        sl_span(zeros, alg->key_len), sl_span(zeros, alg->nonce_len), {NULL, 0}, {NULL, 0}};
	uint8_t out[SL_AEAD_TAG_MAX];
	size_t len = 0;

	return sl_aead_seal(alg, &in, out, sizeof out, &len) == SL_OK;
}
