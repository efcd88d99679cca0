/* SPDX-License-Identifier: BSD-2-Clause
 * Whether a credential may be believed: RFC 9528 section 3.5.2 and appendix D, RFC 5280 section 6.
 * C509 type 3 is validated as the X.509 that it is, type 2 by itself. */
#include "inside.h"

#include <sl/c509.h>
#include <sl/x509.h>

#define CERTS_MAX (SL_CHAIN_MAX + 1)

static bool
is_in_time(int64_t now, int64_t not_before, int64_t not_after)
{
	return now < 0 || (now >= not_before && now <= not_after);
}

/* RFC 9528 section 3.5.2: without keyUsage everything is allowed (RFC 5280 section 4.2.1.3). */
static bool
may_serve(bool has_key_usage, unsigned key_usage, enum sl_key_purpose purpose)
{
	unsigned need = purpose == SL_FOR_SIGNATURE ? SL_KU_DIGITAL_SIGNATURE : SL_KU_KEY_AGREEMENT;

	return !has_key_usage || (key_usage & need) != 0;
}

static enum sl_err
validate_ccs(const struct sl_credential *credential, const struct sl_trust *trust)
{
	struct sl_ccs_times times;
	enum sl_err err = sl_ccs_times_read(&times, credential->content);

	if (err != SL_OK)
		return err;
	for (size_t i = 0; i < trust->known_count; i++)
		if (sl_span_equal(trust->known[i].cred, credential->cred))
			return is_in_time(trust->now, times.not_before, times.expires) ? SL_OK
			                                                               : SL_EAUTH;
	return SL_EAUTH;
}

static enum sl_err
check_leaf(struct sl_span der, const struct sl_path *path)
{
	struct sl_cert cert;
	enum sl_err err = sl_cert_decode(&cert, der);

	if (err != SL_OK)
		return err;
	if (!may_serve(cert.has_key_usage, cert.key_usage, path->purpose) ||
	        !is_in_time(path->trust->now, cert.not_before, cert.not_after) ||
	        (path->trust->requires_cmc_ra && !cert.is_cmc_ra))
		return SL_EAUTH;
	return SL_OK;
}

static enum sl_err
validate_der(struct sl_span leaf, const struct sl_path *path, const struct sl_span *helpers,
        size_t helper_count)
{
	struct sl_cert_path full = {path->trust->x509_anchors, path->trust->x509_anchor_count,
	        helpers, helper_count, path->trust->now};
	enum sl_err err = check_leaf(leaf, path);

	return err == SL_OK && !path->is_trusted ? sl_cert_verify_path(leaf, &full) : err;
}

static enum sl_err
validate_x509(const struct sl_credential *credential, const struct sl_path *path)
{
	struct sl_span helpers[SL_CHAIN_MAX];

	for (size_t i = 0; i < path->helper_count; i++) {
		struct sl_reader r = sl_reader_over(path->helpers[i]);

		helpers[i] = sl_cbor_read_bytes(&r);
	}
	return validate_der(credential->content, path, helpers, path->helper_count);
}

/* --- C509 type 3 --- */

static enum sl_err
validate_reencoded(const struct sl_credential *credential, const struct sl_path *path)
{
	static const size_t room = SL_X509_MAX;
	uint8_t bytes[2 * SL_X509_MAX]; /* all certificates of the chain */
	struct sl_span der[CERTS_MAX];
	size_t used = 0, len = 0;

	for (size_t i = 0; i <= path->helper_count; i++) {
		struct sl_span c509 = i == 0 ? credential->content : path->helpers[i - 1];
		size_t cap = sizeof bytes - used < room ? sizeof bytes - used : room;
		enum sl_err err = sl_c509_to_x509(c509, bytes + used, cap, &len);

		if (err != SL_OK)
			return err == SL_ESPACE ? SL_ELIMIT : err;
		der[i] = sl_span(bytes + used, len);
		used += len;
	}
	return validate_der(der[0], path, der + 1, path->helper_count);
}

/* --- C509 type 2: each certificate by the next, the last by an anchor --- */

static bool
may_issue(const struct sl_c509_cert *issuer, size_t below, int64_t now)
{
	return issuer->is_ca && !issuer->has_unknown_critical &&
	       (issuer->path_len == SL_C509_NO_LIMIT || (uint64_t)issuer->path_len >= below) &&
	       (!issuer->has_key_usage || (issuer->key_usage & SL_KU_KEY_CERT_SIGN) != 0) &&
	       is_in_time(now, issuer->not_before, issuer->not_after);
}

/* below: how many certificates stand between the issuer and the leaf. */
static enum sl_err
check_issued(const struct sl_c509_cert *cert, const struct sl_c509_cert *issuer, size_t below,
        int64_t now)
{
	struct sl_pkey *key = NULL;
	enum sl_err err;

	if (!sl_span_equal(cert->issuer, issuer->subject) || !may_issue(issuer, below, now))
		return SL_EAUTH;
	err = sl_c509_public_key(issuer, &key);
	if (err == SL_OK)
		err = sl_c509_verify_native(cert, key);
	sl_pkey_free(key);
	return err;
}

static enum sl_err
find_anchor(const struct sl_c509_cert *cert, size_t below, const struct sl_trust *trust)
{
	enum sl_err err = SL_EAUTH;

	for (size_t i = 0; i < trust->c509_anchor_count && err != SL_OK; i++) {
		struct sl_c509_cert anchor;

		if (sl_c509_decode(&anchor, trust->c509_anchors[i], false) == SL_OK)
			err = check_issued(cert, &anchor, below, trust->now);
	}
	return err == SL_OK ? SL_OK : SL_EAUTH;
}

static enum sl_err
validate_native(const struct sl_c509_cert *leaf, const struct sl_path *path)
{
	struct sl_c509_cert cert = *leaf, issuer;
	const struct sl_trust *trust = path->trust;
	enum sl_err err = SL_OK;

	if (leaf->has_unknown_critical ||
	        !may_serve(leaf->has_key_usage, leaf->key_usage, path->purpose) ||
	        !is_in_time(trust->now, leaf->not_before, leaf->not_after) ||
	        (trust->requires_cmc_ra && !leaf->is_cmc_ra))
		return SL_EAUTH;
	if (path->is_trusted)
		return SL_OK;
	for (size_t i = 0; i < path->helper_count; i++) {
		if (find_anchor(&cert, i, trust) == SL_OK)
			return SL_OK; /* what the peer sent beyond is not needed */
		err = sl_c509_decode(&issuer, path->helpers[i], false);
		if (err == SL_OK)
			err = check_issued(&cert, &issuer, i, trust->now);
		if (err != SL_OK)
			return err;
		cert = issuer;
	}
	return find_anchor(&cert, path->helper_count, trust);
}

static enum sl_err
validate_c509(const struct sl_credential *credential, const struct sl_path *path)
{
	struct sl_c509_cert cert;
	enum sl_err err = sl_c509_decode(&cert, credential->content, false);

	if (err != SL_OK)
		return err;
	return cert.type == SL_C509_NATIVE ? validate_native(&cert, path)
	                                   : validate_reencoded(credential, path);
}

enum sl_err
sl_credential_validate(const struct sl_credential *credential, const struct sl_path *path)
{
	switch (credential->kind) {
	case SL_CREDENTIAL_CCS:
		return validate_ccs(credential, path->trust);
	case SL_CREDENTIAL_X509:
		return validate_x509(credential, path);
	default:
		return validate_c509(credential, path);
	}
}

enum sl_err
sl_credential_times(const struct sl_credential *credential, int64_t *not_before, int64_t *not_after)
{
	struct sl_ccs_times times = {0, 0};
	struct sl_c509_cert c509;
	struct sl_cert cert;
	enum sl_err err;

	if (credential->kind == SL_CREDENTIAL_CCS) {
		err = sl_ccs_times_read(&times, credential->content);
	} else if (credential->kind == SL_CREDENTIAL_X509) {
		err = sl_cert_decode(&cert, credential->content);
		if (err == SL_OK)
			times = (struct sl_ccs_times){cert.not_before, cert.not_after};
	} else {
		err = sl_c509_decode(&c509, credential->content, false);
		if (err == SL_OK)
			times = (struct sl_ccs_times){c509.not_before, c509.not_after};
	}
	if (err == SL_OK) {
		*not_before = times.not_before;
		*not_after = times.expires;
	}
	return err;
}
