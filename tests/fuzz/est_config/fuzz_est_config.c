/* SPDX-License-Identifier: BSD-2-Clause
 * Any text is a configuration with sane bounds, or a complaint that begins with the file's name. */
#include <stdlib.h>
#include <string.h>

#include "config.h"

static void
check_edhoc(const struct config_edhoc *e)
{
	if (e->own_count < 1 || e->own_count > CONFIG_OWN_MAX || e->suite_count < 1 ||
	        e->suite_count > CONFIG_SUITES_MAX || !e->methods || e->methods > 15 ||
	        e->crypto_budget < 1 || e->crypto_budget > 100 || e->sessions < 1 ||
	        e->context_idle_s > e->context_life_s)
		abort();
}

static void
check(const struct config *c)
{
	if (c->profile_count < 1 || c->profile_count > CONFIG_PROFILES_MAX || c->path_count < 1 ||
	        c->path_count > CONFIG_PATHS_MAX || c->ca.instance < 1 || c->ca.instance > 127 ||
	        c->limits.threads < 1 || c->limits.max_body > 1048576 || !c->store[0])
		abort();
	if (c->edhoc.is_on)
		check_edhoc(&c->edhoc);
	if (c->peer_count > CONFIG_PEERS_MAX || (c->peer_count > 0 && !c->edhoc.is_on))
		abort();
	for (size_t i = 0; i < c->peer_count; i++)
		if (!c->peers[i].file[0] || !config_profile(c, c->peers[i].profile) ||
		        !c->peers[i].functions ||
		        !strchr(c->peers[i].identity, '{') == c->peers[i].is_anchor)
			abort();
	for (size_t i = 0; i < c->profile_count; i++)
		if (!c->profiles[i].key_types || !c->profiles[i].key_usage ||
		        c->profiles[i].validity_s < 300)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct config config;
	char message[CONFIG_MESSAGE_MAX];
	enum sl_err err = config_parse(&config, "f.yaml", sl_span(data, len), message);

	if (err == SL_OK)
		check(&config);
	else if (strncmp(message, "f.yaml:", 7) != 0)
		abort();
	return 0;
}
