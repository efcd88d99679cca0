/* SPDX-License-Identifier: BSD-2-Clause
 * Draws: SipHash over a running number. */
#include <sl/draw.h>

#include <sl/writer.h>
#include <string.h>

struct sl_draw
sl_draw_from(const uint8_t seed[static SL_SIPHASH_KEY_LEN])
{
	struct sl_draw d = {.count = 0};

	memcpy(d.seed, seed, sizeof d.seed);
	return d;
}

uint64_t
sl_draw_next(struct sl_draw *d)
{
	uint8_t number[8];
	struct sl_writer w = sl_writer_over(number, sizeof number);

	sl_write_u64(&w, d->count++);
	return sl_siphash(d->seed, sl_writer_span(&w));
}

uint32_t
sl_draw_between(struct sl_draw *d, uint32_t low, uint32_t high)
{
	uint64_t range = high > low ? (uint64_t)high - low : 0;

	return low + (uint32_t)(sl_draw_next(d) % (range + 1));
}
