/* SPDX-License-Identifier: BSD-2-Clause
 * CoAP code to HTTP status for the HTTP end point, RFC 8075 table 2 with the additions of later
 * RFCs. */
#include <sl/mappings.h>

static const struct {
	uint8_t code;
	int status;
} rows[] = {
        {SL_COAP_CREATED, 201},             /* 8075 table 2 */
        {SL_COAP_DELETED, 200},             /* 8075 table 2 note 2 */
        {SL_COAP_VALID, 304},               /* 8075 table 2 note 3 */
        {SL_COAP_CHANGED, 200},             /* 8075 table 2 note 2 */
        {SL_COAP_CONTENT, 200},             /* 8075 table 2 */
        {SL_COAP_BAD_REQUEST, 400},         /* 8075 table 2 */
        {SL_COAP_UNAUTHORIZED, 403},        /* 8075 table 2 note 5 */
        {SL_COAP_BAD_OPTION, 400},          /* 8075 table 2 note 6: the OSCORE header's fault */
        {SL_COAP_FORBIDDEN, 403},           /* 8075 table 2 */
        {SL_COAP_NOT_FOUND, 404},           /* 8075 table 2 */
        {SL_COAP_METHOD_NOT_ALLOWED, 400},  /* 8075 table 2 note 7 */
        {SL_COAP_NOT_ACCEPTABLE, 406},      /* 8075 table 2 */
        {SL_COAP_CONFLICT, 409},            /* 8132 section 6 */
        {SL_COAP_PRECONDITION_FAILED, 412}, /* 8075 table 2 */
        {SL_COAP_REQUEST_ENTITY_TOO_LARGE, 413},   /* 8075 table 2 */
        {SL_COAP_UNSUPPORTED_CONTENT_FORMAT, 415}, /* 8075 table 2 */
        {SL_COAP_UNPROCESSABLE_ENTITY, 422},       /* 8132 section 6 */
        {SL_COAP_TOO_MANY_REQUESTS, 429},          /* 8516 */
        {SL_COAP_INTERNAL_SERVER_ERROR, 500},      /* 8075 table 2 */
        {SL_COAP_NOT_IMPLEMENTED, 501},            /* 8075 table 2 */
        {SL_COAP_BAD_GATEWAY, 502},                /* 8075 table 2 */
        {SL_COAP_SERVICE_UNAVAILABLE, 503},        /* 8075 table 2 */
        {SL_COAP_GATEWAY_TIMEOUT, 504},            /* 8075 table 2 */
        {SL_COAP_PROXYING_NOT_SUPPORTED, 502},     /* 8075 table 2 */
        {SL_COAP_HOP_LIMIT_REACHED, 508},          /* 8768 */
        {SL_COAP_CONTINUE, 500},                   /* never translated: 8075 section 7 */
        {SL_COAP_REQUEST_ENTITY_INCOMPLETE, 500},  /* never translated: 8075 section 7 */
};

int
sl_map_status(uint8_t code)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].code == code)
			return rows[i].status;
	return SL_COAP_CODE_CLASS(code) == 4 ? 400 : 500; /* by class: 7252 section 5.9 */
}
