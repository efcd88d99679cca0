/* SPDX-License-Identifier: BSD-2-Clause
 * Rows of refusals, shared by the OSCORE and the plain half of the reply mapping. */
#ifndef MAPPINGS_REPLY_H
#define MAPPINGS_REPLY_H

#include <sl/mappings.h>

enum sl_map_extra {
	SL_MAP_RETRY = 1 << 0,   /* Max-Age from Retry-After */
	SL_MAP_QUOTE = 1 << 1,   /* the body may become the diagnostic payload */
	SL_MAP_SIZE = 1 << 2,    /* Size1: what we would take */
	SL_MAP_HOPS = 1 << 3,    /* only for requests with Hop-Limit */
	SL_MAP_EXPLAIN = 1 << 4, /* the reason becomes the diagnostic payload */
};

/* One refusal. The last row of a table takes what no other row took. */
struct sl_map_row {
	int first, last; /* HTTP status, or enum sl_map_transport */
	uint8_t code;
	unsigned extra; /* enum sl_map_extra */
	const char *reason;
	uint32_t
	        max_age; /* 0: not to be kept; the default would be 60 s (RFC 7252 section 5.9.2) */
};

/* What both halves look at. */
struct sl_map_case {
	const struct sl_map_exchange *exchange;
	const struct sl_map_http_result *result;
};

const struct sl_map_row *sl_map_find_row(
        const struct sl_map_case *c, const struct sl_map_row *rows, int key);
void sl_map_refuse(
        const struct sl_map_case *c, const struct sl_map_row *row, struct sl_map_reply *reply);
/* Writes Max-Age unless it is the default. */
void sl_map_set_max_age(struct sl_map_reply *reply, uint32_t seconds);
/* A body that is fit for people on a thin line: text/plain or no type, UTF-8 without controls,
 * short. */
bool sl_map_is_diagnostic(const struct sl_map_http_result *result);
/* A response to a request without OSCORE. */
void sl_map_reply_plain(const struct sl_map_case *c, struct sl_map_reply *reply);

#endif
