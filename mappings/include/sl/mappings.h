/* SPDX-License-Identifier: BSD-2-Clause
 * CoAP <-> HTTP as tables (RFC 7252 section 10, RFC 8075, RFC 8613 section 11; spec "oscore-http" sections 4, 6 and
 * 9). Pure. A mapping is one row here and one row in its test. */
#ifndef SL_MAPPINGS_H
#define SL_MAPPINGS_H

#include <sl/coap.h>

/* --- the OSCORE header field, RFC 8613 section 11.1 (spec 2.2) -------------------------------------- */

#define SL_MAP_OSCORE_HEADER_MAX 340 /* characters, without NUL */

/* "AA" for the empty option (and for the one byte 00), else base64url. SL_ESPACE, SL_EMALFORMED (> 255). */
enum sl_err sl_map_oscore_to_header(char *out, size_t cap, struct sl_span option) SL_MUST_USE;
/* text is one field line's value; surrounding spaces and tabs are removed. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_map_oscore_from_header(uint8_t *out, size_t cap, size_t *len, struct sl_span text) SL_MUST_USE;

/* --- which requests may pass, tables 9.1 and 6 -------------------------------------------------------- */

enum sl_map_kind {
	SL_MAP_OSCORE,     /* carries option 9: one POST, sealed */
	SL_MAP_PLAIN,      /* no option 9: only where the route allows it */
	SL_MAP_BLOCK_NEXT, /* Block2 with NUM > 0: served from a kept answer, never forwarded */
};

struct sl_map_request {
	enum sl_map_kind kind;
	bool is_fetch_observe; /* outer FETCH: the answer is 2.05 with Max-Age 0 */
	bool has_hop_limit;
	uint8_t hop_limit;     /* as received */
	bool has_no_response;
	uint8_t no_response;   /* bitmap of RFC 7967: 2, 8, 16 */
};

/* The option check of table 9.1 in its order (unknown method, unknown unsafe, unknown critical, length and
 * repetition, Q-Block, EDHOC, Observe and Max-Age where undefined, Hop-Limit, Block SZX 7, OSCORE twice,
 * OSCORE without payload). Returns 0 when the request may go on, else the CoAP error code to answer, with a
 * short fixed diagnostic in *text (NULL: none). allow_edhoc: option 21 passes (an extension, per origin). */
uint8_t sl_map_check_request(const struct sl_coap_msg *request, bool allow_edhoc, struct sl_map_request *out, const char **text);

/* --- the target, spec 4.2 -------------------------------------------------------------------------------- */

#define SL_MAP_HOST_MAX 255
#define SL_MAP_PATH_MAX 1024

enum sl_map_target_form {
	SL_MAP_TARGET_LOCAL,        /* no Proxy-*: a route of ours */
	SL_MAP_TARGET_PROXY_URI,
	SL_MAP_TARGET_PROXY_SCHEME,
};

struct sl_map_target {
	enum sl_map_target_form form;
	bool is_https;
	char host[SL_MAP_HOST_MAX + 1]; /* lower-case, IPv6 literal without brackets; empty: not named */
	bool host_is_ipv6;
	uint16_t port;                   /* 0: not named (LOCAL) */
	char path_query[SL_MAP_PATH_MAX + 1]; /* percent-encoded, begins with "/" */
};

/* 0, or the code to answer: 5.05 (scheme is not http or https, userinfo), 4.00 (no absolute-URI, control or
 * 8-bit bytes, fragment, "." or ".." or empty segments, "/" or NUL inside a segment, bad port, host too long).
 * With Proxy-Uri the Uri-* options are ignored. With Proxy-Scheme and no Uri-Host the host is empty. */
uint8_t sl_map_target(const struct sl_coap_msg *request, struct sl_map_target *out);
/* "https://host:port/path" for an HTTP client; the port is always written. SL_ESPACE. */
enum sl_err sl_map_target_url(const struct sl_map_target *target, char *out, size_t cap) SL_MUST_USE;

/* --- media types, spec 4.4 and "est" 0.2 ------------------------------------------------------------------ */

/* "application/pkcs10" for 286; for an unknown number "application/coap-payload;cf=N". SL_ESPACE. */
enum sl_err sl_map_media_type(uint16_t content_format, char *out, size_t cap) SL_MUST_USE;
/* Case-insensitive type, parameters compared by name; "text/plain" with any or no charset utf-8 is 0.
 * SL_ENOTFOUND when there is no number for it. */
enum sl_err sl_map_content_format(struct sl_span media_type, uint16_t *content_format) SL_MUST_USE;

/* --- HTTP request for a CoAP request, tables 9.2 and 4.3 ---------------------------------------------------- */

/* "POST"; NULL: no HTTP method (answer 4.05). OSCORE requests are always POST. */
const char *sl_map_method(uint8_t code, bool is_oscore);

/* --- HTTP result -> CoAP reply, tables 9.3 (OSCORE) and 9.4 (plain) -------------------------------------------- */

/* What the origin side found out. Transport failures and statuses are one list of facts. */
enum sl_map_transport {
	SL_MAP_RESPONSE,       /* there is a response: status and fields count */
	SL_MAP_UNREACHABLE,    /* DNS, refused, unreachable, TLS or certificate failure: 5.02 */
	SL_MAP_CONNECT_TIMEOUT, /* 5.04 */
	SL_MAP_NO_ANSWER,      /* no response in time: 5.04 */
	SL_MAP_CLOSED,         /* connection closed after the request was sent, no response bytes: 5.04 */
	SL_MAP_BAD_HTTP,       /* malformed, early EOF, head too large, bad chunks: 5.02 */
	SL_MAP_TOO_LARGE,      /* body over the limit: 5.02 "response too large" */
	SL_MAP_EXHAUSTED,      /* our own resources: 5.03, Max-Age 5 */
	SL_MAP_SHUTTING_DOWN,  /* 5.03, Max-Age 10 */
};

struct sl_map_http_result {
	enum sl_map_transport transport;
	int status;
	unsigned oscore_header_count; /* field lines named OSCORE in the head (trailers do not count) */
	struct sl_span oscore_header; /* the first one's value */
	struct sl_span content_type;  /* empty: absent */
	unsigned content_type_count;
	bool has_content_encoding;    /* and it is not identity */
	bool has_retry_after;
	uint32_t retry_after_s;       /* parsed and clamped by the caller's strict number parser */
	bool has_max_age;             /* freshness, plain exchanges: max-age minus Age, 0 when storing is forbidden */
	uint32_t max_age_s;
	struct sl_span location;      /* plain exchanges */
	struct sl_span body;
};

struct sl_map_reply {
	uint8_t code;
	bool has_oscore;
	uint8_t oscore[255];
	size_t oscore_len;
	bool has_max_age;
	uint32_t max_age;
	bool has_content_format;
	uint16_t content_format;
	bool has_size1;
	uint32_t size1;
	struct sl_span payload; /* borrows from the result's body, or a fixed text */
	bool is_error;          /* made here or unprotected: counts as refusal in logs */
	const char *reason;     /* fixed text for the log, never NULL */
};

struct sl_map_exchange {
	uint8_t request_code;    /* the CoAP method */
	bool is_oscore;
	bool is_fetch_observe;
	bool has_hop_limit;
	bool has_etag;           /* the plain request carried one */
	bool gateway_errors_503; /* switch: 5.02 and 5.04 become 5.03 (request without Proxy-*) */
	uint32_t body_limit;     /* for Size1 with 413; 0: unknown */
};

/* Table 9.3 for OSCORE exchanges, 9.4 with 4.5 for plain ones. Never fails: what cannot be mapped is 5.02. */
void sl_map_reply(const struct sl_map_exchange *exchange, const struct sl_map_http_result *result, struct sl_map_reply *reply);
/* True when the request's No-Response covers the code's class. */
bool sl_map_is_suppressed(const struct sl_map_request *request, uint8_t code);

/* --- the other direction, for the HTTP end point (spec 3 and 2.4) ------------------------------------------------ */

/* HTTP status of an unprotected CoAP error: 4.00 400, 4.01 403, 4.02 400, 4.13 413, 5.03 503, ... */
int sl_map_status(uint8_t code);

#endif
