/* SPDX-License-Identifier: BSD-2-Clause
 * The floor of the device side: takes datagrams in batches and sends each back as its own acknowledgement, without a look
 * inside. It can be told to err, so that the load generator can be seen to notice. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"

#define BATCH          64
#define BYTES          1500
#define RECEIVE_BUFFER (8 << 20)

struct echo {
	struct sockaddr_in listen;
	uint64_t drop_every, corrupt_every, seen;
	struct mmsghdr heads[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_in names[BATCH];
	uint8_t bytes[BATCH][BYTES];
};

static volatile sig_atomic_t is_stopped;

static void
on_signal(int number)
{
	(void)number;
	is_stopped = 1;
}

static int
open_socket(struct echo *e)
{
	const int size = RECEIVE_BUFFER;
	socklen_t len = sizeof e->listen;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr *at = (struct sockaddr *)(void *)&e->listen;

	if (fd < 0 || bind(fd, at, len) != 0 || getsockname(fd, at, &len) != 0)
		options_fail("udp_echo");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	printf("listening on 127.0.0.1:%u\n", ntohs(e->listen.sin_port));
	fflush(stdout);
	return fd;
}

/* A CON request becomes its ACK with 2.04; anything else goes back as it is. */
static void
turn(struct echo *e, unsigned i)
{
	uint8_t *datagram = e->bytes[i];
	size_t len = e->heads[i].msg_len;

	e->vectors[i].iov_len = len;
	if (len < 4)
		return;
	if ((datagram[0] & 0x30) == 0)
		datagram[0] |= 0x20;
	datagram[1] = 0x44;
	e->seen++;
	if (e->corrupt_every > 0 && e->seen % e->corrupt_every == 0)
		datagram[len - 1] ^= 1;
	if (e->drop_every > 0 && e->seen % e->drop_every == 0)
		e->vectors[i].iov_len = 0;
}

static void
serve(struct echo *e, int fd)
{
	while (!is_stopped) {
		int got, sent;

		for (unsigned i = 0; i < BATCH; i++) {
			e->vectors[i] = (struct iovec){e->bytes[i], BYTES};
			e->heads[i].msg_hdr = (struct msghdr){.msg_name = &e->names[i],
			        .msg_namelen = sizeof e->names[i],
			        .msg_iov = &e->vectors[i],
			        .msg_iovlen = 1};
		}
		got = recvmmsg(fd, e->heads, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < got; i++)
			turn(e, (unsigned)i);
		for (int done = 0; done < got; done += sent < 1 ? 1 : sent)
			sent = sendmmsg(fd, e->heads + done, (unsigned)(got - done), 0);
	}
}

int
main(int argc, char **argv)
{
	static struct echo e = {.listen = {.sin_family = AF_INET}};
	const struct option_def defs[] = {
	        {"listen", OPTION_TARGET, &e.listen, "where (port 0: says which)"},
	        {"drop-every", OPTION_COUNT, &e.drop_every,
	                "answer each Nth with an empty datagram"},
	        {"corrupt-every", OPTION_COUNT, &e.corrupt_every,
	                "change the last byte of each Nth"},
	};
	const struct sigaction action = {.sa_handler = on_signal};

	e.listen.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	options_read(defs, sizeof defs / sizeof defs[0], argc, argv);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	serve(&e, open_socket(&e));
	return 0;
}
