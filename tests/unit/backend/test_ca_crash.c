/* SPDX-License-Identifier: BSD-2-Clause
 * A process that issues is killed at every step, and at random times. Afterwards: no certificate
 * is signed but unknown, none that was answered is lost, every intent is resolved at the next
 * start, the audit chain holds, and the device ends with one valid certificate for its key. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

#define ROUNDS       8 /* per step */
#define RANDOM_KILLS 40

static struct lab lab;

static void
setup(void)
{
	lab_make(&lab, NULL);
}

static void
teardown(void)
{
	lab_remove(&lab);
}

static void
die_at(void *arg, enum ca_step step)
{
	if (step == *(enum ca_step *)arg)
		raise(SIGKILL);
}

/* Enrols in a child that is killed at the step. */
static void
enrol_and_die(enum ca_step step, struct sl_span csr)
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct ca_answer answer;

		lab.at = die_at;
		lab.at_arg = &step;
		lab_start(&lab);
		_exit(lab_enrol(&lab, "device-1", csr, &answer) == CA_ISSUED ? 2 : 3);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	        "step %d was not reached: exit %d", step, WEXITSTATUS(status));
}

static enum sl_err
count_valid(void *arg, const struct store_certificate *c)
{
	*(size_t *)arg += c->status == STORE_VALID;
	return SL_OK;
}

static size_t
valid_certificates_of(const struct sl_pkey *key)
{
	struct policy_grant grant;
	struct policy_ask ask = {.profile = &lab.config.profiles[0],
	        .identity = "device-1",
	        .csr = lab_csr(key, "device-1", NULL),
	        .now = lab.now,
	        .ca_not_after = lab.now + 1};
	struct store_filter filter = {.spki_hash = grant.spki_hash};
	const char *reason;
	size_t count = 0;

	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_PASS);
	ck_assert_ok(store_certificates_each(lab.store, &filter, count_valid, &count));
	return count;
}

/* What must be there after the kill, before and after the device asks again. */
static const struct {
	enum ca_step step;
	bool is_kept; /* the certificate is there at the next start */
} steps[] = {
        {CA_AT_REQUEST, false},
        {CA_AT_POLICY_PASSED, false},
        {CA_AT_SERIAL_RESERVED, false},
        {CA_AT_TBS_MADE, false},
        {CA_AT_LINTED, false},
        {CA_AT_INTENT_DURABLE, true}, /* finished from its stored bytes */
        {CA_AT_SIGNED, true},
        {CA_AT_TBS_COMPARED, true},
        {CA_AT_CERTIFICATE_WRITTEN, true},
        {CA_AT_AUDIT_WRITTEN, true},
        {CA_AT_DURABLE, true},
        {CA_AT_ANSWER, true},
};

START_TEST(a_kill_at_every_step_is_harmless)
{
	struct ca_answer answer;

	ck_assert_int_eq(ARRAY_LEN(steps), CA_STEPS - 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct sl_pkey *key = lab_key(SL_PKEY_P256);
		enum ca_outcome outcome;

		enrol_and_die(steps[_i].step, lab_csr(key, "device-1", NULL));
		lab_start(&lab);
		ck_assert_uint_eq(lab_open_intents(lab.store), 0);
		lab_check_audit(lab.store);
		ck_assert_uint_eq(valid_certificates_of(key), steps[_i].is_kept);
		outcome = lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &answer);
		ck_assert_int_eq(outcome, steps[_i].is_kept ? CA_REPEATED : CA_ISSUED);
		ck_assert_uint_eq(valid_certificates_of(key), 1);
		lab_check_audit(lab.store);
		lab_stop(&lab);
		sl_pkey_free(key);
	}
}
END_TEST

START_TEST(two_kills_in_a_row_are_harmless)
{
	struct sl_pkey *key = lab_key(SL_PKEY_P256);
	enum ca_step last = CA_AT_AUDIT_WRITTEN;
	struct ca_answer answer;
	int status;
	pid_t child;

	enrol_and_die(CA_AT_INTENT_DURABLE, lab_csr(key, "device-1", NULL));
	/* The next start is killed while it finishes the intent. */
	child = fork();
	if (child == 0) {
		lab.at = die_at;
		lab.at_arg = &last;
		lab_start(&lab);
		_exit(2);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	lab_start(&lab);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	ck_assert_uint_eq(valid_certificates_of(key), 1);
	ck_assert_int_eq(
	        lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &answer), CA_REPEATED);
	lab_check_audit(lab.store);
	sl_pkey_free(key);
}
END_TEST

/* --- intents that must not be finished ------------------------------------------------------- */

START_TEST(an_old_intent_is_voided)
{
	struct sl_pkey *key = lab_key(SL_PKEY_P256);

	enrol_and_die(CA_AT_INTENT_DURABLE, lab_csr(key, "device-1", NULL));
	lab_wait(&lab, 900); /* nobody would get it as a repetition any more */
	lab_start(&lab);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
	lab_check_audit(lab.store);
	sl_pkey_free(key);
}
END_TEST

START_TEST(an_intent_of_a_profile_that_is_gone_is_voided)
{
	struct sl_pkey *key = lab_key(SL_PKEY_P256);

	enrol_and_die(CA_AT_SIGNED, lab_csr(key, "device-1", NULL));
	snprintf(lab.config.profiles[0].name, sizeof lab.config.profiles[0].name, "renamed");
	lab_start(&lab);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
	sl_pkey_free(key);
}
END_TEST

START_TEST(an_intent_under_another_authority_is_voided)
{
	struct sl_pkey *key = lab_key(SL_PKEY_P256);
	struct lab other;

	enrol_and_die(CA_AT_INTENT_DURABLE, lab_csr(key, "device-1", NULL));
	lab_make(&other, NULL); /* the same name, another key */
	snprintf(lab.config.ca.key, sizeof lab.config.ca.key, "%s", other.config.ca.key);
	snprintf(lab.config.ca.certificate, sizeof lab.config.ca.certificate, "%s",
	        other.config.ca.certificate);
	lab_start(&lab);
	ck_assert_uint_eq(lab_open_intents(lab.store), 0);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), 0);
	lab_remove(&other);
	sl_pkey_free(key);
}
END_TEST

/* --- random times ---------------------------------------------------------------------------- */

struct told {
	char serial[2 * SL_SERIAL_MAX + 1];
};

static void
enrol_for_ever(int out, struct sl_pkey *const *keys, size_t count)
{
	struct ca_answer answer;
	struct told told;

	lab_start(&lab);
	for (unsigned i = 0;; i++) {
		char name[32];

		snprintf(name, sizeof name, "device-%d-%u", (int)getpid(), i);
		if (lab_enrol(&lab, name, lab_csr(keys[i % count], name, NULL), &answer) !=
		        CA_ISSUED)
			_exit(1);
		memcpy(told.serial, answer.serial, sizeof told.serial);
		if (write(out, &told, sizeof told) != sizeof told)
			_exit(2);
	}
}

START_TEST(nothing_that_was_answered_is_lost)
{
	struct sl_pkey *keys[2] = {lab_key(SL_PKEY_P256), lab_key(SL_PKEY_P256)};
	struct store_certificate kept;
	static struct told all[RANDOM_KILLS * 200];
	size_t answered = 0;
	struct told told;

	for (int i = 0; i < RANDOM_KILLS; i++) {
		int pipes[2], status;
		pid_t child;

		ck_assert_int_eq(pipe(pipes), 0);
		child = fork();
		if (child == 0)
			enrol_for_ever(pipes[1], keys, ARRAY_LEN(keys));
		close(pipes[1]);
		for (int n = 0; n <= i % 5; n++) {
			ck_assert_int_eq(read(pipes[0], &told, sizeof told), sizeof told);
			all[answered++] = told;
		}
		usleep((unsigned)(i * 977 % 20000));
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status));
		lab_start(&lab);
		while (read(pipes[0], &all[answered], sizeof told) == sizeof told)
			answered++;
		for (size_t n = 0; n < answered; n++)
			ck_assert_ok(store_certificate_get(lab.store, hex(all[n].serial), &kept));
		close(pipes[0]);
		ck_assert_uint_eq(lab_open_intents(lab.store), 0);
		lab_check_audit(lab.store);
		ck_assert_uint_ge(lab_certificates(lab.store, NULL), answered);
		lab_stop(&lab);
	}
	printf("crash: %zu certificates answered, %d kills\n", answered, RANDOM_KILLS);
	sl_pkey_free(keys[0]);
	sl_pkey_free(keys[1]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ca under kill -9");
	TCase *t = tcase_create("kill");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_kill_at_every_step_is_harmless, 0, (int)ARRAY_LEN(steps));
	tcase_add_test(t, two_kills_in_a_row_are_harmless);
	tcase_add_test(t, an_old_intent_is_voided);
	tcase_add_test(t, an_intent_of_a_profile_that_is_gone_is_voided);
	tcase_add_test(t, an_intent_under_another_authority_is_voided);
	tcase_add_test(t, nothing_that_was_answered_is_lost);
	return run_suite(s);
}
