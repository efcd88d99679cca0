/* SPDX-License-Identifier: BSD-2-Clause
 * Datagrams and options in bytes, RFC 7252 section 3. Option and value coding is libcoap's, and
 * this is the one file that knows it. Lengths, reserved nibbles and option number sums are checked
 * here, so that all versions of the library give the same verdicts. */
#include "codec.h"

#include <coap3/coap.h>
#include <sl/reader.h>

#define VERSION           1
#define HEADER_LEN        4
#define PAYLOAD_MARKER    0xff
#define NIBBLE_RESERVED   15
#define OPTION_NUMBER_MAX 0xffff
#define VALUE_LEN_MAX     (0xffff + 269)

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), "numbers differ: " #theirs)

SAME(SL_COAP_IF_MATCH, COAP_OPTION_IF_MATCH);
SAME(SL_COAP_URI_HOST, COAP_OPTION_URI_HOST);
SAME(SL_COAP_ETAG, COAP_OPTION_ETAG);
SAME(SL_COAP_IF_NONE_MATCH, COAP_OPTION_IF_NONE_MATCH);
SAME(SL_COAP_OBSERVE, COAP_OPTION_OBSERVE);
SAME(SL_COAP_URI_PORT, COAP_OPTION_URI_PORT);
SAME(SL_COAP_LOCATION_PATH, COAP_OPTION_LOCATION_PATH);
SAME(SL_COAP_OSCORE, COAP_OPTION_OSCORE);
SAME(SL_COAP_URI_PATH, COAP_OPTION_URI_PATH);
SAME(SL_COAP_CONTENT_FORMAT, COAP_OPTION_CONTENT_FORMAT);
SAME(SL_COAP_MAX_AGE, COAP_OPTION_MAXAGE);
SAME(SL_COAP_URI_QUERY, COAP_OPTION_URI_QUERY);
SAME(SL_COAP_HOP_LIMIT, COAP_OPTION_HOP_LIMIT);
SAME(SL_COAP_ACCEPT, COAP_OPTION_ACCEPT);
SAME(SL_COAP_LOCATION_QUERY, COAP_OPTION_LOCATION_QUERY);
SAME(SL_COAP_BLOCK2, COAP_OPTION_BLOCK2);
SAME(SL_COAP_BLOCK1, COAP_OPTION_BLOCK1);
SAME(SL_COAP_SIZE2, COAP_OPTION_SIZE2);
SAME(SL_COAP_PROXY_URI, COAP_OPTION_PROXY_URI);
SAME(SL_COAP_PROXY_SCHEME, COAP_OPTION_PROXY_SCHEME);
SAME(SL_COAP_SIZE1, COAP_OPTION_SIZE1);
SAME(SL_COAP_ECHO, COAP_OPTION_ECHO);
SAME(SL_COAP_NO_RESPONSE, COAP_OPTION_NORESPONSE);
SAME(SL_COAP_REQUEST_TAG, COAP_OPTION_RTAG);
SAME(SL_COAP_CON, COAP_MESSAGE_CON);
SAME(SL_COAP_NON, COAP_MESSAGE_NON);
SAME(SL_COAP_ACK, COAP_MESSAGE_ACK);
SAME(SL_COAP_RST, COAP_MESSAGE_RST);

uint8_t
sl_coap_uint_encode(uint8_t out[static 4], uint32_t value)
{
	return (uint8_t)coap_encode_var_safe(out, 4, value);
}

uint32_t
sl_coap_uint_decode(struct sl_span bytes)
{
	return bytes.len == 0 ? 0 : coap_decode_var_bytes(bytes.ptr, bytes.len);
}

/* The nibble and its extension bytes, section 3.1: 13 adds one byte, 14 adds two. */
static uint32_t
read_extended(struct sl_reader *r, unsigned nibble)
{
	if (nibble == NIBBLE_RESERVED)
		sl_reader_fail(r);
	if (nibble == 13)
		return 13U + sl_read_u8(r);
	if (nibble == 14)
		return 269U + sl_read_u16(r);
	return nibble;
}

/* One option. Its head is measured here first: the library's delta wraps at 16 bits. */
static struct sl_coap_option
read_option(struct sl_reader *in, uint32_t *number)
{
	struct sl_coap_option opt = {0};
	struct sl_reader head = *in;
	uint8_t first = sl_read_u8(&head);
	uint32_t delta = read_extended(&head, first >> 4);
	uint32_t len = read_extended(&head, first & 0x0f);
	size_t head_len = in->left.len - head.left.len;
	coap_option_t parsed;
	size_t taken;

	*number += delta;
	if (head.failed || len > head.left.len || *number > OPTION_NUMBER_MAX) {
		sl_reader_fail(in);
		return opt;
	}
	taken = coap_opt_parse(in->left.ptr, in->left.len, &parsed);
	if (taken != head_len + len || parsed.delta != delta || parsed.length != len) {
		sl_reader_fail(in);
		return opt;
	}
	opt.number = (uint16_t)*number;
	opt.borrowed = sl_span(len == 0 ? NULL : parsed.value, len);
	(void)sl_read_span(in, taken);
	return opt;
}

/* Options and payload up to the end; on an error *msg is half written. */
static enum sl_err
read_body(struct sl_coap_msg *msg, struct sl_reader *in)
{
	uint32_t number = 0;

	while (in->left.len > 0 && sl_reader_peek(in) != PAYLOAD_MARKER) {
		struct sl_coap_option opt = read_option(in, &number);
		enum sl_err err;

		if (in->failed)
			return SL_EMALFORMED;
		err = sl_coap_add(msg, opt.number, opt.borrowed);
		if (err != SL_OK)
			return err;
	}
	if (in->left.len == 1)
		return SL_EMALFORMED; /* a marker, and nothing behind it */
	if (in->left.len > 0) {
		(void)sl_read_u8(in);
		msg->payload = sl_read_rest(in);
	}
	return sl_reader_finish(in);
}

static uint8_t
read_header(struct sl_coap_msg *msg, struct sl_reader *in)
{
	uint8_t first = sl_read_u8(in);

	msg->type = (first >> 4) & 3;
	msg->token_len = first & 0x0f;
	msg->code = sl_read_u8(in);
	msg->message_id = sl_read_u16(in);
	return first >> 6;
}

enum sl_err
sl_coap_header_decode(struct sl_coap_msg *msg, struct sl_span datagram)
{
	struct sl_reader in = sl_reader_over(datagram);
	struct sl_coap_msg got = {0};

	if (read_header(&got, &in) != VERSION || in.failed)
		return SL_EMALFORMED;
	msg->type = got.type;
	msg->code = got.code;
	msg->message_id = got.message_id;
	return SL_OK;
}

static bool
is_class_reserved(uint8_t code)
{
	unsigned code_class = SL_COAP_CODE_CLASS(code);

	return code_class == 1 || code_class == 6 || code_class == 7;
}

enum sl_err
sl_coap_decode(struct sl_coap_msg *msg, struct sl_span datagram)
{
	struct sl_reader in = sl_reader_over(datagram);
	struct sl_coap_msg got = {0};
	uint8_t version = read_header(&got, &in);
	struct sl_span token;
	enum sl_err err;

	if (in.failed || version != VERSION || got.token_len > SL_COAP_TOKEN_MAX)
		return SL_EMALFORMED;
	if (is_class_reserved(got.code) ||
	        (got.code == SL_COAP_EMPTY && datagram.len != HEADER_LEN))
		return SL_EMALFORMED;
	token = sl_read_span(&in, got.token_len);
	for (size_t i = 0; i < token.len; i++)
		got.token[i] = token.ptr[i];
	if (in.failed)
		return SL_EMALFORMED;
	err = read_body(&got, &in);
	if (err == SL_OK)
		*msg = got;
	return err;
}

enum sl_err
sl_coap_options_decode(struct sl_coap_msg *msg, struct sl_span bytes)
{
	struct sl_reader in = sl_reader_over(bytes);
	struct sl_coap_msg got = *msg;
	enum sl_err err;

	got.payload = sl_span(NULL, 0);
	err = read_body(&got, &in);
	if (err == SL_OK)
		*msg = got;
	return err;
}

static void
write_option(struct sl_writer *w, uint16_t delta, struct sl_span value)
{
	bool fits = value.len <= VALUE_LEN_MAX;
	size_t len = fits ? coap_opt_encode_size(delta, value.len) : SIZE_MAX;
	uint8_t *to = sl_write_reserve(w, len);

	if (to != NULL && coap_opt_encode(to, len, delta, value.ptr, value.len) != len)
		w->failed = true;
}

enum sl_err
sl_coap_options_encode(struct sl_writer *w, const struct sl_coap_msg *msg)
{
	uint16_t last = 0;

	for (size_t i = 0; i < msg->option_count; i++) {
		const struct sl_coap_option *opt = &msg->options[i];

		write_option(w, (uint16_t)(opt->number - last), sl_coap_option_value(opt));
		last = opt->number;
	}
	if (msg->payload.len > 0) {
		sl_write_u8(w, PAYLOAD_MARKER);
		sl_write_span(w, msg->payload);
	}
	return sl_writer_finish(w);
}

enum sl_err
sl_coap_encode(struct sl_writer *w, const struct sl_coap_msg *msg)
{
	sl_write_u8(w, (uint8_t)(VERSION << 6 | (msg->type & 3) << 4 | (msg->token_len & 0x0f)));
	sl_write_u8(w, msg->code);
	sl_write_u16(w, msg->message_id);
	sl_write_span(w, sl_span(msg->token, msg->token_len));
	return sl_coap_options_encode(w, msg);
}
