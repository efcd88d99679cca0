/* SPDX-License-Identifier: BSD-2-Clause
 * The authority: its key and certificates, the clock that it trusts, and the one decision for
 * /sen and /sren. The steps of an issuance are in ca_issue.c. */
#include "ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/hash.h>
#include <sl/text.h>
#include <sl/wipe.h>

#include "ca_issue.h"
#include "files.h"
#include "key_file.h"

#define FILE_MAX_BYTES 16384
#define CLOCK_FLOOR                                                                                \
	1767225600 /* 2026-01-01: before this software; a clock that says less is unset */
#define CLOCK_SLACK_S 300

/* --- open and close -------------------------------------------------------------------------- */

static enum sl_err
complain(char message[static CONFIG_MESSAGE_MAX], const char *file, const char *what,
        enum sl_err err)
{
	snprintf(message, CONFIG_MESSAGE_MAX, "%s: %s (%s)", file, what, sl_err_text(err));
	return err;
}

static enum sl_err
load_key(struct ca *ca, const char *file, char message[static CONFIG_MESSAGE_MAX])
{
	const char *why = "no private key in PEM or DER that is P-256, P-384 or Ed25519, without "
	                  "a passphrase";
	enum sl_err err = key_file_read(&ca->key, file, &why);

	if (err)
		return complain(message, file, why, err);
	err = sl_pkey_generate(&ca->lint_key, sl_pkey_type(ca->key));
	return err ? complain(message, file, "this type of key cannot sign certificates", err)
	           : SL_OK;
}

static enum sl_err
load_certificate(struct ca *ca, const char *file, char message[static CONFIG_MESSAGE_MAX])
{
	size_t i = ca->certificate_count, len = 0;
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, FILE_MAX_BYTES);
	err = files_read(&text, file, FILES_PUBLIC);
	if (!err)
		err = sl_cert_from_text(sl_buf_view(&text), ca->der[i], sizeof ca->der[i], &len);
	sl_buf_clear(&text);
	if (err)
		return complain(message, file, "no certificate in PEM or DER", err);
	ca->certificates[i] = sl_span(ca->der[i], len);
	ca->certificate_count++;
	return SL_OK;
}

static enum sl_err
check_own(struct ca *ca, const char *file, char message[static CONFIG_MESSAGE_MAX])
{
	struct sl_pkey *inside = NULL;
	bool is_pair;
	enum sl_err err = sl_cert_decode(&ca->own, ca->certificates[0]);

	if (!err)
		err = sl_sha256(ca->certificates[0], ca->own_hash);
	if (!err)
		err = sl_pkey_from_spki(&inside, ca->own.spki);
	if (err)
		return complain(message, file, "the certificate is malformed", err);
	is_pair = sl_pkey_equal_public(inside, ca->key);
	sl_pkey_free(inside);
	if (!is_pair)
		return complain(message, file, "the certificate is not for ca.key", SL_EAUTH);
	if (!ca->own.is_ca || (ca->own.has_key_usage && !(ca->own.key_usage & SL_KU_KEY_CERT_SIGN)))
		return complain(message, file, "not the certificate of an authority", SL_EAUTH);
	if (ca->own.not_after <= ca->options.now)
		return complain(message, file, "the certificate is expired", SL_EAUTH);
	return SL_OK;
}

/* Each certificate of the chain issued the one before it. */
static enum sl_err
check_chain(struct ca *ca, char message[static CONFIG_MESSAGE_MAX])
{
	struct sl_cert below = ca->own, above;

	for (size_t i = 1; i < ca->certificate_count; i++) {
		enum sl_err err = sl_cert_decode(&above, ca->certificates[i]);

		if (!err)
			err = sl_cert_verify_issued_by(&below, &above, -1);
		if (err)
			return complain(message, ca->options.config->ca.chain[i - 1],
			        "did not issue the certificate before it", err);
		below = above;
	}
	return SL_OK;
}

static enum sl_err
load(struct ca *ca, char message[static CONFIG_MESSAGE_MAX])
{
	const struct config_ca *files = &ca->options.config->ca;
	enum sl_err err = load_key(ca, files->key, message);

	if (!err)
		err = load_certificate(ca, files->certificate, message);
	if (!err)
		err = check_own(ca, files->certificate, message);
	for (size_t i = 0; !err && i < files->chain_count; i++)
		err = load_certificate(ca, files->chain[i], message);
	if (!err)
		err = check_chain(ca, message);
	return err;
}

/* Whoever waits to finish open intents goes before those who would open more. */
static void
make_locks(struct ca *ca)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&ca->running, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_mutex_init(&ca->clock, NULL);
	for (size_t i = 0; i < CA_STRIPES; i++)
		pthread_mutex_init(&ca->stripes[i], NULL);
}

/* Without its store: good for nothing but ca_check and ca_open. */
static enum sl_err
make(struct ca **out, const struct ca_options *options, char message[static CONFIG_MESSAGE_MAX])
{
	struct ca *ca = calloc(1, sizeof *ca);
	enum sl_err err;

	message[0] = '\0';
	if (!ca)
		return SL_ENOMEM;
	ca->options = *options;
	make_locks(ca);
	err = load(ca, message);
	if (err)
		ca_close(ca);
	else
		*out = ca;
	return err;
}

enum sl_err
ca_check(const struct config *config, int64_t now, char message[static CONFIG_MESSAGE_MAX])
{
	struct ca_options options = {.config = config, .now = now};
	struct ca *ca = NULL;
	enum sl_err err = make(&ca, &options, message);

	if (!err)
		ca_close(ca);
	return err;
}

enum sl_err
ca_open(struct ca **out, const struct ca_options *options, char message[static CONFIG_MESSAGE_MAX])
{
	struct ca *ca = NULL;
	enum sl_err err = make(&ca, options, message);

	if (err)
		return err;
	err = ca_resolve(ca, options->now);
	if (err) {
		complain(
		        message, options->config->store, "open intents could not be resolved", err);
		ca_close(ca);
		return err;
	}
	*out = ca;
	return SL_OK;
}

void
ca_close(struct ca *ca)
{
	if (!ca)
		return;
	sl_pkey_free(ca->key);
	sl_pkey_free(ca->lint_key);
	for (size_t i = 0; i < CA_STRIPES; i++)
		pthread_mutex_destroy(&ca->stripes[i]);
	pthread_mutex_destroy(&ca->clock);
	pthread_rwlock_destroy(&ca->running);
	free(ca);
}

const struct sl_span *
ca_certificates(const struct ca *ca, size_t *count)
{
	*count = ca->certificate_count;
	return ca->certificates;
}

/* --- enrolment ------------------------------------------------------------------------------- */

/* No jump against the clock that nobody sets. A slow correction passes. */
static bool
clock_is_steady(struct ca *ca, const struct ca_request *request)
{
	int64_t between = request->now * 1000 - (int64_t)request->boot_ms, jump;
	bool is_steady;

	pthread_mutex_lock(&ca->clock);
	jump = between - ca->clock_ms;
	is_steady =
	        !ca->has_clock || (jump <= CLOCK_SLACK_S * 1000 && jump >= -CLOCK_SLACK_S * 1000);
	if (is_steady) {
		ca->has_clock = true;
		ca->clock_ms = between;
	}
	pthread_mutex_unlock(&ca->clock);
	return is_steady;
}

/* Not before this software, not before the last certificate. */
static enum sl_err
check_clock(struct ca *ca, const struct ca_request *request)
{
	int64_t last = 0;
	enum sl_err err = store_last_issued(ca->options.store, &last);

	if (err)
		return err;
	if (request->now < CLOCK_FLOOR || request->now + CLOCK_SLACK_S < last ||
	        !clock_is_steady(ca, request))
		return SL_EAUTH;
	return SL_OK;
}

/* A session does not outlive the certificate of ours that it began with. */
static enum sl_err
check_session(struct ca *ca, const struct ca_request *request)
{
	struct store_certificate began;
	enum sl_err err;

	if (request->serial.len == 0)
		return SL_OK;
	err = store_certificate_get(ca->options.store, request->serial, &began);
	if (err == SL_ENOTFOUND)
		return SL_EAUTH;
	if (err)
		return err;
	return began.status == STORE_VALID && strcmp(began.identity, request->identity) == 0
	               ? SL_OK
	               : SL_EAUTH;
}

struct renewal_search {
	const struct policy_grant *grant;
	bool names_may_change;
	int64_t now;
};

static enum sl_err
on_renewable(void *arg, const struct store_certificate *c)
{
	const struct renewal_search *search = arg;
	struct sl_cert old;

	if (c->status != STORE_VALID || c->not_before > search->now || c->not_after <= search->now)
		return SL_OK;
	if (search->names_may_change)
		return SL_EREPLAY;
	if (sl_cert_decode(&old, sl_span(c->der, c->der_len)))
		return SL_OK;
	return sl_span_equal(old.subject, search->grant->csr.subject) &&
	                       sl_span_equal(
	                               old.subject_alt_name, search->grant->csr.subject_alt_name)
	               ? SL_EREPLAY
	               : SL_OK;
}

/* RFC 7030 section 4.2.2: the names are those of a certificate that this identity holds. */
static enum sl_err
check_renewal(struct ca *ca, const struct ca_issue *issue)
{
	struct renewal_search search = {
	        .grant = &issue->grant,
	        .names_may_change = issue->grant.csr.has_change_subject_name,
	        .now = issue->request->now,
	};
	struct store_filter filter = {.identity = issue->request->identity};
	enum sl_err err;

	if (!issue->request->is_renewal)
		return SL_OK;
	err = store_certificates_each(ca->options.store, &filter, on_renewable, &search);
	if (err == SL_EREPLAY)
		return SL_OK;
	return err ? err : SL_EAUTH;
}

static enum ca_outcome
say(struct ca_answer *answer, enum ca_outcome outcome, const char *diagnostic)
{
	answer->diagnostic = diagnostic;
	return outcome;
}

static enum ca_outcome
hand_out(struct ca_answer *answer, enum ca_outcome outcome, const struct store_certificate *c)
{
	if (sl_hex_encode(answer->serial, sizeof answer->serial, sl_span(c->serial, c->serial_len)))
		return say(answer, CA_FAILED, "serial number is too long");
	memcpy(answer->certificate, c->der, c->der_len);
	answer->certificate_len = c->der_len;
	return say(answer, outcome, "");
}

static enum ca_outcome
choose_profile(struct ca *ca, struct ca_issue *issue, struct ca_answer *answer)
{
	const struct ca_request *request = issue->request;

	if (request->label[0] && !config_profile(ca->options.config, request->label))
		return say(answer, CA_NOT_FOUND, "no such label");
	if (request->label[0] && strcmp(request->label, request->profile) != 0)
		return say(answer, CA_FORBIDDEN, "this label is not for this identity");
	issue->profile = config_profile(ca->options.config, request->profile);
	if (!issue->profile)
		return say(answer, CA_FAILED, "the profile of this identity is not configured");
	return CA_ISSUED;
}

static enum ca_outcome
check_policy(struct ca *ca, struct ca_issue *issue, struct ca_answer *answer)
{
	const struct ca_request *request = issue->request;
	struct policy_ask ask = {
	        .profile = issue->profile,
	        .identity = request->identity,
	        .csr = request->csr,
	        .is_renewal = request->is_renewal,
	        .binding = request->binding,
	        .now = request->now,
	        .ca_not_after = ca->own.not_after,
	};

	switch (policy_check(&ask, &issue->grant, &answer->diagnostic)) {
	case POLICY_PASS:
		return CA_ISSUED;
	case POLICY_BAD_REQUEST:
		return CA_BAD_REQUEST;
	case POLICY_FORBIDDEN:
		return CA_FORBIDDEN;
	case POLICY_FAILED:
		break;
	}
	return CA_FAILED;
}

/* What the store has to say: revoked keys, renewals, repetitions. CA_ISSUED: go on. */
static enum ca_outcome
check_history(struct ca *ca, struct ca_issue *issue, struct ca_answer *answer)
{
	bool is_revoked = true;
	enum sl_err err = ca_key_is_revoked(ca, issue->grant.spki_hash, &is_revoked);

	if (!err && is_revoked)
		return say(answer, CA_FORBIDDEN, "this key was revoked");
	if (!err)
		err = check_session(ca, issue->request);
	if (err == SL_EAUTH)
		return say(answer, CA_FORBIDDEN, "the certificate of this session was revoked");
	if (!err)
		err = check_renewal(ca, issue);
	if (err == SL_EAUTH)
		return say(answer, CA_FORBIDDEN,
		        "no valid certificate of this identity has these names");
	if (!err)
		err = ca_find_repeat(ca, issue, issue->request->now, &issue->certificate);
	if (!err)
		return hand_out(answer, CA_REPEATED, &issue->certificate);
	if (err != SL_ENOTFOUND)
		return say(answer, CA_BUSY, "the store is not available");
	return CA_ISSUED;
}

static enum ca_outcome
check_self(struct ca *ca, const struct ca_request *request, struct ca_answer *answer)
{
	enum sl_err err = check_clock(ca, request);

	if (err == SL_EAUTH)
		return say(answer, CA_BUSY, "the clock of the authority is not to be trusted");
	if (err || atomic_load(&ca->has_open))
		return say(answer, CA_BUSY, "the store is not available");
	return CA_ISSUED;
}

/* The request's stripe is held. */
static enum ca_outcome
decide(struct ca *ca, struct ca_issue *issue, struct ca_answer *answer)
{
	enum ca_outcome outcome = check_history(ca, issue, answer);
	const char *reason = "";
	enum sl_err err;

	if (outcome != CA_ISSUED)
		return outcome;
	ca_at(ca, CA_AT_POLICY_PASSED);
	err = ca_issue(ca, issue, &reason);
	if (err == SL_EIO)
		return say(answer, CA_BUSY, reason);
	if (err)
		return say(answer, CA_FAILED, reason);
	outcome = hand_out(answer, CA_ISSUED, &issue->certificate);
	ca_at(ca, CA_AT_ANSWER);
	return outcome;
}

/* Others are worked on at the same time, but not the same request. */
static enum ca_outcome
enrol(struct ca *ca, struct ca_issue *issue, struct ca_answer *answer)
{
	enum ca_outcome outcome = choose_profile(ca, issue, answer);
	pthread_mutex_t *stripe;

	ca_at(ca, CA_AT_REQUEST);
	if (outcome == CA_ISSUED)
		outcome = check_self(ca, issue->request, answer);
	if (outcome == CA_ISSUED)
		outcome = check_policy(ca, issue, answer);
	if (outcome != CA_ISSUED)
		return outcome;
	stripe = &ca->stripes[issue->grant.request_key[0] % CA_STRIPES];
	pthread_mutex_lock(stripe);
	outcome = decide(ca, issue, answer);
	pthread_mutex_unlock(stripe);
	return outcome;
}

/* Intents that could not be closed. A failure leaves them for the next request. */
static void
finish_open(struct ca *ca, int64_t now)
{
	enum sl_err ignored = SL_OK;

	pthread_rwlock_wrlock(&ca->running);
	if (atomic_load(&ca->has_open))
		ignored = ca_resolve(ca, now);
	(void)ignored;
	pthread_rwlock_unlock(&ca->running);
}

enum ca_outcome
ca_enrol(struct ca *ca, const struct ca_request *request, struct ca_answer *answer)
{
	struct ca_issue issue = {.request = request};
	enum ca_outcome outcome;

	memset(answer, 0, sizeof *answer);
	answer->diagnostic = "";
	if (atomic_load(&ca->has_open) && check_clock(ca, request) == SL_OK)
		finish_open(ca, request->now);
	pthread_rwlock_rdlock(&ca->running);
	outcome = enrol(ca, &issue, answer);
	pthread_rwlock_unlock(&ca->running);
	if (outcome == CA_BUSY)
		answer->retry_after_s = ca->options.config->retry_after_s;
	return outcome;
}

const char *
ca_outcome_name(enum ca_outcome outcome)
{
	static const char *const names[] = {
	        [CA_ISSUED] = "issued",
	        [CA_REPEATED] = "repeated",
	        [CA_BAD_REQUEST] = "bad-request",
	        [CA_FORBIDDEN] = "forbidden",
	        [CA_NOT_FOUND] = "not-found",
	        [CA_BUSY] = "busy",
	        [CA_FAILED] = "failed",
	};

	return names[outcome];
}
