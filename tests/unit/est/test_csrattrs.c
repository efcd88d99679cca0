/* SPDX-License-Identifier: BSD-2-Clause
 * CSR attributes, RFC 7030 section 4.5.2; DER by X.690 sections 8.19, 10.1 and 11.6. The
 * published example is in test_payloads.c. */
#include "support.h"

#include <sl/est.h>

#include <string.h>

#define CHALLENGE "06092a864886f70d010907" /* 1.2.840.113549.1.9.7, 11 bytes */
#define EC_KEY    "06072a8648ce3d0201"     /* 1.2.840.10045.2.1, 9 bytes */
#define P256      "06082a8648ce3d030107"   /* 1.2.840.10045.3.1.7, 10 bytes */
#define P384      "06052b81040022"         /* 1.3.132.0.34, 7 bytes */
#define ED25519   "06032b6570"             /* 1.3.101.112, 5 bytes */
#define OID_12    "06012a"                 /* 1.2, 3 bytes */

static const struct {
	const char *because, *der;
	struct sl_est_csrattrs want;
} accepted[] = {
        {"nothing", "3000", {.count = 0}},
        {"a challenge", "300b " CHALLENGE, {.wants_challenge = true, .count = 1}},
        {"P-256 as key type", "3017 3015 " EC_KEY "310a" P256, {.wants_p256 = true, .count = 1}},
        {"both curves", "301e 301c " EC_KEY "3111" P384 P256,
                {.wants_p256 = true, .wants_p384 = true, .count = 1}},
        {"Ed25519", "3005 " ED25519, {.wants_ed25519 = true, .count = 1}},
        {"a curve by its bare name", "300a " P256, {.wants_p256 = true, .count = 1}},
        {"a curve as a value of something else", "3019 3017 " CHALLENGE "310a" P256, {.count = 1}},
        {"a bare key type says nothing of curves", "3009 " EC_KEY, {.count = 1}},
        {"unknown names are passed over", "3008 " OID_12 ED25519,
                {.wants_ed25519 = true, .count = 2}},
        {"values of other kinds are passed over", "300a 3008 " OID_12 "3103 020105", {.count = 1}},
};

START_TEST(takes_what_it_knows)
{
	struct sl_est_csrattrs got;
	const struct sl_est_csrattrs *want = &accepted[_i].want;

	ck_assert_msg(sl_est_csrattrs_decode(&got, hex(accepted[_i].der)) == SL_OK, "%s: refused",
	        accepted[_i].because);
	ck_assert_uint_eq(got.count, want->count);
	ck_assert_int_eq(got.wants_challenge, want->wants_challenge);
	ck_assert_int_eq(got.wants_p256, want->wants_p256);
	ck_assert_int_eq(got.wants_p384, want->wants_p384);
	ck_assert_int_eq(got.wants_ed25519, want->wants_ed25519);
}
END_TEST

static const struct {
	const char *because, *der;
} malformed[] = {
        {"no bytes", ""},
        {"a SET outside", "3100"},
        {"an OID outside", OID_12},
        {"bytes behind", "3000 00"},
        {"a length cut short", "30"},
        {"indefinite length", "3080 0000"},
        {"a length in more bytes than needed", "308100"},
        {"127 in two bytes", "30817f"},
        {"255 in three bytes", "308200ff"},
        {"a length of three bytes", "3083000000"},
        {"a reserved length byte", "30ff"},
        {"the content overruns the end", "3004 " OID_12},
        {"the content leaves bytes", "3002 " OID_12},
        {"an INTEGER as an item", "3003 020105"},
        {"an OCTET STRING as an item", "3003 04012a"},
        {"end-of-contents as an item", "3002 0000"},
        {"a long tag as an item", "3004 1f810100"},
        {"an empty OID", "3002 0600"},
        {"an OID that does not end", "3003 0601aa"},
        {"an OID number with a leading zero", "3004 06028001"},
        {"an OID number with a leading zero inside", "3005 06032a8001"},
        {"an OID that does not end after a continued zero", "3005 06032a8180"},
        {"an attribute without a set", "3005 3003 " OID_12},
        {"an attribute with an empty set", "3007 3005 " OID_12 "3100"},
        {"an attribute with a SEQUENCE", "300a 3008 " OID_12 "3003 020105"},
        {"an attribute with two sets", "300f 300d " OID_12 "3103 020105 3103 020105"},
        {"an attribute whose type is no OID", "300a 3008 020105 3103 020105"},
        {"an empty attribute", "3002 3000"},
        {"a value cut short", "300a 3008 " OID_12 "3103 020205"},
        {"a value with a long tag", "300a 3008 " OID_12 "3103 1f0100"},
        {"end-of-contents as a value", "3009 3007 " OID_12 "3102 0000"},
        {"a value without length", "3008 3006 " OID_12 "3101 02"},
        {"the last item is cut short", "3004 " OID_12 "06"},
};

START_TEST(refuses_malformed_lists)
{
	struct sl_est_csrattrs got = {.count = 77};
	struct sl_est_attrs all = {.count = 77};

	ck_assert_msg(sl_est_csrattrs_decode(&got, hex(malformed[_i].der)) == SL_EMALFORMED,
	        "accepted although %s", malformed[_i].because);
	ck_assert_uint_eq(got.count, 77);
	ck_assert_err(sl_est_csrattrs_read(&all, hex(malformed[_i].der)), SL_EMALFORMED);
	ck_assert_uint_eq(all.count, 77);
}
END_TEST

/* One attribute 1.2 with one OCTET STRING of len zeros; DER lengths grow at 128 and 256 bytes. */
START_TEST(lengths_grow_with_the_content)
{
	static const struct {
		size_t octets;
		const char *heads;
		size_t head_len;
	} rows[] = {
	        /* heads of 2 bytes: 100 = 0x64, + 2 = 0x66, + 2 + 3 = 0x6b, + 2 = 0x6d */
	        {100, "306d 306b " OID_12 "3166 0464", 11},
	        /* heads of 3 bytes: 130 = 0x82, + 3 = 0x85, + 3 + 3 = 0x8b, + 3 = 0x8e */
	        {130, "30818e 30818b " OID_12 "318185 048182", 15},
	        /* heads of 4 bytes: 300 = 0x12c, + 4 = 0x130, + 4 + 3 = 0x137, + 4 = 0x13b */
	        {300, "3082013b 30820137 " OID_12 "31820130 0482012c", 19},
	};
	const uint8_t zeros[300] = {0};
	uint8_t der[400], again[400];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sl_writer w = sl_writer_over(der, sizeof der);
		struct sl_writer out = sl_writer_over(again, sizeof again);
		struct sl_est_attrs all;

		sl_write_span(&w, hex(rows[i].heads));
		ck_assert_uint_eq(w.len, rows[i].head_len);
		sl_write_span(&w, sl_span(zeros, rows[i].octets));
		ck_assert_ok(sl_est_csrattrs_read(&all, heap_copy(sl_writer_span(&w))));
		ck_assert_uint_eq(all.count, 1);
		ck_assert_ok(sl_est_csrattrs_encode(&out, all.list, all.count));
		ck_assert_bytes(sl_writer_span(&out), sl_writer_span(&w));
	}
}
END_TEST

/* 84 names of three bytes and one of four: 256 bytes. */
START_TEST(only_81_and_82_begin_a_long_length)
{
	static const struct {
		const char *head;
		enum sl_err want;
	} rows[] = {{"30820100", SL_OK}, {"30830100", SL_EMALFORMED}, {"30800100", SL_EMALFORMED},
	        {"30ff0100", SL_EMALFORMED}};
	uint8_t der[4 + 256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sl_writer w = sl_writer_over(der, sizeof der);
		struct sl_est_csrattrs got;

		sl_write_span(&w, hex(rows[i].head));
		for (size_t n = 0; n < 84; n++)
			sl_write_span(&w, hex(OID_12));
		sl_write_span(&w, hex("06022a03"));
		ck_assert_err(sl_est_csrattrs_decode(&got, sl_writer_span(&w)), rows[i].want);
	}
}
END_TEST

/* Where the length takes a byte more: an OCTET STRING of n in a set of n + 2 or n + 3. */
START_TEST(lengths_are_in_the_fewest_bytes)
{
	static const struct {
		size_t octets;
		const char *set_head;
	} rows[] = {{125, "317f"}, {126, "318180"}, {252, "3181ff"}, {253, "31820100"}};
	uint8_t item[300], out[400];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sl_writer w = sl_writer_over(item, sizeof item);
		struct sl_writer to = sl_writer_over(out, sizeof out);
		struct sl_span value, head = hex(rows[i].set_head);
		struct sl_est_attr attr = {hex(OID_12), &value, 1};
		struct sl_est_attrs all;

		sl_write_u8(&w, 0x04);
		if (rows[i].octets >= 0x80)
			sl_write_u8(&w, 0x81);
		sl_write_u8(&w, (uint8_t)rows[i].octets);
		memset(item + w.len, 0, rows[i].octets);
		value = sl_span(item, w.len + rows[i].octets);
		ck_assert_ok(sl_est_csrattrs_encode(&to, &attr, 1));
		ck_assert_bytes(sl_span(out + to.len - value.len - head.len, head.len), head);
		ck_assert_ok(sl_est_csrattrs_read(&all, sl_writer_span(&to)));
		ck_assert_bytes(all.list[0].values[0], value);
	}
}
END_TEST

START_TEST(refuses_every_proper_prefix)
{
	struct sl_span whole = hex("3019 3017 " CHALLENGE "310a" P256);
	struct sl_est_csrattrs got;

	for (size_t n = 0; n < whole.len; n++)
		ck_assert_err(sl_est_csrattrs_decode(&got, heap_copy(sl_span(whole.ptr, n))),
		        SL_EMALFORMED);
}
END_TEST

/* 16 items of three bytes are 0x30, 17 are 0x33 bytes. */
START_TEST(reading_ends_at_sixteen_items)
{
	uint8_t der[2 + 17 * 3] = {0x30, 16 * 3};
	struct sl_est_attrs all = {.count = 77};
	struct sl_est_csrattrs sum;

	for (size_t i = 0; i < 17; i++)
		memcpy(der + 2 + 3 * i, "\x06\x01\x2a", 3);
	ck_assert_ok(sl_est_csrattrs_read(&all, sl_span(der, 2 + 16 * 3)));
	ck_assert_uint_eq(all.count, 16);
	der[1] = 17 * 3;
	ck_assert_err(sl_est_csrattrs_read(&all, sl_span(der, sizeof der)), SL_ELIMIT);
	ck_assert_uint_eq(all.count, 16);
	ck_assert_ok(sl_est_csrattrs_decode(&sum, sl_span(der, sizeof der)));
	ck_assert_uint_eq(sum.count, 17);
}
END_TEST

/* One attribute with n NULLs (0500): set 2n, attribute 3 + 3 + 2n with a set head of 3 bytes. */
START_TEST(reading_ends_at_64_values)
{
	uint8_t der[3 + 3 + 3 + 3 + 2 * 65];
	struct sl_est_attrs all;

	for (size_t n = 64; n <= 65; n++) {
		struct sl_writer w = sl_writer_over(der, sizeof der);

		sl_write_span(&w, hex("3081"));
		sl_write_u8(&w, (uint8_t)(9 + 2 * n));
		sl_write_span(&w, hex("3081"));
		sl_write_u8(&w, (uint8_t)(6 + 2 * n));
		sl_write_span(&w, hex(OID_12 "3181"));
		sl_write_u8(&w, (uint8_t)(2 * n));
		for (size_t i = 0; i < n; i++)
			sl_write_u16(&w, 0x0500);
		ck_assert_err(sl_est_csrattrs_read(&all, sl_writer_span(&w)),
		        n == 64 ? SL_OK : SL_ELIMIT);
	}
}
END_TEST

START_TEST(writes_sets_in_der_order)
{
	/* X.690 11.6: 0500 < 06012a < 06052b.. < 06082a.. */
	struct sl_span values[] = {hex(P256), hex(P384), hex("0500"), hex(OID_12)};
	struct sl_est_attr attr = {hex(EC_KEY), values, 4};
	uint8_t out[100];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	ck_assert_ok(sl_est_csrattrs_encode(&w, &attr, 1));
	/* set 2 + 3 + 7 + 10 = 0x16, attribute 9 + 2 + 22 = 0x21, list 0x23 */
	ck_assert_bytes(sl_writer_span(&w), hex("3023 3021 " EC_KEY "3116 0500" OID_12 P384 P256));
}
END_TEST

static const struct {
	struct sl_est_csrattrs policy;
	const char *der;
} policies[] = {
        {{.count = 0}, "3000"},
        {{.wants_challenge = true}, "300b " CHALLENGE},
        {{.wants_p256 = true}, "3017 3015 " EC_KEY "310a" P256},
        {{.wants_p384 = true}, "3014 3012 " EC_KEY "3107" P384},
        {{.wants_ed25519 = true}, "3005 " ED25519},
        /* 11 + (2 + 9 + 2 + 17) + 5 = 46 = 0x2e */
        {{.wants_challenge = true, .wants_p256 = true, .wants_p384 = true, .wants_ed25519 = true},
                "302e " CHALLENGE "301c " EC_KEY "3111" P384 P256 ED25519},
};

START_TEST(announces_what_a_profile_demands)
{
	uint8_t out[100];
	struct sl_span want = hex(policies[_i].der);
	struct sl_writer w = sl_writer_over(out, want.len);

	ck_assert_ok(sl_est_csrattrs_for(&w, &policies[_i].policy));
	ck_assert_bytes(sl_writer_span(&w), want);
	w = sl_writer_over(out, want.len - 1);
	ck_assert_err(sl_est_csrattrs_for(&w, &policies[_i].policy), SL_ESPACE);
}
END_TEST

START_TEST(writes_only_der)
{
	struct sl_span values[17] = {{0}};
	struct sl_span good = hex(OID_12);
	const struct {
		const char *because;
		struct sl_est_attr attr;
		enum sl_err want;
	} rows[] = {
	        {"no oid", {.oid = hex("")}, SL_EMALFORMED},
	        {"another tag", {.oid = hex("04012a")}, SL_EMALFORMED},
	        {"two oids", {.oid = hex(OID_12 OID_12)}, SL_EMALFORMED},
	        {"an oid cut short", {.oid = hex("06022a")}, SL_EMALFORMED},
	        {"a set without values", {good, values, 0}, SL_EMALFORMED},
	        {"a value that is no item", {good, values, 1}, SL_EMALFORMED},
	        {"16 values, none an item", {good, values, 16}, SL_EMALFORMED},
	        {"17 values", {good, values, 17}, SL_ELIMIT},
	};
	uint8_t out[100];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sl_writer w = sl_writer_over(out, sizeof out);

		ck_assert_msg(sl_est_csrattrs_encode(&w, &rows[i].attr, 1) == rows[i].want,
		        "written although %s", rows[i].because);
		ck_assert_uint_eq(w.len, 0);
	}
}
END_TEST

START_TEST(writes_at_most_sixteen_items_of_65535_bytes)
{
	static uint8_t big[65536], out[70000];
	struct sl_span value = sl_span(big, 2 + 2 + 65500);
	struct sl_est_attr attrs[17];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	for (size_t i = 0; i < 17; i++)
		attrs[i] = (struct sl_est_attr){.oid = hex(OID_12)};
	ck_assert_err(sl_est_csrattrs_encode(&w, attrs, 17), SL_ELIMIT);
	ck_assert_ok(sl_est_csrattrs_encode(&w, attrs, 16));
	memcpy(big, "\x04\x82\xff\xdc", 4); /* 65500 octets */
	/* the set 4 + 65504, the oid 3, the attribute's head 4: 65515; seven bare names more
	 * are 65536 */
	attrs[0].values = &value;
	attrs[0].value_count = 1;
	w = sl_writer_over(out, sizeof out);
	ck_assert_err(sl_est_csrattrs_encode(&w, attrs, 8), SL_ELIMIT);
	ck_assert_ok(sl_est_csrattrs_encode(&w, attrs, 7));
	ck_assert_uint_eq(w.len, 4 + 65515 + 6 * 3);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("est/csrattrs");
	TCase *tc = tcase_create("csrattrs");

	tcase_add_loop_test(tc, takes_what_it_knows, 0, (int)ARRAY_LEN(accepted));
	tcase_add_loop_test(tc, refuses_malformed_lists, 0, (int)ARRAY_LEN(malformed));
	tcase_add_test(tc, lengths_grow_with_the_content);
	tcase_add_test(tc, only_81_and_82_begin_a_long_length);
	tcase_add_test(tc, lengths_are_in_the_fewest_bytes);
	tcase_add_test(tc, refuses_every_proper_prefix);
	tcase_add_test(tc, reading_ends_at_sixteen_items);
	tcase_add_test(tc, reading_ends_at_64_values);
	tcase_add_test(tc, writes_sets_in_der_order);
	tcase_add_loop_test(tc, announces_what_a_profile_demands, 0, (int)ARRAY_LEN(policies));
	tcase_add_test(tc, writes_only_der);
	tcase_add_test(tc, writes_at_most_sixteen_items_of_65535_bytes);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
