/* SPDX-License-Identifier: BSD-2-Clause
 * What the library does for us: names as text, PEM, foreign signatures, paths. */
#include "authority.h"
#include "der_text.h"
#include "parts.h"

#include <string.h>

static const struct {
	const char *name, *text;
} names[] = {
        {"30{}", ""},
        {NAME_A, "CN=a"},
        /* RFC 2253 section 2.1: last RDN first */
        {"30{31{30{060355040a 0c{6f}}} 31{30{0603550403 0c{61}}}}", "CN=a,O=o"},
        /* section 2.1: a '+' between the pairs of an RDN */
        {"30{31{30{0603550403 0c{61}} 30{0603550405 13{37}}}}", "serialNumber=7+CN=a"},
        /* section 2.4: special characters */
        {NAME("612c22623e"), "CN=a\\,\\\"b\\>"},
        {NAME("6100 0a62"), "CN=a\\00\\0Ab"},
        {NAME("2361"), "CN=\\#a"},
        {NAME("612320 62"), "CN=a# b"},
        {NAME("2061"), "CN=\\ a"},
        {NAME("6120"), "CN=a\\ "},
        {NAME("612d302e5f3a5a7a20 39"), "CN=a-0._:Zz 9"},
        {"30{31{30{060355040a 0c{61}}}}", "O=a"},
        {"30{31{30{0603550403 13{61}}}}", "CN=a"},
        {"30{31{30{0603550403 0c{}}}}", "CN="},
        {NAME("c3a4"), "CN=\\C3\\A4"},
        /* a type that nobody knows */
        {"30{31{30{06032a0304 0c{61}}}}", "1.2.3.4=#0C0161"},
};

START_TEST(names_become_text)
{
	char text[SL_NAME_TEXT_MAX];

	ck_assert_ok(sl_name_text(der(names[_i].name), text, sizeof text));
	ck_assert_str_eq(text, names[_i].text);
}
END_TEST

START_TEST(a_long_name_is_cut)
{
	char text[8], whole[9];
	struct sl_span name = der(NAME("3132333435")); /* CN=12345: eight characters */

	ck_assert_ok(sl_name_text(name, whole, sizeof whole));
	ck_assert_str_eq(whole, "CN=12345");
	ck_assert_ok(sl_name_text(name, text, sizeof text));
	ck_assert_str_eq(text, "CN=1...");
	ck_assert_ok(sl_name_text(name, text, 4));
	ck_assert_str_eq(text, "...");
	ck_assert_err(sl_name_text(name, text, 3), SL_ESPACE);
}
END_TEST

START_TEST(refuses_what_is_no_name)
{
	char text[64];

	ck_assert_err(sl_name_text(sl_span(NULL, 0), text, sizeof text), SL_EMALFORMED);
	ck_assert_err(sl_name_text(der(NAME_A "00"), text, sizeof text), SL_EMALFORMED);
	ck_assert_err(sl_name_text(der(NAME("ff")), text, sizeof text), SL_EMALFORMED);
	ck_assert_err(sl_name_text(der("30{0500}"), text, sizeof text), SL_EMALFORMED);
}
END_TEST

START_TEST(pem_goes_out_and_in)
{
	struct sl_pkey *key = new_key(SL_PKEY_P256);
	struct sl_span root = new_root(key, "a"), second = new_root(key, "b");
	char pem[4096] = "a line in front\n";
	uint8_t out[1200];
	size_t len = 0, at = strlen(pem), end;

	ck_assert_ok(sl_cert_to_pem(root, pem + at, sizeof pem - at));
	ck_assert_int_eq(strncmp(pem + at, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	end = strlen(pem);
	ck_assert_str_eq(pem + end - 26, "-----END CERTIFICATE-----\n");
	ck_assert_err(sl_cert_to_pem(root, pem + at, end - at), SL_ESPACE);
	ck_assert_ok(sl_cert_to_pem(root, pem + at, end - at + 1));
	ck_assert_ok(sl_cert_to_pem(second, pem + end, sizeof pem - end));

	ck_assert_ok(sl_cert_from_text(heap_copy(sl_span_text(pem)), out, sizeof out, &len));
	ck_assert_bytes(sl_span(out, len), root); /* the first */
	ck_assert_err(sl_cert_from_text(sl_span_text(pem), out, root.len - 1, &len), SL_ESPACE);
	ck_assert_ok(sl_cert_from_text(root, out, root.len, &len));
	ck_assert_bytes(sl_span(out, len), root);
	authority_release();
}
END_TEST

START_TEST(refuses_what_is_no_certificate_text)
{
	static const char *const texts[] = {"", "text", "-----BEGIN CERTIFICATE-----\n",
	        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
	        "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
	        "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n"};
	uint8_t out[1200];
	char pem[64];
	size_t len = 4711;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert_msg(sl_cert_from_text(sl_span_text(texts[i]), out, sizeof out, &len) ==
		                      SL_EMALFORMED,
		        "text %zu", i);
	ck_assert_uint_eq(len, 4711);
	ck_assert_err(sl_cert_to_pem(hex("3000"), pem, sizeof pem), SL_EMALFORMED);
}
END_TEST

/* root - middle - leaf, all keys P-256. */
struct chain {
	struct sl_pkey *root_key, *middle_key, *leaf_key;
	struct sl_span root, middle, leaf;
};

static struct chain
new_chain(void)
{
	struct chain c = {
	        new_key(SL_PKEY_P256), new_key(SL_PKEY_P256), new_key(SL_PKEY_P256), .root.len = 0};
	struct sl_cert_params middle = {.serial = sl_span("\x03", 1),
	        .subject = name_of("middle"),
	        .spki = spki_of(c.middle_key),
	        .issuer_key = c.root_key,
	        .not_before = YEAR_2024,
	        .not_after = YEAR_2034,
	        .key_usage = SL_KU_KEY_CERT_SIGN,
	        .is_ca = true};

	c.root = middle.issuer_cert = new_root(c.root_key, "root");
	c.middle = issue(&middle);
	c.leaf = new_leaf(c.middle, c.middle_key, spki_of(c.leaf_key), "leaf");
	return c;
}

static enum sl_err
verify(struct sl_span leaf, const struct sl_span *anchor, const struct sl_span *helper, int64_t now)
{
	struct sl_cert_path path = {
	        anchor, anchor == NULL ? 0 : 1, helper, helper == NULL ? 0 : 1, now};

	return sl_cert_verify_path(leaf, &path);
}

START_TEST(a_path_leads_to_an_anchor)
{
	struct chain c = new_chain(), other = new_chain();

	ck_assert_ok(verify(c.leaf, &c.root, &c.middle, MID_2025));
	ck_assert_err(verify(c.leaf, &c.root, NULL, MID_2025), SL_EAUTH);
	ck_assert_ok(verify(c.leaf, &c.middle, NULL, MID_2025)); /* an anchor need not be a root */
	ck_assert_ok(verify(c.middle, &c.root, NULL, MID_2025));
	ck_assert_err(verify(c.leaf, &other.root, &c.middle, MID_2025), SL_EAUTH);
	ck_assert_err(verify(c.leaf, &c.root, &other.middle, MID_2025), SL_EAUTH);
	ck_assert_err(verify(c.leaf, NULL, &c.middle, MID_2025), SL_EAUTH);
	ck_assert_err(verify(c.leaf, &c.root, &c.middle, YEAR_2024 - 1), SL_EAUTH);
	ck_assert_err(verify(c.leaf, &c.root, &c.middle, YEAR_2034 + 1), SL_EAUTH);
	ck_assert_ok(verify(c.leaf, &c.root, &c.middle, -1)); /* no clock */
	ck_assert_err(verify(c.leaf, &c.root, NULL, -1), SL_EAUTH);
	authority_release();
}
END_TEST

/* RFC 5280 section 6.1.4 (k): what is no CA issues nothing. */
START_TEST(a_leaf_issues_nothing)
{
	struct chain c = new_chain();
	struct sl_cert_params params = {.serial = hex("05"),
	        .subject = name_of("leaf"),
	        .issuer_key = c.leaf_key,
	        .not_before = YEAR_2024,
	        .not_after = YEAR_2034,
	        .is_ca = true};
	struct sl_span claimed = issue(&params); /* same name and key, says that it is a CA */
	struct sl_span below = new_leaf(claimed, c.leaf_key, spki_of(c.leaf_key), "below");

	ck_assert_ok(verify(below, &claimed, NULL, MID_2025));
	ck_assert_err(verify(below, &c.middle, &c.leaf, MID_2025), SL_EAUTH);
	authority_release();
}
END_TEST

START_TEST(a_path_of_broken_parts_is_malformed)
{
	struct chain c = new_chain();
	struct sl_span broken = hex("3000"), longer;
	uint8_t bytes[1200];

	memcpy(bytes, c.leaf.ptr, c.leaf.len);
	bytes[c.leaf.len] = 0;
	longer = heap_copy(sl_span(bytes, c.leaf.len + 1));
	ck_assert_err(verify(broken, &c.root, NULL, MID_2025), SL_EMALFORMED);
	ck_assert_err(verify(longer, &c.root, &c.middle, MID_2025), SL_EMALFORMED);
	ck_assert_err(verify(c.leaf, &broken, NULL, MID_2025), SL_EMALFORMED);
	ck_assert_err(verify(c.leaf, &c.root, &broken, MID_2025), SL_EMALFORMED);
	/* our frame, but not the library's certificate */
	broken = der("30{30{} 30{06032b6570} 03{00aa}}");
	ck_assert_err(verify(broken, &c.root, NULL, MID_2025), SL_EMALFORMED);
	authority_release();
}
END_TEST

/* Eight certificates may stand between leaf and anchor, not nine. */
START_TEST(a_path_has_a_longest_length)
{
	struct sl_pkey *key = new_key(SL_PKEY_ED25519);
	struct sl_span spki = spki_of(key), anchor = new_root(key, "anchor"), helpers[9], leaf;
	struct sl_cert_params params = {.serial = hex("07"),
	        .spki = spki,
	        .issuer_cert = anchor,
	        .issuer_key = key,
	        .not_before = YEAR_2024,
	        .not_after = YEAR_2034,
	        .key_usage = SL_KU_KEY_CERT_SIGN,
	        .is_ca = true};
	struct sl_cert_path path = {&anchor, 1, helpers, 0, MID_2025};

	while (path.helper_count < ARRAY_LEN(helpers)) {
		char name[] = {'c', (char)('0' + path.helper_count), 0};

		params.subject = name_of(name);
		helpers[path.helper_count++] = params.issuer_cert = issue(&params);
		leaf = new_leaf(params.issuer_cert, key, spki, "leaf");
		ck_assert_err(sl_cert_verify_path(leaf, &path),
		        path.helper_count <= 8 ? SL_OK : SL_EAUTH);
	}
	authority_release();
}
END_TEST

/* The algorithm that is named must be the key's, though the signature itself is good. */
START_TEST(an_algorithm_of_another_key_does_not_verify)
{
	struct sl_pkey *key = new_key(SL_PKEY_P256);
	struct sl_span body = hex("3000"), sha256_rsa = der("30{06092a864886f70d01010b 0500}");
	struct sl_x509_frame frame = {body, der(ECDSA_SHA256), {NULL, 0}};
	uint8_t signature[SL_SIGNATURE_MAX];
	size_t len = 0;

	ck_assert_ok(sl_sign(key, body, signature, sizeof signature, &len));
	frame.signature = sl_span(signature, len);
	ck_assert_ok(sl_x509_verify_frame(&frame, spki_of(key)));
	frame.algorithm = sha256_rsa;
	ck_assert_err(sl_x509_verify_frame(&frame, spki_of(key)), SL_EAUTH);
	frame.algorithm = der("30{06082a8648ce3d040302 0500}"); /* RFC 5758: no parameters */
	ck_assert_err(sl_x509_verify_frame(&frame, spki_of(key)), SL_EAUTH);
	frame.algorithm = der("30{06032a0304}");
	ck_assert_err(sl_x509_verify_frame(&frame, spki_of(key)), SL_EAUTH);
	authority_release();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 library");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, names_become_text, 0, ARRAY_LEN(names));
	tcase_add_test(tc, a_long_name_is_cut);
	tcase_add_test(tc, refuses_what_is_no_name);
	tcase_add_test(tc, pem_goes_out_and_in);
	tcase_add_test(tc, refuses_what_is_no_certificate_text);
	tcase_add_test(tc, a_path_leads_to_an_anchor);
	tcase_add_test(tc, a_leaf_issues_nothing);
	tcase_add_test(tc, a_path_of_broken_parts_is_malformed);
	tcase_add_test(tc, a_path_has_a_longest_length);
	tcase_add_test(tc, an_algorithm_of_another_key_does_not_verify);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
