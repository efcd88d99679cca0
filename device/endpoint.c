/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"

#include <sl/text.h>

#include <stdio.h>
#include <string.h>

static const struct scheme {
	const char *name;
	uint16_t port;
} schemes[] = {
        {"coap", 5683}, /* RFC 7252 section 6.1 */
        {"http", 80},   /* RFC 9110 section 4.2.1 */
        {"https", 443}, /* RFC 9110 section 4.2.2 */
};

static const struct scheme *
find_scheme(struct sl_span name)
{
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (sl_span_equal_text(name, schemes[i].name))
			return &schemes[i];
	return NULL;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool
is_host_char(char c, bool is_ipv6)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
		return true;
	if (is_ipv6)
		return c == ':' || c == '.' || c == '%' || (c >= 'g' && c <= 'z');
	return (c >= 'g' && c <= 'z') || c == '.' || c == '-' || c == '_' || c == '~';
}

static enum sl_err
take_host(struct endpoint *e, struct sl_span text)
{
	if (text.len == 0 || text.len > ENDPOINT_HOST_MAX)
		return SL_EMALFORMED;
	for (size_t i = 0; i < text.len; i++) {
		e->host[i] = lower((char)text.ptr[i]);
		if (!is_host_char(e->host[i], e->is_ipv6))
			return SL_EMALFORMED;
	}
	e->host[text.len] = '\0';
	return SL_OK;
}

static enum sl_err
take_authority(struct endpoint *e, const char *text, size_t len)
{
	const char *colon;
	uint64_t port;

	if (len > 0 && text[0] == '[') {
		const char *close = memchr(text, ']', len);

		if (close == NULL)
			return SL_EMALFORMED;
		e->is_ipv6 = true;
		if (take_host(e, sl_span(text + 1, (size_t)(close - text) - 1)) != SL_OK)
			return SL_EMALFORMED;
		colon = close + 1 == text + len ? NULL : close + 1;
	} else {
		colon = memchr(text, ':', len);
		if (take_host(e, sl_span(text, colon ? (size_t)(colon - text) : len)) != SL_OK)
			return SL_EMALFORMED;
	}
	if (colon == NULL)
		return SL_OK;
	if (*colon != ':' ||
	        sl_parse_uint(&port, sl_span(colon + 1, (size_t)(text + len - colon) - 1), 65535) !=
	                SL_OK ||
	        port == 0)
		return SL_EMALFORMED;
	e->port = (uint16_t)port;
	return SL_OK;
}

enum sl_err
endpoint_parse(struct endpoint *e, const char *text)
{
	struct endpoint got = {0};
	const char *rest = strstr(text, "://");
	const struct scheme *scheme;
	enum sl_err err;
	size_t len;

	if (rest == NULL || (size_t)(rest - text) >= sizeof got.scheme)
		return SL_EMALFORMED;
	for (size_t i = 0; text + i < rest; i++)
		got.scheme[i] = lower(text[i]);
	scheme = find_scheme(sl_span_text(got.scheme));
	if (scheme == NULL)
		return SL_EUNSUPPORTED;
	got.port = scheme->port;
	rest += 3;
	len = strlen(rest);
	if (len > 0 && rest[len - 1] == '/')
		len--;
	err = take_authority(&got, rest, len);
	if (err == SL_OK)
		*e = got;
	return err;
}

bool
endpoint_has_default_port(const struct endpoint *e)
{
	const struct scheme *scheme = find_scheme(sl_span_text(e->scheme));

	return scheme != NULL && scheme->port == e->port;
}

void
endpoint_uri_host(const struct endpoint *e, char out[static ENDPOINT_HOST_MAX + 3])
{
	snprintf(out, ENDPOINT_HOST_MAX + 3, e->is_ipv6 ? "[%s]" : "%s", e->host);
}

void
endpoint_text(const struct endpoint *e, char out[static ENDPOINT_TEXT_MAX])
{
	char host[ENDPOINT_HOST_MAX + 3];
	char port[8] = "";

	endpoint_uri_host(e, host);
	if (!endpoint_has_default_port(e))
		snprintf(port, sizeof port, ":%u", (unsigned)e->port);
	snprintf(out, ENDPOINT_TEXT_MAX, "%s://%s%s", e->scheme, host, port);
}
