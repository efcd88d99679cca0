/* SPDX-License-Identifier: BSD-2-Clause
 * A pair that is put away and taken up again is the same pair, for every type; nothing else is taken. */
#include "support.h"

#include <sl/pkey.h>

static const enum sl_pkey_type types[] = {
        SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519, SL_PKEY_X25519, SL_PKEY_ED448, SL_PKEY_X448};

static bool
signs(enum sl_pkey_type type)
{
	return type != SL_PKEY_X25519 && type != SL_PKEY_X448;
}

static bool
agrees(enum sl_pkey_type type)
{
	return type != SL_PKEY_ED25519 && type != SL_PKEY_ED448;
}

/* What one does the other undoes. */
static void
check_pair(const struct sl_pkey *before, const struct sl_pkey *after)
{
	struct sl_span text = sl_span_text("one pair");
	uint8_t one[SL_SIGNATURE_MAX], two[SL_SIGNATURE_MAX];
	struct sl_pkey *peer = NULL;
	size_t one_len = 0, two_len = 0;

	ck_assert(sl_pkey_equal_public(before, after));
	ck_assert(sl_pkey_has_private(after));
	if (signs(sl_pkey_type(before))) {
		ck_assert_ok(sl_sign(after, text, one, sizeof one, &one_len));
		ck_assert_ok(sl_verify(before, text, sl_span(one, one_len)));
	}
	if (agrees(sl_pkey_type(before))) {
		ck_assert_ok(sl_pkey_generate(&peer, sl_pkey_type(before)));
		ck_assert_ok(sl_ecdh(before, peer, one, sizeof one, &one_len));
		ck_assert_ok(sl_ecdh(after, peer, two, sizeof two, &two_len));
		ck_assert_bytes(sl_span(one, one_len), sl_span(two, two_len));
		ck_assert_ok(sl_ecdh(peer, after, two, sizeof two, &two_len));
		ck_assert_bytes(sl_span(one, one_len), sl_span(two, two_len));
		sl_pkey_free(peer);
	}
}

START_TEST(comes_back_as_it_was)
{
	struct sl_pkey *key = NULL, *again = NULL;
	uint8_t packed[SL_PKEY_PACKED_MAX], spki[2][128];
	size_t len = 0, spki_len[2];

	ck_assert_ok(sl_pkey_generate(&key, types[_i]));
	ck_assert_ok(sl_pkey_pack(key, packed, sizeof packed, &len));
	ck_assert_err(sl_pkey_pack(key, packed, len - 1, &len), SL_ESPACE);
	ck_assert_ok(sl_pkey_unpack(&again, heap_copy(sl_span(packed, len))));
	check_pair(key, again);
	ck_assert_ok(sl_pkey_to_spki(key, spki[0], sizeof spki[0], &spki_len[0]));
	ck_assert_ok(sl_pkey_to_spki(again, spki[1], sizeof spki[1], &spki_len[1]));
	ck_assert_bytes(sl_span(spki[0], spki_len[0]), sl_span(spki[1], spki_len[1]));
	sl_pkey_free(key);
	sl_pkey_free(again);
}
END_TEST

START_TEST(takes_no_other_length)
{
	uint8_t packed[SL_PKEY_PACKED_MAX + 1] = {0};
	struct sl_pkey *key = NULL, *again = NULL;
	size_t len = 0;

	ck_assert_ok(sl_pkey_generate(&key, types[_i]));
	ck_assert_ok(sl_pkey_pack(key, packed, SL_PKEY_PACKED_MAX, &len));
	for (size_t i = 0; i <= len + 1; i++)
		if (i != len)
			ck_assert_err(sl_pkey_unpack(&again, heap_copy(sl_span(packed, i))),
			        SL_EMALFORMED);
	ck_assert_ptr_null(again);
	sl_pkey_free(key);
}
END_TEST

START_TEST(takes_no_other_type_and_no_point_off_the_curve)
{
	uint8_t packed[SL_PKEY_PACKED_MAX];
	struct sl_pkey *key = NULL, *again = NULL;
	size_t len = 0;

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	ck_assert_ok(sl_pkey_pack(key, packed, sizeof packed, &len));
	packed[0] = SL_PKEY_OTHER;
	ck_assert_err(sl_pkey_unpack(&again, sl_span(packed, len)), SL_EMALFORMED);
	packed[0] = 0;
	ck_assert_err(sl_pkey_unpack(&again, sl_span(packed, len)), SL_EMALFORMED);
	packed[0] = SL_PKEY_P384;
	ck_assert_err(sl_pkey_unpack(&again, sl_span(packed, len)), SL_EMALFORMED);
	packed[0] = SL_PKEY_P256;
	packed[len - 1] ^= 1;
	ck_assert_err(sl_pkey_unpack(&again, sl_span(packed, len)), SL_EMALFORMED);
	sl_pkey_free(key);
}
END_TEST

START_TEST(a_public_key_is_no_pair)
{
	uint8_t spki[128], packed[SL_PKEY_PACKED_MAX];
	struct sl_pkey *key = NULL, *public = NULL;
	size_t len = 0;

	ck_assert_ok(sl_pkey_generate(&key, types[_i]));
	ck_assert_ok(sl_pkey_to_spki(key, spki, sizeof spki, &len));
	ck_assert_ok(sl_pkey_from_spki(&public, sl_span(spki, len)));
	ck_assert_err(sl_pkey_pack(public, packed, sizeof packed, &len), SL_EUNSUPPORTED);
	sl_pkey_free(key);
	sl_pkey_free(public);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypto pack");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, comes_back_as_it_was, 0, ARRAY_LEN(types));
	tcase_add_loop_test(tc, takes_no_other_length, 0, ARRAY_LEN(types));
	tcase_add_test(tc, takes_no_other_type_and_no_point_off_the_curve);
	tcase_add_loop_test(tc, a_public_key_is_no_pair, 0, ARRAY_LEN(types));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
