/* SPDX-License-Identifier: BSD-2-Clause
 * The shell around the end point: parts up in order, one log line per request, parts down in order. The log is
 * logfmt on standard error and never holds secrets, payloads, identities or paths. */
#include "serve.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sl/hash.h>
#include <sl/mappings.h>

#include "ca.h"
#include "endpoint.h"
#include "files.h"
#include "http_side.h"
#include "sandbox.h"
#include "serve_reload.h"

#define PEM_MAX       65536
#define STOP_WAIT_MS  10000
#define BYTES_A_REPLY 1024 /* of the reply cache, to choose its number of entries */

_Static_assert(HTTP_BODY_MAX >= REPLY_BODY_MAX, "a protected reply fits into a response");

struct server {
	const struct config *config;
	struct store *store;
	struct ca *ca;
	struct contexts *contexts;
	struct reply_cache *replies;
	struct inner_blocks *blocks;
	struct endpoint *endpoint;
	struct serve_edhoc edhoc;
	struct http_side *http;
	const char *paths[CONFIG_PATHS_MAX];
	struct sl_buf tls_certificate, tls_key;
};

static uint64_t
clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool
say(const char *what, const char *why)
{
	fprintf(stderr, "sealift-est: %s: %s\n", what, why);
	return false;
}

static bool
say_err(const char *what, enum sl_err err)
{
	return say(what, sl_err_text(err));
}

/* --- requests ------------------------------------------------------------------------------------------- */

static void
log_refused(void *arg, int status, const char *text)
{
	(void)arg;
	fprintf(stderr, "level=warn function=- status=%d outcome=\"%s\"\n", status, text);
}

struct sizes {
	size_t in, out;
	uint64_t started_ms;
};

static void
log_reply(const struct endpoint_reply *reply, const struct sizes *sizes)
{
	bool is_fine = reply->status == 200 && SL_COAP_CODE_CLASS(reply->code) != 5;
	char code[5] = "-";

	if (reply->code != 0)
		sl_coap_code_text(code, reply->code);
	fprintf(stderr,
	        "level=%s context=%lld function=%s status=%d code=%s outcome=\"%s\"%s%s%s%s%s "
	        "ms=%llu "
	        "bytes_in=%zu bytes_out=%zu\n",
	        is_fine ? "info" : "warn", (long long)reply->context_id, reply->note.function,
	        reply->status, code, reply->note.outcome,
	        reply->note.reason != NULL ? " reason=\"" : "",
	        reply->note.reason != NULL ? reply->note.reason : "",
	        reply->note.reason != NULL ? "\"" : "",
	        reply->note.serial[0] != '\0' ? " serial=" : "", reply->note.serial,
	        (unsigned long long)(clock_ms(CLOCK_MONOTONIC) - sizes->started_ms), sizes->in,
	        sizes->out);
}

static void
fill_text(struct http_response *response, const char *text)
{
	response->body_len = strlen(text);
	memcpy(response->body, text, response->body_len);
}

/* RFC 8613 section 11.3: 200 with the OSCORE header field, or an ordinary error without it. */
static void
fill_reply(struct http_response *response, const struct endpoint_reply *reply)
{
	response->status = reply->status;
	response->retry_after_s = reply->retry_after_s;
	if (reply->status != 200) {
		fill_text(response, reply->text);
		return;
	}
	if (sl_map_oscore_to_header(response->oscore_text, sizeof(response->oscore_text),
	            sl_span(reply->option, reply->option_len)) != SL_OK) {
		response->status = 500;
		return;
	}
	response->oscore = response->oscore_text;
	response->content_type = "application/oscore";
	memcpy(response->body, reply->body, reply->body_len);
	response->body_len = reply->body_len;
}

static void
handle_oscore(struct server *s, const struct http_request *request, struct http_response *response)
{
	struct sizes sizes = {.in = request->body.len, .started_ms = clock_ms(CLOCK_MONOTONIC)};
	struct endpoint_request ask = {
	        .option = sl_span(request->head->option, request->head->option_len),
	        .body = request->body,
	        .now_ms = sizes.started_ms,
	        .boot_ms = clock_ms(CLOCK_BOOTTIME),
	        .now = (int64_t)time(NULL),
	};
	struct edhoc_request edhoc = {request->body, ask.now_ms, ask.now};
	struct endpoint_reply reply;

	if (request->head->is_combined &&
	        !serve_edhoc_combined(&s->edhoc, &edhoc, ask.option, response, &ask.body))
		return;
	endpoint_handle(s->endpoint, &ask, &reply);
	fill_reply(response, &reply);
	sizes.out = response->body_len;
	log_reply(&reply, &sizes);
}

static void
handle_discovery(
        struct server *s, const struct http_request *request, struct http_response *response)
{
	struct service service = {s->config, s->ca};
	struct sl_writer w = sl_writer_over(response->body, sizeof(response->body));

	if (service_discover(&service, request->head->query, &w) != SL_OK) {
		response->status = 400;
		fill_text(response, "bad query");
	} else {
		response->status = 200;
		response->content_type = "application/link-format";
		response->body_len = w.len;
	}
	fprintf(stderr, "level=info function=discovery status=%d bytes_out=%zu\n", response->status,
	        response->body_len);
}

static void
handle_edhoc(struct server *s, const struct http_request *request, struct http_response *response)
{
	struct edhoc_request ask = {request->body, clock_ms(CLOCK_MONOTONIC), (int64_t)time(NULL)};

	serve_edhoc_handle(&s->edhoc, &ask, response);
}

static void
handle(void *arg, const struct http_request *request, struct http_response *response)
{
	switch (request->head->kind) {
	case HEAD_OSCORE:
		handle_oscore(arg, request, response);
		break;
	case HEAD_EDHOC:
		handle_edhoc(arg, request, response);
		break;
	case HEAD_DISCOVERY:
		handle_discovery(arg, request, response);
		break;
	}
}

/* --- start ---------------------------------------------------------------------------------------------- */

static bool
start_store(struct server *s)
{
	enum sl_err err = store_open(&s->store, s->config->store, STORE_SERVE);

	return err == SL_OK || say(s->config->store, store_open_text(err));
}

static bool
start_ca(struct server *s)
{
	struct ca_options options = {
	        .config = s->config,
	        .store = s->store,
	        .now = (int64_t)time(NULL),
	};
	char message[CONFIG_MESSAGE_MAX] = "";

	return ca_open(&s->ca, &options, message) == SL_OK || say("certificate authority", message);
}

static struct trust_options
trust_of(const struct server *s)
{
	return (struct trust_options){
	        .config = s->config,
	        .store = s->store,
	        .ca = s->ca,
	        .now = (int64_t)time(NULL),
	};
}

static bool
start_trust(struct server *s)
{
	struct trust_options options = trust_of(s);

	return serve_edhoc_open(&s->edhoc, &options);
}

static bool
start_contexts(struct server *s)
{
	struct contexts_config config;
	size_t count, unusable;
	enum sl_err err;

	contexts_config_init(&config);
	config.store = s->store;
	config.contexts_max = s->config->limits.contexts;
	config.ssn_step = s->config->limits.ssn_step;
	config.echo_fresh_ms = (uint64_t)s->config->limits.echo_fresh_s * 1000;
	serve_edhoc_limit(&s->edhoc, s->config, &config);
	err = sl_random(config.hash_key, sizeof(config.hash_key));
	if (err == SL_OK)
		err = sl_random(config.echo_key, sizeof(config.echo_key));
	if (err == SL_OK)
		err = contexts_new(&s->contexts, &config);
	sl_wipe(&config, sizeof(config));
	if (err == SL_ELIMIT)
		return say("OSCORE contexts", "more in the store than limits.contexts allows");
	if (err)
		return say_err("OSCORE contexts", err);
	count = contexts_count(s->contexts, &unusable);
	fprintf(stderr, "level=%s contexts=%zu unusable=%zu\n", unusable > 0 ? "error" : "info",
	        count, unusable);
	return true;
}

static bool
start_tables(struct server *s)
{
	struct reply_cache_config replies;
	struct inner_blocks_config blocks;
	enum sl_err err;

	reply_cache_config_init(&replies);
	replies.bytes_max = s->config->limits.reply_cache;
	replies.entries_max = replies.bytes_max / BYTES_A_REPLY + 16;
	replies.keep_ms = (uint64_t)s->config->limits.reply_cache_s * 1000;
	inner_blocks_config_init(&blocks);
	blocks.body_max = s->config->limits.inner_body;
	blocks.idle_ms = (uint64_t)s->config->limits.block_state_s * 1000;
	err = sl_random(replies.hash_key, sizeof(replies.hash_key));
	if (err == SL_OK)
		err = reply_cache_new(&s->replies, &replies);
	if (err == SL_OK)
		err = inner_blocks_new(&s->blocks, &blocks);
	return err == SL_OK || say_err("reply cache and block state", err);
}

static bool
start_endpoint(struct server *s)
{
	struct endpoint_config config = {
	        .contexts = s->contexts,
	        .replies = s->replies,
	        .blocks = s->blocks,
	        .service = {s->config, s->ca},
	        .is_quiet = s->config->quiet_errors,
	        .retry_after_s = s->config->retry_after_s,
	};
	enum sl_err err = endpoint_new(&s->endpoint, &config);

	if (err)
		return say_err("end point", err);
	return serve_edhoc_start(&s->edhoc, s->config, s->contexts);
}

/* The file as text with a NUL behind it. */
static bool
read_pem(struct sl_buf *pem, const char *file, enum files_secrecy secrecy)
{
	enum sl_err err;

	sl_buf_init(pem, PEM_MAX);
	err = files_read(pem, file, secrecy);
	if (err == SL_EAUTH)
		return say(file, "is open to others; chmod 0400 it");
	if (err == SL_OK)
		err = sl_buf_add(pem, sl_span("", 1));
	return err == SL_OK || say(file, files_why(err));
}

static void
name_place(char *out, size_t cap, const char *address, uint16_t port)
{
	bool is_ipv6 = strchr(address, ':') != NULL;

	snprintf(out, cap, "%s%s%s:%u", is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "", port);
}

static bool
start_http(struct server *s)
{
	const struct config *c = s->config;
	bool has_tls = c->listen.tls_certificate[0] != '\0';
	struct http_config config = {
	        .address = c->listen.address,
	        .port = c->listen.port,
	        .threads = c->limits.threads,
	        .connections = c->limits.connections,
	        .connections_per_ip = c->limits.connections_per_ip,
	        .timeout_s = c->limits.connection_timeout_s,
	        .rules = {.paths = s->paths,
	                .path_count = c->path_count,
	                .short_root = c->est_root[0] != '\0' ? c->est_root : NULL,
	                .body_max = c->limits.max_body,
	                .takes_edhoc = c->edhoc.is_on,
	                .takes_combined = c->edhoc.is_on && c->edhoc.accepts_combined},
	        .handle = handle,
	        .refused = log_refused,
	        .arg = s,
	};
	char message[HTTP_MESSAGE_MAX] = "", place[sizeof(c->listen.address) + 10];
	enum sl_err err;
	size_t i;

	for (i = 0; i < c->path_count; i++)
		s->paths[i] = c->paths[i];
	if (has_tls && (!read_pem(&s->tls_certificate, c->listen.tls_certificate, FILES_PUBLIC) ||
	                       !read_pem(&s->tls_key, c->listen.tls_key, FILES_SECRET)))
		return false;
	if (has_tls) {
		config.tls_certificate = (const char *)s->tls_certificate.bytes;
		config.tls_key = (const char *)s->tls_key.bytes;
	}
	name_place(place, sizeof(place), c->listen.address, c->listen.port);
	err = http_side_start(&s->http, &config, message);
	if (err)
		return say(place, message[0] != '\0' ? message : sl_err_text(err));
	if (!sandbox_enter(c->sandbox, SANDBOX_SERVING))
		return false;
	name_place(place, sizeof(place), c->listen.address, http_side_port(s->http));
	fprintf(stderr, "listening on %s://%s\n", has_tls ? "https" : "http", place);
	return true;
}

static bool
enter_sandbox(struct server *s)
{
	if (s->config->sandbox != SL_SANDBOX_ON)
		fprintf(stderr, "level=warn event=no-sandbox sandbox=%s\n", s->config->sandbox_text);
	return sandbox_enter(s->config->sandbox, SANDBOX_STARTING);
}

/* --- stop ----------------------------------------------------------------------------------------------- */

static void
stop(struct server *s)
{
	http_side_stop(s->http, STOP_WAIT_MS);
	serve_edhoc_stop(&s->edhoc);
	endpoint_free(s->endpoint);
	inner_blocks_free(s->blocks);
	reply_cache_free(s->replies);
	contexts_free(s->contexts);
	serve_edhoc_close(&s->edhoc);
	ca_close(s->ca);
	store_close(s->store);
	sl_buf_clear(&s->tls_certificate);
	sl_buf_clear(&s->tls_key);
}

/* Blocked before the first thread starts, so that only sigwait gets them. */
static void
block_signals(sigset_t *signals)
{
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/* Until a signal to stop. */
static void
wait_for_signals(struct server *s, const sigset_t *signals)
{
	int got = 0;

	while (sigwait(signals, &got) == 0 && got == SIGHUP) {
		struct trust_options options = trust_of(s);

		serve_reload(&s->edhoc, s->config, &options);
	}
}

int
serve_run(const struct config *config)
{
	struct server server = {.config = config};
	sigset_t signals;
	bool is_up;

	block_signals(&signals);
	is_up = start_store(&server) && start_ca(&server) && start_trust(&server) &&
	        start_contexts(&server) && start_tables(&server) && start_endpoint(&server) &&
	        enter_sandbox(&server) && start_http(&server);
	if (is_up) {
		wait_for_signals(&server, &signals);
		fprintf(stderr, "level=info event=stopping\n");
	}
	stop(&server);
	return is_up ? 0 : 1;
}
