/* SPDX-License-Identifier: BSD-2-Clause
 * Who a peer of EDHOC is: exact credentials before certificates that we issued before anchors in the order of the
 * file, and never what was revoked. docs/decisions/0021-trust-in-peers.md says why. */
#include "trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/c509.h>
#include <sl/cbor.h>
#include <sl/hash.h>

#include "trust_inside.h"
#include "trust_name.h"

#define LOOK_MS 1000

#define ALL_FUNCTIONS (1U << SL_EST_CRTS | 1U << SL_EST_ATT | 1U << SL_EST_SEN | 1U << SL_EST_SREN)

/* --- open and close -------------------------------------------------------------------------- */

static void
set_profile(struct trust *t)
{
	const struct config_edhoc *edhoc = &t->options.config->edhoc;

	t->profile = (struct sl_edhoc_profile){
	        .suites = edhoc->suites,
	        .suite_count = edhoc->suite_count,
	        .methods = edhoc->methods,
	        .message_4 = edhoc->sends_message_4 ? SL_EDHOC_M4_REQUIRED : SL_EDHOC_M4_NEVER,
	        .for_oscore = true,
	};
}

static enum sl_err
load_revoked(struct trust *t, char message[static CONFIG_MESSAGE_MAX])
{
	enum sl_err err = revoked_refresh(&t->revoked);
	char what[128];

	if (err == SL_EMALFORMED && t->revoked.malformed_line > 0) {
		snprintf(what, sizeof what,
		        "line %u: one SHA-256 fingerprint of 64 hex digits, or a comment after #",
		        t->revoked.malformed_line);
		return trust_complain(message, t->revoked.file, what, err);
	}
	if (err)
		return trust_complain(message, t->revoked.file,
		        "the revocation file cannot be read; an empty one revokes nothing", err);
	return SL_OK;
}

enum sl_err
trust_open(struct trust **out, const struct trust_options *options,
        char message[static CONFIG_MESSAGE_MAX])
{
	struct trust *t = calloc(1, sizeof *t);
	enum sl_err err;

	message[0] = '\0';
	if (!t)
		return trust_complain(message, options->config->file, "no memory", SL_ENOMEM);
	t->options = *options;
	pthread_mutex_init(&t->mutex, NULL);
	revoked_init(&t->revoked, options->config->edhoc.revoked);
	set_profile(t);
	err = trust_load_own(t, message);
	if (!err)
		err = trust_load_peers(t, message);
	if (!err)
		err = trust_load_directory(t, message);
	if (!err)
		err = load_revoked(t, message);
	if (err)
		trust_close(t);
	else
		*out = t;
	return err;
}

enum sl_err
trust_check(const struct config *config, int64_t now, char message[static CONFIG_MESSAGE_MAX])
{
	struct trust_options options = {.config = config, .now = now};
	struct trust *t = NULL;
	enum sl_err err;

	message[0] = '\0';
	if (!config->edhoc.is_on)
		return SL_OK;
	err = trust_open(&t, &options, message);
	if (!err)
		trust_close(t);
	return err;
}

void
trust_close(struct trust *t)
{
	if (!t)
		return;
	trust_clear_newest(t);
	trust_clear_own(t);
	trust_clear_peers(t);
	trust_clear_directory(t);
	revoked_clear(&t->revoked);
	pthread_mutex_destroy(&t->mutex);
	free(t);
}

const struct sl_edhoc_profile *
trust_profile(const struct trust *t)
{
	return &t->profile;
}

/* --- what ID_CRED_I may mean ----------------------------------------------------------------- */

static const struct trust *
peers_of(const struct trust *t, const struct trust_ask *ask)
{
	return ask->peers ? ask->peers : t;
}

static enum sl_key_purpose
purpose_of(int method)
{
	return trust_is_static_dh(method, false) ? SL_FOR_STATIC_DH : SL_FOR_SIGNATURE;
}

enum sl_err
trust_resolve(struct trust *t, const struct trust_ask *ask, struct sl_candidates *candidates)
{
	const struct trust *peers = peers_of(t, ask);
	struct sl_known_credential picked[TRUST_PICKED_MAX];
	struct sl_trust trust = {
	        .known = picked,
	        .known_count = trust_pick_known(peers, ask->id_cred, picked),
	        .x509_anchors = peers->x509_anchors,
	        .x509_anchor_count = peers->x509_anchor_count,
	        .c509_anchors = peers->c509_anchors,
	        .c509_anchor_count = peers->c509_anchor_count,
	        .now = ask->now,
	};

	return sl_credential_resolve(candidates, &trust, ask->id_cred, purpose_of(ask->method));
}

/* --- who it is ------------------------------------------------------------------------------- */

struct work {
	struct trust *t;
	const struct trust *peers;
	const struct trust_ask *ask;
	const struct sl_credential *verified;
	uint8_t der_bytes[SL_X509_MAX];
	struct sl_span der; /* of a certificate, but for C509 type 2 */
	struct trust_peer peer;
	const char *reason;
};

static enum sl_err
refuse(struct work *w, enum sl_err err, const char *reason)
{
	w->reason = reason;
	return err;
}

static enum sl_err
take_fingerprints(struct work *w)
{
	const struct sl_credential *c = w->verified;
	size_t len = 0;
	enum sl_err err = SL_OK;

	if (c->kind == SL_CREDENTIAL_X509)
		w->der = c->content;
	else if (c->kind == SL_CREDENTIAL_C509 &&
	         sl_c509_to_x509(c->content, w->der_bytes, sizeof w->der_bytes, &len) == SL_OK)
		w->der = sl_span(w->der_bytes, len);
	if (sl_sha256(c->content, w->peer.cred_hash) ||
	        sl_sha256(w->der.len > 0 ? w->der : c->content, w->peer.cert_hash))
		err = refuse(w, SL_EIO, "the credential cannot be hashed");
	memcpy(w->peer.anchor_hash, w->peer.cert_hash, sizeof w->peer.anchor_hash);
	return err;
}

static enum sl_err
check_time(struct work *w)
{
	int64_t not_before = 0;

	if (sl_credential_times(w->verified, &not_before, &w->peer.not_after))
		return refuse(w, SL_EAUTH, "the credential is malformed");
	if (w->ask->now < not_before)
		return refuse(w, SL_EAUTH, "the credential is not valid yet");
	if (w->ask->now > w->peer.not_after)
		return refuse(w, SL_EAUTH, "the credential is expired");
	return SL_OK;
}

/* The mutex is held. Says it once when the file goes, and once when it is back. */
static bool
look_at_file(struct trust *t)
{
	bool is_readable = revoked_refresh(&t->revoked) == SL_OK;

	if (is_readable == t->is_warned && t->options.warn)
		t->options.warn(
		        is_readable ? "the revocation file is read again"
		                    : "the revocation file cannot be read: nobody new is let in");
	t->is_warned = !is_readable;
	return is_readable;
}

static bool
is_revoked(const struct trust *t, const struct trust_peer *peer)
{
	for (size_t i = 0; i < peer->chain_len; i++)
		if (revoked_has(&t->revoked, peer->chain[i]))
			return true;
	return revoked_has(&t->revoked, peer->cred_hash) ||
	       revoked_has(&t->revoked, peer->cert_hash) ||
	       revoked_has(&t->revoked, peer->anchor_hash);
}

static enum sl_err
check_file(struct work *w)
{
	bool is_readable, is_in_it;

	pthread_mutex_lock(&w->t->mutex);
	is_readable = look_at_file(w->t);
	is_in_it = is_revoked(w->t, &w->peer);
	pthread_mutex_unlock(&w->t->mutex);
	if (is_in_it)
		return refuse(w, SL_EAUTH, "the credential is revoked");
	return is_readable ? SL_OK : refuse(w, SL_EIO, "the revocation file cannot be read");
}

/* A certificate of ours, by its bytes: then the store knows whose it is, and whether it still holds.
 * SL_ENOTFOUND: another's. */
static enum sl_err
find_issued(struct work *w, struct store_certificate *row)
{
	struct sl_cert cert;
	enum sl_err err;

	if (!w->t->options.store || w->der.len == 0 || sl_cert_decode(&cert, w->der) ||
	        cert.serial.len == 0 || cert.serial.len > SL_SERIAL_MAX)
		return SL_ENOTFOUND;
	err = store_certificate_get(w->t->options.store, cert.serial, row);
	if (err && err != SL_ENOTFOUND)
		return refuse(w, SL_EIO, "the store cannot be read");
	if (err || !sl_span_equal(w->der, sl_span(row->der, row->der_len)))
		return SL_ENOTFOUND;
	if (row->status != STORE_VALID)
		return refuse(w, SL_EAUTH, "the certificate of ours is revoked");
	memcpy(w->peer.serial, row->serial, row->serial_len);
	w->peer.serial_len = row->serial_len;
	return SL_OK;
}

static void
take_rule(struct work *w, const struct config_peer *rule)
{
	snprintf(w->peer.profile, sizeof w->peer.profile, "%s", rule->profile);
	w->peer.functions = rule->functions;
}

static enum sl_err
take_exact(struct work *w)
{
	for (size_t i = 0; i < w->peers->rule_count; i++) {
		const struct config_peer *rule = w->peers->rules[i].peer;

		if (rule->is_anchor || !sl_span_equal(w->peers->known[i].cred, w->verified->cred))
			continue;
		take_rule(w, rule);
		snprintf(w->peer.identity, sizeof w->peer.identity, "%.*s", POLICY_IDENTITY_MAX,
		        rule->identity);
		return SL_OK;
	}
	return SL_ENOTFOUND;
}

static enum sl_err
take_issued(struct work *w, const struct store_certificate *row)
{
	if (!config_profile(w->t->options.config, row->profile))
		return refuse(w, SL_EAUTH, "the profile of the certificate is not configured");
	memcpy(w->peer.identity, row->identity, sizeof w->peer.identity);
	memcpy(w->peer.profile, row->profile, sizeof w->peer.profile);
	memcpy(w->peer.anchor_hash, w->t->ca_hash, sizeof w->peer.anchor_hash);
	w->peer.functions = ALL_FUNCTIONS;
	return SL_OK;
}

/* Whether this anchor alone makes the certificate valid. */
static bool
is_below(const struct work *w, const struct trust_rule *rule)
{
	struct sl_known_credential picked[TRUST_PICKED_MAX];
	struct sl_trust alone = {
	        .known = picked,
	        .known_count = trust_pick_known(w->peers, w->ask->id_cred, picked),
	        .now = w->ask->now,
	};
	struct sl_candidates found = {.count = 0};
	bool is_it = false;

	if (rule->is_native) {
		alone.c509_anchors = &rule->anchor;
		alone.c509_anchor_count = 1;
	} else {
		alone.x509_anchors = &rule->anchor;
		alone.x509_anchor_count = 1;
	}
	if (sl_credential_resolve(&found, &alone, w->ask->id_cred, purpose_of(w->ask->method)))
		return false;
	for (size_t i = 0; i < found.count; i++)
		is_it = is_it || sl_span_equal(found.list[i].cred, w->verified->cred);
	sl_candidates_clear(&found);
	return is_it;
}

static bool
is_authority(const struct work *w)
{
	struct sl_c509_cert c509;
	struct sl_cert cert;

	if (w->der.len > 0)
		return sl_cert_decode(&cert, w->der) != SL_OK || cert.is_ca;
	return sl_c509_decode(&c509, w->verified->content, false) != SL_OK || c509.is_ca;
}

/* Whatever came behind the certificate: one of them revoked, and the path is. */
static enum sl_err
take_chain(struct work *w)
{
	uint8_t der[SL_X509_MAX];
	struct sl_id_cred id;
	size_t len = 0;
	enum sl_err err = sl_id_cred_decode(&id, w->ask->id_cred);

	for (size_t i = 1; !err && i < id.x5chain_count; i++) {
		struct sl_reader r = sl_reader_over(id.x5chain[i]);

		err = sl_sha256(sl_cbor_read_bytes(&r), w->peer.chain[w->peer.chain_len++]);
	}
	for (size_t i = 1; !err && id.x5chain_count == 0 && i < id.c5c_count; i++) {
		err = sl_sha256(id.c5c[i], w->peer.chain[w->peer.chain_len++]);
		if (!err && sl_c509_to_x509(id.c5c[i], der, sizeof der, &len) == SL_OK)
			err = sl_sha256(sl_span(der, len), w->peer.chain[w->peer.chain_len++]);
	}
	return err ? refuse(w, SL_EIO, "the chain cannot be hashed") : SL_OK;
}

static enum sl_err
take_below(struct work *w)
{
	uint8_t subject[SL_X509_MAX];
	size_t len = 0;

	if (w->verified->kind == SL_CREDENTIAL_CCS)
		return refuse(w, SL_EAUTH, "no peer of the configuration has this credential");
	for (size_t i = 0; i < w->peers->rule_count; i++) {
		const struct trust_rule *rule = &w->peers->rules[i];

		if (!rule->peer->is_anchor || !is_below(w, rule))
			continue;
		if (is_authority(w))
			return refuse(w, SL_EAUTH, "the certificate of an authority is no device");
		if (trust_name_subject(w->verified, subject, sizeof subject, &len) ||
		        trust_name_fill(
		                w->peer.identity, rule->peer->identity, sl_span(subject, len)))
			return refuse(w, SL_EAUTH, "the subject makes no identity");
		take_rule(w, rule->peer);
		memcpy(w->peer.anchor_hash, rule->hash, sizeof w->peer.anchor_hash);
		return take_chain(w);
	}
	return refuse(w, SL_EAUTH, "no anchor of the configuration is above this certificate");
}

static enum sl_err
find_owner(struct work *w)
{
	struct store_certificate row;
	enum sl_err issued = find_issued(w, &row), err;

	if (issued != SL_OK && issued != SL_ENOTFOUND)
		return issued;
	err = take_exact(w);
	if (err == SL_ENOTFOUND)
		err = issued == SL_OK && w->peers->options.config->edhoc.accepts_issued
		              ? take_issued(w, &row)
		              : take_below(w);
	return err;
}

enum sl_err
trust_authorise(struct trust *t, const struct trust_ask *ask, const struct sl_credential *verified,
        struct trust_peer *peer, const char **reason)
{
	struct work w = {
	        .t = t, .peers = peers_of(t, ask), .ask = ask, .verified = verified, .reason = ""};
	enum sl_err err = take_fingerprints(&w);

	if (!err)
		err = check_time(&w);
	if (!err)
		err = find_owner(&w);
	if (!err)
		err = check_file(&w);
	*reason = w.reason;
	if (!err)
		*peer = w.peer;
	return err;
}

/* --- whether it still is --------------------------------------------------------------------- */

/* The mutex is held. */
static void
look(struct trust *t, uint64_t now_ms)
{
	uint64_t version = 0;

	if (t->has_looked && now_ms - t->looked_ms < LOOK_MS)
		return;
	t->has_looked = true;
	t->looked_ms = now_ms;
	(void)look_at_file(t);
	if (t->options.store && store_version(t->options.store, &version) == SL_OK)
		t->version = version;
}

/* The mutex is held. One question to the store for each certificate when the store has changed; while it cannot
 * be read, what it said last. */
static bool
is_valid_still(struct trust *t, const struct trust_peer *peer)
{
	struct trust_seen *seen = &t->seen[peer->cert_hash[0] % TRUST_SEEN];
	struct sl_span serial = sl_span(peer->serial, peer->serial_len);
	bool is_it = sl_span_equal(sl_span(seen->serial, seen->serial_len), serial);
	struct store_certificate row;
	enum sl_err err;

	if (is_it && seen->version == t->version)
		return seen->is_valid;
	err = store_certificate_get(t->options.store, serial, &row);
	if (err && err != SL_ENOTFOUND)
		return !is_it || seen->is_valid;
	memcpy(seen->serial, peer->serial, peer->serial_len);
	seen->serial_len = peer->serial_len;
	seen->version = t->version;
	seen->is_valid = err == SL_OK && row.status == STORE_VALID;
	return seen->is_valid;
}

bool
trust_holds(struct trust *t, const struct trust_peer *peer, int64_t now, uint64_t now_ms)
{
	bool holds;

	if (now > peer->not_after)
		return false;
	pthread_mutex_lock(&t->mutex);
	look(t, now_ms);
	holds = !is_revoked(t, peer);
	if (holds && peer->serial_len > 0 && t->options.store)
		holds = is_valid_still(t, peer);
	pthread_mutex_unlock(&t->mutex);
	return holds;
}
