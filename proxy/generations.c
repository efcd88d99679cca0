/* SPDX-License-Identifier: BSD-2-Clause
 * A list, newest first. It is one long but for the time that an exchange may take after a reload. */
#include "generations.h"

#include <stdlib.h>

#include "config_reload.h"

struct generation {
	struct generation *older;
	const struct config *config;
	struct config *owned; /* the same, or NULL */
	struct origin_side *origins;
};

void
generations_init(struct generations *g, const struct origin_side_config *side)
{
	*g = (struct generations){.side = *side};
}

static bool
is_all_lean(const struct config *config)
{
	bool is = true;

	for (size_t i = 0; i < config->route_count; i++)
		is = is && config->routes[i].origin.is_lean;
	for (size_t i = 0; i < config->forward_count; i++)
		is = is && config->forward[i].is_lean;
	return is;
}

enum sl_err
generations_add(struct generations *g, const struct config *config, struct config *owned)
{
	struct origin_side_config side = g->side;
	struct generation *one = calloc(1, sizeof *one);
	enum sl_err err;

	if (one == NULL)
		return SL_ENOMEM;
	side.limits = &config->limits;
	side.is_all_lean = is_all_lean(config);
	err = origin_side_new(&one->origins, &side);
	if (err != SL_OK) {
		free(one);
		return err;
	}
	one->config = config;
	one->owned = owned;
	one->older = g->newest;
	g->newest = one;
	return SL_OK;
}

static void
add_counts(struct origin_side_counts *sum, const struct origin_side *side)
{
	struct origin_side_counts counts = origin_side_counts(side);

	sum->refused_addresses += counts.refused_addresses;
	sum->ended_kept += counts.ended_kept;
}

static void
end(struct generations *g, struct generation *one)
{
	add_counts(&g->gone, one->origins);
	origin_side_free(one->origins);
	config_free(one->owned);
	free(one);
}

void
generations_clear(struct generations *g)
{
	while (g->newest != NULL) {
		struct generation *one = g->newest;

		g->newest = one->older;
		end(g, one);
	}
}

const struct config *
generations_config(const struct generations *g)
{
	return g->newest->config;
}

void
generations_start(struct generations *g, const struct core_fetch *fetch)
{
	struct generation *one = g->newest;

	while (one->older != NULL && !config_has_origin(one->config, fetch->origin))
		one = one->older;
	origin_side_start(one->origins, fetch);
}

void
generations_abort(struct generations *g, struct sl_ref ref)
{
	for (struct generation *one = g->newest; one != NULL; one = one->older)
		origin_side_abort(one->origins, ref);
}

void
generations_sweep(struct generations *g, const struct proxy_core *core)
{
	struct generation **at = &g->newest->older;

	while (*at != NULL) {
		struct generation *one = *at;

		if (proxy_core_needs(core, one->config)) {
			at = &one->older;
			continue;
		}
		*at = one->older;
		end(g, one);
	}
}

struct origin_side_counts
generations_counts(const struct generations *g)
{
	struct origin_side_counts sum = g->gone;

	for (const struct generation *one = g->newest; one != NULL; one = one->older)
		add_counts(&sum, one->origins);
	return sum;
}
