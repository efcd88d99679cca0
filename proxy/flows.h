/* SPDX-License-Identifier: BSD-2-Clause
 * Who is next at an origin: per origin a lane, in it a flow per network, each a queue; flows take turns one
 * request at a time (deficit round robin with equal costs), so that a network that asks much waits for itself.
 * Works on slot numbers of the table of exchanges; nothing is allocated after the start. Pure; private to it. */
#ifndef PROXY_FLOWS_H
#define PROXY_FLOWS_H

#include <sl/siphash.h>

#include <sl/err.h>

#define NO_SLOT     UINT32_MAX
#define FLOW_CHAINS 1024

struct flow {
	uint64_t network;
	uint32_t lane;
	uint32_t head, tail;      /* its queue */
	uint32_t queued, running; /* running: taken from the queue and not given back */
	uint32_t prev, next;      /* the flows of the lane that have something queued, in turn */
	uint32_t chain;           /* of the hash, or of the free flows */
};

struct flow_lane {
	uint32_t head, tail; /* flows in turn */
	uint32_t queued, running;
};

struct flows {
	struct flow *items; /* as many as slots: no flow without a slot */
	struct flow_lane *lanes;
	struct flow_link {
		uint32_t prev, next, flow;
	} * links; /* by slot */
	uint32_t count, free;
	size_t lane_count;
	uint32_t chains[FLOW_CHAINS];
	uint8_t key[SL_SIPHASH_KEY_LEN];
};

/* SL_ENOMEM. */
enum sl_err flows_init(struct flows *f, uint32_t slots, size_t lanes,
        const uint8_t key[static SL_SIPHASH_KEY_LEN]) SL_MUST_USE;
void flows_clear(struct flows *f);

/* How many requests of the network are queued or running in the lane. */
uint32_t flows_count(const struct flows *f, uint32_t lane, uint64_t network);
void flows_push(struct flows *f, uint32_t slot, uint32_t lane, uint64_t network);
/* The slot whose turn it is; it is running from here on. NO_SLOT: nothing is queued. */
uint32_t flows_pop(struct flows *f, uint32_t lane);
/* Takes a queued slot out of its queue for good. */
void flows_drop(struct flows *f, uint32_t slot);
/* A running slot is done. */
void flows_done(struct flows *f, uint32_t slot);
/* When there is no room for one more of this network: the newest of a flow that has at least two more queued
 * than this network has there. NO_SLOT: nobody has. Looks at a bounded number of flows of the fullest lane. */
uint32_t flows_rival(const struct flows *f, uint32_t lane, uint64_t network);

#endif
