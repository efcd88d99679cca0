/* SPDX-License-Identifier: BSD-2-Clause
 * A link that loses, doubles and reorders, in front of a wire: datagrams wait in a wheel of milliseconds, each for a
 * time of its own. With nothing to spoil it is a wire. */
#ifndef ABUSE_LINK_H
#define ABUSE_LINK_H

#include "wire.h"

#define LINK_BYTES   640
#define LINK_SLOTS   256 /* milliseconds at most */
#define LINK_WAITING 131072

struct link_item {
	uint32_t host, next;
	uint16_t len;
	bool is_up;
	uint8_t bytes[LINK_BYTES];
};

struct link {
	struct wire *wire;
	wire_fn deliver;
	void *ctx;
	uint64_t chance, now_ms;
	uint32_t loss, dup; /* in a thousand */
	uint32_t jitter_ms;
	struct link_item *items; /* 0: none */
	uint32_t spare, slots[LINK_SLOTS];
	uint64_t lost, doubled, waiting;
};

void link_open(struct link *l, struct wire *wire, wire_fn deliver, void *ctx);
void link_send(struct link *l, uint32_t host, const uint8_t *bytes, size_t len);
/* What came, and what has waited long enough. True when something happened. */
bool link_run(struct link *l);

#endif
