/* SPDX-License-Identifier: BSD-2-Clause
 * The HTTP server: libmicrohttpd with its own poll threads. Checks each head (head.h) before it takes a body,
 * collects bodies up to a limit, closes the connection after every refusal. Decides nothing else. */
#ifndef HTTP_SIDE_H
#define HTTP_SIDE_H

#include <sl/mappings.h>

#include "head.h"

#define HTTP_BODY_MAX 4096 /* bytes of a response body */

struct http_request {
	const struct head_request *head;
	struct sl_span body;
};

struct http_response {
	int status;
	const char *content_type; /* NULL: text/plain; charset=utf-8 */
	const char *oscore;       /* header value, in oscore_text; NULL: none */
	const char *allow;        /* with 405; NULL: none */
	unsigned retry_after_s;   /* 0: none */
	char oscore_text[SL_MAP_OSCORE_HEADER_MAX + 1];
	uint8_t body[HTTP_BODY_MAX];
	size_t body_len;
};

struct http_config {
	const char *address; /* IPv4 or IPv6 literal without brackets */
	uint16_t port;       /* 0: any free one */
	unsigned threads;
	unsigned connections;
	unsigned connections_per_ip;           /* 0: no limit */
	unsigned timeout_s;                    /* of a silent connection */
	struct head_rules rules;               /* what it points to must outlive the server */
	const char *tls_certificate, *tls_key; /* PEM; NULL: plain HTTP */

	/* Both are called on the server's threads, several at once. *response is zeroed. */
	void (*handle)(
	        void *arg, const struct http_request *request, struct http_response *response);
	void (*refused)(void *arg, int status, const char *text);
	void *arg;
};

struct http_side;

#define HTTP_MESSAGE_MAX 160

/* message says what the library says when it does not start. SL_EMALFORMED (address), SL_EIO (cannot
 * listen, bad certificate or key), SL_ENOMEM. */
enum sl_err http_side_start(struct http_side **out, const struct http_config *config,
        char message[static HTTP_MESSAGE_MAX]) SL_MUST_USE;
uint16_t http_side_port(const struct http_side *h);
/* Takes no new connection, answers 503 on kept ones, waits until what is in flight is done or wait_ms are
 * over, then closes and frees. */
void http_side_stop(struct http_side *h, unsigned wait_ms);

#endif
