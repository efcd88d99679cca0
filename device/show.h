/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates and the state directory as members of a report. No secret passes here. */
#ifndef SHOW_H
#define SHOW_H

#include "certs.h"
#include "device.h"
#include "report.h"

/* The members of one certificate: subject, issuer, serial, not-before, not-after, key-type. */
void show_cert(struct report *r, struct sl_span der);
void show_certs(struct report *r, const char *name, const struct certs *list);
/* Everything in the state directory. SL_OK, or why it does not fit together (after telling it). */
enum sl_err show_device(
        struct report *r, const struct device *d, int64_t now, struct complaint *why) SL_MUST_USE;

#endif
