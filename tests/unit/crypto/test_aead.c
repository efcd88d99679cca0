/* SPDX-License-Identifier: BSD-2-Clause
 * AEAD: published known answers, one per family and key length, and the same treatment for every
 * row. */
#include "support.h"

#include <sl/aead.h>

#include <openssl/evp.h>
#include <string.h>

/* RFC 3610 section 8 (packet vectors 1 and 2), NIST CAVP CCM DVPT128 (Nlen 7, Tlen 16), RFC 8439
 * section 2.8.2, and test cases 1, 4, 10 and 16 of the GCM submission (McGrew, Viega). */
static const struct {
	const char *source;
	int cose_alg;
	const char *key, *nonce, *aad, *text, *sealed;
} known[] = {
        {"RFC 3610 packet vector 1", 10, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf",
                "00000003020100a0a1a2a3a4a5", "0001020304050607",
                "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
                "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"},
        {"RFC 3610 packet vector 2", 10, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf",
                "00000004030201a0a1a2a3a4a5", "0001020304050607",
                "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916"},
        {"CAVP DVPT128, no text, no AAD", 32, "4bb3c4a4f893ad8c9bdc833c325d62b3", "5a8aa485c316e9",
                "", "", "75d582db43ce9b13ab4b6f7f14341330"},
        {"RFC 8439 section 2.8.2", 24,
                "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
                "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
                "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f6620273939"
                "3a204966204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220"
                "746865206675747572652c2073756e73637265656e20776f756c642062652069742e",
                "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca96712"
                "82fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58"
                "fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
                "1ae10b594f09e26a7e902ecbd0600691"},
        {"GCM test case 1", 1, "00000000000000000000000000000000", "000000000000000000000000", "",
                "", "58e2fccefa7e3061367f1d57a4e7455a"},
        {"GCM test case 4", 1, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
                "2fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c"
                "7d8f6a5aac84aa051ba30b396a0aac973d58e091"
                "5bc94fbc3221a5db94fae95ae7121a47"},
        {"GCM test case 10", 2, "feffe9928665731c6d6a8f9467308308feffe9928665731c",
                "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
                "2fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525"
                "ac619d18c84a3f4718e2448b2fe324d9ccda2710"
                "2519498e80f1478f37ba55bd6d27618c"},
        {"GCM test case 16", 3, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
                "2fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3d"
                "a7b08b1056828838c5f61e6393ba7a0abcc9f662"
                "76fc6ece0f4e1768cddf8853bb2d551b"},
};

/* RFC 9053 tables 5 to 7. */
static const struct {
	int cose_alg;
	const char *name;
	size_t key_len, nonce_len, tag_len;
} registered[] = {
        {1, "A128GCM", 16, 12, 16},
        {2, "A192GCM", 24, 12, 16},
        {3, "A256GCM", 32, 12, 16},
        {10, "AES-CCM-16-64-128", 16, 13, 8},
        {11, "AES-CCM-16-64-256", 32, 13, 8},
        {12, "AES-CCM-64-64-128", 16, 7, 8},
        {13, "AES-CCM-64-64-256", 32, 7, 8},
        {24, "ChaCha20/Poly1305", 32, 12, 16},
        {30, "AES-CCM-16-128-128", 16, 13, 16},
        {31, "AES-CCM-16-128-256", 32, 13, 16},
        {32, "AES-CCM-64-128-128", 16, 7, 16},
        {33, "AES-CCM-64-128-256", 32, 7, 16},
};

static struct sl_aead_in
input_of(const struct sl_aead *alg, struct sl_span text)
{
	static const uint8_t key[32] = "0123456789abcdef0123456789abcde";
	static const uint8_t nonce[13] = "nonce nonce!";

	return (struct sl_aead_in){.key = sl_span(key, alg->key_len),
	        .nonce = sl_span(nonce, alg->nonce_len),
	        .aad = sl_span_text("associated"),
	        .text = text};
}

START_TEST(seals_and_opens_as_published)
{
	const struct sl_aead *alg = sl_aead_by_cose(known[_i].cose_alg);
	struct sl_aead_in in = {.key = hex(known[_i].key),
	        .nonce = hex(known[_i].nonce),
	        .aad = hex(known[_i].aad),
	        .text = hex(known[_i].text)};
	uint8_t out[160];
	size_t len = 0;

	ck_assert_ok(sl_aead_seal(alg, &in, out, sizeof out, &len));
	ck_assert_bytes(sl_span(out, len), hex(known[_i].sealed));
	in.text = hex(known[_i].sealed);
	ck_assert_ok(sl_aead_open(alg, &in, out, sizeof out, &len));
	ck_assert_bytes(sl_span(out, len), hex(known[_i].text));
}
END_TEST

START_TEST(table_is_the_registry)
{
	size_t n = 0;

	for (; sl_aead_at(n) != NULL; n++) {
		const struct sl_aead *alg = sl_aead_at(n);

		ck_assert_uint_lt(n, ARRAY_LEN(registered));
		ck_assert_int_eq(alg->cose_alg, registered[n].cose_alg);
		ck_assert_str_eq(alg->name, registered[n].name);
		ck_assert_uint_eq(alg->key_len, registered[n].key_len);
		ck_assert_uint_eq(alg->nonce_len, registered[n].nonce_len);
		ck_assert_uint_eq(alg->tag_len, registered[n].tag_len);
		ck_assert_ptr_eq(sl_aead_by_cose(alg->cose_alg), alg);
		ck_assert_ptr_eq(sl_aead_by_name(alg->name), alg);
	}
	ck_assert_uint_eq(n, ARRAY_LEN(registered));
	ck_assert_ptr_null(sl_aead_by_cose(0));
	ck_assert_ptr_null(sl_aead_by_cose(-16));
	ck_assert_ptr_null(sl_aead_by_name("A512GCM"));
	ck_assert_ptr_null(sl_aead_by_name(""));
}
END_TEST

START_TEST(every_row_opens_what_it_sealed)
{
	static const size_t lens[] = {0, 1, 15, 16, 17, 300};
	const struct sl_aead *alg = sl_aead_at((size_t)_i);
	uint8_t text[300], sealed[316], opened[300];

	memset(text, 0xa5, sizeof text);
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct sl_aead_in in = input_of(alg, heap_copy(sl_span(text, lens[i])));
		size_t len = 0;

		ck_assert_ok(sl_aead_seal(alg, &in, sealed, lens[i] + alg->tag_len, &len));
		ck_assert_uint_eq(len, lens[i] + alg->tag_len);
		in.text = heap_copy(sl_span(sealed, len));
		ck_assert_ok(sl_aead_open(alg, &in, opened, lens[i], &len));
		ck_assert_bytes(sl_span(opened, len), sl_span(text, lens[i]));
	}
}
END_TEST

START_TEST(every_row_works_in_place)
{
	const struct sl_aead *alg = sl_aead_at((size_t)_i);
	uint8_t buf[48] = "the text lies where the sealed text will";
	uint8_t apart[48];
	struct sl_aead_in in = input_of(alg, sl_span(buf, 32));
	size_t len = 0;

	ck_assert_ok(sl_aead_seal(alg, &in, apart, sizeof apart, &len));
	ck_assert_ok(sl_aead_seal(alg, &in, buf, sizeof buf, &len));
	ck_assert_bytes(sl_span(buf, len), sl_span(apart, len));
	in.text = sl_span(buf, len);
	ck_assert_ok(sl_aead_open(alg, &in, buf, sizeof buf, &len));
	ck_assert_bytes(sl_span(buf, len), sl_span_text("the text lies where the sealed t"));
}
END_TEST

static void
assert_refused_and_wiped(const struct sl_aead *alg, const struct sl_aead_in *in, const char *what)
{
	uint8_t out[64];
	size_t len = 99;

	memset(out, 0xee, sizeof out);
	ck_assert_msg(sl_aead_open(alg, in, out, sizeof out, &len) == SL_EAUTH,
	        "%s: opened although one bit of the %s is wrong", alg->name, what);
	ck_assert_uint_eq(len, 99);
	for (size_t i = 0; i < in->text.len - alg->tag_len; i++)
		ck_assert_msg(out[i] == 0, "%s: unverified text was left", alg->name);
}

START_TEST(every_flipped_bit_is_noticed)
{
	const struct sl_aead *alg = sl_aead_at((size_t)_i);
	struct sl_aead_in in = input_of(alg, sl_span_text("plain text of 24 bytes.."));
	uint8_t sealed[64], aad[10];
	size_t len = 0;

	ck_assert_ok(sl_aead_seal(alg, &in, sealed, sizeof sealed, &len));
	in.text = sl_span(sealed, len);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused_and_wiped(alg, &in, "ciphertext or tag");
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memcpy(aad, in.aad.ptr, sizeof aad);
	in.aad = sl_span(aad, sizeof aad);
	for (size_t bit = 0; bit < 8 * sizeof aad; bit++) {
		aad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused_and_wiped(alg, &in, "AAD");
		aad[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(every_proper_prefix_is_refused)
{
	const struct sl_aead *alg = sl_aead_at((size_t)_i);
	struct sl_aead_in in = input_of(alg, sl_span_text("plain text of 24 bytes.."));
	uint8_t sealed[64], out[64];
	size_t len = 0, out_len = 0;

	ck_assert_ok(sl_aead_seal(alg, &in, sealed, sizeof sealed, &len));
	for (size_t n = 0; n < len; n++) {
		in.text = heap_copy(sl_span(sealed, n));
		ck_assert_err(sl_aead_open(alg, &in, out, sizeof out, &out_len), SL_EAUTH);
	}
}
END_TEST

START_TEST(a_buffer_one_byte_short_is_told)
{
	const struct sl_aead *alg = sl_aead_at((size_t)_i);
	struct sl_aead_in in = input_of(alg, sl_span_text("plain text of 24 bytes.."));
	uint8_t sealed[64], out[64];
	size_t len = 0, out_len = 99;

	ck_assert_err(
	        sl_aead_seal(alg, &in, sealed, in.text.len + alg->tag_len - 1, &len), SL_ESPACE);
	ck_assert_uint_eq(len, 0);
	ck_assert_ok(sl_aead_seal(alg, &in, sealed, sizeof sealed, &len));
	in.text = sl_span(sealed, len);
	ck_assert_err(sl_aead_open(alg, &in, out, len - alg->tag_len - 1, &out_len), SL_ESPACE);
	ck_assert_uint_eq(out_len, 99);
}
END_TEST

START_TEST(keys_and_nonces_have_one_length)
{
	const struct sl_aead *alg = sl_aead_at((size_t)_i);
	static const uint8_t bytes[64];
	uint8_t out[64];
	size_t len = 0;

	for (size_t n = 0; n <= sizeof bytes; n++) {
		struct sl_aead_in in = input_of(alg, sl_span(bytes, 20));

		in.key = sl_span(bytes, n);
		if (n != alg->key_len)
			ck_assert_err(sl_aead_seal(alg, &in, out, sizeof out, &len), SL_EMALFORMED);
		in = input_of(alg, sl_span(bytes, 20));
		in.nonce = sl_span(bytes, n);
		if (n != alg->nonce_len)
			ck_assert_err(sl_aead_open(alg, &in, out, sizeof out, &len), SL_EMALFORMED);
	}
}
END_TEST

/* A nonce of 13 bytes leaves CCM two bytes for the length: 65535 is the longest text. */
START_TEST(ccm_with_long_nonces_takes_64_kib_less_one)
{
	static uint8_t text[65536], out[65536 + 16];
	const struct sl_aead *alg = sl_aead_by_cose(10);
	struct sl_aead_in in = input_of(alg, sl_span(text, 65535));
	size_t len = 0;

	ck_assert_ok(sl_aead_seal(alg, &in, out, sizeof out, &len));
	in.text = sl_span(out, len);
	ck_assert_ok(sl_aead_open(alg, &in, out, sizeof out, &len));
	ck_assert_uint_eq(len, 65535);
	in.text = sl_span(text, 65536);
	ck_assert_err(sl_aead_seal(alg, &in, out, sizeof out, &len), SL_ELIMIT);
	in.text = sl_span(out, 65536 + alg->tag_len);
	ck_assert_err(sl_aead_open(alg, &in, out, sizeof out, &len), SL_ELIMIT);
	alg = sl_aead_by_cose(12);
	in = input_of(alg, sl_span(text, 65536));
	ck_assert_ok(sl_aead_seal(alg, &in, out, sizeof out, &len));
}
END_TEST

START_TEST(an_algorithm_outside_the_table_is_unsupported)
{
	struct sl_aead foreign = *sl_aead_by_cose(10);
	struct sl_aead_in in = input_of(&foreign, sl_span_text("x"));
	uint8_t out[32];
	size_t len = 0;

	foreign.cose_alg = 4711;
	ck_assert_err(sl_aead_seal(&foreign, &in, out, sizeof out, &len), SL_EUNSUPPORTED);
}
END_TEST

/* No provider has a property of this name, so the library finds no algorithm any more. */
START_TEST(a_failing_library_is_said_and_leaves_nothing)
{
	const struct sl_aead *alg = sl_aead_at((size_t)_i);
	struct sl_aead_in in = input_of(alg, sl_span_text("plain text of 24 bytes.."));
	uint8_t out[40];
	size_t len = 99;

	memset(out, 0xee, sizeof out);
	ck_assert_int_eq(EVP_set_default_properties(NULL, "sealift=absent"), 1);
	ck_assert_err(sl_aead_seal(alg, &in, out, sizeof out, &len), SL_EIO);
	ck_assert_err(sl_aead_open(alg, &in, out, sizeof out, &len), SL_EIO);
	ck_assert(!sl_aead_is_available(alg));
	ck_assert_int_eq(EVP_set_default_properties(NULL, ""), 1);
	ck_assert(sl_aead_is_available(alg));
	ck_assert_uint_eq(len, 99);
	for (size_t i = 0; i < in.text.len + alg->tag_len; i++)
		ck_assert_uint_eq(out[i], 0);
	ck_assert_ok(sl_aead_seal(alg, &in, out, sizeof out, &len));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crypto/aead");
	TCase *tc = tcase_create("aead");
	int rows = (int)ARRAY_LEN(registered);

	tcase_add_loop_test(tc, seals_and_opens_as_published, 0, (int)ARRAY_LEN(known));
	tcase_add_test(tc, table_is_the_registry);
	tcase_add_loop_test(tc, every_row_opens_what_it_sealed, 0, rows);
	tcase_add_loop_test(tc, every_row_works_in_place, 0, rows);
	tcase_add_loop_test(tc, every_flipped_bit_is_noticed, 0, rows);
	tcase_add_loop_test(tc, every_proper_prefix_is_refused, 0, rows);
	tcase_add_loop_test(tc, a_buffer_one_byte_short_is_told, 0, rows);
	tcase_add_loop_test(tc, keys_and_nonces_have_one_length, 0, rows);
	tcase_add_test(tc, ccm_with_long_nonces_takes_64_kib_less_one);
	tcase_add_loop_test(tc, a_failing_library_is_said_and_leaves_nothing, 0, rows);
	tcase_add_test(tc, an_algorithm_outside_the_table_is_unsupported);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
