/* SPDX-License-Identifier: BSD-2-Clause
 * Tables of fixed size over slot numbers: free slots, deques, hash indexes, a heap of due times.
 * Slots run from 1 to max; 0 is none. All memory is taken in _init, zeroed memory is a valid input
 * of _clear. */
#ifndef SL_SLOTS_H
#define SL_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sl/err.h>

/* A zeroed array with an element per slot (and one for slot 0); NULL without memory. */
void *sl_slots_array(uint32_t max, size_t size);

struct sl_slab {
	uint32_t *spare;
	uint32_t spare_count, high, max;
};

enum sl_err sl_slab_init(struct sl_slab *s, uint32_t max) SL_MUST_USE;
void sl_slab_clear(struct sl_slab *s);
uint32_t sl_slab_take(struct sl_slab *s); /* 0: all are taken */
void sl_slab_give(struct sl_slab *s, uint32_t slot);
uint32_t sl_slab_used(const struct sl_slab *s);

struct sl_link {
	uint32_t prev, next;
};

/* Lists that never hold the same slot at once may share their links. */
struct sl_list {
	struct sl_link *links;
	uint32_t head, tail;
};

void sl_list_push(struct sl_list *list, uint32_t slot); /* to the tail */
void sl_list_remove(struct sl_list *list, uint32_t slot);

/* Several slots may have one hash: the caller compares what they stand for. */
struct sl_index {
	uint32_t *buckets, *chain, *hashes;
	uint32_t mask;
};

enum sl_err sl_index_init(struct sl_index *ix, uint32_t max) SL_MUST_USE;
void sl_index_clear(struct sl_index *ix);
void sl_index_add(struct sl_index *ix, uint32_t slot, uint64_t hash);
void sl_index_remove(struct sl_index *ix, uint32_t slot);
uint32_t sl_index_first(const struct sl_index *ix, uint64_t hash);
uint32_t sl_index_next(const struct sl_index *ix, uint32_t slot);

struct sl_heap {
	uint32_t *slots, *at; /* slots[1] is due first; at[slot] is its place, 0 when absent */
	uint64_t *due_ms;     /* by slot */
	uint32_t count;
};

enum sl_err sl_heap_init(struct sl_heap *h, uint32_t max) SL_MUST_USE;
void sl_heap_clear(struct sl_heap *h);
void sl_heap_set(struct sl_heap *h, uint32_t slot, uint64_t due_ms); /* adds or moves */
void sl_heap_remove(struct sl_heap *h, uint32_t slot);               /* absent: nothing */
uint32_t sl_heap_first(const struct sl_heap *h);
uint64_t sl_heap_due(const struct sl_heap *h); /* UINT64_MAX when empty */

#endif
