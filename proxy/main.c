/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-proxy: the command line. docs/man/sealift-proxy.8 is its description. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "supervisor.h"

enum exit_status {
	EXIT_GOOD = 0,
	EXIT_FAILED = 1,
	EXIT_WRONG = 2, /* usage or configuration */
};

static const char usage[] = "usage: sealift-proxy -c FILE\n"
                            "       sealift-proxy --check FILE\n"
                            "       sealift-proxy --help | --version\n"
                            "\n"
                            "Carries OSCORE messages from CoAP over UDP to HTTP and back (RFC 8613 "
                            "section 11), without keys.\n"
                            "\n"
                            "  -c, --config FILE  run with this configuration, in the foreground\n"
                            "      --check FILE   say whether the configuration is good, and stop\n"
                            "      --help         this text\n"
                            "      --version      the version\n"
                            "\n"
                            "Exit status: 0 good, 1 failed, 2 wrong usage or configuration. "
                            "Manual: sealift-proxy(8).\n";

static int
load(struct config **config, const char *path)
{
	char complaint[CONFIG_COMPLAINT_MAX] = "";
	enum sl_err err = config_load(config, path, complaint);

	if (err == SL_OK)
		return EXIT_GOOD;
	fprintf(stderr, "sealift-proxy: %s\n", complaint[0] != '\0' ? complaint : sl_err_text(err));
	return err == SL_ENOMEM ? EXIT_FAILED : EXIT_WRONG;
}

static int
check(const char *path)
{
	struct config *config = NULL;
	int status = load(&config, path);

	if (status == EXIT_GOOD)
		printf("%s: good: %zu listeners, %u workers, %zu routes, %zu forward origins\n",
		        path, config->listen_count, config->workers, config->route_count,
		        config->forward_count);
	config_free(config);
	return status;
}

static int
run(const char *path)
{
	struct config *config = NULL;
	int status = load(&config, path);

	if (status == EXIT_GOOD) {
		supervisor_harden();
		status = supervisor_run(config, path);
	}
	config_free(config);
	return status;
}

static int
complain_of_usage(const char *what)
{
	fprintf(stderr, "sealift-proxy: %s; see sealift-proxy --help\n", what);
	return EXIT_WRONG;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	        {"config", required_argument, NULL, 'c'},
	        {"check", required_argument, NULL, 'k'},
	        {"help", no_argument, NULL, 'h'},
	        {"version", no_argument, NULL, 'v'},
	        {NULL, 0, NULL, 0},
	};
	const char *run_path = NULL, *check_path = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			run_path = optarg;
			break;
		case 'k':
			check_path = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_GOOD;
		case 'v':
			puts("sealift-proxy " SL_VERSION);
			return EXIT_GOOD;
		default:
			return EXIT_WRONG;
		}
	}
	if (optind < argc)
		return complain_of_usage("unexpected argument");
	if ((run_path == NULL) == (check_path == NULL))
		return complain_of_usage("one of -c FILE and --check FILE is needed");
	return check_path != NULL ? check(check_path) : run(run_path);
}
