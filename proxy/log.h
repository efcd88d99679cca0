/* SPDX-License-Identifier: BSD-2-Clause
 * The log: one logfmt line per event on standard error, fixed order of keys, everything that a peer
 * chose escaped. Never payloads, keys, tokens or whole URIs. */
#ifndef PROXY_LOG_H
#define PROXY_LOG_H

#include "core.h"

#define LOG_LINE_MAX 1024

enum log_level {
	LOG_ERROR, /* an operator must act */
	LOG_WARN,  /* refused or dropped */
	LOG_INFO,
};

/* Where lines go (without newline); NULL restores standard error. For tests. */
void log_set_sink(void (*sink)(enum log_level level, const char *line));
/* fmt gives the part behind the level: key=value pairs. Written at once, behind what log_record keeps. */
void log_line(enum log_level level, const char *fmt, ...) SL_PRINTF(2, 3);

/* A configuration that was not taken: event=reload-failed error="..."; worker: its number, or -1. */
void log_reload_failed(int worker, const char *complaint, enum sl_err err);

/* "exchange=7f3a peer=... verified=yes method=0.02 oscore=yes route=... origin=200 code=2.04 ms=41 in=80 out=812 reason=ok",
 * and detail="..." when the origin could not be asked. */
void log_format_record(char *out, size_t cap, const struct core_record *record);

/* Lines about refusals, at most per_second in one second: a flood must not fill the disk. */
struct log_valve {
	uint32_t per_second;
	uint64_t second;
	uint32_t passed;
	uint64_t held, held_in_all;
};

/* False when the line is to be held back. *held: how many were, to be said with the next line; 0 mostly. */
bool log_valve_pass(struct log_valve *valve, uint64_t now_ms, uint64_t *held);
/* Written by the next log_flush or log_line at the latest. */
void log_record(struct log_valve *valve, const struct core_record *record, uint64_t now_ms);
void log_flush(void);

#endif
