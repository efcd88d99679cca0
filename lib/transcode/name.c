/* SPDX-License-Identifier: BSD-2-Clause
 * Names: draft-ietf-cose-cbor-encoded-cert-20 section 3.1.4. */
#include <sl/transcode.h>

#include <sl/text.h>

#include <string.h>

#define COMMON_NAME      1
#define EMAIL            0
#define DOMAIN_COMPONENT 22
#define TAG_MAC          48 /* RFC 9542 */
#define EUI_TEXT_LEN     23 /* HH-HH-HH-HH-HH-HH-HH-HH */

/* These have no other string type, so their number says it (section 3.1.4). */
static bool
is_ia5(int64_t number)
{
	return number == EMAIL || number == DOMAIN_COMPONENT;
}

static bool
is_lower_hex(struct sl_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!(text.ptr[i] >= '0' && text.ptr[i] <= '9') &&
		        !(text.ptr[i] >= 'a' && text.ptr[i] <= 'f'))
			return false;
	return text.len >= 2 && text.len % 2 == 0;
}

static unsigned
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 16;
}

/* EUI-64 in upper case; then the bytes in mac, 6 when the middle is FF-FE. */
static size_t
read_eui(struct sl_span text, uint8_t mac[static 8])
{
	if (text.len != EUI_TEXT_LEN)
		return 0;
	for (size_t i = 0; i < 8; i++) {
		unsigned high = digit(text.ptr[3 * i]), low = digit(text.ptr[3 * i + 1]);

		if (high > 15 || low > 15 || (i < 7 && text.ptr[3 * i + 2] != '-'))
			return 0;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	if (mac[3] != 0xff || mac[4] != 0xfe)
		return 8;
	memmove(mac + 3, mac + 5, 3);
	return 6;
}

/* SpecialText */
static void
encode_text(struct sl_reader *fails, struct sl_span text, struct sl_writer *w)
{
	uint8_t mac[8];
	size_t mac_len = read_eui(text, mac), at, len = 0;
	struct sl_reader again;
	uint8_t *to;

	if (mac_len > 0) {
		sl_cbor_write_tag(w, TAG_MAC);
		sl_cbor_write_bytes(w, sl_span(mac, mac_len));
	} else if (is_lower_hex(text)) {
		sl_cbor_write_bytes_head(w, text.len / 2);
		to = sl_write_reserve(w, text.len / 2);
		if (to != NULL && sl_hex_decode(to, text.len / 2, &len, text) != SL_OK)
			sl_reader_fail(fails);
	} else {
		at = w->len;
		sl_cbor_write_text_span(w, text);
		again = sl_reader_over(
		        w->failed ? sl_span(NULL, 0) : sl_span(w->out + at, w->len - at));
		(void)sl_cbor_read_text(&again);
		if (again.failed && !w->failed)
			sl_reader_fail(fails); /* no UTF-8 */
	}
}

static void
write_hex(struct sl_writer *w, uint8_t byte, const char *digits)
{
	sl_write_u8(w, (uint8_t)digits[byte >> 4]);
	sl_write_u8(w, (uint8_t)digits[byte & 15]);
}

static void
decode_mac(struct sl_c509_source *in, struct sl_writer *w)
{
	struct sl_span mac;
	bool is_short;

	if (sl_cbor_read_tag(&in->r) != TAG_MAC)
		sl_reader_fail(&in->r);
	mac = sl_cbor_read_bytes(&in->r);
	is_short = mac.len == 6;
	if (!is_short && (mac.len != 8 || (mac.ptr[3] == 0xff && mac.ptr[4] == 0xfe)))
		sl_reader_fail(&in->r);
	for (size_t i = 0; i < mac.len && !in->r.failed; i++) {
		if (i == 3 && is_short)
			sl_write_text(w, "-FF-FE");
		if (i > 0)
			sl_write_u8(w, '-');
		write_hex(w, mac.ptr[i], "0123456789ABCDEF");
	}
}

/* One text has one form: what the other forms say must not stand as text. */
static void
decode_text(struct sl_c509_source *in, struct sl_writer *w)
{
	enum sl_cbor_type type = sl_cbor_peek(&in->r);
	struct sl_span value;
	uint8_t mac[8];

	if (type == SL_CBOR_TAG) {
		decode_mac(in, w);
	} else if (type == SL_CBOR_BYTES) {
		value = sl_cbor_read_bytes(&in->r);
		if (value.len == 0)
			sl_reader_fail(&in->r);
		for (size_t i = 0; i < value.len; i++)
			write_hex(w, value.ptr[i], "0123456789abcdef");
	} else {
		value = sl_cbor_read_text(&in->r);
		if (is_lower_hex(value) || read_eui(value, mac) > 0)
			sl_reader_fail(&in->r);
		sl_write_span(w, value);
	}
}

/* One RDN with one attribute; its OID and its value with the tag. */
static struct sl_span
read_attribute(struct sl_reader *rdns, struct sl_span *oid)
{
	struct sl_reader set = sl_der_enter(rdns, SL_DER_SET);
	struct sl_reader pair = sl_der_enter(&set, SL_DER_SEQUENCE);
	struct sl_span value;

	*oid = sl_der_read(&pair, SL_DER_OID);
	value = sl_der_take_any(&pair);
	if (sl_reader_finish(&pair) != SL_OK || sl_reader_finish(&set) != SL_OK)
		sl_reader_fail(rdns);
	return rdns->failed ? sl_span(NULL, 0) : value;
}

/* The number with its sign; false when only the OID form can say it. */
static bool
signed_number(struct sl_span oid, uint8_t tag, int64_t *number)
{
	if (!sl_c509_number_of(SL_C509_ATTRIBUTES, oid, number))
		return false;
	if (is_ia5(*number))
		return tag == SL_DER_IA5_STRING;
	if (tag == SL_DER_PRINTABLE_STRING)
		*number = -*number;
	return tag == SL_DER_PRINTABLE_STRING || tag == SL_DER_UTF8_STRING;
}

void
sl_c509_encode_name(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader rdns = sl_der_enter(der, SL_DER_SEQUENCE);
	size_t opened = w->len, count = 0;

	while (rdns.left.len > 0) {
		struct sl_span oid, value = read_attribute(&rdns, &oid);
		struct sl_reader in = sl_reader_over(value);
		uint8_t tag = sl_reader_peek(&in);
		int64_t number = 0;
		bool is_special = signed_number(oid, tag, &number);

		if (is_special && number == COMMON_NAME && count == 0 && rdns.left.len == 0) {
			encode_text(&rdns, sl_der_read(&in, tag), w);
			if (rdns.failed || in.failed)
				sl_reader_fail(der);
			return;
		}
		if (is_special) {
			sl_cbor_write_int(w, number);
			encode_text(&rdns, sl_der_read(&in, tag), w);
		} else {
			sl_cbor_write_bytes(w, oid);
			sl_cbor_write_bytes(w, value);
		}
		count++;
	}
	if (rdns.failed)
		sl_reader_fail(der);
	sl_c509_close_array(w, opened, 2 * count);
}

static void
write_attribute(struct sl_writer *der, struct sl_c509_source *in, int64_t number, uint8_t tag)
{
	struct sl_span oid = sl_c509_der_of(SL_C509_ATTRIBUTES, number < 0 ? -number : number);
	size_t opened;

	if (oid.len == 0)
		sl_reader_fail(&in->r);
	sl_der_write(der, SL_DER_OID, oid);
	opened = sl_der_open(der, tag);
	decode_text(in, der);
	sl_der_close(der, opened);
}

static void
decode_attribute(struct sl_c509_source *in, struct sl_writer *der)
{
	int64_t number;
	struct sl_span oid, value;

	if (sl_cbor_peek(&in->r) != SL_CBOR_BYTES) {
		number = sl_cbor_read_int(&in->r);
		if (number < 0 && (in->is_native || is_ia5(-number)))
			sl_reader_fail(&in->r);
		write_attribute(der, in, number,
		        is_ia5(number) ? SL_DER_IA5_STRING
		        : number < 0   ? SL_DER_PRINTABLE_STRING
		                       : SL_DER_UTF8_STRING);
		return;
	}
	oid = sl_cbor_read_bytes(&in->r);
	value = sl_cbor_read_bytes(&in->r);
	if (oid.len == 0 || !sl_der_is_strict(value))
		sl_reader_fail(&in->r);
	sl_der_write(der, SL_DER_OID, oid);
	sl_write_span(der, value);
}

void
sl_c509_decode_name(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t name = sl_der_open(der, SL_DER_SEQUENCE), set, pair;
	bool is_array = sl_cbor_peek(&in->r) == SL_CBOR_ARRAY;
	size_t count = is_array ? sl_cbor_read_array(&in->r) : 2;

	/* a lone common name stands without array and number */
	if (count % 2 != 0 || (is_array && count == 2 && sl_reader_peek(&in->r) == COMMON_NAME))
		sl_reader_fail(&in->r);
	for (size_t i = 0; i < count / 2 && !in->r.failed; i++) {
		set = sl_der_open(der, SL_DER_SET);
		pair = sl_der_open(der, SL_DER_SEQUENCE);
		if (is_array)
			decode_attribute(in, der);
		else
			write_attribute(der, in, COMMON_NAME, SL_DER_UTF8_STRING);
		sl_der_close(der, pair);
		sl_der_close(der, set);
	}
	sl_der_close(der, name);
}
