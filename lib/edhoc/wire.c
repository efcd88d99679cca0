/* SPDX-License-Identifier: BSD-2-Clause
 * Identifiers, EAD, suite lists and PLAINTEXTs of RFC 9528, each read and written in one place. */
#include "inside.h"

#include <sl/draw.h>

#include <assert.h>
#include <string.h>

#define LABEL_KID 4 /* COSE header parameter */

/* Section 3.3.2: the bytes 0x00 to 0x17 and 0x20 to 0x37 are whole CBOR ints. */
static bool
is_short(struct sl_span id)
{
	return id.len == 1 && (id.ptr[0] & 0xc0) == 0 && (id.ptr[0] & 0x1f) <= 0x17;
}

struct sl_span
sl_edhoc_id_read(struct sl_reader *r)
{
	enum sl_cbor_type type = sl_cbor_peek(r);
	struct sl_span id;

	if (type == SL_CBOR_UINT || type == SL_CBOR_NINT) {
		id = sl_cbor_read_item(r);
		if (!is_short(id))
			sl_reader_fail(r);
	} else {
		id = sl_cbor_read_bytes(r);
		if (is_short(id))
			sl_reader_fail(r);
	}
	return r->failed ? sl_span(NULL, 0) : id;
}

void
sl_edhoc_id_write(struct sl_writer *w, struct sl_span id)
{
	if (is_short(id))
		sl_write_span(w, id);
	else
		sl_cbor_write_bytes(w, id);
}

struct sl_span
sl_edhoc_id_view(const struct sl_edhoc_id *id)
{
	return sl_span(id->bytes, id->len);
}

void
sl_edhoc_id_set(struct sl_edhoc_id *id, struct sl_span bytes)
{
	assert(bytes.len <= sizeof id->bytes);
	if (bytes.len > 0)
		memcpy(id->bytes, bytes.ptr, bytes.len);
	id->len = bytes.len;
}

/* So many draws of one length fail before the next length is tried: with 200 of 256 identifiers
 * taken, all of them once in seven. */
#define DRAWS 8

enum sl_err
sl_edhoc_id_choose(struct sl_edhoc_id *id, const struct sl_edhoc_id_choice *choice)
{
	struct sl_draw draw = sl_draw_from(choice->seed);
	size_t len_max = choice->len_max < sizeof id->bytes ? choice->len_max : sizeof id->bytes;
	size_t len_min = choice->len_min > 0 ? choice->len_min : 1;
	struct sl_edhoc_id got;

	for (size_t turn = 0; len_min + turn / DRAWS <= len_max; turn++) {
		got.len = len_min + turn / DRAWS;
		for (size_t i = 0; i < got.len; i++)
			got.bytes[i] = (uint8_t)sl_draw_next(&draw);
		if (sl_span_equal(sl_edhoc_id_view(&got), choice->peer) ||
		        choice->is_taken(choice->owner, sl_edhoc_id_view(&got)))
			continue;
		*id = got;
		return SL_OK;
	}
	return SL_ELIMIT;
}

bool
sl_edhoc_ead_next(struct sl_reader *r, struct sl_edhoc_ead_item *item)
{
	struct sl_edhoc_ead_item got = {0};

	if (r->failed || r->left.len == 0)
		return false;
	got.label = sl_cbor_read_int(r);
	got.has_value = sl_cbor_peek(r) == SL_CBOR_BYTES;
	if (got.has_value)
		got.value = sl_cbor_read_bytes(r);
	if (r->failed)
		return false;
	*item = got;
	return true;
}

void
sl_edhoc_ead_write(struct sl_writer *w, const struct sl_edhoc_ead_item *item)
{
	sl_cbor_write_int(w, item->label);
	if (item->has_value)
		sl_cbor_write_bytes(w, item->value);
}

void
sl_edhoc_ead_pad(struct sl_writer *w, size_t len)
{
	struct sl_writer count = sl_writer_counting();
	size_t value_len;
	uint8_t *value;

	if (len < 2) {
		sl_cbor_write_int(w, SL_EDHOC_EAD_PADDING);
		return;
	}
	sl_cbor_write_bytes_head(&count, len - 2);
	value_len = len - 1 - count.len;
	count = sl_writer_counting();
	sl_cbor_write_bytes_head(&count, value_len);
	/* where the head grows, no single item has the length */
	for (size_t used = 1 + count.len + value_len; used < len; used++)
		sl_cbor_write_int(w, SL_EDHOC_EAD_PADDING);
	sl_cbor_write_int(w, SL_EDHOC_EAD_PADDING);
	sl_cbor_write_bytes_head(w, value_len);
	value = sl_write_reserve(w, value_len);
	if (value != NULL && value_len > 0)
		memset(value, 0, value_len);
}

/* Section 3.8: one label is critical everywhere or nowhere. */
static bool
is_consistent(struct sl_span ead, int64_t label)
{
	struct sl_reader r = sl_reader_over(ead);
	struct sl_edhoc_ead_item item;
	bool plain = false, critical = false;

	while (sl_edhoc_ead_next(&r, &item)) {
		plain = plain || item.label == label;
		critical = critical || item.label == -label;
	}
	return !(plain && critical) || label == 0;
}

enum sl_err
sl_edhoc_ead_check(struct sl_span ead, const struct sl_edhoc_profile *profile)
{
	struct sl_reader r = sl_reader_over(ead);
	struct sl_edhoc_ead_item item;
	bool understood = true;

	while (sl_edhoc_ead_next(&r, &item)) {
		bool known = false;

		for (size_t i = 0; i < profile->ead_label_count; i++)
			known = known || (item.label < 0 && item.label == -profile->ead_labels[i]);
		understood = understood && (item.label >= 0 || known);
	}
	if (sl_reader_finish(&r) != SL_OK)
		return SL_EMALFORMED;
	for (size_t i = 0; i < profile->ead_label_count; i++)
		if (!is_consistent(ead, profile->ead_labels[i]))
			return SL_EMALFORMED;
	return understood ? SL_OK : SL_EUNSUPPORTED;
}

struct sl_edhoc_suites
sl_edhoc_suites_read(struct sl_reader *r)
{
	struct sl_edhoc_suites suites;
	struct sl_span start = r->left;
	size_t count = 1, head_len = 0;

	if (sl_cbor_peek(r) == SL_CBOR_ARRAY) {
		count = sl_cbor_read_array(r);
		head_len = start.len - r->left.len;
		if (count < 2)
			sl_reader_fail(r);
	}
	for (size_t i = 0; i < count && !r->failed; i++)
		(void)sl_cbor_read_int(r);
	if (r->failed) {
		suites.left = sl_reader_over(sl_span(NULL, 0));
		return suites;
	}
	suites.left =
	        sl_reader_over(sl_span(start.ptr + head_len, start.len - head_len - r->left.len));
	return suites;
}

bool
sl_edhoc_suites_next(struct sl_edhoc_suites *suites, int64_t *number)
{
	if (suites->left.left.len == 0)
		return false;
	*number = sl_cbor_read_int(&suites->left);
	return true;
}

void
sl_edhoc_suites_write(struct sl_writer *w, const int64_t *numbers, size_t count)
{
	if (count > 1)
		sl_cbor_write_array(w, count);
	for (size_t i = 0; i < count; i++)
		sl_cbor_write_int(w, numbers[i]);
}

/* Section 3.5.3.2: whether the header map is { 4: kid } and nothing else. */
static bool
is_lone_kid(struct sl_span map, struct sl_span *kid)
{
	struct sl_reader r = sl_reader_over(map);
	bool is_kid = sl_cbor_read_map(&r) == 1 && sl_cbor_read_int(&r) == LABEL_KID;

	*kid = sl_cbor_read_bytes(&r);
	return is_kid && sl_reader_finish(&r) == SL_OK;
}

/* A map of at least one parameter that is not { 4: ... } alone. */
static struct sl_span
read_id_cred_map(struct sl_reader *r)
{
	struct sl_span map = sl_cbor_read_item(r);
	struct sl_reader in = sl_reader_over(map);
	size_t count = sl_cbor_read_map(&in);
	enum sl_cbor_type type = sl_cbor_peek(&in);

	if (count == 0 ||
	        (count == 1 && type == SL_CBOR_UINT && sl_cbor_read_uint(&in) == LABEL_KID))
		sl_reader_fail(r);
	return r->failed ? sl_span(NULL, 0) : map;
}

enum sl_err
sl_edhoc_plaintext_read(struct sl_edhoc_plaintext *plaintext, struct sl_span bytes, bool has_c_r)
{
	struct sl_edhoc_plaintext got = {0};
	struct sl_reader r = sl_reader_over(bytes);

	if (has_c_r)
		got.c_r = sl_edhoc_id_read(&r);
	if (sl_cbor_peek(&r) == SL_CBOR_MAP)
		got.id_cred = read_id_cred_map(&r);
	else
		got.kid = sl_edhoc_id_read(&r);
	got.sig_or_mac = sl_cbor_read_bytes(&r);
	if (r.failed)
		return SL_EMALFORMED;
	got.ead = sl_read_rest(&r);
	*plaintext = got;
	return SL_OK;
}

void
sl_edhoc_plaintext_write(struct sl_writer *w, const struct sl_edhoc_plaintext *plaintext)
{
	struct sl_span kid;

	if (is_lone_kid(plaintext->id_cred, &kid))
		sl_edhoc_id_write(w, kid);
	else
		sl_write_span(w, plaintext->id_cred);
	sl_cbor_write_bytes(w, plaintext->sig_or_mac);
	sl_write_span(w, plaintext->ead);
}

void
sl_edhoc_kid_map_write(struct sl_writer *w, struct sl_span kid)
{
	sl_cbor_write_map(w, 1);
	sl_cbor_write_int(w, LABEL_KID);
	sl_cbor_write_bytes(w, kid);
}
