/* SPDX-License-Identifier: BSD-2-Clause
 * Target attributes of an EDHOC resource, RFC 9668 section 6. */
#include "support.h"

#include <sl/est.h>

#include <string.h>

static const int64_t two_three[] = {2, 3}, all_suites[] = {0, 1, 2, 3, 4, 5, 6, 24, 25};
static const int64_t grease[] = {-21};
static const int64_t kid_x5t[] = {4, 34},
                     all_labels[] = {4, 13, 14, 22, 23, 24, 25, 32, 33, 34, 35};

static const struct {
	const char *because;
	struct sl_est_edhoc offer;
	const char *text;
} offers[] = {
        {"a Responder and nothing else", {0}, ";ed-r"},
        {"two methods, two kinds of credential, two of identification",
                {two_three, 2, 1 << 0 | 1 << 3, 1 << 1 | 1 << 2, kid_x5t, 2, false},
                ";ed-r;ed-csuite=2;ed-csuite=3;ed-method=0;ed-method=3;ed-cred-t=1;ed-cred-t=2;"
                "ed-idcred-t=4;ed-idcred-t=34"},
        {"the combined request", {two_three, 1, 1 << 3, 1 << 1, kid_x5t, 1, true},
                ";ed-r;ed-csuite=2;ed-method=3;ed-cred-t=1;ed-idcred-t=4;ed-comb-req"},
        {"numbers of two digits and negative ones", {grease, 1, 0, 0, kid_x5t + 1, 1, false},
                ";ed-r;ed-csuite=-21;ed-idcred-t=34"},
};

START_TEST(writes_attributes)
{
	char out[SL_EST_EDHOC_ATTRIBUTES_MAX];

	ck_assert_ok(sl_est_edhoc_attributes(out, sizeof out, &offers[_i].offer));
	ck_assert_msg(strcmp(out, offers[_i].text) == 0, "%s: %s", offers[_i].because, out);
}
END_TEST

START_TEST(a_short_buffer_is_noticed)
{
	char out[SL_EST_EDHOC_ATTRIBUTES_MAX];
	size_t len = strlen(offers[1].text);

	ck_assert_ok(sl_est_edhoc_attributes(out, len + 1, &offers[1].offer));
	for (size_t cap = 0; cap <= len; cap++)
		ck_assert_err(sl_est_edhoc_attributes(out, cap, &offers[1].offer), SL_ESPACE);
}
END_TEST

START_TEST(everything_at_once_fits)
{
	const struct sl_est_edhoc all = {all_suites, ARRAY_LEN(all_suites), 0xf, 0xf, all_labels,
	        ARRAY_LEN(all_labels), true};
	char out[SL_EST_EDHOC_ATTRIBUTES_MAX];

	ck_assert_ok(sl_est_edhoc_attributes(out, sizeof out, &all));
}
END_TEST

/* With the link around it. */
START_TEST(makes_a_link)
{
	char attributes[SL_EST_EDHOC_ATTRIBUTES_MAX], out[300];
	struct sl_est_link link = {
	        .target = "/.well-known/edhoc", .rt = "core.edhoc", .attributes = attributes};
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_est_edhoc_attributes(attributes, sizeof attributes, &offers[1].offer));
	ck_assert_ok(sl_est_links_encode(&w, &link, 1, NULL, 0));
	ck_assert(sl_span_equal_text(sl_writer_span(&w),
	        "</.well-known/edhoc>;rt=\"core.edhoc\";ed-r;ed-csuite=2;ed-csuite=3;ed-method=0;"
	        "ed-method=3;ed-cred-t=1;ed-cred-t=2;ed-idcred-t=4;ed-idcred-t=34"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est/edhoc_link");
	TCase *tc = tcase_create("attributes");

	tcase_add_loop_test(tc, writes_attributes, 0, (int)ARRAY_LEN(offers));
	tcase_add_test(tc, a_short_buffer_is_noticed);
	tcase_add_test(tc, everything_at_once_fits);
	tcase_add_test(tc, makes_a_link);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
