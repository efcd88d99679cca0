/* SPDX-License-Identifier: BSD-2-Clause
 * How often a process asks the disk to keep what was written: strace counts, so nothing else may be measured meanwhile. */
#ifndef BENCH_SYNCS_H
#define BENCH_SYNCS_H

#include <sys/types.h>

struct syncs {
	pid_t tracer;
	char file[320];
};

/* file: where strace puts its table. */
void syncs_start(struct syncs *s, pid_t pid, const char *dir);
/* Calls of fsync and fdatasync since then. */
unsigned syncs_stop(struct syncs *s);

#endif
