/* SPDX-License-Identifier: BSD-2-Clause
 * What must outlive the process: OSCORE contexts with their reserved sequence numbers,
 * certificates, the intents of certificates, and the audit chain. One implementation:
 * store_sqlite.c. Thread-safe. A function that changes something returns after the change is on
 * the disk. */
#ifndef STORE_H
#define STORE_H

#include <sl/oscore.h>

#include "policy.h"

#define STORE_CERT_MAX   2048 /* bytes of a DER certificate or its TBSCertificate */
#define STORE_AUDIT_MAX  1024 /* bytes of an audit line */
#define STORE_SECRET_MIN 16

struct store;

enum store_mode {
	STORE_CREATE, /* must not exist; made with mode 0600 */
	STORE_USE,    /* administration beside a serving process */
	STORE_SERVE,  /* the one process that issues; holds a lock file */
};

/* SL_ENOTFOUND (no file; for STORE_CREATE: it exists), SL_EAUTH (readable by others), SL_ELIMIT
 * (another process serves it), SL_EUNSUPPORTED (other schema version), SL_EIO. */
enum sl_err store_open(struct store **store, const char *file, enum store_mode mode) SL_MUST_USE;
/* What its error means to an operator, and the mend. */
const char *store_open_text(enum sl_err err);
void store_close(struct store *store); /* NULL is fine */
/* A number that changes when another process changed the store (contexts added or disabled).
 * Cheap. */
enum sl_err store_version(struct store *store, uint64_t *version) SL_MUST_USE;

/* Between them every read sees the store of one moment, whatever other processes write. For a handle that
 * one thread uses. SL_EIO. */
enum sl_err store_view_begin(struct store *store) SL_MUST_USE;
void store_view_end(struct store *store);

/* --- OSCORE contexts ------------------------------------------------------------------------- */

/* Ids are as the server sees them: sender is ours, recipient is the device's (the kid of its
 * requests). */
struct store_context {
	int64_t id;
	char identity[POLICY_IDENTITY_MAX + 1];
	char profile[POLICY_NAME_MAX + 1];
	struct sl_key master_secret, master_salt;
	struct sl_oscore_id sender_id, recipient_id;
	bool has_id_context;
	uint8_t id_context[SL_OSCORE_ID_CONTEXT_MAX];
	size_t id_context_len;
	int aead_alg, hkdf_hash;
	unsigned window;
	unsigned functions; /* allowed: bit (1 << enum sl_est_function) */
	uint64_t ssn_limit; /* durable reservation: numbers below may have been used */
	int64_t created;
	bool is_disabled;
};

void store_context_clear(struct store_context *context); /* wipes */

/* Fills in context->id. SL_EREPLAY when recipient id and ID Context are already taken. SL_EAUTH when it
 * would share a key with another context, disabled ones too (RFC 8613 section 3.3). SL_EIO. */
enum sl_err store_context_add(struct store *store, struct store_context *context) SL_MUST_USE;
/* SL_OK goes on, anything else stops and is returned. The context is wiped after the call; the
 * visitor must not call the store. */
typedef enum sl_err (*store_context_visit)(void *arg, const struct store_context *context);
/* Every context with an id above after (0: all), disabled ones too, in the order of their ids. */
enum sl_err store_contexts_each(
        struct store *store, int64_t after, store_context_visit visit, void *arg) SL_MUST_USE;
/* SL_ENOTFOUND. Wipe *context with store_context_clear. */
enum sl_err store_context_get(
        struct store *store, int64_t id, struct store_context *context) SL_MUST_USE;
/* RFC 8613 B.1.1: limit is on the disk when this returns SL_OK. A limit not above the stored one is
 * SL_EREPLAY (somebody else used this context: do not go on). SL_ENOTFOUND, SL_EIO. */
enum sl_err store_context_reserve(struct store *store, int64_t id, uint64_t limit) SL_MUST_USE;
enum sl_err store_context_disable(struct store *store, int64_t id) SL_MUST_USE;
/* Every context of the identity; *count says how many were enabled before. */
enum sl_err store_contexts_disable(
        struct store *store, const char *identity, size_t *count) SL_MUST_USE;

/* --- certificates ---------------------------------------------------------------------------- */

enum store_status { STORE_VALID = 1, STORE_REVOKED = 2, STORE_VOID = 3 };

struct store_certificate {
	uint8_t serial[SL_SERIAL_MAX];
	size_t serial_len;
	char identity[POLICY_IDENTITY_MAX + 1];
	char profile[POLICY_NAME_MAX + 1];
	uint8_t spki_hash[32];
	uint8_t request_key[32];
	uint8_t issuer_hash[32]; /* SHA-256 of the authority's certificate */
	int64_t issued_at, not_before, not_after;
	enum store_status status;
	int reason; /* RFC 5280 CRLReason, when revoked */
	int64_t revoked_at;
	uint8_t der[STORE_CERT_MAX];
	size_t der_len;
};

struct store_filter {
	const char *identity;       /* NULL: any */
	const uint8_t *spki_hash;   /* 32 bytes; NULL: any */
	const uint8_t *request_key; /* 32 bytes; NULL: any */
};

typedef enum sl_err (*store_certificate_visit)(
        void *arg, const struct store_certificate *certificate);
/* Newest first. A visitor that returns anything but SL_OK stops; that is returned. */
enum sl_err store_certificates_each(struct store *store, const struct store_filter *filter,
        store_certificate_visit visit, void *arg) SL_MUST_USE;
enum sl_err store_certificate_get(struct store *store, struct sl_span serial,
        struct store_certificate *certificate) SL_MUST_USE;
/* The latest issued_at, 0 when there is none. */
enum sl_err store_last_issued(struct store *store, int64_t *when) SL_MUST_USE;

/* --- intents: what is being issued ----------------------------------------------------------- */

enum store_intent_state {
	STORE_RESERVED = 1,
	STORE_INTENDED = 2,
	STORE_DONE = 3,
	STORE_VOIDED = 4
};

/* certificate.der holds the TBSCertificate once the state is STORE_INTENDED. */
struct store_intent {
	enum store_intent_state state;
	struct store_certificate certificate;
};

/* The serial is taken for ever. SL_EREPLAY: it was taken before. */
enum sl_err store_serial_reserve(
        struct store *store, const struct store_certificate *certificate) SL_MUST_USE;
/* The TBSCertificate (certificate->der) and everything beside it, state STORE_INTENDED. */
enum sl_err store_intent_put(
        struct store *store, const struct store_certificate *certificate) SL_MUST_USE;
typedef enum sl_err (*store_intent_visit)(void *arg, const struct store_intent *intent);
/* Reserved and intended ones. The visitor must not call the store. */
enum sl_err store_intents_open(
        struct store *store, store_intent_visit visit, void *arg) SL_MUST_USE;

/* --- changes with their audit line: both or neither ------------------------------------------ */

struct store_audit {
	int64_t time;
	const char *line; /* JSON object, one line */
};

/* Called inside the transaction, for tests of what a crash leaves behind; may be NULL. */
typedef void (*store_step)(void *arg, int step);
enum { STORE_STEP_CERTIFICATE = 1, STORE_STEP_AUDIT = 2 };

struct store_issue {
	const struct store_certificate *certificate;
	struct store_audit audit;
	store_step step;
	void *step_arg;
};

/* Certificate, its intent done, audit line. */
enum sl_err store_issue(struct store *store, const struct store_issue *issue) SL_MUST_USE;
/* Open intent closed without a certificate, audit line. */
enum sl_err store_void(
        struct store *store, struct sl_span serial, const struct store_audit *audit) SL_MUST_USE;

struct store_revocation {
	struct sl_span serial;
	int reason;
	int64_t when;
	struct store_audit audit;
};

/* SL_ENOTFOUND, SL_EREPLAY (is revoked already). */
enum sl_err store_revoke(
        struct store *store, const struct store_revocation *revocation) SL_MUST_USE;
enum sl_err store_audit_append(struct store *store, const struct store_audit *audit) SL_MUST_USE;

struct store_audit_row {
	uint64_t seq;              /* from 1 */
	struct sl_span prev, hash; /* 32 bytes when untouched */
	struct sl_span line;
};

typedef enum sl_err (*store_audit_visit)(void *arg, const struct store_audit_row *row);
enum sl_err store_audit_each(struct store *store, store_audit_visit visit, void *arg) SL_MUST_USE;
/* What the store believes the last row to be. seq 0: none. */
enum sl_err store_audit_head(
        struct store *store, uint64_t *seq, uint8_t hash[static 32]) SL_MUST_USE;

#endif
