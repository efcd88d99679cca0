/* SPDX-License-Identifier: BSD-2-Clause */
#include "coap_side.h"

#include "trace.h"

#include <sl/coap.h>
#include <sl/hash.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_MAX     2048 /* one byte more than any that is taken would do */
#define PING_INTERVAL_MS 1000
#define CANCEL_CHECK_MS  200
#define SLEEP_MAX_MS     60000

struct moment
coap_side_now(void)
{
	struct timespec t;
	struct moment now;

	clock_gettime(CLOCK_BOOTTIME, &t); /* a device that slept was away, too */
	now.ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
	now.posix_s = (int64_t)time(NULL);
	return now;
}

/* How long to sleep at most before looking around again. */
static int
sleep_ms(const struct coap_side *side, uint64_t until_ms)
{
	uint64_t now_ms = coap_side_now().ms;
	uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
	uint64_t most_ms = side->hooks.is_cancelled != NULL ? CANCEL_CHECK_MS : SLEEP_MAX_MS;

	return (int)(left_ms < most_ms ? left_ms : most_ms);
}

static bool
asks_to_end(struct coap_side *side)
{
	if (!side->is_cancelled && side->hooks.is_cancelled != NULL)
		side->is_cancelled = side->hooks.is_cancelled(side->hooks.arg);
	return side->is_cancelled;
}

bool
coap_side_sleep_until(struct coap_side *side, uint64_t when_ms)
{
	while (coap_side_now().ms < when_ms) {
		if (asks_to_end(side))
			return false;
		poll(NULL, 0, sleep_ms(side, when_ms));
	}
	return true;
}

static void
connect_all(struct coap_side *side, const struct addrinfo *list)
{
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		int fd;

		if (side->fd_count == COAP_SIDE_ADDRESSES_MAX)
			return;
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		        a->ai_protocol);
		if (fd < 0)
			continue;
		if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			side->fds[side->fd_count++] = fd;
		else
			close(fd);
	}
}

enum sl_err
coap_side_open(struct coap_side *side, const struct endpoint *server, struct complaint *why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char port[8];
	int failed;

	snprintf(port, sizeof port, "%u", (unsigned)server->port);
	failed = getaddrinfo(server->host, port, &hints, &list);
	if (failed != 0)
		return complain(
		        why, SL_ENOTFOUND, "server %s: %s", server->host, gai_strerror(failed));
	side->fd_count = side->current = 0;
	connect_all(side, list);
	freeaddrinfo(list);
	if (side->fd_count == 0)
		return complain(
		        why, SL_EIO, "server %s port %s: %s", server->host, port, strerror(errno));
	return SL_OK;
}

void
coap_side_close(struct coap_side *side)
{
	while (side->fd_count > 0)
		close(side->fds[--side->fd_count]);
}

static void
note_error(struct coap_side *side)
{
	if (errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != ENETUNREACH)
		return;
	side->is_unreachable = true;
	side->current = (side->current + 1) % side->fd_count;
}

static void
send_datagram(struct coap_side *side, struct sl_span datagram)
{
	if (side->hooks.trace != NULL)
		trace_datagram(side->hooks.trace, TRACE_SENT, datagram);
	side->traffic.datagrams_sent++;
	side->traffic.bytes_sent += datagram.len;
	/* What cannot leave now is lost, as on any link: the message layer sends it again. */
	if (send(side->fds[side->current], datagram.ptr, datagram.len, MSG_NOSIGNAL) < 0)
		note_error(side);
}

/* False when nothing (more) is there. */
static bool
receive_datagram(struct coap_side *side, uint8_t *bytes, size_t *len)
{
	ssize_t n = recv(side->fds[side->current], bytes, DATAGRAM_MAX, 0);

	if (n < 0) {
		note_error(side);
		return false;
	}
	*len = (size_t)n;
	side->traffic.datagrams_received++;
	side->traffic.bytes_received += *len;
	if (side->hooks.trace != NULL)
		trace_datagram(side->hooks.trace, TRACE_RECEIVED, sl_span(bytes, *len));
	return true;
}

static void
wait_for_bytes(const struct coap_side *side, uint64_t until_ms)
{
	struct pollfd p = {.fd = side->fds[side->current], .events = POLLIN};

	poll(&p, 1, sleep_ms(side, until_ms));
}

static void
trace_inside(struct coap_side *side, struct session *session)
{
	const struct sl_coap_msg *msg;

	if (side->hooks.trace == NULL)
		return;
	msg = session_seen_response(session);
	if (msg != NULL)
		trace_inner(side->hooks.trace, TRACE_RECEIVED, msg);
	msg = session_seen_request(session);
	if (msg != NULL)
		trace_inner(side->hooks.trace, TRACE_SENT, msg);
}

/* What is driven: a session, or an EDHOC run. */
struct core {
	void *self;
	bool (*waits)(const void *self);
	void (*on_datagram)(void *self, struct sl_span datagram, uint64_t now_ms);
	void (*on_time)(void *self, uint64_t now_ms);
	uint64_t (*wakeup)(const void *self);
	bool (*next)(void *self, struct sl_span *datagram);
};

static void
flush(struct coap_side *side, const struct core *core)
{
	struct sl_span datagram;

	while (core->next(core->self, &datagram))
		send_datagram(side, datagram);
}

static void
turn(struct coap_side *side, const struct core *core)
{
	uint8_t bytes[DATAGRAM_MAX];
	size_t len;

	wait_for_bytes(side, core->wakeup(core->self));
	while (core->waits(core->self) && receive_datagram(side, bytes, &len)) {
		core->on_datagram(core->self, sl_span(bytes, len), coap_side_now().ms);
		flush(side, core);
	}
	if (core->waits(core->self))
		core->on_time(core->self, coap_side_now().ms);
}

/* --- a session -------------------------------------------------------------------------------- */

struct session_core {
	struct coap_side *side;
	struct session *session;
};

static bool
session_core_waits(const void *self)
{
	return session_wants(((const struct session_core *)self)->session) == SESSION_WAIT;
}

static void
session_core_on_datagram(void *self, struct sl_span datagram, uint64_t now_ms)
{
	session_on_datagram(((struct session_core *)self)->session, datagram, now_ms);
}

static void
session_core_on_time(void *self, uint64_t now_ms)
{
	session_on_time(((struct session_core *)self)->session, now_ms);
}

static uint64_t
session_core_wakeup(const void *self)
{
	return session_wakeup(((const struct session_core *)self)->session);
}

static bool
session_core_next(void *self, struct sl_span *datagram)
{
	struct session_core *s = self;

	trace_inside(s->side, s->session);
	return session_next(s->session, datagram);
}

static void
reserve(struct coap_side *side, struct session *session, struct keystore *ks)
{
	uint64_t limit = session_reserve_limit(session);

	if (keystore_reserve(ks, limit) != SL_OK) {
		side->store_errno = errno;
		session_on_failure(session);
	} else {
		session_on_reserved(session, limit, coap_side_now().ms);
	}
}

void
coap_side_run(struct coap_side *side, struct session *session, struct keystore *ks)
{
	struct session_core self = {side, session};
	const struct core core = {&self, session_core_waits, session_core_on_datagram,
	        session_core_on_time, session_core_wakeup, session_core_next};
	enum session_want want;

	while ((want = session_wants(session)) == SESSION_RESERVE || want == SESSION_WAIT) {
		if (asks_to_end(side))
			session_on_failure(session);
		else if (want == SESSION_RESERVE)
			reserve(side, session, ks);
		flush(side, &core);
		if (session_wants(session) == SESSION_WAIT)
			turn(side, &core);
	}
	flush(side, &core); /* the ACK of a last separate response */
}

/* --- an EDHOC run ----------------------------------------------------------------------------- */

static bool
edhoc_core_waits(const void *self)
{
	return !edhoc_run_is_finished(self);
}

static void
edhoc_core_on_datagram(void *self, struct sl_span datagram, uint64_t now_ms)
{
	edhoc_run_on_datagram(self, datagram, now_ms);
}

static void
edhoc_core_on_time(void *self, uint64_t now_ms)
{
	edhoc_run_on_time(self, now_ms);
}

static uint64_t
edhoc_core_wakeup(const void *self)
{
	return edhoc_run_wakeup(self);
}

static bool
edhoc_core_next(void *self, struct sl_span *datagram)
{
	return edhoc_run_next(self, datagram);
}

void
coap_side_run_edhoc(struct coap_side *side, struct edhoc_run *run)
{
	const struct core core = {run, edhoc_core_waits, edhoc_core_on_datagram, edhoc_core_on_time,
	        edhoc_core_wakeup, edhoc_core_next};

	while (!edhoc_run_is_finished(run)) {
		if (asks_to_end(side))
			edhoc_run_on_failure(run);
		flush(side, &core);
		if (!edhoc_run_is_finished(run))
			turn(side, &core);
	}
	flush(side, &core); /* an ACK, or a last error */
}

static bool
is_pong(struct sl_span datagram, uint16_t message_id)
{
	struct sl_coap_msg msg;

	return sl_coap_header_decode(&msg, datagram) == SL_OK && msg.type == SL_COAP_RST &&
	       msg.code == SL_COAP_EMPTY && msg.message_id == message_id;
}

static bool
hears_pong(struct coap_side *side, uint16_t message_id, uint64_t until_ms)
{
	uint8_t bytes[DATAGRAM_MAX];
	size_t len;

	while (coap_side_now().ms < until_ms) {
		wait_for_bytes(side, until_ms);
		while (receive_datagram(side, bytes, &len))
			if (is_pong(sl_span(bytes, len), message_id))
				return true;
	}
	return false;
}

enum sl_err
coap_side_ping(struct coap_side *side, uint64_t timeout_ms, uint64_t *round_trip_ms)
{
	uint64_t start_ms = coap_side_now().ms;
	struct sl_coap_msg ping;
	uint8_t bytes[8];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	enum sl_err err;

	sl_coap_msg_init(&ping, SL_COAP_EMPTY);
	ping.type = SL_COAP_CON;
	err = sl_random(&ping.message_id, sizeof ping.message_id);
	if (err == SL_OK)
		err = sl_coap_encode(&w, &ping);
	if (err != SL_OK)
		return err;
	for (uint64_t waited_ms = 0; waited_ms < timeout_ms; waited_ms += PING_INTERVAL_MS) {
		uint64_t until_ms = start_ms + waited_ms + PING_INTERVAL_MS;

		if (until_ms > start_ms + timeout_ms)
			until_ms = start_ms + timeout_ms;
		send_datagram(side, sl_writer_span(&w));
		if (hears_pong(side, ping.message_id, until_ms)) {
			*round_trip_ms = coap_side_now().ms - start_ms;
			return SL_OK;
		}
	}
	return SL_ETIMEOUT;
}
