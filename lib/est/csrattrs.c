/* SPDX-License-Identifier: BSD-2-Clause
 * application/csrattrs, RFC 7030 section 4.5.2: SEQUENCE OF (OID or Attribute), DER. Only the
 * few tags that occur; what stands inside a value is not looked into. */
#include <sl/est.h>
#include <sl/reader.h>

#include <string.h>

enum {
	TAG_OID = 0x06,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
};

static const uint8_t oid_challenge[] = {0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9,
        7},                                                            /* 1.2.840.113549.1.9.7 */
        oid_ec_key[] = {0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1},  /* 1.2.840.10045.2.1 */
        oid_p256[] = {0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}, /* 1.2.840.10045.3.1.7 */
        oid_p384[] = {0x06, 5, 0x2b, 0x81, 4, 0, 0x22},                /* 1.3.132.0.34 */
        oid_ed25519[] = {0x06, 3, 0x2b, 0x65, 0x70};                   /* 1.3.101.112 */

#define OID(name) sl_span(oid_##name, sizeof oid_##name)

/* --- DER items ------------------------------------------------------------------------- */

struct item {
	uint8_t tag;
	struct sl_span content;
	struct sl_span whole;
};

/* X.690 section 10.1: definite, in the fewest bytes; here at most two. */
static size_t
read_length(struct sl_reader *r)
{
	size_t first = sl_read_u8(r), len;

	if (first < 0x80)
		return first;
	len = first == 0x81 ? sl_read_u8(r) : sl_read_u16(r);
	if (first > 0x82 || first == 0x80 || len < (first == 0x81 ? 0x80U : 0x100U))
		sl_reader_fail(r);
	return len;
}

static struct item
read_item(struct sl_reader *r)
{
	struct sl_span all = r->left;
	struct item got;
	size_t len;

	got.tag = sl_read_u8(r);
	if ((got.tag & 0x1f) == 0x1f || got.tag == 0) /* no long tags, no end-of-contents */
		sl_reader_fail(r);
	len = read_length(r);
	got.content = sl_read_span(r, len);
	got.whole = sl_span(all.ptr, r->failed ? 0 : all.len - r->left.len);
	return got;
}

/* X.690 section 8.19: numbers of seven bits a byte, none begins with 0x80, the last one ends. */
static bool
is_oid(const struct item *item)
{
	bool at_begin = true;

	if (item->tag != TAG_OID || item->content.len == 0)
		return false;
	for (size_t i = 0; i < item->content.len; i++) {
		if (at_begin && item->content.ptr[i] == 0x80)
			return false;
		at_begin = item->content.ptr[i] < 0x80;
	}
	return at_begin;
}

static size_t
length_size(size_t len)
{
	return len < 0x80 ? 1 : len < 0x100 ? 2 : 3;
}

static void
write_head(struct sl_writer *w, uint8_t tag, size_t len)
{
	sl_write_u8(w, tag);
	if (len >= 0x80)
		sl_write_u8(w, (uint8_t)(0x80 + length_size(len) - 1));
	if (len >= 0x100)
		sl_write_u16(w, (uint16_t)len);
	else
		sl_write_u8(w, (uint8_t)len);
}

/* --- reading --------------------------------------------------------------------------- */

/* One AttrOrOID; values is the content of the set, its ptr NULL for a bare OID. */
struct entry {
	struct sl_span oid;
	struct sl_span values;
};

static struct entry
read_entry(struct sl_reader *r)
{
	struct item item = read_item(r), oid = item, set = {0};
	struct entry got = {0};

	if (!r->failed && item.tag == TAG_SEQUENCE) {
		struct sl_reader inside = sl_reader_over(item.content);

		oid = read_item(&inside);
		set = read_item(&inside);
		if (sl_reader_finish(&inside) != SL_OK || set.tag != TAG_SET ||
		        set.content.len == 0)
			sl_reader_fail(r);
		got.values = set.content;
	}
	if (r->failed || !is_oid(&oid)) {
		sl_reader_fail(r);
		return (struct entry){0};
	}
	got.oid = oid.whole;
	return got;
}

/* The reader over the items of the outer sequence. */
static enum sl_err
open_list(struct sl_reader *list, struct sl_span der)
{
	struct sl_reader r = sl_reader_over(der);
	struct item outer = read_item(&r);

	if (sl_reader_finish(&r) != SL_OK || outer.tag != TAG_SEQUENCE)
		return SL_EMALFORMED;
	*list = sl_reader_over(outer.content);
	return SL_OK;
}

static void
note_type(struct sl_est_csrattrs *got, struct sl_span oid)
{
	got->wants_p256 |= sl_span_equal(oid, OID(p256));
	got->wants_p384 |= sl_span_equal(oid, OID(p384));
	got->wants_ed25519 |= sl_span_equal(oid, OID(ed25519));
}

static enum sl_err
note_entry(struct sl_est_csrattrs *got, const struct entry *entry)
{
	struct sl_reader values = sl_reader_over(entry->values);
	bool is_key = sl_span_equal(entry->oid, OID(ec_key));

	got->count++;
	if (entry->values.ptr == NULL) {
		got->wants_challenge |= sl_span_equal(entry->oid, OID(challenge));
		note_type(got, entry->oid);
	}
	while (values.left.len > 0) {
		struct item value = read_item(&values);

		if (is_key)
			note_type(got, value.whole);
	}
	return sl_reader_finish(&values);
}

enum sl_err
sl_est_csrattrs_decode(struct sl_est_csrattrs *out, struct sl_span der)
{
	struct sl_est_csrattrs got = {0};
	struct sl_reader list;
	enum sl_err err = open_list(&list, der);

	while (err == SL_OK && list.left.len > 0) {
		struct entry entry = read_entry(&list);

		err = list.failed ? SL_EMALFORMED : note_entry(&got, &entry);
	}
	if (err == SL_OK)
		*out = got;
	return err;
}

/* into becomes *out later: values point there. */
static enum sl_err
keep_entry(struct sl_est_attrs *into, struct sl_est_attrs *out, const struct entry *entry)
{
	struct sl_reader values = sl_reader_over(entry->values);
	struct sl_est_attr *attr = &into->list[into->count];

	if (into->count == SL_EST_ATTRS_MAX)
		return SL_ELIMIT;
	*attr = (struct sl_est_attr){.oid = entry->oid};
	if (entry->values.ptr != NULL)
		attr->values = &out->values[into->value_count];
	while (values.left.len > 0) {
		if (into->value_count == SL_EST_ATTR_VALUES_MAX)
			return SL_ELIMIT;
		into->values[into->value_count++] = read_item(&values).whole;
		attr->value_count++;
	}
	into->count++;
	return SL_OK;
}

enum sl_err
sl_est_csrattrs_read(struct sl_est_attrs *out, struct sl_span der)
{
	struct sl_est_csrattrs checked;
	struct sl_est_attrs got = {0};
	struct sl_reader list;
	enum sl_err err = sl_est_csrattrs_decode(&checked, der);

	if (err == SL_OK)
		err = open_list(&list, der);
	while (err == SL_OK && list.left.len > 0) {
		struct entry entry = read_entry(&list);

		err = keep_entry(&got, out, &entry);
	}
	if (err == SL_OK)
		*out = got;
	return err;
}

/* --- writing --------------------------------------------------------------------------- */

static bool
is_one_item(struct sl_span der, bool must_be_oid)
{
	struct sl_reader r = sl_reader_over(der);
	struct item item = read_item(&r);

	return sl_reader_finish(&r) == SL_OK && (!must_be_oid || is_oid(&item));
}

static enum sl_err
check_attr(const struct sl_est_attr *attr)
{
	if (!is_one_item(attr->oid, true))
		return SL_EMALFORMED;
	if (attr->values == NULL)
		return SL_OK;
	if (attr->value_count == 0)
		return SL_EMALFORMED;
	if (attr->value_count > SL_EST_ATTRS_MAX)
		return SL_ELIMIT;
	for (size_t i = 0; i < attr->value_count; i++)
		if (!is_one_item(attr->values[i], false))
			return SL_EMALFORMED;
	return SL_OK;
}

/* X.690 section 11.6: as bytes, the shorter one padded with zeros. No item is another one's
 * beginning. */
static bool
is_before(struct sl_span a, struct sl_span b)
{
	return memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len) < 0;
}

static void
write_set(struct sl_writer *w, const struct sl_est_attr *attr)
{
	struct sl_span sorted[SL_EST_ATTRS_MAX];
	size_t len = 0;

	for (size_t i = 0; i < attr->value_count; i++) {
		size_t at = i;

		for (; at > 0 && is_before(attr->values[i], sorted[at - 1]); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = attr->values[i];
		len += attr->values[i].len;
	}
	write_head(w, TAG_SET, len);
	for (size_t i = 0; i < attr->value_count; i++)
		sl_write_span(w, sorted[i]);
}

static void
write_entry(struct sl_writer *w, const struct sl_est_attr *attr)
{
	struct sl_writer size = sl_writer_counting();

	if (attr->values == NULL) {
		sl_write_span(w, attr->oid);
		return;
	}
	write_set(&size, attr);
	write_head(w, TAG_SEQUENCE, attr->oid.len + size.len);
	sl_write_span(w, attr->oid);
	write_set(w, attr);
}

enum sl_err
sl_est_csrattrs_encode(struct sl_writer *w, const struct sl_est_attr *attrs, size_t count)
{
	struct sl_writer size = sl_writer_counting();

	if (count > SL_EST_ATTRS_MAX)
		return SL_ELIMIT;
	for (size_t i = 0; i < count; i++) {
		enum sl_err err = check_attr(&attrs[i]);

		if (err != SL_OK)
			return err;
		write_entry(&size, &attrs[i]);
	}
	if (size.len > UINT16_MAX)
		return SL_ELIMIT;
	write_head(w, TAG_SEQUENCE, size.len);
	for (size_t i = 0; i < count; i++)
		write_entry(w, &attrs[i]);
	return sl_writer_finish(w);
}

enum sl_err
sl_est_csrattrs_for(struct sl_writer *w, const struct sl_est_csrattrs *policy)
{
	struct sl_est_attr attrs[3];
	struct sl_span curves[2];
	size_t count = 0, curve_count = 0;

	if (policy->wants_challenge)
		attrs[count++] = (struct sl_est_attr){.oid = OID(challenge)};
	if (policy->wants_p256)
		curves[curve_count++] = OID(p256);
	if (policy->wants_p384)
		curves[curve_count++] = OID(p384);
	if (curve_count > 0)
		attrs[count++] = (struct sl_est_attr){OID(ec_key), curves, curve_count};
	if (policy->wants_ed25519)
		attrs[count++] = (struct sl_est_attr){.oid = OID(ed25519)};
	return sl_est_csrattrs_encode(w, attrs, count);
}
