/* SPDX-License-Identifier: BSD-2-Clause
 * A session out of a vector file, and one side of it, ready to be run. */
#ifndef RUN_H
#define RUN_H

#include "support.h"

#include <sl/edhoc.h>

#define MESSAGE_MAX 12288
#define SUITES_MAX  8

/* One session. json is its object; spans live until the end of the program. */
struct session {
	const char *name;
	const json_t *json;
	int64_t method, suite, suites[SUITES_MAX];
	size_t suite_count;
	struct sl_span x, y, c_i, c_r, ead[5], message[5]; /* by number */
	struct sl_span id_cred[2], cred[2], sk[2], pk[2];  /* by enum sl_edhoc_role */
	bool for_oscore;
};

/* file: rfc9529_trace1.json or rfc9529_trace2.json. */
struct session trace_load(const char *file);
/* vectors[i] of the generated sessions; the file is loaded once. */
struct session generated_load(size_t i);
size_t generated_count(void);
struct session generated_named(const char *name);
/* A hex member. */
struct sl_span value(const struct session *v, const char *key);

/* One side. Not to be moved: the run points into it. */
struct run {
	struct sl_edhoc s;
	struct sl_edhoc_profile profile;
	const struct session *v;
	struct sl_edhoc_credential own, peer;
	struct sl_pkey *own_key, *peer_key;
	struct sl_span tbs, signature; /* what a dictated signature is asked and gives */
	uint8_t message[MESSAGE_MAX], plaintext[MESSAGE_MAX], scratch[2 * MESSAGE_MAX];
};

/* Profile of the session: its suites (the Responder: the selected one), its method, message_4
 * required, no EAD label understood. */
void run_start(struct run *r, const struct session *v, enum sl_edhoc_role role);
/* Signatures come from the vector: ECDSA is not deterministic. */
void run_dictate(struct run *r);
void run_end(struct run *r);

/* The steps with the vector's values. */
enum sl_err run_write_1(struct run *r, struct sl_span *out);
enum sl_err run_write_2(struct run *r, struct sl_span *out);
/* verify with the vector's peer credential. */
enum sl_err run_verify(struct run *r);
/* Up to the state in which message n of the vector is due to be read. */
void run_until(struct run *r, int n);
/* Reads message n. */
enum sl_err run_read(struct run *r, int n, struct sl_span message, struct sl_edhoc_seen *seen);

struct sl_pkey *private_key(enum sl_pkey_type type, struct sl_span raw);
struct sl_pkey *public_key(enum sl_pkey_type type, struct sl_span raw);
/* Asserts that the run is aborted and that nothing secret is left in it. */
void ck_nothing_left(const struct run *r);

#endif
