/* SPDX-License-Identifier: BSD-2-Clause */
#include "provisioning.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

#define KEY   "\"key\": \"k.pem\""
#define CRED  "\"credential\": \"c.ccs\""
#define PEERS "\"peers\": [\"p.ccs\"]"
#define MUST  KEY "," CRED "," PEERS

static const char full[] =
        "{\n  \"identity\": \"sensor \\\"7\\\"\",\n  \"edhoc\": {\n    \"key\": \"k.pem\",\n"
        "    \"credential\": \"c.ccs\",\n    \"peers\": [\"p.ccs\", \"q.pem\"],\n"
        "    \"anchors\": \"a.pem\",\n    \"peer-name\": \"est.example\",\n"
        "    \"send\": \"kid\",\n    \"method\": 3,\n    \"suites\": [3, 2],\n"
        "    \"combined\": true,\n    \"bind\": true,\n    \"use-enrolled\": false\n  }\n}\n";

static enum sl_err
decode(struct provisioning *p, const char *text, struct complaint *why)
{
	why->text[0] = '\0';
	return provisioning_decode(p, heap_copy(sl_span_text(text)), why);
}

START_TEST(reads_every_word)
{
	struct complaint why;
	struct provisioning p;

	ck_assert_msg(decode(&p, full, &why) == SL_OK, "%s", why.text);
	ck_assert(p.is_edhoc);
	ck_assert_str_eq(p.identity, "sensor \"7\"");
	ck_assert_str_eq(p.edhoc.key, "k.pem");
	ck_assert_str_eq(p.edhoc.credential, "c.ccs");
	ck_assert_uint_eq(p.edhoc.peer_count, 2);
	ck_assert_str_eq(p.edhoc.peers[1], "q.pem");
	ck_assert_str_eq(p.edhoc.anchors, "a.pem");
	ck_assert_str_eq(p.edhoc.peer_name, "est.example");
	ck_assert(p.edhoc.has_send);
	ck_assert_int_eq(p.edhoc.send, SL_LABEL_KID);
	ck_assert_int_eq(p.edhoc.method, 3);
	ck_assert_uint_eq(p.edhoc.suite_count, 2);
	ck_assert_int_eq(p.edhoc.suites[0], 3);
	ck_assert_int_eq(p.edhoc.suites[1], 2);
	ck_assert(!p.edhoc.requires_message_4 && p.edhoc.is_combined && p.edhoc.is_bound &&
	          p.edhoc.keeps_to_this);
	provisioning_clear(&p);
}
END_TEST

START_TEST(leaves_unsaid_what_is_not_there)
{
	struct complaint why;
	struct provisioning p;

	ck_assert_msg(decode(&p, "{\"edhoc\": {" MUST "}}", &why) == SL_OK, "%s", why.text);
	ck_assert_str_eq(p.identity, "");
	ck_assert(!p.edhoc.has_send);
	ck_assert_int_eq(p.edhoc.method, PROVISIONING_METHOD_UNSAID);
	ck_assert_uint_eq(p.edhoc.suite_count, 0);
	ck_assert_str_eq(p.edhoc.anchors, "");
	ck_assert(!p.edhoc.requires_message_4 && !p.edhoc.is_combined && !p.edhoc.is_bound &&
	          !p.edhoc.keeps_to_this);
	ck_assert_ok(decode(&p,
	        "{\"edhoc\": {" MUST ",\"use-enrolled\": true, \"combined\": false,"
	        "\"message-4\": \"require\"}}",
	        &why));
	ck_assert(p.edhoc.requires_message_4 && !p.edhoc.is_combined && !p.edhoc.keeps_to_this);
	ck_assert_ok(decode(&p, "{\"edhoc\": {" KEY "," CRED ",\"anchors\": \"a\"}}", &why));
	ck_assert_uint_eq(p.edhoc.peer_count, 0);
}
END_TEST

/* Written, read and written again it is the same text. */
static void
survives_writing(const char *text)
{
	struct complaint why;
	struct provisioning first, again;
	struct sl_buf one, two;

	sl_buf_init(&one, 4096);
	sl_buf_init(&two, 4096);
	ck_assert_ok(decode(&first, text, &why));
	ck_assert_ok(provisioning_edhoc_write(&first.edhoc, first.identity, &one));
	ck_assert_msg(
	        provisioning_decode(&again, sl_buf_view(&one), &why) == SL_OK, "%s", why.text);
	ck_assert_str_eq(again.identity, first.identity);
	ck_assert_ok(provisioning_edhoc_write(&again.edhoc, again.identity, &two));
	ck_assert_bytes(sl_buf_view(&two), sl_buf_view(&one));
	if (text == full)
		ck_assert_bytes(sl_buf_view(&one), sl_span_text(full));
	sl_buf_clear(&one);
	sl_buf_clear(&two);
}

START_TEST(writes_what_it_reads)
{
	survives_writing(full);
	survives_writing("{\"identity\": \"a\\\\b\", \"edhoc\": {" MUST "}}");
	survives_writing(
	        "{\"identity\": \"a\", \"edhoc\": {" MUST ", \"message-4\": \"require\"}}");
}
END_TEST

START_TEST(writes_no_half)
{
	struct complaint why;
	struct provisioning p;
	struct sl_buf text;

	ck_assert_ok(decode(&p, full, &why));
	for (size_t max = 0; max < sizeof full - 1; max++) {
		sl_buf_init(&text, max);
		ck_assert_err(provisioning_edhoc_write(&p.edhoc, p.identity, &text), SL_ELIMIT);
		sl_buf_clear(&text);
	}
}
END_TEST

#define LONG_64  "0123456789012345678901234567890123456789012345678901234567890123"
#define LONG_256 LONG_64 LONG_64 LONG_64 LONG_64

static const struct {
	const char *because, *text;
} bad[] = {
        {"nothing is said", "{}"},
        {"the key is missing", CRED "," PEERS},
        {"the key is empty", "\"key\": \"\"," CRED "," PEERS},
        {"the credential is missing", KEY "," PEERS},
        {"nobody says who the server is", KEY "," CRED},
        {"the list of peers is empty", KEY "," CRED ",\"peers\": []"},
        {"there are more peers than four",
                KEY "," CRED ",\"peers\": [\"1\",\"2\",\"3\",\"4\",\"5\"]"},
        {"a peer is no text", KEY "," CRED ",\"peers\": [[\"a\"]]"},
        {"a name is for anchors only", MUST ",\"peer-name\": \"a\""},
        {"the method is not known", MUST ",\"method\": 4"},
        {"the method is negative", MUST ",\"method\": -1"},
        {"the suite is not known", MUST ",\"suites\": [7]"},
        {"the suite is negative", MUST ",\"suites\": [-1]"},
        {"the suite is no number", MUST ",\"suites\": [\"2 \"]"},
        {"a suite stands twice", MUST ",\"suites\": [2, 2]"},
        {"no OSCORE follows suite 25", MUST ",\"suites\": [25]"},
        {"there are more suites than eight", MUST ",\"suites\": [0,1,2,3,4,5,6,24,2]"},
        {"a suite of that size is none", MUST ",\"suites\": [10000002]"},
        {"send is not known", MUST ",\"send\": \"x5u\""},
        {"send is a list", MUST ",\"send\": [\"kid\"]"},
        {"message-4 is required or not said", MUST ",\"message-4\": \"never\""},
        {"combined is true or false", MUST ",\"combined\": \"perhaps\""},
        {"bind is true or false", MUST ",\"bind\": 1"},
        {"use-enrolled is true or false", MUST ",\"use-enrolled\": \"\""},
        {"combined excludes message-4", MUST ",\"combined\": true, \"message-4\": \"require\""},
        {"a key is not known", MUST ",\"colour\": \"red\""},
        {"a key is given twice", MUST "," KEY},
        {"a file name is too long", KEY "," CRED ",\"anchors\": \"" LONG_256 "\""},
        {"a file name has a control character", KEY "," CRED ",\"anchors\": \"a\\nb\""},
        {"a name is too long", KEY "," CRED ",\"anchors\": \"a\", \"peer-name\": \"" LONG_256 "\""},
};

START_TEST(refuses_what_it_must_not_guess)
{
	char text[1024];
	struct complaint why;
	struct provisioning p = {.window = 7};
	enum sl_err err;

	snprintf(text, sizeof text, "{\"identity\": \"a\", \"edhoc\": {%s}}", bad[_i].text);
	err = decode(&p, _i == 0 ? "{\"edhoc\": {}}" : text, &why);
	ck_assert_msg(err == SL_EMALFORMED || err == SL_EUNSUPPORTED, "accepted although %s",
	        bad[_i].because);
	ck_assert_msg(why.text[0] != '\0', "silent although %s", bad[_i].because);
	ck_assert_uint_eq(p.window, 7);
}
END_TEST

static const char *const both[] = {
        "\"master-secret\": \"0102030405060708090a0b0c0d0e0f10\"",
        "\"master-salt\": \"01\"",
        "\"sender-id\": \"\"",
        "\"recipient-id\": \"\"",
        "\"id-context\": \"\"",
        "\"aead\": \"AES-CCM-16-64-128\"",
        "\"hkdf\": \"HKDF-SHA-256\"",
        "\"window\": 32",
};

START_TEST(refuses_two_kinds_of_contexts)
{
	char text[512];
	struct complaint why;
	struct provisioning p;

	snprintf(text, sizeof text, "{\"edhoc\": {" MUST "}, %s}", both[_i]);
	ck_assert_err(decode(&p, text, &why), SL_EMALFORMED);
	ck_assert_msg(strstr(why.text, "exclude each other") != NULL, "%s", why.text);
}
END_TEST

START_TEST(takes_the_words_of_a_program)
{
	struct sl_device_edhoc words = {.key = "k",
	        .credential = "c",
	        .peers = {"", "p", NULL, "q"}, /* gaps do not count */
	        .suites = "2,3",
	        .method = "0"};
	struct provisioning_edhoc e;
	struct complaint why;

	ck_assert_msg(provisioning_edhoc_check(&e, &words, &why) == SL_OK, "%s", why.text);
	ck_assert_uint_eq(e.peer_count, 2);
	ck_assert_str_eq(e.peers[0], "p");
	ck_assert_str_eq(e.peers[1], "q");
	ck_assert_int_eq(e.method, 0);
	ck_assert_uint_eq(e.suite_count, 2);
	words.suites = "2,,3";
	ck_assert_err(provisioning_edhoc_check(&e, &words, &why), SL_EMALFORMED);
	words.suites = "2,";
	ck_assert_err(provisioning_edhoc_check(&e, &words, &why), SL_EMALFORMED);
	words.suites = " 2";
	ck_assert_err(provisioning_edhoc_check(&e, &words, &why), SL_EMALFORMED);
}
END_TEST

/* Only the closing brace and the line feed after it may be missing from the end. */
START_TEST(refuses_every_proper_prefix)
{
	struct complaint why;
	struct provisioning p;

	for (size_t len = 0; len < sizeof full - 4; len++)
		ck_assert_msg(provisioning_decode(&p, heap_copy(sl_span(full, len)), &why) != SL_OK,
		        "accepted %zu bytes", len);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_provisioning_edhoc");
	TCase *t = tcase_create("words");

	tcase_add_test(t, reads_every_word);
	tcase_add_test(t, leaves_unsaid_what_is_not_there);
	tcase_add_test(t, writes_what_it_reads);
	tcase_add_test(t, writes_no_half);
	tcase_add_loop_test(t, refuses_what_it_must_not_guess, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(t, refuses_two_kinds_of_contexts, 0, ARRAY_LEN(both));
	tcase_add_test(t, takes_the_words_of_a_program);
	tcase_add_test(t, refuses_every_proper_prefix);
	suite_add_tcase(s, t);
	return run_suite(s);
}
