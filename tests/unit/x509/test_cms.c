/* SPDX-License-Identifier: BSD-2-Clause
 * Certs-only CMS. */
#include "authority.h"
#include "der_text.h"

#include <string.h>

#define SIGNED_DATA   "06092a864886f70d010702"
#define DATA          "06092a864886f70d010701"
#define TINY          "30{30{} 30{06032b6570} 03{00aa}}"
#define CMS(inside)   "30{" SIGNED_DATA "a0{30{" inside "}}}"
#define FILLED(certs) CMS("020101 31{} 30{" DATA "} a0{" certs "} 31{}")

static const struct {
	const char *because, *text;
} bad[] = {
        {"nothing", ""},
        {"a byte follows", FILLED(TINY) "00"},
        {"indefinite lengths, as BER allows",
                "3080" SIGNED_DATA "a080 30{020101 31{} 30{" DATA "} a0{" TINY "} 31{}} 0000 0000"},
        {"another content type", "30{" DATA "a0{30{020101 31{} 30{" DATA "} a0{" TINY "} 31{}}}}"},
        {"version 3", CMS("020103 31{} 30{" DATA "} a0{" TINY "} 31{}")},
        {"no version", CMS("31{} 30{" DATA "} a0{" TINY "} 31{}")},
        {"a digest algorithm", CMS("020101 31{30{06032b6570}} 30{" DATA "} a0{" TINY "} 31{}")},
        {"signed content", CMS("020101 31{} 30{" DATA "a0{0400}} a0{" TINY "} 31{}")},
        {"content that is no data", CMS("020101 31{} 30{06032a0304} a0{" TINY "} 31{}")},
        {"no certificates", CMS("020101 31{} 30{" DATA "} 31{}")},
        {"an empty set of certificates", FILLED("")},
        {"a revocation list", CMS("020101 31{} 30{" DATA "} a0{" TINY "} a1{" TINY "} 31{}")},
        {"a signer", CMS("020101 31{} 30{" DATA "} a0{" TINY "} 31{30{}}")},
        {"no set of signers", CMS("020101 31{} 30{" DATA "} a0{" TINY "}")},
        {"something after the signers", CMS("020101 31{} 30{" DATA "} a0{" TINY "} 31{} 0500")},
        {"something after the data",
                "30{" SIGNED_DATA "a0{30{020101 31{} 30{" DATA "} a0{" TINY "} 31{}} 0500}}"},
        {"something after the content",
                "30{" SIGNED_DATA "a0{30{020101 31{} 30{" DATA "} a0{" TINY "} 31{}}} 0500}"},
        {"an attribute certificate among them", FILLED(TINY "a2{30{}}")},
        {"something that is no certificate", FILLED("30{0500}")},
        {"a number among them", FILLED(TINY "020101")},
};

START_TEST(refuses_malformed_cms)
{
	struct sl_span certs[4];
	size_t count = ARRAY_LEN(certs);

	ck_assert_msg(sl_cms_certs_decode(der(bad[_i].text), certs, &count) == SL_EMALFORMED,
	        "accepted although %s", bad[_i].because);
	ck_assert_uint_eq(count, ARRAY_LEN(certs));
}
END_TEST

START_TEST(writes_byte_for_byte)
{
	struct sl_span certs[] = {der(TINY), der("30{30{020101} 30{06032b6570} 03{00aa}}")};
	struct sl_span want = der(FILLED(TINY "30{30{020101} 30{06032b6570} 03{00aa}}"));
	uint8_t out[256];
	size_t len = 0, unused = 4711;

	ck_assert_ok(sl_cms_certs_only(certs, 2, out, sizeof out, &len));
	ck_assert_bytes(sl_span(out, len), want);
	ck_assert_err(sl_cms_certs_only(certs, 2, out, len - 1, &unused), SL_ESPACE);
	ck_assert_uint_eq(unused, 4711);
	ck_assert_ok(sl_cms_certs_only(certs, 2, out, len, &len));
}
END_TEST

START_TEST(returns_certificates_in_their_order)
{
	struct sl_pkey *key = new_key(SL_PKEY_P256);
	struct sl_span certs[3], got[3], cms;
	uint8_t out[4096];
	size_t len = 0, count = ARRAY_LEN(got);

	certs[0] = new_root(key, "z");
	certs[1] = new_leaf(certs[0], key, spki_of(key), "y");
	certs[2] = new_leaf(certs[0], key, spki_of(key), "a longer name than the others have");
	ck_assert_ok(sl_cms_certs_only(certs, ARRAY_LEN(certs), out, sizeof out, &len));
	cms = heap_copy(sl_span(out, len));
	ck_assert_ok(sl_cms_certs_decode(cms, got, &count));
	ck_assert_uint_eq(count, ARRAY_LEN(certs));
	for (size_t i = 0; i < count; i++)
		ck_assert_bytes(got[i], certs[i]);
	count = 2;
	ck_assert_err(sl_cms_certs_decode(cms, got, &count), SL_ESPACE);
	ck_assert_uint_eq(count, 2);
	for (size_t cut = 0; cut < len; cut++)
		ck_assert_err(sl_cms_certs_decode(heap_copy(sl_span(out, cut)), got, &count),
		        SL_EMALFORMED);
	authority_release();
}
END_TEST

START_TEST(writes_certificates_only)
{
	struct sl_span certs[] = {der(TINY), der("30{0500}")};
	uint8_t out[256];
	size_t len = 0;

	ck_assert_err(sl_cms_certs_only(certs, 0, out, sizeof out, &len), SL_EMALFORMED);
	ck_assert_err(sl_cms_certs_only(certs, 2, out, sizeof out, &len), SL_EMALFORMED);
}
END_TEST

/* The longest CMS is reached by number; one certificate more is too long. */
START_TEST(has_a_longest_length)
{
	static struct sl_span certs[SL_CMS_MAX / 15 + 1];
	static uint8_t out[SL_CMS_MAX + 64];
	struct sl_span tiny = der(TINY);
	size_t len = 0, count = 0, most;

	for (size_t i = 0; i < ARRAY_LEN(certs); i++)
		certs[i] = tiny;
	/* headers: 4 each for info, holder, data and set; 11 type, 3 version, 2 + 2 sets, 13 data */
	most = (SL_CMS_MAX - 4 * 4 - 11 - 3 - 2 - 2 - 13) / tiny.len;
	ck_assert_ok(sl_cms_certs_only(certs, most, out, sizeof out, &len));
	ck_assert_uint_le(len, SL_CMS_MAX);
	ck_assert_uint_gt(len + tiny.len, SL_CMS_MAX);
	count = most;
	ck_assert_ok(sl_cms_certs_decode(sl_span(out, len), certs, &count));
	certs[most] = tiny;
	for (size_t i = 0; i < most; i++)
		certs[i] = tiny;
	ck_assert_err(sl_cms_certs_only(certs, most + 1, out, sizeof out, &len), SL_EMALFORMED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 cms");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, refuses_malformed_cms, 0, ARRAY_LEN(bad));
	tcase_add_test(tc, writes_byte_for_byte);
	tcase_add_test(tc, returns_certificates_in_their_order);
	tcase_add_test(tc, writes_certificates_only);
	tcase_add_test(tc, has_a_longest_length);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
