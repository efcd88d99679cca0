/* SPDX-License-Identifier: BSD-2-Clause
 * Sockets never block. A request of which one byte may have left is never sent again. */
#include "connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static const struct connection_step go_on;

static struct connection_step
over(enum sl_map_transport transport, const char *detail)
{
	return (struct connection_step){.is_over = true, .transport = transport, .detail = detail};
}

void
connection_init(struct connection *c, size_t body_max)
{
	c->fd = -1;
	response_init(&c->response, body_max);
}

/* --- connecting ------------------------------------------------------------------------------------------ */

static struct connection_step
not_connected(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return over(SL_MAP_EXHAUSTED, NULL);
	case ETIMEDOUT:
		return over(SL_MAP_CONNECT_TIMEOUT, NULL);
	default:
		return over(SL_MAP_UNREACHABLE, strerrordesc_np(error));
	}
}

struct connection_step
connection_open(struct connection *c, const struct origin *origin)
{
	struct sockaddr_storage name;
	struct address to;
	socklen_t len;
	int yes = 1;

	if (address_parse_host(&to, origin->target.host) != SL_OK ||
	        !origin_allows_address(origin, &to)) {
		struct connection_step step = over(SL_MAP_UNREACHABLE, "address not allowed");

		step.is_address_refused = true;
		return step;
	}
	to.port = origin->target.port;
	len = address_to_socket(&name, &to);
	c->fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return not_connected(errno);
	c->origin = origin;
	c->is_connected = c->is_broken = c->is_early = false;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(c->fd, (const struct sockaddr *)&name, len) == 0)
		c->is_connected = true;
	else if (errno != EINPROGRESS)
		return not_connected(errno);
	return go_on;
}

void
connection_close(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	response_reset(&c->response);
}

bool
connection_is_silent(const struct connection *c)
{
	char byte;

	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* --- the request ----------------------------------------------------------------------------------------- */

void
connection_ask(struct connection *c, const struct core_fetch *fetch)
{
	c->fetch = *fetch;
	c->sent = 0;
	c->received = 0;
	c->is_sent = false;
}

/* The head is written anew for each part: most requests leave at once. */
static struct connection_step
send_rest(struct connection *c, struct connection_room *room)
{
	struct sl_writer w = sl_writer_over(room->head, sizeof room->head);
	struct sl_span head, body = c->fetch.body;
	struct iovec parts[2];
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	size_t of_head, of_body;
	ssize_t n;

	if (request_head(&w, &c->fetch) != SL_OK)
		return over(SL_MAP_UNREACHABLE, "no clean request");
	head = sl_writer_span(&w);
	of_head = c->sent < head.len ? c->sent : head.len;
	of_body = c->sent - of_head;
	parts[0] = (struct iovec){room->head + of_head, head.len - of_head};
	parts[1] = (struct iovec){(void *)(uintptr_t)(body.ptr + of_body), body.len - of_body};
	n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
	if (n >= 0)
		c->sent += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		c->is_broken = true; /* what the origin said before is still to be read */
	c->is_sent = c->is_broken || c->sent == head.len + body.len;
	return go_on;
}

struct connection_step
connection_send(struct connection *c, struct connection_room *room)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (!c->is_connected) {
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
			error = errno;
		if (error != 0)
			return not_connected(error);
		c->is_connected = true;
	}
	return send_rest(c, room);
}

/* --- the response ---------------------------------------------------------------------------------------- */

static struct connection_step
conclude(enum response_verdict verdict)
{
	switch (verdict) {
	case RESPONSE_MORE:
		return go_on;
	case RESPONSE_WHOLE:
		return over(SL_MAP_RESPONSE, NULL);
	case RESPONSE_NOTHING:
		return over(SL_MAP_CLOSED, NULL);
	case RESPONSE_TOO_LARGE:
		return over(SL_MAP_TOO_LARGE, NULL);
	case RESPONSE_NO_MEMORY:
		return over(SL_MAP_EXHAUSTED, NULL);
	case RESPONSE_BAD:
		break;
	}
	return over(SL_MAP_BAD_HTTP, NULL);
}

/* A reset is no end in order: it may have cut the body. */
static enum response_verdict
end(struct connection *c, ssize_t n)
{
	enum response_verdict verdict = response_end(&c->response);

	return n < 0 && verdict == RESPONSE_WHOLE ? RESPONSE_BAD : verdict;
}

struct connection_step
connection_receive(struct connection *c, struct connection_room *room, bool *may_keep)
{
	ssize_t n = recv(c->fd, room->in, sizeof room->in, 0);
	enum response_verdict verdict;
	struct connection_step step;
	size_t taken = 0;

	*may_keep = false;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return go_on;
	if (n <= 0)
		return conclude(end(c, n));
	c->received += (uint64_t)n;
	verdict = response_take(&c->response, sl_span(room->in, (size_t)n), &taken);
	*may_keep = verdict == RESPONSE_WHOLE && taken == (size_t)n && c->is_sent &&
	            !c->is_broken && !c->is_early && response_may_keep(&c->response);
	step = conclude(verdict);
	step.has_more = verdict == RESPONSE_WHOLE && taken < (size_t)n;
	return step;
}
