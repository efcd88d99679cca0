/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_edhoc.h"

#include "support.h"

#include <sl/der.h>
#include <sl/hash.h>

#include <string.h>

#define FORMAT_EDHOC     64
#define FORMAT_CID_EDHOC 65
#define EPOCH            1763000000 /* as in fake_est.h */

/* --- parties --------------------------------------------------------------------------------- */

static void
finish_party(struct fake_party *p)
{
	p->credential = (struct sl_edhoc_credential){.id_cred = sl_span(p->id_cred, p->id_cred_len),
	        .cred = sl_span(p->cred, p->cred_len),
	        .key = p->key};
}

void
fake_party_ccs(struct fake_party *p, enum sl_pkey_type type, const char *subject,
        enum sl_id_cred_label label)
{
	struct sl_writer cred = sl_writer_over(p->cred, sizeof p->cred);
	struct sl_writer id = sl_writer_over(p->id_cred, sizeof p->id_cred);
	struct sl_span kid = sl_span(subject, 2);

	memset(p, 0, sizeof *p);
	ck_assert_ok(sl_pkey_generate(&p->key, type));
	ck_assert_ok(sl_ccs_write(&cred, sl_span_text(subject), kid, p->key));
	p->cred_len = cred.len;
	if (label == SL_LABEL_KID)
		sl_id_cred_write_kid(&id, kid);
	else
		sl_id_cred_write_kccs(&id, sl_span(p->cred, p->cred_len));
	ck_assert_ok(sl_writer_finish(&id));
	p->id_cred_len = id.len;
	finish_party(p);
}

static struct sl_span
general_names(struct sl_writer *w, const char *dns)
{
	size_t opened = sl_der_open(w, SL_DER_SEQUENCE);

	sl_der_write(w, SL_DER_CONTEXT | 2, sl_span_text(dns));
	sl_der_close(w, opened);
	return sl_writer_span(w);
}

void
fake_party_x509(struct fake_party *p, enum sl_pkey_type type, const struct fake_certificate *what,
        enum sl_id_cred_label label)
{
	struct sl_cert_params params = {.serial = sl_span("\x01\x02\x03", 3),
	        .issuer_cert = what->by != NULL ? fake_party_der(what->by) : sl_span(NULL, 0),
	        .not_before = what->not_before != 0 ? what->not_before : EPOCH - 86400,
	        .not_after = what->not_after != 0 ? what->not_after : EPOCH + 30LL * 365 * 86400,
	        .key_usage = what->key_usage,
	        .is_ca = what->by == NULL,
	        .ext_cmc_ra = what->is_cmc_ra};
	uint8_t name[128], spki[256], names[128], tbs[1500];
	struct sl_writer san = sl_writer_over(names, sizeof names);
	struct sl_writer cred = sl_writer_over(p->cred, sizeof p->cred);
	struct sl_writer id = sl_writer_over(p->id_cred, sizeof p->id_cred);
	struct sl_span der;
	size_t len;

	memset(p, 0, sizeof *p);
	ck_assert_ok(sl_pkey_generate(&p->key, type));
	params.issuer_key = what->by != NULL ? what->by->key : p->key;
	ck_assert_ok(sl_name_from_cn(what->name, name, sizeof name, &len));
	params.subject = sl_span(name, len);
	ck_assert_ok(sl_pkey_to_spki(p->key, spki, sizeof spki, &len));
	params.spki = sl_span(spki, len);
	if (what->dns != NULL)
		params.subject_alt_name = general_names(&san, what->dns);
	ck_assert_ok(sl_cert_tbs(&params, tbs, sizeof tbs, &len));
	ck_assert_ok(sl_cert_sign(
	        sl_span(tbs, len), params.issuer_key, p->der, sizeof p->der, &p->der_len));
	der = fake_party_der(p);
	sl_credential_write_x509(&cred, der);
	p->cred_len = cred.len;
	if (label == SL_LABEL_X5CHAIN)
		sl_id_cred_write_chain(&id, label, &der, 1);
	else
		ck_assert_ok(sl_id_cred_write_hash(&id, label, -15, der));
	p->id_cred_len = id.len;
	ck_assert_ok(sl_writer_finish(&id));
	finish_party(p);
}

void
fake_party_clear(struct fake_party *p)
{
	sl_pkey_free(p->key);
	p->key = NULL;
}

struct sl_span
fake_party_cred(const struct fake_party *p)
{
	return sl_span(p->cred, p->cred_len);
}

struct sl_span
fake_party_der(const struct fake_party *p)
{
	return sl_span(p->der, p->der_len);
}

void
fake_known(struct sl_known_credential *known, const struct fake_party *p)
{
	struct sl_credential c;

	ck_assert_ok(sl_credential_decode(&c, fake_party_cred(p)));
	*known = (struct sl_known_credential){
	        .cred = fake_party_cred(p), .has_kid = c.has_kid, .kid = c.kid, .is_trusted = true};
	sl_credential_clear(&c);
}

/* --- the Responder --------------------------------------------------------------------------- */

void
fake_edhoc_init(struct fake_edhoc *e, const struct fake_party *own)
{
	memset(e, 0, sizeof *e);
	e->suites[0] = 2;
	e->suites[1] = 3;
	e->profile = (struct sl_edhoc_profile){.suites = e->suites,
	        .suite_count = 2,
	        .methods = 15,
	        .message_4 = SL_EDHOC_M4_NEVER,
	        .for_oscore = true};
	e->own = own;
	e->now = EPOCH;
}

void
fake_edhoc_forget(struct fake_edhoc *e)
{
	sl_edhoc_clear(&e->run);
	sl_oscore_ctx_clear(&e->ctx);
	e->is_waiting = e->has_context = false;
	e->heard_3_len = 0;
}

void
fake_edhoc_clear(struct fake_edhoc *e)
{
	fake_edhoc_forget(e);
}

static void
set_format(const struct fake_edhoc *e, struct sl_coap_msg *answer)
{
	if (!e->wraps_nothing)
		ck_assert_ok(sl_coap_add_uint(answer, SL_COAP_CONTENT_FORMAT, FORMAT_EDHOC));
}

static void
spoil(struct fake_edhoc *e, unsigned n, struct sl_coap_msg *answer)
{
	if (e->spoil != NULL)
		e->spoil(e->arg, n, answer);
}

static void
refuse(struct fake_edhoc *e, struct sl_coap_msg *answer)
{
	struct sl_writer w = sl_writer_over(e->error, sizeof e->error);

	e->is_waiting = false;
	sl_coap_msg_init(answer, SL_COAP_BAD_REQUEST);
	if (sl_edhoc_write_error(&e->run, &w) == SL_OK) {
		answer->payload = sl_writer_span(&w);
		ck_assert_ok(sl_coap_add_uint(answer, SL_COAP_CONTENT_FORMAT, FORMAT_EDHOC));
	}
	spoil(e, 0, answer);
}

static bool
is_taken(void *owner, struct sl_span id)
{
	(void)owner;
	(void)id;
	return false;
}

static void
on_message_1(struct fake_edhoc *e, struct sl_span message, struct sl_coap_msg *answer)
{
	const struct sl_edhoc_memory memory = {{e->message, sizeof e->message},
	        {e->plaintext, sizeof e->plaintext}, {e->scratch, sizeof e->scratch}};
	uint8_t seed[16];
	struct sl_edhoc_id_choice choice = {.seed = seed, .len_max = 2, .is_taken = is_taken};
	struct sl_edhoc_message_2 in = {.own = &e->own->credential};
	struct sl_edhoc_seen seen;
	struct sl_edhoc_id c_r;
	struct sl_span out;

	e->messages_1++;
	sl_edhoc_clear(&e->run);
	sl_edhoc_init(&e->run, SL_EDHOC_RESPONDER, &e->profile, &memory);
	if (sl_edhoc_read_message_1(&e->run, message, &seen) != SL_OK) {
		refuse(e, answer);
		return;
	}
	ck_assert_ok(sl_random(seed, sizeof seed));
	choice.peer = sl_edhoc_id_view(&e->run.c_i);
	ck_assert_ok(sl_edhoc_id_choose(&c_r, &choice));
	in.c_r = sl_edhoc_id_view(&c_r);
	ck_assert_ok(sl_pkey_generate(&in.ephemeral, e->run.suite->ecdh));
	ck_assert_ok(sl_edhoc_write_message_2(&e->run, &in, &out));
	e->is_waiting = true;
	sl_coap_msg_init(answer, SL_COAP_CHANGED);
	set_format(e, answer);
	answer->payload = out;
	spoil(e, 2, answer);
}

static enum sl_err
authenticate(struct fake_edhoc *e, const struct sl_edhoc_seen *seen)
{
	bool signs = e->run.method == 0 || e->run.method == 1;
	const struct sl_trust trust = {.known = e->known,
	        .known_count = e->known_count,
	        .x509_anchors = &e->anchor,
	        .x509_anchor_count = e->anchor.len > 0,
	        .now = e->now};
	struct sl_edhoc_credential list[SL_CANDIDATES_MAX];
	struct sl_candidates found;
	size_t which;
	enum sl_err err = sl_credential_resolve(
	        &found, &trust, seen->id_cred, signs ? SL_FOR_SIGNATURE : SL_FOR_STATIC_DH);

	if (err != SL_OK) {
		sl_edhoc_refuse(&e->run, err == SL_ENOTFOUND ? SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL
		                                             : SL_EDHOC_ERROR_UNSPECIFIED);
		return err;
	}
	for (size_t i = 0; i < found.count; i++)
		list[i] = (struct sl_edhoc_credential){
		        .cred = found.list[i].cred, .key = found.list[i].key};
	memcpy(e->identity, list[0].cred.ptr, list[0].cred.len); /* verify wipes what is carried */
	e->identity_len = list[0].cred.len;
	err = sl_edhoc_verify(&e->run, list, found.count, &which);
	ck_assert(err != SL_OK || which == 0);
	sl_candidates_clear(&found);
	return err;
}

static void
make_context(struct fake_edhoc *e)
{
	struct sl_edhoc_oscore keys;
	struct sl_oscore_params params;

	ck_assert_ok(sl_edhoc_oscore(&e->run, &keys));
	params = (struct sl_oscore_params){.master_secret = sl_key_view(&keys.master_secret),
	        .master_salt = sl_key_view(&keys.master_salt),
	        .sender_id = keys.sender_id,
	        .recipient_id = keys.recipient_id,
	        .aead_alg = keys.aead_alg,
	        .hkdf_hash = keys.hkdf_hash};
	ck_assert_ok(sl_oscore_ctx_init(&e->ctx, &params));
	sl_oscore_reserve(&e->ctx, SL_OSCORE_SSN_END);
	ck_assert_ok(sl_edhoc_export(
	        &e->run, 32768, sl_span_text("EDHOC Unique"), e->binding, sizeof e->binding));
	e->has_context = true;
	e->completed++;
}

/* RFC 9528 section 7: a message_3 that was processed is answered as before. */
static bool
is_known(const struct fake_edhoc *e, struct sl_span message)
{
	return e->heard_3_len > 0 && sl_span_equal(message, sl_span(e->heard_3, e->heard_3_len));
}

static bool
take_message_3(struct fake_edhoc *e, struct sl_span message, struct sl_coap_msg *answer)
{
	struct sl_edhoc_seen seen;

	e->messages_3++;
	if (is_known(e, message))
		return true;
	if (!e->is_waiting || e->forgets_runs) {
		sl_coap_msg_init(answer, SL_COAP_BAD_REQUEST);
		return false;
	}
	if (sl_edhoc_read_message_3(&e->run, message, &seen) != SL_OK ||
	        authenticate(e, &seen) != SL_OK) {
		refuse(e, answer);
		return false;
	}
	e->is_waiting = false;
	ck_assert_uint_le(message.len, sizeof e->heard_3);
	memcpy(e->heard_3, message.ptr, message.len);
	e->heard_3_len = message.len;
	make_context(e);
	return true;
}

static void
on_message_3(struct fake_edhoc *e, struct sl_span message, struct sl_coap_msg *answer)
{
	bool is_again = is_known(e, message);
	struct sl_span out;

	if (!take_message_3(e, message, answer))
		return;
	if (!is_again && e->profile.message_4 != SL_EDHOC_M4_NEVER) {
		ck_assert_ok(sl_edhoc_write_message_4(&e->run, sl_span(NULL, 0), &out));
		memcpy(e->said_4, out.ptr, out.len);
		e->said_4_len = out.len;
	}
	sl_coap_msg_init(answer, SL_COAP_CHANGED);
	if (e->profile.message_4 != SL_EDHOC_M4_NEVER) {
		set_format(e, answer);
		answer->payload = sl_span(e->said_4, e->said_4_len);
	}
	spoil(e, 4, answer);
}

static bool
is_for_us(const struct sl_coap_msg *outer)
{
	char path[64];
	uint32_t format;

	return outer->code == SL_COAP_POST && sl_coap_get_path(outer, path, sizeof path) == SL_OK &&
	       strcmp(path, "/.well-known/edhoc") == 0 &&
	       sl_coap_get_uint(outer, SL_COAP_CONTENT_FORMAT, &format) == SL_OK &&
	       format == FORMAT_CID_EDHOC;
}

void
fake_edhoc_answer(struct fake_edhoc *e, const struct sl_coap_msg *outer, struct sl_coap_msg *answer)
{
	struct sl_edhoc_payload payload;
	struct sl_edhoc_error error;

	ck_assert(is_for_us(outer));
	ck_assert_ok(sl_edhoc_payload_read(&payload, outer->payload));
	if (e->busy > 0) {
		e->busy--;
		sl_coap_msg_init(answer, SL_COAP_SERVICE_UNAVAILABLE);
		ck_assert_ok(sl_coap_add_uint(answer, SL_COAP_MAX_AGE, 7));
		return;
	}
	if (payload.kind == SL_EDHOC_PAYLOAD_MESSAGE_1) {
		on_message_1(e, payload.message, answer);
		return;
	}
	if (e->is_waiting && !sl_span_equal(payload.c_r, sl_edhoc_id_view(&e->run.c_r))) {
		sl_coap_msg_init(answer, SL_COAP_BAD_REQUEST);
		return;
	}
	if (payload.kind == SL_EDHOC_PAYLOAD_MESSAGE_3) {
		on_message_3(e, payload.message, answer);
		return;
	}
	ck_assert_ok(sl_edhoc_error_read(&error, payload.message));
	e->errors++;
	e->last_error = error.code;
	sl_coap_msg_init(answer, SL_COAP_CHANGED);
}

bool
fake_edhoc_take_combined(
        struct fake_edhoc *e, struct sl_coap_msg *outer, struct sl_coap_msg *answer)
{
	struct sl_span message, ciphertext;

	e->combined++;
	ck_assert_uint_eq(sl_coap_option_value(sl_coap_find(outer, SL_COAP_EDHOC)).len, 0);
	ck_assert_ptr_null(sl_coap_find(outer, SL_COAP_CONTENT_FORMAT));
	if (e->refuses_combined) {
		sl_coap_msg_init(answer, SL_COAP_BAD_OPTION);
		return false;
	}
	ck_assert_ok(sl_edhoc_combined_read(outer->payload, 8, &message, &ciphertext));
	if (!take_message_3(e, message, answer))
		return false;
	outer->payload = ciphertext;
	return true;
}
