/* SPDX-License-Identifier: BSD-2-Clause
 * EST resources by path: RFC 9148 table 1 and section 4.1, RFC 7030 section 3.2.2 for labels. */
#include "support.h"

#include <sl/est.h>

#include <string.h>

static const struct {
	const char *path;
	enum sl_est_function function;
	const char *label;
} found[] = {
        {"/.well-known/est/crts", SL_EST_CRTS, ""},
        {"/.well-known/est/sen", SL_EST_SEN, ""},
        {"/.well-known/est/sren", SL_EST_SREN, ""},
        {"/.well-known/est/att", SL_EST_ATT, ""},
        {"/.well-known/est/skg", SL_EST_SKG, ""},
        {"/.well-known/est/skc", SL_EST_SKC, ""},
        {"/.well-known/core", SL_EST_WELL_KNOWN_CORE, ""},
        {"/.well-known/est/plant-7/sen", SL_EST_SEN, "plant-7"},
        {"/.well-known/est/a.b_c~d/crts", SL_EST_CRTS, "a.b_c~d"},
        {"/.well-known/est/AZaz09/crts", SL_EST_CRTS, "AZaz09"},
        {"/.well-known/est/core/crts", SL_EST_CRTS, "core"},
        {"/.well-known/est/01234567890123456789012345678901/att", SL_EST_ATT,
                "01234567890123456789012345678901"},
        {"/est/crts", SL_EST_CRTS, ""},
        {"/est/sen", SL_EST_SEN, ""},
        {"/est/factory/sren", SL_EST_SREN, "factory"},
};

START_TEST(finds_functions)
{
	struct sl_est_target t;

	ck_assert_ok(sl_est_target(found[_i].path, "/est", &t));
	ck_assert_int_eq(t.function, found[_i].function);
	ck_assert_str_eq(t.label, found[_i].label);
}
END_TEST

static const struct {
	const char *because, *path;
} unknown[] = {
        {"nothing", ""},
        {"the root", "/"},
        {"a root alone", "/est"},
        {"a root and a slash", "/est/"},
        {"the long root alone", "/.well-known/est"},
        {"no slash at the begin", "est/crts"},
        {"a slash at the end", "/est/crts/"},
        {"an empty label", "/est//crts"},
        {"two labels", "/est/a/b/crts"},
        {"names are lower case", "/est/CRTS"},
        {"a name that goes on", "/est/crts2"},
        {"a name cut short", "/est/crt"},
        {"a root that goes on", "/estx/crts"},
        {"another root", "/brski/es"},
        {"core is no function of the root", "/est/core"},
        {"the long names are not served", "/est/cacerts"},
        {"nor with a label", "/est/a/simpleenroll"},
        {"full CMC is not specified", "/est/fullcmc"},
        {"a label is no function name", "/est/sen/crts"},
        {"a label is no long name either", "/est/cacerts/crts"},
        {"nor full CMC", "/est/fullcmc/crts"},
        {"a label of 33 characters", "/est/012345678901234567890123456789012/sen"},
        {"a label with a space", "/est/a b/sen"},
        {"a label with a percent sign", "/est/a%62/sen"},
        {"a label with an 8-bit byte", "/est/\xc3\xa4/sen"},
        {"core has no children", "/.well-known/core/x"},
        {"long root, unknown function", "/.well-known/est/rpks"},
};

START_TEST(refuses_other_paths)
{
	struct sl_est_target t = {.function = SL_EST_SKC};

	ck_assert_msg(sl_est_target(unknown[_i].path, "/est", &t) == SL_ENOTFOUND,
	        "found although %s", unknown[_i].because);
	ck_assert_int_eq(t.function, SL_EST_SKC);
}
END_TEST

START_TEST(the_short_root_is_optional)
{
	struct sl_est_target t;

	ck_assert_err(sl_est_target("/est/crts", NULL, &t), SL_ENOTFOUND);
	ck_assert_err(sl_est_target("/est/crts", "/e", &t), SL_ENOTFOUND);
	ck_assert_ok(sl_est_target("/e/crts", "/e", &t));
	ck_assert_ok(sl_est_target("/crts", "", &t));
	ck_assert_ok(sl_est_target("/.well-known/est/crts", NULL, &t));
}
END_TEST

START_TEST(knows_names_and_methods)
{
	static const struct {
		enum sl_est_function function;
		const char *name;
		bool is_get;
	} rows[] = {
	        {SL_EST_CRTS, "crts", true},
	        {SL_EST_SEN, "sen", false},
	        {SL_EST_SREN, "sren", false},
	        {SL_EST_ATT, "att", true},
	        {SL_EST_SKG, "skg", false},
	        {SL_EST_SKC, "skc", false},
	        {SL_EST_WELL_KNOWN_CORE, "core", true},
	        {(enum sl_est_function)0, "unknown", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ck_assert_str_eq(sl_est_function_name(rows[i].function), rows[i].name);
		ck_assert_int_eq(sl_est_function_is_get(rows[i].function), rows[i].is_get);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est/path");
	TCase *tc = tcase_create("paths");

	tcase_add_loop_test(tc, finds_functions, 0, (int)ARRAY_LEN(found));
	tcase_add_loop_test(tc, refuses_other_paths, 0, (int)ARRAY_LEN(unknown));
	tcase_add_test(tc, the_short_root_is_optional);
	tcase_add_test(tc, knows_names_and_methods);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
