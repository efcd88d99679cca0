/* SPDX-License-Identifier: BSD-2-Clause
 * The table of EDHOC sessions by C_R: who may work on which message, what is answered to a copy, how long
 * anything is remembered (RFC 9528 section 7 and appendix A.2.1). A message is processed once; its copies
 * get the bytes that were made for the first. Knows nothing of keys but where they lie. Thread-safe. */
#ifndef EDHOC_SESSIONS_H
#define EDHOC_SESSIONS_H

#include <sl/edhoc.h>
#include <sl/hash.h>
#include <sl/siphash.h>

#define EDHOC_REPLY_MAX 4096               /* bytes of message_2 */
#define EDHOC_C_R_MAX   7                  /* bytes; it becomes an OSCORE Recipient ID */
#define EDHOC_KEY_MAX   SL_PKEY_PACKED_MAX /* bytes of an ephemeral key */

enum edhoc_state {
	EDHOC_FREE,
	EDHOC_MAKES_2, /* somebody works on message_1 */
	EDHOC_WAITS_3, /* message_2 is stored */
	EDHOC_READS_3, /* somebody works on message_3 */
	EDHOC_DONE,    /* message_4, or an empty answer, is stored */
};

/* Between begin and open, finish or drop the session is the caller's, who may use run, key and key_len; the other
 * fields are the table's. */
struct edhoc_session {
	struct sl_edhoc run; /* between messages without memory and keys (sl_edhoc_move) */
	uint8_t key[EDHOC_KEY_MAX];
	size_t key_len;
	enum edhoc_state state;
	uint8_t message_1[SL_SHA256_LEN]; /* hash of what began it */
	uint8_t message_3[SL_SHA256_LEN];
	uint8_t *reply; /* stored; NULL: empty */
	size_t reply_len;
	uint8_t c_r[EDHOC_C_R_MAX];
	uint8_t c_r_len; /* 0: not named yet */
	uint64_t since_ms;
	struct edhoc_session *next_by_c_r,
	        *next_by_message_1;          /* the latter also of the free ones */
	struct edhoc_session *older, *newer; /* among the half-open, or the done */
};

struct edhoc_sessions_config {
	size_t sessions_max;  /* default 4096 */
	uint64_t life_ms;     /* of a half-open one; default 120 s */
	uint64_t remember_ms; /* a done one; default 247 s, CoAP's EXCHANGE_LIFETIME */
	unsigned joiners_max; /* copies that may wait at the same time; default 16 */
	unsigned join_ms;     /* how long; default 10 s */
	uint8_t hash_key[SL_SIPHASH_KEY_LEN];
};

struct edhoc_sessions;

void edhoc_sessions_config_init(struct edhoc_sessions_config *config);
/* SL_ENOMEM, SL_EMALFORMED (a maximum of 0). */
enum sl_err edhoc_sessions_new(
        struct edhoc_sessions **out, const struct edhoc_sessions_config *config) SL_MUST_USE;
void edhoc_sessions_free(struct edhoc_sessions *t); /* wipes; NULL is fine */

enum edhoc_turn {
	EDHOC_MINE,   /* *session is the caller's */
	EDHOC_STORED, /* the answer was written to stored */
	EDHOC_NONE, /* there is no such session, or it is past this message: nothing was changed */
	EDHOC_BUSY, /* no work now, too many wait, or nothing is free */
};

struct edhoc_claim {
	struct sl_span c_r; /* not for message_1 */
	const uint8_t
	        *hash; /* of message_1, or of the whole request with message_3; SL_SHA256_LEN */
	bool may_work; /* else only copies are answered */
	uint64_t now_ms;
};

/* message_1. A copy while its session waits for message_3 gets message_2 again; while message_2 is made it waits. In
 * a full table the oldest session of the more numerous kind (half-open or done) leaves. Never EDHOC_NONE. */
enum edhoc_turn edhoc_sessions_begin(struct edhoc_sessions *t, const struct edhoc_claim *claim,
        struct edhoc_session **session, struct sl_writer *stored);
/* A free C_R for a session that makes message_2; is_taken says what else it must not be. SL_ELIMIT. */
enum sl_err edhoc_sessions_name(struct edhoc_sessions *t, struct edhoc_session *session,
        const struct sl_edhoc_id_choice *choice) SL_MUST_USE;
/* message_2 is made: stored, and the session waits for message_3. SL_ENOMEM: it is still the caller's. */
enum sl_err edhoc_sessions_open(struct edhoc_sessions *t, struct edhoc_session *session,
        struct sl_span message_2, uint64_t now_ms) SL_MUST_USE;

/* message_3. Of a session that is done the same request gets what is stored (perhaps nothing); another one
 * changes nothing. */
enum edhoc_turn edhoc_sessions_claim(struct edhoc_sessions *t, const struct edhoc_claim *claim,
        struct edhoc_session **session, struct sl_writer *stored);
/* message_3 was verified: reply is remembered, everything secret wiped. A reply that finds no memory is forgotten:
 * copies of message_3 then find no session. */
void edhoc_sessions_finish(struct edhoc_sessions *t, struct edhoc_session *session,
        struct sl_span reply, uint64_t now_ms);
/* The session that is the caller's comes to nothing. */
void edhoc_sessions_drop(struct edhoc_sessions *t, struct edhoc_session *session);
/* The client's error message: a session that waits for message_3 is removed, every other one stays. */
void edhoc_sessions_cancel(struct edhoc_sessions *t, struct sl_span c_r, uint64_t now_ms);

struct edhoc_sessions_counts {
	size_t half_open, done;
};
struct edhoc_sessions_counts edhoc_sessions_counts(struct edhoc_sessions *t, uint64_t now_ms);

#endif
