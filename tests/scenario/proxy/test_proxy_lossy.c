/* SPDX-License-Identifier: BSD-2-Clause
 * Many devices, the core and a moody origin over a link that loses, doubles and reorders. Each answer must
 * be its asker's, each request must reach the origin once at most, everything must end. */
#include <sl/client.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

#define DEVICES        16
#define EXCHANGES      2000
#define IN_AIR_MAX     1024
#define BODY_MAX       5000
#define LOSS_PERMILLE  200
#define DUP_PERMILLE   100
#define REORDER_MAX_MS 400

struct flight {
	bool is_up, is_used;
	unsigned device;
	uint64_t due_ms;
	size_t len;
	uint8_t bytes[SL_DATAGRAM_MAX];
};

struct device {
	struct sl_client *client;
	bool is_busy;
	uint32_t id;
	uint16_t body_len;
};

static struct lab lab;
static struct flight air[IN_AIR_MAX];
static struct device devices[DEVICES];
static uint8_t fetched[EXCHANGES];
static uint32_t next_id, seed, ended, answered;
static size_t taken_sends, taken_fetches;
static uint64_t due_results[LAB_FETCHES_MAX];

static uint32_t
pick(uint32_t below)
{
	seed = seed * 1664525U + 1013904223U;
	return (uint32_t)(((uint64_t)(seed >> 8) * below) >> 24);
}

static void
throw_one(bool is_up, unsigned device, struct sl_span bytes)
{
	size_t i = 0;

	while (air[i].is_used)
		ck_assert_uint_lt(++i, IN_AIR_MAX);
	air[i] = (struct flight){.is_up = is_up,
	        .is_used = true,
	        .device = device,
	        .due_ms = lab.now_ms + 20 + pick(pick(10) == 0 ? REORDER_MAX_MS : 20),
	        .len = bytes.len};
	memcpy(air[i].bytes, bytes.ptr, bytes.len);
}

static void throw(bool is_up, unsigned device, struct sl_span bytes)
{
	if (pick(1000) >= LOSS_PERMILLE)
		throw_one(is_up, device, bytes);
	if (pick(1000) < DUP_PERMILLE)
		throw_one(is_up, device, bytes);
}

/* A body that says whose it is: id, then bytes that only this id has. */
static void
write_body(uint8_t *out, uint32_t id, size_t len, uint8_t way)
{
	uint32_t x = id * 2654435761U + way;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525U + 1;
		out[i] = (uint8_t)(i < 4 ? id >> (8 * i) : x >> 24);
	}
}

static size_t
answer_len(uint32_t id)
{
	return id % 3 == 0 ? 4 + id * 7919U % (BODY_MAX - 4) : 4 + id % 200;
}

static uint32_t
id_of(struct sl_span body)
{
	ck_assert_uint_ge(body.len, 4);
	return (uint32_t)body.ptr[0] | (uint32_t)body.ptr[1] << 8 | (uint32_t)body.ptr[2] << 16 |
	       (uint32_t)body.ptr[3] << 24;
}

static void
start_device(struct device *d)
{
	uint8_t body[BODY_MAX], option[7] = {0x0c};
	struct sl_coap_msg msg;

	d->id = next_id++;
	d->body_len = (uint16_t)(pick(4) == 0 ? 4 + pick(BODY_MAX - 4) : 4 + pick(100));
	d->is_busy = true;
	write_body(body, d->id, d->body_len, 1);
	memcpy(option + 1, &d->id, 4);
	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(option, sizeof option)));
	msg.payload = sl_span(body, d->body_len);
	ck_assert_ok(sl_client_start(d->client, &msg, lab.now_ms));
}

static void
end_device(struct device *d)
{
	const struct sl_coap_msg *response = sl_client_response(d->client);
	uint8_t want[BODY_MAX];

	d->is_busy = false;
	ended++;
	if (sl_client_state(d->client) != SL_CLIENT_DONE || response->code != SL_COAP_CHANGED)
		return;
	answered++;
	write_body(want, d->id, answer_len(d->id), 2);
	ck_assert_msg(sl_span_equal(response->payload, sl_span(want, answer_len(d->id))),
	        "the answer of request %u is not its own", d->id);
}

static void
serve_device(unsigned n)
{
	struct device *d = &devices[n];
	struct sl_span bytes;

	if (sl_client_wakeup(d->client) <= lab.now_ms)
		sl_client_on_time(d->client, lab.now_ms);
	if (d->is_busy && sl_client_state(d->client) != SL_CLIENT_WAITING)
		end_device(d);
	if (!d->is_busy && next_id < EXCHANGES)
		start_device(d);
	while (sl_client_next(d->client, &bytes))
		throw(true, n, bytes);
}

static void
land(void)
{
	for (size_t i = 0; i < IN_AIR_MAX; i++) {
		if (!air[i].is_used || air[i].due_ms > lab.now_ms)
			continue;
		air[i].is_used = false;
		if (air[i].is_up)
			lab_send(&lab, air[i].device, sl_span(air[i].bytes, air[i].len));
		else
			sl_client_on_datagram(devices[air[i].device].client,
			        heap_copy(sl_span(air[i].bytes, air[i].len)), lab.now_ms);
	}
	hex_release();
}

static void
serve_proxy(void)
{
	for (; taken_sends < lab.sent_count; taken_sends++) {
		const struct lab_sent *s = &lab.sent[taken_sends];

		throw(false, peer_remote(&s->peer).port - 1000U, sl_span(s->bytes, s->len));
	}
	taken_sends = lab.sent_count = 0;
	for (; taken_fetches < lab.fetch_count; taken_fetches++) {
		struct sl_span body = lab.fetches[taken_fetches].fetch.body;
		uint8_t want[BODY_MAX];

		ck_assert_uint_lt(id_of(body), EXCHANGES);
		ck_assert_msg(
		        ++fetched[id_of(body)] == 1, "request %u was forwarded twice", id_of(body));
		write_body(want, id_of(body), body.len, 1);
		ck_assert_msg(
		        sl_span_equal(body, sl_span(want, body.len)), "a blend of two requests");
		due_results[taken_fetches] = lab.now_ms + pick(pick(4) == 0 ? 5000 : 300);
	}
}

static void
serve_origin(void)
{
	bool is_all_done = true;

	for (size_t i = 0; i < taken_fetches; i++) {
		uint8_t body[BODY_MAX];
		struct sl_map_http_result ok;
		uint32_t id;

		if (due_results[i] == 0)
			continue;
		if (due_results[i] > lab.now_ms) {
			is_all_done = false;
			continue;
		}
		due_results[i] = 0;
		if (lab.fetches[i].is_aborted)
			continue;
		id = id_of(lab.fetches[i].fetch.body);
		write_body(body, id, answer_len(id), 2);
		ok = lab_ok(sl_span(body, answer_len(id)));
		if (pick(20) == 0)
			ok.transport = SL_MAP_CLOSED;
		lab_result(&lab, i, &ok);
	}
	if (is_all_done && taken_fetches == lab.fetch_count)
		taken_fetches = lab.fetch_count = 0;
}

static void
run(const char *config)
{
	struct sl_client_config client;

	lab_open(&lab, config);
	memset(fetched, 0, sizeof fetched);
	memset(air, 0, sizeof air);
	next_id = ended = answered = 0;
	taken_sends = taken_fetches = 0;
	seed = 4711;
	sl_client_config_init(&client);
	for (unsigned i = 0; i < DEVICES; i++) {
		client.seed[0] = (uint8_t)(i + 1);
		ck_assert_ok(sl_client_new(&devices[i].client, &client));
		devices[i].is_busy = false;
	}
	while (ended < EXCHANGES) {
		for (unsigned i = 0; i < DEVICES; i++)
			serve_device(i);
		serve_origin();
		serve_proxy();
		lab_advance(&lab, 10);
		land();
		ck_assert_msg(lab.now_ms < 100000000, "it does not end: %u ended", ended);
	}
	lab_advance(&lab, 300000);
	ck_assert(proxy_core_is_idle(lab.core));
	ck_assert_uint_eq(proxy_core_counts(lab.core).messages.running, 0);
	ck_assert_uint_eq(proxy_core_counts(lab.core).blocks.bytes, 0);
	for (unsigned i = 0; i < DEVICES; i++)
		sl_client_free(devices[i].client);
	lab_close(&lab);
}

START_TEST(every_answer_is_its_askers)
{
	run(LAB_TRUSTED "limits: {requests-per-second: 0, in-flight-per-peer: 8}\n");
	printf("lossy link, trusted: %u exchanges, %u answered\n", ended, answered);
	ck_assert_uint_ge(answered, EXCHANGES * 8 / 10);
}
END_TEST

START_TEST(every_answer_is_its_askers_unverified_too)
{
	run(LAB_ROUTE "limits: {requests-per-second: 0, in-flight-per-peer: 8}\n");
	printf("lossy link, unverified: %u exchanges, %u answered\n", ended, answered);
	ck_assert_uint_ge(answered, EXCHANGES / 4);
}
END_TEST

/* T26: EXCHANGE_LIFETIME (RFC 7252 section 4.8.2) with a copy in each of its seconds; behind it the same bytes are a
 * new request. */
START_TEST(copies_reach_the_origin_once_in_247_s)
{
	struct sl_map_http_result ok = lab_ok(lab_bytes(10, 1));
	struct sl_coap_msg msg;
	size_t other = 0;

	lab_open(&lab, LAB_TRUSTED);
	lab_oscore(&msg, 1, lab_bytes(40, 1));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 0, &ok);
	for (unsigned second = 1; second <= 246; second++) {
		lab_advance(&lab, 1000);
		lab_send_msg(&lab, 1, &msg);
		other += lab_last(&lab)->len != lab.sent[0].len ||
		         memcmp(lab_last(&lab)->bytes, lab.sent[0].bytes, lab.sent[0].len) != 0;
	}
	printf("T26.fetches-in-247-s %zu 1 %s -\n", lab.fetch_count,
	        lab.fetch_count == 1 && other == 0 ? "PASS" : "FAIL");
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert_uint_eq(other, 0);
	lab_sent_is(&lab, 247);
	lab_advance(&lab, 1000);
	lab_send_msg(&lab, 1, &msg);
	ck_assert_uint_eq(lab.fetch_count, 2);
	lab_close(&lab);
}
END_TEST

static Suite *
lossy_suite(void)
{
	Suite *s = suite_create("proxy lossy");
	TCase *t = tcase_create("no mix-up");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, copies_reach_the_origin_once_in_247_s);
	tcase_add_test(t, every_answer_is_its_askers);
	tcase_add_test(t, every_answer_is_its_askers_unverified_too);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(lossy_suite());
}
