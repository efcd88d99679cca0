/* SPDX-License-Identifier: BSD-2-Clause
 * What the core counts, and the closed lists behind it: reasons of refusals, CoAP codes, HTTP status classes,
 * ways in which a fetch ends, durations. Each list is a label of a metric, so nothing a peer sends may make it
 * longer. Pure. */
#ifndef PROXY_COUNTS_H
#define PROXY_COUNTS_H

#include <sl/blocks.h>
#include <sl/mappings.h>

/* Why a request was refused here. */
enum core_refusal {
	CORE_NOT_REFUSED, /* answered, or the origin's error passed on */
	CORE_REFUSED_RATE,
	CORE_REFUSED_PLAIN_RATE,
	CORE_REFUSED_OPTION,
	CORE_REFUSED_HOP_LIMIT,
	CORE_REFUSED_TARGET,
	CORE_REFUSED_ROUTE,
	CORE_REFUSED_ORIGIN,
	CORE_REFUSED_METHOD,
	CORE_REFUSED_ACCEPT,
	CORE_REFUSED_PLAIN,
	CORE_REFUSED_DRAINING,
	CORE_REFUSED_BLOCK,
	CORE_REFUSED_TOO_LARGE,
	CORE_REFUSED_UPLOADS,
	CORE_REFUSED_QUEUE,
	CORE_REFUSED_PEER,
	CORE_REFUSED_PREFIX,
	CORE_REFUSED_MEMORY,
	CORE_REFUSED_TABLE,
	CORE_REFUSED_ANSWER_ROOM,
	CORE_REFUSED_UNVERIFIED, /* the challenge */
	CORE_REFUSALS,
};

extern const char *const core_refusal_names[CORE_REFUSALS];

/* CoAP codes with a row of their own; the last row is any other. */
#define COUNTS_CODES 27
extern const char *const counts_code_names[COUNTS_CODES];
size_t counts_code_row(uint8_t code);

/* HTTP status classes 1xx to 5xx in rows 0 to 4; the last row is any other. */
#define COUNTS_CLASSES 6
extern const char *const counts_class_names[COUNTS_CLASSES];
size_t counts_class_row(int status);

#define COUNTS_TRANSPORTS (SL_MAP_SHUTTING_DOWN + 1)
extern const char *const counts_transport_names[COUNTS_TRANSPORTS];

/* Upper bounds of the time from a request to its answer; the last row is unbounded. */
#define COUNTS_DURATIONS 12
extern const char *const counts_duration_names[COUNTS_DURATIONS]; /* in seconds */
size_t counts_duration_row(uint64_t ms);

struct core_counts {
	uint64_t requests;  /* new requests, duplicates not counted */
	uint64_t forwarded; /* fetches handed out */
	uint64_t answered, refused, challenged, suppressed;
	uint64_t late_results; /* for exchanges that were over */
	uint64_t multicast, oversize, stateless, records_lost;
	uint64_t sliced;    /* answers made smaller than the client's wish, for want of budget */
	uint64_t shortened; /* diagnostic texts left out, for want of budget */
	uint64_t silent;    /* requests left without any answer, for want of memory */
	uint64_t unread;    /* datagrams of peers that are not verified, beyond what is read of them */
	uint64_t refusals[CORE_REFUSALS];
	uint64_t responses[COUNTS_CODES];
	uint64_t transports[COUNTS_TRANSPORTS];
	uint64_t statuses[COUNTS_CLASSES];
	uint64_t durations[COUNTS_DURATIONS]; /* of what was asked of an origin */
	uint64_t duration_sum_ms;
	uint32_t queued, fetching;
	struct sl_messages_counts messages;
	struct sl_blocks_counts blocks;
	uint32_t verified_peers;
	uint64_t memory_used, memory_budget; /* bytes, see memory.h */
	uint32_t memory_level;
};

#endif
