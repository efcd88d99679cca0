/* SPDX-License-Identifier: BSD-2-Clause
 * A configuration together with the origin side that was made for it. After a reload the pair before stays until
 * its last exchange is over: nothing that runs loses its origin, and no connection that was made under other
 * addresses, trust anchors or keys serves a request under the new ones. */
#ifndef PROXY_GENERATIONS_H
#define PROXY_GENERATIONS_H

#include "origin_side.h"

struct generation;

struct generations {
	struct origin_side_config
	        side; /* for each new one; what depends on the configuration is set */
	struct generation *newest;
	struct origin_side_counts gone; /* of those that are over */
};

/* What of side depends on the configuration does not matter. */
void generations_init(struct generations *g, const struct origin_side_config *side);
/* From here on the newest. owned: config itself when it is to be freed with the generation, or NULL. On an error
 * it stays the caller's, and all is as it was: SL_ENOMEM, SL_EIO. */
enum sl_err generations_add(
        struct generations *g, const struct config *config, struct config *owned) SL_MUST_USE;
/* Ends all of them, and what runs. */
void generations_clear(struct generations *g);

/* Of the newest. */
const struct config *generations_config(const struct generations *g);
/* At the side of the configuration that has the fetch's origin. */
void generations_start(struct generations *g, const struct core_fetch *fetch);
void generations_abort(struct generations *g, struct sl_ref ref);
/* Ends the older ones that no exchange of the core needs any more. Nothing that the core handed out for the log may
 * be in use. */
void generations_sweep(struct generations *g, const struct proxy_core *core);
/* Of all that there were. */
struct origin_side_counts generations_counts(const struct generations *g);

#endif
