/* SPDX-License-Identifier: BSD-2-Clause
 * How often one source may ask: a token bucket per IPv4 address or IPv6 /64, in a table of fixed size.
 * Who is pushed out of the table begins with a full bucket again. Pure. */
#ifndef PROXY_ADMISSION_H
#define PROXY_ADMISSION_H

#include "address.h"

#define ADMISSION_SLOTS 4096
#define ADMISSION_WAYS  4

struct admission_slot {
	uint64_t source; /* keyed hash of the source; 0: free */
	uint64_t updated_ms;
	uint64_t millitokens;
};

struct admission {
	uint64_t per_second; /* 0: everybody passes */
	uint64_t burst;
	uint8_t key[SL_SIPHASH_KEY_LEN];
	struct admission_slot slots[ADMISSION_SLOTS];
};

void admission_init(struct admission *a, uint64_t per_second, uint64_t burst,
        const uint8_t key[static SL_SIPHASH_KEY_LEN]);
/* Takes one token; false when there is none. now_ms never goes back. */
bool admission_take(struct admission *a, const struct address *source, uint64_t now_ms);

#endif
