/* SPDX-License-Identifier: BSD-2-Clause
 * Field values come from tables and encoders only: nothing a device sends gets into a head as it is. */
#include "request.h"

#include <stdio.h>
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
	t = calloc(1, sizeof *t + body.len + 1);
	if (t == NULL)
		return SL_COAP_SERVICE_UNAVAILABLE;
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

static void
add_field(struct request_fields *f, const char *name, const char *value)
{
	char *line = f->lines[f->count++];

	if (value == NULL)
		snprintf(line, sizeof f->lines[0], "%s:", name);
	else
		snprintf(line, sizeof f->lines[0], "%s: %s", name, value);
}

/* RFC 8613 section 11.2. */
void
request_fields(struct request_fields *out, const struct core_fetch *fetch)
{
	out->count = 0;
	add_field(out, "Expect", NULL);
	add_field(out, "Accept", fetch->accept);
	add_field(out, "Accept-Encoding", "identity");
	if (fetch->oscore != NULL) {
		add_field(out, "Content-Type", "application/oscore");
		add_field(out, "OSCORE", fetch->oscore);
		add_field(out, "Cache-Control", "no-store");
	} else {
		add_field(out, "Content-Type", fetch->content_type);
	}
	if (fetch->has_via) /* RFC 8768 section 3 */
		add_field(out, "Via", "coap/1 sealift");
	if (fetch->has_edhoc)
		add_field(out, "CoAP-EDHOC", "?1");
}
