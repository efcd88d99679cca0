/* SPDX-License-Identifier: BSD-2-Clause
 * strace -c writes one row for each system call: per cent, seconds, microseconds a call, calls, name. */
#include "syncs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

#define ATTACH_US 500000

void
syncs_start(struct syncs *s, pid_t pid, const char *dir)
{
	char number[16];

	snprintf(s->file, sizeof s->file, "%s/syncs", dir);
	snprintf(number, sizeof number, "%d", (int)pid);
	s->tracer = fork();
	if (s->tracer < 0)
		die("fork", strerror(errno));
	if (s->tracer == 0) {
		execlp("strace", "strace", "-qq", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o",
		        s->file, "-p", number, (char *)NULL);
		_exit(127);
	}
	usleep(ATTACH_US);
	if (waitpid(s->tracer, NULL, WNOHANG) != 0)
		die("strace", "is not installed, or may not attach");
}

/* The fourth number of a row, when it is one of the two calls. */
static unsigned
calls_in(char *row)
{
	char *save = NULL, *word = strtok_r(row, " \n", &save), *last = NULL;
	unsigned calls = 0;

	for (int i = 0; word != NULL; i++, word = strtok_r(NULL, " \n", &save)) {
		if (i == 3)
			calls = (unsigned)strtoul(word, NULL, 10);
		last = word;
	}
	return last != NULL && (strcmp(last, "fsync") == 0 || strcmp(last, "fdatasync") == 0)
	               ? calls
	               : 0;
}

unsigned
syncs_stop(struct syncs *s)
{
	unsigned total = 0;
	char row[256];
	FILE *table;

	kill(s->tracer, SIGINT);
	waitpid(s->tracer, NULL, 0);
	table = fopen(s->file, "r");
	if (table == NULL)
		die(s->file, strerror(errno));
	while (fgets(row, sizeof row, table) != NULL)
		total += calls_in(row);
	fclose(table);
	return total;
}
