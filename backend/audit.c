/* SPDX-License-Identifier: BSD-2-Clause
 * Lines and hashes of the audit chain. */
#include "audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sl/hash.h>
#include <sl/text.h>
#include <sl/writer.h>

#define HASHED_MAX 2048 /* prev, number and line */

enum sl_err
audit_hash(uint8_t out[static AUDIT_HASH_LEN], const uint8_t prev[static AUDIT_HASH_LEN],
        uint64_t seq, struct sl_span line)
{
	uint8_t bytes[HASHED_MAX];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	sl_write_span(&w, sl_span(prev, AUDIT_HASH_LEN));
	sl_write_u64(&w, seq);
	sl_write_span(&w, line);
	if (sl_writer_finish(&w))
		return SL_ESPACE;
	return sl_sha256(sl_writer_span(&w), out);
}

static void
put(struct audit_line *line, const char *text, size_t len)
{
	if (line->len < line->cap && len < line->cap - line->len)
		memcpy(line->out + line->len, text, len);
	line->len += len;
}

size_t
audit_json_text(char *out, size_t cap, const char *value)
{
	struct audit_line text = {.out = out, .cap = cap};

	put(&text, "\"", 1);
	for (const char *p = value; *p; p++) {
		char escaped[8];
		int len = 1;

		escaped[0] = *p;
		if (*p == '"' || *p == '\\')
			len = snprintf(escaped, sizeof escaped, "\\%c", *p);
		else if ((unsigned char)*p < 0x20 || *p == 0x7f)
			len = snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)*p);
		put(&text, escaped, (size_t)len);
	}
	put(&text, "\"", 1);
	if (text.len < cap)
		out[text.len] = '\0';
	return text.len;
}

static void
put_value(struct audit_line *line, const char *value)
{
	size_t left = line->len < line->cap ? line->cap - line->len : 0;

	line->len += audit_json_text(left ? line->out + line->len : NULL, left, value);
}

static void
put_key(struct audit_line *line, const char *key)
{
	put(line, line->len == 0 ? "{" : ",", 1);
	put_value(line, key);
	put(line, ":", 1);
}

struct audit_line
audit_line_over(char *out, size_t cap, const char *event, int64_t time)
{
	struct audit_line line = {.out = out, .cap = cap};

	audit_line_text(&line, "event", event);
	audit_line_number(&line, "time", time);
	return line;
}

void
audit_line_text(struct audit_line *line, const char *key, const char *value)
{
	put_key(line, key);
	put_value(line, value);
}

void
audit_line_hex(struct audit_line *line, const char *key, struct sl_span bytes)
{
	char text[2 * AUDIT_HASH_LEN + 1];

	if (sl_hex_encode(text, sizeof text, bytes))
		line->len = line->cap; /* longer than any hash: the line cannot be finished */
	else
		audit_line_text(line, key, text);
}

void
audit_line_number(struct audit_line *line, const char *key, int64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%" PRId64, value);

	put_key(line, key);
	put(line, text, (size_t)len);
}

enum sl_err
audit_line_finish(struct audit_line *line)
{
	put(line, "}", 1);
	if (line->len >= line->cap)
		return SL_ESPACE;
	line->out[line->len] = '\0';
	return SL_OK;
}
