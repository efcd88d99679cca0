/* SPDX-License-Identifier: BSD-2-Clause
 * Certification requests and templates of C509. */
#include "objects_shared.h"

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
	Suite *suite = suite_create("requests");
	TCase *tc = tcase_create("all");
	tcase_add_loop_test(tc, requests_that_can_be_said, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(tc, requests_from_outside, 0, ARRAY_LEN(bad_requests));
	tcase_add_test(tc, proofs_have_limits);
	tcase_add_loop_test(tc, templates_from_outside, 0, ARRAY_LEN(templates));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
