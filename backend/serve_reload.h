/* SPDX-License-Identifier: BSD-2-Clause
 * The configuration read again while the server works: who may enrol changes at once, everything else with a restart. */
#ifndef SERVE_RELOAD_H
#define SERVE_RELOAD_H

#include "serve_edhoc.h"

#define SERVE_KEPT_MAX 256

/* Says on standard error what came of it. running: the configuration of the start. options: as of
 * serve_edhoc_open; its configuration and warn do not matter. */
void serve_reload(
        struct serve_edhoc *s, const struct config *running, const struct trust_options *options);
/* The sections of next that are other than those of running but for peers and edhoc.directory, "limits, ca"; "": none. */
void serve_reload_kept(
        const struct config *running, const struct config *next, char kept[static SERVE_KEPT_MAX]);

#endif
