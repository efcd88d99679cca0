/* SPDX-License-Identifier: BSD-2-Clause
 * bench_backend: what an OSCORE request and a whole enrolment by EDHOC cost sealift-est. Starts a server of its own
 * and loads it over HTTP. docs/performance.md says how to read it. */
#include <stdio.h>

#include "syncs.h"
#include "wish.h"

struct results {
	struct load_result oscore, enrol;
	double syncs; /* of an enrolment */
};

static void
show(const char *what, const struct load *load, const struct load_result *r)
{
	printf("%-10s %8u %10.1f %12.0f %12.0f %9.2f %9.2f\n", what, load->devices * load->count,
	        r->cpu_us, r->per_s_core, r->per_s, r->p50_ms, r->p99_ms);
}

static void
show_table(const struct wish *w, const struct results *r)
{
	printf("%-10s %8s %10s %12s %12s %9s %9s\n", "", "count", "cpu us", "1/s a core", "1/s",
	        "p50 ms", "p99 ms");
	if (w->has_oscore)
		show("oscore", &w->oscore, &r->oscore);
	if (w->has_enrol)
		show("enrol", &w->enrol, &r->enrol);
	if (w->counts_syncs)
		printf("syncs of an enrolment: %.2f\n", r->syncs);
}

static void
show_json(const struct wish *w, const struct results *r)
{
	printf("{\"devices\":%u,\"threads\":%u", w->oscore.devices, w->world.threads);
	if (w->has_oscore)
		printf(",\"oscore_cpu_us\":%.2f,\"oscore_per_s_core\":%.0f,\"oscore_per_s\":%.0f,"
		       "\"oscore_p50_ms\":%.3f,\"oscore_p99_ms\":%.3f",
		        r->oscore.cpu_us, r->oscore.per_s_core, r->oscore.per_s, r->oscore.p50_ms,
		        r->oscore.p99_ms);
	if (w->has_enrol)
		printf(",\"enrol_cpu_us\":%.1f,\"enrolments_per_s_core\":%.0f,"
		       "\"enrolments_per_s\":%.0f,\"enrol_p50_ms\":%.2f,\"enrol_p99_ms\":%.2f",
		        r->enrol.cpu_us, r->enrol.per_s_core, r->enrol.per_s, r->enrol.p50_ms,
		        r->enrol.p99_ms);
	if (w->counts_syncs)
		printf(",\"syncs_per_enrolment\":%.2f", r->syncs);
	printf("}\n");
}

/* Also those of the warm-up: one enrolment of each device. */
static double
count_syncs(const struct world *world, const struct load *load)
{
	struct load_result ignored;
	struct syncs syncs;

	syncs_start(&syncs, world->pid, world->dir);
	load_run(world, load, &ignored);
	return (double)syncs_stop(&syncs) / load->devices / (load->count + 1);
}

int
main(int argc, char **argv)
{
	static struct world world;
	struct results results = {0};
	struct wish w;

	wish_read(&w, argc, argv);
	world_open(&world, &w.world);
	if (w.has_oscore)
		load_run(&world, &w.oscore, &results.oscore);
	if (w.has_enrol)
		load_run(&world, &w.enrol, &results.enrol);
	if (w.counts_syncs)
		results.syncs = count_syncs(&world, &w.enrol);
	world_close(&world);
	if (w.is_json)
		show_json(&w, &results);
	else
		show_table(&w, &results);
	return 0;
}
