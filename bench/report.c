/* SPDX-License-Identifier: BSD-2-Clause
 * One line for people, one object for programs. */
#include <inttypes.h>
#include <stdio.h>

#include "load.h"
#include "options.h"

static double
per_answer(const struct load *l, uint64_t us)
{
	return l->counts.answered == 0 ? 0 : (double)us / (double)l->counts.answered;
}

static void
traffic(const struct load *l, uint64_t *sent, uint64_t *received)
{
	*sent = *received = 0;
	for (uint64_t i = 0; i < l->options->sockets; i++) {
		*sent += l->sockets[i].counts.sent;
		*received += l->sockets[i].counts.received;
	}
}

static void
write_codes(const struct load *l, FILE *out)
{
	const char *comma = "";
	char text[5];

	fputs("\"codes\":{", out);
	for (unsigned code = 0; code < 256; code++) {
		if (l->counts.codes[code] == 0)
			continue;
		sl_coap_code_text(text, (uint8_t)code);
		fprintf(out, "%s\"%s\":%" PRIu64, comma, text, l->counts.codes[code]);
		comma = ",";
	}
	fputs("}", out);
}

static void
write_json(const struct load *l, FILE *out)
{
	const struct load_counts *c = &l->counts;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
	        {"started", c->started},
	        {"answered", c->answered},
	        {"refused", c->refused},
	        {"lost", c->lost},
	        {"unfinished", c->unfinished},
	        {"skipped", c->skipped},
	        {"retransmissions", c->retransmissions},
	        {"challenges", c->challenges},
	        {"verified", c->verified},
	        {"wrong", c->wrong},
	        {"unexpected", c->unexpected},
	        {"resets", c->resets},
	        {"empty_acks", c->empty_acks},
	        {"separate", c->separate},
	        {"malformed", c->malformed},
	        {"clients", l->options->clients},
	        {"in_flight", l->options->in_flight},
	        {"body", l->options->body},
	        {"seed", l->options->seed},
	        {"watched_cpu_us", l->watched_us},
	};
	double seconds = (double)l->measured_us / 1e6;
	uint64_t sent, received;

	traffic(l, &sent, &received);
	fputs("{", out);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		fprintf(out, "\"%s\":%" PRIu64 ",", rows[i].name, rows[i].value);
	fprintf(out, "\"seconds\":%.3f,\"per_second\":%.1f,\"cpu_us\":%.3f,", seconds,
	        seconds > 0 ? (double)c->answered / seconds : 0, per_answer(l, l->watched_us));
	fprintf(out, "\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",", sent, received);
	histogram_json(&l->latency, out);
	fputs(",", out);
	write_codes(l, out);
	fputs("}\n", out);
}

static void
write_line(const struct load *l)
{
	const struct load_counts *c = &l->counts;
	double seconds = (double)l->measured_us / 1e6;

	printf("%" PRIu64 " answered in %.2f s, %.0f/s; p50 %" PRIu64 " us, p99 %" PRIu64
	       " us, p99.9 %" PRIu64 " us, max %" PRIu64 " us\n",
	        c->answered, seconds, seconds > 0 ? (double)c->answered / seconds : 0,
	        histogram_quantile(&l->latency, 5000), histogram_quantile(&l->latency, 9900),
	        histogram_quantile(&l->latency, 9990), l->latency.max_us);
	printf("started %" PRIu64 ", refused %" PRIu64 ", lost %" PRIu64 ", unfinished %" PRIu64
	       ", wrong %" PRIu64 ", unexpected %" PRIu64 ", retransmissions %" PRIu64
	       ", challenges %" PRIu64 ", verified %" PRIu64 "\n",
	        c->started, c->refused, c->lost, c->unfinished, c->wrong, c->unexpected,
	        c->retransmissions, c->challenges, c->verified);
	if (l->options->watch != NULL)
		printf("watched: %.2f us of CPU for each answer\n", per_answer(l, l->watched_us));
}

void
report(const struct load *l)
{
	FILE *out;

	if (l->options->json == NULL) {
		write_line(l);
		return;
	}
	if (l->options->json[0] == '-' && l->options->json[1] == '\0') {
		write_json(l, stdout);
		return;
	}
	write_line(l);
	out = fopen(l->options->json, "we");
	if (out == NULL)
		options_fail(l->options->json);
	write_json(l, out);
	if (fclose(out) != 0)
		options_fail(l->options->json);
}
