/* SPDX-License-Identifier: BSD-2-Clause
 * A lossy link with a clock moved by hand, a liar on it, and a plain proxy at its far end
 * (lib/messaging, lib/blocks) in front of the fake server. A ledger sees every datagram that
 * leaves the device: one (key, nonce) for two different plaintexts is the failure that must
 * never be. */
#ifndef FAKE_LINK_H
#define FAKE_LINK_H

#include "fake_est.h"

#include <sl/blocks.h>
#include <sl/draw.h>
#include <sl/messages.h>

#define FAKE_LINK_FLIGHTS_MAX 256
#define FAKE_LINK_REPLIES_MAX 16
#define FAKE_LEDGER_MAX       4096 /* sequence numbers */

struct fake_link_config {
	unsigned loss_permille, duplicate_permille;
	unsigned lie_permille; /* of the device's messages get a forged 4.01, 5.03 or RST at once */
	uint32_t delay_ms;     /* at most, one way */
	uint32_t work_ms;      /* at most, of the server */
	bool asks_outer_echo;  /* the proxy answers 4.01 + Echo to what carries none */
	bool lies_with_echo;   /* the forged 4.01 carries an Echo of the liar's */
	uint8_t seed[16];
};

struct fake_flight {
	uint64_t at_ms;
	bool is_to_device, is_used;
	size_t len;
	uint8_t bytes[1500];
};

struct fake_link {
	struct fake_link_config config;
	struct fake_est *est;
	struct sl_draw draw;
	uint64_t now_ms;
	struct sl_messages *messages;
	struct sl_blocks *blocks;
	struct sl_peer peer;
	struct fake_flight flights[FAKE_LINK_FLIGHTS_MAX];
	struct {
		bool is_used;
		uint64_t at_ms;
		struct sl_ref ref;
		struct sl_coap_msg msg;
		uint8_t bytes[8192];
		uint8_t option[256];
	} replies[FAKE_LINK_REPLIES_MAX];
	uint64_t ledger[FAKE_LEDGER_MAX]; /* digest per Partial IV; 0: unused */
	unsigned conflicts, protected_requests, lies, outer_blocks, outer_echoes;
};

void fake_link_init(
        struct fake_link *link, struct fake_est *est, const struct fake_link_config *config);
void fake_link_clear(struct fake_link *link);

/* A datagram leaves the device. */
void fake_link_send(struct fake_link *link, struct sl_span datagram);
/* When something happens next; UINT64_MAX: never. */
uint64_t fake_link_wakeup(const struct fake_link *link);
/* Moves the clock and lets the far end work. Returns a datagram for the device, or NULL; call
 * until NULL. */
const struct fake_flight *fake_link_step(struct fake_link *link, uint64_t now_ms);

#endif
