/* SPDX-License-Identifier: BSD-2-Clause
 * Names in certificates (RFC 5280 sections 4.1.2.6 and 4.2.1.6), as DER. Pure. */
#ifndef NAMES_H
#define NAMES_H

#include <sl/err.h>
#include <sl/span.h>

/* The first CommonName of a Name, when it is of a kind of one byte per character, or UTF-8.
 * Borrowed. SL_ENOTFOUND. */
enum sl_err names_common_name(struct sl_span name, struct sl_span *text) SL_MUST_USE;
/* Whether it is this one, and whether GeneralNames hold it as dNSName; the case of ASCII letters
 * does not count. */
bool names_has_common_name(struct sl_span name, const char *want);
bool names_has_dns_name(struct sl_span general_names, const char *want);

#endif
