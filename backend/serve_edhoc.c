/* SPDX-License-Identifier: BSD-2-Clause
 * HTTP around the EDHOC end point: 200 and 204, 400 and 500 with an error message, 503 with Retry-After. The log
 * holds neither identities nor identifiers that could be linked to them. */
#include "serve_edhoc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

_Static_assert(HTTP_BODY_MAX >= EDHOC_REPLY_MAX, "message_2 fits into a response");

static void
warn(const char *text)
{
	fprintf(stderr, "level=error function=edhoc outcome=\"%s\"\n", text);
}

bool
serve_edhoc_open(struct serve_edhoc *s, const struct trust_options *options)
{
	struct trust_options own = *options;
	char message[CONFIG_MESSAGE_MAX] = "";

	if (!options->config->edhoc.is_on)
		return true;
	own.warn = warn;
	if (trust_open(&s->trust, &own, message) == SL_OK)
		return true;
	fprintf(stderr, "sealift-est: %s\n", message);
	return false;
}

static bool
holds(void *arg, const struct trust_peer *peer, int64_t now, uint64_t now_ms)
{
	return trust_holds(arg, peer, now, now_ms);
}

void
serve_edhoc_limit(
        const struct serve_edhoc *s, const struct config *config, struct contexts_config *contexts)
{
	if (s->trust == NULL)
		return;
	contexts->life_ms = (uint64_t)config->edhoc.context_life_s * 1000;
	contexts->idle_ms = (uint64_t)config->edhoc.context_idle_s * 1000;
	contexts->holds = holds;
	contexts->holds_arg = s->trust;
}

bool
serve_edhoc_start(struct serve_edhoc *s, const struct config *config, struct contexts *contexts)
{
	struct edhoc_config edhoc;
	enum sl_err err;

	if (s->trust == NULL)
		return true;
	edhoc_config_init(&edhoc);
	edhoc.trust = s->trust;
	edhoc.contexts = contexts;
	edhoc.sessions.sessions_max = config->edhoc.sessions;
	edhoc.sessions.life_ms = (uint64_t)config->edhoc.session_life_s * 1000;
	edhoc.c_r_length = config->edhoc.c_r_length;
	edhoc.budget_percent = config->edhoc.crypto_budget;
	edhoc.retry_after_s = config->retry_after_s;
	err = sl_random(edhoc.sessions.hash_key, sizeof(edhoc.sessions.hash_key));
	if (err == SL_OK)
		err = edhoc_endpoint_new(&s->endpoint, &edhoc);
	sl_wipe(&edhoc, sizeof(edhoc));
	if (err)
		fprintf(stderr, "sealift-est: EDHOC: %s\n", sl_err_text(err));
	return err == SL_OK;
}

void
serve_edhoc_stop(struct serve_edhoc *s)
{
	edhoc_endpoint_free(s->endpoint);
	s->endpoint = NULL;
}

void
serve_edhoc_close(struct serve_edhoc *s)
{
	trust_close(s->trust);
	s->trust = NULL;
}

static uint64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* " NAME=NUMBER", or nothing when it is not known. */
static void
write_number(char out[static 24], const char *name, int number)
{
	out[0] = '\0';
	if (number >= 0)
		snprintf(out, 24, " %s=%d", name, number);
}

static void
log_reply(const struct edhoc_reply *reply, const struct edhoc_request *request)
{
	char message[24], method[24], suite[24];

	write_number(message, "message", reply->message > 0 ? reply->message : -1);
	write_number(method, "method", reply->method);
	write_number(suite, "suite", reply->suite);
	fprintf(stderr,
	        "level=%s context=%lld function=edhoc%s%s%s status=%d outcome=\"%s\"%s%s%s%s%s "
	        "ms=%llu "
	        "bytes_in=%zu bytes_out=%zu\n",
	        reply->status < 300 ? "info" : "warn", (long long)reply->context_id, message,
	        method, suite, reply->status, reply->outcome,
	        reply->reason != NULL ? " reason=\"" : "",
	        reply->reason != NULL ? reply->reason : "", reply->reason != NULL ? "\"" : "",
	        reply->c_r[0] != '\0' ? " c_r=" : "", reply->c_r,
	        (unsigned long long)(clock_ms() - request->now_ms), request->body.len,
	        reply->body_len);
}

static void
fill(struct http_response *response, const struct edhoc_reply *reply)
{
	response->status = reply->status;
	response->retry_after_s = reply->retry_after_s;
	if (reply->body_len > 0)
		response->content_type = "application/edhoc+cbor-seq";
	memcpy(response->body, reply->body, reply->body_len);
	response->body_len = reply->body_len;
}

void
serve_edhoc_handle(
        struct serve_edhoc *s, const struct edhoc_request *request, struct http_response *response)
{
	struct edhoc_reply reply;

	edhoc_endpoint_handle(s->endpoint, request, &reply);
	fill(response, &reply);
	log_reply(&reply, request);
}

bool
serve_edhoc_combined(struct serve_edhoc *s, const struct edhoc_request *request,
        struct sl_span option, struct http_response *response, struct sl_span *ciphertext)
{
	struct edhoc_reply reply;
	bool goes_on = edhoc_endpoint_combined(s->endpoint, request, option, &reply, ciphertext);

	if (!goes_on)
		fill(response, &reply);
	log_reply(&reply, request);
	return goes_on;
}
