/* SPDX-License-Identifier: BSD-2-Clause
 * System calls that no sandboxed process of ours may make, each harmless where it is allowed, and what becomes of a
 * child that makes one. */
#ifndef SL_TEST_ATTEMPTS_H
#define SL_TEST_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>

enum attempt_of {
	ATTEMPT_PROXY = 1, /* not for its worker */
	ATTEMPT_EST = 2,   /* not for the server while it serves */
	ATTEMPT_BOTH = 3,
};

struct attempt {
	const char *name;
	enum attempt_of of;
	void (*make)(void);
};

extern const struct attempt attempts[];
extern const size_t attempt_count;

/* Wait status of a child that entered its sandbox, did make and ended. enter false: it ends with status 3. */
int fate_of(bool (*enter)(void), void (*make)(void));
bool was_killed_by_sandbox(int status);
/* Makes each attempt that is of those; returns how many children outlived theirs, and says which. */
unsigned count_survivors(bool (*enter)(void), enum attempt_of of, unsigned *made);

#endif
