/* SPDX-License-Identifier: BSD-2-Clause
 * The device's EDHOC run against an adversary on the link, made of the input; the genuine server is
 * behind him. First byte: bits 0 and 1 the method, bit 2 combined, bit 3 message_4 required. Each
 * further piece is a kind, a length byte and so many bytes: what comes back for the next request.
 * The run must end, and with keys only when the genuine message_2 (and message_4) came through. */
#include "edhoc_run.h"

#include <sl/credentials.h>
#include <sl/hash.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum kind { FORGED, GENUINE, RESET, RUBBISH, KINDS };

#define WITH_FORMAT  0x10 /* Content-Format 64 */
#define WITH_ECHO    0x20
#define WITH_MAX_AGE 0x40

struct party {
	struct sl_pkey *key;
	uint8_t cred[256], id_cred[16];
	struct sl_edhoc_credential credential;
	struct sl_known_credential known;
};

struct match {
	struct party device, server;
	struct sl_edhoc_profile profile;
	struct edhoc_server believed;
	struct edhoc_run *run;
	struct sl_edhoc far;
	uint8_t far_message[512], far_plaintext[512], far_scratch[1024];
	struct sl_coap_msg sent;
	uint8_t datagram[1500];
	uint64_t now_ms;
	bool good_2, good_4; /* what the device got last was the server's own */
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
make_party(struct party *p, uint8_t scalar)
{
	uint8_t raw[32] = {0};
	struct sl_writer cred = sl_writer_over(p->cred, sizeof p->cred);
	struct sl_writer id = sl_writer_over(p->id_cred, sizeof p->id_cred);

	raw[31] = scalar;
	must(sl_pkey_from_raw_private(&p->key, SL_PKEY_P256, sl_span(raw, 32)) == SL_OK, "key");
	must(sl_ccs_write(&cred, sl_span_text("x"), sl_span(&raw[31], 1), p->key) == SL_OK, "ccs");
	sl_id_cred_write_kid(&id, sl_span(&raw[31], 1));
	p->credential = (struct sl_edhoc_credential){
	        .id_cred = sl_writer_span(&id), .cred = sl_writer_span(&cred), .key = p->key};
	p->known = (struct sl_known_credential){.cred = sl_writer_span(&cred),
	        .has_kid = true,
	        .kid = sl_span(id.out + id.len - 1, 1)};
}

static void
begin(struct match *m, uint8_t choices)
{
	struct edhoc_run_config config;

	make_party(&m->device, 3);
	make_party(&m->server, 5);
	m->profile = (struct sl_edhoc_profile){.suites = sl_edhoc_default_suites,
	        .suite_count = 2,
	        .methods = 15,
	        .message_4 = (choices & 8) != 0 ? SL_EDHOC_M4_REQUIRED : SL_EDHOC_M4_OPTIONAL,
	        .for_oscore = true};
	m->believed =
	        (struct edhoc_server){.known = &m->server.known, .known_count = 1, .name = ""};
	edhoc_run_config_init(&config);
	config.profile = &m->profile;
	config.method = choices & 3;
	config.is_combined = (choices & 4) != 0;
	config.own = &m->device.credential;
	config.server = &m->believed;
	must(edhoc_run_new(&m->run, &config) == SL_OK, "run");
	edhoc_run_start(m->run, 0);
}

/* --- the genuine server ----------------------------------------------------------------------- */

/* Nothing where the adversary talked the device into another suite: the server notices. */
static struct sl_span
on_message_1(struct match *m, struct sl_span message)
{
	const struct sl_edhoc_memory memory = {{m->far_message, sizeof m->far_message},
	        {m->far_plaintext, sizeof m->far_plaintext},
	        {m->far_scratch, sizeof m->far_scratch}};
	struct sl_edhoc_message_2 in = {.own = &m->server.credential};
	struct sl_edhoc_seen seen;
	struct sl_span out = {NULL, 0};
	uint8_t c_r = 0x40; /* no CBOR int: two bytes */

	sl_edhoc_clear(&m->far);
	sl_edhoc_init(&m->far, SL_EDHOC_RESPONDER, &m->profile, &memory);
	if (sl_edhoc_read_message_1(&m->far, message, &seen) != SL_OK)
		return out;
	if (m->far.c_i.len == 1 && m->far.c_i.bytes[0] == c_r)
		c_r++;
	in.c_r = sl_span(&c_r, 1);
	must(sl_pkey_generate(&in.ephemeral, m->far.suite->ecdh) == SL_OK, "ephemeral");
	must(sl_edhoc_write_message_2(&m->far, &in, &out) == SL_OK, "message_2");
	return out;
}

/* Nothing where the adversary made the device speak of another run. */
static struct sl_span
on_message_3(struct match *m, struct sl_span message)
{
	struct sl_edhoc_credential device = m->device.credential;
	struct sl_edhoc_seen seen;
	struct sl_span out = {NULL, 0};
	size_t which;

	if (sl_edhoc_is_duplicate(&m->far, message))
		return sl_edhoc_message(&m->far);
	if (sl_edhoc_read_message_3(&m->far, message, &seen) != SL_OK)
		return out;
	must(sl_edhoc_verify(&m->far, &device, 1, &which) == SL_OK, "our message_3 is good");
	must(sl_edhoc_write_message_4(&m->far, sl_span(NULL, 0), &out) == SL_OK, "message_4");
	return out;
}

static struct sl_span
genuine(struct match *m, enum sl_edhoc_payload_kind *kind)
{
	struct sl_edhoc_payload payload;

	must(sl_edhoc_payload_read(&payload, m->sent.payload) == SL_OK, "what we send is EDHOC");
	*kind = payload.kind;
	if (payload.kind == SL_EDHOC_PAYLOAD_MESSAGE_1)
		return on_message_1(m, payload.message);
	return payload.kind == SL_EDHOC_PAYLOAD_MESSAGE_3 ? on_message_3(m, payload.message)
	                                                  : sl_span(NULL, 0);
}

/* --- the adversary ---------------------------------------------------------------------------- */

static void
give(struct match *m, struct sl_coap_msg *msg)
{
	uint8_t bytes[2048];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	msg->message_id = m->sent.message_id;
	if (msg->type != SL_COAP_RST) {
		msg->type = SL_COAP_ACK;
		msg->token_len = m->sent.token_len;
		memcpy(msg->token, m->sent.token, sizeof msg->token);
	}
	if (sl_coap_encode(&w, msg) == SL_OK)
		edhoc_run_on_datagram(m->run, sl_writer_span(&w), m->now_ms);
}

static void
give_genuine(struct match *m, struct sl_span mask)
{
	enum sl_edhoc_payload_kind kind;
	struct sl_span message = genuine(m, &kind);
	struct sl_coap_msg msg;
	uint8_t bytes[1024];
	bool is_touched = false;

	must(message.len <= sizeof bytes, "short messages");
	sl_coap_msg_init(&msg, message.len > 0 ? SL_COAP_CHANGED : SL_COAP_BAD_REQUEST);
	for (size_t i = 0; i < message.len; i++) {
		uint8_t flip = i < mask.len ? mask.ptr[i] : 0;

		bytes[i] = message.ptr[i] ^ flip;
		is_touched = is_touched || flip != 0;
	}
	msg.payload = sl_span(bytes, message.len);
	if (kind == SL_EDHOC_PAYLOAD_MESSAGE_1)
		m->good_2 = !is_touched;
	else if (kind == SL_EDHOC_PAYLOAD_MESSAGE_3)
		m->good_4 = !is_touched && message.len > 0;
	give(m, &msg);
}

static void
give_forged(struct match *m, uint8_t kind, struct sl_span piece)
{
	struct sl_coap_msg msg;
	enum sl_err err = SL_OK;

	if (piece.len == 0)
		return;
	if (m->sent.payload.len > 0 && m->sent.payload.ptr[0] == 0xf5)
		m->good_2 = false;
	else
		m->good_4 = false;
	sl_coap_msg_init(&msg, piece.ptr[0]);
	msg.payload = sl_span(piece.ptr + 1, piece.len - 1);
	if ((kind & WITH_FORMAT) != 0)
		err = sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, 64);
	if (err == SL_OK && (kind & WITH_ECHO) != 0)
		err = sl_coap_add(&msg, SL_COAP_ECHO, sl_span(piece.ptr, piece.len % 41));
	if (err == SL_OK && (kind & WITH_MAX_AGE) != 0)
		err = sl_coap_add_uint(&msg, SL_COAP_MAX_AGE, piece.ptr[0]);
	if (err == SL_OK)
		give(m, &msg);
}

static void
answer(struct match *m, uint8_t kind, struct sl_span piece)
{
	struct sl_coap_msg rst;

	switch (kind % KINDS) {
	case GENUINE:
		give_genuine(m, piece);
		break;
	case FORGED:
		give_forged(m, kind, piece);
		break;
	case RESET:
		sl_coap_msg_init(&rst, SL_COAP_EMPTY);
		rst.type = SL_COAP_RST;
		give(m, &rst);
		break;
	default:
		edhoc_run_on_datagram(m->run, piece, m->now_ms);
		break;
	}
}

/* The next request; time passes until there is one. False when the run has ended. */
static bool
next_request(struct match *m)
{
	for (unsigned turns = 0; turns < 1000; turns++) {
		struct sl_span datagram;
		uint64_t when_ms;

		while (edhoc_run_next(m->run, &datagram)) {
			must(datagram.len <= sizeof m->datagram, "a datagram fits a packet");
			memcpy(m->datagram, datagram.ptr, datagram.len);
			must(sl_coap_decode(&m->sent, sl_span(m->datagram, datagram.len)) == SL_OK,
			        "what leaves is CoAP");
			if (m->sent.type == SL_COAP_CON)
				return !edhoc_run_is_finished(m->run);
		}
		if (edhoc_run_is_finished(m->run))
			return false;
		when_ms = edhoc_run_wakeup(m->run);
		must(when_ms != UINT64_MAX, "something will happen");
		m->now_ms = when_ms > m->now_ms ? when_ms : m->now_ms;
		edhoc_run_on_time(m->run, m->now_ms);
	}
	must(false, "the run ends");
	return false;
}

static void
judge(struct match *m)
{
	enum edhoc_run_outcome outcome = edhoc_run_outcome(m->run);
	struct sl_oscore_ctx ctx;

	if (outcome != EDHOC_RUN_DONE && outcome != EDHOC_RUN_HALFWAY) {
		must(edhoc_run_text(m->run)[0] != '\0', "a failure has a text");
		must(edhoc_run_context(m->run, &ctx) != SL_OK, "and no keys");
		return;
	}
	must(m->good_2, "keys come of the server's own message_2 only");
	if (m->profile.message_4 == SL_EDHOC_M4_REQUIRED && outcome == EDHOC_RUN_DONE)
		must(m->good_4, "and of its own message_4 where that is required");
	must(edhoc_run_context(m->run, &ctx) == SL_OK, "a good run has a context");
	sl_oscore_ctx_clear(&ctx);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_reader r = sl_reader_over(sl_span(bytes, len));
	static struct match m;

	memset(&m, 0, sizeof m);
	begin(&m, sl_read_u8(&r));
	while (next_request(&m)) {
		uint8_t kind = sl_read_u8(&r), size = sl_read_u8(&r);
		struct sl_span piece = sl_read_span(&r, size < r.left.len ? size : r.left.len);

		if (r.failed)
			break;
		answer(&m, kind, piece);
	}
	while (next_request(&m))
		continue;
	judge(&m);
	edhoc_run_free(m.run);
	sl_edhoc_clear(&m.far);
	sl_pkey_free(m.device.key);
	sl_pkey_free(m.server.key);
	return 0;
}
