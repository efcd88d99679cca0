/* SPDX-License-Identifier: BSD-2-Clause
 * An origin that costs as little as it can: one thread, keep-alive, the same OSCORE-shaped answer to every request. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "http.h"
#include "options.h"

#define EVENTS      128
#define CONNECTIONS 4096

struct connection {
	struct http_buffer in;
	struct http_message message;
	uint64_t due_us; /* 0: nothing waits */
	int fd;
};

struct origin {
	struct sockaddr_in listen;
	uint64_t body, delay_ms;
	bool is_echo;
	int listener, epoll;
	struct connection *connections[CONNECTIONS]; /* by descriptor */
	char *out;
};

static volatile sig_atomic_t is_stopped;

static void
on_signal(int number)
{
	(void)number;
	is_stopped = 1;
}

static void
drop(struct origin *o, struct connection *c)
{
	o->connections[c->fd] = NULL;
	close(c->fd);
	free(c);
}

static bool
write_whole(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
answer(struct origin *o, struct connection *c)
{
	size_t body = o->is_echo ? c->message.body_len : o->body;
	int head = snprintf(o->out, HTTP_BYTES,
	        "HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n"
	        "Content-Length: %zu\r\n\r\n",
	        body);

	if (o->is_echo)
		memcpy(o->out + head, c->in.bytes + c->message.head_len, body);
	else
		memset(o->out + head, 'o', body);
	http_take(&c->in, &c->message);
	c->due_us = 0;
	return write_whole(c->fd, o->out, (size_t)head + body);
}

/* Answers what is whole, or lets it wait. False: the connection is over. */
static bool
advance(struct origin *o, struct connection *c)
{
	bool is_bad = false;

	while (c->due_us == 0 && http_whole(&c->in, &c->message, &is_bad)) {
		if (o->delay_ms > 0)
			c->due_us = clock_now_us() + o->delay_ms * 1000;
		else if (!answer(o, c))
			return false;
	}
	return !is_bad;
}

static bool
read_more(struct origin *o, struct connection *c)
{
	ssize_t n = recv(c->fd, c->in.bytes + c->in.len, HTTP_BYTES - c->in.len, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->in.len += (size_t)n;
	return n > 0 && advance(o, c);
}

static void
take_connection(struct origin *o)
{
	int fd = accept4(o->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
	struct connection *c = fd >= 0 && fd < CONNECTIONS ? calloc(1, sizeof *c) : NULL;
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (c == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	c->fd = fd;
	o->connections[fd] = c;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (epoll_ctl(o->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		drop(o, c);
}

/* Answers that have waited long enough; how long epoll may wait. */
static int
answer_due(struct origin *o)
{
	uint64_t now = clock_now_us();

	if (o->delay_ms == 0)
		return -1;
	for (int fd = 0; fd < CONNECTIONS; fd++) {
		struct connection *c = o->connections[fd];

		if (c != NULL && c->due_us != 0 && c->due_us <= now &&
		        (!answer(o, c) || !advance(o, c)))
			drop(o, c);
	}
	return 1;
}

static void
serve(struct origin *o)
{
	struct epoll_event events[EVENTS];

	while (!is_stopped) {
		int n = epoll_wait(o->epoll, events, EVENTS, answer_due(o));

		for (int i = 0; i < n; i++) {
			struct connection *c = o->connections[events[i].data.fd];

			if (events[i].data.fd == o->listener)
				take_connection(o);
			else if (c != NULL && !read_more(o, c))
				drop(o, c);
		}
	}
}

static void
open_listener(struct origin *o)
{
	struct sockaddr *at = (struct sockaddr *)(void *)&o->listen;
	socklen_t len = sizeof o->listen;
	const int on = 1;
	struct epoll_event event = {.events = EPOLLIN};

	o->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	o->epoll = epoll_create1(EPOLL_CLOEXEC);
	event.data.fd = o->listener;
	if (o->listener < 0 || o->epoll < 0 ||
	        setsockopt(o->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	        bind(o->listener, at, len) != 0 || listen(o->listener, 1024) != 0 ||
	        getsockname(o->listener, at, &len) != 0 ||
	        epoll_ctl(o->epoll, EPOLL_CTL_ADD, o->listener, &event) != 0)
		options_fail("origin");
	printf("listening on 127.0.0.1:%u\n", ntohs(o->listen.sin_port));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static struct origin o = {.listen = {.sin_family = AF_INET}, .body = 60};
	const struct option_def defs[] = {
	        {"listen", OPTION_TARGET, &o.listen, "where (port 0: says which)"},
	        {"body", OPTION_COUNT, &o.body, "bytes of the answer (60)"},
	        {"echo", OPTION_FLAG, &o.is_echo, "answer with the request's body"},
	        {"delay-ms", OPTION_COUNT, &o.delay_ms, "answer so much later (0)"},
	};
	const struct sigaction action = {.sa_handler = on_signal};

	o.listen.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	options_read(defs, sizeof defs / sizeof defs[0], argc, argv);
	o.out = malloc(2 * HTTP_BYTES);
	if (o.out == NULL || o.body > HTTP_BYTES)
		options_fail("origin: body");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	open_listener(&o);
	serve(&o);
	for (int fd = 0; fd < CONNECTIONS; fd++)
		if (o.connections[fd] != NULL)
			drop(&o, o.connections[fd]);
	free(o.out);
	return 0;
}
