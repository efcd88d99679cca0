/* SPDX-License-Identifier: BSD-2-Clause
 * The command line of bench_backend. */
#include "wish.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sl/text.h>

static const char help[] =
        "usage: bench_backend [OPTIONS]\n"
        "\n"
        "  --server FILE      the program; default: sealift-est beside this one\n"
        "  --dir DIR          whose disk the store is on; default /var/tmp\n"
        "  --mode MODE        oscore, enrol or both (default)\n"
        "  --devices N        connections at once; default 32, at most 128\n"
        "  --threads N        of the server; default 16\n"
        "  --contexts N       pre-shared, for each device; default 8\n"
        "  --oscore N         requests of each device; default 2000\n"
        "  --enrol N          enrolments of each device; default 40\n"
        "  --path PATH        of the OSCORE requests; default /est/att\n"
        "  --syncs            count the disk's syncs of an enrolment, in a run of their own "
        "(strace)\n"
        "  --json             one JSON object instead of the table\n"
        "\n"
        "exit status: 0 done, 1 an answer was wrong, 2 usage\n";

static unsigned
number(const char *text, unsigned max)
{
	uint64_t value = 0;

	if (sl_parse_uint(&value, sl_span_text(text), max) != SL_OK || value == 0) {
		fprintf(stderr, "bench_backend: %s: a number from 1 to %u\n", text, max);
		exit(2);
	}
	return (unsigned)value;
}

static const char *
beside_us(void)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - sizeof "sealift-est");

	while (len > 0 && path[len - 1] != '/')
		len--;
	memcpy(path + (len > 0 ? len : 0), "sealift-est", sizeof "sealift-est");
	return path;
}

static void
take(struct wish *w, int option)
{
	switch (option) {
	case 's':
		w->world.server = optarg;
		break;
	case 'd':
		w->world.parent = optarg;
		break;
	case 'm':
		w->has_oscore = strcmp(optarg, "enrol") != 0;
		w->has_enrol = strcmp(optarg, "oscore") != 0;
		break;
	case 'n':
		w->oscore.devices = w->enrol.devices = number(optarg, WORLD_PEERS_MAX);
		break;
	case 't':
		w->world.threads = number(optarg, 64);
		break;
	case 'c':
		w->oscore.contexts = number(optarg, 1000);
		break;
	case 'o':
		w->oscore.count = number(optarg, 10000000);
		break;
	case 'e':
		w->enrol.count = number(optarg, 100000);
		break;
	case 'p':
		w->oscore.path = optarg;
		break;
	case 'y':
		w->counts_syncs = true;
		break;
	case 'j':
		w->is_json = true;
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	default:
		fputs(help, stderr);
		exit(2);
	}
}

void
wish_read(struct wish *w, int argc, char **argv)
{
	static const struct option options[] = {
	        {"server", required_argument, NULL, 's'},
	        {"dir", required_argument, NULL, 'd'},
	        {"mode", required_argument, NULL, 'm'},
	        {"devices", required_argument, NULL, 'n'},
	        {"threads", required_argument, NULL, 't'},
	        {"contexts", required_argument, NULL, 'c'},
	        {"oscore", required_argument, NULL, 'o'},
	        {"enrol", required_argument, NULL, 'e'},
	        {"path", required_argument, NULL, 'p'},
	        {"syncs", no_argument, NULL, 'y'},
	        {"json", no_argument, NULL, 'j'},
	        {"help", no_argument, NULL, 'h'},
	        {NULL, 0, NULL, 0},
	};
	static const struct wish usual = {
	        .world = {.parent = "/var/tmp", .threads = 16},
	        .oscore = {LOAD_OSCORE, 32, 8, 2000, "/est/att"},
	        .enrol = {LOAD_ENROL, 32, 0, 40, NULL},
	        .has_oscore = true,
	        .has_enrol = true,
	};
	int option;

	*w = usual;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		take(w, option);
	if (w->world.server == NULL)
		w->world.server = beside_us();
	w->world.connections = w->oscore.devices;
	w->world.peers = w->enrol.devices;
	w->world.contexts = w->has_oscore ? w->oscore.devices * w->oscore.contexts : 0;
}
