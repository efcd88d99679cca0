/* SPDX-License-Identifier: BSD-2-Clause
 * UDP in batches. One socket plays any number of client addresses: the source address goes out, and the address that an
 * answer went to comes in, as IP_PKTINFO. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NET_BATCH 64
#define NET_BYTES 1500

struct net_batch {
	unsigned count;
	struct mmsghdr heads[NET_BATCH];
	struct iovec vectors[NET_BATCH];
	struct sockaddr_in names[NET_BATCH];
	_Alignas(struct cmsghdr) uint8_t controls[NET_BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
	uint8_t bytes[NET_BATCH][NET_BYTES];
};

struct net_counts {
	uint64_t sent, received, not_sent;
};

struct net_socket {
	int fd;
	struct net_counts counts;
	struct net_batch in, out;
};

/* port 0: any. is_deaf: what comes is dropped in the kernel. False, with errno. */
bool net_open(struct net_socket *s, uint16_t port, bool is_deaf);
void net_close(struct net_socket *s);
/* Where the next datagram may be written (NET_BYTES); then net_push. Sends a full batch first. */
uint8_t *net_room(struct net_socket *s);
/* local: the source address, in host order. */
void net_push(struct net_socket *s, size_t len, uint32_t local, const struct sockaddr_in *to);
/* Returns when the kernel took everything, or refused it. */
void net_flush(struct net_socket *s);
/* How many datagrams stand in s->in now; does not wait. */
unsigned net_receive(struct net_socket *s);
/* Where datagram i of s->in went to, in host order; 0: not known. */
uint32_t net_local(struct net_socket *s, unsigned i);

#endif
