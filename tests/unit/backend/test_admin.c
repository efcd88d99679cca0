/* SPDX-License-Identifier: BSD-2-Clause
 * The commands of sealift-est: exit status, what they say, what they leave on the disk, and that
 * secrets stay out of everything but the provisioning file. */
#include "admin_shared.h"

/* --- init and check -------------------------------------------------------------------------- */

START_TEST(init_makes_what_serve_needs)
{
	struct config config;
	char message[CONFIG_MESSAGE_MAX], path[256];

	ck_status(0, admin_init, "init --dir @/new --name Plant-7");
	snprintf(path, sizeof path, "%s/new/sealift-est.yaml", lab.dir);
	ck_says(said, path);
	ck_assert_uint_eq(mode_of("new"), 0700);
	ck_assert_uint_eq(mode_of("new/ca.key"), 0400);
	ck_assert_uint_eq(mode_of("new/ca.pem"), 0444);
	ck_assert_uint_eq(mode_of("new/sealift-est.db"), 0600);
	ck_assert_msg(config_load(&config, path, message) == SL_OK, "%s", message);
	ck_assert_ok(ca_check(&config, admin_now(), message));
	/* A second time nothing is touched. */
	ck_status(1, admin_init, "init --dir @/new");
	ck_says(complained, "ca.key: exists");
	ck_assert_ok(ca_check(&config, admin_now(), message));
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {
		        "ca.key", "ca.pem", "sealift-est.db", "sealift-est.yaml"};

		snprintf(path, sizeof path, "%s/new/%s", lab.dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/new", lab.dir);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(init_takes_an_authority_that_is_there)
{
	char path[256];

	snprintf(path, sizeof path, "%s/sealift-est.db", lab.dir);
	unlink(path);
	unlink(lab.yaml);
	ck_status(2, admin_init, "init --dir @ --ca-key @/ca.key");
	ck_status(2, admin_init, "init --dir @ --ca-key @/ca.key --ca-cert @/ca.pem --name x");
	ck_status(2, admin_init, "init --dir @ --ca-key @/none --ca-cert @/ca.pem");
	ck_status(0, admin_init, "init --dir @ --ca-key @/ca.key --ca-cert @/ca.pem");
	ck_says(text_of("sealift-est.yaml"), "/ca.key\"");
	ck_status(0, admin_check, "check @c");
	ck_says(said, ": ok");
}
END_TEST

/* What is wrong with the authority is found before anything is made, so that init can be run again. */
START_TEST(init_looks_at_the_authority_first)
{
	char path[256];

	snprintf(path, sizeof path, "%s/ca.key", lab.dir);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_status(1, admin_init, "init --dir @/new --ca-key @/ca.key --ca-cert @/ca.pem");
	ck_says(complained, "chmod 0400");
	snprintf(path, sizeof path, "%s/new", lab.dir);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(init_says_when_it_cannot)
{
	ck_status(2, admin_init, "init");
	ck_says(complained, "--dir");
	ck_status(1, admin_init, "init --dir /proc/nowhere");
	ck_says(complained, "No such file or directory");
	ck_status(1, admin_init,
	        "init --dir @/fresh --name 0123456789012345678901234567890123456789"
	        "0123456789012345678901234");
	rmdir(strcat(strcpy(said, lab.dir), "/fresh"));
}
END_TEST

/* --- init --edhoc ----------------------------------------------------------------------------- */

static const char *const edhoc_files[] = {"edhoc-dh.key", "edhoc-dh.ccs", "edhoc-sign.key",
        "edhoc-sign.pem", "ca.key", "ca.pem", "sealift-est.db", "sealift-est.yaml"};

static void
remove_new(void)
{
	char path[256];

	for (size_t i = 0; i < ARRAY_LEN(edhoc_files); i++) {
		snprintf(path, sizeof path, "%s/new/%s", lab.dir, edhoc_files[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/new", lab.dir);
	ck_assert_int_eq(rmdir(path), 0);
}

/* The certificate of a PEM file of new. */
static void
read_cert(const char *name, struct sl_cert *cert, uint8_t *der, size_t cap)
{
	const char *pem = text_of(name);
	size_t len = 0;

	ck_assert_ok(sl_cert_from_text(sl_span_text(pem), der, cap, &len));
	ck_assert_ok(sl_cert_decode(cert, sl_span(der, len)));
}

START_TEST(init_makes_credentials_for_edhoc)
{
	static uint8_t der[2][2048];
	struct sl_cert cert, ca;
	char message[CONFIG_MESSAGE_MAX], path[256];
	struct config config;

	ck_status(0, admin_init, "init --dir @/new --name Plant-7 --edhoc");
	ck_assert_uint_eq(mode_of("new/edhoc-dh.key"), 0400);
	ck_assert_uint_eq(mode_of("new/edhoc-sign.key"), 0400);
	ck_assert_uint_eq(mode_of("new/edhoc-dh.ccs"), 0444);
	ck_assert_uint_eq(mode_of("new/edhoc-sign.pem"), 0444);
	read_cert("new/ca.pem", &ca, der[0], sizeof der[0]);
	read_cert("new/edhoc-sign.pem", &cert, der[1], sizeof der[1]);
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, admin_now()));
	ck_assert_str_eq(cert.subject_text, "CN=Plant-7 EST");
	ck_assert(cert.is_cmc_ra && !cert.is_ca);
	ck_assert_uint_eq(cert.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert_int_eq(cert.not_after, ca.not_after);
	snprintf(path, sizeof path, "%s/new/sealift-est.yaml", lab.dir);
	ck_assert_msg(config_load(&config, path, message) == SL_OK, "%s", message);
	ck_assert(config.edhoc.is_on);
	ck_assert_uint_eq(config.edhoc.own_count, 2);
	ck_assert_uint_eq(config.edhoc.methods, 9);
	ck_assert_uint_eq(config.peer_count, 0);
	ck_status(0, admin_check, "check -c @/new/sealift-est.yaml");
	/* the authority signed a certificate: its chain says so */
	ck_status(0, admin_audit, "audit verify -c @/new/sealift-est.yaml");
	ck_says(said, "lines: 1\n");
	/* nothing is overwritten */
	ck_status(1, admin_init, "init --dir @/new --edhoc");
	ck_says(complained, "ca.key: exists");
	/* what check finds, serve would find */
	snprintf(path, sizeof path, "%s/new/edhoc-sign.key", lab.dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_status(2, admin_check, "check -c @/new/sealift-est.yaml");
	ck_says(complained, "edhoc.credentials[1].key");
	remove_new();
}
END_TEST

START_TEST(init_makes_them_under_an_authority_that_is_there)
{
	static uint8_t der[2][2048];
	struct sl_cert cert, ca;
	char path[256];

	ck_status(0, admin_init, "init --dir @/new --ca-key @/ca.key --ca-cert @/ca.pem --edhoc");
	read_cert("ca.pem", &ca, der[0], sizeof der[0]);
	read_cert("new/edhoc-sign.pem", &cert, der[1], sizeof der[1]);
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, admin_now()));
	ck_status(0, admin_check, "check -c @/new/sealift-est.yaml");
	/* again, into a folder where one of the four is left */
	for (size_t i = 0; i < ARRAY_LEN(edhoc_files); i++) {
		snprintf(path, sizeof path, "%s/new/%s", lab.dir, edhoc_files[i]);
		if (i != 3)
			unlink(path);
	}
	ck_status(1, admin_init, "init --dir @/new --ca-key @/ca.key --ca-cert @/ca.pem --edhoc");
	ck_says(complained, "edhoc-sign.pem: exists");
	remove_new();
}
END_TEST

/* A name that is as long as a CN may be leaves no room for more. */
START_TEST(a_long_name_is_no_obstacle)
{
	static uint8_t der[2048];
	struct sl_cert cert;

	ck_status(0, admin_init,
	        "init --dir @/new --edhoc --name 01234567890123456789012345678901234567890123456789"
	        "01234567890123");
	read_cert("new/edhoc-sign.pem", &cert, der, sizeof der);
	ck_assert_str_eq(cert.subject_text, "CN=EST");
	remove_new();
}
END_TEST

START_TEST(check_finds_what_serve_would_find)
{
	struct sl_pkey *other = lab_key(SL_PKEY_P256);
	char pem[1024], path[256];

	ck_status(0, admin_check, "check @c");
	ck_status(2, admin_check, "check");
	ck_status(2, admin_check, "check -c @/none.yaml");
	ck_assert_ok(sl_pkey_to_pem(other, pem, sizeof pem));
	snprintf(path, sizeof path, "%s/ca.key", lab.dir);
	unlink(path);
	write_text("ca.key", pem, 0400);
	ck_status(2, admin_check, "check @c");
	ck_says(complained, "not for ca.key");
	sl_pkey_free(other);
	/* RSA, or with a passphrase: neither is read */
	unlink(path);
	write_text("ca.key",
	        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHs\n"
	        "-----END ENCRYPTED PRIVATE KEY-----\n",
	        0400);
	ck_status(2, admin_check, "check @c");
	ck_says(complained, "P-256, P-384 or Ed25519, without a passphrase");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("admin");
	TCase *t = tcase_create("commands");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, init_makes_what_serve_needs);
	tcase_add_test(t, init_takes_an_authority_that_is_there);
	tcase_add_test(t, init_looks_at_the_authority_first);
	tcase_add_test(t, init_says_when_it_cannot);
	tcase_add_test(t, init_makes_credentials_for_edhoc);
	tcase_add_test(t, init_makes_them_under_an_authority_that_is_there);
	tcase_add_test(t, a_long_name_is_no_obstacle);
	tcase_add_test(t, check_finds_what_serve_would_find);
	return run_suite(s);
}
