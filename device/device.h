/* SPDX-License-Identifier: BSD-2-Clause
 * An opened state directory: key store, settings and the OSCORE context that resumes above
 * every sequence number that may have been used (RFC 8613 B.1.1). */
#ifndef DEVICE_H
#define DEVICE_H

#include "keystore.h"
#include "provisioning.h"

struct device {
	struct keystore ks;
	struct settings where;
	struct sl_oscore_ctx ctx;
	char identity[PROVISIONING_IDENTITY_MAX + 1];
};

/* Reads FILE, checks it, and makes the directory. */
enum sl_err device_init(const char *state, const char *provisioning_file,
        const struct settings_words *where, struct complaint *why) SL_MUST_USE;
/* Errors as of keystore_open and provisioning_decode; why names the file. */
enum sl_err device_open(struct device *d, const char *state, struct complaint *why) SL_MUST_USE;
void device_close(struct device *d);

#endif
