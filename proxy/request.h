/* SPDX-License-Identifier: BSD-2-Clause
 * The HTTP request for a CoAP request (RFC 8613 section 11.2, RFC 7252 section 10.1), as texts that the
 * origin side only has to send. Private to the core. */
#ifndef PROXY_REQUEST_H
#define PROXY_REQUEST_H

#include "exchange.h"

/* A heap block that exchanges_add takes over, or free. Returns 0, or the CoAP code to answer: 4.05 (no HTTP
 * method), 4.00 (URL or header too long), 5.03 (no memory). */
uint8_t request_build(struct fetch_text **out, const struct sl_coap_msg *msg,
        const struct destination *d, struct sl_span body);
void request_view(const struct exchange *x, struct core_fetch *out);

#define REQUEST_FIELDS_MAX 8

/* Header fields as lines "Name: value". A line "Name:" says that the field must not be sent, whatever the
 * HTTP client would like to add. */
struct request_fields {
	char lines[REQUEST_FIELDS_MAX][SL_MAP_OSCORE_HEADER_MAX + 32];
	size_t count;
};

void request_fields(struct request_fields *out, const struct core_fetch *fetch);
/* Content-Length is sent, be it 0. */
bool request_has_body(const struct core_fetch *fetch);

/* Path and query as the request line has them (RFC 9112 section 3.2.1), within fetch->url; NULL: no URL. */
const char *request_target(const struct core_fetch *fetch);

#define REQUEST_HEAD_MAX (2 * SL_MAP_PATH_MAX + SL_MAP_HOST_MAX + SL_MAP_OSCORE_HEADER_MAX + 512)

/* Request line and fields as they go over a connection, with the blank line. SL_ESPACE; SL_EMALFORMED: no URL. */
enum sl_err request_head(struct sl_writer *w, const struct core_fetch *fetch) SL_MUST_USE;

#endif
