/* SPDX-License-Identifier: BSD-2-Clause
 * Quotas per network: how many entries and bytes the end points of one network hold together, so that
 * no network can use up a table that is there for the others. */
#include "networks.h"

#include <sl/wipe.h>
#include <stdlib.h>
#include <string.h>

bool
sl_peer_equal(const struct sl_peer *a, const struct sl_peer *b)
{
	return sl_span_equal(sl_span(a->bytes, a->len), sl_span(b->bytes, b->len));
}

uint64_t
sl_peer_hash(
        const uint8_t key[static SL_SIPHASH_KEY_LEN], const struct sl_peer *peer, uint32_t number)
{
	uint8_t bytes[sizeof number + SL_PEER_MAX];

	memcpy(bytes, &number, sizeof number);
	memcpy(bytes + sizeof number, peer->bytes, peer->len);
	return sl_siphash(key, sl_span(bytes, sizeof number + peer->len));
}

enum sl_err
sl_networks_init(struct sl_networks *n, uint32_t max, uint32_t share,
        const uint8_t key[static SL_SIPHASH_KEY_LEN])
{
	enum sl_err err = sl_slab_init(&n->slab, max);

	if (err == SL_OK)
		err = sl_index_init(&n->index, max);
	n->items = sl_slots_array(max, sizeof *n->items);
	n->yielding = sl_slots_array(max, sizeof *n->yielding);
	n->kept = sl_slots_array(max, sizeof *n->kept);
	if (n->items == NULL || n->yielding == NULL || n->kept == NULL)
		return SL_ENOMEM;
	n->items[0].yielding.links = n->yielding;
	n->items[0].kept.links = n->kept;
	n->share = share;
	memcpy(n->key, key, sizeof n->key);
	return err;
}

void
sl_networks_clear(struct sl_networks *n)
{
	sl_slab_clear(&n->slab);
	sl_index_clear(&n->index);
	free(n->items);
	free(n->yielding);
	free(n->kept);
	sl_wipe(n->key, sizeof n->key);
}

static uint64_t
hash_of(const struct sl_networks *n, const struct sl_peer *peer)
{
	return sl_siphash(n->key, sl_span(&peer->network, sizeof peer->network));
}

uint32_t
sl_network_find(const struct sl_networks *n, const struct sl_peer *peer)
{
	uint32_t slot = sl_index_first(&n->index, hash_of(n, peer));

	while (slot != 0 && n->items[slot].id != peer->network)
		slot = sl_index_next(&n->index, slot);
	return slot;
}

uint32_t
sl_network_enter(struct sl_networks *n, const struct sl_peer *peer)
{
	uint32_t slot = sl_network_find(n, peer);

	if (slot == 0 && peer->network != 0) {
		slot = sl_slab_take(&n->slab);
		n->items[slot] = (struct sl_network){.id = peer->network,
		        .yielding = {.links = n->yielding},
		        .kept = {.links = n->kept}};
		sl_index_add(&n->index, slot, hash_of(n, peer));
	}
	n->items[slot].used += slot != 0;
	return slot;
}

void
sl_network_leave(struct sl_networks *n, uint32_t network)
{
	if (network == 0 || --n->items[network].used > 0)
		return;
	sl_index_remove(&n->index, network);
	sl_slab_give(&n->slab, network);
}

bool
sl_network_has_room(const struct sl_networks *n, uint32_t network)
{
	return network == 0 || n->share == 0 || n->items[network].used < n->share;
}
