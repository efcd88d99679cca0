/* SPDX-License-Identifier: BSD-2-Clause
 * General names (section 8.13 of the draft), and values that several extensions share: ASCII texts,
 * numbers, flags. */
#include <sl/transcode.h>

#define OTHER_NAME 0
#define RFC822     1
#define DNS        2
#define DIRECTORY  4
#define URI        6
#define IP         7
#define REGISTERED 8
#define HARDWARE   (-1)
#define SMTP_UTF8  (-2)
#define MAC        (-3)
#define ON(last)   "\x2b\x06\x01\x05\x05\x07\x08" last /* id-on */
#define ON_LEN     8

/* otherName types with a number of their own. */
static const struct {
	int number;
	const char *oid;
} known[] = {{HARDWARE, ON("\x04")}, {SMTP_UTF8, ON("\x09")}, {MAC, ON("\x0c")}};

#define KNOWN (sizeof known / sizeof known[0])

static bool
is_ascii(struct sl_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= 0x80)
			return false;
	return true;
}

void
sl_c509_encode_ia5(struct sl_reader *der, uint8_t tag, struct sl_writer *w)
{
	struct sl_span text = sl_der_read(der, tag);

	if (!is_ascii(text))
		sl_reader_fail(der);
	sl_cbor_write_text_span(w, text);
}

void
sl_c509_decode_ia5(struct sl_c509_source *in, uint8_t tag, struct sl_writer *der)
{
	struct sl_span text = sl_cbor_read_text(&in->r);

	if (!is_ascii(text))
		sl_reader_fail(&in->r);
	sl_der_write(der, tag, text);
}

void
sl_c509_encode_uint(struct sl_reader *der, uint8_t tag, struct sl_writer *w)
{
	struct sl_span number = sl_der_read(der, tag);
	struct sl_reader in = sl_reader_over(number);

	if (number.len == 0 || number.ptr[0] >= 0x80 || number.len > 8)
		sl_reader_fail(der);
	sl_cbor_write_uint(w, sl_read_uint(&in, number.len <= 8 ? number.len : 0));
}

void
sl_c509_decode_uint(struct sl_c509_source *in, uint8_t tag, struct sl_writer *der)
{
	uint64_t number = sl_cbor_read_uint(&in->r);
	uint8_t bytes[9] = {0};
	size_t first = 0;

	for (size_t i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)(number >> (8 * (7 - i)));
	while (first < 8 && bytes[first] == 0 && bytes[first + 1] < 0x80)
		first++;
	if (number > INT64_MAX)
		sl_reader_fail(&in->r); /* more than eight bytes in DER, which encoding refuses */
	sl_der_write(der, tag, sl_span(bytes + first, sizeof bytes - first));
}

void
sl_c509_encode_flags(struct sl_reader *der, uint8_t tag, struct sl_writer *w)
{
	struct sl_span bits = sl_der_read(der, tag);
	uint64_t flags = 0;

	if (bits.len < 2 || bits.len > 3)
		sl_reader_fail(der);
	for (size_t i = 0; !der->failed && i < 8 * (bits.len - 1); i++)
		if (bits.ptr[1 + i / 8] & (0x80 >> i % 8))
			flags |= (uint64_t)1 << i;
	sl_cbor_write_uint(w, flags);
}

/* X.690 section 11.2.2: no trailing zero bits. */
void
sl_c509_decode_flags(struct sl_c509_source *in, uint8_t tag, struct sl_writer *der)
{
	uint64_t flags = sl_cbor_read_uint(&in->r);
	uint8_t bits[3] = {0};
	unsigned highest = 0;

	if (flags == 0 || flags > UINT16_MAX)
		sl_reader_fail(&in->r);
	for (unsigned i = 0; i < 16; i++)
		if (flags & (uint64_t)1 << i) {
			bits[1 + i / 8] |= (uint8_t)(0x80 >> i % 8);
			highest = i;
		}
	bits[0] = (uint8_t)(7 - highest % 8);
	sl_der_write(der, tag, sl_span(bits, 2 + highest / 8));
}

/* [type-id OID, value]: the bytes of the value as they are. */
static void
encode_unknown_other(struct sl_span oid, struct sl_span value, struct sl_writer *w)
{
	sl_cbor_write_int(w, OTHER_NAME);
	sl_cbor_write_array(w, 2);
	sl_cbor_write_bytes(w, oid);
	sl_cbor_write_bytes(w, value);
}

static void
encode_known_other(struct sl_reader *value, int number, struct sl_writer *w)
{
	struct sl_reader in;
	size_t opened;

	sl_cbor_write_int(w, number);
	opened = w->len;
	switch (number) {
	case HARDWARE: /* RFC 4108 section 5 */
		in = sl_der_enter(value, SL_DER_SEQUENCE);
		sl_cbor_write_bytes(w, sl_der_read(&in, SL_DER_OID));
		sl_cbor_write_bytes(w, sl_der_read(&in, SL_DER_OCTET_STRING));
		if (sl_reader_finish(&in) != SL_OK)
			sl_reader_fail(value);
		sl_c509_close_array(w, opened, 2);
		break;
	case SMTP_UTF8:
		sl_cbor_write_text_span(w, sl_der_read(value, SL_DER_UTF8_STRING));
		break;
	default:
		sl_cbor_write_bytes(w, sl_der_read(value, SL_DER_OCTET_STRING));
		break;
	}
}

static void
encode_other(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(der, SL_DER_CONTEXT_HOLDS | OTHER_NAME);
	struct sl_span oid = sl_der_read(&in, SL_DER_OID);
	struct sl_reader value = sl_der_enter(&in, SL_DER_CONTEXT_HOLDS | 0);
	size_t i = 0;

	while (i < KNOWN && !sl_span_equal(oid, sl_span(known[i].oid, ON_LEN)))
		i++;
	if (i < KNOWN)
		encode_known_other(&value, known[i].number, w);
	else
		encode_unknown_other(oid, sl_der_take_any(&value), w);
	if (sl_reader_finish(&value) != SL_OK || sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(der);
}

void
sl_c509_encode_general_name(struct sl_reader *der, struct sl_writer *w)
{
	uint8_t number = sl_reader_peek(der) & 0x1f;
	struct sl_reader in;

	switch (number) {
	case OTHER_NAME:
		encode_other(der, w);
		return;
	case RFC822:
	case DNS:
	case URI:
		sl_cbor_write_int(w, number);
		sl_c509_encode_ia5(der, SL_DER_CONTEXT | number, w);
		return;
	case DIRECTORY:
		sl_cbor_write_int(w, DIRECTORY);
		in = sl_der_enter(der, SL_DER_CONTEXT_HOLDS | DIRECTORY);
		sl_c509_encode_name(&in, w);
		if (sl_reader_finish(&in) != SL_OK)
			sl_reader_fail(der);
		return;
	case IP:
	case REGISTERED:
		sl_cbor_write_int(w, number);
		sl_cbor_write_bytes(w, sl_der_read(der, SL_DER_CONTEXT | number));
		return;
	default: /* x400Address, ediPartyName */
		sl_reader_fail(der);
	}
}

static void
decode_other(struct sl_c509_source *in, int64_t number, struct sl_writer *der)
{
	size_t name = sl_der_open(der, SL_DER_CONTEXT_HOLDS | OTHER_NAME), value, hardware;
	bool is_array = number == OTHER_NAME || number == HARDWARE;
	struct sl_span oid = {NULL, 0}, bytes;
	size_t i = 0;

	if (is_array && sl_cbor_read_array(&in->r) != 2)
		sl_reader_fail(&in->r);
	if (is_array)
		oid = sl_cbor_read_bytes(&in->r);
	while (i < KNOWN && known[i].number != number)
		i++;
	sl_der_write(der, SL_DER_OID, i < KNOWN ? sl_span(known[i].oid, ON_LEN) : oid);
	value = sl_der_open(der, SL_DER_CONTEXT_HOLDS | 0);
	if (number == SMTP_UTF8) {
		sl_der_write(der, SL_DER_UTF8_STRING, sl_cbor_read_text(&in->r));
	} else if (number == MAC) {
		sl_der_write(der, SL_DER_OCTET_STRING, sl_cbor_read_bytes(&in->r));
	} else if (number == HARDWARE) {
		hardware = sl_der_open(der, SL_DER_SEQUENCE);
		sl_der_write(der, SL_DER_OID, oid);
		sl_der_write(der, SL_DER_OCTET_STRING, sl_cbor_read_bytes(&in->r));
		sl_der_close(der, hardware);
	} else {
		bytes = sl_cbor_read_bytes(&in->r);
		if (!sl_der_is_strict(bytes) || oid.len == 0)
			sl_reader_fail(&in->r);
		sl_write_span(der, bytes);
	}
	sl_der_close(der, value);
	sl_der_close(der, name);
}

void
sl_c509_decode_general_name(struct sl_c509_source *in, struct sl_writer *der)
{
	int64_t number = sl_cbor_read_int(&in->r);
	size_t opened;

	switch (number) {
	case MAC:
	case SMTP_UTF8:
	case HARDWARE:
	case OTHER_NAME:
		decode_other(in, number, der);
		return;
	case RFC822:
	case DNS:
	case URI:
		sl_c509_decode_ia5(in, (uint8_t)(SL_DER_CONTEXT | number), der);
		return;
	case DIRECTORY:
		opened = sl_der_open(der, SL_DER_CONTEXT_HOLDS | DIRECTORY);
		sl_c509_decode_name(in, der);
		sl_der_close(der, opened);
		return;
	case IP:
	case REGISTERED:
		sl_der_write(der, (uint8_t)(SL_DER_CONTEXT | number), sl_cbor_read_bytes(&in->r));
		return;
	default:
		sl_reader_fail(&in->r);
	}
}

void
sl_c509_encode_list(
        struct sl_reader *der, uint8_t tag, struct sl_writer *w, sl_c509_encode one, size_t items)
{
	struct sl_reader in = sl_der_enter(der, tag);
	size_t opened = w->len, count = 0;

	do {
		one(&in, w);
		count++;
	} while (in.left.len > 0);
	sl_c509_close_array(w, opened, items * count);
	if (in.failed)
		sl_reader_fail(der);
}

void
sl_c509_decode_list(struct sl_c509_source *in, uint8_t tag, struct sl_writer *der,
        sl_c509_decode_one one, size_t items)
{
	size_t opened = sl_der_open(der, tag);
	size_t count = sl_cbor_read_array(&in->r);

	if (count == 0 || count % items != 0)
		sl_reader_fail(&in->r);
	for (size_t i = 0; i < count / items && !in->r.failed; i++)
		one(in, der);
	sl_der_close(der, opened);
}

bool
sl_c509_take_null(struct sl_c509_source *in)
{
	bool is_null = sl_cbor_peek(&in->r) == SL_CBOR_SIMPLE;

	if (is_null)
		sl_cbor_read_null(&in->r);
	return is_null;
}
