/* SPDX-License-Identifier: BSD-2-Clause
 * Each part of the message is a function that takes what it can of the bytes at hand. */
#include "response.h"

#include <string.h>

struct input {
	struct sl_span rest;
};

void
response_init(struct response *r, size_t body_max)
{
	response_head_init(&r->head);
	sl_buf_init(&r->line, RESPONSE_HEAD_BYTES_MAX);
	sl_buf_init(&r->bytes, body_max);
	r->body = sl_span(NULL, 0);
	r->part = RESPONSE_IN_HEAD;
	r->left = 0;
	r->extra = 0;
}

void
response_reset(struct response *r)
{
	size_t body_max = r->bytes.max;

	sl_buf_clear(&r->line);
	sl_buf_clear(&r->bytes);
	response_init(r, body_max);
}

static struct sl_span
take(struct input *in, size_t len)
{
	struct sl_span taken = sl_span(in->rest.ptr, len);

	in->rest = sl_span(in->rest.ptr + len, in->rest.len - len);
	return taken;
}

static enum response_verdict
verdict_of(enum sl_err err, enum response_verdict at_limit)
{
	if (err == SL_OK)
		return RESPONSE_MORE;
	return err == SL_ELIMIT ? at_limit : RESPONSE_NO_MEMORY;
}

/* A line with its line feed, out of the bytes at hand where it lies there whole. *line is empty when its
 * end has not come. */
static enum response_verdict
take_line(struct response *r, struct input *in, struct sl_span *line)
{
	const uint8_t *end = memchr(in->rest.ptr, '\n', in->rest.len);
	size_t len = end == NULL ? in->rest.len : (size_t)(end - in->rest.ptr) + 1;
	struct sl_span part = take(in, len);
	enum response_verdict verdict;

	*line = sl_span(NULL, 0);
	if (end != NULL && r->line.len == 0) {
		*line = part;
		return RESPONSE_MORE;
	}
	verdict = verdict_of(sl_buf_add(&r->line, part), RESPONSE_BAD);
	if (verdict == RESPONSE_MORE && end != NULL)
		*line = sl_buf_view(&r->line);
	return verdict;
}

/* --- the head ------------------------------------------------------------------------------------------- */

/* RFC 9112 section 6.3. */
static enum response_verdict
begin_body(struct response *r)
{
	const struct response_head *h = &r->head;

	if (h->status == 204 || h->status == 304)
		return RESPONSE_WHOLE;
	if (h->transfer_encoding_count > 0) {
		r->part = RESPONSE_IN_CHUNK_SIZE;
		return h->is_http10 ? RESPONSE_BAD : RESPONSE_MORE; /* section 6.1 */
	}
	r->part = h->content_length_count > 0 ? RESPONSE_IN_BODY : RESPONSE_TO_THE_END;
	r->left = h->content_length;
	if (r->part == RESPONSE_IN_BODY && r->left > r->bytes.max)
		return RESPONSE_TOO_LARGE;
	return r->part == RESPONSE_IN_BODY && r->left == 0 ? RESPONSE_WHOLE : RESPONSE_MORE;
}

static enum response_verdict
take_head(struct response *r, struct input *in)
{
	struct sl_span line;
	enum response_verdict verdict = take_line(r, in, &line);
	bool is_good;

	if (verdict != RESPONSE_MORE || line.len == 0)
		return verdict;
	is_good = response_head_line(&r->head, line);
	sl_buf_clear(&r->line);
	if (!is_good)
		return RESPONSE_BAD;
	return r->head.is_done && r->head.status >= 200 ? begin_body(r) : RESPONSE_MORE;
}

/* --- the body ------------------------------------------------------------------------------------------- */

static enum response_verdict
take_body(struct response *r, struct input *in)
{
	size_t len = r->left < in->rest.len ? (size_t)r->left : in->rest.len;
	struct sl_span part = take(in, len);
	enum response_verdict verdict;

	r->left -= len;
	if (r->left == 0 && r->bytes.len == 0) {
		r->body = part;
		return RESPONSE_WHOLE;
	}
	verdict = verdict_of(sl_buf_add(&r->bytes, part), RESPONSE_TOO_LARGE);
	return verdict == RESPONSE_MORE && r->left == 0 ? RESPONSE_WHOLE : verdict;
}

static enum response_verdict
take_to_the_end(struct response *r, struct input *in)
{
	return verdict_of(sl_buf_add(&r->bytes, take(in, in->rest.len)), RESPONSE_TOO_LARGE);
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What may stand behind the size (RFC 9112 section 7.1.1): nothing, or what begins with a semicolon. */
static bool
is_extension(struct sl_span s)
{
	size_t i = 0;

	while (i < s.len && (s.ptr[i] == ' ' || s.ptr[i] == '\t'))
		i++;
	if (s.len > 0 && (i == s.len || s.ptr[i] != ';'))
		return false;
	for (; i < s.len; i++)
		if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
			return false;
	return true;
}

/* "1a;name=value" CRLF: no sign, no space in front, no bare line feed. */
static bool
read_chunk_size(struct response *r, struct sl_span line)
{
	size_t digits = 0;

	r->left = 0;
	if (line.len > RESPONSE_CHUNK_LINE_MAX || line.len < 3 || line.ptr[line.len - 2] != '\r')
		return false;
	line.len -= 2;
	while (digits < line.len && digits < 16 && hex_digit(line.ptr[digits]) >= 0)
		r->left = r->left << 4 | (uint64_t)hex_digit(line.ptr[digits++]);
	r->extra += line.len - digits;
	return digits > 0 && r->extra <= RESPONSE_CHUNK_EXTRA &&
	       is_extension(sl_span(line.ptr + digits, line.len - digits));
}

static enum response_verdict
take_chunk_size(struct response *r, struct input *in)
{
	struct sl_span line;
	enum response_verdict verdict = take_line(r, in, &line);
	bool is_good;

	if (verdict == RESPONSE_MORE && r->line.len > RESPONSE_CHUNK_LINE_MAX)
		return RESPONSE_BAD;
	if (verdict != RESPONSE_MORE || line.len == 0)
		return verdict;
	is_good = read_chunk_size(r, line);
	sl_buf_clear(&r->line);
	if (!is_good)
		return RESPONSE_BAD;
	if (r->left > r->bytes.max - r->bytes.len)
		return RESPONSE_TOO_LARGE;
	r->part = r->left == 0 ? RESPONSE_IN_TRAILER : RESPONSE_IN_CHUNK;
	return RESPONSE_MORE;
}

static enum response_verdict
take_chunk(struct response *r, struct input *in)
{
	size_t len = r->left < in->rest.len ? (size_t)r->left : in->rest.len;

	r->left -= len;
	if (r->left == 0)
		r->part = RESPONSE_BEHIND_CHUNK;
	return verdict_of(sl_buf_add(&r->bytes, take(in, len)), RESPONSE_TOO_LARGE);
}

static enum response_verdict
take_chunk_end(struct response *r, struct input *in)
{
	struct sl_span line;
	enum response_verdict verdict = take_line(r, in, &line);
	bool is_good = line.len == 2 && line.ptr[0] == '\r';

	if (verdict != RESPONSE_MORE || (line.len == 0 && r->line.len < 2))
		return verdict;
	sl_buf_clear(&r->line);
	r->part = RESPONSE_IN_CHUNK_SIZE;
	return is_good ? RESPONSE_MORE : RESPONSE_BAD;
}

/* Trailers count for the limits of the head, and for nothing else. */
static enum response_verdict
take_trailer(struct response *r, struct input *in)
{
	struct sl_span line;
	enum response_verdict verdict = take_line(r, in, &line);
	bool is_last, is_good;

	if (verdict != RESPONSE_MORE || line.len == 0)
		return verdict;
	is_last = line.len == 2 && line.ptr[0] == '\r';
	is_good = line.len >= 2 && line.ptr[line.len - 2] == '\r' &&
	          response_head_line(&r->head, line);
	sl_buf_clear(&r->line);
	if (!is_good)
		return RESPONSE_BAD;
	return is_last ? RESPONSE_WHOLE : RESPONSE_MORE;
}

/* --- all of it ------------------------------------------------------------------------------------------- */

static enum response_verdict (*const parts[])(struct response *r, struct input *in) = {
        [RESPONSE_IN_HEAD] = take_head,
        [RESPONSE_IN_BODY] = take_body,
        [RESPONSE_IN_CHUNK_SIZE] = take_chunk_size,
        [RESPONSE_IN_CHUNK] = take_chunk,
        [RESPONSE_BEHIND_CHUNK] = take_chunk_end,
        [RESPONSE_IN_TRAILER] = take_trailer,
        [RESPONSE_TO_THE_END] = take_to_the_end,
};

enum response_verdict
response_take(struct response *r, struct sl_span bytes, size_t *taken)
{
	struct input in = {bytes};
	enum response_verdict verdict = RESPONSE_MORE;

	while (verdict == RESPONSE_MORE && in.rest.len > 0)
		verdict = parts[r->part](r, &in);
	*taken = bytes.len - in.rest.len;
	if (verdict == RESPONSE_WHOLE && r->bytes.len > 0)
		r->body = sl_buf_view(&r->bytes);
	return verdict;
}

enum response_verdict
response_end(struct response *r)
{
	if (r->head.bytes == 0 && r->line.len == 0)
		return RESPONSE_NOTHING;
	if (r->part != RESPONSE_TO_THE_END)
		return RESPONSE_BAD;
	r->body = sl_buf_view(&r->bytes);
	return RESPONSE_WHOLE;
}

bool
response_may_keep(const struct response *r)
{
	return r->part != RESPONSE_TO_THE_END && !r->head.is_http10 && !r->head.has_close &&
	       !response_head_has_tail(&r->head);
}
