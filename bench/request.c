/* SPDX-License-Identifier: BSD-2-Clause
 * Datagrams with the shape of OSCORE requests (RFC 8613 section 6.1): flag byte, Partial IV of two bytes, kid of four.
 * Messages without blocks and Echo are copies of a template with four places filled in. */
#include <sl/reader.h>
#include <sl/writer.h>
#include <string.h>

#include "load.h"

#define AT_ID     2
#define AT_TOKEN  4
#define AT_OPTION 13 /* behind token and option header: OSCORE is the first option */
#define PIV_LEN   2
#define KID_LEN   4
#define FLAGS     (0x08 | PIV_LEN) /* kid present */

static void
write_oscore(uint8_t out[static 1 + PIV_LEN + KID_LEN], uint32_t client, uint32_t number)
{
	struct sl_writer w = sl_writer_over(out, 1 + PIV_LEN + KID_LEN);

	sl_write_u8(&w, FLAGS);
	sl_write_u16(
	        &w, (uint16_t)(0x100 + number % 0xff00)); /* shortest form: never a leading zero */
	sl_write_u32(&w, client);
}

static void
write_token(uint8_t out[static SL_COAP_TOKEN_MAX], uint32_t slot, uint32_t generation)
{
	struct sl_writer w = sl_writer_over(out, SL_COAP_TOKEN_MAX);

	sl_write_u32(&w, slot);
	sl_write_u32(&w, generation);
}

void
request_body(const struct load *l, uint32_t number, uint8_t *out, size_t len)
{
	uint64_t word = (number + l->options->seed + 1) * 0x9e3779b97f4a7c15U;

	for (size_t i = 0; i < len; i += sizeof word) {
		size_t part = len - i < sizeof word ? len - i : sizeof word;

		memcpy(out + i, &word, part);
		word = word * 6364136223846793005U + 1442695040888963407U;
	}
}

static uint8_t
type_of(const struct load *l)
{
	return l->options->non ? SL_COAP_NON : SL_COAP_CON;
}

enum sl_err
request_template(struct load *l)
{
	uint8_t oscore[1 + PIV_LEN + KID_LEN];
	struct sl_writer w = sl_writer_over(l->template_bytes, sizeof l->template_bytes);
	struct sl_coap_msg msg;
	enum sl_err err;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	msg.type = type_of(l);
	msg.token_len = SL_COAP_TOKEN_MAX;
	write_oscore(oscore, 0, 0);
	msg.payload = sl_span(l->body, l->options->body);
	err = sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(oscore, sizeof oscore));
	if (err == SL_OK && l->options->path != NULL)
		err = sl_coap_add_path(&msg, l->options->path);
	if (err == SL_OK)
		err = sl_coap_encode(&w, &msg);
	l->template_len = w.len;
	return err;
}

static size_t
fill_template(const struct load *l, uint32_t client, uint32_t number, uint8_t *out)
{
	memcpy(out, l->template_bytes, l->template_len - l->options->body);
	write_oscore(out + AT_OPTION, client, number);
	request_body(l, number, out + l->template_len - l->options->body, l->options->body);
	return l->template_len;
}

static void
write_id(uint8_t *out, uint16_t message_id)
{
	out[AT_ID] = (uint8_t)(message_id >> 8);
	out[AT_ID + 1] = (uint8_t)message_id;
}

static enum sl_err
add_step(struct load *l, const struct slot *s, struct sl_coap_msg *msg)
{
	struct sl_coap_block block = {.num = s->block, .szx = s->szx};
	size_t size = sl_coap_block_size(s->szx), at = s->block * size, left;

	if (s->step == STEP_WHOLE)
		msg->payload = sl_span(l->body, l->options->body);
	if (s->step == STEP_FETCH)
		return sl_coap_add_block(msg, SL_COAP_BLOCK2, block);
	if (s->step != STEP_UPLOAD)
		return SL_OK;
	left = l->options->body - at;
	block.more = left > size;
	msg->payload = sl_span(l->body + at, block.more ? size : left);
	return sl_coap_add_block(msg, SL_COAP_BLOCK1, block);
}

static size_t
write_long(struct load *l, uint32_t slot, uint8_t *out, size_t cap)
{
	const struct slot *s = &l->slots[slot];
	struct sl_writer w = sl_writer_over(out, cap);
	uint8_t oscore[1 + PIV_LEN + KID_LEN];
	struct sl_coap_msg msg;
	enum sl_err err;

	sl_coap_msg_init(&msg, SL_COAP_POST);
	msg.type = type_of(l);
	msg.message_id = s->message_id;
	msg.token_len = SL_COAP_TOKEN_MAX;
	write_token(msg.token, slot, s->generation);
	write_oscore(oscore, s->client, s->number);
	request_body(l, s->number, l->body, l->options->body);
	err = sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(oscore, sizeof oscore));
	if (err == SL_OK && l->options->path != NULL)
		err = sl_coap_add_path(&msg, l->options->path);
	if (err == SL_OK && s->echo_len > 0)
		err = sl_coap_add(&msg, SL_COAP_ECHO, sl_span(s->echo, s->echo_len));
	if (err == SL_OK)
		err = add_step(l, s, &msg);
	if (err == SL_OK)
		err = sl_coap_encode(&w, &msg);
	return err == SL_OK ? w.len : 0;
}

size_t
request_write(struct load *l, uint32_t slot, uint8_t *out, size_t cap)
{
	const struct slot *s = &l->slots[slot];

	if (s->step != STEP_WHOLE || s->echo_len > 0)
		return write_long(l, slot, out, cap);
	fill_template(l, s->client, s->number, out);
	write_id(out, s->message_id);
	write_token(out + AT_TOKEN, slot, s->generation);
	return l->template_len;
}

size_t
request_flood(struct load *l, uint32_t client, uint8_t *out)
{
	uint32_t number = (uint32_t)l->number++;

	fill_template(l, client, number, out);
	write_id(out, (uint16_t)(l->first_id + l->clients[client].messages++));
	write_token(out + AT_TOKEN, number, (uint32_t)l->options->seed);
	return l->template_len;
}

uint32_t
request_slot_of(const struct load *l, const struct sl_coap_msg *msg)
{
	struct sl_reader r = sl_reader_over(sl_span(msg->token, msg->token_len));
	uint32_t slot = sl_read_u32(&r);

	return msg->token_len == SL_COAP_TOKEN_MAX && slot <= l->slot_max ? slot : 0;
}

bool
request_is_current(const struct load *l, uint32_t slot, const struct sl_coap_msg *msg)
{
	uint8_t token[SL_COAP_TOKEN_MAX];

	write_token(token, slot, l->slots[slot].generation);
	return l->slots[slot].state != SLOT_FREE && memcmp(token, msg->token, sizeof token) == 0;
}
