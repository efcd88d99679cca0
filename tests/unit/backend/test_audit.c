/* SPDX-License-Identifier: BSD-2-Clause
 * The audit chain: its lines, and that every change to a stored one is found. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sl/hash.h>

#include "audit.h"
#include "lab.h"

/* SHA-256 over 32 zero bytes, 0000000000000001 and "{}", computed here from its parts. */
START_TEST(hashes_what_the_contract_says)
{
	uint8_t prev[AUDIT_HASH_LEN] = {0}, got[AUDIT_HASH_LEN], want[SL_SHA256_LEN];
	struct sl_span bytes =
	        hex("0000000000000000000000000000000000000000000000000000000000000000"
	            "0000000000000001 7b7d");

	ck_assert_ok(audit_hash(got, prev, 1, sl_span_text("{}")));
	ck_assert_ok(sl_sha256(bytes, want));
	ck_assert_mem_eq(got, want, sizeof want);
}
END_TEST

START_TEST(writes_one_json_object)
{
	char text[256];
	struct audit_line line = audit_line_over(text, sizeof text, "tried", 1800000000);

	audit_line_text(&line, "identity", "a\"b\\c\x01\x7f");
	audit_line_hex(&line, "serial", hex("01ff"));
	audit_line_number(&line, "count", -5);
	ck_assert_ok(audit_line_finish(&line));
	ck_assert_str_eq(text, "{\"event\":\"tried\",\"time\":1800000000,"
	                       "\"identity\":\"a\\\"b\\\\c\\u0001\\u007f\","
	                       "\"serial\":\"01ff\",\"count\":-5}");
}
END_TEST

START_TEST(a_line_that_does_not_fit_is_no_line)
{
	char text[32];

	for (size_t cap = 1; cap <= sizeof text; cap++) {
		/* {"event":"e","time":7} is 22 characters and a NUL. */
		struct audit_line line = audit_line_over(text, cap, "e", 7);

		ck_assert_err(audit_line_finish(&line), cap < 23 ? SL_ESPACE : SL_OK);
	}
}
END_TEST

START_TEST(a_hash_longer_than_any_makes_no_line)
{
	uint8_t bytes[AUDIT_HASH_LEN + 1] = {0};
	char text[256];
	struct audit_line line = audit_line_over(text, sizeof text, "e", 7);

	audit_line_hex(&line, "serial", sl_span(bytes, sizeof bytes));
	ck_assert_err(audit_line_finish(&line), SL_ESPACE);
}
END_TEST

/* --- a chain in a store: two certificates between other lines -------------------------------- */

static struct lab lab;
static struct audit_pin pin; /* the head after four lines */

static void
setup(void)
{
	struct sl_pkey *keys[2] = {lab_key(SL_PKEY_P256), lab_key(SL_PKEY_P256)};
	struct store_audit audit = {1, "{\"event\":\"test\"}"};
	struct ca_answer answer;

	lab_make(&lab, NULL);
	lab_start(&lab);
	for (int i = 0; i < 2; i++) {
		ck_assert_ok(store_audit_append(lab.store, &audit));
		ck_assert_int_eq(
		        lab_enrol(&lab, "device-1", lab_csr(keys[i], "device-1", NULL), &answer),
		        CA_ISSUED);
		sl_pkey_free(keys[i]);
	}
	ck_assert_ok(store_audit_head(lab.store, &pin.seq, pin.hash));
	ck_assert_ok(store_audit_append(lab.store, &audit));
}

static void
teardown(void)
{
	lab_remove(&lab);
}

static int
run_sql(const char *sql)
{
	sqlite3 *db = NULL;
	int rc;

	ck_assert_int_eq(sqlite3_open(lab.config.store, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 1000);
	rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return rc;
}

START_TEST(an_untouched_chain_holds)
{
	struct audit_verdict verdict;

	ck_assert_ok(audit_verify(lab.store, NULL, &verdict));
	ck_assert_uint_eq(verdict.rows, 5);
	ck_assert_uint_eq(verdict.certificates, 2);
	ck_assert_uint_eq(verdict.broken_at, 0);
	ck_assert_ok(audit_verify(lab.store, &pin, &verdict));
	pin.hash[31] ^= 1;
	ck_assert_err(audit_verify(lab.store, &pin, &verdict), SL_EAUTH);
	pin.seq = 6;
	ck_assert_err(audit_verify(lab.store, &pin, &verdict), SL_EAUTH);
}
END_TEST

START_TEST(an_empty_chain_holds)
{
	struct lab other;
	struct audit_verdict verdict;

	lab_make(&other, NULL);
	lab_start(&other);
	ck_assert_ok(audit_verify(other.store, NULL, &verdict));
	ck_assert_uint_eq(verdict.rows, 0);
	lab_remove(&other);
}
END_TEST

START_TEST(the_store_itself_refuses_changes)
{
	ck_assert_int_eq(run_sql("UPDATE audit SET line = '{}' WHERE seq = 1"), SQLITE_CONSTRAINT);
	ck_assert_int_eq(run_sql("DELETE FROM audit WHERE seq = 5"), SQLITE_CONSTRAINT);
	lab_check_audit(lab.store);
}
END_TEST

#define FREE_HAND "DROP TRIGGER audit_no_change; DROP TRIGGER audit_no_removal; "

static const struct {
	const char *sql;
	uint64_t broken_at;
	const char *because;
} forgeries[] = {
        {"UPDATE audit SET line = replace(line, 'test', 'tess') WHERE seq = 3", 3,
                "a line was changed"},
        {"UPDATE audit SET hash = zeroblob(32) WHERE seq = 2", 2, "a hash was changed"},
        {"UPDATE audit SET prev = zeroblob(32) WHERE seq = 2", 2, "a link was changed"},
        {"UPDATE audit SET hash = substr(hash, 1, 31) WHERE seq = 2", 2, "a hash was cut"},
        {"DELETE FROM audit WHERE seq = 1", 1, "the first line is gone"},
        {"DELETE FROM audit WHERE seq = 3", 3, "a line in the middle is gone"},
        {"DELETE FROM audit WHERE seq = 5", 4, "the last line is gone"},
        {"DELETE FROM audit", 0, "all lines are gone"},
        {"UPDATE audit SET seq = 9 WHERE seq = 1; UPDATE audit SET seq = 1 WHERE seq = 3;"
         " UPDATE audit SET seq = 3 WHERE seq = 9",
                1, "two lines changed places"},
        {"UPDATE meta SET number = 4 WHERE key = 'audit-head'", 5, "the head was set back"},
        {"UPDATE certificates SET der = x'3000' WHERE id = 1", 5, "a certificate was exchanged"},
        {"DELETE FROM certificates WHERE id = 1", 5, "a certificate is gone"},
        {"UPDATE certificates SET status = 2 WHERE id = 1", 5, "a certificate was revoked"},
        {"INSERT INTO audit SELECT 6, prev, hash, line FROM audit WHERE seq = 5", 6,
                "a line was added"},
};

START_TEST(every_forgery_is_found)
{
	struct audit_verdict verdict;
	char sql[512];

	snprintf(sql, sizeof sql, FREE_HAND "%s", forgeries[_i].sql);
	ck_assert_int_eq(run_sql(sql), SQLITE_OK);
	ck_assert_msg(audit_verify(lab.store, NULL, &verdict) == SL_EAUTH, "held although %s",
	        forgeries[_i].because);
	ck_assert_msg(verdict.broken_at == forgeries[_i].broken_at && verdict.reason,
	        "%s: line %llu, %s", forgeries[_i].because, (unsigned long long)verdict.broken_at,
	        verdict.reason);
}
END_TEST

/* An operator looks while the server issues. */
START_TEST(holds_while_it_grows)
{
	struct audit_verdict verdict;
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct store_audit audit = {.time = 1, .line = "{\"event\":\"test\"}"};
		struct store *own = NULL;

		if (store_open(&own, lab.config.store, STORE_USE))
			_exit(1);
		while (store_audit_append(own, &audit) == SL_OK)
			usleep(100);
		_exit(1);
	}
	memset(&verdict, 0, sizeof verdict);
	for (int i = 0; i < 8 || (verdict.rows <= 5 && i < 3000); i++) {
		ck_assert_msg(audit_verify(lab.store, NULL, &verdict) == SL_OK, "%s",
		        verdict.reason ? verdict.reason : "");
		usleep(10000);
	}
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_uint_gt(verdict.rows, 5);
}
END_TEST

/* One byte at eleven places of every column. */
START_TEST(every_changed_byte_is_found)
{
	static const char *const columns[] = {"line", "prev", "hash"};
	struct audit_verdict verdict;
	size_t changes = 0;
	char sql[640];

	ck_assert_int_eq(run_sql(FREE_HAND), SQLITE_OK);
	ck_assert_int_eq(run_sql("CREATE TABLE kept AS SELECT * FROM audit"), SQLITE_OK);
	for (size_t c = 0; c < ARRAY_LEN(columns); c++)
		for (unsigned at = 1; at <= 32; at += 3) {
			/* Another letter at one place. */
			snprintf(sql, sizeof sql,
			        "UPDATE audit SET %s = CAST(substr(%s, 1, %u) ||"
			        " CASE substr(%s, %u, 1) WHEN %s THEN x'42' ELSE x'41' END ||"
			        " substr(%s, %u) AS %s) WHERE seq = %u",
			        columns[c], columns[c], at - 1, columns[c], at,
			        c == 0 ? "'A'" : "x'41'", columns[c], at + 1,
			        c == 0 ? "TEXT" : "BLOB", at % 5 + 1);
			ck_assert_int_eq(run_sql(sql), SQLITE_OK);
			ck_assert_err(audit_verify(lab.store, NULL, &verdict), SL_EAUTH);
			ck_assert_int_eq(
			        run_sql("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept"),
			        SQLITE_OK);
			changes++;
		}
	lab_check_audit(lab.store);
	ck_assert_uint_eq(changes, 33);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("audit");
	TCase *lines = tcase_create("lines"), *chain = tcase_create("chain");

	suite_add_tcase(s, lines);
	tcase_add_test(lines, hashes_what_the_contract_says);
	tcase_add_test(lines, writes_one_json_object);
	tcase_add_test(lines, a_line_that_does_not_fit_is_no_line);
	tcase_add_test(lines, a_hash_longer_than_any_makes_no_line);
	suite_add_tcase(s, chain);
	tcase_set_timeout(chain, 60);
	tcase_add_checked_fixture(chain, setup, teardown);
	tcase_add_test(chain, an_untouched_chain_holds);
	tcase_add_test(chain, an_empty_chain_holds);
	tcase_add_test(chain, the_store_itself_refuses_changes);
	tcase_add_test(chain, holds_while_it_grows);
	tcase_add_loop_test(chain, every_forgery_is_found, 0, (int)ARRAY_LEN(forgeries));
	tcase_add_test(chain, every_changed_byte_is_found);
	return run_suite(s);
}
