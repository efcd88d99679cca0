/* SPDX-License-Identifier: BSD-2-Clause
 * What a profile lets a device have, and whether a certification request stays inside it. Pure:
 * no store, no clock of its own. Names come from the authenticated identity and the profile;
 * those of a request are only compared (RFC 7030 section 4.2, RFC 9148 section 9). */
#ifndef POLICY_H
#define POLICY_H

#include <sl/est.h>
#include <sl/x509.h>

#define POLICY_IDENTITY_MAX 64 /* bytes; an identity is also a CN (RFC 5280: ub-common-name) */
#define POLICY_NAME_MAX     SL_EST_LABEL_MAX
#define POLICY_CSR_MAX      4096 /* bytes */
#define POLICY_TEMPLATE_MAX 128
#define POLICY_DN_MAX       256 /* bytes of a DER Name that we make */
#define POLICY_SAN_MAX      256

struct profile {
	char name[POLICY_NAME_MAX + 1]; /* also the EST label */
	int64_t validity_s;
	unsigned key_types;                        /* bit (1 << enum sl_pkey_type) */
	char common_name[POLICY_TEMPLATE_MAX + 1]; /* template; "{identity}" is replaced */
	char subject_alt_name[POLICY_TEMPLATE_MAX +
	                      1]; /* template "dns:..." or "uri:...", or empty */
	unsigned key_usage;       /* enum sl_key_usage: digitalSignature or keyAgreement or both */
	bool client_auth, server_auth;
	bool requires_challenge; /* challengePassword must be there and equal the session's value */
	bool ignore_requested_subject;  /* else a subject in the request must be empty or ours */
	bool allow_change_subject_name; /* RFC 7030 section 4.2.2 at /sren */
	int64_t repeat_s,
	        renew_repeat_s; /* the same request gets the same certificate for so long */
};

enum policy_verdict {
	POLICY_PASS = 0,
	POLICY_BAD_REQUEST, /* 4.00 */
	POLICY_FORBIDDEN,   /* 4.03 */
	POLICY_FAILED,      /* our side: the profile makes no name of this identity */
};

struct policy_ask {
	const struct profile *profile;
	const char *identity; /* authenticated; NUL-terminated, plain UTF-8 */
	struct sl_span csr;
	bool is_renewal; /* /sren */
	struct sl_span
	        binding; /* value that a required challengePassword must equal; empty: none known */
	int64_t now;     /* POSIX seconds */
	int64_t ca_not_after; /* no certificate outlives its CA */
};

/* What would be issued. csr borrows from ask.csr. */
struct policy_grant {
	struct sl_csr csr;
	uint8_t subject[POLICY_DN_MAX];
	size_t subject_len;
	uint8_t subject_alt_name[POLICY_SAN_MAX]; /* DER GeneralNames; len 0: none */
	size_t subject_alt_name_len;
	int64_t not_before, not_after;
	unsigned key_usage;
	bool client_auth, server_auth;
	uint8_t spki_hash[32];
	uint8_t request_key[32]; /* who wants what: identity, key, names, extensions, profile */
};

/* The checks of RFC 9148 and of the house in the order of 4.00 before 4.03. *reason is always a
 * fixed text. *grant is written only with POLICY_PASS. */
enum policy_verdict policy_check(
        const struct policy_ask *ask, struct policy_grant *grant, const char **reason) SL_MUST_USE;

/* 1..POLICY_IDENTITY_MAX bytes of plain UTF-8. */
bool policy_identity_is_fine(const char *identity);
/* The profile's templates can be filled in; else *key is the one that cannot and *mend what it
 * wants. SL_EMALFORMED, SL_ESPACE. */
enum sl_err policy_profile_check(
        const struct profile *profile, const char **key, const char **mend) SL_MUST_USE;
/* What GET /att says for the profile. */
void policy_attributes(const struct profile *profile, struct sl_est_csrattrs *attrs);

#endif
