/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC (RFC 9528): one run of the protocol, as Initiator or as Responder. Pure: no clock, no
 * storage, no randomness (ephemeral keys and identifiers come in). Every step that comes at the wrong
 * time gives SL_EREPLAY and changes nothing.
 *
 *   Initiator: write_message_1, read_message_2, verify, write_message_3, read_message_4 or confirm
 *   Responder: read_message_1, write_message_2, read_message_3, verify, write_message_4
 *
 * Failure of a step aborts the run: secrets are wiped, and one error message is owed to the peer
 * (write_error). Only messages that do not even decrypt or parse may be ignored, a number of times
 * (forgeries_max); then the run is as it was before. A finished message is kept and handed out
 * again (message), never made twice. */
#ifndef SL_EDHOC_H
#define SL_EDHOC_H

#include <sl/edhoc_suite.h>
#include <sl/edhoc_wire.h>
#include <sl/wipe.h>

/* Makes a signature elsewhere, in a secure element for instance: EdDSA, or ECDSA as r || s, of
 * len bytes exactly. */
typedef enum sl_err (*sl_edhoc_sign)(void *owner, struct sl_span message, uint8_t *out, size_t len);

/* An authentication credential. Borrowed wherever it is given. */
struct sl_edhoc_credential {
	struct sl_span id_cred;    /* ID_CRED_x: the whole COSE header map, { 4: kid } included */
	struct sl_span cred;       /* CRED_x: the data item that is authenticated */
	const struct sl_pkey *key; /* its public key; of our own also the private part */
	sl_edhoc_sign sign;        /* our own only: signs in place of key; NULL: key does */
	void *sign_owner;
};

enum sl_edhoc_role {
	SL_EDHOC_INITIATOR,
	SL_EDHOC_RESPONDER,
};

enum sl_edhoc_state {
	SL_EDHOC_START,
	SL_EDHOC_WAIT_M2,   /* I: message_1 is out */
	SL_EDHOC_READ_M2,   /* I: message_2 is decrypted; nothing in it is verified */
	SL_EDHOC_VRFD_M2,   /* I: the Responder is authenticated */
	SL_EDHOC_VRFD_M1,   /* R: message_1 is good */
	SL_EDHOC_WAIT_M3,   /* R: message_2 is out */
	SL_EDHOC_READ_M3,   /* R: message_3 is decrypted; the Initiator is not authenticated */
	SL_EDHOC_COMPLETED, /* keys can be exported; message_4 or key confirmation is due */
	SL_EDHOC_PERSISTED, /* done */
	SL_EDHOC_ABORTED,
};

enum sl_edhoc_message_4 {
	SL_EDHOC_M4_NEVER,
	SL_EDHOC_M4_OPTIONAL,
	SL_EDHOC_M4_REQUIRED,
};

/* What both ends agreed on beforehand (section 3.9). Borrowed as long as the run lives. */
struct sl_edhoc_profile {
	/* by preference; sl_edhoc_suite_check was asked about those used; with for_oscore one has OSCORE */
	const int64_t *suites;
	size_t suite_count;
	unsigned methods;          /* 1 << METHOD for each of 0 to 3 */
	const int64_t *ead_labels; /* that the application understands, without a sign */
	size_t ead_label_count;
	enum sl_edhoc_message_4 message_4;
	bool for_oscore;        /* identifiers differ and are short enough, suite has an HKDF */
	bool keeps_ephemeral;   /* our ephemeral key outlives completion: proof by static DH */
	unsigned forgeries_max; /* messages 2 to 4 that are ignored before one aborts the run */
};

struct sl_edhoc_bytes {
	uint8_t *bytes;
	size_t cap;
};

/* The caller's storage; what does not fit is SL_ESPACE. A few hundred bytes each with credentials
 * by reference; chains by value need their size in each. */
struct sl_edhoc_memory {
	struct sl_edhoc_bytes message;   /* our last message, kept */
	struct sl_edhoc_bytes plaintext; /* the peer's, from a read step until verify */
	struct sl_edhoc_bytes scratch;   /* within a call only: runs may share it, not threads */
};

/* Fields are for reading only. */
struct sl_edhoc {
	enum sl_edhoc_role role;
	enum sl_edhoc_state state;
	const struct sl_edhoc_profile *profile;
	struct sl_edhoc_memory memory;
	const struct sl_edhoc_suite *suite; /* selected; NULL before message_1 */
	int method;
	struct sl_edhoc_id c_i, c_r;
	const struct sl_edhoc_credential *own;
	struct sl_pkey *ephemeral, *peer_ephemeral; /* owned */
	struct sl_key th;    /* newest: H(message_1) of the Initiator, TH_2, TH_3, TH_4 */
	struct sl_key prk;   /* newest: PRK_2e, PRK_3e2m, PRK_4e3m */
	struct sl_key heard; /* hash of the peer's last accepted message */
	struct sl_key prk_out, prk_exporter;
	size_t message_len, plaintext_len, kept_len; /* kept: with a restored ID_CRED */
	struct sl_span id_cred, sig_or_mac, ead;     /* in memory.plaintext, for verify */
	enum sl_edhoc_error_code error;              /* owed to the peer */
	unsigned forgeries;
};

/* What a message shows. Of messages 2 and 3 nothing is authenticated before verify, of message_1
 * nothing ever. Spans borrow from the message (1) or from memory.plaintext. */
struct sl_edhoc_seen {
	struct sl_span id_cred; /* messages 2 and 3: the whole map, a lone kid restored */
	struct sl_span ead;     /* sequence of items: sl_edhoc_ead_next */
};

void sl_edhoc_init(struct sl_edhoc *s, enum sl_edhoc_role role,
        const struct sl_edhoc_profile *profile, const struct sl_edhoc_memory *memory);
/* Wipes and frees. For every run, however it ended. */
void sl_edhoc_clear(struct sl_edhoc *s);

/* --- Initiator --- */

/* ephemeral: fresh, of the suite's ecdh type; taken over at once, also on failure. own is borrowed
 * until message_3 is written. */
struct sl_edhoc_message_1 {
	int64_t method, suite; /* suite: the selected one, out of the profile's */
	struct sl_pkey *ephemeral;
	struct sl_span c_i;
	const struct sl_edhoc_credential *own;
	struct sl_span ead; /* sequence of items, or empty */
};

/* SL_EMALFORMED and SL_EUNSUPPORTED: an argument. */
enum sl_err sl_edhoc_write_message_1(
        struct sl_edhoc *s, const struct sl_edhoc_message_1 *in, struct sl_span *out) SL_MUST_USE;
/* SL_EMALFORMED, SL_EUNSUPPORTED (critical EAD), SL_EAUTH (key, identifiers), SL_ESPACE, SL_EIO. */
enum sl_err sl_edhoc_read_message_2(
        struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_seen *seen) SL_MUST_USE;
enum sl_err sl_edhoc_write_message_3(
        struct sl_edhoc *s, struct sl_span ead, struct sl_span *out) SL_MUST_USE;
/* SL_EAUTH when it does not decrypt, SL_EMALFORMED, SL_EUNSUPPORTED. */
enum sl_err sl_edhoc_read_message_4(
        struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_seen *seen) SL_MUST_USE;
/* The first OSCORE message of the Responder verified: key confirmation without message_4. */
enum sl_err sl_edhoc_confirm(struct sl_edhoc *s) SL_MUST_USE;

/* --- Responder --- */

/* SL_EMALFORMED, SL_EUNSUPPORTED (method, suite, critical EAD). */
enum sl_err sl_edhoc_read_message_1(
        struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_seen *seen) SL_MUST_USE;

/* ephemeral as above. own is borrowed until message_3 is verified. */
struct sl_edhoc_message_2 {
	struct sl_pkey *ephemeral;
	struct sl_span c_r;
	const struct sl_edhoc_credential *own;
	struct sl_span ead;
};

/* SL_EAUTH: G_X is of low order. SL_EMALFORMED, SL_EUNSUPPORTED: an argument. */
enum sl_err sl_edhoc_write_message_2(
        struct sl_edhoc *s, const struct sl_edhoc_message_2 *in, struct sl_span *out) SL_MUST_USE;
/* SL_EAUTH when it does not decrypt, SL_EMALFORMED, SL_EUNSUPPORTED. */
enum sl_err sl_edhoc_read_message_3(
        struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_seen *seen) SL_MUST_USE;
enum sl_err sl_edhoc_write_message_4(
        struct sl_edhoc *s, struct sl_span ead, struct sl_span *out) SL_MUST_USE;

/* --- both --- */

#define SL_EDHOC_CANDIDATES_MAX 8

/* Authenticates the peer as one of the candidates that its ID_CRED may mean; *which is its index.
 * They were validated before (chain, time, policy). Our own credential or key is never accepted
 * as the peer's. SL_EAUTH, SL_ELIMIT (too many candidates). */
enum sl_err sl_edhoc_verify(struct sl_edhoc *s, const struct sl_edhoc_credential *candidates,
        size_t count, size_t *which) SL_MUST_USE;
/* The application refuses the peer: 3 when the credential that ID_CRED refers to is not available,
 * otherwise 1. */
void sl_edhoc_refuse(struct sl_edhoc *s, enum sl_edhoc_error_code code);
/* Ends the run without a word: timeout, or a transport that failed. */
void sl_edhoc_abort(struct sl_edhoc *s);

/* The error message owed after a failed step, once. SL_ENOTFOUND: none is owed. SL_ESPACE. */
enum sl_err sl_edhoc_write_error(struct sl_edhoc *s, struct sl_writer *w) SL_MUST_USE;
/* The peer's error message ends the run; nothing is answered. SL_EAUTH: error 2 at another time than
 * in reply to message_1; the run goes on. SL_EMALFORMED aborts. */
enum sl_err sl_edhoc_read_error(
        struct sl_edhoc *s, struct sl_span message, struct sl_edhoc_error *error) SL_MUST_USE;
/* After error 2: our most preferred suite among SUITES_R. SL_ENOTFOUND: none, or it names the suite
 * just tried, which nobody honest does. */
enum sl_err sl_edhoc_next_suite(const struct sl_edhoc_profile *profile,
        const struct sl_edhoc_error *error, int64_t tried, int64_t *next) SL_MUST_USE;

/* Our last message, to be sent again; empty when there is none. */
struct sl_span sl_edhoc_message(const struct sl_edhoc *s);
/* Whether the message is the one that was accepted last: send ours again, do not process it. */
bool sl_edhoc_is_duplicate(const struct sl_edhoc *s, struct sl_span message);
/* The kept message is not needed any more (EXCHANGE_LIFETIME has passed). */
void sl_edhoc_forget_message(struct sl_edhoc *s);
/* The ephemeral keys that keeps_ephemeral kept are not needed any more. */
void sl_edhoc_forget_ephemeral(struct sl_edhoc *s);
/* A Responder that waits for message_3 gets other storage: memory takes the place of the old one, whose
 * message is wiped, and *ephemeral changes places with our ephemeral key; the peer's is freed. While it has
 * neither (an empty memory, a NULL key) only _is_duplicate, _move, _abort and _clear may be called. */
void sl_edhoc_move(
        struct sl_edhoc *s, const struct sl_edhoc_memory *memory, struct sl_pkey **ephemeral);

/* --- keys, when COMPLETED or PERSISTED --- */

/* EDHOC_Exporter (section 4.2.1). A pair of label and context serves one purpose. SL_EREPLAY. */
enum sl_err sl_edhoc_export(const struct sl_edhoc *s, uint64_t label, struct sl_span context,
        uint8_t *out, size_t len) SL_MUST_USE;

/* Appendix A.1. No ID Context, sequence numbers from 0, an empty window. */
struct sl_edhoc_oscore {
	struct sl_key master_secret, master_salt; /* clear with sl_key_clear */
	struct sl_span sender_id, recipient_id;   /* borrowed from the run */
	int aead_alg, hkdf_hash;
};

/* SL_EUNSUPPORTED: the suite has no OSCORE, or an identifier is too long for it. SL_EAUTH: the
 * identifiers are equal. */
enum sl_err sl_edhoc_oscore(const struct sl_edhoc *s, struct sl_edhoc_oscore *out) SL_MUST_USE;
/* Appendix H: new PRK_out and PRK_exporter in place of the old ones. */
enum sl_err sl_edhoc_key_update(struct sl_edhoc *s, struct sl_span context) SL_MUST_USE;

#endif
