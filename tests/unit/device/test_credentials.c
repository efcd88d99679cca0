/* SPDX-License-Identifier: BSD-2-Clause */
#include "credentials.h"

#include "fake_est.h"
#include "machine.h"
#include "support.h"

#include <string.h>

static char dir[64];
static struct keystore ks;
static struct complaint why;
static struct fake_est est;
static struct credentials_request first, again;

static void
set_up(void)
{
	fake_est_init(&est);
	machine_make_dir(dir);
	ck_assert_ok(machine_create(dir, fake_provisioning, "{}", &why));
	ck_assert_ok(keystore_open(&ks, dir, &why));
}

static void
tear_down(void)
{
	keystore_close(&ks);
	machine_remove_dir(dir);
	fake_est_clear(&est);
}

static struct credentials_wish
wish_for(enum enrol_operation operation)
{
	struct credentials_wish wish = {.operation = operation, .common_name = "device-1"};

	return wish;
}

static void
prepare(const struct credentials_wish *wish, struct credentials_request *request)
{
	why.text[0] = '\0';
	ck_assert_msg(credentials_prepare(&ks, wish, request, &why) == SL_OK, "%s", why.text);
}

/* Lets the fake authority issue for a request, and keeps what came. */
static void
enrol_with(const struct credentials_request *request)
{
	struct sl_csr csr;
	struct certs issued, anchors;
	uint8_t serial[2] = {1, (uint8_t)++est.next_serial}, tbs[1024], der[1024];
	struct sl_cert_params p = {.serial = sl_span(serial, 2),
	        .issuer_cert = sl_span(est.ca, est.ca_len),
	        .issuer_key = est.ca_key,
	        .not_before = FAKE_EST_EPOCH,
	        .not_after = FAKE_EST_EPOCH + 86400,
	        .key_usage = SL_KU_DIGITAL_SIGNATURE};
	size_t tbs_len, len;

	ck_assert_ok(sl_csr_decode(&csr, sl_span(request->csr, request->csr_len)));
	ck_assert_ok(sl_csr_verify(&csr));
	p.subject = csr.subject;
	p.spki = csr.spki;
	ck_assert_ok(sl_cert_tbs(&p, tbs, sizeof tbs, &tbs_len));
	ck_assert_ok(sl_cert_sign(sl_span(tbs, tbs_len), est.ca_key, der, sizeof der, &len));
	certs_init(&issued);
	certs_init(&anchors);
	ck_assert_ok(certs_add(&issued, sl_span(der, len)));
	ck_assert_ok(certs_add(&anchors, sl_span(est.ca, est.ca_len)));
	ck_assert_ok(credentials_keep_anchors(&ks, &anchors));
	ck_assert_ok(credentials_keep_cert(&ks, &issued));
	certs_clear(&issued);
	certs_clear(&anchors);
}

static bool
is_same_key(void)
{
	return sl_span_equal(
	        sl_span(first.spki, first.spki_len), sl_span(again.spki, again.spki_len));
}

static bool
is_same_csr(void)
{
	return sl_span_equal(sl_span(first.csr, first.csr_len), sl_span(again.csr, again.csr_len));
}

START_TEST(keeps_key_and_request_before_they_are_sent)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);
	struct sl_csr csr;

	prepare(&wish, &first);
	ck_assert(!first.is_resumed);
	ck_assert(keystore_has(&ks, KEYSTORE_PENDING_KEY));
	ck_assert(keystore_has(&ks, KEYSTORE_PENDING_CSR));
	ck_assert(!keystore_has(&ks, KEYSTORE_KEY));
	ck_assert_ok(sl_csr_decode(&csr, sl_span(first.csr, first.csr_len)));
	ck_assert_str_eq(csr.subject_text, "CN=device-1");
	ck_assert_int_eq(csr.key_type, SL_PKEY_P256);
	ck_assert_bytes(csr.spki, sl_span(first.spki, first.spki_len));
}
END_TEST

START_TEST(goes_on_with_what_was_pending)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);

	prepare(&wish, &first);
	prepare(&wish, &again);
	ck_assert(again.is_resumed);
	ck_assert(is_same_csr() && is_same_key());
}
END_TEST

START_TEST(forgets_what_was_refused)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);

	wish.key_type = SL_PKEY_P384;
	prepare(&wish, &first);
	ck_assert_ok(credentials_forget(&ks));
	ck_assert(!keystore_has(&ks, KEYSTORE_PENDING_KEY));
	ck_assert(!keystore_has(&ks, KEYSTORE_PENDING_CSR));
	wish.key_type = 0;
	prepare(&wish, &again);
	ck_assert(!again.is_resumed && !is_same_key());
	ck_assert_ok(credentials_forget(&ks));
	ck_assert_ok(credentials_forget(&ks));
}
END_TEST

START_TEST(makes_the_request_again_when_only_the_key_was_saved)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);

	prepare(&wish, &first);
	ck_assert_ok(keystore_remove(&ks, KEYSTORE_PENDING_CSR));
	prepare(&wish, &again);
	ck_assert(!again.is_resumed);
	ck_assert(is_same_key());
}
END_TEST

static const struct {
	const char *because, *common_name;
	enum sl_pkey_type key_type;
	bool keeps_key;
} others[] = {
        {"the name is another", "device-2", 0, true},
        {"the key type is another", "device-1", SL_PKEY_ED25519, false},
};

START_TEST(throws_away_what_says_something_else)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);

	prepare(&wish, &first);
	wish.common_name = others[_i].common_name;
	wish.key_type = others[_i].key_type;
	prepare(&wish, &again);
	ck_assert_msg(!again.is_resumed, "resumed although %s", others[_i].because);
	ck_assert_int_eq(is_same_key(), others[_i].keeps_key);
}
END_TEST

START_TEST(throws_away_what_is_damaged)
{
	static const enum keystore_item items[] = {KEYSTORE_PENDING_CSR, KEYSTORE_PENDING_KEY};
	struct credentials_wish wish = wish_for(ENROL_SEN);

	prepare(&wish, &first);
	ck_assert_ok(keystore_write(&ks, items[_i], sl_span_text("rubbish")));
	prepare(&wish, &again);
	ck_assert(!again.is_resumed);
	ck_assert_int_eq(is_same_key(), items[_i] == KEYSTORE_PENDING_CSR);
}
END_TEST

START_TEST(renews_with_the_names_of_the_certificate)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);
	struct sl_csr csr;

	prepare(&wish, &first);
	enrol_with(&first);
	ck_assert_ok(credentials_check(&ks, FAKE_EST_EPOCH + 1, &why));
	wish = wish_for(ENROL_SREN);
	wish.common_name = "somebody else"; /* not asked */
	prepare(&wish, &again);
	ck_assert(is_same_key());
	ck_assert_ok(sl_csr_decode(&csr, sl_span(again.csr, again.csr_len)));
	ck_assert_str_eq(csr.subject_text, "CN=device-1");
	ck_assert(!keystore_has(&ks, KEYSTORE_PENDING_KEY));
}
END_TEST

START_TEST(never_swaps_in_a_pending_key_for_a_renewal_without_one)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);

	prepare(&wish, &first);
	enrol_with(&first);
	wish = wish_for(ENROL_SREN);
	wish.is_rekey = true;
	prepare(&wish, &again); /* a rekey that was cut */
	ck_assert(!is_same_key());
	wish.is_rekey = false;
	prepare(&wish, &again);
	ck_assert(is_same_key());
	enrol_with(&again);
	ck_assert_ok(credentials_check(&ks, FAKE_EST_EPOCH + 1, &why));
}
END_TEST

START_TEST(needs_a_certificate_to_renew)
{
	struct credentials_wish wish = wish_for(ENROL_SREN);

	ck_assert_err(credentials_prepare(&ks, &wish, &first, &why), SL_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(why.text, "enroll"));
}
END_TEST

START_TEST(refuses_a_name_that_is_none)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);

	wish.common_name = "";
	ck_assert_err(credentials_prepare(&ks, &wish, &first, &why), SL_EMALFORMED);
	wish.common_name =
	        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; /* 65 */
	ck_assert_err(credentials_prepare(&ks, &wish, &first, &why), SL_EMALFORMED);
}
END_TEST

START_TEST(notices_what_does_not_fit_together)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);
	struct sl_pkey *key;
	char pem[2048];

	ck_assert_err(credentials_check(&ks, FAKE_EST_EPOCH, &why), SL_ENOTFOUND);
	prepare(&wish, &first);
	enrol_with(&first);
	ck_assert_err(credentials_check(&ks, FAKE_EST_EPOCH + 86401, &why), SL_EAUTH); /* expired */
	ck_assert_err(credentials_check(&ks, FAKE_EST_EPOCH - 1, &why), SL_EAUTH); /* too early */
	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	ck_assert_ok(sl_pkey_to_pem(key, pem, sizeof pem));
	sl_pkey_free(key);
	ck_assert_ok(keystore_write(&ks, KEYSTORE_KEY, sl_span_text(pem)));
	ck_assert_err(credentials_check(&ks, FAKE_EST_EPOCH, &why), SL_EAUTH);
	ck_assert_str_eq(why.text, "cert.pem is not for the key in key.pem");
	ck_assert_ok(keystore_write(&ks, KEYSTORE_KEY, sl_span_text("rubbish")));
	ck_assert_int_ne(credentials_check(&ks, FAKE_EST_EPOCH, &why), SL_OK);
	ck_assert_ok(keystore_write(&ks, KEYSTORE_CERT, sl_span_text("rubbish")));
	ck_assert_int_ne(credentials_check(&ks, FAKE_EST_EPOCH, &why), SL_OK);
}
END_TEST

/* RFC 4648 section 4: fb ff fe is "+//+" there; 32 bytes are 43 characters and one "=". */
START_TEST(names_the_session_in_the_request)
{
	struct credentials_wish wish = wish_for(ENROL_SEN);
	uint8_t session[32] = {0xfb, 0xff, 0xfe};
	struct sl_csr csr;

	wish.binding = sl_span(session, sizeof session);
	prepare(&wish, &first);
	ck_assert_ok(sl_csr_decode(&csr, sl_span(first.csr, first.csr_len)));
	ck_assert(csr.has_challenge);
	ck_assert_str_eq(csr.challenge, "+//+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	prepare(&wish, &again); /* the same session */
	ck_assert(again.is_resumed && is_same_csr());
	session[31] = 1; /* another one: the same key, another request */
	prepare(&wish, &again);
	ck_assert(!again.is_resumed && !is_same_csr() && is_same_key());
	wish.binding = sl_span(NULL, 0); /* none */
	prepare(&wish, &first);
	ck_assert(!first.is_resumed);
	ck_assert_ok(sl_csr_decode(&csr, sl_span(first.csr, first.csr_len)));
	ck_assert(!csr.has_challenge);
	prepare(&wish, &again);
	ck_assert(again.is_resumed && is_same_key());
	wish.binding = sl_span(session, sizeof session); /* and one where there was none */
	prepare(&wish, &again);
	ck_assert(!again.is_resumed && is_same_key());
}
END_TEST

START_TEST(names_no_session_that_is_too_long)
{
	static const uint8_t session[100];
	struct credentials_wish wish = wish_for(ENROL_SEN);

	wish.binding = sl_span(session, sizeof session);
	ck_assert_err(credentials_prepare(&ks, &wish, &first, &why), SL_EMALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_credentials");
	TCase *t = tcase_create("credentials");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, keeps_key_and_request_before_they_are_sent);
	tcase_add_test(t, goes_on_with_what_was_pending);
	tcase_add_test(t, forgets_what_was_refused);
	tcase_add_test(t, makes_the_request_again_when_only_the_key_was_saved);
	tcase_add_loop_test(t, throws_away_what_says_something_else, 0, ARRAY_LEN(others));
	tcase_add_loop_test(t, throws_away_what_is_damaged, 0, 2);
	tcase_add_test(t, renews_with_the_names_of_the_certificate);
	tcase_add_test(t, never_swaps_in_a_pending_key_for_a_renewal_without_one);
	tcase_add_test(t, needs_a_certificate_to_renew);
	tcase_add_test(t, refuses_a_name_that_is_none);
	tcase_add_test(t, notices_what_does_not_fit_together);
	tcase_add_test(t, names_the_session_in_the_request);
	tcase_add_test(t, names_no_session_that_is_too_long);
	suite_add_tcase(s, t);
	return run_suite(s);
}
