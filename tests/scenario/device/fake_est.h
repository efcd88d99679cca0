/* SPDX-License-Identifier: BSD-2-Clause
 * The far end of a device in tests: an EST-oscore server made of lib/oscore and lib/x509, which
 * misbehaves on demand. One context, one authority. Not the product's server: it shares no code
 * with backend/. */
#ifndef FAKE_EST_H
#define FAKE_EST_H

#include <sl/buf.h>
#include <sl/coap.h>
#include <sl/oscore.h>
#include <sl/pkey.h>

#define FAKE_EST_ISSUED_MAX 16
#define FAKE_EST_EPOCH      1763000000 /* the wall clock of the tests, POSIX seconds */

struct fake_est {
	struct sl_oscore_ctx ctx;
	struct sl_pkey *ca_key;
	uint8_t ca[1024];
	size_t ca_len;
	unsigned next_serial;

	/* behaviour */
	unsigned delays; /* so many times 5.03 to sen and sren */
	uint32_t delay_s;
	bool has_delay_max_age;
	unsigned failures;            /* so many times 5.00 */
	uint8_t refuse_code;          /* this code to every sen and sren */
	bool gives_foreign_key;       /* the certificate is for a key of its own */
	bool gives_anchor_of_another; /* crts names an authority that issued nothing */
	bool asks_echo_forever;
	unsigned forgets_uploads; /* so many times 4.08 */
	uint8_t szx;              /* answers are cut to this; 7: never */
	uint8_t upload_szx;       /* 2.31 asks for this size; 7: as it comes */

	/* Looks at a request first and may change it (a copy); false: *answer is the reply. */
	bool (*before)(struct fake_est *est, struct sl_coap_msg *outer, struct sl_coap_msg *answer);
	void *arg; /* its own */

	/* state */
	uint8_t echo[8];
	struct sl_buf upload, answer;
	uint8_t answer_code;
	bool answer_has_format;
	uint32_t answer_format;
	struct {
		uint8_t spki[256];
		size_t spki_len;
		uint8_t der[1024];
		size_t len;
	} issued[FAKE_EST_ISSUED_MAX];
	size_t issued_count;

	/* what was seen */
	unsigned requests, replays, echo_rounds, enrolments, uploads_in_blocks, slices;
	struct sl_buf first_csr; /* of the first sen or sren */
	bool csr_changed;        /* a later one was another */
	uint8_t last_tag[8];
	size_t last_tag_len;
};

/* The pair of contexts of one provisioning; the device's end is as after a factory reset. */
void fake_contexts(struct sl_oscore_ctx *device, struct sl_oscore_ctx *server);
/* The same as JSON. */
extern const char fake_provisioning[];

void fake_est_init(struct fake_est *est);
void fake_est_clear(struct fake_est *est);

struct fake_reply {
	struct sl_coap_msg msg; /* outer; borrows from here */
	struct sl_oscore_sealed sealed;
	uint8_t bytes[8192];
};

/* One whole outer request. */
void fake_est_answer(
        struct fake_est *est, const struct sl_coap_msg *outer, struct fake_reply *reply);

#endif
