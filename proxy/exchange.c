/* SPDX-License-Identifier: BSD-2-Clause
 * All lists run over slot numbers; nothing is allocated after the start. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "config_reload.h"

#define LANES_MAX ((size_t)2 * CONFIG_ORIGINS_MAX)

enum sl_err
exchanges_init(struct exchanges *t, const struct config *config,
        const uint8_t key[static SL_SIPHASH_KEY_LEN])
{
	enum sl_err err;

	memset(t, 0, sizeof *t);
	t->count = (uint32_t)(config->limits.queue_length + config->limits.transfers);
	err = flows_init(&t->flows, t->count, LANES_MAX, key);
	t->slots = calloc(t->count, sizeof *t->slots);
	if (t->slots == NULL || err != SL_OK) {
		exchanges_clear(t);
		return SL_ENOMEM;
	}
	memcpy(t->key, key, sizeof t->key);
	for (uint32_t i = 0; i < t->count; i++)
		t->slots[i].next = i + 1 < t->count ? i + 1 : NO_SLOT;
	for (size_t i = 0; i < EXCHANGE_CHAINS; i++)
		t->chains[i] = NO_SLOT;
	t->oldest = t->newest = t->aborts = t->queued_oldest = t->queued_newest = NO_SLOT;
	t->lane_count = 0;
	exchanges_reload(t, config);
	return SL_OK;
}

/* A lane of the configuration before may still have something in it, so there are never less. */
void
exchanges_reload(struct exchanges *t, const struct config *config)
{
	t->limits = &config->limits;
	t->origin_count = config->route_count + config->forward_count;
	if (t->origin_count > t->lane_count)
		t->lane_count = t->origin_count;
	t->flows.lane_count = t->lane_count;
}

bool
exchanges_need(const struct exchanges *t, const struct config *config)
{
	for (uint32_t i = t->oldest; i != NO_SLOT; i = t->slots[i].newer)
		if (config_has_origin(config, t->slots[i].origin))
			return true;
	return false;
}

void
exchanges_clear(struct exchanges *t)
{
	for (uint32_t i = 0; t->slots != NULL && i < t->count; i++)
		free(t->slots[i].text);
	free(t->slots);
	t->slots = NULL;
	flows_clear(&t->flows);
}

size_t
exchanges_slot_bytes(void)
{
	return sizeof(struct exchange) + sizeof(struct flow) + sizeof(struct flow_link);
}

static uint32_t
slot_of(const struct exchanges *t, const struct exchange *x)
{
	return (uint32_t)(x - t->slots);
}

struct sl_ref
exchange_ref(const struct exchanges *t, const struct exchange *x)
{
	return (struct sl_ref){.slot = slot_of(t, x), .generation = x->generation};
}

static uint32_t *
chain_of(struct exchanges *t, const struct sl_peer *peer)
{
	return &t->chains[sl_siphash(t->key, sl_span(peer->bytes, peer->len)) % EXCHANGE_CHAINS];
}

static bool
same_peer(const struct sl_peer *a, const struct sl_peer *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static uint64_t
count_of_peer(struct exchanges *t, const struct sl_peer *peer)
{
	uint64_t count = 0;

	for (uint32_t i = *chain_of(t, peer); i != NO_SLOT; i = t->slots[i].next_of_peer)
		count += same_peer(&t->slots[i].asker.peer, peer);
	return count;
}

static void
enter(struct exchanges *t, struct exchange *x, const struct exchange_wish *wish)
{
	uint32_t slot = slot_of(t, x), generation = x->generation + 1;
	uint32_t *chain = chain_of(t, &wish->draft.asker.peer);

	*x = wish->draft;
	x->generation = generation;
	x->text = wish->text;
	x->state = EXCHANGE_QUEUED;
	x->newer = x->queued_newer = NO_SLOT;
	x->older = t->newest;
	x->queued_older = t->queued_newest;
	x->next_of_peer = *chain;
	*chain = slot;
	*(t->newest == NO_SLOT ? &t->oldest : &t->slots[t->newest].newer) = slot;
	t->newest = slot;
	*(t->queued_newest == NO_SLOT ? &t->queued_oldest
	                              : &t->slots[t->queued_newest].queued_newer) = slot;
	t->queued_newest = slot;
	t->queued++;
	t->text_bytes += sizeof *x->text + x->text->body_len;
	flows_push(&t->flows, slot, x->lane, x->asker.network);
}

enum exchange_verdict
exchanges_add(struct exchanges *t, const struct exchange_wish *wish)
{
	const struct exchange *draft = &wish->draft;
	struct exchange *x;

	if (count_of_peer(t, &draft->asker.peer) >= t->limits->in_flight_per_peer)
		return EXCHANGE_PEER_FULL;
	if (flows_count(&t->flows, draft->lane, draft->asker.network) >= wish->prefix_max)
		return EXCHANGE_PREFIX_FULL;
	if (t->free == NO_SLOT || t->queued >= t->limits->queue_length)
		return EXCHANGE_NO_ROOM;
	x = &t->slots[t->free];
	t->free = x->next;
	enter(t, x, wish);
	return EXCHANGE_ADDED;
}

struct exchange *
exchanges_rival(struct exchanges *t, const struct exchange_wish *wish)
{
	uint32_t slot = flows_rival(&t->flows, wish->draft.lane, wish->draft.asker.network);

	return slot == NO_SLOT ? NULL : &t->slots[slot];
}

/* With several origins none may take all transfers that the others leave: a quarter of these stays free. So
 * however many hang, the next one gets its turn. */
static bool
may_start(const struct exchanges *t, uint32_t lane)
{
	uint32_t running = t->flows.lanes[lane].running;
	uint32_t left = (uint32_t)t->limits->transfers - (t->fetching - running);

	return t->origin_count <= 1 || running == 0 || running < left - (left + 3) / 4;
}

/* Queued no more. */
static void
leave_queue(struct exchanges *t, struct exchange *x)
{
	*(x->queued_older == NO_SLOT ? &t->queued_oldest
	                             : &t->slots[x->queued_older].queued_newer) = x->queued_newer;
	*(x->queued_newer == NO_SLOT ? &t->queued_newest
	                             : &t->slots[x->queued_newer].queued_older) = x->queued_older;
	t->queued--;
}

struct exchange *
exchanges_next(struct exchanges *t)
{
	if (t->queued == 0 || t->fetching >= t->limits->transfers)
		return NULL;
	for (size_t i = 0; i < t->lane_count; i++) {
		uint32_t lane = (uint32_t)((t->next_lane + i) % t->lane_count), slot;

		if (!may_start(t, lane))
			continue;
		slot = flows_pop(&t->flows, lane);
		if (slot == NO_SLOT)
			continue;
		leave_queue(t, &t->slots[slot]);
		t->slots[slot].state = EXCHANGE_FETCHING;
		t->fetching++;
		t->next_lane = (lane + 1) % t->lane_count;
		return &t->slots[slot];
	}
	return NULL;
}

struct exchange *
exchanges_find(struct exchanges *t, struct sl_ref ref)
{
	struct exchange *x;

	if (ref.slot >= t->count)
		return NULL;
	x = &t->slots[ref.slot];
	return x->generation == ref.generation && x->state == EXCHANGE_FETCHING ? x : NULL;
}

/* Out of what concerns the device side: age and peer. */
static void
unlink_asker(struct exchanges *t, struct exchange *x)
{
	uint32_t slot = slot_of(t, x), *at = chain_of(t, &x->asker.peer);

	while (*at != slot)
		at = &t->slots[*at].next_of_peer;
	*at = x->next_of_peer;
	*(x->older == NO_SLOT ? &t->oldest : &t->slots[x->older].newer) = x->newer;
	*(x->newer == NO_SLOT ? &t->newest : &t->slots[x->newer].older) = x->older;
}

static void
release(struct exchanges *t, struct exchange *x)
{
	if (x->state == EXCHANGE_QUEUED) {
		leave_queue(t, x);
		flows_drop(&t->flows, slot_of(t, x));
	} else {
		flows_done(&t->flows, slot_of(t, x));
		t->fetching--;
	}
	t->text_bytes -= sizeof *x->text + x->text->body_len;
	free(x->text);
	x->text = NULL;
	x->state = EXCHANGE_FREE;
	x->next = t->free;
	t->free = slot_of(t, x);
}

void
exchanges_end(struct exchanges *t, struct exchange *x, bool is_done)
{
	unlink_asker(t, x);
	if (x->state == EXCHANGE_QUEUED || is_done) {
		release(t, x);
		return;
	}
	x->state = EXCHANGE_ABORTING;
	x->next = t->aborts;
	t->aborts = slot_of(t, x);
}

bool
exchanges_next_abort(struct exchanges *t, struct sl_ref *ref)
{
	struct exchange *x;

	if (t->aborts == NO_SLOT)
		return false;
	x = &t->slots[t->aborts];
	t->aborts = x->next;
	*ref = exchange_ref(t, x);
	release(t, x);
	return true;
}

struct exchange *
exchanges_oldest(struct exchanges *t)
{
	return t->oldest == NO_SLOT ? NULL : &t->slots[t->oldest];
}

struct exchange *
exchanges_overdue(struct exchanges *t, uint64_t now_ms)
{
	struct exchange *x = exchanges_oldest(t);

	if (x != NULL && now_ms >= x->asker.started_ms + t->limits->total_timeout)
		return x;
	x = t->queued_oldest == NO_SLOT ? NULL : &t->slots[t->queued_oldest];
	return x != NULL && now_ms >= x->asker.started_ms + t->limits->queue_age ? x : NULL;
}

uint64_t
exchanges_wakeup(const struct exchanges *t)
{
	uint64_t at = UINT64_MAX, due;

	if (t->oldest != NO_SLOT)
		at = t->slots[t->oldest].asker.started_ms + t->limits->total_timeout;
	if (t->queued_oldest == NO_SLOT)
		return at;
	due = t->slots[t->queued_oldest].asker.started_ms + t->limits->queue_age;
	return due < at ? due : at;
}
