/* SPDX-License-Identifier: BSD-2-Clause
 * Spans and the sticky reader and writer. Every length check of the decoders lives here. */
#include <sl/reader.h>
#include <sl/writer.h>

#include <string.h>

struct sl_span
sl_span_text(const char *text)
{
	return sl_span(text, text == NULL ? 0 : strlen(text));
}

bool
sl_span_equal(struct sl_span a, struct sl_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
sl_span_equal_text(struct sl_span a, const char *text)
{
	return sl_span_equal(a, sl_span_text(text));
}

struct sl_reader
sl_reader_over(struct sl_span bytes)
{
	struct sl_reader r = {bytes, false};
	return r;
}

struct sl_span
sl_read_span(struct sl_reader *r, size_t len)
{
	struct sl_span taken = {r->left.ptr, len};

	if (r->failed || len > r->left.len) {
		sl_reader_fail(r);
		return sl_span(NULL, 0);
	}
	if (len > 0) { /* an empty span may be NULL, and NULL + 0 is undefined */
		r->left.ptr += len;
		r->left.len -= len;
	}
	return taken;
}

struct sl_span
sl_read_rest(struct sl_reader *r)
{
	return sl_read_span(r, r->left.len);
}

uint64_t
sl_read_uint(struct sl_reader *r, size_t len)
{
	uint64_t v = 0;
	struct sl_span bytes;

	if (len > sizeof v) {
		sl_reader_fail(r);
		return 0;
	}
	bytes = sl_read_span(r, len);
	for (size_t i = 0; i < bytes.len; i++)
		v = v << 8 | bytes.ptr[i];
	return v;
}

uint8_t
sl_read_u8(struct sl_reader *r)
{
	return (uint8_t)sl_read_uint(r, 1);
}

uint16_t
sl_read_u16(struct sl_reader *r)
{
	return (uint16_t)sl_read_uint(r, 2);
}

uint32_t
sl_read_u32(struct sl_reader *r)
{
	return (uint32_t)sl_read_uint(r, 4);
}

uint64_t
sl_read_u64(struct sl_reader *r)
{
	return sl_read_uint(r, 8);
}

uint8_t
sl_reader_peek(const struct sl_reader *r)
{
	return r->failed || r->left.len == 0 ? 0 : r->left.ptr[0];
}

void
sl_reader_fail(struct sl_reader *r)
{
	r->failed = true;
	r->left = sl_span(NULL, 0);
}

enum sl_err
sl_reader_finish(const struct sl_reader *r)
{
	return r->failed || r->left.len > 0 ? SL_EMALFORMED : SL_OK;
}

struct sl_writer
sl_writer_over(void *out, size_t cap)
{
	struct sl_writer w = {(uint8_t *)out, cap, 0, false};
	return w;
}

struct sl_writer
sl_writer_counting(void)
{
	struct sl_writer w = {NULL, SIZE_MAX, 0, false};
	return w;
}

uint8_t *
sl_write_reserve(struct sl_writer *w, size_t len)
{
	size_t at = w->len;

	w->len = len > SIZE_MAX - at ? SIZE_MAX : at + len;
	if (w->failed || at > w->cap || len > w->cap - at) {
		w->failed = true;
		return NULL;
	}
	return w->out == NULL ? NULL : w->out + at;
}

void
sl_write_span(struct sl_writer *w, struct sl_span bytes)
{
	uint8_t *to = sl_write_reserve(w, bytes.len);

	if (to != NULL && bytes.len > 0)
		memmove(to, bytes.ptr, bytes.len);
}

void
sl_write_text(struct sl_writer *w, const char *text)
{
	sl_write_span(w, sl_span_text(text));
}

static void
write_uint(struct sl_writer *w, uint64_t v, unsigned len)
{
	uint8_t *to = sl_write_reserve(w, len);

	if (to == NULL)
		return;
	for (unsigned i = 0; i < len; i++)
		to[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

void
sl_write_u8(struct sl_writer *w, uint8_t v)
{
	write_uint(w, v, 1);
}

void
sl_write_u16(struct sl_writer *w, uint16_t v)
{
	write_uint(w, v, 2);
}

void
sl_write_u32(struct sl_writer *w, uint32_t v)
{
	write_uint(w, v, 4);
}

void
sl_write_u64(struct sl_writer *w, uint64_t v)
{
	write_uint(w, v, 8);
}

struct sl_span
sl_writer_span(const struct sl_writer *w)
{
	return w->failed || w->out == NULL ? sl_span(NULL, 0) : sl_span(w->out, w->len);
}

enum sl_err
sl_writer_finish(const struct sl_writer *w)
{
	return w->failed ? SL_ESPACE : SL_OK;
}
