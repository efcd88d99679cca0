/* SPDX-License-Identifier: BSD-2-Clause
 * The two small JSON files of a state directory: provisioning.json, the pre-shared OSCORE
 * context as `sealift-est add-context` writes it (RFC 8613 section 3.2), and settings.json,
 * where the server is. Pure: text in, checked struct out. */
#ifndef PROVISIONING_H
#define PROVISIONING_H

#include "complaint.h"
#include "outer.h"

#include <sl/buf.h>
#include <sl/oscore.h>

#define PROVISIONING_IDENTITY_MAX                                                                  \
	64 /* a CommonName has at most 64 characters (RFC 5280 ub-common-name) */
#define PROVISIONING_BYTES_MAX (16 * 1024)
#define SETTINGS_ROOT_MAX      63

struct provisioning {
	char identity[PROVISIONING_IDENTITY_MAX + 1];
	struct sl_key master_secret, master_salt;
	struct sl_oscore_id sender_id, recipient_id;
	bool has_id_context;
	uint8_t id_context[SL_OSCORE_ID_CONTEXT_MAX];
	size_t id_context_len;
	int aead_alg, hkdf_hash;
	unsigned window;
};

/* Unknown, repeated and missing keys, wrong types, odd hex, unknown algorithms, equal ids, ids
 * too long for the algorithm's nonce are refused; why names the key. SL_EMALFORMED,
 * SL_EUNSUPPORTED, SL_ENOMEM. *p is written only on success; clear it. */
enum sl_err provisioning_decode(
        struct provisioning *p, struct sl_span text, struct complaint *why) SL_MUST_USE;
void provisioning_clear(struct provisioning *p);
/* Borrows from *p. */
struct sl_oscore_params provisioning_params(const struct provisioning *p);

struct settings {
	struct endpoint server;           /* the next CoAP hop, scheme coap */
	struct outer_route route;         /* forward target, or path of a reverse route */
	char root[SETTINGS_ROOT_MAX + 1]; /* of the EST functions */
};

#define SETTINGS_ROOT_DEFAULT "/.well-known/est"

/* From words of a command line or of the file; target, path and root may be NULL. SL_EMALFORMED,
 * SL_EUNSUPPORTED. */
struct settings_words {
	const char *server, *target, *path, *root;
};

enum sl_err settings_check(
        struct settings *s, const struct settings_words *words, struct complaint *why) SL_MUST_USE;
enum sl_err settings_decode(
        struct settings *s, struct sl_span text, struct complaint *why) SL_MUST_USE;
/* Appends the JSON text. SL_ELIMIT, SL_ENOMEM. */
enum sl_err settings_encode(const struct settings *s, struct sl_buf *out) SL_MUST_USE;

#endif
