/* SPDX-License-Identifier: BSD-2-Clause
 * The OSCORE end point: one HTTP request's option value and body in, one answer out (RFC 8613 sections 8.2,
 * 8.3 and 11.4). Order: exact-reply cache, option, context, verification and replay mark, inner blocks,
 * service, protection, cache. Thread-safe. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "contexts.h"
#include "inner_blocks.h"
#include "reply_cache.h"
#include "service.h"

struct endpoint_config {
	struct contexts *contexts; /* borrowed, as all three */
	struct reply_cache *replies;
	struct inner_blocks *blocks;
	struct service service;
	bool is_quiet;          /* unprotected errors are 400 without text */
	unsigned retry_after_s; /* with 503 */
	unsigned join_ms; /* how long a copy waits for the request in progress; default 10 s */
};

struct endpoint;

enum sl_err endpoint_new(struct endpoint **out, const struct endpoint_config *config) SL_MUST_USE;
void endpoint_free(struct endpoint *e); /* NULL is fine; does not free what the config named */

struct endpoint_request {
	struct sl_span option, body;
	uint64_t now_ms;  /* monotonic */
	uint64_t boot_ms; /* CLOCK_BOOTTIME */
	int64_t now;      /* POSIX seconds */
};

struct endpoint_reply {
	int status; /* 200: protected, option and body are set; else text is the body */
	uint8_t option[SL_OSCORE_OPTION_MAX];
	size_t option_len;
	uint8_t body[REPLY_BODY_MAX];
	size_t body_len;
	const char *text;       /* fixed, may be "" */
	unsigned retry_after_s; /* 0: none */
	/* for the log */
	bool is_repeat;     /* stored bytes */
	int64_t context_id; /* 0: none */
	uint8_t code;       /* inner; 0: none */
	struct service_note note;
};

/* Never fails: what cannot be done is an error status. */
void endpoint_handle(
        struct endpoint *e, const struct endpoint_request *request, struct endpoint_reply *reply);

#endif
