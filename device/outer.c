/* SPDX-License-Identifier: BSD-2-Clause */
#include "outer.h"

#include <string.h>

static enum sl_err
add_target(struct sl_coap_msg *msg, const struct endpoint *target, char *host)
{
	enum sl_err err;

	endpoint_uri_host(target, host);
	err = sl_coap_add(msg, SL_COAP_URI_HOST, sl_span_text(host));
	if (err == SL_OK && !endpoint_has_default_port(target))
		err = sl_coap_add_uint(msg, SL_COAP_URI_PORT, target->port);
	if (err == SL_OK)
		err = sl_coap_add(msg, SL_COAP_PROXY_SCHEME, sl_span_text(target->scheme));
	return err;
}

enum sl_err
outer_add_route(struct sl_coap_msg *msg, const struct outer_route *route,
        char host[static ENDPOINT_HOST_MAX + 3])
{
	if (route->is_forward)
		return add_target(msg, &route->target, host);
	return route->path[0] != '\0' ? sl_coap_add_path(msg, route->path) : SL_OK;
}

static enum sl_err
dress(struct outer *o, const struct outer_route *route)
{
	enum sl_err err = outer_add_route(&o->msg, route, o->host);

	if (err == SL_OK)
		err = sl_coap_add(
		        &o->msg, SL_COAP_OSCORE, sl_span(o->sealed.option, o->sealed.option_len));
	if (err == SL_OK && o->message_3.len > 0)
		err = sl_coap_add(&o->msg, SL_COAP_EDHOC, sl_span(NULL, 0));
	if (err == SL_OK && o->echo.len > 0)
		err = sl_coap_add(&o->msg, SL_COAP_ECHO, sl_span(o->echo.bytes, o->echo.len));
	return err;
}

enum sl_err
outer_build(struct outer *o, struct sl_oscore_ctx *ctx, const struct sl_coap_msg *inner,
        const struct outer_route *route, const struct outer_echo *echo)
{
	size_t prefix = o->message_3.len;
	enum sl_err err;

	if (prefix > OUTER_COMBINED_MAX)
		return SL_ESPACE;
	if (prefix > 0)
		memcpy(o->payload, o->message_3.ptr, prefix);
	o->sealed.buf = o->payload + prefix;
	o->sealed.cap = (prefix > 0 ? OUTER_COMBINED_MAX : sizeof o->payload) - prefix;
	/* The ID Context goes with every request: a server that restarted needs it to find the
	 * context. */
	err = sl_oscore_protect_request(ctx, inner, ctx->has_id_context, &o->sealed, &o->exchange);
	if (err != SL_OK)
		return err;
	o->echo.len = 0;
	if (echo != NULL)
		o->echo = *echo;
	sl_coap_msg_init(&o->msg, o->sealed.code);
	o->msg.payload = sl_span(o->payload, prefix + o->sealed.ciphertext.len);
	return dress(o, route);
}

enum sl_err
outer_echo_of(const struct sl_coap_msg *msg, struct outer_echo *echo)
{
	const struct sl_coap_option *opt = sl_coap_find(msg, SL_COAP_ECHO);
	struct sl_span value;

	if (opt == NULL)
		return SL_ENOTFOUND;
	value = sl_coap_option_value(opt);
	if (value.len == 0 || value.len > OUTER_ECHO_MAX)
		return SL_EMALFORMED;
	memcpy(echo->bytes, value.ptr, value.len);
	echo->len = value.len;
	return SL_OK;
}
