/* SPDX-License-Identifier: BSD-2-Clause
 * Sequences of bodies for the EDHOC end point with a live table: honest ones, copies, changed ones, others' bytes,
 * time. Beyond no crash: a context comes of an untouched message_3 of the one device that is known and of nothing
 * else, a copy gets the same bytes, every refusal has its one shape, and the table keeps its bounds.
 *
 * Input: operations of one byte; what follows is theirs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sl/reader.h>

#include "edhoc_endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define SESSIONS 4
#define DEVICES  3 /* the last one is a stranger */

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* --- trust: two raw keys for us, one for the device ----------------------------------------------------- */

static struct sl_pkey *keys[4]; /* ours for static DH and signatures, the device's, a stranger's */
static uint8_t names[4][12] = {{0xa1, 0x04, 0x41, 0x50}, {0xa1, 0x04, 0x41, 0x51},
        {0xa1, 0x04, 0x41, 0x52}, {0xa1, 0x04, 0x41, 0x53}};
static uint8_t creds[4][4] = {{0x43, 1, 2, 3}, {0x43, 1, 2, 4}, {0x43, 1, 2, 5}, {0x43, 1, 2, 6}};
static struct sl_edhoc_credential credentials[4];
static const int64_t suites[] = {2, 3};
static struct sl_edhoc_profile profile = {
        .suites = suites, .suite_count = 2, .methods = 0xf, .for_oscore = true};

const struct sl_edhoc_profile *
trust_profile(const struct trust *t)
{
	(void)t;
	return &profile;
}

const struct sl_edhoc_credential *
trust_own(const struct trust *t, int method, const struct sl_edhoc_suite *suite)
{
	(void)t;
	(void)suite;
	return &credentials[(method & 1) != 0 ? 0 : 1];
}

struct trust *
trust_enter(struct trust *t)
{
	return t;
}

void
trust_leave(struct trust *t, struct trust *peers)
{
	(void)t;
	(void)peers;
}

enum sl_err
trust_resolve(struct trust *t, const struct trust_ask *ask, struct sl_candidates *candidates)
{
	uint8_t raw[96];
	size_t len;

	(void)t;
	if (!sl_span_equal(ask->id_cred, credentials[2].id_cred))
		return SL_ENOTFOUND;
	require(sl_pkey_to_raw_public(keys[2], raw, sizeof raw, &len) == SL_OK);
	memset(candidates, 0, sizeof *candidates);
	candidates->count = 1;
	candidates->list[0].cred = candidates->list[0].content = credentials[2].cred;
	return sl_pkey_from_raw_public(&candidates->list[0].key, SL_PKEY_P256, sl_span(raw, len));
}

enum sl_err
trust_authorise(struct trust *t, const struct trust_ask *ask, const struct sl_credential *verified,
        struct trust_peer *peer, const char **reason)
{
	(void)t;
	(void)ask;
	require(sl_span_equal(verified->cred, credentials[2].cred));
	memset(peer, 0, sizeof *peer);
	memcpy(peer->identity, "device", 7);
	memcpy(peer->profile, "default", 8);
	peer->not_after = INT64_MAX;
	*reason = NULL;
	return SL_OK;
}

/* --- a device ------------------------------------------------------------------------------------------- */

struct device {
	struct sl_edhoc run;
	struct sl_edhoc_profile profile;
	bool is_stranger;
	uint8_t message[512], plaintext[512], scratch[4096];
	uint8_t first[256], third[256];
	size_t first_len, third_len, prefix_len; /* third: C_R, then message_3 */
};

struct world {
	struct contexts *contexts;
	struct edhoc_endpoint *endpoint;
	struct device devices[DEVICES];
	uint64_t now_ms;
	int64_t contexts_made;
	struct edhoc_reply reply, second;
};

static void
begin(struct device *d)
{
	const struct sl_edhoc_memory memory = {
	        {d->message, sizeof d->message},
	        {d->plaintext, sizeof d->plaintext},
	        {d->scratch, sizeof d->scratch},
	};
	static const uint8_t c_i[] = {0x77};
	struct sl_edhoc_message_1 in = {
	        .method = 3,
	        .suite = 2,
	        .c_i = {c_i, sizeof c_i},
	        .own = &credentials[d->is_stranger ? 3 : 2],
	};
	struct sl_edhoc_payload payload = {.kind = SL_EDHOC_PAYLOAD_MESSAGE_1};
	struct sl_writer w = sl_writer_over(d->first, sizeof d->first);

	sl_edhoc_clear(&d->run);
	sl_edhoc_init(&d->run, SL_EDHOC_INITIATOR, &d->profile, &memory);
	require(sl_pkey_generate(&in.ephemeral, SL_PKEY_P256) == SL_OK);
	require(sl_edhoc_write_message_1(&d->run, &in, &payload.message) == SL_OK);
	sl_edhoc_payload_write(&w, &payload);
	d->first_len = w.len;
	d->third_len = 0;
}

/* Reads message_2 and has message_3 ready. */
static void
go_on(struct device *d, const struct edhoc_reply *reply)
{
	struct sl_writer w = sl_writer_over(d->third, sizeof d->third);
	struct sl_edhoc_seen seen;
	struct sl_span message_3;
	size_t which;

	require(sl_edhoc_read_message_2(&d->run, sl_span(reply->body, reply->body_len), &seen) ==
	        SL_OK);
	require(sl_edhoc_verify(&d->run, &credentials[0], 1, &which) == SL_OK);
	require(sl_edhoc_write_message_3(&d->run, sl_span(NULL, 0), &message_3) == SL_OK);
	sl_edhoc_id_write(&w, sl_edhoc_id_view(&d->run.c_r));
	d->prefix_len = w.len;
	sl_write_span(&w, message_3);
	require(!w.failed);
	d->third_len = w.len;
}

/* --- the end point -------------------------------------------------------------------------------------- */

static uint64_t
free_cpu(void)
{
	return 0;
}

static void
look(struct world *w, const struct edhoc_reply *r)
{
	static const uint8_t error_1[] = "\x01\x71processing failed",
	                     error_2[] = "\x02\x82\x02\x03";
	struct sl_span body = sl_span(r->body, r->body_len);
	struct edhoc_counts counts = edhoc_endpoint_counts(w->endpoint, w->now_ms);

	require(r->status == 200 || r->status == 204 || r->status == 400);
	require((r->status == 204) == (body.len == 0));
	if (r->status == 400)
		require(sl_span_equal(body, sl_span(error_1, sizeof error_1 - 1)) ||
		        (r->message == 1 &&
		                sl_span_equal(body, sl_span(error_2, sizeof error_2 - 1))));
	require(counts.half_open + counts.finished <= SESSIONS);
	if (r->context_id != 0)
		require(r->context_id == -++w->contexts_made);
}

static void
post(struct world *w, struct sl_span body)
{
	struct edhoc_request request = {body, w->now_ms, 1800000000};

	edhoc_endpoint_handle(w->endpoint, &request, &w->reply);
	look(w, &w->reply);
}

/* Twice, if it succeeded: the same bytes. But error messages are not remembered. */
static void
post_twice(struct world *w, struct sl_span body)
{
	struct edhoc_request request = {body, w->now_ms, 1800000000};

	post(w, body);
	if (w->reply.status >= 300 || w->reply.message == 0)
		return;
	edhoc_endpoint_handle(w->endpoint, &request, &w->second);
	require(w->second.status == w->reply.status && w->second.is_repeat);
	require(sl_span_equal(sl_span(w->second.body, w->second.body_len),
	        sl_span(w->reply.body, w->reply.body_len)));
}

static void
do_first(struct world *w, struct device *d)
{
	begin(d);
	post_twice(w, sl_span(d->first, d->first_len));
	require(w->reply.status == 200);
	go_on(d, &w->reply);
}

static void
do_third(struct world *w, struct device *d, struct sl_reader *in)
{
	uint8_t bytes[sizeof d->third], flip = sl_read_u8(in), at = sl_read_u8(in);
	int64_t before = w->contexts_made;

	memcpy(bytes, d->third, d->third_len);
	if (d->third_len > 0)
		bytes[at % d->third_len] ^= flip;
	post_twice(w, sl_span(bytes, d->third_len));
	/* one that was changed makes none; a stranger's neither */
	if (flip != 0 || d->is_stranger)
		require(w->contexts_made == before);
}

static void
do_combined(struct world *w, struct device *d, struct sl_reader *in)
{
	uint8_t bytes[sizeof d->third + 300], option[64];
	struct sl_writer body = sl_writer_over(bytes, sizeof bytes);
	struct sl_writer opt = sl_writer_over(option, sizeof option);
	struct sl_oscore_option parts = {.has_kid = true, .partial_iv = {(const uint8_t *)"", 1}};
	struct edhoc_request request = {{NULL, 0}, w->now_ms, 1800000000};
	struct sl_span message_3, rest = sl_read_span(in, sl_read_u8(in)), left;

	if (d->third_len == 0)
		return;
	message_3 = sl_span(d->third + d->prefix_len, d->third_len - d->prefix_len);
	parts.kid = sl_edhoc_id_view(&d->run.c_r);
	if (parts.kid.len > SL_OSCORE_ID_MAX || sl_oscore_option_encode(&opt, &parts) != SL_OK)
		return;
	sl_write_span(&body, message_3);
	sl_write_span(&body, rest);
	request.body = sl_writer_span(&body);
	if (edhoc_endpoint_combined(
	            w->endpoint, &request, sl_writer_span(&opt), &w->reply, &left)) {
		require(sl_span_equal(left, rest) && !d->is_stranger);
		if (w->reply.context_id != 0)
			require(w->reply.context_id == -++w->contexts_made);
	} else {
		look(w, &w->reply);
	}
}

/* Bytes of the input, under a device's C_R or as they are. */
static void
do_raw(struct world *w, struct device *d, struct sl_reader *in)
{
	uint8_t bytes[300];
	struct sl_writer body = sl_writer_over(bytes, sizeof bytes);
	struct sl_span rest = sl_read_span(in, sl_read_u8(in));
	int64_t before = w->contexts_made;

	if (d != NULL)
		sl_edhoc_id_write(&body, sl_edhoc_id_view(&d->run.c_r));
	sl_write_span(&body, rest);
	post(w, sl_writer_span(&body));
	require(w->contexts_made == before);
}

static void
operate(struct world *w, struct sl_reader *in)
{
	uint8_t op = sl_read_u8(in);
	struct device *d = &w->devices[(op >> 3) % DEVICES];

	switch (op & 7) {
	case 0:
		do_first(w, d);
		break;
	case 1:
		do_third(w, d, in);
		break;
	case 2:
		do_combined(w, d, in);
		break;
	case 3:
		do_raw(w, d, in);
		break;
	case 4:
		do_raw(w, NULL, in);
		break;
	case 5:
		w->now_ms += (uint64_t)sl_read_u8(in) * 1000;
		break;
	default:
		w->now_ms += op;
		break;
	}
}

/* --- one input ------------------------------------------------------------------------------------------ */

static struct store *store;
static char folder[32];

static void
tidy(void)
{
	static const char *const files_of[] = {"est.db", "est.db-wal", "est.db-shm", "est.db.lock"};
	char file[64];

	store_close(store);
	for (size_t i = 0; i < sizeof files_of / sizeof files_of[0]; i++) {
		snprintf(file, sizeof file, "%s/%s", folder, files_of[i]);
		unlink(file);
	}
	rmdir(folder);
}

static void
prepare(void)
{
	char file[64];
	size_t i;

	/* in memory if there is such a place: a disk with other work to do lets a commit wait for seconds */
	snprintf(folder, sizeof folder, "%s/sealift-fuzz-XXXXXX",
	        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	require(mkdtemp(folder) != NULL);
	snprintf(file, sizeof file, "%s/est.db", folder);
	require(store_open(&store, file, STORE_CREATE) == SL_OK);
	for (i = 0; i < 4; i++) {
		uint8_t raw[32];

		memset(raw, (int)(i + 1), sizeof raw);
		require(sl_pkey_from_raw_private(
		                &keys[i], SL_PKEY_P256, sl_span(raw, sizeof raw)) == SL_OK);
		credentials[i] = (struct sl_edhoc_credential){
		        .id_cred = {names[i], 4}, .cred = {creds[i], 4}, .key = keys[i]};
	}
	require(atexit(tidy) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct world world;
	struct sl_reader in = sl_reader_over(sl_span(bytes, len));
	struct contexts_config contexts;
	struct edhoc_config config;
	size_t i;

	if (store == NULL)
		prepare();
	memset(&world, 0, sizeof world);
	contexts_config_init(&contexts);
	contexts.store = store;
	contexts.contexts_max = 8;
	contexts.store_check_ms = UINT64_MAX / 2;
	require(contexts_new(&world.contexts, &contexts) == SL_OK);
	edhoc_config_init(&config);
	config.contexts = world.contexts;
	config.sessions.sessions_max = SESSIONS;
	config.cpu_us = free_cpu;
	require(edhoc_endpoint_new(&world.endpoint, &config) == SL_OK);
	for (i = 0; i < DEVICES; i++) {
		world.devices[i].profile = (struct sl_edhoc_profile){
		        .suites = suites, .suite_count = 1, .methods = 8, .for_oscore = true};
		world.devices[i].is_stranger = i == DEVICES - 1;
	}
	for (i = 0; i < 24 && in.left.len > 0; i++)
		operate(&world, &in);
	for (i = 0; i < DEVICES; i++)
		sl_edhoc_clear(&world.devices[i].run);
	edhoc_endpoint_free(world.endpoint);
	contexts_free(world.contexts);
	return 0;
}
