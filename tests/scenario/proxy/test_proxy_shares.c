/* SPDX-License-Identifier: BSD-2-Clause
 * T3: one network opens as many uploads as it can, another one still gets its own through. The shares that the
 * configuration makes of uploads, answers and bytes. */
#include <string.h>

#include "lab.h"

#define NO_RATE "requests-per-second: 0"

static struct lab lab;

/* 20.network.0.1 and on, four ports each. */
static struct sl_peer
peer_of(unsigned network, unsigned n)
{
	const uint8_t bytes[4] = {20, (uint8_t)network, 0, (uint8_t)(1 + n / 4)};
	struct address remote = address_from_bytes(bytes, false, (uint16_t)(5000 + n % 4));
	struct address local = address_from_bytes((const uint8_t[]){127, 0, 0, 1}, false, 5683);
	struct sl_peer peer;

	peer_encode(&peer, &remote, &local);
	return peer;
}

/* One block of 1024 bytes; the code of the answer. */
static uint8_t
put(unsigned network, unsigned n, struct sl_coap_block block)
{
	struct sl_peer peer = peer_of(network, n);
	uint8_t bytes[SL_DATAGRAM_MAX];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_datagram_out out;
	struct sl_coap_msg msg;

	lab_oscore(&msg, (uint16_t)block.num, lab_bytes(1024, (uint8_t)n));
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, block));
	ck_assert_ok(sl_coap_encode(&w, &msg));
	proxy_core_on_datagram(lab.core, &peer, sl_writer_span(&w), lab.now_ms);
	if (!proxy_core_next_send(lab.core, &out))
		return 0;
	ck_assert_ok(sl_coap_decode(&msg, out.bytes));
	ck_assert(!proxy_core_next_send(lab.core, &out));
	return msg.code;
}

/* How many uploads a network begins out of a thousand tries. */
static unsigned
begin_many(unsigned network)
{
	unsigned begun = 0;

	for (unsigned n = 0; n < 1000; n++)
		begun += put(network, n, (struct sl_coap_block){0, true, 6}) == SL_COAP_CONTINUE;
	return begun;
}

static void
conclude(const char *name, unsigned value, unsigned limit)
{
	printf("T3.%s %u %u %s -\n", name, value, limit, value == limit ? "PASS" : "FAIL");
	ck_assert_uint_eq(value, limit);
}

/* The defaults: 1024 uploads, an eighth of them is 128. */
START_TEST(one_network_does_not_take_all_uploads)
{
	struct core_fetch fetch;

	lab_open(&lab, LAB_ROUTE "limits: {" NO_RATE "}\n");
	conclude("uploads-of-a-greedy-network", begin_many(1), 128);
	ck_assert_uint_eq(proxy_core_counts(lab.core).blocks.over_quota, 1000 - 128);
	ck_assert_uint_eq(put(2, 0, (struct sl_coap_block){0, true, 6}), SL_COAP_CONTINUE);
	put(2, 0, (struct sl_coap_block){1, false, 6});
	conclude("fetches-of-another-network", proxy_core_next_fetch(lab.core, &fetch), 1);
	ck_assert_uint_eq(fetch.body.len, 2048);
	lab_close(&lab);
}
END_TEST

static const struct {
	const char *because;
	const char *limits;
	unsigned begun;
} shares[] = {
        {"the share is set", "uploads: 64, uploads-per-prefix: 8", 8},
        {"a share as large as the table is none", "uploads: 64, uploads-per-prefix: 64", 64},
        {"the default is larger than the table", "uploads: 64", 64},
        {"an eighth of 1 MiB in bytes", "uploads: 1024, body-bytes: 1MiB", 128},
        {"128 KiB for an eighth, but the largest body is 256 KiB",
                "uploads: 2048, uploads-per-prefix: 256, body-bytes: 1MiB, request-body: 256KiB",
                256},
        {"64 KiB for an eighth: 64 blocks of 1024 bytes",
                "uploads: 1024, body-bytes: 512KiB, response-body: 64KiB", 64},
};

/* Trusted prefixes have no share, and from the half of a table on only they begin. */
START_TEST(shares_follow_the_configuration)
{
	char text[512];
	bool is_all = shares[_i].begun == 64 && strstr(shares[_i].limits, "body-bytes") == NULL;

	(void)snprintf(text, sizeof text, "%secho: %s\nlimits: {" NO_RATE ", %s}\n", LAB_ROUTE,
	        is_all ? "\"off\"" : "auto", shares[_i].limits);
	lab_open(&lab, text);
	ck_assert_msg(begin_many(1) == shares[_i].begun, "%s", shares[_i].because);
	lab_close(&lab);
}
END_TEST

START_TEST(trusted_prefixes_have_no_share)
{
	lab_open(&lab, LAB_ROUTE "trusted-prefixes: [\"20.1.0.0/16\"]\nlimits: {" NO_RATE "}\n");
	ck_assert_uint_eq(begin_many(1), 1000);
	ck_assert_uint_eq(proxy_core_counts(lab.core).blocks.over_quota, 0);
	lab_close(&lab);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("shares");
	TCase *tc = tcase_create("uploads");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, one_network_does_not_take_all_uploads);
	tcase_add_loop_test(tc, shares_follow_the_configuration, 0, (int)ARRAY_LEN(shares));
	tcase_add_test(tc, trusted_prefixes_have_no_share);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
