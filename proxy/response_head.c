/* SPDX-License-Identifier: BSD-2-Clause
 * One row per field that matters; all others are checked for form and forgotten. */
#include "response_head.h"

#include <string.h>
#include <strings.h>

#include <sl/reader.h>
#include <sl/text.h>

void
response_head_init(struct response_head *h)
{
	memset(h, 0, offsetof(struct response_head, oscore));
}

static struct sl_span
trim(struct sl_span s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = sl_span(s.ptr + 1, s.len - 1);
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static bool
equal_nocase(struct sl_span a, const char *b)
{
	return a.len == strlen(b) && strncasecmp((const char *)a.ptr, b, a.len) == 0;
}

/* A value that is too long for its place is cut; no valid value is that long. */
static void
copy(char *out, size_t cap, size_t *len, struct sl_span value)
{
	*len = value.len < cap ? value.len : cap;
	if (*len > 0)
		memcpy(out, value.ptr, *len);
}

static bool
read_oscore(struct response_head *h, struct sl_span value)
{
	if (h->oscore_count++ == 0)
		copy(h->oscore, sizeof h->oscore, &h->oscore_len, value);
	return true;
}

static bool
read_content_type(struct response_head *h, struct sl_span value)
{
	if (h->content_type_count++ == 0)
		copy(h->content_type, sizeof h->content_type, &h->content_type_len, value);
	return true;
}

static bool
read_location(struct response_head *h, struct sl_span value)
{
	copy(h->location, sizeof h->location, &h->location_len, value);
	return true;
}

static bool
read_content_encoding(struct response_head *h, struct sl_span value)
{
	h->has_content_encoding = h->has_content_encoding || !equal_nocase(value, "identity");
	return true;
}

/* RFC 9112 section 6.3: two lengths, or a length beside chunks, are an attack or a fault. */
static bool
read_content_length(struct response_head *h, struct sl_span value)
{
	return ++h->content_length_count == 1 && h->transfer_encoding_count == 0 &&
	       sl_parse_uint(&h->content_length, value, UINT64_MAX) == SL_OK;
}

static bool
read_transfer_encoding(struct response_head *h, struct sl_span value)
{
	return ++h->transfer_encoding_count == 1 && h->content_length_count == 0 &&
	       equal_nocase(value, "chunked");
}

/* Seconds only: a date would need a clock that both sides agree on. */
static bool
read_retry_after(struct response_head *h, struct sl_span value)
{
	uint64_t seconds;

	if (sl_parse_uint(&seconds, value, UINT32_MAX) == SL_OK) {
		h->has_retry_after = true;
		h->retry_after_s = (uint32_t)seconds;
	}
	return true;
}

static bool
read_age(struct response_head *h, struct sl_span value)
{
	uint64_t seconds;

	if (sl_parse_uint(&seconds, value, UINT32_MAX) == SL_OK)
		h->age_s = (uint32_t)seconds;
	return true;
}

/* The next element of a list, without the spaces around it; *list is what follows. */
static struct sl_span
next_element(struct sl_span *list)
{
	const uint8_t *comma = memchr(list->ptr, ',', list->len);
	size_t len = comma == NULL ? list->len : (size_t)(comma - list->ptr);
	size_t step = comma == NULL ? len : len + 1;
	struct sl_span element = trim(sl_span(list->ptr, len));

	*list = sl_span(list->ptr + step, list->len - step);
	return element;
}

static bool
read_connection(struct response_head *h, struct sl_span value)
{
	while (value.len > 0)
		if (equal_nocase(next_element(&value), "close"))
			h->has_close = true;
	return true;
}

static void
read_directive(struct response_head *h, struct sl_span directive)
{
	static const char max_age[] = "max-age=";
	size_t len = sizeof max_age - 1;
	uint64_t seconds;

	if (equal_nocase(directive, "no-store") || equal_nocase(directive, "no-cache") ||
	        equal_nocase(directive, "private"))
		h->is_uncacheable = true;
	if (directive.len > len && strncasecmp((const char *)directive.ptr, max_age, len) == 0 &&
	        sl_parse_uint(&seconds, sl_span(directive.ptr + len, directive.len - len),
	                UINT32_MAX) == SL_OK) {
		h->has_max_age = true;
		h->max_age_s = (uint32_t)seconds;
	}
}

static bool
read_cache_control(struct response_head *h, struct sl_span value)
{
	while (value.len > 0)
		read_directive(h, next_element(&value));
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct response_head *h, struct sl_span value);
} fields[] = {
        {"OSCORE", read_oscore},                       /* RFC 8613 section 11.1 */
        {"Content-Type", read_content_type},           /* RFC 9110 section 8.3 */
        {"Content-Encoding", read_content_encoding},   /* RFC 9110 section 8.4 */
        {"Content-Length", read_content_length},       /* RFC 9110 section 8.6 */
        {"Transfer-Encoding", read_transfer_encoding}, /* RFC 9112 section 6.1 */
        {"Connection", read_connection},               /* RFC 9110 section 7.6.1 */
        {"Retry-After", read_retry_after},             /* RFC 9110 section 10.2.3 */
        {"Cache-Control", read_cache_control},         /* RFC 9111 section 5.2 */
        {"Age", read_age},                             /* RFC 9111 section 5.1 */
        {"Location", read_location},                   /* RFC 9110 section 10.2.2 */
};

static bool
is_token(struct sl_span s)
{
	static const char extra[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		bool is_alnum =
		        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!is_alnum && (c == '\0' || strchr(extra, c) == NULL))
			return false;
	}
	return s.len > 0;
}

static bool
is_field_value(struct sl_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
			return false;
	return true;
}

/* RFC 9112 section 5: no space before the colon, no folded lines. */
static bool
read_field(struct response_head *h, struct sl_span line)
{
	const uint8_t *colon = memchr(line.ptr, ':', line.len);
	struct sl_span name, value;

	if (colon == NULL)
		return false;
	name = sl_span(line.ptr, (size_t)(colon - line.ptr));
	value = trim(sl_span(colon + 1, line.len - name.len - 1));
	if (!is_token(name) || !is_field_value(value))
		return false;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (equal_nocase(name, fields[i].name))
			return fields[i].read(h, value);
	return true;
}

/* "HTTP/1.1 200 OK"; a new head may follow an interim one only, and we ask for no other protocol. */
static bool
read_status(struct response_head *h, struct sl_span line)
{
	size_t bytes = h->bytes;
	unsigned lines = h->lines, interim = h->interim;
	uint64_t status;

	if (h->status >= 200 || line.len < 12 || memcmp(line.ptr, "HTTP/1.", 7) != 0 ||
	        line.ptr[7] < '0' || line.ptr[7] > '1' || line.ptr[8] != ' ' ||
	        sl_parse_uint(&status, sl_span(line.ptr + 9, 3), 599) != SL_OK || status < 100 ||
	        status == 101 || (line.len > 12 && line.ptr[12] != ' ') ||
	        !is_field_value(sl_span(line.ptr + 12, line.len - 12)))
		return false;
	response_head_init(h);
	h->bytes = bytes;
	h->lines = lines;
	h->interim = interim + (status < 200);
	h->status = (int)status;
	h->is_http10 = line.ptr[7] == '0';
	return h->interim <= RESPONSE_HEAD_INTERIM_MAX;
}

bool
response_head_line(struct response_head *h, struct sl_span line)
{
	h->bytes += line.len;
	h->lines++;
	if (h->bytes > RESPONSE_HEAD_BYTES_MAX || h->lines > RESPONSE_HEAD_LINES_MAX)
		return false;
	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (h->is_done && h->status >= 200)
		return true;
	if (h->status == 0 || h->is_done)
		return read_status(h, line);
	if (line.len == 0) {
		h->is_done = true;
		return true;
	}
	return read_field(h, line);
}

bool
response_head_has_tail(const struct response_head *h)
{
	return (h->status == 204 || h->status == 304) &&
	       (h->transfer_encoding_count > 0 ||
	               (h->content_length_count > 0 && h->content_length > 0));
}

void
response_head_result(const struct response_head *h, struct sl_map_http_result *out)
{
	out->status = h->status;
	out->oscore_header_count = h->oscore_count;
	out->oscore_header = sl_span(h->oscore, h->oscore_len);
	out->content_type = sl_span(h->content_type, h->content_type_len);
	out->content_type_count = h->content_type_count;
	out->has_content_encoding = h->has_content_encoding;
	out->has_retry_after = h->has_retry_after;
	out->retry_after_s = h->retry_after_s;
	out->has_max_age = h->has_max_age || h->is_uncacheable;
	out->max_age_s = 0;
	if (!h->is_uncacheable && h->max_age_s > h->age_s)
		out->max_age_s = h->max_age_s - h->age_s;
	out->location = sl_span(h->location, h->location_len);
}
