/* SPDX-License-Identifier: BSD-2-Clause
 * The Responder: RFC 9528 sections 5.2.3, 5.3.2, 5.4.3 and 5.5.2. */
#include "inside.h"

/* message_1, parsed; the suites were read whole. */
struct message_1 {
	int64_t method;
	struct sl_edhoc_suites suites;
	struct sl_span g_x, c_i, ead;
};

static enum sl_err
parse_1(struct message_1 *got, struct sl_span message)
{
	struct sl_reader r = sl_reader_over(message), ead;
	struct sl_edhoc_ead_item item;

	got->method = sl_cbor_read_int(&r);
	got->suites = sl_edhoc_suites_read(&r);
	got->g_x = sl_cbor_read_bytes(&r);
	got->c_i = sl_edhoc_id_read(&r);
	if (r.failed)
		return SL_EMALFORMED;
	got->ead = sl_read_rest(&r);
	ead = sl_reader_over(got->ead);
	while (sl_edhoc_ead_next(&ead, &item))
		;
	return sl_reader_finish(&ead);
}

/* Section 5.2.3: the last entry is selected; it is the first one that we support. */
static const struct sl_edhoc_suite *
select_suite(const struct sl_edhoc_profile *profile, struct sl_edhoc_suites suites)
{
	const struct sl_edhoc_suite *suite = NULL;
	int64_t number;

	while (sl_edhoc_suites_next(&suites, &number)) {
		if (suite != NULL)
			return NULL; /* supported, but not selected */
		suite = sl_edhoc_allowed_suite(profile, number);
	}
	return suite;
}

static enum sl_err
check_1(struct sl_edhoc *s, const struct message_1 *got, enum sl_edhoc_error_code *code)
{
	enum sl_err err;

	if (got->method < 0 || got->method > 3 || !(s->profile->methods & (1u << got->method)))
		return SL_EUNSUPPORTED;
	s->method = (int)got->method;
	s->suite = select_suite(s->profile, got->suites);
	if (s->suite == NULL) {
		*code = SL_EDHOC_ERROR_WRONG_SUITE;
		return SL_EUNSUPPORTED;
	}
	if (got->g_x.len != s->suite->point_len)
		return SL_EMALFORMED;
	err = sl_pkey_from_raw_public(&s->peer_ephemeral, s->suite->ecdh, got->g_x);
	if (err == SL_OK)
		err = sl_edhoc_check_id(s, got->c_i);
	if (err != SL_OK)
		return err;
	sl_edhoc_id_set(&s->c_i, got->c_i);
	return sl_edhoc_ead_check(got->ead, s->profile);
}

enum sl_err
sl_edhoc_read_message_1(struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_seen *seen)
{
	enum sl_edhoc_error_code code = SL_EDHOC_ERROR_UNSPECIFIED;
	struct message_1 got;
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_READ_1))
		return SL_EREPLAY;
	err = parse_1(&got, message);
	if (err == SL_OK)
		err = check_1(s, &got, &code);
	if (err == SL_OK)
		err = sl_edhoc_hash(s->suite, message, &s->heard);
	if (err != SL_OK)
		return sl_edhoc_fail(s, err, code);
	sl_edhoc_advance(s, STEP_READ_1);
	*seen = (struct sl_edhoc_seen){{NULL, 0}, got.ead};
	return SL_OK;
}

static enum sl_err
check_message_2(const struct sl_edhoc *s, const struct sl_edhoc_message_2 *in)
{
	if (in->ephemeral == NULL || sl_pkey_type(in->ephemeral) != s->suite->ecdh ||
	        !sl_edhoc_fits(s, in->own->key, true) || sl_edhoc_check_id(s, in->c_r) != SL_OK)
		return SL_EMALFORMED;
	if (s->profile->for_oscore && sl_span_equal(in->c_r, sl_edhoc_id_view(&s->c_i)))
		return SL_EMALFORMED;
	return sl_edhoc_ead_check(in->ead, s->profile);
}

/* TH_2, PRK_2e, PRK_3e2m, and PLAINTEXT_2 into inner. */
static enum sl_err
write_plaintext_2(struct sl_edhoc *s, const struct sl_edhoc_message_2 *in,
        const struct sl_edhoc_start *start, struct sl_key *prk_3e2m, struct sl_writer *inner)
{
	struct sl_edhoc_sig_or_mac sig_or_mac = {.len = 0};
	struct sl_edhoc_plaintext plaintext_2 = {.id_cred = in->own->id_cred, .ead = in->ead};
	struct sl_edhoc_proof proof = {
	        s, true, {NULL, 0}, {NULL, 0}, in->own->id_cred, in->own->cred, in->ead};
	enum sl_err err = sl_edhoc_begin_keys(s, start, &s->th, &s->prk);

	proof.th = sl_key_view(&s->th);
	proof.prk = sl_key_view(&s->prk);
	if (err == SL_OK)
		err = sl_edhoc_static_prk(&proof, in->own->key, s->peer_ephemeral, prk_3e2m);
	proof.prk = sl_key_view(prk_3e2m);
	if (err == SL_OK)
		err = sl_edhoc_prove(&proof, in->own, &sig_or_mac);
	plaintext_2.sig_or_mac = sl_span(sig_or_mac.bytes, sig_or_mac.len);
	sl_edhoc_id_write(inner, sl_edhoc_id_view(&s->c_r));
	sl_edhoc_plaintext_write(inner, &plaintext_2);
	sl_wipe(&sig_or_mac, sizeof sig_or_mac);
	return err == SL_OK ? sl_writer_finish(inner) : err;
}

/* G_Y and CIPHERTEXT_2. */
static enum sl_err
encrypt_2(struct sl_edhoc *s, struct sl_span g_y, struct sl_span plaintext_2)
{
	struct sl_writer w = sl_writer_over(s->memory.message.bytes, s->memory.message.cap);
	struct sl_edhoc_kdf kdf = {s->suite, sl_key_view(&s->prk), 0, {sl_key_view(&s->th)}};
	uint8_t *out;

	sl_cbor_write_bytes_head(&w, g_y.len + plaintext_2.len);
	sl_write_span(&w, g_y);
	out = sl_write_reserve(&w, plaintext_2.len);
	if (out == NULL)
		return SL_ESPACE;
	s->message_len = w.len;
	return sl_edhoc_stream(&kdf, s->memory.scratch, plaintext_2, out);
}

static enum sl_err
write_message_2(struct sl_edhoc *s, const struct sl_edhoc_message_2 *in)
{
	struct sl_edhoc_bytes memory = s->memory.plaintext;
	struct sl_writer inner = sl_writer_over(memory.bytes, memory.cap);
	struct sl_key prk_3e2m = {.len = 0}, th_3;
	uint8_t g_y[SL_EDHOC_COORDINATES_MAX];
	size_t g_y_len = 0;
	struct sl_edhoc_start start = {
	        {NULL, 0}, sl_key_view(&s->heard), s->ephemeral, s->peer_ephemeral};
	enum sl_err err = sl_pkey_to_raw_public(s->ephemeral, g_y, sizeof g_y, &g_y_len);

	sl_edhoc_id_set(&s->c_r, in->c_r);
	start.g_y = sl_span(g_y, s->suite->point_len);
	if (err == SL_OK)
		err = write_plaintext_2(s, in, &start, &prk_3e2m, &inner);
	if (err == SL_OK)
		err = encrypt_2(s, start.g_y, sl_writer_span(&inner));
	if (err == SL_OK)
		err = sl_edhoc_next_th(s, sl_writer_span(&inner), in->own->cred, &th_3);
	if (err == SL_OK) {
		s->th = th_3;
		s->prk = prk_3e2m;
	}
	sl_wipe(memory.bytes, inner.len < memory.cap ? inner.len : memory.cap);
	sl_key_clear(&prk_3e2m);
	return err;
}

enum sl_err
sl_edhoc_write_message_2(
        struct sl_edhoc *s, const struct sl_edhoc_message_2 *in, struct sl_span *out)
{
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_WRITE_2)) {
		sl_pkey_free(in->ephemeral);
		return SL_EREPLAY;
	}
	s->ephemeral = in->ephemeral;
	s->own = in->own;
	err = check_message_2(s, in);
	if (err == SL_OK)
		err = write_message_2(s, in);
	if (err != SL_OK)
		return sl_edhoc_fail(s, err, SL_EDHOC_ERROR_UNSPECIFIED);
	sl_edhoc_advance(s, STEP_WRITE_2);
	*out = sl_edhoc_message(s);
	return SL_OK;
}

static enum sl_err
parse_3(struct sl_edhoc *s, struct sl_edhoc_plaintext *got, struct sl_span plaintext_3)
{
	enum sl_err err = sl_edhoc_plaintext_read(got, plaintext_3, false);

	if (err == SL_OK && got->sig_or_mac.len != sl_edhoc_sig_or_mac_len(s, false))
		err = SL_EMALFORMED;
	return err == SL_OK ? sl_edhoc_ead_check(got->ead, s->profile) : err;
}

enum sl_err
sl_edhoc_read_message_3(struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_seen *seen)
{
	struct sl_edhoc_envelope envelope = {
	        s, sl_key_view(&s->th), sl_key_view(&s->prk), LABEL_K_3};
	struct sl_span plaintext_3 = {NULL, 0};
	struct sl_edhoc_plaintext got;
	struct sl_key heard;
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_READ_3))
		return SL_EREPLAY;
	err = sl_edhoc_open(&envelope, message, &plaintext_3);
	if (err == SL_OK)
		err = parse_3(s, &got, plaintext_3);
	if (err == SL_OK)
		err = sl_edhoc_hash(s->suite, message, &heard);
	if (err == SL_OK)
		err = sl_edhoc_keep_plaintext(s, &got, plaintext_3.len);
	if (err != SL_OK) {
		sl_wipe(s->memory.plaintext.bytes, plaintext_3.len);
		return sl_edhoc_reject(s, err);
	}
	s->heard = heard;
	sl_edhoc_forget_message(s);
	sl_edhoc_advance(s, STEP_READ_3);
	*seen = (struct sl_edhoc_seen){s->id_cred, s->ead};
	return SL_OK;
}

enum sl_err
sl_edhoc_write_message_4(struct sl_edhoc *s, struct sl_span ead, struct sl_span *out)
{
	struct sl_writer w = sl_writer_over(s->memory.message.bytes, s->memory.message.cap);
	struct sl_edhoc_envelope envelope = {
	        s, sl_key_view(&s->th), sl_key_view(&s->prk), LABEL_K_4};
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_WRITE_4))
		return SL_EREPLAY;
	err = sl_edhoc_ead_check(ead, s->profile);
	if (err == SL_OK)
		err = sl_edhoc_seal(&envelope, ead, &w);
	if (err != SL_OK)
		return sl_edhoc_fail(s, err, SL_EDHOC_ERROR_UNSPECIFIED);
	s->message_len = w.len;
	sl_key_clear(&s->prk);
	sl_edhoc_advance(s, STEP_WRITE_4);
	*out = sl_edhoc_message(s);
	return SL_OK;
}
