/* SPDX-License-Identifier: BSD-2-Clause
 * Any request of unverified peers, any answer, any delay: never more than three times their bytes, never a
 * confirmable message (RFC 9175 section 2.4). */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"

static struct lab lab;

#define PEERS    40
#define REQUESTS 30000

static uint32_t seed = 20240117;

static uint32_t
pick(uint32_t below)
{
	seed = seed * 1664525U + 1013904223U;
	return (uint32_t)(((uint64_t)(seed >> 8) * below) >> 24);
}

static void
random_request(struct sl_coap_msg *msg, uint16_t mid)
{
	static const char *const paths[] = {
	        "/.well-known/core", "/.well-known/edhoc", "/open", "/x", "/"};

	lab_oscore(msg, mid, lab_bytes(pick(200), (uint8_t)mid));
	msg->code = (uint8_t)(1 + pick(8));
	msg->type = (uint8_t)pick(2);
	msg->token_len = (uint8_t)pick(9);
	if (pick(3) == 0)
		sl_coap_remove(msg, SL_COAP_OSCORE);
	if (pick(3) == 0)
		ck_assert_ok(sl_coap_add_path(msg, paths[pick(5)]));
	if (pick(4) == 0)
		ck_assert_ok(sl_coap_add_block(msg, SL_COAP_BLOCK2,
		        (struct sl_coap_block){.num = pick(2) * pick(9), .szx = (uint8_t)pick(7)}));
	if (pick(8) == 0)
		ck_assert_ok(sl_coap_add_block(msg, SL_COAP_BLOCK1,
		        (struct sl_coap_block){
		                .num = pick(3), .more = pick(2), .szx = (uint8_t)pick(3)}));
	if (pick(10) == 0)
		ck_assert_ok(sl_coap_add_uint(msg, (uint16_t)pick(300), pick(1000)));
	if (pick(10) == 0)
		ck_assert_ok(sl_coap_add_uint(msg, SL_COAP_SIZE2, 0));
}

static void
random_result(size_t i)
{
	static const int statuses[] = {200, 200, 200, 204, 400, 403, 404, 413, 500, 503};
	struct sl_map_http_result result =
	        lab_ok(lab_bytes(pick(3) == 0 ? pick(5000) : pick(300), 3));

	result.status = statuses[pick(10)];
	if (pick(5) == 0)
		result.transport = (enum sl_map_transport)pick(9);
	if (lab.fetches[i].fetch.oscore == NULL) {
		result.oscore_header_count = 0;
		result.content_type = sl_span_text("application/edhoc+cbor-seq");
	}
	lab_result(&lab, i, &result);
}

/* Bytes to each peer against bytes from it, after every step. */
static void
check_budget(const uint64_t *in, uint64_t *out, size_t *seen)
{
	for (; *seen < lab.sent_count; (*seen)++) {
		const struct lab_sent *s = &lab.sent[*seen];
		unsigned peer = (unsigned)peer_remote(&s->peer).port - 1000U;

		out[peer] += s->len;
		ck_assert_msg(
		        s->msg.type != SL_COAP_CON, "a confirmable message to an unverified peer");
		ck_assert_msg(out[peer] <= 3 * in[peer], "peer %u: %lu bytes for %lu", peer,
		        (unsigned long)out[peer], (unsigned long)in[peer]);
	}
	lab.sent_count = *seen = 0;
}

START_TEST(no_request_gets_more_than_three_times_its_bytes)
{
	static uint64_t in[PEERS], out[PEERS];
	size_t seen = 0, answered = 0;
	struct sl_coap_msg msg;

	lab_open(&lab, LAB_ROUTE
	        "discovery: \"</est/crts>;rt=ace.est.crts;osc,</est/sen>;rt=ace.est.sen;osc\"\n"
	        "limits: {requests-per-second: 0, exchanges: 1048576, total-timeout: 10s,\n"
	        " exchanges-per-prefix: 1048576, in-flight-per-prefix: 65536, memory-budget: 1GiB}\n");
	for (unsigned n = 0; n < REQUESTS; n++) {
		unsigned peer = pick(PEERS);

		if (n % 7 != 0 || n == 0) /* else the same datagram again */
			random_request(&msg, (uint16_t)n);
		in[peer] += lab_send_msg(&lab, peer, &msg);
		check_budget(in, out, &seen);
		lab_advance(&lab, pick(300));
		while (answered < lab.fetch_count && pick(3) != 0)
			random_result(answered++);
		if (answered == lab.fetch_count)
			answered = lab.fetch_count = 0;
		check_budget(in, out, &seen);
		hex_release();
	}
	printf("unverified peers: %u requests\n", REQUESTS);
	lab_close(&lab);
}
END_TEST

static Suite *
any_suite(void)
{
	Suite *s = suite_create("proxy, any request");
	TCase *t = tcase_create("any request");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, no_request_gets_more_than_three_times_its_bytes);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(any_suite());
}
