/* SPDX-License-Identifier: BSD-2-Clause
 * What the files of this room share. */
#ifndef SL_CREDENTIALS_INSIDE_H
#define SL_CREDENTIALS_INSIDE_H

#include <sl/cbor.h>
#include <sl/credentials.h>

/* Whether the hash is that of the bytes. */
bool sl_cert_hash_is_of(const struct sl_cert_hash *want, struct sl_span bytes);

/* Times of a claims set; INT64_MIN and INT64_MAX when absent. */
struct sl_ccs_times {
	int64_t not_before, expires;
};

enum sl_err sl_ccs_times_read(struct sl_ccs_times *times, struct sl_span ccs) SL_MUST_USE;

/* path.c: one credential and what came with it. helpers: x5chain items or C509 arrays behind the
 * leaf. SL_EAUTH, SL_EMALFORMED, SL_EUNSUPPORTED. */
struct sl_path {
	const struct sl_trust *trust;
	enum sl_key_purpose purpose;
	const struct sl_span *helpers;
	size_t helper_count;
	bool is_trusted; /* the credential by itself: see struct sl_known_credential */
};

enum sl_err sl_credential_validate(
        const struct sl_credential *credential, const struct sl_path *path) SL_MUST_USE;

#endif
