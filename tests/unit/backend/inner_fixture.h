/* SPDX-License-Identifier: BSD-2-Clause
 * One table of inner transfers and what its two test files do with it. */
#ifndef INNER_FIXTURE_H
#define INNER_FIXTURE_H

#include "inner_blocks.h"

#define CONTEXT 7

struct inner_fixture {
	struct inner_blocks *blocks;
	struct inner_blocks_config config;
	struct inner_answer answer; /* of the last request */
	struct sl_buf body;
	uint8_t slice[INNER_SLICE_MAX];
	uint8_t text[32768]; /* tells its place */
	uint64_t now_ms;
};

extern struct inner_fixture t;

/* A checked fixture. */
void inner_start(void);
void inner_end(void);
/* Again, with t.config as it is now. */
void inner_restart(void);
/* A message to /est/sen. */
void inner_make(struct sl_coap_msg *msg, uint8_t code);
struct inner_ask inner_ask_of(int64_t context_id, const struct sl_coap_msg *msg);
/* The code of the answer, or 0: whole. */
uint8_t inner_request(int64_t context_id, const struct sl_coap_msg *msg);

#endif
