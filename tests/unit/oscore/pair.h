/* SPDX-License-Identifier: BSD-2-Clause
 * Two ends of one security context (RFC 8613 C.1: client id empty, server id 01), and sealed
 * messages with the room that they lie in. */
#ifndef PAIR_H
#define PAIR_H

#include "support.h"

#include <sl/oscore.h>

struct pair {
	struct sl_oscore_ctx client, server;
};

/* One protected message as it crosses the network, and the exchange of the end that made it. */
struct crossing {
	uint8_t bytes[512];
	struct sl_oscore_sealed sealed;
	struct sl_oscore_exchange exchange;
};

struct sl_oscore_params client_params(void);
/* The same with the two ids exchanged. */
struct sl_oscore_params mirrored(struct sl_oscore_params p);
/* Both ends, all sequence numbers reserved. */
void pair_init(struct pair *p);
/* The client's sequence number for its next request. */
void pair_set_ssn(struct pair *p, uint64_t ssn);

/* A GET for "/tv1" with the client's next number. */
void request_cross(struct pair *p, struct crossing *c);
/* The server's view of a crossed request; inner may be NULL. */
enum sl_oscore_outcome request_arrives(
        struct pair *p, const struct crossing *c, struct sl_oscore_exchange *exchange);
/* Any plaintext, sealed by hand under the client's key as a request with this Partial IV: what no
 * honest client would send. */
void plaintext_cross(struct pair *p, struct sl_span plaintext, uint8_t piv, struct crossing *c);

#endif
