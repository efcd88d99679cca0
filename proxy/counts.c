/* SPDX-License-Identifier: BSD-2-Clause
 * Names and rows of what is counted. */
#include "counts.h"

const char *const core_refusal_names[CORE_REFUSALS] = {
        [CORE_NOT_REFUSED] = "none",
        [CORE_REFUSED_RATE] = "rate",
        [CORE_REFUSED_PLAIN_RATE] = "plain_rate",
        [CORE_REFUSED_OPTION] = "option",
        [CORE_REFUSED_HOP_LIMIT] = "hop_limit",
        [CORE_REFUSED_TARGET] = "target",
        [CORE_REFUSED_ROUTE] = "no_route",
        [CORE_REFUSED_ORIGIN] = "origin_not_allowed",
        [CORE_REFUSED_METHOD] = "method",
        [CORE_REFUSED_ACCEPT] = "accept",
        [CORE_REFUSED_PLAIN] = "plain_path",
        [CORE_REFUSED_DRAINING] = "draining",
        [CORE_REFUSED_BLOCK] = "block",
        [CORE_REFUSED_TOO_LARGE] = "too_large",
        [CORE_REFUSED_UPLOADS] = "uploads",
        [CORE_REFUSED_QUEUE] = "queue",
        [CORE_REFUSED_PEER] = "peer",
        [CORE_REFUSED_PREFIX] = "prefix",
        [CORE_REFUSED_MEMORY] = "memory",
        [CORE_REFUSED_TABLE] = "table",
        [CORE_REFUSED_ANSWER_ROOM] = "answer_room",
        [CORE_REFUSED_UNVERIFIED] = "unverified",
};

static const uint8_t codes[COUNTS_CODES - 1] = {0x41, 0x42, 0x43, 0x44, 0x45, 0x5f, 0x80, 0x81,
        0x82, 0x83, 0x84, 0x85, 0x86, 0x88, 0x89, 0x8c, 0x8d, 0x8f, 0x96, 0x9d, 0xa0, 0xa1, 0xa2,
        0xa3, 0xa4, 0xa5};

const char *const counts_code_names[COUNTS_CODES] = {"2.01", "2.02", "2.03", "2.04", "2.05", "2.31",
        "4.00", "4.01", "4.02", "4.03", "4.04", "4.05", "4.06", "4.08", "4.09", "4.12", "4.13",
        "4.15", "4.22", "4.29", "5.00", "5.01", "5.02", "5.03", "5.04", "5.05", "other"};

size_t
counts_code_row(uint8_t code)
{
	size_t row = 0;

	while (row < COUNTS_CODES - 1 && codes[row] != code)
		row++;
	return row;
}

const char *const counts_class_names[COUNTS_CLASSES] = {"1xx", "2xx", "3xx", "4xx", "5xx", "other"};

size_t
counts_class_row(int status)
{
	return status >= 100 && status < 600 ? (size_t)(status / 100 - 1) : COUNTS_CLASSES - 1;
}

const char *const counts_transport_names[COUNTS_TRANSPORTS] = {
        [SL_MAP_RESPONSE] = "response",
        [SL_MAP_UNREACHABLE] = "unreachable",
        [SL_MAP_CONNECT_TIMEOUT] = "connect_timeout",
        [SL_MAP_NO_ANSWER] = "no_answer",
        [SL_MAP_CLOSED] = "closed",
        [SL_MAP_BAD_HTTP] = "bad_http",
        [SL_MAP_TOO_LARGE] = "too_large",
        [SL_MAP_EXHAUSTED] = "exhausted",
        [SL_MAP_SHUTTING_DOWN] = "shutting_down",
};

static const uint32_t bounds_ms[COUNTS_DURATIONS - 1] = {
        10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 20000, 60000};

const char *const counts_duration_names[COUNTS_DURATIONS] = {
        "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "20", "60", "+Inf"};

size_t
counts_duration_row(uint64_t ms)
{
	size_t row = 0;

	while (row < COUNTS_DURATIONS - 1 && ms > bounds_ms[row])
		row++;
	return row;
}
