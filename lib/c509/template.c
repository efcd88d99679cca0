/* SPDX-License-Identifier: BSD-2-Clause
 * Templates of certification requests: draft-ietf-cose-cbor-encoded-cert-20 section 4.4. */
#include "frame.h"

#define TEMPLATE_ITEMS 7
#define UNDEFINED      0xf7

typedef void (*check)(struct sl_c509_source *in);

static bool
is_undefined(struct sl_span item)
{
	return item.len == 1 && item.ptr[0] == UNDEFINED;
}

/* undefined, or an array of so many items each; empty when undefined. */
static struct sl_span
check_list(struct sl_c509_source *in, struct sl_span item, check one, size_t items, size_t least)
{
	struct sl_c509_source sub = {sl_reader_over(item), false};
	size_t count;

	if (is_undefined(item))
		return sl_span(NULL, 0);
	count = sl_cbor_read_array(&sub.r);
	if (count < least || count % items != 0)
		sl_reader_fail(&in->r);
	for (size_t i = 0; i < count / items && !sub.r.failed; i++)
		one(&sub);
	if (sl_reader_finish(&sub.r) != SL_OK)
		sl_reader_fail(&in->r);
	return item;
}

static void
check_type(struct sl_c509_source *in)
{
	(void)sl_cbor_read_int(&in->r);
}

static void
check_signature_algorithm(struct sl_c509_source *in)
{
	struct sl_writer count = sl_writer_counting();

	(void)sl_c509_decode_algorithm(in, SL_C509_SIGNATURES, &count);
}

static void
check_key_algorithm(struct sl_c509_source *in)
{
	struct sl_writer count = sl_writer_counting();

	(void)sl_c509_decode_algorithm(in, SL_C509_KEYS, &count);
}

/* A number that is not negative, or an OID: says which. */
static bool
take_id(struct sl_c509_source *in)
{
	bool is_oid = sl_cbor_peek(&in->r) == SL_CBOR_BYTES;

	if (is_oid && sl_cbor_read_bytes(&in->r).len == 0)
		sl_reader_fail(&in->r);
	if (!is_oid)
		(void)sl_cbor_read_uint(&in->r);
	return is_oid;
}

static void
check_attribute(struct sl_c509_source *in)
{
	bool is_oid = take_id(in);
	uint64_t least = sl_cbor_read_uint(&in->r), most = sl_cbor_read_uint(&in->r);
	struct sl_span value;

	if (most == 0 || most < least)
		sl_reader_fail(&in->r);
	if (is_oid && sl_cbor_peek(&in->r) == SL_CBOR_BYTES) {
		(void)sl_cbor_read_bytes(&in->r);
		return;
	}
	value = sl_cbor_read_item(&in->r);
	/* SpecialText: text, bytes, or a tagged MAC address */
	if (!is_undefined(value) && (is_oid || value.len == 0 || value.ptr[0] < 0x40 ||
	                                    (value.ptr[0] >= 0x80 && value.ptr[0] != 0xd8)))
		sl_reader_fail(&in->r);
}

static void
check_extension(struct sl_c509_source *in)
{
	bool is_oid = take_id(in);
	struct sl_span value;

	(void)sl_cbor_read_bool(&in->r);
	value = sl_cbor_read_item(&in->r);
	if (is_oid && !is_undefined(value) && (value.len == 0 || value.ptr[0] >> 5 != 2))
		sl_reader_fail(&in->r);
}

enum sl_err
sl_c509_template_decode(struct sl_c509_template *template, struct sl_span bytes)
{
	struct sl_c509_source in = {.r = sl_reader_over(bytes)};
	struct sl_c509_template got;
	struct sl_span items[TEMPLATE_ITEMS];

	sl_c509_take_items(&in, items, TEMPLATE_ITEMS);
	if (sl_reader_finish(&in.r) != SL_OK || items[0].len != 1 || items[0].ptr[0] != 0 ||
	        !is_undefined(items[5]))
		return SL_EMALFORMED;
	got.request_types = check_list(&in, items[1], check_type, 1, 1);
	got.signature_algorithms = check_list(&in, items[2], check_signature_algorithm, 1, 1);
	got.subject = check_list(&in, items[3], check_attribute, 4, 0);
	got.key_algorithms = check_list(&in, items[4], check_key_algorithm, 1, 1);
	got.extensions = check_list(&in, items[6], check_extension, 3, 0);
	if (in.r.failed)
		return SL_EMALFORMED;
	*template = got;
	return SL_OK;
}
