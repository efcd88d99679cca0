/* SPDX-License-Identifier: BSD-2-Clause
 * What is registered: option formats and classes, the phrases of codes. One row per entry; the RFC
 * of a row stands at its end. */
#include <sl/coap.h>

enum format {
	OPAQUE = 0,
	STRING = 0,
	EMPTY = 0,
	UINT = 1 << 0,
	REPEATS = 1 << 1,
	E = 1 << 2, /* RFC 8613 figure 5 */
	U = 1 << 3,
};

#define ROW(num, text, min, max, flags)                                                            \
	{                                                                                          \
		.number = (num), .name = (text), .min_len = (min), .max_len = (max),               \
		.is_repeatable = ((flags)&REPEATS) != 0, .is_uint = ((flags)&UINT) != 0,           \
		.class_e = ((flags)&E) != 0, .class_u = ((flags)&U) != 0                           \
	}

/* clang-format off */
static const struct sl_coap_option_def defs[] = {
	ROW(SL_COAP_IF_MATCH,       "If-Match",       0, 8,    OPAQUE | REPEATS | E), /* 7252 */
	ROW(SL_COAP_URI_HOST,       "Uri-Host",       1, 255,  STRING | U),           /* 7252 */
	ROW(SL_COAP_ETAG,           "ETag",           1, 8,    OPAQUE | REPEATS | E), /* 7252 */
	ROW(SL_COAP_IF_NONE_MATCH,  "If-None-Match",  0, 0,    EMPTY | E),            /* 7252 */
	ROW(SL_COAP_OBSERVE,        "Observe",        0, 3,    UINT | E | U),         /* 7641 */
	ROW(SL_COAP_URI_PORT,       "Uri-Port",       0, 2,    UINT | U),             /* 7252 */
	ROW(SL_COAP_LOCATION_PATH,  "Location-Path",  0, 255,  STRING | REPEATS | E), /* 7252 */
	ROW(SL_COAP_OSCORE,         "OSCORE",         0, 255,  OPAQUE | U),           /* 8613 */
	ROW(SL_COAP_URI_PATH,       "Uri-Path",       0, 255,  STRING | REPEATS | E), /* 7252 */
	ROW(SL_COAP_CONTENT_FORMAT, "Content-Format", 0, 2,    UINT | E),             /* 7252 */
	ROW(SL_COAP_MAX_AGE,        "Max-Age",        0, 4,    UINT | E | U),         /* 7252 */
	ROW(SL_COAP_URI_QUERY,      "Uri-Query",      0, 255,  STRING | REPEATS | E), /* 7252 */
	ROW(SL_COAP_HOP_LIMIT,      "Hop-Limit",      1, 1,    UINT | E),             /* 8768 */
	ROW(SL_COAP_ACCEPT,         "Accept",         0, 2,    UINT | E),             /* 7252 */
	ROW(SL_COAP_Q_BLOCK1,       "Q-Block1",       0, 3,    UINT | E | U),         /* 9177 */
	ROW(SL_COAP_LOCATION_QUERY, "Location-Query", 0, 255,  STRING | REPEATS | E), /* 7252 */
	ROW(SL_COAP_EDHOC,          "EDHOC",          0, 0,    EMPTY | U),            /* 9668 */
	ROW(SL_COAP_BLOCK2,         "Block2",         0, 3,    UINT | E | U),         /* 7959 */
	ROW(SL_COAP_BLOCK1,         "Block1",         0, 3,    UINT | E | U),         /* 7959 */
	ROW(SL_COAP_SIZE2,          "Size2",          0, 4,    UINT | E | U),         /* 7959 */
	ROW(SL_COAP_Q_BLOCK2,       "Q-Block2",       0, 3,    UINT | REPEATS | E | U), /* 9177 */
	ROW(SL_COAP_PROXY_URI,      "Proxy-Uri",      1, 1034, STRING | U),           /* 7252 */
	ROW(SL_COAP_PROXY_SCHEME,   "Proxy-Scheme",   1, 255,  STRING | U),           /* 7252 */
	ROW(SL_COAP_SIZE1,          "Size1",          0, 4,    UINT | E | U),         /* 7252 */
	ROW(SL_COAP_ECHO,           "Echo",           1, 40,   OPAQUE | E | U),       /* 9175 */
	ROW(SL_COAP_NO_RESPONSE,    "No-Response",    0, 1,    UINT | E | U),         /* 7967 */
	ROW(SL_COAP_REQUEST_TAG,    "Request-Tag",    0, 8,    OPAQUE | REPEATS | E | U), /* 9175 */
};

static const struct {
	uint8_t code;
	const char *phrase;
} phrases[] = {
	{SL_COAP_GET, "GET"}, {SL_COAP_POST, "POST"}, {SL_COAP_PUT, "PUT"}, /* 7252 */
	{SL_COAP_DELETE, "DELETE"},                                         /* 7252 */
	{SL_COAP_FETCH, "FETCH"}, {SL_COAP_PATCH, "PATCH"}, {SL_COAP_IPATCH, "iPATCH"}, /* 8132 */
	{SL_COAP_CREATED, "Created"}, {SL_COAP_DELETED, "Deleted"}, {SL_COAP_VALID, "Valid"},
	{SL_COAP_CHANGED, "Changed"}, {SL_COAP_CONTENT, "Content"},
	{SL_COAP_CONTINUE, "Continue"}, /* 7959 */
	{SL_COAP_BAD_REQUEST, "Bad Request"}, {SL_COAP_UNAUTHORIZED, "Unauthorized"},
	{SL_COAP_BAD_OPTION, "Bad Option"}, {SL_COAP_FORBIDDEN, "Forbidden"},
	{SL_COAP_NOT_FOUND, "Not Found"}, {SL_COAP_METHOD_NOT_ALLOWED, "Method Not Allowed"},
	{SL_COAP_NOT_ACCEPTABLE, "Not Acceptable"},
	{SL_COAP_REQUEST_ENTITY_INCOMPLETE, "Request Entity Incomplete"}, /* 7959 */
	{SL_COAP_CONFLICT, "Conflict"},                                   /* 8132 */
	{SL_COAP_PRECONDITION_FAILED, "Precondition Failed"},
	{SL_COAP_REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large"},
	{SL_COAP_UNSUPPORTED_CONTENT_FORMAT, "Unsupported Content-Format"},
	{SL_COAP_UNPROCESSABLE_ENTITY, "Unprocessable Entity"}, /* 8132 */
	{SL_COAP_TOO_MANY_REQUESTS, "Too Many Requests"},       /* 8516 */
	{SL_COAP_INTERNAL_SERVER_ERROR, "Internal Server Error"},
	{SL_COAP_NOT_IMPLEMENTED, "Not Implemented"}, {SL_COAP_BAD_GATEWAY, "Bad Gateway"},
	{SL_COAP_SERVICE_UNAVAILABLE, "Service Unavailable"},
	{SL_COAP_GATEWAY_TIMEOUT, "Gateway Timeout"},
	{SL_COAP_PROXYING_NOT_SUPPORTED, "Proxying Not Supported"},
	{SL_COAP_HOP_LIMIT_REACHED, "Hop Limit Reached"}, /* 8768 */
};
/* clang-format on */

const struct sl_coap_option_def *
sl_coap_option_def(uint16_t number)
{
	for (size_t i = 0; i < sizeof defs / sizeof defs[0]; i++)
		if (defs[i].number == number)
			return &defs[i];
	return NULL;
}

void
sl_coap_code_text(char out[static 5], uint8_t code)
{
	unsigned detail = code & 0x1f;

	out[0] = (char)('0' + SL_COAP_CODE_CLASS(code));
	out[1] = '.';
	out[2] = (char)('0' + detail / 10);
	out[3] = (char)('0' + detail % 10);
	out[4] = '\0';
}

const char *
sl_coap_code_phrase(uint8_t code)
{
	for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
		if (phrases[i].code == code)
			return phrases[i].phrase;
	return "";
}
