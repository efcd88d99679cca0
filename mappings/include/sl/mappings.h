/* SPDX-License-Identifier: BSD-2-Clause
 * CoAP <-> HTTP as tables (RFC 7252 section 10, RFC 8075, RFC 8613 section 11). Pure. A mapping
 * is one row here and one row in its test. */
#ifndef SL_MAPPINGS_H
#define SL_MAPPINGS_H

#include <sl/coap.h>

/* --- the OSCORE header field, RFC 8613 section 11.1 ------------------------------------ */

#define SL_MAP_OSCORE_HEADER_MAX 340 /* characters, without NUL */
#define SL_MAP_OSCORE_OPTION_MAX 255 /* bytes */

/* "AA" for the empty option (and for the one byte 00), else base64url. SL_ESPACE, SL_EMALFORMED
 * (> 255 bytes). */
enum sl_err sl_map_oscore_to_header(char *out, size_t cap, struct sl_span option) SL_MUST_USE;
/* text is one field line's value; surrounding spaces and tabs are removed. One spelling per
 * option. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_map_oscore_from_header(
        uint8_t *out, size_t cap, size_t *len, struct sl_span text) SL_MUST_USE;

/* --- which requests may pass ----------------------------------------------------------- */

enum sl_map_kind {
	SL_MAP_OSCORE,     /* carries option 9: one POST, sealed */
	SL_MAP_PLAIN,      /* no option 9: only where the route allows it */
	SL_MAP_BLOCK_NEXT, /* Block2 with NUM > 0: served from a kept answer, never forwarded */
};

struct sl_map_request {
	enum sl_map_kind kind;
	bool is_fetch_observe; /* OSCORE with outer FETCH: the answer is 2.05 with Max-Age 0 */
	bool is_combined;      /* with EDHOC message_3 in front (RFC 9668) */
	bool has_hop_limit;
	uint8_t hop_limit; /* as received */
	bool has_no_response;
	uint8_t no_response; /* bitmap of RFC 7967: 2, 8, 16 */
};

/* The check of a request's method and options, in this order: unknown method (4.05); unknown
 * unsafe, unknown critical, wrong length or one instance too many of a critical or unsafe
 * option, Q-Block, EDHOC, Observe and Max-Age where they are undefined, If-Match and If-None-
 * Match without OSCORE (4.02); Hop-Limit 0 or over 255, Block SZX 7, OSCORE without payload,
 * EDHOC without OSCORE (4.00); FETCH without OSCORE (4.05). Returns 0 when the request may go
 * on, else the CoAP code to answer, with a short fixed diagnostic in *text (NULL: none). *out
 * is written only with 0. allow_edhoc: option 21 passes (an extension, per origin). */
uint8_t sl_map_check_request(const struct sl_coap_msg *request, bool allow_edhoc,
        struct sl_map_request *out, const char **text);

/* --- the target ------------------------------------------------------------------------ */

#define SL_MAP_HOST_MAX 255
#define SL_MAP_PATH_MAX 1024

enum sl_map_target_form {
	SL_MAP_TARGET_LOCAL, /* no Proxy-*: a route of ours */
	SL_MAP_TARGET_PROXY_URI,
	SL_MAP_TARGET_PROXY_SCHEME,
};

/* host has one spelling: lower-case; IPv6 literals in the form of RFC 5952, without brackets. */
struct sl_map_target {
	enum sl_map_target_form form;
	bool is_https;
	char host[SL_MAP_HOST_MAX + 1]; /* empty: not named */
	bool host_is_ipv6;
	uint16_t port;                        /* 0: not named (LOCAL) */
	char path_query[SL_MAP_PATH_MAX + 1]; /* percent-encoded, begins with "/" */
};

/* 0, or the code to answer: 5.05 (scheme is not http or https, userinfo, a host that is no
 * plain name and no plain address: numeric forms such as 127.1 or 0x7f000001, IPv4 inside IPv6,
 * percent-encoding, empty labels, a dot at the end), 4.00 (no absolute-URI, control or 8-bit
 * bytes, fragment, "." or ".." or empty segments, "/" or NUL inside a segment, bad port,
 * anything too long; a bad Uri-Host of a LOCAL request). With Proxy-Uri the Uri-* options are
 * ignored. With Proxy-Scheme and no Uri-Host the host is empty. *out is written only with 0. */
uint8_t sl_map_target(const struct sl_coap_msg *request, struct sl_map_target *out);
/* The same rules for the text of an http or https URL; form is PROXY_URI. */
uint8_t sl_map_url(struct sl_span text, struct sl_map_target *out);
/* "https://host:port/path" for an HTTP client; the port is always written. SL_ESPACE;
 * SL_EMALFORMED: host or port is not named. */
enum sl_err sl_map_target_url(
        const struct sl_map_target *target, char *out, size_t cap) SL_MUST_USE;

/* --- media types ----------------------------------------------------------------------- */

/* "application/pkcs10" for 286; for an unknown number "application/coap-payload;cf=N" (RFC 8075
 * section 6.2). SL_ESPACE. */
enum sl_err sl_map_media_type(uint16_t content_format, char *out, size_t cap) SL_MUST_USE;
/* Case-insensitive type; the parameters that a row demands are compared by name, a charset must
 * be utf-8, other parameters do not count. SL_ENOTFOUND when there is no number for it, and for
 * application/oscore, which never stands in a CoAP message (RFC 8613 section 11.3).
 * SL_EMALFORMED: no media type. */
enum sl_err sl_map_content_format(struct sl_span media_type, uint16_t *content_format) SL_MUST_USE;

/* --- HTTP request for a CoAP request --------------------------------------------------- */

/* "POST"; NULL: no HTTP method (answer 4.05). OSCORE requests are always POST. */
const char *sl_map_method(uint8_t code, bool is_oscore);

/* --- HTTP result -> CoAP reply --------------------------------------------------------- */

/* What the origin side found out. */
enum sl_map_transport {
	SL_MAP_RESPONSE,        /* there is a response: status and fields count */
	SL_MAP_UNREACHABLE,     /* DNS, refused, unreachable, TLS or certificate failure: 5.02 */
	SL_MAP_CONNECT_TIMEOUT, /* 5.04 */
	SL_MAP_NO_ANSWER,       /* no response in time: 5.04 */
	SL_MAP_CLOSED,   /* connection closed after the request was sent, no response bytes: 5.04 */
	SL_MAP_BAD_HTTP, /* malformed, early EOF, head too large, bad chunks: 5.02 */
	SL_MAP_TOO_LARGE,     /* body over the limit: 5.02 "response too large" */
	SL_MAP_EXHAUSTED,     /* our own resources: 5.03, Max-Age 5 */
	SL_MAP_SHUTTING_DOWN, /* 5.03, Max-Age 10 */
};

struct sl_map_http_result {
	enum sl_map_transport transport;
	const char *detail; /* no response: what the HTTP client says of it, for the log; or NULL */
	int status;
	unsigned
	        oscore_header_count; /* field lines named OSCORE in the head (trailers do not count) */
	struct sl_span oscore_header; /* the first one's value */
	struct sl_span content_type;  /* empty: absent */
	unsigned content_type_count;
	bool has_content_encoding; /* and it is not identity */
	bool has_retry_after;
	uint32_t retry_after_s; /* clamped here to 1..3600 */
	bool has_max_age; /* plain exchanges: max-age minus Age, 0 when storing is forbidden */
	uint32_t max_age_s;
	struct sl_span location; /* plain exchanges: see sl_map_add_location */
	struct sl_span body;
};

struct sl_map_reply {
	uint8_t code;
	bool has_oscore;
	uint8_t oscore[SL_MAP_OSCORE_OPTION_MAX];
	size_t oscore_len;
	bool has_max_age; /* absent is 60 seconds */
	uint32_t max_age;
	bool has_content_format;
	uint16_t content_format;
	bool has_size1;
	uint32_t size1;
	struct sl_span location; /* of a 2.01, see sl_map_add_location; else empty */
	struct sl_span payload; /* borrows from the result's body, or a fixed text */
	bool is_error;          /* class 4 or 5: made here or unprotected; a refusal in logs */
	const char *reason;     /* fixed text for the log, never NULL */
};

struct sl_map_exchange {
	uint8_t request_code; /* the CoAP method */
	bool is_oscore;
	bool is_fetch_observe;
	bool is_combined; /* an EDHOC error message may come back, in a 400 or 500 */
	bool has_hop_limit;
	bool has_etag;           /* the plain request carried one */
	bool gateway_errors_503; /* switch: 5.02 and 5.04 become 5.03 (request without Proxy-*) */
	uint32_t body_limit;     /* for Size1 with 413; 0: unknown */
};

/* Never fails: what cannot be mapped is 5.02. */
void sl_map_reply(const struct sl_map_exchange *exchange, const struct sl_map_http_result *result,
        struct sl_map_reply *reply);
/* True when the request's No-Response covers the code's class. */
bool sl_map_is_suppressed(const struct sl_map_request *request, uint8_t code);

/* Location-Path and Location-Query of a 2.01 from the Location field: "/path?query" or an
 * absolute URL of the target's own origin. The decoded values are written through w and
 * borrowed by the options. SL_EMALFORMED, SL_EAUTH (another origin), SL_ESPACE, SL_ELIMIT: then
 * *reply is as before; answer without. */
enum sl_err sl_map_add_location(struct sl_coap_msg *reply, const struct sl_map_target *target,
        struct sl_span location, struct sl_writer *w) SL_MUST_USE;

/* --- the other direction, for the HTTP end point --------------------------------------- */

/* HTTP status of a CoAP code (RFC 8075 table 2): 4.00 400, 4.01 403, 4.02 400, 4.13 413, 5.03
 * 503, ... 2.02 and 2.04 are 200; without a payload the caller says 204. 2.31, 4.08 and no code
 * at all are 500. */
int sl_map_status(uint8_t code);

#endif
