/* SPDX-License-Identifier: BSD-2-Clause
 * Where a request wants to go: Proxy-Uri, Proxy-Scheme with Uri-*, or ourselves (RFC 7252
 * sections 5.7, 5.10.1, 5.10.2 and 6.5; RFC 8613 section 4.1.3.3). */
#include "url.h"

#include "field.h"

#include <string.h>

static const char hex_digits[] = "0123456789ABCDEF";

/* RFC 7252 section 6.5 steps 6 and 7: everything is encoded but pchar; in a query "/" and "?"
 * stay and the separator "&" does not. */
static void
write_encoded(struct sl_writer *w, struct sl_span value, bool is_query)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.ptr[i];
		bool bare = sl_map_is_pchar(c);

		if (is_query)
			bare = (bare && c != '&') || c == '/' || c == '?';
		if (bare) {
			sl_write_u8(w, c);
			continue;
		}
		sl_write_u8(w, '%');
		sl_write_u8(w, (uint8_t)hex_digits[c >> 4]);
		sl_write_u8(w, (uint8_t)hex_digits[c & 15]);
	}
}

static uint8_t
compose_path(const struct sl_coap_msg *request, struct sl_map_target *t)
{
	struct sl_writer w = sl_writer_over(t->path_query, sizeof t->path_query);
	char before_query = '?';

	for (size_t i = 0; i < request->option_count; i++) {
		struct sl_span value = sl_coap_option_value(&request->options[i]);

		if (request->options[i].number == SL_COAP_URI_PATH) {
			if (sl_map_is_unsafe_segment(value)) /* RFC 7252 section 5.10.1 */
				return SL_COAP_BAD_REQUEST;
			sl_write_u8(&w, '/');
			write_encoded(&w, value, false);
		}
		if (request->options[i].number == SL_COAP_URI_QUERY) {
			if (w.len == 0)
				sl_write_u8(&w, '/');
			sl_write_u8(&w, (uint8_t)before_query);
			write_encoded(&w, value, true);
			before_query = '&';
		}
	}
	if (w.len == 0)
		sl_write_u8(&w, '/');
	sl_write_u8(&w, 0);
	return w.failed ? SL_COAP_BAD_REQUEST : 0;
}

/* The Uri-* options over what the scheme set. */
static uint8_t
compose(const struct sl_coap_msg *request, struct sl_map_target *t)
{
	const struct sl_coap_option *host = sl_coap_find(request, SL_COAP_URI_HOST);
	uint32_t port = 0;
	enum sl_err err = sl_coap_get_uint(request, SL_COAP_URI_PORT, &port);
	uint8_t code;

	if (err != SL_ENOTFOUND) {
		if (err != SL_OK || port == 0 || port > UINT16_MAX)
			return SL_COAP_BAD_REQUEST;
		t->port = (uint16_t)port;
	}
	if (host != NULL) {
		code = sl_map_read_host(t, sl_coap_option_value(host));
		if (code != 0) /* "not proxied" is no answer to a request for ourselves */
			return t->form == SL_MAP_TARGET_LOCAL ? SL_COAP_BAD_REQUEST : code;
	}
	return compose_path(request, t);
}

uint8_t
sl_map_target(const struct sl_coap_msg *request, struct sl_map_target *out)
{
	const struct sl_coap_option *uri = sl_coap_find(request, SL_COAP_PROXY_URI);
	const struct sl_coap_option *scheme = sl_coap_find(request, SL_COAP_PROXY_SCHEME);
	struct sl_map_target got = {.form = SL_MAP_TARGET_LOCAL};
	uint8_t code;

	if (uri != NULL)
		return sl_map_url(sl_coap_option_value(uri), out);
	if (scheme != NULL) {
		got.form = SL_MAP_TARGET_PROXY_SCHEME;
		code = sl_map_read_scheme(&got, sl_coap_option_value(scheme));
		if (code != 0)
			return code;
	}
	code = compose(request, &got);
	if (code == 0)
		*out = got;
	return code;
}

enum sl_err
sl_map_target_url(const struct sl_map_target *target, char *out, size_t cap)
{
	char text[sizeof "https://[]:65535" + SL_MAP_HOST_MAX + SL_MAP_PATH_MAX];
	struct sl_writer w = sl_writer_over(text, sizeof text);

	if (target->host[0] == '\0' || target->port == 0)
		return SL_EMALFORMED;
	sl_write_text(&w, target->is_https ? "https://" : "http://");
	sl_write_text(&w, target->host_is_ipv6 ? "[" : "");
	sl_write_text(&w, target->host);
	sl_write_text(&w, target->host_is_ipv6 ? "]:" : ":");
	sl_map_write_decimal(&w, target->port);
	sl_write_text(&w, target->path_query);
	sl_write_u8(&w, 0);
	if (w.failed || w.len > cap)
		return SL_ESPACE;
	memcpy(out, text, w.len);
	return SL_OK;
}
