/* SPDX-License-Identifier: BSD-2-Clause
 * The records behind sl/messages.h: one per request, found by end point and message ID, and, once
 * a response went out as a message of its own, by end point and our message ID. Private to the
 * room. */
#ifndef SL_EXCHANGES_H
#define SL_EXCHANGES_H

#include <sl/draw.h>
#include <sl/messages.h>

#include "networks.h"

enum sl_exchange_state {
	SL_EXCHANGE_WAITING = 1, /* no answer, nothing sent */
	SL_EXCHANGE_ACKED,       /* no answer, empty ACK sent */
	SL_EXCHANGE_PIGGYBACKED, /* answered inside the ACK; a duplicate gets the same bytes */
	SL_EXCHANGE_CLOSED, /* answered otherwise, or never; a duplicate CON gets the empty ACK */
};

enum sl_exchange_wants {
	SL_WANTS_ACK = 1 << 0,
	SL_WANTS_REPLY = 1 << 1,
};

/* A response that is a message of its own. */
enum sl_separate {
	SL_SEPARATE_NONE = 0,
	SL_SEPARATE_QUEUED,    /* confirmable, behind another one */
	SL_SEPARATE_UNDER_WAY, /* confirmable; from here on own_id is set and in the index own */
	SL_SEPARATE_NON,       /* non-confirmable, sent */
	SL_SEPARATE_DONE,      /* acknowledged, reset or given up */
};

struct sl_exchange {
	uint64_t arrived_ms;
	uint8_t *reply; /* owned; the whole datagram */
	uint8_t digest[16];
	struct sl_peer peer;
	uint8_t token_len;
	uint8_t token[SL_COAP_TOKEN_MAX];
	uint8_t state;       /* 0: free */
	uint8_t wants;       /* what is to be sent; in the list out when not 0 */
	uint8_t retransmits; /* done */
	uint8_t lane_count;  /* of the lane's first: responses behind it */
	uint8_t separate;    /* enum sl_separate */
	bool is_con;
	bool may_yield; /* in the list yielding */
	uint16_t message_id, own_id;
	uint16_t reply_len;
	uint32_t generation;
	uint32_t timeout_ms;
	uint32_t network; /* in the table of networks; 0: none */
};

/* All tables together, for one record: lists, slabs, indexes, heap. */
#define SL_RECORD_BYTES                                                                            \
	(sizeof(struct sl_exchange) + sizeof(struct sl_network) + 7 * sizeof(struct sl_link) +     \
	        2 * 4 + 4 * 16 + 16)

#define SL_STRAYS_MAX 256 /* what comes between two rounds of sending, all of it malformed */

/* A datagram that belongs to no record. */
struct sl_stray {
	struct sl_peer peer;
	uint16_t len;
	uint8_t bytes[SL_DATAGRAM_MAX];
};

struct sl_messages {
	struct sl_messages_config config;
	struct sl_exchange *exchanges; /* by slot */
	struct sl_slab slab;
	struct sl_index requests; /* end point, message ID */
	struct sl_index own;      /* end point, our message ID */
	struct sl_index lanes;    /* end point: the response that is under way */
	struct sl_list con_life;  /* by arrival; shares links with non_life */
	struct sl_list non_life;
	struct sl_list acks; /* WAITING and confirmable, by arrival */
	struct sl_list kept; /* PIGGYBACKED with a reply, oldest first; shares links with acks */
	struct sl_list out;  /* wants something sent */
	struct sl_list yielding;     /* may give way to a new request, oldest first */
	struct sl_networks networks; /* bytes: of stored replies; kept: as above */
	struct sl_link *ring;        /* responses to one end point, circular */
	struct sl_heap retransmissions;
	struct sl_draw draw;
	struct sl_stray *strays; /* circular */
	uint32_t stray_first, stray_count;
	uint32_t timeout_max_ms; /* ACK_TIMEOUT * ACK_RANDOM_FACTOR */
	uint8_t *lent;           /* owned: bytes of the last datagram out that no record keeps */
	uint8_t ack[4];          /* the last empty ACK out */
	uint16_t next_id;
	struct sl_messages_counts counts;
};

/* A record in the state WAITING; 0 when all are taken. */
uint32_t sl_exchange_open(struct sl_messages *m, const struct sl_peer *peer,
        const struct sl_coap_msg *request, const uint8_t digest[static 16], uint64_t now_ms);
void sl_exchange_end(struct sl_messages *m, uint32_t slot, uint64_t now_ms);
uint32_t sl_exchange_find(
        const struct sl_messages *m, const struct sl_peer *peer, uint16_t message_id);
uint32_t sl_exchange_find_own(
        const struct sl_messages *m, const struct sl_peer *peer, uint16_t own_id);
/* NULL when the ref is stale. */
struct sl_exchange *sl_exchange_at(const struct sl_messages *m, struct sl_ref ref);
void sl_exchange_want(struct sl_messages *m, uint32_t slot, unsigned wants);
void sl_exchange_unwant(struct sl_messages *m, uint32_t slot, unsigned wants);
/* Leaves WAITING or ACKED. */
void sl_exchange_settle(struct sl_messages *m, uint32_t slot, enum sl_exchange_state state);
/* Gives the record its own message ID. */
void sl_exchange_name(struct sl_messages *m, uint32_t slot);
/* An empty ACK leaves, and the timer for it ends. */
void sl_exchange_acknowledge(struct sl_messages *m, uint32_t slot);
/* The stored reply, which is the caller's from here on; NULL: there is none. */
uint8_t *sl_exchange_take_reply(struct sl_messages *m, uint32_t slot);
void sl_exchange_drop_reply(struct sl_messages *m, uint32_t slot);

/* --- separate confirmable responses: one under way to each end point (NSTART 1) --------------- */

/* Sends the stored reply, or queues it. SL_ELIMIT: the queue of the end point is full. */
enum sl_err sl_lane_enter(struct sl_messages *m, uint32_t slot, uint64_t now_ms) SL_MUST_USE;
/* The response is done, whatever came of it; the next one of the lane leaves. Its reply is
 * dropped. */
void sl_lane_leave(struct sl_messages *m, uint32_t slot, uint64_t now_ms);
/* The due retransmission of the first timer. */
void sl_lane_on_time(struct sl_messages *m, uint64_t now_ms);

#endif
