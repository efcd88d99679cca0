/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of whole runs share. */
#ifndef TESTS_EDHOC_RUN_SHARED_H
#define TESTS_EDHOC_RUN_SHARED_H

#include "edhoc_lab.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

static struct lab l;

static void
set_up(void)
{
	lab_init(&l);
	l.last_mid = -1;
}

static void
tear_down(void)
{
	lab_clear(&l);
}

static void
ends(enum edhoc_run_outcome want)
{
	ck_assert(edhoc_run_is_finished(l.run));
	ck_assert_msg(edhoc_run_outcome(l.run) == want, "outcome %d (%s), not %d",
	        edhoc_run_outcome(l.run), edhoc_run_text(l.run), want);
	ck_assert_uint_eq(edhoc_run_wakeup(l.run), UINT64_MAX);
	if (want == EDHOC_RUN_DONE || want == EDHOC_RUN_HALFWAY)
		ck_assert_str_eq(edhoc_run_text(l.run), "");
	else
		ck_assert_str_ne(edhoc_run_text(l.run), "");
}

static void
says(const char *part)
{
	ck_assert_msg(strstr(edhoc_run_text(l.run), part) != NULL, "%s", edhoc_run_text(l.run));
}

#endif
