/* SPDX-License-Identifier: BSD-2-Clause
 * What a device brings into EDHOC, out of its files: a key and the credential around it, the
 * servers that it believes, and the agreement about methods and suites. Pure: contents in. */
#ifndef EDHOC_SETUP_H
#define EDHOC_SETUP_H

#include "certs.h"
#include "edhoc_server.h"
#include "provisioning_edhoc.h"

#include <sl/credential_file.h>
#include <sl/edhoc.h>

/* A credential of ours. Fields are for reading; the struct is not moved. */
struct edhoc_own {
	struct sl_pkey *key;
	struct sl_credential_file file;
	struct sl_buf id_cred;
	struct sl_edhoc_credential credential; /* borrows from the others */
};

void edhoc_own_init(struct edhoc_own *own);
void edhoc_own_clear(struct edhoc_own *own); /* wipes */
/* The private key must be the one that the credential is about. send: NULL: the shortest that is
 * there. SL_EMALFORMED, SL_EUNSUPPORTED, SL_EAUTH (another key), SL_ENOMEM. */
enum sl_err edhoc_own_load(struct edhoc_own *own, struct sl_span key, struct sl_span credential,
        const enum sl_id_cred_label *send, struct complaint *why) SL_MUST_USE;
/* The enrolled certificate, by value and without what came with it. SL_EAUTH: it is over at now
 * (POSIX seconds; negative: no clock), or its key usage is not for the method. Others as above. */
struct edhoc_own_enrolled {
	struct sl_span key, certificate; /* PEM */
	int method;
	int64_t now;
};

enum sl_err edhoc_own_load_enrolled(struct edhoc_own *own,
        const struct edhoc_own_enrolled *enrolled, struct complaint *why) SL_MUST_USE;
/* Whether the key can do the method in each suite. */
bool edhoc_own_fits(const struct edhoc_own *own, int method, const int64_t *suites, size_t count);
/* The subject of the credential as an identity. SL_ENOTFOUND: none that is a plain text of 1 to 64
 * characters. */
enum sl_err edhoc_own_identity(const struct edhoc_own *own,
        char identity[static PROVISIONING_IDENTITY_MAX + 1]) SL_MUST_USE;

struct edhoc_setup {
	struct provisioning_edhoc words;
	struct sl_edhoc_profile profile;
	int64_t suites[PROVISIONING_SUITES_MAX];
	int method;
	struct edhoc_own own;
	struct sl_credential_file peers[SL_DEVICE_PEERS_MAX];
	struct sl_known_credential known[SL_DEVICE_PEERS_MAX];
	struct certs anchors;
	struct sl_span anchor_spans[CERTS_MAX];
	struct edhoc_server server;
};

/* What is in the files that words name. */
struct edhoc_setup_files {
	struct sl_span key, credential, anchors, peers[SL_DEVICE_PEERS_MAX];
};

void edhoc_setup_init(struct edhoc_setup *setup);
void edhoc_setup_clear(struct edhoc_setup *setup);
/* Into an initialised setup, which is then not moved. why names the word. SL_EMALFORMED,
 * SL_EUNSUPPORTED, SL_EAUTH, SL_ELIMIT, SL_ENOMEM. */
enum sl_err edhoc_setup_load(struct edhoc_setup *setup, const struct provisioning_edhoc *words,
        const struct edhoc_setup_files *files, struct complaint *why) SL_MUST_USE;

#endif
