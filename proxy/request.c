/* SPDX-License-Identifier: BSD-2-Clause
 * Field values come from tables and encoders only: nothing a device sends gets into a head as it is. */
#include "request.h"

#include <stdlib.h>
#include <string.h>

static enum sl_err
build_oscore(struct fetch_text *t, const struct sl_coap_msg *msg)
{
	const struct sl_coap_option *option = sl_coap_find(msg, SL_COAP_OSCORE);

	if (option == NULL)
		return SL_OK;
	t->has_oscore = true;
	return sl_map_oscore_to_header(t->oscore, sizeof t->oscore, sl_coap_option_value(option));
}

/* RFC 7252 section 10.1, RFC 8075 section 6. */
static enum sl_err
build_media_types(struct fetch_text *t, const struct sl_coap_msg *msg)
{
	uint32_t number;
	enum sl_err err = SL_OK;

	/* one of three bytes counts as unknown (RFC 7252 section 5.4.3) */
	if (sl_coap_get_uint(msg, SL_COAP_CONTENT_FORMAT, &number) == SL_OK &&
	        number <= UINT16_MAX) {
		t->has_content_type = true;
		err = sl_map_media_type((uint16_t)number, t->content_type, sizeof t->content_type);
	}
	if (err == SL_OK && sl_coap_get_uint(msg, SL_COAP_ACCEPT, &number) == SL_OK) {
		t->has_accept = true;
		err = sl_map_media_type((uint16_t)number, t->accept, sizeof t->accept);
	}
	return err;
}

uint8_t
request_build(struct fetch_text **out, const struct sl_coap_msg *msg, const struct destination *d,
        struct sl_span body)
{
	bool is_oscore = sl_coap_find(msg, SL_COAP_OSCORE) != NULL;
	const char *method = sl_map_method(msg->code, is_oscore);
	struct fetch_text *t;
	enum sl_err err;

	if (method == NULL)
		return SL_COAP_METHOD_NOT_ALLOWED;
	t = malloc(sizeof *t + body.len + 1);
	if (t == NULL)
		return SL_COAP_SERVICE_UNAVAILABLE;
	t->has_oscore = t->has_content_type = t->has_accept = false;
	t->method = method;
	t->has_via = sl_coap_find(msg, SL_COAP_HOP_LIMIT) != NULL;
	t->has_edhoc = sl_coap_find(msg, SL_COAP_EDHOC) != NULL;
	err = routes_url(d, is_oscore, t->url, sizeof t->url);
	if (err == SL_OK)
		err = build_oscore(t, msg);
	if (err == SL_OK && !is_oscore)
		err = build_media_types(t, msg);
	if (err != SL_OK) {
		free(t);
		return SL_COAP_BAD_REQUEST;
	}
	t->body_len = body.len;
	if (body.len > 0)
		memcpy(t->body, body.ptr, body.len);
	*out = t;
	return 0;
}

void
request_view(const struct exchange *x, struct core_fetch *out)
{
	const struct fetch_text *t = x->text;

	out->origin = x->origin;
	out->method = t->method;
	out->url = t->url;
	out->oscore = t->has_oscore ? t->oscore : NULL;
	out->content_type = t->has_content_type ? t->content_type : NULL;
	out->accept = t->has_accept ? t->accept : NULL;
	out->has_via = t->has_via;
	out->has_edhoc = t->has_edhoc;
	out->body = sl_span(t->body, t->body_len);
}

/* --- as HTTP ------------------------------------------------------------------------------------------------- */

struct field {
	const char *name;
	const char *value; /* NULL: the field must not be sent */
};

/* RFC 8613 section 11.2. */
static size_t
list_fields(struct field out[static REQUEST_FIELDS_MAX], const struct core_fetch *fetch)
{
	size_t n = 0;

	out[n++] = (struct field){"Expect", NULL};
	out[n++] = (struct field){"Accept", fetch->accept};
	out[n++] = (struct field){"Accept-Encoding", "identity"};
	if (fetch->oscore != NULL) {
		out[n++] = (struct field){"Content-Type", "application/oscore"};
		out[n++] = (struct field){"OSCORE", fetch->oscore};
		out[n++] = (struct field){"Cache-Control", "no-store"};
	} else {
		out[n++] = (struct field){"Content-Type", fetch->content_type};
	}
	if (fetch->has_via) /* RFC 8768 section 3 */
		out[n++] = (struct field){"Via", "coap/1 sealift"};
	if (fetch->has_edhoc)
		out[n++] = (struct field){"CoAP-EDHOC", "?1"};
	return n;
}

void
request_fields(struct request_fields *out, const struct core_fetch *fetch)
{
	struct field fields[REQUEST_FIELDS_MAX];

	out->count = list_fields(fields, fetch);
	for (size_t i = 0; i < out->count; i++) {
		struct sl_writer w = sl_writer_over(out->lines[i], sizeof out->lines[i] - 1);

		sl_write_text(&w, fields[i].name);
		sl_write_text(&w, fields[i].value == NULL ? ":" : ": ");
		sl_write_text(&w, fields[i].value == NULL ? "" : fields[i].value);
		out->lines[i][sl_writer_span(&w).len] = '\0';
	}
}

bool
request_has_body(const struct core_fetch *fetch)
{
	return fetch->body.len > 0 || strcmp(fetch->method, "POST") == 0 ||
	       strcmp(fetch->method, "PUT") == 0 || strcmp(fetch->method, "PATCH") == 0;
}

/* Encoders made all of it; still, what could end a line or a word does not get into one. */
static void
write_clean(struct sl_writer *w, const char *text, char least)
{
	for (const char *p = text; *p != '\0'; p++)
		w->failed = w->failed || *p < least || *p > '~';
	sl_write_text(w, text);
}

static void
write_number(struct sl_writer *w, uint64_t value)
{
	char digits[20];
	size_t n = sizeof digits;

	do
		digits[--n] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	sl_write_span(w, sl_span(digits + n, sizeof digits - n));
}

static void
write_host(struct sl_writer *w, const struct sl_map_target *to)
{
	sl_write_text(w, to->host_is_ipv6 ? "[" : "");
	write_clean(w, to->host, '!');
	sl_write_text(w, to->host_is_ipv6 ? "]" : "");
	if (to->port != (to->is_https ? 443 : 80)) {
		sl_write_text(w, ":");
		write_number(w, to->port);
	}
}

const char *
request_target(const struct core_fetch *fetch)
{
	const char *behind_scheme = strstr(fetch->url, "://");

	return behind_scheme == NULL ? NULL : strchr(behind_scheme + 3, '/');
}

enum sl_err
request_head(struct sl_writer *w, const struct core_fetch *fetch)
{
	const char *target = request_target(fetch);
	struct field fields[REQUEST_FIELDS_MAX];
	size_t count = list_fields(fields, fetch);

	if (target == NULL)
		return SL_EMALFORMED;
	write_clean(w, fetch->method, '!');
	sl_write_text(w, " ");
	write_clean(w, target, '!');
	sl_write_text(w, " HTTP/1.1\r\nHost: ");
	write_host(w, &fetch->origin->target);
	sl_write_text(w, "\r\n");
	for (size_t i = 0; i < count; i++) {
		if (fields[i].value == NULL)
			continue;
		sl_write_text(w, fields[i].name);
		sl_write_text(w, ": ");
		write_clean(w, fields[i].value, ' ');
		sl_write_text(w, "\r\n");
	}
	if (request_has_body(fetch)) {
		sl_write_text(w, "Content-Length: ");
		write_number(w, fetch->body.len);
		sl_write_text(w, "\r\n");
	}
	sl_write_text(w, "\r\n");
	return sl_writer_finish(w);
}
