/* SPDX-License-Identifier: BSD-2-Clause
 * Files and key store on a real directory, with processes that die between any two steps of a
 * write. */
#include "keystore.h"

#include "machine.h"
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static struct complaint why;
static struct keystore ks;

static void
set_up(void)
{
	machine_make_dir(dir);
	ck_assert_ok(machine_create(dir, fake_provisioning, "{}", &why));
	ck_assert_ok(keystore_open(&ks, dir, &why));
}

static void
tear_down(void)
{
	keystore_close(&ks);
	machine_remove_dir(dir);
}

static void
path_of(char out[128], const char *name)
{
	snprintf(out, 128, "%s/%s", dir, name);
}

static unsigned
mode_of(const char *name)
{
	char path[128];
	struct stat st;

	path_of(path, name);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static void
holds(enum keystore_item item, const char *text)
{
	struct sl_buf got;

	sl_buf_init(&got, KEYSTORE_FILE_MAX);
	ck_assert_ok(keystore_read(&ks, item, &got, &why));
	ck_assert_bytes(sl_buf_view(&got), sl_span_text(text));
	sl_buf_clear(&got);
}

START_TEST(keeps_what_is_written)
{
	holds(KEYSTORE_PROVISIONING, fake_provisioning);
	holds(KEYSTORE_SETTINGS, "{}");
	ck_assert(!keystore_has(&ks, KEYSTORE_KEY));
	ck_assert_ok(keystore_write(&ks, KEYSTORE_KEY, sl_span_text("one")));
	ck_assert_ok(keystore_write(&ks, KEYSTORE_KEY, sl_span_text("two")));
	holds(KEYSTORE_KEY, "two");
	ck_assert_ok(keystore_remove(&ks, KEYSTORE_KEY));
	ck_assert_ok(keystore_remove(&ks, KEYSTORE_KEY));
	ck_assert(!keystore_has(&ks, KEYSTORE_KEY));
}
END_TEST

START_TEST(gives_secrets_to_nobody_else)
{
	ck_assert_ok(keystore_write(&ks, KEYSTORE_KEY, sl_span_text("k")));
	ck_assert_ok(keystore_write(&ks, KEYSTORE_PENDING_KEY, sl_span_text("k")));
	ck_assert_uint_eq(mode_of("provisioning.json"), 0400);
	ck_assert_uint_eq(mode_of("key.pem"), 0400);
	ck_assert_uint_eq(mode_of("pending-key.pem"), 0400);
	ck_assert_uint_eq(mode_of("counters"), 0600);
	ck_assert_uint_eq(mode_of("."), 0700);
}
END_TEST

static const struct {
	unsigned mode;
	bool is_fine;
} modes[] = {
        {0400, true},
        {0600, true},
        {0440, false},
        {0404, false},
        {0640, false},
        {0644, false},
        {0420, false},
        {0402, false},
        {0410, false},
        {0777, false},
};

START_TEST(refuses_secrets_that_others_may_read)
{
	char path[128];
	struct sl_buf got;
	enum sl_err err;

	path_of(path, "provisioning.json");
	ck_assert_int_eq(chmod(path, modes[_i].mode), 0);
	sl_buf_init(&got, 4096);
	err = keystore_read(&ks, KEYSTORE_PROVISIONING, &got, &why);
	ck_assert_int_eq(err, modes[_i].is_fine ? SL_OK : SL_EAUTH);
	if (!modes[_i].is_fine) {
		ck_assert_ptr_nonnull(strstr(why.text, "chmod 400"));
		ck_assert_uint_eq(got.len, 0);
	}
	sl_buf_clear(&got);
	ck_assert_int_eq(
	        files_read_secret_path(path, &got, &why), modes[_i].is_fine ? SL_OK : SL_EAUTH);
	sl_buf_clear(&got);
}
END_TEST

START_TEST(refuses_a_directory_that_others_may_enter)
{
	struct keystore other;

	keystore_close(&ks);
	ck_assert_int_eq(chmod(dir, 0750), 0);
	ck_assert_err(keystore_open(&other, dir, &why), SL_EAUTH);
	ck_assert_ptr_nonnull(strstr(why.text, "chmod 700"));
	ck_assert_int_eq(chmod(dir, 0700), 0);
	ck_assert_ok(keystore_open(&ks, dir, &why));
}
END_TEST

START_TEST(refuses_what_is_no_plain_file)
{
	char path[128];
	struct sl_buf got;

	path_of(path, "key.pem");
	sl_buf_init(&got, 4096);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_err(keystore_read(&ks, KEYSTORE_KEY, &got, &why), SL_EMALFORMED);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* must not hang either */
	ck_assert_err(keystore_read(&ks, KEYSTORE_KEY, &got, &why), SL_EMALFORMED);
	ck_assert_err(keystore_read(&ks, KEYSTORE_CERT, &got, &why), SL_ENOTFOUND);
}
END_TEST

START_TEST(limits_what_it_reads)
{
	struct sl_buf got;

	sl_buf_init(&got, 3);
	ck_assert_ok(keystore_write(&ks, KEYSTORE_CERT, sl_span_text("abc")));
	ck_assert_ok(keystore_read(&ks, KEYSTORE_CERT, &got, &why));
	sl_buf_clear(&got);
	ck_assert_ok(keystore_write(&ks, KEYSTORE_CERT, sl_span_text("abcd")));
	ck_assert_err(keystore_read(&ks, KEYSTORE_CERT, &got, &why), SL_ELIMIT);
	sl_buf_clear(&got);
}
END_TEST

START_TEST(is_made_once)
{
	ck_assert_err(machine_create(dir, "{}", "{}", &why), SL_EIO);
	keystore_close(&ks); /* the lock is free, the provisioning is there */
	ck_assert_err(machine_create(dir, "{}", "{}", &why), SL_EREPLAY);
	ck_assert_ok(keystore_open(&ks, dir, &why));
	holds(KEYSTORE_PROVISIONING, fake_provisioning);
}
END_TEST

START_TEST(belongs_to_one_process)
{
	struct keystore other;

	ck_assert_err(keystore_open(&other, dir, &why), SL_EIO);
	ck_assert_ptr_nonnull(strstr(why.text, "another"));
}
END_TEST

START_TEST(says_when_there_is_nothing)
{
	struct keystore other;
	char empty[64];

	ck_assert_err(keystore_open(&other, "/nonexistent/sealift", &why), SL_ENOTFOUND);
	machine_make_dir(empty);
	ck_assert_err(keystore_open(&other, empty, &why), SL_ENOTFOUND);
	machine_remove_dir(empty);
}
END_TEST

/* --- sequence numbers, RFC 8613 B.1.1 -------------------------------------------------------- */

static const struct {
	const char *because, *text;
	enum sl_err err;
} counters[] = {
        {"0 is where it begins", "0\n", SL_OK},
        {"2^40 is the end", "1099511627776\n", SL_OK},
        {"there is no number beyond 2^40", "1099511627777\n", SL_EMALFORMED},
        {"the line was cut", "12", SL_EMALFORMED},
        {"it is empty", "", SL_EMALFORMED},
        {"there is no number", "\n", SL_EMALFORMED},
        {"it is negative", "-1\n", SL_EMALFORMED},
        {"it is no number", "12x\n", SL_EMALFORMED},
        {"there are two lines", "1\n2\n", SL_EMALFORMED},
        {"it is far too long", "000000000000000000000000000000000000001\n", SL_ELIMIT},
};

START_TEST(never_guesses_a_counter)
{
	char path[128];
	enum sl_err err;
	FILE *f;

	keystore_close(&ks);
	path_of(path, "counters");
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(counters[_i].text, f);
	fclose(f);
	err = keystore_open(&ks, dir, &why);
	ck_assert_msg(
	        err == counters[_i].err, "%s although %s", sl_err_text(err), counters[_i].because);
	if (err != SL_OK) {
		ks.lock = ks.files.dir = -1;
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_err(keystore_open(&ks, dir, &why), SL_EMALFORMED); /* missing */
		ks.lock = ks.files.dir = -1;
	}
}
END_TEST

START_TEST(reserves_upwards_only)
{
	ck_assert_uint_eq(ks.ssn_limit, 0);
	ck_assert_ok(keystore_reserve(&ks, 32));
	ck_assert_ok(keystore_reserve(&ks, 32));
	ck_assert_err(keystore_reserve(&ks, 31), SL_EREPLAY);
	ck_assert_err(keystore_reserve(&ks, SL_OSCORE_SSN_END + 1), SL_ELIMIT);
	ck_assert_uint_eq(ks.ssn_limit, 32);
	keystore_close(&ks);
	ck_assert_ok(keystore_open(&ks, dir, &why));
	ck_assert_uint_eq(ks.ssn_limit, 32);
	ck_assert_ok(keystore_reserve(&ks, SL_OSCORE_SSN_END));
}
END_TEST

START_TEST(does_not_reserve_what_it_cannot_write)
{
	if (geteuid() == 0) {
		/* root writes anywhere: take the directory away instead */
		int kept = ks.files.dir;

		ks.files.dir = -1;
		ck_assert_err(keystore_reserve(&ks, 32), SL_EIO);
		ks.files.dir = kept;
	} else {
		ck_assert_int_eq(chmod(dir, 0500), 0);
		ck_assert_err(keystore_reserve(&ks, 32), SL_EIO);
		ck_assert_int_eq(chmod(dir, 0700), 0);
	}
	ck_assert_uint_eq(ks.ssn_limit, 0);
}
END_TEST

/* --- processes that die ---------------------------------------------------------------------- */

/* What the dying processes leave for the test: shared memory. */
struct diary {
	uint64_t used;      /* numbers below this were used */
	unsigned conflicts; /* a number was used twice */
	unsigned steps_left;
};

static struct diary *diary;

static void
die_in_time(void *arg, enum files_step step)
{
	(void)arg;
	(void)step;
	if (diary->steps_left-- == 0)
		_exit(7);
}

static void
use_numbers(unsigned die_after)
{
	struct keystore own;
	uint64_t next;

	if (keystore_open(&own, dir, &why) != SL_OK)
		_exit(1);
	diary->steps_left = die_after;
	own.files.at = die_in_time;
	next = own.ssn_limit; /* as sl_oscore_resume does */
	for (;;) {
		if (keystore_reserve(&own, next + 3) != SL_OK)
			_exit(2);
		for (; next < own.ssn_limit; next++) {
			if (next < diary->used)
				diary->conflicts++;
			diary->used = next + 1;
		}
	}
}

/* Runs work in a process that dies; the exit status must say that it died there. */
static void
in_a_process(void (*work)(unsigned), unsigned die_after)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		work(die_after);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 0),
	        "status %x", (unsigned)status);
}

static void
open_diary(void)
{
	diary = mmap(
	        NULL, sizeof *diary, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(diary, MAP_FAILED);
	memset(diary, 0, sizeof *diary);
}

START_TEST(never_uses_a_number_twice_however_it_dies)
{
	uint64_t before = 0;

	open_diary();
	keystore_close(&ks);
	for (unsigned round = 0; round < 100; round++) {
		in_a_process(use_numbers, round % 13);
		ck_assert_uint_eq(diary->conflicts, 0);
	}
	before = diary->used;
	ck_assert_uint_gt(before, 100);
	ck_assert_ok(keystore_open(&ks, dir, &why));
	ck_assert_uint_ge(ks.ssn_limit, diary->used);
	munmap(diary, sizeof *diary);
}
END_TEST

static void
replace_pair(unsigned die_after)
{
	struct keystore own;

	if (keystore_open(&own, dir, &why) != SL_OK)
		_exit(1);
	diary->steps_left = die_after;
	own.files.at = die_in_time;
	if (keystore_adopt(&own, sl_span_text("new cert")) != SL_OK)
		_exit(3);
}

static bool
reads(enum keystore_item item, const char *text)
{
	struct sl_buf got;
	bool is_equal;

	sl_buf_init(&got, 100);
	is_equal = keystore_read(&ks, item, &got, &why) == SL_OK &&
	           sl_span_equal(sl_buf_view(&got), sl_span_text(text));
	sl_buf_clear(&got);
	return is_equal;
}

/* Eight steps: written, synced, renamed, durable; request gone; key renamed, durable;
 * certificate renamed. */
START_TEST(replaces_key_and_certificate_together_however_it_dies)
{
	bool is_old, is_new;

	open_diary();
	ck_assert_ok(keystore_write(&ks, KEYSTORE_KEY, sl_span_text("old key")));
	ck_assert_ok(keystore_write(&ks, KEYSTORE_CERT, sl_span_text("old cert")));
	ck_assert_ok(keystore_write(&ks, KEYSTORE_PENDING_KEY, sl_span_text("new key")));
	ck_assert_ok(keystore_write(&ks, KEYSTORE_PENDING_CSR, sl_span_text("csr")));
	keystore_close(&ks);
	in_a_process(replace_pair, (unsigned)_i);
	ck_assert_ok(keystore_open(&ks, dir, &why));
	is_old = reads(KEYSTORE_KEY, "old key") && reads(KEYSTORE_CERT, "old cert") &&
	         reads(KEYSTORE_PENDING_KEY, "new key") && reads(KEYSTORE_PENDING_CSR, "csr");
	is_new = reads(KEYSTORE_KEY, "new key") && reads(KEYSTORE_CERT, "new cert") &&
	         !keystore_has(&ks, KEYSTORE_PENDING_KEY) &&
	         !keystore_has(&ks, KEYSTORE_PENDING_CSR);
	ck_assert_msg(is_old != is_new, "neither the old pair nor the new after step %d", _i);
	ck_assert_msg(is_new == (_i >= 2), "step %d", _i);
	munmap(diary, sizeof *diary);
}
END_TEST

START_TEST(replaces_a_certificate_and_keeps_the_key)
{
	ck_assert_ok(keystore_write(&ks, KEYSTORE_KEY, sl_span_text("key")));
	ck_assert_ok(keystore_write(&ks, KEYSTORE_CERT, sl_span_text("old cert")));
	ck_assert_ok(keystore_adopt(&ks, sl_span_text("new cert")));
	holds(KEYSTORE_KEY, "key");
	holds(KEYSTORE_CERT, "new cert");
}
END_TEST

static void
make_again(unsigned die_after)
{
	(void)die_after;
	if (machine_create(dir, fake_provisioning, "{}", &why) != SL_OK)
		_exit(4);
}

START_TEST(can_be_made_again_when_init_was_cut)
{
	char path[128];

	open_diary();
	keystore_close(&ks);
	path_of(path, "provisioning.json");
	ck_assert_int_eq(unlink(path), 0); /* it is written last */
	ck_assert_err(keystore_open(&ks, dir, &why), SL_ENOTFOUND);
	in_a_process(make_again, 0);
	ck_assert_ok(keystore_open(&ks, dir, &why));
	munmap(diary, sizeof *diary);
}
END_TEST

/* The same provisioning would begin at number 0 again, with every nonce that was used before. */
START_TEST(is_not_made_again_over_numbers_that_were_used)
{
	char path[128];

	ck_assert_ok(keystore_reserve(&ks, 32));
	keystore_close(&ks);
	path_of(path, "provisioning.json");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_err(machine_create(dir, fake_provisioning, "{}", &why), SL_EREPLAY);
	ck_assert_msg(strstr(why.text, "counters") != NULL, "%s", why.text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_keystore");
	TCase *t = tcase_create("keystore");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, keeps_what_is_written);
	tcase_add_test(t, gives_secrets_to_nobody_else);
	tcase_add_loop_test(t, refuses_secrets_that_others_may_read, 0, ARRAY_LEN(modes));
	tcase_add_test(t, refuses_a_directory_that_others_may_enter);
	tcase_add_test(t, refuses_what_is_no_plain_file);
	tcase_add_test(t, limits_what_it_reads);
	tcase_add_test(t, is_made_once);
	tcase_add_test(t, belongs_to_one_process);
	tcase_add_test(t, says_when_there_is_nothing);
	tcase_add_loop_test(t, never_guesses_a_counter, 0, ARRAY_LEN(counters));
	tcase_add_test(t, reserves_upwards_only);
	tcase_add_test(t, does_not_reserve_what_it_cannot_write);
	tcase_add_test(t, never_uses_a_number_twice_however_it_dies);
	tcase_add_loop_test(t, replaces_key_and_certificate_together_however_it_dies, 0, 10);
	tcase_add_test(t, replaces_a_certificate_and_keeps_the_key);
	tcase_add_test(t, can_be_made_again_when_init_was_cut);
	tcase_add_test(t, is_not_made_again_over_numbers_that_were_used);
	suite_add_tcase(s, t);
	return run_suite(s);
}
