/* SPDX-License-Identifier: BSD-2-Clause
 * Algorithms, public keys and signatures: draft-ietf-cose-cbor-encoded-cert-20 sections 3.1.3,
 * 3.1.7 and 3.2. */
#include "frame.h"

#include <string.h>

#define KEY_RSA        0
#define UNSIGNED       5
#define POP_FIRST      14
#define POP_LAST       16
#define SM2            8
#define ECDSA_SHA1     (-255)
#define EVEN_EXPANDS   0xfe /* a point that is uncompressed in DER */
#define ODD_EXPANDS    0xfd
#define UNCOMPRESSED   0x04
#define COORDINATE_MAX 48
#define HALF_MAX       66

void
sl_c509_encode_algorithm(struct sl_reader *der, enum sl_c509_registry registry, struct sl_writer *w)
{
	struct sl_span whole = sl_der_take(der, SL_DER_SEQUENCE), oid;
	struct sl_reader outer = sl_reader_over(whole);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);
	int64_t number;

	if (sl_c509_number_of(registry, whole, &number)) {
		sl_cbor_write_int(w, number);
		return;
	}
	oid = sl_der_read(&in, SL_DER_OID);
	if (in.left.len > 0) {
		sl_cbor_write_array(w, 2);
		sl_cbor_write_bytes(w, oid);
		sl_cbor_write_bytes(w, sl_der_take_any(&in));
	} else {
		sl_cbor_write_bytes(w, oid);
	}
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(der);
}

int64_t
sl_c509_decode_algorithm(
        struct sl_c509_source *in, enum sl_c509_registry registry, struct sl_writer *der)
{
	enum sl_cbor_type type = sl_cbor_peek(&in->r);
	struct sl_span oid, parameters;
	int64_t number;
	size_t opened;

	if (type == SL_CBOR_UINT || type == SL_CBOR_NINT) {
		number = sl_cbor_read_int(&in->r);
		if (sl_c509_der_of(registry, number).len == 0)
			sl_reader_fail(&in->r);
		sl_write_span(der, sl_c509_der_of(registry, number));
		return number;
	}
	if (type == SL_CBOR_ARRAY && sl_cbor_read_array(&in->r) != 2)
		sl_reader_fail(&in->r);
	oid = sl_cbor_read_bytes(&in->r);
	opened = sl_der_open(der, SL_DER_SEQUENCE);
	sl_der_write(der, SL_DER_OID, oid);
	if (type == SL_CBOR_ARRAY) {
		parameters = sl_cbor_read_bytes(&in->r);
		if (!sl_der_is_strict(parameters))
			sl_reader_fail(&in->r);
		sl_write_span(der, parameters);
	}
	sl_der_close(der, opened);
	if (oid.len == 0)
		sl_reader_fail(&in->r);
	return INT64_MIN;
}

/* --- public keys --- */

static enum sl_pkey_type
curve_of(int64_t number)
{
	return number == 1 ? SL_PKEY_P256 : number == 2 ? SL_PKEY_P384 : SL_PKEY_OTHER;
}

/* 65537 is not written. */
static void
encode_rsa(struct sl_reader *fails, struct sl_span bits, struct sl_writer *w)
{
	struct sl_reader outer = sl_reader_over(bits);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);
	struct sl_span parts[2];

	for (size_t i = 0; i < 2; i++) {
		parts[i] = sl_der_read(&in, SL_DER_INTEGER);
		if (parts[i].len == 0 || parts[i].ptr[0] >= 0x80)
			sl_reader_fail(&in);
		else if (parts[i].ptr[0] == 0)
			parts[i] = sl_span(parts[i].ptr + 1, parts[i].len - 1);
	}
	if (sl_reader_finish(&in) != SL_OK || sl_reader_finish(&outer) != SL_OK)
		sl_reader_fail(fails);
	if (!sl_span_equal(parts[1], sl_span("\x01\x00\x01", 3)))
		sl_cbor_write_array(w, 2);
	sl_cbor_write_bytes(w, parts[0]);
	if (!sl_span_equal(parts[1], sl_span("\x01\x00\x01", 3)))
		sl_cbor_write_bytes(w, parts[1]);
}

static void
decode_rsa(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE);
	bool is_array = sl_cbor_peek(&in->r) == SL_CBOR_ARRAY;
	struct sl_span parts[2] = {{NULL, 0}, sl_span("\x01\x00\x01", 3)};

	if (is_array && sl_cbor_read_array(&in->r) != 2)
		sl_reader_fail(&in->r);
	parts[0] = sl_cbor_read_bytes(&in->r);
	if (is_array) {
		parts[1] = sl_cbor_read_bytes(&in->r);
		if (sl_span_equal(parts[1], sl_span("\x01\x00\x01", 3)))
			sl_reader_fail(&in->r);
	}
	for (size_t i = 0; i < 2; i++) {
		if (parts[i].len == 0 || parts[i].ptr[0] == 0)
			sl_reader_fail(&in->r);
		sl_der_write_integer(der, parts[i]);
	}
	sl_der_close(der, opened);
}

static void
encode_point(struct sl_span bits, enum sl_pkey_type curve, struct sl_writer *w)
{
	size_t half = bits.len / 2;

	if (curve == SL_PKEY_OTHER || bits.len < 3 || bits.ptr[0] != UNCOMPRESSED) {
		sl_cbor_write_bytes(w, bits);
		return;
	}
	sl_cbor_write_bytes_head(w, 1 + half);
	sl_write_u8(w, bits.ptr[bits.len - 1] & 1 ? ODD_EXPANDS : EVEN_EXPANDS);
	sl_write_span(w, sl_span(bits.ptr + 1, half));
}

static void
decode_point(struct sl_c509_source *in, enum sl_pkey_type curve, struct sl_writer *der)
{
	struct sl_span point = sl_cbor_read_bytes(&in->r);
	uint8_t first = point.len > 0 ? point.ptr[0] : 0;
	uint8_t compressed[1 + COORDINATE_MAX], whole[2 * COORDINATE_MAX];
	struct sl_pkey *key = NULL;
	size_t len = 0;

	if (first != EVEN_EXPANDS && first != ODD_EXPANDS) {
		if (first < 2 || first > UNCOMPRESSED)
			sl_reader_fail(&in->r);
		sl_write_span(der, point);
		return;
	}
	if (point.len > sizeof compressed) {
		sl_reader_fail(&in->r);
		return;
	}
	memcpy(compressed, point.ptr, point.len);
	compressed[0] = first == EVEN_EXPANDS ? 0x02 : 0x03;
	if (sl_pkey_from_raw_public(&key, curve, sl_span(compressed, point.len)) != SL_OK ||
	        sl_pkey_to_raw_public(key, whole, sizeof whole, &len) != SL_OK)
		sl_reader_fail(&in->r);
	sl_pkey_free(key);
	sl_write_u8(der, UNCOMPRESSED);
	sl_write_span(der, sl_span(whole, len));
}

bool
sl_c509_is_weierstrass(int64_t number)
{
	return (number >= 1 && number <= 6) || (number >= 24 && number <= 26);
}

void
sl_c509_encode_key(struct sl_reader *der, bool compress, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(der, SL_DER_SEQUENCE), ahead = in;
	struct sl_span algorithm = sl_der_take_any(&ahead), bits;
	int64_t number = INT64_MIN;

	(void)sl_c509_number_of(SL_C509_KEYS, algorithm, &number);
	sl_c509_encode_algorithm(&in, SL_C509_KEYS, w);
	bits = sl_der_read_bits(&in);
	if (number == KEY_RSA)
		encode_rsa(&in, bits, w);
	else if (sl_c509_is_weierstrass(number) && compress)
		encode_point(bits, curve_of(number), w);
	else
		sl_cbor_write_bytes(w, bits);
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(der);
}

void
sl_c509_decode_key(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE), bits;
	int64_t number = sl_c509_decode_algorithm(in, SL_C509_KEYS, der);

	bits = sl_der_open(der, SL_DER_BIT_STRING);
	sl_write_u8(der, 0);
	if (number == KEY_RSA)
		decode_rsa(in, der);
	else if (sl_c509_is_weierstrass(number))
		decode_point(in, curve_of(number), der);
	else
		sl_write_span(der, sl_cbor_read_bytes(&in->r));
	sl_der_close(der, bits);
	sl_der_close(der, opened);
}

/* --- signatures --- */

static bool
is_ecdsa(int64_t number)
{
	return (number >= 0 && number <= 4) || number == SM2 || number == ECDSA_SHA1;
}

/* A magnitude without leading zeros; empty for zero. */
static struct sl_span
strip(struct sl_span number)
{
	while (number.len > 0 && number.ptr[0] == 0)
		number = sl_span(number.ptr + 1, number.len - 1);
	return number;
}

/* RFC 9053 section 2.1. The curve is the issuer's, which a certificate does not say: the halves
 * have the first of these lengths that holds both. */
static void
encode_ecdsa(struct sl_reader *fails, struct sl_span bits, struct sl_writer *w)
{
	static const size_t lengths[] = {32, 48, 64, HALF_MAX};
	static const uint8_t zeros[HALF_MAX];
	struct sl_reader outer = sl_reader_over(bits);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);
	struct sl_span parts[2];
	size_t i = 0;

	parts[0] = strip(sl_der_read(&in, SL_DER_INTEGER));
	parts[1] = strip(sl_der_read(&in, SL_DER_INTEGER));
	while (i < 3 && (parts[0].len > lengths[i] || parts[1].len > lengths[i]))
		i++;
	if (sl_reader_finish(&in) != SL_OK || sl_reader_finish(&outer) != SL_OK ||
	        parts[0].len > HALF_MAX || parts[1].len > HALF_MAX) {
		sl_reader_fail(fails);
		return;
	}
	sl_cbor_write_bytes_head(w, 2 * lengths[i]);
	for (size_t j = 0; j < 2; j++) {
		sl_write_span(w, sl_span(zeros, lengths[i] - parts[j].len));
		sl_write_span(w, parts[j]);
	}
}

/* DhSigStatic (RFC 6955 section 4): [issuer, serialNumber, digest], or the digest alone. */
static void
encode_pop(struct sl_reader *fails, struct sl_span bits, struct sl_writer *w)
{
	struct sl_reader outer = sl_reader_over(bits);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE), recipient;

	if (sl_reader_peek(&in) == SL_DER_SEQUENCE) {
		recipient = sl_der_enter(&in, SL_DER_SEQUENCE);
		sl_cbor_write_array(w, 3);
		sl_c509_encode_name(&recipient, w);
		sl_c509_encode_serial(&recipient, w);
		if (sl_reader_finish(&recipient) != SL_OK)
			sl_reader_fail(fails);
	}
	sl_cbor_write_bytes(w, sl_der_read(&in, SL_DER_OCTET_STRING));
	if (sl_reader_finish(&in) != SL_OK || sl_reader_finish(&outer) != SL_OK)
		sl_reader_fail(fails);
}

void
sl_c509_encode_signature(struct sl_reader *der, int64_t algorithm, struct sl_writer *w)
{
	struct sl_span bits = sl_der_read_bits(der);

	if (is_ecdsa(algorithm))
		encode_ecdsa(der, bits, w);
	else if (algorithm >= POP_FIRST && algorithm <= POP_LAST)
		encode_pop(der, bits, w);
	else
		sl_cbor_write_bytes(w, bits);
}

static void
decode_ecdsa(struct sl_c509_source *in, struct sl_writer *der)
{
	struct sl_span raw = sl_cbor_read_bytes(&in->r);
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE), half = raw.len / 2;

	if (half == 0 || raw.len % 2 != 0 || half > HALF_MAX) {
		sl_reader_fail(&in->r);
		return;
	}
	sl_der_write_integer(der, sl_span(raw.ptr, half));
	sl_der_write_integer(der, sl_span(raw.ptr + half, half));
	sl_der_close(der, opened);
}

static void
decode_pop(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE), recipient;

	if (sl_cbor_peek(&in->r) == SL_CBOR_ARRAY) {
		if (sl_cbor_read_array(&in->r) != 3)
			sl_reader_fail(&in->r);
		recipient = sl_der_open(der, SL_DER_SEQUENCE);
		sl_c509_decode_name(in, der);
		sl_c509_decode_serial(in, der);
		sl_der_close(der, recipient);
	}
	sl_der_write(der, SL_DER_OCTET_STRING, sl_cbor_read_bytes(&in->r));
	sl_der_close(der, opened);
}

void
sl_c509_decode_signature(struct sl_c509_source *in, int64_t algorithm, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_BIT_STRING), at;

	sl_write_u8(der, 0);
	at = der->len;
	if (is_ecdsa(algorithm))
		decode_ecdsa(in, der);
	else if (algorithm >= POP_FIRST && algorithm <= POP_LAST)
		decode_pop(in, der);
	else
		sl_write_span(der, sl_cbor_read_bytes(&in->r));
	if ((der->len > at) == (algorithm == UNSIGNED))
		sl_reader_fail(&in->r); /* unsigned is empty, everything else is not */
	sl_der_close(der, opened);
}

/* --- serial numbers --- */

void
sl_c509_encode_serial(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_span serial = sl_der_read(der, SL_DER_INTEGER);

	if (serial.len == 0 || serial.ptr[0] >= 0x80)
		sl_reader_fail(der);
	else if (serial.len > 1 && serial.ptr[0] == 0)
		serial = sl_span(serial.ptr + 1, serial.len - 1);
	sl_cbor_write_bytes(w, serial);
}

void
sl_c509_decode_serial(struct sl_c509_source *in, struct sl_writer *der)
{
	struct sl_span serial = sl_cbor_read_bytes(&in->r);

	if (serial.len == 0 || (serial.len > 1 && serial.ptr[0] == 0))
		sl_reader_fail(&in->r);
	sl_der_write_integer(der, serial);
}
