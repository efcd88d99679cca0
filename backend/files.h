/* SPDX-License-Identifier: BSD-2-Clause
 * Whole files, read with a limit and written so that they are on the disk afterwards. */
#ifndef FILES_H
#define FILES_H

#include <sl/buf.h>

enum files_secrecy {
	FILES_PUBLIC,
	FILES_SECRET, /* must not be readable or writable by group or others */
};

/* Adds the file's bytes to buf (whose maximum is the limit). SL_ENOTFOUND, SL_EAUTH (secret, but
 * open to others), SL_EMALFORMED (no regular file), SL_ELIMIT, SL_ENOMEM, SL_EIO. */
enum sl_err files_read(
        struct sl_buf *buf, const char *path, enum files_secrecy secrecy) SL_MUST_USE;
/* Text of an error of these functions: of SL_EIO what errno says, which they leave as it was. */
const char *files_why(enum sl_err err);

#define FILES_MODE_SECRET 0400
#define FILES_MODE_PUBLIC 0444
#define FILES_MODE_EDIT   0644

/* A new file with that mode; bytes and name are synced. SL_EREPLAY: it exists. SL_EIO; a file
 * that could not be completed is removed. */
enum sl_err files_write_new(const char *path, struct sl_span bytes, unsigned mode) SL_MUST_USE;
/* "FOLDER/name" where FOLDER is that of beside; an absolute name stays. SL_ESPACE. */
enum sl_err files_beside(char *out, size_t cap, const char *beside, const char *name) SL_MUST_USE;

#endif
