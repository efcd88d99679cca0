/* SPDX-License-Identifier: BSD-2-Clause
 * One datagram on its way to an HTTP request. A fetch goes to an origin of the configuration by a second, independent
 * reading of its URL and by libcurl's; what is asked for is what a plain reading of the options says; the
 * head has only our lines in it, and the server at the other end reads the same OSCORE option out of it. */
#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core.h"
#include "lenient_head.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char text[] =
        "listen: [\"127.0.0.1:5683\", \"[::1]:5684\"]\nnames: [p.example]\necho: off\n"
        "routes:\n"
        "  - {origin: \"http://127.0.0.1:8080/\", plain-http: [\"127.0.0.0/8\"], "
        "allow-plain: [\"/.well-known/edhoc\", \"/o\"]}\n"
        "  - {path: \"/r\", origin: \"https://route.example:444/base\", allow-plain: [\"/x\"]}\n"
        "forward: {allow: [{origin: \"https://est.example\", edhoc-header: true, allow-plain: "
        "[\"/o\"]}, {origin: \"http://10.0.0.1:81\", plain-http: [\"10.0.0.0/8\"]}, "
        "{origin: \"https://[2600::1]:4443\"}]}\n"
        "limits: {exchanges: 64, uploads: 2, answers: 2, verified-peers: 16, queue-length: 4, "
        "requests-per-second: 0}\n";

static const struct allowed {
	const char *scheme, *host, *port, *plain[2];
	bool is_route;
} allowed[] = {
        {"http", "127.0.0.1", "8080", {"/.well-known/edhoc", "/o"}, true},
        {"https", "route.example", "444", {"/base/x", "/base/x"}, true},
        {"https", "est.example", "443", {"/o", "/o"}, false},
        {"http", "10.0.0.1", "81", {NULL, NULL}, false},
        {"https", "[2600::1]", "4443", {NULL, NULL}, false},
};

#define PART_MAX 1200

/* An URL by its delimiters. */
struct parts {
	char scheme[16], host[300], port[8], path[PART_MAX];
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static const char *
copy_until(char *out, size_t cap, const char *from, const char *ends)
{
	size_t len = strcspn(from, ends);

	require(len < cap);
	memcpy(out, from, len);
	out[len] = '\0';
	return from + len;
}

/* Only what RFC 3986 section 3 allows in an absolute http URL whose port is written. */
static void
read_url(struct parts *p, const char *url)
{
	static const char in_path[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789-._~!$&'()*+,;=:@/?%";
	const char *at = copy_until(p->scheme, sizeof p->scheme, url, ":");

	require(strncmp(at, "://", 3) == 0);
	at += 3;
	if (*at == '[') {
		at = copy_until(p->host, sizeof p->host - 1, at, "]");
		require(*at++ == ']');
		strncat(p->host, "]", sizeof p->host - strlen(p->host) - 1);
	} else {
		at = copy_until(p->host, sizeof p->host, at, ":/?#@");
	}
	require(*at++ == ':');
	at = copy_until(p->port, sizeof p->port, at, "/");
	require(p->port[0] != '\0' && strspn(p->port, "0123456789") == strlen(p->port));
	require(*at == '/' && strspn(at, in_path) == strlen(at));
	copy_until(p->path, sizeof p->path, at, "");
}

static void
check_part(CURLU *u, CURLUPart what, const char *mine)
{
	char *theirs = NULL;

	require(curl_url_get(u, what, &theirs, 0) == CURLUE_OK && strcmp(theirs, mine) == 0);
	curl_free(theirs);
}

/* What will be connected to is what was judged. */
static void
check_with_curl(const char *url, const struct parts *p)
{
	CURLU *u = curl_url();
	char path[PART_MAX];
	char *user = NULL;

	require(u != NULL && curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK);
	check_part(u, CURLUPART_SCHEME, p->scheme);
	check_part(u, CURLUPART_HOST, p->host);
	check_part(u, CURLUPART_PORT, p->port);
	copy_until(path, sizeof path, p->path, "?");
	check_part(u, CURLUPART_PATH, path);
	require(curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_OK);
	curl_url_cleanup(u);
}

static const struct allowed *
find_allowed(const struct parts *p)
{
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		if (strcmp(p->scheme, allowed[i].scheme) == 0 &&
		        strcmp(p->host, allowed[i].host) == 0 &&
		        strcmp(p->port, allowed[i].port) == 0)
			return &allowed[i];
	return NULL;
}

/* A Proxy-Uri by its delimiters alone: a fetch elsewhere than to the host it names is wrong, unless it names us. */
static void
check_proxy_uri(const struct sl_coap_msg *msg, const struct parts *fetched, bool is_route)
{
	const struct sl_coap_option *option = sl_coap_find(msg, SL_COAP_PROXY_URI);
	const char *ends = "/?#";
	struct sl_span uri;
	size_t begin, end;

	if (option == NULL || is_route)
		return;
	uri = sl_coap_option_value(option);
	begin = fetched->scheme[4] == 's' ? 8 : 7; /* "https://" */
	require(uri.len > begin);
	for (end = begin; end < uri.len && memchr(ends, uri.ptr[end], 3) == NULL; end++)
		require(uri.ptr[end] != '@' && uri.ptr[end] != '\\' && uri.ptr[end] > ' ');
	require(strncasecmp((const char *)uri.ptr, fetched->scheme, begin - 3) == 0);
	require(end - begin >= strlen(fetched->host));
	if (fetched->host[0] != '[') /* an IPv6 address has many spellings */
		require(strncasecmp((const char *)uri.ptr + begin, fetched->host,
		                strlen(fetched->host)) == 0);
}

static void
add(char *head, size_t cap, const char *a, const char *b)
{
	require(strlen(head) + strlen(a) + strlen(b) < cap);
	strcat(head, a);
	strcat(head, b);
}

/* The head as an HTTP/1.1 client writes it; a field without a value is one that it must not add. */
static void
write_head(char *head, size_t cap, const struct core_fetch *fetch, const struct parts *p)
{
	struct request_fields fields;
	char length[64];

	head[0] = '\0';
	add(head, cap, fetch->method, " ");
	add(head, cap, p->path, " HTTP/1.1\r\nHost: ");
	add(head, cap, p->host, ":");
	add(head, cap, p->port, "\r\n");
	request_fields(&fields, fetch);
	for (size_t i = 0; i < fields.count; i++)
		if (fields.lines[i][strlen(fields.lines[i]) - 1] != ':')
			add(head, cap, fields.lines[i], "\r\n");
	snprintf(length, sizeof length, "Content-Length: %zu\r\n\r\n", fetch->body.len);
	add(head, cap, length, "");
}

static void
check_head(const char *head, const struct core_fetch *fetch, const struct sl_coap_msg *msg)
{
	static const char *const paths[] = {"/", "/o", "/base"};
	const struct head_rules rules = {.paths = paths,
	        .path_count = sizeof paths / sizeof paths[0],
	        .body_max = 65536,
	        .takes_edhoc = true,
	        .takes_combined = true};
	const struct sl_coap_option *option = sl_coap_find(msg, SL_COAP_OSCORE);
	struct lenient_head parsed;
	struct head_request request = {0};
	struct head_refusal why = {0};
	struct sl_span value;
	bool is_good;

	require(lenient_head_parse(&parsed, sl_span_text(head)) &&
	        parsed.head.size == strlen(head));
	is_good = head_check(&parsed.head, &rules, &request, &why);
	if (!is_good) /* a path that this server does not have, nothing else */
		require(why.status == 404 || why.status == 405 || why.status == 403 ||
		        option == NULL);
	if (!is_good || option == NULL)
		return;
	value = sl_coap_option_value(option);
	if (value.len == 1 && value.ptr[0] == 0)
		value.len = 0;
	require(request.kind == HEAD_OSCORE && request.body_len == fetch->body.len);
	require(sl_span_equal(value, sl_span(request.option, request.option_len)));
	require(request.is_combined == (sl_coap_find(msg, SL_COAP_EDHOC) != NULL));
}

static void
check_plain(const struct core_fetch *fetch, const struct sl_coap_msg *msg, const struct allowed *to,
        const struct parts *p)
{
	static const char *const methods[] = {
	        "", "GET", "POST", "PUT", "DELETE", "", "PATCH", "PATCH"};
	char path[PART_MAX];

	copy_until(path, sizeof path, p->path, "?");
	require(to->plain[0] != NULL);
	require(strcmp(path, to->plain[0]) == 0 || strcmp(path, to->plain[1]) == 0);
	require(strcmp(fetch->method,
	                msg->code < sizeof methods / sizeof methods[0] ? methods[msg->code] : "") ==
	        0);
}

static void
check_fetch(const struct core_fetch *fetch, const struct sl_coap_msg *msg)
{
	struct sl_coap_block block;
	const struct allowed *to;
	char head[4096];
	struct parts p;

	read_url(&p, fetch->url);
	check_with_curl(fetch->url, &p);
	to = find_allowed(&p);
	require(to != NULL);
	check_proxy_uri(msg, &p, to->is_route);
	if (sl_coap_find(msg, SL_COAP_OSCORE) != NULL)
		require(strcmp(fetch->method, "POST") == 0 && fetch->oscore != NULL &&
		        fetch->body.len > 0);
	else
		check_plain(fetch, msg, to, &p);
	if (sl_coap_get_block(msg, SL_COAP_BLOCK1, &block) != SL_OK)
		require(sl_span_equal(fetch->body, msg->payload));
	write_head(head, sizeof head, fetch, &p);
	check_head(head, fetch, msg);
}

static struct sl_peer
peer_at(bool is_second_listener)
{
	static const uint8_t device[4] = {192, 0, 2, 1}, loopback[16] = {127, 0, 0, 1},
	                     loopback6[16] = {[15] = 1};
	struct address remote = address_from_bytes(device, false, 5000);
	struct address local = is_second_listener ? address_from_bytes(loopback6, true, 5684)
	                                          : address_from_bytes(loopback, false, 5683);
	struct sl_peer peer;

	peer_encode(&peer, &remote, &local);
	return peer;
}

/* The first byte's lowest bit chooses the listener. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct config *config;
	struct proxy_core_config core_config = {.seed = {1}};
	char complaint[CONFIG_COMPLAINT_MAX];
	struct core_fetch fetch;
	struct proxy_core *core;
	struct sl_coap_msg msg;
	struct sl_peer peer;

	if (len == 0 || sl_coap_decode(&msg, sl_span(bytes + 1, len - 1)) != SL_OK)
		return 0;
	if (config == NULL)
		require(config_parse(&config, sl_span_text(text), "fuzz", complaint) == SL_OK);
	core_config.config = config;
	require(proxy_core_new(&core, &core_config) == SL_OK);
	peer = peer_at(bytes[0] & 1);
	proxy_core_on_datagram(core, &peer, sl_span(bytes + 1, len - 1), 1000);
	if (proxy_core_next_fetch(core, &fetch)) {
		check_fetch(&fetch, &msg);
		require(!proxy_core_next_fetch(core, &fetch));
	}
	proxy_core_free(core);
	return 0;
}
