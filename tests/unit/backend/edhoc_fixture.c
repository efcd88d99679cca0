/* SPDX-License-Identifier: BSD-2-Clause */
#include "edhoc_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sl/credential_file.h>

#include "files.h"

static const enum sl_pkey_type types[] = {
        SL_PKEY_P256, SL_PKEY_P256, SL_PKEY_X25519, SL_PKEY_ED25519};
static const bool is_dh[] = {true, false, true, false};

#define SERVER 50 /* its seeds are those of device 50 */

/* Every scalar of one repeated byte below 0xff is a key of all four types. */
static struct sl_pkey *
make_key(unsigned n, size_t kind)
{
	uint8_t raw[32];
	struct sl_pkey *key = NULL;

	memset(raw, (int)(1 + n * 4 + kind), sizeof raw);
	ck_assert_ok(sl_pkey_from_raw_private(&key, types[kind], sl_span(raw, sizeof raw)));
	return key;
}

static void
write_ccs(struct sl_writer *w, unsigned n, size_t kind, const struct sl_pkey *key)
{
	uint8_t kid[2] = {(uint8_t)n, (uint8_t)kind};
	char name[32];

	snprintf(name, sizeof name, "device-%u", n);
	ck_assert_ok(sl_ccs_write(w, sl_span_text(name), sl_span(kid, sizeof kid), key));
}

static void
name_file(const struct edhoc_fixture *f, char out[static CONFIG_PATH_MAX + 1], const char *name)
{
	snprintf(out, CONFIG_PATH_MAX + 1, "%s/%s", f->dir, name);
}

void
edhoc_write_file(struct edhoc_fixture *f, const char *name, struct sl_span bytes)
{
	char path[CONFIG_PATH_MAX + 1];

	name_file(f, path, name);
	ck_assert_ok(files_write_new(path, bytes, 0400));
}

static void
write_credential(struct edhoc_fixture *f, unsigned n, size_t kind)
{
	struct sl_pkey *key = make_key(n, kind);
	uint8_t ccs[256];
	struct sl_writer w = sl_writer_over(ccs, sizeof ccs);
	char name[32], pem[1024];

	write_ccs(&w, n, kind, key);
	snprintf(name, sizeof name, "%u-%zu.ccs", n, kind);
	edhoc_write_file(f, name, sl_writer_span(&w));
	if (n == SERVER) {
		ck_assert_ok(sl_pkey_to_pem(key, pem, sizeof pem));
		snprintf(name, sizeof name, "%u-%zu.key", n, kind);
		edhoc_write_file(f, name, sl_span_text(pem));
	}
	sl_pkey_free(key);
}

static void
add_own(struct edhoc_fixture *f, size_t kind)
{
	struct config_edhoc *edhoc = &f->base.config.edhoc;
	struct config_own *own = &edhoc->own[edhoc->own_count++];
	char name[32];

	write_credential(f, SERVER, kind);
	snprintf(name, sizeof name, "%d-%zu.key", SERVER, kind);
	name_file(f, own->key, name);
	snprintf(name, sizeof name, "%d-%zu.ccs", SERVER, kind);
	name_file(f, own->credential, name);
	own->is_static_dh = is_dh[kind];
	own->send = SL_LABEL_KID;
}

static void
add_peer(struct edhoc_fixture *f, unsigned n, size_t kind)
{
	struct config *config = &f->base.config;
	struct config_peer *peer = &config->peers[config->peer_count++];
	char name[32];

	write_credential(f, n, kind);
	snprintf(name, sizeof name, "%u-%zu.ccs", n, kind);
	name_file(f, peer->file, name);
	snprintf(peer->identity, sizeof peer->identity, "device-%u", n);
	snprintf(peer->profile, sizeof peer->profile, "default");
	peer->functions = ~0U;
}

static void
add_kind(struct edhoc_fixture *f, size_t kind)
{
	unsigned n;

	add_own(f, kind);
	for (n = 0; n < EDHOC_DEVICES; n++)
		add_peer(f, n, kind);
}

void
edhoc_fixture_make(struct edhoc_fixture *f)
{
	struct config_edhoc *edhoc;
	memset(f, 0, sizeof *f);
	fixture_make(&f->base);
	snprintf(f->dir, sizeof f->dir, "%s/sealift-edhoc-XXXXXX",
	        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	edhoc = &f->base.config.edhoc;
	edhoc->is_on = true;
	edhoc->methods = 0xf;
	edhoc->suites[0] = 2;
	edhoc->suites[1] = 3;
	edhoc->suite_count = 2;
	add_kind(f, 0);
	add_kind(f, 1);
	edhoc_config_init(&f->config);
}

void
edhoc_fixture_add_25519(struct edhoc_fixture *f)
{
	f->base.config.edhoc.suites[f->base.config.edhoc.suite_count++] = 0;
	add_kind(f, 2);
	add_kind(f, 3);
}

static bool
holds(void *arg, const struct trust_peer *peer, int64_t now, uint64_t now_ms)
{
	return trust_holds(arg, peer, now, now_ms);
}

static void
adjust(struct fixture *base, struct contexts_config *config)
{
	struct edhoc_fixture *f = (struct edhoc_fixture *)base; /* its first member */
	struct trust_options options = {&base->config, base->store, base->ca, T0, NULL};
	char message[CONFIG_MESSAGE_MAX] = "";

	ck_assert_msg(trust_open(&f->trust, &options, message) == SL_OK, "%s", message);
	config->holds = holds;
	config->holds_arg = f->trust;
	if (f->life_ms > 0)
		config->life_ms = f->life_ms;
	if (f->idle_ms > 0)
		config->idle_ms = f->idle_ms;
	if (f->contexts_max > 0)
		config->contexts_max = f->contexts_max;
}

void
edhoc_fixture_start(struct edhoc_fixture *f)
{
	f->base.adjust = adjust;
	fixture_start(&f->base);
	f->config.trust = f->trust;
	f->config.contexts = f->base.contexts;
	ck_assert_ok(sl_random(f->config.sessions.hash_key, sizeof f->config.sessions.hash_key));
	ck_assert_ok(edhoc_endpoint_new(&f->edhoc, &f->config));
}

void
edhoc_fixture_stop(struct edhoc_fixture *f)
{
	edhoc_endpoint_free(f->edhoc);
	f->edhoc = NULL;
	fixture_stop(&f->base);
	trust_close(f->trust);
	f->trust = NULL;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

void
edhoc_fixture_remove(struct edhoc_fixture *f)
{
	edhoc_fixture_stop(f);
	fixture_remove(&f->base);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void
edhoc_post(struct edhoc_fixture *f, struct sl_span body, struct edhoc_reply *reply)
{
	struct edhoc_request request = {
	        body, f->base.now_ms, T0 + (int64_t)(f->base.now_ms / 1000)};

	edhoc_endpoint_handle(f->edhoc, &request, reply);
}

/* --- the Initiator -------------------------------------------------------------------------------------- */

static void
make_credential(struct sl_edhoc_credential *c, uint8_t bytes[static 256], uint8_t id[static 64],
        unsigned n, size_t kind)
{
	struct sl_writer cred = sl_writer_over(bytes, 256), id_cred = sl_writer_over(id, 64);
	uint8_t kid[2] = {(uint8_t)n, (uint8_t)kind};
	struct sl_pkey *key = make_key(n, kind);

	write_ccs(&cred, n, kind, key);
	sl_id_cred_write_kid(&id_cred, sl_span(kid, sizeof kid));
	*c = (struct sl_edhoc_credential){
	        .id_cred = sl_writer_span(&id_cred), .cred = sl_writer_span(&cred), .key = key};
}

void
initiator_make(struct initiator *i, unsigned n, int method, int suite)
{
	const struct sl_edhoc_memory memory = {
	        {i->message, sizeof i->message},
	        {i->plaintext, sizeof i->plaintext},
	        {i->scratch, sizeof i->scratch},
	};
	size_t base = suite < 2 ? 2 : 0; /* suites 0 and 1: X25519 and Ed25519 */

	memset(i, 0, sizeof *i);
	i->suites[0] = suite;
	i->profile = (struct sl_edhoc_profile){
	        .suites = i->suites,
	        .suite_count = 1,
	        .methods = 1u << method,
	        .message_4 = SL_EDHOC_M4_OPTIONAL,
	        .for_oscore = true,
	};
	make_credential(&i->own, i->own_bytes, i->own_id, n, base + (method >= 2 ? 0 : 1));
	make_credential(
	        &i->peer, i->peer_bytes, i->peer_id, SERVER, base + ((method & 1) != 0 ? 0 : 1));
	i->c_i = (struct sl_edhoc_id){.bytes = {0x40, (uint8_t)n}, .len = 2};
	sl_edhoc_init(&i->run, SL_EDHOC_INITIATOR, &i->profile, &memory);
}

void
initiator_clear(struct initiator *i)
{
	sl_edhoc_clear(&i->run);
	sl_pkey_free((struct sl_pkey *)(uintptr_t)i->own.key);
	sl_pkey_free((struct sl_pkey *)(uintptr_t)i->peer.key);
	i->own.key = i->peer.key = NULL;
}

static struct sl_span
wrap(enum sl_edhoc_payload_kind kind, struct sl_span c_r, struct sl_span message)
{
	uint8_t bytes[4200];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_edhoc_payload payload = {kind, c_r, message};

	sl_edhoc_payload_write(&w, &payload);
	ck_assert(!w.failed);
	return heap_copy(sl_writer_span(&w));
}

struct sl_span
initiator_first(struct initiator *i)
{
	struct sl_edhoc_message_1 in = {
	        .suite = i->suites[0],
	        .c_i = sl_edhoc_id_view(&i->c_i),
	        .own = &i->own,
	};
	struct sl_span message;

	while (!(i->profile.methods & (1u << in.method)))
		in.method++;
	ck_assert_ok(sl_pkey_generate(&in.ephemeral, sl_edhoc_suite(in.suite)->ecdh));
	ck_assert_ok(sl_edhoc_write_message_1(&i->run, &in, &message));
	return wrap(SL_EDHOC_PAYLOAD_MESSAGE_1, sl_span(NULL, 0), message);
}

struct sl_span
initiator_c_r(const struct initiator *i)
{
	return sl_edhoc_id_view(&i->run.c_r);
}

static void
read_2(struct initiator *i, const struct edhoc_reply *reply)
{
	struct sl_edhoc_seen seen;
	size_t which;

	ck_assert_msg(reply->status == 200, "status %d: %s", reply->status,
	        reply->reason != NULL ? reply->reason : "-");
	ck_assert_ok(
	        sl_edhoc_read_message_2(&i->run, sl_span(reply->body, reply->body_len), &seen));
	ck_assert_ok(sl_edhoc_verify(&i->run, &i->peer, 1, &which));
}

struct sl_span
initiator_third(struct initiator *i, const struct edhoc_reply *reply)
{
	struct sl_span message;

	if (i->run.state == SL_EDHOC_WAIT_M2)
		read_2(i, reply);
	ck_assert_ok(sl_edhoc_write_message_3(&i->run, sl_span(NULL, 0), &message));
	return wrap(SL_EDHOC_PAYLOAD_MESSAGE_3, initiator_c_r(i), message);
}

void
initiator_open(struct initiator *i, struct edhoc_fixture *f)
{
	struct edhoc_reply reply;

	edhoc_post(f, initiator_first(i), &reply);
	read_2(i, &reply);
}

void
initiator_context(const struct initiator *i, struct device *d)
{
	struct sl_edhoc_oscore keys;
	struct sl_oscore_params params;

	ck_assert_ok(sl_edhoc_oscore(&i->run, &keys));
	params = (struct sl_oscore_params){
	        .master_secret = sl_key_view(&keys.master_secret),
	        .master_salt = sl_key_view(&keys.master_salt),
	        .sender_id = keys.sender_id,
	        .recipient_id = keys.recipient_id,
	        .aead_alg = keys.aead_alg,
	        .hkdf_hash = keys.hkdf_hash,
	};
	memset(d, 0, sizeof *d);
	ck_assert_ok(sl_oscore_ctx_init(&d->ctx, &params));
	sl_oscore_reserve(&d->ctx, SL_OSCORE_SSN_END);
	sl_key_clear(&keys.master_secret);
}

void
initiator_run(struct initiator *i, struct edhoc_fixture *f, struct device *d)
{
	struct edhoc_reply reply;

	initiator_open(i, f);
	edhoc_post(f, initiator_third(i, NULL), &reply);
	ck_assert_msg(reply.status == 204 || reply.status == 200, "status %d: %s", reply.status,
	        reply.reason != NULL ? reply.reason : "-");
	ck_assert_int_lt(reply.context_id, 0);
	initiator_context(i, d);
}

void
ck_assert_error_1(const struct edhoc_reply *reply, int status)
{
	ck_assert_int_eq(reply->status, status);
	/* 1, text of 17 bytes */
	ck_assert_bytes(sl_span(reply->body, reply->body_len),
	        hex("01 71 70726f63657373696e67206661696c6564"));
	ck_assert_int_eq(reply->context_id, 0);
}
