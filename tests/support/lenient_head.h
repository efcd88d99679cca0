/* SPDX-License-Identifier: BSD-2-Clause
 * Parses a raw request head as leniently as an HTTP library may: a bare LF ends a line, a NUL cuts a value, a
 * folded line is a line without a colon. For what judges such heads (backend/head.h). */
#ifndef LENIENT_HEAD_H
#define LENIENT_HEAD_H

#include "head.h"

struct lenient_head {
	struct head head; /* borrows from fields and the raw bytes; is_in_place is set */
	struct head_field fields[HEAD_FIELDS_MAX + 2];
};

/* False: the empty line at the end of the head is missing. */
bool lenient_head_parse(struct lenient_head *p, struct sl_span raw);

#endif
