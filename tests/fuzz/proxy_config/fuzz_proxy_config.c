/* SPDX-License-Identifier: BSD-2-Clause
 * The configuration text. Beyond no crash: what is accepted is safe (somebody to listen to, somewhere to go,
 * plain http to named addresses only, every limit inside its ends); what is refused says why. */
#include <stdlib.h>
#include <string.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_list(const struct cidr_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		require(list->items[i].bits > 0);
}

/* Bit by bit. */
static bool
is_in(const struct cidr *c, const struct address *a)
{
	if (c->is_ipv6 != a->is_ipv6)
		return false;
	for (unsigned bit = 0; bit < c->bits; bit++)
		if (((c->bytes[bit / 8] ^ a->bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0)
			return false;
	return true;
}

/* No relay: an address that no list of the operator names is never one that is special, nor plain HTTP's. */
static void
check_reach(const struct origin *o)
{
	static const char *const inner[] = {"127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254",
	        "192.168.1.1", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
	        "fc00::1", "ff02::1", "2001:db8::1", "64:ff9b::7f00:1"};
	const struct cidr_list *list = o->target.is_https ? &o->addresses : &o->plain_http;

	for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
		bool is_named = false;
		struct address a;

		require(address_parse_host(&a, inner[i]) == SL_OK);
		for (size_t k = 0; k < list->count; k++)
			is_named = is_named || is_in(&list->items[k], &a);
		require(origin_allows_address(o, &a) == is_named);
	}
}

static void
check_origin(const struct origin *o)
{
	check_reach(o);
	require(o->target.host[0] != '\0' && o->target.port != 0);
	require(o->target.is_https ? o->plain_http.count == 0 : o->plain_http.count > 0);
	require(o->client_cert[0] == '\0' || o->client_key[0] != '\0');
	check_list(&o->plain_http);
	check_list(&o->addresses);
}

static void
check(const struct config *c)
{
	require(c->listen_count > 0 && c->workers > 0);
	require(c->route_count + c->forward_count > 0);
	check_list(&c->trusted);
	require(c->limits.connect_timeout <= c->limits.total_timeout);
	require(c->limits.request_body <= c->limits.body_bytes);
	require(c->limits.response_body <= c->limits.body_bytes);
	for (size_t i = 0; i < c->route_count; i++)
		check_origin(&c->routes[i].origin);
	for (size_t i = 0; i < c->forward_count; i++)
		check_origin(&c->forward[i]);
	for (size_t i = 0; i < limit_def_count; i++) {
		uint64_t value = *(const uint64_t *)(const void *)((const uint8_t *)&c->limits +
		                                                   limit_defs[i].offset);
		uint64_t least = 0, most = 0;

		require(limit_parse(&least, limit_defs[i].kind, limit_defs[i].least) == SL_OK);
		require(limit_parse(&most, limit_defs[i].kind, limit_defs[i].most) == SL_OK);
		require(value >= least && value <= most);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char complaint[CONFIG_COMPLAINT_MAX];
	struct config *config = NULL;
	enum sl_err err = config_parse(&config, sl_span(bytes, len), "fuzz", complaint);

	if (err == SL_OK)
		check(config);
	else if (err == SL_EMALFORMED)
		require(strncmp(complaint, "fuzz:", 5) == 0);
	config_free(config);
	return 0;
}
