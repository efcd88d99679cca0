/* SPDX-License-Identifier: BSD-2-Clause
 * One write per line, so that the lines of several workers do not mix. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sl/text.h>

static unsigned long lost;

static void
write_line(enum log_level level, const char *line)
{
	char text[LOG_LINE_MAX + 2];
	int len = snprintf(text, sizeof text, "%s\n", line);
	ssize_t done = write(STDERR_FILENO, text, (size_t)len);

	(void)level;
	if (done < 0)
		lost++; /* there is nobody left to tell */
}

static void (*sink)(enum log_level level, const char *line) = write_line;

void
log_set_sink(void (*new_sink)(enum log_level level, const char *line))
{
	sink = new_sink == NULL ? write_line : new_sink;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {
	        [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info"};
	char line[LOG_LINE_MAX];
	int len = snprintf(line, sizeof line, "level=%s ", names[level]);
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + len, sizeof line - (size_t)len, fmt, args);
	va_end(args);
	sink(level, line);
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

void
log_format_record(char *out, size_t cap, const struct core_record *r)
{
	struct address remote = peer_remote(&r->peer);
	char peer[ADDRESS_TEXT_MAX], code[5], method[5], route[128], origin[16] = "-";

	address_text(peer, &remote);
	sl_coap_code_text(code, r->code);
	sl_coap_code_text(method, r->method);
	sl_escape(route, sizeof route, sl_span_text(r->route));
	if (r->status != 0)
		snprintf(origin, sizeof origin, "%d", r->status);
	snprintf(out, cap,
	        "exchange=%llx peer=%s verified=%s method=%s oscore=%s route=%s origin=%s "
	        "code=%s%s "
	        "ms=%llu in=%zu out=%zu reason=\"%s\"",
	        (unsigned long long)r->id, peer, r->is_verified ? "yes" : "no", method,
	        r->is_oscore ? "yes" : "no", route, origin, code,
	        r->is_suppressed ? " suppressed=yes" : "", (unsigned long long)r->elapsed_ms,
	        r->bytes_in, r->bytes_out, r->reason);
	if (r->detail != NULL) {
		size_t len = strlen(out);

		snprintf(out + len, cap - len, " detail=\"%s\"", r->detail);
	}
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
	char line[LOG_LINE_MAX - 32];
	uint64_t held = 0;

	if (record->is_refusal && !log_valve_pass(valve, now_ms, &held))
		return;
	if (held > 0)
		log_line(LOG_WARN, "event=log-held lines=%llu", (unsigned long long)held);
	log_format_record(line, sizeof line, record);
	log_line(record->is_refusal ? LOG_WARN : LOG_INFO, "%s", line);
}
