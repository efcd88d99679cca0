/* SPDX-License-Identifier: BSD-2-Clause
 * Request heads: fields that may stand once, lengths that must agree, the OSCORE header field of RFC 8613
 * section 11.1. Order of the checks: syntax, framing, target and method, media type, OSCORE value. */
#include "head.h"

#include <stdint.h>

#include <sl/est.h>
#include <sl/mappings.h>
#include <sl/text.h>

/* Fields that are read here or that frame the message: each may stand once. */
enum known {
	HOST,
	CONTENT_LENGTH,
	CONTENT_TYPE,
	TRANSFER_ENCODING,
	OSCORE,
	COAP_EDHOC,
	EXPECT,
	CONTENT_ENCODING,
	KNOWN_COUNT,
};

static const char *const known_names[KNOWN_COUNT] = {
        [HOST] = "host",
        [CONTENT_LENGTH] = "content-length",
        [CONTENT_TYPE] = "content-type",
        [TRANSFER_ENCODING] = "transfer-encoding",
        [OSCORE] = "oscore",
        [COAP_EDHOC] = "coap-edhoc",
        [EXPECT] = "expect",
        [CONTENT_ENCODING] = "content-encoding",
};

struct known_fields {
	const struct head_field *at[KNOWN_COUNT]; /* NULL: absent */
};

static const char discovery_path[] = "/.well-known/core";
static const char edhoc_path[] = "/.well-known/edhoc";

static bool
refuse(struct head_refusal *why, int status, const char *text)
{
	why->status = status;
	why->text = text;
	why->allow = NULL;
	return false;
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
equal_no_case(struct sl_span a, const char *text)
{
	struct sl_span b = sl_span_text(text);
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++) {
		if (lower(a.ptr[i]) != b.ptr[i])
			return false;
	}
	return true;
}

static bool
begins_no_case(struct sl_span a, const char *text)
{
	struct sl_span b = sl_span_text(text);

	return a.len >= b.len && equal_no_case(sl_span(a.ptr, b.len), text);
}

static struct sl_span
trim(struct sl_span s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* RFC 9110 section 5.6.2 */
static bool
is_token(struct sl_span s)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	size_t i, j;

	for (i = 0; i < s.len; i++) {
		uint8_t c = lower(s.ptr[i]);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			continue;
		for (j = 0; marks[j] != '\0' && (uint8_t)marks[j] != c; j++)
			;
		if (marks[j] == '\0')
			return false;
	}
	return s.len > 0;
}

static bool
is_field_value(struct sl_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
			return false;
	}
	return true;
}

/* RFC 3986 section 3.2 without userinfo: what a Host field may hold. */
static bool
is_host(struct sl_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		uint8_t c = lower(s.ptr[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
		            c == '_' || c == ':' || c == '[' || c == ']'))
			return false;
	}
	return s.len > 0;
}

static bool
is_target(struct sl_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7f || s.ptr[i] == '#' || s.ptr[i] == '\\')
			return false;
	}
	return s.len > 0;
}

static bool
follows(struct sl_span first, size_t gap, struct sl_span next)
{
	return (uintptr_t)first.ptr + first.len + gap == (uintptr_t)next.ptr;
}

/* Between a name and its value stand the colon and white space. */
static bool
is_one_line(const struct head_field *f)
{
	const uint8_t *at = f->name.ptr + f->name.len + 1;

	if ((uintptr_t)f->value.ptr < (uintptr_t)at)
		return false;
	while (at != f->value.ptr && (*at == ' ' || *at == '\t'))
		at++;
	return at == f->value.ptr;
}

/* "METHOD SP target SP version CRLF", then "name: value CRLF" per field, then CRLF. The library wrote NUL over
 * the line ends, so it is their length that tells; a NUL before a bare LF has the length of CRLF and passes,
 * cut off and without effect. */
static bool
is_laid_out(const struct head *head)
{
	struct sl_span target = sl_span(head->target_at, head->target.len);
	struct sl_span last = head->version;
	size_t i;

	if (!follows(head->method, 1, target) || !follows(target, 1, head->version))
		return false;
	for (i = 0; i < head->field_count; i++) {
		if (!follows(last, 2, head->fields[i].name) || !is_one_line(&head->fields[i]))
			return false;
		last = head->fields[i].value;
	}
	return head->size == 0 ||
	       (uintptr_t)last.ptr + last.len + 4 == (uintptr_t)head->method.ptr + head->size;
}

/* A Connection field that names one of the known fields would have a next hop drop it. */
static bool
names_known_field(struct sl_span value)
{
	while (value.len > 0) {
		size_t i, len = 0;

		while (len < value.len && value.ptr[len] != ',')
			len++;
		for (i = 0; i < KNOWN_COUNT; i++) {
			if (equal_no_case(trim(sl_span(value.ptr, len)), known_names[i]))
				return true;
		}
		value.ptr += len < value.len ? len + 1 : len;
		value.len -= len < value.len ? len + 1 : len;
	}
	return false;
}

static bool
sort_field(const struct head_field *f, struct known_fields *known, struct head_refusal *why)
{
	size_t i;

	if (!is_token(f->name))
		return refuse(why, 400, "bad header field name");
	if (!is_field_value(f->value))
		return refuse(why, 400, "control character in a header field");
	if (equal_no_case(f->name, "connection") && names_known_field(f->value))
		return refuse(why, 400, "end-to-end field named in Connection");
	for (i = 0; i < KNOWN_COUNT; i++) {
		if (!equal_no_case(f->name, known_names[i]))
			continue;
		if (known->at[i] != NULL)
			return refuse(why, 400, "repeated header field");
		known->at[i] = f;
	}
	return true;
}

static bool
check_syntax(const struct head *head, struct known_fields *known, struct head_refusal *why)
{
	size_t i;

	if (!sl_span_equal_text(head->version, "HTTP/1.1"))
		return refuse(why, 505, "only HTTP/1.1 is spoken here");
	if (head->field_count > HEAD_FIELDS_MAX)
		return refuse(why, 431, "too many header fields");
	if (head->target.len > HEAD_TARGET_MAX)
		return refuse(why, 414, "request target too long");
	if (!is_token(head->method) || !is_target(head->target))
		return refuse(why, 400, "bad request line");
	for (i = 0; i < head->field_count; i++) {
		if (!sort_field(&head->fields[i], known, why))
			return false;
	}
	if (head->is_in_place && !is_laid_out(head))
		return refuse(why, 400, "malformed line in the request head");
	if (known->at[HOST] == NULL || !is_host(trim(known->at[HOST]->value)))
		return refuse(why, 400, "exactly one valid Host field is needed");
	return true;
}

/* RFC 9112 section 6: one length, or chunked, never both. */
static bool
check_framing(const struct known_fields *known, uint64_t body_max, struct head_request *out,
        struct head_refusal *why)
{
	const struct head_field *length = known->at[CONTENT_LENGTH];
	const struct head_field *coding = known->at[TRANSFER_ENCODING];
	const struct head_field *expect = known->at[EXPECT];
	enum sl_err err;

	if (length != NULL && coding != NULL)
		return refuse(why, 400, "Content-Length together with Transfer-Encoding");
	if (coding != NULL && !equal_no_case(trim(coding->value), "chunked"))
		return refuse(why, 400, "Transfer-Encoding is not chunked");
	out->is_chunked = coding != NULL;
	if (length != NULL) {
		err = sl_parse_uint(&out->body_len, trim(length->value), body_max);
		if (err == SL_ELIMIT)
			return refuse(why, 413, "body too large");
		if (err != SL_OK)
			return refuse(why, 400, "bad Content-Length");
	}
	if (expect != NULL && !equal_no_case(trim(expect->value), "100-continue"))
		return refuse(why, 417, "unknown expectation");
	if (known->at[CONTENT_ENCODING] != NULL &&
	        !equal_no_case(trim(known->at[CONTENT_ENCODING]->value), "identity"))
		return refuse(why, 415, "Content-Encoding is not taken");
	return true;
}

/* Path and query of an origin-form or absolute-form target (RFC 9112 section 3.2). */
static bool
split_target(struct sl_span target, struct sl_span *path, struct sl_span *query)
{
	size_t i;

	if (begins_no_case(target, "http://") || begins_no_case(target, "https://")) {
		size_t begin = begins_no_case(target, "http://") ? 7 : 8;

		for (i = begin; i < target.len && target.ptr[i] != '/'; i++)
			;
		if (!is_host(sl_span(target.ptr + begin, i - begin)))
			return false;
		target = sl_span(target.ptr + i, target.len - i);
	}
	if (target.len == 0 || target.ptr[0] != '/')
		return false;
	for (i = 0; i < target.len && target.ptr[i] != '?'; i++)
		;
	*path = sl_span(target.ptr, i);
	*query =
	        i < target.len ? sl_span(target.ptr + i + 1, target.len - i - 1) : sl_span(NULL, 0);
	return true;
}

static bool
refuse_method(struct head_refusal *why, const char *allow)
{
	refuse(why, 405, "method not allowed");
	why->allow = allow;
	return false;
}

static bool
is_est_path(struct sl_span path, const char *short_root)
{
	char text[HEAD_TARGET_MAX + 1];
	struct sl_est_target est;
	size_t i;

	for (i = 0; i < path.len; i++)
		text[i] = (char)path.ptr[i];
	text[i] = '\0';
	return sl_est_target(text, short_root, &est) == SL_OK;
}

static bool
check_body(
        const struct known_fields *known, const struct head_request *out, struct head_refusal *why)
{
	if (out->is_chunked || out->body_len > 0)
		return true;
	return refuse(why, known->at[CONTENT_LENGTH] != NULL ? 400 : 411, "body is missing");
}

/* A boolean of RFC 8941, true: our proxy carries the EDHOC option of RFC 9668 so. */
static bool
check_combined(const struct known_fields *known, const struct head_rules *rules,
        struct head_request *out, struct head_refusal *why)
{
	if (known->at[COAP_EDHOC] == NULL)
		return true;
	if (!rules->takes_combined)
		return refuse(why, 400, "combined EDHOC requests are not taken");
	if (!sl_span_equal_text(trim(known->at[COAP_EDHOC]->value), "?1"))
		return refuse(why, 400, "bad CoAP-EDHOC header field");
	out->is_combined = true;
	return true;
}

/* RFC 8613 section 11: POST, application/oscore, one valid header value, a body. */
static bool
check_oscore(const struct known_fields *known, const struct head_rules *rules,
        struct head_request *out, struct head_refusal *why)
{
	const struct head_field *type = known->at[CONTENT_TYPE];

	if (known->at[OSCORE] == NULL)
		return refuse(why, 400, "OSCORE header field is missing");
	if (type == NULL || !equal_no_case(trim(type->value), "application/oscore"))
		return refuse(why, 415, "Content-Type must be application/oscore");
	if (!check_body(known, out, why))
		return false;
	if (sl_map_oscore_from_header(out->option, sizeof(out->option), &out->option_len,
	            known->at[OSCORE]->value) != SL_OK)
		return refuse(why, 400, "bad OSCORE header field");
	out->kind = HEAD_OSCORE;
	return check_combined(known, rules, out, why);
}

/* RFC 9528 section A.2.1: a Content-Format need not be there. */
static bool
check_edhoc(const struct head *head, const struct known_fields *known, struct head_request *out,
        struct head_refusal *why)
{
	const struct head_field *type = known->at[CONTENT_TYPE];

	if (!sl_span_equal_text(head->method, "POST"))
		return refuse_method(why, "POST");
	if (type != NULL && !equal_no_case(trim(type->value), "application/cid-edhoc+cbor-seq"))
		return refuse(why, 415, "Content-Type must be application/cid-edhoc+cbor-seq");
	out->kind = HEAD_EDHOC;
	return check_body(known, out, why);
}

static bool
check_discovery(const struct head *head, struct head_request *out, struct head_refusal *why)
{
	if (!sl_span_equal_text(head->method, "GET"))
		return refuse_method(why, "GET");
	if (out->is_chunked || out->body_len > 0)
		return refuse(why, 400, "GET with a body");
	out->kind = HEAD_DISCOVERY;
	return true;
}

static bool
is_end_point(const struct head_rules *rules, struct sl_span path)
{
	size_t i;

	for (i = 0; i < rules->path_count; i++) {
		if (sl_span_equal_text(path, rules->paths[i]))
			return true;
	}
	return false;
}

bool
head_check(const struct head *head, const struct head_rules *rules, struct head_request *out,
        struct head_refusal *why)
{
	struct known_fields known = {{NULL}};
	struct head_request got = {.kind = HEAD_OSCORE};
	bool is_post = sl_span_equal_text(head->method, "POST");
	struct sl_span path;
	bool ok;

	if (!check_syntax(head, &known, why) || !check_framing(&known, rules->body_max, &got, why))
		return false;
	if (!split_target(head->target, &path, &got.query))
		return refuse(why, 400, "bad request target");
	if (!is_post && (known.at[OSCORE] != NULL || is_end_point(rules, path)))
		return refuse_method(why, "POST");

	if (known.at[COAP_EDHOC] != NULL && known.at[OSCORE] == NULL)
		return refuse(why, 400, "CoAP-EDHOC without OSCORE");

	if (is_end_point(rules, path))
		ok = check_oscore(&known, rules, &got, why);
	else if (known.at[OSCORE] != NULL)
		ok = refuse(why, 404, "no OSCORE end point at this path");
	else if (rules->takes_edhoc && sl_span_equal_text(path, edhoc_path))
		ok = check_edhoc(head, &known, &got, why);
	else if (sl_span_equal_text(path, discovery_path))
		ok = check_discovery(head, &got, why);
	else if (is_est_path(path, rules->short_root))
		ok = refuse(why, 403, "OSCORE is required");
	else
		ok = refuse(why, 404, "not found");
	if (ok)
		*out = got;
	return ok;
}
