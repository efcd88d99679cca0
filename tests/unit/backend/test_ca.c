/* SPDX-License-Identifier: BSD-2-Clause
 * The authority as a whole: who gets a certificate, who gets the same one again, who gets none
 * (RFC 7030 section 4.2, RFC 9148 sections 4.4 to 4.7). */
#include "ca_shared.h"

/* --- what is issued -------------------------------------------------------------------------- */

START_TEST(issues_what_the_profile_says)
{
	struct sl_cert cert, issuer;
	struct sl_span path[1];
	uint8_t spki[128];
	size_t len, count;

	enrol_first();
	ck_assert_str_eq(first.diagnostic, "");
	ck_assert_ok(sl_cert_decode(&cert, answer_der(&first)));
	ck_assert_str_eq(cert.subject_text, "CN=device-1");
	ck_assert_ok(sl_pkey_to_spki(key, spki, sizeof spki, &len));
	ck_assert_bytes(cert.spki, sl_span(spki, len));
	ck_assert(!cert.is_ca && !cert.is_cmc_ra && cert.has_key_usage);
	ck_assert_uint_eq(cert.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert_int_eq(cert.not_before, lab.now - 300);
	ck_assert_int_eq(cert.not_after, lab.now + 90 * 86400);
	/* One byte for the instance, fifteen random ones. */
	ck_assert_uint_eq(cert.serial.len, 16);
	ck_assert_uint_eq(cert.serial.ptr[0], 1);
	ck_assert_str_eq(first.serial, to_hex(cert.serial));
	path[0] = ca_certificates(lab.ca, &count)[0];
	ck_assert_uint_eq(count, 1);
	ck_assert_ok(sl_cert_decode(&issuer, path[0]));
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &issuer, lab.now));
	ck_assert_ok(sl_cert_verify_path(answer_der(&first),
	        &(struct sl_cert_path){.anchors = path, .anchor_count = 1, .now = lab.now}));
	lab_check_audit(lab.store);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
}
END_TEST

START_TEST(keeps_what_it_issued)
{
	struct store_certificate kept;

	enrol_first();
	ck_assert_ok(store_certificate_get(lab.store, hex(first.serial), &kept));
	ck_assert_bytes(sl_span(kept.der, kept.der_len), answer_der(&first));
	ck_assert_str_eq(kept.identity, "device-1");
	ck_assert_str_eq(kept.profile, "default");
	ck_assert_int_eq(kept.status, STORE_VALID);
	ck_assert_int_eq(kept.issued_at, lab.now);
}
END_TEST

START_TEST(issues_for_every_key_type_of_the_profile)
{
	static const enum sl_pkey_type types[] = {SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519};
	struct sl_cert cert;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct sl_pkey *other = lab_key(types[i]);

		ck_outcome(lab_enrol(&lab, "device-1", lab_csr(other, "device-1", NULL), &first),
		        CA_ISSUED, first);
		ck_assert_ok(sl_cert_decode(&cert, answer_der(&first)));
		ck_assert_int_eq(cert.key_type, types[i]);
		sl_pkey_free(other);
	}
}
END_TEST

START_TEST(answers_refusals_without_a_certificate)
{
	static const struct {
		const char *request;
		enum ca_outcome outcome;
	} rows[] = {{"cut", CA_BAD_REQUEST}, {"bad-signature", CA_BAD_REQUEST},
	        {"other-subject", CA_FORBIDDEN}, {"wants-ca", CA_FORBIDDEN}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ck_outcome(lab_enrol(&lab, "device-1", lab_request(rows[i].request), &first),
		        rows[i].outcome, first);
		ck_assert_uint_eq(first.certificate_len, 0);
		ck_assert_str_eq(first.serial, "");
		ck_assert_str_ne(first.diagnostic, "");
	}
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
}
END_TEST

/* --- the same again -------------------------------------------------------------------------- */

START_TEST(a_repeated_request_gets_the_same_certificate)
{
	enrol_first();
	/* A fresh request: new signature, and a new session has a new challengePassword. */
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", "another-session"), &again),
	        CA_REPEATED, again);
	ck_assert_bytes(answer_der(&again), answer_der(&first));
	ck_assert_str_eq(again.serial, first.serial);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 1);
}
END_TEST

START_TEST(the_window_of_an_enrolment_is_24_hours)
{
	enrol_first();
	lab_wait(&lab, 86399);
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &again), CA_REPEATED,
	        again);
	lab_wait(&lab, 1);
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &again), CA_ISSUED,
	        again);
	ck_assert_str_ne(again.serial, first.serial);
}
END_TEST

START_TEST(the_window_of_a_renewal_is_15_minutes)
{
	enrol_first();
	ck_outcome(lab_renew(&lab, "device-1", lab_csr(key, "device-1", NULL), &first), CA_ISSUED,
	        first);
	lab_wait(&lab, 899);
	ck_outcome(lab_renew(&lab, "device-1", lab_csr(key, "device-1", NULL), &again), CA_REPEATED,
	        again);
	lab_wait(&lab, 1);
	ck_outcome(lab_renew(&lab, "device-1", lab_csr(key, "device-1", NULL), &again), CA_ISSUED,
	        again);
}
END_TEST

START_TEST(another_key_is_another_certificate)
{
	struct sl_pkey *other = lab_key(SL_PKEY_P256);

	enrol_first();
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(other, "device-1", NULL), &again), CA_ISSUED,
	        again);
	ck_assert_uint_eq(lab_certificates(lab.store, "device-1"), 2);
	sl_pkey_free(other);
}
END_TEST

START_TEST(a_restart_remembers)
{
	enrol_first();
	lab_stop(&lab);
	lab_start(&lab);
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &again), CA_REPEATED,
	        again);
	ck_assert_bytes(answer_der(&again), answer_der(&first));
}
END_TEST

struct worker {
	pthread_t thread;
	struct sl_span csr;
	struct ca_answer answer;
	enum ca_outcome outcome;
};

static void *
work(void *arg)
{
	struct worker *w = arg;

	w->outcome = lab_enrol(&lab, "device-1", w->csr, &w->answer);
	return NULL;
}

START_TEST(eight_threads_get_one_certificate)
{
	static struct worker workers[8];
	unsigned issued = 0;

	for (int round = 0; round < 10; round++) {
		struct sl_pkey *other = lab_key(SL_PKEY_P256);

		for (size_t i = 0; i < ARRAY_LEN(workers); i++)
			workers[i].csr = lab_csr(other, "device-1", NULL);
		for (size_t i = 0; i < ARRAY_LEN(workers); i++)
			ck_assert_int_eq(
			        pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
		for (size_t i = 0; i < ARRAY_LEN(workers); i++)
			pthread_join(workers[i].thread, NULL);
		for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
			issued += workers[i].outcome == CA_ISSUED;
			ck_assert(workers[i].outcome == CA_ISSUED ||
			          workers[i].outcome == CA_REPEATED);
			ck_assert_str_eq(workers[i].answer.serial, workers[0].answer.serial);
		}
		sl_pkey_free(other);
	}
	ck_assert_uint_eq(issued, 10);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 10);
	lab_check_audit(lab.store);
}
END_TEST

/* --- /sren ----------------------------------------------------------------------------------- */

enum { NEVER, VALID, EXPIRED, REVOKED, SUPERSEDED, SOMEBODY_ELSES };

static const struct {
	int had;
	bool same_key;
	enum ca_outcome enrol, renew;
	const char *because;
} matrix[] = {
        {NEVER, true, CA_ISSUED, CA_FORBIDDEN, "there is nothing to renew"},
        {VALID, true, CA_REPEATED, CA_ISSUED, "the same key renews"},
        {VALID, false, CA_ISSUED, CA_ISSUED, "another key rekeys"},
        {EXPIRED, true, CA_ISSUED, CA_FORBIDDEN, "an expired certificate does not renew"},
        {REVOKED, true, CA_FORBIDDEN, CA_FORBIDDEN, "a revoked key is gone for ever"},
        {REVOKED, false, CA_ISSUED, CA_FORBIDDEN, "a revoked certificate does not renew"},
        {SUPERSEDED, true, CA_ISSUED, CA_FORBIDDEN, "a superseded key may be certified again"},
        {SOMEBODY_ELSES, true, CA_ISSUED, CA_FORBIDDEN, "the certificate is somebody else's"},
};

static void
have(int what)
{
	const char *who = what == SOMEBODY_ELSES ? "device-2" : "device-1";

	if (what == NEVER)
		return;
	ck_outcome(lab_enrol(&lab, who, lab_csr(key, who, NULL), &first), CA_ISSUED, first);
	if (what == EXPIRED)
		lab_wait(&lab, 90 * 86400);
	if (what == REVOKED)
		lab_revoke(&lab, first.serial, "key-compromise");
	if (what == SUPERSEDED)
		lab_revoke(&lab, first.serial, "superseded");
}

START_TEST(one_decision_for_both_paths)
{
	struct sl_pkey *other = lab_key(SL_PKEY_P256);
	struct sl_span csr = lab_csr(matrix[_i].same_key ? key : other, "device-1", NULL);
	enum ca_outcome renew, enrol;

	have(matrix[_i].had);
	renew = lab_renew(&lab, "device-1", csr, &again);
	ck_assert_msg(renew == matrix[_i].renew, "/sren: %s (%s) although %s",
	        ca_outcome_name(renew), again.diagnostic, matrix[_i].because);
	enrol = lab_enrol(&lab, "device-1", csr, &again);
	ck_assert_msg(enrol == matrix[_i].enrol, "/sen: %s (%s) although %s",
	        ca_outcome_name(enrol), again.diagnostic, matrix[_i].because);
	sl_pkey_free(other);
}
END_TEST

START_TEST(a_renewal_carries_the_names_of_the_certificate)
{
	struct sl_csr_params params = {.key = key, .common_name = NULL};
	uint8_t empty[] = {0x30, 0x00}, der[512];
	size_t len;

	enrol_first();
	/* An empty subject is not the subject of the certificate. */
	params.subject = sl_span(empty, sizeof empty);
	ck_assert_ok(sl_csr_make(&params, der, sizeof der, &len));
	ck_outcome(lab_renew(&lab, "device-1", sl_span(der, len), &again), CA_FORBIDDEN, again);
	ck_outcome(lab_renew(&lab, "device-1", lab_csr(key, "device-2", NULL), &again),
	        CA_FORBIDDEN, again);
	ck_outcome(lab_renew(&lab, "device-1", lab_request("change-subject-name"), &again),
	        CA_FORBIDDEN, again);
	ck_outcome(lab_renew(&lab, "device-1", lab_request("plain"), &again), CA_ISSUED, again);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ca");
	TCase *t = tcase_create("ca");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, issues_what_the_profile_says);
	tcase_add_test(t, keeps_what_it_issued);
	tcase_add_test(t, issues_for_every_key_type_of_the_profile);
	tcase_add_test(t, answers_refusals_without_a_certificate);
	tcase_add_test(t, a_repeated_request_gets_the_same_certificate);
	tcase_add_test(t, the_window_of_an_enrolment_is_24_hours);
	tcase_add_test(t, the_window_of_a_renewal_is_15_minutes);
	tcase_add_test(t, another_key_is_another_certificate);
	tcase_add_test(t, a_restart_remembers);
	tcase_add_test(t, eight_threads_get_one_certificate);
	tcase_add_loop_test(t, one_decision_for_both_paths, 0, (int)ARRAY_LEN(matrix));
	tcase_add_test(t, a_renewal_carries_the_names_of_the_certificate);
	return run_suite(s);
}
