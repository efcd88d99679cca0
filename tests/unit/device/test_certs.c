/* SPDX-License-Identifier: BSD-2-Clause */
#include "certs.h"

#include "fake_est.h"
#include "support.h"

#include <string.h>

static struct fake_est est;
static struct certs list;
static struct sl_span ca;

static void
set_up(void)
{
	fake_est_init(&est);
	certs_init(&list);
	ca = sl_span(est.ca, est.ca_len);
}

static void
tear_down(void)
{
	certs_clear(&list);
	fake_est_clear(&est);
}

static struct sl_span
cms_of(size_t count)
{
	struct sl_span spans[CERTS_MAX + 1];
	uint8_t cms[8192];
	size_t len;

	for (size_t i = 0; i < count; i++)
		spans[i] = ca;
	ck_assert_ok(sl_cms_certs_only(spans, count, cms, sizeof cms, &len));
	return heap_copy(sl_span(cms, len));
}

START_TEST(reads_both_formats)
{
	ck_assert_ok(certs_from_body(&list, true, 281, cms_of(1)));
	ck_assert_uint_eq(list.count, 1);
	ck_assert_bytes(certs_at(&list, 0), ca);
	ck_assert_ok(certs_from_body(&list, false, 0, cms_of(2)));
	ck_assert_uint_eq(list.count, 2);
	ck_assert_ok(certs_from_body(&list, true, 287, heap_copy(ca)));
	ck_assert_uint_eq(list.count, 1);
	ck_assert_uint_eq(certs_at(&list, 1).len, 0);
	ck_assert_err(certs_from_body(&list, true, 285, cms_of(1)), SL_EUNSUPPORTED);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

/* RFC 5652 section 5.1 with no certificates at all: SignedData, version 1, no digests, id-data,
 * no signers. */
START_TEST(refuses_a_list_of_nothing)
{
	const char *empty =
	        "3023 06092a864886f70d010702 a016 3014 020101 3100 300b 06092a864886f70d010701"
	        "3100";

	const char *empty_set =
	        "3025 06092a864886f70d010702 a018 3016 020101 3100 300b 06092a864886f70d010701"
	        "a000 3100";

	ck_assert_int_ne(certs_from_body(&list, true, 281, hex(empty)), SL_OK);
	ck_assert_int_ne(certs_from_body(&list, true, 281, hex(empty_set)), SL_OK);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(refuses_every_proper_prefix)
{
	struct sl_span whole = cms_of(1);

	for (size_t len = 0; len < whole.len; len++) {
		ck_assert_msg(certs_from_body(&list, true, 281,
		                      heap_copy(sl_span(whole.ptr, len))) != SL_OK,
		        "281: accepted %zu bytes", len);
		ck_assert_uint_eq(list.count, 0);
	}
	for (size_t len = 0; len < ca.len; len++)
		ck_assert_msg(
		        certs_from_body(&list, true, 287, heap_copy(sl_span(ca.ptr, len))) != SL_OK,
		        "287: accepted %zu bytes", len);
}
END_TEST

START_TEST(limits_the_list)
{
	ck_assert_ok(certs_from_body(&list, true, 281, cms_of(CERTS_MAX)));
	ck_assert_uint_eq(list.count, CERTS_MAX);
	ck_assert_err(certs_add(&list, ca), SL_ELIMIT);
	ck_assert_err(certs_from_body(&list, true, 281, cms_of(CERTS_MAX + 1)), SL_ELIMIT);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_err(certs_add(&list, hex("3000")), SL_EMALFORMED);
}
END_TEST

START_TEST(goes_through_pem)
{
	struct certs again;
	struct sl_buf pem;

	certs_init(&again);
	sl_buf_init(&pem, CERTS_PEM_MAX);
	ck_assert_ok(certs_from_body(&list, true, 281, cms_of(3)));
	ck_assert_ok(certs_to_pem(&list, &pem));
	ck_assert_ok(certs_from_pem(&again, heap_copy(sl_buf_view(&pem))));
	ck_assert_uint_eq(again.count, 3);
	ck_assert_bytes(certs_at(&again, 2), ca);
	certs_clear(&again);
	sl_buf_clear(&pem);
	sl_buf_init(&pem, 100);
	ck_assert_err(certs_to_pem(&list, &pem), SL_ELIMIT);
	sl_buf_clear(&pem);
}
END_TEST

START_TEST(refuses_text_that_is_no_pem)
{
	static const char *const rows[] = {"", "hello",
	        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
	        "-----END CERTIFICATE-----\n",
	        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
	        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"};

	ck_assert_msg(
	        certs_from_pem(&list, heap_copy(sl_span_text(rows[_i]))) != SL_OK, "%s", rows[_i]);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(finds_the_certificate_of_a_key)
{
	uint8_t spki[256];
	size_t len, at = 9;

	ck_assert_ok(certs_add(&list, ca));
	ck_assert_ok(sl_pkey_to_spki(est.ca_key, spki, sizeof spki, &len));
	ck_assert_ok(certs_find_key(&list, sl_span(spki, len), &at));
	ck_assert_uint_eq(at, 0);
	spki[len - 1] ^= 1;
	at = 9;
	ck_assert_err(certs_find_key(&list, sl_span(spki, len), &at), SL_ENOTFOUND);
	ck_assert_uint_eq(at, 9);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_certs");
	TCase *t = tcase_create("certs");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, reads_both_formats);
	tcase_add_test(t, refuses_a_list_of_nothing);
	tcase_add_test(t, refuses_every_proper_prefix);
	tcase_add_test(t, limits_the_list);
	tcase_add_test(t, goes_through_pem);
	tcase_add_loop_test(t, refuses_text_that_is_no_pem, 0, 6);
	tcase_add_test(t, finds_the_certificate_of_a_key);
	suite_add_tcase(s, t);
	return run_suite(s);
}
