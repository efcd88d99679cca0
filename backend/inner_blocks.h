/* SPDX-License-Identifier: BSD-2-Clause
 * Inner block-wise transfer (RFC 7959 under RFC 8613 section 4.1.3.4.1): each block is an OSCORE message of
 * its own, so it is authenticated and belongs to one security context. Requests are collected from Block1,
 * answers cut into Block2. Pure and not locked: the owner has the lock. All memory is bounded. */
#ifndef INNER_BLOCKS_H
#define INNER_BLOCKS_H

#include <sl/buf.h>
#include <sl/coap.h>

#define INNER_SLICE_MAX 1024 /* largest block, szx 6 */

struct inner_blocks_config {
	unsigned transfers_max;   /* uploads and kept answers of all contexts */
	unsigned per_context_max; /* of one context; the one silent for longest leaves */
	size_t body_max;          /* bytes of a reassembled request */
	size_t bytes_max;         /* bytes held for all contexts */
	uint64_t idle_ms;         /* silence after which a transfer is dropped */
};

/* 1024 transfers, 4 per context, 16 KiB, 16 MiB, 90 s. */
void inner_blocks_config_init(struct inner_blocks_config *config);

struct inner_blocks;

/* SL_ENOMEM, SL_EMALFORMED (a maximum of 0). */
enum sl_err inner_blocks_new(
        struct inner_blocks **out, const struct inner_blocks_config *config) SL_MUST_USE;
void inner_blocks_free(struct inner_blocks *b); /* NULL is fine; wipes */

enum inner_verdict {
	INNER_WHOLE,  /* the request is complete: *body is it, hand it to the service */
	INNER_ANSWER, /* *answer says what to send; the service is not asked */
};

/* A response before and after it is cut. The payload borrows as each function says. */
struct inner_answer {
	uint8_t code;
	struct sl_span payload;
	bool has_content_format;
	uint16_t content_format;
	bool has_max_age;
	uint32_t max_age;
	bool has_block1, has_block2;
	struct sl_coap_block block1, block2;
	bool has_size1, has_size2;
	uint32_t size1, size2;
};

/* A request of a context. INNER_WHOLE: *body is set and the caller owns it (sl_buf_clear it); a request
 * without Block1 leaves *body empty, then the payload of the request is the body. INNER_ANSWER: 2.31, 4.00,
 * 4.08, 4.13 or 5.03, or the next slice of a kept answer, whose payload is copied into slice. */
struct inner_ask {
	int64_t context_id;
	const struct sl_coap_msg *request;
	uint64_t now_ms;
	uint8_t *slice; /* INNER_SLICE_MAX bytes */
};

enum inner_verdict inner_blocks_request(struct inner_blocks *b, const struct inner_ask *ask,
        struct sl_buf *body, struct inner_answer *answer);

/* The service's answer to a WHOLE request, cut to what is sent now. Answers over 1024 bytes, or over the
 * client's wish, become slices; those of a POST are kept for its follow-ups, a GET is asked again. Adds the
 * request's last Block1. The payload stays borrowed from the caller. Becomes 5.03 when it cannot be kept. */
void inner_blocks_answer(
        struct inner_blocks *b, const struct inner_ask *ask, struct inner_answer *answer);

struct inner_blocks_counts {
	unsigned transfers;
	size_t bytes;
};

struct inner_blocks_counts inner_blocks_counts(const struct inner_blocks *b);

#endif
