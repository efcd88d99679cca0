/* SPDX-License-Identifier: BSD-2-Clause
 * What an EDHOC session gives the authority: the value that challengePassword must be (RFC 9148 section 3), and the
 * certificate of ours with which it began. */
#include "support.h"

#include <string.h>

#include <sl/est.h>
#include <sl/text.h>
#include <sl/x509.h>

#include "fixture.h"

/* base64 of 32 bytes 00 01 02 .. 1f, worked out by hand in groups of three bytes. */
#define BINDING "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct fixture f;
static struct service service;
static struct service_ask ask;
static struct inner_answer answer;
static struct service_note note;
static struct sl_coap_msg msg;
static struct sl_pkey *key;
static uint8_t payload[SERVICE_PAYLOAD_MAX];

static void
start(void)
{
	fixture_make(&f);
	fixture_start(&f);
	service = (struct service){&f.config, f.ca};
	ask = (struct service_ask){
	        .identity = "device-1",
	        .profile = "default",
	        .functions = ~0U,
	        .request = &msg,
	        .now = T0,
	        .boot_ms = 1000,
	};
	key = NULL;
	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
}

static void
end(void)
{
	sl_pkey_free(key);
	fixture_stop(&f);
	fixture_remove(&f);
}

/* POST of a request with the challengePassword (NULL: none). */
static uint8_t
post(const char *path, const char *challenge)
{
	struct sl_csr_params params = {
	        .key = key, .common_name = "device-1", .challenge = challenge};
	uint8_t der[1024];
	size_t len = 0;

	ck_assert_ok(sl_csr_make(&params, der, sizeof der, &len));
	make_post(&msg, path, SL_EST_PKIX_CERT, heap_copy(sl_span(der, len)));
	ask.body = msg.payload;
	service_handle(&service, &ask, payload, &answer, &note);
	return answer.code;
}

static const struct {
	const char *binding, *challenge; /* NULL: none */
	const char *reason;              /* NULL: a certificate */
} sessions[] = {
        {BINDING, BINDING, NULL},
        {BINDING, NULL, "challengePassword is missing"},
        {BINDING, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
                "challengePassword does not belong to this session"},
        {BINDING, "BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "challengePassword does not belong to this session"},
        {BINDING, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                "challengePassword does not belong to this session"},
        {BINDING, BINDING "A", "challengePassword does not belong to this session"},
        {BINDING, "aaecawqfbgcicqoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "challengePassword does not belong to this session"},
        {NULL, BINDING, "challengePassword does not belong to this session"}, /* pre-shared */
        {NULL, NULL, "challengePassword is missing"},
};

START_TEST(a_required_challenge_is_that_of_the_session)
{
	f.config.profiles[0].requires_challenge = true;
	ask.binding = sessions[_i].binding ? sl_span_text(sessions[_i].binding) : sl_span(NULL, 0);
	if (!sessions[_i].reason) {
		ck_assert_uint_eq(post("/est/sen", sessions[_i].challenge), SL_COAP_CHANGED);
		ck_assert_uint_eq(post("/est/sren", sessions[_i].challenge), SL_COAP_CHANGED);
		return;
	}
	ck_assert_uint_eq(post("/est/sen", sessions[_i].challenge), SL_COAP_BAD_REQUEST);
	ck_assert_str_eq(note.reason, sessions[_i].reason);
	ck_assert_uint_eq(post("/est/sren", sessions[_i].challenge), SL_COAP_BAD_REQUEST);
	ck_assert_uint_eq(count_certificates(f.store), 0);
}
END_TEST

/* Every bit of the value counts. */
START_TEST(no_other_value_passes)
{
	char near[] = BINDING;

	f.config.profiles[0].requires_challenge = true;
	ask.binding = sl_span_text(BINDING);
	for (size_t i = 0; i < strlen(BINDING); i++) {
		near[i] = near[i] == 'x' ? 'y' : 'x';
		ck_assert_uint_eq(post("/est/sen", near), SL_COAP_BAD_REQUEST);
		near[i] = BINDING[i];
	}
	ck_assert_uint_eq(post("/est/sen", near), SL_COAP_CHANGED);
}
END_TEST

START_TEST(where_it_is_not_required_it_may_be_anything)
{
	ask.binding = sl_span_text(BINDING);
	ck_assert_uint_eq(post("/est/sen", "something"), SL_COAP_CHANGED);
	ck_assert_uint_eq(post("/est/sen", NULL), SL_COAP_CHANGED);
}
END_TEST

static void
revoke(const char *serial)
{
	struct store_revocation revocation = {
	        .reason = 4, .when = T0, .audit = {.time = T0, .line = "{\"event\":\"revoked\"}"}};
	uint8_t bytes[SL_SERIAL_MAX];
	size_t len = 0;

	ck_assert_ok(sl_hex_decode(bytes, sizeof bytes, &len, sl_span_text(serial)));
	revocation.serial = sl_span(bytes, len);
	ck_assert_ok(store_revoke(f.store, &revocation));
}

/* Even as "superseded", which leaves key and identity as they are. */
START_TEST(a_session_ends_with_its_certificate)
{
	uint8_t serial[SL_SERIAL_MAX];
	char first[2 * SL_SERIAL_MAX + 1];
	size_t len = 0;

	ck_assert_uint_eq(post("/est/sen", NULL), SL_COAP_CHANGED);
	memcpy(first, note.serial, sizeof first);
	ck_assert_ok(sl_hex_decode(serial, sizeof serial, &len, sl_span_text(first)));
	ask.serial = sl_span(serial, len);
	ask.now += 3600;
	ask.boot_ms += 3600000;
	ck_assert_uint_eq(post("/est/sren", NULL), SL_COAP_CHANGED);
	ck_assert_str_ne(note.serial, first);
	revoke(first);
	ask.now += 3600;
	ask.boot_ms += 3600000;
	ck_assert_uint_eq(post("/est/sren", NULL), SL_COAP_FORBIDDEN);
	ck_assert_str_eq(note.reason, "the certificate of this session was revoked");
	ck_assert_uint_eq(post("/est/sen", NULL), SL_COAP_FORBIDDEN);
	/* another session of the identity goes on: it has the newer certificate */
	ask.serial = sl_span(NULL, 0);
	ck_assert_uint_eq(post("/est/sren", NULL), SL_COAP_CHANGED);
	ck_assert_uint_eq(count_certificates(f.store), 3);
}
END_TEST

START_TEST(a_certificate_of_another_begins_nothing)
{
	uint8_t serial[SL_SERIAL_MAX];
	size_t len = 0;

	ck_assert_uint_eq(post("/est/sen", NULL), SL_COAP_CHANGED);
	ck_assert_ok(sl_hex_decode(serial, sizeof serial, &len, sl_span_text(note.serial)));
	ask.serial = sl_span(serial, len);
	ask.now += 3600;
	ask.boot_ms += 3600000;
	serial[len - 1] ^= 1;
	ck_assert_uint_eq(post("/est/sren", NULL), SL_COAP_FORBIDDEN); /* nobody's */
	serial[len - 1] ^= 1;
	ck_assert_uint_eq(post("/est/sren", NULL), SL_COAP_CHANGED);
	f.config.profiles[0].ignore_requested_subject = true;
	ask.identity = "device-2";
	ck_assert_uint_eq(post("/est/sen", NULL), SL_COAP_FORBIDDEN); /* device-1's */
	ck_assert_str_eq(note.reason, "the certificate of this session was revoked");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("service_session");
	TCase *t = tcase_create("session");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(
	        t, a_required_challenge_is_that_of_the_session, 0, (int)ARRAY_LEN(sessions));
	tcase_add_test(t, no_other_value_passes);
	tcase_add_test(t, where_it_is_not_required_it_may_be_anything);
	tcase_add_test(t, a_session_ends_with_its_certificate);
	tcase_add_test(t, a_certificate_of_another_begins_nothing);
	return run_suite(s);
}
