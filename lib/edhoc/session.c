/* SPDX-License-Identifier: BSD-2-Clause
 * One run of EDHOC: its states (RFC 9528 appendix I), its end, and what can be taken from it
 * (section 4.2, appendices A.1 and H). */
#include "inside.h"

#include <assert.h>
#include <string.h>

#define LABEL_PRK_OUT      7
#define LABEL_PRK_EXPORTER 10
#define LABEL_KEY_UPDATE   11
#define EXPORT_SECRET      0
#define EXPORT_SALT        1
#define OSCORE_SALT_LEN    8
#define OSCORE_NONCE_EXTRA 6 /* an OSCORE ID is this much shorter than the nonce */

#define I SL_EDHOC_INITIATOR
#define R SL_EDHOC_RESPONDER

static const struct {
	enum sl_edhoc_role role;
	enum sl_edhoc_state from;
	enum sl_edhoc_step step;
	enum sl_edhoc_state to;
} transitions[] = {
        {I, SL_EDHOC_START, STEP_WRITE_1, SL_EDHOC_WAIT_M2},
        {I, SL_EDHOC_WAIT_M2, STEP_READ_2, SL_EDHOC_READ_M2},
        {I, SL_EDHOC_WAIT_M2, STEP_READ_ERROR, SL_EDHOC_ABORTED},
        {I, SL_EDHOC_READ_M2, STEP_VERIFY, SL_EDHOC_VRFD_M2},
        {I, SL_EDHOC_VRFD_M2, STEP_WRITE_3, SL_EDHOC_COMPLETED},
        {I, SL_EDHOC_COMPLETED, STEP_READ_4, SL_EDHOC_PERSISTED},
        {I, SL_EDHOC_COMPLETED, STEP_CONFIRM, SL_EDHOC_PERSISTED},
        {I, SL_EDHOC_COMPLETED, STEP_READ_ERROR, SL_EDHOC_ABORTED},
        {R, SL_EDHOC_START, STEP_READ_1, SL_EDHOC_VRFD_M1},
        {R, SL_EDHOC_VRFD_M1, STEP_WRITE_2, SL_EDHOC_WAIT_M3},
        {R, SL_EDHOC_WAIT_M3, STEP_READ_3, SL_EDHOC_READ_M3},
        {R, SL_EDHOC_WAIT_M3, STEP_READ_ERROR, SL_EDHOC_ABORTED},
        {R, SL_EDHOC_READ_M3, STEP_VERIFY, SL_EDHOC_COMPLETED},
        {R, SL_EDHOC_COMPLETED, STEP_WRITE_4, SL_EDHOC_PERSISTED},
};

#define TRANSITIONS (sizeof transitions / sizeof transitions[0])

/* Index into the table, or TRANSITIONS. */
static size_t
find_transition(const struct sl_edhoc *s, enum sl_edhoc_step step)
{
	size_t i = 0;

	while (i < TRANSITIONS &&
	        (transitions[i].role != s->role || transitions[i].from != s->state ||
	                transitions[i].step != step))
		i++;
	return i;
}

bool
sl_edhoc_is_due(const struct sl_edhoc *s, enum sl_edhoc_step step)
{
	if ((step == STEP_READ_4 || step == STEP_WRITE_4) &&
	        s->profile->message_4 == SL_EDHOC_M4_NEVER)
		return false;
	if (step == STEP_CONFIRM && s->profile->message_4 == SL_EDHOC_M4_REQUIRED)
		return false;
	return find_transition(s, step) < TRANSITIONS;
}

void
sl_edhoc_advance(struct sl_edhoc *s, enum sl_edhoc_step step)
{
	size_t i = find_transition(s, step);

	assert(i < TRANSITIONS);
	s->state = transitions[i].to;
}

void
sl_edhoc_init(struct sl_edhoc *s, enum sl_edhoc_role role, const struct sl_edhoc_profile *profile,
        const struct sl_edhoc_memory *memory)
{
	*s = (struct sl_edhoc){.role = role, .profile = profile, .memory = *memory};
}

void
sl_edhoc_forget_plaintext(struct sl_edhoc *s)
{
	sl_wipe(s->memory.plaintext.bytes, s->kept_len);
	s->plaintext_len = s->kept_len = 0;
	s->id_cred = s->sig_or_mac = s->ead = sl_span(NULL, 0);
}

void
sl_edhoc_forget_message(struct sl_edhoc *s)
{
	sl_wipe(s->memory.message.bytes, s->message_len);
	s->message_len = 0;
}

void
sl_edhoc_forget_ephemeral(struct sl_edhoc *s)
{
	sl_pkey_free(s->ephemeral);
	sl_pkey_free(s->peer_ephemeral);
	s->ephemeral = s->peer_ephemeral = NULL;
}

void
sl_edhoc_move(struct sl_edhoc *s, const struct sl_edhoc_memory *memory, struct sl_pkey **ephemeral)
{
	struct sl_pkey *old = s->ephemeral;

	s->ephemeral = NULL;
	sl_edhoc_forget_ephemeral(s);
	sl_edhoc_forget_message(s);
	s->memory = *memory;
	s->ephemeral = *ephemeral;
	*ephemeral = old;
}

void
sl_edhoc_abort(struct sl_edhoc *s)
{
	sl_edhoc_forget_plaintext(s);
	sl_edhoc_forget_message(s);
	sl_edhoc_forget_ephemeral(s);
	sl_key_clear(&s->th);
	sl_key_clear(&s->prk);
	sl_key_clear(&s->heard);
	sl_key_clear(&s->prk_out);
	sl_key_clear(&s->prk_exporter);
	s->own = NULL;
	s->error = SL_EDHOC_ERROR_NONE;
	s->state = SL_EDHOC_ABORTED;
}

void
sl_edhoc_clear(struct sl_edhoc *s)
{
	sl_edhoc_abort(s);
	sl_wipe(s, sizeof *s);
	s->state = SL_EDHOC_ABORTED;
}

enum sl_err
sl_edhoc_fail(struct sl_edhoc *s, enum sl_err err, enum sl_edhoc_error_code code)
{
	sl_edhoc_abort(s);
	s->error = code;
	return err;
}

enum sl_err
sl_edhoc_reject(struct sl_edhoc *s, enum sl_err err)
{
	if (s->forgeries >= s->profile->forgeries_max)
		return sl_edhoc_fail(s, err, SL_EDHOC_ERROR_UNSPECIFIED);
	s->forgeries++;
	return err;
}

void
sl_edhoc_refuse(struct sl_edhoc *s, enum sl_edhoc_error_code code)
{
	if (sl_edhoc_is_due(s, STEP_VERIFY) || sl_edhoc_is_due(s, STEP_WRITE_2) ||
	        sl_edhoc_is_due(s, STEP_WRITE_3))
		(void)sl_edhoc_fail(s, SL_EAUTH, code);
}

const struct sl_edhoc_suite *
sl_edhoc_allowed_suite(const struct sl_edhoc_profile *profile, int64_t number)
{
	const struct sl_edhoc_suite *suite = sl_edhoc_suite(number);

	if (suite == NULL || (profile->for_oscore && !sl_edhoc_suite_has_oscore(suite)))
		return NULL;
	for (size_t i = 0; i < profile->suite_count; i++)
		if (profile->suites[i] == number)
			return suite;
	return NULL;
}

enum sl_err
sl_edhoc_write_error(struct sl_edhoc *s, struct sl_writer *w)
{
	const struct sl_edhoc_profile *profile = s->profile;
	size_t count = 0;

	if (s->error == SL_EDHOC_ERROR_NONE)
		return SL_ENOTFOUND;
	sl_cbor_write_int(w, s->error);
	if (s->error == SL_EDHOC_ERROR_UNSPECIFIED)
		sl_cbor_write_text(w, "processing failed");
	if (s->error == SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL)
		sl_cbor_write_bool(w, true);
	if (s->error == SL_EDHOC_ERROR_WRONG_SUITE) { /* all of ours, section 6.3.2 */
		for (size_t i = 0; i < profile->suite_count; i++)
			count += sl_edhoc_allowed_suite(profile, profile->suites[i]) != NULL;
		if (count > 1)
			sl_cbor_write_array(w, count);
		for (size_t i = 0; i < profile->suite_count; i++)
			if (sl_edhoc_allowed_suite(profile, profile->suites[i]) != NULL)
				sl_cbor_write_int(w, profile->suites[i]);
	}
	if (w->failed)
		return SL_ESPACE;
	s->error = SL_EDHOC_ERROR_NONE;
	return SL_OK;
}

static bool
names_suite(const struct sl_edhoc_error *error, int64_t number)
{
	struct sl_reader r = sl_reader_over(error->suites);
	struct sl_edhoc_suites suites = sl_edhoc_suites_read(&r);
	int64_t seen;

	while (sl_edhoc_suites_next(&suites, &seen))
		if (seen == number)
			return true;
	return false;
}

enum sl_err
sl_edhoc_read_error(struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_error *error)
{
	struct sl_edhoc_error got;
	enum sl_err err;

	if (!sl_edhoc_is_due(s, STEP_READ_ERROR))
		return SL_EREPLAY;
	err = sl_edhoc_error_read(&got, message);
	if (err == SL_OK && got.code == SL_EDHOC_ERROR_WRONG_SUITE && s->state != SL_EDHOC_WAIT_M2)
		return SL_EAUTH;
	sl_edhoc_abort(s); /* never an error in answer to an error */
	if (err == SL_OK)
		*error = got;
	return err;
}

enum sl_err
sl_edhoc_next_suite(const struct sl_edhoc_profile *profile, const struct sl_edhoc_error *error,
        int64_t tried, int64_t *next)
{
	if (names_suite(error, tried))
		return SL_ENOTFOUND;
	for (size_t i = 0; i < profile->suite_count; i++) {
		int64_t number = profile->suites[i];

		if (sl_edhoc_allowed_suite(profile, number) != NULL && names_suite(error, number)) {
			*next = number;
			return SL_OK;
		}
	}
	return SL_ENOTFOUND;
}

enum sl_err
sl_edhoc_check_id(const struct sl_edhoc *s, struct sl_span id)
{
	size_t nonce_len = sl_aead_by_cose(s->suite->app_aead)->nonce_len;

	if (id.len > SL_EDHOC_ID_MAX)
		return SL_EAUTH;
	return s->profile->for_oscore && id.len > nonce_len - OSCORE_NONCE_EXTRA ? SL_EAUTH : SL_OK;
}

enum sl_err
sl_edhoc_confirm(struct sl_edhoc *s)
{
	if (!sl_edhoc_is_due(s, STEP_CONFIRM))
		return SL_EREPLAY;
	sl_edhoc_advance(s, STEP_CONFIRM);
	sl_key_clear(&s->prk);
	return SL_OK;
}

struct sl_span
sl_edhoc_message(const struct sl_edhoc *s)
{
	return sl_span(s->memory.message.bytes, s->message_len);
}

bool
sl_edhoc_is_duplicate(const struct sl_edhoc *s, struct sl_span message)
{
	struct sl_key hash;

	return s->heard.len > 0 && sl_edhoc_hash(s->suite, message, &hash) == SL_OK &&
	       sl_equal_secret(sl_key_view(&hash), sl_key_view(&s->heard));
}

static enum sl_err
derive_exporter(const struct sl_edhoc *s, struct sl_span prk_out, struct sl_key *prk_exporter)
{
	struct sl_edhoc_kdf kdf = {s->suite, prk_out, LABEL_PRK_EXPORTER, {{NULL, 0}}};

	prk_exporter->len = sl_hash_len(s->suite->hash);
	return sl_edhoc_expand(&kdf, s->memory.scratch, prk_exporter->bytes, prk_exporter->len);
}

enum sl_err
sl_edhoc_complete(struct sl_edhoc *s, struct sl_span plaintext_3, struct sl_span cred_i)
{
	struct sl_key th_4;
	struct sl_key out = {.len = sl_hash_len(s->suite->hash)}, exporter = {.len = 0};
	struct sl_edhoc_kdf kdf = {s->suite, sl_key_view(&s->prk), LABEL_PRK_OUT, {{NULL, 0}}};
	enum sl_err err = sl_edhoc_next_th(s, plaintext_3, cred_i, &th_4);

	kdf.context[0] = sl_key_view(&th_4);
	if (err == SL_OK)
		err = sl_edhoc_expand(&kdf, s->memory.scratch, out.bytes, out.len);
	if (err == SL_OK)
		err = derive_exporter(s, sl_key_view(&out), &exporter);
	if (err == SL_OK) {
		s->th = th_4;
		s->prk_out = out;
		s->prk_exporter = exporter;
		s->own = NULL;
		if (!s->profile->keeps_ephemeral)
			sl_edhoc_forget_ephemeral(s);
	}
	sl_key_clear(&out);
	sl_key_clear(&exporter);
	return err;
}

static bool
has_keys(const struct sl_edhoc *s)
{
	return s->state == SL_EDHOC_COMPLETED || s->state == SL_EDHOC_PERSISTED;
}

enum sl_err
sl_edhoc_export(
        const struct sl_edhoc *s, uint64_t label, struct sl_span context, uint8_t *out, size_t len)
{
	struct sl_edhoc_kdf kdf = {
	        s->suite, sl_key_view(&s->prk_exporter), (int64_t)label, {context}};

	if (!has_keys(s))
		return SL_EREPLAY;
	return label > INT64_MAX ? SL_EMALFORMED
	                         : sl_edhoc_expand(&kdf, s->memory.scratch, out, len);
}

enum sl_err
sl_edhoc_oscore(const struct sl_edhoc *s, struct sl_edhoc_oscore *out)
{
	struct sl_edhoc_oscore got = {.master_salt.len = OSCORE_SALT_LEN};
	bool is_initiator = s->role == SL_EDHOC_INITIATOR;
	const struct sl_aead *aead;
	enum sl_err err;

	if (!has_keys(s))
		return SL_EREPLAY;
	aead = sl_aead_by_cose(s->suite->app_aead);
	if (!sl_edhoc_suite_has_oscore(s->suite) ||
	        s->c_i.len > aead->nonce_len - OSCORE_NONCE_EXTRA ||
	        s->c_r.len > aead->nonce_len - OSCORE_NONCE_EXTRA)
		return SL_EUNSUPPORTED;
	got.sender_id = sl_edhoc_id_view(is_initiator ? &s->c_r : &s->c_i);
	got.recipient_id = sl_edhoc_id_view(is_initiator ? &s->c_i : &s->c_r);
	if (sl_span_equal(got.sender_id, got.recipient_id))
		return SL_EAUTH;
	got.aead_alg = s->suite->app_aead;
	got.hkdf_hash = s->suite->app_hash;
	got.master_secret.len = aead->key_len;
	err = sl_edhoc_export(
	        s, EXPORT_SECRET, sl_span(NULL, 0), got.master_secret.bytes, got.master_secret.len);
	if (err == SL_OK)
		err = sl_edhoc_export(s, EXPORT_SALT, sl_span(NULL, 0), got.master_salt.bytes,
		        got.master_salt.len);
	if (err == SL_OK)
		*out = got;
	sl_key_clear(&got.master_secret);
	sl_key_clear(&got.master_salt);
	return err;
}

enum sl_err
sl_edhoc_key_update(struct sl_edhoc *s, struct sl_span context)
{
	struct sl_key out = {.len = s->prk_out.len}, exporter = {.len = 0};
	struct sl_edhoc_kdf kdf = {s->suite, sl_key_view(&s->prk_out), LABEL_KEY_UPDATE, {context}};
	enum sl_err err;

	if (!has_keys(s))
		return SL_EREPLAY;
	err = sl_edhoc_expand(&kdf, s->memory.scratch, out.bytes, out.len);
	if (err == SL_OK)
		err = derive_exporter(s, sl_key_view(&out), &exporter);
	if (err == SL_OK) {
		s->prk_out = out;
		s->prk_exporter = exporter;
	}
	sl_key_clear(&out);
	sl_key_clear(&exporter);
	return err;
}
