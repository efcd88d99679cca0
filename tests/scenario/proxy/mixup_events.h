/* SPDX-License-Identifier: BSD-2-Clause
 * The world of the simulation of mix-ups, and its events: what is under way, earliest first. For one test only. */
#ifndef TESTS_MIXUP_EVENTS_H
#define TESTS_MIXUP_EVENTS_H

#include <stdlib.h>
#include <string.h>

#include <sl/draw.h>

#include "lab.h"

#define SEED     25
#define PEERS    1000
#define MIDS     64 /* so few that they wrap within the lifetime of an exchange */
#define EVENTS   (1U << 16)
#define KNOWN    (1U << 20) /* requests remembered; a power of two */
#define BYTES    256
#define NUMBER   8 /* bytes of the number in payloads */
#define MEAN_MS  3000
#define TRIES    4
#define BODY_MAX 600

struct request {
	uint64_t number;  /* its own; also what a follow-up's answer does not carry */
	uint64_t content; /* the number that its answer carries */
	uint16_t peer;
	uint8_t token_len;
	uint8_t token[SL_COAP_TOKEN_MAX];
	uint8_t deliveries, fetches, piv;
};

struct device {
	uint64_t number; /* of the request it waits for; 0: none */
	uint64_t turn;   /* timers of earlier turns are stale */
	uint16_t next_mid;
	uint8_t piv, tries, mid_bits;
	bool is_con, is_failing; /* its power ends before the next timer */
	size_t len;
	uint8_t bytes[BYTES];
	uint8_t echo[16];
	size_t echo_len;
};

enum kind {
	TO_PROXY,
	TO_DEVICE,
	TIMER,
	RESULT,
};

struct event {
	uint64_t at_ms, order, turn;
	enum kind kind;
	uint16_t peer;
	struct sl_ref ref;
	uint64_t number;
	size_t len;
	uint8_t bytes[BYTES];
};

static struct lab lab;
static struct sl_draw draw;
static struct event *pool;
static uint32_t *heap, *spare, heap_len, spare_len;
static struct request *known;
static struct device devices[PEERS];
static uint64_t last_in[PEERS][MIDS]; /* the last request that came in with this message ID */
static uint64_t next_number, next_order, answers, mixed, late;
static const char *what_was_wrong;

static uint32_t
pick(uint32_t below)
{
	return sl_draw_between(&draw, 0, below - 1);
}

/* --- events --------------------------------------------------------------------------------------------------- */

static bool
is_before(uint32_t a, uint32_t b)
{
	return pool[a].at_ms != pool[b].at_ms ? pool[a].at_ms < pool[b].at_ms
	                                      : pool[a].order < pool[b].order;
}

static struct event *
new_event(enum kind kind, unsigned peer)
{
	struct event *e;

	ck_assert_uint_gt(spare_len, 0);
	e = &pool[spare[--spare_len]];
	e->kind = kind;
	e->peer = (uint16_t)peer;
	e->order = next_order++;
	return e;
}

static void
post(struct event *e, uint64_t at_ms)
{
	uint32_t at = heap_len++, slot = (uint32_t)(e - pool);

	e->at_ms = at_ms;
	for (; at > 0 && is_before(slot, heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = slot;
}

static struct event *
take_first(void)
{
	uint32_t first = heap[0], last = heap[--heap_len], at = 0;

	for (uint32_t child; (child = 2 * at + 1) < heap_len; at = child) {
		if (child + 1 < heap_len && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], last))
			break;
		heap[at] = heap[child];
	}
	heap[at] = last;
	spare[spare_len++] = first; /* read before the next one is made */
	return &pool[first];
}

/* 20 % are lost, 10 % come twice, all take 5 to 400 ms: so they overtake each other. */
static void
send_over_link(enum kind kind, unsigned peer, struct sl_span bytes, uint64_t number)
{
	unsigned copies = pick(10) == 0 ? 2 : 1;

	ck_assert_uint_le(bytes.len, BYTES);
	for (; copies > 0; copies--) {
		struct event *e;

		if (pick(5) == 0)
			continue;
		e = new_event(kind, peer);
		e->number = number;
		e->len = bytes.len;
		memcpy(e->bytes, bytes.ptr, bytes.len);
		post(e, lab.now_ms + 5 + pick(10) * pick(40));
	}
}

#endif
