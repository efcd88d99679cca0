/* SPDX-License-Identifier: BSD-2-Clause
 * Whatever is not named here as changeable needs a restart, so a new key is safe before anybody thinks of it. */
#include "config_reload.h"

#include <stdio.h>
#include <string.h>

static const char *const live_limits[] = {
        "connect-timeout",
        "first-byte-timeout",
        "low-speed-time",
        "total-timeout",
        "drain-timeout",
        "queue-age",
        "in-flight-per-peer",
        "in-flight-per-prefix",
        "requests-per-second",
        "request-burst",
        "plain-per-second",
        "plain-burst",
};

static void
name_key(char kept[static CONFIG_KEPT_MAX], const char *key)
{
	size_t len = strlen(kept);

	snprintf(kept + len, CONFIG_KEPT_MAX - len, "%s%s", len == 0 ? "" : ", ", key);
}

static bool
same_address(const struct address *a, const struct address *b)
{
	return a->port == b->port && a->scope == b->scope && address_same_host(a, b);
}

static bool
same_listeners(const struct config *a, const struct config *b)
{
	if (a->listen_count != b->listen_count)
		return false;
	for (size_t i = 0; i < a->listen_count; i++)
		if (!same_address(&a->listen[i], &b->listen[i]))
			return false;
	return true;
}

static void
keep_places(struct config *next, const struct config *now, char kept[static CONFIG_KEPT_MAX])
{
	if (!same_listeners(next, now))
		name_key(kept, "listen");
	memcpy(next->listen, now->listen, sizeof next->listen);
	next->listen_count = now->listen_count;
	if (next->workers != now->workers)
		name_key(kept, "workers");
	next->workers = now->workers;
	if (next->sandbox != now->sandbox)
		name_key(kept, "sandbox");
	next->sandbox = now->sandbox;
	if (next->has_admin != now->has_admin ||
	        (now->has_admin && !same_address(&next->admin, &now->admin)))
		name_key(kept, "admin");
	next->has_admin = now->has_admin;
	next->admin = now->admin;
}

static bool
is_live(const char *key)
{
	for (size_t i = 0; i < sizeof live_limits / sizeof live_limits[0]; i++)
		if (strcmp(live_limits[i], key) == 0)
			return true;
	return false;
}

static void
keep_limits(struct limits *next, const struct limits *now, char kept[static CONFIG_KEPT_MAX])
{
	for (size_t i = 0; i < limit_def_count; i++) {
		uint64_t *to = (uint64_t *)(void *)((uint8_t *)next + limit_defs[i].offset);
		const uint64_t *from = (const uint64_t *)(const void *)((const uint8_t *)now +
		                                                        limit_defs[i].offset);

		if (is_live(limit_defs[i].key))
			continue;
		if (*to != *from)
			name_key(kept, limit_defs[i].key);
		*to = *from;
	}
}

enum sl_err
config_reload(struct config **out, const struct config *now, const char *path,
        char complaint[static CONFIG_COMPLAINT_MAX], char kept[static CONFIG_KEPT_MAX])
{
	struct config *next = NULL;
	enum sl_err err = config_load(&next, path, complaint);

	kept[0] = '\0';
	if (err != SL_OK)
		return err;
	keep_places(next, now, kept);
	keep_limits(&next->limits, &now->limits, kept);
	*out = next;
	return SL_OK;
}

bool
config_has_origin(const struct config *config, const struct origin *origin)
{
	for (size_t i = 0; i < config->route_count; i++)
		if (origin == &config->routes[i].origin)
			return true;
	for (size_t i = 0; i < config->forward_count; i++)
		if (origin == &config->forward[i])
			return true;
	return false;
}
