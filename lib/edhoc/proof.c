/* SPDX-License-Identifier: BSD-2-Clause
 * Signature_or_MAC_2 and _3: RFC 9528 sections 5.3.2 and 5.4.2, the static DH part of the key
 * schedule, and the verification that both sides do alike. */
#include "inside.h"

#include <sl/cose.h>

#define LABEL_SALT_3E2M 1
#define LABEL_MAC_2     2
#define LABEL_SALT_4E3M 5
#define LABEL_MAC_3     6
#define ECDH_MAX        56

/* Section 3.2: methods 0 and 2 sign message_2, methods 0 and 1 message_3. */
bool
sl_edhoc_signs(int method, bool is_2)
{
	return (method & (is_2 ? 1 : 2)) == 0;
}

/* A side that signs has a MAC of hash length inside its signature. */
static size_t
mac_len(const struct sl_edhoc *s, bool is_2)
{
	return sl_edhoc_signs(s->method, is_2) ? sl_hash_len(s->suite->hash) : s->suite->mac_len;
}

size_t
sl_edhoc_sig_or_mac_len(const struct sl_edhoc *s, bool is_2)
{
	return sl_edhoc_signs(s->method, is_2) ? s->suite->signature_len : s->suite->mac_len;
}

bool
sl_edhoc_fits(const struct sl_edhoc *s, const struct sl_pkey *key, bool is_2)
{
	enum sl_pkey_type want =
	        sl_edhoc_signs(s->method, is_2) ? s->suite->signature : s->suite->ecdh;

	return key != NULL && sl_pkey_type(key) == want;
}

enum sl_err
sl_edhoc_static_prk(const struct sl_edhoc_proof *proof, const struct sl_pkey *own,
        const struct sl_pkey *peer, struct sl_key *prk)
{
	const struct sl_edhoc *s = proof->session;
	struct sl_edhoc_kdf kdf = {
	        s->suite, proof->prk, proof->is_2 ? LABEL_SALT_3E2M : LABEL_SALT_4E3M, {proof->th}};
	uint8_t secret[ECDH_MAX];
	size_t secret_len = 0;
	struct sl_key salt = {.len = sl_hash_len(s->suite->hash)};
	enum sl_err err;

	if (sl_edhoc_signs(s->method, proof->is_2)) {
		*prk = s->prk;
		return SL_OK;
	}
	err = sl_ecdh(own, peer, secret, sizeof secret, &secret_len);
	if (err == SL_OK)
		err = sl_edhoc_expand(&kdf, s->memory.scratch, salt.bytes, salt.len);
	if (err == SL_OK)
		err = sl_edhoc_extract(
		        s->suite, sl_key_view(&salt), sl_span(secret, secret_len), prk);
	sl_wipe(secret, sizeof secret);
	sl_key_clear(&salt);
	return err;
}

/* context_2 = << C_R, ID_CRED_R, TH_2, CRED_R, ? EAD_2 >>; context_3 has no identifier. */
static enum sl_err
make_mac(const struct sl_edhoc_proof *proof, struct sl_key *mac)
{
	const struct sl_edhoc *s = proof->session;
	uint8_t c_r[2 + SL_EDHOC_ID_MAX], th[2 + SL_HASH_MAX];
	struct sl_writer c_r_writer = sl_writer_over(c_r, sizeof c_r);
	struct sl_writer th_writer = sl_writer_over(th, sizeof th);
	struct sl_edhoc_kdf kdf = {s->suite, proof->prk, proof->is_2 ? LABEL_MAC_2 : LABEL_MAC_3,
	        {{NULL, 0}, proof->id_cred, {NULL, 0}, proof->cred, proof->ead}};

	if (proof->is_2)
		sl_edhoc_id_write(&c_r_writer, sl_edhoc_id_view(&s->c_r));
	sl_cbor_write_bytes(&th_writer, proof->th);
	kdf.context[0] = sl_writer_span(&c_r_writer);
	kdf.context[2] = sl_writer_span(&th_writer);
	mac->len = mac_len(s, proof->is_2);
	return sl_edhoc_expand(&kdf, s->memory.scratch, mac->bytes, mac->len);
}

/* The Sig_structure into scratch. */
static enum sl_err
write_tbs(struct sl_writer *w, const struct sl_edhoc_proof *proof, const struct sl_key *mac)
{
	uint8_t th[2 + SL_HASH_MAX];
	struct sl_writer th_writer = sl_writer_over(th, sizeof th);
	struct sl_cose_sign1 in = {
	        proof->id_cred, {{NULL, 0}, proof->cred, proof->ead}, sl_key_view(mac)};

	sl_cbor_write_bytes(&th_writer, proof->th);
	in.external_aad[0] = sl_writer_span(&th_writer);
	sl_cose_sign1_tbs(w, &in);
	return sl_writer_finish(w);
}

static enum sl_err
sign(const struct sl_edhoc *s, const struct sl_edhoc_credential *own, struct sl_span tbs,
        struct sl_edhoc_sig_or_mac *out)
{
	enum sl_err err;

	if (own->sign == NULL)
		return sl_sign_raw(own->key, tbs, out->bytes, sizeof out->bytes, &out->len);
	err = own->sign(own->sign_owner, tbs, out->bytes, s->suite->signature_len);
	out->len = s->suite->signature_len;
	return err;
}

enum sl_err
sl_edhoc_prove(const struct sl_edhoc_proof *proof, const struct sl_edhoc_credential *own,
        struct sl_edhoc_sig_or_mac *out)
{
	const struct sl_edhoc *s = proof->session;
	struct sl_edhoc_bytes scratch = s->memory.scratch;
	struct sl_writer w = sl_writer_over(scratch.bytes, scratch.cap);
	struct sl_key mac = {.len = 0};
	enum sl_err err = make_mac(proof, &mac);

	if (err != SL_OK)
		goto out;
	if (!sl_edhoc_signs(s->method, proof->is_2)) {
		for (size_t i = 0; i < mac.len; i++)
			out->bytes[i] = mac.bytes[i];
		out->len = mac.len;
		goto out;
	}
	err = write_tbs(&w, proof, &mac);
	if (err == SL_OK)
		err = sign(s, own, sl_writer_span(&w), out);
	sl_wipe(scratch.bytes, w.len < scratch.cap ? w.len : scratch.cap);
out:
	sl_key_clear(&mac);
	return err;
}

enum sl_err
sl_edhoc_check_proof(
        const struct sl_edhoc_proof *proof, const struct sl_pkey *key, struct sl_span sig_or_mac)
{
	const struct sl_edhoc *s = proof->session;
	struct sl_edhoc_bytes scratch = s->memory.scratch;
	struct sl_writer w = sl_writer_over(scratch.bytes, scratch.cap);
	struct sl_key mac = {.len = 0};
	enum sl_err err = make_mac(proof, &mac);

	if (err != SL_OK)
		goto out;
	if (!sl_edhoc_signs(s->method, proof->is_2)) {
		err = sl_equal_secret(sl_key_view(&mac), sig_or_mac) ? SL_OK : SL_EAUTH;
		goto out;
	}
	err = write_tbs(&w, proof, &mac);
	if (err == SL_OK)
		err = sl_verify_raw(key, sl_writer_span(&w), sig_or_mac);
	sl_wipe(scratch.bytes, w.len < scratch.cap ? w.len : scratch.cap);
out:
	sl_key_clear(&mac);
	return err;
}

/* The map of a lone kid is restored behind the plaintext. */
enum sl_err
sl_edhoc_keep_plaintext(struct sl_edhoc *s, const struct sl_edhoc_plaintext *plaintext, size_t len)
{
	struct sl_edhoc_bytes out = s->memory.plaintext;
	struct sl_writer w = sl_writer_over(out.bytes + len, out.cap - len);

	if (plaintext->id_cred.len == 0)
		sl_edhoc_kid_map_write(&w, plaintext->kid);
	if (w.failed)
		return SL_ESPACE;
	s->id_cred = w.len > 0 ? sl_writer_span(&w) : plaintext->id_cred;
	s->plaintext_len = len;
	s->kept_len = len + w.len;
	s->sig_or_mac = plaintext->sig_or_mac;
	s->ead = plaintext->ead;
	return SL_OK;
}

/* Our own credential, or our own key in another one, is no peer (section 9.1, reflection). */
static bool
is_own(const struct sl_edhoc *s, const struct sl_edhoc_credential *peer)
{
	return sl_span_equal(s->own->cred, peer->cred) || sl_pkey_same_holder(s->own->key, peer->key);
}

static enum sl_err
try_candidate(const struct sl_edhoc *s, const struct sl_edhoc_credential *peer, struct sl_key *prk)
{
	bool is_2 = s->role == SL_EDHOC_INITIATOR;
	struct sl_edhoc_proof proof = {
	        s, is_2, sl_key_view(&s->th), sl_key_view(&s->prk), s->id_cred, peer->cred, s->ead};
	enum sl_err err;

	if (!sl_edhoc_fits(s, peer->key, is_2) || is_own(s, peer))
		return SL_EAUTH;
	err = sl_edhoc_static_prk(&proof, s->ephemeral, peer->key, prk);
	proof.prk = sl_key_view(prk);
	return err == SL_OK ? sl_edhoc_check_proof(&proof, peer->key, s->sig_or_mac) : err;
}

static enum sl_err
accept(struct sl_edhoc *s, struct sl_span cred, const struct sl_key *prk)
{
	struct sl_span plaintext = sl_span(s->memory.plaintext.bytes, s->plaintext_len);
	struct sl_key th_3;
	enum sl_err err;

	s->prk = *prk;
	if (s->role == SL_EDHOC_RESPONDER)
		return sl_edhoc_complete(s, plaintext, cred);
	err = sl_edhoc_next_th(s, plaintext, cred, &th_3);
	if (err == SL_OK)
		s->th = th_3;
	return err;
}

enum sl_err
sl_edhoc_verify(struct sl_edhoc *s, const struct sl_edhoc_credential *candidates, size_t count,
        size_t *which)
{
	enum sl_err err = SL_EAUTH;
	struct sl_key prk = {.len = 0};
	size_t i = 0;

	if (!sl_edhoc_is_due(s, STEP_VERIFY))
		return SL_EREPLAY;
	if (count > SL_EDHOC_CANDIDATES_MAX)
		return sl_edhoc_fail(s, SL_ELIMIT, SL_EDHOC_ERROR_UNSPECIFIED);
	while (i < count && err != SL_OK)
		err = try_candidate(s, &candidates[i++], &prk);
	if (err == SL_OK)
		err = accept(s, candidates[i - 1].cred, &prk);
	sl_key_clear(&prk);
	if (err != SL_OK)
		return sl_edhoc_fail(s, err, SL_EDHOC_ERROR_UNSPECIFIED);
	sl_edhoc_forget_plaintext(s);
	sl_edhoc_advance(s, STEP_VERIFY);
	if (s->role == SL_EDHOC_RESPONDER && s->profile->message_4 == SL_EDHOC_M4_NEVER) {
		s->state = SL_EDHOC_PERSISTED;
		sl_key_clear(&s->prk);
	}
	*which = i - 1;
	return SL_OK;
}
