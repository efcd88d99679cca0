/* SPDX-License-Identifier: BSD-2-Clause
 * Credentials as files hold them: certificates in PEM (leaf first), one CWT Claims Set (a CBOR
 * map), or C509 certificates (CBOR arrays one behind the other, leaf first). Which it is shows in
 * the first bytes. */
#ifndef SL_CREDENTIAL_FILE_H
#define SL_CREDENTIAL_FILE_H

#include <sl/buf.h>
#include <sl/credentials.h>

#define SL_CREDENTIAL_FILE_MAX (32 * 1024) /* bytes of a file */

/* Spans borrow from bytes, which is on the heap: the struct may be moved. */
struct sl_credential_file {
	enum sl_credential_kind kind;
	struct sl_buf bytes;                /* owned */
	struct sl_span items[SL_CHAIN_MAX]; /* DER, C509 arrays, or the CCS */
	size_t count;                       /* at least 1 */
	struct sl_span cred;                /* CRED_x of items[0] */
};

/* SL_EMALFORMED (none of them, something behind it, empty, a PEM block of another kind),
 * SL_EUNSUPPORTED (the first one's key is not ours), SL_ELIMIT (longer than SL_CREDENTIAL_FILE_MAX,
 * more than SL_CHAIN_MAX), SL_ENOMEM. *f is written only on success; clear it. */
enum sl_err sl_credential_file_read(
        struct sl_credential_file *f, struct sl_span content) SL_MUST_USE;
void sl_credential_file_clear(struct sl_credential_file *f);

/* ID_CRED_x that refers to it, or carries it, as label says: kid (of the CCS) and kccs; x5t
 * (SHA-256/64), x5chain; c5t (SHA-256/64), c5c. SL_EUNSUPPORTED: the label does not fit the kind, or
 * the CCS has no kid. SL_ESPACE. */
enum sl_err sl_credential_file_id(const struct sl_credential_file *f, enum sl_id_cred_label label,
        struct sl_writer *w) SL_MUST_USE;
/* "kid", "kccs", "x5t", "x5chain", "c5t", "c5c". SL_ENOTFOUND. */
enum sl_err sl_credential_label(enum sl_id_cred_label *label, const char *name) SL_MUST_USE;
/* The name again; "" when it is none of those. */
const char *sl_credential_label_name(enum sl_id_cred_label label);

#endif
