/* SPDX-License-Identifier: BSD-2-Clause
 * The command line: words to a checked struct. A table of options, a table of commands. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "complaint.h"
#include "enrol.h"
#include "provisioning.h"

#include <sl/device.h>
#include <sl/pkey.h>

enum options_command {
	COMMAND_NONE,
	COMMAND_INIT,
	COMMAND_DISCOVER,
	COMMAND_CRTS,
	COMMAND_ENROLL,
	COMMAND_REENROLL,
	COMMAND_SHOW,
	COMMAND_PING,
	COMMAND_GET,
	COMMAND_KEYGEN,
	COMMAND_CREDENTIAL,
	COMMAND_CHECK, /* --check */
};

#define TIMEOUT_MAX_MS  (4 * 86400 * 1000L) /* RFC 8995 waits four days */
#define PING_TIMEOUT_MS 5000
#define SUBJECT_MAX     64 /* bytes; it is an identity too */
#define KID_MAX         16

struct options {
	enum options_command command;
	bool wants_help, wants_version;
	const char *state, *provisioning, *common_name, *get_path;
	struct settings_words where; /* --server --target --route --root */
	bool is_edhoc;
	struct sl_device_edhoc edhoc;                /* its key also for credential */
	const char *out, *subject, *shown, *encoded; /* of credential, but for out */
	uint8_t kid[KID_MAX];
	size_t kid_len;
	enum sl_pkey_type key_type; /* 0: not said */
	bool is_rekey, is_forced, is_json, is_traced;
	bool has_accept;
	uint32_t accept;
	uint8_t inner_szx, outer_szx;
	uint64_t timeout_ms; /* 0: not said */
};

/* SL_EMALFORMED: usage; why says what and how to mend it. Borrows from argv. */
enum sl_err options_parse(
        struct options *o, int argc, char *const *argv, struct complaint *why) SL_MUST_USE;
const char *options_command_name(enum options_command command);
/* The text of --help. */
const char *options_help(void);

#endif
