/* SPDX-License-Identifier: BSD-2-Clause
 * Certificates, issued: to-be-signed bytes with the extensions of RFC 5280 section 4.2 that an end
 * entity or a CA of ours carries, then the signature. And a Name of one CN. */
#include "parts.h"

#include <sl/text.h>

#define CN_CHARACTERS_MAX 64 /* ub-common-name, RFC 5280 appendix A.1 */

/* What goes into the bytes beside the parameters. */
struct names {
	struct sl_span issuer;
	struct sl_span spki;
	struct sl_span algorithm;
	uint8_t own_id[KEY_ID_LEN];
	struct sl_span issuer_id;
};

static size_t
count_characters(struct sl_span utf8)
{
	size_t count = 0;

	for (size_t i = 0; i < utf8.len; i++)
		count += (utf8.ptr[i] & 0xc0) != 0x80;
	return count;
}

enum sl_err
sl_name_from_cn(const char *common_name, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_span cn = sl_span_text(common_name);
	uint8_t name[NAME_CN_MAX];
	struct sl_writer w = sl_writer_over(name, sizeof name), to = sl_writer_over(out, cap);
	size_t rdns, rdn, pair;

	if (cn.len == 0 || !sl_is_plain_utf8(cn) || count_characters(cn) > CN_CHARACTERS_MAX)
		return SL_EMALFORMED;
	rdns = sl_der_open(&w, SL_DER_SEQUENCE);
	rdn = sl_der_open(&w, SL_DER_SET);
	pair = sl_der_open(&w, SL_DER_SEQUENCE);
	sl_der_write(&w, SL_DER_OID, SL_DER_OID_BYTES("\x55\x04\x03"));
	sl_der_write(&w, SL_DER_UTF8_STRING, cn);
	sl_der_close(&w, pair);
	sl_der_close(&w, rdn);
	sl_der_close(&w, rdns);
	sl_write_span(&to, sl_writer_span(&w));
	if (w.failed || to.failed)
		return SL_ESPACE;
	*len = to.len;
	return SL_OK;
}

static size_t
open_extension(struct sl_writer *w, struct sl_span oid, bool is_critical, size_t *value)
{
	size_t opened = sl_der_open(w, SL_DER_SEQUENCE);

	sl_der_write(w, SL_DER_OID, oid);
	if (is_critical)
		sl_der_write(w, SL_DER_BOOLEAN, sl_span("\xff", 1));
	*value = sl_der_open(w, SL_DER_OCTET_STRING);
	return opened;
}

static void
close_extension(struct sl_writer *w, size_t opened, size_t value)
{
	sl_der_close(w, value);
	sl_der_close(w, opened);
}

static void
write_basic_constraints(struct sl_writer *w, bool is_ca)
{
	size_t value, opened = open_extension(w, SL_DER_OID_BYTES("\x55\x1d\x13"), true, &value),
	              inside;

	inside = sl_der_open(w, SL_DER_SEQUENCE);
	if (is_ca)
		sl_der_write(w, SL_DER_BOOLEAN, sl_span("\xff", 1));
	sl_der_close(w, inside);
	close_extension(w, opened, value);
}

/* A named bit list ends with its last set bit (X.690 section 11.2.2). */
static void
write_key_usage(struct sl_writer *w, unsigned key_usage)
{
	size_t value, opened = open_extension(w, SL_DER_OID_BYTES("\x55\x1d\x0f"), true, &value),
	              bits;
	uint8_t byte = 0, unused = 0;

	for (unsigned i = 0; i <= 6; i++)
		if (key_usage & 1u << i)
			byte |= (uint8_t)(0x80 >> i);
	while (unused < 7 && !(byte & 1u << unused))
		unused++;
	bits = sl_der_open(w, SL_DER_BIT_STRING);
	sl_write_u8(w, unused);
	sl_write_u8(w, byte);
	sl_der_close(w, bits);
	close_extension(w, opened, value);
}

static void
write_extended_key_usage(struct sl_writer *w, const struct sl_cert_params *params)
{
	size_t value, opened = open_extension(w, SL_DER_OID_BYTES("\x55\x1d\x25"), false, &value),
	              inside;

	inside = sl_der_open(w, SL_DER_SEQUENCE);
	if (params->ext_server_auth)
		sl_der_write(w, SL_DER_OID, SL_DER_OID_BYTES("\x2b\x06\x01\x05\x05\x07\x03\x01"));
	if (params->ext_client_auth)
		sl_der_write(w, SL_DER_OID, SL_DER_OID_BYTES("\x2b\x06\x01\x05\x05\x07\x03\x02"));
	if (params->ext_cmc_ra)
		sl_der_write(w, SL_DER_OID, SL_DER_OID_BYTES("\x2b\x06\x01\x05\x05\x07\x03\x1c"));
	sl_der_close(w, inside);
	close_extension(w, opened, value);
}

/* RFC 5280 section 4.2.1.6: critical when the subject is empty. */
static void
write_subject_alt_name(struct sl_writer *w, const struct sl_cert_params *params)
{
	bool is_critical = params->subject.len == 2;
	size_t value,
	        opened = open_extension(w, SL_DER_OID_BYTES("\x55\x1d\x11"), is_critical, &value);

	sl_write_span(w, params->subject_alt_name);
	close_extension(w, opened, value);
}

static void
write_key_ids(struct sl_writer *w, const struct names *names)
{
	size_t value, opened = open_extension(w, SL_DER_OID_BYTES("\x55\x1d\x0e"), false, &value),
	              inside;

	sl_der_write(w, SL_DER_OCTET_STRING, sl_span(names->own_id, KEY_ID_LEN));
	close_extension(w, opened, value);
	opened = open_extension(w, SL_DER_OID_BYTES("\x55\x1d\x23"), false, &value);
	inside = sl_der_open(w, SL_DER_SEQUENCE);
	sl_der_write(w, SL_DER_CONTEXT | 0, names->issuer_id);
	sl_der_close(w, inside);
	close_extension(w, opened, value);
}

static void
write_extensions(
        struct sl_writer *w, const struct sl_cert_params *params, const struct names *names)
{
	size_t holder = sl_der_open(w, SL_DER_CONTEXT_HOLDS | 3);
	size_t list = sl_der_open(w, SL_DER_SEQUENCE);

	write_basic_constraints(w, params->is_ca);
	if (params->key_usage != 0)
		write_key_usage(w, params->key_usage);
	if (params->ext_client_auth || params->ext_server_auth || params->ext_cmc_ra)
		write_extended_key_usage(w, params);
	if (params->subject_alt_name.len > 0)
		write_subject_alt_name(w, params);
	write_key_ids(w, names);
	sl_der_close(w, list);
	sl_der_close(w, holder);
}

static void
write_tbs(struct sl_writer *w, const struct sl_cert_params *params, const struct names *names)
{
	size_t tbs = sl_der_open(w, SL_DER_SEQUENCE), inside;

	inside = sl_der_open(w, SL_DER_CONTEXT_HOLDS | 0);
	sl_der_write_integer(w, sl_span("\x02", 1)); /* v3 */
	sl_der_close(w, inside);
	sl_der_write_integer(w, params->serial);
	sl_write_span(w, names->algorithm);
	sl_write_span(w, names->issuer);
	inside = sl_der_open(w, SL_DER_SEQUENCE);
	sl_x509_write_time(w, params->not_before);
	sl_x509_write_time(w, params->not_after);
	sl_der_close(w, inside);
	sl_write_span(w, params->subject);
	sl_write_span(w, names->spki);
	write_extensions(w, params, names);
	sl_der_close(w, tbs);
}

static bool
are_good_params(const struct sl_cert_params *params)
{
	char text[SL_NAME_TEXT_MAX];
	bool is_zero = true;

	for (size_t i = 0; i < params->serial.len; i++)
		is_zero = is_zero && params->serial.ptr[i] == 0;
	if (is_zero || params->serial.len > SL_SERIAL_MAX || params->serial.ptr[0] >= 0x80)
		return false;
	if (!sl_der_is_strict(params->subject) || !sl_x509_is_name(params->subject) ||
	        sl_name_text(params->subject, text, sizeof text) != SL_OK)
		return false;
	if (params->subject_alt_name.len > 0 ? !sl_x509_is_general_names(params->subject_alt_name)
	                                     : params->subject.len == 2)
		return false; /* nobody is named */
	if ((params->is_ca || params->issuer_cert.len == 0) && params->subject.len == 2)
		return false; /* RFC 5280 sections 4.1.2.4, 4.1.2.6 */
	return sl_x509_is_time(params->not_before) && sl_x509_is_time(params->not_after) &&
	       params->not_before <= params->not_after && params->key_usage < 1u << 7;
}

/* A CA certificate whose key is issuer_key. */
static enum sl_err
find_issuer(struct names *names, const struct sl_cert_params *params, uint8_t id[static KEY_ID_LEN],
        struct sl_span own_spki)
{
	struct sl_x509_extensions extensions;
	struct sl_cert issuer;
	enum sl_err err = sl_x509_read_cert(&issuer, &extensions, params->issuer_cert);

	if (err != SL_OK)
		return err;
	if (!issuer.is_ca || !sl_span_equal(issuer.spki, own_spki))
		return SL_EMALFORMED;
	names->issuer = issuer.subject;
	names->issuer_id = extensions.subject_key_id;
	if (names->issuer_id.len > 0)
		return SL_OK;
	names->issuer_id = sl_span(id, KEY_ID_LEN);
	return sl_x509_key_id(issuer.spki, id);
}

enum sl_err
sl_cert_tbs(const struct sl_cert_params *params, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_writer count = sl_writer_counting(), w = sl_writer_over(out, cap);
	struct names names = {.issuer = params->subject, .spki = params->spki};
	uint8_t issuer_spki[SPKI_MAX], issuer_id[KEY_ID_LEN];
	size_t issuer_spki_len = 0;
	enum sl_pkey_type type;
	enum sl_err err;

	if (!are_good_params(params))
		return SL_EMALFORMED;
	names.algorithm = sl_x509_algorithm(sl_pkey_type(params->issuer_key));
	if (names.algorithm.len == 0)
		return SL_EUNSUPPORTED;
	err = sl_pkey_to_spki(
	        params->issuer_key, issuer_spki, sizeof issuer_spki, &issuer_spki_len);
	if (err == SL_OK && params->issuer_cert.len > 0)
		err = find_issuer(&names, params, issuer_id, sl_span(issuer_spki, issuer_spki_len));
	if (err != SL_OK)
		return err;
	if (params->issuer_cert.len == 0) { /* self-signed */
		names.spki = sl_span(issuer_spki, issuer_spki_len);
		names.issuer_id = sl_span(names.own_id, KEY_ID_LEN);
	}
	err = sl_pkey_spki_type(names.spki, &type);
	if (err == SL_OK)
		err = sl_x509_key_id(names.spki, names.own_id);
	if (err != SL_OK)
		return err;
	write_tbs(&count, params, &names);
	if (count.len > cap)
		return SL_ESPACE;
	write_tbs(&w, params, &names);
	err = sl_writer_finish(&w);
	if (err == SL_OK)
		*len = w.len;
	return err;
}

enum sl_err
sl_cert_sign(struct sl_span tbs, const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_reader outer = sl_reader_over(tbs);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);
	struct sl_span algorithm;

	(void)sl_der_take(&in, SL_DER_CONTEXT_HOLDS | 0);
	(void)sl_der_take(&in, SL_DER_INTEGER);
	algorithm = sl_der_take(&in, SL_DER_SEQUENCE);
	if (in.failed || !sl_der_is_strict(tbs))
		return SL_EMALFORMED;
	if (sl_x509_algorithm(sl_pkey_type(key)).len == 0)
		return SL_EUNSUPPORTED;
	if (!sl_span_equal(algorithm, sl_x509_algorithm(sl_pkey_type(key))))
		return SL_EMALFORMED;
	return sl_x509_seal_frame(tbs, key, out, cap, len);
}
