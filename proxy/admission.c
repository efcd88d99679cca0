/* SPDX-License-Identifier: BSD-2-Clause
 * Set-associative: a source has four places it may be in, the longest silent one there gives way. */
#include "admission.h"

#include <string.h>

void
admission_init(struct admission *a, uint64_t per_second, uint64_t burst,
        const uint8_t key[static SL_SIPHASH_KEY_LEN])
{
	memset(a, 0, sizeof *a);
	a->per_second = per_second;
	a->burst = burst;
	memcpy(a->key, key, sizeof a->key);
}

static uint64_t
hash_source(const struct admission *a, const struct address *source)
{
	uint8_t bytes[9] = {source->is_ipv6 ? 6 : 4};
	size_t len = source->is_ipv6 ? 8 : 4;
	uint64_t hash;

	memcpy(bytes + 1, source->bytes, len);
	hash = sl_siphash(a->key, sl_span(bytes, 1 + len));
	return hash == 0 ? 1 : hash;
}

/* The slot of the source; else a free one or the longest silent one of its set, begun anew. */
static struct admission_slot *
find_slot(struct admission *a, uint64_t hash, uint64_t now_ms)
{
	struct admission_slot *set =
	        &a->slots[hash % (ADMISSION_SLOTS / ADMISSION_WAYS) * ADMISSION_WAYS];
	struct admission_slot *oldest = set;

	for (size_t i = 0; i < ADMISSION_WAYS; i++) {
		if (set[i].source == hash)
			return &set[i];
		if (set[i].source == 0 ||
		        (oldest->source != 0 && set[i].updated_ms < oldest->updated_ms))
			oldest = set[i].source == 0 && oldest->source == 0 ? oldest : &set[i];
	}
	oldest->source = hash;
	oldest->updated_ms = now_ms;
	oldest->millitokens = a->burst * 1000;
	return oldest;
}

bool
admission_take(struct admission *a, const struct address *source, uint64_t now_ms)
{
	struct admission_slot *slot;
	uint64_t most = a->burst * 1000, passed, earned;

	if (a->per_second == 0)
		return true;
	slot = find_slot(a, hash_source(a, source), now_ms);
	passed = now_ms - slot->updated_ms;
	earned = passed > most / a->per_second ? most : passed * a->per_second;
	slot->millitokens = slot->millitokens + earned > most ? most : slot->millitokens + earned;
	slot->updated_ms = now_ms;
	if (slot->millitokens < 1000)
		return false;
	slot->millitokens -= 1000;
	return true;
}
