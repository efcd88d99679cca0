/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 8075 table 2, RFC 8132 section 6, RFC 8516, RFC 8768. Codes as c * 32 + dd. */
#include "support.h"

#include <sl/mappings.h>

static const struct {
	unsigned code_class, detail;
	int status;
} rows[] = {
        {2, 1, 201},
        {2, 2, 200},
        {2, 3, 304},
        {2, 4, 200},
        {2, 5, 200},
        {2, 31, 500}, /* never translated */
        {4, 0, 400},
        {4, 1, 403}, /* note 5: 401 would need WWW-Authenticate */
        {4, 2, 400}, /* note 6: caused by the OSCORE header */
        {4, 3, 403},
        {4, 4, 404},
        {4, 5, 400}, /* note 7: 405 would need Allow */
        {4, 6, 406},
        {4, 8, 500}, /* never translated */
        {4, 9, 409},
        {4, 12, 412},
        {4, 13, 413},
        {4, 15, 415},
        {4, 22, 422},
        {4, 29, 429},
        {4, 30, 400}, /* unknown: by class */
        {5, 0, 500},
        {5, 1, 501},
        {5, 2, 502},
        {5, 3, 503},
        {5, 4, 504},
        {5, 5, 502},
        {5, 8, 508},
        {5, 30, 500}, /* unknown: by class */
        {0, 2, 500},  /* a method is no answer */
        {7, 1, 500},
};

START_TEST(names_the_http_status)
{
	ck_assert_int_eq(sl_map_status((uint8_t)(rows[_i].code_class * 32 + rows[_i].detail)),
	        rows[_i].status);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/status");
	TCase *tc = tcase_create("status");

	tcase_add_loop_test(tc, names_the_http_status, 0, (int)ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
