/* SPDX-License-Identifier: BSD-2-Clause
 * What is to be measured. */
#ifndef BENCH_WISH_H
#define BENCH_WISH_H

#include "load.h"

struct wish {
	struct world_config world;
	struct load oscore, enrol;
	bool is_json, has_oscore, has_enrol, counts_syncs;
};

/* Ends the program with status 2 and the usage when it cannot be read. */
void wish_read(struct wish *w, int argc, char **argv);

#endif
