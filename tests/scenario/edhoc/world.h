/* SPDX-License-Identifier: BSD-2-Clause
 * A device, a lossy link, the proxy's core and the server in one process, and a clock that a device's
 * waiting moves. The device is its whole library, sealift-device's own: its poll, send, recv,
 * clock_gettime and time are bound to the functions here. */
#ifndef WORLD_H
#define WORLD_H

#include "origin_half.h"

#include <sl/edhoc.h>

struct world_config {
	unsigned lost_percent, repeated_percent; /* each way */
	unsigned delay_max_ms;
	unsigned work_max_ms;             /* of the origin */
	unsigned origin_restart_permille; /* per HTTP request: before it, or before its answer */
	unsigned origin_cut_permille;     /* per HTTP request: its answer is lost */
	bool is_unverified;               /* the proxy trusts no source address: Echo and slices */
	bool has_edhoc_header;            /* it lets combined requests through (RFC 9668) */
	uint8_t seed;
};

/* Counts since world_open. */
struct world_counts {
	uint64_t datagrams, lost, repeated;
	unsigned fetches, restarts;
};

/* posix_s: the wall clock at the beginning. The origin was made before. */
void world_open(int64_t posix_s);
void world_close(void);
/* For the next device; what is on the link is gone. Time goes on. */
void world_begin(const struct world_config *config);
void world_end(void);

uint64_t world_now_ms(void);
struct world_counts world_counts(void);

#endif
