/* SPDX-License-Identifier: BSD-2-Clause
 * Floods of message_1, sessions that nobody finishes, copies on many threads. Time is moved by hand, and where the
 * crypto budget is looked at, so is the CPU's clock. */
#include "edhoc_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct edhoc_fixture f;

static void
start(void)
{
	edhoc_fixture_make(&f);
}

static void
end(void)
{
	edhoc_fixture_remove(&f);
}

/* Every handshake message takes so long. */
#define STEP_US 500

static uint64_t
slow_cpu(void)
{
	static uint64_t now_us;

	return now_us += STEP_US;
}

static uint64_t
free_cpu(void)
{
	return 0;
}

/* message_1 number n of a stranger: RFC 9529's G_X, another C_I each time. */
static struct sl_span
flood_message(uint32_t n)
{
	static uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	sl_write_span(&w,
	        hex("f5 03 02 5820 "
	            "8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6 46 6666"));
	sl_write_u32(&w, n);
	ck_assert(!w.failed);
	return sl_writer_span(&w);
}

/* --- T35 ------------------------------------------------------------------------------------------------ */

#define OPEN 20

static struct initiator me, opened[OPEN];
static struct device d;

START_TEST(a_flood_stays_in_its_budget)
{
	unsigned seconds = test_rounds_night(2, 10, 60), a_ms = test_rounds_night(5, 5, 50), ms, i;
	uint64_t begun_ms, work = 0, refused = 0, asked = 0, good = 0, finished = 0, limit;
	struct edhoc_reply reply;
	struct sl_coap_msg msg;
	uint32_t n = 0;

	f.config.cpu_us = slow_cpu;
	edhoc_fixture_start(&f);
	initiator_make(&me, 0, 3, 2);
	initiator_run(&me, &f, &d);
	for (i = 0; i < OPEN; i++) {
		initiator_make(&opened[i], 1, 3, 2);
		initiator_open(&opened[i], &f);
	}
	begun_ms = f.base.now_ms;
	for (ms = 0; ms < seconds * 1000; ms++, f.base.now_ms++) {
		for (i = 0; i < a_ms; i++) {
			edhoc_post(&f, flood_message(n++), &reply);
			work += reply.status == 200;
			refused += reply.status == 503 && reply.retry_after_s > 0;
			hex_release();
		}
		if (ms % 100 == 50) {
			make_get(&msg, "/est/crts");
			good += device_ask(&d, &f.base, &msg) == SL_COAP_CONTENT;
			asked++;
		}
		/* One after the other, in the time that devices take. Who takes longer than the flood needs to
		 * fill the table has to begin again: the oldest half-open session leaves. */
		if (ms % 100 == 0 && finished < OPEN) {
			edhoc_post(&f, initiator_third(&opened[finished], NULL), &reply);
			ck_assert_msg(reply.status == 204, "session %llu: status %d",
			        (unsigned long long)finished, reply.status);
			finished++;
		}
	}
	/* 25 % of the time that has passed, and the full bucket */
	limit = ((f.base.now_ms - begun_ms) * 250 + 250000) / STEP_US + 1;
	ck_assert_uint_eq(work + refused, n);
	ck_assert_uint_le(work, limit);
	ck_assert_uint_ge(work, limit / 2);
	ck_assert_uint_eq(good, asked);
	ck_assert_uint_eq(finished, OPEN);
	printf("T35 %u message_1, %llu worked on, limit %llu PASS\n", n, (unsigned long long)work,
	        (unsigned long long)limit);
	for (i = 0; i < OPEN; i++)
		initiator_clear(&opened[i]);
	initiator_clear(&me);
	device_clear(&d);
}
END_TEST

/* A copy costs nothing, so it is answered without budget. */
START_TEST(copies_are_answered_without_budget)
{
	struct edhoc_reply reply, copy;
	struct sl_span third;
	uint32_t n = 0;

	f.config.cpu_us = slow_cpu;
	f.config.budget_percent = 1; /* 10 ms: 20 messages */
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	edhoc_post(&f, initiator_first(&me), &reply);
	third = initiator_third(&me, &reply);
	do {
		edhoc_post(&f, flood_message(n++), &reply);
	} while (reply.status == 200 && n < 100);
	ck_assert_int_eq(reply.status, 503);
	ck_assert_uint_eq(reply.body_len, 0);
	ck_assert_uint_eq(n, 15); /* with the honest one 15 of 20: a quarter is kept */
	edhoc_post(&f, flood_message(0), &copy);
	ck_assert_int_eq(copy.status, 200);
	ck_assert(copy.is_repeat);
	edhoc_post(&f, third, &reply); /* out of the reserve */
	ck_assert_int_eq(reply.status, 204);
	edhoc_post(&f, third, &copy);
	ck_assert_int_eq(copy.status, 204);
	ck_assert(copy.is_repeat);
	initiator_clear(&me);
}
END_TEST

/* A session that is refused for the budget is not lost. */
START_TEST(message_3_may_come_again_later)
{
	struct edhoc_reply reply;
	struct sl_span third[OPEN];
	unsigned i, first_refused = OPEN;

	f.config.cpu_us = slow_cpu;
	f.config.budget_percent = 1;
	edhoc_fixture_start(&f);
	for (i = 0; i < 10; i++) {
		initiator_make(&opened[i], 1, 3, 2);
		initiator_open(&opened[i], &f);
		third[i] = initiator_third(&opened[i], NULL);
	}
	f.base.now_ms += 1; /* 10 messages of 0.5 ms: 5 of 10 ms are left */
	for (i = 0; i < 10; i++) {
		edhoc_post(&f, third[i], &reply);
		if (reply.status == 503 && first_refused == OPEN)
			first_refused = i;
		ck_assert_int_eq(reply.status, i < first_refused ? 204 : 503);
		if (i + 1 == 10 && first_refused == OPEN)
			break;
	}
	f.base.now_ms += 1000;
	for (i = first_refused; i < 10; i++) {
		edhoc_post(&f, third[i], &reply);
		ck_assert_int_eq(reply.status, 204);
	}
	for (i = 0; i < 10; i++)
		initiator_clear(&opened[i]);
}
END_TEST

/* --- T36 ------------------------------------------------------------------------------------------------ */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LOOKS_AT_MEMORY 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LOOKS_AT_MEMORY 0
#endif
#ifndef LOOKS_AT_MEMORY
#define LOOKS_AT_MEMORY 1
#endif

static size_t
resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long long size, resident = 0;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%llu %llu", &size, &resident), 2);
	fclose(file);
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST(unfinished_sessions_are_bounded)
{
	unsigned rounds = test_rounds_night(4200, 100000, 1000000), i;
	size_t before, after;
	struct edhoc_counts counts;
	struct edhoc_reply reply;

	f.config.cpu_us = free_cpu;
	before = resident_bytes(); /* the whole server is in what comes */
	edhoc_fixture_start(&f);
	for (i = 0; i < rounds; i++) {
		edhoc_post(&f, flood_message(i), &reply);
		ck_assert_int_eq(reply.status, 200);
		hex_release();
	}
	after = resident_bytes();
	counts = edhoc_endpoint_counts(f.edhoc, f.base.now_ms);
	ck_assert_uint_eq(counts.half_open, f.config.sessions.sessions_max);
	f.base.now_ms += f.config.sessions.life_ms;
	counts = edhoc_endpoint_counts(f.edhoc, f.base.now_ms);
	ck_assert_uint_eq(counts.half_open, 0);
	after -= after < before ? after : before;
	if (LOOKS_AT_MEMORY)
		ck_assert_uint_le(after, 8 << 20);
	printf("T36 %u message_1, %zu bytes more, limit %d %s\n", rounds, after, 8 << 20,
	        LOOKS_AT_MEMORY ? "PASS" : "(sanitizer: not compared)");
}
END_TEST

/* --- T37 ------------------------------------------------------------------------------------------------ */

#define THREADS 8

struct copy {
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct sl_span body;
	struct edhoc_reply reply;
};

static void *
post_copy(void *arg)
{
	struct copy *c = arg;

	pthread_barrier_wait(c->barrier);
	edhoc_post(&f, c->body, &c->reply);
	return NULL;
}

/* All at once; returns the one answer. */
static const struct edhoc_reply *
post_copies(struct sl_span body, int status)
{
	static struct copy copies[THREADS];
	pthread_barrier_t barrier;
	const struct edhoc_reply *first = NULL;
	int i, originals = 0;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		copies[i].barrier = &barrier;
		copies[i].body = body;
		ck_assert_int_eq(pthread_create(&copies[i].thread, NULL, post_copy, &copies[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(copies[i].thread, NULL);
		ck_assert_int_eq(copies[i].reply.status, status);
		originals += !copies[i].reply.is_repeat;
		if (first == NULL || !copies[i].reply.is_repeat)
			first = &copies[i].reply;
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_bytes(sl_span(copies[i].reply.body, copies[i].reply.body_len),
		        sl_span(first->body, first->body_len));
	pthread_barrier_destroy(&barrier);
	ck_assert_int_eq(originals, 1);
	return first;
}

START_TEST(copies_at_once_have_one_answer)
{
	unsigned rounds = test_rounds_night(12, 1250, 12500), i;
	const struct edhoc_reply *reply;
	struct edhoc_counts counts;
	int64_t last_id = 0;

	f.config.cpu_us = free_cpu;
	f.base.config.edhoc.sends_message_4 = true;
	edhoc_fixture_start(&f);
	for (i = 0; i < rounds; i++) {
		initiator_make(&me, i % EDHOC_DEVICES, i % 2 == 0 ? 0 : 3, 2);
		reply = post_copies(initiator_first(&me), 200);
		reply = post_copies(initiator_third(&me, reply), 200);
		ck_assert_int_eq(reply->context_id, last_id - 1);
		last_id = reply->context_id;
		initiator_clear(&me);
		hex_release();
		f.base.now_ms += 100;
	}
	counts = edhoc_endpoint_counts(f.edhoc, f.base.now_ms);
	ck_assert_uint_eq(counts.half_open, 0);
	printf("T37 %u copies of each message, 1 answer to each, limit 1 PASS\n", rounds * THREADS);
}
END_TEST

/* Different devices at once do not wait for each other, and nothing is mixed up. */
static void *
run_device(void *arg)
{
	struct copy *c = arg;

	edhoc_post(&f, c->body, &c->reply);
	return NULL;
}

START_TEST(sessions_side_by_side)
{
	static struct copy copies[THREADS];
	static struct initiator i[THREADS];
	int n;

	f.config.cpu_us = free_cpu;
	edhoc_fixture_start(&f);
	for (n = 0; n < THREADS; n++) {
		initiator_make(&i[n], (unsigned)n % EDHOC_DEVICES, 3, 2);
		copies[n].body = initiator_first(&i[n]);
		ck_assert_int_eq(
		        pthread_create(&copies[n].thread, NULL, run_device, &copies[n]), 0);
	}
	for (n = 0; n < THREADS; n++) {
		pthread_join(copies[n].thread, NULL);
		copies[n].body = initiator_third(&i[n], &copies[n].reply);
	}
	for (n = 0; n < THREADS; n++)
		ck_assert_int_eq(
		        pthread_create(&copies[n].thread, NULL, run_device, &copies[n]), 0);
	for (n = 0; n < THREADS; n++) {
		pthread_join(copies[n].thread, NULL);
		ck_assert_int_eq(copies[n].reply.status, 204);
		initiator_clear(&i[n]);
	}
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, THREADS);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/edhoc_load");
	TCase *t = tcase_create("edhoc_load");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 3600);
	tcase_add_test(t, unfinished_sessions_are_bounded); /* first: it looks at memory */
	tcase_add_test(t, a_flood_stays_in_its_budget);
	tcase_add_test(t, copies_are_answered_without_budget);
	tcase_add_test(t, message_3_may_come_again_later);
	tcase_add_test(t, copies_at_once_have_one_answer);
	tcase_add_test(t, sessions_side_by_side);
	suite_add_tcase(s, t);
	return run_suite(s);
}
