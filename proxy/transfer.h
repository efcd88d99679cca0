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

/* What all transfers of one origin side use. */
struct transfer_shared {
	const struct limits *limits; /* borrowed */
	CURLM *multi;
	struct kept kept;
	uint64_t refused_addresses;
};

struct transfer {
	struct transfer_shared *shared;
	CURL *easy; /* owned; kept for the next request while nothing failed */
	CURLU *url;
	struct core_fetch fetch;
	struct curl_slist headers[REQUEST_FIELDS_MAX];
	struct request_fields fields;
	size_t body_sent;
	struct response_head head;
	struct sl_buf body;
	bool is_running, is_head_bad, is_body_large, is_exhausted, is_address_refused;
};

/* Hands the request to libcurl. SL_MAP_RESPONSE: it runs; else why it could not even start, and nothing runs. */
enum sl_map_transport transfer_start(struct transfer *t, const struct core_fetch *fetch);
/* Borrows from *t. */
void transfer_result(const struct transfer *t, CURLcode rc, struct sl_map_http_result *out);
/* Takes it out of the multi handle. is_good: nothing failed. The body stays. */
void transfer_release(struct transfer *t, bool is_good);

#endif
