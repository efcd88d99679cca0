/* SPDX-License-Identifier: BSD-2-Clause
 * What a C509 certificate says, of either type, and signatures over C509 itself (type 2):
 * draft-ietf-cose-cbor-encoded-cert-20 sections 3.1 and 3.4. */
#include "frame.h"

#include <sl/wipe.h>
#include <sl/x509.h>

#define EXTENSIONS_MAX 32
#define SPKI_MAX       256
#define NULL_ITEM      0xf6
#define EKU_CMC_RA     16

enum {
	EXT_KEY_USAGE = 2,
	EXT_ALT_NAME = 3,
	EXT_BASIC_CONSTRAINTS = 4,
	EXT_PURPOSES = 8,
};

static const struct {
	int64_t algorithm; /* SL_C509_SIGNATURES */
	enum sl_pkey_type key;
} signers[] = {{0, SL_PKEY_P256}, {1, SL_PKEY_P384}, {12, SL_PKEY_ED25519}, {13, SL_PKEY_ED448}};

#define SIGNERS (sizeof signers / sizeof signers[0])

enum sl_err
sl_c509_load_key(struct sl_span two_items, struct sl_pkey **key)
{
	struct sl_c509_source in = {.r = sl_reader_over(two_items)};
	uint8_t spki[SPKI_MAX];
	struct sl_writer w = sl_writer_over(spki, sizeof spki);
	struct sl_pkey *got = NULL;
	enum sl_err err;

	sl_c509_decode_key(&in, &w);
	if (sl_reader_finish(&in.r) != SL_OK)
		return SL_EMALFORMED;
	if (w.failed)
		return SL_EUNSUPPORTED; /* none of our types is as long */
	err = sl_pkey_from_spki(&got, sl_writer_span(&w));
	if (err == SL_OK && sl_pkey_type(got) == SL_PKEY_OTHER) {
		sl_pkey_free(got);
		return SL_EUNSUPPORTED;
	}
	if (err == SL_OK)
		*key = got;
	return err;
}

enum sl_err
sl_c509_check_key(struct sl_span two_items)
{
	struct sl_pkey *key = NULL;
	enum sl_err err = sl_c509_load_key(two_items, &key);

	sl_pkey_free(key);
	return err == SL_EUNSUPPORTED ? SL_OK : err;
}

enum sl_err
sl_c509_check_native(
        const struct sl_pkey *key, int64_t algorithm, struct sl_span tbs, struct sl_span signature)
{
	struct sl_reader r = sl_reader_over(signature);
	struct sl_span raw = sl_cbor_read_bytes(&r);
	size_t i = 0;

	while (i < SIGNERS && signers[i].algorithm != algorithm)
		i++;
	if (i == SIGNERS)
		return SL_EUNSUPPORTED;
	if (sl_reader_finish(&r) != SL_OK || signers[i].key != sl_pkey_type(key))
		return SL_EAUTH;
	return sl_verify_raw(key, tbs, raw);
}

/* --- extensions that we process --- */

static void
read_basic_constraints(struct sl_c509_cert *cert, struct sl_reader *value)
{
	int64_t number = sl_cbor_read_int(value);

	cert->is_ca = number >= -1;
	cert->path_len = number >= 0 ? number : SL_C509_NO_LIMIT;
}

static void
read_purposes(struct sl_c509_cert *cert, struct sl_reader *value)
{
	size_t count = 1;

	if (sl_cbor_peek(value) == SL_CBOR_ARRAY)
		count = sl_cbor_read_array(value);
	for (size_t i = 0; i < count && !value->failed; i++) {
		struct sl_span purpose = sl_cbor_read_item(value);

		if (purpose.len == 1 && purpose.ptr[0] == EKU_CMC_RA)
			cert->is_cmc_ra = true;
	}
}

static void
read_extension(struct sl_c509_cert *cert, int64_t number, struct sl_span item)
{
	struct sl_reader value = sl_reader_over(item);

	switch (number < 0 ? -number : number) {
	case EXT_KEY_USAGE:
		cert->has_key_usage = true;
		cert->key_usage = (unsigned)sl_cbor_read_uint(&value);
		break;
	case EXT_BASIC_CONSTRAINTS:
		read_basic_constraints(cert, &value);
		break;
	case EXT_PURPOSES:
		read_purposes(cert, &value);
		break;
	case EXT_ALT_NAME:
		break;
	default:
		cert->has_unknown_critical = cert->has_unknown_critical || number < 0;
	}
}

/* The number without its sign, or the OID's number, so that one extension has one name. */
static struct sl_span
name_of(struct sl_span id, int64_t *number)
{
	struct sl_reader r = sl_reader_over(id);
	struct sl_span oid;

	*number = INT64_MIN;
	if (sl_cbor_peek(&r) == SL_CBOR_BYTES)
		return sl_cbor_read_bytes(&r);
	*number = sl_cbor_read_int(&r);
	oid = sl_c509_der_of(SL_C509_EXTENSIONS, *number < 0 ? -*number : *number);
	return oid;
}

/* Their form was checked; none stands twice (RFC 5280 section 4.2). */
static enum sl_err
read_extensions(struct sl_c509_cert *cert, struct sl_span item)
{
	struct sl_span seen[EXTENSIONS_MAX];
	struct sl_reader r = sl_reader_over(item);
	size_t count = 0, total;
	int64_t number;

	if (sl_cbor_peek(&r) != SL_CBOR_ARRAY) {
		number = sl_cbor_read_int(&r);
		cert->has_key_usage = true;
		cert->key_usage = (unsigned)(number < 0 ? -number : number);
		return SL_OK;
	}
	total = sl_cbor_read_array(&r) / 2;
	if (total > EXTENSIONS_MAX)
		return SL_EMALFORMED;
	for (; count < total; count++) {
		struct sl_span value;

		seen[count] = name_of(sl_cbor_read_item(&r), &number);
		for (size_t i = 0; i < count; i++)
			if (sl_span_equal(seen[i], seen[count]))
				return SL_EMALFORMED;
		value = sl_cbor_read_item(&r);
		if (number != INT64_MIN)
			read_extension(cert, number, value);
		else if (value.len > 0 && value.ptr[0] == 0x81) /* [bstr] is critical */
			cert->has_unknown_critical = true;
	}
	return SL_OK;
}

static int64_t
number_in(struct sl_span item)
{
	struct sl_reader r = sl_reader_over(item);
	enum sl_cbor_type type = sl_cbor_peek(&r);

	return type == SL_CBOR_UINT || type == SL_CBOR_NINT ? sl_cbor_read_int(&r) : INT64_MIN;
}

/* Section 3.2.1: native points have the prefixes of SEC 1. */
static bool
has_native_prefix(struct sl_span algorithm, struct sl_span key)
{
	struct sl_reader r = sl_reader_over(key);
	struct sl_span point;

	if (!sl_c509_is_weierstrass(number_in(algorithm)))
		return true;
	point = sl_cbor_read_bytes(&r);
	return point.len > 0 && point.ptr[0] <= 0x04;
}

static void
fill(struct sl_c509_cert *cert, const struct sl_span *items)
{
	struct sl_reader serial = sl_reader_over(items[1]);
	bool is_null = items[3].ptr[0] == NULL_ITEM, no_end = items[5].ptr[0] == NULL_ITEM;

	cert->serial = sl_cbor_read_bytes(&serial);
	cert->signature_algorithm = number_in(items[2]);
	cert->issuer = is_null ? items[6] : items[3];
	cert->not_before = number_in(items[4]);
	cert->not_after = no_end ? SL_C509_NO_END : number_in(items[5]);
	cert->subject = items[6];
	cert->key = sl_span(items[7].ptr, items[7].len + items[8].len);
	cert->signature = items[10];
	cert->path_len = SL_C509_NO_LIMIT;
}

enum sl_err
sl_c509_decode(struct sl_c509_cert *cert, struct sl_span bytes, bool lenient)
{
	struct sl_c509_cert got = {.bytes = bytes};
	struct sl_span items[CERT_ITEMS];
	enum sl_err err = sl_c509_take_whole(&sl_c509_cert_form, bytes, items, CERT_ITEMS);

	if (err != SL_OK)
		return err;
	got.type = (enum sl_c509_type)sl_c509_type_of(bytes);
	fill(&got, items);
	if (got.type == SL_C509_NATIVE &&
	        (got.signature_algorithm == INT64_MIN || number_in(items[7]) < 0 ||
	                (!lenient && !has_native_prefix(items[7], items[8]))))
		return SL_EMALFORMED;
	got.tbs = sl_span(bytes.ptr + 1, bytes.len - 1 - items[10].len);
	err = read_extensions(&got, items[9]);
	if (err == SL_OK)
		err = sl_c509_check_key(got.key);
	if (err == SL_OK)
		*cert = got;
	return err;
}

enum sl_err
sl_c509_public_key(const struct sl_c509_cert *cert, struct sl_pkey **key)
{
	return sl_c509_load_key(cert->key, key);
}

enum sl_err
sl_c509_verify_native(const struct sl_c509_cert *cert, const struct sl_pkey *issuer)
{
	if (cert->type != SL_C509_NATIVE)
		return SL_EUNSUPPORTED;
	return sl_c509_check_native(issuer, cert->signature_algorithm, cert->tbs, cert->signature);
}

enum sl_err
sl_c509_sign_native(
        struct sl_span tbs, const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_writer w = sl_writer_over(out, cap);
	uint8_t signature[SL_SIGNATURE_MAX];
	size_t signature_len = 0;
	struct sl_c509_cert made;
	enum sl_err err = sl_sign_raw(key, tbs, signature, sizeof signature, &signature_len);

	if (err != SL_OK)
		return err;
	sl_cbor_write_array(&w, CERT_ITEMS);
	sl_write_span(&w, tbs);
	sl_cbor_write_bytes(&w, sl_span(signature, signature_len));
	err = sl_writer_finish(&w);
	if (err == SL_OK)
		err = sl_c509_decode(&made, sl_writer_span(&w), false);
	if (err == SL_OK)
		err = sl_c509_verify_native(&made, key); /* the algorithm inside is the key's */
	if (err == SL_OK)
		*len = w.len;
	return err == SL_EAUTH || err == SL_EUNSUPPORTED ? SL_EMALFORMED : err;
}

enum sl_err
sl_c509_list_read(struct sl_span item, struct sl_span *certs, size_t *count)
{
	struct sl_reader r = sl_reader_over(item);
	bool is_array = sl_cbor_peek(&r) == SL_CBOR_ARRAY;
	size_t total = is_array ? sl_cbor_read_array(&r) : 1;

	if (is_array && total < 2)
		return SL_EMALFORMED;
	for (size_t i = 0; i < total; i++) {
		struct sl_span cert = sl_cbor_read_bytes(&r);

		if (r.failed)
			return SL_EMALFORMED;
		if (i == *count)
			return SL_ESPACE;
		certs[i] = cert;
	}
	if (sl_reader_finish(&r) != SL_OK)
		return SL_EMALFORMED;
	*count = total;
	return SL_OK;
}
