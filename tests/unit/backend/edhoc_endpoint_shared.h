/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of the EDHOC end point share. */
#ifndef TESTS_EDHOC_ENDPOINT_SHARED_H
#define TESTS_EDHOC_ENDPOINT_SHARED_H

#include "edhoc_fixture.h"

#include <stdio.h>
#include <string.h>

#include <sl/cbor.h>
#include <sl/credential_file.h>
#include <sl/text.h>

#include "files.h"

static struct edhoc_fixture f;
static struct initiator me, other;
static struct device d;
static struct edhoc_reply reply;

static void
start(void)
{
	edhoc_fixture_make(&f);
}

static void
end(void)
{
	initiator_clear(&me);
	initiator_clear(&other);
	device_clear(&d);
	edhoc_fixture_remove(&f);
}

static uint8_t
ask_for_certificates(void)
{
	struct sl_coap_msg msg;

	make_get(&msg, "/est/crts");
	return device_ask(&d, &f.base, &msg);
}

/* --- runs ----------------------------------------------------------------------------------------------- */

static struct sl_span
id_cred(int64_t label, struct sl_span value)
{
	uint8_t bytes[600];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	sl_cbor_write_map(&w, 1);
	sl_cbor_write_int(&w, label);
	sl_write_span(&w, value);
	return heap_copy(sl_writer_span(&w));
}

#endif
