/* SPDX-License-Identifier: BSD-2-Clause
 * The input is a programme: datagrams, copies, answers, acknowledgements and time for the message
 * layer, blocks for the block table. A plain model beside them says what must hold: no request
 * twice within its lifetime, one answer each, never an answer in an ACK after an empty one, bodies
 * as they were sent, budgets kept, and nothing left when time has passed. */
#include <sl/blocks.h>
#include <sl/messages.h>
#include <sl/reader.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define PEERS         4
#define EXCHANGES_MAX 8
#define REPLIES_MAX   200 /* bytes */
#define SHADOWS       64
#define STEPS_MAX     2000
#define BODY_MAX      64

/* A request that was handed out. */
struct shadow {
	bool is_live, is_con, is_acked, is_piggybacked, is_answered;
	unsigned peer, variant;
	uint16_t message_id;
	uint64_t at_ms;
	struct sl_ref ref;
};

struct upload {
	bool is_live;
	uint8_t body[BODY_MAX + 64];
	size_t len;
};

struct model {
	struct sl_messages *m;
	struct sl_blocks *b;
	struct shadow shadows[SHADOWS];
	unsigned shadow_count;
	struct upload uploads[PEERS][2];
	uint16_t own_ids[PEERS]; /* the last message ID of ours that a peer saw */
	uint64_t now_ms;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct sl_peer
peer_of(unsigned number)
{
	struct sl_peer peer = {.len = 1};

	peer.bytes[0] = (uint8_t)number;
	return peer;
}

static uint64_t
lifetime(const struct shadow *s)
{
	return s->is_con ? 247000 : 145000;
}

/* The living exchange of an end point and message ID. */
static struct shadow *
find(struct model *w, unsigned peer, uint16_t message_id)
{
	for (unsigned i = 0; i < SHADOWS; i++) {
		struct shadow *s = &w->shadows[i];

		if (s->is_live && w->now_ms - s->at_ms >= lifetime(s))
			s->is_live = false;
		if (s->is_live && s->peer == peer && s->message_id == message_id)
			return s;
	}
	return NULL;
}

static void
check_out(struct model *w, const struct sl_datagram_out *out)
{
	struct sl_coap_msg msg;
	unsigned peer = out->peer.bytes[0];
	struct shadow *s;

	must(out->bytes.len <= SL_DATAGRAM_MAX && sl_coap_decode(&msg, out->bytes) == SL_OK);
	must(peer < PEERS);
	if (msg.type == SL_COAP_CON || msg.type == SL_COAP_NON)
		w->own_ids[peer] = msg.message_id;
	s = find(w, peer, msg.message_id);
	if (msg.type != SL_COAP_ACK || s == NULL)
		return;
	must(s->is_con);
	if (msg.code == SL_COAP_EMPTY) {
		s->is_acked = s->is_acked || !s->is_piggybacked;
	} else {
		must(!s->is_acked && s->is_answered);
		s->is_piggybacked = true;
	}
}

static void
drain(struct model *w)
{
	struct sl_datagram_out out;
	struct sl_messages_counts counts;
	unsigned rounds = 0;

	while (sl_messages_next(w->m, &out)) {
		check_out(w, &out);
		must(++rounds < 1000);
	}
	counts = sl_messages_counts(w->m);
	must(counts.running + counts.remembered <= EXCHANGES_MAX);
	must(counts.reply_bytes <= REPLIES_MAX);
}

static void
note_request(struct model *w, unsigned peer, unsigned variant, const struct sl_messages_in *in)
{
	struct shadow *old = find(w, peer, in->request.message_id);
	struct shadow *s = &w->shadows[w->shadow_count++ % SHADOWS];

	if (old != NULL) {
		must(old->variant != variant);
		old->is_live = false;
	}
	*s = (struct shadow){.is_live = true,
	        .is_con = in->request.type == SL_COAP_CON,
	        .peer = peer,
	        .variant = variant,
	        .message_id = in->request.message_id,
	        .at_ms = w->now_ms,
	        .ref = in->ref};
	must(sl_messages_peer(w->m, in->ref) != NULL);
}

static void
put(struct model *w, unsigned peer, unsigned variant, struct sl_span datagram)
{
	struct sl_peer from = peer_of(peer);
	struct sl_messages_in in;
	struct shadow *old;

	sl_messages_on_datagram(w->m, &from, datagram, w->now_ms, &in);
	if (in.event == SL_MESSAGES_REQUEST) {
		note_request(w, peer, variant, &in);
	} else if (in.event == SL_MESSAGES_FULL) {
		struct sl_coap_msg msg = {.code = SL_COAP_SERVICE_UNAVAILABLE};

		old = find(w, peer, in.request.message_id);
		must(old == NULL || old->variant != variant);
		(void)!sl_messages_answer_stateless(w->m, &from, &in.request, &msg);
	} else if (in.event != SL_MESSAGES_NOTHING) {
		must(sl_messages_peer(w->m, in.ref) != NULL);
	}
	drain(w);
}

/* One of few requests, so that copies and clashes are many. */
static void
put_template(struct model *w, struct sl_reader *in)
{
	uint8_t a = sl_read_u8(in), b = sl_read_u8(in);
	uint8_t bytes[8] = {(uint8_t)(0x41 | (a & 1) << 4), SL_COAP_POST, 0, (uint8_t)(a >> 1 & 7),
	        b & 3, 0xb1, 'a'};

	put(w, a >> 4 & 3, (a & 1) | (b & 3U) << 1, sl_span(bytes, 7));
}

static void
put_answer_to_ours(struct model *w, struct sl_reader *in)
{
	uint8_t a = sl_read_u8(in);
	unsigned peer = a & 3;
	uint8_t bytes[4] = {a & 4 ? 0x60 : 0x70, 0, (uint8_t)(w->own_ids[peer] >> 8),
	        (uint8_t)w->own_ids[peer]};

	put(w, peer, 0, sl_span(bytes, sizeof bytes));
}

static void
put_raw(struct model *w, struct sl_reader *in)
{
	struct sl_span bytes = sl_read_span(in, sl_read_u8(in) & 31);
	struct sl_coap_msg msg;

	/* requests come from the templates only, for the model's sake */
	if (sl_coap_decode(&msg, bytes) != SL_OK || SL_COAP_CODE_CLASS(msg.code) != 0 ||
	        msg.code == SL_COAP_EMPTY || msg.type > SL_COAP_NON)
		put(w, 0, 0, bytes);
}

static void
answer(struct model *w, struct sl_reader *in)
{
	struct shadow *s = &w->shadows[sl_read_u8(in) % SHADOWS];
	uint8_t how = sl_read_u8(in);
	static const uint8_t text[64];
	struct sl_coap_msg msg = {.code = SL_COAP_CONTENT, .payload = sl_span(text, how >> 2)};
	enum sl_err err = SL_OK;

	if ((how & 3) == 0)
		sl_messages_ack_now(w->m, s->ref, w->now_ms);
	else if ((how & 3) == 1)
		err = sl_messages_no_reply(w->m, s->ref, w->now_ms);
	else
		err = sl_messages_reply(w->m, s->ref, &msg, (how & 3) - 2, w->now_ms);
	if ((how & 3) != 0 && err == SL_OK) {
		must(s->is_live && !s->is_answered);
		s->is_answered = true;
	}
	must(err == SL_OK || err == SL_ENOTFOUND || err == SL_ELIMIT);
	drain(w);
}

static void
pass(struct model *w, uint64_t ms)
{
	w->now_ms += ms;
	sl_messages_on_time(w->m, w->now_ms);
	must(sl_messages_wakeup(w->m) > w->now_ms);
	drain(w);
	must(sl_blocks_on_time(w->b, w->now_ms) > w->now_ms);
}

/* The block taken last. */
static bool
is_again(const struct upload *u, const struct sl_coap_msg *msg, struct sl_coap_block block)
{
	size_t len = msg->payload.len;

	return u->is_live && block.more && len == sl_coap_block_size(block.szx) &&
	       u->len == (block.num + (size_t)1) * len &&
	       memcmp(u->body + u->len - len, msg->payload.ptr, len) == 0;
}

static void
put_block(struct model *w, struct sl_reader *in)
{
	uint8_t a = sl_read_u8(in), num = sl_read_u8(in), seed = sl_read_u8(in);
	struct sl_peer peer = peer_of(a & 3);
	struct upload *u = &w->uploads[a & 3][a >> 2 & 1];
	struct sl_coap_block block = {num & 7, (a & 8) != 0, a >> 4 & 1};
	struct sl_block_got got;
	struct sl_coap_msg msg = {.code = SL_COAP_POST};
	uint8_t payload[40];
	enum sl_block_verdict verdict;

	memset(payload, seed, sizeof payload);
	msg.payload = sl_span(payload, (a & 0xe0) == 0 ? num >> 3 : sl_coap_block_size(block.szx));
	must(sl_coap_add_uint(&msg, SL_COAP_REQUEST_TAG, a >> 2 & 1) == SL_OK);
	must(sl_coap_add_block(&msg, SL_COAP_BLOCK1, block) == SL_OK);
	verdict = sl_blocks_put(w->b, &peer, &msg, w->now_ms, &got);
	if (verdict == SL_BLOCK_CONTINUE && is_again(u, &msg, block))
		return; /* taken once; other verdicts: it was given up meanwhile */
	if (block.num == 0)
		u->len = 0;
	if (verdict == SL_BLOCK_CONTINUE || verdict == SL_BLOCK_WHOLE) {
		must(block.num == 0 || u->is_live);
		must(u->len + msg.payload.len <= BODY_MAX);
		memcpy(u->body + u->len, payload, msg.payload.len);
		u->len += msg.payload.len;
	}
	if (verdict == SL_BLOCK_WHOLE)
		must(sl_span_equal(got.body, sl_span(u->body, u->len)));
	u->is_live = verdict == SL_BLOCK_CONTINUE;
}

static void
keep_and_slice(struct model *w, struct sl_reader *in)
{
	uint8_t a = sl_read_u8(in), len = sl_read_u8(in);
	struct sl_peer peer = peer_of(a & 3);
	struct sl_block_key key = {{(uint8_t)(a >> 2 & 7)}};
	static const uint8_t body[256];
	struct sl_block_answer kept = {SL_COAP_CONTENT, sl_span(body, a >> 6), sl_span(body, len)};
	struct sl_coap_block wish = {len >> 4, false, a >> 5 & 1};
	struct sl_block_slice slice;

	if (a & 0x80)
		(void)!sl_blocks_keep(w->b, &peer, &key, &kept, w->now_ms);
	if (sl_blocks_slice(w->b, &key, wish, w->now_ms, &slice) == SL_OK) {
		must(slice.part.body.len > 0);
		must(slice.part.body.len <= sl_coap_block_size(wish.szx));
		must(slice.block.num == wish.num && slice.part.options.len <= 3);
	}
	must(sl_blocks_counts(w->b).bytes <= 600);
}

static void
run(struct model *w, struct sl_reader *in)
{
	for (unsigned step = 0; step < STEPS_MAX && in->left.len > 0; step++) {
		switch (sl_read_u8(in) & 7) {
		case 0:
		case 1:
			put_template(w, in);
			break;
		case 2:
			put_answer_to_ours(w, in);
			break;
		case 3:
			put_raw(w, in);
			break;
		case 4:
			answer(w, in);
			break;
		case 5:
			pass(w, sl_read_u16(in));
			break;
		case 6:
			put_block(w, in);
			break;
		default:
			keep_and_slice(w, in);
			break;
		}
	}
}

static void
check_end(struct model *w)
{
	struct sl_messages_counts counts;

	pass(w, 60000);
	must(sl_blocks_counts(w->b).bytes == 0 && sl_blocks_counts(w->b).bodies == 0);
	pass(w, 187000);
	counts = sl_messages_counts(w->m);
	must(counts.running == 0 && counts.remembered == 0 && counts.reply_bytes == 0);
	must(sl_messages_wakeup(w->m) == UINT64_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_reader in = sl_reader_over(sl_span(bytes, len));
	struct sl_messages_config messages;
	struct sl_blocks_config blocks;
	struct model w = {0};

	sl_messages_config_init(&messages);
	messages.exchanges_max = EXCHANGES_MAX;
	messages.reply_bytes_max = REPLIES_MAX;
	sl_blocks_config_init(&blocks);
	blocks.bodies_max = 3;
	blocks.bodies_per_peer_max = 2;
	blocks.body_bytes_max = BODY_MAX;
	blocks.bytes_max = 600;
	blocks.answers_max = 3;
	if (sl_messages_new(&w.m, &messages) == SL_OK && sl_blocks_new(&w.b, &blocks) == SL_OK) {
		run(&w, &in);
		check_end(&w);
	}
	sl_messages_free(w.m);
	sl_blocks_free(w.b);
	return 0;
}
