/* SPDX-License-Identifier: BSD-2-Clause
 * One worker: a thread with its own loop, core, origin side and device side; shares nothing. */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include "board.h"

struct worker_config {
	const struct config *config;
	const char *path;                    /* of its file, for SIGHUP; NULL: it stays as it is */
	const struct device_socket *sockets; /* this worker's, one per listener */
	unsigned number;
	struct board *board; /* borrowed */
};

/* Runs until TERM or INT and the drain after it; HUP reads the file again. Returns an exit status. */
int worker_run(const struct worker_config *config);

#endif
