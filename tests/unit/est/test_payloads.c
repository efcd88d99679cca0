/* SPDX-License-Identifier: BSD-2-Clause
 * The examples that the RFCs print: tests/vectors/est_payloads.json. */
#include "support.h"

#include <sl/est.h>

#include <string.h>

static json_t *root;

static void
load(void)
{
	root = vectors_load("est_payloads.json");
}

static void
unload(void)
{
	json_decref(root);
}

static bool
is_true(const json_t *row, const char *key)
{
	const json_t *member = json_object_get(row, key);

	ck_assert(json_is_boolean(member));
	return json_is_true(member);
}

static void
check_attributes(const json_t *row, const struct sl_est_attrs *got)
{
	json_t *list = json_object_get(row, "attributes"), *want, *value;
	size_t i, v;

	ck_assert_uint_eq(got->count, json_array_size(list));
	json_array_foreach(list, i, want)
	{
		json_t *values = json_object_get(want, "values");

		ck_assert_bytes(got->list[i].oid, vectors_hex(want, "oid"));
		ck_assert_uint_eq(got->list[i].value_count, json_array_size(values));
		ck_assert_int_eq(got->list[i].values != NULL, values != NULL);
		json_array_foreach(values, v, value)
		        ck_assert_bytes(got->list[i].values[v], hex(json_string_value(value)));
	}
}

START_TEST(csrattrs_come_back_bit_for_bit)
{
	json_t *list = vectors_list(root, "csrattrs"), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		struct sl_span der = vectors_hex(row, "der");
		struct sl_est_csrattrs sum;
		struct sl_est_attrs all;
		uint8_t out[200];
		struct sl_writer w = sl_writer_over(out, der.len);

		ck_assert_ok(sl_est_csrattrs_decode(&sum, der));
		ck_assert_int_eq(sum.wants_challenge, is_true(row, "wants_challenge"));
		ck_assert_int_eq(sum.wants_p256, is_true(row, "wants_p256"));
		ck_assert_int_eq(sum.wants_p384, is_true(row, "wants_p384"));
		ck_assert_int_eq(sum.wants_ed25519, is_true(row, "wants_ed25519"));
		ck_assert_ok(sl_est_csrattrs_read(&all, der));
		ck_assert_uint_eq(all.count, sum.count);
		check_attributes(row, &all);
		ck_assert_ok(sl_est_csrattrs_encode(&w, all.list, all.count));
		ck_assert_bytes(sl_writer_span(&w), der);
		w = sl_writer_over(out, der.len - 1);
		ck_assert_err(sl_est_csrattrs_encode(&w, all.list, all.count), SL_ESPACE);
	}
	vectors_ran("csrattrs", i);
}
END_TEST

START_TEST(multipart_comes_back_bit_for_bit)
{
	json_t *list = vectors_list(root, "multipart"), *row, *want;
	size_t i, p;

	json_array_foreach(list, i, row)
	{
		struct sl_span body = vectors_hex(row, "body");
		struct sl_est_part parts[SL_EST_PARTS_MAX];
		size_t count = SL_EST_PARTS_MAX;
		uint8_t out[200];
		struct sl_writer w = sl_writer_over(out, body.len);

		ck_assert_ok(sl_est_multipart_decode(body, parts, &count));
		ck_assert_uint_eq(count, json_array_size(json_object_get(row, "parts")));
		json_array_foreach(json_object_get(row, "parts"), p, want)
		{
			ck_assert_int_eq(parts[p].format,
			        json_integer_value(json_object_get(want, "format")));
			ck_assert(!parts[p].is_absent);
			ck_assert_bytes(parts[p].bytes, vectors_hex(want, "bytes"));
		}
		ck_assert_ok(sl_est_multipart_encode(&w, parts, count));
		ck_assert_bytes(sl_writer_span(&w), body);
	}
	vectors_ran("multipart", i);
}
END_TEST

/* Text of a span that a link keeps: it does not end in NUL. */
static const char *
text_of(struct sl_span span, char out[static 40])
{
	ck_assert_uint_lt(span.len, 40);
	memcpy(out, span.ptr, span.len);
	out[span.len] = '\0';
	return out;
}

START_TEST(discovery_comes_back_to_the_letter)
{
	json_t *list = vectors_list(root, "links"), *row, *want;
	size_t i, l;

	json_array_foreach(list, i, row)
	{
		struct sl_span body = heap_copy(sl_span_text(vectors_text(row, "body")));
		struct sl_span query = sl_span_text(vectors_text(row, "query"));
		struct sl_est_found found[8];
		struct sl_est_link links[8];
		char texts[8][3][40], out[400];
		size_t count = 8;
		struct sl_writer w = sl_writer_over(out, body.len);

		ck_assert_ok(sl_est_links_decode(body, found, &count));
		ck_assert_uint_eq(count, json_array_size(json_object_get(row, "links")));
		json_array_foreach(json_object_get(row, "links"), l, want)
		{
			ck_assert(
			        sl_span_equal_text(found[l].target, vectors_text(want, "target")));
			ck_assert(sl_span_equal_text(found[l].rt, vectors_text(want, "rt")));
			ck_assert(sl_span_equal_text(found[l].ct, vectors_text(want, "ct")));
			ck_assert(!found[l].osc);
			links[l] = (struct sl_est_link){
			        .target = text_of(found[l].target, texts[l][0]),
			        .rt = text_of(found[l].rt, texts[l][1]),
			        .ct = text_of(found[l].ct, texts[l][2])};
		}
		ck_assert_ok(sl_est_links_encode(&w, links, count, &query, 1));
		ck_assert_bytes(sl_writer_span(&w), body);
	}
	vectors_ran("discovery", i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est/payloads");
	TCase *tc = tcase_create("vectors");

	tcase_add_checked_fixture(tc, load, unload);
	tcase_add_test(tc, csrattrs_come_back_bit_for_bit);
	tcase_add_test(tc, multipart_comes_back_bit_for_bit);
	tcase_add_test(tc, discovery_comes_back_to_the_letter);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
