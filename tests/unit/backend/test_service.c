/* SPDX-License-Identifier: BSD-2-Clause
 * The EST functions: codes and formats of RFC 9148 sections 4.3 to 4.5, options of RFC 7252 section 5.4, labels,
 * permissions, discovery. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include <sl/est.h>
#include <sl/x509.h>

#include "fixture.h"

static struct fixture f;
static struct service service;
static struct service_ask ask;
static struct inner_answer answer;
static struct service_note note;
static struct sl_coap_msg msg;
static uint8_t payload[SERVICE_PAYLOAD_MAX];

static void
start(void)
{
	fixture_make(&f);
	fixture_start(&f);
	service = (struct service){&f.config, f.ca};
	ask = (struct service_ask){
	        .identity = "device-1",
	        .profile = "default",
	        .functions = ~0U,
	        .request = &msg,
	        .now = T0,
	        .boot_ms = 1000,
	};
}

static void
end(void)
{
	fixture_stop(&f);
	fixture_remove(&f);
}

static uint8_t
handle(void)
{
	ask.body = msg.payload;
	service_handle(&service, &ask, payload, &answer, &note);
	return answer.code;
}

static uint8_t
get(const char *path)
{
	make_get(&msg, path);
	return handle();
}

static uint8_t
post(const char *path, uint16_t accept, struct sl_span body)
{
	make_post(&msg, path, accept, body);
	return handle();
}

static bool
said(const char *text)
{
	return sl_span_equal_text(answer.payload, text);
}

/* The certificates of a 281 payload. */
static size_t
certificates(struct sl_span *certs, size_t cap)
{
	ck_assert(answer.has_content_format);
	ck_assert_uint_eq(answer.content_format, SL_EST_PKCS7_CERTS);
	ck_assert_ok(sl_cms_certs_decode(answer.payload, certs, &cap));
	return cap;
}

START_TEST(crts_gives_the_authority)
{
	struct sl_span certs[4];
	size_t count;
	const struct sl_span *own = ca_certificates(f.ca, &count);

	ck_assert_uint_eq(get("/est/crts"), SL_COAP_CONTENT);
	ck_assert_uint_eq(certificates(certs, 4), 1);
	ck_assert_bytes(certs[0], own[0]);
	ck_assert_str_eq(note.function, "crts");

	make_get(&msg, "/.well-known/est/crts");
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, SL_EST_PKIX_CERT));
	ck_assert_uint_eq(handle(), SL_COAP_CONTENT);
	ck_assert_uint_eq(answer.content_format, SL_EST_PKIX_CERT);
	ck_assert_bytes(answer.payload, own[0]);
}
END_TEST

START_TEST(att_says_what_the_profile_wants)
{
	struct sl_est_csrattrs attrs;

	ck_assert_uint_eq(get("/est/att"), SL_COAP_CONTENT);
	ck_assert_uint_eq(answer.content_format, SL_EST_CSRATTRS);
	ck_assert_ok(sl_est_csrattrs_decode(&attrs, answer.payload));
	ck_assert(attrs.wants_p256);
	ck_assert(!attrs.wants_challenge);
	ask.profile = "gone";
	ck_assert_uint_eq(get("/est/att"), SL_COAP_NOT_FOUND);
}
END_TEST

START_TEST(sen_issues)
{
	struct sl_span certs[2];
	struct sl_cert cert;

	ck_assert_uint_eq(post("/est/sen", 0, make_csr(1)), SL_COAP_CHANGED);
	ck_assert_uint_eq(certificates(certs, 2), 1);
	ck_assert_ok(sl_cert_decode(&cert, certs[0]));
	ck_assert_str_eq(cert.subject_text, "CN=device-1");
	ck_assert_str_eq(note.function, "sen");
	ck_assert_str_eq(note.outcome, ca_outcome_name(CA_ISSUED));
	ck_assert_ptr_null(note.reason);
	ck_assert_uint_eq(strlen(note.serial), 2 * cert.serial.len);
	ck_assert_uint_eq(
	        post("/.well-known/est/sen", SL_EST_PKCS7_CERTS, make_csr(1)), SL_COAP_CHANGED);
	ck_assert_uint_eq(certificates(certs, 2), 1);
}
END_TEST

START_TEST(the_same_request_gets_the_same_certificate)
{
	struct sl_pkey *key = NULL;
	struct sl_span first, csr;

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	csr = make_csr_with(1, key);
	ck_assert_uint_eq(post("/est/sen", SL_EST_PKIX_CERT, csr), SL_COAP_CHANGED);
	first = heap_copy(answer.payload);
	ck_assert_uint_eq(post("/est/sen", SL_EST_PKIX_CERT, csr), SL_COAP_CHANGED);
	ck_assert_bytes(answer.payload, first);
	ck_assert_str_eq(note.outcome, ca_outcome_name(CA_REPEATED));
	ck_assert_uint_eq(count_certificates(f.store), 1);
	sl_pkey_free(key);
}
END_TEST

START_TEST(sren_renews_what_the_identity_has)
{
	struct sl_pkey *key = NULL;
	struct sl_span csr;

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	csr = make_csr_with(1, key);
	ck_assert_uint_eq(post("/est/sren", 0, csr), SL_COAP_FORBIDDEN);
	ck_assert_uint_eq(post("/est/sen", 0, csr), SL_COAP_CHANGED);
	ck_assert_uint_eq(post("/est/sren", 0, csr), SL_COAP_CHANGED);
	ck_assert_str_eq(note.function, "sren");
	ask.identity = "device-2";
	ck_assert_uint_eq(post("/est/sren", 0, csr), SL_COAP_FORBIDDEN);
	sl_pkey_free(key);
}
END_TEST

START_TEST(a_bad_request_is_said_to_be_one)
{
	struct sl_span csr = make_csr(1);

	ck_assert_uint_eq(post("/est/sen", 0, sl_span(NULL, 0)), SL_COAP_BAD_REQUEST);
	ck_assert(said("empty request body"));
	ck_assert_uint_eq(post("/est/sen", 0, hex("3000")), SL_COAP_BAD_REQUEST);
	ck_assert_uint_gt(answer.payload.len, 0);
	ck_assert(!answer.has_content_format);
	ck_assert_uint_eq(post("/est/sen", 0, sl_span(csr.ptr, csr.len - 1)), SL_COAP_BAD_REQUEST);
	ck_assert_uint_eq(post("/est/sen", 0, make_csr(2)), SL_COAP_FORBIDDEN); /* another's name */
	ck_assert_uint_eq(count_certificates(f.store), 0);
}
END_TEST

/* A wall clock that jumps issues nothing: retry later. */
START_TEST(busy_says_when_to_come_back)
{
	ck_assert_uint_eq(post("/est/sen", 0, make_csr(1)), SL_COAP_CHANGED);
	ask.now += 86400;
	ck_assert_uint_eq(post("/est/sen", 0, make_csr(1)), SL_COAP_SERVICE_UNAVAILABLE);
	ck_assert(answer.has_max_age);
	ck_assert_uint_gt(answer.max_age, 0);
	/* The operator reads why. */
	ck_assert_str_eq(note.outcome, "busy");
	ck_assert_str_eq(note.reason, "the clock of the authority is not to be trusted");
}
END_TEST

static const struct {
	const char *path;
	uint8_t method, code;
} routes[] = {
        {"/", SL_COAP_GET, SL_COAP_NOT_FOUND},
        {"/est", SL_COAP_GET, SL_COAP_NOT_FOUND},
        {"/est/crt", SL_COAP_GET, SL_COAP_NOT_FOUND},
        {"/est/crts/x", SL_COAP_GET, SL_COAP_NOT_FOUND},
        {"/EST/crts", SL_COAP_GET, SL_COAP_NOT_FOUND},
        {"/est/skg", SL_COAP_POST, SL_COAP_NOT_FOUND}, /* not offered */
        {"/est/skc", SL_COAP_POST, SL_COAP_NOT_FOUND},
        {"/est/default/crts", SL_COAP_GET, SL_COAP_CONTENT}, /* the label is the profile */
        {"/.well-known/est/default/att", SL_COAP_GET, SL_COAP_CONTENT},
        {"/est/other/crts", SL_COAP_GET, SL_COAP_NOT_FOUND},
        {"/est/crts", SL_COAP_POST, SL_COAP_METHOD_NOT_ALLOWED},
        {"/est/crts", SL_COAP_FETCH, SL_COAP_METHOD_NOT_ALLOWED},
        {"/est/att", SL_COAP_PUT, SL_COAP_METHOD_NOT_ALLOWED},
        {"/est/sen", SL_COAP_GET, SL_COAP_METHOD_NOT_ALLOWED},
        {"/est/sren", SL_COAP_DELETE, SL_COAP_METHOD_NOT_ALLOWED},
        {"/.well-known/core", SL_COAP_POST, SL_COAP_METHOD_NOT_ALLOWED},
        {"/.well-known/core", SL_COAP_GET, SL_COAP_CONTENT},
};

START_TEST(routes_by_path_and_method)
{
	make_get(&msg, routes[_i].path[1] == '\0' ? "" : routes[_i].path);
	msg.code = routes[_i].method;
	ck_assert_msg(handle() == routes[_i].code, "%s: %02x", routes[_i].path, answer.code);
}
END_TEST

START_TEST(refuses_segments_that_are_no_segments)
{
	static const char *const bad[] = {".", "..", "a/b"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		sl_coap_msg_init(&msg, SL_COAP_GET);
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span_text(bad[i])));
		ck_assert_uint_eq(handle(), SL_COAP_BAD_REQUEST);
	}
	sl_coap_msg_init(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span("est\0x", 5)));
	ck_assert_uint_eq(handle(), SL_COAP_BAD_REQUEST);
}
END_TEST

static const struct {
	const char *because;
	uint16_t number;
	const char *value;
	uint8_t code;
} options[] = {
        {"an unknown critical option is not ignored", 65001, "00", SL_COAP_BAD_OPTION},
        {"an unknown elective option is", 65000, "00", SL_COAP_CONTENT},
        {"If-Match asks for what we do not do", SL_COAP_IF_MATCH, "", SL_COAP_BAD_OPTION},
        {"If-None-Match too", SL_COAP_IF_NONE_MATCH, "", SL_COAP_BAD_OPTION},
        {"Proxy-Uri never stands inside", SL_COAP_PROXY_URI, "61", SL_COAP_BAD_OPTION},
        {"Proxy-Scheme neither", SL_COAP_PROXY_SCHEME, "61", SL_COAP_BAD_OPTION},
        {"nor Uri-Host", SL_COAP_URI_HOST, "61", SL_COAP_BAD_OPTION},
        {"the EDHOC option has no meaning here", SL_COAP_EDHOC, "", SL_COAP_BAD_OPTION},
        {"Q-Block1 is not spoken", SL_COAP_Q_BLOCK1, "00", SL_COAP_BAD_OPTION},
        {"Q-Block2 neither", SL_COAP_Q_BLOCK2, "00", SL_COAP_BAD_OPTION},
        {"an Accept of three bytes is too long", SL_COAP_ACCEPT, "000119", SL_COAP_BAD_OPTION},
        {"Observe is declined by silence", SL_COAP_OBSERVE, "", SL_COAP_CONTENT},
        {"No-Response is ignored", SL_COAP_NO_RESPONSE, "1a", SL_COAP_CONTENT},
        {"Echo without need is ignored", SL_COAP_ECHO, "0102", SL_COAP_CONTENT},
        {"ETag is ignored", SL_COAP_ETAG, "01", SL_COAP_CONTENT},
        {"Hop-Limit is not for us", SL_COAP_HOP_LIMIT, "01", SL_COAP_CONTENT},
};

START_TEST(knows_which_options_to_ignore)
{
	make_get(&msg, "/est/crts");
	ck_assert_ok(sl_coap_add(&msg, options[_i].number, hex(options[_i].value)));
	ck_assert_msg(
	        handle() == options[_i].code, "%02x although %s", answer.code, options[_i].because);
}
END_TEST

START_TEST(a_critical_option_does_not_repeat)
{
	make_get(&msg, "/est/crts");
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, SL_EST_PKCS7_CERTS));
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, SL_EST_PKIX_CERT));
	ck_assert_uint_eq(handle(), SL_COAP_BAD_OPTION);
}
END_TEST

static const struct {
	const char *path;
	int body_format, accept; /* -1: absent */
	uint8_t code;
} formats[] = {
        {"/est/crts", -1, -1, SL_COAP_CONTENT},
        {"/est/crts", -1, 281, SL_COAP_CONTENT},
        {"/est/crts", -1, 287, SL_COAP_CONTENT},
        {"/est/crts", -1, 0, SL_COAP_NOT_ACCEPTABLE},
        {"/est/crts", -1, 285, SL_COAP_NOT_ACCEPTABLE},
        {"/est/crts", -1, 65535, SL_COAP_NOT_ACCEPTABLE},
        {"/est/att", -1, 285, SL_COAP_CONTENT},
        {"/est/att", -1, 281, SL_COAP_NOT_ACCEPTABLE},
        {"/.well-known/core", -1, 40, SL_COAP_CONTENT},
        {"/.well-known/core", -1, 0, SL_COAP_NOT_ACCEPTABLE},
        {"/est/sen", 286, 0, SL_COAP_NOT_ACCEPTABLE},
        {"/est/sen", 286, 280, SL_COAP_NOT_ACCEPTABLE},
        {"/est/sen", 0, -1, SL_COAP_UNSUPPORTED_CONTENT_FORMAT},
        {"/est/sen", 287, -1, SL_COAP_UNSUPPORTED_CONTENT_FORMAT},
        {"/est/sen", 65535, 281, SL_COAP_UNSUPPORTED_CONTENT_FORMAT},
        {"/est/sren", 60, -1, SL_COAP_UNSUPPORTED_CONTENT_FORMAT},
};

START_TEST(formats_are_of_rfc_9148)
{
	make_get(&msg, formats[_i].path);
	if (strstr(formats[_i].path, "en") != NULL)
		msg.code = SL_COAP_POST;
	if (formats[_i].body_format >= 0)
		ck_assert_ok(sl_coap_add_uint(
		        &msg, SL_COAP_CONTENT_FORMAT, (uint32_t)formats[_i].body_format));
	if (formats[_i].accept >= 0)
		ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, (uint32_t)formats[_i].accept));
	ck_assert_msg(handle() == formats[_i].code, "row %d: %02x", _i, answer.code);
}
END_TEST

START_TEST(a_context_does_only_what_it_may)
{
	ask.functions = 1U << SL_EST_CRTS;
	ck_assert_uint_eq(get("/est/crts"), SL_COAP_CONTENT);
	ck_assert_uint_eq(get("/est/att"), SL_COAP_FORBIDDEN);
	ck_assert_uint_eq(post("/est/sen", 0, make_csr(1)), SL_COAP_FORBIDDEN);
	ck_assert_uint_eq(post("/est/sren", 0, make_csr(1)), SL_COAP_FORBIDDEN);
	ck_assert_uint_eq(get("/.well-known/core"), SL_COAP_CONTENT);
	ck_assert_uint_eq(count_certificates(f.store), 0);
}
END_TEST

START_TEST(the_short_root_is_configured)
{
	f.config.est_root[0] = '\0';
	ck_assert_uint_eq(get("/est/crts"), SL_COAP_NOT_FOUND);
	ck_assert_uint_eq(get("/.well-known/est/crts"), SL_COAP_CONTENT);
	snprintf(f.config.est_root, sizeof f.config.est_root, "/e");
	ck_assert_uint_eq(get("/e/crts"), SL_COAP_CONTENT);
}
END_TEST

/* --- discovery ------------------------------------------------------------------------------------------ */

static struct sl_span
discover(const char *query)
{
	struct sl_writer w = sl_writer_over(payload, sizeof payload);

	ck_assert_ok(service_discover(&service, sl_span_text(query), &w));
	return sl_writer_span(&w);
}

static bool
has(struct sl_span text, const char *part)
{
	return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* RFC 9148 section 4.1 with the osc attribute of RFC 8613 section 9 */
START_TEST(discovery_names_what_is_offered)
{
	static const char *const there[] = {"</est/crts>", "</est/sen>", "</est/sren>",
	        "</est/att>", "rt=\"ace.est.crts\"", ";osc", "281 287"};
	static const char *const not_there[] = {"skg", "skc"};
	struct sl_span all;
	size_t i;

	ck_assert_uint_eq(get("/.well-known/core"), SL_COAP_CONTENT);
	ck_assert_uint_eq(answer.content_format, SL_EST_LINK_FORMAT);
	all = heap_copy(answer.payload);
	for (i = 0; i < ARRAY_LEN(there); i++)
		ck_assert_msg(has(all, there[i]), "%s", there[i]);
	for (i = 0; i < ARRAY_LEN(not_there); i++)
		ck_assert_msg(!has(all, not_there[i]), "%s", not_there[i]);
	ck_assert_bytes(discover(""), all);
	f.config.est_root[0] = '\0';
	ck_assert(has(discover(""), "</.well-known/est/sen>"));
}
END_TEST

START_TEST(discovery_is_filtered_alike_inside_and_outside)
{
	static const char *const queries[] = {
	        "rt=ace.est*", "rt=ace.est.sen", "rt=nothing", "href=/est/*", "href=/est/att"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(queries); i++) {
		make_get(&msg, "/.well-known/core");
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_QUERY, sl_span_text(queries[i])));
		ck_assert_uint_eq(handle(), SL_COAP_CONTENT);
		answer.payload = heap_copy(answer.payload);
		ck_assert_bytes(discover(queries[i]), answer.payload);
	}
	ck_assert_uint_eq(discover("rt=nothing").len, 0);
	ck_assert(!has(discover("rt=ace.est.sen"), "crts"));
	ck_assert_bytes(
	        heap_copy(discover("rt=ace%2eest%2Esen")), heap_copy(discover("rt=ace.est.sen")));
	ck_assert_uint_eq(discover("rt=ace.est*&href=/est/none").len, 0);
	ck_assert(has(discover("&&rt=ace.est*&"), "crts"));
}
END_TEST

/* RFC 9668 section 6: with the section edhoc only, and ed-comb-req only where the combined request is taken. */
START_TEST(discovery_names_edhoc_where_it_is_on)
{
	struct sl_span all;

	ck_assert(!has(discover(""), "edhoc"));
	f.config.edhoc = (struct config_edhoc){
	        .is_on = true, .methods = 1U << 0 | 1U << 3, .suites = {2, 3}, .suite_count = 2};
	ck_assert_uint_eq(get("/.well-known/core"), SL_COAP_CONTENT);
	all = heap_copy(answer.payload);
	ck_assert(has(all, "</est/crts>"));
	ck_assert(has(all,
	        ",</.well-known/edhoc>;rt=\"core.edhoc\";ed-r;ed-csuite=2;ed-csuite=3;ed-method=0;"
	        "ed-method=3;ed-cred-t=1;ed-cred-t=2;ed-cred-t=3;ed-idcred-t=4;ed-idcred-t=14;"));
	ck_assert(!has(all, "ed-comb-req"));
	ck_assert(!has(all, "ed-i;"));
	ck_assert_bytes(heap_copy(discover("")), all);
	f.config.edhoc.accepts_combined = true;
	ck_assert(has(discover("rt=core.edhoc"), ";ed-comb-req"));
	ck_assert(!has(discover("rt=core.edhoc"), "crts"));
	ck_assert(has(discover("rt=core.edhoc&ed-method=3"), "edhoc"));
	ck_assert_uint_eq(discover("rt=core.edhoc&ed-method=1").len, 0);
}
END_TEST

static const struct {
	const char *because, *query;
} bad_queries[] = {
        {"an escape is cut short", "rt=%"},
        {"an escape has one digit", "rt=%2"},
        {"an escape has no digits", "rt=%zz"},
        {"there are nine parts", "a&b&c&d&e&f&g&h&i"},
};

START_TEST(refuses_malformed_queries)
{
	struct sl_writer w = sl_writer_over(payload, sizeof payload);

	ck_assert_msg(service_discover(&service, heap_copy(sl_span_text(bad_queries[_i].query)),
	                      &w) == SL_EMALFORMED,
	        "accepted although %s", bad_queries[_i].because);
}
END_TEST

START_TEST(bounds_of_discovery)
{
	char text[300];
	struct sl_writer w = sl_writer_over(payload, sizeof payload);
	struct sl_writer small = sl_writer_over(payload, 20);

	memset(text, 'a', sizeof text);
	ck_assert_ok(service_discover(&service, heap_copy(sl_span(text, 256)), &w));
	ck_assert_err(service_discover(&service, heap_copy(sl_span(text, 257)), &w), SL_EMALFORMED);
	ck_assert_err(service_discover(&service, sl_span(NULL, 0), &small), SL_ESPACE);
	make_get(&msg, "/.well-known/core");
	for (int i = 0; i < 9; i++)
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_QUERY, sl_span_text("rt=ace.est*")));
	ck_assert_uint_eq(handle(), SL_COAP_BAD_REQUEST);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/service");
	TCase *t = tcase_create("service");

	tcase_add_checked_fixture(t, start, end);
	tcase_add_test(t, crts_gives_the_authority);
	tcase_add_test(t, att_says_what_the_profile_wants);
	tcase_add_test(t, sen_issues);
	tcase_add_test(t, the_same_request_gets_the_same_certificate);
	tcase_add_test(t, sren_renews_what_the_identity_has);
	tcase_add_test(t, a_bad_request_is_said_to_be_one);
	tcase_add_test(t, busy_says_when_to_come_back);
	tcase_add_loop_test(t, routes_by_path_and_method, 0, ARRAY_LEN(routes));
	tcase_add_test(t, refuses_segments_that_are_no_segments);
	tcase_add_loop_test(t, knows_which_options_to_ignore, 0, ARRAY_LEN(options));
	tcase_add_test(t, a_critical_option_does_not_repeat);
	tcase_add_loop_test(t, formats_are_of_rfc_9148, 0, ARRAY_LEN(formats));
	tcase_add_test(t, a_context_does_only_what_it_may);
	tcase_add_test(t, the_short_root_is_configured);
	tcase_add_test(t, discovery_names_what_is_offered);
	tcase_add_test(t, discovery_is_filtered_alike_inside_and_outside);
	tcase_add_test(t, discovery_names_edhoc_where_it_is_on);
	tcase_add_loop_test(t, refuses_malformed_queries, 0, ARRAY_LEN(bad_queries));
	tcase_add_test(t, bounds_of_discovery);
	suite_add_tcase(s, t);
	return run_suite(s);
}
