/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of single steps share. */
#ifndef TESTS_EDHOC_STEPS_SHARED_H
#define TESTS_EDHOC_STEPS_SHARED_H

#include "edhoc_lab.h"
#include "fake_est.h"
#include "support.h"

#include <sl/c509.h>

#include <stdio.h>
#include <string.h>

static struct lab l;
static struct fake_party ca, other;

static void
set_up(void)
{
	lab_init(&l);
	l.last_mid = -1;
	memset(&ca, 0, sizeof ca);
	memset(&other, 0, sizeof other);
}

static void
tear_down(void)
{
	lab_clear(&l);
	fake_party_clear(&ca);
	fake_party_clear(&other);
}

static void
ends(enum edhoc_run_outcome want)
{
	uint8_t out[16];

	ck_assert(edhoc_run_is_finished(l.run));
	ck_assert_msg(edhoc_run_outcome(l.run) == want, "outcome %d (%s), not %d",
	        edhoc_run_outcome(l.run), edhoc_run_text(l.run), want);
	if (want == EDHOC_RUN_DONE)
		return;
	ck_assert_str_ne(edhoc_run_text(l.run), "");
	ck_assert_err(edhoc_run_export(l.run, 0, hex(""), out, sizeof out), SL_EREPLAY);
	ck_assert(!l.far.has_context);
}

static void
says(const char *part)
{
	ck_assert_msg(strstr(edhoc_run_text(l.run), part) != NULL, "%s", edhoc_run_text(l.run));
}

/* --- the server, or somebody in its place, refuses -------------------------------------------- */

static const struct {
	const char *message; /* hex */
	const char *text;
} errors[] = {
        {"01 69 6e6f 22 0a 1b5b6d 74 65", "the server refused: \"no\\x22\\x0a\\x1b[mte\""},
        {"03 f5", "the server refused: it does not know our credential"},
        {"18 2a 82 01 02", "the server refused: EDHOC error 42"},
        {"20 60", "the server refused: EDHOC error -1"},
};

#endif
