/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of the authority share. */
#ifndef TESTS_CA_SHARED_H
#define TESTS_CA_SHARED_H

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static struct lab lab;
static struct sl_pkey *key;
static struct ca_answer first, again;

static void
setup(void)
{
	lab_make(&lab, NULL);
	lab_start(&lab);
	key = lab_key(SL_PKEY_P256);
}

static void
teardown(void)
{
	sl_pkey_free(key);
	lab_remove(&lab);
}

static struct sl_span
answer_der(const struct ca_answer *answer)
{
	return sl_span(answer->certificate, answer->certificate_len);
}

#define ck_outcome(expr, want, answer)                                                             \
	do {                                                                                       \
		enum ca_outcome got_ = (expr);                                                     \
		ck_assert_msg(got_ == (want), "%s: got %s (%s), want %s", #expr,                   \
		        ca_outcome_name(got_), (answer).diagnostic, ca_outcome_name(want));        \
	} while (0)

static void
enrol_first(void)
{
	ck_outcome(lab_enrol(&lab, "device-1", lab_csr(key, "device-1", NULL), &first), CA_ISSUED,
	        first);
}

#endif
