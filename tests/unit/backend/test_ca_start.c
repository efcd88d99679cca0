/* SPDX-License-Identifier: BSD-2-Clause
 * The authority and its clock, its disk, its key and its chain. */
#include "ca_shared.h"

/* --- profiles and labels --------------------------------------------------------------------- */

START_TEST(a_label_is_the_profile_of_the_identity)
{
	static const struct {
		const char *profile, *label;
		enum ca_outcome outcome;
	} rows[] = {
	        {"plain", "", CA_ISSUED},
	        {"plain", "plain", CA_REPEATED},
	        {"plain", "named", CA_FORBIDDEN},
	        {"plain", "nowhere", CA_NOT_FOUND},
	        {"gone", "", CA_FAILED},
	        {"named", "named", CA_ISSUED},
	};
	struct lab two;
	struct sl_cert cert;

	lab_make(&two, "  - name: plain\n"
	               "  - name: named\n"
	               "    subject-alt-name: \"dns:{identity}.example\"\n"
	               "    key-usage: [key-agreement, digital-signature]\n"
	               "    extended-key-usage: [server-auth]\n"
	               "    validity: 1h\n");
	lab_start(&two);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ca_request request = {.identity = "device-1",
		        .profile = rows[i].profile,
		        .label = rows[i].label,
		        .csr = lab_csr(key, "device-1", NULL),
		        .now = two.now,
		        .boot_ms = two.boot_ms};

		ck_outcome(ca_enrol(two.ca, &request, &first), rows[i].outcome, first);
	}
	ck_assert_ok(sl_cert_decode(&cert, answer_der(&first)));
	ck_assert_bytes(cert.subject_alt_name, hex("3012 8210 6465766963652d312e6578616d706c65"));
	ck_assert_uint_eq(cert.key_usage, SL_KU_DIGITAL_SIGNATURE | SL_KU_KEY_AGREEMENT);
	ck_assert_int_eq(cert.not_after, two.now + 3600);
	lab_remove(&two);
}
END_TEST

/* --- the clock ------------------------------------------------------------------------------- */

START_TEST(does_not_issue_by_a_clock_that_jumps)
{
	struct sl_span csr = lab_csr(key, "device-1", NULL);

	enrol_first();
	lab.now += 301;
	ck_outcome(lab_enrol(&lab, "device-1", csr, &again), CA_BUSY, again);
	ck_assert_uint_eq(again.retry_after_s, 60);
	lab.now -= 602;
	ck_outcome(lab_enrol(&lab, "device-1", csr, &again), CA_BUSY, again);
	lab.now += 301 + 300; /* five minutes are borne */
	ck_outcome(lab_enrol(&lab, "device-1", csr, &again), CA_REPEATED, again);
}
END_TEST

START_TEST(does_not_issue_before_its_last_certificate)
{
	enrol_first();
	lab_stop(&lab);
	lab.now -= 301;
	lab_start(&lab); /* a new process does not know about the jump */
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &again), CA_BUSY,
	        again);
	lab.now += 1;
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &again), CA_REPEATED,
	        again);
}
END_TEST

START_TEST(does_not_issue_by_an_unset_clock)
{
	lab.now = 86400;
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &first), CA_BUSY,
	        first);
}
END_TEST

/* --- the machine ----------------------------------------------------------------------------- */

START_TEST(a_full_disk_issues_nothing_and_says_later)
{
	struct rlimit before, tight;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (int i = 0; i < 3; i++)
		ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &first),
		        CA_BUSY, first);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
	enrol_first();
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 1);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	lab_check_audit(lab.store);
}
END_TEST

static struct rlimit roomy;

static void
fill_disk_at_intent(void *arg, enum ca_step step)
{
	struct rlimit tight = roomy;

	(void)arg;
	tight.rlim_cur = 4096;
	if (step == CA_AT_INTENT_DURABLE)
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
}

/* The certificate cannot be kept and its intent cannot be voided: the next request sees to that
 * first. */
START_TEST(an_intent_that_stays_open_is_resolved_by_the_next_request)
{
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &roomy), 0);
	lab_stop(&lab);
	lab.at = fill_disk_at_intent;
	lab_start(&lab);
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &first), CA_BUSY,
	        first);
	ck_assert_uint_eq(first.certificate_len, 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &roomy), 0);
	ck_assert_uint_eq(lab_open_intents(lab.store), 1);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &first), CA_REPEATED,
	        first);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 1);
	lab_check_audit(lab.store);
}
END_TEST

static void
write_file(const char *name, const char *text, unsigned mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	unlink(path);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
expect_no_start(const char *because)
{
	char message[CONFIG_MESSAGE_MAX] = "";

	ck_assert_msg(ca_check(&lab.config, lab.now, message) != SL_OK && message[0],
	        "started although %s", because);
}

START_TEST(does_not_start_without_a_fitting_key)
{
	struct sl_pkey *other = lab_key(SL_PKEY_P256), *agree = lab_key(SL_PKEY_X25519);
	char pem[1024], message[CONFIG_MESSAGE_MAX];
	char public_pem[1024];

	ck_assert_ok(ca_check(&lab.config, lab.now, message));
	ck_assert_ok(sl_pkey_to_pem(other, pem, sizeof pem));
	write_file("ca.key", pem, 0400);
	expect_no_start("the certificate is for another key");
	write_file("ca.key", pem, 0440);
	expect_no_start("the key is open to the group");
	write_file("ca.key", "nothing", 0400);
	expect_no_start("there is no key in the file");
	ck_assert_ok(sl_pkey_to_pem(agree, pem, sizeof pem));
	write_file("ca.key", pem, 0400);
	expect_no_start("X25519 does not sign");
	ck_assert_ok(sl_cert_to_pem(
	        ca_certificates(lab.ca, &(size_t){0})[0], public_pem, sizeof public_pem));
	write_file("ca.key", public_pem, 0400);
	expect_no_start("a certificate is no key");
	write_file("ca.pem", "nothing", 0444);
	expect_no_start("there is no certificate in the file");
	sl_pkey_free(other);
	sl_pkey_free(agree);
}
END_TEST

/* Signs a certificate for subject_key with issuer_key; the issuer's certificate may be empty. */
static struct sl_span
make_ca_certificate(
        struct sl_cert_params params, const char *name, const struct sl_pkey *subject_key)
{
	uint8_t subject[128], spki[128], tbs[1024], der[1024];
	size_t len;

	ck_assert_ok(sl_name_from_cn(name, subject, sizeof subject, &len));
	params.subject = sl_span(subject, len);
	ck_assert_ok(sl_pkey_to_spki(subject_key, spki, sizeof spki, &len));
	params.spki = sl_span(spki, len);
	params.serial = hex("1234");
	params.not_before = lab.now - 86400;
	params.key_usage = params.is_ca ? SL_KU_KEY_CERT_SIGN : SL_KU_DIGITAL_SIGNATURE;
	ck_assert_ok(sl_cert_tbs(&params, tbs, sizeof tbs, &len));
	ck_assert_ok(sl_cert_sign(sl_span(tbs, len), params.issuer_key, der, sizeof der, &len));
	return heap_copy(sl_span(der, len));
}

static void
install(const struct sl_pkey *with, struct sl_span der, const char *file)
{
	char pem[2048];

	if (with) {
		ck_assert_ok(sl_pkey_to_pem(with, pem, sizeof pem));
		write_file("ca.key", pem, 0400);
	}
	ck_assert_ok(sl_cert_to_pem(der, pem, sizeof pem));
	write_file(file, pem, 0444);
}

START_TEST(does_not_start_with_a_certificate_that_cannot_issue)
{
	struct sl_cert_params params = {.issuer_key = key, .not_after = lab.now + 86400};

	install(key, make_ca_certificate(params, "No CA", key), "ca.pem");
	expect_no_start("the certificate is no authority's");
	params.is_ca = true;
	params.not_after = lab.now;
	install(key, make_ca_certificate(params, "Late CA", key), "ca.pem");
	expect_no_start("the certificate is expired");
}
END_TEST

START_TEST(serves_the_chain_of_an_intermediate)
{
	struct sl_pkey *root_key = lab_key(SL_PKEY_P384);
	struct sl_cert_params params = {
	        .issuer_key = root_key, .is_ca = true, .not_after = lab.now + 86400};
	struct sl_span root = make_ca_certificate(params, "Root", root_key), own;
	struct sl_cert_path path = {.anchors = &root, .anchor_count = 1, .now = lab.now};
	const struct sl_span *chain;
	size_t count;

	params.issuer_cert = root;
	own = make_ca_certificate(params, "Issuing", key);
	lab_stop(&lab);
	install(key, own, "ca.pem");
	install(NULL, root, "root.pem");
	lab.config.ca.chain_count = 1;
	snprintf(lab.config.ca.chain[0], sizeof lab.config.ca.chain[0], "%s/root.pem", lab.dir);
	lab_start(&lab);
	chain = ca_certificates(lab.ca, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_bytes(chain[0], own);
	ck_assert_bytes(chain[1], root);
	/* The authority ends in a day: so does the certificate. */
	enrol_first();
	path.helpers = &own;
	path.helper_count = 1;
	ck_assert_ok(sl_cert_verify_path(answer_der(&first), &path));
	install(NULL, own, "root.pem");
	expect_no_start("the chain does not lead upwards");
	sl_pkey_free(root_key);
}
END_TEST

START_TEST(names_its_outcomes)
{
	for (int o = CA_ISSUED; o <= CA_FAILED; o++)
		ck_assert_ptr_nonnull(ca_outcome_name((enum ca_outcome)o));
	ca_close(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ca_start");
	TCase *t = tcase_create("ca");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_label_is_the_profile_of_the_identity);
	tcase_add_test(t, does_not_issue_by_a_clock_that_jumps);
	tcase_add_test(t, does_not_issue_before_its_last_certificate);
	tcase_add_test(t, does_not_issue_by_an_unset_clock);
	tcase_add_test(t, a_full_disk_issues_nothing_and_says_later);
	tcase_add_test(t, an_intent_that_stays_open_is_resolved_by_the_next_request);
	tcase_add_test(t, does_not_start_without_a_fitting_key);
	tcase_add_test(t, does_not_start_with_a_certificate_that_cannot_issue);
	tcase_add_test(t, serves_the_chain_of_an_intermediate);
	tcase_add_test(t, names_its_outcomes);
	return run_suite(s);
}
