/* SPDX-License-Identifier: BSD-2-Clause
 * The fixture's server with EDHOC: credentials of its own for every method with suites 2 and 3, devices 0 to 2
 * that it knows by raw public keys, and the Initiator's end of a run, made with lib/edhoc. */
#ifndef EDHOC_FIXTURE_H
#define EDHOC_FIXTURE_H

#include "edhoc_endpoint.h"
#include "fixture.h"
#include "support.h"

#define EDHOC_DEVICES 3

struct edhoc_fixture {
	struct fixture base;
	struct trust *trust;
	struct edhoc_config config; /* tests change it before the start */
	uint64_t life_ms, idle_ms;  /* of contexts; 0: the default */
	size_t contexts_max;        /* 0: the fixture's */
	struct edhoc_endpoint *edhoc;
	char dir[64];
};

/* Not started. */
void edhoc_fixture_make(struct edhoc_fixture *f);
/* Suite 0, with keys of ours and of the devices. */
void edhoc_fixture_add_25519(struct edhoc_fixture *f);
void edhoc_fixture_start(struct edhoc_fixture *f);
void edhoc_fixture_stop(struct edhoc_fixture *f);
void edhoc_fixture_remove(struct edhoc_fixture *f); /* stops too */

void edhoc_post(struct edhoc_fixture *f, struct sl_span body, struct edhoc_reply *reply);
/* The same over bytes that name a file in the folder of credentials. */
void edhoc_write_file(struct edhoc_fixture *f, const char *name, struct sl_span bytes);

/* Not to be moved: the run points into it. */
struct initiator {
	struct sl_edhoc run;
	struct sl_edhoc_profile profile;
	int64_t suites[2];
	struct sl_edhoc_credential own, peer;
	uint8_t own_bytes[256], peer_bytes[256], own_id[64], peer_id[64];
	uint8_t message[4096], plaintext[4096], scratch[16384];
	struct sl_edhoc_id c_i;
};

/* Device n with this method and suite; C_I is n. */
void initiator_make(struct initiator *i, unsigned n, int method, int suite);
void initiator_clear(struct initiator *i);
/* Bodies of requests, on the heap until the end of the test. message_3 needs the reply with message_2. */
struct sl_span initiator_first(struct initiator *i);
struct sl_span initiator_third(struct initiator *i, const struct edhoc_reply *reply);
/* Posts message_1 and reads message_2: the run is ready to write message_3. */
void initiator_open(struct initiator *i, struct edhoc_fixture *f);
/* A whole run that must end in a context; its end goes into d. */
void initiator_run(struct initiator *i, struct edhoc_fixture *f, struct device *d);
/* The device's end of the OSCORE context. */
void initiator_context(const struct initiator *i, struct device *d);
struct sl_span initiator_c_r(const struct initiator *i);

/* RFC 9528 section 6.2: error 1 with a text, as everything that depends on the peer is answered. */
void ck_assert_error_1(const struct edhoc_reply *reply, int status);

#endif
