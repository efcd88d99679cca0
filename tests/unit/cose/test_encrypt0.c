/* SPDX-License-Identifier: BSD-2-Clause
 * Enc_structure of COSE_Encrypt0 against the one that RFC 8613 section 5.4 works out. */
#include "support.h"

#include <sl/cose.h>

START_TEST(writes_the_structure_of_rfc8613_5_4)
{
	uint8_t out[32];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_cose_encrypt0_aad(&w, sl_span(NULL, 0), hex("8501810a4100412540"));
	ck_assert_ok(sl_writer_finish(&w));
	ck_assert_bytes(sl_writer_span(&w), hex("8368456e63727970743040498501810a4100412540"));
}
END_TEST

/* RFC 9052 section 5.3 by hand: a1010a is {1: 10}, the algorithm, inside its byte string. */
START_TEST(writes_a_protected_header)
{
	uint8_t out[32];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_cose_encrypt0_aad(&w, hex("a1010a"), sl_span(NULL, 0));
	ck_assert_bytes(sl_writer_span(&w), hex("8368456e637279707430 43a1010a 40"));
}
END_TEST

START_TEST(says_when_it_does_not_fit)
{
	for (size_t cap = 0; cap < 21; cap++) {
		uint8_t out[21] = {0};
		struct sl_span room = heap_copy(sl_span(out, cap));
		struct sl_writer w = sl_writer_over((void *)room.ptr, cap);

		sl_cose_encrypt0_aad(&w, sl_span(NULL, 0), hex("8501810a4100412540"));
		ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
		ck_assert_uint_eq(w.len, 21);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cose/encrypt0");
	TCase *tc = tcase_create("encrypt0");

	tcase_add_test(tc, writes_the_structure_of_rfc8613_5_4);
	tcase_add_test(tc, writes_a_protected_header);
	tcase_add_test(tc, says_when_it_does_not_fit);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
