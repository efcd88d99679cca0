/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include <sl/text.h>

#define SHOWN_MAX  64 /* bytes of one option or payload */
#define LINE_BYTES 32

static const char *const type_names[] = {"CON", "NON", "ACK", "RST"};
static const char *const method_names[] = {
        "Empty", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"};

static const char *
arrow(enum trace_way way)
{
	return way == TRACE_SENT ? "->" : "<-";
}

static void
print_code(FILE *out, uint8_t code)
{
	char text[5];

	sl_coap_code_text(text, code);
	if (code < sizeof method_names / sizeof method_names[0])
		fprintf(out, "%s %s", text, method_names[code]);
	else
		fprintf(out, "%s %s", text, sl_coap_code_phrase(code));
}

static void
print_hex(FILE *out, struct sl_span bytes)
{
	char text[2 * SHOWN_MAX + 1];
	struct sl_span shown = sl_span(bytes.ptr, bytes.len > SHOWN_MAX ? SHOWN_MAX : bytes.len);

	if (sl_hex_encode(text, sizeof text, shown) == SL_OK)
		fprintf(out, "%s%s", text, bytes.len > SHOWN_MAX ? "..." : "");
}

static bool
is_block(uint16_t number)
{
	return number == SL_COAP_BLOCK1 || number == SL_COAP_BLOCK2;
}

static bool
is_text(uint16_t number)
{
	return number == SL_COAP_URI_HOST || number == SL_COAP_URI_PATH ||
	       number == SL_COAP_URI_QUERY || number == SL_COAP_PROXY_SCHEME ||
	       number == SL_COAP_PROXY_URI;
}

static void
print_value(FILE *out, const struct sl_coap_msg *msg, const struct sl_coap_option *opt)
{
	const struct sl_coap_option_def *def = sl_coap_option_def(opt->number);
	struct sl_span value = sl_coap_option_value(opt);
	struct sl_coap_block b;
	char text[2 * SHOWN_MAX];
	uint32_t number;

	if (is_block(opt->number) && sl_coap_get_block(msg, opt->number, &b) == SL_OK) {
		fprintf(out, "%u/%d/%u", b.num, b.more, sl_coap_block_size(b.szx));
	} else if (is_text(opt->number)) {
		sl_escape(text, sizeof text, value);
		fprintf(out, "\"%s\"", text);
	} else if (def != NULL && def->is_uint && !def->is_repeatable &&
	           sl_coap_get_uint(msg, opt->number, &number) == SL_OK) {
		fprintf(out, "%u", number);
	} else {
		print_hex(out, value);
	}
}

static void
print_options(FILE *out, const struct sl_coap_msg *msg)
{
	for (size_t i = 0; i < msg->option_count; i++) {
		const struct sl_coap_option *opt = &msg->options[i];
		const struct sl_coap_option_def *def = sl_coap_option_def(opt->number);

		if (def != NULL)
			fprintf(out, "     %s: ", def->name);
		else
			fprintf(out, "     option %u: ", opt->number);
		print_value(out, msg, opt);
		fputc('\n', out);
	}
	if (msg->payload.len > 0) {
		fprintf(out, "     payload, %zu bytes: ", msg->payload.len);
		print_hex(out, msg->payload);
		fputc('\n', out);
	}
}

static void
print_bytes(FILE *out, struct sl_span bytes)
{
	char line[2 * LINE_BYTES + 1];

	for (size_t at = 0; at < bytes.len; at += LINE_BYTES) {
		size_t len = bytes.len - at < LINE_BYTES ? bytes.len - at : LINE_BYTES;

		if (sl_hex_encode(line, sizeof line, sl_span(bytes.ptr + at, len)) == SL_OK)
			fprintf(out, "     | %s\n", line);
	}
}

void
trace_datagram(FILE *out, enum trace_way way, struct sl_span datagram)
{
	struct sl_coap_msg msg;

	fprintf(out, "%s coap %zu bytes ", arrow(way), datagram.len);
	if (sl_coap_decode(&msg, datagram) != SL_OK) {
		fputs("that are no CoAP message\n", out);
	} else {
		char token[2 * SL_COAP_TOKEN_MAX + 1] = "";

		(void)!sl_hex_encode(token, sizeof token, sl_span(msg.token, msg.token_len));
		fprintf(out, "%s ", type_names[msg.type & 3]);
		print_code(out, msg.code);
		fprintf(out, " mid=%u token=%s\n", msg.message_id, token);
		print_options(out, &msg);
	}
	print_bytes(out, datagram);
	fflush(out);
}

void
trace_inner(FILE *out, enum trace_way way, const struct sl_coap_msg *msg)
{
	fprintf(out, "%s protected ", arrow(way));
	print_code(out, msg->code);
	fputc('\n', out);
	print_options(out, msg);
	fflush(out);
}

void
trace_edhoc(FILE *out, enum trace_way way, const char *name, struct sl_span message)
{
	fprintf(out, "%s edhoc %s, %zu bytes\n", arrow(way), name, message.len);
	print_bytes(out, message);
	fflush(out);
}
