/* SPDX-License-Identifier: BSD-2-Clause
 * OSCORE end point: first byte = kind of input, second = length of the option value, then the
 * option value, then the ciphertext (or, for kind 2, a plaintext that is sealed with the right key
 * first). Kinds 3 and 4 are both ends (exchange.h), with settings in place of the option. Oracles: an option that decodes encodes to the same bytes; the wrong key never opens
 * anything and its window stays; the right key's window moves only for what it opened, and never
 * twice. */
#include "exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum kind { REQUEST, RESPONSE, PLAINTEXT, EXCHANGE, WINDOW, KINDS };

#define TEXT_MAX 4096

/* RFC 8613 C.1.2, the server; or the same with another secret. */
static struct sl_oscore_ctx
server_with(const char *secret)
{
	static const uint8_t salt[] = {0x9e, 0x7c, 0xa9, 0x22, 0x23, 0x78, 0x63, 0x40};
	struct sl_oscore_params p = {
	        .master_secret = sl_span(secret, 16),
	        .master_salt = sl_span(salt, sizeof salt),
	        .sender_id = sl_span("\x01", 1),
	};
	struct sl_oscore_ctx ctx;

	if (sl_oscore_ctx_init(&ctx, &p) != SL_OK)
		abort();
	return ctx;
}

#define RIGHT "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
#define WRONG "\xff\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"

static bool
same_window(const struct sl_oscore_window *a, const struct sl_oscore_window *b)
{
	return a->highest == b->highest && a->seen == b->seen && a->is_empty == b->is_empty &&
	       a->is_lost == b->is_lost;
}

static void
check_option(struct sl_span value, const struct sl_oscore_option *opt)
{
	uint8_t out[SL_OSCORE_OPTION_MAX];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	if (sl_oscore_option_encode(&w, opt) != SL_OK)
		abort();
	assert(sl_span_equal(sl_writer_span(&w), value));
}

/* Section 8.2: a refusal has a code, what goes on has none; a text only stands beside a code. */
static void
check_outcome(enum sl_oscore_outcome outcome)
{
	uint8_t code = sl_oscore_outcome_code(outcome);

	assert((code == 0) == (outcome == SL_OSCORE_OK || outcome == SL_OSCORE_NEEDS_ECHO));
	assert(code != 0 || sl_oscore_outcome_text(outcome) == NULL);
}

static enum sl_oscore_outcome
arrive(struct sl_oscore_ctx *ctx, const struct sl_oscore_option *opt, struct sl_span ciphertext)
{
	static uint8_t plaintext[TEXT_MAX];
	static struct sl_coap_msg inner;
	struct sl_oscore_open open = {plaintext, sizeof plaintext, &inner};
	struct sl_oscore_exchange exchange;
	enum sl_oscore_outcome outcome =
	        sl_oscore_unprotect_request(ctx, opt, ciphertext, &open, &exchange);

	check_outcome(outcome);
	return outcome;
}

static void
check_request(const struct sl_oscore_option *opt, struct sl_span ciphertext)
{
	struct sl_oscore_ctx wrong = server_with(WRONG), right = server_with(RIGHT);
	struct sl_oscore_window before = right.window;
	enum sl_oscore_outcome outcome = arrive(&wrong, opt, ciphertext);

	assert(outcome != SL_OSCORE_OK && outcome != SL_OSCORE_BAD_INNER);
	assert(same_window(&wrong.window, &before));
	sl_oscore_window_lose(&wrong);
	outcome = arrive(&wrong, opt, ciphertext);
	assert(outcome != SL_OSCORE_NEEDS_ECHO && outcome != SL_OSCORE_BAD_INNER);

	outcome = arrive(&right, opt, ciphertext);
	if (outcome == SL_OSCORE_OK || outcome == SL_OSCORE_BAD_INNER) {
		assert(!same_window(&right.window, &before));
		before = right.window;
		outcome = arrive(&right, opt, ciphertext);
		assert(outcome == SL_OSCORE_REPLAY);
	}
	assert(same_window(&right.window, &before));
}

/* Seals text as the client would, with the option's Partial IV. */
static void
check_plaintext(const struct sl_oscore_option *opt, struct sl_span text)
{
	struct sl_oscore_ctx server = server_with(RIGHT);
	uint8_t nonce[13], aad[64], sealed[TEXT_MAX];
	struct sl_writer w = sl_writer_over(aad, sizeof aad);
	struct sl_aead_in in = {.text = text};
	enum sl_oscore_outcome outcome;
	size_t len = 0;

	if (!opt->has_kid || opt->kid.len > 0 || opt->has_kid_context || opt->partial_iv.len == 0)
		return;
	sl_oscore_nonce(nonce, &server, opt->kid, opt->partial_iv);
	if (sl_oscore_aad(&w, &server, opt->kid, opt->partial_iv) != SL_OK)
		abort();
	in.key = sl_key_view(&server.recipient_key);
	in.nonce = sl_span(nonce, sizeof nonce);
	in.aad = sl_writer_span(&w);
	if (sl_aead_seal(server.aead, &in, sealed, sizeof sealed, &len) != SL_OK)
		return; /* longer than we care for */
	outcome = arrive(&server, opt, sl_span(sealed, len));
	assert(text.len == 0 ? outcome == SL_OSCORE_DECRYPT_FAILED
	                     : outcome == SL_OSCORE_OK || outcome == SL_OSCORE_BAD_INNER);
	check_request(opt, sl_span(sealed, len));
}

/* The client of C.4 waits for the answer to its Partial IV 0x14. */
static void
check_response(struct sl_span option, struct sl_span ciphertext)
{
	static uint8_t plaintext[TEXT_MAX];
	static struct sl_coap_msg inner;
	struct sl_oscore_open open = {plaintext, sizeof plaintext, &inner};
	struct sl_oscore_exchange exchange = {.piv = {0x14}, .piv_len = 1};
	struct sl_oscore_ctx client = server_with(RIGHT), wrong = server_with(WRONG);
	struct sl_key key = client.sender_key;
	enum sl_oscore_outcome outcome;

	client.recipient_key = key;
	client.recipient_id = client.sender_id;
	client.sender_id.len = 0;
	outcome = sl_oscore_unprotect_response(&client, &exchange, option, ciphertext, &open);
	assert(outcome != SL_OSCORE_NEEDS_ECHO && outcome != SL_OSCORE_REPLAY);
	outcome = sl_oscore_unprotect_response(&wrong, &exchange, option, ciphertext, &open);
	assert(outcome != SL_OSCORE_OK && outcome != SL_OSCORE_BAD_INNER);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_oscore_option opt;
	struct sl_span option, rest;
	bool decodes;

	if (len < 2 || bytes[1] > len - 2)
		return 0;
	option = sl_span(bytes + 2, bytes[1]);
	rest = sl_span(bytes + 2 + option.len, len - 2 - option.len);
	if (bytes[0] % KINDS == EXCHANGE || bytes[0] % KINDS == WINDOW) {
		(bytes[0] % KINDS == EXCHANGE ? try_exchange : try_window)(option, rest);
		return 0;
	}
	decodes = sl_oscore_option_decode(&opt, option) == SL_OK;
	if (decodes)
		check_option(option, &opt);
	switch ((enum kind)(bytes[0] % KINDS)) {
	case RESPONSE:
		check_response(option, rest);
		break;
	case PLAINTEXT:
		if (decodes)
			check_plaintext(&opt, rest);
		break;
	default:
		if (decodes)
			check_request(&opt, rest);
	}
	return 0;
}
