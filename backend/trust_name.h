/* SPDX-License-Identifier: BSD-2-Clause
 * The identity of a peer out of the subject of its certificate: a template with {common-name} and
 * {serial-number} (the attribute, RFC 5280 appendix A.1, not the certificate's number). Pure. */
#ifndef TRUST_NAME_H
#define TRUST_NAME_H

#include <sl/credentials.h>

#include "policy.h"

/* The DER Name of a certificate's subject. SL_EMALFORMED; SL_EUNSUPPORTED: it is none. */
enum sl_err trust_name_subject(
        const struct sl_credential *certificate, uint8_t *out, size_t cap, size_t *len) SL_MUST_USE;
/* An attribute that is not there, or there twice, or no UTF-8, Printable or IA5 text, makes no
 * identity; nor does one that policy_identity_is_fine refuses. SL_EMALFORMED, SL_ENOTFOUND, SL_ESPACE. */
enum sl_err trust_name_fill(char identity[static POLICY_IDENTITY_MAX + 1], const char *template,
        struct sl_span subject) SL_MUST_USE;

#endif
