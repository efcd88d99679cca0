/* SPDX-License-Identifier: BSD-2-Clause
 * The table is what poll wants: it ignores negative descriptors, so busy sockets are stored inverted. */
#include "kept.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum sl_err
kept_init(struct kept *k, size_t cap)
{
	k->sockets = calloc(cap, sizeof *k->sockets);
	k->count = 0;
	k->cap = cap;
	return k->sockets == NULL ? SL_ENOMEM : SL_OK;
}

void
kept_clear(struct kept *k)
{
	free(k->sockets);
	*k = (struct kept){0};
}

static struct pollfd *
find(struct kept *k, int fd)
{
	for (size_t i = 0; i < k->count; i++)
		if (k->sockets[i].fd == fd || k->sockets[i].fd == ~fd)
			return &k->sockets[i];
	return NULL;
}

int
kept_open(struct kept *k, int family, int type, int protocol)
{
	int fd;

	if (k->count == k->cap) {
		errno = ENOBUFS;
		return -1;
	}
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (fd >= 0)
		k->sockets[k->count++] = (struct pollfd){.fd = ~fd, .events = POLLIN};
	return fd;
}

bool
kept_set_busy(struct kept *k, int fd, bool is_busy)
{
	struct pollfd *s = find(k, fd);

	if (s != NULL)
		s->fd = is_busy ? ~fd : fd;
	return s != NULL;
}

int
kept_close(void *kept, int fd)
{
	struct kept *k = kept;
	struct pollfd *s = find(k, fd);

	if (s != NULL)
		*s = k->sockets[--k->count];
	return close(fd);
}

size_t
kept_end_unasked(struct kept *k)
{
	size_t ended = 0;

	if (poll(k->sockets, (nfds_t)k->count, 0) <= 0)
		return 0;
	for (size_t i = 0; i < k->count; i++) {
		struct pollfd *s = &k->sockets[i];

		if (s->fd < 0 || s->revents == 0)
			continue;
		shutdown(s->fd, SHUT_RDWR);
		s->fd = ~s->fd;
		ended++;
	}
	return ended;
}
