/* SPDX-License-Identifier: BSD-2-Clause
 * A configuration for a proxy that runs: what was settled at the start stays, everything else is the file's.
 * docs/configuration-proxy.md lists both. */
#ifndef PROXY_CONFIG_RELOAD_H
#define PROXY_CONFIG_RELOAD_H

#include "config.h"

#define CONFIG_KEPT_MAX 512

/* Reads path as config_load does; *out then has the values of now for sockets, workers, admin, sandbox and the
 * sizes of tables. kept names the keys of those that the file wants otherwise, "listen, workers"; "": none. On an
 * error, as of config_load, nothing is made. The result is the caller's. */
enum sl_err config_reload(struct config **out, const struct config *now, const char *path,
        char complaint[static CONFIG_COMPLAINT_MAX], char kept[static CONFIG_KEPT_MAX]) SL_MUST_USE;
/* Whether the origin is one of this configuration, by its place. */
bool config_has_origin(const struct config *config, const struct origin *origin);

#endif
