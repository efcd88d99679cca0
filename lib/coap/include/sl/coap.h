/* SPDX-License-Identifier: BSD-2-Clause
 * CoAP messages (RFC 7252 section 3) as plain structs, and their coding. The option and value
 * coding comes from libcoap; this room is the only door to it. No sockets, no sessions. */
#ifndef SL_COAP_H
#define SL_COAP_H

#include <sl/err.h>
#include <sl/span.h>
#include <sl/writer.h>

enum sl_coap_type {
	SL_COAP_CON = 0,
	SL_COAP_NON = 1,
	SL_COAP_ACK = 2,
	SL_COAP_RST = 3,
};

/* c.dd as one byte: SL_COAP_CODE(2, 4) is 2.04 Changed. */
#define SL_COAP_CODE(c, dd)     ((uint8_t)(((c) << 5) | (dd)))
#define SL_COAP_CODE_CLASS(code) ((code) >> 5)

enum sl_coap_code {
	SL_COAP_EMPTY = 0,
	SL_COAP_GET = 1, SL_COAP_POST = 2, SL_COAP_PUT = 3, SL_COAP_DELETE = 4,
	SL_COAP_FETCH = 5, SL_COAP_PATCH = 6, SL_COAP_IPATCH = 7,
	SL_COAP_CREATED = 65, SL_COAP_DELETED = 66, SL_COAP_VALID = 67, SL_COAP_CHANGED = 68,
	SL_COAP_CONTENT = 69, SL_COAP_CONTINUE = 95,
	SL_COAP_BAD_REQUEST = 128, SL_COAP_UNAUTHORIZED = 129, SL_COAP_BAD_OPTION = 130,
	SL_COAP_FORBIDDEN = 131, SL_COAP_NOT_FOUND = 132, SL_COAP_METHOD_NOT_ALLOWED = 133,
	SL_COAP_NOT_ACCEPTABLE = 134, SL_COAP_REQUEST_ENTITY_INCOMPLETE = 136,
	SL_COAP_CONFLICT = 137,
	SL_COAP_PRECONDITION_FAILED = 140, SL_COAP_REQUEST_ENTITY_TOO_LARGE = 141,
	SL_COAP_UNSUPPORTED_CONTENT_FORMAT = 143, SL_COAP_UNPROCESSABLE_ENTITY = 150,
	SL_COAP_TOO_MANY_REQUESTS = 157,
	SL_COAP_INTERNAL_SERVER_ERROR = 160, SL_COAP_NOT_IMPLEMENTED = 161,
	SL_COAP_BAD_GATEWAY = 162,
	SL_COAP_SERVICE_UNAVAILABLE = 163, SL_COAP_GATEWAY_TIMEOUT = 164,
	SL_COAP_PROXYING_NOT_SUPPORTED = 165, SL_COAP_HOP_LIMIT_REACHED = 168,
};

enum sl_coap_option_number {
	SL_COAP_IF_MATCH = 1, SL_COAP_URI_HOST = 3, SL_COAP_ETAG = 4, SL_COAP_IF_NONE_MATCH = 5,
	SL_COAP_OBSERVE = 6, SL_COAP_URI_PORT = 7, SL_COAP_LOCATION_PATH = 8, SL_COAP_OSCORE = 9,
	SL_COAP_URI_PATH = 11, SL_COAP_CONTENT_FORMAT = 12, SL_COAP_MAX_AGE = 14,
	SL_COAP_URI_QUERY = 15, SL_COAP_HOP_LIMIT = 16, SL_COAP_ACCEPT = 17, SL_COAP_Q_BLOCK1 = 19,
	SL_COAP_LOCATION_QUERY = 20, SL_COAP_EDHOC = 21, SL_COAP_BLOCK2 = 23, SL_COAP_BLOCK1 = 27,
	SL_COAP_SIZE2 = 28, SL_COAP_Q_BLOCK2 = 31, SL_COAP_PROXY_URI = 35,
	SL_COAP_PROXY_SCHEME = 39, SL_COAP_SIZE1 = 60, SL_COAP_ECHO = 252,
	SL_COAP_NO_RESPONSE = 258, SL_COAP_REQUEST_TAG = 292,
};

/* Option number bits, RFC 7252 section 5.4.6. */
static inline bool
sl_coap_is_critical(uint16_t number)
{
	return (number & 1) != 0;
}

static inline bool
sl_coap_is_unsafe(uint16_t number)
{
	return (number & 2) != 0;
}

static inline bool
sl_coap_is_no_cache_key(uint16_t number)
{
	return (number & 0x1e) == 0x1c;
}

/* One option. A value either borrows (from the datagram, from the caller) or is held inside; read
 * it only through sl_coap_option_value. Copies stay valid as long as what they borrow. */
struct sl_coap_option {
	struct sl_span borrowed;
	uint16_t number;
	bool is_inline;
	uint8_t inline_len;
	uint8_t inline_bytes[4];
};

/* Borrows from *opt when the value is inline: valid as long as *opt stays where it is. */
struct sl_span sl_coap_option_value(const struct sl_coap_option *opt);

#define SL_COAP_OPTIONS_MAX 64
#define SL_COAP_TOKEN_MAX   8

struct sl_coap_msg {
	uint8_t type; /* enum sl_coap_type */
	uint8_t code;
	uint16_t message_id;
	uint8_t token_len; /* 0..8 */
	uint8_t token[SL_COAP_TOKEN_MAX];
	size_t option_count;
	struct sl_coap_option options[SL_COAP_OPTIONS_MAX]; /* ascending by number, stable */
	struct sl_span payload;                              /* borrowed */
};

/* --- whole datagrams -------------------------------------------------------------------------- */

/* The fixed header alone, for the RST that a format error deserves: type, code and message ID of
 * *msg are set. SL_EMALFORMED: shorter than 4 bytes, or version is not 1 (then say nothing at
 * all). */
enum sl_err sl_coap_header_decode(struct sl_coap_msg *msg, struct sl_span datagram) SL_MUST_USE;

/* RFC 7252 section 3; token length 9..15 is an error, an Empty message (0.00) must be four bytes, a
 * payload marker needs a payload, code classes 1, 6 and 7 are refused.
 * Options and payload borrow from the datagram. *msg is written only on success.
 * SL_EMALFORMED, SL_ELIMIT (more than SL_COAP_OPTIONS_MAX options). */
enum sl_err sl_coap_decode(struct sl_coap_msg *msg, struct sl_span datagram) SL_MUST_USE;

/* SL_ESPACE. */
enum sl_err sl_coap_encode(struct sl_writer *w, const struct sl_coap_msg *msg) SL_MUST_USE;

/* --- options and payload alone (the inside of an OSCORE plaintext after the code) ------------- */

/* Appends to msg->options and sets msg->payload from delta-coded options [0xff payload].
 * SL_EMALFORMED, SL_ELIMIT. */
enum sl_err sl_coap_options_decode(struct sl_coap_msg *msg, struct sl_span bytes) SL_MUST_USE;
/* Options, then 0xff and payload when the payload is not empty. SL_ESPACE. */
enum sl_err sl_coap_options_encode(struct sl_writer *w, const struct sl_coap_msg *msg) SL_MUST_USE;

/* --- building and asking ---------------------------------------------------------------------- */

/* Zeroes and sets code. */
void sl_coap_msg_init(struct sl_coap_msg *msg, uint8_t code);
/* Inserts in order, after options of the same number; the value is borrowed. SL_ELIMIT. */
enum sl_err sl_coap_add(struct sl_coap_msg *msg, uint16_t number, struct sl_span value) SL_MUST_USE;
/* The same with a uint value in its shortest form (0 is empty), held inside the option.
 * SL_ELIMIT. */
enum sl_err sl_coap_add_uint(struct sl_coap_msg *msg, uint16_t number, uint32_t value) SL_MUST_USE;
/* Removes every instance. */
void sl_coap_remove(struct sl_coap_msg *msg, uint16_t number);
/* Adds one Uri-Path per segment of "/a/b" (leading slash optional, empty segments refused) and one
 * Uri-Query per "&"-separated part after "?". The text must outlive the message. No
 * percent-decoding. SL_EMALFORMED, SL_ELIMIT. */
enum sl_err sl_coap_add_path(struct sl_coap_msg *msg, const char *path) SL_MUST_USE;

/* The first instance or NULL. */
const struct sl_coap_option *sl_coap_find(const struct sl_coap_msg *msg, uint16_t number);
size_t sl_coap_count(const struct sl_coap_msg *msg, uint16_t number);
/* A uint value of 0..4 bytes (leading zero bytes tolerated). SL_ENOTFOUND, SL_EMALFORMED (> 4). */
enum sl_err sl_coap_get_uint(const struct sl_coap_msg *msg, uint16_t number, uint32_t *value)
	SL_MUST_USE;
/* "/a/b" from the Uri-Path options, "/" when there are none; bytes as they are. SL_ESPACE, and
 * SL_EMALFORMED for a segment that is ".", ".." or holds "/" or NUL (RFC 7252 section 5.10.1). */
enum sl_err sl_coap_get_path(const struct sl_coap_msg *msg, char *out, size_t cap) SL_MUST_USE;

/* What is registered about an option: RFC 7252 table 4, 7959, 7641, 7967, 8613 figure 5, 8768,
 * 9175, 9177, 9668. */
struct sl_coap_option_def {
	uint16_t number;
	const char *name;
	uint16_t min_len;
	uint16_t max_len;
	bool is_repeatable;
	bool is_uint;
	bool class_e; /* may be inside the ciphertext (8613 figure 5; unknown ones are class E) */
	bool class_u; /* may be outside */
};

/* NULL when the option is not known. */
const struct sl_coap_option_def *sl_coap_option_def(uint16_t number);

/* Block values, RFC 7959 section 2.2. */
struct sl_coap_block {
	uint32_t num; /* 0 .. 2^20 - 1 */
	bool more;
	uint8_t szx; /* 0..6; the size is sl_coap_block_size */
};

static inline uint32_t
sl_coap_block_size(uint8_t szx)
{
	return 16U << szx;
}

/* SL_ENOTFOUND, SL_EMALFORMED (length > 3, or szx 7: answer 4.00). */
enum sl_err sl_coap_get_block(const struct sl_coap_msg *msg, uint16_t number,
	struct sl_coap_block *b) SL_MUST_USE;
/* SL_ELIMIT: no room, or no such block (num beyond 2^20 - 1, szx beyond 6). */
enum sl_err sl_coap_add_block(struct sl_coap_msg *msg, uint16_t number, struct sl_coap_block b)
	SL_MUST_USE;

/* "2.04" into out (at least 5 bytes). */
void sl_coap_code_text(char out[static 5], uint8_t code);
/* "Changed", or "" when the code has no registered phrase. */
const char *sl_coap_code_phrase(uint8_t code);

#endif
