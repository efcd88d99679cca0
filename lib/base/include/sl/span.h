/* SPDX-License-Identifier: BSD-2-Clause
 * A borrowed, read-only view of bytes, valid for the call unless the header of the struct that keeps
 * one says from whom it borrows. An empty span may be NULL. */
#ifndef SL_SPAN_H
#define SL_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_span {
	const uint8_t *ptr;
	size_t len; /* bytes */
};

static inline struct sl_span
sl_span(const void *ptr, size_t len)
{
	struct sl_span s = {(const uint8_t *)ptr, len};
	return s;
}

/* The bytes of a NUL-terminated text, without the NUL. NULL is empty. */
struct sl_span sl_span_text(const char *text);

/* Same length and bytes. Not for secrets: see sl_equal_secret in wipe.h. */
bool sl_span_equal(struct sl_span a, struct sl_span b);
bool sl_span_equal_text(struct sl_span a, const char *text);

#endif
