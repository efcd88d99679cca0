/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates (RFC 5280 section 4.1), read. Versions 1 to 3; extensions only in version 3.
 * Issuing: issue.c. */
#include "parts.h"

#include <string.h>

/* [0] EXPLICIT INTEGER DEFAULT v1; returns the number as written, 0 for version 1. */
static uint8_t
read_version(struct sl_reader *tbs)
{
	struct sl_reader in;
	struct sl_span version;

	if (sl_reader_peek(tbs) != (SL_DER_CONTEXT_HOLDS | 0))
		return 0;
	in = sl_der_enter(tbs, SL_DER_CONTEXT_HOLDS | 0);
	version = sl_der_read(&in, SL_DER_INTEGER);
	if (sl_reader_finish(&in) != SL_OK || version.len != 1 || version.ptr[0] < 1 ||
	        version.ptr[0] > 2) {
		sl_reader_fail(tbs);
		return 0;
	}
	return version.ptr[0];
}

/* Not negative; 0 stays one zero byte. */
static struct sl_span
read_serial(struct sl_reader *tbs)
{
	struct sl_span serial = sl_der_read(tbs, SL_DER_INTEGER);

	if (serial.len == 0 || serial.ptr[0] >= 0x80)
		sl_reader_fail(tbs);
	else if (serial.len > 1 && serial.ptr[0] == 0)
		serial = sl_span(serial.ptr + 1, serial.len - 1);
	if (serial.len > SL_SERIAL_MAX)
		sl_reader_fail(tbs);
	return serial;
}

static void
read_validity(struct sl_cert *cert, struct sl_reader *tbs)
{
	struct sl_reader in = sl_der_enter(tbs, SL_DER_SEQUENCE);

	cert->not_before = sl_x509_read_time(&in);
	cert->not_after = sl_x509_read_time(&in);
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(tbs);
}

static enum sl_err
read_extensions(struct sl_cert *cert, struct sl_x509_extensions *got, struct sl_reader *tbs,
        uint8_t version)
{
	struct sl_reader in;
	struct sl_span extensions;

	for (uint8_t unique_id = 1; unique_id <= 2; unique_id++)
		if (sl_reader_peek(tbs) == (SL_DER_CONTEXT | unique_id) && version > 0)
			(void)sl_der_take_any(tbs);
	if (tbs->left.len == 0 && !tbs->failed)
		return SL_OK;
	in = sl_der_enter(tbs, SL_DER_CONTEXT_HOLDS | 3);
	extensions = sl_der_take(&in, SL_DER_SEQUENCE);
	if (sl_reader_finish(&in) != SL_OK || version != 2 ||
	        sl_x509_read_extensions(got, extensions) != SL_OK)
		return SL_EMALFORMED;
	cert->subject_alt_name = got->subject_alt_name;
	cert->is_ca = got->is_ca;
	cert->has_key_usage = got->has_key_usage;
	cert->key_usage = got->key_usage;
	cert->is_cmc_ra = got->is_cmc_ra;
	return SL_OK;
}

static enum sl_err
read_tbs(struct sl_cert *cert, struct sl_x509_extensions *extensions,
        const struct sl_x509_frame *frame)
{
	struct sl_reader outer = sl_reader_over(frame->body);
	struct sl_reader tbs = sl_der_enter(&outer, SL_DER_SEQUENCE);
	uint8_t version = read_version(&tbs);
	struct sl_span algorithm;

	cert->serial = read_serial(&tbs);
	algorithm = sl_der_take(&tbs, SL_DER_SEQUENCE);
	cert->issuer = sl_der_take(&tbs, SL_DER_SEQUENCE);
	read_validity(cert, &tbs);
	cert->subject = sl_der_take(&tbs, SL_DER_SEQUENCE);
	cert->spki = sl_der_take(&tbs, SL_DER_SEQUENCE);
	if (read_extensions(cert, extensions, &tbs, version) != SL_OK ||
	        sl_reader_finish(&tbs) != SL_OK || sl_reader_finish(&outer) != SL_OK)
		return SL_EMALFORMED;
	/* RFC 5280 sections 4.1.1.2, 4.1.2.4: both algorithms are the same; the issuer has a name
	 * */
	if (!sl_span_equal(algorithm, frame->algorithm) || cert->issuer.len <= 2 ||
	        !sl_x509_is_name(cert->issuer) || !sl_x509_is_name(cert->subject))
		return SL_EMALFORMED;
	return SL_OK;
}

enum sl_err
sl_x509_read_cert(struct sl_cert *cert, struct sl_x509_extensions *extensions, struct sl_span der)
{
	struct sl_cert got = {.der = der};
	struct sl_x509_extensions found = {0};
	struct sl_x509_frame frame;
	enum sl_err err = sl_x509_open_frame(&frame, der);

	if (err == SL_OK)
		err = read_tbs(&got, &found, &frame);
	if (err == SL_OK)
		err = sl_name_text(got.subject, got.subject_text, sizeof got.subject_text);
	if (err == SL_OK)
		err = sl_name_text(got.issuer, got.issuer_text, sizeof got.issuer_text);
	if (err == SL_OK)
		err = sl_pkey_spki_type(got.spki, &got.key_type);
	if (err != SL_OK)
		return err;
	*cert = got;
	*extensions = found;
	return SL_OK;
}

enum sl_err
sl_cert_decode(struct sl_cert *cert, struct sl_span der)
{
	struct sl_x509_extensions extensions;

	return sl_x509_read_cert(cert, &extensions, der);
}

enum sl_err
sl_cert_get_tbs(struct sl_span der, struct sl_span *tbs)
{
	struct sl_x509_frame frame;
	enum sl_err err = sl_x509_open_frame(&frame, der);

	if (err == SL_OK)
		*tbs = frame.body;
	return err;
}

static bool
is_valid_at(const struct sl_cert *cert, int64_t now)
{
	return now < 0 || (now >= cert->not_before && now <= cert->not_after);
}

enum sl_err
sl_cert_verify_issued_by(const struct sl_cert *cert, const struct sl_cert *issuer, int64_t now)
{
	struct sl_x509_frame frame;

	if (!sl_span_equal(cert->issuer, issuer->subject) || !issuer->is_ca ||
	        !is_valid_at(cert, now) || !is_valid_at(issuer, now))
		return SL_EAUTH;
	if (issuer->has_key_usage && !(issuer->key_usage & SL_KU_KEY_CERT_SIGN))
		return SL_EAUTH;
	if (sl_x509_open_frame(&frame, cert->der) != SL_OK)
		return SL_EAUTH;
	return sl_x509_verify_frame(&frame, issuer->spki);
}
