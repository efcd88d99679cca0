/* SPDX-License-Identifier: BSD-2-Clause
 * The commands of sealift-est that are about certificates, policy and the audit chain. */
#include "admin_shared.h"

static void
write_bytes(const char *name, struct sl_span bytes)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
	fclose(f);
}

/* --- certificates ---------------------------------------------------------------------------- */

static char serial[2 * SL_SERIAL_MAX + 1];

static void
issue_one(const char *identity)
{
	struct sl_pkey *key = lab_key(SL_PKEY_P256);
	struct ca_answer answer;

	lab_start(&lab);
	ck_assert_int_eq(
	        lab_enrol(&lab, identity, lab_csr(key, identity, NULL), &answer), CA_ISSUED);
	snprintf(serial, sizeof serial, "%s", answer.serial);
	lab_stop(&lab);
	sl_pkey_free(key);
}

START_TEST(lists_and_shows_certificates)
{
	json_t *root;

	issue_one("device-1");
	issue_one("device-2");
	ck_status(0, admin_list_certs, "list-certs @c");
	ck_says(said, "\tdevice-1\n");
	ck_says(said, serial);
	ck_status(0, admin_list_certs, "list-certs @c --identity device-2 --json");
	root = json_loads(said, 0, NULL);
	ck_assert_uint_eq(json_array_size(root), 1);
	ck_assert_str_eq(vectors_text(json_array_get(root, 0), "serial"), serial);
	ck_assert_str_eq(vectors_text(json_array_get(root, 0), "state"), "valid");
	json_decref(root);
	ck_status(0, admin_show_cert, "show-cert @c %s", serial);
	ck_says(said, "subject: CN=device-2\n");
	ck_says(said, "-----BEGIN CERTIFICATE-----\n");
	ck_status(0, admin_show_cert, "show-cert @c %s --pem", serial);
	ck_assert_int_eq(strncmp(said, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	ck_status(1, admin_show_cert, "show-cert @c 0102");
	ck_status(2, admin_show_cert, "show-cert @c nothing");
}
END_TEST

START_TEST(revokes_and_shuts_the_device_out)
{
	issue_one("device-1");
	ck_status(0, admin_add_context, "add-context @c --identity device-1 --out @/1");
	ck_status(2, admin_revoke, "revoke @c %s --reason because", serial);
	ck_says(complained, "key-compromise");
	ck_status(2, admin_revoke, "revoke @c %s", serial);
	ck_status(2, admin_revoke, "revoke @c serial --reason superseded");
	ck_status(1, admin_revoke, "revoke @c 0102 --reason superseded");
	ck_status(0, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	ck_says(said, "contexts of device-1 disabled: 1");
	ck_status(1, admin_revoke, "revoke @c %s --reason superseded", serial);
	ck_says(complained, "already");
	ck_status(0, admin_list_certs, "list-certs @c");
	ck_says(said, "\trevoked\t");
	ck_status(0, admin_show_cert, "show-cert @c %s", serial);
	ck_says(said, ", reason 1\n");
	ck_status(0, admin_list_contexts, "list-contexts @c");
	ck_says(said, "\tdisabled\t");
}
END_TEST

/* Behind the store's back. */
static void
tamper(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(lab.config.store, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

START_TEST(a_revocation_that_was_cut_can_be_finished)
{
	issue_one("device-1");
	ck_status(0, admin_add_context, "add-context @c --identity device-1 --out @/1");
	tamper("CREATE TRIGGER stop BEFORE UPDATE ON contexts"
	       " BEGIN SELECT RAISE(ABORT, 'stop'); END");
	ck_status(1, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	tamper("DROP TRIGGER stop");
	ck_status(0, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	ck_says(said, "contexts of device-1 disabled: 1");
	tamper("UPDATE certificates SET status = 1");
	tamper("CREATE TRIGGER stop BEFORE UPDATE ON certificates"
	       " BEGIN SELECT RAISE(ABORT, 'stop'); END");
	ck_status(0, admin_add_context, "add-context @c --identity device-1 --out @/2");
	ck_status(1, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	tamper("DROP TRIGGER stop");
	ck_status(0, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	ck_status(0, admin_list_contexts, "list-contexts @c");
	ck_assert_ptr_null(strstr(said, "\tenabled\t"));
}
END_TEST

START_TEST(revokes_and_keeps_the_contexts_when_told_to)
{
	static const char *const ways[] = {"privilege-withdrawn --keep-contexts", "superseded"};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		issue_one("device-1");
		ck_status(
		        0, admin_add_context, "add-context @c --identity device-1 --out @/%zu", i);
		ck_status(0, admin_revoke, "revoke @c %s --reason %s", serial, ways[i]);
		ck_assert_ptr_null(strstr(said, "disabled"));
	}
}
END_TEST

/* --- policy and audit ------------------------------------------------------------------------ */

static const struct {
	const char *request, *options;
	int status;
	const char *says;
} trials[] = {
        {"plain", "", 0, "would issue: profile default, identity device-1\nsubject: CN=device-1\n"},
        {"plain", "--identity device-2", 1, "would refuse with 4.03: subject is not this identity"},
        {"plain", "--profile default --renewal", 0, "key usage: digitalSignature\n"},
        {"plain", "--profile other", 2, ""},
        {"long-subject", "", 2, ""},
        {"wants-ca", "", 1, "would refuse with 4.03: a CA certificate is not allowed"},
        {"cut", "--identity device-1", 1,
                "would refuse with 4.00: certification request is malformed"},
        {"bad-signature", "", 1, "would refuse with 4.00: proof of possession failed"},
        {"empty", "--identity a", 1, ""},
};

START_TEST(policy_test_says_what_would_be)
{
	write_bytes("r.csr", lab_request(trials[_i].request));
	ck_status(trials[_i].status, admin_policy, "policy test @c @/r.csr%s%s",
	        trials[_i].options[0] ? " " : "", trials[_i].options);
	ck_says(said, trials[_i].says);
}
END_TEST

START_TEST(policy_test_reads_pem)
{
	/* The armour of RFC 7468 around the same bytes. */
	static const char alphabet[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct sl_span der = lab_request("plain");
	char text[4096] = "-----BEGIN CERTIFICATE REQUEST-----\n";
	size_t len = strlen(text);

	for (size_t i = 0; i < der.len; i += 3) {
		uint32_t v = (uint32_t)der.ptr[i] << 16;

		v |= i + 1 < der.len ? (uint32_t)der.ptr[i + 1] << 8 : 0;
		v |= i + 2 < der.len ? der.ptr[i + 2] : 0;
		text[len++] = alphabet[v >> 18];
		text[len++] = alphabet[v >> 12 & 63];
		text[len++] = i + 1 < der.len ? alphabet[v >> 6 & 63] : '=';
		text[len++] = i + 2 < der.len ? alphabet[v & 63] : '=';
		if (i % 48 == 45)
			text[len++] = '\n';
	}
	snprintf(text + len, sizeof text - len, "\n-----END CERTIFICATE REQUEST-----\n");
	write_text("r.pem", text, 0444);
	ck_status(0, admin_policy, "policy test @c @/r.pem");
	ck_says(said, "would issue");
	write_text("half.pem", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", 0444);
	ck_status(1, admin_policy, "policy test @c @/half.pem --identity a");
	ck_status(1, admin_policy, "policy test @c @/none --identity a");
	ck_status(2, admin_policy, "policy try @c @/r.pem");
	ck_status(2, admin_policy, "policy test @c");
}
END_TEST

START_TEST(audit_verify_prints_a_head_that_can_be_pinned)
{
	char head[128], wrong[128];

	issue_one("device-1");
	ck_status(0, admin_audit, "audit verify @c");
	ck_says(said, "lines: 1\ncertificates: 1\nhead: 1:");
	snprintf(head, sizeof head, "%.66s", strstr(said, "head: ") + 6);
	issue_one("device-2");
	ck_status(0, admin_audit, "audit verify @c --head %s", head);
	snprintf(wrong, sizeof wrong, "2%s", head + 1);
	ck_status(1, admin_audit, "audit verify @c --head %s", wrong);
	ck_says(complained, "broken at line 2");
	ck_status(2, admin_audit, "audit verify @c --head 1:00");
	ck_status(2, admin_audit, "audit show @c");
}
END_TEST

START_TEST(every_command_needs_its_store)
{
	static int (*const commands[])(int, char **) = {admin_list_contexts, admin_list_certs};
	char path[256];

	snprintf(path, sizeof path, "%s/sealift-est.db", lab.dir);
	ck_assert_int_eq(chmod(path, 0644), 0);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		ck_status(1, commands[i], "list @c");
		ck_says(complained, "chmod 0600");
	}
	unlink(path);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		ck_status(1, commands[i], "list @c");
		ck_says(complained, "sealift-est init");
		ck_status(2, commands[i], "list -c @/none.yaml");
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("admin_certificates");
	TCase *t = tcase_create("commands");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lists_and_shows_certificates);
	tcase_add_test(t, revokes_and_shuts_the_device_out);
	tcase_add_test(t, a_revocation_that_was_cut_can_be_finished);
	tcase_add_test(t, revokes_and_keeps_the_contexts_when_told_to);
	tcase_add_loop_test(t, policy_test_says_what_would_be, 0, (int)ARRAY_LEN(trials));
	tcase_add_test(t, policy_test_reads_pem);
	tcase_add_test(t, audit_verify_prints_a_head_that_can_be_pinned);
	tcase_add_test(t, every_command_needs_its_store);
	return run_suite(s);
}
