/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates and requests piece by piece: what can be said in C509 and what cannot, keys and
 * signatures, malformed requests and templates. By hand from draft-ietf-cose-cbor-encoded-cert-20
 * sections 3.1, 3.2 and 4. */
#include "objects_shared.h"

static const struct {
	const char *because, *der, *c509; /* c509 NULL: SL_EUNSUPPORTED */
} certs[] = {
        {"a good one", GOOD,
                C509_OF("4101", "00", "6161", FROM, UNTIL, C509_KEY, "80", C509_SIGNATURE)},
        {"the same issuer is null", ISSUER(NAME_B),
                C509_OF("4101", "00", "f6", FROM, UNTIL, C509_KEY, "80", C509_SIGNATURE)},
        {"no expiration is null", TIMES(T_2025, T_9999),
                C509_OF("4101", "00", "6161", FROM, "f6", C509_KEY, "80", C509_SIGNATURE)},
        {"the serial loses its zero byte", SERIAL_IS("02020080"),
                C509_OF("4180", "00", "6161", FROM, UNTIL, C509_KEY, "80", C509_SIGNATURE)},
        {"serial zero", SERIAL_IS("020100"),
                C509_OF("4100", "00", "6161", FROM, UNTIL, C509_KEY, "80", C509_SIGNATURE)},
        {"RSA with 65537", KEY("30{" RSA "03{00 30{02020081 0203010001}}}"),
                C509_OF("4101", "00", "6161", FROM, UNTIL,
                        "00"
                        "4181",
                        "80", C509_SIGNATURE)},
        {"RSA with 3", KEY("30{" RSA "03{00 30{02020081 020103}}}"),
                C509_OF("4101", "00", "6161", FROM, UNTIL,
                        "00"
                        "8241814103",
                        "80", C509_SIGNATURE)},
        {"an unknown key algorithm", KEY("30{30{06022a03 0500} 03{0001}}"),
                C509_OF("4101", "00", "6161", FROM, UNTIL,
                        "82422a03420500"
                        "4101",
                        "80", C509_SIGNATURE)},
        {"one without parameters", KEY("30{30{06022a03} 03{0001}}"),
                C509_OF("4101", "00", "6161", FROM, UNTIL,
                        "422a03"
                        "4101",
                        "80", C509_SIGNATURE)},
        {"a compressed point stays", KEY("30{" P256_ALGORITHM "03{0002" P256_X "}}"),
                C509_OF("4101", "00", "6161", FROM, UNTIL,
                        "015821"
                        "02" P256_X,
                        "80", C509_SIGNATURE)},
        {"a curve that we do not know stays",
                KEY("30{30{06072a8648ce3d0201 06052b81040023} 03{00 04 01020304}}"),
                C509_OF("4101", "00", "6161", FROM, UNTIL, "03450401020304", "80", C509_SIGNATURE)},
        {"Ed25519's signature is raw", SIGNED(ED25519, "03{00010203}"),
                C509_OF("4101", "0c", "6161", FROM, UNTIL, C509_KEY, "80", "43010203")},
        {"unsigned is empty", SIGNED("30{06082b06010505070624}", "03{00}"),
                C509_OF("4101", "05", "6161", FROM, UNTIL, C509_KEY, "80", "40")},
        {"an unknown signature algorithm", SIGNED("30{06022a03}", "03{0001}"),
                C509_OF("4101", "422a03", "6161", FROM, UNTIL, C509_KEY, "80", "4101")},
        {"version 1", VERSION(""), NULL},
        {"version 2", VERSION("a0{020101}"), NULL},
        {"version 4", VERSION("a0{020103}"), NULL},
        {"a negative serial", SERIAL_IS("0201ff"), NULL},
        {"a time before 1970",
                TIMES("17{3639303130313030303030305a}", "17{3236303130313030303030305a}"), NULL},
        {"GeneralizedTime before 2050",
                TIMES("18{32303235303130313030303030305a}", "17{3236303130313030303030305a}"),
                NULL},
        {"a time without seconds", TIMES("17{323530313031303030305a}", T_9999), NULL},
        {"three times", TIMES(T_2025 T_2025, T_9999), NULL},
        {"unique identifiers", REST("81{0001}"), NULL},
        {"unused bits in the key", KEY("30{" P256_ALGORITHM "03{0480}}"), NULL},
        {"unused bits in the signature", SIGNED(ED25519, "03{0480}"), NULL},
        {"an empty list of extensions", REST("a3{30{}}"), NULL},
        {"another algorithm outside",
                "30{30{" V3 SERIAL ECDSA_SHA256 NAME_A VALIDITY NAME_B P256_SPKI
                "}" ED25519 SOME_SIGNATURE "}",
                NULL},
        {"a point off the curve", KEY("30{" P256_ALGORITHM "03{0004" P256_X P256_X "}}"), NULL},
        {"an ECDSA signature that is none", SIGNED(ECDSA_SHA256, "03{0001}"), NULL},
        {"an ECDSA signature of three", SIGNED(ECDSA_SHA256, "03{00 30{020101 020101 020101}}"),
                NULL},
        {"a negative r", SIGNED(ECDSA_SHA256, "03{00 30{0201ff 020101}}"), NULL},
        {"an RSA key of three", KEY("30{" RSA "03{00 30{020101 020101 020101}}}"), NULL},
        {"a negative modulus", KEY("30{" RSA "03{00 30{0201ff 0203010001}}}"), NULL},
        {"unsigned with a signature", SIGNED("30{06082b06010505070624}", "03{0001}"), NULL},
};

START_TEST(certificates_that_can_be_said)
{
	struct sl_span whole = der(certs[_i].der), want;
	uint8_t out[512], again[512];
	size_t len = 0, again_len = 0;
	enum sl_err err = sl_c509_from_x509(whole, SL_C509_COMPRESSED, out, sizeof out, &len);

	if (certs[_i].c509 == NULL) {
		ck_assert_msg(
		        err == SL_EUNSUPPORTED, "%s: %s", certs[_i].because, sl_err_text(err));
		ck_assert_uint_eq(len, 0);
		return;
	}
	want = hex(certs[_i].c509);
	ck_assert_msg(err == SL_OK, "%s: %s", certs[_i].because, sl_err_text(err));
	ck_assert_msg(sl_span_equal(sl_span(out, len), want), "%s: got %s", certs[_i].because,
	        to_hex(sl_span(out, len)));
	ck_assert_ok(sl_c509_to_x509(want, again, sizeof again, &again_len));
	ck_assert_bytes(sl_span(again, again_len), whole);
}
END_TEST

START_TEST(no_der_is_malformed)
{
	uint8_t out[64];
	size_t len = 0;

	ck_assert_err(sl_c509_from_x509(hex("3080"), SL_C509_COMPRESSED, out, sizeof out, &len),
	        SL_EMALFORMED);
	ck_assert_err(sl_c509_from_x509(hex(""), SL_C509_COMPRESSED, out, sizeof out, &len),
	        SL_EMALFORMED);
	ck_assert_err(sl_c509_from_pkcs10(hex("3000ff"), SL_C509_COMPRESSED, out, sizeof out, &len),
	        SL_EMALFORMED);
}
END_TEST

/* r and s have the first length of 32, 48, 64 and 66 bytes that holds both. */
START_TEST(halves_of_ecdsa_signatures)
{
	static const struct {
		size_t r_len, half; /* half 0: cannot be said */
	} rows[] = {{1, 32}, {32, 32}, {33, 48}, {48, 48}, {49, 64}, {64, 64}, {65, 66}, {66, 66},
	        {67, 0}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[1200], number[160];
		uint8_t out[512];
		size_t len = 0;
		enum sl_err err;

		for (size_t j = 0; j < rows[i].r_len; j++)
			memcpy(number + 2 * j, "11", 2);
		number[2 * rows[i].r_len] = '\0';
		ck_assert_int_lt(snprintf(text, sizeof text, "03{00 30{02{%s} 020101}}", number),
		        (int)sizeof text);
		{
			struct sl_span signature = der(text);
			char whole[2048] =
			        "30{30{" V3 SERIAL ECDSA_SHA256 NAME_A VALIDITY NAME_B P256_SPKI
			        "}" ECDSA_SHA256;

			strncat(whole, to_hex(signature), 1000);
			strncat(whole, "}", 2);
			err = sl_c509_from_x509(
			        der(whole), SL_C509_COMPRESSED, out, sizeof out, &len);
		}
		if (rows[i].half == 0) {
			ck_assert_err(err, SL_EUNSUPPORTED);
			continue;
		}
		ck_assert_ok(err);
		/* the head of the signature: bytes of more than 23 */
		ck_assert_uint_eq(out[len - 2 * rows[i].half - 2], 0x58);
		ck_assert_uint_eq(out[len - 2 * rows[i].half - 1], 2 * rows[i].half);
	}
}
END_TEST

/* --- malformed C509 beyond the published list --- */

static const struct {
	const char *because, *c509;
	enum sl_err want;
} read_rows[] = {
        {"a native one",
                NATIVE("4101", "00", "6161", FROM, UNTIL, NATIVE_KEY, "80", C509_SIGNATURE), SL_OK},
        {"the prefix of re-encoded points",
                NATIVE("4101", "00", "6161", FROM, UNTIL, C509_KEY, "80", C509_SIGNATURE),
                SL_EMALFORMED},
        {"an OID for the signature",
                NATIVE("4101", "422a03", "6161", FROM, UNTIL, NATIVE_KEY, "80", "4101"),
                SL_EMALFORMED},
        {"an OID for the key",
                NATIVE("4101", "00", "6161", FROM, UNTIL, "422a034101", "80", C509_SIGNATURE),
                SL_EMALFORMED},
        {"serial zero is written",
                NATIVE("4100", "00", "6161", FROM, UNTIL, NATIVE_KEY, "80", C509_SIGNATURE), SL_OK},
        {"an empty serial",
                NATIVE("40", "00", "6161", FROM, UNTIL, NATIVE_KEY, "80", C509_SIGNATURE),
                SL_EMALFORMED},
        {"a serial is bytes",
                NATIVE("01", "00", "6161", FROM, UNTIL, NATIVE_KEY, "80", C509_SIGNATURE),
                SL_EMALFORMED},
        {"notBefore is not null",
                NATIVE("4101", "00", "6161", "f6", UNTIL, NATIVE_KEY, "80", C509_SIGNATURE),
                SL_EMALFORMED},
        {"no expiration is null and no number",
                NATIVE("4101", "00", "6161", FROM, "1b0000003afff4417f", NATIVE_KEY, "80",
                        C509_SIGNATURE),
                SL_EMALFORMED},
        {"a year has four digits",
                NATIVE("4101", "00", "6161", FROM, "1b0000003afff44180", NATIVE_KEY, "80",
                        C509_SIGNATURE),
                SL_EMALFORMED},
        {"there is no algorithm 99",
                NATIVE("4101", "1863", "6161", FROM, UNTIL, NATIVE_KEY, "80", C509_SIGNATURE),
                SL_EMALFORMED},
        {"there is no key 99",
                NATIVE("4101", "00", "6161", FROM, UNTIL, "18634101", "80", C509_SIGNATURE),
                SL_EMALFORMED},
        {"the signature is not empty",
                NATIVE("4101", "00", "6161", FROM, UNTIL, NATIVE_KEY, "80", "40"), SL_EMALFORMED},
        {"unsigned is empty", NATIVE("4101", "05", "6161", FROM, UNTIL, NATIVE_KEY, "80", "4101"),
                SL_EMALFORMED},
        {"an odd number of bytes has no halves",
                NATIVE("4101", "00", "6161", FROM, UNTIL, NATIVE_KEY, "80", "43010203"),
                SL_EMALFORMED},
        {"an unknown key of a known form",
                NATIVE("4101", "00", "6161", FROM, UNTIL, "0343040102", "80", C509_SIGNATURE),
                SL_OK},
        {"an extension by number and by OID",
                C509_OF("4101", "00", "6161", FROM, UNTIL, C509_KEY,
                        "8401420102"
                        "43551d0e43040101",
                        C509_SIGNATURE),
                SL_EMALFORMED},
        {"an OID extension twice",
                NATIVE("4101", "00", "6161", FROM, UNTIL, NATIVE_KEY, "84422a034101422a034101",
                        C509_SIGNATURE),
                SL_EMALFORMED},
};

START_TEST(certificates_from_outside)
{
	struct sl_c509_cert cert;
	enum sl_err err = sl_c509_decode(&cert, hex(read_rows[_i].c509), false);

	ck_assert_msg(err == read_rows[_i].want, "%s: %s", read_rows[_i].because, sl_err_text(err));
}
END_TEST

/* What is read of the extensions. */
START_TEST(extensions_are_understood)
{
	static const struct {
		const char *extensions;
		bool is_ca, has_key_usage, is_cmc_ra, has_unknown_critical;
		int64_t path_len;
		unsigned key_usage;
	} rows[] = {
	        {"80", false, false, false, false, -1, 0},
	        {"01", false, true, false, false, -1, 1},
	        {"2f", false, true, false, false, -1, 16}, /* -16 */
	        {"822320", true, false, false, false, -1, 0},
	        {"822303", true, false, false, false, 3, 0},
	        {"822321", false, false, false, false, -1, 0},
	        {"820810", false, false, true, false, -1, 0},
	        {"8208820110", false, false, true, false, -1, 0},
	        {"82080f", false, false, false, false, -1, 0},
	        {"82036161", false, false, false, false, -1, 0},
	        {"82226161", false, false, false, false, -1, 0}, /* critical subjectAltName */
	        {"82381b8201f6", false, false, false, true, -1, 0},
	        {"82181c8201f6", false, false, false, false, -1, 0},
	        {"82422a0381420500", false, false, false, true, -1, 0},
	        {"82422a03420500", false, false, false, false, -1, 0},
	        {"8402182123"
	         "03",
	                true, true, false, false, 3, 33},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t bytes[512];
		struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
		struct sl_c509_cert cert;

		sl_write_span(&w, hex("8b02"
		                      "4101"
		                      "00"
		                      "6161" FROM UNTIL "6162" NATIVE_KEY));
		sl_write_span(&w, hex(rows[i].extensions));
		sl_write_span(&w, hex(C509_SIGNATURE));
		ck_assert_msg(
		        sl_c509_decode(&cert, sl_writer_span(&w), false) == SL_OK, "row %zu", i);
		ck_assert_int_eq(cert.is_ca, rows[i].is_ca);
		ck_assert_int_eq(cert.path_len, rows[i].path_len);
		ck_assert_int_eq(cert.has_key_usage, rows[i].has_key_usage);
		ck_assert_uint_eq(cert.key_usage, rows[i].key_usage);
		ck_assert_int_eq(cert.is_cmc_ra, rows[i].is_cmc_ra);
		ck_assert_msg(
		        cert.has_unknown_critical == rows[i].has_unknown_critical, "row %zu", i);
	}
}
END_TEST

/* 32 extensions, and 33. */
START_TEST(extensions_have_a_number)
{
	for (size_t count = 32; count <= 33; count++) {
		uint8_t bytes[1024];
		struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
		struct sl_c509_cert cert;

		sl_write_span(&w, hex("8b02"
		                      "4101"
		                      "00"
		                      "6161" FROM UNTIL "6162" NATIVE_KEY));
		sl_cbor_write_array(&w, 2 * count);
		for (uint8_t i = 0; i < count; i++) {
			uint8_t oid[2] = {0x2a, i};

			sl_cbor_write_bytes(&w, sl_span(oid, 2));
			sl_cbor_write_bytes(&w, sl_span(oid, 1));
		}
		sl_write_span(&w, hex(C509_SIGNATURE));
		ck_assert_err(sl_c509_decode(&cert, sl_writer_span(&w), false),
		        count == 32 ? SL_OK : SL_EMALFORMED);
	}
}
END_TEST

START_TEST(only_matching_keys_sign)
{
	struct sl_pkey *p256 = NULL, *p384 = NULL, *x25519 = NULL;
	struct sl_span tbs = hex("02"
	                         "4101"
	                         "00"
	                         "6161" FROM UNTIL "6162" NATIVE_KEY "80");
	uint8_t out[512];
	struct sl_c509_cert cert;
	size_t len = 0;

	ck_assert_ok(sl_pkey_generate(&p256, SL_PKEY_P256));
	ck_assert_ok(sl_pkey_generate(&p384, SL_PKEY_P384));
	ck_assert_ok(sl_pkey_generate(&x25519, SL_PKEY_X25519));
	ck_assert_ok(sl_c509_sign_native(tbs, p256, out, sizeof out, &len));
	ck_assert_ok(sl_c509_decode(&cert, sl_span(out, len), false));
	ck_assert_ok(sl_c509_verify_native(&cert, p256));
	ck_assert_err(sl_c509_verify_native(&cert, p384), SL_EAUTH);
	ck_assert_err(sl_c509_sign_native(tbs, p384, out, sizeof out, &len), SL_EMALFORMED);
	ck_assert_err(sl_c509_sign_native(tbs, x25519, out, sizeof out, &len), SL_EUNSUPPORTED);
	ck_assert_err(sl_c509_sign_native(hex("02"), p256, out, sizeof out, &len), SL_EMALFORMED);
	sl_pkey_free(p256);
	sl_pkey_free(p384);
	sl_pkey_free(x25519);
}
END_TEST

START_TEST(lists_of_certificates)
{
	struct sl_span certs_read[3];
	size_t count = 3;

	ck_assert_ok(sl_c509_list_read(hex("42abcd"), certs_read, &count));
	ck_assert_uint_eq(count, 1);
	ck_assert_bytes(certs_read[0], hex("abcd"));
	count = 3;
	ck_assert_ok(sl_c509_list_read(hex("8341014102"
	                                   "4103"),
	        certs_read, &count));
	ck_assert_uint_eq(count, 3);
	count = 2;
	ck_assert_err(sl_c509_list_read(hex("83410141024103"), certs_read, &count), SL_ESPACE);
	count = 3;
	ck_assert_err(sl_c509_list_read(hex("814101"), certs_read, &count), SL_EMALFORMED);
	ck_assert_err(sl_c509_list_read(hex("80"), certs_read, &count), SL_EMALFORMED);
	ck_assert_err(sl_c509_list_read(hex("8241016102"), certs_read, &count), SL_EMALFORMED);
	ck_assert_err(sl_c509_list_read(hex("410100"), certs_read, &count), SL_EMALFORMED);
	ck_assert_err(sl_c509_list_read(hex("01"), certs_read, &count), SL_EMALFORMED);
	ck_assert_uint_eq(count, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("c509 objects");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, certificates_that_can_be_said, 0, ARRAY_LEN(certs));
	tcase_add_test(tc, no_der_is_malformed);
	tcase_add_test(tc, halves_of_ecdsa_signatures);
	tcase_add_loop_test(tc, certificates_from_outside, 0, ARRAY_LEN(read_rows));
	tcase_add_test(tc, extensions_are_understood);
	tcase_add_test(tc, extensions_have_a_number);
	tcase_add_test(tc, only_matching_keys_sign);
	tcase_add_test(tc, lists_of_certificates);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
