/* SPDX-License-Identifier: BSD-2-Clause
 * Many enrolments at once: one certificate for one request, and power cuts in the middle of a shared commit. After each
 * cut: what was answered is in the store, no serial is there twice, no intent is left open, the audit chain
 * holds. What the disk had not promised to keep is lost, in part or whole. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sl/hash.h>

#include "disk.h"
#include "lab.h"

#define THREADS 8
#define SYNC_US 3000 /* as a disk takes: others arrive meanwhile */
#define EACH    4    /* enrolments of a thread: the log stays below the size of a checkpoint */

static struct lab lab;
static struct disk *disk;

static void
setup(void)
{
	disk = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(disk != MAP_FAILED);
	disk_use(disk);
	lab_make(&lab, NULL);
	atomic_store(&disk->delay_us, SYNC_US);
}

static void
teardown(void)
{
	lab_remove(&lab);
	munmap(disk, sizeof *disk);
}

/* A resolved intent would have another signature under the same serial. */
struct told {
	char serial[2 * SL_SERIAL_MAX + 1];
	uint8_t hash[SL_SHA256_LEN];
};

struct device {
	pthread_t thread;
	unsigned number;
	struct sl_span csrs[EACH];
	size_t count;
	int out; /* where it is told what was answered; -1: nowhere */
	enum ca_outcome outcomes[EACH];
	struct ca_answer answers[EACH];
};

static bool
tell(const struct device *d, const struct ca_answer *answer)
{
	struct told told;

	if (d->out < 0)
		return true;
	memcpy(told.serial, answer->serial, sizeof told.serial);
	return sl_sha256(sl_span(answer->certificate, answer->certificate_len), told.hash) ==
	               SL_OK &&
	       write(d->out, &told, sizeof told) == sizeof told;
}

/* No assertions here: libcheck counts on one thread only. */
static void *
enrol(void *arg)
{
	struct device *d = arg;
	char name[32];

	snprintf(name, sizeof name, "device-%u", d->number);
	for (size_t i = 0; i < d->count; i++) {
		d->outcomes[i] = lab_enrol(&lab, name, d->csrs[i], &d->answers[i]);
		if (d->outcomes[i] == CA_ISSUED && !tell(d, &d->answers[i]))
			return NULL;
	}
	return NULL;
}

static void
prepare(struct device *d, unsigned number, int out)
{
	char name[32];

	memset(d, 0, sizeof *d);
	d->number = number;
	d->out = out;
	d->count = EACH;
	snprintf(name, sizeof name, "device-%u", number);
	for (size_t i = 0; i < EACH; i++) {
		struct sl_pkey *key = lab_key(SL_PKEY_P256);

		d->csrs[i] = lab_csr(key, name, NULL);
		sl_pkey_free(key);
	}
}

static void
run_all(struct device *devices, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(pthread_create(&devices[i].thread, NULL, enrol, &devices[i]), 0);
	for (size_t i = 0; i < count; i++)
		pthread_join(devices[i].thread, NULL);
}

START_TEST(different_requests_are_all_served)
{
	static struct device devices[THREADS];
	unsigned syncs;

	lab_start(&lab);
	for (unsigned i = 0; i < THREADS; i++)
		prepare(&devices[i], i, -1);
	syncs = atomic_load(&disk->syncs);
	run_all(devices, THREADS);
	syncs = atomic_load(&disk->syncs) - syncs;
	for (unsigned i = 0; i < THREADS; i++)
		for (size_t k = 0; k < EACH; k++)
			ck_assert_int_eq(devices[i].outcomes[k], CA_ISSUED);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), THREADS * EACH);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	lab_check_audit(lab.store);
	/* Without sharing: three for each, and one for the head of the log. */
	printf("batch: %d certificates with %u syncs\n", THREADS * EACH, syncs);
	ck_assert_uint_lt(syncs, 3 * THREADS * EACH);
}
END_TEST

START_TEST(one_request_at_once_gets_one_certificate)
{
	static struct device devices[THREADS];
	size_t issued = 0;

	lab_start(&lab);
	prepare(&devices[0], 0, -1);
	for (unsigned i = 1; i < THREADS; i++)
		devices[i] = devices[0];
	run_all(devices, THREADS);
	for (size_t k = 0; k < EACH; k++)
		for (unsigned i = 0; i < THREADS; i++) {
			issued += devices[i].outcomes[k] == CA_ISSUED;
			ck_assert(devices[i].outcomes[k] == CA_ISSUED ||
			          devices[i].outcomes[k] == CA_REPEATED);
			ck_assert_str_eq(
			        devices[i].answers[k].serial, devices[0].answers[k].serial);
		}
	ck_assert_uint_eq(issued, EACH);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), EACH);
	lab_check_audit(lab.store);
}
END_TEST

/* --- power cuts ------------------------------------------------------------------------------------------ */

#define CUTS 24

/* Of the bytes that were written after the last sync a part is there, or none, or all. */
static void
cut_power(unsigned round)
{
	char log[sizeof lab.config.store + 8];
	off_t durable = (off_t)atomic_load(&disk->durable), size;
	FILE *file;

	snprintf(log, sizeof log, "%s-wal", lab.config.store);
	file = fopen(log, "r+");
	ck_assert_ptr_nonnull(file);
	fseeko(file, 0, SEEK_END);
	size = ftello(file);
	fclose(file);
	if (size > durable && round % 3 != 0)
		size = round % 3 == 1 ? durable : durable + (size - durable) * (off_t)round / CUTS;
	ck_assert_int_eq(truncate(log, size), 0);
}

static void
enrol_until_the_cut(int out, struct device *devices)
{
	lab_start(&lab);
	for (unsigned i = 0; i < THREADS; i++)
		devices[i].out = out;
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&devices[i].thread, NULL, enrol, &devices[i]) != 0)
			_exit(3);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(devices[i].thread, NULL);
	_exit(2);
}

static size_t
check_answered(int in)
{
	struct store_certificate kept;
	uint8_t hash[SL_SHA256_LEN];
	struct told told;
	size_t count = 0;

	while (read(in, &told, sizeof told) == sizeof told) {
		ck_assert_ok(store_certificate_get(lab.store, hex(told.serial), &kept));
		ck_assert_ok(sl_sha256(sl_span(kept.der, kept.der_len), hash));
		ck_assert_bytes(sl_span(hash, sizeof hash), sl_span(told.hash, sizeof told.hash));
		count++;
	}
	return count;
}

START_TEST(a_power_cut_in_a_shared_commit_is_harmless)
{
	static struct device devices[THREADS];
	struct ca_answer answer;
	size_t answered = 0, before;
	int pipes[2], status;
	pid_t child;

	for (unsigned round = 0; round < CUTS; round++) {
		for (unsigned i = 0; i < THREADS; i++)
			prepare(&devices[i], i, -1);
		atomic_store(&disk->tries, 0);
		atomic_store(&disk->durable, 0);
		/* A thread needs three syncs for each enrolment, shared or not. */
		atomic_store(&disk->kills_at, 2 + round % (3 * EACH - 1));
		atomic_store(&disk->is_synced, round % 2 == 1);
		ck_assert_int_eq(pipe(pipes), 0);
		fflush(stdout);
		child = fork();
		if (child == 0)
			enrol_until_the_cut(pipes[1], devices);
		close(pipes[1]);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(WIFSIGNALED(status), "round %u: exit %d", round, WEXITSTATUS(status));
		atomic_store(&disk->kills_at, 0);
		cut_power(round);
		lab_start(&lab);
		ck_assert_uint_eq(lab_open_intents(lab.store), 0);
		lab_check_audit(lab.store);
		answered += check_answered(pipes[0]);
		close(pipes[0]);
		/* Whoever asks again ends with one certificate for the key. */
		before = lab_certificates(lab.store, "device-0");
		ck_assert_int_le(
		        lab_enrol(&lab, "device-0", devices[0].csrs[0], &answer), CA_REPEATED);
		ck_assert_uint_le(lab_certificates(lab.store, "device-0"), before + 1);
		ck_assert_int_eq(
		        lab_enrol(&lab, "device-0", devices[0].csrs[0], &answer), CA_REPEATED);
		lab_check_audit(lab.store);
		lab_stop(&lab);
	}
	printf("power cuts: %d, certificates answered before them: %zu\n", CUTS, answered);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ca, many at once");
	TCase *t = tcase_create("batch");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, different_requests_are_all_served);
	tcase_add_test(t, one_request_at_once_gets_one_certificate);
	tcase_add_test(t, a_power_cut_in_a_shared_commit_is_harmless);
	return run_suite(s);
}
