/* SPDX-License-Identifier: BSD-2-Clause
 * libmicrohttpd calls: on_target when the request line is there, on_request for the head, each piece of the
 * body and its end, on_completed last. One struct exchange per request, freed in on_completed. */
#include "http_side.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sl/buf.h>

#define MEMORY_PER_CONNECTION (32 * 1024)
#define TLS_PRIORITIES        "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct http_side {
	struct http_config config;
	struct MHD_Daemon *daemon;
	atomic_uint in_flight;
	atomic_bool is_stopping;
	atomic_bool is_started;
	char message[HTTP_MESSAGE_MAX];
	bool is_in_place; /* the library keeps the head where it arrived */
};

struct exchange {
	struct http_side *side;
	const uint8_t *target_at; /* in the library's buffer, which is cut into pieces later */
	uint8_t target[HEAD_TARGET_MAX + 1];
	size_t target_len;
	bool is_checked;
	struct head_request head;
	struct sl_buf body;
};

struct field_list {
	struct head_field fields[HEAD_FIELDS_MAX + 1];
	size_t count;
};

static void *
on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
	struct http_side *h = arg;
	struct exchange *x = calloc(1, sizeof(*x));

	(void)connection;
	if (x == NULL)
		return NULL;
	x->side = h;
	x->target_at = (const uint8_t *)target;
	x->target_len = strnlen(target, sizeof(x->target));
	memcpy(x->target, target, x->target_len);
	sl_buf_init(&x->body, (size_t)h->config.rules.body_max);
	atomic_fetch_add(&h->in_flight, 1);
	return x;
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **state,
        enum MHD_RequestTerminationCode how)
{
	struct http_side *h = arg;
	struct exchange *x = *state;

	(void)connection;
	(void)how;
	if (x == NULL)
		return;
	sl_buf_clear(&x->body);
	free(x);
	*state = NULL;
	atomic_fetch_sub(&h->in_flight, 1);
}

static enum MHD_Result
add_field(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
        size_t value_len)
{
	struct field_list *list = arg;

	(void)kind;
	list->fields[list->count].name = sl_span(name, name_len);
	list->fields[list->count].value = sl_span(value, value_len);
	list->count++;
	return list->count <= HEAD_FIELDS_MAX ? MHD_YES : MHD_NO;
}

static bool
add_header(struct MHD_Response *response, const char *name, const char *value)
{
	return value == NULL || MHD_add_response_header(response, name, value) == MHD_YES;
}

/* 204 has no content to have a type. */
static const char *
content_type(const struct http_response *r)
{
	if (r->status == 204)
		return NULL;
	return r->content_type != NULL ? r->content_type : "text/plain; charset=utf-8";
}

static enum MHD_Result
send_response(struct MHD_Connection *connection, const struct http_response *r)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	        r->body_len, (void *)(uintptr_t)r->body, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;
	char seconds[16];

	if (response == NULL)
		return MHD_NO;
	snprintf(seconds, sizeof(seconds), "%u", r->retry_after_s);
	if (add_header(response, "Content-Type", content_type(r)) &&
	        add_header(response, "Cache-Control", "no-store") &&
	        add_header(response, "OSCORE", r->oscore) &&
	        add_header(response, "Allow", r->allow) &&
	        add_header(response, "Retry-After", r->retry_after_s > 0 ? seconds : NULL) &&
	        add_header(response, "Connection", r->status >= 400 ? "close" : NULL))
		result = MHD_queue_response(connection, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
send_refusal(struct http_side *h, struct MHD_Connection *connection, const struct head_refusal *why)
{
	struct http_response response = {.status = why->status, .allow = why->allow};

	response.body_len = strlen(why->text);
	memcpy(response.body, why->text, response.body_len);
	response.retry_after_s = why->status == 503 ? 1 : 0;
	h->config.refused(h->config.arg, why->status, why->text);
	return send_response(connection, &response);
}

static size_t
head_size(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info != NULL ? info->header_size : 0;
}

static enum MHD_Result
on_head(struct exchange *x, struct MHD_Connection *connection, const char *method,
        const char *version)
{
	struct http_side *h = x->side;
	struct field_list list = {.count = 0};
	struct head head = {
	        .method = sl_span_text(method),
	        .target = sl_span(x->target, x->target_len),
	        .version = sl_span_text(version),
	        .fields = list.fields,
	        .is_in_place = h->is_in_place,
	        .target_at = x->target_at,
	        .size = h->is_in_place ? head_size(connection) : 0,
	};
	struct head_refusal why = {503, "shutting down", NULL};

	x->is_checked = true;
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_field, &list);
	head.field_count = list.count;
	if (atomic_load(&h->is_stopping) || !head_check(&head, &h->config.rules, &x->head, &why))
		return send_refusal(h, connection, &why);
	return MHD_YES;
}

static enum MHD_Result
on_end(struct exchange *x, struct MHD_Connection *connection)
{
	struct http_side *h = x->side;
	struct http_request request = {&x->head, sl_buf_view(&x->body)};
	struct http_response *response;
	enum MHD_Result result;

	if (x->head.kind != HEAD_DISCOVERY && x->body.len == 0) {
		struct head_refusal why = {400, "body is missing", NULL};

		return send_refusal(h, connection, &why);
	}
	response = calloc(1, sizeof(*response));
	if (response == NULL)
		return MHD_NO;
	h->config.handle(h->config.arg, &request, response);
	result = send_response(connection, response);
	free(response);
	return result;
}

/* MHD_NO closes the connection without an answer: a body longer than it may be. */
static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
        const char *version, const char *bytes, size_t *len, void **state)
{
	struct exchange *x = *state;

	(void)arg;
	(void)path;
	if (x == NULL)
		return MHD_NO;
	if (!x->is_checked)
		return on_head(x, connection, method, version);
	if (*len == 0)
		return on_end(x, connection);
	if (sl_buf_add(&x->body, sl_span(bytes, *len)) != SL_OK)
		return MHD_NO;
	*len = 0;
	return MHD_YES;
}

/* Percent-encoding stays as it is: paths are compared raw. */
static size_t
keep_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

/* The first message while it starts tells why it does not; later ones are about odd requests. */
SL_PRINTF(2, 0)
static void
on_library_message(void *arg, const char *format, va_list values)
{
	struct http_side *h = arg;

	if (atomic_load(&h->is_started) || h->message[0] != '\0')
		return;
	vsnprintf(h->message, sizeof(h->message), format, values);
	h->message[strcspn(h->message, "\n")] = '\0';
}

static enum sl_err
make_address(const struct http_config *config, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, config->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(config->port);
		return SL_OK;
	}
	if (inet_pton(AF_INET6, config->address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(config->port);
		return SL_OK;
	}
	return SL_EMALFORMED;
}

static unsigned
make_flags(const struct http_config *config, const struct sockaddr_storage *address)
{
	unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;

	if (address->ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	if (config->tls_certificate != NULL)
		flags |= MHD_USE_TLS;
	return flags;
}

/* The strictest reading of requests that this version of the library knows. */
#if MHD_VERSION >= 0x01000000
#define STRICT_OPTION MHD_OPTION_CLIENT_DISCIPLINE_LVL, 3
#else
#define STRICT_OPTION MHD_OPTION_STRICT_FOR_CLIENT, 1
#endif

static struct MHD_Daemon *
start_daemon(struct http_side *h, const struct sockaddr_storage *address)
{
	const struct http_config *config = &h->config;
	struct MHD_OptionItem tls[] = {
	        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)config->tls_certificate},
	        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)config->tls_key},
	        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
	        {MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem pool[] = {
	        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)config->threads, NULL},
	        {MHD_OPTION_END, 0, NULL},
	};

	if (config->tls_certificate == NULL)
		tls[0].option = MHD_OPTION_END;
	if (config->threads < 2)
		pool[0].option = MHD_OPTION_END;
	/* The logger stands first: it also takes the messages about the other options. */
	return MHD_start_daemon(make_flags(config, address), config->port, NULL, NULL, on_request,
	        h, MHD_OPTION_EXTERNAL_LOGGER, on_library_message, h, STRICT_OPTION,
	        MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, h,
	        MHD_OPTION_URI_LOG_CALLBACK, on_target, h, MHD_OPTION_NOTIFY_COMPLETED,
	        on_completed, h, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION,
	        MHD_OPTION_CONNECTION_LIMIT, config->connections,
	        MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->connections_per_ip,
	        MHD_OPTION_CONNECTION_TIMEOUT, config->timeout_s, MHD_OPTION_ARRAY, tls,
	        MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
}

enum sl_err
http_side_start(struct http_side **out, const struct http_config *config,
        char message[static HTTP_MESSAGE_MAX])
{
	struct sockaddr_storage address;
	struct http_side *h;

	if (make_address(config, &address) != SL_OK)
		return SL_EMALFORMED;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return SL_ENOMEM;
	h->config = *config;
	h->is_in_place = strncmp(MHD_get_version(), "0.", 2) == 0;
	atomic_init(&h->in_flight, 0);
	atomic_init(&h->is_stopping, false);
	atomic_init(&h->is_started, false);
	h->daemon = start_daemon(h, &address);
	if (h->daemon == NULL) {
		memcpy(message, h->message, sizeof(h->message));
		free(h);
		return SL_EIO;
	}
	atomic_store(&h->is_started, true);
	*out = h;
	return SL_OK;
}

uint16_t
http_side_port(const struct http_side *h)
{
	const union MHD_DaemonInfo *info =
	        MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info != NULL ? info->port : 0;
}

void
http_side_stop(struct http_side *h, unsigned wait_ms)
{
	const struct timespec step = {0, 10000000};
	MHD_socket listening;
	unsigned waited;

	if (h == NULL)
		return;
	atomic_store(&h->is_stopping, true);
	listening = MHD_quiesce_daemon(h->daemon);
	for (waited = 0; waited < wait_ms && atomic_load(&h->in_flight) > 0; waited += 10)
		nanosleep(&step, NULL);
	MHD_stop_daemon(h->daemon);
	if (listening != MHD_INVALID_SOCKET)
		close(listening);
	free(h);
}
