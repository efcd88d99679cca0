/* SPDX-License-Identifier: BSD-2-Clause
 * Raw keys. The point is that of RFC 6979 appendix A.2.5; its y ends in 99, so it is the odd one. */
#include "support.h"

#include <sl/pkey.h>

#include <string.h>

#define X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
/* p - y, with p = ffffffff00000001000000000000000000000000ffffffffffffffffffffffff */
#define Y_EVEN "86fc01eef74743675be51616a9d7439b0d0e4df4d28160ae885c3d6b2bb9dd66"

static const struct {
	const char *raw, *y;
} forms[] = {
        {"04" X Y, Y},
        {X Y, Y},
        {"03" X, Y},
        {"02" X, Y_EVEN},
        {X, Y_EVEN},
};

START_TEST(reads_each_form_of_a_point)
{
	struct sl_pkey *key = NULL;
	uint8_t raw[64];
	size_t len = 0;

	ck_assert_ok(sl_pkey_from_raw_public(&key, SL_PKEY_P256, hex(forms[_i].raw)));
	ck_assert_ok(sl_pkey_to_raw_public(key, raw, sizeof raw, &len));
	ck_assert_uint_eq(len, 64);
	ck_assert_bytes(sl_span(raw, 32), hex(X));
	ck_assert_bytes(sl_span(raw + 32, 32), hex(forms[_i].y));
	ck_assert_err(sl_pkey_to_raw_public(key, raw, 63, &len), SL_ESPACE);
	sl_pkey_free(key);
}
END_TEST

static const struct {
	const char *because;
	enum sl_pkey_type type;
	const char *raw;
	enum sl_err want;
} bad_public[] = {
        {"nothing is no point", SL_PKEY_P256, "", SL_EMALFORMED},
        {"one byte is no point", SL_PKEY_P256, "00", SL_EMALFORMED},
        {"y of another point", SL_PKEY_P256, "04" X X, SL_EMALFORMED},
        {"hybrid form", SL_PKEY_P256, "07" X Y, SL_EMALFORMED},
        {"compressed with the wrong first byte", SL_PKEY_P256, "04" X, SL_EMALFORMED},
        {"uncompressed with the wrong first byte", SL_PKEY_P256, "02" X Y, SL_EMALFORMED},
        {"a byte too many", SL_PKEY_P256, "04" X Y "00", SL_EMALFORMED},
        {"x is not below p", SL_PKEY_P256,
                "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", SL_EMALFORMED},
        {"a P-256 point is no P-384 point", SL_PKEY_P384, "04" X Y, SL_EMALFORMED},
        {"31 bytes of X25519", SL_PKEY_X25519,
                "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e", SL_EMALFORMED},
        {"33 bytes of Ed25519", SL_PKEY_ED25519,
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00",
                SL_EMALFORMED},
        {"no such type", SL_PKEY_OTHER, X, SL_EUNSUPPORTED},
};

START_TEST(refuses_a_bad_raw_public_key)
{
	struct sl_pkey *key = NULL;

	ck_assert_msg(sl_pkey_from_raw_public(&key, bad_public[_i].type, hex(bad_public[_i].raw)) ==
	                      bad_public[_i].want,
	        "accepted although %s", bad_public[_i].because);
	ck_assert_ptr_null(key);
}
END_TEST

START_TEST(refuses_a_bad_raw_private_key)
{
	static const char order[] =
	        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	static const char largest[] =
	        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
	struct sl_pkey *key = NULL;

	ck_assert_err(sl_pkey_from_raw_private(&key, SL_PKEY_P256, hex(order)), SL_EMALFORMED);
	ck_assert_err(sl_pkey_from_raw_private(&key, SL_PKEY_P256, hex("01")), SL_EMALFORMED);
	ck_assert_err(sl_pkey_from_raw_private(&key, SL_PKEY_P384, hex(X)), SL_EMALFORMED);
	ck_assert_err(sl_pkey_from_raw_private(&key, SL_PKEY_OTHER, hex(X)), SL_EUNSUPPORTED);
	ck_assert_ptr_null(key);
	ck_assert_ok(sl_pkey_from_raw_private(&key, SL_PKEY_P256, hex(largest)));
	sl_pkey_free(key);
}
END_TEST

/* The base point of P-256 (SEC 2 section 2.4.2) is the public key of the scalar one. */
START_TEST(the_scalar_one_gives_the_base_point)
{
	uint8_t one[32] = {[31] = 1}, raw[64];
	struct sl_pkey *key = NULL;
	size_t len = 0;

	ck_assert_ok(sl_pkey_from_raw_private(&key, SL_PKEY_P256, sl_span(one, sizeof one)));
	ck_assert_ok(sl_pkey_to_raw_public(key, raw, sizeof raw, &len));
	ck_assert_bytes(sl_span(raw, len),
	        hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"));
	sl_pkey_free(key);
}
END_TEST

/* A private scalar and its negative: one x, two points. */
START_TEST(one_x_has_one_holder)
{
	struct sl_pkey *key = NULL, *even = NULL, *odd = NULL, *other = NULL, *montgomery = NULL;
	uint8_t point[1 + 64], stranger[32];
	size_t len = 0;

	memset(stranger, 7, sizeof stranger);
	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	ck_assert_ok(sl_pkey_to_raw_public(key, point + 1, 64, &len));
	point[0] = 2;
	ck_assert_ok(sl_pkey_from_raw_public(&even, SL_PKEY_P256, sl_span(point, 33)));
	point[0] = 3;
	ck_assert_ok(sl_pkey_from_raw_public(&odd, SL_PKEY_P256, sl_span(point, 33)));
	ck_assert_ok(sl_pkey_from_raw_private(&other, SL_PKEY_P256, sl_span(stranger, 32)));
	ck_assert_ok(sl_pkey_from_raw_private(&montgomery, SL_PKEY_X25519, sl_span(stranger, 32)));
	ck_assert(!sl_pkey_equal_public(even, odd));
	ck_assert(sl_pkey_same_holder(even, odd));
	ck_assert(sl_pkey_same_holder(key, odd) && sl_pkey_same_holder(key, even));
	ck_assert(!sl_pkey_same_holder(key, other));
	ck_assert(!sl_pkey_same_holder(other, montgomery));
	ck_assert(sl_pkey_same_holder(montgomery, montgomery));
	sl_pkey_free(key);
	sl_pkey_free(even);
	sl_pkey_free(odd);
	sl_pkey_free(other);
	sl_pkey_free(montgomery);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypto raw");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, reads_each_form_of_a_point, 0, ARRAY_LEN(forms));
	tcase_add_loop_test(tc, refuses_a_bad_raw_public_key, 0, ARRAY_LEN(bad_public));
	tcase_add_test(tc, refuses_a_bad_raw_private_key);
	tcase_add_test(tc, the_scalar_one_gives_the_base_point);
	tcase_add_test(tc, one_x_has_one_holder);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
