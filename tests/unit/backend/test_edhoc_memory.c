/* SPDX-License-Identifier: BSD-2-Clause
 * The end point takes and wipes memory for a message only when it is its turn to work on it, and a run for which
 * there is none leaves nothing behind. The linker puts edhoc_work_new of this file in front. */
#include "edhoc_fixture.h"
#include "edhoc_work.h"

static struct edhoc_fixture f;
static struct initiator me, other;
static struct device d;
static struct edhoc_reply reply;
static unsigned taken;
static bool has_none;
static uint64_t cpu_us;

struct edhoc_work *__real_edhoc_work_new(const struct edhoc_config *config,
        struct edhoc_sessions *sessions, const struct edhoc_request *request,
        struct edhoc_reply *answer);
struct edhoc_work *__wrap_edhoc_work_new(const struct edhoc_config *config,
        struct edhoc_sessions *sessions, const struct edhoc_request *request,
        struct edhoc_reply *answer);

struct edhoc_work *
__wrap_edhoc_work_new(const struct edhoc_config *config, struct edhoc_sessions *sessions,
        const struct edhoc_request *request, struct edhoc_reply *answer)
{
	taken++;
	return has_none ? NULL : __real_edhoc_work_new(config, sessions, request, answer);
}

static uint64_t
fixed_cpu_us(void)
{
	return cpu_us;
}

/* Every look at the clock finds a minute of work done. */
static uint64_t
spent_cpu_us(void)
{
	return cpu_us += 60000000;
}

static void
start(void)
{
	taken = 0;
	has_none = false;
	cpu_us = 0;
	edhoc_fixture_make(&f);
	f.config.cpu_us = fixed_cpu_us;
}

static void
end(void)
{
	initiator_clear(&me);
	initiator_clear(&other);
	device_clear(&d);
	edhoc_fixture_remove(&f);
}

static size_t
half_open(void)
{
	return edhoc_endpoint_counts(f.edhoc, f.base.now_ms).half_open;
}

START_TEST(a_run_takes_it_twice_and_copies_never)
{
	struct sl_span first, third;

	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	first = initiator_first(&me);
	for (int i = 0; i < 5; i++) {
		edhoc_post(&f, first, &reply);
		ck_assert_int_eq(reply.status, 200);
		ck_assert_uint_eq(taken, 1);
	}
	third = initiator_third(&me, &reply);
	for (int i = 0; i < 5; i++) {
		edhoc_post(&f, third, &reply);
		ck_assert_int_eq(reply.status, 204);
		ck_assert_uint_eq(taken, 2);
	}
	initiator_context(&me, &d);
}
END_TEST

START_TEST(no_session_no_memory)
{
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	initiator_open(&me, &f);
	f.base.now_ms += f.config.sessions.life_ms;
	edhoc_post(&f, initiator_third(&me, NULL), &reply);
	ck_assert_error_1(&reply, 400);
	ck_assert_uint_eq(taken, 1);
}
END_TEST

START_TEST(over_budget_no_memory)
{
	f.config.cpu_us = spent_cpu_us;
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	initiator_make(&other, 2, 3, 2);
	edhoc_post(&f, initiator_first(&me), &reply);
	ck_assert_int_eq(reply.status, 200);
	edhoc_post(&f, initiator_first(&other), &reply);
	ck_assert_int_eq(reply.status, 503);
	ck_assert_str_eq(reply.reason, "crypto budget");
	ck_assert_uint_eq(taken, 1);
}
END_TEST

START_TEST(a_full_table_takes_no_memory)
{
	f.config.sessions.sessions_max = 1;
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	initiator_make(&other, 2, 3, 2);
	edhoc_post(&f, initiator_first(&me), &reply);
	ck_assert_int_eq(reply.status, 200);
	edhoc_post(&f, initiator_first(&other), &reply);
	ck_assert_uint_eq(taken, reply.status == 200 ? 2 : 1); /* the older one may make room */
}
END_TEST

START_TEST(message_1_without_memory_leaves_no_session)
{
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	has_none = true;
	edhoc_post(&f, initiator_first(&me), &reply);
	ck_assert_int_eq(reply.status, 503);
	ck_assert_uint_eq(reply.retry_after_s, f.config.retry_after_s);
	ck_assert_uint_eq(reply.body_len, 0);
	ck_assert_str_eq(reply.reason, "no memory");
	ck_assert_uint_eq(half_open(), 0);
	has_none = false;
	initiator_clear(&me);
	initiator_make(&me, 1, 3, 2);
	initiator_run(&me, &f, &d);
}
END_TEST

START_TEST(message_3_without_memory_ends_its_session)
{
	struct sl_span third;

	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	initiator_open(&me, &f);
	third = initiator_third(&me, NULL);
	has_none = true;
	edhoc_post(&f, third, &reply);
	ck_assert_int_eq(reply.status, 503);
	ck_assert_str_eq(reply.reason, "no memory");
	ck_assert_uint_eq(half_open(), 0);
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, 0);
	has_none = false;
	edhoc_post(&f, third, &reply);
	ck_assert_error_1(&reply, 400);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/edhoc_memory");
	TCase *t = tcase_create("edhoc_memory");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_run_takes_it_twice_and_copies_never);
	tcase_add_test(t, no_session_no_memory);
	tcase_add_test(t, over_budget_no_memory);
	tcase_add_test(t, a_full_table_takes_no_memory);
	tcase_add_test(t, message_1_without_memory_leaves_no_session);
	tcase_add_test(t, message_3_without_memory_ends_its_session);
	suite_add_tcase(s, t);
	return run_suite(s);
}
