/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
machine_make_dir(char dir[64])
{
	snprintf(dir, 64, "/dev/shm/sealift-XXXXXX");
	if (mkdtemp(dir) != NULL)
		return;
	snprintf(dir, 64, "/tmp/sealift-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

void
machine_remove_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	char path[512];

	while (d != NULL && (entry = readdir(d)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		unlink(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static struct moment
now(const struct machine *m)
{
	struct moment t = {m->link->now_ms, FAKE_EST_EPOCH + (int64_t)(m->link->now_ms / 1000)};

	return t;
}

enum sl_err
machine_create(
        const char *dir, const char *provisioning, const char *settings, struct complaint *why)
{
	const struct keystore_content contents[] = {
	        {KEYSTORE_SETTINGS, sl_span_text(settings)},
	        {KEYSTORE_PROVISIONING, sl_span_text(provisioning)},
	};

	return keystore_create(dir, contents, ARRAY_LEN(contents), why);
}

void
machine_init(struct machine *m, const struct machine_config *config, struct fake_link *link)
{
	static const char settings[] = "{\"server\": \"coap://127.0.0.1\", \"root\": \"/est\"}";
	struct complaint why;

	memset(m, 0, sizeof *m);
	m->config = *config;
	m->link = link;
	m->draw = sl_draw_from(link->config.seed);
	machine_make_dir(m->dir);
	ck_assert_ok(machine_create(m->dir, fake_provisioning, settings, &why));
}

/* The power is gone: what is in memory is lost, what was durable stays. */
static void
off(struct machine *m)
{
	if (!m->is_on)
		return;
	session_free(m->session);
	enrol_free(m->enrol);
	device_close(&m->device);
	m->session = NULL;
	m->enrol = NULL;
	m->is_on = m->is_asking = false;
}

void
machine_clear(struct machine *m)
{
	off(m);
	machine_remove_dir(m->dir);
}

static void
boot(struct machine *m)
{
	struct session_config config = m->config.session;
	struct complaint why;

	if (m->is_on)
		return;
	for (size_t i = 0; i < sizeof config.seed; i++)
		config.seed[i] = (uint8_t)sl_draw_next(&m->draw);
	ck_assert_ok(device_open(&m->device, m->dir, &why));
	ck_assert_ok(session_new(&m->session, &m->device.ctx, &config));
	m->is_on = true;
	m->boots++;
}

static void
start(struct machine *m, enum enrol_operation operation)
{
	struct enrol_config config = {.operation = operation,
	        .root = "/est",
	        .accept = 281,
	        .give_up_ms = m->config.give_up_ms};
	struct certs anchors;
	struct complaint why;
	enum sl_err err;

	boot(m);
	certs_init(&anchors);
	err = credentials_load(&m->device.ks, KEYSTORE_ANCHORS, &anchors, &why);
	ck_assert(err == SL_OK || err == SL_ENOTFOUND);
	enrol_free(m->enrol);
	ck_assert_ok(enrol_new(&m->enrol, &config, &anchors, now(m)));
	certs_clear(&anchors);
}

static bool
power_fails(struct machine *m)
{
	if (m->cuts >= m->config.cuts_max ||
	        sl_draw_between(&m->draw, 0, 999) >= m->config.cut_permille)
		return false;
	m->cuts++;
	off(m);
	return true;
}

static void
prepare(struct machine *m)
{
	struct credentials_request request;
	struct complaint why = {""};

	ck_assert_msg(credentials_prepare(&m->device.ks, &m->config.wish, &request, &why) == SL_OK,
	        "%s", why.text);
	if (power_fails(m))
		return;
	enrol_on_prepared(m->enrol, sl_span(request.csr, request.csr_len),
	        sl_span(request.spki, request.spki_len));
}

static void
keep(struct machine *m, enum enrol_want want)
{
	if (want == ENROL_KEEP_ANCHORS)
		ck_assert_ok(credentials_keep_anchors(&m->device.ks, enrol_anchors(m->enrol)));
	else
		ck_assert_ok(credentials_keep_cert(&m->device.ks, enrol_issued(m->enrol)));
	if (!power_fails(m))
		enrol_on_kept(m->enrol);
}

static void
reserve(struct machine *m)
{
	uint64_t limit = session_reserve_limit(m->session);

	if (power_fails(m))
		return;
	ck_assert_ok(keystore_reserve(&m->device.ks, limit));
	if (!power_fails(m))
		session_on_reserved(m->session, limit, m->link->now_ms);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
flush(struct machine *m)
{
	struct sl_span datagram;

	while (session_next(m->session, &datagram))
		fake_link_send(m->link, datagram);
}

/* Until the next thing happens on the link, in the session, or at until_ms. */
static void
pass_time(struct machine *m, uint64_t until_ms)
{
	const struct fake_flight *f;
	uint64_t when = earlier(fake_link_wakeup(m->link), session_wakeup(m->session));

	when = earlier(when, until_ms);
	ck_assert_msg(when != UINT64_MAX, "nothing will ever happen");
	while ((f = fake_link_step(m->link, when)) != NULL) {
		session_on_datagram(m->session, sl_span(f->bytes, f->len), m->link->now_ms);
		flush(m);
	}
	session_on_time(m->session, m->link->now_ms);
}

/* True when the session has ended. */
static bool
drive_session(struct machine *m)
{
	switch (session_wants(m->session)) {
	case SESSION_RESERVE:
		reserve(m);
		return false;
	case SESSION_WAIT:
		flush(m);
		pass_time(m, UINT64_MAX);
		return false;
	default:
		flush(m);
		return true;
	}
}

static void
ask(struct machine *m)
{
	if (!m->is_asking) {
		ck_assert_ok(session_start(m->session, enrol_request(m->enrol), m->link->now_ms));
		session_end_by(m->session, enrol_deadline(m->enrol));
		m->is_asking = true;
	} else if (drive_session(m)) {
		m->is_asking = false;
		enrol_on_result(m->enrol, session_result(m->session), now(m));
	}
}

static void
turn(struct machine *m)
{
	enum enrol_want want = enrol_wants(m->enrol);

	switch (want) {
	case ENROL_ASK:
		ask(m);
		break;
	case ENROL_PREPARE:
		prepare(m);
		break;
	case ENROL_KEEP_ANCHORS:
	case ENROL_KEEP_CERT:
		keep(m, want);
		break;
	case ENROL_PAUSE:
		pass_time(m, enrol_wakeup(m->enrol));
		enrol_on_time(m->enrol, m->link->now_ms);
		break;
	case ENROL_FINISHED:
		break;
	}
}

enum enrol_outcome
machine_enrol(struct machine *m, enum enrol_operation operation)
{
	struct complaint why;
	uint64_t steps = 0;

	m->config.wish.operation = operation;
	if (m->config.wish.common_name == NULL)
		m->config.wish.common_name = "device-1";
	start(m, operation);
	while (!m->is_on || enrol_wants(m->enrol) != ENROL_FINISHED) {
		ck_assert_msg(++steps < 1000000, "no end");
		if (!m->is_on)
			start(m, operation);
		turn(m);
		if (m->is_on && enrol_wants(m->enrol) == ENROL_FINISHED)
			break;
		if (m->is_on)
			(void)power_fails(m);
		/* The machine was cut after the certificate was adopted: there is nothing left
		 * to ask. */
		if (!m->is_on && m->config.cuts_max > 0) {
			boot(m);
			if (operation == ENROL_SEN &&
			        credentials_check(&m->device.ks, now(m).posix_s, &why) == SL_OK)
				return ENROL_DONE;
			off(m);
		}
	}
	return enrol_outcome(m->enrol);
}

const struct session_result *
machine_ask(struct machine *m, const struct inner_request *request)
{
	boot(m);
	ck_assert_ok(session_start(m->session, request, m->link->now_ms));
	while (!drive_session(m))
		continue;
	return session_result(m->session);
}
