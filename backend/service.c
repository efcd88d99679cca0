/* SPDX-License-Identifier: BSD-2-Clause
 * Routing by path, then method, permission and formats in the order of RFC 7252 section 5.10 and RFC 9148
 * section 4.5, then the function itself. */
#include "service.h"

#include <string.h>

#include <sl/est.h>
#include <sl/reader.h>
#include <sl/text.h>
#include <sl/x509.h>

#include "edhoc_link.h"

#define LINKS_MAX    8
#define QUERIES_MAX  8
#define QUERY_MAX    256
#define PATH_LEN_MAX 255

struct call {
	struct service *service;
	const struct service_ask *ask;
	uint8_t *payload;
	struct inner_answer *answer;
	struct service_note *note;
	struct sl_est_target target;
	enum sl_est_format format;
};

static void
refuse(struct call *call, uint8_t code, const char *text)
{
	memset(call->answer, 0, sizeof(*call->answer));
	call->answer->code = code;
	call->answer->payload = sl_span_text(text);
	call->note->outcome = text[0] != '\0' ? text : "refused";
}

static void
respond(struct call *call, uint8_t code, size_t len)
{
	call->answer->code = code;
	call->answer->payload = sl_span(call->payload, len);
	call->answer->has_content_format = true;
	call->answer->content_format = (uint16_t)call->format;
	call->note->outcome = "ok";
}

/* Options that may stand in a request of ours. Others are refused when critical (RFC 7252 section 5.4.1),
 * and so are repetitions and lengths beyond the registered ones (5.4.3, 5.4.5). */
static bool
is_acceptable(const struct sl_coap_msg *request, const struct sl_coap_option *opt)
{
	const struct sl_coap_option_def *def = sl_coap_option_def(opt->number);
	size_t len = sl_coap_option_value(opt).len;

	if (!sl_coap_is_critical(opt->number))
		return true;
	switch (opt->number) {
	case SL_COAP_URI_PATH:
	case SL_COAP_URI_QUERY:
	case SL_COAP_ACCEPT:
	case SL_COAP_BLOCK1:
	case SL_COAP_BLOCK2:
		break;
	default:
		return false;
	}
	return def != NULL && len >= def->min_len && len <= def->max_len &&
	       (def->is_repeatable || sl_coap_count(request, opt->number) == 1);
}

static bool
options_are_fine(const struct sl_coap_msg *request)
{
	size_t i;

	for (i = 0; i < request->option_count; i++) {
		if (!is_acceptable(request, &request->options[i]))
			return false;
	}
	return true;
}

static bool
is_offered(enum sl_est_function function)
{
	return function == SL_EST_CRTS || function == SL_EST_SEN || function == SL_EST_SREN ||
	       function == SL_EST_ATT || function == SL_EST_WELL_KNOWN_CORE;
}

static const char *
short_root(const struct service *s)
{
	return s->config->est_root[0] != '\0' ? s->config->est_root : NULL;
}

static void
give_certificates(struct call *call)
{
	size_t count, len;
	const struct sl_span *certs = ca_certificates(call->service->ca, &count);

	if (call->format == SL_EST_PKIX_CERT) {
		if (count != 1 || certs[0].len > SERVICE_PAYLOAD_MAX) {
			refuse(call, SL_COAP_NOT_ACCEPTABLE, "more than one CA certificate");
			return;
		}
		memcpy(call->payload, certs[0].ptr, certs[0].len);
		len = certs[0].len;
	} else if (sl_cms_certs_only(certs, count, call->payload, SERVICE_PAYLOAD_MAX, &len) !=
	           SL_OK) {
		refuse(call, SL_COAP_INTERNAL_SERVER_ERROR, "CA certificates cannot be encoded");
		return;
	}
	respond(call, SL_COAP_CONTENT, len);
}

static void
give_attributes(struct call *call)
{
	const struct profile *profile = config_profile(call->service->config, call->ask->profile);
	struct sl_writer w = sl_writer_over(call->payload, SERVICE_PAYLOAD_MAX);
	struct sl_est_csrattrs attrs = {0};

	if (profile == NULL) {
		refuse(call, SL_COAP_NOT_FOUND, "no such profile");
		return;
	}
	policy_attributes(profile, &attrs);
	if (sl_est_csrattrs_for(&w, &attrs) != SL_OK)
		refuse(call, SL_COAP_INTERNAL_SERVER_ERROR, "attributes cannot be encoded");
	else
		respond(call, SL_COAP_CONTENT, w.len);
}

static enum sl_err
write_links(const struct service *s, struct sl_writer *w, const struct sl_span *queries,
        size_t query_count)
{
	const char *root = short_root(s);
	char attributes[SL_EST_EDHOC_ATTRIBUTES_MAX];
	struct sl_est_link links[LINKS_MAX + 1];
	size_t count = sl_est_links(root != NULL ? root : "/.well-known/est", links, LINKS_MAX);

	if (s->config->edhoc.is_on)
		edhoc_link(&links[count++], &s->config->edhoc, attributes);
	return sl_est_links_encode(w, links, count, queries, query_count);
}

static void
give_links(struct call *call)
{
	const struct sl_coap_msg *request = call->ask->request;
	struct sl_writer w = sl_writer_over(call->payload, SERVICE_PAYLOAD_MAX);
	struct sl_span queries[QUERIES_MAX];
	size_t i, count = 0;

	for (i = 0; i < request->option_count; i++) {
		if (request->options[i].number != SL_COAP_URI_QUERY)
			continue;
		if (count == QUERIES_MAX) {
			refuse(call, SL_COAP_BAD_REQUEST, "too many queries");
			return;
		}
		queries[count++] = sl_coap_option_value(&request->options[i]);
	}
	if (write_links(call->service, &w, queries, count) != SL_OK)
		refuse(call, SL_COAP_INTERNAL_SERVER_ERROR, "links cannot be encoded");
	else
		respond(call, SL_COAP_CONTENT, w.len);
}

static void
give_issued(struct call *call, const struct ca_answer *issued)
{
	struct sl_span cert = sl_span(issued->certificate, issued->certificate_len);
	size_t len = cert.len;

	memcpy(call->note->serial, issued->serial, sizeof(call->note->serial));
	if (call->format == SL_EST_PKIX_CERT) {
		memcpy(call->payload, cert.ptr, cert.len);
	} else if (sl_cms_certs_only(&cert, 1, call->payload, SERVICE_PAYLOAD_MAX, &len) != SL_OK) {
		refuse(call, SL_COAP_INTERNAL_SERVER_ERROR, "certificate cannot be encoded");
		return;
	}
	respond(call, SL_COAP_CHANGED, len);
}

static uint8_t
code_of(enum ca_outcome outcome)
{
	switch (outcome) {
	case CA_ISSUED:
	case CA_REPEATED:
		return SL_COAP_CHANGED;
	case CA_BAD_REQUEST:
		return SL_COAP_BAD_REQUEST;
	case CA_FORBIDDEN:
		return SL_COAP_FORBIDDEN;
	case CA_NOT_FOUND:
		return SL_COAP_NOT_FOUND;
	case CA_BUSY:
		return SL_COAP_SERVICE_UNAVAILABLE;
	case CA_FAILED:
		break;
	}
	return SL_COAP_INTERNAL_SERVER_ERROR;
}

static void
enrol(struct call *call)
{
	struct ca_request request = {
	        .identity = call->ask->identity,
	        .profile = call->ask->profile,
	        .label = call->target.label,
	        .csr = call->ask->body,
	        .is_renewal = call->target.function == SL_EST_SREN,
	        .binding = call->ask->binding,
	        .serial = call->ask->serial,
	        .now = call->ask->now,
	        .boot_ms = call->ask->boot_ms,
	};
	struct ca_answer issued = {.diagnostic = ""};
	enum ca_outcome outcome;

	if (request.csr.len == 0) {
		refuse(call, SL_COAP_BAD_REQUEST, "empty request body");
		return;
	}
	outcome = ca_enrol(call->service->ca, &request, &issued);
	if (outcome == CA_ISSUED || outcome == CA_REPEATED) {
		give_issued(call, &issued);
	} else {
		refuse(call, code_of(outcome), issued.diagnostic);
		call->answer->has_max_age = outcome == CA_BUSY;
		call->answer->max_age = issued.retry_after_s;
	}
	call->note->outcome = ca_outcome_name(outcome);
	call->note->reason = issued.diagnostic[0] != '\0' ? issued.diagnostic : NULL;
}

static bool
find_target(struct call *call)
{
	char path[PATH_LEN_MAX + 1];
	enum sl_err err = sl_coap_get_path(call->ask->request, path, sizeof(path));

	if (err == SL_EMALFORMED) {
		refuse(call, SL_COAP_BAD_REQUEST, "bad path");
		return false;
	}
	if (err != SL_OK ||
	        sl_est_target(path, short_root(call->service), &call->target) != SL_OK ||
	        !is_offered(call->target.function) ||
	        (call->target.label[0] != '\0' &&
	                strcmp(call->target.label, call->ask->profile) != 0)) {
		refuse(call, SL_COAP_NOT_FOUND, "");
		return false;
	}
	call->note->function = sl_est_function_name(call->target.function);
	return true;
}

static bool
formats_match(struct call *call)
{
	const struct sl_coap_msg *request = call->ask->request;
	struct sl_est_ask formats = {.function = call->target.function};
	enum sl_err err;

	formats.has_body_format =
	        sl_coap_get_uint(request, SL_COAP_CONTENT_FORMAT, &formats.body_format) == SL_OK;
	formats.has_accept = sl_coap_get_uint(request, SL_COAP_ACCEPT, &formats.accept) == SL_OK;
	err = sl_est_response_format(&formats, &call->format);
	if (err == SL_EMALFORMED)
		refuse(call, SL_COAP_UNSUPPORTED_CONTENT_FORMAT, "");
	else if (err != SL_OK)
		refuse(call, SL_COAP_NOT_ACCEPTABLE, "");
	return err == SL_OK;
}

static bool
is_allowed(const struct call *call)
{
	return call->target.function == SL_EST_WELL_KNOWN_CORE ||
	       (call->ask->functions & (1U << call->target.function)) != 0;
}

void
service_handle(struct service *s, const struct service_ask *ask, uint8_t *payload,
        struct inner_answer *answer, struct service_note *note)
{
	struct call call = {s, ask, payload, answer, note, {0}, SL_EST_TEXT};
	uint8_t method;

	memset(answer, 0, sizeof(*answer));
	*note = (struct service_note){.function = "-", .outcome = "refused"};
	if (!options_are_fine(ask->request)) {
		refuse(&call, SL_COAP_BAD_OPTION, "");
		return;
	}
	if (!find_target(&call))
		return;
	method = sl_est_function_is_get(call.target.function) ? SL_COAP_GET : SL_COAP_POST;
	if (ask->request->code != method) {
		refuse(&call, SL_COAP_METHOD_NOT_ALLOWED, "");
		return;
	}
	if (!is_allowed(&call)) {
		refuse(&call, SL_COAP_FORBIDDEN, "function not allowed for this context");
		return;
	}
	if (!formats_match(&call))
		return;
	if (call.target.function == SL_EST_CRTS)
		give_certificates(&call);
	else if (call.target.function == SL_EST_ATT)
		give_attributes(&call);
	else if (call.target.function == SL_EST_WELL_KNOWN_CORE)
		give_links(&call);
	else
		enrol(&call);
}

static enum sl_err
read_escape(struct sl_reader *in, uint8_t *byte)
{
	size_t len;

	return sl_hex_decode(byte, 1, &len, sl_read_span(in, 2)) != SL_OK || in->failed
	               ? SL_EMALFORMED
	               : SL_OK;
}

/* The parts of a raw query, percent-decoded into text. */
static enum sl_err
split_query(struct sl_span raw, struct sl_writer *text, struct sl_span *parts, size_t *count)
{
	struct sl_reader in = sl_reader_over(raw);
	size_t start = 0;

	while (in.left.len > 0) {
		uint8_t c = sl_read_u8(&in);

		bool is_end = c == '&';

		if (c == '%' && read_escape(&in, &c) != SL_OK)
			return SL_EMALFORMED;
		if (!is_end)
			sl_write_u8(text, c);
		if ((is_end || in.left.len == 0) && text->len > start) {
			if (*count == QUERIES_MAX || text->failed)
				return SL_EMALFORMED;
			parts[(*count)++] = sl_span(text->out + start, text->len - start);
			start = text->len;
		}
	}
	return SL_OK;
}

enum sl_err
service_discover(const struct service *s, struct sl_span raw_query, struct sl_writer *w)
{
	char text[QUERY_MAX];
	struct sl_writer decoded = sl_writer_over(text, sizeof(text));
	struct sl_span parts[QUERIES_MAX];
	size_t count = 0;

	if (split_query(raw_query, &decoded, parts, &count) != SL_OK)
		return SL_EMALFORMED;
	return write_links(s, w, parts, count);
}
