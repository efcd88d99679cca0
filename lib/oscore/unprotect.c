/* SPDX-License-Identifier: BSD-2-Clause
 * Verifying requests and responses, RFC 8613 sections 8.2 and 8.4, and what a refusal is called
 * (8.2). */
#include "seal.h"
#include "window.h"

#include <sl/reader.h>

#include <string.h>

/* Section 5.3 backwards. The spans of *inner borrow from plaintext. */
static bool
read_plaintext(struct sl_coap_msg *inner, struct sl_span plaintext, bool is_response)
{
	struct sl_reader in = sl_reader_over(plaintext);
	uint8_t code = sl_read_u8(&in);
	uint8_t class = SL_COAP_CODE_CLASS(code);
	struct sl_coap_msg got;

	if (is_response ? class != 2 && class != 4 && class != 5
	                : class != 0 || code == SL_COAP_EMPTY)
		return false;
	sl_coap_msg_init(&got, code);
	if (sl_coap_options_decode(&got, sl_read_rest(&in)) != SL_OK)
		return false;
	if (sl_coap_find(&got, SL_COAP_OSCORE) != NULL) /* 4.1.3.7 */
		return false;
	*inner = got;
	return true;
}

/* Steps 4 to 6. What does not fit into open->buf is no message of ours: the machine is to blame. */
static enum sl_oscore_outcome
decrypt(const struct sl_oscore_ctx *ctx, const struct sl_oscore_seal *seal,
        struct sl_span ciphertext, const struct sl_oscore_open *open, struct sl_span *plaintext)
{
	struct sl_oscore_inputs inputs;
	size_t len = 0;
	enum sl_err err;

	if (ciphertext.len <= ctx->aead->tag_len)
		return SL_OSCORE_DECRYPT_FAILED; /* a plaintext has a code at least */
	err = sl_oscore_inputs(&inputs, ctx, seal);
	if (err != SL_OK)
		return SL_OSCORE_FAILED;
	inputs.in.text = ciphertext;
	err = sl_aead_open(ctx->aead, &inputs.in, open->buf, open->cap, &len);
	if (err == SL_EAUTH || err == SL_ELIMIT)
		return SL_OSCORE_DECRYPT_FAILED;
	if (err != SL_OK)
		return SL_OSCORE_FAILED;
	*plaintext = sl_span(open->buf, len);
	return SL_OSCORE_OK;
}

/* Section 8.2 step 2, after the owner's search: does the option really name this context? */
static bool
is_for(const struct sl_oscore_ctx *ctx, const struct sl_oscore_option *opt)
{
	if (!sl_span_equal(opt->kid, sl_oscore_id_view(&ctx->recipient_id)))
		return false;
	return !opt->has_kid_context ||
	       (ctx->has_id_context && sl_span_equal(opt->kid_context,
	                                       sl_span(ctx->id_context, ctx->id_context_len)));
}

static uint64_t
piv_number(struct sl_span piv)
{
	struct sl_reader in = sl_reader_over(piv);

	return sl_read_uint(&in, piv.len);
}

enum sl_oscore_outcome
sl_oscore_unprotect_request(struct sl_oscore_ctx *ctx, const struct sl_oscore_option *opt,
        struct sl_span ciphertext, const struct sl_oscore_open *open,
        struct sl_oscore_exchange *exchange)
{
	struct sl_span kid = sl_oscore_id_view(&ctx->recipient_id);
	struct sl_oscore_seal seal = {
	        &ctx->recipient_key, kid, opt->partial_iv, kid, opt->partial_iv};
	struct sl_oscore_exchange made = {.kid = ctx->recipient_id};
	bool is_lost = ctx->window.is_lost;
	struct sl_span plaintext;
	enum sl_oscore_outcome outcome;
	uint64_t number;

	/* Section 5: a request has both. */
	if (!opt->has_kid || opt->partial_iv.len == 0 || opt->partial_iv.len > SL_OSCORE_PIV_MAX)
		return SL_OSCORE_BAD_OPTION;
	if (!is_for(ctx, opt))
		return SL_OSCORE_NO_CONTEXT;
	number = piv_number(opt->partial_iv);
	if (!is_lost && !sl_oscore_window_may_accept(&ctx->window, number))
		return SL_OSCORE_REPLAY;

	outcome = decrypt(ctx, &seal, ciphertext, open, &plaintext);
	if (outcome != SL_OSCORE_OK)
		return outcome;
	if (!is_lost)
		sl_oscore_window_mark(&ctx->window, number);
	if (!read_plaintext(open->inner, plaintext, false)) {
		sl_wipe(open->buf, plaintext.len);
		return SL_OSCORE_BAD_INNER;
	}
	memcpy(made.piv, opt->partial_iv.ptr, opt->partial_iv.len);
	made.piv_len = opt->partial_iv.len;
	made.is_observe = sl_coap_find(open->inner, SL_COAP_OBSERVE) != NULL;
	/* It may be a copy of a request that was answered, with this nonce, before the loss. */
	made.nonce_is_used = is_lost;
	*exchange = made;
	return is_lost ? SL_OSCORE_NEEDS_ECHO : SL_OSCORE_OK;
}

void
sl_oscore_window_lose(struct sl_oscore_ctx *ctx)
{
	ctx->window.is_lost = true;
}

enum sl_oscore_outcome
sl_oscore_window_found(struct sl_oscore_ctx *ctx, struct sl_oscore_exchange *exchange)
{
	uint64_t number = piv_number(sl_span(exchange->piv, exchange->piv_len));

	if (ctx->window.is_lost)
		sl_oscore_window_restart(&ctx->window, number);
	else if (sl_oscore_window_may_accept(&ctx->window, number))
		sl_oscore_window_mark(&ctx->window, number);
	else
		return SL_OSCORE_REPLAY;
	exchange->nonce_is_used = false;
	return SL_OSCORE_OK;
}

enum sl_oscore_outcome
sl_oscore_unprotect_response(struct sl_oscore_ctx *ctx, const struct sl_oscore_exchange *exchange,
        struct sl_span option, struct sl_span ciphertext, const struct sl_oscore_open *open)
{
	struct sl_span request_kid = sl_oscore_id_view(&exchange->kid);
	struct sl_span request_piv = sl_span(exchange->piv, exchange->piv_len);
	struct sl_oscore_seal seal = {
	        &ctx->recipient_key, request_kid, request_piv, request_kid, request_piv};
	struct sl_oscore_option opt;
	struct sl_span plaintext;
	enum sl_oscore_outcome outcome;

	if (sl_oscore_option_decode(&opt, option) != SL_OK)
		return SL_OSCORE_BAD_OPTION;
	/* Section 5.2: without a Partial IV of its own a response has the nonce of the request. */
	if (opt.partial_iv.len > 0) {
		seal.id_piv = sl_oscore_id_view(&ctx->recipient_id);
		seal.piv = opt.partial_iv;
	}
	outcome = decrypt(ctx, &seal, ciphertext, open, &plaintext);
	if (outcome != SL_OSCORE_OK)
		return outcome;
	if (!read_plaintext(open->inner, plaintext, true)) {
		sl_wipe(open->buf, plaintext.len);
		return SL_OSCORE_BAD_INNER;
	}
	return SL_OSCORE_OK;
}

static const struct {
	uint8_t code;
	const char *text;
} outcomes[] = {
        [SL_OSCORE_OK] = {0, NULL},
        [SL_OSCORE_BAD_OPTION] = {SL_COAP_BAD_OPTION, "Failed to decode COSE"},
        [SL_OSCORE_NO_CONTEXT] = {SL_COAP_UNAUTHORIZED, "Security context not found"},
        [SL_OSCORE_REPLAY] = {SL_COAP_UNAUTHORIZED, "Replay detected"},
        [SL_OSCORE_DECRYPT_FAILED] = {SL_COAP_BAD_REQUEST, "Decryption failed"},
        [SL_OSCORE_NEEDS_ECHO] = {0, NULL},
        [SL_OSCORE_BAD_INNER] = {SL_COAP_BAD_REQUEST, NULL},
        [SL_OSCORE_FAILED] = {SL_COAP_INTERNAL_SERVER_ERROR, NULL},
};

const char *
sl_oscore_outcome_text(enum sl_oscore_outcome outcome)
{
	return outcomes[outcome].text;
}

uint8_t
sl_oscore_outcome_code(enum sl_oscore_outcome outcome)
{
	return outcomes[outcome].code;
}
