/* SPDX-License-Identifier: BSD-2-Clause
 * Identities out of subjects: what a template takes, and every cut of a Name. */
#include <string.h>

#include <sl/cbor.h>
#include <sl/der.h>

#include "support.h"
#include "trust_name.h"

#define CN     "550403"
#define SERIAL "550405"

/* Hex of a Name of single attributes: SEQUENCE { SET { SEQUENCE { OID, value } } ... }, written out by hand: every
 * length fits in one byte. */
static const char pump[] = "301d" /* 12 + 17 */
                           "310c300a0603550403"
                           "0c0370"
                           "756d" /* CN "pum", UTF8String */
                           "310d300b0603550405"
                           "1304"
                           "4e2d37"
                           "39"; /* serial "N-79", PrintableString */

static char identity[POLICY_IDENTITY_MAX + 1];

static const struct {
	const char *template, *want;
} filled[] = {
        {"{common-name}", "pum"},
        {"{serial-number}", "N-79"},
        {"pump/{serial-number}", "pump/N-79"},
        {"{common-name}-{serial-number}", "pum-N-79"},
        {"{common-name}{common-name}.", "pumpum."},
        {"plain", "plain"},
};

START_TEST(fills_in_a_template)
{
	ck_assert_ok(trust_name_fill(identity, filled[_i].template, hex(pump)));
	ck_assert_str_eq(identity, filled[_i].want);
}
END_TEST

static const struct {
	const char *template, *name;
	enum sl_err err;
	const char *because;
} refused[] = {
        {"{common-name}", "3000", SL_ENOTFOUND, "the subject is empty"},
        {"{serial-number}", "300e310c300a06035504030c0370756d", SL_ENOTFOUND, "there is only a CN"},
        {"{common-name}", "301c310c300a06035504030c0370756d310c300a06035504030c0370756d",
                SL_ENOTFOUND, "there are two CNs"},
        {"{common-name}", "300b3109300706035504030c00", SL_ENOTFOUND, "the CN is empty"},
        {"{common-name}", "300f310d300b06035504031e0400700071", SL_ENOTFOUND, "a BMPString"},
        {"{common-name}",
                "300d310b300906035504031402"
                "7071",
                SL_ENOTFOUND, "a TeletexString"},
        {"{common-name}", "300d310b3009060355040302020071", SL_ENOTFOUND, "a BIT STRING"},
        {"{common-name}", "300d310b300906035504030c02700a", SL_EMALFORMED, "a line break"},
        {"{common-name}", "300d310b300906035504030c02c328", SL_EMALFORMED, "no UTF-8"},
        {"{common-name}", "300d310b300906035504030c027000", SL_EMALFORMED, "a NUL"},
        {"{common-nam}", "3000", SL_EMALFORMED, "no such field"},
        {"{", "3000", SL_EMALFORMED, "an open brace"},
        {"}", "3000", SL_EMALFORMED, "a closing brace"},
        {"", "3000", SL_EMALFORMED, "an empty identity"},
        {"{common-name}", "310e310c300a06035504030c0370756d", SL_EMALFORMED, "a SET of names"},
        {"{common-name}", "300e310c300a06035504030c0370756d00", SL_EMALFORMED, "a byte behind"},
        {"{common-name}", "3010310e300c06035504030c0370756d0500", SL_EMALFORMED,
                "three in an attribute"},
        {"12345678901234567890123456789012345678901234567890123456789012{common-name}",
                "300e310c300a06035504030c0370756d", SL_ESPACE, "65 bytes"},
};

START_TEST(makes_no_name_of_this)
{
	memset(identity, 'x', sizeof identity);
	ck_assert_msg(trust_name_fill(identity, refused[_i].template, hex(refused[_i].name)) ==
	                      refused[_i].err,
	        "%s", refused[_i].because);
	ck_assert_int_eq(identity[0], 'x');
}
END_TEST

START_TEST(sixty_four_bytes_fit)
{
	ck_assert_ok(trust_name_fill(identity,
	        "1234567890123456789012345678901234567890123456789012345678901{common-name}",
	        hex("300e310c300a06035504030c0370756d")));
	ck_assert_uint_eq(strlen(identity), POLICY_IDENTITY_MAX);
}
END_TEST

START_TEST(no_prefix_is_a_name)
{
	struct sl_span whole = hex(pump);

	for (size_t len = 0; len < whole.len; len++)
		ck_assert_err(trust_name_fill(identity, "{common-name}",
		                      heap_copy(sl_span(whole.ptr, len))),
		        SL_EMALFORMED);
}
END_TEST

/* C509 has Names of its own; a CCS has none. */
START_TEST(takes_the_subject_of_any_certificate)
{
	struct sl_credential c = {.kind = SL_CREDENTIAL_C509,
	        .subject = hex("63"
	                       "70756d")};
	uint8_t der[64];
	size_t len = 0;

	ck_assert_ok(trust_name_subject(&c, der, sizeof der, &len));
	ck_assert_ok(trust_name_fill(identity, "{common-name}", sl_span(der, len)));
	ck_assert_str_eq(identity, "pum");
	ck_assert_err(trust_name_subject(&c, der, 8, &len), SL_ESPACE);
	c.subject = hex("6370");
	ck_assert_err(trust_name_subject(&c, der, sizeof der, &len), SL_EMALFORMED);
	c.kind = SL_CREDENTIAL_X509;
	c.subject = hex(pump);
	ck_assert_ok(trust_name_subject(&c, der, sizeof der, &len));
	ck_assert_bytes(sl_span(der, len), hex(pump));
	ck_assert_err(trust_name_subject(&c, der, len - 1, &len), SL_ESPACE);
	c.kind = SL_CREDENTIAL_CCS;
	ck_assert_err(trust_name_subject(&c, der, sizeof der, &len), SL_EUNSUPPORTED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trust_name");
	TCase *t = tcase_create("names");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, fills_in_a_template, 0, (int)ARRAY_LEN(filled));
	tcase_add_loop_test(t, makes_no_name_of_this, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(t, sixty_four_bytes_fit);
	tcase_add_test(t, no_prefix_is_a_name);
	tcase_add_test(t, takes_the_subject_of_any_certificate);
	return run_suite(s);
}
