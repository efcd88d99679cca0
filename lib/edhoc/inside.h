/* SPDX-License-Identifier: BSD-2-Clause
 * What the files of this room share: steps and states, the key schedule, proofs of possession. */
#ifndef SL_EDHOC_INSIDE_H
#define SL_EDHOC_INSIDE_H

#include <sl/cbor.h>
#include <sl/edhoc.h>

/* --- session.c: the state machine --- */

enum sl_edhoc_step {
	STEP_WRITE_1,
	STEP_READ_1,
	STEP_WRITE_2,
	STEP_READ_2,
	STEP_WRITE_3,
	STEP_READ_3,
	STEP_WRITE_4,
	STEP_READ_4,
	STEP_VERIFY,
	STEP_CONFIRM,
	STEP_READ_ERROR,
};

bool sl_edhoc_is_due(const struct sl_edhoc *s, enum sl_edhoc_step step);
void sl_edhoc_advance(struct sl_edhoc *s, enum sl_edhoc_step step);
/* Aborts; code is owed to the peer. Returns err. */
enum sl_err sl_edhoc_fail(struct sl_edhoc *s, enum sl_err err, enum sl_edhoc_error_code code);
/* A message of the peer is no good before it was authenticated: ignored while the profile's number
 * lasts, then as above. Returns err. */
enum sl_err sl_edhoc_reject(struct sl_edhoc *s, enum sl_err err);
/* Whether the profile allows the suite, and we have it. */
const struct sl_edhoc_suite *sl_edhoc_allowed_suite(
        const struct sl_edhoc_profile *profile, int64_t number);
/* SL_EAUTH: too long for the OSCORE context that is to follow, or equal. */
enum sl_err sl_edhoc_check_id(const struct sl_edhoc *s, struct sl_span id);
/* TH_4, PRK_out, PRK_exporter; what is not needed any more is wiped. */
enum sl_err sl_edhoc_complete(
        struct sl_edhoc *s, struct sl_span plaintext_3, struct sl_span cred_i);

/* Wipes what verify needed. */
void sl_edhoc_forget_plaintext(struct sl_edhoc *s);

/* --- wire.c --- */

/* PLAINTEXT_2 and PLAINTEXT_3. Read: kid when id_cred is empty. Write: id_cred, without C_R. */
struct sl_edhoc_plaintext {
	struct sl_span c_r, id_cred, kid, sig_or_mac, ead;
};

enum sl_err sl_edhoc_plaintext_read(
        struct sl_edhoc_plaintext *plaintext, struct sl_span bytes, bool has_c_r) SL_MUST_USE;
void sl_edhoc_plaintext_write(struct sl_writer *w, const struct sl_edhoc_plaintext *plaintext);
void sl_edhoc_kid_map_write(struct sl_writer *w, struct sl_span kid);
/* bytes passed sl_edhoc_check_id. */
void sl_edhoc_id_set(struct sl_edhoc_id *id, struct sl_span bytes);
/* SL_EMALFORMED; SL_EUNSUPPORTED: critical and not understood. */
enum sl_err sl_edhoc_ead_check(
        struct sl_span ead, const struct sl_edhoc_profile *profile) SL_MUST_USE;

/* --- schedule.c: section 4.1 --- */

#define KDF_PARTS 5

#define SL_EDHOC_COORDINATES_MAX 96 /* x and y of P-384 */

/* EDHOC_KDF; the context is the parts one after the other. */
struct sl_edhoc_kdf {
	const struct sl_edhoc_suite *suite;
	struct sl_span prk;
	int64_t label;
	struct sl_span context[KDF_PARTS];
};

enum sl_err sl_edhoc_expand(const struct sl_edhoc_kdf *kdf, struct sl_edhoc_bytes scratch,
        uint8_t *out, size_t len) SL_MUST_USE;
enum sl_err sl_edhoc_extract(const struct sl_edhoc_suite *suite, struct sl_span salt,
        struct sl_span ikm, struct sl_key *prk) SL_MUST_USE;
enum sl_err sl_edhoc_hash(
        const struct sl_edhoc_suite *suite, struct sl_span bytes, struct sl_key *hash) SL_MUST_USE;
/* TH_3 and TH_4: H(th, plaintext, cred). */
enum sl_err sl_edhoc_next_th(const struct sl_edhoc *s, struct sl_span plaintext,
        struct sl_span cred, struct sl_key *th) SL_MUST_USE;

/* TH_2 and PRK_2e, both ways. */
struct sl_edhoc_start {
	struct sl_span g_y, h_message_1;
	const struct sl_pkey *own, *peer; /* ephemeral */
};

enum sl_err sl_edhoc_begin_keys(const struct sl_edhoc *s, const struct sl_edhoc_start *in,
        struct sl_key *th_2, struct sl_key *prk_2e) SL_MUST_USE;
/* in XOR KEYSTREAM_2 into out, which lies elsewhere; in parts as appendix G says. */
enum sl_err sl_edhoc_stream(const struct sl_edhoc_kdf *kdf, struct sl_edhoc_bytes scratch,
        struct sl_span in, uint8_t *out) SL_MUST_USE;

/* message_3 and message_4: the AEAD under K and IV of label and label + 1. */
struct sl_edhoc_envelope {
	const struct sl_edhoc *session;
	struct sl_span th, prk;
	int64_t label;
};

#define LABEL_K_3 3
#define LABEL_K_4 8

/* One bstr, into w. */
enum sl_err sl_edhoc_seal(const struct sl_edhoc_envelope *envelope, struct sl_span plaintext,
        struct sl_writer *w) SL_MUST_USE;
/* Into memory.plaintext. */
enum sl_err sl_edhoc_open(const struct sl_edhoc_envelope *envelope, struct sl_span message,
        struct sl_span *plaintext) SL_MUST_USE;

/* --- proof.c: section 5.3.2, 5.4.2 --- */

/* Signature_or_MAC_2 and _3 by what goes in. */
struct sl_edhoc_proof {
	const struct sl_edhoc *session;
	bool is_2; /* of the Responder */
	struct sl_span th, prk, id_cred, cred, ead;
};

struct sl_edhoc_sig_or_mac {
	uint8_t bytes[SL_SIGNATURE_MAX];
	size_t len;
};

/* Keeps a plaintext of len bytes in memory.plaintext for verify; the map of a lone kid is restored
 * behind it. SL_ESPACE. */
enum sl_err sl_edhoc_keep_plaintext(
        struct sl_edhoc *s, const struct sl_edhoc_plaintext *plaintext, size_t len) SL_MUST_USE;
/* Whether that side authenticates with a signature key. */
bool sl_edhoc_signs(int method, bool is_2);
size_t sl_edhoc_sig_or_mac_len(const struct sl_edhoc *s, bool is_2);
/* PRK_3e2m or PRK_4e3m of a side with a static DH key: own is private, peer public. prk and th
 * come in. A signing side passes PRK on as it is. */
enum sl_err sl_edhoc_static_prk(const struct sl_edhoc_proof *proof, const struct sl_pkey *own,
        const struct sl_pkey *peer, struct sl_key *prk) SL_MUST_USE;
enum sl_err sl_edhoc_prove(const struct sl_edhoc_proof *proof,
        const struct sl_edhoc_credential *own, struct sl_edhoc_sig_or_mac *out) SL_MUST_USE;
enum sl_err sl_edhoc_check_proof(const struct sl_edhoc_proof *proof, const struct sl_pkey *key,
        struct sl_span sig_or_mac) SL_MUST_USE;
/* The key of a credential fits method and suite. */
bool sl_edhoc_fits(const struct sl_edhoc *s, const struct sl_pkey *key, bool is_2);

#endif
