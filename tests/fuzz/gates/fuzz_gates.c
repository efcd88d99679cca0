/* SPDX-License-Identifier: BSD-2-Clause
 * What stands at the proxy's gate, beside plain models: Echo values and the peers that proved to hear us (RFC 9175
 * section 2), and the rates on the ladder of prefixes. First byte even: Echo; odd: rates. */
#include <sl/echo.h>
#include <sl/reader.h>

#include <stdlib.h>
#include <string.h>

#include "admission.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* --- Echo --------------------------------------------------------------------------------------- */

#define PEERS       8
#define VALUES      16
#define EPOCH_MS    1000
#define VERIFIED_MS 5000
#define VERIFIED    4

struct echo_model {
	struct sl_echo *echo;
	uint64_t now_ms;
	struct {
		uint8_t bytes[SL_ECHO_LEN];
		unsigned peer;
		uint64_t at_ms;
		bool is_there;
	} values[VALUES];
	unsigned next_value;
	struct {
		unsigned peer;
		uint64_t at_ms;
	} proofs[VERIFIED]; /* oldest first */
	unsigned proof_count;
};

static struct sl_peer
peer_of(unsigned number)
{
	return (struct sl_peer){.bytes = {1, 2, 3, (uint8_t)number}, .len = 4};
}

static void
drop_proof(struct echo_model *m, unsigned at)
{
	memmove(&m->proofs[at], &m->proofs[at + 1],
	        (m->proof_count - at - 1) * sizeof m->proofs[0]);
	m->proof_count--;
}

/* The longest silent one leaves first. */
static void
note_proof(struct echo_model *m, unsigned peer)
{
	for (unsigned i = 0; i < m->proof_count; i++)
		if (m->proofs[i].peer == peer)
			drop_proof(m, i--);
	while (m->proof_count > 0 &&
	        (m->proof_count == VERIFIED || m->now_ms - m->proofs[0].at_ms >= VERIFIED_MS))
		drop_proof(m, 0);
	m->proofs[m->proof_count].peer = peer;
	m->proofs[m->proof_count++].at_ms = m->now_ms;
}

static void
check_verified(const struct echo_model *m)
{
	for (unsigned p = 0; p < PEERS; p++) {
		struct sl_peer peer = peer_of(p);
		bool is_verified = false;

		for (unsigned i = 0; i < m->proof_count; i++)
			if (m->proofs[i].peer == p && m->now_ms - m->proofs[i].at_ms < VERIFIED_MS)
				is_verified = true;
		must(sl_echo_is_verified(m->echo, &peer, m->now_ms) == is_verified);
	}
	must(sl_echo_verified_count(m->echo) == m->proof_count);
}

/* A value shown by a peer, whole or with one bit turned over. */
static void
show(struct echo_model *m, unsigned by, unsigned which, uint8_t damage)
{
	uint8_t bytes[SL_ECHO_LEN];
	struct sl_peer peer = peer_of(by);
	bool is_good = m->values[which].is_there && m->values[which].peer == by && damage == 0 &&
	               m->now_ms / EPOCH_MS - m->values[which].at_ms / EPOCH_MS <= 1;

	memcpy(bytes, m->values[which].bytes, sizeof bytes);
	if (damage != 0)
		bytes[(damage - 1U) / 8 % SL_ECHO_LEN] ^= (uint8_t)(1U << (damage - 1U) % 8);
	must(sl_echo_check(m->echo, &peer, sl_span(bytes, sizeof bytes), m->now_ms) == is_good);
	must(!sl_echo_check(m->echo, &peer, sl_span(bytes, sizeof bytes - 1), m->now_ms));
	if (is_good)
		note_proof(m, by);
}

static void
ask_for_value(struct echo_model *m, unsigned number)
{
	unsigned at = m->next_value++ % VALUES;
	struct sl_peer peer = peer_of(number);

	sl_echo_value(m->echo, &peer, m->now_ms, m->values[at].bytes);
	m->values[at].peer = number;
	m->values[at].at_ms = m->now_ms;
	m->values[at].is_there = true;
}

static void
run_echo(struct sl_reader *in)
{
	static struct echo_model m;
	struct sl_echo_config config;

	sl_echo_config_init(&config);
	config.epoch_ms = EPOCH_MS;
	config.verified_ms = VERIFIED_MS;
	config.verified_max = VERIFIED;
	config.key[0] = 5;
	memset(&m, 0, sizeof m);
	must(sl_echo_new(&m.echo, &config) == SL_OK);
	while (in->left.len > 0) {
		uint8_t op = sl_read_u8(in), how = op >> 2;
		struct sl_peer peer = peer_of(how % PEERS);

		if ((op & 3) == 0) {
			ask_for_value(&m, how % PEERS);
		} else if ((op & 3) == 1) {
			uint8_t which = sl_read_u8(in);

			show(&m, how % PEERS, which % VALUES, how < 8 ? 0 : sl_read_u8(in));
		} else if ((op & 3) == 2) {
			sl_echo_verify(m.echo, &peer, m.now_ms);
			note_proof(&m, how % PEERS);
		} else {
			m.now_ms += how * 37U;
		}
		check_verified(&m);
	}
	sl_echo_free(m.echo);
}

/* --- rates ---------------------------------------------------------------------------------------- */

#define BUCKETS 200

/* The other form of a token bucket (ATM's virtual scheduling): the time until which what was taken is paid. In
 * units of a thousandth token. */
struct paid {
	uint8_t prefix[17];
	size_t step;
	uint64_t until;
};

struct rate_model {
	struct admission admission;
	struct paid paid[BUCKETS];
	unsigned count;
	uint64_t now_ms, per_second, burst;
};

static struct paid *
find_paid(struct rate_model *m, const struct address *source, size_t step)
{
	const struct admission_step *s = &admission_steps[step];
	size_t len = (source->is_ipv6 ? s->bits_ipv6 : s->bits_ipv4) / 8;
	uint8_t prefix[17] = {source->is_ipv6};

	memcpy(prefix + 1, source->bytes, len);
	for (unsigned i = 0; i < m->count; i++)
		if (m->paid[i].step == step && memcmp(m->paid[i].prefix, prefix, 17) == 0)
			return &m->paid[i];
	must(m->count < BUCKETS);
	memcpy(m->paid[m->count].prefix, prefix, 17);
	m->paid[m->count].step = step;
	return &m->paid[m->count++];
}

static bool
take(struct rate_model *m, const struct address *source)
{
	uint64_t until[ADMISSION_STEPS];

	for (size_t step = 0; step < ADMISSION_STEPS; step++) {
		const struct admission_step *s = &admission_steps[step];
		uint64_t factor = source->is_ipv6 ? s->factor_ipv6 : s->factor_ipv4;
		uint64_t now = m->now_ms * m->per_second * factor;
		const struct paid *p = find_paid(m, source, step);

		until[step] = (p->until > now ? p->until : now) + 1000;
		if (until[step] > now + m->burst * factor * 1000)
			return false;
	}
	for (size_t step = 0; step < ADMISSION_STEPS; step++)
		find_paid(m, source, step)->until = until[step];
	return true;
}

/* A few addresses that share some prefixes and not others. */
static struct address
source_of(uint8_t n)
{
	uint8_t ipv4[4] = {10, n & 1, n >> 1 & 1, n >> 2 & 3};
	uint8_t ipv6[16] = {
	        0x20, 0x01, [5] = n & 1, [6] = n >> 1 & 1, [7] = n >> 2 & 1, [15] = n >> 3 & 3};

	return address_from_bytes((n & 0x80) != 0 ? ipv6 : ipv4, (n & 0x80) != 0, n);
}

static void
run_rates(struct sl_reader *in)
{
	static struct rate_model m;
	static const uint8_t key[SL_SIPHASH_KEY_LEN] = {9};

	memset(&m, 0, sizeof m);
	m.per_second = 1 + sl_read_u8(in) % 32;
	m.burst = 1 + sl_read_u8(in) % 32;
	m.now_ms = 100000;
	admission_init(&m.admission, m.per_second, m.burst, key);
	while (in->left.len > 0) {
		uint8_t op = sl_read_u8(in), times = (op >> 1 & 15) + 1;
		struct address source;

		if ((op & 1) != 0) {
			m.now_ms += (uint64_t)(op >> 1) * (op >> 1);
			continue;
		}
		source = source_of(sl_read_u8(in));
		while (times-- > 0)
			must(admission_take(&m.admission, &source, m.now_ms) == take(&m, &source));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_reader in = sl_reader_over(sl_span(bytes, len));

	if ((sl_read_u8(&in) & 1) != 0)
		run_rates(&in);
	else
		run_echo(&in);
	return 0;
}
