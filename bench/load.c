/* SPDX-License-Identifier: BSD-2-Clause
 * CoAP load generator: OSCORE-shaped POST requests of very many client addresses from a few sockets; closed loop
 * (--in-flight) or open loop (--rate), or a flood that listens to nothing. */
#include "load.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "options.h"

#define FLOOD_PACE_US 500

static void
read_options(struct load_options *o, int argc, char **argv)
{
	const struct option_def defs[] = {
	        {"target", OPTION_TARGET, &o->target, "where the requests go (127.0.0.1:5683)"},
	        {"path", OPTION_TEXT, &o->path, "outer Uri-Path (none)"},
	        {"clients", OPTION_COUNT, &o->clients, "client addresses (64)"},
	        {"from", OPTION_TEXT, &o->from, "address of the first client (127.1.0.1)"},
	        {"stride", OPTION_COUNT, &o->stride, "from one client's address to the next (1)"},
	        {"sockets", OPTION_COUNT, &o->sockets, "sockets that play them (4)"},
	        {"port", OPTION_COUNT, &o->port,
	                "source port of the first socket (0: any): with --ids the same end points "
	                "and "
	                "message IDs in each run"},
	        {"in-flight", OPTION_COUNT, &o->in_flight,
	                "requests in flight, all clients (64; with --rate 65536: the most)"},
	        {"rate", OPTION_COUNT, &o->rate, "open loop: requests each second"},
	        {"seconds", OPTION_TIME, &o->run_ms, "how long (5)"},
	        {"warm", OPTION_TIME, &o->warm_ms, "before that, not measured (0)"},
	        {"requests", OPTION_COUNT, &o->requests,
	                "stop after so many measured ones (0: time)"},
	        {"body", OPTION_COUNT, &o->body, "bytes of the payload (60)"},
	        {"blocks", OPTION_COUNT, &o->blocks,
	                "send it in blocks of so many bytes (0: whole)"},
	        {"non", OPTION_FLAG, &o->non, "non-confirmable"},
	        {"verify", OPTION_FLAG, &o->verify, "the answer must hold the request's payload"},
	        {"ids", OPTION_COUNT, &o->ids,
	                "message IDs of a client before it begins anew (65536): bounds what a "
	                "server "
	                "has to remember"},
	        {"ack-timeout-ms", OPTION_COUNT, &o->ack_timeout_ms, "ACK_TIMEOUT (2000)"},
	        {"patience", OPTION_TIME, &o->patience_ms, "until an exchange is lost (93)"},
	        {"linger", OPTION_TIME, &o->linger_ms, "wait for the last answers (3)"},
	        {"seed", OPTION_COUNT, &o->seed, "of message IDs, tokens and bodies (1)"},
	        {"flood", OPTION_FLAG, &o->flood, "send only, as fast as possible or at --rate"},
	        {"watch", OPTION_TEXT, &o->watch, "PID,PID: their CPU time for each answer"},
	        {"json", OPTION_TEXT, &o->json,
	                "write the figures to this file (-: standard output)"},
	};

	options_read(defs, sizeof defs / sizeof defs[0], argc, argv);
}

static void
check_options(struct load *l, struct load_options *o)
{
	struct in_addr from;

	if (o->in_flight == 0)
		o->in_flight = o->rate > 0 ? 65536 : 64;
	if (inet_pton(AF_INET, o->from, &from) != 1 || o->clients == 0 || o->clients > 1U << 24 ||
	        o->port > 65000 || o->sockets == 0 || o->sockets > LOAD_SOCKETS_MAX ||
	        o->stride == 0 || o->stride > 1U << 20 || o->ids == 0 || o->ids > 65536 ||
	        o->in_flight > 1U << 20 || o->body > LOAD_BODY_MAX ||
	        (o->blocks == 0 && o->body > 1200) || o->blocks > 1024 ||
	        (o->flood && o->blocks != 0) ||
	        (o->blocks != 0 && (o->blocks < 16 || (o->blocks & (o->blocks - 1)) != 0))) {
		fprintf(stderr, "a value is out of its range (see --help)\n");
		exit(2);
	}
	l->from = ntohl(from.s_addr);
}

/* --- a flood ------------------------------------------------------------------------------------------- */

static void
flood(struct load *l)
{
	const struct load_options *o = l->options;
	uint64_t begin = clock_now_us(), end = begin + o->run_ms * 1000, now = begin, sent = 0;

	while (now < end && (o->requests == 0 || sent < o->requests)) {
		uint64_t may = o->rate == 0 ? sent + NET_BATCH : (now - begin) * o->rate / 1000000;

		if (may == sent)
			poll(NULL, 0, 1);
		for (unsigned i = 0; sent < may && i < NET_BATCH; i++, sent++) {
			uint32_t client = l->cursor++ % (uint32_t)o->clients;
			struct net_socket *via = &l->sockets[client % o->sockets];
			size_t len = request_flood(l, client, net_room(via));

			net_push(via, len, l->from + client * (uint32_t)o->stride, &o->target);
		}
		for (uint64_t i = 0; i < o->sockets; i++)
			net_flush(&l->sockets[i]);
		now = clock_now_us();
	}
	l->counts.started = sent;
	l->measured_us = now - begin;
}

/* --- clients that listen --------------------------------------------------------------------------------- */

static void
take_in(struct load *l)
{
	for (uint64_t i = 0; i < l->options->sockets; i++) {
		struct net_socket *s = &l->sockets[i];

		for (unsigned round = 0; round < 4 && net_receive(s) > 0; round++) {
			l->now_us = clock_now_us();
			for (unsigned n = 0; n < s->in.count; n++)
				clients_on_datagram(l, net_local(s, n),
				        sl_span(s->in.bytes[n], s->in.heads[n].msg_len));
			if (s->in.count < NET_BATCH)
				break;
		}
	}
}

static void
wait_for_answers(struct load *l, uint64_t until_us)
{
	struct pollfd fds[LOAD_SOCKETS_MAX];
	uint64_t wait_us = until_us > l->now_us ? until_us - l->now_us : 0;
	struct timespec t;

	if (wait_us > 20000)
		wait_us = 20000;
	t = (struct timespec){0, (long)wait_us * 1000};
	for (uint64_t i = 0; i < l->options->sockets; i++) {
		net_flush(&l->sockets[i]);
		fds[i] = (struct pollfd){l->sockets[i].fd, POLLIN, 0};
	}
	ppoll(fds, l->options->sockets, &t, NULL);
	take_in(l);
	l->now_us = clock_now_us();
	clients_on_time(l);
}

/* Starts what is due; returns when the next one is. */
static uint64_t
start_due(struct load *l, uint64_t begin_us, uint64_t *done)
{
	uint64_t rate = l->options->rate;

	if (rate == 0) {
		while (clients_start(l, l->now_us))
			;
		return UINT64_MAX;
	}
	while (begin_us + *done * 1000000 / rate <= l->now_us) {
		if (!clients_start(l, begin_us + *done * 1000000 / rate))
			l->counts.skipped += l->is_measuring;
		(*done)++;
	}
	return begin_us + *done * 1000000 / rate;
}

static void
run_for(struct load *l, uint64_t ms)
{
	uint64_t begin = l->now_us = clock_now_us(), end = begin + ms * 1000, done = 0;

	while (l->now_us < end && (!l->is_measuring || l->options->requests == 0 ||
	                                  l->counts.started < l->options->requests)) {
		uint64_t next = start_due(l, begin, &done);

		wait_for_answers(l, next < end ? next : end);
	}
}

/* What was verified stays so; everything else is counted from here on. */
static void
begin_measuring(struct load *l)
{
	const struct load_counts warm = l->counts;

	l->counts = (struct load_counts){.verified = warm.verified, .challenges = warm.challenges};
	l->is_measuring = true;
}

static void
run(struct load *l)
{
	const struct load_options *o = l->options;
	uint64_t end;

	run_for(l, o->warm_ms);
	begin_measuring(l);
	l->watched_us = clock_cpu_us_of(o->watch);
	l->measured_us = clock_now_us();
	run_for(l, o->run_ms);
	l->measured_us = clock_now_us() - l->measured_us;
	end = l->now_us + o->linger_ms * 1000;
	while (l->busy > 0 && l->now_us < end)
		wait_for_answers(l, end);
	l->watched_us = clock_cpu_us_of(o->watch) - l->watched_us;
	for (uint64_t i = 0; i < o->sockets; i++) /* what acknowledges the last answers */
		net_flush(&l->sockets[i]);
	for (uint32_t slot = 1; slot <= l->slot_max; slot++)
		l->counts.unfinished +=
		        l->slots[slot].state != SLOT_FREE && l->slots[slot].is_measured;
}

int
main(int argc, char **argv)
{
	struct load_options o = {.clients = 64,
	        .from = "127.1.0.1",
	        .stride = 1,
	        .sockets = 4,
	        .run_ms = 5000,
	        .body = 60,
	        .ids = 65536,
	        .ack_timeout_ms = 2000,
	        .patience_ms = 93000,
	        .linger_ms = 3000,
	        .seed = 1,
	        .target = {.sin_family = AF_INET,
	                .sin_port = htons(5683),
	                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
	struct load *l = calloc(1, sizeof *l);
	bool is_wrong;

	read_options(&o, argc, argv);
	if (l == NULL)
		options_fail("no memory");
	check_options(l, &o);
	l->options = &o;
	l->sockets = calloc(o.sockets, sizeof *l->sockets);
	if (l->sockets == NULL || clients_init(l) != SL_OK)
		options_fail("no memory, or path and body are too long for a datagram");
	for (uint64_t i = 0; i < o.sockets; i++)
		if (!net_open(&l->sockets[i], o.port == 0 ? 0 : (uint16_t)(o.port + i), o.flood))
			options_fail("socket");
	if (o.flood)
		flood(l);
	else
		run(l);
	report(l);
	is_wrong = l->counts.wrong > 0;
	for (uint64_t i = 0; i < o.sockets; i++)
		net_close(&l->sockets[i]);
	clients_clear(l);
	free(l->sockets);
	free(l);
	return is_wrong ? 1 : 0;
}
