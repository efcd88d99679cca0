/* SPDX-License-Identifier: BSD-2-Clause
 * message_3 in this order: what ID_CRED_I refers to is resolved and validated, MAC or signature verified, the
 * peer authorised, its context put into the table, the session completed, the reply given. Nothing outside
 * the session changes before the peer is verified and authorised (RFC 9528 appendix D.5). */
#include "edhoc_work.h"

#include <stdlib.h>
#include <string.h>

#include <sl/credential_file.h>
#include <sl/text.h>

/* beyond the body: CRED and what stands around it */
#define SCRATCH_EXTRA (SL_CREDENTIAL_FILE_MAX + 4096)

void
edhoc_name_c_r(
        const struct edhoc_config *config, struct sl_span c_r, char out[static EDHOC_LOG_NAME])
{
	uint64_t hash = sl_siphash(config->sessions.hash_key, c_r);
	uint8_t bytes[4];
	struct sl_writer w = sl_writer_over(bytes, sizeof(bytes));

	sl_write_u32(&w, (uint32_t)hash);
	if (sl_hex_encode(out, EDHOC_LOG_NAME, sl_writer_span(&w)) != SL_OK)
		out[0] = '\0';
}

/* In bytes: the plaintext, a copy of ID_CRED_I, scratch. */
struct edhoc_work *
edhoc_work_new(const struct edhoc_config *config, struct edhoc_sessions *sessions,
        const struct edhoc_request *request, struct edhoc_reply *reply)
{
	size_t plain = request->body.len + EDHOC_REPLY_MAX;
	size_t scratch = request->body.len + SCRATCH_EXTRA;
	struct edhoc_work *w = malloc(sizeof(*w) + 2 * plain + scratch);

	if (w == NULL)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->config = config;
	w->sessions = sessions;
	w->request = request;
	w->reply = reply;
	w->peers = trust_enter(config->trust);
	w->memory.message = (struct sl_edhoc_bytes){w->message, sizeof(w->message)};
	w->memory.plaintext = (struct sl_edhoc_bytes){w->bytes, plain};
	w->memory.scratch = (struct sl_edhoc_bytes){w->bytes + 2 * plain, scratch};
	return w;
}

void
edhoc_work_free(struct edhoc_work *w)
{
	size_t len;

	if (w == NULL)
		return;
	len = sizeof(*w) + 2 * w->memory.plaintext.cap + w->memory.scratch.cap;
	sl_candidates_clear(&w->candidates);
	trust_leave(w->config->trust, w->peers);
	sl_wipe(w, len);
	free(w);
}

/* Keys go into the session, and no pointer into the work stays. */
static enum sl_err
park(struct edhoc_session *s)
{
	const struct sl_edhoc_memory none = {.message = {NULL, 0}};
	struct sl_pkey *key = NULL;
	enum sl_err err;

	sl_edhoc_move(&s->run, &none, &key);
	err = sl_pkey_pack(key, s->key, sizeof(s->key), &s->key_len);
	sl_pkey_free(key);
	return err;
}

static enum sl_err
unpark(struct edhoc_session *s, const struct sl_edhoc_memory *memory)
{
	struct sl_pkey *key = NULL;
	enum sl_err err = sl_pkey_unpack(&key, sl_span(s->key, s->key_len));

	sl_wipe(s->key, sizeof(s->key));
	if (err == SL_OK)
		sl_edhoc_move(&s->run, memory, &key);
	return err;
}

/* --- message_1 ------------------------------------------------------------------------------------------ */

struct taken {
	struct contexts *contexts;
	uint64_t now_ms;
};

static bool
is_taken(void *owner, struct sl_span id)
{
	const struct taken *taken = owner;

	return contexts_has_kid(taken->contexts, id, taken->now_ms);
}

static enum sl_err
choose_c_r(struct edhoc_work *w)
{
	struct sl_edhoc *run = &w->session->run;
	struct taken taken = {w->config->contexts, w->request->now_ms};
	uint8_t seed[SL_SIPHASH_KEY_LEN];
	struct sl_edhoc_id_choice choice = {
	        .seed = seed,
	        .peer = sl_edhoc_id_view(&run->c_i),
	        .len_min = w->config->c_r_length,
	        .len_max = sl_aead_by_cose(run->suite->app_aead)->nonce_len - 6,
	        .is_taken = is_taken,
	        .owner = &taken,
	};
	enum sl_err err = sl_random(seed, sizeof(seed));

	return err ? err : edhoc_sessions_name(w->sessions, w->session, &choice);
}

static enum sl_err
write_2(struct edhoc_work *w, struct sl_span *message_2)
{
	struct edhoc_session *s = w->session;
	struct sl_edhoc_message_2 in = {
	        .own = trust_own(w->config->trust, s->run.method, s->run.suite)};
	enum sl_err err;

	if (in.own == NULL) {
		w->reply->reason = "no credential of ours fits method and suite";
		return SL_EUNSUPPORTED;
	}
	err = choose_c_r(w);
	if (err == SL_OK)
		err = sl_pkey_generate(&in.ephemeral, s->run.suite->ecdh);
	if (err)
		return err;
	in.c_r = sl_span(s->c_r, s->c_r_len);
	err = sl_edhoc_write_message_2(&s->run, &in, message_2);
	/* an argument of ours was wrong */
	return err == SL_EMALFORMED || err == SL_EUNSUPPORTED ? SL_EIO : err;
}

enum sl_err
edhoc_work_on_1(struct edhoc_work *w, struct sl_span message_1)
{
	struct edhoc_session *s = w->session;
	struct edhoc_reply *reply = w->reply;
	struct sl_edhoc_seen seen;
	struct sl_span message_2;
	enum sl_err err;

	sl_edhoc_init(&s->run, SL_EDHOC_RESPONDER, trust_profile(w->config->trust), &w->memory);
	reply->reason = "message_1 is not accepted";
	err = sl_edhoc_read_message_1(&s->run, message_1, &seen);
	if (s->run.suite != NULL) {
		reply->method = s->run.method;
		reply->suite = s->run.suite->number;
	}
	if (err)
		return err;
	reply->reason = "message_2 cannot be made";
	err = write_2(w, &message_2);
	if (err)
		return err;
	edhoc_name_c_r(w->config, sl_span(s->c_r, s->c_r_len), reply->c_r);
	memcpy(reply->body, message_2.ptr, message_2.len);
	err = park(s);
	if (err == SL_OK)
		err = edhoc_sessions_open(
		        w->sessions, s, sl_span(reply->body, message_2.len), w->request->now_ms);
	if (err)
		return err;
	reply->reason = NULL;
	reply->body_len = message_2.len;
	return SL_OK;
}

/* --- message_3 ------------------------------------------------------------------------------------------ */

static enum sl_err
resolve(struct edhoc_work *w, struct trust_ask *ask, struct sl_span id_cred)
{
	uint8_t *copy = w->bytes + w->memory.plaintext.cap;

	memcpy(copy, id_cred.ptr, id_cred.len);
	w->id_cred = sl_span(copy, id_cred.len);
	ask->peers = w->peers;
	ask->id_cred = w->id_cred;
	ask->method = w->session->run.method;
	ask->now = w->request->now;
	return trust_resolve(w->config->trust, ask, &w->candidates);
}

static enum sl_err
verify(struct edhoc_work *w, size_t *which)
{
	struct sl_edhoc_credential list[SL_CANDIDATES_MAX];
	size_t i;

	for (i = 0; i < w->candidates.count; i++) {
		list[i] = (struct sl_edhoc_credential){
		        .id_cred = w->id_cred,
		        .cred = w->candidates.list[i].cred,
		        .key = w->candidates.list[i].key,
		};
	}
	return sl_edhoc_verify(&w->session->run, list, w->candidates.count, which);
}

/* reply->reason says how far it came. */
static enum sl_err
authenticate(struct edhoc_work *w, struct sl_span message_3)
{
	struct edhoc_reply *reply = w->reply;
	struct sl_edhoc *run = &w->session->run;
	struct sl_edhoc_seen seen;
	struct trust_ask ask;
	size_t which;
	enum sl_err err;

	reply->reason = "the ephemeral key is lost";
	err = unpark(w->session, &w->memory);
	if (err)
		return SL_EIO;
	reply->reason = "message_3 is not accepted";
	err = sl_edhoc_read_message_3(run, message_3, &seen);
	if (err)
		return err == SL_ELIMIT ? SL_EAUTH : err;
	reply->reason = "the credential is not known, or not valid";
	err = resolve(w, &ask, seen.id_cred);
	if (err)
		return err == SL_ELIMIT ? SL_EAUTH : err;
	reply->reason = "the peer does not prove that the credential is its own";
	err = verify(w, &which);
	if (err)
		return err == SL_EIO ? err : SL_EAUTH;
	return trust_authorise(
	        w->config->trust, &ask, &w->candidates.list[which], &w->peer, &reply->reason);
}

static enum sl_err
export_binding(const struct sl_edhoc *run, char text[static CONTEXTS_BINDING_MAX + 1])
{
	uint8_t bytes[EDHOC_BINDING_LEN];
	enum sl_err err = sl_edhoc_export(run, EDHOC_BINDING_LABEL,
	        sl_span_text(EDHOC_BINDING_CONTEXT), bytes, sizeof(bytes));

	if (err == SL_OK)
		err = sl_base64_encode(
		        text, CONTEXTS_BINDING_MAX + 1, sl_span(bytes, sizeof(bytes)));
	sl_wipe(bytes, sizeof(bytes));
	return err;
}

static enum sl_err
make_context(struct edhoc_work *w)
{
	const struct sl_edhoc *run = &w->session->run;
	char binding[CONTEXTS_BINDING_MAX + 1] = "";
	struct sl_edhoc_oscore keys = {.aead_alg = 0};
	struct contexts_grant grant = {&keys, &w->peer, {NULL, 0}, w->request->now_ms};
	enum sl_err err = sl_edhoc_oscore(run, &keys);

	if (err == SL_OK)
		err = export_binding(run, binding);
	grant.binding = sl_span_text(binding);
	if (err == SL_OK)
		err = contexts_add(w->config->contexts, &grant, &w->reply->context_id);
	sl_key_clear(&keys.master_secret);
	sl_key_clear(&keys.master_salt);
	sl_wipe(binding, sizeof(binding));
	return err == SL_OK || err == SL_ELIMIT ? err : SL_EIO;
}

enum sl_err
edhoc_work_on_3(struct edhoc_work *w, struct sl_span message_3)
{
	struct sl_edhoc *run = &w->session->run;
	struct edhoc_reply *reply = w->reply;
	struct sl_span message_4 = {NULL, 0};
	enum sl_err err;

	reply->method = run->method;
	reply->suite = run->suite->number;
	err = authenticate(w, message_3);
	if (err)
		return err;
	reply->reason = "the context cannot be made";
	err = make_context(w);
	if (err)
		return err;
	if (run->profile->message_4 != SL_EDHOC_M4_NEVER &&
	        sl_edhoc_write_message_4(run, sl_span(NULL, 0), &message_4) != SL_OK)
		return SL_EIO;
	if (message_4.len > 0)
		memcpy(reply->body, message_4.ptr, message_4.len);
	edhoc_sessions_finish(
	        w->sessions, w->session, sl_span(reply->body, message_4.len), w->request->now_ms);
	reply->reason = NULL;
	reply->body_len = message_4.len;
	return SL_OK;
}
