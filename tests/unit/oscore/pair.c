/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair.h"

#include <string.h>

struct sl_oscore_params
client_params(void)
{
	return (struct sl_oscore_params){
	        .master_secret = hex("0102030405060708090a0b0c0d0e0f10"),
	        .master_salt = hex("9e7ca92223786340"),
	        .recipient_id = hex("01"),
	};
}

struct sl_oscore_params
mirrored(struct sl_oscore_params p)
{
	struct sl_span sender_id = p.sender_id;

	p.sender_id = p.recipient_id;
	p.recipient_id = sender_id;
	return p;
}

void
pair_init(struct pair *p)
{
	struct sl_oscore_params client = client_params(), server = mirrored(client);

	ck_assert_ok(sl_oscore_ctx_init(&p->client, &client));
	ck_assert_ok(sl_oscore_ctx_init(&p->server, &server));
	sl_oscore_reserve(&p->client, SL_OSCORE_SSN_END);
	sl_oscore_reserve(&p->server, SL_OSCORE_SSN_END);
}

void
pair_set_ssn(struct pair *p, uint64_t ssn)
{
	p->client.ssn = ssn;
	sl_oscore_reserve(&p->client, SL_OSCORE_SSN_END);
}

static void
give_room(struct crossing *c)
{
	memset(c, 0, sizeof *c);
	c->sealed.buf = c->bytes;
	c->sealed.cap = sizeof c->bytes;
}

void
request_cross(struct pair *p, struct crossing *c)
{
	struct sl_coap_msg inner;

	give_room(c);
	sl_coap_msg_init(&inner, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_path(&inner, "/tv1"));
	ck_assert_ok(
	        sl_oscore_protect_request(&p->client, &inner, false, &c->sealed, &c->exchange));
}

enum sl_oscore_outcome
request_arrives(struct pair *p, const struct crossing *c, struct sl_oscore_exchange *exchange)
{
	static struct sl_coap_msg inner;
	static uint8_t plaintext[512];
	struct sl_oscore_open open = {plaintext, sizeof plaintext, &inner};
	struct sl_oscore_exchange ignored;
	struct sl_oscore_option opt;

	ck_assert_ok(
	        sl_oscore_option_decode(&opt, sl_span(c->sealed.option, c->sealed.option_len)));
	return sl_oscore_unprotect_request(
	        &p->server, &opt, c->sealed.ciphertext, &open, exchange ? exchange : &ignored);
}

void
plaintext_cross(struct pair *p, struct sl_span plaintext, uint8_t piv, struct crossing *c)
{
	struct sl_span kid = sl_span(NULL, 0), partial_iv = sl_span(&piv, 1);
	struct sl_oscore_option opt = {.partial_iv = partial_iv, .has_kid = true};
	uint8_t nonce[13], aad[64];
	struct sl_writer w = sl_writer_over(aad, sizeof aad);
	struct sl_aead_in in = {.text = plaintext};
	size_t len = 0;

	give_room(c);
	sl_oscore_nonce(nonce, &p->client, kid, partial_iv);
	ck_assert_ok(sl_oscore_aad(&w, &p->client, kid, partial_iv));
	in.key = sl_key_view(&p->client.sender_key);
	in.nonce = sl_span(nonce, sizeof nonce);
	in.aad = sl_writer_span(&w);
	ck_assert_ok(sl_aead_seal(p->client.aead, &in, c->bytes, sizeof c->bytes, &len));
	c->sealed.ciphertext = sl_span(c->bytes, len);
	w = sl_writer_over(c->sealed.option, sizeof c->sealed.option);
	ck_assert_ok(sl_oscore_option_encode(&w, &opt));
	c->sealed.option_len = w.len;
}
