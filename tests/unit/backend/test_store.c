/* SPDX-License-Identifier: BSD-2-Clause
 * The store: files and locks, contexts with durable reservations (RFC 8613 B.1.1), serial
 * numbers, and changes that come with their audit line or not at all. */
#include "store_shared.h"

static struct store_context
some_context(uint8_t n)
{
	struct store_context c = {
	        .recipient_id = {{n}, 1},
	        .sender_id = {{0xff, n}, 2},
	        .aead_alg = 10,
	        .hkdf_hash = -16,
	        .window = 32,
	        .functions = 6,
	        .created = 1800000000,
	};

	snprintf(c.identity, sizeof c.identity, "device-%u", n % 3U);
	snprintf(c.profile, sizeof c.profile, "default");
	memset(c.master_secret.bytes, n, 16);
	c.master_secret.len = 16;
	return c;
}

/* --- files ----------------------------------------------------------------------------------- */

START_TEST(is_made_once_and_private)
{
	struct store *other = NULL;
	struct stat st;

	ck_assert_int_eq(stat(lab.config.store, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_err(store_open(&other, lab.config.store, STORE_CREATE), SL_ENOTFOUND);
	ck_assert_err(store_open(&other, "/nowhere/at/all.db", STORE_CREATE), SL_EIO);
	ck_assert_err(store_open(&other, "/nowhere/at/all.db", STORE_USE), SL_ENOTFOUND);
	ck_assert_ptr_null(other);
	store_close(NULL);
}
END_TEST

START_TEST(one_process_serves_and_others_may_use_it)
{
	struct store *other = NULL;

	ck_assert_err(store_open(&other, lab.config.store, STORE_SERVE), SL_ELIMIT);
	ck_assert_ok(store_open(&other, lab.config.store, STORE_USE));
	store_close(other);
	store_close(lab.store);
	lab.store = NULL;
	ck_assert_ok(store_open(&lab.store, lab.config.store, STORE_SERVE));
}
END_TEST

START_TEST(refuses_a_file_that_others_can_read)
{
	struct store *other = NULL;

	ck_assert_int_eq(chmod(lab.config.store, 0640), 0);
	ck_assert_err(store_open(&other, lab.config.store, STORE_USE), SL_EAUTH);
	ck_assert_int_eq(chmod(lab.config.store, 0602), 0);
	ck_assert_err(store_open(&other, lab.config.store, STORE_USE), SL_EAUTH);
}
END_TEST

/* Behind the store's back. */
static void
tamper(const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	ck_assert_int_eq(sqlite3_open(lab.config.store, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why);
	sqlite3_close(db);
}

START_TEST(refuses_what_is_not_its_file)
{
	struct store *other = NULL;
	char name[128];
	int fd;

	tamper("PRAGMA user_version = 2");
	ck_assert_err(store_open(&other, lab.config.store, STORE_USE), SL_EUNSUPPORTED);
	tamper("PRAGMA user_version = 1; PRAGMA application_id = 7");
	ck_assert_err(store_open(&other, lab.config.store, STORE_USE), SL_EUNSUPPORTED);
	snprintf(name, sizeof name, "%s/garbage", lab.dir);
	fd = open(name, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "no database, only words and words", 33), 33);
	close(fd);
	ck_assert_err(store_open(&other, name, STORE_USE), SL_EUNSUPPORTED);
}
END_TEST

/* --- contexts -------------------------------------------------------------------------------- */

struct seen {
	struct store_context list[8];
	size_t count, stop_after;
};

static enum sl_err
see(void *arg, const struct store_context *context)
{
	struct seen *seen = arg;

	ck_assert_uint_lt(seen->count, ARRAY_LEN(seen->list));
	seen->list[seen->count++] = *context;
	return seen->count == seen->stop_after ? SL_ELIMIT : SL_OK;
}

START_TEST(gives_back_the_context_that_it_got)
{
	struct store_context in = some_context(7), out;

	in.has_id_context = true;
	in.id_context_len = SL_OSCORE_ID_CONTEXT_MAX;
	memset(in.id_context, 0xc7, sizeof in.id_context);
	in.recipient_id = (struct sl_oscore_id){{1, 2, 3, 4, 5, 6, 7}, SL_OSCORE_ID_MAX};
	in.sender_id.len = 0;
	in.sender_id.bytes[0] = in.sender_id.bytes[1] = 0;
	memset(in.master_salt.bytes, 0x5a, SL_KEY_MAX);
	in.master_salt.len = SL_KEY_MAX;
	in.ssn_limit = SL_OSCORE_SSN_END;
	ck_assert_ok(store_context_add(lab.store, &in));
	ck_assert_int_gt(in.id, 0);
	ck_assert_ok(store_context_get(lab.store, in.id, &out));
	ck_assert_mem_eq(&in, &out, sizeof in);
	ck_assert_err(store_context_get(lab.store, in.id + 1, &out), SL_ENOTFOUND);
}
END_TEST

START_TEST(an_absent_id_context_is_not_an_empty_one)
{
	struct store_context absent = some_context(1), empty = some_context(2), out;

	empty.has_id_context = true;
	ck_assert_ok(store_context_add(lab.store, &absent));
	ck_assert_ok(store_context_add(lab.store, &empty));
	ck_assert_ok(store_context_get(lab.store, absent.id, &out));
	ck_assert(!out.has_id_context);
	ck_assert_ok(store_context_get(lab.store, empty.id, &out));
	ck_assert(out.has_id_context && out.id_context_len == 0);
}
END_TEST

START_TEST(one_kid_and_id_context_name_one_context)
{
	struct store_context first = some_context(1), same = some_context(1);
	struct store_context other = some_context(1), empty = some_context(1);

	ck_assert_ok(store_context_add(lab.store, &first));
	ck_assert_err(store_context_add(lab.store, &same), SL_EREPLAY);
	empty.has_id_context = true;
	ck_assert_err(store_context_add(lab.store, &empty), SL_EREPLAY);
	other.has_id_context = true;
	other.id_context_len = 1;
	ck_assert_ok(store_context_add(lab.store, &other));
}
END_TEST

/* RFC 8613 section 3.3: one secret, salt and ID Context give equal ids equal keys. Two contexts that share
 * such a key count their Partial IVs apart, and would use its nonces twice. */
START_TEST(no_two_contexts_share_a_key)
{
	static const struct {
		const char *because;
		uint8_t sender, recipient, salt, id_context;
		int hash;
		enum sl_err expect;
	} rows[] = {
	        {"our id is the other's too", 0xaa, 2, 1, 0, SL_SHA256, SL_EAUTH},
	        {"our id is the other device's", 0x01, 2, 1, 0, SL_SHA256, SL_EAUTH},
	        {"the device's id is our other one", 0x55, 0xaa, 1, 0, SL_SHA256, SL_EAUTH},
	        {"both ids, the other way round", 0x01, 0xaa, 1, 0, SL_SHA256, SL_EAUTH},
	        {"no id in common", 0x55, 2, 1, 0, SL_SHA256, SL_OK},
	        {"another salt", 0xaa, 3, 2, 0, SL_SHA256, SL_OK},
	        {"an ID Context", 0xaa, 4, 1, 1, SL_SHA256, SL_OK},
	        {"another hash", 0xaa, 5, 1, 0, SL_SHA512, SL_OK},
	};
	struct store_context first = some_context(1);

	first.sender_id = (struct sl_oscore_id){{0xaa}, 1};
	first.recipient_id = (struct sl_oscore_id){{0x01}, 1};
	first.master_salt.len = 1;
	first.master_salt.bytes[0] = 1;
	first.hkdf_hash = SL_SHA256;
	ck_assert_ok(store_context_add(lab.store, &first));
	ck_assert_ok(
	        store_context_disable(lab.store, first.id)); /* its keys were used all the same */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_context c = first;

		c.sender_id.bytes[0] = rows[i].sender;
		c.recipient_id.bytes[0] = rows[i].recipient;
		c.master_salt.bytes[0] = rows[i].salt;
		c.hkdf_hash = rows[i].hash;
		c.has_id_context = rows[i].id_context > 0;
		c.id_context_len = rows[i].id_context;
		ck_assert_msg(
		        store_context_add(lab.store, &c) == rows[i].expect, "%s", rows[i].because);
	}
}
END_TEST

START_TEST(walks_contexts_in_order_from_where_it_was)
{
	struct seen seen = {0};
	struct store_context c;
	int64_t second = 0;

	for (uint8_t n = 1; n <= 3; n++) {
		c = some_context(n);
		ck_assert_ok(store_context_add(lab.store, &c));
		if (n == 2)
			second = c.id;
	}
	ck_assert_ok(store_contexts_each(lab.store, 0, see, &seen));
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_uint_eq(seen.list[2].recipient_id.bytes[0], 3);
	seen.count = 0;
	ck_assert_ok(store_contexts_each(lab.store, second, see, &seen));
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.list[0].recipient_id.bytes[0], 3);
	seen.count = 0;
	seen.stop_after = 2;
	ck_assert_err(store_contexts_each(lab.store, 0, see, &seen), SL_ELIMIT);
	ck_assert_uint_eq(seen.count, 2);
}
END_TEST

START_TEST(disables_one_context_or_those_of_an_identity)
{
	struct store_context c, out;
	size_t count = 99;

	for (uint8_t n = 1; n <= 6; n++) { /* device-1, -2, -0, -1, -2, -0 */
		c = some_context(n);
		ck_assert_ok(store_context_add(lab.store, &c));
	}
	ck_assert_ok(store_context_disable(lab.store, c.id));
	ck_assert_ok(store_context_get(lab.store, c.id, &out));
	ck_assert(out.is_disabled);
	ck_assert_err(store_context_disable(lab.store, 1000), SL_ENOTFOUND);
	ck_assert_ok(store_contexts_disable(lab.store, "device-0", &count));
	ck_assert_uint_eq(count, 1); /* the other one was disabled before */
	ck_assert_ok(store_contexts_disable(lab.store, "device-1", &count));
	ck_assert_uint_eq(count, 2);
	ck_assert_ok(store_contexts_disable(lab.store, "nobody", &count));
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(reservations_only_grow)
{
	struct store_context c = some_context(1), out;

	ck_assert_ok(store_context_add(lab.store, &c));
	ck_assert_ok(store_context_reserve(lab.store, c.id, 1024));
	ck_assert_err(store_context_reserve(lab.store, c.id, 1024), SL_EREPLAY);
	ck_assert_err(store_context_reserve(lab.store, c.id, 1023), SL_EREPLAY);
	ck_assert_ok(store_context_reserve(lab.store, c.id, 1025));
	ck_assert_err(store_context_reserve(lab.store, c.id + 1, 2048), SL_ENOTFOUND);
	ck_assert_ok(store_context_reserve(lab.store, c.id, SL_OSCORE_SSN_END));
	ck_assert_err(store_context_reserve(lab.store, c.id, SL_OSCORE_SSN_END + 1), SL_ELIMIT);
	ck_assert_ok(store_context_get(lab.store, c.id, &out));
	ck_assert_uint_eq(out.ssn_limit, SL_OSCORE_SSN_END);
}
END_TEST

/* A child reserves, says so, and is killed. What it said must be in the file. */
START_TEST(reservations_survive_a_kill)
{
	struct store_context c = some_context(1), out;
	uint64_t said = 0, got = 0;
	int pipes[2], status;
	pid_t child;

	ck_assert_ok(store_context_add(lab.store, &c));
	for (int round = 0; round < 20; round++) {
		ck_assert_int_eq(pipe(pipes), 0);
		child = fork();
		if (child == 0) {
			struct store *own = NULL;

			if (store_open(&own, lab.config.store, STORE_USE))
				_exit(1);
			for (uint64_t n = said + 1;; n++)
				if (store_context_reserve(own, c.id, n) ||
				        write(pipes[1], &n, sizeof n) != sizeof n)
					_exit(1);
		}
		close(pipes[1]);
		for (int i = 0; i <= round; i++)
			ck_assert_int_eq(read(pipes[0], &said, sizeof said), sizeof said);
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status));
		while (read(pipes[0], &got, sizeof got) == sizeof got)
			said = got;
		close(pipes[0]);
		ck_assert_ok(store_context_get(lab.store, c.id, &out));
		ck_assert_uint_ge(out.ssn_limit, said);
		said = out.ssn_limit;
	}
}
END_TEST

START_TEST(tells_when_another_process_changed_it)
{
	struct store_context c = some_context(1);
	struct store *other = NULL;
	uint64_t before, after;

	ck_assert_ok(store_version(lab.store, &before));
	ck_assert_ok(store_version(lab.store, &after));
	ck_assert_uint_eq(before, after);
	ck_assert_ok(store_open(&other, lab.config.store, STORE_USE));
	ck_assert_ok(store_context_add(other, &c));
	ck_assert_ok(store_version(lab.store, &after));
	ck_assert_uint_ne(before, after);
	store_close(other);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, is_made_once_and_private);
	tcase_add_test(t, one_process_serves_and_others_may_use_it);
	tcase_add_test(t, refuses_a_file_that_others_can_read);
	tcase_add_test(t, refuses_what_is_not_its_file);
	tcase_add_test(t, gives_back_the_context_that_it_got);
	tcase_add_test(t, an_absent_id_context_is_not_an_empty_one);
	tcase_add_test(t, one_kid_and_id_context_name_one_context);
	tcase_add_test(t, no_two_contexts_share_a_key);
	tcase_add_test(t, walks_contexts_in_order_from_where_it_was);
	tcase_add_test(t, disables_one_context_or_those_of_an_identity);
	tcase_add_test(t, reservations_only_grow);
	tcase_add_test(t, reservations_survive_a_kill);
	tcase_add_test(t, tells_when_another_process_changed_it);
	return run_suite(s);
}
