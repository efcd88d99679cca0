/* SPDX-License-Identifier: BSD-2-Clause
 * The JSON files of a device as they stand, before anybody looked at the values. JSON only: no
 * other YAML, no second document. Unknown and repeated keys are refused, missing ones empty. */
#ifndef JSON_H
#define JSON_H

#include "complaint.h"
#include "endpoint.h"

#include <sl/buf.h>

#define JSON_HEX_MAX      256
#define JSON_URI_MAX      300
#define JSON_FILE_MAX     255
#define JSON_LIST_MAX     8
#define JSON_IDENTITY_MAX 64

enum json_flag { JSON_FLAG_ABSENT, JSON_FLAG_FALSE, JSON_FLAG_TRUE };

/* Pointers are NULL where there is none. Numbers stay texts. */
struct json_edhoc {
	char *key, *credential, *send, *anchors, *peer_name, *method, *message_4;
	char **peers, **suites;
	unsigned peers_count, suites_count;
	enum json_flag combined, bind, use_enrolled;
};

struct json_provisioning {
	char identity[JSON_IDENTITY_MAX + 1];
	char secret[JSON_HEX_MAX + 1], salt[JSON_HEX_MAX + 1];
	char *sender_id, *recipient_id, *id_context; /* absent is not the same as empty */
	char aead[64], hkdf[64];
	unsigned *window;
	struct json_edhoc *edhoc;
};

/* SL_EMALFORMED, SL_ENOMEM; why names the key. Free what was read. */
enum sl_err json_provisioning_read(
        struct json_provisioning **raw, struct sl_span text, struct complaint *why) SL_MUST_USE;
void json_provisioning_free(struct json_provisioning *raw); /* wipes */

struct json_settings {
	char server[JSON_URI_MAX + 1], target[JSON_URI_MAX + 1], path[JSON_FILE_MAX + 1];
	char root[JSON_FILE_MAX + 1];
};

enum sl_err json_settings_read(
        struct json_settings **raw, struct sl_span text, struct complaint *why) SL_MUST_USE;
void json_settings_free(struct json_settings *raw);

/* Appends the text, which has no control characters, in quotes. */
enum sl_err json_write_text(struct sl_buf *out, const char *text) SL_MUST_USE;

#endif
