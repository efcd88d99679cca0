/* SPDX-License-Identifier: BSD-2-Clause
 * Time, and the CPU time that processes have used: the figures are CPU time per request, which a busy machine disturbs
 * less than seconds. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>

/* Monotonic. */
uint64_t clock_now_us(void);
/* What this process used, user and system. */
uint64_t clock_self_cpu_us(void);
/* What the processes of a list like "12,13" used, all their threads: on a CPU, by the scheduler's count. Processes that
 * are gone count nothing. NULL or "": 0. */
uint64_t clock_cpu_us_of(const char *pids);

#endif
