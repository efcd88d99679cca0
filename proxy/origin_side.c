/* SPDX-License-Identifier: BSD-2-Clause
 * Which client asks which origin: the configuration said so. */
#include "origin_side.h"

#include <stdlib.h>

#include "curl_side.h"
#include "lean_side.h"

struct origin_side {
	struct origin_side_config config;
	struct curl_side *curl; /* NULL: no origin needs it */
	struct lean_side *lean;
};

enum sl_err
origin_side_new(struct origin_side **out, const struct origin_side_config *config)
{
	struct origin_side *side = calloc(1, sizeof *side);
	enum sl_err err = SL_ENOMEM;

	if (side != NULL) {
		side->config = *config;
		err = lean_side_new(&side->lean, config);
	}
	if (err == SL_OK && !config->is_all_lean)
		err = curl_side_new(&side->curl, config);
	if (err != SL_OK)
		origin_side_free(side);
	else
		*out = side;
	return err;
}

void
origin_side_free(struct origin_side *side)
{
	if (side == NULL)
		return;
	lean_side_free(side->lean);
	curl_side_free(side->curl);
	free(side);
}

void
origin_side_start(struct origin_side *side, const struct core_fetch *fetch)
{
	static const struct sl_map_http_result nobody = {.transport = SL_MAP_UNREACHABLE};

	if (fetch->origin->is_lean)
		lean_side_start(side->lean, fetch);
	else if (side->curl != NULL)
		curl_side_start(side->curl, fetch);
	else
		side->config.on_result(side->config.ctx, fetch->ref, &nobody);
}

void
origin_side_abort(struct origin_side *side, struct sl_ref ref)
{
	lean_side_abort(side->lean, ref);
	if (side->curl != NULL)
		curl_side_abort(side->curl, ref);
}

struct origin_side_counts
origin_side_counts(const struct origin_side *side)
{
	struct origin_side_counts counts = lean_side_counts(side->lean), more = {0};

	if (side->curl != NULL)
		more = curl_side_counts(side->curl);
	counts.refused_addresses += more.refused_addresses;
	counts.ended_kept += more.ended_kept;
	return counts;
}
