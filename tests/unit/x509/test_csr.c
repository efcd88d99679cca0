/* SPDX-License-Identifier: BSD-2-Clause
 * PKCS#10 requests: what is read, what is refused, what is made. */
#include "der_text.h"

#include <sl/x509.h>

#include <string.h>

#define INFO(version, subject, spki, attributes) "30{" version subject spki attributes "}"
#define REQUEST(info)                            "30{" info ECDSA_SHA256 SOME_SIGNATURE "}"
#define PLAIN(attributes)                        REQUEST(INFO("020100", NAME_A, P256_SPKI, "a0{" attributes "}"))
#define ATTRIBUTE(oid, values)                   "30{06{" oid "} 31{" values "}}"
#define CHALLENGE(values)                        ATTRIBUTE("2a864886f70d010907", values)
#define EXTENSION_REQUEST(value)                 ATTRIBUTE("2a864886f70d01090e", value)
#define SMIME_CAPABILITIES                       "2a864886f70d01090f"
#define CHANGE_SUBJECT_NAME                      "2b06010505070724"
#define USAGE                                    EXTENSION("551d0f", "03020780")
#define EC_SPKI(point)                           "30{" P256_ALGORITHM "03{00" point "}}"

static const struct {
	const char *because, *text;
	enum sl_err want;
} bad[] = {
        {"nothing", "", SL_EMALFORMED},
        {"a byte follows", PLAIN("") "00", SL_EMALFORMED},
        {"an indefinite length",
                "3080" INFO("020100", NAME_A, P256_SPKI, "a0{}") ECDSA_SHA256 SOME_SIGNATURE "0000",
                SL_EMALFORMED},
        {"a length that is not minimal inside",
                REQUEST(INFO("02810100", NAME_A, P256_SPKI, "a0{}")), SL_EMALFORMED},
        {"version 1", REQUEST(INFO("020101", NAME_A, P256_SPKI, "a0{}")), SL_EMALFORMED},
        {"version 0 with a byte too many", REQUEST(INFO("02020000", NAME_A, P256_SPKI, "a0{}")),
                SL_EMALFORMED},
        {"version 256", REQUEST(INFO("02020100", NAME_A, P256_SPKI, "a0{}")), SL_EMALFORMED},
        {"no version", REQUEST(INFO("", NAME_A, P256_SPKI, "a0{}")), SL_EMALFORMED},
        {"no subject", REQUEST(INFO("020100", "", P256_SPKI, "a0{}")), SL_EMALFORMED},
        {"a subject that is no Name", REQUEST(INFO("020100", "30{0500}", P256_SPKI, "a0{}")),
                SL_EMALFORMED},
        {"a subject with an RDN of nothing", REQUEST(INFO("020100", "30{31{}}", P256_SPKI, "a0{}")),
                SL_EMALFORMED},
        {"a subject that is no UTF-8", REQUEST(INFO("020100", NAME("ff"), P256_SPKI, "a0{}")),
                SL_EMALFORMED},
        {"no key", REQUEST(INFO("020100", NAME_A, "", "a0{}")), SL_EMALFORMED},
        {"no attributes field", REQUEST(INFO("020100", NAME_A, P256_SPKI, "")), SL_EMALFORMED},
        {"attributes under [1]", REQUEST(INFO("020100", NAME_A, P256_SPKI, "a1{}")), SL_EMALFORMED},
        {"something after the attributes", REQUEST(INFO("020100", NAME_A, P256_SPKI, "a0{} a0{}")),
                SL_EMALFORMED},
        {"no algorithm", "30{" INFO("020100", NAME_A, P256_SPKI, "a0{}") SOME_SIGNATURE "}",
                SL_EMALFORMED},
        {"no signature", "30{" INFO("020100", NAME_A, P256_SPKI, "a0{}") ECDSA_SHA256 "}",
                SL_EMALFORMED},
        {"an empty signature",
                "30{" INFO("020100", NAME_A, P256_SPKI, "a0{}") ECDSA_SHA256 "03{00}}",
                SL_EMALFORMED},
        {"a signature with unused bits",
                "30{" INFO("020100", NAME_A, P256_SPKI, "a0{}") ECDSA_SHA256 "03{01 02}}",
                SL_EMALFORMED},
        {"something after the signature",
                "30{" INFO("020100", NAME_A, P256_SPKI, "a0{}") ECDSA_SHA256 SOME_SIGNATURE "0500}",
                SL_EMALFORMED},
        {"a point off its curve",
                REQUEST(INFO("020100", NAME_A, EC_SPKI("04" P256_X P256_X), "a0{}")),
                SL_EMALFORMED},
        {"the point at infinity", REQUEST(INFO("020100", NAME_A, EC_SPKI("00"), "a0{}")),
                SL_EMALFORMED},
        {"a hybrid point", REQUEST(INFO("020100", NAME_A, EC_SPKI("06" P256_X P256_Y), "a0{}")),
                SL_EMALFORMED},
        {"a key with unused bits",
                REQUEST(INFO("020100", NAME_A, "30{" P256_ALGORITHM "03{0104" P256_X P256_Y "}}",
                        "a0{}")),
                SL_EMALFORMED},
        {"a key with something after it",
                REQUEST(INFO("020100", NAME_A,
                        "30{" P256_ALGORITHM "03{0004" P256_X P256_Y "} 0500}", "a0{}")),
                SL_EMALFORMED},
        {"an attribute without values", PLAIN("30{06032a0304}"), SL_EMALFORMED},
        {"an attribute with no value", PLAIN(ATTRIBUTE("2a0304", "")), SL_EMALFORMED},
        {"an attribute whose values are a SEQUENCE", PLAIN("30{06032a0304 30{0500}}"),
                SL_EMALFORMED},
        {"an attribute of three parts", PLAIN("30{06032a0304 31{0500} 0500}"), SL_EMALFORMED},
        {"an attribute without a type", PLAIN("30{31{0500}}"), SL_EMALFORMED},
        {"an attribute that is a number", PLAIN("020100"), SL_EMALFORMED},
        {"a challenge with two values", PLAIN(CHALLENGE("0c0161 0c0162")), SL_EMALFORMED},
        {"two challenges", PLAIN(CHALLENGE("0c0161") CHALLENGE("0c0162")), SL_EMALFORMED},
        {"an empty challenge", PLAIN(CHALLENGE("0c00")), SL_EMALFORMED},
        {"a challenge with a zero byte in it", PLAIN(CHALLENGE("0c03610062")), SL_EMALFORMED},
        {"a challenge with a line feed", PLAIN(CHALLENGE("0c03610a62")), SL_EMALFORMED},
        {"a challenge that is no UTF-8", PLAIN(CHALLENGE("0c01ff")), SL_EMALFORMED},
        {"a challenge with a broken character", PLAIN(CHALLENGE("0c02c328")), SL_EMALFORMED},
        {"a challenge in UTF-16", PLAIN(CHALLENGE("1e020061")), SL_EUNSUPPORTED},
        {"a challenge that is a number", PLAIN(CHALLENGE("020101")), SL_EUNSUPPORTED},
        {"two extension requests",
                PLAIN(EXTENSION_REQUEST("30{" USAGE "}") EXTENSION_REQUEST("30{" USAGE "}")),
                SL_EMALFORMED},
        {"an extension request with two values",
                PLAIN(EXTENSION_REQUEST("30{" USAGE "} 30{" USAGE "}")), SL_EMALFORMED},
        {"an extension request without an extension", PLAIN(EXTENSION_REQUEST("30{}")),
                SL_EMALFORMED},
        {"an extension request with one extension twice",
                PLAIN(EXTENSION_REQUEST("30{" USAGE USAGE "}")), SL_EMALFORMED},
        {"an alternative name that is none",
                PLAIN(EXTENSION_REQUEST("30{" EXTENSION("551d11", "30{0c0161}") "}")),
                SL_EMALFORMED},
        {"a key algorithm that nobody knows",
                REQUEST(INFO("020100", NAME_A, "30{30{06032a0304} 03{00aabb}}", "a0{}")),
                SL_EUNSUPPORTED},
};

START_TEST(refuses_a_malformed_request)
{
	struct sl_csr csr = {.key_usage = 4711};
	enum sl_err got = sl_csr_decode(&csr, der(bad[_i].text));

	ck_assert_msg(got == bad[_i].want, "%s: %s", bad[_i].because, sl_err_text(got));
	ck_assert_uint_eq(csr.key_usage, 4711); /* left alone */
}
END_TEST

START_TEST(reads_a_plain_request)
{
	struct sl_span bytes = der(PLAIN(""));
	struct sl_csr csr;

	ck_assert_ok(sl_csr_decode(&csr, bytes));
	ck_assert_bytes(csr.der, bytes);
	ck_assert_bytes(csr.info, der(INFO("020100", NAME_A, P256_SPKI, "a0{}")));
	ck_assert_bytes(csr.subject, der(NAME_A));
	ck_assert_bytes(csr.spki, der(P256_SPKI));
	ck_assert_str_eq(csr.subject_text, "CN=a");
	ck_assert_int_eq(csr.key_type, SL_PKEY_P256);
	ck_assert_uint_eq(csr.extensions.len, 0);
	ck_assert_uint_eq(csr.subject_alt_name.len, 0);
	ck_assert(!csr.has_challenge && !csr.has_smime_capabilities && !csr.wants_ca);
	ck_assert(!csr.has_change_subject_name && !csr.has_key_usage);
	ck_assert_err(sl_csr_verify(&csr), SL_EAUTH); /* signed by nobody */
}
END_TEST

START_TEST(reads_every_attribute)
{
	struct sl_csr csr;

	ck_assert_ok(sl_csr_decode(&csr,
	        der(PLAIN(CHALLENGE("0c{c3a477}") ATTRIBUTE("2a0304", "0500 020101") ATTRIBUTE(
	                SMIME_CAPABILITIES, "30{}") ATTRIBUTE(CHANGE_SUBJECT_NAME, "30{30{}}")
	                        EXTENSION_REQUEST("30{" CRITICAL("551d0f", "03020388")
	                                        EXTENSION("551d13", "30{0101ff}")
	                                                EXTENSION("551d11", "30{82{64}}") "}")))));
	ck_assert(csr.has_challenge);
	ck_assert_str_eq(csr.challenge, "\xc3\xa4w");
	ck_assert(csr.has_smime_capabilities && csr.has_change_subject_name && csr.wants_ca);
	ck_assert(csr.has_key_usage);
	/* 88 is 10001000: bits 0 and 4 */
	ck_assert_uint_eq(csr.key_usage, SL_KU_DIGITAL_SIGNATURE | SL_KU_KEY_AGREEMENT);
	ck_assert_bytes(csr.subject_alt_name, hex("3003820164"));
	ck_assert_bytes(csr.extensions,
	        der("30{" CRITICAL("551d0f", "03020388") EXTENSION("551d13", "30{0101ff}")
	                        EXTENSION("551d11", "30{82{64}}") "}"));
}
END_TEST

START_TEST(smime_capabilities_may_be_an_extension)
{
	struct sl_csr csr;

	ck_assert_ok(sl_csr_decode(&csr,
	        der(PLAIN(EXTENSION_REQUEST("30{" EXTENSION(SMIME_CAPABILITIES, "30{}") "}")))));
	ck_assert(csr.has_smime_capabilities);
}
END_TEST

static const char *const challenge_kinds[] = {"0c", "13", "16"};

START_TEST(a_challenge_has_255_bytes_at_most)
{
	for (size_t len = 255; len <= 256; len++) {
		char text[1200] = PLAIN("30{0609 2a864886f70d010907 31{@");
		char *at = strchr(text, '@'), rest[700];
		struct sl_csr csr;

		memcpy(rest, at + 1, strlen(at + 1) + 1);
		memcpy(at, challenge_kinds[_i], 2);
		at[2] = '{';
		at += 3;
		for (size_t i = 0; i < len; i++, at += 2)
			memcpy(at, "78", 2);
		memcpy(at, "}}}", 3);
		memcpy(at + 3, rest, strlen(rest) + 1);
		ck_assert_err(sl_csr_decode(&csr, der(text)), len == 255 ? SL_OK : SL_EMALFORMED);
		if (len == 255)
			ck_assert_uint_eq(strlen(csr.challenge), 255);
	}
}
END_TEST

/* RFC 8410: a key that only agrees may stand in a request, but cannot prove its possession. */
START_TEST(an_agreement_key_proves_nothing)
{
	struct sl_csr csr;

	ck_assert_ok(sl_csr_decode(
	        &csr, der(REQUEST(INFO("020100", NAME_A,
	                      "30{30{06032b656e} 03{00"
	                      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a}}",
	                      "a0{}")))));
	ck_assert_int_eq(csr.key_type, SL_PKEY_X25519);
	ck_assert_err(sl_csr_verify(&csr), SL_EAUTH);
}
END_TEST

static const enum sl_pkey_type signers[] = {
        SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519, SL_PKEY_ED448};

static size_t
make(const struct sl_csr_params *params, uint8_t *out, size_t cap)
{
	size_t len = 0;

	ck_assert_ok(sl_csr_make(params, out, cap, &len));
	return len;
}

START_TEST(makes_what_it_reads)
{
	struct sl_pkey *key = NULL;
	struct sl_csr_params params = {.common_name = "d\xc3\xa9vice",
	        .challenge = "secret",
	        .subject_alt_name = hex("3003820164")};
	uint8_t out[1024], spki[128];
	size_t len, spki_len = 0;
	struct sl_csr csr;

	ck_assert_ok(sl_pkey_generate(&key, signers[_i]));
	params.key = key;
	len = make(&params, out, sizeof out);
	ck_assert_ok(sl_csr_decode(&csr, heap_copy(sl_span(out, len))));
	ck_assert_ok(sl_csr_verify(&csr));
	ck_assert_str_eq(csr.subject_text, "CN=d\\C3\\A9vice");
	ck_assert_str_eq(csr.challenge, "secret");
	ck_assert_bytes(csr.subject_alt_name, params.subject_alt_name);
	ck_assert_int_eq(csr.key_type, signers[_i]);
	ck_assert_ok(sl_pkey_to_spki(key, spki, sizeof spki, &spki_len));
	ck_assert_bytes(csr.spki, sl_span(spki, spki_len));

	params = (struct sl_csr_params){.key = key, .subject = der(NAME_B), .common_name = "a"};
	len = make(&params, out, sizeof out);
	ck_assert_ok(sl_csr_decode(&csr, heap_copy(sl_span(out, len))));
	ck_assert_ok(sl_csr_verify(&csr));
	ck_assert_bytes(csr.subject, der(NAME_B));
	ck_assert(!csr.has_challenge && csr.extensions.len == 0);
	sl_pkey_free(key);
}
END_TEST

/* An Ed25519 signature has one length, so the request has one too. */
START_TEST(needs_every_byte_of_its_buffer)
{
	struct sl_pkey *key = NULL;
	struct sl_csr_params params = {.common_name = "a"};
	uint8_t out[512];
	size_t len, unused = 4711;

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_ED25519));
	params.key = key;
	len = make(&params, out, sizeof out);
	ck_assert_err(sl_csr_make(&params, out, len - 1, &unused), SL_ESPACE);
	ck_assert_uint_eq(unused, 4711);
	ck_assert_uint_eq(make(&params, out, len), len);
	sl_pkey_free(key);
}
END_TEST

START_TEST(makes_no_request_of_bad_parameters)
{
	struct sl_pkey *key = NULL, *agreement = NULL;
	char long_text[257];
	uint8_t out[1024];
	size_t len = 0;

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	ck_assert_ok(sl_pkey_generate(&agreement, SL_PKEY_X25519));
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	const struct {
		struct sl_csr_params params;
		enum sl_err want;
	} rows[] = {
	        {{.key = key}, SL_EMALFORMED},
	        {{.key = key, .common_name = ""}, SL_EMALFORMED},
	        {{.key = key, .common_name = "a\nb"}, SL_EMALFORMED},
	        {{.key = key, .common_name = long_text}, SL_EMALFORMED},
	        {{.key = key, .common_name = "a", .challenge = ""}, SL_EMALFORMED},
	        {{.key = key, .common_name = "a", .challenge = long_text}, SL_EMALFORMED},
	        {{.key = key, .subject = hex("3001")}, SL_EMALFORMED},
	        {{.key = key, .subject = hex("30020500")}, SL_EMALFORMED},
	        {{.key = key, .common_name = "a", .subject_alt_name = hex("3000")}, SL_EMALFORMED},
	        {{.key = agreement, .common_name = "a"}, SL_EUNSUPPORTED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(sl_csr_make(&rows[i].params, out, sizeof out, &len) == rows[i].want,
		        "row %zu", i);
	sl_pkey_free(key);
	sl_pkey_free(agreement);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 csr");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, refuses_a_malformed_request, 0, ARRAY_LEN(bad));
	tcase_add_test(tc, reads_a_plain_request);
	tcase_add_test(tc, reads_every_attribute);
	tcase_add_test(tc, smime_capabilities_may_be_an_extension);
	tcase_add_loop_test(tc, a_challenge_has_255_bytes_at_most, 0, ARRAY_LEN(challenge_kinds));
	tcase_add_test(tc, an_agreement_key_proves_nothing);
	tcase_add_loop_test(tc, makes_what_it_reads, 0, ARRAY_LEN(signers));
	tcase_add_test(tc, needs_every_byte_of_its_buffer);
	tcase_add_test(tc, makes_no_request_of_bad_parameters);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
