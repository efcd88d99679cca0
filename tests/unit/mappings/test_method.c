/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 7252 sections 10.1.1 to 10.1.4 and RFC 8132; RFC 8613 section 11.1 for sealed requests. */
#include "support.h"

#include <sl/mappings.h>

static const struct {
	uint8_t code;
	const char *plain, *oscore;
} rows[] = {
        {0x00, NULL, NULL}, /* Empty */
        {0x01, "GET", "POST"},
        {0x02, "POST", "POST"},
        {0x03, "PUT", "POST"},
        {0x04, "DELETE", "POST"},
        {0x05, NULL, "POST"}, /* FETCH */
        {0x06, "PATCH", "POST"},
        {0x07, "PATCH", "POST"}, /* iPATCH */
        {0x08, NULL, NULL},      /* the first unknown one */
        {0x1f, NULL, NULL},
        {0x44, NULL, NULL}, /* 2.04 */
        {0xff, NULL, NULL},
};

START_TEST(names_the_http_method)
{
	ck_assert_pstr_eq(sl_map_method(rows[_i].code, false), rows[_i].plain);
	ck_assert_pstr_eq(sl_map_method(rows[_i].code, true), rows[_i].oscore);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/method");
	TCase *tc = tcase_create("method");

	tcase_add_loop_test(tc, names_the_http_method, 0, (int)ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
