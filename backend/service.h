/* SPDX-License-Identifier: BSD-2-Clause
 * The EST functions behind OSCORE (draft-ietf-ace-coap-est-oscore, RFC 9148 sections 4.1 to 4.7): an inner
 * CoAP request of an authenticated peer in, an inner answer out. Knows neither HTTP nor OSCORE. */
#ifndef SERVICE_H
#define SERVICE_H

#include <sl/coap.h>
#include <sl/writer.h>

#include "ca.h"
#include "inner_blocks.h"

#define SERVICE_PAYLOAD_MAX 16384

struct service {
	const struct config *config; /* borrowed */
	struct ca *ca;               /* borrowed */
};

struct service_ask {
	const char *identity, *profile; /* authenticated by the security context */
	unsigned functions;             /* allowed: bit (1 << enum sl_est_function) */
	const struct sl_coap_msg *request;
	struct sl_span body;    /* the whole one */
	struct sl_span binding; /* what challengePassword must equal; empty: none known */
	struct sl_span serial;  /* of the certificate of ours that authenticated it; else empty */
	int64_t now;            /* POSIX seconds */
	uint64_t boot_ms;       /* CLOCK_BOOTTIME */
};

/* For the log. */
struct service_note {
	const char *function; /* "sen", or "-" */
	const char *outcome;  /* fixed text */
	const char *reason;   /* of the authority, fixed text; NULL: none */
	char serial[2 * SL_SERIAL_MAX + 1];
};

/* Never fails: every refusal is an answer. payload has SERVICE_PAYLOAD_MAX bytes; answer->payload borrows
 * from it or is a fixed text. Inner Observe and No-Response are ignored: one request has one answer. */
void service_handle(struct service *s, const struct service_ask *ask, uint8_t *payload,
        struct inner_answer *answer, struct service_note *note);

/* The link-format body of GET /.well-known/core, filtered by a raw URI query ("rt=ace.est*"); readable without
 * protection. SL_ESPACE, SL_EMALFORMED (bad percent-encoding, too many parts). */
enum sl_err service_discover(
        const struct service *s, struct sl_span raw_query, struct sl_writer *w) SL_MUST_USE;

#endif
