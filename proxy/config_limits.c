/* SPDX-License-Identifier: BSD-2-Clause
 * Every limit of the proxy: default, least and most. docs/configuration-proxy.md repeats this table. */
#include "config.h"

#include <sl/text.h>

#define LIMIT(name, member) name, offsetof(struct limits, member)

const struct limit_def limit_defs[] = {
        {LIMIT("ack-delay", ack_delay), LIMIT_TIME, "500ms", "100ms", "1s"},
        {LIMIT("connect-timeout", connect_timeout), LIMIT_TIME, "5s", "100ms", "60s"},
        {LIMIT("first-byte-timeout", first_byte_timeout), LIMIT_TIME, "20s", "100ms", "200s"},
        {LIMIT("low-speed-time", low_speed_time), LIMIT_TIME, "10s", "1s", "200s"},
        {LIMIT("total-timeout", total_timeout), LIMIT_TIME, "60s", "1s", "200s"},
        {LIMIT("drain-timeout", drain_timeout), LIMIT_TIME, "10s", "0", "200s"},
        {LIMIT("queue-age", queue_age), LIMIT_TIME, "5s", "10ms", "60s"},
        {LIMIT("block-idle", block_idle), LIMIT_TIME, "60s", "1s", "247s"},
        {LIMIT("queue-length", queue_length), LIMIT_COUNT, "1024", "1", "65536"},
        {LIMIT("transfers", transfers), LIMIT_COUNT, "64", "1", "256"},
        {LIMIT("in-flight-per-peer", in_flight_per_peer), LIMIT_COUNT, "4", "1", "1024"},
        {LIMIT("in-flight-per-prefix", in_flight_per_prefix), LIMIT_COUNT, "64", "1", "65536"},
        {LIMIT("requests-per-second", requests_per_second), LIMIT_COUNT, "10", "0", "1000000"},
        {LIMIT("request-burst", request_burst), LIMIT_COUNT, "20", "1", "1000000"},
        {LIMIT("plain-per-second", plain_per_second), LIMIT_COUNT, "20", "0", "1000000"},
        {LIMIT("plain-burst", plain_burst), LIMIT_COUNT, "5", "1", "1000000"},
        {LIMIT("request-body", request_body), LIMIT_SIZE, "16KiB", "1KiB", "1MiB"},
        {LIMIT("response-body", response_body), LIMIT_SIZE, "64KiB", "1KiB", "1MiB"},
        {LIMIT("exchanges", exchanges), LIMIT_COUNT, "262144", "64", "1048576"},
        {LIMIT("exchanges-per-prefix", exchanges_per_prefix), LIMIT_COUNT, "32768", "8", "1048576"},
        {LIMIT("reply-bytes", reply_bytes), LIMIT_SIZE, "32MiB", "64KiB", "1GiB"},
        {LIMIT("body-bytes", body_bytes), LIMIT_SIZE, "16MiB", "64KiB", "1GiB"},
        {LIMIT("uploads", uploads), LIMIT_COUNT, "1024", "1", "65536"},
        {LIMIT("uploads-per-peer", uploads_per_peer), LIMIT_COUNT, "4", "1", "64"},
        {LIMIT("uploads-per-prefix", uploads_per_prefix), LIMIT_COUNT, "128", "1", "65536"},
        {LIMIT("answers", answers), LIMIT_COUNT, "1024", "1", "65536"},
        {LIMIT("verified-peers", verified_peers), LIMIT_COUNT, "65536", "16", "1048576"},
        {LIMIT("unverified-per-second", unverified_per_second), LIMIT_COUNT, "20000", "0",
                "1000000"},
        {LIMIT("unverified-requests", unverified_requests), LIMIT_COUNT, "16384", "0", "1048576"},
        {LIMIT("receive-buffer", receive_buffer), LIMIT_SIZE, "4MiB", "64KiB", "64MiB"},
        {LIMIT("memory-budget", memory_budget), LIMIT_SIZE, "256MiB", "4MiB", "64GiB"},
};

const size_t limit_def_count = sizeof limit_defs / sizeof limit_defs[0];

enum sl_err
limit_parse(uint64_t *out, enum limit_kind kind, const char *text)
{
	switch (kind) {
	case LIMIT_TIME:
		return sl_parse_time(out, sl_span_text(text));
	case LIMIT_SIZE:
		return sl_parse_size(out, sl_span_text(text));
	case LIMIT_COUNT:
		break;
	}
	return sl_parse_uint(out, sl_span_text(text), UINT32_MAX);
}

void
limits_init(struct limits *limits)
{
	for (size_t i = 0; i < limit_def_count; i++) {
		uint64_t *at = (uint64_t *)(void *)((uint8_t *)limits + limit_defs[i].offset);
		uint64_t value = 0;

		if (limit_parse(&value, limit_defs[i].kind, limit_defs[i].normal) == SL_OK)
			*at = value;
	}
}
