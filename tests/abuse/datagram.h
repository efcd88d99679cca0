/* SPDX-License-Identifier: BSD-2-Clause
 * CoAP datagrams written by hand, good and bad ones, independent of the code under test (RFC 7252 section 3). */
#ifndef ABUSE_DATAGRAM_H
#define ABUSE_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CON, NON, ACK, RST };
enum {
	OPTION_OSCORE = 9,
	OPTION_BLOCK2 = 23,
	OPTION_BLOCK1 = 27,
	OPTION_SIZE1 = 60,
	OPTION_ECHO = 252
};

struct datagram {
	uint8_t bytes[1600];
	size_t len;
	uint16_t last; /* option */
};

struct datagram_head {
	uint8_t type, code;
	uint16_t message_id;
	const uint8_t *token;
	uint8_t token_len;
};

void datagram_begin(struct datagram *d, const struct datagram_head *head);
/* In the order of their numbers. */
void datagram_option(struct datagram *d, uint16_t number, const void *value, size_t len);
void datagram_block(struct datagram *d, uint16_t number, uint32_t num, bool more, uint8_t szx);
void datagram_payload(struct datagram *d, const void *bytes, size_t len);

/* An OSCORE option of the usual form: a kid of one byte and three bytes of Partial IV. */
void datagram_oscore(struct datagram *d, uint32_t piv);

struct datagram_seen {
	struct datagram_head head;
	const uint8_t *echo, *payload;
	size_t echo_len, payload_len;
	uint32_t block1; /* value */
	bool has_block1;
};

bool datagram_read(struct datagram_seen *out, const uint8_t *bytes, size_t len);

/* The kinds of a flood by name: make(d, state of chance). */
typedef void (*datagram_fn)(struct datagram *d, uint64_t *chance);

/* NULL: there is none of this name. "malformed-0" to "malformed-39" are among them. */
datagram_fn datagram_kind(const char *name);

#endif
