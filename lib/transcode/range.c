/* SPDX-License-Identifier: BSD-2-Clause
 * Extension values of a draft-ietf-cose-cbor-encoded-cert-20 section 3.3 form that is more than a
 * list: CRL distribution points, name constraints, AS identifiers. */
#include <sl/transcode.h>

#include <string.h>

#define URI 6
#define IP  7

/* --- cRLDistributionPoints, freshestCRL --- */

/* Returns how many names there are. */
static size_t
encode_full_name(struct sl_reader *one, struct sl_writer *w)
{
	struct sl_reader point = sl_der_enter(one, SL_DER_CONTEXT_HOLDS | 0);
	struct sl_reader full = sl_der_enter(&point, SL_DER_CONTEXT_HOLDS | 0);
	size_t opened = w->len, count = 0;

	do {
		sl_c509_encode_ia5(&full, SL_DER_CONTEXT | URI, w);
		count++;
	} while (full.left.len > 0);
	if (count > 1)
		sl_c509_close_array(w, opened, count);
	if (full.failed || sl_reader_finish(&point) != SL_OK)
		sl_reader_fail(one);
	return count;
}

/* [fullName, reasons, cRLIssuer]; or the text alone when there is nothing else: returns that. */
static bool
encode_point(struct sl_reader *in, bool is_alone, struct sl_writer *w)
{
	struct sl_reader one = sl_der_enter(in, SL_DER_SEQUENCE), issuer, name;
	size_t opened = w->len;

	if (encode_full_name(&one, w) == 1 && one.left.len == 0 && is_alone) {
		if (one.failed)
			sl_reader_fail(in);
		return true;
	}
	if (sl_reader_peek(&one) == (SL_DER_CONTEXT | 1))
		sl_c509_encode_flags(&one, SL_DER_CONTEXT | 1, w);
	else
		sl_cbor_write_null(w);
	if (sl_reader_peek(&one) == (SL_DER_CONTEXT_HOLDS | 2)) {
		issuer = sl_der_enter(&one, SL_DER_CONTEXT_HOLDS | 2);
		name = sl_der_enter(&issuer, SL_DER_CONTEXT_HOLDS | 4);
		sl_c509_encode_name(&name, w);
		if (sl_reader_finish(&name) != SL_OK || sl_reader_finish(&issuer) != SL_OK)
			sl_reader_fail(in);
	} else {
		sl_cbor_write_null(w);
	}
	sl_c509_close_array(w, opened, 3);
	if (sl_reader_finish(&one) != SL_OK)
		sl_reader_fail(in);
	return false;
}

static void
encode_points(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(der, SL_DER_SEQUENCE), rest = in;
	size_t opened = w->len, count = 0;
	bool is_text, is_alone;

	(void)sl_der_take_any(&rest);
	is_alone = rest.left.len == 0;
	do {
		is_text = encode_point(&in, is_alone, w);
		count++;
	} while (in.left.len > 0);
	if (!is_text)
		sl_c509_close_array(w, opened, count);
	if (in.failed)
		sl_reader_fail(der);
}

static void
decode_full_name(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t point = sl_der_open(der, SL_DER_CONTEXT_HOLDS | 0);
	size_t full = sl_der_open(der, SL_DER_CONTEXT_HOLDS | 0);
	bool is_array = sl_cbor_peek(&in->r) == SL_CBOR_ARRAY;
	size_t count = is_array ? sl_cbor_read_array(&in->r) : 1;

	if (is_array && count < 2)
		sl_reader_fail(&in->r);
	for (size_t i = 0; i < count && !in->r.failed; i++)
		sl_c509_decode_ia5(in, SL_DER_CONTEXT | URI, der);
	sl_der_close(der, full);
	sl_der_close(der, point);
}

static void
decode_point(struct sl_c509_source *in, bool is_alone, struct sl_writer *der)
{
	size_t one = sl_der_open(der, SL_DER_SEQUENCE), issuer, name;
	bool is_text, no_reasons, no_issuer;

	if (sl_cbor_read_array(&in->r) != 3)
		sl_reader_fail(&in->r);
	is_text = sl_cbor_peek(&in->r) == SL_CBOR_TEXT;
	decode_full_name(in, der);
	no_reasons = sl_c509_take_null(in);
	if (!no_reasons)
		sl_c509_decode_flags(in, SL_DER_CONTEXT | 1, der);
	no_issuer = sl_c509_take_null(in);
	if (!no_issuer) {
		issuer = sl_der_open(der, SL_DER_CONTEXT_HOLDS | 2);
		name = sl_der_open(der, SL_DER_CONTEXT_HOLDS | 4);
		sl_c509_decode_name(in, der);
		sl_der_close(der, name);
		sl_der_close(der, issuer);
	}
	if (is_alone && is_text && no_reasons && no_issuer)
		sl_reader_fail(&in->r); /* is written as the text */
	sl_der_close(der, one);
}

static void
decode_points(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE), one, count = 0;

	if (sl_cbor_peek(&in->r) == SL_CBOR_TEXT) {
		one = sl_der_open(der, SL_DER_SEQUENCE);
		decode_full_name(in, der);
		sl_der_close(der, one);
	} else {
		count = sl_cbor_read_array(&in->r);
		if (count == 0)
			sl_reader_fail(&in->r);
	}
	for (size_t i = 0; i < count && !in->r.failed; i++)
		decode_point(in, count == 1, der);
	sl_der_close(der, opened);
}

/* --- nameConstraints --- */

/* RFC 5280 section 4.2.1.10: address and mask; in C509 the mask is the number of its bits. */
static void
encode_block(struct sl_reader *in, struct sl_writer *w)
{
	struct sl_span block = sl_der_read(in, SL_DER_CONTEXT | IP);
	size_t half = block.len / 2;
	uint8_t short_form[17];
	unsigned bits = 0;

	if (block.len != 8 && block.len != 32) {
		sl_reader_fail(in);
		return;
	}
	while (bits < 8 * half && (block.ptr[half + bits / 8] & (0x80 >> bits % 8)) != 0)
		bits++;
	memcpy(short_form, block.ptr, half);
	short_form[half] = (uint8_t)bits; /* a mask with holes does not come back */
	sl_cbor_write_int(w, IP);
	sl_cbor_write_bytes(w, sl_span(short_form, half + 1));
}

static void
decode_block(struct sl_c509_source *in, struct sl_writer *der)
{
	struct sl_span block;
	uint8_t whole[32] = {0};
	size_t half;

	(void)sl_cbor_read_int(&in->r);
	block = sl_cbor_read_bytes(&in->r);
	half = block.len - 1;
	if ((block.len != 5 && block.len != 17) || block.ptr[half] > 8 * half) {
		sl_reader_fail(&in->r);
		return;
	}
	memcpy(whole, block.ptr, half);
	for (unsigned bit = 0; bit < block.ptr[half]; bit++)
		whole[half + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	sl_der_write(der, SL_DER_CONTEXT | IP, sl_span(whole, 2 * half));
}

/* minimum 0 and no maximum have no encoding */
static void
encode_subtree(struct sl_reader *in, struct sl_writer *w)
{
	struct sl_reader one = sl_der_enter(in, SL_DER_SEQUENCE);

	if (sl_reader_peek(&one) == (SL_DER_CONTEXT | IP))
		encode_block(&one, w);
	else
		sl_c509_encode_general_name(&one, w);
	if (sl_reader_finish(&one) != SL_OK)
		sl_reader_fail(in);
}

static void
encode_name_constraints(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(der, SL_DER_SEQUENCE);

	sl_cbor_write_array(w, 2);
	for (uint8_t i = 0; i < 2; i++)
		if (sl_reader_peek(&in) == (SL_DER_CONTEXT_HOLDS | i))
			sl_c509_encode_list(&in, SL_DER_CONTEXT_HOLDS | i, w, encode_subtree, 2);
		else
			sl_cbor_write_null(w);
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(der);
}

static void
decode_subtree(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t one = sl_der_open(der, SL_DER_SEQUENCE);

	if (sl_reader_peek(&in->r) == IP)
		decode_block(in, der);
	else
		sl_c509_decode_general_name(in, der);
	sl_der_close(der, one);
}

static void
decode_name_constraints(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE);

	if (sl_cbor_read_array(&in->r) != 2)
		sl_reader_fail(&in->r);
	for (uint8_t i = 0; i < 2; i++)
		if (!sl_c509_take_null(in))
			sl_c509_decode_list(in, SL_DER_CONTEXT_HOLDS | i, der, decode_subtree, 2);
	sl_der_close(der, opened);
}

/* --- autonomousSysIds (RFC 3779 section 3.2.3) without rdi --- */

/* Each number as its distance from the one before. */
static void
encode_as(struct sl_reader *in, uint64_t *last, struct sl_writer *w)
{
	struct sl_span bytes = sl_der_read(in, SL_DER_INTEGER);
	struct sl_reader r = sl_reader_over(bytes);
	uint64_t number = sl_read_uint(&r, bytes.len <= 5 ? bytes.len : 0);

	if (bytes.len > 5 || number > UINT32_MAX || number < *last)
		sl_reader_fail(in);
	sl_cbor_write_uint(w, number - *last);
	*last = number;
}

static void
encode_as_numbers(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader outer = sl_der_enter(der, SL_DER_SEQUENCE), range;
	struct sl_reader asnum = sl_der_enter(&outer, SL_DER_CONTEXT_HOLDS | 0), in;
	size_t opened = w->len, count = 0;
	uint64_t last = 0;

	if (sl_reader_peek(&asnum) == SL_DER_NULL) {
		(void)sl_der_read(&asnum, SL_DER_NULL);
		sl_cbor_write_null(w);
	} else {
		in = sl_der_enter(&asnum, SL_DER_SEQUENCE);
		for (; in.left.len > 0; count++) {
			if (sl_reader_peek(&in) != SL_DER_SEQUENCE) {
				encode_as(&in, &last, w);
				continue;
			}
			range = sl_der_enter(&in, SL_DER_SEQUENCE);
			sl_cbor_write_array(w, 2);
			encode_as(&range, &last, w);
			encode_as(&range, &last, w);
			if (sl_reader_finish(&range) != SL_OK)
				sl_reader_fail(&in);
		}
		sl_c509_close_array(w, opened, count);
		if (in.failed || count == 0)
			sl_reader_fail(der);
	}
	if (sl_reader_finish(&asnum) != SL_OK || sl_reader_finish(&outer) != SL_OK)
		sl_reader_fail(der);
}

static void
decode_as(struct sl_c509_source *in, uint64_t *last, struct sl_writer *der)
{
	uint64_t step = sl_cbor_read_uint(&in->r);
	uint8_t bytes[4];

	if (step > UINT32_MAX || *last + step > UINT32_MAX) {
		sl_reader_fail(&in->r);
		return;
	}
	*last += step;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(*last >> (8 * (3 - i)));
	sl_der_write_integer(der, sl_span(bytes, sizeof bytes));
}

static void
decode_as_numbers(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t outer = sl_der_open(der, SL_DER_SEQUENCE);
	size_t asnum = sl_der_open(der, SL_DER_CONTEXT_HOLDS | 0), list, range, count;
	uint64_t last = 0;

	if (sl_c509_take_null(in)) {
		sl_der_write(der, SL_DER_NULL, sl_span(NULL, 0));
	} else {
		list = sl_der_open(der, SL_DER_SEQUENCE);
		count = sl_cbor_read_array(&in->r);
		if (count == 0)
			sl_reader_fail(&in->r);
		for (size_t i = 0; i < count && !in->r.failed; i++) {
			if (sl_cbor_peek(&in->r) != SL_CBOR_ARRAY) {
				decode_as(in, &last, der);
				continue;
			}
			if (sl_cbor_read_array(&in->r) != 2)
				sl_reader_fail(&in->r);
			range = sl_der_open(der, SL_DER_SEQUENCE);
			decode_as(in, &last, der);
			decode_as(in, &last, der);
			sl_der_close(der, range);
		}
		sl_der_close(der, list);
	}
	sl_der_close(der, asnum);
	sl_der_close(der, outer);
}

const struct sl_c509_extension sl_c509_ranges[SL_C509_RANGES] = {
        {5, encode_points, decode_points},
        {26, encode_name_constraints, decode_name_constraints},
        {29, encode_points, decode_points},
        {33, encode_as_numbers, decode_as_numbers},
        {35, encode_as_numbers, decode_as_numbers},
};
