/* SPDX-License-Identifier: BSD-2-Clause
 * The writers of lib/x509 beside its readers: requests that are signed here, certificates that are
 * issued here, and what is read of them again. */
#ifndef ISSUE_H
#define ISSUE_H

#include <sl/x509.h>

/* Type of the key, length of the subject, subject, attributes. */
void try_signed(struct sl_span input);
/* Settings of a certificate: issue.c says which. */
void try_issue(struct sl_span input);

#endif
