/* SPDX-License-Identifier: BSD-2-Clause
 * One strict reader for http and https URLs (RFC 3986 section 4.3, RFC 9110 section 4.2). What
 * two parsers could read differently is refused, not mended. */
#include "url.h"

#include "field.h"

#include <sl/text.h>

#include <string.h>

#define SEGMENT_MAX SL_MAP_PATH_MAX

bool
sl_map_is_pchar(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != 0 && strchr("-._~!$&'()*+,;=:@", c) != NULL);
}

int
sl_map_percent(struct sl_span two)
{
	uint8_t value;
	size_t len;

	if (two.len != 2 || sl_hex_decode(&value, 1, &len, two) != SL_OK)
		return -1;
	return value;
}

bool
sl_map_is_unsafe_segment(struct sl_span decoded)
{
	return decoded.len == 0 || sl_span_equal_text(decoded, ".") ||
	       sl_span_equal_text(decoded, "..") || memchr(decoded.ptr, '/', decoded.len) != NULL ||
	       memchr(decoded.ptr, '\0', decoded.len) != NULL;
}

/* Percent-decodes text into w; only pchar, percent-encodings and the characters of also may
 * occur. */
static bool
decode(struct sl_writer *w, struct sl_span text, const char *also)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		int value = c;

		if (c == '%') {
			size_t left = text.len - i - 1;

			value = sl_map_percent(sl_span(text.ptr + i + 1, left < 2 ? left : 2));
			i += 2;
		} else if (!sl_map_is_pchar(c) && (c == 0 || strchr(also, c) == NULL)) {
			value = -1;
		}
		if (value < 0)
			return false;
		sl_write_u8(w, (uint8_t)value);
	}
	return true;
}

static bool
is_safe_path(struct sl_span path)
{
	uint8_t segment[SEGMENT_MAX];
	size_t at = 1;

	if (path.len == 0 || (path.len == 1 && path.ptr[0] == '/'))
		return true;
	if (path.ptr[0] != '/')
		return false;
	while (at <= path.len) {
		const uint8_t *begin = path.ptr + at;
		const uint8_t *end = memchr(begin, '/', path.len - at);
		size_t len = end == NULL ? path.len - at : (size_t)(end - begin);
		struct sl_writer w = sl_writer_over(segment, sizeof segment);

		if (!decode(&w, sl_span(begin, len), "") || w.failed ||
		        sl_map_is_unsafe_segment(sl_writer_span(&w)))
			return false;
		at += len + 1;
	}
	return true;
}

uint8_t
sl_map_read_path(struct sl_map_target *t, struct sl_span path, struct sl_span query)
{
	struct sl_writer w = sl_writer_over(t->path_query, sizeof t->path_query);
	struct sl_writer ignored = sl_writer_counting();

	if (!is_safe_path(path) || !decode(&ignored, query, "/?"))
		return SL_COAP_BAD_REQUEST;
	if (path.len == 0)
		sl_write_u8(&w, '/');
	sl_write_span(&w, path);
	if (query.ptr != NULL)
		sl_write_u8(&w, '?');
	sl_write_span(&w, query);
	sl_write_u8(&w, 0);
	return w.failed ? SL_COAP_BAD_REQUEST : 0;
}

uint8_t
sl_map_read_scheme(struct sl_map_target *t, struct sl_span scheme)
{
	t->is_https = sl_map_equal_nocase(scheme, sl_span_text("https"));
	t->port = t->is_https ? 443 : 80;
	if (!t->is_https && !sl_map_equal_nocase(scheme, sl_span_text("http")))
		return SL_COAP_PROXYING_NOT_SUPPORTED;
	return 0;
}

/* RFC 3986 section 3.1. */
static bool
is_scheme(struct sl_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool is_other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';

		if (!is_letter && !(i > 0 && is_other))
			return false;
	}
	return text.len > 0;
}

static uint8_t
read_port(struct sl_map_target *t, struct sl_span text)
{
	uint64_t port;

	if (text.len == 0 || text.ptr[0] == '0' || sl_parse_uint(&port, text, UINT16_MAX) != SL_OK)
		return SL_COAP_BAD_REQUEST;
	t->port = (uint16_t)port;
	return 0;
}

/* host [ ":" port ] */
static uint8_t
read_authority(struct sl_map_target *t, struct sl_span text)
{
	const uint8_t *bracket, *colon;
	size_t host_len = text.len;
	uint8_t code;

	if (text.len == 0)
		return SL_COAP_BAD_REQUEST;
	if (memchr(text.ptr, '@', text.len) != NULL)
		return SL_COAP_PROXYING_NOT_SUPPORTED;
	bracket = memchr(text.ptr, ']', text.len);
	if (text.ptr[0] == '[' && bracket != NULL)
		host_len = (size_t)(bracket - text.ptr) + 1;
	else if ((colon = memchr(text.ptr, ':', text.len)) != NULL)
		host_len = (size_t)(colon - text.ptr);
	code = sl_map_read_host(t, sl_span(text.ptr, host_len));
	if (code != 0 || host_len == text.len)
		return code;
	if (text.ptr[host_len] != ':')
		return SL_COAP_BAD_REQUEST;
	return read_port(t, sl_span(text.ptr + host_len + 1, text.len - host_len - 1));
}

/* No control, no space, no 8-bit byte, no fragment: absolute-URI (RFC 3986 section 4.3). */
static bool
is_uri_text(struct sl_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f || text.ptr[i] == '#')
			return false;
	return text.len > 0;
}

/* What stands before the first of the characters, and what stands from it on. */
static struct sl_span
head_until(struct sl_span *text, const char *stops)
{
	struct sl_span head = sl_span(text->ptr, 0);

	while (head.len < text->len && strchr(stops, text->ptr[head.len]) == NULL)
		head.len++;
	*text = sl_span(text->ptr + head.len, text->len - head.len);
	return head;
}

uint8_t
sl_map_url(struct sl_span text, struct sl_map_target *out)
{
	struct sl_map_target got = {.form = SL_MAP_TARGET_PROXY_URI};
	struct sl_span scheme, path, query = {0};
	uint8_t code;

	if (!is_uri_text(text))
		return SL_COAP_BAD_REQUEST;
	scheme = head_until(&text, ":/?");
	if (!is_scheme(scheme) || text.len == 0 || text.ptr[0] != ':')
		return SL_COAP_BAD_REQUEST;
	code = sl_map_read_scheme(&got, scheme);
	if (code != 0)
		return code;
	if (text.len < 3 || memcmp(text.ptr, "://", 3) != 0)
		return SL_COAP_BAD_REQUEST;
	text = sl_span(text.ptr + 3, text.len - 3);
	code = read_authority(&got, head_until(&text, "/?"));
	if (code != 0)
		return code;
	path = head_until(&text, "?");
	if (text.len > 0)
		query = sl_span(text.ptr + 1, text.len - 1);
	code = sl_map_read_path(&got, path, query);
	if (code == 0)
		*out = got;
	return code;
}
