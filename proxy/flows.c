/* SPDX-License-Identifier: BSD-2-Clause
 * A flow lives while it has a slot. The lane's list holds the flows that have something queued; who was served
 * goes to its end. */
#include "flows.h"

#include <stdlib.h>
#include <string.h>

#define LOOKED_AT_MAX 64 /* flows, for a rival */

enum sl_err
flows_init(
        struct flows *f, uint32_t slots, size_t lanes, const uint8_t key[static SL_SIPHASH_KEY_LEN])
{
	memset(f, 0, sizeof *f);
	f->count = slots;
	f->lane_count = lanes;
	memcpy(f->key, key, sizeof f->key);
	f->items = calloc(slots, sizeof *f->items);
	f->links = calloc(slots, sizeof *f->links);
	f->lanes = calloc(lanes + 1, sizeof *f->lanes);
	if (f->items == NULL || f->links == NULL || f->lanes == NULL) {
		flows_clear(f);
		return SL_ENOMEM;
	}
	for (uint32_t i = 0; i < slots; i++)
		f->items[i].chain = i + 1 < slots ? i + 1 : NO_SLOT;
	for (size_t i = 0; i < lanes; i++)
		f->lanes[i].head = f->lanes[i].tail = NO_SLOT;
	for (size_t i = 0; i < FLOW_CHAINS; i++)
		f->chains[i] = NO_SLOT;
	return SL_OK;
}

void
flows_clear(struct flows *f)
{
	free(f->items);
	free(f->links);
	free(f->lanes);
	memset(f, 0, sizeof *f);
}

static size_t
chain_of(const struct flows *f, uint32_t lane, uint64_t network)
{
	uint64_t name[2] = {network, lane};

	return sl_siphash(f->key, sl_span(name, sizeof name)) % FLOW_CHAINS;
}

static uint32_t
find(const struct flows *f, uint32_t lane, uint64_t network)
{
	uint32_t i = f->chains[chain_of(f, lane, network)];

	while (i != NO_SLOT && (f->items[i].lane != lane || f->items[i].network != network))
		i = f->items[i].chain;
	return i;
}

static uint32_t
open_flow(struct flows *f, uint32_t lane, uint64_t network)
{
	uint32_t *chain = &f->chains[chain_of(f, lane, network)], at = f->free;

	f->free = f->items[at].chain;
	f->items[at] = (struct flow){.network = network,
	        .lane = lane,
	        .head = NO_SLOT,
	        .tail = NO_SLOT,
	        .chain = *chain};
	*chain = at;
	return at;
}

static void
close_flow(struct flows *f, uint32_t at)
{
	const struct flow *gone = &f->items[at];
	uint32_t *chain = &f->chains[chain_of(f, gone->lane, gone->network)];

	while (*chain != at)
		chain = &f->items[*chain].chain;
	*chain = gone->chain;
	f->items[at].chain = f->free;
	f->free = at;
}

static void
close_when_empty(struct flows *f, uint32_t at)
{
	if (f->items[at].queued + f->items[at].running == 0)
		close_flow(f, at);
}

/* --- turns ------------------------------------------------------------------------------------------------- */

static void
line_up(struct flows *f, uint32_t at)
{
	struct flow *flow = &f->items[at];
	struct flow_lane *lane = &f->lanes[flow->lane];

	flow->prev = lane->tail;
	flow->next = NO_SLOT;
	*(lane->tail == NO_SLOT ? &lane->head : &f->items[lane->tail].next) = at;
	lane->tail = at;
}

static void
step_out(struct flows *f, uint32_t at)
{
	const struct flow *flow = &f->items[at];
	struct flow_lane *lane = &f->lanes[flow->lane];

	*(flow->prev == NO_SLOT ? &lane->head : &f->items[flow->prev].next) = flow->next;
	*(flow->next == NO_SLOT ? &lane->tail : &f->items[flow->next].prev) = flow->prev;
}

/* --- slots -------------------------------------------------------------------------------------------------- */

uint32_t
flows_count(const struct flows *f, uint32_t lane, uint64_t network)
{
	uint32_t at = find(f, lane, network);

	return at == NO_SLOT ? 0 : f->items[at].queued + f->items[at].running;
}

void
flows_push(struct flows *f, uint32_t slot, uint32_t lane, uint64_t network)
{
	uint32_t at = find(f, lane, network);
	struct flow *flow;

	if (at == NO_SLOT)
		at = open_flow(f, lane, network);
	flow = &f->items[at];
	f->links[slot] = (struct flow_link){.prev = flow->tail, .next = NO_SLOT, .flow = at};
	*(flow->tail == NO_SLOT ? &flow->head : &f->links[flow->tail].next) = slot;
	flow->tail = slot;
	if (flow->queued++ == 0)
		line_up(f, at);
	f->lanes[lane].queued++;
}

/* Out of its queue; a flow that has nothing queued any more is out of turn. */
static void
take_out(struct flows *f, uint32_t slot)
{
	const struct flow_link *link = &f->links[slot];
	struct flow *flow = &f->items[link->flow];

	*(link->prev == NO_SLOT ? &flow->head : &f->links[link->prev].next) = link->next;
	*(link->next == NO_SLOT ? &flow->tail : &f->links[link->next].prev) = link->prev;
	f->lanes[flow->lane].queued--;
	if (--flow->queued == 0)
		step_out(f, link->flow);
}

uint32_t
flows_pop(struct flows *f, uint32_t lane)
{
	uint32_t at = f->lanes[lane].head, slot;

	if (at == NO_SLOT)
		return NO_SLOT;
	slot = f->items[at].head;
	take_out(f, slot);
	f->items[at].running++;
	f->lanes[lane].running++;
	if (f->items[at].queued > 0) {
		step_out(f, at);
		line_up(f, at);
	}
	return slot;
}

void
flows_drop(struct flows *f, uint32_t slot)
{
	take_out(f, slot);
	close_when_empty(f, f->links[slot].flow);
}

void
flows_done(struct flows *f, uint32_t slot)
{
	uint32_t at = f->links[slot].flow;

	f->lanes[f->items[at].lane].running--;
	f->items[at].running--;
	close_when_empty(f, at);
}

uint32_t
flows_rival(const struct flows *f, uint32_t lane, uint64_t network)
{
	uint32_t own = find(f, lane, network), longest = NO_SLOT, at;
	uint32_t most = 1 + (own == NO_SLOT ? 0 : f->items[own].queued);
	size_t fullest = 0;

	for (size_t i = 1; i < f->lane_count; i++)
		if (f->lanes[i].queued > f->lanes[fullest].queued)
			fullest = i;
	at = f->lanes[fullest].head;
	for (int i = 0; i < LOOKED_AT_MAX && at != NO_SLOT; i++, at = f->items[at].next) {
		if (f->items[at].queued <= most)
			continue;
		most = f->items[at].queued;
		longest = at;
	}
	return longest == NO_SLOT ? NO_SLOT : f->items[longest].tail;
}
