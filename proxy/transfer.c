/* SPDX-License-Identifier: BSD-2-Clause
 * What libcurl is told about one request, what it brings, and what came of it. */
#include "transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "origin_side.h"

#define CONNECTION_LIFE_MAX_S 600L
#define CONNECTION_IDLE_MAX_S 10L /* origins close idle ones after 15 s and more: we are first */
/* Of each transfer that runs. libcurl's own 64 KiB for what is sent are given back to the system each time. */
#define RECEIVE_BUFFER_BYTES 16384L
#define SEND_BUFFER_BYTES    16384L

/* --- callbacks of libcurl: translate, nothing more ----------------------------------------------------------- */

/* No seek callback exists, so a body that was begun cannot be sent a second time. */
static size_t
on_read(char *out, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t left = t->fetch.body.len - t->body_sent, n = size * count;

	n = n < left ? n : left;
	if (n > 0)
		memcpy(out, t->fetch.body.ptr + t->body_sent, n);
	t->body_sent += n;
	return n;
}

static size_t
on_header(char *line, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;

	t->received += size * count;
	t->is_head_bad =
	        t->is_head_bad || !response_head_line(&t->head, sl_span(line, size * count));
	if (t->head.is_done && response_head_has_tail(&t->head))
		t->is_head_bad = t->is_head_bad ||
		                 curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L) != CURLE_OK;
	return t->is_head_bad ? 0 : size * count;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	enum sl_err err = sl_buf_add(&t->body, sl_span(bytes, size * count));

	t->received += size * count;
	t->is_body_large = err == SL_ELIMIT;
	t->is_exhausted = err == SL_ENOMEM;
	return err == SL_OK ? size * count : 0;
}

/* The one place that sees the true address, whatever a name or a strange literal led to. */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *t = arg;
	struct address a;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	        !address_from_socket(
	                &a, (const struct sockaddr *)(const void *)&to->addr, to->addrlen) ||
	        !origin_allows_address(t->fetch.origin, &a)) {
		t->is_address_refused = true;
		t->shared->refused_addresses++;
		return CURL_SOCKET_BAD;
	}
	fd = kept_open(&t->shared->kept, to->family, to->socktype, to->protocol);
	t->is_exhausted = fd < 0 && errno != EAFNOSUPPORT;
	return fd;
}

/* --- the request ------------------------------------------------------------------------------------------------ */

static void
link_headers(struct transfer *t)
{
	for (size_t i = 0; i < t->fields.count; i++) {
		t->headers[i].data = t->fields.lines[i];
		t->headers[i].next = i + 1 < t->fields.count ? &t->headers[i + 1] : NULL;
	}
}

/* The same URL through libcurl's parser: both have to see the same place. */
static bool
parse_url(struct transfer *t)
{
	const struct sl_map_target *want = &t->fetch.origin->target;
	char *host = NULL, *port = NULL, *scheme = NULL, wanted_host[SL_MAP_HOST_MAX + 3];
	bool fits = false;

	snprintf(wanted_host, sizeof wanted_host, want->host_is_ipv6 ? "[%s]" : "%s", want->host);
	t->url = curl_url();
	if (t->url != NULL &&
	        curl_url_set(t->url, CURLUPART_URL, t->fetch.url,
	                CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) == CURLUE_OK &&
	        curl_url_get(t->url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	        curl_url_get(t->url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	        curl_url_get(t->url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK)
		fits = strcasecmp(host, wanted_host) == 0 &&
		       strtoul(port, NULL, 10) == want->port &&
		       strcmp(scheme, want->is_https ? "https" : "http") == 0;
	curl_free(host);
	curl_free(port);
	curl_free(scheme);
	return fits;
}

static CURLcode
set_method(struct transfer *t)
{
	const struct core_fetch *f = &t->fetch;
	/* nothing to rewind, so only a fresh connection keeps libcurl from sending twice */
	CURLcode rc = curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, f->body.len == 0 ? 1L : 0L) |
	              curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 0L);

	if (request_has_body(f))
		rc |= curl_easy_setopt(t->easy, CURLOPT_POST, 1L) |
		      curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL) |
		      curl_easy_setopt(
		              t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body.len) |
		      curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read) |
		      curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	else
		rc |= curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
	return rc | curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, f->method);
}

static CURLcode
set_limits(struct transfer *t)
{
	const struct limits *l = t->shared->limits;
	CURL *e = t->easy;

	return curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
	               t->fetch.origin->target.is_https ? "https" : "http") |
	       curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) |
	       curl_easy_setopt(e, CURLOPT_PROXY, "") | curl_easy_setopt(e, CURLOPT_NOPROXY, "*") |
	       curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) |
	       curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) |
	       curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L) |
	       curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L) |
	       curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L) |
	       curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) |
	       /* a resolver that hangs is left behind, not waited for: it would stop the loop */
	       curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) |
	       curl_easy_setopt(e, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES) |
	       curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER_BYTES) |
	       curl_easy_setopt(e, CURLOPT_MAXLIFETIME_CONN, CONNECTION_LIFE_MAX_S) |
	       curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_MAX_S) |
	       /* the deadline for the whole is the core's; libcurl's is dear */
	       curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)l->connect_timeout);
}

static CURLcode
set_tls(struct transfer *t)
{
	const struct origin *o = t->fetch.origin;
	CURL *e = t->easy;
	CURLcode rc = curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) |
	              curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) |
	              curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

	if (o->ca_file[0] != '\0') /* this file instead of the system's anchors, not beside them */
		rc |= curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file) |
		      curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	if (o->client_cert[0] != '\0')
		rc |= curl_easy_setopt(e, CURLOPT_SSLCERT, o->client_cert) |
		      curl_easy_setopt(e, CURLOPT_SSLKEY, o->client_key);
	return rc;
}

static CURLcode
set_callbacks(struct transfer *t)
{
	CURL *e = t->easy;

	return curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) |
	       curl_easy_setopt(e, CURLOPT_HEADERDATA, t) |
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) |
	       curl_easy_setopt(e, CURLOPT_WRITEDATA, t) |
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) |
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t) |
	       curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, t->shared->close_socket) |
	       curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, t->shared->close_ctx) |
	       curl_easy_setopt(e, CURLOPT_PRIVATE, t) |
	       curl_easy_setopt(e, CURLOPT_CURLU, t->url) |
	       /* as it was made: newer ones take an empty query off */
	       curl_easy_setopt(e, CURLOPT_REQUEST_TARGET, request_target(&t->fetch)) |
	       curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
}

/* --- the result --------------------------------------------------------------------------------------------------- */

/* After how many microseconds the connection was there; 0: not yet. */
static uint64_t
connected_us(const struct transfer *t)
{
	curl_off_t us = 0;

	if (curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &us) != CURLE_OK || us < 0)
		return 0;
	return (uint64_t)us;
}

/* libcurl has no deadline for the first byte, and its own for low speed begins with the request. What is seen of the
 * head is whole lines. */
bool
transfer_is_late(struct transfer *t, uint64_t now_ms)
{
	const struct limits *l = t->shared->limits;
	uint64_t us, bytes = t->received - t->before;
	bool is_first = t->period_ms == 0;

	if (t->received == 0) {
		if (now_ms < t->started_ms + l->first_byte_timeout)
			return false;
		us = connected_us(t);
		return us > 0 && now_ms >= t->started_ms + us / 1000 + l->first_byte_timeout;
	}
	if (!is_first && now_ms < t->period_ms + l->low_speed_time)
		return false;
	t->before = t->received;
	t->period_ms = now_ms;
	return !is_first && origin_is_slow(bytes, l->low_speed_time);
}

static enum sl_map_transport
transport_of(const struct transfer *t, CURLcode rc)
{
	if (rc != CURLE_OK && (t->is_exhausted || rc == CURLE_OUT_OF_MEMORY))
		return SL_MAP_EXHAUSTED;
	if (t->is_body_large || t->is_head_bad)
		return t->is_body_large ? SL_MAP_TOO_LARGE : SL_MAP_BAD_HTTP;
	switch (rc) {
	case CURLE_OK:
		return t->head.is_done ? SL_MAP_RESPONSE : SL_MAP_BAD_HTTP;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
		return SL_MAP_UNREACHABLE;
	case CURLE_OPERATION_TIMEDOUT:
		return connected_us(t) > 0 ? SL_MAP_NO_ANSWER : SL_MAP_CONNECT_TIMEOUT;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_FAIL_REWIND:
		return t->head.bytes == 0 ? SL_MAP_CLOSED : SL_MAP_BAD_HTTP;
	default:
		return SL_MAP_BAD_HTTP;
	}
}

static void
forget_setup(struct transfer *t)
{
	t->origin = NULL;
	curl_url_cleanup(t->url);
	t->url = NULL;
}

void
transfer_clear(struct transfer *t)
{
	forget_setup(t);
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
	sl_buf_clear(&t->body);
}

/* libcurl counts over the life of a handle how often a kept connection turned out to be gone, and gives up at five;
 * only a reset clears that. So it is set up anew whenever that may have happened. */
static bool
may_have_counted(const struct transfer *t)
{
	long connects = 0;

	return t->ended_before != t->shared->ended_kept ||
	       curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects) != CURLE_OK ||
	       connects != 0;
}

/* A handle that failed is not used again: libcurl 8 keeps its wish to rewind the body over a reset. */
void
transfer_release(struct transfer *t, bool is_good)
{
	curl_multi_remove_handle(t->shared->multi, t->easy);
	t->is_running = false;
	if (!is_good || may_have_counted(t))
		forget_setup(t);
	if (is_good)
		return;
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
}

void
transfer_result(const struct transfer *t, CURLcode rc, struct sl_map_http_result *out)
{
	*out = (struct sl_map_http_result){.transport = transport_of(t, rc)};
	if (out->transport == SL_MAP_UNREACHABLE)
		out->detail =
		        t->is_address_refused ? "address not allowed" : curl_easy_strerror(rc);
	if (out->transport == SL_MAP_RESPONSE) {
		response_head_result(&t->head, out);
		out->body = sl_buf_view(&t->body);
	}
}

static bool
is_set_up(const struct transfer *t)
{
	return t->origin == t->fetch.origin && strcmp(t->url_text, t->fetch.url) == 0;
}

/* All that does not change from one request to the next: it costs as much as the request. */
static enum sl_map_transport
set_up(struct transfer *t)
{
	size_t len = strlen(t->fetch.url);

	forget_setup(t);
	curl_easy_reset(t->easy);
	if (len >= sizeof t->url_text || !parse_url(t))
		return SL_MAP_UNREACHABLE;
	if ((set_limits(t) | set_tls(t) | set_callbacks(t)) != CURLE_OK)
		return SL_MAP_EXHAUSTED;
	memcpy(t->url_text, t->fetch.url, len + 1);
	t->origin = t->fetch.origin;
	return SL_MAP_RESPONSE;
}

enum sl_map_transport
transfer_start(struct transfer *t, const struct core_fetch *fetch)
{
	enum sl_map_transport ready = SL_MAP_RESPONSE;

	if (t->easy == NULL && (t->easy = curl_easy_init()) == NULL)
		return SL_MAP_EXHAUSTED;
	t->fetch = *fetch;
	t->body_sent = 0;
	t->received = t->before = t->period_ms = 0;
	t->ended_before = t->shared->ended_kept;
	t->is_head_bad = t->is_body_large = t->is_exhausted = t->is_address_refused = false;
	response_head_init(&t->head);
	t->is_running = true;
	request_fields(&t->fields, fetch);
	link_headers(t);
	if (!is_set_up(t))
		ready = set_up(t);
	if (ready == SL_MAP_RESPONSE &&
	        (set_method(t) != CURLE_OK ||
	                curl_multi_add_handle(t->shared->multi, t->easy) != CURLM_OK))
		ready = SL_MAP_EXHAUSTED;
	if (ready != SL_MAP_RESPONSE)
		transfer_release(t, false);
	return ready;
}
