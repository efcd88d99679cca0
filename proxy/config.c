/* SPDX-License-Identifier: BSD-2-Clause
 * YAML to texts through libcyaml, whose schema is the raw struct: unknown keys, duplicate keys and
 * wrong shapes stop here, with the line. What the values mean is judged in config_check.c. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include <sl/buf.h>
#include <sl/text.h>

#include "config_raw.h"

#define FILE_MAX_BYTES (256 * 1024)
#define TEXT_MAX       CONFIG_DISCOVERY_MAX
#define OPTIONAL       (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

#define TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, OPTIONAL, type, member, 0, TEXT_MAX)
#define LIST(key, type, member, schema)                                                            \
	CYAML_FIELD_SEQUENCE_COUNT(                                                                \
	        key, OPTIONAL, type, member.items, member.count, schema, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t text_value = {
        CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, TEXT_MAX)};

#define ORIGIN_FIELDS                                                                              \
	TEXT("origin", struct raw_origin, origin),                                                 \
	        LIST("plain-http", struct raw_origin, plain_http, &text_value),                    \
	        LIST("addresses", struct raw_origin, addresses, &text_value),                      \
	        LIST("allow-plain", struct raw_origin, allow_plain, &text_value),                  \
	        TEXT("gateway-errors-503", struct raw_origin, gateway_errors_503),                 \
	        TEXT("edhoc-header", struct raw_origin, edhoc_header),                             \
	        TEXT("transport", struct raw_origin, transport),                                   \
	        TEXT("ca-file", struct raw_origin, ca_file),                                       \
	        TEXT("client-cert", struct raw_origin, client_cert),                               \
	        TEXT("client-key", struct raw_origin, client_key)

static const cyaml_schema_field_t route_fields[] = {
        TEXT("path", struct raw_origin, path),
        TEXT("port", struct raw_origin, port),
        ORIGIN_FIELDS,
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t allow_fields[] = {ORIGIN_FIELDS, CYAML_FIELD_END};

static const cyaml_schema_value_t route_value = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_origin, route_fields)};
static const cyaml_schema_value_t allow_value = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_origin, allow_fields)};

static const cyaml_schema_field_t forward_fields[] = {
        LIST("allow", struct raw_forward, allow, &allow_value),
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t admin_fields[] = {
        TEXT("address", struct raw_admin, address),
        TEXT("port", struct raw_admin, port),
        CYAML_FIELD_END,
};

/* Filled from limit_defs: that table is the only list of limits. */
static cyaml_schema_field_t limit_fields[RAW_LIMITS_MAX + 1];

static const cyaml_schema_field_t root_fields[] = {
        LIST("listen", struct raw_config, listen, &text_value),
        LIST("names", struct raw_config, names, &text_value),
        LIST("trusted-prefixes", struct raw_config, trusted, &text_value),
        TEXT("workers", struct raw_config, workers),
        TEXT("echo", struct raw_config, echo),
        TEXT("sandbox", struct raw_config, sandbox),
        TEXT("discovery", struct raw_config, discovery),
        TEXT("discovery-file", struct raw_config, discovery_file),
        LIST("routes", struct raw_config, routes, &route_value),
        CYAML_FIELD_MAPPING(
                "forward", CYAML_FLAG_OPTIONAL, struct raw_config, forward, forward_fields),
        CYAML_FIELD_MAPPING("admin", CYAML_FLAG_OPTIONAL, struct raw_config, admin, admin_fields),
        CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct raw_config, limits, limit_fields),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t root_value = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, root_fields)};

static void
fill_limit_fields(void)
{
	for (size_t i = 0; i < limit_def_count && i < RAW_LIMITS_MAX; i++) {
		limit_fields[i] = (cyaml_schema_field_t){
		        .key = limit_defs[i].key,
		        .data_offset =
		                (uint32_t)(offsetof(struct raw_limits, texts) + i * sizeof(char *)),
		        .value = {CYAML_VALUE_STRING(OPTIONAL, char, 0, TEXT_MAX)},
		};
	}
}

/* --- what libcyaml says, which it says through its log only ------------------------------------------ */

struct report {
	char error[256]; /* the first error line, without its prefix */
	char field[64];  /* the innermost field of the backtrace */
	unsigned line;   /* the innermost line of the backtrace */
};

static void
note_backtrace(struct report *r, const char *text)
{
	const char *field = strstr(text, "mapping field '");
	const char *line = strstr(text, "(line: ");

	if (line != NULL && r->line == 0)
		r->line = (unsigned)strtoul(line + 7, NULL, 10);
	if (field != NULL && r->field[0] == '\0')
		snprintf(r->field, sizeof r->field, "%.*s", (int)strcspn(field + 15, "'"),
		        field + 15);
}

static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args) SL_PRINTF(3, 0);

static void
on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct report *r = ctx;
	char text[256];

	(void)level;
	vsnprintf(text, sizeof text, fmt, args);
	text[strcspn(text, "\n")] = '\0';
	if (r->error[0] == '\0' && strstr(text, "Backtrace:") == NULL) {
		const char *said = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;

		snprintf(r->error, sizeof r->error, "%s", said);
	}
	note_backtrace(r, text);
}

/* --- finding the line ---------------------------------------------------------------------------------- */

static bool
is_key_at(struct sl_span text, size_t at, size_t len)
{
	size_t end = at + len;

	if (at > 0 && strchr(" \t\n{,\"'-", text.ptr[at - 1]) == NULL)
		return false;
	if (end < text.len && (text.ptr[end] == '"' || text.ptr[end] == '\''))
		end++;
	while (end < text.len && text.ptr[end] == ' ')
		end++;
	return end < text.len && text.ptr[end] == ':';
}

static bool
is_text_at(struct sl_span text, size_t at, const char *what)
{
	size_t len = strlen(what);

	return at + len <= text.len && memcmp(text.ptr + at, what, len) == 0;
}

/* A "#" that begins a comment: behind it the line holds nothing for us. */
static bool
is_comment_at(struct sl_span text, size_t at)
{
	return text.ptr[at] == '#' && (at == 0 || isspace(text.ptr[at - 1]));
}

unsigned
config_find_line(struct sl_span text, const char *key, const char *value, unsigned after)
{
	bool wants_value = value != NULL && value[0] != '\0', in_key = false, in_comment = false;
	unsigned line = 1, found = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n') {
			line++;
			in_comment = false;
			continue;
		}
		in_comment = in_comment || is_comment_at(text, i);
		if (in_comment || line <= after)
			continue;
		if (is_text_at(text, i, key) && is_key_at(text, i, strlen(key))) {
			in_key = true;
			found = found == 0 ? line : found;
			i += strlen(key);
			if (!wants_value)
				return line;
		} else if (in_key && wants_value && is_text_at(text, i, value)) {
			return line;
		}
	}
	return found;
}

enum sl_err
complain(const struct complaint *c, const char *key, const char *value, const char *what)
{
	unsigned line = key == NULL ? 0 : config_find_line(c->text, key, value, 0);
	char shown[128] = "", place[32] = "";

	if (value != NULL)
		sl_escape(shown, sizeof shown, sl_span_text(value));
	if (line > 0)
		snprintf(place, sizeof place, ":%u", line);
	if (key == NULL)
		snprintf(c->out, CONFIG_COMPLAINT_MAX, "%s: %s", c->name, what);
	else if (value == NULL)
		snprintf(c->out, CONFIG_COMPLAINT_MAX, "%s%s: %s: %s", c->name, place, key, what);
	else
		snprintf(c->out, CONFIG_COMPLAINT_MAX, "%s%s: %s: \"%s\": %s", c->name, place, key,
		        shown, what);
	return SL_EMALFORMED;
}

/* What a wrong shape has to be instead, in words of YAML; or what libcyaml said. */
static const char *
mend_of_shape(const char *error)
{
	static const struct {
		const char *said, *mend;
	} rows[] = {
	        {"Expecting SEQUENCE", "must be a list; write it as [\"one\", \"two\"]"},
	        {"Expecting STRING", "must be one value, neither a list nor a mapping"},
	        {"Expecting MAPPING", "must be a mapping of keys to values"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strncmp(error, rows[i].said, strlen(rows[i].said)) == 0)
			return rows[i].mend;
	return error;
}

/* libcyaml names the line of the mapping, or of the first of two equal keys: look from there. */
static enum sl_err
complain_of_yaml(const struct complaint *c, const struct report *r)
{
	static const char unknown[] = "Unexpected key: ", twice[] = "Mapping field already seen: ";
	const char *key = r->field, *what = r->error;
	unsigned line = r->line, found = 0;

	if (strncmp(r->error, unknown, sizeof unknown - 1) == 0) {
		key = r->error + sizeof unknown - 1;
		what = "unknown key; correct its spelling or its place, or remove it";
		found = config_find_line(c->text, key, NULL, line == 0 ? 0 : line - 1);
	} else if (strncmp(r->error, twice, sizeof twice - 1) == 0) {
		key = r->error + sizeof twice - 1;
		what = "stands twice in one mapping; keep one of the two";
		found = config_find_line(c->text, key, NULL, line);
	} else {
		what = mend_of_shape(r->error);
	}
	if (found > 0)
		line = found;
	snprintf(c->out, CONFIG_COMPLAINT_MAX, "%s:%u: %s%s%s", c->name, line == 0 ? 1 : line, key,
	        key[0] == '\0' ? "" : ": ", what);
	return SL_EMALFORMED;
}

/* The line of a second document, which libcyaml would leave unread; 0: there is none. */
static unsigned
second_document(struct sl_span text)
{
	bool has_begun = false;
	unsigned line = 1;

	for (size_t i = 0; i < text.len; i++) {
		bool at_line = i == 0 || text.ptr[i - 1] == '\n';

		if (at_line && (is_text_at(text, i, "---") || is_text_at(text, i, "..."))) {
			if (has_begun)
				return line;
			has_begun = true;
			i += 2;
		} else if (at_line && text.ptr[i] != '#' && !isspace(text.ptr[i])) {
			has_begun = true;
		}
		line += text.ptr[i] == '\n';
	}
	return 0;
}

/* --- loading -------------------------------------------------------------------------------------------- */

static const char nothing[] = "is empty; write at least listen and routes or forward";

static enum sl_err
load_raw(struct raw_config **out, const cyaml_config_t *cyaml, const struct complaint *c)
{
	struct report report = {0};
	cyaml_config_t with_log = *cyaml;
	cyaml_err_t err;

	report.line = second_document(c->text);
	if (report.line != 0) {
		snprintf(report.error, sizeof report.error,
		        "a second document begins; write one only");
		return complain_of_yaml(c, &report);
	}
	if (c->text.len == 0) /* libyaml stops the program */
		return complain(c, NULL, NULL, nothing);
	with_log.log_fn = on_log;
	with_log.log_ctx = &report;
	err = cyaml_load_data(
	        c->text.ptr, c->text.len, &with_log, &root_value, (cyaml_data_t **)out, NULL);
	if (err == CYAML_ERR_OOM)
		return SL_ENOMEM;
	if (err != CYAML_OK && report.error[0] == '\0')
		snprintf(report.error, sizeof report.error, "%s", cyaml_strerror(err));
	if (err != CYAML_OK)
		return complain_of_yaml(c, &report);
	if (*out == NULL)
		return complain(c, NULL, NULL, nothing);
	return SL_OK;
}

enum sl_err
config_parse(struct config **out, struct sl_span text, const char *name,
        char complaint[static CONFIG_COMPLAINT_MAX])
{
	const cyaml_config_t cyaml = {
	        .mem_fn = cyaml_mem, .log_level = CYAML_LOG_WARNING, .flags = CYAML_CFG_NO_ALIAS};
	const struct complaint c = {.out = complaint, .name = name, .text = text};
	struct raw_config *raw = NULL;
	struct config *config = calloc(1, sizeof *config);
	enum sl_err err;

	complaint[0] = '\0';
	if (config == NULL)
		return SL_ENOMEM;
	fill_limit_fields();
	err = load_raw(&raw, &cyaml, &c);
	if (err == SL_OK)
		err = config_check(config, raw, &c);
	cyaml_free(&cyaml, &root_value, raw, 0);
	if (err != SL_OK)
		config_free(config);
	else
		*out = config;
	return err;
}

static enum sl_err
read_file(struct sl_buf *b, const char *path)
{
	FILE *f = fopen(path, "rbe");
	uint8_t part[4096];
	enum sl_err err = SL_OK;
	size_t n;

	if (f == NULL)
		return SL_EIO;
	while (err == SL_OK && (n = fread(part, 1, sizeof part, f)) > 0)
		err = sl_buf_add(b, sl_span(part, n));
	if (err == SL_OK && ferror(f))
		err = SL_EIO;
	fclose(f);
	return err;
}

enum sl_err
config_load(struct config **out, const char *path, char complaint[static CONFIG_COMPLAINT_MAX])
{
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, FILE_MAX_BYTES);
	errno = 0;
	err = read_file(&text, path);
	if (err == SL_OK)
		err = config_parse(out, sl_buf_view(&text), path, complaint);
	else
		snprintf(complaint, CONFIG_COMPLAINT_MAX, "%s: cannot be read: %s", path,
		        err == SL_EIO && errno != 0 ? strerror(errno) : sl_err_text(err));
	sl_buf_clear(&text);
	return err;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	free(config->discovery);
	free(config->routes);
	free(config->forward);
	free(config);
}
