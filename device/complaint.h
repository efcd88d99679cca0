/* SPDX-License-Identifier: BSD-2-Clause
 * What a person must read when something is refused: which file or word, which value, how to
 * mend it. Never holds secrets. */
#ifndef COMPLAINT_H
#define COMPLAINT_H

#include <sl/err.h>

struct complaint {
	char text[400];
};

/* Writes the text (cut when too long) and returns err, so that a refusal is one line. */
enum sl_err complain(struct complaint *why, enum sl_err err, const char *fmt, ...) SL_MUST_USE
        SL_PRINTF(3, 4);

#endif
