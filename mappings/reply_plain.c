/* SPDX-License-Identifier: BSD-2-Clause
 * HTTP response to CoAP reply for requests without OSCORE: RFC 7252 sections 10.1.1 to 10.1.4,
 * and the inverse of RFC 8075 table 2. A row without an RFC is our choice. */
#include "reply.h"

#include <stddef.h>

/* clang-format off */
/* Successes by method. 0: none; then the status is a refusal. */
static const struct {
	int status;
	uint8_t get, post, delete_; /* post: POST, PUT, PATCH and iPATCH */
	bool has_body;
	const char *reason;
} successes[] = {
	{200, SL_COAP_CONTENT, SL_COAP_CHANGED, SL_COAP_DELETED, true, "ok"},   /* 7252 10.1.1-10.1.4 */
	{201, 0, SL_COAP_CREATED, 0, true, "created"},                          /* 7252 10.1.2, 10.1.4 */
	{202, 0, SL_COAP_CHANGED, SL_COAP_DELETED, true, "accepted"},
	{204, SL_COAP_CONTENT, SL_COAP_CHANGED, SL_COAP_DELETED, false, "ok"},  /* 8075 table 2 note 2 */
	{404, 0, 0, SL_COAP_DELETED, false, "was not there"},                   /* 7252 10.1.3 */
	{410, 0, 0, SL_COAP_DELETED, false, "was not there"},                   /* 7252 10.1.3 */
};

static const struct sl_map_row refusals[] = {
	{400, 400, SL_COAP_BAD_REQUEST, SL_MAP_QUOTE, "status 400", 0},         /* 8075 table 2 */
	{401, 401, SL_COAP_UNAUTHORIZED, SL_MAP_QUOTE, "status 401", 0},        /* 9148 4.5 */
	{403, 403, SL_COAP_FORBIDDEN, SL_MAP_QUOTE, "status 403", 0},           /* 8075 table 2 */
	{404, 404, SL_COAP_NOT_FOUND, SL_MAP_QUOTE, "status 404", 0},           /* 8075 table 2 */
	{405, 405, SL_COAP_METHOD_NOT_ALLOWED, SL_MAP_QUOTE, "status 405", 0},  /* 8075 table 2 */
	{406, 406, SL_COAP_NOT_ACCEPTABLE, SL_MAP_QUOTE, "status 406", 0},      /* 8075 table 2 */
	{408, 408, SL_COAP_GATEWAY_TIMEOUT, 0, "status 408", 0},                /* 9110 9.2.2 */
	{409, 409, SL_COAP_CONFLICT, SL_MAP_QUOTE, "status 409", 0},            /* 8132 6 */
	{410, 410, SL_COAP_NOT_FOUND, SL_MAP_QUOTE, "status 410", 0},
	{412, 412, SL_COAP_PRECONDITION_FAILED, SL_MAP_QUOTE, "status 412", 0}, /* 8075 table 2 */
	{413, 413, SL_COAP_REQUEST_ENTITY_TOO_LARGE, SL_MAP_QUOTE | SL_MAP_SIZE,
		"status 413", 0},                                               /* 7959 2.9.3 */
	{415, 415, SL_COAP_UNSUPPORTED_CONTENT_FORMAT, SL_MAP_QUOTE, "status 415", 0}, /* 8075 table 2 */
	{422, 422, SL_COAP_UNPROCESSABLE_ENTITY, SL_MAP_QUOTE, "status 422", 0}, /* 8132 6 */
	{425, 425, SL_COAP_SERVICE_UNAVAILABLE, 0, "status 425", 0},            /* 8470 5.2 */
	{429, 429, SL_COAP_TOO_MANY_REQUESTS, SL_MAP_QUOTE | SL_MAP_RETRY, "status 429", 0}, /* 8516 4 */
	{500, 500, SL_COAP_INTERNAL_SERVER_ERROR, SL_MAP_QUOTE, "status 500", 0}, /* 8075 table 2 */
	{501, 501, SL_COAP_NOT_IMPLEMENTED, SL_MAP_QUOTE, "status 501", 0},     /* 8075 table 2 */
	{502, 502, SL_COAP_BAD_GATEWAY, SL_MAP_QUOTE, "status 502", 0},         /* 8075 table 2 */
	{503, 503, SL_COAP_SERVICE_UNAVAILABLE, SL_MAP_QUOTE | SL_MAP_RETRY, "status 503", 0}, /* 8075 */
	{504, 504, SL_COAP_GATEWAY_TIMEOUT, SL_MAP_QUOTE, "status 504", 0},     /* 8075 table 2 */
	{508, 508, SL_COAP_HOP_LIMIT_REACHED, SL_MAP_QUOTE, "status 508", 0},   /* 8768 5 */
	{100, 199, SL_COAP_BAD_GATEWAY, 0, "1xx as an answer", 0},
	{200, 299, SL_COAP_BAD_GATEWAY, 0, "2xx without a mapping", 0},
	{300, 399, SL_COAP_BAD_GATEWAY, 0, "redirect", 0},
	{400, 499, SL_COAP_BAD_REQUEST, SL_MAP_QUOTE, "other 4xx", 0},          /* 7252 5.9.2 */
	{500, 599, SL_COAP_INTERNAL_SERVER_ERROR, SL_MAP_QUOTE, "other 5xx", 0}, /* 7252 5.9.3 */
	{0, 0, SL_COAP_BAD_GATEWAY, 0, "no HTTP status", 0},
};

static const struct sl_map_row
	later = {0, 0, SL_COAP_SERVICE_UNAVAILABLE, SL_MAP_RETRY,
		"202 with Retry-After", 0},                                     /* 9148 4.7 */
	unasked_oscore = {0, 0, SL_COAP_BAD_GATEWAY, 0, "OSCORE header without OSCORE", 0},
	bad_body = {0, 0, SL_COAP_BAD_GATEWAY, 0, "body without a Content-Format", 0}; /* 7252 10.1.1 */
/* clang-format on */

static uint8_t
success_code(const struct sl_map_case *c, size_t row)
{
	switch (c->exchange->request_code) {
	case SL_COAP_GET:
		return successes[row].get;
	case SL_COAP_DELETE:
		return successes[row].delete_;
	default:
		return successes[row].post;
	}
}

/* A format that CoAP can name for the body as it is. */
static bool
read_format(const struct sl_map_http_result *result, uint16_t *format)
{
	return result->content_type_count <= 1 && !result->has_content_encoding &&
	       sl_map_content_format(result->content_type, format) == SL_OK;
}

static void
set_freshness(const struct sl_map_case *c, struct sl_map_reply *reply)
{
	if (c->result->has_max_age)
		sl_map_set_max_age(reply, c->result->max_age_s);
}

static void
succeed(const struct sl_map_case *c, size_t row, struct sl_map_reply *reply)
{
	const struct sl_map_http_result *result = c->result;
	uint16_t format = 0;

	if (successes[row].has_body && !read_format(result, &format) && result->body.len > 0) {
		sl_map_refuse(c, &bad_body, reply);
		return;
	}
	reply->code = success_code(c, row);
	reply->reason = successes[row].reason;
	if (successes[row].has_body && read_format(result, &format)) {
		reply->has_content_format = true;
		reply->content_format = format;
		reply->payload = result->body;
	}
	if (reply->code == SL_COAP_CONTENT)
		set_freshness(c, reply);
	if (reply->code == SL_COAP_CREATED)
		reply->location = result->location;
}

/* A typed error body keeps its type; text is a diagnostic and short, or nothing. */
static void
refuse_with_body(
        const struct sl_map_case *c, const struct sl_map_row *row, struct sl_map_reply *reply)
{
	uint16_t format;

	sl_map_refuse(c, row, reply);
	if (!(row->extra & SL_MAP_QUOTE) || c->result->body.len == 0 ||
	        !read_format(c->result, &format) || format == 0)
		return;
	reply->payload = c->result->body;
	reply->has_content_format = true;
	reply->content_format = format;
}

void
sl_map_reply_plain(const struct sl_map_case *c, struct sl_map_reply *reply)
{
	const struct sl_map_http_result *result = c->result;

	if (result->oscore_header_count > 0) {
		sl_map_refuse(c, &unasked_oscore, reply);
		return;
	}
	if (result->status == 202 && result->has_retry_after) {
		sl_map_refuse(c, &later, reply);
		return;
	}
	if (result->status == 304 && c->exchange->has_etag) { /* RFC 7252 section 10.1.1 */
		reply->code = SL_COAP_VALID;
		reply->reason = "not modified";
		set_freshness(c, reply);
		return;
	}
	for (size_t i = 0; i < sizeof successes / sizeof successes[0]; i++) {
		if (successes[i].status == result->status && success_code(c, i) != 0) {
			succeed(c, i, reply);
			return;
		}
	}
	refuse_with_body(c, sl_map_find_row(c, refusals, result->status), reply);
}
