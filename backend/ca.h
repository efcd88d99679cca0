/* SPDX-License-Identifier: BSD-2-Clause
 * The embedded certificate authority: one function decides for /sen and /sren. Order of an
 * issuance: policy, serial reserved, lint, to-be-signed bytes durable, signature, certificate and
 * audit line durable, answer (docs/ca.md). No byte of a certificate leaves before it and its
 * audit line are on the disk. Thread-safe. */
#ifndef CA_H
#define CA_H

#include "config.h"
#include "store.h"

struct ca;

/* Every step of an issuance, in order; for the observer. */
enum ca_step {
	CA_AT_REQUEST = 1,
	CA_AT_POLICY_PASSED,
	CA_AT_SERIAL_RESERVED,
	CA_AT_TBS_MADE,
	CA_AT_LINTED,
	CA_AT_INTENT_DURABLE,
	CA_AT_SIGNED,
	CA_AT_TBS_COMPARED,
	CA_AT_CERTIFICATE_WRITTEN, /* inside the transaction */
	CA_AT_AUDIT_WRITTEN,       /* inside the transaction */
	CA_AT_DURABLE,
	CA_AT_ANSWER,
	CA_STEPS,
};

struct ca_options {
	const struct config *config;              /* borrowed while the ca lives */
	struct store *store;                      /* borrowed; opened with STORE_SERVE */
	int64_t now;                              /* POSIX seconds */
	void (*at)(void *arg, enum ca_step step); /* observer of tests; NULL */
	void *at_arg;
};

/* Loads key and certificates, checks that they belong together, resolves what a crash left open.
 * message says why not. SL_EMALFORMED, SL_EAUTH, SL_EIO. */
enum sl_err ca_open(struct ca **ca, const struct ca_options *options,
        char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;
void ca_close(struct ca *ca); /* NULL is fine; wipes the key */

/* Loads key and certificates as ca_open does, and nothing else. */
enum sl_err ca_check(const struct config *config, int64_t now,
        char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;

/* DER certificates for /crts, the issuing one first, then towards the root. Borrowed from ca. */
const struct sl_span *ca_certificates(const struct ca *ca, size_t *count);

enum ca_outcome {
	CA_ISSUED,      /* 2.04 */
	CA_REPEATED,    /* 2.04: the same certificate again */
	CA_BAD_REQUEST, /* 4.00 */
	CA_FORBIDDEN,   /* 4.03 */
	CA_NOT_FOUND,   /* 4.04: no such label */
	CA_BUSY,        /* 5.03 with Max-Age retry_after_s */
	CA_FAILED,      /* 5.00 */
};

struct ca_request {
	const char *identity; /* authenticated */
	const char *profile;  /* the identity's own */
	const char *label;    /* of the URI; "" takes the profile, anything else must be its name */
	struct sl_span csr;
	bool is_renewal;
	struct sl_span binding; /* what a required challengePassword must equal; empty: none */
	struct sl_span serial;  /* of the certificate of ours that authenticated it; else empty */
	int64_t now;            /* POSIX seconds */
	uint64_t boot_ms;       /* CLOCK_BOOTTIME, which nobody sets: tells when the other jumps */
};

struct ca_answer {
	uint8_t certificate[STORE_CERT_MAX]; /* DER */
	size_t certificate_len;              /* 0 unless issued or repeated */
	const char *diagnostic;              /* fixed text, never NULL; "" when all is well */
	unsigned retry_after_s;
	char serial[2 * SL_SERIAL_MAX + 1]; /* hex, for the log; "" without a certificate */
};

enum ca_outcome ca_enrol(
        struct ca *ca, const struct ca_request *request, struct ca_answer *answer) SL_MUST_USE;
/* "issued", "repeated", "bad-request", ...: for logs and the audit. */
const char *ca_outcome_name(enum ca_outcome outcome);

#endif
