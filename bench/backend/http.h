/* SPDX-License-Identifier: BSD-2-Clause
 * One HTTP/1.1 connection that is kept: a POST out, its answer in, blocking. Knows of HTTP what
 * sealift-est answers with: a status, Content-Length, OSCORE. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <sl/err.h>
#include <sl/span.h>

#define HTTP_BYTES_MAX 8192

struct http {
	int fd;
	uint16_t port;
	char in[HTTP_BYTES_MAX];
	char out[HTTP_BYTES_MAX];
};

struct http_ask {
	const char *path, *content_type;
	const char *oscore; /* value of the header field; NULL: none */
	struct sl_span body;
};

/* Borrowed until the next post. */
struct http_answer {
	int status;
	const char *oscore; /* NUL at its end; NULL: none */
	struct sl_span body;
};

/* To 127.0.0.1. SL_EIO. */
enum sl_err http_open(struct http *h, uint16_t port) SL_MUST_USE;
void http_close(struct http *h);
/* SL_EIO, SL_EMALFORMED, SL_ESPACE. */
enum sl_err http_post(
        struct http *h, const struct http_ask *ask, struct http_answer *answer) SL_MUST_USE;

#endif
