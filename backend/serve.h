/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-est serve: puts store, authority, contexts, end point and HTTP server together, and takes them apart
 * on SIGTERM, SIGINT or SIGHUP. Contexts that another process adds or disables are noticed within half a second. */
#ifndef SERVE_H
#define SERVE_H

#include "config.h"

/* Returns main's exit status: 0 after a signal, 1 when it could not start (said on standard error). Says
 * "listening on http://ADDRESS:PORT" on standard error when it is ready. */
int serve_run(const struct config *config);

#endif
