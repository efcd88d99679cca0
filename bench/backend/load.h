/* SPDX-License-Identifier: BSD-2-Clause
 * Closed loop: so many devices, each on its own connection and thread, each asks as soon as it has its answer. What
 * the server's process used of the CPU meanwhile is what an operation costs. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "device.h"

enum load_mode { LOAD_OSCORE, LOAD_ENROL };

struct load {
	enum load_mode mode;
	unsigned devices;
	unsigned contexts; /* LOAD_OSCORE: pre-shared, of each device */
	unsigned count;    /* operations of each device that are measured */
	const char *path;  /* LOAD_OSCORE: what is asked for */
};

struct load_result {
	double cpu_us; /* of the server, an operation */
	double per_s;  /* by the wall's clock */
	double per_s_core;
	double p50_ms, p99_ms;
};

void load_run(const struct world *world, const struct load *load, struct load_result *result);

#endif
