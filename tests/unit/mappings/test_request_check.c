/* SPDX-License-Identifier: BSD-2-Clause
 * Which requests pass and which code refuses the others: RFC 7252 sections 5.4, 5.7.1 and 5.8,
 * RFC 8613 section 2, and the RFC of each option. */
#include "build.h"
#include "support.h"

#include <sl/mappings.h>

#define OK   0
#define C400 128
#define C402 130
#define C405 133

#define PIV "9:0914" /* an OSCORE option, RFC 8613 C.4 */

static const struct {
	const char *because;
	unsigned method;
	const char *options, *payload;
	unsigned want;
} rows[] = {
        {"a sealed POST", 2, PIV, "01", OK},
        {"an empty OSCORE option is the proxy's to carry", 2, "9:", "01", OK},
        {"sealed, outer GET: the code carries no meaning", 1, PIV, "01", OK},
        {"sealed, outer PUT", 3, PIV, "01", OK},
        {"sealed, outer DELETE", 4, PIV, "01", OK},
        {"sealed, outer FETCH without Observe", 5, PIV, "01", OK},
        {"sealed, outer PATCH", 6, PIV, "01", OK},
        {"sealed, outer iPATCH", 7, PIV, "01", OK},
        {"a plain GET", 1, "11:61", NULL, OK},
        {"a plain POST with Content-Format", 2, "11:61 12:40", "01", OK},
        {"a plain PUT", 3, "", "01", OK},
        {"a plain DELETE", 4, "", NULL, OK},
        {"a plain PATCH", 6, "", "01", OK},
        /* methods */
        {"0.08 is unknown (7252 5.8)", 8, PIV, "01", C405},
        {"0.31 is unknown", 31, PIV, "01", C405},
        {"Empty is no request", 0, "", NULL, C405},
        {"FETCH has no HTTP image", 5, "11:61 12:3c", "01", C405},
        {"the method comes before the options", 8, "9:0914 65003:", "01", C405},
        /* unknown options: 65001 is critical and safe, 65002 elective and unsafe, 65003 both,
         * 65004 neither */
        {"unknown, critical and unsafe (7252 5.7.1)", 2, "9:0914 65003:", "01", C402},
        {"unknown, elective and unsafe (7252 5.7.1)", 2, "9:0914 65002:", "01", C402},
        {"unknown, critical and safe", 2, "9:0914 65001:", "01", C402},
        {"unknown, elective and safe: dropped", 2, "9:0914 65004:aa", "01", OK},
        {"Proxy-Cri (proposed 235) is unknown and unsafe", 2, "9:0914 235:", "01", C402},
        {"Proxy-Scheme-Number (proposed 239) too", 2, "9:0914 239:01", "01", C402},
        {"a plain request is judged alike", 1, "65003:", NULL, C402},
        /* length and repetition: unrecognised (7252 5.4.3, 5.4.5) */
        {"OSCORE twice", 2, "9:0914 9:0914", "01", C402},
        {"Uri-Host twice", 2, "3:61 3:61 9:0914", "01", C402},
        {"an empty Uri-Host", 2, "3: 9:0914", "01", C402},
        {"Uri-Port of three bytes", 2, "7:010000 9:0914", "01", C402},
        {"Uri-Port twice", 2, "7:50 7:50 9:0914", "01", C402},
        {"an empty Proxy-Uri", 2, "9:0914 35:", "01", C402},
        {"Proxy-Scheme twice", 2, "9:0914 39:68747470 39:68747470", "01", C402},
        {"Accept of three bytes", 1, "17:010000", NULL, C402},
        {"Accept twice", 1, "17:3c 17:3c", NULL, C402},
        {"Block1 of four bytes", 2, "9:0914 27:00000000", "01", C402},
        {"Block2 twice", 2, "9:0914 23:06 23:06", "01", C402},
        {"No-Response of two bytes: elective but unsafe", 2, "9:0914 258:001a", "01", C402},
        {"No-Response twice", 2, "9:0914 258:1a 258:1a", "01", C402},
        {"Echo of 41 bytes is dropped: elective and safe", 2,
                "9:0914 "
                "252:"
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
                "28",
                "01", OK},
        {"Size1 twice is dropped", 2, "9:0914 60:01 60:01", "01", OK},
        {"Request-Tag of nine bytes is dropped", 2, "9:0914 292:000102030405060708", "01", OK},
        {"Request-Tag may stand twice", 2, "9:0914 292:00 292:01", "01", OK},
        /* options with their own rule */
        {"Q-Block1 (9177 4.1)", 2, "9:0914 19:06", "01", C402},
        {"Q-Block2 (9177 4.1)", 2, "9:0914 31:06", "01", C402},
        {"EDHOC has no HTTP carrier", 2, "9:0914 21:", "01", C402},
        {"Max-Age is undefined in requests", 2, "9:0914 14:00", "01", C402},
        {"Observe with POST is undefined (7641 2)", 2, "6: 9:0914", "01", C402},
        {"Observe with DELETE", 4, "6: 9:0914", "01", C402},
        {"Observe with PUT and no OSCORE", 3, "6:", "01", C402},
        {"Observe twice", 5, "6: 6: 9:0914", "01", C402},
        {"Observe with FETCH is declined silently", 5, "6: 9:0914", "01", OK},
        {"deregistering too", 5, "6:01 9:0914", "01", OK},
        {"Observe with GET", 1, "6: 11:61", NULL, OK},
        {"If-Match without OSCORE has no mapping", 3, "1:aa", "01", C402},
        {"If-None-Match without OSCORE has no mapping", 3, "5:", "01", C402},
        {"If-Match beside OSCORE means nothing", 2, "1:aa 9:0914", "01", OK},
        {"inner options outside are ignored", 2, "4:aa 8:61 9:0914 11:61 12:00 15:61 17:00 20:61",
                "01", OK},
        {"Location-Path in a request is dropped", 1, "8:61", NULL, OK},
        {"Proxy-Uri", 2, "9:0914 35:687474703a2f2f612f", "01", OK},
        {"Proxy-Scheme, Uri-Host, Uri-Port", 2, "3:61 7:50 9:0914 39:68747470", "01", OK},
        {"No-Response", 2, "9:0914 258:1a", "01", OK},
        /* values */
        {"Hop-Limit 0 (8768 3)", 2, "9:0914 16:00", "01", C400},
        {"an empty Hop-Limit is 0", 2, "9:0914 16:", "01", C400},
        {"Hop-Limit 256", 2, "9:0914 16:0100", "01", C400},
        {"Hop-Limit beyond 32 bits", 2, "9:0914 16:0000000001", "01", C400},
        {"Hop-Limit 1", 2, "9:0914 16:01", "01", OK},
        {"Hop-Limit 255", 2, "9:0914 16:ff", "01", OK},
        {"Block1 with SZX 7 (7959 2.2)", 2, "9:0914 27:07", "01", C400},
        {"Block2 with SZX 7", 2, "9:0914 23:07", "01", C400},
        {"Block2 NUM 1 with SZX 7", 2, "9:0914 23:17", "01", C400},
        {"OSCORE without payload (8613 2)", 2, PIV, NULL, C400},
        {"OSCORE without payload, Block2 NUM 0", 2, "9:0914 23:06", NULL, C400},
        {"OSCORE without payload, Block2 NUM 1: a follow-up", 2, "9:0914 23:16", NULL, OK},
        {"a follow-up may repeat the payload", 2, "9:0914 23:16", "01", OK},
        {"4.02 comes before 4.00", 2, "9:0914 16:00 65003:", "01", C402},
};

START_TEST(judges_requests)
{
	struct sl_coap_msg msg;
	struct sl_map_request got;
	const char *text;
	uint8_t code;

	build_request(&msg, (uint8_t)rows[_i].method, rows[_i].options, rows[_i].payload);
	code = sl_map_check_request(&msg, false, &got, &text);
	ck_assert_msg(
	        code == rows[_i].want, "%s: got %u.%02u", rows[_i].because, code >> 5, code & 31);
	if (code == C402 || code == C400)
		ck_assert_ptr_nonnull(text);
	else
		ck_assert_ptr_null(text);
}
END_TEST

static const struct {
	const char *because;
	unsigned method;
	const char *options, *payload;
	unsigned want;
} edhoc_rows[] = {
        {"passes beside OSCORE", 2, "9:0914 21:", "01", OK},
        {"a value is ignored (9668 3.1)", 2, "9:0914 21:aa", "01", OK},
        {"but not twice", 2, "9:0914 21: 21:", "01", C402},
        {"not even with the same value", 2, "9:0914 21:aa 21:aa", "01", C402},
        {"needs OSCORE (9668 3.3.1)", 2, "21:", "01", C400},
        {"and an OSCORE message", 2, "9:0914 21:", NULL, C400},
        {"the outer method does not count (8613 4.2)", 5, "9:0914 21:", "01", OK},
        {"on every block of an upload", 2, "9:0914 21: 27:08", "01", OK},
        {"unknown options are refused all the same", 2, "9:0914 21: 65003:", "01", C402},
};

START_TEST(judges_edhoc_requests_where_the_origin_takes_them)
{
	struct sl_coap_msg msg;
	struct sl_map_request got;
	const char *text;
	uint8_t code;

	build_request(&msg, (uint8_t)edhoc_rows[_i].method, edhoc_rows[_i].options,
	        edhoc_rows[_i].payload);
	code = sl_map_check_request(&msg, true, &got, &text);
	ck_assert_msg(code == edhoc_rows[_i].want, "%s: got %u.%02u", edhoc_rows[_i].because,
	        code >> 5, code & 31);
}
END_TEST

static const struct {
	const char *because;
	unsigned method;
	const char *options, *payload;
	struct sl_map_request want;
} kinds[] = {
        {"OSCORE", 2, PIV, "01", {.kind = SL_MAP_OSCORE}},
        {"plain", 1, "11:61", NULL, {.kind = SL_MAP_PLAIN}},
        {"outer FETCH", 5, PIV, "01", {.kind = SL_MAP_OSCORE, .is_fetch_observe = true}},
        {"with message_3", 2, "9:0914 21:", "01", {.kind = SL_MAP_OSCORE, .is_combined = true}},
        {"a follow-up", 2, "9:0914 23:16", NULL, {.kind = SL_MAP_BLOCK_NEXT}},
        {"a plain follow-up", 1, "23:0016", NULL, {.kind = SL_MAP_BLOCK_NEXT}},
        {"a size wish is no follow-up", 1, "23:02", NULL, {.kind = SL_MAP_PLAIN}},
        {"Hop-Limit", 2, "9:0914 16:10", "01",
                {.kind = SL_MAP_OSCORE, .has_hop_limit = true, .hop_limit = 16}},
        {"No-Response", 2, "9:0914 258:1a", "01",
                {.kind = SL_MAP_OSCORE, .has_no_response = true, .no_response = 26}},
        {"an empty No-Response", 2, "9:0914 258:", "01",
                {.kind = SL_MAP_OSCORE, .has_no_response = true, .no_response = 0}},
};

START_TEST(tells_what_it_is)
{
	struct sl_coap_msg msg;
	struct sl_map_request got;
	const struct sl_map_request *want = &kinds[_i].want;
	const char *text;

	build_request(&msg, (uint8_t)kinds[_i].method, kinds[_i].options, kinds[_i].payload);
	ck_assert_uint_eq(sl_map_check_request(&msg, want->is_combined, &got, &text), 0);
	ck_assert_msg(got.kind == want->kind && got.is_combined == want->is_combined &&
	                      got.is_fetch_observe == want->is_fetch_observe &&
	                      got.has_hop_limit == want->has_hop_limit &&
	                      got.hop_limit == want->hop_limit &&
	                      got.has_no_response == want->has_no_response &&
	                      got.no_response == want->no_response,
	        "%s is read wrongly", kinds[_i].because);
}
END_TEST

START_TEST(leaves_output_alone_on_refusal)
{
	struct sl_coap_msg msg;
	struct sl_map_request got = {.kind = SL_MAP_BLOCK_NEXT, .hop_limit = 77};
	const char *text;

	build_request(&msg, 2, "9:0914 16:00", "01");
	ck_assert_uint_eq(sl_map_check_request(&msg, false, &got, &text), C400);
	ck_assert_int_eq(got.kind, SL_MAP_BLOCK_NEXT);
	ck_assert_uint_eq(got.hop_limit, 77);
}
END_TEST

/* RFC 7967 section 2.1: 2 is 2.xx, 8 is 4.xx, 16 is 5.xx. */
static const struct {
	unsigned bitmap, code_class;
	bool want;
} suppressed[] = {
        {0, 2, false},
        {0, 4, false},
        {0, 5, false},
        {2, 2, true},
        {2, 4, false},
        {2, 5, false},
        {8, 2, false},
        {8, 4, true},
        {8, 5, false},
        {16, 2, false},
        {16, 4, false},
        {16, 5, true},
        {26, 2, true},
        {26, 4, true},
        {26, 5, true},
        {4, 2, false}, /* class 3 does not exist */
        {127, 0, false},
};

START_TEST(suppresses_what_the_client_does_not_want)
{
	struct sl_map_request request = {
	        .has_no_response = true, .no_response = (uint8_t)suppressed[_i].bitmap};
	uint8_t code = (uint8_t)(suppressed[_i].code_class * 32 + 4);

	ck_assert_int_eq(sl_map_is_suppressed(&request, code), suppressed[_i].want);
	request.has_no_response = false;
	ck_assert(!sl_map_is_suppressed(&request, code));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mappings/request_check");
	TCase *tc = tcase_create("requests");

	tcase_add_loop_test(tc, judges_requests, 0, (int)ARRAY_LEN(rows));
	tcase_add_loop_test(tc, judges_edhoc_requests_where_the_origin_takes_them, 0,
	        (int)ARRAY_LEN(edhoc_rows));
	tcase_add_loop_test(tc, tells_what_it_is, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(tc, leaves_output_alone_on_refusal);
	tcase_add_loop_test(
	        tc, suppresses_what_the_client_does_not_want, 0, (int)ARRAY_LEN(suppressed));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
