/* SPDX-License-Identifier: BSD-2-Clause
 * Extensions: draft-ietf-cose-cbor-encoded-cert-20 sections 3.1.10 and 3.3. The values that are one
 * number or string stand here, the others in list.c and range.c. */
#include <sl/transcode.h>

#define KEY_USAGE 2

/* basicConstraints as one int */
#define NO_CA        (-2)
#define CA_NO_LENGTH (-1)

static void
encode_key_id(struct sl_reader *der, struct sl_writer *w)
{
	sl_cbor_write_bytes(w, sl_der_read(der, SL_DER_OCTET_STRING));
}

static void
decode_key_id(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_der_write(der, SL_DER_OCTET_STRING, sl_cbor_read_bytes(&in->r));
}

static void
encode_key_usage(struct sl_reader *der, struct sl_writer *w)
{
	sl_c509_encode_flags(der, SL_DER_BIT_STRING, w);
}

static void
decode_key_usage(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_c509_decode_flags(in, SL_DER_BIT_STRING, der);
}

static void
encode_basic_constraints(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(der, SL_DER_SEQUENCE);

	if (in.left.len == 0)
		sl_cbor_write_int(w, NO_CA);
	else if (sl_der_read(&in, SL_DER_BOOLEAN).len == 1 && in.left.len == 0)
		sl_cbor_write_int(w, CA_NO_LENGTH);
	else
		sl_c509_encode_uint(&in, SL_DER_INTEGER, w);
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(der);
}

static void
decode_basic_constraints(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE);
	bool has_length = sl_cbor_peek(&in->r) == SL_CBOR_UINT;
	int64_t number = has_length ? CA_NO_LENGTH : sl_cbor_read_int(&in->r);

	if (number < NO_CA)
		sl_reader_fail(&in->r);
	if (number == CA_NO_LENGTH)
		sl_der_write(der, SL_DER_BOOLEAN, sl_span("\xff", 1));
	if (has_length)
		sl_c509_decode_uint(in, SL_DER_INTEGER, der);
	sl_der_close(der, opened);
}

static void
encode_inhibit_any(struct sl_reader *der, struct sl_writer *w)
{
	sl_c509_encode_uint(der, SL_DER_INTEGER, w);
}

static void
decode_inhibit_any(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_c509_decode_uint(in, SL_DER_INTEGER, der);
}

static void
encode_no_check(struct sl_reader *der, struct sl_writer *w)
{
	(void)sl_der_read(der, SL_DER_NULL);
	sl_cbor_write_null(w);
}

static void
decode_no_check(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_cbor_read_null(&in->r);
	sl_der_write(der, SL_DER_NULL, sl_span(NULL, 0));
}

static const struct sl_c509_extension singles[] = {
        {1, encode_key_id, decode_key_id},
        {KEY_USAGE, encode_key_usage, decode_key_usage},
        {4, encode_basic_constraints, decode_basic_constraints},
        {30, encode_inhibit_any, decode_inhibit_any},
        {36, encode_no_check, decode_no_check},
};

static const struct {
	const struct sl_c509_extension *rows;
	size_t count;
} tables[] = {
        {singles, sizeof singles / sizeof singles[0]},
        {sl_c509_lists, SL_C509_LISTS},
        {sl_c509_ranges, SL_C509_RANGES},
};

static const struct sl_c509_extension *
find(int64_t number)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (size_t j = 0; j < tables[i].count; j++)
			if (tables[i].rows[j].number == number)
				return &tables[i].rows[j];
	return NULL;
}

/* Whether the specific form was written and comes back as it was. */
static bool
encode_specific(
        int64_t number, struct sl_span value, struct sl_writer *w, struct sl_c509_scratch scratch)
{
	const struct sl_c509_extension *row = find(number);
	struct sl_reader der = sl_reader_over(value);
	struct sl_writer again = sl_writer_over(scratch.bytes, scratch.cap);
	struct sl_c509_source in = {.is_native = false};
	size_t at = w->len;

	if (row == NULL || !sl_der_is_strict(value))
		return false;
	row->encode(&der, w);
	if (w->failed)
		return true; /* does not fit, whatever its form */
	in.r = sl_reader_over(sl_span(w->out + at, w->len - at));
	row->decode(&in, &again);
	if (sl_reader_finish(&der) == SL_OK && sl_reader_finish(&in.r) == SL_OK &&
	        sl_span_equal(sl_writer_span(&again), value))
		return true;
	w->len = at;
	return false;
}

struct one {
	struct sl_span oid, value;
	bool is_critical;
};

static struct one
read_one(struct sl_reader *list)
{
	struct sl_reader in = sl_der_enter(list, SL_DER_SEQUENCE);
	struct one one = {.oid = sl_der_read(&in, SL_DER_OID)};

	one.is_critical = sl_reader_peek(&in) == SL_DER_BOOLEAN;
	if (one.is_critical && !sl_span_equal_text(sl_der_read(&in, SL_DER_BOOLEAN), "\xff"))
		sl_reader_fail(list);
	one.value = sl_der_read(&in, SL_DER_OCTET_STRING);
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(list);
	return one;
}

static void
encode_one(const struct one *one, struct sl_writer *w, struct sl_c509_scratch scratch)
{
	size_t at = w->len;
	int64_t number;

	if (sl_c509_number_of(SL_C509_EXTENSIONS, one->oid, &number)) {
		sl_cbor_write_int(w, one->is_critical ? -number : number);
		if (encode_specific(number, one->value, w, scratch))
			return;
		w->len = at;
	}
	sl_cbor_write_bytes(w, one->oid);
	if (one->is_critical)
		sl_cbor_write_array(w, 1);
	sl_cbor_write_bytes(w, one->value);
}

/* keyUsage alone: its value with the sign of the number. */
static bool
encode_lone_key_usage(struct sl_writer *w, size_t opened)
{
	struct sl_reader r = sl_reader_over(sl_span(w->out + opened, w->len - opened));
	int64_t number = sl_cbor_read_int(&r);
	uint64_t flags = sl_cbor_read_uint(&r);

	if (sl_reader_finish(&r) != SL_OK || (number != KEY_USAGE && number != -KEY_USAGE))
		return false;
	w->len = opened;
	sl_cbor_write_int(w, number > 0 ? (int64_t)flags : -(int64_t)flags);
	return true;
}

void
sl_c509_encode_extensions(
        struct sl_reader *der, struct sl_writer *w, struct sl_c509_scratch scratch)
{
	struct sl_reader list = sl_der_enter(der, SL_DER_SEQUENCE);
	size_t opened = w->len, count = 0;

	do {
		struct one one = read_one(&list);

		encode_one(&one, w, scratch);
		count++;
	} while (list.left.len > 0 && !w->failed);
	if (list.failed)
		sl_reader_fail(der);
	if (w->failed || (count == 1 && encode_lone_key_usage(w, opened)))
		return;
	sl_c509_close_array(w, opened, 2 * count);
}

static void
open_value(struct sl_writer *der, struct sl_span oid, bool is_critical)
{
	sl_der_write(der, SL_DER_OID, oid);
	if (is_critical)
		sl_der_write(der, SL_DER_BOOLEAN, sl_span("\xff", 1));
}

static void
decode_numbered(struct sl_c509_source *in, int64_t number, struct sl_writer *der)
{
	const struct sl_c509_extension *row = find(number < 0 ? -number : number);
	size_t value;

	if (row == NULL) {
		sl_reader_fail(&in->r);
		return;
	}
	open_value(der, sl_c509_der_of(SL_C509_EXTENSIONS, row->number), number < 0);
	value = sl_der_open(der, SL_DER_OCTET_STRING);
	row->decode(in, der);
	sl_der_close(der, value);
}

static void
decode_with_oid(struct sl_c509_source *in, struct sl_writer *der)
{
	struct sl_span oid = sl_cbor_read_bytes(&in->r);
	bool is_critical = sl_cbor_peek(&in->r) == SL_CBOR_ARRAY;
	int64_t number;

	if (is_critical && sl_cbor_read_array(&in->r) != 1)
		sl_reader_fail(&in->r);
	if (oid.len == 0 || (in->is_native && sl_c509_number_of(SL_C509_EXTENSIONS, oid, &number)))
		sl_reader_fail(&in->r);
	open_value(der, oid, is_critical);
	sl_der_write(der, SL_DER_OCTET_STRING, sl_cbor_read_bytes(&in->r));
}

static void
decode_lone_key_usage(struct sl_c509_source *in, struct sl_writer *der)
{
	int64_t flags = sl_cbor_read_int(&in->r);
	uint8_t bytes[4];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_c509_source value = {.is_native = in->is_native};

	if (flags == 0 || flags > UINT16_MAX || flags < -UINT16_MAX) {
		sl_reader_fail(&in->r);
		return;
	}
	sl_cbor_write_uint(&w, (uint64_t)(flags < 0 ? -flags : flags));
	value.r = sl_reader_over(sl_writer_span(&w));
	decode_numbered(&value, flags < 0 ? -KEY_USAGE : KEY_USAGE, der);
}

void
sl_c509_decode_extensions(struct sl_c509_source *in, struct sl_writer *der)
{
	bool is_array = sl_cbor_peek(&in->r) == SL_CBOR_ARRAY;
	size_t count = is_array ? sl_cbor_read_array(&in->r) : 2, list, one;
	uint8_t first = sl_reader_peek(&in->r);

	if (count == 0)
		return;
	/* keyUsage alone has no array; 2 and -2 are 0x02 and 0x21 */
	if (count % 2 != 0 || (is_array && count == 2 && (first == 0x02 || first == 0x21)))
		sl_reader_fail(&in->r);
	list = sl_der_open(der, SL_DER_SEQUENCE);
	for (size_t i = 0; i < count / 2 && !in->r.failed; i++) {
		one = sl_der_open(der, SL_DER_SEQUENCE);
		if (!is_array)
			decode_lone_key_usage(in, der);
		else if (sl_cbor_peek(&in->r) == SL_CBOR_BYTES)
			decode_with_oid(in, der);
		else
			decode_numbered(in, sl_cbor_read_int(&in->r), der);
		sl_der_close(der, one);
	}
	sl_der_close(der, list);
}
