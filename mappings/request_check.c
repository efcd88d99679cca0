/* SPDX-License-Identifier: BSD-2-Clause
 * Which requests a cross-proxy lets pass: RFC 7252 sections 5.4, 5.7.1 and 5.8, RFC 8613 section
 * 2. For a proxy "unsafe" counts as much as "critical". */
#include <sl/mappings.h>

enum policy {
	PASS,    /* used elsewhere, or without meaning outside: nothing to ask here */
	REFUSE,  /* 4.02 */
	OBSERVE, /* declined silently with GET and FETCH, undefined elsewhere */
	EDHOC,   /* only where the origin speaks the extension */
	SEALED,  /* no HTTP image here: fine beside OSCORE, where it means nothing; else 4.02 */
};

static const struct row {
	uint16_t number;
	enum policy policy;
	const char *text;
} rows[] = {
        {SL_COAP_IF_MATCH, SEALED, "If-Match has no mapping"},           /* 7252 5.10.8.1 */
        {SL_COAP_URI_HOST, PASS, NULL},                                  /* 7252 5.10.1 */
        {SL_COAP_ETAG, PASS, NULL},                                      /* 7252 5.10.6 */
        {SL_COAP_IF_NONE_MATCH, SEALED, "If-None-Match has no mapping"}, /* 7252 5.10.8.2 */
        {SL_COAP_OBSERVE, OBSERVE, "Observe needs GET or FETCH"},        /* 7641 2; 8132 2.4 */
        {SL_COAP_URI_PORT, PASS, NULL},                                  /* 7252 5.10.1 */
        {SL_COAP_LOCATION_PATH, PASS, NULL},                             /* 7252 5.10.7 */
        {SL_COAP_OSCORE, PASS, NULL},                                    /* 8613 2 */
        {SL_COAP_URI_PATH, PASS, NULL},                                  /* 7252 5.10.1 */
        {SL_COAP_CONTENT_FORMAT, PASS, NULL},                            /* 7252 5.10.3 */
        {SL_COAP_MAX_AGE, REFUSE, "Max-Age in a request"},               /* 7252 5.4, 5.7.1 */
        {SL_COAP_URI_QUERY, PASS, NULL},                                 /* 7252 5.10.1 */
        {SL_COAP_HOP_LIMIT, PASS, NULL},                                 /* 8768 3 */
        {SL_COAP_ACCEPT, PASS, NULL},                                    /* 7252 5.10.4 */
        {SL_COAP_Q_BLOCK1, REFUSE, "Q-Block not supported"},             /* 9177 4.1 */
        {SL_COAP_LOCATION_QUERY, PASS, NULL},                            /* 7252 5.10.7 */
        {SL_COAP_EDHOC, EDHOC, "EDHOC option not supported"},            /* 9668: no HTTP carrier */
        {SL_COAP_BLOCK2, PASS, NULL},                                    /* 7959 2.7 */
        {SL_COAP_BLOCK1, PASS, NULL},                                    /* 7959 2.5 */
        {SL_COAP_SIZE2, PASS, NULL},                                     /* 7959 4 */
        {SL_COAP_Q_BLOCK2, REFUSE, "Q-Block not supported"},             /* 9177 4.1 */
        {SL_COAP_PROXY_URI, PASS, NULL},                                 /* 7252 5.10.2 */
        {SL_COAP_PROXY_SCHEME, PASS, NULL},                              /* 7252 5.10.2 */
        {SL_COAP_SIZE1, PASS, NULL},                                     /* 7959 4 */
        {SL_COAP_ECHO, PASS, NULL},                                      /* 9175 2.4 */
        {SL_COAP_NO_RESPONSE, PASS, NULL},                               /* 7967 2 */
        {SL_COAP_REQUEST_TAG, PASS, NULL},                               /* 9175 3.4 */
};

/* What the checks look at besides the option itself. */
struct view {
	const struct sl_coap_msg *request;
	bool allow_edhoc;
	bool is_oscore;
};

static const struct row *
find_row(uint16_t number)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

static bool
policy_refuses(const struct view *v, enum policy policy)
{
	switch (policy) {
	case PASS:
		return false;
	case REFUSE:
		return true;
	case OBSERVE:
		return v->request->code != SL_COAP_GET && v->request->code != SL_COAP_FETCH;
	case EDHOC:
		return !v->allow_edhoc;
	case SEALED:
		return !v->is_oscore;
	}
	return true;
}

/* RFC 7252 sections 5.4.3 and 5.4.5. A value in the EDHOC option is ignored (RFC 9668 section
 * 3.1). */
static bool
is_misshapen(const struct sl_coap_option *opt, const struct sl_coap_option *before)
{
	const struct sl_coap_option_def *def = sl_coap_option_def(opt->number);
	size_t len = sl_coap_option_value(opt).len;

	if (def == NULL)
		return false;
	if (before != NULL && before->number == opt->number && !def->is_repeatable)
		return true;
	return opt->number != SL_COAP_EDHOC && (len < def->min_len || len > def->max_len);
}

/* NULL, or why this option ends the request in 4.02. */
static const char *
refuse_option(const struct view *v, size_t at)
{
	const struct sl_coap_option *opt = &v->request->options[at];
	const struct row *row = find_row(opt->number);

	if (!sl_coap_is_critical(opt->number) && !sl_coap_is_unsafe(opt->number))
		return NULL; /* elective and safe: at worst it is dropped */
	if (row == NULL)
		return sl_coap_is_unsafe(opt->number) ? "unknown unsafe option"
		                                      : "unknown critical option";
	if (is_misshapen(opt, at > 0 ? opt - 1 : NULL))
		return "wrong option length or repetition";
	return policy_refuses(v, row->policy) ? row->text : NULL;
}

/* NULL, or why the values end the request in 4.00. */
static const char *
refuse_values(const struct view *v, const struct sl_map_request *got)
{
	const struct sl_coap_msg *m = v->request;
	struct sl_coap_block block;
	uint32_t hops = 1;

	if (got->has_hop_limit && (sl_coap_get_uint(m, SL_COAP_HOP_LIMIT, &hops) != SL_OK ||
	                                  hops == 0 || hops > UINT8_MAX))
		return "bad Hop-Limit";
	if (sl_coap_get_block(m, SL_COAP_BLOCK1, &block) == SL_EMALFORMED ||
	        sl_coap_get_block(m, SL_COAP_BLOCK2, &block) == SL_EMALFORMED)
		return "bad block size";
	if (got->kind == SL_MAP_OSCORE && m->payload.len == 0)
		return "OSCORE without payload";
	if (!v->is_oscore && sl_coap_find(m, SL_COAP_EDHOC) != NULL)
		return "EDHOC option without OSCORE";
	return NULL;
}

static enum sl_map_kind
kind_of(const struct view *v)
{
	struct sl_coap_block block;

	if (sl_coap_get_block(v->request, SL_COAP_BLOCK2, &block) == SL_OK && block.num > 0)
		return SL_MAP_BLOCK_NEXT;
	return v->is_oscore ? SL_MAP_OSCORE : SL_MAP_PLAIN;
}

static void
read_values(const struct view *v, struct sl_map_request *got)
{
	uint32_t value;

	got->kind = kind_of(v);
	got->is_fetch_observe = v->is_oscore && v->request->code == SL_COAP_FETCH;
	got->is_combined = sl_coap_find(v->request, SL_COAP_EDHOC) != NULL;
	got->has_hop_limit = sl_coap_find(v->request, SL_COAP_HOP_LIMIT) != NULL;
	if (sl_coap_get_uint(v->request, SL_COAP_HOP_LIMIT, &value) == SL_OK)
		got->hop_limit = (uint8_t)value;
	if (sl_coap_get_uint(v->request, SL_COAP_NO_RESPONSE, &value) == SL_OK) {
		got->has_no_response = true;
		got->no_response = (uint8_t)value;
	}
}

uint8_t
sl_map_check_request(const struct sl_coap_msg *request, bool allow_edhoc,
        struct sl_map_request *out, const char **text)
{
	struct view v = {request, allow_edhoc, sl_coap_find(request, SL_COAP_OSCORE) != NULL};
	struct sl_map_request got = {0};

	*text = NULL;
	if (sl_map_method(request->code, true) == NULL) /* RFC 7252 section 5.8 */
		return SL_COAP_METHOD_NOT_ALLOWED;
	for (size_t i = 0; i < request->option_count && *text == NULL; i++)
		*text = refuse_option(&v, i);
	if (*text != NULL)
		return SL_COAP_BAD_OPTION;
	read_values(&v, &got);
	*text = refuse_values(&v, &got);
	if (*text != NULL)
		return SL_COAP_BAD_REQUEST;
	if (sl_map_method(request->code, v.is_oscore) == NULL)
		return SL_COAP_METHOD_NOT_ALLOWED;
	*out = got;
	return 0;
}
