/* SPDX-License-Identifier: BSD-2-Clause */
#include "origin_half.h"

#include "support.h"

#include <sl/hash.h>
#include <sl/mappings.h>

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "ca.h"
#include "edhoc_endpoint.h"
#include "endpoint.h"

#define EDHOC_PATH "/.well-known/edhoc"

static struct {
	char yaml[128];
	struct config config;
	struct store *store;
	struct ca *ca;
	struct trust *trust;
	struct contexts *contexts;
	struct reply_cache *replies;
	struct inner_blocks *blocks;
	struct endpoint *oscore;
	struct edhoc_endpoint *edhoc;
	struct origin_counts counts;
} origin;

void
origin_half_make(const char *dir, const char *yaml)
{
	char copy[64], init[] = "init", option[] = "--dir", message[CONFIG_MESSAGE_MAX] = "";
	char *argv[] = {init, option, copy, NULL};
	FILE *f;

	memset(&origin, 0, sizeof origin);
	snprintf(copy, sizeof copy, "%s", dir);
	ck_assert_int_eq(admin_init(3, argv), 0);
	snprintf(origin.yaml, sizeof origin.yaml, "%s/sealift-est.yaml", dir);
	f = fopen(origin.yaml, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(yaml, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_msg(config_load(&origin.config, origin.yaml, message) == SL_OK, "%s", message);
}

static void
start_authority(int64_t now)
{
	struct ca_options ca = {.config = &origin.config, .now = now};
	struct trust_options trust = {.config = &origin.config, .now = now};
	char message[CONFIG_MESSAGE_MAX] = "";

	ck_assert_ok(store_open(&origin.store, origin.config.store, STORE_SERVE));
	ca.store = trust.store = origin.store;
	ck_assert_msg(ca_open(&origin.ca, &ca, message) == SL_OK, "%s", message);
	trust.ca = origin.ca;
	ck_assert_msg(trust_open(&origin.trust, &trust, message) == SL_OK, "%s", message);
}

static bool
holds(void *arg, const struct trust_peer *peer, int64_t now, uint64_t now_ms)
{
	return trust_holds(arg, peer, now, now_ms);
}

static void
start_tables(void)
{
	struct contexts_config contexts;
	struct reply_cache_config replies;
	struct inner_blocks_config blocks;

	contexts_config_init(&contexts);
	contexts.store = origin.store;
	contexts.contexts_max = origin.config.limits.contexts;
	contexts.life_ms = (uint64_t)origin.config.edhoc.context_life_s * 1000;
	contexts.idle_ms = (uint64_t)origin.config.edhoc.context_idle_s * 1000;
	contexts.holds = holds;
	contexts.holds_arg = origin.trust;
	ck_assert_ok(sl_random(contexts.hash_key, sizeof contexts.hash_key));
	ck_assert_ok(sl_random(contexts.echo_key, sizeof contexts.echo_key));
	ck_assert_ok(contexts_new(&origin.contexts, &contexts));
	reply_cache_config_init(&replies);
	ck_assert_ok(reply_cache_new(&origin.replies, &replies));
	inner_blocks_config_init(&blocks);
	ck_assert_ok(inner_blocks_new(&origin.blocks, &blocks));
}

/* Simulated time passes more slowly than the CPU's: handshakes are charged little. */
static uint64_t
cpu_us(void)
{
	static uint64_t at;

	return at += 100;
}

static void
start_endpoints(void)
{
	struct endpoint_config oscore = {.contexts = origin.contexts,
	        .replies = origin.replies,
	        .blocks = origin.blocks,
	        .service = {&origin.config, origin.ca},
	        .retry_after_s = origin.config.retry_after_s};
	struct edhoc_config edhoc;

	ck_assert_ok(endpoint_new(&origin.oscore, &oscore));
	edhoc_config_init(&edhoc);
	edhoc.trust = origin.trust;
	edhoc.contexts = origin.contexts;
	edhoc.sessions.sessions_max = origin.config.edhoc.sessions;
	edhoc.sessions.life_ms = (uint64_t)origin.config.edhoc.session_life_s * 1000;
	edhoc.cpu_us = cpu_us;
	ck_assert_ok(sl_random(edhoc.sessions.hash_key, sizeof edhoc.sessions.hash_key));
	ck_assert_ok(edhoc_endpoint_new(&origin.edhoc, &edhoc));
}

void
origin_half_start(int64_t now)
{
	start_authority(now);
	start_tables();
	start_endpoints();
	origin.counts.starts++;
}

void
origin_half_stop(void)
{
	edhoc_endpoint_free(origin.edhoc);
	endpoint_free(origin.oscore);
	inner_blocks_free(origin.blocks);
	reply_cache_free(origin.replies);
	contexts_free(origin.contexts);
	trust_close(origin.trust);
	ca_close(origin.ca);
	store_close(origin.store);
}

/* --- requests -------------------------------------------------------------------------------- */

static void
give(struct origin_answer *answer, const void *bytes, size_t len)
{
	ck_assert_uint_le(len, sizeof answer->body);
	memcpy(answer->body, bytes, len);
	answer->body_len = len;
}

static void
count_edhoc(const struct edhoc_reply *reply)
{
	struct origin_counts *c = &origin.counts;

	c->messages_1 += reply->message == 1 && !reply->is_repeat;
	c->messages_3 += reply->message == 3 && !reply->is_repeat;
	c->copies += reply->is_repeat;
	c->contexts += reply->context_id != 0 && !reply->is_repeat;
	c->refused += reply->status >= 400;
}

static void
give_edhoc(struct origin_answer *answer, const struct edhoc_reply *reply)
{
	answer->status = reply->status;
	answer->retry_after_s = reply->retry_after_s;
	if (reply->body_len > 0)
		answer->content_type = "application/edhoc+cbor-seq";
	give(answer, reply->body, reply->body_len);
}

static void
handle_edhoc(const struct origin_ask *ask, struct origin_answer *answer)
{
	struct edhoc_request request = {ask->body, ask->now_ms, ask->now};
	struct edhoc_reply reply;

	ck_assert_str_eq(ask->content_type, "application/cid-edhoc+cbor-seq");
	edhoc_endpoint_handle(origin.edhoc, &request, &reply);
	count_edhoc(&reply);
	give_edhoc(answer, &reply);
}

static void
handle_oscore(const struct origin_ask *ask, struct origin_answer *answer)
{
	struct endpoint_request request = {
	        .body = ask->body, .now_ms = ask->now_ms, .boot_ms = ask->now_ms, .now = ask->now};
	struct edhoc_request first = {ask->body, ask->now_ms, ask->now};
	static struct endpoint_reply reply;
	struct edhoc_reply shaken;
	uint8_t option[SL_OSCORE_OPTION_MAX];
	size_t len;

	ck_assert_ok(
	        sl_map_oscore_from_header(option, sizeof option, &len, sl_span_text(ask->oscore)));
	request.option = sl_span(option, len);
	if (ask->has_edhoc) {
		bool goes_on = edhoc_endpoint_combined(
		        origin.edhoc, &first, request.option, &shaken, &request.body);

		count_edhoc(&shaken);
		if (!goes_on) {
			give_edhoc(answer, &shaken);
			return;
		}
	}
	endpoint_handle(origin.oscore, &request, &reply);
	answer->status = reply.status;
	answer->retry_after_s = reply.retry_after_s;
	if (reply.status != 200) {
		give(answer, reply.text, strlen(reply.text));
		return;
	}
	answer->content_type = "application/oscore";
	ck_assert_ok(sl_map_oscore_to_header(
	        answer->oscore, sizeof answer->oscore, sl_span(reply.option, reply.option_len)));
	give(answer, reply.body, reply.body_len);
}

void
origin_half_handle(const struct origin_ask *ask, struct origin_answer *answer)
{
	memset(answer, 0, sizeof *answer);
	if (ask->oscore != NULL)
		handle_oscore(ask, answer);
	else if (strcmp(ask->path, EDHOC_PATH) == 0)
		handle_edhoc(ask, answer);
	else
		ck_abort_msg("a plain request for %s", ask->path);
}

/* --- what is known of it --------------------------------------------------------------------- */

static enum sl_err
count_one(void *arg, const struct store_certificate *certificate)
{
	(void)certificate;
	++*(size_t *)arg;
	return SL_OK;
}

size_t
origin_half_certificates(const char *identity)
{
	struct store_filter filter = {.identity = identity};
	size_t count = 0;

	ck_assert_ok(store_certificates_each(origin.store, &filter, count_one, &count));
	return count;
}

struct origin_counts
origin_half_counts(void)
{
	return origin.counts;
}
