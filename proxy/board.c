/* SPDX-License-Identifier: BSD-2-Clause
 * One writer per number, so relaxed atomics do. Only the fold of a dead worker's row touches two rows: a
 * reader that saw one begin or end reads again. */
#include "board.h"

#include <stdatomic.h>
#include <sys/mman.h>

#define READS_MAX 16

struct row {
	_Atomic uint64_t is_running, beat_ms;
	_Atomic uint64_t cells[METRICS_CELLS_MAX];
	uint32_t overflow[CONFIG_LISTEN_MAX]; /* for one worker after the other */
};

struct board {
	unsigned workers;
	_Atomic uint64_t folds; /* odd: one is under way */
	_Atomic uint64_t restarts, is_draining;
	struct row past;
	struct row rows[CONFIG_WORKERS_MAX];
};

enum sl_err
board_new(struct board **out, unsigned workers)
{
	struct board *board = mmap(
	        NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		return SL_ENOMEM;
	board->workers = workers;
	*out = board;
	return SL_OK;
}

void
board_free(struct board *board)
{
	if (board != NULL)
		munmap(board, sizeof *board);
}

void
board_seal(struct board *board)
{
	mprotect(board, sizeof *board, PROT_READ);
}

static void
put(_Atomic uint64_t *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_relaxed);
}

static uint64_t
get(const _Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

void
board_publish(struct board *board, unsigned worker, const struct metrics_sources *sources,
        uint64_t now_ms)
{
	struct row *row = &board->rows[worker];
	uint64_t cells[METRICS_CELLS_MAX];
	size_t count = metrics_cell_count();

	metrics_read(cells, sources);
	for (size_t i = 0; i < count; i++)
		put(&row->cells[i], cells[i]);
	put(&row->beat_ms, now_ms);
}

uint32_t *
board_overflow(struct board *board, unsigned worker)
{
	return board->rows[worker].overflow;
}

void
board_started(struct board *board, unsigned worker, uint64_t now_ms)
{
	put(&board->rows[worker].beat_ms, now_ms);
	put(&board->rows[worker].is_running, 1);
}

void
board_ended(struct board *board, unsigned worker)
{
	struct row *row = &board->rows[worker];
	size_t count = metrics_cell_count();

	atomic_fetch_add(&board->folds, 1);
	put(&row->is_running, 0);
	for (size_t i = 0; i < count; i++) {
		uint64_t kept = metrics_cell_is_counter(i) ? get(&row->cells[i]) : 0;

		put(&board->past.cells[i], get(&board->past.cells[i]) + kept);
		put(&row->cells[i], 0);
	}
	put(&board->restarts, get(&board->restarts) + !get(&board->is_draining));
	atomic_fetch_add(&board->folds, 1);
}

void
board_drain(struct board *board)
{
	put(&board->is_draining, 1);
}

static void
sum_once(const struct board *board, uint64_t cells[static METRICS_CELLS_MAX],
        struct metrics_process *process)
{
	size_t count = metrics_cell_count();

	*process = (struct metrics_process){.workers = board->workers,
	        .restarts = get(&board->restarts),
	        .is_draining = get(&board->is_draining) != 0};
	for (size_t i = 0; i < count; i++)
		cells[i] = get(&board->past.cells[i]);
	for (unsigned w = 0; w < board->workers; w++) {
		process->running += get(&board->rows[w].is_running);
		for (size_t i = 0; i < count; i++)
			cells[i] += get(&board->rows[w].cells[i]);
	}
}

void
board_sum(const struct board *board, uint64_t cells[static METRICS_CELLS_MAX],
        struct metrics_process *process)
{
	uint64_t before, after;
	int reads = 0;

	do {
		before = atomic_load(&board->folds);
		sum_once(board, cells, process);
		atomic_thread_fence(memory_order_acquire);
		after = atomic_load(&board->folds);
	} while ((before != after || before % 2 != 0) && ++reads < READS_MAX);
}

const char *
board_illness(const struct board *board, uint64_t now_ms)
{
	for (unsigned w = 0; w < board->workers; w++) {
		const struct row *row = &board->rows[w];

		if (get(&row->is_running) && now_ms > get(&row->beat_ms) + BOARD_SILENCE_MS)
			return "a worker shows no sign of life";
	}
	return NULL;
}

const char *
board_unready(const struct board *board, uint64_t now_ms)
{
	if (get(&board->is_draining))
		return "draining";
	for (unsigned w = 0; w < board->workers; w++)
		if (!get(&board->rows[w].is_running))
			return "a worker does not run";
	return board_illness(board, now_ms);
}
