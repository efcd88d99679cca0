/* SPDX-License-Identifier: BSD-2-Clause
 * Our own credentials for EDHOC: key and credential belong together, are fit for their use, and there is one for
 * every method with every suite (RFC 9528 sections 3.5.2 and 3.6). */
#include <stdio.h>
#include <stdlib.h>

#include "files.h"
#include "key_file.h"
#include "trust_inside.h"

enum sl_err
trust_complain(char message[static CONFIG_MESSAGE_MAX], const char *file, const char *what,
        enum sl_err err)
{
	snprintf(message, CONFIG_MESSAGE_MAX, "%s: %s", file, what);
	return err;
}

static enum sl_err
load_key(struct trust_own *own, const char *file, char message[static CONFIG_MESSAGE_MAX])
{
	const char *why = "no private key in PEM or DER without a passphrase; make one with "
	                  "sealift-device keygen";
	enum sl_err err = key_file_read(&own->key, file, &why);

	return err ? trust_complain(message, file, why, err) : SL_OK;
}

static enum sl_err
load_credential(struct trust_own *own, const char *file, char message[static CONFIG_MESSAGE_MAX])
{
	struct sl_buf bytes;
	enum sl_err err;

	sl_buf_init(&bytes, SL_CREDENTIAL_FILE_MAX);
	err = files_read(&bytes, file, FILES_PUBLIC);
	if (err) {
		err = trust_complain(message, file, "the credential cannot be read", err);
	} else {
		err = sl_credential_file_read(&own->file, sl_buf_view(&bytes));
		if (err)
			err = trust_complain(message, file,
			        "no certificate in PEM, no CWT Claims Set, no C509 with a key of "
			        "EDHOC",
			        err);
	}
	sl_buf_clear(&bytes);
	return err;
}

/* ID_CRED_R, as send says. */
static enum sl_err
make_id(struct trust_own *own, const struct config_own *config,
        char message[static CONFIG_MESSAGE_MAX])
{
	enum sl_id_cred_label label = (enum sl_id_cred_label)config->send;
	struct sl_writer w = sl_writer_counting();
	char what[96];
	enum sl_err err = sl_credential_file_id(&own->file, label, &w);

	if (err) {
		snprintf(what, sizeof what,
		        "cannot be sent as %s; kid and kccs are of a CCS, x5t and x5chain of PEM, "
		        "c5t and c5c of C509",
		        sl_credential_label_name(label));
		return trust_complain(message, config->credential, what, SL_EUNSUPPORTED);
	}
	own->id_cred = malloc(w.len);
	if (!own->id_cred)
		return trust_complain(message, config->credential, "no memory", SL_ENOMEM);
	w = sl_writer_over(own->id_cred, w.len);
	err = sl_credential_file_id(&own->file, label, &w);
	own->credential.id_cred = sl_writer_span(&w);
	return err ? trust_complain(message, config->credential, "cannot be written", err) : SL_OK;
}

/* As a peer would look at it: time and key usage. */
static enum sl_err
check_use(const struct trust_own *own, const struct sl_credential *decoded, int64_t now)
{
	struct sl_known_credential known = {
	        .cred = own->file.cred,
	        .has_kid = decoded->has_kid,
	        .kid = decoded->kid,
	        .is_trusted = true,
	};
	struct sl_trust trust = {.known = &known, .known_count = 1, .now = now};
	struct sl_candidates found = {.count = 0};
	enum sl_err err = sl_credential_resolve(&found, &trust, own->credential.id_cred,
	        own->is_static_dh ? SL_FOR_STATIC_DH : SL_FOR_SIGNATURE);

	if (!err)
		sl_candidates_clear(&found);
	return err;
}

static enum sl_err
check_own(const struct trust_own *own, const struct config_own *config, int64_t now,
        char message[static CONFIG_MESSAGE_MAX])
{
	struct sl_credential decoded;
	enum sl_err err = sl_credential_decode(&decoded, own->file.cred);
	bool is_pair;

	if (err)
		return trust_complain(message, config->credential, "malformed", err);
	is_pair = sl_pkey_equal_public(decoded.key, own->key);
	err = check_use(own, &decoded, now);
	sl_credential_clear(&decoded);
	if (!is_pair)
		return trust_complain(
		        message, config->credential, "is not for the key beside it", SL_EAUTH);
	if (err)
		return trust_complain(message, config->credential,
		        own->is_static_dh
		                ? "is not in its time, or its keyUsage lacks keyAgreement"
		                : "is not in its time, or its keyUsage lacks digitalSignature",
		        SL_EAUTH);
	return SL_OK;
}

static bool
fits(const struct trust_own *own, bool is_static_dh, const struct sl_edhoc_suite *suite)
{
	return own->is_static_dh == is_static_dh &&
	       sl_pkey_type(own->key) == (is_static_dh ? suite->ecdh : suite->signature);
}

const struct sl_edhoc_credential *
trust_own(const struct trust *t, int method, const struct sl_edhoc_suite *suite)
{
	for (size_t i = 0; i < t->own_count; i++)
		if (fits(&t->own[i], trust_is_static_dh(method, true), suite))
			return &t->own[i].credential;
	return NULL;
}

static enum sl_err
check_method(const struct trust *t, int method, char message[static CONFIG_MESSAGE_MAX])
{
	const struct config_edhoc *edhoc = &t->options.config->edhoc;
	bool is_static_dh = trust_is_static_dh(method, true);
	char what[160];

	for (size_t i = 0; i < edhoc->suite_count; i++) {
		const struct sl_edhoc_suite *suite = sl_edhoc_suite(edhoc->suites[i]);

		if (!suite || trust_own(t, method, suite))
			continue;
		snprintf(what, sizeof what,
		        "edhoc.credentials: none for method %d with suite %d; add one with use: %s "
		        "and a %s key, or leave the method or the suite out",
		        method, suite->number, is_static_dh ? "static-dh" : "signature",
		        sl_pkey_type_name(is_static_dh ? suite->ecdh : suite->signature));
		return trust_complain(message, t->options.config->file, what, SL_EMALFORMED);
	}
	return SL_OK;
}

/* Nobody can be told why one that is never sent is there. */
static enum sl_err
check_needed(const struct trust *t, size_t i, char message[static CONFIG_MESSAGE_MAX])
{
	const struct config_edhoc *edhoc = &t->options.config->edhoc;

	for (int method = 0; method <= 3; method++)
		for (size_t k = 0; k < edhoc->suite_count && (edhoc->methods & 1U << method); k++)
			if (trust_own(t, method, sl_edhoc_suite(edhoc->suites[k])) ==
			        &t->own[i].credential)
				return SL_OK;
	return trust_complain(message, edhoc->own[i].credential,
	        "no method with any suite uses it: its key has another type, or a credential "
	        "before it is used; remove it from edhoc.credentials",
	        SL_EMALFORMED);
}

enum sl_err
trust_load_own(struct trust *t, char message[static CONFIG_MESSAGE_MAX])
{
	const struct config_edhoc *edhoc = &t->options.config->edhoc;
	enum sl_err err = SL_OK;

	for (size_t i = 0; !err && i < edhoc->own_count; i++) {
		const struct config_own *config = &edhoc->own[i];
		struct trust_own *own = &t->own[i];

		t->own_count = i + 1;
		own->is_static_dh = config->is_static_dh;
		err = load_key(own, config->key, message);
		if (!err)
			err = load_credential(own, config->credential, message);
		if (!err)
			err = make_id(own, config, message);
		if (!err)
			err = check_own(own, config, t->options.now, message);
		own->credential.cred = own->file.cred;
		own->credential.key = own->key;
	}
	for (int method = 0; !err && method <= 3; method++)
		if (edhoc->methods & 1U << method)
			err = check_method(t, method, message);
	for (size_t i = 0; !err && i < t->own_count; i++)
		err = check_needed(t, i, message);
	return err;
}

void
trust_clear_own(struct trust *t)
{
	for (size_t i = 0; i < t->own_count; i++) {
		sl_pkey_free(t->own[i].key);
		free(t->own[i].id_cred);
		sl_credential_file_clear(&t->own[i].file);
	}
	t->own_count = 0;
}
