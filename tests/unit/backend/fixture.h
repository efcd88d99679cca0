/* SPDX-License-Identifier: BSD-2-Clause
 * A whole server without its HTTP side, in a folder of its own: store, authority, contexts, end point. And the
 * device's end of an OSCORE context, made with lib/oscore. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "endpoint.h"

#define T0 INT64_C(1800000000) /* POSIX seconds of the tests' clock at 0 ms */

struct fixture {
	char dir[64];
	struct config config;
	struct store *store;
	struct ca *ca;
	struct contexts *contexts;
	struct reply_cache *replies;
	struct inner_blocks *blocks;
	struct endpoint *endpoint;
	uint64_t now_ms;
	/* Called by fixture_start when store and authority are up; NULL: nothing to adjust. */
	void (*adjust)(struct fixture *f, struct contexts_config *config);
};

/* Folder, CA key and certificate, empty store, default configuration. Then start. */
void fixture_make(struct fixture *f);
void fixture_start(struct fixture *f);
void fixture_stop(struct fixture *f);    /* as a clean end of the process */
void fixture_restart(struct fixture *f); /* stop and start */
void fixture_remove(struct fixture *f);

/* Context number n (0..255): kid n, our id 80 n, secret and identity made from n. All functions allowed.
 * store may be another handle. */
int64_t fixture_add_context(struct store *store, uint8_t n);
/* The context that a request of device n finds; NULL: none. */
struct context *fixture_find(struct fixture *f, uint8_t n);

struct device {
	struct sl_oscore_ctx ctx;
	struct sl_oscore_exchange exchange;
	uint8_t option[SL_OSCORE_OPTION_MAX];
	size_t option_len;
	uint8_t body[20480];
	size_t body_len;
	uint8_t plain[8192];
	struct sl_coap_msg answer; /* borrows from plain */
};

void device_make(struct device *d, uint8_t n);
void device_clear(struct device *d);
/* Seals under the next Partial IV; the result is in option and body. */
void device_seal(struct device *d, const struct sl_coap_msg *inner);
/* One exchange of what was sealed, as a copy would be too. */
void device_post(struct device *d, struct fixture *f, struct endpoint_reply *reply);
/* Opens a 200 into d->answer. Fails the test when it does not verify. */
void device_open(struct device *d, const struct endpoint_reply *reply);
/* seal, post, open: the inner code. */
uint8_t device_ask(struct device *d, struct fixture *f, const struct sl_coap_msg *inner);

/* POST path with Content-Format 286, Accept (0: none) and a payload that must outlive the message. */
void make_post(struct sl_coap_msg *msg, const char *path, uint16_t accept, struct sl_span payload);
void make_get(struct sl_coap_msg *msg, const char *path);
/* A sealed POST /est/sen of device n with a new key, Accept 287. */
void seal_enrolment(struct device *device, uint8_t n);
/* An unprotected error, and nothing else. */
void ck_assert_refused(const struct endpoint_reply *reply, int status, const char *text);
/* A request for a certificate of the identity that device n has, with a new P-256 key. */
struct sl_span make_csr(uint8_t n);
/* The same with a key of the caller's, so that it can be made again. */
struct sl_span make_csr_with(uint8_t n, const struct sl_pkey *key);
/* Certificates that the store holds. */
size_t count_certificates(struct store *store);

#endif
