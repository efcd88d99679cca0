/* SPDX-License-Identifier: BSD-2-Clause
 * One HTTP/1.1 response as its bytes arrive (RFC 9112 sections 4 to 7): the head, then a body of known
 * length, in chunks, or up to the end of the connection. Pure. Nothing that leaves open where the message
 * ends is taken, and every part has its limit. */
#ifndef PROXY_RESPONSE_H
#define PROXY_RESPONSE_H

#include <sl/buf.h>

#include "response_head.h"

#define RESPONSE_CHUNK_LINE_MAX 256         /* size, extensions and CRLF */
#define RESPONSE_CHUNK_EXTRA    (16 * 1024) /* extensions of one response */

enum response_verdict {
	RESPONSE_MORE,
	RESPONSE_WHOLE,
	RESPONSE_NOTHING,   /* the connection ended before the first byte */
	RESPONSE_BAD,       /* no HTTP/1.1, or not all of it */
	RESPONSE_TOO_LARGE, /* the body is over its limit */
	RESPONSE_NO_MEMORY,
};

struct response {
	struct response_head head;
	struct sl_span body; /* of a whole one: borrows from the bytes given last, or from *r */
	enum response_part {
		RESPONSE_IN_HEAD,
		RESPONSE_IN_BODY,
		RESPONSE_IN_CHUNK_SIZE,
		RESPONSE_IN_CHUNK,
		RESPONSE_BEHIND_CHUNK,
		RESPONSE_IN_TRAILER,
		RESPONSE_TO_THE_END,
	} part;
	uint64_t left;       /* bytes of the body, or of the chunk */
	size_t extra;        /* bytes of chunk extensions so far */
	struct sl_buf line;  /* a line of which the end has not come */
	struct sl_buf bytes; /* the body, when it did not come at once */
};

void response_init(struct response *r, size_t body_max);
/* Forgets everything; ready for the next one. */
void response_reset(struct response *r);
/* Takes bytes in; *taken says how many belong to this response. After anything but MORE: reset. */
enum response_verdict response_take(struct response *r, struct sl_span bytes, size_t *taken);
/* The connection was closed in order, and no more will come. */
enum response_verdict response_end(struct response *r);
/* Of a whole one: may the connection carry another request? */
bool response_may_keep(const struct response *r);

#endif
