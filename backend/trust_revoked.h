/* SPDX-License-Identifier: BSD-2-Clause
 * The revocation file: one SHA-256 fingerprint a line, in hex, colons and spaces allowed between the
 * bytes; "#" begins a comment. Not thread-safe. */
#ifndef TRUST_REVOKED_H
#define TRUST_REVOKED_H

#include <sys/stat.h>

#include <sl/buf.h>

#define REVOKED_HASH_LEN 32
#define REVOKED_MAX      65536 /* fingerprints */

struct revoked {
	const char *file;        /* borrowed; "": there is none */
	struct sl_buf hashes;    /* sorted */
	struct stat stat;        /* of the file that they are from */
	bool is_readable;        /* the file is as it was read, or was read again */
	unsigned malformed_line; /* of the last attempt; 0: none */
};

void revoked_init(struct revoked *r, const char *file);
void revoked_clear(struct revoked *r);
/* Reads the file when it is another one than last time. On failure the fingerprints stay those of
 * before. SL_EMALFORMED (malformed_line says where), SL_ELIMIT, SL_EIO, SL_ENOTFOUND, SL_ENOMEM. */
enum sl_err revoked_refresh(struct revoked *r) SL_MUST_USE;
bool revoked_has(const struct revoked *r, const uint8_t hash[static REVOKED_HASH_LEN]);
/* The text of a file; *line is the one that is wrong. hashes is empty before. SL_EMALFORMED,
 * SL_ELIMIT, SL_ENOMEM. */
enum sl_err revoked_parse(struct sl_buf *hashes, struct sl_span text, unsigned *line) SL_MUST_USE;

#endif
