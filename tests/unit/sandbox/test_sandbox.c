/* SPDX-License-Identifier: BSD-2-Clause
 * Each kind of row, each mode, threads that are there already, capabilities. */
#include <sl/sandbox.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <attempts.h>
#include <support.h>

enum role {
	ONE = 1,
	TWO = 2,
};

static const struct sl_call calls[] = {
        SL_CALL("keyctl", "test", ONE),
        SL_CALL("bpf", "test", TWO),
        SL_CALL_IF("umask", "test", ONE, 0, 0xf0, 0x20),
        SL_CALL_IF("umask", "test", ONE, 0, 0xff, 0x07),
        SL_CALL("no_such_call", "test", ONE),
        {.name = "sethostname",
                .roles = ONE,
                .rule = SL_CALL_FAIL,
                .mask = 0xff,
                .value = 5,
                .error = EXDEV},
        {.name = "setdomainname", .roles = ONE, .rule = SL_CALL_FAIL, .error = ENOSYS},
};

static bool
enter_as(unsigned roles, enum sl_sandbox_mode mode)
{
	const struct sl_sandbox sandbox = {
	        .calls = calls, .count = ARRAY_LEN(calls), .roles = roles, .mode = mode};

	return sl_sandbox_enter(&sandbox) == SL_OK;
}

static bool
enter_one(void)
{
	return enter_as(ONE, SL_SANDBOX_ON);
}

static bool
enter_with_tools(void)
{
	return enter_as(ONE | SL_SANDBOX_TOOLS, SL_SANDBOX_ON);
}

static bool
enter_both(void)
{
	return enter_as(ONE | TWO, SL_SANDBOX_ON);
}

static bool
enter_both_then_one(void)
{
	const struct sl_call again = SL_CALL("seccomp", "test", ONE);
	const struct sl_call prctl_too = SL_CALL("prctl", "test", ONE);
	struct sl_call wide[ARRAY_LEN(calls) + 2];
	struct sl_sandbox sandbox = {.calls = wide, .count = ARRAY_LEN(wide), .roles = ONE | TWO};

	memcpy(wide, calls, sizeof calls);
	wide[ARRAY_LEN(calls)] = again;
	wide[ARRAY_LEN(calls) + 1] = prctl_too;
	return sl_sandbox_enter(&sandbox) == SL_OK && enter_one();
}

static bool
enter_log(void)
{
	return enter_as(ONE, SL_SANDBOX_LOG);
}

static bool
enter_off(void)
{
	return enter_as(ONE, SL_SANDBOX_OFF);
}

static void
end(int status)
{
	(void)syscall(SYS_exit_group, status);
}

static void
call_keyctl(void)
{
	(void)syscall(SYS_keyctl, -1);
}

static void
call_bpf(void)
{
	(void)syscall(SYS_bpf, -1, NULL, 0);
}

static void
call_umask_2x(void)
{
	(void)syscall(SYS_umask, 0x2b);
}

static void
call_umask_7(void)
{
	(void)syscall(SYS_umask, 0x07);
}

static void
call_umask_8(void)
{
	(void)syscall(SYS_umask, 0x08);
}

/* Ends with the errno. */
static void
call_sethostname_5(void)
{
	end(syscall(SYS_sethostname, 5, 0) == -1 ? errno : 0);
}

static void
call_sethostname_6(void)
{
	(void)syscall(SYS_sethostname, 6, 0);
}

static void
call_setdomainname(void)
{
	end(syscall(SYS_setdomainname, 1, 0) == -1 ? errno : 0);
}

static void
call_abort(void)
{
	abort();
}

static void
call_clone3(void)
{
	(void)syscall(SYS_clone3, NULL, 0);
}

static const struct {
	bool (*enter)(void);
	void (*make)(void);
	int status; /* -1: killed by the sandbox; 1000 and more: by the signal above 1000 */
	const char *because;
} rows[] = {
        {enter_one, call_keyctl, 0, "it is in the table"},
        {enter_one, call_bpf, -1, "it is another role's"},
        {enter_both, call_bpf, 0, "one of two roles has it"},
        {enter_both_then_one, call_bpf, -1, "the second table is the narrower one"},
        {enter_both_then_one, call_keyctl, 0, "both tables have it"},
        {enter_one, call_umask_2x, 0, "its bits are those of a row"},
        {enter_one, call_umask_7, 0, "its bits are those of the other row"},
        {enter_one, call_umask_8, -1, "its bits are those of no row"},
        {enter_one, call_sethostname_5, EXDEV, "this argument fails"},
        {enter_one, call_sethostname_6, -1, "another argument is in no row"},
        {enter_one, call_setdomainname, ENOSYS, "it fails whatever its arguments are"},
        {enter_with_tools, call_abort, 1000 + SIGABRT, "a process may signal itself"},
        {enter_one, call_clone3, -1, "a role without threads has no clone3 at all"},
        {enter_log, call_bpf, 0, "it is only logged"},
        {enter_log, call_setdomainname, ENOSYS, "what fails, fails when others are logged too"},
        {enter_off, call_bpf, 0, "there is no filter"},
};

START_TEST(each_row_and_mode)
{
	int status = fate_of(rows[_i].enter, rows[_i].make), want = rows[_i].status;

	if (want == -1)
		ck_assert_msg(
		        was_killed_by_sandbox(status), "%s: status %#x", rows[_i].because, status);
	else if (want >= 1000)
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == want - 1000,
		        "%s: status %#x", rows[_i].because, status);
	else
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == want, "%s: status %#x",
		        rows[_i].because, status);
}
END_TEST

/* --- the process ------------------------------------------------------------------------------------------ */

/* A line of /proc/thread-self/status as a number. */
static unsigned long long
status_of(const char *key, int base)
{
	unsigned long long value = ~0ULL;
	char line[256];
	FILE *f = fopen("/proc/thread-self/status", "re");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoull(line + strlen(key), NULL, base);
	if (f != NULL)
		fclose(f);
	return value;
}

static int pipes[2][2];

struct watch {
	bool (*look)(void);
	bool is_inside;
};

static bool
has_filter(void)
{
	return prctl(PR_GET_SECCOMP) == 2;
}

/* A call that is not on the list: inside it ends the process. prctl could not tell, where a container has a filter of
 * its own. */
static bool
lost_a_call(void)
{
	return syscall(SYS_times, NULL) < 0;
}

static void *
wait_and_look(void *arg)
{
	char byte = 0;
	struct watch *w = arg;

	if (write(pipes[0][1], "a", 1) == 1 && read(pipes[1][0], &byte, 1) == 1)
		w->is_inside = w->look();
	return NULL;
}

static bool
enter_with_thread(bool has_threads, struct watch *w)
{
	const struct sl_call prctl_too = SL_CALL("prctl", "test", ONE);
	const struct sl_sandbox sandbox = {.calls = &prctl_too,
	        .count = 1,
	        .roles = ONE | SL_SANDBOX_THREADS | SL_SANDBOX_TOOLS,
	        .has_threads = has_threads};
	pthread_t thread;
	char byte;

	if (pipe(pipes[0]) != 0 || pipe(pipes[1]) != 0 ||
	        pthread_create(&thread, NULL, wait_and_look, w) != 0)
		return false;
	return read(pipes[0][0], &byte, 1) == 1 && sl_sandbox_enter(&sandbox) == SL_OK &&
	       write(pipes[1][1], "b", 1) == 1 && pthread_join(thread, NULL) == 0;
}

static bool
enter_nothing(void)
{
	return true;
}

static void
look_from_a_thread(void)
{
	struct watch w = {has_filter, false};

	end(enter_with_thread(true, &w) && w.is_inside ? 0 : 1);
}

static void
look_from_a_thread_outside(void)
{
	struct watch w = {lost_a_call, true};

	end(enter_with_thread(false, &w) && !w.is_inside ? 0 : 1);
}

START_TEST(threads_that_run_already)
{
	ck_assert_int_eq(fate_of(enter_nothing, look_from_a_thread), 0);
	ck_assert_int_eq(fate_of(enter_nothing, look_from_a_thread_outside), 0);
}
END_TEST

static bool
drop(void)
{
	return sl_sandbox_drop_capabilities() == SL_OK;
}

static void
look_at_capabilities(void)
{
	unsigned long long held = status_of("CapInh:", 16) | status_of("CapPrm:", 16) |
	                          status_of("CapEff:", 16) | status_of("CapAmb:", 16);

	if (getuid() == 0) /* who may, drops the bounding set too */
		held |= status_of("CapBnd:", 16);
	end(held == 0 ? 0 : 1);
}

START_TEST(capabilities_are_dropped)
{
	ck_assert_int_eq(fate_of(drop, look_at_capabilities), 0);
}
END_TEST

static bool
enter_to_look(void)
{
	const struct sl_call open_too = SL_CALL("openat", "test", ONE);
	const struct sl_sandbox sandbox = {.calls = &open_too, .count = 1, .roles = ONE};

	return sl_sandbox_enter(&sandbox) == SL_OK;
}

static void
look_at_status(void)
{
	end(status_of("Seccomp:", 10) == 2 && status_of("NoNewPrivs:", 10) == 1 ? 0 : 1);
}

START_TEST(no_new_privileges)
{
	ck_assert_int_eq(fate_of(enter_to_look, look_at_status), 0);
}
END_TEST

START_TEST(words)
{
	enum sl_sandbox_mode mode;

	ck_assert_ok(sl_sandbox_parse(&mode, "on"));
	ck_assert_int_eq(mode, SL_SANDBOX_ON);
	ck_assert_ok(sl_sandbox_parse(&mode, "log"));
	ck_assert_int_eq(mode, SL_SANDBOX_LOG);
	ck_assert_ok(sl_sandbox_parse(&mode, "off"));
	ck_assert_int_eq(mode, SL_SANDBOX_OFF);
	ck_assert_err(sl_sandbox_parse(&mode, ""), SL_EMALFORMED);
	ck_assert_err(sl_sandbox_parse(&mode, "On"), SL_EMALFORMED);
	ck_assert_err(sl_sandbox_parse(&mode, "on "), SL_EMALFORMED);
	ck_assert_err(sl_sandbox_parse(&mode, "yes"), SL_EMALFORMED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tc = tcase_create("sandbox");

	tcase_add_loop_test(tc, each_row_and_mode, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, threads_that_run_already);
	tcase_add_test(tc, capabilities_are_dropped);
	tcase_add_test(tc, no_new_privileges);
	tcase_add_test(tc, words);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
