/* SPDX-License-Identifier: BSD-2-Clause */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>

enum sl_err
complain(struct complaint *why, enum sl_err err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, sizeof why->text, fmt, args);
	va_end(args);
	return err;
}
