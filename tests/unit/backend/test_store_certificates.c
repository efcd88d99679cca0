/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates in the store, and what a crash leaves of them. */
#include "store_shared.h"

static struct store_certificate
some_certificate(uint8_t n)
{
	struct store_certificate c = {
	        .serial = {1, n},
	        .serial_len = 2,
	        .issued_at = 1800000000 + n,
	        .not_before = 1800000000,
	        .not_after = 1900000000,
	        .der = {0x30, 0x01, n},
	        .der_len = 3,
	};

	snprintf(c.identity, sizeof c.identity, "device-%u", n);
	snprintf(c.profile, sizeof c.profile, "default");
	memset(c.spki_hash, n, sizeof c.spki_hash);
	memset(c.request_key, n + 1, sizeof c.request_key);
	return c;
}

static struct sl_span
serial_of(const struct store_certificate *c)
{
	return sl_span(c->serial, c->serial_len);
}

/* Its audit line carries no certificate hash: only these tests look at it. */
static enum sl_err
issue(const struct store_certificate *c, store_step step)
{
	struct store_issue issue = {
	        .certificate = c, .audit = {c->issued_at, "{\"event\":\"test\"}"}, .step = step};

	return store_issue(lab.store, &issue);
}

static void
put_certificate(uint8_t n)
{
	struct store_certificate c = some_certificate(n);

	ck_assert_ok(store_serial_reserve(lab.store, &c));
	ck_assert_ok(store_intent_put(lab.store, &c));
	ck_assert_ok(issue(&c, NULL));
}

/* --- certificates ---------------------------------------------------------------------------- */

START_TEST(a_serial_is_taken_for_ever)
{
	struct store_certificate c = some_certificate(1);
	struct store_audit audit = {1, "{\"event\":\"test\"}"};

	ck_assert_ok(store_serial_reserve(lab.store, &c));
	ck_assert_err(store_serial_reserve(lab.store, &c), SL_EREPLAY);
	ck_assert_ok(store_void(lab.store, serial_of(&c), &audit));
	ck_assert_err(store_serial_reserve(lab.store, &c), SL_EREPLAY);
	ck_assert_err(store_intent_put(lab.store, &c), SL_ENOTFOUND);
	ck_assert_err(issue(&c, NULL), SL_ENOTFOUND);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
}
END_TEST

static enum sl_err
see_intent(void *arg, const struct store_intent *intent)
{
	*(struct store_intent *)arg = *intent;
	return SL_OK;
}

START_TEST(an_intent_goes_from_reserved_to_intended_to_done)
{
	struct store_certificate c = some_certificate(1);
	struct store_intent intent = {0};

	ck_assert_ok(store_serial_reserve(lab.store, &c));
	ck_assert_ok(store_intents_open(lab.store, see_intent, &intent));
	ck_assert_int_eq(intent.state, STORE_RESERVED);
	ck_assert_uint_eq(intent.certificate.der_len, 0);
	ck_assert_ok(store_intent_put(lab.store, &c));
	ck_assert_ok(store_intents_open(lab.store, see_intent, &intent));
	ck_assert_int_eq(intent.state, STORE_INTENDED);
	ck_assert_bytes(sl_span(intent.certificate.der, intent.certificate.der_len), hex("300101"));
	ck_assert_str_eq(intent.certificate.identity, "device-1");
	ck_assert_err(store_intent_put(lab.store, &c), SL_ENOTFOUND);
	ck_assert_ok(issue(&c, NULL));
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	ck_assert_err(issue(&c, NULL), SL_ENOTFOUND);
}
END_TEST

static enum sl_err
see_certificate(void *arg, const struct store_certificate *c)
{
	*(struct store_certificate *)arg = *c;
	return SL_ELIMIT;
}

START_TEST(finds_certificates_newest_first)
{
	struct store_certificate want = some_certificate(2), got;
	struct store_filter none = {0};
	struct store_filter by_key = {.spki_hash = want.spki_hash};
	struct store_filter by_request = {.identity = "device-2", .request_key = want.request_key};
	struct store_filter other = {.identity = "device-1", .request_key = want.request_key};
	int64_t last = 0;

	ck_assert_ok(store_last_issued(lab.store, &last));
	ck_assert_int_eq(last, 0);
	for (uint8_t n = 1; n <= 3; n++)
		put_certificate(n);
	want.status = STORE_VALID;
	ck_assert_err(store_certificates_each(lab.store, &none, see_certificate, &got), SL_ELIMIT);
	ck_assert_str_eq(got.identity, "device-3");
	ck_assert_err(
	        store_certificates_each(lab.store, &by_key, see_certificate, &got), SL_ELIMIT);
	ck_assert_mem_eq(&got, &want, sizeof got);
	ck_assert_err(
	        store_certificates_each(lab.store, &by_request, see_certificate, &got), SL_ELIMIT);
	ck_assert_ok(store_certificates_each(lab.store, &other, see_certificate, &got));
	ck_assert_ok(store_last_issued(lab.store, &last));
	ck_assert_int_eq(last, 1800000003);
	ck_assert_err(store_certificate_get(lab.store, hex("09"), &got), SL_ENOTFOUND);
}
END_TEST

/* What an enrolment asks must not cost more with every certificate that was ever issued. */
START_TEST(questions_of_an_enrolment_use_an_index)
{
	static const enum statement asked[] = {
	        SQL_CERTIFICATES_OF_IDENTITY,
	        SQL_CERTIFICATES_OF_KEY,
	        SQL_CERTIFICATES_OF_REQUEST,
	        SQL_LAST_ISSUED,
	        SQL_INTENTS_OPEN,
	};
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(lab.config.store, &db), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		char text[1024];
		sqlite3_stmt *plan = NULL;
		int rows = 0;

		snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", store_sql[asked[i]]);
		ck_assert_int_eq(sqlite3_prepare_v2(db, text, -1, &plan, NULL), SQLITE_OK);
		for (; sqlite3_step(plan) == SQLITE_ROW; rows++) {
			const char *step = (const char *)sqlite3_column_text(plan, 3);

			ck_assert_msg(strncmp(step, "SCAN", 4) != 0, "%s: %s", text, step);
		}
		ck_assert_int_gt(rows, 0);
		sqlite3_finalize(plan);
	}
	sqlite3_close(db);
}
END_TEST

START_TEST(revokes_once)
{
	struct store_revocation r = {.serial = hex("0101"),
	        .reason = 1,
	        .when = 1850000000,
	        .audit = {1850000000, "{\"event\":\"test\"}"}};
	struct store_certificate got;

	ck_assert_err(store_revoke(lab.store, &r), SL_ENOTFOUND);
	put_certificate(1);
	ck_assert_ok(store_revoke(lab.store, &r));
	ck_assert_err(store_revoke(lab.store, &r), SL_EREPLAY);
	ck_assert_ok(store_certificate_get(lab.store, r.serial, &got));
	ck_assert_int_eq(got.status, STORE_REVOKED);
	ck_assert_int_eq(got.reason, 1);
	ck_assert_int_eq(got.revoked_at, 1850000000);
}
END_TEST

/* --- both or neither ------------------------------------------------------------------------- */

static uint64_t
audit_lines(void)
{
	uint8_t hash[32];
	uint64_t seq = 99;

	ck_assert_ok(store_audit_head(lab.store, &seq, hash));
	return seq;
}

static void
die_at(void *arg, int step)
{
	(void)arg;
	if (step == STORE_STEP_AUDIT)
		raise(SIGKILL);
}

START_TEST(a_kill_inside_the_transaction_leaves_neither)
{
	struct store_certificate c = some_certificate(1);
	int status;
	pid_t child;

	store_close(lab.store);
	lab.store = NULL;
	child = fork();
	if (child == 0) {
		if (store_open(&lab.store, lab.config.store, STORE_SERVE) ||
		        store_serial_reserve(lab.store, &c) || store_intent_put(lab.store, &c))
			_exit(1);
		_exit(issue(&c, die_at) == SL_OK ? 2 : 3);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_ok(store_open(&lab.store, lab.config.store, STORE_SERVE));
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
	ck_assert_uint_eq(audit_lines(), 0);
	ck_assert_uint_eq(lab_open_intents(lab.store), 1);
}
END_TEST

START_TEST(a_full_disk_leaves_neither)
{
	struct store_certificate c = some_certificate(1);
	struct rlimit before, tight;

	ck_assert_ok(store_serial_reserve(lab.store, &c));
	ck_assert_ok(store_intent_put(lab.store, &c));
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = 4096; /* no file may grow beyond one page */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	ck_assert_err(issue(&c, NULL), SL_EIO);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
	ck_assert_uint_eq(audit_lines(), 0);
	ck_assert_ok(issue(&c, NULL));
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 1);
	ck_assert_uint_eq(audit_lines(), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_certificates");
	TCase *t = tcase_create("store");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_serial_is_taken_for_ever);
	tcase_add_test(t, an_intent_goes_from_reserved_to_intended_to_done);
	tcase_add_test(t, finds_certificates_newest_first);
	tcase_add_test(t, questions_of_an_enrolment_use_an_index);
	tcase_add_test(t, revokes_once);
	tcase_add_test(t, a_kill_inside_the_transaction_leaves_neither);
	tcase_add_test(t, a_full_disk_leaves_neither);
	return run_suite(s);
}
