/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates, issued: the bytes, what verifies under whom, what is not issued. */
#include "authority.h"
#include "der_text.h"

#include <string.h>

static const enum sl_pkey_type signers[] = {
        SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519, SL_PKEY_ED448};

START_TEST(names_a_cn)
{
	static const struct {
		const char *cn, *text;
	} rows[] = {
	        {"a", NAME_A},
	        {"\xc3\xa4", NAME("c3a4")},
	};
	uint8_t out[300];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ck_assert_ok(sl_name_from_cn(rows[i].cn, out, sizeof out, &len));
		ck_assert_bytes(sl_span(out, len), der(rows[i].text));
		ck_assert_err(sl_name_from_cn(rows[i].cn, out, len - 1, &len), SL_ESPACE);
	}
	ck_assert_err(sl_name_from_cn("", out, sizeof out, &len), SL_EMALFORMED);
	ck_assert_err(sl_name_from_cn(NULL, out, sizeof out, &len), SL_EMALFORMED);
	ck_assert_err(sl_name_from_cn("\xff", out, sizeof out, &len), SL_EMALFORMED);
	ck_assert_err(sl_name_from_cn("a\tb", out, sizeof out, &len), SL_EMALFORMED);
}
END_TEST

/* ub-common-name counts characters: 64 of four bytes fit, one more does not. */
START_TEST(a_cn_has_64_characters_at_most)
{
	char text[4 * 65 + 1] = "";
	uint8_t out[300];
	size_t len = 0;

	for (size_t i = 0; i < 64; i++)
		memcpy(text + 4 * i, "\xf0\x9f\x9a\xa2", 5);
	ck_assert_ok(sl_name_from_cn(text, out, sizeof out, &len));
	/* 256 bytes: 3 + 2 headers of 4, oid 5, value 4 + 256 */
	ck_assert_uint_eq(len, 3 * 4 + 5 + 4 + 256);
	memcpy(text + 4 * 64, "x", 2);
	ck_assert_err(sl_name_from_cn(text, out, sizeof out, &len), SL_EMALFORMED);
}
END_TEST

/* Every byte from RFC 5280: the key of RFC 8032 test 1 signs itself; its identifier is the SHA-1
 * of the 32 key bytes, by sha1sum. */
#define ED25519_KEY "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define ED25519_ID  "5b27aa5589179770e47575b162a1ded97b8bfc6d"
#define LEAF_ID     "ddfb15b31e561994e39d057a4426b02bfb874608"

static struct sl_pkey *
rfc8032_key(void)
{
	struct sl_pkey *key = NULL;

	ck_assert_ok(sl_pkey_from_raw_private(&key, SL_PKEY_ED25519,
	        hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")));
	return key;
}

START_TEST(writes_a_root_byte_for_byte)
{
	struct sl_pkey *key = rfc8032_key();
	struct sl_span want = der(
	        "30{ a0{020102} 02{05} 30{06032b6570}" NAME_A
	        "30{17{3730303130313030303030305a} 18{32303530303130313030303030305a}}" NAME_A
	        "30{30{06032b6570} 03{00" ED25519_KEY "}} a3{30{" CRITICAL("551d13", "30{0101ff}")
	                CRITICAL("551d0f", "03020106") EXTENSION("551d0e", "04{" ED25519_ID "}")
	                        EXTENSION("551d23", "30{80{" ED25519_ID "}}") "}}}");
	struct sl_cert_params params = {.serial = hex("05"),
	        .subject = der(NAME_A),
	        .issuer_key = key,
	        .not_before = 0,
	        .not_after = 29220LL * 86400, /* 2050-01-01: 80 years and 20 leap days */
	        .key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN,
	        .is_ca = true};
	uint8_t out[1024];
	size_t len = 0, unused = 4711;

	ck_assert_ok(sl_cert_tbs(&params, out, sizeof out, &len));
	ck_assert_bytes(sl_span(out, len), want);
	ck_assert_err(sl_cert_tbs(&params, out, len - 1, &unused), SL_ESPACE);
	ck_assert_uint_eq(unused, 4711);
	ck_assert_ok(sl_cert_tbs(&params, out, len, &len));

	/* 64 bytes of signature: 1 + 64 in the bit string, one header of 2, algorithm 7, and 4 */
	uint8_t cert[1200];
	size_t want_len = len + 7 + 2 + 65 + 4;

	ck_assert_err(sl_cert_sign(want, key, cert, want_len - 1, &unused), SL_ESPACE);
	ck_assert_ok(sl_cert_sign(want, key, cert, want_len, &len));
	ck_assert_uint_eq(len, want_len);
	sl_pkey_free(key);
}
END_TEST

START_TEST(writes_a_leaf_byte_for_byte)
{
	struct sl_pkey *key = rfc8032_key();
	struct sl_cert_params params = {.serial = hex("00 00 80"),
	        .subject = der("30{}"),
	        .spki = der(P256_SPKI),
	        .subject_alt_name = hex("3003820164"),
	        .issuer_cert = new_root(key, "a"),
	        .issuer_key = key,
	        .not_before = 0,
	        .not_after = 86400,
	        .key_usage = SL_KU_DIGITAL_SIGNATURE | SL_KU_KEY_AGREEMENT,
	        .ext_client_auth = true,
	        .ext_server_auth = true,
	        .ext_cmc_ra = true};
	struct sl_span want = der(
	        "30{ a0{020102} 02{0080} 30{06032b6570}" NAME_A
	        "30{17{3730303130313030303030305a} 17{3730303130323030303030305a}} 30{}" P256_SPKI
	        "a3{30{" CRITICAL("551d13", "30{}") CRITICAL("551d0f", "03020388") EXTENSION(
	                "551d25", "30{06082b06010505070301 06082b06010505070302"
	                          "06082b0601050507031c}") CRITICAL("551d11", "30{82{64}}")
	                EXTENSION("551d0e", "04{" LEAF_ID "}")
	                        EXTENSION("551d23", "30{80{" ED25519_ID "}}") "}}}");
	uint8_t out[1024];
	size_t len = 0;

	ck_assert_ok(sl_cert_tbs(&params, out, sizeof out, &len));
	ck_assert_bytes(sl_span(out, len), want);
	sl_pkey_free(key);
}
END_TEST

START_TEST(what_is_issued_verifies)
{
	struct sl_pkey *ca_key = new_key(signers[_i]), *key = new_key(signers[(_i + 1) % 3]);
	struct sl_span root = new_root(ca_key, "Test root");
	struct sl_span leaf = new_leaf(root, ca_key, spki_of(key), "Test leaf");
	struct sl_cert ca, cert;

	ck_assert_ok(sl_cert_decode(&ca, root));
	ck_assert_ok(sl_cert_decode(&cert, leaf));
	ck_assert(ca.is_ca && !cert.is_ca);
	ck_assert_str_eq(cert.issuer_text, "CN=Test root");
	ck_assert_str_eq(cert.subject_text, "CN=Test leaf");
	ck_assert_int_eq(cert.not_before, YEAR_2024);
	ck_assert_int_eq(cert.not_after, YEAR_2034);
	ck_assert_uint_eq(cert.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert_ok(sl_cert_verify_issued_by(&ca, &ca, MID_2025));
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, MID_2025));
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, -1));
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, YEAR_2024));
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, YEAR_2034));
	ck_assert_err(sl_cert_verify_issued_by(&cert, &ca, YEAR_2024 - 1), SL_EAUTH);
	ck_assert_err(sl_cert_verify_issued_by(&cert, &ca, YEAR_2034 + 1), SL_EAUTH);
	authority_release();
}
END_TEST

/* Each bit of the certificate once; one in five in a quick run. */
START_TEST(a_flipped_bit_does_not_verify)
{
	struct sl_pkey *ca_key = new_key(signers[_i]);
	struct sl_span root = new_root(ca_key, "a"),
	               leaf = new_leaf(root, ca_key, spki_of(ca_key), "b");
	struct sl_cert ca, cert;

	ck_assert_ok(sl_cert_decode(&ca, root));
	for (size_t bit = 0; bit < 8 * leaf.len; bit += test_rounds(5, 1)) {
		uint8_t bytes[1200];

		memcpy(bytes, leaf.ptr, leaf.len);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (sl_cert_decode(&cert, sl_span(bytes, leaf.len)) == SL_OK)
			ck_assert_msg(sl_cert_verify_issued_by(&cert, &ca, -1) == SL_EAUTH,
			        "bit %zu", bit);
	}
	authority_release();
}
END_TEST

START_TEST(only_a_ca_of_that_name_and_key_issued_it)
{
	struct sl_pkey *ca_key = new_key(SL_PKEY_P256), *other = new_key(SL_PKEY_P256);
	struct sl_span root = new_root(ca_key, "a");
	struct sl_cert_params sealed = {.serial = hex("01"),
	        .subject = name_of("a"),
	        .issuer_key = ca_key,
	        .not_before = YEAR_2024,
	        .not_after = YEAR_2034,
	        .key_usage = SL_KU_CRL_SIGN,
	        .is_ca = true};
	struct sl_cert ca, cert, not_it;

	ck_assert_ok(sl_cert_decode(&ca, root));
	ck_assert_ok(sl_cert_decode(&cert, new_leaf(root, ca_key, spki_of(other), "b")));
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, -1));
	ck_assert_ok(sl_cert_decode(&not_it, new_root(ca_key, "another name")));
	ck_assert_err(sl_cert_verify_issued_by(&cert, &not_it, -1), SL_EAUTH);
	ck_assert_ok(sl_cert_decode(&not_it, new_root(other, "a")));
	ck_assert_err(sl_cert_verify_issued_by(&cert, &not_it, -1), SL_EAUTH);
	ck_assert_ok(sl_cert_decode(&not_it, issue(&sealed))); /* may not sign certificates */
	ck_assert_err(sl_cert_verify_issued_by(&cert, &not_it, -1), SL_EAUTH);
	sealed.key_usage = SL_KU_KEY_CERT_SIGN;
	sealed.is_ca = false;
	ck_assert_ok(sl_cert_decode(&not_it, issue(&sealed))); /* no CA */
	ck_assert_err(sl_cert_verify_issued_by(&cert, &not_it, -1), SL_EAUTH);
	sealed.is_ca = true;
	sealed.key_usage = 0; /* no keyUsage: no limit */
	ck_assert_ok(sl_cert_decode(&not_it, issue(&sealed)));
	ck_assert(!not_it.has_key_usage);
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &not_it, -1));
	not_it.der = hex("3000");
	ck_assert_err(sl_cert_verify_issued_by(&not_it, &ca, -1), SL_EAUTH);
	authority_release();
}
END_TEST

/* An issuer without a subject key identifier gives the SHA-1 of its key bits. */
START_TEST(an_issuer_without_identifier_is_computed)
{
	struct sl_pkey *key = rfc8032_key();
	struct sl_span root =
	        der("30{30{ a0{020102} 020105 30{06032b6570}" NAME_A
	            "30{17{3730303130313030303030305a} 17{3730303130323030303030305a}}" NAME_A
	            "30{30{06032b6570} 03{00" ED25519_KEY
	            "}} a3{30{" CRITICAL("551d13", "30{0101ff}") "}}} 30{06032b6570} 03{00aa}}");
	struct sl_cert_params params = {.serial = hex("01"),
	        .subject = der(NAME_B),
	        .spki = der(P256_SPKI),
	        .issuer_cert = root,
	        .issuer_key = key,
	        .not_after = 86400};
	struct sl_span want = der(EXTENSION("551d23", "30{80{" ED25519_ID "}}"));
	uint8_t out[1024];
	size_t len = 0;

	ck_assert_ok(sl_cert_tbs(&params, out, sizeof out, &len));
	ck_assert_bytes(sl_span(out + len - want.len, want.len), want);
	sl_pkey_free(key);
}
END_TEST

START_TEST(issues_nothing_of_bad_parameters)
{
	struct sl_pkey *ca_key = new_key(SL_PKEY_P256), *agreement = new_key(SL_PKEY_X25519);
	struct sl_pkey *other = new_key(SL_PKEY_P256);
	struct sl_span root = new_root(ca_key, "a");
	const struct sl_cert_params good = {.serial = hex("01"),
	        .subject = der(NAME_B),
	        .spki = der(P256_SPKI),
	        .issuer_cert = root,
	        .issuer_key = ca_key,
	        .not_before = YEAR_2024,
	        .not_after = YEAR_2034,
	        .key_usage = SL_KU_DIGITAL_SIGNATURE};
	struct sl_cert_params rows[18];
	enum sl_err want[18];
	size_t count = 0, len = 0;
	uint8_t out[1024];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i] = good;
		want[i] = SL_EMALFORMED;
	}
	rows[count++].serial = sl_span(NULL, 0);
	rows[count++].serial = hex("0000");
	rows[count++].serial = hex("80");
	rows[count++].serial = hex("010203040506070809101112131415161718192021");
	rows[count++].subject = hex("30020500");
	rows[count++].subject = hex("3001");
	rows[count++].subject = der("30{31{30{0603550403 0c{e1}}}}"); /* no UTF-8: not read again */
	rows[count++].subject = hex("3000"); /* and no alternative name */
	rows[count].subject = hex("3000");
	rows[count].subject_alt_name = hex("3003820164");
	rows[count++].is_ca = true;
	rows[count].subject = hex("3000"); /* of a self-signed one also the issuer */
	rows[count].subject_alt_name = hex("3003820164");
	rows[count++].issuer_cert = sl_span(NULL, 0);
	rows[count++].subject_alt_name = hex("3000");
	rows[count++].not_before = YEAR_2034 + 1;
	rows[count++].not_after = 253402300800; /* year 10000 */
	rows[count++].key_usage = 1 << 7;
	rows[count++].spki = hex("3000");
	rows[count++].issuer_cert = new_leaf(root, ca_key, spki_of(ca_key), "no CA");
	rows[count++].issuer_key = other; /* not the key of the CA */
	want[count] = SL_EUNSUPPORTED;
	rows[count++].issuer_key = agreement;
	ck_assert_uint_eq(count, ARRAY_LEN(rows));
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(
		        sl_cert_tbs(&rows[i], out, sizeof out, &len) == want[i], "row %zu", i);
	ck_assert_ok(sl_cert_tbs(&good, out, sizeof out, &len));
	authority_release();
}
END_TEST

START_TEST(signs_only_what_names_its_algorithm)
{
	struct sl_pkey *key = new_key(SL_PKEY_P256), *other = new_key(SL_PKEY_ED25519);
	struct sl_pkey *agreement = new_key(SL_PKEY_X25519);
	struct sl_span root = new_root(key, "a"), tbs;
	uint8_t out[1200];
	size_t len = 0;

	ck_assert_ok(sl_cert_get_tbs(root, &tbs));
	ck_assert_ok(sl_cert_sign(tbs, key, out, sizeof out, &len));
	ck_assert_err(sl_cert_sign(tbs, other, out, sizeof out, &len), SL_EMALFORMED);
	ck_assert_err(sl_cert_sign(tbs, agreement, out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_cert_sign(root, key, out, sizeof out, &len), SL_EMALFORMED);
	ck_assert_err(sl_cert_sign(sl_span(tbs.ptr, tbs.len - 1), key, out, sizeof out, &len),
	        SL_EMALFORMED);
	authority_release();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 issue");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, names_a_cn);
	tcase_add_test(tc, a_cn_has_64_characters_at_most);
	tcase_add_test(tc, writes_a_root_byte_for_byte);
	tcase_add_test(tc, writes_a_leaf_byte_for_byte);
	tcase_add_loop_test(tc, what_is_issued_verifies, 0, ARRAY_LEN(signers));
	tcase_add_loop_test(tc, a_flipped_bit_does_not_verify, 0, ARRAY_LEN(signers) - 1); /* slow */
	tcase_add_test(tc, only_a_ca_of_that_name_and_key_issued_it);
	tcase_add_test(tc, an_issuer_without_identifier_is_computed);
	tcase_add_test(tc, issues_nothing_of_bad_parameters);
	tcase_add_test(tc, signs_only_what_names_its_algorithm);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
