/* SPDX-License-Identifier: BSD-2-Clause
 * Pieces of EDHOC messages (RFC 9528): identifiers (section 3.3.2), external authorization data
 * (section 3.8), error messages (section 6), and what stands in a CoAP or HTTP payload beside a
 * message (section A.2.1, RFC 9668 section 3). */
#ifndef SL_EDHOC_WIRE_H
#define SL_EDHOC_WIRE_H

#include <sl/reader.h>
#include <sl/writer.h>

/* --- byte string identifiers: C_I, C_R, kid --- */

#define SL_EDHOC_ID_MAX 32 /* our limit; OSCORE allows 7 at most */

struct sl_edhoc_id {
	uint8_t bytes[SL_EDHOC_ID_MAX];
	size_t len;
};

/* A string of one byte that is itself a CBOR int goes as that byte, every other one as a bstr. The
 * other spelling of either is refused: reading it fails the reader. */
struct sl_span sl_edhoc_id_read(struct sl_reader *r);
void sl_edhoc_id_write(struct sl_writer *w, struct sl_span id);
struct sl_span sl_edhoc_id_view(const struct sl_edhoc_id *id);

/* Picks an identifier of ours that is free, shortest first (section 3.3.2, RFC 9668 section 4.1), of
 * len_min bytes at least (0 is 1). seed: 16 random bytes. peer: the other side's, which ours must not equal. is_taken says of a
 * candidate whether a running session or an OSCORE context of ours has it. SL_ELIMIT: none of up to
 * len_max bytes was free. */
struct sl_edhoc_id_choice {
	const uint8_t *seed;
	struct sl_span peer;
	size_t len_min, len_max;
	bool (*is_taken)(void *owner, struct sl_span id);
	void *owner;
};
enum sl_err sl_edhoc_id_choose(
        struct sl_edhoc_id *id, const struct sl_edhoc_id_choice *choice) SL_MUST_USE;

/* --- external authorization data --- */

struct sl_edhoc_ead_item {
	int64_t label; /* as sent: negative is critical */
	bool has_value;
	struct sl_span value;
};

#define SL_EDHOC_EAD_PADDING 0

/* Next item of a sequence; false at its end, or when it is malformed (the reader says which). */
bool sl_edhoc_ead_next(struct sl_reader *r, struct sl_edhoc_ead_item *item);
/* label may be padding. A value that is not sent: has_value false. */
void sl_edhoc_ead_write(struct sl_writer *w, const struct sl_edhoc_ead_item *item);
/* Padding of exactly len bytes (1 and more): one item, before it label-only ones where no single
 * item has that length. */
void sl_edhoc_ead_pad(struct sl_writer *w, size_t len);

/* --- error messages --- */

enum sl_edhoc_error_code {
	SL_EDHOC_ERROR_NONE = 0, /* success: never sent */
	SL_EDHOC_ERROR_UNSPECIFIED = 1,
	SL_EDHOC_ERROR_WRONG_SUITE = 2,
	SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL = 3,
};

/* Spans borrow from the message. Not authenticated: for a log line, after escaping. */
struct sl_edhoc_error {
	int64_t code;
	struct sl_span text;   /* code 1 */
	struct sl_span suites; /* code 2: SUITES_R, as sent */
};

/* SL_EMALFORMED, also for code 0. Codes that we do not know carry one item of any kind. */
enum sl_err sl_edhoc_error_read(struct sl_edhoc_error *error, struct sl_span message) SL_MUST_USE;
/* Next number of a SUITES_I or SUITES_R item that was read whole; false at its end. */
struct sl_edhoc_suites {
	struct sl_reader left;
};
/* Takes the item off r: an int, or an array of two or more; else the reader fails. */
struct sl_edhoc_suites sl_edhoc_suites_read(struct sl_reader *r);
bool sl_edhoc_suites_next(struct sl_edhoc_suites *suites, int64_t *number);
/* One int, or an array. count is at least 1. */
void sl_edhoc_suites_write(struct sl_writer *w, const int64_t *numbers, size_t count);

/* --- payloads of requests to a server --- */

enum sl_edhoc_payload_kind {
	SL_EDHOC_PAYLOAD_MESSAGE_1, /* true, then message_1 */
	SL_EDHOC_PAYLOAD_MESSAGE_3, /* C_R, then message_3 */
	SL_EDHOC_PAYLOAD_ERROR,     /* C_R, then an error message */
};

struct sl_edhoc_payload {
	enum sl_edhoc_payload_kind kind;
	struct sl_span c_r;     /* borrowed; not for message_1 */
	struct sl_span message; /* borrowed, without the prefix; not looked into */
};

/* SL_EMALFORMED: empty, without a message, or with a prefix that is neither. */
enum sl_err sl_edhoc_payload_read(
        struct sl_edhoc_payload *payload, struct sl_span bytes) SL_MUST_USE;
void sl_edhoc_payload_write(struct sl_writer *w, const struct sl_edhoc_payload *payload);

/* Of an EDHOC + OSCORE request: message_3 with its head, then the OSCORE ciphertext, which is
 * longer than an AEAD tag of tag_len. SL_EMALFORMED. */
enum sl_err sl_edhoc_combined_read(struct sl_span payload, size_t tag_len,
        struct sl_span *message_3, struct sl_span *ciphertext) SL_MUST_USE;

#endif
