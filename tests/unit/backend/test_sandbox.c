/* SPDX-License-Identifier: BSD-2-Clause
 * The server's list once it serves: what it forbids; it connects to nobody. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include <attempts.h>
#include <support.h>

static bool
enter_stage(enum sandbox_stage stage)
{
	const struct sl_sandbox sandbox = {.calls = sandbox_calls,
	        .count = sandbox_call_count,
	        .roles = sandbox_roles(stage),
	        .has_threads = true};

	return sl_sandbox_enter(&sandbox) == SL_OK;
}

static bool
enter_starting(void)
{
	return enter_stage(SANDBOX_STARTING);
}

static bool
enter_serving(void)
{
	return enter_stage(SANDBOX_SERVING);
}

/* As the program does it. */
static bool
enter_both(void)
{
	return sandbox_enter(SL_SANDBOX_ON, SANDBOX_STARTING) &&
	       sandbox_enter(SL_SANDBOX_ON, SANDBOX_SERVING);
}

START_TEST(forbidden_calls_end_the_server)
{
	unsigned made, survivors = count_survivors(enter_serving, ATTEMPT_EST, &made);

	printf("T50.server-forbidden %u %u %s -\n", made - survivors, made,
	        survivors == 0 ? "PASS" : "FAIL");
	ck_assert_uint_ge(made, 20);
	ck_assert_uint_eq(survivors, 0);
}
END_TEST

static void
listen_to_nothing(void)
{
	(void)syscall(SYS_listen, -1, 1);
}

static void
connect_to_nothing(void)
{
	(void)syscall(SYS_connect, -1, NULL, 0);
}

static void
write_a_file(void)
{
	char path[] = "/dev/shm/sealift-sandbox-XXXXXX";
	int fd = mkstemp(path);
	bool is_good = fd >= 0 && write(fd, "a", 1) == 1 && fdatasync(fd) == 0 &&
	               ftruncate(fd, 0) == 0 && unlink(path) == 0;

	(void)syscall(SYS_exit_group, is_good ? 0 : 1);
}

START_TEST(stages)
{
	ck_assert_int_eq(fate_of(enter_starting, listen_to_nothing), 0);
	ck_assert(was_killed_by_sandbox(fate_of(enter_starting, connect_to_nothing)));
	ck_assert(was_killed_by_sandbox(fate_of(enter_both, listen_to_nothing)));
	ck_assert_int_eq(fate_of(enter_both, write_a_file), 0);
}
END_TEST

START_TEST(names)
{
	for (size_t i = 0; i < sandbox_call_count; i++) {
		ck_assert_msg(seccomp_syscall_resolve_name(sandbox_calls[i].name) >= 0, "%s",
		        sandbox_calls[i].name);
		ck_assert_str_ne(sandbox_calls[i].group, "");
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backend sandbox");
	TCase *tc = tcase_create("sandbox");

	tcase_add_test(tc, forbidden_calls_end_the_server);
	tcase_add_test(tc, stages);
	tcase_add_test(tc, names);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
