/* SPDX-License-Identifier: BSD-2-Clause
 * Secrets: the wipe that the optimiser cannot remove, and the comparison that takes the same time. */
#ifndef SL_WIPE_H
#define SL_WIPE_H

#include <sl/span.h>

void sl_wipe(void *bytes, size_t len);

/* True when the lengths and all bytes are equal; time depends on the length only. */
bool sl_equal_secret(struct sl_span a, struct sl_span b);

#define SL_KEY_MAX 64

/* Key bytes with their length. Clear with sl_key_clear; never log, never compare with memcmp. */
struct sl_key {
	uint8_t bytes[SL_KEY_MAX];
	size_t len;
};

void sl_key_clear(struct sl_key *key);
struct sl_span sl_key_view(const struct sl_key *key);

#endif
