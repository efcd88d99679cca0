/* SPDX-License-Identifier: BSD-2-Clause
 * Files of credentials: certificates in PEM (RFC 7468 section 5), CWT Claims Sets, C509. */
#include "inside.h"

#include <sl/c509.h>
#include <sl/credential_file.h>
#include <sl/x509.h>

#include <string.h>

#define SHA256_64 (-15)
#define HEAD_MAX  9 /* of a byte string */

static const char pem_line[] = "-----";
static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";
static const char pem_end[] = "-----END CERTIFICATE-----";

/* --- reading --------------------------------------------------------------------------------- */

static size_t
find(struct sl_span text, const char *mark)
{
	const uint8_t *at = text.len > 0 ? memmem(text.ptr, text.len, mark, strlen(mark)) : NULL;

	return at == NULL ? text.len : (size_t)(at - text.ptr);
}

static struct sl_span
from(struct sl_span text, size_t at)
{
	return sl_span(text.ptr + at, text.len - at);
}

/* Takes the next block off the text. SL_ENOTFOUND: there is none. Between blocks may stand what no
 * block begins with. */
static enum sl_err
take_block(struct sl_span *text, struct sl_span *block)
{
	size_t begin = find(*text, pem_begin), end;

	if (find(*text, pem_line) < begin)
		return SL_EMALFORMED; /* a block of another kind, such as a private key */
	if (begin == text->len)
		return SL_ENOTFOUND;
	*text = from(*text, begin);
	end = find(*text, pem_end);
	if (end == text->len)
		return SL_EMALFORMED;
	end += sizeof pem_end - 1;
	*block = sl_span(text->ptr, end);
	*text = from(*text, end);
	return SL_OK;
}

static enum sl_err
add_der(struct sl_credential_file *f, struct sl_span der)
{
	uint8_t head[HEAD_MAX];
	struct sl_writer w = sl_writer_over(head, sizeof head);
	struct sl_cert cert;
	enum sl_err err = SL_OK;

	if (f->count == SL_CHAIN_MAX)
		return SL_ELIMIT;
	sl_cbor_write_bytes_head(&w, der.len);
	if (f->count == 0)
		err = sl_buf_add(&f->bytes, sl_writer_span(&w));
	else
		err = sl_cert_decode(&cert, der);
	if (err == SL_OK)
		err = sl_buf_add(&f->bytes, der);
	if (err == SL_OK)
		f->items[f->count++].len = der.len;
	return err;
}

/* The bytes become CRED_x of the first certificate, and the others behind it. */
static enum sl_err
read_pem(struct sl_credential_file *f, struct sl_span text)
{
	uint8_t der[SL_X509_MAX];
	struct sl_span block;
	size_t len = 0, at;
	enum sl_err err;

	while ((err = take_block(&text, &block)) == SL_OK) {
		err = sl_cert_from_text(block, der, sizeof der, &len);
		if (err == SL_OK)
			err = add_der(f, sl_span(der, len));
		if (err != SL_OK)
			return err == SL_ESPACE ? SL_EMALFORMED : err;
	}
	if (err != SL_ENOTFOUND || f->count == 0)
		return SL_EMALFORMED;
	at = f->bytes.len;
	for (size_t i = f->count; i > 0; i--) {
		at -= f->items[i - 1].len;
		f->items[i - 1].ptr = f->bytes.bytes + at;
	}
	f->cred = sl_span(f->bytes.bytes, at + f->items[0].len);
	return SL_OK;
}

static enum sl_err
read_c509(struct sl_credential_file *f, struct sl_span content)
{
	enum sl_err err = sl_buf_add(&f->bytes, content);
	struct sl_reader r = sl_reader_over(sl_buf_view(&f->bytes));
	struct sl_c509_cert cert;

	while (err == SL_OK && r.left.len > 0) {
		struct sl_span item = sl_cbor_read_item(&r);

		if (f->count == SL_CHAIN_MAX)
			return r.failed ? SL_EMALFORMED : SL_ELIMIT;
		err = r.failed ? SL_EMALFORMED : sl_c509_decode(&cert, item, false);
		f->items[f->count++] = item;
	}
	f->cred = f->items[0];
	return err;
}

static enum sl_err
read_ccs(struct sl_credential_file *f, struct sl_span content)
{
	enum sl_err err = sl_buf_add(&f->bytes, content);

	f->items[0] = f->cred = sl_buf_view(&f->bytes);
	f->count = 1;
	return err;
}

static enum sl_err
read_kind(struct sl_credential_file *f, struct sl_span content)
{
	struct sl_reader r = sl_reader_over(content);

	switch (sl_cbor_peek(&r)) {
	case SL_CBOR_MAP:
		f->kind = SL_CREDENTIAL_CCS;
		return read_ccs(f, content);
	case SL_CBOR_ARRAY:
		f->kind = SL_CREDENTIAL_C509;
		return read_c509(f, content);
	default:
		f->kind = SL_CREDENTIAL_X509;
		return read_pem(f, content);
	}
}

enum sl_err
sl_credential_file_read(struct sl_credential_file *f, struct sl_span content)
{
	struct sl_credential_file got = {.count = 0};
	struct sl_credential first;
	enum sl_err err;

	if (content.len > SL_CREDENTIAL_FILE_MAX)
		return SL_ELIMIT;
	sl_buf_init(&got.bytes, SL_CREDENTIAL_FILE_MAX + HEAD_MAX);
	err = read_kind(&got, content);
	if (err == SL_OK)
		err = sl_credential_decode(&first, got.cred);
	if (err != SL_OK) {
		sl_credential_file_clear(&got);
		return err;
	}
	sl_credential_clear(&first);
	*f = got;
	return SL_OK;
}

void
sl_credential_file_clear(struct sl_credential_file *f)
{
	sl_buf_clear(&f->bytes);
	*f = (struct sl_credential_file){.bytes = f->bytes};
}

/* --- referring to it ------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum sl_id_cred_label label;
	enum sl_credential_kind kind; /* that it fits */
} labels[] = {
        {"kid", SL_LABEL_KID, SL_CREDENTIAL_CCS},
        {"kccs", SL_LABEL_KCCS, SL_CREDENTIAL_CCS},
        {"x5t", SL_LABEL_X5T, SL_CREDENTIAL_X509},
        {"x5chain", SL_LABEL_X5CHAIN, SL_CREDENTIAL_X509},
        {"c5t", SL_LABEL_C5T, SL_CREDENTIAL_C509},
        {"c5c", SL_LABEL_C5C, SL_CREDENTIAL_C509},
};

#define LABELS (sizeof labels / sizeof labels[0])

enum sl_err
sl_credential_label(enum sl_id_cred_label *label, const char *name)
{
	for (size_t i = 0; i < LABELS; i++)
		if (strcmp(labels[i].name, name) == 0) {
			*label = labels[i].label;
			return SL_OK;
		}
	return SL_ENOTFOUND;
}

const char *
sl_credential_label_name(enum sl_id_cred_label label)
{
	for (size_t i = 0; i < LABELS; i++)
		if (labels[i].label == label)
			return labels[i].name;
	return "";
}

static enum sl_err
write_kid(const struct sl_credential_file *f, struct sl_writer *w)
{
	struct sl_credential ccs;
	enum sl_err err = sl_credential_decode(&ccs, f->cred);

	if (err != SL_OK)
		return err;
	if (ccs.has_kid)
		sl_id_cred_write_kid(w, ccs.kid);
	else
		err = SL_EUNSUPPORTED;
	sl_credential_clear(&ccs);
	return err;
}

enum sl_err
sl_credential_file_id(
        const struct sl_credential_file *f, enum sl_id_cred_label label, struct sl_writer *w)
{
	enum sl_err err = SL_OK;
	size_t i = 0;

	while (i < LABELS && (labels[i].label != label || labels[i].kind != f->kind))
		i++;
	if (i == LABELS)
		return SL_EUNSUPPORTED;
	if (label == SL_LABEL_KID)
		err = write_kid(f, w);
	else if (label == SL_LABEL_KCCS)
		sl_id_cred_write_kccs(w, f->cred);
	else if (label == SL_LABEL_X5T || label == SL_LABEL_C5T)
		err = sl_id_cred_write_hash(w, label, SHA256_64, f->items[0]);
	else
		sl_id_cred_write_chain(w, label, f->items, f->count);
	return err == SL_OK ? sl_writer_finish(w) : err;
}
