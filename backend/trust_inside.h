/* SPDX-License-Identifier: BSD-2-Clause
 * Private to trust: what is loaded once and never changes, and what is watched. */
#ifndef TRUST_INSIDE_H
#define TRUST_INSIDE_H

#include <pthread.h>

#include <sl/credential_file.h>

#include "trust.h"
#include "trust_revoked.h"

#define TRUST_ANCHORS_MAX (CONFIG_PEERS_MAX + 1) /* and our own authority */
#define TRUST_SEEN        256
#define TRUST_LISTED_MAX  4096 /* files of the directory */
#define TRUST_NAME_MAX    64   /* bytes of their names */
#define TRUST_PICKED_MAX  (CONFIG_PEERS_MAX + 1)

struct trust_own {
	struct sl_credential_file file;
	struct sl_pkey *key;
	uint8_t *id_cred; /* owned */
	struct sl_edhoc_credential credential;
	bool is_static_dh;
};

/* One entry of peers. */
struct trust_rule {
	const struct config_peer *peer;
	struct sl_credential_file file; /* of one credential, or of a C509 anchor */
	uint8_t *der;                   /* owned; of an X.509 anchor */
	size_t der_len;
	struct sl_span anchor; /* DER, or a C509 array of type 2 */
	bool is_native;        /* C509 of type 2: signed as it stands */
	uint8_t hash[32];      /* fingerprint of anchor or credential */
};

/* A certificate that x5u or c5u refers to. */
struct trust_listed {
	char name[TRUST_NAME_MAX + 1];
	struct sl_credential_file file;
};

/* What the store said about a certificate of ours, and when. */
struct trust_seen {
	uint8_t serial[SL_SERIAL_MAX];
	size_t serial_len;
	uint64_t version;
	bool is_valid;
};

struct trust {
	struct trust_options options;
	struct sl_edhoc_profile profile;
	struct trust_own own[CONFIG_OWN_MAX];
	size_t own_count;
	struct trust_rule rules[CONFIG_PEERS_MAX];
	size_t rule_count;
	struct sl_known_credential known[CONFIG_PEERS_MAX]; /* of rule i, when it is no anchor */
	struct sl_span x509_anchors[TRUST_ANCHORS_MAX], c509_anchors[CONFIG_PEERS_MAX];
	size_t x509_anchor_count, c509_anchor_count;
	uint8_t ca_hash[32];
	struct trust_listed *listed; /* owned; by name */
	size_t listed_count;

	struct config *owned; /* options.config, when trust_take_peers has it */

	pthread_mutex_t mutex; /* of everything below, and of users of newest */
	struct trust *newest;  /* owned; whose peers hold; NULL: our own */
	unsigned users;        /* trust_enter without trust_leave */
	struct revoked revoked;
	bool is_warned;
	uint64_t looked_ms, version;
	bool has_looked;
	struct trust_seen seen[TRUST_SEEN];
};

/* The key that a side of EDHOC needs: methods 0 and 2 sign message_2, 0 and 1 sign message_3. */
static inline bool
trust_is_static_dh(int method, bool is_responder)
{
	return (method & (is_responder ? 1 : 2)) != 0;
}

/* "FILE: WHAT"; returns err. */
enum sl_err trust_complain(char message[static CONFIG_MESSAGE_MAX], const char *file,
        const char *what, enum sl_err err);
/* trust_own.c and trust_peers.c: into *t, which trust_close clears whatever happens. */
enum sl_err trust_load_own(struct trust *t, char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;
enum sl_err trust_load_peers(struct trust *t, char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;
enum sl_err trust_load_directory(
        struct trust *t, char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;
/* Known credentials that the reference can mean, into picked (TRUST_PICKED_MAX); they borrow from t and id_cred. */
size_t trust_pick_known(
        const struct trust *t, struct sl_span id_cred, struct sl_known_credential *picked);
void trust_clear_directory(struct trust *t);
void trust_clear_own(struct trust *t);
void trust_clear_newest(struct trust *t);
void trust_clear_peers(struct trust *t);

#endif
