/* SPDX-License-Identifier: BSD-2-Clause
 * The worker's list: what it forbids, and that what a worker does is in it. */
#include "sandbox.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seccomp.h>

#include <attempts.h>
#include <support.h>

#define CALLS_MAX 60 /* fewer than this in a worker's list */

static bool
enter_worker(void)
{
	const struct sl_sandbox sandbox = {.calls = sandbox_calls,
	        .count = sandbox_call_count,
	        .roles = sandbox_roles(SANDBOX_WORKER)};

	return sl_sandbox_enter(&sandbox) == SL_OK;
}

static bool
enter_admin(void)
{
	const struct sl_sandbox sandbox = {.calls = sandbox_calls,
	        .count = sandbox_call_count,
	        .roles = sandbox_roles(SANDBOX_ADMIN)};

	return sl_sandbox_enter(&sandbox) == SL_OK;
}

/* As the program does it: all of it, in the order of a start. */
static bool
enter_all(void)
{
	return sandbox_enter(SL_SANDBOX_ON, SANDBOX_SUPERVISOR) &&
	       sandbox_enter(SL_SANDBOX_ON, SANDBOX_WORKER);
}

START_TEST(forbidden_calls_end_a_worker)
{
	unsigned made, survivors = count_survivors(enter_worker, ATTEMPT_PROXY, &made);

	printf("T50.worker-forbidden %u %u %s -\n", made - survivors, made,
	        survivors == 0 ? "PASS" : "FAIL");
	ck_assert_uint_ge(made, 20);
	ck_assert_uint_eq(survivors, 0);
}
END_TEST

START_TEST(the_operator_s_process_may_do_even_less)
{
	unsigned made;

	ck_assert_uint_eq(count_survivors(enter_admin, ATTEMPT_PROXY, &made), 0);
	ck_assert_uint_eq(count_survivors(enter_admin, ATTEMPT_EST, &made), 0);
}
END_TEST

static void *
answer(void *arg)
{
	*(int *)arg = 42;
	return NULL;
}

static void
work(void)
{
	struct addrinfo *list = NULL;
	pthread_t thread;
	int got = 0, bad = 0, family;
	void *large = malloc(1 << 22);

	bad |= pthread_create(&thread, NULL, answer, &got) != 0 ||
	       pthread_join(thread, NULL) != 0 || got != 42;
	bad |= getaddrinfo("localhost", "5683", NULL, &list) != 0 ? 2 : 0;
	freeaddrinfo(list);
	family = socket(AF_NETLINK, SOCK_RAW, 0);
	bad |= family != -1 || errno != EAFNOSUPPORT ? 4 : 0;
	large = realloc(large, 1 << 24);
	bad |= large == NULL ? 8 : 0;
	free(large);
	/* "%lo" behind an address: of listen when it is read again, of a name server */
	bad |= if_nametoindex("lo") == 0 ? 16 : 0;
	bad |= ppoll(NULL, 0, &(struct timespec){0}, NULL) != 0 ? 32 : 0; /* of a name service */
	(void)syscall(SYS_exit_group, bad);
}

static void
work_elsewhere(void)
{
	(void)!chdir("/nowhere");
	work();
}

START_TEST(what_a_worker_does_is_allowed)
{
	ck_assert_int_eq(fate_of(enter_all, work), 0);
	ck_assert(was_killed_by_sandbox(fate_of(enter_all, work_elsewhere))); /* of chdir */
}
END_TEST

static bool
enter_wrongly(void)
{
	return sandbox_enter(SL_SANDBOX_ON, SANDBOX_WORKER) &&
	       sandbox_enter(SL_SANDBOX_ON, SANDBOX_SUPERVISOR);
}

static void
nothing(void)
{
}

START_TEST(a_worker_cannot_go_back)
{
	int status = fate_of(enter_wrongly, nothing);

	ck_assert(was_killed_by_sandbox(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 3));
}
END_TEST

/* A misspelt name would be void without a word. */
static size_t
count_names(const struct sl_call *calls, size_t count, unsigned roles)
{
	size_t names = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_new = calls[i].rule != SL_CALL_FAIL;

		ck_assert_msg(
		        seccomp_syscall_resolve_name(calls[i].name) >= 0, "%s", calls[i].name);
		ck_assert_str_ne(calls[i].group, "");
		for (size_t j = 0; j < i; j++)
			is_new = is_new && strcmp(calls[j].name, calls[i].name) != 0;
		names += is_new && (calls[i].roles & roles) != 0;
	}
	return names;
}

START_TEST(the_list_is_short)
{
	unsigned roles = sandbox_roles(SANDBOX_WORKER);
	size_t names = count_names(sandbox_calls, sandbox_call_count, roles) +
	               count_names(sl_basic_calls, sl_basic_call_count, roles);

	printf("T50.worker-calls %zu %d %s -\n", names, CALLS_MAX,
	        names < CALLS_MAX ? "PASS" : "FAIL");
	ck_assert_uint_lt(names, CALLS_MAX);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy sandbox");
	TCase *tc = tcase_create("sandbox");

	tcase_add_test(tc, forbidden_calls_end_a_worker);
	tcase_add_test(tc, the_operator_s_process_may_do_even_less);
	tcase_add_test(tc, what_a_worker_does_is_allowed);
	tcase_add_test(tc, a_worker_cannot_go_back);
	tcase_add_test(tc, the_list_is_short);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
