/* SPDX-License-Identifier: BSD-2-Clause
 * The check of a parsed HTTP/1.1 request head, before anything else looks at it (RFC 9112 sections 3 and
 * 6, RFC 8613 section 11). Pure. The HTTP library is lenient; what it let through is refused here. */
#ifndef HEAD_H
#define HEAD_H

#include <sl/err.h>
#include <sl/oscore.h>
#include <sl/span.h>

#define HEAD_FIELDS_MAX 64
#define HEAD_TARGET_MAX 1024 /* bytes of a request target */

struct head_field {
	struct sl_span name, value;
};

/* As the library parsed it; everything borrows from the library. */
struct head {
	struct sl_span method, target, version; /* target: raw, with its query */
	const struct head_field *fields;
	size_t field_count;
	/* The spans lie where they arrived, one behind the other in one buffer. Then the bytes between them are
	 * accounted for: exactly one CRLF after each line, so no bare LF, no folded line, no NUL. */
	bool is_in_place;
	const uint8_t
	        *target_at; /* where the target arrived, with is_in_place; target may be a copy */
	size_t size;        /* bytes of the whole head; 0: not known */
};

struct head_rules {
	const char *const *paths; /* of the OSCORE end point, at least "/" */
	size_t path_count;
	const char *short_root; /* of the EST resources, e.g. "/est"; NULL: none */
	uint64_t body_max;      /* bytes */
	bool takes_edhoc, takes_combined;
};

enum head_kind {
	HEAD_OSCORE,    /* POST with an OSCORE message in it */
	HEAD_EDHOC,     /* POST /.well-known/edhoc (RFC 9528 section A.2) */
	HEAD_DISCOVERY, /* plain GET /.well-known/core */
};

struct head_request {
	enum head_kind kind;
	uint8_t option[SL_OSCORE_OPTION_MAX]; /* value of the CoAP option, HEAD_OSCORE */
	size_t option_len;
	bool is_combined;  /* HEAD_OSCORE: message_3 stands before the ciphertext (RFC 9668) */
	uint64_t body_len; /* announced; 0 with chunked */
	bool is_chunked;
	struct sl_span query; /* raw, without "?"; borrows from the target */
};

struct head_refusal {
	int status;        /* 400 403 404 405 411 413 414 415 417 431 505 */
	const char *text;  /* fixed, for the body and the log */
	const char *allow; /* value of an Allow field with 405, else NULL */
};

/* True: *out is filled. False: *why is filled, answer it and close the connection. */
bool head_check(const struct head *head, const struct head_rules *rules, struct head_request *out,
        struct head_refusal *why);

#endif
