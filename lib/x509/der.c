/* SPDX-License-Identifier: BSD-2-Clause
 * DER (X.690): the header of an object is read in one place, read_header. */
#include <sl/der.h>

#include <string.h>

#define DEPTH_MAX        16
#define CONSTRUCTED_BIT  0x20
#define CLASS_BITS       0xc0
#define NUMBER_BITS      0x1f
#define LENGTH_BYTES_MAX 3

/* X.690 sections 8.1.2, 8.1.3, 10.1. */
static uint8_t
read_header(struct sl_reader *r, size_t *content_len)
{
	uint8_t tag = sl_read_u8(r), first = sl_read_u8(r);
	size_t count = first & 0x7f;

	*content_len = first;
	if ((tag & NUMBER_BITS) == NUMBER_BITS)
		sl_reader_fail(r);
	if (first < 0x80)
		return tag;
	if (count == 0 || count > LENGTH_BYTES_MAX) {
		sl_reader_fail(r);
		return tag;
	}
	*content_len = (size_t)sl_read_uint(r, count);
	if (*content_len < 0x80 || *content_len >> (8 * (count - 1)) == 0)
		sl_reader_fail(r); /* a shorter length exists */
	return tag;
}

struct sl_span
sl_der_take_any(struct sl_reader *r)
{
	struct sl_reader ahead = *r;
	size_t content_len = 0;

	(void)read_header(&ahead, &content_len);
	(void)sl_read_span(&ahead, content_len);
	if (ahead.failed || r->failed) {
		sl_reader_fail(r);
		return sl_span(NULL, 0);
	}
	return sl_read_span(r, r->left.len - ahead.left.len);
}

struct sl_span
sl_der_take(struct sl_reader *r, uint8_t tag)
{
	if (sl_reader_peek(r) != tag)
		sl_reader_fail(r);
	return sl_der_take_any(r);
}

struct sl_span
sl_der_read(struct sl_reader *r, uint8_t tag)
{
	size_t content_len = 0;

	if (sl_reader_peek(r) != tag)
		sl_reader_fail(r);
	(void)read_header(r, &content_len);
	return sl_read_span(r, content_len);
}

struct sl_reader
sl_der_enter(struct sl_reader *r, uint8_t tag)
{
	struct sl_reader inside = sl_reader_over(sl_der_read(r, tag));

	if (r->failed)
		sl_reader_fail(&inside);
	return inside;
}

struct sl_span
sl_der_read_bits(struct sl_reader *r)
{
	struct sl_reader inside = sl_der_enter(r, SL_DER_BIT_STRING);

	if (sl_read_u8(&inside) != 0 || inside.failed)
		sl_reader_fail(r);
	return r->failed ? sl_span(NULL, 0) : sl_read_rest(&inside);
}

/* X.690 section 8.3.2. */
static bool
is_integer(struct sl_span c)
{
	if (c.len < 2)
		return c.len == 1;
	return !(c.ptr[0] == 0x00 && c.ptr[1] < 0x80) && !(c.ptr[0] == 0xff && c.ptr[1] >= 0x80);
}

/* X.690 section 8.19.2: no subidentifier begins with 0x80, the last one ends. */
static bool
is_oid(struct sl_span c)
{
	bool begins = true;

	for (size_t i = 0; i < c.len; i++) {
		if (begins && c.ptr[i] == 0x80)
			return false;
		begins = c.ptr[i] < 0x80;
	}
	return c.len > 0 && begins;
}

/* X.690 sections 8.6.2, 11.2.1. */
static bool
is_bit_string(struct sl_span c)
{
	if (c.len < 2)
		return c.len == 1 && c.ptr[0] == 0;
	return c.ptr[0] <= 7 && (c.ptr[c.len - 1] & ((1u << c.ptr[0]) - 1)) == 0;
}

static bool
is_good_primitive(uint8_t tag, struct sl_span c)
{
	switch (tag) {
	case SL_DER_BOOLEAN:
		return c.len == 1 && (c.ptr[0] == 0x00 || c.ptr[0] == 0xff);
	case SL_DER_INTEGER:
	case SL_DER_ENUMERATED:
		return is_integer(c);
	case SL_DER_BIT_STRING:
		return is_bit_string(c);
	case SL_DER_NULL:
		return c.len == 0;
	case SL_DER_OID:
		return is_oid(c);
	default: /* of the universal class, only SEQUENCE and SET are constructed */
		return tag != 0x00 && tag != (SL_DER_SEQUENCE & ~CONSTRUCTED_BIT) &&
		       tag != (SL_DER_SET & ~CONSTRUCTED_BIT);
	}
}

static bool
are_strict(struct sl_span objects, unsigned depth)
{
	struct sl_reader in = sl_reader_over(objects);

	if (depth > DEPTH_MAX)
		return false;
	while (in.left.len > 0) {
		size_t content_len = 0;
		uint8_t tag = read_header(&in, &content_len);
		struct sl_span content = sl_read_span(&in, content_len);
		bool is_universal = (tag & CLASS_BITS) == 0;

		if (in.failed)
			return false;
		if (tag & CONSTRUCTED_BIT) {
			if ((is_universal && tag != SL_DER_SEQUENCE && tag != SL_DER_SET) ||
			        !are_strict(content, depth + 1))
				return false;
		} else if (is_universal && !is_good_primitive(tag, content)) {
			return false;
		}
	}
	return !in.failed;
}

bool
sl_der_is_strict(struct sl_span der)
{
	struct sl_reader in = sl_reader_over(der);

	(void)sl_der_take_any(&in);
	return sl_reader_finish(&in) == SL_OK && are_strict(der, 0);
}

size_t
sl_der_open(struct sl_writer *w, uint8_t tag)
{
	sl_write_u8(w, tag);
	return w->len;
}

void
sl_der_close(struct sl_writer *w, size_t opened)
{
	size_t content_len = w->len - opened, header_len = 1;
	uint8_t header[1 + sizeof content_len];

	header[0] = (uint8_t)content_len;
	if (content_len >= 0x80) {
		size_t count = 1;

		while (count < sizeof content_len && content_len >> (8 * count) != 0)
			count++;
		header[0] = (uint8_t)(0x80 | count);
		header_len = 1 + count;
		for (size_t i = 0; i < count; i++)
			header[1 + i] = (uint8_t)(content_len >> (8 * (count - 1 - i)));
	}
	(void)sl_write_reserve(w, header_len);
	if (w->failed || w->out == NULL)
		return;
	memmove(w->out + opened + header_len, w->out + opened, content_len);
	memcpy(w->out + opened, header, header_len);
}

void
sl_der_write(struct sl_writer *w, uint8_t tag, struct sl_span content)
{
	size_t opened = sl_der_open(w, tag);

	sl_write_span(w, content);
	sl_der_close(w, opened);
}

void
sl_der_write_integer(struct sl_writer *w, struct sl_span magnitude)
{
	size_t opened = sl_der_open(w, SL_DER_INTEGER);

	while (magnitude.len > 1 && magnitude.ptr[0] == 0)
		magnitude = sl_span(magnitude.ptr + 1, magnitude.len - 1);
	if (magnitude.len == 0 || magnitude.ptr[0] >= 0x80)
		sl_write_u8(w, 0);
	sl_write_span(w, magnitude);
	sl_der_close(w, opened);
}

void
sl_der_write_bits(struct sl_writer *w, struct sl_span bytes)
{
	size_t opened = sl_der_open(w, SL_DER_BIT_STRING);

	sl_write_u8(w, 0);
	sl_write_span(w, bytes);
	sl_der_close(w, opened);
}
