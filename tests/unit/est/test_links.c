/* SPDX-License-Identifier: BSD-2-Clause
 * Discovery: RFC 6690 sections 2 and 4.1, RFC 9148 section 4.1, RFC 8613 section 9 for "osc".
 * The published example is in test_payloads.c. */
#include "support.h"

#include <sl/est.h>

#include <string.h>

#define CRTS "</est/crts>;rt=\"ace.est.crts\";ct=\"281 287\";osc"
#define SEN  "</est/sen>;rt=\"ace.est.sen\";ct=\"281 287\";osc"
#define SREN "</est/sren>;rt=\"ace.est.sren\";ct=\"281 287\";osc"
#define ATT  "</est/att>;rt=\"ace.est.att\";ct=285;osc"
#define ALL  CRTS "," SEN "," SREN "," ATT

static const struct {
	const char *because, *queries; /* between "&" */
	const char *body;
} filters[] = {
        {"no query", NULL, ALL},
        {"all of EST", "rt=ace.est*", ALL},
        {"a whole value", "rt=ace.est.sen", SEN},
        {"a prefix that two share", "rt=ace.est.s*", SEN "," SREN},
        {"any value", "rt=*", ALL},
        {"quotes do not count", "rt=\"ace.est.att\"", ATT},
        {"an open quote is a character", "rt=\"ace.est.att", ""},
        {"a quote at the end too", "rt=ace.est.att\"", ""},
        {"a quote alone", "rt=\"", ""},
        {"quotes and a star", "rt=\"ace.est.a*\"", ATT},
        {"no such value", "rt=ace.est", ""},
        {"a value that goes on", "rt=ace.est.senx", ""},
        {"a star inside is a star", "rt=ace*sen", ""},
        {"case counts", "rt=ACE.EST.SEN", ""},
        {"an empty value", "rt=", ""},
        {"one format of two", "ct=287", CRTS "," SEN "," SREN},
        {"the only format", "ct=285", ATT},
        {"formats by prefix", "ct=28*", ALL},
        {"both formats are not one value", "ct=\"281 287\"", ""},
        {"a target", "href=/est/att", ATT},
        {"targets by prefix", "href=/est/s*", SEN "," SREN},
        {"a prefix that ends inside the root", "href=/es*", ALL},
        {"the root alone is no target", "href=/est", ""},
        {"a target cut short", "href=/est/at", ""},
        {"another root", "href=/esx/att", ""},
        {"another root by prefix", "href=/esx*", ""},
        {"an empty target", "href=", ""},
        {"any target", "href=*", ALL},
        {"two queries that agree", "rt=ace.est.s*&ct=287", SEN "," SREN},
        {"two queries that do not", "rt=ace.est.att&ct=287", ""},
        {"an unknown name", "if=sensor", ""},
        {"a name alone", "osc", ""},
        {"nothing", "", ""},
};

static size_t
split(const char *queries, struct sl_span list[static 4])
{
	size_t count = 0;

	if (queries == NULL)
		return 0;
	for (;;) {
		size_t len = strcspn(queries, "&");

		list[count++] = heap_copy(sl_span(queries, len));
		if (queries[len] == '\0')
			return count;
		queries += len + 1;
	}
}

START_TEST(filters_links)
{
	struct sl_est_link links[8];
	struct sl_span queries[4];
	size_t count = sl_est_links("/est", links, 8),
	       query_count = split(filters[_i].queries, queries);
	char out[400];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_uint_eq(count, 4);
	ck_assert_ok(sl_est_links_encode(&w, links, count, queries, query_count));
	ck_assert_msg(sl_span_equal_text(sl_writer_span(&w), filters[_i].body), "%s: %.*s",
	        filters[_i].because, (int)w.len, out);
}
END_TEST

START_TEST(a_short_buffer_is_noticed)
{
	struct sl_est_link links[4];
	char out[400];
	struct sl_writer w = sl_writer_over(out, strlen(ALL));

	ck_assert_uint_eq(sl_est_links("/est", links, 2), 2);
	ck_assert_uint_eq(sl_est_links("/est", links, 4), 4);
	ck_assert_ok(sl_est_links_encode(&w, links, 4, NULL, 0));
	w = sl_writer_over(out, strlen(ALL) - 1);
	ck_assert_err(sl_est_links_encode(&w, links, 4, NULL, 0), SL_ESPACE);
}
END_TEST

START_TEST(writes_other_links)
{
	const struct sl_est_link links[] = {
	        {.target = "/.well-known/edhoc", .rt = "core.edhoc", .attributes = ";ed-r"},
	        {.root = "/x", .target = "/y", .rt = "a b", .ct = "0"},
	        {.target = "/bare"},
	};
	const struct sl_span one_of_two = sl_span_text("rt=b");
	char out[200];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_est_links_encode(&w, links, 3, NULL, 0));
	ck_assert(sl_span_equal_text(sl_writer_span(&w),
	        "</.well-known/edhoc>;rt=\"core.edhoc\";ed-r,</x/y>;rt=\"a b\";ct=0,</bare>"));
	w = sl_writer_over(out, sizeof out);
	ck_assert_ok(sl_est_links_encode(&w, links, 3, &one_of_two, 1));
	ck_assert(sl_span_equal_text(sl_writer_span(&w), "</x/y>;rt=\"a b\";ct=0"));
}
END_TEST

static const struct {
	const char *because, *query;
	bool fits;
} attribute_queries[] = {
        {"the type", "rt=core.edhoc", true},
        {"a method", "ed-method=0", true},
        {"another method", "ed-method=3", true},
        {"a method that is not there", "ed-method=1", false},
        {"a suite", "ed-csuite=24", true},
        {"half a number", "ed-csuite=2", false},
        {"a prefix", "ed-csuite=2*", true},
        {"a negative label", "ed-idcred-t=-1", true},
        {"a flag has no value", "ed-r=", false},
        {"a flag has not any value", "ed-r=*", false},
        {"half a name", "ed-meth=0", false},
        {"a longer name", "ed-methods=0", false},
        {"no name", "=0", false},
        {"another's attribute", "ed-i=1", false},
};

START_TEST(filters_by_further_attributes)
{
	const struct sl_est_link link = {.target = "/e",
	        .rt = "core.edhoc",
	        .attributes = ";ed-r;ed-csuite=24;ed-method=0;ed-method=3;ed-idcred-t=-1"};
	struct sl_span query = heap_copy(sl_span_text(attribute_queries[_i].query));
	char out[200];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_est_links_encode(&w, &link, 1, &query, 1));
	ck_assert_msg((w.len > 0) == attribute_queries[_i].fits, "%s", attribute_queries[_i].because);
}
END_TEST

static const struct {
	const char *because, *body;
	size_t count;
	const char *target, *rt, *ct; /* of the first; NULL: absent */
	bool osc;
} readable[] = {
        {"an empty document", "", 0, NULL, NULL, NULL, false},
        {"a bare target", "</a>", 1, "/a", NULL, NULL, false},
        {"unquoted values", "</a>;rt=x;ct=40", 1, "/a", "x", "40", false},
        {"quoted values", "</a>;rt=\"x y\";ct=\"281 287\"", 1, "/a", "x y", "281 287", false},
        {"osc", "</a>;osc", 1, "/a", NULL, NULL, true},
        {"osc with a value that does not count", "</a>;osc=no;rt=x", 1, "/a", "x", NULL, true},
        {"osc twice", "</a>;osc;osc", 1, "/a", NULL, NULL, true},
        {"the first rt counts (6690 3.1)", "</a>;rt=x;rt=y", 1, "/a", "x", NULL, false},
        {"unknown attributes", "</a>;obs;if=\"a,b;<c>\";title=\"\\\"q\\\"\";rt=x", 1, "/a", "x",
                NULL, false},
        {"UTF-8 in a title", "</a>;title=\"\xc3\xa4\";rt=x", 1, "/a", "x", NULL, false},
        {"two links", "</a>;rt=x,</b>;rt=y", 2, "/a", "x", NULL, false},
        {"an absolute target", "<coaps://[2001:db8:3::123]:61617/est/crts>;ct=281", 1,
                "coaps://[2001:db8:3::123]:61617/est/crts", NULL, "281", false},
        {"an empty target", "<>;rt=x", 1, "", "x", NULL, false},
        {"an empty value", "</a>;rt=\"\"", 1, "/a", "", NULL, false},
};

START_TEST(reads_documents)
{
	struct sl_est_found found[4] = {{{0}, {0}, {0}, false}};
	size_t count = 4;

	ck_assert_msg(sl_est_links_decode(
	                      heap_copy(sl_span_text(readable[_i].body)), found, &count) == SL_OK,
	        "%s: refused", readable[_i].because);
	ck_assert_uint_eq(count, readable[_i].count);
	ck_assert(sl_span_equal_text(found[0].target, readable[_i].target));
	ck_assert(sl_span_equal_text(found[0].rt, readable[_i].rt));
	ck_assert(sl_span_equal_text(found[0].ct, readable[_i].ct));
	ck_assert_int_eq(found[0].osc, readable[_i].osc);
}
END_TEST

static const struct {
	const char *because, *body;
} malformed[] = {
        {"no angle bracket", "/a"},
        {"an open target", "</a"},
        {"a space in the target", "</a b>"},
        {"an 8-bit byte in the target", "</\xc3\xa4>"},
        {"DEL in the target", "</\x7f>"},
        {"a line feed in the target", "</a\n>"},
        {"an attribute without name", "</a>;"},
        {"an attribute without name but a value", "</a>;=x"},
        {"an attribute without value", "</a>;rt="},
        {"an attribute without value before another", "</a>;rt=;ct=40"},
        {"an open quote", "</a>;rt=\"x"},
        {"an escape at the end", "</a>;rt=\"x\\"},
        {"text behind the quotes", "</a>;rt=\"x\"y"},
        {"a quote inside a value", "</a>;rt=x\"y\""},
        {"a space in a value", "</a>;rt=x y"},
        {"a comma at the end", "</a>,"},
        {"a comma at the begin", ",</a>"},
        {"two commas", "</a>,,</b>"},
        {"a comma alone", ","},
        {"a space between links", "</a>, </b>"},
        {"a line feed between links", "</a>,\n</b>"},
        {"text behind", "</a>x"},
};

START_TEST(refuses_malformed_documents)
{
	struct sl_est_found found[4] = {{.osc = true}};
	size_t count = 4;

	ck_assert_msg(sl_est_links_decode(heap_copy(sl_span_text(malformed[_i].body)), found,
	                      &count) == SL_EMALFORMED,
	        "accepted although %s", malformed[_i].because);
	ck_assert_uint_eq(count, 4);
	ck_assert(found[0].osc);
}
END_TEST

/* What is whole up to there, and what is not. */
START_TEST(prefixes_are_shorter_documents_or_none)
{
	static const char text[] = "</a>;ct=28;rt=\"x\"";
	static const bool whole[] = {true, /* </a */ false, false, false, /* > */ true,
	        /* ;ct=28 */ false, true, true, false, true, true,
	        /* ;rt="x */ false, true, true, false, false, false};
	struct sl_est_found found[2];
	size_t count;

	ck_assert_uint_eq(ARRAY_LEN(whole), sizeof text - 1);
	for (size_t n = 0; n < sizeof text - 1; n++) {
		count = 2;
		ck_assert_msg((sl_est_links_decode(heap_copy(sl_span(text, n)), found, &count) ==
		                      SL_OK) == whole[n],
		        "%.*s", (int)n, text);
	}
}
END_TEST

START_TEST(the_capacity_counts)
{
	struct sl_est_found found[1];
	size_t count = 1;

	ck_assert_err(sl_est_links_decode(sl_span_text("</a>,</b>"), found, &count), SL_ESPACE);
	ck_assert_uint_eq(count, 1);
	ck_assert_ok(sl_est_links_decode(sl_span_text("</a>"), found, &count));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est/links");
	TCase *tc = tcase_create("discovery");

	tcase_add_loop_test(tc, filters_links, 0, (int)ARRAY_LEN(filters));
	tcase_add_test(tc, a_short_buffer_is_noticed);
	tcase_add_test(tc, writes_other_links);
	tcase_add_loop_test(
	        tc, filters_by_further_attributes, 0, (int)ARRAY_LEN(attribute_queries));
	tcase_add_loop_test(tc, reads_documents, 0, (int)ARRAY_LEN(readable));
	tcase_add_loop_test(tc, refuses_malformed_documents, 0, (int)ARRAY_LEN(malformed));
	tcase_add_test(tc, prefixes_are_shorter_documents_or_none);
	tcase_add_test(tc, the_capacity_counts);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
