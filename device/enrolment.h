/* SPDX-License-Identifier: BSD-2-Clause
 * Serves the wishes of the enrolment machine with the key store, the socket and the clock, and
 * tells each step to the hooks of the socket. */
#ifndef ENROLMENT_H
#define ENROLMENT_H

#include "credentials.h"
#include "exchange.h"

struct enrolment {
	struct exchange *exchange;
	struct credentials_wish wish;
	struct enrol_config config;
};

/* Runs to the end, or until it is cancelled (ENROL_FAILED). SL_OK: *out says how it ended, free
 * it with enrol_free. SL_EAUTH: EDHOC ended it, *edhoc says how. Other errors: it could not begin.
 */
enum sl_err enrolment_run(const struct enrolment *run, struct enrol **out,
        enum exchange_outcome *edhoc, struct complaint *why) SL_MUST_USE;

#endif
