/* SPDX-License-Identifier: BSD-2-Clause
 * HTTP result to CoAP reply: transport failures, and the responses of OSCORE exchanges (RFC 8613
 * section 11.3 for the success). RFC 7252 section 10.1 leaves the refusals to the proxy; a row
 * without an RFC is our choice. Unprotected 4.03, 4.05 and 5.00 are avoided: OSCORE clients drop
 * them unseen. */
#include "reply.h"

#include "field.h"

#include <sl/text.h>

#define DIAGNOSTIC_MAX    64 /* bytes: one datagram, no amplification */
#define RETRY_AFTER_MAX_S 3600
#define EDHOC_FORMAT      64 /* application/edhoc+cbor-seq, RFC 9528 section 10.10 */
#define MAX_AGE_DEFAULT_S 60 /* RFC 7252 section 5.10.5 */

/* clang-format off */
static const struct sl_map_row transport_rows[] = {
	{SL_MAP_UNREACHABLE, SL_MAP_UNREACHABLE,
		SL_COAP_BAD_GATEWAY, 0, "origin unreachable", 0},        /* 7252 5.7.1 */
	{SL_MAP_CONNECT_TIMEOUT, SL_MAP_CONNECT_TIMEOUT,
		SL_COAP_GATEWAY_TIMEOUT, 0, "connect timeout", 0},       /* 7252 5.7.1, 10.1 */
	{SL_MAP_NO_ANSWER, SL_MAP_NO_ANSWER,
		SL_COAP_GATEWAY_TIMEOUT, 0, "no answer in time", 0},     /* 7252 5.7.1, 10.1 */
	{SL_MAP_CLOSED, SL_MAP_CLOSED,
		SL_COAP_GATEWAY_TIMEOUT, 0, "closed without answer", 0}, /* 9110 9.2.2: not sent twice */
	{SL_MAP_BAD_HTTP, SL_MAP_BAD_HTTP,
		SL_COAP_BAD_GATEWAY, 0, "malformed HTTP", 0},            /* 7252 5.7.1 */
	{SL_MAP_TOO_LARGE, SL_MAP_TOO_LARGE,
		SL_COAP_BAD_GATEWAY, SL_MAP_EXPLAIN, "response too large", 0},
	{SL_MAP_EXHAUSTED, SL_MAP_EXHAUSTED,
		SL_COAP_SERVICE_UNAVAILABLE, 0, "out of resources", 5},
	{SL_MAP_SHUTTING_DOWN, SL_MAP_SHUTTING_DOWN,
		SL_COAP_SERVICE_UNAVAILABLE, 0, "shutting down", 10},
	{0, 0, SL_COAP_BAD_GATEWAY, 0, "unknown failure", 0},
};

/* Statuses but for 200: no OSCORE message came back. */
static const struct sl_map_row oscore_rows[] = {
	{400, 400, SL_COAP_BAD_REQUEST, SL_MAP_QUOTE, "status 400", 0},      /* 8613 8.2 */
	{401, 401, SL_COAP_UNAUTHORIZED, SL_MAP_QUOTE, "status 401", 0},     /* 8613 8.2 */
	{403, 403, SL_COAP_UNAUTHORIZED, SL_MAP_QUOTE, "status 403", 0},     /* 8075 table 2 note 5 */
	{404, 404, SL_COAP_NOT_FOUND, 0, "status 404", 0},
	{408, 408, SL_COAP_GATEWAY_TIMEOUT, 0, "status 408", 0},             /* 9110 9.2.2 */
	{410, 410, SL_COAP_NOT_FOUND, 0, "status 410", 0},
	{413, 413, SL_COAP_REQUEST_ENTITY_TOO_LARGE, SL_MAP_SIZE, "status 413", 0}, /* 7959 2.9.3 */
	{425, 425, SL_COAP_SERVICE_UNAVAILABLE, 0, "status 425", 0},         /* 8470 5.2 */
	{429, 429, SL_COAP_SERVICE_UNAVAILABLE, SL_MAP_RETRY, "status 429", 0}, /* 8516 4 */
	{503, 503, SL_COAP_SERVICE_UNAVAILABLE, SL_MAP_RETRY, "status 503", 0}, /* 8516 4 */
	{504, 504, SL_COAP_GATEWAY_TIMEOUT, 0, "status 504", 0},             /* 8075 table 2 */
	{508, 508, SL_COAP_HOP_LIMIT_REACHED, SL_MAP_HOPS, "status 508", 0}, /* 8768 5 */
	{100, 199, SL_COAP_BAD_GATEWAY, 0, "1xx as an answer", 0},
	{200, 299, SL_COAP_BAD_GATEWAY, 0, "2xx other than 200", 0},         /* 8613 11.1 */
	{300, 399, SL_COAP_BAD_GATEWAY, 0, "redirect", 0},                   /* 8613 11.1 */
	{400, 499, SL_COAP_BAD_GATEWAY, 0, "other 4xx", 0},                  /* 7252 5.7.1 */
	{500, 599, SL_COAP_BAD_GATEWAY, 0, "other 5xx", 0},                  /* 7252 5.7.1 */
	{0, 0, SL_COAP_BAD_GATEWAY, 0, "no HTTP status", 0},
};

/* What makes a 200 unusable, RFC 8613 sections 2 and 11.1. */
static const struct sl_map_row
	no_header = {0, 0, SL_COAP_BAD_GATEWAY, 0, "no OSCORE header", 0},
	many_headers = {0, 0, SL_COAP_BAD_GATEWAY, 0, "repeated OSCORE header", 0},
	bad_header = {0, 0, SL_COAP_BAD_GATEWAY, SL_MAP_EXPLAIN, "bad OSCORE header", 0},
	bad_type = {0, 0, SL_COAP_BAD_GATEWAY, 0, "wrong Content-Type", 0},
	is_encoded = {0, 0, SL_COAP_BAD_GATEWAY, 0, "Content-Encoding", 0},
	no_body = {0, 0, SL_COAP_BAD_GATEWAY, 0, "empty body", 0};
/* clang-format on */

const struct sl_map_row *
sl_map_find_row(const struct sl_map_case *c, const struct sl_map_row *rows, int key)
{
	for (; rows->last != 0; rows++) {
		if ((rows->extra & SL_MAP_HOPS) && !c->exchange->has_hop_limit)
			continue;
		if (key >= rows->first && key <= rows->last)
			break;
	}
	return rows;
}

void
sl_map_set_max_age(struct sl_map_reply *reply, uint32_t seconds)
{
	reply->has_max_age = seconds != MAX_AGE_DEFAULT_S;
	reply->max_age = seconds;
}

static uint32_t
clamp_retry_after(const struct sl_map_http_result *result)
{
	if (!result->has_retry_after)
		return MAX_AGE_DEFAULT_S;
	if (result->retry_after_s == 0)
		return 1;
	return result->retry_after_s < RETRY_AFTER_MAX_S ? result->retry_after_s
	                                                 : RETRY_AFTER_MAX_S;
}

bool
sl_map_is_diagnostic(const struct sl_map_http_result *result)
{
	uint16_t format = 0;

	if (result->has_content_encoding || result->content_type_count > 1)
		return false;
	if (sl_map_trim(result->content_type).len > 0 &&
	        sl_map_content_format(result->content_type, &format) != SL_OK)
		return false;
	return format == 0 && result->body.len <= DIAGNOSTIC_MAX && sl_is_plain_utf8(result->body);
}

void
sl_map_refuse(const struct sl_map_case *c, const struct sl_map_row *row, struct sl_map_reply *reply)
{
	reply->code = row->code;
	reply->reason = row->reason;
	if (c->exchange->gateway_errors_503 &&
	        (row->code == SL_COAP_BAD_GATEWAY || row->code == SL_COAP_GATEWAY_TIMEOUT))
		reply->code = SL_COAP_SERVICE_UNAVAILABLE;
	sl_map_set_max_age(
	        reply, row->extra & SL_MAP_RETRY ? clamp_retry_after(c->result) : row->max_age);
	if ((row->extra & SL_MAP_SIZE) && c->exchange->body_limit > 0) {
		reply->has_size1 = true;
		reply->size1 = c->exchange->body_limit;
	}
	if (row->extra & SL_MAP_EXPLAIN)
		reply->payload = sl_span_text(row->reason);
	if ((row->extra & SL_MAP_QUOTE) && sl_map_is_diagnostic(c->result))
		reply->payload = c->result->body;
}

/* NULL when the 200 carries an OSCORE message. */
static const struct sl_map_row *
find_fault(const struct sl_map_http_result *result)
{
	if (result->oscore_header_count == 0)
		return &no_header;
	if (result->oscore_header_count > 1)
		return &many_headers;
	if (result->content_type_count > 1 ||
	        !sl_map_equal_nocase(sl_map_trim(result->content_type),
	                sl_span_text("application/oscore"))) /* RFC 8613 13.5: no parameters */
		return &bad_type;
	if (result->has_content_encoding)
		return &is_encoded;
	return result->body.len == 0 ? &no_body : NULL; /* RFC 8613 section 2 */
}

/* RFC 9668 section 3.3.1: message_3 failed; the error message is not protected, but typed. */
static bool
is_edhoc_error(const struct sl_map_case *c)
{
	const struct sl_map_http_result *r = c->result;
	uint16_t format;

	return c->exchange->is_combined && (r->status == 400 || r->status == 500) &&
	       r->oscore_header_count == 0 && r->content_type_count == 1 &&
	       !r->has_content_encoding && r->body.len > 0 &&
	       sl_map_content_format(r->content_type, &format) == SL_OK && format == EDHOC_FORMAT;
}

static void
reply_edhoc_error(const struct sl_map_case *c, struct sl_map_reply *reply)
{
	reply->code =
	        c->result->status == 400 ? SL_COAP_BAD_REQUEST : SL_COAP_INTERNAL_SERVER_ERROR;
	reply->reason = "EDHOC error";
	reply->has_content_format = true;
	reply->content_format = EDHOC_FORMAT;
	reply->payload = c->result->body;
	sl_map_set_max_age(reply, 0);
}

static void
reply_oscore(const struct sl_map_case *c, struct sl_map_reply *reply)
{
	const struct sl_map_http_result *result = c->result;
	const struct sl_map_row *fault = NULL;

	if (is_edhoc_error(c)) {
		reply_edhoc_error(c, reply);
		return;
	}
	if (result->status != 200) {
		sl_map_refuse(c, sl_map_find_row(c, oscore_rows, result->status), reply);
		return;
	}
	fault = find_fault(result);
	if (fault == NULL && sl_map_oscore_from_header(reply->oscore, sizeof reply->oscore,
	                             &reply->oscore_len, result->oscore_header) != SL_OK)
		fault = &bad_header;
	if (fault != NULL) {
		sl_map_refuse(c, fault, reply);
		return;
	}
	reply->reason = "ok";
	reply->has_oscore = true;
	reply->payload = result->body;
	reply->code = SL_COAP_CHANGED;
	if (c->exchange->is_fetch_observe) { /* 2.04 is undefined for FETCH (RFC 8132 section 2) */
		reply->code = SL_COAP_CONTENT;
		sl_map_set_max_age(reply, 0);
	}
}

void
sl_map_reply(const struct sl_map_exchange *exchange, const struct sl_map_http_result *result,
        struct sl_map_reply *reply)
{
	struct sl_map_case c = {exchange, result};

	*reply = (struct sl_map_reply){0};
	if (result->transport != SL_MAP_RESPONSE)
		sl_map_refuse(
		        &c, sl_map_find_row(&c, transport_rows, (int)result->transport), reply);
	else if (exchange->is_oscore)
		reply_oscore(&c, reply);
	else
		sl_map_reply_plain(&c, reply);
	reply->is_error = SL_COAP_CODE_CLASS(reply->code) != 2;
}

/* RFC 7967 section 2.1: bit 1 is class 2, bit 3 class 4, bit 4 class 5. */
bool
sl_map_is_suppressed(const struct sl_map_request *request, uint8_t code)
{
	unsigned code_class = SL_COAP_CODE_CLASS(code);

	return request->has_no_response && code_class > 0 &&
	       (request->no_response & 1U << (code_class - 1)) != 0;
}
