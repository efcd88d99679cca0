/* SPDX-License-Identifier: BSD-2-Clause
 * Sliding replay window, RFC 8613 section 7.4.
 *
 *     size = 8          left of the window: refused
 *   seen: 0 1 0 0 1 1 0 1
 *         ^             ^
 *         bit size-1    bit 0 = highest, always set
 *
 * A number above highest shifts the bits to the left; those that leave are refused from then on. */
#include "window.h"

#define BITS 64

void
sl_oscore_window_init(struct sl_oscore_window *w, unsigned size)
{
	*w = (struct sl_oscore_window){.size = size, .is_empty = true};
}

bool
sl_oscore_window_may_accept(const struct sl_oscore_window *w, uint64_t number)
{
	uint64_t behind;

	if (w->is_lost)
		return false;
	if (w->is_empty || number > w->highest)
		return true;
	behind = w->highest - number;
	return behind < w->size && (w->seen >> behind & 1) == 0;
}

void
sl_oscore_window_mark(struct sl_oscore_window *w, uint64_t number)
{
	uint64_t ahead;

	if (w->is_empty) {
		w->is_empty = false;
		w->highest = number;
		w->seen = 1;
		return;
	}
	if (number <= w->highest) {
		w->seen |= (uint64_t)1 << (w->highest - number);
		return;
	}
	ahead = number - w->highest;
	w->seen = ahead < BITS ? w->seen << ahead | 1 : 1; /* a shift by 64 is undefined */
	w->highest = number;
}

void
sl_oscore_window_restart(struct sl_oscore_window *w, uint64_t number)
{
	w->highest = number;
	w->seen = UINT64_MAX;
	w->is_empty = false;
	w->is_lost = false;
}
