/* SPDX-License-Identifier: BSD-2-Clause
 * Slabs, lists, indexes and the heap against the simplest thing that does the same: an array. */
#include "support.h"

#include <sl/slots.h>

#include <stdlib.h>
#include <string.h>

#define MAX   37
#define STEPS 1500

static uint64_t seed = 88172645463325252;

static uint32_t
draw(uint32_t below)
{
	seed ^= seed << 13; /* Marsaglia's xorshift64 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

START_TEST(a_slab_gives_each_slot_once)
{
	struct sl_slab s = {0};
	bool taken[MAX + 1] = {false};
	uint32_t used = 0;

	ck_assert_ok(sl_slab_init(&s, MAX));
	for (int step = 0; step < STEPS; step++) {
		uint32_t slot = 1 + draw(MAX);

		if (taken[slot]) {
			sl_slab_give(&s, slot);
			taken[slot] = false;
			used--;
			continue;
		}
		slot = sl_slab_take(&s);
		ck_assert_uint_eq(slot == 0, used == MAX);
		ck_assert(!taken[slot] && slot <= MAX);
		taken[slot] = slot != 0;
		used += slot != 0;
		ck_assert_uint_eq(sl_slab_used(&s), used);
	}
	for (; used < MAX; used++)
		ck_assert_uint_ne(sl_slab_take(&s), 0);
	ck_assert_uint_eq(sl_slab_take(&s), 0);
	ck_assert_uint_eq(sl_slab_used(&s), MAX);
	sl_slab_clear(&s);
}
END_TEST

START_TEST(a_list_keeps_the_order)
{
	struct sl_link links[MAX + 1] = {{0}};
	struct sl_list list = {.links = links};
	uint32_t model[MAX], count = 0;

	for (int step = 0; step < STEPS; step++) {
		uint32_t slot = 1 + draw(MAX), at = 0;

		while (at < count && model[at] != slot)
			at++;
		if (at < count) {
			memmove(model + at, model + at + 1, (count - at - 1) * sizeof *model);
			count--;
			sl_list_remove(&list, slot);
		} else {
			model[count++] = slot;
			sl_list_push(&list, slot);
		}
		slot = list.head;
		for (uint32_t i = 0; i < count; i++, slot = links[slot].next)
			ck_assert_uint_eq(slot, model[i]);
		ck_assert_uint_eq(slot, 0);
		ck_assert_uint_eq(list.tail, count == 0 ? 0 : model[count - 1]);
	}
}
END_TEST

/* Hashes of 0..7: every bucket has many. */
START_TEST(an_index_finds_all_of_a_hash)
{
	struct sl_index ix = {0};
	uint64_t hashes[MAX + 1] = {0};
	bool is_in[MAX + 1] = {false};

	ck_assert_ok(sl_index_init(&ix, MAX));
	for (int step = 0; step < STEPS; step++) {
		uint32_t slot = 1 + draw(MAX), want = 0, got = 0;
		uint64_t hash = (uint64_t)draw(4) << 30 | draw(2);

		if (is_in[slot]) {
			sl_index_remove(&ix, slot);
		} else {
			hashes[slot] = (uint64_t)draw(4) << 30 | draw(2);
			sl_index_add(&ix, slot, hashes[slot]);
		}
		is_in[slot] = !is_in[slot];
		for (uint32_t i = 1; i <= MAX; i++)
			want += is_in[i] && hashes[i] == hash;
		for (uint32_t i = sl_index_first(&ix, hash); i != 0; i = sl_index_next(&ix, i)) {
			ck_assert(is_in[i] && hashes[i] == hash);
			got++;
		}
		ck_assert_uint_eq(got, want);
	}
	sl_index_clear(&ix);
}
END_TEST

START_TEST(a_heap_knows_the_first)
{
	struct sl_heap h = {0};
	uint64_t due[MAX + 1];

	ck_assert_ok(sl_heap_init(&h, MAX));
	memset(due, 0xff, sizeof due); /* all bits: absent */
	ck_assert_uint_eq(sl_heap_first(&h), 0);
	for (int step = 0; step < STEPS; step++) {
		uint32_t slot = 1 + draw(MAX);
		uint64_t first = UINT64_MAX;

		due[slot] = draw(3) == 0 ? UINT64_MAX : draw(1000);
		if (due[slot] == UINT64_MAX)
			sl_heap_remove(&h, slot);
		else
			sl_heap_set(&h, slot, due[slot]);
		for (uint32_t i = 1; i <= MAX; i++)
			first = due[i] < first ? due[i] : first;
		ck_assert_uint_eq(sl_heap_due(&h), first);
		if (first != UINT64_MAX)
			ck_assert_uint_eq(due[sl_heap_first(&h)], first);
		for (uint32_t at = 1; at <= h.count; at++) {
			ck_assert_uint_eq(h.at[h.slots[at]], at);
			ck_assert(at == 1 || due[h.slots[at / 2]] <= due[h.slots[at]]);
		}
	}
	sl_heap_clear(&h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base/slots");
	TCase *tc = tcase_create("slots");

	tcase_add_test(tc, a_slab_gives_each_slot_once);
	tcase_add_test(tc, a_list_keeps_the_order);
	tcase_add_test(tc, an_index_finds_all_of_a_hash);
	tcase_add_test(tc, a_heap_knows_the_first);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
