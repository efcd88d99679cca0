/* SPDX-License-Identifier: BSD-2-Clause
 * Connections are as many as descriptors are left: when there is none, the listener rests for a moment. */
#include "admin_side.h"

#include <stdlib.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#define HEAD_BYTES_MAX 4096
#define TIMEOUT_S      2
#define REST_MS        500

struct admin_side {
	struct admin_side_config config;
	struct evhttp *http;
	struct evconnlistener *listener; /* borrowed from http */
	struct loop_timer *rest;
};

static void
on_question(struct evhttp_request *request, void *arg)
{
	struct admin_side *side = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
	struct evkeyvalq *head = evhttp_request_get_output_headers(request);
	struct evbuffer *out = evhttp_request_get_output_buffer(request);
	struct admin_answer answer = {.status = 404, .content_type = "text/plain"};

	side->config.on_question(side->config.ctx, path == NULL ? "" : path, &answer);
	evhttp_add_header(head, "Content-Type", answer.content_type);
	evhttp_add_header(head, "Cache-Control", "no-store");
	evhttp_add_header(head, "Connection", "close");
	if (evbuffer_add(out, answer.body.ptr, answer.body.len) != 0)
		answer.status = 500;
	evhttp_send_reply(request, answer.status, NULL, NULL);
}

/* arg is evhttp's, not ours: the timer lets the listener go on. */
static void
on_no_descriptor(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	evconnlistener_disable(listener);
}

static void
on_rested(void *ctx)
{
	struct admin_side *side = ctx;

	evconnlistener_enable(side->listener);
	loop_timer_set(side->rest, loop_now_ms() + REST_MS);
}

static enum sl_err
listen_on(struct admin_side *side)
{
	struct evhttp_bound_socket *bound;
	int fd = dup(side->config.fd); /* evhttp closes its own */

	if (fd < 0)
		return SL_EIO;
	bound = evhttp_accept_socket_with_handle(side->http, fd);
	if (bound == NULL) {
		close(fd);
		return SL_ENOMEM;
	}
	side->listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(side->listener, on_no_descriptor);
	on_rested(side);
	return SL_OK;
}

enum sl_err
admin_side_new(struct admin_side **out, const struct admin_side_config *config)
{
	struct admin_side *side = calloc(1, sizeof *side);
	enum sl_err err = SL_ENOMEM;

	if (side == NULL)
		return SL_ENOMEM;
	side->config = *config;
	side->http = evhttp_new(loop_base(config->loop));
	side->rest = loop_timer_new(config->loop, on_rested, side);
	if (side->http != NULL && side->rest != NULL) {
		evhttp_set_allowed_methods(side->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
		evhttp_set_max_headers_size(side->http, HEAD_BYTES_MAX);
		evhttp_set_max_body_size(side->http, HEAD_BYTES_MAX);
		evhttp_set_timeout(side->http, TIMEOUT_S);
		evhttp_set_gencb(side->http, on_question, side);
		err = listen_on(side);
	}
	if (err != SL_OK)
		admin_side_free(side);
	else
		*out = side;
	return err;
}

void
admin_side_free(struct admin_side *side)
{
	if (side == NULL)
		return;
	if (side->http != NULL)
		evhttp_free(side->http);
	loop_timer_free(side->rest);
	free(side);
}
