/* SPDX-License-Identifier: BSD-2-Clause
 * An authority in a folder of its own, made as an operator makes it: sealift-est init, then a
 * configuration with the profiles that a test wants. */
#ifndef LAB_H
#define LAB_H

#include "ca.h"
#include "support.h"

struct lab {
	char dir[64];
	char yaml[128]; /* the configuration file */
	struct config config;
	struct store *store;
	struct ca *ca;
	int64_t now; /* POSIX seconds; tests move it */
	uint64_t boot_ms;
	void (*at)(void *arg, enum ca_step step);
	void *at_arg;
};

/* init in a new folder; profiles is the YAML list below "profiles:", NULL for one profile
 * "default". */
void lab_make(struct lab *lab, const char *profiles);
/* Store for serving and the authority. */
void lab_start(struct lab *lab);
void lab_stop(struct lab *lab);
void lab_remove(struct lab *lab); /* stops too */
/* Moves both clocks. */
void lab_wait(struct lab *lab, int64_t seconds);

/* A request of tests/vectors/backend_requests.json. */
struct sl_span lab_request(const char *name);
/* A new request for the CN with the key. */
struct sl_span lab_csr(const struct sl_pkey *key, const char *name, const char *challenge);
struct sl_pkey *lab_key(enum sl_pkey_type type);
/* ca_enrol of the identity with the profile "default". */
enum ca_outcome lab_enrol(
        struct lab *lab, const char *identity, struct sl_span csr, struct ca_answer *answer);
enum ca_outcome lab_renew(
        struct lab *lab, const char *identity, struct sl_span csr, struct ca_answer *answer);
size_t lab_certificates(struct store *store, const char *identity);
size_t lab_open_intents(struct store *store);
/* Fails the test when the audit chain does not hold. */
void lab_check_audit(struct store *store);
/* Revokes the certificate with this serial (hex) as the command does. */
void lab_revoke(struct lab *lab, const char *serial, const char *reason);

#endif
