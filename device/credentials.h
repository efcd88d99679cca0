/* SPDX-License-Identifier: BSD-2-Clause
 * Keys, requests and certificates in the key store: what an enrolment prepares before it asks,
 * and what it keeps after it believes (RFC 7030 section 4.2). A private key never leaves this
 * file and the store. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "certs.h"
#include "enrol.h"
#include "keystore.h"

#include <sl/pkey.h>

struct credentials_wish {
	enum enrol_operation operation; /* ENROL_SEN or ENROL_SREN */
	const char *common_name;        /* for a first certificate */
	enum sl_pkey_type key_type;     /* of a new key; 0: p256, or what a pending key is */
	bool is_rekey;                  /* a renewal with a new key */
	/* Of the session that the request belongs to, for challengePassword; empty: none. */
	struct sl_span binding;
};

struct credentials_request {
	uint8_t csr[ENROL_CSR_MAX];
	size_t csr_len;
	uint8_t spki[ENROL_SPKI_MAX];
	size_t spki_len;
	bool is_resumed; /* the key and the request of a run that was cut */
};

/* Both durable when this returns. A pending pair is taken again when it says what the wish says;
 * else it is thrown away, but for a key whose request belongs to another session. SL_ENOTFOUND: a
 * renewal without a certificate. SL_EMALFORMED, SL_EIO, ... */
enum sl_err credentials_prepare(struct keystore *ks, const struct credentials_wish *wish,
        struct credentials_request *request, struct complaint *why) SL_MUST_USE;

/* The server refused the request: the next one begins with a new key. Durable. */
enum sl_err credentials_forget(struct keystore *ks) SL_MUST_USE;

/* SL_ENOTFOUND leaves an empty list. Initialise the list before. */
enum sl_err credentials_load(const struct keystore *ks, enum keystore_item item, struct certs *list,
        struct complaint *why) SL_MUST_USE;
enum sl_err credentials_keep_anchors(struct keystore *ks, const struct certs *anchors) SL_MUST_USE;
enum sl_err credentials_keep_cert(struct keystore *ks, const struct certs *issued) SL_MUST_USE;

/* What is there fits together: the key to the certificate, the certificate to the anchors (at
 * now, POSIX seconds). SL_ENOTFOUND: no certificate. SL_EAUTH. */
enum sl_err credentials_check(
        const struct keystore *ks, int64_t now, struct complaint *why) SL_MUST_USE;

#endif
