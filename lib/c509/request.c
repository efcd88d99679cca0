/* SPDX-License-Identifier: BSD-2-Clause
 * Certification requests: draft-ietf-cose-cbor-encoded-cert-20 sections 4 to 4.3; static DH proof
 * of possession, RFC 6955 section 4. */
#include "frame.h"

#include <sl/hash.h>
#include <sl/wipe.h>

#include <string.h>

#define TAG_PRINTABLE 121 /* alternative 0 */
#define ECDH_MAX      56
#define POP_INPUT_MAX (ECDH_MAX + 1024)

enum {
	ATTRIBUTE_EXTENSIONS = 0,
	ATTRIBUTE_CHALLENGE = 1,
	ATTRIBUTE_POSSESSION = 2,
};

/* What encoding of attributes needs besides. */
struct job {
	enum sl_c509_points points;
	struct sl_c509_scratch scratch;
};

/* --- PKCS#10 to type 3 --- */

static void
encode_challenge(struct sl_reader *value, struct sl_writer *w)
{
	uint8_t tag = sl_reader_peek(value);

	if (tag != SL_DER_UTF8_STRING && tag != SL_DER_PRINTABLE_STRING)
		sl_reader_fail(value);
	if (tag == SL_DER_PRINTABLE_STRING)
		sl_cbor_write_tag(w, TAG_PRINTABLE);
	sl_cbor_write_text_span(w, sl_der_read(value, tag));
}

/* RFC 9883 section 4: [issuer, serialNumber, certificate or null] */
static void
encode_possession(struct sl_reader *value, const struct job *job, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(value, SL_DER_SEQUENCE);
	struct sl_reader signer = sl_der_enter(&in, SL_DER_SEQUENCE);
	size_t opened;

	sl_cbor_write_array(w, 3);
	sl_c509_encode_name(&signer, w);
	sl_c509_encode_serial(&signer, w);
	if (in.left.len > 0) {
		opened = w->len;
		sl_c509_cert_form.encode(&in, job->points, w, job->scratch);
		sl_c509_close_bytes(w, opened);
	} else {
		sl_cbor_write_null(w);
	}
	if (sl_reader_finish(&signer) != SL_OK || sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(value);
}

static void
encode_attribute(struct sl_reader *list, const struct job *job, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(list, SL_DER_SEQUENCE), set;
	struct sl_span oid = sl_der_read(&in, SL_DER_OID), whole = sl_der_take(&in, SL_DER_SET);
	struct sl_reader outer = sl_reader_over(whole);
	int64_t number = INT64_MIN;

	set = sl_der_enter(&outer, SL_DER_SET);
	if (sl_c509_number_of(SL_C509_REQUEST_ATTRIBUTES, oid, &number)) {
		sl_cbor_write_int(w, number);
		if (number == ATTRIBUTE_EXTENSIONS)
			sl_c509_encode_extensions(&set, w, job->scratch);
		else if (number == ATTRIBUTE_CHALLENGE)
			encode_challenge(&set, w);
		else
			encode_possession(&set, job, w);
		if (sl_reader_finish(&set) != SL_OK)
			sl_reader_fail(list);
	} else {
		sl_cbor_write_bytes(w, oid);
		sl_cbor_write_bytes(w, whole);
	}
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(list);
}

static void
encode_request(struct sl_reader *der, enum sl_c509_points points, struct sl_writer *w,
        struct sl_c509_scratch scratch)
{
	struct job job = {points, scratch};
	struct sl_reader request = sl_der_enter(der, SL_DER_SEQUENCE);
	struct sl_reader info = sl_der_enter(&request, SL_DER_SEQUENCE), attributes;
	struct sl_span whole = sl_der_take(&request, SL_DER_SEQUENCE);
	struct sl_reader algorithm = sl_reader_over(whole);
	int64_t number = INT64_MIN;
	size_t opened, count = 0;

	if (!sl_span_equal(sl_der_read(&info, SL_DER_INTEGER), sl_span("", 1))) /* version 0 */
		sl_reader_fail(&request);
	sl_cbor_write_array(w, REQUEST_ITEMS);
	sl_cbor_write_int(w, SL_C509_REENCODED);
	sl_c509_encode_algorithm(&algorithm, SL_C509_SIGNATURES, w);
	sl_c509_encode_name(&info, w);
	sl_c509_encode_key(&info, points == SL_C509_COMPRESSED, w);
	attributes = sl_der_enter(&info, SL_DER_CONTEXT_HOLDS | 0);
	opened = w->len;
	for (; attributes.left.len > 0 && !w->failed; count++)
		encode_attribute(&attributes, &job, w);
	sl_c509_close_array(w, opened, 2 * count);
	(void)sl_c509_number_of(SL_C509_SIGNATURES, whole, &number);
	sl_c509_encode_signature(&request, number, w);
	if (sl_reader_finish(&request) != SL_OK || sl_reader_finish(&info) != SL_OK ||
	        attributes.failed || algorithm.failed)
		sl_reader_fail(der);
}

/* --- type 3 to PKCS#10; with a counting writer also the check of type 2 --- */

static void
decode_challenge(struct sl_c509_source *in, struct sl_writer *der)
{
	uint8_t tag = SL_DER_UTF8_STRING;

	if (sl_cbor_peek(&in->r) == SL_CBOR_TAG) {
		tag = SL_DER_PRINTABLE_STRING;
		if (sl_cbor_read_tag(&in->r) != TAG_PRINTABLE || in->is_native)
			sl_reader_fail(&in->r);
	}
	sl_der_write(der, tag, sl_cbor_read_text(&in->r));
}

static void
decode_possession(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE), signer;
	struct sl_span cert;

	if (sl_cbor_read_array(&in->r) != 3)
		sl_reader_fail(&in->r);
	signer = sl_der_open(der, SL_DER_SEQUENCE);
	sl_c509_decode_name(in, der);
	sl_c509_decode_serial(in, der);
	sl_der_close(der, signer);
	if (!sl_c509_take_null(in)) {
		cert = sl_cbor_read_bytes(&in->r);
		if (sl_c509_type_of(cert) != (in->is_native ? SL_C509_NATIVE : SL_C509_REENCODED))
			sl_reader_fail(&in->r);
		sl_c509_decode_item(in, cert, sl_c509_cert_form.decode, der);
	}
	sl_der_close(der, opened);
}

static void
decode_numbered(struct sl_c509_source *in, int64_t number, struct sl_writer *der)
{
	size_t set;

	sl_der_write(der, SL_DER_OID, sl_c509_der_of(SL_C509_REQUEST_ATTRIBUTES, number));
	set = sl_der_open(der, SL_DER_SET);
	switch (number) {
	case ATTRIBUTE_EXTENSIONS:
		sl_c509_decode_extensions(in, der);
		break;
	case ATTRIBUTE_CHALLENGE:
		decode_challenge(in, der);
		break;
	case ATTRIBUTE_POSSESSION:
		decode_possession(in, der);
		break;
	default:
		sl_reader_fail(&in->r);
	}
	sl_der_close(der, set);
}

static void
decode_attributes(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_CONTEXT_HOLDS | 0), one;
	size_t count = sl_cbor_read_array(&in->r);
	struct sl_span set;

	if (count % 2 != 0)
		sl_reader_fail(&in->r);
	for (size_t i = 0; i < count / 2 && !in->r.failed; i++) {
		one = sl_der_open(der, SL_DER_SEQUENCE);
		if (sl_cbor_peek(&in->r) == SL_CBOR_BYTES) {
			sl_der_write(
			        der, SL_DER_OID, sl_c509_read_oid(in, SL_C509_REQUEST_ATTRIBUTES));
			set = sl_cbor_read_bytes(&in->r);
			if (!sl_der_is_strict(set))
				sl_reader_fail(&in->r);
			sl_write_span(der, set);
		} else {
			decode_numbered(in, sl_cbor_read_int(&in->r), der);
		}
		sl_der_close(der, one);
	}
	sl_der_close(der, opened);
}

static void
decode_request(struct sl_c509_source *in, struct sl_writer *der)
{
	struct sl_span items[REQUEST_ITEMS];
	size_t request = sl_der_open(der, SL_DER_SEQUENCE),
	       info = sl_der_open(der, SL_DER_SEQUENCE);
	struct sl_c509_source algorithm, signature;
	int64_t number;

	sl_c509_take_items(in, items, REQUEST_ITEMS);
	sl_der_write(der, SL_DER_INTEGER, sl_span("", 1));
	sl_c509_decode_item(in, items[2], sl_c509_decode_name, der);
	if (!in->r.failed)
		sl_c509_decode_item(in, sl_span(items[3].ptr, items[3].len + items[4].len),
		        sl_c509_decode_key, der);
	sl_c509_decode_item(in, items[5], decode_attributes, der);
	sl_der_close(der, info);
	algorithm = (struct sl_c509_source){sl_reader_over(items[1]), in->is_native};
	signature = (struct sl_c509_source){sl_reader_over(items[6]), in->is_native};
	number = sl_c509_decode_algorithm(&algorithm, SL_C509_SIGNATURES, der);
	sl_c509_decode_signature(&signature, number, der);
	if (sl_reader_finish(&algorithm.r) != SL_OK || sl_reader_finish(&signature.r) != SL_OK ||
	        (in->is_native && number == INT64_MIN))
		sl_reader_fail(&in->r);
	sl_der_close(der, request);
}

const struct sl_c509_form sl_c509_request_form = {encode_request, decode_request};

enum sl_err
sl_c509_from_pkcs10(
        struct sl_span der, enum sl_c509_points points, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_writer w = sl_writer_over(out, cap);
	enum sl_err err = sl_c509_encode_whole(&sl_c509_request_form, der, points, &w);

	if (err == SL_OK)
		*len = w.len;
	return err;
}

enum sl_err
sl_c509_to_pkcs10(struct sl_span c509, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_writer w = sl_writer_over(out, cap);
	enum sl_err err = sl_c509_decode_whole(&sl_c509_request_form, c509, &w);

	if (err == SL_OK)
		*len = w.len;
	return err;
}

/* --- what a request says --- */

static void
read_attributes(struct sl_c509_request *request, struct sl_span item)
{
	struct sl_reader r = sl_reader_over(item), text;
	size_t count = sl_cbor_read_array(&r) / 2;

	for (size_t i = 0; i < count; i++) {
		struct sl_span id = sl_cbor_read_item(&r), value = sl_cbor_read_item(&r);

		if (id.len != 1)
			continue;
		if (id.ptr[0] == ATTRIBUTE_EXTENSIONS)
			request->extensions = value;
		if (id.ptr[0] != ATTRIBUTE_CHALLENGE)
			continue;
		text = sl_reader_over(value);
		if (sl_cbor_peek(&text) == SL_CBOR_TAG)
			(void)sl_cbor_read_tag(&text);
		request->challenge = sl_cbor_read_text(&text);
		request->has_challenge = true;
	}
}

enum sl_err
sl_c509_request_decode(struct sl_c509_request *request, struct sl_span bytes)
{
	struct sl_c509_request got = {.bytes = bytes};
	struct sl_span items[REQUEST_ITEMS];
	struct sl_reader algorithm;
	enum sl_err err = sl_c509_take_whole(&sl_c509_request_form, bytes, items, REQUEST_ITEMS);

	if (err != SL_OK)
		return err;
	got.type = (enum sl_c509_type)sl_c509_type_of(bytes);
	algorithm = sl_reader_over(items[1]);
	got.signature_algorithm = INT64_MIN;
	if (sl_cbor_peek(&algorithm) <= SL_CBOR_NINT)
		got.signature_algorithm = sl_cbor_read_int(&algorithm);
	got.subject = items[2];
	got.key = sl_span(items[3].ptr, items[3].len + items[4].len);
	got.signature = items[6];
	got.tbs = sl_span(bytes.ptr + 1, bytes.len - 1 - items[6].len);
	read_attributes(&got, items[5]);
	err = sl_c509_check_key(got.key);
	if (err == SL_OK)
		*request = got;
	return err;
}

enum sl_err
sl_c509_request_key(const struct sl_c509_request *request, struct sl_pkey **key)
{
	return sl_c509_load_key(request->key, key);
}

enum sl_err
sl_c509_request_verify_native(const struct sl_c509_request *request)
{
	struct sl_pkey *key = NULL;
	enum sl_err err;

	if (request->type != SL_C509_NATIVE)
		return SL_EUNSUPPORTED;
	err = sl_c509_load_key(request->key, &key);
	if (err == SL_OK)
		err = sl_c509_check_native(
		        key, request->signature_algorithm, request->tbs, request->signature);
	sl_pkey_free(key);
	return err;
}

enum sl_err
sl_c509_pop(const struct sl_c509_pop *in, uint8_t *out, size_t *len)
{
	static const int hashes[] = {SL_SHA256, SL_SHA384, SL_SHA512};
	uint8_t input[POP_INPUT_MAX], secret[ECDH_MAX], key[SL_HASH_MAX];
	struct sl_writer w = sl_writer_over(input, sizeof input);
	size_t secret_len = 0, hash_len;
	enum sl_err err;
	int hash;

	if (in->algorithm < 14 || in->algorithm > 16)
		return SL_EUNSUPPORTED;
	hash = hashes[in->algorithm - 14];
	hash_len = sl_hash_len(hash);
	err = sl_ecdh(in->own, in->peer, secret, sizeof secret, &secret_len);
	sl_write_span(&w, in->leading);
	sl_write_span(&w, sl_span(secret, secret_len));
	sl_write_span(&w, in->trailing);
	if (err == SL_OK && w.failed)
		err = SL_ELIMIT;
	if (err == SL_OK)
		err = sl_hash(hash, sl_writer_span(&w), key);
	if (err == SL_OK)
		err = sl_hmac(hash, sl_span(key, hash_len), in->data, out);
	if (err == SL_OK)
		*len = hash_len;
	sl_wipe(input, sizeof input);
	sl_wipe(secret, sizeof secret);
	sl_wipe(key, sizeof key);
	return err;
}
