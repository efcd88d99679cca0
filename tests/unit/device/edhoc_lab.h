/* SPDX-License-Identifier: BSD-2-Clause
 * An EDHOC run and the fake Responder at a table: datagrams are handed over at once, the clock
 * jumps to what comes next. */
#ifndef EDHOC_LAB_H
#define EDHOC_LAB_H

#include "edhoc_run.h"
#include "fake_edhoc.h"

#define LAB_SENT_MAX 32

/* What the far end does with a datagram in place of answering. */
enum lab_fate {
	LAB_ANSWER,
	LAB_DROP,  /* the request is lost */
	LAB_LOSE,  /* its answer is lost */
	LAB_TWICE, /* its answer comes twice */
	LAB_RESET, /* RST */
	LAB_PROXY, /* the proxy answers by itself: proxy */
};

struct lab {
	struct fake_party device, server;
	struct fake_edhoc far;
	struct edhoc_server believed;
	struct sl_known_credential known;
	struct sl_span anchor;
	int64_t suites[4];
	struct sl_edhoc_profile profile;
	struct edhoc_run_config config;
	struct edhoc_run *run;
	uint64_t now_ms, slept_ms;         /* of all pauses */
	unsigned requests;                 /* datagrams with a new Message ID */
	enum lab_fate fates[LAB_SENT_MAX]; /* of request n */
	struct sl_coap_msg proxy;
	uint8_t payloads[LAB_SENT_MAX][2048]; /* of request n */
	size_t payload_lens[LAB_SENT_MAX];
	bool had_echo[LAB_SENT_MAX];
	struct sl_coap_msg last; /* borrows from last_bytes */
	uint8_t last_bytes[4096];
	int last_mid;
	char heard[512]; /* names of EDHOC messages that were told, ">message_1 <message_2 ..." */
};

/* Two parties with raw keys that know each other by kid, method 3, suites 2 and 3. */
void lab_init(struct lab *l);
/* The same for parties that the test made. */
void lab_agree(struct lab *l, int method);
void lab_clear(struct lab *l);
/* Makes a run if there is none, starts it and lets it go to its end. */
void lab_run(struct lab *l);
/* Goes on after edhoc_run_go_on or the like. */
void lab_go(struct lab *l);
/* Both ends have the same keys. */
void lab_check_context(struct lab *l);
/* Ends the run, so that another may begin. */
void lab_drop(struct lab *l);
/* Message n (1 to 3) that was sent last, without its prefix. */
struct sl_span lab_sent(const struct lab *l, unsigned request);

#endif
