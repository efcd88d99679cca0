/* SPDX-License-Identifier: BSD-2-Clause
 * Pieces of certificates and requests between DER and C509, the CBOR of
 * draft-ietf-cose-cbor-encoded-cert-20. Encoding reads DER and writes CBOR; decoding reads CBOR and
 * writes DER. What cannot be said in the other form fails the reader. Whole certificates and
 * requests: sl/c509.h. */
#ifndef SL_TRANSCODE_H
#define SL_TRANSCODE_H

#include <sl/cbor.h>
#include <sl/der.h>

/* --- the registries of sections 8.6 to 8.15: numbers and the DER that they stand for --- */

enum sl_c509_registry {
	SL_C509_SIGNATURES, /* AlgorithmIdentifier */
	SL_C509_KEYS,       /* AlgorithmIdentifier */
	SL_C509_ATTRIBUTES, /* the content of an OBJECT IDENTIFIER, here and below */
	SL_C509_EXTENSIONS,
	SL_C509_PURPOSES,
	SL_C509_POLICIES,
	SL_C509_QUALIFIERS,
	SL_C509_ACCESS,
	SL_C509_REQUEST_ATTRIBUTES,
	SL_C509_REGISTRIES,
};

bool sl_c509_number_of(enum sl_c509_registry registry, struct sl_span der, int64_t *number);
/* Empty when there is no such number. */
struct sl_span sl_c509_der_of(enum sl_c509_registry registry, int64_t number);

/* CBOR to be read. Native: of a type 2 object, where only specific forms are allowed. */
struct sl_c509_source {
	struct sl_reader r;
	bool is_native;
};

/* A number of the registry, or the OID itself as a bstr. */
void sl_c509_write_oid(struct sl_writer *w, enum sl_c509_registry registry, struct sl_span oid);
struct sl_span sl_c509_read_oid(struct sl_c509_source *in, enum sl_c509_registry registry);

/* --- building --- */

/* Puts the head before what was written since opened (= w->len then). Not for counting writers. */
void sl_c509_close_array(struct sl_writer *w, size_t opened, size_t count);
void sl_c509_close_bytes(struct sl_writer *w, size_t opened);

typedef void (*sl_c509_encode)(struct sl_reader *der, struct sl_writer *w);
typedef void (*sl_c509_decode_one)(struct sl_c509_source *in, struct sl_writer *der);

/* SEQUENCE OF under this tag, and an array; at least one; each element is so many CBOR items. */
void sl_c509_encode_list(
        struct sl_reader *der, uint8_t tag, struct sl_writer *w, sl_c509_encode one, size_t items);
void sl_c509_decode_list(struct sl_c509_source *in, uint8_t tag, struct sl_writer *der,
        sl_c509_decode_one one, size_t items);
/* Takes null when it is there, and says so. Another simple value fails the reader. */
bool sl_c509_take_null(struct sl_c509_source *in);

/* A text of ASCII characters as the content of a DER string with this tag. */
void sl_c509_encode_ia5(struct sl_reader *der, uint8_t tag, struct sl_writer *w);
void sl_c509_decode_ia5(struct sl_c509_source *in, uint8_t tag, struct sl_writer *der);
/* An INTEGER of at most eight bytes that is not negative, under this tag. */
void sl_c509_encode_uint(struct sl_reader *der, uint8_t tag, struct sl_writer *w);
void sl_c509_decode_uint(struct sl_c509_source *in, uint8_t tag, struct sl_writer *der);
/* BIT STRING as a number: bit i counts 2^i. Under this tag. */
void sl_c509_encode_flags(struct sl_reader *der, uint8_t tag, struct sl_writer *w);
void sl_c509_decode_flags(struct sl_c509_source *in, uint8_t tag, struct sl_writer *der);

/* --- names --- */

/* One Name (RFC 5280 section 4.1.2.4). */
void sl_c509_encode_name(struct sl_reader *der, struct sl_writer *w);
void sl_c509_decode_name(struct sl_c509_source *in, struct sl_writer *der);
/* One GeneralName with its tag: two items. */
void sl_c509_encode_general_name(struct sl_reader *der, struct sl_writer *w);
void sl_c509_decode_general_name(struct sl_c509_source *in, struct sl_writer *der);

/* --- extensions --- */

/* A value, between the content of the extnValue and one CBOR item. */
struct sl_c509_extension {
	int64_t number;
	sl_c509_encode encode;
	sl_c509_decode_one decode;
};

#define SL_C509_LISTS  10
#define SL_C509_RANGES 5
extern const struct sl_c509_extension sl_c509_lists[SL_C509_LISTS];
extern const struct sl_c509_extension sl_c509_ranges[SL_C509_RANGES];

/* For trying out whether a form comes back; as long as the longest extension. */
struct sl_c509_scratch {
	uint8_t *bytes;
	size_t cap;
};

/* The Extensions SEQUENCE with its header. A specific form that does not come back identical gives
 * way to the form with an OID. */
void sl_c509_encode_extensions(
        struct sl_reader *der, struct sl_writer *w, struct sl_c509_scratch scratch);
/* Writes nothing for an empty array. */
void sl_c509_decode_extensions(struct sl_c509_source *in, struct sl_writer *der);

#endif
