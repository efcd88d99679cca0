/* SPDX-License-Identifier: BSD-2-Clause
 * The calls of <sl/device.h> over a real socket: the fake server answers in a thread of its own. */
#include "fake_est.h"
#include "machine.h"
#include "support.h"

#include <sl/device.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char dir[64], state[96];
static struct fake_est est; /* the thread's while a call blocks, ours between two calls */
static bool is_silent;
static int far_end;
static pthread_t thread;

static struct sl_device *d;
static const struct sl_device_result *r;
static enum sl_device_step steps[32];
static size_t step_count;
static bool cancels; /* once a step was told that waits */
static FILE *trace;

/* --- the far end ----------------------------------------------------------------------------- */

static void
answer(struct sl_span datagram, const struct sockaddr_in *peer)
{
	static struct fake_reply reply;
	static uint8_t bytes[2048];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_coap_msg msg;

	if (sl_coap_decode(&msg, datagram) != SL_OK || msg.type != SL_COAP_CON)
		return;
	fake_est_answer(&est, &msg, &reply);
	reply.msg.type = SL_COAP_ACK;
	reply.msg.message_id = msg.message_id;
	reply.msg.token_len = msg.token_len;
	memcpy(reply.msg.token, msg.token, sizeof msg.token);
	ck_assert_ok(sl_coap_encode(&w, &reply.msg));
	sendto(far_end, bytes, sl_writer_span(&w).len, 0, (const struct sockaddr *)peer,
	        sizeof *peer);
}

/* Until an empty datagram comes. */
static void *
serve(void *arg)
{
	uint8_t bytes[2048];
	struct sockaddr_in peer;

	(void)arg;
	for (;;) {
		socklen_t len = sizeof peer;
		ssize_t n =
		        recvfrom(far_end, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &len);

		if (n <= 0)
			return NULL;
		if (!is_silent)
			answer(sl_span(bytes, (size_t)n), &peer);
	}
}

static uint16_t
start_far_end(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET};
	socklen_t len = sizeof here;

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	far_end = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_ge(far_end, 0);
	ck_assert_int_eq(bind(far_end, (struct sockaddr *)&here, sizeof here), 0);
	ck_assert_int_eq(getsockname(far_end, (struct sockaddr *)&here, &len), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
	return ntohs(here.sin_port);
}

static void
stop_far_end(void)
{
	struct sockaddr_in here;
	socklen_t len = sizeof here;

	ck_assert_int_eq(getsockname(far_end, (struct sockaddr *)&here, &len), 0);
	sendto(far_end, "", 0, 0, (struct sockaddr *)&here, len);
	pthread_join(thread, NULL);
	close(far_end);
}

/* --- the near end ---------------------------------------------------------------------------- */

static void
on_progress(void *arg, const struct sl_device_progress *progress)
{
	ck_assert_ptr_eq(arg, &d);
	ck_assert_str_ne(progress->text, "");
	ck_assert((progress->wait_ms > 0) == (progress->step == SL_DEVICE_WAITING));
	ck_assert_uint_lt(step_count, ARRAY_LEN(steps));
	steps[step_count++] = progress->step;
}

static bool
is_cancelled(void *arg)
{
	ck_assert_ptr_eq(arg, &d);
	return cancels && (is_silent || steps[step_count - 1] == SL_DEVICE_WAITING);
}

static void
open_it(void)
{
	const struct sl_device_options options = {
	        .state = state, .hooks = {on_progress, is_cancelled, &d, trace}};
	struct sl_device_why why;

	ck_assert_msg(sl_device_open(&d, &options, &why) == SL_OK, "%s", why.text);
	r = sl_device_result(d);
}

static void
init(uint16_t port)
{
	char file[96], server[64];
	struct sl_device_where where = {.server = server, .root = "/est"};
	struct sl_device_why why;
	int fd;

	snprintf(server, sizeof server, "coap://127.0.0.1:%u", (unsigned)port);
	snprintf(file, sizeof file, "%s/provisioning", dir);
	fd = open(file, O_WRONLY | O_CREAT, 0400);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, fake_provisioning, strlen(fake_provisioning)),
	        (ssize_t)strlen(fake_provisioning));
	close(fd);
	ck_assert_msg(sl_device_init(state, file, &where, &why) == SL_OK, "%s", why.text);
}

static void
set_up(void)
{
	machine_make_dir(dir);
	snprintf(state, sizeof state, "%s/state", dir);
	fake_est_init(&est);
	is_silent = cancels = false;
	step_count = 0;
	trace = NULL;
	init(start_far_end());
	open_it();
}

static void
tear_down(void)
{
	ck_assert_uint_eq(est.replays, 0); /* no number twice, whatever the test did */
	sl_device_close(d);
	stop_far_end();
	fake_est_clear(&est);
	machine_remove_dir(state);
	machine_remove_dir(dir);
}

static enum sl_device_outcome
get(const char *path, uint64_t timeout_ms)
{
	const struct sl_device_request request = {.path = path, .timeout_ms = timeout_ms};

	return sl_device_get(d, &request);
}

static enum sl_device_outcome
enroll(uint64_t timeout_ms)
{
	const struct sl_device_enrolment wish = {.timeout_ms = timeout_ms};

	return sl_device_enroll(d, &wish);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
check_steps(const enum sl_device_step *want, size_t count)
{
	ck_assert_uint_eq(step_count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(steps[i] == want[i], "step %zu is %d, not %d", i, steps[i], want[i]);
}

/* --- one protected request ------------------------------------------------------------------- */

START_TEST(gets_an_answer)
{
	ck_assert_int_eq(get("/echo", 5000), SL_DEVICE_DONE);
	ck_assert_int_eq(r->outcome, SL_DEVICE_DONE);
	ck_assert_str_eq(r->text, "");
	ck_assert_uint_eq(r->code, SL_COAP_CHANGED);
	ck_assert(r->has_format);
	ck_assert_uint_eq(r->format, 42);
	ck_assert_uint_eq(r->protected_requests, 1 + est.echo_rounds);
	ck_assert_uint_eq(step_count, 1);
	ck_assert_int_eq(steps[0], SL_DEVICE_ASKING);
}
END_TEST

START_TEST(tells_a_refusal)
{
	ck_assert_int_eq(get("/nowhere", 5000), SL_DEVICE_REFUSED);
	ck_assert_uint_eq(r->code, SL_COAP_NOT_FOUND);
	ck_assert(sl_span_equal_text(r->body, "nothing here"));
	ck_assert_ptr_nonnull(strstr(r->text, "4.04: nothing here"));
	ck_assert_int_eq(sl_device_discover(d, 5000), SL_DEVICE_REFUSED);
	ck_assert_uint_eq(r->link_count, 0);
	ck_assert_int_eq(get("/echo", 5000), SL_DEVICE_DONE); /* nothing sticks */
	ck_assert_str_eq(r->text, "");
}
END_TEST

START_TEST(ends_at_the_timeout)
{
	uint64_t begun_ms = now_ms();

	is_silent = true;
	ck_assert_int_eq(get("/echo", 300), SL_DEVICE_NO_ANSWER);
	ck_assert_uint_ge(now_ms() - begun_ms, 300);
	ck_assert_uint_lt(now_ms() - begun_ms, 10000);
	ck_assert_str_ne(r->text, "");
	ck_assert_uint_eq(r->code, 0);
	is_silent = false;
	ck_assert_int_eq(get("/echo", 5000), SL_DEVICE_DONE);
}
END_TEST

START_TEST(ends_when_cancelled)
{
	uint64_t begun_ms = now_ms();

	is_silent = cancels = true;
	ck_assert_int_eq(get("/echo", 600000), SL_DEVICE_CANCELLED);
	ck_assert_uint_lt(now_ms() - begun_ms, 10000);
	ck_assert_str_eq(r->text, "cancelled");
	is_silent = cancels = false;
	ck_assert_int_eq(get("/echo", 5000), SL_DEVICE_DONE);
}
END_TEST

START_TEST(traces_when_told_to)
{
	static char text[8192];
	size_t len;

	sl_device_close(d);
	trace = tmpfile();
	ck_assert_ptr_nonnull(trace);
	open_it();
	ck_assert_int_eq(get("/nowhere", 5000), SL_DEVICE_REFUSED);
	rewind(trace);
	len = fread(text, 1, sizeof text - 1, trace);
	text[len] = '\0';
	fclose(trace);
	ck_assert_ptr_nonnull(strstr(text, "nowhere"));
	ck_assert_ptr_nonnull(strstr(text, "<- protected 4.04"));
	ck_assert_ptr_null(strstr(text, "0102030405060708"));
}
END_TEST

/* --- enrolment ------------------------------------------------------------------------------- */

START_TEST(keeps_the_anchors)
{
	const struct sl_device_state *s;

	ck_assert_int_eq(sl_device_crts(d, 5000), SL_DEVICE_DONE);
	ck_assert_uint_eq(r->anchor_count, 1);
	ck_assert_bytes(r->anchors[0], sl_span(est.ca, est.ca_len));
	ck_assert_uint_eq(r->certificate_count, 0);
	s = sl_device_show(d);
	ck_assert_uint_eq(s->anchor_count, 1);
	ck_assert_bytes(s->anchors[0], sl_span(est.ca, est.ca_len));
	ck_assert_int_eq(s->check, SL_ENOTFOUND);
}
END_TEST

START_TEST(enrols_and_renews)
{
	static const enum sl_device_step first[] = {SL_DEVICE_ASKING, SL_DEVICE_ANCHORS_KEPT,
	        SL_DEVICE_REQUEST_KEPT, SL_DEVICE_ASKING, SL_DEVICE_CERTIFICATE_KEPT};
	const struct sl_device_enrolment again = {
	        .timeout_ms = 5000, .is_rekey = true, .key = SL_DEVICE_KEY_P384};
	const struct sl_device_state *s;
	unsigned requests;

	ck_assert_msg(enroll(5000) == SL_DEVICE_DONE, "%s", r->text);
	check_steps(first, ARRAY_LEN(first));
	ck_assert_uint_eq(r->code, SL_COAP_CHANGED);
	ck_assert_uint_eq(r->certificate_count, 1);
	ck_assert_bytes(r->certificates[0], sl_span(est.issued[0].der, est.issued[0].len));
	s = sl_device_show(d);
	ck_assert_msg(s->check == SL_OK, "%s", s->problem);
	ck_assert(s->has_certificate && !s->has_pending_request);
	ck_assert_bytes(s->certificates[0], sl_span(est.issued[0].der, est.issued[0].len));

	requests = est.requests;
	ck_assert_int_eq(enroll(5000), SL_DEVICE_ENROLLED);
	ck_assert_uint_eq(est.requests, requests);
	ck_assert_ptr_nonnull(strstr(r->text, "valid certificate already"));

	ck_assert_msg(sl_device_reenroll(d, &again) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_bytes(r->certificates[0], sl_span(est.issued[1].der, est.issued[1].len));
	ck_assert_uint_eq(est.issued_count, 2);
}
END_TEST

START_TEST(keeps_no_certificate_for_another_key)
{
	est.gives_foreign_key = true;
	ck_assert_int_eq(enroll(5000), SL_DEVICE_BAD_ANSWER);
	ck_assert_uint_eq(r->certificate_count, 0);
	ck_assert_ptr_nonnull(strstr(r->text, "not acceptable"));
	ck_assert(!sl_device_show(d)->has_certificate);
}
END_TEST

START_TEST(tells_when_the_server_refuses)
{
	est.refuse_code = SL_COAP_FORBIDDEN;
	ck_assert_int_eq(enroll(5000), SL_DEVICE_REFUSED);
	ck_assert_uint_eq(r->code, SL_COAP_FORBIDDEN);
	ck_assert_ptr_nonnull(strstr(r->text, "4.03: not for you"));
}
END_TEST

START_TEST(comes_back_later_with_the_same_request)
{
	est.delays = 1;
	est.has_delay_max_age = true;
	est.delay_s = 100;
	ck_assert_int_eq(enroll(5000), SL_DEVICE_LATER);
	ck_assert_uint_eq(r->wait_s, 100);
	ck_assert(sl_device_show(d)->has_pending_request);
	step_count = 0;
	ck_assert_msg(enroll(5000) == SL_DEVICE_DONE, "%s", r->text);
	ck_assert_int_eq(steps[0], SL_DEVICE_REQUEST_RESUMED);
	ck_assert(!est.csr_changed);
}
END_TEST

START_TEST(waits_as_told_until_cancelled)
{
	uint64_t begun_ms = now_ms();

	est.delays = 1;
	est.has_delay_max_age = true;
	est.delay_s = 100;
	cancels = true;
	ck_assert_int_eq(enroll(600000), SL_DEVICE_CANCELLED);
	ck_assert_uint_lt(now_ms() - begun_ms, 20000);
	ck_assert_int_eq(steps[step_count - 1], SL_DEVICE_WAITING);
	ck_assert_str_eq(r->text, "cancelled");
	ck_assert(sl_device_show(d)->has_pending_request);
}
END_TEST

START_TEST(has_nothing_to_renew)
{
	const struct sl_device_enrolment wish = {.timeout_ms = 5000};

	ck_assert_int_eq(sl_device_reenroll(d, &wish), SL_DEVICE_FAILED);
	ck_assert_ptr_nonnull(strstr(r->text, "no certificate to renew"));
}
END_TEST

/* --- misuse ---------------------------------------------------------------------------------- */

static const char long_name[] = "12345678901234567890123456789012345678901234567890123456789012345";

static const struct {
	const char *because;
	bool is_renewal;
	struct sl_device_enrolment wish;
} bad_wishes[] = {
        {"certificates come as 281 or 287", false, {.accept = 60}},
        {"and renewed ones, too", true, {.accept = 60}},
        {"there is no such kind of key", false, {.key = (enum sl_device_key)4}},
        {"a CommonName is not empty", false, {.common_name = ""}},
        {"a CommonName has at most 64 characters", false, {.common_name = long_name}},
        {"a first certificate has no old key", false, {.is_rekey = true}},
        {"the key stays when it is not a rekey", true, {.key = SL_DEVICE_KEY_P256}},
        {"the names stay", true, {.common_name = "a"}},
        {"there is nothing to force", true, {.is_forced = true}},
};

START_TEST(asks_nobody_when_misused)
{
	enum sl_device_outcome outcome = bad_wishes[_i].is_renewal
	                                         ? sl_device_reenroll(d, &bad_wishes[_i].wish)
	                                         : sl_device_enroll(d, &bad_wishes[_i].wish);

	ck_assert_msg(outcome == SL_DEVICE_MISUSED, "%s", bad_wishes[_i].because);
	ck_assert_int_eq(r->outcome, SL_DEVICE_MISUSED);
	ck_assert_str_ne(r->text, "");
	ck_assert_uint_eq(est.requests, 0);
}
END_TEST

START_TEST(asks_nobody_about_a_bad_path)
{
	const struct sl_device_request far_format = {
	        .path = "/a", .has_accept = true, .accept = 65536};
	char path[258] = "/";

	memset(path + 1, 'a', 255);
	ck_assert_int_eq(get(NULL, 5000), SL_DEVICE_MISUSED);
	ck_assert_int_eq(get("/a//b", 5000), SL_DEVICE_MISUSED);
	ck_assert_int_eq(get(path, 5000), SL_DEVICE_MISUSED);
	ck_assert_int_eq(sl_device_get(d, &far_format), SL_DEVICE_MISUSED);
	ck_assert_uint_eq(est.requests, 0);
	path[255] = '\0';
	is_silent = true;
	ck_assert_int_eq(get(path, 200), SL_DEVICE_NO_ANSWER); /* 255 characters are fine */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_calls");
	TCase *t = tcase_create("calls");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, gets_an_answer);
	tcase_add_test(t, tells_a_refusal);
	tcase_add_test(t, ends_at_the_timeout);
	tcase_add_test(t, ends_when_cancelled);
	tcase_add_test(t, traces_when_told_to);
	tcase_add_test(t, keeps_the_anchors);
	tcase_add_test(t, enrols_and_renews);
	tcase_add_test(t, keeps_no_certificate_for_another_key);
	tcase_add_test(t, tells_when_the_server_refuses);
	tcase_add_test(t, comes_back_later_with_the_same_request);
	tcase_add_test(t, waits_as_told_until_cancelled);
	tcase_add_test(t, has_nothing_to_renew);
	tcase_add_loop_test(t, asks_nobody_when_misused, 0, ARRAY_LEN(bad_wishes));
	tcase_add_test(t, asks_nobody_about_a_bad_path);
	suite_add_tcase(s, t);
	return run_suite(s);
}
