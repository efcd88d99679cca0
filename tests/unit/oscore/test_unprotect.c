/* SPDX-License-Identifier: BSD-2-Clause
 * Verifying: forgeries, replays, wrong contexts, lost windows, and plaintexts that are no CoAP
 * message. The bytes themselves: test_vectors.c. */
#include "pair.h"

#include <string.h>

static bool
same_window(const struct sl_oscore_window *a, const struct sl_oscore_window *b)
{
	return a->highest == b->highest && a->seen == b->seen && a->is_empty == b->is_empty &&
	       a->is_lost == b->is_lost;
}

/* A response 2.05 to a crossed request, taken by the server first. */
static void
response_cross(struct pair *p, const struct crossing *request, bool own_piv, struct crossing *c)
{
	struct sl_oscore_exchange exchange;
	struct sl_coap_msg inner;

	ck_assert_int_eq(request_arrives(p, request, &exchange), SL_OSCORE_OK);
	sl_coap_msg_init(&inner, SL_COAP_CONTENT);
	inner.payload = sl_span_text("Hello World!");
	memset(c, 0, sizeof *c);
	c->sealed.buf = c->bytes;
	c->sealed.cap = sizeof c->bytes;
	ck_assert_ok(
	        sl_oscore_protect_response(&p->server, &exchange, &inner, own_piv, &c->sealed));
}

static enum sl_oscore_outcome
response_arrives(struct pair *p, const struct crossing *request, const struct crossing *c)
{
	static struct sl_coap_msg inner;
	static uint8_t plaintext[512];
	struct sl_oscore_open open = {plaintext, sizeof plaintext, &inner};

	return sl_oscore_unprotect_response(&p->client, &request->exchange,
	        sl_span(c->sealed.option, c->sealed.option_len), c->sealed.ciphertext, &open);
}

START_TEST(a_copy_is_a_replay)
{
	struct crossing c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &c);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_REPLAY);
	request_cross(&p, &c);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
}
END_TEST

START_TEST(what_falls_out_of_the_window_is_a_replay)
{
	struct crossing old, edge, c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &old);  /* 0 */
	request_cross(&p, &edge); /* 1 */
	pair_set_ssn(&p, 32);
	request_cross(&p, &c);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
	ck_assert_int_eq(request_arrives(&p, &old, NULL), SL_OSCORE_REPLAY);
	ck_assert_int_eq(request_arrives(&p, &edge, NULL), SL_OSCORE_OK);
}
END_TEST

START_TEST(no_flipped_bit_of_a_request_passes_or_moves_the_window)
{
	struct sl_oscore_window before;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	pair_set_ssn(&p, 300);
	request_cross(&p, &c);
	before = p.server.window;
	for (size_t bit = 0; bit < 8 * c.sealed.ciphertext.len; bit++) {
		c.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_DECRYPT_FAILED);
		ck_assert(same_window(&p.server.window, &before));
		c.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* The Partial IV 012c: both bytes of it are in the nonce and in the AAD. */
	for (size_t bit = 0; bit < 16; bit++) {
		c.sealed.option[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (c.sealed.option[1] != 0) /* a leading zero does not even decode */
			ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_DECRYPT_FAILED);
		ck_assert(same_window(&p.server.window, &before));
		c.sealed.option[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
}
END_TEST

START_TEST(no_flipped_bit_of_a_response_passes)
{
	struct crossing request, c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &request);
	response_cross(&p, &request, _i != 0, &c);
	for (size_t bit = 0; bit < 8 * c.sealed.ciphertext.len; bit++) {
		c.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(response_arrives(&p, &request, &c), SL_OSCORE_DECRYPT_FAILED);
		c.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_int_eq(response_arrives(&p, &request, &c), SL_OSCORE_OK);
}
END_TEST

START_TEST(no_proper_prefix_of_a_ciphertext_passes)
{
	struct crossing c, cut;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &c);
	for (size_t n = 0; n < c.sealed.ciphertext.len; n++) {
		cut = c;
		cut.sealed.ciphertext = heap_copy(sl_span(c.bytes, n));
		ck_assert_int_eq(request_arrives(&p, &cut, NULL), SL_OSCORE_DECRYPT_FAILED);
		ck_assert(p.server.window.is_empty);
	}
}
END_TEST

/* The response is bound to its request: kid and Partial IV of it are in the AAD. */
START_TEST(a_response_answers_only_its_request)
{
	struct crossing first, second, c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &first);
	request_cross(&p, &second);
	response_cross(&p, &first, _i != 0, &c);
	ck_assert_int_eq(response_arrives(&p, &second, &c), SL_OSCORE_DECRYPT_FAILED);
	ck_assert_int_eq(response_arrives(&p, &first, &c), SL_OSCORE_OK);
}
END_TEST

/* A request sent back to its sender is no response: the keys differ. */
START_TEST(a_reflected_message_fails)
{
	struct crossing request;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &request);
	ck_assert_int_eq(response_arrives(&p, &request, &request), SL_OSCORE_DECRYPT_FAILED);
}
END_TEST

static const struct {
	const char *because, *option;
	enum sl_oscore_outcome outcome;
} options[] = {
        {"there is no kid", "0100", SL_OSCORE_BAD_OPTION},
        {"there is no Partial IV", "08", SL_OSCORE_BAD_OPTION},
        {"there is nothing", "", SL_OSCORE_BAD_OPTION},
        {"the kid is another's", "090001", SL_OSCORE_NO_CONTEXT},
        {"the context has no ID Context", "190001aa", SL_OSCORE_NO_CONTEXT},
        {"the context has no ID Context, not even an empty one", "190000", SL_OSCORE_NO_CONTEXT},
        {"all is well", "0900", SL_OSCORE_OK},
};

START_TEST(requests_name_their_context)
{
	struct sl_span option = hex(options[_i].option);
	struct crossing c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &c);
	memcpy(c.sealed.option, option.ptr, option.len);
	c.sealed.option_len = option.len;
	ck_assert_msg(
	        request_arrives(&p, &c, NULL) == options[_i].outcome, "%s", options[_i].because);
}
END_TEST

START_TEST(a_kid_context_must_be_the_id_context)
{
	struct sl_oscore_params client = client_params(), server;
	struct sl_coap_msg inner;
	struct crossing c;
	struct pair p;

	client.has_id_context = true;
	client.id_context = hex("37cbf3");
	server = mirrored(client);
	ck_assert_ok(sl_oscore_ctx_init(&p.client, &client));
	ck_assert_ok(sl_oscore_ctx_init(&p.server, &server));
	sl_oscore_reserve(&p.client, 9);
	request_cross(&p, &c); /* without: the kid is enough */
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
	sl_coap_msg_init(&inner, SL_COAP_GET);
	c.sealed.cap = sizeof c.bytes;
	ck_assert_ok(sl_oscore_protect_request(&p.client, &inner, true, &c.sealed, &c.exchange));
	c.sealed.option[4] ^= 1; /* flags 1, Partial IV 1, s 1, second byte of the kid context */
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_NO_CONTEXT);
	c.sealed.option[4] ^= 1;
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
}
END_TEST

START_TEST(response_options_must_decode)
{
	struct crossing request, c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &request);
	response_cross(&p, &request, false, &c);
	c.sealed.option[0] = 0;
	c.sealed.option_len = 1;
	ck_assert_int_eq(response_arrives(&p, &request, &c), SL_OSCORE_BAD_OPTION);
}
END_TEST

static const struct {
	const char *because, *plaintext;
} bad_requests[] = {
        {"the code is Empty", "00"},
        {"the code is a response's", "45"},
        {"the code is a signal's", "e1"},
        {"the code is of class 1", "20"},
        {"the payload marker has no payload", "01ff"},
        {"the option is cut short", "01b37476"},
        {"delta 15 is reserved", "01f100"},
        {"length 15 is reserved", "01bf"},
        {"OSCORE is inside OSCORE", "019100"},
};

START_TEST(authentic_plaintexts_that_are_no_requests)
{
	struct crossing c;
	struct pair p;

	pair_init(&p);
	plaintext_cross(&p, hex(bad_requests[_i].plaintext), 5, &c);
	ck_assert_msg(request_arrives(&p, &c, NULL) == SL_OSCORE_BAD_INNER, "accepted although %s",
	        bad_requests[_i].because);
	/* It was authentic: its number is used up. */
	ck_assert_uint_eq(p.server.window.highest, 5);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_REPLAY);
}
END_TEST

START_TEST(the_message_by_hand_is_good_otherwise)
{
	struct crossing c;
	struct pair p;

	pair_init(&p);
	plaintext_cross(&p, hex("01b3747631"), 5, &c);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
}
END_TEST

/* Sealed nothing: a tag that verifies, and no code. */
START_TEST(an_empty_plaintext_is_no_message)
{
	struct crossing c;
	struct pair p;

	pair_init(&p);
	plaintext_cross(&p, sl_span(NULL, 0), 5, &c);
	ck_assert_uint_eq(c.sealed.ciphertext.len, 8);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_DECRYPT_FAILED);
	ck_assert(p.server.window.is_empty);
}
END_TEST

START_TEST(more_options_than_we_hold_are_no_request)
{
	uint8_t plaintext[1 + SL_COAP_OPTIONS_MAX + 1] = {SL_COAP_GET};
	struct crossing c;
	struct pair p;

	pair_init(&p);
	plaintext[1] = 0xb0; /* Uri-Path, empty; the rest repeats it with delta 0 */
	plaintext_cross(&p, sl_span(plaintext, 1 + SL_COAP_OPTIONS_MAX), 5, &c);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
	plaintext_cross(&p, sl_span(plaintext, sizeof plaintext), 6, &c);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_BAD_INNER);
}
END_TEST

/* A request's plaintext under the server's key: the client must not take it for a response. */
START_TEST(authentic_plaintexts_that_are_no_responses)
{
	static const char *const plaintexts[] = {"01b3747631", "00", "e1", "60", "45ff", "459100"};
	struct pair p, swapped;
	struct crossing c, request;

	pair_init(&p);
	request_cross(&p, &request);
	swapped = p;
	swapped.client.sender_key = p.server.sender_key;
	/* The nonce and the AAD are those of the request with Partial IV 0. */
	plaintext_cross(&swapped, hex(plaintexts[_i]), 0, &c);
	c.sealed.option_len = 0;
	ck_assert_int_eq(response_arrives(&p, &request, &c), SL_OSCORE_BAD_INNER);
}
END_TEST

START_TEST(failure_leaves_outputs_alone_and_plaintext_nowhere)
{
	struct sl_coap_msg inner = {.code = 77};
	struct sl_oscore_exchange exchange = {.piv_len = 3};
	uint8_t buf[64];
	struct sl_oscore_open open = {buf, sizeof buf, &inner};
	struct sl_oscore_option opt;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	plaintext_cross(&p, hex("01ff"), 5, &c);
	ck_assert_ok(sl_oscore_option_decode(&opt, sl_span(c.sealed.option, c.sealed.option_len)));
	memset(buf, 0xee, sizeof buf);
	ck_assert_int_eq(
	        sl_oscore_unprotect_request(&p.server, &opt, c.sealed.ciphertext, &open, &exchange),
	        SL_OSCORE_BAD_INNER);
	ck_assert_uint_eq(inner.code, 77);
	ck_assert_uint_eq(exchange.piv_len, 3);
	ck_assert_bytes(sl_span(buf, 2), hex("0000"));
}
END_TEST

START_TEST(a_buffer_too_small_is_our_failure_and_spends_nothing)
{
	struct sl_coap_msg inner;
	struct sl_oscore_exchange exchange;
	uint8_t buf[8];
	struct sl_oscore_option opt;
	struct crossing c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &c); /* 01 b3747631: five bytes */
	ck_assert_ok(sl_oscore_option_decode(&opt, sl_span(c.sealed.option, c.sealed.option_len)));
	for (size_t cap = 0; cap <= 5; cap++) {
		struct sl_oscore_open open = {buf, cap, &inner};

		ck_assert_int_eq(sl_oscore_unprotect_request(
		                         &p.server, &opt, c.sealed.ciphertext, &open, &exchange),
		        cap < 5 ? SL_OSCORE_FAILED : SL_OSCORE_OK);
		ck_assert(p.server.window.is_empty == (cap < 5));
	}
}
END_TEST

/* B.1.2, both messages of it. */
START_TEST(a_lost_window_comes_back_by_echo)
{
	struct sl_oscore_exchange first, second;
	struct crossing c, next;
	struct sl_coap_msg inner;
	struct pair p;

	pair_init(&p);
	pair_set_ssn(&p, 500);
	request_cross(&p, &c);
	sl_oscore_window_lose(&p.server);
	ck_assert_int_eq(request_arrives(&p, &c, &first), SL_OSCORE_NEEDS_ECHO);
	ck_assert(p.server.window.is_lost);
	ck_assert_bytes(sl_span(first.piv, first.piv_len), hex("01f4"));
	/* This may be a copy of a request that was answered before: not with its nonce. */
	sl_coap_msg_init(&inner, SL_COAP_UNAUTHORIZED);
	next.sealed = (struct sl_oscore_sealed){.buf = next.bytes, .cap = sizeof next.bytes};
	ck_assert_err(sl_oscore_protect_response(&p.server, &first, &inner, false, &next.sealed),
	        SL_EREPLAY);
	ck_assert_ok(sl_oscore_protect_response(&p.server, &first, &inner, true, &next.sealed));
	ck_assert_int_eq(response_arrives(&p, &c, &next), SL_OSCORE_OK);

	request_cross(&p, &next); /* 501, with the Echo inside */
	ck_assert_int_eq(request_arrives(&p, &next, &second), SL_OSCORE_NEEDS_ECHO);
	ck_assert_int_eq(sl_oscore_window_found(&p.server, &second), SL_OSCORE_OK);
	ck_assert(!second.nonce_is_used);
	ck_assert_int_eq(request_arrives(&p, &next, NULL), SL_OSCORE_REPLAY);
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_REPLAY);
	request_cross(&p, &next);
	ck_assert_int_eq(request_arrives(&p, &next, NULL), SL_OSCORE_OK);
}
END_TEST

/* Two requests were under way when the window was lost, one of them twice. */
START_TEST(a_window_is_found_once)
{
	struct sl_oscore_exchange a, a_copy, b;
	struct crossing first, second;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &first);
	request_cross(&p, &second);
	sl_oscore_window_lose(&p.server);
	ck_assert_int_eq(request_arrives(&p, &first, &a), SL_OSCORE_NEEDS_ECHO);
	ck_assert_int_eq(request_arrives(&p, &first, &a_copy), SL_OSCORE_NEEDS_ECHO);
	ck_assert_int_eq(request_arrives(&p, &second, &b), SL_OSCORE_NEEDS_ECHO);
	ck_assert_int_eq(sl_oscore_window_found(&p.server, &a), SL_OSCORE_OK);
	ck_assert_int_eq(sl_oscore_window_found(&p.server, &a_copy), SL_OSCORE_REPLAY);
	ck_assert(a_copy.nonce_is_used);
	ck_assert_int_eq(sl_oscore_window_found(&p.server, &b), SL_OSCORE_OK);
	ck_assert_int_eq(request_arrives(&p, &second, NULL), SL_OSCORE_REPLAY);
}
END_TEST

START_TEST(a_forgery_does_not_ask_for_echo)
{
	struct crossing c;
	struct pair p;

	pair_init(&p);
	request_cross(&p, &c);
	sl_oscore_window_lose(&p.server);
	c.bytes[0] ^= 1;
	ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_DECRYPT_FAILED);
	ck_assert(p.server.window.is_lost);
}
END_TEST

/* RFC 8613 section 8.2. */
START_TEST(outcomes_have_codes_and_texts)
{
	static const struct {
		enum sl_oscore_outcome outcome;
		uint8_t code;
		const char *text;
	} rows[] = {
	        {SL_OSCORE_OK, 0, NULL},
	        {SL_OSCORE_BAD_OPTION, SL_COAP_CODE(4, 2), "Failed to decode COSE"},
	        {SL_OSCORE_NO_CONTEXT, SL_COAP_CODE(4, 1), "Security context not found"},
	        {SL_OSCORE_REPLAY, SL_COAP_CODE(4, 1), "Replay detected"},
	        {SL_OSCORE_DECRYPT_FAILED, SL_COAP_CODE(4, 0), "Decryption failed"},
	        {SL_OSCORE_NEEDS_ECHO, 0, NULL},
	        {SL_OSCORE_BAD_INNER, SL_COAP_CODE(4, 0), NULL},
	        {SL_OSCORE_FAILED, SL_COAP_CODE(5, 0), NULL},
	};
	const char *text = sl_oscore_outcome_text(rows[_i].outcome);

	ck_assert_uint_eq(sl_oscore_outcome_code(rows[_i].outcome), rows[_i].code);
	ck_assert((text == NULL) == (rows[_i].text == NULL));
	if (text != NULL)
		ck_assert_str_eq(text, rows[_i].text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oscore/unprotect");
	TCase *tc = tcase_create("unprotect");

	tcase_add_test(tc, a_copy_is_a_replay);
	tcase_add_test(tc, what_falls_out_of_the_window_is_a_replay);
	tcase_add_test(tc, no_flipped_bit_of_a_request_passes_or_moves_the_window);
	tcase_add_loop_test(tc, no_flipped_bit_of_a_response_passes, 0, 2);
	tcase_add_test(tc, no_proper_prefix_of_a_ciphertext_passes);
	tcase_add_loop_test(tc, a_response_answers_only_its_request, 0, 2);
	tcase_add_test(tc, a_reflected_message_fails);
	tcase_add_loop_test(tc, requests_name_their_context, 0, (int)ARRAY_LEN(options));
	tcase_add_test(tc, a_kid_context_must_be_the_id_context);
	tcase_add_test(tc, response_options_must_decode);
	tcase_add_loop_test(
	        tc, authentic_plaintexts_that_are_no_requests, 0, (int)ARRAY_LEN(bad_requests));
	tcase_add_test(tc, the_message_by_hand_is_good_otherwise);
	tcase_add_test(tc, an_empty_plaintext_is_no_message);
	tcase_add_test(tc, more_options_than_we_hold_are_no_request);
	tcase_add_loop_test(tc, authentic_plaintexts_that_are_no_responses, 0, 6);
	tcase_add_test(tc, failure_leaves_outputs_alone_and_plaintext_nowhere);
	tcase_add_test(tc, a_buffer_too_small_is_our_failure_and_spends_nothing);
	tcase_add_test(tc, a_lost_window_comes_back_by_echo);
	tcase_add_test(tc, a_window_is_found_once);
	tcase_add_test(tc, a_forgery_does_not_ask_for_echo);
	tcase_add_loop_test(tc, outcomes_have_codes_and_texts, 0, 8);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
