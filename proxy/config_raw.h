/* SPDX-License-Identifier: BSD-2-Clause
 * The configuration as YAML gives it: texts, nothing checked. Between config.c, which reads it, and
 * config_check.c, which judges it. */
#ifndef PROXY_CONFIG_RAW_H
#define PROXY_CONFIG_RAW_H

#include "config.h"

struct raw_list {
	char **items;
	unsigned count;
};

struct raw_origin {
	char *path; /* routes only */
	char *port; /* routes only */
	char *origin;
	struct raw_list plain_http, addresses, allow_plain;
	char *gateway_errors_503, *edhoc_header, *transport;
	char *ca_file, *client_cert, *client_key;
};

struct raw_origins {
	struct raw_origin *items;
	unsigned count;
};

struct raw_forward {
	struct raw_origins allow;
};

struct raw_admin {
	char *address, *port;
};

#define RAW_LIMITS_MAX 40

struct raw_limits {
	char *texts[RAW_LIMITS_MAX]; /* in the order of limit_defs */
};

struct raw_config {
	struct raw_list listen, names, trusted;
	char *workers, *echo, *sandbox, *discovery, *discovery_file;
	struct raw_origins routes;
	struct raw_forward forward;
	struct raw_admin admin;
	struct raw_limits limits;
};

/* Where complaints go: the first one stays. */
struct complaint {
	char *out; /* CONFIG_COMPLAINT_MAX */
	const char *name;
	struct sl_span text;
};

/* key and value locate the line; what says what is wrong and how to mend it. Returns SL_EMALFORMED. */
enum sl_err complain(
        const struct complaint *c, const char *key, const char *value, const char *what);
/* The line on which key stands (with value, when it is not NULL); 0 when it is not found. after: search
 * begins behind this line. */
unsigned config_find_line(struct sl_span text, const char *key, const char *value, unsigned after);

/* Fills *config from *raw. SL_EMALFORMED (with a complaint), SL_ENOMEM, SL_EIO. */
enum sl_err config_check(
        struct config *config, const struct raw_config *raw, const struct complaint *c) SL_MUST_USE;

#endif
