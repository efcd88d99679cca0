/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-est: the EST-oscore server behind HTTP with its certificate authority. Finds the
 * command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "admin.h"
#include "args.h"
#include "serve.h"

static const char help[] =
        "usage: sealift-est COMMAND [OPTIONS]\n"
        "\n"
        "  init --dir DIR [--name CN | --ca-key FILE --ca-cert FILE] [--edhoc]\n"
        "  serve -c FILE\n"
        "  check -c FILE                      the same as: sealift-est --check FILE\n"
        "  add-context -c FILE --identity NAME --out FILE [--profile NAME]\n"
        "      [--sender-id HEX] [--recipient-id HEX] [--id-context HEX] [--aead NAME]\n"
        "      [--secret-file FILE] [--salt HEX] [--functions crts,att,sen,sren]\n"
        "  list-contexts -c FILE [--json]\n"
        "  disable-context -c FILE CONTEXT\n"
        "  list-certs -c FILE [--identity NAME] [--json]\n"
        "  show-cert -c FILE SERIAL [--pem]\n"
        "  revoke -c FILE SERIAL --reason REASON [--keep-contexts]\n"
        "  policy test -c FILE REQUEST [--profile NAME] [--identity NAME] [--renewal]\n"
        "  audit verify -c FILE [--head NUMBER:HEX]\n"
        "  --help, --version\n"
        "\n"
        "exit status: 0 done, 1 failed, 2 usage or configuration\n";

static int
serve(int argc, char **argv)
{
	const char *file = NULL;
	const struct arg args[] = {{"-c", .value = &file, .is_needed = true}, {0}};
	char message[CONFIG_MESSAGE_MAX];
	struct config config;

	if (!args_take(argc, argv, args, NULL))
		return EXIT_USAGE;
	if (config_load(&config, file, message)) {
		fprintf(stderr, "%s\n", message);
		return EXIT_USAGE;
	}
	return serve_run(&config);
}

static int
say_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs(help, stdout);
	return EXIT_SUCCESS;
}

static int
say_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("sealift-est %s\n", SL_VERSION);
	return EXIT_SUCCESS;
}

/* "--check FILE" is what the other programs have. */
static int
check_short(int argc, char **argv)
{
	char command[] = "check", option[] = "-c";
	char *long_form[] = {command, option, argc > 1 ? argv[1] : NULL, NULL};

	if (argc != 2) {
		fprintf(stderr, "sealift-est --check FILE\n");
		return EXIT_USAGE;
	}
	return admin_check(3, long_form);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
        {"init", admin_init},
        {"serve", serve},
        {"check", admin_check},
        {"--check", check_short},
        {"add-context", admin_add_context},
        {"list-contexts", admin_list_contexts},
        {"disable-context", admin_disable_context},
        {"list-certs", admin_list_certs},
        {"show-cert", admin_show_cert},
        {"revoke", admin_revoke},
        {"policy", admin_policy},
        {"audit", admin_audit},
        {"help", say_help},
        {"--help", say_help},
        {"-h", say_help},
        {"--version", say_version},
};

/* No core with secrets in it, no file that others can change. */
static void
close_down(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	umask(022);
}

/* A list that ends in the middle is no list. */
static int
finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "sealift-est: the result cannot be written\n");
	return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

int
main(int argc, char **argv)
{
	close_down();
	if (argc > 2 && strcmp(argv[2], "--help") == 0)
		return finish(say_help(argc - 1, argv + 1));
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return finish(commands[i].run(argc - 1, argv + 1));
	fprintf(stderr, "sealift-est: %s; see sealift-est --help\n",
	        argc > 1 ? "unknown command" : "no command");
	return EXIT_USAGE;
}
