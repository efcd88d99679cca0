/* SPDX-License-Identifier: BSD-2-Clause
 * One per cent of a core is 10 microseconds in a millisecond. */
#include "edhoc_budget.h"

#define US_A_MS_A_PERCENT 10

void
edhoc_budget_init(struct edhoc_budget *b, unsigned percent, uint64_t now_ms)
{
	b->percent = percent;
	b->level_max_us = (int64_t)percent * US_A_MS_A_PERCENT * 1000;
	b->level_us = b->level_max_us;
	b->filled_ms = now_ms;
}

static void
fill(struct edhoc_budget *b, uint64_t now_ms)
{
	int64_t a_ms = (int64_t)b->percent * US_A_MS_A_PERCENT;
	int64_t lacks_ms = (b->level_max_us - b->level_us) / a_ms;

	if (now_ms <= b->filled_ms)
		return;
	if (now_ms - b->filled_ms > (uint64_t)lacks_ms)
		b->level_us = b->level_max_us;
	else
		b->level_us += (int64_t)(now_ms - b->filled_ms) * a_ms;
	b->filled_ms = now_ms;
}

bool
edhoc_budget_allows(struct edhoc_budget *b, bool is_open, uint64_t now_ms)
{
	fill(b, now_ms);
	return b->level_us > (is_open ? 0 : b->level_max_us / EDHOC_BUDGET_RESERVE);
}

void
edhoc_budget_charge(struct edhoc_budget *b, uint64_t cpu_us)
{
	b->level_us -= cpu_us < (uint64_t)b->level_max_us ? (int64_t)cpu_us : b->level_max_us;
}
