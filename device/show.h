/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates, traffic and the state directory as members of a report. No secret passes here. */
#ifndef SHOW_H
#define SHOW_H

#include "report.h"

#include <sl/device.h>

/* The members of one certificate: subject, issuer, serial, not-before, not-after, key-type. */
void show_cert(struct report *r, struct sl_span der);
void show_certs(struct report *r, const char *name, const struct sl_span *certs, size_t count);
void show_link(struct report *r, const struct sl_device_link *link);
/* What crossed the link in the last call, and the sizes of EDHOC messages when there were any. */
void show_traffic(struct report *r, const struct sl_device_result *result);
/* Everything in the state directory, and what does not fit together. */
void show_state(struct report *r, const struct sl_device_state *s);

#endif
