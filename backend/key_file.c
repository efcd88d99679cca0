/* SPDX-License-Identifier: BSD-2-Clause
 * The file's text is wiped before the key is handed out. */
#include "key_file.h"

#include "files.h"

#define KEY_FILE_MAX 16384

enum sl_err
key_file_read(struct sl_pkey **key, const char *file, const char **why)
{
	struct sl_pkey *got = NULL;
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, KEY_FILE_MAX);
	err = files_read(&text, file, FILES_SECRET);
	if (err)
		*why = err == SL_EAUTH ? "the key is open to group or others; chmod 0400"
		                       : "the key cannot be read";
	else if (sl_pkey_from_text(&got, sl_buf_view(&text)) || !sl_pkey_has_private(got))
		err = SL_EMALFORMED;
	sl_buf_clear(&text);
	if (err)
		sl_pkey_free(got);
	else
		*key = got;
	return err;
}
