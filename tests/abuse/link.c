/* SPDX-License-Identifier: BSD-2-Clause */
#include "link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
link_open(struct link *l, struct wire *wire, wire_fn deliver, void *ctx)
{
	l->wire = wire;
	l->deliver = deliver;
	l->ctx = ctx;
	l->now_ms = wire_now_us() / 1000;
	l->items = calloc(LINK_WAITING, sizeof *l->items);
	if (l->items == NULL) {
		perror("link");
		exit(2);
	}
	for (uint32_t i = 1; i + 1 < LINK_WAITING; i++)
		l->items[i].next = i + 1;
	l->spare = 1;
}

static bool
is_so(struct link *l, uint32_t permille)
{
	return permille > 0 && wire_draw(&l->chance) % 1000 < permille;
}

static void
keep(struct link *l, bool is_up, uint32_t host, const uint8_t *bytes, size_t len)
{
	uint32_t slot =
	        (uint32_t)((l->now_ms + 1 + wire_draw(&l->chance) % l->jitter_ms) % LINK_SLOTS);
	uint32_t at = l->spare;
	struct link_item *item = &l->items[at];

	if (at == 0 || len > LINK_BYTES) {
		l->lost++;
		return;
	}
	l->spare = item->next;
	*item = (struct link_item){
	        .host = host, .next = l->slots[slot], .len = (uint16_t)len, .is_up = is_up};
	memcpy(item->bytes, bytes, len);
	l->slots[slot] = at;
	l->waiting++;
}

static void
carry(struct link *l, bool is_up, uint32_t host, const uint8_t *bytes, size_t len)
{
	if (is_so(l, l->loss)) {
		l->lost++;
		return;
	}
	if (l->jitter_ms == 0 && is_up) {
		wire_send(l->wire, host, bytes, len);
		return;
	}
	if (l->jitter_ms == 0) {
		l->deliver(l->ctx, host, bytes, len);
		return;
	}
	keep(l, is_up, host, bytes, len);
	if (is_so(l, l->dup)) {
		l->doubled++;
		keep(l, is_up, host, bytes, len);
	}
}

void
link_send(struct link *l, uint32_t host, const uint8_t *bytes, size_t len)
{
	carry(l, true, host, bytes, len);
}

static void
on_wire(void *ctx, uint32_t host, const uint8_t *bytes, size_t len)
{
	carry(ctx, false, host, bytes, len);
}

static void
run_slot(struct link *l, uint32_t slot)
{
	uint32_t at = l->slots[slot], next;

	l->slots[slot] = 0;
	for (; at != 0; at = next) {
		struct link_item *item = &l->items[at];

		next = item->next;
		if (item->is_up)
			wire_send(l->wire, item->host, item->bytes, item->len);
		else
			l->deliver(l->ctx, item->host, item->bytes, item->len);
		item->next = l->spare;
		l->spare = at;
		l->waiting--;
	}
}

bool
link_run(struct link *l)
{
	uint64_t now = wire_now_us() / 1000, waited = now - l->now_ms;
	bool did = false;

	for (uint64_t i = 1; i <= waited && i <= LINK_SLOTS; i++)
		run_slot(l, (uint32_t)((l->now_ms + i) % LINK_SLOTS));
	l->now_ms = now;
	wire_flush(l->wire);
	for (int i = 0; i < 16 && wire_receive(l->wire, on_wire, l) > 0; i++)
		did = true;
	return did;
}
