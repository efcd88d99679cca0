/* SPDX-License-Identifier: BSD-2-Clause
 * The options of the command line, one row each: which commands know it and where its value goes. */
#ifndef OPTION_ROWS_H
#define OPTION_ROWS_H

#include "options.h"

/* Where a value goes: a text as it is, a flag, or through a function. */
struct option_row {
	const char *name;
	unsigned commands;       /* that know it: OPTION_OF bits, or OPTION_ANY */
	unsigned edhoc;          /* those of them that know it together with --edhoc only */
	size_t text_at, flag_at; /* one more than the offset in struct options; 0: not so */
	enum sl_err (*take)(struct options *o, const char *word);
	const char *wish; /* what a good value is */
};

#define OPTION_OF(command) (1U << (command))
#define OPTION_ANY         0xffffffffU

/* NULL when there is none. */
const struct option_row *option_row_find(const char *name);

#endif
