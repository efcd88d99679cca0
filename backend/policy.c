/* SPDX-License-Identifier: BSD-2-Clause
 * The checks of RFC 9148 section 9 and RFC 7030 section 4.2 on a certification request, in a
 * fixed order: form, possession, attributes, then what the identity may have. */
#include "policy.h"

#include <string.h>

#include <sl/hash.h>
#include <sl/text.h>
#include <sl/wipe.h>
#include <sl/writer.h>

#define BACKDATE_S     300  /* devices whose clock is a little late */
#define NAME_TAG_DNS   0x82 /* GeneralName [2] IA5String, RFC 5280 section 4.2.1.6 */
#define NAME_TAG_URI   0x86 /* GeneralName [6] IA5String */
#define SHORT_LEN_MAX  0x7f
#define IDENTITY_FIELD "{identity}"

static enum policy_verdict
refuse(const char **reason, enum policy_verdict verdict, const char *text)
{
	*reason = text;
	return verdict;
}

bool
policy_identity_is_fine(const char *identity)
{
	size_t len = strnlen(identity, POLICY_IDENTITY_MAX + 1);

	return len > 0 && len <= POLICY_IDENTITY_MAX && sl_is_plain_utf8(sl_span(identity, len));
}

/* The template with every "{identity}" replaced; no other brace may stand in it. */
static enum sl_err
expand(char *out, size_t cap, const char *template, const char *identity)
{
	struct sl_writer w = sl_writer_over(out, cap);

	while (*template) {
		size_t plain = strcspn(template, "{}");

		sl_write_span(&w, sl_span(template, plain));
		template += plain;
		if (!*template)
			break;
		if (strncmp(template, IDENTITY_FIELD, sizeof IDENTITY_FIELD - 1) != 0)
			return SL_EMALFORMED;
		sl_write_text(&w, identity);
		template += sizeof IDENTITY_FIELD - 1;
	}
	sl_write_u8(&w, 0);
	return sl_writer_finish(&w);
}

static enum sl_err
make_subject(struct policy_grant *grant, const struct profile *profile, const char *identity)
{
	char name[POLICY_DN_MAX];
	enum sl_err err = expand(name, sizeof name, profile->common_name, identity);

	if (err)
		return err;
	return sl_name_from_cn(name, grant->subject, sizeof grant->subject, &grant->subject_len);
}

static bool
is_host_name(const char *name)
{
	static const char allowed[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	size_t len = strlen(name);

	return len > 0 && len <= 253 && strspn(name, allowed) == len && name[0] != '.' &&
	       name[0] != '-' && name[len - 1] != '.' && name[len - 1] != '-' &&
	       !strstr(name, "..");
}

static bool
is_uri(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || !strchr(name, ':'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= 0x20 || name[i] > 0x7e)
			return false;
	return true;
}

static void
write_header(struct sl_writer *w, uint8_t tag, size_t len)
{
	sl_write_u8(w, tag);
	if (len > SHORT_LEN_MAX)
		sl_write_u8(w, 0x81);
	sl_write_u8(w, (uint8_t)len);
}

static enum sl_err
make_alt_name(struct policy_grant *grant, const struct profile *profile, const char *identity)
{
	char name[POLICY_SAN_MAX - 8]; /* both headers, so that every length fits in one byte */
	struct sl_writer w =
	        sl_writer_over(grant->subject_alt_name, sizeof grant->subject_alt_name);
	enum sl_err err;
	bool is_dns;
	size_t len;

	grant->subject_alt_name_len = 0;
	if (!profile->subject_alt_name[0])
		return SL_OK;
	is_dns = strncmp(profile->subject_alt_name, "dns:", 4) == 0;
	if (!is_dns && strncmp(profile->subject_alt_name, "uri:", 4) != 0)
		return SL_EMALFORMED;
	err = expand(name, sizeof name, profile->subject_alt_name + 4, identity);
	if (err)
		return err;
	if (is_dns ? !is_host_name(name) : !is_uri(name))
		return SL_EMALFORMED;
	len = strlen(name);
	write_header(&w, 0x30, len + (len > SHORT_LEN_MAX ? 3 : 2));
	write_header(&w, is_dns ? NAME_TAG_DNS : NAME_TAG_URI, len);
	sl_write_text(&w, name);
	grant->subject_alt_name_len = sl_writer_span(&w).len;
	return sl_writer_finish(&w);
}

/* Form and possession. */
static enum policy_verdict
check_form(const struct policy_ask *ask, struct sl_csr *csr, const char **reason)
{
	enum sl_err err;

	if (ask->csr.len > POLICY_CSR_MAX)
		return refuse(reason, POLICY_BAD_REQUEST, "certification request is too long");
	err = sl_csr_decode(csr, ask->csr);
	if (err == SL_EUNSUPPORTED)
		return refuse(reason, POLICY_BAD_REQUEST, "key type is not supported");
	if (err == SL_EMALFORMED)
		return refuse(reason, POLICY_BAD_REQUEST, "certification request is malformed");
	if (!err)
		err = sl_csr_verify(csr);
	if (err == SL_EAUTH || err == SL_EUNSUPPORTED || err == SL_EMALFORMED)
		return refuse(reason, POLICY_BAD_REQUEST, "proof of possession failed");
	if (err)
		return refuse(reason, POLICY_FAILED, "certification request could not be checked");
	return POLICY_PASS;
}

static enum policy_verdict
check_challenge(const struct policy_ask *ask, const struct sl_csr *csr, const char **reason)
{
	if (!ask->profile->requires_challenge)
		return POLICY_PASS;
	if (!csr->has_challenge)
		return refuse(reason, POLICY_BAD_REQUEST, "challengePassword is missing");
	if (ask->binding.len == 0 || !sl_equal_secret(ask->binding, sl_span_text(csr->challenge)))
		return refuse(reason, POLICY_BAD_REQUEST,
		        "challengePassword does not belong to this session");
	return POLICY_PASS;
}

/* Key, key usage and extensions against the profile. */
static enum policy_verdict
check_extensions(const struct policy_ask *ask, struct policy_grant *grant, const char **reason)
{
	const struct sl_csr *csr = &grant->csr;

	if (!(ask->profile->key_types & (1U << csr->key_type)))
		return refuse(reason, POLICY_FORBIDDEN, "key type is not allowed");
	if (csr->wants_ca)
		return refuse(reason, POLICY_FORBIDDEN, "a CA certificate is not allowed");
	grant->key_usage = ask->profile->key_usage;
	if (csr->key_type == SL_PKEY_ED25519)
		grant->key_usage &= ~(unsigned)SL_KU_KEY_AGREEMENT;
	if (csr->has_key_usage) {
		if (csr->key_usage & ~grant->key_usage)
			return refuse(reason, POLICY_FORBIDDEN, "key usage is not allowed");
		grant->key_usage = csr->key_usage;
	}
	if (grant->key_usage == 0)
		return refuse(reason, POLICY_FORBIDDEN, "no key usage is left");
	return POLICY_PASS;
}

static bool
is_empty_name(struct sl_span name)
{
	static const uint8_t empty[] = {0x30, 0x00};

	return sl_span_equal(name, sl_span(empty, sizeof empty));
}

static enum policy_verdict
check_names(const struct policy_ask *ask, struct policy_grant *grant, const char **reason)
{
	const struct sl_csr *csr = &grant->csr;

	if (!policy_identity_is_fine(ask->identity) ||
	        make_subject(grant, ask->profile, ask->identity) ||
	        make_alt_name(grant, ask->profile, ask->identity))
		return refuse(reason, POLICY_FAILED, "the profile makes no name of this identity");
	if ((!ask->profile->ignore_requested_subject || ask->is_renewal) &&
	        !is_empty_name(csr->subject) &&
	        !sl_span_equal(csr->subject, sl_span(grant->subject, grant->subject_len)))
		return refuse(reason, POLICY_FORBIDDEN, "subject is not this identity");
	if (csr->subject_alt_name.len > 0 &&
	        !sl_span_equal(csr->subject_alt_name,
	                sl_span(grant->subject_alt_name, grant->subject_alt_name_len)))
		return refuse(reason, POLICY_FORBIDDEN, "subjectAltName is not allowed");
	if (ask->is_renewal && csr->has_change_subject_name &&
	        !ask->profile->allow_change_subject_name)
		return refuse(reason, POLICY_FORBIDDEN, "ChangeSubjectName is not allowed");
	return POLICY_PASS;
}

static void
write_part(struct sl_writer *w, struct sl_span part)
{
	sl_write_u32(w, (uint32_t)part.len);
	sl_write_span(w, part);
}

/* Not the request's hash: a new session changes its challengePassword and its signature. */
static enum sl_err
make_keys(const struct policy_ask *ask, struct policy_grant *grant)
{
	uint8_t bytes[2 * POLICY_CSR_MAX];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	enum sl_err err;

	sl_write_u8(&w, ask->is_renewal);
	write_part(&w, sl_span_text(ask->identity));
	write_part(&w, sl_span_text(ask->profile->name));
	write_part(&w, grant->csr.spki);
	write_part(&w, grant->csr.subject);
	write_part(&w, grant->csr.extensions);
	err = sl_writer_finish(&w);
	if (!err)
		err = sl_sha256(sl_writer_span(&w), grant->request_key);
	if (!err)
		err = sl_sha256(grant->csr.spki, grant->spki_hash);
	return err;
}

static enum policy_verdict
fill_in(const struct policy_ask *ask, struct policy_grant *grant, const char **reason)
{
	const struct profile *profile = ask->profile;

	if (ask->ca_not_after <= ask->now)
		return refuse(reason, POLICY_FAILED, "the certificate of the authority is expired");
	grant->not_before = ask->now - BACKDATE_S;
	grant->not_after = ask->now + profile->validity_s;
	if (grant->not_after > ask->ca_not_after)
		grant->not_after = ask->ca_not_after;
	grant->client_auth = profile->client_auth;
	grant->server_auth = profile->server_auth;
	if (make_keys(ask, grant))
		return refuse(reason, POLICY_FAILED, "certification request could not be hashed");
	return POLICY_PASS;
}

enum policy_verdict
policy_check(const struct policy_ask *ask, struct policy_grant *grant, const char **reason)
{
	struct policy_grant made;
	enum policy_verdict verdict;

	memset(&made, 0, sizeof made);
	*reason = "";
	verdict = check_form(ask, &made.csr, reason);
	if (verdict == POLICY_PASS)
		verdict = check_challenge(ask, &made.csr, reason);
	if (verdict == POLICY_PASS)
		verdict = check_extensions(ask, &made, reason);
	if (verdict == POLICY_PASS)
		verdict = check_names(ask, &made, reason);
	if (verdict == POLICY_PASS)
		verdict = fill_in(ask, &made, reason);
	if (verdict == POLICY_PASS)
		*grant = made;
	return verdict;
}

enum sl_err
policy_profile_check(const struct profile *profile, const char **key, const char **mend)
{
	struct policy_grant scratch;
	enum sl_err err = make_subject(&scratch, profile, "a");

	if (err) {
		*key = "common-name";
		*mend = "1 to 64 characters, with {identity} as the only field";
		return err;
	}
	err = make_alt_name(&scratch, profile, "a");
	if (err) {
		*key = "subject-alt-name";
		*mend = "dns:NAME or uri:URI, with {identity} as the only field";
	}
	return err;
}

void
policy_attributes(const struct profile *profile, struct sl_est_csrattrs *attrs)
{
	memset(attrs, 0, sizeof *attrs);
	attrs->wants_challenge = profile->requires_challenge;
	attrs->wants_p256 = profile->key_types & (1U << SL_PKEY_P256);
	attrs->wants_p384 = profile->key_types & (1U << SL_PKEY_P384);
	attrs->wants_ed25519 = profile->key_types & (1U << SL_PKEY_ED25519);
}
