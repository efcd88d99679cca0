/* SPDX-License-Identifier: BSD-2-Clause
 * What a device does, over one kept connection: requests inside pre-shared OSCORE contexts, and whole enrolments
 * by EDHOC (method 3, suite 2). Every answer is opened and checked; a wrong one ends the program. */
#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

#include "http.h"
#include "world.h"

#define DEVICE_CSR_MAX     512
#define DEVICE_SPKI_MAX    128
#define DEVICE_PAYLOAD_MAX 2048

/* A certification request that was made beforehand. */
struct device_csr {
	uint8_t bytes[DEVICE_CSR_MAX], spki[DEVICE_SPKI_MAX];
	size_t len, spki_len;
};

/* Not to be moved. */
struct device {
	const struct world *world;
	struct http http;
	unsigned number;
	struct world_credential own;
	char csr_name[32];
	struct sl_edhoc_profile profile;
	uint8_t message[1024], plaintext[1024], scratch[4096];
};

void device_open(struct device *d, const struct world *world, unsigned number);
void device_close(struct device *d);
/* GET of the path inside the context, which has a payload. */
void device_get(struct device *d, struct sl_oscore_ctx *ctx, const char *path);
/* A fresh key, and a request for it. */
void device_prepare(const struct device *d, struct device_csr *csr);
/* message_1 to message_3, then /sen inside the new context. The certificate is for the key. */
void device_enrol(struct device *d, const struct device_csr *csr);

#endif
