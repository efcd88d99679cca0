/* SPDX-License-Identifier: BSD-2-Clause
 * A small list of certificates: from an EST answer (formats 281 and 287), to and from PEM text.
 * Pure. */
#ifndef CERTS_H
#define CERTS_H

#include <sl/buf.h>
#include <sl/err.h>
#include <sl/span.h>
#include <sl/x509.h>

#define CERTS_MAX       8
#define CERTS_BYTES_MAX (32 * 1024) /* DER of the whole list */
#define CERTS_PEM_MAX   (48 * 1024) /* the same as PEM */

/* Owns the bytes of its certificates. Moving the struct is fine, copying it is not. */
struct certs {
	struct sl_buf der;
	size_t offset[CERTS_MAX], len[CERTS_MAX];
	size_t count;
};

void certs_init(struct certs *list);
void certs_clear(struct certs *list);
/* SL_ELIMIT (more than CERTS_MAX, too many bytes), SL_EMALFORMED (no certificate), SL_ENOMEM. */
enum sl_err certs_add(struct certs *list, struct sl_span der) SL_MUST_USE;
struct sl_span certs_at(const struct certs *list, size_t i);
/* Fills at most CERTS_MAX spans, which borrow from the list; returns their number. */
size_t certs_spans(const struct certs *list, struct sl_span spans[static CERTS_MAX]);

/* The body of an answer; format 281 (also when the answer names none) or 287. An empty list is
 * refused. SL_EUNSUPPORTED (another format), SL_EMALFORMED, SL_ELIMIT, SL_ENOMEM. *list is
 * empty on failure. */
enum sl_err certs_from_body(
        struct certs *list, bool has_format, uint32_t format, struct sl_span body) SL_MUST_USE;
/* Every certificate of a PEM text. Errors as above. */
enum sl_err certs_from_pem(struct certs *list, struct sl_span text) SL_MUST_USE;
/* Appends. SL_ELIMIT, SL_ENOMEM, SL_EMALFORMED. */
enum sl_err certs_to_pem(const struct certs *list, struct sl_buf *out) SL_MUST_USE;

/* The first certificate whose public key is spki (DER); SL_ENOTFOUND. */
enum sl_err certs_find_key(const struct certs *list, struct sl_span spki, size_t *at) SL_MUST_USE;

#endif
