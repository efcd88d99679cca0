/* SPDX-License-Identifier: BSD-2-Clause
 * Sends one thing after another from many addresses that never say another word, as fast as it can or as it is told.
 *   flood ADDRESS PORT kinds=ping,first,... [sources=N] [base=0x7f010000] [seconds=N] [count=N] [rate=N] [seed=N]
 *         [linger_ms=N]
 * Prints {"sent": .., "answers": .., "answer_bytes": .., "most_answers": .., "seconds": ..}; most_answers: to one source. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datagram.h"
#include "wire.h"

#define KINDS_MAX  16
#define BURST      64
#define SOURCE_MAX (1U << 20)

struct flood {
	struct wire wire;
	datagram_fn kinds[KINDS_MAX];
	size_t kind_count;
	uint64_t sources, base, chance;
	uint64_t answer_bytes;
	uint32_t *answers; /* by source */
};

static void
on_answer(void *ctx, uint32_t host, const uint8_t *bytes, size_t len)
{
	struct flood *f = ctx;

	(void)bytes;
	f->answer_bytes += len;
	if (host - f->base < f->sources)
		f->answers[host - f->base]++;
}

static void
read_kinds(struct flood *f, char *names)
{
	for (char *name = strtok_r(names, ",", &names); name != NULL;
	        name = strtok_r(NULL, ",", &names)) {
		f->kinds[f->kind_count] = datagram_kind(name);
		if (f->kinds[f->kind_count++] == NULL || f->kind_count == KINDS_MAX) {
			fprintf(stderr, "flood: no kind '%s'\n", name);
			exit(2);
		}
	}
}

/* Sources in turn, so that count = sources has each once. */
static void
send_some(struct flood *f, uint64_t turn, size_t count)
{
	struct datagram d;

	for (size_t i = 0; i < count; i++) {
		f->kinds[f->kind_count > 1 ? wire_draw(&f->chance) % f->kind_count : 0](
		        &d, &f->chance);
		wire_send(&f->wire, (uint32_t)(f->base + (turn + i) % f->sources), d.bytes, d.len);
	}
	wire_flush(&f->wire);
}

/* When this many may have been sent. */
static void
pace(struct flood *f, uint64_t begun, uint64_t turn, uint64_t rate)
{
	while (rate > 0 && wire_now_us() - begun < turn * 1000000 / rate)
		if (wire_receive(&f->wire, on_answer, f) == 0)
			wire_wait(&f->wire, 1);
}

static void
report(const struct flood *f, uint64_t begun)
{
	uint32_t most = 0;

	for (uint64_t i = 0; i < f->sources; i++)
		most = f->answers[i] > most ? f->answers[i] : most;
	printf("{\"sent\": %llu, \"answers\": %llu, \"answer_bytes\": %llu, \"most_answers\": %u, "
	       "\"seconds\": %.3f}\n",
	        (unsigned long long)f->wire.sent, (unsigned long long)f->wire.received,
	        (unsigned long long)f->answer_bytes, most, (double)(wire_now_us() - begun) / 1e6);
}

int
main(int argc, char **argv)
{
	static struct flood f;
	static char copy[1024];
	const char *names = wire_text_argument(argc, argv, "kinds");
	uint64_t count = wire_argument(argc, argv, "count", UINT64_MAX), begun, ended;
	uint64_t rate = wire_argument(argc, argv, "rate", 0), turn = 0;
	uint64_t seconds = wire_argument(argc, argv, "seconds", count == UINT64_MAX ? 5 : 3600);

	f.sources = wire_argument(argc, argv, "sources", 100000);
	f.base = wire_argument(argc, argv, "base", 0x7f010000);
	f.chance = wire_argument(argc, argv, "seed", 1) * 0x9e3779b97f4a7c15U | 1;
	f.answers = calloc(SOURCE_MAX, sizeof *f.answers);
	if (argc < 4 || names == NULL || f.sources > SOURCE_MAX || f.answers == NULL)
		return 2;
	snprintf(copy, sizeof copy, "%s", names);
	read_kinds(&f, copy);
	wire_open(&f.wire, argv[1], argv[2]);
	begun = wire_now_us();
	while (turn < count && wire_now_us() - begun < seconds * 1000000) {
		send_some(&f, turn, count - turn < BURST ? count - turn : BURST);
		turn += BURST;
		wire_receive(&f.wire, on_answer, &f);
		pace(&f, begun, turn, rate);
	}
	ended = wire_now_us() + wire_argument(argc, argv, "linger_ms", 200) * 1000;
	while (wire_now_us() < ended) {
		wire_wait(&f.wire, 10);
		while (wire_receive(&f.wire, on_answer, &f) > 0)
			;
	}
	report(&f, begun);
	return 0;
}
