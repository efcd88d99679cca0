/* SPDX-License-Identifier: BSD-2-Clause
 * The process that answers the operator: /metrics, /healthz, /readyz. It reads the board and nothing else, so a
 * fault here cannot touch a request. */
#ifndef PROXY_ADMIN_H
#define PROXY_ADMIN_H

#include <sl/sandbox.h>

#include "board.h"

/* A listening TCP socket; *local gets the port that was chosen for port 0. SL_EIO, errno says why. */
enum sl_err admin_open(int *fd, struct address *local, const struct address *listen) SL_MUST_USE;
/* Runs until USR1: TERM and INT, which may go to every process at once, begin the drain, and /readyz has to
 * tell of it. Returns an exit status. */
int admin_run(struct board *board, int fd, enum sl_sandbox_mode sandbox);

#endif
