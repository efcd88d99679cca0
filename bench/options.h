/* SPDX-License-Identifier: BSD-2-Clause
 * Command lines of the bench's programs: a table of long options, and help made from it. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_COUNT,  /* uint64_t */
	OPTION_TIME,   /* uint64_t, ms: "500ms", "2min"; a bare number is seconds */
	OPTION_TEXT,   /* const char * */
	OPTION_TARGET, /* struct sockaddr_in, from ADDRESS:PORT (IPv4) */
};

struct option_def {
	const char *name; /* without the dashes */
	enum option_kind kind;
	void *value; /* holds the default */
	const char *help;
};

/* Exits: 0 after --help, 2 when the line is not good. */
void options_read(const struct option_def *defs, size_t count, int argc, char **argv);
/* Exits with 1 and says what failed. */
void options_fail(const char *what) __attribute__((noreturn));

#endif
