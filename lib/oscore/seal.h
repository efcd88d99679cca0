/* SPDX-License-Identifier: BSD-2-Clause
 * What protecting and unprotecting share inside the room: views of the context, and the AEAD's
 * inputs for one message (RFC 8613 sections 5.2 to 5.4). */
#ifndef OSCORE_SEAL_H
#define OSCORE_SEAL_H

#include <sl/oscore.h>

/* "Encrypt0" array 1 + 9, protected 1, and the external AAD: head 2, array 1, version 1, algorithm
 * 1 + 3, kid 1 + 7, Partial IV 1 + 5, options 1. */
#define SL_OSCORE_AAD_MAX   40
#define SL_OSCORE_NONCE_MAX 13

struct sl_span sl_oscore_id_view(const struct sl_oscore_id *id);

/* One message: which nonce, and the request that it belongs to. */
struct sl_oscore_seal {
	const struct sl_key *key;
	struct sl_span id_piv, piv; /* of the nonce, section 5.2 */
	struct sl_span request_kid, request_piv;
};

/* AEAD inputs; nonce and aad are the room that they are built in. */
struct sl_oscore_inputs {
	struct sl_aead_in in;
	uint8_t nonce[SL_OSCORE_NONCE_MAX];
	uint8_t aad[SL_OSCORE_AAD_MAX];
};

/* in.text is left to the caller. SL_ESPACE. */
enum sl_err sl_oscore_inputs(struct sl_oscore_inputs *inputs, const struct sl_oscore_ctx *ctx,
        const struct sl_oscore_seal *seal) SL_MUST_USE;

#endif
