/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_link.h"

#include "support.h"

#include <sl/siphash.h>

#include <string.h>

void
fake_link_init(struct fake_link *link, struct fake_est *est, const struct fake_link_config *config)
{
	struct sl_messages_config messages;
	struct sl_blocks_config blocks;

	memset(link, 0, sizeof *link);
	link->config = *config;
	link->est = est;
	link->draw = sl_draw_from(config->seed);
	link->now_ms = 1000;
	sl_messages_config_init(&messages);
	messages.exchanges_max = 1024;
	memcpy(messages.seed, config->seed, 16);
	ck_assert_ok(sl_messages_new(&link->messages, &messages));
	sl_blocks_config_init(&blocks);
	ck_assert_ok(sl_blocks_new(&link->blocks, &blocks));
	link->peer.len = 1;
}

void
fake_link_clear(struct fake_link *link)
{
	sl_messages_free(link->messages);
	sl_blocks_free(link->blocks);
}

static bool
happens(struct fake_link *link, unsigned permille)
{
	return sl_draw_between(&link->draw, 0, 999) < permille;
}

static void
fly(struct fake_link *link, bool is_to_device, struct sl_span bytes, uint64_t at_ms)
{
	for (size_t i = 0; i < FAKE_LINK_FLIGHTS_MAX; i++) {
		struct fake_flight *f = &link->flights[i];

		if (f->is_used)
			continue;
		ck_assert_uint_le(bytes.len, sizeof f->bytes);
		memcpy(f->bytes, bytes.ptr, bytes.len);
		f->len = bytes.len;
		f->is_to_device = is_to_device;
		f->at_ms = at_ms;
		f->is_used = true;
		return;
	}
	ck_abort_msg("the link is full");
}

static void
launch(struct fake_link *link, bool is_to_device, struct sl_span bytes)
{
	unsigned copies = happens(link, link->config.duplicate_permille) ? 2 : 1;

	for (unsigned i = 0; i < copies; i++) {
		uint64_t at =
		        link->now_ms + 1 + sl_draw_between(&link->draw, 0, link->config.delay_ms);

		if (!happens(link, link->config.loss_permille))
			fly(link, is_to_device, bytes, at);
	}
}

/* --- the ledger ------------------------------------------------------------------------------ */

static void
enter(struct fake_link *link, const struct sl_coap_msg *msg)
{
	static const uint8_t key[16] = {1};
	const struct sl_coap_option *opt = sl_coap_find(msg, SL_COAP_OSCORE);
	struct sl_coap_block block;
	struct sl_oscore_option parts;
	uint64_t digest, piv = 0;

	if (opt == NULL ||
	        (sl_coap_get_block(msg, SL_COAP_BLOCK2, &block) == SL_OK && block.num > 0))
		return; /* a question for the next slice carries no ciphertext */
	ck_assert_ok(sl_oscore_option_decode(&parts, sl_coap_option_value(opt)));
	for (size_t i = 0; i < parts.partial_iv.len; i++)
		piv = piv << 8 | parts.partial_iv.ptr[i];
	if (sl_coap_get_block(msg, SL_COAP_BLOCK1, &block) == SL_OK) {
		link->outer_blocks++;
		if (block.num > 0)
			return; /* the first block stands for the message */
	}
	ck_assert_uint_lt(piv, FAKE_LEDGER_MAX);
	digest = sl_siphash(key, msg->payload) | 1;
	if (link->ledger[piv] == 0)
		link->protected_requests++;
	else if (link->ledger[piv] != digest)
		link->conflicts++;
	link->ledger[piv] = digest;
}

/* --- the liar -------------------------------------------------------------------------------- */

static void
lie(struct fake_link *link, const struct sl_coap_msg *to)
{
	uint32_t kind = sl_draw_between(&link->draw, 0, 2);
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, kind == 0 ? SL_COAP_UNAUTHORIZED : SL_COAP_SERVICE_UNAVAILABLE);
	msg.type = SL_COAP_ACK;
	msg.message_id = to->message_id;
	if (kind == 2) {
		sl_coap_msg_init(&msg, SL_COAP_EMPTY);
		msg.type = SL_COAP_RST;
		msg.message_id = to->message_id;
	} else {
		msg.token_len = to->token_len;
		memcpy(msg.token, to->token, sizeof msg.token);
	}
	if (kind == 0 && link->config.lies_with_echo)
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, sl_span_text("liar")));
	ck_assert_ok(sl_coap_encode(&w, &msg));
	fly(link, true, sl_writer_span(&w), link->now_ms + 1);
	link->lies++;
}

void
fake_link_send(struct fake_link *link, struct sl_span datagram)
{
	struct sl_coap_msg msg;

	ck_assert_ok(sl_coap_decode(&msg, datagram));
	enter(link, &msg);
	if (msg.type == SL_COAP_CON && happens(link, link->config.lie_permille))
		lie(link, &msg);
	launch(link, false, datagram);
}

/* --- the proxy ------------------------------------------------------------------------------- */

static void
reply_later(struct fake_link *link, struct sl_ref ref, const struct sl_coap_msg *msg)
{
	for (size_t i = 0; i < FAKE_LINK_REPLIES_MAX; i++) {
		if (link->replies[i].is_used)
			continue;
		struct sl_writer w =
		        sl_writer_over(link->replies[i].bytes, sizeof link->replies[i].bytes);

		ck_assert_ok(sl_coap_options_encode(&w, msg));
		sl_coap_msg_init(&link->replies[i].msg, msg->code);
		ck_assert_ok(sl_coap_options_decode(&link->replies[i].msg, sl_writer_span(&w)));
		link->replies[i].ref = ref;
		link->replies[i].at_ms =
		        link->now_ms + sl_draw_between(&link->draw, 0, link->config.work_ms);
		link->replies[i].is_used = true;
		return;
	}
	ck_abort_msg("too many replies");
}

static void
send_slice(struct fake_link *link, struct sl_ref ref, const struct sl_coap_msg *request,
        struct sl_coap_block wish)
{
	struct sl_block_key key;
	struct sl_block_slice slice;
	struct sl_coap_msg msg;
	static const uint8_t hash_key[16] = {0};

	sl_block_key(&key, hash_key, &link->peer, request);
	sl_coap_msg_init(&msg, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	if (sl_blocks_slice(link->blocks, &key, wish, link->now_ms, &slice) == SL_OK) {
		sl_coap_msg_init(&msg, slice.part.code);
		ck_assert_ok(sl_coap_options_decode(&msg, slice.part.options));
		msg.payload = slice.part.body;
		ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, slice.block));
		link->outer_blocks++;
	}
	reply_later(link, ref, &msg);
}

static void
keep_answer(
        struct fake_link *link, const struct sl_coap_msg *request, const struct sl_coap_msg *answer)
{
	static const uint8_t hash_key[16] = {0};
	struct sl_coap_msg bare = *answer;
	uint8_t options[256];
	struct sl_writer w = sl_writer_over(options, sizeof options);
	struct sl_block_answer keep = {.code = answer->code, .body = answer->payload};
	struct sl_block_key key;

	bare.payload = sl_span(NULL, 0);
	ck_assert_ok(sl_coap_options_encode(&w, &bare));
	keep.options = sl_writer_span(&w);
	sl_block_key(&key, hash_key, &link->peer, request);
	ck_assert_ok(sl_blocks_keep(link->blocks, &link->peer, &key, &keep, link->now_ms));
}

/* 4.01 + Echo to what carries none (RFC 9175 section 2.4). */
static bool
challenges(struct fake_link *link, struct sl_ref ref, const struct sl_coap_msg *request)
{
	const struct sl_coap_option *opt = sl_coap_find(request, SL_COAP_ECHO);
	struct sl_coap_msg msg;

	if (!link->config.asks_outer_echo ||
	        (opt != NULL && sl_span_equal_text(sl_coap_option_value(opt), "alive?")))
		return false;
	sl_coap_msg_init(&msg, SL_COAP_UNAUTHORIZED);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, sl_span_text("alive?")));
	reply_later(link, ref, &msg);
	link->outer_echoes++;
	return true;
}

static void
forward(struct fake_link *link, struct sl_ref ref, const struct sl_coap_msg *request)
{
	struct sl_coap_block wish = {0, false, 6}, none;
	bool is_follow_up =
	        sl_coap_get_block(request, SL_COAP_BLOCK2, &wish) == SL_OK && wish.num > 0;
	struct sl_block_got got = {0};
	struct fake_reply reply;
	struct sl_coap_msg whole = *request, msg;
	enum sl_block_verdict verdict;

	if (is_follow_up) {
		send_slice(link, ref, request, wish);
		return;
	}
	verdict = sl_blocks_put(link->blocks, &link->peer, request, link->now_ms, &got);
	if (verdict != SL_BLOCK_WHOLE) {
		sl_coap_msg_init(&msg, verdict == SL_BLOCK_CONTINUE
		                               ? SL_COAP_CONTINUE
		                               : SL_COAP_REQUEST_ENTITY_INCOMPLETE);
		if (got.has_block)
			ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, got.block));
		reply_later(link, ref, &msg);
		return;
	}
	if (challenges(link, ref, request))
		return;
	whole.payload = got.body;
	fake_est_answer(link->est, &whole, &reply);
	if (sl_coap_get_block(request, SL_COAP_BLOCK1, &none) == SL_OK)
		ck_assert_ok(sl_coap_add_block(&reply.msg, SL_COAP_BLOCK1, none));
	if (reply.msg.payload.len > sl_coap_block_size(wish.szx)) {
		keep_answer(link, request, &reply.msg);
		send_slice(link, ref, request, wish);
	} else {
		reply_later(link, ref, &reply.msg);
	}
}

static void
arrive(struct fake_link *link, const struct fake_flight *f)
{
	struct sl_messages_in in;

	sl_messages_on_datagram(
	        link->messages, &link->peer, sl_span(f->bytes, f->len), link->now_ms, &in);
	if (in.event == SL_MESSAGES_REQUEST)
		forward(link, in.ref, &in.request);
}

static void
work(struct fake_link *link)
{
	struct sl_datagram_out out;

	sl_messages_on_time(link->messages, link->now_ms);
	for (size_t i = 0; i < FAKE_LINK_REPLIES_MAX; i++) {
		if (!link->replies[i].is_used || link->replies[i].at_ms > link->now_ms)
			continue;
		link->replies[i].is_used = false;
		(void)!sl_messages_reply(link->messages, link->replies[i].ref,
		        &link->replies[i].msg, SL_REPLY_PLAIN, link->now_ms);
	}
	while (sl_messages_next(link->messages, &out))
		launch(link, true, out.bytes);
}

uint64_t
fake_link_wakeup(const struct fake_link *link)
{
	uint64_t when = sl_messages_wakeup(link->messages);

	for (size_t i = 0; i < FAKE_LINK_FLIGHTS_MAX; i++)
		if (link->flights[i].is_used && link->flights[i].at_ms < when)
			when = link->flights[i].at_ms;
	for (size_t i = 0; i < FAKE_LINK_REPLIES_MAX; i++)
		if (link->replies[i].is_used && link->replies[i].at_ms < when)
			when = link->replies[i].at_ms;
	return when;
}

const struct fake_flight *
fake_link_step(struct fake_link *link, uint64_t now_ms)
{
	if (now_ms > link->now_ms)
		link->now_ms = now_ms;
	work(link);
	for (size_t i = 0; i < FAKE_LINK_FLIGHTS_MAX; i++) {
		struct fake_flight *f = &link->flights[i];

		if (!f->is_used || f->at_ms > link->now_ms)
			continue;
		f->is_used = false;
		if (f->is_to_device)
			return f;
		arrive(link, f);
		work(link);
	}
	return NULL;
}
