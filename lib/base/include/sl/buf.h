/* SPDX-License-Identifier: BSD-2-Clause
 * The only thing that grows. Born with its maximum; beyond it nothing is stored. */
#ifndef SL_BUF_H
#define SL_BUF_H

#include <sl/err.h>
#include <sl/span.h>

struct sl_buf {
	uint8_t *bytes; /* owned; NULL while empty */
	size_t len;
	size_t cap;
	size_t max;
};

void sl_buf_init(struct sl_buf *b, size_t max);
/* Frees and leaves an empty buffer with the same maximum. The bytes are wiped first. */
void sl_buf_clear(struct sl_buf *b);
/* SL_ELIMIT beyond max, SL_ENOMEM; on error the content is as before. */
enum sl_err sl_buf_add(struct sl_buf *b, struct sl_span bytes) SL_MUST_USE;
enum sl_err sl_buf_add_text(struct sl_buf *b, const char *text) SL_MUST_USE;
enum sl_err sl_buf_addf(struct sl_buf *b, const char *fmt, ...) SL_MUST_USE SL_PRINTF(2, 3);
/* What to allocate for len bytes of something that grows in small steps and is not secret: len to a quarter more, the
 * same for many len, so that it is not copied each time. */
size_t sl_buf_capacity(size_t len);
/* Borrowed until the next change. */
struct sl_span sl_buf_view(const struct sl_buf *b);

#endif
