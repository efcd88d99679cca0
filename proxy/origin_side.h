/* SPDX-License-Identifier: BSD-2-Clause
 * The HTTP side: sends what the core wants, reports what came of it, decides nothing. Two clients stand
 * behind it, one for every origin: libcurl (curl_side.h), and a lean one for plain http to an address
 * (lean_side.h). For both: no redirect, no proxy, no cookie, no second attempt; and the deadlines of
 * their phases: connect, first byte, and then enough in each period. */
#ifndef PROXY_ORIGIN_SIDE_H
#define PROXY_ORIGIN_SIDE_H

#include "core.h"
#include "loop.h"

#define ORIGIN_LOW_SPEED 64 /* bytes a second */

/* What came in a period of ms is not enough. */
static inline bool
origin_is_slow(uint64_t bytes, uint64_t ms)
{
	return 1000 * bytes < ORIGIN_LOW_SPEED * ms;
}

struct origin_side;

typedef void (*origin_result_fn)(
        void *ctx, struct sl_ref ref, const struct sl_map_http_result *result);

struct origin_side_config {
	const struct limits *limits; /* borrowed */
	struct loop *loop;
	origin_result_fn on_result; /* the result is borrowed for the call */
	void *ctx;
	bool is_all_lean; /* no origin needs libcurl, which is dear to start */
};

/* SL_ENOMEM, SL_EIO. */
enum sl_err origin_side_new(
        struct origin_side **out, const struct origin_side_config *config) SL_MUST_USE;
void origin_side_free(struct origin_side *side);
/* Starts one request; its texts stay borrowed until the result or the abort. When it cannot even start,
 * the result comes before this returns. Whoever asks has the deadline for the whole of it, and aborts. */
void origin_side_start(struct origin_side *side, const struct core_fetch *fetch);
/* Stops it; no result will come. Unknown refs are ignored. */
void origin_side_abort(struct origin_side *side, struct sl_ref ref);

struct origin_side_counts {
	uint64_t refused_addresses;
	uint64_t ended_kept; /* kept connections on which the origin spoke, or that it closed */
};

struct origin_side_counts origin_side_counts(const struct origin_side *side);

#endif
