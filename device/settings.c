/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include "json.h"

#include <stdio.h>
#include <string.h>

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
	struct json_settings *raw;
	struct settings_words words;
	enum sl_err err = json_settings_read(&raw, text, why);

	if (err != SL_OK)
		return err;
	words.server = raw->server;
	words.target = raw->target;
	words.path = raw->path;
	words.root = raw->root;
	err = settings_check(s, &words, why);
	json_settings_free(raw);
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
