/* SPDX-License-Identifier: BSD-2-Clause
 * The part of the configuration check that is about origins: routes and the forward allow-list. */
#ifndef PROXY_CONFIG_ORIGIN_H
#define PROXY_CONFIG_ORIGIN_H

#include "config_raw.h"

/* A list of prefixes, none of which means everything. */
enum sl_err check_prefixes(struct cidr_list *out, const struct raw_list *raw, const char *key,
        const struct complaint *c);

enum sl_err check_routes(
        struct config *config, const struct raw_config *raw, const struct complaint *c);
enum sl_err check_forward(
        struct config *config, const struct raw_config *raw, const struct complaint *c);

#endif
