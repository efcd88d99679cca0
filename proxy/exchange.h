/* SPDX-License-Identifier: BSD-2-Clause
 * The table of exchanges that wait for an origin: slots with generations, one queue (lane) per origin so
 * that a slow origin does not hold up the others, caps, deadlines. Pure; private to the core. */
#ifndef PROXY_EXCHANGE_H
#define PROXY_EXCHANGE_H

#include "core.h"
#include "routes.h"

/* The CoAP side of one request: what an answer needs, now or later. */
struct asker {
	struct sl_ref ref; /* in the message layer */
	struct sl_peer peer;
	uint64_t id;
	uint64_t started_ms;
	size_t request_len; /* bytes of the datagram: the measure of the amplification budget */
	struct sl_map_request facts;
	struct sl_block_key key;
	const char *route;
	const struct origin *origin; /* NULL: not decided, or our own discovery */
	const char *route_path;      /* NULL: forward mode */
	struct sl_coap_block block1; /* to repeat in the answer */
	uint8_t method;
	uint8_t token_len;
	uint8_t szx; /* of Block2, the client's wish or ours */
	bool is_con;
	bool is_oscore;
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

#define NO_SLOT UINT32_MAX

struct exchange {
	struct asker asker;
	struct fetch_text *text; /* owned */
	const struct origin *origin;
	uint32_t generation;
	uint32_t lane;
	uint32_t older, newer; /* all that wait, in order of arrival */
	uint32_t next;         /* in its lane's queue, in the abort list or in the free list */
	uint32_t next_of_peer; /* chain of the peer's hash */
	enum exchange_state state;
	bool is_local; /* no Proxy-*: gateway-errors-503 may apply */
	bool has_etag;
};

struct lane {
	uint32_t head, tail;
	uint32_t fetching;
};

#define EXCHANGE_CHAINS 1024

struct exchanges {
	struct exchange *slots;
	uint32_t count;
	uint32_t free, oldest, newest, aborts;
	struct lane *lanes;
	size_t lane_count;
	size_t next_lane; /* round robin */
	uint32_t queued, fetching;
	uint32_t chains[EXCHANGE_CHAINS];
	uint8_t key[SL_SIPHASH_KEY_LEN];
	const struct limits *limits;
};

/* SL_ENOMEM. */
enum sl_err exchanges_init(struct exchanges *t, const struct config *config,
        const uint8_t key[static SL_SIPHASH_KEY_LEN]) SL_MUST_USE;
void exchanges_clear(struct exchanges *t);

/* Puts a request into its lane; takes *text over. SL_ELIMIT: the queue or the peer's share is full. */
enum sl_err exchanges_add(
        struct exchanges *t, const struct exchange *draft, struct fetch_text *text) SL_MUST_USE;
/* The next one to fetch, now FETCHING; NULL when there is none, or none may start. */
struct exchange *exchanges_next(struct exchanges *t);
/* The one that ref names, while it is FETCHING; NULL when the ref is stale. */
struct exchange *exchanges_find(struct exchanges *t, struct sl_ref ref);
struct sl_ref exchange_ref(const struct exchanges *t, const struct exchange *x);
/* Ends it: a QUEUED or finished one is free at once, a FETCHING one when is_done, else it waits for its
 * abort. The asker is not to be used any more. */
void exchanges_end(struct exchanges *t, struct exchange *x, bool is_done);
bool exchanges_next_abort(struct exchanges *t, struct sl_ref *ref);

/* One that is over its time: queued for longer than queue-age, or older than total-timeout. NULL: none. */
struct exchange *exchanges_overdue(struct exchanges *t, uint64_t now_ms);
/* The oldest one that still waits for an answer; NULL: none. */
struct exchange *exchanges_oldest(struct exchanges *t);
uint64_t exchanges_wakeup(const struct exchanges *t);

#endif
