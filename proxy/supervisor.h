/* SPDX-License-Identifier: BSD-2-Clause
 * The process that opens the sockets, forks the workers onto them, and gives a dead worker's sockets to a
 * new one, so that the kernel's choice of a worker for a client does not move. */
#ifndef PROXY_SUPERVISOR_H
#define PROXY_SUPERVISOR_H

#include "config.h"

/* Runs until TERM or INT; HUP reads path again, from which config came. Returns an exit status. */
int supervisor_run(const struct config *config, const char *path);
/* No core dumps, no new privileges, not traceable, no environment. */
void supervisor_harden(void);

#endif
