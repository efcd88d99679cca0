/* SPDX-License-Identifier: BSD-2-Clause
 * An EDHOC Responder behind CoAP in tests, made of lib/edhoc and lib/credentials, which misbehaves
 * on demand; and the credentials of both ends. Not the product's server: it shares no code with
 * backend/. */
#ifndef FAKE_EDHOC_H
#define FAKE_EDHOC_H

#include <sl/coap.h>
#include <sl/credentials.h>
#include <sl/edhoc.h>
#include <sl/oscore.h>
#include <sl/x509.h>

#define FAKE_PARTY_MAX   2048
#define FAKE_EDHOC_MAX   8192
#define FAKE_EDHOC_KNOWN 4

/* A key with a credential around it, and how it is shown. */
struct fake_party {
	struct sl_pkey *key;
	uint8_t der[FAKE_PARTY_MAX], cred[FAKE_PARTY_MAX], id_cred[FAKE_PARTY_MAX];
	size_t der_len, cred_len, id_cred_len; /* der: of a certificate */
	struct sl_edhoc_credential credential;
};

/* label: kid (of two bytes) or kccs. */
void fake_party_ccs(struct fake_party *p, enum sl_pkey_type type, const char *subject,
        enum sl_id_cred_label label);

struct fake_certificate {
	const char *name;            /* CommonName */
	const char *dns;             /* NULL: none */
	const struct fake_party *by; /* NULL: self-signed, a CA */
	unsigned key_usage;
	bool is_cmc_ra;
	int64_t not_before, not_after; /* 0: good for decades */
};

/* label: x5t or x5chain. */
void fake_party_x509(struct fake_party *p, enum sl_pkey_type type,
        const struct fake_certificate *what, enum sl_id_cred_label label);
void fake_party_clear(struct fake_party *p);
struct sl_span fake_party_cred(const struct fake_party *p);
struct sl_span fake_party_der(const struct fake_party *p);
/* The other is known to whoever has the list. */
void fake_known(struct sl_known_credential *known, const struct fake_party *p);

struct fake_edhoc {
	/* agreement */
	int64_t suites[4];
	struct sl_edhoc_profile profile; /* suites, all methods, message_4 NEVER */
	const struct fake_party *own;
	struct sl_known_credential known[FAKE_EDHOC_KNOWN];
	size_t known_count;
	struct sl_span anchor; /* DER; empty: none */
	int64_t now;

	/* behaviour */
	unsigned busy;         /* so many times 5.03 with Max-Age 7 */
	bool forgets_runs;     /* message_3 never finds its message_1: a plain 4.00 */
	bool refuses_combined; /* 4.02 to the EDHOC option */
	bool wraps_nothing;    /* the answers have no Content-Format */
	/* Changes answer n (2, 4; 0: an error) before it leaves. */
	void (*spoil)(void *arg, unsigned n, struct sl_coap_msg *answer);
	void *arg;

	/* state */
	struct sl_edhoc run;
	bool is_waiting; /* for message_3 */
	uint8_t message[FAKE_EDHOC_MAX], plaintext[FAKE_EDHOC_MAX], scratch[FAKE_EDHOC_MAX];
	uint8_t heard_3[FAKE_EDHOC_MAX], said_4[FAKE_EDHOC_MAX];
	size_t heard_3_len, said_4_len;
	bool has_context;
	struct sl_oscore_ctx ctx;
	uint8_t error[128];

	/* what was seen */
	unsigned messages_1, messages_3, errors, completed, combined;
	int64_t last_error;
	uint8_t binding[32];              /* exported as 32768, "EDHOC Unique" */
	uint8_t identity[FAKE_PARTY_MAX]; /* CRED_I */
	size_t identity_len;
};

void fake_edhoc_init(struct fake_edhoc *e, const struct fake_party *own);
void fake_edhoc_clear(struct fake_edhoc *e);
/* The server restarts: no runs, no context. */
void fake_edhoc_forget(struct fake_edhoc *e);
/* A whole request without OSCORE. *answer borrows from e. */
void fake_edhoc_answer(
        struct fake_edhoc *e, const struct sl_coap_msg *outer, struct sl_coap_msg *answer);
/* Takes message_3 off a combined request. False: *answer is the reply. */
bool fake_edhoc_take_combined(
        struct fake_edhoc *e, struct sl_coap_msg *outer, struct sl_coap_msg *answer);

#endif
