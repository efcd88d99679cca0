/* SPDX-License-Identifier: BSD-2-Clause
 * Security context: key derivation (RFC 8613 section 3.2.1), nonce (5.2), AAD (5.4), Sender
 * Sequence Numbers (7.2, B.1.1). */
#include "seal.h"
#include "window.h"

#include <sl/cbor.h>
#include <sl/cose.h>
#include <sl/hash.h>

#include <string.h>

#define MASTER_SECRET_MIN 16
#define NONCE_ID_OFFSET   6 /* length byte and five of the Partial IV, section 5.2 */
#define OSCORE_VERSION    1

/* info: array 1, id 1 + 7, id_context 2 + 64, alg_aead 3, type 1 + 3, L 2. */
#define INFO_MAX (1 + 8 + 2 + SL_OSCORE_ID_CONTEXT_MAX + 3 + 4 + 2)

struct sl_span
sl_oscore_id_view(const struct sl_oscore_id *id)
{
	return sl_span(id->bytes, id->len);
}

static void
copy(uint8_t *to, size_t *len, struct sl_span from)
{
	if (from.len > 0)
		memcpy(to, from.ptr, from.len);
	*len = from.len;
}

static bool
has_valid_lengths(const struct sl_oscore_params *p, const struct sl_aead *aead)
{
	size_t id_max = aead->nonce_len - NONCE_ID_OFFSET;

	return p->master_secret.len >= MASTER_SECRET_MIN && p->sender_id.len <= id_max &&
	       p->recipient_id.len <= id_max && p->id_context.len <= SL_OSCORE_ID_CONTEXT_MAX &&
	       p->window <= SL_OSCORE_WINDOW_MAX;
}

/* One key of section 3.2.1 into out; ctx has its algorithm and ID Context. */
struct derivation {
	int hash;
	struct sl_span prk, id;
	const char *type;
	size_t len;
};

static enum sl_err
derive(const struct sl_oscore_ctx *ctx, const struct derivation *d, struct sl_key *out)
{
	uint8_t info[INFO_MAX];
	struct sl_writer w = sl_writer_over(info, sizeof info);
	enum sl_err err;

	sl_cbor_write_array(&w, 5);
	sl_cbor_write_bytes(&w, d->id);
	if (ctx->has_id_context)
		sl_cbor_write_bytes(&w, sl_span(ctx->id_context, ctx->id_context_len));
	else
		sl_cbor_write_null(&w);
	sl_cbor_write_int(&w, ctx->aead->cose_alg);
	sl_cbor_write_text(&w, d->type);
	sl_cbor_write_uint(&w, d->len);
	err = sl_writer_finish(&w);
	if (err == SL_OK)
		err = sl_hkdf_expand(d->hash, d->prk, sl_writer_span(&w), out->bytes, d->len);
	if (err == SL_OK)
		out->len = d->len;
	return err;
}

static enum sl_err
derive_all(struct sl_oscore_ctx *ctx, const struct sl_oscore_params *p)
{
	uint8_t prk[SL_HASH_MAX];
	struct derivation d = {.hash = p->hkdf_hash != 0 ? p->hkdf_hash : SL_SHA256, .type = "Key"};
	enum sl_err err = sl_hkdf_extract(d.hash, p->master_salt, p->master_secret, prk);

	if (err != SL_OK)
		goto out;
	d.prk = sl_span(prk, sl_hash_len(d.hash));
	d.len = ctx->aead->key_len;
	d.id = p->sender_id;
	err = derive(ctx, &d, &ctx->sender_key);
	if (err != SL_OK)
		goto out;
	d.id = p->recipient_id;
	err = derive(ctx, &d, &ctx->recipient_key);
	if (err != SL_OK)
		goto out;
	d.id = sl_span(NULL, 0);
	d.type = "IV";
	d.len = ctx->aead->nonce_len;
	err = derive(ctx, &d, &ctx->common_iv);
out:
	sl_wipe(prk, sizeof prk);
	return err;
}

enum sl_err
sl_oscore_ctx_init(struct sl_oscore_ctx *ctx, const struct sl_oscore_params *params)
{
	struct sl_oscore_ctx got = {0};
	enum sl_err err;

	got.aead = sl_aead_by_cose(params->aead_alg != 0 ? params->aead_alg : 10);
	if (got.aead == NULL)
		return SL_EUNSUPPORTED;
	if (!has_valid_lengths(params, got.aead))
		return SL_EMALFORMED;
	/* Section 3.3: equal ids are equal keys, and the two ends would use the same nonces. */
	if (sl_span_equal(params->sender_id, params->recipient_id))
		return SL_EMALFORMED;

	copy(got.sender_id.bytes, &got.sender_id.len, params->sender_id);
	copy(got.recipient_id.bytes, &got.recipient_id.len, params->recipient_id);
	got.has_id_context = params->has_id_context;
	if (params->has_id_context)
		copy(got.id_context, &got.id_context_len, params->id_context);
	sl_oscore_window_init(
	        &got.window, params->window != 0 ? params->window : SL_OSCORE_WINDOW_DEFAULT);
	err = derive_all(&got, params);
	if (err == SL_OK)
		*ctx = got;
	sl_oscore_ctx_clear(&got);
	return err;
}

void
sl_oscore_ctx_clear(struct sl_oscore_ctx *ctx)
{
	sl_wipe(ctx, sizeof *ctx);
}

void
sl_oscore_reserve(struct sl_oscore_ctx *ctx, uint64_t limit)
{
	if (limit > SL_OSCORE_SSN_END)
		limit = SL_OSCORE_SSN_END;
	if (limit > ctx->ssn_limit)
		ctx->ssn_limit = limit;
}

void
sl_oscore_resume(struct sl_oscore_ctx *ctx, uint64_t durable_limit)
{
	if (durable_limit > SL_OSCORE_SSN_END)
		durable_limit = SL_OSCORE_SSN_END;
	if (durable_limit > ctx->ssn) /* never backwards */
		ctx->ssn = durable_limit;
	ctx->ssn_limit = ctx->ssn;
}

size_t
sl_oscore_piv_encode(uint8_t out[static SL_OSCORE_PIV_MAX], uint64_t ssn)
{
	size_t len = 1;

	while (len < SL_OSCORE_PIV_MAX && ssn >> (8 * len) != 0)
		len++;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(ssn >> (8 * (len - 1 - i)));
	return len;
}

void
sl_oscore_nonce(uint8_t out[static 13], const struct sl_oscore_ctx *ctx, struct sl_span id_piv,
        struct sl_span piv)
{
	size_t len = ctx->aead->nonce_len;
	uint8_t *id_end = out + len - SL_OSCORE_PIV_MAX;
	uint8_t *piv_end = out + len;

	memset(out, 0, len);
	out[0] = (uint8_t)id_piv.len;
	for (size_t i = 0; i < id_piv.len; i++)
		(id_end - id_piv.len)[i] = id_piv.ptr[i];
	for (size_t i = 0; i < piv.len; i++)
		(piv_end - piv.len)[i] = piv.ptr[i];
	for (size_t i = 0; i < len; i++)
		out[i] ^= ctx->common_iv.bytes[i];
}

enum sl_err
sl_oscore_aad(struct sl_writer *w, const struct sl_oscore_ctx *ctx, struct sl_span request_kid,
        struct sl_span request_piv)
{
	uint8_t external_aad[SL_OSCORE_AAD_MAX];
	struct sl_writer array = sl_writer_over(external_aad, sizeof external_aad);

	sl_cbor_write_array(&array, 5);
	sl_cbor_write_uint(&array, OSCORE_VERSION);
	sl_cbor_write_array(&array, 1);
	sl_cbor_write_int(&array, ctx->aead->cose_alg);
	sl_cbor_write_bytes(&array, request_kid);
	sl_cbor_write_bytes(&array, request_piv);
	sl_cbor_write_bytes(&array, sl_span(NULL, 0)); /* class I options: there are none */
	if (sl_writer_finish(&array) != SL_OK)
		return SL_ESPACE;
	sl_cose_encrypt0_aad(w, sl_span(NULL, 0), sl_writer_span(&array));
	return sl_writer_finish(w);
}

enum sl_err
sl_oscore_inputs(struct sl_oscore_inputs *inputs, const struct sl_oscore_ctx *ctx,
        const struct sl_oscore_seal *seal)
{
	struct sl_writer aad = sl_writer_over(inputs->aad, sizeof inputs->aad);
	enum sl_err err = sl_oscore_aad(&aad, ctx, seal->request_kid, seal->request_piv);

	if (err != SL_OK)
		return err;
	sl_oscore_nonce(inputs->nonce, ctx, seal->id_piv, seal->piv);
	inputs->in.key = sl_key_view(seal->key);
	inputs->in.nonce = sl_span(inputs->nonce, ctx->aead->nonce_len);
	inputs->in.aad = sl_writer_span(&aad);
	inputs->in.text = sl_span(NULL, 0);
	return SL_OK;
}
