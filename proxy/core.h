/* SPDX-License-Identifier: BSD-2-Clause
 * The proxy without its shells: datagrams, origin results and the time go in; datagrams, fetches, aborts
 * and finished exchanges come out. It calls nobody, reads no clock, opens nothing. Evaluation order:
 * spec table 9.1 (docs/architecture.md). One fetch per CoAP exchange, ever. */
#ifndef PROXY_CORE_H
#define PROXY_CORE_H

#include <sl/blocks.h>
#include <sl/echo.h>

#include "config.h"
#include "counts.h"

struct proxy_core;

struct proxy_core_config {
	const struct config *config;          /* borrowed until proxy_core_reload */
	uint8_t hash_key[SL_SIPHASH_KEY_LEN]; /* random per start */
	uint8_t echo_key[SL_SIPHASH_KEY_LEN];
	uint8_t seed[16];
};

/* SL_ENOMEM. */
enum sl_err proxy_core_new(
        struct proxy_core **out, const struct proxy_core_config *config) SL_MUST_USE;
void proxy_core_free(struct proxy_core *core);

/* peer is made by peer_encode. now_ms is monotonic. */
void proxy_core_on_datagram(struct proxy_core *core, const struct sl_peer *peer,
        struct sl_span datagram, uint64_t now_ms);
/* What became of a fetch. A stale ref is counted and dropped, never mistaken. */
void proxy_core_on_origin_result(struct proxy_core *core, struct sl_ref ref,
        const struct sl_map_http_result *result, uint64_t now_ms);
void proxy_core_on_time(struct proxy_core *core, uint64_t now_ms);
/* When to call on_time; UINT64_MAX: never. */
uint64_t proxy_core_wakeup(const struct proxy_core *core);

/* New requests follow config from here on, which has the sizes of the one before (config_reload). What waits or is
 * fetched keeps its origin: the configuration before stays borrowed for as long as proxy_core_needs says so. */
void proxy_core_reload(struct proxy_core *core, const struct config *config);
bool proxy_core_needs(const struct proxy_core *core, const struct config *config);

/* From now on new requests are refused with 5.03 and Max-Age 10. */
void proxy_core_drain(struct proxy_core *core);
/* What still runs is answered 5.03: the drain took too long. */
void proxy_core_give_up(struct proxy_core *core, uint64_t now_ms);
/* No exchange waits for an origin. */
bool proxy_core_is_idle(const struct proxy_core *core);
/* Idle, and every answer that asked for an ACK has it, or has no hope of it any more. */
bool proxy_core_is_settled(const struct proxy_core *core);

/* The next datagram to send; false when there is none. Borrowed until the next call. */
bool proxy_core_next_send(struct proxy_core *core, struct sl_datagram_out *out);

/* One HTTP request. Everything is borrowed until a result or an abort for ref. */
struct core_fetch {
	struct sl_ref ref;
	const struct origin *origin;
	const char *method;
	const char *url;
	const char *oscore;       /* field value; NULL: no OSCORE request */
	const char *content_type; /* NULL: no field */
	const char *accept;       /* NULL: no field */
	bool has_via;             /* the request carried Hop-Limit (RFC 8768) */
	bool has_edhoc;
	struct sl_span body;
};

/* The next fetch to start, while fewer than limits.transfers run; false when there is none. */
bool proxy_core_next_fetch(struct proxy_core *core, struct core_fetch *out);
/* The next fetch that nobody waits for any more; false when there is none. */
bool proxy_core_next_abort(struct proxy_core *core, struct sl_ref *ref);

/* One finished exchange, for the log. */
struct core_record {
	uint64_t id;
	struct sl_peer peer;
	bool is_oscore;
	const char *route;  /* the origin's name, or "-" */
	int status;         /* HTTP; 0: none */
	uint8_t code;       /* CoAP */
	bool is_suppressed; /* No-Response */
	uint8_t method;     /* CoAP, of the request */
	bool is_verified;   /* the peer had shown that it hears us */
	bool is_inner;      /* a block that went no further than us: counted, but not handed out */
	bool is_refusal;    /* made here, or an unprotected error */
	enum core_refusal refusal;
	uint64_t elapsed_ms;
	size_t bytes_in, bytes_out;
	const char *reason; /* fixed text */
	const char *detail; /* fixed text, what the HTTP client says of a failure; or NULL */
};

/* False when there is none. Records that nobody takes are overwritten, oldest first. */
bool proxy_core_next_record(struct proxy_core *core, struct core_record *out);

struct core_counts proxy_core_counts(const struct proxy_core *core);

#endif
