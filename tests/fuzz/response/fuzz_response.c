/* SPDX-License-Identifier: BSD-2-Clause
 * A stream of bytes from an origin, read at once, byte by byte, and in pieces: the same comes out, and the body is
 * the one that a second reader of the framing (RFC 9112 sections 6 and 7.1) finds. What comes out becomes a
 * CoAP message that a strict reader takes. First byte: the size of the pieces and the kind of the exchange. */
#include <stdlib.h>
#include <string.h>

#include "response.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define BODY_MAX 1024

struct reading {
	struct response response;
	enum response_verdict verdict;
	size_t taken, head_len;
	uint8_t body[BODY_MAX];
	size_t body_len;
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
note_body(struct reading *r)
{
	require(r->response.body.len <= BODY_MAX);
	r->body_len = r->response.body.len;
	if (r->body_len > 0)
		memcpy(r->body, r->response.body.ptr, r->body_len);
}

/* Each piece lies in a block of its size. */
static void
feed(struct reading *r, struct sl_span piece)
{
	uint8_t *exact = malloc(piece.len);
	size_t taken = 0;

	require(exact != NULL);
	memcpy(exact, piece.ptr, piece.len);
	r->verdict = response_take(&r->response, sl_span(exact, piece.len), &taken);
	require(taken <= piece.len && (r->verdict != RESPONSE_MORE || taken == piece.len));
	r->taken += taken;
	if (r->verdict == RESPONSE_WHOLE)
		note_body(r);
	free(exact);
}

static void
read_all(struct reading *r, struct sl_span bytes, size_t piece)
{
	memset(r, 0, sizeof *r);
	response_init(&r->response, BODY_MAX);
	r->verdict = RESPONSE_MORE;
	for (size_t at = 0; at < bytes.len && r->verdict == RESPONSE_MORE; at += piece) {
		size_t left = bytes.len - at;

		feed(r, sl_span(bytes.ptr + at, left < piece ? left : piece));
		if (r->head_len == 0 && r->response.head.is_done && r->response.head.status >= 200)
			r->head_len = r->taken;
	}
	if (r->verdict == RESPONSE_MORE) {
		r->verdict = response_end(&r->response);
		if (r->verdict == RESPONSE_WHOLE)
			note_body(r);
	}
}

static void
require_same(const struct reading *a, const struct reading *b)
{
	require(a->verdict == b->verdict);
	if (a->verdict != RESPONSE_WHOLE)
		return;
	require(a->taken == b->taken && a->body_len == b->body_len);
	require(memcmp(a->body, b->body, a->body_len) == 0);
	require(response_may_keep(&a->response) == response_may_keep(&b->response));
}

/* --- the second reader ------------------------------------------------------------------------- */

static size_t
chunk_size(const uint8_t *at, const uint8_t *end)
{
	static const char digits[] = "0123456789abcdef";
	size_t size = 0;

	for (; at < end; at++) {
		const char *digit = strchr(digits, *at >= 'A' && *at <= 'F' ? *at + 32 : *at);

		if (*at == '\0' || digit == NULL)
			break;
		size = size * 16 + (size_t)(digit - digits);
	}
	return size;
}

static void
check_chunks(const struct reading *r, struct sl_span rest)
{
	const uint8_t *at = rest.ptr, *end = rest.ptr + rest.len;
	size_t found = 0;

	for (;;) {
		const uint8_t *line = memmem(at, (size_t)(end - at), "\r\n", 2);
		size_t size;

		require(line != NULL);
		size = chunk_size(at, line);
		at = line + 2;
		if (size == 0)
			break;
		require((size_t)(end - at) >= size + 2 && found + size <= r->body_len);
		require(memcmp(r->body + found, at, size) == 0 &&
		        memcmp(at + size, "\r\n", 2) == 0);
		found += size;
		at += size + 2;
	}
	require(found == r->body_len && end - at >= 2);
	require(memcmp(end - 2, "\r\n", 2) == 0); /* after the last trailer */
	require(end - at == 2 || memcmp(end - 4, "\r\n\r\n", 4) == 0);
}

static void
check_framing(const struct reading *r, struct sl_span bytes)
{
	const struct response_head *h = &r->response.head;
	struct sl_span rest = sl_span(bytes.ptr + r->head_len, r->taken - r->head_len);

	require(h->status >= 200 && h->status <= 599);
	if (h->status == 204 || h->status == 304) {
		require(rest.len == 0 && r->body_len == 0);
	} else if (h->transfer_encoding_count > 0) {
		require(h->content_length_count == 0);
		check_chunks(r, rest);
	} else {
		require(sl_span_equal(rest, sl_span(r->body, r->body_len)));
		require(h->content_length_count == 0 || h->content_length == rest.len);
		require(h->content_length_count > 0 || !response_may_keep(&r->response));
	}
}

/* --- what becomes of it ------------------------------------------------------------------------ */

static void
check_reply(const struct reading *r, bool is_oscore)
{
	const struct sl_map_exchange exchange = {
	        .request_code = SL_COAP_POST, .is_oscore = is_oscore};
	struct sl_map_http_result result = {0};
	struct sl_map_reply reply;
	struct sl_coap_msg msg, again;
	uint8_t datagram[BODY_MAX + 512];
	struct sl_writer w = sl_writer_over(datagram, sizeof datagram);

	response_head_result(&r->response.head, &result);
	result.body = sl_span(r->body, r->body_len);
	sl_map_reply(&exchange, &result, &reply);
	require(!reply.has_oscore || (is_oscore && result.status == 200 && r->body_len > 0));
	sl_coap_msg_init(&msg, reply.code);
	if (reply.has_oscore)
		require(sl_coap_add(&msg, SL_COAP_OSCORE,
		                sl_span(reply.oscore, reply.oscore_len)) == SL_OK);
	if (reply.has_max_age)
		require(sl_coap_add_uint(&msg, SL_COAP_MAX_AGE, reply.max_age) == SL_OK);
	if (reply.has_content_format)
		require(sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, reply.content_format) ==
		        SL_OK);
	msg.payload = reply.payload;
	require(sl_coap_encode(&w, &msg) == SL_OK);
	require(sl_coap_decode(&again, sl_writer_span(&w)) == SL_OK);
	require(again.code == reply.code && sl_span_equal(again.payload, reply.payload));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct reading whole, slow, pieces;
	struct sl_span stream = sl_span(bytes + 1, len - 1);

	if (len < 2)
		return 0;
	read_all(&whole, stream, stream.len);
	read_all(&slow, stream, 1);
	read_all(&pieces, stream, 1 + (bytes[0] & 0x7fU));
	require_same(&whole, &slow);
	require_same(&whole, &pieces);
	if (slow.verdict == RESPONSE_WHOLE) {
		check_framing(&slow, stream);
		check_reply(&slow, (bytes[0] & 0x80) != 0);
	}
	response_reset(&whole.response);
	response_reset(&slow.response);
	response_reset(&pieces.response);
	return 0;
}
