/* SPDX-License-Identifier: BSD-2-Clause
 * A sticky cursor over borrowed bytes: after the first read beyond the end every read yields zero or
 * an empty span. Read fields in a row, ask once. Big-endian (network) order. */
#ifndef SL_READER_H
#define SL_READER_H

#include <sl/err.h>
#include <sl/span.h>

struct sl_reader {
	struct sl_span left;
	bool failed;
};

struct sl_reader sl_reader_over(struct sl_span bytes);
uint8_t sl_read_u8(struct sl_reader *r);
uint16_t sl_read_u16(struct sl_reader *r);
uint32_t sl_read_u32(struct sl_reader *r);
uint64_t sl_read_u64(struct sl_reader *r);
/* len bytes at 1..8, big-endian; more than 8 fails the reader. 0 bytes is 0. */
uint64_t sl_read_uint(struct sl_reader *r, size_t len);
struct sl_span sl_read_span(struct sl_reader *r, size_t len);
struct sl_span sl_read_rest(struct sl_reader *r);
/* The next byte without taking it; 0 at the end (does not fail the reader). */
uint8_t sl_reader_peek(const struct sl_reader *r);
/* Marks the reader failed: for format rules that the caller checks itself. */
void sl_reader_fail(struct sl_reader *r);
/* SL_OK when nothing failed and nothing is left; else SL_EMALFORMED. */
enum sl_err sl_reader_finish(const struct sl_reader *r) SL_MUST_USE;

#endif
