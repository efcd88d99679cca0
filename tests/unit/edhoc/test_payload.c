/* SPDX-License-Identifier: BSD-2-Clause
 * Error messages, payloads with their prefix, and the EDHOC + OSCORE request (RFC 9668) on the
 * session of RFC 9529 trace 2: edhoc_coap_vectors.json. */
#include "run.h"

#include <sl/cbor.h>
#include <sl/coap.h>
#include <sl/oscore.h>

#include <string.h>

static struct run run;
static struct session v;

static void
setup(void)
{
	v = trace_load("rfc9529_trace2.json");
	run.v = &v;
}

static void
teardown(void)
{
	run_end(&run);
}

static const struct {
	const char *because, *bytes;
	bool good;
	int64_t code;
	const char *text, *suites;
} errors[] = {
        {"code 1 has a text", "016166", true, 1, "66", ""},
        {"the text may be empty", "0160", true, 1, "", ""},
        {"code 2 has one suite", "0202", true, 2, "", "02"},
        {"code 2 has two suites", "02820203", true, 2, "", "820203"},
        {"code 3 has true", "03f5", true, 3, "", ""},
        {"another code has any item", "1864f6", true, 100, "", ""},
        {"a negative code has any item", "20a10102", true, -1, "", ""},
        {"code 0 is success", "00f6", false, 0, "", ""},
        {"code 1 has a text and no bstr", "014166", false, 0, "", ""},
        {"code 2 has no array of one", "028102", false, 0, "", ""},
        {"code 3 has no false", "03f4", false, 0, "", ""},
        {"code 3 has no int", "0301", false, 0, "", ""},
        {"there are two items", "01606160", false, 0, "", ""},
        {"the item is missing", "02", false, 0, "", ""},
        {"the item is missing for any code", "1864", false, 0, "", ""},
        {"a code is an int", "416160", false, 0, "", ""},
        {"nothing is there", "", false, 0, "", ""},
        {"the text is no UTF-8", "0161ff", false, 0, "", ""},
};

START_TEST(error_messages)
{
	struct sl_edhoc_error error = {.code = 77};
	enum sl_err err = sl_edhoc_error_read(&error, hex(errors[_i].bytes));

	ck_assert_msg((err == SL_OK) == errors[_i].good, "%s", errors[_i].because);
	if (err != SL_OK) {
		ck_assert_err(err, SL_EMALFORMED);
		ck_assert_int_eq(error.code, 77);
		return;
	}
	ck_assert_int_eq(error.code, errors[_i].code);
	ck_assert_bytes(error.text, hex(errors[_i].text));
	ck_assert_bytes(error.suites, hex(errors[_i].suites));
}
END_TEST

static const struct {
	const char *because, *bytes;
} bad_payloads[] = {
        {"nothing is there", ""},
        {"a prefix alone is no message", "f5"},
        {"C_R alone is no message", "27"},
        {"C_R alone is no message, in a bstr", "42abcd"},
        {"false is no prefix", "f403"},
        {"null is no prefix", "f603"},
        {"a text is no identifier", "613752"},
        {"a short identifier is no bstr", "412752"},
        {"C_R is cut short", "42ab"},
        {"an array is no prefix", "8027"},
};

START_TEST(refuses_a_payload)
{
	struct sl_edhoc_payload payload = {.kind = SL_EDHOC_PAYLOAD_ERROR};

	ck_assert_msg(sl_edhoc_payload_read(&payload, hex(bad_payloads[_i].bytes)) == SL_EMALFORMED,
	        "accepted although %s", bad_payloads[_i].because);
	ck_assert_int_eq(payload.kind, SL_EDHOC_PAYLOAD_ERROR);
	ck_assert_ptr_null(payload.message.ptr);
}
END_TEST

static void
ck_payload(enum sl_edhoc_payload_kind kind, struct sl_span c_r, struct sl_span message,
        struct sl_span bytes)
{
	struct sl_edhoc_payload payload;
	uint8_t out[128];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_edhoc_payload_read(&payload, bytes));
	ck_assert_int_eq(payload.kind, kind);
	ck_assert_bytes(payload.c_r, c_r);
	ck_assert_bytes(payload.message, message);
	sl_edhoc_payload_write(&w, &payload);
	ck_assert_bytes(sl_writer_span(&w), bytes);
}

START_TEST(an_error_behind_an_identifier)
{
	ck_payload(SL_EDHOC_PAYLOAD_ERROR, hex("27"), hex("0160"), hex("270160"));
	ck_payload(SL_EDHOC_PAYLOAD_ERROR, hex(""), hex("03f5"), hex("4003f5"));
	ck_payload(SL_EDHOC_PAYLOAD_MESSAGE_3, hex("abcd"), hex("40"), hex("42abcd40"));
}
END_TEST

/* The requests of the flow, by what the payload of the row must be. */
START_TEST(the_sequential_flow)
{
	json_t *root = vectors_load("edhoc_coap_vectors.json"), *row;
	json_t *trace = vectors_load("rfc9529_trace2.json");
	struct sl_span first = vectors_hex(json_object_get(trace, "first_message_1"), "message_1");
	size_t i;

	json_array_foreach(vectors_list(root, "sequential_flow"), i, row)
	{
		struct sl_span payload = vectors_hex(row, "payload");
		struct sl_coap_msg msg;

		ck_assert_ok(sl_coap_decode(&msg, vectors_hex(row, "coap")));
		ck_assert_bytes(msg.payload, payload);
		if (i == 0)
			ck_payload(SL_EDHOC_PAYLOAD_MESSAGE_1, hex(""), first, payload);
		else if (i == 2)
			ck_payload(SL_EDHOC_PAYLOAD_MESSAGE_1, hex(""), v.message[1], payload);
		else if (i == 4)
			ck_payload(SL_EDHOC_PAYLOAD_MESSAGE_3, v.c_r, v.message[3], payload);
		else /* a response has no prefix */
			ck_assert_bytes(payload, i == 1   ? hex("0202")
			                         : i == 3 ? v.message[2]
			                                  : v.message[4]);
	}
	vectors_ran("EDHOC over CoAP, sequential", i);
	json_decref(root);
	json_decref(trace);
}
END_TEST

/* A server with one session that waits for message_3 under C_R 27, RFC 9668 section 3.3. The words
 * are those of the vector file. */
static struct sl_oscore_ctx server;
static struct sl_oscore_exchange exchange;
static uint8_t opened[256];
static struct sl_coap_msg inner;

static const char *
open_oscore(const struct sl_oscore_option *option, struct sl_span ciphertext)
{
	struct sl_oscore_open open = {opened, sizeof opened, &inner};
	struct sl_edhoc_oscore keys;
	struct sl_oscore_params params;

	ck_assert_ok(sl_edhoc_oscore(&run.s, &keys));
	params = (struct sl_oscore_params){.master_secret = sl_key_view(&keys.master_secret),
	        .master_salt = sl_key_view(&keys.master_salt),
	        .sender_id = keys.sender_id,
	        .recipient_id = keys.recipient_id,
	        .aead_alg = keys.aead_alg,
	        .hkdf_hash = keys.hkdf_hash};
	ck_assert_ok(sl_oscore_ctx_init(&server, &params));
	sl_oscore_reserve(&server, SL_OSCORE_SSN_END);
	if (sl_oscore_unprotect_request(&server, option, ciphertext, &open, &exchange) !=
	        SL_OSCORE_OK)
		return "EDHOC completes;";
	return "as edhoc_oscore_request";
}

static const char *
serve(struct sl_span datagram)
{
	struct sl_edhoc_seen seen;
	struct sl_oscore_option option;
	struct sl_coap_msg msg;
	struct sl_span message_3, ciphertext;

	ck_assert_ok(sl_coap_decode(&msg, datagram));
	if (sl_coap_count(&msg, 21) != 1)
		return "reject";
	if (sl_coap_find(&msg, SL_COAP_OSCORE) == NULL)
		return "4.00";
	ck_assert_ok(sl_oscore_option_decode(
	        &option, sl_coap_option_value(sl_coap_find(&msg, SL_COAP_OSCORE))));
	if (!option.has_kid ||
	        sl_edhoc_combined_read(msg.payload, 8, &message_3, &ciphertext) != SL_OK)
		return "4.00";
	if (!sl_span_equal(option.kid, sl_edhoc_id_view(&run.s.c_r)))
		return "error: no EDHOC session for C_R";
	if (run_read(&run, 3, message_3, &seen) != SL_OK || run_verify(&run) != SL_OK)
		return "unprotected error response";
	return open_oscore(&option, ciphertext);
}

START_TEST(the_combined_request)
{
	json_t *root = vectors_load("edhoc_coap_vectors.json");
	json_t *flow = json_object_get(root, "combined_flow");
	struct sl_span plaintext = vectors_hex(flow, "inner_request_plaintext");
	struct sl_coap_msg response;
	uint8_t bytes[64];
	struct sl_oscore_sealed sealed = {.buf = bytes, .cap = sizeof bytes};

	run_until(&run, 3);
	ck_assert_str_eq(
	        serve(vectors_hex(flow, "edhoc_oscore_request")), "as edhoc_oscore_request");
	ck_assert_bytes(sl_key_view(&server.recipient_key),
	        vectors_hex(json_object_get(flow, "oscore"), "client_sender_key"));
	ck_assert_bytes(sl_span(opened, plaintext.len), plaintext);
	sl_coap_msg_init(&response, SL_COAP_CONTENT);
	{
		struct sl_span whole = vectors_hex(flow, "inner_response_plaintext");

		ck_assert_uint_eq(whole.ptr[0], SL_COAP_CONTENT);
		ck_assert_ok(
		        sl_coap_options_decode(&response, sl_span(whole.ptr + 1, whole.len - 1)));
	}
	ck_assert_ok(sl_oscore_protect_response(&server, &exchange, &response, false, &sealed));
	ck_assert_bytes(sealed.ciphertext, vectors_hex(flow, "oscore_response_ciphertext"));
	sl_oscore_ctx_clear(&server);
	json_decref(root);
}
END_TEST

START_TEST(bad_combined_requests)
{
	json_t *root = vectors_load("edhoc_coap_vectors.json"), *row;
	size_t i;

	json_array_foreach(vectors_list(root, "combined_negative"), i, row)
	{
		const char *name = vectors_text(row, "name"), *want = vectors_text(row, "expect");
		const char *got;

		run_until(&run, 3);
		got = serve(vectors_hex(row, "coap"));
		ck_assert_msg(strncmp(want, got, strlen(got)) == 0, "%s: %s", name, got);
		sl_oscore_ctx_clear(&server);
		run_end(&run);
	}
	vectors_ran("EDHOC + OSCORE requests", i);
	json_decref(root);
}
END_TEST

/* RFC 9668 section 3.4, the illustrated request: message_3 of 19 bytes, ciphertext of 13. */
START_TEST(the_example_of_rfc_9668)
{
	json_t *root = vectors_load("edhoc_coap_vectors.json");
	json_t *example = json_object_get(root, "rfc9668_example");
	struct sl_span message_3, ciphertext;
	struct sl_coap_msg msg;

	ck_assert_ok(sl_coap_decode(&msg, vectors_hex(example, "coap")));
	ck_assert_ok(sl_edhoc_combined_read(msg.payload, 8, &message_3, &ciphertext));
	ck_assert_bytes(message_3, vectors_hex(example, "edhoc_message_3"));
	ck_assert_bytes(ciphertext, vectors_hex(example, "oscore_ciphertext"));
	ck_assert_uint_eq(message_3.len, 19);
	ck_assert_uint_eq(ciphertext.len, 13);
	for (size_t len = 0; len < msg.payload.len; len++) {
		enum sl_err want = len > 19 + 8 ? SL_OK : SL_EMALFORMED;

		ck_assert_err(sl_edhoc_combined_read(heap_copy(sl_span(msg.payload.ptr, len)), 8,
		                      &message_3, &ciphertext),
		        want);
	}
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc payload");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, error_messages, 0, ARRAY_LEN(errors));
	tcase_add_loop_test(tc, refuses_a_payload, 0, ARRAY_LEN(bad_payloads));
	tcase_add_test(tc, an_error_behind_an_identifier);
	tcase_add_test(tc, the_sequential_flow);
	tcase_add_test(tc, the_combined_request);
	tcase_add_test(tc, bad_combined_requests);
	tcase_add_test(tc, the_example_of_rfc_9668);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
