/* SPDX-License-Identifier: BSD-2-Clause
 * The audit chain: every line is bound to all lines before it by SHA-256. Pure; the rows live in
 * the store, which has no way to change or remove one. No log, no issue. */
#ifndef AUDIT_H
#define AUDIT_H

#include <sl/buf.h>
#include <sl/err.h>
#include <sl/span.h>

#define AUDIT_HASH_LEN 32

/* SHA-256 over prev, seq (8 bytes, big-endian) and the line. Row 1 follows 32 zero bytes. */
enum sl_err audit_hash(uint8_t out[static AUDIT_HASH_LEN],
        const uint8_t prev[static AUDIT_HASH_LEN], uint64_t seq, struct sl_span line) SL_MUST_USE;

/* One JSON object in one line, built member by member: {"event":"issued", ...}. The writer
 * counts on when it is full; audit_line_finish says so. */
struct audit_line {
	char *out;
	size_t cap, len;
};

struct audit_line audit_line_over(char *out, size_t cap, const char *event, int64_t time);
void audit_line_text(struct audit_line *line, const char *key, const char *value);
void audit_line_hex(struct audit_line *line, const char *key, struct sl_span bytes);
void audit_line_number(struct audit_line *line, const char *key, int64_t value);
/* Closes the object. SL_ESPACE. */
enum sl_err audit_line_finish(struct audit_line *line) SL_MUST_USE;

/* value with JSON's escapes and its quotes into out (cut never: len counts on). Used for --json
 * too. */
size_t audit_json_text(char *out, size_t cap, const char *value);

struct store;

struct audit_verdict {
	uint64_t rows;         /* rows that were looked at */
	uint64_t certificates; /* certificates in the store */
	uint64_t broken_at;    /* the first row that does not hold; 0: all hold */
	const char *reason;    /* fixed text; NULL when all is well */
	uint8_t head[AUDIT_HASH_LEN];
};

/* An earlier head that an operator wrote down. */
struct audit_pin {
	uint64_t seq; /* 0: none */
	uint8_t hash[AUDIT_HASH_LEN];
};

/* Reads the whole chain as it is at one moment: numbers without gap, hashes, the head that the store
 * believes in, the pin; one "issued" line with its SHA-256 for every certificate and no more; as many
 * "revoked" lines as revoked certificates. SL_EAUTH with *verdict filled when it does not hold, SL_EIO. */
enum sl_err audit_verify(struct store *store, const struct audit_pin *pin,
        struct audit_verdict *verdict) SL_MUST_USE;

#endif
