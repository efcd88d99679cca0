/* SPDX-License-Identifier: BSD-2-Clause
 * One HTTP request through libcurl's easy interface. Private to the origin side, which holds the pool of
 * them; together they are the door to libcurl. */
#ifndef PROXY_TRANSFER_H
#define PROXY_TRANSFER_H

#include <curl/curl.h>

#include <sl/buf.h>

#include "kept.h"
#include "request.h"
#include "response_head.h"
#include "routes.h"

/* What all transfers of one origin side use. */
struct transfer_shared {
	const struct limits *limits; /* borrowed */
	CURLM *multi;
	struct kept kept;
	curl_closesocket_callback close_socket; /* ends in kept_close */
	void *close_ctx;
	uint64_t refused_addresses;
	uint64_t ended_kept;
};

struct transfer {
	struct transfer_shared *shared;
	struct transfer *next_free;
	CURL *easy; /* owned; kept for the next request while nothing failed */
	/* What the handle is set up for already; another URL or origin takes it all anew. */
	const struct origin *origin; /* NULL: nothing */
	CURLU *url;                  /* owned */
	char url_text[ROUTES_URL_MAX];
	uint64_t ended_before; /* ended_kept when it began */
	struct core_fetch fetch;
	struct curl_slist headers[REQUEST_FIELDS_MAX];
	struct request_fields fields;
	size_t body_sent;
	uint64_t started_ms;
	uint64_t received, before; /* bytes of the answer; of those, before this period */
	uint64_t period_ms;        /* when this period began; 0: nothing came yet */
	struct response_head head;
	struct sl_buf body;
	bool is_running, is_head_bad, is_body_large, is_exhausted, is_address_refused;
};

/* Hands the request to libcurl. SL_MAP_RESPONSE: it runs; else why it could not even start, and nothing runs. */
enum sl_map_transport transfer_start(struct transfer *t, const struct core_fetch *fetch);
/* Whether it waits too long for its first byte, or for enough in this period, with the connection made. At times. */
bool transfer_is_late(struct transfer *t, uint64_t now_ms);
/* Borrows from *t. */
void transfer_result(const struct transfer *t, CURLcode rc, struct sl_map_http_result *out);
/* Takes it out of the multi handle. is_good: nothing failed. The body stays. */
void transfer_release(struct transfer *t, bool is_good);
/* Gives all back; it does not run. */
void transfer_clear(struct transfer *t);

#endif
