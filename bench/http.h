/* SPDX-License-Identifier: BSD-2-Clause
 * As much of HTTP/1.1 (RFC 9112) as a bench between its own programs needs: heads with Content-Length, in a buffer. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_BYTES (1U << 17)

struct http_buffer {
	size_t len;
	char bytes[HTTP_BYTES];
};

struct http_message {
	size_t head_len, body_len; /* with the empty line */
};

/* True when a whole message stands at the begin of the buffer; *is_bad: never will be. */
bool http_whole(const struct http_buffer *b, struct http_message *m, bool *is_bad);
/* Takes it out. */
void http_take(struct http_buffer *b, const struct http_message *m);

#endif
