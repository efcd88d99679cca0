/* SPDX-License-Identifier: BSD-2-Clause
 * A small certification authority for tests: keys, a root, what it issues. Times in POSIX seconds. */
#ifndef SL_TEST_AUTHORITY_H
#define SL_TEST_AUTHORITY_H

#include "support.h"

#include <sl/x509.h>

#define YEAR_2024 1704067200 /* 2024-01-01, day 19723 */
#define YEAR_2034 2019686400 /* 2034-01-01, day 23376 */
#define MID_2025  1751328000 /* 2025-07-01, day 20270 */

/* A new key; freed by authority_release. */
struct sl_pkey *new_key(enum sl_pkey_type type);
/* SubjectPublicKeyInfo and Name in blocks as of hex. */
struct sl_span spki_of(const struct sl_pkey *key);
struct sl_span name_of(const char *common_name);
/* Both steps of issuing; fails the test on an error. In a block as of hex. */
struct sl_span issue(const struct sl_cert_params *params);
/* A self-signed CA certificate, ten years from 2024. */
struct sl_span new_root(const struct sl_pkey *key, const char *common_name);
/* An end entity under it, the same ten years. */
struct sl_span new_leaf(struct sl_span issuer, const struct sl_pkey *issuer_key,
        struct sl_span spki, const char *common_name);
void authority_release(void);

#endif
