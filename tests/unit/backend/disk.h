/* SPDX-License-Identifier: BSD-2-Clause
 * A disk under SQLite whose syncs of the write-ahead log are seen, delayed and failed by a test, and which says what a
 * power cut would leave. */
#ifndef DISK_H
#define DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct disk {
	atomic_uint tries;       /* syncs of the log that were begun */
	atomic_uint syncs;       /* that came back well */
	atomic_uint fails_at;    /* this one of tries fails; 0: none */
	atomic_uint delay_us;    /* of each */
	atomic_bool is_held;     /* none comes back */
	atomic_uint waiting;     /* that were held and are not back yet */
	atomic_uint kills_at;    /* the process dies in this one of tries; 0: never */
	atomic_bool is_synced;   /* it dies after the sync, else before it */
	_Atomic int64_t durable; /* bytes of the log at the last good sync */
};

/* Stands in for the usual disk from here on. May lie in memory that processes share. */
void disk_use(struct disk *disk);
/* Waits until one sync is held. */
void disk_await_held(struct disk *disk);

#endif
