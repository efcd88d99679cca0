/* SPDX-License-Identifier: BSD-2-Clause
 * Tells each step of a call to whoever wants to hear it. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <sl/device.h>

/* wait_ms: of SL_DEVICE_WAITING, else 0. A text that is too long is cut. */
void progress_tell(const struct sl_device_hooks *hooks, enum sl_device_step step, uint64_t wait_ms,
        const char *fmt, ...) SL_PRINTF(4, 5);

#endif
