/* SPDX-License-Identifier: BSD-2-Clause
 * The peers of the configuration, and our own authority as an anchor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/c509.h>
#include <sl/hash.h>

#include "files.h"
#include "trust_inside.h"

#define CBOR_ARRAY 0x80 /* major type 4; neither PEM nor DER begins with it */
#define CBOR_MAJOR 0xe0

static enum sl_err
load_credential(
        struct trust_rule *rule, struct sl_span content, char message[static CONFIG_MESSAGE_MAX])
{
	const char *file = rule->peer->file;
	enum sl_err err = sl_credential_file_read(&rule->file, content);

	if (err)
		return trust_complain(message, file,
		        "no certificate in PEM, no CWT Claims Set, no C509 with a key of EDHOC",
		        err);
	err = sl_sha256(rule->file.items[0], rule->hash);
	return err ? trust_complain(message, file, "cannot be hashed", err) : SL_OK;
}

static enum sl_err
take_x509_anchor(
        struct trust_rule *rule, struct sl_span der, char message[static CONFIG_MESSAGE_MAX])
{
	const char *file = rule->peer->file;
	struct sl_cert cert;

	if (sl_cert_decode(&cert, der))
		return trust_complain(message, file, "the certificate is malformed", SL_EMALFORMED);
	if (!cert.is_ca)
		return trust_complain(message, file,
		        "not the certificate of an authority; name a single device with credential",
		        SL_EAUTH);
	rule->anchor = der;
	return SL_OK;
}

/* PEM or DER; the key may be of any type. */
static enum sl_err
load_x509_anchor(
        struct trust_rule *rule, struct sl_span content, char message[static CONFIG_MESSAGE_MAX])
{
	static const char begin[] = "-----BEGIN ";
	const char *file = rule->peer->file;
	const uint8_t *first = memmem(content.ptr, content.len, begin, sizeof begin - 1);
	enum sl_err err;

	if (first && memmem(first + 1, content.len - (size_t)(first + 1 - content.ptr), begin,
	                     sizeof begin - 1))
		return trust_complain(message, file,
		        "more than one block; an anchor is one certificate, further ones are "
		        "further peers",
		        SL_EMALFORMED);
	rule->der = malloc(SL_X509_MAX);
	if (!rule->der)
		return trust_complain(message, file, "no memory", SL_ENOMEM);
	err = sl_cert_from_text(content, rule->der, SL_X509_MAX, &rule->der_len);
	if (err)
		return trust_complain(message, file, "no certificate in PEM, DER or C509", err);
	return take_x509_anchor(rule, sl_span(rule->der, rule->der_len), message);
}

/* Type 3 is the X.509 certificate that it says. */
static enum sl_err
load_c509_anchor(
        struct trust_rule *rule, struct sl_span content, char message[static CONFIG_MESSAGE_MAX])
{
	const char *file = rule->peer->file;
	struct sl_c509_cert cert;
	enum sl_err err = sl_buf_add(&rule->file.bytes, content);

	if (!err)
		err = sl_c509_decode(&cert, sl_buf_view(&rule->file.bytes), false);
	if (err)
		return trust_complain(message, file, "no C509 certificate", err);
	rule->is_native = cert.type == SL_C509_NATIVE;
	if (rule->is_native && (!cert.is_ca || cert.has_unknown_critical))
		return trust_complain(message, file,
		        "not the certificate of an authority; name a single device with credential",
		        SL_EAUTH);
	rule->anchor = sl_buf_view(&rule->file.bytes);
	if (rule->is_native)
		return SL_OK;
	rule->der = malloc(SL_X509_MAX);
	if (!rule->der)
		return trust_complain(message, file, "no memory", SL_ENOMEM);
	err = sl_c509_to_x509(rule->anchor, rule->der, SL_X509_MAX, &rule->der_len);
	if (err)
		return trust_complain(message, file, "cannot be said in X.509", err);
	return take_x509_anchor(rule, sl_span(rule->der, rule->der_len), message);
}

static enum sl_err
load_anchor(
        struct trust_rule *rule, struct sl_span content, char message[static CONFIG_MESSAGE_MAX])
{
	bool is_c509 = content.len > 0 && (content.ptr[0] & CBOR_MAJOR) == CBOR_ARRAY;
	enum sl_err err;

	sl_buf_init(&rule->file.bytes, SL_CREDENTIAL_FILE_MAX);
	err = is_c509 ? load_c509_anchor(rule, content, message)
	              : load_x509_anchor(rule, content, message);
	if (!err && sl_sha256(rule->anchor, rule->hash))
		err = trust_complain(message, rule->peer->file, "cannot be hashed", SL_EIO);
	return err;
}

static enum sl_err
load_rule(struct trust_rule *rule, char message[static CONFIG_MESSAGE_MAX])
{
	struct sl_buf bytes;
	enum sl_err err;

	sl_buf_init(&bytes, SL_CREDENTIAL_FILE_MAX);
	err = files_read(&bytes, rule->peer->file, FILES_PUBLIC);
	if (err || bytes.len == 0)
		err = trust_complain(message, rule->peer->file, "cannot be read, or is empty",
		        err ? err : SL_EMALFORMED);
	else if (rule->peer->is_anchor)
		err = load_anchor(rule, sl_buf_view(&bytes), message);
	else
		err = load_credential(rule, sl_buf_view(&bytes), message);
	sl_buf_clear(&bytes);
	return err;
}

/* --- what they mean together ----------------------------------------------------------------- */

/* Reflection, and rules that nobody could tell apart. */
static enum sl_err
check_credential(const struct trust *t, size_t at, const struct sl_credential *c,
        char message[static CONFIG_MESSAGE_MAX])
{
	const char *file = t->rules[at].peer->file;
	size_t same_kid = 0;

	for (size_t i = 0; i < t->own_count; i++)
		if (sl_pkey_equal_public(t->own[i].key, c->key))
			return trust_complain(message, file,
			        "has a key of ours; a peer has one of its own", SL_EMALFORMED);
	for (size_t i = 0; i < at; i++) {
		if (t->rules[i].peer->is_anchor)
			continue;
		if (sl_span_equal(t->known[i].cred, c->cred))
			return trust_complain(message, file,
			        "the credential is among the peers twice", SL_EMALFORMED);
		same_kid +=
		        c->has_kid && t->known[i].has_kid && sl_span_equal(t->known[i].kid, c->kid);
	}
	if (same_kid >= SL_CANDIDATES_MAX)
		return trust_complain(message, file,
		        "more than 8 peers have this kid; give it another", SL_EMALFORMED);
	return SL_OK;
}

static enum sl_err
add_known(struct trust *t, size_t at, char message[static CONFIG_MESSAGE_MAX])
{
	const struct trust_rule *rule = &t->rules[at];
	struct sl_credential c;
	enum sl_err err = sl_credential_decode(&c, rule->file.cred);

	if (err)
		return trust_complain(message, rule->peer->file, "malformed", err);
	err = check_credential(t, at, &c, message);
	t->known[at] = (struct sl_known_credential){
	        .cred = rule->file.cred,
	        .has_kid = c.has_kid,
	        .kid = c.kid,
	        .uri = sl_span_text(rule->peer->uri),
	        .is_trusted = true,
	};
	sl_credential_clear(&c);
	return err;
}

static void
add_anchor(struct trust *t, const struct trust_rule *rule)
{
	if (rule->is_native)
		t->c509_anchors[t->c509_anchor_count++] = rule->anchor;
	else
		t->x509_anchors[t->x509_anchor_count++] = rule->anchor;
}

static enum sl_err
add_authority(struct trust *t, char message[static CONFIG_MESSAGE_MAX])
{
	size_t count = 0;
	const struct sl_span *certificates;

	if (!t->options.ca)
		return SL_OK;
	certificates = ca_certificates(t->options.ca, &count);
	if (sl_sha256(certificates[0], t->ca_hash))
		return trust_complain(
		        message, t->options.config->ca.certificate, "cannot be hashed", SL_EIO);
	if (t->options.config->edhoc.accepts_issued)
		t->x509_anchors[t->x509_anchor_count++] = certificates[0];
	return SL_OK;
}

enum sl_err
trust_load_peers(struct trust *t, char message[static CONFIG_MESSAGE_MAX])
{
	const struct config *config = t->options.config;
	enum sl_err err = add_authority(t, message);

	for (size_t i = 0; !err && i < config->peer_count; i++) {
		t->rules[i].peer = &config->peers[i];
		t->rule_count = i + 1;
		err = load_rule(&t->rules[i], message);
		if (!err && config->peers[i].is_anchor)
			add_anchor(t, &t->rules[i]);
		else if (!err)
			err = add_known(t, i, message);
	}
	return err;
}

void
trust_clear_peers(struct trust *t)
{
	for (size_t i = 0; i < t->rule_count; i++) {
		sl_credential_file_clear(&t->rules[i].file);
		free(t->rules[i].der);
	}
	t->rule_count = 0;
}
