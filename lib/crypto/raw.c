/* SPDX-License-Identifier: BSD-2-Clause
 * Raw keys: scalars, coordinates and SEC1 points (RFC 5480 section 2.2), keys of RFC 8410. Each
 * is a short DER frame around the same bytes, so the one decoder of pkey.c checks them all. */
#include "key.h"

#include <sl/text.h>
#include <sl/wipe.h>
#include <sl/writer.h>

#include <string.h>

#define COORDINATE_MAX 66

/* Hex of a table row, into at most cap bytes. */
static void
write_hex(struct sl_writer *w, const char *text)
{
	uint8_t bytes[64];
	size_t len = 0;

	if (sl_hex_decode(bytes, sizeof bytes, &len, sl_span_text(text)) == SL_OK)
		sl_write_span(w, sl_span(bytes, len));
	else
		w->failed = true;
}

enum sl_err
sl_pkey_from_raw_private(struct sl_pkey **key, enum sl_pkey_type type, struct sl_span raw)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(type);
	uint8_t der[PKCS8_MAX];
	struct sl_writer w = sl_writer_over(der, sizeof der);
	enum sl_err err;

	if (kind == NULL)
		return SL_EUNSUPPORTED;
	if (raw.len != kind->field_len)
		return SL_EMALFORMED;
	write_hex(&w, kind->private_prefix);
	sl_write_span(&w, raw);
	err = w.failed ? SL_EIO : sl_pkey_from_pkcs8(key, sl_writer_span(&w));
	sl_wipe(der, sizeof der);
	return err;
}

/* The first byte that a SEC1 point lacks, 0 when it lacks none, -1 when the length fits no form. */
static int
missing_form(const struct sl_pkey_kind *kind, struct sl_span raw)
{
	bool is_ec = kind->group != NULL;

	if (!is_ec)
		return raw.len == kind->field_len ? 0 : -1;
	if (raw.len == kind->field_len)
		return 0x02; /* x alone: the even y */
	if (raw.len == 2 * kind->field_len)
		return 0x04;
	if (raw.len == 1 + kind->field_len)
		return raw.ptr[0] == 0x02 || raw.ptr[0] == 0x03 ? 0 : -1;
	return raw.len == 1 + 2 * kind->field_len && raw.ptr[0] == 0x04 ? 0 : -1;
}

enum sl_err
sl_pkey_from_raw_public(struct sl_pkey **key, enum sl_pkey_type type, struct sl_span raw)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(type);
	uint8_t der[SPKI_MAX];
	struct sl_writer w = sl_writer_over(der, sizeof der);
	size_t key_len, algorithm_len;
	int form;

	if (kind == NULL)
		return SL_EUNSUPPORTED;
	form = missing_form(kind, raw);
	if (form < 0)
		return SL_EMALFORMED;
	key_len = raw.len + (form != 0 ? 1 : 0) + 1; /* and the count of unused bits */
	algorithm_len = strlen(kind->algorithm) / 2;
	sl_write_u8(&w, 0x30);
	sl_write_u8(&w, (uint8_t)(algorithm_len + 2 + key_len)); /* below 128 for all our types */
	write_hex(&w, kind->algorithm);
	sl_write_u8(&w, 0x03);
	sl_write_u8(&w, (uint8_t)key_len);
	sl_write_u8(&w, 0);
	if (form != 0)
		sl_write_u8(&w, (uint8_t)form);
	sl_write_span(&w, raw);
	return w.failed ? SL_EIO : sl_pkey_from_spki(key, sl_writer_span(&w));
}

enum sl_err
sl_pkey_to_raw_public(const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(key->type);
	uint8_t der[SPKI_MAX];
	size_t der_len = 0, raw_len;
	enum sl_err err;

	if (kind == NULL)
		return SL_EUNSUPPORTED;
	raw_len = kind->group != NULL ? 2 * kind->field_len : kind->field_len;
	if (raw_len > cap)
		return SL_ESPACE;
	err = sl_pkey_to_spki(key, der, sizeof der, &der_len);
	if (err != SL_OK)
		return err == SL_ESPACE ? SL_EIO : err;
	memcpy(out, der + der_len - raw_len, raw_len); /* the key bits end the structure */
	*len = raw_len;
	return SL_OK;
}

bool
sl_pkey_same_holder(const struct sl_pkey *a, const struct sl_pkey *b)
{
	uint8_t raw_a[2 * COORDINATE_MAX], raw_b[2 * COORDINATE_MAX];
	bool is_point = sl_pkey_type(a) == SL_PKEY_P256 || sl_pkey_type(a) == SL_PKEY_P384;
	size_t len_a = 0, len_b = 0;

	if (sl_pkey_type(a) != sl_pkey_type(b))
		return false;
	if (sl_pkey_to_raw_public(a, raw_a, sizeof raw_a, &len_a) != SL_OK ||
	        sl_pkey_to_raw_public(b, raw_b, sizeof raw_b, &len_b) != SL_OK)
		return true;
	len_a = is_point ? len_a / 2 : len_a;
	return sl_span_equal(sl_span(raw_a, len_a), sl_span(raw_b, len_a));
}
