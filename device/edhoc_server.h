/* SPDX-License-Identifier: BSD-2-Clause
 * Whom a device takes for its server in EDHOC (RFC 9528 appendix D): exact credentials that it was
 * given, and certificates for CMC (id-kp-cmcRA, RFC 7030 section 3.6.1) under its anchors, by
 * their name where one was given. Pure. */
#ifndef EDHOC_SERVER_H
#define EDHOC_SERVER_H

#include <sl/credentials.h>

/* Borrowed as long as it is asked. */
struct edhoc_server {
	const struct sl_known_credential *known; /* each is_trusted */
	size_t known_count;
	const struct sl_span *anchors; /* DER; for what is no known credential */
	size_t anchor_count;
	const char *name; /* CommonName or dNSName of a certificate under the anchors; "": any */
};

/* What an ID_CRED_R may mean, each of them believed. It borrows from id_cred and from *server;
 * clear it. now: POSIX seconds; negative: no clock. SL_ENOTFOUND (EDHOC error 3), SL_EMALFORMED,
 * SL_EUNSUPPORTED, SL_ELIMIT, SL_EAUTH (EDHOC error 1). */
struct edhoc_server_ask {
	struct sl_span id_cred;
	enum sl_key_purpose purpose;
	int64_t now;
};

enum sl_err edhoc_server_resolve(const struct edhoc_server *server,
        const struct edhoc_server_ask *ask, struct sl_candidates *candidates) SL_MUST_USE;

/* Whether the certificate (X.509, or C509 of type 3) has that CommonName or dNSName. Case of ASCII
 * letters does not count. */
bool edhoc_server_is_named(const struct sl_credential *credential, const char *name);

#endif
