/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-device: an EST-oscore client (draft-ietf-ace-coap-est-oscore, RFC 8613, RFC 9148). */
#include "commands.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Keys must not end in a core file, nor be read through a debugger of the same user. */
static void
guard_memory(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int
main(int argc, char **argv)
{
	struct options o;
	struct complaint why;

	guard_memory();
	umask(077);
	if (options_parse(&o, argc, argv, &why) != SL_OK) {
		fprintf(stderr, "sealift-device: %s\n", why.text);
		return EXIT_USAGE;
	}
	if (o.wants_help)
		return fputs(options_help(), stdout) < 0 ? EXIT_FAILED : EXIT_DONE;
	if (o.wants_version)
		return puts("sealift-device " SL_VERSION) < 0 ? EXIT_FAILED : EXIT_DONE;
	return commands_run(&o);
}
