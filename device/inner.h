/* SPDX-License-Identifier: BSD-2-Clause
 * One request and its answer inside the protection, cut into blocks where needed (RFC 7959;
 * inner blocks of RFC 8613 section 4.1.3.4.1: every block is an OSCORE message of its own).
 * Pure. */
#ifndef INNER_H
#define INNER_H

#include <sl/buf.h>
#include <sl/coap.h>

#define INNER_PATH_MAX     255
#define INNER_REQUEST_MAX  (16 * 1024) /* bytes of a request body */
#define INNER_ANSWER_MAX   (64 * 1024) /* bytes of an assembled answer */
#define INNER_RESTARTS_MAX 2           /* transfers begun again after 4.08 or 4.13; below 4 */
#define INNER_ETAG_MAX     8

struct inner_request {
	uint8_t code;     /* GET, POST, ... */
	const char *path; /* "/est/sen", may hold a query */
	bool has_format, has_accept;
	uint32_t format, accept;
	struct sl_span body;
};

struct inner_answer {
	uint8_t code;
	bool has_format;
	uint32_t format;
	uint32_t max_age_s;  /* 60 when absent (RFC 7252 section 5.10.5) */
	struct sl_span body; /* borrowed until the next start or clear */
};

enum inner_verdict {
	INNER_NEXT,   /* another message: inner_build */
	INNER_DONE,   /* inner_answer is complete */
	INNER_BROKEN, /* the peer breaks RFC 7959, or its answer is over INNER_ANSWER_MAX */
};

/* Fields are the room's own. */
struct inner {
	struct inner_request request;
	char path[INNER_PATH_MAX + 1];
	struct sl_buf body, got;
	uint64_t request_tag;
	uint8_t tag[8]; /* the Request-Tag option, RFC 9175 section 3 */
	size_t tag_len;
	uint8_t wish_szx; /* for answers */
	uint8_t szx;      /* of the upload */
	size_t offset;    /* of the block to send */
	bool is_cut;      /* the request goes in blocks */
	bool is_collecting;
	uint8_t got_szx;
	uint8_t etag[INNER_ETAG_MAX];
	size_t etag_len;
	unsigned restarts;
	struct inner_answer answer;
};

void inner_init(struct inner *in);
void inner_clear(struct inner *in);
/* Copies the request. request_tag: a number below 2^62 not used before in this security
 * context; it names the transfer when the body is cut. szx 0..6. SL_ELIMIT (path, body),
 * SL_EMALFORMED (path), SL_ENOMEM. */
enum sl_err inner_start(struct inner *in, const struct inner_request *request, uint8_t szx,
        uint64_t request_tag) SL_MUST_USE;
/* The message to send now; it borrows from *in. */
enum sl_err inner_build(const struct inner *in, struct sl_coap_msg *msg) SL_MUST_USE;
/* An authentic response to that message. */
enum inner_verdict inner_on_response(
        struct inner *in, const struct sl_coap_msg *response) SL_MUST_USE;
/* Valid after INNER_DONE. */
const struct inner_answer *inner_answer(const struct inner *in);

#endif
