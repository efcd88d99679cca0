/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates and requests piece by piece: what can be said in C509 and what cannot, keys and
 * signatures, malformed requests and templates. By hand from draft-ietf-cose-cbor-encoded-cert-20
 * sections 3.1, 3.2 and 4. */
#include "der_text.h"

#include <sl/c509.h>
#include <sl/cbor.h>

#include <stdio.h>
#include <string.h>

#define V3       "a0{020102}"
#define SERIAL   "020101"
#define VALIDITY "30{17{3235303130313030303030305a} 17{3236303130313030303030305a}}"
#define CERT_OF(version, serial, algorithm, issuer, validity, key, rest, signature)                \
	"30{30{" version serial algorithm issuer validity NAME_B key rest "}" algorithm signature  \
	"}"
/* One part differs from a good certificate. */
#define GOOD         CERT_OF(V3, SERIAL, ECDSA_SHA256, NAME_A, VALIDITY, P256_SPKI, "", SOME_SIGNATURE)
#define VERSION(v)   CERT_OF(v, SERIAL, ECDSA_SHA256, NAME_A, VALIDITY, P256_SPKI, "", SOME_SIGNATURE)
#define SERIAL_IS(s) CERT_OF(V3, s, ECDSA_SHA256, NAME_A, VALIDITY, P256_SPKI, "", SOME_SIGNATURE)
#define ISSUER(n)    CERT_OF(V3, SERIAL, ECDSA_SHA256, n, VALIDITY, P256_SPKI, "", SOME_SIGNATURE)
#define TIMES(a, b)                                                                                \
	CERT_OF(V3, SERIAL, ECDSA_SHA256, NAME_A, "30{" a b "}", P256_SPKI, "", SOME_SIGNATURE)
#define KEY(k)       CERT_OF(V3, SERIAL, ECDSA_SHA256, NAME_A, VALIDITY, k, "", SOME_SIGNATURE)
#define REST(r)      CERT_OF(V3, SERIAL, ECDSA_SHA256, NAME_A, VALIDITY, P256_SPKI, r, SOME_SIGNATURE)
#define SIGNED(a, s) CERT_OF(V3, SERIAL, a, NAME_A, VALIDITY, P256_SPKI, "", s)
#define T_2025       "17{3235303130313030303030305a}"
#define T_9999       "18{39393939313233313233353935395a}"
#define RSA          "30{06092a864886f70d010101 0500}"
#define ED25519      "30{06032b6570}"
#define ZEROS_8      "0000000000000000"
#define ZEROS_32     ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8
/* compressed key and signature of the good certificate, in C509 */
#define C509_KEY "015821fe" P256_X
#define C509_SIGNATURE                                                                             \
	"5840" ZEROS_8 ZEROS_8 ZEROS_8 "0000000000000001" ZEROS_8 ZEROS_8 ZEROS_8 "00000000000000" \
	"01"
#define C509_OF(serial, algorithm, issuer, from, until, key, extensions, signature)                \
	"8b03" serial algorithm issuer from until "6162" key extensions signature
/* 2025-01-01 and 2026-01-01: 1735689600, 1767225600 */
#define FROM  "1a67748580"
#define UNTIL "1a6955b900"

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
		ck_assert_int_lt(
		        snprintf(text, sizeof text, "03{00 30{02{%s} 020101}}", number),
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

#define NATIVE(serial, algorithm, issuer, from, until, key, extensions, signature)                 \
	"8b02" serial algorithm issuer from until "6162" key extensions signature
#define NATIVE_KEY "01582102" P256_X

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

/* --- requests --- */

#define REQUEST(version, attributes)                                                               \
	"30{30{" version NAME_B P256_SPKI "a0{" attributes "}}" ECDSA_SHA256 SOME_SIGNATURE "}"
#define ATTRIBUTE(oid, values) "30{06{" oid "} 31{" values "}}"
#define CHALLENGE              "2a864886f70d010907"
#define C509_REQUEST(attributes)                                                                   \
	"8703"                                                                                     \
	"00"                                                                                       \
	"6162" C509_KEY attributes C509_SIGNATURE

static const struct {
	const char *because, *der, *c509;
} requests[] = {
        {"no attributes", REQUEST("020100", ""), C509_REQUEST("80")},
        {"a challenge", REQUEST("020100", ATTRIBUTE(CHALLENGE, "0c{6178}")),
                C509_REQUEST("8201626178")},
        {"a printable challenge", REQUEST("020100", ATTRIBUTE(CHALLENGE, "13{6178}")),
                C509_REQUEST("8201d879626178")},
        {"an unknown attribute", REQUEST("020100", ATTRIBUTE("2a03", "0500")),
                C509_REQUEST("82422a03"
                             "4431020500")},
        {"an unknown one with two values", REQUEST("020100", ATTRIBUTE("2a03", "0500 0500")),
                C509_REQUEST("82422a03"
                             "46310405000500")},
        {"version 1", REQUEST("020101", ""), NULL},
        {"a challenge of IA5", REQUEST("020100", ATTRIBUTE(CHALLENGE, "16{6178}")), NULL},
        {"two challenges in one", REQUEST("020100", ATTRIBUTE(CHALLENGE, "0c{61} 0c{62}")), NULL},
        {"an attribute without values", REQUEST("020100", "30{06022a03}"), NULL},
        {"no attributes at all",
                "30{30{020100" NAME_B P256_SPKI "}" ECDSA_SHA256 SOME_SIGNATURE "}", NULL},
};

START_TEST(requests_that_can_be_said)
{
	struct sl_span whole = der(requests[_i].der), want;
	uint8_t out[512], again[512];
	struct sl_c509_request request;
	size_t len = 0, again_len = 0;
	enum sl_err err = sl_c509_from_pkcs10(whole, SL_C509_COMPRESSED, out, sizeof out, &len);

	if (requests[_i].c509 == NULL) {
		ck_assert_msg(
		        err == SL_EUNSUPPORTED, "%s: %s", requests[_i].because, sl_err_text(err));
		return;
	}
	want = hex(requests[_i].c509);
	ck_assert_msg(err == SL_OK, "%s: %s", requests[_i].because, sl_err_text(err));
	ck_assert_msg(sl_span_equal(sl_span(out, len), want), "%s: got %s", requests[_i].because,
	        to_hex(sl_span(out, len)));
	ck_assert_ok(sl_c509_to_pkcs10(want, again, sizeof again, &again_len));
	ck_assert_bytes(sl_span(again, again_len), whole);
	ck_assert_ok(sl_c509_request_decode(&request, want));
	for (size_t cut = 0; cut < want.len; cut++)
		ck_assert_err(sl_c509_request_decode(&request, heap_copy(sl_span(want.ptr, cut))),
		        SL_EMALFORMED);
}
END_TEST

#define NATIVE_REQUEST(type, attributes)                                                           \
	"87" type "00"                                                                             \
	"6162" NATIVE_KEY attributes C509_SIGNATURE

static const struct {
	const char *because, *c509;
	enum sl_err want;
} bad_requests[] = {
        {"a native one", NATIVE_REQUEST("02", "80"), SL_OK},
        {"types 0 and 1 are reserved", NATIVE_REQUEST("00", "80"), SL_EMALFORMED},
        {"there is no type 4", NATIVE_REQUEST("04", "80"), SL_EMALFORMED},
        {"bytes are left", NATIVE_REQUEST("02", "80") "00", SL_EMALFORMED},
        {"an attribute has a value", NATIVE_REQUEST("02", "8101"), SL_EMALFORMED},
        {"attributes are an array", NATIVE_REQUEST("02", "f6"), SL_EMALFORMED},
        {"there is no attribute 3", NATIVE_REQUEST("02", "820300"), SL_EMALFORMED},
        {"a native challenge is UTF8String", NATIVE_REQUEST("02", "8201d879626178"), SL_EMALFORMED},
        {"a challenge has no other tag", C509_REQUEST("8201d87a626178"), SL_EMALFORMED},
        {"a challenge is a text", NATIVE_REQUEST("02", "82014161"), SL_EMALFORMED},
        {"a statement has three parts", NATIVE_REQUEST("02", "82028261614101"), SL_EMALFORMED},
        {"a statement without certificate", NATIVE_REQUEST("02", "82028361614101f6"), SL_OK},
        {"a statement's certificate is one", NATIVE_REQUEST("02", "820283616141014101"),
                SL_EMALFORMED},
        {"native uses numbers",
                NATIVE_REQUEST("02", "82492a864886f70d010907"
                                     "450c0178"),
                SL_EMALFORMED},
        {"a certificate is no request",
                C509_OF("4101", "00", "6161", FROM, UNTIL, C509_KEY, "80", C509_SIGNATURE),
                SL_EMALFORMED},
        {"an OID in a native one",
                "8702"
                "422a03"
                "6162" NATIVE_KEY "80"
                "4101",
                SL_EMALFORMED},
};

START_TEST(requests_from_outside)
{
	struct sl_c509_request request;
	enum sl_err err = sl_c509_request_decode(&request, hex(bad_requests[_i].c509));

	ck_assert_msg(
	        err == bad_requests[_i].want, "%s: %s", bad_requests[_i].because, sl_err_text(err));
}
END_TEST

START_TEST(proofs_have_limits)
{
	static uint8_t name[1100];
	struct sl_pkey *a = NULL, *b = NULL, *signer = NULL;
	struct sl_c509_pop pop = {.algorithm = 14};
	uint8_t mac[64];
	size_t len = 0;

	ck_assert_ok(sl_pkey_generate(&a, SL_PKEY_P256));
	ck_assert_ok(sl_pkey_generate(&b, SL_PKEY_P256));
	ck_assert_ok(sl_pkey_generate(&signer, SL_PKEY_ED25519));
	pop.own = a;
	pop.peer = b;
	ck_assert_ok(sl_c509_pop(&pop, mac, &len));
	ck_assert_uint_eq(len, 32);
	pop.algorithm = 16;
	ck_assert_ok(sl_c509_pop(&pop, mac, &len));
	ck_assert_uint_eq(len, 64);
	pop.leading = sl_span(name, 1024);
	ck_assert_ok(sl_c509_pop(&pop, mac, &len));
	pop.leading = sl_span(name, 1049);
	ck_assert_err(sl_c509_pop(&pop, mac, &len), SL_ELIMIT);
	pop.leading = sl_span(NULL, 0);
	pop.algorithm = 13;
	ck_assert_err(sl_c509_pop(&pop, mac, &len), SL_EUNSUPPORTED);
	pop.algorithm = 17;
	ck_assert_err(sl_c509_pop(&pop, mac, &len), SL_EUNSUPPORTED);
	pop.algorithm = 14;
	pop.peer = signer;
	ck_assert_err(sl_c509_pop(&pop, mac, &len), SL_EUNSUPPORTED);
	sl_pkey_free(a);
	sl_pkey_free(b);
	sl_pkey_free(signer);
}
END_TEST

/* --- templates --- */

static const struct {
	const char *because, *template;
	enum sl_err want;
} templates[] = {
        {"all is open", "8700f7f7f7f7f7f7", SL_OK},
        {"an empty subject", "8700f7f780f7f7f7", SL_OK},
        {"an OID with bytes",
                "8700f7f784422a03000141"
                "05f7f7f7",
                SL_OK},
        {"there is no type 1", "8701f7f7f7f7f7f7", SL_EMALFORMED},
        {"the key is undefined", "8700f7f7f7f74101f7", SL_EMALFORMED},
        {"a list is not empty", "870080f7f7f7f7f7", SL_EMALFORMED},
        {"a request type is an int",
                "87008161"
                "61f7f7f7f7f7",
                SL_EMALFORMED},
        {"there is no signature algorithm 99", "8700f7811863f7f7f7f7", SL_EMALFORMED},
        {"there is no key algorithm 99", "8700f7f7f7811863f7f7", SL_EMALFORMED},
        {"an attribute has four parts", "8700f7f783010101f7f7f7", SL_EMALFORMED},
        {"an attribute is not negative",
                "8700f7f78420"
                "0101f7f7f7f7",
                SL_EMALFORMED},
        {"most is not zero", "8700f7f784010000f7f7f7f7", SL_EMALFORMED},
        {"most is not below least", "8700f7f784010201f7f7f7f7", SL_EMALFORMED},
        {"a value is no int", "8700f7f78401010105f7f7f7", SL_EMALFORMED},
        {"a value of an OID is bytes",
                "8700f7f784422a030101"
                "6161f7f7f7",
                SL_EMALFORMED},
        {"an OID has bytes", "8700f7f784400101f7f7f7f7", SL_EMALFORMED},
        {"an extension has three parts", "8700f7f7f7f7f78203f4", SL_EMALFORMED},
        {"an extension is not negative", "8700f7f7f7f7f78322f4f7", SL_EMALFORMED},
        {"optional is a bool", "8700f7f7f7f7f7830300f7", SL_EMALFORMED},
        {"a value of an extension's OID is bytes", "8700f7f7f7f7f783422a03f405", SL_EMALFORMED},
        {"six parts are too few", "8600f7f7f7f7f7", SL_EMALFORMED},
        {"bytes are left", "8700f7f7f7f7f7f700", SL_EMALFORMED},
        {"null is not undefined", "8700f6f7f7f7f7f7", SL_EMALFORMED},
};

START_TEST(templates_from_outside)
{
	struct sl_c509_template template;
	enum sl_err err = sl_c509_template_decode(&template, hex(templates[_i].template));

	ck_assert_msg(err == templates[_i].want, "%s: %s", templates[_i].because, sl_err_text(err));
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
	tcase_add_loop_test(tc, requests_that_can_be_said, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(tc, requests_from_outside, 0, ARRAY_LEN(bad_requests));
	tcase_add_test(tc, proofs_have_limits);
	tcase_add_loop_test(tc, templates_from_outside, 0, ARRAY_LEN(templates));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
