/* SPDX-License-Identifier: BSD-2-Clause
 * Targets from the network: a URL text (first byte 0), or a whole datagram. What is accepted has
 * one host spelling, a clean path, and a URL that is read again as the same target. */
#include <sl/mappings.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
demand(bool ok)
{
	if (!ok)
		abort();
}

static void
check_host(const struct sl_map_target *t)
{
	const char *allowed =
	        t->host_is_ipv6 ? "0123456789abcdef:" : "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	demand(strlen(t->host) <= SL_MAP_HOST_MAX);
	demand(strspn(t->host, allowed) == strlen(t->host));
	demand(t->host[0] != '.' && strstr(t->host, "..") == NULL);
	demand(t->host[0] == '\0' || t->host[strlen(t->host) - 1] != '.');
}

static void
check_path(const char *path)
{
	const char *query = strchr(path, '?');
	size_t len = query == NULL ? strlen(path) : (size_t)(query - path);

	demand(path[0] == '/' && strlen(path) <= SL_MAP_PATH_MAX);
	for (const char *p = path; *p != '\0'; p++)
		demand(*p > 0x20 && *p < 0x7f && *p != '#' && *p != '\\');
	for (size_t i = 0; i + 1 < len; i++)
		demand(!(path[i] == '/' && path[i + 1] == '/'));
	demand(memmem(path, len, "%2F", 3) == NULL && memmem(path, len, "%2f", 3) == NULL);
	demand(memmem(path, len, "%00", 3) == NULL);
	demand(memmem(path, len, "/../", 4) == NULL && memmem(path, len, "/./", 3) == NULL);
	demand(len == 1 || path[len - 1] != '/');
}

static void
check_target(const struct sl_map_target *t)
{
	char url[2048], again[2048];
	struct sl_map_target read;

	check_host(t);
	check_path(t->path_query);
	if (t->host[0] == '\0' || t->port == 0) {
		demand(sl_map_target_url(t, url, sizeof url) == SL_EMALFORMED);
		demand(t->form != SL_MAP_TARGET_PROXY_URI);
		return;
	}
	demand(sl_map_target_url(t, url, sizeof url) == SL_OK);
	demand(sl_map_url(sl_span_text(url), &read) == 0);
	demand(read.is_https == t->is_https && read.port == t->port &&
	        read.host_is_ipv6 == t->host_is_ipv6 && strcmp(read.host, t->host) == 0 &&
	        strcmp(read.path_query, t->path_query) == 0);
	demand(sl_map_target_url(&read, again, sizeof again) == SL_OK && strcmp(url, again) == 0);
}

static void
check_location(struct sl_span text)
{
	static const struct sl_map_target origin = {.host = "h", .port = 80, .path_query = "/"};
	struct sl_coap_msg msg;
	uint8_t room[2048];
	struct sl_writer w = sl_writer_over(room, sizeof room);
	enum sl_err err;

	sl_coap_msg_init(&msg, SL_COAP_CREATED);
	err = sl_map_add_location(&msg, &origin, text, &w);
	for (size_t i = 0; i < msg.option_count; i++)
		demand(sl_coap_option_value(&msg.options[i]).len <= 255);
	demand(err == SL_OK || msg.option_count == 0);
}

/* The check of the options comes first, as in the proxy. */
static void
check_datagram(struct sl_span datagram)
{
	struct sl_coap_msg msg;
	struct sl_map_request request;
	struct sl_map_target t;
	const char *text;
	uint8_t code;

	if (sl_coap_decode(&msg, datagram) != SL_OK)
		return;
	code = sl_map_check_request(&msg, (msg.message_id & 1) != 0, &request, &text);
	demand(code == 0 || code == SL_COAP_BAD_REQUEST || code == SL_COAP_BAD_OPTION ||
	        code == SL_COAP_METHOD_NOT_ALLOWED);
	demand(code != 0 || text == NULL);
	demand(code != 0 || sl_coap_count(&msg, SL_COAP_OSCORE) <= 1);
	demand(code != 0 || request.kind != SL_MAP_OSCORE || msg.payload.len > 0);
	code = sl_map_target(&msg, &t);
	demand(code == 0 || code == SL_COAP_BAD_REQUEST || code == SL_COAP_PROXYING_NOT_SUPPORTED);
	if (code == 0)
		check_target(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_map_target t;

	if (len > 0 && bytes[0] == 0) {
		struct sl_span text = sl_span(bytes + 1, len - 1);

		if (sl_map_url(text, &t) == 0)
			check_target(&t);
		check_location(text);
		return 0;
	}
	check_datagram(sl_span(bytes, len));
	return 0;
}
