/* SPDX-License-Identifier: BSD-2-Clause
 * Threads that wait for each other twice: after the warm-up, and before the clocks are read. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct worker {
	pthread_t thread;
	const struct load *load;
	pthread_barrier_t *warm, *done;
	struct device device;
	struct sl_oscore_ctx *contexts;
	struct device_csr *csrs;
	double *took_ms;
};

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1000000;
}

static void *
allocate(size_t count, size_t size)
{
	void *bytes = calloc(count, size);

	if (bytes == NULL)
		die("memory", strerror(errno));
	return bytes;
}

static void
do_one(struct worker *w, unsigned i)
{
	if (w->load->mode == LOAD_OSCORE)
		device_get(&w->device, &w->contexts[i % w->load->contexts], w->load->path);
	else
		device_enrol(&w->device, &w->csrs[i]);
}

/* Each context, or one enrolment: what happens once is not what is measured. */
static unsigned
warm_up(const struct load *load)
{
	return load->mode == LOAD_OSCORE ? load->contexts : 1;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	unsigned i, first = warm_up(w->load);

	for (i = 0; i < first; i++)
		do_one(w, i);
	pthread_barrier_wait(w->warm);
	for (i = 0; i < w->load->count; i++) {
		double started = now_ms();

		do_one(w, first + i);
		w->took_ms[i] = now_ms() - started;
	}
	pthread_barrier_wait(w->done);
	return NULL;
}

static void
prepare(struct worker *w, const struct world *world, unsigned number)
{
	const struct load *load = w->load;
	unsigned i, total = warm_up(load) + load->count;

	device_open(&w->device, world, number);
	w->took_ms = allocate(load->count, sizeof *w->took_ms);
	if (load->mode == LOAD_ENROL) {
		w->csrs = allocate(total, sizeof *w->csrs);
		for (i = 0; i < total; i++)
			device_prepare(&w->device, &w->csrs[i]);
		return;
	}
	w->contexts = allocate(load->contexts, sizeof *w->contexts);
	for (i = 0; i < load->contexts; i++)
		world_context(&w->contexts[i], number * load->contexts + i);
}

static void
finish(struct worker *w)
{
	device_close(&w->device);
	free(w->contexts);
	free(w->csrs);
	free(w->took_ms);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
take_times(const struct worker *workers, const struct load *load, struct load_result *result)
{
	size_t total = (size_t)load->devices * load->count;
	double *all = allocate(total, sizeof *all);

	for (unsigned i = 0; i < load->devices; i++)
		memcpy(all + (size_t)i * load->count, workers[i].took_ms,
		        load->count * sizeof *all);
	qsort(all, total, sizeof *all, compare);
	result->p50_ms = all[total / 2];
	result->p99_ms = all[total * 99 / 100];
	free(all);
}

void
load_run(const struct world *world, const struct load *load, struct load_result *result)
{
	struct worker *workers = allocate(load->devices, sizeof *workers);
	pthread_barrier_t warm, done;
	double started, took, total = (double)load->devices * load->count;
	uint64_t cpu;

	pthread_barrier_init(&warm, NULL, load->devices + 1);
	pthread_barrier_init(&done, NULL, load->devices + 1);
	for (unsigned i = 0; i < load->devices; i++) {
		workers[i].load = load;
		workers[i].warm = &warm;
		workers[i].done = &done;
		prepare(&workers[i], world, i);
	}
	for (unsigned i = 0; i < load->devices; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			die("thread", "cannot be made");
	pthread_barrier_wait(&warm);
	started = now_ms();
	cpu = world_cpu_ns(world);
	pthread_barrier_wait(&done);
	cpu = world_cpu_ns(world) - cpu;
	took = now_ms() - started;
	for (unsigned i = 0; i < load->devices; i++)
		pthread_join(workers[i].thread, NULL);
	result->cpu_us = (double)cpu / 1000 / total;
	result->per_s = total * 1000 / took;
	result->per_s_core = 1000000 / result->cpu_us;
	take_times(workers, load, result);
	for (unsigned i = 0; i < load->devices; i++)
		finish(&workers[i]);
	pthread_barrier_destroy(&warm);
	pthread_barrier_destroy(&done);
	free(workers);
}
