/* SPDX-License-Identifier: BSD-2-Clause
 * Protecting: which options go inside, outer codes, numbers that run out, nonces that are used
 * once, and outputs that stay alone on failure. The bytes themselves: test_vectors.c. */
#include "pair.h"

#include <string.h>

/* Opens what the client sealed, with the server; the inner message borrows from a static buffer. */
static struct sl_coap_msg
opened_request(struct pair *p, const struct crossing *c)
{
	static uint8_t plaintext[512];
	struct sl_coap_msg inner;
	struct sl_oscore_open open = {plaintext, sizeof plaintext, &inner};
	struct sl_oscore_exchange exchange;
	struct sl_oscore_option opt;

	ck_assert_ok(
	        sl_oscore_option_decode(&opt, sl_span(c->sealed.option, c->sealed.option_len)));
	ck_assert_int_eq(sl_oscore_unprotect_request(
	                         &p->server, &opt, c->sealed.ciphertext, &open, &exchange),
	        SL_OSCORE_OK);
	return inner;
}

static struct sl_coap_msg
opened_response(struct pair *p, const struct crossing *request, const struct crossing *c)
{
	static uint8_t plaintext[512];
	struct sl_coap_msg inner;
	struct sl_oscore_open open = {plaintext, sizeof plaintext, &inner};

	ck_assert_int_eq(sl_oscore_unprotect_response(&p->client, &request->exchange,
	                         sl_span(c->sealed.option, c->sealed.option_len),
	                         c->sealed.ciphertext, &open),
	        SL_OSCORE_OK);
	return inner;
}

static void
give_room(struct crossing *c)
{
	memset(c, 0, sizeof *c);
	c->sealed.buf = c->bytes;
	c->sealed.cap = sizeof c->bytes;
}

static enum sl_err
protect(struct pair *p, const struct sl_coap_msg *inner, struct crossing *c)
{
	give_room(c);
	return sl_oscore_protect_request(&p->client, inner, false, &c->sealed, &c->exchange);
}

static enum sl_err
respond(struct pair *p, struct sl_oscore_exchange *exchange, const struct sl_coap_msg *inner,
        bool own_piv, struct crossing *c)
{
	give_room(c);
	return sl_oscore_protect_response(&p->server, exchange, inner, own_piv, &c->sealed);
}

/* RFC 8613 figure 5, and section 4.1 for those that are not in it. */
static const struct {
	uint16_t number;
	bool is_inside;
} classes[] = {
        {SL_COAP_IF_MATCH, true}, {SL_COAP_URI_HOST, false}, {SL_COAP_ETAG, true},
        {SL_COAP_IF_NONE_MATCH, true}, {SL_COAP_OBSERVE, true}, {SL_COAP_URI_PORT, false},
        {SL_COAP_LOCATION_PATH, true}, {SL_COAP_URI_PATH, true}, {SL_COAP_CONTENT_FORMAT, true},
        {SL_COAP_MAX_AGE, true}, {SL_COAP_URI_QUERY, true}, {SL_COAP_ACCEPT, true},
        {SL_COAP_LOCATION_QUERY, true}, {SL_COAP_BLOCK2, true}, {SL_COAP_BLOCK1, true},
        {SL_COAP_SIZE2, true}, {SL_COAP_PROXY_SCHEME, false}, {SL_COAP_SIZE1, true},
        {SL_COAP_NO_RESPONSE, true}, {SL_COAP_ECHO, true}, /* RFC 9175 table 1 */
        {SL_COAP_REQUEST_TAG, true},                       /* RFC 9175 table 2 */
        {SL_COAP_EDHOC, false},                            /* RFC 9668 section 3.1 */
        {65000, true},                                     /* unknown */
        {65001, true},                                     /* unknown and critical */
};

START_TEST(class_e_options_go_inside)
{
	struct sl_coap_msg inner, got;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	sl_coap_msg_init(&inner, SL_COAP_POST);
	ck_assert_ok(sl_coap_add(&inner, classes[_i].number, hex("01")));
	inner.payload = sl_span_text("payload");
	ck_assert_ok(protect(&p, &inner, &c));
	got = opened_request(&p, &c);
	ck_assert_uint_eq(got.code, SL_COAP_POST);
	ck_assert_uint_eq(got.option_count, classes[_i].is_inside);
	if (classes[_i].is_inside)
		ck_assert_bytes(
		        sl_coap_option_value(sl_coap_find(&got, classes[_i].number)), hex("01"));
	ck_assert_bytes(got.payload, sl_span_text("payload"));
}
END_TEST

/* 4.1.3.7 and 4.1.3.3. */
START_TEST(refuses_oscore_and_proxy_uri_inside)
{
	static const uint16_t numbers[] = {SL_COAP_OSCORE, SL_COAP_PROXY_URI};
	struct sl_coap_msg inner;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	sl_coap_msg_init(&inner, SL_COAP_GET);
	ck_assert_ok(sl_coap_add(&inner, numbers[_i], hex("09")));
	ck_assert_err(protect(&p, &inner, &c), SL_EMALFORMED);
	ck_assert_uint_eq(p.client.ssn, 0);
}
END_TEST

START_TEST(requests_have_request_codes)
{
	static const uint8_t codes[] = {
	        SL_COAP_EMPTY, SL_COAP_CHANGED, SL_COAP_BAD_REQUEST, SL_COAP_CODE(7, 1)};
	struct sl_coap_msg inner;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	sl_coap_msg_init(&inner, codes[_i]);
	ck_assert_err(protect(&p, &inner, &c), SL_EMALFORMED);
}
END_TEST

START_TEST(responses_have_response_codes)
{
	static const uint8_t codes[] = {SL_COAP_EMPTY, SL_COAP_GET, SL_COAP_CODE(1, 0)};
	struct sl_oscore_exchange exchange;
	struct sl_coap_msg inner;
	struct crossing request, c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &request);
	ck_assert_int_eq(request_arrives(&p, &request, &exchange), SL_OSCORE_OK);
	sl_coap_msg_init(&inner, codes[_i]);
	ck_assert_err(respond(&p, &exchange, &inner, false, &c), SL_EMALFORMED);
	ck_assert(!exchange.nonce_is_used);
}
END_TEST

START_TEST(outer_codes_without_observe)
{
	struct sl_oscore_exchange exchange;
	struct sl_coap_msg inner, got;
	struct crossing request, c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &request);
	ck_assert_uint_eq(request.sealed.code, SL_COAP_POST);
	ck_assert_int_eq(request_arrives(&p, &request, &exchange), SL_OSCORE_OK);
	sl_coap_msg_init(&inner, SL_COAP_NOT_FOUND);
	ck_assert_ok(respond(&p, &exchange, &inner, false, &c));
	ck_assert_uint_eq(c.sealed.code, SL_COAP_CHANGED);
	ck_assert_uint_eq(c.sealed.option_len, 0);
	got = opened_response(&p, &request, &c);
	ck_assert_uint_eq(got.code, SL_COAP_NOT_FOUND);
}
END_TEST

/* 4.1.3.5: FETCH and 2.05 outside; inside, a request's value stays, a notification's is empty. */
START_TEST(outer_codes_and_values_with_observe)
{
	struct sl_oscore_exchange exchange;
	struct sl_coap_msg inner, got;
	struct crossing request, c;
	struct pair p;
	uint32_t value = 9;

	pair_init(&p);
	sl_coap_msg_init(&inner, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_uint(&inner, SL_COAP_OBSERVE, 1));
	ck_assert_ok(protect(&p, &inner, &request));
	ck_assert_uint_eq(request.sealed.code, SL_COAP_FETCH);
	ck_assert(request.exchange.is_observe);
	got = opened_request(&p, &request);
	ck_assert_ok(sl_coap_get_uint(&got, SL_COAP_OBSERVE, &value));
	ck_assert_uint_eq(value, 1);

	pair_set_ssn(&p, 1);
	ck_assert_ok(protect(&p, &inner, &request));
	ck_assert_int_eq(request_arrives(&p, &request, &exchange), SL_OSCORE_OK);
	ck_assert(exchange.is_observe);
	sl_coap_msg_init(&inner, SL_COAP_CONTENT);
	ck_assert_ok(sl_coap_add_uint(&inner, SL_COAP_OBSERVE, 4711));
	ck_assert_ok(respond(&p, &exchange, &inner, false, &c));
	ck_assert_uint_eq(c.sealed.code, SL_COAP_CONTENT);
	got = opened_response(&p, &request, &c);
	ck_assert_uint_eq(sl_coap_count(&got, SL_COAP_OBSERVE), 1);
	ck_assert_uint_eq(sl_coap_option_value(sl_coap_find(&got, SL_COAP_OBSERVE)).len, 0);
}
END_TEST

START_TEST(kid_context_goes_along_when_asked_and_known)
{
	struct sl_oscore_params params = client_params();
	struct sl_oscore_option opt;
	struct sl_coap_msg inner;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	sl_coap_msg_init(&inner, SL_COAP_GET);
	for (int row = 0; row < 4; row++) {
		bool is_known = (row & 1) != 0, is_asked = (row & 2) != 0;

		params.has_id_context = is_known;
		params.id_context = hex("37cbf3");
		ck_assert_ok(sl_oscore_ctx_init(&p.client, &params));
		sl_oscore_reserve(&p.client, SL_OSCORE_SSN_END);
		give_room(&c);
		ck_assert_ok(sl_oscore_protect_request(
		        &p.client, &inner, is_asked, &c.sealed, &c.exchange));
		ck_assert_ok(sl_oscore_option_decode(
		        &opt, sl_span(c.sealed.option, c.sealed.option_len)));
		ck_assert(opt.has_kid_context == (is_known && is_asked));
		if (opt.has_kid_context)
			ck_assert_bytes(opt.kid_context, hex("37cbf3"));
	}
}
END_TEST

START_TEST(every_request_takes_the_next_number)
{
	struct crossing c;
	struct pair p;

	pair_init(&p);
	for (uint8_t i = 0; i < 5; i++) {
		request_cross(&p, &c);
		ck_assert_bytes(sl_span(c.exchange.piv, c.exchange.piv_len), sl_span(&i, 1));
	}
}
END_TEST

START_TEST(stops_where_the_reservation_ends)
{
	struct sl_coap_msg inner;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	p.client.ssn_limit = 0;
	sl_coap_msg_init(&inner, SL_COAP_GET);
	ck_assert_err(protect(&p, &inner, &c), SL_ELIMIT);
	sl_oscore_reserve(&p.client, 2);
	ck_assert_ok(protect(&p, &inner, &c));
	ck_assert_ok(protect(&p, &inner, &c));
	ck_assert_err(protect(&p, &inner, &c), SL_ELIMIT);
	ck_assert_uint_eq(p.client.ssn, 2);
	for (size_t i = 0; i < sizeof c.bytes; i++)
		ck_assert_msg(c.bytes[i] == 0, "plaintext was left in the buffer");
	sl_oscore_reserve(&p.client, 3);
	ck_assert_ok(protect(&p, &inner, &c));
}
END_TEST

/* Section 7.2.1: 2^40 - 1 is the last number, whatever is reserved. */
START_TEST(stops_at_2_to_40)
{
	struct sl_coap_msg inner;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	pair_set_ssn(&p, SL_OSCORE_SSN_END - 1);
	sl_coap_msg_init(&inner, SL_COAP_GET);
	ck_assert_ok(protect(&p, &inner, &c));
	ck_assert_bytes(sl_span(c.exchange.piv, c.exchange.piv_len), hex("ffffffffff"));
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
	ck_assert_err(protect(&p, &inner, &c), SL_ELIMIT);
	p.client.ssn_limit = UINT64_MAX;
	ck_assert_err(protect(&p, &inner, &c), SL_ELIMIT);
}
END_TEST

/* Code 1, Uri-Path "a" 2, payload marker 1, payload 5, tag 8. */
START_TEST(says_when_the_buffer_is_too_small)
{
	struct sl_coap_msg inner;
	struct pair p;

	pair_init(&p);
	sl_coap_msg_init(&inner, SL_COAP_POST);
	ck_assert_ok(sl_coap_add(&inner, SL_COAP_URI_PATH, hex("61")));
	inner.payload = hex("0102030405");
	for (size_t cap = 0; cap <= 1 + 2 + 1 + 5 + 8; cap++) {
		uint8_t zeros[32] = {0};
		struct sl_span room = heap_copy(sl_span(zeros, cap));
		struct sl_oscore_sealed sealed = {.buf = (uint8_t *)room.ptr, .cap = cap};
		struct sl_oscore_exchange exchange = {.piv_len = 3};
		enum sl_err err =
		        sl_oscore_protect_request(&p.client, &inner, false, &sealed, &exchange);

		if (cap == 1 + 2 + 1 + 5 + 8) {
			ck_assert_ok(err);
			ck_assert_uint_eq(sealed.ciphertext.len, cap);
			continue;
		}
		ck_assert_int_eq(err, SL_ESPACE);
		ck_assert_uint_eq(p.client.ssn, 0); /* no number was spent */
		ck_assert_uint_eq(exchange.piv_len, 3);
		ck_assert_uint_eq(sealed.option_len, 0);
		for (size_t i = 0; i < cap; i++)
			ck_assert_uint_eq(room.ptr[i], 0);
	}
}
END_TEST

START_TEST(a_response_uses_the_nonce_of_the_request_once)
{
	struct sl_oscore_exchange exchange;
	struct sl_coap_msg inner;
	struct crossing request, c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &request);
	ck_assert_int_eq(request_arrives(&p, &request, &exchange), SL_OSCORE_OK);
	sl_coap_msg_init(&inner, SL_COAP_CONTENT);
	ck_assert_ok(respond(&p, &exchange, &inner, false, &c));
	ck_assert_err(respond(&p, &exchange, &inner, false, &c), SL_EREPLAY);
	ck_assert_uint_eq(p.server.ssn, 0);
	/* With numbers of its own the server may go on. */
	for (uint8_t i = 0; i < 3; i++) {
		struct sl_oscore_option opt;

		ck_assert_ok(respond(&p, &exchange, &inner, true, &c));
		ck_assert_ok(sl_oscore_option_decode(
		        &opt, sl_span(c.sealed.option, c.sealed.option_len)));
		ck_assert_bytes(opt.partial_iv, sl_span(&i, 1));
		ck_assert(!opt.has_kid && !opt.has_kid_context);
		opened_response(&p, &request, &c);
	}
	p.server.ssn_limit = p.server.ssn;
	ck_assert_err(respond(&p, &exchange, &inner, true, &c), SL_ELIMIT);
}
END_TEST

START_TEST(a_failed_response_spends_no_nonce)
{
	struct sl_oscore_exchange exchange;
	struct sl_coap_msg inner;
	struct crossing request, c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &request);
	ck_assert_int_eq(request_arrives(&p, &request, &exchange), SL_OSCORE_OK);
	sl_coap_msg_init(&inner, SL_COAP_CONTENT);
	give_room(&c);
	c.sealed.cap = 8; /* the code and 7 bytes of tag */
	ck_assert_err(sl_oscore_protect_response(&p.server, &exchange, &inner, false, &c.sealed),
	        SL_ESPACE);
	ck_assert_err(sl_oscore_protect_response(&p.server, &exchange, &inner, true, &c.sealed),
	        SL_ESPACE);
	ck_assert_uint_eq(p.server.ssn, 0);
	ck_assert_ok(respond(&p, &exchange, &inner, false, &c));
}
END_TEST

/* Every algorithm of the table carries a request and both kinds of response. */
START_TEST(works_with_every_algorithm)
{
	struct sl_oscore_params client = client_params(), server;
	struct sl_oscore_exchange exchange;
	struct sl_coap_msg inner, got;
	struct crossing request, c;
	struct pair p;

	client.aead_alg = sl_aead_at((size_t)_i)->cose_alg;
	server = mirrored(client);
	ck_assert_ok(sl_oscore_ctx_init(&p.client, &client));
	ck_assert_ok(sl_oscore_ctx_init(&p.server, &server));
	sl_oscore_reserve(&p.client, SL_OSCORE_SSN_END);
	sl_oscore_reserve(&p.server, SL_OSCORE_SSN_END);
	request_cross(&p, &request);
	ck_assert_int_eq(request_arrives(&p, &request, &exchange), SL_OSCORE_OK);
	sl_coap_msg_init(&inner, SL_COAP_CONTENT);
	inner.payload = sl_span_text("sealed with any of them");
	for (int own_piv = 0; own_piv < 2; own_piv++) {
		ck_assert_ok(respond(&p, &exchange, &inner, own_piv != 0, &c));
		got = opened_response(&p, &request, &c);
		ck_assert_bytes(got.payload, inner.payload);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oscore/protect");
	TCase *tc = tcase_create("protect");

	tcase_add_loop_test(tc, class_e_options_go_inside, 0, (int)ARRAY_LEN(classes));
	tcase_add_loop_test(tc, refuses_oscore_and_proxy_uri_inside, 0, 2);
	tcase_add_loop_test(tc, requests_have_request_codes, 0, 4);
	tcase_add_loop_test(tc, responses_have_response_codes, 0, 3);
	tcase_add_test(tc, outer_codes_without_observe);
	tcase_add_test(tc, outer_codes_and_values_with_observe);
	tcase_add_test(tc, kid_context_goes_along_when_asked_and_known);
	tcase_add_test(tc, every_request_takes_the_next_number);
	tcase_add_test(tc, stops_where_the_reservation_ends);
	tcase_add_test(tc, stops_at_2_to_40);
	tcase_add_test(tc, says_when_the_buffer_is_too_small);
	tcase_add_test(tc, a_response_uses_the_nonce_of_the_request_once);
	tcase_add_test(tc, a_failed_response_spends_no_nonce);
	tcase_add_loop_test(tc, works_with_every_algorithm, 0, 12);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
