/* SPDX-License-Identifier: BSD-2-Clause
 * OSCORE (RFC 8613) as an end point: contexts, the option, protection of requests and responses.
 * Pure: no clock, no randomness, no storage. What must be durable is asked for (see Sender Sequence
 * Number). */
#ifndef SL_OSCORE_H
#define SL_OSCORE_H

#include <sl/aead.h>
#include <sl/coap.h>
#include <sl/err.h>
#include <sl/span.h>
#include <sl/wipe.h>

#define SL_OSCORE_ID_MAX         7  /* nonce length - 6, of a nonce of 13 bytes */
#define SL_OSCORE_ID_CONTEXT_MAX 64 /* our limit; the RFC has none below 255 */
#define SL_OSCORE_PIV_MAX        5
#define SL_OSCORE_SSN_END        ((uint64_t)1 << 40) /* no Partial IV at or above, section 7.2.1 */
#define SL_OSCORE_OPTION_MAX     255

/* --- the option, sections 2 and 6.1 ------------------------------------------------------- */

struct sl_oscore_option {
	struct sl_span partial_iv; /* 0..5 bytes; empty: absent */
	bool has_kid_context;
	struct sl_span kid_context;
	bool has_kid;
	struct sl_span kid; /* may be empty though present */
};

/* Strict; refused are reserved bits, a zero flag byte, wrong lengths, leftover bytes, and a Partial
 * IV with a superfluous leading zero. Spans borrow from value. SL_EMALFORMED. */
enum sl_err sl_oscore_option_decode(struct sl_oscore_option *opt, struct sl_span value) SL_MUST_USE;
/* SL_ESPACE; SL_EMALFORMED when the parts cannot be written. All absent is an empty value. */
enum sl_err sl_oscore_option_encode(
        struct sl_writer *w, const struct sl_oscore_option *opt) SL_MUST_USE;

/* --- security context, section 3 ---------------------------------------------------------- */

struct sl_oscore_params {
	struct sl_span master_secret; /* at least 16 bytes */
	struct sl_span master_salt;   /* default empty */
	struct sl_span sender_id, recipient_id;
	bool has_id_context;
	struct sl_span id_context;
	int aead_alg;    /* COSE number; 0: 10, AES-CCM-16-64-128 */
	int hkdf_hash;   /* enum sl_hash_alg; 0: SHA-256 */
	unsigned window; /* replay window in messages; 0: 32; at most 64 */
};

#define SL_OSCORE_WINDOW_DEFAULT 32
#define SL_OSCORE_WINDOW_MAX     64

struct sl_oscore_id {
	uint8_t bytes[SL_OSCORE_ID_MAX];
	size_t len;
};

/* Sliding window: highest is the largest Partial IV seen, bit i of seen is highest - i. */
struct sl_oscore_window {
	uint64_t highest;
	uint64_t seen;
	unsigned size;
	bool is_empty; /* nothing received yet */
	bool is_lost;  /* B.1.2: no request is accepted before its Echo came back */
};

struct sl_oscore_ctx {
	const struct sl_aead *aead;
	struct sl_key sender_key, recipient_key, common_iv;
	struct sl_oscore_id sender_id, recipient_id;
	bool has_id_context;
	uint8_t id_context[SL_OSCORE_ID_CONTEXT_MAX];
	size_t id_context_len;
	uint64_t ssn;       /* next Sender Sequence Number */
	uint64_t ssn_limit; /* numbers below are durably reserved; protect stops here */
	struct sl_oscore_window window;
};

/* Derives keys (3.2.1). SSN 0 with nothing reserved, empty window. SL_EMALFORMED (lengths, equal
 * ids), SL_EUNSUPPORTED (algorithm), SL_EIO. *ctx is written only on success.
 * Clear it with _clear. */
enum sl_err sl_oscore_ctx_init(
        struct sl_oscore_ctx *ctx, const struct sl_oscore_params *params) SL_MUST_USE;
void sl_oscore_ctx_clear(struct sl_oscore_ctx *ctx);

/* Sender Sequence Numbers, section 7.2 and B.1.1. A context may use a number only below ssn_limit.
 * The owner makes a higher limit durable FIRST and then calls _reserve. After a restart: _resume
 * with the durable limit (the context starts there, so no number is used twice), then a new
 * reservation. Contexts that live and die in memory reserve SL_OSCORE_SSN_END at once. */
void sl_oscore_reserve(struct sl_oscore_ctx *ctx, uint64_t limit);
void sl_oscore_resume(struct sl_oscore_ctx *ctx, uint64_t durable_limit);
/* B.1.2: the window's content is unknown after a restart. */
void sl_oscore_window_lose(struct sl_oscore_ctx *ctx);

/* --- exchanges ---------------------------------------------------------------------------- */

/* What both ends keep from a request until its response is done. */
struct sl_oscore_exchange {
	uint8_t piv[SL_OSCORE_PIV_MAX]; /* request Partial IV as sent */
	size_t piv_len;
	struct sl_oscore_id kid; /* request kid */
	bool nonce_is_used;      /* a response without own Partial IV was made from it */
	bool is_observe;         /* it carried Observe: outer codes FETCH and 2.05 */
};

/* The outer side of one protected CoAP message. The caller sets buf and cap. */
struct sl_oscore_sealed {
	uint8_t *buf; /* where the ciphertext goes */
	size_t cap;
	uint8_t code; /* outer code: POST or FETCH; 2.04 or 2.05 */
	uint8_t option[SL_OSCORE_OPTION_MAX];
	size_t option_len;
	struct sl_span ciphertext; /* in buf */
};

/* Protects the class E options, the code and the payload of *inner (8.1). Class U options are not
 * copied: the caller adds them, the OSCORE option and the ciphertext to the outer message.
 * Proxy-Uri must have been split before: SL_EMALFORMED, as for an OSCORE option inside (4.1.3.7).
 * send_kid_context: put the ID Context into the option (the first message of a context).
 * SL_ELIMIT: no reserved sequence number left (reserve and call again) or 2^40 reached.
 * SL_ESPACE: buf too small (inner + 1 + tag bytes). SL_EIO. */
enum sl_err sl_oscore_protect_request(struct sl_oscore_ctx *ctx, const struct sl_coap_msg *inner,
        bool send_kid_context, struct sl_oscore_sealed *sealed,
        struct sl_oscore_exchange *exchange) SL_MUST_USE;

enum sl_oscore_outcome {
	SL_OSCORE_OK = 0,
	SL_OSCORE_BAD_OPTION,     /* 8.2 step 2: does not decompress: 4.02 */
	SL_OSCORE_NO_CONTEXT,     /* said by the owner of the contexts: 4.01 */
	SL_OSCORE_REPLAY,         /* 8.2 step 3: 4.01 */
	SL_OSCORE_DECRYPT_FAILED, /* 8.2 step 6: 4.00 */
	SL_OSCORE_NEEDS_ECHO, /* genuine, but the window is lost (B.1.2): answer a protected 4.01
	                       * with Echo and an own Partial IV; *inner is filled, so that the
	                       * Echo of the request can be checked */
	SL_OSCORE_BAD_INNER,  /* authentic, but the plaintext is no CoAP message */
	SL_OSCORE_FAILED,     /* the machine failed: 5.00 */
};

/* Where the plaintext goes; inner's options and payload borrow from it. cap: as many bytes as the
 * ciphertext has without its tag; fewer is SL_OSCORE_FAILED, and the window stays as it was. */
struct sl_oscore_open {
	uint8_t *buf;
	size_t cap;
	struct sl_coap_msg *inner;
};

/* Verifies a request (8.2 steps 2 to 7) for a context that the owner found by kid and kid context.
 * The window is marked only after the decryption succeeded; check and mark happen in this one call,
 * so the caller holds the context's lock around it. */
enum sl_oscore_outcome sl_oscore_unprotect_request(struct sl_oscore_ctx *ctx,
        const struct sl_oscore_option *opt, struct sl_span ciphertext,
        const struct sl_oscore_open *open, struct sl_oscore_exchange *exchange) SL_MUST_USE;
/* B.1.2: the Echo of a request that gave SL_OSCORE_NEEDS_ECHO came back fresh: the exchange's
 * Partial IV becomes the lower edge of the window and its nonce may be used for the response.
 * SL_OSCORE_OK: act on the request. SL_OSCORE_REPLAY: a copy of it was faster; do not. */
enum sl_oscore_outcome sl_oscore_window_found(
        struct sl_oscore_ctx *ctx, struct sl_oscore_exchange *exchange) SL_MUST_USE;

/* Protects a response (8.3). own_piv: take a Partial IV of the sender's (needed after a lost
 * window, for a second response to one request); without it the request's nonce is used and
 * exchange->nonce_is_used is set: a second such call is refused with SL_EREPLAY. */
enum sl_err sl_oscore_protect_response(struct sl_oscore_ctx *ctx,
        struct sl_oscore_exchange *exchange, const struct sl_coap_msg *inner, bool own_piv,
        struct sl_oscore_sealed *sealed) SL_MUST_USE;
/* Verifies a response (8.4). */
enum sl_oscore_outcome sl_oscore_unprotect_response(struct sl_oscore_ctx *ctx,
        const struct sl_oscore_exchange *exchange, struct sl_span option, struct sl_span ciphertext,
        const struct sl_oscore_open *open) SL_MUST_USE;

/* Texts of RFC 8613 section 8.2 for the diagnostic payload, NULL when there is none. */
const char *sl_oscore_outcome_text(enum sl_oscore_outcome outcome);
/* 4.02, 4.01 or 4.00, 5.00; 0 for OK and NEEDS_ECHO. */
uint8_t sl_oscore_outcome_code(enum sl_oscore_outcome outcome);

/* --- pieces that vectors and tests look at ------------------------------------------------ */
void sl_oscore_nonce(uint8_t out[static 13], const struct sl_oscore_ctx *ctx, struct sl_span id_piv,
        struct sl_span piv);
enum sl_err sl_oscore_aad(struct sl_writer *w, const struct sl_oscore_ctx *ctx,
        struct sl_span request_kid, struct sl_span request_piv) SL_MUST_USE;
/* SSN as a Partial IV: big-endian, no leading zeros, 0 is one byte. Returns its length. */
size_t sl_oscore_piv_encode(uint8_t out[static SL_OSCORE_PIV_MAX], uint64_t ssn);

#endif
