/* SPDX-License-Identifier: BSD-2-Clause
 * The message layer of a CoAP server (RFC 7252 sections 4 and 5.2) as a pure core: deduplication,
 * ACK, RST, ping, piggybacked and separate responses, retransmission with back-off. Datagrams and
 * the time go in, datagrams and one wake-up time come out. No sockets, no clock, no log.
 * Tables are allocated once, at _new; stored replies one by one, within reply_bytes_max.
 *
 *   duplicate of a request: nothing while it waits, the same empty ACK after one was sent, the
 *   same stored bytes after it was answered; never a second REQUEST event (RFC 8613 makes that a
 *   replay). A datagram is a duplicate when its end point, message ID and all its bytes are equal;
 *   the same message ID with other bytes is a new exchange (device reboot, NAT reuse) and ends the
 *   old one. */
#ifndef SL_MESSAGES_H
#define SL_MESSAGES_H

#include <sl/coap.h>
#include <sl/siphash.h>

#define SL_PEER_MAX     48
#define SL_DATAGRAM_MAX 1500 /* largest datagram taken in; longer ones are the caller's to refuse */

/* Who talks to whom: remote and local address as the shell encodes them. Equal bytes, equal end
 * point. */
struct sl_peer {
	uint8_t bytes[SL_PEER_MAX];
	uint8_t len;
	uint64_t network; /* end points of one network share its quota; 0: no quota */
};

/* An exchange by slot and generation: a stale one is noticed, never mistaken. */
struct sl_ref {
	uint32_t slot;
	uint32_t generation;
};

/* Tables take at most so many bytes for each of exchanges_max. */
#define SL_MESSAGES_RECORD_BYTES 400

struct sl_messages_config {
	uint32_t exchanges_max;     /* records kept, running and remembered; default 262144 */
	uint32_t yielding_max;      /* of them that may yield; default 8192. Beyond it the oldest of
	                             * these gives way, so that a flood of refusals takes no memory */
	uint64_t reply_bytes_max;   /* stored replies; default 32 MiB. Beyond it the oldest finished
	                             * one is forgotten: its duplicates get an empty ACK only */
	uint32_t exchanges_per_network; /* records of one network; 0 (default): no quota. Beyond it
	                             * the network's own records that may yield give way */
	uint64_t reply_bytes_per_network; /* stored replies of one network; 0 (default): no quota.
	                             * Beyond it the network's own oldest finished one is forgotten */
	uint32_t ack_delay_ms;      /* default 500: when the empty ACK leaves */
	uint32_t ack_timeout_ms;    /* 2000 */
	uint32_t ack_random_permille; /* 1500: ACK_RANDOM_FACTOR 1.5 */
	uint32_t max_retransmit;    /* 4 */
	uint32_t exchange_lifetime_ms; /* 247000 */
	uint32_t non_lifetime_ms;   /* 145000 */
	uint8_t hash_key[SL_SIPHASH_KEY_LEN]; /* random per start */
	uint8_t seed[16];           /* random: message IDs and jitter are drawn from it */
};

/* Defaults of RFC 7252 section 4.8 and of ours; hash_key and seed are zero and must be filled. */
void sl_messages_config_init(struct sl_messages_config *config);

struct sl_messages;

/* SL_ELIMIT (exchanges_max), SL_ENOMEM. */
enum sl_err sl_messages_new(struct sl_messages **out, const struct sl_messages_config *config)
	SL_MUST_USE;
void sl_messages_free(struct sl_messages *m);

enum sl_messages_event {
	SL_MESSAGES_NOTHING,  /* dealt with (duplicate, ping, foreign ACK, format error) */
	SL_MESSAGES_REQUEST,  /* a new request in in->request: answer or drop in->ref */
	SL_MESSAGES_DELIVERED, /* in->ref: the peer acknowledged our separate response */
	SL_MESSAGES_REFUSED,  /* in->ref: the peer reset our separate response */
	SL_MESSAGES_FULL,     /* a new request, but no record is free: in->request is filled;
	                       * sl_messages_answer_stateless may be used */
};

struct sl_messages_in {
	enum sl_messages_event event;
	struct sl_ref ref;
	bool is_over_quota; /* FULL: others would find a record, this network does not */
	struct sl_coap_msg request; /* borrows from the datagram */
};

/* Takes one datagram in. now_ms is monotonic and never goes back. */
void sl_messages_on_datagram(struct sl_messages *m, const struct sl_peer *peer,
	struct sl_span datagram, uint64_t now_ms, struct sl_messages_in *in);

enum sl_reply_flags {
	SL_REPLY_PLAIN = 0,
	/* Piggybacked, or else NON and never retransmitted: for an unverified peer. */
	SL_REPLY_NEVER_CONFIRMABLE = 1 << 0,
};

/* The answer: code, options and payload are taken from *response; type, message ID and token are
 * set here. Piggybacked while no ACK left, else a message of its own: CON for CON, NON for NON.
 * The ref lives on for deduplication, but takes no second answer. On an error the exchange is as
 * before: SL_ENOTFOUND: stale, answered, or older than its lifetime (an exchange ends then,
 * answered or not). SL_ESPACE: over SL_DATAGRAM_MAX. SL_ELIMIT: no room among the replies (of all,
 * or of its network), or 16
 * separate responses wait for this peer already (NSTART 1; when one of them is given up, so are
 * those behind it). SL_ENOMEM. */
enum sl_err sl_messages_reply(struct sl_messages *m, struct sl_ref ref,
	const struct sl_coap_msg *response, unsigned flags, uint64_t now_ms) SL_MUST_USE;
/* No answer will come (No-Response, refusal in silence): a CON still gets its empty ACK. */
enum sl_err sl_messages_no_reply(struct sl_messages *m, struct sl_ref ref, uint64_t now_ms)
	SL_MUST_USE;
/* Sends the empty ACK now (the answer will surely be late). Nothing for NON or when already
 * sent. */
void sl_messages_ack_now(struct sl_messages *m, struct sl_ref ref, uint64_t now_ms);
/* For an answered exchange of which a copy may be evaluated anew without harm (a refusal, a slice of
 * what is kept): when the table is full, or holds yielding_max of them, the oldest such record gives
 * way to a new request. Nothing
 * while it is not answered, or answered by a confirmable message of its own. */
void sl_messages_may_yield(struct sl_messages *m, struct sl_ref ref);
/* One answer without a record, for SL_MESSAGES_FULL: ACK for CON, NON for NON. SL_ESPACE; SL_ELIMIT
 * when 256 such datagrams (and RSTs) wait to be fetched. */
enum sl_err sl_messages_answer_stateless(struct sl_messages *m, const struct sl_peer *peer,
	const struct sl_coap_msg *request, const struct sl_coap_msg *response) SL_MUST_USE;

/* Timers: call when the time has come; UINT64_MAX means nothing waits. */
void sl_messages_on_time(struct sl_messages *m, uint64_t now_ms);
uint64_t sl_messages_wakeup(const struct sl_messages *m);

struct sl_datagram_out {
	struct sl_peer peer;
	struct sl_span bytes; /* borrowed until the next call into m */
};

/* The next datagram to send; false when none waits. Call after every other call, until false. */
bool sl_messages_next(struct sl_messages *m, struct sl_datagram_out *out);

/* The peer of a live exchange; NULL when the ref is stale. */
const struct sl_peer *sl_messages_peer(const struct sl_messages *m, struct sl_ref ref);

struct sl_messages_counts {
	uint64_t received, malformed, requests, duplicates, pings, retransmissions, delivered,
		reset, timed_out, full, over_quota, replies_forgotten;
	uint32_t running; /* exchanges without an answer yet */
	uint32_t remembered;
	uint32_t yielding;    /* of the remembered ones */
	uint32_t unconfirmed; /* end points that owe us an ACK */
	uint32_t networks;    /* that have a record */
	uint64_t reply_bytes;
};

struct sl_messages_counts sl_messages_counts(const struct sl_messages *m);

#endif
