/* SPDX-License-Identifier: BSD-2-Clause
 * The commands of the program, one function each behind one door. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "options.h"

/* Does what the options say. Returns the exit status: 0 done, 1 failed, 2 configuration. */
int commands_run(const struct options *o);

#endif
