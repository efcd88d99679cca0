/* SPDX-License-Identifier: BSD-2-Clause
 * The commands of sealift-est beside serve. Each takes argv from its own name on and returns the
 * exit status: 0 done, 1 failed, 2 usage or configuration. Results go to stdout, complaints to
 * stderr. */
#ifndef ADMIN_H
#define ADMIN_H

#include "config.h"
#include "store.h"

int admin_init(int argc, char **argv);
int admin_check(int argc, char **argv);
int admin_add_context(int argc, char **argv);
int admin_list_contexts(int argc, char **argv);
int admin_disable_context(int argc, char **argv);
int admin_list_certs(int argc, char **argv);
int admin_show_cert(int argc, char **argv);
int admin_revoke(int argc, char **argv);
int admin_policy(int argc, char **argv);
int admin_audit(int argc, char **argv);

/* --- shared by the commands ------------------------------------------------------------------ */

struct admin {
	struct config config;
	struct store *store;
};

/* Configuration and store. 0, or the exit status after the reason was printed. */
int admin_open(struct admin *admin, const char *file);
void admin_close(struct admin *admin);
/* A file that could not be made: prints why and returns 1. */
int admin_complain_file(const char *file, enum sl_err err);
/* Prints "sealift-est: WHAT: text of err" and returns 1. */
int admin_failed(const char *what, enum sl_err err);
/* Our two credentials for EDHOC, in dir, for init: a static DH key in a claims set, and a signature key in a
 * certificate by the authority of config, whose store has the audit line. 0, or the exit status after the reason
 * was printed. */
int admin_make_edhoc(const struct config *config, const char *dir);
/* A certificate for key as wanted says, which has all but serial and spki; signed by wanted->issuer_key. */
enum sl_err admin_make_certificate(const struct sl_cert_params *wanted, const struct sl_pkey *key,
        uint8_t out[static STORE_CERT_MAX], size_t *len) SL_MUST_USE;
/* The wall clock in POSIX seconds. */
int64_t admin_now(void);
/* "2026-01-31T12:00:00Z" */
const char *admin_time_text(int64_t when, char out[static 32]);

#endif
