/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <sl/text.h>

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define PIECE 64 /* bytes that become hex at a time */

void
report_init(struct report *r, bool is_json, bool progress)
{
	struct report fresh = {.is_json = is_json, .has_progress = progress, .margin = ""};

	*r = fresh;
	sl_buf_init(&r->out, REPORT_BYTES_MAX);
}

void
report_step(const struct report *r, const char *fmt, ...)
{
	va_list args;

	if (!r->has_progress)
		return;
	fputs("sealift-device: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static void
add(struct report *r, struct sl_span bytes)
{
	if (!r->is_broken && sl_buf_add(&r->out, bytes) != SL_OK)
		r->is_broken = true;
}

static void
add_text(struct report *r, const char *text)
{
	add(r, sl_span_text(text));
}

static void
add_quoted(struct report *r, struct sl_span text)
{
	add_text(r, "\"");
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)text.ptr[i];

		if (c == '"' || c == '\\')
			add_text(r, "\\");
		add(r, sl_span(&c, 1));
	}
	add_text(r, "\"");
}

static void
separate(struct report *r)
{
	char last = r->out.len > 0 ? (char)r->out.bytes[r->out.len - 1] : '\0';

	if (last == '\0')
		add_text(r, "{");
	else if (last != '{' && last != '[')
		add_text(r, ", ");
}

static void
open_member(struct report *r, const char *name)
{
	if (r->is_json) {
		separate(r);
		add_quoted(r, sl_span_text(name));
		add_text(r, ": ");
	} else {
		add_text(r, r->margin);
		add_text(r, name);
		add_text(r, ": ");
		r->margin = r->is_in_item ? "  " : "";
	}
}

static void
close_member(struct report *r)
{
	if (!r->is_json)
		add_text(r, "\n");
}

static void
add_plain(struct report *r, const char *name, struct sl_span text)
{
	open_member(r, name);
	if (r->is_json)
		add_quoted(r, text);
	else
		add(r, text);
	close_member(r);
}

void
report_text(struct report *r, const char *name, const char *value)
{
	char escaped[1024];

	if (!sl_is_plain_utf8(sl_span_text(value))) {
		sl_escape(escaped, sizeof escaped, sl_span_text(value));
		value = escaped;
	}
	add_plain(r, name, sl_span_text(value));
}

void
report_number(struct report *r, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	open_member(r, name);
	add_text(r, text);
	close_member(r);
}

void
report_flag(struct report *r, const char *name, bool value)
{
	open_member(r, name);
	if (r->is_json)
		add_text(r, value ? "true" : "false");
	else
		add_text(r, value ? "yes" : "no");
	close_member(r);
}

void
report_bytes(struct report *r, const char *name, struct sl_span bytes)
{
	char hex[2 * PIECE + 1], hex_name[64];

	if (sl_is_plain_utf8(bytes)) {
		add_plain(r, name, bytes);
		return;
	}
	snprintf(hex_name, sizeof hex_name, "%s-hex", name);
	open_member(r, hex_name);
	add_text(r, r->is_json ? "\"" : "");
	for (size_t at = 0; at < bytes.len; at += PIECE) {
		size_t len = bytes.len - at < PIECE ? bytes.len - at : PIECE;

		if (sl_hex_encode(hex, sizeof hex, sl_span(bytes.ptr + at, len)) != SL_OK)
			r->is_broken = true;
		else
			add_text(r, hex);
	}
	add_text(r, r->is_json ? "\"" : "");
	close_member(r);
}

void
report_time(struct report *r, const char *name, int64_t posix_s)
{
	time_t t = (time_t)posix_s;
	struct tm parts;
	char text[32] = "";

	if (gmtime_r(&t, &parts) != NULL)
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	add_plain(r, name, sl_span_text(text));
}

void
report_list_open(struct report *r, const char *name)
{
	if (!r->is_json) {
		add_text(r, name);
		add_text(r, ":\n");
		return;
	}
	open_member(r, name);
	add_text(r, "[");
}

void
report_item_open(struct report *r)
{
	if (r->is_json) {
		separate(r);
		add_text(r, "{");
	} else {
		r->margin = "- ";
		r->is_in_item = true;
	}
}

void
report_item_close(struct report *r)
{
	if (r->is_json)
		add_text(r, "}");
	r->is_in_item = false;
	r->margin = "";
}

void
report_list_close(struct report *r)
{
	if (r->is_json)
		add_text(r, "]");
}

bool
report_print(struct report *r, FILE *out)
{
	bool is_whole;

	if (r->is_json)
		add_text(r, r->out.len == 0 ? "{}\n" : "}\n");
	is_whole = !r->is_broken && fwrite(r->out.bytes, 1, r->out.len, out) == r->out.len &&
	           fflush(out) == 0;
	sl_buf_clear(&r->out);
	r->is_broken = false;
	return is_whole;
}
