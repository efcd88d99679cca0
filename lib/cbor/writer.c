/* SPDX-License-Identifier: BSD-2-Clause
 * Writing deterministic CBOR: every head in its shortest form (RFC 8949 section 4.2.1). */
#include <sl/cbor.h>

#define SIMPLE_FALSE     20
#define SIMPLE_TRUE      21
#define SIMPLE_NULL      22
#define SIMPLE_UNDEFINED 23

static void
write_head(struct sl_writer *w, enum sl_cbor_type type, uint64_t v)
{
	uint8_t major = (uint8_t)(type << 5);

	if (v < 24) {
		sl_write_u8(w, (uint8_t)(major | v));
	} else if (v <= UINT8_MAX) {
		sl_write_u8(w, major | 24);
		sl_write_u8(w, (uint8_t)v);
	} else if (v <= UINT16_MAX) {
		sl_write_u8(w, major | 25);
		sl_write_u16(w, (uint16_t)v);
	} else if (v <= UINT32_MAX) {
		sl_write_u8(w, major | 26);
		sl_write_u32(w, (uint32_t)v);
	} else {
		sl_write_u8(w, major | 27);
		sl_write_u64(w, v);
	}
}

void
sl_cbor_write_uint(struct sl_writer *w, uint64_t v)
{
	write_head(w, SL_CBOR_UINT, v);
}

void
sl_cbor_write_int(struct sl_writer *w, int64_t v)
{
	if (v < 0)
		write_head(w, SL_CBOR_NINT, (uint64_t)(-1 - v));
	else
		write_head(w, SL_CBOR_UINT, (uint64_t)v);
}

void
sl_cbor_write_bytes_head(struct sl_writer *w, uint64_t len)
{
	write_head(w, SL_CBOR_BYTES, len);
}

void
sl_cbor_write_bytes(struct sl_writer *w, struct sl_span v)
{
	sl_cbor_write_bytes_head(w, v.len);
	sl_write_span(w, v);
}

void
sl_cbor_write_text_span(struct sl_writer *w, struct sl_span v)
{
	write_head(w, SL_CBOR_TEXT, v.len);
	sl_write_span(w, v);
}

void
sl_cbor_write_text(struct sl_writer *w, const char *v)
{
	sl_cbor_write_text_span(w, sl_span_text(v));
}

void
sl_cbor_write_array(struct sl_writer *w, uint64_t count)
{
	write_head(w, SL_CBOR_ARRAY, count);
}

void
sl_cbor_write_map(struct sl_writer *w, uint64_t pairs)
{
	write_head(w, SL_CBOR_MAP, pairs);
}

void
sl_cbor_write_tag(struct sl_writer *w, uint64_t tag)
{
	write_head(w, SL_CBOR_TAG, tag);
}

void
sl_cbor_write_bool(struct sl_writer *w, bool v)
{
	write_head(w, SL_CBOR_SIMPLE, v ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void
sl_cbor_write_null(struct sl_writer *w)
{
	write_head(w, SL_CBOR_SIMPLE, SIMPLE_NULL);
}

void
sl_cbor_write_undefined(struct sl_writer *w)
{
	write_head(w, SL_CBOR_SIMPLE, SIMPLE_UNDEFINED);
}
