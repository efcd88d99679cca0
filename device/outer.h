/* SPDX-License-Identifier: BSD-2-Clause
 * The outside of a protected request: what a proxy reads (RFC 8613 sections 4.1.3.2, 4.1.3.3
 * and 11.2). Forward mode names the target in Proxy-Scheme, Uri-Host and Uri-Port; reverse mode
 * names nothing, or a path that only chooses the route. Pure. */
#ifndef OUTER_H
#define OUTER_H

#include "endpoint.h"

#include <sl/coap.h>
#include <sl/oscore.h>

#define OUTER_PATH_MAX 63
#define OUTER_ECHO_MAX 40 /* RFC 9175 section 2.2.1 */
#define OUTER_TEXT_MAX 2048

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
	struct sl_coap_msg msg;
	struct sl_oscore_exchange exchange;
	struct sl_oscore_sealed sealed;
	uint8_t ciphertext[OUTER_TEXT_MAX];
	char host[ENDPOINT_HOST_MAX + 3];
	struct outer_echo echo;
};

/* Protects *inner with the next sequence number of ctx and dresses it. echo may be NULL.
 * SL_ELIMIT: the context has no reserved number. Other errors as of sl_oscore_protect_request. */
enum sl_err outer_build(struct outer *o, struct sl_oscore_ctx *ctx, const struct sl_coap_msg *inner,
        const struct outer_route *route, const struct outer_echo *echo) SL_MUST_USE;

/* The value of an Echo option that may be returned. SL_ENOTFOUND, SL_EMALFORMED (not 1 to 40
 * bytes). */
enum sl_err outer_echo_of(const struct sl_coap_msg *msg, struct outer_echo *echo) SL_MUST_USE;

#endif
