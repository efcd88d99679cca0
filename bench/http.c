/* SPDX-License-Identifier: BSD-2-Clause
 * Finds the end of a message. */
#include "http.h"

#include <sl/text.h>
#include <string.h>
#include <strings.h>

#define LENGTH "\ncontent-length:"

/* The value of Content-Length; 0 without one. */
static bool
read_length(const char *head, size_t len, size_t *out)
{
	const char *end = head + len, *at = head, *stop;
	uint64_t value;

	*out = 0;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL &&
	        (size_t)(end - at) > sizeof LENGTH && strncasecmp(at, LENGTH, sizeof LENGTH - 1))
		at++;
	if (at == NULL || (size_t)(end - at) <= sizeof LENGTH)
		return true;
	at += sizeof LENGTH - 1;
	while (*at == ' ')
		at++;
	stop = memchr(at, '\r', (size_t)(end - at));
	if (stop == NULL ||
	        sl_parse_uint(&value, sl_span(at, (size_t)(stop - at)), HTTP_BYTES) != SL_OK)
		return false;
	*out = value;
	return true;
}

bool
http_whole(const struct http_buffer *b, struct http_message *m, bool *is_bad)
{
	const char *end = memmem(b->bytes, b->len, "\r\n\r\n", 4);

	*is_bad = b->len == HTTP_BYTES;
	if (end == NULL)
		return false;
	m->head_len = (size_t)(end - b->bytes) + 4;
	if (!read_length(b->bytes, m->head_len, &m->body_len) ||
	        m->head_len + m->body_len > HTTP_BYTES) {
		*is_bad = true;
		return false;
	}
	*is_bad = *is_bad && b->len < m->head_len + m->body_len;
	return b->len >= m->head_len + m->body_len;
}

void
http_take(struct http_buffer *b, const struct http_message *m)
{
	size_t used = m->head_len + m->body_len;

	memmove(b->bytes, b->bytes + used, b->len - used);
	b->len -= used;
}
