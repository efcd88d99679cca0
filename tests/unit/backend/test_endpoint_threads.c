/* SPDX-License-Identifier: BSD-2-Clause
 * The end point on many threads: copies of one request at once, and contexts side by side. */
#include "support.h"

#include <string.h>

#include "fixture.h"

static struct fixture f;
static struct device d;

static void
start(void)
{
	fixture_make(&f);
	fixture_start(&f);
	fixture_add_context(f.store, 1);
	fixture_restart(&f);
	device_make(&d, 1);
}

static void
end(void)
{
	device_clear(&d);
	fixture_stop(&f);
	fixture_remove(&f);
}

/* --- threads -------------------------------------------------------------------------------------------- */

#define THREADS 8

struct copy {
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct endpoint_reply reply;
};

static void *
post_copy(void *arg)
{
	struct copy *c = arg;

	pthread_barrier_wait(c->barrier);
	device_post(&d, &f, &c->reply);
	return NULL;
}

START_TEST(copies_at_once_have_one_effect)
{
	static struct copy copies[THREADS];
	pthread_barrier_t barrier;
	int round, i, good;

	for (round = 0; round < 10; round++) {
		const struct endpoint_reply *first = NULL;

		seal_enrolment(&d, 1);
		pthread_barrier_init(&barrier, NULL, THREADS);
		for (i = 0; i < THREADS; i++) {
			copies[i].barrier = &barrier;
			ck_assert_int_eq(
			        pthread_create(&copies[i].thread, NULL, post_copy, &copies[i]), 0);
		}
		for (i = 0, good = 0; i < THREADS; i++) {
			pthread_join(copies[i].thread, NULL);
			if (copies[i].reply.status != 200) {
				ck_assert_int_eq(copies[i].reply.status, 503);
				continue;
			}
			good++;
			if (first == NULL)
				first = &copies[i].reply;
			ck_assert_bytes(sl_span(copies[i].reply.body, copies[i].reply.body_len),
			        sl_span(first->body, first->body_len));
		}
		pthread_barrier_destroy(&barrier);
		ck_assert_int_ge(good, 1);
		ck_assert_uint_eq(count_certificates(f.store), (size_t)round + 1);
	}
}
END_TEST

struct worker {
	pthread_t thread;
	struct device device;
	int good;
};

/* No assertions here: libcheck counts on one thread only. */
static void *
ask_often(void *arg)
{
	struct worker *w = arg;
	struct endpoint_reply reply;
	struct sl_coap_msg msg;
	int i;

	sl_coap_msg_init(&msg, SL_COAP_GET);
	if (sl_coap_add_path(&msg, "/est/crts") != SL_OK)
		return NULL;
	for (i = 0; i < 50; i++) {
		struct sl_oscore_sealed sealed = {
		        .buf = w->device.body, .cap = sizeof w->device.body};
		struct sl_oscore_open open = {
		        w->device.plain, sizeof w->device.plain, &w->device.answer};

		if (sl_oscore_protect_request(
		            &w->device.ctx, &msg, false, &sealed, &w->device.exchange) != SL_OK)
			break;
		memcpy(w->device.option, sealed.option, sealed.option_len);
		w->device.option_len = sealed.option_len;
		w->device.body_len = sealed.ciphertext.len;
		device_post(&w->device, &f, &reply);
		if (reply.status != 200 ||
		        sl_oscore_unprotect_response(&w->device.ctx, &w->device.exchange,
		                sl_span(reply.option, reply.option_len),
		                sl_span(reply.body, reply.body_len), &open) != SL_OSCORE_OK ||
		        w->device.answer.code != SL_COAP_CONTENT)
			break;
		w->good++;
	}
	return NULL;
}

START_TEST(contexts_work_side_by_side)
{
	static struct worker workers[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		fixture_add_context(f.store, (uint8_t)(10 + i));
	fixture_restart(&f);
	for (i = 0; i < THREADS; i++) {
		workers[i].good = 0;
		device_make(&workers[i].device, (uint8_t)(10 + i));
		ck_assert_int_eq(
		        pthread_create(&workers[i].thread, NULL, ask_often, &workers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		ck_assert_int_eq(workers[i].good, 50);
		device_clear(&workers[i].device);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/endpoint_threads");
	TCase *t = tcase_create("endpoint_threads");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, copies_at_once_have_one_effect);
	tcase_add_test(t, contexts_work_side_by_side);
	suite_add_tcase(s, t);
	return run_suite(s);
}
