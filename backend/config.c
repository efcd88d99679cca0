/* SPDX-License-Identifier: BSD-2-Clause
 * YAML to texts through libcyaml: unknown keys, duplicate keys and wrong shapes stop here. What
 * the texts mean is judged in config_check.c. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cyaml/cyaml.h>

#include <sl/text.h>

#include "config_raw.h"
#include "files.h"

#define FILE_MAX_BYTES (64 * 1024)
#define TEXT_MAX       255
#define LIST_MAX       CONFIG_PROFILES_MAX
#define OPTIONAL       (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_value_t text_value = {
        CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, TEXT_MAX)};

static const cyaml_schema_field_t end_field = CYAML_FIELD_END;

/* What libcyaml said first, and the line of the value that it was at. */
struct saying {
	char what[160];
	char key[40];
	unsigned line;
};

struct schema {
	cyaml_schema_field_t top[RAW_KEYS_MAX], listen[RAW_KEYS_MAX], ca[RAW_KEYS_MAX],
	        limits[RAW_KEYS_MAX], profile[RAW_KEYS_MAX], edhoc[RAW_KEYS_MAX], own[RAW_KEYS_MAX],
	        peer[RAW_KEYS_MAX];
	cyaml_schema_value_t profile_value, own_value, peer_value, document;
};

static cyaml_schema_field_t
text_field(const char *name, size_t at)
{
	return (cyaml_schema_field_t){
	        .key = name,
	        .value = {CYAML_VALUE_STRING(OPTIONAL, char, 0, TEXT_MAX)},
	        .data_offset = (uint32_t)at,
	};
}

static cyaml_schema_field_t
list_field(const char *name, size_t at, uint64_t min)
{
	return (cyaml_schema_field_t){
	        .key = name,
	        .value = {CYAML_VALUE_SEQUENCE(
	                OPTIONAL, char *, &text_value, (uint32_t)min, LIST_MAX)},
	        .data_offset = (uint32_t)(at + offsetof(struct raw_list, items)),
	        .count_offset = (uint32_t)(at + offsetof(struct raw_list, count)),
	        .count_size = sizeof(unsigned),
	};
}

static cyaml_schema_field_t
section_field(const char *name, size_t at, const cyaml_schema_field_t *fields)
{
	return (cyaml_schema_field_t){
	        .key = name,
	        .value = {CYAML_VALUE_MAPPING(CYAML_FLAG_OPTIONAL, struct raw_section, fields)},
	        .data_offset = (uint32_t)at,
	};
}

/* A list of sections, as pointer and count side by side. */
static cyaml_schema_field_t
sections_field(const char *name, size_t at, cyaml_schema_value_t *value, uint32_t max)
{
	return (cyaml_schema_field_t){
	        .key = name,
	        .value = {CYAML_VALUE_SEQUENCE(OPTIONAL, struct raw_section, value, 0, max)},
	        .data_offset = (uint32_t)at,
	        .count_offset = (uint32_t)(at + sizeof(struct raw_section *)),
	        .count_size = sizeof(unsigned),
	};
}

/* One field for every row of the table. Returns where the next one goes. */
static cyaml_schema_field_t *
add_fields(cyaml_schema_field_t *fields, const struct key *keys)
{
	for (size_t i = 0; keys[i].name; i++, fields++) {
		size_t text = offsetof(struct raw_section, texts) + i * sizeof(char *);
		size_t list = offsetof(struct raw_section, lists) + i * sizeof(struct raw_list);

		*fields = keys[i].kind == KEY_LIST ? list_field(keys[i].name, list, keys[i].min)
		                                   : text_field(keys[i].name, text);
	}
	*fields = end_field;
	return fields;
}

static cyaml_schema_value_t
section_value(cyaml_schema_field_t *fields, const struct key *keys)
{
	add_fields(fields, keys);
	return (cyaml_schema_value_t){
	        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_section, fields)};
}

/* edhoc is the one section whose presence counts. */
static cyaml_schema_field_t
edhoc_field(struct schema *s)
{
	cyaml_schema_field_t *next = add_fields(s->edhoc, config_edhoc_keys);

	s->own_value = section_value(s->own, config_own_keys);
	*next++ = sections_field(
	        "credentials", offsetof(struct raw_edhoc, own), &s->own_value, CONFIG_OWN_MAX);
	*next = end_field;
	return (cyaml_schema_field_t){
	        .key = "edhoc",
	        .value = {CYAML_VALUE_MAPPING(OPTIONAL, struct raw_edhoc, s->edhoc)},
	        .data_offset = offsetof(struct raw_config, edhoc),
	};
}

static void
build_schema(struct schema *s)
{
	cyaml_schema_field_t *next = add_fields(s->top, config_top_keys);

	add_fields(s->listen, config_listen_keys);
	add_fields(s->ca, config_ca_keys);
	add_fields(s->limits, config_limit_keys);
	s->profile_value = section_value(s->profile, config_profile_keys);
	s->peer_value = section_value(s->peer, config_peer_keys);
	s->document = (cyaml_schema_value_t){
	        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, s->top)};
	*next++ = section_field("listen", offsetof(struct raw_config, listen), s->listen);
	*next++ = section_field("ca", offsetof(struct raw_config, ca), s->ca);
	*next++ = section_field("limits", offsetof(struct raw_config, limits), s->limits);
	*next++ = sections_field("profiles", offsetof(struct raw_config, profiles),
	        &s->profile_value, CONFIG_PROFILES_MAX);
	*next++ = edhoc_field(s);
	*next++ = sections_field(
	        "peers", offsetof(struct raw_config, peers), &s->peer_value, CONFIG_PEERS_MAX);
	*next = end_field;
}

/* "in mapping field 'KEY' (line: NUMBER, column: NUMBER)": the innermost is said first. */
static void
note_place(struct saying *saying, const char *line, const char *digits)
{
	const char *key = strstr(line, "field '");
	uint64_t number = 0;

	if (saying->line == 0 &&
	        sl_parse_uint(&number, sl_span(digits, strspn(digits, "0123456789")), UINT32_MAX) ==
	                SL_OK)
		saying->line = (unsigned)number;
	if (key && !saying->key[0])
		snprintf(saying->key, sizeof saying->key, "%.*s", (int)strcspn(key + 7, "'"),
		        key + 7);
}

/* libcyaml explains itself through its log, one line at a time: first the cause, then where it
 * was. */
static void SL_PRINTF(3, 0) on_log(cyaml_log_t level, void *arg, const char *fmt, va_list args)
{
	struct saying *saying = arg;
	char line[160];
	const char *at;

	(void)level;
	vsnprintf(line, sizeof line, fmt, args);
	line[strcspn(line, "\n")] = '\0';
	at = strstr(line, "(line: ");
	if (at)
		note_place(saying, line, at + 7);
	else if (!saying->what[0])
		snprintf(saying->what, sizeof saying->what, "%s",
		        strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
}

static enum sl_err
explain(const struct complaint *c, const struct saying *saying)
{
	static const struct {
		const char *begin, *mend;
		unsigned skip; /* lines after the one that libcyaml was at */
	} kinds[] = {
	        {"Unexpected key: ", "unknown key; see docs/configuration-est.md", 0},
	        {"Mapping field already seen: ", "the key is there twice; keep one", 1},
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		size_t len = strlen(kinds[i].begin);
		unsigned after = saying->line + kinds[i].skip, line;

		if (strncmp(saying->what, kinds[i].begin, len) != 0)
			continue;
		line = config_line_of_key(c->text, saying->what + len, after ? after - 1 : 0);
		return config_complain_at(
		        c, line ? line : saying->line, saying->what + len, kinds[i].mend);
	}
	return config_complain_at(c, saying->line, saying->key[0] ? saying->key : "YAML",
	        saying->what[0] ? saying->what : "one block-style mapping, without aliases");
}

static enum sl_err
load(struct config *config, const struct complaint *complaint)
{
	struct saying saying = {0};
	struct schema schema;
	struct raw_config *raw = NULL;
	cyaml_config_t how = {
	        .log_fn = on_log,
	        .log_ctx = &saying,
	        .mem_fn = cyaml_mem,
	        .log_level = CYAML_LOG_WARNING,
	        .flags = CYAML_CFG_NO_ALIAS,
	};
	cyaml_err_t rc;
	enum sl_err err;

	build_schema(&schema);
	rc = cyaml_load_data(complaint->text.ptr, complaint->text.len, &how, &schema.document,
	        (cyaml_data_t **)&raw, NULL);
	/* A warning is about something that would be ignored. */
	if (rc != CYAML_OK || saying.what[0])
		err = explain(complaint, &saying);
	else if (!raw)
		err = config_complain(complaint, "YAML", NULL, "the file is empty");
	else
		err = config_check(config, raw, complaint);
	if (rc == CYAML_OK)
		cyaml_free(&how, &schema.document, raw, 0);
	return err;
}

enum sl_err
config_parse(struct config *config, const char *file, struct sl_span text,
        char message[static CONFIG_MESSAGE_MAX])
{
	struct complaint complaint = {.file = file, .text = text, .message = message};
	struct config made;
	enum sl_err err;

	message[0] = '\0';
	memset(&made, 0, sizeof made);
	if (strnlen(file, sizeof made.file) == sizeof made.file)
		return config_complain_at(&complaint, 1, "file", "the file's name is too long");
	snprintf(made.file, sizeof made.file, "%s", file);
	if (text.len == 0 || memchr(text.ptr, '\0', text.len))
		return config_complain_at(&complaint, 1, "file", "empty, or not a text");
	err = load(&made, &complaint);
	if (!err)
		*config = made;
	return err;
}

/* --- files ----------------------------------------------------------------------------------- */

static enum sl_err
check_file(const struct complaint *c, const char *path, const char *file, bool is_secret)
{
	struct sl_buf buf;
	enum sl_err err;

	if (!file[0])
		return SL_OK;
	sl_buf_init(&buf, FILE_MAX_BYTES);
	err = files_read(&buf, file, is_secret ? FILES_SECRET : FILES_PUBLIC);
	sl_buf_clear(&buf);
	if (err == SL_EAUTH)
		return config_complain(c, path, file, "open to group or others; chmod 0400");
	if (err)
		return config_complain(c, path, file, "the file cannot be read");
	return SL_OK;
}

static enum sl_err
check_edhoc_files(const struct config *config, const struct complaint *c)
{
	enum sl_err err = SL_OK;
	char path[64];

	for (size_t i = 0; !err && i < config->edhoc.own_count; i++) {
		snprintf(path, sizeof path, "edhoc.credentials[%zu].key", i);
		err = check_file(c, path, config->edhoc.own[i].key, true);
		snprintf(path, sizeof path, "edhoc.credentials[%zu].credential", i);
		if (!err)
			err = check_file(c, path, config->edhoc.own[i].credential, false);
	}
	for (size_t i = 0; !err && i < config->peer_count; i++) {
		snprintf(path, sizeof path, "peers[%zu].%s", i,
		        config->peers[i].is_anchor ? "anchor" : "credential");
		err = check_file(c, path, config->peers[i].file, false);
	}
	return err;
}

static enum sl_err
check_files(const struct config *config, const struct complaint *c)
{
	char path[32];
	enum sl_err err = check_file(c, "ca.key", config->ca.key, true);

	if (!err)
		err = check_file(c, "ca.certificate", config->ca.certificate, false);
	for (size_t i = 0; !err && i < config->ca.chain_count; i++) {
		snprintf(path, sizeof path, "ca.chain[%zu]", i);
		err = check_file(c, path, config->ca.chain[i], false);
	}
	if (!err)
		err = check_file(
		        c, "listen.tls-certificate", config->listen.tls_certificate, false);
	if (!err)
		err = check_file(c, "listen.tls-key", config->listen.tls_key, true);
	if (!err)
		err = check_edhoc_files(config, c);
	return err;
}

enum sl_err
config_load(struct config *config, const char *file, char message[static CONFIG_MESSAGE_MAX])
{
	struct complaint c = {.file = file, .message = message};
	struct config made;
	struct sl_buf text;
	struct stat st;
	enum sl_err err;

	sl_buf_init(&text, FILE_MAX_BYTES);
	err = files_read(&text, file, FILES_PUBLIC);
	if (err) {
		snprintf(message, CONFIG_MESSAGE_MAX, "%s: cannot be read (%s)", file,
		        files_why(err));
		goto out;
	}
	c.text = sl_buf_view(&text);
	if (stat(file, &st) != 0 || (st.st_mode & (S_IWGRP | S_IWOTH))) {
		err = config_complain_at(&c, 1, "file", "writable by others; chmod go-w");
		goto out;
	}
	err = config_parse(&made, file, c.text, message);
	if (!err)
		err = check_files(&made, &c);
	if (!err)
		*config = made;
out:
	sl_buf_clear(&text);
	return err;
}

const struct profile *
config_profile(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->profile_count; i++)
		if (strcmp(config->profiles[i].name, name) == 0)
			return &config->profiles[i];
	return NULL;
}
