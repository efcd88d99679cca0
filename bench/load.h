/* SPDX-License-Identifier: BSD-2-Clause
 * The load generator's state: clients that are addresses, and slots that hold what is in flight. A token is a slot and
 * its generation, so that an answer finds its request at once and an old or a wrong one is noticed. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <sl/coap.h>

#include "histogram.h"
#include "net.h"

#define LOAD_SOCKETS_MAX 16
#define LOAD_ECHO_MAX    40
#define LOAD_BODY_MAX    (1U << 20)

struct load_options {
	struct sockaddr_in target;
	const char *path, *from, *json, *watch;
	uint64_t port, clients, in_flight, rate, run_ms, requests, warm_ms, body, blocks, seed,
	        sockets, ids, stride, linger_ms, patience_ms, ack_timeout_ms;
	bool non, verify, flood;
};

enum slot_state {
	SLOT_FREE = 0,
	SLOT_SENT,  /* no answer and no ACK yet: retransmitted */
	SLOT_ACKED, /* an empty ACK came */
};

enum slot_step {
	STEP_WHOLE = 0, /* one message each way */
	STEP_UPLOAD,    /* Block1 */
	STEP_FETCH,     /* Block2 */
};

struct slot {
	uint64_t started_us, due_us, timeout_us;
	uint32_t client, next;       /* of the client's others, or of the free ones; 0: none */
	uint32_t generation, number; /* number: of the exchange, Partial IV and body */
	uint32_t block, got;         /* block number under way; bytes of the answer so far */
	uint16_t message_id;
	uint8_t state, step, tries, szx;
	uint8_t echo_len;
	uint8_t echo[LOAD_ECHO_MAX];
	bool is_measured;
};

struct client {
	uint32_t messages; /* sent; its message ID is made of it */
	uint32_t first;    /* slot */
	uint32_t in_flight;
	bool is_verified;
};

struct load_counts {
	uint64_t started, answered, refused, lost, unfinished, skipped;
	uint64_t retransmissions, challenges, verified, wrong, unexpected, resets, empty_acks,
	        separate, malformed;
	uint64_t codes[256];
};

struct load {
	const struct load_options *options;
	struct net_socket *sockets;
	struct client *clients;
	struct slot *slots; /* from 1 on */
	uint32_t slot_max, free_slot, busy, cursor, per_client;
	uint32_t from; /* address of client 0 */
	uint16_t first_id;
	uint64_t number, now_us, jitter;
	bool is_measuring;
	uint64_t measured_us, watched_us; /* begin, then length; the same of CPU time */
	struct load_counts counts;
	struct histogram latency;
	uint8_t template_bytes[NET_BYTES];
	size_t template_len;
	uint8_t *body; /* scratch, options->body bytes */
};

/* --- request.c: datagrams --------------------------------------------------------------------------- */

/* SL_ESPACE: path and body do not fit a datagram. */
enum sl_err request_template(struct load *l);
/* The message that the slot's step wants; 0: does not fit. */
size_t request_write(struct load *l, uint32_t slot, uint8_t *out, size_t cap);
/* One datagram of a flood: any client, any message ID. */
size_t request_flood(struct load *l, uint32_t client, uint8_t *out);
/* The bytes of a body that is told from every other exchange's. */
void request_body(const struct load *l, uint32_t number, uint8_t *out, size_t len);
/* 0: not ours. */
uint32_t request_slot_of(const struct load *l, const struct sl_coap_msg *msg);
bool request_is_current(const struct load *l, uint32_t slot, const struct sl_coap_msg *msg);

/* --- clients.c: what each message does ---------------------------------------------------------------- */

enum sl_err clients_init(struct load *l);
void clients_clear(struct load *l);
/* False: no client or no slot is free. started_us: when it should have been sent. */
bool clients_start(struct load *l, uint64_t started_us);
void clients_on_datagram(struct load *l, uint32_t local, struct sl_span datagram);
/* Retransmissions and patience. */
void clients_on_time(struct load *l);

/* --- report.c ------------------------------------------------------------------------------------------- */

void report(const struct load *l);

#endif
