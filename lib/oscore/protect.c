/* SPDX-License-Identifier: BSD-2-Clause
 * Protecting requests and responses, RFC 8613 sections 8.1 and 8.3. The plaintext (5.3) is written
 * where the ciphertext will be, and sealed in place. */
#include "seal.h"

#include <string.h>

/* Section 4.1: options that we do not know are class E. */
static bool
is_class_e(uint16_t number)
{
	const struct sl_coap_option_def *def = sl_coap_option_def(number);

	return def == NULL || def->class_e;
}

/* Code, class E options, payload. */
static enum sl_err
write_plaintext(struct sl_writer *w, const struct sl_coap_msg *inner)
{
	bool is_response = SL_COAP_CODE_CLASS(inner->code) != 0;
	struct sl_coap_msg kept;

	sl_coap_msg_init(&kept, inner->code);
	kept.payload = inner->payload;
	for (size_t i = 0; i < inner->option_count; i++) {
		const struct sl_coap_option *opt = &inner->options[i];

		/* 4.1.3.7: never OSCORE in OSCORE. 4.1.3.3: Proxy-Uri was to be split. */
		if (opt->number == SL_COAP_OSCORE || opt->number == SL_COAP_PROXY_URI)
			return SL_EMALFORMED;
		if (!is_class_e(opt->number))
			continue;
		kept.options[kept.option_count] = *opt;
		/* 4.1.3.5.2: notifications are ordered by their Partial IV, not by Observe. */
		if (is_response && opt->number == SL_COAP_OBSERVE)
			kept.options[kept.option_count] =
			        (struct sl_coap_option){.number = SL_COAP_OBSERVE};
		kept.option_count++;
	}
	sl_write_u8(w, inner->code);
	return sl_coap_options_encode(w, &kept);
}

/* Section 7.2: the number is taken before it is used, and never given back. */
static enum sl_err
take_partial_iv(struct sl_oscore_ctx *ctx, uint8_t piv[static SL_OSCORE_PIV_MAX], size_t *len)
{
	if (ctx->ssn >= ctx->ssn_limit || ctx->ssn >= SL_OSCORE_SSN_END)
		return SL_ELIMIT;
	*len = sl_oscore_piv_encode(piv, ctx->ssn);
	ctx->ssn++;
	return SL_OK;
}

static void
wipe_buf(const struct sl_oscore_sealed *sealed, size_t len)
{
	sl_wipe(sealed->buf, len < sealed->cap ? len : sealed->cap);
}

/* The plaintext at the beginning of sealed->buf; its length. Nothing is kept there on failure. */
static enum sl_err
place_plaintext(const struct sl_oscore_ctx *ctx, const struct sl_coap_msg *inner,
        const struct sl_oscore_sealed *sealed, size_t *len)
{
	struct sl_writer w = sl_writer_over(sealed->buf, sealed->cap);
	enum sl_err err = write_plaintext(&w, inner);

	if (err == SL_OK && sealed->cap - w.len < ctx->aead->tag_len)
		err = SL_ESPACE;
	if (err != SL_OK) {
		wipe_buf(sealed, w.len);
		return err;
	}
	*len = w.len;
	return SL_OK;
}

/* The sealing of len bytes of plaintext in sealed->buf, and the option; on success both are set. */
static enum sl_err
seal_in_place(const struct sl_oscore_ctx *ctx, const struct sl_oscore_seal *seal,
        const struct sl_oscore_option *opt, struct sl_oscore_sealed *sealed, size_t len)
{
	uint8_t option[SL_OSCORE_OPTION_MAX];
	struct sl_writer w = sl_writer_over(option, sizeof option);
	struct sl_oscore_inputs inputs;
	size_t sealed_len = 0;
	enum sl_err err = sl_oscore_option_encode(&w, opt);

	if (err == SL_OK)
		err = sl_oscore_inputs(&inputs, ctx, seal);
	if (err == SL_OK) {
		inputs.in.text = sl_span(sealed->buf, len);
		err = sl_aead_seal(ctx->aead, &inputs.in, sealed->buf, sealed->cap, &sealed_len);
	}
	if (err != SL_OK) {
		wipe_buf(sealed, len);
		return err;
	}
	memcpy(sealed->option, option, w.len);
	sealed->option_len = w.len;
	sealed->ciphertext = sl_span(sealed->buf, sealed_len);
	return SL_OK;
}

enum sl_err
sl_oscore_protect_request(struct sl_oscore_ctx *ctx, const struct sl_coap_msg *inner,
        bool send_kid_context, struct sl_oscore_sealed *sealed, struct sl_oscore_exchange *exchange)
{
	struct sl_oscore_exchange made = {.kid = ctx->sender_id};
	struct sl_oscore_option opt = {.has_kid = true, .kid = sl_oscore_id_view(&ctx->sender_id)};
	struct sl_oscore_seal seal;
	size_t len = 0;
	enum sl_err err;

	if (SL_COAP_CODE_CLASS(inner->code) != 0 || inner->code == SL_COAP_EMPTY)
		return SL_EMALFORMED;
	err = place_plaintext(ctx, inner, sealed, &len);
	if (err != SL_OK)
		return err;
	err = take_partial_iv(ctx, made.piv, &made.piv_len);
	if (err != SL_OK) {
		wipe_buf(sealed, len);
		return err;
	}

	opt.partial_iv = sl_span(made.piv, made.piv_len);
	opt.has_kid_context = send_kid_context && ctx->has_id_context;
	if (opt.has_kid_context)
		opt.kid_context = sl_span(ctx->id_context, ctx->id_context_len);
	seal = (struct sl_oscore_seal){
	        &ctx->sender_key, opt.kid, opt.partial_iv, opt.kid, opt.partial_iv};
	err = seal_in_place(ctx, &seal, &opt, sealed, len);
	if (err != SL_OK)
		return err;
	made.is_observe = sl_coap_find(inner, SL_COAP_OBSERVE) != NULL;
	sealed->code = made.is_observe ? SL_COAP_FETCH : SL_COAP_POST; /* 4.2, 4.1.3.5.1 */
	*exchange = made;
	return SL_OK;
}

enum sl_err
sl_oscore_protect_response(struct sl_oscore_ctx *ctx, struct sl_oscore_exchange *exchange,
        const struct sl_coap_msg *inner, bool own_piv, struct sl_oscore_sealed *sealed)
{
	struct sl_span request_kid = sl_oscore_id_view(&exchange->kid);
	struct sl_span request_piv = sl_span(exchange->piv, exchange->piv_len);
	struct sl_oscore_seal seal = {
	        &ctx->sender_key, request_kid, request_piv, request_kid, request_piv};
	struct sl_oscore_option opt = {0};
	uint8_t piv[SL_OSCORE_PIV_MAX];
	size_t piv_len = 0, len = 0;
	enum sl_err err;

	if (SL_COAP_CODE_CLASS(inner->code) < 2)
		return SL_EMALFORMED;
	if (!own_piv && exchange->nonce_is_used)
		return SL_EREPLAY;
	err = place_plaintext(ctx, inner, sealed, &len);
	if (err != SL_OK)
		return err;
	if (own_piv) {
		err = take_partial_iv(ctx, piv, &piv_len);
		if (err != SL_OK) {
			wipe_buf(sealed, len);
			return err;
		}
		seal.id_piv = sl_oscore_id_view(&ctx->sender_id);
		seal.piv = opt.partial_iv = sl_span(piv, piv_len);
	} else {
		exchange->nonce_is_used = true;
	}
	err = seal_in_place(ctx, &seal, &opt, sealed, len);
	if (err != SL_OK)
		return err;
	sealed->code = exchange->is_observe ? SL_COAP_CONTENT : SL_COAP_CHANGED;
	return SL_OK;
}
