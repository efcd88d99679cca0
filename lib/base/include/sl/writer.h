/* SPDX-License-Identifier: BSD-2-Clause
 * A sticky cursor over the caller's bytes: after the first write that does not fit, writes do nothing
 * but the length keeps counting, so that the same code also answers "how long would it be".
 * Big-endian (network) order. */
#ifndef SL_WRITER_H
#define SL_WRITER_H

#include <sl/err.h>
#include <sl/span.h>

struct sl_writer {
	uint8_t *out;
	size_t cap; /* bytes the caller gave */
	size_t len; /* bytes written, or that would have been written */
	bool failed;
};

struct sl_writer sl_writer_over(void *out, size_t cap);
/* Counts only; never fails, writes nothing. Ask w.len. */
struct sl_writer sl_writer_counting(void);
void sl_write_u8(struct sl_writer *w, uint8_t v);
void sl_write_u16(struct sl_writer *w, uint16_t v);
void sl_write_u32(struct sl_writer *w, uint32_t v);
void sl_write_u64(struct sl_writer *w, uint64_t v);
void sl_write_span(struct sl_writer *w, struct sl_span bytes);
void sl_write_text(struct sl_writer *w, const char *text);
/* Reserves len bytes and returns where they are, or NULL when they do not fit (or when counting). */
uint8_t *sl_write_reserve(struct sl_writer *w, size_t len);
/* What was written so far; empty when the writer failed. Borrows the caller's bytes. */
struct sl_span sl_writer_span(const struct sl_writer *w);
/* SL_OK, or SL_ESPACE when something did not fit. */
enum sl_err sl_writer_finish(const struct sl_writer *w) SL_MUST_USE;

#endif
