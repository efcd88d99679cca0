/* SPDX-License-Identifier: BSD-2-Clause */
#include "certs.h"

#include <sl/est.h>

#include <string.h>

#define PEM_CERT_MAX (16 * 1024)

static const char pem_end[] = "-----END CERTIFICATE-----";

void
certs_init(struct certs *list)
{
	memset(list, 0, sizeof *list);
	sl_buf_init(&list->der, CERTS_BYTES_MAX);
}

void
certs_clear(struct certs *list)
{
	sl_buf_clear(&list->der);
	certs_init(list);
}

enum sl_err
certs_add(struct certs *list, struct sl_span der)
{
	size_t at = list->der.len;
	struct sl_cert cert;
	enum sl_err err = sl_cert_decode(&cert, der);

	if (err != SL_OK)
		return err;
	if (list->count == CERTS_MAX)
		return SL_ELIMIT;
	err = sl_buf_add(&list->der, der);
	if (err != SL_OK)
		return err;
	list->offset[list->count] = at;
	list->len[list->count] = der.len;
	list->count++;
	return SL_OK;
}

struct sl_span
certs_at(const struct certs *list, size_t i)
{
	if (i >= list->count)
		return sl_span(NULL, 0);
	return sl_span(list->der.bytes + list->offset[i], list->len[i]);
}

size_t
certs_spans(const struct certs *list, struct sl_span spans[static CERTS_MAX])
{
	for (size_t i = 0; i < list->count; i++)
		spans[i] = certs_at(list, i);
	return list->count;
}

static enum sl_err
add_all(struct certs *list, struct sl_span body)
{
	struct sl_span spans[CERTS_MAX];
	size_t count = CERTS_MAX;
	enum sl_err err = sl_cms_certs_decode(body, spans, &count);

	for (size_t i = 0; err == SL_OK && i < count; i++)
		err = certs_add(list, spans[i]);
	return err == SL_ESPACE ? SL_ELIMIT : err;
}

enum sl_err
certs_from_body(struct certs *list, bool has_format, uint32_t format, struct sl_span body)
{
	enum sl_err err = SL_EUNSUPPORTED;

	certs_clear(list);
	if (!has_format || format == SL_EST_PKCS7_CERTS)
		err = add_all(list, body);
	else if (format == SL_EST_PKIX_CERT)
		err = certs_add(list, body);
	if (err == SL_OK && list->count == 0)
		err = SL_EMALFORMED;
	if (err != SL_OK)
		certs_clear(list);
	return err;
}

/* Where the first END line ends; 0 when there is none. */
static size_t
end_of_pem(struct sl_span text)
{
	size_t mark = sizeof pem_end - 1;

	for (size_t i = 0; i + mark <= text.len; i++)
		if (memcmp(text.ptr + i, pem_end, mark) == 0)
			return i + mark;
	return 0;
}

enum sl_err
certs_from_pem(struct certs *list, struct sl_span text)
{
	uint8_t der[PEM_CERT_MAX];
	enum sl_err err = SL_OK;
	size_t end, len;

	certs_clear(list);
	while (err == SL_OK && (end = end_of_pem(text)) > 0) {
		err = sl_cert_from_text(sl_span(text.ptr, end), der, sizeof der, &len);
		if (err == SL_OK)
			err = certs_add(list, sl_span(der, len));
		text = sl_span(text.ptr + end, text.len - end);
	}
	if (err == SL_OK && list->count == 0)
		err = SL_EMALFORMED;
	if (err != SL_OK)
		certs_clear(list);
	return err;
}

enum sl_err
certs_to_pem(const struct certs *list, struct sl_buf *out)
{
	char pem[2 * PEM_CERT_MAX];

	for (size_t i = 0; i < list->count; i++) {
		enum sl_err err = sl_cert_to_pem(certs_at(list, i), pem, sizeof pem);

		if (err == SL_OK)
			err = sl_buf_add_text(out, pem);
		if (err != SL_OK)
			return err;
	}
	return SL_OK;
}

enum sl_err
certs_find_key(const struct certs *list, struct sl_span spki, size_t *at)
{
	for (size_t i = 0; i < list->count; i++) {
		struct sl_cert cert;

		if (sl_cert_decode(&cert, certs_at(list, i)) == SL_OK &&
		        sl_span_equal(cert.spki, spki)) {
			*at = i;
			return SL_OK;
		}
	}
	return SL_ENOTFOUND;
}
