/* SPDX-License-Identifier: BSD-2-Clause
 * keygen: a private key in a new file (PKCS#8 in PEM, RFC 5958 and RFC 7468 section 10). */
#include "files.h"
#include "work.h"

#include <sl/wipe.h>

#define PEM_MAX 1024

static enum sl_err
make(enum sl_pkey_type type, const char *path, struct complaint *why)
{
	struct sl_pkey *key = NULL;
	char pem[PEM_MAX];
	enum sl_err err = sl_pkey_generate(&key, type);

	if (err != SL_OK)
		return complain(why, err, "the installed library makes no %s keys",
		        sl_pkey_type_name(type));
	err = sl_pkey_to_pem(key, pem, sizeof pem);
	if (err == SL_OK)
		err = files_create_path(path, 0400, sl_span_text(pem), why);
	else
		err = complain(why, err, "the key cannot be written: %s", sl_err_text(err));
	sl_wipe(pem, sizeof pem);
	sl_pkey_free(key);
	return err;
}

int
keygen_run(struct work *w)
{
	enum sl_pkey_type type = w->o->key_type != 0 ? w->o->key_type : SL_PKEY_P256;
	struct complaint why;
	enum sl_err err = make(type, w->o->out, &why);

	if (err != SL_OK)
		return work_fail_because(
		        w, &why, err == SL_EREPLAY ? EXIT_CONFIGURATION : EXIT_FAILED);
	work_report_done(w);
	report_text(&w->report, "file", w->o->out);
	report_text(&w->report, "key-type", sl_pkey_type_name(type));
	return work_done(w);
}
