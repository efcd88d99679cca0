/* SPDX-License-Identifier: BSD-2-Clause
 * Odd request heads. Each row is a raw head, parsed as leniently as an HTTP library may (bare LF ends a line, a
 * NUL cuts a value, a folded line is a line without a colon), and the status that must come of it. */
#include "support.h"

#include "lenient_head.h"

#include <stdio.h>
#include <string.h>

#define LINE   "POST / HTTP/1.1\r\n"
#define HOST   "Host: est.example\r\n"
#define TYPE   "Content-Type: application/oscore\r\n"
#define LENGTH "Content-Length: 8\r\n"
#define SEALED "OSCORE: CSU\r\n" /* RFC 8613 section 11.6 */
#define END    "\r\n"

#define EDHOC    "POST /.well-known/edhoc HTTP/1.1\r\n"
#define CID      "Content-Type: application/cid-edhoc+cbor-seq\r\n"
#define COMBINED "CoAP-EDHOC: ?1\r\n"
#define GOOD     LINE HOST TYPE LENGTH SEALED END

static const char *const paths[] = {"/", "/.well-known/oscore"};
static const struct head_rules rules = {
        .paths = paths,
        .path_count = 2,
        .short_root = "/est",
        .body_max = 16384,
        .takes_edhoc = true,
        .takes_combined = true,
};

#define RAW(text)                                                                                  \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

static const struct {
	const char *because;
	struct sl_span raw;
	int status; /* 0: accepted */
} heads[] = {
        /* what is right */
        {"it is the example of RFC 8613 section 11.6", RAW(GOOD), 0},
        {"field names have no case",
                RAW(LINE "hOST: a\r\ncontent-TYPE: application/oscore\r\nCONTENT-length: 8\r\n"
                         "oscore: CSU\r\n" END),
                0},
        {"media types have no case",
                RAW(LINE HOST "Content-Type: Application/OSCORE\r\n" LENGTH SEALED END), 0},
        {"white space before a value may be any or none",
                RAW(LINE "Host:a\r\n" TYPE "Content-Length: \t 8\r\n" SEALED END), 0},
        {"white space behind a value belongs to nothing",
                RAW(LINE HOST TYPE LENGTH "OSCORE: CSU \t\r\n" END), 0},
        {"AA is the empty option", RAW(LINE HOST TYPE LENGTH "OSCORE: AA\r\n" END), 0},
        {"chunked is a length too", RAW(LINE HOST TYPE "Transfer-Encoding: chunked\r\n" SEALED END),
                0},
        {"100-continue is understood",
                RAW(LINE HOST TYPE LENGTH "Expect: 100-continue\r\n" SEALED END), 0},
        {"the second path is an end point",
                RAW("POST /.well-known/oscore HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 0},
        {"a query does not matter to OSCORE",
                RAW("POST /?a=b HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 0},
        {"the absolute form must be taken (RFC 9112 section 3.2.2)",
                RAW("POST http://est.example:80/ HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 0},
        {"an eight-bit character in an unknown name",
                RAW(LINE HOST TYPE LENGTH SEALED "Via: 1.1 a\r\nVia: 1.1 b\r\nX-\xc3: y\r\n" END),
                400},
        {"repeated unknown fields are fine",
                RAW(LINE HOST TYPE LENGTH SEALED "Via: 1.1 a\r\nVia: 1.1 b\r\n" END), 0},
        {"Content-Encoding identity is no coding",
                RAW(LINE HOST TYPE LENGTH SEALED "Content-Encoding: identity\r\n" END), 0},
        {"an IPv6 literal is a host", RAW(LINE "Host: [::1]:80\r\n" TYPE LENGTH SEALED END), 0},
        {"the largest body fits", RAW(LINE HOST TYPE "Content-Length: 16384\r\n" SEALED END), 0},
        {"discovery is readable", RAW("GET /.well-known/core HTTP/1.1\r\n" HOST END), 0},
        {"discovery takes a query", RAW("GET /.well-known/core?rt=ace.est* HTTP/1.1\r\n" HOST END),
                0},
        {"a combined request says so", RAW(LINE HOST TYPE LENGTH SEALED COMBINED END), 0},
        {"EDHOC is an end point", RAW(EDHOC HOST CID LENGTH END), 0},
        {"EDHOC need not say its media type", RAW(EDHOC HOST LENGTH END), 0},
        {"media types of EDHOC have no case",
                RAW(EDHOC HOST "content-type: Application/CID-EDHOC+cbor-seq\r\n" LENGTH END), 0},
        {"EDHOC may be chunked", RAW(EDHOC HOST CID "Transfer-Encoding: chunked\r\n" END), 0},
        /* EDHOC */
        {"a server does not send with a prefix",
                RAW(EDHOC HOST "Content-Type: application/edhoc+cbor-seq\r\n" LENGTH END), 415},
        {"OSCORE's media type is not EDHOC's", RAW(EDHOC HOST TYPE LENGTH END), 415},
        {"parameters are not taken",
                RAW(EDHOC HOST "Content-Type: application/cid-edhoc+cbor-seq; a=b\r\n" LENGTH END),
                415},
        {"EDHOC is posted", RAW("GET /.well-known/edhoc HTTP/1.1\r\n" HOST END), 405},
        {"EDHOC is not put", RAW("PUT /.well-known/edhoc HTTP/1.1\r\n" HOST CID LENGTH END), 405},
        {"an empty POST would begin the reverse flow", RAW(EDHOC HOST "Content-Length: 0\r\n" END),
                400},
        {"an empty POST without a length", RAW(EDHOC HOST END), 411},
        {"EDHOC's body is bounded", RAW(EDHOC HOST CID "Content-Length: 16385\r\n" END), 413},
        {"OSCORE on the path of EDHOC", RAW(EDHOC HOST TYPE LENGTH SEALED END), 404},
        {"a longer path", RAW("POST /.well-known/edhoc/ HTTP/1.1\r\n" HOST CID LENGTH END), 404},
        {"combined without OSCORE", RAW(EDHOC HOST CID LENGTH COMBINED END), 400},
        {"combined at another path", RAW("GET /.well-known/core HTTP/1.1\r\n" HOST COMBINED END),
                400},
        {"?0 is not said", RAW(LINE HOST TYPE LENGTH SEALED "CoAP-EDHOC: ?0\r\n" END), 400},
        {"an empty boolean", RAW(LINE HOST TYPE LENGTH SEALED "CoAP-EDHOC:\r\n" END), 400},
        {"a word", RAW(LINE HOST TYPE LENGTH SEALED "CoAP-EDHOC: true\r\n" END), 400},
        {"a parameter", RAW(LINE HOST TYPE LENGTH SEALED "CoAP-EDHOC: ?1;a\r\n" END), 400},
        {"combined twice", RAW(LINE HOST TYPE LENGTH SEALED COMBINED COMBINED END), 400},
        {"combined named in Connection",
                RAW(LINE HOST TYPE LENGTH SEALED COMBINED "Connection: CoAP-EDHOC\r\n" END), 400},
        /* two of what may stand once */
        {"two OSCORE fields", RAW(LINE HOST TYPE LENGTH SEALED SEALED END), 400},
        {"two different OSCORE fields", RAW(LINE HOST TYPE LENGTH SEALED "Oscore: AA\r\n" END),
                400},
        {"two equal lengths", RAW(LINE HOST TYPE LENGTH LENGTH SEALED END), 400},
        {"two different lengths", RAW(LINE HOST TYPE LENGTH "Content-Length: 9\r\n" SEALED END),
                400},
        {"two hosts", RAW(LINE HOST HOST TYPE LENGTH SEALED END), 400},
        {"two different hosts", RAW(LINE HOST "host: b\r\n" TYPE LENGTH SEALED END), 400},
        {"two media types", RAW(LINE HOST TYPE TYPE LENGTH SEALED END), 400},
        {"two transfer codings",
                RAW(LINE HOST TYPE
                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" SEALED END),
                400},
        {"two expectations",
                RAW(LINE HOST TYPE LENGTH
                        "Expect: 100-continue\r\nExpect: 100-continue\r\n" SEALED END),
                400},
        /* framing */
        {"a length together with chunked",
                RAW(LINE HOST TYPE LENGTH "Transfer-Encoding: chunked\r\n" SEALED END), 400},
        {"a transfer coding that is not chunked",
                RAW(LINE HOST TYPE "Transfer-Encoding: identity\r\n" SEALED END), 400},
        {"gzip before chunked",
                RAW(LINE HOST TYPE "Transfer-Encoding: gzip, chunked\r\n" SEALED END), 400},
        {"chunked twice", RAW(LINE HOST TYPE "Transfer-Encoding: chunked, chunked\r\n" SEALED END),
                400},
        {"chunked with a parameter",
                RAW(LINE HOST TYPE "Transfer-Encoding: chunked;a=b\r\n" SEALED END), 400},
        {"a vertical tab before chunked",
                RAW(LINE HOST TYPE "Transfer-Encoding: \vchunked\r\n" SEALED END), 400},
        {"an empty transfer coding", RAW(LINE HOST TYPE "Transfer-Encoding:\r\n" SEALED END), 400},
        {"a signed length", RAW(LINE HOST TYPE "Content-Length: +8\r\n" SEALED END), 400},
        {"a negative length", RAW(LINE HOST TYPE "Content-Length: -8\r\n" SEALED END), 400},
        {"a list of lengths", RAW(LINE HOST TYPE "Content-Length: 8, 8\r\n" SEALED END), 400},
        {"a hexadecimal length", RAW(LINE HOST TYPE "Content-Length: 0x8\r\n" SEALED END), 400},
        {"a length with a space", RAW(LINE HOST TYPE "Content-Length: 1 8\r\n" SEALED END), 400},
        {"an empty length", RAW(LINE HOST TYPE "Content-Length:\r\n" SEALED END), 400},
        {"a length beyond 2^64",
                RAW(LINE HOST TYPE "Content-Length: 18446744073709551624\r\n" SEALED END), 413},
        {"a length one above the limit", RAW(LINE HOST TYPE "Content-Length: 16385\r\n" SEALED END),
                413},
        {"no length and no chunks", RAW(LINE HOST TYPE SEALED END), 411},
        {"an empty body", RAW(LINE HOST TYPE "Content-Length: 0\r\n" SEALED END), 400},
        {"an unknown expectation", RAW(LINE HOST TYPE LENGTH "Expect: dessert\r\n" SEALED END),
                417},
        {"a coded body", RAW(LINE HOST TYPE LENGTH "Content-Encoding: gzip\r\n" SEALED END), 415},
        /* lines */
        {"a space before the colon", RAW(LINE HOST TYPE "Content-Length : 8\r\n" SEALED END), 400},
        {"a space before the colon of a field that nobody reads",
                RAW(LINE HOST TYPE LENGTH SEALED "TE : chunked\r\n" END), 400},
        {"a space before the name", RAW(LINE HOST TYPE LENGTH SEALED " X: y\r\n" END), 400},
        {"an empty name", RAW(LINE HOST TYPE LENGTH SEALED ": y\r\n" END), 400},
        {"a line without a colon", RAW(LINE HOST TYPE LENGTH SEALED "nonsense\r\n" END), 400},
        {"a folded value", RAW(LINE HOST TYPE LENGTH SEALED "X: a\r\n  Content-Length: 0\r\n" END),
                400},
        {"a folded value without a colon", RAW(LINE HOST TYPE LENGTH "OSCORE: CS\r\n U\r\n" END),
                400},
        {"a bare LF behind a field", RAW(LINE HOST TYPE "Content-Length: 8\n" SEALED END), 400},
        {"a bare LF made up for by a space", RAW(LINE HOST TYPE "Content-Length:  8\n" SEALED END),
                400},
        {"a bare LF behind the request line", RAW("POST / HTTP/1.1\n" HOST TYPE LENGTH SEALED END),
                400},
        {"a bare LF behind the last field", RAW(LINE HOST TYPE LENGTH "OSCORE: CSU\n" END), 400},
        {"a bare LF at the end", RAW(LINE HOST TYPE LENGTH SEALED "\n"), 400},
        {"a bare CR in a value",
                RAW(LINE HOST TYPE LENGTH SEALED "X: a\rContent-Length: 0\r\n" END), 400},
        {"a NUL in a value", RAW(LINE HOST TYPE LENGTH "OSCORE: CSU\0x\r\n" END), 400},
        {"a NUL in a value that nobody reads", RAW(LINE HOST TYPE LENGTH SEALED "X: a\0b\r\n" END),
                400},
        {"a NUL in a name", RAW(LINE HOST TYPE LENGTH SEALED "X\0Y: a\r\n" END), 400},
        {"a NUL in the path", RAW("POST /\0x HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 400},
        {"a control character in a value", RAW(LINE HOST TYPE LENGTH SEALED "X: a\x01z\r\n" END),
                400},
        {"DEL in a value", RAW(LINE HOST TYPE LENGTH SEALED "X: a\x7fz\r\n" END), 400},
        {"eight-bit characters in a name", RAW(LINE HOST TYPE LENGTH SEALED "X\xe9: a\r\n" END),
                400},
        /* request line */
        {"an old version", RAW("POST / HTTP/1.0\r\n" HOST TYPE LENGTH SEALED END), 505},
        {"a future version", RAW("POST / HTTP/1.2\r\n" HOST TYPE LENGTH SEALED END), 505},
        {"a lower-case version", RAW("POST / http/1.1\r\n" HOST TYPE LENGTH SEALED END), 505},
        {"two spaces before the version", RAW("POST /  HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END),
                505},
        {"an asterisk for a target", RAW("POST * HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 400},
        {"an authority for a target",
                RAW("POST est.example:80 HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 400},
        {"a query where the path should begin",
                RAW("POST http://h?x/ HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 400},
        {"a user before the host", RAW("POST http://u@h/ HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END),
                400},
        {"a scheme without a host", RAW("POST http:/// HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END),
                400},
        {"a fragment", RAW("POST /#x HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 400},
        {"a backslash", RAW("POST /\\ HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 400},
        {"eight-bit characters in the target",
                RAW("POST /\xff HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 400},
        /* host */
        {"no host", RAW(LINE TYPE LENGTH SEALED END), 400},
        {"an empty host", RAW(LINE "Host:\r\n" TYPE LENGTH SEALED END), 400},
        {"a list of hosts", RAW(LINE "Host: a, b\r\n" TYPE LENGTH SEALED END), 400},
        {"userinfo in the host", RAW(LINE "Host: a@b\r\n" TYPE LENGTH SEALED END), 400},
        {"a path in the host", RAW(LINE "Host: a/b\r\n" TYPE LENGTH SEALED END), 400},
        /* fields that a next hop would drop */
        {"Connection names OSCORE",
                RAW(LINE HOST TYPE LENGTH SEALED "Connection: close, Oscore\r\n" END), 400},
        {"Connection names the length",
                RAW(LINE HOST TYPE LENGTH SEALED "Connection: content-length\r\n" END), 400},
        {"Connection names nothing of ours",
                RAW(LINE HOST TYPE LENGTH SEALED "Connection: keep-alive, TE\r\n" END), 0},
        /* OSCORE */
        {"no OSCORE field", RAW(LINE HOST TYPE LENGTH END), 400},
        {"an empty OSCORE field", RAW(LINE HOST TYPE LENGTH "OSCORE:\r\n" END), 400},
        {"one character", RAW(LINE HOST TYPE LENGTH "OSCORE: A\r\n" END), 400},
        {"padding", RAW(LINE HOST TYPE LENGTH "OSCORE: CSU=\r\n" END), 400},
        {"a character of another alphabet", RAW(LINE HOST TYPE LENGTH "OSCORE: CS+/\r\n" END), 400},
        {"a list of options", RAW(LINE HOST TYPE LENGTH "OSCORE: CSU, AA\r\n" END), 400},
        {"unused bits that are set (AB is a second AA)",
                RAW(LINE HOST TYPE LENGTH "OSCORE: AB\r\n" END), 400},
        {"no media type", RAW(LINE HOST LENGTH SEALED END), 415},
        {"another media type", RAW(LINE HOST "Content-Type: text/plain\r\n" LENGTH SEALED END),
                415},
        {"a parameter of the media type",
                RAW(LINE HOST "Content-Type: application/oscore; a=b\r\n" LENGTH SEALED END), 415},
        {"a longer media type",
                RAW(LINE HOST "Content-Type: application/oscorex\r\n" LENGTH SEALED END), 415},
        {"OSCORE with GET", RAW("GET / HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 405},
        {"OSCORE with PUT", RAW("PUT / HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 405},
        {"OSCORE with a lower-case method", RAW("post / HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END),
                405},
        {"OSCORE with GET at the discovery path",
                RAW("GET /.well-known/core HTTP/1.1\r\n" HOST SEALED END), 405},
        /* paths */
        {"GET at the end point", RAW("GET / HTTP/1.1\r\n" HOST END), 405},
        {"OSCORE at another path", RAW("POST /other HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END),
                404},
        {"OSCORE at a path that only looks like the end point",
                RAW("POST // HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 404},
        {"an escaped slash is not a slash",
                RAW("POST /%2f HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END), 404},
        {"a dot segment is not resolved", RAW("POST /. HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END),
                404},
        {"an escaped NUL is not a NUL", RAW("POST /%00 HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END),
                404},
        {"an EST resource without OSCORE",
                RAW("POST /.well-known/est/sen HTTP/1.1\r\n" HOST LENGTH END), 403},
        {"an EST resource under the short root without OSCORE",
                RAW("GET /est/crts HTTP/1.1\r\n" HOST END), 403},
        {"an unknown path", RAW("GET /favicon.ico HTTP/1.1\r\n" HOST END), 404},
        {"POST to the discovery path", RAW("POST /.well-known/core HTTP/1.1\r\n" HOST LENGTH END),
                405},
        {"a body with GET", RAW("GET /.well-known/core HTTP/1.1\r\n" HOST LENGTH END), 400},
        {"chunks with GET",
                RAW("GET /.well-known/core HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END),
                400},
};

START_TEST(judges_heads)
{
	struct lenient_head p;
	struct head_request out;
	struct head_refusal why = {0};
	bool ok;

	lenient_head_parse(&p, heap_copy(heads[_i].raw));
	ok = head_check(&p.head, &rules, &out, &why);
	ck_assert_msg((ok ? 0 : why.status) == heads[_i].status, "%s: status %d instead of %d (%s)",
	        heads[_i].because, ok ? 0 : why.status, heads[_i].status, ok ? "" : why.text);
	if (!ok) {
		ck_assert_ptr_nonnull(why.text);
		ck_assert_msg((why.allow != NULL) == (why.status == 405), "%s", heads[_i].because);
	}
}
END_TEST

START_TEST(tells_what_a_good_head_says)
{
	struct lenient_head p;
	struct head_request out;
	struct head_refusal why;

	lenient_head_parse(&p, heap_copy(sl_span_text(GOOD)));
	ck_assert(head_check(&p.head, &rules, &out, &why));
	ck_assert_int_eq(out.kind, HEAD_OSCORE);
	ck_assert_bytes(sl_span(out.option, out.option_len), hex("0925"));
	ck_assert_uint_eq(out.body_len, 8);
	ck_assert(!out.is_chunked);

	lenient_head_parse(&p,
	        heap_copy(sl_span_text("GET /.well-known/core?rt=ace.est* HTTP/1.1\r\n" HOST END)));
	ck_assert(head_check(&p.head, &rules, &out, &why));
	ck_assert_int_eq(out.kind, HEAD_DISCOVERY);
	ck_assert(sl_span_equal_text(out.query, "rt=ace.est*"));
}
END_TEST

START_TEST(edhoc_is_what_the_rules_say)
{
	static const struct head_rules off = {.paths = paths, .path_count = 2, .body_max = 16384};
	struct lenient_head p;
	struct head_request out;
	struct head_refusal why;

	lenient_head_parse(&p, heap_copy(sl_span_text(EDHOC HOST CID LENGTH END)));
	ck_assert(head_check(&p.head, &rules, &out, &why));
	ck_assert_int_eq(out.kind, HEAD_EDHOC);
	ck_assert_uint_eq(out.body_len, 8);
	ck_assert(!out.is_combined);
	ck_assert(!head_check(&p.head, &off, &out, &why));
	ck_assert_int_eq(why.status, 404);

	lenient_head_parse(&p, heap_copy(sl_span_text(LINE HOST TYPE LENGTH SEALED COMBINED END)));
	ck_assert(head_check(&p.head, &rules, &out, &why));
	ck_assert_int_eq(out.kind, HEAD_OSCORE);
	ck_assert(out.is_combined);
	ck_assert(!head_check(&p.head, &off, &out, &why));
	ck_assert_int_eq(why.status, 400);

	lenient_head_parse(&p, heap_copy(sl_span_text(GOOD)));
	ck_assert(head_check(&p.head, &rules, &out, &why));
	ck_assert(!out.is_combined);
}
END_TEST

START_TEST(leaves_output_alone_on_failure)
{
	struct lenient_head p;
	struct head_request out, before;
	struct head_refusal why;

	memset(&out, 0x5a, sizeof out);
	before = out;
	lenient_head_parse(&p, heap_copy(sl_span_text(LINE HOST TYPE LENGTH SEALED SEALED END)));
	ck_assert(!head_check(&p.head, &rules, &out, &why));
	ck_assert_mem_eq(&out, &before, sizeof out);
}
END_TEST

START_TEST(accepts_no_proper_prefix_of_a_head)
{
	struct sl_span good = sl_span_text(GOOD);
	struct lenient_head p;
	struct head_request out;
	struct head_refusal why;
	size_t len;

	for (len = 0; len < good.len; len++) {
		lenient_head_parse(&p, heap_copy(sl_span(good.ptr, len)));
		ck_assert_msg(!head_check(&p.head, &rules, &out, &why), "%zu bytes", len);
	}
}
END_TEST

/* A head with one more field of name X per count. */
static struct sl_span
with_fields(int count)
{
	char text[4096] = LINE HOST TYPE LENGTH SEALED;
	size_t len = strlen(text);
	int i;

	for (i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "X: y\r\n");
	len += (size_t)snprintf(text + len, sizeof text - len, END);
	return heap_copy(sl_span(text, len));
}

START_TEST(counts_fields)
{
	struct lenient_head p;
	struct head_request out;
	struct head_refusal why;

	lenient_head_parse(&p, with_fields(HEAD_FIELDS_MAX - 4));
	ck_assert_uint_eq(p.head.field_count, HEAD_FIELDS_MAX);
	ck_assert(head_check(&p.head, &rules, &out, &why));
	lenient_head_parse(&p, with_fields(HEAD_FIELDS_MAX - 3));
	ck_assert(!head_check(&p.head, &rules, &out, &why));
	ck_assert_int_eq(why.status, 431);
}
END_TEST

START_TEST(limits_the_target)
{
	static char text[HEAD_TARGET_MAX + 256];
	struct lenient_head p;
	struct head_request out;
	struct head_refusal why;
	int len;

	for (len = HEAD_TARGET_MAX; len <= HEAD_TARGET_MAX + 1; len++) {
		snprintf(text, sizeof text, "POST /?%0*d HTTP/1.1\r\n" HOST TYPE LENGTH SEALED END,
		        len - 2, 0);
		lenient_head_parse(&p, heap_copy(sl_span_text(text)));
		ck_assert_uint_eq(p.head.target.len, (size_t)len);
		ck_assert_int_eq(head_check(&p.head, &rules, &out, &why), len == HEAD_TARGET_MAX);
	}
	ck_assert_int_eq(why.status, 414);
}
END_TEST

/* A library that copies its fields: then only what it says can be checked. */
START_TEST(layout_is_checked_only_in_place)
{
	struct lenient_head p;
	struct head_request out;
	struct head_refusal why;
	size_t i;

	lenient_head_parse(&p, heap_copy(sl_span_text(GOOD)));
	for (i = 0; i < p.head.field_count; i++)
		p.fields[i].value = heap_copy(p.fields[i].value);
	ck_assert(!head_check(&p.head, &rules, &out, &why));
	p.head.is_in_place = false;
	p.head.size = 0;
	ck_assert(head_check(&p.head, &rules, &out, &why));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/head");
	TCase *t = tcase_create("head");

	tcase_add_loop_test(t, judges_heads, 0, ARRAY_LEN(heads));
	tcase_add_test(t, tells_what_a_good_head_says);
	tcase_add_test(t, edhoc_is_what_the_rules_say);
	tcase_add_test(t, leaves_output_alone_on_failure);
	tcase_add_test(t, accepts_no_proper_prefix_of_a_head);
	tcase_add_test(t, counts_fields);
	tcase_add_test(t, limits_the_target);
	tcase_add_test(t, layout_is_checked_only_in_place);
	suite_add_tcase(s, t);
	return run_suite(s);
}
