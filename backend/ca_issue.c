/* SPDX-License-Identifier: BSD-2-Clause
 * One issuance: serial, lint, intent, signature, certificate with audit line; and the end of
 * those that a crash cut short. The order is what makes a crash harmless: docs/ca.md. */
#include "ca_issue.h"

#include <stdlib.h>
#include <string.h>

#include <sl/hash.h>
#include <sl/text.h>
#include <sl/wipe.h>

#include "audit.h"

#define SERIAL_LEN        16
#define SERIAL_TRIES      3
#define REASON_SUPERSEDED 4 /* CRLReason, RFC 5280 section 5.3.1 */

void
ca_at(const struct ca *ca, enum ca_step step)
{
	if (ca->options.at)
		ca->options.at(ca->options.at_arg, step);
}

static void
on_store_step(void *arg, int step)
{
	const struct ca *ca = arg;

	ca_at(ca, step == STORE_STEP_CERTIFICATE ? CA_AT_CERTIFICATE_WRITTEN : CA_AT_AUDIT_WRITTEN);
}

static struct sl_span
serial_of(const struct store_certificate *c)
{
	return sl_span(c->serial, c->serial_len);
}

/* --- questions to the store ------------------------------------------------------------------ */

struct repeat_search {
	int64_t now, window_s;
	struct store_certificate *found;
};

static enum sl_err
on_repeat(void *arg, const struct store_certificate *c)
{
	struct repeat_search *search = arg;

	if (c->status != STORE_VALID || c->not_after <= search->now ||
	        search->now - c->issued_at >= search->window_s)
		return SL_OK;
	*search->found = *c;
	return SL_EREPLAY;
}

static int64_t
repeat_window(const struct profile *profile, bool is_renewal)
{
	return is_renewal ? profile->renew_repeat_s : profile->repeat_s;
}

enum sl_err
ca_find_repeat(
        struct ca *ca, const struct ca_issue *issue, int64_t now, struct store_certificate *found)
{
	struct repeat_search search = {
	        .now = now,
	        .window_s = repeat_window(issue->profile, issue->request->is_renewal),
	        .found = found,
	};
	struct store_filter filter = {
	        .identity = issue->request->identity,
	        .request_key = issue->grant.request_key,
	};
	enum sl_err err = store_certificates_each(ca->options.store, &filter, on_repeat, &search);

	if (err == SL_EREPLAY)
		return SL_OK;
	return err ? err : SL_ENOTFOUND;
}

static enum sl_err
on_revoked(void *arg, const struct store_certificate *c)
{
	(void)arg;
	return c->status == STORE_REVOKED && c->reason != REASON_SUPERSEDED ? SL_EREPLAY : SL_OK;
}

enum sl_err
ca_key_is_revoked(struct ca *ca, const uint8_t spki_hash[static 32], bool *is_revoked)
{
	struct store_filter filter = {.spki_hash = spki_hash};
	enum sl_err err = store_certificates_each(ca->options.store, &filter, on_revoked, NULL);

	if (err && err != SL_EREPLAY)
		return err;
	*is_revoked = err == SL_EREPLAY;
	return SL_OK;
}

/* --- steps ----------------------------------------------------------------------------------- */

/* One byte for the instance, 120 random bits, first bit 0 (RFC 5280 section 4.1.2.2). */
static enum sl_err
reserve_serial(struct ca *ca, struct store_certificate *c)
{
	enum sl_err err = SL_EREPLAY;

	for (int i = 0; i < SERIAL_TRIES && err == SL_EREPLAY; i++) {
		c->serial_len = SERIAL_LEN;
		c->serial[0] = (uint8_t)ca->options.config->ca.instance;
		err = sl_random(c->serial + 1, SERIAL_LEN - 1);
		if (!err)
			err = store_serial_reserve(ca->options.store, c);
	}
	return err;
}

static enum sl_err
make_tbs(struct ca *ca, struct ca_issue *issue)
{
	const struct policy_grant *grant = &issue->grant;
	struct store_certificate *c = &issue->certificate;
	struct sl_cert_params params = {
	        .serial = serial_of(c),
	        .subject = sl_span(grant->subject, grant->subject_len),
	        .spki = grant->csr.spki,
	        .subject_alt_name = sl_span(grant->subject_alt_name, grant->subject_alt_name_len),
	        .issuer_cert = ca->certificates[0],
	        .issuer_key = ca->key,
	        .not_before = grant->not_before,
	        .not_after = grant->not_after,
	        .key_usage = grant->key_usage,
	        .ext_client_auth = grant->client_auth,
	        .ext_server_auth = grant->server_auth,
	};

	return sl_cert_tbs(&params, c->der, sizeof c->der, &c->der_len);
}

/* Signs with a key that is worth nothing and reads the result as a stranger would. */
static enum sl_err
lint(struct ca *ca, const struct ca_issue *issue)
{
	const struct policy_grant *grant = &issue->grant;
	const struct store_certificate *c = &issue->certificate;
	uint8_t der[STORE_CERT_MAX];
	struct sl_cert seen;
	size_t len = 0;
	enum sl_err err;

	err = sl_cert_sign(sl_span(c->der, c->der_len), ca->lint_key, der, sizeof der, &len);
	if (!err)
		err = sl_cert_decode(&seen, sl_span(der, len));
	if (err)
		return err;
	if (!sl_span_equal(seen.serial, serial_of(c)) ||
	        !sl_span_equal(seen.issuer, ca->own.subject) ||
	        !sl_span_equal(seen.subject, sl_span(grant->subject, grant->subject_len)) ||
	        !sl_span_equal(seen.spki, grant->csr.spki) ||
	        !sl_span_equal(seen.subject_alt_name,
	                sl_span(grant->subject_alt_name, grant->subject_alt_name_len)))
		return SL_EAUTH;
	if (seen.is_ca || !seen.has_key_usage || seen.key_usage != grant->key_usage ||
	        seen.is_cmc_ra || seen.not_before != grant->not_before ||
	        seen.not_after != grant->not_after)
		return SL_EAUTH;
	return SL_OK;
}

/* c->der holds the TBSCertificate and becomes the certificate. */
static enum sl_err
sign(struct ca *ca, struct store_certificate *c)
{
	uint8_t der[STORE_CERT_MAX];
	struct sl_span tbs;
	struct sl_cert seen;
	size_t len = 0;
	enum sl_err err = sl_cert_sign(sl_span(c->der, c->der_len), ca->key, der, sizeof der, &len);

	if (err)
		return err;
	ca_at(ca, CA_AT_SIGNED);
	err = sl_cert_get_tbs(sl_span(der, len), &tbs);
	if (!err && !sl_span_equal(tbs, sl_span(c->der, c->der_len)))
		err = SL_EAUTH;
	if (!err)
		err = sl_cert_decode(&seen, sl_span(der, len));
	if (!err && !sl_span_equal(seen.serial, serial_of(c)))
		err = SL_EAUTH;
	if (!err)
		err = sl_cert_verify_issued_by(&seen, &ca->own, -1);
	if (err)
		return err;
	memcpy(c->der, der, len);
	c->der_len = len;
	ca_at(ca, CA_AT_TBS_COMPARED);
	return SL_OK;
}

static enum sl_err
issued_line(char *out, size_t cap, const struct store_certificate *c, const char *how)
{
	struct audit_line line = audit_line_over(out, cap, "issued", c->issued_at);
	uint8_t hash[AUDIT_HASH_LEN];
	enum sl_err err = sl_sha256(sl_span(c->der, c->der_len), hash);

	if (err)
		return err;
	audit_line_text(&line, "how", how);
	audit_line_hex(&line, "serial", serial_of(c));
	audit_line_text(&line, "identity", c->identity);
	audit_line_text(&line, "profile", c->profile);
	audit_line_number(&line, "not-after", c->not_after);
	audit_line_hex(&line, "spki", sl_span(c->spki_hash, sizeof c->spki_hash));
	audit_line_hex(&line, "sha256", sl_span(hash, sizeof hash));
	return audit_line_finish(&line);
}

/* Certificate and audit line in one transaction: neither is ever there without the other. */
static enum sl_err
keep(struct ca *ca, const struct store_certificate *c, const char *how)
{
	char line[STORE_AUDIT_MAX];
	struct store_issue issue = {
	        .certificate = c,
	        .audit = {.time = c->issued_at, .line = line},
	        .step = on_store_step,
	        .step_arg = ca,
	};
	enum sl_err err = issued_line(line, sizeof line, c, how);

	if (!err)
		err = store_issue(ca->options.store, &issue);
	if (!err)
		ca_at(ca, CA_AT_DURABLE);
	return err;
}

static enum sl_err
void_serial(struct ca *ca, const struct store_certificate *c, const char *why, int64_t now)
{
	char text[STORE_AUDIT_MAX];
	struct audit_line line = audit_line_over(text, sizeof text, "voided", now);
	struct store_audit audit = {.time = now, .line = text};
	enum sl_err err;

	audit_line_text(&line, "why", why);
	audit_line_hex(&line, "serial", serial_of(c));
	audit_line_text(&line, "identity", c->identity);
	err = audit_line_finish(&line);
	return err ? err : store_void(ca->options.store, serial_of(c), &audit);
}

static void
fill_record(const struct ca *ca, struct ca_issue *issue)
{
	struct store_certificate *c = &issue->certificate;
	const struct policy_grant *grant = &issue->grant;

	memset(c, 0, sizeof *c);
	memcpy(c->identity, issue->request->identity, strlen(issue->request->identity) + 1);
	memcpy(c->profile, issue->profile->name, sizeof c->profile);
	memcpy(c->spki_hash, grant->spki_hash, sizeof c->spki_hash);
	memcpy(c->request_key, grant->request_key, sizeof c->request_key);
	memcpy(c->issuer_hash, ca->own_hash, sizeof c->issuer_hash);
	c->issued_at = issue->request->now;
	c->not_before = grant->not_before;
	c->not_after = grant->not_after;
}

enum sl_err
ca_issue(struct ca *ca, struct ca_issue *issue, const char **reason)
{
	struct store_certificate *c = &issue->certificate;
	enum sl_err err;

	fill_record(ca, issue);
	*reason = "no serial number could be reserved";
	err = reserve_serial(ca, c);
	if (err)
		return SL_EIO;
	ca_at(ca, CA_AT_SERIAL_RESERVED);
	*reason = "the certificate could not be made";
	err = make_tbs(ca, issue);
	if (err)
		goto out;
	ca_at(ca, CA_AT_TBS_MADE);
	*reason = "the certificate would not be what was granted";
	err = lint(ca, issue);
	if (err)
		goto out;
	ca_at(ca, CA_AT_LINTED);
	*reason = "the intent could not be stored";
	err = store_intent_put(ca->options.store, c);
	if (err)
		goto out;
	ca_at(ca, CA_AT_INTENT_DURABLE);
	*reason = "the certificate could not be signed";
	err = sign(ca, c);
	if (err)
		goto out;
	*reason = "the certificate could not be stored";
	err = keep(ca, c, issue->request->is_renewal ? "sren" : "sen");
out:
	/* Nothing left the process: the serial can be given up. */
	if (err && void_serial(ca, c, *reason, issue->request->now))
		atomic_store(&ca->has_open, true);
	if (!err)
		*reason = "";
	return err;
}

/* --- after a crash --------------------------------------------------------------------------- */

struct open_intents {
	struct store_intent *list;
	size_t count, cap;
};

static enum sl_err
collect(void *arg, const struct store_intent *intent)
{
	struct open_intents *open = arg;

	if (open->count == open->cap) {
		size_t cap = open->cap ? 2 * open->cap : 8;
		void *more = realloc(open->list, cap * sizeof *open->list);

		if (!more)
			return SL_ENOMEM;
		open->list = more;
		open->cap = cap;
	}
	open->list[open->count++] = *intent;
	return SL_OK;
}

/* Why the intent must not become a certificate any more; NULL when it may. */
static const char *
why_not(struct ca *ca, const struct store_intent *intent, int64_t now)
{
	const struct store_certificate *c = &intent->certificate;
	const struct profile *profile = config_profile(ca->options.config, c->profile);
	struct store_certificate other;
	struct repeat_search search = {.now = now, .found = &other};
	struct store_filter filter = {.identity = c->identity, .request_key = c->request_key};
	bool is_revoked = true;

	if (intent->state != STORE_INTENDED)
		return "no intent followed";
	if (!profile)
		return "the profile is gone";
	if (memcmp(c->issuer_hash, ca->own_hash, sizeof c->issuer_hash) != 0)
		return "the authority is another";
	/* Beyond the shorter window nobody will ask for this certificate again. */
	search.window_s = profile->renew_repeat_s < profile->repeat_s ? profile->renew_repeat_s
	                                                              : profile->repeat_s;
	if (now - c->issued_at >= search.window_s || c->not_after <= now)
		return "too old";
	if (ca_key_is_revoked(ca, c->spki_hash, &is_revoked) || is_revoked)
		return "the key is revoked";
	if (store_certificates_each(ca->options.store, &filter, on_repeat, &search) != SL_OK)
		return "another certificate was issued";
	return NULL;
}

static enum sl_err
resolve_one(struct ca *ca, struct store_intent *intent, int64_t now)
{
	struct store_certificate *c = &intent->certificate;
	const char *why = why_not(ca, intent, now);

	if (!why && sign(ca, c) != SL_OK)
		why = "the certificate could not be signed";
	return why ? void_serial(ca, c, why, now) : keep(ca, c, "resolved");
}

enum sl_err
ca_resolve(struct ca *ca, int64_t now)
{
	struct open_intents open = {0};
	enum sl_err err = store_intents_open(ca->options.store, collect, &open);

	for (size_t i = 0; !err && i < open.count; i++)
		err = resolve_one(ca, &open.list[i], now);
	free(open.list);
	if (!err)
		atomic_store(&ca->has_open, false);
	return err;
}
