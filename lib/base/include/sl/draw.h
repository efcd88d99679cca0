/* SPDX-License-Identifier: BSD-2-Clause
 * Numbers that nobody outside can foresee, from a random seed that comes in: SipHash in counter
 * mode. For message IDs, tokens and jitter; not for keys. The same seed gives the same numbers. */
#ifndef SL_DRAW_H
#define SL_DRAW_H

#include <sl/siphash.h>

struct sl_draw {
	uint8_t seed[SL_SIPHASH_KEY_LEN];
	uint64_t count;
};

struct sl_draw sl_draw_from(const uint8_t seed[static SL_SIPHASH_KEY_LEN]);
uint64_t sl_draw_next(struct sl_draw *d);
/* Between low and high, both included. high below low counts as low. */
uint32_t sl_draw_between(struct sl_draw *d, uint32_t low, uint32_t high);

#endif
