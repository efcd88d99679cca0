/* SPDX-License-Identifier: BSD-2-Clause
 * The "edhoc" object of a provisioning: file names and choices, checked as far as words can be.
 * What is in the files: edhoc_setup.h. Pure. */
#ifndef PROVISIONING_EDHOC_H
#define PROVISIONING_EDHOC_H

#include "complaint.h"
#include "json.h"

#include <sl/credentials.h>
#include <sl/device.h>

#define PROVISIONING_IDENTITY_MAX                                                                  \
	64 /* a CommonName has at most 64 characters (RFC 5280 ub-common-name) */
#define PROVISIONING_SUITES_MAX    JSON_LIST_MAX
#define PROVISIONING_NAME_MAX      253 /* a DNS name */
#define PROVISIONING_METHOD_UNSAID (-1)

struct provisioning_edhoc {
	char key[JSON_FILE_MAX + 1], credential[JSON_FILE_MAX + 1];
	char anchors[JSON_FILE_MAX + 1]; /* "": none */
	char peers[SL_DEVICE_PEERS_MAX][JSON_FILE_MAX + 1];
	size_t peer_count;
	char peer_name[PROVISIONING_NAME_MAX + 1];
	bool has_send;
	enum sl_id_cred_label send;
	int method; /* or PROVISIONING_METHOD_UNSAID */
	int64_t suites[PROVISIONING_SUITES_MAX];
	size_t suite_count; /* 0: unsaid */
	bool requires_message_4, is_combined, is_bound, keeps_to_this;
};

/* From words of a program; words->identity is not looked at. SL_EMALFORMED, SL_EUNSUPPORTED (a
 * suite that is not known or that the library cannot do), and why names the key. */
enum sl_err provisioning_edhoc_check(struct provisioning_edhoc *e,
        const struct sl_device_edhoc *words, struct complaint *why) SL_MUST_USE;
/* From JSON; errors as above. */
enum sl_err provisioning_edhoc_read(struct provisioning_edhoc *e, const struct json_edhoc *raw,
        struct complaint *why) SL_MUST_USE;
/* Appends a whole provisioning; the identity is not empty. SL_ELIMIT, SL_ENOMEM. */
enum sl_err provisioning_edhoc_write(
        const struct provisioning_edhoc *e, const char *identity, struct sl_buf *out) SL_MUST_USE;

#endif
