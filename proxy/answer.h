/* SPDX-License-Identifier: BSD-2-Clause
 * Answers to the device side: outer Block2 slices, the amplification budget of unverified peers, Echo
 * challenges, No-Response, and the record for the log. Private to the core. */
#ifndef PROXY_ANSWER_H
#define PROXY_ANSWER_H

#include "admission.h"
#include "exchange.h"
#include "memory.h"

#define RECORDS_MAX 512

struct proxy_core {
	const struct config *config;
	struct sl_messages *messages;
	struct sl_blocks *blocks;
	struct sl_echo *echo;
	struct admission admission; /* OSCORE requests */
	struct admission plain;     /* all others */
	struct bucket datagrams;    /* of peers that are not verified */
	struct bucket forwards;     /* of their requests */
	struct exchanges exchanges;
	uint8_t hash_key[SL_SIPHASH_KEY_LEN];
	uint64_t tables_bytes;
	uint64_t blocks_wakeup;
	uint64_t next_id;
	bool is_draining;
	struct core_record records[RECORDS_MAX]; /* a ring */
	uint64_t records_begin, records_end;
	struct core_counts counts;
};

/* A refusal made here. text is a fixed diagnostic or NULL. */
struct refusal {
	uint8_t code;
	bool has_max_age;
	uint32_t max_age;
	bool has_size1;
	uint32_t size1;
	enum core_refusal kind;
	const char *text;
	const char *reason; /* for the log */
};

/* What the budget counts now. */
uint64_t core_memory_used(const struct proxy_core *core);
/* Answers a waiting exchange as the transport says, and ends it. */
void core_end_exchange(
        struct proxy_core *core, struct exchange *x, enum sl_map_transport why, uint64_t now_ms);

/* The peer showed that it hears us, or it needs not: see config keys echo and trusted-prefixes. */
bool answer_is_verified(const struct proxy_core *core, const struct asker *a, uint64_t now_ms);
/* Could a whole minimal slice go out within the budget? Otherwise an unverified peer is challenged first. */
bool answer_may_fit(const struct asker *a);

void answer_refuse(
        struct proxy_core *core, const struct asker *a, const struct refusal *why, uint64_t now_ms);
/* 4.01 with Echo (RFC 9175 section 2.3). */
void answer_challenge(struct proxy_core *core, const struct asker *a, uint64_t now_ms);
void answer_continue(struct proxy_core *core, const struct asker *a, uint64_t now_ms);
/* What the mapping made of the origin's result. */
void answer_reply(struct proxy_core *core, const struct asker *a, const struct sl_map_reply *reply,
        uint64_t now_ms);
/* The slice of a kept answer that a follow-up asks for. */
void answer_slice(
        struct proxy_core *core, const struct asker *a, struct sl_coap_block wish, uint64_t now_ms);
/* Our own discovery document from its beginning; later slices come from answer_slice. */
void answer_discovery(struct proxy_core *core, const struct asker *a, uint64_t now_ms);

#endif
