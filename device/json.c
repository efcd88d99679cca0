/* SPDX-License-Identifier: BSD-2-Clause
 * JSON is YAML: read through libcyaml, whose schema refuses unknown and repeated keys. */
#include "json.h"

#include <cyaml/cyaml.h>

#include <sl/wipe.h>

#include <stdio.h>
#include <string.h>

#define MUST CYAML_FLAG_DEFAULT
#define MAY  CYAML_FLAG_OPTIONAL
#define TEXT (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

/* --- edhoc ----------------------------------------------------------------------------------- */

#define EDHOC_TEXT(name, member, max)                                                              \
	CYAML_FIELD_STRING_PTR(name, TEXT, struct json_edhoc, member, 0, max)
#define EDHOC_FLAG(name, member)                                                                   \
	CYAML_FIELD_ENUM(name, MAY | CYAML_FLAG_STRICT, struct json_edhoc, member, flags, 2)

static const cyaml_strval_t flags[] = {{"false", JSON_FLAG_FALSE}, {"true", JSON_FLAG_TRUE}};

static const cyaml_schema_value_t list_item = {
        CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, JSON_FILE_MAX)};

static const cyaml_schema_field_t edhoc_fields[] = {
        EDHOC_TEXT("key", key, JSON_FILE_MAX),
        EDHOC_TEXT("credential", credential, JSON_FILE_MAX),
        EDHOC_TEXT("send", send, 16),
        CYAML_FIELD_SEQUENCE("peers", TEXT, struct json_edhoc, peers, &list_item, 0, JSON_LIST_MAX),
        EDHOC_TEXT("anchors", anchors, JSON_FILE_MAX),
        EDHOC_TEXT("peer-name", peer_name, JSON_FILE_MAX),
        EDHOC_TEXT("method", method, 8),
        CYAML_FIELD_SEQUENCE(
                "suites", TEXT, struct json_edhoc, suites, &list_item, 0, JSON_LIST_MAX),
        EDHOC_TEXT("message-4", message_4, 16),
        EDHOC_FLAG("combined", combined),
        EDHOC_FLAG("bind", bind),
        EDHOC_FLAG("use-enrolled", use_enrolled),
        CYAML_FIELD_END,
};

/* --- provisioning.json ----------------------------------------------------------------------- */

#define PROVISIONED_TEXT(name, member)                                                             \
	CYAML_FIELD_STRING_PTR(name, TEXT, struct json_provisioning, member, 0, JSON_HEX_MAX)

static const cyaml_schema_field_t provisioning_fields[] = {
        CYAML_FIELD_STRING("identity", MAY, struct json_provisioning, identity, 1),
        CYAML_FIELD_STRING("master-secret", MAY, struct json_provisioning, secret, 0),
        CYAML_FIELD_STRING("master-salt", MAY, struct json_provisioning, salt, 0),
        PROVISIONED_TEXT("sender-id", sender_id),
        PROVISIONED_TEXT("recipient-id", recipient_id),
        PROVISIONED_TEXT("id-context", id_context),
        CYAML_FIELD_STRING("aead", MAY, struct json_provisioning, aead, 0),
        CYAML_FIELD_STRING("hkdf", MAY, struct json_provisioning, hkdf, 0),
        CYAML_FIELD_UINT_PTR("window", TEXT, struct json_provisioning, window),
        CYAML_FIELD_MAPPING_PTR("edhoc", TEXT, struct json_provisioning, edhoc, edhoc_fields),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t provisioning_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct json_provisioning, provisioning_fields)};

/* --- settings.json --------------------------------------------------------------------------- */

static const cyaml_schema_field_t settings_fields[] = {
        CYAML_FIELD_STRING("server", MUST, struct json_settings, server, 1),
        CYAML_FIELD_STRING("target", MAY, struct json_settings, target, 0),
        CYAML_FIELD_STRING("path", MAY, struct json_settings, path, 0),
        CYAML_FIELD_STRING("root", MUST, struct json_settings, root, 1),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t settings_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct json_settings, settings_fields)};

/* --- what libcyaml says, which it says through its log only ---------------------------------- */

static void on_log(cyaml_log_t level, void *arg, const char *fmt, va_list args) SL_PRINTF(3, 0);

static void
on_log(cyaml_log_t level, void *arg, const char *fmt, va_list args)
{
	struct complaint *said = arg;
	size_t used = strlen(said->text);
	char line[200];
	char *text = line, *end;

	if (level < CYAML_LOG_ERROR)
		return;
	vsnprintf(line, sizeof line, fmt, args);
	if (strncmp(text, "Load: ", 6) == 0)
		text += 6;
	text += strspn(text, " ");
	end = text + strcspn(text, "\n");
	*end = '\0';
	if (strcmp(text, "Backtrace:") != 0)
		snprintf(said->text + used, sizeof said->text - used, "%s%s", used > 0 ? ", " : "",
		        text);
}

/* libcyaml reads the first YAML document and leaves the rest alone; JSON has no rest. */
static bool
has_more_documents(struct sl_span text)
{
	for (size_t i = 0; i + 4 <= text.len; i++)
		if (memcmp(text.ptr + i, "\n---", 4) == 0 || memcmp(text.ptr + i, "\n...", 4) == 0)
			return true;
	return false;
}

static enum sl_err
load(void **raw, const cyaml_schema_value_t *schema, struct sl_span text, struct complaint *why)
{
	struct complaint said = {""};
	cyaml_config_t config = {.log_fn = on_log,
	        .log_ctx = &said,
	        .mem_fn = cyaml_mem,
	        .log_level = CYAML_LOG_WARNING,
	        .flags = CYAML_CFG_NO_ALIAS};
	cyaml_err_t err;

	if (text.len == 0 || text.ptr[0] != '{' || has_more_documents(text))
		return complain(why, SL_EMALFORMED, "not a JSON object");
	*raw = NULL;
	err = cyaml_load_data(text.ptr, text.len, &config, schema, raw, NULL);
	if (err == CYAML_OK && *raw != NULL)
		return SL_OK;
	if (err == CYAML_ERR_OOM)
		return complain(why, SL_ENOMEM, "no memory");
	return complain(
	        why, SL_EMALFORMED, "%s", said.text[0] != '\0' ? said.text : cyaml_strerror(err));
}

static void
unload(void *raw, const cyaml_schema_value_t *schema)
{
	const cyaml_config_t config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

	(void)cyaml_free(&config, schema, raw, 0);
}

enum sl_err
json_provisioning_read(struct json_provisioning **raw, struct sl_span text, struct complaint *why)
{
	return load((void **)raw, &provisioning_schema, text, why);
}

void
json_provisioning_free(struct json_provisioning *raw)
{
	sl_wipe(raw->secret, sizeof raw->secret);
	sl_wipe(raw->salt, sizeof raw->salt);
	unload(raw, &provisioning_schema);
}

enum sl_err
json_settings_read(struct json_settings **raw, struct sl_span text, struct complaint *why)
{
	return load((void **)raw, &settings_schema, text, why);
}

void
json_settings_free(struct json_settings *raw)
{
	unload(raw, &settings_schema);
}

enum sl_err
json_write_text(struct sl_buf *out, const char *text)
{
	enum sl_err err = sl_buf_add_text(out, "\"");

	for (const char *c = text; err == SL_OK && *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			err = sl_buf_add_text(out, "\\");
		if (err == SL_OK)
			err = sl_buf_add(out, sl_span(c, 1));
	}
	return err == SL_OK ? sl_buf_add_text(out, "\"") : err;
}
