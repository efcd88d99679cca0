/* SPDX-License-Identifier: BSD-2-Clause
 * ID_CRED_x: RFC 9528 section 3.5.3, RFC 9360 section 2, and the C509 draft's section 3.4. */
#include "inside.h"

#include <sl/hash.h>

#include <string.h>

#define TAG_URI       32
#define SHA256_64     (-15)
#define SHA256_64_LEN 8
#define LABELS_MAX    16

static struct sl_cert_hash
read_hash(struct sl_reader *r)
{
	struct sl_cert_hash hash;

	if (sl_cbor_read_array(r) != 2)
		sl_reader_fail(r);
	hash.alg = sl_cbor_read_int(r);
	hash.hash = sl_cbor_read_bytes(r);
	if (hash.hash.len == 0)
		sl_reader_fail(r);
	return hash;
}

/* Tagged as a URI; a plain text when allowed. */
static struct sl_span
read_uri(struct sl_reader *r, bool may_be_plain)
{
	struct sl_span uri;

	if ((!may_be_plain || sl_cbor_peek(r) == SL_CBOR_TAG) && sl_cbor_read_tag(r) != TAG_URI)
		sl_reader_fail(r);
	uri = sl_cbor_read_text(r);
	if (uri.len == 0)
		sl_reader_fail(r);
	return uri;
}

/* One bstr, or an array of two or more: whole items, or their contents. */
static enum sl_err
read_chain(struct sl_reader *r, struct sl_span *chain, size_t *count, bool wants_content)
{
	bool is_array = sl_cbor_peek(r) == SL_CBOR_ARRAY;
	size_t total = is_array ? sl_cbor_read_array(r) : 1;

	if (is_array && total < 2)
		sl_reader_fail(r);
	if (total > SL_CHAIN_MAX)
		return SL_ELIMIT;
	for (size_t i = 0; i < total; i++) {
		struct sl_reader ahead = *r;
		struct sl_span content = sl_cbor_read_bytes(&ahead);

		chain[i] = wants_content ? content : sl_cbor_read_item(r);
		*r = ahead;
	}
	*count = total;
	return SL_OK;
}

static enum sl_err
read_parameter(struct sl_id_cred *id, struct sl_reader *r, int64_t label)
{
	switch (label) {
	case SL_LABEL_KID:
		id->has_kid = true;
		id->kid = sl_cbor_read_bytes(r);
		return SL_OK;
	case SL_LABEL_KCCS:
		if (sl_cbor_peek(r) != SL_CBOR_MAP)
			sl_reader_fail(r);
		id->kccs = sl_cbor_read_item(r);
		return SL_OK;
	case SL_LABEL_X5T:
		id->has_x5t = true;
		id->x5t = read_hash(r);
		return SL_OK;
	case SL_LABEL_C5T:
		id->has_c5t = true;
		id->c5t = read_hash(r);
		return SL_OK;
	case SL_LABEL_X5U:
		id->x5u = read_uri(r, false);
		return SL_OK;
	case SL_LABEL_C5U:
		id->c5u = read_uri(r, true);
		return SL_OK;
	case SL_LABEL_X5CHAIN:
		return read_chain(r, id->x5chain, &id->x5chain_count, false);
	case SL_LABEL_C5C:
		return read_chain(r, id->c5c, &id->c5c_count, true);
	case SL_LABEL_KCWT:
	case SL_LABEL_X5BAG:
	case SL_LABEL_C5B:
		return SL_EUNSUPPORTED;
	default:
		(void)sl_cbor_read_item(r);
		return SL_OK;
	}
}

static bool
is_understood(const struct sl_id_cred *id)
{
	return id->has_kid || id->has_x5t || id->has_c5t || id->kccs.len > 0 || id->x5u.len > 0 ||
	       id->c5u.len > 0 || id->x5chain_count > 0 || id->c5c_count > 0;
}

enum sl_err
sl_id_cred_decode(struct sl_id_cred *id, struct sl_span map)
{
	struct sl_id_cred got = {0};
	struct sl_reader r = sl_reader_over(map), whole = r;
	struct sl_span labels[LABELS_MAX];
	size_t count = sl_cbor_read_map(&r);
	enum sl_err err = SL_OK;

	(void)sl_cbor_read_item(&whole);
	if (sl_reader_finish(&whole) != SL_OK || count == 0)
		return SL_EMALFORMED;
	if (count > LABELS_MAX)
		return SL_ELIMIT;
	for (size_t i = 0; i < count && err == SL_OK; i++) {
		struct sl_reader label;

		labels[i] = sl_cbor_read_item(&r);
		for (size_t j = 0; j < i; j++)
			if (sl_span_equal(labels[i], labels[j]))
				return SL_EMALFORMED;
		label = sl_reader_over(labels[i]);
		if (sl_cbor_peek(&label) == SL_CBOR_TEXT)
			(void)sl_cbor_read_item(&r);
		else
			err = read_parameter(&got, &r, sl_cbor_read_int(&label));
		if (label.failed)
			return SL_EMALFORMED; /* neither int nor text */
	}
	if (err != SL_OK)
		return err;
	if (sl_reader_finish(&r) != SL_OK)
		return SL_EMALFORMED;
	if (!is_understood(&got))
		return SL_EUNSUPPORTED;
	*id = got;
	return SL_OK;
}

/* The length in bytes; 0: not ours. */
static size_t
make_hash(int64_t alg, struct sl_span bytes, uint8_t out[static SL_HASH_MAX])
{
	int hash = alg == SHA256_64 ? SL_SHA256 : (int)alg;

	if (alg != SHA256_64 && alg != SL_SHA256 && alg != SL_SHA384 && alg != SL_SHA512)
		return 0;
	if (sl_hash(hash, bytes, out) != SL_OK)
		return 0;
	return alg == SHA256_64 ? SHA256_64_LEN : sl_hash_len(hash);
}

bool
sl_cert_hash_is_of(const struct sl_cert_hash *want, struct sl_span bytes)
{
	uint8_t hash[SL_HASH_MAX];
	size_t len = make_hash(want->alg, bytes, hash);

	return len > 0 && sl_span_equal(want->hash, sl_span(hash, len));
}

void
sl_id_cred_write_kid(struct sl_writer *w, struct sl_span kid)
{
	sl_cbor_write_map(w, 1);
	sl_cbor_write_int(w, SL_LABEL_KID);
	sl_cbor_write_bytes(w, kid);
}

void
sl_id_cred_write_kccs(struct sl_writer *w, struct sl_span ccs)
{
	sl_cbor_write_map(w, 1);
	sl_cbor_write_int(w, SL_LABEL_KCCS);
	sl_write_span(w, ccs);
}

enum sl_err
sl_id_cred_write_hash(
        struct sl_writer *w, enum sl_id_cred_label label, int64_t alg, struct sl_span cert)
{
	uint8_t hash[SL_HASH_MAX];
	size_t len = make_hash(alg, cert, hash);

	if (len == 0)
		return SL_EUNSUPPORTED;
	sl_cbor_write_map(w, 1);
	sl_cbor_write_int(w, label);
	sl_cbor_write_array(w, 2);
	sl_cbor_write_int(w, alg);
	sl_cbor_write_bytes(w, sl_span(hash, len));
	return sl_writer_finish(w);
}

void
sl_id_cred_write_chain(
        struct sl_writer *w, enum sl_id_cred_label label, const struct sl_span *certs, size_t count)
{
	sl_cbor_write_map(w, 1);
	sl_cbor_write_int(w, label);
	if (count > 1)
		sl_cbor_write_array(w, count);
	for (size_t i = 0; i < count; i++)
		sl_cbor_write_bytes(w, certs[i]);
}

void
sl_id_cred_write_x5u(struct sl_writer *w, struct sl_span uri)
{
	sl_cbor_write_map(w, 1);
	sl_cbor_write_int(w, SL_LABEL_X5U);
	sl_cbor_write_tag(w, TAG_URI);
	sl_cbor_write_text_span(w, uri);
}
