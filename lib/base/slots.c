/* SPDX-License-Identifier: BSD-2-Clause
 * Slabs, deques, hash indexes and a binary heap over slot numbers. */
#include <sl/slots.h>

#include <stdlib.h>

void *
sl_slots_array(uint32_t max, size_t size)
{
	return calloc((size_t)max + 1, size);
}

enum sl_err
sl_slab_init(struct sl_slab *s, uint32_t max)
{
	s->spare = sl_slots_array(max, sizeof *s->spare);
	s->max = max;
	return s->spare == NULL ? SL_ENOMEM : SL_OK;
}

void
sl_slab_clear(struct sl_slab *s)
{
	free(s->spare);
}

uint32_t
sl_slab_take(struct sl_slab *s)
{
	if (s->spare_count > 0)
		return s->spare[--s->spare_count];
	return s->high < s->max ? ++s->high : 0;
}

void
sl_slab_give(struct sl_slab *s, uint32_t slot)
{
	s->spare[s->spare_count++] = slot;
}

uint32_t
sl_slab_used(const struct sl_slab *s)
{
	return s->high - s->spare_count;
}

void
sl_list_push(struct sl_list *list, uint32_t slot)
{
	list->links[slot].prev = list->tail;
	list->links[slot].next = 0;
	if (list->tail != 0)
		list->links[list->tail].next = slot;
	else
		list->head = slot;
	list->tail = slot;
}

void
sl_list_remove(struct sl_list *list, uint32_t slot)
{
	struct sl_link *link = &list->links[slot];

	if (link->prev != 0)
		list->links[link->prev].next = link->next;
	else
		list->head = link->next;
	if (link->next != 0)
		list->links[link->next].prev = link->prev;
	else
		list->tail = link->prev;
	link->prev = link->next = 0;
}

enum sl_err
sl_index_init(struct sl_index *ix, uint32_t max)
{
	uint32_t size = 1;

	while (size < max)
		size *= 2;
	ix->mask = size - 1;
	ix->buckets = sl_slots_array(size, sizeof *ix->buckets);
	ix->chain = sl_slots_array(max, sizeof *ix->chain);
	ix->hashes = sl_slots_array(max, sizeof *ix->hashes);
	if (ix->buckets == NULL || ix->chain == NULL || ix->hashes == NULL)
		return SL_ENOMEM;
	return SL_OK;
}

void
sl_index_clear(struct sl_index *ix)
{
	free(ix->buckets);
	free(ix->chain);
	free(ix->hashes);
}

void
sl_index_add(struct sl_index *ix, uint32_t slot, uint64_t hash)
{
	uint32_t *bucket = &ix->buckets[(uint32_t)hash & ix->mask];

	ix->hashes[slot] = (uint32_t)hash;
	ix->chain[slot] = *bucket;
	*bucket = slot;
}

void
sl_index_remove(struct sl_index *ix, uint32_t slot)
{
	uint32_t *at = &ix->buckets[ix->hashes[slot] & ix->mask];

	while (*at != slot)
		at = &ix->chain[*at];
	*at = ix->chain[slot];
}

static uint32_t
same_hash(const struct sl_index *ix, uint32_t slot, uint32_t hash)
{
	while (slot != 0 && ix->hashes[slot] != hash)
		slot = ix->chain[slot];
	return slot;
}

uint32_t
sl_index_first(const struct sl_index *ix, uint64_t hash)
{
	return same_hash(ix, ix->buckets[(uint32_t)hash & ix->mask], (uint32_t)hash);
}

uint32_t
sl_index_next(const struct sl_index *ix, uint32_t slot)
{
	return same_hash(ix, ix->chain[slot], ix->hashes[slot]);
}

enum sl_err
sl_heap_init(struct sl_heap *h, uint32_t max)
{
	h->slots = sl_slots_array(max, sizeof *h->slots);
	h->at = sl_slots_array(max, sizeof *h->at);
	h->due_ms = sl_slots_array(max, sizeof *h->due_ms);
	return h->slots == NULL || h->at == NULL || h->due_ms == NULL ? SL_ENOMEM : SL_OK;
}

void
sl_heap_clear(struct sl_heap *h)
{
	free(h->slots);
	free(h->at);
	free(h->due_ms);
}

static void
place(struct sl_heap *h, uint32_t at, uint32_t slot)
{
	h->slots[at] = slot;
	h->at[slot] = at;
}

/* Finds the place of a slot that belongs somewhere along the path through at. */
static void
sift(struct sl_heap *h, uint32_t at, uint32_t slot)
{
	uint64_t due = h->due_ms[slot];

	for (; at > 1 && h->due_ms[h->slots[at / 2]] > due; at /= 2)
		place(h, at, h->slots[at / 2]);
	while (2 * at <= h->count) {
		uint32_t child = 2 * at;

		if (child < h->count && h->due_ms[h->slots[child + 1]] < h->due_ms[h->slots[child]])
			child++;
		if (h->due_ms[h->slots[child]] >= due)
			break;
		place(h, at, h->slots[child]);
		at = child;
	}
	place(h, at, slot);
}

void
sl_heap_set(struct sl_heap *h, uint32_t slot, uint64_t due_ms)
{
	h->due_ms[slot] = due_ms;
	if (h->at[slot] == 0)
		place(h, ++h->count, slot);
	sift(h, h->at[slot], slot);
}

void
sl_heap_remove(struct sl_heap *h, uint32_t slot)
{
	uint32_t at = h->at[slot];
	uint32_t last = h->slots[h->count];

	if (at == 0)
		return;
	h->at[slot] = 0;
	h->count--;
	if (last != slot)
		sift(h, at, last);
}

uint32_t
sl_heap_first(const struct sl_heap *h)
{
	return h->count == 0 ? 0 : h->slots[1];
}

uint64_t
sl_heap_due(const struct sl_heap *h)
{
	return h->count == 0 ? UINT64_MAX : h->due_ms[h->slots[1]];
}
