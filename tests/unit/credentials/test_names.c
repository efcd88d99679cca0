/* SPDX-License-Identifier: BSD-2-Clause
 * The subject of a credential as a DER Name, whatever form the credential has. */
#include "support.h"

#include <sl/credentials.h>
#include <sl/x509.h>

/* A claims set around the Responder's key of RFC 9529 section 3.2. */
#define BARE                                                                                       \
	"a202616108a101a401022001215820bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046" \
	"dd44f02258204519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c224c51eabf6072"

/* One subject in DER, in C509 of both types: RFC 7925 profile, "01-23-45-FF-FE-67-89-AB". */
START_TEST(names_are_der_in_the_end)
{
	json_t *root = vectors_load("c509_examples.json");
	json_t *row = json_array_get(vectors_list(root, "draft_examples"), 0);
	static const char *const forms[] = {"x509_der", "c509_type3", "c509_type2"};
	char text[SL_NAME_TEXT_MAX];
	uint8_t name[128], cred[512];
	size_t len = 99;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct sl_writer w = sl_writer_over(cred, sizeof cred);
		struct sl_credential c;

		if (i == 0)
			sl_credential_write_x509(&w, vectors_hex(row, forms[i]));
		else
			sl_write_span(&w, vectors_hex(row, forms[i]));
		ck_assert_ok(sl_credential_decode(&c, sl_writer_span(&w)));
		ck_assert_ok(sl_credential_name(&c, name, sizeof name, &len));
		ck_assert_ok(sl_name_text(sl_span(name, len), text, sizeof text));
		ck_assert_str_eq(text, "CN=01-23-45-FF-FE-67-89-AB");
		for (size_t cap = 0; cap < len; cap++) {
			size_t untouched = 99;

			ck_assert_err(sl_credential_name(&c, name, cap, &untouched), SL_ESPACE);
			ck_assert_uint_eq(untouched, 99);
		}
		sl_credential_clear(&c);
	}
	{
		struct sl_credential c;

		ck_assert_ok(sl_credential_decode(&c, hex(BARE)));
		ck_assert_err(sl_credential_name(&c, name, sizeof name, &len), SL_ENOTFOUND);
		sl_credential_clear(&c);
	}
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("credentials names");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, names_are_der_in_the_end);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
