/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of the session share. */
#ifndef TESTS_SESSION_SHARED_H
#define TESTS_SESSION_SHARED_H

#include "run.h"

#include <sl/cbor.h>

#include <string.h>

static struct run run;
static struct session v;

static void
setup(void)
{
	v = trace_load("rfc9529_trace2.json");
	run.v = &v;
}

static void
teardown(void)
{
	run_end(&run);
}

/* Brings a fresh run of either role into the state. */
static void
bring(enum sl_edhoc_role role, enum sl_edhoc_state state)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;
	bool is_i = role == SL_EDHOC_INITIATOR;

	run_start(&run, &v, role);
	while (run.s.state != state) {
		switch (run.s.state) {
		case SL_EDHOC_START:
			ck_assert_ok(state == SL_EDHOC_ABORTED ? (sl_edhoc_abort(&run.s), SL_OK)
			             : is_i                    ? run_write_1(&run, &out)
			                    : run_read(&run, 1, v.message[1], &seen));
			break;
		case SL_EDHOC_VRFD_M1:
			ck_assert_ok(run_write_2(&run, &out));
			break;
		case SL_EDHOC_WAIT_M2:
			ck_assert_ok(run_read(&run, 2, v.message[2], &seen));
			break;
		case SL_EDHOC_WAIT_M3:
			ck_assert_ok(run_read(&run, 3, v.message[3], &seen));
			break;
		case SL_EDHOC_READ_M2:
		case SL_EDHOC_READ_M3:
			ck_assert_ok(run_verify(&run));
			break;
		case SL_EDHOC_VRFD_M2:
			ck_assert_ok(sl_edhoc_write_message_3(&run.s, v.ead[3], &out));
			break;
		case SL_EDHOC_COMPLETED:
			ck_assert_ok(is_i ? run_read(&run, 4, v.message[4], &seen)
			                  : sl_edhoc_write_message_4(&run.s, v.ead[4], &out));
			break;
		default:
			ck_abort_msg("no way on from state %d", run.s.state);
		}
	}
}

enum step {
	WRITE_1,
	READ_1,
	WRITE_2,
	READ_2,
	WRITE_3,
	READ_3,
	WRITE_4,
	READ_4,
	VERIFY,
	CONFIRM,
	ERROR,
	EXPORT,
	OSCORE,
	UPDATE,
	STEPS,
};

static enum sl_err
take(enum step step)
{
	static const uint8_t error[] = {0x01, 0x60};
	struct sl_edhoc_error seen_error;
	struct sl_edhoc_oscore oscore;
	struct sl_edhoc_seen seen;
	struct sl_span out;
	uint8_t key[16];

	switch (step) {
	case WRITE_1:
		return run_write_1(&run, &out);
	case WRITE_2: {
		struct sl_edhoc_message_2 in = {
		        private_key(SL_PKEY_P256, v.y), v.c_r, &run.own, {NULL, 0}};

		return sl_edhoc_write_message_2(&run.s, &in, &out);
	}
	case WRITE_3:
		return sl_edhoc_write_message_3(&run.s, v.ead[3], &out);
	case WRITE_4:
		return sl_edhoc_write_message_4(&run.s, v.ead[4], &out);
	case READ_1:
	case READ_2:
	case READ_3:
	case READ_4:
		return run_read(
		        &run, 1 + (step - READ_1) / 2, v.message[1 + (step - READ_1) / 2], &seen);
	case VERIFY:
		return run_verify(&run);
	case CONFIRM:
		return sl_edhoc_confirm(&run.s);
	case ERROR:
		return sl_edhoc_read_error(&run.s, sl_span(error, sizeof error), &seen_error);
	case EXPORT:
		return sl_edhoc_export(&run.s, 32768, sl_span(NULL, 0), key, sizeof key);
	case OSCORE:
		return sl_edhoc_oscore(&run.s, &oscore);
	default:
		return sl_edhoc_key_update(&run.s, sl_span("x", 1));
	}
}

static void
ck_error(const char *want)
{
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, hex(want).len - 1);

	ck_assert_err(sl_edhoc_write_error(&run.s, &w), SL_ESPACE); /* still owed */
	w = sl_writer_over(bytes, sizeof bytes);
	ck_assert_ok(sl_edhoc_write_error(&run.s, &w));
	ck_assert_bytes(sl_writer_span(&w), hex(want));
	ck_assert_err(sl_edhoc_write_error(&run.s, &w), SL_ENOTFOUND);
}

#endif
