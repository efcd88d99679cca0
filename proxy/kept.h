/* SPDX-License-Identifier: BSD-2-Clause
 * The sockets of the HTTP side. A server that speaks on a kept connection without being asked would have
 * its bytes taken for the answer to the next request; such a connection has to end (RFC 9112 section 9.2).
 * libcurl looks for that from 8.0 on. */
#ifndef PROXY_KEPT_H
#define PROXY_KEPT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include <sl/err.h>

struct kept {
	struct pollfd *sockets; /* owned; the fd of a busy one is ~fd */
	size_t count, cap;
};

/* SL_ENOMEM. */
enum sl_err kept_init(struct kept *k, size_t cap) SL_MUST_USE;
void kept_clear(struct kept *k);
/* socket(2), busy at first; -1: as socket, or no room (ENOBUFS). */
int kept_open(struct kept *k, int family, int type, int protocol);
/* Idle: nobody waits for an answer on it. False: not one of kept_open. */
bool kept_set_busy(struct kept *k, int fd, bool is_busy);
/* close(2), in the form in which libcurl asks for it. */
int kept_close(void *kept, int fd);
/* Shuts down every idle one that has bytes or its end to tell, so that nobody sends a request on it.
 * Returns how many. */
size_t kept_end_unasked(struct kept *k);

#endif
