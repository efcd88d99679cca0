/* SPDX-License-Identifier: BSD-2-Clause
 * See hand.h. */
#include "hand.h"

#include <string.h>

struct sl_client *c;
struct sl_client_config config;
uint8_t pattern[8192];

void
hand_restart(void)
{
	sl_client_free(c);
	c = NULL;
	ck_assert_ok(sl_client_new(&c, &config));
}

void
hand_setup(void)
{
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (uint8_t)(i * 7 + i / 256);
	sl_client_config_init(&config);
	memset(config.seed, 0x55, sizeof config.seed);
	hand_restart();
}

void
hand_teardown(void)
{
	sl_client_free(c);
	c = NULL;
}

struct sl_coap_msg
post(size_t len)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_path(&msg, "/a"));
	msg.payload = sl_span(pattern, len);
	return msg;
}

void
start(const struct sl_coap_msg *request, uint64_t now_ms)
{
	ck_assert_ok(sl_client_start(c, request, now_ms));
	ck_assert_int_eq(sl_client_state(c), SL_CLIENT_WAITING);
}

struct sl_span
sent_bytes(void)
{
	struct sl_span bytes;

	ck_assert_msg(sl_client_next(c, &bytes), "nothing to send");
	return heap_copy(bytes);
}

struct sl_coap_msg
sent(void)
{
	struct sl_coap_msg msg;

	ck_assert_ok(sl_coap_decode(&msg, sent_bytes()));
	return msg;
}

void
sent_empty(enum sl_coap_type type, uint16_t message_id)
{
	uint8_t want[4] = {
	        (uint8_t)(0x40 | type << 4), 0, (uint8_t)(message_id >> 8), (uint8_t)message_id};

	ck_assert_bytes(sent_bytes(), sl_span(want, sizeof want));
}

void
sent_nothing(void)
{
	struct sl_span bytes;

	if (sl_client_next(c, &bytes))
		ck_abort_msg("sends %s", to_hex(bytes));
}

struct sl_coap_msg
response_to(const struct sl_coap_msg *request, enum sl_coap_type type, uint8_t code)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, code);
	msg.type = (uint8_t)type;
	msg.message_id = type == SL_COAP_ACK ? request->message_id
	                                     : (uint16_t)(request->message_id ^ 0x5555);
	msg.token_len = request->token_len;
	memcpy(msg.token, request->token, sizeof msg.token);
	return msg;
}

void
give(const struct sl_coap_msg *msg, uint64_t now_ms)
{
	uint8_t out[8192];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_coap_encode(&w, msg));
	sl_client_on_datagram(c, heap_copy(sl_writer_span(&w)), now_ms);
}

void
give_hex(const char *bytes, uint64_t now_ms)
{
	sl_client_on_datagram(c, hex(bytes), now_ms);
}
