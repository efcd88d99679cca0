/* SPDX-License-Identifier: BSD-2-Clause */
#include "provisioning.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

#define SECRET "\"master-secret\": \"0102030405060708090a0b0c0d0e0f10\""
#define IDS    "\"sender-id\": \"\", \"recipient-id\": \"01\""
#define NAME   "\"identity\": \"device-1\""

static const char full[] =
        "{\n  " NAME ",\n  " SECRET ",\n  \"master-salt\": \"9e7ca92223786340\",\n  " IDS ",\n"
        "  \"id-context\": \"37cbf3210017a2d3\",\n  \"aead\": \"AES-CCM-16-64-128\",\n"
        "  \"hkdf\": \"HKDF-SHA-256\",\n  \"window\": 32\n}\n";

START_TEST(reads_what_add_context_writes)
{
	struct complaint why = {""};
	struct provisioning p;

	ck_assert_msg(provisioning_decode(&p, heap_copy(sl_span_text(full)), &why) == SL_OK, "%s",
	        why.text);
	ck_assert_str_eq(p.identity, "device-1");
	ck_assert_bytes(sl_key_view(&p.master_secret), hex("0102030405060708090a0b0c0d0e0f10"));
	ck_assert_bytes(sl_key_view(&p.master_salt), hex("9e7ca92223786340"));
	ck_assert_uint_eq(p.sender_id.len, 0);
	ck_assert_uint_eq(p.recipient_id.len, 1);
	ck_assert(p.has_id_context);
	ck_assert_bytes(sl_span(p.id_context, p.id_context_len), hex("37cbf3210017a2d3"));
	ck_assert_int_eq(p.aead_alg, 10);
	ck_assert_int_eq(p.hkdf_hash, -16);
	ck_assert_uint_eq(p.window, 32);
	provisioning_clear(&p);
}
END_TEST

/* RFC 8613 C.3.1: master secret, salt, ids and ID Context as above give this sender key and
 * Common IV. */
START_TEST(gives_the_context_of_rfc_8613_c_3)
{
	struct complaint why;
	struct provisioning p;
	struct sl_oscore_params params;
	struct sl_oscore_ctx ctx;

	ck_assert_ok(provisioning_decode(&p, sl_span_text(full), &why));
	params = provisioning_params(&p);
	ck_assert_ok(sl_oscore_ctx_init(&ctx, &params));
	ck_assert_bytes(sl_key_view(&ctx.sender_key), hex("af2a1300a5e95788b356336eeecd2b92"));
	ck_assert_bytes(sl_key_view(&ctx.common_iv), hex("2ca58fb85ff1b81c0b7181b85e"));
	sl_oscore_ctx_clear(&ctx);
	provisioning_clear(&p);
}
END_TEST

START_TEST(fills_in_the_defaults_of_rfc_8613)
{
	struct complaint why = {""};
	struct provisioning p;

	ck_assert_ok(provisioning_decode(&p, sl_span_text("{" NAME "," SECRET "," IDS "}"), &why));
	ck_assert_uint_eq(p.master_salt.len, 0);
	ck_assert(!p.has_id_context);
	ck_assert_int_eq(p.aead_alg, 10);
	ck_assert_int_eq(p.hkdf_hash, -16);
	ck_assert_uint_eq(p.window, 32);
	ck_assert_ok(provisioning_decode(
	        &p, sl_span_text("{" NAME "," SECRET "," IDS ",\"id-context\":\"\"}"), &why));
	ck_assert(p.has_id_context); /* empty is not absent */
	ck_assert_uint_eq(p.id_context_len, 0);
	provisioning_clear(&p);
}
END_TEST

#define LONG_HEX                                                                                   \
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000"         \
	"0000000000000000000000000000000000000000000000000000"

static const struct {
	const char *because, *text;
} bad[] = {
        {"it is empty", ""},
        {"it is no object", "[]"},
        {"it is YAML, not JSON", NAME},
        {"it ends too soon", "{" NAME "," SECRET "," IDS},
        {"the object is empty", "{}"},
        {"the identity is missing", "{" SECRET "," IDS "}"},
        {"the identity is empty", "{\"identity\": \"\"," SECRET "," IDS "}"},
        {"the identity has a control character", "{\"identity\": \"a\\nb\"," SECRET "," IDS "}"},
        {"the identity is longer than a CommonName",
                "{\"identity\": "
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"," SECRET
                "," IDS "}"},
        {"the secret is missing", "{" NAME "," IDS "}"},
        {"the secret is empty", "{" NAME ",\"master-secret\": \"\"," IDS "}"},
        {"the secret is guessable",
                "{" NAME ",\"master-secret\": \"0102030405060708090a0b0c0d0e0f\"," IDS "}"},
        {"the secret has an odd digit",
                "{" NAME ",\"master-secret\": \"0102030405060708090a0b0c0d0e0f1\"," IDS "}"},
        {"the secret is no hex",
                "{" NAME ",\"master-secret\": \"0102030405060708090a0b0c0d0e0fxx\"," IDS "}"},
        {"the secret is too long", "{" NAME ",\"master-secret\": \"" LONG_HEX "\"," IDS "}"},
        {"the secret is a list", "{" NAME ",\"master-secret\": [1]," IDS "}"},
        {"the sender id is missing", "{" NAME "," SECRET ",\"recipient-id\": \"01\"}"},
        {"the recipient id is missing", "{" NAME "," SECRET ",\"sender-id\": \"01\"}"},
        {"an id is longer than seven bytes",
                "{" NAME "," SECRET
                ",\"sender-id\": \"0001020304050607\",\"recipient-id\": \"01\"}"},
        {"an id is longer than the nonce allows",
                "{" NAME "," SECRET ",\"sender-id\": \"0001\",\"recipient-id\": \"01\","
                "\"aead\": \"AES-CCM-64-64-128\"}"},
        {"both ids are the same",
                "{" NAME "," SECRET ",\"sender-id\": \"01\",\"recipient-id\": \"01\"}"},
        {"both ids are empty", "{" NAME "," SECRET ",\"sender-id\": \"\",\"recipient-id\": \"\"}"},
        {"the AEAD is not known", "{" NAME "," SECRET "," IDS ",\"aead\": \"ROT13\"}"},
        {"the HKDF is not known", "{" NAME "," SECRET "," IDS ",\"hkdf\": \"HKDF-MD5\"}"},
        {"the window is too large", "{" NAME "," SECRET "," IDS ",\"window\": 65}"},
        {"the window is negative", "{" NAME "," SECRET "," IDS ",\"window\": -1}"},
        {"the window is no number", "{" NAME "," SECRET "," IDS ",\"window\": \"many\"}"},
        {"a key is not known", "{" NAME "," SECRET "," IDS ",\"colour\": \"red\"}"},
        {"a key is misspelt", "{" NAME ",\"mastersecret\": \"01\"," IDS "}"},
        {"a key is given twice", "{" NAME "," SECRET "," IDS "," NAME "}"},
        {"a secret is given twice", "{" NAME "," SECRET "," SECRET "," IDS "}"},
        {"there are two objects", "{" NAME "," SECRET "," IDS "}{}"},
        {"something follows", "{" NAME "," SECRET "," IDS "} x"},
        {"there are two documents", "{" NAME "," SECRET "," IDS "}\n---\n{}\n"},
        {"an alias hides a value", "{\"identity\": &a \"x\"," SECRET ",\"sender-id\": *a,"
                                   "\"recipient-id\": \"01\"}"},
};

START_TEST(refuses_what_it_must_not_guess)
{
	struct complaint why = {""};
	struct provisioning p = {.window = 7};
	enum sl_err err = provisioning_decode(&p, heap_copy(sl_span_text(bad[_i].text)), &why);

	ck_assert_msg(err == SL_EMALFORMED || err == SL_EUNSUPPORTED, "accepted although %s",
	        bad[_i].because);
	ck_assert_msg(why.text[0] != '\0', "silent although %s", bad[_i].because);
	ck_assert_uint_eq(p.window, 7);
	ck_assert_ptr_null(strstr(why.text, "0102030405")); /* a secret is not said aloud */
}
END_TEST

START_TEST(names_the_key_that_is_wrong)
{
	struct complaint why = {""};
	struct provisioning p;

	ck_assert_err(provisioning_decode(&p,
	                      sl_span_text("{" NAME "," SECRET "," IDS ",\"window\": 65}"), &why),
	        SL_EMALFORMED);
	ck_assert_str_eq(why.text, "window: 65 is over 64");
	why.text[0] = '\0';
	ck_assert_err(provisioning_decode(&p,
	                      sl_span_text("{" NAME "," SECRET "," IDS ",\"colour\": 1}"), &why),
	        SL_EMALFORMED);
	ck_assert_msg(strstr(why.text, "colour") != NULL, "%s", why.text);
}
END_TEST

/* Only the closing brace and the line feed after it may be missing from the end: then nothing
 * is lost. */
START_TEST(refuses_every_proper_prefix)
{
	struct complaint why;
	struct provisioning p;

	for (size_t len = 0; len < sizeof full - 2; len++)
		ck_assert_msg(provisioning_decode(&p, heap_copy(sl_span(full, len)), &why) != SL_OK,
		        "accepted %zu bytes", len);
}
END_TEST

/* --- settings -------------------------------------------------------------------------------- */

START_TEST(writes_settings_that_it_reads)
{
	static const struct settings_words rows[] = {
	        {.server = "coap://proxy.example"},
	        {.server = "coap://[::1]:15683", .target = "http://est.example:8080"},
	        {.server = "coap://127.0.0.1", .path = "/a/b", .root = "/est"},
	};
	struct complaint why = {""};
	struct settings first, again;
	struct sl_buf text;

	sl_buf_init(&text, 4096);
	ck_assert_ok(settings_check(&first, &rows[_i], &why));
	ck_assert_ok(settings_encode(&first, &text));
	ck_assert_msg(settings_decode(&again, heap_copy(sl_buf_view(&text)), &why) == SL_OK, "%s",
	        why.text);
	ck_assert_str_eq(again.server.host, first.server.host);
	ck_assert_uint_eq(again.server.port, first.server.port);
	ck_assert_int_eq(again.route.is_forward, rows[_i].target != NULL);
	ck_assert_str_eq(again.route.target.host, first.route.target.host);
	ck_assert_str_eq(again.route.path, rows[_i].path ? rows[_i].path : "");
	ck_assert_str_eq(again.root, rows[_i].root ? rows[_i].root : "/.well-known/est");
	sl_buf_clear(&text);
}
END_TEST

static const struct {
	const char *because;
	struct settings_words words;
} bad_words[] = {
        {"there is no server", {.root = "/est"}},
        {"the server is empty", {.server = ""}},
        {"the server is not CoAP", {.server = "http://a"}},
        {"the server has a path", {.server = "coap://a/b"}},
        {"the target has an unknown scheme", {.server = "coap://a", .target = "gopher://b"}},
        {"a target needs no route", {.server = "coap://a", .target = "http://b", .path = "/c"}},
        {"the route is no path", {.server = "coap://a", .path = "c"}},
        {"the route has an empty segment", {.server = "coap://a", .path = "/c//d"}},
        {"the route ends with a slash", {.server = "coap://a", .path = "/c/"}},
        {"the route has a query", {.server = "coap://a", .path = "/c?d"}},
        {"the root is no path", {.server = "coap://a", .root = "est"}},
        {"the root is too long",
                {.server = "coap://a",
                        .root = "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
};

START_TEST(refuses_settings)
{
	struct complaint why = {""};
	struct settings s = {.root = "x"};

	ck_assert_msg(settings_check(&s, &bad_words[_i].words, &why) != SL_OK,
	        "accepted although %s", bad_words[_i].because);
	ck_assert_str_ne(why.text, "");
	ck_assert_str_eq(s.root, "x");
}
END_TEST

START_TEST(refuses_settings_text)
{
	static const char *const rows[] = {
	        "",
	        "{}",
	        "{\"server\": \"coap://a\"}",
	        "{\"root\": \"/est\"}",
	        "{\"server\": \"coap://a\", \"root\": \"/est\", \"more\": 1}",
	        "{\"server\": \"coap://a\", \"root\": \"/est\", \"root\": \"/b\"}",
	};
	struct complaint why = {""};
	struct settings s;

	ck_assert_msg(settings_decode(&s, heap_copy(sl_span_text(rows[_i])), &why) != SL_OK, "%s",
	        rows[_i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_provisioning");
	TCase *t = tcase_create("provisioning");

	tcase_add_test(t, reads_what_add_context_writes);
	tcase_add_test(t, gives_the_context_of_rfc_8613_c_3);
	tcase_add_test(t, fills_in_the_defaults_of_rfc_8613);
	tcase_add_loop_test(t, refuses_what_it_must_not_guess, 0, ARRAY_LEN(bad));
	tcase_add_test(t, names_the_key_that_is_wrong);
	tcase_add_test(t, refuses_every_proper_prefix);
	tcase_add_loop_test(t, writes_settings_that_it_reads, 0, 3);
	tcase_add_loop_test(t, refuses_settings, 0, ARRAY_LEN(bad_words));
	tcase_add_loop_test(t, refuses_settings_text, 0, 6);
	suite_add_tcase(s, t);
	return run_suite(s);
}
