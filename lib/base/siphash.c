/* SPDX-License-Identifier: BSD-2-Clause
 * SipHash-2-4 after the paper: four words, two rounds per input word, four at the end. */
#include <sl/siphash.h>

#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

/* Written out: compilers make one load of it. */
static uint64_t
load_word(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

static uint64_t
load_le(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void
store_le(uint8_t *p, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void
rounds(struct state *s, int n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v2 = rotl(s->v2, 32);
	}
}

static void
take_word(struct state *s, uint64_t m)
{
	s->v3 ^= m;
	rounds(s, 2);
	s->v0 ^= m;
}

static void
absorb(struct state *s, const uint8_t *key, struct sl_span in, bool wide)
{
	uint64_t k0 = load_word(key), k1 = load_word(key + 8), last = (uint64_t)in.len << 56;
	size_t whole = in.len / 8 * 8;

	s->v0 = k0 ^ 0x736f6d6570736575;
	s->v1 = k1 ^ 0x646f72616e646f6d ^ (wide ? 0xee : 0);
	s->v2 = k0 ^ 0x6c7967656e657261;
	s->v3 = k1 ^ 0x7465646279746573;
	for (size_t i = 0; i < whole; i += 8)
		take_word(s, load_word(in.ptr + i));
	if (in.len > whole)
		last |= load_le(in.ptr + whole, in.len - whole);
	take_word(s, last);
	s->v2 ^= wide ? 0xee : 0xff;
	rounds(s, 4);
}

uint64_t
sl_siphash(const uint8_t key[static SL_SIPHASH_KEY_LEN], struct sl_span bytes)
{
	struct state s;

	absorb(&s, key, bytes, false);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void
sl_siphash128(
        uint8_t out[static 16], const uint8_t key[static SL_SIPHASH_KEY_LEN], struct sl_span bytes)
{
	struct state s;

	absorb(&s, key, bytes, true);
	store_le(out, s.v0 ^ s.v1 ^ s.v2 ^ s.v3);
	s.v1 ^= 0xdd;
	rounds(&s, 4);
	store_le(out + 8, s.v0 ^ s.v1 ^ s.v2 ^ s.v3);
}
