/* SPDX-License-Identifier: BSD-2-Clause
 * The Location field as Location-Path and Location-Query options, RFC 7252 sections 5.10.7 and
 * 10.1.4. */
#include "url.h"

#include <string.h>

#define PART_MAX 255 /* bytes of one option */

/* Decodes one part into the writer's room and adds it. The text is known to be well formed. */
static enum sl_err
add_part(struct sl_coap_msg *reply, uint16_t number, struct sl_span text, struct sl_writer *w)
{
	size_t begin = w->len;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (c == '%') {
			c = (uint8_t)sl_map_percent(sl_span(text.ptr + i + 1, 2));
			i += 2;
		}
		sl_write_u8(w, c);
	}
	if (w->failed)
		return SL_ESPACE;
	if (w->len - begin > PART_MAX)
		return SL_ELIMIT;
	return sl_coap_add(reply, number, sl_span(w->out + begin, w->len - begin));
}

/* Parts between separators; an empty text has none. */
static enum sl_err
add_parts(struct sl_coap_msg *reply, uint16_t number, struct sl_span text, struct sl_writer *w)
{
	int separator = number == SL_COAP_LOCATION_PATH ? '/' : '&';
	enum sl_err err = SL_OK;

	while (text.len > 0 && err == SL_OK) {
		const uint8_t *end = memchr(text.ptr, separator, text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);

		err = add_part(reply, number, sl_span(text.ptr, len), w);
		len += end == NULL ? 0 : 1;
		text = sl_span(text.ptr + len, text.len - len);
	}
	return err;
}

/* Path and query of the field, checked, in got->path_query. */
static enum sl_err
read_location(
        struct sl_map_target *got, const struct sl_map_target *target, struct sl_span location)
{
	struct sl_span path = location, query = {0};
	const uint8_t *mark;

	if (location.len == 0)
		return SL_EMALFORMED;
	if (location.ptr[0] != '/') {
		if (sl_map_url(location, got) != 0)
			return SL_EMALFORMED;
		if (got->is_https != target->is_https || got->port != target->port ||
		        strcmp(got->host, target->host) != 0)
			return SL_EAUTH;
		return SL_OK;
	}
	mark = memchr(location.ptr, '?', location.len);
	if (mark != NULL) {
		path.len = (size_t)(mark - location.ptr);
		query = sl_span(mark + 1, location.len - path.len - 1);
	}
	return sl_map_read_path(got, path, query) == 0 ? SL_OK : SL_EMALFORMED;
}

enum sl_err
sl_map_add_location(struct sl_coap_msg *reply, const struct sl_map_target *target,
        struct sl_span location, struct sl_writer *w)
{
	struct sl_map_target got = {.form = SL_MAP_TARGET_LOCAL};
	struct sl_coap_msg longer = *reply;
	struct sl_span path, query = {0};
	char *mark;
	enum sl_err err = read_location(&got, target, location);

	if (err != SL_OK)
		return err;
	mark = strchr(got.path_query, '?');
	path = sl_span_text(got.path_query + 1);
	if (mark != NULL) {
		path.len = (size_t)(mark - got.path_query - 1);
		query = sl_span_text(mark + 1);
	}
	err = add_parts(&longer, SL_COAP_LOCATION_PATH, path, w);
	if (err == SL_OK)
		err = add_parts(&longer, SL_COAP_LOCATION_QUERY, query, w);
	if (err == SL_OK)
		*reply = longer;
	return err;
}
