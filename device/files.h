/* SPDX-License-Identifier: BSD-2-Clause
 * Files that survive a power cut and that nobody else can read: written to a temporary name,
 * synced, renamed, the directory synced; read only when their mode says that they are ours
 * alone. */
#ifndef FILES_H
#define FILES_H

#include "complaint.h"

#include <sl/buf.h>

/* Where a durable write stands; a test may stop the process there. */
enum files_step {
	FILES_WRITTEN, /* temporary file written, not synced */
	FILES_SYNCED,  /* its bytes are durable */
	FILES_RENAMED, /* the new name is in place, maybe not durable */
	FILES_DURABLE,
};

typedef void (*files_observer)(void *arg, enum files_step step);

struct files {
	int dir;           /* open directory, -1: none */
	files_observer at; /* NULL in the programs */
	void *at_arg;
};

/* Opens a directory; it must be ours, mode 0700 or less. SL_ENOTFOUND, SL_EAUTH (owner, mode),
 * SL_EIO. */
enum sl_err files_open(struct files *f, const char *path, struct complaint *why) SL_MUST_USE;
/* Makes the directory (0700) when it is not there, then opens it. */
enum sl_err files_make(struct files *f, const char *path, struct complaint *why) SL_MUST_USE;
void files_close(struct files *f);

bool files_has(const struct files *f, const char *name);
/* Replaces name atomically and durably. SL_EIO, and errno says why: the old content or the new one is there. */
enum sl_err files_write(
        const struct files *f, const char *name, unsigned mode, struct sl_span bytes) SL_MUST_USE;
/* Appends the content to out. is_secret: refused when group or others may read it (SL_EAUTH).
 * SL_ENOTFOUND, SL_ELIMIT (over the buffer's maximum), SL_EMALFORMED (no plain file), SL_EIO. */
enum sl_err files_read(const struct files *f, const char *name, bool is_secret, struct sl_buf *out,
        struct complaint *why) SL_MUST_USE;
/* A file anywhere, as secret. */
enum sl_err files_read_secret_path(
        const char *path, struct sl_buf *out, struct complaint *why) SL_MUST_USE;
/* A file anywhere that others may read. */
enum sl_err files_read_path(
        const char *path, struct sl_buf *out, struct complaint *why) SL_MUST_USE;
/* A new file anywhere, durable, or none. SL_EREPLAY (there is one), SL_EIO. */
enum sl_err files_create_path(const char *path, unsigned mode, struct sl_span bytes,
        struct complaint *why) SL_MUST_USE;
/* Durable. SL_ENOTFOUND when from is not there. */
enum sl_err files_rename(const struct files *f, const char *from, const char *to) SL_MUST_USE;
/* Durable; a missing file is fine. */
enum sl_err files_remove(const struct files *f, const char *name) SL_MUST_USE;
/* Takes the directory for this process: SL_EIO when another one has it. Held until files_close. */
enum sl_err files_lock(
        const struct files *f, const char *name, int *held, struct complaint *why) SL_MUST_USE;

#endif
