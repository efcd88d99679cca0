/* SPDX-License-Identifier: BSD-2-Clause
 * The system calls that the server may make: of its list while it begins to listen, and of a shorter one when it
 * does. docs/hardening.md tells more. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <sl/sandbox.h>

enum sandbox_stage {
	SANDBOX_STARTING = 1, /* keys, store and configuration are read, nothing listens yet */
	SANDBOX_SERVING = 2,  /* from the first connection on */
};

/* Of all threads. False: said on standard error, go no further. */
bool sandbox_enter(enum sl_sandbox_mode mode, enum sandbox_stage stage) SL_MUST_USE;

/* The table, and which rows of it (and of the basic ones) a stage has. */
extern const struct sl_call sandbox_calls[];
extern const size_t sandbox_call_count;
unsigned sandbox_roles(enum sandbox_stage stage);

#endif
