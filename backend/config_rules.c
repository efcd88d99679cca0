/* SPDX-License-Identifier: BSD-2-Clause
 * All sections of sealift-est.yaml, the rules between keys, and the words of a complaint. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <sl/text.h>

#include "config_raw.h"

enum sl_err
config_complain_at(const struct complaint *c, unsigned line, const char *key, const char *mend)
{
	snprintf(c->message, CONFIG_MESSAGE_MAX, "%s:%u: %s: %s", c->file, line ? line : 1, key,
	        mend);
	return SL_EMALFORMED;
}

enum sl_err
config_complain(const struct complaint *c, const char *path, const char *value, const char *mend)
{
	unsigned line = config_line_of(c->text, path);
	char shown[128];

	if (!value)
		return config_complain_at(c, line, path, mend);
	sl_escape(shown, sizeof shown, sl_span_text(value));
	snprintf(c->message, CONFIG_MESSAGE_MAX, "%s:%u: %s: \"%s\": %s", c->file, line, path,
	        shown, mend);
	return SL_EMALFORMED;
}

static bool
is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static enum sl_err
check_listen(const struct config_listen *listen, const struct complaint *c)
{
	uint8_t any[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, listen->address, any) != 1 &&
	        inet_pton(AF_INET6, listen->address, any) != 1)
		return config_complain(c, "listen.address", listen->address,
		        "an IPv4 or IPv6 address, without brackets or port");
	if (!listen->tls_certificate[0] != !listen->tls_key[0])
		return config_complain(
		        c, "listen.tls-key", NULL, "tls-certificate and tls-key come together");
	if (!listen->tls_key[0] && !listen->plain_http_anywhere && !is_loopback(listen->address))
		return config_complain(c, "listen.address", listen->address,
		        "plain HTTP only on loopback; set tls-certificate and tls-key, or "
		        "plain-http: anywhere");
	return SL_OK;
}

/* "none", or a path of one or two plain segments. */
static enum sl_err
check_est_root(struct config *config, const struct complaint *c)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789-_/";
	char *root = config->est_root;
	size_t len = strlen(root);

	if (strcmp(root, "none") == 0) {
		root[0] = '\0';
		return SL_OK;
	}
	if (root[0] != '/' || len < 2 || root[len - 1] == '/' || strspn(root, allowed) != len ||
	        strstr(root, "//"))
		return config_complain(c, "est-root", root, "a plain path such as /est, or none");
	return SL_OK;
}

static enum sl_err
check_sandbox(struct config *config, const struct complaint *c)
{
	if (sl_sandbox_parse(&config->sandbox, config->sandbox_text) != SL_OK)
		return config_complain(c, "sandbox", config->sandbox_text, "on, log or off");
	return SL_OK;
}

static bool
is_label(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(name);

	if (len == 0 || strspn(name, allowed) != len)
		return false;
	for (int f = SL_EST_CRTS; f <= SL_EST_SKC; f++)
		if (strcmp(name, sl_est_function_name((enum sl_est_function)f)) == 0)
			return false;
	return true;
}

static enum sl_err
check_profile(const struct config *config, size_t i, const struct complaint *c)
{
	const struct profile *profile = &config->profiles[i];
	const char *key = "", *mend = "";
	char path[48];

	snprintf(path, sizeof path, "profiles[%zu].name", i);
	if (!is_label(profile->name))
		return config_complain(c, path, profile->name,
		        "lower-case letters, digits, - and _; not the name of an EST function");
	if (config_profile(config, profile->name) != profile)
		return config_complain(c, path, profile->name, "the name is there twice");
	snprintf(path, sizeof path, "profiles[%zu].challenge", i);
	if (profile->requires_challenge && !config->edhoc.is_on)
		return config_complain(c, path, "require",
		        "without edhoc there is no value to compare with, so every request would "
		        "be refused; ignore");
	snprintf(path, sizeof path, "profiles[%zu].key-types", i);
	if (profile->key_usage == SL_KU_KEY_AGREEMENT &&
	        (profile->key_types & (1U << SL_PKEY_ED25519)))
		return config_complain(c, path, "ed25519", "such a key cannot agree on a key");
	if (policy_profile_check(profile, &key, &mend)) {
		snprintf(path, sizeof path, "profiles[%zu].%s", i, key);
		return config_complain(c, path, NULL, mend);
	}
	return SL_OK;
}

static enum sl_err
take_profiles(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	struct config_place place = {.complaint = c};
	enum sl_err err = SL_OK;

	if (raw->profile_count == 0)
		return config_complain(c, "profiles", NULL, "at least one profile");
	for (size_t i = 0; !err && i < raw->profile_count; i++) {
		snprintf(place.path, sizeof place.path, "profiles[%zu].", i);
		err = config_take(
		        &config->profiles[i], config_profile_keys, &raw->profiles[i], &place);
		config->profile_count = i + 1;
		if (!err)
			err = check_profile(config, i, c);
	}
	return err;
}

static enum sl_err
check_limits(const struct config_limits *limits, const struct complaint *c)
{
	if (limits->connections < limits->threads)
		return config_complain(
		        c, "limits.connections", NULL, "at least as many as threads");
	return SL_OK;
}

enum sl_err
config_check(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	struct config_place top = {.complaint = c};
	struct config_place listen = {.complaint = c, .path = "listen."};
	struct config_place ca = {.complaint = c, .path = "ca."};
	struct config_place limits = {.complaint = c, .path = "limits."};
	enum sl_err err = config_take(config, config_top_keys, &raw->top, &top);

	if (!err)
		err = check_est_root(config, c);
	if (!err)
		err = check_sandbox(config, c);
	if (!err)
		err = config_take(&config->listen, config_listen_keys, &raw->listen, &listen);
	if (!err)
		err = check_listen(&config->listen, c);
	if (!err)
		err = config_take(&config->ca, config_ca_keys, &raw->ca, &ca);
	if (!err)
		err = config_take(&config->limits, config_limit_keys, &raw->limits, &limits);
	if (!err)
		err = check_limits(&config->limits, c);
	if (!err)
		err = config_take_edhoc(config, raw, c);
	if (!err)
		err = take_profiles(config, raw, c);
	if (!err)
		err = config_take_peers(config, raw, c);
	return err;
}
