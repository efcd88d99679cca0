/* SPDX-License-Identifier: BSD-2-Clause
 * Any text is a configuration with sane bounds, or a complaint that begins with the file's name. */
#include <stdlib.h>
#include <string.h>

#include "config.h"

static void
check(const struct config *c)
{
	if (c->profile_count < 1 || c->profile_count > CONFIG_PROFILES_MAX || c->path_count < 1 ||
	        c->path_count > CONFIG_PATHS_MAX || c->ca.instance < 1 || c->ca.instance > 127 ||
	        c->limits.threads < 1 || c->limits.max_body > 1048576 || !c->store[0])
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
