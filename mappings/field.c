/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 9110 sections 5.6.2 (tokens), 5.6.4 (quoted strings), 5.6.6 (parameters) and 8.3.1 (media
 * types). */
#include "field.h"

#include <sl/reader.h>

#include <string.h>

static bool
is_ows(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct sl_span
sl_map_trim(struct sl_span text)
{
	while (text.len > 0 && is_ows(text.ptr[0])) {
		text.ptr++;
		text.len--;
	}
	while (text.len > 0 && is_ows(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool
sl_map_equal_nocase(struct sl_span a, struct sl_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

void
sl_map_write_decimal(struct sl_writer *w, uint32_t v)
{
	uint32_t unit = 1;

	while (v / unit >= 10)
		unit *= 10;
	for (; unit > 0; unit /= 10)
		sl_write_u8(w, (uint8_t)('0' + v / unit % 10));
}

static bool
is_tchar(uint8_t c)
{
	return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static struct sl_span
read_token(struct sl_reader *r)
{
	size_t len = 0;

	while (len < r->left.len && is_tchar(r->left.ptr[len]))
		len++;
	if (len == 0)
		sl_reader_fail(r);
	return sl_read_span(r, len);
}

static void
expect(struct sl_reader *r, uint8_t c)
{
	if (sl_read_u8(r) != c)
		sl_reader_fail(r);
}

static void
skip_ows(struct sl_reader *r)
{
	while (is_ows(sl_reader_peek(r)))
		sl_read_u8(r);
}

static struct sl_span
read_quoted(struct sl_reader *r)
{
	struct sl_span value;
	size_t len = 0;

	expect(r, '"');
	while (len < r->left.len && r->left.ptr[len] != '"' && r->left.ptr[len] != '\\')
		len++;
	value = sl_read_span(r, len);
	expect(r, '"');
	return value;
}

enum sl_err
sl_map_media_split(struct sl_map_media *out, struct sl_span text)
{
	struct sl_reader r = sl_reader_over(sl_map_trim(text));
	struct sl_map_media got;

	got.type.ptr = r.left.ptr;
	got.type.len = read_token(&r).len + 1;
	expect(&r, '/');
	got.type.len += read_token(&r).len;
	got.params = sl_read_rest(&r);
	if (r.failed)
		return SL_EMALFORMED;
	*out = got;
	return SL_OK;
}

enum sl_err
sl_map_next_param(struct sl_map_param *out, struct sl_span *params)
{
	struct sl_reader r = sl_reader_over(*params);
	struct sl_map_param got;

	skip_ows(&r);
	if (r.left.len == 0)
		return SL_ENOTFOUND;
	expect(&r, ';');
	skip_ows(&r);
	got.name = read_token(&r);
	expect(&r, '=');
	got.value = sl_reader_peek(&r) == '"' ? read_quoted(&r) : read_token(&r);
	if (r.failed)
		return SL_EMALFORMED;
	*params = r.left;
	*out = got;
	return SL_OK;
}
