/* SPDX-License-Identifier: BSD-2-Clause
 * JSON is YAML: read through libcyaml, whose schema refuses unknown, missing and repeated keys. */
#include "provisioning.h"

#include <cyaml/cyaml.h>

#include <sl/hash.h>
#include <sl/text.h>
#include <sl/wipe.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_MAX     256
#define URI_MAX     300
#define SECRET_MIN  16 /* bytes; a pre-shared secret must not be guessable */
#define ALG_DEFAULT "AES-CCM-16-64-128"

struct raw_provisioning {
	char identity[PROVISIONING_IDENTITY_MAX + 1];
	char secret[HEX_MAX + 1], salt[HEX_MAX + 1];
	char sender_id[HEX_MAX + 1], recipient_id[HEX_MAX + 1];
	char *id_context; /* absent is not the same as empty */
	char aead[64], hkdf[64];
	unsigned window;
};

struct raw_settings {
	char server[URI_MAX + 1], target[URI_MAX + 1], path[OUTER_PATH_MAX + 1];
	char root[SETTINGS_ROOT_MAX + 1];
};

#define MUST CYAML_FLAG_DEFAULT
#define MAY  CYAML_FLAG_OPTIONAL

static const cyaml_schema_field_t provisioning_fields[] = {
        CYAML_FIELD_STRING("identity", MUST, struct raw_provisioning, identity, 1),
        CYAML_FIELD_STRING("master-secret", MUST, struct raw_provisioning, secret, 0),
        CYAML_FIELD_STRING("master-salt", MAY, struct raw_provisioning, salt, 0),
        CYAML_FIELD_STRING("sender-id", MUST, struct raw_provisioning, sender_id, 0),
        CYAML_FIELD_STRING("recipient-id", MUST, struct raw_provisioning, recipient_id, 0),
        CYAML_FIELD_STRING_PTR("id-context", CYAML_FLAG_POINTER | MAY, struct raw_provisioning,
                id_context, 0, HEX_MAX),
        CYAML_FIELD_STRING("aead", MAY, struct raw_provisioning, aead, 0),
        CYAML_FIELD_STRING("hkdf", MAY, struct raw_provisioning, hkdf, 0),
        CYAML_FIELD_UINT("window", MAY, struct raw_provisioning, window),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t provisioning_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_provisioning, provisioning_fields)};

static const cyaml_schema_field_t settings_fields[] = {
        CYAML_FIELD_STRING("server", MUST, struct raw_settings, server, 1),
        CYAML_FIELD_STRING("target", MAY, struct raw_settings, target, 0),
        CYAML_FIELD_STRING("path", MAY, struct raw_settings, path, 0),
        CYAML_FIELD_STRING("root", MUST, struct raw_settings, root, 1),
        CYAML_FIELD_END,
};

static const cyaml_schema_value_t settings_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_settings, settings_fields)};

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

/* --- provisioning ---------------------------------------------------------------------------- */

struct hex_field {
	const char *name, *text;
	uint8_t *out;
	size_t cap, *len;
	size_t min;
};

static enum sl_err
take_hex(const struct hex_field *field, struct complaint *why)
{
	switch (sl_hex_decode(field->out, field->cap, field->len, sl_span_text(field->text))) {
	case SL_OK:
		break;
	case SL_ESPACE:
		return complain(
		        why, SL_EMALFORMED, "%s: longer than %zu bytes", field->name, field->cap);
	default:
		return complain(why, SL_EMALFORMED,
		        "%s: not hex (two digits for each byte, nothing else)", field->name);
	}
	if (*field->len < field->min)
		return complain(
		        why, SL_EMALFORMED, "%s: shorter than %zu bytes", field->name, field->min);
	return SL_OK;
}

static enum sl_err
take_bytes(struct provisioning *p, const struct raw_provisioning *raw, struct complaint *why)
{
	const struct hex_field fields[] = {
	        {"master-secret", raw->secret, p->master_secret.bytes, SL_KEY_MAX,
	                &p->master_secret.len, SECRET_MIN},
	        {"master-salt", raw->salt, p->master_salt.bytes, SL_KEY_MAX, &p->master_salt.len,
	                0},
	        {"sender-id", raw->sender_id, p->sender_id.bytes, SL_OSCORE_ID_MAX,
	                &p->sender_id.len, 0},
	        {"recipient-id", raw->recipient_id, p->recipient_id.bytes, SL_OSCORE_ID_MAX,
	                &p->recipient_id.len, 0},
	        {"id-context", raw->id_context ? raw->id_context : "", p->id_context,
	                SL_OSCORE_ID_CONTEXT_MAX, &p->id_context_len, 0},
	};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		enum sl_err err = take_hex(&fields[i], why);

		if (err != SL_OK)
			return err;
	}
	p->has_id_context = raw->id_context != NULL;
	return SL_OK;
}

static int
hash_by_name(const char *name)
{
	static const struct {
		const char *name;
		int alg;
	} rows[] = {
	        {"", SL_SHA256},
	        {"HKDF-SHA-256", SL_SHA256},
	        {"HKDF-SHA-512", SL_SHA512},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(name, rows[i].name) == 0)
			return rows[i].alg;
	return 0;
}

static enum sl_err
take_algorithms(struct provisioning *p, const struct raw_provisioning *raw, struct complaint *why)
{
	const struct sl_aead *aead = sl_aead_by_name(raw->aead[0] ? raw->aead : ALG_DEFAULT);
	size_t id_max;

	if (aead == NULL)
		return complain(why, SL_EUNSUPPORTED,
		        "aead: \"%s\" is not known; usual is " ALG_DEFAULT, raw->aead);
	p->aead_alg = aead->cose_alg;
	p->hkdf_hash = hash_by_name(raw->hkdf);
	if (p->hkdf_hash == 0)
		return complain(why, SL_EUNSUPPORTED,
		        "hkdf: \"%s\" is not known; usual is HKDF-SHA-256", raw->hkdf);
	id_max = aead->nonce_len - 6; /* RFC 8613 section 3.3 */
	if (p->sender_id.len > id_max || p->recipient_id.len > id_max)
		return complain(why, SL_EMALFORMED,
		        "sender-id, recipient-id: at most %zu bytes with %s", id_max, aead->name);
	p->window = raw->window == 0 ? SL_OSCORE_WINDOW_DEFAULT : raw->window;
	if (p->window > SL_OSCORE_WINDOW_MAX)
		return complain(why, SL_EMALFORMED, "window: %u is over %d", p->window,
		        SL_OSCORE_WINDOW_MAX);
	return SL_OK;
}

static enum sl_err
take_provisioning(struct provisioning *p, const struct raw_provisioning *raw, struct complaint *why)
{
	enum sl_err err;

	if (!sl_is_plain_utf8(sl_span_text(raw->identity)))
		return complain(why, SL_EMALFORMED, "identity: not plain UTF-8 text");
	snprintf(p->identity, sizeof p->identity, "%s", raw->identity);
	err = take_bytes(p, raw, why);
	if (err == SL_OK)
		err = take_algorithms(p, raw, why);
	if (err == SL_OK && sl_span_equal(sl_span(p->sender_id.bytes, p->sender_id.len),
	                            sl_span(p->recipient_id.bytes, p->recipient_id.len)))
		err = complain(why, SL_EMALFORMED,
		        "sender-id and recipient-id are equal: both ends would use one key");
	return err;
}

enum sl_err
provisioning_decode(struct provisioning *p, struct sl_span text, struct complaint *why)
{
	struct provisioning got = {.identity = ""};
	struct raw_provisioning *raw;
	enum sl_err err = load((void **)&raw, &provisioning_schema, text, why);

	if (err != SL_OK)
		return err;
	err = take_provisioning(&got, raw, why);
	sl_wipe(raw->secret, sizeof raw->secret);
	sl_wipe(raw->salt, sizeof raw->salt);
	unload(raw, &provisioning_schema);
	if (err == SL_OK)
		*p = got;
	provisioning_clear(&got);
	return err;
}

void
provisioning_clear(struct provisioning *p)
{
	sl_wipe(p, sizeof *p);
}

struct sl_oscore_params
provisioning_params(const struct provisioning *p)
{
	struct sl_oscore_params params = {
	        .master_secret = sl_key_view(&p->master_secret),
	        .master_salt = sl_key_view(&p->master_salt),
	        .sender_id = sl_span(p->sender_id.bytes, p->sender_id.len),
	        .recipient_id = sl_span(p->recipient_id.bytes, p->recipient_id.len),
	        .has_id_context = p->has_id_context,
	        .id_context = sl_span(p->id_context, p->id_context_len),
	        .aead_alg = p->aead_alg,
	        .hkdf_hash = p->hkdf_hash,
	        .window = p->window,
	};

	return params;
}

/* --- settings -------------------------------------------------------------------------------- */

/* Our JSON has no escapes: paths are of unreserved characters and "/". */
static bool
is_plain_path(const char *path)
{
	static const char ok[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

	return path[0] == '/' && path[strspn(path, ok)] == '\0' && strstr(path, "//") == NULL &&
	       path[strlen(path) - 1] != '/';
}

static enum sl_err
take_endpoint(struct endpoint *e, const char *name, const char *text, struct complaint *why)
{
	enum sl_err err = endpoint_parse(e, text);

	if (err == SL_EUNSUPPORTED)
		return complain(why, err, "%s: \"%s\" has a scheme that is not known", name, text);
	if (err != SL_OK)
		return complain(why, err,
		        "%s: \"%s\" is not SCHEME://HOST[:PORT] without path and user", name, text);
	return SL_OK;
}

static enum sl_err
take_path(char *out, size_t cap, const char *name, const char *text, struct complaint *why)
{
	if (!is_plain_path(text) || strlen(text) >= cap)
		return complain(why, SL_EMALFORMED,
		        "%s: \"%s\" is not a path like /est of at most %zu characters", name, text,
		        cap - 1);
	snprintf(out, cap, "%s", text);
	return SL_OK;
}

static bool
is_given(const char *word)
{
	return word != NULL && word[0] != '\0';
}

enum sl_err
settings_check(struct settings *s, const struct settings_words *words, struct complaint *why)
{
	struct settings got = {.route = {.is_forward = is_given(words->target)}};
	const char *root = is_given(words->root) ? words->root : SETTINGS_ROOT_DEFAULT;
	enum sl_err err;

	if (!is_given(words->server))
		return complain(why, SL_EMALFORMED, "server: missing; say coap://HOST[:PORT]");
	err = take_endpoint(&got.server, "server", words->server, why);
	if (err == SL_OK && strcmp(got.server.scheme, "coap") != 0)
		err = complain(
		        why, SL_EUNSUPPORTED, "server: \"%s\" is not coap://", words->server);
	if (err == SL_OK && got.route.is_forward && is_given(words->path))
		err = complain(why, SL_EMALFORMED, "target and path exclude each other");
	if (err == SL_OK && got.route.is_forward)
		err = take_endpoint(&got.route.target, "target", words->target, why);
	if (err == SL_OK && is_given(words->path))
		err = take_path(got.route.path, sizeof got.route.path, "path", words->path, why);
	if (err == SL_OK)
		err = take_path(got.root, sizeof got.root, "root", root, why);
	if (err == SL_OK)
		*s = got;
	return err;
}

enum sl_err
settings_decode(struct settings *s, struct sl_span text, struct complaint *why)
{
	struct raw_settings *raw;
	struct settings_words words;
	enum sl_err err = load((void **)&raw, &settings_schema, text, why);

	if (err != SL_OK)
		return err;
	words.server = raw->server;
	words.target = raw->target;
	words.path = raw->path;
	words.root = raw->root;
	err = settings_check(s, &words, why);
	unload(raw, &settings_schema);
	return err;
}

enum sl_err
settings_encode(const struct settings *s, struct sl_buf *out)
{
	char server[ENDPOINT_TEXT_MAX], target[ENDPOINT_TEXT_MAX] = "";

	endpoint_text(&s->server, server);
	if (s->route.is_forward)
		endpoint_text(&s->route.target, target);
	return sl_buf_addf(out,
	        "{\n  \"server\": \"%s\",\n  \"target\": \"%s\",\n  \"path\": \"%s\",\n"
	        "  \"root\": \"%s\"\n}\n",
	        server, target, s->route.path, s->root);
}
