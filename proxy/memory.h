/* SPDX-License-Identifier: BSD-2-Clause
 * One budget for the memory of a worker, and the ladder of what is given up as it fills: first new bodies, then
 * new requests, then even the answer to those who are not verified. Tables count whole, as if they were in use;
 * bodies, replies and waiting requests as they come; a fetch with the largest answer it may bring. Pure. */
#ifndef PROXY_MEMORY_H
#define PROXY_MEMORY_H

#include "config.h"

enum memory_level {
	MEMORY_FREE,
	MEMORY_NO_BODIES,   /* from 80 %: uploads that begin get 5.03 */
	MEMORY_NO_REQUESTS, /* from 90 %: all new requests get 5.03 */
	MEMORY_SILENCE,     /* from 95 %: requests of unverified peers get nothing */
};

/* What the tables of a worker take with these limits. */
uint64_t memory_of_tables(const struct limits *limits);
enum memory_level memory_level(uint64_t used, uint64_t budget);

#endif
