/* SPDX-License-Identifier: BSD-2-Clause
 * What the texts of the configuration mean, and whether they are safe. Origins: config_origin.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/text.h>

#include "config_origin.h"
#include "memory.h"

static enum sl_err
check_listen(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	if (raw->listen.count == 0)
		return complain(
		        c, "listen", NULL, "is missing; name at least one \"ADDRESS:PORT\"");
	if (raw->listen.count > CONFIG_LISTEN_MAX)
		return complain(c, "listen", NULL, "has more than 16 entries");
	for (size_t i = 0; i < raw->listen.count; i++) {
		struct address *a = &config->listen[i];
		const char *text = raw->listen.items[i];

		if (address_parse(a, text) != SL_OK)
			return complain(c, "listen", text,
			        "is no \"ADDRESS:PORT\"; write an IPv6 address in brackets");
		if (address_is_multicast(a))
			return complain(
			        c, "listen", text, "is a multicast address; name a unicast one");
		for (size_t j = 0; j < i; j++)
			if (address_same_host(a, &config->listen[j]) && a->port != 0 &&
			        a->port == config->listen[j].port)
				return complain(c, "listen", text, "stands twice; keep one");
		config->listen_count = i + 1;
	}
	return SL_OK;
}

static enum sl_err
check_workers(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	uint64_t value = 1;

	if (raw->workers != NULL &&
	        (sl_parse_uint(&value, sl_span_text(raw->workers), CONFIG_WORKERS_MAX) != SL_OK ||
	                value == 0))
		return complain(c, "workers", raw->workers, "must be a number from 1 to 64");
	config->workers = (unsigned)value;
	return SL_OK;
}

static bool
is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= SL_MAP_HOST_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-._~:[]") == len;
}

static enum sl_err
check_names(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	if (raw->names.count > CONFIG_NAMES_MAX)
		return complain(c, "names", NULL, "has more than 16 entries");
	for (size_t i = 0; i < raw->names.count; i++) {
		const char *text = raw->names.items[i];

		if (!is_name(text))
			return complain(c, "names", text,
			        "is no host name; write lower-case letters, digits, \"-\" and "
			        "\".\", "
			        "with \":PORT\" where it matters");
		snprintf(config->names[i], sizeof config->names[i], "%s", text);
		config->names_count = i + 1;
	}
	return SL_OK;
}

static enum sl_err
check_echo(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	static const char *const modes[] = {
	        [ECHO_AUTO] = "auto", [ECHO_ALWAYS] = "always", [ECHO_OFF] = "off"};

	config->echo = ECHO_AUTO;
	if (raw->echo == NULL)
		return SL_OK;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (strcmp(raw->echo, modes[i]) == 0) {
			config->echo = (enum echo_mode)i;
			return SL_OK;
		}
	}
	return complain(c, "echo", raw->echo, "must be auto, always or off");
}

static enum sl_err
check_sandbox(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	config->sandbox = SL_SANDBOX_ON;
	if (raw->sandbox == NULL || sl_sandbox_parse(&config->sandbox, raw->sandbox) == SL_OK)
		return SL_OK;
	return complain(c, "sandbox", raw->sandbox, "must be on, log or off");
}

enum sl_err
check_prefixes(struct cidr_list *out, const struct raw_list *raw, const char *key,
        const struct complaint *c)
{
	if (raw->count > CONFIG_PREFIXES_MAX)
		return complain(c, key, NULL, "has more than 32 entries");
	for (size_t i = 0; i < raw->count; i++) {
		if (cidr_parse(&out->items[i], raw->items[i]) != SL_OK)
			return complain(c, key, raw->items[i],
			        "is no prefix; write \"ADDRESS/BITS\" with zero bits behind the "
			        "prefix");
		if (out->items[i].bits == 0)
			return complain(c, key, raw->items[i],
			        "means every address; name the ones that are meant");
		out->count = i + 1;
	}
	return SL_OK;
}

/* Off unless a port is named. What it tells is for the operator alone. */
static enum sl_err
check_admin(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	const char *text = raw->admin.address == NULL ? "127.0.0.1" : raw->admin.address;
	uint64_t port = 0;

	if (raw->admin.port == NULL && raw->admin.address == NULL)
		return SL_OK;
	if (raw->admin.port == NULL)
		return complain(c, "admin", NULL, "has no port; name one, 9464 for example");
	if (sl_parse_uint(&port, sl_span_text(raw->admin.port), UINT16_MAX) != SL_OK)
		return complain(c, "port", raw->admin.port, "must be a number from 0 to 65535");
	if (address_parse_host(&config->admin, text) != SL_OK ||
	        address_is_multicast(&config->admin))
		return complain(c, "address", text, "is no address; write one without a port");
	if (!address_is_special(&config->admin))
		return complain(c, "address", text,
		        "can be reached from everywhere; use a loopback or a private address");
	config->admin.port = (uint16_t)port;
	config->has_admin = true;
	return SL_OK;
}

/* --- discovery -------------------------------------------------------------------------------------------- */

static enum sl_err
read_discovery(char **out, const char *path)
{
	FILE *f = fopen(path, "rbe");
	char *text;
	size_t n;

	if (f == NULL)
		return SL_EIO;
	text = calloc(1, CONFIG_DISCOVERY_MAX + 2);
	if (text == NULL) {
		fclose(f);
		return SL_ENOMEM;
	}
	n = fread(text, 1, CONFIG_DISCOVERY_MAX + 1, f);
	fclose(f);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	*out = text;
	return SL_OK;
}

static enum sl_err
check_discovery(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	const char *key = raw->discovery != NULL ? "discovery" : "discovery-file";
	enum sl_err err = SL_OK;

	if (raw->discovery != NULL && raw->discovery_file != NULL)
		return complain(c, "discovery-file", raw->discovery_file,
		        "stands beside discovery; keep one of the two");
	if (raw->discovery != NULL)
		config->discovery = strdup(raw->discovery);
	else if (raw->discovery_file != NULL)
		err = read_discovery(&config->discovery, raw->discovery_file);
	else
		return SL_OK;
	if (err == SL_EIO)
		return complain(
		        c, key, raw->discovery_file, "cannot be read; check the path and the mode");
	if (err != SL_OK || config->discovery == NULL)
		return SL_ENOMEM;
	if (strlen(config->discovery) > CONFIG_DISCOVERY_MAX || config->discovery[0] != '<' ||
	        !sl_is_plain_utf8(sl_span_text(config->discovery)))
		return complain(c, key, NULL,
		        "is no link format of at most 8 KiB; write it as \"</path>;attribute,...\" "
		        "(RFC 6690)");
	return SL_OK;
}

/* --- limits ------------------------------------------------------------------------------------------------ */

static enum sl_err
check_limit(struct limits *limits, const struct limit_def *def, const char *text,
        const struct complaint *c)
{
	uint64_t value = 0, least = 0, most = 0;
	char what[160];

	if (limit_parse(&least, def->kind, def->least) != SL_OK ||
	        limit_parse(&most, def->kind, def->most) != SL_OK)
		return SL_EMALFORMED; /* our own table */
	if (limit_parse(&value, def->kind, text) != SL_OK || value < least || value > most) {
		snprintf(what, sizeof what, "must be from %s to %s, written like that", def->least,
		        def->most);
		return complain(c, def->key, text, what);
	}
	*(uint64_t *)(void *)((uint8_t *)limits + def->offset) = value;
	return SL_OK;
}

static enum sl_err
check_limits(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	struct limits *l = &config->limits;
	enum sl_err err = SL_OK;
	char what[160];

	limits_init(l);
	for (size_t i = 0; i < limit_def_count && err == SL_OK; i++)
		if (raw->limits.texts[i] != NULL)
			err = check_limit(l, &limit_defs[i], raw->limits.texts[i], c);
	if (err != SL_OK)
		return err;
	if (l->connect_timeout > l->total_timeout)
		return complain(
		        c, "connect-timeout", NULL, "is longer than total-timeout; shorten it");
	if (l->queue_age > l->total_timeout)
		return complain(c, "queue-age", NULL, "is longer than total-timeout; shorten it");
	if (l->request_body > l->body_bytes || l->response_body > l->body_bytes)
		return complain(c, "body-bytes", NULL,
		        "is less than one body; raise it or lower the bodies");
	if (memory_level(memory_of_tables(l), l->memory_budget) != MEMORY_FREE) {
		snprintf(what, sizeof what,
		        "leaves no room beside the tables, which take %llu MiB; raise it or lower "
		        "exchanges",
		        (unsigned long long)(memory_of_tables(l) >> 20));
		return complain(c, "memory-budget", NULL, what);
	}
	return SL_OK;
}

enum sl_err
config_check(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	enum sl_err err = check_listen(config, raw, c);

	if (err == SL_OK)
		err = check_workers(config, raw, c);
	if (err == SL_OK)
		err = check_names(config, raw, c);
	if (err == SL_OK)
		err = check_echo(config, raw, c);
	if (err == SL_OK)
		err = check_sandbox(config, raw, c);
	if (err == SL_OK)
		err = check_prefixes(&config->trusted, &raw->trusted, "trusted-prefixes", c);
	if (err == SL_OK)
		err = check_admin(config, raw, c);
	if (err == SL_OK)
		err = check_discovery(config, raw, c);
	if (err == SL_OK)
		err = check_limits(config, raw, c);
	if (err == SL_OK)
		err = check_routes(config, raw, c);
	if (err == SL_OK)
		err = check_forward(config, raw, c);
	if (err == SL_OK && config->route_count == 0 && config->forward_count == 0)
		err = complain(c, NULL, NULL,
		        "neither routes nor forward names an origin; without one this would be an "
		        "open relay "
		        "or nothing at all");
	return err;
}
