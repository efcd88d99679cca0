/* SPDX-License-Identifier: BSD-2-Clause
 * Quotas per network: how many records and reply bytes the end points of one network hold together, so
 * that no network can use up what is remembered for the others. */
#include "exchanges.h"

#include <stdlib.h>

enum sl_err
sl_networks_init(struct sl_messages *m, uint32_t max)
{
	enum sl_err err = sl_slab_init(&m->network_slab, max);

	if (err == SL_OK)
		err = sl_index_init(&m->by_network, max);
	m->networks = sl_slots_array(max, sizeof *m->networks);
	m->network_yielding = sl_slots_array(max, sizeof *m->network_yielding);
	m->network_kept = sl_slots_array(max, sizeof *m->network_kept);
	if (m->networks == NULL || m->network_yielding == NULL || m->network_kept == NULL)
		return SL_ENOMEM;
	m->networks[0].yielding.links = m->network_yielding; /* of all without a quota */
	m->networks[0].kept.links = m->network_kept;
	return err;
}

void
sl_networks_clear(struct sl_messages *m)
{
	sl_slab_clear(&m->network_slab);
	sl_index_clear(&m->by_network);
	free(m->networks);
	free(m->network_yielding);
	free(m->network_kept);
}

static uint64_t
hash_of(const struct sl_messages *m, const struct sl_peer *peer)
{
	return sl_siphash(m->config.hash_key, sl_span(&peer->network, sizeof peer->network));
}

uint32_t
sl_network_find(const struct sl_messages *m, const struct sl_peer *peer)
{
	uint32_t slot = sl_index_first(&m->by_network, hash_of(m, peer));

	while (slot != 0 && m->networks[slot].id != peer->network)
		slot = sl_index_next(&m->by_network, slot);
	return slot;
}

uint32_t
sl_network_enter(struct sl_messages *m, const struct sl_peer *peer)
{
	uint32_t slot = sl_network_find(m, peer);

	if (slot == 0 && peer->network != 0) {
		slot = sl_slab_take(&m->network_slab);
		m->networks[slot] = (struct sl_network){.id = peer->network,
		        .yielding = {.links = m->network_yielding},
		        .kept = {.links = m->network_kept}};
		sl_index_add(&m->by_network, slot, hash_of(m, peer));
	}
	m->networks[slot].used += slot != 0;
	return slot;
}

void
sl_network_leave(struct sl_messages *m, uint32_t network)
{
	if (network == 0 || --m->networks[network].used > 0)
		return;
	sl_index_remove(&m->by_network, network);
	sl_slab_give(&m->network_slab, network);
}

bool
sl_network_has_room(const struct sl_messages *m, uint32_t network)
{
	uint64_t max = m->config.exchanges_per_network;

	return network == 0 || max == 0 || m->networks[network].used < max;
}
