/* SPDX-License-Identifier: BSD-2-Clause
 * IP_PKTINFO both ways; FNV-1a for digests that nobody wants to forge. */
#include "wire.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUFFER (16 << 20)

void
wire_open(struct wire *w, const char *address, const char *port)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int on = 1, size = BUFFER;

	memset(w, 0, sizeof *w);
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	w->target.sin_family = AF_INET;
	w->target.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (w->fd < 0 || inet_pton(AF_INET, address, &w->target.sin_addr) != 1 ||
	        bind(w->fd, (struct sockaddr *)&any, sizeof any) != 0 ||
	        setsockopt(w->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0) {
		perror("wire");
		exit(2);
	}
	if (setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		(void)!setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

void
wire_flush(struct wire *w)
{
	size_t done = 0;

	while (done < w->out_count) {
		int n = sendmmsg(w->fd, w->out.heads + done, (unsigned)(w->out_count - done), 0);

		w->sent += n > 0 ? (uint64_t)n : 0;
		w->not_sent += n > 0 ? 0 : 1;
		done += n > 0 ? (size_t)n : 1;
	}
	w->out_count = 0;
}

void
wire_send(struct wire *w, uint32_t host, const uint8_t *bytes, size_t len)
{
	size_t i = w->out_count++;
	struct msghdr *head = &w->out.heads[i].msg_hdr;
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(host)};
	struct cmsghdr *h;

	memcpy(w->out.bytes[i], bytes, len);
	w->out.vectors[i] = (struct iovec){w->out.bytes[i], len};
	*head = (struct msghdr){.msg_name = &w->target,
	        .msg_namelen = sizeof w->target,
	        .msg_iov = &w->out.vectors[i],
	        .msg_iovlen = 1,
	        .msg_control = w->out.controls[i],
	        .msg_controllen = CMSG_SPACE(sizeof info)};
	h = CMSG_FIRSTHDR(head);
	h->cmsg_level = IPPROTO_IP;
	h->cmsg_type = IP_PKTINFO;
	h->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(h), &info, sizeof info);
	if (w->out_count == WIRE_BATCH)
		wire_flush(w);
}

static uint32_t
host_of(struct msghdr *head)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(head); h != NULL; h = CMSG_NXTHDR(head, h)) {
		struct in_pktinfo info;

		if (h->cmsg_level != IPPROTO_IP || h->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(h), sizeof info);
		return ntohl(info.ipi_addr.s_addr);
	}
	return 0;
}

size_t
wire_receive(struct wire *w, wire_fn fn, void *ctx)
{
	int count;

	for (size_t i = 0; i < WIRE_BATCH; i++) {
		w->in.vectors[i] = (struct iovec){w->in.bytes[i], WIRE_BYTES};
		w->in.heads[i].msg_hdr = (struct msghdr){.msg_name = &w->in.names[i],
		        .msg_namelen = sizeof w->in.names[i],
		        .msg_iov = &w->in.vectors[i],
		        .msg_iovlen = 1,
		        .msg_control = w->in.controls[i],
		        .msg_controllen = WIRE_CONTROL};
	}
	count = recvmmsg(w->fd, w->in.heads, WIRE_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++)
		fn(ctx, host_of(&w->in.heads[i].msg_hdr), w->in.bytes[i], w->in.heads[i].msg_len);
	w->received += count > 0 ? (uint64_t)count : 0;
	return count > 0 ? (size_t)count : 0;
}

void
wire_wait(const struct wire *w, int timeout_ms)
{
	struct pollfd p = {.fd = w->fd, .events = POLLIN};

	poll(&p, 1, timeout_ms);
}

uint64_t
wire_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t
wire_draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dU >> 16;
}

uint64_t
wire_digest(const uint8_t *bytes, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3U;
	return hash;
}

const char *
wire_text_argument(int argc, char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
			return argv[i] + len + 1;
	return NULL;
}

uint64_t
wire_argument(int argc, char **argv, const char *name, uint64_t otherwise)
{
	const char *text = wire_text_argument(argc, argv, name);

	return text == NULL ? otherwise : strtoull(text, NULL, 0);
}
