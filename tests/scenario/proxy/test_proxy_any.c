/* SPDX-License-Identifier: BSD-2-Clause
 * T1: any request of unverified peers, any answer, any delay: never more than three times the bytes of that very
 * request, with and without IP and UDP headers, and never a confirmable message (RFC 9175 section 2.4). */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"

static struct lab lab;

#define PEERS      60000 /* each asks once, and again when nothing is left of that */
#define HEADER_LEN 28    /* IPv4 and UDP; longer ones make the ratio smaller */

#define SEED 20240117
static uint32_t seed = SEED;

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

/* What went in and out for one request and its copies; with headers, too. */
static struct ledger {
	uint64_t in, out, ip_in, ip_out;
} ledgers[PEERS];
static uint64_t worst_permille, worst_ip_permille;

static void
check_budget(void)
{
	for (size_t i = 0; i < lab.sent_count; i++) {
		const struct lab_sent *s = &lab.sent[i];
		unsigned peer = (unsigned)peer_remote(&s->peer).port - 1000U;
		struct ledger *l = &ledgers[peer];
		uint64_t permille, ip_permille;

		l->out += s->len;
		l->ip_out += HEADER_LEN + s->len;
		permille = l->out * 1000 / l->in;
		ip_permille = l->ip_out * 1000 / l->ip_in;
		worst_permille = permille > worst_permille ? permille : worst_permille;
		worst_ip_permille =
		        ip_permille > worst_ip_permille ? ip_permille : worst_ip_permille;
		ck_assert_msg(
		        s->msg.type != SL_COAP_CON, "a confirmable message to an unverified peer");
		ck_assert_msg(permille <= 3000 && ip_permille <= 3000, "peer %u: %lu bytes for %lu",
		        peer, (unsigned long)l->out, (unsigned long)l->in);
	}
	lab.sent_count = 0;
}

/* Bytes that are nothing: also empty messages, responses, and the beginnings of requests. */
static size_t
send_junk(unsigned peer, struct sl_coap_msg *msg)
{
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	size_t len = 1 + pick(12);

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)pick(256);
	if (pick(2) == 0) {
		bytes[0] = (uint8_t)(0x40 | pick(16) << 4);
		bytes[1] = (uint8_t)(pick(2) == 0 ? 0 : pick(8) << 5);
	}
	if (pick(4) == 0 && sl_coap_encode(&w, msg) == SL_OK)
		len = w.len;
	lab_send(&lab, peer, sl_span(bytes, len));
	return len;
}

static void
one_request(unsigned n, size_t *answered)
{
	static struct sl_coap_msg msg;
	static unsigned peer;
	size_t len;

	if (n % 7 != 0 || n == 0) { /* else the same datagram again */
		peer = n % PEERS;
		ledgers[peer] = (struct ledger){0};
		random_request(&msg, (uint16_t)n);
	}
	len = n % 11 == 5 ? send_junk(peer, &msg) : lab_send_msg(&lab, peer, &msg);
	ledgers[peer].in += len;
	ledgers[peer].ip_in += HEADER_LEN + len;
	check_budget();
	lab_advance(&lab, pick(100));
	while (*answered < lab.fetch_count && pick(3) != 0)
		random_result((*answered)++);
	if (*answered == lab.fetch_count)
		*answered = lab.fetch_count = 0;
	check_budget();
	hex_release();
}

START_TEST(no_request_gets_more_than_three_times_its_bytes)
{
	unsigned rounds = test_rounds_night(100000, 1000000, 10000000);
	size_t answered = 0;

	lab_open(&lab, LAB_ROUTE
	        "discovery: \"</est/crts>;rt=ace.est.crts;osc,</est/sen>;rt=ace.est.sen;osc\"\n"
	        "limits: {requests-per-second: 0, exchanges: 65536, total-timeout: 10s,\n"
	        " exchanges-per-prefix: 65536, in-flight-per-prefix: 65536}\n");
	for (unsigned n = 0; n < rounds; n++)
		one_request(n, &answered);
	printf("T1.permille-of-%u %lu 3000 %s %d\n", rounds,
	        (unsigned long)worst_permille, worst_permille <= 3000 ? "PASS" : "FAIL", SEED);
	printf("T1.ip-permille-of-%u %lu 3000 %s %d\n", rounds,
	        (unsigned long)worst_ip_permille, worst_ip_permille <= 3000 ? "PASS" : "FAIL",
	        SEED);
	ck_assert_uint_gt(proxy_core_counts(lab.core).forwarded, rounds / 10);
	ck_assert_uint_gt(proxy_core_counts(lab.core).sliced, rounds / 1000);
	lab_close(&lab);
}
END_TEST

static Suite *
any_suite(void)
{
	Suite *s = suite_create("proxy, any request");
	TCase *t = tcase_create("any request");

	tcase_set_timeout(t, 0);
	tcase_add_test(t, no_request_gets_more_than_three_times_its_bytes);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(any_suite());
}
