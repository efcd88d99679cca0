/* SPDX-License-Identifier: BSD-2-Clause
 * PKCS#10 (RFC 2986): what a request says, its proof of possession, and making one. Attributes:
 * RFC 2985 (challengePassword, extensionRequest), RFC 6402 (ChangeSubjectName); unknown ones are
 * passed over. */
#include "parts.h"

#include <sl/text.h>

#include <string.h>

#define INFO_MAX 4096 /* of a request that we make */

/* RFC 2985 section 5.4.1: one DirectoryString. Of its kinds those that are UTF-8 as they stand. */
static enum sl_err
read_challenge(struct sl_csr *csr, struct sl_span value)
{
	struct sl_reader in = sl_reader_over(value);
	uint8_t tag = sl_reader_peek(&in);
	struct sl_span text = sl_der_read(&in, tag);

	if (csr->has_challenge || sl_reader_finish(&in) != SL_OK || text.len == 0 ||
	        text.len >= sizeof csr->challenge)
		return SL_EMALFORMED;
	if (tag != SL_DER_UTF8_STRING && tag != SL_DER_PRINTABLE_STRING && tag != SL_DER_IA5_STRING)
		return SL_EUNSUPPORTED;
	if (!sl_is_plain_utf8(text))
		return SL_EMALFORMED;
	memcpy(csr->challenge, text.ptr, text.len);
	csr->has_challenge = true;
	return SL_OK;
}

static enum sl_err
read_extension_request(struct sl_csr *csr, struct sl_span value)
{
	struct sl_x509_extensions got;

	if (csr->extensions.len > 0 || sl_x509_read_extensions(&got, value) != SL_OK)
		return SL_EMALFORMED;
	csr->extensions = value;
	csr->subject_alt_name = got.subject_alt_name;
	csr->has_key_usage = got.has_key_usage;
	csr->key_usage = got.key_usage;
	csr->wants_ca = got.is_ca;
	csr->has_smime_capabilities |= got.has_smime_capabilities;
	return SL_OK;
}

static enum sl_err
read_smime_capabilities(struct sl_csr *csr, struct sl_span value)
{
	(void)value;
	csr->has_smime_capabilities = true;
	return SL_OK;
}

static enum sl_err
read_change_subject_name(struct sl_csr *csr, struct sl_span value)
{
	(void)value;
	csr->has_change_subject_name = true;
	return SL_OK;
}

static const struct {
	const char *oid;
	size_t oid_len;
	enum sl_err (*read)(struct sl_csr *csr, struct sl_span value);
} known[] = {
        {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07", 9, read_challenge},
        {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e", 9, read_extension_request},
        {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f", 9, read_smime_capabilities},
        {"\x2b\x06\x01\x05\x05\x07\x07\x24", 8, read_change_subject_name},
};

#define CHALLENGE_PASSWORD SL_DER_OID_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07")
#define EXTENSION_REQUEST  SL_DER_OID_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e")
#define SUBJECT_ALT_NAME   SL_DER_OID_BYTES("\x55\x1d\x11")

/* Attribute ::= SEQUENCE { type, values SET SIZE (1..MAX) }; those that we know have one value. */
static enum sl_err
read_attribute(struct sl_csr *csr, struct sl_reader *attributes)
{
	struct sl_reader in = sl_der_enter(attributes, SL_DER_SEQUENCE);
	struct sl_span oid = sl_der_read(&in, SL_DER_OID);
	struct sl_reader values = sl_der_enter(&in, SL_DER_SET);
	struct sl_span value = sl_der_take_any(&values);

	if (sl_reader_finish(&in) != SL_OK || values.failed)
		return SL_EMALFORMED;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!sl_span_equal(oid, sl_span(known[i].oid, known[i].oid_len)))
			continue;
		if (values.left.len > 0)
			return SL_EMALFORMED;
		return known[i].read(csr, value);
	}
	return SL_OK;
}

/* CertificationRequestInfo, RFC 2986 section 4.1. The attributes are not optional. */
static enum sl_err
read_info(struct sl_csr *csr)
{
	struct sl_reader outer = sl_reader_over(csr->info);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE), attributes;
	struct sl_span version = sl_der_read(&in, SL_DER_INTEGER);
	enum sl_err err;

	csr->subject = sl_der_take(&in, SL_DER_SEQUENCE);
	csr->spki = sl_der_take(&in, SL_DER_SEQUENCE);
	attributes = sl_der_enter(&in, SL_DER_CONTEXT_HOLDS | 0);
	if (sl_reader_finish(&in) != SL_OK || version.len != 1 || version.ptr[0] != 0 ||
	        !sl_x509_is_name(csr->subject))
		return SL_EMALFORMED;
	while (attributes.left.len > 0) {
		err = read_attribute(csr, &attributes);
		if (err != SL_OK)
			return err;
	}
	err = sl_name_text(csr->subject, csr->subject_text, sizeof csr->subject_text);
	return err == SL_OK ? sl_pkey_spki_type(csr->spki, &csr->key_type) : err;
}

enum sl_err
sl_csr_decode(struct sl_csr *csr, struct sl_span der)
{
	struct sl_csr got = {.der = der};
	struct sl_x509_frame frame;
	enum sl_err err = sl_x509_open_frame(&frame, der);

	if (err != SL_OK)
		return err;
	got.info = frame.body;
	err = read_info(&got);
	if (err == SL_OK)
		*csr = got;
	return err;
}

enum sl_err
sl_csr_verify(const struct sl_csr *csr)
{
	struct sl_x509_frame frame;

	if (sl_x509_open_frame(&frame, csr->der) != SL_OK)
		return SL_EAUTH;
	return sl_x509_verify_frame(&frame, csr->spki);
}

static void
write_challenge(struct sl_writer *w, const char *challenge)
{
	size_t attribute = sl_der_open(w, SL_DER_SEQUENCE), values;

	sl_der_write(w, SL_DER_OID, CHALLENGE_PASSWORD);
	values = sl_der_open(w, SL_DER_SET);
	sl_der_write(w, SL_DER_UTF8_STRING, sl_span_text(challenge));
	sl_der_close(w, values);
	sl_der_close(w, attribute);
}

static void
write_extension_request(struct sl_writer *w, struct sl_span subject_alt_name)
{
	size_t attribute = sl_der_open(w, SL_DER_SEQUENCE), values, extensions, one;

	sl_der_write(w, SL_DER_OID, EXTENSION_REQUEST);
	values = sl_der_open(w, SL_DER_SET);
	extensions = sl_der_open(w, SL_DER_SEQUENCE);
	one = sl_der_open(w, SL_DER_SEQUENCE);
	sl_der_write(w, SL_DER_OID, SUBJECT_ALT_NAME);
	sl_der_write(w, SL_DER_OCTET_STRING, subject_alt_name);
	sl_der_close(w, one);
	sl_der_close(w, extensions);
	sl_der_close(w, values);
	sl_der_close(w, attribute);
}

static void
write_info(struct sl_writer *w, const struct sl_csr_params *params, struct sl_span subject,
        struct sl_span spki)
{
	size_t info = sl_der_open(w, SL_DER_SEQUENCE), attributes;

	sl_der_write_integer(w, sl_span("", 1));
	sl_write_span(w, subject);
	sl_write_span(w, spki);
	attributes = sl_der_open(w, SL_DER_CONTEXT_HOLDS | 0);
	if (params->challenge != NULL)
		write_challenge(w, params->challenge);
	if (params->subject_alt_name.len > 0)
		write_extension_request(w, params->subject_alt_name);
	sl_der_close(w, attributes);
	sl_der_close(w, info);
}

static bool
are_good_params(const struct sl_csr_params *params)
{
	struct sl_span challenge = sl_span_text(params->challenge);

	if (params->subject.len > 0 &&
	        (!sl_der_is_strict(params->subject) || !sl_x509_is_name(params->subject)))
		return false;
	if (params->subject_alt_name.len > 0 && !sl_x509_is_general_names(params->subject_alt_name))
		return false;
	return params->challenge == NULL ||
	       (challenge.len > 0 && challenge.len < sizeof((struct sl_csr *)0)->challenge &&
	               sl_is_plain_utf8(challenge));
}

enum sl_err
sl_csr_make(const struct sl_csr_params *params, uint8_t *out, size_t cap, size_t *len)
{
	uint8_t name[NAME_CN_MAX], spki[SPKI_MAX], info[INFO_MAX];
	size_t name_len = 0, spki_len = 0;
	struct sl_span subject = params->subject;
	struct sl_writer w = sl_writer_over(info, sizeof info);
	enum sl_err err;

	if (!are_good_params(params))
		return SL_EMALFORMED;
	if (sl_x509_algorithm(sl_pkey_type(params->key)).len == 0)
		return SL_EUNSUPPORTED;
	if (subject.len == 0) {
		err = sl_name_from_cn(params->common_name, name, sizeof name, &name_len);
		if (err != SL_OK)
			return err;
		subject = sl_span(name, name_len);
	}
	err = sl_pkey_to_spki(params->key, spki, sizeof spki, &spki_len);
	if (err != SL_OK)
		return err;
	write_info(&w, params, subject, sl_span(spki, spki_len));
	err = sl_writer_finish(&w);
	if (err != SL_OK)
		return err;
	return sl_x509_seal_frame(sl_writer_span(&w), params->key, out, cap, len);
}
