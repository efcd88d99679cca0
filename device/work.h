/* SPDX-License-Identifier: BSD-2-Clause
 * What a command works with, and how it ends. */
#ifndef WORK_H
#define WORK_H

#include "complaint.h"
#include "options.h"
#include "report.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_CONFIGURATION = 2 };

/* Only what the command needs is open. */
struct work {
	const struct options *o;
	struct report report;
	struct sl_device *device;
	struct sl_device_why why;
};

/* Each says how it ended and returns the exit status. */
int work_fail(struct work *w, int status); /* with the text of w->why */
int work_fail_because(struct work *w, const struct complaint *why, int status);
int work_done(struct work *w); /* with what was reported */
/* The first two members of most results. */
void work_report_done(struct work *w);

/* Commands with a file of their own; exit status. */
int keygen_run(struct work *w);
int credential_run(struct work *w);

#endif
