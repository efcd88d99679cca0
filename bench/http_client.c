/* SPDX-License-Identifier: BSD-2-Clause
 * The floor of the origin side: a bare HTTP/1.1 keep-alive client that sends the proxy's request on each of its
 * connections and waits for the answer. Also the load on other HTTP proxies. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "histogram.h"
#include "http.h"
#include "options.h"

#define CONNECTIONS_MAX 1024

struct connection {
	struct http_buffer in;
	uint64_t sent_us;
	int fd;
};

struct client {
	struct sockaddr_in target;
	uint64_t connections, body, run_ms, warm_ms, answered, failed, now_us;
	const char *watch, *json, *path;
	bool is_measuring;
	int epoll;
	struct connection *all;
	char *request;
	size_t request_len;
	struct histogram latency;
};

static void
ask(struct client *k, struct connection *c)
{
	c->sent_us = k->now_us;
	if (send(c->fd, k->request, k->request_len, MSG_NOSIGNAL) != (ssize_t)k->request_len)
		options_fail("http_client: send");
}

static void
connect_all(struct client *k)
{
	const int on = 1;

	for (uint64_t i = 0; i < k->connections; i++) {
		struct connection *c = &k->all[i];
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

		c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (c->fd < 0 ||
		        connect(c->fd, (const struct sockaddr *)(const void *)&k->target,
		                sizeof k->target) != 0 ||
		        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
		        epoll_ctl(k->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
			options_fail("http_client: connect");
	}
}

static void
on_readable(struct client *k, struct connection *c)
{
	ssize_t n = recv(c->fd, c->in.bytes + c->in.len, HTTP_BYTES - c->in.len, MSG_DONTWAIT);
	struct http_message m;
	bool is_bad = false;

	if (n == 0 || (n < 0 && errno != EAGAIN))
		options_fail("http_client: the connection ended");
	c->in.len += n > 0 ? (size_t)n : 0;
	if (!http_whole(&c->in, &m, &is_bad))
		return;
	if (is_bad || strncmp(c->in.bytes, "HTTP/1.1 200", 12) != 0)
		k->failed++;
	else if (k->is_measuring)
		histogram_add(&k->latency, k->now_us - c->sent_us);
	k->answered += k->is_measuring;
	http_take(&c->in, &m);
	ask(k, c);
}

static void
run_for(struct client *k, uint64_t ms)
{
	struct epoll_event events[64];
	uint64_t end = k->now_us + ms * 1000;

	while (k->now_us < end) {
		int n = epoll_wait(k->epoll, events, 64, 100);

		k->now_us = clock_now_us();
		for (int i = 0; i < n; i++)
			on_readable(k, events[i].data.ptr);
	}
}

static void
make_request(struct client *k)
{
	int head;

	k->request = malloc(2 * HTTP_BYTES);
	k->all = calloc(k->connections, sizeof *k->all);
	k->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (k->request == NULL || k->all == NULL || k->epoll < 0 || k->body > HTTP_BYTES / 2)
		options_fail("http_client");
	head = snprintf(k->request, HTTP_BYTES,
	        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/oscore\r\n"
	        "OSCORE: CgEBAAAAAQ\r\nContent-Length: %" PRIu64 "\r\n\r\n",
	        k->path, ntohs(k->target.sin_port), k->body);
	memset(k->request + head, 'q', k->body);
	k->request_len = (size_t)head + k->body;
}

static void
report(const struct client *k, uint64_t us, uint64_t own_us, uint64_t watched_us)
{
	FILE *out = k->json == NULL || strcmp(k->json, "-") == 0 ? stdout : fopen(k->json, "we");
	double answers = k->answered == 0 ? 1 : (double)k->answered;

	if (out == NULL)
		options_fail(k->json);
	fprintf(out,
	        "{\"answered\":%" PRIu64 ",\"failed\":%" PRIu64
	        ",\"seconds\":%.3f,\"per_second\":%.1f,\"self_cpu_us\":%.3f,\"cpu_us\":%.3f,",
	        k->answered, k->failed, (double)us / 1e6, (double)k->answered * 1e6 / (double)us,
	        (double)own_us / answers, (double)watched_us / answers);
	histogram_json(&k->latency, out);
	fputs("}\n", out);
}

int
main(int argc, char **argv)
{
	static struct client k = {.target = {.sin_family = AF_INET},
	        .connections = 64,
	        .body = 60,
	        .run_ms = 5000,
	        .path = "/"};
	const struct option_def defs[] = {
	        {"target", OPTION_TARGET, &k.target, "the origin, or another proxy"},
	        {"connections", OPTION_COUNT, &k.connections,
	                "kept open, one request on each (64)"},
	        {"body", OPTION_COUNT, &k.body, "bytes of the request (60)"},
	        {"path", OPTION_TEXT, &k.path, "of the request (/)"},
	        {"seconds", OPTION_TIME, &k.run_ms, "how long (5)"},
	        {"warm", OPTION_TIME, &k.warm_ms, "before that, not measured (0)"},
	        {"watch", OPTION_TEXT, &k.watch, "PID,PID: their CPU time for each answer"},
	        {"json", OPTION_TEXT, &k.json,
	                "write the figures to this file (-: standard output)"},
	};
	uint64_t begin, own, watched;

	options_read(defs, sizeof defs / sizeof defs[0], argc, argv);
	if (k.connections == 0 || k.connections > CONNECTIONS_MAX)
		options_fail("http_client: connections");
	make_request(&k);
	connect_all(&k);
	k.now_us = clock_now_us();
	for (uint64_t i = 0; i < k.connections; i++)
		ask(&k, &k.all[i]);
	run_for(&k, k.warm_ms);
	k.is_measuring = true;
	begin = k.now_us;
	own = clock_self_cpu_us();
	watched = clock_cpu_us_of(k.watch);
	run_for(&k, k.run_ms);
	report(&k, k.now_us - begin, clock_self_cpu_us() - own, clock_cpu_us_of(k.watch) - watched);
	for (uint64_t i = 0; i < k.connections; i++)
		close(k.all[i].fd);
	free(k.all);
	free(k.request);
	return k.failed > 0 ? 1 : 0;
}
