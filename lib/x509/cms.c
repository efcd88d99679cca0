/* SPDX-License-Identifier: BSD-2-Clause
 * Certs-only CMS (RFC 5652 section 5.1 without signers, RFC 7030 section 4.1.3), content format
 * 281. */
#include "parts.h"

#define SIGNED_DATA SL_DER_OID_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
#define DATA        SL_DER_OID_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")

static void
write_cms(struct sl_writer *w, const struct sl_span *certs, size_t count)
{
	size_t info = sl_der_open(w, SL_DER_SEQUENCE), holder, data, inside;

	sl_der_write(w, SL_DER_OID, SIGNED_DATA);
	holder = sl_der_open(w, SL_DER_CONTEXT_HOLDS | 0);
	data = sl_der_open(w, SL_DER_SEQUENCE);
	sl_der_write_integer(w, sl_span("\x01", 1));
	sl_der_write(w, SL_DER_SET, sl_span(NULL, 0)); /* digestAlgorithms */
	inside = sl_der_open(w, SL_DER_SEQUENCE);      /* encapContentInfo, no content */
	sl_der_write(w, SL_DER_OID, DATA);
	sl_der_close(w, inside);
	inside = sl_der_open(w, SL_DER_CONTEXT_HOLDS | 0);
	for (size_t i = 0; i < count; i++)
		sl_write_span(w, certs[i]);
	sl_der_close(w, inside);
	sl_der_write(w, SL_DER_SET, sl_span(NULL, 0)); /* signerInfos */
	sl_der_close(w, data);
	sl_der_close(w, holder);
	sl_der_close(w, info);
}

enum sl_err
sl_cms_certs_only(const struct sl_span *certs, size_t count, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_writer counter = sl_writer_counting(), w = sl_writer_over(out, cap);
	struct sl_x509_frame frame;
	enum sl_err err;

	if (count == 0)
		return SL_EMALFORMED;
	for (size_t i = 0; i < count; i++)
		if (sl_x509_open_frame(&frame, certs[i]) != SL_OK)
			return SL_EMALFORMED;
	write_cms(&counter, certs, count);
	if (counter.len > SL_CMS_MAX)
		return SL_EMALFORMED;
	if (counter.len > cap)
		return SL_ESPACE;
	write_cms(&w, certs, count);
	err = sl_writer_finish(&w);
	if (err == SL_OK)
		*len = w.len;
	return err;
}

/* The reader of the CertificateSet; failed when the frame around it is not that of certs-only CMS.
 * */
static struct sl_reader
enter_certificates(struct sl_span der)
{
	struct sl_reader outer = sl_reader_over(der);
	struct sl_reader info = sl_der_enter(&outer, SL_DER_SEQUENCE), holder, data, content,
	                 certificates;
	bool good = sl_span_equal(sl_der_read(&info, SL_DER_OID), SIGNED_DATA);

	holder = sl_der_enter(&info, SL_DER_CONTEXT_HOLDS | 0);
	data = sl_der_enter(&holder, SL_DER_SEQUENCE);
	good = sl_span_equal_text(sl_der_read(&data, SL_DER_INTEGER), "\x01") && good;
	good = sl_der_read(&data, SL_DER_SET).len == 0 && good;
	content = sl_der_enter(&data, SL_DER_SEQUENCE);
	good = sl_span_equal(sl_der_read(&content, SL_DER_OID), DATA) && good;
	certificates = sl_der_enter(&data, SL_DER_CONTEXT_HOLDS | 0);
	good = sl_der_read(&data, SL_DER_SET).len == 0 && good;
	if (!good || sl_reader_finish(&content) != SL_OK || sl_reader_finish(&data) != SL_OK ||
	        sl_reader_finish(&holder) != SL_OK || sl_reader_finish(&info) != SL_OK)
		sl_reader_fail(&certificates);
	return certificates;
}

enum sl_err
sl_cms_certs_decode(struct sl_span der, struct sl_span *certs, size_t *count)
{
	struct sl_x509_frame frame;
	struct sl_reader first, in;
	size_t found = 0;

	if (der.len > SL_CMS_MAX || !sl_der_is_strict(der))
		return SL_EMALFORMED;
	in = first = enter_certificates(der);
	do { /* CertificateSet; empty says nothing */
		if (sl_x509_open_frame(&frame, sl_der_take(&in, SL_DER_SEQUENCE)) != SL_OK)
			return SL_EMALFORMED;
		found++;
	} while (in.left.len > 0);
	if (found > *count)
		return SL_ESPACE;
	for (size_t i = 0; i < found; i++)
		certs[i] = sl_der_take(&first, SL_DER_SEQUENCE);
	*count = found;
	return SL_OK;
}
