/* SPDX-License-Identifier: BSD-2-Clause
 * The signed frame of RFC 5280 section 4.1.1 and RFC 2986 section 4.2, and the extensions of RFC
 * 5280 section 4.2 that we understand. */
#include "parts.h"

#define EXTENSIONS_MAX 32

static const struct {
	enum sl_pkey_type type;
	const char *der;
	size_t len;
} algorithms[] = {
        /* RFC 5758 section 3.2, RFC 8410 section 3: no parameters */
        {SL_PKEY_P256, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12},
        {SL_PKEY_P384, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", 12},
        {SL_PKEY_ED25519, "\x30\x05\x06\x03\x2b\x65\x70", 7},
        {SL_PKEY_ED448, "\x30\x05\x06\x03\x2b\x65\x71", 7},
};

struct sl_span
sl_x509_algorithm(enum sl_pkey_type type)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (algorithms[i].type == type)
			return sl_span(algorithms[i].der, algorithms[i].len);
	return sl_span(NULL, 0);
}

bool
sl_x509_is_algorithm(struct sl_span der)
{
	struct sl_reader outer = sl_reader_over(der);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);

	(void)sl_der_read(&in, SL_DER_OID);
	if (in.left.len > 0)
		(void)sl_der_take_any(&in);
	return sl_reader_finish(&in) == SL_OK && sl_reader_finish(&outer) == SL_OK;
}

enum sl_err
sl_x509_open_frame(struct sl_x509_frame *frame, struct sl_span der)
{
	struct sl_reader outer = sl_reader_over(der);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);
	struct sl_x509_frame got;

	if (der.len > SL_X509_MAX || !sl_der_is_strict(der))
		return SL_EMALFORMED;
	got.body = sl_der_take(&in, SL_DER_SEQUENCE);
	got.algorithm = sl_der_take(&in, SL_DER_SEQUENCE);
	got.signature = sl_der_read_bits(&in);
	if (sl_reader_finish(&in) != SL_OK || got.signature.len == 0 ||
	        !sl_x509_is_algorithm(got.algorithm))
		return SL_EMALFORMED;
	*frame = got;
	return SL_OK;
}

static void
write_frame(struct sl_writer *w, const struct sl_x509_frame *frame)
{
	size_t opened = sl_der_open(w, SL_DER_SEQUENCE);

	sl_write_span(w, frame->body);
	sl_write_span(w, frame->algorithm);
	sl_der_write_bits(w, frame->signature);
	sl_der_close(w, opened);
}

enum sl_err
sl_x509_seal_frame(
        struct sl_span body, const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_x509_frame frame = {body, sl_x509_algorithm(sl_pkey_type(key)), {NULL, 0}};
	struct sl_writer count = sl_writer_counting(), w = sl_writer_over(out, cap);
	uint8_t signature[SL_SIGNATURE_MAX];
	size_t signature_len = 0;
	enum sl_err err = sl_sign(key, body, signature, sizeof signature, &signature_len);

	if (err != SL_OK)
		return err;
	frame.signature = sl_span(signature, signature_len);
	write_frame(&count, &frame);
	if (count.len > cap)
		return SL_ESPACE;
	write_frame(&w, &frame);
	err = sl_writer_finish(&w);
	if (err == SL_OK)
		*len = w.len;
	return err;
}

bool
sl_x509_is_name(struct sl_span der)
{
	struct sl_reader outer = sl_reader_over(der);
	struct sl_reader rdns = sl_der_enter(&outer, SL_DER_SEQUENCE);

	while (rdns.left.len > 0) {
		struct sl_reader pairs = sl_der_enter(&rdns, SL_DER_SET);

		do { /* SET SIZE (1..MAX) */
			struct sl_reader pair = sl_der_enter(&pairs, SL_DER_SEQUENCE);

			(void)sl_der_read(&pair, SL_DER_OID);
			(void)sl_der_take_any(&pair);
			if (sl_reader_finish(&pair) != SL_OK)
				return false;
		} while (pairs.left.len > 0);
	}
	return sl_reader_finish(&rdns) == SL_OK && sl_reader_finish(&outer) == SL_OK;
}

bool
sl_x509_is_general_names(struct sl_span der)
{
	struct sl_reader outer = sl_reader_over(der);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);

	if (!sl_der_is_strict(der))
		return false;
	do { /* GeneralNames ::= SEQUENCE SIZE (1..MAX) */
		uint8_t number = sl_reader_peek(&in) & 0x1f;
		uint8_t tag = number == 0 || (number >= 3 && number <= 5) ? SL_DER_CONTEXT_HOLDS
		                                                          : SL_DER_CONTEXT;

		if (number > 8)
			return false;
		(void)sl_der_take(&in, tag | number);
	} while (in.left.len > 0);
	return sl_reader_finish(&in) == SL_OK && sl_reader_finish(&outer) == SL_OK;
}

/* RFC 5280 section 4.2.1.3: at least one bit; bits 0 to 8. Trailing zero bits pass. */
static bool
read_key_usage(struct sl_x509_extensions *got, struct sl_span value)
{
	struct sl_reader in = sl_reader_over(value);
	struct sl_span bits = sl_der_read(&in, SL_DER_BIT_STRING);

	if (sl_reader_finish(&in) != SL_OK || bits.len < 2 || bits.len > 3)
		return false;
	for (unsigned i = 0; i < 8 * (bits.len - 1); i++)
		if (bits.ptr[1 + i / 8] & (0x80 >> i % 8))
			got->key_usage |= 1u << i;
	got->has_key_usage = true;
	return got->key_usage != 0 && got->key_usage < 1u << 9;
}

/* RFC 5280 section 4.2.1.9. FALSE is the default and has no encoding. */
static bool
read_basic_constraints(struct sl_x509_extensions *got, struct sl_span value)
{
	struct sl_reader outer = sl_reader_over(value);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);

	if (sl_reader_peek(&in) == SL_DER_BOOLEAN) {
		got->is_ca = sl_read_u8(&in) == SL_DER_BOOLEAN && sl_read_u16(&in) == 0x01ff;
		if (!got->is_ca)
			return false;
	}
	if (in.left.len > 0 && sl_der_read(&in, SL_DER_INTEGER).len > 2)
		return false;
	return sl_reader_finish(&in) == SL_OK && sl_reader_finish(&outer) == SL_OK;
}

/* RFC 5280 section 4.2.1.12, RFC 6402 section 2.10. */
static bool
read_extended_key_usage(struct sl_x509_extensions *got, struct sl_span value)
{
	struct sl_reader outer = sl_reader_over(value);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);

	do {
		struct sl_span purpose = sl_der_read(&in, SL_DER_OID);

		if (sl_span_equal(purpose, SL_DER_OID_BYTES("\x2b\x06\x01\x05\x05\x07\x03\x1c")))
			got->is_cmc_ra = true;
	} while (in.left.len > 0);
	return sl_reader_finish(&in) == SL_OK && sl_reader_finish(&outer) == SL_OK;
}

static bool
read_subject_key_id(struct sl_x509_extensions *got, struct sl_span value)
{
	struct sl_reader in = sl_reader_over(value);

	got->subject_key_id = sl_der_read(&in, SL_DER_OCTET_STRING);
	return sl_reader_finish(&in) == SL_OK && got->subject_key_id.len > 0;
}

static bool
read_subject_alt_name(struct sl_x509_extensions *got, struct sl_span value)
{
	got->subject_alt_name = value;
	return sl_x509_is_general_names(value);
}

static bool
read_smime_capabilities(struct sl_x509_extensions *got, struct sl_span value)
{
	got->has_smime_capabilities = true;
	return value.len > 0;
}

static const struct {
	const char *oid;
	size_t oid_len;
	bool (*read)(struct sl_x509_extensions *got, struct sl_span value);
} known[] = {
        {"\x55\x1d\x0e", 3, read_subject_key_id}, {"\x55\x1d\x0f", 3, read_key_usage},
        {"\x55\x1d\x11", 3, read_subject_alt_name}, {"\x55\x1d\x13", 3, read_basic_constraints},
        {"\x55\x1d\x25", 3, read_extended_key_usage},
        {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f", 9, read_smime_capabilities}, /* RFC 4262 */
};

static bool
read_known(struct sl_x509_extensions *got, struct sl_span oid, struct sl_span value)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (sl_span_equal(oid, sl_span(known[i].oid, known[i].oid_len)))
			return sl_der_is_strict(value) && known[i].read(got, value);
	return true;
}

enum sl_err
sl_x509_read_extensions(struct sl_x509_extensions *got, struct sl_span der)
{
	struct sl_x509_extensions found = {0};
	struct sl_span seen[EXTENSIONS_MAX];
	struct sl_reader outer = sl_reader_over(der);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);
	size_t count = 0;

	do { /* Extensions ::= SEQUENCE SIZE (1..MAX) */
		struct sl_reader one = sl_der_enter(&in, SL_DER_SEQUENCE);
		struct sl_span oid = sl_der_read(&one, SL_DER_OID), value;

		if (sl_reader_peek(&one) == SL_DER_BOOLEAN &&
		        !sl_span_equal_text(sl_der_read(&one, SL_DER_BOOLEAN), "\xff"))
			return SL_EMALFORMED; /* DEFAULT FALSE is left out */
		value = sl_der_read(&one, SL_DER_OCTET_STRING);
		if (sl_reader_finish(&one) != SL_OK || count == EXTENSIONS_MAX)
			return SL_EMALFORMED;
		for (size_t i = 0; i < count; i++)
			if (sl_span_equal(seen[i], oid))
				return SL_EMALFORMED; /* RFC 5280 section 4.2: not twice */
		seen[count++] = oid;
		if (!read_known(&found, oid, value))
			return SL_EMALFORMED;
	} while (in.left.len > 0);
	if (sl_reader_finish(&in) != SL_OK || sl_reader_finish(&outer) != SL_OK)
		return SL_EMALFORMED;
	*got = found;
	return SL_OK;
}
