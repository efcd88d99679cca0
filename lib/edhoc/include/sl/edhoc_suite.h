/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC cipher suites (RFC 9528 section 3.6) as table rows. */
#ifndef SL_EDHOC_SUITE_H
#define SL_EDHOC_SUITE_H

#include <sl/aead.h>
#include <sl/hash.h>
#include <sl/pkey.h>

struct sl_edhoc_suite {
	int number;
	int aead;                    /* COSE number: messages 3 and 4 */
	int hash;                    /* enum sl_hash_alg */
	size_t mac_len;              /* of a side that authenticates with a static DH key */
	enum sl_pkey_type ecdh;      /* ephemeral and static DH keys */
	size_t point_len;            /* of G_X and G_Y: x alone, or u */
	enum sl_pkey_type signature; /* signature keys */
	size_t signature_len;
	int app_aead, app_hash; /* what OSCORE uses afterwards */
};

/* NULL when the table has no such number: reserved, private use, unknown. */
const struct sl_edhoc_suite *sl_edhoc_suite(int64_t number);
/* Row i of the table, NULL after the last. */
const struct sl_edhoc_suite *sl_edhoc_suite_at(size_t i);
/* For configuration time. SL_ENOTFOUND: no such suite. SL_EUNSUPPORTED: the installed library lacks
 * an algorithm of it; then *missing names it. */
enum sl_err sl_edhoc_suite_check(int64_t number, const char **missing) SL_MUST_USE;
/* Whether an OSCORE context can follow: RFC 8613 has no HKDF with SHAKE256 (suite 25). */
bool sl_edhoc_suite_has_oscore(const struct sl_edhoc_suite *suite);

/* Suites 2 and 3, which every implementation has (section 8), in this order. */
#define SL_EDHOC_DEFAULT_SUITE_COUNT 2
extern const int64_t sl_edhoc_default_suites[SL_EDHOC_DEFAULT_SUITE_COUNT];

#endif
