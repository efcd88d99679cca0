/* SPDX-License-Identifier: BSD-2-Clause
 * What the processes of one proxy tell each other: a page of shared memory, of atomics only. Each worker
 * writes its own row, the supervisor the head, the admin process reads. What a dead worker had counted goes
 * on in a row of its own, so that no counter falls. */
#ifndef PROXY_BOARD_H
#define PROXY_BOARD_H

#include "metrics.h"

#define BOARD_SILENCE_MS 10000 /* without a sign of life that long, a worker is not well */

struct board;

/* Before the first fork. SL_ENOMEM. */
enum sl_err board_new(struct board **out, unsigned workers) SL_MUST_USE;
void board_free(struct board *board);
/* From here on this process may only read it. */
void board_seal(struct board *board);

/* --- a worker ------------------------------------------------------------------------------------------- */

void board_publish(struct board *board, unsigned worker, const struct metrics_sources *sources,
        uint64_t now_ms);

/* The kernel's count of what each of this worker's sockets lost, as far as it is counted: sockets live longer than
 * workers. One for each listener. */
uint32_t *board_overflow(struct board *board, unsigned worker);

/* --- the supervisor ------------------------------------------------------------------------------------- */

void board_started(struct board *board, unsigned worker, uint64_t now_ms);
/* The worker is dead: its counters are kept, its gauges end. */
void board_ended(struct board *board, unsigned worker);
void board_drain(struct board *board);

/* --- the reader ----------------------------------------------------------------------------------------- */

/* All workers together. */
void board_sum(const struct board *board, uint64_t cells[static METRICS_CELLS_MAX],
        struct metrics_process *process);
/* NULL: every worker showed a sign of life; else what is wrong, fixed text. */
const char *board_illness(const struct board *board, uint64_t now_ms);
/* NULL: requests are taken; else why not, fixed text. */
const char *board_unready(const struct board *board, uint64_t now_ms);

#endif
