/* SPDX-License-Identifier: BSD-2-Clause
 * What requests and certificates share: the frame, names, alternative names, extensions. */
#include "der_text.h"
#include "parts.h"

static const struct {
	const char *because, *text;
} bad_frames[] = {
        {"no signature", "30{ 30{} " ECDSA_SHA256 "}"},
        {"an empty signature", "30{ 30{} " ECDSA_SHA256 "03{00}}"},
        {"a signature with unused bits", "30{ 30{} " ECDSA_SHA256 "03{04 f0}}"},
        {"something after the signature", "30{ 30{} " ECDSA_SHA256 SOME_SIGNATURE "0500}"},
        {"a body that is no SEQUENCE", "30{ 31{} " ECDSA_SHA256 SOME_SIGNATURE "}"},
        {"an algorithm without identifier", "30{ 30{} 30{} " SOME_SIGNATURE "}"},
        {"an algorithm with two parameters",
                "30{ 30{} 30{0603 2b6570 0500 0500}" SOME_SIGNATURE "}"},
        {"an algorithm that is a number", "30{ 30{} 020101 " SOME_SIGNATURE "}"},
        {"no SEQUENCE at all", "31{ 30{} " ECDSA_SHA256 SOME_SIGNATURE "}"},
};

START_TEST(refuses_a_malformed_frame)
{
	struct sl_x509_frame frame;

	ck_assert_msg(sl_x509_open_frame(&frame, der(bad_frames[_i].text)) == SL_EMALFORMED,
	        "accepted although %s", bad_frames[_i].because);
}
END_TEST

START_TEST(opens_a_frame)
{
	struct sl_x509_frame frame;

	ck_assert_ok(sl_x509_open_frame(&frame, der("30{ 30{0500} " ECDSA_SHA256 "03{00 aa}}")));
	ck_assert_bytes(frame.body, hex("30020500"));
	ck_assert_bytes(frame.algorithm, der(ECDSA_SHA256));
	ck_assert_bytes(frame.signature, hex("aa"));
}
END_TEST

/* A body of the given length makes an object of SL_X509_MAX bytes, or one more. */
START_TEST(a_frame_has_a_longest_length)
{
	static uint8_t bytes[SL_X509_MAX + 1], zeros[SL_X509_MAX];
	struct sl_x509_frame frame;

	for (size_t extra = 0; extra < 2; extra++) {
		struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
		size_t whole = sl_der_open(&w, SL_DER_SEQUENCE),
		       body = sl_der_open(&w, SL_DER_SEQUENCE);

		/* headers: 3 more bytes each for whole and body, 12 + 4 for algorithm and signature */
		sl_der_write(
		        &w, SL_DER_OCTET_STRING, sl_span(zeros, SL_X509_MAX - 4 * 3 - 16 + extra));
		sl_der_close(&w, body);
		sl_write_span(&w, sl_x509_algorithm(SL_PKEY_P256));
		sl_der_write_bits(&w, sl_span("\xaa", 1));
		sl_der_close(&w, whole);
		ck_assert_uint_eq(w.len, SL_X509_MAX + extra);
		ck_assert_int_eq(sl_x509_open_frame(&frame, sl_writer_span(&w)),
		        extra == 0 ? SL_OK : SL_EMALFORMED);
	}
}
END_TEST

static const struct {
	const char *because, *text;
	bool good;
} names[] = {
        {"empty", "30{}", true},
        {"one CN", NAME_A, true},
        {"two RDNs", "30{31{30{0603550403 0c0161}} 31{30{060355040a 130162}}}", true},
        {"two pairs in one RDN", "30{31{30{0603550403 0c0161} 30{060355040a 130162}}}", true},
        {"an RDN without a pair", "30{31{}}", false},
        {"a pair without a value", "30{31{30{0603550403}}}", false},
        {"a pair of three", "30{31{30{0603550403 0c0161 0500}}}", false},
        {"a pair that begins with a string", "30{31{30{0c0161 0603550403}}}", false},
        {"an RDN that is a SEQUENCE", "30{30{30{0603550403 0c0161}}}", false},
        {"something after it", NAME_A "0500", false},
        {"nothing", "", false},
};

START_TEST(tells_a_name)
{
	ck_assert_msg(
	        sl_x509_is_name(der(names[_i].text)) == names[_i].good, "%s", names[_i].because);
}
END_TEST

static const struct {
	const char *because, *text;
	bool good;
} general_names[] = {
        {"dNSName", "30{82{61}}", true},
        {"otherName, directoryName, iPAddress, registeredID",
                "30{a0{06032a0304 a0{0c0161}} a4{" NAME_A "} 87{7f000001} 88{2a03}}", true},
        {"no name at all", "30{}", false},
        {"a number above 8", "30{89{61}}", false},
        {"a constructed dNSName", "30{a2{0c0161}}", false},
        {"a primitive otherName", "30{80{61}}", false},
        {"a universal string", "30{0c0161}", false},
        {"something after it", "30{82{61}} 0500", false},
        {"broken inside", "30{a0{0202007f}}", false},
        {"nothing", "", false},
};

START_TEST(tells_general_names)
{
	ck_assert_msg(
	        sl_x509_is_general_names(der(general_names[_i].text)) == general_names[_i].good,
	        "%s", general_names[_i].because);
}
END_TEST

#define BASIC  "551d13"
#define USAGE  "551d0f"
#define ALT    "551d11"
#define EXTKU  "551d25"
#define SKI    "551d0e"
#define CMC_RA "06082b0601050507031c"

static const struct {
	const char *because, *text;
} bad_extensions[] = {
        {"no extension", "30{}"},
        {"critical FALSE is the default", "30{30{06{" USAGE "} 010100 04{03020780}}}"},
        {"no value", "30{30{06{" USAGE "}}}"},
        {"a value that is no OCTET STRING", "30{30{06{" USAGE "} 03020780}}"},
        {"something after the value", "30{30{06{" USAGE "} 04{03020780} 0500}}"},
        {"the same twice (RFC 5280 section 4.2)",
                "30{" EXTENSION("2a03", "0500") EXTENSION("2a03", "0500") "}"},
        {"something after the list", "30{" EXTENSION(USAGE, "03020780") "} 0500"},
        {"keyUsage without a bit", "30{" EXTENSION(USAGE, "030100") "}"},
        {"keyUsage with all bits clear", "30{" EXTENSION(USAGE, "03020700") "}"},
        {"keyUsage with a tenth bit", "30{" EXTENSION(USAGE, "0303068040") "}"},
        {"keyUsage of three bytes", "30{" EXTENSION(USAGE, "030400808080") "}"},
        {"keyUsage that is an INTEGER", "30{" EXTENSION(USAGE, "020101") "}"},
        {"keyUsage with something after it", "30{" EXTENSION(USAGE, "03020780 0500") "}"},
        {"basicConstraints with CA FALSE spelled out", "30{" EXTENSION(BASIC, "30{010100}") "}"},
        {"basicConstraints with an endless path",
                "30{" EXTENSION(BASIC, "30{0101ff 0203010000}") "}"},
        {"basicConstraints with a text", "30{" EXTENSION(BASIC, "30{0c0161}") "}"},
        {"basicConstraints with something after it", "30{" EXTENSION(BASIC, "30{} 0500") "}"},
        {"subjectAltName without a name", "30{" EXTENSION(ALT, "30{}") "}"},
        {"extended key usage without a purpose", "30{" EXTENSION(EXTKU, "30{}") "}"},
        {"extended key usage with a purpose that does not end",
                "30{" EXTENSION(EXTKU, "30{06022a86}") "}"},
        {"extended key usage with a number", "30{" EXTENSION(EXTKU, "30{020101}") "}"},
        {"an empty subject key identifier", "30{" EXTENSION(SKI, "0400") "}"},
        {"a subject key identifier that is a number", "30{" EXTENSION(SKI, "020101") "}"},
        {"a known extension with a length that is not minimal",
                "30{" EXTENSION(BASIC, "308100") "}"},
};

START_TEST(refuses_malformed_extensions)
{
	struct sl_x509_extensions got;

	ck_assert_msg(sl_x509_read_extensions(&got, der(bad_extensions[_i].text)) == SL_EMALFORMED,
	        "accepted although %s", bad_extensions[_i].because);
}
END_TEST

START_TEST(reads_the_extensions_that_it_knows)
{
	struct sl_x509_extensions got;

	ck_assert_ok(sl_x509_read_extensions(
	        &got, der("30{" CRITICAL(BASIC, "30{0101ff 020103}") CRITICAL(USAGE, "03020106")
	                              EXTENSION(ALT, "30{82{61}}") EXTENSION(EXTKU,
	                                      "30{06032a0304" CMC_RA "}") EXTENSION(SKI, "04{aabb}")
	                                      EXTENSION("2a03", "ffff") "}")));
	ck_assert(got.is_ca && got.is_cmc_ra && got.has_key_usage && !got.has_smime_capabilities);
	/* 06 is 00000110: bits 5 and 6 */
	ck_assert_uint_eq(got.key_usage, SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN);
	ck_assert_bytes(got.subject_alt_name, hex("30038201 61"));
	ck_assert_bytes(got.subject_key_id, hex("aabb"));
}
END_TEST

START_TEST(absent_means_no)
{
	struct sl_x509_extensions got;

	ck_assert_ok(sl_x509_read_extensions(
	        &got, der("30{" CRITICAL(BASIC, "30{}") EXTENSION(EXTKU, "30{06032a0304}")
	                              EXTENSION("2a864886f70d01090f", "30{}") "}")));
	ck_assert(!got.is_ca && !got.is_cmc_ra && !got.has_key_usage);
	ck_assert(got.has_smime_capabilities);
}
END_TEST

/* decipherOnly is bit 8: the first of the second byte. Trailing zero bits pass. */
START_TEST(reads_nine_bits_of_key_usage)
{
	struct sl_x509_extensions got;

	ck_assert_ok(sl_x509_read_extensions(&got, der("30{" EXTENSION(USAGE, "0303070880") "}")));
	ck_assert_uint_eq(got.key_usage, SL_KU_KEY_AGREEMENT | 1 << 8);
	ck_assert_ok(sl_x509_read_extensions(&got, der("30{" EXTENSION(USAGE, "03020080") "}")));
	ck_assert_uint_eq(got.key_usage, SL_KU_DIGITAL_SIGNATURE);
}
END_TEST

START_TEST(has_a_largest_number_of_extensions)
{
	for (size_t count = 32; count <= 33; count++) {
		uint8_t bytes[1024];
		struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
		size_t list = sl_der_open(&w, SL_DER_SEQUENCE);
		struct sl_x509_extensions got;

		for (uint8_t i = 0; i < count; i++) {
			size_t one = sl_der_open(&w, SL_DER_SEQUENCE);
			uint8_t oid[] = {0x2a, i};

			sl_der_write(&w, SL_DER_OID, sl_span(oid, sizeof oid));
			sl_der_write(&w, SL_DER_OCTET_STRING, sl_span(NULL, 0));
			sl_der_close(&w, one);
		}
		sl_der_close(&w, list);
		ck_assert_int_eq(sl_x509_read_extensions(&got, sl_writer_span(&w)),
		        count == 32 ? SL_OK : SL_EMALFORMED);
	}
}
END_TEST

START_TEST(only_keys_that_sign_have_an_algorithm)
{
	ck_assert_bytes(sl_x509_algorithm(SL_PKEY_P256), der(ECDSA_SHA256));
	ck_assert_bytes(sl_x509_algorithm(SL_PKEY_P384), der("30{06082a8648ce3d040303}"));
	ck_assert_bytes(sl_x509_algorithm(SL_PKEY_ED25519), der("30{06032b6570}"));
	ck_assert_uint_eq(sl_x509_algorithm(SL_PKEY_X25519).len, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 parts");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, refuses_a_malformed_frame, 0, ARRAY_LEN(bad_frames));
	tcase_add_test(tc, opens_a_frame);
	tcase_add_test(tc, a_frame_has_a_longest_length);
	tcase_add_loop_test(tc, tells_a_name, 0, ARRAY_LEN(names));
	tcase_add_loop_test(tc, tells_general_names, 0, ARRAY_LEN(general_names));
	tcase_add_loop_test(tc, refuses_malformed_extensions, 0, ARRAY_LEN(bad_extensions));
	tcase_add_test(tc, reads_the_extensions_that_it_knows);
	tcase_add_test(tc, absent_means_no);
	tcase_add_test(tc, reads_nine_bits_of_key_usage);
	tcase_add_test(tc, has_a_largest_number_of_extensions);
	tcase_add_test(tc, only_keys_that_sign_have_an_algorithm);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
