/* SPDX-License-Identifier: BSD-2-Clause
 * Location-Path and Location-Query of a 2.01 (RFC 7252 section 5.10.7), as the device would ask for the place:
 * a route's own path stands where the origin's base path was. Private to the core. */
#ifndef PROXY_LOCATION_H
#define PROXY_LOCATION_H

#include "exchange.h"

#define LOCATION_ROOM (3 * SL_MAP_PATH_MAX)

/* The values are written into room and borrowed by the options. A place that has no name here (another
 * origin, not below the base path, too long) is left out: then *msg is as before. */
void location_add(struct sl_coap_msg *msg, const struct asker *a, struct sl_span location,
        uint8_t room[static LOCATION_ROOM]);

#endif
