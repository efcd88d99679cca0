/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC in the calls of <sl/device.h>, over a real socket: when it is run, with which credential,
 * together with the first request, and what a request has of it. */
#include "exchange.h"

#include "far_end.h"
#include "machine.h"
#include "support.h"

#include <sl/device.h>
#include <sl/text.h>
#include <sl/x509.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], state[96];
static struct far_end far;
static struct fake_party device, server;
static struct sl_device_edhoc words;
static struct sl_device *d;
static const struct sl_device_result *r;
static enum sl_device_step steps[64];
static size_t step_count;
static bool cancels;
static FILE *trace;

/* --- the near end ---------------------------------------------------------------------------- */

static const char *
put(const char *name, struct sl_span bytes, unsigned mode)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];
	int fd;

	snprintf(path, sizeof paths[0], "%s/%s", dir, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes.ptr, bytes.len), (ssize_t)bytes.len);
	close(fd);
	return path;
}

static void
put_files(void)
{
	char pem[1024];

	ck_assert_ok(sl_pkey_to_pem(device.key, pem, sizeof pem));
	words.key = put("key", sl_span_text(pem), 0400);
	words.credential = put("credential", fake_party_cred(&device), 0644);
	words.peers[0] = put("peer", fake_party_cred(&server), 0644);
}

static void
set_up(void)
{
	machine_make_dir(dir);
	snprintf(state, sizeof state, "%s/state", dir);
	fake_party_ccs(&device, SL_PKEY_P256, "sensor-7", SL_LABEL_KID);
	fake_party_ccs(&server, SL_PKEY_P256, "server", SL_LABEL_KID);
	far_end_start(&far, &server);
	fake_known(&far.edhoc.known[0], &device);
	far.edhoc.known_count = 1;
	memset(&words, 0, sizeof words);
	words.method = "0";
	put_files();
	step_count = 0;
	cancels = false;
	trace = NULL;
	d = NULL;
}

static void
tear_down(void)
{
	ck_assert_uint_eq(far.est.replays, 0); /* no number twice, whatever the test did */
	sl_device_close(d);
	far_end_stop(&far);
	fake_party_clear(&device);
	fake_party_clear(&server);
	machine_remove_dir(state);
	machine_remove_dir(dir);
}

static void
on_progress(void *arg, const struct sl_device_progress *progress)
{
	(void)arg;
	ck_assert_str_ne(progress->text, "");
	ck_assert_uint_lt(step_count, ARRAY_LEN(steps));
	steps[step_count++] = progress->step;
}

static bool
is_cancelled(void *arg)
{
	(void)arg;
	return cancels;
}

static void
open_it(void)
{
	const struct sl_device_options options = {
	        .state = state, .hooks = {on_progress, is_cancelled, &d, trace}};
	struct sl_device_why why;

	sl_device_close(d);
	ck_assert_msg(sl_device_open(&d, &options, &why) == SL_OK, "%s", why.text);
	r = sl_device_result(d);
	step_count = 0;
}

static void
init(void)
{
	char at[64];
	const struct sl_device_where where = {.server = at, .root = "/est"};
	struct sl_device_why why;

	snprintf(at, sizeof at, "coap://127.0.0.1:%u", (unsigned)far.port);
	ck_assert_msg(sl_device_init_edhoc(state, &words, &where, &why) == SL_OK, "%s", why.text);
	open_it();
}

static enum sl_device_outcome
get(void)
{
	const struct sl_device_request request = {.path = "/echo", .timeout_ms = 20000};

	step_count = 0;
	return sl_device_get(d, &request);
}

static enum sl_device_outcome
enroll(bool is_bound, bool is_forced)
{
	const struct sl_device_enrolment wish = {
	        .timeout_ms = 20000, .is_bound = is_bound, .is_forced = is_forced};

	step_count = 0;
	return sl_device_enroll(d, &wish);
}

static void
gets(void)
{
	ck_assert_msg(get() == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_eq(r->code, SL_COAP_CHANGED);
}

static bool
is_known_as(struct sl_span cred)
{
	return sl_span_equal(sl_span(far.edhoc.identity, far.edhoc.identity_len), cred);
}

/* --- when ------------------------------------------------------------------------------------ */

START_TEST(runs_before_the_first_request)
{
	static const enum sl_device_step want[] = {
	        SL_DEVICE_ASKING, SL_DEVICE_EDHOC_BEGUN, SL_DEVICE_EDHOC_DONE};
	struct sl_device_traffic all, edhoc;

	init();
	ck_assert(sl_device_show(d)->is_edhoc);
	ck_assert_str_eq(sl_device_show(d)->identity, "sensor-7");
	gets();
	ck_assert_uint_eq(step_count, ARRAY_LEN(want));
	ck_assert_int_eq(memcmp(steps, want, sizeof want), 0);
	all = r->traffic;
	edhoc = r->edhoc;
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert_uint_eq(all.datagrams_sent, 3);
	ck_assert_uint_eq(all.datagrams_received, 3);
	ck_assert_uint_eq(edhoc.datagrams_sent, 2);
	ck_assert_uint_eq(edhoc.datagrams_received, 2);
	/* Method 0: message_2 has a signature of 64 where method 3 has 8, message_3 the same; each
	 * in a bstr whose head is one byte longer. C_I and C_R are one byte or two. */
	ck_assert(r->edhoc_messages[0] == 37 || r->edhoc_messages[0] == 38);
	ck_assert(r->edhoc_messages[1] >= 45 && r->edhoc_messages[1] <= 106);
	ck_assert_uint_gt(edhoc.bytes_sent, r->edhoc_messages[0] + r->edhoc_messages[2]);
	ck_assert_uint_gt(edhoc.bytes_received, r->edhoc_messages[1]);
	ck_assert_uint_gt(all.bytes_sent, edhoc.bytes_sent);
	ck_assert_uint_eq(r->edhoc_messages[3], 0);

	gets(); /* the context is there */
	ck_assert_uint_eq(r->edhoc_runs, 0);
	ck_assert_uint_eq(r->edhoc.datagrams_sent, 0);
	ck_assert_uint_eq(r->traffic.datagrams_sent, 1);
	ck_assert_uint_eq(far.edhoc.completed, 1);
	open_it(); /* contexts live in a handle */
	gets();
	ck_assert_uint_eq(far.edhoc.completed, 2);
}
END_TEST

START_TEST(runs_again_when_the_server_forgot)
{
	init();
	gets();
	fake_edhoc_forget(&far.edhoc);
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert_uint_eq(far.edhoc.completed, 2);
	far.forgets = 1;
	gets();
	ck_assert_uint_eq(far.edhoc.completed, 3);
}
END_TEST

START_TEST(runs_twice_at_most)
{
	init();
	far.forgets = 1000;
	ck_assert_int_eq(get(), SL_DEVICE_NO_ANSWER);
	ck_assert_msg(strstr(r->text, "4.01 Security context not found") != NULL, "%s", r->text);
	ck_assert_uint_eq(r->edhoc_runs, EXCHANGE_RUNS_MAX);
	far.forgets = 0;
	gets(); /* nothing sticks */
	ck_assert_uint_eq(r->edhoc_runs, 1);
}
END_TEST

START_TEST(asks_nobody_about_a_bad_path)
{
	const struct sl_device_request request = {.path = "/a//b", .timeout_ms = 5000};

	init();
	ck_assert_int_eq(sl_device_get(d, &request), SL_DEVICE_MISUSED);
	ck_assert_uint_eq(far.edhoc.messages_1, 0);
}
END_TEST

START_TEST(traces_messages)
{
	static char text[32768];
	size_t len;

	trace = tmpfile();
	init();
	gets();
	rewind(trace);
	len = fread(text, 1, sizeof text - 1, trace);
	text[len] = '\0';
	fclose(trace);
	ck_assert_ptr_nonnull(strstr(text, "-> edhoc message_1, 3"));
	ck_assert_ptr_nonnull(strstr(text, "<- edhoc message_2, "));
	ck_assert_ptr_nonnull(strstr(text, "-> edhoc message_3, "));
	ck_assert_ptr_nonnull(strstr(text, "<- protected 2.04"));
}
END_TEST

/* --- how it ends otherwise -------------------------------------------------------------------- */

START_TEST(says_that_the_server_is_another)
{
	struct fake_party other;

	fake_party_ccs(&other, SL_PKEY_P256, "another", SL_LABEL_KID);
	far.edhoc.own = &other;
	init();
	ck_assert_int_eq(get(), SL_DEVICE_BAD_PEER);
	ck_assert_msg(strstr(r->text, "known ones") != NULL, "%s", r->text);
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert_int_eq(enroll(false, false), SL_DEVICE_BAD_PEER);
	ck_assert(!sl_device_show(d)->has_pending_request); /* no key was made for nobody */
	far.edhoc.own = &server;
	fake_party_clear(&other);
	gets();
}
END_TEST

START_TEST(says_that_it_is_not_wanted)
{
	far.edhoc.known_count = 0;
	words.is_combined = _i == 1;
	init();
	ck_assert_int_eq(get(), SL_DEVICE_UNWANTED);
	ck_assert_msg(strstr(r->text, "does not know our credential") != NULL, "%s", r->text);
	ck_assert_uint_eq(r->edhoc_runs, EXCHANGE_RUNS_MAX);
	ck_assert_int_eq(enroll(false, false), SL_DEVICE_UNWANTED);
	ck_assert_uint_eq(far.est.issued_count, 0);
}
END_TEST

START_TEST(ends_at_the_timeout)
{
	const struct sl_device_request request = {.path = "/echo", .timeout_ms = 300};

	init();
	far.is_silent = true;
	ck_assert_int_eq(sl_device_get(d, &request), SL_DEVICE_NO_ANSWER);
	ck_assert_msg(strstr(r->text, "no answer to EDHOC") != NULL, "%s", r->text);
	ck_assert_uint_eq(r->edhoc_runs, 1);
}
END_TEST

START_TEST(ends_when_cancelled)
{
	init();
	far.is_silent = cancels = true;
	ck_assert_int_eq(get(), SL_DEVICE_CANCELLED);
	ck_assert_str_eq(r->text, "cancelled");
	far.is_silent = cancels = false;
	gets();
}
END_TEST

/* --- with which credential -------------------------------------------------------------------- */

static void
enrols_first(void)
{
	init();
	ck_assert_msg(enroll(false, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert(is_known_as(fake_party_cred(&device)));
	far.edhoc.anchor = sl_span(far.est.ca, far.est.ca_len);
	far.edhoc.now = -1; /* the real clock is the device's */
	open_it();
}

START_TEST(shows_the_enrolled_certificate)
{
	struct sl_credential c;

	enrols_first();
	gets();
	ck_assert_ok(sl_credential_decode(&c, sl_span(far.edhoc.identity, far.edhoc.identity_len)));
	ck_assert_int_eq(c.kind, SL_CREDENTIAL_X509);
	ck_assert_bytes(c.content, sl_span(far.est.issued[0].der, far.est.issued[0].len));
	sl_credential_clear(&c);
	ck_assert_uint_eq(r->edhoc_runs, 1);
}
END_TEST

static void
go_back(void)
{
	enrols_first();
	far.edhoc.anchor = sl_span(NULL, 0); /* the certificate is not taken any more */
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 2);
	ck_assert(is_known_as(fake_party_cred(&device)));
	fake_edhoc_forget(&far.edhoc);
	gets(); /* and is not tried again */
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(is_known_as(fake_party_cred(&device)));
	ck_assert_msg(enroll(false, true) == SL_DEVICE_DONE, "%s", r->text);
	far.edhoc.anchor = sl_span(far.est.ca, far.est.ca_len);
	fake_edhoc_forget(&far.edhoc);
	gets(); /* but a new one is */
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(!is_known_as(fake_party_cred(&device)));
}

START_TEST(goes_back_to_the_first_credential)
{
	words.is_combined = _i == 1;
	go_back();
}
END_TEST

/* Who refuses message_1 has not seen a credential. */
START_TEST(shows_it_again_where_nobody_saw_it)
{
	enrols_first();
	far.edhoc.profile.methods = 1U << 3;
	ck_assert_int_eq(get(), SL_DEVICE_UNWANTED);
	ck_assert_uint_eq(r->edhoc_runs, EXCHANGE_RUNS_MAX);
	far.edhoc.profile.methods = 15;
	gets();
	ck_assert(!is_known_as(fake_party_cred(&device)));
}
END_TEST

/* A restart between message_2 and message_3 looks like a refusal. The first credential may be one
 * that nobody takes any more. */
START_TEST(shows_it_again_when_neither_was_taken)
{
	enrols_first();
	far.edhoc.forgets_runs = true;
	ck_assert_int_eq(get(), SL_DEVICE_UNWANTED);
	far.edhoc.forgets_runs = false;
	far.edhoc.known_count = 0;
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
}
END_TEST

START_TEST(keeps_to_its_credential_when_told)
{
	words.keeps_to_this = true;
	enrols_first();
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(is_known_as(fake_party_cred(&device)));
}
END_TEST

/* The enrolled key may sign; the method needs one that agrees. */
START_TEST(shows_no_certificate_that_does_not_fit)
{
	words.method = "3";
	enrols_first();
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(is_known_as(fake_party_cred(&device)));
}
END_TEST

/* Suites 2 and 3 have no place for a signature of P-384. */
START_TEST(shows_no_certificate_of_another_kind)
{
	const struct sl_device_enrolment wish = {
	        .timeout_ms = 20000, .is_forced = true, .key = SL_DEVICE_KEY_P384};

	enrols_first();
	ck_assert_msg(sl_device_enroll(d, &wish) == SL_DEVICE_DONE, "%s", r->text);
	fake_edhoc_forget(&far.edhoc);
	gets();
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert(is_known_as(fake_party_cred(&device)));
}
END_TEST

/* --- together with the first request (RFC 9668) ----------------------------------------------- */

START_TEST(combines_two_round_trips)
{
	words.is_combined = true;
	init();
	gets();
	ck_assert_uint_eq(far.edhoc.combined, 1);
	ck_assert_uint_eq(far.edhoc.completed, 1);
	ck_assert_uint_eq(r->traffic.datagrams_sent, 2);
	ck_assert_uint_eq(r->edhoc.datagrams_sent, 1); /* message_1 alone */
	ck_assert_uint_eq(r->edhoc_messages[2] > 0, 1);
	gets();
	ck_assert_uint_eq(far.edhoc.combined, 1);
	fake_edhoc_forget(&far.edhoc);
	ck_assert_msg(enroll(false, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_eq(far.edhoc.combined, 2);
}
END_TEST

/* RFC 9668 section 3.2.2: the first block only. */
START_TEST(combines_the_first_block_only)
{
	const struct sl_device_options options = {.state = state, .block_size = 64};
	struct sl_device_why why;

	words.is_combined = true;
	init();
	sl_device_close(d);
	ck_assert_ok(sl_device_open(&d, &options, &why));
	r = sl_device_result(d);
	far.est.szx = 2;
	ck_assert_msg(enroll(false, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_ge(far.est.slices, 10);
	ck_assert_uint_ge(far.est.uploads_in_blocks, 1);
	ck_assert_uint_eq(far.edhoc.combined, 1);
	ck_assert_uint_eq(far.edhoc.completed, 1);
}
END_TEST

START_TEST(goes_apart_when_the_proxy_refuses)
{
	words.is_combined = true;
	far.edhoc.refuses_combined = true;
	init();
	gets();
	ck_assert_uint_eq(far.edhoc.combined, 1);
	ck_assert_uint_eq(far.edhoc.messages_3, 1);
	ck_assert_uint_eq(r->edhoc_runs, 1);
	ck_assert_uint_eq(r->traffic.datagrams_sent, 4); /* 1, combined, 3, the request */
	ck_assert_uint_eq(r->protected_requests, 2);     /* with two numbers */
	gets();
	ck_assert_uint_eq(r->traffic.datagrams_sent, 1);
}
END_TEST

START_TEST(begins_anew_when_the_server_forgot_the_run)
{
	words.is_combined = _i == 1;
	far.edhoc.forgets_runs = true;
	init();
	ck_assert_int_eq(get(), SL_DEVICE_UNWANTED);
	ck_assert_uint_eq(r->edhoc_runs, 2);
	far.edhoc.forgets_runs = false;
	gets();
}
END_TEST

/* --- requests for certificates name their session -------------------------------------------- */

static struct sl_csr csr;

static void
challenge_is_of_the_session(struct sl_span request)
{
	uint8_t binding[64];
	char text[64];
	size_t len;

	ck_assert_ok(sl_csr_decode(&csr, request));
	ck_assert(csr.has_challenge);
	ck_assert_uint_eq(strlen(csr.challenge), 44);
	ck_assert_int_eq(csr.challenge[43], '=');
	snprintf(text, sizeof text, "%.43s", csr.challenge);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c; /* to base64url */
	ck_assert_ok(sl_base64url_decode(binding, sizeof binding, &len, sl_span_text(text)));
	ck_assert_bytes(sl_span(binding, len), sl_span(far.edhoc.binding, 32));
}

START_TEST(names_the_session)
{
	words.is_bound = _i == 0;    /* of the directory, */
	words.is_combined = _i == 2; /* of the call, of a call that combines */
	init();
	ck_assert_msg(enroll(_i > 0, false) == SL_DEVICE_DONE, "%s", r->text);
	challenge_is_of_the_session(sl_buf_view(&far.est.first_csr));
	ck_assert_uint_eq(far.edhoc.completed, 1);
}
END_TEST

START_TEST(names_no_session_when_not_told)
{
	init();
	ck_assert_msg(enroll(false, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_ok(sl_csr_decode(&csr, sl_buf_view(&far.est.first_csr)));
	ck_assert(!csr.has_challenge);
}
END_TEST

/* The context is lost between the anchors and the request: the same key in another request. */
START_TEST(names_the_new_session)
{
	init();
	far.forgets_after = 1;
	far.forgets = 1;
	ck_assert_msg(enroll(true, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_eq(far.edhoc.completed, 2);
	ck_assert_uint_eq(r->edhoc_runs, 2);
	ck_assert_uint_eq(far.est.enrolments, 1); /* the first one never came in */
	challenge_is_of_the_session(sl_buf_view(&far.est.first_csr));
	ck_assert_int_eq(steps[step_count - 1], SL_DEVICE_CERTIFICATE_KEPT);
}
END_TEST

/* It is lost while the anchors are asked for once more: the request is made anew, too. */
START_TEST(names_the_new_session_after_new_anchors)
{
	init();
	far.est.gives_anchor_of_another = true;
	ck_assert_msg(sl_device_crts(d, 20000) == SL_DEVICE_DONE, "%s", r->text);
	far.est.gives_anchor_of_another = false;
	far.forgets_after = 1;
	far.forgets = 1;
	ck_assert_msg(enroll(true, false) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_uint_eq(far.edhoc.completed, 2);
	ck_assert(far.est.csr_changed);
	ck_assert_uint_eq(far.est.issued_count, 1); /* the key is the same */
}
END_TEST

START_TEST(names_no_session_for_ever)
{
	const struct sl_device_enrolment wish = {.timeout_ms = 3000, .is_bound = true};

	init();
	far.forgets_after = 1;
	far.forgets = 1000;
	ck_assert_int_eq(sl_device_enroll(d, &wish), SL_DEVICE_NO_ANSWER);
	ck_assert_uint_le(r->edhoc_runs, 1 + EXCHANGE_RUNS_MAX); /* then it pauses */
	ck_assert(sl_device_show(d)->has_pending_request);
}
END_TEST

/* --- a directory ----------------------------------------------------------------------------- */

START_TEST(makes_a_directory_from_a_file)
{
	static const char text[] =
	        "{\"identity\": \"other-name\", \"edhoc\": {\"key\": \"key\","
	        "\"credential\": \"credential\", \"peers\": [\"peer\"], \"method\": 3}}";
	const char *file = put("provisioning", sl_span_text(text), 0400);
	char at[64], path[160];
	const struct sl_device_where where = {.server = at, .root = "/est"};
	struct sl_device_why why;
	struct stat st;

	snprintf(at, sizeof at, "coap://127.0.0.1:%u", (unsigned)far.port);
	ck_assert_msg(sl_device_init(state, file, &where, &why) == SL_OK, "%s", why.text);
	snprintf(path, sizeof path, "%s/edhoc-key.pem", state);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0400);
	open_it();
	ck_assert_str_eq(sl_device_show(d)->identity, "other-name");
	gets();
	ck_assert_err(sl_device_init(state, file, &where, &why), SL_EIO); /* it is open */
	sl_device_close(d);
	d = NULL;
	ck_assert_err(sl_device_init(state, file, &where, &why), SL_EREPLAY);
}
END_TEST

START_TEST(makes_no_directory_of_what_does_not_fit)
{
	const struct sl_device_where where = {.server = "coap://a"};
	struct sl_device_why why;
	char pem[1024];

	words.suites = "0";
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EUNSUPPORTED);
	ck_assert_msg(strstr(why.text, "suites: 0") != NULL, "%s", why.text);
	words.suites = NULL;
	words.identity = "a\nb";
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EMALFORMED);
	words.identity = NULL;
	ck_assert_ok(sl_pkey_to_pem(server.key, pem, sizeof pem));
	words.key = put("key", sl_span_text(pem), 0400);
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EAUTH);
	words.key = put("key", sl_span_text(pem), 0644); /* others may read it */
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EAUTH);
	words.key = "/nowhere/key";
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, NULL), SL_ENOTFOUND);
	words.key = NULL;
	ck_assert_err(sl_device_init_edhoc(state, &words, &where, &why), SL_EMALFORMED);
	ck_assert_int_ne(access(state, F_OK), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_exchange");
	TCase *t = tcase_create("exchange");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, runs_before_the_first_request);
	tcase_add_test(t, runs_again_when_the_server_forgot);
	tcase_add_test(t, runs_twice_at_most);
	tcase_add_test(t, asks_nobody_about_a_bad_path);
	tcase_add_test(t, traces_messages);
	tcase_add_test(t, says_that_the_server_is_another);
	tcase_add_loop_test(t, says_that_it_is_not_wanted, 0, 2);
	tcase_add_test(t, ends_at_the_timeout);
	tcase_add_test(t, ends_when_cancelled);
	tcase_add_test(t, shows_the_enrolled_certificate);
	tcase_add_loop_test(t, goes_back_to_the_first_credential, 0, 2);
	tcase_add_test(t, shows_it_again_where_nobody_saw_it);
	tcase_add_test(t, shows_it_again_when_neither_was_taken);
	tcase_add_test(t, keeps_to_its_credential_when_told);
	tcase_add_test(t, shows_no_certificate_that_does_not_fit);
	tcase_add_test(t, shows_no_certificate_of_another_kind);
	tcase_add_test(t, combines_two_round_trips);
	tcase_add_test(t, combines_the_first_block_only);
	tcase_add_test(t, goes_apart_when_the_proxy_refuses);
	tcase_add_loop_test(t, begins_anew_when_the_server_forgot_the_run, 0, 2);
	tcase_add_loop_test(t, names_the_session, 0, 3);
	tcase_add_test(t, names_no_session_when_not_told);
	tcase_add_test(t, names_the_new_session);
	tcase_add_test(t, names_the_new_session_after_new_anchors);
	tcase_add_test(t, names_no_session_for_ever);
	tcase_add_test(t, makes_a_directory_from_a_file);
	tcase_add_test(t, makes_no_directory_of_what_does_not_fit);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
