/* SPDX-License-Identifier: BSD-2-Clause
 * The questions that a new request has to answer, in the order of docs/architecture.md: admission, options,
 * target, Echo, blocks, and last the origin's queue. Private to the core. */
#ifndef PROXY_EVALUATE_H
#define PROXY_EVALUATE_H

#include "answer.h"

/* One new request on its way through the questions of table 9.1. */
struct turn {
	struct proxy_core *core;
	const struct sl_coap_msg *msg;
	struct asker asker;
	struct destination destination;
	uint64_t now_ms;
};

/* Answers the request, or puts it into the queue for its origin. */
void evaluate(struct turn *t);

#endif
