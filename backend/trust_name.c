/* SPDX-License-Identifier: BSD-2-Clause
 * Attributes of a DER Name (RFC 5280 section 4.1.2.4) put into a template. */
#include "trust_name.h"

#include <string.h>

#include <sl/c509.h>
#include <sl/der.h>
#include <sl/text.h>

static const struct {
	const char *field;
	uint8_t oid[3];
} fields[] = {
        {"{common-name}", {0x55, 0x04, 0x03}},
        {"{serial-number}", {0x55, 0x04, 0x05}},
};

#define FIELDS (sizeof fields / sizeof fields[0])

enum sl_err
trust_name_subject(const struct sl_credential *certificate, uint8_t *out, size_t cap, size_t *len)
{
	if (certificate->kind == SL_CREDENTIAL_C509)
		return sl_c509_name_to_der(certificate->subject, out, cap, len);
	if (certificate->kind != SL_CREDENTIAL_X509)
		return SL_EUNSUPPORTED;
	if (certificate->subject.len > cap)
		return SL_ESPACE;
	memcpy(out, certificate->subject.ptr, certificate->subject.len);
	*len = certificate->subject.len;
	return SL_OK;
}

/* AttributeTypeAndValue. count goes up when it is the attribute. */
static void
take_attribute(struct sl_reader *set, struct sl_span oid, struct sl_span *value, size_t *count)
{
	struct sl_reader pair = sl_der_enter(set, SL_DER_SEQUENCE);
	struct sl_span type = sl_der_read(&pair, SL_DER_OID);
	struct sl_reader any = sl_reader_over(sl_der_take_any(&pair));
	uint8_t tag = any.left.len > 0 ? any.left.ptr[0] : 0;

	if (sl_reader_finish(&pair) != SL_OK)
		sl_reader_fail(set);
	if (set->failed || !sl_span_equal(type, oid))
		return;
	(*count)++;
	*value = sl_span(NULL, 0);
	if (tag == SL_DER_UTF8_STRING || tag == SL_DER_PRINTABLE_STRING || tag == SL_DER_IA5_STRING)
		*value = sl_der_read(&any, tag);
}

/* The attribute's text, when it is there once. */
static enum sl_err
find_attribute(struct sl_span *value, struct sl_span name, struct sl_span oid)
{
	struct sl_reader r = sl_reader_over(name), names = sl_der_enter(&r, SL_DER_SEQUENCE);
	size_t count = 0;

	while (!names.failed && names.left.len > 0) {
		struct sl_reader set = sl_der_enter(&names, SL_DER_SET);

		while (!set.failed && set.left.len > 0)
			take_attribute(&set, oid, value, &count);
		if (set.failed)
			sl_reader_fail(&names);
	}
	if (names.failed || sl_reader_finish(&r) != SL_OK)
		return SL_EMALFORMED;
	return count == 1 && value->len > 0 ? SL_OK : SL_ENOTFOUND;
}

static enum sl_err
write_field(struct sl_writer *w, const char **template, struct sl_span subject)
{
	struct sl_span value = sl_span(NULL, 0);
	enum sl_err err;
	size_t i = 0;

	while (i < FIELDS && strncmp(*template, fields[i].field, strlen(fields[i].field)) != 0)
		i++;
	if (i == FIELDS)
		return SL_EMALFORMED;
	err = find_attribute(&value, subject, sl_span(fields[i].oid, sizeof fields[i].oid));
	if (err)
		return err;
	*template += strlen(fields[i].field);
	sl_write_span(w, value);
	return SL_OK;
}

enum sl_err
trust_name_fill(
        char identity[static POLICY_IDENTITY_MAX + 1], const char *template, struct sl_span subject)
{
	char made[POLICY_IDENTITY_MAX + 1];
	struct sl_writer w = sl_writer_over(made, sizeof made - 1);
	enum sl_err err = SL_OK;

	while (*template && !err) {
		size_t plain = strcspn(template, "{}");

		sl_write_span(&w, sl_span(template, plain));
		template += plain;
		if (*template)
			err = write_field(&w, &template, subject);
	}
	if (err)
		return err;
	if (sl_writer_finish(&w) != SL_OK)
		return SL_ESPACE;
	/* a NUL inside would make another name of it */
	if (memchr(made, '\0', w.len))
		return SL_EMALFORMED;
	made[w.len] = '\0';
	if (!policy_identity_is_fine(made))
		return SL_EMALFORMED;
	memcpy(identity, made, w.len + 1);
	return SL_OK;
}
