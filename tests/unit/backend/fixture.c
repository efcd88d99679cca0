/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sl/hash.h>

#include "files.h"
#include "support.h"

static const char *const files[] = {
        "ca.key", "ca.pem", "est.db", "est.db-wal", "est.db-shm", "est.db.lock", "est.db-journal"};

static void
name_file(const struct fixture *f, char out[static CONFIG_PATH_MAX + 1], const char *name)
{
	snprintf(out, CONFIG_PATH_MAX + 1, "%s/%s", f->dir, name);
}

static void
make_ca(struct fixture *f)
{
	struct sl_pkey *key = NULL;
	uint8_t subject[128], tbs[1024], der[1024];
	char pem[4096];
	size_t len = 0;
	struct sl_cert_params params = {
	        .serial = hex("01"),
	        .not_before = T0 - 86400,
	        .not_after = T0 + INT64_C(3650) * 86400,
	        .key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN,
	        .is_ca = true,
	};

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	params.issuer_key = key;
	ck_assert_ok(sl_name_from_cn("Test CA", subject, sizeof subject, &len));
	params.subject = sl_span(subject, len);
	ck_assert_ok(sl_cert_tbs(&params, tbs, sizeof tbs, &len));
	ck_assert_ok(sl_cert_sign(sl_span(tbs, len), key, der, sizeof der, &len));
	ck_assert_ok(sl_cert_to_pem(sl_span(der, len), pem, sizeof pem));
	ck_assert_ok(files_write_new(f->config.ca.certificate, sl_span_text(pem), 0444));
	ck_assert_ok(sl_pkey_to_pem(key, pem, sizeof pem));
	ck_assert_ok(files_write_new(f->config.ca.key, sl_span_text(pem), 0400));
	sl_pkey_free(key);
}

static void
make_profile(struct profile *p)
{
	snprintf(p->name, sizeof p->name, "default");
	snprintf(p->common_name, sizeof p->common_name, "{identity}");
	p->validity_s = INT64_C(90) * 86400;
	p->key_types = 1U << SL_PKEY_P256;
	p->key_usage = SL_KU_DIGITAL_SIGNATURE;
	p->client_auth = true;
	p->repeat_s = 86400;
	p->renew_repeat_s = 900;
}

void
fixture_make(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	snprintf(f->dir, sizeof f->dir, "%s/sealift-service-XXXXXX",
	        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	name_file(f, f->config.ca.key, "ca.key");
	name_file(f, f->config.ca.certificate, "ca.pem");
	name_file(f, f->config.store, "est.db");
	f->config.ca.instance = 1;
	snprintf(f->config.est_root, sizeof f->config.est_root, "/est");
	f->config.profile_count = 1;
	make_profile(&f->config.profiles[0]);
	f->config.retry_after_s = 5;
	f->now_ms = 1000;
	make_ca(f);
	ck_assert_ok(store_open(&f->store, f->config.store, STORE_CREATE));
	store_close(f->store);
	f->store = NULL;
}

static void
start_contexts(struct fixture *f)
{
	struct contexts_config config;

	contexts_config_init(&config);
	config.store = f->store;
	config.contexts_max = 300;
	if (f->adjust != NULL)
		f->adjust(f, &config);
	ck_assert_ok(sl_random(config.hash_key, sizeof config.hash_key));
	ck_assert_ok(sl_random(config.echo_key, sizeof config.echo_key));
	ck_assert_ok(contexts_new(&f->contexts, &config));
}

void
fixture_start(struct fixture *f)
{
	struct ca_options options = {.config = &f->config, .now = T0};
	struct reply_cache_config replies;
	struct inner_blocks_config blocks;
	struct endpoint_config config = {.is_quiet = f->config.quiet_errors, .retry_after_s = 1};
	char message[CONFIG_MESSAGE_MAX] = "";

	ck_assert_ok(store_open(&f->store, f->config.store, STORE_SERVE));
	options.store = f->store;
	ck_assert_msg(ca_open(&f->ca, &options, message) == SL_OK, "%s", message);
	start_contexts(f);
	reply_cache_config_init(&replies);
	ck_assert_ok(reply_cache_new(&f->replies, &replies));
	inner_blocks_config_init(&blocks);
	ck_assert_ok(inner_blocks_new(&f->blocks, &blocks));
	config.contexts = f->contexts;
	config.replies = f->replies;
	config.blocks = f->blocks;
	config.service = (struct service){&f->config, f->ca};
	ck_assert_ok(endpoint_new(&f->endpoint, &config));
}

void
fixture_stop(struct fixture *f)
{
	endpoint_free(f->endpoint);
	inner_blocks_free(f->blocks);
	reply_cache_free(f->replies);
	contexts_free(f->contexts);
	ca_close(f->ca);
	store_close(f->store);
	f->endpoint = NULL;
	f->blocks = NULL;
	f->replies = NULL;
	f->contexts = NULL;
	f->ca = NULL;
	f->store = NULL;
}

void
fixture_restart(struct fixture *f)
{
	fixture_stop(f);
	fixture_start(f);
}

void
fixture_remove(struct fixture *f)
{
	char path[CONFIG_PATH_MAX + 1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(files); i++) {
		name_file(f, path, files[i]);
		unlink(path);
	}
	ck_assert_msg(rmdir(f->dir) == 0, "%s is not empty", f->dir);
}

int64_t
fixture_add_context(struct store *store, uint8_t n)
{
	struct store_context c = {
	        .recipient_id = {{n}, 1},
	        .sender_id = {{0x80, n}, 2},
	        .functions = ~0U,
	        .aead_alg = 10,
	        .hkdf_hash = SL_SHA256,
	        .window = 32,
	        .created = T0,
	};
	int64_t id;

	snprintf(c.identity, sizeof c.identity, "device-%d", n);
	snprintf(c.profile, sizeof c.profile, "default");
	memset(c.master_secret.bytes, n, 16);
	c.master_secret.len = 16;
	c.master_salt.len = 8;
	ck_assert_ok(store_context_add(store, &c));
	id = c.id;
	store_context_clear(&c);
	return id;
}

struct context *
fixture_find(struct fixture *f, uint8_t n)
{
	struct sl_oscore_option opt = {.has_kid = true, .kid = sl_span(&n, 1)};

	return contexts_find(f->contexts, &opt, f->now_ms, T0 + (int64_t)(f->now_ms / 1000));
}

void
device_make(struct device *d, uint8_t n)
{
	uint8_t secret[16] = {0}, salt[8] = {0}, server[2] = {0x80, n};
	struct sl_oscore_params params = {
	        .master_secret = sl_span(secret, sizeof secret),
	        .master_salt = sl_span(salt, sizeof salt),
	        .sender_id = sl_span(&n, 1),
	        .recipient_id = sl_span(server, sizeof server),
	};

	memset(secret, n, sizeof secret);
	memset(d, 0, sizeof *d);
	ck_assert_ok(sl_oscore_ctx_init(&d->ctx, &params));
	sl_oscore_reserve(&d->ctx, SL_OSCORE_SSN_END);
}

void
device_clear(struct device *d)
{
	sl_oscore_ctx_clear(&d->ctx);
}

void
device_seal(struct device *d, const struct sl_coap_msg *inner)
{
	struct sl_oscore_sealed sealed = {.buf = d->body, .cap = sizeof d->body};

	memset(&d->exchange, 0, sizeof d->exchange);
	ck_assert_ok(sl_oscore_protect_request(&d->ctx, inner, false, &sealed, &d->exchange));
	memcpy(d->option, sealed.option, sealed.option_len);
	d->option_len = sealed.option_len;
	memmove(d->body, sealed.ciphertext.ptr, sealed.ciphertext.len);
	d->body_len = sealed.ciphertext.len;
}

void
device_post(struct device *d, struct fixture *f, struct endpoint_reply *reply)
{
	struct endpoint_request request = {
	        .option = sl_span(d->option, d->option_len),
	        .body = sl_span(d->body, d->body_len),
	        .now_ms = f->now_ms,
	        .boot_ms = f->now_ms,
	        .now = T0 + (int64_t)(f->now_ms / 1000),
	};

	endpoint_handle(f->endpoint, &request, reply);
}

void
device_open(struct device *d, const struct endpoint_reply *reply)
{
	struct sl_oscore_open open = {d->plain, sizeof d->plain, &d->answer};
	enum sl_oscore_outcome outcome;

	ck_assert_msg(reply->status == 200, "status %d: %s", reply->status, reply->text);
	outcome = sl_oscore_unprotect_response(&d->ctx, &d->exchange,
	        sl_span(reply->option, reply->option_len), sl_span(reply->body, reply->body_len),
	        &open);
	ck_assert_int_eq(outcome, SL_OSCORE_OK);
}

uint8_t
device_ask(struct device *d, struct fixture *f, const struct sl_coap_msg *inner)
{
	struct endpoint_reply reply;

	device_seal(d, inner);
	device_post(d, f, &reply);
	device_open(d, &reply);
	return d->answer.code;
}

void
make_post(struct sl_coap_msg *msg, const char *path, uint16_t accept, struct sl_span payload)
{
	sl_coap_msg_init(msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_path(msg, path));
	ck_assert_ok(sl_coap_add_uint(msg, SL_COAP_CONTENT_FORMAT, SL_EST_PKCS10));
	if (accept != 0)
		ck_assert_ok(sl_coap_add_uint(msg, SL_COAP_ACCEPT, accept));
	msg->payload = payload;
}

struct sl_span
make_csr_with(uint8_t n, const struct sl_pkey *key)
{
	char name[32];
	uint8_t der[1024];
	size_t len = 0;
	struct sl_csr_params params = {.key = key, .common_name = name};

	snprintf(name, sizeof name, "device-%d", n);
	ck_assert_ok(sl_csr_make(&params, der, sizeof der, &len));
	return heap_copy(sl_span(der, len));
}

struct sl_span
make_csr(uint8_t n)
{
	struct sl_pkey *key = NULL;
	struct sl_span csr;

	ck_assert_ok(sl_pkey_generate(&key, SL_PKEY_P256));
	csr = make_csr_with(n, key);
	sl_pkey_free(key);
	return csr;
}

static enum sl_err
count_one(void *arg, const struct store_certificate *certificate)
{
	(void)certificate;
	++*(size_t *)arg;
	return SL_OK;
}

size_t
count_certificates(struct store *store)
{
	struct store_filter all = {NULL, NULL, NULL};
	size_t count = 0;

	ck_assert_ok(store_certificates_each(store, &all, count_one, &count));
	return count;
}

void
seal_enrolment(struct device *device, uint8_t n)
{
	struct sl_coap_msg msg;

	make_post(&msg, "/est/sen", SL_EST_PKIX_CERT, make_csr(n));
	device_seal(device, &msg);
}

void
make_get(struct sl_coap_msg *msg, const char *path)
{
	sl_coap_msg_init(msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_path(msg, path));
}

void
ck_assert_refused(const struct endpoint_reply *reply, int status, const char *text)
{
	ck_assert_int_eq(reply->status, status);
	ck_assert_str_eq(reply->text, text);
	ck_assert_uint_eq(reply->option_len, 0);
	ck_assert_uint_eq(reply->body_len, 0);
}
