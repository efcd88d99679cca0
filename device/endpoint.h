/* SPDX-License-Identifier: BSD-2-Clause
 * Where messages go: "coap://HOST[:PORT]" of the next CoAP hop and "http(s)://HOST[:PORT]" or
 * "coap://HOST[:PORT]" of the target behind a forward proxy. A URI of scheme and authority
 * only: path and query belong inside the protected message (RFC 8613 section 4.1.3.3). Pure. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <sl/err.h>
#include <sl/span.h>

#define ENDPOINT_HOST_MAX 255
#define ENDPOINT_TEXT_MAX (ENDPOINT_HOST_MAX + 20)

struct endpoint {
	char scheme[8]; /* lower case */
	char host[ENDPOINT_HOST_MAX +
	          1];  /* lower case; a literal IPv6 address without its brackets */
	uint16_t port; /* the scheme's default when the text has none */
	bool is_ipv6;
};

/* A closing "/" is tolerated. SL_EMALFORMED: no authority, userinfo, a path, a query, bad
 * characters, port 0; SL_EUNSUPPORTED: another scheme than coap, http, https. *e is written
 * only on success. */
enum sl_err endpoint_parse(struct endpoint *e, const char *text) SL_MUST_USE;
/* The same text again, with the port when it is not the scheme's default. */
void endpoint_text(const struct endpoint *e, char out[static ENDPOINT_TEXT_MAX]);
/* The value of Uri-Host: brackets around an IPv6 address (RFC 7252 section 6.4 step 5). */
void endpoint_uri_host(const struct endpoint *e, char out[static ENDPOINT_HOST_MAX + 3]);
bool endpoint_has_default_port(const struct endpoint *e);

#endif
