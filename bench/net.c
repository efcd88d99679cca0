/* SPDX-License-Identifier: BSD-2-Clause
 * recvmmsg and sendmmsg. */
#include "net.h"

#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_BUFFER (8 << 20)

static void
prepare(struct net_batch *b)
{
	b->count = 0;
	for (size_t i = 0; i < NET_BATCH; i++) {
		b->vectors[i] = (struct iovec){b->bytes[i], NET_BYTES};
		b->heads[i].msg_hdr = (struct msghdr){.msg_name = &b->names[i],
		        .msg_namelen = sizeof b->names[i],
		        .msg_iov = &b->vectors[i],
		        .msg_iovlen = 1,
		        .msg_control = b->controls[i],
		        .msg_controllen = sizeof b->controls[i]};
	}
}

bool
net_open(struct net_socket *s, uint16_t port, bool is_deaf)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = {1, &nothing};
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	const int on = 1, size = RECEIVE_BUFFER;

	memset(s, 0, sizeof *s);
	prepare(&s->in);
	prepare(&s->out);
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || setsockopt(s->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0)
		return false;
	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (is_deaf && setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program))
		return false;
	return bind(s->fd, (const struct sockaddr *)(const void *)&any, sizeof any) == 0;
}

void
net_close(struct net_socket *s)
{
	close(s->fd);
}

uint8_t *
net_room(struct net_socket *s)
{
	if (s->out.count == NET_BATCH)
		net_flush(s);
	return s->out.bytes[s->out.count];
}

void
net_push(struct net_socket *s, size_t len, uint32_t local, const struct sockaddr_in *to)
{
	unsigned i = s->out.count++;
	struct cmsghdr *c = CMSG_FIRSTHDR(&s->out.heads[i].msg_hdr);
	const struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(local)};

	s->out.names[i] = *to;
	s->out.vectors[i].iov_len = len;
	*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info),
	        .cmsg_level = IPPROTO_IP,
	        .cmsg_type = IP_PKTINFO};
	memcpy(CMSG_DATA(c), &info, sizeof info);
}

void
net_flush(struct net_socket *s)
{
	unsigned done = 0;

	while (done < s->out.count) {
		int n = sendmmsg(s->fd, s->out.heads + done, s->out.count - done, 0);
		struct pollfd p = {s->fd, POLLOUT, 0};

		if (n > 0) {
			done += (unsigned)n;
			s->counts.sent += (unsigned)n;
		} else if (errno == EAGAIN) {
			poll(&p, 1, 100);
		} else if (errno != EINTR) {
			done++;
			s->counts.not_sent++;
		}
	}
	s->out.count = 0;
}

unsigned
net_receive(struct net_socket *s)
{
	int n;

	for (unsigned i = 0; i < s->in.count; i++) {
		s->in.heads[i].msg_hdr.msg_controllen = sizeof s->in.controls[i];
		s->in.heads[i].msg_hdr.msg_namelen = sizeof s->in.names[i];
	}
	n = recvmmsg(s->fd, s->in.heads, NET_BATCH, MSG_DONTWAIT, NULL);
	s->in.count = n > 0 ? (unsigned)n : 0;
	s->counts.received += s->in.count;
	return s->in.count;
}

uint32_t
net_local(struct net_socket *s, unsigned i)
{
	struct msghdr *head = &s->in.heads[i].msg_hdr;
	struct in_pktinfo info;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c != NULL; c = CMSG_NXTHDR(head, c)) {
		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof info);
		return ntohl(info.ipi_addr.s_addr);
	}
	return 0;
}
