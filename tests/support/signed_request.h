/* SPDX-License-Identifier: BSD-2-Clause
 * Certification requests (RFC 2986) out of any parts, with signatures that verify: what fuzzing cannot
 * find by itself. Written without the project's own DER. */
#ifndef SIGNED_REQUEST_H
#define SIGNED_REQUEST_H

#include <sl/pkey.h>
#include <sl/writer.h>

/* One DER value around its content. */
void der_wrap(struct sl_writer *w, unsigned tag, struct sl_span content);
/* A Name of one CN, UTF8String. */
void der_common_name(struct sl_writer *w, const char *text);

/* A key that is always the same: P-256, P-384 or Ed25519. */
struct sl_pkey *fixed_key(enum sl_pkey_type type);
/* subject: a whole Name; attributes: what stands within [0]. The result borrows from out; empty when it
 * does not fit. */
struct sl_span signed_request(const struct sl_pkey *key, struct sl_span subject,
        struct sl_span attributes, struct sl_writer *out);

#endif
