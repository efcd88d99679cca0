/* SPDX-License-Identifier: BSD-2-Clause
 * A session against an adversary made of the input. First byte even: he is on the link and has
 * no keys; then nothing may ever be taken for an answer. Odd: he is the server and has them;
 * then everything must end, within the limits. Each further piece is a length byte and so many
 * bytes of one message, made to fit the request. */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct match {
	struct sl_oscore_ctx device, server;
	struct session *session;
	struct sl_coap_msg sent;
	uint64_t now_ms, last_piv;
	bool has_keys, is_first;
	uint8_t datagram[1500], plaintext[4096], sealed[4096];
};

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void
make_contexts(struct match *m)
{
	static const uint8_t secret[16] = {1}, one[1] = {1};
	struct sl_oscore_params p = {
	        .master_secret = sl_span(secret, 16), .recipient_id = sl_span(one, 1)};

	must(sl_oscore_ctx_init(&m->device, &p) == SL_OK, "device context");
	p.sender_id = p.recipient_id;
	p.recipient_id = sl_span(NULL, 0);
	must(sl_oscore_ctx_init(&m->server, &p) == SL_OK, "server context");
	sl_oscore_reserve(&m->server, SL_OSCORE_SSN_END);
}

/* RFC 8613 section 7.2.1: the Partial IV of every new message is above the last; a repeated one
 * is the same datagram, which the message layer repeats. */
static void
look_at(struct match *m, struct sl_span datagram)
{
	const struct sl_coap_option *opt;
	struct sl_oscore_option parts;
	struct sl_coap_msg msg;
	uint64_t piv = 0;

	must(sl_coap_decode(&msg, datagram) == SL_OK, "what leaves is CoAP");
	if (msg.type != SL_COAP_CON)
		return;
	opt = sl_coap_find(&msg, SL_COAP_OSCORE);
	must(opt != NULL, "every request is protected");
	must(sl_oscore_option_decode(&parts, sl_coap_option_value(opt)) == SL_OK, "option");
	for (size_t i = 0; i < parts.partial_iv.len; i++)
		piv = piv << 8 | parts.partial_iv.ptr[i];
	must(m->is_first || piv >= m->last_piv, "numbers go up");
	m->is_first = false;
	m->last_piv = piv;
	memcpy(m->datagram, datagram.ptr, datagram.len);
	must(sl_coap_decode(&m->sent, sl_span(m->datagram, datagram.len)) == SL_OK, "copy");
}

static void
serve(struct match *m)
{
	struct sl_span datagram;

	while (session_wants(m->session) == SESSION_RESERVE)
		session_on_reserved(m->session, session_reserve_limit(m->session), m->now_ms);
	while (session_next(m->session, &datagram))
		look_at(m, datagram);
}

/* The piece as the plaintext of a response to the last request. False: it is none. */
static bool
seal(struct match *m, struct sl_span piece, struct sl_coap_msg *out,
        struct sl_oscore_sealed *sealed)
{
	const struct sl_coap_option *opt = sl_coap_find(&m->sent, SL_COAP_OSCORE);
	struct sl_oscore_option parts;
	struct sl_oscore_exchange x;
	struct sl_coap_msg request, inner;
	struct sl_oscore_open open = {m->plaintext, sizeof m->plaintext, &request};

	if (piece.len == 0 || sl_oscore_option_decode(&parts, sl_coap_option_value(opt)) != SL_OK ||
	        sl_oscore_unprotect_request(&m->server, &parts, m->sent.payload, &open, &x) !=
	                SL_OSCORE_OK)
		return false;
	sl_coap_msg_init(&inner, piece.ptr[0]);
	if (sl_coap_options_decode(&inner, sl_span(piece.ptr + 1, piece.len - 1)) != SL_OK)
		return false;
	sealed->buf = m->sealed;
	sealed->cap = sizeof m->sealed;
	if (sl_oscore_protect_response(&m->server, &x, &inner, false, sealed) != SL_OK)
		return false;
	sl_coap_msg_init(out, sealed->code);
	out->payload = sealed->ciphertext;
	return sl_coap_add(out, SL_COAP_OSCORE, sl_span(sealed->option, sealed->option_len)) ==
	       SL_OK;
}

static bool
plain(struct sl_span piece, struct sl_coap_msg *out)
{
	if (piece.len == 0)
		return false;
	sl_coap_msg_init(out, piece.ptr[0]);
	return sl_coap_options_decode(out, sl_span(piece.ptr + 1, piece.len - 1)) == SL_OK;
}

static void
answer(struct match *m, struct sl_span piece)
{
	struct sl_oscore_sealed sealed;
	struct sl_coap_msg msg;
	uint8_t bytes[1500];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	if (m->has_keys ? !seal(m, piece, &msg, &sealed) : !plain(piece, &msg)) {
		session_on_datagram(m->session, piece, m->now_ms); /* as it is */
		return;
	}
	msg.type = SL_COAP_ACK;
	msg.message_id = m->sent.message_id;
	msg.token_len = m->sent.token_len;
	memcpy(msg.token, m->sent.token, sizeof msg.token);
	if (sl_coap_encode(&w, &msg) == SL_OK)
		session_on_datagram(m->session, sl_writer_span(&w), m->now_ms);
}

static void
end(struct match *m)
{
	unsigned steps = 0;

	while (session_wants(m->session) != SESSION_FINISHED) {
		must(++steps < 1000, "every exchange ends");
		m->now_ms = session_wakeup(m->session);
		must(m->now_ms != UINT64_MAX, "something waits");
		session_on_time(m->session, m->now_ms);
		serve(m);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t body[300];
	struct session_config config;
	struct inner_request request = {.code = SL_COAP_POST, .path = "/est/sen"};
	struct match *m = calloc(1, sizeof *m);
	size_t at = 1;

	if (m == NULL || len == 0) {
		free(m);
		return 0;
	}
	m->has_keys = bytes[0] & 1;
	m->is_first = true;
	session_config_init(&config);
	config.inner_szx = (uint8_t)((bytes[0] >> 1) % 7);
	request.body = sl_span(body, bytes[0] & 0x80 ? sizeof body : 10);
	make_contexts(m);
	must(session_new(&m->session, &m->device, &config) == SL_OK, "session");
	must(session_start(m->session, &request, 0) == SL_OK, "start");
	serve(m);
	while (at < len && session_wants(m->session) == SESSION_WAIT) {
		size_t piece = bytes[at] < len - at - 1 ? bytes[at] : len - at - 1;

		answer(m, sl_span(bytes + at + 1, piece));
		at += 1 + piece;
		m->now_ms += 1;
		if (session_wakeup(m->session) < m->now_ms + 100000 && piece == 0) {
			m->now_ms = session_wakeup(m->session);
			session_on_time(m->session, m->now_ms);
		}
		serve(m);
	}
	end(m);
	must(m->has_keys || session_result(m->session)->outcome != SESSION_ANSWERED,
	        "without keys there is no answer");
	session_free(m->session);
	sl_oscore_ctx_clear(&m->device);
	sl_oscore_ctx_clear(&m->server);
	free(m);
	return 0;
}
