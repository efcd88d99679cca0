/* SPDX-License-Identifier: BSD-2-Clause
 * settings.json of a state directory: where the server is. Pure: text in, checked struct out. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "complaint.h"
#include "outer.h"

#include <sl/buf.h>

#define SETTINGS_ROOT_MAX 63

struct settings {
	struct endpoint server;           /* the next CoAP hop, scheme coap */
	struct outer_route route;         /* forward target, or path of a reverse route */
	char root[SETTINGS_ROOT_MAX + 1]; /* of the EST functions */
};

#define SETTINGS_ROOT_DEFAULT "/.well-known/est"

/* From words of a command line or of the file; target, path and root may be NULL. SL_EMALFORMED,
 * SL_EUNSUPPORTED. */
struct settings_words {
	const char *server, *target, *path, *root;
};

enum sl_err settings_check(
        struct settings *s, const struct settings_words *words, struct complaint *why) SL_MUST_USE;
enum sl_err settings_decode(
        struct settings *s, struct sl_span text, struct complaint *why) SL_MUST_USE;
/* Appends the JSON text. SL_ELIMIT, SL_ENOMEM. */
enum sl_err settings_encode(const struct settings *s, struct sl_buf *out) SL_MUST_USE;

#endif
