/* SPDX-License-Identifier: BSD-2-Clause */
#include "outer.h"

#include <string.h>

static enum sl_err
add_target(struct outer *o, const struct endpoint *target)
{
	enum sl_err err;

	endpoint_uri_host(target, o->host);
	err = sl_coap_add(&o->msg, SL_COAP_URI_HOST, sl_span_text(o->host));
	if (err == SL_OK && !endpoint_has_default_port(target))
		err = sl_coap_add_uint(&o->msg, SL_COAP_URI_PORT, target->port);
	if (err == SL_OK)
		err = sl_coap_add(&o->msg, SL_COAP_PROXY_SCHEME, sl_span_text(target->scheme));
	return err;
}

static enum sl_err
dress(struct outer *o, const struct outer_route *route)
{
	enum sl_err err = SL_OK;

	if (route->is_forward)
		err = add_target(o, &route->target);
	else if (route->path[0] != '\0')
		err = sl_coap_add_path(&o->msg, route->path);
	if (err == SL_OK)
		err = sl_coap_add(
		        &o->msg, SL_COAP_OSCORE, sl_span(o->sealed.option, o->sealed.option_len));
	if (err == SL_OK && o->echo.len > 0)
		err = sl_coap_add(&o->msg, SL_COAP_ECHO, sl_span(o->echo.bytes, o->echo.len));
	return err;
}

enum sl_err
outer_build(struct outer *o, struct sl_oscore_ctx *ctx, const struct sl_coap_msg *inner,
        const struct outer_route *route, const struct outer_echo *echo)
{
	enum sl_err err;

	o->sealed.buf = o->ciphertext;
	o->sealed.cap = sizeof o->ciphertext;
	/* The ID Context goes with every request: a server that restarted needs it to find the
	 * context. */
	err = sl_oscore_protect_request(ctx, inner, ctx->has_id_context, &o->sealed, &o->exchange);
	if (err != SL_OK)
		return err;
	o->echo.len = 0;
	if (echo != NULL)
		o->echo = *echo;
	sl_coap_msg_init(&o->msg, o->sealed.code);
	o->msg.payload = o->sealed.ciphertext;
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
