/* SPDX-License-Identifier: BSD-2-Clause
 * CoAP method to HTTP method, RFC 7252 sections 10.1.1 to 10.1.4 and RFC 8132. */
#include <sl/mappings.h>

static const struct {
	const char *plain;
	const char *oscore; /* the outer code carries no meaning (RFC 8613 section 4.2) */
} methods[] = {
        [SL_COAP_GET] = {"GET", "POST"},       /* 7252 10.1.1; 8613 11.1 */
        [SL_COAP_POST] = {"POST", "POST"},     /* 7252 10.1.4; 8613 11.2 */
        [SL_COAP_PUT] = {"PUT", "POST"},       /* 7252 10.1.2; 8613 11.1 */
        [SL_COAP_DELETE] = {"DELETE", "POST"}, /* 7252 10.1.3; 8613 11.1 */
        [SL_COAP_FETCH] = {NULL, "POST"},      /* no HTTP image; 8613 11.1 */
        [SL_COAP_PATCH] = {"PATCH", "POST"},   /* 8132; 8613 11.1 */
        [SL_COAP_IPATCH] = {"PATCH", "POST"},  /* 8132; 8613 11.1 */
};

const char *
sl_map_method(uint8_t code, bool is_oscore)
{
	if (code >= sizeof methods / sizeof methods[0])
		return NULL;
	return is_oscore ? methods[code].oscore : methods[code].plain;
}
