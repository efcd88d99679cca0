/* SPDX-License-Identifier: BSD-2-Clause
 * provisioning.json of a state directory: the pre-shared OSCORE context as `sealift-est
 * add-context` writes it (RFC 8613 section 3.2), or what the device brings into EDHOC. Pure: text
 * in, checked struct out. */
#ifndef PROVISIONING_H
#define PROVISIONING_H

#include "provisioning_edhoc.h"
#include "settings.h"

#include <sl/oscore.h>

#define PROVISIONING_BYTES_MAX (16 * 1024)

struct provisioning {
	char identity[PROVISIONING_IDENTITY_MAX +
	              1]; /* may be empty with EDHOC: the credential's */
	bool is_edhoc;
	struct provisioning_edhoc edhoc;          /* when it is */
	struct sl_key master_secret, master_salt; /* and when it is not: */
	struct sl_oscore_id sender_id, recipient_id;
	bool has_id_context;
	uint8_t id_context[SL_OSCORE_ID_CONTEXT_MAX];
	size_t id_context_len;
	int aead_alg, hkdf_hash;
	unsigned window;
};

/* Unknown, repeated and missing keys, wrong types, odd hex, unknown algorithms, equal ids, ids
 * too long for the algorithm's nonce are refused; why names the key. SL_EMALFORMED,
 * SL_EUNSUPPORTED, SL_ENOMEM. *p is written only on success; clear it. */
enum sl_err provisioning_decode(
        struct provisioning *p, struct sl_span text, struct complaint *why) SL_MUST_USE;
void provisioning_clear(struct provisioning *p);
/* Borrows from *p, which is no EDHOC. */
struct sl_oscore_params provisioning_params(const struct provisioning *p);

#endif
