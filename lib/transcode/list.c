/* SPDX-License-Identifier: BSD-2-Clause
 * Extension values that are lists: draft-ietf-cose-cbor-encoded-cert-20 section 3.3. Each encoder
 * stands above its decoder. Points, subtrees and ranges: range.c. */
#include <sl/transcode.h>

#define DNS 2
#define URI 6

/* --- subjectAltName, issuerAltName --- */

static void
encode_alt_name(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader ahead = *der, in = sl_der_enter(&ahead, SL_DER_SEQUENCE), rest = in;

	(void)sl_der_take_any(&rest);
	if (sl_reader_peek(&in) != (SL_DER_CONTEXT | DNS) || rest.left.len > 0) {
		sl_c509_encode_list(der, SL_DER_SEQUENCE, w, sl_c509_encode_general_name, 2);
		return;
	}
	sl_c509_encode_ia5(&in, SL_DER_CONTEXT | DNS, w);
	*der = ahead;
	if (in.failed)
		sl_reader_fail(der);
}

static void
decode_alt_name(struct sl_c509_source *in, struct sl_writer *der)
{
	struct sl_reader ahead = in->r;
	size_t opened;

	if (sl_cbor_peek(&in->r) == SL_CBOR_TEXT) {
		opened = sl_der_open(der, SL_DER_SEQUENCE);
		sl_c509_decode_ia5(in, SL_DER_CONTEXT | DNS, der);
		sl_der_close(der, opened);
		return;
	}
	if (sl_cbor_read_array(&ahead) == 2 && sl_cbor_read_int(&ahead) == DNS)
		sl_reader_fail(&in->r); /* a lone dNSName is its text */
	sl_c509_decode_list(in, SL_DER_SEQUENCE, der, sl_c509_decode_general_name, 2);
}

/* --- authorityKeyIdentifier --- */

static void
encode_authority_key(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(der, SL_DER_SEQUENCE);
	size_t opened = w->len;

	sl_cbor_write_bytes(w, sl_der_read(&in, SL_DER_CONTEXT | 0));
	if (in.left.len > 0) {
		sl_c509_encode_list(
		        &in, SL_DER_CONTEXT_HOLDS | 1, w, sl_c509_encode_general_name, 2);
		sl_cbor_write_bytes(w, sl_der_read(&in, SL_DER_CONTEXT | 2));
		sl_c509_close_array(w, opened, 3);
	}
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(der);
}

static void
decode_authority_key(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE);
	bool is_array = sl_cbor_peek(&in->r) == SL_CBOR_ARRAY;

	if (is_array && sl_cbor_read_array(&in->r) != 3)
		sl_reader_fail(&in->r);
	sl_der_write(der, SL_DER_CONTEXT | 0, sl_cbor_read_bytes(&in->r));
	if (is_array) {
		sl_c509_decode_list(
		        in, SL_DER_CONTEXT_HOLDS | 1, der, sl_c509_decode_general_name, 2);
		sl_der_write(der, SL_DER_CONTEXT | 2, sl_cbor_read_bytes(&in->r));
	}
	sl_der_close(der, opened);
}

/* --- extKeyUsage --- */

static void
encode_purposes(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(der, SL_DER_SEQUENCE);
	size_t opened = w->len, count = 0;

	do {
		sl_c509_write_oid(w, SL_C509_PURPOSES, sl_der_read(&in, SL_DER_OID));
		count++;
	} while (in.left.len > 0);
	if (count > 1)
		sl_c509_close_array(w, opened, count);
	if (in.failed)
		sl_reader_fail(der);
}

static void
decode_purposes(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE);
	bool is_array = sl_cbor_peek(&in->r) == SL_CBOR_ARRAY;
	size_t count = is_array ? sl_cbor_read_array(&in->r) : 1;

	if (is_array && count < 2)
		sl_reader_fail(&in->r);
	for (size_t i = 0; i < count && !in->r.failed; i++)
		sl_der_write(der, SL_DER_OID, sl_c509_read_oid(in, SL_C509_PURPOSES));
	sl_der_close(der, opened);
}

/* --- authorityInfoAccess, subjectInfoAccess --- */

static void
encode_one_access(struct sl_reader *in, struct sl_writer *w)
{
	struct sl_reader one = sl_der_enter(in, SL_DER_SEQUENCE);

	sl_c509_write_oid(w, SL_C509_ACCESS, sl_der_read(&one, SL_DER_OID));
	sl_c509_encode_ia5(&one, SL_DER_CONTEXT | URI, w);
	if (sl_reader_finish(&one) != SL_OK)
		sl_reader_fail(in);
}

static void
encode_access(struct sl_reader *der, struct sl_writer *w)
{
	sl_c509_encode_list(der, SL_DER_SEQUENCE, w, encode_one_access, 2);
}

static void
decode_one_access(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t one = sl_der_open(der, SL_DER_SEQUENCE);

	sl_der_write(der, SL_DER_OID, sl_c509_read_oid(in, SL_C509_ACCESS));
	sl_c509_decode_ia5(in, SL_DER_CONTEXT | URI, der);
	sl_der_close(der, one);
}

static void
decode_access(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_c509_decode_list(in, SL_DER_SEQUENCE, der, decode_one_access, 2);
}

/* --- certificatePolicies --- */

#define CPS    1
#define NOTICE 2

static void
encode_qualifier(struct sl_reader *in, struct sl_writer *w)
{
	struct sl_reader one = sl_der_enter(in, SL_DER_SEQUENCE), notice;
	struct sl_span oid = sl_der_read(&one, SL_DER_OID);
	int64_t number = 0;

	if (!sl_c509_number_of(SL_C509_QUALIFIERS, oid, &number))
		sl_reader_fail(in);
	sl_cbor_write_int(w, number);
	if (number == CPS) {
		sl_c509_encode_ia5(&one, SL_DER_IA5_STRING, w);
	} else {
		notice = sl_der_enter(&one, SL_DER_SEQUENCE);
		sl_cbor_write_text_span(w, sl_der_read(&notice, SL_DER_UTF8_STRING));
		if (sl_reader_finish(&notice) != SL_OK)
			sl_reader_fail(in);
	}
	if (sl_reader_finish(&one) != SL_OK)
		sl_reader_fail(in);
}

static void
encode_policy(struct sl_reader *in, struct sl_writer *w)
{
	struct sl_reader one = sl_der_enter(in, SL_DER_SEQUENCE);

	sl_c509_write_oid(w, SL_C509_POLICIES, sl_der_read(&one, SL_DER_OID));
	if (one.left.len > 0)
		sl_c509_encode_list(&one, SL_DER_SEQUENCE, w, encode_qualifier, 2);
	else
		sl_cbor_write_array(w, 0);
	if (sl_reader_finish(&one) != SL_OK)
		sl_reader_fail(in);
}

static void
encode_policies(struct sl_reader *der, struct sl_writer *w)
{
	sl_c509_encode_list(der, SL_DER_SEQUENCE, w, encode_policy, 2);
}

static void
decode_qualifier(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t one = sl_der_open(der, SL_DER_SEQUENCE), notice;
	int64_t number = sl_cbor_read_int(&in->r);

	sl_der_write(der, SL_DER_OID, sl_c509_der_of(SL_C509_QUALIFIERS, number));
	if (number == CPS) {
		sl_c509_decode_ia5(in, SL_DER_IA5_STRING, der);
	} else if (number == NOTICE) {
		notice = sl_der_open(der, SL_DER_SEQUENCE);
		sl_der_write(der, SL_DER_UTF8_STRING, sl_cbor_read_text(&in->r));
		sl_der_close(der, notice);
	} else {
		sl_reader_fail(&in->r);
	}
	sl_der_close(der, one);
}

static void
decode_policy(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t one = sl_der_open(der, SL_DER_SEQUENCE);
	struct sl_reader ahead;

	sl_der_write(der, SL_DER_OID, sl_c509_read_oid(in, SL_C509_POLICIES));
	ahead = in->r;
	if (sl_cbor_read_array(&ahead) == 0 && !ahead.failed)
		in->r = ahead;
	else
		sl_c509_decode_list(in, SL_DER_SEQUENCE, der, decode_qualifier, 2);
	sl_der_close(der, one);
}

static void
decode_policies(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_c509_decode_list(in, SL_DER_SEQUENCE, der, decode_policy, 2);
}

/* --- policyMappings, policyConstraints --- */

static void
encode_mapping(struct sl_reader *in, struct sl_writer *w)
{
	struct sl_reader one = sl_der_enter(in, SL_DER_SEQUENCE);

	sl_c509_write_oid(w, SL_C509_POLICIES, sl_der_read(&one, SL_DER_OID));
	sl_c509_write_oid(w, SL_C509_POLICIES, sl_der_read(&one, SL_DER_OID));
	if (sl_reader_finish(&one) != SL_OK)
		sl_reader_fail(in);
}

static void
encode_mappings(struct sl_reader *der, struct sl_writer *w)
{
	sl_c509_encode_list(der, SL_DER_SEQUENCE, w, encode_mapping, 2);
}

static void
decode_mapping(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t one = sl_der_open(der, SL_DER_SEQUENCE);

	sl_der_write(der, SL_DER_OID, sl_c509_read_oid(in, SL_C509_POLICIES));
	sl_der_write(der, SL_DER_OID, sl_c509_read_oid(in, SL_C509_POLICIES));
	sl_der_close(der, one);
}

static void
decode_mappings(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_c509_decode_list(in, SL_DER_SEQUENCE, der, decode_mapping, 2);
}

static void
encode_policy_constraints(struct sl_reader *der, struct sl_writer *w)
{
	struct sl_reader in = sl_der_enter(der, SL_DER_SEQUENCE);

	sl_cbor_write_array(w, 2);
	for (uint8_t i = 0; i < 2; i++)
		if (sl_reader_peek(&in) == (SL_DER_CONTEXT | i))
			sl_c509_encode_uint(&in, SL_DER_CONTEXT | i, w);
		else
			sl_cbor_write_null(w);
	if (sl_reader_finish(&in) != SL_OK)
		sl_reader_fail(der);
}

static void
decode_policy_constraints(struct sl_c509_source *in, struct sl_writer *der)
{
	size_t opened = sl_der_open(der, SL_DER_SEQUENCE);

	if (sl_cbor_read_array(&in->r) != 2)
		sl_reader_fail(&in->r);
	for (uint8_t i = 0; i < 2; i++)
		if (!sl_c509_take_null(in))
			sl_c509_decode_uint(in, SL_DER_CONTEXT | i, der);
	sl_der_close(der, opened);
}

/* --- TLS features --- */

static void
encode_feature(struct sl_reader *in, struct sl_writer *w)
{
	sl_c509_encode_uint(in, SL_DER_INTEGER, w);
}

static void
decode_feature(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_c509_decode_uint(in, SL_DER_INTEGER, der);
}

static void
encode_features(struct sl_reader *der, struct sl_writer *w)
{
	sl_c509_encode_list(der, SL_DER_SEQUENCE, w, encode_feature, 1);
}

static void
decode_features(struct sl_c509_source *in, struct sl_writer *der)
{
	sl_c509_decode_list(in, SL_DER_SEQUENCE, der, decode_feature, 1);
}

const struct sl_c509_extension sl_c509_lists[SL_C509_LISTS] = {
        {3, encode_alt_name, decode_alt_name},
        {6, encode_policies, decode_policies},
        {7, encode_authority_key, decode_authority_key},
        {8, encode_purposes, decode_purposes},
        {9, encode_access, decode_access},
        {25, encode_alt_name, decode_alt_name},
        {27, encode_mappings, decode_mappings},
        {28, encode_policy_constraints, decode_policy_constraints},
        {31, encode_access, decode_access},
        {38, encode_features, decode_features},
};
