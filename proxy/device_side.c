/* SPDX-License-Identifier: BSD-2-Clause
 * recvmmsg and sendmmsg with IP_PKTINFO (RFC 3542) both ways: an answer leaves from the address that
 * the request came to (RFC 7252 section 5.3.2). */
#include "device_side.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH       64
#define ROUNDS_MAX  4
#define IN_BYTES    2048 /* one more than SL_DATAGRAM_MAX would do: longer ones are seen as too long */
#define CONTROL_MAX 128

struct batch {
	struct mmsghdr heads[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_storage names[BATCH];
	_Alignas(struct cmsghdr) char controls[BATCH][CONTROL_MAX];
	uint8_t bytes[BATCH][IN_BYTES];
	size_t count;
};

struct port {
	struct device_side *side;
	struct device_socket socket;
	struct loop_watch *watch;
	uint32_t *overflow; /* the kernel's counter */
	struct batch out;
};

struct device_side {
	struct device_side_config config;
	struct port *ports;
	struct batch in;
	struct device_side_counts counts;
};

/* --- sockets ------------------------------------------------------------------------------------------------------ */

static bool
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

static bool
set_options(int fd, bool is_ipv6)
{
	if (is_ipv6)
		return set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
		       set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
		       set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	return set_int(fd, IPPROTO_IP, IP_PKTINFO, 1) && set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
}

static uint64_t
set_receive_buffer(int fd, uint64_t wanted)
{
	int got = 0;
	socklen_t len = sizeof got;

	if (!set_int(fd, SOL_SOCKET, SO_RCVBUF, (int)wanted) ||
	        getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &len) != 0)
		return 0;
	return (uint64_t)got / 2; /* the kernel counts its own overhead too */
}

/* The first socket binds without SO_REUSEPORT, which fails when anybody has the port; the option set
 * afterwards lets only sockets of this user that come later share it. A second instance begins with such
 * a first socket too, so there is no moment in which both get in. */
static bool
bind_exclusively(int fd, const struct device_socket_config *config)
{
	struct sockaddr_storage name;
	socklen_t len = address_to_socket(&name, &config->listen);

	if (!config->is_first && !set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return false;
	if (bind(fd, (const struct sockaddr *)&name, len) != 0)
		return false;
	return !config->is_first || set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

enum sl_err
device_socket_open(
        struct device_socket *out, const struct device_socket_config *config, uint64_t *granted)
{
	int family = config->listen.is_ipv6 ? AF_INET6 : AF_INET;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;
	struct sockaddr_storage name = {0};
	struct address local;
	socklen_t len = sizeof name;

	if (fd < 0)
		return SL_EIO;
	if (set_options(fd, config->listen.is_ipv6) && bind_exclusively(fd, config) &&
	        getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
	        address_from_socket(&local, (const struct sockaddr *)&name, len)) {
		*granted = set_receive_buffer(fd, config->receive_buffer);
		out->fd = fd;
		out->local = config->listen;
		out->local.port = local.port;
		return SL_OK;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return SL_EIO;
}

/* --- in --------------------------------------------------------------------------------------------------------------- */

struct came {
	struct address local;
	bool is_known, is_broadcast;
	uint32_t overflow;
	bool has_overflow;
};

static void
read_one_control(struct came *c, const struct cmsghdr *h, uint16_t port)
{
	if (h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(h), sizeof info);
		c->local = address_from_bytes((const uint8_t *)&info.ipi_addr, false, port);
		c->is_broadcast =
		        memcmp(&info.ipi_addr, &info.ipi_spec_dst, sizeof info.ipi_addr) != 0;
		c->is_known = true;
	} else if (h->cmsg_level == IPPROTO_IPV6 && h->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(h), sizeof info);
		c->local = address_from_bytes(info.ipi6_addr.s6_addr, true, port);
		c->is_known = true;
	} else if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SO_RXQ_OVFL) {
		memcpy(&c->overflow, CMSG_DATA(h), sizeof c->overflow);
		c->has_overflow = true;
	}
}

static void
take_datagram(struct port *p, size_t i)
{
	struct device_side *side = p->side;
	struct msghdr *head = &side->in.heads[i].msg_hdr;
	struct came c = {0};
	struct address remote;
	struct sl_peer peer;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(head); h != NULL; h = CMSG_NXTHDR(head, h))
		read_one_control(&c, h, p->socket.local.port);
	if (c.has_overflow) {
		side->counts.overflow += c.overflow - *p->overflow;
		*p->overflow = c.overflow;
	}
	if (!c.is_known || c.is_broadcast || address_is_multicast(&c.local) ||
	        !address_from_socket(&remote, head->msg_name, head->msg_namelen)) {
		side->counts.broadcast++;
		return;
	}
	side->counts.received++;
	peer_encode(&peer, &remote, &c.local);
	side->config.on_datagram(
	        side->config.ctx, &peer, sl_span(side->in.bytes[i], side->in.heads[i].msg_len));
}

/* Makes the first count places ready for the next datagrams. */
static void
aim_batch(struct batch *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		b->vectors[i] = (struct iovec){.iov_base = b->bytes[i], .iov_len = IN_BYTES};
		b->heads[i].msg_hdr = (struct msghdr){.msg_name = &b->names[i],
		        .msg_namelen = sizeof b->names[i],
		        .msg_iov = &b->vectors[i],
		        .msg_iovlen = 1,
		        .msg_control = b->controls[i],
		        .msg_controllen = sizeof b->controls[i]};
	}
}

static void
on_ready(void *ctx, int fd, bool can_read, bool can_write)
{
	struct port *p = ctx;

	(void)can_read;
	(void)can_write;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		int count = recvmmsg(fd, p->side->in.heads, BATCH, MSG_DONTWAIT, NULL);

		for (int i = 0; i < count; i++)
			take_datagram(p, (size_t)i);
		aim_batch(&p->side->in, count > 0 ? (size_t)count : 0);
		if (count < BATCH)
			return;
	}
}

/* --- out ---------------------------------------------------------------------------------------------------------------- */

static struct port *
find_port(struct device_side *side, const struct address *local)
{
	for (size_t i = 0; i < side->config.socket_count; i++) {
		const struct address *own = &side->ports[i].socket.local;

		if (own->port == local->port && own->is_ipv6 == local->is_ipv6 &&
		        (address_is_wildcard(own) || address_same_host(own, local)))
			return &side->ports[i];
	}
	return NULL;
}

static size_t
write_control(char control[static CONTROL_MAX], const struct address *local, uint32_t scope)
{
	struct msghdr head = {.msg_control = control, .msg_controllen = CONTROL_MAX};
	struct cmsghdr *h = CMSG_FIRSTHDR(&head);
	struct in_pktinfo info = {0};
	struct in6_pktinfo info6 = {0};

	memset(control, 0, CONTROL_MAX);
	if (!local->is_ipv6) {
		memcpy(&info.ipi_spec_dst, local->bytes, 4);
		h->cmsg_level = IPPROTO_IP;
		h->cmsg_type = IP_PKTINFO;
		h->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(h), &info, sizeof info);
		return CMSG_SPACE(sizeof info);
	}
	memcpy(&info6.ipi6_addr, local->bytes, 16);
	info6.ipi6_ifindex = scope;
	h->cmsg_level = IPPROTO_IPV6;
	h->cmsg_type = IPV6_PKTINFO;
	h->cmsg_len = CMSG_LEN(sizeof info6);
	memcpy(CMSG_DATA(h), &info6, sizeof info6);
	return CMSG_SPACE(sizeof info6);
}

/* UDP may lose a datagram, and the peer's retransmission brings the stored answer again: one that the
 * kernel does not take is counted and left. */
static void
flush_port(struct port *p)
{
	size_t done = 0;

	while (done < p->out.count) {
		int n = sendmmsg(
		        p->socket.fd, p->out.heads + done, (unsigned)(p->out.count - done), 0);

		if (n < 0 && errno == EINTR)
			continue;
		p->side->counts.sent += n > 0 ? (uint64_t)n : 0;
		p->side->counts.not_sent += n > 0 ? 0 : 1;
		done += n > 0 ? (size_t)n : 1;
	}
	p->out.count = 0;
}

void
device_side_send(struct device_side *side, const struct sl_peer *peer, struct sl_span datagram)
{
	struct address remote = peer_remote(peer), local = peer_local(peer);
	struct port *p = find_port(side, &local);
	size_t i;

	if (p == NULL || datagram.len > IN_BYTES) {
		side->counts.not_sent++;
		return;
	}
	i = p->out.count++;
	memcpy(p->out.bytes[i], datagram.ptr, datagram.len);
	p->out.vectors[i] = (struct iovec){.iov_base = p->out.bytes[i], .iov_len = datagram.len};
	p->out.heads[i].msg_hdr = (struct msghdr){.msg_name = &p->out.names[i],
	        .msg_namelen = address_to_socket(&p->out.names[i], &remote),
	        .msg_iov = &p->out.vectors[i],
	        .msg_iovlen = 1,
	        .msg_control = p->out.controls[i],
	        .msg_controllen = write_control(p->out.controls[i], &local, remote.scope)};
	if (p->out.count == BATCH)
		flush_port(p);
}

void
device_side_flush(struct device_side *side)
{
	for (size_t i = 0; i < side->config.socket_count; i++)
		flush_port(&side->ports[i]);
}

/* --- life ----------------------------------------------------------------------------------------------------------------- */

enum sl_err
device_side_new(struct device_side **out, const struct device_side_config *config)
{
	struct device_side *side = calloc(1, sizeof *side);
	enum sl_err err = SL_OK;

	if (side == NULL)
		return SL_ENOMEM;
	side->config = *config;
	aim_batch(&side->in, BATCH);
	side->ports = calloc(config->socket_count, sizeof *side->ports);
	if (side->ports == NULL)
		err = SL_ENOMEM;
	for (size_t i = 0; err == SL_OK && i < config->socket_count; i++) {
		struct port *p = &side->ports[i];

		p->side = side;
		p->socket = config->sockets[i];
		p->overflow = &config->overflow[i];
		p->watch = loop_watch_new(config->loop, p->socket.fd, on_ready, p);
		err = p->watch == NULL ? SL_ENOMEM : loop_watch_set(p->watch, true, false);
	}
	if (err != SL_OK)
		device_side_free(side);
	else
		*out = side;
	return err;
}

void
device_side_free(struct device_side *side)
{
	if (side == NULL)
		return;
	for (size_t i = 0; side->ports != NULL && i < side->config.socket_count; i++)
		loop_watch_free(side->ports[i].watch);
	free(side->ports);
	free(side);
}

struct device_side_counts
device_side_counts(const struct device_side *side)
{
	return side->counts;
}
