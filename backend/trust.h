/* SPDX-License-Identifier: BSD-2-Clause
 * Whom the server believes in EDHOC, and what they may have (RFC 9528 section 3.5 and appendix D): our own
 * credentials, the peers that the configuration names, the certificates that this authority issued, the revocation
 * file. There is no trust on first use. Thread-safe. */
#ifndef TRUST_H
#define TRUST_H

#include <sl/credentials.h>
#include <sl/edhoc.h>

#include "ca.h"
#include "config.h"
#include "store.h"

struct trust;

struct trust_options {
	const struct config *config; /* borrowed, as all three */
	struct store *store;         /* NULL with --check */
	const struct ca *ca;         /* NULL with --check */
	int64_t now;                 /* POSIX seconds */
	/* Told once when the revocation file cannot be read any more, and when it can again; NULL: nobody.
	 * Called from any thread that asks. */
	void (*warn)(const char *text);
};

/* Loads keys, credentials, anchors, peers and the revocation file; message says which file is wrong and how to
 * mend it. Suites that the installed library cannot do are refused by name. SL_EMALFORMED, SL_EAUTH (a
 * secret is open to others, or fits no credential), SL_EUNSUPPORTED, SL_EIO, SL_ENOMEM. */
enum sl_err trust_open(struct trust **out, const struct trust_options *options,
        char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;
/* Opens and closes, without store and authority. SL_OK without a section edhoc. */
enum sl_err trust_check(const struct config *config, int64_t now,
        char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;
void trust_close(struct trust *t); /* wipes; NULL is fine */

/* Methods, suites and message_4 of every run of ours. Borrowed from trust. */
const struct sl_edhoc_profile *trust_profile(const struct trust *t);
/* The credential that we show in a run with this method and suite; NULL: none fits. Borrowed from trust. */
const struct sl_edhoc_credential *trust_own(
        const struct trust *t, int method, const struct sl_edhoc_suite *suite);

/* From here on peers, and certificates by URI, are those of next, which was opened for config; what is ours, the
 * methods, suites and the revocation file stay. Both belong to t from here on. */
void trust_take_peers(struct trust *t, struct trust *next, struct config *config);
/* The peers of now, for one message: they stay until trust_leave, whatever trust_take_peers does meanwhile. */
struct trust *trust_enter(struct trust *t);
void trust_leave(struct trust *t, struct trust *peers);

struct trust_ask {
	const struct trust *peers; /* of trust_enter; NULL: t's own */
	/* Of the peer. The candidates borrow from it until they are cleared, and a run of EDHOC forgets it when
	 * it verifies: give a copy. */
	struct sl_span id_cred;
	int method;
	int64_t now; /* POSIX seconds */
};

/* The validated credentials that ID_CRED_I may mean; clear them. Errors as of sl_credential_resolve. */
enum sl_err trust_resolve(
        struct trust *t, const struct trust_ask *ask, struct sl_candidates *candidates) SL_MUST_USE;

#define TRUST_CHAIN_MAX (2 * (SL_CHAIN_MAX - 1))

/* Who a peer is. Plain data, may be copied. */
struct trust_peer {
	char identity[POLICY_IDENTITY_MAX + 1];
	char profile[POLICY_NAME_MAX + 1];
	unsigned functions;      /* allowed: bit (1 << enum sl_est_function) */
	int64_t not_after;       /* of the credential; INT64_MAX: it has no end */
	uint8_t cred_hash[32];   /* SHA-256 of the credential's content (DER, CCS, C509) */
	uint8_t cert_hash[32];   /* of a certificate in C509: that of its DER; else the same */
	uint8_t anchor_hash[32]; /* of the anchor above it; of a credential by itself the same */
	uint8_t chain[TRUST_CHAIN_MAX]
	             [32]; /* of what it sent between them, each as cred and cert_hash */
	size_t chain_len;
	uint8_t serial[SL_SERIAL_MAX]; /* of a certificate that this authority issued */
	size_t serial_len;             /* 0: it is another's */
};

/* The owner of a credential that EDHOC verified, one of those that trust_resolve gave for the same ask. SL_EAUTH:
 * no rule names it, it is revoked, or over. SL_EIO: the store or the revocation file cannot be read. *reason
 * is a fixed text for the log. */
enum sl_err trust_authorise(struct trust *t, const struct trust_ask *ask,
        const struct sl_credential *verified, struct trust_peer *peer,
        const char **reason) SL_MUST_USE;
/* Whether what was made for the peer may be used on: its credential is in its time, and not revoked since. Cheap:
 * looks at the file and the store at most once a second. */
bool trust_holds(struct trust *t, const struct trust_peer *peer, int64_t now, uint64_t now_ms);

#endif
