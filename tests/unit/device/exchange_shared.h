/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of whole exchanges of the device share. */
#ifndef TESTS_EXCHANGE_SHARED_H
#define TESTS_EXCHANGE_SHARED_H

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

#endif
