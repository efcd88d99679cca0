/* SPDX-License-Identifier: BSD-2-Clause */
#include "datagram.h"

#include <string.h>

void
datagram_begin(struct datagram *d, const struct datagram_head *head)
{
	d->last = 0;
	d->bytes[0] = (uint8_t)(0x40 | head->type << 4 | head->token_len);
	d->bytes[1] = head->code;
	d->bytes[2] = (uint8_t)(head->message_id >> 8);
	d->bytes[3] = (uint8_t)head->message_id;
	if (head->token_len > 0)
		memcpy(d->bytes + 4, head->token, head->token_len);
	d->len = 4U + head->token_len;
}

/* The nibble; what does not fit follows. */
static uint8_t
nibble(size_t value, uint8_t *more, size_t *more_len)
{
	if (value < 13) {
		*more_len = 0;
		return (uint8_t)value;
	}
	if (value < 269) {
		more[0] = (uint8_t)(value - 13);
		*more_len = 1;
		return 13;
	}
	more[0] = (uint8_t)((value - 269) >> 8);
	more[1] = (uint8_t)(value - 269);
	*more_len = 2;
	return 14;
}

void
datagram_option(struct datagram *d, uint16_t number, const void *value, size_t len)
{
	uint8_t delta_more[2], len_more[2];
	size_t delta_len, len_len;
	uint8_t delta = nibble((size_t)(number - d->last), delta_more, &delta_len);
	uint8_t size = nibble(len, len_more, &len_len);

	d->bytes[d->len++] = (uint8_t)(delta << 4 | size);
	memcpy(d->bytes + d->len, delta_more, delta_len);
	d->len += delta_len;
	memcpy(d->bytes + d->len, len_more, len_len);
	d->len += len_len;
	if (len > 0)
		memcpy(d->bytes + d->len, value, len);
	d->len += len;
	d->last = number;
}

void
datagram_block(struct datagram *d, uint16_t number, uint32_t num, bool more, uint8_t szx)
{
	uint32_t value = num << 4 | (more ? 8U : 0U) | szx;
	uint8_t bytes[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
	size_t skip = value > 0xffff ? 0 : value > 0xff ? 1 : value > 0 ? 2 : 3;

	datagram_option(d, number, bytes + skip, sizeof bytes - skip);
}

void
datagram_payload(struct datagram *d, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	d->bytes[d->len++] = 0xff;
	memcpy(d->bytes + d->len, bytes, len);
	d->len += len;
}

void
datagram_oscore(struct datagram *d, uint32_t piv)
{
	const uint8_t value[5] = {
	        0x0b, (uint8_t)(piv >> 16), (uint8_t)(piv >> 8), (uint8_t)piv, 0x14};

	datagram_option(d, OPTION_OSCORE, value, sizeof value);
}

struct cursor {
	const uint8_t *at, *end;
	bool is_bad;
};

static size_t
extended(struct cursor *c, uint8_t nibble_value)
{
	size_t more = nibble_value == 13 ? 1 : nibble_value == 14 ? 2 : 0;
	size_t value = nibble_value;

	if (nibble_value == 15 || (size_t)(c->end - c->at) < more) {
		c->is_bad = true;
		return 0;
	}
	if (more == 1)
		value = 13U + c->at[0];
	if (more == 2)
		value = 269U + (size_t)(c->at[0] << 8 | c->at[1]);
	c->at += more;
	return value;
}

static void
note_option(struct datagram_seen *out, size_t number, const uint8_t *value, size_t len)
{
	if (number == OPTION_ECHO) {
		out->echo = value;
		out->echo_len = len;
	}
	if (number != OPTION_BLOCK1)
		return;
	out->has_block1 = true;
	out->block1 = 0;
	for (size_t i = 0; i < len; i++)
		out->block1 = out->block1 << 8 | value[i];
}

bool
datagram_read(struct datagram_seen *out, const uint8_t *bytes, size_t len)
{
	struct cursor c = {bytes + 4, bytes + len, false};
	size_t number = 0;

	memset(out, 0, sizeof *out);
	if (len < 4 || bytes[0] >> 6 != 1 || (bytes[0] & 15) > 8 || len < 4U + (bytes[0] & 15))
		return false;
	out->head = (struct datagram_head){.type = bytes[0] >> 4 & 3,
	        .code = bytes[1],
	        .message_id = (uint16_t)(bytes[2] << 8 | bytes[3]),
	        .token = bytes + 4,
	        .token_len = bytes[0] & 15};
	c.at += out->head.token_len;
	while (c.at < c.end && *c.at != 0xff) {
		uint8_t both = *c.at++;
		size_t size;

		number += extended(&c, both >> 4);
		size = extended(&c, both & 15);
		if (c.is_bad || (size_t)(c.end - c.at) < size)
			return false;
		note_option(out, number, c.at, size);
		c.at += size;
	}
	if (c.at < c.end) {
		out->payload = c.at + 1;
		out->payload_len = (size_t)(c.end - c.at - 1);
	}
	return true;
}
