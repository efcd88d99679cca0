/* SPDX-License-Identifier: BSD-2-Clause
 * A private key out of a file that is closed to others. */
#ifndef KEY_FILE_H
#define KEY_FILE_H

#include <sl/pkey.h>

/* The key is the caller's. On an error *why has a fixed text for whoever runs the server: SL_EAUTH (open to
 * group or others), SL_EMALFORMED (no private key that can be used here: *why stays as it was, since callers
 * differ in the keys that they want), and those of files_read. */
enum sl_err key_file_read(struct sl_pkey **key, const char *file, const char **why) SL_MUST_USE;

#endif
