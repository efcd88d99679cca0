/* SPDX-License-Identifier: BSD-2-Clause
 * What the program says: one progress line per step (standard error, when a person watches),
 * and one result on standard output, as text or as one JSON object. */
#ifndef REPORT_H
#define REPORT_H

#include <sl/buf.h>

#include <stdio.h>

#define REPORT_BYTES_MAX (512 * 1024)

struct report {
	bool is_json;
	bool has_progress;
	bool is_broken;     /* something did not fit: nothing is printed but an error */
	const char *margin; /* before the next line of text */
	bool is_in_item;
	struct sl_buf out;
};

/* progress: steps are told on standard error. */
void report_init(struct report *r, bool is_json, bool progress);
void report_step(const struct report *r, const char *fmt, ...) SL_PRINTF(2, 3);

/* Members of the result. In text form "name: value" lines. Values may be any bytes: what is no
 * plain UTF-8 is escaped. */
void report_text(struct report *r, const char *name, const char *value);
void report_number(struct report *r, const char *name, uint64_t value);
void report_flag(struct report *r, const char *name, bool value);
/* Text when it is plain text, else hex under NAME-hex. */
void report_bytes(struct report *r, const char *name, struct sl_span bytes);
/* "2026-11-21T19:22:00Z" */
void report_time(struct report *r, const char *name, int64_t posix_s);
/* Lists of objects; open and close in pairs. */
void report_list_open(struct report *r, const char *name);
void report_item_open(struct report *r);
void report_item_close(struct report *r);
void report_list_close(struct report *r);
/* Prints everything and clears. False when it could not. */
bool report_print(struct report *r, FILE *out);

#endif
