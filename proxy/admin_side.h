/* SPDX-License-Identifier: BSD-2-Clause
 * A small HTTP server for the operator, through libevent's evhttp on our loop: GET and HEAD, short heads, no
 * bodies, short time-outs. Moves bytes, decides nothing. The only file that knows evhttp. */
#ifndef PROXY_ADMIN_SIDE_H
#define PROXY_ADMIN_SIDE_H

#include <sl/span.h>

#include "loop.h"

struct admin_side;

struct admin_answer {
	int status;
	const char *content_type;
	struct sl_span body; /* valid until the next question */
};

typedef void (*admin_question_fn)(void *ctx, const char *path, struct admin_answer *answer);

struct admin_side_config {
	struct loop *loop;
	int fd; /* a listening socket; not closed here */
	admin_question_fn on_question;
	void *ctx;
};

/* SL_ENOMEM, SL_EIO. */
enum sl_err admin_side_new(
        struct admin_side **out, const struct admin_side_config *config) SL_MUST_USE;
void admin_side_free(struct admin_side *side);

#endif
