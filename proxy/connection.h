/* SPDX-License-Identifier: BSD-2-Clause
 * One TCP connection to an origin, kept from request to request, and the request it carries. It waits for
 * nothing and calls nobody. Private to the lean origin side. */
#ifndef PROXY_CONNECTION_H
#define PROXY_CONNECTION_H

#include "request.h"
#include "response.h"

/* What all connections of one side use, one at a time. */
struct connection_room {
	uint8_t in[64 * 1024];
	uint8_t head[REQUEST_HEAD_MAX];
};

struct connection {
	int fd;                      /* -1: none */
	const struct origin *origin; /* that it leads to */
	struct core_fetch fetch;
	size_t sent;       /* bytes of the request, head and body */
	uint64_t received; /* bytes since it was sent */
	bool is_connected, is_sent;
	bool is_broken; /* the origin takes nothing more; it may have spoken before */
	bool is_early; /* bytes came before the request left: there may be more answers than requests */
	struct response response;
};

/* What a step came to. */
struct connection_step {
	bool is_over; /* RESPONSE: response holds it; else transport and detail say why there is none */
	enum sl_map_transport transport;
	const char *detail; /* fixed text, or NULL */
	bool is_address_refused;
	bool has_more; /* the origin said more than it was asked for */
};

void connection_init(struct connection *c, size_t body_max);
/* Begins to connect, to no address that the origin's policy refuses. Not over: connection_send comes next. */
struct connection_step connection_open(struct connection *c, const struct origin *origin);
void connection_close(struct connection *c);
/* Nothing has come that nobody asked for, its end neither (RFC 9112 section 9.2). */
bool connection_is_silent(const struct connection *c);
/* Takes over a request; connection_send sends it. */
void connection_ask(struct connection *c, const struct core_fetch *fetch);
/* Sends what the kernel takes; ask again when it takes more, while !is_sent. */
struct connection_step connection_send(struct connection *c, struct connection_room *room);
/* Reads once. *may_keep: the step is over, and the connection may carry another request. */
struct connection_step connection_receive(
        struct connection *c, struct connection_room *room, bool *may_keep);

#endif
