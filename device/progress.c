/* SPDX-License-Identifier: BSD-2-Clause */
#include "progress.h"

#include <stdarg.h>

void
progress_tell(const struct sl_device_hooks *hooks, enum sl_device_step step, uint64_t wait_ms,
        const char *fmt, ...)
{
	char text[SL_DEVICE_TEXT_MAX];
	struct sl_device_progress progress = {step, text, wait_ms};
	va_list args;

	if (hooks->on_progress == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	hooks->on_progress(hooks->arg, &progress);
}
