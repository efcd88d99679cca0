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

static void
check_origin(const struct origin *o)
{
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
