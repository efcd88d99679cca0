/* SPDX-License-Identifier: BSD-2-Clause
 * The outside of a protected request: what a proxy reads (RFC 8613 sections 4.1.3.2, 4.1.3.3
 * and 11.2). Forward mode names the target in Proxy-Scheme, Uri-Host and Uri-Port; reverse mode
 * names nothing, or a path that only chooses the route. A message_3 of EDHOC may go with it (RFC
 * 9668 section 3.2.1). Pure. */
#ifndef OUTER_H
#define OUTER_H

#include "endpoint.h"

#include <sl/coap.h>
#include <sl/oscore.h>

#define OUTER_PATH_MAX 63
#define OUTER_ECHO_MAX 40 /* RFC 9175 section 2.2.1 */
#define OUTER_TEXT_MAX 2048
/* Bytes of message_3 and ciphertext: more would need blocks on the link, and save nothing. */
#define OUTER_COMBINED_MAX 1024

struct outer_route {
	bool is_forward;
	struct endpoint target;        /* of forward mode */
	char path[OUTER_PATH_MAX + 1]; /* of reverse mode; empty: none */
};

struct outer_echo {
	uint8_t bytes[OUTER_ECHO_MAX];
	size_t len; /* 0: none */
};

/* One protected request and what its response is checked against. The message borrows from the
 * struct. */
struct outer {
	struct sl_span message_3; /* set by the caller, borrowed: combined; empty: alone */
	struct sl_coap_msg msg;
	struct sl_oscore_exchange exchange;
	struct sl_oscore_sealed sealed;
	uint8_t payload[OUTER_TEXT_MAX];
	char host[ENDPOINT_HOST_MAX + 3];
	struct outer_echo echo;
};

/* The options of a route alone; the message borrows from host and route. */
enum sl_err outer_add_route(struct sl_coap_msg *msg, const struct outer_route *route,
        char host[static ENDPOINT_HOST_MAX + 3]) SL_MUST_USE;

/* Protects *inner with the next sequence number of ctx and dresses it. echo may be NULL.
 * SL_ELIMIT: the context has no reserved number. SL_ESPACE: over OUTER_COMBINED_MAX; the number may
 * be lost. Other errors as of sl_oscore_protect_request. */
enum sl_err outer_build(struct outer *o, struct sl_oscore_ctx *ctx, const struct sl_coap_msg *inner,
        const struct outer_route *route, const struct outer_echo *echo) SL_MUST_USE;

/* The value of an Echo option that may be returned. SL_ENOTFOUND, SL_EMALFORMED (not 1 to 40
 * bytes). */
enum sl_err outer_echo_of(const struct sl_coap_msg *msg, struct outer_echo *echo) SL_MUST_USE;

#endif
