/* SPDX-License-Identifier: BSD-2-Clause
 * The keys of sealift-est.yaml: one row each, with its default and its bounds.
 * Reference for people: docs/configuration-est.md. */
#include <stdio.h>
#include <string.h>

#include <sl/text.h>

#include "config_raw.h"
#include "files.h"

#define DAY_S ((uint64_t)86400)

static const char *take_paths(void *, const char *, const struct raw_list *, unsigned *);
static const char *take_chain(void *, const char *, const struct raw_list *, unsigned *);
static const char *take_key_types(void *, const char *, const struct raw_list *, unsigned *);
static const char *take_key_usage(void *, const char *, const struct raw_list *, unsigned *);
static const char *take_extended(void *, const char *, const struct raw_list *, unsigned *);

#define AT(type, member) .at = offsetof(type, member), .cap = sizeof(((type *)0)->member)

const struct key config_top_keys[] = {
        {"store", KEY_FILE, AT(struct config, store)},
        {"est-root", KEY_TEXT, AT(struct config, est_root), .fallback = "/est"},
        {"paths", KEY_LIST, .take = take_paths},
        {"retry-after", KEY_SECONDS, AT(struct config, retry_after_s), 1, DAY_S, "60s"},
        {"errors", KEY_CHOICE, AT(struct config, quiet_errors), .fallback = "full",
                .words = {"full", "quiet"}},
        {"sandbox", KEY_TEXT, AT(struct config, sandbox_text), .fallback = "on"},
        {0},
};

const struct key config_listen_keys[] = {
        {"address", KEY_TEXT, AT(struct config_listen, address), .fallback = "127.0.0.1"},
        {"port", KEY_PORT, AT(struct config_listen, port), 0, 65535, "8080"},
        {"tls-certificate", KEY_FILE, AT(struct config_listen, tls_certificate), .fallback = ""},
        {"tls-key", KEY_FILE, AT(struct config_listen, tls_key), .fallback = ""},
        {"plain-http", KEY_CHOICE, AT(struct config_listen, plain_http_anywhere),
                .fallback = "loopback", .words = {"loopback", "anywhere"}},
        {0},
};

const struct key config_ca_keys[] = {
        {"key", KEY_FILE, AT(struct config_ca, key)},
        {"certificate", KEY_FILE, AT(struct config_ca, certificate)},
        {"chain", KEY_LIST, .take = take_chain},
        {"instance", KEY_NUMBER, AT(struct config_ca, instance), 1, 127, "1"},
        {0},
};

#define LIMIT(key, kind, member, ...)                                                              \
	{                                                                                          \
		key, kind, AT(struct config_limits, member), __VA_ARGS__                           \
	}
#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)

const struct key config_limit_keys[] = {
        LIMIT("max-body", KEY_SIZE, max_body, 1 * KIB, 1 * MIB, "16KiB"),
        LIMIT("threads", KEY_NUMBER, threads, 1, 64, "8"),
        LIMIT("connections", KEY_NUMBER, connections, 1, 10000, "256"),
        LIMIT("connections-per-ip", KEY_NUMBER, connections_per_ip, 0, 10000, "0"),
        LIMIT("connection-timeout", KEY_SECONDS, connection_timeout_s, 1, 300, "15s"),
        LIMIT("contexts", KEY_NUMBER, contexts, 1, 1000000, "10000"),
        LIMIT("reply-cache", KEY_SIZE, reply_cache, 64 * KIB, 1024 * MIB, "16MiB"),
        LIMIT("reply-cache-time", KEY_SECONDS, reply_cache_s, 247, 3600, "300s"),
        LIMIT("block-state-time", KEY_SECONDS, block_state_s, 10, 600, "120s"),
        LIMIT("inner-body", KEY_SIZE, inner_body, 1 * KIB, 64 * KIB, "16KiB"),
        LIMIT("ssn-step", KEY_NUMBER, ssn_step, 1, 1048576, "1024"),
        LIMIT("echo-fresh", KEY_SECONDS, echo_fresh_s, 1, 600, "60s"),
        {0},
};

const struct key config_profile_keys[] = {
        {"name", KEY_TEXT, AT(struct profile, name)},
        {"validity", KEY_DURATION, AT(struct profile, validity_s), 300, 3650 * DAY_S, "90d"},
        {"key-types", KEY_LIST, .min = 1, .take = take_key_types},
        {"common-name", KEY_TEXT, AT(struct profile, common_name), .fallback = "{identity}"},
        {"subject-alt-name", KEY_TEXT, AT(struct profile, subject_alt_name), .fallback = ""},
        {"key-usage", KEY_LIST, .min = 1, .take = take_key_usage},
        {"extended-key-usage", KEY_LIST, .min = 1, .take = take_extended},
        {"challenge", KEY_CHOICE, AT(struct profile, requires_challenge), .fallback = "ignore",
                .words = {"ignore", "require"}},
        {"requested-subject", KEY_CHOICE, AT(struct profile, ignore_requested_subject),
                .fallback = "match", .words = {"match", "ignore"}},
        {"change-subject-name", KEY_CHOICE, AT(struct profile, allow_change_subject_name),
                .fallback = "refuse", .words = {"refuse", "allow"}},
        {"repeat-window", KEY_DURATION, AT(struct profile, repeat_s), 0, 7 * DAY_S, "24h"},
        {"renew-repeat-window", KEY_DURATION, AT(struct profile, renew_repeat_s), 0, DAY_S,
                "15min"},
        {0},
};

/* --- lists ----------------------------------------------------------------------------------- */

const char *
config_take_words(unsigned *bits, const struct config_word *words, const struct raw_list *list,
        unsigned *item)
{
	if (list->items)
		*bits = 0;
	for (unsigned i = 0; i < list->count; i++) {
		const struct config_word *w = words;

		while (w->name && strcmp(w->name, list->items[i]) != 0)
			w++;
		*item = i;
		if (!w->name || (*bits & w->bit))
			return "not one of the known words, or there twice";
		*bits |= w->bit;
	}
	return NULL;
}

static const char *
take_key_types(void *section, const char *file, const struct raw_list *list, unsigned *item)
{
	static const struct config_word words[] = {
	        {"p256", 1U << SL_PKEY_P256},
	        {"p384", 1U << SL_PKEY_P384},
	        {"ed25519", 1U << SL_PKEY_ED25519},
	        {0},
	};
	struct profile *profile = section;
	const char *mend;

	(void)file;
	profile->key_types = words[0].bit;
	mend = config_take_words(&profile->key_types, words, list, item);
	if (mend)
		return "p256, p384 or ed25519, each once";
	return profile->key_types ? NULL : "name at least one key type";
}

static const char *
take_key_usage(void *section, const char *file, const struct raw_list *list, unsigned *item)
{
	static const struct config_word words[] = {
	        {"digital-signature", SL_KU_DIGITAL_SIGNATURE},
	        {"key-agreement", SL_KU_KEY_AGREEMENT},
	        {0},
	};
	struct profile *profile = section;
	const char *mend;

	(void)file;
	profile->key_usage = words[0].bit;
	mend = config_take_words(&profile->key_usage, words, list, item);
	if (mend)
		return "digital-signature or key-agreement, each once";
	return profile->key_usage ? NULL : "name at least one key usage";
}

static const char *
take_extended(void *section, const char *file, const struct raw_list *list, unsigned *item)
{
	static const struct config_word words[] = {
	        {"client-auth", 1}, {"server-auth", 2}, {"none", 4}, {0}};
	struct profile *profile = section;
	unsigned bits = words[0].bit;
	const char *mend = config_take_words(&bits, words, list, item);

	(void)file;
	if (mend || (bits & 4 && bits != 4))
		return "client-auth or server-auth, each once, or none alone";
	profile->client_auth = bits & 1;
	profile->server_auth = bits & 2;
	return NULL;
}

static bool
is_url_path(const char *path)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789-._~/";
	size_t len = strlen(path);

	return path[0] == '/' && len <= CONFIG_URL_PATH_MAX && strspn(path, allowed) == len &&
	       !strstr(path, "//") && !strstr(path, "/.") && (len == 1 || path[len - 1] != '/');
}

/* The end point is always at "/" too. */
static const char *
take_paths(void *section, const char *file, const struct raw_list *list, unsigned *item)
{
	struct config *config = section;

	(void)file;
	snprintf(config->paths[0], sizeof config->paths[0], "/");
	config->path_count = 1;
	for (unsigned i = 0; i < list->count; i++) {
		*item = i;
		if (!is_url_path(list->items[i]))
			return "a plain absolute path such as /oscore";
		if (strcmp(list->items[i], "/") == 0 && i == 0)
			continue;
		for (size_t k = 0; k < config->path_count; k++)
			if (strcmp(config->paths[k], list->items[i]) == 0)
				return "the path is there twice";
		if (config->path_count == CONFIG_PATHS_MAX)
			return "at most 8 paths";
		snprintf(config->paths[config->path_count++], sizeof config->paths[0], "%s",
		        list->items[i]);
	}
	return NULL;
}

static const char *
take_chain(void *section, const char *file, const struct raw_list *list, unsigned *item)
{
	struct config_ca *ca = section;

	for (unsigned i = 0; i < list->count; i++) {
		*item = i;
		if (i == CONFIG_CHAIN_MAX)
			return "at most 4 certificates";
		if (!list->items[i][0] ||
		        files_beside(ca->chain[i], sizeof ca->chain[i], file, list->items[i]))
			return "a file name of at most 255 bytes";
	}
	ca->chain_count = list->count;
	return NULL;
}

/* --- single values --------------------------------------------------------------------------- */

static enum sl_err
complain_key(
        const struct config_place *place, const char *name, const char *value, const char *mend)
{
	char path[96];

	snprintf(path, sizeof path, "%s%s", place->path, name);
	return config_complain(place->complaint, path, value, mend);
}

static void
put_number(void *out, const struct key *key, uint64_t value)
{
	switch (key->kind) {
	case KEY_PORT:
		*(uint16_t *)out = (uint16_t)value;
		break;
	case KEY_SIZE:
		*(size_t *)out = (size_t)value;
		break;
	case KEY_DURATION:
		*(int64_t *)out = (int64_t)value;
		break;
	default:
		*(unsigned *)out = (unsigned)value;
	}
}

static enum sl_err
take_number(void *out, const struct key *key, const char *text, const struct config_place *place)
{
	bool is_time = key->kind == KEY_SECONDS || key->kind == KEY_DURATION;
	const char *unit = is_time                 ? " s, with a unit (s, min, h, d)"
	                   : key->kind == KEY_SIZE ? " bytes, with a unit (B, KiB, MiB)"
	                                           : "";
	uint64_t value = 0;
	char mend[128];
	enum sl_err err;

	if (is_time)
		err = sl_parse_time(&value, sl_span_text(text));
	else if (key->kind == KEY_SIZE)
		err = sl_parse_size(&value, sl_span_text(text));
	else
		err = sl_parse_uint(&value, sl_span_text(text), UINT32_MAX);
	if (!err && is_time && value % 1000 != 0)
		err = SL_EMALFORMED;
	if (is_time)
		value /= 1000;
	if (err || value < key->min || value > key->max) {
		snprintf(mend, sizeof mend, "from %llu to %llu%s", (unsigned long long)key->min,
		        (unsigned long long)key->max, unit);
		return complain_key(place, key->name, text, mend);
	}
	put_number(out, key, value);
	return SL_OK;
}

static enum sl_err
take_text(void *out, const struct key *key, const char *text, const struct config_place *place)
{
	enum sl_err err;

	if (key->kind == KEY_FILE && text[0])
		err = files_beside(out, key->cap, place->complaint->file, text);
	else
		err = (size_t)snprintf(out, key->cap, "%s", text) < key->cap ? SL_OK : SL_ESPACE;
	if (err || !sl_is_plain_utf8(sl_span_text(text)))
		return complain_key(place, key->name, text, "too long, or not plain text");
	return SL_OK;
}

static enum sl_err
take_choice(bool *out, const struct key *key, const char *text, const struct config_place *place)
{
	char mend[64];

	for (size_t i = 0; i < 2; i++)
		if (strcmp(text, key->words[i]) == 0) {
			*out = i == 1;
			return SL_OK;
		}
	snprintf(mend, sizeof mend, "%s or %s", key->words[0], key->words[1]);
	return complain_key(place, key->name, text, mend);
}

static enum sl_err
take_list(void *section, const struct key *key, const struct raw_list *list,
        const struct config_place *place)
{
	unsigned item = 0;
	const char *mend = key->take(section, place->complaint->file, list, &item);

	if (!mend)
		return SL_OK;
	return complain_key(place, key->name, item < list->count ? list->items[item] : NULL, mend);
}

enum sl_err
config_take(void *section, const struct key *keys, const struct raw_section *raw,
        const struct config_place *place)
{
	enum sl_err err = SL_OK;

	for (size_t i = 0; !err && keys[i].name; i++) {
		const struct key *key = &keys[i];
		const char *text = raw->texts[i] ? raw->texts[i] : key->fallback;
		void *out = (uint8_t *)section + key->at;

		if (key->kind == KEY_LIST)
			err = take_list(section, key, &raw->lists[i], place);
		else if (!text)
			err = complain_key(place, key->name, NULL, "the key must be there");
		else if (raw->texts[i] && !text[0])
			err = complain_key(place, key->name, NULL, "has no value");
		else if (key->kind == KEY_CHOICE)
			err = take_choice(out, key, text, place);
		else if (key->kind == KEY_TEXT || key->kind == KEY_FILE)
			err = take_text(out, key, text, place);
		else
			err = take_number(out, key, text, place);
	}
	return err;
}
