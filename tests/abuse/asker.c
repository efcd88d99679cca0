/* SPDX-License-Identifier: BSD-2-Clause
 * Honest clients, each with an address of its own, that follow RFC 7252 and RFC 9175: one request at a time, the same
 * bytes again with back-off, an Echo as it was told. Each request has a number; the origin's answer says the number and
 * a digest of the body, so that an answer to another request, or of another client, is seen.
 *   asker ADDRESS PORT [clients=N] [base=0x7fc80001] [step=N] [rate=N] [seconds=N] [count=N] [blocks=N] [body=N]
 *         [first=N] [mids=N] [empty=PERMILLE] [abandon=PERMILLE] [late=PERMILLE] [loss=PERMILLE] [dup=PERMILLE]
 *         [jitter_ms=N] [timeout_ms=N] [patience_ms=N] [seed=N] [verify=1] [warm=SECONDS]
 * Prints one JSON object, the success of each client last (clients=..100 only). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datagram.h"
#include "link.h"

#define CLIENTS_MAX 4096
#define NUMBER      8
#define BLOCK       64
#define BODY_MAX    512
#define TRIES       5
#define CROSSED_US  2000000

#define NON_PATIENCE_MS 2000U

struct client {
	uint32_t host;
	uint64_t number; /* 0: nothing is asked */
	uint64_t due_us, next_us, begun_us, deadline_us;
	uint32_t timeout_ms;
	uint8_t tries, type, token_len, echo_len;
	bool is_acked, was_challenged;
	uint16_t mid;
	uint8_t token[8], echo[40];
	uint32_t block;
	uint64_t successes;
	struct datagram d;
};

/* What was asked with a number. */
struct asked {
	uint32_t client;
	uint16_t mid, earlier_mid;
	uint8_t token_len, token[8];
};

static struct {
	struct client clients[CLIENTS_MAX];
	struct asked *asked;
	uint32_t *latencies;
	struct wire wire;
	struct link link;
	uint64_t chance, next_number, first, count, count_max;
	uint32_t client_count, base, step, blocks, body, mids, empty, abandon, late;
	uint32_t timeout_ms, patience_ms;
	bool begins_small;
	uint64_t interval_us, end_us, warm_us, warm_number;
	uint64_t successes, in_time, failures, abandoned, wrong, stale, challenged, retransmissions,
	        resets, sent;
	uint64_t codes[256];
} a;

static bool
is_so(uint32_t permille)
{
	return permille > 0 && wire_draw(&a.chance) % 1000 < permille;
}

/* The first request of each client, when it is to be so small that no answer fits into three times its size: the
 * client is challenged, and verified from then on. */
static bool
is_small(uint64_t number)
{
	return a.begins_small && number - a.first < a.client_count;
}

/* Follows from the number alone. */
static size_t
make_body(uint64_t number, uint8_t out[static BODY_MAX])
{
	uint64_t chance = number * 0x9e3779b97f4a7c15U | 1;
	size_t len = a.blocks > 0 ? (size_t)a.blocks * BLOCK : a.body + wire_draw(&chance) % 8;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)wire_draw(&chance);
	for (size_t i = 0; i < NUMBER; i++)
		out[i] = (uint8_t)(number >> 8 * (NUMBER - 1 - i));
	out[NUMBER] = (uint8_t)(wire_draw(&chance) % 1000 < a.late);
	return is_small(number) ? NUMBER + 1 : len;
}

/* --- asking --------------------------------------------------------------------------------------------------------- */

static uint16_t
draw_mid(const struct client *c)
{
	return (uint16_t)(a.mids == 0 ? c->mid + 1U : wire_draw(&a.chance) % a.mids);
}

static void
build(struct client *c)
{
	struct asked *asked = &a.asked[c->number - a.first];
	uint8_t body[BODY_MAX];
	size_t len = make_body(c->number, body), from = 0;

	c->mid = draw_mid(c);
	asked->earlier_mid = asked->token_len == 0xff ? c->mid : asked->mid;
	*asked = (struct asked){.client = (uint32_t)(c - a.clients),
	        .mid = c->mid,
	        .earlier_mid = asked->earlier_mid,
	        .token_len = c->token_len};
	memcpy(asked->token, c->token, sizeof c->token);
	datagram_begin(&c->d, &(struct datagram_head){c->type, 2, c->mid, c->token, c->token_len});
	datagram_oscore(&c->d, (uint32_t)c->number);
	if (a.blocks > 0 && !is_small(c->number)) {
		from = (size_t)c->block * BLOCK;
		len = BLOCK;
		datagram_block(&c->d, OPTION_BLOCK1, c->block, c->block + 1 < a.blocks, 2);
	}
	if (c->echo_len > 0)
		datagram_option(&c->d, OPTION_ECHO, c->echo, c->echo_len);
	datagram_payload(&c->d, body + from, len);
}

static void
transmit(struct client *c, uint64_t now)
{
	link_send(&a.link, c->host, c->d.bytes, c->d.len);
	a.sent++;
	c->due_us = now + (uint64_t)c->timeout_ms * 1000;
}

/* A new datagram of the request in hand. */
static void
go_on(struct client *c, uint64_t now)
{
	build(c);
	c->tries = 0;
	c->is_acked = false;
	c->timeout_ms = a.timeout_ms + (uint32_t)(wire_draw(&a.chance) % (a.timeout_ms / 2 + 1));
	transmit(c, now);
}

static void
begin(struct client *c, uint64_t now)
{
	a.warm_number += now < a.warm_us;
	c->number = a.next_number++;
	a.asked[c->number - a.first].token_len = 0xff; /* never sent */
	c->begun_us = now;
	c->deadline_us = now + (uint64_t)a.patience_ms * 1000;
	c->block = 0;
	c->echo_len = 0;
	c->was_challenged = false;
	c->type = wire_draw(&a.chance) % 8 == 0 && a.mids != 0 ? NON : CON;
	if (c->type == NON && a.patience_ms > NON_PATIENCE_MS) /* nobody sends it again */
		c->deadline_us = now + NON_PATIENCE_MS * 1000;
	c->token_len =
	        is_so(a.empty) || is_small(c->number) ? 0 : (uint8_t)(1 + wire_draw(&a.chance) % 8);
	for (size_t i = 0; i < sizeof c->token; i++)
		c->token[i] = (uint8_t)wire_draw(&a.chance);
	go_on(c, now);
}

static void
finish(struct client *c, uint64_t now)
{
	c->number = 0;
	c->next_us = a.interval_us == 0 ? now : c->next_us + a.interval_us;
	c->due_us = c->next_us; /* who is late catches up */
}

static void
fail(struct client *c, uint64_t now)
{
	a.failures += c->begun_us >= a.warm_us;
	finish(c, now);
}

static void
on_due(struct client *c, uint64_t now)
{
	bool is_over = now >= a.end_us || a.next_number - a.first >= a.count_max;

	if (c->number == 0) {
		if (!is_over)
			begin(c, now);
		return;
	}
	if (is_so(a.abandon) && !is_over) {
		a.abandoned++;
		finish(c, now);
		begin(c, now);
	} else if (now >= c->deadline_us || (c->tries >= TRIES - 1 && !c->is_acked)) {
		fail(c, now);
	} else if (c->is_acked || c->type == NON) {
		c->due_us = c->deadline_us;
	} else {
		c->tries++;
		c->timeout_ms *= 2;
		a.retransmissions++;
		transmit(c, now);
	}
}

/* --- answers ---------------------------------------------------------------------------------------------------------- */

static bool
has_token(const struct datagram_head *head, const uint8_t *token, uint8_t len)
{
	return head->token_len == len && (len == 0 || memcmp(head->token, token, len) == 0);
}

/* An answer of the origin: whose is it? True when it is the one that c waits for. */
static bool
is_mine(struct client *c, const struct datagram_seen *seen, uint64_t now)
{
	uint8_t body[BODY_MAX];
	uint64_t number = 0, digest;
	const struct asked *asked;

	for (size_t i = 0; i < NUMBER && seen->payload_len == 2 * NUMBER; i++)
		number = number << 8 | seen->payload[i];
	asked = &a.asked[number - a.first];
	if (number < a.first || number >= a.next_number ||
	        asked->client != (uint32_t)(c - a.clients) ||
	        !has_token(&seen->head, asked->token, asked->token_len) ||
	        (seen->head.type == ACK && seen->head.message_id != asked->mid &&
	                seen->head.message_id != asked->earlier_mid)) {
		a.wrong++;
		return false;
	}
	digest = wire_digest(body, make_body(number, body));
	if (memcmp(&digest, seen->payload + NUMBER, sizeof digest) != 0) {
		a.wrong++;
		return false;
	}
	if (number == c->number)
		return true;
	a.stale++; /* to an earlier request of this client; with the message ID of a later one it must have crossed it */
	a.wrong += seen->head.type == ACK && c->number != 0 && seen->head.message_id == c->mid &&
	           has_token(&seen->head, c->token, c->token_len) && now - c->begun_us > CROSSED_US;
	return false;
}

static void
on_success(struct client *c, uint64_t now)
{
	if (c->begun_us >= a.warm_us) {
		a.latencies[a.successes++] = (uint32_t)(now - c->begun_us);
		a.in_time += now < a.end_us;
	}
	c->successes++;
	finish(c, now);
}

static void
on_response(struct client *c, const struct datagram_seen *seen, uint64_t now)
{
	bool is_current = c->number != 0 && has_token(&seen->head, c->token, c->token_len) &&
	                  (seen->head.type != ACK || seen->head.message_id == c->mid);

	a.codes[seen->head.code]++;
	if (seen->head.code == 0x44 && is_mine(c, seen, now)) {
		on_success(c, now);
	} else if (!is_current || seen->head.code == 0x44) {
		return;
	} else if (seen->head.code == 0x5f && seen->has_block1 && seen->block1 >> 4 == c->block) {
		c->block++;
		go_on(c, now);
	} else if (seen->head.code == 0x81 && seen->echo_len > 0 &&
	           seen->echo_len <= sizeof c->echo && !c->was_challenged) {
		a.challenged++;
		c->was_challenged = true;
		memcpy(c->echo, seen->echo, seen->echo_len);
		c->echo_len = (uint8_t)seen->echo_len;
		go_on(c, now);
	} else if (seen->head.code != 0x5f) {
		fail(c, now);
	}
}

static void
acknowledge(const struct client *c, uint16_t mid)
{
	struct datagram d;

	datagram_begin(&d, &(struct datagram_head){.type = ACK, .message_id = mid});
	link_send(&a.link, c->host, d.bytes, d.len);
}

static void
on_datagram(void *ctx, uint32_t host, const uint8_t *bytes, size_t len)
{
	struct client *c = &a.clients[(host - a.base) / a.step];
	uint64_t now = wire_now_us();
	struct datagram_seen seen;

	(void)ctx;
	if (host < a.base || (host - a.base) % a.step != 0 || c >= a.clients + a.client_count)
		return;
	if (!datagram_read(&seen, bytes, len)) {
		a.wrong++;
		return;
	}
	if (seen.head.type == CON && seen.head.code != 0)
		acknowledge(c, seen.head.message_id);
	if (seen.head.code != 0) {
		on_response(c, &seen, now);
	} else if (c->number != 0 && seen.head.message_id == c->mid && seen.head.type == ACK) {
		c->is_acked = true;
		c->due_us = c->deadline_us;
	} else if (seen.head.type == RST) {
		a.resets++;
	}
}

/* --- the whole -------------------------------------------------------------------------------------------------------- */

static void
read_arguments(int argc, char **argv)
{
	uint64_t rate = wire_argument(argc, argv, "rate", 0);
	uint64_t seconds = wire_argument(argc, argv, "seconds", 3600);

	a.client_count = (uint32_t)wire_argument(argc, argv, "clients", 100);
	a.base = (uint32_t)wire_argument(argc, argv, "base", 0x7fc80001);
	a.step = (uint32_t)wire_argument(argc, argv, "step", 1);
	a.blocks = (uint32_t)wire_argument(argc, argv, "blocks", 0);
	a.body = (uint32_t)wire_argument(argc, argv, "body", 60);
	a.mids = (uint32_t)wire_argument(argc, argv, "mids", 0);
	a.empty = (uint32_t)wire_argument(argc, argv, "empty", 0);
	a.abandon = (uint32_t)wire_argument(argc, argv, "abandon", 0);
	a.late = (uint32_t)wire_argument(argc, argv, "late", 0);
	a.timeout_ms = (uint32_t)wire_argument(argc, argv, "timeout_ms", 2000);
	a.patience_ms = (uint32_t)wire_argument(argc, argv, "patience_ms", 90000);
	a.begins_small = wire_argument(argc, argv, "verify", 0) != 0;
	a.count_max = wire_argument(argc, argv, "count", 4000000);
	a.first = a.next_number = wire_argument(argc, argv, "first", 1);
	a.chance = wire_argument(argc, argv, "seed", 1) * 0x9e3779b97f4a7c15U | 1;
	a.link.chance = a.chance ^ 0x5555;
	a.link.loss = (uint32_t)wire_argument(argc, argv, "loss", 0);
	a.link.dup = (uint32_t)wire_argument(argc, argv, "dup", 0);
	a.link.jitter_ms = (uint32_t)wire_argument(argc, argv, "jitter_ms", 0);
	a.interval_us = rate == 0 ? 0 : a.client_count * 1000000ULL / rate;
	a.warm_us = wire_now_us() + wire_argument(argc, argv, "warm", 0) * 1000000;
	a.end_us = a.warm_us + seconds * 1000000;
	a.asked = calloc(a.count_max + 1, sizeof *a.asked);
	a.latencies = calloc(a.count_max + 1, sizeof *a.latencies);
	if (a.client_count > CLIENTS_MAX || a.body + 8 > BODY_MAX || a.blocks > BODY_MAX / BLOCK ||
	        a.step == 0 || a.asked == NULL || a.latencies == NULL ||
	        a.link.jitter_ms >= LINK_SLOTS - 1)
		exit(2);
}

static int
compare(const void *x, const void *y)
{
	uint32_t p = *(const uint32_t *)x, q = *(const uint32_t *)y;

	return (p > q) - (p < q);
}

static double
quantile_ms(unsigned permille)
{
	return a.successes == 0 ? 0 : a.latencies[(a.successes - 1) * permille / 1000] / 1e3;
}

static void
report(double seconds)
{
	qsort(a.latencies, a.successes, sizeof *a.latencies, compare);
	printf("{\"asked\": %llu, \"ok\": %llu, \"in_time\": %llu, \"failed\": %llu, "
	       "\"abandoned\": %llu, \"wrong\": "
	       "%llu, \"stale\": %llu,"
	       " \"challenged\": %llu, \"retransmissions\": %llu, \"resets\": %llu, \"sent\": "
	       "%llu, \"lost\": %llu,"
	       " \"doubled\": %llu, \"seconds\": %.3f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, "
	       "\"max_ms\": %.2f, \"codes\": {",
	        (unsigned long long)(a.next_number - a.first - a.warm_number),
	        (unsigned long long)a.successes, (unsigned long long)a.in_time,
	        (unsigned long long)a.failures, (unsigned long long)a.abandoned,
	        (unsigned long long)a.wrong, (unsigned long long)a.stale,
	        (unsigned long long)a.challenged, (unsigned long long)a.retransmissions,
	        (unsigned long long)a.resets, (unsigned long long)a.sent,
	        (unsigned long long)a.link.lost, (unsigned long long)a.link.doubled, seconds,
	        quantile_ms(500), quantile_ms(990), quantile_ms(1000));
	for (unsigned i = 0, some = 0; i < 256; i++)
		if (a.codes[i] > 0)
			printf("%s\"%u.%02u\": %llu", some++ > 0 ? ", " : "", i >> 5, i & 31,
			        (unsigned long long)a.codes[i]);
	printf("}, \"each\": [");
	for (uint32_t i = 0; i < a.client_count && a.client_count <= 100; i++)
		printf("%s%llu", i > 0 ? ", " : "", (unsigned long long)a.clients[i].successes);
	printf("]}\n");
}

static bool
step_all(uint64_t now)
{
	bool is_busy = false;

	for (uint32_t i = 0; i < a.client_count; i++) {
		if (a.clients[i].due_us <= now)
			on_due(&a.clients[i], now);
		is_busy = is_busy || a.clients[i].number != 0;
	}
	return is_busy || (now < a.end_us && a.next_number - a.first < a.count_max);
}

int
main(int argc, char **argv)
{
	uint64_t begun = wire_now_us(), scanned = 0, now = begun;
	bool goes_on = true;

	if (argc < 3)
		return 2;
	read_arguments(argc, argv);
	wire_open(&a.wire, argv[1], argv[2]);
	link_open(&a.link, &a.wire, on_datagram, NULL);
	for (uint32_t i = 0; i < a.client_count; i++) {
		a.clients[i].host = a.base + i * a.step;
		a.clients[i].next_us = a.clients[i].due_us =
		        begun + i * a.interval_us / a.client_count;
	}
	while (goes_on) {
		now = wire_now_us();
		if (now - scanned >= 500) { /* timers are not finer */
			goes_on = step_all(now);
			scanned = now;
		}
		if (!link_run(&a.link))
			wire_wait(&a.wire, 1);
	}
	report((double)(now - begun) / 1e6);
	return 0;
}
