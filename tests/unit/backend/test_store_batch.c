/* SPDX-License-Identifier: BSD-2-Clause
 * Changes of several threads in one commit: one sync for many, all or none of them kept, each alone when it is
 * refused, nothing seen before it is on the disk. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "lab.h"

#define THREADS_MAX 70 /* more than go into one commit */
#define BATCH_MAX   64 /* as in the store */

static struct lab lab;
static struct disk disk;

/* The log has its head, which has a sync of its own. */
static void
setup(void)
{
	struct store_audit audit = {1800000000, "{\"event\":\"test\"}"};

	memset(&disk, 0, sizeof disk);
	disk_use(&disk);
	lab_make(&lab, NULL);
	ck_assert_ok(store_open(&lab.store, lab.config.store, STORE_SERVE));
	ck_assert_ok(store_audit_append(lab.store, &audit));
	atomic_store(&disk.tries, 0);
	atomic_store(&disk.syncs, 0);
}

static void
teardown(void)
{
	atomic_store(&disk.is_held, false);
	lab_remove(&lab);
}

static struct store_certificate
some_certificate(unsigned n)
{
	struct store_certificate c = {
	        .serial = {1, (uint8_t)(n >> 8), (uint8_t)n},
	        .serial_len = 3,
	        .issued_at = 1800000000,
	};

	snprintf(c.identity, sizeof c.identity, "device-%u", n);
	snprintf(c.profile, sizeof c.profile, "default");
	return c;
}

struct change {
	pthread_t thread;
	unsigned serial;
	enum sl_err err;
};

/* No assertions here: libcheck counts on one thread only. */
static void *
reserve(void *arg)
{
	struct change *change = arg;
	struct store_certificate c = some_certificate(change->serial);

	change->err = store_serial_reserve(lab.store, &c);
	return NULL;
}

static void
start(struct change *change, unsigned serial)
{
	change->serial = serial;
	ck_assert_int_eq(pthread_create(&change->thread, NULL, reserve, change), 0);
}

/* The first one's sync is held until the others had time to arrive behind it. */
static void
change_behind_a_sync(struct change *changes, size_t count)
{
	struct change first;

	atomic_store(&disk.is_held, true);
	start(&first, 999);
	disk_await_held(&disk);
	for (size_t i = 0; i < count; i++)
		start(&changes[i], changes[i].serial);
	usleep(300000);
	atomic_store(&disk.is_held, false);
	pthread_join(first.thread, NULL);
	ck_assert_ok(first.err);
	for (size_t i = 0; i < count; i++)
		pthread_join(changes[i].thread, NULL);
}

static void
number(struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		changes[i].serial = (unsigned)i + 1;
}

START_TEST(one_change_is_one_sync)
{
	struct change change;

	for (unsigned i = 1; i <= 3; i++) {
		start(&change, i);
		pthread_join(change.thread, NULL);
		ck_assert_ok(change.err);
	}
	ck_assert_uint_eq(atomic_load(&disk.syncs), 3);
	ck_assert_uint_eq(lab_open_intents(lab.store), 3);
}
END_TEST

START_TEST(what_arrives_during_a_sync_shares_the_next)
{
	struct change changes[8];

	number(changes, ARRAY_LEN(changes));
	change_behind_a_sync(changes, ARRAY_LEN(changes));
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		ck_assert_ok(changes[i].err);
	/* A thread that the machine kept away for 300 ms has a sync of its own: hardly all of them. */
	ck_assert_uint_le(atomic_load(&disk.syncs), 1 + ARRAY_LEN(changes) / 2);
	ck_assert_uint_eq(lab_open_intents(lab.store), 1 + ARRAY_LEN(changes));
}
END_TEST

START_TEST(a_full_commit_leaves_the_rest_to_the_next)
{
	struct change changes[THREADS_MAX];

	number(changes, ARRAY_LEN(changes));
	change_behind_a_sync(changes, ARRAY_LEN(changes));
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		ck_assert_ok(changes[i].err);
	/* The first, one of BATCH_MAX at most, the rest. */
	ck_assert_uint_ge(atomic_load(&disk.syncs), 1 + (THREADS_MAX + BATCH_MAX - 1) / BATCH_MAX);
	ck_assert_uint_le(atomic_load(&disk.syncs), THREADS_MAX / 2);
	ck_assert_uint_eq(lab_open_intents(lab.store), 1 + THREADS_MAX);
}
END_TEST

START_TEST(a_refused_change_is_alone)
{
	struct change changes[6];
	size_t refused = 0;

	number(changes, ARRAY_LEN(changes));
	changes[3].serial = changes[1].serial; /* one of both is taken */
	change_behind_a_sync(changes, ARRAY_LEN(changes));
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		refused += changes[i].err == SL_EREPLAY;
		if (i != 1 && i != 3)
			ck_assert_ok(changes[i].err);
	}
	ck_assert_uint_eq(refused, 1);
	ck_assert_uint_eq(lab_open_intents(lab.store), 1 + ARRAY_LEN(changes) - 1);
}
END_TEST

/* Nobody is told that a change is kept whose sync failed, and it is not; the next ones are. */
START_TEST(a_failed_sync_fails_all_that_share_it)
{
	struct change changes[8], after;
	size_t kept = 0;

	number(changes, ARRAY_LEN(changes));
	atomic_store(&disk.fails_at, 2); /* the one behind the held one */
	change_behind_a_sync(changes, ARRAY_LEN(changes));
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		kept += changes[i].err == SL_OK;
		if (changes[i].err != SL_OK)
			ck_assert_err(changes[i].err, SL_EIO);
	}
	ck_assert_uint_le(kept, ARRAY_LEN(changes) / 2);
	ck_assert_uint_eq(lab_open_intents(lab.store), 1 + kept);
	start(&after, 500);
	pthread_join(after.thread, NULL);
	ck_assert_ok(after.err);
	ck_assert_uint_eq(lab_open_intents(lab.store), 2 + kept);
}
END_TEST

/* And who looks does not wait. */
START_TEST(nothing_is_seen_before_it_is_on_the_disk)
{
	struct change change;
	uint64_t version = 0;

	atomic_store(&disk.is_held, true);
	start(&change, 1);
	disk_await_held(&disk);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	ck_assert_ok(store_version(lab.store, &version));
	atomic_store(&disk.is_held, false);
	pthread_join(change.thread, NULL);
	ck_assert_ok(change.err);
	ck_assert_uint_eq(lab_open_intents(lab.store), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store, several changes in one commit");
	TCase *t = tcase_create("batch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_change_is_one_sync);
	tcase_add_test(t, what_arrives_during_a_sync_shares_the_next);
	tcase_add_test(t, a_full_commit_leaves_the_rest_to_the_next);
	tcase_add_test(t, a_refused_change_is_alone);
	tcase_add_test(t, a_failed_sync_fails_all_that_share_it);
	tcase_add_test(t, nothing_is_seen_before_it_is_on_the_disk);
	suite_add_tcase(s, t);
	return run_suite(s);
}
