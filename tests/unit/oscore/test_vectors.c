/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 8613 appendix C, section 5.4 and section 6.3, bit for bit: key derivation, whole datagrams in
 * both roles and both directions, option values. */
#include "support.h"

#include <sl/oscore.h>

#include <string.h>

#define FILE_NAME "rfc8613_appendix_c.json"

static void
context_of(struct sl_oscore_ctx *ctx, const json_t *inputs, bool is_mirrored)
{
	const json_t *id_context = json_object_get(inputs, "id_context");
	struct sl_oscore_params p = {
	        .master_secret = vectors_hex(inputs, "master_secret"),
	        .master_salt = vectors_hex(inputs, "master_salt"),
	        .sender_id = vectors_hex(inputs, is_mirrored ? "recipient_id" : "sender_id"),
	        .recipient_id = vectors_hex(inputs, is_mirrored ? "sender_id" : "recipient_id"),
	        .has_id_context = id_context != NULL && !json_is_null(id_context),
	        .id_context = vectors_hex(inputs, "id_context"),
	        .aead_alg = (int)json_integer_value(json_object_get(inputs, "aead_algorithm")),
	};

	ck_assert_str_eq(vectors_text(inputs, "hkdf_algorithm"), "HKDF-SHA-256");
	ck_assert_ok(sl_oscore_ctx_init(ctx, &p));
}

static bool
has(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	return member != NULL && !json_is_null(member);
}

START_TEST(derives_the_keys_of_c1_to_c3)
{
	json_t *root = vectors_load(FILE_NAME), *list = vectors_list(root, "key_derivation"), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		const json_t *inputs = json_object_get(row, "inputs");
		const json_t *outputs = json_object_get(row, "outputs");
		const json_t *nonces = json_object_get(row, "nonces_for_partial_iv_zero");
		uint8_t nonce[13];
		struct sl_oscore_ctx ctx;

		context_of(&ctx, inputs, false);
		ck_assert_bytes(sl_key_view(&ctx.sender_key), vectors_hex(outputs, "sender_key"));
		ck_assert_bytes(
		        sl_key_view(&ctx.recipient_key), vectors_hex(outputs, "recipient_key"));
		ck_assert_bytes(sl_key_view(&ctx.common_iv), vectors_hex(outputs, "common_iv"));
		sl_oscore_nonce(nonce, &ctx, vectors_hex(inputs, "sender_id"), hex("00"));
		ck_assert_bytes(sl_span(nonce, 13), vectors_hex(nonces, "sender_nonce"));
		sl_oscore_nonce(nonce, &ctx, vectors_hex(inputs, "recipient_id"), hex("00"));
		ck_assert_bytes(sl_span(nonce, 13), vectors_hex(nonces, "recipient_nonce"));
	}
	vectors_ran("RFC 8613 C.1 to C.3, key derivation", i);
	json_decref(root);
}
END_TEST

/* The exchange as both ends know it from the request. */
static struct sl_oscore_exchange
exchange_of(const json_t *row)
{
	struct sl_span kid = vectors_hex(row, "request_kid"), piv = vectors_hex(row, "request_piv");
	struct sl_oscore_exchange exchange = {.piv_len = piv.len, .kid.len = kid.len};

	memcpy(exchange.piv, piv.ptr, piv.len);
	memcpy(exchange.kid.bytes, kid.ptr, kid.len);
	return exchange;
}

static bool
is_outer_only(uint16_t number)
{
	return number == SL_COAP_URI_HOST || number == SL_COAP_URI_PORT;
}

/* Header, token and class U options of one message, options of both when asked. */
static void
start_from(struct sl_coap_msg *to, const struct sl_coap_msg *from, uint8_t code)
{
	sl_coap_msg_init(to, code);
	to->type = from->type;
	to->message_id = from->message_id;
	to->token_len = from->token_len;
	memcpy(to->token, from->token, sizeof to->token);
	for (size_t i = 0; i < from->option_count; i++)
		if (is_outer_only(from->options[i].number))
			ck_assert_ok(sl_coap_add(to, from->options[i].number,
			        sl_coap_option_value(&from->options[i])));
}

static void
assert_datagram(const struct sl_coap_msg *msg, struct sl_span want)
{
	uint8_t out[256];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_coap_encode(&w, msg));
	ck_assert_bytes(sl_writer_span(&w), want);
}

static void
assert_nonce_and_aad(const struct sl_oscore_ctx *ctx, const json_t *row)
{
	const json_t *context = json_object_get(row, "context");
	bool own_piv = has(row, "partial_iv");
	uint8_t nonce[13], aad[64];
	struct sl_writer w = sl_writer_over(aad, sizeof aad);

	sl_oscore_nonce(nonce, ctx,
	        own_piv ? vectors_hex(context, "sender_id") : vectors_hex(row, "request_kid"),
	        vectors_hex(row, own_piv ? "partial_iv" : "request_piv"));
	ck_assert_bytes(sl_span(nonce, 13), vectors_hex(row, "nonce"));
	ck_assert_ok(sl_oscore_aad(
	        &w, ctx, vectors_hex(row, "request_kid"), vectors_hex(row, "request_piv")));
	ck_assert_bytes(sl_writer_span(&w), vectors_hex(row, "aad"));
}

static void
protect(const json_t *row)
{
	bool is_request = strcmp(vectors_text(row, "kind"), "request") == 0;
	uint64_t ssn = (uint64_t)json_integer_value(json_object_get(row, "sender_sequence_number"));
	struct sl_oscore_exchange exchange = exchange_of(row);
	struct sl_oscore_ctx ctx;
	struct sl_coap_msg inner, outer;
	uint8_t buf[128];
	struct sl_oscore_sealed sealed = {.buf = buf, .cap = sizeof buf};

	context_of(&ctx, json_object_get(row, "context"), false);
	ck_assert_bytes(sl_key_view(&ctx.sender_key), vectors_hex(row, "encryption_key"));
	assert_nonce_and_aad(&ctx, row);
	sl_oscore_resume(&ctx, ssn);
	sl_oscore_reserve(&ctx, ssn + 1);
	ck_assert_ok(sl_coap_decode(&inner, vectors_hex(row, "unprotected_coap_message")));
	if (is_request) {
		struct sl_oscore_exchange made;

		ck_assert_ok(sl_oscore_protect_request(
		        &ctx, &inner, has(row, "kid_context"), &sealed, &made));
		ck_assert_bytes(sl_span(made.piv, made.piv_len), vectors_hex(row, "request_piv"));
		ck_assert_bytes(
		        sl_span(made.kid.bytes, made.kid.len), vectors_hex(row, "request_kid"));
	} else {
		ck_assert_ok(sl_oscore_protect_response(
		        &ctx, &exchange, &inner, has(row, "partial_iv"), &sealed));
	}
	ck_assert_bytes(
	        sl_span(sealed.option, sealed.option_len), vectors_hex(row, "oscore_option_value"));
	ck_assert_bytes(sealed.ciphertext, vectors_hex(row, "ciphertext"));

	start_from(&outer, &inner, sealed.code);
	ck_assert_ok(
	        sl_coap_add(&outer, SL_COAP_OSCORE, sl_span(sealed.option, sealed.option_len)));
	outer.payload = sealed.ciphertext;
	assert_datagram(&outer, vectors_hex(row, "protected_coap_message"));
}

static void
unprotect(const json_t *row)
{
	bool is_request = strcmp(vectors_text(row, "kind"), "request") == 0;
	struct sl_oscore_exchange exchange = exchange_of(row), got;
	struct sl_oscore_ctx ctx;
	struct sl_coap_msg outer, inner, whole;
	struct sl_oscore_option opt;
	uint8_t buf[128];
	struct sl_oscore_open open = {buf, sizeof buf, &inner};
	struct sl_span value;

	context_of(&ctx, json_object_get(row, "context"), true);
	ck_assert_ok(sl_coap_decode(&outer, vectors_hex(row, "protected_coap_message")));
	value = sl_coap_option_value(sl_coap_find(&outer, SL_COAP_OSCORE));
	if (is_request) {
		ck_assert_ok(sl_oscore_option_decode(&opt, value));
		ck_assert_int_eq(
		        sl_oscore_unprotect_request(&ctx, &opt, outer.payload, &open, &got),
		        SL_OSCORE_OK);
		ck_assert_bytes(sl_span(got.piv, got.piv_len), vectors_hex(row, "request_piv"));
		ck_assert_bytes(
		        sl_span(got.kid.bytes, got.kid.len), vectors_hex(row, "request_kid"));
	} else {
		ck_assert_int_eq(
		        sl_oscore_unprotect_response(&ctx, &exchange, value, outer.payload, &open),
		        SL_OSCORE_OK);
	}
	ck_assert_bytes(
	        sl_span(buf, vectors_hex(row, "plaintext").len), vectors_hex(row, "plaintext"));

	start_from(&whole, &outer, inner.code);
	for (size_t i = 0; i < inner.option_count; i++)
		ck_assert_ok(sl_coap_add(
		        &whole, inner.options[i].number, sl_coap_option_value(&inner.options[i])));
	whole.payload = inner.payload;
	assert_datagram(&whole, vectors_hex(row, "unprotected_coap_message"));
}

START_TEST(protects_the_messages_of_c4_to_c8)
{
	json_t *root = vectors_load(FILE_NAME), *list = vectors_list(root, "messages"), *row;
	size_t i;

	json_array_foreach(list, i, row) protect(row);
	vectors_ran("RFC 8613 C.4 to C.8, protected", i);
	json_decref(root);
}
END_TEST

START_TEST(unprotects_the_messages_of_c4_to_c8)
{
	json_t *root = vectors_load(FILE_NAME), *list = vectors_list(root, "messages"), *row;
	size_t i;

	json_array_foreach(list, i, row) unprotect(row);
	vectors_ran("RFC 8613 C.4 to C.8, unprotected", i);
	json_decref(root);
}
END_TEST

START_TEST(builds_the_aad_of_5_4)
{
	json_t *root = vectors_load(FILE_NAME), *row = json_object_get(root, "aad_example");
	struct sl_oscore_ctx ctx = {.aead = sl_aead_by_cose(10)};
	struct sl_span want = vectors_hex(row, "aad");
	uint8_t out[64];

	for (size_t cap = 0; cap <= want.len; cap++) {
		struct sl_writer w = sl_writer_over(out, cap);
		enum sl_err err = sl_oscore_aad(
		        &w, &ctx, vectors_hex(row, "request_kid"), vectors_hex(row, "request_piv"));

		ck_assert_int_eq(err, cap < want.len ? SL_ESPACE : SL_OK);
	}
	ck_assert_bytes(sl_span(out, want.len), want);
	vectors_ran("RFC 8613 5.4, AAD", 1);
	json_decref(root);
}
END_TEST

START_TEST(compresses_as_in_6_3)
{
	json_t *root = vectors_load(FILE_NAME), *row;
	json_t *list = vectors_list(root, "option_compression");
	size_t i;

	json_array_foreach(list, i, row)
	{
		struct sl_span value = vectors_hex(row, "oscore_option_value");
		struct sl_oscore_option want = {
		        .partial_iv = vectors_hex(row, "partial_iv"),
		        .has_kid_context = has(row, "kid_context"),
		        .kid_context = vectors_hex(row, "kid_context"),
		        .has_kid = has(row, "kid"),
		        .kid = vectors_hex(row, "kid"),
		};
		struct sl_oscore_option got;
		uint8_t out[32];
		struct sl_writer w = sl_writer_over(out, sizeof out);

		ck_assert_ok(sl_oscore_option_encode(&w, &want));
		ck_assert_bytes(sl_writer_span(&w), value);
		ck_assert_ok(sl_oscore_option_decode(&got, value));
		ck_assert_bytes(got.partial_iv, want.partial_iv);
		ck_assert_bytes(got.kid_context, want.kid_context);
		ck_assert_bytes(got.kid, want.kid);
		ck_assert(got.has_kid == want.has_kid);
		ck_assert(got.has_kid_context == want.has_kid_context);
	}
	vectors_ran("RFC 8613 6.3, option values", i);
	json_decref(root);
}
END_TEST

/* Header values that cross HTTP unharmed and that the end point must refuse. */
START_TEST(refuses_the_option_values_of_section_11)
{
	json_t *root = vectors_load("section11_examples.json"), *row;
	json_t *list = vectors_list(root, "valid_header_but_bad_oscore_option");
	size_t i;

	json_array_foreach(list, i, row)
	{
		bool always = strcmp(vectors_text(row, "applies_to"), "request") != 0;
		struct sl_oscore_ctx ctx = {.aead = sl_aead_by_cose(10)};
		struct sl_oscore_exchange exchange;
		struct sl_oscore_option opt;
		struct sl_coap_msg inner;
		uint8_t buf[64];
		struct sl_oscore_open open = {buf, sizeof buf, &inner};
		bool fits = strstr(vectors_text(row, "endpoint"), "context not found") != NULL;
		enum sl_err err =
		        sl_oscore_option_decode(&opt, vectors_hex(row, "coap_oscore_option"));

		ck_assert_msg(!always || err == SL_EMALFORMED, "accepted although %s",
		        vectors_text(row, "reason"));
		if (err == SL_OK)
			ck_assert_int_eq(sl_oscore_unprotect_request(
			                         &ctx, &opt, hex("00"), &open, &exchange),
			        fits ? SL_OSCORE_NO_CONTEXT : SL_OSCORE_BAD_OPTION);
	}
	vectors_ran("bad option values behind valid headers", i);
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oscore/vectors");
	TCase *tc = tcase_create("vectors");

	tcase_add_test(tc, derives_the_keys_of_c1_to_c3);
	tcase_add_test(tc, protects_the_messages_of_c4_to_c8);
	tcase_add_test(tc, unprotects_the_messages_of_c4_to_c8);
	tcase_add_test(tc, builds_the_aad_of_5_4);
	tcase_add_test(tc, compresses_as_in_6_3);
	tcase_add_test(tc, refuses_the_option_values_of_section_11);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
