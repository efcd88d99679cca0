/* SPDX-License-Identifier: BSD-2-Clause
 * Private to the authority: the steps of one issuance, and what is left of those that a crash cut
 * short. */
#ifndef CA_ISSUE_H
#define CA_ISSUE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ca.h"

#define CA_CERTIFICATES_MAX (CONFIG_CHAIN_MAX + 1)
#define CA_STRIPES          64 /* a power of two */

struct ca {
	struct ca_options options;
	pthread_rwlock_t running; /* for reading while something is issued: its intent is open */
	pthread_mutex_t
	        stripes[CA_STRIPES]; /* by request: the same one is worked on once at a time */
	pthread_mutex_t clock;       /* around has_clock and clock_ms */
	struct sl_pkey *key;
	struct sl_pkey *lint_key; /* of the same type; signs nothing that leaves */
	uint8_t der[CA_CERTIFICATES_MAX][STORE_CERT_MAX];
	struct sl_span certificates[CA_CERTIFICATES_MAX];
	size_t certificate_count;
	struct sl_cert own;   /* decoded der[0] */
	uint8_t own_hash[32]; /* SHA-256 of der[0] */
	bool has_clock;       /* clock_ms is set */
	int64_t clock_ms;     /* wall clock minus boot clock at the last accepted request */
	atomic_bool has_open; /* an intent could not be closed: try again first */
};

/* On one thread, with the request's stripe held. */
struct ca_issue {
	const struct ca_request *request;
	const struct profile *profile;
	struct policy_grant grant;
	struct store_certificate certificate; /* made step by step */
};

void ca_at(const struct ca *ca, enum ca_step step);
/* Serial to durable certificate. SL_EIO: nothing left; the intent is closed or has_open is set.
 * *reason is a fixed text. */
enum sl_err ca_issue(struct ca *ca, struct ca_issue *issue, const char **reason) SL_MUST_USE;
/* Finishes what can still be handed out, voids the rest. Nothing is being issued meanwhile. */
enum sl_err ca_resolve(struct ca *ca, int64_t now) SL_MUST_USE;
/* The newest valid certificate for the request key that is still to be repeated. SL_ENOTFOUND. */
enum sl_err ca_find_repeat(struct ca *ca, const struct ca_issue *issue, int64_t now,
        struct store_certificate *found) SL_MUST_USE;
/* A certificate with this key was revoked for another reason than its succession. */
enum sl_err ca_key_is_revoked(
        struct ca *ca, const uint8_t spki_hash[static 32], bool *is_revoked) SL_MUST_USE;

#endif
