/* SPDX-License-Identifier: BSD-2-Clause
 * A token bucket over measured CPU time: strangers' handshakes may use so much of one core, and leave a share
 * to sessions that are open already. Pure and not locked: the owner has the lock. */
#ifndef EDHOC_BUDGET_H
#define EDHOC_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define EDHOC_BUDGET_RESERVE 4 /* the last quarter is for message_3 */

struct edhoc_budget {
	unsigned percent;
	int64_t level_us, level_max_us; /* one second's worth at most */
	uint64_t filled_ms;
};

/* Full at now_ms. percent: 1 to 100. */
void edhoc_budget_init(struct edhoc_budget *b, unsigned percent, uint64_t now_ms);
/* Whether a step may begin. is_open: of a session that is open; else only what is above the reserve counts. */
bool edhoc_budget_allows(struct edhoc_budget *b, bool is_open, uint64_t now_ms);
/* What a step took. The level may fall below 0: it is paid for before the next one. */
void edhoc_budget_charge(struct edhoc_budget *b, uint64_t cpu_us);

#endif
