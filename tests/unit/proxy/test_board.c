/* SPDX-License-Identifier: BSD-2-Clause
 * What the processes tell each other: sums, counters that never fall, signs of life, and a real other process. */
#include <sys/wait.h>
#include <unistd.h>

#include <support.h>

#include "board.h"

static struct board *board;
static uint64_t cells[METRICS_CELLS_MAX], before[METRICS_CELLS_MAX];
static struct metrics_process process;

static void
publish(unsigned worker, uint64_t requests, uint32_t queued, uint64_t now_ms)
{
	struct metrics_sources sources = {0};

	sources.core.requests = requests;
	sources.core.queued = queued;
	board_publish(board, worker, &sources, now_ms);
}

/* Sums of everything that only grows, and of the rest. */
static void
read_sums(uint64_t *counters, uint64_t *gauges)
{
	*counters = *gauges = 0;
	board_sum(board, cells, &process);
	for (size_t i = 0; i < metrics_cell_count(); i++)
		*(metrics_cell_is_counter(i) ? counters : gauges) += cells[i];
}

START_TEST(workers_add_up_and_their_counters_outlive_them)
{
	uint64_t counters, gauges;

	ck_assert_ok(board_new(&board, 2));
	board_started(board, 0, 1000);
	board_started(board, 1, 1000);
	publish(0, 5, 2, 1000);
	publish(1, 7, 3, 1000);
	read_sums(&counters, &gauges);
	ck_assert_uint_eq(counters, 12);
	ck_assert_uint_eq(gauges, 5);
	ck_assert_uint_eq(process.running, 2);
	board_ended(board, 1);
	read_sums(&counters, &gauges);
	ck_assert_uint_eq(counters, 12);
	ck_assert_uint_eq(gauges, 2);
	ck_assert_uint_eq(process.running, 1);
	ck_assert_uint_eq(process.restarts, 1);
	board_started(board, 1, 2000);
	publish(1, 1, 1, 2000);
	read_sums(&counters, &gauges);
	ck_assert_uint_eq(counters, 13);
	ck_assert_uint_eq(gauges, 3);
	board_drain(board);
	board_ended(board, 1); /* no restart: that is the end */
	read_sums(&counters, &gauges);
	ck_assert_uint_eq(counters, 13);
	ck_assert_uint_eq(process.restarts, 1);
	ck_assert(process.is_draining);
	board_free(board);
}
END_TEST

START_TEST(ready_while_every_worker_runs_and_beats)
{
	ck_assert_ok(board_new(&board, 2));
	ck_assert_str_eq(board_unready(board, 0), "a worker does not run");
	board_started(board, 0, 1000);
	ck_assert_str_eq(board_unready(board, 1000), "a worker does not run");
	ck_assert_ptr_null(board_illness(board, 1000));
	board_started(board, 1, 1000);
	ck_assert_ptr_null(board_unready(board, 1000 + BOARD_SILENCE_MS));
	publish(0, 0, 0, 1001);
	ck_assert_str_eq(
	        board_illness(board, 1001 + BOARD_SILENCE_MS), "a worker shows no sign of life");
	ck_assert_ptr_nonnull(board_unready(board, 1001 + BOARD_SILENCE_MS));
	publish(1, 0, 0, 1001);
	ck_assert_ptr_null(board_illness(board, 1001 + BOARD_SILENCE_MS));
	board_ended(board, 0); /* known, and being replaced: not ready, but well */
	ck_assert_ptr_null(board_illness(board, 1001 + BOARD_SILENCE_MS));
	ck_assert_str_eq(board_unready(board, 1002), "a worker does not run");
	board_started(board, 0, 1002);
	board_drain(board);
	ck_assert_str_eq(board_unready(board, 1002), "draining");
	ck_assert_ptr_null(board_illness(board, 1002));
	board_free(board);
}
END_TEST

/* A child publishes and dies while the parent reads: no counter ever falls. */
START_TEST(counters_never_fall)
{
	uint64_t falls = 0;
	int status;
	pid_t pid;

	ck_assert_ok(board_new(&board, 1));
	for (unsigned life = 0; life < 20; life++) {
		board_started(board, 0, 1);
		pid = fork();
		if (pid == 0) {
			for (uint64_t i = 0; i < 2000; i++)
				publish(0, i, 1, i);
			_exit(0);
		}
		for (unsigned i = 0; i < 200; i++) {
			board_sum(board, cells, &process);
			for (size_t c = 0; c < metrics_cell_count(); c++) {
				falls += metrics_cell_is_counter(c) && cells[c] < before[c];
				before[c] = cells[c];
			}
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		board_ended(board, 0);
	}
	board_sum(board, cells, &process);
	printf("T51.falling-counters %llu 0 %s -\n", (unsigned long long)falls,
	        falls == 0 ? "PASS" : "FAIL");
	ck_assert_uint_eq(falls, 0);
	ck_assert_uint_eq(process.restarts, 20);
	board_free(board);
}
END_TEST

START_TEST(a_sealed_board_cannot_be_written)
{
	int status;
	pid_t pid;

	ck_assert_ok(board_new(&board, 1));
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL) /* the sanitizer's report of it */
			_exit(0);
		board_seal(board);
		publish(0, 1, 1, 1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	board_sum(board, cells, &process);
	board_free(board);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("board");
	TCase *tc = tcase_create("board");

	tcase_add_test(tc, workers_add_up_and_their_counters_outlive_them);
	tcase_add_test(tc, ready_while_every_worker_runs_and_beats);
	tcase_add_test(tc, counters_never_fall);
	tcase_add_test(tc, a_sealed_board_cannot_be_written);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
