/* SPDX-License-Identifier: BSD-2-Clause
 * Known answers of RFC 8032, RFC 7748 (25519 and 448), RFC 6979 and RFC 5903: tests/vectors/keys.json. */
#include "support.h"

#include <sl/pkey.h>

static struct sl_pkey *
load_private(const json_t *row, const char *member)
{
	struct sl_pkey *key = NULL;

	ck_assert_ok(sl_pkey_from_raw_private(
	        &key, sl_pkey_type_by_name(vectors_text(row, "type")), vectors_hex(row, member)));
	return key;
}

START_TEST(public_keys_follow_from_private_ones)
{
	json_t *root = vectors_load("keys.json"), *row;
	size_t i;

	json_array_foreach(vectors_list(root, "public_keys"), i, row)
	{
		struct sl_pkey *key = load_private(row, "private"), *peer = NULL;
		struct sl_span want = vectors_hex(row, "public");
		uint8_t raw[96];
		size_t len = 0;

		ck_assert_ok(sl_pkey_to_raw_public(key, raw, sizeof raw, &len));
		ck_assert_bytes(sl_span(raw, len), want);
		ck_assert_ok(sl_pkey_from_raw_public(&peer, sl_pkey_type(key), want));
		ck_assert_msg(sl_pkey_equal_public(key, peer), "%s", vectors_text(row, "source"));
		ck_assert(sl_pkey_has_private(key) && !sl_pkey_has_private(peer));
		sl_pkey_free(key);
		sl_pkey_free(peer);
	}
	vectors_ran("public keys", i);
	json_decref(root);
}
END_TEST

START_TEST(published_signatures_verify)
{
	json_t *root = vectors_load("keys.json"), *row;
	size_t i;

	json_array_foreach(vectors_list(root, "signatures"), i, row)
	{
		struct sl_pkey *key = load_private(row, "private");
		struct sl_span message = vectors_hex(row, "message");
		struct sl_span want = vectors_hex(row, "signature");
		uint8_t made[SL_SIGNATURE_MAX];
		size_t len = 0;

		ck_assert_ok(sl_verify_raw(key, message, want));
		ck_assert_ok(sl_sign_raw(key, message, made, sizeof made, &len));
		if (sl_pkey_type(key) == SL_PKEY_ED25519 || sl_pkey_type(key) == SL_PKEY_ED448)
			/* the ones without a random number */
			ck_assert_bytes(sl_span(made, len), want);
		ck_assert_ok(sl_verify_raw(key, message, sl_span(made, len)));
		sl_pkey_free(key);
	}
	vectors_ran("signatures", i);
	json_decref(root);
}
END_TEST

START_TEST(both_sides_agree_on_the_published_secret)
{
	json_t *root = vectors_load("keys.json"), *row;
	size_t i;

	json_array_foreach(vectors_list(root, "agreements"), i, row)
	{
		struct sl_pkey *a = load_private(row, "private"),
		               *b = load_private(row, "peer_private");
		struct sl_span want = vectors_hex(row, "shared");
		uint8_t shared[56];
		size_t len = 0;

		ck_assert_ok(sl_ecdh(a, b, shared, sizeof shared, &len));
		ck_assert_bytes(sl_span(shared, len), want);
		ck_assert_ok(sl_ecdh(b, a, shared, want.len, &len));
		ck_assert_bytes(sl_span(shared, len), want);
		sl_pkey_free(a);
		sl_pkey_free(b);
	}
	vectors_ran("agreements", i);
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypto key vectors");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, public_keys_follow_from_private_ones);
	tcase_add_test(tc, published_signatures_verify);
	tcase_add_test(tc, both_sides_agree_on_the_published_secret);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
