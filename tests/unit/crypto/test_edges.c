/* SPDX-License-Identifier: BSD-2-Clause
 * The corners of key agreement and signatures: unreduced and extreme coordinates, results with leading
 * zeros, sums that double or vanish. The numbers are worked out here, point by point: Q = (sR - eG) / r
 * verifies (r, s) over a message of hash e when r = x(R) mod n (SEC 1 section 4.1.4). */
#include "support.h"

#include <sl/hash.h>
#include <sl/pkey.h>

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <string.h>

static const struct curve {
	enum sl_pkey_type type;
	int nid, hash;
	int len; /* of a coordinate, of n, and of the hash */
} curves[] = {
        {SL_PKEY_P256, NID_X9_62_prime256v1, SL_SHA256, 32},
        {SL_PKEY_P384, NID_secp384r1, SL_SHA384, 48},
};

static const struct curve *curve;
static EC_GROUP *group;
static BIGNUM *p, *a, *b;
static const BIGNUM *n;
static BN_CTX *ctx;

static void
open_curve(size_t i)
{
	curve = &curves[i];
	ctx = BN_CTX_new();
	BN_CTX_start(ctx);
	group = EC_GROUP_new_by_curve_name(curve->nid);
	n = EC_GROUP_get0_order(group);
	p = BN_CTX_get(ctx);
	a = BN_CTX_get(ctx);
	b = BN_CTX_get(ctx);
	ck_assert_int_eq(EC_GROUP_get_curve(group, p, a, b, ctx), 1);
}

static void
close_curve(void)
{
	EC_GROUP_free(group);
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
}

static BIGNUM *
number(BN_ULONG value)
{
	BIGNUM *x = BN_CTX_get(ctx);

	ck_assert_int_eq(BN_set_word(x, value), 1);
	return x;
}

/* x + y, and x - y, without a modulus. */
static BIGNUM *
sum(const BIGNUM *x, const BIGNUM *y)
{
	BIGNUM *z = BN_CTX_get(ctx);

	ck_assert_int_eq(BN_add(z, x, y), 1);
	return z;
}

static BIGNUM *
difference(const BIGNUM *x, const BIGNUM *y)
{
	BIGNUM *z = BN_CTX_get(ctx);

	ck_assert_int_eq(BN_sub(z, x, y), 1);
	return z;
}

/* x y and x / y modulo n. */
static BIGNUM *
product(const BIGNUM *x, const BIGNUM *y)
{
	BIGNUM *z = BN_CTX_get(ctx);

	ck_assert_int_eq(BN_mod_mul(z, x, y, n, ctx), 1);
	return z;
}

static BIGNUM *
quotient(const BIGNUM *x, const BIGNUM *y)
{
	BIGNUM *z = BN_CTX_get(ctx);

	ck_assert_ptr_nonnull(BN_mod_inverse(z, y, n, ctx));
	return product(x, z);
}

/* u G + v Q; Q NULL: u G. */
static EC_POINT *
combine(const BIGNUM *u, const EC_POINT *q, const BIGNUM *v)
{
	EC_POINT *r = EC_POINT_new(group);

	ck_assert_int_eq(EC_POINT_mul(group, r, u, q, v, ctx), 1);
	return r;
}

static BIGNUM *
x_of(const EC_POINT *q)
{
	BIGNUM *x = BN_CTX_get(ctx);

	ck_assert_int_eq(EC_POINT_get_affine_coordinates(group, q, x, NULL, ctx), 1);
	return x;
}

static BIGNUM *
x_of_times(const EC_POINT *q, BN_ULONG times)
{
	EC_POINT *r = combine(NULL, q, number(times));
	BIGNUM *x = x_of(r);

	EC_POINT_free(r);
	return x;
}

/* The first point whose x is at least this; NULL when it would be p or more. */
static EC_POINT *
point_from(const BIGNUM *least)
{
	EC_POINT *q = EC_POINT_new(group);
	BIGNUM *x = sum(least, number(0));

	while (EC_POINT_set_compressed_coordinates(group, q, x, 0, ctx) != 1)
		ck_assert(BN_add_word(x, 1) && BN_cmp(x, p) < 0);
	return q;
}

static struct sl_span
bytes_of(const BIGNUM *x)
{
	uint8_t out[64];

	ck_assert_int_eq(BN_bn2binpad(x, out, curve->len), curve->len);
	return heap_copy(sl_span(out, (size_t)curve->len));
}

static struct sl_pkey *
key_at(const EC_POINT *q)
{
	uint8_t point[100];
	size_t len = EC_POINT_point2oct(
	        group, q, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point, ctx);
	struct sl_pkey *key = NULL;

	ck_assert_uint_gt(len, 1);
	ck_assert_ok(sl_pkey_from_raw_public(&key, curve->type, sl_span(point, len)));
	return key;
}

/* --- signatures ------------------------------------------------------------------------------- */

#define MESSAGE "corner"

static BIGNUM *
hash_of_message(void)
{
	uint8_t hash[SL_HASH_MAX];

	ck_assert_ok(sl_hash(curve->hash, sl_span_text(MESSAGE), hash));
	return BN_bin2bn(hash, curve->len, BN_CTX_get(ctx));
}

static void
ck_verify(const char *because, const EC_POINT *q, const BIGNUM *r, const BIGNUM *s, bool is_good)
{
	struct sl_pkey *key = key_at(q);
	uint8_t signature[96];
	size_t half = (size_t)curve->len;

	memcpy(signature, bytes_of(r).ptr, half);
	memcpy(signature + half, bytes_of(s).ptr, half);
	ck_assert_msg(sl_verify_raw(key, sl_span_text(MESSAGE), sl_span(signature, 2 * half)) ==
	                      (is_good ? SL_OK : SL_EAUTH),
	        "P-%d: %s", 8 * curve->len, because);
	sl_pkey_free(key);
}

/* The key for which (x(R) mod n, s) is a signature: s and, malleable as ECDSA is, n - s. */
static void
ck_signed_with(const char *because, EC_POINT *point, const BIGNUM *s)
{
	BIGNUM *x = x_of(point), *e = hash_of_message();
	BIGNUM *r = BN_cmp(x, n) < 0 ? x : difference(x, n);
	EC_POINT *q =
	        combine(difference(n, quotient(e, r)), point, quotient(s, r)); /* (sR - eG) / r */

	ck_verify(because, q, r, s, true);
	ck_verify(because, q, r, difference(n, s), true);
	ck_verify("s is another one", q, r, sum(s, number(1)), false);
	if (BN_num_bits(sum(r, n)) <= 8 * curve->len)
		ck_verify("r is not reduced", q, sum(r, n), s, false);
	if (BN_num_bits(sum(s, n)) <= 8 * curve->len)
		ck_verify("s is not reduced", q, r, sum(s, n), false);
	ck_verify("r is zero", q, number(0), s, false);
	ck_verify("s is zero", q, r, number(0), false);
	ck_verify("r is n", q, n, s, false);
	ck_verify("s is n", q, r, n, false);
	ck_verify("both are one", q, number(1), number(1), false);
	EC_POINT_free(q);
	EC_POINT_free(point);
}

START_TEST(extreme_halves_of_a_signature)
{
	open_curve((size_t)_i);
	ck_signed_with("nothing is special", combine(number(12345), NULL, NULL), number(67890));
	ck_signed_with("x(R) lies between n and p", point_from(sum(n, number(1))), number(67890));
	ck_signed_with("r is small", point_from(number(1)), number(67890));
	ck_signed_with("r and s are small", point_from(number(1)), number(3));
	ck_signed_with("s is one", combine(number(12345), NULL, NULL), number(1));
	ck_signed_with("s is n - 2", combine(number(12345), NULL, NULL), difference(n, number(2)));
	ck_signed_with("R is G", combine(number(1), NULL, NULL), number(67890));
	close_curve();
}
END_TEST

/* u1 = e / s and u2 = r / s: what becomes of u1 G + u2 Q when both are one point, or opposite ones. */
START_TEST(sums_that_double_or_vanish)
{
	BIGNUM *e, *r, *s, *u1, *u2;
	EC_POINT *point, *q;

	open_curve((size_t)_i);
	e = hash_of_message();
	u1 = number(777);
	point = combine(number(2 * 777), NULL, NULL);
	r = x_of(point);
	s = quotient(e, u1);
	u2 = quotient(r, s);
	q = combine(quotient(u1, u2), NULL, NULL);
	ck_verify("u2 Q is u1 G, the sum its double", q, r, s, true);
	EC_POINT_free(q);
	q = combine(difference(n, quotient(u1, u2)), NULL, NULL);
	ck_verify("u2 Q is -u1 G, the sum is at infinity", q, r, s, false);
	EC_POINT_free(q);
	EC_POINT_free(point);

	/* d = 1 and d = n - 1: s = (e + r d) / k */
	point = combine(number(4242), NULL, NULL);
	r = x_of(point);
	q = combine(number(1), NULL, NULL);
	ck_verify("the key is G", q, r, quotient(sum(e, r), number(4242)), true);
	EC_POINT_free(q);
	q = combine(difference(n, number(1)), NULL, NULL);
	ck_verify("the key is -G", q, r, quotient(sum(e, difference(n, r)), number(4242)), true);
	ck_verify("of the key G", q, r, quotient(sum(e, r), number(4242)), false);
	EC_POINT_free(q);
	EC_POINT_free(point);
	close_curve();
}
END_TEST

/* RFC 8032 sections 5.1.7 and 5.2.7: S is less than the order of the group. */
static const struct {
	enum sl_pkey_type type;
	size_t half;
	const char *order; /* least byte first */
} edwards[] = {
        /* 2^252 + 27742317777372353535851937790883648493 */
        {SL_PKEY_ED25519, 32, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"},
        /* 2^446 - 13818066809895115352007386748515426880336692474882178609894547503885 */
        {SL_PKEY_ED448, 57,
                "f34458ab92c27823558fc58d72c26c219036d6ae49db4ec4e923ca7c"
                "ffffffffffffffffffffffffffffffffffffffffffffffffffffff3f00"},
};

START_TEST(the_scalar_of_an_edwards_signature_is_reduced)
{
	struct sl_span order = hex(edwards[_i].order);
	struct sl_pkey *key = NULL;
	uint8_t signature[SL_SIGNATURE_MAX];
	unsigned carry = 0;
	size_t len = 0;

	ck_assert_uint_eq(order.len, edwards[_i].half);
	ck_assert_ok(sl_pkey_generate(&key, edwards[_i].type));
	ck_assert_ok(sl_sign_raw(key, sl_span_text(MESSAGE), signature, sizeof signature, &len));
	ck_assert_uint_eq(len, 2 * order.len);
	ck_assert_ok(sl_verify_raw(key, sl_span_text(MESSAGE), sl_span(signature, len)));
	for (size_t i = 0; i < order.len; i++) {
		carry += signature[order.len + i] + order.ptr[i];
		signature[order.len + i] = (uint8_t)carry;
		carry >>= 8;
	}
	ck_assert_uint_eq(carry, 0);
	ck_assert_err(sl_verify_raw(key, sl_span_text(MESSAGE), sl_span(signature, len)), SL_EAUTH);
	sl_pkey_free(key);
}
END_TEST

/* --- agreement ---------------------------------------------------------------------------------- */

static void
ck_agree(const BIGNUM *scalar, const EC_POINT *q, const BIGNUM *want)
{
	struct sl_pkey *own = NULL, *peer = key_at(q), *peer_x = NULL;
	uint8_t shared[64];
	size_t len = 0;

	ck_assert_ok(sl_pkey_from_raw_private(&own, curve->type, bytes_of(scalar)));
	ck_assert_ok(sl_ecdh(own, peer, shared, sizeof shared, &len));
	ck_assert_bytes(sl_span(shared, len), bytes_of(want));
	/* x alone says as much (RFC 9528 section 3.7) */
	ck_assert_ok(sl_pkey_from_raw_public(&peer_x, curve->type, bytes_of(x_of(q))));
	ck_assert_ok(sl_ecdh(own, peer_x, shared, sizeof shared, &len));
	ck_assert_bytes(sl_span(shared, len), bytes_of(want));
	sl_pkey_free(own);
	sl_pkey_free(peer);
	sl_pkey_free(peer_x);
}

START_TEST(extreme_scalars_and_short_secrets)
{
	EC_POINT *q, *small, *source;

	open_curve((size_t)_i);
	q = combine(number(987654321), NULL, NULL);
	ck_agree(number(1), q, x_of(q));
	ck_agree(difference(n, number(1)), q, x_of(q));
	ck_agree(number(2), q, x_of_times(q, 2));
	ck_agree(difference(n, number(2)), q, x_of_times(q, 2));
	/* the secret is all zeros but its last byte: it is not shortened */
	small = point_from(number(1));
	ck_assert_int_le(BN_num_bits(x_of(small)), 8);
	source = combine(NULL, small, quotient(number(1), number(31337)));
	ck_agree(number(31337), source, x_of(small));
	/* coordinates at both ends of the field */
	ck_agree(number(31337), small, x_of_times(small, 31337));
	EC_POINT_free(source);
	EC_POINT_free(small);
	small = point_from(difference(p, number(64)));
	ck_agree(number(5), small, x_of_times(small, 5));
	EC_POINT_free(small);
	EC_POINT_free(q);
	close_curve();
}
END_TEST

static enum sl_err
load_x(const BIGNUM *x)
{
	struct sl_pkey *key = NULL;
	enum sl_err err = sl_pkey_from_raw_public(&key, curve->type, bytes_of(x));

	ck_assert_int_eq(key != NULL, err == SL_OK);
	sl_pkey_free(key);
	return err;
}

/* Euler: x^3 + ax + b is a square when its power (p - 1) / 2 is 1, or it is 0. */
static bool
is_on_curve(const BIGNUM *x)
{
	BIGNUM *y2 = BN_CTX_get(ctx), *half = BN_CTX_get(ctx);

	ck_assert(BN_mod_sqr(y2, x, p, ctx) && BN_mod_add(y2, y2, a, p, ctx) &&
	          BN_mod_mul(y2, y2, x, p, ctx) && BN_mod_add(y2, y2, b, p, ctx));
	ck_assert(BN_rshift1(half, p) && BN_mod_exp(half, y2, half, p, ctx));
	return BN_is_zero(y2) || BN_is_one(half);
}

START_TEST(coordinates_are_reduced_and_on_the_curve)
{
	BIGNUM *top;
	size_t good = 0;

	open_curve((size_t)_i);
	for (BN_ULONG i = 0; i < 64; i++) {
		BIGNUM *x = number(i);

		ck_assert_err(load_x(x), is_on_curve(x) ? SL_OK : SL_EMALFORMED);
		ck_assert_err(load_x(sum(p, x)), SL_EMALFORMED); /* not reduced */
		good += is_on_curve(x);
		x = difference(p, number(i + 1));
		ck_assert_err(load_x(x), is_on_curve(x) ? SL_OK : SL_EMALFORMED);
	}
	ck_assert_uint_gt(good, 16);
	ck_assert_uint_lt(good, 48);
	top = number(1);
	ck_assert(BN_lshift(top, top, 8 * curve->len) && BN_sub_word(top, 1));
	ck_assert_err(load_x(top), SL_EMALFORMED);
	close_curve();
}
END_TEST

/* RFC 7748 section 5: u is taken modulo p, of X25519 without its top bit. Of the base point that
 * gives the public key. */
static const struct {
	enum sl_pkey_type type;
	const char *because, *u;
} unreduced[] = {
        {SL_PKEY_X25519, "9", "0900000000000000000000000000000000000000000000000000000000000000"},
        {SL_PKEY_X25519, "9 and the top bit",
                "0900000000000000000000000000000000000000000000000000000000000080"},
        {SL_PKEY_X25519, "p + 9", /* 2^255 - 10 */
                "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {SL_PKEY_X25519, "p + 9 and the top bit",
                "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
        {SL_PKEY_X448, "5",
                "05000000000000000000000000000000000000000000000000000000"
                "00000000000000000000000000000000000000000000000000000000"},
        {SL_PKEY_X448, "p + 5", /* 2^448 - 2^224 + 4 */
                "04000000000000000000000000000000000000000000000000000000"
                "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
};

START_TEST(u_is_reduced)
{
	struct sl_pkey *key = NULL, *base = NULL;
	uint8_t shared[64], public[64];
	size_t len = 0, public_len = 0;

	ck_assert_ok(sl_pkey_generate(&key, unreduced[_i].type));
	ck_assert_ok(sl_pkey_to_raw_public(key, public, sizeof public, &public_len));
	ck_assert_ok(sl_pkey_from_raw_public(&base, unreduced[_i].type, hex(unreduced[_i].u)));
	ck_assert_ok(sl_ecdh(key, base, shared, sizeof shared, &len));
	ck_assert_msg(sl_span_equal(sl_span(shared, len), sl_span(public, public_len)), "%s",
	        unreduced[_i].because);
	sl_pkey_free(key);
	sl_pkey_free(base);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypto edges");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, extreme_halves_of_a_signature, 0, ARRAY_LEN(curves));
	tcase_add_loop_test(tc, sums_that_double_or_vanish, 0, ARRAY_LEN(curves));
	tcase_add_loop_test(
	        tc, the_scalar_of_an_edwards_signature_is_reduced, 0, ARRAY_LEN(edwards));
	tcase_add_loop_test(tc, extreme_scalars_and_short_secrets, 0, ARRAY_LEN(curves));
	tcase_add_loop_test(tc, coordinates_are_reduced_and_on_the_curve, 0, ARRAY_LEN(curves));
	tcase_add_loop_test(tc, u_is_reduced, 0, ARRAY_LEN(unreduced));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
