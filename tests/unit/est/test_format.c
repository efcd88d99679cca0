/* SPDX-License-Identifier: BSD-2-Clause
 * Which Content-Format answers: RFC 9148 section 4.3 and table 4, EST-oscore section 4.3.1. */
#include "support.h"

#include <sl/est.h>

#define NONE (-1)

static const struct {
	const char *because;
	enum sl_est_function function;
	int body, accept;
	int want; /* a format, or minus an error */
} rows[] = {
        {"certificates, no Accept", SL_EST_CRTS, NONE, NONE, 281},
        {"certificates as CMS", SL_EST_CRTS, NONE, 281, 281},
        {"one certificate", SL_EST_CRTS, NONE, 287, 287},
        {"certificates as multipart are not offered", SL_EST_CRTS, NONE, 62, -SL_EUNSUPPORTED},
        {"certificates as text", SL_EST_CRTS, NONE, 0, -SL_EUNSUPPORTED},
        {"a body format of a GET does not count", SL_EST_CRTS, 286, NONE, 281},
        {"enrol, no Accept", SL_EST_SEN, 286, NONE, 281},
        {"enrol as CMS", SL_EST_SEN, 286, 281, 281},
        {"enrol as one certificate", SL_EST_SEN, 286, 287, 287},
        {"enrol as multipart", SL_EST_SEN, 286, 62, -SL_EUNSUPPORTED},
        {"enrol as C509", SL_EST_SEN, 286, 65003, -SL_EUNSUPPORTED},
        {"enrol as PKCS #10", SL_EST_SEN, 286, 286, -SL_EUNSUPPORTED},
        {"enrol without a body format", SL_EST_SEN, NONE, NONE, -SL_EMALFORMED},
        {"enrol with text", SL_EST_SEN, 0, NONE, -SL_EMALFORMED},
        {"enrol with a certificate", SL_EST_SEN, 287, NONE, -SL_EMALFORMED},
        {"enrol with a C509 request", SL_EST_SEN, 65004, NONE, -SL_EMALFORMED},
        {"the body comes before the Accept", SL_EST_SEN, 0, 62, -SL_EMALFORMED},
        {"renew, no Accept", SL_EST_SREN, 286, NONE, 281},
        {"renew as one certificate", SL_EST_SREN, 286, 287, 287},
        {"renew without a body format", SL_EST_SREN, NONE, 281, -SL_EMALFORMED},
        {"attributes, no Accept", SL_EST_ATT, NONE, NONE, 285},
        {"attributes", SL_EST_ATT, NONE, 285, 285},
        {"attributes as a C509 template", SL_EST_ATT, NONE, 65019, -SL_EUNSUPPORTED},
        {"a key with CMS, no Accept", SL_EST_SKG, 286, NONE, 62},
        {"a key with CMS", SL_EST_SKG, 286, 62, 62},
        {"a key alone", SL_EST_SKG, 286, 284, -SL_EUNSUPPORTED},
        {"a key with a certificate", SL_EST_SKC, 286, 62, 62},
        {"a key without a request", SL_EST_SKC, NONE, 62, -SL_EMALFORMED},
        {"discovery, no Accept", SL_EST_WELL_KNOWN_CORE, NONE, NONE, 40},
        {"discovery", SL_EST_WELL_KNOWN_CORE, NONE, 40, 40},
        {"discovery as JSON", SL_EST_WELL_KNOWN_CORE, NONE, 50, -SL_EUNSUPPORTED},
        {"enrol as text", SL_EST_SEN, 286, 0, -SL_EUNSUPPORTED},
        {"renew as text", SL_EST_SREN, 286, 0, -SL_EUNSUPPORTED},
        {"attributes as text", SL_EST_ATT, NONE, 0, -SL_EUNSUPPORTED},
        {"a key as text", SL_EST_SKG, 286, 0, -SL_EUNSUPPORTED},
        {"a key and a certificate as text", SL_EST_SKC, 286, 0, -SL_EUNSUPPORTED},
        {"discovery as text", SL_EST_WELL_KNOWN_CORE, NONE, 0, -SL_EUNSUPPORTED},
        {"no such function", (enum sl_est_function)99, NONE, NONE, -SL_EMALFORMED},
};

START_TEST(chooses_the_format)
{
	struct sl_est_ask ask = {.function = rows[_i].function,
	        .has_body_format = rows[_i].body != NONE,
	        .body_format = (uint32_t)rows[_i].body,
	        .has_accept = rows[_i].accept != NONE,
	        .accept = (uint32_t)rows[_i].accept};
	enum sl_est_format format = SL_EST_TEXT;
	enum sl_err err = sl_est_response_format(&ask, &format);
	int got = err == SL_OK ? (int)format : -(int)err;

	ck_assert_msg(got == rows[_i].want, "%s: got %d", rows[_i].because, got);
	if (err != SL_OK)
		ck_assert_int_eq(format, SL_EST_TEXT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est/format");
	TCase *tc = tcase_create("formats");

	tcase_add_loop_test(tc, chooses_the_format, 0, (int)ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
