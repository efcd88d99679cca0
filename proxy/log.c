/* SPDX-License-Identifier: BSD-2-Clause
 * Whole lines in one write, so that the lines of several workers do not mix. Records are written by hand: one is made
 * for every request. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sl/text.h>

#define WAITING_MAX 4096 /* a pipe takes so many bytes as one (PIPE_BUF) */

static unsigned long lost;
static char waiting[WAITING_MAX];
static size_t waiting_len;

void
log_flush(void)
{
	if (waiting_len > 0 && write(STDERR_FILENO, waiting, waiting_len) < 0)
		lost++; /* there is nobody left to tell */
	waiting_len = 0;
}

static void
write_line(enum log_level level, const char *line)
{
	size_t len = strlen(line);

	(void)level;
	if (waiting_len + len + 1 > sizeof waiting)
		log_flush();
	memcpy(waiting + waiting_len, line, len);
	waiting[waiting_len + len] = '\n';
	waiting_len += len + 1;
}

static void (*sink)(enum log_level level, const char *line) = write_line;

void
log_set_sink(void (*new_sink)(enum log_level level, const char *line))
{
	sink = new_sink == NULL ? write_line : new_sink;
}

static const char *const names[] = {
        [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info"};

void
log_line(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	int len = snprintf(line, sizeof line, "level=%s ", names[level]);
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + len, sizeof line - (size_t)len, fmt, args);
	va_end(args);
	sink(level, line);
	log_flush();
}

void
log_reload_failed(int worker, const char *complaint, enum sl_err err)
{
	char text[LOG_LINE_MAX / 2], who[24] = "";

	sl_escape(text, sizeof text,
	        sl_span_text(complaint[0] != '\0' ? complaint : sl_err_text(err)));
	if (worker >= 0)
		snprintf(who, sizeof who, " worker=%d", worker);
	log_line(LOG_ERROR,
	        "event=reload-failed%s error=\"%s\" mend=\"the configuration before goes on; "
	        "correct the file and send HUP again\"",
	        who, text);
}

/* What does not fit is cut. */
struct line {
	char *at, *last;
};

static void
put(struct line *l, const char *text)
{
	size_t len = strlen(text), room = (size_t)(l->last - l->at);

	len = len < room ? len : room;
	memcpy(l->at, text, len);
	l->at += len;
}

static void
put_number(struct line *l, uint64_t value, unsigned base)
{
	char digits[24];
	size_t n = sizeof digits - 1;

	digits[n] = '\0';
	do
		digits[--n] = "0123456789abcdef"[value % base];
	while ((value /= base) > 0);
	put(l, digits + n);
}

static void
put_origin(struct line *l, const struct core_record *r)
{
	char route[128];

	sl_escape(route, sizeof route, sl_span_text(r->route));
	put(l, " route=");
	put(l, route);
	put(l, " origin=");
	if (r->status != 0)
		put_number(l, (uint64_t)r->status, 10);
	else
		put(l, "-");
}

static void
put_sizes(struct line *l, const struct core_record *r)
{
	put(l, " ms=");
	put_number(l, r->elapsed_ms, 10);
	put(l, " in=");
	put_number(l, r->bytes_in, 10);
	put(l, " out=");
	put_number(l, r->bytes_out, 10);
}

static void
put_record(struct line *l, const struct core_record *r)
{
	struct address remote = peer_remote(&r->peer);
	char peer[ADDRESS_TEXT_MAX], code[5], method[5];

	address_text(peer, &remote);
	sl_coap_code_text(code, r->code);
	sl_coap_code_text(method, r->method);
	put(l, "exchange=");
	put_number(l, r->id, 16);
	put(l, " peer=");
	put(l, peer);
	put(l, r->is_verified ? " verified=yes method=" : " verified=no method=");
	put(l, method);
	put(l, r->is_oscore ? " oscore=yes" : " oscore=no");
	put_origin(l, r);
	put(l, " code=");
	put(l, code);
	put(l, r->is_suppressed ? " suppressed=yes" : "");
	put_sizes(l, r);
	put(l, " reason=\"");
	put(l, r->reason);
	put(l, r->detail == NULL ? "\"" : "\" detail=\"");
	put(l, r->detail == NULL ? "" : r->detail);
	put(l, r->detail == NULL ? "" : "\"");
	*l->at = '\0';
}

void
log_format_record(char *out, size_t cap, const struct core_record *r)
{
	struct line l = {out, out + cap - 1};

	put_record(&l, r);
}

bool
log_valve_pass(struct log_valve *valve, uint64_t now_ms, uint64_t *held)
{
	*held = 0;
	if (now_ms / 1000 != valve->second) {
		valve->second = now_ms / 1000;
		valve->passed = 0;
		*held = valve->held;
		valve->held = 0;
	}
	if (valve->passed >= valve->per_second) {
		valve->held++;
		valve->held_in_all++;
		return false;
	}
	valve->passed++;
	return true;
}

void
log_record(struct log_valve *valve, const struct core_record *record, uint64_t now_ms)
{
	char line[LOG_LINE_MAX];
	struct line l = {line, line + sizeof line - 1};
	enum log_level level = record->is_refusal ? LOG_WARN : LOG_INFO;
	uint64_t held = 0;

	if (record->is_refusal && !log_valve_pass(valve, now_ms, &held))
		return;
	if (held > 0)
		log_line(LOG_WARN, "event=log-held lines=%llu", (unsigned long long)held);
	put(&l, "level=");
	put(&l, names[level]);
	put(&l, " ");
	put_record(&l, record);
	sink(level, line);
}
