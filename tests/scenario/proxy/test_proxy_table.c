/* SPDX-License-Identifier: BSD-2-Clause
 * The decision tables through the whole core: what comes in and what is done about it, what the origin
 * said and what the device hears. One row, one sentence. */
#include <string.h>

#include "lab.h"

#define CODE(c, dd) SL_COAP_CODE(c, dd)
#define FORWARDED   0
#define SILENCE     255

#define CONFIG                                                                                     \
	"listen: [\"127.0.0.1:5683\"]\nnames: [proxy.example]\n"                                   \
	"routes:\n"                                                                                \
	"- {path: /, origin: \"http://127.0.0.1:8080/base\", plain-http: [\"127.0.0.0/8\"],"       \
	"   allow-plain: [\"/.well-known/edhoc\", \"/open\"]}\n"                                   \
	"- {path: /ext, origin: \"http://127.0.0.1:8081/\", plain-http: [\"127.0.0.0/8\"],"        \
	"   edhoc-header: true}\n"                                                                 \
	"forward: {allow: [{origin: \"https://est.example:443\", allow-plain: [\"/open\"]},\n"     \
	"   {origin: \"https://ext.example\", edhoc-header: true}]}\n"                             \
	"trusted-prefixes: [\"192.0.2.0/24\"]\n"

struct pair {
	uint16_t number;
	const char *value; /* text, or hex after "x:" */
};

/* clang-format off */
static const struct {
	const char *because;
	uint8_t method;
	struct pair options[5];
	const char *payload;
	uint8_t want;
	const char *url; /* of the fetch */
} requests[] = {
	{"an OSCORE POST goes to the configured URL", 2, {{9, "x:0900"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"an OSCORE FETCH goes as POST", 5, {{9, "x:0900"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"an OSCORE GET goes as POST", 1, {{9, "x:0900"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"an outer path chooses the route only", 2, {{9, "x:0900"}, {11, "ext"}, {11, "more"}}, "sealed", FORWARDED, "http://127.0.0.1:8081/"},
	{"a prefix is whole segments", 2, {{9, "x:0900"}, {11, "extra"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"Proxy-Uri is taken as it is", 2, {{9, "x:0900"}, {35, "https://est.example/p?q=1"}}, "sealed", FORWARDED, "https://est.example:443/p?q=1"},
	{"Proxy-Scheme with Uri-Host", 2, {{3, "est.example"}, {9, "x:0900"}, {39, "https"}}, "sealed", FORWARDED, "https://est.example:443/"},
	{"Proxy-Scheme without host is ourselves", 2, {{9, "x:0900"}, {39, "http"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"our own name is ourselves", 2, {{9, "x:0900"}, {35, "http://proxy.example/"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"our own address is ourselves", 2, {{9, "x:0900"}, {35, "http://127.0.0.1:5683/"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"another port of ours is not", 2, {{9, "x:0900"}, {35, "http://127.0.0.1:5684/"}}, "sealed", CODE(5, 5), NULL},
	{"another host is not allowed", 2, {{9, "x:0900"}, {35, "https://other.example/"}}, "sealed", CODE(5, 5), NULL},
	{"another scheme is not allowed", 2, {{9, "x:0900"}, {35, "http://est.example:443/"}}, "sealed", CODE(5, 5), NULL},
	{"another port is not allowed", 2, {{9, "x:0900"}, {35, "https://est.example:8443/"}}, "sealed", CODE(5, 5), NULL},
	{"a user name is not proxied", 2, {{9, "x:0900"}, {35, "https://u@est.example/"}}, "sealed", CODE(5, 5), NULL},
	{"coap is no scheme of ours", 2, {{9, "x:0900"}, {35, "coap://est.example/"}}, "sealed", CODE(5, 5), NULL},
	{"a broken URI is a bad request", 2, {{9, "x:0900"}, {35, "https://est.example/\r\nX: y"}}, "sealed", CODE(4, 0), NULL},
	{"a fragment is a bad request", 2, {{9, "x:0900"}, {35, "https://est.example/#f"}}, "sealed", CODE(4, 0), NULL},
	{"a dot segment is a bad request", 2, {{9, "x:0900"}, {11, ".."}}, "sealed", CODE(4, 0), NULL},
	{"OSCORE without payload", 2, {{9, "x:0900"}}, "", CODE(4, 0), NULL},
	{"OSCORE twice", 2, {{9, "x:0900"}, {9, "x:0901"}}, "sealed", CODE(4, 2), NULL},
	{"an unknown method", 8, {{9, "x:0900"}}, "sealed", CODE(4, 5), NULL},
	{"an unknown unsafe option", 2, {{9, "x:0900"}, {2050, ""}}, "sealed", CODE(4, 2), NULL},
	{"an unknown critical option", 2, {{9, "x:0900"}, {2049, ""}}, "sealed", CODE(4, 2), NULL},
	{"an unknown harmless option is dropped", 2, {{9, "x:0900"}, {2048, "x"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"Q-Block1", 2, {{9, "x:0900"}, {19, "x:06"}}, "sealed", CODE(4, 2), NULL},
	{"the EDHOC option where nobody speaks it", 2, {{9, "x:0900"}, {21, ""}}, "sealed", CODE(4, 2), NULL},
	{"the EDHOC option where the origin speaks it", 2, {{9, "x:0900"}, {11, "ext"}, {21, ""}}, "sealed", FORWARDED, "http://127.0.0.1:8081/"},
	{"the EDHOC option with a value", 2, {{9, "x:0900"}, {11, "ext"}, {21, "x:0d0a"}}, "sealed", FORWARDED, "http://127.0.0.1:8081/"},
	{"the EDHOC option twice", 2, {{9, "x:0900"}, {11, "ext"}, {21, ""}, {21, ""}}, "sealed", CODE(4, 2), NULL},
	{"the EDHOC option without OSCORE", 2, {{11, "ext"}, {21, ""}}, "sealed", CODE(4, 0), NULL},
	{"the EDHOC option without OSCORE where nobody speaks it", 2, {{11, "open"}, {21, ""}}, "sealed", CODE(4, 2), NULL},
	{"the EDHOC option at an origin that was named", 2, {{9, "x:0900"}, {21, ""}, {35, "https://ext.example/"}}, "sealed", FORWARDED, "https://ext.example:443/"},
	{"the EDHOC option at another one", 2, {{9, "x:0900"}, {21, ""}, {35, "https://est.example/"}}, "sealed", CODE(4, 2), NULL},
	{"the EDHOC option at an origin in parts", 2, {{3, "ext.example"}, {9, "x:0900"}, {21, ""}, {39, "https"}}, "sealed", FORWARDED, "https://ext.example:443/"},
	{"Hop-Limit 0", 2, {{9, "x:0900"}, {16, "x:00"}}, "sealed", CODE(4, 0), NULL},
	{"the last hop", 2, {{9, "x:0900"}, {16, "x:01"}}, "sealed", CODE(5, 8), NULL},
	{"hops are left", 2, {{9, "x:0900"}, {16, "x:02"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"Block2 with SZX 7", 2, {{9, "x:0900"}, {23, "x:07"}}, "sealed", CODE(4, 0), NULL},
	{"Block1 with SZX 7", 2, {{9, "x:0900"}, {27, "x:07"}}, "sealed", CODE(4, 0), NULL},
	{"a follow-up to nothing", 2, {{9, "x:0900"}, {23, "x:16"}}, "", CODE(4, 8), NULL},
	{"a foreign Echo has no way across", 2, {{9, "x:0900"}, {252, "foreign"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"Observe with POST", 2, {{6, ""}, {9, "x:0900"}}, "sealed", CODE(4, 2), NULL},
	{"Observe with FETCH is declined in silence", 5, {{6, ""}, {9, "x:0900"}}, "sealed", FORWARDED, "http://127.0.0.1:8080/base"},
	{"Max-Age in a request", 2, {{9, "x:0900"}, {14, "x:01"}}, "sealed", CODE(4, 2), NULL},
	{"a plain path that is not listed", 1, {{11, "secret"}}, "", CODE(4, 1), NULL},
	{"a plain path that is listed", 1, {{11, "open"}}, "", FORWARDED, "http://127.0.0.1:8080/base/open"},
	{"the query does not count in the list", 1, {{11, "open"}, {15, "a=b"}}, "", FORWARDED, "http://127.0.0.1:8080/base/open?a=b"},
	{"a listed path is no prefix", 1, {{11, "open"}, {11, "x"}}, "", CODE(4, 1), NULL},
	{"EDHOC over CoAP", 2, {{11, ".well-known"}, {11, "edhoc"}, {12, "x:41"}}, "message_1", FORWARDED, "http://127.0.0.1:8080/base/.well-known/edhoc"},
	{"plain FETCH has no HTTP method", 5, {{11, "open"}}, "x", CODE(4, 5), NULL},
	{"plain with If-Match", 3, {{1, ""}, {11, "open"}}, "x", CODE(4, 2), NULL},
	{"a plain forward request to a listed path", 1, {{35, "https://est.example/open"}}, "", FORWARDED, "https://est.example:443/open"},
	{"a plain forward request to another path", 1, {{35, "https://est.example/other"}}, "", CODE(4, 1), NULL},
	{"a response code in a request", 69, {{9, "x:0900"}}, "sealed", SILENCE, NULL},
};
/* clang-format on */

static struct lab lab;

static struct sl_span
value_of(const struct pair *p)
{
	return strncmp(p->value, "x:", 2) == 0 ? hex(p->value + 2) : sl_span_text(p->value);
}

START_TEST(does_what_the_table_says_of_requests)
{
	struct sl_coap_msg msg;

	lab_open(&lab, CONFIG);
	sl_coap_msg_init(&msg, requests[_i].method);
	msg.token_len = 4;
	for (size_t i = 0; i < 5 && requests[_i].options[i].value != NULL; i++)
		ck_assert_ok(sl_coap_add(
		        &msg, requests[_i].options[i].number, value_of(&requests[_i].options[i])));
	msg.payload = sl_span_text(requests[_i].payload);
	lab_send_msg(&lab, 1, &msg);
	if (requests[_i].want == FORWARDED) {
		ck_assert_msg(lab.fetch_count == 1, "%s: not forwarded: %s", requests[_i].because,
		        lab.last.reason);
		ck_assert_str_eq(lab.fetches[0].fetch.url, requests[_i].url);
		ck_assert_bytes(lab.fetches[0].fetch.body, msg.payload);
		ck_assert_uint_eq(
		        lab.fetches[0].fetch.has_via, sl_coap_count(&msg, SL_COAP_HOP_LIMIT));
		ck_assert_uint_eq(
		        lab.fetches[0].fetch.has_edhoc, sl_coap_count(&msg, SL_COAP_EDHOC));
	} else {
		ck_assert_msg(lab.fetch_count == 0, "forwarded although %s", requests[_i].because);
	}
	if (requests[_i].want == SILENCE) {
		lab_assert_code(lab_last(&lab), SL_COAP_RST, SL_COAP_EMPTY);
	} else if (requests[_i].want != FORWARDED) {
		ck_assert_msg(lab.sent_count == 1, "no answer although %s", requests[_i].because);
		ck_assert_msg(lab_last(&lab)->msg.code == requests[_i].want, "got %d, want %d: %s",
		        lab_last(&lab)->msg.code, requests[_i].want, requests[_i].because);
	}
	lab_close(&lab);
}
END_TEST

#define NO_AGE 0xffffffff

/* clang-format off */
static const struct {
	const char *because;
	enum sl_map_transport transport;
	int status;
	const char *oscore, *content_type, *body;
	uint8_t want;
	uint32_t max_age;
	const char *payload;
} results[] = {
	{"a sealed answer", SL_MAP_RESPONSE, 200, "AA", "application/oscore", "sealed", CODE(2, 4), NO_AGE, "sealed"},
	{"an answer with its own Partial IV", SL_MAP_RESPONSE, 200, "AQE", "application/oscore", "sealed", CODE(2, 4), NO_AGE, "sealed"},
	{"a bad OSCORE header", SL_MAP_RESPONSE, 200, "A=", "application/oscore", "sealed", CODE(5, 2), 0, NULL},
	{"no OSCORE header", SL_MAP_RESPONSE, 200, NULL, "application/oscore", "sealed", CODE(5, 2), 0, ""},
	{"another type", SL_MAP_RESPONSE, 200, "AA", "text/html", "sealed", CODE(5, 2), 0, ""},
	{"no body", SL_MAP_RESPONSE, 200, "AA", "application/oscore", "", CODE(5, 2), 0, ""},
	{"204", SL_MAP_RESPONSE, 204, "AA", "application/oscore", "", CODE(5, 2), 0, ""},
	{"307", SL_MAP_RESPONSE, 307, NULL, NULL, "", CODE(5, 2), 0, ""},
	{"400", SL_MAP_RESPONSE, 400, NULL, "text/plain", "Decryption failed", CODE(4, 0), 0, "Decryption failed"},
	{"401", SL_MAP_RESPONSE, 401, NULL, "text/plain", "no", CODE(4, 1), 0, "no"},
	{"403", SL_MAP_RESPONSE, 403, NULL, "text/plain", "Replay detected", CODE(4, 1), 0, "Replay detected"},
	{"404", SL_MAP_RESPONSE, 404, NULL, "text/html", "<html>", CODE(4, 4), 0, ""},
	{"408", SL_MAP_RESPONSE, 408, NULL, NULL, "", CODE(5, 4), 0, ""},
	{"410", SL_MAP_RESPONSE, 410, NULL, NULL, "", CODE(4, 4), 0, ""},
	{"413", SL_MAP_RESPONSE, 413, NULL, NULL, "", CODE(4, 13), 0, ""},
	{"425", SL_MAP_RESPONSE, 425, NULL, NULL, "", CODE(5, 3), 0, ""},
	{"429", SL_MAP_RESPONSE, 429, NULL, NULL, "", CODE(5, 3), NO_AGE, ""},
	{"503", SL_MAP_RESPONSE, 503, NULL, NULL, "", CODE(5, 3), NO_AGE, ""},
	{"500", SL_MAP_RESPONSE, 500, NULL, NULL, "", CODE(5, 2), 0, ""},
	{"504", SL_MAP_RESPONSE, 504, NULL, NULL, "", CODE(5, 4), 0, ""},
	{"508 without Hop-Limit", SL_MAP_RESPONSE, 508, NULL, NULL, "", CODE(5, 2), 0, ""},
	{"unreachable", SL_MAP_UNREACHABLE, 0, NULL, NULL, "", CODE(5, 2), 0, ""},
	{"connect time-out", SL_MAP_CONNECT_TIMEOUT, 0, NULL, NULL, "", CODE(5, 4), 0, ""},
	{"no answer", SL_MAP_NO_ANSWER, 0, NULL, NULL, "", CODE(5, 4), 0, ""},
	{"closed", SL_MAP_CLOSED, 0, NULL, NULL, "", CODE(5, 4), 0, ""},
	{"malformed", SL_MAP_BAD_HTTP, 0, NULL, NULL, "", CODE(5, 2), 0, ""},
	{"too large", SL_MAP_TOO_LARGE, 0, NULL, NULL, "", CODE(5, 2), 0, "response too large"},
	{"exhausted", SL_MAP_EXHAUSTED, 0, NULL, NULL, "", CODE(5, 3), 5, ""},
	{"shutting down", SL_MAP_SHUTTING_DOWN, 0, NULL, NULL, "", CODE(5, 3), 10, ""},
};
/* clang-format on */

START_TEST(says_what_the_table_says_of_results)
{
	struct sl_map_http_result result = {
	        .transport = results[_i].transport, .status = results[_i].status};
	const struct lab_sent *sent;
	struct sl_coap_msg msg;

	if (results[_i].oscore != NULL) {
		result.oscore_header_count = 1;
		result.oscore_header = sl_span_text(results[_i].oscore);
	}
	if (results[_i].content_type != NULL) {
		result.content_type_count = 1;
		result.content_type = sl_span_text(results[_i].content_type);
	}
	result.body = sl_span_text(results[_i].body);
	lab_open(&lab, CONFIG);
	lab_oscore(&msg, 1, lab_bytes(20, 1));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 0, &result);
	sent = lab_last(&lab);
	ck_assert_msg(sent->msg.code == results[_i].want, "got %d, want %d: %s", sent->msg.code,
	        results[_i].want, results[_i].because);
	if (results[_i].max_age == NO_AGE)
		ck_assert_ptr_null(sl_coap_find(&sent->msg, SL_COAP_MAX_AGE));
	else
		ck_assert_uint_eq(lab_uint(sent, SL_COAP_MAX_AGE), results[_i].max_age);
	if (results[_i].payload != NULL)
		ck_assert_bytes(sent->msg.payload, sl_span_text(results[_i].payload));
	ck_assert_uint_eq(
	        sl_coap_count(&sent->msg, SL_COAP_OSCORE), results[_i].want == CODE(2, 4));
	lab_close(&lab);
}
END_TEST

START_TEST(gateway_errors_become_5_03_for_local_requests_only)
{
	struct sl_map_http_result dead = {.transport = SL_MAP_UNREACHABLE};
	struct sl_coap_msg msg;

	lab_open(&lab,
	        "listen: [\"127.0.0.1:5683\"]\n"
	        "routes: [{origin: \"http://127.0.0.1:8080/\", plain-http: [\"127.0.0.0/8\"],"
	        " gateway-errors-503: true}]\n"
	        "forward: {allow: [{origin: \"https://est.example\", gateway-errors-503: "
	        "true}]}\n");
	lab_oscore(&msg, 1, lab_bytes(50, 1));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 0, &dead);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, CODE(5, 3));
	msg.message_id = 2;
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_PROXY_URI, sl_span_text("https://est.example/")));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 1, &dead);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, CODE(5, 2));
	lab_close(&lab);
}
END_TEST

START_TEST(forward_mode_without_routes_knows_no_local_resource)
{
	struct sl_coap_msg msg;

	lab_open(&lab, "listen: [\"127.0.0.1:5683\"]\nforward: {allow: [{origin: "
	               "\"https://est.example\"}]}\n");
	lab_oscore(&msg, 1, lab_bytes(50, 1));
	lab_send_msg(&lab, 1, &msg);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, CODE(4, 4));
	lab_close(&lab);
}
END_TEST

/* EDHOC over CoAP: the body and its format pass both ways, an error too (RFC 9528 section A.2). */
START_TEST(plain_exchange_keeps_formats)
{
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE,
	        .status = 400,
	        .content_type = sl_span_text("application/edhoc+cbor-seq"),
	        .content_type_count = 1,
	        .body = sl_span_text("error message")};
	struct sl_coap_msg msg;

	lab_open(&lab, CONFIG);
	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_path(&msg, "/.well-known/edhoc"));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, 65));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, 64));
	msg.payload = sl_span_text("message_1");
	lab_send_msg(&lab, 1, &msg);
	ck_assert_str_eq(lab.fetches[0].fetch.content_type, "application/cid-edhoc+cbor-seq");
	ck_assert_str_eq(lab.fetches[0].fetch.accept, "application/edhoc+cbor-seq");
	ck_assert_ptr_null(lab.fetches[0].fetch.oscore);
	lab_result(&lab, 0, &result);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, CODE(4, 0));
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_CONTENT_FORMAT), 64);
	ck_assert_bytes(lab_last(&lab)->msg.payload, sl_span_text("error message"));
	lab_close(&lab);
}
END_TEST

/* RFC 9668 section 3.3.1 across the hop: blocks come together first, an EDHOC error comes back as one. */
START_TEST(combined_request_in_blocks_and_its_error)
{
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE,
	        .status = 400,
	        .content_type = sl_span_text("application/edhoc+cbor-seq"),
	        .content_type_count = 1,
	        .body = hex("01606f")};
	struct sl_coap_msg msg;

	lab_open(&lab, CONFIG);
	for (uint32_t num = 0; num < 3; num++) {
		lab_oscore(&msg, (uint16_t)(num + 1), lab_bytes(num < 2 ? 64 : 10, 1));
		ck_assert_ok(sl_coap_add_path(&msg, "ext"));
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_EDHOC, sl_span(NULL, 0)));
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK1, (struct sl_coap_block){num, num < 2, 2}));
		ck_assert_uint_eq(lab.fetch_count, 0);
		lab_send_msg(&lab, 1, &msg);
	}
	ck_assert_uint_eq(lab.fetch_count, 1);
	ck_assert(lab.fetches[0].fetch.has_edhoc);
	ck_assert_uint_eq(lab.fetches[0].fetch.body.len, 138);
	lab_result(&lab, 0, &result);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, CODE(4, 0));
	ck_assert_uint_eq(lab_uint(lab_last(&lab), SL_COAP_CONTENT_FORMAT), 64);
	ck_assert_uint_eq(sl_coap_count(&lab_last(&lab)->msg, SL_COAP_OSCORE), 0);
	ck_assert_uint_eq(sl_coap_count(&lab_last(&lab)->msg, SL_COAP_EDHOC), 0);
	ck_assert_bytes(lab_last(&lab)->msg.payload, hex("01606f"));
	lab_close(&lab);
}
END_TEST

/* Option 21 is part of the cache key (RFC 9668 section 3.1): a block without it belongs to another request. */
START_TEST(a_block_without_the_edhoc_option_is_another_upload)
{
	struct sl_coap_msg msg;

	lab_open(&lab, CONFIG);
	for (uint32_t num = 0; num < 2; num++) {
		lab_oscore(&msg, (uint16_t)(num + 1), lab_bytes(64, 1));
		ck_assert_ok(sl_coap_add_path(&msg, "ext"));
		if (num == 0)
			ck_assert_ok(sl_coap_add(&msg, SL_COAP_EDHOC, sl_span(NULL, 0)));
		ck_assert_ok(sl_coap_add_block(
		        &msg, SL_COAP_BLOCK1, (struct sl_coap_block){num, num == 0, 2}));
		lab_send_msg(&lab, 1, &msg);
	}
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, CODE(4, 8));
	ck_assert_uint_eq(lab.fetch_count, 0);
	lab_close(&lab);
}
END_TEST

/* RFC 7252 sections 5.8.2 and 5.10.7: the new place, as this device would ask for it. */
static const struct {
	const char *because;
	const char *uri; /* Proxy-Uri; NULL: the route /things to /base */
	const char *location;
	const char *path, *query; /* joined by "/" and "&"; NULL: none */
} places[] = {
        {"the route stands for the base", NULL, "/base/new/1?a=b", "things/new/1", "a=b"},
        {"an absolute URL of the origin", NULL, "http://127.0.0.1:8080/base/n%2C1", "things/n,1",
                NULL},
        {"not below the base", NULL, "/other/1", NULL, NULL},
        {"half a segment of the base", NULL, "/based/1", NULL, NULL},
        {"another origin", NULL, "http://127.0.0.1:9/base/1", NULL, NULL},
        {"a relative one", NULL, "new/1", NULL, NULL},
        {"none", NULL, "", NULL, NULL},
        {"forward mode takes it as it is", "https://est.example/new", "/new/1", "new/1", NULL},
};

static void
assert_joined(const struct lab_sent *sent, uint16_t number, char with, const char *want)
{
	char got[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < sent->msg.option_count; i++) {
		struct sl_span value = sl_coap_option_value(&sent->msg.options[i]);

		if (sent->msg.options[i].number != number)
			continue;
		if (len > 0)
			got[len++] = with;
		memcpy(got + len, value.ptr, value.len);
		len += value.len;
	}
	ck_assert_str_eq(got, want == NULL ? "" : want);
}

START_TEST(created_says_where)
{
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE,
	        .status = 201,
	        .location = sl_span_text(places[_i].location)};
	struct sl_coap_msg msg;

	lab_open(&lab, "listen: [\"127.0.0.1:5683\"]\n"
	               "routes: [{path: /things, origin: \"http://127.0.0.1:8080/base\", "
	               "plain-http: [\"127.0.0.0/8\"], allow-plain: [/new]}]\n"
	               "forward: {allow: [{origin: \"https://est.example\", allow-plain: "
	               "[/new]}]}\ntrusted-prefixes: [\"192.0.2.0/24\"]\n");
	sl_coap_msg_init(&msg, SL_COAP_POST);
	if (places[_i].uri == NULL)
		ck_assert_ok(sl_coap_add_path(&msg, "/things/new"));
	else
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_PROXY_URI, sl_span_text(places[_i].uri)));
	lab_send_msg(&lab, 1, &msg);
	lab_result(&lab, 0, &result);
	lab_assert_code(lab_last(&lab), SL_COAP_ACK, CODE(2, 1));
	assert_joined(lab_last(&lab), SL_COAP_LOCATION_PATH, '/', places[_i].path);
	assert_joined(lab_last(&lab), SL_COAP_LOCATION_QUERY, '&', places[_i].query);
	lab_close(&lab);
}
END_TEST

static Suite *
table_suite(void)
{
	Suite *s = suite_create("proxy tables");
	TCase *t = tcase_create("rows");

	tcase_add_loop_test(t, does_what_the_table_says_of_requests, 0, (int)ARRAY_LEN(requests));
	tcase_add_loop_test(t, says_what_the_table_says_of_results, 0, (int)ARRAY_LEN(results));
	tcase_add_test(t, gateway_errors_become_5_03_for_local_requests_only);
	tcase_add_test(t, forward_mode_without_routes_knows_no_local_resource);
	tcase_add_test(t, plain_exchange_keeps_formats);
	tcase_add_test(t, combined_request_in_blocks_and_its_error);
	tcase_add_test(t, a_block_without_the_edhoc_option_is_another_upload);
	tcase_add_loop_test(t, created_says_where, 0, (int)ARRAY_LEN(places));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(table_suite());
}
