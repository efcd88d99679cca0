/* SPDX-License-Identifier: BSD-2-Clause
 * bench_backend: what an OSCORE request and a whole enrolment by EDHOC cost sealift-est. Starts a server of its own
 * and loads it over HTTP. docs/performance.md says how to read it. */
#include <stdio.h>

#include "wish.h"

static void
show(const char *what, const struct load *load, const struct load_result *r)
{
	printf("%-10s %8u %10.1f %12.0f %12.0f %9.2f %9.2f\n", what, load->devices * load->count,
	        r->cpu_us, r->per_s_core, r->per_s, r->p50_ms, r->p99_ms);
}

static void
show_json(const struct wish *w, const struct load_result *oscore, const struct load_result *enrol)
{
	printf("{\"devices\":%u,\"threads\":%u", w->oscore.devices, w->world.threads);
	if (w->has_oscore)
		printf(",\"oscore_cpu_us\":%.2f,\"oscore_per_s_core\":%.0f,\"oscore_per_s\":%.0f,"
		       "\"oscore_p50_ms\":%.3f,\"oscore_p99_ms\":%.3f",
		        oscore->cpu_us, oscore->per_s_core, oscore->per_s, oscore->p50_ms,
		        oscore->p99_ms);
	if (w->has_enrol)
		printf(",\"enrol_cpu_us\":%.1f,\"enrolments_per_s_core\":%.0f,"
		       "\"enrolments_per_s\":%.0f,\"enrol_p50_ms\":%.2f,\"enrol_p99_ms\":%.2f",
		        enrol->cpu_us, enrol->per_s_core, enrol->per_s, enrol->p50_ms,
		        enrol->p99_ms);
	printf("}\n");
}

int
main(int argc, char **argv)
{
	static struct world world;
	struct load_result oscore = {0}, enrol = {0};
	struct wish w;

	wish_read(&w, argc, argv);
	world_open(&world, &w.world);
	if (w.has_oscore)
		load_run(&world, &w.oscore, &oscore);
	if (w.has_enrol)
		load_run(&world, &w.enrol, &enrol);
	world_close(&world);
	if (w.is_json)
		show_json(&w, &oscore, &enrol);
	else
		printf("%-10s %8s %10s %12s %12s %9s %9s\n", "", "count", "cpu us", "1/s a core",
		        "1/s", "p50 ms", "p99 ms");
	if (!w.is_json && w.has_oscore)
		show("oscore", &w.oscore, &oscore);
	if (!w.is_json && w.has_enrol)
		show("enrol", &w.enrol, &enrol);
	return 0;
}
