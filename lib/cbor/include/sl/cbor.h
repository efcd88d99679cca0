/* SPDX-License-Identifier: BSD-2-Clause
 * Deterministic CBOR (RFC 8949 section 4.2.1): shortest heads, definite lengths, bounded depth. One
 * strict reader, one writer; both sticky on sl/reader.h and sl/writer.h. No heap. */
#ifndef SL_CBOR_H
#define SL_CBOR_H

#include <sl/reader.h>
#include <sl/writer.h>

enum sl_cbor_type {
	SL_CBOR_UINT = 0,
	SL_CBOR_NINT = 1,
	SL_CBOR_BYTES = 2,
	SL_CBOR_TEXT = 3,
	SL_CBOR_ARRAY = 4,
	SL_CBOR_MAP = 5,
	SL_CBOR_TAG = 6,
	SL_CBOR_SIMPLE = 7, /* false, true, null, undefined; floats are refused */
	SL_CBOR_END = 8,    /* nothing left, or the reader failed */
};

#define SL_CBOR_DEPTH_MAX 8

/* --- reading: one item per call; a wrong type or a head that is not shortest fails it ------- */
enum sl_cbor_type sl_cbor_peek(const struct sl_reader *r);
uint64_t sl_cbor_read_uint(struct sl_reader *r);
int64_t sl_cbor_read_int(struct sl_reader *r); /* beyond int64 fails */
struct sl_span sl_cbor_read_bytes(struct sl_reader *r);
struct sl_span sl_cbor_read_text(struct sl_reader *r); /* must be UTF-8 */
/* Number of items, number of pairs: checked against what is left. Order of keys: the caller's. */
size_t sl_cbor_read_array(struct sl_reader *r);
size_t sl_cbor_read_map(struct sl_reader *r);
uint64_t sl_cbor_read_tag(struct sl_reader *r);
bool sl_cbor_read_bool(struct sl_reader *r);
void sl_cbor_read_null(struct sl_reader *r);
void sl_cbor_read_undefined(struct sl_reader *r);
/* One whole item of any kind, checked inside to depth SL_CBOR_DEPTH_MAX; its encoded bytes. */
struct sl_span sl_cbor_read_item(struct sl_reader *r);

/* --- writing: shortest form --------------------------------------------------------------- */
void sl_cbor_write_uint(struct sl_writer *w, uint64_t v);
void sl_cbor_write_int(struct sl_writer *w, int64_t v);
void sl_cbor_write_bytes(struct sl_writer *w, struct sl_span v);
void sl_cbor_write_text(struct sl_writer *w, const char *v);
void sl_cbor_write_text_span(struct sl_writer *w, struct sl_span v);
void sl_cbor_write_array(struct sl_writer *w, uint64_t count);
void sl_cbor_write_map(struct sl_writer *w, uint64_t pairs);
void sl_cbor_write_tag(struct sl_writer *w, uint64_t tag);
void sl_cbor_write_bool(struct sl_writer *w, bool v);
void sl_cbor_write_null(struct sl_writer *w);
void sl_cbor_write_undefined(struct sl_writer *w);
/* Only the head of a byte string of len bytes: the bytes follow through other writes. */
void sl_cbor_write_bytes_head(struct sl_writer *w, uint64_t len);

#endif
