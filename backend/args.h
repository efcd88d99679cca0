/* SPDX-License-Identifier: BSD-2-Clause
 * Command line options of one command, as a table. */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>
#include <stddef.h>

#define EXIT_USAGE 2

/* One of value and flag. Ends with a row without a name. */
struct arg {
	const char *name; /* "--identity" or "-c" */
	const char **value;
	bool *flag;
	bool is_needed;
};

/* What is left after the options. */
struct args_rest {
	const char **words; /* filled in order */
	size_t want;        /* exactly so many */
};

/* argv begins with the command. Says on stderr what is wrong. */
bool args_take(int argc, char **argv, const struct arg *args, const struct args_rest *rest);

#endif
