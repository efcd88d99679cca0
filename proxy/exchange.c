/* SPDX-License-Identifier: BSD-2-Clause
 * All lists run over slot numbers; nothing is allocated after the start. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

enum sl_err
exchanges_init(struct exchanges *t, const struct config *config,
        const uint8_t key[static SL_SIPHASH_KEY_LEN])
{
	memset(t, 0, sizeof *t);
	t->limits = &config->limits;
	t->count = (uint32_t)(config->limits.queue_length + config->limits.transfers);
	t->lane_count = config->route_count + config->forward_count;
	t->slots = calloc(t->count, sizeof *t->slots);
	t->lanes = calloc(t->lane_count + 1, sizeof *t->lanes);
	if (t->slots == NULL || t->lanes == NULL) {
		exchanges_clear(t);
		return SL_ENOMEM;
	}
	memcpy(t->key, key, sizeof t->key);
	for (uint32_t i = 0; i < t->count; i++)
		t->slots[i].next = i + 1 < t->count ? i + 1 : NO_SLOT;
	for (size_t i = 0; i < t->lane_count; i++)
		t->lanes[i].head = t->lanes[i].tail = NO_SLOT;
	for (size_t i = 0; i < EXCHANGE_CHAINS; i++)
		t->chains[i] = NO_SLOT;
	t->oldest = t->newest = t->aborts = NO_SLOT;
	return SL_OK;
}

void
exchanges_clear(struct exchanges *t)
{
	for (uint32_t i = 0; t->slots != NULL && i < t->count; i++)
		free(t->slots[i].text);
	free(t->slots);
	free(t->lanes);
	t->slots = NULL;
	t->lanes = NULL;
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

enum sl_err
exchanges_add(struct exchanges *t, const struct exchange *draft, struct fetch_text *text)
{
	struct lane *lane = &t->lanes[draft->lane];
	uint32_t slot = t->free, *chain = chain_of(t, &draft->asker.peer);
	struct exchange *x;
	uint32_t generation;

	if (slot == NO_SLOT || t->queued >= t->limits->queue_length ||
	        count_of_peer(t, &draft->asker.peer) >= t->limits->in_flight_per_peer)
		return SL_ELIMIT;
	x = &t->slots[slot];
	t->free = x->next;
	generation = x->generation + 1;
	*x = *draft;
	x->generation = generation;
	x->text = text;
	x->state = EXCHANGE_QUEUED;
	x->next = NO_SLOT;
	x->newer = NO_SLOT;
	x->older = t->newest;
	x->next_of_peer = *chain;
	*chain = slot;
	*(t->newest == NO_SLOT ? &t->oldest : &t->slots[t->newest].newer) = slot;
	t->newest = slot;
	*(lane->tail == NO_SLOT ? &lane->head : &t->slots[lane->tail].next) = slot;
	lane->tail = slot;
	t->queued++;
	return SL_OK;
}

/* With several origins none may take all transfers: a quarter stays for the others. */
static uint32_t
lane_cap(const struct exchanges *t)
{
	uint32_t all = (uint32_t)t->limits->transfers;

	return t->lane_count > 1 && all > 1 ? all - (all + 3) / 4 : all;
}

static struct exchange *
pop(struct exchanges *t, struct lane *lane)
{
	struct exchange *x = &t->slots[lane->head];

	lane->head = x->next;
	if (lane->head == NO_SLOT)
		lane->tail = NO_SLOT;
	x->next = NO_SLOT;
	t->queued--;
	return x;
}

struct exchange *
exchanges_next(struct exchanges *t)
{
	if (t->queued == 0 || t->fetching >= t->limits->transfers)
		return NULL;
	for (size_t i = 0; i < t->lane_count; i++) {
		struct lane *lane = &t->lanes[(t->next_lane + i) % t->lane_count];
		struct exchange *x;

		if (lane->head == NO_SLOT || lane->fetching >= lane_cap(t))
			continue;
		x = pop(t, lane);
		x->state = EXCHANGE_FETCHING;
		lane->fetching++;
		t->fetching++;
		t->next_lane = (t->next_lane + i + 1) % t->lane_count;
		return x;
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
	if (x->state != EXCHANGE_QUEUED) {
		t->lanes[x->lane].fetching--;
		t->fetching--;
	}
	free(x->text);
	x->text = NULL;
	x->state = EXCHANGE_FREE;
	x->next = t->free;
	t->free = slot_of(t, x);
}

/* Deadlines run in order of arrival, so a queued one that ends is the head of its lane. */
static void
take_from_lane(struct exchanges *t, struct exchange *x)
{
	struct lane *lane = &t->lanes[x->lane];
	uint32_t slot = slot_of(t, x), before = NO_SLOT;

	for (uint32_t i = lane->head; i != slot; i = t->slots[i].next)
		before = i;
	*(before == NO_SLOT ? &lane->head : &t->slots[before].next) = x->next;
	if (lane->tail == slot)
		lane->tail = before;
	t->queued--;
}

void
exchanges_end(struct exchanges *t, struct exchange *x, bool is_done)
{
	unlink_asker(t, x);
	if (x->state == EXCHANGE_QUEUED)
		take_from_lane(t, x);
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
	for (size_t i = 0; i < t->lane_count; i++) {
		if (t->lanes[i].head == NO_SLOT)
			continue;
		x = &t->slots[t->lanes[i].head];
		if (now_ms >= x->asker.started_ms + t->limits->queue_age)
			return x;
	}
	return NULL;
}

uint64_t
exchanges_wakeup(const struct exchanges *t)
{
	uint64_t at = UINT64_MAX;

	if (t->oldest != NO_SLOT)
		at = t->slots[t->oldest].asker.started_ms + t->limits->total_timeout;
	for (size_t i = 0; i < t->lane_count; i++) {
		uint64_t due;

		if (t->lanes[i].head == NO_SLOT)
			continue;
		due = t->slots[t->lanes[i].head].asker.started_ms + t->limits->queue_age;
		at = due < at ? due : at;
	}
	return at;
}
