/* SPDX-License-Identifier: BSD-2-Clause
 * A server with peers of every kind, in a folder of its own; makers of devices, good and bad; and a whole EDHOC run of
 * one device against it, without a network. */
#ifndef TRUST_WORLD_H
#define TRUST_WORLD_H

#include "lab.h"
#include "trust.h"

/* An authority. */
struct maker {
	struct sl_pkey *key;
	struct sl_span cert;
};

struct world {
	struct lab lab;
	struct trust *trust;
	char message[CONFIG_MESSAGE_MAX];
	struct sl_pkey
	        *own[4]; /* P-256 and X25519 for static DH, P-256 and Ed25519 for signatures */
	struct maker one, two, old, bad, stranger, ours;
	struct sl_pkey *native_key; /* of the native C509 root */
	struct sl_span native_root;
	struct sl_pkey *device; /* P-256, of most credentials */
	struct sl_pkey *other;  /* P-256 of somebody else */
	struct sl_pkey *x25519, *ed25519, *p384;
	bool is_made; /* what is kept from now on ends with the test */
};

extern struct world world;

/* Makes keys and authorities; further files and the configuration are the test's: world_write, then world_open. */
void world_make(void);
void world_remove(void);
/* Bytes that live until world_remove, or, once it is made, as heap_copy. */
struct sl_span world_keep(struct sl_span bytes);
void world_write(const char *name, struct sl_span bytes, unsigned mode);
void world_write_pem(const char *name, struct sl_span der);
void world_write_key(const char *name, const struct sl_pkey *key);
/* The file's whole name. */
const char *world_path(const char *name);
/* Configuration: store, authority, profiles default and second, then this text. */
enum sl_err world_configure(const char *text);
/* trust_open with store and authority; what it says is in world.message. */
enum sl_err world_open(void);
/* The edhoc section with four credentials of ours, for all methods and suites 2, 3 and 0, plus lines at its depth. */
const char *world_edhoc(const char *more);

/* --- certificates and claims sets ------------------------------------------------------------- */

struct leaf {
	const struct maker *issuer; /* NULL: self-signed */
	const char *cn, *serial;    /* attributes of the subject; NULL: not there */
	struct sl_span subject;     /* in place of both */
	int64_t from, until;        /* seconds from now; both 0: yesterday to next month */
	unsigned key_usage;         /* 0: digitalSignature and keyAgreement */
	bool is_ca, has_no_usage;
	const struct sl_pkey *key; /* NULL: world.device */
	struct sl_span number;     /* empty: random */
};

struct sl_span world_certificate(const struct leaf *leaf);
struct maker world_authority(const char *name, const struct leaf *like);
/* { sub, exp, nbf, cnf }; times 0: not there. kid hex, NULL: none. */
struct sl_span world_ccs(
        const char *subject, const char *kid, const struct sl_pkey *key, int64_t exp, int64_t nbf);
/* Native C509 below the native root, or the root itself (subject NULL). */
struct sl_span world_native(const char *subject, int64_t until, unsigned key_usage);

/* --- a device --------------------------------------------------------------------------------- */

struct attempt {
	int method;
	int64_t suite;
	struct sl_span id_cred, cred;
	const struct sl_pkey *key; /* that the device has */
};

enum stage { AT_READ, AT_RESOLVE, AT_VERIFY, AT_AUTHORISE, ACCEPTED };

struct outcome {
	enum stage stage; /* where it ended */
	enum sl_err err;
	const char *reason;
	struct trust_peer peer;
};

void world_attempt(const struct attempt *attempt, struct outcome *outcome);
const char *stage_name(enum stage stage);

#endif
