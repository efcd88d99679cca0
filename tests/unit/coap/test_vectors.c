/* SPDX-License-Identifier: BSD-2-Clause
 * Whole CoAP messages printed in RFC 8613 appendix C: each decodes, and encodes to the same
 * bytes. */
#include "support.h"

#include <sl/coap.h>

static size_t
check_message(const json_t *vector, const char *key)
{
	struct sl_span bytes = vectors_hex(vector, key);
	uint8_t out[256];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_coap_msg msg;

	ck_assert_msg(
	        sl_coap_decode(&msg, bytes) == SL_OK, "%s: %s", vectors_text(vector, "id"), key);
	ck_assert_ok(sl_coap_encode(&w, &msg));
	ck_assert_bytes(sl_writer_span(&w), bytes);
	return 1;
}

/* The protected message is the OSCORE option's value and the ciphertext, as printed beside it. */
static void
check_parts(const json_t *vector)
{
	struct sl_coap_msg msg;
	const struct sl_coap_option *opt;

	ck_assert_ok(sl_coap_decode(&msg, vectors_hex(vector, "protected_coap_message")));
	opt = sl_coap_find(&msg, SL_COAP_OSCORE);
	ck_assert_ptr_nonnull(opt);
	ck_assert_bytes(sl_coap_option_value(opt), vectors_hex(vector, "oscore_option_value"));
	ck_assert_bytes(msg.payload, vectors_hex(vector, "ciphertext"));
}

START_TEST(rfc8613_appendix_c_messages)
{
	json_t *root = vectors_load("rfc8613_appendix_c.json");
	json_t *list = vectors_list(root, "messages"), *vector;
	size_t i, count = 0;

	json_array_foreach(list, i, vector)
	{
		count += check_message(vector, "unprotected_coap_message");
		count += check_message(vector, "protected_coap_message");
		check_parts(vector);
	}
	vectors_ran("RFC 8613 appendix C messages", count);
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("coap/vectors");
	TCase *tc = tcase_create("vectors");

	tcase_add_test(tc, rfc8613_appendix_c_messages);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
