/* SPDX-License-Identifier: BSD-2-Clause
 * The metrics: one table of families, each over numbers that the parts of a worker count anyway. A worker's
 * numbers are laid out as cells, cells of several workers add up, and the sum has a text form (Prometheus
 * exposition format 0.0.4). Every label has a closed list of values. Pure. */
#ifndef PROXY_METRICS_H
#define PROXY_METRICS_H

#include "core.h"
#include "device_side.h"
#include "origin_side.h"

#define METRICS_CELLS_MAX 192
#define METRICS_TEXT_MAX  (64 * 1024)

/* What one worker knows. */
struct metrics_sources {
	struct core_counts core;
	struct device_side_counts device;
	struct origin_side_counts origin;
	uint64_t log_held;
	uint64_t resident_bytes;
};

/* What the supervisor knows. */
struct metrics_process {
	uint64_t workers, running, restarts;
	bool is_draining;
};

/* How many cells are in use; at most METRICS_CELLS_MAX. */
size_t metrics_cell_count(void);
/* A counter goes on when its worker is gone; a gauge goes with it. */
bool metrics_cell_is_counter(size_t cell);
void metrics_read(uint64_t cells[static METRICS_CELLS_MAX], const struct metrics_sources *sources);
/* Returns the length. SL_ESPACE does not happen within METRICS_TEXT_MAX: a test says so. */
enum sl_err metrics_write(struct sl_writer *w, const uint64_t cells[static METRICS_CELLS_MAX],
        const struct metrics_process *process);

#endif
