/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates, read. What is issued is tested in test_issue.c. */
#include "der_text.h"

#include <sl/x509.h>

#define TBS(version, serial, validity, rest)                                                       \
	"30{" version serial ECDSA_SHA256 NAME_A validity NAME_B P256_SPKI rest "}"
#define CERT(tbs)       "30{" tbs ECDSA_SHA256 SOME_SIGNATURE "}"
#define V3              "a0{020102}"
#define VALID           "30{170d3730303130313030303030305a 170d3730303130323030303030305a}"
#define EXTENSIONS(all) "a3{30{" all "}}"
#define USAGE           CRITICAL("551d0f", "03020780")
#define WITH(all)       CERT(TBS(V3, "020101", VALID, EXTENSIONS(all)))

static const struct {
	const char *because, *text;
	enum sl_err want;
} bad[] = {
        {"nothing", "", SL_EMALFORMED},
        {"a byte follows", WITH(USAGE) "00", SL_EMALFORMED},
        {"version 1 spelled out (it is the default)", CERT(TBS("a0{020100}", "020101", VALID, "")),
                SL_EMALFORMED},
        {"version 4", CERT(TBS("a0{020103}", "020101", VALID, EXTENSIONS(USAGE))), SL_EMALFORMED},
        {"a version of two bytes", CERT(TBS("a0{02020102}", "020101", VALID, EXTENSIONS(USAGE))),
                SL_EMALFORMED},
        {"something after the version",
                CERT(TBS("a0{020102 0500}", "020101", VALID, EXTENSIONS(USAGE))), SL_EMALFORMED},
        {"extensions in version 1", CERT(TBS("", "020101", VALID, EXTENSIONS(USAGE))),
                SL_EMALFORMED},
        {"extensions in version 2", CERT(TBS("a0{020101}", "020101", VALID, EXTENSIONS(USAGE))),
                SL_EMALFORMED},
        {"a unique identifier in version 1", CERT(TBS("", "020101", VALID, "81{00aa}")),
                SL_EMALFORMED},
        {"no serial number", CERT(TBS(V3, "", VALID, EXTENSIONS(USAGE))), SL_EMALFORMED},
        {"a negative serial number", CERT(TBS(V3, "0201ff", VALID, EXTENSIONS(USAGE))),
                SL_EMALFORMED},
        {"a serial number of 21 bytes",
                CERT(TBS(V3, "02{010203040506070809101112131415161718192021}", VALID,
                        EXTENSIONS(USAGE))),
                SL_EMALFORMED},
        {"no validity", CERT(TBS(V3, "020101", "", EXTENSIONS(USAGE))), SL_EMALFORMED},
        {"one time only",
                CERT(TBS(V3, "020101", "30{170d3730303130313030303030305a}", EXTENSIONS(USAGE))),
                SL_EMALFORMED},
        {"a third time",
                CERT(TBS(V3, "020101",
                        "30{170d3730303130313030303030305a 170d3730303130323030303030305a"
                        "170d3730303130323030303030305a}",
                        EXTENSIONS(USAGE))),
                SL_EMALFORMED},
        {"a month 13",
                CERT(TBS(V3, "020101",
                        "30{170d3730313330313030303030305a 170d3730303130323030303030305a}",
                        EXTENSIONS(USAGE))),
                SL_EMALFORMED},
        {"two different algorithms",
                "30{" TBS(V3, "020101", VALID, EXTENSIONS(USAGE)) "30{06032b6570}" SOME_SIGNATURE
                                                                  "}",
                SL_EMALFORMED},
        {"an issuer without a name",
                CERT("30{" V3 "020101" ECDSA_SHA256
                     "30{}" VALID NAME_B P256_SPKI EXTENSIONS(USAGE) "}"),
                SL_EMALFORMED},
        {"an issuer that is no Name",
                CERT("30{" V3 "020101" ECDSA_SHA256
                     "30{0500}" VALID NAME_B P256_SPKI EXTENSIONS(USAGE) "}"),
                SL_EMALFORMED},
        {"a subject that is no Name",
                CERT("30{" V3 "020101" ECDSA_SHA256 NAME_A VALID
                     "30{0500}" P256_SPKI EXTENSIONS(USAGE) "}"),
                SL_EMALFORMED},
        {"a subject that is no UTF-8",
                CERT("30{" V3 "020101" ECDSA_SHA256 NAME_A VALID NAME("ff")
                                P256_SPKI EXTENSIONS(USAGE) "}"),
                SL_EMALFORMED},
        {"no key", CERT("30{" V3 "020101" ECDSA_SHA256 NAME_A VALID NAME_B EXTENSIONS(USAGE) "}"),
                SL_EMALFORMED},
        {"a key off its curve",
                CERT("30{" V3 "020101" ECDSA_SHA256 NAME_A VALID NAME_B "30{" P256_ALGORITHM
                     "03{0004" P256_X P256_X "}}" EXTENSIONS(USAGE) "}"),
                SL_EMALFORMED},
        {"a key that nobody knows",
                CERT("30{" V3 "020101" ECDSA_SHA256 NAME_A VALID NAME_B
                     "30{30{06032a0304} 03{00aabb}}" EXTENSIONS(USAGE) "}"),
                SL_EUNSUPPORTED},
        {"no extension in the list", CERT(TBS(V3, "020101", VALID, "a3{30{}}")), SL_EMALFORMED},
        {"an empty [3]", CERT(TBS(V3, "020101", VALID, "a3{}")), SL_EMALFORMED},
        {"two lists of extensions",
                CERT(TBS(V3, "020101", VALID, "a3{30{" USAGE "} 30{" USAGE "}}")), SL_EMALFORMED},
        {"something after the extensions", CERT(TBS(V3, "020101", VALID, EXTENSIONS(USAGE) "0500")),
                SL_EMALFORMED},
        {"something unknown in place of the extensions", CERT(TBS(V3, "020101", VALID, "a4{0500}")),
                SL_EMALFORMED},
        {"one extension twice", WITH(USAGE USAGE), SL_EMALFORMED},
        {"an empty signature",
                "30{" TBS(V3, "020101", VALID, EXTENSIONS(USAGE)) ECDSA_SHA256 "03{00}}",
                SL_EMALFORMED},
};

START_TEST(refuses_a_malformed_certificate)
{
	struct sl_cert cert = {.key_usage = 4711};
	enum sl_err got = sl_cert_decode(&cert, der(bad[_i].text));

	ck_assert_msg(got == bad[_i].want, "%s: %s", bad[_i].because, sl_err_text(got));
	ck_assert_uint_eq(cert.key_usage, 4711);
}
END_TEST

START_TEST(reads_every_field)
{
	struct sl_span bytes = der(WITH(USAGE EXTENSION("551d11", "30{82{64}}")
	                               EXTENSION("551d25", "30{06082b0601050507031c}"))),
	               tbs;
	struct sl_cert cert;

	ck_assert_ok(sl_cert_decode(&cert, bytes));
	ck_assert_bytes(cert.der, bytes);
	ck_assert_bytes(cert.serial, hex("01"));
	ck_assert_bytes(cert.issuer, der(NAME_A));
	ck_assert_bytes(cert.subject, der(NAME_B));
	ck_assert_bytes(cert.spki, der(P256_SPKI));
	ck_assert_bytes(cert.subject_alt_name, hex("3003820164"));
	ck_assert_int_eq(cert.key_type, SL_PKEY_P256);
	ck_assert_int_eq(cert.not_before, 0);
	ck_assert_int_eq(cert.not_after, 86400);
	ck_assert_str_eq(cert.issuer_text, "CN=a");
	ck_assert_str_eq(cert.subject_text, "CN=b");
	ck_assert(!cert.is_ca && cert.is_cmc_ra && cert.has_key_usage);
	ck_assert_uint_eq(cert.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert_ok(sl_cert_get_tbs(bytes, &tbs));
	ck_assert_bytes(tbs, der(TBS(V3, "020101", VALID,
	                             EXTENSIONS(USAGE EXTENSION("551d11", "30{82{64}}") EXTENSION(
	                                     "551d25", "30{06082b0601050507031c}")))));
	ck_assert_err(sl_cert_get_tbs(hex("3000"), &tbs), SL_EMALFORMED);
}
END_TEST

static const struct {
	const char *text, *serial;
} readable[] = {
        {CERT(TBS("", "020101", VALID, "")), "01"},                            /* version 1 */
        {CERT(TBS("a0{020101}", "020101", VALID, "81{00aa} 82{00bb}")), "01"}, /* version 2 */
        {CERT(TBS(V3, "020101", VALID, "")), "01"}, /* nothing to extend */
        {CERT(TBS(V3, "020100", VALID, "")), "00"},
        {CERT(TBS(V3, "02020080", VALID, "")), "80"},
        {CERT(TBS(V3, "02{0102030405060708091011121314151617181920}", VALID, "")),
                "0102030405060708091011121314151617181920"},
        {CERT(TBS(V3, "02{00f102030405060708091011121314151617181920}", VALID, "")),
                "f102030405060708091011121314151617181920"},
};

START_TEST(reads_other_versions_and_serial_numbers)
{
	struct sl_cert cert;

	ck_assert_ok(sl_cert_decode(&cert, der(readable[_i].text)));
	ck_assert_bytes(cert.serial, hex(readable[_i].serial));
	ck_assert(!cert.is_ca && !cert.has_key_usage && cert.subject_alt_name.len == 0);
}
END_TEST

START_TEST(refuses_every_proper_prefix)
{
	struct sl_span whole = der(WITH(USAGE));
	struct sl_cert cert;

	for (size_t len = 0; len < whole.len; len++)
		ck_assert_err(
		        sl_cert_decode(&cert, heap_copy(sl_span(whole.ptr, len))), SL_EMALFORMED);
	ck_assert_ok(sl_cert_decode(&cert, whole));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 cert");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, refuses_a_malformed_certificate, 0, ARRAY_LEN(bad));
	tcase_add_test(tc, reads_every_field);
	tcase_add_loop_test(tc, reads_other_versions_and_serial_numbers, 0, ARRAY_LEN(readable));
	tcase_add_test(tc, refuses_every_proper_prefix);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
