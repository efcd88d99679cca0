/* SPDX-License-Identifier: BSD-2-Clause
 * A server of its own in a folder of its own: sealift-est init, a configuration that takes the load, peers and
 * contexts by number, and the CPU clock of its process. Whatever goes wrong ends the program with a
 * line that says what. */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include <pthread.h>
#include <sys/types.h>

#include <sl/edhoc.h>
#include <sl/oscore.h>
#include <sl/x509.h>

#define WORLD_CREDENTIAL_MAX 256
#define WORLD_ID_MAX         64
#define WORLD_PEERS_MAX      128
#define WORLD_CERT_MAX       2048

struct world_config {
	const char *server; /* the program */
	const char *parent; /* where the folder is made: the disk that is measured */
	unsigned threads;   /* of the server */
	unsigned connections;
	unsigned peers;    /* that may run EDHOC, from 0 */
	unsigned contexts; /* pre-shared, from 0 */
};

/* A credential by raw public key, in a CWT Claims Set. Not to be moved. */
struct world_credential {
	struct sl_edhoc_credential edhoc;
	uint8_t bytes[WORLD_CREDENTIAL_MAX], id[WORLD_ID_MAX];
	struct sl_pkey *key;
};

struct world {
	struct world_config config;
	char dir[256];
	pid_t pid;
	int log;
	pthread_t reader;
	uint16_t port;
	struct world_credential server;
	uint8_t ca_der[WORLD_CERT_MAX];
	struct sl_cert ca;
};

void die(const char *what, const char *why) __attribute__((noreturn));
void check(enum sl_err err, const char *what);

/* Makes the folder and starts the server. */
void world_open(struct world *w, const struct world_config *config);
/* Stops the server; its exit status is checked. Removes the folder. */
void world_close(struct world *w);
/* Nanoseconds of CPU, user and system, that the server has used. */
uint64_t world_cpu_ns(const struct world *w);

/* Peer n: its static DH key (RFC 9528 method 3) and the kid that the server knows. */
void world_peer(struct world_credential *out, unsigned n);
/* The device's end of context n. */
void world_context(struct sl_oscore_ctx *out, unsigned n);
/* "peer-7" */
void world_name(char out[static 32], const char *kind, unsigned n);

#endif
