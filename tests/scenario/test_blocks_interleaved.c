/* SPDX-License-Identifier: BSD-2-Clause
 * Uploads of one end point, interleaved at random, with lost and repeated blocks: what is
 * delivered is one sent body, whole; the others end with 4.08. They differ by one cache-key
 * option, as RFC 7959 section 2.5 and RFC 9175 section 3 ask of a client that has two at once. */
#include "support.h"

#include <sl/blocks.h>

#include <stdio.h>
#include <string.h>

#define UPLOADS_MAX 4
#define BLOCKS_MAX  6

static struct sl_blocks *b;
#define SEED 88172645463325252

static uint64_t seed = SEED;

static unsigned
draw(unsigned below)
{
	seed ^= seed << 13; /* Marsaglia's xorshift64 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % below;
}

struct upload {
	struct sl_coap_msg head; /* code and options that tell it from the others */
	char name[8];
	uint8_t body[16 * BLOCKS_MAX];
	uint32_t count, sent; /* blocks */
	bool is_over, is_delivered;
};

/* Four ways in which uploads of one end point differ. */
static const uint16_t differs_by[] = {
        SL_COAP_REQUEST_TAG, SL_COAP_OSCORE, SL_COAP_PROXY_URI, SL_COAP_URI_PATH};

static void
begin_upload(struct upload *u, unsigned number, uint16_t option)
{
	memset(u, 0, sizeof *u);
	snprintf(u->name, sizeof u->name, "n%u", number);
	sl_coap_msg_init(&u->head, SL_COAP_POST);
	ck_assert_ok(sl_coap_add(&u->head, option, sl_span_text(u->name)));
	u->count = 1 + draw(BLOCKS_MAX);
	for (size_t i = 0; i < sizeof u->body; i++)
		u->body[i] = (uint8_t)(number << 6 | draw(64));
}

/* One step: mostly the next block; sometimes the first again, sometimes one is skipped. */
static void
step_upload(struct upload *u, const struct sl_peer *peer)
{
	struct sl_coap_msg msg = u->head;
	struct sl_block_got got;
	unsigned dice = draw(20);
	uint32_t num = dice == 0 ? 0 : dice == 1 ? u->sent + 1 : u->sent;
	enum sl_block_verdict verdict;

	num = num < u->count ? num : u->count - 1;
	ck_assert_ok(sl_coap_add_block(
	        &msg, SL_COAP_BLOCK1, (struct sl_coap_block){num, num + 1 < u->count, 0}));
	msg.payload = sl_span(u->body + 16 * num, 16);
	verdict = sl_blocks_put(b, peer, &msg, 0, &got);
	if (verdict == SL_BLOCK_WHOLE) {
		ck_assert_bytes(got.body, sl_span(u->body, 16 * u->count));
		u->is_delivered = true;
	} else if (verdict == SL_BLOCK_CONTINUE) {
		u->sent = num + 1;
		return;
	} else {
		ck_assert_int_eq(verdict, SL_BLOCK_INCOMPLETE);
	}
	u->is_over = true;
}

START_TEST(interleaved_uploads_never_blend)
{
	unsigned delivered = 0, refused = 0, rounds = test_rounds_night(15000, 100000, 1000000);
	struct sl_blocks_config config;

	sl_blocks_config_init(&config);
	ck_assert_ok(sl_blocks_new(&b, &config));
	for (unsigned round = 0; round < rounds; round++) {
		struct upload uploads[UPLOADS_MAX];
		struct sl_peer peer = {.len = sizeof round};
		unsigned count = 2 + draw(UPLOADS_MAX - 1), open = count;
		uint16_t option = differs_by[draw(ARRAY_LEN(differs_by))];

		memcpy(peer.bytes, &round, sizeof round);
		for (unsigned i = 0; i < count; i++)
			begin_upload(&uploads[i], i, option);
		while (open > 0) {
			struct upload *u = &uploads[draw(count)];

			if (u->is_over)
				continue;
			step_upload(u, &peer);
			open -= u->is_over;
			delivered += u->is_delivered;
			refused += u->is_over && !u->is_delivered;
		}
		ck_assert_uint_eq(sl_blocks_counts(b).bodies, 0);
		ck_assert_uint_eq(sl_blocks_counts(b).bytes, 0);
	}
	printf("blocks: %u bodies delivered, %u ended with 4.08\n", delivered, refused);
	printf("T4.blended-of-%u-rounds 0 0 PASS %llu\n", rounds,
	        (unsigned long long)SEED); /* one would have ended the test */
	ck_assert_uint_gt(delivered, rounds);
	ck_assert_uint_gt(refused, rounds / 10);
	sl_blocks_free(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("scenario/blocks_interleaved");
	TCase *tc = tcase_create("blocks_interleaved");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, interleaved_uploads_never_blend);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
