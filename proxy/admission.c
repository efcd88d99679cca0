/* SPDX-License-Identifier: BSD-2-Clause
 * Set-associative: a source has four places it may be in, the longest silent one there gives way. */
#include "admission.h"

#include <string.h>

const struct admission_step admission_steps[ADMISSION_STEPS] = {
        {32, 64, 1, 2},
        {24, 56, 32, 8},
        {16, 48, 256, 32},
};

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
hash_prefix(const struct admission *a, const struct address *source, size_t step)
{
	uint8_t bytes[9] = {source->is_ipv6 ? 6 : 4};
	size_t len = (source->is_ipv6 ? admission_steps[step].bits_ipv6
	                              : admission_steps[step].bits_ipv4) /
	             8U;
	uint64_t hash;

	memcpy(bytes + 1, source->bytes, len);
	hash = sl_siphash(a->key, sl_span(bytes, 1 + len));
	return hash == 0 ? 1 : hash;
}

static uint64_t
factor_of(const struct address *source, size_t step)
{
	return source->is_ipv6 ? admission_steps[step].factor_ipv6
	                       : admission_steps[step].factor_ipv4;
}

/* The slot of the prefix; else a free one or the longest silent one of its set. */
static struct admission_slot *
find_slot(struct admission_slot *slots, uint64_t hash)
{
	struct admission_slot *set =
	        &slots[hash % (ADMISSION_SLOTS / ADMISSION_WAYS) * ADMISSION_WAYS];
	struct admission_slot *oldest = set;

	for (size_t i = 0; i < ADMISSION_WAYS; i++) {
		if (set[i].source == hash)
			return &set[i];
		if (set[i].source == 0 ||
		        (oldest->source != 0 && set[i].updated_ms < oldest->updated_ms))
			oldest = set[i].source == 0 && oldest->source == 0 ? oldest : &set[i];
	}
	return oldest;
}

/* What has come in since it was asked for last. */
static struct admission_slot *
fill(struct admission *a, const struct address *source, size_t step, uint64_t now_ms)
{
	uint64_t hash = hash_prefix(a, source, step), factor = factor_of(source, step);
	uint64_t rate = a->per_second * factor, most = a->burst * factor * 1000, passed, earned;
	struct admission_slot *slot = find_slot(a->slots[step], hash);

	if (slot->source != hash)
		*slot = (struct admission_slot){hash, now_ms, most};
	passed = now_ms - slot->updated_ms;
	earned = passed > most / rate ? most : passed * rate;
	slot->millitokens = slot->millitokens + earned > most ? most : slot->millitokens + earned;
	slot->updated_ms = now_ms;
	return slot;
}

bool
admission_take(struct admission *a, const struct address *source, uint64_t now_ms)
{
	struct admission_slot *slots[ADMISSION_STEPS];

	if (a->per_second == 0)
		return true;
	for (size_t i = 0; i < ADMISSION_STEPS; i++) {
		slots[i] = fill(a, source, i, now_ms);
		if (slots[i]->millitokens < 1000)
			return false;
	}
	for (size_t i = 0; i < ADMISSION_STEPS; i++)
		slots[i]->millitokens -= 1000;
	return true;
}

/* --- one bucket for all ------------------------------------------------------------------------------------- */

void
bucket_init(struct bucket *b, uint64_t capacity, uint64_t period_ms)
{
	*b = (struct bucket){
	        .capacity = capacity, .period_ms = period_ms, .level = capacity * period_ms};
}

static void
refill(struct bucket *b, uint64_t now_ms)
{
	uint64_t most = b->capacity * b->period_ms, passed = now_ms - b->updated_ms;

	if (passed == 0)
		return;
	b->updated_ms = now_ms;
	b->level = passed >= b->period_ms || b->level + passed * b->capacity > most
	                   ? most
	                   : b->level + passed * b->capacity;
}

bool
bucket_has_one(struct bucket *b, uint64_t now_ms)
{
	refill(b, now_ms);
	return b->capacity == 0 || b->level >= b->period_ms;
}

bool
bucket_is_half_full(struct bucket *b, uint64_t now_ms)
{
	refill(b, now_ms);
	return b->level * 2 >= b->capacity * b->period_ms && bucket_has_one(b, now_ms);
}

void
bucket_take(struct bucket *b)
{
	b->level -= b->capacity == 0 ? 0 : b->period_ms;
}
