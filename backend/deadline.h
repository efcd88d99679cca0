/* SPDX-License-Identifier: BSD-2-Clause
 * When a wait on a condition ends. */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <time.h>

/* So long from now, on the clock of conditions made for CLOCK_MONOTONIC. */
struct timespec deadline_in(unsigned ms);

#endif
