/* SPDX-License-Identifier: BSD-2-Clause
 * How often a source may ask: token buckets on a ladder of prefixes, so that neither one address nor many
 * addresses of one network get more than their share. Tables of fixed size; who is pushed out of one begins
 * with a full bucket again, and the wider prefix still counts. Pure. */
#ifndef PROXY_ADMISSION_H
#define PROXY_ADMISSION_H

#include "address.h"

#define ADMISSION_STEPS 3
#define ADMISSION_SLOTS 4096
#define ADMISSION_WAYS  4

/* One step of the ladder: how many times the rate and the burst of one address the prefix gets. */
struct admission_step {
	uint8_t bits_ipv4, bits_ipv6;
	uint16_t factor_ipv4, factor_ipv6;
};

/* /32 x1, /24 x32, /16 x256; /64 x2, /56 x8, /48 x32. */
extern const struct admission_step admission_steps[ADMISSION_STEPS];

struct admission_slot {
	uint64_t source; /* keyed hash of the prefix; 0: free */
	uint64_t updated_ms;
	uint64_t millitokens;
};

struct admission {
	uint64_t per_second; /* of one address; 0: everybody passes */
	uint64_t burst;
	uint8_t key[SL_SIPHASH_KEY_LEN];
	struct admission_slot slots[ADMISSION_STEPS][ADMISSION_SLOTS];
};

void admission_init(struct admission *a, uint64_t per_second, uint64_t burst,
        const uint8_t key[static SL_SIPHASH_KEY_LEN]);
/* Takes one token from each prefix that the source is in; false, and takes none, when one of them has none.
 * now_ms never goes back. */
bool admission_take(struct admission *a, const struct address *source, uint64_t now_ms);

/* --- one bucket for all ----------------------------------------------------------------------------- */

/* So many at once, and so many again in each period. */
struct bucket {
	uint64_t capacity, period_ms; /* capacity 0: never empty */
	uint64_t level;               /* in parts of a token: one for each ms of the period */
	uint64_t updated_ms;
};

void bucket_init(struct bucket *b, uint64_t capacity, uint64_t period_ms);
/* Whether a token is there, and whether more than half of them are. now_ms never goes back. */
bool bucket_has_one(struct bucket *b, uint64_t now_ms);
bool bucket_is_half_full(struct bucket *b, uint64_t now_ms);
/* There is one. */
void bucket_take(struct bucket *b);

#endif
