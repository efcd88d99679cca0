/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of contexts out of EDHOC share. */
#ifndef TESTS_CONTEXTS_MADE_SHARED_H
#define TESTS_CONTEXTS_MADE_SHARED_H

#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

static struct fixture f;
static struct contexts *c;
static struct contexts_config config;

static void
start(void)
{
	fixture_make(&f);
	ck_assert_ok(store_open(&f.store, f.config.store, STORE_SERVE));
	contexts_config_init(&config);
	config.store = f.store;
	c = NULL;
}

static void
end(void)
{
	contexts_free(c);
	store_close(f.store);
	fixture_remove(&f);
}

static void
load(size_t contexts_max)
{
	config.contexts_max = contexts_max;
	ck_assert_ok(contexts_new(&c, &config));
}

/* kid: two bytes of its number; owner: what the credential's hash is full of. */
static enum sl_err
try_add(unsigned kid, uint8_t owner, uint64_t now_ms, int64_t *id)
{
	uint8_t bytes[2] = {(uint8_t)(kid >> 8), (uint8_t)kid};
	struct sl_edhoc_oscore keys = {
	        .master_secret = {{1, 2, 3}, 16},
	        .master_salt = {{4}, 8},
	        .sender_id = sl_span("\xee", 1),
	        .recipient_id = sl_span(bytes, sizeof bytes),
	        .aead_alg = 10,
	        .hkdf_hash = SL_SHA256,
	};
	struct trust_peer peer = {.profile = "default", .functions = 5, .not_after = INT64_MAX};
	struct contexts_grant grant = {&keys, &peer, sl_span_text("binds"), now_ms};

	snprintf(peer.identity, sizeof peer.identity, "device-%u", owner);
	memset(peer.cred_hash, owner, sizeof peer.cred_hash);
	return contexts_add(c, &grant, id);
}

static int64_t
add(unsigned kid, uint8_t owner, uint64_t now_ms)
{
	int64_t id = 0;

	ck_assert_ok(try_add(kid, owner, now_ms, &id));
	return id;
}

static struct context *
hold(unsigned kid, uint64_t now_ms)
{
	uint8_t bytes[2] = {(uint8_t)(kid >> 8), (uint8_t)kid};
	struct sl_oscore_option opt = {.has_kid = true, .kid = sl_span(bytes, sizeof bytes)};

	return contexts_find(c, &opt, now_ms, T0 + (int64_t)(now_ms / 1000));
}

static int64_t
find(unsigned kid, uint64_t now_ms)
{
	struct context *ctx = hold(kid, now_ms);
	int64_t id = ctx != NULL ? ctx->id : 0;

	if (ctx != NULL)
		contexts_release(c, ctx);
	return id;
}

static bool
has_kid(unsigned kid, uint64_t now_ms)
{
	uint8_t bytes[2] = {(uint8_t)(kid >> 8), (uint8_t)kid};

	return contexts_has_kid(c, sl_span(bytes, sizeof bytes), now_ms);
}

static void
ck_counts(size_t made, size_t never_used, size_t quarantined)
{
	struct contexts_counts counts = contexts_counts(c);
	size_t unusable;

	ck_assert_uint_eq(counts.made, made);
	ck_assert_uint_eq(counts.never_used, never_used);
	ck_assert_uint_eq(counts.quarantined, quarantined);
	ck_assert_uint_ge(contexts_count(c, &unusable), made);
}

#endif
