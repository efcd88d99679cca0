/* SPDX-License-Identifier: BSD-2-Clause
 * The proxy's core between a fake device side and a fake origin side, with a clock moved by hand. What comes
 * out is collected; every datagram is checked for form, every fetch for being the only one of its request. */
#ifndef TESTS_SCENARIO_PROXY_LAB_H
#define TESTS_SCENARIO_PROXY_LAB_H

#include <support.h>

#include "core.h"

#define LAB_SENT_MAX    4096
#define LAB_FETCHES_MAX 2048

struct lab_sent {
	struct sl_peer peer;
	uint64_t at_ms;
	size_t len;
	uint8_t bytes[SL_DATAGRAM_MAX];
	struct sl_coap_msg msg; /* borrows from bytes */
};

struct lab_fetch {
	struct core_fetch fetch; /* borrowed by the core's rules */
	uint64_t at_ms;
	bool is_aborted;
};

struct lab {
	struct config *config;
	struct proxy_core *core;
	uint64_t now_ms;
	struct lab_sent *sent;
	size_t sent_count;
	struct lab_fetch *fetches;
	size_t fetch_count;
	size_t abort_count;
	struct core_record last; /* the last finished exchange */
	size_t record_count;
};

#define LAB_ROUTE                                                                                  \
	"listen: [\"127.0.0.1:5683\"]\nroutes: [{origin: \"http://127.0.0.1:8080/\", plain-http: " \
	"[\"127.0.0.0/8\"], allow-plain: [\"/.well-known/edhoc\", \"/open\"]}]\n"
#define LAB_TRUSTED LAB_ROUTE "trusted-prefixes: [\"192.0.2.0/24\"]\n"

/* text is the whole YAML configuration. */
void lab_open(struct lab *lab, const char *text);
void lab_close(struct lab *lab);

/* 192.0.2.1:(1000 + n) to 127.0.0.1:5683. */
struct sl_peer lab_peer(unsigned n);
void lab_send(struct lab *lab, unsigned peer, struct sl_span datagram);
/* Encodes and sends; returns the datagram's length. */
size_t lab_send_msg(struct lab *lab, unsigned peer, const struct sl_coap_msg *msg);
/* Moves the clock, serving every timer on its way. */
void lab_advance(struct lab *lab, uint64_t ms);

/* An OSCORE POST; the payload is borrowed. mid also becomes the two bytes of the token. */
void lab_oscore(struct sl_coap_msg *msg, uint16_t mid, struct sl_span payload);
struct sl_span lab_bytes(size_t len, uint8_t first);

/* The last thing sent; fails the test when nothing was. */
const struct lab_sent *lab_last(const struct lab *lab);
/* Fails the test unless exactly count datagrams were sent so far. */
void lab_sent_is(const struct lab *lab, size_t count);
void lab_assert_code(const struct lab_sent *sent, uint8_t type, uint8_t code);
uint32_t lab_uint(const struct lab_sent *sent, uint16_t number);

/* Answers fetch number i. */
void lab_result(struct lab *lab, size_t i, const struct sl_map_http_result *result);
/* 200 with application/oscore, OSCORE: AA and this body. */
struct sl_map_http_result lab_ok(struct sl_span body);

#endif
