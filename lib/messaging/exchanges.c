/* SPDX-License-Identifier: BSD-2-Clause
 * Records of exchanges and the lanes of separate responses. Every operation is O(1) but for the
 * heap of retransmissions. */
#include "exchanges.h"

#include <sl/wipe.h>
#include <stdlib.h>
#include <string.h>

#define LANE_MAX   16 /* responses behind the one under way */
#define NAME_TRIES 32
#define AT_OWN_ID  2 /* the message ID's place in a datagram */

_Static_assert(SL_RECORD_BYTES <= SL_MESSAGES_RECORD_BYTES, "as the header says");
void
sl_messages_config_init(struct sl_messages_config *config)
{
	memset(config, 0, sizeof *config);
	config->exchanges_max = 262144;
	config->yielding_max = 8192;
	config->reply_bytes_max = 32U << 20;
	config->ack_delay_ms = 500;
	config->ack_timeout_ms = 2000;
	config->ack_random_permille = 1500;
	config->max_retransmit = 4;
	config->exchange_lifetime_ms = 247000;
	config->non_lifetime_ms = 145000;
}

static enum sl_err
init_tables(struct sl_messages *m, uint32_t max)
{
	enum sl_err err = sl_slab_init(&m->slab, max);

	if (err == SL_OK)
		err = sl_index_init(&m->requests, max);
	if (err == SL_OK)
		err = sl_index_init(&m->own, max);
	if (err == SL_OK)
		err = sl_index_init(&m->lanes, max);
	if (err == SL_OK)
		err = sl_heap_init(&m->retransmissions, max);
	if (err == SL_OK)
		err = sl_networks_init(
		        &m->networks, max, m->config.exchanges_per_network, m->config.hash_key);
	m->exchanges = sl_slots_array(max, sizeof *m->exchanges);
	m->con_life.links = m->non_life.links = sl_slots_array(max, sizeof(struct sl_link));
	m->acks.links = m->kept.links = sl_slots_array(max, sizeof(struct sl_link));
	m->out.links = sl_slots_array(max, sizeof(struct sl_link));
	m->yielding.links = sl_slots_array(max, sizeof(struct sl_link));
	m->ring = sl_slots_array(max, sizeof *m->ring);
	m->strays = sl_slots_array(SL_STRAYS_MAX, sizeof *m->strays);
	if (m->exchanges == NULL || m->con_life.links == NULL || m->acks.links == NULL ||
	        m->out.links == NULL || m->yielding.links == NULL || m->ring == NULL ||
	        m->strays == NULL)
		return SL_ENOMEM;
	return err;
}

enum sl_err
sl_messages_new(struct sl_messages **out, const struct sl_messages_config *config)
{
	struct sl_messages *m;
	enum sl_err err;

	if (config->exchanges_max == 0 || config->exchanges_max > UINT32_MAX / 2)
		return SL_ELIMIT;
	m = calloc(1, sizeof *m);
	if (m == NULL)
		return SL_ENOMEM;
	m->config = *config;
	m->timeout_max_ms =
	        (uint32_t)((uint64_t)config->ack_timeout_ms * config->ack_random_permille / 1000);
	m->draw = sl_draw_from(config->seed);
	m->next_id = (uint16_t)sl_draw_next(&m->draw);
	err = init_tables(m, config->exchanges_max);
	if (err == SL_OK)
		*out = m;
	else
		sl_messages_free(m);
	return err;
}

void
sl_messages_free(struct sl_messages *m)
{
	if (m == NULL)
		return;
	for (uint32_t slot = 1; m->exchanges != NULL && slot <= m->slab.high; slot++)
		free(m->exchanges[slot].reply);
	sl_slab_clear(&m->slab);
	sl_index_clear(&m->requests);
	sl_index_clear(&m->own);
	sl_index_clear(&m->lanes);
	sl_heap_clear(&m->retransmissions);
	sl_networks_clear(&m->networks);
	free(m->con_life.links);
	free(m->acks.links);
	free(m->out.links);
	free(m->yielding.links);
	free(m->ring);
	free(m->strays);
	free(m->exchanges);
	free(m->lent);
	sl_wipe(&m->config, sizeof m->config);
	sl_wipe(&m->draw, sizeof m->draw);
	free(m);
}

static uint64_t
hash_of(const struct sl_messages *m, const struct sl_peer *peer, uint32_t number)
{
	return sl_peer_hash(m->config.hash_key, peer, number);
}

uint32_t
sl_exchange_find(const struct sl_messages *m, const struct sl_peer *peer, uint16_t message_id)
{
	uint32_t slot = sl_index_first(&m->requests, hash_of(m, peer, message_id));

	while (slot != 0 && (m->exchanges[slot].message_id != message_id ||
	                            !sl_peer_equal(&m->exchanges[slot].peer, peer)))
		slot = sl_index_next(&m->requests, slot);
	return slot;
}

uint32_t
sl_exchange_find_own(const struct sl_messages *m, const struct sl_peer *peer, uint16_t own_id)
{
	uint32_t slot = sl_index_first(&m->own, hash_of(m, peer, own_id));

	while (slot != 0 && (m->exchanges[slot].own_id != own_id ||
	                            !sl_peer_equal(&m->exchanges[slot].peer, peer)))
		slot = sl_index_next(&m->own, slot);
	return slot;
}

struct sl_exchange *
sl_exchange_at(const struct sl_messages *m, struct sl_ref ref)
{
	struct sl_exchange *x;

	if (ref.slot == 0 || ref.slot > m->slab.high)
		return NULL;
	x = &m->exchanges[ref.slot];
	return x->state != 0 && x->generation == ref.generation ? x : NULL;
}

static bool
is_running(const struct sl_exchange *x)
{
	return x->state == SL_EXCHANGE_WAITING || x->state == SL_EXCHANGE_ACKED;
}

static struct sl_list *
life_of(struct sl_messages *m, const struct sl_exchange *x)
{
	return x->is_con ? &m->con_life : &m->non_life;
}

/* The oldest record that may give way, but not before its answer has left. */
static bool
end_oldest(struct sl_messages *m, const struct sl_list *yielding, uint64_t now_ms)
{
	uint32_t oldest = yielding->head;

	if (oldest == 0 || m->exchanges[oldest].wants != 0)
		return false;
	sl_exchange_end(m, oldest, now_ms);
	return true;
}

/* A free slot; in a full table, or for a network that has its share, that of another record. */
static uint32_t
take_slot(struct sl_messages *m, const struct sl_peer *peer, uint64_t now_ms)
{
	uint32_t network = sl_network_find(&m->networks, peer);

	if (!sl_network_has_room(&m->networks, network) &&
	        !end_oldest(m, &m->networks.items[network].yielding, now_ms))
		return 0;
	if (sl_slab_used(&m->slab) == m->slab.max || m->counts.yielding >= m->config.yielding_max)
		end_oldest(m, &m->yielding, now_ms);
	return sl_slab_take(&m->slab);
}

uint32_t
sl_exchange_open(struct sl_messages *m, const struct sl_peer *peer,
        const struct sl_coap_msg *request, const uint8_t digest[static 16], uint64_t now_ms)
{
	uint32_t slot = take_slot(m, peer, now_ms);
	struct sl_exchange *x = &m->exchanges[slot];
	uint32_t generation = x->generation + 1;

	if (slot == 0)
		return 0;
	*x = (struct sl_exchange){.arrived_ms = now_ms,
	        .peer = *peer,
	        .state = SL_EXCHANGE_WAITING,
	        .token_len = request->token_len,
	        .message_id = request->message_id,
	        .is_con = request->type == SL_COAP_CON,
	        .network = sl_network_enter(&m->networks, peer),
	        .generation = generation};
	memcpy(x->token, request->token, sizeof x->token);
	memcpy(x->digest, digest, sizeof x->digest);
	sl_index_add(&m->requests, slot, hash_of(m, peer, x->message_id));
	sl_list_push(life_of(m, x), slot);
	if (x->is_con)
		sl_list_push(&m->acks, slot);
	m->counts.running++;
	return slot;
}

void
sl_exchange_end(struct sl_messages *m, uint32_t slot, uint64_t now_ms)
{
	struct sl_exchange *x = &m->exchanges[slot];

	if (is_running(x))
		sl_exchange_settle(m, slot, SL_EXCHANGE_CLOSED);
	if (x->separate == SL_SEPARATE_QUEUED || x->separate == SL_SEPARATE_UNDER_WAY)
		sl_lane_leave(m, slot, now_ms);
	sl_exchange_drop_reply(m, slot);
	sl_exchange_unwant(m, slot, SL_WANTS_ACK | SL_WANTS_REPLY);
	if (x->separate >= SL_SEPARATE_UNDER_WAY)
		sl_index_remove(&m->own, slot);
	if (x->may_yield) {
		sl_list_remove(&m->yielding, slot);
		sl_list_remove(&m->networks.items[x->network].yielding, slot);
		m->counts.yielding--;
	}
	sl_network_leave(&m->networks, x->network);
	sl_index_remove(&m->requests, slot);
	sl_list_remove(life_of(m, x), slot);
	x->state = 0;
	sl_slab_give(&m->slab, slot);
}

void
sl_exchange_settle(struct sl_messages *m, uint32_t slot, enum sl_exchange_state state)
{
	struct sl_exchange *x = &m->exchanges[slot];

	if (x->state == SL_EXCHANGE_WAITING && x->is_con)
		sl_list_remove(&m->acks, slot);
	if (is_running(x) && state > SL_EXCHANGE_ACKED)
		m->counts.running--;
	x->state = (uint8_t)state;
}

void
sl_exchange_want(struct sl_messages *m, uint32_t slot, unsigned wants)
{
	struct sl_exchange *x = &m->exchanges[slot];

	if (x->wants == 0)
		sl_list_push(&m->out, slot);
	x->wants |= (uint8_t)wants;
}

void
sl_exchange_unwant(struct sl_messages *m, uint32_t slot, unsigned wants)
{
	struct sl_exchange *x = &m->exchanges[slot];

	if (x->wants == 0)
		return;
	x->wants &= (uint8_t)~wants;
	if (x->wants == 0)
		sl_list_remove(&m->out, slot);
}

void
sl_exchange_acknowledge(struct sl_messages *m, uint32_t slot)
{
	if (m->exchanges[slot].state == SL_EXCHANGE_WAITING)
		sl_exchange_settle(m, slot, SL_EXCHANGE_ACKED);
	sl_exchange_want(m, slot, SL_WANTS_ACK);
}

/* A message ID that no living record of this end point uses, section 4.4. */
void
sl_exchange_name(struct sl_messages *m, uint32_t slot)
{
	struct sl_exchange *x = &m->exchanges[slot];

	for (int i = 0; i < NAME_TRIES && sl_exchange_find_own(m, &x->peer, m->next_id) != 0; i++)
		m->next_id++;
	x->own_id = m->next_id++;
	x->reply[AT_OWN_ID] = (uint8_t)(x->own_id >> 8);
	x->reply[AT_OWN_ID + 1] = (uint8_t)x->own_id;
	sl_index_add(&m->own, slot, hash_of(m, &x->peer, x->own_id));
}

uint8_t *
sl_exchange_take_reply(struct sl_messages *m, uint32_t slot)
{
	struct sl_exchange *x = &m->exchanges[slot];
	uint8_t *reply = x->reply;

	if (reply == NULL)
		return NULL;
	if (x->state == SL_EXCHANGE_PIGGYBACKED) {
		sl_list_remove(&m->kept, slot);
		sl_list_remove(&m->networks.items[x->network].kept, slot);
	}
	m->counts.reply_bytes -= x->reply_len;
	m->networks.items[x->network].bytes -= x->reply_len;
	x->reply = NULL;
	return reply;
}

void
sl_exchange_drop_reply(struct sl_messages *m, uint32_t slot)
{
	free(sl_exchange_take_reply(m, slot));
}

static uint32_t
lane_find(const struct sl_messages *m, const struct sl_peer *peer)
{
	uint32_t slot = sl_index_first(&m->lanes, hash_of(m, peer, 0));

	while (slot != 0 && !sl_peer_equal(&m->exchanges[slot].peer, peer))
		slot = sl_index_next(&m->lanes, slot);
	return slot;
}

static void
lane_start(struct sl_messages *m, uint32_t slot, uint64_t now_ms)
{
	struct sl_exchange *x = &m->exchanges[slot];

	sl_exchange_name(m, slot);
	x->separate = SL_SEPARATE_UNDER_WAY;
	sl_index_add(&m->lanes, slot, hash_of(m, &x->peer, 0));
	x->timeout_ms = sl_draw_between(&m->draw, m->config.ack_timeout_ms, m->timeout_max_ms);
	sl_heap_set(&m->retransmissions, slot, now_ms + x->timeout_ms);
	sl_exchange_want(m, slot, SL_WANTS_REPLY);
}

enum sl_err
sl_lane_enter(struct sl_messages *m, uint32_t slot, uint64_t now_ms)
{
	struct sl_exchange *x = &m->exchanges[slot];
	uint32_t first = lane_find(m, &x->peer);
	struct sl_link *ring = m->ring;

	if (first != 0 && m->exchanges[first].lane_count >= LANE_MAX)
		return SL_ELIMIT;
	if (first == 0) {
		ring[slot] = (struct sl_link){slot, slot};
		lane_start(m, slot, now_ms);
		return SL_OK;
	}
	x->separate = SL_SEPARATE_QUEUED;
	ring[slot] = (struct sl_link){ring[first].prev, first};
	ring[ring[first].prev].next = slot;
	ring[first].prev = slot;
	m->exchanges[first].lane_count++;
	return SL_OK;
}

void
sl_lane_leave(struct sl_messages *m, uint32_t slot, uint64_t now_ms)
{
	struct sl_exchange *x = &m->exchanges[slot];
	uint32_t first = lane_find(m, &x->peer);
	uint32_t next = m->ring[slot].next;

	m->ring[m->ring[slot].prev].next = next;
	m->ring[next].prev = m->ring[slot].prev;
	x->separate = first == slot ? SL_SEPARATE_DONE : SL_SEPARATE_NONE;
	sl_exchange_drop_reply(m, slot);
	sl_exchange_unwant(m, slot, SL_WANTS_REPLY);
	if (first != slot) {
		m->exchanges[first].lane_count--;
		return;
	}
	sl_index_remove(&m->lanes, slot);
	sl_heap_remove(&m->retransmissions, slot);
	if (next == slot)
		return;
	m->exchanges[next].lane_count = (uint8_t)(x->lane_count - 1);
	x->lane_count = 0;
	lane_start(m, next, now_ms);
}

/* Nobody acknowledged: what waits behind would find nobody either. */
static void
lane_give_up(struct sl_messages *m, uint32_t slot, uint64_t now_ms)
{
	while (m->ring[slot].next != slot) {
		m->counts.timed_out++;
		sl_lane_leave(m, m->ring[slot].next, now_ms);
	}
	m->counts.timed_out++;
	sl_lane_leave(m, slot, now_ms);
}

void
sl_lane_on_time(struct sl_messages *m, uint64_t now_ms)
{
	uint32_t slot = sl_heap_first(&m->retransmissions);
	struct sl_exchange *x = &m->exchanges[slot];

	if (x->retransmits >= m->config.max_retransmit) {
		lane_give_up(m, slot, now_ms);
		return;
	}
	x->retransmits++;
	x->timeout_ms *= 2;
	m->counts.retransmissions++;
	sl_heap_set(&m->retransmissions, slot, now_ms + x->timeout_ms);
	sl_exchange_want(m, slot, SL_WANTS_REPLY);
}
