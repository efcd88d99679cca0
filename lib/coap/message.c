/* SPDX-License-Identifier: BSD-2-Clause
 * Building a message and asking about it: options in order, uint values, paths (RFC 7252 sections
 * 5.10.1, 6.4), block values (RFC 7959 section 2.2). */
#include "codec.h"

#include <string.h>

#define SEGMENT_MAX   255 /* Uri-Path and Uri-Query, RFC 7252 table 4 */
#define BLOCK_LEN_MAX 3
#define SZX_RESERVED  7

struct sl_span
sl_coap_option_value(const struct sl_coap_option *opt)
{
	return opt->is_inline ? sl_span(opt->inline_bytes, opt->inline_len) : opt->borrowed;
}

void
sl_coap_msg_init(struct sl_coap_msg *msg, uint8_t code)
{
	memset(msg, 0, sizeof *msg);
	msg->code = code;
}

static enum sl_err
insert(struct sl_coap_msg *msg, struct sl_coap_option opt)
{
	size_t at = msg->option_count;

	if (at == SL_COAP_OPTIONS_MAX)
		return SL_ELIMIT;
	for (; at > 0 && msg->options[at - 1].number > opt.number; at--)
		msg->options[at] = msg->options[at - 1];
	msg->options[at] = opt;
	msg->option_count++;
	return SL_OK;
}

enum sl_err
sl_coap_add(struct sl_coap_msg *msg, uint16_t number, struct sl_span value)
{
	struct sl_coap_option opt = {.borrowed = value, .number = number};

	return insert(msg, opt);
}

enum sl_err
sl_coap_add_uint(struct sl_coap_msg *msg, uint16_t number, uint32_t value)
{
	struct sl_coap_option opt = {.number = number, .is_inline = true};

	opt.inline_len = sl_coap_uint_encode(opt.inline_bytes, value);
	return insert(msg, opt);
}

void
sl_coap_remove(struct sl_coap_msg *msg, uint16_t number)
{
	size_t kept = 0;

	for (size_t i = 0; i < msg->option_count; i++)
		if (msg->options[i].number != number)
			msg->options[kept++] = msg->options[i];
	msg->option_count = kept;
}

/* One option per part of text between separators; no part may be empty. */
static enum sl_err
add_parts(struct sl_coap_msg *msg, uint16_t number, struct sl_span text, char separator)
{
	size_t begin = 0;

	for (size_t i = 0; i <= text.len; i++) {
		enum sl_err err;

		if (i < text.len && text.ptr[i] != (uint8_t)separator)
			continue;
		if (i == begin || i - begin > SEGMENT_MAX)
			return SL_EMALFORMED;
		err = sl_coap_add(msg, number, sl_span(text.ptr + begin, i - begin));
		if (err != SL_OK)
			return err;
		begin = i + 1;
	}
	return SL_OK;
}

enum sl_err
sl_coap_add_path(struct sl_coap_msg *msg, const char *path)
{
	struct sl_coap_msg got = *msg;
	const char *query = strchr(path, '?');
	size_t len = query == NULL ? strlen(path) : (size_t)(query - path);
	enum sl_err err = SL_OK;

	if (len > 0 && path[0] == '/') {
		path++;
		len--;
	}
	if (len > 0)
		err = add_parts(&got, SL_COAP_URI_PATH, sl_span(path, len), '/');
	if (err == SL_OK && query != NULL)
		err = add_parts(&got, SL_COAP_URI_QUERY, sl_span_text(query + 1), '&');
	if (err == SL_OK)
		*msg = got;
	return err;
}

const struct sl_coap_option *
sl_coap_find(const struct sl_coap_msg *msg, uint16_t number)
{
	for (size_t i = 0; i < msg->option_count; i++)
		if (msg->options[i].number == number)
			return &msg->options[i];
	return NULL;
}

size_t
sl_coap_count(const struct sl_coap_msg *msg, uint16_t number)
{
	size_t count = 0;

	for (size_t i = 0; i < msg->option_count; i++)
		count += msg->options[i].number == number;
	return count;
}

enum sl_err
sl_coap_get_uint(const struct sl_coap_msg *msg, uint16_t number, uint32_t *value)
{
	const struct sl_coap_option *opt = sl_coap_find(msg, number);

	if (opt == NULL)
		return SL_ENOTFOUND;
	if (sl_coap_option_value(opt).len > sizeof *value)
		return SL_EMALFORMED;
	*value = sl_coap_uint_decode(sl_coap_option_value(opt));
	return SL_OK;
}

static bool
is_segment_safe(struct sl_span segment)
{
	if (sl_span_equal_text(segment, ".") || sl_span_equal_text(segment, ".."))
		return false;
	for (size_t i = 0; i < segment.len; i++)
		if (segment.ptr[i] == '/' || segment.ptr[i] == '\0')
			return false;
	return true;
}

static void
write_path(struct sl_writer *w, const struct sl_coap_msg *msg)
{
	for (size_t i = 0; i < msg->option_count; i++) {
		if (msg->options[i].number != SL_COAP_URI_PATH)
			continue;
		sl_write_u8(w, '/');
		sl_write_span(w, sl_coap_option_value(&msg->options[i]));
	}
	if (w->len == 0)
		sl_write_u8(w, '/');
	sl_write_u8(w, '\0');
}

enum sl_err
sl_coap_get_path(const struct sl_coap_msg *msg, char *out, size_t cap)
{
	struct sl_writer w = sl_writer_counting();

	for (size_t i = 0; i < msg->option_count; i++)
		if (msg->options[i].number == SL_COAP_URI_PATH &&
		        !is_segment_safe(sl_coap_option_value(&msg->options[i])))
			return SL_EMALFORMED;
	write_path(&w, msg);
	if (w.len > cap)
		return SL_ESPACE;
	w = sl_writer_over(out, cap);
	write_path(&w, msg);
	return sl_writer_finish(&w);
}

enum sl_err
sl_coap_get_block(const struct sl_coap_msg *msg, uint16_t number, struct sl_coap_block *b)
{
	const struct sl_coap_option *opt = sl_coap_find(msg, number);
	uint32_t v;

	if (opt == NULL)
		return SL_ENOTFOUND;
	if (sl_coap_option_value(opt).len > BLOCK_LEN_MAX)
		return SL_EMALFORMED;
	v = sl_coap_uint_decode(sl_coap_option_value(opt));
	if ((v & 7) == SZX_RESERVED)
		return SL_EMALFORMED;
	b->num = v >> 4;
	b->more = (v & 8) != 0;
	b->szx = v & 7;
	return SL_OK;
}

enum sl_err
sl_coap_add_block(struct sl_coap_msg *msg, uint16_t number, struct sl_coap_block b)
{
	if (b.num > 0xfffff || b.szx >= SZX_RESERVED)
		return SL_ELIMIT;
	return sl_coap_add_uint(msg, number, b.num << 4 | (b.more ? 8U : 0U) | b.szx);
}
