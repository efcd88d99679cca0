/* SPDX-License-Identifier: BSD-2-Clause
 * The Initiator: RFC 9528 sections 5.2.2, 5.3.3, 5.4.2 and 5.5.3. */
#include "inside.h"

/* SUITES_I: every suite preferred over the selected one, and that one at the end. */
static size_t
count_suites(const struct sl_edhoc_profile *profile, int64_t selected)
{
	size_t i = 0;

	while (profile->suites[i] != selected)
		i++;
	return i + 1;
}

static enum sl_err
check_message_1(const struct sl_edhoc *s, const struct sl_edhoc_message_1 *in)
{
	if (in->method < 0 || in->method > 3 || !(s->profile->methods & (1u << in->method)) ||
	        s->suite == NULL)
		return SL_EUNSUPPORTED;
	if (in->ephemeral == NULL || sl_pkey_type(in->ephemeral) != s->suite->ecdh ||
	        !sl_edhoc_fits(s, in->own->key, false) || sl_edhoc_check_id(s, in->c_i) != SL_OK)
		return SL_EMALFORMED;
	return sl_edhoc_ead_check(in->ead, s->profile);
}

static enum sl_err
write_message_1(struct sl_edhoc *s, const struct sl_edhoc_message_1 *in)
{
	struct sl_writer w = sl_writer_over(s->memory.message.bytes, s->memory.message.cap);
	uint8_t g_x[SL_EDHOC_COORDINATES_MAX];
	size_t g_x_len = 0;
	enum sl_err err = sl_pkey_to_raw_public(in->ephemeral, g_x, sizeof g_x, &g_x_len);

	sl_edhoc_id_set(&s->c_i, in->c_i);
	if (err != SL_OK)
		return err;
	sl_cbor_write_int(&w, in->method);
	sl_edhoc_suites_write(&w, s->profile->suites, count_suites(s->profile, in->suite));
	sl_cbor_write_bytes(&w, sl_span(g_x, s->suite->point_len));
	sl_edhoc_id_write(&w, in->c_i);
	sl_write_span(&w, in->ead);
	err = sl_writer_finish(&w);
	s->message_len = err == SL_OK ? w.len : 0;
	return err == SL_OK ? sl_edhoc_hash(s->suite, sl_edhoc_message(s), &s->th) : err;
}

enum sl_err
sl_edhoc_write_message_1(
        struct sl_edhoc *s, const struct sl_edhoc_message_1 *in, struct sl_span *out)
{
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_WRITE_1)) {
		sl_pkey_free(in->ephemeral);
		return SL_EREPLAY;
	}
	s->ephemeral = in->ephemeral;
	s->suite = sl_edhoc_allowed_suite(s->profile, in->suite);
	s->method = (int)in->method;
	s->own = in->own;
	err = check_message_1(s, in);
	if (err == SL_OK)
		err = write_message_1(s, in);
	if (err != SL_OK)
		return sl_edhoc_fail(s, err, SL_EDHOC_ERROR_NONE);
	sl_edhoc_advance(s, STEP_WRITE_1);
	*out = sl_edhoc_message(s);
	return SL_OK;
}

/* What message_2 gives, before the run takes it over. */
struct message_2 {
	struct sl_pkey *peer;
	struct sl_key th_2, prk_2e, heard;
	struct sl_edhoc_plaintext plaintext;
	size_t plaintext_len; /* bytes of memory.plaintext that were written */
};

/* Decrypts into memory.plaintext. */
static enum sl_err
decrypt_2(struct sl_edhoc *s, struct message_2 *got, struct sl_span message)
{
	struct sl_edhoc_bytes out = s->memory.plaintext;
	struct sl_reader outer = sl_reader_over(message), in;
	struct sl_span g_y, ciphertext;
	struct sl_edhoc_start start;
	struct sl_edhoc_kdf kdf = {.suite = s->suite};
	enum sl_err err;

	in = sl_reader_over(sl_cbor_read_bytes(&outer));
	g_y = sl_read_span(&in, s->suite->point_len);
	ciphertext = sl_read_rest(&in);
	if (sl_reader_finish(&outer) != SL_OK || in.failed || ciphertext.len == 0)
		return SL_EMALFORMED;
	if (ciphertext.len > out.cap)
		return SL_ESPACE;
	err = sl_pkey_from_raw_public(&got->peer, s->suite->ecdh, g_y);
	if (err != SL_OK)
		return err;
	start = (struct sl_edhoc_start){g_y, sl_key_view(&s->th), s->ephemeral, got->peer};
	err = sl_edhoc_begin_keys(s, &start, &got->th_2, &got->prk_2e);
	kdf.prk = sl_key_view(&got->prk_2e);
	kdf.context[0] = sl_key_view(&got->th_2);
	got->plaintext_len = ciphertext.len;
	return err == SL_OK ? sl_edhoc_stream(&kdf, s->memory.scratch, ciphertext, out.bytes) : err;
}

static enum sl_err
parse_2(struct sl_edhoc *s, struct message_2 *got)
{
	struct sl_span bytes = sl_span(s->memory.plaintext.bytes, got->plaintext_len);
	enum sl_err err = sl_edhoc_plaintext_read(&got->plaintext, bytes, true);

	if (err != SL_OK)
		return err;
	if (got->plaintext.sig_or_mac.len != sl_edhoc_sig_or_mac_len(s, true))
		return SL_EMALFORMED;
	if (s->profile->for_oscore && sl_span_equal(got->plaintext.c_r, sl_edhoc_id_view(&s->c_i)))
		return SL_EAUTH;
	err = sl_edhoc_check_id(s, got->plaintext.c_r);
	return err == SL_OK ? sl_edhoc_ead_check(got->plaintext.ead, s->profile) : err;
}

enum sl_err
sl_edhoc_read_message_2(struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_seen *seen)
{
	struct message_2 got = {.peer = NULL};
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_READ_2))
		return SL_EREPLAY;
	err = decrypt_2(s, &got, message);
	if (err == SL_OK)
		err = parse_2(s, &got);
	if (err == SL_OK)
		err = sl_edhoc_hash(s->suite, message, &got.heard);
	if (err == SL_OK)
		err = sl_edhoc_keep_plaintext(s, &got.plaintext, got.plaintext_len);
	if (err != SL_OK) {
		sl_wipe(s->memory.plaintext.bytes, got.plaintext_len);
		sl_pkey_free(got.peer);
		err = sl_edhoc_reject(s, err);
		goto out;
	}
	sl_edhoc_id_set(&s->c_r, got.plaintext.c_r);
	s->peer_ephemeral = got.peer;
	s->th = got.th_2;
	s->prk = got.prk_2e;
	s->heard = got.heard;
	sl_edhoc_forget_message(s);
	sl_edhoc_advance(s, STEP_READ_2);
	*seen = (struct sl_edhoc_seen){s->id_cred, s->ead};
out:
	sl_wipe(&got, sizeof got);
	return err;
}

enum sl_err
sl_edhoc_write_message_3(struct sl_edhoc *s, struct sl_span ead, struct sl_span *out)
{
	struct sl_edhoc_bytes memory = s->memory.plaintext;
	struct sl_writer inner = sl_writer_over(memory.bytes, memory.cap);
	struct sl_writer w = sl_writer_over(s->memory.message.bytes, s->memory.message.cap);
	struct sl_edhoc_envelope envelope = {
	        s, sl_key_view(&s->th), sl_key_view(&s->prk), LABEL_K_3};
	struct sl_edhoc_sig_or_mac sig_or_mac = {.len = 0};
	struct sl_key prk_4e3m = {.len = 0};
	struct sl_edhoc_proof proof;
	struct sl_edhoc_plaintext plaintext_3;
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_WRITE_3))
		return SL_EREPLAY;
	proof = (struct sl_edhoc_proof){s, false, sl_key_view(&s->th), sl_key_view(&s->prk),
	        s->own->id_cred, s->own->cred, ead};
	err = sl_edhoc_ead_check(ead, s->profile);
	if (err == SL_OK)
		err = sl_edhoc_static_prk(&proof, s->own->key, s->peer_ephemeral, &prk_4e3m);
	proof.prk = sl_key_view(&prk_4e3m);
	if (err == SL_OK)
		err = sl_edhoc_prove(&proof, s->own, &sig_or_mac);
	plaintext_3 = (struct sl_edhoc_plaintext){.id_cred = s->own->id_cred,
	        .sig_or_mac = sl_span(sig_or_mac.bytes, sig_or_mac.len),
	        .ead = ead};
	sl_edhoc_plaintext_write(&inner, &plaintext_3);
	if (err == SL_OK)
		err = sl_writer_finish(&inner);
	if (err == SL_OK)
		err = sl_edhoc_seal(&envelope, sl_writer_span(&inner), &w);
	if (err == SL_OK) {
		s->prk = prk_4e3m;
		s->message_len = w.len;
		err = sl_edhoc_complete(s, sl_writer_span(&inner), s->own->cred);
	}
	sl_wipe(memory.bytes, inner.len < memory.cap ? inner.len : memory.cap);
	sl_wipe(&sig_or_mac, sizeof sig_or_mac);
	sl_key_clear(&prk_4e3m);
	if (err != SL_OK)
		return sl_edhoc_fail(s, err, SL_EDHOC_ERROR_UNSPECIFIED);
	sl_edhoc_advance(s, STEP_WRITE_3);
	*out = sl_edhoc_message(s);
	return SL_OK;
}

enum sl_err
sl_edhoc_read_message_4(struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_seen *seen)
{
	struct sl_edhoc_envelope envelope = {
	        s, sl_key_view(&s->th), sl_key_view(&s->prk), LABEL_K_4};
	struct sl_span plaintext = {NULL, 0};
	struct sl_key heard;
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_READ_4))
		return SL_EREPLAY;
	err = sl_edhoc_open(&envelope, message, &plaintext);
	if (err == SL_OK)
		err = sl_edhoc_ead_check(plaintext, s->profile);
	if (err == SL_OK)
		err = sl_edhoc_hash(s->suite, message, &heard);
	if (err != SL_OK) {
		sl_wipe(s->memory.plaintext.bytes, plaintext.len);
		return sl_edhoc_reject(s, err);
	}
	s->kept_len = plaintext.len;
	s->heard = heard;
	sl_edhoc_forget_message(s);
	sl_key_clear(&s->prk);
	sl_edhoc_advance(s, STEP_READ_4);
	*seen = (struct sl_edhoc_seen){{NULL, 0}, plaintext};
	return SL_OK;
}
