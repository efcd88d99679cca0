/* SPDX-License-Identifier: BSD-2-Clause
 * Longest prefix wins; with equal prefixes the one that names the port. */
#include "routes.h"

#include <stdio.h>
#include <string.h>

static const char discovery_path[] = "/.well-known/core"; /* RFC 6690 section 4 */

static size_t
path_len(const char *path_query)
{
	return strcspn(path_query, "?");
}

static bool
is_own_name(const struct config *config, const struct sl_map_target *t)
{
	char with_port[SL_MAP_HOST_MAX + 10];

	snprintf(with_port, sizeof with_port, "%s%s%s:%u", t->host_is_ipv6 ? "[" : "", t->host,
	        t->host_is_ipv6 ? "]" : "", (unsigned)t->port);
	for (size_t i = 0; i < config->names_count; i++)
		if (strcmp(config->names[i], t->host) == 0 ||
		        strcmp(config->names[i], with_port) == 0)
			return true;
	return false;
}

/* RFC 7252 section 5.10.2: all our names, aliases and numeric addresses. */
static bool
is_ourselves(
        const struct config *config, const struct sl_map_target *t, const struct address *local)
{
	struct address a;

	if (t->host[0] == '\0' || is_own_name(config, t))
		return true;
	if (address_parse_host(&a, t->host) != SL_OK)
		return false;
	if (t->port == local->port && address_same_host(&a, local))
		return true;
	for (size_t i = 0; i < config->listen_count; i++)
		if (t->port == config->listen[i].port && address_same_host(&a, &config->listen[i]))
			return true;
	return false;
}

static bool
is_under(const char *path_query, const char *prefix)
{
	size_t len = strlen(prefix);

	if (len == 1)
		return true; /* "/" */
	return strncmp(path_query, prefix, len) == 0 &&
	       (path_query[len] == '/' || path_query[len] == '?' || path_query[len] == '\0');
}

static const struct route *
longest_route(const struct config *config, const char *path_query, uint16_t port)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < config->route_count; i++) {
		const struct route *r = &config->routes[i];

		if ((r->port != 0 && r->port != port) || !is_under(path_query, r->path))
			continue;
		if (best == NULL || strlen(r->path) > strlen(best->path) ||
		        (strlen(r->path) == strlen(best->path) && r->port != 0))
			best = r;
	}
	return best;
}

/* What is left of the path behind the route's own, joined to the origin's base path. */
static void
join_path(struct sl_map_target *t, const struct route *r, const char *path_query)
{
	const char *base = r->origin.target.path_query;
	size_t cut = strlen(r->path) == 1 ? 0 : strlen(r->path);
	size_t base_len = strlen(base);
	int len;

	if (base_len > 0 && base[base_len - 1] == '/')
		base_len--;
	len = snprintf(t->path_query, sizeof t->path_query, "%.*s%s%s", (int)base_len, base,
	        path_query[cut] == '/' ? "" : "/", path_query + cut);
	if (len < 0 || (size_t)len >= sizeof t->path_query)
		t->path_query[0] = '\0';
}

static uint8_t
find_route(const struct config *config, const struct sl_map_target *named, uint16_t port,
        struct destination *out)
{
	const struct route *r;

	if (config->discovery != NULL && path_len(named->path_query) == sizeof discovery_path - 1 &&
	        strncmp(named->path_query, discovery_path, sizeof discovery_path - 1) == 0)
		out->is_discovery = true;
	r = longest_route(config, named->path_query, port);
	if (r == NULL)
		return out->is_discovery ? 0 : SL_COAP_NOT_FOUND;
	out->origin = &r->origin;
	out->route_path = r->path;
	out->lane = (size_t)(r - config->routes);
	out->target = r->origin.target;
	join_path(&out->target, r, named->path_query);
	return out->target.path_query[0] == '\0' ? SL_COAP_BAD_REQUEST : 0;
}

static uint8_t
find_allowed(
        const struct config *config, const struct sl_map_target *named, struct destination *out)
{
	for (size_t i = 0; i < config->forward_count; i++) {
		const struct sl_map_target *t = &config->forward[i].target;

		if (t->is_https == named->is_https && t->port == named->port &&
		        strcmp(t->host, named->host) == 0) {
			out->origin = &config->forward[i];
			out->lane = config->route_count + i;
			out->is_forward = true;
			out->target = *named;
			return 0;
		}
	}
	return SL_COAP_PROXYING_NOT_SUPPORTED;
}

uint8_t
routes_find(const struct config *config, const struct sl_coap_msg *request,
        const struct address *local, struct destination *out)
{
	struct destination got = {0};
	struct sl_map_target named;
	uint8_t code = sl_map_target(request, &named);

	if (code != 0)
		return code;
	if (named.form == SL_MAP_TARGET_LOCAL || is_ourselves(config, &named, local))
		code = find_route(config, &named, local->port, &got);
	else
		code = find_allowed(config, &named, &got);
	if (code == 0)
		*out = got;
	return code;
}

bool
routes_allow_plain(const struct destination *d)
{
	const char *path = d->target.path_query, *base = d->origin->target.path_query;
	size_t base_len = strlen(base);

	if (!d->is_forward && base_len > 1) /* the list names paths under the route's origin URL */
		path += base[base_len - 1] == '/' ? base_len - 1 : base_len;
	for (size_t i = 0; i < d->origin->allow_plain_count; i++) {
		const char *allowed = d->origin->allow_plain[i];

		if (strlen(allowed) == path_len(path) &&
		        strncmp(allowed, path, strlen(allowed)) == 0)
			return true;
	}
	return false;
}

enum sl_err
routes_url(const struct destination *d, bool is_oscore, char *out, size_t cap)
{
	return sl_map_target_url(
	        is_oscore && !d->is_forward ? &d->origin->target : &d->target, out, cap);
}
