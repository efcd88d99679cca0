/* SPDX-License-Identifier: BSD-2-Clause
 * X.509 certificates as C509 type 3 and back: draft-ietf-cose-cbor-encoded-cert-20 section 3.1. */
#include "frame.h"

#include <sl/x509.h>

#define NO_EXPIRY 253402300799 /* 99991231235959Z */

/* --- frames of certificates and requests --- */

void
sl_c509_take_items(struct sl_c509_source *in, struct sl_span *items, size_t count)
{
	if (sl_cbor_read_array(&in->r) != count)
		sl_reader_fail(&in->r);
	for (size_t i = 0; i < count; i++)
		items[i] = sl_cbor_read_item(&in->r);
}

enum sl_err
sl_c509_take_whole(
        const struct sl_c509_form *form, struct sl_span bytes, struct sl_span *items, size_t count)
{
	int type = sl_c509_type_of(bytes);
	struct sl_c509_source in = {sl_reader_over(bytes), type == SL_C509_NATIVE}, again = in;
	struct sl_writer nowhere = sl_writer_counting();

	sl_c509_take_items(&in, items, count);
	if (type == 0 || sl_reader_finish(&in.r) != SL_OK)
		return SL_EMALFORMED;
	form->decode(&again, &nowhere);
	return sl_reader_finish(&again.r) == SL_OK ? SL_OK : SL_EMALFORMED;
}

void
sl_c509_decode_item(struct sl_c509_source *in, struct sl_span item, sl_c509_decode_one one,
        struct sl_writer *der)
{
	struct sl_c509_source sub = {sl_reader_over(item), in->is_native};

	one(&sub, der);
	if (sl_reader_finish(&sub.r) != SL_OK)
		sl_reader_fail(&in->r);
}

int
sl_c509_type_of(struct sl_span bytes)
{
	struct sl_reader r = sl_reader_over(bytes);
	size_t count = sl_cbor_read_array(&r);
	int64_t type = sl_cbor_read_int(&r);

	if (r.failed || (count != CERT_ITEMS && count != REQUEST_ITEMS))
		return 0;
	return type == SL_C509_NATIVE || type == SL_C509_REENCODED ? (int)type : 0;
}

enum sl_err
sl_c509_decode_whole(const struct sl_c509_form *form, struct sl_span c509, struct sl_writer *der)
{
	struct sl_c509_source in = {.r = sl_reader_over(c509)};
	struct sl_reader whole = in.r;

	/* all of it is deterministic CBOR, to the end */
	(void)sl_cbor_read_item(&whole);
	if (sl_reader_finish(&whole) != SL_OK || sl_c509_type_of(c509) == 0)
		return SL_EMALFORMED;
	if (sl_c509_type_of(c509) != SL_C509_REENCODED)
		return SL_EUNSUPPORTED;
	form->decode(&in, der);
	if (sl_reader_finish(&in.r) != SL_OK)
		return SL_EMALFORMED;
	return sl_writer_finish(der);
}

enum sl_err
sl_c509_encode_whole(const struct sl_c509_form *form, struct sl_span der,
        enum sl_c509_points points, struct sl_writer *w)
{
	uint8_t bytes[SL_X509_MAX];
	struct sl_c509_scratch scratch = {bytes, sizeof bytes};
	struct sl_writer again = sl_writer_over(bytes, sizeof bytes);
	struct sl_reader r = sl_reader_over(der);

	if (der.len > SL_X509_MAX || !sl_der_is_strict(der))
		return SL_EMALFORMED;
	form->encode(&r, points, w, scratch);
	if (w->failed && !r.failed)
		return SL_ESPACE;
	if (sl_reader_finish(&r) != SL_OK ||
	        sl_c509_decode_whole(form, sl_writer_span(w), &again) != SL_OK)
		return SL_EUNSUPPORTED;
	return sl_span_equal(sl_writer_span(&again), der) ? SL_OK : SL_EUNSUPPORTED;
}

/* --- certificates, encoding --- */

/* Elements of a TBSCertificate in their order. */
struct tbs {
	struct sl_span algorithm, issuer, subject, extensions;
	int64_t not_before, not_after;
	struct sl_reader serial, key; /* one object each */
};

static void
read_tbs(struct tbs *tbs, struct sl_reader *cert)
{
	struct sl_reader in = sl_der_enter(cert, SL_DER_SEQUENCE), part;

	part = sl_der_enter(&in, SL_DER_CONTEXT_HOLDS | 0);
	if (!sl_span_equal_text(sl_der_read(&part, SL_DER_INTEGER), "\x02")) /* v3 */
		sl_reader_fail(cert);
	tbs->serial = sl_reader_over(sl_der_take_any(&in));
	tbs->algorithm = sl_der_take(&in, SL_DER_SEQUENCE);
	tbs->issuer = sl_der_take(&in, SL_DER_SEQUENCE);
	part = sl_der_enter(&in, SL_DER_SEQUENCE);
	tbs->not_before = sl_x509_read_time(&part);
	tbs->not_after = sl_x509_read_time(&part);
	if (sl_reader_finish(&part) != SL_OK || tbs->not_before < 0 || tbs->not_after < 0)
		sl_reader_fail(cert);
	tbs->subject = sl_der_take(&in, SL_DER_SEQUENCE);
	tbs->key = sl_reader_over(sl_der_take_any(&in));
	tbs->extensions = sl_span(NULL, 0);
	if (in.left.len > 0) { /* no unique identifiers */
		part = sl_der_enter(&in, SL_DER_CONTEXT_HOLDS | 3);
		tbs->extensions = sl_read_rest(&part);
	}
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(cert);
}

static void
encode_part(struct sl_reader *fails, struct sl_span der, sl_c509_encode encode, struct sl_writer *w)
{
	struct sl_reader in = sl_reader_over(der);

	encode(&in, w);
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(fails);
}

static void
encode_cert(struct sl_reader *der, enum sl_c509_points points, struct sl_writer *w,
        struct sl_c509_scratch scratch)
{
	struct sl_reader cert = sl_der_enter(der, SL_DER_SEQUENCE), algorithm, extensions;
	int64_t number = INT64_MIN;
	struct tbs tbs;

	read_tbs(&tbs, &cert);
	algorithm = sl_reader_over(tbs.algorithm);
	extensions = sl_reader_over(tbs.extensions);
	sl_cbor_write_array(w, CERT_ITEMS);
	sl_cbor_write_int(w, SL_C509_REENCODED);
	sl_c509_encode_serial(&tbs.serial, w);
	sl_c509_encode_algorithm(&algorithm, SL_C509_SIGNATURES, w);
	if (sl_span_equal(tbs.issuer, tbs.subject))
		sl_cbor_write_null(w);
	else
		encode_part(&cert, tbs.issuer, sl_c509_encode_name, w);
	sl_cbor_write_uint(w, (uint64_t)tbs.not_before);
	if (tbs.not_after == NO_EXPIRY)
		sl_cbor_write_null(w);
	else
		sl_cbor_write_uint(w, (uint64_t)tbs.not_after);
	encode_part(&cert, tbs.subject, sl_c509_encode_name, w);
	sl_c509_encode_key(&tbs.key, points == SL_C509_COMPRESSED, w);
	if (tbs.extensions.len > 0)
		sl_c509_encode_extensions(&extensions, w, scratch);
	else
		sl_cbor_write_array(w, 0);
	if (!sl_span_equal(sl_der_take_any(&cert), tbs.algorithm))
		sl_reader_fail(&cert); /* RFC 5280 section 4.1.1.2 */
	(void)sl_c509_number_of(SL_C509_SIGNATURES, tbs.algorithm, &number);
	sl_c509_encode_signature(&cert, number, w);
	if (sl_reader_finish(&cert) != SL_OK || algorithm.failed || extensions.failed ||
	        tbs.serial.failed || tbs.key.failed)
		sl_reader_fail(der);
}

/* --- certificates, decoding --- */

static void
decode_time(struct sl_c509_source *in, struct sl_writer *der)
{
	uint64_t when = sl_c509_take_null(in) ? NO_EXPIRY : sl_cbor_read_uint(&in->r);

	if (when > NO_EXPIRY)
		sl_reader_fail(&in->r);
	else
		sl_x509_write_time(der, (int64_t)when);
}

static void
decode_validity(struct sl_c509_source *in, const struct sl_span *items, struct sl_writer *der)
{
	struct sl_reader after = sl_reader_over(items[1]);
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE);

	/* only notAfter may be null, and then must be */
	if ((items[0].len > 0 && items[0].ptr[0] == 0xf6) ||
	        (sl_cbor_peek(&after) == SL_CBOR_UINT && sl_cbor_read_uint(&after) == NO_EXPIRY))
		sl_reader_fail(&in->r);
	sl_c509_decode_item(in, items[0], decode_time, der);
	sl_c509_decode_item(in, items[1], decode_time, der);
	sl_der_close(der, opened);
}

/* null: as the subject; and not in another way. */
static void
decode_issuer(struct sl_c509_source *in, struct sl_span issuer, struct sl_span subject,
        struct sl_writer *der)
{
	bool is_null = issuer.len == 1 && issuer.ptr[0] == 0xf6;

	if (sl_span_equal(issuer, subject))
		sl_reader_fail(&in->r);
	sl_c509_decode_item(in, is_null ? subject : issuer, sl_c509_decode_name, der);
}

static int64_t
decode_algorithm(struct sl_c509_source *in, struct sl_span item, struct sl_writer *der)
{
	struct sl_c509_source sub = {sl_reader_over(item), in->is_native};
	int64_t number = sl_c509_decode_algorithm(&sub, SL_C509_SIGNATURES, der);

	if (sl_reader_finish(&sub.r) != SL_OK)
		sl_reader_fail(&in->r);
	return number;
}

static void
decode_extensions(struct sl_c509_source *in, struct sl_span item, struct sl_writer *der)
{
	size_t opened;

	if (item.len == 1 && item.ptr[0] == 0x80)
		return;
	opened = sl_der_open(der, SL_DER_CONTEXT_HOLDS | 3);
	sl_c509_decode_item(in, item, sl_c509_decode_extensions, der);
	sl_der_close(der, opened);
}

static void
decode_cert(struct sl_c509_source *in, struct sl_writer *der)
{
	struct sl_span items[CERT_ITEMS];
	struct sl_c509_source signature;
	size_t cert = sl_der_open(der, SL_DER_SEQUENCE), tbs = sl_der_open(der, SL_DER_SEQUENCE);
	int64_t algorithm;

	sl_c509_take_items(in, items, CERT_ITEMS);
	sl_write_span(der, sl_span("\xa0\x03\x02\x01\x02", 5)); /* [0] v3 */
	sl_c509_decode_item(in, items[1], sl_c509_decode_serial, der);
	(void)decode_algorithm(in, items[2], der);
	decode_issuer(in, items[3], items[6], der);
	decode_validity(in, &items[4], der);
	sl_c509_decode_item(in, items[6], sl_c509_decode_name, der);
	if (!in->r.failed) /* two items that lie side by side */
		sl_c509_decode_item(in, sl_span(items[7].ptr, items[7].len + items[8].len),
		        sl_c509_decode_key, der);
	decode_extensions(in, items[9], der);
	sl_der_close(der, tbs);
	algorithm = decode_algorithm(in, items[2], der);
	signature = (struct sl_c509_source){sl_reader_over(items[10]), in->is_native};
	sl_c509_decode_signature(&signature, algorithm, der);
	if (sl_reader_finish(&signature.r) != SL_OK)
		sl_reader_fail(&in->r);
	sl_der_close(der, cert);
}

const struct sl_c509_form sl_c509_cert_form = {encode_cert, decode_cert};

enum sl_err
sl_c509_from_x509(
        struct sl_span der, enum sl_c509_points points, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_writer w = sl_writer_over(out, cap);
	enum sl_err err = sl_c509_encode_whole(&sl_c509_cert_form, der, points, &w);

	if (err == SL_OK)
		*len = w.len;
	return err;
}

enum sl_err
sl_c509_to_x509(struct sl_span c509, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_writer w = sl_writer_over(out, cap);
	enum sl_err err = sl_c509_decode_whole(&sl_c509_cert_form, c509, &w);

	if (err == SL_OK)
		*len = w.len;
	return err;
}

enum sl_err
sl_c509_name_to_der(struct sl_span name, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_c509_source in = {sl_reader_over(name), false};
	struct sl_writer w = sl_writer_over(out, cap);

	sl_c509_decode_name(&in, &w);
	if (sl_reader_finish(&in.r) != SL_OK)
		return SL_EMALFORMED;
	if (sl_writer_finish(&w) != SL_OK)
		return SL_ESPACE;
	*len = w.len;
	return SL_OK;
}
