/* SPDX-License-Identifier: BSD-2-Clause
 * Outer block-wise transfer at a server (RFC 7959): bodies collected from Block1,
 * answers cut into Block2 slices. Pure; all memory is bounded: a table of fixed size, bytes only
 * for blocks that really came, never by Size1. */
#ifndef SL_BLOCKS_H
#define SL_BLOCKS_H

#include <sl/coap.h>
#include <sl/messages.h>

#define SL_BLOCK_KEY_LEN 16

/* A transfer's name: keyed digest over end point, method and all cache-key options but Block1 and
 * Block2 (so over Proxy-*, Uri-*, the OSCORE value and every Request-Tag). RFC 7959 2.4/2.5, 9175
 * 3, 8613 4.1.3.4.2. */
struct sl_block_key {
	uint8_t bytes[SL_BLOCK_KEY_LEN];
};

void sl_block_key(struct sl_block_key *key, const uint8_t hash_key[static SL_SIPHASH_KEY_LEN],
	const struct sl_peer *peer, const struct sl_coap_msg *request);

#define SL_BLOCKS_TRANSFER_BYTES 288 /* of tables, at most, for each upload and kept answer */

struct sl_blocks_config {
	uint32_t bodies_max;          /* open uploads in all; default 1024 */
	uint32_t bodies_per_peer_max; /* 4 */
	uint32_t body_bytes_max;      /* largest body, default 16 KiB */
	uint64_t bytes_max;           /* all bodies and kept answers together; default 16 MiB. Open
	                               * uploads are allocated up to a quarter larger */
	uint32_t idle_ms;             /* silence after which a transfer is dropped; default 60000 */
	uint32_t answers_max;         /* answers kept for Block2 follow-ups; default 1024 */
	/* What the end points of one network have of it; 0 (default): no quota. */
	uint32_t bodies_per_network_max;
	uint32_t answers_per_network_max;
	uint64_t bytes_per_network_max;
	uint8_t hash_key[SL_SIPHASH_KEY_LEN];
};

void sl_blocks_config_init(struct sl_blocks_config *config);

struct sl_blocks;

enum sl_err sl_blocks_new(struct sl_blocks **out, const struct sl_blocks_config *config)
	SL_MUST_USE;
void sl_blocks_free(struct sl_blocks *b);

enum sl_block_verdict {
	SL_BLOCK_WHOLE,      /* the body is complete: got->body */
	SL_BLOCK_CONTINUE,   /* 2.31 with got->block */
	SL_BLOCK_INCOMPLETE, /* 4.08: a gap, out of order, unknown transfer */
	SL_BLOCK_TOO_LARGE,  /* 4.13, Size1 = body_bytes_max */
	SL_BLOCK_BAD,        /* 4.00: szx 7, a non-final block that is not of its size */
	SL_BLOCK_BUSY,       /* 5.03: no room, for all or for the network */
};

/* What came of it: the body of a WHOLE one; the Block1 value to answer with (when the request had
 * one). */
struct sl_block_got {
	struct sl_span body; /* valid until the next call into the table */
	bool has_block;
	struct sl_coap_block block;
};

/* One Block1 request. A request without Block1 is WHOLE at once. NUM 0 restarts its transfer, every
 * other verdict than CONTINUE ends it. Two uploads of one key at once cannot be told apart: RFC
 * 7959 section 2.5 forbids them to the client, Request-Tag is the cure. */
enum sl_block_verdict sl_blocks_put(struct sl_blocks *b, const struct sl_peer *peer,
	const struct sl_coap_msg *request, uint64_t now_ms, struct sl_block_got *got);

/* An answer that needs more than one slice: kept under the key of its request. */
struct sl_block_answer {
	uint8_t code;
	struct sl_span options; /* delta-coded, without Block2 and Size2: repeated in each slice */
	struct sl_span body;
};

/* Copies. Replaces what the key had; at bodies_per_peer_max answers the peer's oldest leaves; of
 * all others, and for a network that has its share, only those whose last slice was served.
 * SL_ELIMIT, SL_ENOMEM. */
enum sl_err sl_blocks_keep(struct sl_blocks *b, const struct sl_peer *peer,
	const struct sl_block_key *key, const struct sl_block_answer *answer, uint64_t now_ms)
	SL_MUST_USE;

struct sl_block_slice {
	struct sl_block_answer part; /* body is this slice only; borrowed until the next call */
	struct sl_coap_block block;  /* the Block2 value to send */
	uint32_t size;               /* the whole body, for Size2 */
};

/* The slice that a follow-up asks for. The last slice does not end the transfer (it may be asked
 * again); idle_ms does. SL_ENOTFOUND (answer 4.08), SL_EMALFORMED (beyond the end: 4.00). */
enum sl_err sl_blocks_slice(struct sl_blocks *b, const struct sl_block_key *key,
	struct sl_coap_block wish, uint64_t now_ms, struct sl_block_slice *slice) SL_MUST_USE;

/* Drops what was silent for idle_ms. Returns when to call again; UINT64_MAX: nothing is held. */
uint64_t sl_blocks_on_time(struct sl_blocks *b, uint64_t now_ms);

struct sl_blocks_counts {
	uint32_t bodies, answers;
	uint64_t bytes;
	uint64_t completed, expired, refused;
	uint64_t over_quota; /* of the refused ones: their network has its share */
};

struct sl_blocks_counts sl_blocks_counts(const struct sl_blocks *b);

#endif
