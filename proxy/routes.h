/* SPDX-License-Identifier: BSD-2-Clause
 * Where a request goes: a route of ours, an allowed origin of forward mode, or our own discovery document
 * (RFC 7252 sections 5.7.2 and 5.7.3). Pure. */
#ifndef PROXY_ROUTES_H
#define PROXY_ROUTES_H

#include "config.h"

#define ROUTES_URL_MAX (SL_MAP_HOST_MAX + 2 * SL_MAP_PATH_MAX + 32)

struct destination {
	bool is_discovery;           /* our own document; then there is no origin */
	const struct origin *origin; /* borrowed from the configuration */
	size_t lane;                 /* routes first, then forward origins: one number per origin */
	const char *route_path;      /* of the route; NULL: forward mode */
	bool is_forward;
	struct sl_map_target
	        target; /* what the request named; path_query is the path at the origin */
};

/* 0, or the CoAP code to answer: what sl_map_target says, 4.04 for no route, 5.05 for an origin that is
 * not allowed. local is the address the datagram came to. */
uint8_t routes_find(const struct config *config, const struct sl_coap_msg *request,
        const struct address *local, struct destination *out);
/* May this path be asked for without OSCORE? */
bool routes_allow_plain(const struct destination *d);
/* An OSCORE request to a route goes to the configured URL; all else to the path that was named. SL_ESPACE. */
enum sl_err routes_url(
        const struct destination *d, bool is_oscore, char *out, size_t cap) SL_MUST_USE;

#endif
