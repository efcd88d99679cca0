/* SPDX-License-Identifier: BSD-2-Clause
 * Sig_structure of COSE_Sign1 against M_2 and M_3 of RFC 9529 trace 1. */
#include "support.h"

#include <sl/cose.h>

#include <stdio.h>

/* external_aad = bstr(TH) | CRED: all inputs are values of the trace. */
static struct sl_cose_sign1
published(const json_t *session, char side)
{
	char id_cred[] = "id_cred_?", cred[] = "cred_?", mac[] = "mac_?", th[] = "th_?_cbor";

	id_cred[8] = cred[5] = side;
	mac[4] = th[3] = side == 'r' ? '2' : '3';
	return (struct sl_cose_sign1){vectors_hex(session, id_cred),
	        {vectors_hex(session, th), vectors_hex(session, cred), {NULL, 0}},
	        vectors_hex(session, mac)};
}

START_TEST(writes_what_rfc_9529_signs)
{
	json_t *root = vectors_load("rfc9529_trace1.json");
	json_t *session = json_object_get(root, "session");
	struct sl_cose_sign1 in = published(session, _i == 0 ? 'r' : 'i');
	struct sl_span want = vectors_hex(session, _i == 0 ? "m_2" : "m_3");
	uint8_t out[512];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_cose_sign1_tbs(&w, &in);
	ck_assert_ok(sl_writer_finish(&w));
	ck_assert_bytes(sl_writer_span(&w), want);
	for (size_t cap = 0; cap < want.len; cap++) {
		struct sl_span room = heap_copy(sl_span(out, cap));

		w = sl_writer_over((void *)room.ptr, cap);
		sl_cose_sign1_tbs(&w, &in);
		ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
		ck_assert_uint_eq(w.len, want.len);
	}
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cose sign1");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, writes_what_rfc_9529_signs, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
