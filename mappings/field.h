/* SPDX-License-Identifier: BSD-2-Clause
 * Pieces of HTTP field values (RFC 9110 section 5.6), for the files of this room. */
#ifndef MAPPINGS_FIELD_H
#define MAPPINGS_FIELD_H

#include <sl/err.h>
#include <sl/span.h>
#include <sl/writer.h>

/* application/oscore: has a number, but never stands in a CoAP message (RFC 8613 section 13.6). */
#define SL_MAP_NUMBER_OSCORE 10001

/* Without spaces and tabs at both ends. */
struct sl_span sl_map_trim(struct sl_span text);
/* ASCII letters compare without case. */
bool sl_map_equal_nocase(struct sl_span a, struct sl_span b);

void sl_map_write_decimal(struct sl_writer *w, uint32_t v);

/* type is "type/subtype"; params is what sl_map_next_param reads. Both borrow. SL_EMALFORMED. */
struct sl_map_media {
	struct sl_span type, params;
};

enum sl_err sl_map_media_split(struct sl_map_media *out, struct sl_span text) SL_MUST_USE;

/* Quotes are removed; a value with a backslash is refused. */
struct sl_map_param {
	struct sl_span name, value;
};

/* Takes one parameter off *params. SL_ENOTFOUND at the end, SL_EMALFORMED. */
enum sl_err sl_map_next_param(struct sl_map_param *out, struct sl_span *params) SL_MUST_USE;

#endif
