/* SPDX-License-Identifier: BSD-2-Clause
 * End points as keys of tables, and the networks they belong to: how much of a table the end points of
 * one network hold together. Private to the room. */
#ifndef SL_NETWORKS_H
#define SL_NETWORKS_H

#include <sl/messages.h>
#include <sl/slots.h>

bool sl_peer_equal(const struct sl_peer *a, const struct sl_peer *b);
/* Keyed hash of an end point and a number. */
uint64_t sl_peer_hash(
        const uint8_t key[static SL_SIPHASH_KEY_LEN], const struct sl_peer *peer, uint32_t number);

/* What one network has in a table. */
struct sl_network {
	uint64_t id;
	uint64_t bytes;
	uint32_t used;           /* entries */
	struct sl_list yielding; /* those that may give way, oldest first */
	struct sl_list kept;     /* as the table likes */
};

struct sl_networks {
	struct sl_network *items; /* by slot; the first: all end points without a quota */
	struct sl_slab slab;
	struct sl_index index;
	struct sl_link *yielding,
	        *kept; /* links of the lists of all networks, by the table's slots */
	uint8_t key[SL_SIPHASH_KEY_LEN];
	uint32_t share; /* entries of one network; 0: no quota */
};

/* For a table of max entries. */
enum sl_err sl_networks_init(struct sl_networks *n, uint32_t max, uint32_t share,
        const uint8_t key[static SL_SIPHASH_KEY_LEN]) SL_MUST_USE;
void sl_networks_clear(struct sl_networks *n);
/* The network's slot; 0: it has no entry, or no quota. */
uint32_t sl_network_find(const struct sl_networks *n, const struct sl_peer *peer);
/* The same for one more entry; there is always room for as many networks as entries. */
uint32_t sl_network_enter(struct sl_networks *n, const struct sl_peer *peer);
void sl_network_leave(struct sl_networks *n, uint32_t network);
/* May this network have one more entry? */
bool sl_network_has_room(const struct sl_networks *n, uint32_t network);

#endif
