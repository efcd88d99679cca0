/* SPDX-License-Identifier: BSD-2-Clause */
#include <sl/buf.h>
#include <sl/wipe.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

void
sl_buf_init(struct sl_buf *b, size_t max)
{
	*b = (struct sl_buf){.max = max};
}

void
sl_buf_clear(struct sl_buf *b)
{
	if (b->bytes != NULL)
		sl_wipe(b->bytes, b->cap);
	free(b->bytes);
	sl_buf_init(b, b->max);
}

/* Room for len more bytes. The old bytes are wiped: realloc would leave a copy behind. */
static enum sl_err
make_room(struct sl_buf *b, size_t len)
{
	size_t cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap;
	uint8_t *bigger;

	if (len > b->max - b->len)
		return SL_ELIMIT;
	if (b->cap - b->len >= len)
		return SL_OK;
	while (cap - b->len < len)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	bigger = malloc(cap);
	if (bigger == NULL)
		return SL_ENOMEM;
	if (b->bytes != NULL) {
		memcpy(bigger, b->bytes, b->len);
		sl_wipe(b->bytes, b->cap);
		free(b->bytes);
	}
	b->bytes = bigger;
	b->cap = cap;
	return SL_OK;
}

enum sl_err
sl_buf_add(struct sl_buf *b, struct sl_span bytes)
{
	enum sl_err err = make_room(b, bytes.len);

	if (err != SL_OK)
		return err;
	if (bytes.len > 0)
		memcpy(b->bytes + b->len, bytes.ptr, bytes.len);
	b->len += bytes.len;
	return SL_OK;
}

enum sl_err
sl_buf_add_text(struct sl_buf *b, const char *text)
{
	return sl_buf_add(b, sl_span_text(text));
}

enum sl_err
sl_buf_addf(struct sl_buf *b, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text)
		return SL_ELIMIT;
	return sl_buf_add(b, sl_span(text, (size_t)n));
}

struct sl_span
sl_buf_view(const struct sl_buf *b)
{
	return sl_span(b->bytes, b->len);
}

size_t
sl_buf_capacity(size_t len)
{
	size_t step = 1;

	while (len / 8 >= step)
		step *= 2;
	return (len + step - 1) / step * step;
}
