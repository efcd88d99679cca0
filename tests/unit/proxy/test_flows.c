/* SPDX-License-Identifier: BSD-2-Clause
 * Turns at an origin: fair by network, in order within one, each lane on its own; against a plain reference. */
#include <string.h>

#include <sl/draw.h>
#include <support.h>

#include "flows.h"

static const uint8_t key[SL_SIPHASH_KEY_LEN] = {9};
static struct flows flows;

/* Slots of lane 0 in their turns, as letters. */
static const char *
turns(void)
{
	static char out[64];
	size_t len = 0;

	for (uint32_t slot; (slot = flows_pop(&flows, 0)) != NO_SLOT && len < sizeof out - 1;)
		out[len++] = (char)('a' + slot);
	out[len] = '\0';
	return out;
}

START_TEST(networks_take_turns)
{
	ck_assert_ok(flows_init(&flows, 26, 2, key));
	for (uint32_t slot = 0; slot < 5; slot++)
		flows_push(&flows, slot, 0, 1);
	flows_push(&flows, 5, 0, 2);
	flows_push(&flows, 6, 0, 2);
	flows_push(&flows, 7, 0, 3);
	flows_push(&flows, 8, 1, 4);
	ck_assert_str_eq(turns(), "afhbgcde");
	ck_assert_uint_eq(flows_pop(&flows, 1), 8);
	ck_assert_uint_eq(flows_count(&flows, 0, 1), 5); /* running ones count */
	for (uint32_t slot = 0; slot < 9; slot++)
		flows_done(&flows, slot);
	ck_assert_uint_eq(flows_count(&flows, 0, 1), 0);
	flows_clear(&flows);
}
END_TEST

START_TEST(who_leaves_the_queue_is_not_missed)
{
	ck_assert_ok(flows_init(&flows, 26, 1, key));
	for (uint32_t slot = 0; slot < 9; slot++)
		flows_push(&flows, slot, 0, slot % 3);
	flows_drop(&flows, 0); /* the first, one in the middle, the last, and a whole network */
	flows_drop(&flows, 4);
	flows_drop(&flows, 8);
	ck_assert_str_eq(turns(), "dbcghf");
	flows_clear(&flows);
}
END_TEST

START_TEST(the_longest_queue_gives_way)
{
	ck_assert_ok(flows_init(&flows, 26, 2, key));
	ck_assert_uint_eq(flows_rival(&flows, 0, 1), NO_SLOT);
	for (uint32_t slot = 0; slot < 3; slot++)
		flows_push(&flows, slot, 0, 1);
	flows_push(&flows, 3, 0, 2);
	flows_push(&flows, 4, 0, 2);
	ck_assert_uint_eq(flows_rival(&flows, 0, 3), 2);       /* the newest of the longest */
	ck_assert_uint_eq(flows_rival(&flows, 0, 2), NO_SLOT); /* one more is no wrong */
	ck_assert_uint_eq(flows_rival(&flows, 0, 1), NO_SLOT); /* nobody has more */
	ck_assert_uint_eq(flows_rival(&flows, 1, 1), 2);       /* in the fullest lane */
	flows_clear(&flows);
}
END_TEST

/* A model that is obviously right: arrays of queues. */
#define NETWORKS 6
#define SLOTS    40

static struct {
	uint32_t queue[SLOTS];
	size_t len, running;
} model[NETWORKS];
static unsigned order[NETWORKS]; /* of networks that have something queued */
static size_t order_len;

static void
model_remove_from_order(unsigned network)
{
	size_t at = 0;

	while (order[at] != network)
		at++;
	memmove(order + at, order + at + 1, (--order_len - at) * sizeof order[0]);
}

static uint32_t
model_pop(void)
{
	unsigned network;
	uint32_t slot;

	if (order_len == 0)
		return NO_SLOT;
	network = order[0];
	slot = model[network].queue[0];
	memmove(model[network].queue, model[network].queue + 1,
	        --model[network].len * sizeof model[0].queue[0]);
	model[network].running++;
	model_remove_from_order(network);
	if (model[network].len > 0)
		order[order_len++] = network;
	return slot;
}

START_TEST(agrees_with_a_plain_model)
{
	struct sl_draw draw = sl_draw_from((const uint8_t[16]){8});
	enum { FREE, QUEUED, RUNNING } state[SLOTS] = {0};
	unsigned owner[SLOTS] = {0}, rounds = test_rounds(100000, 5000000);

	ck_assert_ok(flows_init(&flows, SLOTS, 1, key));
	for (unsigned i = 0; i < rounds; i++) {
		uint32_t slot = sl_draw_between(&draw, 0, SLOTS - 1);
		unsigned network = sl_draw_between(&draw, 0, NETWORKS - 1);

		if (state[slot] == FREE) {
			flows_push(&flows, slot, 0, network);
			if (model[network].len == 0)
				order[order_len++] = network;
			model[network].queue[model[network].len++] = slot;
			owner[slot] = network;
			state[slot] = QUEUED;
		} else if (state[slot] == RUNNING) {
			flows_done(&flows, slot);
			model[owner[slot]].running--;
			state[slot] = FREE;
		} else if (i % 3 == 0) {
			size_t at = 0;

			network = owner[slot];
			flows_drop(&flows, slot);
			while (model[network].queue[at] != slot)
				at++;
			memmove(model[network].queue + at, model[network].queue + at + 1,
			        (--model[network].len - at) * sizeof slot);
			if (model[network].len == 0)
				model_remove_from_order(network);
			state[slot] = FREE;
		} else {
			slot = flows_pop(&flows, 0);
			ck_assert_uint_eq(slot, model_pop());
			state[slot] = RUNNING;
		}
		ck_assert_uint_eq(flows_count(&flows, 0, network),
		        model[network].len + model[network].running);
	}
	printf("T8.flows-model-steps %u %u PASS 8\n", rounds, rounds);
	flows_clear(&flows);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("flows");
	TCase *tc = tcase_create("flows");

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, networks_take_turns);
	tcase_add_test(tc, who_leaves_the_queue_is_not_missed);
	tcase_add_test(tc, the_longest_queue_gives_way);
	tcase_add_test(tc, agrees_with_a_plain_model);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
