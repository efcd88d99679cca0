/* SPDX-License-Identifier: BSD-2-Clause
 * The table of families. docs/limits.md explains each of them; a test compares the two. */
#include "metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "sealift_proxy_"

enum family_kind {
	COUNTER,
	GAUGE,
	HISTOGRAM, /* rows of counts by upper bound, and a sum in ms behind them */
};

struct family {
	const char *name;
	const char *help;
	enum family_kind kind;
	size_t offset; /* in struct metrics_sources */
	size_t width;  /* of one number: 4 or 8 */
	size_t count;
	const char *label; /* NULL: one number without a label */
	const char *const *values;
};

#define SOURCES ((struct metrics_sources *)0)
#define ONE(kind_, name_, member, help_)                                                           \
	{                                                                                          \
		.name = PREFIX name_, .help = (help_), .kind = (kind_),                            \
		.offset = offsetof(struct metrics_sources, member),                                \
		.width = sizeof SOURCES->member, .count = 1                                        \
	}
#define MANY(kind_, name_, member, label_, values_, help_)                                         \
	{                                                                                          \
		.name = PREFIX name_, .help = (help_), .kind = (kind_),                            \
		.offset = offsetof(struct metrics_sources, member),                                \
		.width = sizeof SOURCES->member[0],                                                \
		.count = sizeof SOURCES->member / sizeof SOURCES->member[0], .label = (label_),    \
		.values = (values_)                                                                \
	}

static const struct family families[] = {
        ONE(COUNTER, "datagrams_received_total", device.received, "Datagrams taken in."),
        ONE(COUNTER, "datagrams_sent_total", device.sent, "Datagrams that the kernel took."),
        ONE(COUNTER, "datagrams_not_sent_total", device.not_sent,
                "Datagrams that the kernel did not take."),
        ONE(COUNTER, "socket_overflow_total", device.overflow,
                "Datagrams lost because the socket's receive buffer was full."),
        ONE(COUNTER, "broadcast_datagrams_total", device.broadcast,
                "Datagrams dropped because they came to a group or to everybody."),
        ONE(COUNTER, "malformed_datagrams_total", core.messages.malformed,
                "Datagrams that are no CoAP message."),
        ONE(COUNTER, "oversize_datagrams_total", core.oversize,
                "Datagrams longer than 1500 bytes."),
        ONE(COUNTER, "requests_total", core.requests, "New requests, duplicates not counted."),
        ONE(COUNTER, "duplicates_total", core.messages.duplicates,
                "Repeated requests, answered from what is remembered."),
        ONE(COUNTER, "pings_total", core.messages.pings, "CoAP pings."),
        MANY(COUNTER, "responses_total", core.responses, "code", counts_code_names,
                "Responses by CoAP code."),
        MANY(COUNTER, "refusals_total", core.refusals, "reason", core_refusal_names,
                "Answered requests by the reason of the refusal made here; none: not refused "
                "here."),
        ONE(COUNTER, "suppressed_responses_total", core.suppressed,
                "Responses that the request did not want (No-Response)."),
        ONE(COUNTER, "retransmissions_total", core.messages.retransmissions,
                "Separate responses sent again."),
        ONE(COUNTER, "responses_acknowledged_total", core.messages.delivered,
                "Separate responses that were acknowledged."),
        ONE(COUNTER, "responses_reset_total", core.messages.reset,
                "Separate responses that were reset."),
        ONE(COUNTER, "responses_given_up_total", core.messages.timed_out,
                "Separate responses that nobody acknowledged."),
        ONE(COUNTER, "table_full_total", core.messages.full,
                "New requests that found no free record."),
        ONE(COUNTER, "network_full_total", core.messages.over_quota,
                "New requests of networks that had their share of records."),
        ONE(COUNTER, "replies_forgotten_total", core.messages.replies_forgotten,
                "Stored replies given up before their time."),
        ONE(COUNTER, "stateless_responses_total", core.stateless,
                "Responses made without a record."),
        ONE(COUNTER, "silent_drops_total", core.silent,
                "Requests left without an answer, for want of memory."),
        ONE(COUNTER, "unread_datagrams_total", core.unread,
                "Datagrams of peers that are not verified, dropped unread in a flood of them."),
        ONE(COUNTER, "challenges_total", core.challenged,
                "Echo challenges (4.01) to peers that are not verified."),
        ONE(COUNTER, "answers_sliced_total", core.sliced,
                "Slices made smaller than asked for, to stay within three times the request."),
        ONE(COUNTER, "diagnostics_cut_total", core.shortened,
                "Diagnostic texts left out, to stay within three times the request."),
        ONE(COUNTER, "forwarded_total", core.forwarded, "HTTP requests started."),
        MANY(COUNTER, "origin_results_total", core.transports, "result", counts_transport_names,
                "What came of the requests for an origin."),
        MANY(COUNTER, "origin_responses_total", core.statuses, "class", counts_class_names,
                "HTTP responses by class of the status."),
        MANY(HISTOGRAM, "exchange_duration_seconds", core.durations, "le", counts_duration_names,
                "From the request to what came of it, for requests that wanted an origin."),
        ONE(COUNTER, "late_results_total", core.late_results,
                "Results for exchanges that were over."),
        ONE(COUNTER, "refused_addresses_total", origin.refused_addresses,
                "Connections not made because the address is not allowed."),
        ONE(COUNTER, "ended_connections_total", origin.ended_kept,
                "Kept connections ended because the origin spoke unasked or closed."),
        ONE(COUNTER, "uploads_completed_total", core.blocks.completed,
                "Block-wise request bodies put together."),
        ONE(COUNTER, "blocks_expired_total", core.blocks.expired,
                "Uploads and kept answers dropped in silence."),
        ONE(COUNTER, "blocks_refused_total", core.blocks.refused, "Blocks refused."),
        ONE(COUNTER, "block_shares_full_total", core.blocks.over_quota,
                "Blocks and answers of networks that had their share of bodies."),
        ONE(COUNTER, "log_lines_held_total", log_held,
                "Lines about refusals that were not written."),
        ONE(COUNTER, "log_records_lost_total", core.records_lost,
                "Finished exchanges that were not logged."),
        ONE(GAUGE, "exchanges_queued", core.queued, "Requests that wait for a transfer."),
        ONE(GAUGE, "exchanges_fetching", core.fetching, "Requests at an origin."),
        ONE(GAUGE, "exchanges_unanswered", core.messages.running,
                "CoAP exchanges without an answer yet."),
        ONE(GAUGE, "exchanges_remembered", core.messages.remembered,
                "Answered CoAP exchanges kept for their duplicates."),
        ONE(GAUGE, "networks", core.messages.networks, "Networks that have a record."),
        ONE(GAUGE, "responses_unacknowledged", core.messages.unconfirmed,
                "Peers that owe an acknowledgement."),
        ONE(GAUGE, "reply_bytes", core.messages.reply_bytes, "Bytes of stored replies."),
        ONE(GAUGE, "uploads_open", core.blocks.bodies, "Request bodies that are not complete."),
        ONE(GAUGE, "answers_kept", core.blocks.answers, "Answers kept for their next slices."),
        ONE(GAUGE, "body_bytes", core.blocks.bytes, "Bytes of open uploads and kept answers."),
        ONE(GAUGE, "verified_peers", core.verified_peers, "Peers that showed that they hear us."),
        ONE(GAUGE, "memory_used_bytes", core.memory_used, "Memory as the budget counts it."),
        ONE(GAUGE, "memory_budget_bytes", core.memory_budget, "The memory budget."),
        ONE(GAUGE, "memory_steps", core.memory_level,
                "Steps of the memory ladder in force, 3 at most for each worker."),
        ONE(GAUGE, "resident_memory_bytes", resident_bytes, "Resident memory of the workers."),
};

#define FAMILIES (sizeof families / sizeof families[0])

/* The sum of a histogram has the cell behind its rows. */
static size_t
cells_of(const struct family *f)
{
	return f->count + (f->kind == HISTOGRAM);
}

size_t
metrics_cell_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < FAMILIES; i++)
		count += cells_of(&families[i]);
	return count;
}

bool
metrics_cell_is_counter(size_t cell)
{
	for (size_t i = 0, first = 0; i < FAMILIES; first += cells_of(&families[i]), i++)
		if (cell < first + cells_of(&families[i]))
			return families[i].kind != GAUGE;
	return false;
}

static uint64_t
read_one(const struct metrics_sources *sources, size_t offset, size_t width)
{
	const uint8_t *at = (const uint8_t *)sources + offset;
	uint64_t wide;
	uint32_t narrow;

	if (width == sizeof narrow) {
		memcpy(&narrow, at, sizeof narrow);
		return narrow;
	}
	memcpy(&wide, at, sizeof wide);
	return wide;
}

void
metrics_read(uint64_t cells[static METRICS_CELLS_MAX], const struct metrics_sources *sources)
{
	size_t cell = 0;

	for (size_t i = 0; i < FAMILIES; i++) {
		const struct family *f = &families[i];

		for (size_t j = 0; j < f->count; j++)
			cells[cell++] = read_one(sources, f->offset + j * f->width, f->width);
		if (f->kind == HISTOGRAM)
			cells[cell++] = sources->core.duration_sum_ms;
	}
}

/* --- text ------------------------------------------------------------------------------------------------------ */

static void line(struct sl_writer *w, const char *fmt, ...) SL_PRINTF(2, 3);

static void
line(struct sl_writer *w, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	sl_write_text(w, text);
}

static void
write_head(struct sl_writer *w, const char *name, const char *help, enum family_kind kind)
{
	static const char *const kinds[] = {
	        [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};

	line(w, "# HELP %s %s\n", name, help);
	line(w, "# TYPE %s %s\n", name, kinds[kind]);
}

static void
write_number(struct sl_writer *w, const struct family *f, const uint64_t *cells)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->label == NULL)
			line(w, "%s %llu\n", f->name, (unsigned long long)cells[i]);
		else
			line(w, "%s{%s=\"%s\"} %llu\n", f->name, f->label, f->values[i],
			        (unsigned long long)cells[i]);
	}
}

/* Rows of the text form add up: each holds all that are not above its bound. */
static void
write_histogram(struct sl_writer *w, const struct family *f, const uint64_t *cells)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < f->count; i++) {
		sum += cells[i];
		line(w, "%s_bucket{le=\"%s\"} %llu\n", f->name, f->values[i],
		        (unsigned long long)sum);
	}
	line(w, "%s_sum %llu.%03u\n", f->name, (unsigned long long)(cells[f->count] / 1000),
	        (unsigned)(cells[f->count] % 1000));
	line(w, "%s_count %llu\n", f->name, (unsigned long long)sum);
}

static void
write_process(struct sl_writer *w, const struct metrics_process *p)
{
	write_head(w, PREFIX "build_info", "1, with the version.", GAUGE);
	line(w, PREFIX "build_info{version=\"" SL_VERSION "\"} 1\n");
	write_head(w, PREFIX "workers", "Workers that the configuration wants.", GAUGE);
	line(w, PREFIX "workers %llu\n", (unsigned long long)p->workers);
	write_head(w, PREFIX "workers_running", "Workers that run.", GAUGE);
	line(w, PREFIX "workers_running %llu\n", (unsigned long long)p->running);
	write_head(w, PREFIX "worker_restarts_total", "Workers that were replaced.", COUNTER);
	line(w, PREFIX "worker_restarts_total %llu\n", (unsigned long long)p->restarts);
	write_head(w, PREFIX "draining", "1 while the proxy takes no new requests.", GAUGE);
	line(w, PREFIX "draining %u\n", p->is_draining);
}

enum sl_err
metrics_write(struct sl_writer *w, const uint64_t cells[static METRICS_CELLS_MAX],
        const struct metrics_process *process)
{
	size_t cell = 0;

	write_process(w, process);
	for (size_t i = 0; i < FAMILIES; cell += cells_of(&families[i]), i++) {
		const struct family *f = &families[i];

		write_head(w, f->name, f->help, f->kind);
		if (f->kind == HISTOGRAM)
			write_histogram(w, f, cells + cell);
		else
			write_number(w, f, cells + cell);
	}
	return sl_writer_finish(w);
}
