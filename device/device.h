/* SPDX-License-Identifier: BSD-2-Clause
 * An opened state directory: key store, settings, and the OSCORE context: the pre-shared one, which
 * resumes above every sequence number that may have been used (RFC 8613 B.1.1), or what EDHOC
 * needs to make one, which lives in memory only. */
#ifndef DEVICE_H
#define DEVICE_H

#include "edhoc_setup.h"
#include "keystore.h"
#include "provisioning.h"

#define DEVICE_BINDING_LEN 32

struct device {
	struct keystore ks;
	struct settings where;
	char identity[PROVISIONING_IDENTITY_MAX + 1];
	bool is_edhoc;
	struct edhoc_setup edhoc;  /* when it is */
	bool enrolled_is_unwanted; /* the server refused it, and not the other credential since */
	bool has_context;
	struct sl_oscore_ctx ctx;
	uint8_t binding[DEVICE_BINDING_LEN]; /* of an EDHOC context: its name in requests */
};

/* Reads FILE and what it names, checks it, and makes the directory. */
enum sl_err device_init(const char *state, const char *provisioning_file,
        const struct settings_words *where, struct complaint *why) SL_MUST_USE;
enum sl_err device_init_edhoc(const char *state, const struct sl_device_edhoc *edhoc,
        const struct settings_words *where, struct complaint *why) SL_MUST_USE;
/* Errors as of keystore_open and provisioning_decode; why names the file. */
enum sl_err device_open(struct device *d, const char *state, struct complaint *why) SL_MUST_USE;
/* A context of EDHOC is no good any more. */
void device_forget_context(struct device *d);
void device_close(struct device *d);

#endif
