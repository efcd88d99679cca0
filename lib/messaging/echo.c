/* SPDX-License-Identifier: BSD-2-Clause
 * Echo values (RFC 9175 section 2, appendix A item 1: a MAC over a time slot and the end point)
 * and the peers that proved to hear us, oldest proof first. */
#include <sl/echo.h>

#include "networks.h"

#include <sl/wipe.h>
#include <stdlib.h>
#include <string.h>

struct verified {
	struct sl_peer peer;
	uint64_t proved_ms;
};

_Static_assert(sizeof(struct verified) + 8 + 4 + 16 <= SL_ECHO_PEER_BYTES, "as the header says");
struct sl_echo {
	struct sl_echo_config config;
	struct verified *peers; /* by slot */
	struct sl_slab slab;
	struct sl_index by_peer;
	struct sl_list age;
};

void
sl_echo_config_init(struct sl_echo_config *config)
{
	memset(config, 0, sizeof *config);
	config->epoch_ms = 60000;
	config->verified_ms = 600000;
	config->verified_max = 65536;
}

enum sl_err
sl_echo_new(struct sl_echo **out, const struct sl_echo_config *config)
{
	struct sl_echo *e;
	uint32_t max = config->verified_max;

	if (max == 0 || config->epoch_ms == 0)
		return SL_ELIMIT;
	e = calloc(1, sizeof *e);
	if (e == NULL)
		return SL_ENOMEM;
	e->config = *config;
	e->peers = sl_slots_array(max, sizeof *e->peers);
	e->age.links = sl_slots_array(max, sizeof *e->age.links);
	if (sl_slab_init(&e->slab, max) != SL_OK || sl_index_init(&e->by_peer, max) != SL_OK ||
	        e->peers == NULL || e->age.links == NULL) {
		sl_echo_free(e);
		return SL_ENOMEM;
	}
	*out = e;
	return SL_OK;
}

void
sl_echo_free(struct sl_echo *e)
{
	if (e == NULL)
		return;
	sl_slab_clear(&e->slab);
	sl_index_clear(&e->by_peer);
	free(e->age.links);
	free(e->peers);
	sl_wipe(&e->config, sizeof e->config);
	free(e);
}

static void
make_value(const struct sl_echo *e, const struct sl_peer *peer, uint64_t epoch, uint8_t *out)
{
	uint8_t bytes[8 + SL_PEER_MAX + 1];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	sl_write_u64(&w, epoch);
	sl_write_u8(&w, peer->len);
	sl_write_span(&w, sl_span(peer->bytes, peer->len));
	out[0] = (uint8_t)epoch;
	w = (struct sl_writer){out + 1, 8, 0, false};
	sl_write_u64(&w, sl_siphash(e->config.key, sl_span(bytes, 8U + 1 + peer->len)));
}

void
sl_echo_value(const struct sl_echo *e, const struct sl_peer *peer, uint64_t now_ms,
        uint8_t out[static SL_ECHO_LEN])
{
	make_value(e, peer, now_ms / e->config.epoch_ms, out);
}

bool
sl_echo_check(struct sl_echo *e, const struct sl_peer *peer, struct sl_span value, uint64_t now_ms)
{
	uint64_t epoch = now_ms / e->config.epoch_ms;
	uint8_t this_one[SL_ECHO_LEN], last_one[SL_ECHO_LEN];
	bool is_this, is_last;

	make_value(e, peer, epoch, this_one);
	make_value(e, peer, epoch - 1, last_one);
	is_this = sl_equal_secret(value, sl_span(this_one, sizeof this_one));
	is_last = sl_equal_secret(value, sl_span(last_one, sizeof last_one));
	if (!is_this && !(is_last && epoch > 0))
		return false;
	sl_echo_verify(e, peer, now_ms);
	return true;
}

static uint32_t
find(const struct sl_echo *e, const struct sl_peer *peer, uint64_t hash)
{
	uint32_t slot = sl_index_first(&e->by_peer, hash);

	while (slot != 0 && !sl_peer_equal(&e->peers[slot].peer, peer))
		slot = sl_index_next(&e->by_peer, slot);
	return slot;
}

static bool
is_fresh(const struct sl_echo *e, uint32_t slot, uint64_t now_ms)
{
	return now_ms - e->peers[slot].proved_ms < e->config.verified_ms;
}

static void
forget(struct sl_echo *e, uint32_t slot)
{
	sl_index_remove(&e->by_peer, slot);
	sl_list_remove(&e->age, slot);
	sl_slab_give(&e->slab, slot);
}

void
sl_echo_verify(struct sl_echo *e, const struct sl_peer *peer, uint64_t now_ms)
{
	uint64_t hash = sl_peer_hash(e->config.key, peer, 0);
	uint32_t slot = find(e, peer, hash);

	if (slot != 0)
		forget(e, slot);
	while (e->age.head != 0 && !is_fresh(e, e->age.head, now_ms))
		forget(e, e->age.head);
	slot = sl_slab_take(&e->slab);
	if (slot == 0) {
		forget(e, e->age.head);
		slot = sl_slab_take(&e->slab);
	}
	e->peers[slot].peer = *peer;
	e->peers[slot].proved_ms = now_ms;
	sl_index_add(&e->by_peer, slot, hash);
	sl_list_push(&e->age, slot);
}

bool
sl_echo_is_verified(const struct sl_echo *e, const struct sl_peer *peer, uint64_t now_ms)
{
	uint32_t slot = find(e, peer, sl_peer_hash(e->config.key, peer, 0));

	return slot != 0 && is_fresh(e, slot, now_ms);
}

uint32_t
sl_echo_verified_count(const struct sl_echo *e)
{
	return sl_slab_used(&e->slab);
}
