/* SPDX-License-Identifier: BSD-2-Clause
 * See wire.h. */
#include "wire.h"

#include <string.h>

struct sl_peer
peer_of(unsigned number)
{
	struct sl_peer peer = {.len = 18};

	memcpy(peer.bytes + 10, &number, sizeof number);
	return peer;
}

struct sl_messages_config
wire_config(void)
{
	struct sl_messages_config config;

	sl_messages_config_init(&config);
	config.exchanges_max = 64;
	memset(config.hash_key, 0x11, sizeof config.hash_key);
	memset(config.seed, 0x22, sizeof config.seed);
	return config;
}

struct sl_messages *
wire_new(const struct sl_messages_config *config)
{
	struct sl_messages *m = NULL;

	ck_assert_ok(sl_messages_new(&m, config));
	return m;
}

struct sl_messages_in
put(struct sl_messages *m, unsigned peer, const char *bytes, uint64_t now_ms)
{
	struct sl_peer from = peer_of(peer);
	struct sl_messages_in in;

	sl_messages_on_datagram(m, &from, hex(bytes), now_ms, &in);
	return in;
}

struct sl_ref
put_request(struct sl_messages *m, unsigned peer, const char *bytes, uint64_t now_ms)
{
	struct sl_messages_in in = put(m, peer, bytes, now_ms);

	ck_assert_msg(in.event == SL_MESSAGES_REQUEST, "%s gave event %d", bytes, (int)in.event);
	return in.ref;
}

struct sl_coap_msg
answer(const char *text)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_CONTENT);
	msg.payload = sl_span_text(text);
	return msg;
}

enum sl_err
reply(struct sl_messages *m, struct sl_ref ref, const char *text, uint64_t now_ms)
{
	struct sl_coap_msg msg = answer(text);

	return sl_messages_reply(m, ref, &msg, SL_REPLY_PLAIN, now_ms);
}

struct sent
take(struct sl_messages *m)
{
	struct sl_datagram_out out;
	struct sent got;

	ck_assert_msg(sl_messages_next(m, &out), "nothing to send");
	got.peer = out.peer;
	got.bytes = heap_copy(out.bytes);
	ck_assert_ok(sl_coap_decode(&got.msg, got.bytes));
	return got;
}

void
expect(struct sl_messages *m, unsigned peer, const char *bytes)
{
	struct sent got = take(m);
	struct sl_peer to = peer_of(peer);

	ck_assert_bytes(got.bytes, hex(bytes));
	ck_assert_bytes(sl_span(got.peer.bytes, got.peer.len), sl_span(to.bytes, to.len));
}

void
expect_nothing(struct sl_messages *m)
{
	struct sl_datagram_out out;

	if (sl_messages_next(m, &out))
		ck_abort_msg("sends %s", to_hex(out.bytes));
}
