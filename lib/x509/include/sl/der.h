/* SPDX-License-Identifier: BSD-2-Clause
 * Distinguished Encoding Rules (X.690 sections 8 to 11): a strict reader that yields spans and a
 * writer whose lengths fill in themselves. Tag numbers up to 30, definite minimal lengths. */
#ifndef SL_DER_H
#define SL_DER_H

#include <sl/reader.h>
#include <sl/writer.h>

enum sl_der_tag {
	SL_DER_BOOLEAN = 0x01,
	SL_DER_INTEGER = 0x02,
	SL_DER_BIT_STRING = 0x03,
	SL_DER_OCTET_STRING = 0x04,
	SL_DER_NULL = 0x05,
	SL_DER_OID = 0x06,
	SL_DER_ENUMERATED = 0x0a,
	SL_DER_UTF8_STRING = 0x0c,
	SL_DER_PRINTABLE_STRING = 0x13,
	SL_DER_IA5_STRING = 0x16,
	SL_DER_UTC_TIME = 0x17,
	SL_DER_GENERALIZED_TIME = 0x18,
	SL_DER_BMP_STRING = 0x1e,
	SL_DER_SEQUENCE = 0x30,
	SL_DER_SET = 0x31,
	SL_DER_CONTEXT = 0x80,       /* add the number: [0] is 0x80 */
	SL_DER_CONTEXT_HOLDS = 0xa0, /* the same, constructed */
};

/* The bytes of an object identifier's content, from a literal "\x2b\x65\x70". */
#define SL_DER_OID_BYTES(literal) sl_span(literal, sizeof(literal) - 1)

/* One object and nothing else, strict at every depth (at most 16), with minimal integers, proper
 * booleans, object identifiers and bit strings. The order inside a SET OF is not looked at. */
bool sl_der_is_strict(struct sl_span der);

/* The content of the next object; another tag, or nothing left, fails the reader. */
struct sl_span sl_der_read(struct sl_reader *r, uint8_t tag);
/* The whole next object with its header. */
struct sl_span sl_der_take(struct sl_reader *r, uint8_t tag);
/* The whole next object, whatever its tag is. */
struct sl_span sl_der_take_any(struct sl_reader *r);
/* A reader over the content of the next object; it is failed when r is. */
struct sl_reader sl_der_enter(struct sl_reader *r, uint8_t tag);
/* A BIT STRING of whole bytes. */
struct sl_span sl_der_read_bits(struct sl_reader *r);

/* open ... content ... close: close puts the length in. Works on a counting writer too. */
size_t sl_der_open(struct sl_writer *w, uint8_t tag);
void sl_der_close(struct sl_writer *w, size_t opened);
void sl_der_write(struct sl_writer *w, uint8_t tag, struct sl_span content);
/* A non-negative INTEGER from its big-endian magnitude. */
void sl_der_write_integer(struct sl_writer *w, struct sl_span magnitude);
/* A BIT STRING of whole bytes. */
void sl_der_write_bits(struct sl_writer *w, struct sl_span bytes);

/* Time (RFC 5280 section 4.1.2.5) as POSIX seconds, both ways: UTCTime through 2049,
 * GeneralizedTime from 2050; reading takes an early GeneralizedTime too. */
int64_t sl_x509_read_time(struct sl_reader *r);
void sl_x509_write_time(struct sl_writer *w, int64_t when);
/* 1950-01-01 to 9999-12-31, what a certificate can say. */
bool sl_x509_is_time(int64_t when);

#endif
