/* SPDX-License-Identifier: BSD-2-Clause
 * An HTTP origin that answers each POST with what it was asked: the first eight bytes of the body, and a digest of the
 * whole. The body's ninth byte asks for a late answer when it is 1. GET /counts tells how many requests there were, and
 * how many of them had a number that was there before; GET /reset forgets.
 *   origin [delay_ms=N]     says its port */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wire.h"

#define CONNECTIONS_MAX 1024
#define REQUEST_MAX     (80 * 1024)
#define NUMBERS         (1U << 24)
#define NUMBER          8

struct connection {
	uint32_t generation;
	size_t len;
	uint8_t bytes[REQUEST_MAX];
};

struct late {
	int fd;
	uint32_t generation;
	uint64_t due_us;
	uint8_t answer[2 * NUMBER];
};

static struct connection *connections[CONNECTIONS_MAX];
static struct late late_ones[65536];
static uint16_t late_first, late_end;
static uint8_t seen[NUMBERS / 8];
static uint64_t requests, repeats, delay_us;
static int epoll_fd;

static void
write_all(int fd, const void *bytes, size_t len)
{
	if (write(fd, bytes, len) != (ssize_t)len)
		shutdown(fd, SHUT_RDWR);
}

static void
write_answer(int fd, const uint8_t answer[static 2 * NUMBER])
{
	static const char head[] =
	        "HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n"
	        "Content-Length: 16\r\n\r\n";
	uint8_t all[sizeof head - 1 + 2 * NUMBER];

	memcpy(all, head, sizeof head - 1);
	memcpy(all + sizeof head - 1, answer, 2 * NUMBER);
	write_all(fd, all, sizeof all);
}

static void
write_counts(int fd)
{
	char body[128], all[320];
	int len = snprintf(body, sizeof body, "{\"requests\": %llu, \"repeats\": %llu}\n",
	        (unsigned long long)requests, (unsigned long long)repeats);
	int total = snprintf(all, sizeof all,
	        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
	        len, body);

	write_all(fd, all, (size_t)total);
}

static void
on_post(int fd, const uint8_t *body, size_t len)
{
	uint8_t answer[2 * NUMBER] = {0};
	uint64_t digest = wire_digest(body, len), number = 0;

	requests++;
	memcpy(answer, body, len < NUMBER ? len : NUMBER);
	memcpy(answer + NUMBER, &digest, sizeof digest);
	for (size_t i = 0; i < NUMBER; i++)
		number = number << 8 | answer[i];
	number %= NUMBERS;
	if (number != 0) {
		repeats += seen[number / 8] >> number % 8 & 1;
		seen[number / 8] |= (uint8_t)(1 << number % 8);
	}
	if (len <= NUMBER || body[NUMBER] != 1 || delay_us == 0 ||
	        (uint16_t)(late_end + 1) == late_first) {
		write_answer(fd, answer);
		return;
	}
	late_ones[late_end] = (struct late){.fd = fd,
	        .generation = connections[fd]->generation,
	        .due_us = wire_now_us() + delay_us};
	memcpy(late_ones[late_end++].answer, answer, sizeof answer);
}

/* Bytes of the first whole request, 0: not there yet. */
static size_t
take_request(int fd, const struct connection *c)
{
	const uint8_t *end = memmem(c->bytes, c->len, "\r\n\r\n", 4);
	const char *field = NULL;
	size_t head, size;

	if (end == NULL)
		return 0;
	head = (size_t)(end - c->bytes) + 4;
	for (const uint8_t *at = c->bytes; at < end && field == NULL; at++)
		if (*at == '\n' && strncasecmp((const char *)at + 1, "content-length:", 15) == 0)
			field = (const char *)at + 16;
	size = field == NULL ? 0 : strtoul(field, NULL, 10);
	if (c->len < head + size)
		return 0;
	if (memcmp(c->bytes, "POST ", 5) == 0) {
		on_post(fd, c->bytes + head, size);
	} else {
		if (memcmp(c->bytes, "GET /reset ", 11) == 0) {
			requests = repeats = 0;
			memset(seen, 0, sizeof seen);
		}
		write_counts(fd);
	}
	return head + size;
}

static void
on_readable(int fd)
{
	struct connection *c = connections[fd];
	ssize_t n = read(fd, c->bytes + c->len, sizeof c->bytes - 1 - c->len);
	size_t used;

	if (n <= 0) {
		c->generation++;
		close(fd);
		return;
	}
	c->len += (size_t)n;
	c->bytes[c->len] = '\0';
	while ((used = take_request(fd, c)) > 0) {
		memmove(c->bytes, c->bytes + used, c->len - used);
		c->len -= used;
		c->bytes[c->len] = '\0';
	}
}

static void
on_connection(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0)
		return;
	if (fd < CONNECTIONS_MAX && connections[fd] == NULL)
		connections[fd] = calloc(1, sizeof *connections[fd]);
	if (fd >= CONNECTIONS_MAX || connections[fd] == NULL) {
		close(fd);
		return;
	}
	connections[fd]->len = 0;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int
serve_late(void)
{
	uint64_t now = wire_now_us();

	while (late_first != late_end && late_ones[late_first].due_us <= now) {
		const struct late *l = &late_ones[late_first++];

		if (connections[l->fd]->generation == l->generation)
			write_answer(l->fd, l->answer);
	}
	return late_first == late_end ? -1 : (int)((late_ones[late_first].due_us - now) / 1000 + 1);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in name = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof name;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[64];

	delay_us = wire_argument(argc, argv, "delay_ms", 0) * 1000;
	epoll_fd = epoll_create1(0);
	if (bind(listener, (struct sockaddr *)&name, sizeof name) != 0 ||
	        listen(listener, 256) != 0 ||
	        getsockname(listener, (struct sockaddr *)&name, &len) != 0 ||
	        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event) != 0)
		return 2;
	printf("listening on 127.0.0.1:%u\n", ntohs(name.sin_port));
	fflush(stdout);
	for (;;) {
		int count = epoll_wait(epoll_fd, ready, 64, serve_late());

		for (int i = 0; i < count; i++) {
			if (ready[i].data.fd == listener)
				on_connection(listener);
			else
				on_readable(ready[i].data.fd);
		}
	}
}
