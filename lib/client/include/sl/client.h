/* SPDX-License-Identifier: BSD-2-Clause
 * The message layer of a CoAP client (RFC 7252 sections 4 and 5.3, RFC 7959) as a pure core: one
 * request at a time to one server (NSTART 1), CON with retransmission, piggybacked and separate
 * responses, outer Block1 for a large request, outer Block2 collected before the answer is handed
 * out. */
#ifndef SL_CLIENT_H
#define SL_CLIENT_H

#include <sl/coap.h>

struct sl_client_config {
	uint32_t ack_timeout_ms;      /* 2000 */
	uint32_t ack_random_permille; /* 1500 */
	uint32_t max_retransmit;      /* 4 */
	uint32_t response_timeout_ms; /* after an empty ACK; default 120000 */
	uint32_t body_bytes_max;      /* largest response body, MAX_UNFRAGMENTED_SIZE; 64 KiB */
	uint8_t block_szx;            /* 0..6, default 6: a larger payload goes in outer blocks */
	uint8_t seed[16];             /* random: tokens (8 bytes), first message ID, jitter */
};

void sl_client_config_init(struct sl_client_config *config);

struct sl_client;

/* SL_ELIMIT (block_szx), SL_ENOMEM. */
enum sl_err sl_client_new(struct sl_client **out, const struct sl_client_config *config)
	SL_MUST_USE;
void sl_client_free(struct sl_client *c);

enum sl_client_state {
	SL_CLIENT_IDLE,
	SL_CLIENT_WAITING,  /* for an ACK, a response or the next block */
	SL_CLIENT_DONE,     /* sl_client_response holds the answer */
	SL_CLIENT_TIMEOUT,  /* nobody answered */
	SL_CLIENT_RESET,    /* the peer refused the message */
	SL_CLIENT_BROKEN,   /* the answer breaks the protocol: bad blocks, over body_bytes_max */
};

/* Starts one request: code, options and payload of *request (copied). type is CON. The client sets
 * message ID, token and Block1; a Block2 of the caller's is his wish for the size of slices. A
 * request that runs is given up. SL_ELIMIT: a message would not fit a datagram of 1500 bytes, or an
 * option finds no room. SL_ENOMEM. */
enum sl_err sl_client_start(struct sl_client *c, const struct sl_coap_msg *request,
	uint64_t now_ms) SL_MUST_USE;
/* Unknown CON messages are answered with RST, CON responses with ACK (a repeated one again). */
void sl_client_on_datagram(struct sl_client *c, struct sl_span datagram, uint64_t now_ms);
void sl_client_on_time(struct sl_client *c, uint64_t now_ms);
uint64_t sl_client_wakeup(const struct sl_client *c); /* UINT64_MAX: nothing waits */
enum sl_client_state sl_client_state(const struct sl_client *c);
/* The answer, payload assembled, Block1, Block2 and Size2 taken away. NULL unless DONE. Borrowed
 * until the next start. */
const struct sl_coap_msg *sl_client_response(const struct sl_client *c);
/* The next datagram to send; false when none waits. Borrowed until the next call into c. */
bool sl_client_next(struct sl_client *c, struct sl_span *datagram);

struct sl_client_counts {
	uint32_t sent, retransmitted, received, ignored;
};

struct sl_client_counts sl_client_counts(const struct sl_client *c);

#endif
