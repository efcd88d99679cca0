/* SPDX-License-Identifier: BSD-2-Clause
 * Any HTTP result becomes a valid CoAP reply, and a success only where there is one. The input
 * is a row of numbers, then four texts with their lengths, then the body. */
#include <sl/mappings.h>
#include <sl/reader.h>
#include <sl/text.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
demand(bool ok)
{
	if (!ok)
		abort();
}

static void
read_case(struct sl_reader *r, struct sl_map_exchange *exchange, struct sl_map_http_result *result)
{
	uint8_t flags = sl_read_u8(r), more = sl_read_u8(r);

	exchange->request_code = (uint8_t)(1 + sl_read_u8(r) % 7);
	exchange->is_oscore = flags & 1;
	exchange->is_fetch_observe = exchange->is_oscore && exchange->request_code == SL_COAP_FETCH;
	exchange->has_hop_limit = flags & 2;
	exchange->has_etag = flags & 4;
	exchange->gateway_errors_503 = flags & 8;
	exchange->body_limit = flags & 16 ? 65536 : 0;
	result->transport = (enum sl_map_transport)(flags >> 5 == 7 ? sl_read_u8(r) : 0);
	result->status = sl_read_u16(r);
	result->oscore_header_count = more & 3;
	result->content_type_count = more >> 2 & 3;
	result->has_content_encoding = more & 16;
	result->has_retry_after = more & 32;
	result->retry_after_s = sl_read_u32(r);
	result->has_max_age = more & 64;
	result->max_age_s = result->retry_after_s ^ 5;
	result->oscore_header = sl_read_span(r, sl_read_u8(r));
	result->content_type = sl_read_span(r, sl_read_u8(r));
	result->body = sl_read_rest(r);
}

static bool
is_200_for_oscore(const struct sl_map_exchange *exchange, const struct sl_map_http_result *result)
{
	return exchange->is_oscore && result->transport == SL_MAP_RESPONSE &&
	       result->status == 200 && result->oscore_header_count == 1 && result->body.len > 0 &&
	       result->content_type_count <= 1 && !result->has_content_encoding;
}

static void
check_oscore(const struct sl_map_exchange *exchange, const struct sl_map_http_result *result,
        const struct sl_map_reply *reply)
{
	bool is_success = SL_COAP_CODE_CLASS(reply->code) == 2;

	demand(reply->has_oscore == (exchange->is_oscore && is_success));
	if (!exchange->is_oscore)
		return;
	demand(!reply->has_content_format);
	if (!is_success) {
		demand(reply->payload.len <= 64 && sl_is_plain_utf8(reply->payload));
		demand(reply->has_max_age || reply->code == SL_COAP_SERVICE_UNAVAILABLE);
		return;
	}
	demand(is_200_for_oscore(exchange, result));
	demand(reply->code == (exchange->is_fetch_observe ? SL_COAP_CONTENT : SL_COAP_CHANGED));
	demand(sl_span_equal(reply->payload, result->body));
}

static void
check_plain(const struct sl_map_http_result *result, const struct sl_map_reply *reply)
{
	demand(!reply->has_content_format || reply->content_format != 10001);
	demand(!result->has_content_encoding || reply->payload.ptr != result->body.ptr ||
	        reply->payload.len == 0);
	if (SL_COAP_CODE_CLASS(reply->code) == 2) {
		demand(result->transport == SL_MAP_RESPONSE && result->oscore_header_count == 0);
		demand(reply->payload.len == 0 || reply->has_content_format);
	}
}

/* The codes that RFC 7252 and its friends register for responses. */
static void
check_code(uint8_t code)
{
	char text[5];

	sl_coap_code_text(text, code);
	demand(sl_coap_code_phrase(code)[0] != '\0');
	demand(SL_COAP_CODE_CLASS(code) == 2 || SL_COAP_CODE_CLASS(code) == 4 ||
	        SL_COAP_CODE_CLASS(code) == 5);
	demand(code != SL_COAP_CONTINUE && code != SL_COAP_REQUEST_ENTITY_INCOMPLETE);
}

/* It is a message that a strict reader takes. */
static void
check_message(const struct sl_map_reply *reply)
{
	static uint8_t datagram[8192];
	struct sl_writer w = sl_writer_over(datagram, sizeof datagram);
	struct sl_coap_msg msg, again;

	sl_coap_msg_init(&msg, reply->code);
	if (reply->has_oscore)
		demand(sl_coap_add(&msg, SL_COAP_OSCORE,
		               sl_span(reply->oscore, reply->oscore_len)) == SL_OK);
	if (reply->has_max_age)
		demand(sl_coap_add_uint(&msg, SL_COAP_MAX_AGE, reply->max_age) == SL_OK);
	if (reply->has_content_format)
		demand(sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, reply->content_format) ==
		        SL_OK);
	if (reply->has_size1)
		demand(sl_coap_add_uint(&msg, SL_COAP_SIZE1, reply->size1) == SL_OK);
	msg.payload = reply->payload;
	demand(sl_coap_encode(&w, &msg) == SL_OK || reply->payload.len > 4096);
	if (!w.failed)
		demand(sl_coap_decode(&again, sl_writer_span(&w)) == SL_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_reader r = sl_reader_over(sl_span(bytes, len));
	struct sl_map_exchange exchange = {0};
	struct sl_map_http_result result = {0};
	struct sl_map_reply reply;

	read_case(&r, &exchange, &result);
	sl_map_reply(&exchange, &result, &reply);
	check_code(reply.code);
	demand(reply.is_error == (SL_COAP_CODE_CLASS(reply.code) != 2));
	demand(reply.reason != NULL && reply.reason[0] != '\0');
	check_oscore(&exchange, &result, &reply);
	if (!exchange.is_oscore)
		check_plain(&result, &reply);
	check_message(&reply);
	return 0;
}
