/* SPDX-License-Identifier: BSD-2-Clause
 * The table of exchanges that wait for an origin: slots with generations, one lane per origin so that a slow
 * origin does not hold up the others, turns by network (flows.h), caps, deadlines. Pure; private to the core. */
#ifndef PROXY_EXCHANGE_H
#define PROXY_EXCHANGE_H

#include "core.h"
#include "flows.h"
#include "routes.h"

/* The CoAP side of one request: what an answer needs, now or later. */
struct asker {
	struct sl_ref ref; /* in the message layer */
	struct sl_peer peer;
	uint64_t network; /* of the fair queue; also for those without a quota */
	uint64_t id;
	uint64_t started_ms;
	size_t request_len; /* bytes of the datagram: the measure of the amplification budget */
	struct sl_map_request facts;
	struct sl_block_key key; /* of follow-ups, and of what is forwarded */
	const char *route;
	const struct origin *origin; /* NULL: not decided, or our own discovery */
	const char *route_path;      /* NULL: forward mode */
	struct sl_coap_block block1; /* to repeat in the answer */
	uint8_t method;
	uint8_t token_len;
	uint8_t szx; /* of Block2, the client's wish or ours */
	bool is_con;
	bool is_oscore;
	bool is_trusted; /* its prefix is one of trusted-prefixes */
	bool is_discovery;
	bool has_block1;
	bool wants_size2;
	int status;         /* HTTP, once it is known */
	const char *detail; /* of a failure at the origin side, fixed text; or NULL */
};

enum exchange_state {
	EXCHANGE_FREE,
	EXCHANGE_QUEUED,
	EXCHANGE_FETCHING,
	EXCHANGE_ABORTING, /* answered; the fetch is still to be stopped */
};

struct fetch_text {
	char url[ROUTES_URL_MAX];
	char oscore[SL_MAP_OSCORE_HEADER_MAX + 1];
	char content_type[96];
	char accept[96];
	bool has_oscore, has_content_type, has_accept, has_via, has_edhoc;
	const char *method;
	size_t body_len;
	uint8_t body[];
};

struct exchange {
	struct asker asker;
	struct fetch_text *text; /* owned */
	const struct origin *origin;
	uint32_t generation;
	uint32_t lane;
	uint32_t older, newer;               /* all that wait, in order of arrival */
	uint32_t queued_older, queued_newer; /* those of them that are queued */
	uint32_t next;                       /* in the abort list or in the free list */
	uint32_t next_of_peer;               /* chain of the peer's hash */
	enum exchange_state state;
	bool is_local; /* no Proxy-*: gateway-errors-503 may apply */
	bool has_etag;
};

#define EXCHANGE_CHAINS 1024

struct exchanges {
	struct exchange *slots;
	struct flows flows;
	uint32_t count;
	uint32_t free, oldest, newest, aborts;
	uint32_t queued_oldest, queued_newest;
	size_t origin_count;
	size_t lane_count; /* as many, or more since the last reload */
	size_t next_lane;  /* round robin */
	uint32_t queued, fetching;
	uint64_t text_bytes; /* of what waits and is fetched */
	uint32_t chains[EXCHANGE_CHAINS];
	uint8_t key[SL_SIPHASH_KEY_LEN];
	const struct limits *limits;
};

/* A request for an origin, and how much of the table its network may have. */
struct exchange_wish {
	struct exchange draft;
	struct fetch_text *text; /* taken over when it is added */
	uint64_t prefix_max;     /* requests of its network that wait or are at its origin */
};

enum exchange_verdict {
	EXCHANGE_ADDED,
	EXCHANGE_NO_ROOM,     /* the queue is full */
	EXCHANGE_PEER_FULL,   /* the end point has its share */
	EXCHANGE_PREFIX_FULL, /* the network has its share */
};

/* SL_ENOMEM. */
enum sl_err exchanges_init(struct exchanges *t, const struct config *config,
        const uint8_t key[static SL_SIPHASH_KEY_LEN]) SL_MUST_USE;
void exchanges_clear(struct exchanges *t);
/* As proxy_core_reload and proxy_core_needs. */
void exchanges_reload(struct exchanges *t, const struct config *config);
bool exchanges_need(const struct exchanges *t, const struct config *config);

enum exchange_verdict exchanges_add(struct exchanges *t, const struct exchange_wish *wish);
/* The queue is full: one to be ended in favour of this wish, of a network that has more; NULL: there is none. */
struct exchange *exchanges_rival(struct exchanges *t, const struct exchange_wish *wish);
/* The next one to fetch, now FETCHING; NULL when there is none, or none may start. */
struct exchange *exchanges_next(struct exchanges *t);
/* The one that ref names, while it is FETCHING; NULL when the ref is stale. */
struct exchange *exchanges_find(struct exchanges *t, struct sl_ref ref);
struct sl_ref exchange_ref(const struct exchanges *t, const struct exchange *x);
/* Ends it: a QUEUED or finished one is free at once, a FETCHING one when is_done, else it waits for its
 * abort. The asker is not to be used any more. */
void exchanges_end(struct exchanges *t, struct exchange *x, bool is_done);
bool exchanges_next_abort(struct exchanges *t, struct sl_ref *ref);
/* What one slot takes, in all tables. */
size_t exchanges_slot_bytes(void);

/* One that is over its time: queued for longer than queue-age, or older than total-timeout. NULL: none. */
struct exchange *exchanges_overdue(struct exchanges *t, uint64_t now_ms);
/* The oldest one that still waits for an answer; NULL: none. */
struct exchange *exchanges_oldest(struct exchanges *t);
uint64_t exchanges_wakeup(const struct exchanges *t);

#endif
