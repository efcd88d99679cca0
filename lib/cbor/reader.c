/* SPDX-License-Identifier: BSD-2-Clause
 * Reading deterministic CBOR (RFC 8949 sections 3 and 4.2.1): one item per call, shortest heads,
 * definite lengths, bounded depth. Indefinite lengths, floats and unknown simple values are
 * refused. */
#include <sl/cbor.h>

#define SIMPLE_FALSE     20
#define SIMPLE_TRUE      21
#define SIMPLE_NULL      22
#define SIMPLE_UNDEFINED 23

/* Initial byte: major type in the upper three bits, additional information in the lower five. */
#define MAJOR(initial) ((enum sl_cbor_type)((initial) >> 5))
#define INFO(initial)  ((initial)&0x1f)

/* The argument of section 3. Fails the reader unless it has its shortest form. */
static uint64_t
read_argument(struct sl_reader *r, unsigned info)
{
	static const uint64_t too_small_below[] = {24, 0x100, 0x10000, 0x100000000};
	uint64_t v;

	if (info < 24)
		return info;
	if (info > 27) { /* 28 to 30 are reserved, 31 is an indefinite length or a break */
		sl_reader_fail(r);
		return 0;
	}
	v = sl_read_uint(r, (size_t)1 << (info - 24));
	if (v < too_small_below[info - 24])
		sl_reader_fail(r);
	return r->failed ? 0 : v;
}

/* The head of an item that must be of this type. */
static uint64_t
read_head(struct sl_reader *r, enum sl_cbor_type type)
{
	uint8_t initial = sl_read_u8(r);

	if (MAJOR(initial) != type)
		sl_reader_fail(r);
	return r->failed ? 0 : read_argument(r, INFO(initial));
}

/* Section 3.3: the four simple values are in the initial byte itself. */
static uint64_t
read_simple(struct sl_reader *r)
{
	uint8_t initial = sl_read_u8(r);
	unsigned info = INFO(initial);

	if (MAJOR(initial) != SL_CBOR_SIMPLE || info < SIMPLE_FALSE || info > SIMPLE_UNDEFINED)
		sl_reader_fail(r);
	return r->failed ? 0 : info;
}

/* A count of items of at least min_len bytes each: beyond the room that is left, refused. */
static size_t
read_count(struct sl_reader *r, enum sl_cbor_type type, size_t min_len)
{
	uint64_t count = read_head(r, type);

	if (count > r->left.len / min_len)
		sl_reader_fail(r);
	return r->failed ? 0 : (size_t)count;
}

static struct sl_span
read_string(struct sl_reader *r, enum sl_cbor_type type)
{
	return sl_read_span(r, read_count(r, type, 1));
}

/* Length of the UTF-8 sequence (RFC 3629 section 4) that text begins with; 0: none. */
static size_t
utf8_sequence(struct sl_span text)
{
	static const struct {
		uint8_t first, last, second_min, second_max, len;
	} rows[] = {
	        {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
	        {0xe0, 0xe0, 0xa0, 0xbf, 3},                              /* no overlong form */
	        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, /* no surrogate */
	        {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	        {0xf1, 0xf3, 0x80, 0xbf, 4},
	        {0xf4, 0xf4, 0x80, 0x8f, 4}, /* nothing above U+10FFFF */
	};
	const uint8_t *p = text.ptr;
	size_t row = 0, i = 2;

	while (row < sizeof rows / sizeof rows[0] && p[0] > rows[row].last)
		row++;
	if (row == sizeof rows / sizeof rows[0] || p[0] < rows[row].first ||
	        rows[row].len > text.len)
		return 0;
	if (rows[row].len > 1 && (p[1] < rows[row].second_min || p[1] > rows[row].second_max))
		return 0;
	while (i < rows[row].len && (p[i] & 0xc0) == 0x80)
		i++;
	return i < rows[row].len ? 0 : rows[row].len;
}

static bool
is_utf8(struct sl_span text)
{
	while (text.len > 0) {
		size_t step = utf8_sequence(text);

		if (step == 0)
			return false;
		text.ptr += step;
		text.len -= step;
	}
	return true;
}

enum sl_cbor_type
sl_cbor_peek(const struct sl_reader *r)
{
	return r->failed || r->left.len == 0 ? SL_CBOR_END : MAJOR(sl_reader_peek(r));
}

uint64_t
sl_cbor_read_uint(struct sl_reader *r)
{
	return read_head(r, SL_CBOR_UINT);
}

int64_t
sl_cbor_read_int(struct sl_reader *r)
{
	bool is_negative = sl_cbor_peek(r) == SL_CBOR_NINT;
	uint64_t n = read_head(r, is_negative ? SL_CBOR_NINT : SL_CBOR_UINT);

	if (n > INT64_MAX)
		sl_reader_fail(r);
	if (r->failed)
		return 0;
	return is_negative ? -1 - (int64_t)n : (int64_t)n;
}

struct sl_span
sl_cbor_read_bytes(struct sl_reader *r)
{
	return read_string(r, SL_CBOR_BYTES);
}

struct sl_span
sl_cbor_read_text(struct sl_reader *r)
{
	struct sl_span text = read_string(r, SL_CBOR_TEXT);

	if (!is_utf8(text))
		sl_reader_fail(r);
	return r->failed ? sl_span(NULL, 0) : text;
}

size_t
sl_cbor_read_array(struct sl_reader *r)
{
	return read_count(r, SL_CBOR_ARRAY, 1);
}

size_t
sl_cbor_read_map(struct sl_reader *r)
{
	return read_count(r, SL_CBOR_MAP, 2);
}

uint64_t
sl_cbor_read_tag(struct sl_reader *r)
{
	return read_head(r, SL_CBOR_TAG);
}

bool
sl_cbor_read_bool(struct sl_reader *r)
{
	uint64_t value = read_simple(r);

	if (value != SIMPLE_FALSE && value != SIMPLE_TRUE)
		sl_reader_fail(r);
	return value == SIMPLE_TRUE;
}

void
sl_cbor_read_null(struct sl_reader *r)
{
	if (read_simple(r) != SIMPLE_NULL)
		sl_reader_fail(r);
}

void
sl_cbor_read_undefined(struct sl_reader *r)
{
	if (read_simple(r) != SIMPLE_UNDEFINED)
		sl_reader_fail(r);
}

/* Takes one item without what it contains; says how many items it contains. */
static size_t
enter_item(struct sl_reader *r)
{
	switch (sl_cbor_peek(r)) {
	case SL_CBOR_UINT:
		sl_cbor_read_uint(r);
		return 0;
	case SL_CBOR_NINT:
		read_head(r, SL_CBOR_NINT);
		return 0;
	case SL_CBOR_BYTES:
		sl_cbor_read_bytes(r);
		return 0;
	case SL_CBOR_TEXT:
		sl_cbor_read_text(r);
		return 0;
	case SL_CBOR_ARRAY:
		return sl_cbor_read_array(r);
	case SL_CBOR_MAP:
		return 2 * sl_cbor_read_map(r);
	case SL_CBOR_TAG:
		sl_cbor_read_tag(r);
		return 1;
	case SL_CBOR_SIMPLE:
		read_simple(r);
		return 0;
	case SL_CBOR_END:
		break;
	}
	sl_reader_fail(r);
	return 0;
}

struct sl_span
sl_cbor_read_item(struct sl_reader *r)
{
	size_t due[SL_CBOR_DEPTH_MAX + 1] = {1}; /* items still to come, by depth */
	struct sl_span start = r->left;
	size_t depth = 0, inside;

	while (!r->failed) {
		while (depth > 0 && due[depth] == 0)
			depth--;
		if (due[depth] == 0)
			break; /* depth is 0: the one item is complete */
		due[depth]--;
		inside = enter_item(r);
		if (inside > 0 && depth == SL_CBOR_DEPTH_MAX)
			sl_reader_fail(r);
		else if (inside > 0)
			due[++depth] = inside;
	}
	return r->failed ? sl_span(NULL, 0) : sl_span(start.ptr, start.len - r->left.len);
}
