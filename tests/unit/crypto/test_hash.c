/* SPDX-License-Identifier: BSD-2-Clause
 * Hashes (FIPS 180-4 and FIPS 202 examples), HMAC (RFC 4231), HKDF (RFC 5869 appendix A),
 * randomness. */
#include "support.h"

#include <sl/hash.h>

#include <openssl/evp.h>
#include <string.h>

static const struct {
	int alg;
	const char *text, *digest;
} digests[] = {
        {SL_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {SL_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {SL_SHA384, "abc",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23"
                "58baeca134c825a7"},
        {SL_SHA512, "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
                "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
        {SL_SHAKE256, "",
                "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762fd75dc4ddd8c0f200"
                "cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be"},
};

/* RFC 4231 sections 4.2, 4.3 and 4.7 (a key longer than the block). */
static const struct {
	int alg;
	const char *key, *data, *mac;
} macs[] = {
        {SL_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {SL_SHA256, "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {SL_SHA384, "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c7"
                "8b3239ecfab21649"},
        {SL_SHA512, "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a"
                "6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
        {SL_SHA256,
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaa",
                "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
                "48617368204b6579204669727374",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

/* RFC 5869 sections A.1 to A.3. */
static const struct {
	const char *salt, *ikm, *info, *prk, *okm;
} hkdfs[] = {
        {"000102030405060708090a0b0c", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
                "f0f1f2f3f4f5f6f7f8f9",
                "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718"
                "5865"},
        {"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
         "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
                "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
                "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
                "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
                "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac78272"
                "71cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f"
                "1d87"},
        {"", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "",
                "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a"
                "96c8"},
};

START_TEST(hashes_as_published)
{
	uint8_t out[SL_HASH_MAX];

	ck_assert_ok(sl_hash(digests[_i].alg, sl_span_text(digests[_i].text), out));
	ck_assert_bytes(sl_span(out, sl_hash_len(digests[_i].alg)), hex(digests[_i].digest));
}
END_TEST

START_TEST(sha256_is_the_short_way)
{
	uint8_t out[SL_SHA256_LEN];

	ck_assert_ok(sl_sha256(sl_span_text("abc"), out));
	ck_assert_bytes(sl_span(out, sizeof out), hex(digests[0].digest));
	ck_assert_ok(sl_sha256(sl_span(NULL, 0), out));
	ck_assert_bytes(sl_span(out, sizeof out), hex(digests[1].digest));
}
END_TEST

START_TEST(macs_as_published)
{
	uint8_t out[SL_HASH_MAX];

	ck_assert_ok(sl_hmac(macs[_i].alg, hex(macs[_i].key), hex(macs[_i].data), out));
	ck_assert_bytes(sl_span(out, sl_hash_len(macs[_i].alg)), hex(macs[_i].mac));
}
END_TEST

START_TEST(derives_as_published)
{
	struct sl_span okm = hex(hkdfs[_i].okm);
	uint8_t prk[SL_HASH_MAX], out[128];

	ck_assert_ok(sl_hkdf_extract(SL_SHA256, hex(hkdfs[_i].salt), hex(hkdfs[_i].ikm), prk));
	ck_assert_bytes(sl_span(prk, SL_SHA256_LEN), hex(hkdfs[_i].prk));
	ck_assert_ok(sl_hkdf_expand(
	        SL_SHA256, sl_span(prk, SL_SHA256_LEN), hex(hkdfs[_i].info), out, okm.len));
	ck_assert_bytes(sl_span(out, okm.len), okm);
}
END_TEST

START_TEST(an_absent_salt_is_zeros)
{
	static const uint8_t zeros[SL_HASH_MAX];
	static const int algs[] = {SL_SHA256, SL_SHA384, SL_SHA512};
	uint8_t a[SL_HASH_MAX], b[SL_HASH_MAX];
	size_t len = sl_hash_len(algs[_i]);

	ck_assert_ok(sl_hkdf_extract(algs[_i], sl_span(NULL, 0), sl_span_text("ikm"), a));
	ck_assert_ok(sl_hkdf_extract(algs[_i], sl_span(zeros, len), sl_span_text("ikm"), b));
	ck_assert_bytes(sl_span(a, len), sl_span(b, len));
}
END_TEST

START_TEST(expands_to_255_hashes_and_no_further)
{
	static uint8_t out[255 * 32 + 1];
	uint8_t first[SL_SHA256_LEN];
	struct sl_span prk = sl_span_text("0123456789abcdef0123456789abcdef");

	ck_assert_ok(sl_hkdf_expand(SL_SHA256, prk, sl_span(NULL, 0), out, 255 * 32));
	ck_assert_err(
	        sl_hkdf_expand(SL_SHA256, prk, sl_span(NULL, 0), out, 255 * 32 + 1), SL_ELIMIT);
	/* RFC 5869 section 2.3: T(1) = HMAC(PRK, info || 0x01). */
	ck_assert_ok(sl_hmac(SL_SHA256, prk, hex("01"), first));
	ck_assert_bytes(sl_span(out, sizeof first), sl_span(first, sizeof first));
	ck_assert_ok(sl_hkdf_expand(SL_SHA256, prk, sl_span(NULL, 0), out, 0));
}
END_TEST

/* The library's own HKDF ends at some kilobyte of info. */
START_TEST(info_may_be_long)
{
	static uint8_t info[40001];
	uint8_t out[16], mac[SL_SHA256_LEN];
	struct sl_span prk = sl_span_text("0123456789abcdef0123456789abcdef");

	ck_assert_ok(sl_hkdf_expand(SL_SHA256, prk, sl_span(info, 40000), out, sizeof out));
	info[40000] = 1;
	ck_assert_ok(sl_hmac(SL_SHA256, prk, sl_span(info, 40001), mac));
	ck_assert_bytes(sl_span(out, sizeof out), sl_span(mac, sizeof out));
}
END_TEST

/* NIST, Cryptographic Standards and Guidelines, example values: KMAC sample 5. */
START_TEST(kmac_as_published)
{
	uint8_t data[200], out[64];
	struct sl_span key =
	        hex("404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f");

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	ck_assert_ok(sl_kmac256(key, sl_span(data, sizeof data), out, sizeof out));
	ck_assert_bytes(sl_span(out, sizeof out),
	        hex("75358cf39e41494e949707927cee0af20a3ff553904c86b08f21cc414bcfd691"
	            "589d27cf5e15369cbbff8b9a4c2eb17800855d0235ff635da82533ec6b759b69"));
	ck_assert_ok(sl_kmac256(key, sl_span(NULL, 0), out, sizeof out));
	ck_assert_err(sl_kmac256(sl_span(data, 3), key, out, 16), SL_EMALFORMED);
	ck_assert_ok(sl_kmac256(sl_span(data, 4), key, out, 16));
}
END_TEST

START_TEST(kmac_keys_have_a_limit)
{
	static uint8_t key[513];
	uint8_t out[16];

	ck_assert_ok(sl_kmac256(sl_span(key, 512), sl_span(key, 1), out, sizeof out));
	ck_assert_err(
	        sl_kmac256(sl_span(key, 513), sl_span(key, 1), out, sizeof out), SL_EMALFORMED);
}
END_TEST

START_TEST(unknown_algorithms_are_unsupported)
{
	uint8_t out[SL_HASH_MAX];
	struct sl_span x = sl_span_text("x");

	ck_assert_uint_eq(sl_hash_len(-17), 0);
	ck_assert_uint_eq(sl_hash_len(SL_SHAKE256), 64);
	ck_assert_err(sl_hash(0, x, out), SL_EUNSUPPORTED);
	ck_assert_err(sl_hmac(-17, x, x, out), SL_EUNSUPPORTED);
	ck_assert_err(sl_hmac(SL_SHAKE256, x, x, out), SL_EUNSUPPORTED);
	ck_assert_err(sl_hkdf_extract(SL_SHAKE256, x, x, out), SL_EUNSUPPORTED);
	ck_assert_err(sl_hkdf_expand(SL_SHAKE256, x, x, out, 1), SL_EUNSUPPORTED);
	ck_assert_err(sl_hkdf_expand(0, x, x, out, 1), SL_EUNSUPPORTED);
}
END_TEST

/* Two draws of 32 bytes agree by chance once in 2^256. */
START_TEST(random_bytes_differ)
{
	uint8_t a[32] = {0}, b[32] = {0};

	ck_assert_ok(sl_random(a, sizeof a));
	ck_assert_ok(sl_random(b, sizeof b));
	ck_assert(!sl_span_equal(sl_span(a, sizeof a), sl_span(b, sizeof b)));
	ck_assert_ok(sl_random(NULL, 0));
	ck_assert_err(sl_random(a, (size_t)1 << 40), SL_EIO);
}
END_TEST

/* No provider has a property of this name, so the library finds no algorithm any more. */
START_TEST(a_failing_library_is_said)
{
	static const int all[] = {SL_SHA256, SL_SHA384, SL_SHA512, SL_SHAKE256};
	uint8_t out[SL_HASH_MAX] = {0};
	struct sl_span x = sl_span_text("0123456789abcdef0123456789abcdef");

	ck_assert_int_eq(EVP_set_default_properties(NULL, "sealift=absent"), 1);
	ck_assert_err(sl_hash(SL_SHA256, x, out), SL_EIO);
	ck_assert_err(sl_hmac(SL_SHA256, x, x, out), SL_EIO);
	ck_assert_err(sl_hkdf_extract(SL_SHA256, x, x, out), SL_EIO);
	ck_assert_err(sl_hkdf_expand(SL_SHA256, x, x, out, 16), SL_EIO);
	ck_assert_err(sl_kmac256(x, x, out, 16), SL_EIO);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		ck_assert(!sl_hash_is_available(all[i]));
	ck_assert_int_eq(EVP_set_default_properties(NULL, ""), 1);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		ck_assert(sl_hash_is_available(all[i]));
	ck_assert(!sl_hash_is_available(-17));
	ck_assert_ok(sl_hash(SL_SHA256, x, out));
	ck_assert_ok(sl_hmac(SL_SHA256, x, x, out));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crypto/hash");
	TCase *tc = tcase_create("hash");

	tcase_add_loop_test(tc, hashes_as_published, 0, (int)ARRAY_LEN(digests));
	tcase_add_test(tc, sha256_is_the_short_way);
	tcase_add_loop_test(tc, macs_as_published, 0, (int)ARRAY_LEN(macs));
	tcase_add_loop_test(tc, derives_as_published, 0, (int)ARRAY_LEN(hkdfs));
	tcase_add_loop_test(tc, an_absent_salt_is_zeros, 0, 3);
	tcase_add_test(tc, expands_to_255_hashes_and_no_further);
	tcase_add_test(tc, info_may_be_long);
	tcase_add_test(tc, kmac_as_published);
	tcase_add_test(tc, kmac_keys_have_a_limit);
	tcase_add_test(tc, unknown_algorithms_are_unsupported);
	tcase_add_test(tc, random_bytes_differ);
	tcase_add_test(tc, a_failing_library_is_said);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
