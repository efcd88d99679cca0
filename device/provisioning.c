/* SPDX-License-Identifier: BSD-2-Clause */
#include "provisioning.h"

#include "json.h"

#include <sl/hash.h>
#include <sl/text.h>
#include <sl/wipe.h>

#include <stdio.h>
#include <string.h>

#define SECRET_MIN  16 /* bytes; a pre-shared secret must not be guessable */
#define ALG_DEFAULT "AES-CCM-16-64-128"

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

struct hex_field {
	const char *name, *text;
	uint8_t *out;
	size_t cap, *len;
	size_t min;
};

static enum sl_err
take_hex(const struct hex_field *field, struct complaint *why)
{
	switch (sl_hex_decode(field->out, field->cap, field->len, sl_span_text(field->text))) {
	case SL_OK:
		break;
	case SL_ESPACE:
		return complain(
		        why, SL_EMALFORMED, "%s: longer than %zu bytes", field->name, field->cap);
	default:
		return complain(why, SL_EMALFORMED,
		        "%s: not hex (two digits for each byte, nothing else)", field->name);
	}
	if (*field->len < field->min)
		return complain(
		        why, SL_EMALFORMED, "%s: shorter than %zu bytes", field->name, field->min);
	return SL_OK;
}

static enum sl_err
take_bytes(struct provisioning *p, const struct json_provisioning *raw, struct complaint *why)
{
	const struct hex_field fields[] = {
	        {"master-secret", raw->secret, p->master_secret.bytes, SL_KEY_MAX,
	                &p->master_secret.len, SECRET_MIN},
	        {"master-salt", raw->salt, p->master_salt.bytes, SL_KEY_MAX, &p->master_salt.len,
	                0},
	        {"sender-id", or_empty(raw->sender_id), p->sender_id.bytes, SL_OSCORE_ID_MAX,
	                &p->sender_id.len, 0},
	        {"recipient-id", or_empty(raw->recipient_id), p->recipient_id.bytes,
	                SL_OSCORE_ID_MAX, &p->recipient_id.len, 0},
	        {"id-context", or_empty(raw->id_context), p->id_context, SL_OSCORE_ID_CONTEXT_MAX,
	                &p->id_context_len, 0},
	};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		enum sl_err err = take_hex(&fields[i], why);

		if (err != SL_OK)
			return err;
	}
	p->has_id_context = raw->id_context != NULL;
	return SL_OK;
}

static int
hash_by_name(const char *name)
{
	static const struct {
		const char *name;
		int alg;
	} rows[] = {
	        {"", SL_SHA256},
	        {"HKDF-SHA-256", SL_SHA256},
	        {"HKDF-SHA-512", SL_SHA512},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(name, rows[i].name) == 0)
			return rows[i].alg;
	return 0;
}

static enum sl_err
take_algorithms(struct provisioning *p, const struct json_provisioning *raw, struct complaint *why)
{
	const struct sl_aead *aead = sl_aead_by_name(raw->aead[0] ? raw->aead : ALG_DEFAULT);
	size_t id_max;

	if (aead == NULL)
		return complain(why, SL_EUNSUPPORTED,
		        "aead: \"%s\" is not known; usual is " ALG_DEFAULT, raw->aead);
	p->aead_alg = aead->cose_alg;
	p->hkdf_hash = hash_by_name(raw->hkdf);
	if (p->hkdf_hash == 0)
		return complain(why, SL_EUNSUPPORTED,
		        "hkdf: \"%s\" is not known; usual is HKDF-SHA-256", raw->hkdf);
	id_max = aead->nonce_len - 6; /* RFC 8613 section 3.3 */
	if (p->sender_id.len > id_max || p->recipient_id.len > id_max)
		return complain(why, SL_EMALFORMED,
		        "sender-id, recipient-id: at most %zu bytes with %s", id_max, aead->name);
	p->window = SL_OSCORE_WINDOW_DEFAULT;
	if (raw->window != NULL && *raw->window != 0)
		p->window = *raw->window;
	if (p->window > SL_OSCORE_WINDOW_MAX)
		return complain(why, SL_EMALFORMED, "window: %u is over %d", p->window,
		        SL_OSCORE_WINDOW_MAX);
	return SL_OK;
}

static enum sl_err
need(bool is_there, const char *name, struct complaint *why)
{
	return is_there ? SL_OK : complain(why, SL_EMALFORMED, "%s: missing", name);
}

static enum sl_err
take_context(struct provisioning *p, const struct json_provisioning *raw, struct complaint *why)
{
	enum sl_err err = need(raw->secret[0] != '\0', "master-secret", why);

	if (err == SL_OK)
		err = need(raw->sender_id != NULL, "sender-id", why);
	if (err == SL_OK)
		err = need(raw->recipient_id != NULL, "recipient-id", why);
	if (err == SL_OK)
		err = take_bytes(p, raw, why);
	if (err == SL_OK)
		err = take_algorithms(p, raw, why);
	if (err == SL_OK && sl_span_equal(sl_span(p->sender_id.bytes, p->sender_id.len),
	                            sl_span(p->recipient_id.bytes, p->recipient_id.len)))
		err = complain(why, SL_EMALFORMED,
		        "sender-id and recipient-id are equal: both ends would use one key");
	return err;
}

static bool
has_context(const struct json_provisioning *raw)
{
	return raw->secret[0] != '\0' || raw->salt[0] != '\0' || raw->sender_id != NULL ||
	       raw->recipient_id != NULL || raw->id_context != NULL || raw->aead[0] != '\0' ||
	       raw->hkdf[0] != '\0' || raw->window != NULL;
}

static enum sl_err
take_provisioning(
        struct provisioning *p, const struct json_provisioning *raw, struct complaint *why)
{
	enum sl_err err = SL_OK;

	p->is_edhoc = raw->edhoc != NULL;
	if (!p->is_edhoc)
		err = need(raw->identity[0] != '\0', "identity", why);
	if (err == SL_OK && !sl_is_plain_utf8(sl_span_text(raw->identity)))
		err = complain(why, SL_EMALFORMED, "identity: not plain UTF-8 text");
	if (err != SL_OK)
		return err;
	snprintf(p->identity, sizeof p->identity, "%s", raw->identity);
	if (!p->is_edhoc)
		return take_context(p, raw, why);
	if (has_context(raw))
		return complain(why, SL_EMALFORMED,
		        "edhoc: a pre-shared context and EDHOC exclude each other");
	return provisioning_edhoc_read(&p->edhoc, raw->edhoc, why);
}

enum sl_err
provisioning_decode(struct provisioning *p, struct sl_span text, struct complaint *why)
{
	struct provisioning got = {.identity = ""};
	struct json_provisioning *raw;
	enum sl_err err = json_provisioning_read(&raw, text, why);

	if (err != SL_OK)
		return err;
	err = take_provisioning(&got, raw, why);
	json_provisioning_free(raw);
	if (err == SL_OK)
		*p = got;
	provisioning_clear(&got);
	return err;
}

void
provisioning_clear(struct provisioning *p)
{
	sl_wipe(p, sizeof *p);
}

struct sl_oscore_params
provisioning_params(const struct provisioning *p)
{
	struct sl_oscore_params params = {
	        .master_secret = sl_key_view(&p->master_secret),
	        .master_salt = sl_key_view(&p->master_salt),
	        .sender_id = sl_span(p->sender_id.bytes, p->sender_id.len),
	        .recipient_id = sl_span(p->recipient_id.bytes, p->recipient_id.len),
	        .has_id_context = p->has_id_context,
	        .id_context = sl_span(p->id_context, p->id_context_len),
	        .aead_alg = p->aead_alg,
	        .hkdf_hash = p->hkdf_hash,
	        .window = p->window,
	};

	return params;
}
