/* SPDX-License-Identifier: BSD-2-Clause
 * The UDP side: sockets that know which local address a datagram came to, batches in and out. Moves
 * bytes, decides nothing. */
#ifndef PROXY_DEVICE_SIDE_H
#define PROXY_DEVICE_SIDE_H

#include "address.h"
#include "loop.h"

/* --- sockets: opened before the workers, kept by the supervisor ------------------------------------ */

struct device_socket {
	int fd;
	struct address local; /* with the port that was chosen for port 0 */
};

struct device_socket_config {
	struct address listen;
	bool is_first; /* binds alone: fails when anybody, also another instance of ours, has the port */
	uint64_t receive_buffer;
};

/* SL_EIO, errno says why. *granted: the receive buffer that the kernel gave. */
enum sl_err device_socket_open(struct device_socket *out, const struct device_socket_config *config,
        uint64_t *granted) SL_MUST_USE;

/* --- one worker's side ------------------------------------------------------------------------------- */

struct device_side;

typedef void (*device_datagram_fn)(void *ctx, const struct sl_peer *peer, struct sl_span datagram);

struct device_side_config {
	struct loop *loop;
	const struct device_socket *sockets; /* borrowed; not closed here */
	size_t socket_count;
	uint32_t *overflow; /* by socket: the kernel's counter as seen last; borrowed */
	device_datagram_fn on_datagram;
	void *ctx;
};

/* SL_ENOMEM, SL_EIO. */
enum sl_err device_side_new(
        struct device_side **out, const struct device_side_config *config) SL_MUST_USE;
void device_side_free(struct device_side *side);
/* Puts one datagram into the batch; a full batch is sent. */
void device_side_send(
        struct device_side *side, const struct sl_peer *peer, struct sl_span datagram);
void device_side_flush(struct device_side *side);

struct device_side_counts {
	uint64_t received, sent;
	uint64_t broadcast; /* dropped: came to a group or to everybody */
	uint64_t not_sent;  /* the kernel refused them */
	uint64_t overflow;  /* the kernel dropped them before we read (SO_RXQ_OVFL) */
};

struct device_side_counts device_side_counts(const struct device_side *side);

#endif
