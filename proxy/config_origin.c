/* SPDX-License-Identifier: BSD-2-Clause
 * Origins, routes and the allow-list: https unless addresses for plain http are named, special-purpose
 * addresses only when they are named, keys that nobody else reads. */
#include "config_origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sl/text.h>

static enum sl_err
check_bool(bool *out, const char *text, const char *key, const struct complaint *c)
{
	*out = false;
	if (text == NULL || strcmp(text, "false") == 0)
		return SL_OK;
	if (strcmp(text, "true") != 0)
		return complain(c, key, text, "must be true or false");
	*out = true;
	return SL_OK;
}

/* "/" or "/a/b": no empty, "." or ".." segments, nothing that would need encoding. */
static bool
is_path(const char *path)
{
	size_t len = strlen(path);
	const char *p = path;

	if (path[0] != '/' || len >= CONFIG_PATH_LEN ||
	        strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"
	                     "+,;=@:$!&'()") != len)
		return false;
	if (len == 1)
		return true;
	while (p != NULL) {
		const char *segment = p + 1, *end = strchr(segment, '/');
		size_t n = end == NULL ? strlen(segment) : (size_t)(end - segment);

		if (n == 0 || (n == 1 && segment[0] == '.') ||
		        (n == 2 && memcmp(segment, "..", 2) == 0))
			return false;
		p = end;
	}
	return true;
}

static enum sl_err
check_url(struct origin *o, const char *text, const struct complaint *c)
{
	uint8_t code = sl_map_url(sl_span_text(text), &o->target);

	if (code == SL_COAP_PROXYING_NOT_SUPPORTED)
		return complain(c, "origin", text,
		        "is no origin that can be served; write \"https://HOST:PORT/PATH\" without "
		        "user name, "
		        "with a plain host name or a full address");
	if (code != 0 || strchr(o->target.path_query, '?') != NULL)
		return complain(c, "origin", text,
		        "is no clean URL; write \"https://HOST:PORT/PATH\" without query, fragment "
		        "and slash at the end");
	snprintf(o->name, sizeof o->name, "%s://%s%s%s:%u", o->target.is_https ? "https" : "http",
	        o->target.host_is_ipv6 ? "[" : "", o->target.host,
	        o->target.host_is_ipv6 ? "]" : "", (unsigned)o->target.port);
	return SL_OK;
}

static bool
may_connect_to_literal(const struct origin *o)
{
	struct address a;

	return address_parse_host(&a, o->target.host) != SL_OK || origin_allows_address(o, &a);
}

bool
origin_allows_address(const struct origin *o, const struct address *a)
{
	const struct cidr_list *list = o->target.is_https ? &o->addresses : &o->plain_http;

	if (list->count > 0)
		return cidr_list_contains(list->items, list->count, a);
	return o->target.is_https && !address_is_special(a);
}

static enum sl_err
check_addresses(struct origin *o, const struct raw_origin *raw, const struct complaint *c)
{
	enum sl_err err = check_prefixes(&o->plain_http, &raw->plain_http, "plain-http", c);

	if (err == SL_OK)
		err = check_prefixes(&o->addresses, &raw->addresses, "addresses", c);
	if (err != SL_OK)
		return err;
	if (!o->target.is_https && o->plain_http.count == 0)
		return complain(c, "origin", raw->origin,
		        "is plain http; use https, or name the addresses it may have under "
		        "plain-http");
	if (o->target.is_https && o->plain_http.count > 0)
		return complain(c, "plain-http", raw->plain_http.items[0],
		        "stands beside an https origin; name the addresses under addresses");
	if (!o->target.is_https && o->addresses.count > 0)
		return complain(c, "addresses", raw->addresses.items[0],
		        "stands beside a plain http origin; name the addresses under plain-http");
	if (!may_connect_to_literal(o))
		return complain(c, "origin", raw->origin,
		        o->target.is_https ? "has a special-purpose address (RFC 6890) that "
		                             "addresses does not name"
		                           : "has an address that plain-http does not name");
	return SL_OK;
}

static enum sl_err
check_file(char out[static CONFIG_FILE_LEN], const char *path, const char *key,
        const struct complaint *c)
{
	if (path == NULL)
		return SL_OK;
	if (path[0] != '/' || strlen(path) >= CONFIG_FILE_LEN)
		return complain(c, key, path, "must be an absolute path");
	if (access(path, R_OK) != 0)
		return complain(c, key, path, "cannot be read; check the path and the mode");
	snprintf(out, CONFIG_FILE_LEN, "%s", path);
	return SL_OK;
}

/* Does a line of the file say that this begins? libcurl would find out with the first request only, and
 * would ask a terminal for the password of a key. */
static bool
has_pem(const char *path, const char *label)
{
	FILE *f = fopen(path, "rbe");
	char line[256];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
		found = strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, label) != NULL &&
		        strstr(line, "ENCRYPTED") == NULL;
	if (f != NULL)
		fclose(f);
	return found;
}

static enum sl_err
check_pem(const struct raw_origin *raw, const struct complaint *c)
{
	static const char certificate[] = "CERTIFICATE-----";
	static const char no_certificate[] = "holds no certificate in PEM; name a file that does";

	if (raw->ca_file != NULL && !has_pem(raw->ca_file, certificate))
		return complain(c, "ca-file", raw->ca_file, no_certificate);
	if (raw->client_cert != NULL && !has_pem(raw->client_cert, certificate))
		return complain(c, "client-cert", raw->client_cert, no_certificate);
	if (raw->client_key != NULL && !has_pem(raw->client_key, "PRIVATE KEY-----"))
		return complain(c, "client-key", raw->client_key,
		        "holds no private key in PEM without a password; name a file that does");
	return SL_OK;
}

static enum sl_err
check_tls(struct origin *o, const struct raw_origin *raw, const struct complaint *c)
{
	enum sl_err err = check_file(o->ca_file, raw->ca_file, "ca-file", c);
	struct stat st;

	if (err == SL_OK)
		err = check_file(o->client_cert, raw->client_cert, "client-cert", c);
	if (err == SL_OK)
		err = check_file(o->client_key, raw->client_key, "client-key", c);
	if (err != SL_OK)
		return err;
	if (!o->target.is_https && raw->ca_file != NULL)
		return complain(
		        c, "ca-file", raw->ca_file, "stands beside a plain http origin; use https");
	if (!o->target.is_https && raw->client_cert != NULL)
		return complain(c, "client-cert", raw->client_cert,
		        "stands beside a plain http origin; use https");
	if (raw->client_cert != NULL && raw->client_key == NULL)
		return complain(
		        c, "client-cert", raw->client_cert, "stands without client-key; name both");
	if (raw->client_key != NULL && raw->client_cert == NULL)
		return complain(
		        c, "client-key", raw->client_key, "stands without client-cert; name both");
	if (raw->client_key != NULL && stat(raw->client_key, &st) == 0 && (st.st_mode & 077) != 0)
		return complain(c, "client-key", raw->client_key,
		        "is open to others; set its mode to 0400");
	return check_pem(raw, c);
}

static enum sl_err
check_allow_plain(struct origin *o, const struct raw_origin *raw, const struct complaint *c)
{
	if (raw->allow_plain.count > CONFIG_PATHS_MAX)
		return complain(c, "allow-plain", NULL, "has more than 16 entries");
	for (size_t i = 0; i < raw->allow_plain.count; i++) {
		const char *path = raw->allow_plain.items[i];

		if (!is_path(path))
			return complain(c, "allow-plain", path,
			        "is no path; write one whole path like \"/.well-known/core\"");
		snprintf(o->allow_plain[i], sizeof o->allow_plain[i], "%s", path);
		o->allow_plain_count = i + 1;
	}
	return SL_OK;
}

/* Our own client knows neither TLS nor names. */
static enum sl_err
check_transport(struct origin *o, const struct raw_origin *raw, const struct complaint *c)
{
	const char *text = raw->transport == NULL ? "auto" : raw->transport;
	struct address a;
	bool may_be_lean = !o->target.is_https && address_parse_host(&a, o->target.host) == SL_OK;

	if (strcmp(text, "auto") != 0 && strcmp(text, "curl") != 0 && strcmp(text, "lean") != 0)
		return complain(c, "transport", text, "must be auto, curl or lean");
	if (strcmp(text, "lean") == 0 && !may_be_lean)
		return complain(c, "transport", text,
		        "is for plain http to an address without a name; write auto");
	o->is_lean = may_be_lean && strcmp(text, "curl") != 0;
	return SL_OK;
}

static enum sl_err
check_origin(struct origin *o, const struct raw_origin *raw, const char *parent,
        const struct complaint *c)
{
	enum sl_err err;

	if (raw->origin == NULL)
		return complain(c, raw->path != NULL ? "path" : parent, raw->path,
		        "has no origin; write \"origin: https://HOST:PORT/\"");
	err = check_url(o, raw->origin, c);
	if (err == SL_OK)
		err = check_addresses(o, raw, c);
	if (err == SL_OK)
		err = check_tls(o, raw, c);
	if (err == SL_OK)
		err = check_allow_plain(o, raw, c);
	if (err == SL_OK)
		err = check_bool(
		        &o->gateway_errors_503, raw->gateway_errors_503, "gateway-errors-503", c);
	if (err == SL_OK)
		err = check_bool(&o->edhoc_header, raw->edhoc_header, "edhoc-header", c);
	if (err == SL_OK)
		err = check_transport(o, raw, c);
	return err;
}

static bool
listens_on(const struct config *config, uint16_t port)
{
	for (size_t i = 0; i < config->listen_count; i++)
		if (config->listen[i].port == port)
			return true;
	return false;
}

static enum sl_err
check_route(struct config *config, const struct raw_origin *raw, const struct complaint *c)
{
	struct route *r = &config->routes[config->route_count];
	const char *path = raw->path == NULL ? "/" : raw->path;
	uint64_t port = 0;

	if (!is_path(path))
		return complain(c, "path", path,
		        "is no path; write \"/\" or \"/prefix\" without slash at the end");
	if (raw->port != NULL &&
	        (sl_parse_uint(&port, sl_span_text(raw->port), UINT16_MAX) != SL_OK || port == 0 ||
	                !listens_on(config, (uint16_t)port)))
		return complain(c, "port", raw->port, "is no port of listen");
	snprintf(r->path, sizeof r->path, "%s", path);
	r->port = (uint16_t)port;
	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].port == r->port &&
		        strcmp(config->routes[i].path, r->path) == 0)
			return complain(c, "path", raw->path, "is routed twice; keep one");
	config->route_count++;
	return check_origin(&r->origin, raw, "routes", c);
}

/* libcurl keeps connections by scheme, host and port: two origins that share them share what was checked
 * when the connection was made. */
static bool
may_share_connections(const struct origin *a, const struct origin *b)
{
	if (strcmp(a->name, b->name) != 0)
		return true;
	return memcmp(&a->addresses, &b->addresses, sizeof a->addresses) == 0 &&
	       memcmp(&a->plain_http, &b->plain_http, sizeof a->plain_http) == 0;
}

static enum sl_err
check_sharing(const struct config *config, const struct origin *o, const struct complaint *c)
{
	bool fits = true;

	for (size_t i = 0; i < config->route_count; i++)
		fits = fits && may_share_connections(&config->routes[i].origin, o);
	for (size_t i = 0; i < config->forward_count; i++)
		fits = fits && may_share_connections(&config->forward[i], o);
	if (!fits)
		return complain(c, "origin", o->target.host,
		        "is named twice with different addresses; give both the same list");
	return SL_OK;
}

enum sl_err
check_routes(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	enum sl_err err = SL_OK;

	if (raw->routes.count > CONFIG_ORIGINS_MAX)
		return complain(c, "routes", NULL, "has more than 64 entries");
	config->routes = calloc(raw->routes.count + 1, sizeof *config->routes);
	if (config->routes == NULL)
		return SL_ENOMEM;
	for (size_t i = 0; i < raw->routes.count && err == SL_OK; i++) {
		err = check_route(config, &raw->routes.items[i], c);
		if (err == SL_OK)
			err = check_sharing(config, &config->routes[i].origin, c);
	}
	return err;
}

enum sl_err
check_forward(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	const struct raw_origins *allow = &raw->forward.allow;
	enum sl_err err = SL_OK;

	if (allow->count > CONFIG_ORIGINS_MAX)
		return complain(c, "allow", NULL, "has more than 64 entries");
	config->forward = calloc(allow->count + 1, sizeof *config->forward);
	if (config->forward == NULL)
		return SL_ENOMEM;
	for (size_t i = 0; i < allow->count && err == SL_OK; i++) {
		struct origin *o = &config->forward[i];

		err = check_origin(o, &allow->items[i], "allow", c);
		if (err == SL_OK && strcmp(o->target.path_query, "/") != 0)
			err = complain(c, "origin", allow->items[i].origin,
			        "has a path; the allow-list names scheme, host and port");
		for (size_t j = 0; j < i && err == SL_OK; j++)
			if (strcmp(config->forward[j].name, o->name) == 0)
				err = complain(c, "origin", allow->items[i].origin,
				        "is allowed twice; keep one");
		config->forward_count = i + 1;
		if (err == SL_OK)
			err = check_sharing(config, o, c);
	}
	return err;
}
