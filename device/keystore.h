/* SPDX-License-Identifier: BSD-2-Clause
 * What a device keeps: a directory of small files (docs/device.md), its provisioning, the
 * sequence number reservation of RFC 8613 B.1.1, its key, an enrolment under way, certificate
 * and anchors. Bytes only: what is inside them is other files' business. One process at a time. */
#ifndef KEYSTORE_H
#define KEYSTORE_H

#include "files.h"

#define KEYSTORE_FILE_MAX (64 * 1024)

#define KEYSTORE_PEERS_MAX 4

enum keystore_item {
	KEYSTORE_PROVISIONING, /* provisioning.json, secret */
	KEYSTORE_SETTINGS,     /* settings.json */
	KEYSTORE_KEY,          /* key.pem, secret */
	KEYSTORE_PENDING_KEY,  /* pending-key.pem, secret: its certificate has not come yet */
	KEYSTORE_PENDING_CSR,  /* pending.csr, DER */
	KEYSTORE_CERT,         /* cert.pem: ours first, then what came with it */
	KEYSTORE_ANCHORS,      /* anchors.pem */
	KEYSTORE_EDHOC_KEY, /* edhoc-key.pem, secret: what provisioning.json names, as all below */
	KEYSTORE_EDHOC_CREDENTIAL, /* edhoc-credential */
	KEYSTORE_EDHOC_ANCHORS,    /* edhoc-anchors.pem */
	KEYSTORE_EDHOC_PEER,       /* edhoc-peer-0 and those behind it */
	KEYSTORE_ITEMS = KEYSTORE_EDHOC_PEER + KEYSTORE_PEERS_MAX,
};

const char *keystore_name(enum keystore_item item);

struct keystore {
	struct files files;
	int lock;           /* -1: none */
	uint64_t ssn_limit; /* durable */
};

struct keystore_content {
	enum keystore_item item;
	struct sl_span bytes;
};

/* A new state directory; what comes last, the provisioning, says that it is whole, so that an
 * interrupted init can be repeated. SL_EAUTH, SL_EIO; SL_EREPLAY: there is a provisioning already,
 * or numbers were used here. */
enum sl_err keystore_create(const char *path, const struct keystore_content *contents, size_t count,
        struct complaint *why) SL_MUST_USE;
/* Locks, reads the reservation, and finishes a certificate replacement that was cut. SL_ENOTFOUND,
 * SL_EAUTH, SL_EMALFORMED (counters), SL_EIO. */
enum sl_err keystore_open(struct keystore *ks, const char *path, struct complaint *why) SL_MUST_USE;
void keystore_close(struct keystore *ks);

bool keystore_has(const struct keystore *ks, enum keystore_item item);
/* Appends to out; errors as of files_read. */
enum sl_err keystore_read(const struct keystore *ks, enum keystore_item item, struct sl_buf *out,
        struct complaint *why) SL_MUST_USE;
enum sl_err keystore_write(
        const struct keystore *ks, enum keystore_item item, struct sl_span bytes) SL_MUST_USE;
enum sl_err keystore_remove(const struct keystore *ks, enum keystore_item item) SL_MUST_USE;

/* Numbers below limit may be used once this returned SL_OK, and never before. A limit below the
 * durable one is refused (SL_EREPLAY). SL_EIO. */
enum sl_err keystore_reserve(struct keystore *ks, uint64_t limit) SL_MUST_USE;

/* The certificate of the enrolment under way, as PEM: from here on it replaces the old one,
 * together with its key, however often the power fails. The old pair is there until then. */
enum sl_err keystore_adopt(struct keystore *ks, struct sl_span cert_pem) SL_MUST_USE;

#endif
