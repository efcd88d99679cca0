/* SPDX-License-Identifier: BSD-2-Clause
 * The work on one EDHOC message of which nobody else has a copy in hand: from message_1 to message_2, from
 * message_3 to a context (RFC 9528 sections 5.2.3, 5.3.2, 5.4.3 and appendix A.1). */
#ifndef EDHOC_WORK_H
#define EDHOC_WORK_H

#include "edhoc_endpoint.h"

/* Wiped at its end. */
struct edhoc_work {
	const struct edhoc_config *config; /* borrowed, as the next three */
	struct edhoc_sessions *sessions;
	const struct edhoc_request *request;
	struct edhoc_reply *reply;
	struct edhoc_session *session; /* the caller's turn (edhoc_sessions_begin, _claim) */
	struct sl_edhoc_memory memory;
	struct sl_span id_cred; /* a copy: verify wipes where it came from */
	struct trust *peers;    /* trust_enter; the candidates borrow from it */
	struct sl_candidates candidates;
	struct trust_peer peer;
	uint8_t message[EDHOC_REPLY_MAX];
	uint8_t bytes[];
};

/* All but session, which is NULL. NULL: no memory. */
struct edhoc_work *edhoc_work_new(const struct edhoc_config *config,
        struct edhoc_sessions *sessions, const struct edhoc_request *request,
        struct edhoc_reply *reply);
void edhoc_work_free(struct edhoc_work *w); /* NULL is fine */

/* Both fill body, method, suite and what only the log has, and open or finish the session. On failure the session
 * is still the caller's, and reply->reason says how far it came. Ours are SL_EIO, SL_ESPACE, SL_ENOMEM and
 * SL_ELIMIT (no room), every other error is the peer's. */
enum sl_err edhoc_work_on_1(struct edhoc_work *w, struct sl_span message_1) SL_MUST_USE;
enum sl_err edhoc_work_on_3(struct edhoc_work *w, struct sl_span message_3) SL_MUST_USE;

/* 8 hex digits of a keyed hash, for the log. */
void edhoc_name_c_r(
        const struct edhoc_config *config, struct sl_span c_r, char out[static EDHOC_LOG_NAME]);

#endif
