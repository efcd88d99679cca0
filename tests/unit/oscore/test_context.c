/* SPDX-License-Identifier: BSD-2-Clause
 * Contexts: what init refuses, algorithms with other lengths, Partial IVs, and sequence numbers
 * that no crash makes come twice. */
#include "pair.h"

#include <sl/hash.h>

#include <string.h>

static const uint8_t long_bytes[SL_OSCORE_ID_CONTEXT_MAX + 1];

static enum sl_err
init_with(struct sl_oscore_params p)
{
	struct sl_oscore_ctx ctx;

	return sl_oscore_ctx_init(&ctx, &p);
}

START_TEST(master_secret_has_at_least_16_bytes)
{
	struct sl_oscore_params p = client_params();

	p.master_secret = sl_span(long_bytes, 15);
	ck_assert_err(init_with(p), SL_EMALFORMED);
	p.master_secret = sl_span(long_bytes, 16);
	ck_assert_ok(init_with(p));
}
END_TEST

/* RFC 8613 section 3.3: at most nonce length - 6. */
START_TEST(ids_are_bounded_by_the_nonce)
{
	static const struct {
		int alg;
		size_t id_max;
	} rows[] = {{10, 7}, {30, 7}, {11, 7}, {31, 7}, {1, 6}, {2, 6}, {3, 6}, {24, 6}, {12, 1},
	        {13, 1}, {32, 1}, {33, 1}};
	struct sl_oscore_params p = client_params();

	p.aead_alg = rows[_i].alg;
	p.sender_id = sl_span(long_bytes, rows[_i].id_max);
	p.recipient_id = sl_span(NULL, 0);
	ck_assert_ok(init_with(p));
	ck_assert_ok(init_with(mirrored(p)));
	p.sender_id = sl_span(long_bytes, rows[_i].id_max + 1);
	ck_assert_err(init_with(p), SL_EMALFORMED);
	ck_assert_err(init_with(mirrored(p)), SL_EMALFORMED);
}
END_TEST

START_TEST(equal_ids_are_refused)
{
	struct sl_oscore_params p = client_params();

	p.sender_id = p.recipient_id;
	ck_assert_err(init_with(p), SL_EMALFORMED);
	p.sender_id = p.recipient_id = sl_span(NULL, 0);
	ck_assert_err(init_with(p), SL_EMALFORMED);
}
END_TEST

START_TEST(limits_of_id_context_and_window)
{
	struct sl_oscore_params p = client_params();

	p.has_id_context = true;
	p.id_context = sl_span(long_bytes, SL_OSCORE_ID_CONTEXT_MAX);
	p.window = SL_OSCORE_WINDOW_MAX;
	ck_assert_ok(init_with(p));
	p.window = SL_OSCORE_WINDOW_MAX + 1;
	ck_assert_err(init_with(p), SL_EMALFORMED);
	p.window = 0;
	p.id_context = sl_span(long_bytes, SL_OSCORE_ID_CONTEXT_MAX + 1);
	ck_assert_err(init_with(p), SL_EMALFORMED);
}
END_TEST

START_TEST(unknown_algorithms_are_unsupported)
{
	struct sl_oscore_params p = client_params();

	p.aead_alg = -65535;
	ck_assert_err(init_with(p), SL_EUNSUPPORTED);
	p.aead_alg = 10;
	p.hkdf_hash = SL_SHAKE256;
	ck_assert_err(init_with(p), SL_EUNSUPPORTED);
	p.hkdf_hash = -17;
	ck_assert_err(init_with(p), SL_EUNSUPPORTED);
}
END_TEST

START_TEST(failure_leaves_the_context_alone)
{
	struct sl_oscore_params p = client_params();
	struct sl_oscore_ctx ctx, before;

	memset(&ctx, 0x5a, sizeof ctx);
	memcpy(&before, &ctx, sizeof ctx);
	p.hkdf_hash = -17;
	ck_assert_err(sl_oscore_ctx_init(&ctx, &p), SL_EUNSUPPORTED);
	ck_assert(memcmp(&before, &ctx, sizeof ctx) == 0);
}
END_TEST

START_TEST(a_new_context_has_nothing_reserved_and_an_empty_window)
{
	struct sl_oscore_params p = client_params();
	struct sl_oscore_ctx ctx;

	ck_assert_ok(sl_oscore_ctx_init(&ctx, &p));
	ck_assert_int_eq(ctx.aead->cose_alg, 10);
	ck_assert_uint_eq(ctx.ssn, 0);
	ck_assert_uint_eq(ctx.ssn_limit, 0);
	ck_assert_uint_eq(ctx.window.size, SL_OSCORE_WINDOW_DEFAULT);
	ck_assert(ctx.window.is_empty && !ctx.window.is_lost);
}
END_TEST

/* An ID Context that is there and empty is not an absent one: 40 and f6 in info. */
START_TEST(an_empty_id_context_changes_the_keys)
{
	struct sl_oscore_params p = client_params();
	struct sl_oscore_ctx absent, empty;
	uint8_t prk[32], key[16];

	ck_assert_ok(sl_oscore_ctx_init(&absent, &p));
	p.has_id_context = true;
	ck_assert_ok(sl_oscore_ctx_init(&empty, &p));
	ck_assert(!sl_span_equal(sl_key_view(&absent.sender_key), sl_key_view(&empty.sender_key)));
	/* Section 3.2.1 by hand: [h'', h'', 10, "Key", 16]. */
	ck_assert_ok(sl_hkdf_extract(SL_SHA256, p.master_salt, p.master_secret, prk));
	ck_assert_ok(
	        sl_hkdf_expand(SL_SHA256, sl_span(prk, 32), hex("8540400a634b657910"), key, 16));
	ck_assert_bytes(sl_key_view(&empty.sender_key), sl_span(key, 16));
}
END_TEST

/* Section 3.2.1 by hand for AES-CCM-64-128-256 (33) and SHA-512: L is 32 for keys, 7 for the IV. */
START_TEST(lengths_and_hash_follow_the_algorithms)
{
	struct sl_oscore_params p = client_params();
	struct sl_oscore_ctx ctx;
	uint8_t prk[64], out[32];

	p.aead_alg = 33;
	p.hkdf_hash = SL_SHA512;
	ck_assert_ok(sl_oscore_ctx_init(&ctx, &p));
	ck_assert_ok(sl_hkdf_extract(SL_SHA512, p.master_salt, p.master_secret, prk));
	ck_assert_ok(sl_hkdf_expand(
	        SL_SHA512, sl_span(prk, 64), hex("854101f61821634b65791820"), out, 32));
	ck_assert_bytes(sl_key_view(&ctx.recipient_key), sl_span(out, 32));
	ck_assert_ok(
	        sl_hkdf_expand(SL_SHA512, sl_span(prk, 64), hex("8540f6182162495607"), out, 7));
	ck_assert_bytes(sl_key_view(&ctx.common_iv), sl_span(out, 7));
}
END_TEST

/* Section 5.2 with a Common IV of zeros: S, the id and the Partial IV, each at the right. */
START_TEST(nonces_of_every_length)
{
	static const struct {
		int alg;
		const char *id_piv, *piv, *nonce;
	} rows[] = {
	        {10, "0102030405060a", "0102030405", "07 0102030405060a 0102030405"},
	        {10, "ab", "14", "01 000000000000ab 0000000014"},
	        {1, "010203040506", "ffffffffff", "06 010203040506 ffffffffff"},
	        {24, "", "00", "00 000000000000 0000000000"},
	        {12, "ab", "0100", "01 ab 0000000100"},
	};
	struct sl_oscore_ctx ctx = {.aead = sl_aead_by_cose(rows[_i].alg)};
	struct sl_span want = hex(rows[_i].nonce);
	uint8_t out[13];

	sl_oscore_nonce(out, &ctx, hex(rows[_i].id_piv), hex(rows[_i].piv));
	ck_assert_bytes(sl_span(out, ctx.aead->nonce_len), want);
	memset(ctx.common_iv.bytes, 0xff, ctx.aead->nonce_len);
	sl_oscore_nonce(out, &ctx, hex(rows[_i].id_piv), hex(rows[_i].piv));
	for (size_t i = 0; i < want.len; i++)
		ck_assert_uint_eq(out[i], (uint8_t)~want.ptr[i]);
}
END_TEST

START_TEST(partial_ivs_are_shortest)
{
	static const struct {
		uint64_t ssn;
		const char *piv;
	} rows[] = {{0, "00"}, {1, "01"}, {20, "14"}, {255, "ff"}, {256, "0100"}, {65535, "ffff"},
	        {65536, "010000"}, {0xffffff, "ffffff"}, {0x1000000, "01000000"},
	        {0xffffffff, "ffffffff"}, {0x100000000, "0100000000"},
	        {SL_OSCORE_SSN_END - 1, "ffffffffff"}};
	uint8_t out[SL_OSCORE_PIV_MAX];
	size_t len = sl_oscore_piv_encode(out, rows[_i].ssn);

	ck_assert_bytes(sl_span(out, len), hex(rows[_i].piv));
}
END_TEST

START_TEST(clear_wipes_everything)
{
	static const struct sl_oscore_ctx zeros;
	struct pair p;

	pair_init(&p);
	sl_oscore_ctx_clear(&p.client);
	ck_assert(memcmp(&p.client, &zeros, sizeof zeros) == 0);
}
END_TEST

START_TEST(reservations_only_rise_and_end_at_2_to_40)
{
	struct sl_oscore_ctx ctx = {0};

	sl_oscore_reserve(&ctx, 100);
	sl_oscore_reserve(&ctx, 50);
	ck_assert_uint_eq(ctx.ssn_limit, 100);
	sl_oscore_reserve(&ctx, UINT64_MAX);
	ck_assert_uint_eq(ctx.ssn_limit, SL_OSCORE_SSN_END);
	sl_oscore_resume(&ctx, UINT64_MAX);
	ck_assert_uint_eq(ctx.ssn, SL_OSCORE_SSN_END);
}
END_TEST

START_TEST(resuming_goes_never_backwards)
{
	struct sl_oscore_ctx ctx = {.ssn = 70, .ssn_limit = 100};

	sl_oscore_resume(&ctx, 64);
	ck_assert_uint_eq(ctx.ssn, 70);
	ck_assert_uint_eq(ctx.ssn_limit, 70);
}
END_TEST

static uint64_t
draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A device that reserves in steps and loses its memory at random moments, also between the durable
 * write and the reservation: no Partial IV is seen twice, and none that is not durable. */
START_TEST(no_crash_makes_a_number_come_twice)
{
	uint64_t state = 0x2545f4914f6cdd1d, durable = 0, last = 0;
	struct crossing c;
	struct pair p;
	int sent = 0;

	pair_init(&p);
	p.client.ssn_limit = 0;
	for (int i = 0; i < 20000; i++) {
		if (draw(&state) % 16 == 0) { /* crash: all that is left is durable */
			struct sl_oscore_params params = client_params();

			ck_assert_ok(sl_oscore_ctx_init(&p.client, &params));
			sl_oscore_resume(&p.client, durable);
		}
		if (p.client.ssn == p.client.ssn_limit) {
			durable = p.client.ssn + 1 + draw(&state) % 8;
			if (draw(&state) % 8 == 0)
				continue; /* written, and then the power went */
			sl_oscore_reserve(&p.client, durable);
		}
		request_cross(&p, &c);
		ck_assert_uint_lt(p.client.ssn - 1, durable);
		ck_assert_msg(sent == 0 || p.client.ssn - 1 > last, "a number came twice");
		last = p.client.ssn - 1;
		ck_assert_int_eq(request_arrives(&p, &c, NULL), SL_OSCORE_OK);
		sent++;
		if (sent % 64 == 0)
			hex_release();
	}
	ck_assert_int_gt(sent, 10000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oscore/context");
	TCase *tc = tcase_create("context");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, master_secret_has_at_least_16_bytes);
	tcase_add_loop_test(tc, ids_are_bounded_by_the_nonce, 0, 12);
	tcase_add_test(tc, equal_ids_are_refused);
	tcase_add_test(tc, limits_of_id_context_and_window);
	tcase_add_test(tc, unknown_algorithms_are_unsupported);
	tcase_add_test(tc, failure_leaves_the_context_alone);
	tcase_add_test(tc, a_new_context_has_nothing_reserved_and_an_empty_window);
	tcase_add_test(tc, an_empty_id_context_changes_the_keys);
	tcase_add_test(tc, lengths_and_hash_follow_the_algorithms);
	tcase_add_loop_test(tc, nonces_of_every_length, 0, 5);
	tcase_add_loop_test(tc, partial_ivs_are_shortest, 0, 12);
	tcase_add_test(tc, clear_wipes_everything);
	tcase_add_test(tc, reservations_only_rise_and_end_at_2_to_40);
	tcase_add_test(tc, resuming_goes_never_backwards);
	tcase_add_test(tc, no_crash_makes_a_number_come_twice);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
