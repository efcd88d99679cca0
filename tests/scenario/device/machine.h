/* SPDX-License-Identifier: BSD-2-Clause
 * The device's core, key store and credentials under test, driven by the simulated link and
 * clock in place of coap_side.c and enrolment.c. The power can be cut between any two steps. */
#ifndef MACHINE_H
#define MACHINE_H

#include "credentials.h"
#include "device.h"
#include "enrol.h"
#include "fake_link.h"
#include "session.h"

struct machine_config {
	struct credentials_wish wish;
	struct session_config session;
	uint64_t give_up_ms;
	unsigned cut_permille; /* per step */
	unsigned cuts_max;     /* then the power stays */
};

struct machine {
	char dir[64];
	struct machine_config config;
	struct device device;
	struct session *session;
	struct enrol *enrol;
	struct fake_link *link;
	struct sl_draw draw;
	bool is_asking, is_on;
	unsigned cuts, boots;
};

/* A temporary directory (in memory where there is one); NULL-safe removal of all of it. */
void machine_make_dir(char dir[64]);
void machine_remove_dir(const char *dir);

/* A state directory with these two files. */
enum sl_err machine_create(const char *dir, const char *provisioning, const char *settings,
        struct complaint *why) SL_MUST_USE;

/* Initialises the state directory too. */
void machine_init(struct machine *m, const struct machine_config *config, struct fake_link *link);
void machine_clear(struct machine *m);
/* One enrolment, with as many boots as the cuts need. Returns its outcome; simulated time is in
 * the link. */
enum enrol_outcome machine_enrol(struct machine *m, enum enrol_operation operation);
/* One protected request from a booted or new machine; the session's result is borrowed until
 * the next. */
const struct session_result *machine_ask(struct machine *m, const struct inner_request *request);

#endif
