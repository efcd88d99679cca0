/* SPDX-License-Identifier: BSD-2-Clause */
#include "seal_ledger.h"

#include "support.h"

#include <sl/aead.h>
#include <sl/siphash.h>

#include <string.h>

#define ENTRIES (1u << 21)

/* Digests; all 0: free. */
struct entry {
	uint8_t where[16]; /* of key and nonce */
	uint8_t what[16];  /* of AAD and text */
};

static struct entry book[ENTRIES];
static struct seal_counts counts;

enum sl_err __real_sl_aead_seal(const struct sl_aead *alg, const struct sl_aead_in *in,
        uint8_t *out, size_t cap, size_t *len);
enum sl_err __wrap_sl_aead_seal(const struct sl_aead *alg, const struct sl_aead_in *in,
        uint8_t *out, size_t cap, size_t *len);

static void
digest(uint8_t out[16], struct sl_span a, struct sl_span b)
{
	static const uint8_t key[SL_SIPHASH_KEY_LEN] = {1};
	uint8_t pair[32];

	sl_siphash128(pair, key, a);
	sl_siphash128(pair + 16, key, b);
	sl_siphash128(out, key, sl_span(pair, sizeof pair));
}

static struct entry *
find(const struct entry *wanted)
{
	static const struct entry none;
	uint64_t i;

	memcpy(&i, wanted->where, sizeof i);
	while (memcmp(&book[i % ENTRIES], &none, sizeof none) != 0 &&
	        memcmp(book[i % ENTRIES].where, wanted->where, sizeof wanted->where) != 0)
		i++;
	return &book[i % ENTRIES];
}

static void
enter(const struct entry *wanted)
{
	static const uint8_t nothing[16];
	struct entry *e = find(wanted);

	counts.seals++;
	ck_assert_uint_lt(counts.seals, ENTRIES / 2);
	if (memcmp(e->what, nothing, sizeof nothing) == 0)
		*e = *wanted;
	else if (memcmp(e->what, wanted->what, sizeof e->what) == 0)
		counts.repeats++;
	else
		counts.conflicts++;
}

enum sl_err
__wrap_sl_aead_seal(const struct sl_aead *alg, const struct sl_aead_in *in, uint8_t *out,
        size_t cap, size_t *len)
{
	struct entry wanted;
	enum sl_err err;

	digest(wanted.where, in->key, in->nonce);
	digest(wanted.what, in->aad, in->text); /* before: out may be where the text is */
	err = __real_sl_aead_seal(alg, in, out, cap, len);
	if (err == SL_OK)
		enter(&wanted);
	return err;
}

struct seal_counts
seal_ledger_counts(void)
{
	return counts;
}

void
seal_ledger_forget(void)
{
	memset(book, 0, sizeof book);
	memset(&counts, 0, sizeof counts);
}
