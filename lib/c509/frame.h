/* SPDX-License-Identifier: BSD-2-Clause
 * What the files of this room share, in the manner of sl/transcode.h: algorithms, keys, signatures,
 * serial numbers, and the frame of certificates and requests. */
#ifndef SL_C509_FRAME_H
#define SL_C509_FRAME_H

#include <sl/c509.h>
#include <sl/transcode.h>

void sl_c509_encode_algorithm(
        struct sl_reader *der, enum sl_c509_registry registry, struct sl_writer *w);
/* The number, or INT64_MIN for a form with an OID. */
int64_t sl_c509_decode_algorithm(
        struct sl_c509_source *in, enum sl_c509_registry registry, struct sl_writer *der);
/* A key algorithm whose keys are points. */
bool sl_c509_is_weierstrass(int64_t number);
/* One SubjectPublicKeyInfo; two items. compress: points of P-256 and P-384 as their x. */
void sl_c509_encode_key(struct sl_reader *der, bool compress, struct sl_writer *w);
void sl_c509_decode_key(struct sl_c509_source *in, struct sl_writer *der);
/* The signature's BIT STRING with its header; one item. algorithm: a number of SL_C509_SIGNATURES. */
void sl_c509_encode_signature(struct sl_reader *der, int64_t algorithm, struct sl_writer *w);
void sl_c509_decode_signature(struct sl_c509_source *in, int64_t algorithm, struct sl_writer *der);
/* INTEGER that is not negative, and its magnitude: serialNumber. */
void sl_c509_encode_serial(struct sl_reader *der, struct sl_writer *w);
void sl_c509_decode_serial(struct sl_c509_source *in, struct sl_writer *der);

#define CERT_ITEMS    11
#define REQUEST_ITEMS 7

/* Whole objects: SEQUENCE and array. points is for encoding only. */
struct sl_c509_form {
	void (*encode)(struct sl_reader *der, enum sl_c509_points points, struct sl_writer *w,
	        struct sl_c509_scratch scratch);
	sl_c509_decode_one decode;
};

extern const struct sl_c509_form sl_c509_cert_form, sl_c509_request_form;

/* SL_EMALFORMED, SL_EUNSUPPORTED (does not come back identical), SL_ESPACE. */
enum sl_err sl_c509_encode_whole(const struct sl_c509_form *form, struct sl_span der,
        enum sl_c509_points points, struct sl_writer *w) SL_MUST_USE;
/* SL_EMALFORMED, SL_EUNSUPPORTED (type 2), SL_ESPACE. */
enum sl_err sl_c509_decode_whole(
        const struct sl_c509_form *form, struct sl_span c509, struct sl_writer *der) SL_MUST_USE;
/* The items of an array of exactly count. */
void sl_c509_take_items(struct sl_c509_source *in, struct sl_span *items, size_t count);
/* The same of a whole object of type 2 or 3, each field of which was checked. SL_EMALFORMED. */
enum sl_err sl_c509_take_whole(const struct sl_c509_form *form, struct sl_span bytes,
        struct sl_span *items, size_t count) SL_MUST_USE;
/* One item by itself, to its end. */
void sl_c509_decode_item(struct sl_c509_source *in, struct sl_span item, sl_c509_decode_one one,
        struct sl_writer *der);
/* The key of two items. SL_EMALFORMED, SL_EUNSUPPORTED. */
enum sl_err sl_c509_load_key(struct sl_span two_items, struct sl_pkey **key) SL_MUST_USE;
/* The key can be read, or is of a kind that is not ours. SL_EMALFORMED. */
enum sl_err sl_c509_check_key(struct sl_span two_items) SL_MUST_USE;
/* A signature item of a native object over tbs. SL_EAUTH, SL_EUNSUPPORTED. */
enum sl_err sl_c509_check_native(const struct sl_pkey *key, int64_t algorithm, struct sl_span tbs,
        struct sl_span signature) SL_MUST_USE;
/* The type (2 or 3) that an array of CERT_ITEMS or REQUEST_ITEMS begins with; 0: neither. */
int sl_c509_type_of(struct sl_span bytes);

#endif
