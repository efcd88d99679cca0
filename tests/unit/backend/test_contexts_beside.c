/* SPDX-License-Identifier: BSD-2-Clause
 * Contexts out of EDHOC beside stored ones, when their credential is revoked, and on many threads. */
#include "contexts_made_shared.h"

static int64_t
add_stored(struct store *store, unsigned kid, bool has_id_context)
{
	struct store_context s = {
	        .identity = "d",
	        .profile = "default",
	        .recipient_id = {{(uint8_t)(kid >> 8), (uint8_t)kid}, 2},
	        .sender_id = {{0xdd}, 1},
	        .functions = ~0U,
	        .aead_alg = 10,
	        .hkdf_hash = SL_SHA256,
	        .window = 32,
	        .has_id_context = has_id_context,
	        .id_context = {7},
	        .id_context_len = has_id_context ? 1 : 0,
	};

	s.master_secret.len = 16;
	s.master_secret.bytes[0] = (uint8_t)kid;
	s.master_secret.bytes[1] = has_id_context;
	ck_assert_ok(store_context_add(store, &s));
	return s.id;
}

/* --- whether they hold ---------------------------------------------------------------------------------- */

static uint8_t revoked;

static bool
holds(void *arg, const struct trust_peer *peer, int64_t now, uint64_t now_ms)
{
	ck_assert_ptr_eq(arg, &revoked);
	ck_assert_int_eq(now, T0 + (int64_t)(now_ms / 1000));
	return peer->cred_hash[0] != revoked;
}

START_TEST(a_revoked_credential_ends_its_contexts)
{
	config.holds = holds;
	config.holds_arg = &revoked;
	revoked = 0;
	load(10);
	add(1, 1, 0);
	add(2, 2, 0);
	ck_assert_int_eq(find(1, 1000), -1);
	revoked = 1;
	ck_assert_int_eq(find(1, 2000), 0);
	ck_assert_int_eq(find(2, 2000), -2);
	revoked = 0;
	ck_assert_int_eq(find(1, 3000), 0); /* for good */
	ck_counts(1, 1, 1);
}
END_TEST

/* --- beside stored ones --------------------------------------------------------------------------------- */

START_TEST(a_stored_kid_is_taken)
{
	int64_t id;

	add_stored(f.store, 1, false);
	load(10);
	ck_assert(has_kid(1, 0));
	ck_assert_err(try_add(1, 1, 0, &id), SL_EREPLAY);
}
END_TEST

START_TEST(a_stored_one_that_comes_later_has_its_kid)
{
	struct store *another = NULL;
	int64_t id;

	load(10);
	add(1, 1, 0);
	add(2, 2, 0);
	ck_assert_ok(store_open(&another, f.config.store, STORE_USE));
	id = add_stored(another, 1, false);
	add_stored(another, 2, true); /* told apart by its ID Context */
	store_close(another);
	ck_assert_int_eq(find(1, 1000), id);
	ck_assert_int_eq(find(2, 1000), -2);
}
END_TEST

START_TEST(stored_ones_come_before_those_never_used)
{
	struct store *another = NULL;
	int64_t id;

	load(2);
	add(1, 1, 0);
	add(2, 2, 0);
	ck_assert_ok(store_open(&another, f.config.store, STORE_USE));
	id = add_stored(another, 3, false);
	store_close(another);
	ck_assert_int_eq(find(3, 1000), id);
	ck_assert_int_eq(find(1, 1000), 0);
	ck_assert_int_eq(find(2, 1000), -2);
}
END_TEST

/* --- on many threads ------------------------------------------------------------------------------------ */

#define THREADS 8

/* Each adds, uses and looks for its own, while the table is too small for all. */
static void *
churn(void *arg)
{
	unsigned first = 1000 * *(unsigned *)arg, n;
	int64_t id;

	for (n = 0; n < 300; n++) {
		struct context *ctx;

		if (try_add(first + n, (uint8_t)(first / 1000), n * 1000, &id) != SL_OK)
			continue;
		ctx = hold(first + n, n * 1000);
		if (ctx == NULL)
			continue;
		if (n % 2 == 0)
			contexts_used(c, ctx, n * 1000);
		contexts_release(c, ctx);
	}
	return NULL;
}

START_TEST(many_threads_keep_it_whole)
{
	pthread_t threads[THREADS];
	unsigned numbers[THREADS], n;

	config.quarantine_ms = 5000;
	load(THREADS * 2);
	for (n = 0; n < THREADS; n++) {
		numbers[n] = n + 1;
		ck_assert_int_eq(pthread_create(&threads[n], NULL, churn, &numbers[n]), 0);
	}
	for (n = 0; n < THREADS; n++)
		pthread_join(threads[n], NULL);
	ck_assert_uint_le(contexts_counts(c).made, THREADS * 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/contexts_beside");
	TCase *t = tcase_create("contexts_made");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_revoked_credential_ends_its_contexts);
	tcase_add_test(t, a_stored_kid_is_taken);
	tcase_add_test(t, a_stored_one_that_comes_later_has_its_kid);
	tcase_add_test(t, stored_ones_come_before_those_never_used);
	tcase_add_test(t, many_threads_keep_it_whole);
	suite_add_tcase(s, t);
	return run_suite(s);
}
